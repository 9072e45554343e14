"""Pictures: what a file that was sent really is, and stills of a film."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any


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


def thumbnail(film: Path) -> bytes:
    """The first frame as WebP."""
    from PIL import Image

    frames = _frames(film, 1)
    out = io.BytesIO()
    image = Image.fromarray(frames[0])
    image.thumbnail((640, 640))
    image.save(out, "webp")
    return out.getvalue()


def spritesheet(film: Path) -> bytes:
    """Sixteen frames in four rows as JPEG."""
    from PIL import Image

    images = [Image.fromarray(frame) for frame in _frames(film, 16)]
    for image in images:
        image.thumbnail((160, 160))
    width, height = images[0].size
    sheet = Image.new("RGB", (4 * width, 4 * height))
    for place, image in enumerate(images):
        sheet.paste(image, (place % 4 * width, place // 4 * height))
    out = io.BytesIO()
    sheet.save(out, "jpeg")
    return out.getvalue()


def _frames(film: Path, wanted: int) -> list[Any]:
    import av

    with av.open(str(film), "r") as container:
        step = max(1, container.streams.video[0].frames // wanted)
        decoded = (frame for place, frame in enumerate(container.decode(video=0)) if place % step == 0)
        return [frame.to_ndarray(format="rgb24") for frame in islice(decoded, wanted)]
