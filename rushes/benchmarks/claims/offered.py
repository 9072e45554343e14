"""What the vendors offer by their cards: it decides what no run can make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rushes.benchmarks.claims.claim import Claim
from rushes.benchmarks.claims.run import Run
from rushes.card import Card, Endpoint, Offer
from rushes.request import Mode


def offers(card: Card) -> Iterator[tuple[Endpoint, Offer]]:
    """What one call can make, of living and dead endpoints; an extension is no call of its own."""
    for endpoint in card.endpoints:
        for offer in endpoint.offers:
            if set(offer.modes) != {Mode.EXTEND}:
                yield endpoint, offer


def longest_offer(card: Card) -> tuple[Endpoint, Offer]:
    """The offer with the longest clip of one call."""
    return max(offers(card), key=lambda each: max(each[1].seconds))


def extended(run: Run, card: Card) -> str:
    """How long a clip can become by extension, where the card says so."""
    reached = [
        f"{max(offer.seconds) + end.inputs.video.max_seconds:g} s ({place(run, end)})"
        for end in card.endpoints
        for offer in end.offers
        if Mode.EXTEND in offer.modes and end.inputs.video is not None and end.inputs.video.max_seconds is not None
    ]
    return f"; by extension, call after call, at most {', '.join(reached)}" if reached else ""


def place(run: Run, endpoint: Endpoint) -> str:
    """The endpoint, and since when it is gone if it is."""
    gone = "" if endpoint.alive(run.table.info.day) else f", retired {endpoint.lifecycle.retired}"
    return f"{endpoint.id}{gone}"


def by_card(claim: Claim, card: Card, offer: Offer, why: str) -> Claim:
    """Contradicted by the vendor itself, whatever the run has."""
    return replace(claim, verdict="contradicted", basis="card", why=why, missing=(), **cited(card, offer))


def cited(card: Card, offer: Offer) -> dict[str, Any]:
    """The fields of a claim that say where an offer has its limits from."""
    source = card.sources[offer.source]
    where = f"{source.where}; read {source.read}, trust {source.confidence}"
    return {"source": f"{card.id}, {offer.source}", "where": where}
