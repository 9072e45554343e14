"""The sheet as one page that opens from a disk: players with their posters, prompts, and how to finalize each take."""

from __future__ import annotations

import io
import os
import shlex
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from rushes.amounts import UNKNOWN, counted, usd
from rushes.pages.sheet.cells import SheetCell
from rushes.pages.sheet.strips import Strip
from rushes.pages.sheet.words import NOT_REAL, SIMULATED, direction, to_file

if TYPE_CHECKING:
    from PIL.Image import Image

QUALITY = 72
#: The longer side of a poster, in pixels; of the frames below it, half of that.
POSTER = 560


def page(
    title: str,
    cells: Sequence[SheetCell],
    strips: Sequence[Strip],
    *,
    folder: Path,
    facts: Sequence[tuple[str, str]],
    simulated: bool,
    again: str,
) -> str:
    """The page, to stand in `folder`. Everything that comes from others is escaped."""
    shared = _shared_prompt(cells)
    parts = [
        _HEAD.format(title=escape(title), style=_style()),
        f'<p class="simulated"><strong>{SIMULATED}.</strong> {NOT_REAL}</p>' if simulated else "",
        f'<h1 dir="auto">{escape(title)}</h1>',
        *_facts(facts),
        *([] if shared is None else [f'<blockquote dir="auto">{escape(shared)}</blockquote>']),
        f'<main aria-label="{counted(len(cells), "take")}">',
        *(
            "\n".join(_card(cell, strip, folder, simulated, again, with_prompt=shared is None))
            for cell, strip in zip(cells, strips, strict=True)
        ),
        "</main>",
        "</body>\n</html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>"""


def _style() -> str:
    return (files("rushes.pages.sheet") / "sheet.css").read_text(encoding="utf-8")


def _shared_prompt(cells: Sequence[SheetCell]) -> str | None:
    """The prompt of all cells, where there is one."""
    prompts = {cell.prompt for cell in cells}
    return prompts.pop() if len(prompts) == 1 else None


def _facts(facts: Sequence[tuple[str, str]]) -> Iterator[str]:
    if facts:
        rows = (f'<div><dt>{escape(term)}</dt><dd dir="auto">{escape(text)}</dd></div>' for term, text in facts)
        yield f'<dl class="facts">{"".join(rows)}</dl>'


def _card(
    cell: SheetCell, strip: Strip, folder: Path, simulated: bool, again: str, *, with_prompt: bool
) -> Iterator[str]:
    label = escape(cell.label)
    badge = ' <span class="badge">simulated</span>' if simulated else ""
    yield "<article>"
    yield f'<h2><span class="label">{label}</span> <span dir="auto">{escape(direction(cell))}</span>{badge}</h2>'
    yield from _player(cell, strip, folder)
    yield '<dl class="took">'
    seed = UNKNOWN if cell.seed is None else str(cell.seed)
    rows = [("seed", seed), ("to file", to_file(cell) or UNKNOWN), ("cost", usd(cell.dollars))]
    if cell.endpoint is not None:
        rows.append(("made by", cell.endpoint))
    for term, text in rows:
        yield f"<div><dt>{term}</dt><dd>{escape(text)}</dd></div>"
    yield "</dl>"
    if with_prompt:
        yield f'<p class="prompt" dir="auto">{escape(cell.prompt)}</p>'
    if cell.take is not None:
        words = (shlex.join(["rushes", "finalize", cell.take]) + again).split(" ")
        command = " ".join(f"<span>{escape(word)}</span>" for word in words)
        yield f'<p class="next">To make it final:<code tabindex="0">{command}</code></p>'
    yield "</article>"


def _player(cell: SheetCell, strip: Strip, folder: Path) -> Iterator[str]:
    name = escape(f"Take {cell.label}, {direction(cell)}")
    if cell.file is not None and strip.frames:
        address = escape(address_of(cell.file, folder))
        # The middle says more than the first frame, which is often black.
        yield (
            f'<video controls preload="none" playsinline style="aspect-ratio:{strip.width} / {strip.height}"'
            f' src="{address}" poster="{_jpeg(strip.frames[1], POSTER)}" aria-label="{name}">'
            f'<a href="{address}">{name}</a></video>'
        )
        yield '<div class="stills">'
        for which, image in zip(("first", "middle", "last"), strip.frames, strict=True):
            still = _jpeg(image, POSTER // 2)
            yield f'<figure><img src="{still}" alt="{which} frame of take {escape(cell.label)}">'
            yield f"<figcaption>{which}</figcaption></figure>"
        yield "</div>"
        return
    yield f'<p class="absent"><strong>No picture.</strong> <span dir="auto">{escape(strip.problem)}</span></p>'
    if cell.file is not None and cell.file.is_file():
        yield f'<p><a href="{escape(address_of(cell.file, folder))}">The file as it came</a></p>'


def address_of(file: Path, folder: Path) -> str:
    """How the page in `folder` finds a file: relative where both are on one disk, else as file URL."""
    try:
        relative = os.path.relpath(file.absolute(), folder.absolute())
    except ValueError:  # another drive, on Windows
        return file.absolute().as_uri()
    # A name may hold a colon, which would read as a scheme.
    return "./" + quote(Path(relative).as_posix())


def _jpeg(image: Image, side: int) -> str:
    """A data URL."""
    small = image.copy()
    small.thumbnail((side, side))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + b64encode(out.getvalue()).decode()
