"""Veo on Vertex AI: our words to theirs, and theirs to ours."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from rushes.card import load_cards
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
from rushes.http import Api, httpx, poll_client
from rushes.plan import Plan, plan
from rushes.providers import PROVIDERS
from rushes.providers.base import Pending, Prepared, Ready, Submission, Ticket
from rushes.providers.vertex import Vertex
from rushes.request import VideoRequest
from rushes.simulator.app import simulator
from rushes.simulator.clock import VirtualClock
from rushes.simulator.world import START, World
from tests.replay import CanaryKey, Replay, reply

DAY = date(2026, 11, 22)
VEO = next(each for each in load_cards()["veo-3.1"].endpoints if each.provider == "vertex")
MODEL = "projects/p/locations/us-central1/publishers/google/models/veo-3.1-generate-001"
TRUSTED = frozenset({"storage.googleapis.com"})
TICKET = Ticket(f"{MODEL}/operations/0f0c8a2e-0000-4000-8000-000000000001")


def planned(prompt: str = "a red kite", **wishes: Any) -> Plan:
    answer = plan(VideoRequest(prompt=prompt, **wishes), VEO, day=DAY)
    assert isinstance(answer, Plan), answer
    return answer


def png(width: int = 320, height: int = 180) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()


def film(seconds: float, *, fps: int = 24, container: str = "mp4", size: tuple[int, int] = (1280, 720)) -> bytes:
    out = BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream("mpeg4", rate=fps)
        stream.width, stream.height = size
        stream.time_base = Fraction(1, fps)
        frame = av.VideoFrame.from_ndarray(np.zeros((size[1], size[0], 3), np.uint8), format="rgb24")
        for index in range(round(seconds * fps)):
            frame.pts = index
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


def done(response: Any) -> httpx.Response:
    return httpx.Response(200, json={"done": True, "response": response})


@pytest.fixture
def vertex() -> Vertex:
    return Vertex({"project": "p"})


async def submitted(vertex: Vertex, plan: Plan, samples: int = 1, *answers: Any) -> Submission:
    return vertex.submission(await vertex.prepare(Replay(*answers), plan, samples))


async def body_of(vertex: Vertex, plan: Plan, samples: int = 1, *answers: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((await submitted(vertex, plan, samples, *answers)).body)
    return found


# --- our words to theirs ----------------------------------------------------------------------------------------------


async def test_a_prompt_alone_is_sent_with_every_setting_spelled_out(vertex: Vertex) -> None:
    submission = await submitted(vertex, planned("ein Fuchs im Schnee ❄"))

    assert submission.path == f"/{MODEL}:predictLongRunning"
    assert submission.content_type == "application/json"
    assert json.loads(submission.body) == {
        "instances": [{"prompt": "ein Fuchs im Schnee ❄"}],
        "parameters": {
            "sampleCount": 1,
            "durationSeconds": 8,
            "aspectRatio": "16:9",
            "resolution": "720p",
            "generateAudio": True,
        },
    }
    assert b'"durationSeconds":8,' in submission.body  # neither 8.0 nor "8"


async def test_everything_that_can_be_asked_for_has_its_place() -> None:
    vertex = Vertex({"project": "p", "storage_uri": "gs://ours/clips/", "person_generation": "allow_adult"})
    wanted = planned(
        seconds=4,
        resolution="1080p",
        aspect_ratio="9:16",
        audio=False,
        seed=0,
        negative_prompt="text",
        image="gs://b/a.png",
        last_image="gs://b/z.JPG",
        options={
            "vertex": {
                "storage_uri": "gs://theirs/x/",
                "resize_mode": "crop",
                "compression_quality": "lossless",
                "labels": {"team": "x"},
                "pubsub_topic": "projects/p/topics/t",
            }
        },
    )

    assert await body_of(vertex, wanted, 3) == {
        "instances": [
            {
                "prompt": "a red kite",
                "image": {"gcsUri": "gs://b/a.png", "mimeType": "image/png"},
                "lastFrame": {"gcsUri": "gs://b/z.JPG", "mimeType": "image/jpeg"},
            }
        ],
        "parameters": {
            "sampleCount": 3,
            "durationSeconds": 4,
            "aspectRatio": "9:16",
            "resolution": "1080p",
            "generateAudio": False,
            "seed": 0,
            "negativePrompt": "text",
            "storageUri": "gs://theirs/x/",
            "personGeneration": "allow_adult",
            "resizeMode": "crop",
            "compressionQuality": "lossless",
            "pubsubTopic": "projects/p/topics/t",
        },
        "labels": {"team": "x"},
    }


async def test_a_first_frame_goes_along_as_its_own_bytes(vertex: Vertex, tmp_path: Path) -> None:
    frame = tmp_path / "frame.png"
    frame.write_bytes(png())

    body = await body_of(vertex, planned(image=frame))

    assert body["instances"][0]["image"] == {
        "bytesBase64Encoded": b64encode(png()).decode(),
        "mimeType": "image/png",
    }


async def test_reference_images_are_assets_in_their_order(vertex: Vertex) -> None:
    body = await body_of(vertex, planned(reference_images=("gs://b/1.png", png(), "gs://b/3.jpeg"), seconds=8))

    assert body["instances"][0] == {
        "prompt": "a red kite",
        "referenceImages": [
            {"image": {"gcsUri": "gs://b/1.png", "mimeType": "image/png"}, "referenceType": "asset"},
            {
                "image": {"bytesBase64Encoded": b64encode(png()).decode(), "mimeType": "image/png"},
                "referenceType": "asset",
            },
            {"image": {"gcsUri": "gs://b/3.jpeg", "mimeType": "image/jpeg"}, "referenceType": "asset"},
        ],
    }


async def test_a_clip_in_cloud_storage_is_extended_by_its_address(vertex: Vertex) -> None:
    body = await body_of(vertex, planned(extend="gs://b/clip.mp4"))

    assert body["instances"][0]["video"] == {"gcsUri": "gs://b/clip.mp4", "mimeType": "video/mp4"}
    assert body["parameters"]["durationSeconds"] == 7


async def test_a_clip_at_hand_is_extended_by_its_bytes(vertex: Vertex) -> None:
    clip = film(1)

    body = await body_of(vertex, planned(extend=clip))

    assert body["instances"][0]["video"] == {
        "bytesBase64Encoded": b64encode(clip).decode(),
        "mimeType": "video/mp4",
    }


async def test_an_input_on_the_web_is_fetched_without_our_key(vertex: Vertex) -> None:
    api = Replay(httpx.Response(200, content=png()))

    await vertex.prepare(api, planned(image="https://pictures.test/a.png"), 1)

    assert [str(request.url) for request in api.asked] == ["https://pictures.test/a.png"]
    assert CanaryKey.secret not in str(api.asked[0].headers.raw)


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        (lambda: film(0.5), "takes at least 1 s, not 0.5 s"),
        (lambda: film(31, size=(32, 32)), "takes up to 30 s, not 31.0 s"),
        (lambda: film(1, fps=30), "takes 24 frames a second, not 30"),
        (lambda: film(1, container="avi"), "takes MP4, not avi"),
        (lambda: film(1, size=(720, 1280)), "goes on in the clip's own size: ask for 720x1280, not 1280x720"),
    ],
)
async def test_a_clip_that_vertex_would_not_extend_is_refused_here(
    vertex: Vertex, clip: Callable[[], bytes], reason: str
) -> None:
    with pytest.raises(Unsupported) as refused:
        await vertex.prepare(Replay(), planned(extend=clip()), 1)

    assert reason in refused.value.reasons


async def test_what_is_no_video_cannot_be_extended(vertex: Vertex) -> None:
    with pytest.raises(BadInput, match="not a video"):
        await vertex.prepare(Replay(), planned(extend=b"a letter to nobody"), 1)


async def test_a_picture_in_cloud_storage_must_tell_its_kind_by_its_name(vertex: Vertex) -> None:
    with pytest.raises(BadInput, match=r"image: gs://b/a\.webp .*\n.*\.jpg, \.jpeg or \.png"):
        await vertex.prepare(Replay(), planned(image="gs://b/a.webp"), 1)


@pytest.mark.parametrize("samples", [0, 5])
async def test_a_submission_makes_one_to_four_clips(vertex: Vertex, samples: int) -> None:
    with pytest.raises(Unsupported, match=f"1 to 4 clips a submission, not {samples}"):
        await submitted(vertex, planned(), samples)


async def test_what_the_endpoint_does_not_offer_is_not_sent(vertex: Vertex) -> None:
    asked = planned()
    odd = replace(asked, settings=replace(asked.settings, seconds=5))

    with pytest.raises(Unsupported, match="does not offer"):
        vertex.submission(Prepared(odd))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"personGeneration": "allow_all"}, "personGeneration"),
        ({"person_generation": "everyone"}, "allow_adult"),
        ({"storage_uri": "s3://bucket"}, "storage_uri"),
        ({"labels": {"Team": "x"}}, "labels"),
        ({"resize_mode": "pad"}, "needs image"),
    ],
)
async def test_options_that_vertex_does_not_have_are_named(
    vertex: Vertex, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        await vertex.prepare(Replay(), planned(options={"vertex": options}), 1)


async def test_without_a_project_nothing_is_sent_and_the_variable_is_named() -> None:
    vertex = Vertex({"location": "us-central1"})

    with pytest.raises(NotAuthorized, match="GOOGLE_CLOUD_PROJECT"):
        await submitted(vertex, planned())


@pytest.mark.parametrize("settings", [{"project": "p/../q"}, {"location": "us central"}, {"zone": "a"}])
def test_settings_that_cannot_be_right_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(BadConfig, match="settings of the vertex wire"):
        Vertex(settings)


def test_the_wire_is_registered_and_its_options_are_those_it_reads() -> None:
    from rushes.providers.vertex import VertexOptions

    assert PROVIDERS["vertex"] is Vertex
    assert Vertex.options.keys() == VertexOptions.model_fields.keys()


# --- their answer to a submission -------------------------------------------------------------------------------------


def test_the_ticket_is_the_operations_name(vertex: Vertex) -> None:
    assert vertex.accepted(reply("vertex/accepted")) == TICKET


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ("wrong_length", Unsupported, "between 4 and 8"),
        ("prompt_refused", Refused, "dangerous content: "),
        ("no_billing", NotAuthorized, "Billing is not enabled"),
        ("not_logged_in", NotAuthorized, "log in again"),
        ("not_allowed", NotAuthorized, "aiplatform.endpoints.predict"),
        ("gone", Retired, "the model is gone, or this project was never let in"),
        ("gone_in_array", Retired, "the model is gone, or this project was never let in"),
        ("not_google", Unavailable, "base_url"),
        ("quota", RateLimited, "Quota exceeded"),
        ("busy", Unavailable, "currently unavailable"),
    ],
)
def test_an_answer_that_is_no_ticket_is_the_error_it_stands_for(
    vertex: Vertex, answer: str, error: type[VideoError], says: str
) -> None:
    with pytest.raises(error, match=says):
        vertex.accepted(reply(f"vertex/{answer}"))


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (reply("vertex/quota"), None),
        (reply("vertex/quota_with_delay"), 31.5),
        (httpx.Response(429, headers={"retry-after": "7"}), 7.0),
    ],
)
def test_the_wait_that_google_asks_for_is_kept(vertex: Vertex, answer: httpx.Response, wait: float | None) -> None:
    with pytest.raises(RateLimited) as limited:
        vertex.accepted(answer)

    assert limited.value.retry_after == wait


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b'{"name": "projects/p/loc'),
        httpx.Response(200, json={"done": True}),
        httpx.Response(200, json={"name": "https://elsewhere.test/operations/1"}),
        httpx.Response(200, json=[]),
    ],
)
def test_a_good_answer_without_an_operation_leaves_it_unclear(vertex: Vertex, answer: httpx.Response) -> None:
    with pytest.raises(BadReply):
        vertex.accepted(answer)

    assert vertex.proves_not_accepted(answer) is False


# --- polling ----------------------------------------------------------------------------------------------------------


async def test_a_poll_posts_the_operations_name_to_its_own_model(vertex: Vertex) -> None:
    api = Replay("vertex/pending")

    answer = await vertex.poll(api, TICKET)

    assert answer == Pending()
    assert [(each.method, each.url.path) for each in api.asked] == [("POST", f"/v1/{MODEL}:fetchPredictOperation")]
    assert json.loads(api.asked[0].content) == {"operationName": TICKET.id}


async def test_inline_clips_are_here_at_once(vertex: Vertex) -> None:
    answer = await vertex.poll(Replay("vertex/ready_inline"), TICKET)

    assert isinstance(answer, Ready)
    assert [clip.data for clip in answer.clips] == [b"\x00\x00\x00\x18ftypmp42"]
    assert answer.refused == []


async def test_clips_in_cloud_storage_are_fetched_there_with_our_token(vertex: Vertex) -> None:
    answer = await vertex.poll(Replay("vertex/ready_storage"), TICKET)

    assert isinstance(answer, Ready)
    stem = "https://storage.googleapis.com/storage/v1/b/bucket/o/some%20folder%2F1%2Fsample_"
    assert [clip.url for clip in answer.clips] == [f"{stem}0.mp4?alt=media", f"{stem}1.mp4?alt=media"]
    assert not any(clip.signed for clip in answer.clips)
    async with poll_client() as client:
        api = Api(client, "https://us-central1-aiplatform.googleapis.com/v1", CanaryKey(), trusted_hosts=TRUSTED)
        assert all(api.keeps_key(clip.url or "") for clip in answer.clips)


async def test_cloud_storage_may_be_elsewhere() -> None:
    vertex = Vertex({"project": "p", "storage_base_url": "http://simulated/vertex/"})

    answer = await vertex.poll(Replay("vertex/ready_gcs_uris"), TICKET)

    assert isinstance(answer, Ready)
    assert answer.clips[0].url == "http://simulated/vertex/storage/v1/b/bucket/o/1%2Fsample_0.mp4?alt=media"


async def test_an_empty_inline_clip_is_handed_on_for_what_it_is(vertex: Vertex) -> None:
    answer = await vertex.poll(Replay(done({"videos": [{"bytesBase64Encoded": "", "mimeType": "video/mp4"}]})), TICKET)

    assert isinstance(answer, Ready)
    assert answer.clips[0].data == b""


async def test_the_older_shapes_of_an_answer_are_read_too(vertex: Vertex) -> None:
    answer = await vertex.poll(Replay("vertex/ready_samples"), TICKET)

    assert isinstance(answer, Ready)
    place, inline, link = answer.clips
    assert place.url == "https://storage.googleapis.com/storage/v1/b/bucket/o/1%2Fsample_0.mp4?alt=media"
    assert inline.data == b"\x00\x00\x00\x18ftypmp42"
    assert link.url == "https://storage.googleapis.com/bucket/1/sample_2.mp4"


async def test_a_filtered_job_is_refused_with_the_category_of_its_code(vertex: Vertex) -> None:
    with pytest.raises(Refused, match=r"video safety: Veo could not generate 1 videos.*42237218"):
        await vertex.poll(Replay("vertex/filtered"), TICKET)


async def test_a_job_filtered_for_its_sound_says_that_it_may_pass_another_time(vertex: Vertex) -> None:
    with pytest.raises(Refused, match="the same request may pass"):
        await vertex.poll(Replay("vertex/sound_filtered"), TICKET)


async def test_a_partly_filtered_job_has_clips_and_a_reason_for_each_that_is_missing(vertex: Vertex) -> None:
    answer = await vertex.poll(Replay("vertex/partly_filtered"), TICKET)

    assert isinstance(answer, Ready)
    assert len(answer.clips) == 2
    assert len(answer.refused) == 2
    assert all(reason.startswith("violence, celebrity: Veo could not") for reason in answer.refused)


async def test_a_refused_picture_is_a_refusal_though_google_calls_it_an_invalid_argument(vertex: Vertex) -> None:
    with pytest.raises(Refused, match=r"celebrity: .*usage guidelines.*INVALID_ARGUMENT"):
        await vertex.poll(Replay("vertex/image_refused"), TICKET)


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        ("vertex/late_failure", "invalid", "prompt enhancement cannot be disabled.*INVALID_ARGUMENT"),
        ("vertex/broke", "vendor", "INTERNAL"),
        ("vertex/empty", "vendor", "without a clip and without a reason"),
        (httpx.Response(200, json={"done": True, "error": {"code": 1, "message": "Cancelled"}}), "cancelled", "Canc"),
        (httpx.Response(200, json={"done": True, "error": {"code": 99}}), "vendor", "no reason.*code 99"),
        (httpx.Response(200, json={"done": True, "error": "out of film"}), "vendor", "out of film"),
        (httpx.Response(200, json={"done": True}), "vendor", "without a clip"),
    ],
)
async def test_a_job_that_ended_without_a_clip_has_failed(vertex: Vertex, answer: Any, kind: str, says: str) -> None:
    with pytest.raises(JobFailed, match=says) as failed:
        await vertex.poll(Replay(answer), TICKET)

    assert failed.value.kind == kind


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("vertex/lost", JobLost),
        ("vertex/not_google", Unavailable),
        ("vertex/busy", Unavailable),
        ("vertex/quota", RateLimited),
        ("vertex/not_logged_in", NotAuthorized),
        ("vertex/wrong_length", BadReply),
        (httpx.Response(302, headers={"location": "https://elsewhere.test"}), BadReply),
        (done({"videos": [{"mimeType": "video/mp4"}]}), BadReply),
        (done({"videos": [{"bytesBase64Encoded": "cut%off"}]}), BadReply),
        (done({"videos": ["gs://b/a.mp4"]}), BadReply),
        (done({"generatedSamples": [{"video": None}]}), BadReply),
        (done({"raiMediaFilteredCount": "many"}), BadReply),
        (done("nothing"), BadReply),
    ],
)
async def test_only_googles_own_404_loses_a_job(vertex: Vertex, answer: Any, error: type[VideoError]) -> None:
    with pytest.raises(error):
        await vertex.poll(Replay(answer), TICKET)


async def test_a_job_can_be_neither_listed_nor_cancelled(vertex: Vertex) -> None:
    api = Replay()

    assert vertex.listable is False
    assert await vertex.find(api, {}, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)) == []
    assert await vertex.cancel(api, TICKET) is False
    assert api.asked == []


# --- against the simulated vendor -------------------------------------------------------------------------------------

CHEAP: dict[str, Any] = {"seconds": 4, "audio": False}
STORED: dict[str, Any] = {**CHEAP, "options": {"vertex": {"storage_uri": "gs://bucket/clips/"}}}


class Simulated:
    """One job after another at the simulated Vertex; polls take no time."""

    def __init__(self, world: World, client: httpx.AsyncClient) -> None:
        self.world = world
        self.api = Api(client, "http://simulated/vertex/v1", CanaryKey())
        self.vertex = Vertex({"project": "p", "storage_base_url": "http://simulated/vertex"})

    async def make(self, plan: Plan, samples: int = 1) -> Ready:
        sent = self.vertex.submission(await self.vertex.prepare(self.api, plan, samples))
        answer = await self.api.post(sent.path, content=sent.body, headers={"content-type": sent.content_type})
        ticket = self.vertex.accepted(answer)
        for _ in range(100):
            found = await self.vertex.poll(self.api, ticket)
            if isinstance(found, Ready):
                return found
            await self.world.clock.sleep(15)
        raise AssertionError("not finished after 100 polls")


@pytest.fixture
async def simulated(tmp_path: Path) -> AsyncIterator[Simulated]:
    with World(tmp_path, VirtualClock(START), cards=load_cards()) as world:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator(world))) as client:
            yield Simulated(world, client)


def measured(data: bytes) -> tuple[float, int, int, bool]:
    with av.open(BytesIO(data), mode="r") as file:
        (video,) = file.streams.video
        return round((file.duration or 0) / av.time_base, 1), video.width, video.height, bool(file.streams.audio)


async def test_a_simulated_clip_comes_inline_as_it_was_asked_for(simulated: Simulated) -> None:
    ready = await simulated.make(planned(aspect_ratio="9:16", **CHEAP))

    assert [measured(clip.data or b"") for clip in ready.clips] == [(4.0, 720, 1280, False)]


async def test_a_simulated_clip_is_fetched_from_cloud_storage_with_our_token(simulated: Simulated) -> None:
    ready = await simulated.make(planned(**STORED), samples=2)

    assert len(ready.clips) == 2
    fetched = await simulated.api.get(ready.clips[0].url or "")
    assert fetched.status_code == 200
    assert measured(fetched.content) == (4.0, 1280, 720, False)
    assert (await simulated.api.get(ready.clips[0].url or "", keyless=True)).status_code == 401


async def test_simulated_clips_start_from_pictures_and_from_clips(simulated: Simulated) -> None:
    frames = await simulated.make(planned(image=png(), last_image=png(), **STORED))
    references = await simulated.make(planned(reference_images=(png(), png()), **STORED | {"seconds": 8}))
    longer = await simulated.make(planned(extend=film(1), **STORED | {"seconds": 7}))

    assert [len(ready.clips) for ready in (frames, references, longer)] == [1, 1, 1]


async def test_a_simulated_job_that_is_partly_filtered_says_so(simulated: Simulated) -> None:
    ready = await simulated.make(planned("a kite [simulate: partly_filtered]", **STORED), samples=3)

    assert len(ready.clips) + len(ready.refused) == 3
    assert ready.clips
    assert all(reason.startswith("video safety: ") for reason in ready.refused)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("moderated_at_once", Refused),
        ("moderated", Refused),
        ("filtered", Refused),
        ("late_failure", JobFailed),
        ("lost", JobLost),
        ("rate_limited", RateLimited),
        ("error_503", Unavailable),
        ("poll_500", Unavailable),
        ("poll_429", RateLimited),
    ],
)
async def test_what_goes_wrong_at_the_simulated_vendor_is_told_apart(
    simulated: Simulated, fault: str, error: type[VideoError]
) -> None:
    with pytest.raises(error):
        await simulated.make(planned(f"a kite [simulate: {fault}]", **STORED))


async def test_a_model_that_was_switched_off_there_is_retired(simulated: Simulated) -> None:
    there = VEO.model_copy(update={"wire_names": dict.fromkeys(VEO.wire_names, "veo-3.1-generate-preview")})
    there._card = VEO.card

    with pytest.raises(Retired, match="was not found or your project does not have access"):
        await simulated.make(replace(planned(**STORED), endpoint=there))
