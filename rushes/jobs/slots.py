"""How many jobs may run at once, with each of a provider's credentials."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

#: A provider and one of its credentials; None for the one without a name.
Account = tuple[str, str | None]


class Slots:
    """Turns for one process: jobs that are sent wait for a free one, in the order in which they came."""

    def __init__(self, most: Callable[[Account], int]) -> None:
        self._most = most
        self._taken: Counter[Account] = Counter()
        self._coming: Counter[Account] = Counter()
        self._waiting: defaultdict[Account, deque[asyncio.Future[None]]] = defaultdict(deque)

    def load(self, account: Account) -> float:
        """Jobs that run, wait or come, as a share of those that may run: the least is the one to use next."""
        jobs = self._taken[account] + len(self._waiting[account]) + self._coming[account]
        return jobs / self._most(account)

    @contextmanager
    def coming(self, account: Account) -> Iterator[None]:
        """Held while a job is written down, until just after it was woken: others chosen meanwhile see it."""
        self._coming[account] += 1
        try:
            yield
        finally:
            # A task that was just made for it begins first, and takes its turn.
            asyncio.get_running_loop().call_soon(self._came, account)

    def _came(self, account: Account) -> None:
        self._coming[account] -= 1

    @asynccontextmanager
    async def turn(self, account: Account) -> AsyncIterator[None]:
        """Holds a slot, once there is one."""
        if self._taken[account] >= self._most(account):
            place = asyncio.get_running_loop().create_future()
            self._waiting[account].append(place)
            try:
                await place
            except asyncio.CancelledError:
                if place.done() and not place.cancelled():
                    self._free(account)  # it had just been given to us
                else:
                    with suppress(ValueError):  # whoever freed a slot meanwhile has taken it out
                        self._waiting[account].remove(place)
                raise
        else:
            self._taken[account] += 1
        try:
            yield
        finally:
            self._free(account)

    @asynccontextmanager
    async def occupied(self, account: Account) -> AsyncIterator[None]:
        """Holds a slot for a job that runs at the vendor already, whether or not there is one."""
        self._taken[account] += 1
        try:
            yield
        finally:
            self._free(account)

    def _free(self, account: Account) -> None:
        self._taken[account] -= 1
        while self._waiting[account] and self._taken[account] < self._most(account):
            place = self._waiting[account].popleft()
            if not place.done():
                self._taken[account] += 1
                place.set_result(None)
