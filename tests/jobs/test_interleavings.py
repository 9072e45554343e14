"""Processes that step, die, freeze and take jobs over in any order never send a body twice, and lose no ticket."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rushes.http import httpx
from rushes.ledger import FINAL, Job, Ledger, State
from tests.jobs.session import Session, Vendor, session, trouble, video

Result = TypeVar("Result")
#: What may happen to a submit, and whether the vendor has taken the job then.
FATES = {
    "accepted": True,
    "accepted, answer lost": True,
    "accepted, answer 500": True,
    "accepted, sender killed": True,
    "refused connection": False,
    "429": False,
    "500": False,
    "400": False,
    "lost on the way": False,
    "sender killed": False,
}
#: After these a body may go out again.
CERTAIN = {"refused connection", "429"}
HELD = "accepted"
MIGRATED: list[bytes] = []


class Killed(BaseException):
    """The process is gone, whatever it was doing."""


class Truth(Vendor):
    """A vendor that knows how often each prompt was sent and taken, and lists what it took."""

    def __init__(self) -> None:
        super().__init__()
        self.fate = "accepted"
        #: Submits of each prompt that may have been taken.
        self.risky: Counter[str] = Counter()
        self.taken: dict[str, dict[str, Any]] = {}
        self.twice: list[str] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return await self._submit(request)
        if request.url.path == "/v1/videos":
            jobs = [*self.taken.values()]
            return httpx.Response(200, json={"object": "list", "data": jobs, "has_more": False})
        found = [job for job in self.taken.values() if request.url.path.endswith(str(job["id"]))]
        return httpx.Response(200, json=found[0]) if found else trouble(404)

    async def _submit(self, request: httpx.Request) -> httpx.Response:
        fate = self.fate
        found = re.search(rb"kite (\d+)\r\n", request.content)
        assert found is not None
        prompt = f"kite {int(found[1])}"
        if fate not in CERTAIN:
            self.risky[prompt] += 1
        if FATES[fate]:
            if prompt in self.taken:
                self.twice.append(prompt)
            id = f"video_{prompt.removeprefix('kite ')}"
            self.taken[prompt] = self.listed(self.clock.monotonic(), id=id, prompt=prompt)
        await self.open.wait()
        match fate:
            case "accepted":
                return video("queued", id=self.taken[prompt]["id"])
            case "accepted, sender killed" | "sender killed":
                raise Killed
            case "accepted, answer 500" | "500":
                return trouble(500)
            case "refused connection":
                raise httpx.ConnectError("refused")
            case "429" | "400":
                return trouble(int(fate))
            case _:
                raise httpx.ReadError("cut")


class Interleavings(RuleBasedStateMachine):
    """Up to two processes on one home; `orders` are the jobs, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.home = Path(tempfile.mkdtemp())
        self.run(self._copied())
        self.vendor = self.run(self._made())
        self.processes: list[tuple[AsyncExitStack, Session]] = []
        self.orders: list[str] = []
        self.held: asyncio.Task[Any] | None = None
        for _ in range(2):
            self.start()
        for who in range(3):
            self.order(who)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    async def _made(self) -> Truth:
        return Truth()

    async def _copied(self) -> None:
        """An empty ledger, made once for all."""
        if not MIGRATED:
            async with Ledger.open(self.home):
                pass
            MIGRATED.append((self.home / "ledger.sqlite").read_bytes())
        (self.home / "ledger.sqlite").write_bytes(MIGRATED[0])

    async def _start(self) -> None:
        stack = AsyncExitStack()
        here = await stack.enter_async_context(session(self.home, self.vendor))
        await here.driver.start()
        self.processes.append((stack, here))

    @precondition(lambda self: len(self.processes) < 2)
    @rule()
    def start(self) -> None:
        self.run(self._start())

    @precondition(lambda self: len(self.orders) < 6)
    @rule(who=st.integers(0, 1))
    def order(self, who: int) -> None:
        job = self.run(self.session(who).order(f"kite {len(self.orders)}"))
        self.orders.append(job.id)

    @precondition(lambda self: self.orders)
    @rule(who=st.integers(0, 1), which=st.integers(0, 5), fate=st.sampled_from([*FATES]))
    def step(self, who: int, which: int, fate: str) -> None:
        here, id = self.session(who), self.orders[which % len(self.orders)]
        if self.held is None:
            self.vendor.fate = fate
        try:
            self.run(asyncio.wait_for(here.machine.step(id), 60) if self.held is None else self._step_beside(here, id))
        except Killed:
            self.run(self._die(here))

    async def _step_beside(self, here: Session, id: str) -> None:
        """A step while the other process waits for an answer; one that would have to wait for it too is left."""
        step = asyncio.create_task(here.machine.step(id))
        for _ in range(50):
            await asyncio.sleep(0.001)
            if step.done():
                break
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)

    @precondition(lambda self: self.orders and self.held is None)
    @rule(who=st.integers(0, 1), which=st.integers(0, 5))
    def step_with_a_slow_answer(self, who: int, which: int) -> None:
        """The submit goes out, and the answer comes when others have done something meanwhile."""
        here, id = self.session(who), self.orders[which % len(self.orders)]
        self.vendor.fate = HELD
        self.vendor.open.clear()

        async def begin() -> None:
            self.held = asyncio.create_task(here.machine.step(id))
            for _ in range(5):
                await asyncio.sleep(0.001)

        self.run(begin())

    @precondition(lambda self: self.held is not None)
    @rule()
    def the_slow_answer_comes(self) -> None:
        self.run(self._answered())

    async def _answered(self) -> None:
        self.vendor.open.set()
        if self.held is not None:
            await asyncio.wait_for(asyncio.gather(self.held, return_exceptions=True), 60)
            self.held = None
        for _, here in self.processes:
            await here.machine.aclose()

    @precondition(lambda self: self.held is None)
    @rule(who=st.integers(0, 1))
    def die_between_two_steps(self, who: int) -> None:
        self.run(self._die(self.session(who)))

    async def _die(self, here: Session) -> None:
        [gone] = [each for each in self.processes if each[1] is here]
        self.processes.remove(gone)
        await gone[0].aclose()
        if not self.processes:
            await self._start()

    @rule(who=st.integers(0, 1))
    def take_over(self, who: int) -> None:
        self.run(self.session(who).ledger.take_over(datetime.now(UTC), lambda _: True))

    @precondition(lambda self: len(self.processes) == 2)
    @rule(frozen=st.integers(0, 1))
    def take_over_from_one_that_was_not_heard_of(self, frozen: int) -> None:
        async def work() -> None:
            asleep, awake = self.session(frozen), self.session(1 - frozen)
            await asleep.ledger.beat(datetime.now(UTC) - timedelta(hours=1))
            await awake.ledger.take_over(datetime.now(UTC), lambda _: True)
            await asleep.ledger.beat(datetime.now(UTC))

        self.run(work())

    @rule(seconds=st.sampled_from([1.0, 20.0, 150.0, 1000.0]))
    def time_passes(self, seconds: float) -> None:
        self.run(self.vendor.clock.sleep(seconds))

    @invariant()
    def nothing_is_made_twice(self) -> None:
        assert self.vendor.twice == []
        assert all(count == 1 for count in self.vendor.risky.values()), self.vendor.risky

    def session(self, who: int) -> Session:
        return self.processes[who % len(self.processes)][1]

    def teardown(self) -> None:
        try:
            self.run(self._finish())
        finally:
            self.run(self._close())
            self.runner.close()
            shutil.rmtree(self.home)

    async def _finish(self) -> None:
        """A last process drives everything to where it ends or stands still; then the books are compared."""
        await self._answered()
        self.vendor.fate = "accepted"
        while self.processes:
            stack, _ = self.processes.pop()
            await stack.aclose()
        await self._start()
        _, here = self.processes[0]
        await here.driver.resume(lambda _: True)
        for id in self.orders:
            job = await here.ledger.job(id)
            assert job is not None
            await asyncio.wait_for(here.driver.wait(job), 60)
        await self._compare(here.ledger)

    async def _compare(self, ledger: Ledger) -> None:
        self.nothing_is_made_twice()
        jobs: dict[str, Job] = {job.id: job for job in await ledger.jobs()}
        assert jobs.keys() == set(self.orders)
        for number, id in enumerate(self.orders):
            job, made = jobs[id], self.vendor.taken.get(f"kite {number}")
            assert job.state in FINAL | {State.UNCLEAR, State.OVERDUE}, job
            if made is None:
                assert job.ticket is None
            elif job.ticket is None:
                assert job.state is State.UNCLEAR
                assert job.settled is None
            else:
                assert job.ticket["id"] == made["id"]
            if job.state is State.UNCLEAR:
                assert self.vendor.risky[f"kite {number}"] == 1 or job.attempts == 1

    async def _close(self) -> None:
        while self.processes:
            stack, _ = self.processes.pop()
            await stack.aclose()


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=6, stateful_step_count=20, deadline=None, suppress_health_check=[*HealthCheck]
)
