"""What the world keeps of a job: what was asked, when it waits and renders, and what becomes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]


@dataclass(frozen=True)
class Clip:
    """What a job is to deliver, in pixels and seconds."""

    width: int
    height: int
    #: `480p`, `720p`, …: the row of the price list.
    resolution: str
    #: Length of the file.
    seconds: float
    fps: int = 24
    sound: bool = True
    #: Seconds that are new, and paid, where the clip goes on from another.
    new_seconds: float | None = None
    #: `inputs/…`: the picture it starts from.
    first_image: str | None = None
    #: `inputs/…`, or `job#sample`: the clip it goes on from.
    continues: str | None = None


@dataclass(frozen=True)
class Asked:
    """A submission that passed the vendor's checks."""

    wire: str
    #: The vendor's name, as asked.
    model: str
    prompt: str
    clip: Clip
    #: What else shapes the job and is not in the clip; what the vendor echoes later.
    settings: Mapping[str, Any] = field(default_factory=dict)
    samples: int = 1
    seed: int | None = None
    #: An end other than success that the submission itself brings about: the vendor's code and words.
    doom: Mapping[str, Any] | None = None
    #: The name under which the cards know the model, where the asked one is an alias.
    card_name: str | None = None
    #: Whose it is: another account does not see it. Empty where the vendor tells none apart.
    account: str = ""


@dataclass(frozen=True)
class Job:
    """One accepted submission. Times are POSIX seconds of the world."""

    id: str
    asked: Asked
    created: float
    queue: float
    render: float
    #: `succeeded`, or what becomes of it: `failed`, `moderated`, `filtered`, `doomed`.
    outcome: str
    #: Samples that are delivered.
    delivered: int
    #: The faults that stay with it, and how often each strikes (None: always).
    tricks: Mapping[str, int | None]
    #: The nth job of its likeness.
    nth: int
    #: Micro-dollars billed if it succeeds; None where no price is known.
    price: int | None
    cancelled: float | None = None
    deleted: float | None = None

    @property
    def starts(self) -> float:
        return self.created + self.queue

    @property
    def ends(self) -> float:
        return self.starts + self.render

    def state(self, now: datetime) -> State:
        moment = now.timestamp()
        if self.cancelled is not None:
            return "cancelled"
        if moment < self.starts:
            return "queued"
        if moment < self.ends or "never_finishes" in self.tricks:
            return "running"
        return "succeeded" if self.outcome == "succeeded" else "failed"

    def strange(self, now: datetime) -> bool:
        """True while the fault strange_status shows: in the first half of the rendering."""
        half = self.starts + self.render / 2
        return "strange_status" in self.tricks and self.starts <= now.timestamp() < half

    def progress(self, now: datetime) -> int:
        """0 to 99 while it runs."""
        return max(0, min(99, int(100 * (now.timestamp() - self.starts) / self.render)))

    def charge(self, now: datetime) -> int | None:
        """Micro-dollars billed so far: the vendors here bill delivered clips alone. None where no price is known."""
        return self.price if self.state(now) == "succeeded" else 0


def likeness_of(asked: Asked, plain: str) -> str:
    """Equal for submissions that differ in nothing but a marker for a fault."""
    parts = [
        asked.wire,
        asked.model,
        plain,
        asdict(asked.clip),
        dict(asked.settings),
        asked.samples,
        asked.seed,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def outcome_of(asked: Asked, tricks: Mapping[str, int | None]) -> tuple[str, int]:
    """What becomes of it, and how many samples are delivered."""
    if asked.doom is not None:
        return "doomed", 0
    if "late_failure" in tricks:
        return "failed", 0
    if "moderated" in tricks:
        return "moderated", 0
    if "filtered" in tricks or ("partly_filtered" in tricks and asked.samples == 1):
        return "filtered", 0
    return "succeeded", asked.samples - ("partly_filtered" in tricks)


def dumps(job: Job) -> str:
    return json.dumps(asdict(job))


def loads(text: str, cancelled: float | None, deleted: float | None) -> Job:
    row = json.loads(text)
    asked = row.pop("asked")
    clip = Clip(**asked.pop("clip"))
    return Job(**(row | {"asked": Asked(**asked, clip=clip), "cancelled": cancelled, "deleted": deleted}))
