"""Several keys of one provider: who is given a job, and that everything after it goes by the key that made it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from rushes import Rushes, app
from rushes.config import Limits
from rushes.errors import NotAuthorized, VideoError
from rushes.http import httpx
from rushes.ledger import FINAL, Ledger, State
from rushes.simulator.faults import Fault
from tests.jobs.conftest import Simulated, takes_of
from tests.router.chains import Line, agree, said

SORA, LITE, WAN = "openai/sora-2", "vertex/veo-3.1-lite", "dashscope-intl/wan-2.5"
WIRES = {"openai": SORA, "vertex": LITE, "dashscope": WAN}


def two(**more: Any) -> dict[str, Any]:
    """Two keys; `more` are what one of them has of its own, by its name."""
    return {
        name: {"key_variables": [f"STUDIO_{name.upper()}_KEY"], **more.get(name, {})} for name in ("north", "south")
    }


def with_keys(folder: Path, credentials: Mapping[str, Any], **settings: Any) -> Path:
    """A config folder in which OpenAI, Vertex and DashScope have these credentials."""
    folder.mkdir(exist_ok=True)
    entries = {
        name: {"like": name, "credentials": dict(credentials), **settings}
        for name in ("openai", "vertex", "dashscope-intl")
    }
    (folder / "providers.yaml").write_text(yaml.safe_dump(entries))
    return folder


@pytest.fixture
def keyed(simulated: Simulated, tmp_path: Path) -> Simulated:
    """The vendors, each with two keys of ours."""
    return replace(simulated, config=with_keys(tmp_path / "keyed", two()))


def strangers(simulated: Simulated) -> int:
    """How often a vendor was asked, with one account's key, after a job of another."""
    with simulated.world() as world:
        return sum(world.count(f"{wire} strangers") for wire in ("openai", "vertex", "dashscope"))


def account(request: httpx.Request) -> str:
    """The credential that a request to a simulated vendor was made with, as the vendor sees it."""
    if "/vertex/" in request.url.path:
        return request.url.path.partition("/projects/")[2].partition("/")[0].removeprefix("simulated-")
    return request.headers.get("authorization", "").removeprefix("Bearer ").removeprefix("simulated-")


# --- who is given a job -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", WIRES.values())
async def test_jobs_are_spread_over_the_keys(endpoint: str, keyed: Simulated, line: Line) -> None:
    async with keyed.open() as rushes:
        results = await rushes.generate_many([f"kite {each}" for each in range(8)], endpoint=endpoint)
        jobs = await rushes.jobs()

    assert len(takes_of(results)) == 8
    assert Counter(job.credential for job in jobs) == {"north": 4, "south": 4}
    assert Counter(map(account, line.submits)) == {"north": 4, "south": 4}


async def test_the_clips_of_one_call_are_spread_too(keyed: Simulated) -> None:
    async with keyed.open() as rushes:
        takes_of(await rushes.generate_all("a kite", count=6, endpoint=SORA))
        jobs = await rushes.jobs()

    assert Counter(job.credential for job in jobs) == {"north": 3, "south": 3}


async def test_a_key_that_may_run_more_at_once_is_given_more(simulated: Simulated, tmp_path: Path) -> None:
    config = with_keys(tmp_path / "uneven", two(north={"concurrency": 6}, south={"concurrency": 2}))

    async with replace(simulated, config=config).open() as rushes:
        takes_of(await rushes.generate_many([f"kite {each}" for each in range(8)], endpoint=SORA))
        jobs = await rushes.jobs()

    assert Counter(job.credential for job in jobs) == {"north": 6, "south": 2}


async def test_each_key_runs_no_more_jobs_at_once_than_it_may(simulated: Simulated, tmp_path: Path) -> None:
    config = with_keys(tmp_path / "narrow", two(south={"concurrency": 1}), concurrency=2)

    async with replace(simulated, config=config).open() as rushes:
        takes_of(await rushes.generate_many([f"kite {each}" for each in range(9)], endpoint=SORA, concurrency=9))
        jobs = await rushes.jobs()

    for key, most in (("north", 2), ("south", 1)):
        spans = [(job.sending, job.ended) for job in jobs if job.credential == key]
        at_once = [sum(begun <= moment < ended for begun, ended in spans) for moment, _ in spans]  # type: ignore[operator]
        assert max(at_once) == most


async def test_each_key_submits_no_more_a_minute_than_it_may(simulated: Simulated, tmp_path: Path, line: Line) -> None:
    config = with_keys(tmp_path / "slow", two(south={"submits_per_minute": 1}), submits_per_minute=2, concurrency=9)
    times: defaultdict[str, list[float]] = defaultdict(list)

    async with replace(simulated, config=config).open() as rushes:

        async def noted(request: httpx.Request) -> None:
            times[account(request)].append(rushes.clock.monotonic())

        line.before = noted
        takes_of(await rushes.generate_many([f"kite {each}" for each in range(8)], endpoint=SORA))

    for key, most in (("north", 2), ("south", 1)):
        sent = sorted(times[key])
        assert len(sent) == 4
        assert all(later - earlier >= 60 for earlier, later in zip(sent, sent[most:], strict=False))


async def test_a_key_that_is_turned_away_is_left_alone_and_the_other_used(keyed: Simulated, line: Line) -> None:
    line.answers["openai"] = [said(401, "invalid_api_key"), None]

    async with keyed.open() as rushes:
        with pytest.raises(NotAuthorized):
            await rushes.generate("kite", endpoint=SORA)
        takes_of(await rushes.generate_many([f"kite {each}" for each in range(3)], endpoint=SORA))

    bad, *good = map(account, line.submits)
    assert good == [{"north": "south", "south": "north"}[bad]] * 3


# --- and everything after ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", WIRES.values())
async def test_polls_and_downloads_stay_with_the_key_that_made_the_job(
    endpoint: str, keyed: Simulated, line: Line
) -> None:
    async with keyed.open() as rushes:
        takes_of(await rushes.generate_many([f"kite {each}" for each in range(4)], endpoint=endpoint))
        jobs = await rushes.jobs()

    asked = [request for request in line.asked if request not in line.submits]
    for job in jobs:
        assert job.ticket is not None
        name = job.ticket["id"].rpartition("/")[2]
        after = [each for each in asked if name in f"{each.url} {each.content.decode(errors='replace')}"]
        # A link that a vendor has signed is sent no key at all.
        assert {account(each) for each in after if "/files/" not in each.url.path} == {job.credential}
    assert strangers(keyed) == 0
    assert agree(jobs, keyed)


async def test_ten_thousand_polls_with_two_keys_never_ask_after_a_strangers_job(
    simulated: Simulated, tmp_path: Path, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The transport looks for this library at every request, in vain, which takes longer than the answer.
    monkeypatch.setitem(sys.modules, "sniffio", None)
    line.faults = [Fault("never_finishes", times=None), Fault("poll_500", times=50, after=100)]
    keyed = replace(simulated, config=with_keys(tmp_path / "wide", two(), concurrency=50))

    async with keyed.open(limits=Limits(deadline=4500)) as rushes:
        results = await rushes.generate_many([f"kite {each}" for each in range(100)], endpoint=SORA, concurrency=100)

    polls = Counter(account(request) for request in line.asked if request.method == "GET")
    assert polls.total() >= 10_000
    assert min(polls["north"], polls["south"]) > 4000
    assert all(isinstance(result, VideoError) for result in results)
    assert strangers(keyed) == 0


@pytest.mark.parametrize("endpoint", [SORA, WAN])
async def test_a_lost_answer_is_looked_up_in_the_list_of_the_key_that_sent_it(
    endpoint: str, keyed: Simulated, line: Line
) -> None:
    """Both accounts have a job of the same prompt, and neither answer arrived."""
    line.faults = [Fault("drop_after_accept", times=2)]

    async with keyed.open() as rushes:
        results = await rushes.generate_many(["a kite", "a kite"], endpoint=endpoint)
        jobs = await rushes.jobs()

    assert len(takes_of(results)) == 2
    assert {job.credential for job in jobs} == {"north", "south"}
    assert all("adopted" in (job.reason or "") for job in jobs)
    assert agree(jobs, keyed)
    assert strangers(keyed) == 0


# --- another process, another file ------------------------------------------------------------------------------------


async def begun(simulated: Simulated, line: Line, count: int = 4) -> list[str]:
    """Jobs that were accepted before their process ended; their ids."""
    async with simulated.open() as rushes:
        heard: asyncio.Queue[None] = asyncio.Queue()
        making = asyncio.create_task(
            rushes.generate_many([f"kite {each}" for each in range(count)], endpoint=SORA, concurrency=count)
        )

        async def listen() -> None:
            async for event in rushes.events():
                if event.what == "accepted":
                    heard.put_nowait(None)

        listening = asyncio.create_task(listen())
        for _ in range(count):
            await heard.get()
        jobs = [job.id for job in await rushes.jobs() if job.state is State.RUNNING]
        await rushes.close()
        making.cancel()
        listening.cancel()
        await asyncio.gather(making, listening, return_exceptions=True)
    return jobs


async def test_another_process_goes_on_with_the_key_that_made_the_job(keyed: Simulated, line: Line) -> None:
    ids = await begun(keyed, line)
    line.asked.clear()

    async with keyed.open() as rushes:
        for id in ids:
            takes_of(await rushes.wait(await rushes.job(id)))
        jobs = await rushes.jobs()

    assert len(ids) == 4
    assert {job.credential for job in jobs} == {"north", "south"}
    assert line.submits == []
    assert strangers(keyed) == 0


async def test_a_job_that_runs_on_takes_the_slot_of_its_key(simulated: Simulated, tmp_path: Path, line: Line) -> None:
    keyed = replace(simulated, config=with_keys(tmp_path / "narrow", two(), concurrency=1))
    ids = await begun(keyed, line, count=2)
    line.asked.clear()

    async with keyed.open() as rushes:
        await rushes.generate("one more", endpoint=SORA)
        old = [await rushes.job(id) for id in ids]
        [new] = [job for job in await rushes.jobs() if job.id not in ids]

    assert new.sending is not None
    assert min(job.ended for job in old if job.ended is not None) <= new.sending


async def test_a_key_that_is_gone_is_named_and_no_other_is_used_in_its_place(
    keyed: Simulated, tmp_path: Path, line: Line
) -> None:
    ids = await begun(keyed, line, count=2)
    line.asked.clear()
    left = {"north": two()["north"]}
    now = replace(keyed, config=with_keys(tmp_path / "left", left))

    async with now.open(limits=Limits(deadline=120)) as rushes:
        jobs = [await rushes.job(id) for id in ids]
        [gone] = [job for job in jobs if job.credential == "south"]
        [error] = await rushes.wait(gone)
        takes_of([result for job in jobs if job is not gone for result in await rushes.wait(job)])

    assert isinstance(error, VideoError)
    assert "openai's key 'south', which providers.yaml no longer has" in error.message
    assert {account(each) for each in line.asked if "/files/" not in each.url.path} == {"north"}
    assert strangers(keyed) == 0

    async with keyed.open() as rushes:  # it is back
        await rushes.resume(gone.id)
        takes_of(await rushes.wait(gone))


async def test_a_job_whose_key_is_gone_before_it_was_sent_is_not_sent_with_another(
    keyed: Simulated, tmp_path: Path, line: Line
) -> None:
    line.answers["openai"] = [httpx.ConnectError("refused")]
    nobody_waits = asyncio.Event()

    async def held(_: httpx.Request) -> None:
        await nobody_waits.wait()

    line.before = held
    async with keyed.open() as rushes:
        making = asyncio.create_task(rushes.generate("a kite", endpoint=SORA))
        await line.reached.wait()
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
        closing = asyncio.create_task(rushes.close())
        await asyncio.sleep(0)
        nobody_waits.set()
        await closing
    line.before = None
    line.asked.clear()
    async with Ledger.open(keyed.home) as ledger:
        [job] = await ledger.jobs()
        assert job.state is State.QUEUED
        assert job.credential is not None
    other = {"north": "south", "south": "north"}[job.credential]
    now = replace(keyed, config=with_keys(tmp_path / "left", {other: two()[other]}))

    async with now.open() as rushes:
        [error] = await rushes.wait(job)
        ended = await rushes.job(job.id)

    assert isinstance(error, NotAuthorized)
    assert f"key '{job.credential}'" in error.message
    assert (ended.state, ended.settled) == (State.FAILED, 0)
    assert line.submits == []


# --- keys that are not set --------------------------------------------------------------------------------------------


def test_a_provider_of_which_one_key_is_set_can_be_used(tmp_path: Path) -> None:
    config = with_keys(tmp_path / "keyed", two())
    rushes = Rushes.open(home=tmp_path / "home", config=config, environ={"STUDIO_SOUTH_KEY": "sk-south"})

    assert rushes.missing("openai") == ()
    assert rushes.access("openai", "north").missing == ("set STUDIO_NORTH_KEY",)
    assert rushes.access("openai", "south").key == "sk-south"


def test_where_none_is_set_everything_that_would_do_is_listed(tmp_path: Path) -> None:
    config = with_keys(tmp_path / "keyed", two())
    rushes = Rushes.open(home=tmp_path / "home", config=config, environ={"OPENAI_API_KEY": "sk-other"})

    assert rushes.missing("openai") == ("north: set STUDIO_NORTH_KEY", "south: set STUDIO_SOUTH_KEY")


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """The real OpenAI's place, which turns every submit down; what it was sent."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return said(400, "invalid_value")

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    monkeypatch.setattr(app, "submit_client", lambda timeout: client)
    return asked


@pytest.mark.parametrize("name", ["north", "south"])
async def test_only_a_key_that_is_set_is_used(
    name: str, vendor: list[httpx.Request], migrated: Path, tmp_path: Path
) -> None:
    config = with_keys(tmp_path / "keyed", two(), auth="bearer")
    environ = {f"STUDIO_{name.upper()}_KEY": f"sk-{name}", "OPENAI_API_KEY": "sk-nobodys"}
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(migrated, home / "ledger.sqlite")

    async with Rushes.open(home=home, config=config, environ=environ, as_of=app.SIMULATED_DAY) as rushes:
        for each in range(3):
            [error] = await rushes.generate_all(f"kite {each}", endpoint=SORA)
            assert isinstance(error, VideoError)
        jobs = await rushes.jobs()

    assert {request.headers["authorization"] for request in vendor} == {f"Bearer sk-{name}"}
    assert [job.credential for job in jobs] == [name] * 3
    assert all(job.state in FINAL for job in jobs)


async def test_no_key_is_written_down(vendor: list[httpx.Request], migrated: Path, tmp_path: Path) -> None:
    config = with_keys(tmp_path / "keyed", two(), auth="bearer")
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(migrated, home / "ledger.sqlite")

    async with Rushes.open(
        home=home, config=config, environ={"STUDIO_NORTH_KEY": "sk-canary-7d"}, as_of=app.SIMULATED_DAY
    ) as rushes:
        [error] = await rushes.generate_all("a kite", endpoint=SORA)

    assert "sk-canary-7d" not in str(error)
    for path in home.rglob("*"):
        assert not path.is_file() or b"sk-canary-7d" not in path.read_bytes()
