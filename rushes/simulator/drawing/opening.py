"""The opening: a film that begins with a given picture, which then gives way to the scene."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from rushes.simulator.drawing.brush import smooth
from rushes.simulator.drawing.planes import Planes, dissolve, part, planes_of


class Opening:
    """A picture in planes of the film's size that fades away over `frames` frames.

    The eye moves into it by `zoom` (0.08: until the picture is 8 % nearer). In the boxes of `bare` it is not shown.
    """

    def __init__(
        self, picture: Planes, frames: int, zoom: float = 0.0, bare: Sequence[tuple[slice, slice]] = ()
    ) -> None:
        self.picture, self.frames, self.zoom, self.bare = picture, frames, zoom, bare
        self.images = [Image.fromarray(np.ascontiguousarray(plane)) for plane in (picture.y, picture.u, picture.v)]

    def lay(self, ground: Planes, frame: int) -> None:
        """Over the scene of the film's frame `frame`: all picture at 0, nothing of it from `frames` on."""
        through = frame / self.frames
        if through >= 1:
            return
        kept = [(part(ground, box), part(ground, box).copy()) for box in self.bare]
        dissolve(ground, self._nearer(through) if frame and self.zoom else self.picture, 1 - smooth(through))
        for here, scene in kept:
            here.copy_from(scene)

    def _nearer(self, through: float) -> Planes:
        grown = []
        for image in self.images:
            wide, high = (side * (1 - self.zoom * through * through) for side in image.size)
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
