"""Many clips at once: deadlines over attempts, giving up, and that nothing is left half-done."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from rushes import Rushes, VideoRequest
from rushes.config import Limits
from rushes.errors import BadInput, JobFailed, NotSent, OverBudget, Unsupported, VideoError
from rushes.http import httpx
from rushes.jobs.machine import Event
from rushes.ledger import FINAL, State
from rushes.simulator.faults import Fault
from rushes.take import Take
from tests.jobs.conftest import Simulated, takes_of
from tests.router.chains import Line, agree, policy, said

SORA, LITE, VEO, OWN = "openai/sora-2", "vertex/veo-3.1-lite", "vertex/veo-3.1", "vllm-omni/wan-2.2"
CAPPED = {"spending": "capped"}


# --- the deadline of a route ------------------------------------------------------------------------------------------


async def test_after_the_deadline_of_the_route_nobody_else_is_asked(simulated: Simulated, line: Line) -> None:
    line.answers["vertex"] = [httpx.ConnectError("refused")]
    chosen = policy(LITE, SORA, deadline=700, fallback={"patience": 5000})

    async with simulated.open() as rushes:
        begun = rushes.clock.now()
        with pytest.raises(NotSent) as caught:
            await rushes.generate("a kite", policy=chosen)
        [job] = await rushes.jobs()

    assert "the deadline passed before it could be sent" in caught.value.message
    assert "Nothing else was tried: the deadline of the route has passed." in (caught.value.hint or "")
    assert (job.settled, job.settled_how) == (0, "not billed")
    assert job.ended is not None
    assert 700 <= (job.ended - begun).total_seconds() < 765
    assert simulated.accepted() == []


async def test_a_further_attempt_has_only_the_seconds_that_are_left(simulated: Simulated) -> None:
    # Veo Lite fails after about a minute, and Sora would need two.
    async with simulated.open(faults=["late_failure"]) as rushes:
        seconds = (await rushes.route("a kite", policy=policy(SORA))).first.terms.seconds
        assert seconds is not None
        chosen = policy(LITE, SORA, deadline=seconds)
        with pytest.raises(JobFailed) as caught:
            await rushes.generate("a kite", policy=chosen)
        jobs = await rushes.jobs()

    told = f"Nothing else was tried: {SORA}: the policy's deadline: it may take "
    assert told in (caught.value.hint or "")
    assert [job.endpoint for job in jobs] == [LITE]


async def test_a_job_that_is_accepted_is_overdue_when_its_route_is(simulated: Simulated) -> None:
    chosen = policy(OWN, SORA, deadline=900, fallback={"after_overdue": True, **CAPPED})

    async with simulated.open(faults=["never_finishes"], limits=Limits(deadline=5000)) as rushes:
        begun = rushes.clock.now()
        [result] = await rushes.generate_all("a kite", policy=chosen, max_usd=5)
        [job] = await rushes.jobs()
        waited = (rushes.clock.now() - begun).total_seconds()

    assert job.state is State.OVERDUE
    assert isinstance(result, VideoError)
    assert "the deadline of the route has passed" in (result.hint or "")
    assert 900 <= waited < 901


async def test_a_job_that_waits_for_its_turn_past_the_deadline_is_not_sent(simulated: Simulated, line: Line) -> None:
    """The server runs one job at a time, and each takes minutes."""
    chosen = policy(OWN, deadline=150)

    async with simulated.open() as rushes:
        results = await rushes.generate_all("a kite", count=3, policy=chosen)
        jobs = await rushes.jobs()

    takes = [result for result in results if isinstance(result, Take)]
    assert len(line.submits) == len(simulated.accepted())
    for job in jobs:
        assert job.deadline is not None
        assert job.sending is None or job.sending < job.deadline
    assert len(takes) < 3
    assert agree(jobs, simulated)


async def test_the_wait_for_a_slot_ends_with_the_deadline_at_no_cost_and_is_named(
    simulated: Simulated, line: Line
) -> None:
    """Two clips take all slots and never end; the third has a deadline of its own."""
    line.faults = [Fault("never_finishes", times=2)]

    async with simulated.open(config=few(simulated, concurrency=2)) as rushes:
        first = asyncio.ensure_future(rushes.generate_all("a kite", count=2, endpoint=SORA))
        while len(line.submits) < 2:
            await rushes.clock.sleep(1)
        begun = rushes.clock.now()
        with pytest.raises(NotSent) as caught:
            await rushes.generate("a boat", policy=policy(SORA, deadline=300))
        [job, *_] = await rushes.jobs()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

    assert job.ended is not None
    assert (job.ended - begun).total_seconds() == pytest.approx(300, abs=0.1)
    told = "the deadline passed before it could be sent: it waited for a free slot, and openai runs 2 jobs at once"
    assert told in caught.value.message
    assert "Nothing was accepted, nothing is billed." in caught.value.message
    assert (job.state, job.sending, job.settled, job.settled_how) == (State.FAILED, None, 0, "not billed")
    assert len(line.submits) == 2


async def test_a_turn_of_the_minute_that_cannot_come_before_the_deadline_is_not_waited_for_and_is_named(
    simulated: Simulated, line: Line
) -> None:
    chosen = policy(SORA, pessimism=0, deadline=400)

    async with simulated.open(config=few(simulated, concurrency=9, submits_per_minute=0.1)) as rushes:
        begun = rushes.clock.now()
        one, two = await rushes.generate_all("a kite", count=2, policy=chosen)
        late, sent = await rushes.jobs()

    assert isinstance(one, Take)
    assert isinstance(two, NotSent)
    assert "in 600.0 s, and openai/sora-2 takes 0.1 jobs a minute" in two.message
    assert late.ended == begun
    assert (late.sending, late.settled) == (None, 0)
    assert sent.state is State.SUCCEEDED
    assert len(line.submits) == 1


async def test_where_a_turn_of_the_minute_cannot_come_in_time_the_clip_is_made_elsewhere(simulated: Simulated) -> None:
    chosen = policy(SORA, VEO, pessimism=0, deadline=400)

    async with simulated.open(config=few(simulated, concurrency=9, submits_per_minute=0.1)) as rushes:
        takes = takes_of(await rushes.generate_all("a kite", count=2, policy=chosen))

    assert [take.endpoint for take in takes] == [SORA, VEO]


async def test_a_wait_that_the_vendor_asked_for_is_named_when_the_deadline_ends_it(
    simulated: Simulated, line: Line
) -> None:
    line.answers["openai"] = [said(429, "rate_limit_exceeded", "slow down", retry_after="200")]

    async with simulated.open() as rushes:
        with pytest.raises(NotSent, match=r"before it could be sent; it waited after: .*slow down"):
            await rushes.generate("a kite", policy=policy(SORA, deadline=300, pessimism=0))

    assert len(line.submits) == 2


def few(simulated: Simulated, **settings: Any) -> Path:
    """A config folder in which OpenAI takes few jobs at once."""
    folder = simulated.home.parent / "few"
    folder.mkdir()
    (folder / "providers.yaml").write_text(yaml.safe_dump({"openai": {"like": "openai", **settings}}))
    return folder


# --- time stands still while a fallback is prepared -------------------------------------------------------------------


async def test_a_fallback_follows_at_once_also_while_others_are_waited_for(simulated: Simulated, line: Line) -> None:
    line.faults = [Fault("late_failure", "vertex", times=2)]

    async with simulated.open() as rushes:
        await rushes.generate_many([f"kite {each}" for each in range(4)], policy=policy(LITE, SORA))
        jobs = await rushes.jobs()

    failed = sorted(job.ended for job in jobs if job.state is State.FAILED and job.ended is not None)
    second = sorted(job.created for job in jobs if job.endpoint == SORA)
    assert second == failed


# --- giving up --------------------------------------------------------------------------------------------------------


async def test_a_caller_that_gives_up_takes_back_what_waits_for_its_turn(simulated: Simulated, line: Line) -> None:
    async with simulated.open() as rushes:
        events = rushes.events()
        accepted = asyncio.create_task(anext(events))
        making = asyncio.create_task(rushes.generate_all("a kite", count=3, policy=policy(OWN)))
        assert (await accepted).what == "accepted"
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making
        jobs = await rushes.jobs()
        sent = [job for job in jobs if job.state is not State.CANCELLED]
        ended = [await rushes.wait(job) for job in sent]
        later = await rushes.jobs()

    assert [(job.state, job.settled) for job in jobs].count((State.CANCELLED, 0)) == 2
    assert len(sent) == len(ended) == 1
    assert all(job.state in FINAL for job in later)
    assert agree(later, simulated)
    assert len(line.submits) == 1


@pytest.mark.parametrize("how", ["given up", "withdrawn"])
@pytest.mark.parametrize("concurrency", [2, 20], ids=["waiting for a slot", "waiting for a turn"])
async def test_what_is_given_up_before_it_was_sent_uses_up_neither_slots_nor_turns(
    concurrency: int, how: str, simulated: Simulated
) -> None:
    config = few(simulated, concurrency=concurrency, submits_per_minute=2)
    async with simulated.open(config=config) as rushes:
        making = [asyncio.create_task(rushes.generate(f"kite {each}", endpoint=SORA)) for each in range(8)]
        with rushes.clock.working():  # after they were made, or their sleeps would let go of it
            while len(await rushes.jobs(states=[State.SENDING])) < 2:
                pass
            while len(queued := await rushes.jobs(states=[State.QUEUED])) < 6:
                pass
            at = rushes.clock.now()
            if how == "withdrawn":
                for job in queued:
                    await rushes.withdraw(job.id)
            else:
                for each in making:
                    each.cancel()
                await asyncio.gather(*making, return_exceptions=True)
        take = await rushes.generate("last", endpoint=SORA)
        last, *others = await rushes.jobs()
        await asyncio.gather(*making, return_exceptions=True)

    assert (take.job, len(others)) == (last.id, 8)
    assert last.sending is not None
    # By then a minute has passed since two were sent, and where only two run at once, the first of them has ended.
    free = at + timedelta(seconds=60)
    if concurrency == 2:
        free = max(free, min(job.ended for job in others if job.ended is not None and job.sending is not None))
    assert (last.sending - free).total_seconds() == pytest.approx(0, abs=0.1)


async def test_giving_up_while_a_second_clip_is_written_down_leaves_nothing_behind(
    simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rushes.ledger import Ledger

    intend, written, go_on = Ledger.intend, [], asyncio.Event()
    second = asyncio.Event()

    async def held(self: Ledger, intent: Any) -> None:
        written.append(intent.job.id)
        if len(written) == 2:
            second.set()
            await go_on.wait()
        await intend(self, intent)

    monkeypatch.setattr(Ledger, "intend", held)

    async with simulated.open() as rushes:
        making = asyncio.create_task(rushes.generate_all("a kite", count=3, policy=policy(OWN)))
        await second.wait()
        making.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await making
        for job in await rushes.jobs():
            await rushes.wait(job)
        jobs = await rushes.jobs()

    assert {job.id for job in jobs} == {*written}
    assert len(written) == 2
    assert all(job.state in FINAL for job in jobs)
    assert agree(jobs, simulated)


@pytest.mark.parametrize("turns", [0, 1, 10, 40, 100, 250, 800])
async def test_many_clips_given_up_at_any_moment_leave_ledger_and_vendors_agreeing(
    turns: int, simulated: Simulated, line: Line
) -> None:
    line.faults = [Fault("late_failure", times=3), Fault("rate_limited", times=2)]

    async with simulated.open() as rushes:
        asked = [f"kite {each}" for each in range(6)]
        making = asyncio.create_task(rushes.generate_many(asked, policy=policy(LITE, OWN, SORA), concurrency=4))
        for _ in range(turns):
            await asyncio.sleep(0)
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
        open_ones = [job for job in await rushes.jobs() if job.state is State.QUEUED]
        for job in await rushes.jobs():
            await rushes.wait(job)
        jobs, spent = await rushes.jobs(), await rushes.spent()

    assert open_ones == []
    assert all(job.state in FINAL for job in jobs)
    assert agree(jobs, simulated)
    assert spent == sum((Decimal(job.settled or 0) for job in jobs), Decimal(0)) / 1_000_000


# --- generate_many ----------------------------------------------------------------------------------------------------


async def test_results_come_in_the_order_of_the_requests_and_failures_stop_nobody(simulated: Simulated) -> None:
    asked = ["kite 1", "kite 2 [simulate: late_failure]", "kite 3", VideoRequest(prompt="kite 4", seconds=7), "kite 5"]
    done: list[tuple[int, Take | VideoError]] = []

    async with simulated.open() as rushes:
        results = await rushes.generate_many(
            asked, policy=policy(LITE), on_done=lambda place, result: done.append((place, result))
        )

    assert isinstance(results[1], JobFailed)
    assert isinstance(results[3], Unsupported)
    assert [take.prompt for take in takes_of([results[0], results[2], results[4]])] == ["kite 1", "kite 3", "kite 5"]
    assert sorted(done, key=lambda each: each[0]) == [*enumerate(results)]


@pytest.mark.parametrize("concurrency", [1, 2, 5])
async def test_no_more_clips_are_under_way_than_was_asked_for(concurrency: int, simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        results = await rushes.generate_many(
            [f"kite {each}" for each in range(6)], policy=policy(LITE), concurrency=concurrency
        )
        jobs = await rushes.jobs()

    spans = [(job.created, job.ended) for job in jobs if job.ended is not None]
    at_once = max(sum(begun <= moment < ended for begun, ended in spans) for moment, _ in spans)
    assert at_once == concurrency
    assert len(takes_of(results)) == 6


async def test_requests_may_come_from_a_generator_and_there_may_be_none(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        assert await rushes.generate_many([]) == []
        results = await rushes.generate_many((f"kite {each}" for each in range(2)), policy=policy(LITE))

    assert [take.prompt for take in takes_of(results)] == ["kite 0", "kite 1"]


@pytest.mark.parametrize(
    ("asked", "how", "complaint"),
    [
        ([VideoRequest(prompt="kites", count=2)], {}, "one clip of each request"),
        (["a kite"], {"concurrency": 0}, "concurrency is at least 1, not 0"),
        (["a kite", ""], {}, "prompt"),
    ],
)
async def test_what_cannot_be_many_is_refused_before_anything_is_sent(
    asked: list[Any], how: dict[str, Any], complaint: str, simulated: Simulated, line: Line
) -> None:
    async with simulated.open() as rushes:
        with pytest.raises(BadInput, match=complaint):
            await rushes.generate_many(asked, **how)
        assert await rushes.jobs() == []

    assert line.submits == []


async def test_a_broken_on_done_stops_the_rest_and_leaves_nothing_half_done(simulated: Simulated) -> None:
    def broken(place: int, result: object) -> None:
        raise RuntimeError("the caller's own")

    async with simulated.open() as rushes:
        with pytest.raises(RuntimeError, match="the caller's own"):
            await rushes.generate_many(
                [f"kite {each}" for each in range(5)], policy=policy(LITE), concurrency=2, on_done=broken
            )
        for job in await rushes.jobs():
            await rushes.wait(job)
        jobs = await rushes.jobs()

    assert len(jobs) <= 3
    assert all(job.state in FINAL for job in jobs)
    assert agree(jobs, simulated)


async def test_a_cap_of_each_call_is_one_of_each_clip(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        results = await rushes.generate_many(["kite 1", "kite 2"], policy=policy(LITE), max_usd="0.40")
        too_little = await rushes.generate_many(["kite 3"], policy=policy(LITE), max_usd="0.39")

    assert len(takes_of(results)) == 2
    assert isinstance(too_little[0], OverBudget)


# --- events -----------------------------------------------------------------------------------------------------------


async def test_events_tell_the_life_of_every_job_to_everybody_who_asks(simulated: Simulated) -> None:
    async with simulated.open(faults=["late_failure"]) as rushes:

        async def listen() -> list[Event]:
            heard = []
            async for event in rushes.events():
                heard.append(event)
                if event.what == "succeeded":
                    return heard
            return heard

        listeners = [asyncio.create_task(listen()) for _ in range(2)]
        await asyncio.sleep(0)
        take = await rushes.generate("a kite", policy=policy(LITE, SORA))
        one, other = await asyncio.gather(*listeners)
        [failed] = [job for job in await rushes.jobs() if job.id != take.job]

    assert one == other
    whats = [(event.job.id, event.what) for event in one]
    assert whats[0] == (failed.id, "accepted")
    assert (failed.id, "failed") in whats
    fallback = (take.job, f"fallback from {LITE}: {failed.reason} (job {failed.id}, counted: $0.00)")
    assert whats.index((failed.id, "failed")) < whats.index(fallback) < whats.index((take.job, "accepted"))
    assert whats[-1] == (take.job, "succeeded")


async def test_who_stops_listening_is_told_no_more_and_holds_nothing_up(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        events = rushes.events()
        waiting = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
        await rushes.generate("a kite", policy=policy(LITE))
        assert (await waiting).what == "accepted"
        await events.aclose()
        await rushes.generate("a boat", policy=policy(LITE))
        with pytest.raises(StopAsyncIteration):
            await anext(events)


async def test_who_asks_hears_everything_from_then_on_and_the_end(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        events = rushes.events()
        await rushes.generate("a kite", policy=policy(LITE))

    whats = [event.what async for event in events]
    assert (whats[0], whats[-1]) == ("accepted", "succeeded")


async def test_a_listener_that_breaks_does_not_break_the_fallback(simulated: Simulated) -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("the listener's own")

    async with simulated.open(faults=["late_failure"], on_event=broken) as rushes:
        take = await rushes.generate("a kite", policy=policy(LITE, SORA))

    assert take.endpoint == SORA


# --- several in one process -------------------------------------------------------------------------------------------


async def test_several_rushes_of_one_process_share_nothing_but_a_ledger_where_they_share_a_home(
    simulated: Simulated, tmp_path: Path, line: Line
) -> None:
    elsewhere = Simulated(tmp_path / "elsewhere", simulated.config)
    line.answers["openai"] = [*[said(429, "rate_limit_exceeded", retry_after="300")] * 3, None]

    async with elsewhere.open() as other, simulated.open() as one:
        with pytest.raises(NotSent):
            await one.generate("a kite", policy=policy(SORA, VEO, fallback={"patience": 1, "attempts": 1}))
        cooled = (await one.route("a kite", policy=policy(SORA, VEO))).plans
        well = (await other.route("a kite", policy=policy(SORA, VEO))).plans
        takes = await asyncio.gather(
            one.generate("a kite", policy=policy(LITE)), other.generate("a boat", policy=policy(LITE))
        )
        assert len(await other.jobs()) == 1
        assert len(await one.jobs()) == 2

    assert [plan.endpoint.id for plan in cooled] == [VEO]
    assert [plan.endpoint.id for plan in well] == [SORA, VEO]
    assert takes[0].path.is_relative_to(simulated.home)
    assert takes[1].path.is_relative_to(elsewhere.home)


async def test_two_rushes_of_one_home_see_each_others_jobs_and_leave_them_alone(simulated: Simulated) -> None:
    async with simulated.open() as one, simulated.open() as other:
        take = await one.generate("a kite", policy=policy(LITE))
        assert [job.id for job in await other.jobs()] == [take.job]
        assert await other.mine() == []

    assert isinstance(one, Rushes)
    assert len(simulated.accepted()) == 1
