"""What goes into the ledger comes out again, and its names sort by time."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.ledger import Bytes, Ledger, State, new_id
from rushes.ledger.tables import Time
from tests.ledger.making import NOW, intended, intent, move, take

TIME = Time()
JSON = {"nothing": None, "list": [1, 2.5, "drei"], "deep": {"ü": {"emoji": "🎬", "quote": '"'}}, "yes": True}


async def test_a_job_comes_out_as_it_went_in(ledger: Ledger) -> None:
    job = await intended(
        ledger,
        settings=JSON,
        changes=[{"field": "seconds", "price_difference": "-0.20"}],
        notes=["a note"],
        ticket={"id": "projects/p/operations/1", "extra": {"a": "b"}},
        sending=NOW + timedelta(microseconds=1),
        settled=2**40,
        time_scale=60.5,
        price=None,
    )

    assert await ledger.job(job.id) == job


async def test_orders_and_bytes_come_out_as_they_went_in(ledger: Ledger) -> None:
    await intended(ledger)
    wanted = intent(ledger, samples=3, run="r")
    wanted = type(wanted)(
        wanted.job,
        wanted.orders,
        Bytes("/videos", "multipart/form-data; boundary=x", {"x-more": "1"}, bytes(range(256))),
    )

    await ledger.intend(wanted)

    assert await ledger.orders_of(wanted.job.id) == wanted.orders
    assert await ledger.bytes_of(wanted.job.id) == wanted.bytes


async def test_a_take_comes_out_as_it_went_in(ledger: Ledger) -> None:
    job = await intended(ledger, state=State.RUNNING)
    [order] = await ledger.orders_of(job.id)
    made = take(job, order, delivered=JSON, cost=None, cost_how="unknown", rewritten_prompt="a red kite")

    await ledger.move(move(job, State.RUNNING, {"state": State.SUCCEEDED}, takes=[made]))

    assert await ledger.take(made.id) == made
    assert await ledger.takes(order=order.id) == [made]


async def test_the_newest_come_first(ledger: Ledger) -> None:
    made = [await intended(ledger, created=NOW + timedelta(seconds=second)) for second in (2, 1, 3)]

    assert [job.created.second for job in await ledger.jobs()] == [3, 2, 1]
    assert [job.id for job in await ledger.jobs(limit=1)] == [made[2].id]


async def test_the_tickets_of_one_vendor_are_found(ledger: Ledger) -> None:
    await intended(ledger, ticket={"id": "v1", "extra": {}})
    await intended(ledger, ticket={"id": "v2", "extra": {}}, base_url="https://other.test")
    await intended(ledger)

    assert await ledger.tickets("https://vendor.test/v1") == {"v1"}


@given(st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_keeps_its_microseconds(moment: datetime) -> None:
    stored = TIME.process_bind_param(moment, None)

    assert TIME.process_result_value(stored, None) == moment


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    here = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=8)))

    assert TIME.process_result_value(TIME.process_bind_param(here, None), None) == here
    with pytest.raises(TypeError):
        TIME.process_bind_param(datetime(2026, 11, 22), None)  # noqa: DTZ001


def test_names_are_unique_also_when_made_in_one_breath() -> None:
    assert len({new_id("job") for _ in range(50_000)}) == 50_000


def test_names_sort_by_time_and_are_safe_in_paths() -> None:
    names = []
    for _ in range(5):
        names.append(new_id("take"))
        time.sleep(0.002)

    assert names == sorted(names)
    assert all(re.fullmatch(r"take-[0-9a-z]{10,30}", name) for name in names)
