"""What is asked after a failure, at once or minutes later, and that nothing is ever paid for that nobody allowed."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from rushes.config import Limits
from rushes.errors import JobFailed, NotAuthorized, Overdue, Refused, Unclear, Unsupported, VideoError
from rushes.http import httpx
from rushes.jobs.machine import Event
from rushes.ledger import State
from rushes.simulator.faults import AFTER, BEFORE
from rushes.take import Take
from tests.jobs.conftest import Simulated
from tests.jobs.test_faults import ENDS, EXCEPT, PROVIDERS, End
from tests.router.chains import CHAINS, RETIRED, Line, agree, everything, owners, policy, said

SORA, LITE, FAST = "openai/sora-2", "vertex/veo-3.1-lite", "vertex/veo-3.1-fast"
CHEAP = "vllm-omni/wan-2.2"


# --- every fault, on every wire ---------------------------------------------------------------------------------------


def end_of(wire: str, fault: str) -> End:
    return EXCEPT.get((wire, fault), ENDS[fault])


#: Faults after which the clip comes all the same, and that say nothing of the endpoint's health.
HARMLESS = [fault for fault, end in ENDS.items() if end.error is None and fault not in BEFORE | AFTER]


@pytest.mark.parametrize("wire", CHAINS)
async def test_after_a_fault_that_costs_no_clip_nobody_else_is_asked(wire: str, simulated: Simulated) -> None:
    asked = [f"a kite [simulate: {fault}]" for fault in HARMLESS]
    chain = CHAINS[wire]

    async with simulated.open() as rushes:
        results = await rushes.generate_many(
            asked, policy=policy(*chain, fallback=everything()), max_usd=100, concurrency=len(asked)
        )
        jobs = await rushes.jobs()

    goes_on = [fault for fault in HARMLESS if end_of(wire, fault).error is not None]
    assert Counter(job.endpoint for job in jobs) == Counter({chain[0]: len(asked), chain[1]: len(goes_on)})
    assert len(simulated.accepted()) == len(asked) + len(goes_on)
    assert all(isinstance(result, Take) for result in results)


@pytest.mark.parametrize("fault", [fault for fault in ENDS if fault not in HARMLESS])
@pytest.mark.parametrize("wire", CHAINS)
async def test_after_a_fault_the_next_is_asked_unless_nobody_knows_what_became_of_it(
    wire: str, fault: str, simulated: Simulated
) -> None:
    chain, end = CHAINS[wire], end_of(wire, fault)

    async with simulated.open(faults=[fault]) as rushes:
        [result] = await rushes.generate_all("a kite", policy=policy(*chain, fallback=everything()), max_usd=100)
        jobs = [*reversed(await rushes.jobs())]

    goes_on = end.error not in (None, Unclear)
    assert [job.endpoint for job in jobs] == [*chain[: 1 + goes_on]]
    assert (jobs[0].state, jobs[0].kind) == (end.state, end.kind)
    assert len(simulated.accepted()) == end.accepted + goes_on
    if end.error is Unclear:
        assert isinstance(result, Unclear)
    else:
        assert isinstance(result, Take)
        assert (result.job, result.endpoint) == (jobs[-1].id, jobs[-1].endpoint)


@pytest.mark.parametrize("fault", [fault for fault, end in ENDS.items() if end.error is not None])
@pytest.mark.parametrize("wire", ["openai", "vertex"])
async def test_by_itself_only_what_cost_nothing_is_gone_on_after(wire: str, fault: str, simulated: Simulated) -> None:
    chain, end = CHAINS[wire], end_of(wire, fault)
    counted = PROVIDERS[wire].bill(end)[0]

    async with simulated.open(faults=[fault]) as rushes:
        [result] = await rushes.generate_all("a kite", policy=policy(*chain))
        jobs = [*reversed(await rushes.jobs())]

    goes_on = counted == 0 and end.error not in (Unclear, Overdue, Refused)
    assert [job.endpoint for job in jobs] == [*chain[: 1 + goes_on]]
    assert len(simulated.accepted()) == end.accepted + goes_on
    assert isinstance(result, Take if goes_on else end.error or Take)


# --- turned down at once ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (said(401, "invalid_api_key"), "access", "trouble 401"),
        (said(403, None), "access", "trouble 403"),
        (RETIRED, "retired", "does not exist or has been retired"),
        (said(400, "invalid_value"), "invalid", "trouble 400"),
        (said(429, "rate_limit_exceeded"), "not sent", "trouble 429"),
        (httpx.ConnectError("refused"), "not sent", "no connection: ConnectError"),
        (httpx.ConnectTimeout("late"), "not sent", "no connection: ConnectTimeout"),
    ],
)
async def test_what_turns_the_job_down_costs_nothing_and_the_next_is_asked(
    answer: Any, kind: str, reason: str, simulated: Simulated, line: Line
) -> None:
    line.answers["openai/v1"] = [answer]

    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", policy=policy(SORA, "vertex/veo-3.1"))
        second, first = await rushes.jobs()

    assert (first.endpoint, first.state, first.kind) == (SORA, State.FAILED, kind)
    assert (first.settled, first.settled_how) == (0, "not billed")
    assert reason in (first.reason or "")
    assert (take.endpoint, take.job) == ("vertex/veo-3.1", second.id)
    assert take.notes[0] == f"fallback from {SORA}: {first.reason} (job {first.id}, counted: $0.00)"
    assert owners(simulated.accepted()) == ["vertex/veo-3.1-generate-001"]


async def test_an_endpoint_that_goes_on_being_too_busy_is_left_when_patience_ends(
    simulated: Simulated, line: Line
) -> None:
    line.answers["openai/v1"] = [said(429, "rate_limit_exceeded", retry_after="20")]
    chain = (SORA, "vertex/veo-3.1")

    async with simulated.open() as rushes:
        begun = rushes.clock.now()
        take = await rushes.generate("a kite", policy=policy(*chain, fallback={"patience": 50}))
        [second, first] = await rushes.jobs()

    assert first.ended is not None
    assert [request.url.path.startswith("/openai") for request in line.submits] == [True, True, True, False]
    assert (first.ended - begun).total_seconds() <= 50
    assert (second.created - first.ended).total_seconds() < 1
    assert take.endpoint == "vertex/veo-3.1"


async def test_the_last_endpoint_is_waited_for_as_long_as_if_it_were_alone(simulated: Simulated, line: Line) -> None:
    line.answers["openai/v1"] = [*[said(429, "rate_limit_exceeded", retry_after="60")] * 4, None]

    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", policy=policy(SORA, fallback={"patience": 50}))

    assert take.endpoint == SORA
    assert len(line.submits) == 5


async def test_no_endpoint_is_asked_twice_for_one_clip(simulated: Simulated, line: Line) -> None:
    line.answers["/videos"], line.answers["vertex"] = [said(400)], [said(400)]
    chain = CHAINS["openai"]

    async with simulated.open() as rushes:
        [result] = await rushes.generate_all("a kite", policy=policy(*chain, fallback={"attempts": 20}))
        jobs = [*reversed(await rushes.jobs())]

    assert isinstance(result, VideoError)
    assert [job.endpoint for job in jobs] == [*chain]
    assert len(line.submits) == 3
    assert simulated.accepted() == []


@pytest.mark.parametrize(("attempts", "asked"), [(1, 1), (2, 2), (3, 3)])
async def test_no_more_attempts_are_made_than_the_policy_allows(
    attempts: int, asked: int, simulated: Simulated, line: Line
) -> None:
    line.answers["openai"], line.answers["vertex"] = [said(403)], [said(403)]

    async with simulated.open() as rushes:
        [result] = await rushes.generate_all(
            "a kite", policy=policy(*CHAINS["openai"], fallback={"attempts": attempts})
        )

    assert isinstance(result, NotAuthorized)
    assert len(line.submits) == asked
    if attempts < 3:
        assert f"Nothing else was tried: the policy made-up allows {attempts} attempt" in (result.hint or "")


async def test_after_failed_false_asks_nobody_else(simulated: Simulated, line: Line) -> None:
    line.answers["openai"] = [said(403)]

    async with simulated.open() as rushes:
        with pytest.raises(NotAuthorized):
            await rushes.generate("a kite", policy=policy(*CHAINS["openai"], fallback={"after_failed": False}))

    assert len(line.submits) == 1


async def test_where_everybody_turns_it_down_the_error_is_the_last_ones_and_names_the_others(
    simulated: Simulated, line: Line
) -> None:
    line.answers["sora-2-pro"] = [said(403, None, "not for you")]
    line.answers["sora-2"], line.answers["vertex"] = [RETIRED], [said(400)]
    chain = CHAINS["openai"]

    async with simulated.open() as rushes:
        [result] = await rushes.generate_all("a kite", policy=policy(*chain))
        jobs = [*reversed(await rushes.jobs())]

    assert isinstance(result, Unsupported)
    assert result.message.startswith("vertex/veo-3.1: ")
    before = [f"{job.endpoint}: {job.reason} (job {job.id}, counted: $0.00)" for job in jobs[:2]]
    assert f"Tried before: {'; '.join(before)}." in (result.hint or "")


# --- minutes later ----------------------------------------------------------------------------------------------------


async def test_a_failure_after_minutes_leads_to_the_next_endpoint_as_a_new_job_of_the_same_order(
    simulated: Simulated,
) -> None:
    events: list[Event] = []

    async with simulated.open(faults=["late_failure"], on_event=events.append) as rushes:
        take = await rushes.generate("a kite", policy=policy(LITE, SORA), label="shot 7")
        second, first = await rushes.jobs()
        [one], [other] = await rushes.orders_of(first.id), await rushes.orders_of(second.id)
        assert agree([first, second], simulated)

    assert first.ended is not None
    assert first.accepted is not None
    assert (first.ended - first.accepted).total_seconds() > 20
    assert (first.endpoint, second.endpoint, take.endpoint) == (LITE, SORA, SORA)
    assert one == other
    assert take.order == one.id
    assert take.label == "shot 7"
    assert take.route is not None
    assert take.route["chosen"] == LITE
    assert [each["endpoint"] for each in take.route["candidates"] if each["place"] is not None] == [LITE, SORA]
    assert take.notes == second.notes
    assert [event.what for event in events if event.what.startswith("fallback")] == [take.notes[0]]
    [told] = [event for event in events if event.what.startswith("fallback")]
    assert told.job.id == second.id
    assert events.index(told) < min(
        at for at, event in enumerate(events) if event.what == "accepted" and event.job.id == second.id
    )


async def test_a_take_at_the_first_attempt_has_no_note_of_a_fallback(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", policy=policy(LITE, SORA))

    assert [note for note in take.notes if "fallback" in note] == []


@pytest.mark.parametrize("fault", ["moderated_at_once", "moderated", "filtered"])
@pytest.mark.parametrize("after_refused", [False, True])
async def test_what_moderation_refused_goes_elsewhere_only_if_the_policy_says_so(
    after_refused: bool, fault: str, simulated: Simulated
) -> None:
    chosen = policy(LITE, SORA, fallback={"after_refused": after_refused})

    async with simulated.open(faults=[fault]) as rushes:
        [result] = await rushes.generate_all("a kite", policy=chosen)
        jobs = await rushes.jobs()

    if after_refused:
        assert isinstance(result, Take)
        assert result.endpoint == SORA
    else:
        assert isinstance(result, Refused)
        assert len(jobs) == 1


@pytest.mark.parametrize("fault", ["truncated_file", "empty_file", "not_a_video"])
async def test_a_file_that_is_broken_every_time_is_a_failed_attempt_that_is_paid(
    fault: str, simulated: Simulated
) -> None:
    async with simulated.open(faults=[fault]) as rushes:
        take = await rushes.generate("a kite", policy=policy(LITE, SORA, fallback={"spending": "capped"}), max_usd=2)
        second, first = await rushes.jobs()

    assert "the finished file is unusable" in take.notes[0]
    assert (first.settled, first.settled_how) == (400_000, "estimated")
    assert (take.endpoint, second.endpoint) == (SORA, SORA)
    assert "counted: $0.40" in take.notes[0]


# --- clips that are not what was ordered ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("short_film", "7 s long, not 8 s"), ("small_film", "640x360, not 1280x720"), ("missing_sound", "no sound")],
)
async def test_a_clip_that_is_not_what_was_ordered_leads_on_where_the_policy_says_so(
    fault: str, reason: str, fitting_films: None, simulated: Simulated
) -> None:
    chosen = policy(LITE, SORA, fallback={"after_unfit": True, "spending": "capped"})

    async with simulated.open(faults=[fault]) as rushes:
        take = await rushes.generate("a kite", policy=chosen, max_usd=2, audio=True)
        [_, first] = await rushes.jobs()
        [spoilt] = await rushes.takes(job=first.id)

    assert take.endpoint == SORA
    assert take.unfit == ()
    assert reason in take.notes[0]
    assert spoilt.unfit == (reason,)
    assert spoilt.path.exists()


@pytest.mark.parametrize("fault", ["short_film", "small_film", "missing_sound"])
async def test_such_a_clip_is_handed_over_where_the_policy_says_nothing(
    fault: str, fitting_films: None, simulated: Simulated
) -> None:
    chosen = policy(LITE, SORA, fallback={"spending": "capped"})

    async with simulated.open(faults=[fault]) as rushes:
        take = await rushes.generate("a kite", policy=chosen, max_usd=2, audio=True)

    assert take.endpoint == LITE
    assert take.unfit != ()
    assert len(simulated.accepted()) == 1


async def test_a_clip_that_is_not_quite_right_is_kept_where_nobody_made_a_better_one(
    fitting_films: None, simulated: Simulated, line: Line
) -> None:
    line.answers["openai"] = [said(403)]
    chosen = policy(LITE, SORA, fallback={"after_unfit": True, "spending": "capped"})

    async with simulated.open(faults=["short_film"]) as rushes:
        take = await rushes.generate("a kite", policy=chosen, max_usd=2, audio=True)
        jobs = await rushes.jobs()

    assert take.endpoint == LITE
    assert take.unfit == ("7 s long, not 8 s",)
    assert len(jobs) == 2


async def test_after_unfit_pays_for_no_other_clip_unless_spending_is_capped(
    fitting_films: None, simulated: Simulated
) -> None:
    async with simulated.open(faults=["short_film"]) as rushes:
        take = await rushes.generate("a kite", policy=policy(LITE, SORA, fallback={"after_unfit": True}), max_usd=2)

    assert take.endpoint == LITE
    assert len(simulated.accepted()) == 1


# --- several clips of one request -------------------------------------------------------------------------------------


async def test_of_several_clips_only_those_that_failed_are_asked_for_again(simulated: Simulated) -> None:
    async with simulated.open(faults=["late_failure"]) as rushes:
        results = await rushes.generate_all("a kite", count=3, policy=policy(CHEAP, LITE), max_usd=5)
        jobs = [*reversed(await rushes.jobs())]

    takes = [result for result in results if isinstance(result, Take)]
    assert len(takes) == 3
    assert sorted(take.endpoint for take in takes) == sorted([CHEAP, CHEAP, LITE])
    assert [job.endpoint for job in jobs].count(LITE) == 1
    assert len({take.order for take in takes}) == 3
    assert len(simulated.accepted()) == 4


async def test_samples_that_were_held_back_go_on_alone(simulated: Simulated) -> None:
    chosen = policy(LITE, SORA, fallback={"after_refused": True, "spending": "capped"})

    async with simulated.open(faults=["partly_filtered"]) as rushes:
        results = await rushes.generate_all("a kite", count=4, policy=chosen, max_usd=10)

    takes = [result for result in results if isinstance(result, Take)]
    assert [take.endpoint for take in takes] == [LITE, LITE, LITE, SORA]
    assert len(simulated.accepted()) == 2


# --- what nobody knows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["drop_after_accept", "error_500_after_accept", "cut_answer", "error_503"])
@pytest.mark.parametrize("after_unclear", [False, True])
async def test_what_may_have_been_accepted_is_left_only_if_the_policy_allows_two_jobs_to_be_paid(
    after_unclear: bool, fault: str, simulated: Simulated
) -> None:
    fallback = everything(after_unclear=after_unclear)

    async with simulated.open(faults=[fault]) as rushes:
        [result] = await rushes.generate_all("a kite", policy=policy(LITE, SORA, fallback=fallback), max_usd=5)
        jobs = await rushes.jobs()
        spent = await rushes.spent()

    assert jobs[-1].state is State.UNCLEAR
    if after_unclear:
        assert isinstance(result, Take)
        assert result.endpoint == SORA
        assert float(spent) == pytest.approx(0.4 + 0.8)
    else:
        assert isinstance(result, Unclear)
        assert len(jobs) == 1


async def test_an_overdue_job_is_left_behind_only_if_the_policy_says_so(simulated: Simulated) -> None:
    async with simulated.open(faults=["never_finishes"], limits=Limits(deadline=300)) as rushes:
        with pytest.raises(Overdue):
            await rushes.generate("a kite", policy=policy(LITE, SORA, fallback={"spending": "capped"}), max_usd=5)
        assert len(await rushes.jobs()) == 1


async def test_a_job_that_somebody_withdrew_is_not_made_elsewhere(simulated: Simulated, line: Line) -> None:
    line.answers["vertex"] = [httpx.ConnectError("refused")]

    async with simulated.open() as rushes:
        making = asyncio.create_task(rushes.generate("a kite", policy=policy(LITE, SORA, fallback={"patience": 900})))
        await line.reached.wait()
        job = (await rushes.jobs())[0]
        while job.state is not State.CANCELLED:
            job = await rushes.withdraw(job.id)
        with pytest.raises(JobFailed, match="withdrawn before it was sent"):
            await making
        assert len(await rushes.jobs()) == 1

    assert simulated.accepted() == []


async def test_a_call_of_which_nothing_came_to_be_sent_raises_what_stopped_it(simulated: Simulated) -> None:
    async with simulated.open(limits=Limits(max_usd_per_day=0)) as rushes:  # type: ignore[arg-type]
        with pytest.raises(VideoError, match="a day would be exceeded"):
            await rushes.generate_all("a kite", policy=policy(LITE, SORA))
        assert await rushes.jobs() == []
