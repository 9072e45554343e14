"""Google Vertex AI's Veo 3.1: submit, poll by POST, bytes inline or in Cloud Storage, and a token for service accounts.

Sources, read 2026-11-22: the aiplatform discovery document (revision 20261106), google-genai 3.4.0, Google's Veo
pages and notebooks for Vertex, and answers recorded in public threads (DaWe35/image-router#41). What stands in
`instances` and `parameters` under a name that Vertex does not know is ignored, as there; texts that were never
published are made up in the shape of the rest.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from rushes.simulator import chance, stills
from rushes.simulator.body import BadBody, read_items, read_json
from rushes.simulator.clock import callers_seconds
from rushes.simulator.desk import Desk, Endpoint, Taken, Trouble
from rushes.simulator.files import Files
from rushes.simulator.models import Served
from rushes.simulator.world import Asked, Clip, Job

WIRE = "vertex"
TYPE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"

LENGTHS = (4, 6, 8)
ADDED = 7
INPUT_SECONDS = (1.0, 30.0)
RATIOS = ("16:9", "9:16")
SIDES = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
#: The model cards of 2026-08-22; Fast in 4K has a price but is not on its card.
RESOLUTIONS = {"veo-3.1-generate-001": ("720p", "1080p", "4k")}
FEWER_RESOLUTIONS = ("720p", "1080p")
WITHOUT_REFERENCES = ("veo-3.1-lite-generate-001",)
PEOPLE = ("allow_adult", "allow_all", "allowAll", "disallow", "dont_allow")
TASKS = ("textToVideo", "imageToVideo", "referenceToVideo", "edit", "extend", "upscale")
SAMPLES_MAX = 4
SEED_MAX = 4_294_967_295
REFERENCES_MAX = 3
IMAGE_MAX = 20_000_000
IMAGE_TYPES = ("image/jpeg", "image/png")
RETRY_AFTER = 20.0

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
USE_CASE = "Your use case is currently not supported. Please refer to the documentation for current model offering."
WITHHELD = (
    "Veo could not generate {count} videos based on the prompt provided. You will not be charged for this request. "
    "Try rephrasing the prompt. If you think this was an error, send feedback. Support codes: 42237218"
)
IMPROPER = (
    "The prompt could not be submitted because it violates Agent Platform's usage guidelines. If you think this was "
    "an error, send feedback. Support codes: 64151117"
)
QUOTA = (
    "Quota exceeded for aiplatform.googleapis.com/long_running_online_prediction_requests_per_base_model with base "
    "model: {model}."
)

_VERSION = re.compile(r"v\d+(?:(?:alpha|beta)\d+)?")
_LABEL = re.compile(r"[a-z0-9_-]{0,63}")


class Refused(Exception):
    """An error body of this wire."""

    def __init__(self, status: int, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        error: dict[str, Any] = {"code": status, "message": message, "status": STATUS[status]}
        headers = {}
        if retry_after is not None:
            wait = max(1, math.ceil(retry_after))
            headers["retry-after"] = str(wait)
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{wait}s"}]
        self.response = JSONResponse({"error": error}, status, headers)


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
                _check_token(request)
                _check_version(request)
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
                fault = _assertion_fault(str(fields.get("assertion", "")))
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
        body = _known(await read_json(request), {"instances", "parameters", "labels"})
        taken = await self._desk.accept(self._asked(model, place, body), chance.uuid, _objects)
        return self._desk.answer(taken, JSONResponse({"name": _name(taken.job)}))

    async def _poll(self, request: Request, model: str) -> ASGIApp:
        body = _known(await read_json(request), {"operationName"})
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
        _check_labels(labels)
        instance = instances[0]
        _check_combination(instance, model)
        _check_parameters(parameters)
        resolution = _choice(parameters, "resolution", RESOLUTIONS.get(model, FEWER_RESOLUTIONS), "720p")
        ratio = _choice(parameters, "aspectRatio", RATIOS, "16:9")
        seconds = _seconds(parameters, instance)
        sound = _boolean(parameters, "generateAudio", True)
        settings: dict[str, Any] = {
            "place": place,
            "storage": _storage(parameters),
            "negative": _string(parameters, "negativePrompt"),
        }
        doom = None
        if not _boolean(parameters, "enhancePrompt", True):
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
        samples = _integer(parameters, "sampleCount", 1, SAMPLES_MAX, 1)
        seed = _integer(parameters, "seed", 0, SEED_MAX, None)
        return Asked(
            WIRE, model, _string(instance, "prompt") or "", clip, settings, samples=samples or 1, seed=seed, doom=doom
        )

    def _image(self, given: Any, name: str) -> bytes:
        content, kind = self._media(given, name)
        if kind not in IMAGE_TYPES:
            raise Refused(400, f"Unsupported mime type '{kind}' in `{name}`: use image/jpeg or image/png.")
        picture = stills.picture(content)
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
            shot = stills.footage(content) if kind == "video/mp4" else None
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
                wait = callers_seconds(self._world.clock, RETRY_AFTER)
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


def _check_token(request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        text = (
            "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or "
            "other valid authentication credential."
        )
        raise Refused(401, text)
    if token.startswith("bad-"):
        raise Refused(401, "Request had invalid authentication credentials. Expected OAuth 2 access token.")


def _check_version(request: Request) -> None:
    version = request.path_params.get("version", "v1")
    if not _VERSION.fullmatch(version):
        raise Refused(404, f"There is no version '{version}' of this API.")


def _assertion_fault(assertion: str) -> str | None:
    """What is wrong with a service account's assertion; its signature is not checked."""
    try:
        head, claims, signature = assertion.split(".")
        header, payload = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, claims))
    except ValueError:
        return "Bad Request"
    if header.get("alg") != "RS256" or not signature:
        return "Invalid JWT Signature."
    missing = [name for name in ("iss", "aud", "iat", "exp", "scope") if name not in payload]
    return f"Invalid JWT: {', '.join(missing)} missing." if missing else None


def _known(body: Mapping[str, Any], names: set[str]) -> Mapping[str, Any]:
    for name in body:
        if name not in names:
            raise Refused(400, f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
    return body


def _check_labels(labels: Any) -> None:
    if not isinstance(labels, dict) or not all(
        isinstance(value, str) and _LABEL.fullmatch(key) and _LABEL.fullmatch(value) for key, value in labels.items()
    ):
        raise Refused(400, "Labels take lower case letters, digits, underscores and dashes, at most 63 of them.")


def _check_combination(instance: Mapping[str, Any], model: str) -> None:
    """Which inputs go together."""
    given = {name for name in ("image", "lastFrame", "referenceImages", "video") if name in instance}
    if {"mask", "cameraControl"} & instance.keys():
        raise Refused(400, USE_CASE)
    if not _string(instance, "prompt") and (not given or "referenceImages" in given):
        raise Refused(400, "The instance needs a text prompt.")
    if "lastFrame" in given and "image" not in given:
        raise Refused(400, "`lastFrame` is supported only together with `image`.")
    if "video" in given and given != {"video"}:
        raise Refused(400, "`video` cannot be combined with `image`, `lastFrame` or `referenceImages`.")
    if "referenceImages" in given:
        if given != {"referenceImages"}:
            raise Refused(400, "`referenceImages` cannot be combined with `image`, `lastFrame` or `video`.")
        if model in WITHOUT_REFERENCES:
            raise Refused(400, USE_CASE)
        _check_references(instance["referenceImages"])


def _check_references(references: Any) -> None:
    if not isinstance(references, list) or not 1 <= len(references) <= REFERENCES_MAX:
        raise Refused(400, f"`referenceImages` takes 1 to {REFERENCES_MAX} images.")
    for item in references:
        if not isinstance(item, dict) or "image" not in item:
            raise Refused(400, "Each of `referenceImages` needs an `image`.")
        if str(item.get("referenceType", "")).lower() != "asset":
            raise Refused(400, "This model supports reference images of the type asset only.")


def _check_parameters(parameters: Mapping[str, Any]) -> None:
    _choice(parameters, "personGeneration", PEOPLE, "allow_adult")
    _choice(parameters, "task", TASKS, None)
    for name, allowed in (("compressionQuality", ("optimized", "lossless")), ("resizeMode", ("pad", "crop"))):
        value = _string(parameters, name)
        if value is not None and value.lower() not in allowed:
            raise Refused(400, f"Unsupported value '{value}' for `{name}`: use {' or '.join(allowed)}.")
    topic = _string(parameters, "pubsubTopic")
    if topic is not None and not re.fullmatch(r"projects/[^/]+/topics/[^/]+", topic):
        raise Refused(400, "`pubsubTopic` is written projects/{project}/topics/{topic}.")


def _seconds(parameters: Mapping[str, Any], instance: Mapping[str, Any]) -> int:
    value = parameters.get("durationSeconds", ADDED if "video" in instance else 8)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(400, "The value for `durationSeconds` needs to be a number.")
    if value not in ((ADDED,) if "video" in instance else LENGTHS):
        text = (
            "The number value for `durationSeconds` is out of bound. Please provide a value between 4 and 8, inclusive."
        )
        raise Refused(400, text)
    if "referenceImages" in instance and value != 8:
        raise Refused(400, USE_CASE)
    return int(value)


def _storage(parameters: Mapping[str, Any]) -> str | None:
    uri = _string(parameters, "storageUri")
    if uri is not None and not re.fullmatch(r"gs://[^/]+(?:/.*)?", uri):
        raise Refused(400, "`storageUri` must start with gs:// and name a bucket.")
    return uri.rstrip("/") if uri else None


def _string(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(400, f"The value for `{name}` needs to be a string.")
    return value


def _choice(values: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: Any) -> Any:
    value = values.get(name, default)
    if value is not default and value not in allowed:
        raise Refused(400, f"Unsupported value '{value}' for `{name}`: use {', '.join(allowed)}.")
    return value


def _boolean(values: Mapping[str, Any], name: str, default: bool) -> bool:
    value = values.get(name, default)
    if not isinstance(value, bool):
        raise Refused(400, f"The value for `{name}` needs to be a boolean.")
    return value


def _integer(values: Mapping[str, Any], name: str, low: int, high: int, default: int | None) -> int | None:
    value = values.get(name, default)
    if value is None and name not in values:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Refused(400, f"The value for `{name}` needs to be an integer from {low} to {high}.")
    return value


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
