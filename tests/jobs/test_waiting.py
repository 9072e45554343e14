"""A poll that fails is no news, an overdue job is kept, and only the vendor ends a job."""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rushes.config import Limits
from rushes.errors import JobFailed, JobLost, Overdue, Refused
from rushes.http import httpx
from rushes.jobs.machine import GRACE
from rushes.jobs.orders import error_of
from rushes.ledger import Job, State
from tests.jobs.conftest import Simulated, takes_of
from tests.jobs.session import Reply, Session, Vendor, session, trouble, video
from tests.ledger.test_writing import Commits

#: How asking after a job can fail without a word about the job.
NO_NEWS: list[Reply] = [
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("cut"),
    httpx.PoolTimeout("full"),
    httpx.TooManyRedirects("round and round"),
    httpx.UnsupportedProtocol("nowhere"),
    trouble(401),
    trouble(403),
    trouble(400),
    trouble(429),
    trouble(429, retry_after="0"),
    trouble(500),
    trouble(503),
    trouble(529),
    httpx.Response(200, content=b"<html>"),
    httpx.Response(200, content=b'{"id": "vid'),
    httpx.Response(200, content=b"[]"),
    httpx.Response(200, json={"id": "video_1"}),
    httpx.Response(302, headers={"location": "/elsewhere"}),
    httpx.Response(204),
]
FAILED = video("failed", error={"code": "internal_error", "message": "it broke"})


@pytest.mark.parametrize("reply", NO_NEWS, ids=repr)
async def test_a_poll_that_fails_never_ends_a_job(reply: Reply, tmp_path: Path) -> None:
    vendor = Vendor([video("queued")], polls=[reply, reply, reply, FAILED])

    async with session(tmp_path, vendor) as here:
        job = await here.run()

    assert (job.state, job.kind, job.reason) == (State.FAILED, "vendor", "it broke (internal_error)")
    assert len(vendor.posts) == 1


@pytest.mark.parametrize("reply", NO_NEWS, ids=repr)
async def test_a_vendor_that_stays_silent_makes_a_job_overdue_and_its_ticket_is_kept(
    reply: Reply, tmp_path: Path
) -> None:
    vendor = Vendor([video("queued")], polls=[reply])

    async with session(tmp_path, vendor) as here:
        job = await here.run()

    assert (job.state, job.settled, job.ticket) == (State.OVERDUE, None, {"id": "video_1", "extra": {}})
    assert job.deadline is not None
    assert timedelta(0) <= vendor.clock.now() - job.deadline < timedelta(seconds=1)
    assert "the last time: " in (job.reason or "")
    assert f"`rushes jobs resume {job.id}`" in str(error_of(job))
    assert isinstance(error_of(job), Overdue)


async def test_a_poll_that_is_turned_away_is_repeated_when_the_vendor_says_and_never_faster_than_it_allows(
    tmp_path: Path,
) -> None:
    vendor = Vendor(
        [video("queued")],
        polls=[trouble(429, retry_after="40"), trouble(429, retry_after="0"), trouble(429, retry_after="0"), FAILED],
    )

    async with session(tmp_path, vendor) as here:
        await here.run()

    times = [at for at, _ in vendor.asked]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits == pytest.approx([40, 3, 3])


async def test_a_vendor_that_names_its_own_pace_is_not_asked_sooner(tmp_path: Path) -> None:
    slow = video("queued")
    slow.headers["openai-poll-after-ms"] = "45000"
    vendor = Vendor([video("queued")], polls=[slow, slow, slow, FAILED])

    async with session(tmp_path, vendor) as here:
        await here.run()

    times = [at for at, _ in vendor.asked]
    assert all(later - earlier >= 45 for earlier, later in pairwise(times))


async def test_a_job_that_is_not_found_right_after_it_was_accepted_may_still_turn_up(tmp_path: Path) -> None:
    vendor = Vendor([video("queued")], polls=[trouble(404), FAILED])

    async with session(tmp_path, vendor) as here:
        job = await here.run()

    assert vendor.asked[0][0] < GRACE
    assert job.state is State.FAILED


async def test_a_job_that_is_not_found_later_is_lost_and_counts_in_full(tmp_path: Path) -> None:
    vendor = Vendor([video("queued")], polls=[trouble(404)])

    async with session(tmp_path, vendor) as here:
        job = await here.run()

    assert (job.state, job.settled, job.settled_how) == (State.LOST, job.reserved, "assumed")
    assert isinstance(error_of(job), JobLost)


@pytest.mark.parametrize(
    ("reply", "state", "kind", "error"),
    [
        (FAILED, State.FAILED, "vendor", JobFailed),
        (video("failed", error={"code": "moderation_blocked", "message": "no"}), State.FAILED, "moderation", Refused),
        (video("expired"), State.FAILED, "expired", JobFailed),
        (video("cancelled"), State.CANCELLED, "cancelled", JobFailed),
        (video("deleted"), State.CANCELLED, "cancelled", JobFailed),
    ],
)
async def test_what_the_vendor_says_of_a_jobs_end_ends_it(
    reply: httpx.Response, state: State, kind: str, error: type, tmp_path: Path
) -> None:
    vendor = Vendor([video("queued")], polls=[video(), reply])

    async with session(tmp_path, vendor) as here:
        job = await here.run()

    assert (job.state, job.kind) == (state, kind)
    assert type(error_of(job)) is error
    assert job.ended == vendor.clock.now()


async def test_words_that_nobody_knows_are_each_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    replies = [video("dreaming"), video("dreaming"), video("musing"), video("dreaming"), FAILED]
    vendor = Vendor([video("queued")], polls=replies)

    async with session(tmp_path, vendor) as here:
        await here.run()

    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [("'dreaming'" in text, "'musing'" in text) for text in said] == [(True, False), (False, True)]


async def test_polls_write_nothing_to_the_ledger(tmp_path: Path) -> None:
    vendor = Vendor([video("queued")], polls=[video("queued"), video("queued"), video(), trouble(500), video()])

    async with session(tmp_path, vendor) as here:
        job = await here.stepped(await here.order())
        commits = Commits(here.ledger)
        for _ in range(10):
            job = await here.stepped(job)
            await vendor.clock.sleep(10)

    assert (job.state, len(vendor.asked), commits.count) == (State.RUNNING, 10, 0)


async def test_a_person_is_told_how_it_gets_on(tmp_path: Path) -> None:
    vendor = Vendor([video("queued")], polls=[video("queued", progress=0), video(progress=40), trouble(500), FAILED])

    async with session(tmp_path, vendor) as here:
        await here.run()

    assert [(event.what, event.progress) for event in here.events] == [
        ("accepted", None),
        ("waiting", 0),
        ("rendering", 40),
        ("asking again: HTTP 500: trouble 500", None),
        ("failed", None),
    ]


@pytest.mark.parametrize("fault", ["never_finishes", "expired_link"])
async def test_an_overdue_job_can_be_waited_for_again(fault: str, simulated: Simulated) -> None:
    async with simulated.open(limits=Limits(deadline=300)) as rushes:
        with pytest.raises(Overdue) as overdue:
            await rushes.generate(f"a kite [simulate: {fault}]", endpoint="openai/sora-2", seconds=4)
        [job] = await rushes.jobs()
        assert ("the link has expired" in overdue.value.message) is (fault == "expired_link")

        again = await rushes.resume(job.id)
        assert (again.state, again.ticket) == (State.RUNNING, job.ticket)
        [result] = await rushes.wait(again)

    assert isinstance(result, Overdue)
    assert len(simulated.accepted()) == 1


async def test_a_resumed_overdue_job_that_has_ended_meanwhile_is_fetched(simulated: Simulated) -> None:
    async with simulated.open(limits=Limits(deadline=5)) as rushes:
        with pytest.raises(Overdue):
            await rushes.generate("a kite", endpoint="vertex/veo-3.1", seconds=4)
        [job] = await rushes.jobs()

    async with simulated.open() as rushes:
        assert (await rushes.job(job.id)).state is State.OVERDUE  # nobody goes on with it by itself
        [take] = takes_of(await rushes.wait(await rushes.resume(job.id)))
        found = await rushes.job(job.id)

    assert take.path.exists()
    assert (found.state, found.reason) == (State.SUCCEEDED, None)
    assert len(simulated.accepted()) == 1


async def test_an_overdue_job_can_be_written_off(simulated: Simulated) -> None:
    async with simulated.open(limits=Limits(deadline=5)) as rushes:
        with pytest.raises(Overdue):
            await rushes.generate("a kite", endpoint="openai/sora-2", seconds=4)
        [job] = await rushes.jobs()

        found = await rushes.write_off(job.id)

    assert (found.state, found.settled, found.settled_how) == (State.LOST, 400_000, "assumed")


async def test_a_job_is_resumed_from_its_ticket_by_the_next_session(tmp_path: Path) -> None:
    vendor = Vendor([video("queued", id="video_9")], polls=[video(), FAILED])

    async def until_running(here: Session, job: Job) -> None:
        here.driver.wake(job)
        while (await here.fresh(job)).state is not State.RUNNING:
            await vendor.clock.sleep(0.1)

    async with session(tmp_path, vendor) as first:
        job = await first.order()
        await until_running(first, job)
    async with session(tmp_path, vendor) as second:
        [taken] = await second.driver.resume(lambda _: True)
        found = await second.driver.wait(taken)

    assert (found.id, found.state, len(vendor.posts)) == (job.id, State.FAILED, 1)
    assert {request.url.path for _, request in vendor.asked} == {"/v1/videos/video_9"}


async def test_a_step_may_be_taken_twice_late_or_by_a_stranger(tmp_path: Path) -> None:
    vendor = Vendor([video("queued")], polls=[FAILED])

    async with session(tmp_path, vendor) as here, session(tmp_path, vendor) as stranger:
        job = await here.run()
        assert await stranger.stepped(job) == job
        assert await here.stepped(job) == job
        other = await here.order()
        assert await stranger.stepped(other) == other

    assert len(vendor.posts) == 1


async def test_a_job_that_another_process_drives_is_not_called_failed(simulated: Simulated, tmp_path: Path) -> None:
    vendor = Vendor([video("queued")], polls=[video()])
    async with session(tmp_path / "shared", vendor) as here, session(tmp_path / "shared", Vendor()) as stranger:
        job = await here.order()
        here.driver.wake(job)
        while (await here.fresh(job)).state is not State.RUNNING:
            await vendor.clock.sleep(0.1)

        error = error_of(await stranger.driver.wait(await here.fresh(job)))

    assert isinstance(error, Overdue)
    assert "Another process drives job" in error.message


def test_the_same_words_for_every_kind_of_end() -> None:
    """Every state that is no success has an exception of its own kind."""
    made: dict[str, Any] = dict.fromkeys(Job.__dataclass_fields__)
    made |= {"id": "job-1", "endpoint": "openai/sora-2", "reserved": 400_000, "settings": {}, "reason": "so it is"}
    for state in State:
        if state is State.SUCCEEDED:
            continue
        error = error_of(Job(**(made | {"state": state})))
        assert "so it is" in error.message
