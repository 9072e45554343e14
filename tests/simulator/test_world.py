"""The simulated world: seeded, priced, and there again after a kill."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from rushes.simulator import chance, inputs
from rushes.simulator.clock import VirtualClock
from rushes.simulator.job import Asked, Clip
from rushes.simulator.limits import NO_LIMITS
from rushes.simulator.world import START, World
from tests.simulator.conftest import CARDS


def asked(prompt: str = "a kite", **changes: object) -> Asked:
    clip = Clip(640, 360, "480p", 1.0)
    settings = {"seconds": "1", "size": "640x360"}
    return Asked("openai", "sora-2", prompt, clip, settings | changes)


def open_world(folder: Path, *, seed: int = 0, start: datetime = START) -> World:
    return World(folder, VirtualClock(start), cards=CARDS, seed=seed, limits=NO_LIMITS)


def accept(world: World, what: Asked) -> str:
    return world.accept(what, chance.uuid, {}).id


def test_the_same_requests_give_the_same_world(tmp_path: Path) -> None:
    truths = []
    for number in range(2):
        with open_world(tmp_path / str(number), seed=3) as world:
            for prompt in ("a kite", "a kite", "a boat"):
                accept(world, asked(prompt))
            truths.append(world.truth())

    assert truths[0] == truths[1]
    assert len({job["id"] for job in truths[0]["jobs"]}) == 3


def test_another_seed_gives_other_times(tmp_path: Path) -> None:
    times = []
    for seed in (1, 2):
        with open_world(tmp_path / str(seed), seed=seed) as world:
            accept(world, asked())
            times.append(world.truth()["jobs"][0]["render_seconds"])

    assert times[0] != times[1]


def test_times_follow_the_cards_median_and_spread() -> None:
    pace = chance.Pace(120, 0.5, 8, "720p")

    totals = [sum(chance.waits(Random(number), pace, 8, "720p")) for number in range(2000)]
    longer = statistics.median(sum(chance.waits(Random(number), pace, 16, "720p")) for number in range(2000))

    assert statistics.median(totals) == pytest.approx(120, rel=0.05)
    assert longer == pytest.approx(240, rel=0.05)
    low, high = sorted(totals)[200], sorted(totals)[1800]
    assert high / low == pytest.approx(2.718281828 ** (2 * chance.MIDDLE_80 * 0.5), rel=0.1)


def test_a_jobs_state_follows_from_its_row_and_the_time_alone(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        job = world.accept(asked(), chance.uuid, {})
    states = [
        job.state(datetime.fromtimestamp(moment, UTC))
        for moment in (job.created, job.starts + 0.001, job.ends - 0.001, job.ends + 0.001)
    ]

    assert states == ["queued", "running", "running", "succeeded"]


def test_a_world_goes_on_from_where_its_time_stood(tmp_path: Path) -> None:
    assert World.stored_time(tmp_path) is None
    with open_world(tmp_path) as world:
        asyncio.run(world.clock.sleep(90))
    stored = World.stored_time(tmp_path)

    assert stored == START + timedelta(seconds=90)
    with open_world(tmp_path, start=stored), open_world(tmp_path, start=START):
        assert World.stored_time(tmp_path) == stored  # a clock that is behind does not turn it back


def test_a_world_keeps_the_seed_it_was_made_with(tmp_path: Path) -> None:
    with open_world(tmp_path, seed=5):
        pass
    with open_world(tmp_path, seed=6) as world:
        assert world.seed == 5


async def test_the_film_is_what_the_job_promised_and_drawn_once(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        job = world.accept(asked(), chance.uuid, {})
        paths = await asyncio.gather(*(world.film(job, 0) for _ in range(4)))

        assert len(set(paths)) == 1
        assert inputs.footage(paths[0].read_bytes()) == inputs.Footage(1.0, 24.0, 640, 360)
        drawn = paths[0].stat().st_mtime_ns
        assert (await world.film(job, 0)).stat().st_mtime_ns == drawn


async def test_time_stands_still_while_a_film_is_drawn(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        job = world.accept(asked(), chance.uuid, {})
        sleeping = asyncio.create_task(world.clock.sleep(1))

        await world.film(job, 0)

        assert world.clock.monotonic() == 0
        await sleeping


ACCEPT_AND_PRINT = """
import sys
from pathlib import Path
from tests.simulator.test_world import accept, asked, open_world

world = open_world(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    print(accept(world, asked(f"{sys.argv[2]} {number}")), flush=True)
"""


def accepting(folder: Path, prompt: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ACCEPT_AND_PRINT, str(folder), prompt, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def test_no_job_that_was_accepted_is_lost_by_a_kill(tmp_path: Path) -> None:
    killed = accepting(tmp_path, "kite", 1_000_000)
    assert killed.stdout is not None
    seen = [killed.stdout.readline().strip() for _ in range(20)]
    killed.kill()
    seen += killed.stdout.read().split("\n")[:-1]
    killed.wait()
    killed.stdout.close()

    with open_world(tmp_path) as world:
        kept = {job["id"] for job in world.truth()["jobs"]}
    assert len(seen) >= 20
    assert set(seen) <= kept
    assert len(kept) <= len(seen) + 1


def test_two_processes_share_one_world(tmp_path: Path) -> None:
    processes = [accepting(tmp_path, "the same", 50) for _ in range(2)]
    ids = [line for process in processes for line in process.communicate()[0].split()]

    with open_world(tmp_path) as world:
        kept = [job["id"] for job in world.truth()["jobs"]]
    assert len(ids) == 100
    assert sorted(ids) == sorted(kept)
    assert len(set(kept)) == 100


def test_what_an_input_was_is_kept_by_its_content(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        name = world.keep(b"picture")

        assert world.keep(b"picture") == name
        assert (tmp_path / name).read_bytes() == b"picture"
        assert len(list((tmp_path / "inputs").iterdir())) == 1


def test_the_truth_can_be_written_as_json(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        accept(world, asked())

        assert json.loads(json.dumps(world.truth())) == world.truth()
