"""Dollars as text: at least cents, nothing rounded, and never 0 for what nobody knows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rushes.amounts import usd, usd_text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0.00"),
        ("0.8", "$0.80"),
        ("3.2000", "$3.20"),
        ("100", "$100.00"),
        ("1E+2", "$100.00"),
        ("0.000001", "$0.000001"),
        ("0.42990", "$0.4299"),
    ],
)
def test_dollars_have_at_least_cents_and_lose_no_digit(amount: str, text: str) -> None:
    assert usd(Decimal(amount)) == text
    assert usd_text(Decimal(amount)) == text.removeprefix("$")


def test_an_unknown_price_is_not_free() -> None:
    assert usd(None) == usd_text(None) == "n/a"
