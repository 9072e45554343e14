"""Servers of one's own that speak OpenAI's video wire with deviations: vLLM-Omni 0.30 and SGLang diffusion 0.5.23.

Sources: the wheels of those versions, read 2026-11-22. Both serve Wan 2.2 A14B here, a model with 16 frames a second
for which they assume 24, without sound. They keep jobs for as long as they run; here that is as long as the world.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from rushes.simulator import chance, faults, inputs
from rushes.simulator.body import BadBody, Part, read_items, read_json
from rushes.simulator.desk import Desk, Endpoint, Taken, Trouble
from rushes.simulator.files import Files
from rushes.simulator.headers import bearer, kind_of_body, whole_seconds
from rushes.simulator.job import Asked, Clip, Job

MODEL = "Wan-AI/Wan2.2-T2V-A14B-Diffusers"
FPS = 24
SECONDS = 4
SIZE = "832x480"
#: Sides are cut to a multiple of this.
GRAIN = 16
SIZES = ("1280x720", "720x1280", "832x480", "480x832")
RETRY_AFTER = 20.0


class Refused(Exception):
    """What is wrong; each server says it in a shape of its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Wanted:
    """What a form asks for, as both servers understand it."""

    prompt: str
    model: str
    fps: int
    frames: int
    size: str
    asked_seconds: str
    asked_size: str | None
    seed: int | None
    negative: str | None
    image: bytes | None


class _Server(ABC):
    """What both have in common; `prefix` is what stands before `/videos`."""

    wire: str
    #: Whether it can be started with a key to ask for.
    takes_keys: bool

    def __init__(self, desk: Desk, files: Files, prefix: str) -> None:
        self._desk = desk
        self._world = desk.world
        self._files = files
        self._prefix = prefix

    def routes(self) -> Iterator[BaseRoute]:
        yield self._route("POST", "/videos", self.create)
        yield self._route("GET", "/videos", self.list_videos)
        yield self._route("GET", "/videos/{id}", self.retrieve)
        yield self._route("DELETE", "/videos/{id}", self.delete)
        yield self._route("GET", "/videos/{id}/content", self.content)
        yield self._route("GET", "/models", self.models)

    def _route(self, method: str, path: str, endpoint: Endpoint) -> BaseRoute:
        async def run(request: Request) -> ASGIApp:
            try:
                self._check_key(request)
                return await endpoint(request)
            except BadBody as error:
                return self.refusal(Refused(400, error.text))
            except Refused as refused:
                return self.refusal(refused)
            except Trouble as trouble:
                return self._trouble(trouble)

        return Route(self._prefix + path, run, methods=[method])

    @abstractmethod
    def refusal(self, refused: Refused) -> JSONResponse: ...

    @abstractmethod
    async def read(self, request: Request) -> Wanted: ...

    @abstractmethod
    def video(self, job: Job) -> dict[str, Any]: ...

    @abstractmethod
    def make_id(self, rng: Random) -> str: ...

    def _check_key(self, request: Request) -> None:
        if self.takes_keys and (bearer(request) or "").startswith("bad-"):
            raise Refused(401, "Unauthorized")

    async def create(self, request: Request) -> ASGIApp:
        wanted = await self.read(request)
        width, height = (max(GRAIN, int(side) // GRAIN * GRAIN) for side in wanted.size.split("x"))
        image = self._world.keep(wanted.image) if wanted.image is not None else None
        length = wanted.frames / wanted.fps
        resolution = "720p" if min(width, height) > 480 else "480p"
        clip = Clip(width, height, resolution, length, fps=wanted.fps, sound=False, first_image=image)
        settings = {
            "size": f"{width}x{height}",
            "asked_size": wanted.asked_size,
            "asked_seconds": wanted.asked_seconds,
            "frames": wanted.frames,
            "negative_prompt": wanted.negative,
        }
        asked = Asked(self.wire, wanted.model, wanted.prompt, clip, settings, seed=wanted.seed)
        taken = await self._desk.accept(asked, self.make_id)
        return self._desk.answer(taken, JSONResponse(self.video(taken.job)))

    async def retrieve(self, request: Request) -> ASGIApp:
        taken = self.found(request)
        return self._desk.answer(taken, JSONResponse(self.video(taken.job)))

    @abstractmethod
    async def list_videos(self, request: Request) -> ASGIApp: ...

    @abstractmethod
    async def delete(self, request: Request) -> ASGIApp: ...

    @abstractmethod
    async def content(self, request: Request) -> ASGIApp: ...

    async def models(self, request: Request) -> ASGIApp:
        model = {"id": MODEL, "object": "model", "created": int(self._world.now().timestamp()), "owned_by": self.wire}
        return JSONResponse({"object": "list", "data": [model]})

    def found(self, request: Request) -> Taken:
        taken = self._desk.look(self.wire, request.path_params["id"])
        if taken is None:
            raise Refused(404, "Video not found")
        return taken

    def page(self, request: Request, most: int | None) -> tuple[list[Job], bool]:
        """The jobs that a listing shows, and whether there are more."""
        query = request.query_params
        jobs = self._desk.jobs(self.wire)
        if query.get("order", "desc") == "desc":
            jobs.reverse()
        after = query.get("after")
        if after is not None:
            places = [place for place, job in enumerate(jobs) if job.id == after]
            jobs = jobs[places[0] + 1 :] if places else []
        limit = int(query["limit"]) if query.get("limit", "").isdecimal() else most
        return jobs[:limit], limit is not None and len(jobs) > limit

    def _trouble(self, trouble: Trouble) -> JSONResponse:
        text = {
            "rate_limited": "Too many requests",
            "rate_limited_bare": "Too many requests",
            "busy": "Too many requests",
            "moderated": "The prompt was rejected by the safety checker",
            "no_such_fault": trouble.text,
            "error_503": "Engine is not ready",
            "error_500": "Internal Server Error",
        }[trouble.kind]
        status = {"error_500": 500, "error_503": 503, "moderated": 400, "no_such_fault": 400}.get(trouble.kind, 429)
        answer = self.refusal(Refused(status, text))
        if trouble.kind == "rate_limited":
            answer.headers["retry-after"] = str(whole_seconds(self._world.clock, RETRY_AFTER))
        return answer

    def size_of(self, fields: Mapping[str, Any]) -> str:
        width, height = fields.get("width"), fields.get("height")
        if width and height:
            return f"{width}x{height}"
        return str(fields.get("size") or SIZE)


class VllmOmni(_Server):
    """Forms alone; a failed job answers with an HTTP error; delete works as cancel."""

    wire = "vllm-omni"
    takes_keys = True

    def refusal(self, refused: Refused) -> JSONResponse:
        if refused.status == 401:
            return JSONResponse({"error": refused.message}, 401)
        phrases = {400: "Bad Request", 404: "Not Found", 409: "Conflict", 422: "Unprocessable Entity"}
        kind = phrases.get(refused.status, "Internal Server Error")
        error = {"message": refused.message, "type": kind, "param": None, "code": refused.status}
        return JSONResponse({"error": error}, refused.status)

    async def read(self, request: Request) -> Wanted:
        kind = kind_of_body(request)
        if kind not in ("multipart/form-data", "application/x-www-form-urlencoded"):
            raise Refused(400, "Field required: 'prompt' (form)")
        # A part that the form does not know, such as input_reference[image_url], is ignored without a word.
        fields = dict(await read_items(request))
        prompt = _plain(fields, "prompt")
        if not prompt:
            raise Refused(400, "Field required: 'prompt' (form)")
        model = _plain(fields, "model")
        if model is not None and model != MODEL:
            text = f"Model mismatch: request specifies '{model}' but server is running '{MODEL}'."
            raise Refused(400, text)
        seconds, size = _plain(fields, "seconds"), _plain(fields, "size")
        if seconds is not None and not re.fullmatch(r"[1-9]\d*", seconds):
            raise Refused(400, "String should match pattern '^[1-9]\\d*$': 'seconds'")
        if size is not None and not re.fullmatch(r"\d+x\d+", size):
            raise Refused(400, "String should match pattern '^\\d+x\\d+$': 'size'")
        fps = _whole(fields, "fps") or FPS
        frames = _four_and_one(_whole(fields, "num_frames") or int(seconds or SECONDS) * fps)
        reference = fields.get("input_reference")
        return Wanted(
            prompt=prompt,
            model=MODEL,
            fps=fps,
            frames=frames,
            size=self.size_of(fields),
            asked_seconds=seconds or str(SECONDS),
            asked_size=size,
            seed=_whole(fields, "seed"),
            negative=_plain(fields, "negative_prompt"),
            image=_picture(reference.content) if isinstance(reference, Part) else None,
        )

    def make_id(self, rng: Random) -> str:
        return chance.hexadecimal("video_gen_", 32)(rng)

    async def retrieve(self, request: Request) -> ASGIApp:
        taken = self.found(request)
        failed = taken.job.state(self._world.now()) == "failed"
        return self._desk.answer(taken, JSONResponse(self.video(taken.job), 500 if failed else 200))

    async def list_videos(self, request: Request) -> ASGIApp:
        jobs, more = self.page(request, None)
        data = [self.video(job) for job in jobs]
        first, last = (data[0]["id"], data[-1]["id"]) if data else (None, None)
        return JSONResponse({"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": more})

    async def delete(self, request: Request) -> ASGIApp:
        taken = self.found(request)
        self._world.cancel(taken.job.id, while_queued=False)
        self._world.delete(taken.job.id)
        answer = JSONResponse({"id": taken.job.id, "object": "video.deleted", "deleted": True})
        return self._desk.answer(taken, answer)

    async def content(self, request: Request) -> ASGIApp:
        job = self.found(request).job
        match job.state(self._world.now()):
            case "queued" | "running":
                raise Refused(404, "Generation is still in-progress")
            case "failed" | "cancelled":
                raise Refused(422, "Video generation failed")
        if "expired_link" in job.tricks:
            raise Refused(404, "Generated video file not found on disk")
        return await self._files.clip(request, job, 0)

    def video(self, job: Job) -> dict[str, Any]:
        now, settings, clip = self._world.now(), job.asked.settings, job.asked.clip
        state = job.state(now)
        done, failed = state == "succeeded", state == "failed"
        return {
            "id": job.id,
            "object": "video",
            "model": job.asked.model,
            "prompt": job.asked.prompt,
            "status": _status(job, now),
            "progress": 100 if done else 0,
            "created_at": int(job.created),
            "completed_at": int(job.ends) if done else None,
            "seconds": settings["asked_seconds"],
            "size": settings["asked_size"],
            "quality": "default",
            "media_type": "video/mp4",
            "file_name": f"{job.id}.mp4" if done else None,
            "inference_time_s": job.render if done else None,
            "fps": clip.fps if done else None,
            "num_frames": settings["frames"] if done else None,
            "duration_s": clip.seconds if done else None,
            "error": {"code": 500, "message": "Video generation failed"} if failed else None,
        }


class SGLang(_Server):
    """Forms or JSON; `variant` is an index; a failed job has no code; delete does not stop a job."""

    wire = "sglang"
    takes_keys = False

    def refusal(self, refused: Refused) -> JSONResponse:
        if refused.status == 422:
            detail: Any = [{"type": "value_error", "loc": ["body"], "msg": refused.message}]
        elif refused.status == 503:
            return JSONResponse({"error": refused.message}, 503)
        else:
            detail = refused.message
        return JSONResponse({"detail": detail}, refused.status)

    async def read(self, request: Request) -> Wanted:
        form = "multipart/form-data" in request.headers.get("content-type", "").lower()
        fields: Mapping[str, Any] = dict(await read_items(request)) if form else await read_json(request)
        prompt = fields.get("prompt")
        if not isinstance(prompt, str) or not prompt:
            raise Refused(422, "Field required: prompt")
        reference = fields.get("input_reference")
        if reference is not None and not isinstance(reference, Part):
            # A string is handed to the server's own loader of pictures, which has no network here.
            raise Refused(400, "Failed to load the input reference")
        if "seconds" in fields and not re.fullmatch(r"\d+", str(fields["seconds"])):
            raise Refused(422, "Input should be a valid integer: seconds")
        size = self.size_of(fields)
        if size not in SIZES:
            raise Refused(400, f"Unsupported resolution: {size}, supported resolutions: {', '.join(SIZES)}")
        fps = _whole(fields, "fps") or FPS
        seconds = int(fields.get("seconds") or SECONDS)
        return Wanted(
            prompt=prompt,
            model=str(fields.get("model") or MODEL),
            fps=fps,
            frames=_four_and_one(_whole(fields, "num_frames") or seconds * fps),
            size=size,
            asked_seconds=str(seconds),
            asked_size=size,
            seed=_whole(fields, "seed"),
            negative=_plain(fields, "negative_prompt"),
            image=_picture(reference.content) if isinstance(reference, Part) else None,
        )

    def make_id(self, rng: Random) -> str:
        return chance.uuid(rng)

    async def list_videos(self, request: Request) -> ASGIApp:
        limit = request.query_params.get("limit", "20")
        if not limit.isdecimal() or not 1 <= int(limit) <= 100:
            raise Refused(422, "Input should be from 1 to 100: limit")
        jobs, _ = self.page(request, 20)
        return JSONResponse({"object": "list", "data": [self.video(job) for job in jobs]})

    async def delete(self, request: Request) -> ASGIApp:
        taken = self.found(request)
        shown = self.video(taken.job) | {"status": "deleted"}
        self._world.delete(taken.job.id)
        return self._desk.answer(taken, JSONResponse(shown))

    async def content(self, request: Request) -> ASGIApp:
        job = self.found(request).job
        if job.state(self._world.now()) != "succeeded":
            raise Refused(404, "Generation is still in-progress")
        variant = request.query_params.get("variant")
        if variant not in (None, "0"):
            raise Refused(404, f"Video variant {variant} not found")
        if "expired_link" in job.tricks:
            raise Refused(404, "Video file not found")
        return await self._files.clip(request, job, 0)

    def video(self, job: Job) -> dict[str, Any]:
        now, settings, clip = self._world.now(), job.asked.settings, job.asked.clip
        state = job.state(now)
        done = state == "succeeded"
        path = f"outputs/{job.id}.mp4" if done else None
        return {
            "id": job.id,
            "object": "video",
            "model": job.asked.model,
            "status": _status(job, now),
            "progress": 100 if done else job.progress(now) if state == "running" else 0,
            "created_at": int(job.created),
            "completed_at": int(job.ends) if done else None,
            "size": settings["size"],
            "seconds": str(round(clip.seconds)),
            "quality": "standard",
            "url": None,
            "urls": None,
            "file_path": path,
            "file_paths": [path] if path else None,
            "num_outputs": 1,
            "inference_time_s": job.render if done else None,
            "error": {"message": "Video generation failed"} if state == "failed" else None,
        }


def _status(job: Job, now: datetime) -> str:
    if job.strange(now):
        return faults.STRANGE
    words = {"queued": "queued", "running": "in_progress", "succeeded": "completed"}
    return words.get(job.state(now), "failed")


def _plain(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None


def _whole(fields: Mapping[str, Any], name: str) -> int | None:
    value = fields.get(name)
    if value is None:
        return None
    if not re.fullmatch(r"\d+", str(value)):
        raise Refused(400, f"Input should be a valid integer: '{name}'")
    return int(value)


def _four_and_one(frames: int) -> int:
    """Wan makes 4k + 1 frames."""
    return max(1, (frames - 1) // 4 * 4 + 1)


def _picture(content: bytes) -> bytes:
    if inputs.picture(content) is None:
        raise Refused(400, "Invalid image in 'input_reference'")
    return content
