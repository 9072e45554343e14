"""OpenAI's video jobs as OpenAI served them until 2026-09-24: checks, texts and error bodies.

Sources, read 2026-11-22: the OpenAPI document and video guide, openai-python 2.54.0 and 3.54.0 and openai-node
7.57.0 for what clients send, and error texts as reported in MicrosoftLearning/mslearn-ai-vision#78 and
lobehub/lobehub#14891. What OpenAI answers since the shutdown was never published; 404 is what others of its retired
models answer (theopenco/llmgateway#3461). Where no answer of the real service is known (deleting a running job,
content before the end or after expiry), it is made up in the shape of the rest.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from rushes.simulator import chance, faults, links, stills
from rushes.simulator.body import BadBody, Part, read_form, read_json
from rushes.simulator.clock import callers_seconds
from rushes.simulator.desk import Desk, Endpoint, Headed, Taken, Trouble
from rushes.simulator.models import Served
from rushes.simulator.world import Asked, Clip, Job

WIRE = "openai"

#: Dated names beside the ones that the cards carry.
DATED = {
    "sora-2-2025-10-06": "sora-2",
    "sora-2-2025-12-08": "sora-2",
    "sora-2-pro-2025-10-06": "sora-2-pro",
}
#: From this day on there are 16 and 20 seconds, and 1080p for the pro model (changelog of 2026-03-12).
LONGER = date(2026, 3, 12)
FIRST_LENGTHS = ("4", "8", "12")
LENGTHS = ("4", "8", "12", "16", "20")
SMALL = ("720x1280", "1280x720")
LARGE = ("1024x1792", "1792x1024")
FULL_HD = ("1080x1920", "1920x1080")
RESOLUTIONS = {720: "720p", 1024: "1024p", 1080: "1080p"}

PROMPT_MAX = 32_000
IMAGE_URL_MAX = 20_971_520
IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")
#: Seconds that a finished clip may be fetched ("at most 1 h after generation", video guide).
KEPT = 3600
EXTENDED_MAX = 120
EXTENSIONS_MAX = 6
POLL_AFTER = 10.0
RETRY_AFTER = 20.0

CREATE_FIELDS = {"prompt", "model", "seconds", "size", "input_reference", "characters"}


class Refused(Exception):
    """An error body of this wire."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        type: str = "invalid_request_error",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        body = {"error": {"message": message, "type": type, "param": param, "code": code}}
        self.response = JSONResponse(body, status, dict(headers or {}))


@dataclass(frozen=True)
class Create:
    """A create request, whichever way it was written."""

    prompt: str
    model: str = "sora-2"
    seconds: str = "4"
    size: str = "720x1280"
    reference: bytes | None = None
    characters: tuple[str, ...] = ()


class OpenAI:
    """`prefix` is what stands before `/videos`."""

    def __init__(self, desk: Desk, prefix: str) -> None:
        self._desk = desk
        self._world = desk.world
        self._prefix = prefix

    def routes(self) -> Iterator[BaseRoute]:
        yield self._route("POST", "/videos", self.create)
        yield self._route("GET", "/videos", self.list_videos)
        yield self._route("POST", "/videos/edits", self.edit)
        yield self._route("POST", "/videos/extensions", self.extend)
        yield self._route("POST", "/videos/characters", self.create_character)
        yield self._route("GET", "/videos/characters/{id}", self.character)
        yield self._route("GET", "/videos/{id}", self.retrieve)
        yield self._route("DELETE", "/videos/{id}", self.delete)
        yield self._route("GET", "/videos/{id}/content", self.content)
        yield self._route("POST", "/videos/{id}/remix", self.remix)
        yield self._route("GET", "/models", self.list_models)
        yield self._route("GET", "/models/{id}", self.model)

    def _route(self, method: str, path: str, endpoint: Endpoint) -> BaseRoute:
        async def run(request: Request) -> ASGIApp:
            try:
                _check_key(request)
                if path.startswith("/videos"):
                    self._check_alive(request)
                answer = await endpoint(request)
            except BadBody as error:
                answer = Refused(400, error.text, code=error.code).response
            except Refused as refused:
                answer = refused.response
            except Trouble as trouble:
                answer = self._refusal(trouble).response
            headers = {"x-request-id": f"req_{uuid4().hex}", "openai-version": "2020-10-01"}
            return Headed(answer, headers | {"openai-processing-ms": "21", "openai-organization": "org-simulated"})

        return Route(self._prefix + path, run, methods=[method])

    async def create(self, request: Request) -> ASGIApp:
        return await self._submit(self._asked(await self._read_create(request)))

    async def _submit(self, asked: Asked) -> ASGIApp:
        taken = await self._desk.accept(asked, chance.hexadecimal("video_", 48))
        return self._desk.answer(taken, JSONResponse(self._video(taken.job)))

    async def retrieve(self, request: Request) -> ASGIApp:
        taken = self._found(request.path_params["id"])
        wait = callers_seconds(self._world.clock, POLL_AFTER)
        headers = {"openai-poll-after-ms": str(max(1, round(wait * 1000)))}
        return self._desk.answer(taken, JSONResponse(self._video(taken.job), headers=headers))

    async def list_videos(self, request: Request) -> ASGIApp:
        query = request.query_params
        limit, order = query.get("limit", "20"), query.get("order", "desc")
        if not limit.isdecimal() or int(limit) > 100:
            raise Refused(400, "Invalid 'limit': expected an integer between 0 and 100.", param="limit")
        _choose("order", order, ("asc", "desc"))
        jobs = self._world.jobs(WIRE)
        if order == "desc":
            jobs.reverse()
        if "after" in query:
            places = [place for place, job in enumerate(jobs) if job.id == query["after"]]
            if not places:
                raise Refused(400, f"No video found with id '{query['after']}'.", param="after")
            jobs = jobs[places[0] + 1 :]
        page = jobs[: int(limit)]
        return JSONResponse(
            {
                "object": "list",
                "data": [self._video(job) for job in page],
                "first_id": page[0].id if page else None,
                "last_id": page[-1].id if page else None,
                "has_more": len(jobs) > len(page),
            }
        )

    async def delete(self, request: Request) -> ASGIApp:
        job = self._found(request.path_params["id"]).job
        if job.state(self._world.now()) not in ("succeeded", "failed"):
            raise Refused(400, "Only completed or failed videos can be deleted.")
        self._world.delete(job.id)
        return JSONResponse({"id": job.id, "object": "video.deleted", "deleted": True})

    async def content(self, request: Request) -> ASGIApp:
        variant = request.query_params.get("variant", "video")
        _choose("variant", variant, ("video", "thumbnail", "spritesheet"))
        job, now = self._found(request.path_params["id"]).job, self._world.now()
        match job.state(now):
            case "failed":
                raise Refused(400, "Video generation failed, so there is no content to download.")
            case "queued" | "running":
                raise Refused(400, f"Video is not ready yet, use GET /v1/videos/{job.id} to check its status.")
        if now.timestamp() >= job.ends + KEPT:
            raise Refused(404, f"The content of video '{job.id}' has expired.")
        if variant != "video":
            film = await self._world.film(job, 0)
            if variant == "thumbnail":
                return Response(await run_in_threadpool(stills.thumbnail, film), media_type="image/webp")
            return Response(await run_in_threadpool(stills.spritesheet, film), media_type="image/jpeg")
        expires = job.created if "expired_link" in job.tricks else job.ends + KEPT
        root = links.base(request, "files")
        return RedirectResponse(links.signed(root, "files", job, 0, expires, self._world.secret), 302)

    async def remix(self, request: Request) -> ASGIApp:
        fields = await _fields(request, {"prompt"})
        source = self._finished(request.path_params["id"])
        return await self._submit(_again(source, _prompt(fields)))

    async def edit(self, request: Request) -> ASGIApp:
        fields = await _fields(request, {"prompt", "video", "model"})
        source = self._finished(_video_id(fields))
        return await self._submit(_again(source, _prompt(fields)))

    async def extend(self, request: Request) -> ASGIApp:
        fields = await _fields(request, {"prompt", "video", "seconds"})
        source = self._finished(_video_id(fields))
        clip, steps = source.asked.clip, source.asked.settings.get("extensions", 0) + 1
        new = int(_text(fields, "seconds", "4", LENGTHS))
        if steps > EXTENSIONS_MAX:
            raise Refused(400, f"A video can be extended at most {EXTENSIONS_MAX} times.", param="video")
        if clip.seconds + new > EXTENDED_MAX:
            raise Refused(400, f"The extended video would exceed {EXTENDED_MAX} seconds in total.", param="seconds")
        total = clip.seconds + new
        longer = replace(clip, seconds=total, new_seconds=new, continues=f"{source.id}#0", first_image=None)
        settings = {"seconds": f"{total:g}", "size": source.asked.settings["size"], "extensions": steps}
        return await self._submit(replace(source.asked, prompt=_prompt(fields), clip=longer, settings=settings))

    async def create_character(self, request: Request) -> ASGIApp:
        form = await read_form(request)
        name, video = form.get("name"), form.get("video")
        if not isinstance(name, str) or not 1 <= len(name) <= 80:
            raise Refused(400, "Invalid 'name': expected a string of 1 to 80 characters.", param="name")
        if not isinstance(video, Part) or stills.footage(video.content) is None:
            raise Refused(400, "Invalid 'video': expected an MP4 file.", param="video")
        self._world.keep(video.content)
        made = {"id": f"char_{uuid4().hex}", "name": name, "created_at": int(self._world.now().timestamp())}
        self._world.put(f"character {made['id']}", name)
        return JSONResponse(made)

    async def character(self, request: Request) -> ASGIApp:
        id = request.path_params["id"]
        name = self._world.get(f"character {id}")
        if name is None:
            raise Refused(404, f"Character with id '{id}' not found.")
        return JSONResponse({"id": id, "name": name, "created_at": int(self._world.now().timestamp())})

    async def list_models(self, request: Request) -> ASGIApp:
        """Retired models stay listed, with the day they were shut down."""
        data = [_model(served) for served in self._world.models.of(WIRE)]
        return JSONResponse({"object": "list", "data": data})

    async def model(self, request: Request) -> ASGIApp:
        served = self._world.models.find(WIRE, request.path_params["id"])
        if served is None:
            raise _no_model(request.path_params["id"])
        return JSONResponse(_model(served))

    def _check_alive(self, request: Request) -> None:
        """Once every model is retired the whole API is gone, old jobs with it."""
        day = self._world.now().date()
        every = list(self._world.models.of(WIRE))
        if every and request.method != "POST" and all(served.retired(day) for served in every):
            raise Refused(404, "The Videos API has been shut down and is no longer available.")

    async def _read_create(self, request: Request) -> Create:
        fields = await _fields(request, CREATE_FIELDS)
        create = Create(
            _prompt(fields),
            _text(fields, "model", "sora-2"),
            _text(fields, "seconds", "4", self._lengths()),
            _text(fields, "size", "720x1280"),
            _reference(fields.get("input_reference")),
            _characters(fields.get("characters")),
        )
        served = self._served(create.model)
        _choose("size", create.size, self._sizes(served))
        if create.reference is not None:
            _check_picture(create.reference, create.size)
        for id in create.characters:
            if self._world.get(f"character {id}") is None:
                raise Refused(400, f"Character with id '{id}' not found.", param="characters")
        return create

    def _lengths(self) -> tuple[str, ...]:
        return LENGTHS if self._world.now().date() >= LONGER else FIRST_LENGTHS

    def _sizes(self, served: Served) -> tuple[str, ...]:
        if served.name != "sora-2-pro":
            return SMALL
        return (*SMALL, *LARGE, *(FULL_HD if self._world.now().date() >= LONGER else ()))

    def _served(self, name: str) -> Served:
        served, day = self._world.models.find(WIRE, DATED.get(name, name)), self._world.now().date()
        if served is None or served.unborn(day):
            raise _no_model(name)
        if served.retired(day):
            raise Refused(404, f"The model `{name}` has been deprecated", code="model_not_found")
        return served

    def _asked(self, create: Create) -> Asked:
        width, height = map(int, create.size.split("x"))
        reference = self._world.keep(create.reference) if create.reference is not None else None
        resolution = RESOLUTIONS[min(width, height)]
        clip = Clip(width, height, resolution, float(create.seconds), first_image=reference)
        settings: dict[str, Any] = {"seconds": create.seconds, "size": create.size}
        if create.characters:
            settings["characters"] = list(create.characters)
        card_name = DATED.get(create.model)
        return Asked(WIRE, create.model, create.prompt, clip, settings, card_name=card_name)

    def _found(self, id: str) -> Taken:
        taken = self._desk.look(WIRE, id)
        if taken is None:
            raise Refused(404, f"Video with id '{id}' not found.")
        return taken

    def _finished(self, id: str) -> Job:
        job = self._found(id).job
        if job.state(self._world.now()) != "succeeded":
            raise Refused(400, f"Video '{id}' is not completed.", param="video")
        self._served(job.asked.model)
        return job

    def _video(self, job: Job) -> dict[str, Any]:
        now = self._world.now()
        state = job.state(now)
        status = {"queued": "queued", "running": "in_progress", "succeeded": "completed"}.get(state, "failed")
        done = state == "succeeded"
        return {
            "id": job.id,
            "object": "video",
            "model": job.asked.model,
            "status": faults.STRANGE if job.strange(now) else status,
            "progress": 100 if done else job.progress(now) if state == "running" else 0,
            "created_at": int(job.created),
            "completed_at": int(job.ends) if done else None,
            "expires_at": int(job.ends) + KEPT if done else None,
            "prompt": job.asked.prompt,
            "size": job.asked.settings["size"],
            "seconds": job.asked.settings["seconds"],
            "remixed_from_video_id": job.asked.settings.get("remixed_from"),
            "error": _failure(job, now),
            "quality": "standard",
        }

    def _refusal(self, trouble: Trouble) -> Refused:
        wait = max(1, math.ceil(callers_seconds(self._world.clock, RETRY_AFTER)))
        match trouble.kind:
            case "rate_limited" | "busy":
                text = f"Rate limit reached on requests per min (RPM). Please try again in {wait}s."
                headers = {"retry-after": str(wait)}
                return Refused(429, text, type="requests", code="rate_limit_exceeded", headers=headers)
            case "rate_limited_bare":
                return Refused(429, "Too many running tasks", type="video_generation_user_error")
            case "moderated":
                text = "Your request was blocked by our moderation system."
                return Refused(400, text, code="moderation_blocked")
            case "no_such_fault":
                return Refused(400, trouble.text, param="prompt")
            case "error_503":
                text = "The engine is currently overloaded, please try again later."
                return Refused(503, text, type="service_unavailable_error")
            case "error_500":
                text = "The server had an error while processing your request. Sorry about that!"
                return Refused(500, text, type="server_error")


def _check_key(request: Request) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refused(
            401, "You didn't provide an API key. You need to provide your API key in an Authorization header."
        )
    if key.startswith("bad-"):
        raise Refused(401, "Incorrect API key provided: bad-****.", code="invalid_api_key")


async def _fields(request: Request, known: set[str]) -> dict[str, Any]:
    """The body's fields, multipart or JSON: of parts like `video[id]` the nested object."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        fields = await read_form(request)
    elif kind == "application/json":
        fields = await read_json(request)
    else:
        raise Refused(
            400,
            f"Unsupported content type: '{kind}'. This API method only accepts 'application/json' and "
            "'multipart/form-data' requests.",
            code="unsupported_content_type",
        )
    for name in fields:
        if name not in known:
            raise Refused(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    return fields


def _text(fields: Mapping[str, Any], name: str, default: str, allowed: tuple[str, ...] | None = None) -> str:
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        expected = f"one of {_listed(allowed, 'or')}" if allowed else "a string"
        text = f"Invalid type for '{name}': expected {expected}, but got {_kind(value)} instead."
        raise Refused(400, text, param=name, code="invalid_type")
    if allowed:
        _choose(name, value, allowed)
    return value


def _prompt(fields: Mapping[str, Any]) -> str:
    if fields.get("prompt") is None:
        text = "Missing required parameter: 'prompt'."
        raise Refused(400, text, param="prompt", code="missing_required_parameter")
    prompt = _text(fields, "prompt", "")
    if not prompt:
        text = (
            "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an empty string instead."
        )
        raise Refused(400, text, param="prompt", code="empty_string")
    if len(prompt) > PROMPT_MAX:
        text = (
            f"Invalid 'prompt': string too long. Expected a string with maximum length {PROMPT_MAX}, but got a string "
            f"with length {len(prompt)} instead."
        )
        raise Refused(400, text, param="prompt", code="string_above_max_length")
    return prompt


def _choose(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        text = f"Invalid value: '{value}'. Supported values are: {_listed(allowed, 'and')}."
        raise Refused(400, text, param=name, code="invalid_value")


def _listed(values: tuple[str, ...] | None, word: str) -> str:
    quoted = [f"'{value}'" for value in values or ()]
    if len(quoted) < 3:
        return f" {word} ".join(quoted)
    return f"{', '.join(quoted[:-1])}, {word} {quoted[-1]}"


def _kind(value: object) -> str:
    match value:
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case Part():
            return "a file"
        case _:
            return "an object"


def _reference(value: Any) -> bytes | None:
    name = "input_reference"
    match value:
        case None:
            return None
        case Part(content=content, type=type):
            if type not in IMAGE_TYPES:
                text = f"Invalid file '{name}': unsupported mimetype ('{type}'). Supported file formats are "
                supported = _listed(IMAGE_TYPES, "and")
                raise Refused(400, f"{text}{supported}.", param=name, code="unsupported_file_mimetype")
            return content
        case {"image_url": str(url)} if len(value) == 1:
            return _from_url(url)
        case {"file_id": str(id)} if len(value) == 1:
            raise Refused(400, f"No such File object: {id}", param=f"{name}.file_id")
        case dict():
            text = f"Invalid '{name}': expected exactly one of 'image_url' and 'file_id'."
            raise Refused(400, text, param=name)
        case _:
            text = f"Invalid type for '{name}': expected an object, but got {_kind(value)} instead."
            raise Refused(400, text, param=name, code="invalid_type")


def _from_url(url: str) -> bytes:
    param = "input_reference.image_url"
    if len(url) > IMAGE_URL_MAX:
        text = f"Invalid '{param}': string too long. Expected a string with maximum length {IMAGE_URL_MAX}."
        raise Refused(400, text, param=param, code="string_above_max_length")
    head, comma, data = url.partition(",")
    if not comma or head not in {f"data:{type};base64" for type in IMAGE_TYPES}:
        # The simulated vendor has no network, so that it can read data URLs alone.
        raise Refused(400, "Error while downloading the image.", param=param, code="invalid_image_url")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise Refused(400, "Invalid base64 image_url.", param=param, code="invalid_base64") from None


def _characters(value: Any) -> tuple[str, ...]:
    match value:
        case None:
            return ()
        case [*items] if len(items) <= 2 and all(isinstance(item, dict) and item.keys() == {"id"} for item in items):
            return tuple(str(item["id"]) for item in items)
        case _:
            raise Refused(400, "Invalid 'characters': expected at most 2 objects with an 'id'.", param="characters")


def _check_picture(content: bytes, size: str) -> None:
    picture = stills.picture(content)
    if picture is None or picture.kind not in ("jpeg", "png", "webp"):
        raise Refused(400, "Invalid file 'input_reference': not a readable image.", param="input_reference")
    if f"{picture.width}x{picture.height}" != size:
        raise Refused(400, "Inpaint image must match the requested width and height")


def _video_id(fields: Mapping[str, Any]) -> str:
    match fields.get("video"):
        case {"id": str(id)}:
            return id
        case Part():
            raise Refused(403, "Video uploads are available to eligible customers only.", param="video")
        case None:
            raise Refused(400, "Missing required parameter: 'video'.", param="video", code="missing_required_parameter")
        case value:
            text = f"Invalid type for 'video': expected an object, but got {_kind(value)} instead."
            raise Refused(400, text, param="video", code="invalid_type")


def _again(source: Job, prompt: str) -> Asked:
    """The same clip made anew from another prompt."""
    settings = {key: source.asked.settings[key] for key in ("seconds", "size")} | {"remixed_from": source.id}
    return replace(source.asked, prompt=prompt, settings=settings)


def _failure(job: Job, now: datetime) -> dict[str, str] | None:
    if job.state(now) != "failed":
        return None
    if job.outcome in ("moderated", "filtered"):
        return {"code": "moderation_blocked", "message": "Your request was blocked by our moderation system."}
    return {"code": "internal_error", "message": "The video could not be generated. Please try again."}


def _no_model(name: str) -> Refused:
    text = f"The model `{name}` does not exist or you do not have access to it."
    return Refused(404, text, param="model", code="model_not_found")


def _model(served: Served) -> dict[str, Any]:
    lifecycle = served.endpoint.lifecycle
    released = lifecycle.released or date(2025, 10, 6)
    return {
        "id": served.name,
        "object": "model",
        "created": int(datetime(released.year, released.month, released.day, tzinfo=UTC).timestamp()),
        "owned_by": "system",
        "shutdown_date": lifecycle.retired.isoformat() if lifecycle.retired else None,
    }
