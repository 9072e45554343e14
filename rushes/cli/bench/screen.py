"""A run's table on the terminal, readable at 100 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rushes.amounts import UNKNOWN
from rushes.benchmarks.wording import PAIR_HEADINGS, VERSUS_HEADINGS, pair_shown, versus_shown
from rushes.cli.show import clean, console

if TYPE_CHECKING:
    from rich.table import Table as Grid

    from rushes.benchmarks.table import Table

#: Heading and whether it is numbers.
COLUMNS = (
    ("Model", False),
    ("Usable\n[95 %]", False),
    ("Sent →\ndelivered", False),
    ("File", False),
    ("Seconds to file\np50 [95 %]", False),
    ("Slowest", False),
    ("Speed\ntier", False),
    ("Queue\n+ render", False),
    ("$ a clip,\nper usable", False),
)


def print_table(made: Table) -> None:
    """The summary by cell, which models differ in speed, and what must be said beside it."""
    screen = console()
    screen.print(clean(made.title), style="bold")
    screen.print(_summary(made))
    if made.voted:
        screen.print(_versus(made))
    if len(made.pairs):
        screen.print(_pairs(made))
    for note in made.notes:
        screen.print(f"- {clean(note)}")


def grid(columns: tuple[tuple[str, bool], ...]) -> Grid:
    from rich import box
    from rich.table import Table as Grid

    made = Grid(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, header_style="bold")
    for heading, right in columns:
        made.add_column(heading, justify="right" if right else "left", vertical="top", no_wrap=True)
    return made


def _summary(made: Table) -> Grid:
    # There is no room for everything: what the files are stands in table.md too.
    looks = (("Elo, tier\n[95 %]", False),) if made.voted else COLUMNS[2:4]
    lines = grid((*COLUMNS[:2], *looks, *COLUMNS[4:]))
    cell = None
    for row in made.shown():
        if row["cell"] != cell:
            cell = row["cell"]
            lines.add_section()
            lines.add_row(cell, style="bold")
        lines.add_row(
            f" {row['model']}",
            row["usable"].replace(" [", "\n["),
            *([_looks(row)] if made.voted else _file(row)),
            row["to_file"].replace(" [", "\n["),
            row["slowest"].replace(" [", "\n[").replace(" of", "\nof"),
            row["speed_tier"],
            f"{row['queue']}\n+ {row['render']}",
            f"{row['usd_clip']}\n{row['usd_per_usable']}",
        )
    return lines


def _file(row: Mapping[str, str]) -> list[str]:
    return [row["length"].partition(" → ")[2], row["file"].replace(", ", "\n").replace(" ", "\n", 1)]


def _looks(row: Mapping[str, str]) -> str:
    rating, _, limits = row["rating"].partition(" (")[0].partition(" [")
    tier = f", {row['rating_tier']}" if row["rating_tier"] != UNKNOWN else ""
    return f"{rating}{tier}" + (f"\n[{limits}" if limits else "")


def _versus(made: Table) -> Grid:
    lines = grid(tuple((heading, False) for name, heading in VERSUS_HEADINGS.items() if name not in ("cell", "share")))
    cell = None
    for row in map(versus_shown, made.standings.versus()):
        if row["cell"] != cell:
            cell = row["cell"]
            lines.add_section()
            lines.add_row(cell, style="bold")
        lines.add_row(f" {row['pair']}", row["verdict"], row["elo"], row["votes"])
    return lines


def _pairs(made: Table) -> Grid:
    from rushes.benchmarks.table import records

    lines = grid(tuple((heading, False) for name, heading in PAIR_HEADINGS.items() if name != "cell"))
    cell = None
    for row in map(pair_shown, records(made.pairs)):
        if row["cell"] != cell:
            cell = row["cell"]
            lines.add_section()
            lines.add_row(cell, style="bold")
        lines.add_row(f" {row['pair']}", row["verdict"], row["ratio"], row["prompts"])
    return lines
