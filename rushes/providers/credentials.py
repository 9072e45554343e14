"""Keys, as the headers that carry them. No key is ever part of a message, a repr or a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rushes.config import Access, Provider
from rushes.errors import NotAuthorized
from rushes.http import Auth, NoAuth


@dataclass(frozen=True)
class Key:
    """A key that does not age: in `header`, after `prefix`."""

    header: str
    prefix: str
    secret: str = field(repr=False)

    async def headers(self) -> Mapping[str, str]:
        return {self.header: f"{self.prefix}{self.secret}"}


def auth_of(provider: Provider, access: Access) -> Auth:
    """How to log in at a provider. Raises NotAuthorized where nothing is set up."""
    if access.missing:
        raise NotAuthorized(f"{provider.name} cannot be used: {'; '.join(access.missing)}")
    match provider.auth:
        case "bearer":
            return Key("authorization", "Bearer ", access.key or "")
        case "api-key":
            return Key("x-goog-api-key", "", access.key or "")
        case "google":
            from rushes.providers.google import GoogleAuth

            return GoogleAuth(access.key)
        case "none":
            return NoAuth()
