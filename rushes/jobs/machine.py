"""The life of a job, one bounded step at a time; whoever drives it calls `step` until it ends.

No clip lost, nothing paid twice:

* The intent is durable before the POST, the outcome right after it.
* A submit is sent at most once. What may have been accepted is never sent again, and nothing fails over from it.
* Polls and downloads may be repeated as often as need be. No poll is written down.
* Whoever lost the fence to another process writes nothing more.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any, TypeVar

from rushes.card import Size
from rushes.clock import Clock
from rushes.config import Limits
from rushes.errors import (
    BadFile,
    BadReply,
    DiskFull,
    JobFailed,
    JobLost,
    LedgerBroken,
    NotAuthorized,
    NotSent,
    RateLimited,
    Refused,
    Retired,
    Unclear,
    Unsupported,
    VideoError,
)
from rushes.evidence import Evidence
from rushes.http import httpx, send
from rushes.jobs import cancelling, money, outcome
from rushes.jobs.crashpoint import crashpoint
from rushes.jobs.fetch import Fetched, fetch
from rushes.jobs.health import Health
from rushes.jobs.link import Link, Links
from rushes.jobs.lived import lived
from rushes.jobs.polling import Expectation, wait
from rushes.ledger import FINAL, PARKED, Job, Ledger, State, TakeRow, Transition, new_id
from rushes.plan import Settings
from rushes.providers.base import Pending, Ready, Ticket, Times
from rushes.request import Mode

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

#: A job that the vendor does not know this soon after it was accepted may still turn up.
GRACE = 30.0
#: A queue seen only between two polls is told if they were no further apart than this share of the whole.
QUEUE_DOUBT = 0.2
#: How often a broken file is fetched before the job counts as failed.
FETCHES = 4
#: How often an unclear job is looked up before it waits for a person.
LOOKS = 3
#: Our clock and the vendor's may differ by this much.
SKEW = timedelta(seconds=30)


@dataclass(frozen=True)
class Next:
    """Where a job stands, and after how many seconds to step again; None: not until somebody decides."""

    job: Job
    wait: float | None


@dataclass(frozen=True)
class Event:
    """Something to show a person. `progress` is the vendor's percentage, where it tells."""

    job: Job
    what: str
    progress: float | None = None


@dataclass
class _Watch:
    """What one process has seen of a job; lost with it, and no harm done."""

    #: How many seconds it may go on not being taken.
    patience: float
    #: When it was first to be sent; how long it waited for its turn does not count against its patience.
    first_try: datetime | None = None
    #: Seconds that the vendor asked us to wait before it is sent again.
    asked: float | None = None
    last_not_done: datetime | None = None
    last_queued: datetime | None = None
    first_started: datetime | None = None
    first_done: datetime | None = None
    #: True where it was not looked at when it was due to be.
    blind: bool = False
    not_ready: int = 0
    fetches: int = 0
    looks: int = 0
    words: set[str] = field(default_factory=set)


class Machine:
    """The only code that submits, polls and fetches, and the only code that changes a job's state."""

    def __init__(
        self,
        ledger: Ledger,
        links: Links,
        clock: Clock,
        limits: Limits,
        *,
        forecast: Callable[[Job], Expectation | None],
        health: Health | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        """`forecast`: how long such a job takes; None where nobody knows."""
        self._forecast = forecast
        self._health = Health(clock) if health is None else health
        self._ledger = ledger
        self._links = links
        self._clock = clock
        self._limits = limits
        self._on_event = on_event or (lambda event: None)
        self._watches: dict[str, _Watch] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        #: Submits and cancels on their way.
        self._sending: set[asyncio.Task[Any]] = set()

    async def aclose(self) -> None:
        """Waits for submits and cancels that are on their way, so that their outcome is written down."""
        while self._sending:
            await asyncio.gather(*self._sending, return_exceptions=True)

    def patience(self, job: str, seconds: float) -> None:
        """How long a job may go on not being taken, where another endpoint is there to be asked instead."""
        self._watch(job).patience = seconds

    def _watch(self, job: str) -> _Watch:
        if job not in self._watches:
            self._watches[job] = _Watch(self._limits.patience)
        return self._watches[job]

    async def step(self, id: str) -> Next:
        """Takes a job one step on. May be called twice, late, or by two processes."""
        lock = self._locks.setdefault(id, asyncio.Lock())
        async with lock:
            following = await self._step(id)
        if following.job.state in FINAL:
            self._watches.pop(id, None)
            self._locks.pop(id, None)
        return following

    async def _step(self, id: str) -> Next:
        job = await self._ledger.job(id)
        if job is None:
            raise JobLost(f"no job {id} in the ledger")
        if job.state in FINAL or job.runner != self._ledger.runner:
            return Next(job, None)
        match job.state:
            case State.QUEUED:
                return await self._submit(job)
            case State.SENDING:
                return await self._unclear(job, "the process ended while it was being sent")
            case State.RUNNING:
                return await self._poll(job)
            case State.UNCLEAR:
                return await self._reconcile(job)
            case _:
                return Next(job, None)

    # --- submitting ---------------------------------------------------------------------------------------------------

    async def _submit(self, job: Job) -> Next:
        watch = self._watch(job.id)
        now = self._clock.now()
        watch.first_try = watch.first_try or now
        pause = self._health.pause((job.endpoint, job.credential))
        if job.deadline is not None and now >= job.deadline:
            why = job.reason or (pause and pause.why)
            late = NotSent("the deadline passed before it could be sent" + (f"; it waited after: {why}" if why else ""))
            return await self._end(job, late, settled=money.Settlement(0, "not billed"))
        if not job.attempts and pause is not None and pause.helps:
            left = (pause.until - now).total_seconds()
            if self._waited(job) + left < watch.patience:
                self._tell(job, f"not asked for another {left:.0f} s: {pause.why}")
                return Next(job, self._in_time(job, left))
            cooling = NotSent(f"not asked for another {left:.0f} s: {pause.why}")
            return await self._end(job, cooling, settled=money.Settlement(0, "not billed"))
        try:
            link = self._links(job)
            link_headers = await link.auth.headers()
            sent = await self._ledger.bytes_of(job.id)
            if sent is None:
                raise BadReply("its bytes are no longer in the ledger")
            headers = {**sent.headers, "content-type": sent.content_type, **link_headers}
            request = link.submits.build_request(
                "POST", link.api.url(sent.path), headers=headers, content=sent.body, extensions={"trace": _trace}
            )
        except VideoError as error:
            wait = _patience(job.attempts)
            if error.again and self._waited(job) + wait < watch.patience:
                return Next(job, self._in_time(job, wait))
            return await self._end(job, error, settled=money.Settlement(0, "not billed"))
        except (ValueError, TypeError, httpx.InvalidURL) as error:
            unbuilt = NotSent(f"the request cannot be built ({type(error).__name__})")
            return await self._end(job, unbuilt, settled=money.Settlement(0, "not billed"))
        # Cancelling us must not cancel a POST that is on its way: of 20 cancelled after 30 ms, 19 had been accepted.
        task = asyncio.create_task(self._send(job, link, request))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        job = await asyncio.shield(task)
        match job.state:
            case State.RUNNING:
                self._tell(job, "accepted")
                return Next(job, self._next_poll(job, link))
            case State.QUEUED:
                return Next(job, self._in_time(job, max(_patience(job.attempts), watch.asked or 0.0)))
            case State.UNCLEAR:
                return await self._reconcile(job)
            case _:
                return Next(job, None)

    def _in_time(self, job: Job, pause: float) -> float:
        """A pause that ends with the deadline of the route, if that is sooner."""
        if job.deadline is None:
            return pause
        return min(pause, max((job.deadline - self._clock.now()).total_seconds(), 0.0) + 0.001)

    def _waited(self, job: Job) -> float:
        """Seconds since this process first tried to send it."""
        now, watch = self._clock.now(), self._watches.get(job.id)
        return (now - ((watch and watch.first_try) or now)).total_seconds()

    async def _send(self, job: Job, link: Link, request: httpx.Request) -> Job:
        at = self._clock.now()
        started, wall = time.monotonic(), time.time()
        values: dict[str, Any] = {"state": State.SENDING, "sending": at, "attempts": job.attempts + 1}
        if not await self._move(job, values, {State.QUEUED}):
            return await self._fresh(job)
        job = replace(job, **values)
        crashpoint("after-sending")
        # Monotonic clocks stand still while a machine sleeps, wall clocks may be set: either may tell.
        if max(time.monotonic() - started, time.time() - wall) > self._limits.guard:
            await self._move(job, {"state": State.QUEUED, "reason": "frozen while about to be sent"}, {State.SENDING})
            return await self._fresh(job)
        try:
            response = await send(link.submits, request)
            result = outcome.of_answer(response, link.adapter)
        except asyncio.CancelledError:
            await self._store(job, outcome.Doubtful("cancelled while it was being sent"), {})
            raise
        except Exception as error:
            response = None
            result = outcome.of_failure(error)
        crashpoint("answered")
        self._judge(job, result)
        return await self._store(job, result, {} if response is None else response.headers)

    def _judge(self, job: Job, result: outcome.Outcome) -> None:
        """What an answer says about the endpoint's health; one that is retired, or will not take this job, is well."""
        door = (job.endpoint, job.credential)
        match result:
            case outcome.Accepted():
                self._health.took(door)
            case outcome.Again(error) | outcome.Rejected(NotAuthorized() as error):
                self._health.turned_away(door, error)
            case outcome.Doubtful(reason):
                self._health.turned_away(door, Unclear(reason))

    async def _store(self, job: Job, result: outcome.Outcome, headers: Mapping[str, str]) -> Job:
        """Makes the outcome durable, however long that takes: the vendor knows it already, and we must."""
        values = self._outcome_values(job, result)
        if "x-rushes-simulated" in headers:
            values["simulated"] = True
            scale = headers.get("x-rushes-time-scale", "")
            values["time_scale"] = job.time_scale if scale == "virtual" else _scale(scale)
        keep_bytes = values["state"] in (State.QUEUED, State.UNCLEAR)

        async def store() -> Job:
            stored = await self._move(job, values, {State.SENDING}, drop_bytes=not keep_bytes)
            if not stored and isinstance(result, outcome.Accepted):
                logger.error(
                    "job %s: accepted by the vendor as %s after another process had taken it over",
                    job.id,
                    result.ticket.id,
                )
            crashpoint("after-accepted")
            return replace(job, **values) if stored else await self._fresh(job)

        return await _durably(store, f"job {job.id}: the outcome {result}")

    def _outcome_values(self, job: Job, result: outcome.Outcome) -> dict[str, Any]:
        now = self._clock.now()
        match result:
            case outcome.Accepted(ticket):
                deadline = now + timedelta(seconds=self._limits.deadline)
                if job.deadline is not None:
                    deadline = min(deadline, job.deadline)
                accepted = {"id": ticket.id, "extra": dict(ticket.extra)}
                return {
                    "state": State.RUNNING,
                    "ticket": accepted,
                    "accepted": now,
                    "deadline": deadline,
                    "reason": None,
                }
            case outcome.Again(error) if (
                self._waited(job) + max(_asked(error) or 0.0, _patience(job.attempts)) < self._watch(job.id).patience
            ):
                asked = self._watches[job.id].asked = _asked(error)
                reason = error.message + (f"; the vendor asks for {asked:g} s" if asked else "")
                return {"state": State.QUEUED, "reason": reason}
            case outcome.Again(error) | outcome.Rejected(error):
                return {
                    "state": State.FAILED,
                    "kind": _kind(error),
                    "reason": error.message,
                    "ended": now,
                    "settled": 0,
                    "settled_how": "not billed",
                }
            case outcome.Doubtful(reason):
                return {"state": State.UNCLEAR, "reason": reason}

    # --- unclear ------------------------------------------------------------------------------------------------------

    async def _unclear(self, job: Job, reason: str) -> Next:
        await self._move(job, {"state": State.UNCLEAR, "reason": reason}, {State.SENDING})
        return await self._reconcile(await self._fresh(job))

    async def _reconcile(self, job: Job) -> Next:
        """Adopts the vendor's job, if exactly one can be it and it can be nobody else's.

        A list that lacks it proves nothing.
        """
        watch = self._watch(job.id)
        if not watch.looks:
            self._tell(job, "unclear")
        if job.state is not State.UNCLEAR or job.sending is None:
            return Next(job, None)
        settle = self._limits.guard + self._limits.submit_timeout + self._limits.settle
        try:
            link = self._links(job)
        except VideoError as error:  # a key that is not there comes of no waiting
            logger.warning("job %s: cannot be looked up: %s", job.id, error.message)
            return Next(job, None)
        try:
            if not link.adapter.listable:
                return Next(job, None)
            # The frozen process may yet send, and the vendor needs a moment to list what it accepted.
            settled = job.sending + timedelta(seconds=settle)
            if (left := (settled - self._clock.now()).total_seconds()) > 0:
                return Next(job, left)
            watch.looks += 1
            early, late = job.sending - SKEW, settled + SKEW
            found = await link.adapter.find(link.api, job.fingerprint, early, late)
        except (VideoError, httpx.HTTPError) as error:
            logger.warning("job %s: cannot be looked up: %s", job.id, said(error))
            return Next(job, settle if watch.looks < LOOKS else None)
        # In this order: a rival that is accepted in between shows its ticket.
        rivals = [
            each
            for each in await self._ledger.jobs(states=[State.UNCLEAR, State.SENDING])
            if each.id != job.id and _account(each) == _account(job) and _claim(each) == _claim(job)
        ]
        taken = await self._ledger.tickets(job.base_url)
        free = [each for each in found if each.ticket.id not in taken]
        if len(free) == 1 and free[0].certain and not rivals:
            return await self.adopt(job, free[0].ticket, free[0].created)
        return Next(job, settle if watch.looks < LOOKS else None)

    async def adopt(self, job: Job, ticket: Ticket, accepted: datetime | None = None) -> Next:
        """Goes on with a vendor's job that was found to be this one."""
        now = self._clock.now()
        values = {
            "state": State.RUNNING,
            "ticket": {"id": ticket.id, "extra": dict(ticket.extra)},
            "accepted": accepted or now,
            "deadline": now + timedelta(seconds=self._limits.deadline),
            "reason": "adopted from the vendor's list" if accepted else "adopted by hand",
        }
        await self._move(job, values, {State.UNCLEAR}, drop_bytes=True)
        self._watch(job.id).blind = True
        return Next(await self._fresh(job), 0.0)

    async def write_off(self, job: Job) -> Job:
        """Gives an unclear or overdue job up; what it may have cost counts as spent."""
        await self._ledger.move(self.written_off(job))
        return await self._fresh(job)

    def written_off(self, job: Job) -> Transition:
        """What `write_off` does, for who has to do it together with something else."""
        values = self._ending(job, JobLost("written off by hand"), money.Settlement(job.reserved, "assumed"))
        return Transition(job.id, job.fence, PARKED, values, drop_bytes=True)

    async def withdraw(self, job: Job) -> Job:
        """Gives up a job that has not been sent; one that has been stays as it is."""
        return await self.give_up(job, JobFailed("withdrawn before it was sent", kind="cancelled"))

    async def give_up(self, job: Job, error: VideoError) -> Job:
        """The same, for another reason."""
        values = self._ending(job, error, money.Settlement(0, "not billed"))
        given_up = await self._move(job, values, {State.QUEUED}, drop_bytes=True)
        job = await self._fresh(job)
        if given_up:
            self._tell(job, job.state)
        return job

    async def extend_deadline(self, job: Job) -> Job:
        """Lets an overdue job be polled again."""
        deadline = self._clock.now() + timedelta(seconds=self._limits.deadline)
        await self._move(job, {"state": State.RUNNING, "deadline": deadline, "reason": None}, {State.OVERDUE})
        return await self._fresh(job)

    # --- cancelling ---------------------------------------------------------------------------------------------------

    async def cancel(self, job: Job) -> Next:
        """Gives up what was not sent, and asks the vendor, once, to stop what it has taken.

        The vendor's job is polled on until the vendor says what became of it: it may have finished meanwhile. Which
        process drives it does not matter; that one learns of its end from the vendor. Raises a VideoError that says why
        where nothing was changed.
        """
        while job.state is State.QUEUED:
            job = await self.withdraw(job)
            if job.state is State.CANCELLED:
                return Next(job, 0.0)
        cancelling.check(job)
        # Whoever gives up waiting must not keep the vendor's answer from being written down.
        task = asyncio.create_task(self._cancel_alone(job))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return await asyncio.shield(task)

    async def _cancel_alone(self, job: Job) -> Next:
        # No poll of ours may find the job gone before the ledger knows why.
        async with self._locks.setdefault(job.id, asyncio.Lock()):
            with self._clock.working():
                return await self._cancel(await self._fresh(job))

    async def _cancel(self, job: Job) -> Next:
        cancelling.check(job)
        link, ticket, we = self._links(job), _ticket(job), self._ledger.runner
        if not await cancelling.has_ended(link, job, ticket, new=self._is_new(job)):
            # Before it is asked: whoever finds the job gone must know why, whatever becomes of us and of the answer.
            if not await self._mark(job, cancelling.asking(we, self._clock.now())):
                return Next(await self._fresh(job), 0.0)
            answer = await cancelling.ask(link, job, ticket)
            if answer.error is None:
                await self._mark_durably(job, cancelling.now_taken(we, self._clock.now()))
            else:
                if not answer.doubtful:
                    await self._mark_durably(job, cancelling.not_taken(we))
                if cancelling.taken(await self._fresh(job)) is None:  # else another process has asked just before us
                    raise answer.error
            self._tell(job, "the vendor was asked to stop it")
        job = await self.extend_deadline(await self._fresh(job))
        return Next(job, link.provider.poll_seconds / job.time_scale)

    async def _mark(self, job: Job, change: cancelling.Change) -> bool:
        """Notes something in the ticket of a job that a vendor has; False where it has come to its end meanwhile."""
        while not await self._ledger.mark(job, cancelling.AT_THE_VENDOR, change):
            job = await self._fresh(job)
            if job.state not in cancelling.AT_THE_VENDOR:
                return False
        return True

    async def _mark_durably(self, job: Job, change: cancelling.Change) -> None:
        await _durably(lambda: self._mark(job, change), f"job {job.id}: what the vendor said to the cancel")

    def _is_new(self, job: Job) -> bool:
        """True where a vendor that does not know it may not show it yet."""
        return (self._clock.now() - _accepted(job)).total_seconds() < GRACE

    # --- waiting ------------------------------------------------------------------------------------------------------

    async def _poll(self, job: Job) -> Next:
        watch = self._watch(job.id)
        try:
            link = self._links(job)
        except VideoError as error:
            return await self._later(job, watch, None, error)
        try:
            answer = await link.adapter.poll(link.api, _ticket(job))
        except JobLost as error:
            # Another process may have cancelled it since this one looked.
            fresh = await self._fresh(job)
            if cancelling.asked(fresh):
                how = "cancelled" if cancelling.taken(fresh) else "asked to cancel it, the vendor gave no clear answer"
                return await self._end(job, JobFailed(f"{how}, and the vendor knows it no longer", kind="cancelled"))
            if self._is_new(job):
                return await self._later(job, watch, link, error)
            return await self._end(job, error)
        except (Refused, JobFailed) as error:
            return await self._end(job, error)
        except Exception as error:  # also one that our own code trips over: the vendor's job runs on
            return await self._later(job, watch, link, error)
        if isinstance(answer, Pending):
            return await self._pending(job, watch, link, answer)
        now = self._clock.now()
        watch.first_done = watch.first_done or now
        if not answer.clips:
            return await self._end(job, Refused("; ".join(answer.refused) or "finished without a clip"))
        return await self._fetch(job, watch, link, answer)

    async def _pending(self, job: Job, watch: _Watch, link: Link, answer: Pending) -> Next:
        now = self._clock.now()
        watch.last_not_done, watch.not_ready = now, 0
        if answer.started:
            watch.first_started = watch.first_started or now
        elif answer.started is False:
            watch.last_queued = now
        if answer.unknown and answer.unknown not in watch.words:
            watch.words.add(answer.unknown)
            logger.warning("job %s: the vendor says '%s', which nobody knows; waiting on", job.id, answer.unknown)
        self._tell(job, "rendering" if answer.started else "waiting", answer.progress)
        return await self._or_overdue(job, max(self._next_poll(job, link), answer.wait or 0.0))

    async def _later(self, job: Job, watch: _Watch, link: Link | None, error: Exception) -> Next:
        """A poll or a download that failed is no news: the job runs on."""
        watch.not_ready += 1
        watch.blind = True
        logger.info("job %s: %s", job.id, said(error))
        asked, backoff = _asked(error), min(2.0 * 2 ** min(watch.not_ready, 5), 60.0)
        fastest = backoff if link is None else link.provider.poll_seconds / job.time_scale
        pause = backoff if asked is None else max(asked, fastest)
        self._tell(job, f"asking again: {said(error)}")
        return await self._or_overdue(job, pause, f"; the last time: {said(error)}")

    async def _or_overdue(self, job: Job, pause: float, trouble: str = "") -> Next:
        now = self._clock.now()
        if job.deadline is None or now < job.deadline:
            left = pause if job.deadline is None else min(pause, (job.deadline - now).total_seconds() + 0.001)
            return Next(job, left)
        reason = (
            f"no clip {(job.deadline - _accepted(job)).total_seconds():g} s after it was accepted{trouble}; "
            f"`rushes jobs resume {job.id}` waits on"
        )
        values: dict[str, Any] = {"state": State.OVERDUE, "reason": reason}
        # Where asking or fetching failed, or a caller was in a hurry, the wait says nothing of the endpoint.
        hurried = (job.deadline - _accepted(job)).total_seconds() < self._limits.deadline
        found = () if trouble or hurried else lived(replace(job, **values), (), now)
        await self._move(job, values, {State.RUNNING}, evidence=found)
        self._tell(job, "overdue")
        return Next(await self._fresh(job), None)

    def _next_poll(self, job: Job, link: Link) -> float:
        elapsed = (self._clock.now() - _accepted(job)).total_seconds() * job.time_scale
        fastest = link.provider.poll_seconds
        pause = wait(self._forecast(job), elapsed, fastest=fastest)
        watch = self._watch(job.id)
        if link.adapter.shows_start and watch.first_started is None:
            # A few early looks, each twice as late as the last, tell the queue from the rendering.
            pause = min(pause, max(fastest, elapsed))
        if (asked := cancelling.taken(job)) is not None:
            pause = min(pause, max(fastest, (self._clock.now() - asked).total_seconds() * job.time_scale))
        return pause / job.time_scale

    # --- fetching -----------------------------------------------------------------------------------------------------

    async def _fetch(self, job: Job, watch: _Watch, link: Link, ready: Ready) -> Next:
        self._tell(job, "downloading", 100.0)
        folder = self._ledger.home / "takes" / job.endpoint.replace("/", "-")
        begun = self._clock.now()
        fetched: list[Fetched] = []
        broken: list[BadFile] = []
        try:
            for sample, clip in enumerate(ready.clips):
                stem = f"{job.id}-{sample}"
                try:
                    fetched.append(await fetch(link.api, clip, folder, stem, max_bytes=self._limits.max_clip_bytes))
                except BadFile as error:
                    broken.append(error)
        except OSError as error:
            return await self._later(
                job, watch, link, DiskFull(f"the clip cannot be written: {error.strerror or error}")
            )
        except Exception as error:
            return await self._later(job, watch, link, error)
        crashpoint("file-written")
        if broken:
            watch.fetches += 1
            if watch.fetches < FETCHES:
                return await self._later(job, watch, link, broken[0])
        unusable = [f"the finished file is unusable: {error.message}" for error in broken]
        if not fetched:
            return await self._end(job, JobFailed(unusable[0]), self._settle_delivered(job, link, ready))
        return await self._deliver(job, watch, link, ready, fetched, unusable, begun)

    async def _deliver(
        self,
        job: Job,
        watch: _Watch,
        link: Link,
        ready: Ready,
        fetched: Sequence[Fetched],
        unusable: Sequence[str],
        begun: datetime,
    ) -> Next:
        now = self._clock.now()
        orders = await self._ledger.orders_of(job.id)
        settlement = self._settle_delivered(job, link, ready)
        timing = _timing(job, watch, ready.times, begun, now, inline=all(clip.data for clip in ready.clips))
        costs = money.shares(settlement, len(fetched))
        takes = [
            TakeRow(
                id=new_id("take"),
                order=order.id,
                job=job.id,
                sample=sample,
                created=now,
                path=str(one.path.relative_to(self._ledger.home)),
                sha256=one.sha256,
                delivered=dict(one.probe.json()),
                timing=timing,
                cost=cost,
                cost_how=settlement.how,
                rewritten_prompt=ready.rewritten_prompt,
            )
            for sample, (order, one, cost) in enumerate(zip(orders, fetched, costs, strict=False))
        ]
        values: dict[str, Any] = {
            "state": State.SUCCEEDED,
            "ended": now,
            "settled": settlement.micro,
            "settled_how": settlement.how,
            "reason": "; ".join([*ready.refused, *unusable]) or job.reason,
            "kind": "moderation" if ready.refused else "vendor" if unusable else None,
        }
        found = lived(replace(job, **values), takes, now)
        await self._move(job, values, {State.RUNNING}, takes=takes, evidence=found)
        job = await self._fresh(job)
        self._health.delivered((job.endpoint, job.credential))
        self._tell(job, "succeeded", 100.0)
        return Next(job, None)

    def _settle_delivered(self, job: Job, link: Link, ready: Ready) -> money.Settlement:
        held_back = max(len(ready.refused), job.samples - len(ready.clips))
        day = date.fromisoformat(job.as_of)
        return money.delivered(link.endpoint, day, settings_of(job), len(ready.clips), held_back, ready.usage)

    # --- ending -------------------------------------------------------------------------------------------------------

    async def _end(self, job: Job, error: VideoError, settled: money.Settlement | None = None) -> Next:
        """Ends a job without a clip; `settled` unless the vendor's own rule says what it costs."""
        if settled is None:
            billing = self._links(job).endpoint.billing
            settled = money.undelivered(job.reserved, error, billing)
        values = self._ending(job, error, settled)
        found = lived(replace(job, **values), (), values["ended"])
        await self._move(job, values, {State.QUEUED, State.RUNNING}, drop_bytes=True, evidence=found)
        job = await self._fresh(job)
        if job.accepted is not None and isinstance(error, JobFailed | JobLost):
            self._health.failed((job.endpoint, job.credential), error)
        self._tell(job, job.state)
        return Next(job, None)

    def _ending(self, job: Job, error: VideoError, settled: money.Settlement) -> dict[str, Any]:
        state = State.LOST if isinstance(error, JobLost) else State.FAILED
        if isinstance(error, JobFailed) and error.kind == "cancelled":
            state = State.CANCELLED
        return {
            "state": state,
            "kind": _kind(error),
            "reason": error.message,
            "ended": self._clock.now(),
            "settled": settled.micro,
            "settled_how": settled.how,
        }

    # --- the ledger ---------------------------------------------------------------------------------------------------

    async def _move(
        self,
        job: Job,
        values: Mapping[str, Any],
        out_of: frozenset[State] | set[State],
        *,
        takes: Sequence[TakeRow] = (),
        evidence: Sequence[Evidence] = (),
        drop_bytes: bool = False,
    ) -> bool:
        move = Transition(job.id, job.fence, frozenset(out_of), values, takes, evidence, drop_bytes)
        return await self._ledger.move(move)

    async def _fresh(self, job: Job) -> Job:
        fresh = await self._ledger.job(job.id)
        assert fresh is not None, "jobs are never deleted"
        return fresh

    def _tell(self, job: Job, what: str, progress: float | None = None) -> None:
        try:
            self._on_event(Event(job, what, progress))
        except Exception as error:
            logger.error("job %s: on_event raised %s", job.id, type(error).__name__)


async def _durably(write: Callable[[], Awaitable[Result]], what: str) -> Result:
    """Has something written, however long that takes: the vendor knows it already, and we must."""
    while True:
        try:
            return await write()
        except LedgerBroken as error:
            logger.error("%s cannot be stored yet: %s", what, error.message)
            await asyncio.sleep(1)


async def _trace(event: str, info: Mapping[str, Any]) -> None:
    if event.endswith("receive_response_headers.started"):
        crashpoint("mid-post")


def _patience(attempts: int) -> float:
    return min(2.0 ** min(attempts, 6), 60.0)


def _asked(error: Exception) -> float | None:
    return error.retry_after if isinstance(error, RateLimited) else None


def _ticket(job: Job) -> Ticket:
    assert job.ticket is not None, "a running job has a ticket"
    return Ticket(job.ticket["id"], job.ticket["extra"])


def _accepted(job: Job) -> datetime:
    assert job.accepted is not None, "a running job was accepted"
    return job.accepted


def settings_of(job: Job) -> Settings:
    """What was sent for a job, as the plan had it."""
    sent = dict(job.settings)
    size = sent.pop("size")
    return Settings(**{**sent, "mode": Mode(sent["mode"])}, size=None if size is None else Size.model_validate(size))


def _kind(error: VideoError) -> str:
    match error:
        case Refused():
            return "moderation"
        case JobFailed(kind=kind):
            return kind
        case JobLost():
            return "lost"
        case Retired():
            return "retired"
        case Unsupported():
            return "invalid"
        case NotAuthorized():
            return "access"
        case NotSent() | RateLimited():
            return "not sent"
        case _:
            return "vendor"


def said(error: Exception) -> str:
    """What an error says, for a log or a person."""
    # The text of an HTTP client's error may hold an address with a key in it; its name cannot.
    return error.message if isinstance(error, VideoError) else type(error).__name__


def _account(job: Job) -> tuple[str, str | None]:
    """Jobs of one account stand in one list."""
    return job.base_url, job.credential


def _claim(job: Job) -> tuple[str | None, str | None]:
    """What every list shows of a job; its other settings stand in some lists and not in others."""
    return job.fingerprint.get("model"), job.fingerprint.get("prompt")


def _scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        return 1.0
    return max(scale, 0.001) if isfinite(scale) else 1.0


def _timing(
    job: Job, watch: _Watch, vendor: Times, begun: datetime, complete: datetime, *, inline: bool
) -> dict[str, float | None]:
    """Seconds of each stretch of a job's life, in the vendor's world; None where nobody could tell.

    `inline`: the clips came with the last poll, so that there was no download of its own.

    The vendor's own times win over what we saw between two polls; `poll_gap` says how much that could have missed.
    """
    assert job.sending is not None
    accepted, done = _accepted(job), watch.first_done or begun
    scale = job.time_scale

    def apart(start: datetime | None, end: datetime | None) -> float | None:
        return None if start is None or end is None else round(max(0.0, (end - start).total_seconds()) * scale, 3)

    def within(start: datetime | None, end: datetime | None) -> float | None:
        # The vendor's two times are of one clock, which may be another world's: no scale.
        return None if start is None or end is None else round(max(0.0, (end - start).total_seconds()), 3)

    queue = within(vendor.created, vendor.started)
    making = within(vendor.created, vendor.finished)
    render = within(vendor.started, vendor.finished)
    making = apart(accepted, done) if making is None else making
    if queue is None and watch.first_started is not None and making is not None:
        least, most = apart(accepted, watch.last_queued) or 0.0, apart(accepted, watch.first_started) or 0.0
        queue = round((least + most) / 2, 3) if most - least <= QUEUE_DOUBT * making else None
    if render is None and queue is not None and making is not None:
        render = round(max(0.0, making - queue), 3)
    return {
        "submit": apart(job.sending, accepted),
        "queue": queue,
        "render": render,
        "making": making,
        "download": None if inline else apart(begun, complete),
        "total": apart(job.sending, complete),
        "poll_gap": apart(watch.last_not_done or (accepted if watch.blind else None), done),
    }
