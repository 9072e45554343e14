"""Bodies of requests: multipart forms with bracketed part names, and JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


class BadBody(Exception):
    """A body that cannot be read."""

    def __init__(self, text: str, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


@dataclass(frozen=True)
class Part:
    """A file in a form."""

    name: str
    type: str
    content: bytes


async def read_json(request: Request) -> dict[str, Any]:
    """Raises BadBody where the body is no JSON object."""
    try:
        value = json.loads(await request.body())
    except ValueError:
        raise BadBody("We could not parse the JSON body of your request.") from None
    if not isinstance(value, dict):
        raise BadBody("The JSON body of a request must be an object.")
    return value


async def read_items(request: Request) -> list[tuple[str, str | Part]]:
    """A form's parts in their order, names as they stand. Raises BadBody."""
    try:
        form = await request.form(max_part_size=64 * 1024 * 1024)
    except MultiPartException as error:
        raise BadBody(f"Could not parse the multipart form: {error.message}") from None
    items: list[tuple[str, str | Part]] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            items.append((name, Part(value.filename or "", value.content_type or "", await value.read())))
        else:
            items.append((name, value))
    await form.close()
    return items


async def read_form(request: Request) -> dict[str, Any]:
    """A form as nested objects: `video[id]` is an object, `characters[][id]` a list of them. Raises BadBody."""
    fields: dict[str, Any] = {}
    for name, value in await read_items(request):
        outer, keys = name.partition("[")[0], _BRACKETS.findall(name)
        match keys:
            case []:
                fields[outer] = value
            case [""]:
                fields.setdefault(outer, []).append(value)
            case ["", key]:
                fields.setdefault(outer, []).append({key: value})
            case [key] if isinstance(fields.setdefault(outer, {}), dict):
                fields[outer][key] = value
            case _:
                raise BadBody(f"Could not read the form part '{name}'.")
    return fields
