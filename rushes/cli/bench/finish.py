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
from rushes.errors import SetupError

if TYPE_CHECKING:
    from rushes.benchmarks.folder import Folder, RunInfo
    from rushes.benchmarks.table import Table
    from rushes.evidence import Evidence


def finish(folder: Folder, out: Path | None, common: Common) -> Table:
    """Measures, draws, records evidence and prints; the run's folder is held by the caller."""
    from rushes.benchmarks import plots, table
    from rushes.pages import report

    measure(folder, common)
    drawn = table.table_of(folder)
    # First of all: where files are gone, what was drawn from them stays.
    new, withdrawn = record(folder, drawn, common)
    drawn.write(folder.path)
    plots.draw(drawn, folder.path)
    report.write(drawn, folder.path)
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


def record(folder: Folder, drawn: Table, common: Common) -> tuple[int, int]:
    """Has the evidence say of the run's endpoints what the run says by now; returns how many numbers are new to it, and
    how many it takes back.

    Raises SetupError where a file is gone that it said something by: it takes nothing back by that.
    """
    from rushes.benchmarks.findings import findings

    check_there(folder, common)
    info = drawn.info
    found = findings(info, drawn.whole, drawn.standings)
    home = common.rushes().home
    if not found and not (home / "ledger.sqlite").exists():
        return 0, 0
    worlds = {info.simulated, *(clip.result.simulated for clip in drawn.whole)}

    async def speak() -> tuple[int, int]:
        from rushes.ledger import Ledger

        async with Ledger.open(home) as ledger:
            return await ledger.speak(info.name, found, datetime.now(UTC), started=info.started, worlds=worlds)

    return asyncio.run(speak())


def check_there(folder: Folder, common: Common, *, again: bool = False) -> None:
    """Raises SetupError where a file of the run is gone that it said something by; there need be no run yet.

    `again`: the clips that it made are about to be written down again, from the ledger; brought ones cannot be.
    """
    from rushes.benchmarks.folder import CLIPS, RESULTS
    from rushes.benchmarks.votebook import VOTES

    info = folder.info()
    gone = [name for name in (RESULTS, VOTES) if not folder.holds(name)]
    if info is None or not gone:
        return
    said = _said(info, common)
    brought = [row for row in said if row.source == "imported"]
    # One that nobody took a job of ends without a line, too.
    ran = info.finished is not None and any((folder.path / CLIPS).glob("*"))
    by = {RESULTS: brought if again else said or ran, VOTES: [row for row in said if row.metric == "rating"]}
    if missing := [name for name in gone if by[name]]:
        remade = missing == [RESULTS] and not brought and bool(info.suite.endpoints)
        way = ", or have `rushes bench run` under its name write down once more, for nothing, what it made"
        raise SetupError(
            f"the run '{folder.name}' has no {' and no '.join(missing)} any more: without, it would take back what it "
            "said, and nothing was changed",
            hint=f"Put {'them' if len(missing) > 1 else 'it'} back into {folder.path}{way * remade}.",
        )


def _said(info: RunInfo, common: Common) -> list[Evidence]:
    """What counts of what the run said before."""
    home = common.rushes().home
    if not (home / "ledger.sqlite").exists():
        return []

    async def once() -> list[Evidence]:
        from rushes.ledger import Ledger

        async with Ledger.open(home) as ledger:
            return [
                row
                for simulated in (True, False)
                for row in await ledger.evidence_of(info.name, info.started, simulated=simulated)
            ]

    return asyncio.run(once())


def tell(drawn: Table, where: Path) -> None:
    from rushes.benchmarks.folder import CLIPS
    from rushes.cli.bench.screen import print_table
    from rushes.pages import report

    print_table(drawn)
    say(f"Report:  {where / report.FILE}")
    made = counted(sum(clip.result.clip is not None for clip in drawn.whole), "clip")
    say(f"In {where}: {made} in {CLIPS}/, table.md, table.csv, table.json, and every picture as PNG and SVG")
