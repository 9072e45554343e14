"""Google's Veo on Vertex AI: POST …:predictLongRunning, POST …:fetchPredictOperation; bytes inline or in Cloud Storage.

No list, no cancel and no idempotency key: the discovery document has none for publisher models.

Wire: aiplatform discovery, revision 20261106 (google-api-python-client 2.202.0); google-genai 3.4.0; the pages under
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/video/overview; read 2026-11-22.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from rushes.card import Size, VideoLimits
from rushes.errors import (
    BadInput,
    BadReply,
    JobFailed,
    JobLost,
    NotAuthorized,
    RateLimited,
    Refused,
    Retired,
    Unavailable,
    Unsupported,
    VideoError,
)
from rushes.http import Api
from rushes.media import Footage, footage_of, name_of
from rushes.plan import Plan, check
from rushes.providers.base import (
    REFUSED_HINT,
    Clip,
    Found,
    Input,
    Pending,
    Prepared,
    Ready,
    Response,
    Submission,
    Ticket,
    json_body,
    media_bytes,
    options_of,
    picture_input,
    reply_of,
    retry_after,
    settings_of,
)
from rushes.request import Mode

OPERATION = re.compile(r"(?:[\w.:@-]+/)+operations/[\w.:@-]+")
#: Names under which a clip's bytes come: today's, and two of `generatedSamples`.
INLINE = ("bytesBase64Encoded", "encodedVideo", "video")
PICTURES = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}
#: Veo's own clips measure up to hundredths of a second and of a frame a second off.
LENGTH_SLACK = 0.1
FPS_SLACK = 0.1

#: google.rpc.Code, which an operation's error carries in place of an HTTP status.
CODES = {
    1: "CANCELLED",
    2: "UNKNOWN",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    10: "ABORTED",
    11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    15: "DATA_LOSS",
    16: "UNAUTHENTICATED",
}
#: Those that the same request meets again.
INVALID = {3, 5, 7, 9, 11, 12}

#: Support codes of Google's safety filters, by category:
#: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/video/responsible-ai-and-usage-guidelines
CATEGORIES = {
    "child": ["58061214", "17301594"],
    "celebrity": ["29310472", "15236754"],
    "video safety": ["64151117", "42237218"],
    "dangerous content": ["62263041"],
    "hate": ["57734940", "22137204"],
    "other safety": ["74803281", "29578790", "42876398"],
    "prohibited content": ["89371032", "49114662", "63429089", "72817394", "60599140"],
    "third-party content": ["35561574", "35561575"],
    "sexual": ["90789179", "43188360"],
    "toxic": ["78610348"],
    "violence": ["61493863", "56562880"],
    "vulgar": ["32635315"],
}
CATEGORY = {code: category for category, codes in CATEGORIES.items() for code in codes}
#: The sentence around the codes changed with the product's name.
SUPPORT_CODES = re.compile(r"Support codes?:\s*([\d,\s]+)")
#: Not every time: googleapis/js-genai#1272.
SOUND_HINT = "The filter on sound strikes at random: the same request may pass, and a silent one is not heard at all."

Label = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,63}$")]
Folder = Annotated[str, Field(pattern=r"^gs://[a-z0-9][a-z0-9._-]*(/.*)?$")]
#: "No people" is `dont_allow` in the type reference and `disallow` in the guides.
People = Literal["allow_adult", "allow_all", "dont_allow", "disallow"]


class VertexSettings(BaseModel):
    """Whose project makes the clips, where, and where they are put."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:_-]*$")] | None = None
    location: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "us-central1"
    #: A folder of Cloud Storage, `gs://bucket/folder/`; None: the bytes come with the answer.
    storage_uri: Folder | None = None
    #: None: the vendor's default, `allow_adult`.
    person_generation: People | None = None
    #: Where Cloud Storage is read.
    storage_base_url: str = "https://storage.googleapis.com"


class VertexOptions(BaseModel):
    """`request.options[provider]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    storage_uri: Folder | None = None
    person_generation: People | None = None
    #: What is done to a first frame of another shape.
    resize_mode: Literal["pad", "crop"] | None = None
    compression_quality: Literal["optimized", "lossless"] | None = None
    #: For the bill.
    labels: Mapping[Label, Label] | None = None
    #: `projects/{project}/topics/{topic}`, for progress messages.
    pubsub_topic: Annotated[str, Field(pattern=r"^projects/[^/]+/topics/[^/]+$")] | None = None


class Vertex:
    wire: ClassVar[str] = "vertex"
    options: ClassVar[Mapping[str, type]] = {
        "storage_uri": str,
        "person_generation": str,
        "resize_mode": str,
        "compression_quality": str,
        "labels": dict,
        "pubsub_topic": str,
    }
    shows_start: ClassVar[bool] = False

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings_of(VertexSettings, settings, self.wire)

    @property
    def listable(self) -> bool:
        return False

    async def prepare(self, api: Api, plan: Plan, samples: int) -> Prepared:
        _check(plan, samples)
        _options(plan)
        request = plan.request
        pictures = {"image": request.image, "last_image": request.last_image}
        pictures |= {f"reference_images[{index}]": each for index, each in enumerate(request.reference_images)}
        inputs = {
            field: await _picture(api, plan, field, media) for field, media in pictures.items() if media is not None
        }
        if request.extend is not None:
            inputs["extend"] = await _film(api, plan, request.extend)
        return Prepared(plan, samples, inputs)

    def submission(self, prepared: Prepared) -> Submission:
        plan, settings = prepared.plan, prepared.plan.settings
        _check(plan, prepared.samples)
        if self.settings.project is None:
            raise NotAuthorized("no Google Cloud project is set", hint="Set GOOGLE_CLOUD_PROJECT to its id.")
        options = _options(plan)
        instance = {"prompt": plan.request.prompt} | _media(prepared.inputs)
        # Names that Vertex does not know, such as snake_case ones, it ignores in silence (BerriAI/litellm#16776).
        # Not sent: enhancePrompt (false fails after the submit), fps, cameraControl and mask (of older models).
        parameters = {
            "sampleCount": prepared.samples,
            "durationSeconds": int(settings.seconds),  # a number; text is refused
            "aspectRatio": settings.aspect_ratio,
            "resolution": settings.resolution,
            "generateAudio": settings.audio,  # true when left out, and dearer
            "seed": plan.seed,
            "negativePrompt": plan.negative_prompt,
            "storageUri": self.settings.storage_uri,
            "personGeneration": self.settings.person_generation,
        } | {to_camel(name): value for name, value in options.model_dump(exclude_none=True, exclude={"labels"}).items()}
        body: dict[str, Any] = {
            "instances": [instance],
            "parameters": {name: value for name, value in parameters.items() if value is not None},
        }
        if options.labels:
            body["labels"] = dict(options.labels)
        where = f"/projects/{self.settings.project}/locations/{self.settings.location}"
        model = plan.endpoint.wire_names[settings.mode]
        return json_body(f"{where}/publishers/google/models/{model}:predictLongRunning", body)

    def accepted(self, response: Response) -> Ticket:
        name = _read(response, submitting=True).get("name")
        if not isinstance(name, str) or OPERATION.fullmatch(name) is None:
            raise BadReply("the answer to a submit names no operation")
        return Ticket(name)

    def proves_not_accepted(self, response: Response) -> bool:
        return False

    async def poll(self, api: Api, ticket: Ticket) -> Pending | Ready:
        model, _, _ = ticket.id.rpartition("/operations/")
        reply = _read(await api.post(f"/{model}:fetchPredictOperation", json={"operationName": ticket.id}))
        if reply.get("done") is not True:
            return Pending()
        if reply.get("error"):
            raise _failure(reply["error"])
        answer = reply.get("response") or {}
        if not isinstance(answer, dict):
            raise BadReply("a finished operation whose response is no object")
        return self._ready(answer)

    async def find(
        self, api: Api, fingerprint: Mapping[str, str], after: datetime, before: datetime
    ) -> Sequence[Found]:
        return []

    async def cancel(self, api: Api, ticket: Ticket) -> bool:
        return False

    def _ready(self, answer: Mapping[str, Any]) -> Ready:
        clips = [self._clip(video) for video in _videos(answer)]
        refused = _refusals(answer)
        if clips:
            return Ready(clips, refused)
        if refused:
            text = "; ".join(dict.fromkeys(refused))
            raise Refused(text, hint=SOUND_HINT if "issue with the audio" in text else REFUSED_HINT)
        raise JobFailed("finished without a clip and without a reason")

    def _clip(self, video: Mapping[str, Any]) -> Clip:
        uri = str(video.get("gcsUri") or video.get("uri") or "")
        if uri.startswith("gs://"):
            bucket, _, name = uri.removeprefix("gs://").partition("/")
            place = f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}?alt=media"
            return Clip(self.settings.storage_base_url.rstrip("/") + place)
        if uri.startswith("https://"):
            return Clip(uri)
        encoded = [video[name] for name in INLINE if isinstance(video.get(name), str)]
        if not encoded:
            raise BadReply("a clip without bytes and without a place that can be read")
        try:
            return Clip(data=b64decode(encoded[0], validate=True))
        except (Base64Error, ValueError):
            raise BadReply("a clip whose base64 is broken") from None


# --- what goes in -----------------------------------------------------------------------------------------------------


def _check(plan: Plan, samples: int) -> None:
    """Raises Unsupported for what the endpoint does not offer or this wire cannot carry."""
    check(plan)
    name, settings, most = plan.endpoint.id, plan.settings, plan.endpoint.inputs.samples
    if settings.seconds != int(settings.seconds):
        raise Unsupported(f"{name}: this wire takes whole seconds, not {settings.seconds:g}")
    if not 1 <= samples <= most:
        raise Unsupported(f"{name} makes 1 to {most} clips a submission, not {samples}")


def _options(plan: Plan) -> VertexOptions:
    options = options_of(VertexOptions, plan)
    if options.resize_mode is not None and plan.request.mode not in (Mode.IMAGE, Mode.FIRST_LAST):
        raise BadInput(f"options.{plan.endpoint.provider}.resize_mode: needs image, a first frame to resize")
    return options


def _media(inputs: Mapping[str, Input]) -> dict[str, Any]:
    """The inputs in the instance's own names."""
    names = {"image": "image", "last_image": "lastFrame", "extend": "video"}
    found: dict[str, Any] = {names[field]: _sent(each) for field, each in inputs.items() if field in names}
    references = [_sent(each) for field, each in inputs.items() if field.startswith("reference_images[")]
    if references:
        found["referenceImages"] = [{"image": each, "referenceType": "asset"} for each in references]
    return found


def _sent(given: Input) -> dict[str, str]:
    content = {"gcsUri": given.url} if given.url else {"bytesBase64Encoded": b64encode(given.data).decode()}
    return content | {"mimeType": given.content_type}


async def _picture(api: Api, plan: Plan, field: str, media: Any) -> Input:
    if not _in_storage(media):
        return await picture_input(api, plan, field, media)
    kind = PICTURES.get(media.rpartition(".")[2].lower())
    if kind is None:
        raise BadInput(f"{field}: {media} does not tell what it is", hint="Name it .jpg, .jpeg or .png.")
    return Input(field, kind, url=media)


async def _film(api: Api, plan: Plan, media: Any) -> Input:
    if _in_storage(media):
        return Input("extend.mp4", "video/mp4", url=media)
    data = await media_bytes(api, media)
    film = await asyncio.to_thread(footage_of, data, name_of(media))
    misfits = _film_misfits(film, plan.endpoint.inputs.video, plan.settings.size)
    if misfits:
        raise Unsupported(f"{plan.endpoint.id} cannot extend {name_of(media)}:", reasons=misfits)
    return Input("extend.mp4", "video/mp4", data)


def _in_storage(media: Any) -> bool:
    return isinstance(media, str) and media.startswith("gs://")


def _film_misfits(film: Footage, limits: VideoLimits | None, size: Size | None) -> list[str]:
    """Every reason why a clip would not be lengthened."""
    least, most, fps = (limits.min_seconds, limits.max_seconds, limits.fps) if limits else (None, None, None)
    seconds, shape = film.seconds, f"{film.width}x{film.height}"
    reasons = [
        None if "mp4" in film.format else f"takes MP4, not {film.format}",
        f"takes at least {least:g} s, not {seconds:.1f} s" if least and seconds < least - LENGTH_SLACK else None,
        f"takes up to {most:g} s, not {seconds:.1f} s" if most and seconds > most + LENGTH_SLACK else None,
        f"takes {fps} frames a second, not {film.fps:g}" if fps and abs(film.fps - fps) > FPS_SLACK else None,
        f"goes on in the clip's own size: ask for {shape}, not {size}" if size and shape != str(size) else None,
    ]
    return [reason for reason in reasons if reason]


# --- what comes back --------------------------------------------------------------------------------------------------


def _read(response: Response, *, submitting: bool = False) -> Mapping[str, Any]:
    """The object in an answer, or the error that it stands for."""
    reply = reply_of(response)
    if isinstance(reply, list) and len(reply) == 1:
        reply = reply[0]
    if response.status_code >= 400:
        raise _error(response, reply, submitting)
    if not isinstance(reply, dict):
        raise BadReply(f"HTTP {response.status_code} with JSON that is no object")
    return reply


def _videos(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The clips of an answer: `videos`, or one of the two shapes before it."""
    if videos := _items(answer, "videos", dict):
        return videos
    if samples := _items(answer, "generatedSamples", dict):
        return [video if isinstance(video := sample.get("video"), dict) else {} for sample in samples]
    return [{"gcsUri": uri} for uri in _items(answer, "gcsUris", str)]


def _refusals(answer: Mapping[str, Any]) -> list[str]:
    """A reason for each clip that was filtered; one reason may stand for several clips."""
    reasons = [_with_categories(reason) for reason in _items(answer, "raiMediaFilteredReasons", str)]
    count = answer.get("raiMediaFilteredCount") or len(reasons)
    if not isinstance(count, int):
        raise BadReply("a raiMediaFilteredCount that is no number")
    return reasons if len(reasons) == count else ["; ".join(reasons) or "filtered without a reason"] * count


def _items(answer: Mapping[str, Any], name: str, kind: type) -> list[Any]:
    found = answer.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, kind) for each in found):
        raise BadReply(f"{name} of another shape than documented")
    return found


def _with_categories(text: str) -> str:
    """Google's sentence, with the categories of its support codes in front."""
    codes = [code for found in SUPPORT_CODES.findall(text) for code in re.findall(r"\d+", found)]
    categories = dict.fromkeys(CATEGORY.get(code, "a category that Google does not list") for code in codes)
    return f"{', '.join(categories)}: {text}" if categories else text


def _error(response: Response, reply: Any, submitting: bool) -> VideoError:
    error = reply.get("error") if isinstance(reply, dict) else None
    error = error if isinstance(error, dict) else {}
    status, word, message = response.status_code, str(error.get("status") or ""), str(error.get("message") or "")
    text = f"HTTP {status}: {_with_categories(message) or 'no message'}" + (f" ({word})" if word else "")
    match status:
        case 400 if SUPPORT_CODES.search(message):
            return Refused(text, hint=REFUSED_HINT)
        case 400 if word == "FAILED_PRECONDITION" or "API key not valid" in message:
            return NotAuthorized(text, hint="The project may lack billing, this model or this region.")
        case 401:
            return NotAuthorized(text, hint="Access tokens last about an hour; log in again.")
        case 402 | 403:
            hint = "The account needs aiplatform.endpoints.predict, and the project the Vertex AI API."
            return NotAuthorized(text, hint=hint)
        # Only in Google's own words: a 404 from anything on the way tells nothing of a model or a job.
        case 404 | 410 if error and submitting:
            return Retired(f"the model is gone, or this project was never let in: {text}")
        case 404 | 410 if error:
            return JobLost(text)
        case 404 | 410:
            return Unavailable(text, hint="Nobody there speaks this API: look at base_url and location.")
        case 429:
            return RateLimited(text, retry_after=_retry_delay(error) or retry_after(response))
        case _ if status >= 500 or status in (408, 409, 425, 499):
            return Unavailable(text)
        case _:
            return Unsupported(text) if submitting else BadReply(text)


def _retry_delay(error: Mapping[str, Any]) -> float | None:
    """Seconds, from a google.rpc.RetryInfo such as `{"retryDelay": "1.5s"}`."""
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and str(detail.get("@type")).endswith("google.rpc.RetryInfo"):
            found = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay")))
            return float(found[1]) if found else None
    return None


def _failure(error: Any) -> VideoError:
    """An operation's own error: its code is a google.rpc.Code."""
    error = error if isinstance(error, dict) else {"message": error}
    code, message = error.get("code"), str(error.get("message") or "the vendor gave no reason")
    code = code if isinstance(code, int) else None
    text = _with_categories(message) + ("" if code is None else f" ({CODES.get(code, f'code {code}')})")
    if SUPPORT_CODES.search(message) or "usage guidelines" in message:
        return Refused(text, hint=REFUSED_HINT)
    if code == 1:
        return JobFailed(text, kind="cancelled")
    return JobFailed(text, kind="invalid" if code in INVALID else "vendor")
