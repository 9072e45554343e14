"""Runs in a simulated world: what is made, what is not made twice, and what stays in the table."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rushes.app import Rushes
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.result import Result
from rushes.benchmarks.runner import begin, check_budget, check_usable, survey
from rushes.benchmarks.schedule import Slot, schedule
from rushes.benchmarks.settings import RunSettings
from rushes.benchmarks.suite import Cell, Suite
from rushes.benchmarks.table import table_of
from rushes.card import SHIPPED
from rushes.config import Limits
from rushes.errors import BadInput, OverBudget, Unsupported
from rushes.jobs.machine import Event
from tests.benchmarks.conftest import DAY, NOW, SORA, WAN, accepted, make_run, make_suite

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
    assert all(result.status == "delivered" for result in after.values())
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
    assert [(row["tried"], row["usable"], row["failed"], row["refused"]) for _, row in table.summary.iterrows()] == [
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
    assert (result.status, result.job) == ("delivered", late.job)
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

    await make_run(home, FAILING, settings=RunSettings(samples=2), on_event=note)

    assert most == {"openai": 1, "dashscope-intl": 1}
    assert together == 2


async def test_a_run_can_be_given_more_samples_and_makes_only_those(home: Path) -> None:
    await make_run(home, FAILING)

    more = await make_run(home, FAILING, settings=RunSettings(samples=2))

    assert [slot.sample for slot in more.survey.missing] == [2] * 4
    assert accepted(home) == 8


async def test_the_cap_of_a_run_is_checked_before_anything_is_sent(home: Path) -> None:
    async with Rushes.open(home=home, simulate=True) as rushes:
        held = await survey(rushes, schedule(FAILING, samples=1, seed=0), "run", RunSettings())

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
        held = await survey(rushes, schedule(FAILING, samples=1, seed=0), "run", RunSettings())

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
        held = await survey(rushes, schedule(FAILING, samples=1, seed=0), "run", RunSettings())

    check_usable(held, skip=True)
    assert {slot.endpoint for slot in held.missing} == {"dashscope-intl/wan-2.5"}
    assert {*held.unusable} == {"openai/sora-2"}
    assert held.usd == Decimal("1.00")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"settings": RunSettings(seed=1, samples=2)}, "seed 0"),
        ({"settings": RunSettings(samples=1)}, "2 samples"),
        ({"settings": RunSettings(samples=2, fit="nearest")}, "fit exact"),
        ({"simulated": False}, "simulated"),
        ({"day": NOW.date()}, "world of 2026-08-01"),
        ({"suite": make_suite("another prompt")}, "small version 1"),
        ({"suite": FAILING.model_copy(update={"version": 2})}, "small version 1"),
        ({"suite": FAILING.model_copy(update={"models": SORA})}, "small version 1"),
    ],
)
def test_another_run_under_the_same_name_is_refused(home: Path, changes: dict[str, Any], said: str) -> None:
    folder = Folder(home, "run")
    given: dict[str, Any] = {"suite": FAILING, "settings": RunSettings(samples=2), "simulated": True, "day": DAY}
    given |= {"now": NOW, "command": []}
    with folder.alone():
        folder.save(begin(folder, **given))

    with pytest.raises(BadInput, match=f"begun otherwise: {said}"):
        begin(folder, **(given | changes))


def test_the_same_run_goes_on_with_more_samples_and_another_pace(home: Path) -> None:
    folder = Folder(home, "run")
    given: dict[str, Any] = {"suite": FAILING, "simulated": True, "day": DAY, "command": []}
    with folder.alone():
        folder.save(begin(folder, settings=RunSettings(), now=NOW, **given))
    more = RunSettings(samples=3, concurrency={"openai": 2}, block_minutes=5, unpriced=True)

    again = begin(folder, settings=more, now=NOW + timedelta(days=1), **given)

    assert again.settings == more
    assert again.started == NOW


@pytest.mark.parametrize(
    ("suite", "lacking"),
    [(make_suite("a ball", models={}), "models"), (make_suite("a ball", cells={}), "cells")],
)
def test_nothing_can_be_made_of_a_suite_without_models_or_cells(home: Path, suite: Suite, lacking: str) -> None:
    given: dict[str, Any] = {"settings": RunSettings(), "simulated": True, "day": DAY, "now": NOW, "command": []}

    with pytest.raises(BadInput, match=f"has no {lacking}: nothing can be made of it") as raised:
        begin(Folder(home, "run"), suite, **given)

    assert "rushes bench import" in (raised.value.hint or "")
    assert not (home / "runs" / "run").exists()


def test_results_are_told_as_they_come(home: Path) -> None:
    told: list[tuple[Slot, Result]] = []

    asyncio.run(make_run(home, FAILING, on_result=lambda slot, result: told.append((slot, result))))

    assert {slot.label for slot, _ in told} == {result.label for _, result in told} == {*Folder(home, "run").results()}


# --- blocks and lanes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """When a slot was sent and when it ended, by the simulated world's clock."""

    block: int
    provider: str
    sent: datetime
    ended: datetime


async def sent(home: Path) -> list[Sent]:
    """Every slot of the run."""
    found = []
    async with Rushes.open(home=home, simulate=True, resume=False) as rushes:
        for result in Folder(home, "run").results().values():
            job = await rushes.job(result.job or "")
            ended = job.ended or job.deadline
            assert result.block is not None
            assert job.sending is not None
            assert ended is not None
            found.append(Sent(result.block, job.endpoint.partition("/")[0], job.sending, ended))
    return sorted(found, key=lambda each: each.sent)


def blocks_before(each: Sent, all_of_them: list[Sent]) -> int:
    """How many earlier blocks had not ended when it was sent."""
    ends: dict[int, datetime] = {}
    for one in all_of_them:
        ends[one.block] = max(one.ended, ends.get(one.block, one.ended))
    return sum(block < each.block and end > each.sent for block, end in ends.items())


def begun(all_of_them: list[Sent]) -> list[datetime]:
    """When each block began, in their order."""
    return [
        min(one.sent for one in all_of_them if one.block == block) for block in sorted({o.block for o in all_of_them})
    ]


MANY = make_suite(*(f"[simulate: late_failure] ball number {number}" for number in range(6)))


async def test_no_job_is_sent_before_the_block_before_it_has_ended(home: Path) -> None:
    await make_run(home, MANY)

    found = await sent(home)
    assert len(found) == 12
    assert {blocks_before(each, found) for each in found} == {0}


async def test_a_provider_that_may_have_three_jobs_in_flight_has_three_and_goes_three_blocks_ahead(home: Path) -> None:
    await make_run(home, MANY, settings=RunSettings(concurrency={"openai": 3}))

    found = await sent(home)
    openai = [each for each in found if each.provider == "openai"]
    flying = [sum(one.sent <= each.sent < one.ended for one in openai) for each in openai]
    assert max(flying) == 3
    assert max(blocks_before(each, found) for each in openai) == 2
    others = [each for each in found if each.provider != "openai"]
    assert {blocks_before(each, found) for each in others} == {0}
    assert all(sum(one.sent <= each.sent < one.ended for one in others) == 1 for each in others)


async def test_blocks_that_are_spread_out_begin_so_long_after_each_other(home: Path) -> None:
    await make_run(home, MANY, settings=RunSettings(block_minutes=30))

    times = begun(await sent(home))
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert all(1800 <= gap < 1805 for gap in gaps)


async def test_after_a_block_that_took_longer_the_next_ones_keep_their_distance(home: Path) -> None:
    """Ten minutes between blocks; the first takes half an hour, until its deadline."""
    slow = make_suite(
        "[simulate: never_finishes] a ball", "[simulate: late_failure] a kite", "[simulate: late_failure] a"
    )
    seed = next(seed for seed in range(9) if schedule(slow, samples=1, seed=seed)[0].prompt.id == "p1")

    await make_run(home, slow, settings=RunSettings(seed=seed, block_minutes=10))

    first, second, third = begun(await sent(home))
    assert (second - first).total_seconds() >= 1800
    assert 600 <= (third - second).total_seconds() < 605


async def test_only_blocks_with_something_to_send_are_spread_out(home: Path) -> None:
    """Of three samples one is there: the other two wait for each other alone."""
    one = make_suite("[simulate: late_failure] a ball")
    await make_run(home, one)

    await make_run(home, one, settings=RunSettings(samples=3, block_minutes=60))

    _, second, third = begun(await sent(home))
    assert 3600 <= (third - second).total_seconds() < 3605


# --- what is sent -----------------------------------------------------------------------------------------------------


def seven_seconds() -> Suite:
    """A length that Sora does not make."""
    cell = Cell(seconds={"sora-2": 7}, resolution="720p", aspect_ratio="16:9", audio=True)
    return make_suite("[simulate: late_failure] a ball", models=SORA, cells={"short": cell})


async def test_what_does_not_fit_is_refused_with_every_reason(home: Path) -> None:
    made = await make_run(home, seven_seconds())

    assert not made.survey.slots
    assert "7" in made.survey.unusable["openai/sora-2"][0]
    with pytest.raises(Unsupported):
        check_usable(made.survey, skip=True)


async def test_what_may_be_adapted_is_sent_and_every_change_is_listed(home: Path) -> None:
    made = await make_run(home, seven_seconds(), settings=RunSettings(fit="nearest"))

    [result] = Folder(home, "run").results().values()
    assert made.survey.usd == Decimal("0.80")
    assert result.sent["seconds"] == 8
    assert [(change["field"], change["asked"], change["sent"]) for change in result.changes] == [
        ("seconds", "7 s", "8 s")
    ]
    said = "openai/sora-2 was sent what it can make instead of what was asked: seconds 7 s → 8 s."
    assert said in table_of(Folder(home, "run")).notes


async def test_an_endpoint_without_a_price_is_used_only_where_that_is_allowed(home: Path, tmp_path: Path) -> None:
    card = (SHIPPED / "wan-2.5.yaml").read_text()
    prices = [line for line in card.splitlines(keepends=True) if "source: intl-price}" in line]
    config = tmp_path / "config"
    (config / "models").mkdir(parents=True)
    (config / "models" / "wan.yaml").write_text(card.replace("    prices:\n" + "".join(prices), "    prices: []\n", 1))
    suite = make_suite("[simulate: late_failure] a ball", models=WAN)

    refused = await make_run(home, suite, config=config)
    allowed = await make_run(home, suite, config=config, settings=RunSettings(unpriced=True))

    assert "price" in refused.survey.unusable["dashscope-intl/wan-2.5"][0]
    assert len(allowed.survey.missing) == 1
    [result] = Folder(home, "run").results().values()
    assert (result.status, result.usd, result.usd_how) == ("failed", None, "unknown")


async def test_a_prompts_picture_is_sent_from_the_runs_own_folder(home: Path, tmp_path: Path) -> None:
    picture = tmp_path / "boat.png"
    picture.write_bytes((SHIPPED.parent / "suites" / "images" / "boat.png").read_bytes())
    words = make_suite("[simulate: late_failure] the boat drifts")
    suite = words.model_copy(update={"prompts": (words.prompts[0].model_copy(update={"image": picture}),)})
    folder = Folder(home, "run")
    with folder.alone():
        given = {"simulated": True, "day": DAY, "now": NOW, "command": []}
        folder.save(begin(folder, suite, RunSettings(), **given))  # type: ignore[arg-type]
    picture.unlink()

    await make_run(home, folder.with_images(folder.known().suite))

    results = folder.results().values()
    assert {result.sent["mode"] for result in results} == {"image"}
    assert {result.asked["image"] for result in results} == {str(folder.path / "images" / "p1.png")}
    assert accepted(home) == 2


# --- turned away ------------------------------------------------------------------------------------------------------


async def test_an_endpoint_that_retires_in_the_middle_is_asked_no_more_and_the_others_go_on(home: Path) -> None:
    day = date(2026, 9, 23)  # Sora 2's last
    made = await make_run(home, MANY, day=day, settings=RunSettings(block_minutes=1440))

    results = Folder(home, "run").results().values()
    assert "openai/sora-2" in made.closed
    assert made.stopped is None
    assert sum(result.model == "sora-2" for result in results) == 2  # one made, one turned away
    assert sum(result.model == "wan-2.5" for result in results) == 6
    folder = Folder(home, "run")
    folder.save(folder.known().model_copy(update={"closed": made.closed}))
    table = table_of(folder)
    assert not table.complete
    assert f"Turned us away: openai/sora-2: {made.closed['openai/sora-2']}." in table.notes
    assert "8 of 12 clips were tried." in table.notes


async def test_what_no_vendor_took_is_no_failure_of_the_model_and_is_made_again(home: Path) -> None:
    """A vendor is busy for longer than we wait, and less so at the next start."""
    busy = make_suite("[simulate: rate_limited_bare x24] [simulate: late_failure] a ball", models=SORA)

    made = await make_run(home, busy)
    before = Folder(home, "run").results()
    again = await make_run(home, busy)

    assert {*made.closed} == {"openai/sora-2"}
    assert before == {}
    assert len(again.survey.missing) == 1
    assert [result.status for result in Folder(home, "run").results().values()] == ["failed"]
    assert accepted(home) == 1


async def test_two_names_of_one_endpoint_are_made_side_by_side_and_paid_each(home: Path) -> None:
    suite = make_suite("[simulate: late_failure] a ball", models={"one": "openai/sora-2", "two": "openai/sora-2"})

    made = await make_run(home, suite)

    assert made.survey.usd == Decimal("0.80")
    assert {(result.model, result.endpoint) for result in Folder(home, "run").results().values()} == {
        ("one", "openai/sora-2"),
        ("two", "openai/sora-2"),
    }
    assert accepted(home) == 2


async def test_how_long_it_takes_is_no_less_than_the_blocks_and_no_less_than_the_slowest_provider(home: Path) -> None:
    async with Rushes.open(home=home, simulate=True) as rushes:
        slots = schedule(MANY, samples=1, seed=0)
        plain, wide, paced = [
            (await survey(rushes, slots, "run", settings)).seconds or 0
            for settings in (
                RunSettings(),
                RunSettings(concurrency={"openai": 6, "dashscope-intl": 6}),
                RunSettings(block_minutes=60),
            )
        ]

    assert wide < plain < paced
    assert paced == 5 * 3600
