"""Verdicts over all pairs of models, and the tiers that follow from them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rushes.benchmarks.statistics.critical import bonferroni, critical, expected
from rushes.benchmarks.statistics.resampling import draws
from rushes.benchmarks.statistics.student import quantile
from rushes.benchmarks.statistics.verdicts import Pair, compare_all, tiers
from rushes.errors import BadInput

NAN = math.nan
#: Eight prompts, three models, to a step that no two differences share.
TABLES = arrays(float, (8, 3), elements=st.floats(-3, 3).map(lambda x: round(x, 3)))


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def centred(*shape: int) -> np.ndarray:
    """Noise in which no model is better than another."""
    values = noise(*shape)
    return values - values.mean(axis=0)


def pair(a: int, b: int, verdict: str, estimate: float = -1.0) -> Pair:
    return Pair(a, b, 10, estimate, estimate - 1, estimate + 1, verdict, None)  # type: ignore[arg-type]


def test_a_clear_difference_is_named_with_its_sign_and_its_interval() -> None:
    values = centred(20, 2) * 0.1 + np.array([1.0, 2.0])

    [found] = compare_all(values, equivalent=0.1)

    assert (found.a, found.b, found.n, found.verdict, found.needed) == (0, 1, 20, "better", None)
    assert found.estimate == pytest.approx(float((values[:, 0] - values[:, 1]).mean()))
    assert found.low is not None
    assert found.high is not None
    assert found.low < -1 < found.high < -0.8


def test_models_within_the_margin_are_equivalent() -> None:
    [found] = compare_all(centred(30, 2) * 0.01, equivalent=0.1)

    assert found.verdict == "equivalent"
    assert found.needed is None


def test_a_difference_that_is_sure_is_named_even_within_the_margin() -> None:
    [found] = compare_all(centred(30, 2) * 0.001 + np.array([0.0, 0.05]), equivalent=0.1)

    assert found.verdict == "better"


def test_what_cannot_be_told_says_about_how_many_prompts_could() -> None:
    values = centred(30, 2) + np.array([0.0, 0.2])

    [found] = compare_all(values, equivalent=0.1)

    assert found.verdict == "not separable"
    assert found.estimate == pytest.approx(-0.2)
    assert found.low is not None
    assert found.low < 0 < found.high  # type: ignore[operator]
    # n · (c · SE / |d|)², with c that of so many prompts: nearly that of the normal distribution.
    spread = float((values[:, 0] - values[:, 1]).std(ddof=1))
    assert found.needed == pytest.approx((1.96 * spread / 0.2) ** 2, rel=0.15)


def test_a_difference_that_just_fails_needs_one_prompt_more() -> None:
    values = centred(12, 2)
    [at_zero] = compare_all(values, equivalent=0)
    assert at_zero.high is not None

    [below] = compare_all(values + np.array([0.999 * at_zero.high, 0]), equivalent=0)
    [above] = compare_all(values + np.array([1.001 * at_zero.high, 0]), equivalent=0)

    assert (below.verdict, below.needed) == ("not separable", 13)
    assert above.verdict == "better"


def test_the_interval_is_the_mean_and_its_standard_errors_as_often_as_the_critical_value_says() -> None:
    values = noise(9, 2, seed=8)
    difference = values[:, 0] - values[:, 1]
    limit = critical(difference[:, None], np.ones((9, 1), dtype=bool), seed=0, resamples=2000)[0]

    [found] = compare_all(values, equivalent=0)

    assert found.estimate == pytest.approx(difference.mean())
    assert found.high == pytest.approx(difference.mean() + limit * difference.std(ddof=1) / 3)
    assert found.low == pytest.approx(difference.mean() - limit * difference.std(ddof=1) / 3)


def test_a_difference_too_small_for_a_thousand_prompts_is_treated_as_tied() -> None:
    values = centred(10, 2) + np.array([0.0, 0.01])

    [found] = compare_all(values, equivalent=0.001)

    assert found.verdict == "not separable"
    assert found.needed is None


def test_fewer_than_six_shared_prompts_get_no_verdict() -> None:
    values = noise(8, 3) + np.array([0.0, 0.0, 50.0])
    values[:3, 2] = NAN

    found = {(each.a, each.b): each for each in compare_all(values, equivalent=0.1)}

    assert found[0, 1].n == 8
    assert found[0, 1].verdict != "too few prompts"
    for few in (found[0, 2], found[1, 2]):
        assert few.n == 5
        assert few.verdict == "too few prompts"
        assert few.estimate == pytest.approx(-50, abs=2)
        assert few.low is few.high is few.needed is None


def test_a_pair_without_a_shared_prompt_has_no_estimate() -> None:
    [found] = compare_all([[1.0, NAN]] * 8 + [[NAN, 1.0]] * 8, equivalent=0.1)

    assert (found.n, found.estimate, found.verdict) == (0, None, "too few prompts")


def test_no_prompts_one_model_and_no_model_are_no_trouble() -> None:
    assert compare_all(np.empty((0, 2)), equivalent=0.1)[0].verdict == "too few prompts"
    assert compare_all(noise(8, 1), equivalent=0.1) == []
    assert compare_all(np.empty((8, 0)), equivalent=0.1) == []


def test_differences_that_are_all_the_same_need_no_chance() -> None:
    base = noise(8, 1) * 7

    found = {(each.a, each.b): each for each in compare_all(np.hstack([base, base, base + 0.3]), equivalent=0.1)}

    assert found[0, 1].verdict == "equivalent"
    assert found[0, 1].estimate == found[0, 1].low == found[0, 1].high == 0
    assert found[0, 2].verdict == found[1, 2].verdict == "better"
    assert found[0, 2].low == found[0, 2].high == pytest.approx(-0.3)


def test_identical_models_are_equivalent_even_without_a_margin() -> None:
    assert compare_all([[2.5, 2.5]] * 6, equivalent=0)[0].verdict == "equivalent"


def test_a_certain_pair_does_not_touch_the_others() -> None:
    values = centred(12, 3)
    values[:, 1] = values[:, 0] + 0.1

    found = compare_all(values, equivalent=0.05)

    assert [each.verdict for each in found] == ["better", "not separable", "not separable"]
    assert all(each.low is not None and math.isfinite(each.low) for each in found)


@settings(max_examples=25, deadline=None)
@given(TABLES)
def test_swapping_two_models_turns_signs_and_nothing_else(values: np.ndarray) -> None:
    [one, *_], [other, *_] = (
        compare_all(each, equivalent=0.2, resamples=200) for each in (values, values[:, [1, 0, 2]])
    )

    assert one.verdict == other.verdict
    assert one.needed == other.needed
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-9)  # type: ignore[operator]
    assert one.low == pytest.approx(-other.high, abs=1e-9)  # type: ignore[operator]


@settings(max_examples=25, deadline=None)
@given(TABLES, st.integers(-50, 50), st.integers(-50, 50))
def test_what_every_model_has_in_common_changes_nothing(values: np.ndarray, everywhere: int, at_one: int) -> None:
    shifted = values + everywhere
    shifted[0] += at_one

    before, after = (compare_all(each, equivalent=0.2, resamples=200) for each in (values, shifted))

    for one, other in zip(before, after, strict=True):
        assert one.estimate == pytest.approx(other.estimate, abs=1e-9)
        assert one.low == pytest.approx(other.low, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(TABLES, st.permutations(range(8)))
def test_the_order_of_prompts_does_not_matter(values: np.ndarray, order: list[int]) -> None:
    before, after = (compare_all(each, equivalent=0.2, resamples=200) for each in (values, values[order]))

    for one, other in zip(before, after, strict=True):
        assert one.estimate == pytest.approx(other.estimate, abs=1e-9)
        assert one.low == pytest.approx(other.low, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(TABLES, st.floats(0, 1))
def test_every_verdict_agrees_with_its_own_interval(values: np.ndarray, margin: float) -> None:
    for found in compare_all(values, equivalent=margin, resamples=200):
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.estimate <= found.high  # type: ignore[operator]
        assert (found.verdict == "better") == (found.low > 0 or found.high < 0)
        assert found.needed is None or (found.verdict == "not separable" and found.n < found.needed <= 1000)


def test_prompts_that_only_one_model_has_change_nothing() -> None:
    values = noise(9, 2)

    assert compare_all(np.vstack([values, [[5.0, NAN], [NAN, NAN]]]), equivalent=0.1) == compare_all(
        values, equivalent=0.1
    )


def test_the_same_seed_gives_the_same_verdicts() -> None:
    values = noise(12, 4)

    assert compare_all(values, equivalent=0.1, seed=4) == compare_all(values, equivalent=0.1, seed=4)


@pytest.mark.parametrize("values", [[1.0, 2.0], [[[1.0]]], [[1.0, math.inf]] * 6])
def test_what_is_no_table_of_finite_numbers_is_refused(values: object) -> None:
    with pytest.raises(BadInput, match="prompts × models"):
        compare_all(values, equivalent=0.1)  # type: ignore[arg-type]


def test_a_margin_below_zero_and_a_handful_of_resamples_are_refused() -> None:
    for margin in (-0.1, NAN):
        with pytest.raises(BadInput, match="margin"):
            compare_all(noise(6, 2), equivalent=margin)
    with pytest.raises(BadInput, match="99 resamples"):
        compare_all(noise(6, 2), equivalent=0.1, resamples=99)


@pytest.mark.parametrize(("n", "columns"), [(6, 1), (6, 15), (20, 6), (60, 15)])
def test_the_critical_value_lies_between_one_comparison_and_a_bit_above_bonferroni(n: int, columns: int) -> None:
    found = critical(noise(n, columns), np.ones((n, columns), dtype=bool), seed=0, resamples=400)

    assert (found >= quantile(0.975, n - 1)).all()
    assert (found <= 1.3 * bonferroni(n, columns) + 1e-9).all()
    assert float(np.median(found)) == pytest.approx(expected(n, columns), rel=0.15)


def test_the_critical_value_is_the_95_percent_point_of_t_over_resampled_prompts() -> None:
    # Of the second column two thirds are known. Prompts are resampled in the order of their distance from the means.
    values, known = noise(24, 2, seed=4), np.ones((24, 2), dtype=bool)
    known[16:, 1] = False
    means = [values[known[:, k], k].mean() for k in (0, 1)]
    distance = (np.where(known, values - means, 0) ** 2).sum(axis=1)
    values, known = values[np.argsort(distance)], known[np.argsort(distance)]

    largest = []
    for drawn in np.concatenate([*draws(24, 400, 1, 24)]):
        scores = []
        for k, n in enumerate((24, 16)):
            some = np.repeat(values[:, k], drawn * known[:, k])
            spread = some.std(ddof=1) / math.sqrt(len(some)) if len(some) > 1 else 0
            t = abs(some.mean() - means[k]) / spread if spread else math.inf
            df = n - 1
            scores.append((8 * df + 1) / (8 * df + 3) * math.sqrt(df * math.log1p(t * t / df)) if t < math.inf else t)
        largest.append(max(scores))
    score = sorted(largest)[math.ceil(0.95 * 401) - 1]
    found = critical(values, known, seed=1, resamples=400)

    for df, t in zip((23, 15), found, strict=True):
        assert (8 * df + 1) / (8 * df + 3) * math.sqrt(df * math.log1p(t * t / df)) == pytest.approx(score)


def test_resamples_that_drew_nothing_of_a_column_do_not_make_it_look_sure() -> None:
    known = np.zeros((60, 1), dtype=bool)
    known[:5] = True

    [found] = critical(noise(60, 1, seed=4), known, seed=1, resamples=400)

    # Where they counted as no difference, it would be 3.1; resampling alone would say 5.7.
    assert found == pytest.approx(1.3 * bonferroni(5, 1))


def test_values_of_two_sizes_have_at_least_the_critical_value_of_students_t() -> None:
    # Resampled, half zeros and half ones hardly ever give a large t.
    halves = np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]])

    assert critical(halves, np.ones((6, 1), dtype=bool), seed=0, resamples=2000) == [quantile(0.975, 5)]


def test_many_prompts_that_share_models_need_less_than_bonferroni() -> None:
    values = noise(200, 1) + noise(200, 6, seed=1) * 0.1

    assert critical(values, np.ones((200, 6), dtype=bool), seed=0, resamples=1000).max() < 0.9 * bonferroni(200, 6)


def test_a_column_of_few_prompts_has_the_higher_critical_value() -> None:
    known = np.ones((30, 2), dtype=bool)
    known[8:, 1] = False

    many, few = critical(noise(30, 2), known, seed=0, resamples=1000)

    assert quantile(0.975, 29) < many < few


@pytest.mark.parametrize(("prompts", "models"), [(6, 2), (10, 4)])
def test_runs_without_a_difference_rarely_name_one(prompts: int, models: int) -> None:
    random = np.random.default_rng([prompts, models])
    runs = 300

    named = 0
    for run in range(runs):
        values = random.standard_t(3, (prompts, models)) * np.linspace(1, 3, models)
        named += any(each.verdict == "better" for each in compare_all(values, equivalent=0, seed=run, resamples=200))

    # 6 % and what 300 runs may be off by.
    assert named / runs <= 0.06 + 2 * math.sqrt(0.06 * 0.94 / runs)


def test_tiers_join_what_cannot_be_told_from_the_best() -> None:
    pairs = [pair(0, 1, "equivalent"), pair(0, 2, "better"), pair(1, 2, "not separable")]

    assert tiers([0, 1, 2], pairs) == [1, 1, 2]
    assert tiers([2, 1, 0], [pair(0, 1, "equivalent"), pair(0, 2, "better", 1.0), pair(1, 2, "not separable")]) == [
        1,
        1,
        2,
    ]


def test_a_model_that_nothing_tells_from_the_best_is_never_called_second() -> None:
    pairs = [pair(0, 1, "better"), pair(0, 2, "not separable"), pair(1, 2, "not separable")]

    assert tiers([0, 1, 2], pairs) == [1, 2, 1]


def test_three_separable_models_have_three_tiers_whichever_way_is_better() -> None:
    low = [pair(0, 1, "better"), pair(0, 2, "better"), pair(1, 2, "better")]
    high = [pair(0, 1, "better", 1.0), pair(0, 2, "better", 1.0), pair(1, 2, "better", 1.0)]

    assert tiers([0, 1, 2], low) == [1, 2, 3]
    assert tiers([0, 1, 2], high, lower_is_better=False) == [1, 2, 3]


def test_a_model_without_a_verdict_is_in_no_tier() -> None:
    pairs = [pair(0, 1, "better"), pair(0, 2, "too few prompts"), pair(1, 2, "too few prompts")]

    assert tiers([2, 0, 1], pairs) == [None, 1, 2]
    assert tiers([0, 1, 2], [pair(0, 1, "too few prompts")]) == [None, None, None]
    assert tiers([], []) == []


def test_a_model_not_compared_with_the_best_is_placed_only_where_that_is_known() -> None:
    beside_second = [pair(0, 1, "better"), pair(0, 2, "too few prompts"), pair(1, 2, "equivalent")]
    beaten_by_second = [pair(0, 1, "better"), pair(0, 2, "too few prompts"), pair(1, 2, "better")]

    assert tiers([0, 1, 2], beside_second) == [1, 2, 2]
    assert tiers([0, 1, 2], beaten_by_second) == [1, 2, None]


def test_an_order_that_contradicts_the_shared_prompts_does_not_put_the_better_one_below() -> None:
    assert tiers([1, 0], [pair(0, 1, "better", -1.0)]) == [2, 1]
