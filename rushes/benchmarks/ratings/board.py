"""The votes of one cell and pool, counted: who won against whom, prompt by prompt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rushes.benchmarks.ratings.bradley_terry import count
from rushes.benchmarks.statistics.resampling import Floats
from rushes.benchmarks.votes import Choice, Pool, RaterKind, Vote
from rushes.errors import BadInput

#: What the left side gets of a vote.
_SHARE: Mapping[Choice, float] = {"left": 1.0, "right": 0.0, "tie": 0.5, "both_bad": 0.5}


@dataclass(frozen=True, eq=False)
class Board:
    """What raters said of some models in one cell and pool.

    `wins[p, i, j]` is how often model i won against j on prompt p, ties and both bad being half a win each; `drawn`,
    of the same shape and symmetric, is how many of those were ties or both bad.
    """

    models: tuple[str, ...]
    prompts: tuple[str, ...]
    wins: Floats
    drawn: Floats
    decisive: int
    tie: int
    both_bad: int
    raters: tuple[str, ...]

    @property
    def votes(self) -> int:
        return self.decisive + self.tie + self.both_bad


def boards(
    votes: Iterable[Vote],
    clips: Mapping[str, tuple[str, str, str]],
    kinds: Collection[RaterKind] = frozenset[RaterKind](("person",)),
) -> tuple[dict[tuple[str, Pool], Board], list[Vote]]:
    """A board for each (cell, pool) that was voted on by raters of these kinds, and the votes that fit none.

    `clips` is each label's cell, prompt and model. A vote fits none where a clip is unknown, or of another cell or
    prompt than the vote says, or where both are of one model. Repeats are left out: they measure the rater. A board
    has the models and prompts that were voted on, sorted by name.
    """
    kept: dict[tuple[str, Pool], list[Vote]] = {}
    strays: list[Vote] = []
    for vote in votes:
        if vote.kind not in kinds or vote.repeats is not None:
            continue
        if _fits(vote, clips):
            kept.setdefault((vote.cell, vote.pool), []).append(vote)
        else:
            strays.append(vote)
    return {key: _board(some, clips) for key, some in sorted(kept.items())}, strays


def _fits(vote: Vote, clips: Mapping[str, tuple[str, str, str]]) -> bool:
    left, right = clips.get(vote.left), clips.get(vote.right)
    if left is None or right is None:
        return False
    return left[:2] == right[:2] == (vote.cell, vote.prompt) and left[2] != right[2]


def _board(votes: Sequence[Vote], clips: Mapping[str, tuple[str, str, str]]) -> Board:
    sides = [(clips[vote.left][2], clips[vote.right][2]) for vote in votes]
    models = sorted({model for side in sides for model in side})
    prompts = sorted({vote.prompt for vote in votes})
    place = {model: k for k, model in enumerate(models)}
    row = {prompt: k for k, prompt in enumerate(prompts)}
    first, second = (np.array([place[side[k]] for side in sides], dtype=np.intp) for k in (0, 1))
    prompt = np.array([row[vote.prompt] for vote in votes], dtype=np.intp)
    share = np.array([_SHARE[vote.choice] for vote in votes])
    how = Counter(vote.choice for vote in votes)
    level = share == 0.5
    return Board(
        models=tuple(models),
        prompts=tuple(prompts),
        wins=count(first, second, share, prompt, len(prompts), len(models)),
        drawn=2 * count(first[level], second[level], share[level], prompt[level], len(prompts), len(models)),
        decisive=how["left"] + how["right"],
        tie=how["tie"],
        both_bad=how["both_bad"],
        raters=tuple(sorted({vote.rater for vote in votes})),
    )


def groups(board: Board) -> list[tuple[str, ...]]:
    """The models in groups, so that votes connect all of a group, directly or by way of others of it."""
    met = board.wins.sum(axis=0) + board.wins.sum(axis=0).T > 0
    found: list[tuple[str, ...]] = []
    left = [*range(len(board.models))]
    while left:
        group, edge = set[int](), {left[0]}
        while edge:
            group |= edge
            edge = {j for i in edge for j in left if met[i, j]} - group
        found.append(tuple(board.models[k] for k in left if k in group))
        left = [k for k in left if k not in group]
    return found


def check_connected(board: Board) -> None:
    """Raises BadInput where no chain of votes leads from every model to every other: they have no common scale."""
    found = groups(board)
    if len(found) < 2:
        return
    named = "; ".join(" and ".join([", ".join(group[:-1]), group[-1]] if group[1:] else group) for group in found)
    missing = [f"{a} with {b}" for one, other in combinations(found, 2) for a in one for b in other]
    raise BadInput(
        f"no votes compare these groups of models with each other: {named}",
        hint=f"Vote on one pair across each gap at least: {', '.join(missing)}.",
    )
