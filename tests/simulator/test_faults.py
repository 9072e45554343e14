"""Faults on demand: each strikes on every wire that it can strike, and leaves the rest of the world alone."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rushes.http import httpx
from rushes.simulator.app import simulator
from rushes.simulator.clock import VirtualClock
from rushes.simulator.faults import NAMES, Dropped, Fault, NoSuchFault, read
from rushes.simulator.world import START, World
from tests.simulator.conftest import BASES, CARDS, Vendor, parts

VEO = "/projects/p/locations/us-central1/publishers/google/models/veo-3.1-generate-001"


@dataclass(frozen=True)
class Wire:
    """How a job is made, asked after and fetched on one wire."""

    vendor: Vendor
    create: Callable[[str], dict[str, Any]]
    path: str
    id: Callable[[Any], str]
    poll: Callable[[str], tuple[str, str, dict[str, Any]]]

    async def make(self, prompt: str) -> httpx.Response:
        return await self.vendor.post(self.path, **self.create(prompt))

    async def ask(self, id: str) -> httpx.Response:
        method, path, kwargs = self.poll(id)
        return await self.vendor.http.request(method, path, **kwargs)

    async def made(self, prompt: str) -> str:
        response = await self.make(prompt)
        assert response.status_code == 200, response.text
        return self.id(response.json())

    async def ended(self, prompt: str) -> tuple[str, Any]:
        id = await self.made(prompt)
        await self.vendor.wait_for_the_end(id.rpartition("/")[2])
        return id, (await self.ask(id)).json()


def wire(world: World, name: str) -> Wire:
    vendor = Vendor(world, name)
    match name:
        case "vertex":
            return Wire(
                vendor,
                lambda prompt: {
                    "json": {
                        "instances": [{"prompt": prompt}],
                        "parameters": {"durationSeconds": 4, "storageUri": "gs://b/o", "sampleCount": 2},
                    }
                },
                f"{VEO}:predictLongRunning",
                lambda answer: str(answer["name"]),
                lambda id: ("POST", f"{VEO}:fetchPredictOperation", {"json": {"operationName": id}}),
            )
        case "dashscope":
            return Wire(
                vendor,
                lambda prompt: {
                    "json": {
                        "model": "wan2.5-t2v-preview",
                        "input": {"prompt": prompt},
                        "parameters": {"size": "832*480"},
                    },
                    "headers": {"x-dashscope-async": "enable"},
                },
                "/services/aigc/video-generation/video-synthesis",
                lambda answer: str(answer["output"]["task_id"]),
                lambda id: ("GET", f"/tasks/{id}", {}),
            )
        case _:
            more = {"seconds": "1", "size": "480x832"} if name != "openai" else {}
            return Wire(
                vendor,
                lambda prompt: {"files": parts(prompt=prompt, **more)},
                "/videos",
                lambda answer: str(answer["id"]),
                lambda id: ("GET", f"/videos/{id}", {}),
            )


@pytest.fixture(params=BASES)
async def any_wire(request: pytest.FixtureRequest, world: World) -> AsyncIterator[Wire]:
    made = wire(world, request.param)
    yield made
    await made.vendor.http.aclose()


def accepted(made: Wire) -> int:
    return len(made.vendor.world.truth()["jobs"])


async def test_dropped_before_accept_there_is_no_job(any_wire: Wire) -> None:
    with pytest.raises(Dropped):
        await any_wire.make("a kite [simulate: drop_before_accept]")

    assert accepted(any_wire) == 0


async def test_dropped_after_accept_there_is_one(any_wire: Wire) -> None:
    with pytest.raises(Dropped):
        await any_wire.make("a kite [simulate: drop_after_accept]")

    assert accepted(any_wire) == 1


async def test_a_cut_answer_leaves_a_job_behind(any_wire: Wire) -> None:
    with pytest.raises(Dropped, match="in the middle"):
        await any_wire.make("a kite [simulate: cut_answer]")

    assert accepted(any_wire) == 1


@pytest.mark.parametrize(("name", "jobs"), [("error_500_before_accept", 0), ("error_500_after_accept", 1)])
async def test_a_500_says_nothing_of_whether_there_is_a_job(any_wire: Wire, name: str, jobs: int) -> None:
    response = await any_wire.make(f"a kite [simulate: {name}]")

    assert response.status_code == 500
    assert accepted(any_wire) == jobs


async def test_a_503_makes_no_job(any_wire: Wire) -> None:
    assert (await any_wire.make("a kite [simulate: error_503]")).status_code == 503
    assert accepted(any_wire) == 0


@pytest.mark.parametrize(("name", "waits"), [("rate_limited", True), ("rate_limited_bare", False)])
async def test_rate_limited_once_and_then_taken(any_wire: Wire, name: str, waits: bool) -> None:
    first = await any_wire.make(f"a kite [simulate: {name}]")
    second = await any_wire.make(f"a kite [simulate: {name}]")
    third = await any_wire.make(f"a kite [simulate: {name}]")

    assert (first.status_code, second.status_code, third.status_code) == (429, 200, 429)
    assert ("retry-after" in first.headers) is waits


async def test_rate_limited_as_often_as_the_marker_says(any_wire: Wire) -> None:
    answers = [await any_wire.make("a kite [simulate: rate_limited x3]") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [429, 429, 429, 200]


async def test_moderated_at_once_is_refused_and_not_billed(any_wire: Wire) -> None:
    assert (await any_wire.make("a kite [simulate: moderated_at_once]")).status_code == 400
    assert accepted(any_wire) == 0


async def test_a_slow_answer_takes_the_worlds_time(any_wire: Wire) -> None:
    before = any_wire.vendor.world.clock.monotonic()

    response = await any_wire.make("a kite [simulate: slow_answer]")

    assert response.status_code == 200
    assert any_wire.vendor.world.clock.monotonic() - before == 90


@pytest.mark.parametrize(("name", "status"), [("poll_500", 500), ("poll_429", 429)])
async def test_a_poll_that_fails_does_so_once_and_the_job_runs_on(any_wire: Wire, name: str, status: int) -> None:
    id = await any_wire.made(f"a kite [simulate: {name}]")

    answers = [await any_wire.ask(id) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [status, 200]


async def test_a_cut_poll_is_good_the_next_time(any_wire: Wire) -> None:
    id = await any_wire.made("a kite [simulate: poll_cut]")

    with pytest.raises(Dropped):
        await any_wire.ask(id)

    assert (await any_wire.ask(id)).status_code == 200


async def test_what_is_lost_is_not_found(any_wire: Wire) -> None:
    response = await any_wire.ask(await any_wire.made("a kite [simulate: lost]"))

    if response.status_code == 200:  # dashscope has no 404 for it
        assert response.json()["output"]["task_status"] == "UNKNOWN"
    else:
        assert response.status_code == 404


async def test_what_never_finishes_still_runs_after_a_week(any_wire: Wire) -> None:
    id = await any_wire.made("a kite [simulate: never_finishes]")
    await any_wire.vendor.wait(7 * 86_400)

    assert any_wire.vendor.world.truth()["jobs"][0]["state"] == "running"
    assert (await any_wire.ask(id)).status_code == 200


@pytest.mark.parametrize("name", ["late_failure", "moderated", "filtered"])
async def test_what_fails_late_is_not_billed(any_wire: Wire, name: str) -> None:
    await any_wire.ended(f"a kite [simulate: {name}]")

    truth = any_wire.vendor.world.truth()
    assert truth["jobs"][0]["state"] == "failed"
    assert truth["charges"] == []


async def test_each_vendor_says_moderation_in_its_own_words(world: World) -> None:
    _, openai = await wire(world, "openai").ended("a kite [simulate: moderated]")
    _, vertex = await wire(world, "vertex").ended("a kite [simulate: moderated]")
    _, withheld = await wire(world, "vertex").ended("a kite [simulate: filtered]")
    _, dashscope = await wire(world, "dashscope").ended("a kite [simulate: moderated]")

    assert (openai["status"], openai["error"]["code"]) == ("failed", "moderation_blocked")
    assert vertex["error"]["code"] == 3
    assert "Support codes: " in vertex["error"]["message"]
    assert withheld["response"].keys() == {"@type", "raiMediaFilteredCount", "raiMediaFilteredReasons"}
    assert dashscope["output"]["code"] == "DataInspectionFailed"


async def test_partly_filtered_fewer_samples_come_and_are_billed(world: World) -> None:
    _, answer = await wire(world, "vertex").ended("a kite [simulate: partly_filtered]")

    response = answer["response"]
    assert (len(response["videos"]), response["raiMediaFilteredCount"]) == (1, 1)
    assert world.truth()["charges"][0]["micro_usd"] == 4 * 400_000


async def test_a_strange_status_passes(world: World) -> None:
    for name in ("openai", "vllm-omni", "sglang", "dashscope"):
        made = wire(world, name)
        id = await made.made("a kite [simulate: strange_status]")
        job = world.job(id)
        assert job is not None
        await made.vendor.wait(job.queue + 1)
        strange = (await made.ask(id)).text
        await made.vendor.wait_for_the_end(id)

        assert "dreaming" in strange.lower()
        assert "dreaming" not in (await made.ask(id)).text.lower()


async def film(made: Wire, prompt: str) -> httpx.Response:
    """The download of a job's clip, redirects followed as a client would that sends its key along."""
    id, answer = await made.ended(prompt)
    match answer:
        case {"output": {"video_url": url}}:
            return await made.vendor.get(url, follow_redirects=True)
        case {"response": {"videos": [{"gcsUri": uri}, *_]}}:
            bucket, _, name = uri.removeprefix("gs://").partition("/")
            url = f"http://simulated/vertex/storage/v1/b/{bucket}/o/{name.replace('/', '%2F')}"
            return await made.vendor.get(url, params={"alt": "media"}, follow_redirects=True)
        case _:
            return await made.vendor.get(f"/videos/{id}/content", follow_redirects=True)


async def test_an_expired_link_has_expired_from_the_start(any_wire: Wire) -> None:
    assert (await film(any_wire, "a kite [simulate: expired_link]")).status_code in (403, 404)


async def test_an_empty_file_has_no_bytes(any_wire: Wire) -> None:
    response = await film(any_wire, "a kite [simulate: empty_file]")

    assert (response.status_code, response.content) == (200, b"")


async def test_a_file_that_is_no_video_says_it_is(any_wire: Wire) -> None:
    response = await film(any_wire, "a kite [simulate: not_a_video]")

    assert response.headers["content-type"] == "video/mp4"
    assert response.content.startswith(b"<!doctype html>")


async def test_a_truncated_file_is_half_of_the_whole_one(world: World) -> None:
    made = wire(world, "sglang")
    half = await film(made, "a kite [simulate: truncated_file]")
    [path] = (world.folder / "films").iterdir()

    assert half.status_code == 200
    assert half.content == path.read_bytes()[: path.stat().st_size // 2]


async def test_a_file_that_is_not_found_once_is_there_the_second_time(world: World) -> None:
    made = wire(world, "sglang")
    id, _ = await made.ended("a kite [simulate: link_404_once]")

    answers = [await made.vendor.get(f"/videos/{id}/content") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [404, 200]


async def test_a_slow_body_trickles(world: World) -> None:
    made = wire(world, "sglang")
    id, _ = await made.ended("a kite [simulate: slow_body]")
    before = world.clock.monotonic()

    response = await made.vendor.get(f"/videos/{id}/content")

    assert len(response.content) == int(response.headers["content-length"])
    assert world.clock.monotonic() - before == pytest.approx(90)


async def test_a_foreign_host_notes_the_headers_it_is_sent_but_keeps_no_key(any_wire: Wire) -> None:
    any_wire.vendor.http.headers["x-goog-api-key"] = "secret"

    response = await film(any_wire, "a kite [simulate: redirect_to_foreign_host]")

    assert response.status_code == 200
    visit = any_wire.vendor.world.visits()[-1]
    assert visit["host"] == "foreign"
    assert "authorization" not in visit["headers"]  # httpx takes it off when the host changes
    assert visit["headers"]["x-goog-api-key"] == "(sent)"  # but not this one


async def test_dashscope_forgets_a_job(world: World) -> None:
    _, answer = await wire(world, "dashscope").ended("a kite [simulate: unknown]")

    assert answer["output"].keys() == {"task_id", "task_status"}
    assert answer["output"]["task_status"] == "UNKNOWN"


async def test_inline_bytes_can_be_broken_too(vertex: Vendor) -> None:
    body = {"instances": [{"prompt": "a kite [simulate: not_a_video]"}], "parameters": {"durationSeconds": 4}}
    name = (await vertex.post(f"{VEO}:predictLongRunning", json=body)).json()["name"]
    await vertex.wait_for_the_end(name.rpartition("/")[2])

    answer = (await vertex.post(f"{VEO}:fetchPredictOperation", json={"operationName": name})).json()

    assert base64.b64decode(answer["response"]["videos"][0]["bytesBase64Encoded"]).startswith(b"<!doctype")


async def test_a_marker_changes_nothing_else_of_a_job(tmp_path: Path) -> None:
    jobs = []
    for number, prompt in enumerate(("a kite", "a kite [simulate: poll_500]")):
        with World(tmp_path / str(number), VirtualClock(START), cards=CARDS) as world:
            await wire(world, "openai").made(prompt)
            jobs += world.truth()["jobs"]

    plain, marked = jobs
    assert marked["prompt"] == "a kite [simulate: poll_500]"
    for name in ("id", "queue_seconds", "render_seconds", "outcome"):
        assert plain[name] == marked[name]


async def test_a_marker_that_names_no_fault_is_refused_with_the_names(any_wire: Wire) -> None:
    response = await any_wire.make("a kite [simulate: drop_everything]")

    assert response.status_code == 400
    assert "there is no fault 'drop_everything' to simulate" in response.text


async def test_a_fault_that_is_set_strikes_as_often_and_as_late_as_it_says(tmp_path: Path) -> None:
    faults = [Fault("error_503", "openai", times=2, after=1), Fault("late_failure", times=None)]
    with World(tmp_path / "world", VirtualClock(START), cards=CARDS, faults=faults) as world:
        answers = [await wire(world, "openai").make("a kite") for _ in range(5)]
        other = await wire(world, "dashscope").make("a kite")

        assert [answer.status_code for answer in answers] == [200, 503, 503, 200, 200]
        assert other.status_code == 200
        assert {job["outcome"] for job in world.truth()["jobs"]} == {"failed"}


async def test_a_fault_is_not_spent_on_a_submission_that_is_not_taken(tmp_path: Path) -> None:
    faults = [Fault("late_failure", "dashscope", after=5)]
    with World(tmp_path / "world", VirtualClock(START), cards=CARDS, faults=faults) as world:
        made = wire(world, "dashscope")
        answers = [await made.make(f"kite {number}") for number in range(6)]
        await made.vendor.wait(2)
        await made.make("kite 6")

        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert [job["outcome"] for job in world.truth()["jobs"]] == ["succeeded"] * 5 + ["failed"]


async def test_faults_can_be_set_listed_and_cleared_while_the_world_runs(openai: Vendor) -> None:
    url = "http://simulated/_simulator/faults"
    added = await openai.post(url, json={"name": "error_503", "times": None})
    struck = await openai.post("/videos", files=parts(prompt="x"))
    listed = (await openai.get(url)).json()
    await openai.delete(url)
    passed = await openai.post("/videos", files=parts(prompt="x"))

    assert added.status_code == 201
    assert (struck.status_code, passed.status_code) == (503, 200)
    assert listed["faults"] == [{"name": "error_503", "wire": None, "times": None, "after": 0, "occasions": 1}]
    assert listed["names"] == NAMES


@pytest.mark.parametrize("fault", [{"name": "x"}, {"name": "lost", "wire": "sora"}, {"times": 1}, {"nom": "lost"}])
async def test_a_fault_that_does_not_exist_cannot_be_set(openai: Vendor, fault: dict[str, Any]) -> None:
    assert (await openai.post("http://simulated/_simulator/faults", json=fault)).status_code == 400


def test_markers_are_read_out_of_a_prompt() -> None:
    assert read("a kite") == ("a kite", {})
    assert read("a kite [simulate: lost] at night") == ("a kite at night", {"lost": None})
    assert read("[simulate: poll_500 x3] a kite") == ("a kite", {"poll_500": 3})
    with pytest.raises(NoSuchFault):
        read("[simulate: nothing]")


@pytest.mark.parametrize(("latency", "jobs"), [((5.0, 0.0), 0), ((0.0, 5.0), 1)])
async def test_a_caller_that_gives_up_before_or_after_the_job_is_accepted(
    world: World, latency: tuple[float, float], jobs: int
) -> None:
    app = simulator(world, vendor_latency=latency)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASES["openai"]) as http:
        create = http.post("/videos", files=parts(prompt="a kite"), headers={"authorization": "Bearer sk-any"})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(create, 0.2)

    assert len(world.truth()["jobs"]) == jobs


async def test_a_prompt_of_nothing_but_a_marker_is_still_a_prompt(openai: Vendor) -> None:
    assert (await openai.post("/videos", files=parts(prompt="[simulate: lost]"))).status_code == 200
