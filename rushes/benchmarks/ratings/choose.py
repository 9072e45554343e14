"""Which two takes a rater is shown next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random

import numpy as np

from rushes.benchmarks.ratings.bradley_terry import PRIOR
from rushes.benchmarks.votes import Pool, RaterKind, Vote
from rushes.errors import BadInput

#: One showing of so many is a repeat, at a place of its own in each such block.
_BLOCK = 10
#: So many other pairs are shown, at the least, before one of them comes again.
_BETWEEN = 2


@dataclass(frozen=True)
class Candidate:
    """A take that may be shown; `label` is its clip's."""

    label: str
    cell: str
    prompt: str
    pool: Pool
    model: str


@dataclass(frozen=True)
class Pair:
    """Two takes, by their labels, side by side; `repeats` is the id of the same rater's vote that is asked again."""

    cell: str
    prompt: str
    pool: Pool
    left: str
    right: str
    repeats: str | None = None


_Board = tuple[str, Pool]
_Models = tuple[str, str]
_Takes = tuple[Candidate, Candidate]


def next_pair(
    candidates: Sequence[Candidate], votes: Sequence[Vote], *, rater: str, kind: RaterKind = "person", seed: int = 0
) -> Pair | None:
    """The pair to show `rater`, who is of that `kind`; None when every pair has been seen.

    `votes` are those that stand, of everybody, in order. Only takes of one prompt, cell and pool meet, of different
    models, and no pair twice but for repeats: one showing in ten is an earlier pair of this rater with the sides
    exchanged, never one of the last two. Else it is the two models whose difference is known least (`_variances`), on
    the prompt that this rater has voted on least, then the one with the fewest votes on these models, then with the
    fewest in all; what is level, and the sides, the dice decide. The same votes and seed give the same pair.
    """
    shown = {each.label: each for each in candidates}
    if len(shown) < len(candidates):
        raise BadInput("two candidates have one label", hint="Give every take once.")
    own = [vote for vote in votes if vote.kind == kind and vote.rater == rater]
    first = [
        vote for vote in votes if vote.kind == kind and vote.repeats is None and {vote.left, vote.right} <= shown.keys()
    ]
    seen = {frozenset((vote.left, vote.right)) for vote in own}
    unseen = [takes for takes in _pairs(candidates) if frozenset(each.label for each in takes) not in seen]
    if not unseen:
        return None
    dice = Random(f"{seed}/{rater}/{len(own)}")
    if (again := _again(shown, own, f"{seed}/{rater}", dice)) is not None:
        return again
    one, other = _least_known(unseen, candidates, shown, first, rater, dice)
    left, right = (one, other) if dice.random() < 0.5 else (other, one)
    return Pair(left.cell, left.prompt, left.pool, left.label, right.label)


def progress(
    candidates: Sequence[Candidate], votes: Sequence[Vote], *, rater: str, kind: RaterKind = "person"
) -> tuple[int, int]:
    """How many pairs this rater has seen, and how many there are; repeats count in neither."""
    there = {frozenset(each.label for each in takes) for takes in _pairs(candidates)}
    own = {frozenset((vote.left, vote.right)) for vote in votes if vote.kind == kind and vote.rater == rater}
    return len(there & own), len(there)


def _pairs(candidates: Sequence[Candidate]) -> Iterator[_Takes]:
    together: dict[tuple[str, str, str], list[Candidate]] = {}
    for each in candidates:
        together.setdefault((each.cell, each.pool, each.prompt), []).append(each)
    for takes in together.values():
        ordered = sorted(takes, key=lambda each: (each.model, each.label))
        yield from ((a, b) for a, b in combinations(ordered, 2) if a.model != b.model)


def _again(shown: dict[str, Candidate], own: Sequence[Vote], stream: str, dice: Random) -> Pair | None:
    """An earlier pair with the sides exchanged, if one is due."""
    block, place = divmod(len(own), _BLOCK)
    if place != Random(f"{stream}/block {block}").randrange(0 if block else _BETWEEN + 1, _BLOCK):
        return None
    repeated = {vote.repeats for vote in own}
    able = [
        vote
        for vote in own[:-_BETWEEN]
        if vote.repeats is None and vote.id not in repeated and {vote.left, vote.right} <= shown.keys()
    ]
    if not able:
        return None
    vote = dice.choice(able)
    return Pair(vote.cell, vote.prompt, vote.pool, vote.right, vote.left, vote.id)


def _least_known(
    unseen: Sequence[_Takes],
    candidates: Sequence[Candidate],
    shown: dict[str, Candidate],
    votes: Sequence[Vote],
    rater: str,
    dice: Random,
) -> _Takes:
    variances = _variances(candidates, shown, votes)
    of_rater = Counter((vote.cell, vote.pool, vote.prompt) for vote in votes if vote.rater == rater)
    of_all = Counter((vote.cell, vote.pool, vote.prompt) for vote in votes)
    of_models = Counter((vote.cell, vote.pool, vote.prompt, _models(shown, vote)) for vote in votes)
    of_takes = Counter(frozenset((vote.left, vote.right)) for vote in votes)

    def order(takes: _Takes) -> tuple[float, ...]:
        one, other = takes
        where = (one.cell, one.pool, one.prompt)
        models = (one.model, other.model)
        return (
            -variances[(one.cell, one.pool), models],
            of_rater[where],
            of_models[(*where, models)],
            of_all[where],
            of_takes[frozenset((one.label, other.label))],
        )

    ordered = sorted(((order(takes), dice.random(), takes) for takes in unseen), key=lambda each: each[:2])
    return ordered[0][2]


def _models(shown: dict[str, Candidate], vote: Vote) -> _Models:
    one, other = sorted((shown[vote.left].model, shown[vote.right].model))
    return one, other


def _variances(
    candidates: Sequence[Candidate], shown: dict[str, Candidate], votes: Sequence[Vote]
) -> dict[tuple[_Board, _Models], float]:
    """The posterior variance of every difference in strength, in each board, as if every vote had been on equals.

    So it depends on who was compared with whom, and not on who won. With the odds as they came out, the pair that one
    side always wins would stay the least known however often it is shown, since such votes tell little.
    """
    models: dict[_Board, set[str]] = {}
    for each in candidates:
        models.setdefault((each.cell, each.pool), set()).add(each.model)
    counts = Counter(((vote.cell, vote.pool), _models(shown, vote)) for vote in votes)
    found: dict[tuple[_Board, _Models], float] = {}
    for board, names in models.items():
        ordered = sorted(names)
        k = len(ordered)
        votes_on = np.full((k, k), PRIOR) * (1 - np.eye(k))
        for a, b in combinations(range(k), 2):
            votes_on[a, b] = votes_on[b, a] = PRIOR + counts[board, (ordered[a], ordered[b])]
        covariance = np.linalg.inv((np.diag(votes_on.sum(axis=1)) - votes_on) / 4 + 1 / k)
        for a, b in combinations(range(k), 2):
            variance = covariance[a, a] + covariance[b, b] - 2 * covariance[a, b]
            found[board, (ordered[a], ordered[b])] = round(float(variance), 9)
    return found
