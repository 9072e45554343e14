"""What the life of one job says about its endpoint, as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import log
from typing import Any

from rushes.evidence import Evidence, EvidenceCell, EvidenceMetric, length_class
from rushes.ledger import Job, State, TakeRow
from rushes.unfit import unfit

#: Seconds to a file are known if the last look before it was there lies back no more than this share of them. Ours.
SEEN = 0.5
#: Ends that say nothing of whether the endpoint delivers: nobody asked it, or it never took the job.
SILENT = frozenset({"not sent", "access", "invalid", "retired", "cancelled"})


def cell_of(settings: dict[str, Any]) -> EvidenceCell:
    """The kind of clip that a job's settings order."""
    return EvidenceCell(
        mode=settings["mode"],
        length=length_class(settings["seconds"]),
        resolution=settings["resolution"],
        audio=settings["audio"],
    )


def lived(job: Job, takes: Sequence[TakeRow], now: datetime) -> list[Evidence]:
    """One row a clip on whether it can be used, and one on the seconds to the file of a job that came to its clips.

    A clip that is not what was ordered cannot be used, and its seconds are nobody's. Of an overdue job it is said how
    long was waited for it in vain; what the same job says later counts in place of that.
    """
    if job.accepted is None or (not takes and job.kind in SILENT):
        return []
    waited: dict[str, Any] = {}
    if job.state is State.OVERDUE and job.sending is not None:
        waited = {"longer_than": [round((now - job.sending).total_seconds() * job.time_scale, 3)]}
    cell = cell_of(dict(job.settings))

    def row(metric: EvidenceMetric, mean: float, **detail: Any) -> Evidence:
        return Evidence(
            endpoint=job.endpoint,
            cell=cell,
            metric=metric,
            mean=mean,
            sd=None,
            n=1,
            source="live",
            simulated=job.simulated,
            observed=now,
            run=job.run,
            detail={"job": job.id, **detail},
        )

    good = [take for take in takes if not unfit(job.settings, take.delivered)]
    found = [row("usable", float(sample < len(good)), **({} if sample else waited)) for sample in range(job.samples)]
    total = _seconds(job, good[0]) if good else None
    return [*found, row("log_seconds", log(total))] if total else found


def _seconds(job: Job, take: TakeRow) -> float | None:
    """Seconds from the submit to the file; None where nobody was looking when the vendor had finished."""
    total, gap = take.timing.get("total"), take.timing.get("poll_gap")
    if total is None or gap is None:
        return total if job.fence == 1 else None
    return total if gap <= SEEN * total else None
