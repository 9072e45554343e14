"""Who may claim a vendor's job, and what a person's decision meets that comes too late or twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.config import Limits
from rushes.errors import BadInput, OverBudget, Overdue, Unclear
from rushes.http import httpx
from rushes.jobs.orders import again
from rushes.ledger import Caps, State, Transition
from rushes.providers.base import Ticket
from tests.jobs.conftest import Simulated
from tests.jobs.session import Vendor, session

LOST = httpx.ReadTimeout("no answer")
LOST_ANSWER = "[simulate: drop_after_accept]"


async def test_a_job_of_other_settings_is_a_rival_where_the_list_does_not_show_them(tmp_path: Path) -> None:
    vendor = Vendor([LOST], lists=[[Vendor().listed(1, seconds=None)]])

    async with session(tmp_path, vendor) as here:
        first = await here.order()
        longer = {**first.fingerprint, "seconds": "8"}
        second = await here.order(fingerprint=longer)
        jobs = await asyncio.gather(here.driver.wait(first), here.driver.wait(second))

    assert {job.state for job in jobs} == {State.UNCLEAR}


async def unclear(rushes: Any) -> str:
    with pytest.raises(Unclear):
        await rushes.generate(f"a kite {LOST_ANSWER}", endpoint="vertex/veo-3.1", seconds=4, audio=False)
    [job] = await rushes.jobs(states=[State.UNCLEAR])
    return str(job.id)


async def test_sending_it_again_twice_at_once_sends_it_once(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        id = await unclear(rushes)
        decided = await asyncio.gather(rushes.resubmit(id), rushes.resubmit(id), return_exceptions=True)
        jobs = await rushes.jobs()

    assert sorted(type(each).__name__ for each in decided) == ["BadInput", "Job"]
    assert len(jobs) == 2


async def test_a_job_that_was_adopted_meanwhile_is_not_sent_again(tmp_path: Path) -> None:
    async with session(tmp_path, Vendor()) as here:
        job = await here.order(state=State.UNCLEAR, sending=here.vendor.clock.now())
        sent = await here.ledger.bytes_of(job.id)
        assert sent is not None
        await here.ledger.move(Transition(job.id, job.fence, frozenset({State.UNCLEAR}), {"state": State.RUNNING}))
        wanted = again(job, await here.ledger.orders_of(job.id), sent, here.vendor.clock.now(), None, Caps())

        with pytest.raises(BadInput, match=job.id):
            await here.ledger.intend(replace(wanted, instead_of=here.machine.written_off(job)))

        assert [each.id for each in await here.ledger.jobs()] == [job.id]


async def test_sending_it_again_keeps_the_cap_of_the_day(simulated: Simulated) -> None:
    async with simulated.open(limits=Limits(max_usd_per_day=Decimal(1))) as rushes:
        id = await unclear(rushes)
        with pytest.raises(OverBudget, match="a day"):
            await rushes.resubmit(id)

        assert (await rushes.job(id)).state is State.UNCLEAR


async def test_sending_it_again_at_a_price_that_nobody_knows_cannot_keep_a_cap(tmp_path: Path) -> None:
    async with session(tmp_path, Vendor()) as here:
        job = await here.order(price=None, reserved=0, state=State.UNCLEAR)
        sent = await here.ledger.bytes_of(job.id)
        assert sent is not None
        orders = await here.ledger.orders_of(job.id)

        with pytest.raises(OverBudget, match="no known price"):
            again(job, orders, sent, here.vendor.clock.now(), Decimal(5), Caps())
        assert again(job, orders, sent, here.vendor.clock.now(), None, Caps()).job.state is State.QUEUED


async def test_a_vendors_job_is_adopted_by_one_job_only(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        id = await unclear(rushes)
        await rushes.generate("a boat", endpoint="vertex/veo-3.1", seconds=4)
        [other] = await rushes.jobs(states=[State.SUCCEEDED])
        assert other.ticket is not None

        with pytest.raises(BadInput, match=other.id):
            await rushes.adopt(id, Ticket(other.ticket["id"]))


async def test_an_overdue_job_has_its_ticket_and_adopts_no_other(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(Overdue):
            await rushes.generate("a kite [simulate: never_finishes]", endpoint="openai/sora-2", seconds=4)
        [job] = await rushes.jobs(states=[State.OVERDUE])

        with pytest.raises(BadInput, match="has the vendor's job"):
            await rushes.adopt(job.id, Ticket("video_other"))
