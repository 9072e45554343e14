"""What the ledger hands out and takes in: plain values, no SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from rushes.evidence import Evidence


class State(StrEnum):
    """Where a job stands."""

    #: Written down, not sent.
    QUEUED = "queued"
    #: On its way; if nobody can say what became of it, it is unclear.
    SENDING = "sending"
    #: The vendor has it.
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    #: The vendor no longer knows it.
    LOST = "lost"
    #: Parked: it may have been accepted, and nobody knows. Never sent again by itself.
    UNCLEAR = "unclear"
    #: Parked: our deadline passed; the ticket is kept.
    OVERDUE = "overdue"


FINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST})
PARKED = frozenset({State.UNCLEAR, State.OVERDUE})
#: What a driver works on without being asked.
OPEN = frozenset({State.QUEUED, State.SENDING, State.RUNNING})


@dataclass(frozen=True)
class Order:
    id: str
    created: datetime
    label: str | None
    run: str | None
    simulated: bool
    request: Mapping[str, Any]
    route: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Job:
    """A row of `jobs`; see `rushes.ledger.tables` for what the columns mean. Money in micro-dollars."""

    id: str
    endpoint: str
    simulated: bool
    run: str | None
    state: State
    kind: str | None
    reason: str | None
    runner: str | None
    fence: int
    base_url: str
    samples: int
    settings: Mapping[str, Any]
    changes: Sequence[Mapping[str, Any]]
    notes: Sequence[str]
    fingerprint: Mapping[str, str]
    body_sha256: str
    ticket: Mapping[str, Any] | None
    attempts: int
    day: str
    as_of: str
    price: int | None
    price_source: str | None
    reserved: int
    settled: int | None
    settled_how: str | None
    created: datetime
    sending: datetime | None
    accepted: datetime | None
    #: Before it is accepted: by when its whole route must have come to an end.
    deadline: datetime | None
    ended: datetime | None
    time_scale: float
    #: Which of its provider's keys it was made with; None for the one without a name.
    credential: str | None = None

    @property
    def spent(self) -> int:
        """What it counts for in every budget: what was settled, or else what is reserved."""
        return self.reserved if self.settled is None else self.settled


@dataclass(frozen=True)
class Bytes:
    """The exact submission of a job."""

    path: str
    content_type: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class TakeRow:
    id: str
    order: str
    job: str
    sample: int
    created: datetime
    path: str
    sha256: str
    delivered: Mapping[str, Any]
    timing: Mapping[str, Any]
    cost: int | None
    cost_how: str
    rewritten_prompt: str | None


@dataclass(frozen=True)
class Caps:
    """Micro-dollars that must not be exceeded, checked in the same transaction that reserves; None: no cap."""

    run: int | None = None
    day: int | None = None


@dataclass(frozen=True)
class Expense:
    """Something other than a clip that is about to be paid for. Money in micro-dollars."""

    id: str
    at: datetime
    what: str
    run: str | None
    day: str
    simulated: bool
    reserved: int


@dataclass(frozen=True)
class Gone:
    """An endpoint that answered that it has been retired, and has taken no job since."""

    endpoint: str
    at: datetime
    #: The day by which lifecycle was judged for the job that was told so.
    as_of: str
    job: str
    reason: str


@dataclass(frozen=True)
class Transition:
    """A change of one job, done only if `fence` still holds and the job is in one of the states `out_of`."""

    job: str
    fence: int
    out_of: frozenset[State]
    values: Mapping[str, Any]
    takes: Sequence[TakeRow] = ()
    #: What the end of the job says about its endpoint.
    evidence: Sequence[Evidence] = ()
    #: True once the bytes are needed no more.
    drop_bytes: bool = False


@dataclass(frozen=True)
class Intent:
    """A job about to be submitted, with the orders that it serves (sample 0 first) and its exact bytes."""

    job: Job
    orders: Sequence[Order]
    bytes: Bytes
    caps: Caps = Caps()
    #: True for a further job of orders that stand in the ledger already.
    again: bool = False
    #: Made together with the job, and if it cannot be, there is no job either.
    instead_of: Transition | None = None
