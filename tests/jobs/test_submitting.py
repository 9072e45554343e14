"""A submit is sent at most once, unless it certainly was not accepted; and what became of it is always written down."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest

from rushes.config import Limits
from rushes.errors import NotAuthorized, NotSent, Retired
from rushes.http import httpx
from rushes.jobs.orders import error_of
from rushes.ledger import State
from tests.jobs.conftest import Simulated
from tests.jobs.session import START, Vendor, session, trouble, video

#: A connection that certainly carried nothing.
NOT_SENT = [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full")]
#: The vendor may have taken the job.
MAYBE_SENT = [
    httpx.ReadError("cut"),
    httpx.ReadTimeout("slow"),
    httpx.WriteError("cut"),
    httpx.WriteTimeout("slow"),
    httpx.CloseError("cut"),
    httpx.RemoteProtocolError("garbage"),
    httpx.LocalProtocolError("garbage"),
    httpx.ProxyError("cut"),
    httpx.DecodingError("garbage"),
    httpx.TooManyRedirects("round and round"),
    OSError("something else"),
]


async def test_a_429_with_retry_after_is_sent_again_after_that_wait(tmp_path: Path) -> None:
    vendor = Vendor([trouble(429, retry_after="40"), video("queued")])

    async with session(tmp_path, vendor) as here:
        job = await here.order()
        here.driver.wake(job)
        while (await here.fresh(job)).state is not State.RUNNING:
            await vendor.clock.sleep(1)

    assert vendor.waits == [pytest.approx(40, abs=1)]


async def test_a_bare_429_is_sent_again_later_and_later(tmp_path: Path) -> None:
    vendor = Vendor([trouble(429)] * 4 + [trouble(400)])

    async with session(tmp_path, vendor) as here:
        await here.run()

    assert vendor.waits == pytest.approx([2, 4, 8, 16], abs=0.1)


@pytest.mark.parametrize("reply", [trouble(429), trouble(429, retry_after="7"), *NOT_SENT], ids=repr)
async def test_what_was_never_accepted_is_given_up_after_its_patience(
    reply: httpx.Response | Exception, tmp_path: Path
) -> None:
    vendor = Vendor([reply])

    async with session(tmp_path, vendor) as here:
        job = await here.run()

    assert (job.state, job.kind) == (State.FAILED, "not sent")
    assert (job.settled, job.settled_how) == (0, "not billed")
    assert isinstance(error_of(job), NotSent)
    assert Limits().patience - 70 < sum(vendor.waits) <= Limits().patience
    assert len({request.content for _, request in vendor.posts}) == 1


async def test_a_vendor_who_asks_for_more_than_our_patience_is_given_up_at_once(tmp_path: Path) -> None:
    vendor = Vendor([trouble(429, retry_after="3600")])

    async with session(tmp_path, vendor) as here:
        job = await here.run()

    assert (job.state, job.kind, len(vendor.posts)) == (State.FAILED, "not sent", 1)
    assert vendor.clock.now() == START


async def test_a_job_that_waited_long_for_its_turn_still_has_its_patience(tmp_path: Path) -> None:
    vendor = Vendor([trouble(429), trouble(404, "model_not_found")])

    async with session(tmp_path, vendor) as here:
        job = await here.order()
        await vendor.clock.sleep(2 * Limits().patience)
        job = await here.driver.wait(job)

    assert (len(vendor.posts), job.kind) == (2, "retired")


@pytest.mark.parametrize("failure", MAYBE_SENT, ids=repr)
async def test_what_may_have_been_accepted_is_never_sent_again(failure: Exception, tmp_path: Path) -> None:
    vendor = Vendor([failure], lists=[[]])

    async with session(tmp_path, vendor) as here:
        job = await here.run()
        assert await here.ledger.bytes_of(job.id) is not None  # a person may want to send them again

    assert (job.state, job.settled, len(vendor.posts)) == (State.UNCLEAR, None, 1)


async def test_the_bytes_that_go_out_are_those_in_the_ledger(tmp_path: Path) -> None:
    vendor = Vendor([trouble(400)])

    async with session(tmp_path, vendor) as here:
        job = await here.order()
        kept = await here.ledger.bytes_of(job.id)
        await here.driver.wait(job)

    [(_, request)] = vendor.posts
    assert kept is not None
    assert request.content == kept.body
    assert sha256(request.content).hexdigest() == job.body_sha256
    assert request.headers["content-type"] == kept.content_type
    assert request.headers["authorization"] == "Bearer sk-any"
    assert "sk-any" not in repr(kept)


async def test_an_answer_that_says_retired_ends_the_job_at_no_cost(tmp_path: Path) -> None:
    vendor = Vendor([trouble(404, "model_not_found")])

    async with session(tmp_path, vendor) as here:
        job = await here.run()
        assert await here.ledger.bytes_of(job.id) is None

    assert (job.state, job.kind, job.settled) == (State.FAILED, "retired", 0)
    assert isinstance(error_of(job), Retired)


async def test_without_a_key_nothing_is_sent(tmp_path: Path) -> None:
    vendor = Vendor([video()])

    async with session(tmp_path, vendor, has_key=lambda: False) as here:
        job = await here.run()

    assert (job.state, job.kind, vendor.posts) == (State.FAILED, "access", [])
    assert isinstance(error_of(job), NotAuthorized)


async def test_a_process_that_was_frozen_before_it_sent_sends_nothing(tmp_path: Path) -> None:
    vendor = Vendor([video()])
    never_fast_enough = Limits(guard=1e-9)

    async with session(tmp_path, vendor, limits=never_fast_enough) as here:
        job = await here.stepped(await here.order())

    assert (job.state, job.reason, vendor.posts) == (State.QUEUED, "frozen while about to be sent", [])


async def test_a_submit_whose_caller_is_cancelled_still_has_its_outcome_written_down(tmp_path: Path) -> None:
    vendor = Vendor([video("queued", id="video_42")], polls=[video()])
    vendor.open.clear()

    async with session(tmp_path, vendor) as here:
        job = await here.order()
        step = asyncio.create_task(here.machine.step(job.id))
        await vendor.reached.wait()
        step.cancel()
        with pytest.raises(asyncio.CancelledError):
            await step
        assert (await here.fresh(job)).state is State.SENDING

        vendor.open.set()
        await here.machine.aclose()

        found = await here.fresh(job)
    assert (found.state, found.ticket) == (State.RUNNING, {"id": "video_42", "extra": {}})


async def test_closing_waits_for_a_submit_on_its_way(tmp_path: Path) -> None:
    vendor = Vendor([video("queued")], polls=[video()])
    vendor.open.clear()

    async with session(tmp_path, vendor) as here:
        job = await here.order()
        here.driver.wake(job)
        await vendor.reached.wait()
        closing = asyncio.create_task(here.driver.aclose())
        await asyncio.sleep(0.05)
        assert not closing.done()

        vendor.open.set()
        await closing

        assert (await here.fresh(job)).state is State.RUNNING


async def test_a_ticket_that_comes_after_another_process_took_over_is_at_least_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    vendor = Vendor([video("queued", id="video_42")], polls=[video()])
    vendor.open.clear()

    async with session(tmp_path, vendor) as here, session(tmp_path, Vendor(lists=[[]])) as other:
        job = await here.order()
        here.driver.wake(job)
        await vendor.reached.wait()
        await here.ledger.beat(START)  # it was not heard of for long
        await other.driver.resume(lambda _: True)
        assert (await other.driver.wait(job)).state is State.UNCLEAR
        vendor.open.set()
        await here.machine.aclose()

        assert (await here.fresh(job)).state is State.UNCLEAR
    [error] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert job.id in error
    assert "video_42" in error


async def test_resuming_a_job_that_is_on_its_way_does_not_lose_its_ticket(tmp_path: Path) -> None:
    vendor = Vendor([video("queued", id="video_42")], polls=[video()])
    vendor.open.clear()

    async with session(tmp_path, vendor) as here, session(tmp_path, Vendor()) as other:
        job = await here.order()
        here.driver.wake(job)
        await vendor.reached.wait()
        assert (await here.ledger.own(job.id)).runner == here.ledger.runner
        assert (await other.ledger.own(job.id)).runner == here.ledger.runner
        vendor.open.set()
        await here.machine.aclose()

        assert (await here.fresh(job)).ticket == {"id": "video_42", "extra": {}}


async def test_no_more_jobs_run_at_once_than_the_provider_takes(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        prompts = [f"kite {number}" for number in range(7)]
        await asyncio.gather(*(rushes.generate(each, endpoint="openai/sora-2", seconds=4) for each in prompts))

    made = simulated.accepted()
    assert len(made) == 7
    most = rushes.config.providers["openai"].concurrency
    for job in made:
        ended = [job["created"] + job["queue_seconds"] + job["render_seconds"] for job in made]
        begun = [each["created"] for each in made]
        moment = job["created"]
        assert sum(start <= moment < end for start, end in zip(begun, ended, strict=True)) <= most


async def test_prompts_with_a_429_in_a_long_queue_are_all_made(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        prompts = [f"kite {number} [simulate: rate_limited]" for number in range(6)]
        takes = await asyncio.gather(*(rushes.generate(each, endpoint="vllm-omni/wan-2.2") for each in prompts))

    assert len({take.path for take in takes}) == 6
    assert len(simulated.accepted()) == 6
