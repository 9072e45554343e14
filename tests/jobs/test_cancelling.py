"""A job that somebody cancels: unsent it is given up, of an accepted one the vendor is asked, whose word is its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from rushes import Rushes
from rushes.config import Limits
from rushes.errors import (
    BadInput,
    JobFailed,
    LedgerBroken,
    NotAuthorized,
    RateLimited,
    Unavailable,
    Unsupported,
    VideoError,
)
from rushes.http import httpx
from rushes.jobs.cancelling import POSSIBLE, taken
from rushes.jobs.machine import GRACE, Event, Next
from rushes.ledger import FINAL, Job, Ledger, State, Transition
from rushes.simulated import InProcess
from rushes.simulator.faults import Fault
from rushes.take import Take
from tests.jobs.conftest import Simulated
from tests.jobs.session import Reply, Session, Vendor, session, trouble, video
from tests.router.chains import Line, policy
from tests.router.conftest import line

__all__ = ["line"]

SORA, LITE, WAN = "openai/sora-2", "vertex/veo-3.1-lite", "dashscope-intl/wan-2.5"
OMNI, SGLANG = "vllm-omni/wan-2.2", "sglang/wan-2.2"
#: Endpoints of every wire, and of every kind of server of one's own.
ALL = (SORA, LITE, WAN, OMNI, SGLANG)


class Cancels:
    """Cancels the job of the first event of a kind, as soon as it comes; give it to `on_event`."""

    def __init__(self, at: str = "accepted", *, times: int = 1) -> None:
        self._at, self._times = at, times
        self._task: asyncio.Task[list[Job | BaseException]] | None = None
        self.rushes: Rushes | None = None

    def __call__(self, event: Event) -> None:
        if event.what == self._at and self._task is None:
            self._task = asyncio.create_task(self._cancel(event.job.id))

    async def _cancel(self, id: str) -> list[Job | BaseException]:
        assert self.rushes is not None
        return await asyncio.gather(*(self.rushes.cancel(id) for _ in range(self._times)), return_exceptions=True)

    async def answer(self) -> Job | BaseException:
        [answer] = await self.answers()
        return answer

    async def answers(self) -> list[Job | BaseException]:
        assert self._task is not None, "no such event has come"
        return await self._task


async def cancelled(
    simulated: Simulated, endpoint: str, *, at: str = "accepted", times: int = 1, **settings: Any
) -> tuple[list[Job | BaseException], Take | VideoError, Job]:
    """What the cancels said, what the caller who waited for the clip got, and the job in the end."""
    cancels = Cancels(at, times=times)
    async with simulated.open(on_event=cancels, **settings) as rushes:
        cancels.rushes = rushes
        [result] = await rushes.generate_all("a kite", endpoint=endpoint)
        [job] = await rushes.jobs()
        return await cancels.answers(), result, job


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Every cancel that goes to a simulated vendor."""
    wire, through = Wire(), InProcess.handle_async_request

    async def carried(self: InProcess, request: httpx.Request) -> httpx.Response:
        if not is_cancel(request):
            return await through(self, request)
        wire.asked.append(request)
        response = await through(self, request) if wire.arrives else None
        if isinstance(wire.answer, Exception):
            raise wire.answer
        answer = wire.answer or response
        assert answer is not None
        return answer

    monkeypatch.setattr(InProcess, "handle_async_request", carried)
    return wire


class Wire:
    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        #: What comes back instead of the vendor's answer.
        self.answer: httpx.Response | Exception | None = None
        self.arrives = True


def is_cancel(request: httpx.Request) -> bool:
    return request.method == "DELETE" or request.url.path.endswith("/cancel")


# --- every wire -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "at", "settled_how"),
    [(WAN, "accepted", "assumed"), (OMNI, "accepted", "not billed"), (OMNI, "rendering", "not billed")],
)
async def test_a_vendor_that_can_stops_the_job_and_the_caller_who_waits_is_told(
    endpoint: str, at: str, settled_how: str, simulated: Simulated, wire: Wire
) -> None:
    [answer], result, job = await cancelled(simulated, endpoint, at=at)

    assert isinstance(answer, Job)
    assert (answer.state, taken(answer) is not None) == (State.RUNNING, True)
    assert isinstance(result, JobFailed)
    assert result.kind == "cancelled"
    assert (job.state, job.kind) == (State.CANCELLED, "cancelled")
    # What the card does not know of a clip that failed is not known of one that was cancelled.
    assert (job.settled, job.settled_how) == (job.reserved if settled_how == "assumed" else 0, settled_how)
    assert len(wire.asked) == 1
    [accepted] = simulated.accepted()
    assert accepted["state"] == "cancelled"


@pytest.mark.parametrize("endpoint", [SORA, LITE, SGLANG])
async def test_where_the_vendor_has_no_cancel_nothing_is_asked_and_the_clip_comes(
    endpoint: str, simulated: Simulated, wire: Wire
) -> None:
    [answer], result, job = await cancelled(simulated, endpoint)

    assert isinstance(answer, Unsupported)
    assert "has no way to" in answer.message
    assert f"stays running and counts for ${job.reserved / 1e6:.2f}" in answer.message
    assert isinstance(result, Take)
    assert (job.state, taken(job)) == (State.SUCCEEDED, None)
    assert wire.asked == []


async def test_where_it_is_too_late_the_vendors_own_reason_is_told_and_the_clip_comes(
    simulated: Simulated, wire: Wire
) -> None:
    [answer], result, job = await cancelled(simulated, WAN, at="rendering")

    assert isinstance(answer, Unsupported)
    assert "HTTP 400: Failed to cancel the task, please confirm if the task is in PENDING status" in answer.message
    assert isinstance(result, Take)
    assert (job.state, len(wire.asked)) == (State.SUCCEEDED, 1)


@pytest.mark.parametrize("endpoint", [WAN, OMNI])
async def test_a_job_that_has_finished_at_the_vendor_meanwhile_is_not_cancelled_and_its_clip_is_delivered(
    endpoint: str, simulated: Simulated, wire: Wire
) -> None:
    async with simulated.open(limits=Limits(deadline=5)) as rushes:
        await rushes.generate_all("a kite", endpoint=endpoint)
        [job] = await rushes.jobs()
        assert job.state is State.OVERDUE
        await rushes.clock.sleep(3600)

        answer = await rushes.cancel(job.id)
        [result] = await rushes.wait(answer)

    assert (answer.state, taken(answer)) == (State.RUNNING, None)
    assert isinstance(result, Take)
    assert wire.asked == []


async def test_a_cancelled_job_is_never_made_elsewhere(simulated: Simulated) -> None:
    cancels = Cancels()
    everything = {"spending": "capped", "after_refused": True, "after_overdue": True}
    async with simulated.open(on_event=cancels) as rushes:
        cancels.rushes = rushes
        with pytest.raises(JobFailed) as failed:
            await rushes.generate("a kite", policy=policy(OMNI, SORA, fallback=everything), max_usd=9)
        assert len(await rushes.jobs()) == 1

    assert failed.value.kind == "cancelled"


async def test_with_two_keys_the_one_that_made_the_job_is_asked(
    simulated: Simulated, wire: Wire, tmp_path: Path
) -> None:
    config = tmp_path / "keyed"
    config.mkdir()
    keys = {name: {"key_variables": [f"STUDIO_{name.upper()}_KEY"]} for name in ("north", "south")}
    entries = {"dashscope-intl": {"like": "dashscope-intl", "credentials": keys}}
    (config / "providers.yaml").write_text(yaml.safe_dump(entries))
    stopping: list[asyncio.Task[Job]] = []

    def stop(event: Event) -> None:
        if event.what == "accepted":
            stopping.append(asyncio.create_task(rushes.cancel(event.job.id)))

    async with replace(simulated, config=config).open(on_event=stop) as rushes:
        await rushes.generate_many(["a kite", "a boat"], endpoint=WAN)
        await asyncio.gather(*stopping)
        jobs = {job.ticket["id"]: job for job in await rushes.jobs() if job.ticket is not None}

    assert {job.credential for job in jobs.values()} == {"north", "south"}
    assert {job.state for job in jobs.values()} == {State.CANCELLED}
    for request in wire.asked:
        job = jobs[request.url.path.split("/")[-2]]
        assert request.headers["authorization"] == f"Bearer simulated-{job.credential}"


# --- every state ------------------------------------------------------------------------------------------------------


async def test_a_job_that_waits_for_its_turn_is_given_up_at_no_cost_and_its_caller_told_at_once(
    simulated: Simulated, wire: Wire
) -> None:
    accepted = asyncio.Event()
    async with simulated.open(on_event=lambda event: accepted.set()) as rushes:
        first = asyncio.create_task(rushes.generate("a kite", endpoint=OMNI))  # which takes one job at a time
        await accepted.wait()
        second = asyncio.create_task(rushes.generate("a boat", endpoint=OMNI))
        while not (queued := [job.id for job in await rushes.jobs(states=[State.QUEUED])]):
            pass
        with rushes.clock.working():  # so that the first cannot end meanwhile
            answer = await rushes.cancel(queued[0])
            [failed] = await asyncio.gather(second, return_exceptions=True)
        other = await first

    assert (answer.state, answer.settled, answer.settled_how) == (State.CANCELLED, 0, "not billed")
    assert isinstance(failed, JobFailed)
    assert "withdrawn before it was sent" in failed.message
    assert isinstance(other, Take)
    assert (len(simulated.accepted()), wire.asked) == (1, [])


async def test_a_job_that_is_to_be_sent_again_is_given_up_at_no_cost(tmp_path: Path) -> None:
    vendor = Vendor([trouble(429, retry_after="600")])

    async with session(tmp_path, vendor) as here:
        job = await here.stepped(await here.order())
        assert (job.state, job.attempts) == (State.QUEUED, 1)
        answer = await here.machine.cancel(job)
        assert (await here.driver.wait(job)).state is State.CANCELLED

    assert (answer.job.settled, len(vendor.posts)) == (0, 1)


async def test_a_job_that_is_being_sent_cannot_be_cancelled_yet(simulated: Simulated, line: Line) -> None:
    may_go = asyncio.Event()

    async def held(request: httpx.Request) -> None:
        await may_go.wait()

    line.before = held
    async with simulated.open() as rushes:
        making = asyncio.create_task(rushes.generate("a kite", endpoint=OMNI))
        await line.reached.wait()
        [job] = await rushes.jobs()
        with pytest.raises(BadInput, match="is being sent: nobody knows yet") as refused:
            await rushes.cancel(job.id)
        may_go.set()
        assert isinstance(await making, Take)

    assert "Cancel it once it is running" in (refused.value.hint or "")


async def test_an_unclear_job_needs_another_decision(simulated: Simulated) -> None:
    async with simulated.open(faults=["drop_after_accept"]) as rushes:
        await rushes.generate_all("a kite", endpoint=LITE)
        [job] = await rushes.jobs()

        with pytest.raises(BadInput, match="is unclear: if vertex") as refused:
            await rushes.cancel(job.id)
        assert await rushes.job(job.id) == job

    assert f"`rushes jobs resolve {job.id}" in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("fault", "state"), [(None, "succeeded"), ("late_failure", "failed"), ("lost", "lost")], ids=lambda each: str(each)
)
async def test_a_job_at_its_end_cannot_be_cancelled(fault: str | None, state: str, simulated: Simulated) -> None:
    async with simulated.open(faults=[fault] if fault else []) as rushes:
        await rushes.generate_all("a kite", endpoint=OMNI)
        [job] = await rushes.jobs()

        with pytest.raises(BadInput, match=f"is {state} already"):
            await rushes.cancel(job.id)
        assert await rushes.job(job.id) == job


async def test_a_cancelled_job_cannot_be_cancelled_again(simulated: Simulated, wire: Wire) -> None:
    _, _, job = await cancelled(simulated, OMNI)

    async with simulated.open() as rushes:
        with pytest.raises(BadInput, match="is cancelled already"):
            await rushes.cancel(job.id)

    assert len(wire.asked) == 1


async def test_an_overdue_job_can_be_cancelled(simulated: Simulated) -> None:
    async with simulated.open(faults=["never_finishes"], limits=Limits(deadline=300)) as rushes:
        await rushes.generate_all("a kite", endpoint=OMNI)
        [job] = await rushes.jobs()
        assert job.state is State.OVERDUE

        answer = await rushes.cancel(job.id)
        [result] = await rushes.wait(answer)

    assert answer.state is State.RUNNING
    assert isinstance(result, JobFailed)
    assert result.kind == "cancelled"


async def test_an_overdue_job_that_the_vendor_does_not_stop_stays_overdue(simulated: Simulated) -> None:
    async with simulated.open(faults=["never_finishes"], limits=Limits(deadline=900)) as rushes:
        await rushes.generate_all("a kite", endpoint=WAN)
        [job] = await rushes.jobs()

        with pytest.raises(Unsupported, match="stays overdue and counts for"):
            await rushes.cancel(job.id)
        assert (await rushes.job(job.id)).state is State.OVERDUE


async def test_an_unknown_job_is_named(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(BadInput, match="there is no job 'job-none'"):
            await rushes.cancel("job-none")


async def test_a_job_of_another_world_cannot_be_cancelled_from_here(simulated: Simulated) -> None:
    async with simulated.open(faults=["never_finishes"], limits=Limits(deadline=300)) as rushes:
        await rushes.generate_all("a kite", endpoint=OMNI)
        [job] = await rushes.jobs()

    async with Rushes.open(home=simulated.home, environ={}, resume=False) as rushes:
        with pytest.raises(BadInput, match="cannot be reached from here"):
            await rushes.cancel(job.id)
        assert await rushes.job(job.id) == job


# --- what can go wrong with the cancel itself -------------------------------------------------------------------------


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("endpoint", [WAN, OMNI])
@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        httpx.Response(500, content=b"<html>"),
        httpx.Response(503, json={"error": "not ready"}),
        httpx.Response(408),
    ],
    ids=repr,
)
async def test_a_cancel_whose_answer_is_lost_changes_nothing_and_says_so(
    answer: httpx.Response | Exception, endpoint: str, arrives: bool, simulated: Simulated, wire: Wire
) -> None:
    wire.answer, wire.arrives = answer, arrives

    [error], result, job = await cancelled(simulated, endpoint)

    assert isinstance(error, Unavailable)
    assert "nobody knows whether" in error.message
    assert "stays running and counts for" in error.message
    assert "a second cancel does no harm" in (error.hint or "")
    assert (len(wire.asked), taken(job)) == (1, None)
    if arrives:
        # One vendor says so when it is asked after the job; the other has removed it, and it was asked to.
        assert job.state is State.CANCELLED
        assert job.settled == {WAN: job.reserved, OMNI: 0}[endpoint]
    else:
        assert isinstance(result, Take)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(401, json={"error": {"message": "no such key"}}), NotAuthorized),
        (httpx.Response(403, json={"code": "AccessDenied", "message": "no such key"}), NotAuthorized),
        (httpx.Response(429, headers={"retry-after": "7"}, json={"detail": "no such key"}), RateLimited),
        (httpx.Response(404, json={"error": "no such key"}), Unsupported),
        (httpx.Response(409, json={"error": {"message": "no such key"}}), Unsupported),
    ],
    ids=lambda each: repr(each),
)
async def test_a_vendor_that_says_no_is_quoted_and_the_job_goes_on(
    answer: httpx.Response, kind: type[VideoError], simulated: Simulated, wire: Wire
) -> None:
    wire.answer, wire.arrives = answer, False

    [error], result, _ = await cancelled(simulated, OMNI)

    assert type(error) is kind
    assert f"HTTP {answer.status_code}: no such key" in str(error)
    assert not isinstance(error, RateLimited) or error.retry_after == 7
    assert isinstance(result, Take)


@pytest.mark.parametrize("fault", ["poll_500", "poll_429", "poll_cut"])
@pytest.mark.parametrize("occasion", [0, 1], ids=["the look before", "the cancel"])
@pytest.mark.parametrize("endpoint", [WAN, OMNI])
async def test_no_fault_of_the_vendor_during_a_cancel_loses_the_job(
    endpoint: str, occasion: int, fault: str, simulated: Simulated, line: Line, wire: Wire
) -> None:
    line.faults = [Fault(fault, after=occasion)]

    [error], result, job = await cancelled(simulated, endpoint)

    assert isinstance(error, RateLimited if fault == "poll_429" else Unavailable)
    assert len(wire.asked) == occasion
    # Half an answer to a cancel is none: the vendor stopped it all the same.
    heard = fault == "poll_cut" and occasion == 1
    assert isinstance(result, VideoError if heard else Take)
    assert job.state is (State.CANCELLED if heard else State.SUCCEEDED)


@pytest.mark.parametrize("fault", ["strange_status", "late_failure", "moderated", "never_finishes", "expired_link"])
async def test_a_fault_that_stays_with_the_job_does_not_keep_it_from_being_cancelled(
    fault: str, simulated: Simulated
) -> None:
    _, result, job = await cancelled(simulated, OMNI, faults=[fault])

    assert isinstance(result, JobFailed)
    assert (job.state, job.kind) == (State.CANCELLED, "cancelled")


@pytest.mark.parametrize("fault", ["lost", "unknown"])
async def test_a_job_that_the_vendor_has_forgotten_is_lost_and_not_cancelled(
    fault: str, simulated: Simulated, wire: Wire
) -> None:
    [error], _, job = await cancelled(simulated, OMNI, faults=[fault])

    assert isinstance(error, Unavailable)  # just after it was accepted, it may still turn up
    assert (job.state, job.settled_how, wire.asked) == (State.LOST, "assumed", [])


async def test_a_key_that_is_no_longer_there_keeps_a_job_from_being_cancelled(tmp_path: Path) -> None:
    keys = [True]
    vendor = Vendor([video("queued")], polls=[video()])

    async with session(tmp_path, vendor, has_key=lambda: keys[0]) as here:
        job = await here.stepped(await here.order())
        keys[0] = False
        with pytest.raises(NotAuthorized):
            await here.machine.cancel(job)
        assert await here.fresh(job) == job


# --- the word of it in the ledger -------------------------------------------------------------------------------------


class Removes(Vendor):
    """A vendor whose cancel removes the job; each takes its answer in turn, the last one again and again."""

    def __init__(self, *answers: Reply, polls: Sequence[Reply] = (video(), trouble(404))) -> None:
        super().__init__([video("queued")], polls=polls)
        self.answers = [*answers]
        self.deletes = 0
        #: What happens after the vendor has decided, and before its answer comes.
        self.meanwhile: list[Callable[[], Awaitable[Any]]] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method != "DELETE":
            return await super().__call__(request)
        self.deletes += 1
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if self.meanwhile:
            await self.meanwhile.pop(0)()
        return self._next([answer])


REMOVED = httpx.Response(200, json={"id": "video_1", "deleted": True})


@asynccontextmanager
async def process(home: Path, vendor: Vendor) -> AsyncIterator[Session]:
    """A process whose vendor stops jobs."""
    async with session(home, vendor) as here:
        adapter: Any = here.link.adapter
        adapter.settings = adapter.settings.model_copy(update={"delete": "cancels"})
        yield here


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ConnectError("refused"), Unavailable),
        (trouble(401), NotAuthorized),
        (trouble(404), Unsupported),
        (trouble(409), Unsupported),
        (trouble(429), RateLimited),
    ],
    ids=repr,
)
async def test_a_cancel_that_was_refused_or_never_sent_leaves_no_word_and_a_lost_job_is_lost(
    answer: Reply, kind: type[VideoError], tmp_path: Path
) -> None:
    async with process(tmp_path, Removes(answer)) as here:
        job = await here.stepped(await here.order())
        with pytest.raises(kind):
            await here.machine.cancel(job)
        left = await here.fresh(job)
        ended = await here.driver.wait(job)

    assert left == job
    assert (ended.state, ended.settled, ended.settled_how) == (State.LOST, job.reserved, "assumed")


@pytest.mark.parametrize("answer", [trouble(500), trouble(408), httpx.ReadTimeout("slow")], ids=repr)
async def test_a_job_that_is_gone_after_a_cancel_without_a_clear_answer_was_cancelled(
    answer: Reply, tmp_path: Path
) -> None:
    async with process(tmp_path, Removes(answer)) as here:
        job = await here.stepped(await here.order())
        with pytest.raises(Unavailable, match="nobody knows whether"):
            await here.machine.cancel(job)
        again = await here.machine.cancel(job)  # which finds it gone, and asks no more
        ended = await here.driver.wait(again.job)

    assert (ended.state, ended.kind) == (State.CANCELLED, "cancelled")
    assert ended.reason == "asked to cancel it, the vendor gave no clear answer, and the vendor knows it no longer"
    assert here.vendor.deletes == 1  # type: ignore[attr-defined]


async def test_a_process_that_ends_before_it_could_write_the_answer_down_leaves_word_of_having_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = noted(monkeypatch, [None, asyncio.CancelledError()])

    async with process(tmp_path, Removes(REMOVED)) as here:
        job = await here.stepped(await here.order())
        with pytest.raises(asyncio.CancelledError):
            await here.machine.cancel(job)
        ended = await here.driver.wait(job)

    assert (ended.state, taken(ended), marks) == (State.CANCELLED, None, [])


@pytest.mark.parametrize(
    ("answer", "state"), [(REMOVED, State.CANCELLED), (trouble(409), State.LOST)], ids=["taken", "refused"]
)
async def test_what_the_vendor_said_is_written_down_though_the_ledger_fails_meanwhile(
    answer: Reply, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = noted(monkeypatch, [None, LedgerBroken("database or disk is full")])

    async with process(tmp_path, Removes(answer)) as here:
        job = await here.stepped(await here.order())
        [said] = await asyncio.gather(here.machine.cancel(job), return_exceptions=True)
        ended = await here.driver.wait(await here.fresh(job))

    assert isinstance(said, Unsupported if state is State.LOST else Next)
    assert (ended.state, taken(ended) is not None, marks) == (state, state is State.CANCELLED, [])


async def test_where_the_ledger_cannot_take_the_word_of_it_the_vendor_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted(monkeypatch, [LedgerBroken("database or disk is full")])

    async with process(tmp_path, Removes(REMOVED)) as here:
        job = await here.stepped(await here.order())
        with pytest.raises(LedgerBroken):
            await here.machine.cancel(job)
        assert await here.fresh(job) == job

    assert here.vendor.deletes == 0  # type: ignore[attr-defined]


async def test_a_process_that_finds_the_job_gone_before_the_answer_to_the_cancel_is_there_calls_it_cancelled(
    tmp_path: Path,
) -> None:
    vendor = Removes(REMOVED)

    async with process(tmp_path, vendor) as driving, process(tmp_path, vendor) as other:
        job = await driving.stepped(await driving.order())
        vendor.meanwhile = [lambda: driving.stepped(job)]
        answer = await other.machine.cancel(await other.ledger.own(job.id))

    assert (answer.job.state, answer.job.kind) == (State.CANCELLED, "cancelled")
    assert (vendor.deletes, answer.job.runner) == (1, driving.ledger.runner)


async def test_of_two_who_ask_one_that_is_told_no_leaves_the_word_of_the_other(tmp_path: Path) -> None:
    """The first cancel removes the job, the second is told that there is none, and then somebody asks after it."""
    vendor = Removes(REMOVED, trouble(404), polls=[video(), video(), trouble(404)])

    async with process(tmp_path, vendor) as driving, process(tmp_path, vendor) as one, process(tmp_path, vendor) as two:
        job = await driving.stepped(await driving.order())

        async def second() -> None:
            with pytest.raises(Unsupported):
                await two.machine.cancel(job)
            await driving.stepped(job)

        vendor.meanwhile = [second]
        answer = await one.machine.cancel(job)

    assert (answer.job.state, vendor.deletes) == (State.CANCELLED, 2)


async def test_a_job_that_was_taken_over_meanwhile_is_marked_all_the_same(tmp_path: Path) -> None:
    async with process(tmp_path, Removes(REMOVED)) as dead:
        job = await dead.stepped(await dead.order())

    async with process(tmp_path, Removes(REMOVED)) as here:
        await here.driver.start()
        await here.ledger.own(job.id)
        answer = await here.machine.cancel(job)  # as it was read before

    assert (answer.job.fence, taken(answer.job) is not None) == (job.fence + 1, True)


def noted(monkeypatch: pytest.MonkeyPatch, errors: list[BaseException | None]) -> list[BaseException | None]:
    """What the ledger raises, in turn, for words about a cancel; what is left of it."""
    mark = Ledger.mark

    async def failing(self: Ledger, *given: Any) -> bool:
        error = errors.pop(0) if errors else None
        if error is not None:
            raise error
        return await mark(self, *given)

    monkeypatch.setattr(Ledger, "mark", failing)
    return errors


# --- just after it was accepted ---------------------------------------------------------------------------------------


async def test_a_job_that_the_vendor_does_not_show_yet_is_not_cancelled_and_may_be_a_moment_later(
    tmp_path: Path,
) -> None:
    vendor = Removes(REMOVED, polls=[trouble(404), video(), trouble(404)])

    async with process(tmp_path, vendor) as here:
        job = await here.stepped(await here.order())
        with pytest.raises(
            Unavailable, match=r"was not cancelled: OpenAI does not show it yet .* stays running"
        ) as told:
            await here.machine.cancel(job)
        assert (await here.fresh(job), vendor.deletes) == (job, 0)
        answer = await here.machine.cancel(job)
        ended = await here.driver.wait(answer.job)

    assert told.value.hint == "Ask again in a moment."
    assert (ended.state, vendor.deletes) == (State.CANCELLED, 1)


async def test_a_job_that_the_vendor_knows_no_longer_is_lost_and_nobody_is_asked(tmp_path: Path) -> None:
    vendor = Removes(REMOVED, polls=[trouble(404)])

    async with process(tmp_path, vendor) as here:
        job = await here.stepped(await here.order())
        await vendor.clock.sleep(GRACE)
        answer = await here.machine.cancel(job)
        ended = await here.driver.wait(answer.job)

    assert (ended.state, ended.settled_how, vendor.deletes) == (State.LOST, "assumed", 0)


# --- several at once --------------------------------------------------------------------------------------------------


async def test_two_who_cancel_at_once_in_one_process_ask_the_vendor_once(simulated: Simulated, wire: Wire) -> None:
    answers, _, job = await cancelled(simulated, OMNI, times=2)

    assert [type(answer) for answer in answers] == [Job, Job]
    assert (job.state, len(wire.asked)) == (State.CANCELLED, 1)


@pytest.fixture
async def shared(simulated: Simulated) -> Callable[[], Any]:
    """Another process on the same home and in the same world."""
    return lambda: simulated.open(resume=False)


@pytest.mark.parametrize("state", [State.UNCLEAR, State.SENDING])
async def test_a_job_that_cannot_be_cancelled_stays_with_the_process_that_has_it(
    state: State, shared: Callable[[], Rushes], simulated: Simulated
) -> None:
    """It may be about to adopt it."""
    async with simulated.open(faults=["drop_after_accept"]) as driving, shared() as other:
        await driving.generate_all("a kite", endpoint=LITE)
        [job] = await driving.jobs()
        await driving._ledger.move(Transition(job.id, job.fence, frozenset({job.state}), {"state": state}))

        with pytest.raises(BadInput):
            await other.cancel(job.id)
        assert await other.job(job.id) == replace(job, state=state)


async def test_a_job_that_becomes_unclear_while_its_cancel_begins_stays_with_the_process_that_has_it(
    tmp_path: Path,
) -> None:
    async with session(tmp_path, Vendor()) as driving, session(tmp_path, Vendor()) as other:
        await other.driver.start()
        job = await driving.order(state=State.UNCLEAR)

        assert await other.ledger.own(job.id, of=POSSIBLE) == job
        assert (await other.ledger.own(job.id)).runner == other.ledger.runner


@pytest.mark.parametrize("endpoint", [WAN, OMNI])
async def test_a_job_that_another_process_drives_is_cancelled_from_here_and_ends_there(
    endpoint: str, shared: Callable[[], Rushes], simulated: Simulated, wire: Wire
) -> None:
    accepted = asyncio.Event()
    async with shared() as other, simulated.open(on_event=lambda event: accepted.set()) as driving:
        making = asyncio.create_task(driving.generate("a kite", endpoint=endpoint))
        await accepted.wait()
        with driving.clock.working():
            [job] = await driving.jobs()
            answer = await other.cancel(job.id)
        with pytest.raises(JobFailed) as failed:
            await making
        ended = await other.job(job.id)

    assert answer.runner == ended.runner == job.runner
    assert failed.value.kind == "cancelled"
    assert (ended.state, len(wire.asked)) == (State.CANCELLED, 1)


async def test_two_processes_that_cancel_at_once_leave_it_cancelled(
    shared: Callable[[], Rushes], simulated: Simulated, wire: Wire
) -> None:
    accepted = asyncio.Event()
    async with shared() as one, shared() as two, simulated.open(on_event=lambda event: accepted.set()) as driving:
        making = asyncio.create_task(driving.generate("a kite", endpoint=OMNI))
        await accepted.wait()
        with driving.clock.working():
            [job] = await driving.jobs()
            answers = await asyncio.gather(one.cancel(job.id), two.cancel(job.id), return_exceptions=True)
        with pytest.raises(JobFailed) as failed:
            await making
        ended = await one.job(job.id)

    assert all(isinstance(answer, Job | Unsupported) for answer in answers)
    assert any(isinstance(answer, Job) for answer in answers)
    assert failed.value.kind == "cancelled"
    assert ended.state is State.CANCELLED
    assert 1 <= len(wire.asked) <= 2


async def test_a_job_of_a_process_that_has_died_is_cancelled_and_seen_to_its_end_here(simulated: Simulated) -> None:
    accepted = asyncio.Event()
    async with simulated.open(on_event=lambda event: accepted.set()) as dead:
        making = asyncio.create_task(dead.generate("a kite", endpoint=OMNI))
        await accepted.wait()
    await asyncio.gather(making, return_exceptions=True)

    async with simulated.open(resume=False) as rushes:
        [job] = await rushes.jobs()
        [result] = await rushes.wait(await rushes.cancel(job.id))
        [ended] = await rushes.jobs()

    assert isinstance(result, JobFailed)
    assert (ended.state, ended.runner != job.runner) == (State.CANCELLED, True)


async def test_a_process_that_dies_after_the_vendor_took_the_cancel_leaves_word_of_it(simulated: Simulated) -> None:
    """Where a cancel removes the job, nothing but the ledger tells the next process from a job that was lost."""
    told = asyncio.Event()

    def on_event(event: Event) -> None:
        if event.what == "the vendor was asked to stop it":
            told.set()

    accepted = asyncio.Event()
    async with (
        simulated.open(on_event=lambda event: accepted.set()) as dying,
        simulated.open(resume=False, on_event=on_event) as other,
    ):
        making = asyncio.create_task(dying.generate("a kite", endpoint=OMNI))
        await accepted.wait()
        with dying.clock.working():
            [job] = await dying.jobs()
            await other.cancel(job.id)
            await dying.close()
        await asyncio.gather(making, return_exceptions=True)
        assert told.is_set()
        assert (await other.job(job.id)).state is State.RUNNING

    async with simulated.open() as rushes:
        await rushes.wait(await rushes.job(job.id))
        ended = await rushes.job(job.id)

    assert (ended.state, ended.reason) == (State.CANCELLED, "cancelled, and the vendor knows it no longer")


async def test_a_cancel_that_nobody_waits_for_any_more_is_still_written_down(
    simulated: Simulated, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[asyncio.Task[Job]] = []
    through = InProcess.handle_async_request

    async def given_up(self: InProcess, request: httpx.Request) -> httpx.Response:
        if is_cancel(request):
            gone[0].cancel()
        return await through(self, request)

    monkeypatch.setattr(InProcess, "handle_async_request", given_up)

    def stop(event: Event) -> None:
        if event.what == "accepted":
            gone.append(asyncio.create_task(rushes.cancel(event.job.id)))

    async with simulated.open(on_event=stop) as rushes:
        with pytest.raises(JobFailed) as failed:
            await rushes.generate("a kite", endpoint=OMNI)
        with pytest.raises(asyncio.CancelledError):
            await gone[0]

    assert failed.value.kind == "cancelled"


async def test_a_job_of_a_process_that_has_died_goes_on_here_where_it_cannot_be_cancelled(simulated: Simulated) -> None:
    accepted = asyncio.Event()
    async with simulated.open(on_event=lambda event: accepted.set()) as dead:
        making = asyncio.create_task(dead.generate("a kite", endpoint=SORA, seconds=4))
        await accepted.wait()
    await asyncio.gather(making, return_exceptions=True)

    ended = asyncio.Event()
    async with simulated.open(resume=False, on_event=lambda event: event.job.state in FINAL and ended.set()) as rushes:
        [job] = await rushes.jobs()
        with pytest.raises(Unsupported):
            await rushes.cancel(job.id)
        await ended.wait()
        assert (await rushes.job(job.id)).state is State.SUCCEEDED


async def test_once_cancelled_a_job_is_asked_after_as_often_as_the_vendor_allows(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        least = rushes.config.providers["dashscope-intl"].poll_seconds

    _, _, job = await cancelled(simulated, WAN)

    asked = taken(job)
    assert asked is not None
    assert job.ended is not None
    assert least <= (job.ended - asked).total_seconds() < 2 * least
