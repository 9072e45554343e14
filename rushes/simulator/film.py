"""A simulated film: a real MP4 file, drawn and not filmed, that says so in its picture and in its tags.

Nothing heavy is loaded until `draw` runs. It keeps no state, so threads and worker processes may draw at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Film:
    """What to draw. The same film gives the same frames on one machine.

    `detail` and `steadiness` (0..1) are how good a model's picture is: how fine, and how calm. `first_image` is
    the encoded picture that the first frame shows. `continues` is an earlier film of the same shape: the whole
    of it is played first, and `seconds` are the new ones after it. Raises ValueError for what cannot be drawn.
    """

    prompt: str
    model: str
    seconds: float
    width: int
    height: int
    fps: int
    sound: bool
    seed: int
    detail: float
    steadiness: float
    continues: Path | None = None
    first_image: bytes | None = None

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 32 or self.width % 2 or self.height % 2:
            raise ValueError(f"a film's sides are even and at least 32 pixels, not {self.width}×{self.height}")
        if self.fps < 1 or self.frames < 1:
            raise ValueError(f"{self.seconds} s at {self.fps} frames a second is not one frame")
        for name, share in (("detail", self.detail), ("steadiness", self.steadiness)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is between 0 and 1, not {share}")

    @property
    def frames(self) -> int:
        """How many new frames it has."""
        return round(self.seconds * self.fps)


def draw(path: Path, film: Film) -> None:
    """Draw a film into an MP4 file at `path`, whose folder must be there.

    The file appears whole or not at all. Raises ValueError for a `first_image` or a film to continue that
    cannot be used.
    """
    from rushes.simulator.drawing.camera import shoot

    shoot(path, film)
