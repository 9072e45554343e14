"""The google-genai SDK, in Vertex mode, completes every kind of job against the simulator."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from rushes.probe import probe
from tests.referees.conftest import Simulator
from tests.referees.referee import Referee, SdkError

SHORT = {"duration_seconds": 4, "resolution": "720p", "aspect_ratio": "16:9", "generate_audio": True}
FOX = {"model": "veo-3.1-generate-001", "prompt": "a fox in snow", **SHORT}
#: Nothing is drawn for a clip that nobody fetches.
STORED = {**FOX, "output_gcs_uri": "gs://bucket/takes/"}


@pytest.fixture
def url(simulator: Simulator) -> str:
    return str(simulator.urls["vertex"])


def test_a_clip_is_made_from_a_prompt(genai: Referee, url: str, tmp_path: Path) -> None:
    made = genai.ask("make", url=url, to=str(tmp_path), **FOX)

    assert (made["clips"], made["types"]) == (1, ["video/mp4"])
    assert made["name"].startswith("projects/simulated/locations/us-central1/publishers/google/models/")
    file = probe(tmp_path / "0.mp4")
    assert file.seconds == pytest.approx(4, abs=0.1)
    assert (file.width, file.height, file.fps, file.sound) == (1280, 720, 24, True)


def test_a_clip_is_made_from_a_first_and_a_last_frame(genai: Referee, url: str, frame: Path, tmp_path: Path) -> None:
    made = genai.ask("make", url=url, to=str(tmp_path), **STORED, image=str(frame), last_frame=str(frame))

    assert (made["clips"], made["filtered"]) == (1, 0)


def test_a_last_frame_alone_is_refused(genai: Referee, url: str, frame: Path) -> None:
    with pytest.raises(SdkError, match="lastFrame") as refused:
        genai.ask("create", url=url, **FOX, last_frame=str(frame))

    assert refused.value.told["word"] == "INVALID_ARGUMENT"


def test_a_clip_is_made_from_references_in_eight_seconds_only(
    genai: Referee, url: str, frame: Path, tmp_path: Path
) -> None:
    references = [str(frame), str(frame)]

    made = genai.ask("make", url=url, to=str(tmp_path), **STORED | {"duration_seconds": 8}, references=references)

    assert (made["clips"], made["filtered"]) == (1, 0)
    with pytest.raises(SdkError, match="not supported"):
        genai.ask("create", url=url, **FOX, references=references)


def test_a_clip_is_made_seven_seconds_longer(genai: Referee, url: str, second: Path, tmp_path: Path) -> None:
    longer = {"model": FOX["model"], "prompt": "it looks up", "duration_seconds": 7}

    genai.ask("make", url=url, to=str(tmp_path), **longer, video=str(second))

    assert probe(tmp_path / "0.mp4").seconds == pytest.approx(8, abs=0.1)


def test_two_silent_samples_are_two_different_clips(genai: Referee, url: str, tmp_path: Path) -> None:
    made = genai.ask("make", url=url, to=str(tmp_path), **FOX | {"generate_audio": False}, number_of_videos=2)

    assert made["clips"] == 2
    assert (tmp_path / "0.mp4").read_bytes() != (tmp_path / "1.mp4").read_bytes()
    assert not probe(tmp_path / "0.mp4").sound


def test_a_clip_is_left_in_cloud_storage_and_made_longer_from_there(
    genai: Referee, url: str, simulator: Simulator, tmp_path: Path
) -> None:
    made = genai.ask("make", url=url, to=str(tmp_path), **STORED)

    (uri,) = made["uris"]
    assert uri.startswith("gs://bucket/takes/")
    assert not (tmp_path / "0.mp4").exists()
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    stored = simulator.get(f"/vertex/storage/v1/b/{bucket}/o/{quote(name, safe='')}?alt=media")
    (tmp_path / "stored.mp4").write_bytes(stored.content)
    assert probe(tmp_path / "stored.mp4").seconds == pytest.approx(4, abs=0.1)
    longer = {"model": FOX["model"], "prompt": "it looks up", "duration_seconds": 7, "video": uri}
    longer["output_gcs_uri"] = STORED["output_gcs_uri"]
    assert genai.ask("make", url=url, to=str(tmp_path), **longer)["clips"] == 1


@pytest.mark.parametrize(("trick", "clips"), [("filtered", 0), ("partly_filtered", 1)])
def test_what_is_filtered_is_counted_with_its_reason(
    genai: Referee, url: str, tmp_path: Path, trick: str, clips: int
) -> None:
    asked = STORED | {"prompt": f"a fox [simulate: {trick}]", "number_of_videos": 2}

    made = genai.ask("make", url=url, to=str(tmp_path), **asked)

    assert (made["clips"], made["filtered"]) == (clips, 2 - clips)
    assert "Veo could not generate" in made["reasons"][0]


def test_an_operation_that_fails_late_holds_its_error(genai: Referee, url: str, tmp_path: Path) -> None:
    made = genai.ask("make", url=url, to=str(tmp_path), **FOX, enhance_prompt=False)

    assert made["error"] == {"code": 3, "message": "Veo 3 prompt enhancement cannot be disabled."}


@pytest.mark.parametrize(
    ("asked", "error", "status", "word"),
    [
        ({"key": "bad-token"}, "ClientError", 401, "UNAUTHENTICATED"),
        ({"duration_seconds": 5}, "ClientError", 400, "INVALID_ARGUMENT"),
        ({"resolution": "480p"}, "ClientError", 400, "INVALID_ARGUMENT"),
        ({"model": "veo-9"}, "ClientError", 404, "NOT_FOUND"),
        ({"prompt": "a fox [simulate: moderated_at_once]"}, "ClientError", 400, "INVALID_ARGUMENT"),
        ({"prompt": "a fox [simulate: rate_limited x9]"}, "ClientError", 429, "RESOURCE_EXHAUSTED"),
        ({"prompt": "a fox [simulate: error_503]"}, "ServerError", 503, "UNAVAILABLE"),
    ],
)
def test_each_refusal_is_the_error_that_the_sdk_has_for_it(
    genai: Referee, url: str, asked: dict[str, str], error: str, status: int, word: str
) -> None:
    with pytest.raises(SdkError) as refused:
        genai.ask("create", url=url, **FOX | asked)

    told = refused.value.told
    assert (told["class"], told["status"], told["word"]) == (error, status, word)
