"""Answers that nobody expected: no job is given up over them, and no dollar goes uncounted."""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.card import Endpoint, load_cards
from rushes.errors import JobFailed
from rushes.http import httpx
from rushes.jobs import money
from rushes.ledger import State
from rushes.plan import Plan, plan
from rushes.providers.base import Usage
from rushes.request import VideoRequest
from tests.jobs.session import Vendor, session, video

DAY = date(2026, 8, 1)
CARDS = load_cards()


def wan() -> Endpoint:
    return next(each for each in CARDS["wan-2.5"].endpoints if each.provider == "dashscope-intl")


@pytest.mark.parametrize(
    ("usage", "micro"),
    [(Usage(resolution="4k"), 250_000), (Usage(seconds=Decimal(10), clips=1, resolution="4k"), 500_000)],
)
def test_a_resolution_without_a_price_counts_at_the_price_of_the_one_asked_for(usage: Usage, micro: int) -> None:
    made = plan(VideoRequest(prompt="a kite", seconds=5, resolution="480p"), wan(), day=DAY)
    assert isinstance(made, Plan)

    found = money.delivered(wan(), DAY, made.settings, 1, 0, usage)

    assert (found.micro, found.how) == (micro, "assumed")


def test_a_clip_that_lay_too_long_was_made_and_counts_in_full() -> None:
    free = wan().billing.model_copy(update={"failed": "free"})

    found = money.undelivered(700, JobFailed("the job is expired", kind="expired"), free)

    assert (found.micro, found.how) == (700, "assumed")


@pytest.mark.parametrize("status", [404, 410])
async def test_a_page_on_the_way_that_is_not_found_loses_no_job(status: int, tmp_path: Path) -> None:
    page = httpx.Response(status, text="<html>default backend</html>")
    vendor = Vendor([video("queued")], polls=[*[video("queued")] * 20, page, video("failed")])

    async with session(tmp_path, vendor) as here:
        job = await here.run()

    assert job.state is State.FAILED


async def test_an_answer_that_our_own_code_trips_over_is_asked_for_again(tmp_path: Path) -> None:
    deep = httpx.Response(200, content=b"[" * 200_000)
    vendor = Vendor([video("queued")], polls=[deep, video("failed")])

    async with session(tmp_path, vendor) as here:
        job = await here.run()

    assert job.state is State.FAILED


async def test_a_request_that_cannot_be_built_ends_the_job_at_no_cost(tmp_path: Path) -> None:
    class Broken:
        async def headers(self) -> dict[str, str]:
            return {"authorization": "Bearer sk-…"}

    vendor = Vendor([video("queued")])
    async with session(tmp_path, vendor, auth=Broken()) as here:
        job = await here.run()

    assert (job.state, job.kind, job.spent) == (State.FAILED, "not sent", 0)
    assert vendor.posts == []


async def test_of_two_clips_one_of_which_is_broken_the_other_is_kept(tmp_path: Path, one_film: Path) -> None:
    operation = "projects/p/locations/us-central1/publishers/google/models/veo-3.1-generate-001/operations/1"
    videos = [{"bytesBase64Encoded": b64encode(data).decode()} for data in (b"no video", one_film.read_bytes())]
    done = httpx.Response(200, json={"name": operation, "done": True, "response": {"videos": videos}})
    vendor = Vendor([httpx.Response(200, json={"name": operation}), done])

    async with session(tmp_path, vendor, endpoint="vertex/veo-3.1") as here:
        job = await here.driver.wait(await here.order(count=2))
        takes = await here.ledger.takes(job=job.id)

    assert (job.state, job.kind, job.settled) == (State.SUCCEEDED, "vendor", job.reserved)
    assert "unusable" in (job.reason or "")
    assert [take.cost for take in takes] == [job.reserved]


@pytest.mark.parametrize("scale", ["nan", "inf", "-inf"])
async def test_a_time_scale_that_is_none_is_not_believed(scale: str, tmp_path: Path) -> None:
    accepted = video("queued")
    accepted.headers["x-rushes-simulated"] = "1"
    accepted.headers["x-rushes-time-scale"] = scale
    vendor = Vendor([accepted], polls=[video("failed")])

    async with session(tmp_path, vendor) as here:
        job = await here.run()

    assert (job.state, job.time_scale) == (State.FAILED, 1.0)
