"""Seconds to a usable file: every clip by itself, by cell and model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Patch

from rushes.benchmarks.plots.style import (
    DOWNLOAD,
    INK,
    MANY_DOTS,
    QUEUE,
    RENDER,
    RULE,
    SOFT,
    Looks,
    Seconds,
    canvas,
    clips_by_place,
    dot,
    fold,
    key,
    known,
    logarithmic,
    scale,
    spread,
)
from rushes.benchmarks.table import Table, records

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE = "Seconds to a usable file"
ABOUT = (
    "A dot is one usable clip, from the submit to the complete file; further left is faster. The black line is the "
    "median, and the bracket below it its 95 % interval, where there are clips and prompts enough for one. A cross "
    "ended there without a usable file; a triangle was given up waiting for, and took longer; what ended off the scale "
    "stands at its right end, with its seconds in the line above. Behind the dots, where the vendor tells them apart: "
    "the medians of queue, render and download, one after the other."
)
STRETCHES = (("queue", QUEUE), ("render", RENDER), ("download", DOWNLOAD))
#: Where a clip takes so many times the median, only a log scale shows the others too.
FAR = 8
#: To the right of the scale there is room for what ended far beyond it.
GUTTER = 1.12

# Inches.
LINE, STRIP, BELOW, HEADER = 0.17, 0.27, 0.19, 0.34


@dataclass(frozen=True)
class Row:
    """A model in a cell; `top` is where its dots begin, in inches from the top."""

    top: float
    label: Sequence[str]
    summary: Mapping[str, Any]
    seconds: Seconds
    #: Seconds of what stands to the right of the scale.
    beyond: Sequence[float]


def speed(table: Table) -> Figure:
    """One dot a clip, by cell and model."""
    looks = Looks(table.info.suite)
    clips = clips_by_place(table)
    reach = _reach(records(table.summary), clips)
    headers, rows, height = _places(table, clips, reach)
    figure = canvas(table, TITLE, height + 1.75)
    axes = figure.subplots()
    if reach.log:
        scale(axes, "x", reach.values)
    else:
        axes.set_xlim(0, reach.end * (GUTTER if any(row.beyond for row in rows) else 1.02))
    ticks = [tick for tick in axes.get_xticks() if reach.log or tick <= reach.end * 1.02]
    axes.set_xticks(ticks if reach.values else [])
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("\n".join(fold(_unit(table, reach.log))))
    for top, words in headers:
        axes.text(0, top, words, transform=axes.get_yaxis_transform(), va="bottom", fontweight="bold")
    many = sum(len(row.seconds.all) for row in rows) > MANY_DOTS
    for row in rows:
        _row(axes, row, looks, reach, many=many)
    key(figure, _key(rows, bars=not reach.log))
    return figure


@dataclass(frozen=True)
class Reach:
    """How far the scale goes: as far as usable clips take."""

    values: Sequence[float]
    log: bool

    @property
    def end(self) -> float:
        return max(self.values, default=1.0) or 1.0

    def holds(self, seconds: float) -> bool:
        return self.log or seconds <= self.end * 1.02


def _reach(summary: Sequence[Mapping[str, Any]], clips: Mapping[tuple[str, str], Seconds]) -> Reach:
    usable = [each for seconds in clips.values() for _, each in seconds.usable]
    rest = [each for seconds in clips.values() for each in seconds.all]
    medians = [row[f"to_file_{end}"] for row in summary for end in ("median", "low", "high", "more_than")]
    stretches = [sum(known(*(row[f"{name}_median"] for name, _ in STRETCHES))) for row in summary]
    far = logarithmic(usable) and max(usable) > FAR * median(usable)
    dots = rest if far or not usable else usable
    return Reach([*dots, *known(*medians), *(each for each in stretches if each and not far)], far)


def _unit(table: Table, far: bool) -> str:
    world = ", simulated" if table.simulated else ""
    return f"seconds from the submit to the complete file{world}{', log scale' if far else ''}"


def _places(
    table: Table, clips: Mapping[tuple[str, str], Seconds], reach: Reach
) -> tuple[list[tuple[float, str]], list[Row], float]:
    """Headers of the cells, rows, and how high they are together."""
    headers: list[tuple[float, str]] = []
    rows: list[Row] = []
    height = 0.0
    cell = ""
    for summary in records(table.summary):
        if summary["cell"] != cell:
            cell = summary["cell"]
            words = fold(cell, bold=True)
            height += HEADER + LINE * (len(words) - 1) + 0.1 * bool(headers)
            headers.append((height - 0.06, "\n".join(words)))
        seconds = clips.get((cell, summary["model"]), Seconds((), (), (), 0))
        beyond = [each for each in seconds.all if not reach.holds(each)]
        label = fold(_label(summary, beyond), size=8.5)
        height += LINE * len(label)
        rows.append(Row(height, label, summary, seconds, beyond))
        height += STRIP + BELOW
    return headers, rows, height or STRIP


def _label(summary: Mapping[str, Any], beyond: Sequence[float]) -> str:
    sent = f", {summary['sent_seconds']} s" if summary["sent_seconds"] is not None else ""
    source = f", {summary['source']}" if summary["source"] not in (None, "fresh") else ""
    ends = "–".join(dict.fromkeys(f"{each:,.0f} s" for each in (min(beyond), max(beyond)))) if beyond else ""
    far = f"; {len(beyond)} off the scale, at {ends}" if beyond else ""
    usable = f": {summary['usable']} of {summary['tried']} usable" if summary["tried"] else ""
    return f"{summary['model']}{sent}{source}{usable}{far}"


def _row(axes: Axes, row: Row, looks: Looks, reach: Reach, *, many: bool) -> None:
    summary, top, middle, bottom = row.summary, row.top, row.top + STRIP / 2, row.top + STRIP
    colour, mark = looks.colour(summary["model"]), looks.mark(summary["cell"])
    axes.text(0, top - 0.03, "\n".join(row.label), transform=axes.get_yaxis_transform(), va="bottom", fontsize=8.5)
    axes.vlines(axes.get_xticks(), top, bottom, color=RULE, lw=0.7, zorder=0)
    if not reach.log:
        _stretches(axes, summary, middle)

    def place(points: Sequence[tuple[int | None, float]], **looks: Any) -> None:
        if points:
            heights = [middle + 0.8 * STRIP * each for each in spread(len(points))]
            seconds = [each if reach.holds(each) else reach.end * (1 + GUTTER) / 2 for _, each in points]
            axes.scatter(seconds, heights, zorder=3, rasterized=many, **looks)

    place(row.seconds.usable, color=colour, marker=mark, s=16 if not many else 7, alpha=0.85 if not many else 0.5)
    place(row.seconds.useless, color=colour, marker="x", s=24, linewidths=1.3)
    place(row.seconds.longer, edgecolors=colour, facecolors="none", marker=">", s=26, linewidths=1.2)
    if not row.seconds.all:
        words = "no clip was made" if not summary["tried"] else "seconds n/a"
        axes.text(0.01, middle, words, transform=axes.get_yaxis_transform(), va="center", color=SOFT, fontsize=8.5)
    elif row.seconds.unknown:
        words = f"{row.seconds.unknown} n/a"
        axes.text(
            1, middle, words, transform=axes.get_yaxis_transform(), va="center", ha="right", color=SOFT, fontsize=8
        )
    _median(axes, summary, top, bottom)


def _stretches(axes: Axes, summary: Mapping[str, Any], middle: float) -> None:
    left = 0.0
    for name, colour in STRETCHES:
        value = summary[f"{name}_median"]
        if value is not None:
            axes.barh(middle, value, left=left, height=STRIP, color=colour, zorder=1)
            left += value


def _median(axes: Axes, summary: Mapping[str, Any], top: float, bottom: float) -> None:
    """A line through the dots and the interval below them, open where it has no end."""
    value, low, high = (summary[f"to_file_{name}"] for name in ("median", "low", "high"))
    below = bottom + 0.07
    if value is not None:
        axes.plot([value, value], [top, below], color=INK, lw=1.8, zorder=4, solid_capstyle="butt")
    if summary["to_file_more_than"] is not None:
        axes.plot([summary["to_file_more_than"]], [below], marker=">", ms=5, color=INK, zorder=4)
    if low is None or not isfinite(low):
        return
    right = axes.get_xlim()[1]
    axes.plot([low, high if isfinite(high) else right], [below, below], color=INK, lw=1.1, zorder=4)
    ends = [low, high] if isfinite(high) else [low]
    axes.plot(ends, [below] * len(ends), linestyle="none", marker="|", ms=6, color=INK, zorder=4)
    if not isfinite(high):
        axes.plot([right], [below], marker=">", ms=4.5, color=INK, zorder=4, clip_on=False)


def _key(rows: Sequence[Row], *, bars: bool) -> list[tuple[Artist, str]]:
    """What is in the picture, and nothing else."""
    entries: list[tuple[Artist, str]] = []
    if any(row.seconds.usable for row in rows):
        entries.append((dot("o"), "a usable clip"))
    if any(row.summary["to_file_median"] is not None for row in rows):
        entries.append((dot("|", INK, markersize=9, markeredgewidth=1.8), "median"))
    if any(row.summary["to_file_low"] is not None for row in rows):
        entries.append((dot("|", INK, linestyle="-", linewidth=1.1), "its 95 % interval"))
    if any(row.seconds.useless for row in rows):
        entries.append((dot("x"), "no usable file"))
    if any(row.seconds.longer for row in rows):
        entries.append((dot(">", markerfacecolor="none"), "given up: took longer"))
    for name, colour in STRETCHES if bars else ():
        if any(row.summary[f"{name}_median"] is not None for row in rows):
            entries.append((Patch(color=colour), f"{name}, median"))
    return entries
