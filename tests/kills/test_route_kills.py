"""Fallbacks and batches under kills: no order is paid twice, no cap is passed, and nothing is made for the dead."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kills import harness, routes

LITE, SORA = "vertex/veo-3.1-lite", "openai/sora-2"
#: Where a process dies in its second attempt, and what must then become of that: (state, accepted) or no job at all.
CRASHES = {
    "before-intent": None,
    "after-intent": ("succeeded", 1),
    "answered": ("succeeded", 1),
    "file-written": ("succeeded", 1),
}


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Vendor]:
    with harness.vendor(tmp_path_factory.mktemp("vendor")) as running:
        yield running


@pytest.mark.parametrize("point", CRASHES)
def test_a_fallback_whose_process_is_killed_there_is_seen_to_its_end_or_never_made(
    point: str, vendor: harness.Vendor, tmp_path: Path
) -> None:
    jobs, verdict = routes.killed_in_a_fallback(tmp_path, vendor, point)

    end = CRASHES[point]
    assert [job["endpoint"] for job in jobs] == ([LITE] if end is None else [LITE, SORA])
    assert jobs[0]["state"] == "failed"
    if end is not None:
        assert (jobs[1]["state"], vendor.accepted(f"fallback {point}").total() - 1) == end, jobs[1]["reason"]
    assert verdict.wrong == []


def test_random_kills_of_fallbacks_and_batches_pay_no_clip_twice_and_pass_no_cap(tmp_path: Path) -> None:
    verdict = routes.random_kills(tmp_path, kills=3, orders=3, seed=7)

    assert verdict.wrong == []
    assert verdict.fallbacks >= 1, "hardly anything failed: this proved nothing"
    assert verdict.seen_to_the_end >= 1, "the kills fell beside the jobs: this proved nothing"
    assert verdict.run_cap_used > 0.5, "the cap of the batches was never near: this proved nothing"


def test_the_harness_catches_an_engine_that_asks_elsewhere_for_what_has_no_ticket(
    vendor: harness.Vendor, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    process = harness.start_naive(home, vendor, 24, module="naive_fallback")
    while process.poll() is None and vendor.accepted("naive").total() <= len([*home.glob("*.ticket")]):
        time.sleep(0.01)
    harness.kill(process)

    assert harness.finish(harness.start_naive(home, vendor, 24, module="naive_fallback")) == 0

    assert routes.paid_twice(vendor.truth(), "naive")


def row(endpoint: str, state: str, at: int, *, settled: int | None = 0, **changes: Any) -> dict[str, Any]:
    """A job as the ledger has it, made at that moment and over one later."""
    job = {"id": f"job-{at}", "endpoint": endpoint, "state": state, "created": at, "ended": at + 1}
    return job | {"reserved": 400_000, "settled": settled} | changes


@pytest.mark.parametrize(
    ("jobs", "takes", "spending", "wrong"),
    [
        ([row(LITE, "failed", 1), row(SORA, "succeeded", 3, settled=400_000)], 1, "free", None),
        ([row(LITE, "failed", 1), row(LITE, "succeeded", 3)], 1, "free", "asked at"),
        ([row(LITE, "unclear", 1, ended=None, settled=None), row(SORA, "succeeded", 3)], 1, "free", "was unclear"),
        ([row(LITE, "running", 1, ended=None), row(SORA, "succeeded", 3)], 1, "free", "was running"),
        ([row(LITE, "failed", 1, ended=5), row(SORA, "succeeded", 3)], 1, "free", "while job-1 was failed"),
        ([row(LITE, "succeeded", 1), row(SORA, "succeeded", 3)], 1, "free", "was succeeded"),
        ([row(LITE, "failed", 1, settled=200_000), row(SORA, "succeeded", 3)], 1, "free", "had cost 200000"),
        ([row(LITE, "failed", 1, settled=200_000), row(SORA, "succeeded", 3)], 1, "capped", None),
        ([row(LITE, "failed", 1, settled=1_700_000), row(SORA, "failed", 3, settled=None)], 0, "capped", "cost more"),
        ([row(LITE, "running", 1, ended=None)], 0, "free", "still running"),
        ([row(LITE, "succeeded", 1)], 0, "free", "with 0 takes"),
        ([row(LITE, "failed", 1)], 1, "free", "with 1 takes"),
    ],
)
def test_the_judge_of_routes_sees_what_must_never_be(
    jobs: list[dict[str, Any]], takes: int, spending: str, wrong: str | None
) -> None:
    said = routes.wrong_with(jobs, takes, spending)

    assert said == [] if wrong is None else any(wrong in each for each in said)
