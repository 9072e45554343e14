"""What a better share, or a better rating, costs in seconds and in dollars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import PercentFormatter
from matplotlib.transforms import ScaledTranslation

from rushes.benchmarks.boardwords import BY
from rushes.benchmarks.plots.style import INK, LIGHT, SOFT, WIDTH, Looks, canvas, dot, fold, key, known, scale
from rushes.benchmarks.table import Table, records

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE = "What reliability costs in seconds and in dollars"
ABOUT = (
    "A mark is a model, with 95 % intervals both ways: higher is more often usable, further left is faster or cheaper. "
    "The dashed line joins the ringed models, which no other one beats on both counts; with intervals that overlap, "
    "another model may well belong there. Marks that would hide each other are set apart by a hair's breadth."
)
RATED_TITLE = "What better looks cost in seconds and in dollars"
RATED_ABOUT = (
    "A mark is a model's rating by votes, in place of its usable share, with 95 % intervals both ways: higher won more "
    "votes, further left is faster or cheaper. Elo is relative to the mean of the cell's board; the axis says whether "
    "people or a judge voted. The dashed line joins the ringed models, which no other one beats on both counts; with "
    "intervals that overlap, another model may well belong there."
)


@dataclass(frozen=True)
class Measure:
    """A column of the summary with its interval, and what to call it."""

    column: str
    low: str
    high: str
    label: str
    #: From 0 to 1, shown as per cent.
    share: bool = False
    #: The column that says what the value is more than, where that is all that is known.
    more_than: str | None = None
    #: The column that says whose votes it is by, in words for the axis.
    by: str | None = None


USABLE = Measure("success", "success_low", "success_high", "usable share", share=True)
SECONDS = Measure(
    "to_file_median", "to_file_low", "to_file_high", "seconds to file, median", more_than="to_file_more_than"
)
RATING = Measure("rating", "rating_low", "rating_high", "Elo by votes", by="rated_by")
DOLLARS = Measure("usd_per_usable", "usd_per_usable_low", "usd_per_usable_high", "US dollars per usable clip")


def by_votes(table: Table) -> Figure:
    """The rating in place of the usable share."""
    return tradeoff(table, RATING, RATED_TITLE)


def tradeoff(table: Table, against: Measure = USABLE, title: str = TITLE) -> Figure:
    """`against` over seconds and over dollars, a row of two panels for each cell."""
    looks = Looks(table.info.suite)
    rows = records(table.summary)
    cells = list(dict.fromkeys(row["cell"] for row in rows)) or [""]
    left_out = _left_out(rows, against)
    figure = canvas(table, title, 2.0 + 2.2 * len(cells) + 0.16 * len(left_out))
    panels = figure.subplots(len(cells), 2, sharex="col", sharey=True, squeeze=False)
    for column, measure in enumerate((SECONDS, DOLLARS)):
        scale(panels[0, column], "x", _extent(rows, measure, against))
        panels[-1, column].set_xlabel(f"{measure.label}{chr(10)}(simulated)" if table.simulated else measure.label)
        for axes, cell in zip(panels[:, column], cells, strict=True):
            mine = [row for row in rows if row["cell"] == cell]
            _panel(axes, mine, measure, against, looks)
    for axes, cell in zip(panels[:, 0], cells, strict=True):
        axes.set_title("\n".join(fold(cell, WIDTH / 2 - 0.7, 9.5, bold=True)), fontweight="bold")
        axes.set_ylabel(_label(against, [row for row in rows if row["cell"] == cell]))
    if against.share:
        panels[0, 0].set_ylim(-0.04, 1.09)
        panels[0, 0].set_yticks([0, 0.25, 0.5, 0.75, 1])
        panels[0, 0].yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    elif heights := _heights(rows, against):
        room = 0.08 * (max(heights) - min(heights)) or 1.0
        low, high = min(heights) - room, max(heights) + room
        panels[0, 0].set_ylim(low, high)
        panels[0, 0].set_yticks([tick for tick in panels[0, 0].get_yticks() if low < tick < high])
    key(figure, _key(looks, rows), left_out)
    return figure


def _label(measure: Measure, rows: Sequence[Mapping[str, Any]]) -> str:
    """What it is called on the axis, and whose votes it is by where it is by votes."""
    if measure.by is None:
        return measure.label
    voters = [BY[row[measure.by]] + ", as delivered" * row["rated_raw"] for row in rows if row[measure.by]]
    return "\n".join([measure.label, *dict.fromkeys(voters)])


def _place(row: Mapping[str, Any], measure: Measure) -> float | None:
    """Where a row stands on the scale; None where it has no place."""
    value = row[measure.column]
    if value is None and measure.more_than is not None:
        value = row[measure.more_than]
    return float(value) if value is not None and isfinite(value) else None


def _drawn(rows: Sequence[Mapping[str, Any]], measure: Measure, against: Measure) -> list[Mapping[str, Any]]:
    return [row for row in rows if _place(row, measure) is not None and _place(row, against) is not None]


def _left_out(rows: Sequence[Mapping[str, Any]], against: Measure) -> list[str]:
    """Lines that name who is in no panel, or not in both; who has no usable share has no seconds either."""
    lines: list[str] = []
    for measure in (SECONDS, DOLLARS) if against is USABLE else (against, SECONDS, DOLLARS):
        if gone := [f"{row['model']} {row['cell']}" for row in rows if _place(row, measure) is None]:
            lines += fold(f"Not drawn, for want of {measure.label}: {', '.join(gone)}", size=8)
    return lines


def _extent(rows: Sequence[Mapping[str, Any]], measure: Measure, against: Measure) -> list[float]:
    found: list[float] = []
    for row in _drawn(rows, measure, against):
        found += known(_place(row, measure), row[measure.low], row[measure.high])
    return found


def _heights(rows: Sequence[Mapping[str, Any]], up: Measure) -> list[float]:
    return known(*(row[column] for row in rows for column in (up.column, up.low, up.high)))


def _panel(axes: Axes, rows: Sequence[Mapping[str, Any]], across: Measure, up: Measure, looks: Looks) -> None:
    axes.grid()
    there = _drawn(rows, across, up)
    if not there:
        axes.text(0.5, 0.5, "n/a", transform=axes.transAxes, ha="center", va="center", color=SOFT)
        return
    front = pareto([(_number(row, across), _number(row, up)) for row in there], _certain(there, across))
    joined = sorted((_number(there[k], across), _number(there[k], up)) for k in front)
    axes.plot([x for x, _ in joined], [y for _, y in joined], linestyle=(0, (4, 3)), lw=1.1, color=SOFT, zorder=2)
    for k, row in enumerate(there):
        _model(axes, row, across, up, looks, (k - (len(there) - 1) / 2) * 2.2, k in front)


def _number(row: Mapping[str, Any], measure: Measure) -> float:
    value = _place(row, measure)
    assert value is not None  # rows without one are not drawn
    return value


def _certain(rows: Sequence[Mapping[str, Any]], measure: Measure) -> list[bool]:
    """Whether the value itself is known, not only what it is more than."""
    return [row[measure.column] is not None for row in rows]


def pareto(points: Sequence[tuple[float, float]], certain: Sequence[bool]) -> set[int]:
    """Which points (x lower is better, y higher is) no other one beats; those not `certain` are none."""
    sure = [point for point, yes in zip(points, certain, strict=True) if yes]

    def beaten(x: float, y: float) -> bool:
        return any(a <= x and b >= y and (a, b) != (x, y) for a, b in sure)

    return {k for k, point in enumerate(points) if certain[k] and not beaten(*point)}


def _model(
    axes: Axes, row: Mapping[str, Any], across: Measure, up: Measure, looks: Looks, aside: float, front: bool
) -> None:
    """One mark with its number, `aside` points above its place."""
    colour = looks.colour(row["model"])
    shift = axes.transData + ScaledTranslation(0, aside / 72, axes.figure.dpi_scale_trans)
    x, y = _number(row, across), _number(row, up)
    right = axes.get_xlim()[1]
    if (low := row[across.low]) is not None and isfinite(low):
        high = row[across.high]
        axes.plot([low, high if isfinite(high) else right], [y, y], color=colour, lw=1.4, transform=shift, zorder=3)
        if not isfinite(high):
            axes.plot([right], [y], marker=">", ms=5, color=colour, transform=shift, zorder=3, clip_on=False)
    if row[up.low] is not None:
        axes.plot([x, x], [row[up.low], row[up.high]], color=colour, lw=1.4, alpha=0.55, transform=shift, zorder=3)
    edge = {"markeredgecolor": INK, "markeredgewidth": 1.6} if front else {"markeredgecolor": colour}
    mark = looks.mark(row["cell"]) if row[across.column] is not None else ">"
    axes.plot([x], [y], marker=mark, ms=10, color=colour, transform=shift, zorder=4, clip_on=False, **edge)
    axes.annotate(
        f"{looks.number(row['model'])}",
        (x, y),
        xytext=(0, aside - 0.3),
        textcoords="offset points",
        ha="center",
        va="center_baseline",
        fontsize=7.5,
        fontweight="bold",
        color="#111111" if colour in LIGHT else "#ffffff",
        zorder=5,
        annotation_clip=False,
    )


def _key(looks: Looks, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Artist, str]]:
    there = {row["model"] for row in rows}
    models = [model for model in looks.suite.models if model in there]
    return [(dot("o", looks.colour(model), markersize=7), f"{looks.number(model)}  {model}") for model in models]
