"""An endpoint is gone by its newest word: that it was retired, unless it has taken a job since."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from rushes.ledger import Gone, Job, Ledger, State
from tests.ledger.making import NOW, intended, move

MINUTE = timedelta(minutes=1)


async def retired(ledger: Ledger, minute: int, **changes: Any) -> Job:
    """A job that was told at that minute that its endpoint is no more."""
    at = NOW + minute * MINUTE
    job = await intended(ledger, created=at, **changes)
    values = {"state": State.FAILED, "kind": "retired", "reason": f"gone since minute {minute}", "ended": at}
    assert await ledger.move(move(job, State.QUEUED, values))
    return job


async def accepted(ledger: Ledger, minute: int, **changes: Any) -> Job:
    at = NOW + minute * MINUTE
    job = await intended(ledger, created=at, **changes)
    assert await ledger.move(move(job, State.QUEUED, {"state": State.RUNNING, "accepted": at}))
    return job


async def test_an_endpoint_that_said_so_is_gone_with_the_day_and_the_job(ledger: Ledger) -> None:
    job = await retired(ledger, 1, as_of="2026-11-20")

    [gone] = await ledger.gone(simulated=False)

    assert gone == Gone(job.endpoint, NOW + MINUTE, "2026-11-20", job.id, "gone since minute 1")


async def test_nobody_is_gone_of_whom_nothing_or_something_else_was_said(ledger: Ledger) -> None:
    await intended(ledger)
    for kind in ("vendor", "access", "invalid", "moderation", "not sent", None):
        job = await intended(ledger)
        await ledger.move(move(job, State.QUEUED, {"state": State.FAILED, "kind": kind, "ended": NOW}))

    assert await ledger.gone(simulated=False) == []


async def test_of_several_words_the_newest_counts(ledger: Ledger) -> None:
    newest = await retired(ledger, 5)
    await retired(ledger, 3)

    assert [gone.job for gone in await ledger.gone(simulated=False)] == [newest.id]


async def test_an_endpoint_is_back_once_it_has_taken_a_job(ledger: Ledger) -> None:
    await retired(ledger, 1)
    await accepted(ledger, 2)

    assert await ledger.gone(simulated=False) == []


async def test_a_job_that_was_taken_before_brings_nothing_back(ledger: Ledger) -> None:
    await accepted(ledger, 1)
    job = await retired(ledger, 2)

    assert [gone.job for gone in await ledger.gone(simulated=False)] == [job.id]


async def test_a_job_that_was_only_tried_since_brings_nothing_back(ledger: Ledger) -> None:
    job = await retired(ledger, 1)
    await intended(ledger, created=NOW + 2 * MINUTE)

    assert [gone.job for gone in await ledger.gone(simulated=False)] == [job.id]


async def test_an_endpoint_that_came_back_can_go_again(ledger: Ledger) -> None:
    await retired(ledger, 1)
    await accepted(ledger, 2)
    job = await retired(ledger, 3)

    assert [gone.job for gone in await ledger.gone(simulated=False)] == [job.id]


async def test_each_endpoint_answers_for_itself(ledger: Ledger) -> None:
    await retired(ledger, 1, endpoint="azure/sora-2")
    await retired(ledger, 1, endpoint="openai/sora-2")
    await accepted(ledger, 2, endpoint="openai/sora-2")

    assert [gone.endpoint for gone in await ledger.gone(simulated=False)] == ["azure/sora-2"]


async def test_simulated_worlds_are_told_apart(ledger: Ledger) -> None:
    real = await retired(ledger, 1)
    simulated = await retired(ledger, 1, endpoint="azure/sora-2", simulated=True)
    await accepted(ledger, 2, simulated=True)

    assert [gone.job for gone in await ledger.gone(simulated=False)] == [real.id]
    assert [gone.job for gone in await ledger.gone(simulated=True)] == [simulated.id]


async def test_what_another_process_was_told_counts(tmp_path: Path) -> None:
    async with Ledger.open(tmp_path) as one, Ledger.open(tmp_path) as two:
        job = await retired(one, 1)

        assert [gone.job for gone in await two.gone(simulated=False)] == [job.id]
