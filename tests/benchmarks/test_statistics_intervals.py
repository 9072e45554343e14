"""Intervals: of shares, medians, the 95th percentile, and what a usable clip takes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.benchmarks.statistics.intervals import median_interval, p95, per_usable, wilson
from rushes.benchmarks.statistics.resampling import outer
from rushes.errors import BadInput

INF = math.inf
SOME = [31.0, 44.0, 52.0, 58.0, 61.0, 66.0, 70.0, 83.0, 97.0, 140.0, 45.0, 71.0]


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (8, 10, 0.4902, 0.9433), (5, 10, 0.2366, 0.7634), (1, 1, 0.2065, 1)],
)
def test_wilson_gives_the_published_limits(k: int, n: int, low: float, high: float) -> None:
    interval = wilson(k, n)

    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


def test_a_share_that_never_failed_may_be_one_and_one_that_never_worked_zero() -> None:
    for n in range(1, 200):
        none, all_ = wilson(0, n), wilson(n, n)
        assert none is not None
        assert all_ is not None
        assert none.low == 0
        assert all_.high == 1
        assert none.high == pytest.approx(1 - all_.low)


def test_no_tries_say_nothing_about_a_share() -> None:
    assert wilson(0, 0) is None


@pytest.mark.parametrize(("k", "n"), [(3, 2), (-1, 2), (0, -1)])
def test_an_impossible_share_is_refused(k: int, n: int) -> None:
    with pytest.raises(BadInput, match="no share"):
        wilson(k, n)


def test_a_median_has_no_interval_below_ten_values_or_eight_prompts() -> None:
    assert median_interval(SOME[:9], range(9)) is None
    assert median_interval(SOME, [k // 2 for k in range(12)]) is None
    assert median_interval(SOME, [k % 7 for k in range(12)]) is None
    assert median_interval(SOME[:10], range(10)) is not None
    assert median_interval(SOME, [k % 8 for k in range(12)]) is not None
    assert median_interval([], []) is None


def test_the_interval_of_a_median_holds_it_and_ends_at_halves_between_values() -> None:
    interval = median_interval(SOME, range(len(SOME)))

    assert interval is not None
    assert min(SOME) < interval.low < float(np.median(SOME)) < interval.high < max(SOME)


def test_a_median_of_equal_values_is_certain() -> None:
    interval = median_interval([7.0] * 12, range(12))

    assert interval is not None
    assert interval.low == interval.high == 7


def test_clips_that_took_longer_than_we_waited_open_the_interval_upward() -> None:
    some = median_interval([*SOME[:7], INF, INF, INF], range(10))
    most = median_interval([*SOME[:3], *[INF] * 9], range(12))
    all_ = median_interval([INF] * 12, range(12))

    assert some is not None
    assert most is not None
    assert all_ is not None
    assert some.low < INF
    assert some.high == INF
    assert most.high == INF
    assert all_.low == all_.high == INF


def test_prompts_are_resampled_whole_so_takes_of_one_prompt_are_no_new_evidence() -> None:
    alone = median_interval(SOME, range(12), seed=1)
    fivefold = median_interval([value for value in SOME for _ in range(5)], [k // 5 for k in range(60)], seed=1)
    mistaken = median_interval([value for value in SOME for _ in range(5)], range(60), seed=1)

    assert alone is not None
    assert fivefold is not None
    assert mistaken is not None
    assert fivefold.high - fivefold.low == pytest.approx(alone.high - alone.low, rel=0.25)
    assert mistaken.high - mistaken.low < 0.6 * (alone.high - alone.low)


def test_few_groups_have_wider_limits_than_the_plain_percentiles() -> None:
    resampled = np.random.default_rng(0).permutation(10_001).astype(float)

    # The level is the normal share below t(0.025) · sqrt(n / (n - 1)): 0.86 % for 10 groups, nearly 2.5 % for many.
    assert outer(resampled, 10) == (85, 9915)
    assert outer(resampled, 10**7) == (249, 9751)
    assert outer(resampled, 1) == (-INF, INF)


def test_the_same_seed_gives_the_same_interval() -> None:
    assert median_interval(SOME, range(12), seed=3) == median_interval(SOME, range(12), seed=3)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.1, 1e4), min_size=10, max_size=30), st.floats(0.5, 1e3))
def test_a_median_in_other_units_has_its_interval_in_those_units(values: list[float], factor: float) -> None:
    one = median_interval(values, range(len(values)), resamples=200)
    other = median_interval([value * factor for value in values], range(len(values)), resamples=200)

    assert one is not None
    assert other is not None
    assert (other.low, other.high) == pytest.approx((one.low * factor, one.high * factor))


def test_ten_thousand_values_are_resampled_in_a_few_pieces_and_give_what_theory_says() -> None:
    values = np.random.default_rng(0).normal(100, 10, 10_000)

    interval = median_interval(values.tolist(), range(10_000), resamples=400)

    # The standard error of a normal median is 1.2533 SD / sqrt(n); what resampling makes of it scatters by a tenth.
    assert interval is not None
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * 0.1253, rel=0.35)


@pytest.mark.parametrize("values", [[math.nan] * 12, [-INF] * 12])
def test_values_that_are_no_amounts_are_refused(values: list[float]) -> None:
    with pytest.raises(BadInput, match="not a number"):
        median_interval(values, range(12))
    with pytest.raises(BadInput, match="not a number"):
        p95(values)
    with pytest.raises(BadInput, match="not a number"):
        per_usable(values, [True] * 12, range(12))


def test_each_value_needs_its_prompt_and_each_amount_its_verdict() -> None:
    with pytest.raises(BadInput, match="12 values have 11 groups"):
        median_interval(SOME, range(11))
    with pytest.raises(BadInput, match="12 amounts have 2 verdicts"):
        per_usable(SOME, [True, False], range(12))
    with pytest.raises(BadInput, match="0 resamples"):
        median_interval(SOME, range(12), resamples=0)


def test_p95_has_an_upper_limit_from_59_values_and_both_from_72() -> None:
    assert p95([]) is None
    assert p95(range(58)) is None
    for n in (59, 71):
        upper = p95(range(n))
        assert upper is not None
        assert upper.low is None
        assert upper.high == n - 1
    both = p95(range(72))
    assert both is not None
    assert (both.low, both.value, both.high) == (63, 68, 71)


@pytest.mark.parametrize("n", [72, 100, 500, 3000])
def test_the_limits_of_p95_are_the_tightest_ranks_that_miss_it_in_at_most_2_5_percent_each(n: int) -> None:
    found = p95(range(n))
    log_below = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(0.95) + (n - k) * math.log(0.05)
        for k in range(n + 1)
    ]
    chance = [math.exp(each) for each in log_below]

    assert found is not None
    assert found.low is not None
    # The value at index r is above the 95th percentile if at most r values are below it.
    low, high = int(found.low), int(found.high)
    assert sum(chance[: low + 1]) <= 0.025 < sum(chance[: low + 2])
    assert sum(chance[high + 1 :]) <= 0.025 < sum(chance[high:])


def test_p95_of_many_time_outs_is_open_upward() -> None:
    found = p95([*range(60), *[INF] * 12])

    assert found is not None
    assert found.value == found.high == INF
    assert found.low is not None
    assert found.low > 55


def test_a_usable_clip_carries_what_the_failed_ones_took() -> None:
    found = per_usable([10.0] * 12, [True, False] * 6, range(12))

    assert found is not None
    assert found.value == 20
    assert found.interval is not None
    assert 10 <= found.interval.low < 20 < found.interval.high


def test_equal_amounts_and_no_failure_leave_no_doubt() -> None:
    found = per_usable([0.4] * 12, [True] * 12, range(12))

    assert found is not None
    assert found.interval is not None
    assert (found.interval.low, found.value, found.interval.high) == pytest.approx((0.4, 0.4, 0.4))


def test_nothing_usable_has_no_amount() -> None:
    assert per_usable(SOME, [False] * 12, range(12)) is None
    assert per_usable([], [], []) is None


def test_few_attempts_have_an_amount_without_an_interval() -> None:
    few = per_usable(SOME[:9], [True] * 9, range(9))
    few_prompts = per_usable(SOME, [True] * 12, [k % 4 for k in range(12)])

    assert few is not None
    assert few.interval is None
    assert few_prompts is not None
    assert few_prompts.interval is None
    assert few_prompts.value == pytest.approx(sum(SOME) / 12)


def test_an_attempt_without_end_makes_the_amount_infinite_and_only_its_own_prompt_so() -> None:
    found = per_usable([*SOME[:11], INF], [True] * 12, range(12))

    assert found is not None
    assert found.value == INF
    assert found.interval is not None
    assert found.interval.low < 200
    assert found.interval.high == INF


def test_one_usable_clip_of_many_allows_any_amount() -> None:
    found = per_usable(SOME, [True] + [False] * 11, range(12))

    assert found is not None
    assert found.value == pytest.approx(sum(SOME))
    assert found.interval is not None
    assert found.interval.high == INF


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(11)
    runs = 200
    middle = spent = 0
    for run in range(runs):
        seconds = np.exp(random.normal(0, 0.3, (10, 1)) + random.normal(0, 0.35, (10, 2))).ravel().tolist()
        usable = (random.random(20) < 0.8).tolist()
        groups = [k // 2 for k in range(20)]
        interval = median_interval(seconds, groups, seed=run, resamples=300)
        clip = per_usable(seconds, usable, groups, seed=run, resamples=300)
        assert interval is not None
        assert clip is not None
        assert clip.interval is not None
        middle += interval.low <= 1 <= interval.high
        spent += clip.interval.low <= math.exp((0.3**2 + 0.35**2) / 2) / 0.8 <= clip.interval.high

    assert middle / runs >= 0.91
    assert spent / runs >= 0.9
