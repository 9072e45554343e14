"""What an endpoint makes: every set of settings that it offers, and whether it makes some values together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rushes.card import Endpoint, Offer, Size
from rushes.request import AspectRatio, Mode, Resolution, VideoRequest

LINES: dict[Resolution, int] = {"480p": 480, "720p": 720, "1024p": 1024, "1080p": 1080, "4k": 2160}
#: The settings that a caller may leave open.
FIELDS = ("seconds", "resolution", "aspect_ratio", "audio")


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


@lru_cache(maxsize=1024)
def settings_of(endpoint: Endpoint, mode: Mode) -> tuple[Settings, ...]:
    """Everything that it offers for `mode`, in the card's order."""
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


def asked_of(request: VideoRequest) -> dict[str, Any]:
    """The settings that the caller set."""
    return {field: value for field in FIELDS if (value := getattr(request, field)) is not None}


def same(settings: Settings, field: str, value: object) -> bool:
    """True where what is sent is what was asked."""
    have: object = getattr(settings, field)
    # A clip shaped by its first frame takes any ratio: the frame is cropped to it.
    return have == value or (field == "aspect_ratio" and have is None)


def matches(settings: Settings, wanted: dict[str, Any]) -> bool:
    return all(same(settings, field, value) for field, value in wanted.items())


def combines(endpoint: Endpoint, mode: Mode, wanted: dict[str, Any]) -> bool:
    """True where an endpoint makes these values together."""
    together = _combinations(endpoint, mode, tuple(wanted))
    shaped_by_image = {**wanted, "aspect_ratio": None} if "aspect_ratio" in wanted else wanted
    return tuple(wanted.values()) in together or tuple(shaped_by_image.values()) in together


@lru_cache(maxsize=8192)
def _combinations(endpoint: Endpoint, mode: Mode, fields: tuple[str, ...]) -> frozenset[tuple[object, ...]]:
    """The values of `fields` that an endpoint makes together."""
    return frozenset(tuple(getattr(each, field) for field in fields) for each in settings_of(endpoint, mode))
