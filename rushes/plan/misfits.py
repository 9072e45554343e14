"""Every reason at once why an endpoint does not make what was asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from rushes.card import Endpoint
from rushes.plan.settings import Settings, asked_of, combines, same
from rushes.plan.words import either, show, values
from rushes.request import Mode, VideoRequest


def setting_misfits(makes: Sequence[Settings], request: VideoRequest, endpoint: Endpoint) -> Iterator[str]:
    """By single values first, then by pairs that do not go together, then by all of them."""
    asked = asked_of(request)

    def makes_together(*fields: str) -> bool:
        return combines(endpoint, request.mode, {field: asked[field] for field in fields})

    alone = [field for field in asked if not makes_together(field)]
    for field in alone:
        yield _misfit(makes, field, asked[field], endpoint)
    possible = [field for field in asked if field not in alone]
    apart = [pair for pair in combinations(possible, 2) if not makes_together(*pair)]
    for first, second in apart:
        together = [each for each in makes if same(each, first, asked[first])]
        has = show(first, asked[first])
        yield f"makes {has} only with {either(values(together, second))}, not {show(second, asked[second])}"
    if possible and not apart and not makes_together(*possible):
        yield f"does not combine {', '.join(show(field, asked[field]) for field in possible)}"


def _misfit(makes: Sequence[Settings], field: str, value: object, endpoint: Endpoint) -> str:
    offered = values(makes, field)
    if field == "audio":
        return "makes silent clips only" if value else "always makes sound; it cannot be switched off"
    if field == "seconds" and isinstance(value, float | int) and makes[0].mode is not Mode.EXTEND:
        steps = sorted({step for offer in endpoint.offers if Mode.EXTEND in offer.modes for step in offer.seconds})
        longest = max(settings.seconds for settings in makes)
        if steps and value > longest:
            more = (
                f"{longest:g} s in one call, more by extension ({either([f'{step:g}' for step in steps])} s at a time)"
            )
            return f"makes {either(offered)}, not {value:g} s: {more}"
    return f"makes {either(offered)}, not {show(field, value)}"
