"""Makes clips along a route: submits, waits, and asks the next endpoint after a failure where the policy allows it.

A fallback is a new job of the same order. Nothing is sent twice to one endpoint for an order, and nothing is asked
elsewhere while a job may still cost money, unless the policy says so. A fallback is made for a caller who is there: a
job that another process goes on with later is seen to its end, and no further one is made.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import stamina

from rushes.amounts import counted, usd
from rushes.clock import Clock
from rushes.errors import JobFailed, NotSent, OverBudget, Overdue, Refused, Unclear, VideoError
from rushes.http import httpx
from rushes.jobs import money
from rushes.jobs.crashpoint import crashpoint
from rushes.jobs.driver import EmbeddedDriver
from rushes.jobs.fetch import room_for_clips
from rushes.jobs.health import Health
from rushes.jobs.link import Link
from rushes.jobs.machine import Event, Machine
from rushes.jobs.orders import error_of, intent, order
from rushes.jobs.slots import Slots
from rushes.ledger import OPEN, Caps, Intent, Job, Ledger, Order, State
from rushes.plan import Plan
from rushes.providers.base import Prepared
from rushes.request import VideoRequest
from rushes.router.policy import Policy
from rushes.router.route import MONEY, Filter, Left, Route
from rushes.take import Take, take_of

logger = logging.getLogger(__name__)

Result = Take | VideoError
#: Filters that may leave an endpoint out of one attempt and not of another.
FOR_NOW: frozenset[Filter] = MONEY | {"deadline", "off"}


@dataclass
class Call:
    """One call for clips: what it may spend and how it goes on after a failure."""

    request: VideoRequest
    policy: Policy
    #: Ranks what is left, for a further attempt.
    rank: Callable[[Left], Awaitable[Route]]
    cap: Decimal | None
    caps: Caps
    run: str | None
    label: str | None
    simulated: bool
    #: By when everything must have come to an end.
    deadline: datetime | None
    #: Micro-dollars that each of its jobs counts for, as last seen.
    spent: dict[str, int] = field(default_factory=dict)
    #: Orders that stand in the ledger.
    written: set[str] = field(default_factory=set)

    @property
    def budget(self) -> Decimal | None:
        """US dollars that are left of the cap."""
        return None if self.cap is None else self.cap - money.dollars(sum(self.spent.values()))


@dataclass(frozen=True)
class Attempt:
    """One endpoint that was asked for an order; `job` None where nothing came to be sent."""

    endpoint: str
    job: Job | None
    why: str
    #: Micro-dollars that it counts for, for each clip that did not come of it; None where nobody knows.
    paid: int | None

    def __str__(self) -> str:
        paid = None if self.paid is None else money.dollars(self.paid)
        cost = "" if self.job is None else f" (job {self.job.id}, counted: {usd(paid)})"
        return f"{self.endpoint}: {self.why}{cost}"


class Runner:
    """Everything that is sent for a clip goes through here."""

    def __init__(
        self,
        ledger: Ledger,
        machine: Machine,
        driver: EmbeddedDriver,
        health: Health,
        slots: Slots,
        *,
        link: Callable[[str, str | None], Link],
        keys: Callable[[str], Sequence[str | None]],
        clock: Clock,
        home: Path,
        on_event: Callable[[Event], None],
    ) -> None:
        """`link` leads to an endpoint with one of its provider's keys; `keys` are the names of those that are set."""
        self._ledger, self._machine, self._driver = ledger, machine, driver
        self._health, self._slots = health, slots
        self._link, self._keys = link, keys
        self._clock, self._home = clock, home
        self._on_event = on_event

    async def run(self, call: Call, route: Route) -> list[Result]:
        """One result for each clip of the request, in order. Raises a VideoError where nothing was sent at all.

        A caller that gives up leaves what has been sent running at the vendors; what has not is withdrawn.
        """
        request, now = call.request, self._clock.now()
        document = route.json() if len(route.standings) + len(route.excluded) > 1 else None
        orders = [
            order(request, now, simulated=call.simulated, run=call.run, label=call.label, route=document)
            for _ in range(request.count)
        ]
        room_for_clips(self._home)
        await self._driver.start()
        try:
            results = await self._make(call, route, orders, [])
        except asyncio.CancelledError:
            await asyncio.shield(self._withdraw(call))
            raise
        found = [results[each.id] for each in orders]
        if not call.spent and isinstance(found[0], VideoError):
            raise found[0]
        return found

    async def results(self, job: Job) -> list[Result]:
        """One result for each order of a job that has ended or stands still."""
        orders = await self._ledger.orders_of(job.id)
        rows = {row.order: row for row in await self._ledger.takes(job=job.id)}
        if job.state is not State.SUCCEEDED:
            return [error_of(job) for _ in orders]
        why = f"{job.endpoint}: {job.reason or 'held back by the vendor'}"
        missing = JobFailed if job.kind == "vendor" else Refused
        return [take_of(rows[each.id], job, each, self._home) if each.id in rows else missing(why) for each in orders]

    # --- one endpoint, and then the next ------------------------------------------------------------------------------

    async def _make(
        self, call: Call, route: Route, orders: Sequence[Order], before: Sequence[Attempt]
    ) -> dict[str, Result]:
        """Sends orders to the first endpoint of a route, and what comes to nothing there on to others."""
        plan = route.first.plan
        most = plan.endpoint.inputs.samples
        others = len(route.standings) > 1 and len(before) + 1 < call.policy.fallback.attempts
        sent: list[tuple[Job, Sequence[Order]]] = []
        rest, stopped = orders, None
        with self._clock.working():
            while rest and stopped is None:
                part = rest[:most]
                try:
                    sent.append((await self._submit(call, plan, part, before, others=others), part))
                    rest = rest[most:]
                except VideoError as error:
                    stopped = error
        following = [self._see_through(call, job, part, before, others=others) for job, part in sent]
        if stopped is not None:
            following.append(self._stopped(call, plan, rest, before, stopped))
        tasks = [asyncio.ensure_future(each) for each in following]
        try:
            found = await asyncio.gather(*tasks)
        finally:
            # Whoever is no longer waited for asks nobody else.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return {id: result for each in found for id, result in each.items()}

    async def _stopped(
        self, call: Call, plan: Plan, orders: Sequence[Order], before: Sequence[Attempt], error: VideoError
    ) -> dict[str, Result]:
        """What becomes of orders of which nothing was sent to an endpoint."""
        results: dict[str, Result] = {each.id: error for each in orders}
        if not (error.fallback and call.policy.fallback.after_failed):
            return results
        failed = Attempt(plan.endpoint.id, None, error.message.removeprefix(f"{plan.endpoint.id}: "), 0)
        return await self._elsewhere(call, orders, [*before, failed], results)

    async def _see_through(
        self, call: Call, job: Job, orders: Sequence[Order], before: Sequence[Attempt], *, others: bool
    ) -> dict[str, Result]:
        try:
            job = await self._driver.wait(job)
        except VideoError as error:
            # It may run on at the vendor, and is driven again at the next beat: no reason to ask for it again.
            error.hint = f"Job {job.id} may go on: `rushes jobs resume {job.id}` waits for it."
            return {each.id: error for each in orders}
        call.spent[job.id] = job.spent
        with self._clock.working():
            results = dict(zip((each.id for each in orders), await self.results(job), strict=True))
        short = [each for each in orders if goes_on(call.policy, results[each.id])]
        if not short or job.state in OPEN:  # an open one is another process's to see to its end
            if others:
                for each in results.values():
                    _tell([each], [], _ruled_out(call.policy, each))
            return results
        good = [each for each in results.values() if isinstance(each, Take) and not goes_on(call.policy, each)]
        attempt = Attempt(job.endpoint, job, _why(results[short[0].id], job), _paid(job, len(good), len(short)))
        found = await self._elsewhere(call, short, [*before, attempt], {each.id: results[each.id] for each in short})
        return results | found

    async def _elsewhere(
        self, call: Call, orders: Sequence[Order], attempts: Sequence[Attempt], results: Mapping[str, Result]
    ) -> dict[str, Result]:
        """What another endpoint made of these orders, or else `results` with the reason why none was asked."""
        known = [each.paid for each in attempts if each.paid is not None]
        paid = money.dollars(sum(known)) if len(known) == len(attempts) else None
        reason = self._against(call, attempts, paid)
        if reason is None:
            most = call.policy.max_usd
            now = self._clock.now()
            left = Left(
                tried=frozenset(each.endpoint for each in attempts),
                count=len(orders),
                cap=call.cap,
                call_usd=call.budget,
                clip_usd=None if most is None or paid is None else most - paid,
                seconds=None if call.deadline is None else (call.deadline - now).total_seconds(),
            )
            with self._clock.working():
                route = await call.rank(left)
            if route.standings:
                made = await self._make(call, route, orders, attempts)
                over = {id: each for id, each in made.items() if isinstance(each, VideoError)}
                kept = {id: results[id] for id, error in over.items() if _no_better(error, results[id])}
                if kept:
                    _tell(kept.values(), attempts, over[next(iter(kept))].message)
                return made | kept
            reason = _nobody(route)
        _tell(results.values(), attempts, reason)
        return dict(results)

    def _against(self, call: Call, attempts: Sequence[Attempt], paid: Decimal | None) -> str | None:
        """Why the policy asks no further endpoint; None where it does. `paid`: for one clip, None: nobody knows."""
        rules = call.policy.fallback
        if len(attempts) >= rules.attempts:
            return f"the policy {call.policy.name} allows {counted(rules.attempts, 'attempt')}"
        if call.deadline is not None and self._clock.now() >= call.deadline:
            return "the deadline of the route has passed"
        if paid is None:
            return "nobody knows what the attempt before cost"
        if paid and rules.spending == "free":
            return (
                f"the policy {call.policy.name} goes on only where nothing was spent, and what was tried counts for "
                f"{usd(paid)}"
            )
        if paid and call.policy.max_usd is None and call.cap is None:
            return f"what was tried counts for {usd(paid)}, and there is no max_usd to stay within"
        return None

    # --- one job ------------------------------------------------------------------------------------------------------

    async def _submit(
        self, call: Call, plan: Plan, orders: Sequence[Order], before: Sequence[Attempt], *, others: bool
    ) -> Job:
        """Writes the intent down and has it driven. Raises a VideoError where nothing was or will be sent."""
        key = self._key(plan.endpoint.id)
        with self._slots.coming((plan.endpoint.provider, key)):
            return await self._submit_with(key, call, plan, orders, before, others=others)

    async def _submit_with(
        self,
        key: str | None,
        call: Call,
        plan: Plan,
        orders: Sequence[Order],
        before: Sequence[Attempt],
        *,
        others: bool,
    ) -> Job:
        link = self._link(plan.endpoint.id, key)
        submission = link.adapter.submission(await self._prepared(link, plan, len(orders)))
        crashpoint("before-intent")
        wanted = intent(
            plan,
            submission,
            orders,
            link,
            self._clock.now(),
            runner=self._ledger.runner,
            simulated=call.simulated,
            max_usd=call.budget,
            caps=call.caps,
            deadline=call.deadline,
            notes=[f"fallback from {each}" for each in before],
            again=orders[0].id in call.written,
        )
        job = wanted.job
        # Before the ledger answers: what other orders of this call may use is less from now on.
        call.spent[job.id] = job.reserved
        try:
            await self._intend(wanted)
        except BaseException:
            del call.spent[job.id]
            raise
        call.written |= {each.id for each in orders}
        crashpoint("after-intent")
        if others:
            self._machine.patience(job.id, call.policy.fallback.patience)
        self._driver.wake(job)
        if before:
            self._tell(Event(job, f"fallback from {before[-1]}"))
        return job

    def _tell(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception as error:
            logger.error("job %s: on_event raised %s", event.job.id, type(error).__name__)

    def _key(self, endpoint: str) -> str | None:
        """The credential with most room, of those that are not better left alone for a moment."""
        keys = self._keys(endpoint)
        provider = endpoint.partition("/")[0]
        well = [each for each in keys if self._health.pause((endpoint, each)) is None]
        return min(well or keys, key=lambda each: self._slots.load((provider, each)), default=None)

    async def _prepared(self, link: Link, plan: Plan, samples: int) -> Prepared:
        """The inputs read, fitted and uploaded; costs nothing, so it is tried again where the network fails."""
        retries = stamina.retry_context(on=httpx.TransportError, attempts=4, timeout=120)
        try:
            async for attempt in retries:
                with attempt:
                    return await link.adapter.prepare(link.api, plan, samples)
        except httpx.HTTPError as error:
            raise NotSent(f"{plan.endpoint.id}: the inputs could not be uploaded ({type(error).__name__})") from None
        raise AssertionError("stamina either returns or raises")

    async def _intend(self, wanted: Intent) -> None:
        """Writes an intent down; where the caller gives up meanwhile, the job is withdrawn: nobody would drive it."""
        writing = asyncio.ensure_future(self._ledger.intend(wanted))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            with suppress(VideoError):
                await writing
                await self._driver.withdraw(wanted.job)
            raise

    async def again(self, wanted: Intent) -> None:
        """Writes down and drives an intent that a person decided on, also where its caller gives up meanwhile.

        What it stands in for is given up in the same moment: without it there would be nothing left to decide.
        """
        writing = asyncio.ensure_future(self._ledger.intend(wanted))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            with suppress(VideoError):
                await asyncio.shield(writing)
                self._driver.wake(wanted.job)
            raise
        self._driver.wake(wanted.job)

    async def _withdraw(self, call: Call) -> None:
        """Gives up what has not been sent."""
        for id in [*call.spent]:
            job = await self._ledger.job(id)
            if job is not None and job.state is State.QUEUED:
                await self._driver.withdraw(job)


def goes_on(policy: Policy, result: Result) -> bool:
    """True where the policy wants another endpoint asked after this."""
    rules = policy.fallback
    match result:
        case Take():
            return rules.after_unfit and bool(result.unfit)
        case Refused():
            return rules.after_refused
        case Unclear():
            return rules.after_unclear
        case Overdue():
            return rules.after_overdue
        case JobFailed(kind="cancelled"):
            return False  # somebody wanted it to end
        case _:
            return result.fallback and rules.after_failed


def _why(result: Result, job: Job) -> str:
    if isinstance(result, Take):
        return "; ".join(result.unfit)
    return job.reason or result.message.removeprefix(f"{job.endpoint}: ")


def _no_better(error: VideoError, before: Result) -> bool:
    """True where an attempt leaves everything as it was before."""
    # A clip that is not quite what was ordered is more than none; what a cap kept back was never sent.
    return isinstance(before, Take) or isinstance(error, OverBudget)


def _nobody(route: Route) -> str:
    """Why none of the endpoints that are left was asked; empty where none is left."""
    held = [each for each in route.excluded if {*each.filters} <= FOR_NOW]
    reasons = "; ".join(f"{each.candidate.endpoint.id}: {', '.join(each.reasons)}" for each in held)
    return reasons or ("no other endpoint can make it" if route.excluded else "")


def _paid(job: Job, good: int, short: int) -> int | None:
    """What each of `short` clips that did not come of a job counts for, in micro-dollars; None where nobody knows.

    What it counts for beyond `good` clips at their price: a vendor may bill those that were of no use.
    """
    if job.price is None:
        return 0 if job.settled_how == "not billed" else None
    return -(-max(job.spent - job.price * good, 0) // short)


def _ruled_out(policy: Policy, result: Result) -> str:
    """Which rule of the policy keeps this from being asked for elsewhere; empty where none does."""
    match result:
        case Refused():
            return f"the policy {policy.name} asks nobody else after a refusal by moderation (after_refused)"
        case Unclear():
            return f"the policy {policy.name} asks nobody else while a job may have been accepted (after_unclear)"
        case Overdue():
            return f"the policy {policy.name} asks nobody else while a job may still come (after_overdue)"
        case VideoError(fallback=True) if not policy.fallback.after_failed:
            return f"the policy {policy.name} asks nobody else after a failure (after_failed)"
        case _:
            return ""


def _tell(results: Iterable[Result], attempts: Sequence[Attempt], reason: str) -> None:
    """Has errors say what was tried before, and why nothing else was."""
    # Orders that were never sent share the one error that stopped them.
    for error in {id(each): each for each in results if isinstance(each, VideoError)}.values():
        said = [error.hint] if error.hint else []
        if len(attempts) > 1:
            said.append(f"Tried before: {'; '.join(str(each) for each in attempts[:-1])}.")
        if reason:
            said.append(f"Nothing else was tried: {reason}.")
        error.hint = " ".join(said) or None
