"""How one endpoint is reached: its adapter, its API with our key, and the client that only submits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rushes import config
from rushes.card import Endpoint
from rushes.http import Api, Auth, httpx
from rushes.ledger import Job
from rushes.providers.base import Adapter


@dataclass(frozen=True)
class Link:
    endpoint: Endpoint
    provider: config.Provider
    adapter: Adapter
    #: For polls, results and downloads.
    api: Api
    #: For submits and cancels alone: no connection of it is ever used twice.
    submits: httpx.AsyncClient
    auth: Auth
    #: Which of the provider's keys it uses; None for the one without a name.
    credential: str | None = None


#: From a job to the link to where it was sent, with the key it was sent with.
#: Raises VideoError where the endpoint is no longer configured or has no key.
Links = Callable[[Job], Link]
