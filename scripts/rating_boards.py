"""How often ratings are wrong, counted on made-up boards whose truth is known.

Run by `make verdicts`; prints tables and fails if a bound is broken: at most 6 % of boards of equal models may name a
better one, intervals that promise 95 % must hold the truth in 91 %, and in 98 % at most on average, a difference of
just the margin may be called equivalent in at most 6 %, and what `detectable_elo` says of 30 prompts and more must
be seen in 75 %. Takes three to five minutes on one core.

On every prompt a model is better or worse than on average, by a normal number of log-odds (SD); every vote on that
prompt meets the same number. A share beyond its bound may be chance: it is counted again over four times as many fresh
boards, and if need be over four times as many as that, and the last count stands. The bootstrap has fewer resamples
here than the 1,000 of a report.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

import numpy as np

from rushes.benchmarks.ratings.board import Board
from rushes.benchmarks.ratings.bradley_terry import ELO, strengths
from rushes.benchmarks.ratings.needed import detectable_elo
from rushes.benchmarks.ratings.rate import EQUIVALENT, Ratings, rate

PROMPTS = (6, 10, 30, 100)
#: Models, votes on each pair and prompt, SD.
ROWS = [*product((2, 4), (1, 5, 20), (0.0, 0.6, 1.0)), *product((6,), (1, 5, 20), (0.6,))]
FALSE, COVERED, ON_AVERAGE, SEEN = 0.06, 0.91, 0.98, 0.75
RESAMPLES, AGAIN = 200, (1, 4, 16)
#: Strengths of models that differ, in log-odds on the average prompt: 210 Elo from end to end.
APART = 0.6


@dataclass(frozen=True)
class World:
    """Boards to be drawn: each pair of models gets `votes` on each prompt, or on `on` of the prompts."""

    prompts: int
    votes: int
    sd: float
    strength: tuple[float, ...]
    ties: float = 0.0
    on: float = 1.0

    def board(self, random: np.random.Generator) -> Board:
        k = len(self.strength)
        wins, drawn = np.zeros((self.prompts, k, k)), np.zeros((self.prompts, k, k))
        here = np.array(self.strength) + random.normal(0, self.sd, (self.prompts, k))
        for a, b in combinations(range(k), 2):
            votes = self.votes * (random.random(self.prompts) < self.on)
            level = random.binomial(votes, self.ties)
            won = random.binomial(votes - level, 1 / (1 + np.exp(here[:, b] - here[:, a])))
            wins[:, a, b], wins[:, b, a] = won + level / 2, votes - won - level / 2
            drawn[:, a, b] = drawn[:, b, a] = level
        ties = round(drawn.sum() / 2)
        models = tuple(f"model-{m}" for m in range(k))
        prompts = tuple(f"prompt-{p}" for p in range(self.prompts))
        return Board(models, prompts, wins, drawn, round(wins.sum()) - ties, ties, 0, ("anybody",))

    def rated(self, number: int, fresh: int) -> Ratings:
        """The ratings of board `number` of a series."""
        key = [self.prompts, self.votes, round(10 * self.sd), len(self.strength), round(10 * self.ties), number, fresh]
        return rate(self.board(np.random.default_rng(key)), seed=number, resamples=RESAMPLES)

    def truth(self) -> dict[str, float]:
        """What ratings come to with endless prompts, in Elo: prompts that differ make every vote a bit more even."""
        return _truth(self.strength, self.sd, self.ties)


@lru_cache
def _truth(strength: tuple[float, ...], sd: float, ties: float) -> dict[str, float]:
    points, weights = np.polynomial.hermite_e.hermegauss(60)
    apart = np.subtract.outer(strength, strength)[..., None] + np.sqrt(2) * sd * points
    wins = (1 / (1 + np.exp(-apart))) @ (weights / weights.sum()) * (1 - ties) + ties / 2
    elo = ELO * strengths(1e6 * wins[None])[0]
    return {f"model-{m}": float(each) for m, each in enumerate(elo)}


def equal(models: int) -> tuple[float, ...]:
    return (0.0,) * models


def unequal(models: int) -> tuple[float, ...]:
    return tuple(np.linspace(-APART, APART, models))


def names_a_better(ratings: Ratings, world: World) -> float:
    return any(pair.verdict == "better" for pair in ratings.pairs)


def models_covered(ratings: Ratings, world: World) -> float:
    """The share of those with an interval; holes may leave a model too few prompts for one."""
    truth = world.truth()
    known = [each for each in ratings.models if each.low is not None and each.high is not None]
    return float(np.mean([each.low <= truth[each.model] <= each.high for each in known])) if known else 1.0  # type: ignore[operator]


def all_pairs_covered(ratings: Ratings, world: World) -> float:
    truth = world.truth()
    return all(pair.low <= truth[pair.a] - truth[pair.b] <= pair.high for pair in ratings.pairs)  # type: ignore[operator]


def calls_equivalent(ratings: Ratings, world: World) -> float:
    return any(pair.verdict == "equivalent" for pair in ratings.pairs)


def sees_the_best_and_the_worst(ratings: Ratings, world: World) -> float:
    ends = {f"model-{0}", f"model-{len(world.strength) - 1}"}
    return any(pair.verdict == "better" for pair in ratings.pairs if {pair.a, pair.b} == ends)


Question = Callable[[Ratings, World], float]


@dataclass(frozen=True)
class Promise:
    """What is asked of every board, and the bounds of the share of boards of which it is true."""

    what: str
    question: Question
    low: float = 0.0
    high: float = 1.0

    def keeps(self, share: float) -> bool:
        return self.low <= share <= self.high


@dataclass
class Count:
    """Shares of boards; `broken` collects what broke its bounds for good."""

    boards: int
    made: int
    broken: list[str]

    def shares(self, world: World, promises: Sequence[Promise], where: str = "") -> list[float]:
        found: list[float] = []
        for fresh, times in enumerate(AGAIN):
            number = times * self.boards
            self.made += number
            rated = [world.rated(each, fresh) for each in range(number)]
            now = [float(np.mean([promise.question(each, world) for each in rated])) for promise in promises]
            # What kept its bounds the first time stands.
            found = [
                old if found and promise.keeps(old) else new
                for promise, old, new in zip(promises, found or now, now, strict=True)
            ]
            if all(promise.keeps(share) for promise, share in zip(promises, found, strict=True)):
                return found
        for promise, share in zip(promises, found, strict=True):
            if not promise.keeps(share):
                self.broken.append(f"{promise.what}{where}: {share:.1%}, not {promise.low:.0%} to {promise.high:.0%}")
        return found


def tables(count: Count, of: Callable[[int], tuple[float, ...]], *promises: Promise) -> list[list[float]]:
    """For each promise a table: a row for each of `ROWS`, a column for each number of prompts. Returns all shares."""
    texts: list[list[str]] = [[] for _ in promises]
    every: list[list[float]] = [[] for _ in promises]
    for models, votes, sd in ROWS:
        name = f"{models} models, {votes} votes on each pair and prompt, SD {sd:g}"
        columns = []
        for prompts in PROMPTS:
            columns.append(
                count.shares(World(prompts, votes, sd, of(models)), promises, where=f", {name}, {prompts} prompts")
            )
        for text, shares, row in zip(texts, every, zip(*columns, strict=True), strict=True):
            text.append(f"  {name}".ljust(56) + "".join(f"{100 * share:>8.1f}" for share in row))
            shares += row
        print(".", end="", flush=True, file=sys.stderr)
    print(file=sys.stderr)
    for promise, text in zip(promises, texts, strict=True):
        print(f"\n{promise.what}, % of boards; prompts:".ljust(57) + "".join(f"{prompts:>8}" for prompts in PROMPTS))
        print("\n".join(text), flush=True)
    return every


def rows() -> Iterator[tuple[World, Promise]]:
    """Ties, holes, the margin, and power."""
    for models, prompts in product((2, 4), (10, 30)):
        for name, more in {"40 % ties": {"ties": 0.4}, "a pair on 70 % of the prompts": {"on": 0.7}}.items():
            where = f"{name}, {models} models, {prompts} prompts"
            no_more = Promise(f'false "better", {where}', names_a_better, high=FALSE)
            yield World(prompts, 1, 0.6, equal(models), **more), no_more
            inside = Promise(f"ratings in their intervals, {where}", models_covered, low=COVERED)
            yield World(prompts, 1, 0.6, unequal(models), **more), inside
    for sd in (0.0, 0.6):
        what = f'false "equivalent" at {EQUIVALENT:g} Elo, 200 prompts, 5 votes, SD {sd:g}'
        yield World(200, 5, sd, _apart_by(EQUIVALENT, sd)), Promise(what, calls_equivalent, high=FALSE)
    for models, prompts, votes in ((2, 10, 3), (2, 30, 3), (4, 30, 3), (4, 100, 1), (6, 30, 3)):
        elo = detectable_elo(prompts, votes, models)
        assert elo is not None
        ends = _apart_by(elo, 0.6, models)
        what = f"{elo:.0f} Elo seen, {models} models, {prompts} prompts, {votes} votes, SD 0.6"
        yield (
            World(prompts, votes, 0.6, ends),
            Promise(what, sees_the_best_and_the_worst, low=SEEN if prompts >= 30 else 0.0),
        )


def _apart_by(elo: float, sd: float, models: int = 2) -> tuple[float, ...]:
    """Strengths of which endless prompts would show the first and the last, with equals between, to be `elo` apart."""
    low, high = 0.0, 10.0
    for _ in range(50):
        middle = (low + high) / 2
        truth = [*_truth((middle, *equal(models - 2), -middle), sd, 0.0).values()]
        low, high = (middle, high) if truth[0] - truth[-1] < elo else (low, middle)
    return (low, *equal(models - 2), -low)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--boards", type=int, default=150, help="made-up boards for each figure")
    count = Count(parser.parse_args().boards, 0, [])
    tables(count, equal, Promise('false "better", equal models', names_a_better, high=FALSE))
    covered, _ = tables(
        count,
        unequal,
        Promise("models in their own 95 % interval", models_covered, low=COVERED),
        Promise("all pairs in their 95 % intervals at once", all_pairs_covered, low=COVERED),
    )
    average = float(np.mean(covered))
    print(f"\nmodels in their own interval, average: {average:.1%}\n")
    if average > ON_AVERAGE:
        count.broken.append(f"models in their own interval, average: {average:.1%}, not {ON_AVERAGE:.0%} at most")
    for world, promise in rows():
        [share] = count.shares(world, [promise])
        print(f"{promise.what:<82}{share:>8.1%}", flush=True)
    print(f"\n{count.made:,} boards")
    print("\n".join(["bounds broken:", *count.broken]) if count.broken else "all bounds kept")
    return 1 if count.broken else 0


if __name__ == "__main__":
    sys.exit(main())
