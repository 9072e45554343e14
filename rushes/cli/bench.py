"""`rushes bench`: makes the clips of a suite on every model, and shows what they took."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Group, Parameter

from rushes.amounts import usd
from rushes.cli.ending import Interrupted
from rushes.cli.options import FLAG, Making, Spending
from rushes.cli.show import say, write_json

if TYPE_CHECKING:
    from rushes.benchmarks.folder import Folder, RunInfo
    from rushes.benchmarks.runner import Run, Survey
    from rushes.benchmarks.table import Table

RUN = Group("The run", sort_key=1)

bench = App(name="bench", help="Compare models: make the clips of a suite, and show what they took.")


@bench.command
def run(
    suite: str,
    /,
    *,
    name: Annotated[str | None, Parameter(group=RUN)] = None,
    samples: Annotated[int | None, Parameter(group=RUN)] = None,
    seed: Annotated[int | None, Parameter(group=RUN)] = None,
    skip_unusable: Annotated[bool, FLAG, Parameter(group=RUN)] = False,
    out: Annotated[Path | None, Parameter(group=RUN)] = None,
    spending: Spending = Spending(),
    common: Making = Making(),
) -> int:
    """Make the clips of SUITE and show seconds, dollars and failures of each model.

    SUITE is a shipped name, such as quickstart, or the path of a YAML file. Says what it will cost and asks before it
    spends. Started again under the same name it makes only what is missing.

    Parameters
    ----------
    name
        Name of the run; SUITE and the day unless given.
    samples
        Clips of each prompt, cell and model; 1 unless given.
    seed
        Seed of the order in which clips are made; 0 unless given. No model is sent it.
    skip_unusable
        Go on without the endpoints that are retired, lack a key or cannot make what the suite asks.
    out
        Copy everything that the run made to this folder.
    """
    from rushes.benchmarks.folder import Folder, check_out
    from rushes.benchmarks.runner import begin, check_budget, check_usable, survey
    from rushes.benchmarks.schedule import schedule
    from rushes.benchmarks.suite import load_suite
    from rushes.benchmarks.table import need_pandas
    from rushes.cli.work import look
    from rushes.errors import BadInput

    need_pandas()
    if samples is not None and not 1 <= samples <= 100:
        raise BadInput(f"--samples takes a number from 1 to 100, not {samples}")
    cap = spending.cap()
    if out is not None:
        check_out(out)
    rushes = common.rushes()
    wanted = load_suite(suite, rushes.config)
    folder = Folder(rushes.home, name or f"{wanted.id}-{rushes.day}{'-simulated' if common.simulate else ''}")
    common.announce()
    with folder.alone():
        info = begin(
            folder,
            wanted,
            samples=samples,
            seed=seed,
            simulated=common.simulate,
            day=rushes.day,
            now=datetime.now(UTC),
            command=["rushes", *sys.argv[1:]],
        )
        slots = schedule(wanted, samples=info.samples, seed=info.seed)
        held = look(common, lambda opened: survey(opened, slots, folder.name))
        _say_what_it_takes(info, held)
        check_usable(held, skip=skip_unusable)
        check_budget(held, cap)
        if held.missing and not spending.confirm("Go on?", free=common.simulate):
            say("Nothing was sent.")
            return 1
        info = info.model_copy(update={"left_out": held.unusable})
        folder.save(info)
        given = {"name": folder.name, "samples": samples, "seed": seed, "max-usd": cap, "out": out}
        again = _again(suite, given, skip_unusable, common)
        made = asyncio.run(_make(folder, held, cap, common, again))
        return _finish(info, made, out, as_json=common.json)


def _say_what_it_takes(info: RunInfo, held: Survey) -> None:
    from rushes.benchmarks.wording import counted

    suite = info.suite
    there = len(held.slots) - len(held.missing)
    say(f"{suite.title} ({suite.id} {suite.version}), run {info.name}, seed {info.seed}:")
    parts = ((suite.prompts, "prompt"), (suite.cells, "cell"), (suite.models, "model"))
    shape = " × ".join([*(counted(len(each), word) for each, word in parts), counted(info.samples, "sample")])
    say(f"  {shape}" + (f"; {counted(there, 'clip')} there or under way, not to be made again" if there else ""))
    for endpoint, reasons in held.unusable.items():
        say(f"  not usable: {endpoint}: {'; '.join(reasons)}", style="yellow")
    if held.missing:
        minutes = "for a time that no card tells" if held.seconds is None else f"in about {_minutes(held.seconds)}"
        say(f"  {counted(len(held.missing), 'clip')} to make, for at most {usd(held.usd)}, {minutes}")
        each = len(suite.prompts) * info.samples
        say(f"  {counted(each, 'clip')} for each model and cell: enough for a first look, not to tell close ones apart")


def _minutes(seconds: float) -> str:
    return f"{max(1, round(seconds / 60))} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _again(suite: str, given: Mapping[str, object], skip_unusable: bool, common: Making) -> str:
    """The command that goes on with the run."""
    options = [f" --{name} {shlex.quote(str(value))}" for name, value in given.items() if value is not None]
    options += [" --skip-unusable"] * skip_unusable
    return f"rushes bench run {shlex.quote(suite)}{''.join(options)}{common.again()}"


async def _make(folder: Folder, held: Survey, cap: Decimal | None, common: Making, again: str) -> Run:
    """Makes the clips. Raises Interrupted after Ctrl-C."""
    from rushes.benchmarks.runner import Run
    from rushes.cli.bench_progress import RunProgress

    with RunProgress(len(held.slots), simulated=common.simulate) as progress:
        try:
            async with common.rushes(on_event=progress.event) as rushes:
                made = Run(rushes, held, folder, cap, on_result=progress.result)
                await made.make()
                return made
        except asyncio.CancelledError:
            if not progress.interrupted:
                raise
            message = (
                f"Interrupted: {progress.done} of {len(held.slots)} clips are there. What the vendors are at work on "
                f"goes on there. `{again}` fetches it and makes the rest; nothing is paid twice."
            )
            raise Interrupted(message) from None


def _finish(info: RunInfo, made: Run, out: Path | None, *, as_json: bool) -> int:
    from rushes.benchmarks import plots, table

    folder, stopped = made.folder, made.stopped
    closed = {endpoint: (reason,) for endpoint, reason in made.closed.items()}
    finished = {
        "finished": datetime.now(UTC),
        "left_out": {**info.left_out, **closed},
        "stopped": stopped.message if stopped else None,
    }
    info = info.model_copy(update=finished)
    folder.save(info)
    drawn = table.table_of(folder)
    drawn.write(folder.path)
    plots.draw(drawn, folder.path)
    if out is not None:
        folder.copy_to(out, [*table.FILES, *plots.FILES])
    if as_json:
        write_json(drawn.json() | {"folder": folder.path, "out": out})
    else:
        _print(drawn, out or folder.path)
    if stopped is not None:
        raise stopped
    return _code(drawn)


def _code(made: Table) -> int:
    """0 where every clip was tried and some are usable, 4 where a person has to decide one, else 1."""
    statuses = set(made.clips["status"])
    if statuses & {"unclear", "overdue"}:
        return 4
    return 0 if "usable" in statuses and made.complete else 1


def _print(made: Table, where: Path) -> None:
    from rushes.benchmarks import folder, plots, table
    from rushes.cli.bench_table import print_table

    print_table(made)
    say(f"In {where}: {', '.join([*table.FILES, *plots.FILES, folder.RESULTS, folder.CLIPS])}/")
