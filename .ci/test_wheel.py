"""The wheel as a stranger gets it: alone, core only, run from another folder with an empty environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: What a program that only imports Rushes does not pay for.
HEAVY = {
    *("PIL", "alembic", "av", "cyclopts", "fastapi", "google.auth", "matplotlib", "numpy", "pandas", "rich"),
    *("sqlalchemy", "starlette", "uvicorn"),
}

Run = Callable[..., str]


@pytest.fixture(scope="session")
def wheel() -> Path:
    (found,) = (ROOT / "dist").glob("rushes-*.whl")
    return found


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an empty environment that holds the wheel and what it needs, nothing more."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", "--python", str(python)]
    subprocess.run([*pip, "install", "-c", str(ROOT / "constraints.txt"), str(wheel)], check=True)
    return python


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    """Runs something of that environment in an empty folder; what it printed, once it ended well."""

    def run(program: str, *arguments: str, timeout: float = 120) -> str:
        done = subprocess.run(
            [str(installed.with_name(program)), *arguments],
            cwd=tmp_path,
            env={"HOME": str(tmp_path), "PATH": os.defpath},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"{program} {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def test_help_lists_the_commands(run: Run) -> None:
    text = run("rushes", "--help")

    for command in ("models", "plan", "generate", "bench", "jobs", "doctor", "simulate"):
        assert command in text


def test_the_models_are_in_the_wheel(run: Run) -> None:
    text = run("rushes", "models", "--json")

    assert json.loads(text)
    for model in ("sora-2", "sora-2-pro", "veo-3.1", "wan-2.5"):
        assert f'"{model}"' in text


def test_a_clip_is_made_without_keys_extras_or_network(run: Run, tmp_path: Path) -> None:
    command = ["generate", "a fox", "--model", "sora-2", "--simulate", "--seconds", "4"]

    run("rushes", *command, "-o", "fox.mp4", "--home", str(tmp_path / "home"))

    clip = (tmp_path / "fox.mp4").read_bytes()
    assert clip[4:8] == b"ftyp"
    assert len(clip) > 10_000


def test_importing_it_loads_nothing_heavy(run: Run) -> None:
    loaded = run("python", "-c", "import rushes, sys; print(*sys.modules)").split()

    assert "rushes" in loaded
    assert not HEAVY & {*loaded}


def test_every_data_file_is_in_the_wheel(run: Run) -> None:
    inside = json.loads(
        run(
            "python",
            "-c",
            "import json, pathlib, rushes; root = pathlib.Path(rushes.__file__).parent;"
            "print(json.dumps([path.relative_to(root).as_posix() for path in root.rglob('*') if path.is_file()]))",
        )
    )

    shipped = {path.relative_to(ROOT).as_posix() for path in (ROOT / "configs").rglob("*") if path.is_file()}
    migrations = {
        path.relative_to(ROOT / "rushes").as_posix()
        for path in (ROOT / "rushes" / "ledger" / "migrations").rglob("*.py")
    }
    assert shipped
    assert migrations
    assert shipped | migrations <= {*inside}


def test_the_source_archive_can_be_tested_by_whoever_unpacks_it() -> None:
    (archive,) = (ROOT / "dist").glob("rushes-*.tar.gz")

    with tarfile.open(archive) as tar:
        inside = {name.partition("/")[2] for name in tar.getnames()}

    assert {"Makefile", "constraints.txt", "pyproject.toml", "LICENSE", ".ci/run", "tests/conftest.py"} <= inside
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "configs").rglob("*.yaml")} <= inside
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "scripts").glob("*.py")} <= inside
