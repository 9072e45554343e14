"""Ten thousand open jobs in one process: polls a job, how punctual they are, memory, and whether a clip is lost.

The vendor is a process of its own (`bench_server.py`) and counts what it is asked; so is the process that is measured,
so that nothing else of `make bench` weighs on it. Jobs end as they are drawn, in real time: 27 minutes at the defaults.
As many polls a second, for a tenth of the time and with a tenth of the memory: `--jobs 1000 --minutes 1`.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from math import exp
from pathlib import Path
from statistics import NormalDist, fmean, quantiles
from typing import Any

from bench_measure import Measure, at_most, table

from rushes import Rushes, VideoRequest
from rushes.clock import SystemClock
from rushes.config import Limits
from rushes.http import httpx
from rushes.jobs.machine import Event
from rushes.take import Take

JOBS, MINUTES, SPREAD = 10_000, 10.0, 0.45
#: In shares of the mean: of 10,000 jobs the longest would take an hour. One of eighty is drawn again.
LONGEST = 2.5
#: Clips of one call, the most that there may be.
COUNT = 100
DAY = date(2026, 11, 22)
POLLED = {"waiting", "rendering", "downloading"}
REQUEST = VideoRequest(
    prompt="a fox in snow", seconds=4, resolution="720p", aspect_ratio="16:9", audio=False, count=COUNT
)
PROVIDERS = """
bench:
  name: A server whose jobs end
  wire: openai
  base_url: {url}
  auth: none
  concurrency: 20000
"""
CARD = """
id: slow
name: Slow
maker: Nobody
defaults: {{seconds: 4, resolution: 720p, aspect_ratio: "16:9", audio: false}}
simulation: {{detail: 0.5, steadiness: 0.5}}
endpoints:
  - provider: bench
    wire_names: slow
    lifecycle: {{stage: ga, source: here}}
    offers:
      - {{modes: [text], seconds: [4], sizes: {{720p: {{"16:9": 1280x720}}}}, audio: [false], source: here}}
    inputs: {{prompt: {{max: 1000, source: here}}}}
    prices:
      - {{since: 2026-01-01, per_second: "0.10", source: here}}
    billing: {{failed: free, refused: free, source: here}}
    speed: {{clip_seconds: 4, resolution: 720p, median: {median}, low: {low}, high: {high}, source: here}}
sources:
  here: {{where: made up, read: 2026-11-22, confidence: high}}
"""


def measures() -> Iterator[Measure]:
    print(f"  (takes about {MINUTES * LONGEST + 2:.0f} minutes)", file=sys.stderr, flush=True)
    options = ["--jobs", str(JOBS), "--minutes", str(MINUTES), "--json"]
    found = json.loads(subprocess.run([sys.executable, __file__, *options], stdout=subprocess.PIPE, check=True).stdout)
    yield from as_measures(found)


def as_measures(found: dict[str, Any]) -> Iterator[Measure]:
    jobs = f"{found['jobs']} open jobs"
    yield at_most(f"{jobs}: polls a job (1 % take {found['polls_p99']:.0f} or more)", found["polls"], "polls", 10)
    yield at_most(f"{jobs}: clips lost, failed or fetched twice", found["lost"], "jobs", 0)
    yield at_most(f"{jobs}: polls that failed and were repeated", found["repeated"], "polls", 0)
    yield at_most(f"{jobs}: from due to answered, 99 of 100 polls", found["answered_p99"], "ms", 1000)
    yield Measure(f"{jobs}: from due to answered, median", found["answered"], "ms")
    yield Measure(f"{jobs}: from due to awake, 99 of 100 (median {found['awake']:.2g} ms)", found["awake_p99"], "ms")
    yield at_most(f"{jobs}: memory of the process", found["memory"], "MB", 500)
    yield Measure(f"{jobs}: processor time a job, from plan to clip", found["cpu"], "ms")
    yield Measure(f"{jobs}: lateness, in the mean", found["late"], "s")
    yield Measure(f"{jobs}: time until the last is accepted", found["accepted"], "s")


class Punctual(SystemClock):
    """The machine's own clock, which also keeps when each task wanted to be awake, and how late it was."""

    def __init__(self) -> None:
        self.due: dict[asyncio.Task[Any] | None, float] = {}
        self.awake: list[float] = []

    async def sleep(self, seconds: float) -> None:
        due = time.monotonic() + seconds
        await asyncio.sleep(seconds)
        self.awake.append(time.monotonic() - due)
        self.due[asyncio.current_task()] = due


async def run(jobs: int, url: str, folder: Path) -> dict[str, Any]:
    """Makes so many clips, all at once."""
    clock = Punctual()
    answered: list[float] = []
    seen: Counter[str] = Counter()
    accepted = began = time.monotonic()

    def heard(event: Event) -> None:
        nonlocal accepted
        seen[event.what.partition(":")[0]] += 1
        if event.what == "accepted":
            accepted = time.monotonic()
        elif event.what in POLLED and (due := clock.due.pop(asyncio.current_task(), None)) is not None:
            answered.append(time.monotonic() - due)

    rushes = Rushes.open(
        home=folder / "home", config=folder, as_of=DAY, limits=Limits(deadline=36_000), on_event=heard, environ={}
    )
    rushes._clock = clock  # there is no public way, and no need of one, to time every wait
    async with rushes:
        calls = [
            rushes.generate_all(
                REQUEST.model_copy(update={"count": min(COUNT, jobs - first)}),
                endpoint="bench/slow",
                max_usd=Decimal(100),
            )
            for first in range(0, jobs, COUNT)
        ]
        results = [each for call in await asyncio.gather(*calls) for each in call]
    async with httpx.AsyncClient() as client:
        books = (await client.get(f"{url}/books")).json()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    polls = [job["polls"] for job in books]
    once = sum(isinstance(each, Take) for each in results) == jobs == len(books)
    lost = jobs - sum(job["fetched"] == 1 for job in books)
    return {
        "jobs": jobs,
        "polls": fmean(polls),
        "polls_p99": _percentile(polls, 99),
        "lost": lost if once else max(lost, 1),
        "repeated": seen["asking again"],
        "answered": _percentile(answered, 50) * 1000,
        "answered_p99": _percentile(answered, 99) * 1000,
        "awake": _percentile(clock.awake, 50) * 1000,
        "awake_p99": _percentile(clock.awake, 99) * 1000,
        "memory": usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3),
        "cpu": (usage.ru_utime + usage.ru_stime) / jobs * 1000,
        "late": fmean(job["late"] for job in books if job["late"] is not None),
        "accepted": accepted - began,
    }


def _percentile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]


@contextmanager
def vendor(minutes: float, folder: Path) -> Iterator[str]:
    """The base URL of a vendor whose jobs take so long in the mean; writes a card and an entry for it."""
    median = 60 * minutes / exp(SPREAD**2 / 2)
    clip = folder / "clip.mp4"
    draw(clip)
    command = [sys.executable, str(Path(__file__).with_name("bench_server.py")), "--clip", str(clip)]
    command += ["--median", str(median), "--spread", str(SPREAD), "--longest", str(LONGEST * 60 * minutes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
            tenth = exp(SPREAD * NormalDist().inv_cdf(0.9))
            (folder / "models").mkdir()
            (folder / "providers.yaml").write_text(PROVIDERS.format(url=url))
            (folder / "models" / "slow.yaml").write_text(
                CARD.format(median=median, low=median / tenth, high=median * tenth)
            )
            yield url
        finally:
            process.kill()


def draw(path: Path) -> None:
    """Writes a clip of a few kB; a process of its own draws it, so that no encoder weighs on the one measured."""
    code = (
        "import av, sys, numpy\n"
        "with av.open(sys.argv[1], 'w', format='mp4') as file:\n"
        "    picture = file.add_stream('libx264', rate=24)\n"
        "    picture.width = picture.height = 64\n"
        "    for at in range(24):\n"
        "        frame = av.VideoFrame.from_ndarray(numpy.full((64, 64, 3), at * 10, 'uint8'), 'rgb24')\n"
        "        file.mux(picture.encode(frame))\n"
        "    file.mux(picture.encode())\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold many jobs open at once.")
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="mean length of a job")
    parser.add_argument("--json", action="store_true", help="print JSON, for other programs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, vendor(options.minutes, Path(name)) as url:
        found = asyncio.run(run(options.jobs, url, Path(name)))
    if options.json:
        print(json.dumps(found))
        return
    print(table(list(as_measures(found))))


if __name__ == "__main__":
    main()
