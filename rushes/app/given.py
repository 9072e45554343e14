"""What a caller or the environment gives, as our own values; or every complaint about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from inspect import signature
from pathlib import Path
from typing import Any

from rushes.config import Limits
from rushes.errors import BadConfig, BadInput
from rushes.request import VideoRequest


def as_request(request: VideoRequest | str, settings: Mapping[str, Any]) -> VideoRequest:
    """A request from a prompt and settings, or as it is. Raises BadInput with every complaint."""
    from pydantic import ValidationError

    if isinstance(request, VideoRequest):
        if settings:
            raise BadInput(f"give {', '.join(settings)} in the VideoRequest itself")
        return request
    try:
        return VideoRequest(prompt=request, **settings)
    except ValidationError as error:
        raise BadInput("\n".join(_complaint(each) for each in error.errors())) from None


def _complaint(detail: Any) -> str:
    name = ".".join(str(part) for part in detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        return f"'{name}' is no field of a request; there are {', '.join(VideoRequest.model_fields)}"
    shown = f" (given: {detail['input']!r})" if isinstance(detail["input"], str | int | float) and name else ""
    return f"{name}: {message}{shown}" if name else message


def as_day(value: date | str | None) -> date | None:
    """A day, also as YYYY-MM-DD. Raises BadInput."""
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadInput(f"as_of: '{value}' is no day", hint="Write it as YYYY-MM-DD.") from None


def as_dollars(value: Decimal | float | str | None) -> Decimal | None:
    """US dollars to stay within; None: no cap. Raises BadInput for what is no amount."""
    try:
        cap = None if value is None else Decimal(str(value))
    except InvalidOperation:
        cap = Decimal("nan")
    if cap is not None and not (cap.is_finite() and cap >= 0):
        raise BadInput(f"max_usd: {value!r} is no amount of US dollars")
    return cap


def keywords(function: Callable[..., Any]) -> frozenset[str]:
    """What a function takes by name alone; what it takes under any name is not among them."""
    parameters = signature(function).parameters.values()
    return frozenset(each.name for each in parameters if each.kind is each.KEYWORD_ONLY)


def default_home(environ: Mapping[str, str]) -> Path:
    """RUSHES_HOME, or the platform's folder for a program's data."""
    if environ.get("RUSHES_HOME"):
        return Path(environ["RUSHES_HOME"])
    from platformdirs import user_data_path

    return user_data_path("rushes")


def limits_of(environ: Mapping[str, str]) -> Limits:
    """Caps and waits from RUSHES_… variables. Raises BadConfig."""
    from pydantic import ValidationError

    given = {name: environ[key] for name in Limits.model_fields if environ.get(key := f"RUSHES_{name.upper()}")}
    try:
        return Limits.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(f"RUSHES_{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors())
        raise BadConfig(wrong) from None
