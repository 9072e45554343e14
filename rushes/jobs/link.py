"""How one endpoint is reached: its adapter, its API with our key, and the client that only submits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rushes import config
from rushes.card import Endpoint
from rushes.http import Api, Auth, httpx
from rushes.providers.base import Provider


@dataclass(frozen=True)
class Link:
    endpoint: Endpoint
    provider: config.Provider
    adapter: Provider
    #: For polls, results and downloads.
    api: Api
    #: For submits alone: no connection of it is ever used twice.
    submits: httpx.AsyncClient
    auth: Auth


#: From an endpoint's id and the base URL that a job was sent to (None: today's) to the link.
#: Raises VideoError where the endpoint is no longer configured or has no key.
Links = Callable[[str, str | None], Link]
