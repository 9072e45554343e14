"""A simulated film: a real MP4 file, drawn and not filmed, that says so in its picture and in its tags.

Nothing heavy is loaded until `draw` runs. It keeps no state, so threads and worker processes may draw at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: What can be wrong with a film that opens and plays.
DEFECTS = {
    "frozen_film": "the picture stands still after the first half second",
    "black_film": "the first third is black",
    "silent_film": "there is a sound track with nothing in it",
    "missing_sound": "there is no sound track",
    "short_film": "the film is one second shorter than asked (half as long, if it was asked to have less than two)",
    "small_film": "the picture has half the width and half the height asked",
    "cut_film": "a hard cut nobody asked for, in the middle (with shots that were asked for: one shot more)",
    "stuttering_film": "every frame is shown twice, every other one is lost",
}


@dataclass(frozen=True)
class Film:
    """What to draw. The same film gives the same frames on one machine.

    `detail` and `steadiness` (0..1) are how good a model's picture is: how fine, and how calm. `first_image` is
    the encoded picture that the first frame shows. `continues` is an earlier film of the same shape: the whole
    of it is played first, and `seconds` are the new ones after it. `defects`, of DEFECTS, spoil the new ones.
    Raises ValueError for what cannot be drawn.
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
    defects: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 32 or self.width % 2 or self.height % 2:
            raise ValueError(f"a film's sides are even and at least 32 pixels, not {self.width}×{self.height}")
        if self.fps < 1 or self.frames < 1:
            raise ValueError(f"{self.seconds} s at {self.fps} frames a second is not one frame")
        for name, share in (("detail", self.detail), ("steadiness", self.steadiness)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is between 0 and 1, not {share}")
        if unknown := self.defects - DEFECTS.keys():
            raise ValueError(f"no defect of a film: {', '.join(sorted(unknown))}; there are: {', '.join(DEFECTS)}")

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
