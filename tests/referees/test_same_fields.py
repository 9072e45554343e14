"""For the same clip our adapters send the same fields as the vendors' own SDKs; what differs on purpose stands here."""

from __future__ import annotations

import wave
from base64 import b64encode
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rushes.card import load_cards
from rushes.config import Access, load_config
from rushes.http import Api, poll_client, submit_client
from rushes.plan import Plan, plan
from rushes.providers import PROVIDERS
from rushes.providers.credentials import auth_of
from rushes.request import VideoRequest
from tests.referees.recorder import Recorder, Sent, differences
from tests.referees.referee import Referee

#: All models lived then.
DAY = date(2026, 8, 1)
FRAME: dict[str, Any] = {"seconds": 4, "resolution": "720p", "aspect_ratio": "16:9", "audio": True}
VEO: dict[str, Any] = {
    "model": "veo-3.1-generate-001",
    "prompt": "a fox in snow",
    "duration_seconds": 4,
    "resolution": "720p",
    "aspect_ratio": "16:9",
    "generate_audio": True,
    "number_of_videos": 1,
}
WAN: dict[str, Any] = {"prompt": "a fox in snow", "duration": 5, "prompt_extend": False, "watermark": False}

#: Headers by which the SDKs tell of themselves, their platform and their retries.
MARKS = ("header x-stainless-", "header x-goog-api-client", "header x-dashscope-sdk-")
#: What Alibaba's SDK always adds: a wish of older models, which have no `prompt_extend`, and a word of its own.
EXTRAS = {"body.input.extend_prompt": (None, True), "body.input.function": (None, "video-synthesis")}


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


async def ours(
    recorder: Recorder, endpoint: str, base: str, request: VideoRequest, samples: int = 1, **settings: Any
) -> Sent:
    """What our adapter sends for `request`, by the road that a real job takes, once the recorder has it."""
    provider, _, model = endpoint.partition("/")
    (found,) = [each for each in load_cards()[model].endpoints if each.provider == provider]
    entry = load_config().providers[provider]
    wire = PROVIDERS[entry.wire]
    planned = plan(request, found, day=DAY, options=wire.options)
    assert isinstance(planned, Plan)
    assert planned.exact
    access = Access(recorder.url + base, "any", entry.settings, (), redirected=True)
    auth, adapter = auth_of(entry, access), wire({**access.settings, **settings})
    async with poll_client() as polls, submit_client(10) as submits:
        api = Api(polls, access.base_url, auth)
        submission = adapter.submission(await adapter.prepare(api, planned, samples))
        headers = {**submission.headers, "content-type": submission.content_type, **await auth.headers()}
        response = await submits.post(api.url(submission.path), content=submission.body, headers=headers)
    assert adapter.accepted(response).id
    return recorder.sent[-1]


def compared(ours: Sent, theirs: Sent) -> dict[str, tuple[Any, Any]]:
    """Where the two differ, the SDKs' marks aside."""
    return {name: each for name, each in differences(ours, theirs).items() if not name.startswith(MARKS)}


# --- OpenAI -----------------------------------------------------------------------------------------------------------


async def openai_differences(
    openai: Referee, recorder: Recorder, request: VideoRequest, **asked: Any
) -> dict[str, tuple[Any, Any]]:
    sent = await ours(recorder, "openai/sora-2", "/v1", request)
    openai.ask("create", url=f"{recorder.url}/v1", **asked)
    return compared(sent, recorder.sent[-1])


async def test_sora_from_a_prompt(openai: Referee, recorder: Recorder) -> None:
    request = VideoRequest(prompt="a fox in snow", seconds=4, resolution="720p", aspect_ratio="16:9")

    found = await openai_differences(
        openai, recorder, request, prompt="a fox in snow", model="sora-2", seconds="4", size="1280x720"
    )

    # A form is what every server of this wire reads; SDKs up to 2.26 sent JSON where no file went along.
    as_json = {"content type": ("multipart/form-data", "application/json")}
    assert found == (as_json if openai.name == "openai-2.26" else {})


async def test_sora_from_a_first_frame(openai: Referee, recorder: Recorder, frame: Path) -> None:
    request = VideoRequest(prompt="a fox", seconds=8, resolution="720p", aspect_ratio="16:9", image=frame)

    found = await openai_differences(
        openai,
        recorder,
        request,
        prompt="a fox",
        model="sora-2",
        seconds="8",
        size="1280x720",
        input_reference=str(frame),
    )

    assert found == {}


# --- Google -----------------------------------------------------------------------------------------------------------


async def google_differences(
    genai: Referee, recorder: Recorder, request: VideoRequest, samples: int = 1, **asked: Any
) -> dict[str, tuple[Any, Any]]:
    """All but the version: the SDK asks for v1beta1, Google's documents for v1; both are there."""
    sent = await ours(recorder, "vertex/veo-3.1", "/v1", request, samples, project="simulated")
    genai.ask("create", url=recorder.url, **asked)
    theirs = recorder.sent[-1]
    found = compared(sent, theirs)
    assert found.pop("path") == (theirs.path.replace("/v1beta1/", "/v1/"), theirs.path)
    return found


async def test_veo_from_a_prompt(genai: Referee, recorder: Recorder) -> None:
    request = VideoRequest(prompt="a fox in snow", **FRAME)

    assert await google_differences(genai, recorder, request, **VEO) == {}


async def test_veo_with_every_wish(genai: Referee, recorder: Recorder) -> None:
    options: dict[str, Any] = {"storage_uri": "gs://bucket/takes/", "person_generation": "allow_adult"}
    options |= {"compression_quality": "lossless", "pubsub_topic": "projects/p/topics/t", "labels": {"team": "x"}}
    request = VideoRequest(
        prompt="a fox in snow",
        negative_prompt="rain",
        seed=7,
        options={"vertex": options},
        **{**FRAME, "audio": False},
    )
    asked = VEO | {"generate_audio": False, "seed": 7, "negative_prompt": "rain", "number_of_videos": 2}
    asked |= {"output_gcs_uri": "gs://bucket/takes/", "person_generation": "allow_adult"}
    asked |= {"compression_quality": "LOSSLESS", "pubsub_topic": "projects/p/topics/t", "labels": {"team": "x"}}

    found = await google_differences(genai, recorder, request, 2, **asked)

    # Google's documents write these words in lower case, its SDK in upper case.
    assert found == {"body.parameters.compressionQuality": ("lossless", "LOSSLESS")}


async def test_veo_from_a_first_frame(genai: Referee, recorder: Recorder, frame: Path) -> None:
    request = VideoRequest(prompt="a fox in snow", image=frame, **FRAME)

    assert await google_differences(genai, recorder, request, **VEO, image=str(frame)) == {}


async def test_veo_from_a_first_and_a_last_frame(genai: Referee, recorder: Recorder, frame: Path) -> None:
    request = VideoRequest(prompt="a fox in snow", image=frame, last_image=frame, **FRAME)

    asked = VEO | {"image": str(frame), "last_frame": str(frame)}

    assert await google_differences(genai, recorder, request, **asked) == {}


async def test_veo_from_references(genai: Referee, recorder: Recorder, frame: Path) -> None:
    request = VideoRequest(prompt="a fox in snow", reference_images=(frame, frame), **{**FRAME, "seconds": 8})

    found = await google_differences(
        genai, recorder, request, **VEO | {"duration_seconds": 8, "references": [str(frame)] * 2}
    )

    # As above: lower case in the documents, upper case in the SDK.
    assert found == {
        f"body.instances.0.referenceImages.{number}.referenceType": ("asset", "ASSET") for number in range(2)
    }


async def test_veo_made_longer(genai: Referee, recorder: Recorder, second: Path) -> None:
    request = VideoRequest(prompt="a fox in snow", extend=second, **{**FRAME, "seconds": 7})

    found = await google_differences(genai, recorder, request, **VEO | {"duration_seconds": 7, "video": str(second)})

    assert found == {}


# --- Alibaba ----------------------------------------------------------------------------------------------------------


async def dashscope_differences(
    dashscope: Referee, recorder: Recorder, request: VideoRequest, **asked: Any
) -> dict[str, tuple[Any, Any]]:
    sent = await ours(recorder, "dashscope-intl/wan-2.5", "/api/v1", request)
    dashscope.ask("create", url=f"{recorder.url}/api/v1", key="any", **asked)
    return compared(sent, recorder.last("/video-synthesis"))


async def test_wan_from_a_prompt(dashscope: Referee, recorder: Recorder) -> None:
    request = VideoRequest(
        prompt="a fox in snow", negative_prompt="rain", seed=7, seconds=5, resolution="720p", aspect_ratio="16:9"
    )

    found = await dashscope_differences(
        dashscope, recorder, request, **WAN, model="wan2.5-t2v-preview", size="1280*720", seed=7, negative_prompt="rain"
    )

    assert found == EXTRAS


async def test_wan_from_a_first_frame(dashscope: Referee, recorder: Recorder, frame: Path) -> None:
    request = VideoRequest(prompt="a fox in snow", image=frame, seconds=5, resolution="480p")
    link = f"data:image/png;base64,{b64encode(frame.read_bytes()).decode()}"

    found = await dashscope_differences(
        dashscope, recorder, request, **WAN, model="wan2.5-i2v-preview", resolution="480P", img_url=link
    )

    assert found == EXTRAS


async def test_wan_with_a_sound_that_is_uploaded(dashscope: Referee, recorder: Recorder, tmp_path: Path) -> None:
    sound = tmp_path / "audio_track.wav"
    with wave.open(str(sound), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000 * 2 * 4))
    request = VideoRequest(prompt="a fox in snow", audio_track=sound, seconds=5, resolution="720p", aspect_ratio="16:9")

    sent = await ours(recorder, "dashscope-intl/wan-2.5", "/api/v1", request)
    uploads = {place: recorder.last(place) for place in ("/uploads", "/oss")}
    asked = WAN | {"model": "wan2.5-t2v-preview", "size": "1280*720", "audio_url": f"file://{sound}"}
    dashscope.ask("create", url=f"{recorder.url}/api/v1", key="any", **asked)

    assert compared(sent, recorder.last("/video-synthesis")) == EXTRAS
    assert compared(uploads["/uploads"], recorder.last("/uploads")) == {}
    # The type is told twice over: we name it in the part, the SDK in a field of the form.
    assert compared(uploads["/oss"], recorder.last("/oss")) == {
        "body.file.type": ("audio/wav", None),
        "body.x-oss-content-type": (None, "audio/x-wav"),
    }
