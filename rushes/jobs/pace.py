"""How many jobs may be submitted a minute, of each endpoint with each of its credentials."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from datetime import timedelta

from rushes.clock import Clock
from rushes.errors import NotSent
from rushes.jobs.deadline import Deadline

#: An endpoint and one of its provider's credentials; None for the one without a name.
Door = tuple[str, str | None]
MINUTE = 60.0


class Pace:
    """Turns for one process, by the clock it is given: limiters of libraries read the machine's own."""

    def __init__(self, clock: Clock, most: Callable[[Door], float | None]) -> None:
        """`most`: submits a minute; None: as many as come."""
        self._clock = clock
        self._most = most
        self._turns: defaultdict[Door, deque[float]] = defaultdict(deque)

    async def turn(self, door: Door, deadline: Deadline | None = None) -> None:
        """Waits for the next turn and takes it. Raises NotSent, at once, where none comes before the deadline."""
        while (pause := self.wait(door)) > 0:
            if deadline is not None and deadline.left <= pause:
                most, at = self._most(door), self._clock.now() + timedelta(seconds=pause)
                raise NotSent(
                    f"it cannot be sent before the deadline, {deadline.at:%H:%M:%S} UTC: its turn would come at "
                    f"{at:%H:%M:%S} UTC, in {pause:.1f} s, and {door[0]} takes {most:g} "
                    f"{'job' if most == 1 else 'jobs'} a minute"
                )
            await self._clock.sleep(pause)

    def wait(self, door: Door) -> float:
        """Seconds until the next turn; 0 takes it."""
        most = self._most(door)
        if most is None:
            return 0.0
        now, turns = self._clock.monotonic(), self._turns[door]
        # Of 2 a minute, the third waits for the first to be a minute old; of half a one, each waits for two minutes.
        window = MINUTE * max(1.0, 1 / most)
        while turns and turns[0] + window <= now:  # the sum that the wait below ends at, to the last bit
            turns.popleft()
        if len(turns) < max(1, int(most)):
            turns.append(now)
            return 0.0
        return turns[0] + window - now
