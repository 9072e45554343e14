"""`rushes bench claims`: what the brief says of the models, beside what a run found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rushes.cli.options import Common
from rushes.cli.show import clean, console, write_json

if TYPE_CHECKING:
    from rushes.benchmarks.claims import Claim
    from rushes.benchmarks.table import Table

STYLES = {"holds": "green", "contradicted": "red", "not separable": "yellow", "not testable here": "dim"}


def claims(run: str, /, *, common: Common = Common()) -> int:
    """Show whether the brief's words on the models hold in RUN: speed, quality, sound, lengths and more.

    Each claim holds, is contradicted, is not separable from chance, or is not testable in this run, with the reason.
    Clips that are not measured yet are measured first.
    """
    from rushes.benchmarks.claims import claims as claimed
    from rushes.benchmarks.folder import Folder
    from rushes.benchmarks.table import need_pandas, table_of
    from rushes.cli.bench.finish import measure

    need_pandas()
    rushes = common.rushes()
    folder = Folder(rushes.home, run)
    folder.known()
    with folder.alone():
        measure(folder, common)
        drawn = table_of(folder)
    found = claimed(drawn, rushes.config.cards)
    if common.json:
        write_json({"run": run, "simulated": drawn.simulated, "claims": [each.json() for each in found]})
    else:
        _print(drawn, found)
    return 0


def _print(drawn: Table, found: Sequence[Claim]) -> None:
    from rich.text import Text

    from rushes.benchmarks.claims import NOTES, TESTS, untested
    from rushes.cli.show import table

    screen = console()
    screen.print(clean(f"Does the brief hold? {drawn.title}"), style="bold")
    shown = [each for each in found if not each.missing]
    for subject in dict.fromkeys(each.subject for each in shown):
        mine = [each for each in shown if each.subject == subject]
        said = dict.fromkeys(str(said) for each in mine for said in each.brief)
        screen.print(f"\n{subject.capitalize()}. The brief: {', '.join(said)}", style="bold")
        screen.print(TESTS[subject], style="dim")
        lines = table("Claim", "Cell", "Verdict", "Found here", whole=("Cell", "Verdict"))
        lines.columns[0].max_width = 30
        for each in mine:
            verdict = Text(each.verdict, style=STYLES[each.verdict])
            lines.add_row(clean(each.meaning), clean(each.cell or "all"), verdict, clean(". ".join(_found(each))))
        screen.print(lines)
    screen.print()
    for note in (untested(found), *NOTES):
        if note:
            screen.print(f"- {clean(note)}")
    if sources := {each.source: each.where for each in shown if each.source is not None}:
        screen.print("\nSources of the vendors' limits", style="bold")
        for key, where in sources.items():
            screen.print(f"  {key}: {where}", style="dim", soft_wrap=True)


def _found(claim: Claim) -> Iterator[str]:
    """What was measured, why that is all or what decides instead, and what a simulated run is worth."""
    yield claim.found
    if claim.why:
        yield claim.why[0].upper() + claim.why[1:] + (f" [{claim.source}]" if claim.source else "")
    if claim.caveat:
        yield claim.caveat
