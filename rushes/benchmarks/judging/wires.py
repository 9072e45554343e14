"""How a question goes out and an answer comes back: chat completions on any server, and Google's generateContent.

Each wire translates and does nothing else. Sources, read 2026-11-22: OpenAI's API reference for chat completions and
its guide to images, vLLM's and llama.cpp's pages on the servers that speak the same; Google's reference for
generateContent, its guides to video, safety and troubleshooting, and the aiplatform discovery document.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rushes.benchmarks.judging import rubric
from rushes.benchmarks.judging.answers import Outcome, Reply, Usage, parse
from rushes.benchmarks.judging.frames import Seen
from rushes.benchmarks.judging.judges import Judge
from rushes.benchmarks.votes import Reason
from rushes.providers.base import Response, json_body, retry_after

SIMULATED = "x-rushes-simulated"


@dataclass(frozen=True)
class Question:
    """Two films side by side, as they are shown."""

    prompt: str
    left: Seen
    right: Seen
    #: The dimensions that are asked for.
    asked: tuple[Reason, ...]


@dataclass(frozen=True)
class Body:
    """The exact bytes of a question, and where they go, relative to the base URL."""

    path: str
    content: bytes


class Wire(Protocol):
    """What every wire can."""

    def body(self, judge: Judge, question: Question) -> Body: ...

    def reply(self, response: Response, asked: Sequence[Reason]) -> Reply:
        """What an answer says; never raises."""
        ...


class OpenAI:
    """POST /chat/completions, with pictures as data URLs."""

    def body(self, judge: Judge, question: Question) -> Body:
        content: list[dict[str, Any]] = [{"type": "text", "text": rubric.opening(question.prompt)}]
        for side, seen in (("left", question.left), ("right", question.right)):
            text = rubric.heading(side, frames=seen.frames, fps=judge.fps, sheets=seen.sheets)
            content.append({"type": "text", "text": text})
            for picture in seen.pictures:
                url = f"data:image/jpeg;base64,{b64encode(picture).decode()}"
                content.append({"type": "image_url", "image_url": {"url": url}})
        content.append({"type": "text", "text": rubric.question(question.asked)})
        body: dict[str, Any] = {
            "model": judge.model,
            "messages": [{"role": "user", "content": content}],
            judge.answer_limit: judge.answer_tokens,
        }
        if judge.temperature is not None:
            body["temperature"] = judge.temperature
        if judge.json_mode == "object":
            body["response_format"] = {"type": "json_object"}
        elif judge.json_mode == "schema":
            schema = {"name": "comparison", "strict": True, "schema": rubric.json_schema(question.asked)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return Body("/chat/completions", json_body("", _merged(body, judge.body)).body)

    def reply(self, response: Response, asked: Sequence[Reason]) -> Reply:
        data = _object(response)
        if response.status_code != 200:
            return _failed(response, data)
        told = _part(data, "usage")
        usage = Usage(_count(told.get("prompt_tokens")), _count(told.get("completion_tokens")))
        choice = _first(data.get("choices"))
        message = _part(choice, "message")
        words = message.get("content")
        refusal = message.get("refusal")
        if isinstance(words, list):  # some servers answer in parts
            words = "".join(str(_part_of(each).get("text", "")) for each in words)
        text = words if isinstance(words, str) else ""
        if refusal or choice.get("finish_reason") == "content_filter":
            return _heard(response, data, "refused", str(refusal or text), usage)
        if choice.get("finish_reason") == "length":
            return _heard(response, data, "truncated", text, usage)
        return _heard(response, data, None, text, usage, asked)


class Gemini:
    """POST /models/MODEL:generateContent, with pictures or films inline; on Vertex AI below a project's publisher."""

    #: What Google calls an answer that its filters held back.
    HELD_BACK = frozenset(
        {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "LANGUAGE"}
    )

    def body(self, judge: Judge, question: Question) -> Body:
        parts: list[dict[str, Any]] = [{"text": rubric.opening(question.prompt)}]
        for side, seen in (("left", question.left), ("right", question.right)):
            frames = None if seen.film is not None else seen.frames
            parts.append({"text": rubric.heading(side, frames=frames, fps=judge.fps, sheets=seen.sheets)})
            if seen.film is not None:
                # Without it Google looks at one frame a second.
                parts.append({"inlineData": _inline("video/mp4", seen.film), "videoMetadata": {"fps": judge.fps}})
            parts += [{"inlineData": _inline("image/jpeg", picture)} for picture in seen.pictures]
        parts.append({"text": rubric.question(question.asked)})
        wanted: dict[str, Any] = {
            "maxOutputTokens": judge.answer_tokens,
            "responseMimeType": "application/json",
            "responseSchema": rubric.openapi_schema(question.asked),
        }
        if judge.temperature is not None:
            wanted["temperature"] = judge.temperature
        body = {"contents": [{"role": "user", "parts": parts}], "generationConfig": wanted}
        return Body(f"/models/{judge.model}:generateContent", json_body("", _merged(body, judge.body)).body)

    def reply(self, response: Response, asked: Sequence[Reason]) -> Reply:
        data = _object(response)
        if response.status_code != 200:
            return _failed(response, data)
        told = _part(data, "usageMetadata")
        spoken, thought = _count(told.get("candidatesTokenCount")), _count(told.get("thoughtsTokenCount"))
        output = None if spoken is None and thought is None else (spoken or 0) + (thought or 0)
        usage = Usage(_count(told.get("promptTokenCount")), output)
        blocked = _part(data, "promptFeedback").get("blockReason")
        if blocked:
            return _heard(response, data, "refused", str(blocked), usage)
        candidate = _first(data.get("candidates"))
        parts = _part(candidate, "content").get("parts")
        spoken_parts = [_part_of(each) for each in parts] if isinstance(parts, list) else []
        text = "".join(str(each.get("text", "")) for each in spoken_parts if not each.get("thought"))
        ended = str(candidate.get("finishReason", "STOP"))
        if ended in self.HELD_BACK:
            return _heard(response, data, "refused", text or ended, usage)
        if ended == "MAX_TOKENS":
            return _heard(response, data, "truncated", text, usage)
        return _heard(response, data, None, text, usage, asked)


WIRES: Mapping[str, Wire] = {"openai": OpenAI(), "gemini": Gemini()}


def _heard(
    response: Response,
    data: Mapping[str, Any],
    outcome: Outcome | None,
    words: str,
    usage: Usage,
    asked: Sequence[Reason] = (),
) -> Reply:
    """An answer that came whole; its words are read where no outcome is known yet."""
    answer = None
    if outcome is None:
        outcome, answer = parse(words, asked)
    model = data.get("modelVersion", data.get("model"))
    return Reply(
        outcome,
        answer,
        words,
        usage,
        response.status_code,
        model=model if isinstance(model, str) else None,
        simulated=SIMULATED in response.headers,
    )


def _failed(response: Response, data: Mapping[str, Any]) -> Reply:
    """An answer with another status than 200."""
    # Some proxies give the error as plain text; Google's streams wrap it in a list.
    error = _part(data, "error")
    words = str(error.get("message") or data.get("error") or data.get("message") or data.get("detail") or "")
    if not words:
        words = response.text[:300]
    codes = {str(error.get(name)) for name in ("code", "type", "status")}
    codes |= {str(_part_of(each).get("reason")) for each in _list(error.get("details"))}
    return Reply(
        _outcome(response.status_code, codes),
        words=words,
        status=response.status_code,
        wait=retry_after(response) or _retry_delay(error),
        simulated=SIMULATED in response.headers,
    )


def _outcome(status: int, codes: set[str]) -> Outcome:
    # Google says 400 to a wrong key (its troubleshooting page); OpenAI says 429 to an account without money.
    if status in (401, 402, 403) or codes & {"API_KEY_INVALID", "insufficient_quota", "billing_hard_limit_reached"}:
        return "unauthorized"
    if codes & {"content_policy_violation", "content_filter"}:
        return "refused"
    if status == 429:
        return "rate_limited"
    if status == 408:
        return "timed_out"
    return "unavailable" if status >= 500 else "rejected"


def _retry_delay(error: Mapping[str, Any]) -> float | None:
    """Google's RetryInfo, such as "12s"."""
    for each in _list(error.get("details")):
        delay = _part_of(each).get("retryDelay")
        if isinstance(delay, str) and delay.endswith("s"):
            try:
                return max(0.0, float(delay[:-1]))
            except ValueError:
                return None
    return None


def _merged(body: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`more` laid over `body`, blocks within blocks."""
    merged = dict(body)
    for name, value in more.items():
        inner = merged.get(name)
        merged[name] = _merged(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return merged


def _inline(kind: str, data: bytes) -> dict[str, str]:
    return {"mimeType": kind, "data": b64encode(data).decode()}


def _object(response: Response) -> Mapping[str, Any]:
    try:
        data = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return _part_of(data[0] if isinstance(data, list) and data else data)


def _part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _part_of(data.get(name))


def _part_of(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _first(value: Any) -> Mapping[str, Any]:
    return _part_of(value[0]) if isinstance(value, list) and value else {}


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
