"""Stills of a finished clip: its first frame, and a sheet of several."""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path
from typing import Any


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
