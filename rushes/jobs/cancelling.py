"""Stopping a job that a vendor has: whether it may be asked for, how the vendor is asked, and what it answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rushes.amounts import usd
from rushes.errors import (
    BadInput,
    JobFailed,
    JobLost,
    NotAuthorized,
    RateLimited,
    Refused,
    Unavailable,
    Unsupported,
    VideoError,
)
from rushes.http import Api, httpx
from rushes.jobs import money
from rushes.jobs.link import Link
from rushes.ledger import FINAL, Job, State
from rushes.providers.base import Ready, Ticket, json_of, retry_after

#: Under this name a job's ticket in the ledger holds when the vendor took a cancel. Where a cancel removes a job, such
#: as at vLLM-Omni, the vendor does not know it from then on, and nothing else tells that from a job that was lost.
TAKEN = "cancel_taken"
#: Answers after which nobody can say whether the cancel was heard.
OPEN_ENDED = frozenset({408, 425, 499})


class _Overheard(Api):
    """Keeps the last answer: an adapter says whether the vendor took the cancel, and the vendor why not."""

    answer: httpx.Response | None = None

    async def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        self.answer = await super().request(method, path, **kwargs)
        return self.answer


def taken(job: Job) -> datetime | None:
    """When the vendor took a cancel; None where it has taken none."""
    text = None if job.ticket is None else job.ticket.get(TAKEN)
    return None if text is None else datetime.fromisoformat(text)


def check(job: Job) -> None:
    """Raises BadInput, with what to do instead, for a job that a cancel can do nothing about."""
    cost = usd(money.counted(job))
    match job.state:
        case State.SENDING:
            raise BadInput(
                f"job {job.id} is being sent: nobody knows yet whether {job.endpoint} takes it",
                hint="Cancel it once it is running. If its process has died meanwhile, "
                f"`rushes jobs resume {job.id}` finds out what became of it.",
            )
        case State.UNCLEAR:
            raise BadInput(
                f"job {job.id} is unclear: if {job.endpoint} has it, nobody here knows under which name. "
                f"It may cost {cost}",
                hint=f"`rushes jobs resolve {job.id}` decides it.",
            )
        case state if state in FINAL:
            raise BadInput(f"job {job.id} is {state} already, and counts for {cost}")


async def has_ended(link: Link, job: Job, ticket: Ticket) -> bool:
    """Whether it is too late: a cancel may take a finished clip away. Raises a VideoError where that cannot be told."""
    try:
        return isinstance(await link.adapter.poll(link.api, ticket), Ready)
    except (Refused, JobFailed, JobLost):
        return True
    except Exception as error:
        raise _as_told(error, job, "could not be asked after, so it was not cancelled either") from None


async def ask(link: Link, job: Job, ticket: Ticket) -> None:
    """Asks the vendor once; raises a VideoError unless it took the cancel."""
    # A connection of its own, as for submits: a cancel that dies with an idle one has to be asked for again.
    api = _Overheard(link.submits, link.api.base_url, link.auth, trusted_hosts=frozenset(link.provider.trusted_hosts))
    try:
        if await link.adapter.cancel(api, ticket):
            return
    except Exception as error:
        raise _as_told(error, job, "was to be cancelled, and nobody knows whether the vendor heard of it") from None
    answer = api.answer
    if answer is None:
        raise Unsupported(
            f"job {job.id} cannot be cancelled: {link.provider.name} has no way to. {_goes_on(job)}",
            hint="`rushes jobs list` shows how it gets on.",
        )
    said = f"HTTP {answer.status_code}: {_words(answer)}"
    match answer.status_code:
        case 401 | 403:
            raise NotAuthorized(f"job {job.id} was not cancelled: {said}. {_goes_on(job)}")
        case 429:
            text = f"job {job.id} was not cancelled, for now: {said}. {_goes_on(job)}"
            raise RateLimited(text, retry_after=retry_after(answer), hint="Ask again in a moment.")
        case status if status >= 500 or status in OPEN_ENDED:
            raise _as_told(Unavailable(said), job, "was to be cancelled, and nobody knows whether that took effect")
        case _:
            raise Unsupported(f"{link.provider.name} did not cancel job {job.id}: {said}. {_goes_on(job)}")


def _as_told(error: Exception, job: Job, what: str) -> VideoError:
    """An error of the kind it is, that says what it means for the cancel."""
    # The text of an HTTP client's error may hold an address with a key in it; its name cannot.
    said = error.message if isinstance(error, VideoError) else type(error).__name__
    text = f"job {job.id} {what}: {said}. {_goes_on(job)}"
    hint = "Ask again: a second cancel does no harm."
    match error:
        case NotAuthorized():
            return NotAuthorized(text, hint=error.hint)
        case RateLimited(retry_after=seconds):
            return RateLimited(text, retry_after=seconds, hint=hint)
        case _:
            return Unavailable(text, hint=hint)


def _goes_on(job: Job) -> str:
    return f"It stays {job.state} and counts for {usd(money.counted(job))}"


def _words(answer: httpx.Response) -> str:
    """What the vendor said, in whichever of the wires' shapes."""
    try:
        reply = json_of(answer)
    except VideoError:
        return "no message"
    reply = reply if isinstance(reply, dict) else {}
    error = reply.get("error", reply.get("detail"))
    nested = error.get("message") if isinstance(error, dict) else error
    return str(nested or reply.get("message") or "no message").rstrip(". ")
