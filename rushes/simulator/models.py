"""Which models answer on which wire, by the vendor's own names, with what the world needs of their cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rushes.card import Card, Endpoint
from rushes.simulator.chance import Pace

#: Which providers' endpoints answer here; of two that share a vendor's name for a model, the first counts.
PROVIDERS = {
    "openai": "openai",
    "vertex": "vertex",
    "dashscope-intl": "dashscope",
    "dashscope-cn": "dashscope",
}

#: Where a card says nothing of speed: the wire's usual seconds for a clip of five.
USUAL = {
    "openai": Pace(90, 0.35, 5, "720p"),
    "vllm-omni": Pace(250, 0.2, 5, "480p"),
    "sglang": Pace(250, 0.2, 5, "480p"),
    "vertex": Pace(75, 0.35, 5, "720p"),
    "dashscope": Pace(120, 0.35, 5, "720p"),
}

#: How fine and how steady the films of a model without a card are.
UNKNOWN = 0.5


@dataclass(frozen=True)
class Served:
    """One model as one wire serves it."""

    wire: str
    #: The vendor's own name.
    name: str
    card: Card
    endpoint: Endpoint

    def unborn(self, day: date) -> bool:
        released = self.endpoint.lifecycle.released
        return released is not None and day < released

    def retired(self, day: date) -> bool:
        return not self.endpoint.alive(day)

    @property
    def pace(self) -> Pace:
        return Pace.of(self.endpoint.speed) if self.endpoint.speed else USUAL[self.wire]

    def price(self, day: date, resolution: str, sound: bool) -> Decimal | None:
        """US dollars per second, or None where no price is known."""
        row = self.endpoint.price(day, resolution, sound)  # type: ignore[arg-type]
        return row.usd_per_second if row else None


class Models:
    """Every model of the cards that some wire here serves."""

    def __init__(self, cards: Mapping[str, Card]) -> None:
        self._served: dict[tuple[str, str], Served] = {}
        for provider, wire in PROVIDERS.items():
            for card in cards.values():
                for endpoint in card.endpoints:
                    if endpoint.provider != provider:
                        continue
                    for name in endpoint.wire_names.values():
                        self._served.setdefault((wire, name), Served(wire, name, card, endpoint))

    def find(self, wire: str, name: str) -> Served | None:
        return self._served.get((wire, name))

    def of(self, wire: str) -> Iterator[Served]:
        return (served for served in self._served.values() if served.wire == wire)
