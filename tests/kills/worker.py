"""What is killed: a program that wants one clip for each of N prompts, and starts over wherever it was killed.

On every start it orders what the ledger does not hold yet, and waits for everything, resumed jobs included.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from rushes import Rushes, VideoError
from rushes.ledger import OPEN, State

RUN = "kills"


async def main(home: Path, config: Path, endpoint: str, prefix: str, count: int) -> None:
    async with Rushes.open(home=home, config=config) as rushes:
        print("started", flush=True)
        ordered = {order.label for order in await rushes.orders(RUN)}
        wanted = [f"{prefix} clip {number}" for number in range(count)]
        slots = asyncio.Semaphore(8)

        async def make(label: str) -> None:
            async with slots:
                try:
                    await rushes.generate(label, endpoint=endpoint, seconds=4, run=RUN, label=label)
                except VideoError:
                    pass  # what became of it stands in the ledger

        await asyncio.gather(*(make(label) for label in wanted if label not in ordered))
        for job in await rushes.jobs(run=RUN, states=[*OPEN, State.UNCLEAR]):
            await rushes.wait(job)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])))
