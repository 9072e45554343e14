"""The seconds of each stretch of a job's life: as the vendor tells them, as we saw them, or None where nobody could."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rushes.http import httpx
from rushes.ledger import State
from tests.jobs.conftest import Simulated
from tests.jobs.session import Vendor, session, video

STRETCHES = {"submit", "queue", "render", "making", "download", "total", "poll_gap"}


async def timing_and_truth(
    simulated: Simulated, prompt: str, **asked: Any
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    async with simulated.open() as rushes:
        take = await rushes.generate(prompt, **asked)
    [made] = simulated.accepted()
    return take.timing, made


async def test_where_the_vendor_tells_its_times_they_are_the_takes(simulated: Simulated) -> None:
    timing, made = await timing_and_truth(simulated, "a kite", endpoint="dashscope-intl/wan-2.5", resolution="480p")

    assert timing.keys() == STRETCHES
    assert timing["queue"] == pytest.approx(made["queue_seconds"], abs=0.01)
    assert timing["render"] == pytest.approx(made["render_seconds"], abs=0.01)
    assert timing["making"] == pytest.approx(made["queue_seconds"] + made["render_seconds"], abs=0.01)
    assert timing["download"] > 0


async def test_where_the_vendor_shows_no_start_nobody_knows_the_queue(simulated: Simulated) -> None:
    timing, made = await timing_and_truth(simulated, "a kite", endpoint="vertex/veo-3.1", seconds=4)

    assert (timing["queue"], timing["render"]) == (None, None)
    assert timing["download"] is None, "the clip came with the last poll"
    whole = made["queue_seconds"] + made["render_seconds"]
    assert whole <= timing["making"] <= whole + timing["poll_gap"] + 1


async def test_the_whole_is_not_less_than_its_stretches(simulated: Simulated) -> None:
    timing, _ = await timing_and_truth(simulated, "a kite", endpoint="openai/sora-2", seconds=4)

    assert timing["total"] >= timing["submit"] + timing["making"] + timing["download"] - 2
    assert timing["submit"] > 0


async def test_a_slow_download_is_no_part_of_the_making(simulated: Simulated) -> None:
    timing, made = await timing_and_truth(
        simulated, "a kite [simulate: slow_body]", endpoint="openai/sora-2", seconds=4
    )

    assert timing["download"] >= 90
    assert timing["making"] < made["queue_seconds"] + made["render_seconds"] + 2


async def test_the_gap_says_how_long_a_finished_clip_may_have_waited_for_a_poll(simulated: Simulated) -> None:
    timing, made = await timing_and_truth(simulated, "a kite", endpoint="vertex/veo-3.1", seconds=4)

    late = timing["making"] - (made["queue_seconds"] + made["render_seconds"])
    assert 0 <= late <= timing["poll_gap"] + 1


@pytest.mark.parametrize(("scale", "seconds"), [("60", 60.0), ("0.5", 0.5), ("virtual", 1.0), ("nonsense", 1.0)])
async def test_durations_are_in_the_seconds_of_the_world_that_made_the_clip(
    scale: str, seconds: float, tmp_path: Path, one_film: Path
) -> None:
    accepted = video("queued")
    accepted.headers["x-rushes-simulated"] = "true"
    accepted.headers["x-rushes-time-scale"] = scale
    done = video("completed")
    vendor = Vendor([accepted], polls=[video(), done], files=[httpx.Response(200, content=one_film.read_bytes())])

    async with session(tmp_path, vendor) as here:
        job = await here.run()
        [take] = await here.ledger.takes(job=job.id)

    assert (job.state, job.simulated, job.time_scale) == (State.SUCCEEDED, True, seconds)
    assert job.accepted is not None
    (begun, _), *_, (done_at, _) = [each for each in vendor.asked if not each[1].url.path.endswith("/content")]
    assert take.timing["making"] == pytest.approx(done_at * seconds, rel=0.01)
    assert take.timing["poll_gap"] == pytest.approx((done_at - begun) * seconds, rel=0.01)


async def test_without_that_header_nothing_is_called_simulated(tmp_path: Path, one_film: Path) -> None:
    vendor = Vendor(
        [video("queued")], polls=[video("completed")], files=[httpx.Response(200, content=one_film.read_bytes())]
    )

    async with session(tmp_path, vendor) as here:
        job = await here.run()
        [take] = await here.ledger.takes(job=job.id)

    assert (job.simulated, job.time_scale) == (False, 1.0)
    assert take.timing["poll_gap"] is None, "the first poll found it done"


async def test_of_an_adopted_job_the_making_begins_when_the_vendor_took_it(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        take = await rushes.generate("a kite [simulate: drop_after_accept]", endpoint="openai/sora-2", seconds=4)
        [job] = await rushes.jobs()
    [made] = simulated.accepted()

    assert job.accepted is not None
    assert job.accepted.timestamp() == pytest.approx(made["created"], abs=1)
    assert take.timing["making"] == pytest.approx(made["queue_seconds"] + made["render_seconds"], abs=1)
    assert take.created - job.accepted >= timedelta(seconds=made["queue_seconds"] + made["render_seconds"] - 1)
