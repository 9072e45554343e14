"""What became of a submit: accepted, certainly not, or unclear. The one place where that is decided.

No vendor here offers an idempotency key, so what may have been accepted is never sent again, and nothing fails over
from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from rushes.errors import BadReply, NotSent, RateLimited, RequestError, SetupError, VideoError
from rushes.http import httpx
from rushes.providers.base import Adapter, Ticket

#: Answers that say no: not billed, may only go elsewhere.
REJECTED = frozenset({400, 401, 402, 403, 404, 410, 413, 415, 422})


@dataclass(frozen=True)
class Accepted:
    ticket: Ticket


@dataclass(frozen=True)
class Rejected:
    """The vendor said no; nothing was made and nothing is billed."""

    error: VideoError


@dataclass(frozen=True)
class Again:
    """Certainly not accepted, and worth sending again: never sent at all, or turned away for being too fast."""

    error: NotSent | RateLimited


@dataclass(frozen=True)
class Doubtful:
    """Nobody can say whether a job was made."""

    reason: str


Outcome = Accepted | Rejected | Again | Doubtful


def of_answer(response: httpx.Response, adapter: Adapter) -> Outcome:
    """The outcome of a submit that was answered."""
    status = response.status_code
    try:
        ticket = adapter.accepted(response)
    except RateLimited as error:
        if status == 429 or status < 300 or adapter.proves_not_accepted(response):
            return Again(error)
        return Rejected(error) if status in REJECTED else Doubtful(error.message)
    except VideoError as error:
        if status in REJECTED or adapter.proves_not_accepted(response):
            return Rejected(error)
        # A 429 that the adapter does not call a rate limit is an unpaid bill or a spent quota.
        if (status == 429 or status < 300) and isinstance(error, RequestError | SetupError):
            return Rejected(error)
        return Doubtful(error.message)
    except Exception as error:  # an answer that our own code trips over proves nothing
        return Doubtful(f"HTTP {status} with an answer that cannot be understood ({type(error).__name__})")
    if 200 <= status < 300:
        return Accepted(ticket)
    return Doubtful(BadReply(f"HTTP {status} with a ticket").message)


def of_failure(error: BaseException) -> Outcome:
    """The outcome of a submit that was not answered."""
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout():
            return Again(NotSent(f"no connection: {_name(error)}"))
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return Rejected(NotSent(f"no such address: {_name(error)}"))
        case _:
            return Doubtful(f"no answer that can be trusted: {_name(error)}")


def _name(error: BaseException) -> str:
    # The text of an error may hold an address with a key in it; its name cannot.
    return type(error).__name__
