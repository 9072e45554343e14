"""How far a difference in strength may be off: between prompts, and by the luck of so few votes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rushes.benchmarks.ratings.board import Board
from rushes.benchmarks.ratings.bradley_terry import PRIOR, chances, information
from rushes.benchmarks.statistics.resampling import Floats

#: Of the votes on a pair at least so many count as decisive where the luck of the votes is reckoned: six ties in a row
#: do not say that the seventh vote is a tie.
_DECISIVE = 2
#: A prompt tells something of a difference if it adds more than this share of what the board knows of it.
_SOMETHING = 1e-9
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Spread:
    """What is known of some contrasts of strengths: sums with weights that add up to 0, in log-odds.

    `estimate`, `error` and `luck` have one number for each contrast: what it is, its standard error between prompts (0
    where they all say the same), and what that would be if votes were coins with the fitted odds and prompts did not
    matter. `values` (prompts × contrasts) scatter as the estimate does, over the prompts that are `known` to tell
    something of it; `even` is how many equally telling prompts those are worth.
    """

    estimate: Floats
    error: Floats
    luck: Floats
    values: Floats
    known: NDArray[np.bool_]
    prompts: NDArray[np.intp]
    even: Floats


def spread(board: Board, strength: Floats, contrasts: Floats) -> Spread:
    """The contrasts (contrasts × models) of the strengths of a connected board.

    A prompt's value is what leaving it out would change, taken from one step of Newton's method: the jackknife, which
    sees the votes of one prompt as one thing, and prompts with many votes as the risk they are.
    """
    k = len(board.models)
    chance = chances(strength)
    met = board.wins + board.wins.transpose(0, 2, 1)
    # information() adds 1 / k to each entry, which is no prompt's.
    of_prompt = information(met, strength) - 1 / k
    surprise = (board.wins - met * chance).sum(axis=2)
    total = met.sum(axis=0) + PRIOR * (1 - np.eye(k))
    whole = information(total, strength)
    moved = np.linalg.solve(whole - of_prompt, surprise[:, :, None])[:, :, 0]

    # Without the prior, which would let every prompt tell a little of every pair.
    told = _told(of_prompt, contrasts @ np.linalg.inv(information(met.sum(axis=0), strength)))
    known = told > _SOMETHING * told.sum(axis=0)
    prompts = known.sum(axis=0)
    values = np.where(known, moved @ contrasts.T * (prompts - 1), 0.0)
    squares = (np.where(known, values - values.sum(axis=0) / prompts, 0.0) ** 2).sum(axis=0)
    error = np.sqrt(squares / np.maximum(prompts * (prompts - 1), 1))
    # Equal values differ in their last digits; those are no spread.
    error[error <= _ROUNDING * np.abs(values).max(initial=1.0)] = 0.0

    # Of the votes on a pair, those that were drawn are no luck.
    even_odds = chance * (1 - chance)
    coins = np.maximum(even_odds * total - board.drawn.sum(axis=0) / 4, even_odds * np.minimum(total, _DECISIVE))
    lever = contrasts @ np.linalg.inv(whole)
    return Spread(
        estimate=contrasts @ strength,
        error=error,
        luck=np.sqrt(_told((np.eye(k) * coins.sum(axis=1) - coins)[None], lever)[0]),
        values=values,
        known=known,
        prompts=prompts,
        even=told.sum(axis=0) ** 2 / (told**2).sum(axis=0),
    )


def _told(matrices: Floats, lever: Floats) -> Floats:
    """(many, models, models) and (contrasts, models) to (many, contrasts): lever · matrix · lever."""
    found: Floats = ((matrices @ lever.T) * lever.T).sum(axis=1)
    return found
