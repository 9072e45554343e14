"""How things look on a terminal: dollars, seconds, tables, JSON. Colours only where somebody sees them."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushes.amounts import UNKNOWN

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: Columns where the output goes to a file or a program.
WIDTH = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def console(*, stderr: bool = False) -> Console:
    """Where to print: stdout, or stderr for what is not the answer."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else WIDTH
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)


def clean(text: str) -> str:
    """Text of others without what would move a terminal's cursor or change its colours."""
    return _CONTROL.sub("", text)


def say(text: str, *, style: str | None = None) -> None:
    """Something for a person, on stderr."""
    # A file or a program gets whole lines.
    console(stderr=True).print(clean(text), style=style, soft_wrap=not sys.stderr.isatty())


def grid(*columns: str | None, gap: int = 2) -> Table:
    """Columns without lines; each named by its style."""
    from rich.table import Table

    table = Table.grid(padding=(0, gap, 0, 0))
    for style in columns:
        table.add_column(style=style)
    return table


def table(*columns: str, right: tuple[str, ...] = (), whole: tuple[str, ...] = (), gap: int = 2) -> Table:
    """A table with headings; columns in `right` hold numbers, those in `whole` are never broken."""
    from rich.table import Table

    found = Table(box=None, padding=(0, gap, 0, 0), header_style="bold", pad_edge=False)
    for name in columns:
        found.add_column(
            name, justify="right" if name in right else "left", no_wrap=name in whole, overflow="fold", vertical="top"
        )
    return found


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line a row, the cells below each other."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def write_json(value: Any) -> None:
    """One JSON value on stdout: dollars as text, so that none is rounded."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=_plain) + "\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    match value:
        case Decimal() | Path():
            return str(value)
        case date() | datetime():
            return value.isoformat()
        case Mapping():
            return dict(value)
        case tuple() | frozenset() | set():
            return list(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


def seconds(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.1f} s"


def moment(value: datetime) -> str:
    """Minutes are enough for a person; UTC."""
    return f"{value:%Y-%m-%d %H:%M}"


def settings(sent: Mapping[str, Any]) -> str:
    """What is sent for a clip, in one line, such as `8 s, 720p, 16:9 (1280x720), with sound`."""
    size = sent.get("size")
    pixels = f"{size['width']}x{size['height']}" if isinstance(size, Mapping) else size
    shape = sent.get("aspect_ratio") or "the first frame's shape"
    parts = [
        f"{sent['seconds']:g} s",
        str(sent["resolution"]),
        f"{shape} ({pixels})" if pixels else shape,
        "with sound" if sent["audio"] else "silent",
    ]
    return ", ".join(parts)
