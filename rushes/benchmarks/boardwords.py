"""A board and its ratings in words: whose votes, on which clips, and how far apart in Elo."""

from __future__ import annotations

from collections.abc import Mapping

from rushes.amounts import UNKNOWN, counted
from rushes.benchmarks.standings import By, Standing
from rushes.benchmarks.votes import Pool

BY: Mapping[By, str] = {"people": "by people", "judge": "by a judge", "people and judge": "by people and a judge"}
POOLS: Mapping[Pool, str] = {"sound": "with sound", "silent": "silent"}


def board_words(standing: Standing) -> str:
    """Such as `short, with sound, by people: 24 votes of 2 raters on 12 prompts, 3 ties, 1 both bad`."""
    board = standing.board
    return (
        f"{standing.cell}, {POOLS[standing.pool]}, {BY[standing.by]}: {counted(board.votes, 'vote')} of "
        f"{counted(len(board.raters), 'rater')} on {counted(len(board.prompts), 'prompt')}, "
        f"{counted(board.tie, 'tie')}, {board.both_bad} both bad"
    )


def elo(value: float | None) -> str:
    """Whole Elo with its sign, such as `+35`; the even one is `0`."""
    if value is None:
        return UNKNOWN
    whole = round(value)
    return f"{whole:+d}".replace("-", "−") if whole else "0"


def elo_with(value: float | None, low: float | None, high: float | None) -> str:
    """Such as `+35 [−10 to +80]`; without brackets where there is no interval."""
    return elo(value) + ("" if low is None or high is None else f" [{elo(low)} to {elo(high)}]")
