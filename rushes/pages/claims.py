"""Does the brief hold? The brief's words beside what a run found, as a part of its report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rushes.benchmarks.claims import TESTS, Claim, Verdict, claims, untested
from rushes.benchmarks.table import Table
from rushes.card import Card

#: Words of the style sheet.
KINDS: Mapping[Verdict, str] = {
    "holds": "pass",
    "contradicted": "fail",
    "not separable": "open",
    "not testable here": "few",
}
#: A page holds no link to elsewhere: where a source was read is told, and not linked.
SCHEME = re.compile(r"\bhttps?://")


@dataclass(frozen=True)
class ClaimLine:
    claim: str
    cell: str
    verdict: Verdict
    kind: str
    found: str
    #: Why that is all, or what decides instead; and what a simulated run is worth.
    remarks: Sequence[str]


@dataclass(frozen=True)
class ClaimTable:
    subject: str
    #: The brief's words.
    said: str
    test: str
    lines: Sequence[ClaimLine]


@dataclass(frozen=True)
class ClaimsView:
    tables: Sequence[ClaimTable]
    #: On models that the run lacks; None where it has them all.
    untested: str | None
    #: Key and source of each vendor's limit.
    sources: Sequence[tuple[str, str]]


def claims_view(table: Table, cards: Mapping[str, Card]) -> ClaimsView:
    """The claims that the run's models allow, by subject."""
    found = claims(table, cards)
    shown = [claim for claim in found if not claim.missing]
    cited = {claim.source: claim.where for claim in shown if claim.source and claim.where}
    return ClaimsView(
        tables=[
            _table([claim for claim in shown if claim.subject == subject])
            for subject in dict.fromkeys(claim.subject for claim in shown)
        ],
        untested=untested(found),
        sources=[(key, SCHEME.sub("", where)) for key, where in cited.items()],
    )


def _table(mine: Sequence[Claim]) -> ClaimTable:
    subject = mine[0].subject
    return ClaimTable(
        subject=subject,
        said=", ".join(dict.fromkeys(str(said) for claim in mine for said in claim.brief)),
        test=TESTS[subject],
        lines=[_line(claim) for claim in mine],
    )


def _line(claim: Claim) -> ClaimLine:
    why = f"{claim.why} [{claim.source}]" if claim.why and claim.source else claim.why
    return ClaimLine(
        claim=claim.meaning,
        cell=claim.cell or "all",
        verdict=claim.verdict,
        kind=KINDS[claim.verdict],
        found=claim.found,
        remarks=[words for words in (why, claim.caveat) if words],
    )
