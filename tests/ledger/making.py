"""Rows for the ledger that no vendor ever saw."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rushes.ledger import Bytes, Caps, Intent, Job, Ledger, Order, State, TakeRow, Transition, new_id

NOW = datetime(2026, 11, 22, 10, 30, 0, 123456, tzinfo=UTC)
NO_CAPS = Caps()
ROOT = Path(__file__).parents[2]


def job(ledger: Ledger, **changes: Any) -> Job:
    """A queued job of `ledger`'s runner that reserves a dollar."""
    made = Job(
        id=new_id("job"),
        endpoint="openai/sora-2",
        simulated=False,
        run=None,
        state=State.QUEUED,
        kind=None,
        reason=None,
        runner=ledger.runner,
        fence=1,
        base_url="https://vendor.test/v1",
        samples=1,
        settings={"seconds": 4.0, "size": {"width": 1280, "height": 720}},
        changes=[],
        notes=[],
        fingerprint={"prompt": "a kite"},
        body_sha256="0" * 64,
        ticket=None,
        attempts=0,
        day="2026-11-22",
        as_of="2026-11-22",
        price=1_000_000,
        price_source="made up",
        reserved=1_000_000,
        settled=None,
        settled_how=None,
        created=NOW,
        sending=None,
        accepted=None,
        deadline=None,
        ended=None,
        time_scale=1.0,
    )
    return replace(made, **changes)


def order(**changes: Any) -> Order:
    return replace(Order(new_id("order"), NOW, None, None, False, {"prompt": "a kite"}), **changes)


def intent(ledger: Ledger, *, caps: Caps = NO_CAPS, **changes: Any) -> Intent:
    made = job(ledger, **changes)
    orders = [order(run=made.run) for _ in range(made.samples)]
    return Intent(made, orders, Bytes("/videos", "text/plain", {"x-more": "1"}, b"a kite"), caps)


async def intended(ledger: Ledger, **changes: Any) -> Job:
    """A job that stands in the ledger."""
    await ledger.beat(datetime.now(UTC))
    made = intent(ledger, **changes)
    await ledger.intend(made)
    return made.job


def move(job: Job, out_of: State, values: Mapping[str, Any], **more: Any) -> Transition:
    return Transition(job.id, job.fence, frozenset({out_of}), values, **more)


def take(job: Job, order: Order, **changes: Any) -> TakeRow:
    made = TakeRow(
        id=new_id("take"),
        order=order.id,
        job=job.id,
        sample=0,
        created=NOW,
        path="takes/clip.mp4",
        sha256="0" * 64,
        delivered={"seconds": 4.0},
        timing={"queue": None, "total": 61.5},
        cost=1_000_000,
        cost_how="estimated",
        rewritten_prompt=None,
    )
    return replace(made, **changes)


def program(code: str, *arguments: str) -> list[str]:
    """The command line of another process that runs `code`."""
    return [sys.executable, "-c", code, *arguments]
