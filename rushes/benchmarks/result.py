"""What became of one slot of a run: a line of `takes.jsonl`, for failures too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from rushes.benchmarks.schedule import Slot
from rushes.jobs.money import dollars
from rushes.jobs.orders import request_json
from rushes.ledger import Job, State
from rushes.take import Take

#: usable: a file that is what was ordered. unusable: a file that is not. The others have no file: failed, refused by
#: the vendor's moderation, overdue (our deadline passed), unclear (nobody knows whether it was accepted), lost (the
#: vendor no longer knows it), cancelled.
Status = Literal["usable", "unusable", "failed", "refused", "overdue", "unclear", "lost", "cancelled"]

#: How far a file's length may be from what was sent, in seconds.
LENGTH_TOLERANCE = 0.25


class Result(BaseModel):
    """One line of `takes.jsonl`. Seconds and dollars; None where nobody could tell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    label: str
    cell: str
    prompt: str
    category: str
    model: str
    endpoint: str
    sample: int
    block: int
    status: Status
    #: Why there is no usable file.
    reason: str | None
    simulated: bool
    #: When the job was made; in a simulated world, by its clock.
    at: datetime
    #: The length that the prompt's text names.
    asked_seconds: float | None
    asked: Mapping[str, Any]
    sent: Mapping[str, Any]
    #: What the file is; None where there is none.
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
    #: reported, estimated, assumed, not billed, unknown, or reserved while nobody knows.
    usd_how: str
    rewritten_prompt: str | None
    job: str
    take: str | None
    sha256: str | None
    #: The file inside the run's folder.
    clip: str | None

    @property
    def usable(self) -> bool:
        return self.status == "usable"

    @property
    def seconds_to_file(self) -> float | None:
        """From the submit to the complete file; None where nobody was looking when the vendor had finished."""
        seen = not self.resumed or self.timing.get("poll_gap") is not None
        return self.timing.get("total") if seen else None


def of_take(slot: Slot, take: Take, job: Job, clip: str, before: Result | None) -> Result:
    """A finished clip, at `clip` in the run's folder; `before` is what an earlier start said of the slot."""
    misfits = [*_misfits(take)]
    return Result(
        **_slot(slot),
        status="unusable" if misfits else "usable",
        reason="; ".join(misfits) or None,
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
        usd_how=job.settled_how or "reserved",
        rewritten_prompt=None,
        job=job.id,
        take=None,
        sha256=None,
        clip=None,
    )


def _slot(slot: Slot) -> dict[str, Any]:
    return {
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


def _misfits(take: Take) -> Iterator[str]:
    """Every way in which a file is not what was ordered."""
    file, sent = take.delivered, take.sent
    if file["seconds"] is None:
        yield "the file does not tell its length"
    elif abs(file["seconds"] - sent["seconds"]) > LENGTH_TOLERANCE:
        yield f"{file['seconds']:g} s long, not {sent['seconds']:g} s"
    size = sent["size"]
    if size is not None and (file["width"], file["height"]) != (size["width"], size["height"]):
        yield f"{file['width']}x{file['height']}, not {size['width']}x{size['height']}"
    if sent["audio"] and file["audio_codec"] is None:
        yield "no sound"
    if not sent["audio"] and file["audio_codec"] is not None:
        yield "sound where none was ordered"


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
