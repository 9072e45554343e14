"""Stopping a job that a vendor has: whether it may be asked for, how the vendor is asked, and what it answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from rushes.jobs import money, outcome
from rushes.jobs.link import Link
from rushes.ledger import FINAL, Job, State
from rushes.providers.base import Ready, Ticket, json_of, retry_after

#: Under this name a job's ticket in the ledger holds when the vendor took a cancel. Where a cancel removes a job, such
#: as at vLLM-Omni, the vendor does not know it from then on, and nothing else tells that from a job that was lost.
TAKEN = "cancel_taken"
#: And under this one, for each process that asks, since when: written before it asks, so that whatever happens to the
#: answer, or to us, the word of it is there; taken out again where the vendor certainly did not take it.
ASKED = "cancel_asked"
#: The states in which a cancel can do something; `check` says why not in the others.
POSSIBLE = frozenset({State.QUEUED, State.RUNNING, State.OVERDUE})
AT_THE_VENDOR = frozenset({State.RUNNING, State.OVERDUE})
#: Answers after which nobody can say whether the cancel was heard.
OPEN_ENDED = frozenset({408, 425, 499})


Change = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Answer:
    """What came of asking: `error` None where the vendor took it, `doubtful` where nobody knows whether it did."""

    error: VideoError | None = None
    doubtful: bool = False


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


def asked(job: Job) -> bool:
    """True where the vendor took a cancel, or was asked for one and nobody knows what it said."""
    return job.ticket is not None and (TAKEN in job.ticket or ASKED in job.ticket)


def asking(who: str, at: datetime) -> Change:
    """Notes in a ticket that the process `who` asks for a cancel."""
    return lambda ticket: {**ticket, ASKED: {**ticket.get(ASKED, {}), who: at.isoformat()}}


def not_taken(who: str) -> Change:
    """Takes that out again, and leaves what others have asked."""

    def change(ticket: Mapping[str, Any]) -> Mapping[str, Any]:
        others = {each: at for each, at in ticket.get(ASKED, {}).items() if each != who}
        rest = {name: value for name, value in ticket.items() if name != ASKED}
        return {**rest, ASKED: others} if others else rest

    return change


def now_taken(who: str, at: datetime) -> Change:
    """Notes that the vendor took what the process `who` asked."""
    return lambda ticket: {**not_taken(who)(ticket), TAKEN: at.isoformat()}


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


async def has_ended(link: Link, job: Job, ticket: Ticket, *, new: bool) -> bool:
    """Whether it is too late: a cancel may take a finished clip away. Raises a VideoError where that cannot be told.

    `new`: it was accepted so lately that a vendor that does not know it may not show it yet. Then nothing is asked: a
    "not found" in answer to the cancel would leave open whether there is anything to stop.
    """
    try:
        return isinstance(await link.adapter.poll(link.api, ticket), Ready)
    except JobLost as error:
        if not new or asked(job):
            return True
        raise Unavailable(
            f"job {job.id} was not cancelled: {link.provider.name} does not show it yet ({error.message}). "
            f"{_goes_on(job)}",
            hint="Ask again in a moment.",
        ) from None
    except (Refused, JobFailed):
        return True
    except Exception as error:
        raise _as_told(error, job, "could not be asked after, so it was not cancelled either") from None


async def ask(link: Link, job: Job, ticket: Ticket) -> Answer:
    """Asks the vendor once."""
    # A connection of its own, as for submits: a cancel that dies with an idle one has to be asked for again.
    api = _Overheard(link.submits, link.api.base_url, link.auth, trusted_hosts=frozenset(link.provider.trusted_hosts))
    try:
        if await link.adapter.cancel(api, ticket):
            return Answer()
    except Exception as error:
        if isinstance(error, NotAuthorized) or not isinstance(outcome.of_failure(error), outcome.Doubtful):
            return Answer(_as_told(error, job, "was to be cancelled, and the vendor could not be asked"))
        told = _as_told(error, job, "was to be cancelled, and nobody knows whether the vendor heard of it")
        return Answer(told, doubtful=True)
    answer = api.answer
    if answer is None:
        unsupported = Unsupported(
            f"job {job.id} cannot be cancelled: {link.provider.name} has no way to. {_goes_on(job)}",
            hint="`rushes jobs list` shows how it gets on.",
        )
        return Answer(unsupported)
    said = f"HTTP {answer.status_code}: {_words(answer)}"
    match answer.status_code:
        case 401 | 403:
            return Answer(NotAuthorized(f"job {job.id} was not cancelled: {said}. {_goes_on(job)}"))
        case 429:
            text = f"job {job.id} was not cancelled, for now: {said}. {_goes_on(job)}"
            return Answer(RateLimited(text, retry_after=retry_after(answer), hint="Ask again in a moment."))
        case status if status >= 500 or status in OPEN_ENDED:
            told = _as_told(Unavailable(said), job, "was to be cancelled, and nobody knows whether that took effect")
            return Answer(told, doubtful=True)
        case _:
            return Answer(Unsupported(f"{link.provider.name} did not cancel job {job.id}: {said}. {_goes_on(job)}"))


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
