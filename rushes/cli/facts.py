"""What a card says of an endpoint or a model, in a few words each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from rushes.amounts import UNKNOWN, usd
from rushes.card import Card, Endpoint, Offer
from rushes.plan import LINES, STARTS
from rushes.request import ASPECT_RATIOS, Mode

#: More values than this are shown by the first two and the last.
FEW = 4

SOUND = {"always": "always with sound", "choice": "with or without sound", "never": "silent"}


def state(endpoint: Endpoint, day: date) -> str:
    """Such as `live`, `preview`, `retired 2026-09-24`."""
    life = endpoint.lifecycle
    if not endpoint.alive(day):
        return f"retired {life.retired}"
    if life.released is not None and day < life.released:
        return f"from {life.released}"
    words = "live" if life.stage == "ga" else "preview"
    return f"{words} until {life.retired}" if life.retired is not None else words


def lengths(endpoint: Endpoint) -> list[float]:
    """Seconds that one call can make, shortest first; an extension is no call of its own."""
    return sorted({value for offer in _own(endpoint) for value in offer.seconds})


def resolutions(*endpoints: Endpoint) -> list[str]:
    made = {resolution for each in endpoints for offer in _own(each) for resolution in offer.resolutions}
    return [resolution for resolution in LINES if resolution in made]


def ratios(*endpoints: Endpoint) -> list[str]:
    found = {ratio for each in endpoints for offer in _own(each) for sizes in offer.sizes.values() for ratio in sizes}
    return [ratio for ratio in ASPECT_RATIOS if ratio in found]


def sound(endpoint: Endpoint) -> str:
    made = {audio for offer in endpoint.offers for audio in offer.audio}
    return "choice" if len(made) > 1 else "always" if True in made else "never"


def starts(endpoint: Endpoint) -> list[str]:
    """What a clip may start from."""
    return [STARTS[mode] for mode in Mode if any(mode in offer.modes for offer in endpoint.offers)]


def prices(endpoint: Endpoint, day: date) -> list[Decimal]:
    """Every price that holds on `day`, US dollars a second, lowest first."""
    rows = (
        endpoint.price(day, resolution, audio)
        for offer in endpoint.offers
        for resolution in offer.resolutions
        for audio in offer.audio
    )
    return sorted({row.usd_per_second for row in rows if row is not None})


def price_range(endpoint: Endpoint, day: date) -> str:
    found = prices(endpoint, day)
    if not found:
        return UNKNOWN
    return usd(found[0]) if len(found) == 1 else f"{usd(found[0])}–{usd(found[-1])[1:]}"


def series(values: Iterable[float]) -> str:
    """Such as `4, 8, 12` or, of many, `4, 8 … 20`."""
    found = [f"{each:g}" for each in sorted(values)]
    return f"{', '.join(found[:2])} … {found[-1]}" if len(found) > FEW else ", ".join(found)


def vendors(card: Card, day: date) -> dict[str, str]:
    """What the endpoints really offer, under the names that the brief uses; of those alive, or else of all."""
    alive = [each for each in card.endpoints if each.alive(day)] or [*card.endpoints]
    calls = ", ".join(f"{each:g}" for each in sorted({value for end in alive for value in lengths(end)}))
    steps = {value for each in alive for offer in each.offers if Mode.EXTEND in offer.modes for value in offer.seconds}
    more = f"; {series(steps)} s more by extension" if steps else ""
    return {
        "developer": card.maker,
        "speed": "; ".join(_speeds(alive)) or UNKNOWN,
        "audio": ", ".join(_unique(SOUND[sound(each)] for each in alive)),
        "duration": f"{calls} s in one call{more}",
        "resolution": ", ".join(resolutions(*alive)),
        "aspect_ratio": ", ".join(ratios(*alive)),
        "input": ", ".join(_unique(start for each in alive for start in starts(each))),
    }


def _speeds(endpoints: Iterable[Endpoint]) -> list[str]:
    return _unique(
        f"about {each.speed.median:g} s for {each.speed.clip_seconds:g} s at {each.speed.resolution} (prior)"
        for each in endpoints
        if each.speed is not None
    )


def _unique(values: Iterable[str]) -> list[str]:
    return [*dict.fromkeys(values)]


def _own(endpoint: Endpoint) -> list[Offer]:
    return [offer for offer in endpoint.offers if set(offer.modes) != {Mode.EXTEND}] or [*endpoint.offers]
