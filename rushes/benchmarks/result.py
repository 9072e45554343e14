"""What became of one slot of a run: a line of `takes.jsonl`, for failures too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from rushes.benchmarks.schedule import Slot
from rushes.jobs.money import dollars
from rushes.jobs.orders import request_json
from rushes.ledger import Job, State
from rushes.take import Take

#: delivered: there is a file; whether it is what was ordered, the gate says. The others have none: failed, refused by
#: the vendor's moderation, overdue (our deadline passed), unclear (nobody knows whether it was accepted), lost (the
#: vendor no longer knows it), cancelled.
Status = Literal["delivered", "failed", "refused", "overdue", "unclear", "lost", "cancelled"]

#: Of `run.json` and `takes.jsonl`; 1 was before clips were measured.
FORMAT: Literal[2] = 2


class Result(BaseModel):
    """One line of `takes.jsonl`. Seconds and dollars; None where nobody could tell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[2] = FORMAT
    #: fresh: this run had it made. imported: somebody brought the file.
    source: Literal["fresh", "imported"]
    label: str
    cell: str
    prompt: str
    category: str
    model: str
    #: None where the clip was imported.
    endpoint: str | None
    sample: int
    #: None where the clip was imported.
    block: int | None
    status: Status
    #: Why there is no file.
    reason: str | None
    simulated: bool
    #: When the job was made; in a simulated world, by its clock. None where nobody said.
    at: datetime | None
    #: The length that the prompt's text names.
    asked_seconds: float | None
    asked: Mapping[str, Any]
    sent: Mapping[str, Any]
    #: What the file is; None where there is none, or none that opens.
    delivered: Mapping[str, Any] | None
    changes: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]
    #: submit, queue, render, making, download, total, poll_gap.
    timing: Mapping[str, float | None]
    #: True where the run stood still meanwhile, and another start fetched the clip.
    resumed: bool
    #: From the submit to the end without a file. For overdue how long was waited, also once a later start has the clip.
    waited_seconds: float | None
    usd: Decimal | None
    #: reported, estimated, assumed, not billed, imported, unknown, or reserved while nobody knows.
    usd_how: str
    rewritten_prompt: str | None
    job: str | None
    take: str | None
    sha256: str | None
    #: The file inside the run's folder.
    clip: str | None

    @property
    def seconds_to_file(self) -> float | None:
        """From the submit to the complete file; None where nobody was looking when the vendor had finished."""
        seen = not self.resumed or self.timing.get("poll_gap") is not None
        return self.timing.get("total") if seen else None

    @property
    def seconds_spent(self) -> float | None:
        """What the clip, or waiting for it in vain, took; None where nobody could tell."""
        return self.seconds_to_file if self.status == "delivered" else self.waited_seconds


def of_take(slot: Slot, take: Take, job: Job, clip: str, before: Result | None) -> Result:
    """A finished clip, at `clip` in the run's folder; `before` is what an earlier start said of the slot."""
    return Result(
        **_slot(slot),
        status="delivered",
        reason=None,
        simulated=take.simulated,
        at=take.created,
        asked=take.asked,
        sent=take.sent,
        delivered=take.delivered,
        changes=tuple(take.changes),
        notes=tuple(take.notes),
        timing=take.timing,
        resumed=job.fence > 1,
        waited_seconds=None if before is None else before.waited_seconds,
        usd=take.cost,
        usd_how=take.cost_how,
        rewritten_prompt=take.rewritten_prompt,
        job=take.job,
        take=take.id,
        sha256=take.sha256,
        clip=clip,
    )


def of_job(slot: Slot, job: Job) -> Result:
    """A job that has no clip to show."""
    return Result(
        **_slot(slot),
        status=_status(job),
        reason=job.reason,
        simulated=job.simulated,
        at=job.created,
        asked=request_json(slot.request),
        sent=job.settings,
        delivered=None,
        changes=tuple(job.changes),
        notes=tuple(job.notes),
        timing={},
        resumed=job.fence > 1,
        waited_seconds=_waited(job),
        usd=None if job.price is None else dollars(job.spent),
        usd_how="unknown" if job.price is None else job.settled_how or "reserved",
        rewritten_prompt=None,
        job=job.id,
        take=None,
        sha256=None,
        clip=None,
    )


def _slot(slot: Slot) -> dict[str, Any]:
    return {
        "source": "fresh",
        "label": slot.label,
        "cell": slot.cell,
        "prompt": slot.prompt.id,
        "category": slot.prompt.category,
        "model": slot.model,
        "endpoint": slot.endpoint,
        "sample": slot.sample,
        "block": slot.block,
        "asked_seconds": slot.prompt.asked_seconds,
    }


def _status(job: Job) -> Status:
    match job.state, job.kind:
        case State.OVERDUE, _:
            return "overdue"
        case State.UNCLEAR, _:
            return "unclear"
        case State.LOST, _:
            return "lost"
        case State.CANCELLED, _:
            return "cancelled"
        case _, "moderation":
            return "refused"
        case _:
            return "failed"


def _waited(job: Job) -> float | None:
    if job.state is State.OVERDUE:
        start, end = job.accepted, job.deadline
    else:
        start, end = job.sending, job.ended
    return None if start is None or end is None else round((end - start).total_seconds() * job.time_scale, 3)
