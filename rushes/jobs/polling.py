"""When to ask next: few polls early, dense near the time at which such jobs usually end."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist

from rushes.card import Endpoint

#: Seconds of lateness that a poll must save to be worth sending, in shares of median times spread. At this price a job
#: takes eight to ten polls in the mean; `scripts/bench_polling.py` holds that against the best there can be.
PRICE = 0.0118
#: The best first poll, in standard deviations of the logarithm from the median: this, and so much more by spread.
FIRST, FIRST_BY_SPREAD = -1.71, 0.5
#: Three jobs in a thousand end later than so many standard deviations; from then on the expectation counts as wrong.
LATE = 2.75
#: No spread is smaller than that of single jobs, and of a wider one no schedule can make anything.
NARROWEST, WIDEST = 0.05, 1.5
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
        return self.after(NORMAL.inv_cdf(probability))

    def after(self, deviations: float) -> float:
        """The seconds so many standard deviations of the logarithm after the median."""
        return self.median * exp(self.spread * deviations)

    def hazard(self, seconds: float) -> float:
        """Of the jobs that still run after `seconds`, the share that ends per second."""
        deviations = log(seconds / self.median) / self.spread
        return NORMAL.pdf(deviations) / (self.spread * seconds * NORMAL.cdf(-deviations))


def expected(endpoint: Endpoint, seconds: float) -> Expectation | None:
    """What the card's prior says of a clip of `seconds`, or None where it says nothing.

    Longer clips take longer; that it is in proportion is our assumption.
    """
    speed = endpoint.speed
    if speed is None:
        return None
    spread = log(speed.high / speed.low) / (2 * NORMAL.inv_cdf(0.9))
    return Expectation(speed.median * seconds / speed.clip_seconds, max(spread, NARROWEST))


def wait(expectation: Expectation | None, elapsed: float, *, fastest: float) -> float:
    """Seconds until the next poll, `elapsed` seconds after the submit; `fastest` is the vendor's own least interval."""
    if expectation is None:
        return max(min(5.0 + elapsed / 10, SLOWEST), fastest)
    usable = Expectation(expectation.median, min(max(expectation.spread, NARROWEST), WIDEST))
    late = usable.after(LATE)
    if elapsed >= late:
        return max(min(elapsed / 10, SLOWEST), fastest)
    # What fails does so early: no silence for longer than half the median.
    silence = max(SLOWEST, usable.median / 2)
    return max(min(_best(usable, elapsed), silence, max(SLOWEST, late - elapsed)), fastest)


def _best(expectation: Expectation, elapsed: float) -> float:
    """Seconds until the poll that makes the mean lateness least, for the mean number of polls that `PRICE` leads to.

    A poll more makes a gap g between two polls g/2 shorter for who ends in it, which is worth its price where g²·hazard
    is twice that price. Only the first poll, before which next to nothing ends, follows another rule: a fit to the
    optimum. Optimum checking procedures: R. E. Barlow, L. C. Hunter, F. Proschan, J. SIAM 11 (1963) 1078–1095.
    """
    first = expectation.after(FIRST + FIRST_BY_SPREAD * expectation.spread)
    twice = 2 * PRICE * expectation.spread * expectation.median
    start = max(elapsed, first)
    gap = 0.0
    for _ in range(3):  # the hazard that counts is that in the middle of the gap
        gap = sqrt(twice / expectation.hazard(start + gap / 2))
    return max(gap, first - elapsed)
