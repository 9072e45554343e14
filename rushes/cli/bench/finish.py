"""What every command does with a run's clips: measure what is not measured, draw everything, tell where it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.amounts import counted
from rushes.cli.ending import Interrupted
from rushes.cli.options import Common
from rushes.cli.show import say, write_json

if TYPE_CHECKING:
    from rushes.benchmarks.folder import Folder
    from rushes.benchmarks.table import Table


def finish(folder: Folder, out: Path | None, common: Common) -> Table:
    """Measures, draws, records evidence and prints; the run's folder is held by the caller."""
    from rushes.benchmarks import plots, table
    from rushes.pages import report

    measure(folder, common)
    drawn = table.table_of(folder)
    drawn.write(folder.path)
    plots.draw(drawn, folder.path)
    report.write(drawn, folder.path)
    new, withdrawn = record(drawn, common)
    files = [*table.FILES, *plots.files(drawn), report.FILE]
    if out is not None:
        folder.copy_to(out, files)
    if common.json:
        told = {"folder": folder.path, "out": out, "evidence": new, "evidence_withdrawn": withdrawn}
        write_json(drawn.json() | told)
    else:
        tell(drawn, out or folder.path)
    if withdrawn:
        say(
            f"{counted(withdrawn, 'number')} that this run said before no longer hold, and no route goes by them: "
            f"`rushes evidence --withdrawn{replace(common, simulate=drawn.simulated).again()}`"
        )
    return drawn


def measure(folder: Folder, common: Common) -> None:
    """Measures the clips that are not measured yet, with a bar; Ctrl-C keeps what is done."""
    from rushes.benchmarks.scoring import lacking, score
    from rushes.cli.bench.progress import MeasureProgress

    jobs = lacking(folder, folder.known())
    if not jobs:
        return
    try:
        with MeasureProgress(len(jobs)) as progress:
            score(folder, jobs, on_done=progress.measured)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted while measuring: every clip is there, and `rushes bench table {folder.name}{common.again()}` "
            "measures the rest."
        ) from None


def record(drawn: Table, common: Common) -> tuple[int, int]:
    """Has the evidence say of the run's endpoints what the run says by now; returns how many numbers are new to it, and
    how many it takes back."""
    from rushes.benchmarks.findings import findings

    found = findings(drawn.info, drawn.whole, drawn.standings)
    home = common.rushes().home
    if not found and not (home / "ledger.sqlite").exists():
        return 0, 0

    async def speak() -> tuple[int, int]:
        from rushes.ledger import Ledger

        async with Ledger.open(home) as ledger:
            return await ledger.speak(drawn.info.name, found, datetime.now(UTC))

    return asyncio.run(speak())


def tell(drawn: Table, where: Path) -> None:
    from rushes.benchmarks.folder import CLIPS
    from rushes.cli.bench.screen import print_table
    from rushes.pages import report

    print_table(drawn)
    say(f"Report:  {where / report.FILE}")
    made = counted(sum(clip.result.clip is not None for clip in drawn.whole), "clip")
    say(f"In {where}: {made} in {CLIPS}/, table.md, table.csv, table.json, and every picture as PNG and SVG")
