"""Few polls early, dense near the expected end, never faster than the vendor allows, and always a next one."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rushes.card import Endpoint, load_cards
from rushes.jobs.polling import SLOWEST, Expectation, expected, wait

spreads = st.floats(0.05, 1.5)
medians = st.floats(1, 3600)
intervals = st.floats(0.1, 60)
expectations = st.builds(Expectation, medians, spreads)
TIMED = [each for card in load_cards().values() for each in card.endpoints if each.speed is not None]


def polls(expectation: Expectation | None, ends: float, fastest: float) -> list[float]:
    """When a job that ends after `ends` seconds is asked after, up to the poll that finds it done."""
    times = [wait(expectation, 0.0, fastest=fastest)]
    while times[-1] < ends:
        times.append(times[-1] + wait(expectation, times[-1], fastest=fastest))
    return times


@given(expectation=expectations | st.none(), elapsed=st.just(0.0) | st.floats(1e-3, 1e6), fastest=intervals)
def test_never_faster_than_the_vendor_allows_and_never_slower_than_makes_sense(
    expectation: Expectation | None, elapsed: float, fastest: float
) -> None:
    pause = wait(expectation, elapsed, fastest=fastest)

    slowest = SLOWEST if expectation is None else max(SLOWEST, expectation.median / 2)
    assert fastest <= pause <= max(slowest, fastest)


@given(expectation=expectations, fastest=intervals)
def test_a_late_job_is_asked_after_at_least_once_a_minute(expectation: Expectation, fastest: float) -> None:
    late = expectation.quantile(0.999)

    assert wait(expectation, late, fastest=fastest) <= max(SLOWEST, fastest)


@given(expectation=st.builds(Expectation, st.floats(30, 1200), st.floats(0.1, 0.6)))
def test_polls_are_densest_near_the_expected_end(expectation: Expectation) -> None:
    fastest = 0.01
    start = wait(expectation, 0.0, fastest=fastest)
    # The most probable moment of a log-normal.
    mode = expectation.median * exp(-(expectation.spread**2))
    assume(start < mode)

    assert wait(expectation, mode, fastest=fastest) < start


@given(expectation=expectations, probability=st.floats(0.001, 0.999), fastest=st.floats(1, 30))
def test_every_job_is_found_done(expectation: Expectation, probability: float, fastest: float) -> None:
    ends = expectation.quantile(probability)

    times = polls(expectation, ends, fastest)

    assert times == sorted(times)
    assert times[-1] >= ends
    assert len(times) <= ends / fastest + 2


@given(
    expectation=expectations | st.none(),
    earlier=st.floats(1e-3, 1e5),
    later=st.floats(1e-3, 1e5),
    fastest=intervals,
)
def test_who_asked_later_asks_no_earlier_again(
    expectation: Expectation | None, earlier: float, later: float, fastest: float
) -> None:
    earlier, later = sorted((earlier, later))

    first = earlier + wait(expectation, earlier, fastest=fastest)
    second = later + wait(expectation, later, fastest=fastest)

    assert first <= second * (1 + 1e-9)


def done_and_length(truth: Expectation, seconds: Any) -> tuple[Any, Any]:
    """Of jobs as in `truth`: the share that has ended by each moment, and the sum of their lengths over all jobs."""
    deviations = np.log(seconds / truth.median) / truth.spread
    share = np.vectorize(NormalDist().cdf)
    mean_length = truth.median * exp(truth.spread**2 / 2)
    return share(deviations), mean_length * share(deviations - truth.spread)


def asked_and_late(times: Sequence[float], truth: Expectation) -> tuple[float, float]:
    """Mean polls a job and mean seconds of lateness, of jobs as in `truth` that are asked after at these times."""
    done, length = (np.concatenate([[0.0], each]) for each in done_and_length(truth, np.array(times)))
    return float((1 - done[:-1]).sum()), float((times * np.diff(done) - np.diff(length)).sum())


def least_lateness(spread: float, polls: float) -> float:
    """The least mean lateness of any plan with so many polls a job on average, in shares of the median.

    By dynamic programming over the moments at which a poll may be sent, with a price on each poll.
    """
    moments = np.exp(spread * np.linspace(-4, 4.5, 500))
    done, length = (np.concatenate([[0.0], each]) for each in done_and_length(Expectation(1.0, spread), moments))
    moments = np.concatenate([[0.0], moments])

    def best(price: float) -> tuple[float, float]:
        last = len(moments) - 1
        cost, chosen = np.zeros(last + 1), np.zeros(last + 1, int)
        for at in range(last - 1, -1, -1):
            late = moments[at + 1 :] * (done[at + 1 :] - done[at]) - (length[at + 1 :] - length[at])
            total = late + price * (1 - done[at]) + cost[at + 1 :]
            chosen[at], cost[at] = at + 1 + total.argmin(), total.min()
        asked, at = 0.0, 0
        while at < last:
            asked, at = asked + 1 - done[at], int(chosen[at])
        return asked, float(cost[0] - price * asked)

    low, high = 1e-6, 0.1
    for _ in range(14):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if best(middle)[0] > polls else (low, middle)
    return best(high)[1]


@pytest.mark.parametrize("spread", [0.2, 0.3, 0.45, 0.6, 0.8])
def test_at_most_ten_polls_a_job_and_little_more_time_lost_than_must_be(spread: float) -> None:
    least = least_lateness(spread, polls=10)

    for median in (20, 60, 150, 600, 900):
        expectation = Expectation(median, spread)
        asked, late = asked_and_late(polls(expectation, expectation.quantile(1 - 1e-9), fastest=0.01), expectation)

        assert asked <= 10
        assert late <= 1.25 * least * median


def test_three_per_cent_of_a_jobs_length_is_out_of_reach_with_ten_polls() -> None:
    mean_length = exp(0.45**2 / 2)

    assert least_lateness(0.45, polls=10) > 0.03 * mean_length


@pytest.mark.parametrize("spread", [0.2, 0.45, 0.8])
@pytest.mark.parametrize("median", [60, 150, 600])
def test_a_forecast_three_times_too_short_costs_polls_and_hardly_any_time(median: float, spread: float) -> None:
    told, truth = Expectation(median, spread), Expectation(3 * median, spread)

    asked, late = asked_and_late(polls(told, truth.quantile(1 - 1e-9), fastest=0.01), truth)

    assert asked < 55
    assert late < 0.06 * truth.median


@pytest.mark.parametrize("spread", [0.05, 0.2, 0.45, 0.8])
@pytest.mark.parametrize("median", [150, 600])
def test_a_job_that_ends_far_too_early_is_noticed_at_half_the_median(median: float, spread: float) -> None:
    times = polls(Expectation(median, spread), median / 3, fastest=0.01)

    assert times[-1] <= median / 2


@pytest.mark.parametrize("spread", [0.0, 0.001, 10.0, 1e6])
@pytest.mark.parametrize("elapsed", [-20.0, 0.0, 1.0, 600.0, 1e6])
def test_a_spread_beyond_belief_and_a_clock_set_back_are_waited_through(spread: float, elapsed: float) -> None:
    pause = wait(Expectation(600.0, spread), elapsed, fastest=3)

    assert 3 <= pause <= 300


def test_a_job_without_a_prior_is_asked_after_within_a_tenth_of_its_age() -> None:
    assert wait(None, 0, fastest=3) == 5
    assert wait(None, 300, fastest=3) == 35
    assert wait(None, 10_000, fastest=3) == SLOWEST


@pytest.mark.parametrize("endpoint", TIMED, ids=lambda each: each.id)
def test_the_prior_of_a_card_has_its_own_median_and_middle(endpoint: Endpoint) -> None:
    speed = endpoint.speed
    assert speed is not None
    found, longer = expected(endpoint, speed.clip_seconds), expected(endpoint, speed.clip_seconds * 2)

    assert found is not None
    assert longer is not None
    assert found.median == pytest.approx(speed.median)
    assert found.quantile(0.9) / found.quantile(0.1) == pytest.approx(speed.high / speed.low)
    assert longer.median == pytest.approx(2 * speed.median)


def test_a_card_that_says_nothing_of_speed_has_no_prior() -> None:
    assert expected(TIMED[0].model_copy(update={"speed": None}), 8) is None


@given(expectation=expectations, probability=st.floats(0.01, 0.99))
def test_the_quantile_is_the_inverse_of_the_share_that_is_done(expectation: Expectation, probability: float) -> None:
    assert expectation.done_by(expectation.quantile(probability)) == pytest.approx(probability)
    assert expectation.done_by(0) == 0


@given(expectation=expectations, probability=st.floats(0.05, 0.95))
def test_the_hazard_is_the_rate_at_which_those_that_are_left_end(expectation: Expectation, probability: float) -> None:
    at = expectation.quantile(probability)
    step = at * expectation.spread * 1e-4

    ended = expectation.done_by(at + step) - expectation.done_by(at - step)

    assert expectation.hazard(at) == pytest.approx(ended / (2 * step) / (1 - expectation.done_by(at)), rel=1e-3)
