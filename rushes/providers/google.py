"""Google's access tokens: one handed in, or fetched with the credentials of this machine and kept until it ages.

Credentials are looked for in the order of google-auth 2.62.2 (`google/auth/_default.py`): the file that
GOOGLE_APPLICATION_CREDENTIALS names, the one that `gcloud auth application-default login` wrote, the metadata server of
Google's own machines. google-auth reads the files; it cannot ask the metadata server without the `requests` package, so
that one request is made here.
"""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from rushes.errors import NotAuthorized, NotSent
from rushes.http import httpx

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
#: A token with less time left is renewed. The metadata server hands out the same token until four minutes before its
#: end, so a longer margin would only ask in vain (google-auth 2.62.2, `_helpers.REFRESH_THRESHOLD`).
MARGIN = timedelta(minutes=3, seconds=45)
TOKEN_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"
TOKEN_TIMEOUT = httpx.Timeout(20, connect=5)
#: Off Google's machines nobody answers there, and nobody should wait for that.
METADATA_TIMEOUT = httpx.Timeout(3, connect=1)
WAYS = (
    "Set VERTEX_ACCESS_TOKEN to an access token, or GOOGLE_APPLICATION_CREDENTIALS to a service-account file, "
    "or run `gcloud auth application-default login`."
)


@dataclass(frozen=True)
class Grant:
    """A token as the headers that carry it, and when it ends (None: not known to end)."""

    headers: Mapping[str, str] = field(repr=False)
    expires: datetime | None


class GoogleAuth:
    """Logs in at Google: with `token` as it stands, or with the credentials that `environ` leads to.

    `now` is the clock that tokens age by. Raises NotAuthorized where there are no usable credentials, NotSent where
    they could not be turned into a token just now.
    """

    def __init__(
        self,
        token: str | None,
        *,
        environ: Mapping[str, str] = os.environ,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._environ = environ
        self._now = now
        self._grant = Grant(_bearer(token.strip()), None) if token and token.strip() else None
        self._turn = asyncio.Lock()
        # A cancelled caller gives up its turn, yet the thread it started works on.
        self._thread_turn = Lock()

    async def headers(self) -> Mapping[str, str]:
        if grant := self._lasting(MARGIN):
            return grant.headers
        async with self._turn:
            return (await asyncio.to_thread(self._renewed)).headers

    def _lasting(self, left: timedelta) -> Grant | None:
        """The grant at hand if it lasts for more than `left`."""
        grant = self._grant
        return grant if grant and (grant.expires is None or grant.expires - self._now() > left) else None

    def _renewed(self) -> Grant:
        with self._thread_turn:
            if fresh := self._lasting(MARGIN):
                return fresh
            try:
                self._grant = _fetch(self._environ)
            except (NotSent, NotAuthorized):
                if (old := self._lasting(timedelta(0))) is None:
                    raise
                return old
            return self._grant


def _fetch(environ: Mapping[str, str]) -> Grant:
    try:
        import google.auth  # noqa: F401
    except ImportError:
        raise NotAuthorized(
            "no access token is set, and the package that fetches one is not installed",
            hint="Run `pip install 'rushes[vertex]'`, or set VERTEX_ACCESS_TOKEN.",
        ) from None
    path = _credentials_file(environ)
    return _from_metadata_server(environ) if path is None else _from_file(path, environ)


def _credentials_file(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        return Path(named)
    if config := environ.get("CLOUDSDK_CONFIG"):
        folder = Path(config)
    elif windows := environ.get("APPDATA"):
        folder = Path(windows, "gcloud")
    elif home := environ.get("HOME"):
        folder = Path(home, ".config", "gcloud")
    else:
        return None
    path = folder / "application_default_credentials.json"
    return path if path.is_file() else None


def _from_file(path: Path, environ: Mapping[str, str]) -> Grant:
    """A token for the credentials in a file: a service account, a user's login, a federated identity."""
    from google.auth import exceptions, load_credentials_from_dict
    from google.auth.credentials import with_scopes_if_required

    load: Any = load_credentials_from_dict
    scoped: Any = with_scopes_if_required
    try:
        info = json.loads(path.read_text())
        with httpx.Client(timeout=TOKEN_TIMEOUT) as client:
            request = _transport(client)
            with warnings.catch_warnings():
                # It warns of files from strangers; this one the operator named, or gcloud wrote.
                warnings.simplefilter("ignore")
                loaded, _ = load(info, quota_project_id=environ.get("GOOGLE_CLOUD_QUOTA_PROJECT"), request=request)
            credentials: Any = scoped(loaded, [SCOPE])
            credentials.refresh(request)
    except OSError as error:
        raise NotAuthorized(f"{path}: cannot be read: {error.strerror or error}", hint=WAYS) from None
    except (exceptions.TransportError, exceptions.RefreshError) as error:
        text = f"no access token for the credentials in {path}: {_words(error)}"
        if isinstance(error, exceptions.TransportError) or error.retryable:
            raise NotSent(text) from None
        raise NotAuthorized(text, hint="Log in again, or make a new key for the service account.") from None
    except (exceptions.GoogleAuthError, ValueError, LookupError, TypeError) as error:
        # A JSON or key error may quote the file, and the file is a secret.
        what = f": {_words(error)}" if isinstance(error, exceptions.GoogleAuthError) else ""
        raise NotAuthorized(f"{path}: no usable Google credentials{what}", hint=WAYS) from None
    headers: dict[str, str] = {}
    credentials.apply(headers)
    return Grant(headers, credentials.expiry and credentials.expiry.replace(tzinfo=UTC))


def _from_metadata_server(environ: Mapping[str, str]) -> Grant:
    """A token for the service account of the Google machine that this runs on."""
    host = environ.get("GCE_METADATA_HOST") or "169.254.169.254"
    nothing = NotAuthorized("no Google credentials on this machine", hint=WAYS)
    if environ.get("NO_GCE_CHECK") == "true":
        raise nothing
    try:
        # Reached directly or not at all: not through a proxy of the environment.
        with httpx.Client(timeout=METADATA_TIMEOUT, trust_env=False) as client:
            answer = client.get(f"http://{host}{TOKEN_PATH}", headers={"metadata-flavor": "Google"})
    except httpx.HTTPError:
        raise nothing from None
    if answer.headers.get("metadata-flavor") != "Google":
        raise nothing
    if answer.status_code >= 500:
        raise NotSent(f"the metadata server answered HTTP {answer.status_code} instead of an access token")
    try:
        token, seconds = answer.json()["access_token"], float(answer.json()["expires_in"])
    except (ValueError, KeyError, TypeError):
        raise NotAuthorized("this machine has no service account that may ask for tokens", hint=WAYS) from None
    return Grant(_bearer(token), datetime.now(UTC) + timedelta(seconds=seconds))


@dataclass(frozen=True)
class _Answer:
    """What google-auth reads of an HTTP answer."""

    status: int
    headers: Mapping[str, str]
    data: bytes


def _transport(client: httpx.Client) -> Callable[..., _Answer]:
    """`google.auth.transport.Request` over httpx, so that `requests` is not needed."""
    from google.auth import exceptions

    failed: Any = exceptions.TransportError

    def request(
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> _Answer:
        try:
            answer = client.request(method, url, content=body, headers=dict(headers or {}))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failed(f"{type(error).__name__} at {url.partition('?')[0]}") from None
        return _Answer(answer.status_code, answer.headers, answer.content)

    return request


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def _words(error: Exception) -> str:
    """The error's own sentence; what google-auth hangs on behind it may be a whole answer."""
    return str(error.args[0])[:300] if error.args else type(error).__name__
