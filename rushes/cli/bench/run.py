"""`rushes bench run`: makes the clips of a suite on every model, measures them, and shows what they took."""

from __future__ import annotations

import asyncio
import shlex
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter

from rushes.amounts import counted, usd
from rushes.cli.ending import Interrupted
from rushes.cli.options import FLAG, MANY, Making, Spending
from rushes.cli.show import say
from rushes.numbers import about

if TYPE_CHECKING:
    from rushes.benchmarks.folder import Folder, RunInfo
    from rushes.benchmarks.runner import Run, Survey
    from rushes.benchmarks.settings import RunSettings, Wanted
    from rushes.benchmarks.table import Table

RUN = Group("The run", sort_key=1)


def run(
    suite: str,
    /,
    *,
    name: Annotated[str | None, Parameter(group=RUN)] = None,
    samples: Annotated[int | None, Parameter(group=RUN)] = None,
    seed: Annotated[int | None, Parameter(group=RUN)] = None,
    concurrency: Annotated[tuple[str, ...], MANY, Parameter(group=RUN)] = (),
    fit: Annotated[Literal["exact", "nearest", "shorter", "cheaper"] | None, Parameter(group=RUN)] = None,
    unpriced: Annotated[bool, FLAG, Parameter(group=RUN)] = False,
    skip_unusable: Annotated[bool, FLAG, Parameter(group=RUN)] = False,
    out: Annotated[Path | None, Parameter(group=RUN)] = None,
    spending: Spending = Spending(),
    common: Making = Making(),
) -> int:
    """Make the clips of SUITE, measure them, and show what they took and what they are.

    SUITE is a shipped name (`rushes bench list` shows them), or the path of a suite's or a run's YAML file. Says what
    it will cost and asks before it spends, unless --yes or a cap is given. Started again under the same name it makes
    only what is missing.

    Parameters
    ----------
    name
        Name of the run; SUITE and the day unless given.
    samples
        Clips of each prompt, cell and model; 1 unless given.
    seed
        Seed of the order in which clips are made; 0 unless given. No model is sent it.
    concurrency
        Jobs in flight at a provider, PROVIDER=N, such as vertex=4; may be repeated; 1 unless given.
    fit
        What may be adapted where an endpoint cannot make a cell: nothing (exact), or to the nearest, no longer, or no
        dearer; every change is listed.
    unpriced
        Allow endpoints whose price is not known.
    skip_unusable
        Go on without the endpoints that are retired, lack a key or cannot make what the suite asks.
    out
        Copy everything that the run made to this folder.
    """
    from rushes.benchmarks.folder import Folder, check_out
    from rushes.benchmarks.runner import begin, check_budget, check_usable, survey
    from rushes.benchmarks.schedule import schedule
    from rushes.benchmarks.settings import load
    from rushes.benchmarks.table import need_pandas
    from rushes.cli.bench.finish import check_there
    from rushes.cli.work import look

    need_pandas()
    if out is not None:
        check_out(out)
    wanted = load(suite, common.rushes().config)
    common = replace(common, simulate=common.simulate or wanted.simulate, as_of=common.as_of or wanted.as_of)
    rushes = common.rushes()
    cap = spending.cap() if spending.max_usd is not None else wanted.max_usd
    named = name or wanted.name or f"{wanted.suite.id}-{rushes.day}{'-simulated' if common.simulate else ''}"
    folder = Folder(rushes.home, named)
    common.announce()
    with folder.alone():
        check_there(folder, common, again=True)
        info = begin(
            folder,
            wanted.suite,
            _settings(wanted, folder.info(), samples, seed, concurrency, fit, unpriced, rushes.config.providers),
            simulated=common.simulate,
            day=rushes.day,
            now=datetime.now(UTC),
            command=["rushes", *sys.argv[1:]],
        )
        there = [label for label, result in folder.results().items() if result.source == "imported"]
        suite_here = folder.with_images(info.suite)
        slots = schedule(suite_here, samples=info.settings.samples, seed=info.settings.seed, there=there)
        held = look(common, lambda opened: survey(opened, slots, folder.name, info.settings))
        _say_what_it_takes(info, held)
        check_usable(held, skip=skip_unusable)
        check_budget(held, cap)
        if held.missing and not spending.confirm("Go on?", free=common.simulate or cap is not None):
            say("Nothing was sent.")
            return 1
        info = info.model_copy(update={"left_out": held.unusable})
        folder.save(info)
        again = _again(suite, folder.name, cap, out, skip_unusable, info.settings, common)
        made = asyncio.run(_make(folder, held, info.settings, cap, common, again))
        return _finish(info, made, out, common)


def _settings(
    wanted: Wanted,
    there: RunInfo | None,
    samples: int | None,
    seed: int | None,
    concurrency: tuple[str, ...],
    fit: str | None,
    unpriced: bool,
    providers: object,
) -> RunSettings:
    """The file's settings, or those of the run that is there, with what was given here on top."""
    from pydantic import ValidationError

    from rushes.benchmarks.settings import RunSettings
    from rushes.errors import BadInput

    given = wanted.settings.model_dump(exclude_unset=True)
    if there is not None:
        given = there.settings.model_dump() | given
    given |= {key: value for key, value in (("samples", samples), ("seed", seed), ("fit", fit)) if value is not None}
    given["unpriced"] = unpriced or given.get("unpriced", False)
    given["concurrency"] = dict(given.get("concurrency", {})) | dict(_at_once(each, providers) for each in concurrency)
    try:
        return RunSettings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + "-".join(str(part) for part in first["loc"][:1]).replace("_", "-")
        raise BadInput(f"{option}: {first['msg'].lower()} (given: {first['input']})") from None


def _at_once(text: str, providers: object) -> tuple[str, int]:
    from rushes.errors import BadInput
    from rushes.nearest import unknown

    provider, equals, number = text.partition("=")
    if not (equals and number.isdecimal()):
        raise BadInput(f"--concurrency takes PROVIDER=N, such as vertex=4, not '{text}'")
    if provider not in providers:  # type: ignore[operator]
        raise BadInput(f"--concurrency {text}: {unknown('provider', provider, providers)}")  # type: ignore[arg-type]
    return provider, int(number)


def _say_what_it_takes(info: RunInfo, held: Survey) -> None:
    """Dollars, minutes, and what the run can and cannot tell, before anything is sent."""
    from rushes.cli.bench.power import lines

    suite = info.suite
    there = len(held.slots) - len(held.missing)
    say(f"{suite.title} ({suite.id} {suite.version}), run {info.name}, seed {info.settings.seed}:")
    parts = ((suite.prompts, "prompt"), (suite.cells, "cell"), (suite.endpoints, "model"))
    shape = " × ".join([*(counted(len(each), word) for each, word in parts), counted(info.settings.samples, "sample")])
    say(f"  {shape}" + (f"; {counted(there, 'clip')} there or under way, not to be made again" if there else ""))
    for endpoint, reasons in held.unusable.items():
        say(f"  not usable: {endpoint}: {'; '.join(reasons)}", style="yellow")
    if held.missing:
        minutes = "for a time that no card tells" if held.seconds is None else f"in about {about(held.seconds)}"
        say(f"  {counted(len(held.missing), 'clip')} to make, for at most {usd(held.usd)}, {minutes}")
        for line in lines(info):
            say(f"  {line}")


def _again(
    suite: str,
    name: str,
    cap: Decimal | None,
    out: Path | None,
    skip_unusable: bool,
    settings: RunSettings,
    common: Making,
) -> str:
    """The command that goes on with the run."""
    given = {"name": name, "samples": settings.samples, "seed": settings.seed, "max-usd": cap, "out": out}
    options = [f" --{option} {shlex.quote(str(value))}" for option, value in given.items() if value is not None]
    options += [f" --concurrency {provider}={number}" for provider, number in settings.concurrency.items()]
    options += [f" --fit {settings.fit}"] * (settings.fit != "exact") + [" --unpriced"] * settings.unpriced
    options += [" --skip-unusable"] * skip_unusable
    return f"rushes bench run {shlex.quote(suite)}{''.join(options)}{common.again()}"


async def _make(
    folder: Folder, held: Survey, settings: RunSettings, cap: Decimal | None, common: Making, again: str
) -> Run:
    """Makes the clips. Raises Interrupted after Ctrl-C."""
    from rushes.benchmarks.runner import Run
    from rushes.cli.bench.progress import RunProgress

    with RunProgress(held, simulated=common.simulate) as progress:
        try:
            async with common.rushes(on_event=progress.event) as rushes:
                made = Run(rushes, held, settings, folder, cap, on_result=progress.result)
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


def _finish(info: RunInfo, made: Run, out: Path | None, common: Making) -> int:
    from rushes.cli.bench.finish import finish

    folder, stopped = made.folder, made.stopped
    finished = {
        "finished": datetime.now(UTC),
        "closed": {**made.closed},
        "stopped": stopped.message if stopped else None,
    }
    info = info.model_copy(update=finished)
    folder.save(info)
    drawn = finish(folder, out, common)
    if stopped is not None:
        raise stopped
    return _code(drawn)


def _code(made: Table) -> int:
    """0 where every clip was tried and some are usable, 4 where a person has to decide one, else 1."""
    outcomes = set(made.clips["outcome"])
    if outcomes & {"unclear", "overdue"}:
        return 4
    return 0 if "usable" in outcomes and made.complete else 1
