"""Which models differ, said only as far as the prompts allow: all pairs at once, paired by prompt."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rushes.benchmarks.statistics.critical import critical, expected
from rushes.benchmarks.statistics.student import quantile
from rushes.errors import BadInput

Verdict = Literal["better", "equivalent", "not separable", "too few prompts"]

#: Below this many shared prompts a pair gets no verdict.
FEWEST_PROMPTS = 6
#: More prompts than this are not asked for: the two are treated as tied.
MOST_PROMPTS = 1000


@dataclass(frozen=True)
class Pair:
    """Two models (columns `a` < `b`) on the `n` prompts that both have.

    `estimate` is the mean of a − b (None without a shared prompt): positive means that `a` has the higher values. With
    the verdict "better" its sign says which of the two has them; whether higher is good is the caller's to know.
    `low` to `high` is the simultaneous 95 % interval over all pairs, None without a verdict. `needed` is about how many
    prompts in all would separate the two if the difference stays what it is; None unless "not separable", and where it
    is more than 1,000 (treat as tied).
    """

    a: int
    b: int
    n: int
    estimate: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    needed: int | None


def compare_all(values: ArrayLike, *, equivalent: float, seed: int = 0, resamples: int = 2000) -> list[Pair]:
    """Every pair of the models of `values` (prompts × models, NaN where unknown), compared on the prompts they share.

    Values are on a scale where differences matter (log-seconds, Elo), and so is the margin `equivalent`. With d the
    mean of the per-prompt differences, SE its standard error (n − 1) and c the value that holds for all pairs together
    (`critical`), the verdicts are, in this order:

    * "better": |d| > c · SE
    * "equivalent": |d| + t · SE < `equivalent`, t the 95 % point of Student's t (two one-sided tests)
    * "not separable": neither
    * "too few prompts": fewer than 6 shared prompts, so none of these

    Where every difference is the same SE is 0: then any difference is "better", and none is "equivalent". The order of
    prompts does not matter.
    """
    array = _checked(values, equivalent, resamples)
    pairs = list(combinations(range(array.shape[1]), 2))
    if not pairs:
        return []
    first, second = (list(column) for column in zip(*pairs, strict=True))
    differences = array[:, first] - array[:, second]
    known = ~np.isnan(differences)
    n = known.sum(axis=0)
    mean = np.where(known, differences, 0.0).sum(axis=0) / np.maximum(n, 1)
    squares = (np.where(known, differences - mean, 0.0) ** 2).sum(axis=0)
    error = np.sqrt(squares / np.maximum(n * (n - 1), 1))
    # Equal differences differ in their last digits; those are no spread.
    rounding = 1e-12 * np.abs(array[~np.isnan(array)]).max(initial=0.0)
    mean[np.abs(mean) <= rounding], error[error <= rounding] = 0.0, 0.0

    judged = n >= FEWEST_PROMPTS
    uncertain = judged & (error > 0)
    limits = np.zeros(len(pairs))
    if uncertain.any():
        shared = known[:, uncertain].any(axis=1)
        columns = np.ix_(shared, uncertain)
        limits[uncertain] = critical(differences[columns], known[columns], seed, resamples)
    return [
        _pair(a, b, int(n[k]), float(mean[k]), float(error[k]), float(limits[k]), equivalent, int(judged.sum()))
        for k, (a, b) in enumerate(pairs)
    ]


def tiers(order: Sequence[int], pairs: Sequence[Pair], *, lower_is_better: bool = True) -> list[int | None]:
    """The tier, from 1, of each model in `order` (best first by the same values), in that order.

    The best model not yet placed opens a tier, and everything not yet placed that is not separable from it joins, even
    from below a model that is: what cannot be told from the best is not called second best. A model opens a tier only
    where it is separable from the opener of every tier above; None where the verdicts for that are missing. Lower is
    better for seconds and dollars; for ratings say that it is not.
    """
    verdicts = {frozenset((pair.a, pair.b)): pair for pair in pairs if pair.verdict != "too few prompts"}

    def beats(x: int, y: int) -> bool | None:
        pair = verdicts.get(frozenset((x, y)))
        if pair is None or pair.estimate is None:
            return None
        return pair.verdict == "better" and ((pair.estimate < 0) == lower_is_better) == (pair.a == x)

    placed: dict[int, int] = {}
    openers: list[int] = []
    left = [m for m in order if any(m in pair for pair in verdicts)]
    while able := [m for m in left if all(beats(opener, m) for opener in openers)]:
        # Where prompts are missing, a model may stand below one that it beats on the prompts that both have.
        opener = next((m for m in able if not any(beats(other, m) for other in able)), able[0])
        openers.append(opener)
        placed |= {m: len(openers) for m in left if m == opener or beats(opener, m) is False}
        left = [m for m in left if m not in placed]
    return [placed.get(m) for m in order]


def _checked(values: ArrayLike, equivalent: float, resamples: int) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or np.isinf(array).any():
        raise BadInput(
            "values to compare are a table of prompts × models with finite numbers",
            hint="Put NaN where a value is unknown.",
        )
    if not equivalent >= 0:
        raise BadInput(f"no margin can be {equivalent}", hint="Give the largest difference that does not matter.")
    if resamples < 100:
        raise BadInput(f"{resamples} resamples say nothing", hint="Ask for 100 or more; 2,000 is usual.")
    return array


def _pair(a: int, b: int, n: int, mean: float, error: float, limit: float, equivalent: float, comparisons: int) -> Pair:
    if n < FEWEST_PROMPTS:
        return Pair(a, b, n, mean if n else None, None, None, "too few prompts", None)
    half = limit * error
    verdict: Verdict = "not separable"
    needed = None
    if abs(mean) > half:
        verdict = "better"
    elif mean == error == 0 or abs(mean) + quantile(0.95, n - 1) * error < equivalent:
        verdict = "equivalent"
    else:
        needed = needed_prompts(n, abs(mean), half, comparisons)
    return Pair(a, b, n, mean, mean - half, mean + half, verdict, needed)


def needed_prompts(n: int, mean: float, half: float, comparisons: int) -> int | None:
    """About how many prompts would separate a difference of `mean` whose interval from `n` is ± `half`, above `mean`.

    The fewest m with `mean` above `half` · sqrt(n / m) · e(m) / e(n), e being `expected`; None above 1,000.
    """
    now = expected(n, comparisons)

    def separates(m: int) -> bool:
        return mean * sqrt(m) > half * sqrt(n) * expected(m, comparisons) / now

    if not separates(MOST_PROMPTS):
        return None
    return bisect_left(range(MOST_PROMPTS), True, lo=n + 1, key=separates)
