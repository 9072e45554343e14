"""The pictures of a run, drawn from its table alone: the same table gives the same bytes.

Needs the packages of the extra `bench`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from rushes.benchmarks.table import Table, need_pandas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Of every run.
NAMES = ("speed", "blocks", "tradeoff", "categories")
#: Of runs with ratings.
RATED = ("ratings", "ratings-tradeoff")
KINDS = ("svg", "png")
FILES = tuple(f"{name}.{kind}" for name in NAMES for kind in KINDS)

#: Dots a length of a picture that is not drawn with lines.
DPI = 160
#: Nothing in a file that differs from day to day, or names another's site.
_NO_METADATA: Mapping[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))
#: What stands before an SVG in a file, and its remarks.
_CLUTTER = re.compile(r"\A.*?(?=<svg)|<!--.*?-->\n? *", re.DOTALL)


@dataclass(frozen=True)
class Picture:
    """One picture of a table: its title, how to read it, and what draws it."""

    title: str
    about: str
    figure: Callable[[Table], Figure]


def names(table: Table) -> tuple[str, ...]:
    """The pictures of `table`: those of votes first, where it has ratings."""
    return (*RATED * table.voted, *NAMES)


def files(table: Table) -> tuple[str, ...]:
    """What `draw` writes of `table`."""
    return tuple(f"{name}.{kind}" for name in names(table) for kind in KINDS)


def picture(name: str) -> Picture:
    """One of NAMES or RATED. Raises SetupError without the extra `bench`."""
    need_pandas()
    from rushes.benchmarks.plots import blocks, categories, ratings, speed, tradeoff

    return {
        "speed": Picture(speed.TITLE, speed.ABOUT, speed.speed),
        "blocks": Picture(blocks.TITLE, blocks.ABOUT, blocks.blocks),
        "tradeoff": Picture(tradeoff.TITLE, tradeoff.ABOUT, tradeoff.tradeoff),
        "categories": Picture(categories.TITLE, categories.ABOUT, categories.categories),
        "ratings": Picture(ratings.TITLE, ratings.ABOUT, ratings.ratings),
        "ratings-tradeoff": Picture(tradeoff.RATED_TITLE, tradeoff.RATED_ABOUT, tradeoff.by_votes),
    }[name]


def draw(table: Table, folder: Path) -> None:
    """Every picture in `folder`, as `files` names them; those of votes that are taken back go."""
    for name in set(RATED) - {*names(table)}:
        for kind in KINDS:
            (folder / f"{name}.{kind}").unlink(missing_ok=True)
    for name in names(table):
        found = picture(name)
        from rushes.benchmarks.plots.style import ours

        with ours(name):
            figure = _laid_out(found, table)
            figure.savefig(folder / f"{name}.svg", dpi=DPI, metadata=_NO_METADATA)
            figure.savefig(folder / f"{name}.png", dpi=DPI)


def svg(table: Table, name: str) -> str:
    """A picture as an element to stand in an HTML page.

    It has no ground of its own; the colours of `style.VARIABLES` are the page's variables, and those of the files where
    it has none. Its ids begin with its name.
    """
    found = picture(name)
    from rushes.benchmarks.plots.style import VARIABLES, ours, shade

    page = StringIO()
    with ours(name):
        _laid_out(found, table).savefig(page, format="svg", dpi=DPI, metadata=_NO_METADATA, transparent=True)
    text = _CLUTTER.sub("", page.getvalue())
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(href="|url\()#', rf"\g<1>#{name}-", text)
    for colour in VARIABLES:
        text = text.replace(colour.lower(), shade(colour))
    head, body = text.split(">", 1)
    box = re.findall(r'viewBox="[^"]+"', head)[0]
    width = float(box.split()[2]) * 4 / 3  # points to pixels
    title = found.title + (", simulated" if table.simulated else "")
    return (
        f'<svg class="picture" role="img" aria-labelledby="{name}-title" {box} width="{width:g}">'
        f'<title id="{name}-title">{escape(title)}</title>{body.strip()}'
    )


def _laid_out(found: Picture, table: Table) -> Figure:
    """With everything in its place once, not once for every file."""
    figure = found.figure(table)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return figure
