"""From a plan to orders in the ledger, each with the job that serves it; and from a job back to what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from rushes.amounts import usd
from rushes.errors import (
    JobFailed,
    JobLost,
    NotAuthorized,
    NotSent,
    OverBudget,
    Overdue,
    Refused,
    Retired,
    Unclear,
    Unsupported,
    VideoError,
)
from rushes.jobs import money
from rushes.jobs.link import Link
from rushes.ledger import Bytes, Caps, Intent, Job, Order, State, new_id
from rushes.plan import Plan, describe
from rushes.providers.base import Submission
from rushes.request import VideoRequest

#: How the note of a job begins that a person had sent again; its reason changes with every try.
RESUBMITTED = "resubmitted for "


def order(
    request: VideoRequest,
    now: datetime,
    *,
    simulated: bool,
    run: str | None,
    label: str | None,
    route: Mapping[str, Any] | None,
) -> Order:
    """One clip asked for; `route` says how its endpoint was chosen."""
    return Order(new_id("order"), now, label, run, simulated, request_json(request), route)


def intent(
    plan: Plan,
    submission: Submission,
    orders: Sequence[Order],
    link: Link,
    now: datetime,
    *,
    runner: str,
    simulated: bool,
    max_usd: Decimal | None,
    caps: Caps,
    deadline: datetime | None = None,
    notes: Sequence[str] = (),
    again: bool = False,
) -> Intent:
    """A job for `orders`, with its exact bytes and its money reserved.

    `deadline` ends the whole route that it is part of; `again`: its orders have had a job before, and `notes` say what
    became of it. Raises OverBudget where `max_usd` is too little.
    """
    settings = asdict(plan.settings)
    settings["size"] = None if plan.settings.size is None else plan.settings.size.model_dump()
    changes = [asdict(change) for change in plan.changes]
    for change in changes:
        difference = change["price_difference"]
        change["price_difference"] = None if difference is None else str(difference)
    job = Job(
        id=new_id("job"),
        endpoint=plan.endpoint.id,
        simulated=simulated,
        run=orders[0].run,
        state=State.QUEUED,
        kind=None,
        reason=None,
        runner=runner,
        fence=1,
        base_url=link.api.base_url,
        samples=len(orders),
        settings=settings,
        changes=changes,
        notes=[*notes, *plan.notes],
        fingerprint=dict(submission.fingerprint),
        body_sha256=sha256(submission.body).hexdigest(),
        ticket=None,
        attempts=0,
        day=now.date().isoformat(),
        as_of=plan.day.isoformat(),
        price=None if plan.price is None else money.micro(plan.price),
        price_source=plan.price_source,
        reserved=money.reserve(plan, len(orders), max_usd),
        settled=None,
        settled_how=None,
        created=now,
        sending=None,
        accepted=None,
        deadline=deadline,
        ended=None,
        time_scale=1.0,
        credential=link.credential,
    )
    sent = Bytes(submission.path, submission.content_type, dict(submission.headers), submission.body)
    return Intent(job, orders, sent, caps, again=again)


def resubmitted(job: Job) -> bool:
    """True for a job that a person had sent again. What it stands in for is given up: nothing else may come of that."""
    return any(note.startswith(RESUBMITTED) for note in job.notes)


def again(job: Job, orders: list[Order], sent: Bytes, now: datetime, max_usd: Decimal | None, caps: Caps) -> Intent:
    """The same bytes once more, as a new job of the same orders. Raises OverBudget where `max_usd` is too little."""
    if max_usd is not None and job.price is None:
        raise OverBudget(f"{job.endpoint} has no known price, so the cap of ${max_usd} cannot be kept")
    if max_usd is not None and job.reserved > money.micro(max_usd):
        raise OverBudget(f"sending it again may cost {usd(money.dollars(job.reserved))}, over the cap of ${max_usd}")
    new = replace(
        job,
        id=new_id("job"),
        state=State.QUEUED,
        kind=None,
        reason=None,
        fence=1,
        notes=[*job.notes, f"{RESUBMITTED}{job.id}"],
        ticket=None,
        attempts=0,
        day=now.date().isoformat(),
        settled=None,
        settled_how=None,
        created=now,
        sending=None,
        accepted=None,
        deadline=None,
        ended=None,
    )
    return Intent(new, orders, sent, caps, again=True)


def request_json(request: VideoRequest) -> dict[str, Any]:
    """A request for the record: what was left out is left out, media by name or by hash."""
    record = request.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    for field in ("image", "last_image", "audio_track", "extend"):
        if (media := getattr(request, field)) is not None:
            record[field] = _media_json(media)
    if request.reference_images:
        record["reference_images"] = [_media_json(media) for media in request.reference_images]
    return record


def _media_json(media: Path | str | bytes) -> str:
    match media:
        case Path():
            return str(media)
        case bytes():
            return f"sha256:{sha256(media).hexdigest()}"
        case str() if media.startswith("data:"):
            return f"sha256:{sha256(media.encode()).hexdigest()}"
        case _:
            # What stands after the question mark may be a signature.
            return media.partition("?")[0]


def error_of(job: Job) -> VideoError:
    """What became of a job that has no clip to show, as an exception."""
    said = f"{job.endpoint}: {job.reason or job.state}"
    cost = usd(money.counted(job))
    match job.state, job.kind:
        case State.UNCLEAR, _:
            return Unclear(
                f"{said}. Job {job.id} may have been accepted and may have cost {cost}; it is not sent again.",
                hint=f"`rushes jobs show {job.id}` says more; `rushes jobs resolve {job.id}` decides it.",
            )
        case State.OVERDUE, _:
            return Overdue(f"{said}", hint=f"Job {job.id} still counts for {cost}.")
        case State.QUEUED | State.SENDING | State.RUNNING, _:
            return Overdue(
                f"{said}. Another process drives job {job.id} ({job.state})",
                hint=f"`rushes jobs show {job.id}` says how it gets on.",
            )
        case State.LOST, _:
            return JobLost(f"{said} (job {job.id}, counted: {cost})")
        case _, "moderation":
            return Refused(said, hint="Change the prompt or the picture; the same ones are refused again.")
        case _, "retired":
            return Retired(said)
        case _, "access":
            return NotAuthorized(said)
        case _, "invalid":
            return Unsupported(said, hint=f"Sent was: {describe_sent(job.settings)}.")
        case _, "not sent":
            return NotSent(f"{said}. Nothing was accepted, nothing is billed.")
        case _:
            return JobFailed(f"{said} (job {job.id}, counted: {cost})", kind=job.kind or "vendor")


def describe_sent(settings: Mapping[str, Any]) -> str:
    """What was sent, in one line."""
    known = {name: settings[name] for name in ("seconds", "resolution", "aspect_ratio", "audio")}
    return describe(VideoRequest(prompt="-", **known))
