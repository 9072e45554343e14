"""What a run can separate, said before it is paid for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rushes.benchmarks.statistics.power import detectable_effect, detectable_ratio, failure_bound, needed_for_ratio
from rushes.benchmarks.statistics.verdicts import compare_all
from rushes.errors import BadInput


@pytest.mark.parametrize(("prompts", "effect"), [(10, 1.00), (20, 0.66), (30, 0.53), (50, 0.40), (100, 0.28)])
def test_one_comparison_sees_about_what_a_paired_t_test_sees(prompts: int, effect: float) -> None:
    # (t(0.975) + t(0.8)) / sqrt(n); the bootstrap asks for up to 4 % more.
    assert detectable_effect(prompts) == pytest.approx(effect, rel=0.04)


def test_seconds_are_seen_by_their_ratio() -> None:
    effect = detectable_effect(30)

    assert effect is not None
    assert detectable_ratio(30, 1) == pytest.approx(math.exp(effect * 0.45 * math.sqrt(2)))
    assert detectable_ratio(30, 2) == pytest.approx(math.exp(effect * 0.45))
    assert detectable_ratio(30, 1, log_sd=0.9) == pytest.approx(math.exp(effect * 0.9 * math.sqrt(2)))


def test_more_prompts_and_samples_see_more_and_more_comparisons_less() -> None:
    ratios = [detectable_ratio(prompts, 1) for prompts in (6, 8, 10, 20, 60)]

    assert ratios == sorted(ratios, reverse=True)  # type: ignore[type-var]
    assert detectable_ratio(10, 2) < detectable_ratio(10, 1) < detectable_ratio(10, 1, comparisons=6)  # type: ignore[operator]


def test_below_six_prompts_nothing_is_seen() -> None:
    assert detectable_ratio(5, 10) is None
    assert detectable_ratio(0, 1) is None
    assert detectable_ratio(6, 1) is not None


@pytest.mark.parametrize(("ratio", "comparisons"), [(1.5, 1), (1.5, 6), (1.1, 1), (3.0, 1)])
def test_the_needed_prompts_are_the_fewest_that_see_the_ratio(ratio: float, comparisons: int) -> None:
    needed = needed_for_ratio(ratio, 1, comparisons=comparisons)

    assert needed is not None
    assert detectable_ratio(needed, 1, comparisons=comparisons) <= ratio  # type: ignore[operator]
    if needed > 6:
        assert detectable_ratio(needed - 1, 1, comparisons=comparisons) > ratio  # type: ignore[operator]
    assert needed_for_ratio(1 / ratio, 1, comparisons=comparisons) == needed


def test_a_great_ratio_needs_six_prompts_and_a_tiny_one_more_than_a_thousand() -> None:
    assert needed_for_ratio(100, 1) == 6
    assert needed_for_ratio(1.01, 1) is None
    assert needed_for_ratio(1.0, 1) is None


@pytest.mark.parametrize(("n", "bound"), [(0, 1.0), (1, 0.7935), (10, 0.2775), (30, 0.1135), (100, 0.0370)])
def test_successes_in_a_row_still_allow_failures(n: int, bound: float) -> None:
    assert failure_bound(n) == pytest.approx(bound, abs=5e-5)


def test_bad_input_is_refused() -> None:
    with pytest.raises(BadInput, match="0 samples"):
        detectable_ratio(10, 0)
    with pytest.raises(BadInput, match="0 comparisons"):
        detectable_effect(10, 0)
    with pytest.raises(BadInput, match="scatter"):
        detectable_ratio(10, 1, log_sd=0)
    for ratio in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(BadInput, match="ratio"):
            needed_for_ratio(ratio, 1)
    with pytest.raises(BadInput, match="share"):
        failure_bound(-1)


@pytest.mark.parametrize(("prompts", "models"), [(10, 4), (30, 2)])
def test_the_ratio_that_is_promised_is_seen_in_about_four_runs_of_five(prompts: int, models: int) -> None:
    ratio = detectable_ratio(prompts, 1, comparisons=models * (models - 1) // 2)
    random = np.random.default_rng(prompts)
    runs = 200

    seen = 0
    for run in range(runs):
        values = random.normal(0, 0.45, (prompts, models))
        values[:, 0] += math.log(ratio)  # type: ignore[arg-type]
        seen += compare_all(values, equivalent=0, seed=run, resamples=200)[0].verdict == "better"

    assert 0.7 <= seen / runs <= 0.9
