"""A ledger is brought to today's form, whatever it was before, and exactly to that."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from rushes.errors import BadConfig, LedgerBroken
from rushes.evidence import Evidence, EvidenceCell
from rushes.ledger import Caps, Expense, Ledger, State, migrate
from rushes.ledger.tables import metadata
from tests.ledger.making import NOW, ROOT, intended, move, program, take

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


EVIDENCE = Evidence(
    endpoint="openai/sora-2",
    cell=EvidenceCell("text", "short", "720p", True),
    metric="log_seconds",
    mean=4.1,
    sd=0.4,
    n=12,
    source="measured",
    simulated=False,
    observed=NOW,
    run="mini",
    detail={"longer_than": [1800.0]},
)
#: The tables that came with each form.
CAME_WITH = {
    "0001": ("runners", "orders", "jobs", "job_orders", "submissions", "takes"),
    "0002": ("evidence",),
    "0003": ("expenses",),
}


@pytest.mark.parametrize("form", CAME_WITH)
async def test_a_ledger_of_an_older_form_keeps_every_row_and_takes_what_is_new(form: str, tmp_path: Path) -> None:
    async with Ledger.open(tmp_path) as ledger:
        job = await intended(ledger)
        [order] = await ledger.orders_of(job.id)
        clip = take(job, order)
        await ledger.move(move(job, State.QUEUED, {"state": State.SUCCEEDED}, takes=[clip]))
        await ledger.record([EVIDENCE], NOW)
        await ledger.reserve(Expense("expense-1", NOW, "a judge", "mini", "2026-11-22", False, 250_000), Caps())
        open_job = await intended(ledger)
        sent = await ledger.bytes_of(open_job.id)
        before = [await ledger.job(job.id), await ledger.job(open_job.id), order, clip]
        spent = await ledger.spent(simulated=False)
    _back_to(form, tmp_path / "ledger.sqlite")

    async with Ledger.open(tmp_path) as ledger:
        orders = await ledger.orders_of(job.id)
        assert [await ledger.job(job.id), await ledger.job(open_job.id), *orders, *await ledger.takes()] == before
        assert await ledger.bytes_of(open_job.id) == sent
        assert await ledger.evidence(simulated=False) == ([] if form == "0001" else [EVIDENCE])
        assert await ledger.spent(simulated=False) == spent - (0 if form == "0003" else 250_000)
        assert (before[0].credential, order.route) == (None, None)

        new = await intended(ledger, credential="second")
        assert (await ledger.job(new.id)) == new
        assert await ledger.record([EVIDENCE], NOW + timedelta(days=1)) == (1 if form == "0001" else 0)


def _back_to(form: str, database: Path) -> None:
    """The same rows in tables as that form made them, without what it had no place for."""
    newest = database.rename(database.with_suffix(".newest"))
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, form)
    engine.dispose()
    there = [table for name, tables in CAME_WITH.items() if name <= form for table in tables]
    with closing(sqlite3.connect(database)) as old:
        made = {name for (name,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert made == {*there, "alembic_version"}
        old.execute("ATTACH ? AS newest", (str(newest),))
        for table in there:
            columns = ", ".join(f'"{row[1]}"' for row in old.execute(f"PRAGMA main.table_info({table})"))
            old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newest.{table}")
        old.commit()
