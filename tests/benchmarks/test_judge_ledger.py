"""A judge's answers in the ledger: what they cost counts in the caps, and what was never asked does not."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.app import Rushes
from rushes.benchmarks.judging.charge import Booked
from rushes.config import Limits
from rushes.errors import OverBudget

CENT = Decimal("0.01")


async def test_what_a_question_sets_aside_counts_and_then_what_it_did_cost(home: Path) -> None:
    async with Rushes.open(home=home, environ={}) as rushes:
        charge = Booked(rushes, "run")
        await charge.reserve(5 * CENT)
        before = await rushes.spent(run="run")

        await charge.settle(5 * CENT, 2 * CENT)

        assert (before, await rushes.spent(run="run")) == (5 * CENT, 2 * CENT)


async def test_what_nobody_could_tell_beforehand_counts_once_it_is_known(home: Path) -> None:
    async with Rushes.open(home=home, environ={}) as rushes:
        charge = Booked(rushes, "run")
        await charge.reserve(Decimal(0))

        await charge.settle(Decimal(0), 3 * CENT)

        assert await rushes.spent(run="run") == 3 * CENT


async def test_the_cap_of_a_day_holds_for_judges_too(home: Path) -> None:
    async with Rushes.open(home=home, environ={}, limits=Limits(max_usd_per_day=8 * CENT)) as rushes:
        charge = Booked(rushes, "run")
        await charge.reserve(5 * CENT)

        with pytest.raises(OverBudget, match="a day would be exceeded"):
            await charge.reserve(5 * CENT)

        assert await rushes.spent() == 5 * CENT


async def test_the_cap_of_the_command_holds_before_the_ledger_is_asked(home: Path) -> None:
    async with Rushes.open(home=home, environ={}) as rushes:
        charge = Booked(rushes, "run", 8 * CENT)
        await charge.reserve(5 * CENT)

        with pytest.raises(OverBudget, match=r"the cap of \$0.08 is reached"):
            await charge.reserve(5 * CENT)

        assert await rushes.spent() == 5 * CENT


async def test_who_gives_up_while_money_is_set_aside_has_spent_nothing(home: Path) -> None:
    async with Rushes.open(home=home, environ={}) as rushes:
        charge = Booked(rushes, "run", 8 * CENT)
        asking = asyncio.create_task(charge.reserve(5 * CENT))
        await asyncio.sleep(0)
        asking.cancel()

        with pytest.raises(asyncio.CancelledError):
            await asking

        assert await rushes.spent() == 0
        await charge.reserve(8 * CENT)  # nothing is held back
