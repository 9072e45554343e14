"""What Vertex AI takes for Veo 3.1 and what it says to the rest: values, combinations and error texts.

The limits stand here and not in the cards, so that a mistake in one place shows in the other.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from rushes.simulator.headers import bearer

LENGTHS = (4, 6, 8)
ADDED = 7
INPUT_SECONDS = (1.0, 30.0)
RATIOS = ("16:9", "9:16")
SIDES = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
#: The model cards of 2026-08-22; Fast in 4K has a price but is not on its card.
RESOLUTIONS = {"veo-3.1-generate-001": ("720p", "1080p", "4k")}
FEWER_RESOLUTIONS = ("720p", "1080p")
WITHOUT_REFERENCES = ("veo-3.1-lite-generate-001",)
PEOPLE = ("allow_adult", "allow_all", "allowAll", "disallow", "dont_allow")
TASKS = ("textToVideo", "imageToVideo", "referenceToVideo", "edit", "extend", "upscale")
SAMPLES_MAX = 4
SEED_MAX = 4_294_967_295
REFERENCES_MAX = 3
IMAGE_MAX = 20_000_000
IMAGE_TYPES = ("image/jpeg", "image/png")
RETRY_AFTER = 20.0

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
USE_CASE = "Your use case is currently not supported. Please refer to the documentation for current model offering."
WITHHELD = (
    "Veo could not generate {count} videos based on the prompt provided. You will not be charged for this request. "
    "Try rephrasing the prompt. If you think this was an error, send feedback. Support codes: 42237218"
)
IMPROPER = (
    "The prompt could not be submitted because it violates Agent Platform's usage guidelines. If you think this was "
    "an error, send feedback. Support codes: 64151117"
)
QUOTA = (
    "Quota exceeded for aiplatform.googleapis.com/long_running_online_prediction_requests_per_base_model with base "
    "model: {model}."
)

_VERSION = re.compile(r"v\d+(?:(?:alpha|beta)\d+)?")
_LABEL = re.compile(r"[a-z0-9_-]{0,63}")


class Refused(Exception):
    """An error body of this wire."""

    def __init__(self, status: int, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        error: dict[str, Any] = {"code": status, "message": message, "status": STATUS[status]}
        headers = {}
        if retry_after is not None:
            headers["retry-after"] = str(retry_after)
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{retry_after}s"}]
        self.response = JSONResponse({"error": error}, status, headers)


def check_token(request: Request) -> None:
    token = bearer(request)
    if token is None:
        text = (
            "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or "
            "other valid authentication credential."
        )
        raise Refused(401, text)
    if token.startswith("bad-"):
        raise Refused(401, "Request had invalid authentication credentials. Expected OAuth 2 access token.")


def check_version(request: Request) -> None:
    version = request.path_params.get("version", "v1")
    if not _VERSION.fullmatch(version):
        raise Refused(404, f"There is no version '{version}' of this API.")


def assertion_fault(assertion: str) -> str | None:
    """What is wrong with a service account's assertion; its signature is not checked."""
    try:
        head, claims, signature = assertion.split(".")
        header, payload = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, claims))
    except ValueError:
        return "Bad Request"
    if header.get("alg") != "RS256" or not signature:
        return "Invalid JWT Signature."
    missing = [name for name in ("iss", "aud", "iat", "exp", "scope") if name not in payload]
    return f"Invalid JWT: {', '.join(missing)} missing." if missing else None


def check_names(body: Mapping[str, Any], names: set[str]) -> Mapping[str, Any]:
    for name in body:
        if name not in names:
            raise Refused(400, f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
    return body


def check_labels(labels: Any) -> None:
    if not isinstance(labels, dict) or not all(
        isinstance(value, str) and _LABEL.fullmatch(key) and _LABEL.fullmatch(value) for key, value in labels.items()
    ):
        raise Refused(400, "Labels take lower case letters, digits, underscores and dashes, at most 63 of them.")


def check_combination(instance: Mapping[str, Any], model: str) -> None:
    """Which inputs go together."""
    given = {name for name in ("image", "lastFrame", "referenceImages", "video") if name in instance}
    if {"mask", "cameraControl"} & instance.keys():
        raise Refused(400, USE_CASE)
    if not read_string(instance, "prompt") and (not given or "referenceImages" in given):
        raise Refused(400, "The instance needs a text prompt.")
    if "lastFrame" in given and "image" not in given:
        raise Refused(400, "`lastFrame` is supported only together with `image`.")
    if "video" in given and given != {"video"}:
        raise Refused(400, "`video` cannot be combined with `image`, `lastFrame` or `referenceImages`.")
    if "referenceImages" in given:
        if given != {"referenceImages"}:
            raise Refused(400, "`referenceImages` cannot be combined with `image`, `lastFrame` or `video`.")
        if model in WITHOUT_REFERENCES:
            raise Refused(400, USE_CASE)
        _check_references(instance["referenceImages"])


def _check_references(references: Any) -> None:
    if not isinstance(references, list) or not 1 <= len(references) <= REFERENCES_MAX:
        raise Refused(400, f"`referenceImages` takes 1 to {REFERENCES_MAX} images.")
    for item in references:
        if not isinstance(item, dict) or "image" not in item:
            raise Refused(400, "Each of `referenceImages` needs an `image`.")
        if str(item.get("referenceType", "")).lower() != "asset":
            raise Refused(400, "This model supports reference images of the type asset only.")


def check_parameters(parameters: Mapping[str, Any]) -> None:
    read_choice(parameters, "personGeneration", PEOPLE, "allow_adult")
    read_choice(parameters, "task", TASKS, None)
    for name, allowed in (("compressionQuality", ("optimized", "lossless")), ("resizeMode", ("pad", "crop"))):
        value = read_string(parameters, name)
        if value is not None and value.lower() not in allowed:
            raise Refused(400, f"Unsupported value '{value}' for `{name}`: use {' or '.join(allowed)}.")
    topic = read_string(parameters, "pubsubTopic")
    if topic is not None and not re.fullmatch(r"projects/[^/]+/topics/[^/]+", topic):
        raise Refused(400, "`pubsubTopic` is written projects/{project}/topics/{topic}.")


def read_seconds(parameters: Mapping[str, Any], instance: Mapping[str, Any]) -> int:
    value = parameters.get("durationSeconds", ADDED if "video" in instance else 8)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(400, "The value for `durationSeconds` needs to be a number.")
    if value not in ((ADDED,) if "video" in instance else LENGTHS):
        text = (
            "The number value for `durationSeconds` is out of bound. Please provide a value between 4 and 8, inclusive."
        )
        raise Refused(400, text)
    if "referenceImages" in instance and value != 8:
        raise Refused(400, USE_CASE)
    return int(value)


def read_storage(parameters: Mapping[str, Any]) -> str | None:
    uri = read_string(parameters, "storageUri")
    if uri is not None and not re.fullmatch(r"gs://[^/]+(?:/.*)?", uri):
        raise Refused(400, "`storageUri` must start with gs:// and name a bucket.")
    return uri.rstrip("/") if uri else None


def read_string(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(400, f"The value for `{name}` needs to be a string.")
    return value


def read_choice(values: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: Any) -> Any:
    value = values.get(name, default)
    if value is not default and value not in allowed:
        raise Refused(400, f"Unsupported value '{value}' for `{name}`: use {', '.join(allowed)}.")
    return value


def read_boolean(values: Mapping[str, Any], name: str, default: bool) -> bool:
    value = values.get(name, default)
    if not isinstance(value, bool):
        raise Refused(400, f"The value for `{name}` needs to be a boolean.")
    return value


def read_integer(values: Mapping[str, Any], name: str, low: int, high: int, default: int | None) -> int | None:
    value = values.get(name, default)
    if value is None and name not in values:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Refused(400, f"The value for `{name}` needs to be an integer from {low} to {high}.")
    return value
