"""Several clips asked for at once: what was sent is always handed back, whatever becomes of the rest."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rushes import VideoRequest
from rushes.config import Limits
from rushes.errors import BadInput, OverBudget
from rushes.ledger import State
from rushes.take import Take
from tests.jobs.conftest import Simulated

KITES = VideoRequest(prompt="a kite", seconds=4, count=3)


async def test_generate_refuses_a_count_before_anything_is_sent(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(BadInput, match="makes one clip, not 3"):
            await rushes.generate(KITES, endpoint="openai/sora-2")
        with pytest.raises(BadInput, match="makes one clip, not 2"):
            await rushes.generate("a kite", endpoint="openai/sora-2", count=2)

        assert await rushes.jobs() == []


async def test_clips_sent_before_a_cap_struck_are_handed_back_with_the_reason_for_the_others(
    simulated: Simulated,
) -> None:
    async with simulated.open(limits=Limits(max_usd_per_day=Decimal("0.80"))) as rushes:
        results = await rushes.generate_all(KITES, endpoint="openai/sora-2")

    assert [type(result) for result in results] == [Take, Take, OverBudget]


async def test_a_cap_that_strikes_at_once_is_raised(simulated: Simulated) -> None:
    async with simulated.open(limits=Limits(max_usd_per_day=Decimal("0.30"))) as rushes:
        with pytest.raises(OverBudget):
            await rushes.generate_all(KITES, endpoint="openai/sora-2")

        assert await rushes.jobs() == []


async def test_a_cap_for_a_run_needs_the_runs_name(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(BadInput, match="run_max_usd"):
            await rushes.generate("a kite", endpoint="openai/sora-2", seconds=4, run_max_usd=Decimal(1))


@pytest.mark.parametrize("cap", ["a dollar", "nan", float("nan")])
async def test_a_cap_that_is_no_amount_is_refused(cap: str | float, simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(BadInput, match="max_usd"):
            await rushes.generate("a kite", endpoint="openai/sora-2", seconds=4, max_usd=cap)


async def test_waiting_for_a_job_that_has_ended_needs_no_turn(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        await rushes.generate("a kite", endpoint="openai/sora-2", seconds=4)
        [job] = await rushes.jobs()
        queued = await rushes.job(job.id)

        [take] = await rushes.wait(queued)

    assert isinstance(take, Take)
    assert job.state is State.SUCCEEDED
