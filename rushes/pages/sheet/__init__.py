"""The contact sheet: the takes of one prompt side by side, as one picture and as one page with players.

Needs no package of an extra. The page holds its style and its posters; only the clips stay where they are. Both say
everything without a script.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rushes.errors import BadInput, SetupError
from rushes.pages.sheet.cells import Sheet, SheetCell

__all__ = ["FILE", "MOST", "Sheet", "SheetCell", "write_sheet"]

#: Both files' name, without the ending.
FILE = "sheet"
MOST = 12


def write_sheet(
    folder: Path,
    title: str,
    cells: Sequence[SheetCell],
    *,
    facts: Sequence[tuple[str, str]] = (),
    simulated: bool = False,
    again: str | None = None,
) -> Sheet:
    """`sheet.png` and `sheet.html` in `folder`; what stood there under these names is replaced.

    `facts` are terms with their text, shown above the cells. `again` stands behind the command that finalizes a take,
    such as ` --home there`; unless given it is ` --simulate` where `simulated`. A clip that cannot be shown says so in
    its cell. Raises BadInput for no cell, more than 12, or two of one label; SetupError where nothing can be written.
    """
    from rushes.pages.sheet.page import page
    from rushes.pages.sheet.picture import picture
    from rushes.pages.sheet.strips import strip_of

    labels = [cell.label for cell in cells]
    if not 1 <= len(cells) <= MOST:
        raise BadInput(f"a contact sheet has 1 to {MOST} cells, not {len(cells)}")
    if len({*labels}) < len(labels):
        raise BadInput(f"every cell needs a label of its own, not {', '.join(labels)}")
    strips = [strip_of(cell) for cell in cells]
    options = again if again is not None else " --simulate" if simulated else ""
    image = picture(title, cells, strips, facts=facts, simulated=simulated)
    text = page(title, cells, strips, folder=folder, facts=facts, simulated=simulated, again=options)
    png, html = folder / f"{FILE}.png", folder / f"{FILE}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        drafts = [path.with_name(f".{path.name}") for path in (png, html)]
        image.save(drafts[0], "PNG", optimize=True)
        drafts[1].write_text(text, encoding="utf-8", errors="replace")
        for draft, path in zip(drafts, (png, html), strict=True):
            draft.replace(path)
    except OSError as error:
        raise SetupError(f"{folder}: the contact sheet cannot be written: {error.strerror or error}") from None
    return Sheet(png, html)
