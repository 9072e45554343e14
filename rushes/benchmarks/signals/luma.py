"""What is worked out of the luma of one picture, or of the step from one to the next."""

from __future__ import annotations

from math import sqrt

import av
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Grey = NDArray[np.float64]

SMALL, LARGE = 640 * 360, 1280 * 720  # pixels
BLOCK = 20  # pixels of the small canvas


def canvas(width: int, height: int, area: int) -> tuple[int, int]:
    """Even sides of the given shape and, nearly, the given area: 1280×720 becomes 640×360 for SMALL."""
    scale = sqrt(area / (width * height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def luma_of(frame: av.VideoFrame) -> Luma:
    plane = frame.planes[0]
    rows: Luma = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def busiest(step: NDArray[np.int16]) -> float:
    """The largest mean of any block; pixels beyond the last whole block do not count, unless there is none."""
    height, width = (max(BLOCK, side - side % BLOCK) for side in step.shape)
    rows = np.add.reduceat(step[:height], np.arange(0, min(height, step.shape[0]), BLOCK), axis=0, dtype=np.int32)
    sums = np.add.reduceat(rows[:, :width], np.arange(0, min(width, step.shape[1]), BLOCK), axis=1)
    pixels = min(BLOCK, step.shape[0]) * min(BLOCK, step.shape[1])
    return float(sums.max() / pixels)


def shrunk(luma: Luma) -> Grey:
    """At a tenth of its sides, each pixel the mean of those that it stands for."""
    height, width = luma.shape
    rows = np.linspace(0, height, max(1, height // 10), endpoint=False).astype(int)
    columns = np.linspace(0, width, max(1, width // 10), endpoint=False).astype(int)
    sums = np.add.reduceat(np.add.reduceat(luma.astype(np.float64), rows, axis=0), columns, axis=1)
    counts = np.outer(np.diff([*rows, height]), np.diff([*columns, width]))
    return np.asarray(sums / counts, np.float64)


def spatial(luma: Luma) -> float:
    """SI of ITU-T P.910: the standard deviation of the Sobel-filtered picture, its border left out."""
    rows = luma.astype(np.int16)
    across = rows[:-2] + rows[2:]
    across += 2 * rows[1:-1]
    down = rows[:, :-2] + rows[:, 2:]
    down += 2 * rows[:, 1:-1]
    square = (across[:, 2:] - across[:, :-2]).astype(np.float32)
    square *= square
    other = (down[2:] - down[:-2]).astype(np.float32)
    other *= other
    square += other
    mean_square = float(square.mean(dtype=np.float64))
    return sqrt(max(0.0, mean_square - float(np.sqrt(square, out=square).mean(dtype=np.float64)) ** 2))
