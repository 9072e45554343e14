"""Several clips of one submission: one paid job, a take for each clip, and the money split between them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rushes.errors import OverBudget, Refused
from rushes.jobs import money
from rushes.ledger import State
from tests.jobs.conftest import Simulated, takes_of

VEO: dict[str, Any] = {"endpoint": "vertex/veo-3.1", "seconds": 4, "audio": False}


async def test_three_clips_are_one_submission_and_three_takes(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        takes = takes_of(await rushes.generate_all("a kite", count=3, **VEO))
        [job] = await rushes.jobs()

    [made] = simulated.accepted()
    assert made["samples"] == job.samples == 3
    assert {take.path for take in takes} == set(simulated.files())
    assert [take.cost for take in takes] == [Decimal("0.8")] * 3
    assert job.settled == job.reserved == 2_400_000 == made["micro_usd"]
    assert len({take.order for take in takes}) == 3


async def test_of_partly_filtered_clips_the_others_are_takes_and_nothing_is_paid_for_the_rest(
    simulated: Simulated,
) -> None:
    async with simulated.open() as rushes:
        results = await rushes.generate_all("a kite [simulate: partly_filtered]", count=3, **VEO)
        [job] = await rushes.jobs()

    *takes, refusal = results
    assert isinstance(refusal, Refused)
    assert (job.state, job.kind) == (State.SUCCEEDED, "moderation")
    assert (job.settled, job.settled_how) == (1_600_000, "estimated")
    assert [take.cost for take in takes_of(takes)] == [Decimal("0.8")] * 2
    assert "video safety" in refusal.message
    assert len(simulated.files()) == 2


async def test_wholly_filtered_clips_are_each_refused(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        results = await rushes.generate_all("a kite [simulate: filtered]", count=2, **VEO)
        [job] = await rushes.jobs()

    assert [type(result) for result in results] == [Refused, Refused]
    assert (job.state, job.settled) == (State.FAILED, 0)


async def test_more_clips_than_one_submission_makes_are_several_jobs(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        takes = takes_of(await rushes.generate_all("a kite", count=6, **VEO))

    assert sorted(job["samples"] for job in simulated.accepted()) == [2, 4]
    assert len({take.path for take in takes}) == 6


async def test_where_a_submission_makes_one_clip_a_count_is_as_many_jobs(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        takes = takes_of(await rushes.generate_all("a kite", count=3, endpoint="openai/sora-2", seconds=4))

    assert len(simulated.accepted()) == len({take.job for take in takes}) == 3


async def test_the_cap_of_a_call_holds_for_all_its_clips(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(OverBudget, match=r"\$2\.40 for 3 clips is more than \$2\.30"):
            await rushes.generate_all("a kite", count=3, max_usd="2.3", **VEO)
        assert await rushes.jobs() == []

        assert len(await rushes.generate_all("a kite", count=3, max_usd="2.4", **VEO)) == 3


@pytest.mark.parametrize(("micro", "clips"), [(100, 3), (1, 4), (0, 2), (2_400_000, 3), (7, 7)])
def test_the_shares_of_several_clips_are_all_of_it(micro: int, clips: int) -> None:
    shares = [share for share in money.shares(money.Settlement(micro, "estimated"), clips) if share is not None]

    assert len(shares) == clips
    assert sum(shares) == micro
    assert max(shares) - min(shares) <= 1


def test_what_is_not_known_is_shared_as_unknown() -> None:
    assert money.shares(money.Settlement(0, "unknown"), 2) == [None, None]
