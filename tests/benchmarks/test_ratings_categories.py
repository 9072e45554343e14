"""Ratings by category, drawn towards the overall ones."""

from __future__ import annotations

import numpy as np
import pytest

from rushes.benchmarks.ratings.board import Board
from rushes.benchmarks.ratings.categories import InCategory, by_category
from rushes.benchmarks.ratings.rate import rate
from rushes.errors import BadInput
from tests.benchmarks.ballots import board, drawn_board


def found(one: Board, *categories: str) -> dict[tuple[str, str], InCategory]:
    of = dict(zip(one.prompts, categories, strict=False))
    return {(each.category, each.model): each for each in by_category(one, of)}


def test_a_category_moves_a_model_by_its_share_of_prompts() -> None:
    # a wins the water, b the rest: overall they are level.
    wins = np.zeros((20, 2, 2))
    wins[:10, 0, 1], wins[:10, 1, 0] = 3, 1
    wins[10:, 0, 1], wins[10:, 1, 0] = 1, 3

    rows = found(board(wins), *["water"] * 10, *["rest"] * 10)

    assert [*rows] == [("rest", "a"), ("rest", "b"), ("water", "a"), ("water", "b")]
    water = rows["water", "a"]
    assert (water.prompts, water.votes) == (10, 40)
    assert water.elo == pytest.approx(95, abs=3)
    assert water.shrunk == pytest.approx(water.elo * 10 / 30)
    assert rows["rest", "a"].shrunk == pytest.approx(-water.shrunk)


def test_one_category_of_all_prompts_is_the_overall_rating() -> None:
    one = drawn_board([0.4, 0.0, -0.4], 15, votes=3)
    overall = rate(one).by_model

    for (_, model), row in found(one, *["all"] * 15).items():
        assert row.elo == pytest.approx(overall[model].elo)
        assert row.shrunk == pytest.approx(overall[model].elo)


def test_a_model_without_votes_in_a_category_keeps_its_overall_rating_and_has_no_own() -> None:
    one = drawn_board([0.4, 0.0, -0.4], 12, votes=3)
    one.wins[:4, 2] = one.wins[:4, :, 2] = 0

    row = found(one, *["few"] * 4)["few", "c"]

    assert (row.prompts, row.votes, row.elo) == (0, 0, None)
    assert row.shrunk == pytest.approx(rate(one).by_model["c"].elo)


def test_groups_that_a_category_does_not_connect_keep_their_overall_means() -> None:
    one = drawn_board([0.9, 0.6, -0.6, -0.9], 30, votes=4)
    for a, b in ((0, 2), (0, 3), (1, 2), (1, 3)):
        one.wins[:10, a, b] = one.wins[:10, b, a] = 0

    rows, overall = found(one, *["odd"] * 10), rate(one).by_model

    for group in ("ab", "cd"):
        own = sum(rows["odd", model].elo for model in group)  # type: ignore[misc]
        assert own == pytest.approx(sum(overall[model].elo for model in group))


def test_prompts_without_a_category_are_left_out() -> None:
    one = drawn_board([0.4, 0.0], 5)

    assert {category for category, _ in found(one, "water", "water")} == {"water"}
    assert by_category(one, {}) == []


def test_models_that_no_votes_connect_are_refused() -> None:
    wins = np.zeros((4, 4, 4))
    wins[:, 0, 1] = wins[:, 2, 3] = 1

    with pytest.raises(BadInput, match="a and b; c and d"):
        by_category(board(wins), {"p000": "water"})
