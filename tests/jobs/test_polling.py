"""Few polls early, dense near the expected end, never faster than the vendor allows, and always a next one."""

from __future__ import annotations

from math import exp
from random import Random
from statistics import NormalDist, mean

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


def least_lateness(spread: float, polls: float) -> float:
    """The least mean lateness, in shares of a job's length, of any plan with so many polls a job on average.

    By dynamic programming over the moments at which a poll may be sent, with a price on each poll.
    """
    moments = np.concatenate([[0.0], np.exp(spread * np.linspace(-4, 4.5, 500))])
    done = np.array([Expectation(1.0, spread).done_by(each) for each in moments])
    logs = np.log(moments[1:]) / spread + spread
    inverse = exp(spread**2 / 2) * np.array([0.0, *map(NormalDist().cdf, logs)])

    def best(price: float) -> tuple[float, float]:
        last = len(moments) - 1
        cost, chosen = np.zeros(last + 1), np.zeros(last + 1, int)
        for at in range(last - 1, -1, -1):
            late = moments[at + 1 :] * (inverse[at + 1 :] - inverse[at]) - (done[at + 1 :] - done[at])
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


@pytest.mark.parametrize(("spread", "over"), [(0.2, 1.4), (0.35, 1.3), (0.45, 1.3)])
def test_about_ten_polls_a_job_and_little_more_time_lost_than_must_be(spread: float, over: float) -> None:
    dice, median = Random(7), 120.0
    expectation = Expectation(median, spread)
    ends = [median * exp(spread * dice.gauss(0, 1)) for _ in range(2000)]

    asked = [polls(expectation, end, fastest=0.1) for end in ends]

    assert mean(len(times) for times in asked) <= 10
    lateness = mean((times[-1] - end) / end for times, end in zip(asked, ends, strict=True))
    assert lateness <= over * least_lateness(spread, polls=10)


@pytest.mark.parametrize("median", [20, 280, 900])
def test_so_it_is_for_short_jobs_and_long_ones(median: float) -> None:
    dice, spread = Random(7), 0.45
    expectation = Expectation(median, spread)

    asked = [polls(expectation, median * exp(spread * dice.gauss(0, 1)), fastest=0.1) for _ in range(1000)]

    assert mean(map(len, asked)) <= 10


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
