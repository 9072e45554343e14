"""How many standard errors from zero are beyond chance, for many means at once and few prompts.

A normal table is wrong here four times over: the standard errors are themselves estimates, the means share prompts, the
largest of many is looked at, and the values are skewed or have long tails. So each mean's t is set against what it does
when prompts are resampled (the studentised bootstrap, Hall 1988): the 95 % point of the largest |t| over all means.

Two bounds keep that sound where resampling itself is weak. From below, Student's t for one mean alone: resampling can
only repeat what was seen, and with ties that is too little. From above, 1.3 times the t of Bonferroni: of few prompts
some resamples are one prompt over and over, and their t means nothing. With both, at most 6 % of runs without any
difference name a pair, be their values normal, long-tailed, tied, of unequal spread or skewed like seconds (lognormal,
log-SD 0.45). Skewed much more (log-SD 0.8), two models are named in up to 10 %. `scripts/null_runs.py` counts all this.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from rushes.benchmarks.statistics.resampling import Floats, draws
from rushes.benchmarks.statistics.student import quantile

Counts = NDArray[np.intp]

#: How far the bootstrap may go beyond Bonferroni. Less lets strong skew through (1.2: 6 % of runs of 4 models, log-SD
#: 0.8), more costs power (1.4: a quarter of it for 4 models and 6 prompts).
_BEYOND_BONFERRONI = 1.3


def critical(differences: Floats, known: NDArray[np.bool_], seed: int, resamples: int) -> Floats:
    """The critical value of each column's t; together they hold for all columns in 95 % of runs.

    `differences` is prompts × columns; where `known` is false its value is not looked at. Every column has at least two
    known values, not all equal.
    """
    n = known.sum(axis=0)
    limit = _largest(differences, known, seed, resamples)
    alone = np.array([quantile(0.975, int(many) - 1) for many in n])
    shared_out = np.array([bonferroni(int(many), len(n)) for many in n])
    value: Floats = np.maximum(alone, np.minimum(_student(limit, n - 1), _BEYOND_BONFERRONI * shared_out))
    return value


def bonferroni(n: int, comparisons: int) -> float:
    """Student's t that `comparisons` means of `n` values pass together in 95 % of runs, at the least."""
    return quantile(1 - 0.025 / comparisons, n - 1)


@lru_cache(maxsize=4096)
def expected(n: int, comparisons: int) -> float:
    """About what `critical` comes to for `n` normal values, known before there are any.

    Bonferroni's t, and what the bootstrap adds for few prompts: fitted to simulations of 6 to 60 prompts and 1 to 15
    comparisons, where it is off by at most 0.1 of itself.
    """
    beyond = 1 + (6 + 5 * log(comparisons)) / n**2
    return bonferroni(n, comparisons) * min(beyond, _BEYOND_BONFERRONI)


def _largest(differences: Floats, known: NDArray[np.bool_], seed: int, resamples: int) -> float:
    """The 95 % point of the largest |t| of all columns, as a normal score."""
    n = known.sum(axis=0)
    centre = np.where(known, differences, 0.0).sum(axis=0) / n
    off = np.where(known, differences - centre, 0.0)
    # Draws belong to places, so prompts get an order of their own: how far off they are, then what they are.
    exact = (off / np.abs(off).max()).round(9)
    order = np.lexsort((*exact.T, (exact**2).sum(axis=1).round(9)))
    off = off[order]
    prompts = len(off)
    weight = np.concatenate([*draws(prompts, resamples, seed, prompts)]).astype(np.float64)
    many = weight @ known[order].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = weight @ off / many
        squared = mean**2 * (many - 1) / np.maximum(weight @ off**2 / many - mean**2, 0.0)
    # Nothing or one value drawn: that resample says nothing, so it may not make the limit lower.
    squared[many < 2] = np.inf
    scores = np.sort(_normal(np.nan_to_num(squared, nan=0.0, posinf=np.inf), n - 1).max(axis=1))
    return float(scores[min(resamples, ceil(0.95 * (resamples + 1))) - 1])


def _normal(squared: Floats, df: Counts) -> Floats:
    """A squared t as a normal score (Wallace 1959), so that means of more and of fewer prompts can be compared."""
    score: Floats = (8 * df + 1) / (8 * df + 3) * np.sqrt(df * np.log1p(squared / df))
    return score


def _student(score: float, df: Counts) -> Floats:
    """The way back from `_normal`, to t itself."""
    with np.errstate(over="ignore"):
        t: Floats = np.sqrt(df * np.expm1((score * (8 * df + 3) / (8 * df + 1)) ** 2 / df))
    return t
