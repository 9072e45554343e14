"""Drives jobs inside this process: calls `machine.step` until each has ended or stands still."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from traceback import format_tb

from rushes.clock import Clock, SystemClock
from rushes.errors import NotSent
from rushes.jobs.deadline import Deadline
from rushes.jobs.machine import Machine, Next, said
from rushes.jobs.pace import Pace
from rushes.jobs.slots import Slots
from rushes.jobs.stretch import EndedEarly, Stretch
from rushes.ledger import FINAL, Job, Ledger, State

logger = logging.getLogger(__name__)

#: How often a process says that it lives before another would call it dead.
BEATS = 6


class EmbeddedDriver:
    """At least once: a job may be stepped twice, late, or in two places, and `step` makes that harmless."""

    def __init__(
        self, machine: Machine, ledger: Ledger, clock: Clock, slots: Slots, pace: Pace, *, stale: float
    ) -> None:
        """`stale`: as in `Limits`."""
        self._machine = machine
        self._ledger = ledger
        self._clock = clock
        self._pause = stale / BEATS
        self._tasks: dict[str, asyncio.Task[Job]] = {}
        #: Jobs that wait, for their turn or until they are stepped again; and how long they are to wait instead.
        self._waits: dict[str, Stretch] = {}
        self._instead: dict[str, float] = {}
        self._slots = slots
        self._pace = pace
        self._heart: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        #: Jobs whose driving broke; taken up again at the next beat.
        self._stopped: list[Job] = []

    async def start(self) -> None:
        """Registers this process, so that others can tell whether it lives."""
        async with self._starting:
            if self._heart is None:
                await self._ledger.beat(SystemClock().now())
                self._heart = asyncio.create_task(self._beat())

    async def resume(self, reachable: Callable[[Job], bool]) -> list[Job]:
        """Goes on with every reachable open job whose process has died; returns those jobs."""
        await self.start()
        jobs = await self._ledger.take_over(SystemClock().now(), reachable)
        for job in jobs:
            self.wake(job)
        return jobs

    def wake(self, job: Job) -> None:
        """Drives a job from now on; harmless for one that is driven already."""
        if job.id not in self._tasks:
            task = self._tasks[job.id] = asyncio.create_task(self._drive(job))
            task.add_done_callback(lambda task: self._ended(job, task))

    def reschedule(self, following: Next) -> None:
        """Steps a job after the pause that is named, whatever it was waiting for."""
        self._end_wait(following.job, following.wait or 0.0)
        self.wake(following.job)

    async def withdraw(self, job: Job) -> Job:
        """Gives up a job that has not been sent, its slot and its turn with it; one that has been stays as it is."""
        job = await self._machine.withdraw(job)
        if job.state in FINAL:
            self._end_wait(job, 0.0)
        return job

    def _end_wait(self, job: Job, instead: float) -> None:
        if (waiting := self._waits.get(job.id)) is not None:
            self._instead[job.id] = instead
            waiting.end()

    async def wait(self, job: Job) -> Job:
        """The job once it has ended or stands still. Cancelling the wait does not stop the job."""
        if job.id not in self._tasks:
            # It may have gone on since, and one that was sent waits for no turn.
            self.wake(await self._ledger.job(job.id) or job)
        return await asyncio.shield(self._tasks[job.id])

    def _ended(self, job: Job, task: asyncio.Task[Job]) -> None:
        del self._tasks[job.id]
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            logger.error("job %s: not driven on for now: %s", job.id, said(error))
            logger.debug("job %s: %s", job.id, "".join(format_tb(error.__traceback__)))
            self._stopped.append(job)

    async def aclose(self) -> None:
        """Stops driving; what is on its way is written down first, everything else goes on at the next start."""
        tasks = [*self._tasks.values(), *([self._heart] if self._heart else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._machine.aclose()

    async def _drive(self, job: Job) -> Job:
        account = (job.endpoint.partition("/")[0], job.credential)
        if job.state is not State.QUEUED:
            async with self._slots.occupied(account):
                return await self._steps(job)
        deadline = None if job.deadline is None else Deadline(self._clock, job.deadline)
        async with AsyncExitStack() as held:
            try:
                async with self._waiting(job.id):
                    await held.enter_async_context(self._slots.turn(account, deadline))
                    await self._pace.turn((job.endpoint, job.credential), deadline)
            except EndedEarly:
                pass
            except NotSent as late:
                with self._clock.working():
                    return await self._machine.give_up(job, late)
            else:
                return await self._steps(job)
            finally:
                self._instead.pop(job.id, None)
        # Most likely it is not to be sent any more.
        return await self._drive(await self._ledger.job(job.id) or job)

    async def _steps(self, job: Job) -> Job:
        while True:
            with self._clock.working():
                following = await self._machine.step(job.id)
            if following.wait is None or following.job.state in FINAL:
                return following.job
            await self._rest(job.id, following.wait)

    async def _rest(self, id: str, seconds: float) -> None:
        left: float | None = seconds
        while left is not None:
            try:
                async with self._waiting(id):
                    await self._clock.sleep(left)
                left = None
            except EndedEarly:
                left = self._instead[id]
            finally:
                self._instead.pop(id, None)

    @asynccontextmanager
    async def _waiting(self, id: str) -> AsyncIterator[None]:
        """While inside, `reschedule` may end the wait. Raises EndedEarly."""
        async with Stretch() as self._waits[id]:
            try:
                yield
            finally:
                del self._waits[id]

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._pause)
            try:
                await self._ledger.beat(SystemClock().now())
                while self._stopped:
                    job = self._stopped[0]
                    self.wake(await self._ledger.job(job.id) or job)
                    self._stopped.remove(job)
            except Exception:
                logger.exception("the heartbeat could not be written, or a job not taken up again")
