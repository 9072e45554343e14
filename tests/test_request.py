"""A request: what goes together, what follows from it, and that it survives being written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from rushes.media import local_bytes
from rushes.request import Mode, VideoRequest


def test_a_prompt_is_all_that_is_needed_and_nothing_else_is_filled_in() -> None:
    request = VideoRequest(prompt="a red kite")

    assert request.model_dump(exclude_defaults=True) == {"prompt": "a red kite"}
    assert (request.seconds, request.resolution, request.aspect_ratio, request.audio) == (None, None, None, None)


@pytest.mark.parametrize(
    ("inputs", "mode"),
    [
        ({}, Mode.TEXT),
        ({"audio_track": "rain.wav"}, Mode.TEXT),
        ({"image": "fox.png"}, Mode.IMAGE),
        ({"image": "fox.png", "last_image": "den.png"}, Mode.FIRST_LAST),
        ({"reference_images": ["fox.png"]}, Mode.REFERENCES),
        ({"extend": "fox.mp4"}, Mode.EXTEND),
    ],
)
def test_what_a_clip_starts_from_follows_from_its_inputs(inputs: dict[str, Any], mode: Mode) -> None:
    assert VideoRequest(prompt="a fox", **inputs).mode is mode


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({"last_image": "den.png"}, "last_image needs image"),
        ({"image": "fox.png", "reference_images": ["fox.png"]}, "exclude each other"),
        ({"extend": "fox.mp4", "image": "fox.png"}, "takes neither image nor reference_images"),
        ({"extend": "fox.mp4", "reference_images": ["fox.png"]}, "takes neither image nor reference_images"),
        ({"prompt": " \n"}, "the prompt is empty"),
        ({"prompt": ""}, "at least 1 character"),
        ({"negative_prompt": ""}, "at least 1 character"),
        ({"seconds": 0}, "greater than 0"),
        ({"seconds": -4}, "greater than 0"),
        ({"seconds": float("nan")}, "less than or equal to 3600"),
        ({"seconds": float("inf")}, "less than or equal to 3600"),
        ({"resolution": "1440p"}, "'480p', '720p', '1024p', '1080p' or '4k'"),
        ({"aspect_ratio": "21:9"}, "'16:9', '9:16', '1:1', '4:3' or '3:4'"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"count": 0}, "greater than or equal to 1"),
        ({"image": ""}, "give a path, an http(s) URL, a data: URL or bytes"),
        ({"image": b""}, "give a path, an http(s) URL, a data: URL or bytes"),
        ({"image": 7}, "give a path, an http(s) URL, a data: URL or bytes"),
        ({"duration": 8}, "Extra inputs are not permitted"),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else None,
)
def test_what_cannot_be_meant_is_refused_with_what_would_be_right(inputs: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        VideoRequest(**{"prompt": "a fox", **inputs})

    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "given",
    ["https://pictures.test/fox.png", "http://127.0.0.1/fox.png", "gs://bucket/fox.png", "oss://dir/fox.png"],
)
def test_a_url_stays_a_url(given: str) -> None:
    assert VideoRequest(prompt="a fox", image=given).image == given


def test_other_text_is_a_path_on_this_machine() -> None:
    assert VideoRequest(prompt="a fox", image="stills/fox.png").image == Path("stills/fox.png")


def test_a_request_cannot_be_changed_after_it_was_made() -> None:
    request = VideoRequest(prompt="a fox")

    with pytest.raises(ValidationError, match="frozen"):
        request.seconds = 8  # type: ignore[misc]


def test_a_request_written_down_as_json_reads_back_the_same() -> None:
    request = VideoRequest(
        prompt="Füchse, 狐狸, 🦊",
        negative_prompt="dogs",
        seconds=8,
        resolution="720p",
        aspect_ratio="9:16",
        audio=False,
        image=Path("fox.png"),
        last_image="https://pictures.test/den.png",
        audio_track="data:audio/wav;base64,UklGRg==",
        seed=7,
        count=3,
        options={"vertex": {"labels": {"film": "fox"}}},
    )

    assert VideoRequest.model_validate_json(request.model_dump_json()) == request


def test_bytes_written_down_as_json_are_the_same_bytes_when_read_back() -> None:
    picture = bytes(range(256))

    again = VideoRequest.model_validate_json(VideoRequest(prompt="a fox", image=picture).model_dump_json())

    assert again.image is not None
    assert local_bytes(again.image) == picture
