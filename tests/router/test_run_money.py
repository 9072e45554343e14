"""What attempts at a clip may cost together, and that no cap is ever passed, however they interleave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from rushes.config import Limits
from rushes.errors import JobFailed, OverBudget, Overdue, Refused, VideoError
from rushes.http import httpx
from rushes.ledger import Job
from rushes.simulator.faults import WIRES, Fault
from rushes.take import Take
from tests.jobs.conftest import Simulated
from tests.router.chains import Line, agree, everything, policy, said

SORA, LITE, FAST, VEO = "openai/sora-2", "vertex/veo-3.1-lite", "vertex/veo-3.1-fast", "vertex/veo-3.1"
#: Free where it fails, and charged in full.
FREE, FULL = "vllm-omni/wan-2.2", "sglang/wan-2.2"
CAPPED = {"spending": "capped"}


# --- what an attempt counts for ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "counts"),
    [(FREE, "0"), (FULL, "0.02"), (LITE, "0"), ("dashscope-cn/wan-2.5", "0.4299")],
)
async def test_a_failed_attempt_counts_by_its_vendors_rule_and_in_full_where_that_is_not_known(
    first: str, counts: str, simulated: Simulated
) -> None:
    async with simulated.open(faults=["late_failure"]) as rushes:
        take = await rushes.generate("a kite", policy=policy(first, SORA, fallback=CAPPED), max_usd="1.3")
        spent = await rushes.spent()

    assert take.endpoint == SORA
    assert spent == Decimal(counts) + Decimal("0.8")


@pytest.mark.parametrize(("first", "goes_on"), [(FREE, True), (LITE, True), (FULL, False), (SORA, False)])
async def test_by_itself_only_an_attempt_that_cost_nothing_leads_on(
    first: str, goes_on: bool, simulated: Simulated
) -> None:
    async with simulated.open(faults=["late_failure"]) as rushes:
        [result] = await rushes.generate_all("a kite", policy=policy(first, VEO), max_usd=100)

    assert isinstance(result, Take if goes_on else JobFailed)
    if isinstance(result, VideoError):
        price = "$0.02" if first == FULL else "$0.80"
        assert (
            f"Nothing else was tried: the policy made-up goes on only where nothing was spent, and what was tried "
            f"counts for {price}."
        ) in (result.hint or "")


async def test_capped_without_a_cap_pays_for_no_second_attempt(simulated: Simulated) -> None:
    async with simulated.open(faults=["late_failure"]) as rushes:
        [result] = await rushes.generate_all("a kite", policy=policy(SORA, VEO, fallback=CAPPED))

    assert isinstance(result, JobFailed)
    assert "what was tried counts for $0.80, and there is no max_usd to stay within" in (result.hint or "")
    assert len(simulated.accepted()) == 1


async def test_capped_without_a_cap_goes_on_after_what_was_free(simulated: Simulated) -> None:
    async with simulated.open(faults=["late_failure"]) as rushes:
        take = await rushes.generate("a kite", policy=policy(LITE, VEO, fallback=CAPPED))

    assert take.endpoint == VEO


# --- the policy's max_usd ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("most", "goes_on"), [("4.00", True), ("3.99", False)])
async def test_all_attempts_at_one_clip_stay_within_the_policys_max_usd(
    most: str, goes_on: bool, simulated: Simulated
) -> None:
    chosen = policy(SORA, VEO, max_usd=most, fallback=CAPPED)

    async with simulated.open(faults=["late_failure"]) as rushes:
        [result] = await rushes.generate_all("a kite", policy=chosen)
        spent = await rushes.spent()

    assert isinstance(result, Take if goes_on else JobFailed)
    assert spent == Decimal("4.00" if goes_on else "0.80")
    if isinstance(result, VideoError):
        told = "the policy's max_usd: $3.20 a clip is more than the $3.19 left of $3.99"
        assert f"Nothing else was tried: {VEO}: {told}." in (result.hint or "")


async def test_each_clip_of_a_call_has_the_policys_max_usd_for_itself(simulated: Simulated) -> None:
    chosen = policy(SORA, VEO, max_usd=4, fallback=CAPPED)

    async with simulated.open(faults=["late_failure"]) as rushes:
        results = await rushes.generate_all("a kite", count=3, policy=chosen)
        spent = await rushes.spent()

    endpoints = sorted(result.endpoint for result in results if isinstance(result, Take))
    assert endpoints == [SORA, SORA, VEO]
    assert spent == Decimal("0.80") * 3 + Decimal("3.20")


async def test_a_third_attempt_has_what_the_first_two_left(simulated: Simulated) -> None:
    chosen = policy(SORA, "openai/sora-2-pro", VEO, max_usd="6.39", fallback=CAPPED)

    async with simulated.open() as rushes:
        [result] = await rushes.generate_all("a kite [simulate: late_failure]", policy=chosen)
        jobs = await rushes.jobs()

    assert isinstance(result, JobFailed)
    assert [job.endpoint for job in reversed(jobs)] == [SORA, "openai/sora-2-pro"]
    told = f"{VEO}: the policy's max_usd: $3.20 a clip is more than the $3.19 left of $6.39"
    assert told in (result.hint or "")
    assert f"Tried before: {SORA}: " in (result.hint or "")


# --- the call's cap ---------------------------------------------------------------------------------------------------


async def test_what_the_first_attempt_cost_is_gone_from_the_calls_cap(simulated: Simulated) -> None:
    async with simulated.open(faults=["late_failure"]) as rushes:
        [result] = await rushes.generate_all("a kite", policy=policy(SORA, VEO, fallback=CAPPED), max_usd="3.99")
        spent = await rushes.spent()

    assert isinstance(result, JobFailed)
    told = f"Nothing else was tried: {VEO}: the call's max_usd: $3.20 is more than the $3.19 left of $3.99."
    assert told in (result.hint or "")
    assert spent == Decimal("0.80")


async def test_a_clip_still_being_made_counts_against_the_fallback_of_another(simulated: Simulated) -> None:
    # Two drafts are reserved; one fails for nothing, and what is left of the cap is too little for Sora.
    async with simulated.open(faults=["late_failure"]) as rushes:
        results = await rushes.generate_all("a kite", count=2, policy=policy(FREE, LITE), max_usd="0.41")

    [failed] = [result for result in results if isinstance(result, VideoError)]
    assert "the call's max_usd: $0.40 is more than the $0.39 left of $0.41" in (failed.hint or "")
    assert len(simulated.accepted()) == 2


FAULTS = ["late_failure", "moderated", "lost", "truncated_file", "rate_limited", "error_503", "moderated_at_once"]


@pytest.mark.parametrize("seed", range(6))
async def test_the_cap_of_a_call_holds_at_every_moment_whatever_fails(
    seed: int, simulated: Simulated, line: Line
) -> None:
    dice = Random(seed)
    line.faults = [
        Fault(dice.choice(FAULTS), dice.choice(WIRES), times=dice.randint(1, 3), after=dice.randint(0, 2))
        for _ in range(6)
    ]
    count, cap = dice.randint(2, 6), Decimal(dice.randint(30, 700)).scaleb(-2)
    chain = dice.sample([FREE, FULL, LITE, SORA, FAST, "dashscope-cn/wan-2.5", VEO], k=4)
    chosen = policy(*chain, fallback=everything(attempts=4))

    async with simulated.open() as rushes:
        try:
            results: Sequence[Take | VideoError] = await rushes.generate_all(
                "a kite", count=count, policy=chosen, max_usd=cap
            )
        except OverBudget:
            results = []
        jobs = await rushes.jobs()

    assert most_at_once(jobs) <= cap
    assert sum(job["micro_usd"] or 0 for job in simulated.accepted()) <= cap * 1_000_000
    assert agree(jobs, simulated) or any(job.ticket is None and job.state == "unclear" for job in jobs)
    assert len(results) in (0, count)
    for job in jobs:
        assert (job.settled is None) == (job.state in ("unclear", "overdue"))


def most_at_once(jobs: Sequence[Job]) -> Decimal:
    """US dollars that jobs counted for together when they counted for most: reserved, and from their end settled."""
    most = 0
    for moment in [job.created for job in jobs]:
        there = [job for job in jobs if job.created <= moment]
        ended = [job for job in there if job.ended is not None and job.ended <= moment]
        most = max(most, sum(job.spent if job in ended else job.reserved for job in there))
    return Decimal(most).scaleb(-6)


async def test_an_end_that_comes_late_in_the_ledger_does_not_let_two_fallbacks_share_one_rest(
    simulated: Simulated, line: Line
) -> None:
    """Both clips fail at one moment, and one Sora fits into what is left, not two."""
    line.answers["vertex"] = [said(400)]

    async with simulated.open() as rushes:
        results = await rushes.generate_all(
            "a kite", count=8, policy=policy(LITE, SORA, fallback=CAPPED), max_usd="3.2"
        )
        spent = await rushes.spent()

    assert sum(isinstance(result, Take) for result in results) in (0, 4)
    assert spent <= Decimal("3.2")


# --- after what may still be paid -------------------------------------------------------------------------------------


async def test_after_an_overdue_job_both_stay_reserved(simulated: Simulated) -> None:
    chosen = policy(LITE, SORA, fallback={"after_overdue": True, **CAPPED})

    async with simulated.open(faults=["never_finishes"], limits=Limits(deadline=600)) as rushes:
        take = await rushes.generate("a kite", policy=chosen, max_usd="1.20")
        second, first = await rushes.jobs()
        spent = await rushes.spent()

    assert take.endpoint == SORA
    assert (first.state, first.settled, first.reserved) == ("overdue", None, 400_000)
    assert second.settled == 800_000
    assert spent == Decimal("1.20")
    assert "counted: $0.40" in take.notes[0]


@pytest.mark.parametrize(
    ("fallback", "max_usd"),
    [({"after_overdue": True, **CAPPED}, "1.19"), ({"after_overdue": True}, "10"), (CAPPED, "10")],
)
async def test_an_overdue_job_counts_in_full_for_what_comes_after(
    fallback: dict[str, Any], max_usd: str, simulated: Simulated
) -> None:
    async with simulated.open(faults=["never_finishes"], limits=Limits(deadline=600)) as rushes:
        [result] = await rushes.generate_all("a kite", policy=policy(LITE, SORA, fallback=fallback), max_usd=max_usd)

    assert isinstance(result, Overdue)
    assert len(simulated.accepted()) == 1


async def test_a_refused_clip_whose_cost_nobody_knows_counts_in_full(simulated: Simulated) -> None:
    chosen = policy(SORA, VEO, fallback={"after_refused": True})

    async with simulated.open(faults=["moderated"]) as rushes:
        [result] = await rushes.generate_all("a kite", policy=chosen, max_usd=10)

    assert isinstance(result, Refused)
    assert "counts for $0.80" in (result.hint or "")


# --- the caps of a run and of a day -----------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["run", "day"])
async def test_a_cap_that_holds_for_more_than_this_call_stops_the_fallback_and_the_first_failure_is_told(
    which: str, simulated: Simulated
) -> None:
    cap = Decimal("3.99")
    limits = Limits(max_usd_per_day=cap) if which == "day" else Limits()
    how: dict[str, Any] = {"run": "tests", "run_max_usd": cap} if which == "run" else {}

    async with simulated.open(faults=["late_failure"], limits=limits) as rushes:
        [result] = await rushes.generate_all("a kite", policy=policy(SORA, VEO, fallback=CAPPED), max_usd=100, **how)
        jobs = await rushes.jobs()

    assert isinstance(result, JobFailed)
    assert f"Nothing else was tried: the cap of $3.99 a {which} would be exceeded by $0.01" in (result.hint or "")
    assert [job.endpoint for job in jobs] == [SORA]


async def test_the_cap_of_a_day_holds_over_clips_that_fall_back_at_once(simulated: Simulated, line: Line) -> None:
    cap = Decimal("2.0")
    line.faults = [Fault("late_failure", "sglang", times=None)]

    async with simulated.open(limits=Limits(max_usd_per_day=cap)) as rushes:
        asked = [
            rushes.generate_all(f"kite {number}", policy=policy(FULL, SORA, fallback=CAPPED), max_usd=1)
            for number in range(4)
        ]
        results = [result for [result] in await asyncio.gather(*asked)]
        jobs = await rushes.jobs()

    assert sum(isinstance(result, Take) for result in results) == 2
    assert most_at_once(jobs) <= cap
    for result in results:
        if isinstance(result, VideoError):
            assert "a day would be exceeded" in (result.hint or "")


async def test_a_call_that_no_endpoint_fits_into_sends_nothing(simulated: Simulated, line: Line) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(OverBudget, match=r"the call's max_usd: \$1\.20 for 3 clips is more than \$1\.19"):
            await rushes.generate_all("a kite", count=3, policy=policy(LITE, SORA), max_usd="1.19")

    assert line.submits == []


async def test_what_was_never_sent_frees_its_money_for_the_next(simulated: Simulated, line: Line) -> None:
    line.answers["vertex"] = [httpx.ConnectError("refused")]

    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", policy=policy(LITE, SORA, fallback={"patience": 5}), max_usd="0.80")
        assert await rushes.spent() == Decimal("0.80")

    assert take.endpoint == SORA
