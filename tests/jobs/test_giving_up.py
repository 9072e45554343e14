"""A caller who gives up, a session that closes or opens again: no job is left that nobody drives, nothing hangs."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from rushes import Rushes
from rushes.config import Limits
from rushes.errors import LedgerBroken, NotSent, SetupError
from rushes.ledger import Ledger, State
from rushes.take import Take
from tests.jobs.conftest import Simulated
from tests.jobs.session import Vendor, session, video
from tests.router.chains import policy


@contextmanager
def locked(home: Path) -> Iterator[sqlite3.Connection]:
    """Another program is writing to the ledger."""
    with closing(sqlite3.connect(home / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def until_it_writes(ledger: Ledger) -> None:
    await until(lambda: bool(vars(ledger._queue)["_unfinished_tasks"]))


async def test_a_caller_who_gives_up_while_the_intent_is_written_leaves_no_job_that_is_sent_later(
    simulated: Simulated,
) -> None:
    async with simulated.open() as rushes:
        with locked(simulated.home) as other:
            asked = asyncio.create_task(rushes.generate("a kite", endpoint="openai/sora-2", seconds=4))
            await until_it_writes(rushes._ledger)
            asked.cancel()
            await asyncio.sleep(0)
            other.execute("ROLLBACK")
        with pytest.raises(asyncio.CancelledError):
            await asked
        [job] = await rushes.jobs()

    assert (job.state, job.spent) == (State.CANCELLED, 0)
    assert simulated.accepted() == []


async def test_a_session_that_is_not_open_says_so(simulated: Simulated) -> None:
    rushes = simulated.open()
    with pytest.raises(SetupError, match="not open"):
        await rushes.generate("a kite", endpoint="openai/sora-2", seconds=4)

    async with rushes:
        pass

    with pytest.raises(SetupError, match="not open"):
        await rushes.generate("a kite", endpoint="openai/sora-2", seconds=4)


async def test_a_session_that_is_opened_again_makes_clips_again(simulated: Simulated) -> None:
    rushes = simulated.open()
    async with rushes:
        await rushes.generate("a kite", endpoint="openai/sora-2", seconds=4)

    async with rushes:
        take = await rushes.generate("a boat", endpoint="openai/sora-2", seconds=4)

    assert isinstance(take, Take)


async def test_a_ledger_that_is_closed_says_so_instead_of_hanging(tmp_path: Path) -> None:
    async with session(tmp_path, Vendor()) as here:
        job = await here.order()

    with pytest.raises(LedgerBroken, match="closed"):
        await asyncio.wait_for(here.ledger.own(job.id), 5)


async def test_a_session_that_cannot_resume_closes_what_it_had_opened(simulated: Simulated) -> None:
    rushes = simulated.open()
    with locked(simulated.home):
        opening = asyncio.create_task(rushes.__aenter__())
        await until(lambda: hasattr(rushes, "_driver"))
        await until_it_writes(rushes._ledger)
        opening.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await opening

    assert rushes._reach._polls.is_closed
    assert rushes._reach._submits.is_closed


async def test_two_first_requests_at_once_start_one_heart(simulated: Simulated) -> None:
    def tasks() -> int:
        return sum("_beat" in repr(task) for task in asyncio.all_tasks())

    async with simulated.open(resume=False) as rushes:
        await asyncio.gather(
            *(rushes.generate("a kite", endpoint="openai/sora-2", seconds=4) for _ in range(2)),
        )
        assert tasks() == 1

    assert tasks() == 0


async def test_no_task_and_no_lock_is_kept_of_a_job_that_has_ended(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        await rushes.generate("a kite", endpoint="openai/sora-2", seconds=4)
        await asyncio.sleep(0)

        assert not rushes._driver._tasks
        assert not rushes._machine._locks
        assert not rushes._machine._watches


async def test_a_job_whose_driving_broke_is_taken_up_again(tmp_path: Path) -> None:
    vendor = Vendor([video("queued")], polls=[video("failed")])
    async with session(tmp_path, vendor, limits=Limits(guard=0.05, stale=0.3)) as here:
        job = await here.order()
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as other:
            other.execute("ALTER TABLE jobs RENAME TO away")
            here.driver.wake(job)
            with pytest.raises(LedgerBroken):
                await here.driver.wait(job)
            other.execute("ALTER TABLE away RENAME TO jobs")
        await until(lambda: job.id in here.driver._tasks)
        assert (await here.driver.wait(job)).state is State.FAILED

    assert len(vendor.posts) == 1


async def test_what_a_callback_breaks_stops_no_job(simulated: Simulated, caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: object) -> None:
        raise ValueError("no such line")

    async with simulated.open(on_event=broken) as rushes:
        take = await rushes.generate("a kite", endpoint="openai/sora-2", seconds=4)

    assert isinstance(take, Take)
    assert "on_event" in caplog.text


async def test_a_job_whose_deadline_passes_while_it_waits_for_a_slot_is_given_up_then_and_says_what_it_waited_for(
    simulated: Simulated,
) -> None:
    own = "vllm-omni/wan-2.2"  # which takes one job at a time
    async with simulated.open(limits=Limits(deadline=9000)) as rushes:
        first = asyncio.create_task(rushes.generate("a kite [simulate: never_finishes]", endpoint=own))
        while not await rushes.jobs(states=[State.RUNNING]):
            pass
        [job] = await rushes.jobs()
        with pytest.raises(NotSent, match="waited for a free slot"):
            await rushes.generate("a boat", policy=policy(own, choose="cost", deadline=5000))
        [given_up] = [each for each in await rushes.jobs() if each.id != job.id]
        assert (await rushes.job(job.id)).state is State.RUNNING
        await rushes.cancel(job.id)
        await asyncio.gather(first, return_exceptions=True)

    assert (given_up.state, given_up.spent) == (State.FAILED, 0)
    assert given_up.ended == given_up.deadline
    assert len(simulated.accepted()) == 1


async def test_a_queued_job_of_a_provider_that_left_the_config_ends_at_no_cost(
    simulated: Simulated, tmp_path: Path
) -> None:
    async with Ledger.open(simulated.home):
        pass
    async with session(simulated.home, Vendor()) as here:
        job = await here.order(endpoint="gone/sora-2")

    async with Rushes.open(home=simulated.home, environ={}) as rushes:
        ended = await rushes._driver.wait(job)

    assert (ended.state, ended.spent) == (State.FAILED, 0)
