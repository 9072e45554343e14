"""What a cell says, in the same words on the picture and on the page."""

from __future__ import annotations

from rushes.amounts import usd
from rushes.pages.sheet.cells import SheetCell

SIMULATED = "SIMULATED"
#: Under the word, where there is room.
NOT_REAL = "No vendor was asked and nothing was paid. Seconds, dollars and films are a simulated world's."


def direction(cell: SheetCell) -> str:
    return cell.direction or "as asked"


def took(cell: SheetCell) -> str:
    """Such as `seed 7 · 62.0 s · $0.40`; what nobody knows is n/a."""
    seed = "seed n/a" if cell.seed is None else f"seed {cell.seed}"
    return " · ".join([seed, to_file(cell) or "time n/a", "cost n/a" if cell.dollars is None else usd(cell.dollars)])


def to_file(cell: SheetCell) -> str | None:
    """Seconds from the request to the file, such as `62.0 s`."""
    return None if cell.seconds is None else f"{cell.seconds:.1f} s"
