"""Money is reserved before anything is sent, and never more of it than the caps allow."""

from __future__ import annotations

import asyncio
import os
import subprocess
from typing import Any

import pytest

from rushes.errors import OverBudget
from rushes.ledger import Caps, Ledger, State
from tests.ledger.making import ROOT, intended, intent, move, program

SPEND = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from rushes.errors import OverBudget
from rushes.ledger import Caps, Ledger
from tests.ledger.making import intent

async def one(ledger):
    try:
        await ledger.intend(intent(ledger, caps=Caps(day=10_000_000)))
    except OverBudget:
        return 0
    return 1

async def main():
    async with Ledger.open(Path(sys.argv[1])) as ledger:
        await ledger.beat(datetime.now(UTC))
        granted = 0
        for _ in range(4):
            granted += sum(await asyncio.gather(*(one(ledger) for _ in range(4))))
        print(granted)

asyncio.run(main())
"""


async def granted(ledger: Ledger, *caps: Caps, **changes: Any) -> list[bool]:
    """Which of several intents at once, a dollar each, may be spent."""
    wanted = [intent(ledger, caps=each, **changes) for each in caps]
    results = await asyncio.gather(*(ledger.intend(each) for each in wanted), return_exceptions=True)
    assert {type(result) for result in results} <= {type(None), OverBudget}
    return [result is None for result in results]


async def test_what_goes_over_says_which_cap_and_by_how_much_and_nothing_is_written(ledger: Ledger) -> None:
    await intended(ledger, run="r")
    before = await ledger.jobs()

    with pytest.raises(OverBudget) as refusal:
        await ledger.intend(intent(ledger, run="r", caps=Caps(run=1_750_000)))

    assert refusal.value.message == (
        "the cap of $1.75 a run would be exceeded by $0.25: $1.00 are spent or reserved, this job may cost $1.00"
    )
    assert "Nothing was sent" in (refusal.value.hint or "")
    assert await ledger.jobs() == before
    assert len(await ledger.orders(run="r")) == 1


async def test_a_day_has_a_cap_of_its_own(ledger: Ledger) -> None:
    await intended(ledger, day="2026-11-21")
    await intended(ledger, day="2026-11-22")

    with pytest.raises(OverBudget, match="a day would be exceeded by"):
        await ledger.intend(intent(ledger, day="2026-11-22", caps=Caps(day=1_900_000)))
    await ledger.intend(intent(ledger, day="2026-11-22", caps=Caps(day=2_000_000)))


async def test_exactly_the_cap_may_be_spent(ledger: Ledger) -> None:
    await intended(ledger)

    assert await granted(ledger, Caps(day=2_000_000)) == [True]
    assert await granted(ledger, Caps(day=2_999_999)) == [False]


async def test_of_many_intents_at_once_only_as_many_as_the_cap_allows(ledger: Ledger) -> None:
    await ledger.beat(intent(ledger).job.created)

    assert sum(await granted(ledger, *[Caps(day=7_000_000)] * 30)) == 7
    assert await ledger.spent(simulated=False, day="2026-11-22") == 7_000_000


async def test_what_others_reserve_at_the_same_moment_without_a_cap_counts_too(ledger: Ledger) -> None:
    await ledger.beat(intent(ledger).job.created)
    three = [Caps(), Caps(), Caps(run=2_500_000)]

    assert await granted(ledger, *three, run="r") == [True, True, False]


async def test_a_smaller_job_still_fits_where_a_larger_one_did_not(ledger: Ledger) -> None:
    await ledger.beat(intent(ledger).job.created)
    large = intent(ledger, reserved=3_000_000, caps=Caps(day=2_000_000))
    small = intent(ledger, reserved=2_000_000, caps=Caps(day=2_000_000))

    results = await asyncio.gather(ledger.intend(large), ledger.intend(small), return_exceptions=True)

    assert isinstance(results[0], OverBudget)
    assert results[1] is None


def test_two_processes_together_keep_the_cap(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    command = program(SPEND, str(home))
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) for _ in range(2)]

    counts = [int(process.communicate(timeout=120)[0]) for process in processes]

    assert sum(counts) == 10


async def test_what_was_settled_replaces_what_was_reserved(ledger: Ledger) -> None:
    job = await intended(ledger, state=State.RUNNING, run="r")
    assert await ledger.spent(simulated=False, run="r") == 1_000_000

    await ledger.move(
        move(job, State.RUNNING, {"state": State.SUCCEEDED, "settled": 250_000, "settled_how": "reported"})
    )

    assert await ledger.spent(simulated=False, run="r") == 250_000
    assert await granted(ledger, Caps(run=1_250_000), run="r") == [True]


async def test_what_cost_nothing_counts_for_nothing(ledger: Ledger) -> None:
    job = await intended(ledger, state=State.RUNNING)

    await ledger.move(move(job, State.RUNNING, {"state": State.FAILED, "settled": 0, "settled_how": "not billed"}))

    assert await ledger.spent(simulated=False) == 0


async def test_simulated_and_real_money_are_apart(ledger: Ledger) -> None:
    await intended(ledger, simulated=True, run="r")

    assert await ledger.spent(simulated=False, run="r") == 0
    assert await ledger.spent(simulated=True, run="r") == 1_000_000
    assert await granted(ledger, Caps(run=1_000_000), run="r", simulated=False) == [True]
    assert await granted(ledger, Caps(run=1_999_999), run="r", simulated=True) == [False]
