"""Ratings by category, drawn towards the overall ones: a category has few prompts, and says little by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from rushes.benchmarks.ratings.board import Board, check_connected, groups
from rushes.benchmarks.ratings.bradley_terry import ELO, strengths

#: A category of so many prompts counts half.
_HALF = 20


@dataclass(frozen=True)
class InCategory:
    """A model's rating in one category, in Elo relative to the board's mean.

    `elo` is what the category's own votes say, None where they compare the model with no other; `shrunk` moves from
    the overall rating towards it by `prompts` / (`prompts` + 20), and is what to show. For display: no verdict.
    """

    category: str
    model: str
    prompts: int
    votes: int
    elo: float | None
    shrunk: float


def by_category(board: Board, categories: Mapping[str, str]) -> list[InCategory]:
    """Every model in every category that was voted on; `categories` is each prompt's. Others are left out.

    Raises BadInput where no votes connect the models overall. Where they do not within a category, each connected group
    keeps its overall mean: nothing in the category says how the groups compare.
    """
    check_connected(board)
    overall = strengths(board.wins.sum(axis=0)[None])[0]
    rows = []
    for category in sorted({categories[prompt] for prompt in board.prompts if prompt in categories}):
        some = [k for k, prompt in enumerate(board.prompts) if categories.get(prompt) == category]
        part = replace(board, prompts=tuple(board.prompts[k] for k in some), wins=board.wins[some])
        met = part.wins + part.wins.transpose(0, 2, 1)
        own: dict[str, float] = {}
        for group in groups(part):
            places = [board.models.index(model) for model in group]
            if len(places) > 1:
                found = strengths(part.wins.sum(axis=0)[np.ix_(places, places)][None])[0] + overall[places].mean()
                own |= {model: float(value) for model, value in zip(group, found, strict=True)}
        for k, model in enumerate(board.models):
            prompts = int((met[:, k].sum(axis=1) > 0).sum())
            effect = own.get(model, overall[k]) - overall[k]
            rows.append(
                InCategory(
                    category=category,
                    model=model,
                    prompts=prompts,
                    votes=round(met[:, k].sum()),
                    elo=ELO * own[model] if model in own else None,
                    shrunk=float(ELO * (overall[k] + effect * prompts / (prompts + _HALF))),
                )
            )
    return rows
