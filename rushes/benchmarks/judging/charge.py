"""Money: what a question may cost is set aside before it goes out, and what it did cost is counted after."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from decimal import Decimal
from typing import Protocol

from rushes.amounts import usd
from rushes.app import Rushes
from rushes.errors import OverBudget


class Charge(Protocol):
    """Who keeps the books. Several questions may be on their way at once."""

    async def reserve(self, amount: Decimal) -> None:
        """Sets so many US dollars aside. Raises OverBudget where a cap would be exceeded; then nothing is sent."""
        ...

    async def settle(self, reserved: Decimal, spent: Decimal) -> None:
        """Gives back what was set aside for one question, and counts what it cost."""
        ...


class Cap:
    """One start's own books: at most `most` US dollars, or as much as it takes."""

    def __init__(self, most: Decimal | None = None) -> None:
        self._most = most
        self._told: Decimal | None = None
        self._held = Decimal(0)
        #: US dollars that questions have cost so far.
        self.spent = Decimal(0)

    def hold_to(self, told: Decimal) -> None:
        """From now on nothing goes out either that could pass what somebody was told that it costs at most."""
        self._told = told

    async def reserve(self, amount: Decimal) -> None:
        after = self.spent + self._held + amount
        so_far = (
            f"is reached: {usd(self.spent)} spent, {usd(self._held)} on its way, and the next question may cost "
            f"{usd(amount)}"
        )
        if self._most is not None and after > self._most:
            raise OverBudget(
                f"the cap of {usd(self._most)} {so_far}",
                hint="What is answered is kept; start again with a higher --max-usd to go on.",
            )
        if self._told is not None and after > self._told:
            raise OverBudget(
                f"the most that this was to cost, {usd(self._told)}, {so_far}",
                hint="Questions that were sent again count in full. What is answered is kept; the same command says "
                "what the rest may cost, and goes on.",
            )
        self._held += amount

    async def settle(self, reserved: Decimal, spent: Decimal) -> None:
        self._held -= reserved
        self.spent += spent


class Booked:
    """The same, and in the ledger too: the cap of a day holds, and what was spent on a run tells it."""

    def __init__(self, rushes: Rushes, run: str, most: Decimal | None = None) -> None:
        self._rushes, self._run, self._cap = rushes, run, Cap(most)
        #: Expenses on their way, by what is set aside for each; those of one amount stand for each other.
        self._open: dict[Decimal, list[str]] = defaultdict(list)

    def hold_to(self, told: Decimal) -> None:
        self._cap.hold_to(told)

    async def reserve(self, amount: Decimal) -> None:
        await self._cap.reserve(amount)
        booking = asyncio.ensure_future(self._rushes.reserve("a judge's answer", amount, run=self._run))
        try:
            expense = await asyncio.shield(booking)
        except asyncio.CancelledError:
            # The ledger may have it by now; nothing was sent, so nothing of it was spent.
            await self._cap.settle(amount, Decimal(0))
            with suppress(OverBudget):
                await self._rushes.settle(await booking, Decimal(0))
            raise
        except BaseException:
            await self._cap.settle(amount, Decimal(0))
            raise
        self._open[amount].append(expense)

    async def settle(self, reserved: Decimal, spent: Decimal) -> None:
        await self._cap.settle(reserved, spent)
        await self._rushes.settle(self._open[reserved].pop(), spent)
