"""How often an attempt comes to a usable file: a Beta distribution, from a prior and from counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from rushes.router.known import Basis, Reliability
from rushes.router.posterior.weights import Weighed

#: Nobody publishes shares of failures.
PRIOR_SHARE, PRIOR_CLIPS = 0.95, 3.0
PRIOR = Basis(
    "prior", None, None, PRIOR_CLIPS, date(2026, 11, 22), where="our judgement: 95 % of attempts come to a usable file"
)


def reliability_of(rows: Iterable[Weighed]) -> Reliability:
    """The share of attempts that come to a usable file; `rows` are of the metric usable."""
    good, clips, basis = PRIOR_SHARE * PRIOR_CLIPS, PRIOR_CLIPS, [PRIOR]
    for each in rows:
        row = each.row
        weight = each.each * row.n
        good += weight * row.mean
        clips += weight
        basis.append(Basis(row.source, row.run, row.n, weight, row.observed.date(), each.borrowed))
    return Reliability(good / clips, tuple(basis))
