"""OpenAI's wire: our words to theirs, theirs to ours, and the servers that speak it with words of their own."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from python_multipart.multipart import parse_form, parse_options_header

from rushes.card import Card, Endpoint, load_cards
from rushes.config import load_config
from rushes.errors import (
    BadConfig,
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
from rushes.http import httpx
from rushes.plan import Plan, plan
from rushes.providers.base import Clip, Found, Pending, Ready, Submission, Ticket, Times, Usage
from rushes.providers.openai import CANCELLED, DONE, FAILED, QUEUED, RUNNING, OpenAI
from rushes.request import VideoRequest
from tests.replay import CanaryKey, Replay, reply

SUMMER = date(2026, 8, 1)
CARDS = load_cards()
SORA, PRO = (CARDS[name].endpoints[0] for name in ("sora-2", "sora-2-pro"))
PROVIDERS = load_config().providers
FOX = "a fox in snow"
TICKET = Ticket("video_123")


def drawn(width: int, height: int, format: str = "PNG", mode: str = "RGB") -> bytes:
    out = BytesIO()
    Image.new(mode, (width, height), "red").save(out, format)
    return out.getvalue()


def planned(at: Endpoint = SORA, **wishes: Any) -> Plan:
    answer = plan(VideoRequest(**{"prompt": FOX, **wishes}), at, day=SUMMER, unpriced=True)
    assert isinstance(answer, Plan), answer.reasons
    return answer


def own_server(provider: str = "vllm-omni", **facts: Any) -> Endpoint:
    """A card of a user's own for a server that speaks this wire: 5 s of Wan, with seed and negative prompt."""
    offer = {
        "modes": ["text", "image"],
        "seconds": [5],
        "sizes": {"480p": {"16:9": "832x480"}},
        "audio": [False],
        "source": "own",
    }
    card = {
        "id": "wan-2.2",
        "name": "Wan 2.2",
        "maker": "Alibaba",
        "defaults": {"seconds": 5, "resolution": "480p", "aspect_ratio": "16:9", "audio": False},
        "simulation": {"detail": 0.5, "steadiness": 0.5},
        "sources": {"own": {"where": "our own server", "read": SUMMER, "confidence": "high"}},
        "endpoints": [
            {
                "provider": provider,
                "wire_names": "Wan2.2-T2V-A14B",
                "lifecycle": {"stage": "ga", "source": "own"},
                "offers": [offer | facts.pop("offer", {})],
                "inputs": {
                    "seed": {"max": 2**32, "source": "own"},
                    "negative_prompt": {"max": 500, "source": "own"},
                    "images": {"formats": ["jpeg", "png", "webp"], "references": 1, "source": "own"},
                    "audio_track": {"formats": ["wav"], "source": "own"},
                },
                "billing": {"failed": "free", "refused": "free", "source": "own"},
            }
        ],
    }
    return Card.model_validate(card).endpoints[0]


async def sent(plan: Plan, settings: dict[str, Any] | None = None, *replies: httpx.Response) -> Submission:
    adapter = OpenAI(settings or {})
    return adapter.submission(await adapter.prepare(Replay(*replies), plan, 1))


def parts(submission: Submission) -> dict[str, Any]:
    """The parts of a multipart body as a server reads them: text as it is, files as (name, type, bytes)."""
    found: dict[str, Any] = {}

    def on_field(field: Any) -> None:
        found[field.field_name.decode()] = field.value.decode()

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        found[file.field_name.decode()] = (file.file_name.decode(), file.content_type, file.file_object.read())

    headers = {"Content-Type": submission.content_type.encode(), "Content-Length": str(len(submission.body)).encode()}
    parse_form(headers, BytesIO(submission.body), on_field, on_file)
    return found


# --- our words to theirs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "wishes", "expected"),
    [
        (SORA, {}, {"model": "sora-2", "seconds": "8", "size": "1280x720"}),
        (SORA, {"seconds": 20, "aspect_ratio": "9:16"}, {"model": "sora-2", "seconds": "20", "size": "720x1280"}),
        (PRO, {"resolution": "1024p"}, {"model": "sora-2-pro", "seconds": "8", "size": "1792x1024"}),
        (PRO, {"resolution": "1080p", "seconds": 4}, {"model": "sora-2-pro", "seconds": "4", "size": "1920x1080"}),
    ],
)
async def test_a_request_is_exactly_the_documented_parts_as_text(
    at: Endpoint, wishes: dict[str, Any], expected: dict[str, str]
) -> None:
    submission = await sent(planned(at, **wishes))

    assert submission.path == "/videos"
    assert submission.headers == {}
    assert parts(submission) == {"prompt": FOX} | expected


async def test_a_form_without_a_file_is_multipart_too_since_servers_of_this_wire_read_nothing_else() -> None:
    submission = await sent(planned())

    kind, options = parse_options_header(submission.content_type)
    assert kind == b"multipart/form-data"
    assert submission.body.endswith(b"--" + options[b"boundary"] + b"--\r\n")


async def test_the_same_plan_is_the_same_bytes_and_another_is_not() -> None:
    first, again, other = [await sent(planned(prompt=prompt)) for prompt in (FOX, FOX, "a red kite")]

    assert (first.body, first.content_type) == (again.body, again.content_type)
    assert first.body != other.body
    assert first.content_type != other.content_type


async def test_a_prompt_may_hold_what_a_form_is_made_of() -> None:
    prompt = 'Füchse 狐狸 "🦊"\r\n--boundary\r\nContent-Disposition: form-data; name="seconds"\r\n\r\n20'

    found = parts(await sent(planned(prompt=prompt)))

    assert (found["prompt"], found["seconds"]) == (prompt, "8")


@pytest.mark.parametrize("picture", [drawn(640, 480), drawn(3000, 400, "JPEG"), drawn(90, 160, "WEBP")])
async def test_a_first_frame_of_another_size_is_scaled_and_cropped_to_the_clips(picture: bytes) -> None:
    name, kind, data = parts(await sent(planned(image=picture)))["input_reference"]

    with Image.open(BytesIO(data)) as image:
        assert (name, kind, image.format, image.size) == ("image.png", "image/png", "PNG", (1280, 720))


async def test_a_first_frame_of_the_clips_size_goes_as_it_is() -> None:
    picture = drawn(1280, 720, "JPEG")

    found = parts(await sent(planned(image=picture)))

    assert found["input_reference"] == ("image.jpg", "image/jpeg", picture)


async def test_a_first_frame_by_url_is_fetched_without_our_key_and_uploaded() -> None:
    picture, adapter = drawn(1280, 720), OpenAI({})
    api = Replay(httpx.Response(200, content=picture))

    prepared = await adapter.prepare(api, planned(image="https://pictures.test/fox.png"), 1)

    assert parts(adapter.submission(prepared))["input_reference"] == ("image.png", "image/png", picture)
    assert [str(request.url) for request in api.asked] == ["https://pictures.test/fox.png"]
    assert CanaryKey.secret not in str(api.asked[0].headers.raw)


@pytest.mark.parametrize(
    ("answer", "error", "complaint"),
    [
        (httpx.Response(404), BadInput, "https://pictures.test/fox.png: HTTP 404"),
        (httpx.Response(200, text="<html>"), BadInput, "not a picture that can be read"),
        (httpx.Response(200, content=drawn(8, 8, "BMP")), Unsupported, "takes jpeg, png or webp, not bmp"),
    ],
)
async def test_a_url_without_a_usable_picture_is_refused_before_anything_is_sent(
    answer: httpx.Response, error: type[VideoError], complaint: str
) -> None:
    with pytest.raises(error) as caught:
        await sent(planned(image="https://pictures.test/fox.png?signature=permission"), {}, answer)

    assert complaint in str(caught.value)
    assert "permission" not in str(caught.value)


async def test_a_servers_own_fields_go_along_as_the_text_that_servers_read() -> None:
    fields = {"num_inference_steps": 30, "enhance": True, "extra_params": {"shift": 5.5}, "user": "fox"}
    request = planned(own_server(), options={"vllm-omni": {"fields": fields}, "sglang": {"fields": {"n": 9}}})

    found = parts(await sent(request))

    assert {name: found[name] for name in fields} == {
        "num_inference_steps": "30",
        "enhance": "true",
        "extra_params": json.dumps({"shift": 5.5}),
        "user": "fox",
    }
    assert "n" not in found


@pytest.mark.parametrize("name", ["prompt", "seconds", "size", "model", "input_reference"])
async def test_a_servers_own_fields_cannot_replace_what_was_planned(name: str) -> None:
    request = planned(options={"openai": {"fields": {name: "other"}}})

    with pytest.raises(Unsupported, match=f"may not replace {name}"):
        await sent(request)


async def test_fields_that_are_no_fields_are_refused() -> None:
    with pytest.raises(Unsupported, match=r"options\.openai\.fields holds form fields by name"):
        await sent(planned(options={"openai": {"fields": ["seed"]}}))


async def test_seed_and_negative_prompt_go_along_where_the_card_takes_them() -> None:
    found = parts(await sent(planned(own_server(), seed=7, negative_prompt="dogs")))

    assert (found["seed"], found["negative_prompt"]) == ("7", "dogs")


@pytest.mark.parametrize(
    ("facts", "wishes", "complaint"),
    [
        (
            {"offer": {"modes": ["first_last"]}},
            {"image": drawn(8, 8), "last_image": drawn(8, 8)},
            "a first frame, nothing",
        ),
        ({"offer": {"modes": ["references"]}}, {"reference_images": [drawn(8, 8)]}, "a first frame, nothing"),
        ({"offer": {"modes": ["extend"]}}, {"extend": b"clip"}, "a first frame, nothing"),
        ({}, {"audio_track": b"sound"}, "a first frame, nothing"),
        ({"offer": {"sizes": {}, "shaped_by_image": ["480p"]}}, {"image": drawn(8, 8)}, "needs a size in pixels"),
    ],
)
async def test_what_this_wire_has_no_words_for_is_refused_though_a_card_may_offer_it(
    facts: dict[str, Any], wishes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(Unsupported, match=complaint):
        await sent(planned(own_server(**facts), **wishes))


async def test_two_clips_of_one_submission_are_refused_since_only_one_would_come() -> None:
    adapter = OpenAI({})
    prepared = await adapter.prepare(Replay(), planned(), 1)

    with pytest.raises(Unsupported, match="one clip a submission, not 2"):
        await adapter.prepare(Replay(), planned(), 2)
    with pytest.raises(Unsupported, match="one clip a submission, not 2"):
        adapter.submission(replace(prepared, samples=2))


# --- their words to ours: the submit ----------------------------------------------------------------------------------


def test_an_accepted_job_gives_its_id() -> None:
    assert OpenAI({}).accepted(reply("openai/accepted")) == Ticket("video_123")


def test_a_job_that_failed_at_once_is_accepted_and_tells_its_end_when_asked() -> None:
    assert OpenAI({}).accepted(reply("openai/failed_late")) == Ticket("x")


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("too_many_running", RateLimited, "HTTP 429: Too many running tasks"),
        ("wrong_picture_size", Unsupported, "Inpaint image must match the requested width and height"),
        ("wrong_reference_type", Unsupported, "expected an object, but got a string instead. (invalid_type)"),
        ("not_verified", NotAuthorized, "Your organization must be verified"),
        ("no_deployment_yet", Unavailable, "please wait a moment"),
        ("retired", Retired, "has been deprecated"),
        ("model_not_found", Retired, "(model_not_found)"),
        ("sentinel", Refused, "(sentinel_block)"),
        ("mismatch_vllm_omni", Unsupported, "server is running 'b'. (400)"),
        ("unauthorized_vllm", NotAuthorized, "HTTP 401: Unauthorized"),
        ("validation_sglang", Unsupported, "HTTP 422: Input should be a valid integer"),
        ("dead_worker_sglang", Unavailable, "HTTP 503: The scheduler process is dead"),
        ("failed_vllm_omni", Unavailable, "HTTP 500: the engine died (500)"),
    ],
)
def test_an_error_answer_to_a_submit_becomes_ours_and_keeps_its_words(
    name: str, error: type[VideoError], words: str
) -> None:
    with pytest.raises(VideoError) as caught:
        OpenAI({}).accepted(reply(f"openai/{name}"))

    assert type(caught.value) is error
    assert words in caught.value.message


@pytest.mark.parametrize(
    "message",
    [
        "The model 'sora-2' has been deprecated",
        "The model `sora-2` was shut down on 2026-09-24",
        "This model is no longer available",
        "The Videos API has been retired.",
        "The model 'sora-2' does not exist or you do not have access to it.",
    ],
)
@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_model_that_is_gone_is_known_by_many_words(message: str, status: int) -> None:
    with pytest.raises(Retired):
        OpenAI({}).accepted(httpx.Response(status, json={"error": {"message": message}}))


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "The file 'file-1' does not exist"),
        (400, "The parameter 'quality' is deprecated"),
        (500, "The model 'sora-2' has been deprecated"),
        (404, "Not Found"),
    ],
)
def test_a_model_is_not_called_gone_for_the_sake_of_something_else(status: int, message: str) -> None:
    with pytest.raises(VideoError) as caught:
        OpenAI({}).accepted(httpx.Response(status, json={"error": {"message": message}}))

    assert not isinstance(caught.value, Retired)


@pytest.mark.parametrize("status", [301, 302, 304])
def test_a_redirect_is_no_answer_to_a_submit(status: int) -> None:
    with pytest.raises(BadReply):
        OpenAI({}).accepted(httpx.Response(status, headers={"location": "https://other.test/"}))


@pytest.mark.parametrize("body", [[], "queued", 3, None, {"id": None}, {"id": ""}, {"id": 3}])
def test_an_answer_without_an_id_is_no_ticket(body: Any) -> None:
    with pytest.raises(BadReply):
        OpenAI({}).accepted(httpx.Response(200, json=body))


def test_no_answer_of_this_wire_proves_that_nothing_was_accepted() -> None:
    assert not any(OpenAI({}).proves_not_accepted(httpx.Response(status)) for status in (408, 409, 500, 502, 503, 504))


# --- their words to ours: the poll ------------------------------------------------------------------------------------


def state(word: Any, **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"id": "video_123", "object": "video", "status": word, **more})


@pytest.mark.parametrize("word", sorted(QUEUED))
async def test_a_job_in_the_queue_has_not_started(word: str) -> None:
    assert await OpenAI({}).poll(Replay(state(word)), TICKET) == Pending(started=False)


@pytest.mark.parametrize("word", sorted(RUNNING))
async def test_a_job_that_renders_has_started(word: str) -> None:
    assert await OpenAI({}).poll(Replay(state(word, progress=40)), TICKET) == Pending(progress=40, started=True)


@pytest.mark.parametrize("word", sorted(DONE))
async def test_a_finished_job_has_its_clip_under_content_without_a_variant(word: str) -> None:
    answer = await OpenAI({}).poll(Replay(state(word)), TICKET)

    assert answer == Ready([Clip("/videos/video_123/content")])


@pytest.mark.parametrize("word", sorted(FAILED))
async def test_a_failed_job_ends_with_the_vendors_reason(word: str) -> None:
    with pytest.raises(JobFailed, match="out of frames") as caught:
        await OpenAI({}).poll(Replay(state(word, error={"code": "boom", "message": "out of frames"})), TICKET)

    assert caught.value.kind == "vendor"


@pytest.mark.parametrize("word", sorted(CANCELLED))
async def test_a_job_that_somebody_stopped_is_cancelled(word: str) -> None:
    with pytest.raises(JobFailed, match=word) as caught:
        await OpenAI({}).poll(Replay(state(word)), TICKET)

    assert caught.value.kind == "cancelled"


async def test_a_job_that_lay_too_long_is_expired() -> None:
    with pytest.raises(JobFailed, match="expired") as caught:
        await OpenAI({}).poll(Replay(state("expired")), TICKET)

    assert caught.value.kind == "expired"


async def test_a_word_that_nobody_knows_is_waited_for_and_remembered() -> None:
    assert await OpenAI({}).poll(Replay("openai/strange"), TICKET) == Pending(progress=40, unknown="dreaming")


async def test_the_vendors_wish_for_the_next_poll_is_kept() -> None:
    assert await OpenAI({}).poll(Replay("openai/pending"), TICKET) == Pending(progress=33, started=True, wait=5)


@pytest.mark.parametrize("wish", ["soon", "-5", "1e3", ""])
async def test_a_wish_that_is_no_number_is_none(wish: str) -> None:
    answer = httpx.Response(200, json={"status": "queued"}, headers={"openai-poll-after-ms": wish})

    assert await OpenAI({}).poll(Replay(answer), TICKET) == Pending(started=False)


@pytest.mark.parametrize("progress", [None, "", "half", True, float("nan"), float("inf"), [50]])
async def test_progress_that_is_no_number_is_unknown_and_not_zero(progress: Any) -> None:
    answer = httpx.Response(200, content=json.dumps({"status": "queued", "progress": progress}).encode())

    assert await OpenAI({}).poll(Replay(answer), TICKET) == Pending(progress=None, started=False)


async def test_the_vendors_own_times_are_read_from_a_finished_job() -> None:
    answer = await OpenAI({}).poll(Replay("openai/done"), TICKET)

    assert answer == Ready(
        [Clip("/videos/video_123/content", expires=datetime(2025, 10, 17, 15, 16, 36, tzinfo=UTC))],
        times=Times(
            created=datetime(2025, 10, 16, 15, 16, 36, tzinfo=UTC),
            finished=datetime(2025, 10, 16, 15, 17, 43, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize("time", [None, "yesterday", 1e30, -1e30, float("nan"), {}])
async def test_a_time_that_is_none_is_unknown(time: Any) -> None:
    body = json.dumps({"status": "completed", "created_at": time, "completed_at": time, "expires_at": time})

    answer = await OpenAI({}).poll(Replay(httpx.Response(200, content=body.encode())), TICKET)

    assert answer == Ready([Clip("/videos/video_123/content")], times=Times())


async def test_moderation_after_the_fact_is_a_refusal_that_need_not_be_tried_again() -> None:
    with pytest.raises(Refused, match="blocked by our moderation system") as caught:
        await OpenAI({}).poll(Replay("openai/refused_late"), TICKET)

    assert "the same ones are refused again" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("failed_late", "vendor", "CUDA out of memory"),
        ("failed_without_reason", "vendor", "the vendor gave no reason"),
        ("failed_vllm_omni", "vendor", "the engine died (500)"),
        ("failed_vllm_omni_400", "invalid", "num_frames must be 4k+1 (400)"),
        ("deleted", "cancelled", "the job is deleted"),
    ],
)
async def test_a_failed_job_is_the_end_whatever_the_http_status(name: str, kind: str, words: str) -> None:
    with pytest.raises(JobFailed) as caught:
        await OpenAI({}).poll(Replay(f"openai/{name}"), TICKET)

    assert (caught.value.kind, caught.value.message) == (kind, words)


@pytest.mark.parametrize("status", [404, 410])
async def test_a_job_that_the_server_does_not_know_is_lost(status: int) -> None:
    with pytest.raises(JobLost):
        await OpenAI({}).poll(Replay(httpx.Response(status, json={"detail": "Video not found"})), TICKET)


async def test_a_dead_model_does_not_make_a_job_retired() -> None:
    with pytest.raises(JobLost):
        await OpenAI({}).poll(Replay("openai/retired"), TICKET)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(400, json={"error": {"message": "bad cursor"}}), BadReply),
        (httpx.Response(408), Unavailable),
        (httpx.Response(409, json={"error": "busy"}), Unavailable),
        (httpx.Response(502, text="<html>"), Unavailable),
        (httpx.Response(200, text="<html>"), BadReply),
        (httpx.Response(200, json=[]), BadReply),
        (httpx.Response(200, json={}), BadReply),
        (httpx.Response(200, json={"status": None}), BadReply),
        (reply("openai/unauthorized_vllm"), NotAuthorized),
        (reply("openai/too_many_running"), RateLimited),
    ],
)
async def test_trouble_with_a_poll_says_nothing_of_the_job_and_is_asked_again(
    response: httpx.Response, error: type[VideoError]
) -> None:
    with pytest.raises(VideoError) as caught:
        await OpenAI({}).poll(Replay(response), TICKET)

    assert type(caught.value) is error


async def test_an_id_with_a_slash_stays_one_step_of_the_path() -> None:
    api, ticket = Replay(state("completed"), state("queued")), Ticket("video_bGl0+/ZQ==?x=../..")

    answer = await OpenAI({}).poll(api, ticket)

    assert api.asked[0].url.raw_path == b"/v1/videos/video_bGl0%2B%2FZQ%3D%3D%3Fx%3D..%2F.."
    assert isinstance(answer, Ready)
    assert answer.clips[0].url == "/videos/video_bGl0%2B%2FZQ%3D%3D%3Fx%3D..%2F../content"


# --- looking up a lost answer -----------------------------------------------------------------------------------------

AFTER, BEFORE = datetime.fromtimestamp(1760000000, UTC), datetime.fromtimestamp(1760000100, UTC)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(1760000000 + seconds, UTC)


async def test_jobs_are_looked_up_page_by_page_until_before_the_window() -> None:
    adapter, api = OpenAI({}), Replay("openai/list_first_page", "openai/list_last_page")
    submission = await sent(planned())

    found = await adapter.find(api, submission.fingerprint, AFTER, BEFORE)

    assert found == [
        Found(Ticket("video_ours"), at(40), certain=True),
        Found(Ticket("video_numbers"), at(30), certain=True),
        Found(Ticket("video_no_prompt"), at(20), certain=False),
        Found(Ticket("video_null_prompt"), at(10), certain=False),
    ]
    assert [dict(request.url.params) for request in api.asked] == [
        {"limit": "100", "order": "desc"},
        {"limit": "100", "order": "desc", "after": "video_other_size"},
    ]


async def test_an_empty_list_has_nothing() -> None:
    assert await OpenAI({}).find(Replay("openai/list_empty"), {"prompt": FOX}, AFTER, BEFORE) == []


def page(*ids: str, **more: Any) -> httpx.Response:
    jobs = [{"id": id, "object": "video", "created_at": 1760000050, "prompt": FOX} for id in ids]
    return httpx.Response(200, json={"object": "list", "data": jobs, **more})


async def test_a_list_that_does_not_say_whether_there_is_more_is_read_to_its_empty_end() -> None:
    api = Replay(page("a", last_id="a"), page("b", last_id="b"), page())

    found = await OpenAI({}).find(api, {"prompt": FOX}, AFTER, BEFORE)

    assert [each.ticket.id for each in found] == ["a", "b"]


async def test_a_list_that_gives_the_same_page_for_ever_is_left() -> None:
    api = Replay(page("a", last_id="a", has_more=True), page("a", last_id="a", has_more=True))

    await OpenAI({}).find(api, {"prompt": FOX}, AFTER, BEFORE)

    assert len(api.asked) == 2


@pytest.mark.parametrize(
    "body", [{}, {"data": None}, {"data": {}}, {"data": ["video_1"]}, {"data": [{"status": "queued"}]}]
)
async def test_a_list_that_is_none_is_not_taken_for_an_empty_one(body: dict[str, Any]) -> None:
    with pytest.raises(BadReply):
        await OpenAI({}).find(Replay(httpx.Response(200, json=body)), {"prompt": FOX}, AFTER, BEFORE)


async def test_a_server_without_a_list_does_not_make_the_job_lost() -> None:
    with pytest.raises(BadReply, match="lists: false"):
        await OpenAI({}).find(Replay(httpx.Response(404)), {"prompt": FOX}, AFTER, BEFORE)


def test_whether_jobs_can_be_looked_up_is_a_setting() -> None:
    assert (OpenAI({}).listable, OpenAI({"lists": False}).listable) == (True, False)


# --- stopping a job ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "stopped"), [("cancelled_vllm_omni", True), ("cancelling_vllm_omni", False)])
async def test_deleting_stops_a_job_where_the_server_does_that(name: str, stopped: bool) -> None:
    api = Replay(f"openai/{name}")

    assert await OpenAI({"delete": "cancels"}).cancel(api, TICKET) is stopped
    assert [(request.method, request.url.path) for request in api.asked] == [("DELETE", "/v1/videos/video_123")]


@pytest.mark.parametrize("delete", ["finished", "none"])
async def test_nothing_is_deleted_where_that_would_not_stop_the_job(delete: str) -> None:
    api = Replay()

    assert await OpenAI({"delete": delete}).cancel(api, TICKET) is False
    assert api.asked == []


# --- the servers that speak this wire ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("openai", {"model": "Wan2.2-T2V-A14B"}),
        ("vllm-omni", {"generate_sound": "false"}),
        ("sglang", {"model": "Wan2.2-T2V-A14B"}),
        ("openai-compatible", {"model": "Wan2.2-T2V-A14B"}),
    ],
)
async def test_each_shipped_profile_sends_what_its_server_reads(provider: str, expected: dict[str, str]) -> None:
    submission = await sent(planned(own_server(provider)), dict(PROVIDERS[provider].settings))

    assert parts(submission) == {"prompt": FOX, "seconds": "5", "size": "832x480"} | expected


async def test_frames_per_second_are_asked_for_where_the_entry_says_so() -> None:
    assert parts(await sent(planned(own_server()), {"fps": 16}))["fps"] == "16"


@pytest.mark.parametrize("sound", [True, False])
async def test_sound_is_switched_by_the_field_that_the_server_has(sound: bool) -> None:
    request = planned(own_server(offer={"audio": [True, False]}), audio=sound)

    found = parts(await sent(request, {"sound_field": "generate_sound"}))

    assert found["generate_sound"] == ("true" if sound else "false")


async def test_the_length_that_a_server_measured_is_what_was_used() -> None:
    answer = await OpenAI(PROVIDERS["vllm-omni"].settings).poll(Replay("openai/done_vllm_omni"), TICKET)

    assert isinstance(answer, Ready)
    assert answer.usage == Usage(seconds=Decimal("5.0625"), clips=1)


async def test_a_clip_in_cloud_storage_is_fetched_there_without_our_key() -> None:
    answer = await OpenAI(PROVIDERS["sglang"].settings).poll(Replay("openai/done_sglang_cloud"), TICKET)

    assert isinstance(answer, Ready)
    assert list(answer.clips) == [Clip("https://bucket.s3.test/clip.mp4?X-Amz-Signature=abc", signed=True)]
    assert answer.rewritten_prompt == "A fox in deep snow, cinematic."


async def test_a_clip_on_the_servers_own_disk_is_fetched_from_the_server() -> None:
    answer = await OpenAI(PROVIDERS["sglang"].settings).poll(Replay("openai/done_sglang_local"), TICKET)

    assert isinstance(answer, Ready)
    assert list(answer.clips) == [Clip("/videos/video_123/content")]


async def test_a_url_in_the_answer_is_not_followed_unless_the_entry_says_so() -> None:
    answer = await OpenAI({}).poll(Replay("openai/done_sglang_cloud"), TICKET)

    assert isinstance(answer, Ready)
    assert list(answer.clips) == [Clip("/videos/video_123/content")]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"fsp": 16}, "fsp: Extra inputs are not permitted; valid settings: send_model, fps, sound_field"),
        ({"delete": "maybe"}, "delete: Input should be 'finished', 'cancels' or 'none'"),
        ({"fps": "fast"}, "fps: Input should be a valid integer"),
    ],
)
def test_a_setting_that_the_adapter_does_not_know_is_refused(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadConfig) as caught:
        OpenAI(settings)

    assert complaint in str(caught.value)
