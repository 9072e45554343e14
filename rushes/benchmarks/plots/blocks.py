"""Seconds of every clip in the order of time: whether the hours were alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from rushes.amounts import counted
from rushes.benchmarks.plots.style import (
    MANY_DOTS,
    SOFT,
    WIDTH,
    Looks,
    Seconds,
    canvas,
    clips_by_place,
    dot,
    fold,
    key,
    scale,
)
from rushes.benchmarks.table import Table

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE = "Seconds to file in the order of time"
ABOUT = (
    "A dot is one usable clip. In a block every model makes the same prompt once, here side by side; blocks follow "
    "each other in time, so a slope or a step means that a vendor was faster at some hours than at others. A line "
    "joins the medians of stretches of the run, from 20 clips on. Crosses ended without a usable file, triangles took "
    "longer than we waited."
)
#: Fewer clips than this have no line.
ENOUGH_FOR_A_LINE = 20


def blocks(table: Table) -> Figure:
    """One panel a cell; imported clips have no block and are left out, which the picture says."""
    looks = Looks(table.info.suite)
    clips = clips_by_place(table)
    cells = [*table.info.suite.cells] or [""]
    figure = canvas(table, TITLE, 1.75 + 1.9 * len(cells))
    panels = figure.subplots(len(cells), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    everything = [seconds for each in clips.values() for _, seconds in _points(each)]
    many = len(everything) > MANY_DOTS
    for axes, cell in zip(panels, cells, strict=True):
        axes.set_title("\n".join(fold(cell, WIDTH - 0.8, 9.5, bold=True)), fontweight="bold")
        mine = {model: seconds for (where, model), seconds in clips.items() if where == cell and _points(seconds)}
        for model, seconds in mine.items():
            aside = 0.7 * ((looks.number(model) - 0.5) / len(looks.suite.models) - 0.5)
            _model(axes, seconds, aside, looks.colour(model), looks.mark(cell), many)
        axes.grid(axis="y")
        axes.set_ylabel("seconds")
        if not mine:
            axes.text(0.5, 0.5, "no clip with a block", transform=axes.transAxes, ha="center", va="center", color=SOFT)
    scale(panels[0], "y", everything)
    last = max((block for each in clips.values() for block, _ in _points(each)), default=0)
    panels[-1].set_xlim(-0.5 - last / 50, last + 0.5 + last / 50)
    ticks = MaxNLocator(integer=True).tick_values(0, last) if everything else []
    panels[-1].set_xticks([tick for tick in ticks if 0 <= tick <= last])
    panels[-1].set_xlabel("\n".join(fold(_below(table))))
    key(figure, _key(table, clips))
    return figure


def _points(seconds: Seconds) -> list[tuple[int, float]]:
    """All of it that has a block."""
    groups = (seconds.usable, seconds.useless, seconds.longer)
    return [(block, took) for group in groups for block, took in group if block is not None]


def _model(axes: Axes, seconds: Seconds, aside: float, colour: str, mark: str, many: bool) -> None:
    """Its marks stand `aside` from the middle of their block."""

    def place(points: Sequence[tuple[int | None, float]], **looks: Any) -> list[tuple[float, float]]:
        there = [(block + aside, took) for block, took in points if block is not None]
        if there:
            axes.scatter(*zip(*there, strict=True), zorder=3, rasterized=many, **looks)
        return there

    done = place(seconds.usable, color=colour, marker=mark, s=13 if not many else 5, alpha=0.8 if not many else 0.35)
    place(seconds.useless, color=colour, marker="x", s=20, linewidths=1.2)
    place(seconds.longer, edgecolors=colour, facecolors="none", marker=">", s=22, linewidths=1.1)
    if len(done) >= ENOUGH_FOR_A_LINE:
        parts = np.array_split(np.array(sorted(done)), min(10, len(done) // 5))
        middle = [np.median(part, axis=0) for part in parts]
        axes.plot(*zip(*middle, strict=True), color=colour, lw=1.6, zorder=4)


def _below(table: Table) -> str:
    results = [clip.result for clip in table.whole]
    times = sorted(each.at for each in results if each.at is not None and each.block is not None)
    parts = ["block, in the order of time"]
    if times:
        parts.append(f"from {_minute(times[0])} to {_minute(times[-1])} UTC{', simulated' * table.simulated}")
    if imported := sum(each.block is None for each in results):
        parts.append(f"left out: {counted(imported, 'imported clip')}, of no block")
    return "; ".join(parts)


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _key(table: Table, clips: Mapping[tuple[str, str], Seconds]) -> list[tuple[Artist, str]]:
    looks = Looks(table.info.suite)
    there = {model for (_, model), seconds in clips.items() if _points(seconds)}
    return [(dot("o", looks.colour(model)), model) for model in table.info.suite.models if model in there]
