"""Ratings, their intervals, and what is said of pairs."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import ceil, log, log10, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.benchmarks.ratings.board import Board
from rushes.benchmarks.ratings.bradley_terry import ELO, strengths
from rushes.benchmarks.ratings.limits import limits
from rushes.benchmarks.ratings.rate import Ratings, Versus, rate
from rushes.benchmarks.ratings.spread import Spread, spread
from rushes.benchmarks.statistics.critical import critical
from rushes.benchmarks.statistics.resampling import draws
from rushes.benchmarks.statistics.student import quantile
from rushes.errors import BadInput
from tests.benchmarks.ballots import board, drawn_board


def only(ratings: Ratings) -> Versus:
    [pair] = ratings.pairs
    return pair


def spread_of(of: Board, contrasts: np.ndarray) -> Spread:
    return spread(of, strengths(of.wins.sum(axis=0)[None])[0], contrasts)


def always(prompts: int, share: float = 1.0) -> Ratings:
    """Two models, one vote a prompt, of which `a` gets this share of each."""
    return rate(
        board(
            np.array([[[0, share], [1 - share, 0]]] * prompts),
            (share == 0.5) * (1 - np.eye(2))[None].repeat(prompts, 0),
        )
    )


def test_a_board_is_rated_best_first_with_its_numbers() -> None:
    found = rate(drawn_board([0.8, 0.0, -0.8], 40, votes=3, sd=0.5, seed=1))

    assert [each.model for each in found.models] == ["a", "b", "c"]
    assert sum(each.elo for each in found.models) == pytest.approx(0, abs=1e-6)
    assert [(each.prompts, each.votes) for each in found.models] == [(40, 240)] * 3
    assert [each.tier for each in found.models] == [1, 2, 3]
    assert found.models[0].best > 0.99
    assert sum(each.best for each in found.models) == pytest.approx(1)
    assert (found.prompts, found.votes) == (40, 360)
    for each in found.models:
        assert each.low is not None
        assert each.high is not None
        assert each.sd is not None
        assert each.low < each.elo < each.high
        assert each.high - each.low == pytest.approx(2 * 2.02 * each.sd, rel=0.1)
    assert found.by_model["b"].elo == found.models[1].elo
    assert [(each.a, each.b) for each in found.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert all(each.verdict == "better" for each in found.pairs)


def test_ratings_are_elo_in_which_400_points_are_odds_of_ten() -> None:
    votes = np.array([[[0, 3], [1, 0]]] * 200)

    found = rate(board(votes))

    assert only(found).elo == pytest.approx(400 * log10(3), rel=0.01)
    assert found.models[0].elo == pytest.approx(only(found).elo / 2)
    assert only(found).share == 0.75


def test_a_pair_has_the_share_of_its_own_votes_and_the_difference_of_all() -> None:
    found = rate(drawn_board([0.5, 0.0, -0.5], 20, votes=2))

    for pair in found.pairs:
        assert pair.elo == pytest.approx(found.by_model[pair.a].elo - found.by_model[pair.b].elo)
        assert pair.elo >= 0
        assert (pair.prompts, pair.votes) == (20, 40)
        assert pair.share is not None
        assert 0 <= pair.share <= 1


def test_two_models_differ_by_the_t_test_of_their_prompts() -> None:
    # Twelve prompts of twenty votes each: whether prompts differ is plain, and votes are many.
    ratings = rate(one := drawn_board([0.3, -0.3], 12, votes=20, sd=1.0), resamples=2000)

    shares = one.wins[:, 0, 1] / 20
    error = shares.std(ddof=1) / sqrt(12)
    found = only(ratings)
    assert found.low is not None
    assert found.high is not None
    # In Elo near even odds, and c at least Student's.
    assert (found.high - found.low) / 2 == pytest.approx(4 * ELO * error * quantile(0.975, 11), rel=0.25)


def test_every_interval_is_as_wide_as_the_widest_of_its_three_reasons() -> None:
    # Prompts that differ; prompts that all say the same, and six pairs; and one prompt with most of the votes.
    apart = drawn_board([0.3, 0.0, -0.3], 15, votes=20, sd=1.0)
    alike = board(np.triu(np.ones((12, 4, 4)), 1))
    heavy = drawn_board([0.3, 0.0, -0.3], 15, votes=20)
    heavy.wins[0] *= 30
    widest = []

    for one in (apart, alike, heavy):
        pairs = rate(one, resamples=300).pairs
        contrasts = np.zeros((len(pairs), len(one.models)))
        for row, pair in zip(contrasts, pairs, strict=True):
            row[[one.models.index(pair.a), one.models.index(pair.b)]] = 1, -1
        found = spread_of(one, contrasts)
        together = np.zeros(len(pairs))
        if found.error.any():
            together = critical(found.values, found.known, 0, 300)
        luck = NormalDist().inv_cdf(1 - 0.025 / len(pairs)) * found.luck
        few = np.array([quantile(0.975, even - 1) for even in found.even])
        halves = np.array([together * found.error, luck, few * found.error])
        widest.append(int(halves[:, 0].argmax()))
        for pair, odds, half in zip(pairs, found.estimate, halves.max(axis=0), strict=True):
            assert (pair.low, pair.high) == pytest.approx([ELO * each for each in limits(float(odds), float(half))])

    assert widest == [0, 1, 2]


def test_votes_on_the_same_prompts_narrow_intervals_less_than_votes_on_others() -> None:
    few = only(rate(drawn_board([0.0, 0.0], 10, votes=40, sd=1.0)))
    many = only(rate(drawn_board([0.0, 0.0], 100, votes=4, sd=1.0)))

    assert many.high - many.low < 0.6 * (few.high - few.low)  # type: ignore[operator]


def test_models_that_hardly_differ_on_many_prompts_are_equivalent() -> None:
    found = rate(drawn_board([0.02, 0.0], 2000, votes=4))

    assert only(found).verdict == "equivalent"
    assert {each.tier for each in found.models} == {1}


def test_what_cannot_be_told_says_how_many_prompts_and_votes_could() -> None:
    one = drawn_board([0.2, -0.2], 30, votes=4)

    found = only(rate(one))

    assert found.verdict == "not separable"
    assert found.low is not None
    assert found.low < 0 < found.elo
    half = found.elo - found.low
    assert found.needed == pytest.approx(30 * (half / found.elo) ** 2, rel=0.1)
    assert found.needed_votes == 4 * found.needed  # type: ignore[operator]


def test_as_many_prompts_as_are_needed_do_it() -> None:
    one = drawn_board([0.2, -0.2], 30, votes=4)
    needed = only(rate(one)).needed
    assert needed is not None

    as_many = board(np.concatenate([one.wins] * ceil(needed / 30)))

    assert only(rate(one)).verdict == "not separable"
    assert only(rate(as_many)).verdict == "better"


def test_a_difference_too_small_for_a_thousand_prompts_is_treated_as_tied() -> None:
    wins = np.array([[[0.0, 1], [0, 0]], [[0, 0], [1, 0]]] * 6)
    wins[0, 0, 1] = 1.05

    found = only(rate(board(wins)))

    assert (found.verdict, found.needed, found.needed_votes) == ("not separable", None, None)


def test_a_frozen_truth_an_identical_clip_under_two_names_is_not_separable() -> None:
    random = np.random.default_rng(7)
    left = random.integers(0, 2, 30)

    found = only(rate(board([[[0, won], [1 - won, 0]] for won in left])))

    assert found.verdict == "not separable"


def test_a_model_that_always_won_is_finite_and_better() -> None:
    found = only(always(30))

    assert found.verdict == "better"
    assert found.share == 1
    assert 300 < found.elo < 1000
    assert found.low is not None
    assert found.high is not None
    assert 150 < found.low < found.elo < found.high


def test_a_few_votes_for_one_side_have_wide_intervals_though_no_prompt_disagrees() -> None:
    six, ten, thirty = (only(always(prompts)) for prompts in (6, 10, 30))

    assert six.low < ten.low < thirty.low  # type: ignore[operator]
    assert six.low < 70  # type: ignore[operator]
    assert six.high - six.low > 800  # type: ignore[operator]


def test_four_models_that_beat_each_other_in_turn_on_six_prompts_are_not_named() -> None:
    # With six pairs, six of six votes is nothing rare.
    found = rate(drawn_board([0.0] * 4, 6, votes=1, seed=11))

    assert {each.verdict for each in found.pairs} == {"not separable"}


def test_ties_alone_are_equivalent_only_when_there_are_many() -> None:
    assert only(always(30, 0.5)).verdict == "equivalent"
    few = only(always(6, 0.5))
    assert (few.verdict, few.needed, few.elo) == ("not separable", None, 0)
    assert [each.best for each in always(30, 0.5).models] == [0.5, 0.5]


def test_how_many_ties_make_models_equivalent() -> None:
    # Of 18 ties in a row two more votes may well be decisive; 26 allow 35 Elo in a 90 % interval and not in a 95 % one.
    assert [only(always(ties, 0.5)).verdict for ties in (18, 26)] == ["not separable", "equivalent"]


def test_ties_narrow_an_interval_as_coins_do_not() -> None:
    ties = only(rate(drawn_board([0.0, 0.0], 40, votes=4, ties=0.9, seed=2)))
    coins = only(rate(drawn_board([0.0, 0.0], 40, votes=4, seed=2)))

    assert ties.high - ties.low < 0.6 * (coins.high - coins.low)  # type: ignore[operator]


def test_fewer_than_six_prompts_get_numbers_and_no_verdict() -> None:
    found = rate(drawn_board([1.0, 0.0, -1.0], 5, votes=30))

    assert [(each.tier, each.best) for each in found.models] == [(None, None)] * 3
    assert all(each.low is each.high is each.sd is None for each in found.models)
    for pair in found.pairs:
        assert pair.verdict == "too few prompts"
        assert pair.low is pair.high is pair.needed is pair.needed_votes is None
    assert found.models[0].elo > 100
    assert rate(drawn_board([1.0, 0.0], 1)).models[0].elo > 0


def test_a_pair_that_was_compared_on_five_prompts_gets_no_verdict_beside_others_that_do() -> None:
    one = drawn_board([0.3, 0.0, -0.3], 30, votes=4)
    one.wins[5:, 0, 2] = one.wins[5:, 2, 0] = 0

    found = {(each.a, each.b): each for each in rate(one).pairs}

    assert found["a", "c"].verdict == "too few prompts"
    assert (found["a", "c"].prompts, found["a", "c"].votes) == (5, 20)
    assert found["a", "b"].verdict != "too few prompts"


def test_a_pair_that_never_met_is_compared_by_way_of_a_third() -> None:
    one = drawn_board([0.5, 0.0, -0.5], 30, votes=4)
    one.wins[:, 0, 2] = one.wins[:, 2, 0] = 0

    found = {(each.a, each.b): each for each in rate(one).pairs}["a", "c"]

    assert (found.share, found.votes, found.verdict) == (None, 0, "too few prompts")
    assert found.elo > 50


def test_prompts_that_say_nothing_of_a_pair_do_not_make_it_look_sure() -> None:
    # On the first eight prompts a meets b; on a hundred others b meets c.
    wins = np.zeros((108, 3, 3))
    wins[:8, 0, 1], wins[:8, 1, 0] = [4, 3, 2, 4, 3, 1, 2, 3], [0, 1, 2, 0, 1, 3, 2, 1]
    random = np.random.default_rng(3)
    wins[8:, 1, 2] = random.binomial(4, 0.5, 100)
    wins[8:, 2, 1] = 4 - wins[8:, 1, 2]

    contrast = np.array([[1.0, -1.0, 0.0]])
    alone, among = spread_of(board(wins[:8, :2, :2]), contrast[:, :2]), spread_of(board(wins), contrast)

    assert among.prompts.tolist() == alone.prompts.tolist() == [8]
    assert among.error == pytest.approx(alone.error, rel=0.1)
    assert among.even == pytest.approx(alone.even, rel=1e-3)


def test_one_prompt_with_most_of_the_votes_is_worth_little_more_than_one() -> None:
    wins = np.ones((10, 2, 2)) * (1 - np.eye(2))
    wins[0] *= 500

    found = spread_of(board(wins), np.array([[1.0, -1.0]]))

    assert found.even == pytest.approx([1.04], abs=0.02)


def test_the_jackknife_is_what_leaving_out_a_prompt_does() -> None:
    one = drawn_board([0.5, 0.0, -0.3], 25, votes=4, sd=0.5)
    contrast = np.array([[1.0, -1.0, 0.0]])

    found = spread_of(one, contrast)

    whole = one.wins.sum(axis=0)
    without = strengths(whole - one.wins) @ contrast[0]
    assert found.values[:, 0] == pytest.approx(24 * (found.estimate[0] - without), rel=0.05, abs=0.02)
    errors = sqrt(24 / 25 * ((without - without.mean()) ** 2).sum())
    assert found.error[0] == pytest.approx(errors, rel=0.02)


def test_the_luck_of_votes_is_that_of_coins() -> None:
    found = spread_of(board(np.array([[[0, 3], [1, 0]]] * 50)), np.array([[1.0, -1.0]]))

    assert found.error == pytest.approx([0])
    assert found.luck == pytest.approx([1 / sqrt(200 * 0.75 * 0.25)], rel=0.01)
    assert found.estimate == pytest.approx([log(3)], rel=0.01)


def test_one_prompt_with_most_of_the_votes_decides_nothing() -> None:
    wins = np.array([[[0.0, 1], [0, 0]], [[0, 0], [1, 0]]] * 5)
    wins[0] = [[0, 190], [10, 0]]

    found = only(rate(board(wins)))

    assert found.elo > 300
    assert found.verdict == "not separable"


def test_how_often_a_model_is_the_best_is_counted_over_resamples_as_wide_as_few_prompts_ask() -> None:
    one = drawn_board([0.15, 0.0, -0.15], 8, votes=3, sd=0.6)
    found = rate(one, resamples=300).by_model
    ratings = np.array([found[model].elo for model in one.models])

    [drawn] = draws(8, 300, 0, 9)
    again = strengths(np.einsum("rp,pij->rij", drawn, one.wins)) * ELO
    wide = ratings + sqrt(8 / 7) * quantile(0.975, 7) / 1.96 * (again - ratings)
    best = np.bincount(wide.argmax(axis=1), minlength=3) / 300

    assert [found[model].best for model in one.models] == pytest.approx(best)
    assert best.min() > 0


def test_the_same_seed_gives_the_same_ratings_and_another_nearly_the_same() -> None:
    one = drawn_board([0.3, 0.1, 0.0], 20, votes=3, sd=0.6)

    assert rate(one, seed=4) == rate(one, seed=4)
    for this, that in zip(rate(one, seed=4).models, rate(one, seed=5).models, strict=True):
        assert (this.elo, this.low, this.high) == (that.elo, that.low, that.high)
        assert this.best == pytest.approx(that.best, abs=0.06)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.permutations(range(4)))
def test_other_names_and_places_change_nothing_else(seed: int, order: list[int]) -> None:
    one = drawn_board([0.4, 0.1, 0.0, -0.4], 12, votes=2, sd=0.6, seed=seed)
    other = replace(
        one,
        models=tuple(one.models[k] for k in order),
        wins=one.wins[:, order][:, :, order],
        drawn=one.drawn[:, order][:, :, order],
    )

    before, after = rate(one, resamples=100), rate(other, resamples=100)

    for this, that in zip(before.models, after.models, strict=True):
        assert (this.model, this.tier, this.votes) == (that.model, that.tier, that.votes)
        assert (this.elo, this.low, this.high, this.best) == pytest.approx((that.elo, that.low, that.high, that.best))
    for one_pair, other_pair in zip(before.pairs, after.pairs, strict=True):
        assert (one_pair.a, one_pair.b, one_pair.verdict) == (other_pair.a, other_pair.b, other_pair.verdict)
        assert (one_pair.low, one_pair.high) == pytest.approx((other_pair.low, other_pair.high))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([6, 7, 15]), st.floats(0, 0.9))
def test_every_verdict_agrees_with_its_own_interval(seed: int, prompts: int, ties: float) -> None:
    found = rate(drawn_board([0.9, 0.1, 0.0], prompts, votes=2, sd=0.6, seed=seed, ties=ties), resamples=100)

    for pair in found.pairs:
        assert pair.low is not None
        assert pair.high is not None
        assert pair.low < pair.elo < pair.high
        assert (pair.verdict == "better") == (pair.low > 0)
        assert pair.verdict != "equivalent" or pair.low < 0
        assert pair.needed is None or (pair.verdict == "not separable" and prompts < pair.needed <= 1000)


def test_nothing_to_rate_is_refused_with_words() -> None:
    with pytest.raises(BadInput, match="0 votes on 3 models"):
        rate(board(np.zeros((4, 3, 3))))
    with pytest.raises(BadInput, match="0 votes on 1 models"):
        rate(board(np.zeros((4, 1, 1))))
    with pytest.raises(BadInput, match="0 votes on 0 models"):
        rate(board(np.zeros((0, 0, 0))))


def test_models_that_no_votes_connect_are_refused_by_name() -> None:
    wins = np.zeros((8, 4, 4))
    wins[:, 0, 1] = wins[:, 2, 3] = 1

    with pytest.raises(BadInput, match="a and b; c and d"):
        rate(board(wins))


def test_a_handful_of_resamples_is_refused() -> None:
    with pytest.raises(BadInput, match="99 resamples"):
        rate(drawn_board([0, 0], 8), resamples=99)


def test_equal_models_are_rarely_named_and_different_ones_mostly_in_their_intervals() -> None:
    """Shortened from scripts/rating_boards.py; the bounds are three standard errors of so few boards away."""
    boards, named, inside = 100, 0, []
    strength = (0.45, 0.15, -0.15, -0.45)
    points, weights = np.polynomial.hermite_e.hermegauss(40)
    apart = np.subtract.outer(strength, strength)[..., None] + sqrt(2) * 0.6 * points
    truth = ELO * strengths(1e6 * ((1 / (1 + np.exp(-apart))) @ (weights / weights.sum()))[None])[0]
    for seed in range(boards):
        equal = rate(drawn_board([0.0] * 4, 30, votes=5, sd=0.6, seed=seed), resamples=200)
        named += any(each.verdict == "better" for each in equal.pairs)
        found = rate(drawn_board(strength, 30, votes=5, sd=0.6, seed=seed + boards), resamples=200).by_model
        for model, value in zip("abcd", truth, strict=True):
            inside.append(found[model].low <= value <= found[model].high)  # type: ignore[operator]

    assert named / boards <= 0.05 + 3 * sqrt(0.05 * 0.95 / boards)
    assert np.mean(inside) >= 0.95 - 3 * sqrt(0.05 * 0.95 / boards)


def test_every_pair_is_there_once() -> None:
    found = rate(drawn_board([0.0] * 5, 8))

    assert {frozenset((each.a, each.b)) for each in found.pairs} == {
        frozenset(each) for each in combinations("abcde", 2)
    }
