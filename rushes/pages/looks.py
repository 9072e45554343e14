"""Which looks better, by votes, as parts of a report: ratings, pairs, kinds of prompts, and the votes themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rushes.amounts import counted
from rushes.benchmarks.boardwords import BY, POOLS, board_words
from rushes.benchmarks.ratings.rate import EQUIVALENT, Versus
from rushes.benchmarks.result import Result
from rushes.benchmarks.standings import Standing
from rushes.benchmarks.statistics.verdicts import FEWEST_PROMPTS, MOST_PROMPTS
from rushes.benchmarks.table import Table, records
from rushes.benchmarks.votes import SHOWN, Pool, Vote
from rushes.numbers import elo, elo_with, percent

CLIPS: Mapping[Pool, str] = {"sound": "clips with sound", "silent": "silent clips"}


@dataclass(frozen=True)
class Rated:
    """A model's rating in the first table of a cell."""

    elo: str
    #: Whose votes, and on which clips; empty where there is no rating.
    by: str
    clips: str
    tier: int | None
    best: str


@dataclass(frozen=True)
class Look:
    """How the model of a row looks beside that of a column; `kind` is a word for the style sheet."""

    words: str
    numbers: Sequence[str]
    kind: str


@dataclass(frozen=True)
class BoardView:
    words: str
    #: None where it has ratings.
    why: str | None
    models: Sequence[str]
    #: A look for each model; None where a model meets itself.
    rows: Sequence[tuple[str, Sequence[Look | None]]]


@dataclass(frozen=True)
class Lines:
    """Rows of a small table: a name, and for each model what is shown and the lines below it."""

    title: str
    models: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Sequence[str]]]]


@dataclass(frozen=True)
class JudgeLine:
    """What a judge said of two clips, in its own words."""

    judge: str
    chose: str
    words: str


@dataclass(frozen=True)
class PairVotes:
    """The votes of one kind of rater on two clips of one prompt."""

    clips: str
    by: str
    counts: str
    judges: Sequence[JudgeLine]


@dataclass(frozen=True)
class LooksView:
    """Everything a report says of votes."""

    #: True where some model has a rating.
    rated: bool
    #: By cell and model.
    ratings: Mapping[tuple[str, str], Rated]
    boards: Sequence[BoardView]
    notes: Sequence[str]
    #: By cell.
    kinds: Mapping[str, Lines]
    #: By cell and what was looked at.
    reasons: Mapping[str, Lines]
    #: By prompt and cell.
    votes: Mapping[tuple[str, str], Sequence[PairVotes]]
    equivalent: float = EQUIVALENT


def looks_view(table: Table) -> LooksView | None:
    """What the votes on `table` say; None where nobody voted."""
    said = table.standings
    if not said.standings:
        return None
    cells = [*table.info.suite.cells]
    kinds = [*said.categories(table.info)]
    reasons = [row for row in said.reasons(table.whole) if row["model"]]
    return LooksView(
        rated=table.voted,
        ratings={(row["cell"], row["model"]): _rated(row) for row in records(table.summary)},
        boards=[_board(each) for each in said.standings],
        notes=said.notes,
        kinds={cell: found for cell in cells if (found := _kinds(table, cell, kinds))},
        reasons={
            f"{cell}, {SHOWN[raw]}": found
            for cell in cells
            for raw in (False, True)
            if (found := _reasons(table, cell, raw, reasons))
        },
        votes=_votes(table),
    )


def _rated(row: Mapping[str, Any]) -> Rated:
    return Rated(
        elo=elo_with(row["rating"], row["rating_low"], row["rating_high"]),
        by="" if row["rated_by"] is None else BY[row["rated_by"]],
        clips="" if row["rated_pool"] is None else CLIPS[row["rated_pool"]] + ", as delivered" * row["rated_raw"],
        tier=row["rating_tier"],
        best=percent(row["rating_best"]),
    )


# --- pairs ------------------------------------------------------------------------------------------------------------


def _board(standing: Standing) -> BoardView:
    if standing.ratings is None:
        return BoardView(board_words(standing), standing.why, [], [])
    models = [each.model for each in standing.ratings.models]
    pairs = {(pair.a, pair.b): pair for pair in standing.ratings.pairs}

    def look(one: str, other: str) -> Look | None:
        if one == other:
            return None
        if (pair := pairs.get((one, other))) is not None:
            return _look(pair, 1)
        return _look(pairs[other, one], -1)

    rows = [(one, [look(one, other) for other in models]) for one in models]
    return BoardView(board_words(standing), None, models, rows)


def _look(pair: Versus, side: int) -> Look:
    """From the side of the higher one (1) or of the other (-1)."""
    low, high = pair.low, pair.high
    if low is not None and high is not None and side < 0:
        low, high = -high, -low
    share = pair.share if pair.share is None or side > 0 else 1 - pair.share
    numbers = [
        f"{elo_with(side * pair.elo, low, high)} Elo",
        f"wins {percent(share)}, {counted(pair.votes, 'vote')} on {counted(pair.prompts, 'prompt')}",
    ]
    match pair.verdict:
        case "better":
            return Look("better" if side > 0 else "worse", numbers, "better" if side > 0 else "worse")
        case "equivalent":
            return Look(f"equivalent within ±{EQUIVALENT:.0f} Elo", numbers, "same")
        case "not separable" if pair.needed is None:
            return Look(f"not separable: more than {MOST_PROMPTS:,} prompts, treat as tied", numbers, "open")
        case "not separable":
            return Look(f"not separable yet: about {counted(pair.needed or 0, 'prompt')} in all", numbers, "open")
        case _:
            return Look(f"too few prompts: {pair.prompts} of {FEWEST_PROMPTS}", numbers, "few")


# --- kinds of prompts and reasons -------------------------------------------------------------------------------------


def _kinds(table: Table, cell: str, rows: Sequence[Mapping[str, Any]]) -> Lines | None:
    mine = {(row["category"], row["model"]): row for row in rows if row["cell"] == cell}
    shown = table.standings.of(cell)
    if not mine or shown is None:
        return None
    models = _there(table, {model for _, model in mine})
    names = dict.fromkeys(prompt.category for prompt in table.info.suite.prompts)
    lines = [
        (name, [_kind(mine.get((name, model))) for model in models])
        for name in names
        if any((name, model) in mine for model in models)
    ]
    return Lines(
        f"{cell}, {POOLS[shown.pool]}: Elo {BY[shown.by]}{f', {SHOWN[True]}' * shown.raw}, shrunk", models, lines
    )


def _kind(row: Mapping[str, Any] | None) -> Sequence[str]:
    if row is None or not row["votes"]:
        return ("no votes",)
    votes = f"{counted(row['votes'], 'vote')} on {counted(row['prompts'], 'prompt')}"
    return elo(row["shrunk"]), f"by these alone {elo(row['elo'])}", votes


def _reasons(table: Table, cell: str, raw: bool, rows: Sequence[Mapping[str, Any]]) -> Lines | None:
    mine = {(row["reason"], row["model"]): row for row in rows if (row["cell"], row["raw"]) == (cell, raw)}
    if not mine:
        return None
    models = _there(table, {model for _, model in mine})
    lines = [
        (reason, [_reason(mine.get((reason, model))) for model in models])
        for reason in dict.fromkeys(reason for reason, _ in mine)
    ]
    votes = [each for each in table.standings.votes if (each.cell, each.raw) == (cell, raw) and each.reasons]
    kinds = sorted({_rater(each) for each in votes})
    return Lines(f"{cell}: won of the votes that name a reason, {' and '.join(kinds)}", models, lines)


def _reason(row: Mapping[str, Any] | None) -> Sequence[str]:
    if row is None:
        return ("not named",)
    return percent(row["won"] / row["votes"]), f"{row['won']} of {row['votes']}"


def _there(table: Table, models: set[str]) -> list[str]:
    return [model for model in table.info.suite.models if model in models]


def _rater(vote: Vote) -> str:
    by = "by a judge" if vote.kind == "judge" else "by people"
    return by + f", {SHOWN[True]}" * vote.raw


# --- prompt by prompt -------------------------------------------------------------------------------------------------


def _votes(table: Table) -> dict[tuple[str, str], list[PairVotes]]:
    """The votes on every two clips of a prompt and cell, people before judges; those that fit no clips are left out."""
    results = {clip.result.label: clip.result for clip in table.whole}
    order = {model: place for place, model in enumerate(table.info.suite.models)}

    def card(result: Result) -> tuple[int, int]:
        return order[result.model], result.sample

    groups: dict[tuple[str, str, str, str, str], list[Vote]] = {}
    for vote in sorted(table.standings.votes, key=lambda each: each.kind == "judge"):
        left, right = results.get(vote.left), results.get(vote.right)
        if left is None or right is None or not (_place(left) == _place(right) == (vote.prompt, vote.cell)):
            continue
        # In the order of the cards, whichever side each one was on.
        one, other = sorted((left, right), key=card)
        groups.setdefault((vote.prompt, vote.cell, one.label, other.label, _rater(vote)), []).append(vote)
    found: dict[tuple[str, str], list[PairVotes]] = {}
    for prompt, cell, a, b, by in sorted(groups, key=lambda key: (card(results[key[2]]), card(results[key[3]]))):
        votes = groups[prompt, cell, a, b, by]
        found.setdefault((prompt, cell), []).append(_pair(results[a], results[b], by, votes))
    return found


def _place(result: Result) -> tuple[str, str]:
    return result.prompt, result.cell


def _name(result: Result) -> str:
    return result.model + (f", sample {result.sample}" if result.sample > 1 else "")


def _pair(one: Result, other: Result, by: str, votes: Sequence[Vote]) -> PairVotes:
    first = [vote for vote in votes if vote.repeats is None]
    chosen = Counter(_chosen(vote, one, other) for vote in first)
    parts = [f"{counted(chosen[name], 'vote')} for {name}" for name in (_name(one), _name(other)) if chosen[name]]
    parts += [counted(chosen["tie"], "tie")] * bool(chosen["tie"])
    parts += [f"{chosen['both bad']} both bad"] * bool(chosen["both bad"])
    if again := len(votes) - len(first):
        parts.append(f"{again} shown again, which count for nothing here")
    reasons = Counter(reason for vote in first for reason in vote.reasons)
    if reasons:
        parts.append("named: " + ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()))
    return PairVotes(
        clips=f"{_name(one)} and {_name(other)}",
        by=by,
        counts="; ".join(parts),
        judges=[*_judges(one, other, votes)],
    )


def _chosen(vote: Vote, one: Result, other: Result) -> str:
    if vote.choice in ("left", "right"):
        label = vote.left if vote.choice == "left" else vote.right
        return _name(one if one.label == label else other)
    return "tie" if vote.choice == "tie" else "both bad"


def _judges(one: Result, other: Result, votes: Sequence[Vote]) -> Iterator[JudgeLine]:
    for vote in votes:
        if vote.judged is None:
            continue
        chose = _chosen(vote, one, other)
        if vote.judged.shown != vote.judged.exchanged:
            chose += ", since it changed its mind with the sides exchanged"
        if vote.judged.same_maker:
            chose += "; one of the two is of its own maker"
        # Its words name sides.
        left = _name(one if one.label == vote.left else other)
        yield JudgeLine(f"{vote.rater} ({vote.judged.model}), with {left} on the left,", chose, vote.judged.words)
