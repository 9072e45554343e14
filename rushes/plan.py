"""A request held against one endpoint: a plan that says what will be sent and what it costs, or every reason why not.

Nothing is sent to find out. Nothing is rounded, swapped or dropped on the quiet: what a `fit` mode adapts is listed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import combinations
from math import log
from typing import Any, Literal

from rushes.card import Endpoint, ImageLimits, Offer, Size, TextLimit
from rushes.errors import Retired, Unsupported, VideoError
from rushes.media import Picture, pictures_of
from rushes.request import ASPECT_RATIOS, AspectRatio, Mode, Resolution, VideoRequest

#: exact: refuse what does not fit. nearest: the closest that fits. shorter: the closest that is no longer.
#: cheaper: the closest that is neither longer nor larger, nor dearer where both prices are known.
Fit = Literal["exact", "nearest", "shorter", "cheaper"]
FITS: tuple[Fit, ...] = ("exact", "nearest", "shorter", "cheaper")
#: How the reason begins with which a plan is refused for want of a price.
NO_PRICE = "its price is not known"
#: Wishes that a fit mode may leave out, and says so.
DROPPABLE = ("seed", "negative_prompt")

LINES: dict[Resolution, int] = {"480p": 480, "720p": 720, "1024p": 1024, "1080p": 1080, "4k": 2160}
STARTS = {
    Mode.TEXT: "text alone",
    Mode.IMAGE: "a first frame",
    Mode.FIRST_LAST: "a first and last frame",
    Mode.REFERENCES: "reference images",
    Mode.EXTEND: "a clip to extend",
}


@dataclass(frozen=True)
class Settings:
    """What is sent for one clip, with nothing left open. `seconds` is the length added when a clip is extended."""

    mode: Mode
    seconds: float
    resolution: Resolution
    #: None, like `size`, where the clip takes the shape of its first frame.
    aspect_ratio: AspectRatio | None
    size: Size | None
    audio: bool


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
    reasons += _inputs(request, endpoint, pictures)
    reasons += _options(request, endpoint, options)
    curable = not reasons
    makes = _settings(endpoint, request.mode)
    dropped = [] if fit == "exact" else [*_droppable(request, endpoint)]
    if fit == "exact":
        reasons += [change.why for change in _droppable(request, endpoint)]

    chosen: Settings | None = None
    if not makes:
        reasons.append(f"takes no {_start(request.mode)}; it starts from {_starts(endpoint)}")
    else:
        asked = _asked(request)
        if _combines(endpoint, request.mode, asked):
            chosen = _closest([each for each in makes if _matches(each, asked)], request, endpoint)
        elif fit != "exact":
            chosen = _adapted(makes, request, endpoint, fit, day)
        if chosen is None:
            reasons += _misfits(makes, request, endpoint)

    price = None if chosen is None else endpoint.price(day, chosen.resolution, chosen.audio)
    if chosen is not None and price is None and not unpriced:
        reasons.append(f"{NO_PRICE}; allow that with unpriced (--unpriced)")
    if reasons or chosen is None:
        if not unpriced:
            kinds = {(each.resolution, each.audio) for each in makes}
            priced = {kind for kind in kinds if endpoint.price(day, *kind) is not None}
            makes = tuple(each for each in makes if (each.resolution, each.audio) in priced)
        suggestion = _suggestion(makes, request, endpoint) if curable else None
        return Refusal(request, endpoint, tuple(reasons), suggestion, retired=not endpoint.alive(day))
    return Plan(
        request=request,
        endpoint=endpoint,
        settings=chosen,
        day=day,
        price=_cost(endpoint, day, chosen.seconds, chosen.resolution, chosen.audio),
        price_source=None if price is None else price.source,
        changes=(*_changes(chosen, request, endpoint, day), *dropped),
        notes=(
            *_input_notes(chosen, endpoint, pictures),
            *(caution.text for caution in endpoint.cautions if request.mode in caution.modes),
        ),
    )


def check(plan: Plan) -> None:
    """Raises Unsupported unless the endpoint offers exactly what is about to be sent; adapters call it last thing."""
    if plan.settings not in _settings(plan.endpoint, plan.request.mode):
        raise Unsupported(f"{plan.endpoint.id} does not offer {plan.settings}", hint="Plan the request again.")
    listed = {change.field for change in plan.changes}
    misfits = [
        f"would send {_show(field, getattr(plan.settings, field))} for {_show(field, value)} and does not say so"
        for field, value in _asked(plan.request).items()
        if field not in listed and not _same(plan.settings, field, value)
    ]
    kept = {"seed": plan.seed, "negative_prompt": plan.negative_prompt}
    misfits += _lifecycle(plan.endpoint, plan.day)
    misfits += _inputs(plan.request, plan.endpoint, pictures_of(plan.request))
    misfits += [change.why for change in _droppable(plan.request.model_copy(update=kept), plan.endpoint)]
    if misfits:
        raise Unsupported(f"{plan.endpoint.id} cannot make this:", reasons=misfits)


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


# --- lifecycle, inputs and options ------------------------------------------------------------------------------------


def _lifecycle(endpoint: Endpoint, day: date) -> Iterator[str]:
    life = endpoint.lifecycle
    if life.retired is not None and day >= life.retired:
        after = f"successor: {life.successor}" if life.successor else "no successor"
        yield f"retired on {life.retired} ({after})"
    elif life.released is not None and day < life.released:
        yield f"not released before {life.released}"


def _inputs(request: VideoRequest, endpoint: Endpoint, pictures: dict[str, Picture | None]) -> Iterator[str]:
    takes = endpoint.inputs
    if takes.prompt is not None and (length := _too_long(request.prompt, takes.prompt)):
        yield f"takes a prompt of up to {takes.prompt.max} {takes.prompt.unit}, not {length}"
    if request.audio_track is not None and takes.audio_track is None:
        yield "takes no audio_track"
    if pictures and takes.images is not None:
        if len(request.reference_images) > takes.images.references:
            yield f"takes up to {takes.images.references} reference images, not {len(request.reference_images)}"
        for field, picture in pictures.items():
            if picture is not None:
                yield from (f"{field}: {misfit}" for misfit in picture_misfits(picture, takes.images))


def picture_misfits(picture: Picture, limits: ImageLimits) -> Iterator[str]:
    """Every reason why an endpoint would not take a picture."""
    if picture.format not in limits.formats:
        yield f"takes {_or(limits.formats)}, not {picture.format}"
    if limits.max_bytes is not None and picture.bytes > limits.max_bytes:
        yield f"takes up to {limits.max_bytes / 1e6:g} MB, not {picture.bytes / 1e6:.1f} MB"
    sides = (picture.width, picture.height)
    if limits.min_side is not None and min(sides) < limits.min_side:
        yield f"takes sides of at least {limits.min_side} pixels, not {picture.width}x{picture.height}"
    if limits.max_side is not None and max(sides) > limits.max_side:
        yield f"takes sides of up to {limits.max_side} pixels, not {picture.width}x{picture.height}"
    if picture.alpha and not limits.alpha:
        yield "takes no transparency"


def _too_long(text: str, limit: TextLimit) -> str | None:
    """How long a text is, where that is too long; None where it fits."""
    # Only the vendor can count its tokens; a word is at least one.
    counted = len(text) if limit.unit == "characters" else len(text.split())
    if counted <= limit.max:
        return None
    return str(counted) if limit.unit == "characters" else f"at least {counted}"


def _options(request: VideoRequest, endpoint: Endpoint, known: Mapping[str, type] | None) -> Iterator[str]:
    if known is not None:
        for name, value in request.options.get(endpoint.provider, {}).items():
            if name not in known:
                there = f"it has {_or(sorted(known))}" if known else "it has none"
                yield f"{endpoint.provider} has no option '{name}'; {there}"
            elif not isinstance(value, known[name]) or (isinstance(value, bool) and known[name] is not bool):
                yield f"{endpoint.provider}'s option '{name}' is of type {known[name].__name__}, not {value!r}"


def _droppable(request: VideoRequest, endpoint: Endpoint) -> Iterator[Change]:
    """Wishes that this endpoint cannot follow and that a fit mode may leave out, said so."""
    takes = endpoint.inputs
    if request.seed is not None:
        if takes.seed is None:
            yield Change("seed", str(request.seed), "none", "takes no seed")
        elif request.seed > takes.seed.max:
            yield Change("seed", str(request.seed), "none", f"takes a seed of up to {takes.seed.max}")
    if request.negative_prompt is not None:
        if takes.negative_prompt is None:
            yield Change("negative_prompt", "given", "none", "takes no negative_prompt")
        elif length := _too_long(request.negative_prompt, takes.negative_prompt):
            unit = takes.negative_prompt.unit
            limit = f"takes a negative_prompt of up to {takes.negative_prompt.max} {unit}, not {length}"
            yield Change("negative_prompt", f"{length} {unit}", "none", limit)


def _input_notes(settings: Settings, endpoint: Endpoint, pictures: dict[str, Picture | None]) -> Iterator[str]:
    limits, size = endpoint.inputs.images, settings.size
    if limits is None or not limits.exact_size or size is None:
        return
    for field, picture in pictures.items():
        if picture is None or (picture.width, picture.height) != (size.width, size.height):
            was = "" if picture is None else f" (it is {picture.width}x{picture.height})"
            yield f"{field} is scaled and cropped to {size}{was}"


# --- what an endpoint makes, and how far that is from what was asked --------------------------------------------------


@lru_cache(maxsize=1024)
def _settings(endpoint: Endpoint, mode: Mode) -> tuple[Settings, ...]:
    return tuple(
        Settings(mode, seconds, resolution, ratio, size, audio)
        for offer in endpoint.offers
        if mode in offer.modes
        for resolution, ratio, size in _shapes(offer)
        for seconds in offer.seconds
        for audio in offer.audio
    )


def _shapes(offer: Offer) -> Iterator[tuple[Resolution, AspectRatio | None, Size | None]]:
    for resolution in offer.shaped_by_image:
        yield resolution, None, None
    for resolution, sizes in offer.sizes.items():
        for ratio, size in sizes.items():
            yield resolution, ratio, size


FIELDS = ("seconds", "resolution", "aspect_ratio", "audio")


def _asked(request: VideoRequest) -> dict[str, Any]:
    """The settings that the caller set."""
    return {field: value for field in FIELDS if (value := getattr(request, field)) is not None}


def _same(settings: Settings, field: str, value: object) -> bool:
    have: object = getattr(settings, field)
    # A clip shaped by its first frame takes any ratio: the frame is cropped to it.
    return have == value or (field == "aspect_ratio" and have is None)


@lru_cache(maxsize=8192)
def _combinations(endpoint: Endpoint, mode: Mode, fields: tuple[str, ...]) -> frozenset[tuple[object, ...]]:
    """The values of `fields` that an endpoint makes together."""
    return frozenset(tuple(getattr(each, field) for field in fields) for each in _settings(endpoint, mode))


def _combines(endpoint: Endpoint, mode: Mode, wanted: dict[str, Any]) -> bool:
    """True where an endpoint makes these values together."""
    together = _combinations(endpoint, mode, tuple(wanted))
    shaped_by_image = {**wanted, "aspect_ratio": None} if "aspect_ratio" in wanted else wanted
    return tuple(wanted.values()) in together or tuple(shaped_by_image.values()) in together


def _matches(settings: Settings, wanted: dict[str, Any]) -> bool:
    return all(_same(settings, field, value) for field, value in wanted.items())


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


LOG_LINES: dict[str, float] = {name: log(lines) for name, lines in LINES.items()}
LOG_RATIOS: dict[str, float] = {name: log(int(name.split(":")[0]) / int(name.split(":")[1])) for name in ASPECT_RATIOS}


def _far(settings: Settings, wanted: dict[str, Any]) -> float:
    # Rounded, so that the card's order decides between equals (4:3 lies midway between 1:1 and 16:9), not float noise.
    distance = 0.0
    for field, value in wanted.items():
        distance += _apart(field, getattr(settings, field), value)
    return round(distance, 9)


def _defaults(endpoint: Endpoint) -> dict[str, Any]:
    return endpoint.card.defaults.model_dump()


def _closest(makes: Sequence[Settings], request: VideoRequest, endpoint: Endpoint) -> Settings | None:
    """The nearest to what was asked, then to the card's defaults for the rest, then the shorter and the smaller."""
    if not makes:
        return None
    asked = _asked(request)
    unset = {field: value for field, value in _defaults(endpoint).items() if field not in asked}
    distances = [_far(settings, asked) for settings in makes]
    least = min(distances)
    nearest = [settings for settings, distance in zip(makes, distances, strict=True) if distance == least]
    return min(nearest, key=lambda each: (_far(each, unset), each.seconds, LINES[each.resolution]))


def _adapted(
    makes: Sequence[Settings], request: VideoRequest, endpoint: Endpoint, fit: Fit, day: date
) -> Settings | None:
    """The closest that `fit` allows. Sound is never adapted: "must have sound" and "must be silent" are musts."""
    allowed = [settings for settings in makes if request.audio is None or settings.audio == request.audio]
    if fit in ("shorter", "cheaper") and request.seconds is not None:
        allowed = [settings for settings in allowed if settings.seconds <= request.seconds]
    if fit == "cheaper" and request.resolution is not None:
        allowed = [settings for settings in allowed if LINES[settings.resolution] <= LINES[request.resolution]]
    if fit == "cheaper":
        wanted = _defaults(endpoint) | _asked(request)
        cap = _cost(endpoint, day, wanted["seconds"], wanted["resolution"], wanted["audio"])
        costs = ((each, _cost(endpoint, day, each.seconds, each.resolution, each.audio)) for each in allowed)
        allowed = [each for each, cost in costs if cap is None or cost is None or cost <= cap]
    return _closest(allowed, request, endpoint)


def _suggestion(makes: Sequence[Settings], request: VideoRequest, endpoint: Endpoint) -> VideoRequest | None:
    near = _closest(makes, request, endpoint)
    if near is None:
        return None
    found = {field: getattr(near, field) for field in FIELDS if getattr(near, field) is not None}
    droppable = {change.field: None for change in _droppable(request, endpoint)}
    return request.model_copy(update={**found, **droppable})


def _changes(sent: Settings, request: VideoRequest, endpoint: Endpoint, day: date) -> Iterator[Change]:
    for field, value in _asked(request).items():
        if not _same(sent, field, value):
            makes = _settings(endpoint, request.mode)
            offered = _values(makes, field)
            why = f"makes {_or(offered)}" if _show(field, value) not in offered else f"not with {_rest(sent, field)}"
            yield Change(
                field,
                _show(field, value),
                _show(field, getattr(sent, field)),
                why,
                _difference(sent, field, value, endpoint, day),
            )


def _difference(sent: Settings, field: str, asked: object, endpoint: Endpoint, day: date) -> Decimal | None:
    """What the change saves or adds, where the endpoint has a price for what was asked."""
    wanted = replace(sent, **{field: asked})  # type: ignore[arg-type]
    costs = [_cost(endpoint, day, each.seconds, each.resolution, each.audio) for each in (sent, wanted)]
    return None if costs[0] is None or costs[1] is None else costs[0] - costs[1]


def _cost(endpoint: Endpoint, day: date, seconds: float, resolution: Resolution, audio: bool) -> Decimal | None:
    """US dollars a clip, or None where no price is known."""
    price = endpoint.price(day, resolution, audio)
    return None if price is None else price.usd_per_second * Decimal(str(seconds))


# --- every reason at once ---------------------------------------------------------------------------------------------


def _misfits(makes: Sequence[Settings], request: VideoRequest, endpoint: Endpoint) -> Iterator[str]:
    asked = _asked(request)

    def combines(*fields: str) -> bool:
        return _combines(endpoint, request.mode, {field: asked[field] for field in fields})

    alone = [field for field in asked if not combines(field)]
    for field in alone:
        yield _misfit(makes, field, asked[field], endpoint)
    possible = [field for field in asked if field not in alone]
    apart = [pair for pair in combinations(possible, 2) if not combines(*pair)]
    for first, second in apart:
        together = [each for each in makes if _same(each, first, asked[first])]
        has = _show(first, asked[first])
        yield f"makes {has} only with {_or(_values(together, second))}, not {_show(second, asked[second])}"
    if possible and not apart and not combines(*possible):
        yield f"does not combine {', '.join(_show(field, asked[field]) for field in possible)}"


def _misfit(makes: Sequence[Settings], field: str, value: object, endpoint: Endpoint) -> str:
    offered = _values(makes, field)
    if field == "audio":
        return "makes silent clips only" if value else "always makes sound; it cannot be switched off"
    if field == "seconds" and isinstance(value, float | int) and makes[0].mode is not Mode.EXTEND:
        steps = sorted({step for offer in endpoint.offers if Mode.EXTEND in offer.modes for step in offer.seconds})
        longest = max(settings.seconds for settings in makes)
        if steps and value > longest:
            more = f"{longest:g} s in one call, more by extension ({_or([f'{step:g}' for step in steps])} s at a time)"
            return f"makes {_or(offered)}, not {value:g} s: {more}"
    return f"makes {_or(offered)}, not {_show(field, value)}"


def _values(makes: Iterable[Settings], field: str) -> list[str]:
    values = dict.fromkeys(getattr(settings, field) for settings in makes)
    if field == "seconds":
        return [f"{value:g} s" for value in sorted(values)]
    if field == "resolution":
        return sorted(values, key=lambda value: LINES[value])
    return [_show(field, value) for value in values]


def _show(field: str, value: object) -> str:
    match field, value:
        case "seconds", float() | int():
            return f"{value:g} s"
        case "audio", _:
            return "sound" if value else "silence"
        case _, None:
            return "the first frame's shape"
        case _:
            return str(value)


def _rest(settings: Settings, field: str) -> str:
    return " and ".join(_show(name, getattr(settings, name)) for name in FIELDS if name != field)


def _or(values: Collection[str]) -> str:
    *head, last = [str(value) for value in values]
    return f"{', '.join(head)} or {last}" if head else last


def _start(mode: Mode) -> str:
    return STARTS[mode].removeprefix("a ")


def _starts(endpoint: Endpoint) -> str:
    return _or([STARTS[mode] for mode in Mode if any(mode in offer.modes for offer in endpoint.offers)])
