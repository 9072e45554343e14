"""A clip is complete on disk or not there at all; a broken one is fetched again, and its money is counted."""

from __future__ import annotations

import errno
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from rushes.config import Limits
from rushes.errors import JobFailed, Overdue
from rushes.http import httpx
from rushes.jobs.machine import FETCHES, Event
from rushes.ledger import State
from tests.jobs.conftest import Simulated, takes_of
from tests.jobs.session import Vendor, session, trouble, video

DONE = video("completed", progress=100)
SORA: dict[str, Any] = {"endpoint": "openai/sora-2", "seconds": 4}


def file(content: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(200, content=content, headers={"content-type": "video/mp4", **headers})


def left(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "takes").rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "broken",
    [
        file(b""),
        file(b"<html>sorry</html>"),
        file(b"\0\0\0\x18ftypmp42" * 50),
        trouble(404),
        trouble(403),
        trouble(410),
        trouble(401),
        trouble(429, retry_after="3"),
        trouble(500),
        httpx.ReadError("cut"),
        httpx.ConnectError("refused"),
        httpx.Response(204),
        httpx.Response(302, headers={"location": "https://"}),
    ],
    ids=repr,
)
async def test_what_went_wrong_with_a_download_is_done_again(
    broken: httpx.Response | Exception, tmp_path: Path, one_film: Path
) -> None:
    good = file(one_film.read_bytes())
    vendor = Vendor([video("queued")], polls=[DONE], files=[broken, broken, good])

    async with session(tmp_path, vendor) as here:
        job = await here.run()
        [take] = await here.ledger.takes(job=job.id)

    assert (job.state, job.settled, len(vendor.posts)) == (State.SUCCEEDED, 400_000, 1)
    assert (tmp_path / take.path).read_bytes() == one_film.read_bytes()
    assert left(tmp_path) == [Path(take.path).name]


async def test_a_file_that_stays_broken_fails_the_job_with_its_money_counted(tmp_path: Path) -> None:
    vendor = Vendor([video("queued")], polls=[DONE], files=[file(b"<html>")])

    async with session(tmp_path, vendor) as here:
        job = await here.run()

    assert (job.state, job.kind, job.settled, job.settled_how) == (State.FAILED, "vendor", 400_000, "estimated")
    assert "the finished file is unusable" in (job.reason or "")
    assert sum(request.url.path.endswith("/content") for _, request in vendor.asked) == FETCHES
    assert left(tmp_path) == []


async def test_a_link_that_stays_dead_keeps_the_job_and_its_ticket(tmp_path: Path) -> None:
    vendor = Vendor([video("queued")], polls=[DONE], files=[trouble(404)])

    async with session(tmp_path, vendor) as here:
        job = await here.run()

    assert (job.state, job.ticket, job.settled) == (State.OVERDUE, {"id": "video_1", "extra": {}}, None)
    assert left(tmp_path) == []


async def test_a_clip_larger_than_the_cap_is_not_kept(simulated: Simulated, one_film: Path) -> None:
    just_too_small = Limits(max_clip_bytes=one_film.stat().st_size - 1)

    async with simulated.open(limits=just_too_small) as rushes:
        with pytest.raises(JobFailed, match="larger than the cap of"):
            await rushes.generate("a kite", **SORA)
        [job] = await rushes.jobs()

    assert (job.settled, job.settled_how) == (400_000, "estimated")
    assert simulated.files() == []


async def test_a_clip_of_exactly_the_cap_is_kept(simulated: Simulated, one_film: Path) -> None:
    async with simulated.open(limits=Limits(max_clip_bytes=one_film.stat().st_size)) as rushes:
        assert (await rushes.generate("a kite", **SORA)).path.exists()


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The disk takes nothing for as many times as the number in the list says."""
    left, sync = [2], os.fsync

    def fsync(handle: int) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    return left


async def test_a_full_disk_keeps_the_job_until_there_is_room(simulated: Simulated, full_disk: list[int]) -> None:
    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", **SORA)

    assert full_disk == [0]
    assert simulated.files() == [take.path]
    assert len(simulated.accepted()) == 1


async def test_a_disk_that_stays_full_makes_the_job_overdue_and_says_so(
    simulated: Simulated, full_disk: list[int]
) -> None:
    full_disk[0] = 10_000
    async with simulated.open() as rushes:
        with pytest.raises(Overdue, match="No space left on device"):
            await rushes.generate("a kite", **SORA)
        assert simulated.files() == []
        [job] = await rushes.jobs()

        full_disk[0] = 0
        [take] = takes_of(await rushes.wait(await rushes.resume(job.id)))

    assert take.path.exists()


async def test_what_a_killed_process_left_of_a_file_is_swept_away(simulated: Simulated) -> None:
    half = simulated.home / "takes" / "openai-sora-2" / "half"

    def leave_half_a_file(event: Event) -> None:
        if event.what == "downloading":
            half.parent.mkdir(parents=True)
            half.with_name(f".{event.job.id}-0.part").write_bytes(b"half a film" * 1_000_000)

    async with simulated.open(on_event=leave_half_a_file) as rushes:
        take = await rushes.generate("a kite", **SORA)

    assert simulated.files() == [take.path]
    assert take.path.stat().st_size == take.delivered["bytes"] < 1_000_000


async def test_the_file_is_what_the_ledger_says_it_is(simulated: Simulated, one_film: Path) -> None:
    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", **SORA)

    assert take.sha256 == sha256(take.path.read_bytes()).hexdigest() == sha256(one_film.read_bytes()).hexdigest()
    assert take.sha256[:12] in take.path.name
    assert take.delivered["bytes"] == take.path.stat().st_size
    assert (take.delivered["width"], take.delivered["height"]) == (320, 180)
    assert take.delivered["seconds"] == pytest.approx(2, abs=0.05)
    assert take.delivered["audio_codec"] == "aac"
