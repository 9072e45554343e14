"""From a standard error to limits, by way of win shares, which no error carries below 0 or beyond 1."""

from __future__ import annotations

from math import exp, log, sqrt


def limits(odds: float, half: float) -> tuple[float, float]:
    """The limits of a difference in log-odds whose plain limits would be `odds` ± `half`, above 0.

    Wilson's interval (1927) of the win share that the odds stand for: the shares p with |share − p| at most so many of
    *their* standard errors. Near even odds it is about `odds` ± `half`. Where one side won nearly every vote the plain
    limits are so wide that they would hold even odds as well, however many votes there are; these are not.
    """
    share, rest = _chance(odds), _chance(-odds)
    q = half * half * share * rest
    root = sqrt(q * q + 4 * q * share * rest)
    highest, highest_rest = ((2 * each + q + root) / (2 * (1 + q)) for each in (share, rest))
    # The two roots of one equation, whose product is known: no difference of nearly equal numbers.
    lowest, lowest_rest = (each * each / ((1 + q) * high) for each, high in ((share, highest), (rest, highest_rest)))
    return log(lowest / highest_rest), log(highest / lowest_rest)


def beyond_even(odds: float, half: float) -> float:
    """How many times its allowance the share is away from one half: above 1, the limits leave out even odds."""
    share, rest = _chance(odds), _chance(-odds)
    return abs(share - rest) / (half * sqrt(share * rest))


def _chance(odds: float) -> float:
    return 1 / (1 + exp(-odds)) if odds > 0 else exp(odds) / (1 + exp(odds))
