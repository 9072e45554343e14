"""Votes and prompts that a difference takes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rushes.benchmarks.ratings.needed import detectable_elo, votes_for
from rushes.errors import BadInput


@pytest.mark.parametrize(("share", "votes"), [(0.55, 786), (0.6, 199), (0.65, 90), (0.7, 49), (0.75, 30), (0.8, 20)])
def test_decisive_votes_are_those_of_the_exact_sign_test(share: float, votes: int) -> None:
    elo = 400 * math.log10(share / (1 - share))

    assert votes_for(elo) == votes_for(-elo) == votes


def test_very_small_differences_take_as_many_as_the_normal_distribution_says() -> None:
    assert votes_for(3) == pytest.approx(105_000, rel=0.01)
    assert votes_for(17.5) == pytest.approx(4 * votes_for(35), rel=0.01)


def test_more_comparisons_and_more_power_take_more_votes() -> None:
    assert votes_for(35) < votes_for(35, comparisons=6) < votes_for(35, comparisons=15)
    assert votes_for(35) < votes_for(35, power=0.9)


@pytest.mark.parametrize("elo", [0, math.nan, math.inf])
def test_no_number_of_votes_shows_no_difference(elo: float) -> None:
    with pytest.raises(BadInput, match="no number of votes"):
        votes_for(elo)


def test_no_comparison_and_no_power_are_refused() -> None:
    with pytest.raises(BadInput, match="0 comparisons"):
        votes_for(35, comparisons=0)
    for power in (0.0, 1.0):
        with pytest.raises(BadInput, match="power"):
            votes_for(35, power=power)


def test_two_models_on_prompts_that_do_not_differ_take_what_votes_take() -> None:
    elo = detectable_elo(199, 1, apart=0)

    assert elo is not None
    assert elo == pytest.approx(70, rel=0.02)


def test_prompts_show_more_than_votes_on_the_same_prompts() -> None:
    many_prompts, many_votes = (detectable_elo(*each, models=4, apart=1) for each in ((100, 1), (30, 20)))

    assert many_prompts is not None
    assert many_votes is not None
    assert many_prompts < many_votes


def test_every_more_shows_smaller_differences_but_more_models_do_not() -> None:
    found = [detectable_elo(30, votes) for votes in (0.3, 1, 3, 1000)]
    assert found == sorted(found, reverse=True)  # type: ignore[type-var]
    # Endless votes leave the difference between prompts.
    assert found[-1] == pytest.approx(0.54 * math.sqrt(2 / 30) * 2.9 * 400 / math.log(10), rel=0.02)
    assert np.all(np.diff([detectable_elo(prompts, 1) for prompts in range(9, 40)]) < 0)
    assert detectable_elo(30, 1000, models=6) > detectable_elo(30, 1000, models=2)  # type: ignore[operator]


def test_fewer_than_six_prompts_show_nothing() -> None:
    assert detectable_elo(5, 100) is None
    assert detectable_elo(6, 5) is not None


def test_so_few_votes_may_show_no_difference_however_large() -> None:
    assert detectable_elo(6, 1) is None
    assert detectable_elo(10, 1) is not None


@pytest.mark.parametrize(("votes", "models", "apart"), [(0, 2, 0.6), (1, 1, 0.6), (1, 2, -1), (math.nan, 2, 0.6)])
def test_what_is_no_board_is_refused(votes: float, models: int, apart: float) -> None:
    with pytest.raises(BadInput, match="models"):
        detectable_elo(30, votes, models, apart)
