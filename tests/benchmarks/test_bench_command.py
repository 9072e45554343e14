"""`rushes bench` as a person or a program types it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from rushes.benchmarks import importer
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.manifest import read_manifest
from rushes.benchmarks.result import Result
from rushes.benchmarks.schemas import FORMS, schema_of
from rushes.benchmarks.scoring import lacking, score
from rushes.benchmarks.settings import RunSettings
from rushes.benchmarks.suite import load_suite, shipped_suites
from rushes.benchmarks.table import make_table, table_of
from rushes.cli import main
from rushes.cli.bench.power import lines as power_lines
from rushes.cli.bench.run import _code as exit_code
from rushes.config import load_config
from tests.benchmarks.conftest import (
    BOTH,
    DAY,
    NOW,
    SORA,
    accepted,
    failed,
    make_info,
    make_result,
    make_run,
    make_suite,
)

SMALL = """\
id: one
version: 1
title: One model
prompts:
  - {id: kite, text: a red kite, category: motion, asked_seconds: 12}
  - {id: fox, text: a fox in snow, category: animals}
models: {wan-2.5: dashscope-intl/wan-2.5}
cells:
  short: {seconds: {wan-2.5: 5}, resolution: 480p, aspect_ratio: "16:9", audio: true}
"""
SUITE = """\
id: two
version: 1
title: Two models
prompts:
  - {{id: kite, text: "{mark}a red kite", category: motion, asked_seconds: 12}}
  - {{id: fox, text: "{mark}a fox in snow", category: animals}}
models: {{sora-2: openai/sora-2, wan-2.5: dashscope-intl/wan-2.5}}
cells:
  short: {{seconds: {{sora-2: 4, wan-2.5: 5}}, resolution: 720p, aspect_ratio: "16:9", audio: true}}
"""
PICTURES = {f"{name}.{form}" for name in ("speed", "blocks", "tradeoff", "categories") for form in ("png", "svg")}
DRAWN = {"table.md", "table.csv", "table.json", "report.html"} | PICTURES
KEPT = {"run.json", "takes.jsonl", "measures.jsonl", "clips"}


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Ended]


def no_constants(text: str) -> Any:
    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_TOKEN")) or name.startswith("RUSHES_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def bench(capsys: pytest.CaptureFixture[str], home: Path) -> Command:
    """`rushes bench …` with a home of its own."""

    def run(*tokens: str | Path, at: Path = home) -> Ended:
        code = main(["bench", *map(str, tokens), "--home", str(at)])
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    """A suite of clips that the vendor never delivers, so that none has to be drawn."""
    path = tmp_path / "failing.yaml"
    path.write_text(SUITE.format(mark="[simulate: late_failure] "))
    return path


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "two.yaml"
    path.write_text(SUITE.format(mark=""))
    return path


@dataclass(frozen=True)
class Done:
    """The run "run" of SMALL, made in a simulated world, and what making it said."""

    suite: Path
    home: Path
    out: Path
    ended: Ended


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Made once; nobody may change it."""
    folder = tmp_path_factory.mktemp("done")
    (folder / "small.yaml").write_text(SMALL)
    command = ["bench", "run", str(folder / "small.yaml"), "--simulate"]
    command += ["--name", "run", "--home", str(folder / "home"), "--out", str(folder / "out")]
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as environ:
        environ.delenv("COLUMNS", raising=False)
        code = main(command)
    return Done(folder / "small.yaml", folder / "home", folder / "out", Ended(code, out.getvalue(), err.getvalue()))


@pytest.fixture
def copy(done: Done, tmp_path: Path) -> Path:
    """A home with the run "run" that a test may change."""
    home = tmp_path / "copy"
    shutil.copytree(done.home / "runs", home / "runs")
    return home


# --- run --------------------------------------------------------------------------------------------------------------


def test_a_simulated_run_ends_with_table_pictures_report_and_clips_in_its_folder_and_their_copy(done: Done) -> None:
    assert done.ended.code == 0, done.ended.err
    assert "2 clips to make, for at most $0.50" in done.ended.err
    assert "looks: not told apart by this" in done.ended.err
    assert "SIMULATED" in done.ended.out
    assert max(map(len, done.ended.out.splitlines())) <= 100
    assert {path.name for path in done.out.iterdir()} == KEPT | DRAWN
    assert {path.name for path in (done.home / "runs" / "run").iterdir()} == KEPT | DRAWN
    clips = {path.name for path in (done.out / "clips").iterdir()}
    assert clips == {"wan-2.5-short-kite.mp4", "wan-2.5-short-fox.mp4"}
    assert len((done.out / "takes.jsonl").read_text().splitlines()) == 2
    assert len((done.out / "measures.jsonl").read_text().splitlines()) == 2


def test_its_table_as_json_is_json_and_says_what_every_clip_is(done: Done) -> None:
    found = no_constants((done.out / "table.json").read_text(encoding="utf-8"))

    assert found["simulated"] is True
    assert [clip["outcome"] for clip in found["clips"]] == ["usable", "usable"]
    assert all(clip["measured"]["values"]["loudness"]["status"] == "ok" for clip in found["clips"])
    assert found["run"]["finished"] is not None


def test_retired_models_and_missing_keys_end_it_with_3_and_nothing_is_written(
    suite: Path, home: Path, bench: Command
) -> None:
    ended = bench("run", suite, "--as-of", "2026-11-22", "--yes")

    assert ended.code == 3
    assert "openai/sora-2: retired on 2026-09-24" in ended.err
    assert "dashscope-intl/wan-2.5: set DASHSCOPE_INTL_API_KEY or DASHSCOPE_API_KEY" in ended.err
    assert not (home / "runs" / "two-2026-11-22").exists()


def test_what_is_left_out_on_demand_is_no_failure_of_the_run(tmp_path: Path, bench: Command) -> None:
    """The day after Sora 2's last: the other model alone is made, its clip is there, and the run is complete."""
    two = tmp_path / "both.yaml"
    two.write_text(re.sub(r"  - \{id: fox.*\n", "", SUITE.format(mark="")).replace("720p", "480p"))

    refused = bench("run", two, "--simulate", "--as-of", "2026-10-01")
    given = ("--as-of", "2026-10-01", "--skip-unusable", "--concurrency", "dashscope-intl=2", "--json")
    ended = bench("run", two, "--simulate", *given)

    said = no_constants(ended.out)
    assert refused.code == 3
    assert "--skip-unusable goes on with the others" in refused.err
    assert ended.code == 0, ended.err
    assert {*said["run"]["left_out"]} == {"openai/sora-2"}
    assert said["run"]["settings"]["concurrency"] == {"dashscope-intl": 2}
    assert [(row["model"], row["tried"], row["usable"]) for row in said["summary"]] == [
        ("sora-2", 0, 0),
        ("wan-2.5", 1, 1),
    ]
    assert any(note.startswith("Left out: openai/sora-2: ") for note in said["notes"])
    assert said["evidence"] == 3  # seconds, reliability, dollars


TWO = make_suite("a ball", "a storm", models=SORA)


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([make_result(prompt="p1"), make_result(prompt="p2")], 0),
        ([make_result(prompt="p1"), failed(prompt="p2")], 0),
        ([make_result(prompt="p1")], 1),  # the other was not tried
        ([failed(prompt="p1"), failed(prompt="p2")], 1),  # not one is usable
        ([], 1),
        ([make_result(prompt="p1"), failed(prompt="p2", status="overdue")], 4),
        ([make_result(prompt="p1"), failed(prompt="p2", status="unclear")], 4),
    ],
)
def test_the_exit_code_says_whether_every_clip_was_tried_and_somebody_has_to_decide(
    results: list[Result], code: int
) -> None:
    assert exit_code(make_table(make_info(TWO), results, {})) == code


def test_a_real_run_asks_first_and_refuses_where_nobody_can_answer(
    suite: Path, home: Path, bench: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "k")

    ended = bench("run", suite, "--as-of", "2026-08-01")

    assert ended.code == 2
    assert "--yes" in ended.err
    assert not (home / "takes").exists()


@pytest.mark.parametrize("where", ["option", "file"])
def test_a_cap_below_the_cost_ends_it_with_3_before_anything_is_sent(
    where: str, suite: Path, home: Path, bench: Command
) -> None:
    path = suite.with_name("capped.yaml")
    path.write_text("suite: two.yaml\nmax_usd: 1.50\nsimulate: true\n")

    given = [path] if where == "file" else [suite, "--simulate", "--max-usd", "1.50"]
    ended = bench("run", *given)

    assert ended.code == 3
    assert "$0.30 over the cap of $1.50" in ended.err
    assert accepted(home) == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--samples", "0"], "--samples: input should be greater than or equal to 1 (given: 0)"),
        (["--samples", "101"], "--samples: input should be less than or equal to 100 (given: 101)"),
        (["--seed", "-1"], "--seed: input should be greater than or equal to 0"),
        (["--concurrency", "openai"], "--concurrency takes PROVIDER=N, such as vertex=4, not 'openai'"),
        (["--concurrency", "openai=²"], "--concurrency takes PROVIDER=N"),
        (["--concurrency", "openai=0"], "--concurrency: input should be greater than or equal to 1"),
        (["--concurrency", "opena=2"], "there is no provider 'opena'; did you mean 'openai'"),
        (["--fit", "dearest"], "dearest"),
        (["--name", "../x"], "cannot be the name of a run"),
        (["--fault", "late_failure"], "--fault needs --simulate"),
        (["--max-usd", "much"], "--max-usd takes an amount of US dollars"),
        (["--out", "failing.yaml"], "is no folder"),
    ],
)
def test_bad_options_end_it_with_2(
    failing: Path, bench: Command, more: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(failing.parent)

    ended = bench("run", failing, *more)

    assert ended.code == 2
    assert said in ended.err


def test_a_suite_that_there_is_not_ends_it_with_2(bench: Command) -> None:
    ended = bench("run", "quikstart")

    assert ended.code == 2
    assert "did you mean 'quickstart'" in ended.err


def test_another_run_of_the_same_name_ends_it_with_2(done: Done, bench: Command, copy: Path) -> None:
    ended = bench("run", done.suite, "--simulate", "--name", "run", "--seed", "3", at=copy)

    assert ended.code == 2
    assert "the run 'run' was begun otherwise: seed 0" in ended.err


def test_a_home_that_is_no_folder_ends_it_with_2(failing: Path, bench: Command) -> None:
    ended = bench("run", failing, "--simulate", at=failing)

    assert ended.code == 2
    assert "cannot be used" in ended.err


def test_a_copy_never_lands_on_clips_that_are_not_a_runs(failing: Path, tmp_path: Path, bench: Command) -> None:
    (tmp_path / "mine" / "clips").mkdir(parents=True)

    ended = bench("run", failing, "--simulate", "--out", tmp_path / "mine")

    assert ended.code == 2
    assert "no copy of a run" in ended.err


@pytest.mark.parametrize(
    ("prompts", "models", "samples", "said", "not_said"),
    [
        (10, BOTH, 1, ("speed: tells two models apart that differ by a factor of", "the slowest is named"), ()),
        (5, BOTH, 1, ("speed: not told apart; 5 prompts a cell, and 6 are the fewest that can",), ("factor",)),
        (10, SORA, 1, ("reliability: 10 clips of each model and cell",), ("speed:",)),
        (10, BOTH, 6, ("reliability: 60 clips", "up to 6 %"), ("the slowest is named",)),
    ],
)
def test_what_a_run_can_tell_is_said_before_it_is_paid(
    prompts: int, models: dict[str, str], samples: int, said: tuple[str, ...], not_said: tuple[str, ...]
) -> None:
    suite = make_suite(*(f"ball number {number}" for number in range(prompts)), models=models)

    told = "\n".join(power_lines(make_info(suite, settings=RunSettings(samples=samples))))

    assert all(each in told for each in (*said, "looks: not told apart by this"))
    assert not any(each in told for each in not_said)


# --- interrupted or killed --------------------------------------------------------------------------------------------


def facts(table: dict[str, Any]) -> Any:
    """What a table says of its clips, but for dates, ids, and what our standing still did to the seconds."""
    own = {"at", "job", "take", "resumed", "waited_seconds", "seconds_to_file"}
    own |= {"making", "download", "poll_gap", "submit"}
    return [{name: value for name, value in clip.items() if name not in own} for clip in table["clips"]]


def stop_after_the_first(suite: Path, home: Path, how: signal.Signals, *more: str) -> tuple[int, str]:
    """Starts the run "run" and sends it a signal once one clip has ended; its exit code and what it said."""
    command = [sys.executable, "-m", "rushes", "bench", "run", str(suite), "--simulate", "--name", "run", *more]
    with subprocess.Popen(
        [*command, "--home", str(home)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        seen = next(line for line in process.stderr if re.search(r" 1 of \d", line))
        process.send_signal(how)
        return process.wait(), seen + process.stderr.read()


def go_on(suite: Path, home: Path, samples: int = 1) -> dict[str, Any]:
    """Starts the run again, or for the first time; its whole table."""
    asyncio.run(make_run(home, load_suite(str(suite), load_config()), settings=RunSettings(samples=samples)))
    folder = Folder(home, "run")
    score(folder, lacking(folder, folder.known()))
    found: dict[str, Any] = json.loads(json.dumps(table_of(folder).json(), default=str))
    return found


def test_a_run_that_is_killed_goes_on_where_it_was_and_ends_as_if_nothing_had_been(done: Done, home: Path) -> None:
    code, _ = stop_after_the_first(done.suite, home, signal.SIGKILL)
    folder = Folder(home, "run")
    before = folder.results()

    found = go_on(done.suite, home)

    undisturbed = json.loads((done.out / "table.json").read_text(encoding="utf-8"))
    assert code == -signal.SIGKILL
    assert len(before) == 1
    assert before.items() < folder.results().items()
    assert accepted(home) == 2
    assert facts(found) == facts(undisturbed)
    assert [row["usd_total"] for row in found["summary"]] == [row["usd_total"] for row in undisturbed["summary"]]
    assert {f"clips/{path.name}" for path in (folder.path / "clips").iterdir()} == {
        clip["clip"] for clip in found["clips"]
    }


def test_a_run_that_is_interrupted_says_how_to_go_on_and_ends_as_if_nothing_had_been(
    failing: Path, home: Path, tmp_path: Path
) -> None:
    code, said = stop_after_the_first(failing, home, signal.SIGINT, "--samples", "4")
    before = Folder(home, "run").results()

    found, undisturbed = go_on(failing, home, 4), go_on(failing, tmp_path / "undisturbed", 4)

    assert code == 130
    assert "clips are there. What the vendors are at work on goes on there." in said
    assert f"`rushes bench run {failing} --name run --samples 4 --seed 0 --home {home} --simulate` fetches it" in said
    assert 0 < len(before) < 16
    assert before.items() <= Folder(home, "run").results().items()
    assert accepted(home) == 16
    assert facts(found) == facts(undisturbed)


@dataclass(frozen=True)
class Held:
    """The run "run" of four clips, the last of which takes for ever to measure until it is let go."""

    home: Path
    picture: Path
    content: bytes

    @property
    def folder(self) -> Folder:
        return Folder(self.home, "run")

    def let_go(self) -> None:
        """Whoever reads the picture meets its end."""
        try:
            os.close(os.open(self.picture, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            pass  # nobody reads it any more
        self.picture.unlink()
        self.picture.write_bytes(self.content)


@pytest.fixture
def held(home: Path, tmp_path: Path, tiny: Path, other: Path) -> Iterator[Held]:
    clips = tmp_path / "clips"
    clips.mkdir()
    for name, source in (("a", tiny), ("b", other), ("c", tiny), ("d", other)):
        shutil.copy(source, clips / f"{name}.mp4")
    lines = ["file,model,prompt", "a.mp4,ours,p1", "b.mp4,ours,p1", "c.mp4,theirs,p1", "d.mp4,ours,p2"]
    (clips / "manifest.csv").write_text("\n".join(lines))
    picture = Path(__file__).parents[2] / "configs" / "suites" / "images" / "boat.png"
    words = make_suite("a ball", "a boat", models={}, cells={})
    boat = words.prompts[1].model_copy(update={"image": picture})
    folder = Folder(home, "run")
    document, entries = read_manifest(clips / "manifest.csv")
    given = {"day": DAY, "now": NOW, "command": []}
    suite = words.model_copy(update={"prompts": (words.prompts[0], boat)})
    with folder.alone():
        importer.bring(folder, importer.survey(folder, clips, document, entries, suite, load_config(), **given))  # type: ignore[arg-type]
    kept = folder.path / "images" / "p2.png"
    kept.unlink()
    os.mkfifo(kept)
    held = Held(home, kept, picture.read_bytes())
    yield held
    held.let_go()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_measuring_that_is_interrupted_or_killed_goes_on_where_it_was(held: Held, how: signal.Signals) -> None:
    command = [sys.executable, "-m", "rushes", "bench", "table", "run", "--home", str(held.home)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as first:
        while len(held.folder.measures()) < 3:
            with pytest.raises(subprocess.TimeoutExpired):  # it still runs
                first.wait(timeout=0.05)
        first.send_signal(how)
        assert first.stderr is not None
        said = "" if how is signal.SIGKILL else first.stderr.read()
        first.wait()
        held.let_go()
    assert first.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL)
    assert how is signal.SIGKILL or "`rushes bench table run --home" in said
    before = held.folder.measures()
    assert len(before) == 3

    with held.folder.alone():
        jobs = lacking(held.folder, held.folder.known())
        score(held.folder, jobs)
    found = table_of(held.folder).json()

    assert [job.label for job in jobs] == ["imported/p2/ours/1"]
    assert before.items() < held.folder.measures().items()
    assert len((held.folder.path / "measures.jsonl").read_text().splitlines()) == 4
    (held.folder.path / "measures.jsonl").unlink()
    score(held.folder, lacking(held.folder, held.folder.known()))
    assert table_of(held.folder).json() == found


# --- table, report, list ----------------------------------------------------------------------------------------------


def test_a_table_drawn_again_says_the_same_and_costs_nothing(done: Done, bench: Command, copy: Path) -> None:
    folder = copy / "runs" / "run"
    before = (folder / "table.json").read_text(encoding="utf-8")
    for name in DRAWN:
        (folder / name).unlink()

    ended = bench("table", "run", "--simulate", at=copy)

    assert ended.code == 0, ended.err
    assert (folder / "table.json").read_text(encoding="utf-8") == before
    assert {path.name for path in folder.iterdir()} == KEPT | DRAWN
    assert not (copy / "simulator" / "2026-08-01" / "world.sqlite").exists() or accepted(copy) == 0
    assert ended.out in done.ended.out


def test_a_report_drawn_again_says_where_it_is(bench: Command, copy: Path) -> None:
    path = copy / "runs" / "run" / "report.html"
    before = path.read_text(encoding="utf-8")
    path.unlink()

    ended = bench("report", "run", "--json", at=copy)

    assert ended.code == 0, ended.err
    assert ended.json == {"report": str(path)}
    assert path.read_text(encoding="utf-8") == before
    assert "SIMULATED" in before


@pytest.mark.parametrize(
    "command", [["table", "rum"], ["report", "rum"], ["compare", "run", "rum"], ["compare", "rum", "run"]]
)
def test_a_run_that_there_is_not_ends_it_with_2_and_those_that_are(
    bench: Command, copy: Path, command: list[str]
) -> None:
    ended = bench(*command, at=copy)

    assert ended.code == 2
    assert "there is no run 'rum'" in ended.err
    assert "There are: run." in ended.err


def test_a_run_that_another_process_makes_is_left_alone(bench: Command, copy: Path, done: Done) -> None:
    with Folder(copy, "run").alone():
        endings = [
            bench("table", "run", at=copy),
            bench("report", "run", at=copy),
            bench("run", done.suite, "--simulate", "--name", "run", at=copy),
        ]

    assert {ended.code for ended in endings} == {2}
    assert all("is being made by another process" in ended.err for ended in endings)


def test_a_run_of_another_form_is_refused_and_the_list_goes_on_without_it(bench: Command, copy: Path) -> None:
    old = copy / "runs" / "old"
    old.mkdir()
    (old / "run.json").write_text('{"format": 1}')

    table, listing = bench("table", "old", at=copy), bench("list", "--json", at=copy)

    assert table.code == 2
    assert "written by another version of rushes (form 1; this one reads form 2)" in table.err
    assert [run["name"] for run in listing.json["runs"]] == ["run"]
    assert "form 1" in listing.json["unread"][0]


def test_the_list_shows_suites_and_runs(bench: Command, copy: Path) -> None:
    ended, listed = bench("list", at=copy), bench("list", "--json", at=copy).json

    assert {suite["id"] for suite in listed["suites"]} == {*shipped_suites()}
    assert listed["runs"] == [{"name": "run", "suite": "one", "simulated": True, "clips": 2}]
    assert "mini" in ended.out
    assert "  run  one 1  2 clips  simulated" in ended.out
    assert "not finished" not in ended.out


def test_where_there_is_no_run_yet_the_list_says_how_to_make_one(bench: Command) -> None:
    ended = bench("list")

    assert ended.code == 0
    assert "`rushes bench run mini --simulate` makes one" in ended.err


# --- compare ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_runs(home: Path) -> Path:
    """ "monday" and "tuesday" of one suite: everything takes half as long again, and one clip has failed."""
    suite = make_suite(*(f"ball number {number}" for number in range(9)), models={"sora-2": "openai/sora-2"})
    for name, factor in (("monday", 1.0), ("tuesday", 1.5)):
        folder = Folder(home, name)
        with folder.alone():
            folder.save(make_info(suite, name=name))
            for number in range(1, 10):
                seconds = {"total": factor * (60 + number)}
                folder.add(make_result(prompt=f"p{number}", timing=seconds, clip=None, sha256=None))
            if name == "tuesday":
                folder.add(failed(prompt="p9"))
    return home


def test_a_comparison_names_what_is_different_and_what_is_not(bench: Command, two_runs: Path) -> None:
    ended = bench("compare", "monday", "tuesday", "--json")

    differences = {each["quantity"]: each for each in no_constants(ended.out)["differences"]}
    assert ended.code == 0, ended.err
    assert (ended.json["first"], ended.json["second"]) == ("monday", "tuesday")
    assert differences["seconds"]["verdict"] == "worse"
    assert differences["seconds"]["change"] == pytest.approx(1.5)
    assert (differences["seconds"]["prompts"], differences["seconds"]["left_out"]) == (8, 1)
    assert (differences["seconds"]["as"], differences["seconds"]["floor"]) == ("ratio", 1.1)
    assert differences["dollars"]["verdict"] == "same"
    assert differences["usable"]["verdict"] in ("same", "not separable")


def test_a_comparison_reads_as_a_table(bench: Command, two_runs: Path) -> None:
    ended = bench("compare", "monday", "tuesday")

    assert ended.out.startswith("SIMULATED, tuesday against monday (small 1)")
    assert re.search(r"Seconds to file +64\.5 +96\.8 +× 1\.50 \[1\.50–1\.50\] +worse \(8 prompts\)", ended.out)
    assert max(map(len, ended.out.splitlines())) <= 100


def test_runs_that_do_not_compare_end_it_with_2(bench: Command, two_runs: Path) -> None:
    folder = Folder(two_runs, "tuesday")
    info = folder.known()
    folder.save(info.model_copy(update={"suite": info.suite.model_copy(update={"version": 2})}))

    ended = bench("compare", "monday", "tuesday")

    assert ended.code == 2
    assert "monday and tuesday are of another suite: small 1 and small 2" in ended.err


# --- import -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def clips(tmp_path: Path, tiny: Path, other: Path) -> Path:
    folder = tmp_path / "stored"
    folder.mkdir()
    shutil.copy(tiny, folder / "a.mp4")
    shutil.copy(other, folder / "b.mp4")
    (folder / "empty.mp4").touch()
    rows = [
        {"file": "a.mp4", "model": "ours", "prompt": "A ball", "endpoint": "openai/sora-2", "date": "2026-08-01"},
        {"file": "b.mp4", "model": "theirs", "prompt": "A ball"},
        {"file": "empty.mp4", "model": "theirs", "prompt": "A storm"},
    ]
    rows[0] |= {"seconds": 61.5, "cost": 0.4}  # type: ignore[dict-item]
    (folder / "manifest.json").write_text(json.dumps(rows))
    return folder


def test_clips_are_brought_in_without_a_key_or_an_endpoint_of_ones_own(
    clips: Path, bench: Command, home: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.mkdir()

    ended = bench("import", clips, "--config", config, "--json", "--out", tmp_path / "out")

    said = no_constants(ended.out)
    assert ended.code == 0, ended.err
    assert "3 clips brought into the run stored" in ended.err
    assert said["simulated"] is False
    assert [(row["model"], row["usable"], row["unusable"]) for row in said["summary"]] == [
        ("ours", 1, 0),
        ("theirs", 1, 1),
    ]
    assert "the file is empty" in [clip["reason"] for clip in said["clips"]]
    assert {path.name for path in (home / "runs" / "stored").iterdir()} == KEPT | DRAWN
    assert {path.name for path in (tmp_path / "out").iterdir()} == KEPT | DRAWN
    assert said["evidence"] == 2  # seconds and dollars of the one whose endpoint and day are known


def test_a_corrected_manifest_corrects_the_run_and_the_evidence_and_says_what(clips: Path, bench: Command) -> None:
    first = bench("import", clips, "--json").json
    rows = json.loads((clips / "manifest.json").read_text())
    rows[0] |= {"seconds": 90, "cost": None}
    (clips / "manifest.json").write_text(json.dumps(rows))

    ended = bench("import", clips, "--json")
    again = bench("import", clips)

    assert "The manifest now says otherwise of 1 clip that came before:" in ended.err
    assert "imported/a-ball/ours/1: seconds 61.5 → 90; cost $0.4 → n/a" in " ".join(ended.err.split())
    assert "0 clips brought into the run stored; 3 were there already" in ended.err
    assert (first["evidence"], ended.json["evidence"], ended.json["evidence_withdrawn"]) == (2, 1, 1)
    [clip] = [clip for clip in ended.json["clips"] if clip["model"] == "ours"]
    assert (clip["seconds_to_file"], clip["usd"]) == (90, None)
    assert "says otherwise" not in again.err
    assert "no longer hold" not in again.err


def test_a_run_of_brought_clips_without_its_takes_is_brought_nothing_more(
    clips: Path, bench: Command, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench("import", clips)
    takes = home / "runs/stored/takes.jsonl"
    whole = takes.read_bytes()
    takes.unlink()

    refused = [bench("import", clips), bench("table", "stored")]

    for each in refused:
        assert each.code == 2
        assert "the run 'stored' has no takes.jsonl any more" in " ".join(each.err.split())
        assert f"Put it back into {takes.parent}." in " ".join(each.err.split())
    assert not takes.exists()
    assert main(["evidence", "--home", str(home), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2

    takes.write_bytes(whole)
    ended = bench("table", "stored", "--json").json
    assert (ended["evidence"], ended["evidence_withdrawn"]) == (0, 0)


def test_bad_files_are_listed_and_can_be_skipped(
    clips: Path, bench: Command, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    (clips / "list.csv").write_text("file,model,prompt\na.mp4,ours,A ball\ngone.mp4,ours,A storm\n")
    given = ("import", clips, "--manifest", clips / "list.csv", "--name", "mine", "--json")

    refused, ended = bench(*given), bench(*given, "--skip-bad")

    assert refused.code == 2
    assert "1 of the files cannot be read; nothing was brought:" in refused.err
    assert "list.csv:3: " in refused.err
    assert "gone.mp4: No such file" in refused.err
    assert "--skip-bad goes on with the other 1 clip." in refused.err
    assert refused.json["error"]["kind"] == "BadInput"
    assert ended.code == 0, ended.err
    assert "left out: " in ended.err
    assert "nothing of it becomes evidence" in ended.err
    assert len(ended.json["clips"]) == 1
    assert main(["evidence", "--home", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_where_every_file_is_bad_nothing_can_be_skipped(clips: Path, bench: Command, home: Path) -> None:
    (clips / "manifest.json").write_text('[{"file": "gone.mp4", "model": "ours", "prompt": "A ball"}]')

    ended = bench("import", clips, "--skip-bad")

    assert ended.code == 2
    assert "There is no other." in ended.err
    assert not (home / "runs" / "stored" / "run.json").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--suite", "minni"], "did you mean 'mini'"),
        (["--name", "a/b"], "cannot be the name of a run"),
        (["--manifest", "gone.csv"], "gone.csv: no such file"),
        (["--suite", "mini"], "there is no prompt 'A ball'"),
    ],
)
def test_a_wrong_name_brings_nothing(clips: Path, bench: Command, home: Path, more: list[str], said: str) -> None:
    ended = bench("import", clips, *more)

    assert ended.code == 2
    assert said in ended.err
    assert not (home / "runs" / "stored").exists()


def test_a_folder_that_there_is_not_ends_it_with_2(bench: Command, tmp_path: Path) -> None:
    assert bench("import", tmp_path / "gone").code == 2


# --- schema and help --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMS)
def test_the_schema_is_printed_for_editors(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "schema", name]) == 0

    assert json.loads(capsys.readouterr().out) == schema_of(name)


def test_an_unknown_schema_ends_it_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "schema", "suites"]) == 2
    assert "suites" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "import", "table", "report", "compare", "list", "schema"])
def test_every_command_says_what_it_is_for(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", command, "--help"]) == 0
    own = capsys.readouterr().out
    assert main(["bench", "--help"]) == 0

    assert own.startswith(f"Usage: rushes bench {command}")
    assert re.search(rf"│ {command} ", capsys.readouterr().out)


@pytest.mark.parametrize("command", [["run"], ["table"], ["compare", "one"], ["import"], ["tabel", "x"]])
def test_a_command_that_lacks_something_ends_it_with_2(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *command]) == 2
    assert "--help" in capsys.readouterr().err
