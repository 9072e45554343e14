"""Alibaba Model Studio's video tasks (DashScope) as far as Wan 2.5 and 2.6 use them.

Sources, read 2026-11-22: Alibaba's references of legacy Wan text-to-video and image-to-video, its manual of
asynchronous tasks, `dashscope` 2.0.2, and recorded answers in public repositories. A field that a model does not
document is ignored, as there. Texts and codes that were never published are made up in the shape of the rest.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from rushes.simulator import chance, faults, links
from rushes.simulator.body import BadBody, Part, read_items, read_json
from rushes.simulator.dashscope_checks import (
    AREAS,
    IMAGE_TYPES,
    NEGATIVE_MAX,
    PROMPT_MAX,
    SEED_MAX,
    ZONE,
    Generation,
    Refused,
    check_key,
    check_picture,
    check_sound,
    clip_of_size,
    generation_of,
    read_boolean,
    read_integer,
    read_moment,
    read_number,
    read_text,
)
from rushes.simulator.desk import ACCOUNT, Desk, Endpoint, Taken, Trouble
from rushes.simulator.files import denied
from rushes.simulator.headers import account_of, kind_of_body, whole_seconds
from rushes.simulator.job import Asked, Clip, Job
from rushes.simulator.models import Served

WIRE = "dashscope"

#: Seconds that a finished task and its link are kept.
KEPT = 86_400
RETRY_AFTER = 5.0

REWRITTEN = "{prompt} Cinematic lighting, natural motion, fine detail, a calm and steady camera."


class DashScope:
    """`prefix` ends in `/api/v1`."""

    def __init__(self, desk: Desk, prefix: str) -> None:
        self._desk = desk
        self._world = desk.world
        self._prefix = prefix

    def routes(self) -> Iterator[BaseRoute]:
        yield self._route("POST", "/services/aigc/video-generation/video-synthesis", self.create)
        yield self._route("POST", "/services/aigc/image2video/video-synthesis", self.wrong_path)
        yield self._route("GET", "/tasks", self.list_tasks)
        yield self._route("GET", "/tasks/", self.list_tasks)
        yield self._route("GET", "/tasks/{id}", self.query)
        yield self._route("POST", "/tasks/{id}/cancel", self.cancel)
        yield self._route("GET", "/uploads", self.upload_policy)
        yield Route("/oss", self.upload, methods=["POST"])

    def _route(self, method: str, path: str, endpoint: Endpoint) -> BaseRoute:
        async def run(request: Request) -> ASGIApp:
            try:
                check_key(request)
                ACCOUNT.set(account_of(request))
                return await endpoint(request)
            except BadBody as error:
                return Refused(400, "InvalidParameter", error.text).response
            except Refused as refused:
                return refused.response
            except Trouble as trouble:
                return self._refusal(trouble).response

        return Route(self._prefix + path, run, methods=[method])

    async def create(self, request: Request) -> ASGIApp:
        if request.headers.get("x-dashscope-async") != "enable":
            raise Refused(403, "AccessDenied", "current user api does not support synchronous calls.")
        if kind_of_body(request) != "application/json":
            raise Refused(400, "InvalidParameter", "The content type of the request must be application/json.")
        resolves = request.headers.get("x-dashscope-ossresourceresolve") == "enable"
        asked = self._asked(await read_json(request), resolves)
        taken = await self._desk.accept(asked, chance.uuid)
        output = {"task_id": taken.job.id, "task_status": "PENDING"}
        return self._desk.answer(taken, _reply({"request_id": str(uuid4()), "output": output}))

    async def wrong_path(self, request: Request) -> ASGIApp:
        """The older models' path: Wan 2.5 and later do not answer there."""
        raise Refused(400, "InvalidParameter", "url error, please check url！")

    async def query(self, request: Request) -> ASGIApp:
        id = request.path_params["id"]
        taken = self._desk.look(WIRE, id)
        if taken is None or self._forgotten(taken.job):
            output: dict[str, Any] = {"task_id": id, "task_status": "UNKNOWN"}
            return _reply({"request_id": str(uuid4()), "output": output})
        return self._desk.answer(taken, _reply(self._task(request, taken.job)))

    async def cancel(self, request: Request) -> ASGIApp:
        taken = self._look(request.path_params["id"])
        if not self._world.cancel(request.path_params["id"], while_queued=True):
            text = "Failed to cancel the task, please confirm if the task is in PENDING status."
            raise Refused(400, "UnsupportedOperation", text)
        return self._desk.answer(taken, _reply({"request_id": str(uuid4())}))

    async def list_tasks(self, request: Request) -> ASGIApp:
        query = request.query_params
        page, size = (
            read_number(query.get("page_no", "1"), "page_no"),
            read_number(query.get("page_size", "10"), "page_size"),
        )
        if size > 100:
            raise Refused(400, "InvalidParameter", "page_size must be between 1 and 100.")
        begin, end = read_moment(query.get("start_time"), "start_time"), read_moment(query.get("end_time"), "end_time")
        jobs = [
            job
            for job in reversed(self._desk.jobs(WIRE))
            if not self._forgotten(job)
            and query.get("model_name") in (None, job.asked.model)
            and query.get("status") in (None, self._status(job))
            and (begin is None or job.created >= begin)
            and (end is None or job.created <= end)
        ]
        items = [self._item(job) for job in jobs[(page - 1) * size : page * size]]
        # Alibaba's manual calls the list `data`, its SDK 2.0.2 reads `tasks`.
        return _reply(
            {
                "request_id": str(uuid4()),
                "page_no": page,
                "page_size": size,
                "total": len(jobs),
                "total_page": math.ceil(len(jobs) / size),
                "data": items,
                "tasks": items,
            }
        )

    async def upload_policy(self, request: Request) -> ASGIApp:
        if request.query_params.get("action") != "getPolicy":
            raise Refused(400, "InvalidParameter", "action must be getPolicy.")
        self._served(request.query_params.get("model", ""))
        folder = f"dashscope-simulated/{uuid4()}"
        data = {
            "policy": base64.b64encode(folder.encode()).decode(),
            "signature": _signature(self._world.secret, folder),
            "upload_dir": folder,
            "upload_host": f"{links.base(request, 'files')}/oss",
            "expire_in_seconds": 300,
            "max_file_size_mb": 100,
            "capacity_limit_mb": 999_999_999,
            "oss_access_key_id": "SIMULATED",
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        }
        return _reply({"request_id": str(uuid4()), "data": data})

    async def upload(self, request: Request) -> ASGIApp:
        """The object store's form: it asks for the policy's signature, and for no key."""
        self._world.visited("files", request.url.path, links.shown(request.headers))
        try:
            fields = dict(await read_items(request))
            folder = base64.b64decode(str(fields.get("policy", "")), validate=True).decode()
        except (BadBody, ValueError):
            return denied(400, "MalformedPOSTRequest", "The body of your POST request is not well-formed.")
        key, file = fields.get("key"), fields.get("file")
        if fields.get("Signature") != _signature(self._world.secret, folder):
            return denied(403, "SignatureDoesNotMatch", "The request signature does not match.")
        if not isinstance(key, str) or not key.startswith(f"{folder}/"):
            return denied(403, "AccessDenied", "Invalid according to Policy: the key is not in the upload folder.")
        if not isinstance(file, Part):
            return denied(400, "InvalidArgument", "The form has no file.")
        if self._world.get(f"oss://{key}") is not None:
            return denied(409, "FileAlreadyExists", "The object you specified already exists.")
        self._world.put(f"oss://{key}", self._world.keep(file.content))
        return Response(status_code=200 if fields.get("success_action_status") == "200" else 204)

    def _asked(self, body: Mapping[str, Any], resolves: bool) -> Asked:
        model, given, wanted = body.get("model"), body.get("input"), body.get("parameters", {})
        if not isinstance(model, str) or not model:
            raise Refused(400, "InvalidParameter", "Required body: model is missing or invalid.")
        if not isinstance(given, dict):
            raise Refused(400, "InvalidParameter", "Required body: input is missing or invalid.")
        if not isinstance(wanted, dict):
            raise Refused(400, "InvalidParameter", "parameters must be an object.")
        self._served(model)
        generation = generation_of(model)
        from_image = "-i2v" in model
        prompt = read_text(given, "prompt", PROMPT_MAX)
        if not prompt and not from_image:
            raise Refused(400, "InvalidParameter", "Field required: input.prompt")
        seconds = read_integer(wanted, "duration", 5)
        if seconds not in generation.lengths:
            listed = ", ".join(map(str, generation.lengths))
            raise Refused(400, "InvalidParameter", f"duration must be one of: {listed}")
        seed = read_integer(wanted, "seed", None)
        if seed is not None and not 0 <= seed <= SEED_MAX:
            raise Refused(400, "InvalidParameter", f"seed must be between 0 and {SEED_MAX}")
        settings: dict[str, Any] = {
            "duration": seconds,
            "prompt_extend": read_boolean(wanted, "prompt_extend", True),
            "watermark": read_boolean(wanted, "watermark", False),
            "negative_prompt": read_text(given, "negative_prompt", NEGATIVE_MAX),
        }
        if "audio_url" in given:
            settings["audio"] = self._world.keep(check_sound(self._input(given, "audio_url", resolves, data=False)))
        if from_image:
            clip = self._shaped_by_image(given, wanted, resolves, generation, seconds)
        else:
            clip = clip_of_size(wanted, generation, seconds)
        settings["size"] = f"{clip.width}*{clip.height}"
        return Asked(WIRE, model, prompt, clip, settings, seed=seed)

    def _shaped_by_image(
        self,
        given: Mapping[str, Any],
        wanted: Mapping[str, Any],
        resolves: bool,
        generation: Generation,
        seconds: int,
    ) -> Clip:
        if "img_url" not in given:
            raise Refused(400, "InvalidParameter", "Field required: input.img_url")
        content = self._input(given, "img_url", resolves, data=True)
        picture = check_picture(content)
        tier = wanted.get("resolution", "1080P")
        if tier not in generation.tiers:
            listed = ", ".join(generation.tiers)
            raise Refused(400, "InvalidParameter", f"resolution must be one of: {listed}")
        scale = math.sqrt(AREAS[tier] / (picture.width * picture.height))
        width, height = (max(32, round(side * scale / 16) * 16) for side in (picture.width, picture.height))
        first = self._world.keep(content)
        return Clip(width, height, tier.lower(), float(seconds), first_image=first)

    def _input(self, given: Mapping[str, Any], name: str, resolves: bool, *, data: bool) -> bytes:
        """A file by its URL. Raises Refused."""
        url = given[name]
        match url:
            case str() if url.startswith("oss://"):
                kept = self._world.get(url)
                if not resolves or kept is None:
                    raise Refused(400, "InvalidURL", "url error, please check url！")
                return (self._world.folder / kept).read_bytes()
            case str() if url.startswith("data:") and data:
                head, _, encoded = url.partition(",")
                kind, _, how = head.removeprefix("data:").partition(";")
                if how != "base64" or kind not in IMAGE_TYPES:
                    raise Refused(400, "InvalidURL", f"{name} must be data:<image type>;base64,<data>.")
                try:
                    return base64.b64decode(encoded, validate=True)
                except binascii.Error:
                    raise Refused(400, "InvalidURL", f"{name} is no valid base64.") from None
            case str() if url.startswith(("http://", "https://")):
                text = "Failed to download the input. (The simulated vendor has no network: upload it as oss://.)"
                raise Refused(415, "BadRequest.InputDownloadFailed", text)
            case _:
                raise Refused(400, "InvalidURL", f"{name} is not a URL that can be used.")

    def _served(self, model: str) -> Served:
        served, day = self._world.models.find(WIRE, model), self._world.now().date()
        if served is None or served.unborn(day):
            raise Refused(404, "ModelNotFound", "Model not exist.")
        if served.retired(day):
            raise Refused(403, "Model.AccessDenied", "Model access denied.")
        return served

    def _look(self, id: str) -> Taken:
        taken = self._desk.look(WIRE, id)
        if taken is None or self._forgotten(taken.job):
            text = "Failed to cancel the task, please confirm if the task is in PENDING status."
            raise Refused(400, "UnsupportedOperation", text)
        return taken

    def _forgotten(self, job: Job) -> bool:
        if job.tricks.keys() & {"unknown", "lost"}:
            return True
        if job.cancelled is None and "never_finishes" in job.tricks:
            return False
        return self._world.now().timestamp() >= (job.cancelled or job.ends) + KEPT

    def _status(self, job: Job) -> str:
        now = self._world.now()
        states = {"queued": "PENDING", "running": "RUNNING", "succeeded": "SUCCEEDED", "cancelled": "CANCELED"}
        return faults.STRANGE.upper() if job.strange(now) else states.get(job.state(now), "FAILED")

    def _task(self, request: Request, job: Job) -> dict[str, Any]:
        status = self._status(job)
        output: dict[str, Any] = {"task_id": job.id, "task_status": status, "submit_time": _written(job.created)}
        answer: dict[str, Any] = {"request_id": str(uuid4()), "output": output}
        if self._world.now().timestamp() >= job.starts and status != "CANCELED":
            output["scheduled_time"] = _written(job.starts)
        if status == "CANCELED":
            output["end_time"] = _written(job.cancelled or job.created)
        elif status == "FAILED":
            output |= {"end_time": _written(job.ends)} | _failure(job)
        elif status == "SUCCEEDED":
            expires = job.created if "expired_link" in job.tricks else job.ends + KEPT
            root = links.base(request, "files")
            prompt = faults.read(job.asked.prompt)[0]
            output |= {
                "end_time": _written(job.ends),
                "video_url": links.signed(root, "files", job, 0, expires, self._world.secret),
                "orig_prompt": job.asked.prompt,
            }
            if job.asked.settings["prompt_extend"] and generation_of(job.asked.model).shows_rewriting:
                output["actual_prompt"] = REWRITTEN.format(prompt=prompt)
            answer["usage"] = _usage(job)
        return answer

    def _item(self, job: Job) -> dict[str, Any]:
        now, status = self._world.now().timestamp(), self._status(job)
        item: dict[str, Any] = {
            "api_key_id": "1",
            "caller_parent_id": "1000000000000001",
            "caller_uid": "1000000000000001",
            "gmt_create": int(job.created * 1000),
            "model_name": job.asked.model,
            "region": "ap-southeast-1",
            "request_id": job.id,
            "status": status,
            "task_id": job.id,
            "user_api_unique_key": f"apikey:v1:aigc:video-generation:video-synthesis:{job.asked.model}",
        }
        if now >= job.starts and status != "CANCELED":
            item["start_time"] = int(job.starts * 1000)
        if status in ("SUCCEEDED", "FAILED"):
            item["end_time"] = int(job.ends * 1000)
        return item

    def _refusal(self, trouble: Trouble) -> Refused:
        match trouble.kind:
            case "rate_limited":
                wait = whole_seconds(self._world.clock, RETRY_AFTER)
                text = "Requests rate limit exceeded, please try again later."
                return Refused(429, "Throttling.RateQuota", text, {"retry-after": str(wait)})
            case "rate_limited_bare" | "busy":
                return Refused(429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")
            case "moderated":
                return Refused(400, "DataInspectionFailed", "Input data may contain inappropriate content.")
            case "no_such_fault":
                return Refused(400, "InvalidParameter", trouble.text)
            case "error_503":
                return Refused(503, "ServiceUnavailable", "The service is temporarily unavailable.")
            case "error_500":
                return Refused(500, "InternalError", "An internal error has occurred, please try again later.")


def _failure(job: Job) -> dict[str, str]:
    if job.outcome in ("moderated", "filtered"):
        return {"code": "DataInspectionFailed", "message": "Output data may contain inappropriate content."}
    return {"code": "InternalError.Algo", "message": "The video could not be generated."}


def _usage(job: Job) -> dict[str, Any]:
    """What is billed; its keys differ by generation and mode."""
    clip, model = job.asked.clip, job.asked.model
    seconds, tier = int(clip.seconds), int(clip.resolution.rstrip("p"))
    if model.startswith("wan2.6"):
        return {
            "duration": seconds,
            "size": job.asked.settings["size"],
            "input_video_duration": 0,
            "output_video_duration": seconds,
            "video_count": 1,
            "SR": tier,
        }
    if "-i2v" in model:
        return {"duration": seconds, "SR": tier, "video_count": 1}
    return {"video_duration": seconds, "video_ratio": job.asked.settings["size"], "video_count": 1}


def _written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _signature(secret: bytes, folder: str) -> str:
    return base64.b64encode(hmac.new(secret, folder.encode(), hashlib.sha1).digest()).decode()


def _reply(body: dict[str, Any]) -> Response:
    return JSONResponse(body, headers={"content-type": "application/json; charset=utf-8"})
