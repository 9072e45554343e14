"""What a file that was sent really is: a picture, a clip or a sound, by the file itself."""

from __future__ import annotations

import io
from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """`kind`: `jpeg`, `png`, `webp`, `bmp`, …; sides in pixels."""

    kind: str
    width: int
    height: int
    transparent: bool


def picture(content: bytes) -> Picture | None:
    """What picture this is; None where it is none."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            return Picture((image.format or "").lower(), *image.size, image.mode in ("RGBA", "LA", "PA"))
    except (UnidentifiedImageError, OSError):
        return None


@dataclass(frozen=True)
class Footage:
    """Length in seconds, frames per second, sides in pixels."""

    seconds: float
    fps: float
    width: int
    height: int


def footage(content: bytes) -> Footage | None:
    """What clip this is; None where it is none."""
    import av

    try:
        with av.open(io.BytesIO(content), "r") as container:
            stream = container.streams.video[0]
            rate = float(stream.average_rate or 0)
            return Footage(stream.frames / rate, rate, stream.width, stream.height) if rate else None
    except (av.FFmpegError, IndexError):
        return None


def sound_length(content: bytes) -> float | None:
    """Seconds of a WAV or MP3 file; None where it is neither."""
    import av

    try:
        with av.open(io.BytesIO(content), "r") as container:
            if container.format.name not in ("wav", "mp3") or container.duration is None:
                return None
            return container.duration / av.time_base
    except av.FFmpegError:
        return None
