"""The simulated Vertex AI answers as Vertex AI does."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rushes.simulator import inputs
from rushes.simulator.clock import VirtualClock
from rushes.simulator.world import World
from tests.simulator.conftest import CARDS, Vendor, png

MODEL = "veo-3.1-generate-001"
PLACE = "/projects/p/locations/us-central1/publishers/google/models"
STORAGE = "http://simulated/vertex/storage/v1/b"


def path(verb: str, model: str = MODEL) -> str:
    return f"{PLACE}/{model}:{verb}"


def image(width: int = 1280, height: int = 720) -> dict[str, str]:
    return {"bytesBase64Encoded": base64.b64encode(png(width, height)).decode(), "mimeType": "image/png"}


def text(prompt: str = "a kite", **parameters: Any) -> dict[str, Any]:
    return {"instances": [{"prompt": prompt}], "parameters": parameters}


async def submit(vertex: Vendor, body: dict[str, Any], model: str = MODEL) -> str:
    response = await vertex.post(path("predictLongRunning", model), json=body)
    assert response.status_code == 200, response.text
    assert response.json().keys() == {"name"}
    return str(response.json()["name"])


async def poll(vertex: Vendor, name: str, model: str = MODEL) -> dict[str, Any]:
    response = await vertex.post(path("fetchPredictOperation", model), json={"operationName": name})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def finished(vertex: Vendor, body: dict[str, Any], model: str = MODEL) -> dict[str, Any]:
    name = await submit(vertex, body, model)
    await vertex.wait_for_the_end(name.rpartition("/")[2])
    return await poll(vertex, name, model)


def error(response: Any) -> dict[str, Any]:
    body: dict[str, Any] = response.json()["error"]
    assert body["code"] == response.status_code
    return body


async def test_a_submit_answers_with_a_name_alone_and_a_pending_poll_with_the_same(vertex: Vendor) -> None:
    name = await submit(vertex, text())

    assert name.startswith("projects/p/locations/us-central1/publishers/google/models/veo-3.1-generate-001/operations/")
    assert await poll(vertex, name) == {"name": name}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
@pytest.mark.parametrize("location", ["us-central1", "global"])
async def test_any_version_and_location_is_served(vertex: Vendor, version: str, location: str) -> None:
    url = f"http://simulated/vertex/{version}/projects/p/locations/{location}/publishers/google/models/{MODEL}"

    assert (await vertex.post(f"{url}:predictLongRunning", json=text())).status_code == 200


async def test_a_finished_clip_comes_inline(vertex: Vendor) -> None:
    answer = await finished(vertex, text(durationSeconds=4))

    assert answer["done"] is True
    response = answer["response"]
    assert response["@type"] == "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
    assert response["raiMediaFilteredCount"] == 0
    [video] = response["videos"]
    assert video["mimeType"] == "video/mp4"
    shot = inputs.footage(base64.b64decode(video["bytesBase64Encoded"]))
    assert shot == inputs.Footage(4.0, 24.0, 1280, 720)


async def test_samples_lie_in_cloud_storage_and_need_the_token(vertex: Vendor) -> None:
    answer = await finished(vertex, text(sampleCount=2, storageUri="gs://bucket/takes/", durationSeconds=4))
    uris = [video["gcsUri"] for video in answer["response"]["videos"]]

    bucket, _, name = uris[0].removeprefix("gs://").partition("/")
    url = f"{STORAGE}/{bucket}/o/{name.replace('/', '%2F')}"
    film = await vertex.get(url, params={"alt": "media"})
    keyless = await vertex.get(url, params={"alt": "media"}, headers={"authorization": ""})

    assert [uri.rpartition("/")[2] for uri in uris] == ["sample_0.mp4", "sample_1.mp4"]
    assert uris[0].startswith("gs://bucket/takes/")
    assert film.content[4:8] == b"ftyp"
    assert keyless.status_code == 401


async def test_what_is_not_finished_does_not_lie_in_cloud_storage(vertex: Vendor) -> None:
    name = await submit(vertex, text(storageUri="gs://bucket/takes"))
    job = vertex.world.job(name.rpartition("/")[2])
    assert job is not None
    number = int(job.id.replace("-", ""), 16) % 10**19

    response = await vertex.get(f"{STORAGE}/bucket/o/takes%2F{number}%2Fsample_0.mp4", params={"alt": "media"})

    assert response.status_code == 404


async def test_every_option_that_google_genai_sends_is_taken(vertex: Vendor) -> None:
    body = {
        "instances": [{"prompt": "a cat", "image": image(), "lastFrame": image()}],
        "parameters": {
            "sampleCount": 2,
            "storageUri": "gs://b/o/",
            "durationSeconds": 8,
            "seed": 7,
            "aspectRatio": "9:16",
            "resolution": "1080p",
            "personGeneration": "allow_adult",
            "pubsubTopic": "projects/p/topics/x",
            "negativePrompt": "text",
            "enhancePrompt": True,
            "generateAudio": False,
            "compressionQuality": "OPTIMIZED",
            "resizeMode": "PAD",
        },
        "labels": {"team": "x"},
    }

    name = await submit(vertex, body)

    job = vertex.world.job(name.rpartition("/")[2])
    assert job is not None
    assert (job.asked.clip.width, job.asked.clip.height, job.asked.clip.sound) == (1080, 1920, False)
    assert (job.asked.seed, job.asked.samples) == (7, 2)


async def test_a_name_that_vertex_does_not_know_inside_parameters_is_ignored(vertex: Vendor) -> None:
    name = await submit(vertex, text(duration_seconds=4))

    job = vertex.world.job(name.rpartition("/")[2])
    assert job is not None
    assert job.asked.clip.seconds == 8


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"durationSeconds": "8"}, "`durationSeconds` needs to be a number"),
        ({"durationSeconds": True}, "`durationSeconds` needs to be a number"),
        ({"durationSeconds": 5}, "out of bound. Please provide a value between 4 and 8, inclusive."),
        ({"durationSeconds": 7}, "out of bound"),
        ({"durationSeconds": 60}, "out of bound"),
        ({"aspectRatio": "1:1"}, "`aspectRatio`"),
        ({"resolution": "480p"}, "`resolution`"),
        ({"sampleCount": 5}, "`sampleCount` needs to be an integer from 1 to 4"),
        ({"sampleCount": 0}, "`sampleCount`"),
        ({"seed": -1}, "`seed`"),
        ({"seed": 4294967296}, "`seed`"),
        ({"generateAudio": "no"}, "`generateAudio`"),
        ({"negativePrompt": 1}, "`negativePrompt`"),
        ({"personGeneration": "everybody"}, "`personGeneration`"),
        ({"compressionQuality": "poor"}, "`compressionQuality`"),
        ({"storageUri": "s3://bucket"}, "`storageUri`"),
        ({"pubsubTopic": "mine"}, "`pubsubTopic`"),
        ({"task": "dream"}, "`task`"),
    ],
)
async def test_a_wrong_parameter_is_an_invalid_argument(vertex: Vendor, parameters: dict[str, Any], words: str) -> None:
    response = await vertex.post(path("predictLongRunning"), json=text(**parameters))

    assert response.status_code == 400
    assert error(response)["status"] == "INVALID_ARGUMENT"
    assert words in error(response)["message"]
    assert vertex.world.truth()["jobs"] == []


def reference(kind: str = "asset") -> dict[str, Any]:
    return {"image": image(), "referenceType": kind}


@pytest.mark.parametrize(
    ("instance", "parameters", "words"),
    [
        ({}, {}, "needs a text prompt"),
        ({"referenceImages": [reference()]}, {}, "needs a text prompt"),
        ({"prompt": "x", "lastFrame": image()}, {}, "only together with `image`"),
        ({"prompt": "x", "image": image(), "video": {}}, {}, "cannot be combined"),
        ({"prompt": "x", "image": image(), "referenceImages": [reference()]}, {}, "cannot be combined"),
        ({"prompt": "x", "referenceImages": [reference()] * 4}, {}, "1 to 3 images"),
        ({"prompt": "x", "referenceImages": [reference("style")]}, {}, "type asset only"),
        ({"prompt": "x", "referenceImages": [reference("ASSET")]}, {"durationSeconds": 6}, "not supported"),
        ({"prompt": "x", "mask": {}}, {}, "not supported"),
        ({"prompt": "x", "image": {"bytesBase64Encoded": "QUJD"}}, {}, "needs a mimeType"),
        ({"prompt": "x", "image": {"inlineData": {}}}, {}, "needs a mimeType"),
        ({"prompt": "x", "image": {**image(), "gcsUri": "gs://b/a.png"}}, {}, "either gcsUri or"),
        ({"prompt": "x", "image": {"gcsUri": "gs://b/none.png", "mimeType": "image/png"}}, {}, "no such object"),
        ({"prompt": "x", "image": {**image(), "mimeType": "image/webp"}}, {}, "Unsupported mime type"),
        ({"prompt": "x", "image": {**image(), "mimeType": "image/jpeg"}}, {}, "Unable to process"),
        ({"prompt": "x", "image": {**image(), "bytesBase64Encoded": "%"}}, {}, "Invalid base64"),
    ],
)
async def test_inputs_that_do_not_go_together_are_refused(
    vertex: Vendor, instance: dict[str, Any], parameters: dict[str, Any], words: str
) -> None:
    response = await vertex.post(path("predictLongRunning"), json={"instances": [instance], "parameters": parameters})

    assert response.status_code == 400
    assert words in error(response)["message"]


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("veo-3.1-lite-generate-001", text(resolution="4k")),
        ("veo-3.1-fast-generate-001", text(resolution="4k")),
        ("veo-3.1-lite-generate-001", {"instances": [{"prompt": "x", "referenceImages": [reference()]}]}),
    ],
)
async def test_a_smaller_model_takes_less(vertex: Vendor, model: str, body: dict[str, Any]) -> None:
    assert (await vertex.post(path("predictLongRunning", model), json=body)).status_code == 400


async def test_1080p_goes_with_any_length_on_vertex(vertex: Vendor) -> None:
    assert await submit(vertex, text(resolution="1080p", durationSeconds=6))


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": "x"},
        {"instances": []},
        {"instances": [{"prompt": "x"}, {"prompt": "y"}]},
        {"instances": [{"prompt": "x"}], "parameters": []},
        {"instances": [{"prompt": "x"}], "labels": {"Team": "x"}},
        {"instances": [{"prompt": "x"}], "webhookConfig": {}},
    ],
)
async def test_a_body_of_another_shape_is_refused(vertex: Vendor, body: dict[str, Any]) -> None:
    assert (await vertex.post(path("predictLongRunning"), json=body)).status_code == 400


async def test_a_body_that_is_no_json_is_refused(vertex: Vendor) -> None:
    assert (await vertex.post(path("predictLongRunning"), content=b"{")).status_code == 400


async def test_a_prompt_that_may_not_be_enhanced_is_accepted_and_then_fails(vertex: Vendor) -> None:
    answer = await finished(vertex, text(enhancePrompt=False))

    assert answer["error"] == {"code": 3, "message": "Veo 3 prompt enhancement cannot be disabled."}
    assert vertex.world.truth()["charges"] == []


async def test_an_extension_adds_seven_seconds_until_its_input_is_longer_than_thirty(vertex: Vendor) -> None:
    answer = await finished(vertex, text(durationSeconds=8, storageUri="gs://b/o"))
    lengths = []
    body: dict[str, Any] = {}
    for _ in range(4):
        uri = answer["response"]["videos"][0]["gcsUri"]
        video = {"gcsUri": uri, "mimeType": "video/mp4"}
        body = {"instances": [{"prompt": "on", "video": video}], "parameters": {"storageUri": "gs://b/o"}}
        answer = await finished(vertex, body)
        job = vertex.world.job(answer["name"].rpartition("/")[2])
        assert job is not None
        lengths.append(job.asked.clip.seconds)
    body["instances"][0]["video"]["gcsUri"] = answer["response"]["videos"][0]["gcsUri"]
    refused = await vertex.post(path("predictLongRunning"), json=body)

    assert lengths == [15, 22, 29, 36]
    assert "1 to 30 seconds" in error(refused)["message"]


async def test_bytes_can_be_extended_and_the_whole_clip_comes_back(vertex: Vendor) -> None:
    answer = await finished(vertex, text(durationSeconds=4))
    video = answer["response"]["videos"][0]

    longer = await finished(
        vertex, {"instances": [{"prompt": "on", "video": video}], "parameters": {"durationSeconds": 7}}
    )

    shot = inputs.footage(base64.b64decode(longer["response"]["videos"][0]["bytesBase64Encoded"]))
    assert shot == inputs.Footage(11.0, 24.0, 1280, 720)


async def test_a_picture_uploaded_to_cloud_storage_can_be_the_first_frame(vertex: Vendor) -> None:
    upload = "http://simulated/vertex/upload/storage/v1/b/b/o"
    await vertex.post(upload, params={"uploadType": "media", "name": "in/a.png"}, content=png(1280, 720))

    body = {"instances": [{"prompt": "x", "image": {"gcsUri": "gs://b/in/a.png", "mimeType": "image/png"}}]}

    assert await submit(vertex, body)


@pytest.mark.parametrize("model", ["veo-3.1-generate-preview", "veo-4", "sora-2"])
async def test_a_model_that_is_not_there_is_not_found(vertex: Vendor, model: str) -> None:
    response = await vertex.post(path("predictLongRunning", model), json=text())

    assert response.status_code == 404
    assert error(response)["message"] == (
        f"Publisher model `projects/p/locations/us-central1/publishers/google/models/{model}` was not found or your "
        "project does not have access to it."
    )


async def test_the_probe_says_that_a_model_is_there(vertex: Vendor) -> None:
    there = await vertex.get(f"/publishers/google/models/{MODEL}")
    lite = await vertex.get("/publishers/google/models/veo-3.1-lite-generate-001")
    gone = await vertex.get("/publishers/google/models/veo-3.0-generate-001")

    assert there.json()["launchStage"] == "GA"
    assert lite.json()["launchStage"] == "PUBLIC_PREVIEW"
    assert gone.status_code == 404


@pytest.fixture
def early_vertex(tmp_path: Path) -> Iterator[Vendor]:
    with World(tmp_path / "early", VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)), cards=CARDS) as world:
        yield Vendor(world, "vertex")


async def test_a_model_is_not_there_before_its_first_day(early_vertex: Vendor) -> None:
    lite = await early_vertex.post(path("predictLongRunning", "veo-3.1-lite-generate-001"), json=text())

    assert lite.status_code == 404


@pytest.mark.parametrize("token", ["", "Bearer bad-token", "Key x"])
async def test_a_missing_or_wrong_token_is_unauthenticated(vertex: Vendor, token: str) -> None:
    response = await vertex.post(path("predictLongRunning"), json=text(), headers={"authorization": token})

    assert (response.status_code, error(response)["status"]) == (401, "UNAUTHENTICATED")


async def test_an_operation_of_another_model_or_none_is_not_found(vertex: Vendor) -> None:
    name = await submit(vertex, text())
    other = await vertex.post(path("fetchPredictOperation", "veo-3.1-fast-generate-001"), json={"operationName": name})
    unknown = await vertex.post(path("fetchPredictOperation"), json={"operationName": f"{name}0"})
    nothing = await vertex.post(path("fetchPredictOperation"), json={})

    assert (other.status_code, unknown.status_code, nothing.status_code) == (404, 404, 400)


async def test_the_fifty_first_submit_of_a_minute_meets_the_quota(vertex: Vendor) -> None:
    for _ in range(50):
        await submit(vertex, text())

    response = await vertex.post(path("predictLongRunning"), json=text())
    other_model = await vertex.post(path("predictLongRunning", "veo-3.1-fast-generate-001"), json=text())

    assert response.status_code == 429
    assert error(response)["status"] == "RESOURCE_EXHAUSTED"
    assert error(response)["message"].endswith(f"with base model: {MODEL}.")
    assert other_model.status_code == 200


async def test_silence_is_cheaper(vertex: Vendor) -> None:
    await finished(vertex, text(durationSeconds=4, storageUri="gs://b/o"))
    await finished(vertex, text(durationSeconds=4, storageUri="gs://b/o", generateAudio=False))

    assert [charge["micro_usd"] for charge in vertex.world.truth()["charges"]] == [1_600_000, 800_000]


def assertion(**claims: Any) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in [*parts, b"signature"])


async def test_a_service_account_gets_a_token_for_its_assertion(vertex: Vendor) -> None:
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    whole = assertion(iss="me@p", aud="http://simulated/vertex/token", iat=1, exp=3601, scope="cloud-platform")
    url = "http://simulated/vertex/token"

    token = await vertex.post(url, data={"grant_type": grant, "assertion": whole})
    refused = await vertex.post(url, data={"grant_type": grant, "assertion": assertion(iss="me@p")})
    unreadable = await vertex.post(url, data={"grant_type": grant, "assertion": "abc"})
    other = await vertex.post(url, data={"grant_type": "password"})

    assert token.json()["token_type"] == "Bearer"
    assert refused.json()["error"] == unreadable.json()["error"] == "invalid_grant"
    assert other.json()["error"] == "unsupported_grant_type"


async def test_google_auth_fetches_a_token_here(vertex: Vendor) -> None:
    service_account = pytest.importorskip("google.oauth2.service_account")
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    credentials = service_account.Credentials.from_service_account_info(
        {"client_email": "me@p", "private_key": pem, "token_uri": "http://simulated/vertex/token"},
        scopes=["https://www.googleapis.com/auth/cloud-platform"],
    )

    signed = credentials._make_authorization_grant_assertion().decode()
    response = await vertex.post(
        "http://simulated/vertex/token",
        data={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed},
    )

    assert response.status_code == 200
