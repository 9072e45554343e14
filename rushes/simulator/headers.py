"""Headers of requests and answers: the key that came along, the kind of body, and how long to wait."""

from __future__ import annotations

import hashlib
import math

from starlette.requests import Request

from rushes.simulator.clock import Clock, callers_seconds


def bearer(request: Request) -> str | None:
    """The key after `Bearer`; None where there is none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def account_of(request: Request) -> str:
    """The account that a key stands for: each key is one of its own."""
    return hashlib.sha256((bearer(request) or "").encode()).hexdigest()[:16]


def kind_of_body(request: Request) -> str:
    """The content type in small letters, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def whole_seconds(clock: Clock, seconds: float) -> int:
    """World seconds as `retry-after` tells them to whoever calls: by the caller's clock, at least one."""
    return max(1, math.ceil(callers_seconds(clock, seconds)))
