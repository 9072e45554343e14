"""Pictures, sound and clips that go in: what they are, and what is done to them before they go."""

from __future__ import annotations

import wave
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from rushes.errors import BadInput
from rushes.media import (
    Footage,
    Picture,
    Sound,
    cover,
    footage_of,
    local_bytes,
    name_of,
    picture,
    pictures_of,
    sound_of,
)
from rushes.request import VideoRequest


def drawn(width: int, height: int, format: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    out = BytesIO()
    image.convert(mode).save(out, format, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("format", "mode", "expected"),
    [
        ("PNG", "RGB", ("png", False)),
        ("PNG", "RGBA", ("png", True)),
        ("PNG", "L", ("png", False)),
        ("JPEG", "RGB", ("jpeg", False)),
        ("JPEG", "CMYK", ("jpeg", False)),
        ("WEBP", "RGB", ("webp", False)),
        ("BMP", "RGB", ("bmp", False)),
    ],
)
def test_a_picture_is_known_by_its_bytes_and_not_by_its_name(
    format: str, mode: str, expected: tuple[str, bool], tmp_path: Path
) -> None:
    data = drawn(64, 48, format, mode)
    path = tmp_path / "picture.txt"
    path.write_bytes(data)

    assert picture(path) == Picture(expected[0], 64, 48, len(data), expected[1])


def test_a_palette_with_a_transparent_colour_counts_as_transparent() -> None:
    found = picture(drawn(8, 8, "PNG", "P", transparency=0))

    assert found is not None
    assert found.alpha


def test_a_camera_file_with_several_jpegs_in_it_is_a_jpeg() -> None:
    second = Image.new("RGB", (8, 8), "green")

    found = picture(drawn(8, 8, "MPO", save_all=True, append_images=[second]))

    assert found is not None
    assert found.format == "jpeg"


def test_a_picture_may_come_as_path_bytes_or_data_url(tmp_path: Path) -> None:
    data = drawn(8, 8)
    path = tmp_path / "fox.png"
    path.write_bytes(data)

    same = {picture(path), picture(data), picture(f"data:image/png;base64,{b64encode(data).decode()}")}

    assert same == {Picture("png", 8, 8, len(data), False)}


@pytest.mark.parametrize("url", ["https://pictures.test/fox.png", "gs://bucket/fox.png", "oss://dir/fox.png"])
def test_a_remote_picture_is_left_alone(url: str) -> None:
    assert picture(url) is None


def test_a_file_that_changed_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "fox.png"
    path.write_bytes(drawn(8, 8))
    before = picture(path)

    path.write_bytes(drawn(16, 8))

    assert before is not None
    assert (before.width, getattr(picture(path), "width", None)) == (8, 16)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"not a picture", "not a picture that can be read"),
        (drawn(64, 64)[:100], "not a picture that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture that can be read"),
        ("data:image/png;base64", "without a comma"),
        ("data:image/png;base64,@@@", "whose base64 is broken"),
    ],
    ids=["text", "cut off", "vector", "no comma", "broken base64"],
)
def test_what_is_no_picture_is_refused_with_what_to_give(data: bytes | str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        picture(data)


def test_a_missing_file_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.png: cannot be read: No such file"):
        picture(tmp_path / "nowhere.png")


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        picture(tmp_path)


def test_a_plain_data_url_holds_percent_encoded_bytes() -> None:
    assert local_bytes("data:text/plain,a%20fox%ff") == b"a fox\xff"


def test_what_is_not_here_cannot_be_read_from_here() -> None:
    with pytest.raises(BadInput, match="not on this machine"):
        local_bytes("gs://bucket/fox.png")


def test_a_signed_link_is_named_without_its_permission() -> None:
    assert name_of("https://pictures.test/fox.png?signature=secret") == "https://pictures.test/fox.png"


@pytest.mark.parametrize("media", [b"secret bytes", "data:text/plain,secret"])
def test_data_is_named_without_its_content(media: bytes | str) -> None:
    assert name_of(media) == "the data given"


def test_a_picture_of_the_right_size_stays_byte_for_byte() -> None:
    data = drawn(64, 48, "JPEG")

    assert cover(data, 64, 48) is data


@pytest.mark.parametrize("given", [(640, 480), (480, 640), (32, 24), (1000, 10)])
def test_another_picture_is_scaled_and_cropped_around_its_middle(given: tuple[int, int]) -> None:
    data = cover(drawn(*given), 64, 36)

    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("PNG", (64, 36))
        left, right = image.convert("RGB").getpixel((4, 18)), image.convert("RGB").getpixel((59, 18))
    assert (left, right) == ((255, 0, 0), (0, 0, 255))


def test_a_photo_that_says_it_lies_on_its_side_is_turned_upright_even_at_the_right_size() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down: red comes to the right
    data = cover(drawn(64, 36, "JPEG", exif=exif, quality=95), 64, 36)

    with Image.open(BytesIO(data)) as image:
        right = image.convert("RGB").getpixel((60, 18))
    assert isinstance(right, tuple)
    assert right[0] > 200 > 50 > right[2]


def test_every_picture_of_a_request_is_found_under_its_own_field() -> None:
    first, last = drawn(8, 8), drawn(16, 8)

    both = pictures_of(VideoRequest(prompt="a fox", image=first, last_image=last))
    references = pictures_of(VideoRequest(prompt="a fox", reference_images=(first, "https://pictures.test/fox.png")))

    assert {name: found and found.width for name, found in both.items()} == {"image": 8, "last_image": 16}
    assert {name: found and found.width for name, found in references.items()} == {
        "reference_images[0]": 8,
        "reference_images[1]": None,
    }


def recorded(seconds: float) -> bytes:
    """Silence as a WAV file."""
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(16000 * seconds)))
    return out.getvalue()


def filmed(frames: int, fps: int) -> bytes:
    """A dark clip of 64 x 48 pixels."""
    out = BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=fps)
        stream.width, stream.height = 64, 48
        for _ in range(frames):
            file.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        file.mux(stream.encode(None))
    return out.getvalue()


def test_a_sound_is_known_by_its_bytes() -> None:
    data = recorded(3.5)

    assert sound_of(data, "a.mp3") == Sound("wav", len(data), 3.5)


def test_a_clip_is_known_by_its_bytes() -> None:
    found = footage_of(filmed(12, 24), "a.webm")

    assert "mp4" in found.format
    assert found == Footage(found.format, 0.5, 24.0, 64, 48)


@pytest.mark.parametrize("data", [b"", b"<!doctype html>", b"\0" * 500])
def test_what_is_neither_sound_nor_clip_is_refused_by_its_name(data: bytes) -> None:
    with pytest.raises(BadInput, match="holiday: not a sound that can be read"):
        sound_of(data, "holiday")
    with pytest.raises(BadInput, match="holiday: not a video that can be read"):
        footage_of(data, "holiday")


def test_a_sound_has_no_picture_and_a_silent_clip_no_sound() -> None:
    with pytest.raises(BadInput, match="waves: holds no picture"):
        footage_of(recorded(1), "waves")
    with pytest.raises(BadInput, match="kite: has no sound"):
        sound_of(filmed(5, 24), "kite")
