"""Evidence made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from math import log
from typing import Any

from rushes.card import Endpoint
from rushes.config import Config, load_config
from rushes.evidence import Evidence, EvidenceCell
from rushes.plan import Settings
from rushes.published import Published
from rushes.request import Mode
from rushes.router.posterior.knowledge import Knowledge

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
#: 8 seconds, 720p, with sound.
CELL = EvidenceCell("text", "medium", "720p", True)
NOBODY = Published((), (), {})


@cache
def config() -> Config:
    return load_config()


def endpoint(id: str) -> Endpoint:
    """`PROVIDER/MODEL`, as shipped."""
    [found] = [each for card in config().cards.values() for each in card.endpoints if each.id == id]
    return found


def settings(**changes: Any) -> Settings:
    return replace(Settings(Mode.TEXT, 8.0, "720p", "16:9", None, True), **changes)


def row(**changes: Any) -> Evidence:
    """Ten clips of openai/sora-2 that took 240 seconds, measured today; `cell` may be what differs from CELL."""
    cell = replace(CELL, **changes.pop("cell", {}))
    given: dict[str, Any] = {
        "endpoint": "openai/sora-2",
        "cell": cell,
        "metric": "log_seconds",
        "mean": log(240),
        "sd": 0.4,
        "n": 10,
        "source": "measured",
        "simulated": False,
        "observed": NOW,
        "run": "mini",
        "detail": {},
    }
    return Evidence(**(given | changes))


def knowledge(*rows: Evidence, published: Published = NOBODY) -> Knowledge:
    return Knowledge(rows, published, NOW)
