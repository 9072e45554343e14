"""The picture of a run: seconds and dollars of every clip, by model and cell.

Needs the packages of the extra `bench`. Drawn from a table alone, so it can be drawn again for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushes.amounts import usd
from rushes.benchmarks.table import Table, need_pandas, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FILES = ("picture.png", "picture.svg")
#: Colours and marks that tell cells apart, also for the colour-blind and in grey (Okabe and Ito's colours).
CELLS = (("#0072B2", "o"), ("#D55E00", "D"), ("#009E73", "s"), ("#CC79A7", "^"), ("#E69F00", "v"))
STRETCHES = (("queue", "#cfcfcf"), ("render", "#a9c7dd"), ("download", "#6d6d6d"))
#: Marks an attempt without a usable file, where it ended.
FAILED = "#000000"


def draw(table: Table, folder: Path) -> None:
    """`picture.png` and `picture.svg` in `folder`."""
    figure = make_figure(table)
    figure.savefig(folder / "picture.png", dpi=110)
    # Without a date and with fixed ids the same table gives the same bytes.
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": table.info.name}):
        figure.savefig(folder / "picture.svg", metadata={"Date": None})


def make_figure(table: Table) -> Figure:
    """Left: seconds to a usable file, a dot a clip, over the median of each stretch. Right: dollars a clip."""
    need_pandas()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = sorted(records(table.summary), key=lambda row: [*table.info.suite.models].index(row["model"]))
    height = 2.6 + 0.42 * len(rows)
    figure = Figure(figsize=(11, height), layout="constrained")
    FigureCanvasAgg(figure)
    seconds, dollars = figure.subplots(1, 2, sharey=True, width_ratios=(1.75, 1))
    clips = records(table.clips)
    _seconds(seconds, rows, clips, [*table.info.suite.cells])
    _dollars(dollars, rows, clips, [*table.info.suite.cells])
    world = " (simulated)" if table.simulated else ""
    seconds.set_xlabel(f"seconds from the submit to a usable file{world}")
    dollars.set_xlabel(f"US dollars a clip{world}")
    seconds.set_yticks(range(len(rows)), [_name(row) for row in rows])
    seconds.invert_yaxis()
    _rule_between_models(seconds, rows)
    _rule_between_models(dollars, rows)
    figure.suptitle(_title(table), fontsize=12, fontweight="bold")
    handles, labels = seconds.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure


def _title(table: Table) -> str:
    suite = table.info.suite
    return f"{suite.title}: {table.when}\n{suite.id} {suite.version}, {len(table.clips)} clips, one dot each"


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['model']}  {row['cell']}, {row['sent_seconds']:g} s"


def _seconds(
    axes: Axes, rows: Sequence[Mapping[str, Any]], clips: Sequence[Mapping[str, Any]], cells: list[str]
) -> None:
    labelled: set[str] = set()

    def once(label: str) -> str | None:
        new = label not in labelled
        labelled.add(label)
        return label if new else None

    for place, row in enumerate(rows):
        _bar(axes, place, row, once)
        mine = [clip for clip in clips if (clip["cell"], clip["model"]) == (row["cell"], row["model"])]
        colour, mark = CELLS[cells.index(row["cell"]) % len(CELLS)]
        done = [clip["seconds_to_file"] for clip in mine if clip["status"] == "usable" and clip["seconds_to_file"]]
        axes.scatter(
            done,
            _spread(place, len(done)),
            color=colour,
            marker=mark,
            s=34,
            zorder=3,
            label=once(f"a {row['cell']} clip"),
        )
        if row["seconds_to_file_median"] is not None:
            middle = row["seconds_to_file_median"]
            edge = [place - 0.36, place + 0.36]
            axes.plot([middle] * 2, edge, color="black", lw=1.8, zorder=3.5, label=once("seconds to file (median)"))
        gone = [clip["waited_seconds"] for clip in mine if clip["status"] != "usable" and clip["waited_seconds"]]
        if gone:
            axes.scatter(
                gone,
                _spread(place, len(gone)),
                color=FAILED,
                marker="x",
                s=46,
                zorder=4,
                label=once("ended without a file"),
            )
        if not done and not gone:
            axes.text(0, place, " no clip", va="center", fontsize=9, color="#555555")
    axes.set_xlim(left=0)
    axes.grid(axis="x", color="#e4e4e4", zorder=0)
    axes.spines[["top", "right"]].set_visible(False)


def _bar(axes: Axes, place: int, row: Mapping[str, Any], once: Any) -> None:
    """The medians of queue, render and download; one hatched bar where they are not known for every clip."""
    if not row["usable"] == row["queue_known"] == row["render_known"]:
        if row["seconds_to_file_median"] is not None:
            axes.barh(
                place,
                row["seconds_to_file_median"],
                height=0.62,
                facecolor="white",
                edgecolor="#b5b5b5",
                hatch="////",
                linewidth=0.8,
                zorder=2,
                label=once("queue and render not told apart"),
            )
        return
    left = 0.0
    for name, colour in STRETCHES:
        value = row[f"{name}_median"]
        if value is not None:
            axes.barh(place, value, left=left, height=0.62, color=colour, zorder=2, label=once(f"{name} (median)"))
            left += value


def _dollars(
    axes: Axes, rows: Sequence[Mapping[str, Any]], clips: Sequence[Mapping[str, Any]], cells: list[str]
) -> None:
    for place, row in enumerate(rows):
        mine = [clip for clip in clips if (clip["cell"], clip["model"]) == (row["cell"], row["model"])]
        paid = [clip["usd"] for clip in mine if clip["status"] == "usable" and clip["usd"] is not None]
        colour, mark = CELLS[cells.index(row["cell"]) % len(CELLS)]
        axes.scatter(
            [float(each) for each in paid], _spread(place, len(paid)), color=colour, marker=mark, s=34, zorder=3
        )
        if paid:
            text = "–".join(dict.fromkeys(usd(each) for each in (min(paid), max(paid))))
            axes.text(float(max(paid)), place, f"  {text}", va="center", fontsize=9)
        else:
            axes.text(0, place, " n/a", va="center", fontsize=9, color="#555555")
    axes.margins(x=0.22)
    axes.set_xlim(left=0)
    axes.grid(axis="x", color="#e4e4e4", zorder=0)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)


def _spread(place: int, count: int) -> list[float]:
    """Heights around a row's middle, so that dots of equal clips do not hide each other."""
    if count < 2:
        return [float(place)] * count
    return [place + 0.4 * (each / (count - 1) - 0.5) for each in range(count)]


def _rule_between_models(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    for place in range(1, len(rows)):
        if rows[place]["model"] != rows[place - 1]["model"]:
            axes.axhline(place - 0.5, color="#cccccc", linewidth=0.8, zorder=1)
