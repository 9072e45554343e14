"""Votes counted into boards, and boards that have no common scale."""

from __future__ import annotations

import numpy as np
import pytest

from rushes.benchmarks.ratings.board import boards, check_connected, groups
from rushes.errors import BadInput
from tests.benchmarks.ballots import board, vote

#: Label to cell, prompt and model.
CLIPS = {f"{prompt}/{model}": ("short", prompt, model) for prompt in ("p", "q") for model in ("veo", "sora", "wan")}


def test_a_board_has_the_wins_by_prompt_and_what_was_drawn() -> None:
    votes = [
        vote("p/veo", "p/sora", "left"),
        vote("p/sora", "p/veo", "tie", rater="ben"),
        vote("q/wan", "q/veo", "right"),
        vote("q/wan", "q/sora", "both_bad"),
    ]

    found, strays = boards(votes, CLIPS)

    assert strays == []
    assert [*found] == [("short", "sound")]
    one = found["short", "sound"]
    assert (one.models, one.prompts, one.raters) == (("sora", "veo", "wan"), ("p", "q"), ("anna", "ben"))
    assert one.wins[0].tolist() == [[0, 0.5, 0], [1.5, 0, 0], [0, 0, 0]]
    assert one.wins[1].tolist() == [[0, 0, 0.5], [0, 0, 1], [0.5, 0, 0]]
    assert one.drawn[0].tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert one.drawn[1].tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    assert (one.decisive, one.tie, one.both_bad, one.votes) == (2, 1, 1, 4)


def test_cells_and_pools_have_boards_of_their_own() -> None:
    clips = CLIPS | {f"long/{model}": ("long", "p", model) for model in ("veo", "sora")}
    votes = [
        vote("p/veo", "p/sora"),
        vote("p/veo", "p/sora", pool="silent"),
        vote("long/veo", "long/sora", cell="long", prompt="p"),
    ]

    found, strays = boards(votes, clips)

    assert [*found] == [("long", "sound"), ("short", "silent"), ("short", "sound")]
    assert [each.votes for each in found.values()] == [1, 1, 1]
    assert strays == []


def test_repeats_and_other_kinds_of_raters_are_left_out() -> None:
    first = vote("p/veo", "p/sora")
    again = vote("p/sora", "p/veo", repeats=first.id)
    judge = vote("p/veo", "p/wan", rater="j", kind="judge")

    found, strays = boards([first, again, judge], CLIPS)
    both, _ = boards([first, again, judge], CLIPS, kinds=("person", "judge"))

    assert found["short", "sound"].votes == 1
    assert both["short", "sound"].models == ("sora", "veo", "wan")
    assert strays == []


def test_votes_on_clips_that_do_not_belong_together_are_handed_back() -> None:
    clips = CLIPS | {"p/veo-2": ("short", "p", "veo")}
    unknown = vote("p/veo", "p/gone")
    crossed = vote("p/veo", "q/sora")
    elsewhere = vote("p/veo", "p/sora", cell="long")
    same_model = vote("p/veo", "p/veo-2")
    good = vote("p/veo", "p/sora")

    found, strays = boards([unknown, crossed, elsewhere, good, same_model], clips)

    assert strays == [unknown, crossed, elsewhere, same_model]
    assert found["short", "sound"].votes == 1


def test_no_votes_make_no_boards() -> None:
    assert boards([], CLIPS) == ({}, [])


def test_sides_that_are_exchanged_change_nothing() -> None:
    votes = [vote("p/veo", "p/sora"), vote("q/wan", "q/sora", "right"), vote("q/wan", "q/veo", "tie")]
    turned = {"left": "right", "right": "left", "tie": "tie"}
    other = [
        each.model_copy(update={"left": each.right, "right": each.left, "choice": turned[each.choice]})
        for each in votes
    ]

    [one], [exchanged] = (boards(each, CLIPS)[0].values() for each in (votes, other))

    assert (one.wins == exchanged.wins).all()
    assert (one.drawn == exchanged.drawn).all()


def test_models_that_nobody_compared_are_named_with_the_votes_that_are_missing() -> None:
    wins = np.zeros((2, 5, 5))
    wins[0, 0, 2] = wins[1, 3, 1] = 1

    parted = board(wins)

    assert groups(parted) == [("a", "c"), ("b", "d"), ("e",)]
    with pytest.raises(BadInput, match="these groups of models with each other: a and c; b and d; e") as error:
        check_connected(parted)
    assert error.value.hint is not None
    assert "a with b, a with d, c with b, c with d, a with e" in error.value.hint


def test_a_chain_of_votes_connects_a_board_even_of_prompts_that_do_not() -> None:
    wins = np.zeros((2, 3, 3))
    wins[0, 0, 1] = wins[1, 2, 1] = 1

    check_connected(board(wins))

    assert groups(board(wins)) == [("a", "b", "c")]
