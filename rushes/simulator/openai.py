"""OpenAI's video jobs as OpenAI served them until 2026-09-24: checks, texts and error bodies.

Sources, read 2026-11-22: the OpenAPI document and video guide, openai-python 2.54.0 and 3.54.0 and openai-node
7.57.0 for what clients send, and error texts as reported in MicrosoftLearning/mslearn-ai-vision#78 and
lobehub/lobehub#14891. What OpenAI answers since the shutdown was never published; 404 is what others of its retired
models answer (theopenco/llmgateway#3461). Where no answer of the real service is known (deleting a running job,
content before the end or after expiry), it is made up in the shape of the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from rushes.simulator import chance, faults, inputs, links, stills
from rushes.simulator.body import BadBody, Part, read_form
from rushes.simulator.clock import callers_seconds
from rushes.simulator.desk import ACCOUNT, Desk, Endpoint, Headed, Taken, Trouble
from rushes.simulator.headers import account_of, whole_seconds
from rushes.simulator.job import Asked, Clip, Job
from rushes.simulator.models import Served
from rushes.simulator.openai_checks import (
    CREATE_FIELDS,
    DATED,
    EXTENDED_MAX,
    EXTENSIONS_MAX,
    FIRST_LENGTHS,
    FULL_HD,
    KEPT,
    LARGE,
    LENGTHS,
    LONGER,
    POLL_AFTER,
    RESOLUTIONS,
    RETRY_AFTER,
    SMALL,
    Create,
    Refused,
    check_choice,
    check_key,
    check_picture,
    read_characters,
    read_fields,
    read_prompt,
    read_reference,
    read_text,
    read_video_id,
)

WIRE = "openai"


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
                check_key(request)
                ACCOUNT.set(account_of(request))
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
        check_choice("order", order, ("asc", "desc"))
        jobs = self._desk.jobs(WIRE)
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
        check_choice("variant", variant, ("video", "thumbnail", "spritesheet"))
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
        fields = await read_fields(request, {"prompt"})
        source = self._finished(request.path_params["id"])
        return await self._submit(_again(source, read_prompt(fields)))

    async def edit(self, request: Request) -> ASGIApp:
        fields = await read_fields(request, {"prompt", "video", "model"})
        source = self._finished(read_video_id(fields))
        return await self._submit(_again(source, read_prompt(fields)))

    async def extend(self, request: Request) -> ASGIApp:
        fields = await read_fields(request, {"prompt", "video", "seconds"})
        source = self._finished(read_video_id(fields))
        clip, steps = source.asked.clip, source.asked.settings.get("extensions", 0) + 1
        new = int(read_text(fields, "seconds", "4", LENGTHS))
        if steps > EXTENSIONS_MAX:
            raise Refused(400, f"A video can be extended at most {EXTENSIONS_MAX} times.", param="video")
        if clip.seconds + new > EXTENDED_MAX:
            raise Refused(400, f"The extended video would exceed {EXTENDED_MAX} seconds in total.", param="seconds")
        total = clip.seconds + new
        longer = replace(clip, seconds=total, new_seconds=new, continues=f"{source.id}#0", first_image=None)
        settings = {"seconds": f"{total:g}", "size": source.asked.settings["size"], "extensions": steps}
        return await self._submit(replace(source.asked, prompt=read_prompt(fields), clip=longer, settings=settings))

    async def create_character(self, request: Request) -> ASGIApp:
        form = await read_form(request)
        name, video = form.get("name"), form.get("video")
        if not isinstance(name, str) or not 1 <= len(name) <= 80:
            raise Refused(400, "Invalid 'name': expected a string of 1 to 80 characters.", param="name")
        if not isinstance(video, Part) or inputs.footage(video.content) is None:
            raise Refused(400, "Invalid 'video': expected an MP4 file.", param="video")
        self._world.keep(video.content)
        made = {"id": f"char_{uuid4().hex}", "name": name, "created_at": int(self._world.now().timestamp())}
        self._world.put(f"character {made['id']}", json.dumps(made))
        return JSONResponse(made)

    async def character(self, request: Request) -> ASGIApp:
        id = request.path_params["id"]
        made = self._world.get(f"character {id}")
        if made is None:
            raise Refused(404, f"Character with id '{id}' not found.")
        return JSONResponse(json.loads(made))

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
        fields = await read_fields(request, CREATE_FIELDS)
        create = Create(
            read_prompt(fields),
            read_text(fields, "model", "sora-2"),
            read_text(fields, "seconds", "4", self._lengths()),
            read_text(fields, "size", "720x1280"),
            read_reference(fields.get("input_reference")),
            read_characters(fields.get("characters")),
        )
        served = self._served(create.model)
        check_choice("size", create.size, self._sizes(served))
        if create.reference is not None:
            check_picture(create.reference, create.size)
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
        wait = whole_seconds(self._world.clock, RETRY_AFTER)
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
