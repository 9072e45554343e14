"""A ledger is brought to today's form, whatever it was before, and exactly to that."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from rushes.errors import BadConfig, LedgerBroken
from rushes.ledger import Ledger, migrate
from rushes.ledger.tables import metadata
from tests.ledger.making import ROOT, intended, program

OPEN = """
import asyncio, sys
from pathlib import Path
from rushes.ledger import Ledger

async def main():
    async with Ledger.open(Path(sys.argv[1])) as ledger:
        assert await ledger.jobs() == []

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main())
"""


async def test_the_migrations_give_exactly_the_tables(ledger: Ledger) -> None:
    engine = create_engine(f"sqlite:///{ledger.home / 'ledger.sqlite'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert migrate.current(connection) == migrate.HEAD
    engine.dispose()


def test_the_head_is_the_newest_file() -> None:
    files = sorted((Path(migrate.__file__).parent / "migrations" / "versions").glob("*.py"))

    assert files[-1].name.startswith(f"{migrate.HEAD}_")


async def test_a_ledger_of_a_newer_rushes_is_refused_by_name(tmp_path: Path) -> None:
    async with Ledger.open(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    with pytest.raises(BadConfig, match=r"made by a newer rushes \(its tables have form 9999") as refusal:
        async with Ledger.open(tmp_path):
            pass

    assert str(tmp_path / "ledger.sqlite") in refusal.value.message
    assert "Upgrade rushes" in (refusal.value.hint or "")


async def test_an_empty_file_is_brought_up(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").touch()

    async with Ledger.open(tmp_path) as ledger:
        assert await ledger.jobs() == []


async def test_what_is_no_database_is_a_broken_ledger_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"a letter to my aunt\n" * 100)

    with pytest.raises(LedgerBroken, match="not a database"):
        async with Ledger.open(tmp_path):
            pass

    assert (tmp_path / "ledger.sqlite").read_bytes().startswith(b"a letter to my aunt")


async def test_opening_again_keeps_everything(tmp_path: Path) -> None:
    async with Ledger.open(tmp_path) as ledger:
        job = await intended(ledger)

    async with Ledger.open(tmp_path) as ledger:
        assert await ledger.job(job.id) == job


def test_several_processes_may_open_a_new_home_at_once(tmp_path: Path) -> None:
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            program(OPEN, str(tmp_path / "home")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()  # it has loaded everything and waits
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    ends = [process.communicate(timeout=60) for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0, 0], ends
