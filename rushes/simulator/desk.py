"""Where every wire takes submissions and answers questions: it lets the faults strike and times them.

A wire checks a submission, hands it to `accept`, and lets its answer go out through `answer`. What it must say in
its vendor's words comes back as `Trouble`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rushes.simulator import faults
from rushes.simulator.clock import Clock
from rushes.simulator.job import Asked, Job
from rushes.simulator.world import Throttled, World

Kind = Literal["rate_limited", "rate_limited_bare", "busy", "error_500", "error_503", "moderated", "no_such_fault"]


#: Whose request is being answered; a wire that tells accounts apart says so first of all.
ACCOUNT: ContextVar[str] = ContextVar("simulated_account", default="")


class Trouble(Exception):
    """Something the wire has to say in its vendor's words."""

    def __init__(self, kind: Kind, text: str = "") -> None:
        super().__init__(kind)
        self.kind: Kind = kind
        self.text = text


#: An endpoint of a wire. It may return any ASGI answer.
Endpoint = Callable[[Request], Awaitable[ASGIApp]]


@dataclass(frozen=True)
class Taken:
    """An accepted job, and the faults that strike the answer about it."""

    job: Job
    after: Sequence[str] = ()


class Desk:
    """`latency`: real seconds before and after a job is accepted, so that a kill can fall in between."""

    def __init__(self, world: World, latency: tuple[float, float] = (0.0, 0.0)) -> None:
        self.world = world
        self._latency = latency

    async def accept(
        self,
        asked: Asked,
        make_id: Callable[[Random], str],
        things: Callable[[Job], Mapping[str, str]] = lambda job: {},
    ) -> Taken:
        """Raises Trouble, and Dropped where the connection is cut instead of an answer."""
        asked = replace(asked, account=ACCOUNT.get())
        try:
            _, marked = faults.read(asked.prompt)
        except faults.NoSuchFault as error:
            raise Trouble("no_such_fault", str(error)) from None
        refusal = self._refusal(asked, marked)
        if refusal is not None:
            self._refuse(refusal)
        before, after = self._latency
        if before:
            await asyncio.sleep(before)
        try:
            self.world.admit(asked)  # so that no fault is spent on a submission that is not taken
            job = self.world.accept(asked, make_id, self._tricks(asked, marked), things)
        except Throttled:
            raise Trouble("busy") from None
        if after:
            await asyncio.sleep(after)
        struck = [name for name in marked if name in faults.AFTER]
        return Taken(job, [*struck, *self.world.faults.striking(asked.wire, faults.AFTER)])

    def _tricks(self, asked: Asked, marked: dict[str, int | None]) -> dict[str, int | None]:
        """The faults that stay with a job."""
        tricks = {name: times for name, times in marked.items() if name in faults.WITH_THE_JOB or name in faults.POLL}
        for name in self.world.faults.striking(asked.wire, faults.WITH_THE_JOB):
            tricks[name] = 1 if name in faults.PASSING else None
        return tricks

    def _refusal(self, asked: Asked, marked: dict[str, int | None]) -> str | None:
        for name, times in marked.items():
            if name in faults.BEFORE and (times is None or self.world.count(f"{asked.wire} {asked.prompt}") < times):
                return name
        struck = self.world.faults.striking(asked.wire, faults.BEFORE)
        return struck[0] if struck else None

    def _refuse(self, name: str) -> None:
        match name:
            case "drop_before_accept":
                raise faults.Dropped("the simulated vendor cut the connection before it accepted the job")
            case "rate_limited":
                raise Trouble("rate_limited")
            case "rate_limited_bare":
                raise Trouble("rate_limited_bare")
            case "error_503":
                raise Trouble("error_503")
            case "moderated_at_once":
                raise Trouble("moderated")
            case _:
                raise Trouble("error_500")

    def answer(self, taken: Taken, response: Response) -> ASGIApp:
        """The answer to an accepted submission. Raises Trouble and Dropped."""
        if "drop_after_accept" in taken.after:
            raise faults.Dropped("the simulated vendor accepted the job and cut the connection")
        if "error_500_after_accept" in taken.after:
            raise Trouble("error_500")
        answer: ASGIApp = Cut(response) if "cut_answer" in taken.after else response
        return Late(answer, self.world.clock, faults.SLOW) if "slow_answer" in taken.after else answer

    def look(self, wire: str, id: str) -> Taken | None:
        """A job somebody asks after; None where there is none (any more). Raises Trouble."""
        try:
            self.world.queried(wire)
        except Throttled:
            raise Trouble("busy") from None
        job = self.world.job(id)
        if job is None or job.deleted is not None or job.asked.wire != wire:
            return None
        if job.asked.account != ACCOUNT.get():
            self.world.count(f"{wire} strangers")
            return None
        struck = [name for name in job.tricks if name in faults.POLL and self.strikes(job, name)]
        struck += self.world.faults.striking(wire, faults.POLL)
        if "poll_500" in struck:
            raise Trouble("error_500")
        if "poll_429" in struck:
            raise Trouble("rate_limited")
        if "lost" in job.tricks or ("unknown" in job.tricks and wire != "dashscope"):
            return None
        return Taken(job, ["cut_answer"] if "poll_cut" in struck else [])

    def jobs(self, wire: str) -> list[Job]:
        """Every job of this account that was not deleted, oldest first."""
        return [job for job in self.world.jobs(wire) if job.asked.account == ACCOUNT.get()]

    def strikes(self, job: Job, name: str) -> bool:
        """Whether a fault that stays with the job strikes now; counts it where it strikes a number of times."""
        if name not in job.tricks:
            return False
        times = job.tricks[name]
        return times is None or self.world.count(f"{job.id} {name}") < times


class Late:
    """An answer that comes `seconds` of the world late."""

    def __init__(self, answer: ASGIApp, clock: Clock, seconds: float) -> None:
        self._answer = answer
        self._clock = clock
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._clock.sleep(self._seconds)
        await self._answer(scope, receive, send)


class Cut:
    """The first half of an answer, which promised its whole length."""

    def __init__(self, answer: Response) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def half(message: Message) -> None:
            if message["type"] == "http.response.body":
                body = message.get("body", b"")
                await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
                raise faults.Dropped("the simulated vendor cut the connection in the middle of its answer", midway=True)
            await send(message)

        await self._answer(scope, receive, half)


class Headed:
    """An answer with more headers."""

    def __init__(self, answer: ASGIApp, headers: Mapping[str, str]) -> None:
        self._answer = answer
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *self._headers]}
            await send(message)

        await self._answer(scope, receive, headed)
