"""What Model Studio (DashScope) takes for Wan and what it says to the rest: values, files and error codes.

The limits stand here and not in the cards, so that a mistake in one place shows in the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse

from rushes.simulator import inputs
from rushes.simulator.headers import bearer
from rushes.simulator.job import Clip

SIZES = {
    "480P": ("832*480", "480*832", "624*624"),
    "720P": ("1280*720", "720*1280", "960*960", "1088*832", "832*1088"),
    "1080P": ("1920*1080", "1080*1920", "1440*1440", "1632*1248", "1248*1632"),
}
#: Pixels of a tier where the shape follows the first frame.
AREAS = {"480P": 832 * 480, "720P": 1280 * 720, "1080P": 1920 * 1080}
PROMPT_MAX = 1500
NEGATIVE_MAX = 500
SEED_MAX = 2_147_483_647
IMAGE_TYPES = {"image/jpeg", "image/jpg", "image/png", "image/bmp", "image/webp"}
IMAGE_MAX = 20 * 1024 * 1024
IMAGE_SIDES = (240, 8000)
SOUND_MAX = 15 * 1024 * 1024
SOUND_SECONDS = (3.0, 30.0)
#: Times are written without a zone, and are UTC+8 (a recorded link's expiry is `end_time` so read plus 24 h).
ZONE = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Generation:
    """What one generation of Wan takes."""

    tiers: tuple[str, ...]
    lengths: range | tuple[int, ...]
    #: 2.5 and older answer with the prompt as it was rewritten.
    shows_rewriting: bool


GENERATIONS = {
    "wan2.5": Generation(("480P", "720P", "1080P"), (5, 10), True),
    "wan2.6": Generation(("720P", "1080P"), range(2, 16), False),
}


class Refused(Exception):
    """An error body of this wire: flat, with the request's id."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        body = {"request_id": str(uuid4()), "code": code, "message": message}
        self.response = JSONResponse(body, status, dict(headers or {}))


def check_key(request: Request) -> None:
    key = bearer(request)
    if key is None:
        raise Refused(401, "InvalidApiKey", "No API-key provided.")
    if key.startswith("bad-"):
        raise Refused(401, "InvalidApiKey", "Invalid API-key provided.")


def generation_of(model: str) -> Generation:
    for prefix, generation in GENERATIONS.items():
        if model.startswith(prefix):
            return generation
    raise Refused(404, "ModelNotFound", "Model not exist.")


def read_text(given: Mapping[str, Any], name: str, most: int) -> str:
    """Longer text is cut, and nothing says so: that is how the vendor does it."""
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(400, "InvalidParameter", f"input.{name} must be a string.")
    return (value or "")[:most]


def read_integer(wanted: Mapping[str, Any], name: str, default: Any) -> Any:
    value = wanted.get(name, default)
    if value is not default and (isinstance(value, bool) or not isinstance(value, int)):
        raise Refused(400, "InvalidParameter", f"parameters.{name} must be an integer.")
    return value


def read_boolean(wanted: Mapping[str, Any], name: str, default: bool) -> bool:
    value = wanted.get(name, default)
    if not isinstance(value, bool):
        raise Refused(400, "InvalidParameter", f"parameters.{name} must be a boolean.")
    return value


def clip_of_size(wanted: Mapping[str, Any], generation: Generation, seconds: int) -> Clip:
    size = wanted.get("size", "1920*1080")
    for tier in generation.tiers:
        if size in SIZES[tier]:
            width, height = map(int, size.split("*"))
            return Clip(width, height, tier.lower(), float(seconds))
    raise Refused(400, "InvalidParameter", f"The size is not match {size}")


def check_picture(content: bytes) -> inputs.Picture:
    picture = inputs.picture(content)
    low, high = IMAGE_SIDES
    if picture is None or picture.kind not in ("jpeg", "png", "bmp", "webp"):
        raise Refused(415, "BadRequest.UnsupportedFileFormat", "The image format is not supported.")
    if len(content) > IMAGE_MAX:
        raise Refused(413, "BadRequest.TooLarge", "The image is larger than 20 MB.")
    if picture.kind == "png" and picture.transparent:
        raise Refused(400, "InvalidParameter", "PNG images with an alpha channel are not supported.")
    if not (low <= picture.width <= high and low <= picture.height <= high):
        raise Refused(400, "InvalidParameter", f"Each side of the image must have {low} to {high} pixels.")
    return picture


def check_sound(content: bytes) -> bytes:
    low, high = SOUND_SECONDS
    if len(content) > SOUND_MAX:
        raise Refused(413, "BadRequest.TooLarge", "The audio is larger than 15 MB.")
    seconds = inputs.sound_length(content)
    if seconds is None:
        raise Refused(415, "BadRequest.UnsupportedFileFormat", "The audio must be wav or mp3.")
    if not low <= seconds <= high:
        raise Refused(400, "InvalidParameter", f"The audio must be {low:g} to {high:g} seconds long.")
    return content


def read_moment(text: str | None, name: str) -> float | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=ZONE).timestamp()
    except ValueError:
        raise Refused(400, "InvalidParameter", f"{name} must be written YYYYMMDDhhmmss.") from None


def read_number(text: str, name: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise Refused(400, "InvalidParameter", f"{name} must be a positive integer.")
    return int(text)
