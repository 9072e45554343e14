"""Two models on one metric, prompt by prompt, and verdicts over many metrics that differ in kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import Literal

import numpy as np

from rushes.benchmarks.statistics.intervals import Interval
from rushes.benchmarks.statistics.resampling import Floats, draws, medians, outer
from rushes.benchmarks.statistics.verdicts import FEWEST_PROMPTS
from rushes.errors import BadInput

Word = Literal["better", "worse", "same", "not separable", "too few prompts"]

#: Up to this many differences the signed-rank test counts every assignment of signs.
EXACT_UP_TO = 25


@dataclass(frozen=True)
class Paired:
    """How `a` differs from `b` on the `n` prompts where the difference is known; `left_out` is how many others.

    `median` is of a − b, in the metric's unit, `interval` its 95 % interval, `p` the two-sided signed-rank
    probability; all None of no prompts. Differences within ± `floor` do not matter. `lower_is_better` turns the words
    of `decide`, not the numbers.
    """

    n: int
    left_out: int
    median: float | None
    interval: Interval | None
    p: float | None
    floor: float
    lower_is_better: bool


def paired(
    a: Sequence[float | None],
    b: Sequence[float | None],
    *,
    floor: float,
    seed: int = 0,
    lower_is_better: bool = False,
    resamples: int = 2000,
) -> Paired:
    """Compare two models by one number for each prompt, in the same order of prompts.

    None and NaN are unknown. A value may be infinite (took longer than we waited); the difference of two infinite
    values is unknown, and so is a median halfway between minus and plus infinity.
    """
    if len(a) != len(b):
        raise BadInput(f"{len(a)} values are paired with {len(b)}", hint="Give one value of each for each prompt.")
    if not 0 <= floor < np.inf:
        raise BadInput(f"no floor can be {floor}", hint="Give the smallest difference that matters, 0 or more.")
    with np.errstate(invalid="ignore"):
        differences = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    known = np.sort(differences[~np.isnan(differences)])
    n = len(known)
    if not n:
        return Paired(0, len(a), None, None, None, floor, lower_is_better)
    resampled = np.concatenate([medians(known, drawn) for drawn in draws(n, resamples, seed, n)])
    lowest, highest = (np.where(np.isnan(resampled), unknown, resampled) for unknown in (-np.inf, np.inf))
    median = float(medians(known, np.ones((1, n), dtype=np.int64))[0])
    return Paired(
        n=n,
        left_out=len(a) - n,
        median=None if np.isnan(median) else median,
        interval=Interval(outer(lowest, n)[0], outer(highest, n)[1]),
        p=signed_rank(known),
        floor=floor,
        lower_is_better=lower_is_better,
    )


def signed_rank(differences: Sequence[float] | Floats) -> float:
    """The two-sided p of Wilcoxon's signed-rank test, with ties at their mean rank.

    Zeros by Pratt (1959): they are ranked with the others and then left out of the sums. Up to 25 differences the
    probability is exact for the ranks as they are, ties included; above, it is the normal one with these ranks'
    variance and continuity correction.
    """
    array = np.asarray(differences, dtype=np.float64)
    if np.isnan(array).any():
        raise BadInput("a difference is not a number", hint="Leave unknown differences out.")
    _, place, count = np.unique(np.abs(array), return_inverse=True, return_counts=True)
    # Doubled, so that mean ranks are whole numbers.
    doubled = (2 * np.cumsum(count) - count + 1)[place]
    ranks = doubled[array != 0]
    total, positive = int(ranks.sum()), int(doubled[array > 0].sum())
    least = min(positive, total - positive)
    if len(array) > EXACT_UP_TO:
        # One step of the sum of doubled ranks is two, and half a step is one.
        off = max(total / 2 - least - 1, 0.0)
        spread = sqrt(float((ranks.astype(np.float64) ** 2).sum()) / 4)
        return erfc(off / spread / sqrt(2)) if spread else 1.0
    ways = np.zeros(total + 1)
    ways[0] = 1.0
    for rank in ranks:
        ways[rank:] += ways[:-rank].copy()
    return min(1.0, 2 * float(ways[: least + 1].sum()) / 2.0 ** len(ranks))


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values of a family of tests, adjusted by Holm (1979), in the order given."""
    if any(not 0 <= p <= 1 for p in ps):
        raise BadInput("a p-value lies outside 0 to 1", hint="Leave tests without a p-value out of the family.")
    adjusted, reached = [1.0] * len(ps), 0.0
    for place, k in enumerate(sorted(range(len(ps)), key=lambda k: ps[k])):
        reached = max(reached, min(1.0, (len(ps) - place) * ps[k]))
        adjusted[k] = reached
    return adjusted


def decide(results: Sequence[Paired], level: float = 0.05) -> list[Word]:
    """A word about `a` for each result; all results together are one family (models × metrics).

    * "too few prompts": fewer than 6, and then it is no member of the family
    * "better", "worse": Holm's p is below `level`, and the median is at least the floor and not 0
    * "same": the whole interval lies within ± the floor
    * "not separable": none of these
    """
    if not 0 < level < 1:
        raise BadInput(f"no level can be {level}", hint="0.05 is usual.")
    family = {k: result.p for k, result in enumerate(results) if result.n >= FEWEST_PROMPTS and result.p is not None}
    adjusted = dict(zip(family, holm([*family.values()]), strict=True))
    return [_word(result, adjusted.get(k), level) for k, result in enumerate(results)]


def _word(result: Paired, p: float | None, level: float) -> Word:
    if p is None or result.interval is None:
        return "too few prompts"
    if p < level and result.median and abs(result.median) >= result.floor:
        return "better" if (result.median < 0) == result.lower_is_better else "worse"
    if -result.floor <= result.interval.low and result.interval.high <= result.floor:
        return "same"
    return "not separable"
