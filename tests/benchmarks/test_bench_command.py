"""`rushes bench run` as a person or a program types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rushes.cli import main
from tests.benchmarks.conftest import accepted

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


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """One model at 480p, whose clips are soon drawn."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.endswith(("_API_KEY", "_TOKEN")) or name.startswith("RUSHES_")]:
        monkeypatch.delenv(name)


def test_a_simulated_run_ends_with_table_picture_and_clips_in_its_folder_and_their_copy(
    small: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"

    code = main(["bench", "run", str(small), "--simulate", "--home", str(home), "--out", str(out), "--name", "demo"])

    said = capsys.readouterr()
    assert code == 0
    assert "2 clips to make, for at most $0.50" in said.err
    assert "SIMULATED" in said.out
    assert max(map(len, said.out.splitlines())) <= 100
    files = {path.name for path in out.iterdir()}
    assert files == {
        *("run.json", "takes.jsonl", "table.md", "table.csv", "table.json", "picture.png", "picture.svg", "clips")
    }
    assert {path.name for path in (home / "runs" / "demo").iterdir()} == files
    clips = {path.name for path in (out / "clips").iterdir()}
    assert clips == {"wan-2.5-short-kite.mp4", "wan-2.5-short-fox.mp4"}
    assert len((out / "takes.jsonl").read_text().splitlines()) == 2


def test_json_is_one_object_on_stdout_and_nothing_else_there(
    failing: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["bench", "run", str(failing), "--simulate", "--home", str(home), "--json"])

    said = json.loads(capsys.readouterr().out)
    assert code == 1  # not one clip is usable
    assert said["simulated"] is True
    assert [(row["model"], row["made"], row["usable"], row["failed"]) for row in said["summary"]] == [
        ("sora-2", 2, 0, 2),
        ("wan-2.5", 2, 0, 2),
    ]
    assert len(said["clips"]) == 4


def test_retired_models_and_missing_keys_end_it_with_3_and_nothing_is_written(
    suite: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["bench", "run", str(suite), "--home", str(home), "--as-of", "2026-11-22", "--yes"])

    said = capsys.readouterr().err
    assert code == 3
    assert "openai/sora-2: retired on 2026-09-24" in said
    assert "dashscope-intl/wan-2.5: set DASHSCOPE_INTL_API_KEY or DASHSCOPE_API_KEY" in said
    assert not (home / "runs" / "two-2026-11-22").exists()


def test_a_real_run_asks_first_and_refuses_where_nobody_can_answer(
    suite: Path, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "k")

    code = main(["bench", "run", str(suite), "--home", str(home), "--as-of", "2026-08-01"])

    assert code == 2
    assert "--yes" in capsys.readouterr().err
    assert not (home / "takes").exists()


def test_a_cap_below_the_cost_ends_it_with_3_before_anything_is_sent(
    suite: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["bench", "run", str(suite), "--simulate", "--home", str(home), "--max-usd", "1.50"])

    assert code == 3
    assert "$0.30 over the cap of $1.50" in capsys.readouterr().err
    assert accepted(home) == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--samples", "0"], "--samples takes a number from 1 to 100"),
        (["--name", "../x"], "cannot be the name of a run"),
        (["--fault", "late_failure"], "--fault needs --simulate"),
    ],
)
def test_bad_options_end_it_with_2(
    failing: Path, home: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "run", str(failing), "--home", str(home), *more]) == 2
    assert said in capsys.readouterr().err


def test_a_copy_never_lands_on_clips_that_are_not_a_runs(
    failing: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine" / "clips").mkdir(parents=True)

    code = main(
        ["bench", "run", str(failing), "--simulate", "--home", str(home), "--out", str(tmp_path / "mine")],
    )

    assert code == 2
    assert "no copy of a run" in capsys.readouterr().err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_interrupted_or_killed_goes_on_where_it_was(small: Path, home: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-m", "rushes", "bench", "run", str(small), "--simulate", "--home", str(home)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        seen = next(line for line in first.stderr if " of 2 " in line)
        first.send_signal(how)
        rest = first.stderr.read()
    assert seen.strip().startswith("1 of 2")
    assert first.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL)
    assert how is signal.SIGKILL or "rushes bench run" in rest

    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert [row["usable"] for row in json.loads(done.stdout)["summary"]] == [2]
    assert accepted(home) == 2
