"""What the metrics say of each model, and what the categories say of prompts: counted, and never made up."""

from __future__ import annotations

from typing import Any

import pytest

from rushes.benchmarks.clips import clips_of
from rushes.benchmarks.measured import Measured, Value
from rushes.benchmarks.metrics import METRICS
from rushes.benchmarks.panel import categories, panel
from rushes.benchmarks.result import Result
from rushes.benchmarks.suite import Count, Expect, Prompt
from tests.benchmarks.conftest import SORA, failed, make_info, make_suite, measured, took

SUITE = make_suite("a ball", "a storm", "a kite", "a fox", models=SORA)
INFO = make_info(SUITE)


def rows(results: list[Result], measures: dict[str, Measured], **info: Any) -> dict[str, dict[str, Any]]:
    """The panel's rows of the one model and cell, by metric."""
    whole = make_info(**({"suite": SUITE} | info))
    return {row["metric"]: row for row in panel(whole, clips_of(whole, results, measures))}


def of_loudness(*values: float | Value | None) -> dict[str, Any]:
    results = [took(60, f"p{number}") for number in range(1, len(values) + 1)]
    measures = {result.label: measured(result, loudness=value) for result, value in zip(results, values, strict=True)}
    return rows(results, measures)["loudness"]


def test_each_metric_has_its_median_and_quartiles_and_the_version_of_its_way() -> None:
    row = of_loudness(-30.0, -20.0, -10.0, -14.0)

    assert (row["low_quartile"], row["median"], row["high_quartile"]) == (-22.5, -17.0, -13.0)
    assert (row["clips"], row["not_measurable"], row["degenerate"]) == (4, 0, 0)
    assert (row["cell"], row["model"], row["version"]) == ("short", "sora-2", METRICS["loudness"].version)


def test_what_could_not_be_measured_is_counted_and_no_zero() -> None:
    row = of_loudness(-30.0, None, Value.missing("it has no sound"))

    assert (row["clips"], row["not_measurable"], row["median"]) == (1, 2, -30.0)


def test_degenerate_values_are_counted_and_left_out_of_the_median() -> None:
    row = of_loudness(-30.0, Value.degenerate(0.0, "it stands still"))

    assert (row["clips"], row["degenerate"], row["median"]) == (1, 1, -30.0)


def test_where_nothing_could_be_measured_there_is_no_median() -> None:
    row = of_loudness(None, None)

    assert (row["clips"], row["median"], row["low_quartile"], row["high_quartile"]) == (0, None, None, None)


def test_a_file_that_cannot_be_read_is_not_measurable() -> None:
    result = took(60, "p1")
    broken = measured(result).model_copy(update={"values": {}, "error": "the file is empty"})

    assert {row["not_measurable"] for row in rows([result], {result.label: broken}).values()} == {1}


def test_every_metric_has_a_row_and_none_where_nothing_was_measured() -> None:
    result = took(60, "p1")

    assert [*rows([result], {result.label: measured(result)})] == [*METRICS]
    assert rows([result, failed(prompt="p2")], {}) == {}


# --- categories -------------------------------------------------------------------------------------------------------


def categorised() -> Any:
    """Three prompts on physics, one on sound, each expecting two knocks."""
    prompts = tuple(
        Prompt(id=prompt.id, text=prompt.text, category=category, expect=Expect(onsets=Count(min=2, max=2)))
        for prompt, category in zip(SUITE.prompts, ("physics", "physics", "physics", "sound"), strict=True)
    )
    return make_info(SUITE.model_copy(update={"prompts": prompts}))


def test_a_category_counts_its_own_prompts_and_is_drawn_towards_the_whole() -> None:
    info = categorised()
    results = [
        took(60, "p1", category="physics"),
        took(60, "p2", category="physics"),
        failed(prompt="p3", category="physics"),
        failed(prompt="p4", category="sound"),
    ]
    measures = {
        results[0].label: measured(results[0], onsets=2),
        results[1].label: measured(results[1], onsets=5),
    }

    physics, sound = categories(info, clips_of(info, results, measures))

    assert (physics["category"], physics["prompts"], physics["clips"], physics["usable"]) == ("physics", 3, 3, 2)
    assert (physics["checks_met"], physics["checks_missed"]) == (1, 1)
    assert physics["shrunk"] == pytest.approx((2 + 20 * 0.5) / 23)
    assert (sound["category"], sound["clips"], sound["usable"]) == ("sound", 1, 0)
    assert sound["shrunk"] == pytest.approx((0 + 20 * 0.5) / 21)


def test_what_we_withdrew_belongs_to_no_category() -> None:
    info = categorised()
    results = [took(60, "p1", category="physics"), failed(prompt="p4", category="sound", status="cancelled")]

    assert [row["category"] for row in categories(info, clips_of(info, results, {}))] == ["physics"]


def test_of_no_clips_there_are_no_categories() -> None:
    assert [*categories(INFO, [])] == []
    assert [*panel(INFO, [])] == []
