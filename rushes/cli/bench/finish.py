"""What every command does with a run's clips: measure what is not measured, draw everything, tell where it is."""

from __future__ import annotations

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
    found = record(drawn, common)
    files = [*table.FILES, *plots.files(drawn), report.FILE]
    if out is not None:
        folder.copy_to(out, files)
    if common.json:
        write_json(drawn.json() | {"folder": folder.path, "out": out, "evidence": found})
    else:
        tell(drawn, out or folder.path)
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


def record(drawn: Table, common: Common) -> int:
    """Writes what the run says of its endpoints into the evidence; returns how many numbers that was."""
    from rushes.benchmarks.findings import findings
    from rushes.cli.work import look

    found = findings(drawn.info, drawn.whole, drawn.standings)
    return look(common, lambda rushes: rushes.record(found)) if found else 0


def tell(drawn: Table, where: Path) -> None:
    from rushes.benchmarks.folder import CLIPS
    from rushes.cli.bench.screen import print_table
    from rushes.pages import report

    print_table(drawn)
    say(f"Report:  {where / report.FILE}")
    made = counted(sum(clip.result.clip is not None for clip in drawn.whole), "clip")
    say(f"In {where}: {made} in {CLIPS}/, table.md, table.csv, table.json, and every picture as PNG and SVG")
