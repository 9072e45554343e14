"""Which of two models is faster, prompt by prompt in one cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rushes.amounts import counted
from rushes.benchmarks.claims.claim import Claim
from rushes.benchmarks.claims.deciding import decided
from rushes.benchmarks.claims.run import Run
from rushes.benchmarks.pairs import SAME_SPEED
from rushes.numbers import interval


def by_seconds(run: Run, claim: Claim, a: str, b: str) -> Iterator[Claim]:
    """That `a` is the faster one: the claim once for each cell."""
    for cell in run.table.info.suite.cells:
        here = replace(claim, cell=cell)
        row = next((row for row in run.pairs if row["cell"] == cell and {row["a"], row["b"]} == {a, b}), None)
        if row is None or row["ratio"] is None:
            yield replace(here, why="no prompt has a usable clip of both with known seconds")
            continue
        first = row["a"] == a
        limits = [each for each in (row["low"], row["high"]) if each is not None]
        value, *limits = (each if first else 1 / each for each in (row["ratio"], *limits))
        low, high = sorted(limits) if limits else (None, None)
        words = f"{row['b']} takes {row['ratio']:.2f} × as long{interval(row['low'], row['high'], 2)}"
        here = replace(here, unit="ratio", value=value, low=low, high=high, n=row["prompts"], of="prompts")
        here = replace(here, found=f"{words}, {counted(row['prompts'], 'prompt')}")
        better = None if row["verdict"] != "faster" else first
        yield decided(here, row["verdict"], better, row["needed"], f"as fast, within a factor of {SAME_SPEED:g}")
