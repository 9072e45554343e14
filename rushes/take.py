"""One finished clip, with what was asked, sent and delivered, seconds and dollars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from rushes.jobs.money import dollars
from rushes.ledger import Job, Order, TakeRow
from rushes.unfit import unfit


@dataclass(frozen=True)
class Take:
    """What `generate` returns. Everything in it is in the ledger too."""

    id: str
    path: Path
    sha256: str
    endpoint: str
    #: True where a simulator made it; then its seconds and dollars are a simulated world's.
    simulated: bool
    created: datetime
    prompt: str
    #: The request's settings as asked; media by name or hash.
    asked: Mapping[str, Any]
    sent: Mapping[str, Any]
    #: What the file is: seconds, width, height, fps, codecs, bytes.
    delivered: Mapping[str, Any]
    #: What a fit mode adapted.
    changes: Sequence[Mapping[str, Any]]
    notes: Sequence[str]
    #: Seconds of each stretch: submit, queue, render, making, download, total, poll_gap; None where nobody could tell.
    timing: Mapping[str, float | None]
    #: US dollars; None where the endpoint has no price.
    cost: Decimal | None
    #: reported by the vendor, estimated from its price, assumed, or not billed.
    cost_how: str
    rewritten_prompt: str | None
    order: str
    job: str
    run: str | None
    label: str | None
    #: How its order's first endpoint was chosen: policy, every endpoint with its numbers or reasons, what decided.
    #: None where there was nothing to choose.
    route: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def unfit(self) -> tuple[str, ...]:
        """Every reason why the file is not what was ordered, by length, size and sound; empty where it is."""
        return unfit(self.sent, self.delivered)

    @property
    def model(self) -> str:
        return self.endpoint.partition("/")[2]

    @property
    def provider(self) -> str:
        return self.endpoint.partition("/")[0]

    @property
    def seconds_to_file(self) -> float | None:
        """Seconds from the submit to the complete file."""
        return self.timing.get("total")

    def json(self) -> dict[str, Any]:
        """The same for other programs: paths and dollars as text."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return values | {
            "path": str(self.path),
            "created": self.created.isoformat(),
            "cost": None if self.cost is None else str(self.cost),
            "seconds_to_file": self.seconds_to_file,
            "unfit": list(self.unfit),
        }


def take_of(row: TakeRow, job: Job, order: Order, home: Path) -> Take:
    """A take from its rows."""
    return Take(
        id=row.id,
        path=home / row.path,
        sha256=row.sha256,
        endpoint=job.endpoint,
        simulated=job.simulated,
        created=row.created,
        prompt=order.request["prompt"],
        asked=order.request,
        sent=job.settings,
        delivered=row.delivered,
        changes=job.changes,
        notes=job.notes,
        timing=row.timing,
        cost=None if row.cost is None else dollars(row.cost),
        cost_how=row.cost_how,
        rewritten_prompt=row.rewritten_prompt,
        order=order.id,
        job=job.id,
        run=job.run,
        label=order.label,
        route=order.route,
    )
