"""The engine that the harness must catch: it keeps every ticket, and sends again whatever has none.

That is what a task queue with "at least once" does with a paid POST.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from rushes.http import httpx


async def main(home: Path, base_url: str, count: int) -> None:
    home.mkdir(parents=True, exist_ok=True)
    print("started", flush=True)
    slots = asyncio.Semaphore(8)
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {os.environ['RUSHES_TEST_KEY']}"}) as http:

        async def make(number: int) -> None:
            ticket = home / f"{number}.ticket"
            done = home / f"{number}.mp4"
            if done.exists():
                return
            async with slots:
                if not ticket.exists():
                    fields = {"prompt": f"naive clip {number}", "model": "sora-2", "seconds": "4", "size": "1280x720"}
                    answer = await http.post(f"{base_url}/videos", json=fields)
                    ticket.write_text(answer.json()["id"])
                while (await http.get(f"{base_url}/videos/{ticket.read_text()}")).json()["status"] != "completed":
                    await asyncio.sleep(0.2)
                done.write_bytes(b"done")

        await asyncio.gather(*(make(number) for number in range(count)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
