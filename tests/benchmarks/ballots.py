"""Votes and boards for tests: made up, with a truth that is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations, count
from typing import Any

import numpy as np

from rushes.benchmarks.ratings.board import Board
from rushes.benchmarks.votes import Judged, Vote

_NUMBERS = count(1)


def vote(left: str, right: str, choice: str = "left", **more: Any) -> Vote:
    """A vote of anna's on two clips, of prompt `p` unless the labels begin with another one's name and a slash."""
    prompt = left.split("/")[0] if "/" in left else "p"
    usual = {
        "id": f"vote-{next(_NUMBERS)}",
        "at": datetime(2026, 11, 22, tzinfo=UTC),
        "rater": "anna",
        "kind": "person",
        "cell": "short",
        "prompt": prompt,
        "pool": "sound",
    }
    return Vote.model_validate(usual | {"left": left, "right": right, "choice": choice} | more)


def judged(shown: str, exchanged: str) -> Judged:
    return Judged.model_validate(
        {
            "model": "m",
            "rubric": 1,
            "left": {},
            "right": {},
            "shown": shown,
            "exchanged": exchanged,
            "usd": None,
            "same_maker": False,
            "words": "",
        }
    )


def board(wins: Any, drawn: Any = None, models: Sequence[str] = "abcdefgh") -> Board:
    """A board of wins (prompts × models × models)."""
    array = np.asarray(wins, dtype=float)
    level = np.zeros_like(array) if drawn is None else np.asarray(drawn, dtype=float)
    prompts, k, _ = array.shape
    ties = round(level.sum() / 2)
    return Board(
        models=tuple(models[:k]),
        prompts=tuple(f"p{n:03}" for n in range(prompts)),
        wins=array,
        drawn=level,
        decisive=round(array.sum()) - ties,
        tie=ties,
        both_bad=0,
        raters=("anna",),
    )


def drawn_board(
    strength: Sequence[float], prompts: int, votes: int = 1, sd: float = 0.0, seed: int = 0, ties: float = 0.0
) -> Board:
    """Votes on every pair and prompt, for strengths in log-odds that vary by `sd` between prompts."""
    random = np.random.default_rng(seed)
    here = np.asarray(strength) + random.normal(0, sd, (prompts, len(strength)))
    wins = np.zeros((prompts, len(strength), len(strength)))
    drawn = np.zeros_like(wins)
    for a, b in combinations(range(len(strength)), 2):
        level = random.binomial(votes, ties, prompts)
        won = random.binomial(votes - level, 1 / (1 + np.exp(here[:, b] - here[:, a])))
        wins[:, a, b], wins[:, b, a] = won + level / 2, votes - won - level / 2
        drawn[:, a, b] = drawn[:, b, a] = level
    return board(wins, drawn)
