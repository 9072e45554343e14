"""The one module that imports httpx: its maintained line, httpx2 (same API and exceptions).

httpx 0.28.1 has been frozen since 2024-12, and its pool never recovers from cancelled requests
(encode/httpcore#961, fixed in pydantic/httpx2#983).
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import httpx2 as httpx

from rushes.errors import BadConfig

__all__ = ["Api", "Auth", "NoAuth", "httpx", "poll_client", "send", "submit_client"]

MAX_REDIRECTS = 5
DEFAULT_PORTS = {"https": 443, "http": 80}
WHOLE_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Auth(Protocol):
    """Where a request's key comes from; asked anew for every request, since tokens age."""

    async def headers(self) -> Mapping[str, str]:
        """The headers that carry the key, such as `Authorization`."""
        ...


class NoAuth:
    """For servers that ask for no key."""

    async def headers(self) -> Mapping[str, str]:
        return {}


#: True while a request of ours is on its way, in the task that sends it.
_OURS: ContextVar[bool] = ContextVar("rushes_request", default=False)
#: What may be a signature: everything after a question mark, up to the end of the URL.
QUERY = re.compile(r"(?<=\?)[^\s'\"]+")


class _Unsigned(logging.Filter):
    """Leaves the queries of our own requests out of the HTTP library's log; anybody else's stay as they are."""

    def filter(self, record: logging.LogRecord) -> bool:
        if _OURS.get():
            record.msg, record.args = QUERY.sub("…", record.getMessage()), ()
        return True


#: The library logs whole URLs at INFO, and at DEBUG the headers of an answer, with where a redirect leads.
for _name in ("httpx2", "httpcore2.http11", "httpcore2.http2"):
    logging.getLogger(_name).addFilter(_Unsigned())


async def send(client: httpx.AsyncClient, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
    """Sends one request as it is; a link's permission, which is in its query, stays out of the log."""
    ours = _OURS.set(True)
    try:
        return await client.send(request, stream=stream)
    finally:
        _OURS.reset(ours)


def poll_client() -> httpx.AsyncClient:
    """For polls, results and downloads: kept alive, never follows a redirect by itself."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(60, connect=10),
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
        follow_redirects=False,
    )


def submit_client(timeout: float) -> httpx.AsyncClient:
    """For submits alone: a fresh connection each, so that no idle connection dies under a paid POST."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout, connect=10),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        follow_redirects=False,
    )


class Api:
    """One provider's API: resolves paths, and adds the key for that provider's own hosts alone.

    Redirects are followed by hand, at most five, because httpx takes `Authorization` off when a redirect leaves the
    host but leaves headers such as `x-goog-api-key` on (tried with httpx 0.28.1). Raises BadConfig for a base URL that
    is none; a link that is none raises httpx.UnsupportedProtocol, like any other that nobody can follow.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        auth: Auth,
        *,
        trusted_hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._auth = auth
        try:
            base = httpx.URL(self._base_url)
        except httpx.InvalidURL:
            base = httpx.URL()
        if base.scheme not in DEFAULT_PORTS or not base.host:
            raise BadConfig(
                f"base URL '{base_url}' is no http(s) URL", hint="Write it whole, such as https://api.example.com/v1."
            )
        self._origin = _origin(base)
        self._trusted = trusted_hosts

    @property
    def base_url(self) -> str:
        return self._base_url

    def url(self, path: str) -> str:
        """`path` against the base URL; a whole URL stays as it is."""
        return path if WHOLE_URL.match(path) else f"{self._base_url}/{path.lstrip('/')}"

    def keeps_key(self, url: str | httpx.URL) -> bool:
        """True where our key may go: the API's own origin, and the vendor hosts that the provider lists (by https)."""
        origin = _origin(_parsed(url))
        return origin == self._origin or (origin[::2] == ("https", 443) and origin[1] in self._trusted)

    async def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """One request whose body is small enough to be read whole."""
        async with self.stream(method, path, **kwargs) as response:
            await response.aread()
            return response

    async def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return await self.request("GET", path, **kwargs)

    async def post(self, path: str, **kwargs: Any) -> httpx.Response:
        return await self.request("POST", path, **kwargs)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        keyless: bool = False,
        **kwargs: Any,
    ) -> AsyncIterator[httpx.Response]:
        """One request with its body still to be read. `keyless` keeps our key off, for links that carry their own."""
        url = _parsed(self.url(path))
        for _ in range(MAX_REDIRECTS + 1):
            sent = dict(headers or {})
            if not keyless and self.keeps_key(url):
                sent.update(await self._auth.headers())
            request = self._client.build_request(method, url, headers=sent, **kwargs)
            response = await send(self._client, request, stream=True)
            try:
                if method == "GET" and response.has_redirect_location:
                    url = _parsed(response.headers["location"], seen_from=url)
                    # The link has a query of its own; httpx would put ours in its place.
                    kwargs.pop("params", None)
                    continue
                yield response
                return
            finally:
                await response.aclose()
        start = self.url(path).partition("?")[0]  # a signed link's permission is in its query
        raise httpx.TooManyRedirects(f"more than {MAX_REDIRECTS} redirects from {start}", request=request)


def _parsed(url: str | httpx.URL, *, seen_from: httpx.URL | None = None) -> httpx.URL:
    """As httpx reads it: two readings of one URL could differ on whose host it names."""
    try:
        return httpx.URL(url) if seen_from is None else seen_from.join(url)
    except httpx.InvalidURL:
        raise httpx.UnsupportedProtocol("a link that is no URL") from None


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or DEFAULT_PORTS.get(url.scheme)
