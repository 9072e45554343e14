"""What the votes say of each model: its rating with its interval, board by board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from matplotlib.patches import Patch

from rushes.benchmarks.boardwords import board_words
from rushes.benchmarks.plots.style import INK, RULE, SOFT, TIERS, WIDTH, Looks, canvas, dot, fold, key, known
from rushes.benchmarks.ratings.rate import Rating
from rushes.benchmarks.standings import Standing
from rushes.benchmarks.table import Table
from rushes.numbers import elo_with, percent

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE = "Which looks better, by votes"
ABOUT = (
    "A dot is a model's rating in Elo, with its 95 % interval: further right won more votes. Each board by itself, the "
    "highest first; 0 is the mean of the board, so numbers of two boards are not to be compared. 35 Elo is 55:45. "
    "Models on one ground are of one tier: votes do not tell them from its best, so their order means nothing. "
    "Hollow dots are by a judge, which is a model and not people."
)

# Inches.
LINE, STRIP, HEADER, GAP = 0.17, 0.2, 0.08, 0.16


@dataclass(frozen=True)
class Row:
    """A model on a board, from `top` to `bottom`, in inches from the top."""

    standing: Standing
    rating: Rating
    top: float
    bottom: float


def ratings(table: Table) -> Figure:
    """A block of rows for each board, one below the other; a board that rates nothing says why."""
    looks = Looks(table.info.suite)
    texts, rows, height = _places(table.standings.standings)
    figure = canvas(table, TITLE, height + 1.75)
    axes = figure.subplots()
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"Elo, relative to the mean of the board{', simulated' * table.simulated}")
    ends = [0.0, *(end for row in rows for end in known(row.rating.elo, row.rating.low, row.rating.high))]
    room = 0.05 * (max(ends) - min(ends)) or 1.0
    low, high = min(ends) - room, max(ends) + room
    axes.set_xlim(low, high)
    axes.set_xticks([tick for tick in axes.get_xticks() if low < tick < high] if rows else [])
    aside = axes.get_yaxis_transform()
    for top, words, looks_like in texts:
        axes.text(0.008, top, words, transform=aside, va="top", **looks_like)
    for _, some in groupby(rows, key=lambda row: (id(row.standing), row.rating.tier)):
        _tier(axes, [*some])
    for row in rows:
        _row(axes, row, looks)
    key(figure, _key(rows))
    return figure


def _places(standings: Sequence[Standing]) -> tuple[list[tuple[float, str, dict[str, Any]]], list[Row], float]:
    """Words with their places, rows, and how high all of it is."""
    texts: list[tuple[float, str, dict[str, Any]]] = []
    rows: list[Row] = []
    height = 0.0
    for standing in standings:
        words = fold(board_words(standing), WIDTH - 0.4, bold=True)
        texts.append((height, "\n".join(words), {"fontweight": "bold"}))
        height += LINE * len(words) + HEADER
        if standing.ratings is None:
            words = fold(f"No rating: {standing.why}.", WIDTH - 0.4, 8.5)
            texts.append((height, "\n".join(words), {"fontsize": 8.5, "color": SOFT}))
            height += LINE * len(words)
        for rating in standing.ratings.models if standing.ratings else ():
            words = fold(_label(rating), WIDTH - 0.4, 8.5)
            bottom = height + LINE * len(words) + STRIP
            texts.append((height + 0.02, "\n".join(words), {"fontsize": 8.5}))
            rows.append(Row(standing, rating, height, bottom))
            height = bottom
        height += GAP
    return texts, rows, height or STRIP


def _label(rating: Rating) -> str:
    tier = f"tier {rating.tier}" if rating.tier else "no tier"
    return (
        f"{rating.model}: {elo_with(rating.elo, rating.low, rating.high)}, {tier}, P(best) {percent(rating.best)}, "
        f"on {rating.prompts} prompts"
    )


def _tier(axes: Axes, rows: Sequence[Row]) -> None:
    """The ground of models that follow each other and are of one tier."""
    tier = rows[0].rating.tier
    if tier is not None:
        axes.axhspan(rows[0].top, rows[-1].bottom, color=TIERS[(tier - 1) % len(TIERS)], lw=0, zorder=0)


def _row(axes: Axes, row: Row, looks: Looks) -> None:
    rating, middle = row.rating, row.bottom - STRIP / 2
    colour = looks.colour(rating.model)
    axes.vlines(axes.get_xticks(), middle - STRIP / 2, middle + STRIP / 2, color=RULE, lw=0.7, zorder=1)
    axes.vlines([0], middle - STRIP / 2, middle + STRIP / 2, color=SOFT, lw=1, zorder=1)
    if rating.low is not None and rating.high is not None:
        axes.plot([rating.low, rating.high], [middle, middle], color=INK, lw=1.1, marker="|", ms=6, zorder=2)
    inside = "white" if row.standing.by == "judge" else colour
    mark = looks.mark(row.standing.cell)
    axes.plot(
        [rating.elo], [middle], marker=mark, ms=7, color=colour, markerfacecolor=inside, markeredgewidth=1.8, zorder=3
    )


def _key(rows: Sequence[Row]) -> list[tuple[Artist, str]]:
    """What is in the picture, and nothing else."""
    entries: list[tuple[Artist, str]] = []
    raters = {row.standing.by for row in rows}
    if "people" in raters:
        entries.append((dot("o"), "by people"))
    if "people and judge" in raters:
        entries.append((dot("o"), "by people and a judge"))
    if "judge" in raters:
        entries.append((dot("o", markerfacecolor="white", markeredgewidth=1.6), "by a judge"))
    if any(row.rating.low is not None for row in rows):
        entries.append((dot("|", INK, linestyle="-", linewidth=1.1), "95 % interval"))
    tiers = sorted({row.rating.tier for row in rows if row.rating.tier})
    return entries + [(Patch(color=TIERS[(tier - 1) % len(TIERS)]), f"tier {tier}") for tier in tiers]
