"""The command line run in this process, with a home folder of its own and no vendor's key in sight."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rushes.cli import main

PREFIXES = ("RUSHES_", "OPENAI_", "AZURE_", "GOOGLE_", "VERTEX_", "GEMINI_", "DASHSCOPE_", "FAL_", "REPLICATE_")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Ended]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in os.environ:
        if name.startswith(PREFIXES):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("RUSHES_HOME", str(folder))
    # Wide enough that no expected sentence is wrapped, whatever the terminal that runs the tests.
    monkeypatch.setenv("COLUMNS", "160")
    return folder


@pytest.fixture
def rushes(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*tokens: str | Path) -> Ended:
        code = main([str(token) for token in tokens])
        printed = capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    return run


def jobs_written(home: Path) -> int:
    """Rows of the ledger's jobs; 0 where there is no ledger."""
    return _count(home / "ledger.sqlite")


def jobs_sent(home: Path) -> int:
    """Jobs that any simulated vendor accepted."""
    return sum(_count(world) for world in home.glob("simulator/*/world.sqlite"))


def _count(database: Path) -> int:
    if not database.exists():
        return 0
    connection = sqlite3.connect(database)
    try:
        return int(connection.execute("SELECT count(*) FROM jobs").fetchone()[0])
    finally:
        connection.close()
