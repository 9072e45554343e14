"""A database that cannot be used is one plain error, and what could not be written is not half written."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from rushes.errors import LedgerBroken
from rushes.ledger import Ledger, State
from tests.ledger.making import intended, intent, move


def set_on_every_connection(ledger: Ledger, pragma: str) -> None:
    @event.listens_for(ledger._database.engine, "checkout")
    def set_it(connection: Any, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


@contextmanager
def locked(ledger: Ledger) -> Iterator[None]:
    """Another program holds the database, and this one waits no longer than a second."""
    set_on_every_connection(ledger, "busy_timeout=1000")
    holder = sqlite3.connect(ledger.home / "ledger.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


@contextmanager
def full(ledger: Ledger) -> Iterator[None]:
    """No page can be added to the database."""
    set_on_every_connection(ledger, "max_page_count=1")
    try:
        yield
    finally:
        set_on_every_connection(ledger, "max_page_count=1000000")


async def test_a_locked_database_is_a_broken_ledger_for_everybody_who_waits(ledger: Ledger) -> None:
    job = await intended(ledger)
    with locked(ledger):
        results = await asyncio.wait_for(
            asyncio.gather(
                ledger.move(move(job, State.QUEUED, {"state": State.SENDING})),
                *(ledger.intend(intent(ledger)) for _ in range(40)),
                return_exceptions=True,
            ),
            timeout=20,  # half of what it takes if each waits for itself
        )

    assert {type(result) for result in results} == {LedgerBroken}
    assert "database is locked" in str(results[0])
    assert await ledger.jobs() == [job]


async def test_a_full_disk_is_a_broken_ledger_and_goes_on_once_there_is_room(ledger: Ledger) -> None:
    job = await intended(ledger)
    large = intent(ledger)
    large = type(large)(large.job, large.orders, type(large.bytes)("/", "text/plain", {}, b"x" * 1_000_000))
    with full(ledger):
        with pytest.raises(LedgerBroken, match="full") as refusal:
            await ledger.intend(large)
        assert await ledger.jobs() == [job]
        assert str(ledger.home) in refusal.value.message
        assert "disk" in (refusal.value.hint or "")

    await ledger.intend(large)

    assert await ledger.bytes_of(large.job.id) == large.bytes


async def test_a_file_that_was_overwritten_is_a_broken_ledger_when_read(ledger: Ledger) -> None:
    job = await intended(ledger)
    ledger._database.engine.dispose()
    for name in ("ledger.sqlite", "ledger.sqlite-wal"):
        path = ledger.home / name
        if path.exists():
            path.write_bytes(b"\0" * 100_000)

    with pytest.raises(LedgerBroken):
        await ledger.job(job.id)
