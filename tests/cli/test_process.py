"""The command as a process of its own: start-up, pipes, Ctrl-C, the simulator on a port, and bugs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rushes.cli import models
from tests.cli.conftest import Command

RUSHES = [sys.executable, "-m", "rushes"]
HEAVY = ("pandas", "matplotlib", "av", "sqlalchemy", "alembic", "PIL", "google.auth", "starlette", "uvicorn")
#: World seconds a second: a clip takes a few seconds of ours.
SCALE = 30
#: An answer that is 90 of the world's seconds late takes half a minute of ours.
SLOWLY = 3


@pytest.mark.parametrize("command", [["--help"], ["generate", "--help"], ["models"], ["plan", "a fox"]])
def test_what_a_command_does_not_need_is_not_loaded(command: list[str]) -> None:
    code = (
        "import sys; from rushes.cli import main; code = main(sys.argv[2:])\n"
        "loaded = [name for name in sys.argv[1].split() if name in sys.modules]\n"
        "sys.exit(f'loaded: {loaded}' if loaded or code not in (0, None) else 0)"
    )

    ended = subprocess.run([sys.executable, "-c", code, " ".join(HEAVY), *command], capture_output=True, text=True)

    assert ended.returncode == 0, ended.stderr


def test_a_reader_that_has_gone_is_no_error() -> None:
    process = subprocess.Popen([*RUSHES, "models", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()

    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait()


def test_a_bug_is_one_line_that_asks_to_be_reported(rushes: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise KeyError("sk-secret")

    monkeypatch.setattr(models, "_overview", breaks)

    ended = rushes("models")

    assert ended.code == 1
    assert ended.err.startswith("rushes broke (KeyError). That is a bug: please report it")
    assert "Traceback" not in ended.err
    assert "sk-secret" not in ended.err


def test_with_debug_a_bug_shows_where(rushes: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise KeyError("here")

    monkeypatch.setattr(models, "_overview", breaks)
    monkeypatch.setenv("RUSHES_DEBUG", "1")

    assert "Traceback" in rushes("models").err


@pytest.fixture
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """`rushes simulate` on a port: what it printed, and its process under `process`."""
    scale = str(getattr(request, "param", SCALE))
    command = [*RUSHES, "simulate", "--json", "--time-scale", scale, "--home", str(tmp_path / "vendors")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline()) | {"process": process}
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("served", [SLOWLY], indirect=True)
def test_a_second_ctrl_c_leaves_at_once_and_the_ledger_keeps_what_was_open(
    served: dict[str, Any], rushes: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", served["openai"])
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
    # Its answer comes so late that the first Ctrl-C waits for it.
    asked = ["generate", "a kite [simulate: slow_answer]", "--model", "sora-2", "--as-of", "2026-08-01", "--yes"]
    process = subprocess.Popen([*RUSHES, *asked], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    job = _first(rushes, "sending")
    assert process.stderr is not None

    process.send_signal(signal.SIGINT)
    while "Ctrl-C again leaves at once" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=60) == 130
    process.stderr.close()
    assert rushes("jobs", "show", job, "--json").json["state"] == "sending"


def test_the_served_world_stops_quietly_and_goes_on_where_it_stood(served: dict[str, Any], tmp_path: Path) -> None:
    assert served["as_of"] == "2026-08-01"
    assert served["openai"].endswith("/openai/v1")

    served["process"].send_signal(signal.SIGINT)

    assert served["process"].wait(timeout=60) == 0
    assert (tmp_path / "vendors" / "simulator" / "2026-08-01" / "clock").exists()


def test_a_port_that_is_taken_is_named(served: dict[str, Any], rushes: Command, tmp_path: Path) -> None:
    port = served["openai"].partition("127.0.0.1:")[2].partition("/")[0]

    ended = rushes("simulate", "--port", port, "--home", tmp_path / "others")

    assert ended.code == 2
    assert f"port {port} cannot be served" in ended.err


def test_ctrl_c_leaves_the_job_at_the_vendor_and_resume_fetches_its_clip(
    served: dict[str, Any], rushes: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", served["openai"])
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
    asked = ["generate", "a red kite", "--model", "sora-2", "--seconds", "4", "--as-of", "2026-08-01", "--yes"]
    process = subprocess.Popen(
        [*RUSHES, *asked], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    job = _first(rushes, "running")

    process.send_signal(signal.SIGINT)

    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"Job {job} goes on at openai/sora-2 and counts for $0.40" in said
    assert f"`rushes jobs resume {job} --as-of 2026-08-01` waits for it" in said
    again = [*RUSHES, "jobs", "resume", job, "--as-of", "2026-08-01", "--json"]
    resumed = subprocess.run(again, capture_output=True, text=True, timeout=120, check=True)
    [take] = json.loads(resumed.stdout)
    assert take["job"] == job
    assert Path(take["path"]).is_file()
    assert len(rushes("jobs", "--json").json) == 1


def _first(rushes: Command, state: str) -> str:
    """The first job in a state, as soon as there is one."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for job in rushes("jobs", "--json", "--state", state).json:
            return str(job["id"])
    raise AssertionError(f"no job was {state} within a minute")
