"""The moment by which a job must have been sent, by the clock of the world that it is sent into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rushes.clock import Clock


@dataclass(frozen=True)
class Deadline:
    """Whoever waits for a turn is told when to stop."""

    clock: Clock
    at: datetime

    @property
    def left(self) -> float:
        """Seconds until then; 0 once it has passed."""
        return max(0.0, (self.at - self.clock.now()).total_seconds())
