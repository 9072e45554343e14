"""What one rater's choices say, once all are made: no rating, only counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rushes.amounts import UNKNOWN
from rushes.benchmarks.ratings.agreement import Share, consistency, position
from rushes.benchmarks.ratings.choose import Candidate
from rushes.benchmarks.votes import REASONS, Pool, Vote
from rushes.numbers import percent

NONE = Share(0, 0)

#: As people read them.
REASON_WORDS = {
    "motion": "Motion",
    "texture": "Texture",
    "stability": "Stability of complex scenes",
    "physics": "Physics",
    "adherence": "Follows the prompt",
    "sound": "Sound",
    "text": "Written text",
}


@dataclass(frozen=True)
class Row:
    """How a model's clips fared."""

    model: str
    won: int
    lost: int
    tie: int
    both_bad: int

    @property
    def votes(self) -> int:
        return self.won + self.lost + self.tie + self.both_bad

    @property
    def share(self) -> str:
        """Of the votes on it, won; ties and both bad are half a win each."""
        return percent((self.won + (self.tie + self.both_bad) / 2) / self.votes if self.votes else None)


@dataclass(frozen=True)
class Group:
    """The models of one cell and pool, the highest share first."""

    cell: str
    pool: Pool
    rows: Sequence[Row]


@dataclass(frozen=True)
class Summary:
    rater: str
    votes: int
    groups: Sequence[Group]
    #: Of the pairs that came again with the sides exchanged, those of which the same was said.
    again: Share
    #: Of the votes for one side, those for the left.
    left: Share
    #: What decided it, and how often it was ticked.
    reasons: Sequence[tuple[str, int]]
    #: Labels of clips that could not be shown.
    out: Sequence[str]


def counted_share(share: Share) -> str:
    """Such as `50 % (5 of 10)`."""
    return f"{percent(share.share)} ({share.k} of {share.n})" if share.n else UNKNOWN


def summary(rater: str, votes: Sequence[Vote], candidates: Sequence[Candidate], out: Sequence[str]) -> Summary:
    """Of a rater's `votes`, which stand. A repeat counts for consistency alone."""
    first = [vote for vote in votes if vote.repeats is None]
    ticked = Counter(reason for vote in votes for reason in vote.reasons)
    return Summary(
        rater=rater,
        votes=len(votes),
        groups=_groups(first, candidates),
        again=consistency(votes).get("person", NONE),
        left=position(votes).get("person", NONE),
        reasons=[(REASON_WORDS[reason], ticked[reason]) for reason in REASONS if ticked[reason]],
        out=sorted(out),
    )


def _groups(votes: Sequence[Vote], candidates: Sequence[Candidate]) -> list[Group]:
    model = {each.label: each.model for each in candidates}
    fared: Counter[tuple[str, str, str, str]] = Counter()
    for vote in votes:
        won = {"left": "won", "right": "lost"}.get(vote.choice, vote.choice)
        lost = {"left": "lost", "right": "won"}.get(vote.choice, vote.choice)
        fared[vote.cell, vote.pool, model[vote.left], won] += 1
        fared[vote.cell, vote.pool, model[vote.right], lost] += 1
    there = sorted({(each.cell, each.pool, each.model) for each in candidates})
    groups: list[Group] = []
    for (cell, pool), some in groupby(there, key=lambda each: each[:2]):
        rows = [
            Row(name, *(fared[cell, pool, name, how] for how in ("won", "lost", "tie", "both_bad")))
            for _, _, name in some
        ]
        groups.append(Group(cell, pool, sorted(rows, key=_order)))
    return groups


def _order(row: Row) -> tuple[float, str]:
    won = (row.won + (row.tie + row.both_bad) / 2) / row.votes if row.votes else -1.0
    return -won, row.model
