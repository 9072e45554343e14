"""What all pictures share: size, colours, marks, axes and the words above them.

A picture is as wide as a hand, so that its letters can still be read on a telephone.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite, log10
from typing import TYPE_CHECKING, Any

from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path
from matplotlib.ticker import NullLocator

from rushes.benchmarks.suite import Suite
from rushes.benchmarks.table import Table

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from rushes.benchmarks.clips import Clip

WIDTH = 5.6  # inches

#: Letters drawn on pixels may be a little wider than their outlines.
SNUG = 0.95

INK, SOFT, RULE = "#1a1a1a", "#5a5a5a", "#d8d8d8"
QUEUE, RENDER, DOWNLOAD = "#e3e3e3", "#c3d5e2", "#9a9a9a"
#: Told apart by the colour-blind too (Okabe and Ito 2008, without yellow, which white paper swallows).
MODEL_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", INK)
#: Grounds of tiers, the best first, and over again beyond the last.
TIERS = ("#d5e6f5", "#dcebd5", "#f3e6cf", "#ecdcee", "#f4dcd6", "#e2e2e2")
#: Names of the variables by which a page may have other shades of these, for the dark.
VARIABLES = {
    INK: "ink",
    SOFT: "soft",
    RULE: "rule",
    QUEUE: "queue",
    RENDER: "render",
    DOWNLOAD: "download",
    MODEL_COLOURS[0]: "blue",
    **{colour: f"t{number}" for number, colour in enumerate(TIERS, start=1)},
}
#: White letters cannot be read on these.
LIGHT = ("#CC79A7", "#E69F00", "#56B4E9")
CELL_MARKS = ("o", "D", "s", "^", "v", "P", "h", "*")
#: More dots than this are drawn as one image.
MANY_DOTS = 2000

_OURS = {
    "axes.axisbelow": True,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "figure.titlesize": 10.5,
    "figure.titleweight": "bold",
    "font.size": 9,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.color": SOFT,
    "ytick.labelcolor": INK,
}


@contextmanager
def ours(salt: str) -> Iterator[None]:
    """While a picture is made: nothing of the user's own settings, and the same ids every time."""
    with style.context(["default", _OURS | {"svg.hashsalt": salt}]):
        yield


def shade(colour: str) -> str:
    """A colour in the words of a style sheet: the page's own shade of it, where it has one."""
    return f"var(--{VARIABLES[colour]}, {colour})" if colour in VARIABLES else colour


@dataclass(frozen=True)
class Looks:
    """What tells models and cells apart, the same in every picture of a suite."""

    suite: Suite

    def colour(self, model: str) -> str:
        return MODEL_COLOURS[[*self.suite.models].index(model) % len(MODEL_COLOURS)]

    def number(self, model: str) -> int:
        """From 1, for those who see no colours."""
        return [*self.suite.models].index(model) + 1

    def mark(self, cell: str) -> str:
        return CELL_MARKS[[*self.suite.cells].index(cell) % len(CELL_MARKS)]


def canvas(table: Table, title: str, height: float) -> Figure:
    """An empty figure of `height` inches with the title and the suite above, and the word SIMULATED where it is."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    suite = table.info.suite
    about = fold(f"{table.when}: {suite.id}, version {suite.version}", size=10.5, bold=True)
    figure.suptitle("\n".join([title, *about]), x=0.01, ha="left")
    return figure


def fold(text: str, inches: float = WIDTH - 0.2, size: float = 9, *, bold: bool = False) -> list[str]:
    """Lines that are no wider than `inches` in letters of `size` points; at least one."""
    font = FontProperties(size=size, weight="bold" if bold else "normal")

    room = SNUG * inches * 72

    def points(line: str) -> float:
        width, _, _ = text_to_path.get_text_width_height_descent(line, font, False)
        return float(width)

    lines, whole = [text], points(text)
    letters = len(text) if whole <= room else int(1.3 * len(text) * room / whole) + 1
    while max(map(points, lines)) > room and letters > 1:
        letters -= 1
        lines = textwrap.wrap(text, letters)
    return lines


@dataclass(frozen=True)
class Seconds:
    """A model's clips in a cell by how they ended; each (block, seconds), the block None where it was imported."""

    usable: Sequence[tuple[int | None, float]]
    #: Ended without a file, or with one that fails the gate.
    useless: Sequence[tuple[int | None, float]]
    #: Given up waiting for: it took longer than this, also where a later start fetched it.
    longer: Sequence[tuple[int | None, float]]
    #: Of how many nobody knows.
    unknown: int

    @property
    def all(self) -> list[float]:
        return [seconds for group in (self.usable, self.useless, self.longer) for _, seconds in group]


def seconds_of(clips: Sequence[Clip]) -> Seconds:
    """With their seconds to file or, without one, their seconds until the end."""
    usable, useless, longer = [], [], []
    unknown = 0
    for clip in clips:
        took, waited, block = clip.result.seconds_to_file, clip.result.waited_seconds, clip.result.block
        if clip.usable and took is not None:
            usable.append((block, took))
        elif (clip.usable or clip.outcome == "overdue") and waited is not None:
            longer.append((block, waited))
        elif clip.outcome == "unusable" and took is not None:
            useless.append((block, took))
        elif clip.outcome not in ("usable", "unusable") and waited is not None:
            useless.append((block, waited))
        else:
            unknown += 1
    return Seconds(usable, useless, longer, unknown)


def clips_by_place(table: Table) -> dict[tuple[str, str], Seconds]:
    """The seconds of a table's clips, by cell and model."""
    groups: dict[tuple[str, str], list[Clip]] = {}
    for clip in table.whole:
        groups.setdefault((clip.result.cell, clip.result.model), []).append(clip)
    return {place: seconds_of(clips) for place, clips in groups.items()}


def known(*values: float | None) -> list[float]:
    """Those that are numbers; neither None nor without end."""
    return [float(value) for value in values if value is not None and isfinite(value)]


def logarithmic(values: Sequence[float]) -> bool:
    """Whether numbers can stand on a log scale."""
    return bool(values) and min(values) > 0


def scale(axes: Axes, which: str, values: Sequence[float]) -> None:
    """A log scale from one round number to another around `values`, with round ticks; linear where one is 0."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    limits = axes.set_xlim if which == "x" else axes.set_ylim
    if not values:
        axis.set_ticks([])
        return
    if not logarithmic(values):
        limits(0, max(values) * 1.08 or 1)
        return
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    low, high = min(values) * 0.93, max(values) * 1.07
    ticks = [base * 10.0**power for power in range(-9, 10) for base in (1, 2, 5)]
    first = max((tick for tick in ticks if tick <= low), default=low)
    last = min((tick for tick in ticks if tick >= high), default=high)
    limits(first, last)
    ticks = [tick for tick in ticks if first <= tick <= last]
    if len(ticks) > 7:
        ticks = [tick for tick in ticks if abs(log10(tick) - round(log10(tick))) < 1e-9]
    axis.set_ticks(ticks, [f"{tick:,.10g}" for tick in ticks])
    axis.set_minor_locator(NullLocator())


def spread(count: int) -> list[float]:
    """Places from -0.5 to 0.5, so that dots of equal clips do not hide each other; the same every time."""
    return [0.0] if count == 1 else [(each * 0.618034 + 0.5) % 1 - 0.5 for each in range(count)]


def key(figure: Figure, entries: Sequence[tuple[Artist, str]], remarks: Sequence[str] = ()) -> None:
    """A legend below the picture, in as many columns as its words leave room for, under `remarks`."""
    if not entries and not remarks:
        return
    longest = max((len(words) for _, words in entries), default=0)
    figure.legend(
        [handle for handle, _ in entries],
        ["\n".join(fold(words, WIDTH - 0.7, 8.5)) for _, words in entries],
        loc="outside lower left",
        ncols=max(1, min(len(entries), 60 // (longest + 5))),
        handletextpad=0.5,
        columnspacing=1.2,
        title="\n".join(remarks) or None,
        title_fontsize=8,
        alignment="left",
    )


def dot(mark: str, colour: str = SOFT, **changes: Any) -> Line2D:
    """A mark for the legend."""
    looks: dict[str, Any] = {"linestyle": "none", "marker": mark, "color": colour, "markersize": 5.5}
    return Line2D([], [], **(looks | changes))
