"""Two runs of one suite: what is different is found, chance is not, and what does not compare is refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import exp
from random import Random
from typing import Any

import pytest

from rushes.benchmarks.clips import clips_of
from rushes.benchmarks.compare import QUANTITIES, Difference, compare
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.measured import Measured, Value
from rushes.benchmarks.result import Result
from rushes.benchmarks.suite import Cell
from rushes.errors import BadInput
from tests.benchmarks.conftest import BOTH, SORA, failed, make_info, make_suite, measured, took

PROMPTS = 12
SUITE = make_suite(*(f"ball number {number}" for number in range(PROMPTS)), models=SORA)


def drawn(seed: int, factor: float = 1.0, spread: float = 0.1) -> list[float]:
    dice = Random(seed)
    return [60 * factor * exp(dice.gauss(0, spread)) for _ in range(PROMPTS)]


def timed(seconds: Sequence[float], **changes: Any) -> list[Result]:
    return [took(total, f"p{number}", **changes) for number, total in enumerate(seconds, start=1)]


def loudness(results: Sequence[Result], values: Sequence[float]) -> dict[str, Measured]:
    return {result.label: measured(result, loudness=value) for result, value in zip(results, values, strict=True)}


def differences(
    before: Sequence[Result],
    after: Sequence[Result],
    *,
    first: dict[str, Any] | None = None,
    second: dict[str, Any] | None = None,
    measures: Sequence[dict[str, Measured]] = ({}, {}),
) -> list[Difference]:
    one, two = (
        make_info(**({"suite": SUITE, "name": name} | (given or {})))
        for name, given in (("monday", first), ("tuesday", second))
    )
    return compare(one, clips_of(one, before, measures[0]), two, clips_of(two, after, measures[1]))


def of(quantity: str, found: list[Difference]) -> Difference:
    [row] = [each for each in found if each.quantity.name == quantity]
    return row


# --- what is found ----------------------------------------------------------------------------------------------------


def test_a_model_that_became_slower_is_found_with_how_many_times() -> None:
    row = of("seconds", differences(timed(drawn(1)), timed(drawn(2, 1.5))))

    assert row.verdict == "worse"
    assert row.change == pytest.approx(1.5, rel=0.1)
    assert row.low is not None
    assert row.high is not None
    assert 1.1 < row.low < row.change < row.high
    assert (row.prompts, row.left_out) == (PROMPTS, 0)
    assert row.p is not None
    assert row.p < 0.01
    assert row.after == pytest.approx(sum(drawn(2, 1.5)) / PROMPTS)


def test_a_model_that_became_faster_is_better() -> None:
    assert of("seconds", differences(timed(drawn(1, 1.5)), timed(drawn(2)))).verdict == "better"


def test_a_run_compared_with_itself_is_the_same_in_everything() -> None:
    results = timed(drawn(1))

    found = differences(results, results)

    assert {each.verdict for each in found} == {"same"}
    assert {each.change for each in found if each.quantity.ratio} == {1.0}


def test_a_difference_that_is_sure_and_too_small_to_matter_is_the_same() -> None:
    seconds = drawn(1)

    row = of("seconds", differences(timed(seconds), timed([1.05 * each for each in seconds])))

    assert row.verdict == "same"
    assert row.p is not None
    assert row.p < 0.01


def test_chance_is_not_separable() -> None:
    assert (
        of("seconds", differences(timed(drawn(1, spread=0.6)), timed(drawn(2, spread=0.6)))).verdict == "not separable"
    )


def test_dearer_clips_are_worse_and_free_ones_have_no_ratio() -> None:
    seconds = drawn(1)
    dearer = differences(timed(seconds), timed(seconds, usd=Decimal("0.60")))
    free = differences(timed(seconds), timed(seconds, usd=Decimal("0")))

    assert (of("dollars", dearer).verdict, of("dollars", dearer).change) == ("worse", pytest.approx(1.5))
    assert not [each for each in free if each.quantity.name == "dollars"]


def test_more_failures_are_worse_and_leave_their_seconds_out() -> None:
    seconds = drawn(1)
    broken = [failed(prompt=f"p{number}") for number in range(1, 10)]

    found = differences(timed(seconds), [*broken, *timed(seconds)[9:]])

    assert of("usable", found).verdict == "worse"
    assert (of("usable", found).before, of("usable", found).after) == (1.0, pytest.approx(0.25))
    assert (of("seconds", found).prompts, of("seconds", found).left_out) == (3, 9)
    assert of("seconds", found).verdict == "too few prompts"


def test_what_has_no_better_side_is_called_higher_or_lower() -> None:
    results = timed(drawn(1))
    levels = [-20.0 - number / 10 for number in range(PROMPTS)]
    quieter = loudness(results, [each - 6 for each in levels])

    found = differences(results, results, measures=(loudness(results, levels), quieter))
    back = differences(results, results, measures=(quieter, loudness(results, levels)))

    assert (of("loudness", found).verdict, of("loudness", found).change) == ("lower", pytest.approx(-6))
    assert of("loudness", back).verdict == "higher"


def test_degenerate_numbers_are_not_compared() -> None:
    results = timed(drawn(1))
    still = {result.label: measured(result, flicker=Value.degenerate(0.0, "it stands still")) for result in results}

    assert not [
        each for each in differences(results, results, measures=(still, still)) if each.quantity.name == "flicker"
    ]


def test_samples_of_a_prompt_are_one_number() -> None:
    one = timed([60.0] * PROMPTS)
    more = [*timed([60.0] * PROMPTS), *timed([120.0] * PROMPTS, sample=2)]

    row = of("seconds", differences(one, more))

    assert row.prompts == PROMPTS
    assert row.after == pytest.approx(90)


def test_what_we_withdrew_is_left_out() -> None:
    seconds = drawn(1)
    withdrawn = [failed(prompt="p1", status="cancelled"), *timed(seconds)[1:]]

    assert of("usable", differences(timed(seconds), withdrawn)).left_out == 1


def test_below_six_prompts_there_is_no_verdict() -> None:
    found = differences(timed(drawn(1)[:5]), timed(drawn(2, 5)[:5]))

    assert {each.verdict for each in found} == {"too few prompts"}
    assert of("seconds", found).change is not None


def test_the_more_is_compared_the_more_it_takes() -> None:
    """Eight of eight prompts are slower: p is 2 in 256, which is beyond chance among three tests and not among nine."""
    seconds = drawn(1)[:8]
    before, after = timed(seconds), timed([1.5 * each for each in seconds])
    panel = {
        result.label: measured(result, frozen=0.0, duplicates=0.0, blur=1.0, block=1.0, flicker=0.1, loudness=-20.0)
        for result in before
    }

    few = differences(before, after)
    many = differences(before, after, measures=(panel, panel))

    assert (len(few), len(many)) == (3, 9)
    assert of("seconds", few).p == of("seconds", many).p == pytest.approx(2 / 256)
    assert of("seconds", few).verdict == "worse"
    assert of("seconds", many).verdict == "not separable"


def test_only_models_and_cells_that_both_runs_have_are_compared() -> None:
    both = make_suite(*(f"ball number {number}" for number in range(PROMPTS)), models=BOTH)
    wan = [took(60, f"p{number}", model="wan-2.5") for number in range(1, PROMPTS + 1)]

    found = differences(timed(drawn(1)), [*timed(drawn(1)), *wan], second={"suite": both})

    assert {(each.model, each.cell) for each in found} == {("sora-2", "short")}


def test_where_one_run_has_no_clip_of_a_model_there_is_nothing_to_compare() -> None:
    assert differences(timed(drawn(1)), []) == []


def test_every_quantity_is_of_a_metric_that_there_is() -> None:
    assert len({each.name for each in QUANTITIES}) == len(QUANTITIES)
    assert all(each.floor > (1 if each.ratio else 0) for each in QUANTITIES)


# --- what is refused --------------------------------------------------------------------------------------------------


def changed(**changes: Any) -> dict[str, Any]:
    return {"suite": SUITE.model_copy(update=changes)}


def cell(**changes: Any) -> dict[str, Any]:
    given = {"seconds": {"sora-2": 4.0}, "resolution": "720p", "aspect_ratio": "16:9", "audio": True}
    return changed(cells={"short": Cell(**(given | changes))})


REFUSED = {
    "another suite": (changed(id="large"), "another suite: small 1 and large 1"),
    "another version": (changed(version=2), "another suite: small 1 and small 2"),
    "another world": ({"simulated": False}, "another world: simulated and real"),
    "another word": (
        {"suite": make_suite("a cube", *(f"ball number {number}" for number in range(1, PROMPTS)), models=SORA)},
        "other words under the same id: p1",
    ),
    "other models": (
        {"suite": make_suite("ball number 0", models={"ours": "openai/sora-2"})},
        "share no model and cell",
    ),
    "other cells": (changed(cells={"long": Cell(seconds={"sora-2": 12})}), "share no model and cell"),
    "another length": (cell(seconds={"sora-2": 8.0}), "a cell 'short' each, with another length"),
    "another resolution": (cell(resolution="1080p"), "a cell 'short' each, with another resolution"),
    "another sound": (cell(audio=False, aspect_ratio="9:16"), "with another aspect_ratio and audio"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_runs_that_do_not_compare_are_refused_by_name(what: str) -> None:
    second, said = REFUSED[what]
    real = [result.model_copy(update={"simulated": False}) for result in timed(drawn(1))]

    with pytest.raises(BadInput, match="monday and tuesday ") as raised:
        differences(timed(drawn(1)), real if what == "another world" else [], second=second)

    assert said in raised.value.message


def test_imported_clips_of_a_simulator_are_of_a_simulated_world() -> None:
    simulated = timed(drawn(1))

    with pytest.raises(BadInput, match="another world: simulated and real"):
        differences(
            simulated,
            [result.model_copy(update={"simulated": False}) for result in simulated],
            first={"simulated": False},
            second={"simulated": False},
        )


def test_a_run_of_some_of_the_suites_prompts_compares_on_those() -> None:
    some: RunInfo = make_info(SUITE.model_copy(update={"prompts": SUITE.prompts[:8]}))

    found = differences(timed(drawn(1)), timed(drawn(1)[:8]), second={"suite": some.suite})

    assert (of("seconds", found).prompts, of("seconds", found).left_out) == (8, 4)
