"""Runs in a simulated world: what is made, what is not made twice, and what stays in the table."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.app import Rushes
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.result import Result
from rushes.benchmarks.runner import begin, check_budget, check_usable, survey
from rushes.benchmarks.schedule import Slot, schedule
from rushes.benchmarks.suite import Cell
from rushes.benchmarks.table import table_of
from rushes.config import Limits
from rushes.errors import BadInput, OverBudget, SetupError, Unsupported
from rushes.jobs.machine import Event
from tests.benchmarks.conftest import DAY, NOW, accepted, make_run, make_suite

WAN = {"wan-2.5": "dashscope-intl/wan-2.5"}
#: Clips that are soon drawn.
SMALL = {"short": Cell(seconds={"wan-2.5": 5}, resolution="480p", aspect_ratio="16:9", audio=True)}
#: Jobs that the vendor ends without a clip, so that none has to be drawn.
FAILING = make_suite("[simulate: late_failure] a ball", "[simulate: late_failure] a storm")


async def test_a_run_that_was_stopped_midway_makes_only_what_is_missing(home: Path) -> None:
    suite = make_suite("a red kite", "a fox in snow", "a storm", models=WAN, cells=SMALL)
    first = asyncio.Event()
    start = asyncio.create_task(make_run(home, suite, on_result=lambda slot, result: first.set()))
    await first.wait()
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    before = Folder(home, "run").results()
    assert 0 < len(before) < 3

    making = await make_run(home, suite)

    after = Folder(home, "run").results()
    assert accepted(home) == len(after) == 3
    assert {label: after[label] for label in before} == before
    assert all(result.status == "usable" for result in after.values())
    assert len(making.survey.missing) < 3
    names = sorted(path.name for path in (home / "runs" / "run" / "clips").iterdir())
    assert names == [f"wan-2.5-short-{prompt}.mp4" for prompt in ("p1", "p2", "p3")]


async def test_a_finished_run_started_again_sends_nothing_and_writes_no_line_twice(home: Path) -> None:
    await make_run(home, FAILING)
    lines = (home / "runs" / "run" / "takes.jsonl").read_text()

    again = await make_run(home, FAILING)

    assert not again.survey.missing
    assert accepted(home) == 4
    assert (home / "runs" / "run" / "takes.jsonl").read_text() == lines


async def test_a_line_that_a_crash_kept_from_the_disk_comes_again_from_the_ledger(home: Path) -> None:
    await make_run(home, FAILING)
    path = home / "runs" / "run" / "takes.jsonl"
    whole = path.read_text()
    path.write_text(whole[: whole.rindex('"label"')])

    await make_run(home, FAILING)

    assert sorted(path.read_text().splitlines()) == sorted(whole.splitlines())
    assert accepted(home) == 4


async def test_failures_and_refusals_stay_in_the_results(home: Path) -> None:
    suite = make_suite("[simulate: late_failure] a ball", "[simulate: moderated] a storm")

    await make_run(home, suite)

    results = Folder(home, "run").results()
    assert {(result.prompt, result.status) for result in results.values()} == {("p1", "failed"), ("p2", "refused")}
    assert all(result.reason and result.waited_seconds for result in results.values())
    table = table_of(Folder(home, "run"))
    assert [(row["made"], row["usable"], row["failed"], row["refused"]) for _, row in table.summary.iterrows()] == [
        (2, 0, 1, 1),
        (2, 0, 1, 1),
    ]


async def test_an_overdue_job_is_polled_again_by_the_next_start_and_not_made_again(home: Path) -> None:
    suite = make_suite("a red kite", models=WAN, cells=SMALL)
    await make_run(home, suite, limits=Limits(deadline=5))
    [late] = Folder(home, "run").results().values()
    assert (late.status, late.waited_seconds) == ("overdue", 5.0)

    await make_run(home, suite)

    [result] = Folder(home, "run").results().values()
    assert (result.status, result.job) == ("usable", late.job)
    assert accepted(home) == 1


async def test_an_unclear_job_is_reported_and_never_made_again(home: Path) -> None:
    suite = make_suite("[simulate: drop_after_accept] a red kite", models={"veo-3.1": "vertex/veo-3.1"})

    await make_run(home, suite)
    await make_run(home, suite)

    [result] = Folder(home, "run").results().values()
    assert result.status == "unclear"
    assert result.usd == Decimal("1.60")
    assert result.usd_how == "reserved"
    assert accepted(home) == 1


async def test_each_provider_has_one_job_in_flight_and_the_providers_run_side_by_side(home: Path) -> None:
    running: dict[str, set[str]] = {"openai": set(), "dashscope-intl": set()}
    most: dict[str, int] = {"openai": 0, "dashscope-intl": 0}
    together = 0

    def note(event: Event) -> None:
        nonlocal together
        provider = event.job.endpoint.partition("/")[0]
        (running[provider].discard if event.job.ended else running[provider].add)(event.job.id)
        most[provider] = max(most[provider], len(running[provider]))
        together = max(together, sum(map(len, running.values())))

    await make_run(home, FAILING, samples=2, on_event=note)

    assert most == {"openai": 1, "dashscope-intl": 1}
    assert together == 2


async def test_a_run_can_be_given_more_samples_and_makes_only_those(home: Path) -> None:
    await make_run(home, FAILING)

    more = await make_run(home, FAILING, samples=2)

    assert [slot.sample for slot in more.survey.missing] == [2] * 4
    assert accepted(home) == 8


async def test_the_cap_of_a_run_is_checked_before_anything_is_sent(home: Path) -> None:
    async with Rushes.open(home=home, simulate=True) as rushes:
        held = await survey(rushes, schedule(FAILING, samples=1, seed=0), "run")

        assert held.usd == Decimal("1.80")
        check_budget(held, Decimal("1.80"))
        with pytest.raises(OverBudget, match=r"\$0\.01 over the cap of \$1\.79"):
            check_budget(held, Decimal("1.79"))
        assert not await rushes.jobs()


async def test_a_days_cap_that_is_reached_stops_the_run_and_says_so(home: Path) -> None:
    making = await make_run(home, FAILING, limits=Limits(max_usd_per_day=Decimal("0.95")))

    results = Folder(home, "run").results()
    assert isinstance(making.stopped, OverBudget)
    assert 0 < len(results) < 4
    assert accepted(home) == len(results)


async def test_retired_models_and_missing_keys_are_listed_by_endpoint_before_anything_is_sent(home: Path) -> None:
    async with Rushes.open(home=home, as_of=NOW.date(), environ={}) as rushes:
        held = await survey(rushes, schedule(FAILING, samples=1, seed=0), "run")

        with pytest.raises(Unsupported) as raised:
            check_usable(held, skip=False)
        assert raised.value.exit_code == 3
        said = dict(reason.split(": ", 1) for reason in raised.value.reasons)
        assert "retired on 2026-09-24" in said["openai/sora-2"]
        assert "DASHSCOPE_API_KEY" in said["dashscope-intl/wan-2.5"]
        with pytest.raises(Unsupported):
            check_usable(held, skip=True)


async def test_what_can_be_used_goes_on_without_the_rest_when_asked_to(home: Path) -> None:
    async with Rushes.open(home=home, as_of=NOW.date(), environ={"DASHSCOPE_API_KEY": "k"}) as rushes:
        held = await survey(rushes, schedule(FAILING, samples=1, seed=0), "run")

    check_usable(held, skip=True)
    assert {slot.endpoint for slot in held.missing} == {"dashscope-intl/wan-2.5"}
    assert {*held.unusable} == {"openai/sora-2"}
    assert held.usd == Decimal("1.00")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 1}, "seed 0"),
        ({"samples": 1}, "2 samples"),
        ({"simulated": False}, "simulated"),
        ({"day": NOW.date()}, "world of 2026-08-01"),
        ({"suite": make_suite("another prompt")}, "small version 1"),
    ],
)
async def test_another_run_under_the_same_name_is_refused(home: Path, changes: dict[str, object], said: str) -> None:
    folder = Folder(home, "run")
    given: dict[str, object] = {"suite": FAILING, "samples": 2, "seed": None, "simulated": True, "day": DAY}
    given |= {"now": NOW, "command": []}
    with folder.alone():
        folder.save(begin(folder, **given))  # type: ignore[arg-type]

    with pytest.raises(BadInput, match=f"begun otherwise: {said}"):
        begin(folder, **(given | changes))  # type: ignore[arg-type]


def test_two_processes_cannot_make_the_same_run(home: Path) -> None:
    with (
        Folder(home, "run").alone(),
        pytest.raises(SetupError, match="being made by another process"),
        Folder(home, "run").alone(),
    ):
        pytest.fail("the run was opened twice")


@pytest.mark.parametrize("name", ["../run", "a/b", "", ".hidden"])
def test_a_name_that_would_leave_the_folder_of_runs_is_refused(home: Path, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be the name of a run"):
        Folder(home, name)


def test_results_are_told_as_they_come(home: Path) -> None:
    told: list[tuple[Slot, Result]] = []

    asyncio.run(make_run(home, FAILING, on_result=lambda slot, result: told.append((slot, result))))

    assert {slot.label for slot, _ in told} == {result.label for _, result in told} == {*Folder(home, "run").results()}
