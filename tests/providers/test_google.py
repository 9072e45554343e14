"""Google's access tokens, against a token endpoint and a metadata server on loopback."""

from __future__ import annotations

import asyncio
import json
import sys
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs

import google.oauth2.credentials
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rushes.errors import NotAuthorized, NotSent
from rushes.providers.google import GoogleAuth

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
NOBODY = {"GCE_METADATA_HOST": "127.0.0.1:9"}


class TokenServer(ThreadingHTTPServer):
    """Answers from `replies` in order, the last one again and again, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str], dict[str, list[str]]]] = []
        self.replies: list[tuple[int, dict[str, Any]]] = []
        self.arrived = Event()
        self.go_on = Event()
        self.go_on.set()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: TokenServer

    def do_POST(self) -> None:
        self.answer(parse_qs(self.rfile.read(int(self.headers["content-length"])).decode()))

    def do_GET(self) -> None:
        self.answer({})

    def answer(self, form: dict[str, list[str]]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.path, headers, form))
        self.server.arrived.set()
        self.server.go_on.wait(5)
        status, body = self.server.replies[0] if len(self.server.replies) == 1 else self.server.replies.pop(0)
        self.send_response(status)
        self.send_header("metadata-flavor", "Google")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def token(name: str, seconds: int = 3600) -> tuple[int, dict[str, Any]]:
    return 200, {"access_token": name, "expires_in": seconds, "token_type": "Bearer"}


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with TokenServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def environ(server: TokenServer, tmp_path: Path) -> dict[str, str]:
    """A machine with a service account whose tokens come from `server`."""
    path = tmp_path / "account.json"
    account = {
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "1",
        "private_key": PEM,
        "client_email": "robot@p.iam.gserviceaccount.com",
        "token_uri": f"http://{server.host}/token",
    }
    path.write_text(json.dumps(account))
    return {"GOOGLE_APPLICATION_CREDENTIALS": str(path), **NOBODY}


class LateClock:
    """The time `ahead` seconds from now; the tokens' ends are counted from now."""

    ahead: float = 0

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)


async def test_a_token_at_hand_is_used_as_it_is() -> None:
    auth = GoogleAuth(" ya29.mine\n", environ=NOBODY)

    assert await auth.headers() == {"authorization": "Bearer ya29.mine"}
    assert "ya29" not in repr(auth.__dict__)


async def test_a_service_account_signs_for_a_token_of_the_cloud_platform(
    server: TokenServer, environ: dict[str, str]
) -> None:
    server.replies = [token("ya29.first")]

    assert await GoogleAuth(None, environ=environ).headers() == {"authorization": "Bearer ya29.first"}

    [(path, _, form)] = server.asked
    head, claims, signature = form["assertion"][0].split(".")
    KEY.public_key().verify(unpadded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), SHA256())
    said = json.loads(unpadded(claims))
    assert path == "/token"
    assert said["iss"] == "robot@p.iam.gserviceaccount.com"
    assert said["scope"] == "https://www.googleapis.com/auth/cloud-platform"


def unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def test_a_token_is_kept_until_it_is_about_to_expire(server: TokenServer, environ: dict[str, str]) -> None:
    server.replies = [token("first", 3600), token("second", 7200)]
    clock = LateClock()
    auth = GoogleAuth(None, environ=environ, now=clock)

    seen = []
    for clock.ahead in (0, 3300, 3400, 6800):
        seen.append((await auth.headers())["authorization"])

    assert seen == ["Bearer first", "Bearer first", "Bearer second", "Bearer second"]
    assert len(server.asked) == 2


async def test_many_who_ask_at_once_cause_one_refresh(server: TokenServer, environ: dict[str, str]) -> None:
    server.replies = [token("one"), token("two")]
    auth = GoogleAuth(None, environ=environ)

    found = await asyncio.gather(*(auth.headers() for _ in range(20)))

    assert {each["authorization"] for each in found} == {"Bearer one"}
    assert len(server.asked) == 1


async def test_a_slow_token_endpoint_holds_up_nobody_else(server: TokenServer, environ: dict[str, str]) -> None:
    server.replies = [token("slow")]
    server.go_on.clear()

    asking = asyncio.create_task(GoogleAuth(None, environ=environ).headers())
    assert await asyncio.to_thread(server.arrived.wait, 5)
    assert not asking.done()
    server.go_on.set()

    assert await asking == {"authorization": "Bearer slow"}


async def test_one_who_stops_waiting_does_not_cause_a_second_refresh(
    server: TokenServer, environ: dict[str, str]
) -> None:
    server.replies = [token("one"), token("two")]
    server.go_on.clear()
    auth = GoogleAuth(None, environ=environ)
    impatient = asyncio.create_task(auth.headers())
    await asyncio.to_thread(server.arrived.wait, 5)

    impatient.cancel()
    patient = asyncio.create_task(auth.headers())
    await asyncio.gather(impatient, return_exceptions=True)
    server.go_on.set()

    assert await patient == {"authorization": "Bearer one"}
    assert len(server.asked) == 1


async def test_a_refresh_that_fails_falls_back_on_a_token_that_still_lasts(
    server: TokenServer, environ: dict[str, str]
) -> None:
    server.replies = [token("old", 3600), (400, {"error": "invalid_grant", "error_description": "no such account"})]
    clock = LateClock()
    auth = GoogleAuth(None, environ=environ, now=clock)
    await auth.headers()

    clock.ahead = 3500
    assert await auth.headers() == {"authorization": "Bearer old"}

    clock.ahead = 3700
    with pytest.raises(NotAuthorized, match="no such account"):
        await auth.headers()


async def test_an_account_that_google_turns_down_is_not_authorized(
    server: TokenServer, environ: dict[str, str]
) -> None:
    server.replies = [(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})]

    with pytest.raises(NotAuthorized, match=r"account\.json: invalid_grant: Invalid JWT Signature") as refused:
        await GoogleAuth(None, environ=environ).headers()

    assert_no_secret(refused.value)


async def test_a_token_endpoint_out_of_reach_means_that_nothing_was_sent(environ: dict[str, str]) -> None:
    path = Path(environ["GOOGLE_APPLICATION_CREDENTIALS"])
    path.write_text(json.dumps(json.loads(path.read_text()) | {"token_uri": "http://127.0.0.1:9/token"}))

    with pytest.raises(NotSent, match=r"ConnectError at http://127\.0\.0\.1:9/token") as failed:
        await GoogleAuth(None, environ=environ).headers()

    assert_no_secret(failed.value)


def assert_no_secret(error: Exception) -> None:
    said = f"{error}{error!r}{error.__cause__}"
    assert error.__suppress_context__
    assert "PRIVATE KEY" not in said
    assert PEM.splitlines()[1] not in said


@pytest.mark.parametrize(
    "content",
    [
        "{not json",
        "[]",
        json.dumps({"type": "something_else"}),
        json.dumps({"type": "service_account", "private_key": PEM[:200], "client_email": "a@b", "token_uri": "x"}),
    ],
)
async def test_a_file_that_holds_no_credentials_is_named_and_not_quoted(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content)

    with pytest.raises(NotAuthorized, match=r"broken\.json: no usable Google credentials") as refused:
        await GoogleAuth(None, environ={"GOOGLE_APPLICATION_CREDENTIALS": str(path)}).headers()

    assert_no_secret(refused.value)


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotAuthorized, match=r"nowhere\.json: cannot be read: No such file"):
        await GoogleAuth(None, environ={"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "nowhere.json")}).headers()


async def test_a_users_own_login_is_found_and_its_quota_project_named(
    server: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(google.oauth2.credentials, "_GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"http://{server.host}/token")
    login = {"type": "authorized_user", "client_id": "us", "client_secret": "hush", "refresh_token": "1//again"}
    (tmp_path / "application_default_credentials.json").write_text(json.dumps(login))
    server.replies = [token("ya29.user")]
    environ = {"CLOUDSDK_CONFIG": str(tmp_path), "GOOGLE_CLOUD_QUOTA_PROJECT": "payer", **NOBODY}

    found = await GoogleAuth(None, environ=environ).headers()

    assert found == {"authorization": "Bearer ya29.user", "x-goog-user-project": "payer"}
    assert server.asked[0][2]["refresh_token"] == ["1//again"]


async def test_on_googles_machines_the_metadata_server_is_asked(server: TokenServer, tmp_path: Path) -> None:
    server.replies = [token("ya29.machine")]

    found = await GoogleAuth(None, environ={"HOME": str(tmp_path), "GCE_METADATA_HOST": server.host}).headers()

    assert found == {"authorization": "Bearer ya29.machine"}
    path, headers, _ = server.asked[0]
    assert path == "/computeMetadata/v1/instance/service-accounts/default/token"
    assert headers["metadata-flavor"] == "Google"


@pytest.mark.parametrize(
    ("answer", "error"),
    [((503, {}), NotSent), ((404, {}), NotAuthorized), ((200, {"access_token": "no end"}), NotAuthorized)],
)
async def test_a_metadata_server_without_a_token_is_told_apart(
    server: TokenServer, tmp_path: Path, answer: tuple[int, dict[str, Any]], error: type[Exception]
) -> None:
    server.replies = [answer]

    with pytest.raises(error):
        await GoogleAuth(None, environ={"HOME": str(tmp_path), "GCE_METADATA_HOST": server.host}).headers()


@pytest.mark.parametrize("environ", [NOBODY, {"NO_GCE_CHECK": "true"}])
async def test_a_machine_without_credentials_is_told_the_ways_to_get_some(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    with pytest.raises(NotAuthorized, match=r"VERTEX_ACCESS_TOKEN.*GOOGLE_APPLICATION_CREDENTIALS.*gcloud auth"):
        await GoogleAuth(None, environ={"HOME": str(tmp_path), **environ}).headers()


async def test_without_google_auth_the_way_to_install_it_is_said(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    monkeypatch.setitem(sys.modules, "google.auth", None)

    with pytest.raises(NotAuthorized, match=r"pip install 'rushes\[vertex\]'.*VERTEX_ACCESS_TOKEN"):
        await GoogleAuth(None, environ=environ).headers()

    assert await GoogleAuth("ya29.mine", environ=environ).headers() == {"authorization": "Bearer ya29.mine"}
