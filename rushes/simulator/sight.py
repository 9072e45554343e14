"""What the simulated judge sees: how much a film boils and flickers where it should stand still.

Films of an unsteady model get another texture on their ground every other frame and another brightness in every one.
Between two frames a quarter of a second apart most of a calm film's lower part is the same; half of an unsteady one's
is not. So the median change, with the brightness evened out, tells how unsteady a film is, whatever moves in it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The part of the height that is looked at: between the labels.
TOP, BOTTOM = 0.25, 0.80
#: A film in which nothing at all changes is no film: it counts as so much unrest.
STILL, STANDS_STILL = 0.02, 4.0


@dataclass(frozen=True)
class Look:
    """One film as it was seen."""

    #: Levels of brightness (of 255) by which half of the picture changes from frame to frame; 0 is calm.
    unrest: float
    #: Of what was looked at.
    digest: str
    tokens: int
    #: Whether there was sound to hear.
    heard: bool = False


def look_at_pictures(pictures: Sequence[bytes], *, picture_tokens: int) -> Look:
    """Encoded pictures, in order; of sheets, each is one picture. Raises ValueError for what is no picture."""
    from PIL import Image, UnidentifiedImageError

    frames = []
    for each in pictures:
        try:
            frames.append(_luma(Image.open(io.BytesIO(each))))
        except (UnidentifiedImageError, OSError) as error:
            raise ValueError(f"no picture: {error}") from None
    return Look(_unrest(frames), _digest(pictures), len(pictures) * picture_tokens)


def look_at_film(film: bytes, fps: float, *, frame_tokens: int, sound_tokens: int) -> Look:
    """An MP4 file, at so many frames a second. Raises ValueError for what is none."""
    import av

    frames: list[NDArray[Any]] = []
    seconds, heard = 0.0, False
    try:
        with av.open(io.BytesIO(film), "r") as container:
            heard = bool(container.streams.audio)
            for frame in container.decode(video=0):
                seconds = frame.time or 0.0
                if seconds + 1e-6 >= len(frames) / fps:
                    frames.append(_luma(frame.to_image()))  # type: ignore[no-untyped-call]
    except (av.FFmpegError, IndexError) as error:
        raise ValueError(f"no film: {error}") from None
    tokens = len(frames) * frame_tokens + int(seconds * sound_tokens) * heard
    return Look(_unrest(frames), _digest([film]), tokens, heard)


def _luma(image: Any) -> NDArray[Any]:
    import numpy as np

    image.thumbnail((512, 512))
    return np.asarray(image.convert("L"), np.float32)


def _unrest(frames: Sequence[NDArray[Any]]) -> float:
    import numpy as np

    changes, moved = [], 0.0
    for before, after in pairwise(frames):
        height = before.shape[0]
        rows = slice(int(height * TOP), int(height * BOTTOM))
        one, other = before[rows], after[rows]
        if one.shape != other.shape:
            continue
        gain = float(np.median((other + 1) / (one + 1)))
        changes.append(float(np.median(np.abs(other - one * gain))))
        moved = max(moved, float(np.mean(np.abs(other - one))))
    if not changes:
        return 0.0
    return float(np.mean(changes)) + (STANDS_STILL if moved < STILL else 0.0)


def _digest(parts: Sequence[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()
