"""Amounts as text, the same at every door: dollars to their last decimal, counts, and `n/a` for what nobody knows."""

from __future__ import annotations

from decimal import Decimal

UNKNOWN = "n/a"


def usd(amount: Decimal | None) -> str:
    """Such as `$0.80`: at least cents, and nothing rounded."""
    return UNKNOWN if amount is None else f"${usd_text(amount)}"


def usd_text(amount: Decimal | None) -> str:
    """The same without the sign, for columns whose heading has it."""
    if amount is None:
        return UNKNOWN
    exponent = amount.normalize().as_tuple().exponent
    return f"{amount:.{max(2, -exponent if isinstance(exponent, int) else 2)}f}"


def counted(count: int, what: str) -> str:
    """Such as `1 clip` or `2 clips`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
