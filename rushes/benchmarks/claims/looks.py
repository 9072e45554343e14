"""Which of two models looks better, by the votes of one cell and pool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rushes.amounts import counted
from rushes.benchmarks.claims.claim import Claim, voters
from rushes.benchmarks.claims.deciding import decided
from rushes.benchmarks.claims.run import Run
from rushes.benchmarks.ratings.rate import EQUIVALENT, Versus
from rushes.benchmarks.standings import By, Standing
from rushes.numbers import elo, elo_interval, percent

#: Whose votes are asked first.
ORDER: tuple[By, ...] = ("people", "people and judge", "judge")


def by_votes(run: Run, claim: Claim, a: str, b: str) -> Iterator[Claim]:
    """That `a` looks better: the claim once for each cell with votes on both, or once where there is none."""
    shown = False
    for cell in run.table.info.suite.cells:
        if (chosen := _board(run.table.standings.standings, cell, a, b)) is None:
            continue
        shown = True
        standing, pair = chosen
        here = replace(claim, cell=cell, by=standing.by, raw=standing.raw)
        if pair is None:
            yield replace(here, why=f"the votes rate nothing: {standing.why}")
            continue
        first = pair.a == a
        sign = 1 if first else -1
        limits = sorted(sign * each for each in (pair.low, pair.high) if each is not None)
        low, high = limits if limits else (None, None)
        here = replace(here, unit="Elo", value=sign * pair.elo, low=low, high=high, n=pair.prompts, of="prompts")
        share = "" if pair.share is None else f", {percent(pair.share)} of {counted(pair.votes, 'vote')}"
        words = f"{pair.a} {elo(pair.elo)} Elo{elo_interval(pair.low, pair.high)}{share}, "
        words += counted(pair.prompts, "prompt")
        here = replace(here, found=f"{words}; {standing.pool} pool, by {voters(standing.by, standing.raw)}")
        better = None if pair.verdict != "better" else first
        yield decided(here, pair.verdict, better, pair.needed, f"as good, within {EQUIVALENT:.0f} Elo")
    if not shown:
        yield replace(claim, why=f"no votes compare them: `rushes rate {run.table.info.name}`")


def _board(standings: Sequence[Standing], cell: str, a: str, b: str) -> tuple[Standing, Versus | None] | None:
    """The board of a cell that says most of two models; None where none has both.

    One with a verdict, then on rating copies, then of people. Its pair is None where the board rates nothing.
    """
    found: list[tuple[Standing, Versus | None]] = []
    for each in standings:
        if each.cell == cell and {a, b} <= {*each.board.models}:
            pairs = each.ratings.pairs if each.ratings else ()
            found.append((each, next((pair for pair in pairs if {pair.a, pair.b} == {a, b}), None)))

    def order(one: tuple[Standing, Versus | None]) -> tuple[bool, bool, bool, int, int]:
        standing, pair = one
        silent = pair is None or pair.verdict == "too few prompts"
        return silent, pair is None, standing.raw, ORDER.index(standing.by), -standing.board.votes

    return min(found, key=order, default=None)
