"""Several sessions on one home folder: each drives its own jobs, takes over those of the dead, and keeps the caps."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.config import Limits
from rushes.errors import OverBudget, Overdue
from rushes.ledger import State
from tests.jobs.conftest import Simulated, takes_of
from tests.jobs.session import Vendor, session, video

SORA = {"endpoint": "openai/sora-2", "seconds": 4}
FAILED = video("failed", error={"code": "internal_error", "message": "it broke"})


async def test_what_a_session_leaves_running_the_next_one_fetches(simulated: Simulated) -> None:
    accepted = asyncio.Event()
    async with simulated.open(on_event=lambda event: accepted.set()) as first:
        making = asyncio.create_task(first.generate("a kite", **SORA))
        await accepted.wait()
        await first.close()
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)

    async with simulated.open() as second:
        [job] = await second.jobs()
        [take] = takes_of(await second.wait(job))

    assert take.path.exists()
    assert take.job == job.id
    assert len(simulated.accepted()) == 1


async def test_a_session_that_is_told_not_to_resume_leaves_them(simulated: Simulated) -> None:
    async with simulated.open(limits=Limits(deadline=5)) as first:
        with pytest.raises(Overdue):
            await first.generate("a kite", **SORA)
        [parked] = await first.jobs()

    async with simulated.open(resume=False) as second:
        assert await second.jobs() == [parked]


async def test_a_job_of_a_session_that_lives_is_left_to_it(tmp_path: Path) -> None:
    vendor = Vendor([video("queued")], polls=[video(), video(), FAILED])

    async with session(tmp_path, vendor) as here, session(tmp_path, Vendor()) as other:
        job = await here.order()
        here.driver.wake(job)
        assert await other.driver.resume(lambda _: True) == []
        assert (await here.driver.wait(job)).state is State.FAILED

    assert len(vendor.posts) == 1


async def test_of_two_sessions_that_find_a_dead_one_each_job_goes_to_one(tmp_path: Path) -> None:
    vendor = Vendor([FAILED], polls=[FAILED])
    async with session(tmp_path, vendor) as dead:
        orders = [await dead.order(f"kite {number}") for number in range(6)]

    async with session(tmp_path, vendor) as one, session(tmp_path, vendor) as two:
        taken = await asyncio.gather(one.driver.resume(lambda _: True), two.driver.resume(lambda _: True))
        for here, jobs in zip((one, two), taken, strict=True):
            for job in jobs:
                await here.driver.wait(job)

    assert sorted(job.id for jobs in taken for job in jobs) == sorted(order.id for order in orders)
    assert len({request.content for _, request in vendor.posts}) == len(vendor.posts) == 6


async def test_the_cap_of_a_day_holds_over_sessions(simulated: Simulated) -> None:
    limits = Limits(max_usd_per_day=Decimal("1.00"))
    for number in range(2):
        async with simulated.open(limits=limits) as rushes:
            await rushes.generate(f"kite {number}", **SORA)

    async with simulated.open(limits=limits) as rushes:
        with pytest.raises(OverBudget, match=r"the cap of \$1\.00 a day would be exceeded by \$0\.20"):
            await rushes.generate("one too many", **SORA)
        assert await rushes.spent() == Decimal("0.8")

    assert len(simulated.accepted()) == 2


async def test_the_cap_of_a_run_holds_for_that_run(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        await rushes.generate("a kite", run="one", run_max_usd=Decimal("0.5"), **SORA)
        with pytest.raises(OverBudget, match=r"a run would be exceeded by \$0\.3"):
            await rushes.generate("a boat", run="one", run_max_usd=Decimal("0.5"), **SORA)
        await rushes.generate("a boat", run="two", run_max_usd=Decimal("0.5"), **SORA)

        assert (await rushes.spent(run="one"), await rushes.spent(run="two")) == (Decimal("0.4"), Decimal("0.4"))


async def test_clips_asked_for_at_once_keep_the_cap_together(simulated: Simulated) -> None:
    async with simulated.open(limits=Limits(max_usd_per_day=Decimal("1.2"))) as rushes:
        asked = [rushes.generate(f"kite {number}", **SORA) for number in range(6)]
        results = await asyncio.gather(*asked, return_exceptions=True)

    assert sum(isinstance(result, OverBudget) for result in results) == 3
    assert len(simulated.accepted()) == 3
