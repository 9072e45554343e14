"""A vendor that answers from `tests/replies/` in order and keeps what it was asked.

Each reply is a YAML file: `from:` (recorded, documented or made up, and where), `status:`, `headers:`, and one of
`json:`, `text:` or `base64:`.
"""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import yaml

from rushes.http import Api, httpx

REPLIES = Path(__file__).parent / "replies"


class CanaryKey:
    """A key that tests look for wherever it must not be."""

    secret = "canary-key-3f9a"

    async def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.secret}", "x-goog-api-key": self.secret}


def reply(name: str) -> httpx.Response:
    """One recorded answer, as a response."""
    data: dict[str, Any] = yaml.safe_load((REPLIES / f"{name}.yaml").read_text())
    headers = dict(data.get("headers") or {})
    if "json" in data:
        return httpx.Response(data.get("status", 200), headers=headers, content=json.dumps(data["json"]).encode())
    content = b64decode(data["base64"]) if "base64" in data else str(data.get("text", "")).encode()
    return httpx.Response(data.get("status", 200), headers=headers, content=content)


class Replay(Api):
    """An API whose answers are `replies`, in order; `asked` are the requests it got."""

    def __init__(self, *replies: str | httpx.Response, base_url: str = "https://vendor.test/v1") -> None:
        self.asked: list[httpx.Request] = []
        left = [reply(each) if isinstance(each, str) else each for each in replies]

        def answer(request: httpx.Request) -> httpx.Response:
            request.read()
            self.asked.append(request)
            assert left, f"nobody expected {request.method} {request.url}"
            return left.pop(0)

        super().__init__(httpx.AsyncClient(transport=httpx.MockTransport(answer)), base_url, CanaryKey())
