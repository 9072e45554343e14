"""Drives jobs inside this process: calls `machine.step` until each has ended or stands still."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from traceback import format_tb

from rushes.clock import Clock, SystemClock
from rushes.jobs.machine import Machine, said
from rushes.jobs.pace import Pace
from rushes.jobs.slots import Slots
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
        async with self._slots.turn(account):
            while (pause := self._pace.wait((job.endpoint, job.credential))) > 0:
                await self._clock.sleep(pause)
            return await self._steps(job)

    async def _steps(self, job: Job) -> Job:
        while True:
            with self._clock.working():
                following = await self._machine.step(job.id)
            if following.wait is None or following.job.state in FINAL:
                return following.job
            await self._clock.sleep(following.wait)

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
