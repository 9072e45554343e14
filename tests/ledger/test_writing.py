"""Writes share their transactions, and none of them takes another with it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from rushes.errors import LedgerBroken
from rushes.ledger import Ledger, State
from tests.ledger.making import NOW, ROOT, intended, intent, move, order, program, take

WRITE = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from rushes.ledger import Ledger, State
from tests.ledger.making import intent, move

async def one(ledger):
    wanted = intent(ledger)
    await ledger.intend(wanted)
    assert await ledger.move(move(wanted.job, State.QUEUED, {"state": State.SENDING, "attempts": 1}))
    assert await ledger.move(move(wanted.job, State.SENDING, {"state": State.RUNNING, "ticket": {"id": wanted.job.id}}))

async def main():
    async with Ledger.open(Path(sys.argv[1])) as ledger:
        await ledger.beat(datetime.now(UTC))
        for _ in range(5):
            await asyncio.gather(*(one(ledger) for _ in range(10)))

asyncio.run(main())
"""


class Commits:
    """Counts the transactions that a ledger makes durable."""

    def __init__(self, ledger: Ledger) -> None:
        self.count = 0
        event.listen(ledger._database.engine, "commit", self._one_more)

    def _one_more(self, _connection: object) -> None:
        self.count += 1


async def test_fifty_intents_at_once_share_few_transactions(ledger: Ledger) -> None:
    await intended(ledger)
    commits = Commits(ledger)

    await asyncio.gather(*(ledger.intend(intent(ledger)) for _ in range(50)))

    assert commits.count <= 3
    assert len(await ledger.jobs()) == 51


async def test_fifty_transitions_at_once_share_few_transactions(ledger: Ledger) -> None:
    made = [await intended(ledger) for _ in range(50)]
    commits = Commits(ledger)

    moved = await asyncio.gather(*(ledger.move(move(job, State.QUEUED, {"state": State.SENDING})) for job in made))

    assert moved == [True] * 50
    assert commits.count <= 3
    assert {job.state for job in await ledger.jobs()} == {State.SENDING}


async def test_a_write_that_cannot_be_done_does_not_take_others_with_it(ledger: Ledger) -> None:
    job = await intended(ledger)
    wanted = [intent(ledger) for _ in range(5)]
    wanted.insert(2, replace(intent(ledger), job=job))  # its id is taken

    results = await asyncio.gather(*(ledger.intend(each) for each in wanted), return_exceptions=True)

    assert [type(result) for result in results] == [type(None)] * 2 + [LedgerBroken] + [type(None)] * 3
    assert {each.id for each in await ledger.jobs()} == {job.id, *(each.job.id for each in wanted)}


async def test_a_failed_intent_leaves_no_order_and_no_bytes_behind(ledger: Ledger) -> None:
    job = await intended(ledger, run="r")
    orders = await ledger.orders(run="r")
    twice = replace(intent(ledger), job=job, orders=[order(run="r")])

    with pytest.raises(LedgerBroken):
        await ledger.intend(twice)

    assert await ledger.orders(run="r") == orders


async def test_two_transitions_of_one_job_in_one_batch_are_done_in_turn(ledger: Ledger) -> None:
    job = await intended(ledger)

    moved = await asyncio.gather(
        ledger.move(move(job, State.QUEUED, {"state": State.SENDING, "attempts": 1})),
        ledger.move(move(job, State.QUEUED, {"state": State.SENDING, "attempts": 2})),
        ledger.move(move(job, State.SENDING, {"state": State.RUNNING, "ticket": {"id": "v1", "extra": {}}})),
    )

    found = await ledger.job(job.id)
    assert [*moved] == [True, False, True]
    assert found is not None
    assert (found.state, found.attempts, found.ticket) == (State.RUNNING, 1, {"id": "v1", "extra": {}})


async def test_two_transitions_that_change_the_same_columns_end_with_the_later_one(ledger: Ledger) -> None:
    job = await intended(ledger)

    await asyncio.gather(
        ledger.move(move(job, State.QUEUED, {"state": State.SENDING, "reason": "first"})),
        ledger.move(move(job, State.SENDING, {"state": State.UNCLEAR, "reason": "second"})),
        ledger.move(move(job, State.UNCLEAR, {"state": State.RUNNING, "reason": "third", "accepted": NOW})),
        ledger.move(move(job, State.RUNNING, {"state": State.OVERDUE, "reason": "fourth"})),
    )

    found = await ledger.job(job.id)
    assert found is not None
    assert (found.state, found.reason) == (State.OVERDUE, "fourth")


async def test_takes_and_the_state_that_they_come_with_are_one_write(ledger: Ledger) -> None:
    job = await intended(ledger, state=State.RUNNING, run="r")
    [owner] = await ledger.orders_of(job.id)
    values = {"state": State.SUCCEEDED, "ended": NOW + timedelta(seconds=60), "settled": 5}

    assert await ledger.move(move(job, State.RUNNING, values, takes=[take(job, owner)], drop_bytes=True))

    [found] = await ledger.takes(run="r")
    assert (found.order, found.job) == (owner.id, job.id)
    assert await ledger.bytes_of(job.id) is None


async def test_a_refused_transition_writes_no_take_and_drops_no_bytes(ledger: Ledger) -> None:
    job = await intended(ledger)
    [owner] = await ledger.orders_of(job.id)

    assert not await ledger.move(
        move(job, State.RUNNING, {"state": State.SUCCEEDED}, takes=[take(job, owner)], drop_bytes=True)
    )

    assert await ledger.takes() == []
    assert await ledger.bytes_of(job.id) is not None


def test_concurrent_writes_of_several_processes_lose_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(program(WRITE, str(home)), stderr=subprocess.PIPE, text=True, env=environ) for _ in range(3)
    ]
    ends = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], ends

    async def written() -> tuple[int, int]:
        async with Ledger.open(home) as ledger:
            found = await ledger.jobs()
            whole = [job for job in found if job.state is State.RUNNING and job.ticket == {"id": job.id}]
            return len(found), len(whole)

    assert asyncio.run(written()) == (150, 150)


async def test_a_caller_who_gives_up_does_not_stop_the_write(ledger: Ledger) -> None:
    await intended(ledger)
    wanted = intent(ledger)
    writing = asyncio.create_task(ledger.intend(wanted))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    await ledger.intend(intent(ledger))

    assert await ledger.job(wanted.job.id) == wanted.job
