"""The hosts of the simulated world, and signed links that expire."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from starlette.requests import Request

from rushes.simulator.job import Job

#: In process the hosts have names; on a port they are the two names of this machine, so that a link to a file leads
#: to another host than the API's.
API = "simulated"
HOSTS = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}

#: Headers that carry somebody's permission: noted as sent, never stored.
SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "x-goog-api-key", "api-key", "x-api-key"}


def base(request: Request, host: Literal["api", "files", "foreign"]) -> str:
    """The root URL of a host, as whoever sent `request` reaches it."""
    name, port = request.url.hostname or API, request.url.port
    if port is None or name not in HOSTS:
        own = f"{name}:{port}" if port else name
        return f"http://{own}" if host == "api" else f"http://{host}.{name}"
    # There are two names for three hosts: seen from the files host, the API's own name would not be foreign.
    stays = host == "api" or (host == "foreign" and request.url.path.startswith("/files/"))
    return f"http://{name if stays else HOSTS[name]}:{port}"


def signed(root: str, kind: str, job: Job, sample: int, expires: float, secret: bytes) -> str:
    """A link to a clip that works without a key until `expires`, POSIX seconds of the world."""
    path = f"/{kind}/{job.asked.wire}/{job.id}/{sample}.mp4"
    query = {"Expires": int(expires), "Signature": _signature(path.split("/", 2)[2], int(expires), secret)}
    return f"{root}{path}?{urlencode(query)}"


def refused(path: str, query: Mapping[str, str], now: datetime, secret: bytes) -> str | None:
    """Why a link to `path` (below `/files/`) does not work, in the words of the object store; None where it does."""
    expires = query.get("Expires", "")
    if not expires.isdecimal() or not hmac.compare_digest(
        query.get("Signature", ""), _signature(path, int(expires), secret)
    ):
        return "SignatureDoesNotMatch"
    return "AccessDenied" if now.timestamp() >= int(expires) else None


def shown(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers as they may be stored: of a key, only that it was sent."""
    return {name: "(sent)" if name.lower() in SECRET_HEADERS else value for name, value in headers.items()}


def _signature(path: str, expires: int, secret: bytes) -> str:
    return hmac.new(secret, f"{path} {expires}".encode(), hashlib.sha256).hexdigest()
