"""Bradley and Terry's model (1952): how often one model wins against another depends on their strengths alone."""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import NDArray

from rushes.benchmarks.statistics.resampling import Floats
from rushes.errors import BadInput

#: Elo in one unit of log-strength: 400 points are odds of 10 : 1.
ELO = 400 / log(10)
#: Draws added to every pair of models, so that one that never lost has a finite strength.
PRIOR = 0.5

#: Strengths stand when no two of a board move apart by more than this; and so many steps are always enough.
_TOLERANCE, _ROUNDS = 1e-9, 1000


def count(
    first: NDArray[np.integer],
    second: NDArray[np.integer],
    share: Floats,
    prompt: NDArray[np.integer],
    prompts: int,
    models: int,
) -> Floats:
    """Votes, as columns of numbers from 0, counted: (prompts, models, models), [p, i, j] what i got against j.

    `share` is what `first` got of the vote, 0 to 1; `second` got the rest.
    """
    cells = prompts * models * models
    at = prompt * (models * models)
    total: Floats = np.asarray(np.bincount(at + first * models + second, share, cells), dtype=np.float64)
    total += np.bincount(at + second * models + first, 1 - share, cells)
    return total.reshape(prompts, models, models)


def strengths(wins: Floats, prior: float = PRIOR) -> Floats:
    """Log-strengths, centred on 0, for each of many boards at once: (boards, models, models) to (boards, models).

    The most likely ones, by Newton's method with steps damped so that none goes too far (Bach 2010,
    https://arxiv.org/abs/0910.4627). `prior` draws are added to each pair; without any, a board on which some models
    won every vote against the others has no strengths, and BadInput says so.
    """
    array = _checked(wins, prior)
    boards, k, _ = array.shape
    met = array + array.transpose(0, 2, 1)
    won = array.sum(axis=2)
    strength = np.zeros((boards, k))
    left = np.arange(boards)
    for _ in range(_ROUNDS):
        if not len(left):
            break
        expected = met[left] * chances(strength[left])
        step = np.linalg.solve(information(met[left], strength[left]), (won[left] - expected.sum(axis=2))[:, :, None])
        widest = np.ptp(step[:, :, 0], axis=1, keepdims=True)
        strength[left] += step[:, :, 0] * np.divide(
            np.log1p(widest), widest, out=np.ones_like(widest), where=widest > 0
        )
        left = left[widest[:, 0] > _TOLERANCE]
    strength -= strength.mean(axis=1, keepdims=True)
    return strength


def chances(strength: Floats) -> Floats:
    """(…, models) to (…, models, models): how likely each wins against each."""
    apart: Floats = strength[..., :, None] - strength[..., None, :]
    likely: Floats = 0.5 * (1 + np.tanh(apart / 2))
    return likely


def information(met: Floats, strength: Floats) -> Floats:
    """What so many votes on each pair (…, models, models) say of the strengths, as a matrix that can be inverted.

    1 / models is added to every entry: votes say nothing of a shift of all strengths, and centred ones do not see it.
    """
    likely = chances(strength)
    weight = met * likely * (1 - likely)
    k = weight.shape[-1]
    matrix: Floats = np.eye(k) * weight.sum(axis=-1)[..., None, :] - weight + 1 / k
    return matrix


def _checked(wins: Floats, prior: float) -> Floats:
    """The wins and the prior, added up."""
    array = np.asarray(wins, dtype=np.float64)
    if array.ndim != 3 or array.shape[1] != array.shape[2] or not array.shape[1]:
        raise BadInput("wins are boards × models × models", hint="Give one square table for each board.")
    if not (np.isfinite(array).all() and (array >= 0).all() and 0 <= prior < np.inf):
        raise BadInput("wins and the prior are numbers from 0 up", hint="Count what is known, and leave out the rest.")
    k = array.shape[1]
    array = (array + prior / 2) * (1 - np.eye(k))
    reached = array > 0
    for _ in range(k.bit_length()):
        reached = reached | (reached.astype(np.float64) @ reached > 0)
    if k > 1 and not reached.all():
        raise BadInput(
            "without a prior, models that never lost to the others have no strength",
            hint="Give a prior above 0, or votes that connect all models both ways.",
        )
    return array
