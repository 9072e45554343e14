"""Of two processes that want one job, one writes and the other does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rushes.ledger import FINAL, Job, Ledger, State
from rushes.ledger.ledger import STALE
from tests.ledger.making import intended, intent, move


@pytest.fixture
async def other(ledger: Ledger) -> AsyncIterator[Ledger]:
    """A second runner on the same home."""
    async with Ledger.open(ledger.home) as other:
        await other.beat(datetime.now(UTC))
        yield other


def everything(job: Job) -> bool:
    return True


async def died(home: Path, **changes: object) -> Job:
    """A job of a process that is gone."""
    async with Ledger.open(home) as dead:
        return await intended(dead, **changes)


async def test_a_transition_with_an_old_fence_writes_nothing(ledger: Ledger, other: Ledger) -> None:
    job = await died(ledger.home)
    await other.take_over(datetime.now(UTC), everything)

    assert not await ledger.move(move(job, State.QUEUED, {"state": State.SENDING}))

    found = await ledger.job(job.id)
    assert found is not None
    assert (found.state, found.fence, found.runner) == (State.QUEUED, 2, other.runner)


async def test_a_transition_out_of_another_state_writes_nothing(ledger: Ledger) -> None:
    job = await intended(ledger, state=State.RUNNING)

    assert not await ledger.move(move(job, State.QUEUED, {"state": State.SENDING}))
    assert await ledger.job(job.id) == job


async def test_a_transition_of_a_job_that_is_not_there_writes_nothing(ledger: Ledger) -> None:
    job = await intended(ledger)

    assert not await ledger.move(
        move(Job(**(vars(job) | {"id": "job-nowhere"})), State.QUEUED, {"state": State.SENDING})
    )


async def test_the_jobs_of_a_process_that_lives_are_left_to_it(ledger: Ledger, other: Ledger) -> None:
    job = await intended(ledger)

    assert await other.take_over(datetime.now(UTC), everything) == []
    assert await ledger.job(job.id) == job


async def test_a_process_whose_lock_is_free_is_dead_at_once(ledger: Ledger, other: Ledger) -> None:
    job = await died(ledger.home)

    [taken] = await other.take_over(datetime.now(UTC), everything)

    assert (taken.id, taken.runner, taken.fence) == (job.id, other.runner, 2)


async def test_a_process_whose_heartbeat_is_old_is_dead_though_it_holds_its_lock(ledger: Ledger, other: Ledger) -> None:
    job = await intended(ledger)
    await ledger.beat(datetime.now(UTC) - STALE - timedelta(seconds=1))

    [taken] = await other.take_over(datetime.now(UTC), everything)

    assert (taken.id, taken.fence) == (job.id, 2)


async def test_how_old_is_too_old_can_be_said(ledger: Ledger) -> None:
    job = await intended(ledger)
    await ledger.beat(datetime.now(UTC) - timedelta(seconds=5))

    async with Ledger.open(ledger.home, stale=timedelta(seconds=3)) as hasty:
        await hasty.beat(datetime.now(UTC))
        assert [each.id for each in await hasty.take_over(datetime.now(UTC), everything)] == [job.id]


async def test_only_what_is_open_or_unclear_is_taken_over(ledger: Ledger, other: Ledger) -> None:
    made = {state: (await died(ledger.home, state=state)).id for state in State}

    taken = {job.id for job in await other.take_over(datetime.now(UTC), everything)}

    left = {state for state, id in made.items() if id not in taken}
    assert left == FINAL | {State.OVERDUE}


async def test_what_cannot_be_reached_is_not_taken_over(ledger: Ledger, other: Ledger) -> None:
    job = await died(ledger.home)

    assert await other.take_over(datetime.now(UTC), lambda each: each.simulated) == []
    assert await ledger.job(job.id) == job


async def test_a_dead_process_is_taken_over_by_one_of_two(ledger: Ledger, other: Ledger) -> None:
    await ledger.beat(datetime.now(UTC))
    await died(ledger.home)

    first = await ledger.take_over(datetime.now(UTC), everything)
    second = await other.take_over(datetime.now(UTC), everything)

    assert (len(first), second) == (1, [])


async def test_hundreds_of_jobs_are_taken_over_together(ledger: Ledger, other: Ledger) -> None:
    async with Ledger.open(ledger.home) as dead:
        await intended(dead)
        await asyncio.gather(*(dead.intend(intent(dead)) for _ in range(599)))

    taken = await other.take_over(datetime.now(UTC), everything)

    assert len(taken) == 600
    assert {job.runner for job in taken} == {other.runner}


async def test_a_person_may_take_what_stands_still_or_what_nobody_drives(ledger: Ledger, other: Ledger) -> None:
    parked = await intended(ledger, state=State.UNCLEAR)
    left = await died(ledger.home, state=State.RUNNING)

    taken = [await other.own(parked.id), await other.own(left.id)]

    assert [(job.runner, job.fence) for job in taken] == [(other.runner, 2)] * 2
    assert [await ledger.job(job.id) for job in taken] == taken


async def test_what_a_living_process_drives_stays_with_it_whatever_a_person_says(ledger: Ledger, other: Ledger) -> None:
    job = await intended(ledger, state=State.SENDING)

    assert await other.own(job.id) == job
    assert await ledger.own(job.id) == job
