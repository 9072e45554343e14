"""Intervals that cover 95 %: of a share, of a median, of the 95th percentile, and of what a usable clip takes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import ceil, lgamma, log, sqrt

import numpy as np
from numpy.typing import NDArray

from rushes.benchmarks.statistics.resampling import Floats, draws, medians, numbered, outer
from rushes.errors import BadInput

#: The 97.5 % point of the normal distribution.
Z = 1.959963984540054
#: Below this many values or prompts a bootstrap interval holds the truth in less than 91 % of runs, not in 95 %.
FEWEST_VALUES, FEWEST_GROUPS = 10, 8


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, which is infinite where the data set no upper limit."""

    low: float
    high: float


@dataclass(frozen=True)
class P95:
    """The 95th percentile and its limits; `low` is None where only an upper limit can be had."""

    value: float
    low: float | None
    high: float


@dataclass(frozen=True)
class PerUsable:
    """An amount per usable clip; the interval is None below ten attempts or eight prompts."""

    value: float
    interval: Interval | None


def wilson(k: int, n: int) -> Interval | None:
    """The share of successes that `k` of `n` allow (Wilson 1927); None of no tries."""
    if not 0 <= k <= n:
        raise BadInput(f"{k} of {n} is no share", hint="Give 0 <= k <= n.")
    if n == 0:
        return None
    middle = (k + Z * Z / 2) / (n + Z * Z)
    half = Z / (n + Z * Z) * sqrt(k * (n - k) / n + Z * Z / 4)
    return Interval(0.0 if k == 0 else middle - half, 1.0 if k == n else middle + half)


def median_interval(
    values: Sequence[float], groups: Sequence[Hashable], seed: int = 0, resamples: int = 2000
) -> Interval | None:
    """The interval of the median of `values` (any unit), where whole groups (prompts) are resampled and pooled.

    A value may be infinite: it took longer than we waited. Then a limit may be infinite too. None below ten values or
    eight groups: so few give intervals that miss the truth too often to be shown.
    """
    array = _amounts(values)
    group, many = numbered(groups, len(array))
    if len(array) < FEWEST_VALUES or many < FEWEST_GROUPS:
        return None
    order = np.argsort(array, kind="stable")
    array, group = array[order], group[order]
    resampled = np.concatenate([medians(array, drawn[:, group]) for drawn in draws(many, resamples, seed, len(array))])
    return Interval(*outer(resampled, many))


def p95(values: Sequence[float]) -> P95 | None:
    """The 95th percentile of independent values with limits that are themselves values (order statistics).

    From 72 values on both limits (95 % between them); from 59 on an upper limit (95 % one-sided); None below, where
    even the slowest is no upper limit: 0.95 ** 58 > 0.05. No distribution is assumed. Values may be infinite.
    """
    ordered = np.sort(_amounts(values))
    n = len(ordered)
    if 0.95**n > 0.05:
        return None
    both = 0.95**n <= 0.025
    low, high = _ranks(n, 0.025 if both else 0.05)
    return P95(float(ordered[ceil(0.95 * n) - 1]), float(ordered[low - 1]) if both else None, float(ordered[high - 1]))


def per_usable(
    amounts: Sequence[float],
    usable: Sequence[bool],
    groups: Sequence[Hashable],
    seed: int = 0,
    resamples: int = 2000,
) -> PerUsable | None:
    """What one usable clip takes: all that was spent (seconds or dollars), failures included, per usable clip.

    One amount, one verdict and one group (prompt) for each attempt. None where nothing was usable. Infinite where an
    attempt took longer than we waited; an upper limit is infinite where resampling may leave no usable clip.
    """
    array, good = _amounts(amounts), np.asarray(usable, dtype=np.float64)
    if len(good) != len(array):
        raise BadInput(f"{len(array)} amounts have {len(good)} verdicts", hint="Give one `usable` for each amount.")
    group, many = numbered(groups, len(array))
    if not good.any():
        return None
    value = float(array.sum() / good.sum())
    if len(array) < FEWEST_VALUES or many < FEWEST_GROUPS:
        return PerUsable(value, None)
    spent, made = (np.bincount(group, each, many).astype(np.float64) for each in (array, good))
    ratios = np.concatenate([_ratios(drawn, spent, made) for drawn in draws(many, resamples, seed, many)])
    return PerUsable(value, Interval(*outer(ratios, many)))


def _amounts(values: Sequence[float]) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or np.isnan(array).any() or (array == -np.inf).any():
        raise BadInput("a value is not a number", hint="Leave unknown values out; infinite means longer than waited.")
    return array


def _ratios(drawn: NDArray[np.int64], spent: Floats, made: Floats) -> Floats:
    # A group that was not drawn spends nothing, even where it spent without end.
    endless = np.isinf(spent)
    sums = drawn @ np.where(endless, 0.0, spent)
    sums[(drawn[:, endless] > 0).any(axis=1)] = np.inf
    clips = drawn @ made
    ratios: Floats = np.divide(sums, clips, out=np.full(len(drawn), np.inf), where=clips > 0)
    return ratios


def _ranks(n: int, alpha: float) -> tuple[int, int]:
    """The ranks (from 1) of the largest lower and the smallest upper limit, each missed by at most `alpha`."""
    log_ways = [lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) for k in range(n + 1)]
    below = np.cumsum([np.exp(ways + k * log(0.95) + (n - k) * log(0.05)) for k, ways in enumerate(log_ways)])
    low = int((below <= alpha).sum())
    high = int(np.argmax(1 - below <= alpha)) + 1
    return low, high
