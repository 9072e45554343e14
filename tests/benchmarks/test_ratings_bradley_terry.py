"""Strengths from wins, beside two other programs that compute them."""

from __future__ import annotations

import math

import choix
import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rushes.benchmarks.ratings.bradley_terry import ELO, chances, count, strengths
from rushes.errors import BadInput

#: Votes on four models.
TABLES = arrays(float, (4, 4), elements=st.integers(0, 9).map(float))


def connected(seed: int) -> np.ndarray:
    """Wins of some models, each of which won and lost against the next."""
    random = np.random.default_rng(seed)
    k = int(random.integers(2, 9))
    wins = random.integers(0, 12, (k, k)) * (random.random((k, k)) < 0.6)
    for model in range(k):
        other = (model + 1) % k
        wins[model, other] += 1
        wins[other, model] += 1
    np.fill_diagonal(wins, 0)
    return wins.astype(float)


@pytest.mark.parametrize("seed", range(12))
def test_strengths_are_those_of_choix_and_evalica(seed: int) -> None:
    wins = connected(seed)
    games = [(a, b) for a, b in np.ndindex(wins.shape) for _ in range(int(wins[a, b]))]

    [ours] = strengths(wins[None], prior=0)

    assert ours == pytest.approx(choix.ilsr_pairwise_dense(wins), abs=1e-6)
    xs, ys = zip(*games, strict=True)
    theirs = evalica.bradley_terry(xs, ys, [evalica.Winner.X] * len(games), tolerance=1e-9, limit=20_000).scores
    logs = np.log(theirs.sort_index().to_numpy())
    assert ours == pytest.approx(logs - logs.mean(), abs=1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_ties_as_half_wins_are_those_of_evalica(seed: int) -> None:
    random = np.random.default_rng(seed)
    xs = random.integers(0, 5, 300)
    ys = (xs + random.integers(1, 5, 300)) % 5
    says = random.choice([1.0, 0.0, 0.5], 300)
    words = {1.0: evalica.Winner.X, 0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw}

    [ours] = strengths(count(xs, ys, says, np.zeros(300, dtype=int), 1, 5), prior=0)

    theirs = evalica.bradley_terry(xs.tolist(), ys.tolist(), [words[each] for each in says], tolerance=1e-9).scores
    logs = np.log(theirs.sort_index().to_numpy())
    assert ours == pytest.approx(logs - logs.mean(), abs=1e-3)


def test_three_wins_of_four_are_odds_of_three() -> None:
    [found] = strengths(np.array([[[0, 3], [1, 0]]]), prior=0)

    assert found == pytest.approx([math.log(3) / 2, -math.log(3) / 2])
    assert ELO * (found[0] - found[1]) == pytest.approx(400 * math.log10(3))


def test_the_prior_is_half_a_draw_on_each_pair() -> None:
    [found] = strengths(np.array([[[0, 6], [0, 0]]]))

    assert found[0] - found[1] == pytest.approx(math.log(6.25 / 0.25))


def test_a_model_that_always_won_is_finite_and_more_wins_are_more() -> None:
    chain = np.zeros((3, 12, 12))
    for place in range(11):
        chain[:, place, place + 1] = (1, 1000, 1e6)

    found = strengths(chain)

    assert np.isfinite(found).all()
    assert (np.diff(found, axis=1) < 0).all()
    assert found[0, 0] < found[1, 0] < found[2, 0]


def test_without_a_prior_a_model_that_always_won_has_no_strength() -> None:
    with pytest.raises(BadInput, match="never lost"):
        strengths(np.array([[[0, 6], [0, 0]]]), prior=0)
    with pytest.raises(BadInput, match="never lost"):
        strengths(np.zeros((1, 3, 3)), prior=0)


def test_without_votes_all_are_equal_and_one_model_is_its_own_mean() -> None:
    assert (strengths(np.zeros((2, 3, 3))) == 0).all()
    assert strengths(np.zeros((2, 1, 1)), prior=0).tolist() == [[0.0], [0.0]]
    assert strengths(np.zeros((0, 3, 3))).shape == (0, 3)


@pytest.mark.parametrize("wins", [np.zeros((3, 3)), np.zeros((1, 2, 3)), np.zeros((1, 0, 0)), [[[0, -1], [1, 0]]]])
def test_what_is_no_table_of_wins_is_refused(wins: object) -> None:
    with pytest.raises(BadInput, match="wins"):
        strengths(wins)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(BadInput, match="numbers from 0 up"):
        strengths(np.full((1, 2, 2), bad))
    with pytest.raises(BadInput, match="numbers from 0 up"):
        strengths(np.ones((1, 2, 2)), prior=bad)


@settings(max_examples=50, deadline=None)
@given(TABLES, st.floats(0.1, 2))
def test_every_model_wins_as_often_as_its_strength_says(wins: np.ndarray, prior: float) -> None:
    np.fill_diagonal(wins, 0)
    [found] = strengths(wins[None], prior)

    with_prior = wins + prior / 2 * (1 - np.eye(4))
    met = with_prior + with_prior.T
    assert (met * chances(found)).sum(axis=1) == pytest.approx(with_prior.sum(axis=1), abs=1e-7)
    assert found.sum() == pytest.approx(0, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(TABLES, st.permutations(range(4)))
def test_other_names_give_the_same_strengths(wins: np.ndarray, order: list[int]) -> None:
    [one], [other] = strengths(wins[None]), strengths(wins[np.ix_(order, order)][None])

    assert other == pytest.approx(one[order], abs=1e-7)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=6, max_size=6), st.integers(1, 20))
def test_equal_wins_both_ways_bring_models_closer_and_change_no_order(won: list[int], more: int) -> None:
    wins = np.zeros((4, 4))
    above = np.triu_indices(4, 1)
    wins[above], wins.T[above] = won, 6 - np.array(won)

    [before], [after] = strengths(wins[None]), strengths((wins + more * (1 - np.eye(4)))[None])

    apart, closer = (np.subtract.outer(each, each).round(7) for each in (before, after))
    assert (np.sign(apart) == np.sign(closer)).all()
    assert np.ptp(after) <= np.ptp(before) + 1e-7


def test_votes_are_counted_by_prompt_for_both_sides() -> None:
    first, second, prompt = np.array([0, 0, 1, 2]), np.array([1, 1, 0, 0]), np.array([0, 0, 0, 1])

    found = count(first, second, np.array([1.0, 0.5, 1.0, 0.0]), prompt, 2, 3)

    assert found[0].tolist() == [[0, 1.5, 0], [1.5, 0, 0], [0, 0, 0]]
    assert found[1].tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert count(first[:0], first[:0], np.zeros(0), first[:0], 0, 2).shape == (0, 2, 2)
