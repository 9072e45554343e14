"""What OpenAI's video API takes and what it says to the rest: bodies, field by field, and error texts.

The limits stand here and not in the cards, so that a mistake in one place shows in the other.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from rushes.simulator import inputs
from rushes.simulator.body import Part, read_form, read_json
from rushes.simulator.headers import bearer, kind_of_body

#: Dated names beside the ones that the cards carry.
DATED = {
    "sora-2-2025-10-06": "sora-2",
    "sora-2-2025-12-08": "sora-2",
    "sora-2-pro-2025-10-06": "sora-2-pro",
}
#: From this day on there are 16 and 20 seconds, and 1080p for the pro model (changelog of 2026-03-12).
LONGER = date(2026, 3, 12)
FIRST_LENGTHS = ("4", "8", "12")
LENGTHS = ("4", "8", "12", "16", "20")
SMALL = ("720x1280", "1280x720")
LARGE = ("1024x1792", "1792x1024")
FULL_HD = ("1080x1920", "1920x1080")
RESOLUTIONS = {720: "720p", 1024: "1024p", 1080: "1080p"}

PROMPT_MAX = 32_000
IMAGE_URL_MAX = 20_971_520
IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")
#: Seconds that a finished clip may be fetched ("at most 1 h after generation", video guide).
KEPT = 3600
EXTENDED_MAX = 120
EXTENSIONS_MAX = 6
POLL_AFTER = 10.0
RETRY_AFTER = 20.0

CREATE_FIELDS = {"prompt", "model", "seconds", "size", "input_reference", "characters"}


class Refused(Exception):
    """An error body of this wire."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        type: str = "invalid_request_error",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        body = {"error": {"message": message, "type": type, "param": param, "code": code}}
        self.response = JSONResponse(body, status, dict(headers or {}))


@dataclass(frozen=True)
class Create:
    """A create request, whichever way it was written."""

    prompt: str
    model: str = "sora-2"
    seconds: str = "4"
    size: str = "720x1280"
    reference: bytes | None = None
    characters: tuple[str, ...] = ()


def check_key(request: Request) -> None:
    key = bearer(request)
    if key is None:
        raise Refused(
            401, "You didn't provide an API key. You need to provide your API key in an Authorization header."
        )
    if key.startswith("bad-"):
        raise Refused(401, "Incorrect API key provided: bad-****.", code="invalid_api_key")


async def read_fields(request: Request, known: set[str]) -> dict[str, Any]:
    """The body's fields, multipart or JSON: of parts like `video[id]` the nested object."""
    kind = kind_of_body(request)
    if kind == "multipart/form-data":
        fields = await read_form(request)
    elif kind == "application/json":
        fields = await read_json(request)
    else:
        raise Refused(
            400,
            f"Unsupported content type: '{kind}'. This API method only accepts 'application/json' and "
            "'multipart/form-data' requests.",
            code="unsupported_content_type",
        )
    for name in fields:
        if name not in known:
            raise Refused(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    return fields


def read_text(fields: Mapping[str, Any], name: str, default: str, allowed: tuple[str, ...] | None = None) -> str:
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        expected = f"one of {_listed(allowed, 'or')}" if allowed else "a string"
        text = f"Invalid type for '{name}': expected {expected}, but got {_kind(value)} instead."
        raise Refused(400, text, param=name, code="invalid_type")
    if allowed:
        check_choice(name, value, allowed)
    return value


def read_prompt(fields: Mapping[str, Any]) -> str:
    if fields.get("prompt") is None:
        text = "Missing required parameter: 'prompt'."
        raise Refused(400, text, param="prompt", code="missing_required_parameter")
    prompt = read_text(fields, "prompt", "")
    if not prompt:
        text = (
            "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an empty string instead."
        )
        raise Refused(400, text, param="prompt", code="empty_string")
    if len(prompt) > PROMPT_MAX:
        text = (
            f"Invalid 'prompt': string too long. Expected a string with maximum length {PROMPT_MAX}, but got a string "
            f"with length {len(prompt)} instead."
        )
        raise Refused(400, text, param="prompt", code="string_above_max_length")
    return prompt


def check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        text = f"Invalid value: '{value}'. Supported values are: {_listed(allowed, 'and')}."
        raise Refused(400, text, param=name, code="invalid_value")


def _listed(values: tuple[str, ...] | None, word: str) -> str:
    quoted = [f"'{value}'" for value in values or ()]
    if len(quoted) < 3:
        return f" {word} ".join(quoted)
    return f"{', '.join(quoted[:-1])}, {word} {quoted[-1]}"


def _kind(value: object) -> str:
    match value:
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case Part():
            return "a file"
        case _:
            return "an object"


def read_reference(value: Any) -> bytes | None:
    name = "input_reference"
    match value:
        case None:
            return None
        case Part(content=content, type=type):
            if type not in IMAGE_TYPES:
                text = f"Invalid file '{name}': unsupported mimetype ('{type}'). Supported file formats are "
                supported = _listed(IMAGE_TYPES, "and")
                raise Refused(400, f"{text}{supported}.", param=name, code="unsupported_file_mimetype")
            return content
        case {"image_url": str(url)} if len(value) == 1:
            return _from_url(url)
        case {"file_id": str(id)} if len(value) == 1:
            raise Refused(400, f"No such File object: {id}", param=f"{name}.file_id")
        case dict():
            text = f"Invalid '{name}': expected exactly one of 'image_url' and 'file_id'."
            raise Refused(400, text, param=name)
        case _:
            text = f"Invalid type for '{name}': expected an object, but got {_kind(value)} instead."
            raise Refused(400, text, param=name, code="invalid_type")


def _from_url(url: str) -> bytes:
    param = "input_reference.image_url"
    if len(url) > IMAGE_URL_MAX:
        text = f"Invalid '{param}': string too long. Expected a string with maximum length {IMAGE_URL_MAX}."
        raise Refused(400, text, param=param, code="string_above_max_length")
    head, comma, data = url.partition(",")
    if not comma or head not in {f"data:{type};base64" for type in IMAGE_TYPES}:
        # The simulated vendor has no network, so that it can read data URLs alone.
        raise Refused(400, "Error while downloading the image.", param=param, code="invalid_image_url")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise Refused(400, "Invalid base64 image_url.", param=param, code="invalid_base64") from None


def read_characters(value: Any) -> tuple[str, ...]:
    match value:
        case None:
            return ()
        case [*items] if len(items) <= 2 and all(isinstance(item, dict) and item.keys() == {"id"} for item in items):
            return tuple(str(item["id"]) for item in items)
        case _:
            raise Refused(400, "Invalid 'characters': expected at most 2 objects with an 'id'.", param="characters")


def check_picture(content: bytes, size: str) -> None:
    picture = inputs.picture(content)
    if picture is None or picture.kind not in ("jpeg", "png", "webp"):
        raise Refused(400, "Invalid file 'input_reference': not a readable image.", param="input_reference")
    if f"{picture.width}x{picture.height}" != size:
        raise Refused(400, "Inpaint image must match the requested width and height")


def read_video_id(fields: Mapping[str, Any]) -> str:
    match fields.get("video"):
        case {"id": str(id)}:
            return id
        case Part():
            raise Refused(403, "Video uploads are available to eligible customers only.", param="video")
        case None:
            raise Refused(400, "Missing required parameter: 'video'.", param="video", code="missing_required_parameter")
        case value:
            text = f"Invalid type for 'video': expected an object, but got {_kind(value)} instead."
            raise Refused(400, text, param="video", code="invalid_type")
