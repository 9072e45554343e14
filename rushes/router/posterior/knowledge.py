"""Everything that is known of endpoints on one day, asked by endpoint and settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType

from rushes.card import Endpoint
from rushes.errors import BadInput
from rushes.evidence import Evidence, EvidenceCell, length_class
from rushes.plan import Settings
from rushes.published import Published
from rushes.router.known import Known
from rushes.router.policy import Judges
from rushes.router.posterior.ratings import Scale, own_basis, scale_of
from rushes.router.posterior.reliability import reliability_of
from rushes.router.posterior.seconds import seconds_of
from rushes.router.posterior.weights import weigh


class Knowledge:
    """Evidence, what others published, and the time: numbers for a route. The same in, the same out."""

    def __init__(
        self,
        evidence: Sequence[Evidence],
        published: Published,
        now: datetime,
        *,
        endpoints: Mapping[str, Endpoint] = MappingProxyType({}),
        day: date | None = None,
    ) -> None:
        """`evidence` is of the real world or of simulated ones, not of both (BadInput); `now` is that world's time.

        endpoints: by id. Ratings of a version that one of them does not serve on `day` (that of `now` unless given),
        also where only some of their clips are of it, are told and do not count.
        """
        if len({row.simulated for row in evidence}) > 1:
            raise BadInput(
                "evidence of simulated clips says nothing of real ones, nor the other way round",
                hint="Hand in the evidence of one world.",
            )
        self._outdated = defaultdict[str, list[Evidence]](list)
        today = day or now.date()
        for row in evidence:
            maker = endpoints.get(row.endpoint)
            if row.metric == "rating" and maker and maker.outdated(row.oldest.date(), today):
                self._outdated[row.endpoint].append(row)
        gone = {id(row) for rows in self._outdated.values() for row in rows}
        self._evidence = tuple(row for row in evidence if id(row) not in gone)
        self._published = published
        self._now = now
        self._rows = defaultdict[tuple[str, str], list[Evidence]](list)
        for row in self._evidence:
            self._rows[row.endpoint, row.metric].append(row)
        self._scales: dict[Hashable, Scale] = {}
        self._known: dict[Hashable, Known] = {}

    def of(self, endpoint: Endpoint, settings: Settings, judges: Judges = "agreeing") -> Known:
        """What is known of a clip of these settings at `endpoint`; found out once, then remembered."""
        key = (endpoint, settings.mode, settings.seconds, settings.resolution, settings.audio, judges)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._find(endpoint, settings, judges)
        return known

    def _find(self, endpoint: Endpoint, settings: Settings, judges: Judges) -> Known:
        length = length_class(settings.seconds)
        cell = EvidenceCell(settings.mode.value, length, settings.resolution, settings.audio)
        clocked = [*weigh(self._rows.get((endpoint.id, "log_seconds"), ()), cell, self._now)]
        counted = [*weigh(self._rows.get((endpoint.id, "usable"), ()), cell, self._now)]
        key = (cell.mode, cell.length, cell.resolution, judges)
        if key not in self._scales:
            self._scales[key] = scale_of(cell, self._evidence, self._published, judges)
        return Known(
            seconds=seconds_of(endpoint, settings.seconds, [*clocked, *counted]),
            reliability=reliability_of(counted),
            rating=self._scales[key].of(endpoint.id, settings.audio),
            outdated=tuple(own_basis(row, cell) for row in self._outdated.get(endpoint.id, ())),
        )
