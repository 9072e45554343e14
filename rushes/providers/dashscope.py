"""Alibaba Model Studio (DashScope): POST …/video-synthesis, GET /tasks/{id}; Wan 2.1 to 2.6.

Wan 2.7 and later take their inputs in another shape (`input.media`, `ratio`) and are refused here.

Wire: Alibaba's legacy Wan text-to-video and image-to-video references (last update 2026-10-12), its pages "Manage
asynchronous tasks" and "Upload local files to get temporary URLs" (2026-03-23), its error codes, and the dashscope
Python SDK 2.0.2; read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from rushes.card import SoundLimits
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
from rushes.media import Sound, is_remote, local_bytes, name_of, sound_of
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
    Times,
    Usage,
    json_body,
    json_of,
    moment_of,
    number_of,
    options_of,
    picture_input,
    reply_of,
    retry_after,
    settings_of,
)
from rushes.request import Mode

PATH = "/services/aigc/video-generation/video-synthesis"
QUEUED = {"PENDING"}
RUNNING = {"RUNNING"}
DONE = {"SUCCEEDED"}
FAILED = {"FAILED"}
CANCELLED = {"CANCELED", "CANCELLED"}
#: The vendor's word for a task that never was, was deleted after 24 h, or belongs to another account.
GONE = {"UNKNOWN"}

#: What each code means; one with a suffix that is not listed (`BadRequest.TooLarge`) means what its stem means.
#: Sources: Alibaba's error code pages and `dashscope/v2/errors.py` of the SDK.
CODES: Mapping[str, type[VideoError]] = {
    "DataInspectionFailed": Refused,
    "IPInfringementSuspect": Refused,
    "InvalidApiKey": NotAuthorized,
    "AccessDenied": NotAuthorized,
    "Model.AccessDenied": NotAuthorized,
    "Workspace.AccessDenied": NotAuthorized,
    "WorkSpaceNotFound": NotAuthorized,
    "AllocationQuota": NotAuthorized,
    "Arrearage": NotAuthorized,
    # These four come with 429, and no waiting helps: the account has no money or no quota left.
    "PrepaidBillOverdue": NotAuthorized,
    "PostpaidBillOverdue": NotAuthorized,
    "CommodityNotPurchased": NotAuthorized,
    "Throttling.AllocationQuota": NotAuthorized,
    "Throttling": RateLimited,
    "LimitRequests": RateLimited,
    "ModelNotFound": Retired,
    "Model.NotExist": Retired,
    "InvalidParameter": Unsupported,
    "InvalidURL": Unsupported,
    "BadRequest": Unsupported,
    "UnsupportedOperation": Unsupported,
    "RequestTimeOut": Unavailable,
    "GatewayTimeout": Unavailable,
    "InternalError": Unavailable,
    "SystemError": Unavailable,
    "RewriteFailed": Unavailable,
    "ModelUnavailable": Unavailable,
    "ServiceUnavailable": Unavailable,
}
HINTS: Mapping[type[VideoError], str] = {
    Refused: REFUSED_HINT,
    NotAuthorized: "Key, host and model must belong to one region; a model that was switched off may answer so too.",
}
#: Models whose inputs have another shape: HappyHorse ignored `size` and billed 1080P for a 720P request.
OTHER_SHAPE = re.compile(r"wan(2\.[7-9]|[3-9])|happyhorse")

#: Pixels, as `usage` reports them, to the row of the price list.
TIERS = {
    size: tier
    for tier, sizes in {
        "480p": "832*480 480*832 624*624",
        "720p": "1280*720 720*1280 960*960 1088*832 832*1088",
        "1080p": "1920*1080 1080*1920 1440*1440 1632*1248 1248*1632",
    }.items()
    for size in sizes.split()
}
#: A finished clip can be fetched, and a task asked after, for so long.
KEPT = timedelta(hours=24)


class DashScopeSettings(BaseModel):
    """What one region or account says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: The workspace to work in; None: the key's own.
    workspace: str | None = None
    #: The zone of the vendor's clock. Only Beijing's is known (+8); where it is not, no times are reported.
    utc_offset_hours: float | None = Field(default=None, ge=-12, le=14)


class DashScopeOptions(BaseModel):
    """`request.options[provider]`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    #: Lets the vendor rewrite the prompt; its own default is True, which would compare other prompts than ours.
    prompt_extend: bool = False
    #: A mark in the lower right corner.
    watermark: bool = False
    #: The name of an effect for a first frame; the vendor ignores the prompt then.
    template: str | None = None


class DashScope:
    wire: ClassVar[str] = "dashscope"
    options: ClassVar[Mapping[str, type]] = {"prompt_extend": bool, "watermark": bool, "template": str}
    shows_start: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings_of(DashScopeSettings, settings, self.wire)

    @property
    def listable(self) -> bool:
        return True

    async def prepare(self, api: Api, plan: Plan, samples: int) -> Prepared:
        _check(plan, samples)
        _options(plan)
        inputs: dict[str, Input] = {}
        if plan.request.image is not None:
            inputs["image"] = await _picture(api, plan, plan.request.image)
        if plan.request.audio_track is not None:
            inputs["audio_track"] = await self._sound(api, plan, plan.request.audio_track)
        return Prepared(plan, samples, inputs)

    def submission(self, prepared: Prepared) -> Submission:
        plan, settings = prepared.plan, prepared.plan.settings
        _check(plan, prepared.samples)
        options = _options(plan)
        asked: dict[str, Any] = {"prompt": plan.request.prompt}
        if plan.negative_prompt is not None:
            asked["negative_prompt"] = plan.negative_prompt
        if "image" in prepared.inputs:
            asked["img_url"] = _url(prepared.inputs["image"])
        if "audio_track" in prepared.inputs:
            asked["audio_url"] = _url(prepared.inputs["audio_track"])
        if options.template is not None:
            asked["template"] = options.template
        parameters: dict[str, Any] = {
            "duration": int(settings.seconds),
            "prompt_extend": options.prompt_extend,
            "watermark": options.watermark,
        }
        if settings.size is not None:
            parameters["size"] = f"{settings.size.width}*{settings.size.height}"
        else:
            parameters["resolution"] = settings.resolution.upper()
        sounds = {sound for offer in plan.endpoint.offers if settings.mode in offer.modes for sound in offer.audio}
        if len(sounds) == 2:  # no such switch where the model decides
            parameters["audio"] = settings.audio
        if plan.seed is not None:
            parameters["seed"] = plan.seed
        headers = {**self._headers(), "X-DashScope-Async": "enable"}
        if any(asked.get(name, "").startswith("oss://") for name in ("img_url", "audio_url")):
            headers["X-DashScope-OssResourceResolve"] = "enable"
        model = plan.endpoint.wire_names[settings.mode]
        fingerprint = {
            "model": model,
            "prompt": plan.request.prompt,
            "seconds": str(parameters["duration"]),
            "resolution": settings.resolution,
        }
        body = {"model": model, "input": asked, "parameters": parameters}
        return json_body(PATH, body, headers=headers, fingerprint=fingerprint)

    def accepted(self, response: Response) -> Ticket:
        id = _output(_read(response, submitting=True)).get("task_id")
        if not isinstance(id, str) or not id:
            raise BadReply("the answer to a submit has no output.task_id")
        return Ticket(id)

    def proves_not_accepted(self, response: Response) -> bool:
        return False

    async def poll(self, api: Api, ticket: Ticket) -> Pending | Ready:
        reply = await self._task(api, ticket.id)
        output = _output(reply)
        status = str(output.get("task_status"))
        if status in DONE:
            return self._ready(api, reply, output)
        if status in FAILED:
            raise _failure(output)
        if status in CANCELLED:
            raise JobFailed("the job was cancelled", kind="cancelled")
        if status in GONE:
            raise JobLost("the vendor does not know the job (any more); it forgets jobs after 24 hours")
        known = status in QUEUED | RUNNING
        return Pending(started=status in RUNNING if known else None, unknown=None if known else status)

    async def find(
        self, api: Api, fingerprint: Mapping[str, str], after: datetime, before: datetime
    ) -> Sequence[Found]:
        found: list[Found] = []
        seen: set[str] = set()
        page = 0
        while True:
            page += 1
            query = {"page_no": str(page), "page_size": "100", "model_name": fingerprint["model"]}
            response = await api.get("/tasks", params=query | self._window(api, after, before), headers=self._headers())
            reply = _read(response)
            tasks = _jobs(reply)
            fresh = {id: task for id, task in tasks.items() if id not in seen}
            seen |= fresh.keys()
            for id, task in fresh.items():
                made = self._made(api, task)
                if made is not None and not after <= made <= before:
                    continue
                detail = await self._task(api, id)  # the list shows no prompts
                made = made or self._made(api, _output(detail))
                fits = _fits(detail, fingerprint)
                if made is not None and after <= made <= before and fits is not False:
                    found.append(Found(Ticket(id), made, certain=fits is True))
            total = number_of(reply.get("total"))
            if not fresh or (total is not None and len(seen) >= total):
                return found

    async def cancel(self, api: Api, ticket: Ticket) -> bool:
        path = f"/tasks/{quote(ticket.id, safe='')}/cancel"
        response = await api.post(path, headers=self._headers())
        if response.status_code != 200:  # 400 once it runs
            return False
        reply = json_of(response)
        return isinstance(reply, dict) and not reply.get("code")

    def _headers(self) -> dict[str, str]:
        return {"X-DashScope-WorkSpace": self.settings.workspace} if self.settings.workspace else {}

    async def _task(self, api: Api, id: str) -> Mapping[str, Any]:
        reply = _read(await api.get(f"/tasks/{quote(id, safe='')}", headers=self._headers()))
        if not _output(reply).get("task_status"):
            raise BadReply("the answer about a task has no output.task_status")
        return reply

    def _ready(self, api: Api, reply: Mapping[str, Any], output: Mapping[str, Any]) -> Ready:
        link = output.get("video_url")
        if not link:
            raise _failure(output)
        if not isinstance(link, str) or not _of_vendor(link, api):
            raise BadReply(f"the clip lies where no clip of this vendor lies: {str(link).partition('?')[0]}")
        zone = self._zone(api)
        names = ("submit_time", "scheduled_time", "end_time")
        created, started, finished = (_time(output.get(name), zone) for name in names)
        # The link says itself when it ends; its end was seen to be 24 h after the clip's.
        expires = moment_of(parse_qs(urlsplit(link).query).get("Expires", [None])[0])
        return Ready(
            clips=[Clip(link, signed=True, expires=expires or (finished and finished + KEPT))],
            usage=_usage(reply.get("usage")),
            times=Times(created, started, finished),
            rewritten_prompt=output.get("actual_prompt") or None,
        )

    async def _sound(self, api: Api, plan: Plan, media: Any) -> Input:
        """Sound by its URL, or uploaded: this API takes no sound in the body."""
        if is_remote(media):
            return _by_url("audio_track", media)
        data, limits = local_bytes(media), plan.endpoint.inputs.audio_track
        sound = sound_of(data, name_of(media))
        misfits = [] if limits is None else [*_sound_misfits(sound, limits)]
        if misfits:
            raise Unsupported(f"{plan.endpoint.id} cannot take audio_track:", reasons=misfits)
        kind = "audio/mpeg" if sound.format == "mp3" else f"audio/{sound.format}"
        file = Input(f"audio_track.{sound.format}", kind, data)
        return await self._uploaded(api, plan, file)

    async def _uploaded(self, api: Api, plan: Plan, file: Input) -> Input:
        """`file` in the vendor's temporary store, where it stays for 48 hours, for this model alone."""
        query = {"action": "getPolicy", "model": plan.endpoint.wire_names[plan.settings.mode]}
        # Alibaba documents uploads for Beijing alone (page of 2026-03-23); its SDK asks every region for them.
        hint = "Uploads are documented for the Beijing region alone: give audio_track as a public https URL."
        try:
            reply = _read(await api.get("/uploads", params=query, headers=self._headers()), submitting=True)
        except (Unsupported, NotAuthorized) as error:
            error.hint = f"{error.hint}\n{hint}" if error.hint else hint
            raise
        policy = reply.get("data")
        if not isinstance(policy, dict):
            raise BadReply("the answer to a request to upload has no data")
        try:
            host, key = str(policy["upload_host"]), f"{policy['upload_dir']}/{file.name}"
            form = {
                "OSSAccessKeyId": str(policy["oss_access_key_id"]),
                "Signature": str(policy["signature"]),
                "policy": str(policy["policy"]),
                "x-oss-object-acl": str(policy["x_oss_object_acl"]),
                "x-oss-forbid-overwrite": str(policy["x_oss_forbid_overwrite"]),
                "key": key,
                "success_action_status": "200",
            }
        except KeyError as missing:
            raise BadReply(f"the permission to upload has no {missing}") from None
        if not _of_vendor(host, api, schemes=("https",)):
            raise BadReply(f"the permission to upload names a host that is not the vendor's: {host.partition('?')[0]}")
        most = number_of(policy.get("max_file_size_mb"))
        if most is not None and len(file.data) > most * 1024 * 1024:
            raise Unsupported(f"{plan.endpoint.id} takes uploads of up to {most} MB", hint=hint)
        files = {"file": (file.name, file.data, file.content_type)}
        response = await api.post(host, data=form, files=files, keyless=True)
        if response.status_code != 200:
            code = re.search(r"<Code>(\w+)</Code>", response.text)
            raise Unavailable(f"the upload failed: HTTP {response.status_code}" + (f" ({code[1]})" if code else ""))
        return Input(file.name, file.content_type, url=f"oss://{key}")

    def _zone(self, api: Api) -> timezone | None:
        if self.settings.utc_offset_hours is not None:
            return timezone(timedelta(hours=self.settings.utc_offset_hours))
        host = urlsplit(api.base_url).hostname or ""
        # A recorded link of 2026-09-23 ended 24 h after its task's end_time read as UTC+8.
        beijing = host == "dashscope.aliyuncs.com" or host.endswith(".cn-beijing.maas.aliyuncs.com")
        return timezone(timedelta(hours=8)) if beijing else None

    def _window(self, api: Api, after: datetime, before: datetime) -> dict[str, str]:
        """The vendor's filter by time, at most 24 h wide; left out, it shows the last 24 h, all that it keeps."""
        zone = self._zone(api)
        start, end = after - timedelta(seconds=1), before + timedelta(seconds=1)
        if zone is None or end - start > KEPT:
            return {}
        return {name: f"{at.astimezone(zone):%Y%m%d%H%M%S}" for name, at in (("start_time", start), ("end_time", end))}

    def _made(self, api: Api, task: Mapping[str, Any]) -> datetime | None:
        milliseconds = number_of(task.get("gmt_create"))
        if milliseconds is not None:
            return moment_of(milliseconds / 1000)
        return _time(task.get("submit_time"), self._zone(api))


# --- what goes in -----------------------------------------------------------------------------------------------------


def _check(plan: Plan, samples: int) -> None:
    """Raises Unsupported for what the endpoint does not offer or this wire cannot carry."""
    check(plan)
    name, settings = plan.endpoint.id, plan.settings
    if settings.mode not in (Mode.TEXT, Mode.IMAGE):
        raise Unsupported(f"{name}: this wire starts a clip from text or a first frame, not from {settings.mode}")
    if (settings.mode is Mode.TEXT) == (settings.size is None):
        raise Unsupported(
            f"{name}: on this wire a clip from text has a size, and one from a first frame its shape",
            hint="Give its card sizes for text and shaped_by_image for image.",
        )
    model = plan.endpoint.wire_names[settings.mode]
    if OTHER_SHAPE.match(model):
        raise Unsupported(f"{name}: {model} takes its inputs in another shape; Wan 2.1 to 2.6 are spoken here")
    if settings.seconds != int(settings.seconds):
        raise Unsupported(f"{name}: this wire takes whole seconds, not {settings.seconds:g}")
    if samples != 1:
        raise Unsupported(f"{name}: this wire makes one clip a submission, not {samples}")


def _options(plan: Plan) -> DashScopeOptions:
    options = options_of(DashScopeOptions, plan)
    if options.template is not None and plan.request.mode is not Mode.IMAGE:
        raise BadInput(f"options.{plan.endpoint.provider}.template: needs image, a first frame to apply it to")
    return options


async def _picture(api: Api, plan: Plan, media: Any) -> Input:
    """A picture by its URL; a local one goes along in the body, which every region takes, unlike uploads."""
    cropped = plan.settings.size is None and plan.request.aspect_ratio is not None
    if is_remote(media) and not (cropped and media.startswith("http")):
        if cropped:
            raise Unsupported(
                f"{name_of(media)} cannot be cropped to {plan.request.aspect_ratio} from here",
                hint="Leave aspect_ratio out, or give a file or an http(s) URL.",
            )
        return _by_url("image", media)
    return await picture_input(api, plan, "image", media)


def _by_url(field: str, media: str) -> Input:
    if not media.startswith(("http://", "https://", "oss://")):
        raise BadInput(f"{name_of(media)}: this provider cannot read such URLs", hint="Give a file or an https URL.")
    return Input(field, "", url=media)


def _url(file: Input) -> str:
    from base64 import b64encode

    return file.url or f"data:{file.content_type};base64,{b64encode(file.data).decode()}"


def _sound_misfits(sound: Sound, limits: SoundLimits) -> Iterator[str]:
    if sound.format not in limits.formats:
        yield f"takes {' or '.join(limits.formats)}, not {sound.format}"
    if limits.max_bytes is not None and sound.bytes > limits.max_bytes:
        yield f"takes up to {limits.max_bytes / 1e6:g} MB, not {sound.bytes / 1e6:.1f} MB"
    if sound.seconds is not None and limits.min_seconds is not None and sound.seconds < limits.min_seconds:
        yield f"takes at least {limits.min_seconds:g} s, not {sound.seconds:.2f} s"
    if sound.seconds is not None and limits.max_seconds is not None and sound.seconds > limits.max_seconds:
        yield f"takes up to {limits.max_seconds:g} s, not {sound.seconds:.2f} s"


def _of_vendor(url: str, api: Api, *, schemes: Sequence[str] = ("https", "http")) -> bool:
    """True for hosts of Alibaba Cloud; beside an API on plain http, as simulators are, also for hosts of its own."""
    try:
        link, own = urlsplit(url), urlsplit(api.base_url)
    except ValueError:
        return False
    host = link.hostname or ""
    if host.endswith(".aliyuncs.com"):
        return link.scheme in schemes
    if own.scheme == "https":
        return False
    here = {"localhost", "127.0.0.1", "::1"}
    same = host == own.hostname or host.endswith(f".{own.hostname}") or (host in here and own.hostname in here)
    return link.scheme in ("http", "https") and same


# --- what comes back --------------------------------------------------------------------------------------------------


def _read(response: Response, *, submitting: bool = False) -> Mapping[str, Any]:
    """The object in an answer, or the error that it stands for: by HTTP status, or by a `code` with HTTP 200."""
    reply = reply_of(response)
    if not isinstance(reply, dict):
        if response.status_code < 400:
            raise BadReply(f"HTTP {response.status_code} with JSON that is no object")
        reply = {}
    # A task that is there counts for more than a code beside it.
    if response.status_code >= 400 or (reply.get("code") and not _output(reply).get("task_id")):
        raise _error(response, reply, submitting)
    return reply


def _jobs(reply: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """A page of the vendor's list by id; Alibaba's manual calls it `data`, its SDK `tasks`."""
    tasks = reply.get("data", reply.get("tasks"))
    if not isinstance(tasks, list):
        raise BadReply("the list of tasks is none")
    return {task["task_id"]: task for task in tasks if isinstance(task, dict) and isinstance(task.get("task_id"), str)}


def _output(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    output = reply.get("output")
    return output if isinstance(output, dict) else {}


def _error(response: Response, reply: Mapping[str, Any], submitting: bool) -> VideoError:
    status, code = response.status_code, str(reply.get("code") or "")
    text = f"HTTP {status}: {reply.get('message') or 'no message'}" + (f" ({code})" if code else "")
    if reply.get("request_id"):
        text += f", request {reply['request_id']}"
    kind = _meaning(code) or _by_status(status)
    if kind is Unavailable and status == 400:  # InternalError.Algo: the request's fault
        kind = Unsupported
    if kind is RateLimited:
        return RateLimited(text, retry_after=retry_after(response))
    # A task that is over answers 200 and says so; about its end an HTTP error says nothing (404 is the gateway's).
    if not submitting and kind not in (NotAuthorized, Unavailable):
        return BadReply(text)
    return kind(text, hint=HINTS.get(kind))


def _meaning(code: str) -> type[VideoError] | None:
    return CODES.get(code) or CODES.get(code.partition(".")[0])


def _by_status(status: int) -> type[VideoError]:
    match status:
        case 401 | 402 | 403:
            return NotAuthorized
        case 429:
            return RateLimited
        case _ if status >= 500 or status in (408, 409, 425, 499):
            return Unavailable
        case _ if status >= 400:
            return Unsupported
        case _:  # an unknown code with HTTP 200: nobody knows what became of the job
            return BadReply


def _failure(output: Mapping[str, Any]) -> VideoError:
    """What a task that ended without a clip says of its end."""
    code = str(output.get("code") or "")
    message = output.get("message") or f"the task is {output.get('task_status')} without a clip or a reason"
    text = f"{message}" + (f" ({code})" if code else "")
    kind = _meaning(code)
    if kind is Refused:
        return Refused(text, hint=HINTS[Refused])
    return JobFailed(text, kind="invalid" if kind is Unsupported else "vendor")


def _fits(reply: Mapping[str, Any], fingerprint: Mapping[str, str]) -> bool | None:
    """Whether a task is the one with this fingerprint; None where it does not show enough to be sure."""
    prompt = _output(reply).get("orig_prompt")
    if not prompt:
        return None
    if prompt != fingerprint["prompt"]:
        return False
    usage = _usage(reply.get("usage")) or Usage()
    same_length = usage.seconds is None or usage.seconds == Decimal(fingerprint["seconds"])
    same_tier = usage.resolution is None or usage.resolution == fingerprint["resolution"]
    # Other settings than asked were seen in `usage` of jobs that were ours: not sure then, and not impossible.
    return True if same_length and same_tier else None


def _usage(usage: Any) -> Usage | None:
    """Its keys differ by model: `video_duration` up to 2.5, `duration` (input and output together) from then on."""
    if not isinstance(usage, dict):
        return None
    lengths = (number_of(usage.get(name)) for name in ("duration", "video_duration", "output_video_duration"))
    seconds = next((length for length in lengths if length is not None), None)
    clips = number_of(usage.get("video_count"))
    tier = number_of(str(usage.get("SR") or "").upper().removesuffix("P"))
    size = str(usage.get("size") or usage.get("video_ratio"))
    resolution = TIERS.get(size) if tier is None else f"{int(tier)}p"
    if seconds is None and clips is None and resolution is None:
        return None
    return Usage(seconds=seconds, clips=None if clips is None else int(clips), resolution=resolution)


def _time(text: Any, zone: timezone | None) -> datetime | None:
    """`2026-09-23 18:07:03.149` in the vendor's clock."""
    if zone is None or not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None
