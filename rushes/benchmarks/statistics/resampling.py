"""Resampling of whole prompts: takes of one prompt are alike, so the prompt is what a run has many of."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from rushes.benchmarks.statistics.student import quantile
from rushes.errors import BadInput

Floats = NDArray[np.float64]

#: Numbers held at once while resampling: 16 MB a matrix.
_AT_ONCE = 2_000_000


def numbered(groups: Sequence[Hashable], length: int) -> tuple[NDArray[np.intp], int]:
    """Each value's group as a number from 0, and how many groups there are."""
    if len(groups) != length:
        raise BadInput(f"{length} values have {len(groups)} groups", hint="Give one group for each value.")
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups], dtype=np.intp), len(numbers)


def draws(groups: int, resamples: int, seed: int, width: int) -> Iterator[NDArray[np.int64]]:
    """How often each group was drawn: (some resamples × groups) at a time, so that `width` columns fit in memory."""
    if resamples < 1:
        raise BadInput(f"{resamples} resamples", hint="Ask for at least one; 2,000 is usual.")
    random = np.random.default_rng(seed)
    size = max(1, _AT_ONCE // max(width, groups))
    for start in range(0, resamples, size):
        rows = min(size, resamples - start)
        # Many times as fast as a multinomial draw where there are many groups.
        places = random.integers(groups, size=(rows, groups)) + np.arange(rows)[:, None] * groups
        yield np.bincount(places.ravel(), minlength=rows * groups).reshape(rows, groups)


def medians(ordered: Floats, weights: NDArray[np.int64]) -> Floats:
    """The median of the ordered values, once for each row of weights (how often each value was drawn)."""
    reached = np.cumsum(weights, axis=1, dtype=np.int32)
    total = reached[:, -1]
    low, high = ((reached < rank[:, None]).sum(axis=1) for rank in ((total + 1) // 2, total // 2 + 1))
    with np.errstate(invalid="ignore"):  # halfway from -inf to inf is nowhere: NaN
        middle: Floats = ordered[low] / 2 + ordered[high] / 2
    return middle


def outer(resampled: Floats, groups: int) -> tuple[float, float]:
    """The limits of a 95 % interval, by the expanded percentile method.

    The plain percentiles are too narrow for few groups: they lack the factor sqrt(n / (n - 1)) and take a normal
    where a t distribution belongs. Both are put into the level (Hesterberg, https://arxiv.org/abs/1411.5279).
    Infinite numbers sort last; none is interpolated.
    """
    if groups < 2:
        return -np.inf, np.inf
    level = NormalDist().cdf(quantile(0.025, groups - 1) * (groups / (groups - 1)) ** 0.5)
    ordered = np.sort(resampled)
    low = int(np.floor(level * (len(ordered) - 1)))
    return float(ordered[low]), float(ordered[len(ordered) - 1 - low])
