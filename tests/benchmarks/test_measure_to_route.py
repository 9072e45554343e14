"""From a benchmark run to a route: what was measured, voted and lived takes the place of what was thought before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from rushes import simulated as simulated_worlds
from rushes.benchmarks.votebook import Book
from rushes.benchmarks.votes import Undo, Vote
from rushes.cli import main
from rushes.simulator import film
from rushes.simulator.faults import Fault
from rushes.simulator.world import World
from tests.jobs.conftest import own_endpoint

#: Of models that are rated elsewhere, the first one better.
FAST, SLOW = "vllm-omni/sora-2", "sglang/wan-2.5"
PROMPTS = ("a kite", "a fox", "a boat", "a bell", "a train", "a storm")
SUITE = {
    "id": "own",
    "version": 1,
    "title": "Two servers of our own",
    "prompts": [{"id": text.split()[1], "text": text, "category": "any"} for text in PROMPTS],
    "models": {"one": FAST, "two": SLOW},
    "cells": {"short": {"seconds": {"one": 2, "two": 2}, "resolution": "480p", "aspect_ratio": "16:9", "audio": False}},
}
CLIP = ("--among", FAST, "--among", SLOW, "--seconds", "2", "--no-audio")


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Place:
    """A home and its config, and the commands run in them."""

    home: Path
    config: Path

    def run(self, *tokens: str | Path, simulate: bool = True) -> Ended:
        options = ["--home", str(self.home), "--config", str(self.config), *(["--simulate"] if simulate else [])]
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([*map(str, tokens), *options])
        return Ended(code, out.getvalue(), err.getvalue())

    def plan(self, prefer: str, *more: str, simulate: bool = True) -> Any:
        ended = self.run("plan", "a lake", "--prefer", prefer, *CLIP, "--json", *more, simulate=simulate)
        assert ended.code == 0, ended.err
        return ended.json

    def suite(self, name: str, prompts: int = 6, mark: str = "") -> Path:
        whole = json.loads(json.dumps(SUITE)) | {"id": name}
        whole["prompts"] = [each | {"text": mark + each["text"]} for each in whole["prompts"][:prompts]]
        path = self.config / f"{name}.yaml"
        path.write_text(yaml.safe_dump(whole))
        return path


def known(route: Any, endpoint: str) -> Any:
    return next(each["known"] for each in route["candidates"] if each["endpoint"] == endpoint)


def sources(route: Any, number: str) -> set[str]:
    """What a number of either endpoint rests on."""
    held = [each["known"][number] for each in route["candidates"] if each["known"] is not None]
    return {basis["source"] for each in held if each is not None for basis in each["basis"]}


def faulty(world: pytest.MonkeyPatch, fault: Fault) -> None:
    """Has every world that is opened from now on go wrong in this way."""
    open_world = simulated_worlds.open_world

    def opened(*args: Any, **kwargs: Any) -> World:
        made = open_world(*args, **kwargs)
        made.faults.add(fault)
        return made

    world.setattr(simulated_worlds, "open_world", opened)


@pytest.fixture(scope="module", autouse=True)
def films(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The vendors draw one film of each shape and show it for every prompt."""
    folder, draw = tmp_path_factory.mktemp("films"), film.draw

    def shown(path: Path, wanted: film.Film) -> None:
        kept = folder / f"{wanted.seconds:g}-{wanted.width}-{wanted.height}-{wanted.sound}.mp4"
        if not kept.exists():
            draw(kept, wanted)
        shutil.copyfile(kept, path)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(film, "draw", shown)
        patched.setenv("COLUMNS", "160")
        yield


def write_card(config: Path, id: str, *, billing: str, median: float, price: str) -> None:
    provider, _, model = id.partition("/")
    end = own_endpoint(provider, billing)
    end["wire_names"] = f"our/{model}"
    end["speed"] = {"clip_seconds": 2, "resolution": "480p", "median": median, "source": "own"}
    end["speed"] |= {"low": median / 1.5, "high": median * 1.5}
    end["prices"][0]["per_second"] = price
    card = {
        "id": model,
        "name": model,
        "maker": "us",
        "defaults": {"seconds": 2, "resolution": "480p", "aspect_ratio": "16:9", "audio": False},
        "simulation": {"detail": 0.8, "steadiness": 0.9},
        "sources": {"own": {"where": "our own servers, made up for tests", "read": "2026-11-22", "confidence": "low"}},
        "endpoints": [end],
    }
    (config / "models" / f"{model}.yaml").write_text(yaml.safe_dump(card))


def fresh(folder: Path) -> Place:
    """A new home, and cards that take the first server to be the faster and the cheaper."""
    config, home = folder / "config", folder / "home"
    (config / "models").mkdir(parents=True)
    write_card(config, FAST, billing="free", median=20, price="0.01")
    write_card(config, SLOW, billing="full", median=30, price="0.02")
    return Place(home, config)


@dataclass(frozen=True)
class Measured:
    place: Place
    #: The route by speed before anything was measured.
    before: Any
    ended: Ended


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """The run "first", made in a world in which the files of the first server come slowly; nobody may change it."""
    place = fresh(tmp_path_factory.mktemp("measured"))
    with pytest.MonkeyPatch.context() as world:
        before = place.plan("speed")
        faulty(world, Fault("slow_body", wire="vllm-omni", times=None))
        ended = place.run("bench", "run", place.suite("own"), "--name", "first", "--json")
    return Measured(place, before, ended)


@pytest.fixture
def place(measured: Measured, tmp_path: Path) -> Place:
    """A copy of that home which a test may change."""
    shutil.copytree(measured.place.home, tmp_path / "home")
    shutil.copytree(measured.place.config, tmp_path / "config")
    return Place(tmp_path / "home", tmp_path / "config")


def test_before_anything_was_measured_a_route_rests_on_priors_alone(measured: Measured) -> None:
    assert measured.before["chosen"] == FAST
    assert sources(measured.before, "seconds") == {"prior"}
    assert sources(measured.before, "usable") == {"prior"}
    assert known(measured.before, FAST)["seconds"]["run"] is None
    assert known(measured.before, FAST)["seconds"]["median"] == pytest.approx(20)
    assert sources(measured.before, "rating") == {"prior"}


def test_what_a_run_measured_takes_its_place_and_changes_the_answer(measured: Measured) -> None:
    after = measured.place.plan("speed")

    assert measured.ended.code == 0, measured.ended.err
    assert measured.ended.json["evidence"] == 6  # seconds, reliability and dollars of two endpoints
    assert after["chosen"] == SLOW
    for endpoint in (FAST, SLOW):
        seconds = known(after, endpoint)["seconds"]
        assert (seconds["source"], seconds["run"]) == ("measured", "first")
        assert [basis["n"] for basis in seconds["basis"] if basis["source"] == "measured"] == [6]
        assert (known(after, endpoint)["usable"]["source"], known(after, endpoint)["usable"]["run"]) == (
            "measured",
            "first",
        )
    assert known(after, FAST)["seconds"]["median"] > 40
    assert "fastest" in after["decided"]


def test_a_person_reads_where_the_number_is_from(measured: Measured) -> None:
    ended = measured.place.run("plan", "a lake", "--prefer", "speed", *CLIP)

    assert ended.code == 0
    assert ended.out.index(SLOW) < ended.out.index(f"2.  {FAST}")
    assert "measured in run first (6 clips)" in ended.out


def test_what_was_simulated_says_nothing_of_the_real_world(measured: Measured) -> None:
    real = measured.place.plan("speed", "--as-of", "2026-08-01", simulate=False)

    assert real["chosen"] == FAST
    assert real["simulated"] is False
    assert sources(real, "seconds") == sources(real, "usable") == {"prior"}


def test_clips_that_came_to_nothing_make_an_endpoint_less_reliable_and_dearer(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = place.plan("cost")
    faulty(monkeypatch, Fault("late_failure", wire="sglang", times=None))

    ended = place.run("bench", "run", place.suite("failing", prompts=4, mark="[simulate: late_failure] "), "--json")

    after = place.plan("cost")
    name = ended.json["run"]["name"]
    assert ended.code == 1
    for endpoint in (FAST, SLOW):
        share = known(after, endpoint)["usable"]["share"]
        assert share < known(before, endpoint)["usable"]["share"] - 0.1
        assert name in {basis["run"] for basis in known(after, endpoint)["usable"]["basis"]}
    costs = {each["endpoint"]: each["terms"]["usd_per_second"] for each in after["candidates"] if each["terms"]}
    assert costs[FAST] == pytest.approx(0.01)  # its failed clips are free
    assert costs[SLOW] > 0.02 * 1.2


def test_votes_on_a_run_change_what_looks_best(place: Place) -> None:
    before = place.plan("quality")
    pairs = [f"short/{text.split()[1]}/{{}}/1" for text in PROMPTS]
    lines = [
        f"{pair.format('one')},{pair.format('two')},{'left' if rater == 'dora' else 'right'},{rater},person"
        for pair in pairs
        for rater in ("anna", "bert", "cleo", "dora")
    ]
    (place.config / "votes.csv").write_text("\n".join(["left,right,choice,rater,kind", *lines]) + "\n")

    brought = place.run("votes", "import", "first", place.config / "votes.csv", "--json")
    table = place.run("bench", "table", "first", "--json")
    after = place.plan("quality")

    assert brought.json == {"new": 24, "there": 0, "bad": [], "raw_unsaid": 24}
    assert table.code == 0, table.err
    assert (before["chosen"], known(before, SLOW)["rating"]["source"]) == (FAST, "prior")
    for endpoint in (FAST, SLOW):
        rating = known(after, endpoint)["rating"]
        assert (rating["source"], rating["run"]) == ("voted", "first")
        assert rating["counts"] is True
    assert known(after, SLOW)["rating"]["elo"] > known(after, FAST)["rating"]["elo"] + 20
    assert after["chosen"] == SLOW


def test_votes_that_are_taken_back_leave_the_route_as_it_was_before_them(place: Place) -> None:
    before = place.plan("quality")
    pairs = [f"short/{text.split()[1]}/{{}}/1" for text in PROMPTS]
    lines = [f"{pair.format('one')},{pair.format('two')},right,anna,person" for pair in pairs]
    (place.config / "votes.csv").write_text("\n".join(["left,right,choice,rater,kind", *lines]) + "\n")
    place.run("votes", "import", "first", place.config / "votes.csv")
    said = place.run("bench", "table", "first", "--json")
    voted = place.plan("quality")

    book = Book(place.home / "runs/first")
    last = [line for line in book.lines() if isinstance(line, Vote)][-1]
    book.add(Undo(id="undo", at=last.at, rater="anna", kind="person", undoes=last.id))
    told = place.run("bench", "table", "first")
    after = place.plan("quality")

    assert (said.json["evidence_withdrawn"], known(voted, SLOW)["rating"]["source"]) == (0, "voted")
    # Five prompts rate nothing.
    assert "2 numbers that this run said before no longer hold" in " ".join(told.err.split())
    assert known(after, SLOW)["rating"] == known(before, SLOW)["rating"]
    assert after["chosen"] == before["chosen"]
    taken_back = place.run("evidence", "--withdrawn", "--json").json
    assert {(row["metric"], row["run"]) for row in taken_back} == {("rating", "first")}

    book.add(last.model_copy(update={"id": "again"}))
    assert place.run("bench", "table", "first", "--json").json["evidence"] == 2
    assert known(place.plan("quality"), SLOW)["rating"]["source"] == "voted"
    assert place.run("evidence", "--withdrawn", "--json").json == []


def test_a_run_without_its_takes_takes_nothing_back_and_says_what_to_do(place: Place) -> None:
    before, run = place.plan("speed"), place.home / "runs/first"
    drawn = (run / "table.json").read_bytes()
    (run / "takes.jsonl").rename(run / "aside")

    ended = [place.run("bench", command, "first") for command in ("table", "report")]
    (run / "takes.jsonl").touch()  # nor does an empty one say anything
    ended.append(place.run("bench", "table", "first"))

    for each in ended:
        told = " ".join(each.err.split())
        assert each.code == 2
        assert "the run 'first' has no takes.jsonl any more" in told
        assert f"Put it back into {run}, or have `rushes bench run` under its name" in told
    assert (run / "table.json").read_bytes() == drawn
    assert place.run("evidence", "--withdrawn", "--json").json == []
    assert known(place.plan("speed"), SLOW) == known(before, SLOW)

    jobs = len(place.run("jobs", "--all", "--json").json)
    again = place.run("bench", "run", place.config / "own.yaml", "--name", "first", "--json")

    assert again.code == 0, again.err
    assert (again.json["evidence"], again.json["evidence_withdrawn"]) == (0, 0)
    assert len(place.run("jobs", "--all", "--json").json) == jobs
    assert sorted((run / "takes.jsonl").read_bytes().splitlines()) == sorted((run / "aside").read_bytes().splitlines())


def test_a_run_without_its_votes_takes_no_rating_back(place: Place) -> None:
    pairs = [f"short/{text.split()[1]}/{{}}/1" for text in PROMPTS]
    lines = [f"{pair.format('one')},{pair.format('two')},right,anna,person" for pair in pairs]
    (place.config / "votes.csv").write_text("\n".join(["left,right,choice,rater,kind", *lines]) + "\n")
    place.run("votes", "import", "first", place.config / "votes.csv")
    place.run("bench", "table", "first")
    book = place.home / "runs/first/votes.jsonl"
    book.rename(book.with_name("aside"))

    ended = place.run("bench", "table", "first")

    assert ended.code == 2
    assert "no votes.jsonl any more: without, it would take back what it said, and nothing was changed" in " ".join(
        ended.err.split()
    )
    assert f"Put it back into {book.parent}." in " ".join(ended.err.split())
    assert known(place.plan("quality"), SLOW)["rating"]["source"] == "voted"

    book.with_name("aside").rename(book)
    assert place.run("bench", "table", "first", "--json").json["evidence_withdrawn"] == 0


def test_live_jobs_change_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = fresh(tmp_path)
    faulty(monkeypatch, Fault("slow_body", wire="vllm-omni", times=None))

    first = place.run("generate", "a lake", "--prefer", "speed", *CLIP, "--count", "9", "--json")
    route = place.plan("speed")

    assert {take["endpoint"] for take in first.json} == {FAST}
    assert route["chosen"] == SLOW
    assert (known(route, FAST)["seconds"]["source"], known(route, FAST)["seconds"]["run"]) == ("live", None)
    assert (known(route, FAST)["usable"]["source"], known(route, FAST)["usable"]["run"]) == ("live", None)
    assert sources(place.plan("speed", "--as-of", "2026-08-01", simulate=False), "seconds") == {"prior"}
    assert known(route, SLOW)["seconds"]["source"] == "prior"


def test_an_order_keeps_how_its_endpoint_was_chosen(place: Place) -> None:
    planned = place.plan("speed")
    made = place.run("generate", "a lake", "--prefer", "speed", *CLIP, "--json").json
    pinned = place.run("generate", "a lake", "--endpoint", FAST, "--json").json

    listed = {take["id"]: take for take in place.run("takes", "--json").json}
    kept = listed[made["id"]]["route"]
    assert made["endpoint"] == SLOW
    assert kept == made["route"]
    assert (kept["chosen"], kept["policy"]["name"]) == (SLOW, "speed")
    assert kept["decided"].split(":")[0] == planned["decided"].split(":")[0]
    assert known(kept, FAST)["seconds"]["run"] == "first"
    assert listed[pinned["id"]]["route"] is None
