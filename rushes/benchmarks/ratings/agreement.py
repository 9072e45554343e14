"""How far raters agree: with each other, with themselves, and whether they favour a side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rushes.benchmarks.statistics.intervals import FEWEST_GROUPS, Interval, wilson
from rushes.benchmarks.statistics.resampling import Floats, draws, numbered, outer
from rushes.benchmarks.votes import Choice, RaterKind, Vote
from rushes.numbers import percent

#: What a vote says of two takes in the order of their labels: the first, the second, or neither (tie and both bad).
_FIRST, _SECOND, _NEITHER = range(3)

Takes = tuple[str, str]


@dataclass(frozen=True)
class Share:
    """`k` of `n`, with Wilson's 95 % interval; None of none."""

    k: int
    n: int

    @property
    def share(self) -> float | None:
        return self.k / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        return wilson(self.k, self.n)


@dataclass(frozen=True)
class Agreement:
    """How far raters agree on the `pairs` of takes that two or more of them voted on.

    `raw` is the chance that two raters of one such pair said the same. `alpha` is Krippendorff's for nominal data: 1 is
    full agreement, 0 that of chance; None where all said one and the same. `interval` is its 95 % interval, prompts
    resampled, since pairs of one prompt are alike; None below 8 prompts.
    """

    pairs: int
    votes: int
    raw: float | None
    alpha: float | None
    interval: Interval | None


def agreement(votes: Iterable[Vote], kind: RaterKind = "person", *, seed: int = 0, resamples: int = 1000) -> Agreement:
    """Of all votes of one kind of rater; of a rater's votes on one pair the first counts. Repeats are left out.

    (Krippendorff 2011, https://repository.upenn.edu/handle/20.500.14332/2089.)
    """
    answers = {takes: said for takes, said in _answers(votes, kind).items() if len(said) > 1}
    if not answers:
        return Agreement(0, 0, None, None, None)
    prompts = [prompt for prompt, _ in answers]
    tables = np.array([_coincidences([*said.values()]) for said in answers.values()])
    alone = _alpha(tables.sum(axis=0)[None])[0]
    same = sum(_pairs_of_votes(said.values(), equal=True) for said in answers.values())
    there = sum(_pairs_of_votes(said.values(), equal=False) for said in answers.values())
    group, many = numbered(prompts, len(prompts))
    of_prompt = np.zeros((many, 3, 3))
    np.add.at(of_prompt, group, tables)
    resampled = [_alpha(np.tensordot(drawn, of_prompt, (1, 0))) for drawn in draws(many, resamples, seed, many)]
    return Agreement(
        pairs=len(answers),
        votes=sum(map(len, answers.values())),
        raw=same / there,
        alpha=None if np.isnan(alone) else float(alone),
        interval=_interval(np.concatenate(resampled), many),
    )


@dataclass(frozen=True)
class Against:
    """A judge beside people, on the pairs of takes that both voted on.

    `judge` is how often it says what most people say, over the `pairs` on which more of them say one thing than any
    other. `people` is the same for people: how often one says what most of the others say, over the `people_pairs` on
    which those others have such a majority. `gap` is judge − people, `interval` its 95 % interval, prompts resampled.
    All are shares; None where nobody knows, and the interval below 8 prompts.
    """

    pairs: int
    judge: float | None
    people_pairs: int
    people: float | None
    gap: float | None
    interval: Interval | None
    #: True where the judge's votes may be counted together with people's.
    may_join: bool
    #: Why, or why not.
    words: str


#: Fewer double-judged pairs say too little of a judge; and by so much it may agree less than people do.
FEWEST_DOUBLE, MOST_BELOW = 50, 0.10


def judge_against_people(votes: Iterable[Vote], *, seed: int = 0, resamples: int = 1000) -> dict[str, Against]:
    """Every judge, by its id, beside the people who voted on the same pairs of takes.

    A judge may join where `pairs` and `people_pairs` are 50 or more, its gap is at most 10 points below 0, and the
    gap's interval is not all below 0.
    """
    votes = [*votes]
    people = _answers(votes, "person")
    found = {}
    for judge in sorted({vote.rater for vote in votes if vote.kind == "judge"}):
        own = _answers((vote for vote in votes if vote.rater == judge), "judge")
        rows = []
        for takes, said in people.items():
            answers = [*said.values()]
            if (theirs := own.get(takes, {}).get(judge)) is None:
                continue
            most = _majority(answers)
            rest = [_majority(answers[:k] + answers[k + 1 :]) for k in range(len(answers))]
            likes = [answer == other for answer, other in zip(answers, rest, strict=True) if other is not None]
            rows.append((takes[0], theirs == most, most is not None, sum(likes), len(likes)))
        found[judge] = _against(rows, seed, resamples)
    return found


def consistency(votes: Iterable[Vote]) -> dict[RaterKind, Share]:
    """How often raters said the same again when a pair came a second time with its sides exchanged.

    A judge is asked both ways for every vote; people are by repeats. Tie and both bad are the same: neither.
    """
    votes = [*votes]
    first = {vote.id: vote for vote in votes}
    same: dict[RaterKind, list[bool]] = {}
    for vote in votes:
        if vote.judged is not None:
            again = _value(vote, vote.judged.shown) == _value(vote, vote.judged.exchanged)
        elif vote.repeats in first:
            again = _value(vote, vote.choice) == _value(first[vote.repeats], first[vote.repeats].choice)
        else:
            continue
        same.setdefault(vote.kind, []).append(again)
    return {kind: Share(sum(each), len(each)) for kind, each in same.items()}


def position(votes: Iterable[Vote]) -> dict[RaterKind, Share]:
    """How often the side on the left won, of all votes in which one did. Half, for a rater who favours no side.

    Of a judge both questions count, each as it was shown.
    """
    left: dict[RaterKind, list[bool]] = {}
    for vote in votes:
        shown = [(vote.choice, "left")]
        if vote.judged is not None:
            shown = [(vote.judged.shown, "left"), (vote.judged.exchanged, "right")]
        decisive = [choice == at_left for choice, at_left in shown if choice in ("left", "right")]
        left.setdefault(vote.kind, []).extend(decisive)
    return {kind: Share(sum(each), len(each)) for kind, each in left.items()}


def _answers(votes: Iterable[Vote], kind: RaterKind) -> dict[tuple[str, Takes], dict[str, int]]:
    """What each rater said first of each pair of takes, by prompt and labels."""
    found: dict[tuple[str, Takes], dict[str, int]] = {}
    for vote in votes:
        if vote.kind == kind and vote.repeats is None:
            one, other = sorted((vote.left, vote.right))
            found.setdefault((vote.prompt, (one, other)), {}).setdefault(vote.rater, _value(vote, vote.choice))
    return found


def _value(vote: Vote, choice: Choice) -> int:
    if choice not in ("left", "right"):
        return _NEITHER
    return _FIRST if (choice == "left") == (vote.left < vote.right) else _SECOND


def _coincidences(said: Sequence[int]) -> Floats:
    """Krippendorff's table of one pair: every two votes on it, each way, in so many that it adds up to the votes."""
    many = np.bincount(said, minlength=3).astype(np.float64)
    table: Floats = (np.outer(many, many) - np.diag(many)) / (len(said) - 1)
    return table


def _alpha(tables: Floats) -> Floats:
    """(…, 3, 3) to (…); NaN where there is only one value, and so no chance to disagree."""
    each = tables.sum(axis=-1)
    votes = each.sum(axis=-1)
    apart = votes - np.trace(tables, axis1=-2, axis2=-1)
    by_chance = votes**2 - (each**2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha: Floats = 1 - apart * (votes - 1) / np.where(by_chance > 0, by_chance, np.nan)
    return alpha


def _pairs_of_votes(said: Iterable[int], *, equal: bool) -> float:
    """How many pairs of votes there are on one pair of takes, of equal ones or of all; each rater counts once."""
    many = np.bincount([*said], minlength=3)
    total = int(many.sum())
    pairs = int((many * (many - 1)).sum()) if equal else total * (total - 1)
    return pairs / (total - 1)


def _majority(said: Sequence[int]) -> int | None:
    """What most said; None where nobody or no single answer leads."""
    many = np.bincount(said, minlength=3) if said else np.zeros(3)
    top = np.flatnonzero(many == many.max())
    return int(top[0]) if len(top) == 1 else None


def _against(rows: Sequence[tuple[str, bool, bool, int, int]], seed: int, resamples: int) -> Against:
    counts = np.array([row[1:] for row in rows], dtype=np.float64).reshape(len(rows), 4)
    judge, people, gap = (float(each[0]) for each in _shares(counts.sum(axis=0)[None]))
    pairs, people_pairs = int(counts[:, 1].sum()), int((counts[:, 3] > 0).sum())
    group, many = numbered([row[0] for row in rows], len(rows))
    of_prompt = np.zeros((many, 4))
    np.add.at(of_prompt, group, counts)
    interval = None
    if pairs and people_pairs:
        gaps = [_shares(drawn @ of_prompt)[2] for drawn in draws(many, resamples, seed, many)]
        interval = _interval(np.concatenate(gaps), many)
    may_join, words = _may_join(pairs, people_pairs, judge, people, interval)
    return Against(pairs, _known(judge), people_pairs, _known(people), _known(gap), interval, may_join, words)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _shares(counts: Floats) -> tuple[Floats, Floats, Floats]:
    with np.errstate(invalid="ignore"):
        judge, people = counts[:, 0] / counts[:, 1], counts[:, 2] / counts[:, 3]
    return judge, people, judge - people


def _may_join(
    pairs: int, people_pairs: int, judge: float, people: float, interval: Interval | None
) -> tuple[bool, str]:
    if pairs < FEWEST_DOUBLE:
        return False, f"{pairs} pairs were judged by it and by most people; {FEWEST_DOUBLE} are needed"
    if people_pairs < FEWEST_DOUBLE:
        return False, f"people can be held against each other on {people_pairs} pairs; {FEWEST_DOUBLE} are needed"
    if interval is None:
        return False, f"its pairs are of fewer than {FEWEST_GROUPS} prompts"
    gap = f"{100 * (judge - people):+.0f} points, 95 %: {100 * interval.low:+.0f} to {100 * interval.high:+.0f}"
    shares = f"it says what most people say in {percent(judge)}, one of them what most others say in {percent(people)}"
    told = f"{shares} ({gap})"
    if interval.high < 0:
        return False, f"{told}: clearly less"
    if people - judge > MOST_BELOW:
        return False, f"{told}: more than {100 * MOST_BELOW:.0f} points less"
    return True, f"{told}: not clearly less"


def _interval(resampled: Floats, prompts: int) -> Interval | None:
    """None below eight prompts, and where one resample in twenty or more says nothing."""
    known = resampled[~np.isnan(resampled)]
    if prompts < FEWEST_GROUPS or len(known) < 0.95 * len(resampled):
        return None
    return Interval(*outer(known, prompts))
