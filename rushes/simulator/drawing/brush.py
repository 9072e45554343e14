"""Brushes: noise, smooth edges and simple shapes on an RGB or RGBA picture of floats.

Only what is drawn once per film uses them; places are pixels, colours 0..255 as people write them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, hypot

import numpy as np
from PIL import Image

from rushes.simulator.drawing.planes import Picture
from rushes.simulator.drawing.scene import Colour


def paint(colour: Colour) -> Picture:
    return np.array(colour, np.float32) / np.float32(255)


def even(size: float) -> int:
    """The even whole number at or below a size, and at least 2."""
    return max(int(size) // 2 * 2, 2)


def blank(width: int, height: int) -> Picture:
    """A picture with nothing on it: every alpha is 0."""
    return np.zeros((height, width, 4), np.float32)


def noise(random: np.random.Generator, width: int, height: int, cell: float, octaves: int = 3) -> Picture:
    """Cloudy noise, (height, width), mean 0, mostly in -1..1; `cell` is the size of its largest blobs."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        size = max(cell / 2**octave, 1.0)
        columns, rows = min(ceil(width / size) + 3, width), min(ceil(height / size) + 3, height)
        coarse = random.standard_normal((max(rows, 1), max(columns, 1)), np.float32)
        total += stretch(coarse, width, height, smoothly=octave < 2) * np.float32(0.5 / 2**octave)
    return total


def stretch(plane: Picture, width: int, height: int, *, smoothly: bool) -> Picture:
    """A single plane, stretched to a new size; `smoothly` takes twice the time, and only large blobs show it."""
    by = Image.Resampling.BICUBIC if smoothly else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(plane).resize((width, height), by), np.float32)


def step(values: Picture, low: float, high: float) -> Picture:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1).astype(np.float32)
    eased: Picture = t * t * (3 - 2 * t)
    return eased


def smooth(share: float) -> float:
    """0 to 1 without a jolt at either end."""
    return share * share * (3 - 2 * share)


def cover(picture: Picture, coverage: Picture, colour: Picture) -> None:
    """Paint with a brush of varying thickness: `coverage` (height, width), `colour` (3) or (height, width, 3)."""
    share = coverage[..., None]
    if picture.shape[2] == 3:
        picture += (colour - picture) * share
        return
    alpha = picture[..., 3:]
    after = share + alpha * (1 - share)
    behind = picture[..., :3] * alpha * (1 - share)
    picture[..., :3] = (colour * share + behind) / np.maximum(after, np.float32(1e-6))
    picture[..., 3:] = after


def box(picture: Picture, points: Sequence[tuple[float, float]]) -> tuple[slice, slice]:
    """The rows and columns that hold these points, with a pixel to spare."""
    height, width = picture.shape[:2]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, right = max(floor(min(xs)) - 1, 0), min(ceil(max(xs)) + 2, width)
    top, bottom = max(floor(min(ys)) - 1, 0), min(ceil(max(ys)) + 2, height)
    return slice(top, max(bottom, top)), slice(left, max(right, left))


def grid(rows: slice, columns: slice) -> tuple[Picture, Picture]:
    """The middles of the pixels: y as a column, x as a row."""
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + np.float32(0.5)
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] + np.float32(0.5)
    return y, x


def polygon(picture: Picture, points: Sequence[tuple[float, float]], colour: Colour, alpha: float = 1.0) -> None:
    """Fill a convex shape, its corners given clockwise (as seen on the screen)."""
    rows, columns = box(picture, points)
    y, x = grid(rows, columns)
    inside = np.full((y.shape[0], x.shape[1]), np.float32(alpha))
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        length = hypot(x1 - x0, y1 - y0)
        if length:
            distance = ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / length
            np.minimum(inside, np.clip(distance + 0.5, 0, 1) * np.float32(alpha), out=inside)
    cover(picture[rows, columns], inside.astype(np.float32), paint(colour))


def ellipse(picture: Picture, x: float, y: float, wide: float, high: float, colour: Colour, alpha: float = 1.0) -> None:
    """Fill an ellipse around (x, y) with half-axes `wide` and `high`."""
    rows, columns = box(picture, [(x - wide, y - high), (x + wide, y + high)])
    down, right = grid(rows, columns)
    away = np.sqrt(((right - x) / wide) ** 2 + ((down - y) / high) ** 2)
    inside = np.clip((1 - away) * min(wide, high) + 0.5, 0, 1) * np.float32(alpha)
    cover(picture[rows, columns], inside.astype(np.float32), paint(colour))
