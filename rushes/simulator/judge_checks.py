"""What the simulated judge takes on its two wires, field by field, and how it says no on each."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rushes.simulator.body import BadBody
from rushes.simulator.headers import bearer

CHAT_FIELDS = {
    "model",
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "response_format",
    "reasoning_effort",
    "seed",
    "store",
}
CONTENT_FIELDS = {"contents", "generationConfig", "safetySettings", "systemInstruction"}
CONFIG_FIELDS = {
    "temperature",
    "maxOutputTokens",
    "responseMimeType",
    "responseSchema",
    "thinkingConfig",
    "mediaResolution",
    "seed",
    "candidateCount",
}
PART_FIELDS = {"text", "inlineData", "videoMetadata"}

_SIDE = re.compile(r"\b(LEFT|RIGHT) video\b")

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Asked:
    """A question, whichever wire it came on."""

    wire: str
    model: str
    #: All its words.
    text: str
    #: The encoded pictures of each side, or one film.
    pictures: Mapping[Side, Sequence[bytes]]
    films: Mapping[Side, bytes]
    #: Frames a second of a film that it is to look at.
    fps: float
    limit: int


class Refused(Exception):
    """An error, in the words of whichever wire it goes out on."""

    def __init__(self, status: int, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None):
        super().__init__(message)
        self.status, self.message, self.code, self.headers = status, message, code, dict(headers or {})


def check_bearer(request: Request) -> None:
    """OpenAI's key. Raises Refused."""
    key = bearer(request)
    if key is None or key.startswith("bad-"):
        raise Refused(401, f"Incorrect API key provided: {key or 'none'}.", code="invalid_api_key")


def check_google_key(request: Request) -> None:
    """Google's key, or a token as on Vertex AI. Raises Refused."""
    key = request.headers.get("x-goog-api-key") or bearer(request)
    if key is None:
        raise Refused(403, "Method doesn't allow unregistered callers. Please use API Key.")
    if key.startswith("bad-"):
        raise Refused(400, "API key not valid. Please pass a valid API key.", code="API_KEY_INVALID")


def read_chat(body: Mapping[str, Any]) -> Asked:
    """A chat completion's body. Raises Refused."""
    for name in body:
        if name not in CHAT_FIELDS:
            raise Refused(400, f"Unrecognized request argument supplied: {name}", code="unknown_parameter")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refused(400, "you must provide a model parameter")
    if "max_tokens" in body and "max_completion_tokens" in body:
        raise Refused(400, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
    _check_temperature(body.get("temperature"))
    _check_format(body.get("response_format"))
    words: list[str] = []
    pictures: dict[Side, list[bytes]] = {"left": [], "right": []}
    side: Side | None = None
    for part in _chat_parts(body.get("messages")):
        match part:
            case {"type": "text", "text": str(text), **rest} if not rest:
                words.append(text)
                side = _side(text, side)
            case {"type": "image_url", "image_url": {"url": str(url), **detail}, **rest} if (
                not rest and detail.keys() <= {"detail"}
            ):
                pictures[_known(side)].append(_data_url(url))
            case _:
                raise Refused(400, "Invalid content part: expected text, or image_url with a url.")
    limit = body.get("max_tokens", body.get("max_completion_tokens", 100_000))
    if not isinstance(limit, int) or limit < 1:
        raise Refused(400, "Invalid limit of tokens: expected an integer of at least 1.")
    return Asked("openai", model, "\n".join(words), pictures, {}, 0, limit)


def _chat_parts(messages: Any) -> Iterator[Any]:
    if not isinstance(messages, list) or not messages:
        raise Refused(400, "Invalid 'messages': expected a list of at least one message.")
    for message in messages:
        match message:
            case {"role": "system" | "developer" | "user", "content": str(text)}:
                yield {"type": "text", "text": text}
            case {"role": "user", "content": [*parts]}:
                yield from parts
            case _:
                raise Refused(400, "Invalid message: expected a role and content.")


def _check_temperature(value: Any) -> None:
    if value is not None and (not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 2):
        raise Refused(400, f"Invalid 'temperature': expected a number from 0 to 2, not {value}.")


def _check_format(value: Any) -> None:
    match value:
        case None | {"type": "text" | "json_object"}:
            return
        case {"type": "json_schema", "json_schema": {"name": str(), "schema": dict(schema), **rest}}:
            if rest.get("strict") is True:
                _check_strict(schema)
        case _:
            raise Refused(400, "Invalid 'response_format'.")


def _check_strict(schema: Mapping[str, Any]) -> None:
    """What OpenAI's structured outputs ask of a strict schema: every key required, and no other allowed."""
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or {*schema.get("required", ())} != properties.keys():
            raise Refused(400, "Invalid schema for response_format: 'required' must list every key, and no other.")
        for inner in properties.values():
            _check_strict(inner)
    elif schema.get("type") == "array":
        _check_strict(schema["items"])


def read_generate(model: str, body: Mapping[str, Any]) -> Asked:
    """The body of generateContent. Raises Refused."""
    _check_names(body, CONTENT_FIELDS, "")
    config = body.get("generationConfig", {})
    _check_names(config, CONFIG_FIELDS, " at 'generation_config'")
    _check_temperature(config.get("temperature"))
    words: list[str] = []
    pictures: dict[Side, list[bytes]] = {"left": [], "right": []}
    films: dict[Side, bytes] = {}
    side: Side | None = None
    fps = 1.0
    for part in _google_parts(body.get("contents")):
        _check_names(part, PART_FIELDS, " at 'contents[0].parts'")
        if "text" in part:
            words.append(str(part["text"]))
            side = _side(words[-1], side)
            continue
        data = part.get("inlineData")
        if not isinstance(data, Mapping):
            raise Refused(400, "contents.parts must not be empty.")
        content = _base64(data.get("data"))
        if data.get("mimeType") == "video/mp4":
            fps = part.get("videoMetadata", {}).get("fps", 1.0)
            if not 0 < fps <= 24:
                raise Refused(400, f"fps must be in the range (0.0, 24.0], not {fps}.")
            films[_known(side)] = content
        elif data.get("mimeType") in ("image/jpeg", "image/png", "image/webp"):
            pictures[_known(side)].append(content)
        else:
            raise Refused(400, f"Unsupported MIME type: {data.get('mimeType')}")
    return Asked("gemini", model, "\n".join(words), pictures, films, fps, config.get("maxOutputTokens", 65_536))


def _google_parts(contents: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(contents, list) or not contents:
        raise Refused(400, "contents is not specified")
    for content in contents:
        if not isinstance(content, Mapping) or content.get("role") not in ("user", None):
            raise Refused(400, "Please use a valid role: user, model.")
        yield from content.get("parts", ())


def _check_names(block: Any, known: set[str], where: str) -> None:
    if not isinstance(block, Mapping):
        raise Refused(400, f"Invalid JSON payload received{where}.")
    for name in block:
        if name not in known:
            raise Refused(400, f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.')


def _side(text: str, before: Side | None) -> Side | None:
    found = _SIDE.findall(text)
    if not found:
        return before
    return "left" if found[-1] == "LEFT" else "right"


def _known(side: Side | None) -> Side:
    if side is None:
        raise Refused(400, "A picture stands before the words that say which video it is of.")
    return side


def _data_url(url: str) -> bytes:
    head, comma, data = url.partition(",")
    if not comma or head != "data:image/jpeg;base64":
        raise Refused(400, "Invalid image URL: expected a base64 data URL of a JPEG.", code="invalid_image_url")
    return _base64(data)


def _base64(data: Any) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Refused(400, "Invalid base64 data.", code="invalid_base64") from None


def openai_error(error: BadBody | Refused) -> Response:
    status, message = (error.status, error.message) if isinstance(error, Refused) else (400, error.text)
    kind = {401: "invalid_request_error", 429: "requests", 500: "server_error"}.get(status, "invalid_request_error")
    code = {429: "rate_limit_exceeded"}.get(status, error.code)
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return JSONResponse(body, status, error.headers if isinstance(error, Refused) else {})


def google_error(error: BadBody | Refused) -> Response:
    status, message = (error.status, error.message) if isinstance(error, Refused) else (400, error.text)
    names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}
    names |= {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}
    body: dict[str, Any] = {"code": status, "message": message, "status": names[status]}
    details: list[dict[str, Any]] = []
    if isinstance(error, Refused) and error.code == "API_KEY_INVALID":
        details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": error.code})
    if isinstance(error, Refused) and "retry-after" in error.headers:
        delay = f"{error.headers['retry-after']}s"
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    # Google says the wait in the details alone.
    return JSONResponse({"error": body | ({"details": details} if details else {})}, status)
