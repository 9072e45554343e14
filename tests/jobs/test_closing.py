"""A Rushes that is closed while calls are under way: each ends with an error that says so, and no clip is lost."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rushes import Rushes
from rushes.errors import SetupError, VideoError
from rushes.http import httpx
from rushes.jobs.machine import Event
from rushes.jobs.stretch import EndedEarly, Stretch
from rushes.ledger import State
from rushes.take import Take
from tests.jobs.conftest import Simulated, takes_of
from tests.router.chains import Line
from tests.router.conftest import line

__all__ = ["line"]

OMNI = "vllm-omni/wan-2.2"  # which takes one job at a time


async def generate(rushes: Rushes) -> Any:
    return await rushes.generate("a kite", endpoint=OMNI)


async def generate_all(rushes: Rushes) -> Any:
    return await rushes.generate_all("a kite", endpoint=OMNI)


async def generate_many(rushes: Rushes) -> Any:
    results = await rushes.generate_many(["a kite"], endpoint=OMNI)
    for result in results:  # what went wrong stands among the results
        if isinstance(result, VideoError):
            raise result
    return results


async def wait(rushes: Rushes) -> Any:
    """For a job that somebody else has asked for, and given up waiting for once it was on its way."""
    asked = asyncio.create_task(generate(rushes))
    while not (jobs := await rushes.jobs(states=[State.QUEUED, State.SENDING, State.RUNNING])):
        pass
    waiting = asyncio.create_task(rushes.wait(jobs[0]))
    await asyncio.gather(asked, return_exceptions=True)
    return await waiting


CALLS = [generate, generate_all, generate_many, wait]


@asynccontextmanager
async def closed_at(
    what: str, simulated: Simulated, doing: Callable[[Rushes], Awaitable[Any]]
) -> AsyncIterator[asyncio.Task[Any]]:
    """A call on a Rushes that is closed at the first event of a kind."""
    closing: list[asyncio.Task[None]] = []

    def close(event: Event) -> None:
        if event.what == what and not closing:
            closing.append(asyncio.create_task(rushes.close()))

    rushes = simulated.open(on_event=close)
    async with rushes:
        making = asyncio.ensure_future(doing(rushes))
        await asyncio.wait([making])
        await asyncio.gather(*closing)
    assert closing
    yield making


def says_so(error: VideoError, home: Path) -> bool:
    options = f" --home {shlex.quote(str(home))} --config"
    return (
        "this Rushes was closed" in error.message
        and "what vendors have accepted goes on there" in error.message
        and f"`rushes jobs resume --all{options}" in (error.hint or "")
        and "Open it again" in (error.hint or "")
    )


@pytest.mark.parametrize("doing", CALLS)
@pytest.mark.parametrize("moment", ["accepted", "rendering", "downloading"])
async def test_a_call_ends_with_an_error_and_the_next_opening_has_the_clip(
    moment: str, doing: Callable[[Rushes], Awaitable[Any]], simulated: Simulated
) -> None:
    async with closed_at(moment, simulated, doing) as making:
        with pytest.raises(SetupError) as error:
            await making
        assert says_so(error.value, simulated.home)

    async with simulated.open() as rushes:
        [job] = await rushes.mine()
        [take] = takes_of(await rushes.wait(job))

    assert take.path.exists()
    assert len(simulated.accepted()) == 1


@pytest.mark.parametrize("doing", CALLS)
async def test_while_it_is_being_sent_the_call_ends_at_once_and_closing_waits_for_the_answer(
    doing: Callable[[Rushes], Awaitable[Any]], simulated: Simulated, line: Line
) -> None:
    may_go = asyncio.Event()

    async def held(request: httpx.Request) -> None:
        await may_go.wait()

    line.before = held
    async with simulated.open() as rushes:
        making = asyncio.ensure_future(doing(rushes))
        await line.reached.wait()
        closing = asyncio.create_task(rushes.close())
        with pytest.raises(SetupError) as error:
            await making
        assert says_so(error.value, simulated.home)
        assert not closing.done()
        may_go.set()
        await closing

    line.before = None
    async with simulated.open() as rushes:
        [job] = await rushes.mine()
        assert job.state is State.RUNNING
        takes_of(await rushes.wait(job))

    assert len(simulated.accepted()) == 1


@pytest.mark.parametrize("doing", CALLS)
async def test_while_it_waits_for_a_slot_what_was_not_sent_is_given_up(
    doing: Callable[[Rushes], Awaitable[Any]], simulated: Simulated
) -> None:
    async def both(rushes: Rushes) -> Any:
        return await asyncio.gather(doing(rushes), doing(rushes), return_exceptions=True)

    async with closed_at("accepted", simulated, both) as making:
        errors = await making

    assert all(isinstance(error, SetupError) and says_so(error, simulated.home) for error in errors)
    async with simulated.open() as rushes:
        states = sorted(job.state for job in await rushes.jobs())
        assert states in (["cancelled", "running"], ["running"])  # the second may not have been written down yet
        [job] = await rushes.mine()
        takes_of(await rushes.wait(job))
    assert len(simulated.accepted()) == 1


async def test_of_many_those_that_are_there_stay_and_the_others_say_why_not(simulated: Simulated) -> None:
    async def many(rushes: Rushes) -> Any:
        async def closing_after_two(place: int, result: object) -> None:
            await rushes.close()

        tasks: list[asyncio.Task[None]] = []

        def on_done(place: int, result: object) -> None:
            if place == 1:
                tasks.append(asyncio.create_task(closing_after_two(place, result)))

        prompts = [f"kite {number}" for number in range(5)]
        results = await rushes.generate_many(prompts, endpoint=OMNI, concurrency=2, on_done=on_done)
        await asyncio.gather(*tasks)
        return results

    async with simulated.open() as rushes:
        results = await many(rushes)

    assert [isinstance(result, Take) for result in results] == [True, True, False, False, False]
    assert all(isinstance(result, SetupError) for result in results[2:])
    assert {"was closed" in result.message or "not open any more" in result.message for result in results[2:]} == {True}


async def test_a_caller_who_gives_up_at_the_same_time_is_cancelled_as_ever(simulated: Simulated) -> None:
    accepted = asyncio.Event()
    async with simulated.open(on_event=lambda event: accepted.set()) as rushes:
        making = asyncio.create_task(generate(rushes))
        await accepted.wait()
        closing = asyncio.create_task(rushes.close())
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making
        await closing


async def test_nothing_can_be_asked_of_one_that_is_closing(simulated: Simulated, line: Line) -> None:
    may_go = asyncio.Event()

    async def held(request: httpx.Request) -> None:
        await may_go.wait()

    line.before = held
    async with simulated.open() as rushes:
        making = asyncio.create_task(generate(rushes))
        await line.reached.wait()
        closing = asyncio.create_task(rushes.close())
        await asyncio.gather(making, return_exceptions=True)
        for asked in (generate(rushes), rushes.jobs(), rushes.cancel("job-any"), rushes.spent()):
            with pytest.raises(SetupError, match="not open any more"):
                await asked
        may_go.set()
        await closing


async def test_one_with_nothing_under_way_closes_at_once_and_twice(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        await rushes.close()
        await rushes.close()


# --- the mechanism ----------------------------------------------------------------------------------------------------


async def test_a_stretch_that_is_ended_clears_up_as_for_a_cancellation_and_leaves_its_task_alive() -> None:
    cleared: list[str] = []

    async def work() -> str:
        stretch = stretches[0]
        try:
            async with stretch:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    cleared.append("up")
                    raise
        except EndedEarly:
            await asyncio.sleep(0)
            return "went on"
        return "never ended"

    stretches = [Stretch()]
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    stretches[0].end()
    stretches[0].end()

    assert await task == "went on"
    assert cleared == ["up"]
    assert task.cancelling() == 0


async def test_a_stretch_that_has_come_to_its_own_end_is_not_ended_again() -> None:
    async with Stretch() as stretch:
        stretch.end()

    async with Stretch() as stretch:
        await asyncio.sleep(0)


async def test_stretches_within_stretches_that_all_end_end_at_the_outermost() -> None:
    outer, inner = Stretch(), Stretch()

    async def work() -> None:
        async with outer, inner:
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    outer.end()
    inner.end()

    with pytest.raises(EndedEarly):
        await task


async def test_a_time_out_of_the_work_itself_is_not_taken_for_an_end() -> None:
    with pytest.raises(TimeoutError, match="its own"):
        async with Stretch():
            raise TimeoutError("its own")
