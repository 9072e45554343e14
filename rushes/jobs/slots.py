"""How many jobs may run at once, with each of a provider's credentials."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from rushes.amounts import counted
from rushes.errors import NotSent
from rushes.jobs.deadline import Deadline

#: A provider and one of its credentials; None for the one without a name.
Account = tuple[str, str | None]


class Slots:
    """Turns for one process: jobs that are sent wait for a free one, in the order in which they came."""

    def __init__(self, most: Callable[[Account], int]) -> None:
        self._most = most
        self._taken: Counter[Account] = Counter()
        self._coming: Counter[Account] = Counter()
        self._waiting: defaultdict[Account, deque[asyncio.Future[bool]]] = defaultdict(deque)

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
    async def turn(self, account: Account, deadline: Deadline | None = None) -> AsyncIterator[None]:
        """Holds a slot, once there is one. Raises NotSent where the deadline passes before."""
        if self._taken[account] >= self._most(account):
            await self._wait(account, deadline)
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

    async def _wait(self, account: Account, deadline: Deadline | None) -> None:
        """Takes a slot, once there is one."""
        place = asyncio.get_running_loop().create_future()
        self._waiting[account].append(place)
        bell = None if deadline is None else asyncio.create_task(_ring(place, deadline))
        given = False
        try:
            given = await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.result():
                self._free(account)  # it had just been given to us
            raise
        finally:
            if bell is not None:
                bell.cancel()
            if not given:
                with suppress(ValueError):  # whoever freed a slot meanwhile has taken it out
                    self._waiting[account].remove(place)
        if not given:
            provider, key = account
            whose = provider if key is None else f"{provider} with the key '{key}'"
            raise NotSent(
                "the deadline passed before it could be sent: it waited for a free slot, and "
                f"{whose} runs {counted(self._most(account), 'job')} at once"
            )

    def _free(self, account: Account) -> None:
        self._taken[account] -= 1
        while self._waiting[account] and self._taken[account] < self._most(account):
            place = self._waiting[account].popleft()
            if not place.done():
                self._taken[account] += 1
                place.set_result(True)


async def _ring(place: asyncio.Future[bool], deadline: Deadline) -> None:
    """Ends the wait at `place` when the deadline passes."""
    await deadline.clock.sleep(deadline.left)
    if not place.done():
        place.set_result(False)
