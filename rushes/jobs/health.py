"""Which endpoints are better left alone for a moment, with which key: rate limited, down, or turned away there.

Only what happens to submits and to whole jobs counts. A poll that fails says nothing of whether the next job would be
taken. The lengths of the pauses are our choice.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from rushes.clock import Clock
from rushes.errors import JobFailed, NotAuthorized, RateLimited, VideoError
from rushes.jobs.pace import Door

#: Seconds of the first pause, doubled each time up to the longest.
RATE_LIMITED, DOWN, FAILING = 5.0, 10.0, 60.0
LONGEST = 600.0
#: So many jobs in a row that end without a clip are taken for an outage.
IN_A_ROW = 3
#: Kinds of failure that any endpoint would have come to: the request's fault, or somebody's wish.
ITS_OWN = frozenset({"invalid", "cancelled"})


@dataclass(frozen=True)
class Pause:
    until: datetime
    #: What happened, for people.
    why: str
    #: False where waiting mends nothing, such as a key that is turned down: whoever must, asks all the same.
    helps: bool = True


class Health:
    """What one process has seen; lost with it, and no harm done."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pauses: dict[Door, Pause] = {}
        self._refusals: dict[Door, int] = {}
        self._failures: dict[Door, int] = {}

    def took(self, door: Door) -> None:
        """A job was accepted there."""
        self._pauses.pop(door, None)
        self._refusals.pop(door, None)

    def delivered(self, door: Door) -> None:
        """A job came to its clip there."""
        self._failures.pop(door, None)

    def turned_away(self, door: Door, error: VideoError) -> None:
        """A submit was not accepted there, or nobody knows."""
        times = self._refusals[door] = self._refusals.get(door, 0) + 1
        match error:
            case NotAuthorized():
                seconds = LONGEST
            case RateLimited(retry_after=float() | int() as asked):
                seconds = float(asked)
            case RateLimited():
                seconds = _doubled(RATE_LIMITED, times)
            case _:
                seconds = _doubled(DOWN, times)
        self._pause(door, seconds, error.message, helps=not isinstance(error, NotAuthorized))

    def failed(self, door: Door, error: VideoError) -> None:
        """A job that was accepted there ended without a clip, by no fault of its request."""
        if isinstance(error, JobFailed) and error.kind in ITS_OWN:
            return
        times = self._failures[door] = self._failures.get(door, 0) + 1
        if times >= IN_A_ROW:
            self._pause(door, _doubled(FAILING, times - IN_A_ROW + 1), f"{times} jobs in a row failed: {error.message}")

    def pause(self, door: Door) -> Pause | None:
        """Until when to leave it alone, if at all."""
        pause = self._pauses.get(door)
        if pause is not None and pause.until <= self._clock.now():
            return None
        return pause

    def cooling(self, endpoint: str, credentials: Collection[str | None]) -> Pause | None:
        """The pause that ends first, where every one of these credentials has one."""
        pauses = [self.pause((endpoint, each)) for each in credentials]
        there = [each for each in pauses if each is not None]
        return min(there, key=lambda each: each.until) if there and len(there) == len(pauses) else None

    def _pause(self, door: Door, seconds: float, why: str, *, helps: bool = True) -> None:
        until = self._clock.now() + timedelta(seconds=min(seconds, LONGEST))
        there = self._pauses.get(door)
        if there is None or there.until < until:
            self._pauses[door] = Pause(until, why, helps)


def _doubled(seconds: float, times: int) -> float:
    """As long as the pause is the nth time; what is past the longest is cut anyway, and need not overflow."""
    return seconds * 2.0 ** min(times - 1, 20)
