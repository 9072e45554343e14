"""Holding a request against an endpoint, and a plan against it once more before it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from rushes.card import Endpoint
from rushes.errors import Unsupported
from rushes.media import Picture, pictures_of
from rushes.plan.fit import Fit, adapted, changes_of, closest, cost, suggested
from rushes.plan.inputs import droppable, input_misfits, input_notes, option_misfits
from rushes.plan.misfits import setting_misfits
from rushes.plan.outcome import Plan, Refusal
from rushes.plan.settings import Settings, asked_of, combines, matches, same, settings_of
from rushes.plan.words import show, start, starts
from rushes.request import VideoRequest

#: How the reason begins with which a plan is refused for want of a price.
NO_PRICE = "its price is not known"


def plan(
    request: VideoRequest,
    endpoint: Endpoint,
    *,
    day: date,
    fit: Fit = "exact",
    unpriced: bool = False,
    options: Mapping[str, type] | None = None,
    pictures: dict[str, Picture | None] | None = None,
) -> Plan | Refusal:
    """`request` on `endpoint` as of `day`.

    `unpriced` allows an endpoint without a known price. `options` are the names, with their types, that the endpoint's
    adapter knows under `request.options[provider]`; None leaves them to the adapter. `pictures` saves looking at the
    inputs again.
    Raises BadInput for an input file that cannot be read.
    """
    pictures = pictures_of(request) if pictures is None else pictures
    reasons = [*_lifecycle(endpoint, day)]
    reasons += input_misfits(request, endpoint, pictures)
    reasons += option_misfits(request, endpoint, options)
    curable = not reasons
    makes = settings_of(endpoint, request.mode)
    dropped = [] if fit == "exact" else [*droppable(request, endpoint)]
    if fit == "exact":
        reasons += [change.why for change in droppable(request, endpoint)]

    chosen: Settings | None = None
    if not makes:
        reasons.append(f"takes no {start(request.mode)}; it starts from {starts(endpoint)}")
    else:
        asked = asked_of(request)
        if combines(endpoint, request.mode, asked):
            chosen = closest([each for each in makes if matches(each, asked)], request, endpoint)
        elif fit != "exact":
            chosen = adapted(makes, request, endpoint, fit, day)
        if chosen is None:
            reasons += setting_misfits(makes, request, endpoint)

    price = None if chosen is None else endpoint.price(day, chosen.resolution, chosen.audio)
    if chosen is not None and price is None and not unpriced:
        reasons.append(f"{NO_PRICE}; allow that with unpriced (--unpriced)")
    if reasons or chosen is None:
        if not unpriced:
            kinds = {(each.resolution, each.audio) for each in makes}
            priced = {kind for kind in kinds if endpoint.price(day, *kind) is not None}
            makes = tuple(each for each in makes if (each.resolution, each.audio) in priced)
        suggestion = suggested(makes, request, endpoint) if curable else None
        return Refusal(request, endpoint, tuple(reasons), suggestion, retired=not endpoint.alive(day))
    return Plan(
        request=request,
        endpoint=endpoint,
        settings=chosen,
        day=day,
        price=cost(endpoint, day, chosen.seconds, chosen.resolution, chosen.audio),
        price_source=None if price is None else price.source,
        changes=(*changes_of(chosen, request, endpoint, day), *dropped),
        notes=(
            *input_notes(chosen, endpoint, pictures),
            *(caution.text for caution in endpoint.cautions if request.mode in caution.modes),
        ),
    )


def check(plan: Plan) -> None:
    """Raises Unsupported unless the endpoint offers exactly what is about to be sent; adapters call it last thing."""
    if plan.settings not in settings_of(plan.endpoint, plan.request.mode):
        raise Unsupported(f"{plan.endpoint.id} does not offer {plan.settings}", hint="Plan the request again.")
    listed = {change.field for change in plan.changes}
    misfits = [
        f"would send {show(field, getattr(plan.settings, field))} for {show(field, value)} and does not say so"
        for field, value in asked_of(plan.request).items()
        if field not in listed and not same(plan.settings, field, value)
    ]
    kept = {"seed": plan.seed, "negative_prompt": plan.negative_prompt}
    misfits += _lifecycle(plan.endpoint, plan.day)
    misfits += input_misfits(plan.request, plan.endpoint, pictures_of(plan.request))
    misfits += [change.why for change in droppable(plan.request.model_copy(update=kept), plan.endpoint)]
    if misfits:
        raise Unsupported(f"{plan.endpoint.id} cannot make this:", reasons=misfits)


def _lifecycle(endpoint: Endpoint, day: date) -> Iterator[str]:
    life = endpoint.lifecycle
    if life.retired is not None and day >= life.retired:
        after = f"successor: {life.successor}" if life.successor else "no successor"
        yield f"retired on {life.retired} ({after})"
    elif life.released is not None and day < life.released:
        yield f"not released before {life.released}"
