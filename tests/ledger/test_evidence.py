"""Evidence in the ledger: only added to, told as the newest of each thing, and simulated worlds apart.

Live jobs are put together by the day; of each the newest word counts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import log
from pathlib import Path
from statistics import stdev
from typing import Any

import pytest

from rushes import Rushes, Take
from rushes.config import Limits
from rushes.errors import LedgerBroken, Overdue, Unclear
from rushes.evidence import Evidence, EvidenceCell
from rushes.jobs.lived import lived
from rushes.ledger import Job, Ledger, State
from tests.ledger import making
from tests.ledger.making import NOW, intended, move, take

CELL = EvidenceCell("text", "short", "720p", True)


def evidence(**changes: Any) -> Evidence:
    made = Evidence(
        endpoint="openai/sora-2",
        cell=CELL,
        metric="log_seconds",
        mean=4.1,
        sd=0.4,
        n=12,
        source="measured",
        simulated=False,
        observed=NOW,
        run="mini",
        detail={"longer_than": [1800.0]},
    )
    return replace(made, **changes)


#: Everything that makes evidence another thing.
OTHERS = {
    "run": evidence(run="other"),
    "no run": evidence(run=None),
    "endpoint": evidence(endpoint="azure/sora-2"),
    "mode": evidence(cell=replace(CELL, mode="image")),
    "length": evidence(cell=replace(CELL, length="medium")),
    "resolution": evidence(cell=replace(CELL, resolution=None)),
    "sound": evidence(cell=replace(CELL, audio=None)),
    "silence": evidence(cell=replace(CELL, audio=False)),
    "metric": evidence(metric="usable"),
    "source": evidence(source="imported"),
}


async def test_what_is_recorded_is_read_again(ledger: Ledger) -> None:
    found = [evidence(), *OTHERS.values()]

    added = await ledger.record(found, NOW)

    told = await ledger.evidence(simulated=False)
    assert added == len(told) == len(found)
    assert all(each in told for each in found)


async def test_a_mean_is_kept_to_its_last_digit(ledger: Ledger) -> None:
    exact = evidence(mean=0.1 + 0.2, sd=1 / 3)

    await ledger.record([exact], NOW)

    assert await ledger.evidence(simulated=False) == [exact]


async def test_it_is_there_at_the_next_start(tmp_path: Path) -> None:
    async with Ledger.open(tmp_path) as ledger:
        await ledger.record([evidence()], NOW)

    async with Ledger.open(tmp_path) as ledger:
        assert await ledger.evidence(simulated=False) == [evidence()]


async def test_of_the_same_thing_the_newest_counts(ledger: Ledger) -> None:
    await ledger.record([evidence(n=12)], NOW)
    await ledger.record([evidence(n=24)], NOW + timedelta(seconds=1))

    assert [each.n for each in await ledger.evidence(simulated=False)] == [24]


async def test_what_was_there_before_is_never_overwritten(ledger: Ledger) -> None:
    await ledger.record([evidence(n=12)], NOW)
    await ledger.record([evidence(n=24)], NOW + timedelta(seconds=1))

    with closing(sqlite3.connect(ledger.home / "ledger.sqlite")) as database:
        rows = database.execute("SELECT n FROM evidence ORDER BY recorded").fetchall()
    assert rows == [(12,), (24,)]


async def test_the_same_again_is_not_added_twice(ledger: Ledger) -> None:
    assert await ledger.record([evidence(), evidence(metric="usable")], NOW) == 2
    assert await ledger.record([evidence(), evidence(metric="usable", mean=0.5)], NOW + timedelta(days=1)) == 1
    assert await ledger.record([], NOW) == 0


# --- what a run no longer says ----------------------------------------------------------------------------------------


STARTED = NOW - timedelta(hours=1)
DAYS = [NOW + timedelta(days=day) for day in range(6)]


async def speak(
    ledger: Ledger,
    found: Sequence[Evidence],
    now: datetime,
    *,
    started: datetime = STARTED,
    worlds: Collection[bool] = (False,),
) -> tuple[int, int]:
    """What the run `mini` says by now."""
    return await ledger.speak("mini", found, now, started=started, worlds=worlds)


def said(**changes: Any) -> Evidence:
    """As it is told again."""
    return evidence(started=STARTED, **changes)


async def test_what_a_run_no_longer_says_counts_for_nothing_and_is_kept(ledger: Ledger) -> None:
    rating = evidence(metric="rating", source="voted", n=6)
    assert await speak(ledger, [evidence(), rating], DAYS[0]) == (2, 0)

    assert await speak(ledger, [evidence()], DAYS[1]) == (0, 1)

    assert await ledger.evidence(simulated=False) == [said()]
    assert await ledger.withdrawn(simulated=False) == [replace(rating, withdrawn=DAYS[1], started=STARTED)]
    with closing(sqlite3.connect(ledger.home / "ledger.sqlite")) as database:
        rows = database.execute("SELECT metric, withdrawn IS NULL FROM evidence ORDER BY recorded").fetchall()
    assert sorted(rows) == [("log_seconds", 1), ("rating", 0), ("rating", 1)]


async def test_what_is_withdrawn_is_withdrawn_once_and_may_be_said_again(ledger: Ledger) -> None:
    await speak(ledger, [evidence()], DAYS[0])

    assert await speak(ledger, [], DAYS[1]) == (0, 1)
    assert await speak(ledger, [], DAYS[2]) == (0, 0)
    assert await ledger.evidence(simulated=False) == []
    assert await speak(ledger, [evidence()], DAYS[3]) == (1, 0)

    assert await ledger.evidence(simulated=False) == [said()]
    assert await ledger.withdrawn(simulated=False) == []


async def test_a_run_withdraws_nothing_of_others_of_nobodys_and_of_live_jobs(ledger: Ledger) -> None:
    others = [evidence(run="other"), evidence(run=None), evidence(run="mini", source="live", detail={"job": "job-1"})]
    await ledger.record([*others, evidence()], NOW)

    assert await speak(ledger, [], DAYS[1]) == (0, 1)

    told = await ledger.evidence(simulated=False)
    assert {(row.run, row.source) for row in told} == {("other", "measured"), (None, "measured"), (None, "live")}


async def test_a_run_of_both_worlds_withdraws_in_each(ledger: Ledger) -> None:
    both = (False, True)
    await speak(ledger, [evidence(), evidence(simulated=True)], DAYS[0], worlds=both)

    assert await speak(ledger, [evidence()], DAYS[1], worlds=both) == (0, 1)

    assert await ledger.withdrawn(simulated=False) == []
    assert [row.simulated for row in await ledger.withdrawn(simulated=True)] == [True]


async def test_a_run_of_one_world_withdraws_nothing_in_the_other(ledger: Ledger) -> None:
    await speak(ledger, [evidence()], DAYS[0])

    assert await speak(ledger, [evidence(simulated=True)], DAYS[1], worlds=(True,)) == (1, 0)
    assert await speak(ledger, [], DAYS[2], worlds=(True,)) == (0, 1)

    assert await ledger.evidence(simulated=False) == [said()]


async def test_a_new_run_of_a_name_leaves_what_the_one_before_it_said(ledger: Ledger) -> None:
    again = DAYS[1]
    await speak(ledger, [evidence(), evidence(metric="usable")], DAYS[0])

    assert await speak(ledger, [evidence(n=3)], DAYS[2], started=again) == (1, 0)

    told = await ledger.evidence(simulated=False)
    assert {(row.metric, row.n, row.started) for row in told} == {
        ("log_seconds", 12, STARTED),
        ("usable", 12, STARTED),
        ("log_seconds", 3, again),
    }
    assert await ledger.evidence_of("mini", again, simulated=False) == [evidence(n=3, started=again)]

    assert await speak(ledger, [], DAYS[3], started=again) == (0, 1)
    assert {row.started for row in await ledger.evidence(simulated=False)} == {STARTED}


# Rows of before runs were told apart bear no start.


async def test_what_a_run_said_before_runs_were_told_apart_is_its_own(ledger: Ledger) -> None:
    await ledger.record([evidence(), evidence(metric="usable"), evidence(metric="rating", source="voted")], DAYS[0])

    assert await speak(ledger, [evidence(), evidence(metric="usable", n=24)], DAYS[1]) == (1, 1)

    told = await ledger.evidence(simulated=False)
    assert {(row.metric, row.n) for row in told} == {("log_seconds", 12), ("usable", 24)}
    assert [row.metric for row in await ledger.withdrawn(simulated=False)] == ["rating"]
    assert await speak(ledger, [], DAYS[2]) == (0, 2)
    assert await ledger.evidence(simulated=False) == []


async def test_what_was_said_before_a_run_was_started_is_of_another_run_of_its_name(ledger: Ledger) -> None:
    await ledger.record([evidence()], DAYS[0])

    assert await speak(ledger, [evidence()], DAYS[2], started=DAYS[1]) == (1, 0)
    assert await speak(ledger, [], DAYS[3], started=DAYS[1]) == (0, 1)

    assert await ledger.evidence(simulated=False) == [evidence()]


async def test_what_was_so_before_and_is_so_again_is_added(ledger: Ledger) -> None:
    for day, n in enumerate((12, 24, 12)):
        assert await ledger.record([evidence(n=n)], NOW + timedelta(days=day)) == 1

    assert [each.n for each in await ledger.evidence(simulated=False)] == [12]


@pytest.mark.parametrize("what", OTHERS)
async def test_another_thing_stands_beside_it(ledger: Ledger, what: str) -> None:
    await ledger.record([evidence()], NOW)
    await ledger.record([OTHERS[what]], NOW + timedelta(seconds=1))

    told = await ledger.evidence(simulated=False)

    assert len(told) == 2
    assert evidence() in told
    assert OTHERS[what] in told


async def test_simulated_worlds_are_told_apart(ledger: Ledger) -> None:
    await ledger.record([evidence(), evidence(simulated=True, n=99)], NOW)

    assert [each.n for each in await ledger.evidence(simulated=False)] == [12]
    assert [each.n for each in await ledger.evidence(simulated=True)] == [99]


async def test_two_processes_may_record_at_once(tmp_path: Path) -> None:
    async with Ledger.open(tmp_path) as one, Ledger.open(tmp_path) as two:
        await one.record([evidence()], NOW)

        assert await two.record([evidence()], NOW) == 0
        assert await two.evidence(simulated=False) == [evidence()]


async def test_a_ledger_that_is_closed_takes_no_more(tmp_path: Path) -> None:
    async with Ledger.open(tmp_path) as ledger:
        pass

    with pytest.raises(LedgerBroken, match="is closed"):
        await ledger.record([evidence()], NOW)


# --- what live jobs tell ----------------------------------------------------------------------------------------------


async def told_by(ledger: Ledger, *rows: Evidence, state: State = State.RUNNING) -> Job:
    """A job that said this when it went on or ended."""
    job = await intended(ledger)
    await tell(ledger, job, *rows, state=state)
    return job


async def tell(ledger: Ledger, job: Job, *rows: Evidence, state: State = State.RUNNING) -> None:
    said = [replace(row, detail={"job": job.id, **row.detail}) for row in rows]
    out_of = (await ledger.job(job.id) or job).state
    assert await ledger.move(move(job, out_of, {"state": state}, evidence=said))


def live(**changes: Any) -> Evidence:
    given = {"source": "live", "run": None, "n": 1, "sd": None, "detail": {}}
    return evidence(**(given | changes))


def usable(mean: float = 1.0, **changes: Any) -> Evidence:
    return live(metric="usable", mean=mean, **changes)


def late(seconds: float, **changes: Any) -> Evidence:
    return usable(0.0, detail={"longer_than": [seconds]}, **changes)


async def test_live_jobs_are_put_together_by_the_day_with_their_spread(ledger: Ledger) -> None:
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    moments = [NOW, midnight - timedelta(microseconds=1), midnight, midnight + timedelta(hours=3)]
    for mean, at in zip((4.0, 4.6, 5.0, 6.0), moments, strict=True):
        await told_by(ledger, live(mean=mean, observed=at))

    first, second = await ledger.evidence(simulated=False)

    assert (first.n, first.mean, first.sd) == (2, pytest.approx(4.3), pytest.approx(stdev([4.0, 4.6])))
    assert (second.n, second.mean, second.sd) == (2, pytest.approx(5.5), pytest.approx(stdev([5.0, 6.0])))
    assert (first.observed, second.observed) == (moments[1], moments[3])
    assert {(row.source, row.run, row.metric) for row in (first, second)} == {("live", None, "log_seconds")}


async def test_one_live_job_has_no_spread_and_equal_ones_have_none_to_speak_of(ledger: Ledger) -> None:
    await told_by(ledger, live())
    assert [row.sd for row in await ledger.evidence(simulated=False)] == [None]

    await told_by(ledger, live())
    assert [row.sd for row in await ledger.evidence(simulated=False)] == [pytest.approx(0.0, abs=1e-6)]


@pytest.mark.parametrize("what", ["endpoint", "mode", "length", "resolution", "sound", "silence", "metric"])
async def test_live_jobs_of_another_kind_stand_beside(ledger: Ledger, what: str) -> None:
    other = OTHERS[what]
    await told_by(ledger, live())
    await told_by(ledger, live(endpoint=other.endpoint, cell=other.cell, metric=other.metric))

    assert [row.n for row in await ledger.evidence(simulated=False)] == [1, 1]


async def test_live_jobs_of_simulated_worlds_are_told_apart(ledger: Ledger) -> None:
    await told_by(ledger, live(), live())
    await told_by(ledger, live(simulated=True))

    assert [row.n for row in await ledger.evidence(simulated=False)] == [2]
    assert [row.n for row in await ledger.evidence(simulated=True)] == [1]


async def test_a_run_that_was_measured_speaks_for_its_own_jobs(ledger: Ledger) -> None:
    await told_by(ledger, live(run="mini"), usable(run="mini"), late(1800.0, run="mini"))
    await told_by(ledger, live(run="other", mean=5.0))
    assert {row.n for row in await ledger.evidence(simulated=False) if row.metric == "log_seconds"} == {2}

    await ledger.record([evidence(run="mini")], NOW)

    assert await ledger.evidence(simulated=False) == [live(run=None, mean=5.0), evidence(run="mini")]


async def test_a_run_that_takes_back_what_was_measured_no_longer_speaks_for_its_jobs(ledger: Ledger) -> None:
    await told_by(ledger, live(run="mini"))
    await speak(ledger, [evidence()], DAYS[0])
    assert [row.source for row in await ledger.evidence(simulated=False)] == ["measured"]

    await speak(ledger, [], DAYS[1])
    assert [row.source for row in await ledger.evidence(simulated=False)] == ["live"]

    await speak(ledger, [evidence()], DAYS[2])
    assert [row.source for row in await ledger.evidence(simulated=False)] == ["measured"]


async def test_a_run_does_not_speak_for_jobs_of_another_world_or_of_an_earlier_run_of_its_name(ledger: Ledger) -> None:
    await told_by(ledger, live(run="mini"))
    later = datetime.now(UTC) + timedelta(days=1)

    await speak(ledger, [evidence(simulated=True)], later, worlds=(True,))
    await speak(ledger, [evidence()], later, started=later)

    assert [row.source for row in await ledger.evidence(simulated=False)] == ["live", "measured"]


async def test_votes_on_a_run_do_not_silence_its_jobs(ledger: Ledger) -> None:
    await told_by(ledger, live(run="mini"))
    await ledger.record([evidence(run="mini", source="voted", metric="rating")], NOW)

    assert [row.source for row in await ledger.evidence(simulated=False)] == ["live", "voted"]


async def test_what_another_process_saw_counts_at_once(tmp_path: Path) -> None:
    async with Ledger.open(tmp_path) as one, Ledger.open(tmp_path) as two:
        await told_by(one, live())
        await told_by(two, live())

        assert [row.n for row in await one.evidence(simulated=False)] == [2]


async def test_what_a_job_says_after_it_was_taken_over_is_not_written_by_the_one_before(ledger: Ledger) -> None:
    job = await intended(ledger)
    stale = replace(job, fence=job.fence - 1)

    assert not await ledger.move(move(stale, State.QUEUED, {"state": State.FAILED}, evidence=[usable(0.0)]))

    assert await ledger.evidence(simulated=False) == []


async def test_the_wait_for_an_overdue_job_stands_with_whether_it_was_usable(ledger: Ledger) -> None:
    await told_by(ledger, late(1800.0), state=State.OVERDUE)
    await told_by(ledger, late(600.0), state=State.OVERDUE)
    await told_by(ledger, usable(), live(), state=State.SUCCEEDED)

    seconds, share = sorted(await ledger.evidence(simulated=False), key=lambda row: row.metric)

    assert (seconds.n, seconds.detail) == (1, {})
    assert (share.n, share.mean, share.detail) == (3, pytest.approx(1 / 3), {"longer_than": [600.0, 1800.0]})


async def test_waits_stand_with_the_day_and_kind_they_are_of(ledger: Ledger) -> None:
    await told_by(ledger, late(1800.0))
    await told_by(ledger, late(600.0, observed=NOW + timedelta(days=1)))
    await told_by(ledger, late(300.0, cell=replace(CELL, length="medium"), observed=NOW + timedelta(days=2)))

    waited = [row.detail["longer_than"] for row in await ledger.evidence(simulated=False)]

    assert waited == [[1800.0], [600.0], [300.0]]


async def test_an_overdue_job_that_delivers_after_all_counts_once(ledger: Ledger) -> None:
    job = await told_by(ledger, late(1800.0), state=State.OVERDUE)
    await tell(ledger, job, usable(), live(mean=8.0), state=State.SUCCEEDED)

    seconds, share = sorted(await ledger.evidence(simulated=False), key=lambda row: row.metric)

    assert (seconds.n, seconds.mean) == (1, 8.0)
    assert (share.n, share.mean, share.detail) == (1, 1.0, {})


async def test_of_a_job_that_is_overdue_again_the_longer_wait_counts(ledger: Ledger) -> None:
    job = await told_by(ledger, late(1800.0), state=State.OVERDUE)
    await tell(ledger, job, late(5400.0), state=State.OVERDUE)

    [share] = await ledger.evidence(simulated=False)

    assert (share.n, share.mean, share.detail) == (1, 0.0, {"longer_than": [5400.0]})


async def test_a_wait_stands_while_nobody_saw_how_long_the_job_took(ledger: Ledger) -> None:
    later = NOW + timedelta(days=3)
    job = await told_by(ledger, late(1800.0), state=State.OVERDUE)
    await tell(ledger, job, usable(observed=later), state=State.SUCCEEDED)

    [share] = await ledger.evidence(simulated=False)

    assert (share.n, share.mean, share.observed) == (1, 1.0, later)
    assert share.detail == {"longer_than": [1800.0]}


async def test_an_overdue_job_of_several_clips_was_waited_for_once(ledger: Ledger) -> None:
    job = await told_by(ledger, late(1800.0), usable(0.0), usable(0.0), state=State.OVERDUE)
    [before] = await ledger.evidence(simulated=False)
    await tell(ledger, job, usable(), usable(), usable(0.0), state=State.SUCCEEDED)
    [after] = await ledger.evidence(simulated=False)

    assert (before.n, before.mean, before.detail) == (3, 0.0, {"longer_than": [1800.0]})
    assert (after.n, after.mean, after.detail) == (3, pytest.approx(2 / 3), {"longer_than": [1800.0]})


async def test_what_a_job_said_before_stays_in_the_table(ledger: Ledger) -> None:
    job = await told_by(ledger, late(1800.0), state=State.OVERDUE)
    await tell(ledger, job, usable(), state=State.SUCCEEDED)

    with closing(sqlite3.connect(ledger.home / "ledger.sqlite")) as database:
        rows = database.execute("SELECT job, mean FROM evidence ORDER BY recorded").fetchall()
    assert rows == [(job.id, 0.0), (job.id, 1.0)]


# --- what is written when a job goes overdue --------------------------------------------------------------------------


async def gone_overdue(
    home: Path, prompt: str = "a kite", *, endpoint: str = "vertex/veo-3.1", deadline: float = 5
) -> str:
    """A job whose deadline passed before there was a clip; its id."""
    async with Rushes.open(simulate=True, home=home, limits=Limits(deadline=deadline)) as rushes:
        with pytest.raises(Overdue):
            await rushes.generate(prompt, endpoint=endpoint, seconds=4)
        [job] = await rushes.jobs()
        return job.id


async def all_told(home: Path) -> dict[str, Evidence]:
    """By metric; there may be one each."""
    async with Ledger.open(home) as ledger:
        rows = await ledger.evidence(simulated=True)
    named = {row.metric: row for row in rows}
    assert len(named) == len(rows)
    return named


async def test_a_job_that_goes_overdue_leaves_how_long_it_was_waited_for(tmp_path: Path) -> None:
    await gone_overdue(tmp_path)

    found = await all_told(tmp_path)

    assert set(found) == {"usable"}
    [waited] = found["usable"].detail["longer_than"]
    assert (found["usable"].endpoint, found["usable"].n, found["usable"].mean) == ("vertex/veo-3.1", 1, 0.0)
    assert 5 <= waited < 60


async def test_a_job_that_another_process_resumes_and_sees_to_its_end_counts_once(tmp_path: Path) -> None:
    job = await gone_overdue(tmp_path)

    async with Rushes.open(simulate=True, home=tmp_path) as rushes:
        [take] = await rushes.wait(await rushes.resume(job))
    found = await all_told(tmp_path)

    assert isinstance(take, Take)
    assert take.timing["poll_gap"] is not None  # it was at work still when the second process first asked
    assert (found["usable"].n, found["usable"].mean, found["usable"].detail) == (1, 1.0, {})
    assert found["log_seconds"].mean == pytest.approx(log(take.timing["total"] or 0))


async def test_a_deadline_that_passed_while_downloads_failed_says_nothing(tmp_path: Path) -> None:
    await gone_overdue(tmp_path, "a kite [simulate: expired_link]", endpoint="openai/sora-2", deadline=300)

    assert await all_told(tmp_path) == {}


async def test_an_overdue_job_that_is_written_off_is_still_told_once(tmp_path: Path) -> None:
    job = await gone_overdue(tmp_path)
    before = await all_told(tmp_path)

    async with Rushes.open(simulate=True, home=tmp_path) as rushes:
        await rushes.write_off(job)

    assert await all_told(tmp_path) == before


async def test_an_unclear_job_that_is_written_off_says_nothing(tmp_path: Path) -> None:
    async with Rushes.open(simulate=True, home=tmp_path) as rushes:
        with pytest.raises(Unclear):
            await rushes.generate("a kite [simulate: drop_after_accept]", endpoint="vertex/veo-3.1", seconds=4)
        [job] = await rushes.jobs()
        await rushes.write_off(job.id)

    assert await all_told(tmp_path) == {}


@pytest.mark.parametrize(
    ("fence", "gap", "known"),
    [
        (1, 4.0, True),
        (1, None, True),  # it was there at the first look
        (2, 4.0, True),  # taken over, and still at work then
        (2, None, False),  # taken over, and there at the first look: perhaps for hours
        (1, 3600.0, False),  # resumed hours after its deadline
    ],
)
async def test_the_seconds_of_a_clip_that_nobody_saw_finish_are_not_told(
    fence: int, gap: float | None, known: bool, ledger: Ledger
) -> None:
    settings = {"mode": "text", "seconds": 4.0, "resolution": "720p", "audio": None, "size": None}
    job = making.job(ledger, accepted=NOW, sending=NOW, fence=fence, settings=settings)
    delivered = {"seconds": 4.0, "width": 1280, "height": 720, "audio_codec": None}
    timing = {"total": 4000.0 if gap == 3600.0 else 60.0, "poll_gap": gap}

    found = lived(job, [take(job, making.order(), delivered=delivered, timing=timing)], NOW)

    assert [row.metric for row in found] == (["usable", "log_seconds"] if known else ["usable"])
