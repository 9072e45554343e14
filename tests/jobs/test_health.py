"""Which endpoints rest after trouble, for how long, and what a job that meets a rest does."""

from __future__ import annotations

from pathlib import Path

import pytest

from rushes.errors import JobFailed, JobLost, NotAuthorized, NotSent, RateLimited, Unclear, VideoError
from rushes.http import httpx
from rushes.jobs.health import IN_A_ROW, LONGEST, Health
from rushes.ledger import State
from rushes.simulator.clock import VirtualClock
from tests.jobs.session import START, Vendor, session, trouble, video

DOOR, OTHER = ("openai/sora-2", None), ("openai/sora-2", "north")
DONE = video("failed", error={"code": "moderation_blocked", "message": "no"})


def seconds(health: Health, clock: VirtualClock, door: tuple[str, str | None] = DOOR) -> float | None:
    """How long a door is to be left alone."""
    pause = health.pause(door)
    return None if pause is None else (pause.until - clock.now()).total_seconds()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def health(clock: VirtualClock) -> Health:
    return Health(clock)


# --- what is seen -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "pauses"),
    [
        (RateLimited("busy"), [5, 10, 20, 40, 80, 160, 320, 600, 600]),
        (RateLimited("busy", retry_after=12.5), [12.5, 12.5, 12.5]),
        (RateLimited("busy", retry_after=0.0), [None]),
        (RateLimited("busy", retry_after=86_400.0), [600]),
        (NotSent("no connection"), [10, 20, 40, 80, 160, 320, 600, 600]),
        (Unclear("no answer"), [10, 20, 40]),
        (NotAuthorized("no such key"), [600, 600]),
    ],
)
async def test_each_time_in_a_row_it_rests_longer(
    error: VideoError, pauses: list[float | None], health: Health, clock: VirtualClock
) -> None:
    found = []
    for _ in pauses:
        health.turned_away(DOOR, error)
        found.append(seconds(health, clock))
        await clock.sleep(LONGEST + 1)

    assert found == pytest.approx(pauses)


def test_an_endpoint_that_is_down_for_days_does_not_break_the_sum(health: Health, clock: VirtualClock) -> None:
    for error in (RateLimited("busy"), NotSent("no connection")):
        for _ in range(3000):
            health.turned_away(DOOR, error)
    for _ in range(3000):
        health.failed(OTHER, JobFailed("broke"))

    assert (seconds(health, clock), seconds(health, clock, OTHER)) == (LONGEST, LONGEST)


def test_a_job_that_is_taken_ends_the_rest_and_the_doubling(health: Health, clock: VirtualClock) -> None:
    for _ in range(4):
        health.turned_away(DOOR, RateLimited("busy"))

    health.took(DOOR)

    assert seconds(health, clock) is None
    health.turned_away(DOOR, RateLimited("busy"))
    assert seconds(health, clock) == 5


def test_a_shorter_pause_does_not_cut_a_longer_one(health: Health, clock: VirtualClock) -> None:
    health.turned_away(DOOR, RateLimited("long", retry_after=300.0))
    health.turned_away(DOOR, RateLimited("short", retry_after=2.0))

    pause = health.pause(DOOR)
    assert pause is not None
    assert (seconds(health, clock), pause.why) == (300, "long")


async def test_a_pause_is_over_at_its_end(health: Health, clock: VirtualClock) -> None:
    health.turned_away(DOOR, RateLimited("busy", retry_after=30.0))

    await clock.sleep(29.999)
    assert health.pause(DOOR) is not None
    await clock.sleep(0.001)

    assert health.pause(DOOR) is None


@pytest.mark.parametrize("error", [JobFailed("broke"), JobFailed("too old", kind="expired"), JobLost("gone")])
def test_so_many_jobs_in_a_row_that_come_to_nothing_are_an_outage(
    error: VideoError, health: Health, clock: VirtualClock
) -> None:
    pauses = []
    for _ in range(IN_A_ROW + 2):
        health.failed(DOOR, error)
        pauses.append(seconds(health, clock))

    assert pauses == [None, None, 60, 120, 240]


@pytest.mark.parametrize("kind", ["invalid", "cancelled"])
def test_a_job_that_failed_by_its_own_request_says_nothing(kind: str, health: Health) -> None:
    for _ in range(IN_A_ROW + 1):
        health.failed(DOOR, JobFailed("not like this", kind=kind))

    assert health.pause(DOOR) is None


def test_a_clip_in_between_begins_the_count_anew(health: Health) -> None:
    for _ in range(4):
        for _ in range(IN_A_ROW - 1):
            health.failed(DOOR, JobFailed("broke"))
        health.delivered(DOOR)

    assert health.pause(DOOR) is None


def test_an_endpoint_cools_where_every_key_does_until_the_first_of_them_is_well(
    health: Health, clock: VirtualClock
) -> None:
    health.turned_away(DOOR, RateLimited("busy", retry_after=300.0))
    assert health.cooling("openai/sora-2", [None, "north"]) is None

    health.turned_away(OTHER, RateLimited("busy", retry_after=60.0))
    pause = health.cooling("openai/sora-2", [None, "north"])

    assert pause is not None
    assert (pause.until - clock.now()).total_seconds() == 60
    assert health.cooling("openai/sora-2-pro", [None, "north"]) is None
    assert health.cooling("openai/sora-2", []) is None


# --- what jobs do about it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "pause"),
    [(trouble(500), 10), (trouble(503), 10), (httpx.ReadError("cut"), 10), (trouble(429, retry_after="90"), 90)],
)
async def test_the_next_job_of_the_endpoint_waits_until_the_pause_is_over(
    answer: httpx.Response | Exception, pause: float, tmp_path: Path
) -> None:
    vendor = Vendor([answer, video("queued")])

    async with session(tmp_path, vendor) as here:
        first, second = await here.order("a kite"), await here.order("a boat")
        await here.stepped(first)
        with vendor.clock.working():
            following = await here.machine.step(second.id)
        await vendor.clock.sleep(pause)
        later = await here.stepped(second)

    assert (following.job.state, following.job.attempts, following.wait) == (State.QUEUED, 0, pause)
    assert later.state is State.RUNNING
    assert len(vendor.posts) == 2


async def test_a_job_that_would_wait_longer_than_its_patience_is_given_up_at_once(tmp_path: Path) -> None:
    vendor = Vendor([trouble(429, retry_after="90"), video("queued")], polls=[DONE])

    async with session(tmp_path, vendor) as here:
        first = await here.order("a kite")
        here.machine.patience(first.id, 0)
        await here.driver.wait(first)
        second = await here.order("a boat")
        here.machine.patience(second.id, 60)
        ended = await here.driver.wait(second)

    assert (ended.state, ended.kind, ended.attempts) == (State.FAILED, "not sent", 0)
    assert (ended.reason or "").startswith("not asked for another 90 s: ")
    assert (ended.settled, ended.settled_how) == (0, "not billed")
    assert len(vendor.posts) == 1


@pytest.mark.parametrize("answer", [trouble(500), trouble(429), trouble(404), httpx.ReadError("cut")])
async def test_a_poll_that_fails_says_nothing_of_the_next_job(
    answer: httpx.Response | Exception, tmp_path: Path
) -> None:
    vendor = Vendor([video("queued")], polls=[answer])

    async with session(tmp_path, vendor) as here:
        first, second = await here.order("a kite"), await here.order("a boat")
        for _ in range(5):
            first = await here.stepped(first)
        second = await here.stepped(second)

    assert len(vendor.asked) == 4
    assert (first.state, second.state) == (State.RUNNING, State.RUNNING)
