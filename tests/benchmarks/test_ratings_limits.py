"""Limits of differences in strength by way of win shares."""

from __future__ import annotations

from math import exp, inf, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.benchmarks.ratings.limits import beyond_even, limits
from rushes.benchmarks.statistics.intervals import Z, wilson

ODDS = st.floats(-12, 12)
HALVES = st.floats(0.001, 20)


@pytest.mark.parametrize(("won", "votes"), [(5, 10), (17, 20), (99, 100), (1, 40)])
def test_of_independent_votes_they_are_those_of_wilson(won: int, votes: int) -> None:
    share = won / votes
    half = Z / sqrt(votes * share * (1 - share))

    low, high = limits(log(share / (1 - share)), half)

    of_shares = wilson(won, votes)
    assert of_shares is not None
    assert 1 / (1 + exp(-low)) == pytest.approx(of_shares.low)
    assert 1 / (1 + exp(-high)) == pytest.approx(of_shares.high)


def test_near_even_odds_they_are_the_plain_ones() -> None:
    assert limits(0.1, 0.05) == pytest.approx((0.05, 0.15), abs=0.001)


def test_a_model_that_won_every_one_of_many_votes_is_better_than_even() -> None:
    # 30 of 30, and half a draw: the plain limits, 4.8 ± 3.9, would do it as well, but those of 10 of 10 would not.
    share = 10.25 / 10.5
    half = Z / sqrt(10.5 * share * (1 - share))

    assert log(share / (1 - share)) < half
    assert limits(log(share / (1 - share)), half)[0] > 0
    assert beyond_even(log(share / (1 - share)), half) > 1


@given(ODDS, HALVES)
def test_the_limits_enclose_the_odds_and_turn_with_them(odds: float, half: float) -> None:
    low, high = limits(odds, half)

    assert low < odds < high
    turned = limits(-odds, half)
    assert (-turned[1], -turned[0]) == pytest.approx((low, high), rel=1e-9, abs=1e-9)


@given(ODDS, HALVES)
def test_even_odds_are_left_out_exactly_where_the_share_is_beyond_its_allowance(odds: float, half: float) -> None:
    low, high = limits(odds, half)
    beyond = beyond_even(odds, half)

    if abs(beyond - 1) > 1e-6:
        assert (low > 0 or high < 0) == (beyond > 1)


@given(ODDS, HALVES)
def test_a_larger_error_gives_wider_limits(odds: float, half: float) -> None:
    low, high = limits(odds, half)
    lower, higher = limits(odds, 1.1 * half)

    assert lower < low
    assert high < higher


def test_odds_as_far_as_numbers_go_have_limits() -> None:
    for odds in (300.0, -300.0):
        low, high = limits(odds, 2.0)
        assert -inf < low < high < inf
