"""The two wires: what goes out, byte for byte, and what every kind of answer means."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest

from rushes.benchmarks.judging.answers import Reply
from rushes.benchmarks.judging.frames import Seen
from rushes.benchmarks.judging.judges import Judge
from rushes.benchmarks.judging.rubric import dimensions
from rushes.benchmarks.judging.wires import WIRES, Question
from rushes.http import httpx
from tests.benchmarks.test_judge_answers import answer

SEEN = dimensions(sound=False)
LEFT, RIGHT = Seen((b"l1", b"l2"), frames=2, seconds=0.5), Seen((b"r1", b"r2"), frames=2, seconds=0.5)
FILMS = Seen(film=b"left film", frames=8, seconds=2.0), Seen(film=b"right film", frames=8, seconds=2.0)
GOOD = json.dumps(answer())


def judge(wire: str = "openai", **changes: Any) -> Judge:
    given: dict[str, Any] = {
        "name": "A judge",
        "wire": wire,
        "model": "judge-1",
        "base_url": "https://judge.test/v1",
        "auth": "bearer",
        "key_variables": ("JUDGE_KEY",),
    }
    return Judge(**(given | changes))


def sent(by: Judge, left: Seen = LEFT, right: Seen = RIGHT) -> Any:
    asked = dimensions(sound=by.hears)
    return json.loads(WIRES[by.wire].body(by, Question("a paper boat", left, right, asked)).content)


def heard(wire: str, body: Any, status: int = 200, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return WIRES[wire].reply(httpx.Response(status, content=content, headers=named), SEEN)


def chat(words: Any = GOOD, ended: str = "stop", **message: Any) -> dict[str, Any]:
    return {
        "model": "judge-1-0901",
        "choices": [{"message": {"role": "assistant", "content": words, **message}, "finish_reason": ended}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 80},
    }


def google(words: str = GOOD, ended: str = "STOP", **more: Any) -> dict[str, Any]:
    return {
        "modelVersion": "judge-1-0901",
        "candidates": [{"content": {"parts": [{"text": words}]}, "finishReason": ended}],
        "usageMetadata": {"promptTokenCount": 900, "candidatesTokenCount": 80, "thoughtsTokenCount": 20},
        **more,
    }


# --- what goes out ----------------------------------------------------------------------------------------------------


def test_a_chat_shows_both_sides_pictures_in_order_between_the_prompt_and_the_question() -> None:
    body = sent(judge())
    parts = body["messages"][0]["content"]

    assert [part["type"] for part in parts] == ["text", "text", *["image_url"] * 2, "text", *["image_url"] * 2, "text"]
    assert "a paper boat" in parts[0]["text"]
    assert parts[1]["text"].startswith("LEFT video, 2 frames, 4 a second")
    assert parts[4]["text"].startswith("RIGHT video")
    pictures = [b64decode(part["image_url"]["url"].partition(",")[2]) for part in parts if part["type"] == "image_url"]
    assert pictures == [b"l1", b"l2", b"r1", b"r2"]
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("judge-1", 0, 2000)
    assert body["response_format"]["json_schema"]["strict"] is True


def test_a_temperature_that_a_model_does_not_take_is_left_out() -> None:
    assert "temperature" not in sent(judge(temperature=None))
    assert "temperature" not in sent(judge("gemini", temperature=None))["generationConfig"]


def test_the_limit_of_an_answer_goes_by_the_name_that_the_server_knows() -> None:
    body = sent(judge(answer_limit="max_completion_tokens", answer_tokens=777))

    assert body["max_completion_tokens"] == 777
    assert "max_tokens" not in body


@pytest.mark.parametrize(("mode", "form"), [("object", {"type": "json_object"}), ("none", None)])
def test_a_server_without_schemas_is_asked_for_json_in_another_way(mode: str, form: Any) -> None:
    assert sent(judge(json_mode=mode)).get("response_format") == form


def test_what_an_entry_adds_is_laid_over_the_request() -> None:
    more = {"generationConfig": {"thinkingConfig": {"thinkingLevel": "low"}}}

    config = sent(judge("gemini", body=more))["generationConfig"]

    assert config["thinkingConfig"] == {"thinkingLevel": "low"}
    assert config["maxOutputTokens"] == 2000


def test_google_is_sent_films_with_the_frames_a_second_that_it_is_to_look_at() -> None:
    body = sent(judge("gemini", sees="video", fps=6), *FILMS)
    parts = body["contents"][0]["parts"]
    films = [part for part in parts if "inlineData" in part]

    assert [b64decode(part["inlineData"]["data"]) for part in films] == [b"left film", b"right film"]
    assert {part["inlineData"]["mimeType"] for part in films} == {"video/mp4"}
    assert {part["videoMetadata"]["fps"] for part in films} == {6}
    assert body["generationConfig"]["responseMimeType"] == "application/json"
    assert "sound" in body["generationConfig"]["responseSchema"]["properties"]["left"]["properties"]


def test_google_takes_pictures_too() -> None:
    parts = sent(judge("gemini"))["contents"][0]["parts"]

    assert [part["inlineData"]["mimeType"] for part in parts if "inlineData" in part] == ["image/jpeg"] * 4
    assert not any("videoMetadata" in part for part in parts)


def test_the_same_question_is_the_same_bytes() -> None:
    for by in (judge(), judge("gemini")):
        question = Question("a boat", LEFT, RIGHT, SEEN)
        assert WIRES[by.wire].body(by, question) == WIRES[by.wire].body(by, question)


def test_each_wire_has_a_path_of_its_own() -> None:
    question = Question("a boat", LEFT, RIGHT, SEEN)

    assert WIRES["openai"].body(judge(), question).path == "/chat/completions"
    assert WIRES["gemini"].body(judge("gemini"), question).path == "/models/judge-1:generateContent"


# --- what comes back --------------------------------------------------------------------------------------------------


def test_a_good_answer_is_read_with_its_tokens_and_its_model() -> None:
    for wire, body in (("openai", chat()), ("gemini", google())):
        reply = heard(wire, body)

        assert reply.outcome == "answered"
        assert reply.answer is not None
        assert reply.answer.choice == "left"
        assert reply.usage.input == 900
        assert reply.model == "judge-1-0901"
        assert reply.status == 200
        assert not reply.simulated


def test_thoughts_count_as_words_spoken() -> None:
    assert heard("gemini", google()).usage.output == 100
    assert heard("openai", chat()).usage.output == 80


def test_thoughts_that_are_sent_along_are_no_part_of_the_answer() -> None:
    body = google()
    body["candidates"][0]["content"]["parts"].insert(0, {"text": "Let me see.", "thought": True})

    assert heard("gemini", body).outcome == "answered"


def test_content_in_parts_is_put_together() -> None:
    assert heard("openai", chat([{"type": "text", "text": GOOD[:9]}, {"text": GOOD[9:]}])).outcome == "answered"


@pytest.mark.parametrize(
    ("wire", "body", "outcome"),
    [
        ("openai", chat("The left one."), "nonsense"),
        ("openai", chat(""), "nonsense"),
        ("openai", chat(None), "nonsense"),
        ("openai", {}, "nonsense"),
        ("openai", {"choices": []}, "nonsense"),
        ("openai", {"choices": ["?"]}, "nonsense"),
        ("openai", [], "nonsense"),
        ("openai", b"<html>", "nonsense"),
        ("openai", chat('{"winner": "left"}'), "wrong_keys"),
        ("openai", chat(GOOD[:50], "length"), "truncated"),
        ("openai", chat(None, refusal="I cannot."), "refused"),
        ("openai", chat("", "content_filter"), "refused"),
        ("gemini", google("The left one."), "nonsense"),
        ("gemini", {"candidates": [{}]}, "nonsense"),
        ("gemini", {}, "nonsense"),
        ("gemini", google('{"winner": "left"}'), "wrong_keys"),
        ("gemini", google(GOOD[:50], "MAX_TOKENS"), "truncated"),
        ("gemini", google("", "SAFETY"), "refused"),
        ("gemini", google("", "PROHIBITED_CONTENT"), "refused"),
        ("gemini", {"promptFeedback": {"blockReason": "OTHER"}, "usageMetadata": {"promptTokenCount": 5}}, "refused"),
    ],
)
def test_an_answer_that_is_none_is_called_by_its_name(wire: str, body: Any, outcome: str) -> None:
    reply = heard(wire, body)

    assert (reply.outcome, reply.answer) == (outcome, None)


@pytest.mark.parametrize(
    ("wire", "status", "body", "outcome"),
    [
        (
            "openai",
            401,
            {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}},
            "unauthorized",
        ),
        ("openai", 402, {}, "unauthorized"),
        ("openai", 403, {"detail": "no"}, "unauthorized"),
        ("openai", 429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, "rate_limited"),
        ("openai", 429, {"error": {"message": "no money", "code": "insufficient_quota"}}, "unauthorized"),
        ("openai", 400, {"error": {"message": "bad temperature", "code": "unsupported_value"}}, "rejected"),
        ("openai", 400, {"error": {"message": "no", "code": "content_policy_violation"}}, "refused"),
        ("openai", 404, {"error": "model not found"}, "rejected"),
        ("openai", 413, b"too large", "rejected"),
        ("openai", 307, b"", "rejected"),
        ("openai", 408, {}, "timed_out"),
        ("openai", 500, {}, "unavailable"),
        ("openai", 502, b"<html>bad gateway</html>", "unavailable"),
        ("openai", 503, {"message": "loading"}, "unavailable"),
        (
            "gemini",
            400,
            {
                "error": {
                    "message": "API key not valid.",
                    "status": "INVALID_ARGUMENT",
                    "details": [{"reason": "API_KEY_INVALID"}],
                }
            },
            "unauthorized",
        ),
        ("gemini", 400, {"error": {"message": "Unknown name", "status": "INVALID_ARGUMENT"}}, "rejected"),
        ("gemini", 403, {"error": {"status": "PERMISSION_DENIED"}}, "unauthorized"),
        ("gemini", 404, {"error": {"status": "NOT_FOUND"}}, "rejected"),
        ("gemini", 429, {"error": {"status": "RESOURCE_EXHAUSTED"}}, "rate_limited"),
        ("gemini", 500, [{"error": {"status": "INTERNAL"}}], "unavailable"),
        ("gemini", 503, {"error": {"status": "UNAVAILABLE", "details": "?"}}, "unavailable"),
    ],
)
def test_every_status_means_one_thing(wire: str, status: int, body: Any, outcome: str) -> None:
    reply = heard(wire, body, status)

    assert (reply.outcome, reply.answer, reply.status) == (outcome, None, status)


def test_the_wait_is_the_servers_own_in_either_form() -> None:
    details = {"error": {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12s"}]}}
    odd = {"error": {"details": [{"retryDelay": "soons"}]}}

    assert heard("openai", {}, 429, retry_after="7").wait == 7
    assert heard("openai", {}, 429).wait is None
    assert heard("gemini", details, 429).wait == 12
    assert heard("gemini", odd, 429).wait is None


def test_an_answer_that_says_it_is_simulated_is_known_as_such() -> None:
    assert heard("openai", chat(), x_rushes_simulated="true").simulated
    assert heard("gemini", {}, 500, x_rushes_simulated="true").simulated


@pytest.mark.parametrize("count", [-1, 1.5, "9", True, None])
def test_tokens_that_are_no_count_are_not_known(count: Any) -> None:
    body = chat() | {"usage": {"prompt_tokens": count}}

    assert heard("openai", body).usage.input is None
    assert heard("openai", body).usage.output is None
