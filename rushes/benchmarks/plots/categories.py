"""What each kind of prompt does to each model: shares of usable clips and of expectations met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import PercentFormatter

from rushes.benchmarks.plots.style import RULE, SOFT, Looks, canvas, dot, fold, key
from rushes.benchmarks.table import Table, records

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE = "By kind of prompt"
ABOUT = (
    "Left: the usable share, drawn towards the model's whole since a kind holds few prompts; the faint ring is the "
    "share as counted. Right: how many of the things that the prompts describe, and that can be looked for, were "
    "found; nothing stands there where there is nothing to look for. "
    "For the eye only: no model is ranked by it."
)
LABEL, LINE, GAP = 0.2, 0.075, 0.12  # inches


def categories(table: Table) -> Figure:
    """Rows of kinds, a line for each model and cell in them."""
    looks = Looks(table.info.suite)
    rows = records(table.categories)
    names = list(dict.fromkeys(row["category"] for row in rows))
    places = [(model, cell) for model in looks.suite.models for cell in looks.suite.cells]
    places = [place for place in places if any((row["model"], row["cell"]) == place for row in rows)]
    labels = {name: fold(_label(name, rows)) for name in names}
    tops: dict[str, float] = {}
    height = 0.0
    for name in names:
        tops[name] = height
        height += LABEL * len(labels[name]) + LINE * max(len(places), 2) + GAP
    figure = canvas(table, TITLE, max(height, 0.6) + 1.9 + 0.1 * len(places))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, words in zip(panels, ("usable", "described and found"), strict=True):
        axes.set_xlim(-0.04, 1.04)
        axes.set_xticks([0, 0.5, 1])
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %", decimals=0))
        axes.set_xlabel(words)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        if not rows:
            axes.text(0.5, 0.5, "n/a", transform=axes.transAxes, ha="center", va="center", color=SOFT)
    panels[0].set_ylim(max(height, 0.6), 0)
    for name in names:
        top = tops[name]
        panels[0].text(0, top + 0.02, "\n".join(labels[name]), transform=panels[0].get_yaxis_transform(), va="top")
        if top:
            for axes in panels:
                axes.axhline(top - GAP / 3, color=SOFT, lw=0.4, alpha=0.6)
        first = top + LABEL * len(labels[name]) + LINE / 2
        for axes in panels:
            axes.vlines((0, 0.25, 0.5, 0.75, 1), first, first + LINE * (len(places) - 1), color=RULE, lw=0.7, zorder=0)
        for row in (row for row in rows if row["category"] == name):
            line = first + LINE * places.index((row["model"], row["cell"]))
            _dots(panels, row, line, looks)
    key(figure, _key(looks, places))
    return figure


def _label(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    prompts = max(row["prompts"] for row in rows if row["category"] == name)
    return f"{name} ({prompts} prompt{'' if prompts == 1 else 's'})"


def _dots(panels: Sequence[Axes], row: Mapping[str, Any], line: float, looks: Looks) -> None:
    colour, mark = looks.colour(row["model"]), looks.mark(row["cell"])
    raw = row["usable"] / row["clips"]
    panels[0].plot([raw, row["shrunk"]], [line, line], color=colour, lw=0.8, alpha=0.45, zorder=2)
    faint: dict[str, Any] = {
        "markerfacecolor": "none",
        "markeredgecolor": colour,
        "alpha": 0.55,
        "markeredgewidth": 0.8,
    }
    panels[0].plot([raw], [line], marker=mark, ms=4.5, zorder=3, clip_on=False, **faint)
    panels[0].plot([row["shrunk"]], [line], marker=mark, ms=4.5, color=colour, zorder=4, clip_on=False)
    looked_for = row["checks_met"] + row["checks_missed"]
    if looked_for:
        panels[1].plot([row["checks_met"] / looked_for], [line], marker=mark, ms=4.5, color=colour, zorder=4)


def _key(looks: Looks, places: Sequence[tuple[str, str]]) -> list[tuple[Artist, str]]:
    models = list(dict.fromkeys(model for model, _ in places))
    cells = list(dict.fromkeys(cell for _, cell in places))
    entries: list[tuple[Artist, str]] = [(dot("o", looks.colour(model)), model) for model in models]
    if len(cells) > 1:
        entries += [(dot(looks.mark(cell), markersize=5), cell) for cell in cells]
    if places:
        entries.append((dot("o", markerfacecolor="none", alpha=0.6), "as counted"))
    return entries
