"""What a row of evidence counts for today and for a kind of clip: less when it is old, less when it is of another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log

from rushes.evidence import Evidence, EvidenceCell, LengthClass

#: Vendors change under the same name: after so long a clip counts for half. Our judgement.
HALF_LIFE = timedelta(days=14)
#: What a clip of another kind counts for. Our judgement.
BORROWED = 0.25
#: Seconds that stand for a class of lengths, where one is held against another.
TYPICAL: Mapping[LengthClass, float] = {"short": 5, "medium": 8, "long": 12}
#: What a clip of the last century counts for: next to nothing, but it can be divided by.
_LEAST = 1e-100


@dataclass(frozen=True, slots=True)
class Weighed:
    """A row of evidence about the kind of clip that is asked for, or about another that starts from the same."""

    row: Evidence
    #: What each of its clips counts for: above 0, at most 1.
    each: float
    #: What is added to the logarithm of its seconds.
    shift: float
    #: Its kind of clip, where that is not the one asked for.
    borrowed: EvidenceCell | None


def weigh(rows: Iterable[Evidence], cell: EvidenceCell, now: datetime) -> Iterator[Weighed]:
    """The rows that say something of `cell`: those that start from the same. Longer clips take longer in proportion."""
    for row in rows:
        if row.cell.mode != cell.mode:
            continue
        fresh = max(0.5 ** (max(now - row.observed, timedelta()) / HALF_LIFE), _LEAST)
        same = same_kind(row.cell, cell)
        shift = log(TYPICAL[cell.length] / TYPICAL[row.cell.length])
        yield Weighed(row, fresh if same else BORROWED * fresh, shift, None if same else row.cell)


def same_kind(one: EvidenceCell, other: EvidenceCell) -> bool:
    """Whether both are of one kind, as far as somebody said."""
    return (
        (one.mode, one.length) == (other.mode, other.length)
        and (one.resolution == other.resolution or None in (one.resolution, other.resolution))
        and (one.audio == other.audio or None in (one.audio, other.audio))
    )
