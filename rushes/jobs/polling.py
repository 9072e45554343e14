"""When to ask next: few polls early, dense near the time at which such jobs usually end."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from statistics import NormalDist

from rushes.card import Endpoint

#: The share of the remaining probability that the next poll should catch.
STEP = 0.115
SLOWEST = 60.0
NORMAL = NormalDist()


@dataclass(frozen=True)
class Expectation:
    """How long a job takes from submit to finished, in seconds, log-normal."""

    median: float
    #: Standard deviation of the logarithm.
    spread: float

    def done_by(self, seconds: float) -> float:
        """The probability that a job has ended after `seconds`."""
        return NORMAL.cdf(log(seconds / self.median) / self.spread) if seconds > 0 else 0.0

    def quantile(self, probability: float) -> float:
        return self.median * exp(self.spread * NORMAL.inv_cdf(probability))


def expected(endpoint: Endpoint, seconds: float) -> Expectation | None:
    """What the card's prior says of a clip of `seconds`, or None where it says nothing.

    Longer clips take longer; that it is in proportion is our assumption.
    """
    speed = endpoint.speed
    if speed is None:
        return None
    spread = log(speed.high / speed.low) / (2 * NORMAL.inv_cdf(0.9))
    return Expectation(speed.median * seconds / speed.clip_seconds, max(spread, 0.05))


def wait(expectation: Expectation | None, elapsed: float, *, fastest: float) -> float:
    """Seconds until the next poll, `elapsed` seconds after the submit; `fastest` is the vendor's own least interval."""
    if expectation is None:
        return min(max(fastest, 5.0 + elapsed / 10), max(SLOWEST, fastest))
    done = expectation.done_by(elapsed)
    target = done + STEP * (1 - done)
    if target >= 1 - 1e-9:
        return min(max(fastest, elapsed / 10), max(SLOWEST, fastest))
    ahead = expectation.quantile(target) - elapsed
    slowest = SLOWEST if elapsed > expectation.median else max(SLOWEST, expectation.median / 2)
    return min(max(ahead, fastest), max(slowest, fastest))
