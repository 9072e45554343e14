"""The key goes to the vendor's own hosts and nowhere else, and links are followed by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from rushes.errors import BadConfig
from rushes.http import Api, NoAuth, httpx, poll_client, submit_client
from tests.replay import CanaryKey

OWN = "https://api.vendor.test/v1"
TRUSTED = "files.vendor.test"


class Vendor:
    """A vendor that redirects as told, and keeps what it was asked."""

    def __init__(self, *redirects: str, base_url: str = OWN) -> None:
        self.asked: list[httpx.Request] = []
        self._left = list(redirects)
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.api = Api(client, base_url, CanaryKey(), trusted_hosts=frozenset({TRUSTED}))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self._left:
            return httpx.Response(302, headers={"location": self._left.pop(0)})
        return httpx.Response(200, text="here")

    def keyed(self) -> list[bool]:
        """For each request, whether it carried the key in any of its headers or in its URL."""
        return [
            CanaryKey.secret in f"{request.url} {request.headers.raw} {request.content!r}" for request in self.asked
        ]


async def test_the_key_goes_to_the_vendors_own_api_in_both_headers() -> None:
    vendor = Vendor()

    await vendor.api.get("/videos/1")

    assert str(vendor.asked[0].url) == "https://api.vendor.test/v1/videos/1"
    assert vendor.asked[0].headers["authorization"] == f"Bearer {CanaryKey.secret}"
    assert vendor.asked[0].headers["x-goog-api-key"] == CanaryKey.secret


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://cdn.other.test/clip.mp4",
        "https://api.vendor.test:8443/clip.mp4",
        "http://api.vendor.test/clip.mp4",
        "https://api.vendor.test.other.test/clip.mp4",
        "https://other.test/api.vendor.test/clip.mp4",
        "https://api.vendor.test@other.test/clip.mp4",
        "//cdn.other.test/clip.mp4",
        f"http://{TRUSTED}/clip.mp4",
        f"https://{TRUSTED}:8443/clip.mp4",
        f"https://sub.{TRUSTED}/clip.mp4",
    ],
)
@pytest.mark.parametrize("way", ["redirect", "link"])
async def test_the_key_goes_to_no_other_host_port_or_scheme(elsewhere: str, way: str) -> None:
    vendor = Vendor(elsewhere)
    first = "/videos/1/content" if way == "redirect" else f"https:{elsewhere}" if elsewhere[0] == "/" else elsewhere
    if way == "link":
        vendor = Vendor()

    response = await vendor.api.get(first)

    assert response.text == "here"
    assert vendor.keyed() == ([True, False] if way == "redirect" else [False])


@pytest.mark.parametrize(
    "link",
    [
        "/v1/other",
        "other",
        "https://api.vendor.test/other",
        "https://API.vendor.test:443/other",
        f"https://{TRUSTED}/clip.mp4",
    ],
)
async def test_the_key_stays_on_along_a_redirect_to_the_vendors_own_hosts(link: str) -> None:
    vendor = Vendor(link)

    await vendor.api.get("/videos/1/content")

    assert vendor.keyed() == [True, True]


async def test_a_key_that_was_taken_off_comes_back_only_for_the_vendors_own_host() -> None:
    vendor = Vendor("https://cdn.other.test/a", "https://api.vendor.test/b")

    await vendor.api.get("/videos/1/content")

    assert vendor.keyed() == [True, False, True]


async def test_a_link_that_carries_its_own_permission_goes_without_our_key() -> None:
    vendor = Vendor("/elsewhere/on/the/same/host")

    await vendor.api.request("GET", "/videos/1/content", keyless=True)

    assert vendor.keyed() == [False, False]


async def test_a_plain_http_api_on_this_machine_gets_its_key_too() -> None:
    vendor = Vendor(base_url="http://127.0.0.1:8091/v1/")

    await vendor.api.get("videos")

    assert str(vendor.asked[0].url) == "http://127.0.0.1:8091/v1/videos"
    assert vendor.keyed() == [True]


async def test_five_redirects_are_followed_and_not_one_more() -> None:
    five, six = Vendor(*["/again"] * 5), Vendor(*["/again"] * 6)

    assert (await five.api.get("/videos/1")).text == "here"
    with pytest.raises(httpx.TooManyRedirects, match="more than 5 redirects"):
        await six.api.get("/videos/1")
    assert len(six.asked) == 6


async def test_a_post_is_never_redirected() -> None:
    vendor = Vendor("https://cdn.other.test/videos")

    response = await vendor.api.post("/videos", content=b"a fox")

    assert (response.status_code, len(vendor.asked)) == (302, 1)


async def test_our_query_is_not_put_in_the_place_of_a_redirects_own() -> None:
    vendor = Vendor("https://cdn.other.test/clip.mp4?signature=abc")

    await vendor.api.get("/videos/1/content", params={"variant": "video"})

    assert vendor.asked[0].url.query == b"variant=video"
    assert vendor.asked[1].url.query == b"signature=abc"


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/videos", f"{OWN}/videos"),
        ("videos", f"{OWN}/videos"),
        ("/videos?from=https://cdn.other.test/", f"{OWN}/videos?from=https://cdn.other.test/"),
        ("https://cdn.other.test/clip.mp4", "https://cdn.other.test/clip.mp4"),
        ("HTTPS://cdn.other.test/clip.mp4", "HTTPS://cdn.other.test/clip.mp4"),
        ("gs://bucket/clip.mp4", "gs://bucket/clip.mp4"),
    ],
)
def test_a_path_stands_under_the_base_url_and_a_whole_url_for_itself(path: str, url: str) -> None:
    assert Vendor().api.url(path) == url


@pytest.mark.parametrize(
    "link", ["https://cdn.other.test:port/", "https://[::1/", "https://cdn.other.test:99999/x\x00"]
)
@pytest.mark.parametrize("way", ["redirect", "link"])
async def test_a_link_that_is_no_url_is_an_http_error_like_any_other(link: str, way: str) -> None:
    vendor = Vendor(*([link] if way == "redirect" else []))

    with pytest.raises(httpx.HTTPError):
        await vendor.api.get("/videos/1" if way == "redirect" else link)

    assert len(vendor.asked) == (1 if way == "redirect" else 0)


async def test_no_error_text_tells_the_key_or_a_links_permission() -> None:
    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    looping = Vendor(*["/again?signature=permission"] * 6).api
    broken = Api(httpx.AsyncClient(transport=httpx.MockTransport(unreachable)), OWN, CanaryKey())
    told: list[str] = []
    for api in (looping, broken):
        with pytest.raises(httpx.HTTPError) as caught:
            await api.get("/videos/1?signature=permission")
        told += [str(caught.value), repr(caught.value)]

    assert len(told) == 4
    assert not [text for text in told if CanaryKey.secret in text or "permission" in text]


@pytest.mark.parametrize("base_url", ["", "api.vendor.test/v1", "ftp://vendor.test", "https://", "https://a:b/"])
def test_a_base_url_that_is_none_is_refused_with_what_one_looks_like(base_url: str) -> None:
    with pytest.raises(BadConfig, match="no http\\(s\\) URL") as caught:
        Vendor(base_url=base_url)

    assert "https://api.example.com/v1" in str(caught.value)


async def test_the_key_is_asked_for_anew_each_time_since_tokens_age() -> None:
    class Ageing:
        asked = 0

        async def headers(self) -> dict[str, str]:
            self.asked += 1
            return {"authorization": f"Bearer token-{self.asked}"}

    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200)

    api = Api(httpx.AsyncClient(transport=httpx.MockTransport(answer)), OWN, Ageing())

    await api.get("/videos/1")
    await api.get("/videos/1")

    assert seen == ["Bearer token-1", "Bearer token-2"]


async def test_a_body_is_read_piece_by_piece_while_it_comes() -> None:
    pieces = iter([b"a", b"b", b"c"])

    class Slow(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]
            for piece in pieces:
                yield piece

    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=Slow())))

    async with Api(client, OWN, NoAuth()).stream("GET", "/clip") as response:
        body = response.aiter_raw()
        first = await anext(body)
        left = next(pieces)

    assert (first, left) == (b"a", b"b")


Client = Callable[[], httpx.AsyncClient]


async def connections(make: Client) -> int:
    """How many connections two requests, one after the other, take to a server that keeps them open."""
    served: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with make() as client:
            api = Api(client, f"http://127.0.0.1:{port}", NoAuth())
            await api.post("/videos")
            await api.post("/videos")
        await asyncio.gather(*(task for task in served if task))
    return len(served)


async def test_a_submit_never_goes_over_a_connection_that_lay_idle() -> None:
    assert await connections(lambda: submit_client(timeout=10)) == 2


async def test_polls_share_a_connection() -> None:
    assert await connections(poll_client) == 1
