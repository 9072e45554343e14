"""Ratings of the models of a board, and what may be said of each pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil
from statistics import NormalDist

import numpy as np

from rushes.benchmarks.ratings.board import Board, check_connected
from rushes.benchmarks.ratings.bradley_terry import ELO, strengths
from rushes.benchmarks.ratings.limits import beyond_even, limits
from rushes.benchmarks.ratings.spread import Spread, spread
from rushes.benchmarks.statistics.critical import critical
from rushes.benchmarks.statistics.intervals import Z
from rushes.benchmarks.statistics.resampling import Floats, draws
from rushes.benchmarks.statistics.student import quantile
from rushes.benchmarks.statistics.verdicts import FEWEST_PROMPTS, Pair, Verdict, needed_prompts, tiers
from rushes.errors import BadInput

#: Ratings that differ by less are equivalent: a win share of 55 %.
EQUIVALENT = 35.0
#: Elo by which strengths that are level may differ in their last digits.
_LEVEL = 1e-6


@dataclass(frozen=True)
class Rating:
    """A model's rating in Elo, relative to the mean of its board, so that ratings add up to 0.

    `low` to `high` is its own 95 % interval and `sd` the standard error, in Elo: None below 6 prompts with votes on the
    model. `prompts` and `votes` are how many it was voted on. `tier` counts from 1, the best first; `best` is the share
    of resamples of prompts in which no model is higher; where several are level they share it. Both are None where
    verdicts are missing for it.
    """

    model: str
    elo: float
    low: float | None
    high: float | None
    sd: float | None
    prompts: int
    votes: int
    best: float | None
    tier: int | None


@dataclass(frozen=True)
class Versus:
    """Two models, the higher rating first.

    `share` is that of `a` in the votes on these two alone (ties and both bad are half a win each), None without one;
    `elo` is a − b by all votes, `low` to `high` its 95 % interval, simultaneous over all pairs; None, as is the verdict
    "too few prompts", where fewer than 6 prompts have votes on the two. `needed` is about how many prompts in all, and
    `needed_votes` votes on the two, would separate them; None unless "not separable", and above 1,000 prompts.
    """

    a: str
    b: str
    share: float | None
    prompts: int
    votes: int
    elo: float
    low: float | None
    high: float | None
    verdict: Verdict
    needed: int | None
    needed_votes: int | None


@dataclass(frozen=True)
class Ratings:
    """The best model first, and the pairs in the same order."""

    models: tuple[Rating, ...]
    pairs: tuple[Versus, ...]
    prompts: int
    votes: int

    @property
    def by_model(self) -> Mapping[str, Rating]:
        return {each.model: each for each in self.models}


def rate(board: Board, seed: int = 0, resamples: int = 1000) -> Ratings:
    """Rate every model of a board. Raises BadInput where there are no votes, or models that no votes connect.

    Prompts are what there are many of, not votes: two votes on one prompt say less than two on two. So every standard
    error is that of a jackknife over prompts, and no smaller than the luck of the votes alone (`spread`); how many of
    them make an interval is found by resampling prompts (`critical`). With that and `limits`, the verdicts are, in
    this order:

    * "better": the simultaneous interval leaves out 0
    * "equivalent": the 90 % interval of this pair alone lies within ± 35 Elo (two one-sided tests)
    * "not separable": neither
    * "too few prompts": fewer than 6 with votes on the two, so none of these
    """
    k = len(board.models)
    if k < 2 or not board.votes:
        raise BadInput(
            f"{board.votes} votes on {k} models rate nothing", hint="Vote on takes of two models at the least."
        )
    check_connected(board)
    if resamples < 100:
        raise BadInput(f"{resamples} resamples say nothing", hint="Ask for 100 or more; 1,000 is usual.")
    strength = strengths(board.wins.sum(axis=0)[None])[0]
    # Without the last digits, which are noise and would order models that are level.
    elo = (strength * ELO).round(9) + 0.0
    order = sorted(range(k), key=lambda m: (-elo[m], board.models[m]))
    places = [*combinations(range(k), 2)]
    ends = [(order[a], order[b]) for a, b in places]
    alone = [_against(k, m, [other for other in range(k) if other != m]) for m in range(k)]
    found = spread(board, strength, np.array([*(_against(k, a, [b]) for a, b in ends), *alone]))
    versus = _versus(board, ends, found, seed, resamples)
    pairs = [
        Pair(a, b, each.prompts, each.elo, each.low, each.high, each.verdict, each.needed)
        for (a, b), each in zip(places, versus, strict=True)
    ]
    best = _best(board, elo, seed, resamples)
    models = [
        _rating(board, m, float(elo[m]), found, len(ends) + m, float(best[m]), tier)
        for m, tier in zip(order, tiers(range(k), pairs, lower_is_better=False), strict=True)
    ]
    return Ratings(tuple(models), tuple(versus), prompts=len(board.prompts), votes=board.votes)


def _against(models: int, one: int, others: Sequence[int]) -> Floats:
    weights = np.zeros(models)
    weights[one] = 1.0
    weights[[*others]] = -1 / len(others)
    return weights


def _versus(board: Board, ends: Sequence[tuple[int, int]], found: Spread, seed: int, resamples: int) -> list[Versus]:
    """Every pair, in the order given; they are the first contrasts of `found`."""
    met = board.wins + board.wins.transpose(0, 2, 1)
    prompts = (met > 0).sum(axis=0)
    judged = [c for c, pair in enumerate(ends) if prompts[pair] >= FEWEST_PROMPTS]
    halves = _together(found, judged, seed, resamples)
    rows = []
    for c, (a, b) in enumerate(ends):
        votes = met[:, a, b].sum()
        odds = float(found.estimate[c])
        low = high = needed = None
        verdict: Verdict = "too few prompts"
        if c in halves:
            verdict, needed = _verdict(odds, halves[c], _half(found, c, 0.95), int(found.prompts[c]), len(judged))
            low, high = (ELO * each for each in limits(odds, halves[c]))
        rows.append(
            Versus(
                a=board.models[a],
                b=board.models[b],
                share=float(board.wins[:, a, b].sum() / votes) if votes else None,
                prompts=int(prompts[a, b]),
                votes=round(votes),
                elo=round(ELO * odds, 9) + 0.0,
                low=low,
                high=high,
                verdict=verdict,
                needed=needed,
                needed_votes=None if needed is None else ceil(votes * needed / found.prompts[c]),
            )
        )
    return rows


def _together(found: Spread, judged: Sequence[int], seed: int, resamples: int) -> dict[int, float]:
    """Half the plain 95 % interval of each judged contrast, in log-odds; all of them hold together."""
    if not judged:
        return {}
    many = np.zeros(len(found.estimate))
    if some := [c for c in judged if found.error[c] > 0]:
        many[some] = critical(found.values[:, some], found.known[:, some], seed, resamples)
    by_luck = NormalDist().inv_cdf(1 - 0.025 / len(judged))
    return {c: max(many[c] * found.error[c], by_luck * found.luck[c], _half(found, c, 0.975)) for c in judged}


def _half(found: Spread, c: int, level: float) -> float:
    """How far the estimate of one contrast alone may be off, to the one side, in log-odds."""
    t = quantile(level, max(1.0, float(found.even[c]) - 1))
    return max(t * float(found.error[c]), NormalDist().inv_cdf(level) * float(found.luck[c]))


def _verdict(odds: float, half: float, alone: float, prompts: int, comparisons: int) -> tuple[Verdict, int | None]:
    """The verdict from half the 95 % interval of all pairs and half the 90 % interval of this one; prompts needed."""
    if (beyond := beyond_even(odds, half)) > 1:
        return "better", None
    if all(abs(limit) * ELO < EQUIVALENT for limit in limits(odds, alone)):
        return "equivalent", None
    return "not separable", needed_prompts(prompts, beyond, 1.0, comparisons)


def _rating(board: Board, m: int, elo: float, found: Spread, c: int, best: float, tier: int | None) -> Rating:
    """One model; contrast `c` is its difference to the mean of all others."""
    met = board.wins[:, m] + board.wins[:, :, m]
    prompts = int((met.sum(axis=1) > 0).sum())
    low = high = sd = None
    if prompts >= FEWEST_PROMPTS:
        # A rating is relative to a mean that the model is part of.
        part = ELO * (len(board.models) - 1) / len(board.models)
        sd = part * max(float(found.error[c]), float(found.luck[c]))
        low, high = (part * each for each in limits(float(found.estimate[c]), _half(found, c, 0.975)))
    return Rating(board.models[m], elo, low, high, sd, prompts, round(met.sum()), None if tier is None else best, tier)


def _best(board: Board, elo: Floats, seed: int, resamples: int) -> Floats:
    """The share of resamples of prompts in which each model is the highest; those that are level share it."""
    n = len(board.prompts)
    # Of few prompts resamples are too much alike, as in `outer`.
    apart = (n / (n - 1)) ** 0.5 * quantile(0.975, n - 1) / Z if n > 1 else 1.0
    share = np.zeros(len(board.models))
    for drawn in draws(n, resamples, seed, max(n, board.wins[0].size)):
        again = ELO * strengths(np.tensordot(drawn.astype(np.float64), board.wins, (1, 0)))
        again = elo + apart * (again - elo)
        top = again > again.max(axis=1, keepdims=True) - _LEVEL
        share += (top / top.sum(axis=1, keepdims=True)).sum(axis=0)
    best: Floats = share / resamples
    return best
