"""Google Vertex AI's Veo 3.1: submit, poll by POST, bytes inline or in Cloud Storage, and a token for service accounts.

Sources, read 2026-11-22: the aiplatform discovery document (revision 20261106), google-genai 3.4.0, Google's Veo
pages and notebooks for Vertex, and answers recorded in public threads (DaWe35/image-router#41). What stands in
`instances` and `parameters` under a name that Vertex does not know is ignored, as there; texts that were never
published are made up in the shape of the rest.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from rushes.simulator import chance, inputs
from rushes.simulator.body import BadBody, read_items, read_json
from rushes.simulator.desk import ACCOUNT, Desk, Endpoint, Taken, Trouble
from rushes.simulator.files import Files
from rushes.simulator.headers import whole_seconds
from rushes.simulator.job import Asked, Clip, Job
from rushes.simulator.models import Served
from rushes.simulator.vertex_checks import (
    ADDED,
    FEWER_RESOLUTIONS,
    IMAGE_MAX,
    IMAGE_TYPES,
    IMPROPER,
    INPUT_SECONDS,
    QUOTA,
    RATIOS,
    RESOLUTIONS,
    RETRY_AFTER,
    SAMPLES_MAX,
    SEED_MAX,
    SIDES,
    WITHHELD,
    Refused,
    assertion_fault,
    check_combination,
    check_labels,
    check_names,
    check_parameters,
    check_token,
    check_version,
    read_boolean,
    read_choice,
    read_integer,
    read_seconds,
    read_storage,
    read_string,
)

WIRE = "vertex"
TYPE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"


class Vertex:
    """`prefix` is the root before the version; the token endpoint and Cloud Storage stand below it as well."""

    def __init__(self, desk: Desk, files: Files, prefix: str) -> None:
        self._desk = desk
        self._world = desk.world
        self._files = files
        self._prefix = prefix

    def routes(self) -> Iterator[BaseRoute]:
        models = "/{version}/projects/{project}/locations/{location}/publishers/google/models/{call}"
        yield Route(f"{self._prefix}/token", self.token, methods=["POST"])
        yield self._route("POST", models, self.call)
        yield self._route("GET", "/{version}/publishers/google/models/{model}", self.probe)
        yield self._route("GET", "/storage/v1/b/{bucket}/o/{name:path}", self.object)
        yield self._route("POST", "/upload/storage/v1/b/{bucket}/o", self.upload)

    def _route(self, method: str, path: str, endpoint: Endpoint) -> BaseRoute:
        async def run(request: Request) -> ASGIApp:
            try:
                check_token(request)
                check_version(request)
                # Access tokens come and go; a project's operations are the project's.
                ACCOUNT.set(request.path_params.get("project", ""))
                return await endpoint(request)
            except BadBody as error:
                return Refused(400, error.text).response
            except Refused as refused:
                return refused.response
            except Trouble as trouble:
                return self._refusal(request, trouble).response

        return Route(self._prefix + path, run, methods=[method])

    async def token(self, request: Request) -> Response:
        """OAuth 2: a service account's signed assertion, or a user's refresh token, for an access token."""
        try:
            fields = dict(await read_items(request))
        except BadBody:
            fields = {}
        match fields.get("grant_type"):
            case "urn:ietf:params:oauth:grant-type:jwt-bearer":
                fault = assertion_fault(str(fields.get("assertion", "")))
            case "refresh_token":
                fault = None if fields.get("refresh_token") else "Missing refresh_token."
            case _:
                body = {"error": "unsupported_grant_type", "error_description": "Invalid grant_type."}
                return JSONResponse(body, 400)
        if fault:
            return JSONResponse({"error": "invalid_grant", "error_description": fault}, 400)
        return JSONResponse({"access_token": "ya29.simulated", "expires_in": 3599, "token_type": "Bearer"})

    async def call(self, request: Request) -> ASGIApp:
        model, _, verb = request.path_params["call"].partition(":")
        match verb:
            case "predictLongRunning":
                return await self._submit(request, model)
            case "fetchPredictOperation":
                return await self._poll(request, model)
            case _:
                raise Refused(404, f"Method '{verb}' not found.")

    async def probe(self, request: Request) -> ASGIApp:
        """`publishers.models.get`: says that a model is there, and makes nothing."""
        model = request.path_params["model"]
        served = self._served(model, f"publishers/google/models/{model}")
        stage = "GA" if served.endpoint.lifecycle.stage == "ga" else "PUBLIC_PREVIEW"
        return JSONResponse(
            {
                "name": f"publishers/google/models/{model}",
                "versionId": model.rpartition("-")[2],
                "launchStage": stage,
                "versionState": "VERSION_STATE_STABLE",
            }
        )

    async def object(self, request: Request) -> ASGIApp:
        """An object of Cloud Storage: its bytes with `alt=media`, else what is known of it."""
        name = f"gs://{request.path_params['bucket']}/{unquote(request.path_params['name'])}"
        value = self._world.get(name)
        job = self._world.job(value.partition("#")[0]) if value and "#" in value else None
        if value is None or (job and not self._lies_there(job)):
            raise Refused(404, f"No such object: {name.removeprefix('gs://')}")
        if request.query_params.get("alt") != "media":
            return JSONResponse({"kind": "storage#object", "name": request.path_params["name"]})
        if job:
            return await self._files.clip(request, job, int(value.partition("#")[2]))
        return Response((self._world.folder / value).read_bytes(), media_type="application/octet-stream")

    async def upload(self, request: Request) -> ASGIApp:
        name = request.query_params.get("name")
        if request.query_params.get("uploadType") != "media" or not name:
            raise Refused(400, "Required parameters: uploadType=media and name.")
        bucket = request.path_params["bucket"]
        self._world.put(f"gs://{bucket}/{name}", self._world.keep(await request.body()))
        return JSONResponse({"kind": "storage#object", "bucket": bucket, "name": name})

    async def _submit(self, request: Request, model: str) -> ASGIApp:
        path = {key: request.path_params[key] for key in ("project", "location")}
        place = "projects/{project}/locations/{location}".format(**path)
        self._served(model, f"{place}/publishers/google/models/{model}")
        body = check_names(await read_json(request), {"instances", "parameters", "labels"})
        taken = await self._desk.accept(self._asked(model, place, body), chance.uuid, _objects)
        return self._desk.answer(taken, JSONResponse({"name": _name(taken.job)}))

    async def _poll(self, request: Request, model: str) -> ASGIApp:
        body = check_names(await read_json(request), {"operationName"})
        name = body.get("operationName")
        if not isinstance(name, str) or not name:
            raise Refused(400, "The operation name is required.")
        taken = self._desk.look(WIRE, name.rpartition("/")[2])
        if taken is None or _name(taken.job) != name or taken.job.asked.model != model:
            raise Refused(404, f"The operation '{name}' was not found.")
        job = taken.job
        state = job.state(self._world.now())
        if state in ("queued", "running"):
            return self._desk.answer(taken, JSONResponse({"name": name}))
        if "expired_link" in job.tricks and not _uris(job):
            raise Refused(404, f"The operation '{name}' was not found.")
        return self._desk.answer(taken, await self._done(taken, state))

    async def _done(self, taken: Taken, state: str) -> JSONResponse:
        job = taken.job
        answer: dict[str, Any] = {"name": _name(job), "done": True}
        if state == "failed" and job.outcome != "filtered":
            return JSONResponse(answer | {"error": _error(job)})
        videos = []
        uris = _uris(job)
        for sample in range(job.delivered):
            if uris:
                video = {"gcsUri": uris[sample]}
            else:
                content = await self._files.content(job, sample)
                video = {"bytesBase64Encoded": base64.b64encode(content).decode()}
            videos.append(video | {"mimeType": "video/mp4"})
        withheld = job.asked.samples - job.delivered
        response: dict[str, Any] = {"@type": TYPE, "raiMediaFilteredCount": withheld}
        if videos:
            response["videos"] = videos
        if withheld:
            response["raiMediaFilteredReasons"] = [WITHHELD.format(count=withheld)]
        return JSONResponse(answer | {"response": response})

    def _asked(self, model: str, place: str, body: Mapping[str, Any]) -> Asked:
        instances, parameters, labels = body.get("instances"), body.get("parameters", {}), body.get("labels", {})
        if not isinstance(instances, list) or len(instances) != 1 or not isinstance(instances[0], dict):
            raise Refused(400, "The request must have exactly one instance.")
        if not isinstance(parameters, dict):
            raise Refused(400, "`parameters` must be an object.")
        check_labels(labels)
        instance = instances[0]
        check_combination(instance, model)
        check_parameters(parameters)
        resolution = read_choice(parameters, "resolution", RESOLUTIONS.get(model, FEWER_RESOLUTIONS), "720p")
        ratio = read_choice(parameters, "aspectRatio", RATIOS, "16:9")
        seconds = read_seconds(parameters, instance)
        sound = read_boolean(parameters, "generateAudio", True)
        settings: dict[str, Any] = {
            "place": place,
            "storage": read_storage(parameters),
            "negative": read_string(parameters, "negativePrompt"),
        }
        doom = None
        if not read_boolean(parameters, "enhancePrompt", True):
            doom = {"code": 3, "message": "Veo 3 prompt enhancement cannot be disabled."}
        for name in ("lastFrame", "referenceImages"):
            if name in instance:
                given = instance[name] if name == "referenceImages" else [{"image": instance[name]}]
                settings[name] = [self._world.keep(self._image(item["image"], name)) for item in given]
        if "video" in instance:
            clip = self._extended(instance["video"], sound)
        else:
            first = self._world.keep(self._image(instance["image"], "image")) if "image" in instance else None
            width, height = SIDES[resolution] if ratio == "16:9" else SIDES[resolution][::-1]
            clip = Clip(width, height, resolution, float(seconds), sound=sound, first_image=first)
        prompt = read_string(instance, "prompt") or ""
        samples = read_integer(parameters, "sampleCount", 1, SAMPLES_MAX, 1) or 1
        seed = read_integer(parameters, "seed", 0, SEED_MAX, None)
        return Asked(WIRE, model, prompt, clip, settings, samples=samples, seed=seed, doom=doom)

    def _image(self, given: Any, name: str) -> bytes:
        content, kind = self._media(given, name)
        if kind not in IMAGE_TYPES:
            raise Refused(400, f"Unsupported mime type '{kind}' in `{name}`: use image/jpeg or image/png.")
        picture = inputs.picture(content)
        if picture is None or f"image/{picture.kind}" != kind:
            raise Refused(400, f"Unable to process the image in `{name}`.")
        if len(content) > IMAGE_MAX:
            raise Refused(400, f"The image in `{name}` is larger than 20 MB.")
        return content

    def _media(self, given: Any, name: str) -> tuple[bytes, str]:
        """A file as `{bytesBase64Encoded | gcsUri, mimeType}`. Raises Refused."""
        match given:
            case {"bytesBase64Encoded": str(data), "mimeType": str(kind)} if "gcsUri" not in given:
                try:
                    return base64.b64decode(data, validate=True), kind
                except binascii.Error:
                    raise Refused(400, f"Invalid base64 in `{name}`.") from None
            case {"gcsUri": str(uri), "mimeType": str(kind)} if "bytesBase64Encoded" not in given:
                value = self._world.get(uri)
                if value is None:
                    raise Refused(400, f"Cannot read {uri}: no such object.")
                if "#" in value:
                    raise Refused(400, f"Unsupported media in `{name}`.")
                return (self._world.folder / value).read_bytes(), kind
            case _:
                raise Refused(400, f"`{name}` needs a mimeType and either gcsUri or bytesBase64Encoded.")

    def _extended(self, video: Any, sound: bool) -> Clip:
        """The clip to lengthen, by its own measure. Raises Refused."""
        job, sample = self._made_here(video)
        if job is not None:
            old = job.asked.clip
            seconds, fps, sides, source = old.seconds, float(old.fps), (old.width, old.height), f"{job.id}#{sample}"
        else:
            content, kind = self._media(video, "video")
            shot = inputs.footage(content) if kind == "video/mp4" else None
            if shot is None:
                raise Refused(400, "Unable to process the video: it must be an MP4 file.")
            seconds, fps, sides = shot.seconds, shot.fps, (shot.width, shot.height)
            source = self._world.keep(content)
        low, high = INPUT_SECONDS
        if not low <= seconds <= high:
            raise Refused(400, f"The video must be {low:g} to {high:g} seconds long, but it has {seconds:g}.")
        if abs(fps - 24) > 0.01:
            raise Refused(400, f"The video must have 24 frames per second, but it has {fps:g}.")
        sizes = {each: name for name, side in SIDES.items() for each in (side, side[::-1])}
        if sides not in sizes:
            raise Refused(400, "The video must be 720p, 1080p or 4k in 16:9 or 9:16.")
        length = seconds + ADDED
        return Clip(*sides, sizes[sides], length, sound=sound, new_seconds=float(ADDED), continues=source)

    def _made_here(self, video: Any) -> tuple[Job | None, int]:
        match video:
            case {"gcsUri": str(uri)}:
                id, _, sample = (self._world.get(uri) or "").partition("#")
                job = self._world.job(id)
                return (job, int(sample)) if job and sample and self._lies_there(job) else (None, 0)
            case _:
                return None, 0

    def _lies_there(self, job: Job) -> bool:
        return job.state(self._world.now()) == "succeeded" and "expired_link" not in job.tricks

    def _served(self, model: str, name: str) -> Served:
        served, day = self._world.models.find(WIRE, model), self._world.now().date()
        if served is None or served.unborn(day) or served.retired(day):
            text = f"Publisher model `{name}` was not found or your project does not have access to it."
            raise Refused(404, text)
        return served

    def _refusal(self, request: Request, trouble: Trouble) -> Refused:
        model = request.path_params.get("call", "").partition(":")[0]
        match trouble.kind:
            case "rate_limited":
                wait = whole_seconds(self._world.clock, RETRY_AFTER)
                return Refused(429, QUOTA.format(model=model), retry_after=wait)
            case "rate_limited_bare" | "busy":
                return Refused(429, QUOTA.format(model=model))
            case "moderated":
                return Refused(400, IMPROPER)
            case "no_such_fault":
                return Refused(400, trouble.text)
            case "error_503":
                return Refused(503, "The service is currently unavailable.")
            case "error_500":
                return Refused(500, "Internal error encountered.")


def _name(job: Job) -> str:
    return f"{job.asked.settings['place']}/publishers/google/models/{job.asked.model}/operations/{job.id}"


def _uris(job: Job) -> list[str]:
    """Where the samples lie in Cloud Storage; nowhere if they come inline."""
    storage = job.asked.settings["storage"]
    if storage is None:
        return []
    number = int(job.id.replace("-", ""), 16) % 10**19
    return [f"{storage}/{number}/sample_{sample}.mp4" for sample in range(job.delivered)]


def _objects(job: Job) -> dict[str, str]:
    return {uri: f"{job.id}#{sample}" for sample, uri in enumerate(_uris(job))}


def _error(job: Job) -> dict[str, Any]:
    """A failed operation's error: its code is gRPC's, not HTTP's."""
    if job.asked.doom is not None:
        return dict(job.asked.doom)
    if job.outcome == "moderated":
        return {"code": 3, "message": IMPROPER}
    return {"code": 13, "message": "Internal error encountered."}
