"""What the pair page's server answers.

Until a rater is through, nothing that is sent names a model: not the page, not an address, not a header.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from importlib.resources import files
from typing import Annotated, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rushes.benchmarks.votes import REASONS, Choice, Reason
from rushes.errors import VideoError
from rushes.pages.rate.desk import Desk, NotSaved, Side
from rushes.pages.rate.summary import REASON_WORDS, counted_share

#: Bytes of a request; a choice takes less than 300.
LARGEST = 10_000
LONGEST_NAME = 60

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def rater_name(given: str) -> str:
    """A rater's name, without spaces around it. Raises ValueError for what is none."""
    name = " ".join(given.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"a rater's name has 1 to {LONGEST_NAME} characters that can be printed")
    return name


class Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rater: Annotated[str, AfterValidator(rater_name)]


class Chosen(Said):
    id: str
    choice: Choice
    reasons: tuple[Reason, ...] = ()


class Skipped(Said):
    id: str
    side: Side


def app(desk: Desk, *, hosts: Collection[str] | None, secret: str = "", simulated: bool = False) -> Starlette:
    """The pages and their data. `hosts`: what `Host` may say, None for anything. `secret`: first part of every path."""
    pages = _Pages(desk, simulated=simulated)
    routes = [
        Route("/", pages.start),
        Route("/rate.css", partial(_own, "rate.css", "text/css")),
        Route("/rate.js", partial(_own, "rate.js", "text/javascript")),
        Route("/pair", pages.pair),
        Route("/vote", pages.vote, methods=["POST"]),
        Route("/undo", pages.undo, methods=["POST"]),
        Route("/skip", pages.skip, methods=["POST"]),
        Route("/summary", pages.summary),
        Route("/clips/{token}", pages.clip),
        Route("/images/{token}", pages.image),
    ]
    found = Starlette(
        routes=[Mount(f"/{secret}", routes=routes)] if secret else routes,
        exception_handlers={NotSaved: _not_saved, VideoError: _trouble, HTTPException: _plain},
    )
    found.add_middleware(_Guard, hosts=hosts)
    return found


class _Pages:
    def __init__(self, desk: Desk, *, simulated: bool) -> None:
        self._desk = desk
        self._simulated = simulated
        self._environment = Environment(
            loader=PackageLoader("rushes.pages.rate"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def _page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        return HTMLResponse(self._environment.get_template(name).render(**values), status)

    async def start(self, request: Request) -> Response:
        """The page of a rater, or the question who it is."""
        given = request.query_params.get("rater")
        if given is None:
            return self._page("who.html.j2", problem=None, given="", longest=LONGEST_NAME)
        try:
            rater = rater_name(given)
        except ValueError as error:
            return self._page("who.html.j2", 400, problem=str(error), given=given, longest=LONGEST_NAME)
        return self._page(
            "rate.html.j2",
            rater=rater,
            reasons=[(reason, REASON_WORDS[reason], key) for key, reason in enumerate(REASONS, start=3)],
            wait=self._desk.wait,
            raw=self._desk.raw,
            simulated=self._simulated,
        )

    async def pair(self, request: Request) -> Response:
        return await self._answer(self._desk.show, _rater(request))

    async def vote(self, request: Request) -> Response:
        said = await _said(request, Chosen)
        return await self._answer(self._desk.choose, said.rater, said.id, said.choice, said.reasons)

    async def undo(self, request: Request) -> Response:
        return await self._answer(self._desk.undo, (await _said(request, Said)).rater)

    async def skip(self, request: Request) -> Response:
        said = await _said(request, Skipped)
        return await self._answer(self._desk.skip, said.rater, said.id, said.side)

    async def summary(self, request: Request) -> Response:
        found = await run_in_threadpool(self._desk.summary, _rater(request))
        return self._page(
            "summary.html.j2",
            summary=found,
            counted_share=counted_share,
            simulated=self._simulated,
            raw=self._desk.raw,
        )

    async def clip(self, request: Request) -> Response:
        found = self._desk.shelf.clips.get(request.path_params["token"])
        if found is None or not await run_in_threadpool(found.path.is_file):
            raise HTTPException(404, "this clip is gone")
        # When a file was made may tell whose it is.
        headers = {"cache-control": "private, max-age=86400", "etag": f'"{found.token}"', "last-modified": _LONG_AGO}
        return FileResponse(found.path, media_type=found.media, headers=headers)

    async def image(self, request: Request) -> Response:
        found = self._desk.shelf.images.get(request.path_params["token"])
        if found is None or not await run_in_threadpool(found.is_file):
            raise HTTPException(404, "this picture is gone")
        return FileResponse(found, headers={"last-modified": _LONG_AGO})

    async def _answer(self, asked: Callable[..., dict[str, Any]], *given: Any) -> Response:
        return JSONResponse(await run_in_threadpool(asked, *given))


_LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"


def _rater(request: Request) -> str:
    try:
        return rater_name(request.query_params.get("rater", ""))
    except ValueError as error:
        raise HTTPException(400, str(error)) from None


async def _said(request: Request, form: type[Any]) -> Any:
    """The request's JSON. Raises HTTPException for another form, too large a one, and what another page sent."""
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise HTTPException(403, "another page sent this: it was NOT saved")
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "only JSON is taken: it was NOT saved")
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > LARGEST:
            raise HTTPException(413, "this is too long: it was NOT saved")
    try:
        return form.model_validate_json(bytes(content))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise HTTPException(422, f"{place}: {first['msg']}: it was NOT saved") from None


async def _own(name: str, media: str, request: Request) -> Response:
    text = (files("rushes.pages.rate") / "templates" / name).read_text(encoding="utf-8")
    return Response(text, media_type=media)


async def _not_saved(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotSaved)
    return JSONResponse({"problem": error.message, "again": error.again}, error.status)


async def _trouble(request: Request, error: Exception) -> Response:
    assert isinstance(error, VideoError)
    return JSONResponse({"problem": f"NOT saved: {error.message}.", "again": True}, 500)


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.method == "POST":
        return JSONResponse({"problem": f"{error.detail}.", "again": False}, error.status_code)
    return PlainTextResponse(f"{error.detail}\n", error.status_code)


class _Guard:
    """Turns away who came by another name than ours, as pages of others do that have their name lead to us; and sends
    headers that keep everything to this page."""

    def __init__(self, inner: ASGIApp, hosts: Collection[str] | None) -> None:
        self._inner = inner
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("cache-control", "no-store")
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
        if self._hosts is not None and host not in self._hosts:
            await PlainTextResponse("this address is not served here\n", 421)(scope, receive, guarded)
        else:
            await self._inner(scope, receive, guarded)
