"""What a contact sheet is made of."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True)
class SheetCell:
    """One take, or one that was to be."""

    #: What people call it: `1`, `2` …
    label: str
    #: The take's id; None where there is none.
    take: str | None
    #: The clip; None where there is none, and then `reason` says why.
    file: Path | None
    prompt: str
    #: What was varied, such as `move: slow push in`; empty where nothing was.
    direction: str = ""
    seed: int | None = None
    #: PROVIDER/MODEL; None where it is not to be seen.
    endpoint: str | None = None
    #: From the request to the file.
    seconds: float | None = None
    dollars: Decimal | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Sheet:
    """Where it is."""

    png: Path
    html: Path
