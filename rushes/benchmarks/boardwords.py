"""A board in words: whose votes, on which clips."""

from __future__ import annotations

from collections.abc import Mapping

from rushes.amounts import counted
from rushes.benchmarks.standings import By, Standing
from rushes.benchmarks.votes import SHOWN, Pool

BY: Mapping[By, str] = {"people": "by people", "judge": "by a judge", "people and judge": "by people and a judge"}
POOLS: Mapping[Pool, str] = {"sound": "with sound", "silent": "silent"}


def board_words(standing: Standing) -> str:
    """Such as `short, with sound, on rating copies, by people: 9 votes of 2 raters on 8 prompts, 1 tie, 0 both bad`."""
    board = standing.board
    raters, prompts = counted(len(board.raters), "rater"), counted(len(board.prompts), "prompt")
    level = f"{counted(board.tie, 'tie')}, {board.both_bad} both bad"
    return (
        f"{standing.cell}, {POOLS[standing.pool]}, {SHOWN[standing.raw]}, {BY[standing.by]}: "
        f"{counted(board.votes, 'vote')} of {raters} on {prompts}, {level}"
    )
