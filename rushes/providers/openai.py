"""OpenAI's video jobs: POST /videos, GET /videos/{id}, GET /videos/{id}/content.

The wire outlived the service (OpenAI shut it down on 2026-09-24): vLLM-Omni, SGLang and others speak it, each with
words of its own. What differs between them is data: the `settings` of an entry in `providers.yaml`.

Wire: https://github.com/openai/openai-openapi (openapi.json of 2026-08-21), the openai Python SDK 2.54.0 and 3.54.0,
the vllm-omni 0.30.0 and sglang 0.5.23 wheels; read 2026-11-22.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from rushes.errors import (
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
from rushes.media import is_remote
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
    moment_of,
    multipart,
    number_of,
    picture_input,
    reply_of,
    retry_after,
    settings_of,
)
from rushes.request import Mode

QUEUED = {"queued", "pending", "submitted", "created"}
RUNNING = {"in_progress", "processing", "running", "generating", "postprocessing"}
DONE = {"completed", "succeeded", "success"}
FAILED = {"failed", "error"}
CANCELLED = {"cancelled", "canceled", "deleted"}
REFUSALS = {"moderation_blocked", "content_policy_violation", "sentinel_block"}
RETIRED_CODES = {
    "model_not_found",
    "model_deprecated",
    "model_unavailable",
    "deployment_not_found",
    "DeploymentNotFound",
}
#: Said of a model, a deployment or the API; an input that does not exist is another matter.
RETIRED_WORDS = re.compile(
    r"\b(model|deployment|api)\b.*(deprecated|shut ?down|retired|no longer available|does not exist)",
    re.IGNORECASE | re.DOTALL,
)


class OpenAISettings(BaseModel):
    """How a server that speaks this wire differs from OpenAI's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: False for a server of one model, which knows it by another name or not at all.
    send_model: bool = True
    #: Frames per second to ask for; None sends no such field. vLLM-Omni and SGLang assume 24, also for 16 fps models.
    fps: int | None = None
    #: The form field that switches sound on and off, where there is one.
    sound_field: str | None = None
    #: What DELETE does: removes finished jobs, stops running ones too, or is not there.
    delete: Literal["finished", "cancels", "none"] = "finished"
    #: True where a finished job's own `url` is to be used; the server keeps its files elsewhere then.
    content_by_url: bool = False
    #: True where GET /videos lists jobs, so that a lost answer can be looked up.
    lists: bool = True
    #: Azure's resource, which stands in its base URL and nowhere else.
    resource: str | None = None


class OpenAI:
    wire: ClassVar[str] = "openai"
    options: ClassVar[Mapping[str, type]] = {"fields": dict}
    shows_start: ClassVar[bool] = True

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings_of(OpenAISettings, settings, self.wire)

    @property
    def listable(self) -> bool:
        return self.settings.lists

    async def prepare(self, api: Api, plan: Plan, samples: int) -> Prepared:
        _check(plan, samples)
        inputs: dict[str, Input] = {}
        if plan.request.image is not None:
            inputs["image"] = await picture_input(api, plan, "image", plan.request.image)
        return Prepared(plan, samples, inputs)

    def submission(self, prepared: Prepared) -> Submission:
        plan, settings = prepared.plan, prepared.plan.settings
        extra = _check(plan, prepared.samples)
        fields = {
            "prompt": plan.request.prompt,
            "seconds": f"{settings.seconds:g}",  # text on this wire
            "size": str(settings.size),
        }
        if self.settings.send_model:
            fields["model"] = plan.endpoint.wire_names[settings.mode]
        if self.settings.fps is not None:
            fields["fps"] = str(self.settings.fps)
        if self.settings.sound_field is not None:
            fields[self.settings.sound_field] = "true" if settings.audio else "false"
        if plan.seed is not None:
            fields["seed"] = str(plan.seed)
        if plan.negative_prompt is not None:
            fields["negative_prompt"] = plan.negative_prompt
        if taken := (fields.keys() | {"input_reference"}) & extra.keys():
            raise Unsupported(f"options.{plan.endpoint.provider}.fields may not replace {', '.join(sorted(taken))}")
        files = {"input_reference": prepared.inputs["image"]} if "image" in prepared.inputs else {}
        fingerprint = {name: fields[name] for name in ("prompt", "seconds", "size", "model") if name in fields}
        sent = fields | {name: _text(value) for name, value in extra.items()}
        return multipart("/videos", sent, files, fingerprint=fingerprint)

    def accepted(self, response: Response) -> Ticket:
        reply = _read(response, submitting=True)
        if not isinstance(reply.get("id"), str) or not reply["id"]:
            raise BadReply("the answer to a submit has no id")
        return Ticket(reply["id"])

    def proves_not_accepted(self, response: Response) -> bool:
        return False

    async def poll(self, api: Api, ticket: Ticket) -> Pending | Ready:
        response = await api.get(_path(ticket))
        reply = _read(response)
        status = reply.get("status")
        if not isinstance(status, str):
            raise BadReply("the answer to a poll has no status")
        if status in DONE:
            return self._ready(ticket, reply)
        if status in FAILED:
            raise _failure(reply.get("error"))
        if status in CANCELLED or status == "expired":
            raise JobFailed(f"the job is {status}", kind="cancelled" if status in CANCELLED else "expired")
        known = status in QUEUED | RUNNING
        progress, wait = number_of(reply.get("progress")), response.headers.get("openai-poll-after-ms")
        return Pending(
            progress=None if progress is None else float(progress),
            started=status in RUNNING if known else None,
            unknown=None if known else status,
            wait=float(wait) / 1000 if wait and wait.isdecimal() else None,
        )

    async def find(
        self, api: Api, fingerprint: Mapping[str, str], after: datetime, before: datetime
    ) -> Sequence[Found]:
        found: list[Found] = []
        last = None
        while True:
            page = {"limit": "100", "order": "desc"} | ({"after": last} if last else {})
            reply = await _list(api, page)
            jobs = _jobs(reply)
            for job in jobs:
                created = moment_of(job.get("created_at"))
                if created is not None and after <= created <= before and _fits(job, fingerprint):
                    found.append(Found(Ticket(job["id"]), created, certain=job.get("prompt") is not None))
            oldest = moment_of(jobs[-1].get("created_at")) if jobs else None
            # As the SDKs have it: a list that does not say whether there is more ends with an empty page.
            past, last = last, reply.get("last_id")
            if not jobs or reply.get("has_more") is False or last in (None, "", past) or (oldest and oldest < after):
                return found

    async def cancel(self, api: Api, ticket: Ticket) -> bool:
        if self.settings.delete != "cancels":
            return False
        return (await api.request("DELETE", _path(ticket))).status_code == 200

    def _ready(self, ticket: Ticket, reply: Mapping[str, Any]) -> Ready:
        link = reply.get("url")
        elsewhere = self.settings.content_by_url and isinstance(link, str) and is_remote(link)
        expires = moment_of(reply.get("expires_at"))
        # No `variant`: SGLang takes it for an output's index and answers 404.
        clip = Clip(link if elsewhere else f"{_path(ticket)}/content", signed=elsewhere, expires=expires)
        seconds = number_of(reply.get("duration_s"))
        return Ready(
            clips=[clip],
            usage=None if seconds is None else Usage(seconds=seconds, clips=1),
            times=Times(created=moment_of(reply.get("created_at")), finished=moment_of(reply.get("completed_at"))),
            rewritten_prompt=reply.get("revised_prompt"),
        )


# --- what goes in -----------------------------------------------------------------------------------------------------


def _check(plan: Plan, samples: int) -> Mapping[str, Any]:
    """The extra form fields. Raises Unsupported for what this wire has no words for, though a card may offer it."""
    check(plan)
    name, settings, request = plan.endpoint.id, plan.settings, plan.request
    if settings.mode not in (Mode.TEXT, Mode.IMAGE) or request.audio_track is not None:
        raise Unsupported(f"{name}: this wire takes a prompt and a first frame, nothing else")
    if settings.size is None:
        raise Unsupported(f"{name}: this wire needs a size in pixels", hint="Give its card sizes, not shaped_by_image.")
    if samples != 1:
        raise Unsupported(f"{name}: this wire makes one clip a submission, not {samples}")
    extra = request.options.get(plan.endpoint.provider, {}).get("fields", {})
    if not isinstance(extra, Mapping):
        raise Unsupported(f"options.{plan.endpoint.provider}.fields holds form fields by name, not {extra!r}")
    return extra


def _text(value: Any) -> str:
    """A form field's text: numbers, truth values and nested things as JSON, which the servers of this wire read."""
    return value if isinstance(value, str) else json.dumps(value)


def _path(ticket: Ticket) -> str:
    # LiteLLM's ids are base64 and may hold a slash.
    return f"/videos/{quote(ticket.id, safe='')}"


# --- what comes back --------------------------------------------------------------------------------------------------


def _read(response: Response, *, submitting: bool = False) -> Mapping[str, Any]:
    """The object in an answer, or the error that it stands for."""
    reply = reply_of(response)
    # vLLM-Omni answers for a failed job with an HTTP error and the whole job as the body: the body comes first.
    if isinstance(reply, dict) and reply.get("object") == "video" and "status" in reply and not submitting:
        return reply
    if response.status_code >= 400:
        raise _error(response, reply, submitting)
    if not isinstance(reply, dict):
        raise BadReply(f"HTTP {response.status_code} with JSON that is no object")
    return reply


async def _list(api: Api, page: Mapping[str, str]) -> Mapping[str, Any]:
    response = await api.get("/videos", params=page)
    if response.status_code in (404, 410):  # the list is not there; that says nothing of any job
        hint = "A server that lists no jobs needs `settings: {lists: false}`."
        raise BadReply(f"HTTP {response.status_code} for the list of jobs", hint=hint)
    return _read(response)


def _jobs(reply: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    jobs = reply.get("data")
    if not isinstance(jobs, list) or not all(isinstance(job, dict) and isinstance(job.get("id"), str) for job in jobs):
        raise BadReply("the list of jobs is none")
    return jobs


def _error(response: Response, reply: Any, submitting: bool) -> VideoError:
    status = response.status_code
    code, message = _code_and_message(reply)
    text = f"HTTP {status}: {message or 'no message'}" + (f" ({code})" if code else "")
    if code in REFUSALS:
        return Refused(text, hint=REFUSED_HINT)
    gone = code in RETIRED_CODES or RETIRED_WORDS.search(message) is not None
    # A deployment made minutes ago answers 404 too: that is no retirement (MicrosoftLearning/mslearn-ai-vision#81).
    if submitting and gone and status in (400, 403, 404, 410) and "wait a moment" not in message:
        return Retired(text)
    match status:
        case 401 | 402 | 403:
            return NotAuthorized(text)
        # Only in a server's own words: a 404 from anything on the way tells nothing of a job.
        case 404 | 410 if not submitting and (code or message):
            return JobLost(text)
        case 429:
            return RateLimited(text, retry_after=retry_after(response))
        case _ if status >= 500 or status in (404, 408, 409, 425, 499):
            return Unavailable(text)
        case _ if submitting:
            return Unsupported(text)
        case _:
            return BadReply(text)


def _code_and_message(reply: Any) -> tuple[str, str]:
    """`error` as object, text or missing, `code` as text or number, `detail` as text or list."""
    error = reply.get("error", reply.get("detail")) if isinstance(reply, dict) else None
    if isinstance(error, dict):
        return str(error.get("code") or ""), str(error.get("message") or "")
    if isinstance(error, list):
        return "", "; ".join(str(each.get("msg", each)) if isinstance(each, dict) else str(each) for each in error)
    return "", str(error or "")


def _failure(error: Any) -> VideoError:
    code, message = _code_and_message({"error": error})
    text = f"{message or 'the vendor gave no reason'}" + (f" ({code})" if code else "")
    if code in REFUSALS:
        return Refused(text, hint=REFUSED_HINT)
    return JobFailed(text, kind="invalid" if code.startswith("4") else "vendor")


def _fits(job: Mapping[str, Any], fingerprint: Mapping[str, str]) -> bool:
    return all(job.get(name) is None or _same(job[name], value) for name, value in fingerprint.items())


def _same(shown: Any, sent: str) -> bool:
    """`seconds` comes back as text, as a whole number or with a decimal point."""
    return str(shown) == sent or (number_of(shown) is not None and number_of(shown) == number_of(sent))
