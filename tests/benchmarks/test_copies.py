"""Rating copies: alike in everything that is not the model's doing, and anonymous."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import av
import numpy as np
import pytest
from filelock import FileLock

from rushes.benchmarks.copies import COPIES, INDEX, Made, Source, make, missing, paths
from rushes.benchmarks.copying import Level, Stopped, canvas, copy
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.measure import measure
from rushes.errors import BadFile, BadInput, DiskFull, SetupError
from rushes.probe import probe
from tests.benchmarks.golden import RATE, Clip, at_thirty, golden, muted, quieter, soundless


def loudness(path: Path) -> tuple[float | None, float | None]:
    """LUFS and dBTP of a file, as the panel measures them."""
    measured = measure(path, label="any", sha256="00")
    return measured.number("loudness"), measured.number("true_peak")


def louder(clip: Clip, factor: float) -> Clip:
    assert clip.sound is not None
    return replace(clip, sound=clip.sound * factor)


def small(**changes: object) -> Clip:
    return golden(**({"seconds": 0.5, "width": 64, "height": 36} | changes))  # type: ignore[arg-type]


def luma(path: Path, at: int = 0) -> np.ndarray:
    """Of the frame number `at`, (height, width)."""
    with av.open(str(path)) as film:
        for number, frame in enumerate(film.decode(video=0)):
            if number == at:
                return frame.to_ndarray(format="gray").astype(int)
    raise AssertionError(f"no frame {at}")


# --- one copy ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "height", "wanted"),
    [
        (160, 90, (1280, 720)),
        (90, 160, (720, 1280)),
        (96, 96, (720, 720)),
        (128, 96, (1280, 720)),  # 4:3 stands on the canvas of 16:9
        (102, 74, (1280, 720)),
        (64, 62, (720, 720)),
    ],
)
def test_every_shape_has_one_canvas_and_24_frames_a_second(
    tmp_path: Path, width: int, height: int, wanted: tuple[int, int]
) -> None:
    source = at_thirty(small(seconds=0.5, width=width, height=height)).write(tmp_path / "in.mp4")

    copy(source, tmp_path / "out.mp4")

    facts = probe(tmp_path / "out.mp4")
    assert (facts.width, facts.height, facts.fps) == (*wanted, 24)
    assert (facts.video_codec, facts.audio_codec) == ("h264", "aac")
    assert facts.seconds == pytest.approx(0.5, abs=0.05)


def test_a_picture_of_another_shape_is_shown_whole_between_black_bars(tmp_path: Path) -> None:
    bright = replace(small(width=48, height=48, seconds=0.25), luma=np.full((6, 48, 60), 200.0))
    source = bright.write(tmp_path / "in.mp4")

    copy(source, tmp_path / "out.mp4")

    picture = luma(tmp_path / "out.mp4")
    lit = np.flatnonzero(picture[360] > 120)
    assert (lit[0], lit[-1]) == (190, 1089)  # 5:4: 900 of 1280
    assert picture[:, 200:1080].min() > 150
    assert picture[:, :180].max() < 24


def test_pixels_that_are_not_square_are_shown_as_they_are_meant(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "in.mp4"), "w") as film:
        stream = film.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(16, 9)
        for _ in range(4):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((96, 64), 200, np.uint8), "yuv420p")))
        film.mux(stream.encode(None))

    copy(tmp_path / "in.mp4", tmp_path / "out.mp4")

    assert (probe(tmp_path / "out.mp4").width, probe(tmp_path / "out.mp4").height) == (1280, 720)
    assert luma(tmp_path / "out.mp4").min() > 150


@pytest.mark.parametrize(("degrees", "lit"), [(0, "top left"), (90, "low left"), (180, None), (270, "top right")])
def test_a_picture_that_players_turn_is_turned(tmp_path: Path, degrees: int, lit: str | None) -> None:
    picture = np.full((36, 64), 40, np.uint8)
    picture[:18, :32] = 200  # a lit corner, top left
    planes = np.concatenate([picture, np.full((18, 64), 128, np.uint8)])
    with av.open(str(tmp_path / "in.mp4"), "w") as film:
        stream = film.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        stream.set_display_rotation(degrees)
        for _ in range(3):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(planes, "yuv420p")))
        film.mux(stream.encode(None))
    with av.open(str(tmp_path / "in.mp4")) as film:
        assert next(film.decode(video=0)).rotation % 360 == degrees

    copy(tmp_path / "in.mp4", tmp_path / "out.mp4")

    with av.open(str(tmp_path / "out.mp4")) as film:
        frame = next(film.decode(video=0))
        assert frame.rotation == 0
        assert (frame.width, frame.height) == ((1280, 720) if degrees in (0, 180) else (720, 1280))
    shown = luma(tmp_path / "out.mp4")
    height, width = shown.shape
    corners = {"top left": shown[60, 60], "top right": shown[60, width - 60], "low left": shown[height - 60, 60]}
    assert [name for name, value in corners.items() if value > 120] == ([] if lit is None else [lit])


@pytest.mark.parametrize("seconds", [0.5, 0.75])
def test_nothing_is_cut_off_at_the_end(tmp_path: Path, seconds: float) -> None:
    source = at_thirty(small(seconds=seconds)).write(tmp_path / "in.mp4")

    copy(source, tmp_path / "out.mp4")

    with av.open(str(tmp_path / "out.mp4")) as film:
        assert film.streams.video[0].frames == round(seconds * 24)
        heard = film.streams.audio[0]
        assert heard.duration is not None
        assert heard.time_base is not None
        assert float(heard.duration * heard.time_base) == pytest.approx(seconds, abs=0.03)


def test_sound_that_begins_later_still_does(tmp_path: Path) -> None:
    late = small(seconds=1.0)
    assert late.sound is not None
    sound = late.sound.copy()
    sound[:, : RATE // 2] = 0
    source = replace(late, sound=sound).write(tmp_path / "in.mp4")
    early = small(seconds=1.0).write(tmp_path / "early.mp4")

    copy(source, tmp_path / "out.mp4")
    copy(early, tmp_path / "also.mp4")

    def silent(path: Path) -> float:
        value = measure(path, label="any", sha256="00").number("silent")
        assert value is not None
        return value

    assert silent(tmp_path / "out.mp4") == pytest.approx(0.5, abs=0.06)
    assert silent(tmp_path / "also.mp4") == 0


@pytest.mark.parametrize("factor", [0.1, 3.0])
def test_every_copy_is_as_loud_as_every_other(tmp_path: Path, factor: float) -> None:
    source = louder(small(), factor).write(tmp_path / "in.mp4")

    level = copy(source, tmp_path / "out.mp4")

    found, peak = loudness(tmp_path / "out.mp4")
    assert found == pytest.approx(-23, abs=1)
    assert peak is not None
    assert peak <= -0.7
    assert level is not None
    assert level.after == pytest.approx(-23)


def test_peaks_that_leave_no_room_keep_a_copy_below_the_usual_loudness(tmp_path: Path) -> None:
    clicks = np.zeros((2, RATE // 2))
    clicks[:, 4000::12000] = 0.9
    source = replace(small(), sound=clicks).write(tmp_path / "in.mp4")

    level = copy(source, tmp_path / "out.mp4")

    found, peak = loudness(tmp_path / "out.mp4")
    assert level is not None
    assert level.after is not None
    assert level.after < -25
    assert found == pytest.approx(level.after, abs=1)
    assert peak is not None
    assert peak <= -0.7


def test_what_is_hardly_to_be_heard_does_not_become_a_roar(tmp_path: Path) -> None:
    source = quieter(quieter(small())).write(tmp_path / "in.mp4")

    level = copy(source, tmp_path / "out.mp4")

    assert level is not None
    assert level.gain == 27
    found, _ = loudness(tmp_path / "out.mp4")
    assert found == pytest.approx(level.after, abs=1)


def test_silent_stays_silent(tmp_path: Path) -> None:
    copy(muted(small()).write(tmp_path / "muted.mp4"), tmp_path / "out.mp4")
    none = copy(soundless(small()).write(tmp_path / "none.mp4"), tmp_path / "also.mp4")

    assert measure(tmp_path / "out.mp4", label="any", sha256="00").number("silent") == 1
    assert probe(tmp_path / "out.mp4").sound
    assert none is None
    assert not probe(tmp_path / "also.mp4").sound


def test_a_mute_tracks_level_is_not_known() -> None:
    assert Level(None, None).gain == 0
    assert Level(None, None).after is None


def test_sound_of_one_and_of_six_channels_becomes_stereo(tmp_path: Path) -> None:
    for channels in (1, 6):
        source = small(channels=channels).write(tmp_path / f"{channels}.mp4")

        copy(source, tmp_path / "out.mp4")

        with av.open(str(tmp_path / "out.mp4")) as film:
            assert film.streams.audio[0].layout.name == "stereo"
            assert film.streams.audio[0].rate == RATE
        assert loudness(tmp_path / "out.mp4")[0] == pytest.approx(-23, abs=1)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
def test_nothing_in_a_copy_tells_where_it_comes_from(tmp_path: Path, suffix: str) -> None:
    plain = small().write(tmp_path / "plain.mp4")
    source = tmp_path / f"in.{suffix}"
    with av.open(str(plain)) as film, av.open(str(source), "w") as out:
        out.metadata.update({"title": "by Wonder 9", "artist": "Wonder 9", "comment": "made by Wonder 9"})
        out.set_chapters(
            [{"id": 1, "start": 0, "end": 400, "time_base": Fraction(1, 1000), "metadata": {"title": "Wonder 9"}}]
        )
        ways = {stream.index: out.add_stream_from_template(stream) for stream in film.streams}
        for stream in ways.values():
            stream.metadata["handler_name"] = "Wonder 9"
        for packet in film.demux():
            if packet.dts is not None:
                packet.stream = ways[packet.stream_index]
                out.mux(packet)
    assert b"Wonder 9" in source.read_bytes()

    copy(source, tmp_path / "out.mp4")

    with av.open(str(tmp_path / "out.mp4")) as film:
        assert {*film.metadata} <= {"major_brand", "minor_version", "compatible_brands"}
        assert [dict(stream.metadata) for stream in film.streams] == [
            {"language": "und", "handler_name": "VideoHandler"},
            {"language": "und", "handler_name": "SoundHandler"},
        ]
        assert [*film.chapters()] == []
    assert b"onder 9" not in (tmp_path / "out.mp4").read_bytes()


def test_the_same_clip_gives_the_same_copy_and_is_not_touched(tmp_path: Path) -> None:
    source = small().write(tmp_path / "in.mp4")
    before = source.read_bytes(), source.stat().st_mtime_ns

    copy(source, tmp_path / "one.mp4")
    copy(source, tmp_path / "two.mp4")

    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    assert (source.read_bytes(), source.stat().st_mtime_ns) == before


def test_a_copy_can_be_played_while_it_is_loaded(tmp_path: Path) -> None:
    copy(small().write(tmp_path / "in.mp4"), tmp_path / "out.mp4")

    content = (tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no film at all" * 100),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 4]),
        lambda path: path.unlink(),
    ],
    ids=["empty", "no film", "cut", "gone"],
)
def test_a_broken_clip_is_told_by_name_and_leaves_nothing(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    source = small().write(tmp_path / "in.mp4")
    spoil(source)
    (tmp_path / "to").mkdir()

    with pytest.raises(BadFile, match=r"in\.mp4: it cannot be decoded to its end: "):
        copy(source, tmp_path / "to" / "out.mp4")

    assert [*(tmp_path / "to").iterdir()] == []


def test_sound_without_a_picture_is_no_clip(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "in.m4a"), "w") as film:
        stream = film.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = RATE
        film.mux(stream.encode(frame))
        film.mux(stream.encode(None))

    with pytest.raises(BadFile, match="it holds no picture"):
        copy(tmp_path / "in.m4a", tmp_path / "out.mp4")


def test_a_copy_that_nobody_wants_any_more_leaves_nothing(tmp_path: Path) -> None:
    source = small().write(tmp_path / "in.mp4")
    asked = iter([False] * 20)

    with pytest.raises(Stopped):
        copy(source, tmp_path / "out.mp4", stopped=lambda: next(asked, True))

    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a process are a matter of POSIX")
def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    import resource

    source = small().write(tmp_path / "in.mp4")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, usual[1]))
    try:
        with pytest.raises(DiskFull, match="no room for rating copies"):
            copy(source, tmp_path / "out.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)

    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_sides_that_nearly_agree_are_a_squares() -> None:
    assert canvas(1000, 1000) == canvas(1080, 1000) == canvas(1000, 1080) == (720, 720)
    assert canvas(1110, 1000) == (1280, 720)
    assert canvas(1000, 1110) == (720, 1280)


# --- a run's ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> tuple[Folder, list[Source]]:
    """A run's folder with three clips in it; two of them are the same film."""
    folder = Folder(tmp_path, "run")
    (folder.path / "clips").mkdir(parents=True)
    found: list[Source] = []
    for name, seed in (("wonder-9", 1), ("wonder-8", 2), ("twin", 1)):
        path = small(seconds=0.5, seed=seed).write(folder.path / "clips" / f"{name}.mp4")
        found.append(Source(f"short/p1/{name}/1", sha256(path.read_bytes()).hexdigest(), path))
    return folder, found


def names(folder: Folder) -> set[str]:
    return {path.name for path in (folder.path / COPIES).iterdir()} - {".lock"}


def test_copies_have_random_names_and_an_index_says_whose_they_are(run: tuple[Folder, list[Source]]) -> None:
    folder, wanted = run
    done: list[Made] = []

    found = make(folder, wanted, on_done=done.append)

    assert sorted(each.label for each in done) == sorted(found) == sorted(source.label for source in wanted)
    assert len({*found.values()}) == 3
    for path in found.values():
        assert path.parent == folder.path / COPIES
        assert len(path.stem) == 32
        assert int(path.stem, 16) >= 0
    index = json.loads((folder.path / COPIES / INDEX).read_text())
    assert (index["format"], index["recipe"]) == (1, 1)
    assert {(each["label"], each["sha256"], each["file"]) for each in index["copies"]} == {
        (source.label, source.sha256, found[source.label].name) for source in wanted
    }
    assert names(folder) == {INDEX, *(path.name for path in found.values())}


def test_copies_that_are_there_are_kept_and_only_the_rest_is_made(run: tuple[Folder, list[Source]]) -> None:
    folder, wanted = run
    before = make(folder, wanted[:1])
    lost = make(folder, wanted[:2])[wanted[1].label]
    lost.unlink()
    (folder.path / COPIES / ".half.mp4.part").write_bytes(b"half")
    done: list[str] = []

    found = make(folder, wanted, on_done=lambda made: done.append(made.label))

    assert sorted(done) == sorted(source.label for source in wanted[1:])
    assert found[wanted[0].label] == before[wanted[0].label]
    assert found[wanted[1].label] == lost
    assert names(folder) == {INDEX, *(path.name for path in found.values())}
    assert make(folder, wanted, on_done=lambda made: pytest.fail("made twice")) == found


def test_a_start_with_fewer_clips_keeps_the_copies_of_the_others(run: tuple[Folder, list[Source]]) -> None:
    folder, wanted = run
    whole = make(folder, wanted[:2])

    make(folder, wanted[2:])

    assert {key[0]: path for key, path in paths(folder).items() if key[0] in whole} == whole


def test_another_clip_under_the_same_label_gets_another_copy(run: tuple[Folder, list[Source]]) -> None:
    folder, wanted = run
    old = make(folder, wanted[:1])[wanted[0].label]
    path = small(seconds=0.5, seed=9).write(wanted[0].path)
    changed = replace(wanted[0], sha256=sha256(path.read_bytes()).hexdigest())

    new = make(folder, [changed])[wanted[0].label]

    assert new != old
    assert not old.exists()


def test_copies_of_an_earlier_recipe_are_made_again(run: tuple[Folder, list[Source]]) -> None:
    folder, wanted = run
    old = make(folder, wanted[:1])[wanted[0].label]
    index = folder.path / COPIES / INDEX
    index.write_text(index.read_text().replace('"recipe": 1', '"recipe": 0'))
    assert missing(folder, wanted[:1]) == wanted[:1]

    new = make(folder, wanted[:1])[wanted[0].label]

    assert not old.exists()
    assert new.exists()


def test_clips_whose_files_are_gone_are_named_before_anything_is_made(run: tuple[Folder, list[Source]]) -> None:
    folder, wanted = run
    wanted[0].path.unlink()
    wanted[2].path.unlink()

    with pytest.raises(SetupError, match=r"2 clips of the run 'run' .* wonder-9.mp4, twin.mp4"):
        make(folder, wanted, on_done=lambda made: pytest.fail("made one"))


def test_a_copy_is_enough_where_its_clip_is_gone(run: tuple[Folder, list[Source]]) -> None:
    folder, wanted = run
    found = make(folder, wanted[:1])
    wanted[0].path.unlink()

    assert make(folder, wanted[:1]) == found


def test_clips_that_cannot_be_copied_are_named_once_all_others_are(run: tuple[Folder, list[Source]]) -> None:
    folder, wanted = run
    wanted[0].path.write_bytes(b"not a film")
    broken = replace(wanted[0], sha256=sha256(b"not a film").hexdigest())
    wanted[1].path.write_bytes(wanted[2].path.read_bytes())
    done: list[str] = []

    with pytest.raises(BadFile) as raised:
        make(folder, [broken, *wanted[1:]], on_done=lambda made: done.append(made.label))

    assert raised.value.message.startswith("2 clips cannot be copied:\n")
    assert "wonder-9.mp4: it cannot be decoded to its end" in raised.value.message
    assert "wonder-8.mp4: is not the file that was made and measured" in raised.value.message
    assert done == [wanted[2].label]
    assert missing(folder, wanted) == wanted[:2]


def test_whatever_ends_the_making_leaves_whole_copies_only(run: tuple[Folder, list[Source]]) -> None:
    folder, wanted = run

    def interrupt(made: Made) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(folder, wanted, workers=1, on_done=interrupt)

    left = [path for path in (folder.path / COPIES).iterdir() if path.suffix in (".mp4", ".part")]
    assert left
    assert {*left} == {*paths(folder).values()}
    assert len(make(folder, wanted)) == 3


def test_two_processes_do_not_make_the_same_copies(run: tuple[Folder, list[Source]]) -> None:
    folder, wanted = run
    (folder.path / COPIES).mkdir()

    with FileLock(folder.path / COPIES / ".lock"), pytest.raises(SetupError, match="made by another process"):
        make(folder, wanted)


@pytest.mark.parametrize("text", ["", "{", '{"format": 2, "recipe": 1, "copies": []}', '{"copies": [], "more": 1}'])
def test_an_index_of_another_form_is_refused(run: tuple[Folder, list[Source]], text: str) -> None:
    folder, wanted = run
    (folder.path / COPIES).mkdir()
    (folder.path / COPIES / INDEX).write_text(text)

    with pytest.raises(BadInput, match=r"index.json: cannot be read: ") as raised:
        make(folder, wanted)

    assert raised.value.hint is not None
    assert str(folder.path / COPIES) in raised.value.hint


def test_a_place_where_no_folder_can_be_is_told(run: tuple[Folder, list[Source]]) -> None:
    folder, wanted = run
    (folder.path / COPIES).write_text("a file")

    with pytest.raises(SetupError, match="cannot be used"):
        make(folder, wanted)
