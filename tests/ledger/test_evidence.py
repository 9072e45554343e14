"""Evidence in the ledger: only added to, told as the newest of each thing, and simulated worlds apart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from rushes.errors import LedgerBroken
from rushes.evidence import Evidence, EvidenceCell
from rushes.ledger import Ledger, migrate
from tests.ledger.making import NOW, intended

CELL = EvidenceCell("text", "short", "720p", True)


def evidence(**changes: Any) -> Evidence:
    made = Evidence(
        endpoint="openai/sora-2",
        cell=CELL,
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
    return replace(made, **changes)


#: Everything that makes evidence another thing.
OTHERS = {
    "run": evidence(run="other"),
    "no run": evidence(run=None),
    "endpoint": evidence(endpoint="azure/sora-2"),
    "mode": evidence(cell=replace(CELL, mode="image")),
    "length": evidence(cell=replace(CELL, length="medium")),
    "resolution": evidence(cell=replace(CELL, resolution=None)),
    "sound": evidence(cell=replace(CELL, audio=None)),
    "silence": evidence(cell=replace(CELL, audio=False)),
    "metric": evidence(metric="usable"),
    "source": evidence(source="imported"),
}


async def test_what_is_recorded_is_read_again(ledger: Ledger) -> None:
    found = [evidence(), *OTHERS.values()]

    added = await ledger.record(found, NOW)

    told = await ledger.evidence(simulated=False)
    assert added == len(told) == len(found)
    assert all(each in told for each in found)


async def test_a_mean_is_kept_to_its_last_digit(ledger: Ledger) -> None:
    exact = evidence(mean=0.1 + 0.2, sd=1 / 3)

    await ledger.record([exact], NOW)

    assert await ledger.evidence(simulated=False) == [exact]


async def test_it_is_there_at_the_next_start(tmp_path: Path) -> None:
    async with Ledger.open(tmp_path) as ledger:
        await ledger.record([evidence()], NOW)

    async with Ledger.open(tmp_path) as ledger:
        assert await ledger.evidence(simulated=False) == [evidence()]


async def test_of_the_same_thing_the_newest_counts(ledger: Ledger) -> None:
    await ledger.record([evidence(n=12)], NOW)
    await ledger.record([evidence(n=24)], NOW + timedelta(seconds=1))

    assert [each.n for each in await ledger.evidence(simulated=False)] == [24]


async def test_what_was_there_before_is_never_overwritten(ledger: Ledger) -> None:
    await ledger.record([evidence(n=12)], NOW)
    await ledger.record([evidence(n=24)], NOW + timedelta(seconds=1))

    with closing(sqlite3.connect(ledger.home / "ledger.sqlite")) as database:
        rows = database.execute("SELECT n FROM evidence ORDER BY recorded").fetchall()
    assert rows == [(12,), (24,)]


async def test_the_same_again_is_not_added_twice(ledger: Ledger) -> None:
    assert await ledger.record([evidence(), evidence(metric="usable")], NOW) == 2
    assert await ledger.record([evidence(), evidence(metric="usable", mean=0.5)], NOW + timedelta(days=1)) == 1
    assert await ledger.record([], NOW) == 0


async def test_what_was_so_before_and_is_so_again_is_added(ledger: Ledger) -> None:
    for day, n in enumerate((12, 24, 12)):
        assert await ledger.record([evidence(n=n)], NOW + timedelta(days=day)) == 1

    assert [each.n for each in await ledger.evidence(simulated=False)] == [12]


@pytest.mark.parametrize("what", OTHERS)
async def test_another_thing_stands_beside_it(ledger: Ledger, what: str) -> None:
    await ledger.record([evidence()], NOW)
    await ledger.record([OTHERS[what]], NOW + timedelta(seconds=1))

    told = await ledger.evidence(simulated=False)

    assert len(told) == 2
    assert evidence() in told
    assert OTHERS[what] in told


async def test_simulated_worlds_are_told_apart(ledger: Ledger) -> None:
    await ledger.record([evidence(), evidence(simulated=True, n=99)], NOW)

    assert [each.n for each in await ledger.evidence(simulated=False)] == [12]
    assert [each.n for each in await ledger.evidence(simulated=True)] == [99]


async def test_two_processes_may_record_at_once(tmp_path: Path) -> None:
    async with Ledger.open(tmp_path) as one, Ledger.open(tmp_path) as two:
        await one.record([evidence()], NOW)

        assert await two.record([evidence()], NOW) == 0
        assert await two.evidence(simulated=False) == [evidence()]


async def test_a_ledger_that_is_closed_takes_no_more(tmp_path: Path) -> None:
    async with Ledger.open(tmp_path) as ledger:
        pass

    with pytest.raises(LedgerBroken, match="is closed"):
        await ledger.record([evidence()], NOW)


async def test_a_ledger_of_the_form_before_keeps_its_rows_and_takes_evidence(tmp_path: Path) -> None:
    async with Ledger.open(tmp_path) as ledger:
        job = await intended(ledger)
        orders = await ledger.orders_of(job.id)
    _back_to("0001", tmp_path / "ledger.sqlite")

    async with Ledger.open(tmp_path) as ledger:
        assert await ledger.job(job.id) == job
        assert await ledger.orders_of(job.id) == orders
        assert await ledger.evidence(simulated=False) == []
        assert await ledger.record([evidence()], NOW) == 1


def _back_to(form: str, database: Path) -> None:
    """The same rows in tables as that form made them."""
    newest = database.rename(database.with_suffix(".newest"))
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, form)
    engine.dispose()
    with closing(sqlite3.connect(database)) as old:
        assert old.execute("SELECT name FROM sqlite_master WHERE name = 'evidence'").fetchone() is None
        old.execute("ATTACH ? AS newest", (str(newest),))
        for table in ("runners", "orders", "jobs", "job_orders", "submissions", "takes"):
            columns = ", ".join(f'"{row[1]}"' for row in old.execute(f"PRAGMA main.table_info({table})"))
            old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newest.{table}")
        old.commit()
