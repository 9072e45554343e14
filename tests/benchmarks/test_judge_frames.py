"""What a judge is shown of a clip."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from rushes.benchmarks.judging.frames import film_of, fitted, frames_in, frames_of, pictures_of
from rushes.errors import BadFile
from tests.benchmarks.golden import golden


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 s, 160x90, 24 frames a second, with sound; its tags name a model."""
    path = golden(seconds=2.0).write(tmp_path_factory.mktemp("frames") / "wan-2.5-short-boat.mp4")
    tagged = path.with_name("tagged.mp4")
    with av.open(str(path)) as source, av.open(str(tagged), "w") as target:
        target.metadata.update({"title": "made by wan-2.5", "artist": "CANARY-MODEL"})
        streams = {each: target.add_stream_from_template(each) for each in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream]
                target.mux(packet)
    return tagged


def sizes(pictures: tuple[bytes, ...]) -> set[tuple[int, int]]:
    return {Image.open(io.BytesIO(each)).size for each in pictures}


def test_a_clip_becomes_four_frames_a_second_in_order(clip: Path) -> None:
    seen = frames_of(clip, fps=4, side=512)

    assert (seen.frames, len(seen.pictures), seen.seconds) == (8, 8, 2.0)
    assert seen.film is None
    assert not seen.sheets
    assert len({*seen.pictures}) == 8
    assert sizes(seen.pictures) == {(160, 90)}


def test_more_frames_a_second_are_more_pictures(clip: Path) -> None:
    assert frames_of(clip, fps=8, side=512).frames == 16


def test_the_longer_side_is_bounded_and_nothing_is_enlarged() -> None:
    assert fitted(1280, 720, 512) == (512, 288)
    assert fitted(720, 1280, 512) == (288, 512)
    assert fitted(160, 90, 512) == (160, 90)
    assert fitted(5000, 3, 512) == (512, 2)


def test_the_same_file_gives_the_same_bytes(clip: Path) -> None:
    assert frames_of(clip, fps=4, side=64) == frames_of(clip, fps=4, side=64)
    assert frames_of(clip, fps=4, side=64, most=2) == frames_of(clip, fps=4, side=64, most=2)
    assert film_of(clip, fps=4, side=64) == film_of(clip, fps=4, side=64)


@pytest.mark.parametrize(("most", "pictures"), [(8, 8), (7, 4), (4, 4), (3, 3), (2, 2), (1, 1)])
def test_frames_share_sheets_where_pictures_are_few(clip: Path, most: int, pictures: int) -> None:
    seen = frames_of(clip, fps=4, side=512, most=most)

    assert len(seen.pictures) == pictures == pictures_of(8, most)
    assert seen.frames == 8
    assert seen.sheets == (pictures < 8)


def test_a_sheet_holds_its_frames_in_rows(clip: Path) -> None:
    [sheet] = frames_of(clip, fps=4, side=512, most=1).pictures

    width, height = Image.open(io.BytesIO(sheet)).size
    assert (width % 160, height % 90) == (0, 0)
    assert width * height >= 8 * 160 * 90


def test_nothing_of_the_files_tags_or_name_goes_along(clip: Path) -> None:
    shown = [*frames_of(clip, fps=4, side=512).pictures, film_of(clip, fps=4, side=512).film or b""]

    for content in shown:
        assert b"CANARY-MODEL" not in content
        assert b"wan-2.5" not in content


def test_a_film_keeps_its_length_its_rate_and_its_sound_and_is_smaller(clip: Path) -> None:
    seen = film_of(clip, fps=4, side=64)

    assert seen.frames == 8
    assert seen.seconds == pytest.approx(2.0)
    with av.open(io.BytesIO(seen.film or b""), "r") as film:
        picture, sound = film.streams.video[0], film.streams.audio[0]
        assert (picture.width, picture.height, picture.average_rate) == (64, 36, 24)
        assert sum(1 for _ in film.decode(picture)) == 48
        assert sound.channels == 2


def test_a_silent_clip_becomes_a_silent_film(tmp_path: Path) -> None:
    clip = golden(seconds=0.5, sound=None).write(tmp_path / "silent.mp4")

    with av.open(io.BytesIO(film_of(clip, fps=4, side=512).film or b""), "r") as film:
        assert not film.streams.audio


def test_how_many_frames_are_expected_is_how_many_come(clip: Path) -> None:
    for fps in (4, 5, 7.5, 24):
        assert frames_of(clip, fps=fps, side=64).frames <= frames_in(2.0, fps)
    assert frames_in(0.01, 4) == 1


@pytest.mark.parametrize("content", [b"", b"not a film", b"\x00" * 5000])
def test_what_cannot_be_decoded_says_so_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)

    for show in (lambda: frames_of(path, fps=4, side=512), lambda: film_of(path, fps=4, side=512)):
        with pytest.raises(BadFile, match=r"broken\.mp4"):
            show()


def test_a_file_with_sound_alone_has_nothing_to_show(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
        frame.sample_rate, frame.pts = 48_000, 0
        container.mux([*stream.encode(frame), *stream.encode(None)])

    with pytest.raises(BadFile, match="no picture"):
        frames_of(path, fps=4, side=512)
