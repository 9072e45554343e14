"""Names for rows: they sort by time, are safe in paths and URLs, and say what they name."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(kind: str) -> str:
    """Such as `job-1k3v9d0f2m7qzx4nc`: milliseconds since 1970, then 40 random bits."""
    return f"{kind}-{_text(time.time_ns() // 1_000_000, 9)}{_text(secrets.randbits(40), 8)}"


def _text(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
