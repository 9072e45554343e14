"""`rushes evidence`: what was found out about endpoints, by the kind of clip."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import exp
from typing import TYPE_CHECKING

from rushes.amounts import UNKNOWN, counted
from rushes.cli.options import Common
from rushes.cli.show import clean, console, write_json
from rushes.cli.work import look

if TYPE_CHECKING:
    from rushes.evidence import Evidence


def evidence(*, model: str | None = None, endpoint: str | None = None, common: Common = Common()) -> int:
    """Show what benchmarks have found out about endpoints: seconds, reliability and dollars by the kind of clip.

    Kinds are what a clip starts from, its length (short up to 5 s, medium up to 10 s, long), resolution and sound. With
    --simulate: of simulated worlds, which never speak for real endpoints.

    Parameters
    ----------
    model
        Only endpoints of this model.
    endpoint
        Only this endpoint, PROVIDER/MODEL.
    """
    from rushes.router.candidates import endpoints

    wanted = {each.id for each in endpoints(common.rushes().config, model=model, endpoint=endpoint)}
    # Unless one is named, also what no card has any more.
    whole = model is None and endpoint is None
    found = [each for each in look(common, lambda opened: opened.evidence()) if whole or each.endpoint in wanted]
    if common.json:
        write_json([each.json() for each in found])
        return 0
    common.announce()
    if not found:
        world = " in simulated worlds" if common.simulate else ""
        console().print(f"There is no evidence{world} yet: `rushes bench run` finds some.")
    for name in sorted({each.endpoint for each in found}):
        _print(name, [each for each in found if each.endpoint == name])
    return 0


def _print(endpoint: str, found: Sequence[Evidence]) -> None:
    """A line for each kind of clip and each place where it was found out."""
    screen = console()
    screen.print(endpoint, style="bold")
    groups: dict[tuple[str, str], list[Evidence]] = {}
    for each in found:
        groups.setdefault((str(each.cell), _where(each)), []).append(each)
    for (cell, where), numbers in sorted(groups.items()):
        said = {each.metric: _value(each) for each in numbers}
        values = [said.get(name, UNKNOWN) for name in ("log_seconds", "usable", "usd_per_second")]
        screen.print(f"  {cell}: {', '.join(values)}", soft_wrap=True)
        screen.print(f"    {clean(where)}", style="dim", soft_wrap=True)


def _where(each: Evidence) -> str:
    """Source, age and run; a simulated world's days are not ours."""
    run = f"run {each.run}" if each.run else "no run"
    if each.simulated:
        return f"{each.source} in the simulated world of {each.observed.date()}, {run}"
    return f"{each.source} {counted(max((datetime.now(UTC) - each.observed).days, 0), 'day')} ago, {run}"


def _value(each: Evidence) -> str:
    match each.metric:
        case "log_seconds":
            spread = "" if each.sd is None else f" ×/÷ {exp(each.sd):.2f}"
            late = len(each.detail.get("longer_than", ()))
            more = f" and {late} that took longer" if late else ""
            return f"{exp(each.mean):.1f} s to file{spread} ({counted(each.n, 'clip')}{more})"
        case "usable":
            return f"{100 * each.mean:.0f} % usable of {each.n}"
        case "usd_per_second":
            return f"${each.mean:.4f} per usable second"
