"""What the life of a job leaves as evidence: written with its end, counted once, and only for its own world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from math import exp, log
from pathlib import Path
from typing import Any

import pytest

from rushes import Rushes
from rushes.config import Limits
from rushes.errors import VideoError
from rushes.evidence import Evidence, EvidenceCell
from rushes.jobs.lived import lived
from rushes.ledger import Job, State, TakeRow
from rushes.simulator import film
from rushes.simulator.faults import Fault
from tests.jobs.conftest import Simulated, takes_of
from tests.jobs.session import START, Vendor, session, video
from tests.router.chains import Line, draw, policy, said
from tests.router.conftest import line

__all__ = ["line"]

SORA, LITE, OWN = "openai/sora-2", "vertex/veo-3.1-lite", "vllm-omni/wan-2.2"
CELL = EvidenceCell(mode="text", length="short", resolution="720p", audio=True)


@pytest.fixture
def fitting(simulated: Simulated, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The vendors' films are what was ordered, as far as a probe can tell."""
    folder = Path(tmp_path_factory.getbasetemp()) / "fitting"
    folder.mkdir(exist_ok=True)
    monkeypatch.setattr(film, "draw", lambda path, wanted: draw(folder, path, wanted))


# --- one job ----------------------------------------------------------------------------------------------------------


async def ended(tmp_path: Path, **changes: Any) -> Job:
    """A job of Sora's that was accepted, sent for four seconds at 720p with sound."""
    async with session(tmp_path, Vendor()) as here:
        job = await here.order("a kite")
    return replace(job, **({"accepted": START, "state": State.SUCCEEDED, "ended": START} | changes))


def take(sample: int = 0, *, total: float | None = 60.0, **delivered: Any) -> TakeRow:
    facts = {"seconds": 4.0, "width": 1280, "height": 720, "audio_codec": "aac"} | delivered
    return TakeRow(
        f"take-{sample}", "order", "job", sample, START, "path", "hash", facts, {"total": total}, 400_000, "estimated",
        None,
    )  # fmt: skip


def told(rows: Sequence[Evidence]) -> list[tuple[str, float]]:
    return [(row.metric, row.mean) for row in rows]


async def test_a_clip_as_ordered_was_usable_and_took_so_long(tmp_path: Path) -> None:
    job = await ended(tmp_path, run="run-1")

    rows = lived(job, [take()], START + timedelta(minutes=1))

    assert told(rows) == [("usable", 1.0), ("log_seconds", log(60))]
    for row in rows:
        assert (row.endpoint, row.cell, row.n, row.sd, row.source) == (SORA, CELL, 1, None, "live")
        assert (row.simulated, row.run, row.observed) == (False, "run-1", START + timedelta(minutes=1))
        assert row.detail == {"job": job.id}


@pytest.mark.parametrize("wrong", [{"seconds": 3.0}, {"width": 640}, {"audio_codec": None}])
async def test_a_clip_that_is_not_as_ordered_was_not_usable_and_its_seconds_are_nobodys(
    wrong: dict[str, Any], tmp_path: Path
) -> None:
    assert told(lived(await ended(tmp_path), [take(**wrong)], START)) == [("usable", 0.0)]


async def test_of_several_samples_each_counts_and_their_one_wait_once(tmp_path: Path) -> None:
    job = await ended(tmp_path, samples=4)
    takes = [take(0, seconds=3.0), take(1), take(2)]  # the fourth was held back

    assert told(lived(job, takes, START)) == [
        ("usable", 1.0),
        ("usable", 1.0),
        ("usable", 0.0),
        ("usable", 0.0),
        ("log_seconds", log(60)),
    ]


@pytest.mark.parametrize("total", [None, 0.0])
async def test_where_nobody_knows_how_long_it_took_nothing_is_said_of_it(total: float | None, tmp_path: Path) -> None:
    assert told(lived(await ended(tmp_path), [take(total=total)], START)) == [("usable", 1.0)]


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        ("vendor", True),
        ("moderation", True),
        ("expired", True),
        ("lost", True),
        ("invalid", False),
        ("cancelled", False),
        ("access", False),
        ("retired", False),
        ("not sent", False),
    ],
)
async def test_what_the_endpoint_is_not_to_blame_for_does_not_count_against_it(
    kind: str, counts: bool, tmp_path: Path
) -> None:
    job = await ended(tmp_path, state=State.FAILED, kind=kind)

    assert told(lived(job, [], START)) == ([("usable", 0.0)] if counts else [])


async def test_a_job_that_was_never_accepted_says_nothing(tmp_path: Path) -> None:
    assert lived(await ended(tmp_path, accepted=None, state=State.FAILED, kind="moderation"), [], START) == []


async def test_a_job_that_was_waited_for_in_vain_says_how_long(tmp_path: Path) -> None:
    job = await ended(tmp_path, state=State.OVERDUE, sending=START, ended=None, samples=2)

    rows = lived(job, [], START + timedelta(seconds=900))

    assert told(rows) == [("usable", 0.0), ("usable", 0.0)]
    assert [row.detail.get("longer_than") for row in rows] == [[900.0], None]


# --- in the ledger ----------------------------------------------------------------------------------------------------


async def rows(rushes: Rushes, endpoint: str = LITE) -> dict[str, tuple[float, int]]:
    """What live jobs have said of an endpoint: mean and number, by metric."""
    found = [each for each in await rushes.evidence() if each.source == "live" and each.endpoint == endpoint]
    assert len({each.metric for each in found}) == len(found)
    return {each.metric: (each.mean, each.n) for each in found}


async def test_live_jobs_leave_their_rows_and_each_counts_once(fitting: None, simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        takes = takes_of(await rushes.generate_many([f"kite {each}" for each in range(3)], endpoint=LITE))
        found = await rows(rushes)
    async with simulated.open() as rushes:  # nothing more comes of opening it again
        again = await rows(rushes)

    seconds = [take.seconds_to_file for take in takes if take.seconds_to_file is not None]
    assert found["usable"] == (1.0, 3)
    assert found["log_seconds"] == (pytest.approx(sum(map(log, seconds)) / 3), 3)
    assert again == found


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("late_failure", {"usable": (0.0, 1)}),
        ("moderated", {"usable": (0.0, 1)}),
        ("lost", {"usable": (0.0, 1)}),
        ("truncated_file", {"usable": (0.0, 1)}),
        ("missing_sound", {"usable": (0.0, 1)}),
        ("moderated_at_once", {}),
        ("error_503", {}),
        ("never_finishes", {"usable": (0.0, 1)}),
    ],
)
async def test_what_became_of_a_job_is_told_with_its_end(
    fault: str, expected: dict[str, tuple[float, int]], fitting: None, simulated: Simulated
) -> None:
    async with simulated.open(faults=[fault], limits=Limits(deadline=900)) as rushes:
        await rushes.generate_all("a kite", endpoint=LITE, audio=True)
        assert await rows(rushes) == expected


async def test_a_job_that_was_turned_down_or_withdrawn_says_nothing(simulated: Simulated, line: Line) -> None:
    line.answers["vertex"] = [said(403)]

    async with simulated.open() as rushes:
        [result] = await rushes.generate_all("a kite", endpoint=LITE)
        assert isinstance(result, VideoError)
        assert await rushes.evidence() == []


async def test_an_overdue_job_that_comes_to_its_clip_all_the_same_counts_once_and_as_that(
    fitting: None, simulated: Simulated
) -> None:
    async with simulated.open(limits=Limits(deadline=5)) as rushes:
        await rushes.generate_all("a kite", endpoint=OWN)
        [job] = await rushes.jobs()
        waiting = await rows(rushes, OWN)
    async with simulated.open() as rushes:
        await rushes.resume(job.id)
        takes_of(await rushes.wait(job))
        found = await rows(rushes, OWN)

    assert waiting == {"usable": (0.0, 1)}
    assert found["usable"] == (1.0, 1)


async def test_the_rows_are_written_with_the_end_or_not_at_all(tmp_path: Path) -> None:
    """Another process took the job over while it was polled: the end that it learned of is not written, nor the row."""
    failed = video("failed", error={"code": "internal_error", "message": "no"})
    vendor = Vendor([video("queued")], polls=[failed])

    async with session(tmp_path, vendor) as here:
        job = await here.stepped(await here.order())
        stolen = replace(job, fence=job.fence - 1)
        here.machine._ledger.job = _always(stolen)  # type: ignore[method-assign]
        await here.stepped(job)
        del here.machine._ledger.job
        assert (await here.fresh(job)).state is State.RUNNING
        assert await here.ledger.evidence(simulated=False) == []
        await here.stepped(job)
        assert (await here.fresh(job)).state is State.FAILED
        assert told(await here.ledger.evidence(simulated=False)) == [("usable", 0.0)]
        await here.stepped(job)
        assert [row.n for row in await here.ledger.evidence(simulated=False)] == [1]


def _always(job: Job) -> Any:
    async def found(id: str) -> Job:
        return job

    return found


async def test_a_run_that_was_measured_speaks_for_its_own_jobs(fitting: None, simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        await rushes.generate("a kite", endpoint=LITE, run="bench-1")
        await rushes.generate("a boat", endpoint=LITE)
        [usable] = [each for each in await rushes.evidence() if each.metric == "usable"]
        assert usable.n == 2
        await rushes.record([replace(usable, source="measured", run="bench-1", n=1)])
        found = [(each.source, each.n) for each in await rushes.evidence() if each.metric == "usable"]

    assert sorted(found) == [("live", 1), ("measured", 1)]


async def test_simulated_jobs_say_nothing_of_real_endpoints(fitting: None, simulated: Simulated) -> None:
    environ = {"OPENAI_API_KEY": "sk-any", "GOOGLE_CLOUD_PROJECT": "p", "VERTEX_ACCESS_TOKEN": "any"}
    async with simulated.open(simulate=False, as_of=START.date(), environ=environ) as real:
        before = await real.route("a kite", policy=policy(LITE, SORA, choose="speed"))

    async with simulated.open(faults=["late_failure"]) as rushes:
        await rushes.generate_all("a kite", endpoint=LITE)
        await rushes.generate("a boat", endpoint=LITE)
        assert await rows(rushes) != {}

    async with simulated.open(simulate=False, as_of=START.date(), environ=environ) as real:
        assert await real.evidence() == []
        after = await real.route("a kite", policy=policy(LITE, SORA, choose="speed"))

    assert [each.terms.usable for each in after.standings] == [each.terms.usable for each in before.standings]


# --- and what comes of it ---------------------------------------------------------------------------------------------


async def test_an_endpoint_that_is_slower_than_was_thought_loses_its_first_place(
    fitting: None, simulated: Simulated
) -> None:
    """Sora answers a submit late and sends its clips slowly, which its card does not say."""
    veo = "vertex/veo-3.1"
    chosen = policy(SORA, veo, choose="speed", within=0)

    async with simulated.open() as rushes:
        first = (await rushes.route("a kite", policy=chosen)).first
        before = first.known.seconds
        for each in range(6):
            await rushes.generate(f"kite {each} [simulate: slow_answer] [simulate: slow_body]", endpoint=SORA)
        route = await rushes.route("a kite", policy=chosen)
        median = exp((await rows(rushes, SORA))["log_seconds"][0])

    assert first.plan.endpoint.id == SORA
    assert before is not None
    assert median > before.median + 100
    assert [plan.endpoint.id for plan in route.plans] == [veo, SORA]


async def test_an_endpoint_that_often_fails_loses_its_first_place(
    fitting: None, simulated: Simulated, line: Line
) -> None:
    chosen = policy(LITE, SORA, choose="speed")
    line.faults = [Fault("late_failure", "vertex", times=None)]

    async with simulated.open() as rushes:
        first = (await rushes.route("a kite", policy=chosen)).first.plan.endpoint.id
        for each in range(6):
            await rushes.generate_all(f"kite {each}", endpoint=LITE)
            await rushes.clock.sleep(3600)
        route = await rushes.route("a kite", policy=chosen)

    assert first == LITE
    assert [plan.endpoint.id for plan in route.plans] == [SORA, LITE]
