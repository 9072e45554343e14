"""One metric of two models prompt by prompt, and verdicts over a family of metrics."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.benchmarks.statistics.paired import decide, holm, paired, signed_rank
from rushes.errors import BadInput

INF = math.inf
ZEROS = [0.0] * 12


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([1, 2, 3, 4, 5, 6], 0.03125),
        ([-1, -2, -3, -4, -5, -6], 0.03125),
        ([-1, 2, 3, 4, 5, 6], 0.0625),
        ([1, 2, 3, 4, 5], 0.0625),
        # Two-sided tables: T = 2 at n = 7, 3 at n = 8, 8 at n = 10.
        ([1, -2, 3, 4, 5, 6, 7], 6 / 128),
        ([-1, -2, 3, 4, 5, 6, 7, 8], 10 / 256),
        ([-1, -2, 3, 4, -5, 6, 7, 8, 9, 10], 50 / 1024),
        ([1, -2, 3, -4], 0.875),
        ([4.5], 1.0),
        ([0, 0, 0], 1.0),
        ([], 1.0),
    ],
)
def test_few_differences_have_the_exact_probability(differences: list[float], p: float) -> None:
    assert signed_rank(differences) == pytest.approx(p)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_ties_and_zeros_are_counted_over_every_assignment_of_signs(differences: list[int]) -> None:
    sizes = [abs(each) for each in differences]
    ranks = [sum(other < size for other in sizes) + (sizes.count(size) + 1) / 2 for size in sizes]
    kept = [(rank, each > 0) for rank, each in zip(ranks, differences, strict=True) if each]
    total, positive = sum(rank for rank, _ in kept), sum(rank for rank, above in kept if above)
    sums = [
        sum(rank for (rank, _), sign in zip(kept, signs, strict=True) if sign)
        for signs in product((0, 1), repeat=len(kept))
    ]
    least = min(positive, total - positive)

    assert signed_rank(differences) == pytest.approx(min(1.0, 2 * sum(each <= least for each in sums) / len(sums)))


def test_a_zero_weakens_the_evidence_by_its_rank() -> None:
    # Pratt's own point: the zero takes rank 1, the rest keep 2 to 7.
    assert signed_rank([0, 1, 2, 3, 4, 5, 6]) == pytest.approx(0.03125)
    assert signed_rank([0, -1, 2, 3, 4, 5, 6]) == pytest.approx(0.0625)


def normal_p(n: int, positive: int) -> float:
    mean, variance = n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24
    return math.erfc((abs(positive - mean) - 0.5) / math.sqrt(2 * variance))


def test_many_differences_have_the_normal_probability_and_few_nearly_that() -> None:
    for n, within in ((26, 1e-12), (25, 0.005)):
        differences = [-k if k % 3 == 0 else k for k in range(1, n + 1)]
        positive = sum(each for each in differences if each > 0)
        assert signed_rank(differences) == pytest.approx(normal_p(n, positive), abs=within)
    assert signed_rank([0.0] * 30) == 1
    assert signed_rank([*range(1, 31)]) == pytest.approx(normal_p(30, 465))


def test_many_tied_differences_have_the_variance_of_their_mean_ranks() -> None:
    # 20 up, 10 down, all of one size: a mean rank of 15.5 each.
    variance = 30 * 15.5**2 / 4

    assert signed_rank([1.0] * 20 + [-1.0] * 10) == pytest.approx(math.erfc((5 * 15.5 - 0.5) / math.sqrt(2 * variance)))


def test_an_unknown_difference_has_no_rank() -> None:
    with pytest.raises(BadInput, match="not a number"):
        signed_rank([1.0, math.nan])


def test_holm_gives_the_adjusted_values_of_its_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_never_lowers_a_value_and_keeps_their_order(ps: list[float]) -> None:
    adjusted = holm(ps)

    assert all(p <= after <= 1 for p, after in zip(ps, adjusted, strict=True))
    by_size = [after for _, after in sorted(zip(ps, adjusted, strict=True))]
    assert by_size == sorted(by_size)


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=8), st.floats(0, 1))
def test_another_test_in_the_family_never_makes_the_others_stronger(ps: list[float], more: float) -> None:
    assert all(before <= after for before, after in zip(holm(ps), holm([*ps, more]), strict=False))


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_refused(p: float) -> None:
    with pytest.raises(BadInput, match="p-value"):
        holm([0.5, p])


def test_a_pair_of_metrics_gives_the_median_difference_its_interval_and_its_p() -> None:
    found = paired([3.0, 5.0, 4.0, 8.0, 9.0, 7.0, 6.0], [1.0, 2.0, 2.5, 4.0, 4.0, 4.5, 6.5], floor=0.1)

    assert (found.n, found.left_out, found.median) == (7, 0, 2.5)
    assert found.p == pytest.approx(4 / 128)
    assert found.interval is not None
    assert -0.5 <= found.interval.low <= 2.5 <= found.interval.high <= 5


def test_unknown_values_are_left_out_and_counted() -> None:
    found = paired([1.0, None, 3.0, math.nan, INF], [0.0, 1.0, None, 1.0, INF], floor=0)

    assert (found.n, found.left_out, found.median) == (1, 4, 1.0)


def test_without_a_shared_prompt_nothing_is_known() -> None:
    found = paired([None, 1.0], [1.0, None], floor=0)

    assert (found.n, found.median, found.interval, found.p) == (0, None, None, None)
    assert decide([found]) == ["too few prompts"]


def test_a_time_out_is_the_largest_difference_there_is() -> None:
    some = paired([INF, *range(2, 9)], [1] * 8, floor=0)
    most = paired([INF] * 8, [1] * 8, floor=0)

    assert some.median == 4.5
    assert most.median == INF
    assert some.interval is not None
    assert some.interval.high == INF
    assert decide([some, most]) == ["better", "better"]


def test_time_outs_on_both_sides_leave_the_median_unknown() -> None:
    found = paired([INF] * 4 + [1.0] * 4, [1.0] * 4 + [INF] * 4, floor=1.0)

    assert found.median is None
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (-INF, INF)
    assert decide([found]) == ["not separable"]


def test_the_word_depends_on_which_way_is_better() -> None:
    higher = paired(noise(12) * 0.1 + 1, ZEROS, floor=0.5)
    lower = paired(noise(12) * 0.1 + 1, ZEROS, floor=0.5, lower_is_better=True)

    assert decide([higher]) == ["better"]
    assert decide([lower]) == ["worse"]


def test_a_sure_difference_below_the_floor_is_the_same() -> None:
    found = paired(noise(12) * 0.01 + 0.2, ZEROS, floor=0.5)

    assert found.p is not None
    assert found.p < 0.01
    assert decide([found]) == ["same"]


def test_a_sure_difference_across_the_floor_is_not_separable() -> None:
    assert decide([paired(noise(12) * 0.2 + 0.45, ZEROS, floor=0.5)]) == ["not separable"]


def test_noise_around_zero_is_not_separable() -> None:
    assert decide([paired(noise(12), ZEROS, floor=0.1)]) == ["not separable"]


def test_five_prompts_get_no_word_and_do_not_count_in_the_family() -> None:
    five = paired([9.0] * 5, [0.0] * 5, floor=0.1)
    six = paired([9.0, 8.0, 7.0, 6.0, 5.0, 4.0], [0.0] * 6, floor=0.1)

    assert decide([six]) == ["better"]
    assert decide([five] * 7 + [six]) == ["too few prompts"] * 7 + ["better"]


def test_a_family_of_tests_asks_more_of_each() -> None:
    six = paired([9.0, 8.0, 7.0, 6.0, 5.0, 4.0], [0.0] * 6, floor=0.1)

    assert decide([six, six]) == ["not separable"] * 2
    assert decide([six, six], level=0.1) == ["better"] * 2


def test_equal_models_are_the_same_even_without_a_floor() -> None:
    assert decide([paired([3.0] * 8, [3.0] * 8, floor=0)]) == ["same"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=6, max_size=14))
def test_swapping_the_models_turns_the_sign_and_the_word(values: list[tuple[int, int]]) -> None:
    a, b = zip(*values, strict=True)
    one, other = paired(a, b, floor=1, resamples=200), paired(b, a, floor=1, resamples=200)

    assert one.median == -other.median  # type: ignore[operator]
    assert one.p == other.p
    turned = {"better": "worse", "worse": "better"}
    [word], [opposite] = decide([one]), decide([other])
    assert {word, opposite} <= {"same", "not separable"} or turned[word] == opposite


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(10)))
def test_the_order_of_prompts_does_not_matter(order: list[int]) -> None:
    a, b = noise(10), noise(10, seed=1)

    assert paired(a[order], b[order], floor=0.1, resamples=200) == paired(a, b, floor=0.1, resamples=200)


def test_bad_input_is_refused() -> None:
    with pytest.raises(BadInput, match="2 values are paired with 1"):
        paired([1.0, 2.0], [1.0], floor=0)
    for floor in (-1.0, INF, math.nan):
        with pytest.raises(BadInput, match="floor"):
            paired([1.0], [1.0], floor=floor)
    for level in (0.0, 1.0):
        with pytest.raises(BadInput, match="level"):
            decide([], level=level)


def test_metrics_without_a_difference_rarely_get_a_word_for_one() -> None:
    random = np.random.default_rng(5)
    runs = 100

    named = 0
    for run in range(runs):
        results = [paired(*random.standard_t(3, (2, 10)), floor=0, seed=run, resamples=100) for _ in range(8)]
        named += any(word in ("better", "worse") for word in decide(results))

    assert named / runs <= 0.06 + 2 * math.sqrt(0.06 * 0.94 / runs)
