"""How many jobs run at once: turns in order, each given back, also by who gives up."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.errors import NotSent
from rushes.jobs.deadline import Deadline
from rushes.jobs.slots import Account, Slots
from rushes.simulator.clock import VirtualClock
from tests.jobs.session import START

ONE, OTHER = ("openai", None), ("vertex", "north")


class Jobs:
    """Jobs that hold a slot until they are told to end."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.begun: list[int] = []
        self.ends: dict[int, asyncio.Event] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}

    async def begin(
        self, name: int, account: Account = ONE, *, running: bool = False, deadline: Deadline | None = None
    ) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._hold(name, account, running=running, deadline=deadline))
        await settled()

    async def _hold(
        self, name: int, account: Account, *, running: bool = False, deadline: Deadline | None = None
    ) -> None:
        async with self.slots.occupied(account) if running else self.slots.turn(account, deadline):
            self.begun.append(name)
            await self.ends[name].wait()

    async def end(self, *names: int) -> None:
        for name in names:
            self.ends[name].set()
        await settled()

    async def give_up(self, *names: int) -> None:
        for name in names:
            self.tasks[name].cancel()
        await settled()

    async def end_all(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_so_many_begin_at_once_and_the_others_in_the_order_in_which_they_came() -> None:
    jobs = Jobs(Slots(lambda account: 2))
    for name in range(5):
        await jobs.begin(name)
    assert jobs.begun == [0, 1]

    await jobs.end(1)
    assert jobs.begun == [0, 1, 2]
    await jobs.end(0, 2)

    assert jobs.begun == [0, 1, 2, 3, 4]
    await jobs.end_all()


async def test_each_account_has_its_own_slots() -> None:
    jobs = Jobs(Slots(lambda account: 1 if account == ONE else 2))
    for name, account in enumerate([ONE, ONE, OTHER, OTHER, OTHER]):
        await jobs.begin(name, account)

    assert jobs.begun == [0, 2, 3]
    await jobs.end_all()


async def test_a_job_that_runs_already_begins_at_once_and_others_wait_until_there_is_room_again() -> None:
    jobs = Jobs(Slots(lambda account: 1))
    for name in range(3):
        await jobs.begin(name, running=True)
    await jobs.begin(3)
    assert jobs.begun == [0, 1, 2]

    await jobs.end(0, 1)
    assert jobs.begun == [0, 1, 2]
    await jobs.end(2)

    assert jobs.begun == [0, 1, 2, 3]
    await jobs.end_all()


async def test_who_gives_up_while_it_waits_takes_no_turn() -> None:
    jobs = Jobs(Slots(lambda account: 1))
    for name in range(4):
        await jobs.begin(name)

    await jobs.give_up(1)
    await jobs.end(0)

    assert jobs.begun == [0, 2]
    assert jobs.slots.load(ONE) == 2
    await jobs.end_all()


async def test_a_slot_that_was_just_given_to_one_who_gives_up_goes_to_the_next() -> None:
    jobs = Jobs(Slots(lambda account: 1))
    for name in range(3):
        await jobs.begin(name)

    jobs.ends[0].set()
    await asyncio.sleep(0)  # the first has ended, the second has the slot and does not know it yet
    jobs.tasks[1].cancel()
    await settled()

    assert jobs.begun == [0, 2]
    await jobs.end_all()
    assert jobs.slots.load(ONE) == 0


async def test_a_job_that_breaks_gives_its_slot_back() -> None:
    slots = Slots(lambda account: 1)

    with pytest.raises(RuntimeError):
        async with slots.turn(ONE):
            raise RuntimeError

    assert slots.load(ONE) == 0


async def test_load_counts_what_runs_waits_and_comes_as_a_share_of_what_may_run() -> None:
    jobs = Jobs(Slots(lambda account: 4))
    assert jobs.slots.load(ONE) == 0
    for name in range(5):
        await jobs.begin(name)
    assert jobs.slots.load(ONE) == 5 / 4
    with jobs.slots.coming(ONE), jobs.slots.coming(ONE):
        assert jobs.slots.load(ONE) == 7 / 4
        assert jobs.slots.load(OTHER) == 0
    await settled()

    assert jobs.slots.load(ONE) == 5 / 4
    await jobs.end_all()
    assert jobs.slots.load(ONE) == 0


async def test_a_job_that_comes_is_counted_once_and_at_every_moment() -> None:
    """From the choice of its account until it has ended, as when it is written down and then woken."""
    jobs = Jobs(Slots(lambda account: 4))
    loads = []

    with jobs.slots.coming(ONE):
        loads.append(jobs.slots.load(ONE))
        await asyncio.sleep(0)
        jobs.ends[0] = asyncio.Event()
        jobs.tasks[0] = asyncio.create_task(jobs._hold(0, ONE))
    for _ in range(4):
        loads.append(jobs.slots.load(ONE))
        await asyncio.sleep(0)

    assert loads == [1 / 4] * 5
    await jobs.end_all()


async def test_one_that_came_to_nothing_is_counted_no_longer() -> None:
    slots = Slots(lambda account: 1)

    with pytest.raises(RuntimeError), slots.coming(ONE):
        raise RuntimeError
    await settled()

    assert slots.load(ONE) == 0


# --- until a deadline -------------------------------------------------------------------------------------------------


async def test_the_wait_for_a_slot_ends_at_the_deadline_and_says_what_it_was_for() -> None:
    clock = VirtualClock(START)
    jobs = Jobs(Slots(lambda account: 2))
    for name in range(2):
        await jobs.begin(name)
    begun = clock.monotonic()

    await jobs.begin(2, deadline=Deadline(clock, clock.now() + timedelta(seconds=90)))
    with pytest.raises(NotSent) as caught:
        await jobs.tasks[2]

    assert clock.monotonic() - begun == 90
    assert caught.value.message == (
        "the deadline passed before it could be sent: it waited for a free slot, and openai runs 2 jobs at once"
    )
    assert jobs.begun == [0, 1]
    assert jobs.slots.load(ONE) == 1
    await jobs.end_all()


async def test_of_several_keys_the_one_whose_slot_was_waited_for_is_named() -> None:
    clock, slots = VirtualClock(START), Slots(lambda account: 1)

    async with slots.turn(OTHER):
        with pytest.raises(NotSent, match="vertex with the key 'north' runs 1 job at once"):
            async with slots.turn(OTHER, Deadline(clock, clock.now() + timedelta(seconds=5))):
                raise AssertionError("there was no slot")


async def test_a_slot_that_comes_before_the_deadline_is_held_beyond_it() -> None:
    clock = VirtualClock(START)
    jobs = Jobs(Slots(lambda account: 1))
    await jobs.begin(0)
    with clock.working():
        await jobs.begin(1, deadline=Deadline(clock, clock.now() + timedelta(seconds=90)))
        await jobs.end(0)
    await clock.sleep(100)
    await jobs.begin(2)

    assert jobs.begun == [0, 1]
    assert not jobs.tasks[1].done()
    await jobs.end_all()


async def test_who_waits_for_no_deadline_is_not_hurried_by_one_who_does() -> None:
    clock = VirtualClock(START)
    jobs = Jobs(Slots(lambda account: 1))
    await jobs.begin(0)
    await jobs.begin(1, deadline=Deadline(clock, clock.now() + timedelta(seconds=10)))
    await jobs.begin(2)
    await clock.sleep(60)

    await jobs.end(0)

    assert jobs.begun == [0, 2]
    assert isinstance(jobs.tasks[1].exception(), NotSent)
    await jobs.end_all()
    assert jobs.slots.load(ONE) == 0


async def test_a_free_slot_is_taken_though_the_deadline_has_passed() -> None:
    """Whoever sends looks at the deadline once more."""
    clock = VirtualClock(START)

    async with Slots(lambda account: 1).turn(ONE, Deadline(clock, START - timedelta(seconds=1))):
        assert clock.monotonic() == 0


async def test_without_a_slot_a_deadline_that_has_passed_ends_the_wait_at_once() -> None:
    clock, slots = VirtualClock(START), Slots(lambda account: 1)

    async with slots.turn(ONE):
        with pytest.raises(NotSent):
            async with slots.turn(ONE, Deadline(clock, START - timedelta(seconds=1))):
                raise AssertionError("there was no slot")

    assert (clock.monotonic(), slots.load(ONE)) == (0, 0)


@settings(max_examples=60, deadline=None)
@given(
    most=st.integers(1, 3),
    moves=st.lists(
        st.tuples(st.sampled_from(["begin", "begin", "run", "hurry", "end", "give up", "wait"]), st.integers(0, 9)),
        max_size=25,
    ),
)
def test_whatever_comes_ends_or_gives_up_no_slot_is_lost_and_none_too_many_are_taken(
    most: int, moves: list[tuple[str, int]]
) -> None:
    async def play() -> None:
        jobs, clock = Jobs(Slots(lambda account: most)), VirtualClock(START)
        running: set[int] = set()
        for at, (move, which) in enumerate(moves):
            name = which % max(1, len(jobs.tasks))
            if move == "begin":
                await jobs.begin(at)
            elif move == "run":
                running.add(at)
                await jobs.begin(at, running=True)
            elif move == "hurry":
                await jobs.begin(at, deadline=Deadline(clock, clock.now() + timedelta(seconds=which)))
            elif move == "wait":
                await clock.sleep(which)
            elif jobs.tasks:
                name = [*jobs.tasks][name]
                await (jobs.end(name) if move == "end" else jobs.give_up(name))
            await settled()
            there = [each for each, task in jobs.tasks.items() if not task.done()]
            holding = [each for each in there if each in jobs.begun]
            waiting = [each for each in there if each not in jobs.begun]
            assert len([each for each in holding if each not in running]) <= most
            assert jobs.slots.load(ONE) == len(there) / most
            assert not waiting or len(holding) >= most
        turns = Counter(jobs.begun)
        assert max(turns.values(), default=1) == 1
        await jobs.end_all()
        assert jobs.slots.load(ONE) == 0

    asyncio.run(play())
