"""What a durable create costs beside the bare POST: one at a time, and fifty at once.

Ours is the whole road of `generate` until the job's acceptance is durable: plan, intent, POST, outcome. Bare is the
same form, posted by httpx2 on a fresh connection and kept nowhere. Both go to a server that only accepts.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

from bench_measure import Measure, middle, ratio_at_least, ratio_at_most

from rushes import Rushes, VideoRequest
from rushes.config import Limits
from rushes.http import httpx, submit_client
from rushes.jobs.machine import Event

#: Creates in a block; blocks of ours and bare ones take turns, so that a busy moment of the machine strikes both.
ALONE, BLOCKS = 40, 5
AT_ONCE, MANY = 50, 250
REQUEST = VideoRequest(prompt="a fox in snow", seconds=4, resolution="720p", aspect_ratio="16:9")
FORM = {"prompt": "a fox in snow", "seconds": "4", "size": "1280x720", "model": "sora-2"}
#: The day on which the model still lived.
DAY = date(2026, 8, 1)
PROVIDERS = """
openai:
  name: A server that only accepts
  wire: openai
  base_url: {url}
  auth: none
  concurrency: 100000
  poll_seconds: 3600  # nothing is polled while creates are measured
"""

Create = Callable[[], Awaitable[None]]


def measures() -> Iterator[Measure]:
    with server() as url, tempfile.TemporaryDirectory() as folder:
        alone, many = asyncio.run(_compare(url, Path(folder)))
    yield ratio_at_most("durable create, one at a time", alone[0], "ms", alone[1], 4)
    yield ratio_at_least(f"durable creates, {AT_ONCE} at once", many[0], "/s", many[1], 0.5)


@contextmanager
def server() -> Iterator[str]:
    """The base URL of a server that only accepts."""
    command = [sys.executable, str(Path(__file__).with_name("bench_server.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()


async def _compare(url: str, folder: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """Milliseconds of one create, and creates a second: ours and bare."""
    async with ours(url, folder) as durable, bare(url) as posted:
        await _alone(durable, 5)
        await _alone(posted, 5)
        latencies: tuple[list[float], list[float]] = ([], [])
        rates: tuple[list[float], list[float]] = ([], [])
        for _ in range(BLOCKS):
            latencies[0].extend(await _alone(durable, ALONE))
            latencies[1].extend(await _alone(posted, ALONE))
        for _ in range(BLOCKS):
            rates[0].append(await _at_once(durable))
            rates[1].append(await _at_once(posted))
    return (middle(latencies[0]), middle(latencies[1])), (middle(rates[0]), middle(rates[1]))


async def _alone(create: Create, times: int) -> list[float]:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await create()
        took.append((time.perf_counter() - began) * 1000)
    return took


async def _at_once(create: Create) -> float:
    turns = iter(range(MANY))

    async def worker() -> None:
        for _ in turns:
            await create()

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return MANY / (time.perf_counter() - began)


@asynccontextmanager
async def ours(url: str, folder: Path) -> AsyncIterator[Create]:
    """One call is one durable create. Its job runs on behind it, and is left alone when the measuring ends."""
    (folder / "providers.yaml").write_text(PROVIDERS.format(url=url))
    waiting: list[asyncio.Future[None]] = []
    running: set[asyncio.Task[object]] = set()

    def heard(event: Event) -> None:
        if event.what == "accepted":
            waiting.pop(0).set_result(None)

    async def create() -> None:
        accepted = asyncio.get_running_loop().create_future()
        waiting.append(accepted)
        job = asyncio.create_task(rushes.generate(REQUEST, endpoint="openai/sora-2", max_usd=Decimal(1)))
        running.add(job)
        await asyncio.wait({accepted, job}, return_when=asyncio.FIRST_COMPLETED)
        if job.done():
            await job  # only an error ends it so early

    limits = Limits(deadline=36_000)
    async with Rushes.open(home=folder / "home", config=folder, as_of=DAY, limits=limits, on_event=heard) as rushes:
        try:
            yield create
        finally:
            for job in running:
                job.cancel()
            await asyncio.gather(*running, return_exceptions=True)


@asynccontextmanager
async def bare(url: str) -> AsyncIterator[Create]:
    async with submit_client(60) as client:

        async def create() -> None:
            response = await client.post(f"{url}/videos", files={name: (None, each) for name, each in FORM.items()})
            if not response.json()["id"]:
                raise httpx.DecodingError("no id")

        yield create
