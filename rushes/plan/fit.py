"""How far what an endpoint makes is from what was asked, the nearest of it, and what a fit mode changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from math import log
from typing import Any, Literal

from rushes.card import Endpoint
from rushes.plan.inputs import droppable
from rushes.plan.outcome import Change
from rushes.plan.settings import FIELDS, LINES, Settings, asked_of, same, settings_of
from rushes.plan.words import either, rest, show, values
from rushes.request import ASPECT_RATIOS, Resolution, VideoRequest

#: exact: refuse what does not fit. nearest: the closest that fits. shorter: the closest that is no longer.
#: cheaper: the closest that is neither longer nor larger, nor dearer where both prices are known.
Fit = Literal["exact", "nearest", "shorter", "cheaper"]
FITS: tuple[Fit, ...] = ("exact", "nearest", "shorter", "cheaper")

LOG_LINES: dict[str, float] = {name: log(lines) for name, lines in LINES.items()}
LOG_RATIOS: dict[str, float] = {name: log(int(name.split(":")[0]) / int(name.split(":")[1])) for name in ASPECT_RATIOS}


@lru_cache(maxsize=4096)
def _apart(field: str, have: Any, value: Any) -> float:
    """How far one setting is from `value`, as the logarithm of their ratio; sound is all or nothing."""
    match field:
        case "seconds":
            return abs(log(have / value))
        case "resolution":
            return abs(LOG_LINES[have] - LOG_LINES[value])
        case "aspect_ratio" if have is not None:
            return abs(LOG_RATIOS[have] - LOG_RATIOS[value])
        case "audio":
            return 0.0 if have == value else 10.0
        case _:
            return 0.0


def _far(settings: Settings, wanted: dict[str, Any]) -> float:
    # Rounded, so that the card's order decides between equals (4:3 lies midway between 1:1 and 16:9), not float noise.
    distance = 0.0
    for field, value in wanted.items():
        distance += _apart(field, getattr(settings, field), value)
    return round(distance, 9)


def _defaults(endpoint: Endpoint) -> dict[str, Any]:
    return endpoint.card.defaults.model_dump()


def closest(makes: Sequence[Settings], request: VideoRequest, endpoint: Endpoint) -> Settings | None:
    """The nearest to what was asked, then to the card's defaults for the rest, then the shorter and the smaller."""
    if not makes:
        return None
    asked = asked_of(request)
    unset = {field: value for field, value in _defaults(endpoint).items() if field not in asked}
    distances = [_far(settings, asked) for settings in makes]
    least = min(distances)
    nearest = [settings for settings, distance in zip(makes, distances, strict=True) if distance == least]
    return min(nearest, key=lambda each: (_far(each, unset), each.seconds, LINES[each.resolution]))


def adapted(
    makes: Sequence[Settings], request: VideoRequest, endpoint: Endpoint, fit: Fit, day: date
) -> Settings | None:
    """The closest that `fit` allows. Sound is never adapted: "must have sound" and "must be silent" are musts."""
    allowed = [settings for settings in makes if request.audio is None or settings.audio == request.audio]
    if fit in ("shorter", "cheaper") and request.seconds is not None:
        allowed = [settings for settings in allowed if settings.seconds <= request.seconds]
    if fit == "cheaper" and request.resolution is not None:
        allowed = [settings for settings in allowed if LINES[settings.resolution] <= LINES[request.resolution]]
    if fit == "cheaper":
        wanted = _defaults(endpoint) | asked_of(request)
        cap = cost(endpoint, day, wanted["seconds"], wanted["resolution"], wanted["audio"])
        costs = ((each, cost(endpoint, day, each.seconds, each.resolution, each.audio)) for each in allowed)
        allowed = [each for each, usd in costs if cap is None or usd is None or usd <= cap]
    return closest(allowed, request, endpoint)


def suggested(makes: Sequence[Settings], request: VideoRequest, endpoint: Endpoint) -> VideoRequest | None:
    """The nearest request that would work; None where there is none."""
    near = closest(makes, request, endpoint)
    if near is None:
        return None
    found = {field: getattr(near, field) for field in FIELDS if getattr(near, field) is not None}
    dropped = {change.field: None for change in droppable(request, endpoint)}
    return request.model_copy(update={**found, **dropped})


def changes_of(sent: Settings, request: VideoRequest, endpoint: Endpoint, day: date) -> Iterator[Change]:
    """What is sent otherwise than it was asked."""
    for field, value in asked_of(request).items():
        if not same(sent, field, value):
            makes = settings_of(endpoint, request.mode)
            offered = values(makes, field)
            why = f"makes {either(offered)}" if show(field, value) not in offered else f"not with {rest(sent, field)}"
            yield Change(
                field,
                show(field, value),
                show(field, getattr(sent, field)),
                why,
                _difference(sent, field, value, endpoint, day),
            )


def _difference(sent: Settings, field: str, asked: object, endpoint: Endpoint, day: date) -> Decimal | None:
    """What the change saves or adds, where the endpoint has a price for what was asked."""
    wanted = replace(sent, **{field: asked})  # type: ignore[arg-type]
    costs = [cost(endpoint, day, each.seconds, each.resolution, each.audio) for each in (sent, wanted)]
    return None if costs[0] is None or costs[1] is None else costs[0] - costs[1]


def cost(endpoint: Endpoint, day: date, seconds: float, resolution: Resolution, audio: bool) -> Decimal | None:
    """US dollars a clip, or None where no price is known."""
    price = endpoint.price(day, resolution, audio)
    return None if price is None else price.usd_per_second * Decimal(str(seconds))
