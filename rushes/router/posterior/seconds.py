"""How long a clip will take: the card's prior and what was clocked, clips that nobody waited for to the end included.

Seconds are log-normal. A clip that was given up after c seconds took longer than c, which is all that is known of it:
its logarithm counts for what it is on average above log(c), and its square likewise, by the mean and spread found so
far, again and again until nothing moves (expectation maximisation for a censored normal; Wolynetz 1979, Applied
Statistics 28, 185). For how sure the mean is, such a clip counts for the share of a seen one that it tells (Orchard and
Woodbury 1972: missing information).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import erfc, exp, log, pi, sqrt

from rushes.card import Endpoint
from rushes.jobs.polling import expected
from rushes.router.known import Basis, Seconds
from rushes.router.posterior.weights import Weighed

#: How many clips a prior counts for. Our judgement.
PRIOR_CLIPS = 3.0
#: Spread between clips where no card says one: about that of the shipped cards.
TYPICAL_SPREAD = 0.6
#: The fit stands when the mean of the logarithm moves by less, and so many steps are enough.
_STILL, _ROUNDS = 1e-9, 500


@dataclass(frozen=True, slots=True)
class _Prior:
    mean: float
    spread: float
    #: What it counts for, for the mean; its spread counts for PRIOR_CLIPS always.
    clips: float


@dataclass(frozen=True, slots=True)
class _Part:
    """Clips, by the logarithm of their seconds; each counts for `each`."""

    mean: float
    #: Sum of the squares of how far they are from `mean`.
    squares: float
    n: int
    each: float
    #: The share of a clip that was seen to its end that each of them tells of the mean.
    told: float = 1.0


@dataclass(frozen=True, slots=True)
class _Beyond:
    """One clip that took longer than this logarithm of seconds, and counts for `each`."""

    limit: float
    each: float


def seconds_of(endpoint: Endpoint, clip_seconds: float, rows: Iterable[Weighed]) -> Seconds | None:
    """Seconds to the file of a clip of so many seconds; None where there is neither a prior nor a clip that came.

    `rows` are those of the metrics log_seconds and usable: where every clip was given up, only the latter tells.
    """
    prior = _Prior(0.0, TYPICAL_SPREAD, 0.0)
    basis: list[Basis] = []
    if (said := expected(endpoint, clip_seconds)) is not None and endpoint.speed is not None:
        source = endpoint.card.sources[endpoint.speed.source]
        prior = _Prior(log(said.median), said.spread, PRIOR_CLIPS)
        basis.append(Basis("prior", None, None, PRIOR_CLIPS, source.read, where=source.where))
    told = [(each, _seen(each, prior), [*_late(each)]) for each in rows]
    seen = [part for _, part, _ in told if part is not None]
    beyond = [one for _, _, late in told for one in late]
    if not prior.clips and not seen:
        return None
    mean, spread = _fit(prior, seen, beyond)
    weight = prior.clips
    for each, part, late in told:
        if part is None and not late:
            continue
        counts = each.each * (part.n if part else 0)
        counts += sum(one.each * (1 - _above((one.limit - mean) / spread)[1]) for one in late)
        weight += counts
        clips = (part.n if part else 0) + len(late)
        row = each.row
        basis.append(Basis(row.source, row.run, clips, counts, row.observed.date(), each.borrowed))
    return Seconds(mean, spread / sqrt(weight), spread, tuple(basis))


def _seen(each: Weighed, prior: _Prior) -> _Part | None:
    row = each.row
    if row.metric != "log_seconds" or row.n < 1:
        return None
    squares = (row.n - 1) * (prior.spread if row.sd is None else row.sd) ** 2
    return _Part(row.mean + each.shift, squares, row.n, each.each)


def _late(each: Weighed) -> Iterator[_Beyond]:
    for waited in filter(None, each.row.detail.get("longer_than", ())):
        yield _Beyond(log(waited) + each.shift, each.each)


def _fit(prior: _Prior, seen: list[_Part], beyond: list[_Beyond]) -> tuple[float, float]:
    """Mean and spread of the logarithm of the seconds."""
    mean, spread = _step(prior, seen)
    for _ in range(_ROUNDS if beyond else 0):
        before, filled = mean, []
        for one in beyond:
            higher, variance = _above((one.limit - mean) / spread)
            filled.append(_Part(mean + spread * higher, spread**2 * variance, 1, one.each, 1 - variance))
        mean, spread = _step(prior, [*seen, *filled])
        if abs(mean - before) < _STILL:
            break
    return mean, spread


def _step(prior: _Prior, parts: list[_Part]) -> tuple[float, float]:
    """Both, where all clips are known; the spread is about the mean of the clips, whatever the prior says of that."""
    weight = sum(part.each * part.n for part in parts)
    if not weight:
        return prior.mean, prior.spread
    own = sum(part.each * part.n * part.mean for part in parts) / weight
    squares = sum(part.each * (part.squares + part.n * (part.mean - own) ** 2) for part in parts)
    # Squares about the clips' own mean lack what the mean took: of equal clips, those of one.
    tells = sum(part.n * part.each * part.told for part in parts)
    free = weight - (sum(part.n * (part.each * part.told) ** 2 for part in parts) / tells if tells else 0)
    mean = own + (prior.mean - own) * prior.clips / (prior.clips + weight)
    return mean, sqrt((PRIOR_CLIPS * prior.spread**2 + squares) / (PRIOR_CLIPS + free))


def _above(limit: float) -> tuple[float, float]:
    """Mean and squared spread of that part of a normal (mean 0, spread 1) that lies above `limit`."""
    if limit > 8:
        # The first terms of the series for large limits; the closed form loses its digits there.
        return limit + 1 / limit - 2 / limit**3, 1 / limit**2
    mean = sqrt(2 / pi) * exp(-(limit**2) / 2) / erfc(limit / sqrt(2))
    return mean, 1 + mean * (limit - mean)
