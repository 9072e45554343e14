"""The engine that the harness of routes must catch: whatever it has no ticket for has failed, so it asks elsewhere.

That is what a gateway does that takes a lost answer, or its own death, for a refusal.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from rushes.http import httpx

MODELS = ("sora-2", "sora-2-pro")


async def main(home: Path, base_url: str, count: int) -> None:
    home.mkdir(parents=True, exist_ok=True)
    print("started", flush=True)
    slots = asyncio.Semaphore(8)
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {os.environ['RUSHES_TEST_KEY']}"}) as http:

        async def ended(ticket: str) -> bool:
            while True:
                status = (await http.get(f"{base_url}/videos/{ticket}")).json()["status"]
                if status in ("completed", "failed"):
                    return bool(status == "completed")
                await asyncio.sleep(0.2)

        async def make(number: int) -> None:
            for model in MODELS:
                asked, ticket = home / f"{number}-{model}.asked", home / f"{number}-{model}.ticket"
                if not asked.exists():
                    asked.touch()
                    fields = {"prompt": f"naive clip {number}", "model": model, "seconds": "4", "size": "1280x720"}
                    answer = await http.post(f"{base_url}/videos", json=fields)
                    ticket.write_text(answer.json()["id"])
                if ticket.exists() and await ended(ticket.read_text()):
                    return

        async def in_turn(number: int) -> None:
            async with slots:
                await make(number)

        await asyncio.gather(*(in_turn(number) for number in range(count)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
