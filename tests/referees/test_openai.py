"""The openai SDK, in three releases, completes jobs against the simulator and meets the errors that it knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from rushes.probe import probe
from tests.referees.conftest import Simulator
from tests.referees.referee import Referee, SdkError

FOX = {"prompt": "a fox in snow", "model": "sora-2", "seconds": "4", "size": "1280x720"}


@pytest.fixture
def url(simulator: Simulator) -> str:
    return str(simulator.urls["openai"])


def test_a_clip_is_made_from_a_prompt_downloaded_and_remixed(openai: Referee, url: str, tmp_path: Path) -> None:
    video = openai.ask("make", url=url, to=str(tmp_path / "fox.mp4"), **FOX)
    openai.ask("download", url=url, id=video["id"], to=str(tmp_path / "fox.webp"), variant="thumbnail")
    remix = openai.ask("remix", url=url, id=video["id"], prompt="the same fox in rain")

    assert (video["status"], video["progress"]) == ("completed", 100)
    assert (video["model"], video["seconds"], video["size"]) == ("sora-2", "4", "1280x720")
    file = probe(tmp_path / "fox.mp4")
    assert file.seconds == pytest.approx(4, abs=0.1)
    assert (file.width, file.height, file.sound) == (1280, 720, True)
    with Image.open(tmp_path / "fox.webp") as picture:
        assert picture.format == "WEBP"
    assert (remix["remixed_from_video_id"], remix["seconds"]) == (video["id"], "4")


def test_a_create_goes_as_json_up_to_2_26_and_as_a_form_from_then_on(openai: Referee, url: str) -> None:
    made = openai.ask("create", url=url, **FOX)

    expected = "application/json" if openai.name == "openai-2.26" else "multipart/form-data"
    assert made["sent_as"].partition(";")[0] == expected
    assert made["video"]["status"] in ("queued", "in_progress")


def test_a_picture_of_the_size_of_the_clip_is_taken_as_its_first_frame(openai: Referee, url: str, frame: Path) -> None:
    video = openai.ask("make", url=url, **FOX, input_reference=str(frame))

    assert (video["status"], video["size"]) == ("completed", "1280x720")


def test_a_picture_of_another_size_is_refused(openai: Referee, url: str, tmp_path: Path) -> None:
    Image.new("RGB", (640, 360)).save(tmp_path / "small.png")

    with pytest.raises(SdkError, match="Inpaint image must match the requested width and height") as refused:
        openai.ask("create", url=url, **FOX, input_reference=str(tmp_path / "small.png"))

    assert (refused.value.told["class"], refused.value.told["status"]) == ("BadRequestError", 400)


def test_every_job_is_listed_page_by_page_newest_first(openai: Referee, url: str) -> None:
    made = [openai.ask("create", url=url, **FOX)["video"]["id"] for _ in range(3)]

    listed = openai.ask("list", url=url, page=2)

    assert listed[:3] == made[::-1]


def test_a_job_that_is_over_is_deleted_and_then_gone(openai: Referee, url: str) -> None:
    id = openai.ask("make", url=url, **FOX | {"prompt": "a fox [simulate: late_failure]"})["id"]

    deleted = openai.ask("delete", url=url, id=id)

    assert deleted == {"id": id, "deleted": True, "object": "video.deleted"}
    with pytest.raises(SdkError) as gone:
        openai.ask("retrieve", url=url, id=id)
    assert (gone.value.told["class"], gone.value.told["status"]) == ("NotFoundError", 404)


@pytest.mark.parametrize(
    ("asked", "error", "status"),
    [
        ({"key": "bad-key"}, "AuthenticationError", 401),
        ({"seconds": "5"}, "BadRequestError", 400),
        ({"size": "1920x1080"}, "BadRequestError", 400),
        ({"model": "sora-9"}, "NotFoundError", 404),
        ({"prompt": "a fox [simulate: moderated_at_once]"}, "BadRequestError", 400),
        ({"prompt": "a fox [simulate: rate_limited x9]"}, "RateLimitError", 429),
        ({"prompt": "a fox [simulate: error_500_before_accept]"}, "InternalServerError", 500),
        ({"prompt": "a fox [simulate: error_503]"}, "InternalServerError", 503),
        ({"prompt": "a fox [simulate: drop_after_accept]"}, "APIConnectionError", None),
    ],
)
def test_each_refusal_is_the_error_that_the_sdk_has_for_it(
    openai: Referee, url: str, asked: dict[str, str], error: str, status: int | None
) -> None:
    with pytest.raises(SdkError) as refused:
        openai.ask("create", url=url, **FOX | asked)

    assert (refused.value.told["class"], refused.value.told["status"]) == (error, status)
    assert refused.value.told["message"]


def test_a_clip_refused_at_its_end_is_failed_with_a_code(openai: Referee, url: str, tmp_path: Path) -> None:
    asked = FOX | {"prompt": "a fox [simulate: moderated]"}

    video = openai.ask("make", url=url, to=str(tmp_path / "none.mp4"), **asked)

    assert (video["status"], video["error"]["code"]) == ("failed", "moderation_blocked")
    assert not (tmp_path / "none.mp4").exists()


def test_what_was_accepted_is_billed_though_its_answer_was_lost(
    openai: Referee, url: str, simulator: Simulator
) -> None:
    before = len(simulator.truth()["jobs"])

    with pytest.raises(SdkError):
        openai.ask("create", url=url, **FOX | {"prompt": "a lost fox [simulate: error_500_after_accept]"})

    assert len(simulator.truth()["jobs"]) == before + 1
