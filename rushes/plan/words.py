"""Settings in words, as reasons and changes tell them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rushes.card import Endpoint
from rushes.plan.settings import FIELDS, LINES, Settings
from rushes.request import Mode

STARTS = {
    Mode.TEXT: "text alone",
    Mode.IMAGE: "a first frame",
    Mode.FIRST_LAST: "a first and last frame",
    Mode.REFERENCES: "reference images",
    Mode.EXTEND: "a clip to extend",
}


def show(field: str, value: object) -> str:
    """Such as `8 s`, `720p`, `16:9` or `sound`."""
    match field, value:
        case "seconds", float() | int():
            return f"{value:g} s"
        case "audio", _:
            return "sound" if value else "silence"
        case _, None:
            return "the first frame's shape"
        case _:
            return str(value)


def values(makes: Iterable[Settings], field: str) -> list[str]:
    """Every value of `field` among `makes`, lengths and resolutions by their size."""
    found = dict.fromkeys(getattr(settings, field) for settings in makes)
    if field == "seconds":
        return [f"{value:g} s" for value in sorted(found)]
    if field == "resolution":
        return sorted(found, key=lambda value: LINES[value])
    return [show(field, value) for value in found]


def rest(settings: Settings, field: str) -> str:
    """Everything but `field`."""
    return " and ".join(show(name, getattr(settings, name)) for name in FIELDS if name != field)


def either(choices: Collection[str]) -> str:
    """Such as `4, 6 or 8`."""
    *head, last = [str(each) for each in choices]
    return f"{', '.join(head)} or {last}" if head else last


def start(mode: Mode) -> str:
    return STARTS[mode].removeprefix("a ")


def starts(endpoint: Endpoint) -> str:
    """What an endpoint begins a clip from."""
    return either([STARTS[mode] for mode in Mode if any(mode in offer.modes for offer in endpoint.offers)])
