"""A run's table on the terminal, readable at 100 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rushes.cli.show import clean, console

if TYPE_CHECKING:
    from rushes.benchmarks.table import Table


def print_table(made: Table) -> None:
    """The summary by cell, and what must be said beside it."""
    from rich import box
    from rich.table import Table as Grid

    screen = console()
    grid = Grid(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, header_style="bold")
    for heading, right in (
        ("Model", False),
        ("Usable", False),
        ("Seconds: asked →\nsent → delivered", False),
        ("File", False),
        ("Seconds to file\nmedian (min–max)", False),
        ("Queue\n+ render", False),
        ("Down-\nload", True),
        ("Poll\ngap", True),
        ("$\na clip", True),
        ("$\nin all", True),
    ):
        grid.add_column(heading, justify="right" if right else "left", vertical="top", no_wrap=True)
    cell = None
    for row in made.shown():
        if row["cell"] != cell:
            cell = row["cell"]
            grid.add_section()
            grid.add_row(cell, style="bold")
        grid.add_row(
            f" {row['model']}",
            row["usable"],
            row["length"],
            row["file"].replace(" ", "\n", 1),
            row["to_file"].replace(" ", "\n", 1),
            f"{row['queue']}\n+ {row['render']}",
            row["download"],
            row["poll_gap"],
            row["usd_clip"],
            row["usd_total"],
        )
    screen.print(clean(made.title), style="bold")
    screen.print(grid)
    for note in made.notes:
        screen.print(f"- {clean(note)}")
