"""`rushes bench table`, `report` and `list`: what is there, drawn again for nothing."""

from __future__ import annotations

from pathlib import Path

from rushes.amounts import counted
from rushes.cli.options import Common
from rushes.cli.show import columns, console, say, write_json


def table(run: str, /, *, out: Path | None = None, common: Common = Common()) -> int:
    """Measure the clips of RUN that are not measured yet, and draw its tables, pictures and report again.

    Parameters
    ----------
    out
        Copy everything that the run holds to this folder.
    """
    from rushes.benchmarks.folder import Folder, check_out
    from rushes.cli.bench.finish import finish

    if out is not None:
        check_out(out)
    folder = Folder(common.rushes().home, run)
    folder.known()
    with folder.alone():
        finish(folder, out, common)
    return 0


def report(run: str, /, *, out: Path | None = None, common: Common = Common()) -> int:
    """Draw RUN's report again, from what is measured: one HTML file beside the clips it plays.

    Parameters
    ----------
    out
        Copy the report, the clips and everything else that the run holds to this folder.
    """
    from rushes.benchmarks import plots
    from rushes.benchmarks import table as tables
    from rushes.benchmarks.folder import Folder, check_out
    from rushes.cli.bench.finish import check_there, measure
    from rushes.pages import report as pages

    if out is not None:
        check_out(out)
    folder = Folder(common.rushes().home, run)
    folder.known()
    with folder.alone():
        check_there(folder, common)
        measure(folder, common)
        drawn = tables.table_of(folder)
        path = pages.write(drawn, folder.path)
        if out is not None:
            drawn.write(folder.path)
            plots.draw(drawn, folder.path)
            folder.copy_to(out, [*tables.FILES, *plots.files(drawn), pages.FILE])
            path = out / pages.FILE
    if common.json:
        write_json({"report": path})
    else:
        console().print(f"{path}", soft_wrap=True)
    return 0


def listing(*, common: Common = Common()) -> int:
    """Show the shipped suites, and the runs that are there."""
    from rushes.benchmarks.folder import Folder, names
    from rushes.benchmarks.suite import load_suite, shipped_suites
    from rushes.errors import BadInput

    rushes = common.rushes()
    suites = [load_suite(name, rushes.config) for name in shipped_suites()]
    folders = [Folder(rushes.home, name) for name in names(rushes.home / "runs")]
    runs, unread = [], []
    for folder in folders:
        try:
            runs.append((folder.known(), folder.results()))
        except BadInput as error:
            unread.append(error.message)
    if common.json:
        write_json(
            {
                "suites": [
                    {"id": suite.id, "version": suite.version, "title": suite.title, "prompts": len(suite.prompts)}
                    for suite in suites
                ],
                "runs": [
                    {"name": info.name, "suite": info.suite.id, "simulated": info.simulated, "clips": len(results)}
                    for info, results in runs
                ],
                "unread": unread,
            }
        )
        return 0
    screen = console()
    screen.print("Suites", style="bold")
    rows = [[f"  {suite.id}", f"{len(suite.prompts)} prompts", suite.title] for suite in suites]
    for line in columns(rows):
        screen.print(line)
    screen.print(f"Runs in {rushes.home / 'runs'}", style="bold", soft_wrap=True)
    rows = [
        [
            f"  {info.name}",
            f"{info.suite.id} {info.suite.version}",
            counted(len(results), "clip"),
            "simulated" if info.simulated else "",
            "" if info.finished or not info.suite.endpoints else "not finished",
        ]
        for info, results in runs
    ]
    for line in columns(rows):
        screen.print(line)
    for line in unread:
        say(f"left out: {line}", style="yellow")
    if not (runs or unread):
        say("There is none yet: `rushes bench run mini --simulate` makes one.")
    return 0
