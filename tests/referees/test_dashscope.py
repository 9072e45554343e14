"""The dashscope SDK, on both of its surfaces, completes jobs against the simulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from rushes.probe import probe
from tests.referees.conftest import Simulator
from tests.referees.referee import Referee

FOX = {"model": "wan2.5-t2v-preview", "prompt": "a fox in snow", "size": "832*480", "duration": 5}
FROM_FRAME = {"model": "wan2.5-i2v-preview", "prompt": "it turns", "resolution": "480P", "duration": 5}


@pytest.fixture
def url(simulator: Simulator) -> str:
    return str(simulator.urls["dashscope"])


def test_a_clip_is_made_from_a_prompt_and_downloaded(dashscope: Referee, url: str, tmp_path: Path) -> None:
    made = dashscope.ask("make", url=url, to=str(tmp_path / "fox.mp4"), **FOX, seed=7, prompt_extend=False)

    assert made["output"]["task_status"] == "SUCCEEDED"
    assert made["output"]["orig_prompt"] == "a fox in snow"
    assert made["usage"] == {"video_count": 1, "video_duration": 5, "video_ratio": "832*480"}
    file = probe(tmp_path / "fox.mp4")
    assert file.seconds == pytest.approx(5, abs=0.1)
    assert (file.width, file.height, file.sound) == (832, 480, True)


def test_a_local_picture_is_uploaded_and_becomes_the_first_frame(
    dashscope: Referee, url: str, frame: Path, tmp_path: Path
) -> None:
    made = dashscope.ask(
        "make", url=url, to=str(tmp_path / "clip.mp4"), **FROM_FRAME, img_url=f"file://{frame}", prompt_extend=True
    )

    assert made["output"]["task_status"] == "SUCCEEDED"
    assert made["output"]["actual_prompt"] != "it turns"
    assert probe(tmp_path / "clip.mp4").seconds == pytest.approx(5, abs=0.1)


def test_the_newer_surface_makes_clips_as_well(dashscope: Referee, url: str, frame: Path, tmp_path: Path) -> None:
    made = dashscope.ask(
        "make_with_client", url=url, to=str(tmp_path / "clip.mp4"), **FROM_FRAME, image_url=f"file://{frame}"
    )

    assert made["succeeded"]
    assert probe(tmp_path / "clip.mp4").seconds == pytest.approx(5, abs=0.1)


def test_a_task_is_cancelled_while_it_waits(dashscope: Referee, unhurried: Simulator) -> None:
    url = str(unhurried.urls["dashscope"])
    id = dashscope.ask("create", url=url, **FOX)["output"]["task_id"]

    cancelled = dashscope.ask("cancel", url=url, id=id)

    assert cancelled["http"] == 200
    assert dashscope.ask("query", url=url, id=id)["output"]["task_status"] == "CANCELED"


def test_a_task_that_is_over_cannot_be_cancelled(dashscope: Referee, url: str) -> None:
    made = dashscope.ask("make", url=url, to=None, **FOX)

    refused = dashscope.ask("cancel", url=url, id=made["output"]["task_id"])

    assert (refused["http"], refused["code"]) == (400, "UnsupportedOperation")


def test_tasks_are_listed_with_their_model(dashscope: Referee, url: str) -> None:
    id = dashscope.ask("create", url=url, **FOX)["output"]["task_id"]

    listed = dashscope.ask("list", url=url, model_name=FOX["model"], page_size=5)

    newest = listed["output"]["tasks"][0]
    assert (newest["task_id"], newest["model_name"]) == (id, FOX["model"])


def test_a_task_that_nobody_knows_is_unknown(dashscope: Referee, url: str) -> None:
    answer = dashscope.ask("query", url=url, id="00000000-0000-4000-8000-000000000000")

    assert (answer["http"], answer["output"]["task_status"]) == (200, "UNKNOWN")


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"key": "bad-key"}, 401, "InvalidApiKey"),
        ({"duration": 7}, 400, "InvalidParameter"),
        ({"size": "1024*1024"}, 400, "InvalidParameter"),
        ({"model": "wan9-t2v"}, 404, "ModelNotFound"),
        ({"prompt": "a fox [simulate: moderated_at_once]"}, 400, "DataInspectionFailed"),
        ({"prompt": "a fox [simulate: rate_limited]"}, 429, "Throttling.RateQuota"),
    ],
)
def test_each_refusal_carries_its_code(
    dashscope: Referee, url: str, asked: dict[str, str], status: int, code: str
) -> None:
    refused = dashscope.ask("create", url=url, **FOX | asked)

    assert (refused["http"], refused["code"]) == (status, code)


def test_a_clip_refused_at_its_end_is_failed_with_a_code(dashscope: Referee, url: str) -> None:
    asked = FOX | {"prompt": "a fox [simulate: moderated]"}

    made = dashscope.ask("make", url=url, to=None, **asked)

    assert (made["output"]["task_status"], made["output"]["code"]) == ("FAILED", "DataInspectionFailed")
