"""What is paid for other things than clips counts like clips do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rushes.errors import OverBudget
from rushes.ledger import Caps, Expense, Ledger

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def expense(id: str, dollars: float, *, simulated: bool = False) -> Expense:
    return Expense(id, NOW, "a judge's answer", "run", "2026-11-22", simulated, round(dollars * 1_000_000))


async def test_it_counts_in_full_until_it_is_settled(ledger: Ledger) -> None:
    await ledger.reserve(expense("a", 0.05), Caps())
    before = await ledger.spent(simulated=False, run="run")

    await ledger.settle("a", 20_000)

    assert before == 50_000
    assert await ledger.spent(simulated=False, run="run") == 20_000
    assert await ledger.spent(simulated=False, day="2026-11-22") == 20_000
    assert await ledger.spent(simulated=False, day="2026-11-23") == 0


async def test_a_cap_holds_before_anything_is_set_aside(ledger: Ledger) -> None:
    await ledger.reserve(expense("a", 0.05), Caps(run=80_000))

    with pytest.raises(OverBudget, match=r"the cap of \$0.08 a run would be exceeded by \$0.02"):
        await ledger.reserve(expense("b", 0.05), Caps(run=80_000))

    assert await ledger.spent(simulated=False, run="run") == 50_000


async def test_a_simulated_expense_is_none_of_the_real_ones(ledger: Ledger) -> None:
    await ledger.reserve(expense("a", 0.05, simulated=True), Caps())

    await ledger.reserve(expense("b", 0.05), Caps(day=50_000))

    assert await ledger.spent(simulated=False) == 50_000
    assert await ledger.spent(simulated=True) == 50_000
