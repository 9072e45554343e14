"""The simulated world's time: one clock that jumps when nobody works, and one that runs faster than ours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

#: Loop turns that must pass without anybody starting to work before time jumps: what one wake-up sets off
#: (a task, the event it sets, the task waiting for that) gets going first.
TURNS = 5


class Clock(Protocol):
    """What the world, its wires and everybody who waits in it need of a clock."""

    #: World seconds per real second; None where time jumps.
    scale: float | None

    def now(self) -> datetime:
        """The world's time, in UTC."""

    def monotonic(self) -> float:
        """World seconds since this clock began."""

    async def sleep(self, seconds: float) -> None:
        """Wait for so many world seconds."""

    def working(self) -> AbstractContextManager[None]:
        """While inside, a clock that jumps stands still."""


class _Hold:
    """One `working()` block. It does not hold time back while its own context sleeps."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.open = True
        self.asleep = 0


class _Sleeper:
    def __init__(self, future: asyncio.Future[None], holds: list[_Hold]) -> None:
        self.future = future
        self.holds = holds

    def gone(self) -> bool:
        """Cancelled, or left behind by a loop that is closed."""
        return self.future.done() or self.future.get_loop().is_closed()


_HOLDS: ContextVar[tuple[_Hold, ...]] = ContextVar("simulated_clock_holds", default=())


class VirtualClock:
    """Time stands still while anybody works; when nobody does, it jumps to the earliest wake-up.

    It never really waits. Whoever reads files, computes in a thread or waits for anything but `sleep` must be inside
    `working()`, or time passes meanwhile. A sleep inside `working()` lets go of the blocks of its own context.
    """

    scale: float | None = None

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("give the start of a simulated world with its time zone, such as UTC")
        self._start = start
        self._elapsed = 0.0
        self._order = count()
        self._sleepers: list[tuple[float, int, _Sleeper]] = []
        self._busy: set[_Hold] = set()
        self._settling = False

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        holds = [hold for hold in _HOLDS.get() if hold.clock is self]
        sleeper = _Sleeper(asyncio.get_running_loop().create_future(), holds)
        for hold in holds:
            hold.asleep += 1
            self._busy.discard(hold)
        heappush(self._sleepers, (self._elapsed + seconds, next(self._order), sleeper))
        self._settle()
        try:
            await sleeper.future
        finally:
            self._rouse(sleeper)

    @contextmanager
    def working(self) -> Iterator[None]:
        hold = _Hold(self)
        _HOLDS.set((*_HOLDS.get(), hold))
        self._busy.add(hold)
        try:
            yield
        finally:
            hold.open = False
            self._busy.discard(hold)
            _HOLDS.set(tuple(other for other in _HOLDS.get() if other is not hold))
            self._settle()

    def _rouse(self, sleeper: _Sleeper) -> None:
        for hold in sleeper.holds:
            hold.asleep -= 1
            if hold.open and not hold.asleep:
                self._busy.add(hold)
        sleeper.holds = []

    def _settle(self) -> None:
        while self._sleepers and self._sleepers[0][2].gone():
            heappop(self._sleepers)
        if self._busy or not self._sleepers or self._settling:
            return
        loop = self._sleepers[0][2].future.get_loop()
        self._settling = True
        loop.call_soon_threadsafe(self._turn, loop, TURNS)

    def _turn(self, loop: asyncio.AbstractEventLoop, turns: int) -> None:
        if self._busy:
            self._settling = False
        elif turns:
            loop.call_soon(self._turn, loop, turns - 1)
        else:
            self._settling = False
            self._jump()

    def _jump(self) -> None:
        moment: float | None = None
        while self._sleepers and self._sleepers[0][0] == (self._sleepers[0][0] if moment is None else moment):
            when, _, sleeper = heappop(self._sleepers)
            if sleeper.gone():
                continue
            moment = self._elapsed = max(when, self._elapsed)
            self._rouse(sleeper)
            sleeper.future.set_result(None)
        self._settle()


class ScaledClock:
    """Real time, `scale` times as fast, from `start` on. `working()` does nothing: real time cannot be stopped."""

    def __init__(self, start: datetime, scale: float) -> None:
        if start.tzinfo is None:
            raise ValueError("give the start of a simulated world with its time zone, such as UTC")
        if not scale > 0:
            raise ValueError(f"a time scale is more than 0, not {scale}")
        self._start = start
        self._began = time.monotonic()
        self.scale: float | None = scale
        self._scale = scale

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * self._scale

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._scale)

    def working(self) -> AbstractContextManager[None]:
        return nullcontext()


def callers_seconds(clock: Clock, seconds: float) -> float:
    """World seconds as whoever calls the simulator counts them: by its own clock, which a scaled world outruns."""
    return seconds if clock.scale is None else seconds / clock.scale
