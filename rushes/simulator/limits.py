"""How much each vendor takes at once, as data.

Sources, read 2026-11-22: OpenAI's model pages for requests per minute (tier 5: sora-2 375, sora-2-pro 150); Google's
model cards for Veo 3.1 (50 a minute and base model); Alibaba's rate page and task manual for Wan 2.5 (5 submits a
second, 5 running tasks, 20 queries a second; more tasks wait as PENDING).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """None: not limited."""

    #: Submissions within `window` world seconds.
    submits: int | None = None
    window: float = 60.0
    #: Jobs that may run at once; further ones wait in the queue.
    running: int | None = None
    #: Questions after jobs, per world second.
    queries: int | None = None


#: By wire and the vendor's name for the model; `*` is every model of the wire, each for itself.
Limits = Mapping[tuple[str, str], Limit]

LIMITS: Limits = {
    ("openai", "sora-2"): Limit(submits=375),
    ("openai", "sora-2-pro"): Limit(submits=150),
    ("vertex", "*"): Limit(submits=50),
    ("dashscope", "*"): Limit(submits=5, window=1.0, running=5, queries=20),
}

NO_LIMITS: Limits = {}


def limit(limits: Limits, wire: str, model: str) -> Limit:
    return limits.get((wire, model)) or limits.get((wire, "*")) or Limit()
