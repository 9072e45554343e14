"""What a run's votes say of its models: ratings by cell and pool, pairs with verdicts, and how far raters agree.

Votes on rating copies and votes on the files themselves answer two questions, and are counted apart throughout.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rushes.amounts import counted
from rushes.benchmarks.clips import Clip
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.judging import rubric
from rushes.benchmarks.ratings.agreement import agreement, consistency, judge_against_people, position
from rushes.benchmarks.ratings.board import Board, boards
from rushes.benchmarks.ratings.categories import by_category
from rushes.benchmarks.ratings.rate import Ratings, rate
from rushes.benchmarks.statistics.verdicts import FEWEST_PROMPTS
from rushes.benchmarks.votes import SHOWN, Pool, RaterKind, Score, Undo, Vote, standing
from rushes.errors import BadInput
from rushes.numbers import percent, percent_interval

#: Whose votes a rating rests on. A judge's stand apart until it agrees with people about as well as they do.
By = Literal["people", "judge", "people and judge"]
KINDS: Mapping[By, tuple[RaterKind, ...]] = {
    "people": ("person", "imported"),
    "judge": ("judge",),
    "people and judge": ("person", "imported", "judge"),
}


@dataclass(frozen=True)
class Standing:
    """One board, rated."""

    cell: str
    pool: Pool
    #: True where the votes are on the files as delivered, and not on rating copies.
    raw: bool
    by: By
    board: Board
    #: None where the votes rate nothing; then `why` says why.
    ratings: Ratings | None
    why: str | None


@dataclass(frozen=True)
class Standings:
    """Everything that the votes of a run say."""

    standings: tuple[Standing, ...]
    votes: tuple[Vote, ...]
    scores: tuple[Score, ...]
    #: What is to be said beside the numbers, a sentence each.
    notes: tuple[str, ...]

    def of(self, cell: str) -> Standing | None:
        """The one to show for a cell: on copies where there is one, and of people rather than of a judge where that has
        prompts enough for verdicts; else that with most votes."""
        rated = [each for each in self.standings if each.cell == cell and each.ratings is not None]
        order: list[By] = ["people and judge", "people", "judge"]

        def worth(each: Standing) -> tuple[bool, bool, int, int]:
            few = len(each.board.prompts) < FEWEST_PROMPTS
            return each.raw, few, 0 if few else order.index(each.by), -each.board.votes

        return min(rated, key=worth, default=None)

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each board and model, the best first. Elo, relative to the board's mean."""
        for each in self.standings:
            for model in each.ratings.models if each.ratings else ():
                yield {**_of(each), **asdict(model)}

    def versus(self) -> Iterator[dict[str, Any]]:
        """A row for each board and pair of models."""
        for each in self.standings:
            for pair in each.ratings.pairs if each.ratings else ():
                yield {**_of(each), **asdict(pair)}

    def reasons(self, clips: Sequence[Clip]) -> Iterator[dict[str, Any]]:
        """How often each model won with a reason named, of all votes that name it, people's and judges'.

        By cell, and copies and files apart.
        """
        models = {clip.result.label: clip.result.model for clip in clips}
        won: Counter[tuple[str, bool, str, str]] = Counter()
        named: Counter[tuple[str, bool, str, str]] = Counter()
        for vote in self.votes:
            there = vote.left in models and vote.right in models
            if not there or vote.repeats is not None or vote.choice not in ("left", "right"):
                continue
            winner = vote.left if vote.choice == "left" else vote.right
            for reason in vote.reasons:
                for label in (vote.left, vote.right):
                    named[vote.cell, vote.raw, reason, models[label]] += 1
                won[vote.cell, vote.raw, reason, models[winner]] += 1
        for key, n in sorted(named.items()):
            yield {**dict(zip(("cell", "raw", "reason", "model"), key, strict=True)), "won": won[key], "votes": n}

    def categories(self, info: RunInfo) -> Iterator[dict[str, Any]]:
        """Ratings by category, drawn towards the whole, of the boards that are shown; for the eye alone."""
        kinds = {prompt.id: prompt.category for prompt in info.suite.prompts}
        for cell in info.suite.cells:
            if (shown := self.of(cell)) is not None:
                for row in by_category(shown.board, kinds):
                    yield {**_of(shown), **asdict(row)}


def _of(standing: Standing) -> dict[str, Any]:
    """Which board a row is of."""
    return {"cell": standing.cell, "pool": standing.pool, "raw": standing.raw, "by": standing.by}


def standings_of(
    info: RunInfo, clips: Sequence[Clip], lines: Iterable[Vote | Undo | Score], *, seed: int = 0
) -> Standings:
    """Counts and rates the votes of a run, each cell and pool by itself; copies and files, people and judges apart."""
    everything, scores = standing(lines)
    votes = [*_current(everything)]
    places = {clip.result.label: (clip.result.cell, clip.result.prompt, clip.result.model) for clip in clips}
    found: list[Standing] = []
    strays: list[Vote] = []
    agree: list[str] = []
    for raw in (False, True):
        some = [vote for vote in votes if vote.raw == raw]
        against = judge_against_people(some, seed=seed)
        joined = {judge for judge, each in against.items() if each.may_join}
        for by, kinds in KINDS.items():
            if by == "people and judge" and not joined:
                continue
            mine = [vote for vote in some if by != "people and judge" or vote.kind != "judge" or vote.rater in joined]
            made, lost = boards(mine, places, kinds)
            strays += lost if by != "people and judge" else []
            found += [_standing(cell, pool, raw, by, board, seed) for (cell, pool), board in made.items()]
        agree += _agreeing(some, raw, seed)
        agree += [f"Judge {judge}, {SHOWN[raw]}: {each.words.rstrip('.')}." for judge, each in against.items()]
    order = {cell: place for place, cell in enumerate(info.suite.cells)}
    found.sort(key=lambda each: (order.get(each.cell, len(order)), each.pool, each.raw, [*KINDS].index(each.by)))
    notes = [*_boards(found), *agree, *_apart(strays, scores)]
    if old := len(everything) - len(votes):
        notes.append(f"{counted(old, 'older answer')} of a judge to a pair it was asked about again count for nothing.")
    return Standings(tuple(found), tuple(votes), tuple(scores), tuple(notes))


def _current(votes: Sequence[Vote]) -> Iterator[Vote]:
    """The votes without a judge's earlier answers to a pair, and without those to other words than today's."""
    newest = {
        _question(vote): vote.id for vote in votes if vote.judged is not None and vote.judged.rubric == rubric.VERSION
    }
    for vote in votes:
        if vote.judged is None or newest.get(_question(vote)) == vote.id:
            yield vote


def _question(vote: Vote) -> tuple[object, ...]:
    return vote.rater, vote.raw, frozenset((vote.left, vote.right))


def _standing(cell: str, pool: Pool, raw: bool, by: By, board: Board, seed: int) -> Standing:
    try:
        return Standing(cell, pool, raw, by, board, rate(board, seed), None)
    except BadInput as error:
        return Standing(cell, pool, raw, by, board, None, error.message)


def _boards(found: Sequence[Standing]) -> Iterator[str]:
    for each in found:
        raters, ties = counted(len(each.board.raters), "rater"), counted(each.board.tie, "tie")
        head = f"Votes on {each.cell}, {each.pool}, {SHOWN[each.raw]}, by {each.by}: {each.board.votes} of {raters} on "
        head += f"{counted(len(each.board.prompts), 'prompt')}, {ties}, {each.board.both_bad} both bad"
        yield f"{head}; no rating: {each.why}." if each.why else f"{head}."
    if found:
        yield (
            "Ratings are in Elo relative to the mean of their board (35 is 55:45), by Bradley-Terry, ties as half a "
            "win each; intervals are over prompts, and those of pairs hold for all pairs together."
        )
    if any(each.raw for each in found):
        yield (
            f"Ratings {SHOWN[True]} stand apart, and no route goes by them: the size, rate and loudness of files, in "
            "which rating copies are alike, win votes by themselves."
        )


def _agreeing(votes: Sequence[Vote], raw: bool, seed: int) -> Iterator[str]:
    """How far raters agree on what they were shown."""
    where = f", {SHOWN[raw]}"
    people = agreement(votes, "person", seed=seed)
    if people.pairs and people.raw is not None:
        alpha = "n/a" if people.alpha is None else f"{people.alpha:.2f}"
        yield (
            f"People said the same of a pair {percent(people.raw)} of the time, on {people.pairs} pairs that two or "
            f"more saw{where} (Krippendorff's alpha {alpha})."
        )
    for kind, share in consistency(votes).items():
        if share.share is not None:
            yield f"Shown again with the sides exchanged, a {kind} said the same {share.k} of {share.n} times{where}."
    for kind, share in position(votes).items():
        if share.share is not None and share.interval is not None:
            part = percent(share.share) + percent_interval(share.interval.low, share.interval.high)
            yield f"Of the decided votes by a {kind}{where}, {part} went to the left side."
    flips = sum(vote.judged is not None and vote.judged.shown != vote.judged.exchanged for vote in votes)
    judged = sum(vote.judged is not None for vote in votes)
    if judged:
        changed = f"Judges changed their mind with the sides exchanged on {flips} of {judged} pairs{where}"
        yield f"{changed}, which count as ties."
    if own := sum(vote.judged is not None and vote.judged.same_maker for vote in votes):
        yield f"{own} of {judged} judged pairs{where} hold a clip of the judge's own maker."


def _apart(strays: Sequence[Vote], scores: Sequence[Score]) -> Iterator[str]:
    """What counts for nothing, or by itself."""
    if strays:
        yield f"{counted(len(strays), 'vote')} fit no two clips of this run and count for nothing."
    if scores:
        yield f"{counted(len(scores), 'star score')} stand apart in votes.jsonl and are never mixed with votes."
