"""What is killed where clips are made along routes: single clips with fallbacks, and batches of six under a cap.

On every start it orders what the ledger does not hold yet, and waits for everything, resumed jobs included. An order
that the ledger holds is never made again: what became of its fallbacks is what the kill left of them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from decimal import Decimal
from pathlib import Path

from rushes import Rushes, VideoRequest
from rushes.errors import OverBudget
from rushes.jobs import crashpoint
from rushes.jobs.machine import Event
from rushes.ledger import FINAL, OPEN, State
from rushes.router.policy import Fallback, Policy, Spending

RUN = "singles"
#: In the order of their prices: a clip of four seconds is $0.20, $0.40 and $1.60.
ENDPOINTS = ("vertex/veo-3.1-lite", "openai/sora-2", "vertex/veo-3.1")
#: US dollars for one clip of a route that may go on after a paid attempt: enough for one at each of the dear endpoints.
CLIP_USD = Decimal("2.00")
#: Less than six first attempts reserve.
BATCH, BATCH_USD = 6, Decimal("1.00")
#: How often what could not be sent for the moment is tried again, twice a second.
ROUNDS = 150


def policy(spending: Spending) -> Policy:
    fallback = Fallback(attempts=3, after_refused=True, patience=1, spending=spending)
    most = CLIP_USD if spending == "capped" else None
    return Policy(name="kills", choose="cost", allow=ENDPOINTS, max_usd=most, fallback=fallback)


def batch_run(prefix: str, number: int) -> str:
    return f"{prefix} batch {number}"


async def main(home: Path, config: Path, prefix: str, spending: Spending, count: int, batches: int) -> None:
    rules = policy(spending)

    async with Rushes.open(home=home, config=config, on_event=_arm) as rushes:
        print("started", flush=True)

        async def missing(run: str, wanted: list[str]) -> list[VideoRequest]:
            there = {order.request["prompt"] for order in await rushes.orders(run)}
            return [VideoRequest(prompt=each, seconds=4) for each in wanted if each not in there]

        async def make(run: str, wanted: list[str], cap: Decimal | None) -> None:
            for _ in range(ROUNDS):
                left = await missing(run, wanted)
                made = await rushes.generate_many(left, policy=rules, run=run, run_max_usd=cap)
                if all(isinstance(each, OverBudget) for each in made):
                    return
                await asyncio.sleep(0.5)

        async def everything() -> None:
            runs = [batch_run(prefix, number) for number in range(batches)]
            wanted = {run: [f"{run} clip {each}" for each in range(BATCH)] for run in runs}
            singles = [f"{prefix} clip {number}" for number in range(count)]
            await asyncio.gather(make(RUN, singles, None), *(make(run, wanted[run], BATCH_USD) for run in runs))

        await everything()
        for job in await rushes.jobs(states=[*OPEN, State.UNCLEAR]):
            await rushes.wait(job)
        await everything()  # some of those may have cost less than they had reserved


def _arm(event: Event) -> None:
    """Has the process die in a fallback: the crash point counts from the end of the first attempt on."""
    if event.job.state in FINAL and (name := os.environ.get("RUSHES_CRASH_IN_FALLBACK")):
        crashpoint._NAME = name


if __name__ == "__main__":
    home, config, prefix, spending, count, batches = sys.argv[1:]
    assert spending in ("free", "capped")
    asyncio.run(main(Path(home), Path(config), prefix, spending, int(count), int(batches)))
