"""How many jobs are submitted a minute, by the clock of the world that they are sent into."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.errors import NotSent
from rushes.jobs.deadline import Deadline
from rushes.jobs.driver import EmbeddedDriver
from rushes.jobs.pace import Pace
from rushes.simulator.clock import VirtualClock
from tests.jobs.session import START, Vendor, session, trouble

DOOR, OTHER = ("azure/sora-2", None), ("azure/sora-2", "north")


async def turns(most: float | None, count: int, *, begin: float = 0.0, gap: float = 0.0) -> list[float]:
    """When each of so many jobs gets its turn; they come `gap` seconds apart, the first after `begin`."""
    clock = VirtualClock(START)
    pace, taken = Pace(clock, lambda door: most), []

    async def job(number: int) -> None:
        await clock.sleep(begin + number * gap)
        await pace.turn(DOOR)
        taken.append(clock.monotonic())

    await asyncio.gather(*(job(number) for number in range(count)))
    return taken


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (None, [0, 0, 0, 0, 0, 0]),
        (2, [0, 0, 60, 60, 120, 120]),
        (2.9, [0, 0, 60, 60, 120, 120]),
        (1, [0, 60, 120, 180, 240, 300]),
        (0.5, [0, 120, 240, 360, 480, 600]),
        (6, [0, 0, 0, 0, 0, 0]),
    ],
)
async def test_so_many_get_their_turn_at_once_and_the_rest_when_a_minute_has_passed(
    most: float | None, expected: list[float]
) -> None:
    assert await turns(most, 6) == pytest.approx(expected)


async def test_who_comes_later_waits_only_for_what_is_left_of_the_minute() -> None:
    assert await turns(2, 4, gap=25) == pytest.approx([0, 25, 60, 85])


def test_each_endpoint_and_key_has_its_own_pace() -> None:
    pace = Pace(VirtualClock(START), lambda door: 1)

    assert (pace.wait(DOOR), pace.wait(OTHER), pace.wait(("azure/sora-2-pro", None))) == (0, 0, 0)
    assert (pace.wait(DOOR), pace.wait(OTHER)) == (60, 60)


def test_asking_when_the_next_turn_is_takes_none() -> None:
    pace = Pace(VirtualClock(START), lambda door: 1)
    pace.wait(DOOR)

    assert [pace.wait(DOOR) for _ in range(3)] == [60, 60, 60]


@settings(max_examples=150, deadline=None)
@given(
    most=st.one_of(st.integers(1, 4), st.floats(0.1, 4)),
    begin=st.floats(0, 1e6),
    gap=st.floats(0, 40),
    count=st.integers(2, 9),
)
def test_in_no_minute_more_get_a_turn_than_may_and_nobody_waits_for_ever(
    most: float, begin: float, gap: float, count: int
) -> None:
    taken = asyncio.run(turns(most, count, begin=begin, gap=gap))

    allowed, window = max(1, int(most)), 60 * max(1, 1 / most)
    assert len(taken) == count
    for earlier, later in zip(taken, taken[allowed:], strict=False):
        assert later >= earlier + window


async def test_a_turn_that_cannot_come_in_time_is_not_waited_for_and_it_says_when_it_would_come() -> None:
    clock = VirtualClock(START)
    pace = Pace(clock, lambda door: 2)
    soon, late = (Deadline(clock, START + timedelta(seconds=seconds)) for seconds in (45, 61))
    for _ in range(2):
        await pace.turn(DOOR, soon)

    with pytest.raises(NotSent) as caught:
        await pace.turn(DOOR, soon)
    ended = clock.monotonic()
    await pace.turn(DOOR, late)

    assert caught.value.message == (
        "it cannot be sent before the deadline, 00:00:45 UTC: its turn would come at 00:01:00 UTC, in 60.0 s, and "
        "azure/sora-2 takes 2 jobs a minute"
    )
    assert (ended, clock.monotonic()) == (0, 60)


@pytest.mark.parametrize(("most", "said"), [(1, "takes 1 job a minute"), (0.5, "takes 0.5 jobs a minute")])
async def test_a_turn_that_comes_with_the_deadline_comes_too_late_and_is_not_taken(most: float, said: str) -> None:
    clock = VirtualClock(START)
    pace, window = Pace(clock, lambda door: most), 60 / most
    await pace.turn(DOOR)

    with pytest.raises(NotSent, match=said):
        await pace.turn(DOOR, Deadline(clock, START + timedelta(seconds=window)))

    assert (clock.monotonic(), pace.wait(DOOR)) == (0, window)
    await clock.sleep(window)
    assert pace.wait(DOOR) == 0


async def test_a_turn_that_is_free_is_taken_whatever_the_deadline() -> None:
    clock = VirtualClock(START)

    await Pace(clock, lambda door: 1).turn(DOOR, Deadline(clock, START))

    assert clock.monotonic() == 0


async def test_a_job_holds_its_slot_while_it_waits_for_its_turn_and_is_sent_then(tmp_path: Path) -> None:
    vendor = Vendor([trouble(400)])

    async with session(tmp_path, vendor) as here:
        here.driver._pace = Pace(vendor.clock, lambda door: 2)
        jobs = [await here.order(f"kite {number}") for number in range(5)]
        await asyncio.gather(*(here.driver.wait(job) for job in jobs))

    assert isinstance(here.driver, EmbeddedDriver)
    assert [at for at, _ in vendor.posts] == pytest.approx([0, 0, 60, 60, 120])
