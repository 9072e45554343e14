"""`rushes bench compare`: what is different between two runs of one suite."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rushes.amounts import counted
from rushes.cli.options import Common
from rushes.cli.show import clean, console, write_json
from rushes.numbers import interval, number

if TYPE_CHECKING:
    from rushes.benchmarks.clips import Clip
    from rushes.benchmarks.compare import Difference
    from rushes.benchmarks.folder import RunInfo


def compare(first: str, second: str, /, *, common: Common = Common()) -> int:
    """Compare run SECOND with run FIRST, prompt by prompt: seconds, dollars, usable clips and the technical panel.

    Both must be runs of one version of one suite. A difference is named only where it is beyond chance over all that is
    compared (signed ranks, Holm) and large enough to matter.
    """
    from rushes.benchmarks.compare import compare as differences
    from rushes.benchmarks.table import need_pandas

    need_pandas()
    runs = [_run(name, common) for name in (first, second)]
    (info, before), (other, after) = runs
    found = differences(info, before, other, after)
    if common.json:
        write_json({"first": first, "second": second, "differences": [_json(each) for each in found]})
        return 0
    simulated = info.simulated or any(clip.result.simulated for clip in before)
    _print(info, other, found, simulated=simulated)
    return 0


def _run(name: str, common: Common) -> tuple[RunInfo, list[Clip]]:
    from rushes.benchmarks.clips import clips_of
    from rushes.benchmarks.folder import Folder
    from rushes.cli.bench.finish import measure

    folder = Folder(common.rushes().home, name)
    info = folder.known()
    with folder.alone():
        measure(folder, common)
    return info, clips_of(info, [*folder.results().values()], folder.measures())


def _json(each: Difference) -> dict[str, Any]:
    row = {name: value for name, value in asdict(each).items() if name != "quantity"}
    quantity = each.quantity
    return row | {
        "quantity": quantity.name,
        "unit": quantity.unit,
        "better": quantity.better,
        "floor": quantity.floor,
        "as": "ratio" if quantity.ratio else "difference",
    }


def _print(first: RunInfo, second: RunInfo, found: list[Difference], *, simulated: bool) -> None:
    from rushes.cli.bench.screen import grid

    screen = console()
    world = "SIMULATED, " if simulated else ""
    screen.print(
        clean(f"{world}{second.name} against {first.name} ({first.suite.id} {first.suite.version})"), style="bold"
    )
    lines = grid((("", False), ("First", True), ("Second", True), ("Change [95 %]", False), ("Verdict", False)))
    group = None
    for each in found:
        if group != (each.cell, each.model):
            group = (each.cell, each.model)
            lines.add_section()
            lines.add_row(f"{each.model}, {each.cell}", style="bold")
        decimals = 1 if each.quantity.name == "seconds" else 2
        sign = "× " if each.quantity.ratio else ""
        lines.add_row(
            f" {each.quantity.title}",
            number(each.before, decimals),
            number(each.after, decimals),
            sign + number(each.change, 2) + interval(each.low, each.high, 2),
            f"{each.verdict} ({counted(each.prompts, 'prompt')})",
        )
    screen.print(lines)
    for note in (
        "First and second are means over the prompts that both runs have; the change is the median over prompts, and "
        "its interval is over prompts.",
        "better, worse, higher, lower: beyond chance over everything compared here (signed ranks, Holm, 5 %) and large "
        "enough to matter. same: all of the interval is too small to matter. Below 6 prompts there is no verdict.",
    ):
        screen.print(f"- {note}")
