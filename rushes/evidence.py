"""What was found out about an endpoint, by the kind of clip it was asked for: what the router is to choose by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

#: Up to 5, up to 10, and more than 10 seconds: the models share no length, but these.
LengthClass = Literal["short", "medium", "long"]
#: log_seconds: natural logarithm of the seconds from the submit to a usable file. usable: share of attempts that came
#: to a usable file. usd_per_second: dollars spent on all attempts, for each second of usable film.
#: rating: Elo by votes on which clips look better, relative to the mean of the models voted on together.
EvidenceMetric = Literal["log_seconds", "usable", "usd_per_second", "rating"]
#: measured: a benchmark here saw it. live: any other job here did. imported: somebody brought the clips and said so.
#: voted: people compared clips. judged: a vision-language model did.
Source = Literal["measured", "live", "imported", "voted", "judged"]


def length_class(seconds: float) -> LengthClass:
    """The class of a clip of so many seconds."""
    if seconds <= 5:
        return "short"
    return "medium" if seconds <= 10 else "long"


@dataclass(frozen=True)
class EvidenceCell:
    """A kind of clip: clips of different kinds are never put together."""

    #: What it starts from, a value of `rushes.request.Mode`.
    mode: str
    length: LengthClass
    #: None where nobody said.
    resolution: str | None
    audio: bool | None

    def __str__(self) -> str:
        sound = {True: "sound", False: "silent", None: "sound n/a"}[self.audio]
        return f"{self.mode}, {self.length}, {self.resolution or 'any size'}, {sound}"


@dataclass(frozen=True)
class Evidence:
    """One number about one endpoint and kind of clip."""

    endpoint: str
    cell: EvidenceCell
    metric: EvidenceMetric
    mean: float
    #: Standard deviation between clips, None where one clip tells none; of a rating its standard error.
    sd: float | None
    #: How many clips it rests on; of a rating, how many prompts.
    n: int
    source: Source
    #: True where a simulator made the clips; it speaks for simulated routes only.
    simulated: bool
    #: The newest of the clips.
    observed: datetime
    run: str | None
    #: What else is known, such as how long was waited in vain.
    detail: Mapping[str, Any]
    #: When its run no longer said so; from then on it counts for nothing.
    withdrawn: datetime | None = None
    #: When the run was started: two runs may bear one name. None of live jobs, and of rows from before this was kept.
    started: datetime | None = None

    @property
    def oldest(self) -> datetime:
        """The oldest of the clips, of a rating of the endpoint's own; the newest where that was not kept."""
        kept = self.detail.get("oldest")
        return self.observed if kept is None else datetime.fromisoformat(kept)

    def json(self) -> dict[str, Any]:
        return {
            "endpoint": self.endpoint,
            "mode": self.cell.mode,
            "length": self.cell.length,
            "resolution": self.cell.resolution,
            "audio": self.cell.audio,
            "metric": self.metric,
            "mean": self.mean,
            "sd": self.sd,
            "n": self.n,
            "source": self.source,
            "simulated": self.simulated,
            "observed": self.observed.isoformat(),
            "run": self.run,
            "detail": dict(self.detail),
            "withdrawn": None if self.withdrawn is None else self.withdrawn.isoformat(),
            "started": None if self.started is None else self.started.isoformat(),
        }
