"""What every adapter promises: it translates, and does nothing else.

No client of its own, no sleep, no loop over time, no retry, no environment, no choice of model. Only `rushes.jobs`
sends a submission, waits and fetches. Adapters keep one order, one shape and the same names, so that reading two side
by side shows only what really differs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from rushes.errors import BadConfig, BadInput, BadReply, Unsupported
from rushes.http import Api, httpx
from rushes.media import cover, is_remote, local_bytes, name_of, picture_of
from rushes.plan import Plan, picture_misfits

Response = httpx.Response
Fields = TypeVar("Fields", bound=BaseModel)

REFUSED_HINT = "Change the prompt or the picture; the same ones are refused again."
#: Larger inputs than this are refused while they are being read.
MAX_INPUT_BYTES = 100_000_000


@dataclass(frozen=True)
class Input:
    """One file that goes along: its bytes, or a URL that the vendor itself can read."""

    name: str
    content_type: str
    data: bytes = b""
    url: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A plan whose inputs are at hand, fitted and uploaded. Making it costs nothing and may be repeated."""

    plan: Plan
    #: How many clips this one submission asks for.
    samples: int = 1
    #: By field of the request: `image`, `last_image`, `reference_images[0]`, `audio_track`, `extend`.
    inputs: Mapping[str, Input] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """The exact bytes to be sent, so that the ledger can keep them before they go."""

    path: str
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    #: What a vendor's list would show of this job; `find` compares it.
    fingerprint: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ticket:
    """What the vendor gave us to ask again with; enough to resume a job tomorrow."""

    id: str
    #: Whatever else the wire needs to ask again.
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Times:
    """The vendor's own clock, where it tells: each None where it does not."""

    created: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None


@dataclass(frozen=True)
class Pending:
    """Not yet."""

    #: Percent, where the vendor tells.
    progress: float | None = None
    #: True once the vendor says that it renders, False while it says queued, None where it does not say.
    started: bool | None = None
    #: A status word that nobody knows; waited for until the deadline and logged once.
    unknown: str | None = None
    #: Seconds that the vendor asks us to wait before the next poll.
    wait: float | None = None


@dataclass(frozen=True)
class Clip:
    """One finished clip to fetch: by `url`, or already here as `data`."""

    url: str | None = None
    data: bytes | None = None
    #: True where the URL carries its own permission; our key is not sent along then.
    signed: bool = False
    expires: datetime | None = None


@dataclass(frozen=True)
class Usage:
    """What the vendor says it will charge for: seconds of video, and how many clips."""

    seconds: Decimal | None = None
    clips: int | None = None
    #: `480p` … as reported, where it is.
    resolution: str | None = None


@dataclass(frozen=True)
class Ready:
    """Finished: its clips, and a reason for each one that the vendor held back."""

    clips: Sequence[Clip]
    refused: Sequence[str] = ()
    usage: Usage | None = None
    times: Times = Times()
    #: The prompt as the vendor rewrote it, where it says so.
    rewritten_prompt: str | None = None


@dataclass(frozen=True)
class Found:
    """A job in the vendor's list that could be ours."""

    ticket: Ticket
    created: datetime
    #: False where the list does not say enough (such as the prompt) to be sure that it fits.
    certain: bool


class Adapter(Protocol):
    """One wire, shared by every provider entry that speaks it."""

    wire: ClassVar[str]
    #: Names that `request.options[provider]` may hold, with the type of each.
    options: ClassVar[Mapping[str, type]]
    #: True where a poll tells a queued job from one that is being rendered.
    shows_start: ClassVar[bool]

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """`settings` are the provider entry's own, from `providers.yaml`. Raises BadConfig for unknown ones."""
        ...

    @property
    def listable(self) -> bool:
        """True where `find` can look a lost job up."""
        ...

    async def prepare(self, api: Api, plan: Plan, samples: int) -> Prepared:
        """Reads, fits and uploads the inputs; costs nothing and may be repeated."""
        ...

    def submission(self, prepared: Prepared) -> Submission:
        """Our words to theirs. Pure, and held against the endpoint's offers once more."""
        ...

    def accepted(self, response: Response) -> Ticket:
        """Their answer to a submission: the ticket, or the error that it stands for."""
        ...

    def proves_not_accepted(self, response: Response) -> bool:
        """True only where a source says that this answer, though listed as unclear, means that no job was made."""
        ...

    async def poll(self, api: Api, ticket: Ticket) -> Pending | Ready:
        """Asks once. Raises Refused, JobFailed or JobLost where the job has ended without a clip."""
        ...

    async def find(
        self, api: Api, fingerprint: Mapping[str, str], after: datetime, before: datetime
    ) -> Sequence[Found]:
        """Jobs in the vendor's list made between the two times that fit the fingerprint."""
        ...

    async def cancel(self, api: Api, ticket: Ticket) -> bool:
        """Asks the vendor to stop the job; False where it cannot or will not."""
        ...


# --- what adapters share ----------------------------------------------------------------------------------------------


def settings_of(model: type[Fields], given: Mapping[str, Any], wire: str) -> Fields:
    """A provider entry's settings as the adapter's own type. Raises BadConfig for what it does not know."""
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        valid = ", ".join(model.model_fields) or "none"
        raise BadConfig(f"settings of the {wire} wire: {_complaints(error)}; valid settings: {valid}") from None


def options_of(model: type[Fields], plan: Plan) -> Fields:
    """The request's options for the plan's provider as the adapter's own type. Raises BadInput for unknown ones."""
    provider = plan.endpoint.provider
    try:
        return model.model_validate(dict(plan.request.options.get(provider, {})))
    except ValidationError as error:
        hint = f"It has {', '.join(model.model_fields)}."
        raise BadInput(f"options.{provider}: {_complaints(error)}", hint=hint) from None


def _complaints(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())


def multipart(path: str, fields: Mapping[str, str], files: Mapping[str, Input], **more: Any) -> Submission:
    """A multipart form; also without files, which httpx would otherwise send url-encoded."""
    parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in fields.items()]
    parts += [(name, (file.name, file.data, file.content_type)) for name, file in files.items()]
    # httpx draws a boundary at random; equal submissions are to be equal bytes.
    content = sha256(
        repr([*fields.items(), *((name, file.name, file.content_type) for name, file in files.items())]).encode()
    )
    for file in files.values():
        content.update(file.data)
    headers = {"content-type": f"multipart/form-data; boundary={content.hexdigest()[:32]}"}
    request = httpx.Request("POST", "http://unsent.invalid", files=parts, headers=headers)
    return Submission(path, request.headers["content-type"], request.read(), **more)


def json_body(path: str, body: Mapping[str, Any], **more: Any) -> Submission:
    """A JSON body."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Submission(path, "application/json", text.encode(), **more)


def json_of(response: Response) -> Any:
    """The JSON of an answer. Raises BadReply for what is none."""
    try:
        return json.loads(response.content)
    except ValueError:
        kind = response.headers.get("content-type", "no content type")
        raise BadReply(f"HTTP {response.status_code} with {kind} where JSON was due") from None


def reply_of(response: Response) -> Any:
    """The JSON of an answer, and an empty object for an error that has none. Raises BadReply for a success without."""
    try:
        return json_of(response)
    except BadReply:
        if response.status_code < 400:
            raise
        return {}


def number_of(value: Any) -> Decimal | None:
    """A count or an amount in a reply, as number or text; None for what is none, negative ones included."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 else None


def moment_of(seconds: Any) -> datetime | None:
    """POSIX seconds in a reply as a time in UTC; None for what is none."""
    number = number_of(seconds)
    try:
        return None if number is None else datetime.fromtimestamp(float(number), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def retry_after(response: Response) -> float | None:
    """The wait in seconds that the vendor asks for, from `retry-after-ms` or `retry-after` (seconds or a date)."""
    from email.utils import parsedate_to_datetime

    text = response.headers.get("retry-after-ms")
    try:
        if text is not None:
            return max(0.0, float(text) / 1000)
        text = response.headers.get("retry-after")
        if text is None:
            return None
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        wanted = parsedate_to_datetime(text or "")
        now = parsedate_to_datetime(response.headers["date"])
        return max(0.0, (wanted - now).total_seconds())
    except (ValueError, KeyError, TypeError):
        return None


async def media_bytes(api: Api, media: Any) -> bytes:
    """The content of an input, fetched without our key where it is a URL. Raises BadInput."""
    if not is_remote(media):
        return local_bytes(media)
    name = name_of(media)
    if not media.startswith(("http://", "https://")):
        raise BadInput(f"{name}: this provider cannot read such URLs", hint="Give a file or an http(s) URL.")
    data = bytearray()
    try:
        async with api.stream("GET", media, keyless=True) as response:
            if response.status_code != 200:
                raise BadInput(f"{name}: HTTP {response.status_code}")
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > MAX_INPUT_BYTES:
                    raise BadInput(f"{name}: larger than {MAX_INPUT_BYTES // 1_000_000} MB")
    except httpx.HTTPError as error:
        raise BadInput(f"{name}: cannot be fetched: {type(error).__name__}") from None
    return bytes(data)


async def picture_input(api: Api, plan: Plan, field: str, media: Any) -> Input:
    """A picture of the request, scaled and cropped where the endpoint wants it exactly as large as the clip.

    Raises BadInput for what is no picture and Unsupported for one that this endpoint does not take.
    """
    data = await media_bytes(api, media)
    found = picture_of(data, name_of(media))
    limits, size, ratio = plan.endpoint.inputs.images, plan.settings.size, plan.request.aspect_ratio
    if limits is not None and (misfits := [*picture_misfits(found, limits)]):
        raise Unsupported(f"{plan.endpoint.id} cannot take {field}:", reasons=misfits)
    if limits is not None and limits.exact_size and size is not None:
        data = cover(data, size.width, size.height)
    elif size is None and ratio is not None:
        data = cover(data, *_cropped(found.width, found.height, ratio))
    found = picture_of(data, name_of(media))
    if limits is not None and (misfits := [*picture_misfits(found, limits)]):
        raise Unsupported(f"{plan.endpoint.id} cannot take {field} once it is cropped:", reasons=misfits)
    stem = field.translate(str.maketrans("[", "-", "]"))
    suffix = "jpg" if found.format == "jpeg" else found.format
    return Input(f"{stem}.{suffix}", f"image/{found.format}", data)


def _cropped(width: int, height: int, ratio: str) -> tuple[int, int]:
    across, down = (int(part) for part in ratio.split(":"))
    if width * down > height * across:
        return round(height * across / down), height
    return width, round(width * down / across)
