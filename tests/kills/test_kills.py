"""No clip lost, nothing paid twice: proved by killing, freezing and cancelling real processes."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rushes import Rushes, Take, VideoError
from rushes.config import Limits
from rushes.ledger import State
from tests.kills import harness

KINDS = [*harness.ENDPOINTS]
#: Where a process dies, and what must then become of the clip: (state, jobs at the vendor) by kind of vendor.
CRASHES = {
    "before-intent": {"listable": ("succeeded", 1), "neither": ("succeeded", 1)},
    "after-intent": {"listable": ("succeeded", 1), "neither": ("succeeded", 1)},
    # A list that lacks it proves nothing, so even the listable one waits for a person.
    "after-sending": {"listable": ("unclear", 0), "neither": ("unclear", 0)},
    "mid-post": {"listable": ("succeeded", 1), "neither": ("unclear", 1)},
    "answered": {"listable": ("succeeded", 1), "neither": ("unclear", 1)},
    "after-accepted": {"listable": ("succeeded", 1), "neither": ("succeeded", 1)},
    "file-written": {"listable": ("succeeded", 1), "neither": ("succeeded", 1)},
}


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Vendor]:
    with harness.vendor(tmp_path_factory.mktemp("vendor")) as running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", CRASHES)
def test_a_process_killed_there_ends_with_one_clip_or_asks_a_person(
    point: str, kind: str, vendor: harness.Vendor, tmp_path: Path
) -> None:
    home, endpoint, prefix = tmp_path / "home", harness.ENDPOINTS[kind], f"{point} {kind}"
    crash = {"RUSHES_CRASHPOINT": point, "RUSHES_CRASHFLAG": str(tmp_path / "crashed")}

    assert harness.finish(harness.start_worker(home, vendor, endpoint, 1, prefix=prefix, **crash)) == -signal.SIGKILL
    assert harness.finish(harness.start_worker(home, vendor, endpoint, 1, prefix=prefix)) == 0

    [job] = harness.rows(home, "jobs")
    state, accepted = CRASHES[point][kind]
    assert (job["state"], vendor.accepted(prefix)[f"{prefix} clip 0"]) == (state, accepted), job["reason"]
    caught = {job["id"]} if point in ("after-sending", "mid-post", "answered") else set()
    assert harness.judge(home, vendor, 1, 1, caught, prefix=prefix).wrong == []


@pytest.mark.parametrize("kind", KINDS)
def test_random_kills_lose_nothing_and_pay_nothing_twice(kind: str, tmp_path: Path) -> None:
    verdict = harness.random_kills(tmp_path, kind, kills=12, orders=3, seed=7)

    assert verdict.wrong == []
    assert len(verdict.caught) >= 3, "the kills fell beside the money path: this proved nothing"


def test_the_harness_catches_an_engine_that_sends_again(vendor: harness.Vendor, tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = harness.start_naive(home, vendor, 40)
    while process.poll() is None and vendor.accepted("naive").total() <= len([*home.glob("*.ticket")]):
        time.sleep(0.01)
    harness.kill(process)

    assert harness.finish(harness.start_naive(home, vendor, 40)) == 0

    assert [prompt for prompt, times in vendor.accepted("naive").items() if times > 1]


def test_a_frozen_process_that_wakes_up_sends_nothing(vendor: harness.Vendor, tmp_path: Path) -> None:
    home, endpoint = tmp_path / "home", harness.ENDPOINTS["listable"]
    freeze = {
        "RUSHES_CRASHPOINT": "after-sending",
        "RUSHES_CRASHFLAG": str(tmp_path / "frozen"),
        "RUSHES_CRASHSIGNAL": "STOP",
    }
    frozen = harness.start_worker(home, vendor, endpoint, 1, prefix="frozen", **freeze)
    while not (tmp_path / "frozen").exists():
        time.sleep(0.05)
    time.sleep(float(harness.PATIENCE["RUSHES_STALE"]) + 0.5)
    assert harness.finish(harness.start_worker(home, vendor, endpoint, 1, prefix="frozen")) == 0
    assert [job["state"] for job in harness.rows(home, "jobs")] == ["unclear"]

    os.killpg(frozen.pid, signal.SIGCONT)
    harness.finish(frozen)

    assert not vendor.accepted("frozen")
    assert [job["state"] for job in harness.rows(home, "jobs")] == ["unclear"]


async def test_callers_cancelled_at_random_moments_leave_every_job_in_the_ledger(
    vendor: harness.Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(5)
    home = tmp_path / "home"
    monkeypatch.setenv("RUSHES_TEST_KEY", harness.KEY)
    limits = Limits(submit_timeout=2, settle=0.3, guard=0.5)
    async with Rushes.open(home=home, config=vendor.config, limits=limits) as rushes:

        async def events(count: int) -> None:
            listening = rushes.events()
            for _ in range(count):
                await anext(listening)

        async def one(number: int) -> None:
            # Moments counted by what happens: those of a clock would all come too early on a slow machine.
            moment = asyncio.create_task(events(rng.randrange(72)))
            making = asyncio.create_task(
                rushes.generate(f"cancelled clip {number}", endpoint="openai/sora-2", seconds=4)
            )
            await asyncio.wait([making, moment], return_when=asyncio.FIRST_COMPLETED)
            moment.cancel()
            making.cancel()
            [ended, _] = await asyncio.gather(making, moment, return_exceptions=True)
            assert isinstance(ended, Take | VideoError | asyncio.CancelledError), ended

        await asyncio.gather(*(one(number) for number in range(24)))
    async with Rushes.open(home=home, config=vendor.config, limits=limits) as rushes:
        for job in await rushes.jobs():
            await rushes.wait(job)
        jobs = await rushes.jobs()

    # What was not on its way yet was withdrawn; everything else went on.
    assert {job.state for job in jobs} <= {State.SUCCEEDED, State.CANCELLED}
    assert all((job.state is State.SUCCEEDED) == (job.ticket is not None) for job in jobs)
    assert all(job.settled == 0 for job in jobs if job.state is State.CANCELLED)
    known = {job.ticket["id"] for job in jobs if job.ticket}
    made = {job["id"] for job in vendor.truth()["jobs"] if job["prompt"].startswith("cancelled ")}
    assert known == made
    assert 5 <= len(made) < 24, "all were cancelled before they were sent, or none: this proved nothing"
