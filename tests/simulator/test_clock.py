"""The simulated clocks."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from rushes.simulator.clock import ScaledClock, VirtualClock

START = datetime(2026, 8, 1, tzinfo=UTC)


async def test_a_virtual_hour_takes_no_time_at_all() -> None:
    clock, began = VirtualClock(START), time.monotonic()

    await clock.sleep(3600)

    assert clock.now() == START + timedelta(hours=1)
    assert clock.monotonic() == 3600
    assert time.monotonic() - began < 1


async def test_sleepers_wake_in_the_order_of_their_time() -> None:
    clock, woken = VirtualClock(START), []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic()))

    await asyncio.gather(sleeper(30), sleeper(10), sleeper(20))

    assert woken == [(10, 10), (20, 20), (30, 30)]


async def test_those_who_wake_at_the_same_instant_all_get_going_before_time_moves_on() -> None:
    clock, seen = VirtualClock(START), []

    async def sleeper() -> None:
        await clock.sleep(5)
        for _ in range(3):  # a few turns of the loop, as setting an event and taking a lock would take
            await asyncio.sleep(0)
        with clock.working():
            seen.append(clock.monotonic())

    await asyncio.gather(sleeper(), sleeper(), clock.sleep(6))

    assert seen == [5, 5]


async def test_time_stands_still_while_anybody_works() -> None:
    clock = VirtualClock(START)
    sleeping = asyncio.create_task(clock.sleep(1))
    await asyncio.sleep(0)

    with clock.working():
        await asyncio.to_thread(time.sleep, 0.02)
        assert clock.monotonic() == 0
        assert not sleeping.done()
    await sleeping

    assert clock.monotonic() == 1


async def test_work_within_work_still_holds_time_until_the_outer_one_ends() -> None:
    clock = VirtualClock(START)
    sleeping = asyncio.create_task(clock.sleep(1))

    with clock.working():
        with clock.working():
            await asyncio.sleep(0)
        await asyncio.to_thread(time.sleep, 0.02)
        assert not sleeping.done()
    await sleeping


async def test_a_sleep_inside_work_lets_go_of_that_work_alone() -> None:
    clock = VirtualClock(START)
    go = asyncio.Event()

    async def worker() -> None:
        with clock.working():
            await go.wait()

    async def sleeper() -> None:
        with clock.working():
            await clock.sleep(10)

    working, sleeping = asyncio.create_task(worker()), asyncio.create_task(sleeper())
    await asyncio.to_thread(time.sleep, 0.02)
    assert clock.monotonic() == 0

    go.set()
    await asyncio.gather(working, sleeping)

    assert clock.monotonic() == 10


async def test_after_a_sleep_inside_work_time_is_held_again() -> None:
    clock = VirtualClock(START)
    other = asyncio.create_task(clock.sleep(11))

    with clock.working():
        await clock.sleep(10)
        await asyncio.to_thread(time.sleep, 0.02)
        assert clock.monotonic() == 10
    await other


async def test_a_child_task_that_sleeps_releases_the_work_it_was_made_in() -> None:
    clock = VirtualClock(START)

    with clock.working():
        await asyncio.shield(asyncio.create_task(clock.sleep(10)))

    assert clock.monotonic() == 10


async def test_a_cancelled_sleeper_does_not_move_time() -> None:
    clock = VirtualClock(START)
    with clock.working():
        cancelled = asyncio.create_task(clock.sleep(1))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)

    await clock.sleep(5)

    assert clock.monotonic() == 5


async def test_ten_thousand_sleepers_are_no_burden() -> None:
    clock, began = VirtualClock(START), time.monotonic()

    await asyncio.gather(*(clock.sleep(1 + number / 7) for number in range(10_000)))

    assert clock.monotonic() == pytest.approx(1 + 9_999 / 7)
    assert time.monotonic() - began < 30


def test_a_clock_serves_one_event_loop_after_the_other() -> None:
    clock = VirtualClock(START)

    async def leave_a_sleeper_behind() -> None:
        asyncio.get_running_loop().create_task(clock.sleep(1))
        await asyncio.sleep(0)

    asyncio.run(leave_a_sleeper_behind())
    before = clock.monotonic()
    asyncio.run(clock.sleep(5))

    assert clock.monotonic() == before + 5


async def test_a_scaled_clock_runs_so_many_times_faster() -> None:
    clock, began = ScaledClock(START, 600), time.monotonic()

    with clock.working():
        await clock.sleep(30)
    took = time.monotonic() - began

    assert 0.05 <= took < 1
    assert clock.now() - START >= timedelta(seconds=30)


@pytest.mark.parametrize("scale", [0, -1])
def test_a_clock_that_does_not_go_forward_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        ScaledClock(START, scale)


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        VirtualClock(datetime(2026, 8, 1))  # noqa: DTZ001
