"""The DashScope adapter: what it sends, what it makes of every answer, and whole jobs against the simulator."""

from __future__ import annotations

import json
import wave
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from rushes.card import load_card, load_cards, shipped_configs
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
from rushes.http import Api, httpx
from rushes.plan import Plan, plan
from rushes.providers import PROVIDERS
from rushes.providers.base import Clip, Pending, Prepared, Ready, Response, Submission, Ticket, Times, Usage
from rushes.providers.dashscope import DashScope, DashScopeOptions
from rushes.request import VideoRequest
from rushes.simulator.app import simulator
from rushes.simulator.clock import VirtualClock
from rushes.simulator.world import World
from tests.replay import CanaryKey, Replay, reply

TASK = "7aa368f2-e474-40da-9f0d-7fb6118b6eb5"
TICKET = Ticket(TASK)
PROMPT = "a red kite over a beach"
DAY = date(2026, 11, 22)
BEIJING = "https://dashscope.aliyuncs.com/api/v1"
SINGAPORE = "https://dashscope-intl.aliyuncs.com/api/v1"
SUBMITTED = datetime(2026, 9, 23, 10, 7, 3, 149000, UTC)
#: The window that a lost answer to the task of the recorded replies would be looked up in.
AROUND = (SUBMITTED - timedelta(minutes=1), SUBMITTED + timedelta(minutes=1))
FINGERPRINT = {"model": "wan2.5-t2v-preview", "prompt": PROMPT, "seconds": "5", "resolution": "720p"}


@pytest.fixture
def wan() -> DashScope:
    return DashScope({})


def planned(provider: str = "dashscope-intl", **asked: Any) -> Plan:
    """A request that the shipped card of Wan 2.5 fits."""
    card = load_card(shipped_configs() / "models" / "wan-2.5.yaml")
    endpoint = next(each for each in card.endpoints if each.provider == provider)
    made = plan(VideoRequest(**{"prompt": PROMPT, **asked}), endpoint, day=DAY, options=DashScope.options)
    assert isinstance(made, Plan), made
    return made


async def prepared(wan: DashScope, api: Api | None = None, **asked: Any) -> Prepared:
    return await wan.prepare(api or Replay(), planned(**asked), 1)


async def body_of(wan: DashScope, api: Api | None = None, **asked: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(wan.submission(await prepared(wan, api, **asked)).body)
    return body


def answer(status: int, code: str, **headers: str) -> Response:
    body = {"request_id": "b1c2", "code": code, "message": "as the vendor puts it"}
    return httpx.Response(status, headers=headers, json=body)


def finished(**output: Any) -> Response:
    done = json.loads(reply("dashscope/done").content)
    done["output"] |= output
    return httpx.Response(200, json=done)


def picture(width: int = 640, height: int = 480, format: str = "PNG", mode: str = "RGB") -> bytes:
    from PIL import Image

    out = BytesIO()
    Image.new(mode, (width, height), (200, 40, 40, 128)[: len(mode)]).save(out, format)
    return out.getvalue()


def sound(seconds: float = 4.0) -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * int(8000 * seconds)))
    return out.getvalue()


def mp3(seconds: float = 4.0) -> bytes:
    import av
    import numpy as np

    out = BytesIO()
    with av.open(out, "w", format="mp3") as file:
        stream = file.add_stream("mp3", rate=44100)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, int(44100 * seconds)), "float32"), "fltp", "stereo")
        frame.rate = 44100
        file.mux([*stream.encode(frame), *stream.encode(None)])
    return out.getvalue()


# --- what is sent -----------------------------------------------------------------------------------------------------


async def test_a_clip_from_text_is_asked_for_with_rewriting_and_watermark_off(wan: DashScope) -> None:
    submission = wan.submission(await prepared(wan, seed=7))

    assert submission.path == "/services/aigc/video-generation/video-synthesis"
    assert submission.content_type == "application/json"
    assert submission.headers == {"X-DashScope-Async": "enable"}
    assert json.loads(submission.body) == {
        "model": "wan2.5-t2v-preview",
        "input": {"prompt": PROMPT},
        "parameters": {
            "size": "1280*720",
            "duration": 5,
            "prompt_extend": False,
            "watermark": False,
            "seed": 7,
        },
    }


async def test_the_same_plan_gives_the_same_bytes_and_they_hold_no_key(wan: DashScope) -> None:
    ready = await prepared(wan)

    assert wan.submission(ready) == wan.submission(ready)
    assert CanaryKey.secret not in str(wan.submission(ready))


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({"resolution": "480p", "aspect_ratio": "1:1"}, "624*624"),
        ({"resolution": "720p", "aspect_ratio": "9:16"}, "720*1280"),
        ({"resolution": "720p", "aspect_ratio": "4:3"}, "1088*832"),
        ({"resolution": "1080p", "aspect_ratio": "3:4"}, "1248*1632"),
    ],
)
async def test_a_size_is_written_with_an_asterisk(wan: DashScope, asked: dict[str, Any], size: str) -> None:
    assert (await body_of(wan, **asked))["parameters"]["size"] == size


async def test_a_length_is_a_whole_number(wan: DashScope) -> None:
    assert repr((await body_of(wan, seconds=10.0))["parameters"]["duration"]) == "10"


async def test_what_should_not_be_seen_goes_along(wan: DashScope) -> None:
    assert (await body_of(wan, negative_prompt="rain"))["input"] == {"prompt": PROMPT, "negative_prompt": "rain"}


async def test_a_local_first_frame_goes_along_in_the_body_and_its_tier_is_upper_case(wan: DashScope) -> None:
    body = await body_of(wan, image=picture(), resolution="1080p")

    assert body["model"] == "wan2.5-i2v-preview"
    assert body["input"]["img_url"].startswith("data:image/png;base64,iVBORw0KGgo")
    assert body["parameters"]["resolution"] == "1080P"
    assert "size" not in body["parameters"]


@pytest.mark.parametrize("url", ["https://example.org/first.png", "oss://dashscope-instant/0a1b/first.png"])
async def test_a_first_frame_by_url_is_left_to_the_vendor(wan: DashScope, url: str) -> None:
    submission = wan.submission(await prepared(wan, image=url))

    assert json.loads(submission.body)["input"]["img_url"] == url
    assert ("X-DashScope-OssResourceResolve" in submission.headers) is url.startswith("oss://")


async def test_a_first_frame_by_url_is_fetched_where_it_must_be_cropped(wan: DashScope) -> None:
    from PIL import Image

    api = Replay(httpx.Response(200, content=picture(640, 480)))

    ready = await prepared(wan, api, image="https://example.org/first.png", aspect_ratio="1:1")

    assert Image.open(BytesIO(ready.inputs["image"].data)).size == (480, 480)
    assert CanaryKey.secret not in str(api.asked[0].headers)


async def test_a_first_frame_that_nobody_here_can_read_is_not_cropped_in_silence(wan: DashScope) -> None:
    with pytest.raises(Unsupported, match="cannot be cropped to 1:1"):
        await prepared(wan, image="oss://dashscope-instant/0a1b/first.png", aspect_ratio="1:1")


async def test_a_first_frame_that_is_too_small_once_cropped_is_refused(wan: DashScope) -> None:
    with pytest.raises(Unsupported, match="once it is cropped"):
        await prepared(wan, image=picture(800, 300), aspect_ratio="9:16")


async def test_a_first_frame_in_another_vendors_store_is_refused(wan: DashScope) -> None:
    with pytest.raises(BadInput, match="cannot read such URLs"):
        await prepared(wan, image="gs://bucket/first.png")


async def test_what_only_this_vendor_has_is_switched_on_by_the_callers_options(wan: DashScope) -> None:
    chosen = {"dashscope-intl": {"prompt_extend": True, "watermark": True, "template": "squish"}}

    body = await body_of(wan, image=picture(), options=chosen)

    assert body["input"]["template"] == "squish"
    assert body["parameters"]["prompt_extend"] is True
    assert body["parameters"]["watermark"] is True


@pytest.mark.parametrize("given", [{"prompt_extend": "yes"}, {"watermark": 1}, {"template": 3}, {"style": "oil"}])
async def test_an_option_that_is_not_known_or_of_the_wrong_kind_is_refused(
    wan: DashScope, given: dict[str, Any]
) -> None:
    made = planned()
    request = made.request.model_copy(update={"options": {"dashscope-intl": given}})

    with pytest.raises(BadInput, match=rf"dashscope-intl: {next(iter(given))}"):
        await wan.prepare(Replay(), replace(made, request=request), 1)


async def test_an_effect_needs_a_picture(wan: DashScope) -> None:
    with pytest.raises(BadInput, match="template: needs image"):
        await prepared(wan, options={"dashscope-intl": {"template": "squish"}})


async def test_sound_by_url_is_left_to_the_vendor(wan: DashScope) -> None:
    body = await body_of(wan, audio_track="https://example.org/waves.mp3")

    assert body["input"]["audio_url"] == "https://example.org/waves.mp3"


async def test_local_sound_is_uploaded_without_our_key_and_named_by_its_place(wan: DashScope, tmp_path: Path) -> None:
    track = tmp_path / "my holiday.wav"
    track.write_bytes(sound())
    api = Replay("dashscope/policy", httpx.Response(200), base_url=BEIJING)

    ready = await prepared(wan, api, provider="dashscope-cn", audio_track=track)

    place = "dashscope-instant/0a1b/2026-09-23/5f2c/audio_track.wav"
    asked, sent = api.asked
    assert str(asked.url) == f"{BEIJING}/uploads?action=getPolicy&model=wan2.5-t2v-preview"
    assert str(sent.url) == "https://dashscope-file-mgr.oss-cn-beijing.aliyuncs.com"
    assert CanaryKey.secret not in str(sent.headers)
    form = sent.content
    for part in (b'"OSSAccessKeyId"', b'"Signature"', b'"policy"', b'"x-oss-object-acl"', b'"key"', place.encode()):
        assert part in form
    assert form.index(b'"success_action_status"') < form.index(b'name="file"')  # nothing behind the file is read
    assert sound() in form
    assert b"holiday" not in form
    submission = wan.submission(ready)
    assert json.loads(submission.body)["input"]["audio_url"] == f"oss://{place}"
    assert submission.headers["X-DashScope-OssResourceResolve"] == "enable"


async def test_an_mp3_is_uploaded_as_one(wan: DashScope) -> None:
    api = Replay("dashscope/policy", httpx.Response(200))

    ready = await prepared(wan, api, audio_track=mp3())

    assert ready.inputs["audio_track"].url == "oss://dashscope-instant/0a1b/2026-09-23/5f2c/audio_track.mp3"
    assert b"Content-Type: audio/mpeg" in api.asked[1].content


@pytest.mark.parametrize(
    ("track", "why"),
    [(sound(2), "takes at least 3 s, not 2.00 s"), (sound(31), "takes up to 30 s, not 31.00 s")],
)
async def test_sound_that_the_vendor_would_cut_or_refuse_is_not_uploaded(
    wan: DashScope, track: bytes, why: str
) -> None:
    with pytest.raises(Unsupported, match=why):
        await prepared(wan, audio_track=track)


@pytest.mark.parametrize("track", [b"this is no sound", picture()])
async def test_what_is_no_sound_is_refused(wan: DashScope, track: bytes) -> None:
    with pytest.raises(BadInput, match=r"no sound|not a sound"):
        await prepared(wan, audio_track=track)


async def test_a_region_without_uploads_says_what_to_give_instead(wan: DashScope) -> None:
    with pytest.raises(NotAuthorized, match="public https URL"):
        await prepared(wan, Replay(answer(403, "AccessDenied")), audio_track=sound())


@pytest.mark.parametrize("host", ["https://example.net", "http://x.aliyuncs.com", "https://aliyuncs.com.example.net"])
async def test_nothing_is_uploaded_to_a_host_that_is_not_the_vendors(wan: DashScope, host: str) -> None:
    policy = json.loads(reply("dashscope/policy").content)
    policy["data"]["upload_host"] = host
    api = Replay(httpx.Response(200, json=policy), base_url=BEIJING)

    with pytest.raises(BadReply, match="not the vendor's"):
        await prepared(wan, api, audio_track=sound())
    assert len(api.asked) == 1


async def test_an_upload_that_fails_may_be_tried_again(wan: DashScope) -> None:
    denied = httpx.Response(403, text="<Error><Code>AccessDenied</Code></Error>")

    with pytest.raises(Unavailable, match=r"HTTP 403 \(AccessDenied\)"):
        await prepared(wan, Replay("dashscope/policy", denied), audio_track=sound())


async def test_every_request_names_the_workspace_that_is_set() -> None:
    wan = DashScope({"workspace": "ws-1"})
    api = Replay("dashscope/running", "dashscope/cancel_taken")

    await wan.poll(api, TICKET)
    await wan.cancel(api, TICKET)

    assert [request.headers["X-DashScope-WorkSpace"] for request in api.asked] == ["ws-1", "ws-1"]
    assert wan.submission(await prepared(wan)).headers["X-DashScope-WorkSpace"] == "ws-1"


def test_the_options_that_are_announced_are_those_that_are_read() -> None:
    assert DashScope.options.keys() == DashScopeOptions.model_fields.keys()


def test_settings_that_nobody_knows_are_refused() -> None:
    with pytest.raises(BadConfig, match="valid settings: workspace, utc_offset_hours"):
        DashScope({"zone": 8})


def test_every_shipped_provider_of_this_wire_has_settings_that_it_knows() -> None:
    entries = [entry for entry in load_config().providers.values() if entry.wire == DashScope.wire]

    assert len(entries) >= 2
    for entry in entries:
        assert isinstance(PROVIDERS[entry.wire](entry.settings), DashScope)


def card_with(tmp_path: Path, **endpoint: str) -> Plan:
    """A plan on a made-up model that takes 5 s, or what `endpoint` says, in YAML."""
    facts = {
        "wire_names": "wan2.6-i2v-flash",
        "modes": "[image]",
        "seconds": "[5]",
        "shapes": "shaped_by_image: [720p]",
        "audio": "[true, false]",
    } | endpoint
    path = tmp_path / "made-up.yaml"
    path.write_text(
        f"""
id: made-up
name: Made up
maker: nobody
defaults: {{seconds: 5, resolution: 720p, aspect_ratio: "16:9", audio: false}}
simulation: {{detail: 0.5, steadiness: 0.5}}
sources: {{here: {{where: this test, read: 2026-11-22, confidence: low}}}}
endpoints:
  - provider: dashscope-intl
    wire_names: {facts["wire_names"]}
    lifecycle: {{stage: preview, source: here}}
    offers:
      - modes: {facts["modes"]}
        seconds: {facts["seconds"]}
        {facts["shapes"]}
        audio: {facts["audio"]}
        source: here
    inputs: {{}}
    billing: {{failed: unknown, refused: unknown, source: here}}
"""
    )
    start: dict[str, Any] = {"text": {}, "image": {"image": picture()}}.get(
        facts["modes"].strip("[]"), {"image": picture(), "last_image": picture()}
    )
    made = plan(VideoRequest(prompt=PROMPT, **start), load_card(path).endpoints[0], day=DAY, unpriced=True)
    assert isinstance(made, Plan), made
    return made


async def test_sound_is_switched_where_the_model_leaves_the_choice(wan: DashScope, tmp_path: Path) -> None:
    submission = wan.submission(await wan.prepare(Replay(), card_with(tmp_path), 1))

    assert json.loads(submission.body)["parameters"]["audio"] is False


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"wire_names": "wan2.7-i2v"}, "takes its inputs in another shape"),
        ({"wire_names": "wan3.0-video"}, "takes its inputs in another shape"),
        ({"wire_names": "happyhorse-1.1-i2v"}, "takes its inputs in another shape"),
        ({"seconds": "[5.5]"}, "takes whole seconds, not 5.5"),
        ({"modes": "[first_last]"}, "not from first_last"),
        ({"modes": "[text]"}, "a clip from text has a size"),
        ({"shapes": 'sizes: {720p: {"16:9": 1280x720}}'}, "one from a first frame its shape"),
    ],
)
async def test_what_this_wire_cannot_carry_is_refused_before_anything_is_sent(
    wan: DashScope, tmp_path: Path, facts: dict[str, str], why: str
) -> None:
    made = card_with(tmp_path, **facts)

    with pytest.raises(Unsupported, match=why):
        await wan.prepare(Replay(), made, 1)
    with pytest.raises(Unsupported, match=why):
        wan.submission(Prepared(made))


async def test_one_submission_makes_one_clip(wan: DashScope) -> None:
    with pytest.raises(Unsupported, match="one clip a submission, not 2"):
        await wan.prepare(Replay(), planned(), 2)


# --- the answer to a submission ---------------------------------------------------------------------------------------


def test_an_accepted_job_has_its_ticket(wan: DashScope) -> None:
    assert wan.accepted(reply("dashscope/accepted")) == TICKET


def test_a_ticket_counts_for_more_than_a_code_beside_it(wan: DashScope) -> None:
    both = httpx.Response(200, json={"code": "InternalError", "output": {"task_id": TASK, "task_status": "PENDING"}})

    assert wan.accepted(both) == TICKET


@pytest.mark.parametrize("body", [{}, {"output": {}}, {"output": {"task_id": ""}}, {"output": None}, []])
def test_an_answer_without_a_ticket_is_a_bad_reply(wan: DashScope, body: Any) -> None:
    with pytest.raises(BadReply):
        wan.accepted(httpx.Response(200, json=body))


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "InvalidParameter", Unsupported),
        (400, "InvalidURL", Unsupported),
        (400, "BadRequest.EmptyInput", Unsupported),
        (400, "InternalError.Algo", Unsupported),
        (413, "BadRequest.TooLarge", Unsupported),
        (415, "BadRequest.InputDownloadFailed", Unsupported),
        (400, "DataInspectionFailed", Refused),
        (400, "IPInfringementSuspect", Refused),
        (400, "Arrearage", NotAuthorized),
        (401, "InvalidApiKey", NotAuthorized),
        (403, "AccessDenied", NotAuthorized),
        (403, "AccessDenied.Unpurchased", NotAuthorized),
        (403, "Model.AccessDenied", NotAuthorized),
        (403, "Workspace.AccessDenied", NotAuthorized),
        (403, "AllocationQuota.FreeTierOnly", NotAuthorized),
        (404, "WorkSpaceNotFound", NotAuthorized),
        (404, "ModelNotFound", Retired),
        (404, "Model.NotExist", Retired),
        (404, "", Unsupported),
        (408, "RequestTimeOut", Unavailable),
        (429, "Throttling", RateLimited),
        (429, "Throttling.RateQuota", RateLimited),
        (429, "LimitRequests", RateLimited),
        (429, "", RateLimited),
        (429, "Throttling.AllocationQuota", NotAuthorized),
        (429, "PrepaidBillOverdue", NotAuthorized),
        (429, "PostpaidBillOverdue", NotAuthorized),
        (429, "CommodityNotPurchased", NotAuthorized),
        (500, "InternalError", Unavailable),
        (500, "InternalError.Timeout", Unavailable),
        (500, "SystemError", Unavailable),
        (500, "RewriteFailed", Unavailable),
        (503, "ModelUnavailable", Unavailable),
        (503, "ServiceUnavailable", Unavailable),
        (504, "GatewayTimeout", Unavailable),
        (200, "InvalidParameter", Unsupported),
        (200, "Throttling.RateQuota", RateLimited),
        (200, "InternalError", Unavailable),
        (200, "NeverHeardOf", BadReply),
    ],
)
def test_a_refused_submission_says_what_can_be_done_about_it(
    wan: DashScope, status: int, code: str, error: type[VideoError]
) -> None:
    with pytest.raises(VideoError) as raised:
        wan.accepted(answer(status, code))

    assert type(raised.value) is error
    assert "as the vendor puts it" in raised.value.message
    assert code in raised.value.message


def test_an_account_without_quota_is_not_tried_again_although_it_is_a_429(wan: DashScope) -> None:
    with pytest.raises(NotAuthorized) as raised:
        wan.accepted(answer(429, "Throttling.AllocationQuota"))

    assert raised.value.again is False


def test_a_rate_limit_tells_how_long_to_wait(wan: DashScope) -> None:
    with pytest.raises(RateLimited) as raised:
        wan.accepted(reply("dashscope/busy"))

    assert raised.value.retry_after == 7


def test_a_gateways_page_is_an_outage(wan: DashScope) -> None:
    with pytest.raises(Unavailable, match="HTTP 502"):
        wan.accepted(reply("dashscope/not_json"))


def test_an_answer_that_is_not_json_is_a_bad_reply(wan: DashScope) -> None:
    with pytest.raises(BadReply):
        wan.accepted(httpx.Response(200, text="<html>"))


def test_no_answer_that_is_unclear_is_said_to_prove_anything(wan: DashScope) -> None:
    assert not wan.proves_not_accepted(reply("dashscope/server_error"))


# --- polls ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pending", Pending(started=False)),
        ("running", Pending(started=True)),
        ("strange", Pending(unknown="DREAMING")),
        ("suspended", Pending(unknown="SUSPENDED")),
    ],
)
async def test_a_job_that_is_not_done_is_waited_for(wan: DashScope, name: str, expected: Pending) -> None:
    api = Replay(f"dashscope/{name}", base_url=SINGAPORE)

    assert await wan.poll(api, TICKET) == expected
    assert str(api.asked[0].url) == f"{SINGAPORE}/tasks/{TASK}"


async def test_a_finished_job_has_its_clip_times_and_usage(wan: DashScope) -> None:
    ready = await wan.poll(Replay("dashscope/done", base_url=BEIJING), TICKET)

    assert isinstance(ready, Ready)
    link = json.loads(reply("dashscope/done").content)["output"]["video_url"]
    assert ready.clips == [Clip(link, signed=True, expires=datetime(2026, 9, 24, 10, 8, 49, tzinfo=UTC))]
    assert ready.times == Times(
        created=SUBMITTED,
        started=datetime(2026, 9, 23, 10, 7, 3, 216000, UTC),
        finished=datetime(2026, 9, 23, 10, 8, 49, 873000, UTC),
    )
    assert ready.usage == Usage(Decimal(5), 1, "720p")
    assert ready.rewritten_prompt is None


async def test_a_prompt_that_the_vendor_rewrote_is_reported(wan: DashScope) -> None:
    ready = await wan.poll(Replay("dashscope/done_rewritten"), TICKET)

    assert isinstance(ready, Ready)
    assert ready.rewritten_prompt == "A red kite with a long tail soars over a wide beach."


async def test_times_without_a_known_zone_are_not_reported(wan: DashScope) -> None:
    ready = await wan.poll(Replay("dashscope/done", base_url=SINGAPORE), TICKET)

    assert isinstance(ready, Ready)
    assert ready.times == Times()
    assert ready.clips[0].expires == datetime(2026, 9, 24, 10, 8, 49, tzinfo=UTC)


async def test_a_zone_can_be_set() -> None:
    ready = await DashScope({"utc_offset_hours": 8}).poll(Replay("dashscope/done", base_url=SINGAPORE), TICKET)

    assert isinstance(ready, Ready)
    assert ready.times.created == SUBMITTED


async def test_a_link_that_does_not_say_when_it_ends_ends_a_day_after_the_job(wan: DashScope) -> None:
    done = finished(video_url="https://dashscope-result-sh.oss-cn-shanghai.aliyuncs.com/clip.mp4?x-oss-signature=none")

    ready = await wan.poll(Replay(done, base_url=BEIJING), TICKET)

    assert isinstance(ready, Ready)
    assert ready.clips[0].expires == datetime(2026, 9, 24, 10, 8, 49, 873000, UTC)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"video_duration": 10, "video_ratio": "1280*720", "video_count": 1}, Usage(Decimal(10), 1, "720p")),
        ({"video_duration": 5, "video_ratio": "480*832", "video_count": 1}, Usage(Decimal(5), 1, "480p")),
        ({"duration": 10, "SR": 720, "video_count": 1}, Usage(Decimal(10), 1, "720p")),
        ({"duration": "10", "SR": "480", "video_count": "1"}, Usage(Decimal(10), 1, "480p")),
        ({"duration": 5.04, "SR": "1080P", "video_count": 1.0}, Usage(Decimal("5.04"), 1, "1080p")),
        (
            {
                "duration": 15,
                "size": "1920*1080",
                "input_video_duration": 5,
                "output_video_duration": 10,
                "video_count": 1,
                "SR": 1080,
            },
            Usage(Decimal(15), 1, "1080p"),
        ),
        ({"output_video_duration": 6, "ratio": "16:9"}, Usage(Decimal(6))),
        ({"duration": "soon", "SR": None}, None),
        ({}, None),
        (None, None),
    ],
)
async def test_usage_is_read_for_every_generation(wan: DashScope, usage: Any, expected: Usage | None) -> None:
    done = json.loads(reply("dashscope/done").content) | {"usage": usage}

    ready = await wan.poll(Replay(httpx.Response(200, json=done)), TICKET)

    assert isinstance(ready, Ready)
    assert ready.usage == expected


async def test_a_tier_that_was_not_asked_for_is_reported_as_the_vendor_bills_it(wan: DashScope) -> None:
    ready = await wan.poll(Replay("dashscope/done_recorded_usage"), TICKET)

    assert isinstance(ready, Ready)
    assert ready.usage == Usage(Decimal(6), 1, "1080p")


async def test_success_without_a_clip_is_a_failed_job(wan: DashScope) -> None:
    with pytest.raises(JobFailed) as raised:
        await wan.poll(Replay("dashscope/done_without_link"), TICKET)

    assert raised.value.kind == "vendor"


@pytest.mark.parametrize(
    ("link", "base_url"),
    [
        ("https://dashscope-result-sh.oss-cn-shanghai.aliyuncs.com.example.net/clip.mp4", BEIJING),
        ("https://example.net/clip.mp4?host=.aliyuncs.com", BEIJING),
        ("https://x.aliyuncs.com@example.net/clip.mp4", BEIJING),
        ("http://localhost:8000/clip.mp4", BEIJING),
        ("file:///etc/passwd", BEIJING),
        ("https://[::1/clip.mp4", BEIJING),
        ("http://example.net/clip.mp4", "http://127.0.0.1:8000/dashscope/api/v1"),
        ("http://notsimulated/clip.mp4", "http://simulated/dashscope/api/v1"),
    ],
)
async def test_a_clip_that_lies_elsewhere_is_not_fetched(wan: DashScope, link: str, base_url: str) -> None:
    with pytest.raises(BadReply, match="no clip of this vendor") as raised:
        await wan.poll(Replay(finished(video_url=link), base_url=base_url), TICKET)

    assert "?" not in raised.value.message  # a link's permission stays out of messages


@pytest.mark.parametrize(
    ("link", "base_url"),
    [
        ("https://dashscope-result-bj.oss-cn-beijing.aliyuncs.com/clip.mp4", BEIJING),
        ("http://dashscope-result-wlcb.oss-cn-wulanchabu.aliyuncs.com/clip.mp4", SINGAPORE),
        ("http://localhost:8000/files/clip.mp4", "http://127.0.0.1:8000/dashscope/api/v1"),
        ("http://files.simulated/files/clip.mp4", "http://simulated/dashscope/api/v1"),
        ("https://dashscope-7c2c.oss-accelerate.aliyuncs.com/clip.mp4", "http://127.0.0.1:9000/proxy/api/v1"),
    ],
)
async def test_a_clip_at_the_vendors_hosts_or_the_simulators_is_fetched(
    wan: DashScope, link: str, base_url: str
) -> None:
    ready = await wan.poll(Replay(finished(video_url=link), base_url=base_url), TICKET)

    assert isinstance(ready, Ready)
    assert ready.clips[0].url == link


@pytest.mark.parametrize(("name", "kind"), [("failed_late", "vendor"), ("failed_for_its_size", "invalid")])
async def test_a_failed_job_is_told_from_its_own_code(wan: DashScope, name: str, kind: str) -> None:
    with pytest.raises(JobFailed) as raised:
        await wan.poll(Replay(f"dashscope/{name}"), TICKET)

    assert raised.value.kind == kind


async def test_a_refused_clip_is_told_from_a_broken_one(wan: DashScope) -> None:
    with pytest.raises(Refused, match="inappropriate"):
        await wan.poll(Replay("dashscope/refused_late"), TICKET)


@pytest.mark.parametrize("word", ["CANCELED", "CANCELLED"])
async def test_a_cancelled_job_is_over_in_either_spelling(wan: DashScope, word: str) -> None:
    cancelled = httpx.Response(200, json={"output": {"task_id": TASK, "task_status": word}})

    with pytest.raises(JobFailed) as raised:
        await wan.poll(Replay(cancelled), TICKET)

    assert raised.value.kind == "cancelled"


async def test_a_job_that_the_vendor_does_not_know_is_lost(wan: DashScope) -> None:
    with pytest.raises(JobLost):
        await wan.poll(Replay("dashscope/gone"), TICKET)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer(400, "InvalidParameter"), BadReply),
        (answer(404, ""), BadReply),
        (answer(404, "ModelNotFound"), BadReply),
        (answer(400, "DataInspectionFailed"), BadReply),
        (answer(401, "InvalidApiKey"), NotAuthorized),
        (answer(429, "Throttling.RateQuota"), RateLimited),
        (answer(429, "Throttling.AllocationQuota"), NotAuthorized),
        (answer(500, "InternalError"), Unavailable),
        (answer(200, "InternalError"), Unavailable),
        (httpx.Response(200, json={"request_id": "b1c2"}), BadReply),
        (httpx.Response(200, json={"output": {"task_id": TASK}}), BadReply),
        (httpx.Response(200, text="{"), BadReply),
        (httpx.Response(200, json=["nothing"]), BadReply),
        (httpx.Response(502, json=["nothing"]), Unavailable),
    ],
)
async def test_trouble_with_a_poll_never_ends_the_job(
    wan: DashScope, response: Response, error: type[VideoError]
) -> None:
    with pytest.raises(VideoError) as raised:
        await wan.poll(Replay(response), TICKET)

    assert type(raised.value) is error


async def test_an_id_cannot_lead_a_poll_elsewhere(wan: DashScope) -> None:
    api = Replay("dashscope/gone", base_url=BEIJING)

    with pytest.raises(JobLost):
        await wan.poll(api, Ticket("../uploads?action=getPolicy"))

    assert api.asked[0].url.raw_path == b"/api/v1/tasks/..%2Fuploads%3Faction%3DgetPolicy"


# --- the vendor's list, and cancelling --------------------------------------------------------------------------------


async def test_a_lost_job_is_found_by_model_time_and_prompt_over_all_pages(wan: DashScope) -> None:
    api = Replay(
        "dashscope/list", "dashscope/done", "dashscope/list_second_page", "dashscope/running", base_url=BEIJING
    )

    found = await wan.find(api, FINGERPRINT, *AROUND)

    assert [(each.ticket.id, each.certain) for each in found] == [(TASK, True), ("still-running", False)]
    assert found[0].created == SUBMITTED
    paths = [request.url.path.removeprefix("/api/v1") for request in api.asked]
    assert paths == ["/tasks", f"/tasks/{TASK}", "/tasks", "/tasks/still-running"]
    assert dict(api.asked[0].url.params) == {
        "page_no": "1",
        "page_size": "100",
        "model_name": "wan2.5-t2v-preview",
        "start_time": "20260923180602",  # in the vendor's clock, a second wider
        "end_time": "20260923180804",
    }
    assert api.asked[2].url.params["page_no"] == "2"


async def test_a_job_with_another_prompt_is_not_ours(wan: DashScope) -> None:
    api = Replay("dashscope/list_of_one", "dashscope/done")

    assert await wan.find(api, FINGERPRINT | {"prompt": "a blue kite"}, *AROUND) == []


@pytest.mark.parametrize("other", [{"seconds": "10"}, {"resolution": "1080p"}])
async def test_a_job_with_our_prompt_and_other_settings_is_not_certain(wan: DashScope, other: dict[str, str]) -> None:
    found = await wan.find(Replay("dashscope/list_of_one", "dashscope/done"), FINGERPRINT | other, *AROUND)

    assert [each.certain for each in found] == [False]


async def test_without_a_known_zone_the_list_is_asked_for_all_it_keeps_and_its_own_times_count(
    wan: DashScope,
) -> None:
    api = Replay("dashscope/list_of_one", "dashscope/done", base_url=SINGAPORE)

    found = await wan.find(api, FINGERPRINT, *AROUND)

    assert [each.created for each in found] == [SUBMITTED]
    assert not {"start_time", "end_time"} & set(api.asked[0].url.params)


@pytest.mark.parametrize(("base_url", "times"), [(BEIJING, [SUBMITTED]), (SINGAPORE, [])])
async def test_a_list_without_times_is_read_by_the_vendors_clock_or_not_at_all(
    wan: DashScope, base_url: str, times: list[datetime]
) -> None:
    bare = httpx.Response(200, json={"total": 1, "tasks": [{"task_id": TASK, "status": "SUCCEEDED"}]})

    found = await wan.find(Replay(bare, "dashscope/done", base_url=base_url), FINGERPRINT, *AROUND)

    assert [each.created for each in found] == times


async def test_an_empty_list_ends_the_search(wan: DashScope) -> None:
    assert await wan.find(Replay(httpx.Response(200, json={"data": []})), FINGERPRINT, *AROUND) == []


async def test_an_answer_that_is_no_list_is_a_bad_reply(wan: DashScope) -> None:
    with pytest.raises(BadReply):
        await wan.find(Replay(httpx.Response(200, json={"request_id": "b1c2"})), FINGERPRINT, *AROUND)


@pytest.mark.parametrize(("name", "stopped"), [("cancel_taken", True), ("cannot_cancel", False)])
async def test_a_job_is_cancelled_while_it_waits(wan: DashScope, name: str, stopped: bool) -> None:
    api = Replay(f"dashscope/{name}", base_url=BEIJING)

    assert await wan.cancel(api, TICKET) is stopped
    assert (api.asked[0].method, api.asked[0].url.path) == ("POST", f"/api/v1/tasks/{TASK}/cancel")


# --- whole jobs against the simulator ---------------------------------------------------------------------------------


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    with World(tmp_path / "world", VirtualClock(datetime(2026, 8, 1, tzinfo=UTC)), cards=load_cards()) as world:
        yield world


@pytest.fixture
async def simulated(world: World) -> AsyncIterator[Api]:
    transport = httpx.ASGITransport(simulator(world))
    async with httpx.AsyncClient(transport=transport) as client:
        yield Api(client, "http://simulated/dashscope/api/v1", CanaryKey())


async def sent(api: Api, submission: Submission) -> Response:
    headers = {"content-type": submission.content_type, **submission.headers}
    return await api.post(submission.path, content=submission.body, headers=headers)


async def test_a_clip_comes_from_the_simulator_and_no_key_goes_to_its_files(world: World, simulated: Api) -> None:
    wan = DashScope({"utc_offset_hours": 8})
    submission = wan.submission(await prepared(wan, simulated, resolution="480p"))

    ticket = wan.accepted(await sent(simulated, submission))
    first = await wan.poll(simulated, ticket)
    await world.clock.sleep(3600)
    ready = await wan.poll(simulated, ticket)

    assert first == Pending(started=False)
    assert isinstance(ready, Ready)
    assert ready.usage == Usage(Decimal(5), 1, "480p")
    assert ready.rewritten_prompt is None
    assert ready.times.created == datetime(2026, 8, 1, tzinfo=UTC)
    assert ready.times.finished is not None
    assert ready.clips[0].expires == ready.times.finished.replace(microsecond=0) + timedelta(hours=24)
    clip = ready.clips[0]
    assert clip.url is not None
    async with simulated.stream("GET", clip.url, keyless=clip.signed) as response:
        assert response.status_code == 200
        assert (await response.aread())[4:8] == b"ftyp"
    assert CanaryKey.secret not in str(world.visits())
    assert "(sent)" not in str(world.visits())


async def test_the_simulator_takes_a_first_frame_and_uploaded_sound(world: World, simulated: Api) -> None:
    wan = DashScope({})
    ready = await prepared(wan, simulated, image=picture(format="JPEG"), audio_track=sound(), seconds=10, seed=3)

    ticket = wan.accepted(await sent(simulated, wan.submission(ready)))

    job = world.job(ticket.id)
    assert job is not None
    assert job.asked.model == "wan2.5-i2v-preview"
    assert (job.asked.clip.resolution, job.asked.clip.seconds, job.asked.seed) == ("720p", 10, 3)
    assert job.asked.clip.first_image is not None
    assert "audio" in job.asked.settings
    assert [visit["path"] for visit in world.visits()] == ["/oss"]
    assert "(sent)" not in str(world.visits())


async def test_the_simulator_rewrites_only_when_it_is_told_to(world: World, simulated: Api) -> None:
    wan = DashScope({})
    ready = await prepared(wan, simulated, options={"dashscope-intl": {"prompt_extend": True}})

    ticket = wan.accepted(await sent(simulated, wan.submission(ready)))
    await world.clock.sleep(3600)
    done = await wan.poll(simulated, ticket)

    assert isinstance(done, Ready)
    assert done.rewritten_prompt is not None
    assert done.rewritten_prompt.startswith(PROMPT)


@pytest.mark.parametrize(
    ("fault", "error"),
    [("late_failure", JobFailed), ("moderated", Refused), ("unknown", JobLost)],
)
async def test_every_bad_end_in_the_simulator_has_its_error(
    world: World, simulated: Api, fault: str, error: type[VideoError]
) -> None:
    wan = DashScope({})
    ready = await prepared(wan, simulated, prompt=f"{PROMPT} [simulate: {fault}]")

    ticket = wan.accepted(await sent(simulated, wan.submission(ready)))
    await world.clock.sleep(3600)

    with pytest.raises(error):
        await wan.poll(simulated, ticket)


@pytest.mark.parametrize(
    ("fault", "error"),
    [("rate_limited", RateLimited), ("moderated_at_once", Refused), ("error_503", Unavailable)],
)
async def test_every_refusal_of_the_simulator_has_its_error(
    simulated: Api, fault: str, error: type[VideoError]
) -> None:
    wan = DashScope({})
    ready = await prepared(wan, simulated, prompt=f"{PROMPT} [simulate: {fault}]")
    response = await sent(simulated, wan.submission(ready))

    with pytest.raises(error):
        wan.accepted(response)


async def test_a_lost_answer_is_found_in_the_simulators_list_once_the_job_is_done(world: World, simulated: Api) -> None:
    wan = DashScope({"utc_offset_hours": 8})
    submission = wan.submission(await prepared(wan, simulated))
    before = world.now()
    ticket = wan.accepted(await sent(simulated, submission))
    window = (before - timedelta(seconds=5), before + timedelta(seconds=60))

    waiting = await wan.find(simulated, submission.fingerprint, *window)
    await world.clock.sleep(3600)
    done = await wan.find(simulated, submission.fingerprint, *window)

    assert [(each.ticket, each.certain) for each in waiting] == [(ticket, False)]
    assert [(each.ticket, each.certain) for each in done] == [(ticket, True)]


async def test_the_simulator_cancels_a_waiting_job_and_no_other(world: World, simulated: Api) -> None:
    wan = DashScope({})
    ready = await prepared(wan, simulated)
    waiting = wan.accepted(await sent(simulated, wan.submission(ready)))

    stopped = await wan.cancel(simulated, waiting)
    finished = wan.accepted(await sent(simulated, wan.submission(ready)))
    await world.clock.sleep(3600)

    assert stopped is True
    assert await wan.cancel(simulated, finished) is False
    with pytest.raises(JobFailed, match="cancelled"):
        await wan.poll(simulated, waiting)
