"""What comes of holding a request against an endpoint: a plan or a refusal, and both in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rushes.card import Endpoint
from rushes.errors import Retired, Unsupported, VideoError
from rushes.plan.settings import Settings
from rushes.request import VideoRequest

#: Wishes that a fit mode may leave out, and says so.
DROPPABLE = ("seed", "negative_prompt")


@dataclass(frozen=True)
class Change:
    """One thing that a fit mode adapted. `price_difference` is in US dollars a clip, None where unknown."""

    field: str
    asked: str
    sent: str
    why: str
    price_difference: Decimal | None = None

    def __str__(self) -> str:
        return f"{self.field}: asked {self.asked}, sent {self.sent} ({self.why})"


@dataclass(frozen=True)
class Plan:
    """A request that fits an endpoint. What it says is what gets sent."""

    request: VideoRequest
    endpoint: Endpoint
    settings: Settings
    #: The day by which prices and lifecycle were judged.
    day: date
    #: US dollars a clip; None where no price is known and the caller allowed that.
    price: Decimal | None
    price_source: str | None
    changes: tuple[Change, ...] = ()
    #: What is done to inputs, and what a user should know; no change to what was asked.
    notes: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        return not self.changes

    @property
    def seed(self) -> int | None:
        return None if any(change.field == "seed" for change in self.changes) else self.request.seed

    @property
    def negative_prompt(self) -> str | None:
        dropped = any(change.field == "negative_prompt" for change in self.changes)
        return None if dropped else self.request.negative_prompt


def sent(held: Plan) -> dict[str, Any]:
    """What will be sent, every default included, for other programs."""
    size = held.settings.size
    return asdict(held.settings) | {
        "mode": str(held.settings.mode),
        "size": None if size is None else str(size),
        "seed": held.seed,
        "negative_prompt": held.negative_prompt,
    }


@dataclass(frozen=True)
class Refusal:
    """Every reason why an endpoint cannot make a request, and the nearest request that it could."""

    request: VideoRequest
    endpoint: Endpoint
    reasons: tuple[str, ...]
    nearest: VideoRequest | None = None
    retired: bool = False

    def error(self) -> VideoError:
        """The same as an exception."""
        hint = None
        if self.nearest is not None:
            gone = [name for name in DROPPABLE if getattr(self.request, name) != getattr(self.nearest, name)]
            without = f", without {' and '.join(gone)}" if gone else ""
            hint = f"Nearest that works: {describe(self.nearest)}{without}."
        if self.retired:
            return Retired(f"{self.endpoint.id}: {'; '.join(self.reasons)}", hint=successor_hint(self.endpoint))
        return Unsupported(f"{self.endpoint.id} cannot make this:", reasons=self.reasons, hint=hint)


def describe(request: VideoRequest) -> str:
    """The settings of a request in one line, such as `8 s, 720p, 16:9, with sound`."""
    parts = [
        None if request.seconds is None else f"{request.seconds:g} s",
        request.resolution,
        request.aspect_ratio,
        None if request.audio is None else ("with sound" if request.audio else "silent"),
    ]
    return ", ".join(part for part in parts if part) or "the model's defaults"


def successor_hint(endpoint: Endpoint) -> str:
    successor = endpoint.lifecycle.successor
    return f"Its successor: {successor}." if successor else "It has no successor; `rushes models` shows what lives."
