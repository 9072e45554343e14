"""What a video file really is: read from small files made here, and refused where it is none."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest

from rushes.errors import BadFile
from rushes.probe import first_frame, frames, image_of, probe

SECONDS = 2
FPS = 12


def film(
    path: Path, *, picture: bool = True, sound: bool = False, codec: str = "libx264", fps: int = FPS, side: int = 64
) -> Path:
    """Two seconds of a grey square, or of a tone, or both."""
    with av.open(str(path), "w") as container:
        video = cast(av.VideoStream, container.add_stream(codec, rate=fps)) if picture else None
        audio = container.add_stream("aac", rate=48_000) if sound else None
        if video is not None:
            video.width, video.height, video.pix_fmt = side * 2, side, "yuv420p"
            for number in range(SECONDS * fps):
                grey = np.full((side, side * 2, 3), number * 5, np.uint8)
                container.mux(video.encode(av.VideoFrame.from_ndarray(grey, "rgb24")))
            container.mux(video.encode())
        if audio is not None:
            for number in range(SECONDS * 48_000 // 1024):
                tone = np.zeros((1, 1024), np.float32)
                frame = av.AudioFrame.from_ndarray(tone, "fltp", "mono")
                frame.sample_rate, frame.pts, frame.time_base = 48_000, number * 1024, Fraction(1, 48_000)
                container.mux(audio.encode(frame))
            container.mux(audio.encode())
    return path


def test_a_silent_film(tmp_path: Path) -> None:
    path = film(tmp_path / "silent.mp4")

    found = probe(path)

    assert (found.width, found.height, found.fps) == (128, 64, FPS)
    assert found.seconds == pytest.approx(SECONDS, abs=1 / FPS)
    assert (found.video_codec, found.audio_codec, found.sound) == ("h264", None, False)
    assert found.bytes == path.stat().st_size
    assert "mp4" in found.container


def test_a_film_with_sound(tmp_path: Path) -> None:
    found = probe(film(tmp_path / "sound.mp4", sound=True))

    assert (found.audio_codec, found.sound) == ("aac", True)
    assert found.seconds == pytest.approx(SECONDS, abs=1 / FPS)


@pytest.mark.parametrize(
    ("suffix", "codec"), [("mp4", "mpeg4"), ("avi", "mpeg4"), ("mkv", "libx264"), ("webm", "libvpx")]
)
def test_other_containers_and_codecs(suffix: str, codec: str, tmp_path: Path) -> None:
    found = probe(film(tmp_path / f"film.{suffix}", codec=codec))

    assert (found.width, found.height) == (128, 64)
    assert found.seconds == pytest.approx(SECONDS, abs=0.2)


def test_sound_without_a_picture_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="holds no picture"):
        probe(film(tmp_path / "sound.mp4", picture=False, sound=True))


@pytest.mark.parametrize(
    "content",
    [
        b"Once upon a time",
        b"<!doctype html><title>Sorry</title>",
        b'{"error": {"message": "not ready"}}',
        b"\0" * 4096,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
    ],
)
def test_what_is_no_film_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)

    with pytest.raises(BadFile) as raised:
        probe(path)

    assert "Errno" not in raised.value.message


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").touch()

    with pytest.raises(BadFile, match="the file is empty"):
        probe(tmp_path / "clip.mp4")


@pytest.mark.parametrize("front", [True, False], ids=["index in front", "index at the end"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.7])
def test_a_film_that_was_cut_is_refused_wherever_its_index_stands(
    share: float, front: bool, tmp_path: Path, one_film: Path
) -> None:
    whole, moved = one_film, tmp_path / "moved.mp4"
    with (
        av.open(str(whole)) as source,
        av.open(str(moved), "w", options={"movflags": "faststart"} if front else {}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    content = moved.read_bytes()
    assert (content.index(b"moov") < content.index(b"mdat")) is front
    assert probe(moved).seconds == pytest.approx(2, abs=0.1)
    moved.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(BadFile):
        probe(moved)


def test_an_image_is_no_film(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "clip.mp4"
    Image.new("RGB", (64, 64), "teal").save(path, "png")

    with pytest.raises(BadFile):
        probe(path)


def test_frames_come_in_order_with_their_seconds_after_the_first(tmp_path: Path) -> None:
    shown = [(at, (frame.width, frame.height)) for at, frame in frames(film(tmp_path / "film.mp4", sound=True))]

    assert [at for at, _ in shown] == pytest.approx([number / FPS for number in range(SECONDS * FPS)], abs=1e-3)
    assert {sides for _, sides in shown} == {(128, 64)}


def test_the_first_frame_is_a_png_of_how_the_film_begins(tmp_path: Path) -> None:
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(first_frame(film(tmp_path / "film.mp4")))) as picture:
        assert (picture.format, picture.size) == ("PNG", (128, 64))
        assert np.asarray(picture).max() <= 4


def test_a_frame_comes_in_the_sides_that_are_asked_for(tmp_path: Path) -> None:
    _, frame = next(frames(film(tmp_path / "film.mp4")))

    assert image_of(frame, 30, 20).size == (30, 20)


@pytest.mark.parametrize("content", [b"", b"Once upon a time"])
def test_frames_of_what_is_no_film_are_refused_with_the_reason(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)

    with pytest.raises(BadFile, match="not a video that can be opened: invalid data"):
        next(frames(path))
    with pytest.raises(BadFile, match=r"clip\.mp4: not a video that can be opened"):
        first_frame(path)


def test_a_file_that_is_gone_has_no_frames(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no such file"):
        next(frames(tmp_path / "gone.mp4"))


def test_sound_alone_has_no_frames(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="there is no picture in it"):
        next(frames(film(tmp_path / "sound.mp4", picture=False, sound=True)))


def test_what_breaks_on_the_way_gives_the_frames_before_it_and_then_says_so(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4")
    content = bytearray(path.read_bytes())
    end = content.index(b"moov")
    content[end - 100 : end] = bytes([0xFF]) * 100  # the last few frames
    path.write_bytes(content)
    shown: list[float] = []

    with pytest.raises(BadFile, match="it cannot be decoded to its end: invalid data"):
        shown.extend(at for at, _ in frames(path))

    assert 0 < len(shown) < SECONDS * FPS
