"""Fetching one clip from a real server: streamed in constant memory, capped, checked, and whole or not there at all."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from rushes.errors import BadFile, DiskFull, JobLost, NotAuthorized, RateLimited, Unavailable
from rushes.http import Api, httpx
from rushes.jobs.fetch import CHUNK, Fetched, fetch, room_for_clips
from rushes.providers.base import Clip
from tests.replay import CanaryKey

MEGABYTE = 1 << 20
CAP = 50 * MEGABYTE


class FilesHost:
    """A server whose next answer is `answer`; it keeps the headers that it was sent."""

    def __init__(self) -> None:
        self.answer: Callable[[Request], Awaitable[Any]] = self._nothing
        self.headers: list[dict[str, str]] = []
        app = Starlette(routes=[Route("/{path:path}", self._any)])
        self._server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off", http="h11"))
        self._thread = threading.Thread(target=self._server.run)

    async def _nothing(self, request: Request) -> Response:
        return Response(status_code=500)

    async def _any(self, request: Request) -> Any:
        self.headers.append(dict(request.headers))
        return await self.answer(request)

    def __enter__(self) -> FilesHost:
        self._thread.start()
        while not self._server.started:
            threading.Event().wait(0.005)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()

    def gives(self, content: bytes, status: int = 200, **headers: str) -> None:
        async def answer(request: Request) -> Response:
            named = {name.replace("_", "-"): text for name, text in headers.items()}
            return Response(content, status, headers=named)

        self.answer = answer

    def streams(self, chunks: Iterator[bytes], **headers: str) -> None:
        async def answer(request: Request) -> Response:
            named = {name.replace("_", "-"): text for name, text in headers.items()}
            return StreamingResponse(chunks, headers=named)

        self.answer = answer


@pytest.fixture(scope="module")
def host() -> Iterator[FilesHost]:
    with FilesHost() as host:
        yield host


@pytest.fixture
async def api(host: FilesHost) -> AsyncIterator[Api]:
    host.headers.clear()
    async with httpx.AsyncClient(timeout=10) as client:
        yield Api(client, f"http://127.0.0.1:{host.port}/v1", CanaryKey())


async def fetched(api: Api, tmp_path: Path, *, url: str = "/clip.mp4", signed: bool = False, cap: int = CAP) -> Fetched:
    return await fetch(api, Clip(url, signed=signed), tmp_path / "takes", "job-1-0", max_bytes=cap)


def left(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "takes").iterdir()]


async def test_a_clip_is_moved_into_place_under_its_hash(
    host: FilesHost, api: Api, tmp_path: Path, one_film: Path
) -> None:
    content = one_film.read_bytes()
    host.gives(content)

    found = await fetched(api, tmp_path)

    assert found.path.read_bytes() == content
    assert found.sha256 == sha256(content).hexdigest()
    assert left(tmp_path) == [f"job-1-0-{found.sha256[:12]}.mp4"]
    assert (found.probe.width, found.probe.height, found.probe.sound) == (320, 180, True)


async def test_bytes_that_are_here_already_are_written_the_same_way(api: Api, tmp_path: Path, one_film: Path) -> None:
    content = one_film.read_bytes()

    found = await fetch(api, Clip(data=content), tmp_path / "takes", "job-1-0", max_bytes=CAP)

    assert found.path.read_bytes() == content


@pytest.mark.parametrize(
    "content", [b"", b"<!doctype html><p>Sorry</p>", b"\0" * 5000, b"\0\0\0\x18ftypmp42" + b"\0" * 99]
)
async def test_what_is_no_video_is_not_kept(content: bytes, host: FilesHost, api: Api, tmp_path: Path) -> None:
    host.gives(content, content_type="video/mp4")

    with pytest.raises(BadFile):
        await fetched(api, tmp_path)

    assert left(tmp_path) == []


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.97])
async def test_half_a_film_is_not_kept_though_nothing_says_so(
    share: float, host: FilesHost, api: Api, tmp_path: Path, one_film: Path
) -> None:
    content = one_film.read_bytes()
    host.gives(content[: int(len(content) * share)])

    with pytest.raises(BadFile):
        await fetched(api, tmp_path)

    assert left(tmp_path) == []


async def test_a_connection_that_breaks_off_is_no_clip(
    host: FilesHost, api: Api, tmp_path: Path, one_film: Path
) -> None:
    content = one_film.read_bytes()
    host.streams(iter([content[:1000]]), content_length=str(len(content)))

    with pytest.raises(Unavailable, match="broke off"):
        await fetched(api, tmp_path)

    assert left(tmp_path) == []


async def test_fewer_bytes_than_announced_are_no_clip(tmp_path: Path, one_film: Path) -> None:
    content = one_film.read_bytes()

    async def short(request: httpx.Request) -> httpx.Response:
        async def body() -> AsyncIterator[bytes]:
            yield content

        return httpx.Response(200, content=body(), headers={"content-length": str(len(content) + 1)})

    async with httpx.AsyncClient(transport=httpx.MockTransport(short)) as client:
        with pytest.raises(BadFile, match=f"broke off after {len(content)} of {len(content) + 1} bytes"):
            await fetched(Api(client, "https://vendor.test", CanaryKey()), tmp_path)

    assert left(tmp_path) == []


async def test_a_compressed_answer_is_not_held_against_its_length(
    host: FilesHost, api: Api, tmp_path: Path, one_film: Path
) -> None:
    import gzip

    host.gives(gzip.compress(one_film.read_bytes()), content_encoding="gzip")

    assert (await fetched(api, tmp_path)).path.read_bytes() == one_film.read_bytes()


async def test_a_file_over_the_cap_is_given_up_long_before_its_end(host: FilesHost, api: Api, tmp_path: Path) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 500 * MEGABYTE:
            sent += MEGABYTE
            yield b"\0" * MEGABYTE

    host.streams(endless())

    with pytest.raises(BadFile, match="larger than the cap of 5 MB"):
        await fetched(api, tmp_path, cap=5 * MEGABYTE)

    assert left(tmp_path) == []
    assert sent < 100 * MEGABYTE


async def test_a_large_file_is_never_in_memory_as_a_whole(
    host: FilesHost, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tracemalloc

    host.streams(b"\0" * MEGABYTE for _ in range(64))
    tracemalloc.start()
    try:
        with pytest.raises(BadFile):  # it is no video, which is known only once it is all on disk
            await fetched(api, tmp_path, cap=100 * MEGABYTE)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 16 * MEGABYTE
    assert CHUNK <= MEGABYTE


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, NotAuthorized),
        (403, JobLost),
        (404, JobLost),
        (410, JobLost),
        (429, RateLimited),
        (204, Unavailable),
        (206, Unavailable),
        (304, Unavailable),
        (400, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
async def test_an_answer_that_is_no_file(status: int, error: type, host: FilesHost, api: Api, tmp_path: Path) -> None:
    host.gives(b"", status, retry_after="9")

    with pytest.raises(error) as found:
        await fetched(api, tmp_path)

    assert left(tmp_path) == []
    if status == 429:
        assert isinstance(found.value, RateLimited)
        assert found.value.retry_after == 9


async def test_our_key_goes_to_the_vendor_and_not_to_where_it_sends_us(
    host: FilesHost, api: Api, tmp_path: Path, one_film: Path
) -> None:
    async def elsewhere(request: Request) -> Response:
        if request.url.hostname == "127.0.0.1":
            return RedirectResponse(f"http://localhost:{host.port}/file?signature=s", 302)
        return Response(one_film.read_bytes())

    host.answer = elsewhere

    await fetched(api, tmp_path)

    ours, theirs = host.headers
    assert CanaryKey.secret in str(ours)
    assert CanaryKey.secret not in str(theirs)


async def test_a_link_that_carries_its_own_permission_gets_no_key(
    host: FilesHost, api: Api, tmp_path: Path, one_film: Path
) -> None:
    host.gives(one_film.read_bytes())

    await fetched(api, tmp_path, signed=True)

    assert CanaryKey.secret not in str(host.headers)


async def test_a_ring_of_redirects_is_left(host: FilesHost, api: Api, tmp_path: Path) -> None:
    async def round_and_round(request: Request) -> Response:
        return RedirectResponse("/again")

    host.answer = round_and_round

    with pytest.raises(Unavailable, match="TooManyRedirects"):
        await fetched(api, tmp_path)


async def test_a_clip_without_a_place_is_no_clip(api: Api, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="named no file"):
        await fetch(api, Clip(), tmp_path, "job-1-0", max_bytes=CAP)


async def test_a_folder_that_cannot_be_written_is_no_bad_file(
    host: FilesHost, api: Api, tmp_path: Path, one_film: Path
) -> None:
    host.gives(one_film.read_bytes())
    (tmp_path / "takes").write_text("a file where the folder should be")

    with pytest.raises(OSError):
        await fetched(api, tmp_path)


async def test_a_fetch_that_is_cancelled_leaves_nothing_behind(host: FilesHost, api: Api, tmp_path: Path) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow() -> Iterator[bytes]:
        yield b"\0" * CHUNK
        loop.call_soon_threadsafe(begun.set)
        for _ in range(1000):
            threading.Event().wait(0.01)
            yield b"\0"

    host.streams(slow())
    fetching = asyncio.create_task(fetched(api, tmp_path))
    await begun.wait()

    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching

    assert left(tmp_path) == []


def test_a_disk_without_room_is_told_before_anything_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room_for_clips(tmp_path)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=12_000_000))

    with pytest.raises(DiskFull, match=r"12 MB are free.*500 MB") as refusal:
        room_for_clips(tmp_path)

    assert "Nothing was sent" in (refusal.value.hint or "")
