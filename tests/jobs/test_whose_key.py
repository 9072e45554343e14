"""Where a key may go: a job's own host, with the key that made it; and no signature in anybody's log."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from rushes import Rushes
from rushes.errors import NotAuthorized
from rushes.http import Api, NoAuth, httpx
from rushes.ledger import State
from tests.jobs.session import Vendor, session

KEYS = {"OPENAI_API_KEY": "sk-any", "VERTEX_ACCESS_TOKEN": "any", "GOOGLE_CLOUD_PROJECT": "p"}
REGION = "https://europe-west4-aiplatform.googleapis.com/v1"


@pytest.mark.parametrize(
    ("endpoint", "base_url", "environ", "reaches"),
    [
        ("openai/sora-2", "https://api.openai.com/v1", {}, True),
        ("openai/sora-2", "https://gateway.test/v1", {}, False),
        ("openai/sora-2", "http://api.openai.com/v1", {}, False),
        ("openai/sora-2", "https://api.openai.com.evil.test/v1", {}, False),
        ("openai/sora-2", "https://gateway.test/v1", {"OPENAI_BASE_URL": "https://gateway.test/v2"}, True),
        ("openai/sora-2", "https://api.openai.com/v1", {"OPENAI_BASE_URL": "https://gateway.test/v1"}, False),
        ("vertex/veo-3.1", REGION, {}, True),
        ("vertex/veo-3.1", "https://evil.test/x-aiplatform.googleapis.com/v1", {}, False),
        ("vertex/veo-3.1", "https://evil.test#-aiplatform.googleapis.com/v1", {}, False),
    ],
)
def test_a_key_goes_only_where_the_jobs_of_its_account_are(
    endpoint: str, base_url: str, environ: dict[str, str], reaches: bool, tmp_path: Path
) -> None:
    rushes = Rushes.open(home=tmp_path, environ=KEYS | environ)
    rushes._reach.use(httpx.AsyncClient(), httpx.AsyncClient())

    if reaches:
        assert rushes._reach.link(endpoint, None, base_url).api.base_url == base_url
    else:
        with pytest.raises(NotAuthorized, match="was sent to"):
            rushes._reach.link(endpoint, None, base_url)


async def test_a_job_of_another_account_waits_and_is_not_given_up(tmp_path: Path) -> None:
    async with session(tmp_path, Vendor()) as here:
        now = here.vendor.clock.now()
        job = await here.order(
            state=State.RUNNING, ticket={"id": "video_1", "extra": {}}, sending=now, accepted=now, deadline=now
        )

    asked: list[httpx.Request] = []

    def vendor(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200)

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(vendor)) as http,
        Rushes.open(home=tmp_path, environ=KEYS, http=http) as rushes,
    ):
        ended = await rushes._driver.wait(job)

    assert ended.state is State.OVERDUE
    assert "https://vendor.test/v1" in (ended.reason or "")
    assert asked == []


async def test_a_signature_in_a_link_is_in_no_log_and_other_clients_logs_stay_whole(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def vendor(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"film")

    link = "https://files.test/clip.mp4?Expires=1&Signature=canary"
    with caplog.at_level(logging.DEBUG):
        async with httpx.AsyncClient(transport=httpx.MockTransport(vendor)) as client:
            await Api(client, "https://vendor.test/v1", NoAuth()).get(link)
            ours = caplog.text
            await client.get("https://other.test/?theirs=whole")

    assert "https://files.test/clip.mp4?…" in ours
    assert "canary" not in ours
    assert "theirs=whole" in caplog.text


async def test_where_a_redirect_leads_is_logged_without_its_signature(caplog: pytest.LogCaptureFixture) -> None:
    import asyncio

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"Signature" in head:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 302 Found\r\nlocation: /clip?Signature=canary\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    root = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with caplog.at_level(logging.DEBUG):
        async with server, httpx.AsyncClient() as client:
            response = await Api(client, root, NoAuth()).get("/content")

    assert response.status_code == 200
    assert "location" in caplog.text
    assert "canary" not in caplog.text
