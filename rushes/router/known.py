"""What is known of one endpoint for one kind of clip: seconds, reliability and rating, each with where it is from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import exp
from typing import Any, Literal

from rushes.evidence import EvidenceCell

#: prior: published by somebody else, or on the card; weak and dated. The others are those of `rushes.evidence.Source`.
Origin = Literal["prior", "measured", "live", "imported", "voted", "judged"]


@dataclass(frozen=True, slots=True)
class Basis:
    """One thing that a number rests on."""

    source: Origin
    #: The benchmark run; None for priors and live jobs.
    run: str | None
    #: Clips; of a rating, prompts. None where whoever published it did not say.
    n: int | None
    #: How many clips of today it counts for: a prior for few, an old one for less. None for ratings.
    weight: float | None
    #: The newest of it; None where nobody said.
    observed: date | None
    #: The kind of clip it was found on, where that is not the kind asked for.
    borrowed: EvidenceCell | None = None
    #: Where it was published, for a prior.
    where: str | None = None

    def json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "run": self.run,
            "n": self.n,
            "weight": None if self.weight is None else round(self.weight, 3),
            "observed": None if self.observed is None else self.observed.isoformat(),
            "borrowed": None if self.borrowed is None else str(self.borrowed),
            "where": self.where,
        }


@dataclass(frozen=True, slots=True)
class Seconds:
    """From the submit to the complete file, in seconds, log-normal."""

    #: Of the natural logarithm of the seconds.
    mean: float
    #: Standard deviation of `mean`: how unsure it is.
    error: float
    #: Standard deviation between clips, of the logarithm.
    spread: float
    basis: tuple[Basis, ...]

    @property
    def median(self) -> float:
        return exp(self.mean)

    def pessimistic(self, z: float) -> float:
        """Seconds that a clip takes on average, where `mean` is `z` errors worse than thought."""
        return exp(self.mean + z * self.error + self.spread**2 / 2)


@dataclass(frozen=True, slots=True)
class Reliability:
    """The share of attempts that come to a usable file, 0 to 1, never quite either."""

    share: float
    basis: tuple[Basis, ...]


@dataclass(frozen=True, slots=True)
class Rating:
    """Elo by votes on looks, relative to the mean of everything rated on the same scale."""

    elo: float
    sd: float
    basis: tuple[Basis, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """None where nothing is known."""

    seconds: Seconds | None
    reliability: Reliability
    rating: Rating | None
    #: Ratings that no longer count: of a version of the model that the vendor no longer serves.
    outdated: tuple[Basis, ...] = ()
