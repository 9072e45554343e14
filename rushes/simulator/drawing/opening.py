"""The opening: a film that begins with a given picture, which then gives way to the scene."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from rushes.simulator.drawing.brush import smooth
from rushes.simulator.drawing.planes import Planes, dissolve, planes_of

ZOOM = 0.08  # how much nearer the picture has come when it is gone


class Opening:
    """A picture in planes of the film's size, fading away over `frames` frames while the eye moves into it."""

    def __init__(self, picture: Planes, frames: int) -> None:
        self.frames = max(frames, 1)
        self.images = [Image.fromarray(np.ascontiguousarray(plane)) for plane in (picture.y, picture.u, picture.v)]
        self.picture = picture

    def lay(self, ground: Planes, frame: int) -> None:
        """Over the scene of the film's frame `frame`: all picture at 0, nothing of it from `frames` on."""
        through = frame / self.frames
        if through >= 1:
            return
        share = 1 - smooth(through)
        dissolve(ground, self._nearer(through) if frame else self.picture, share)

    def _nearer(self, through: float) -> Planes:
        grown = []
        for image in self.images:
            wide, high = (side * (1 - ZOOM * through * through) for side in image.size)
            left, top = (image.width - wide) / 2, (image.height - high) / 2
            near = image.resize(image.size, Image.Resampling.BILINEAR, (left, top, left + wide, top + high))
            grown.append(np.asarray(near))
        return Planes(*grown)


def picture_of(encoded: bytes, width: int, height: int) -> Planes:
    """An encoded picture (PNG, JPEG, WebP, …), cut around its middle to fill this size."""
    try:
        with Image.open(BytesIO(encoded)) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"the first image cannot be read as a picture: {error}") from error
    filled = ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS)
    return planes_of(np.asarray(filled, np.float32) / np.float32(255))
