"""Simulated films: real MP4 files of the length, size, sound and quality that were asked for."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from rushes.simulator.drawing.ball import Stage, balls
from rushes.simulator.drawing.labels import Labels
from rushes.simulator.drawing.scene import Ground, Light, Weather, scene_of
from rushes.simulator.drawing.stage_set import StageSet
from rushes.simulator.film import Film, draw

RATE = 48_000
AAC_FRAME = 1024 / RATE  # seconds

MEADOW = Film(
    prompt="A ball rolls down a ramp in a meadow, bounces off the floor twice, and comes to rest",
    model="a-model",
    seconds=2,
    width=320,
    height=180,
    fps=24,
    sound=True,
    seed=5,
    detail=0.9,
    steadiness=1.0,
)


def drawn(folder: Path, film: Film, name: str = "film.mp4") -> Path:
    path = folder / name
    draw(path, film)
    return path


def frames(path: Path) -> list[NDArray[Any]]:
    """Every picture of a file, (height, width, 3) RGB."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def heard(path: Path) -> NDArray[Any]:
    """All samples of a file, (2, samples)."""
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)


def lufs(path: Path) -> float:
    """Integrated loudness as FFmpeg's EBU R 128 meter reads it."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        source, meter, sink = (
            graph.add_abuffer(template=stream),
            graph.add("ebur128", "metadata=1"),
            graph.add("abuffersink"),
        )
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        read: dict[str, str] = {}
        for frame in container.decode(stream):
            graph.push(frame)
            while True:
                try:
                    read |= graph.pull().metadata
                except (av.BlockingIOError, av.EOFError):
                    break
    return float(read["lavfi.r128.I"])


def png(pixels: NDArray[Any]) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def gradient(width: int, height: int) -> NDArray[Any]:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 / width, y * 255 / height, 255 - x * 255 / width], axis=-1)


def between_labels(pixels: NDArray[Any]) -> NDArray[Any]:
    """The part of a picture on which nothing is written."""
    height = len(pixels)
    return pixels[int(height * 0.34) : int(height * 0.80)].astype(np.float32)


def sharpness(path: Path) -> float:
    """Mean size of the second differences of brightness, where nothing is written."""
    bright = between_labels(frames(path)[20]).mean(axis=2)
    down, across = np.diff(bright, 2, axis=0), np.diff(bright, 2, axis=1)
    return float(np.abs(down).mean() + np.abs(across).mean())


def flicker(path: Path) -> float:
    """Median of the second differences of mean brightness, in levels."""
    levels = [float(between_labels(pixels).mean()) for pixels in frames(path)]
    return float(np.median(np.abs(np.diff(levels, 2))))


@pytest.mark.parametrize(
    ("seconds", "fps", "width", "height", "count"),
    [(2, 24, 320, 180, 48), (1.5, 30, 180, 320, 45), (1, 16, 208, 120, 16), (0.1, 24, 32, 32, 2)],
)
def test_a_film_has_the_frames_the_size_and_the_rate_that_were_asked_for(
    tmp_path: Path, seconds: float, fps: int, width: int, height: int, count: int
) -> None:
    path = drawn(tmp_path, replace(MEADOW, seconds=seconds, fps=fps, width=width, height=height))

    assert len(frames(path)) == count
    with av.open(str(path)) as container:
        picture = container.streams.video[0]
        assert (picture.width, picture.height) == (width, height)
        assert picture.average_rate == fps
        assert (picture.codec_context.name, picture.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert picture.duration is not None
        assert picture.time_base is not None
        assert picture.duration * picture.time_base == pytest.approx(count / fps, abs=0.001)


@pytest.mark.parametrize(("seconds", "fps"), [(2, 24), (1.5, 30), (1.7, 25)])
def test_the_sound_is_as_long_as_the_picture(tmp_path: Path, seconds: float, fps: int) -> None:
    film = replace(MEADOW, seconds=seconds, fps=fps)

    path = drawn(tmp_path, film)

    with av.open(str(path)) as container:
        sound = container.streams.audio[0]
        assert (sound.codec_context.name, sound.rate, sound.layout.name) == ("aac", RATE, "stereo")
    assert heard(path).shape[1] / RATE == pytest.approx(film.frames / fps, abs=AAC_FRAME)


def test_a_silent_film_has_no_sound_at_all(tmp_path: Path) -> None:
    path = drawn(tmp_path, replace(MEADOW, sound=False))

    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_the_file_says_that_it_is_simulated_even_after_it_was_copied_into_another(tmp_path: Path) -> None:
    path, copy = drawn(tmp_path, MEADOW), tmp_path / "copy.mp4"
    with av.open(str(path)) as given, av.open(str(copy), "w") as taken:
        taken.metadata.update(given.metadata)
        streams = {stream.index: taken.add_stream_from_template(stream) for stream in given.streams}
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                taken.mux(packet)

    for file in (path, copy):
        with av.open(str(file)) as container:
            read = container.metadata
        assert "SIMULATED by rushes" in read["comment"]
        assert read["title"].startswith("SIMULATED")
        assert (read["artist"], read["description"]) == ("a-model", MEADOW.prompt)


def test_the_word_simulated_stands_large_in_every_frame(tmp_path: Path) -> None:
    seen = frames(drawn(tmp_path, replace(MEADOW, prompt="a snowy night in the city")))

    for pixels in seen:
        corner = pixels[:50, :166].astype(int)
        amber = (corner[..., 0] > 200) & (corner[..., 1] > 150) & (corner[..., 2] < 150)
        rows, columns = np.nonzero(amber)
        assert amber.mean() > 0.10
        assert np.ptp(columns) > 130
        assert np.ptp(rows) > 18


def test_the_clock_runs_from_frame_to_frame(tmp_path: Path) -> None:
    seen = frames(drawn(tmp_path, replace(MEADOW, prompt="a calm night", first_image=png(np.full((180, 320, 3), 40)))))

    hundredths = [pixels[8:22, 296:312].astype(int) for pixels in seen[:3]]
    assert all(np.abs(after - before).max() > 100 for before, after in pairwise(hundredths))


def test_players_can_begin_before_the_whole_file_is_there(tmp_path: Path) -> None:
    content = drawn(tmp_path, MEADOW).read_bytes()

    boxes, at = [], 0
    while at < len(content):
        boxes.append(content[at + 4 : at + 8])
        at += int.from_bytes(content[at : at + 4], "big")
    assert boxes.index(b"moov") < boxes.index(b"mdat")


def test_the_same_film_gives_the_same_file_in_any_thread_and_another_seed_another_one(tmp_path: Path) -> None:
    unsteady = replace(MEADOW, steadiness=0.6, prompt="a storm over the sea")
    films = [unsteady, unsteady, replace(unsteady, seed=6)]

    with ThreadPoolExecutor(3) as threads:
        paths = list(threads.map(lambda pair: drawn(tmp_path, pair[1], f"{pair[0]}.mp4"), enumerate(films)))

    first, again, other = (path.read_bytes() for path in paths)
    assert first == again
    assert first != other


def test_a_film_that_cannot_be_drawn_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="first image cannot be read"):
        draw(tmp_path / "film.mp4", replace(MEADOW, first_image=b"not a picture"))

    assert list(tmp_path.iterdir()) == []


def test_an_older_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"older")

    with pytest.raises(ValueError):
        draw(path, replace(MEADOW, first_image=b"not a picture"))

    assert path.read_bytes() == b"older"


@pytest.mark.parametrize("size", [(320, 180), (640, 480), (90, 160)])
def test_the_first_frame_shows_the_given_picture_and_the_last_one_does_not(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    given = gradient(*size)

    seen = frames(drawn(tmp_path, replace(MEADOW, first_image=png(given))))

    whole = Image.fromarray(given.astype(np.uint8))
    wide = min(size[0], size[1] * 16 / 9)
    high = wide * 9 / 16
    left, top = (size[0] - wide) / 2, (size[1] - high) / 2
    shown = np.asarray(whole.resize((320, 180), Image.Resampling.BILINEAR, (left, top, left + wide, top + high)))
    assert np.abs(between_labels(seen[0]) - between_labels(shown)).mean() < 6
    assert np.abs(between_labels(seen[-1]) - between_labels(shown)).mean() > 30


def test_an_extension_plays_the_whole_earlier_film_and_goes_on_from_its_last_frame(tmp_path: Path) -> None:
    earlier = drawn(tmp_path, MEADOW, "earlier.mp4")

    longer = drawn(tmp_path, replace(MEADOW, seconds=3, seed=8, prompt="a calm sea", continues=earlier), "longer.mp4")

    before, after = frames(earlier), frames(longer)
    assert len(after) == 48 + 72
    assert all(np.abs(a.astype(int) - b).mean() < 6 for a, b in zip(before, after, strict=False))
    seam = np.abs(between_labels(after[48]) - between_labels(after[47])).mean()
    assert seam < 6
    assert np.abs(between_labels(after[-1]) - between_labels(after[47])).mean() > 15
    assert heard(longer).shape[1] / RATE == pytest.approx(5, abs=AAC_FRAME)


def test_an_extension_keeps_the_earlier_sound_and_silence_where_there_was_none(tmp_path: Path) -> None:
    loud = drawn(tmp_path, MEADOW, "loud.mp4")
    silent = drawn(tmp_path, replace(MEADOW, sound=False), "silent.mp4")

    after_loud = heard(drawn(tmp_path, replace(MEADOW, continues=loud), "1.mp4"))
    after_silent = heard(drawn(tmp_path, replace(MEADOW, continues=silent), "2.mp4"))

    earlier = heard(loud)[:, 10_000:80_000]
    assert np.corrcoef(earlier[0], after_loud[0, 10_000:80_000])[0, 1] > 0.9
    assert np.abs(after_silent[:, : 2 * RATE - 3000]).max() < 0.001
    assert np.abs(after_silent[:, 2 * RATE :]).max() > 0.01


def test_an_earlier_film_of_another_rate_and_size_keeps_its_length(tmp_path: Path) -> None:
    earlier = drawn(tmp_path, replace(MEADOW, fps=30, width=640, height=360), "earlier.mp4")

    longer = drawn(tmp_path, replace(MEADOW, seconds=1, continues=earlier), "longer.mp4")

    assert len(frames(longer)) == 48 + 24


def test_a_film_of_another_shape_cannot_be_continued(tmp_path: Path) -> None:
    earlier = drawn(tmp_path, MEADOW, "earlier.mp4")

    with pytest.raises(ValueError, match=r"earlier\.mp4 is 320×180: it cannot be continued as 180×320"):
        draw(tmp_path / "longer.mp4", replace(MEADOW, width=180, height=320, continues=earlier))


def test_what_is_no_film_cannot_be_continued(tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.mp4"
    earlier.write_bytes(b"not a film")

    with pytest.raises(ValueError):
        draw(tmp_path / "longer.mp4", replace(MEADOW, continues=earlier))


@pytest.mark.parametrize("prompt", [MEADOW.prompt, "a storm at sea", "a city street", "a fox in snow"])
def test_finer_models_give_sharper_pictures(tmp_path: Path, prompt: str) -> None:
    measured = [
        sharpness(drawn(tmp_path, replace(MEADOW, prompt=prompt, detail=detail, seconds=1, width=640, height=360)))
        for detail in (0.3, 0.65, 1.0)
    ]

    assert all(coarse * 1.1 < fine for coarse, fine in pairwise(measured))


def test_less_steady_models_flicker_more(tmp_path: Path) -> None:
    measured = [flicker(drawn(tmp_path, replace(MEADOW, steadiness=steadiness))) for steadiness in (1.0, 0.8, 0.5)]

    assert measured[0] < 0.2
    assert measured[0] * 3 < measured[1]
    assert measured[1] * 1.5 < measured[2]


@pytest.mark.parametrize("prompt", [MEADOW.prompt, "a storm at sea", "a city street", "a fox in snow"])
def test_the_sound_is_about_as_loud_as_a_broadcast_and_never_clips(tmp_path: Path, prompt: str) -> None:
    path = drawn(tmp_path, replace(MEADOW, prompt=prompt, seconds=5))

    assert lufs(path) == pytest.approx(-23, abs=1.5)
    assert 20 * np.log10(np.abs(heard(path)).max()) < -1


def test_each_hard_bounce_is_heard_when_it_is_seen(tmp_path: Path) -> None:
    film = replace(MEADOW, seconds=4)
    bounces = [b for path in StageSet(film, 320, 180, age=0).paths for b in path.bounces if b.speed > 1.5]

    sound = heard(drawn(tmp_path, film)).mean(axis=0)

    assert len(bounces) >= 2
    for bounce in bounces:
        at = round(bounce.at * RATE)
        window = np.abs(sound[at - RATE // 10 : at + RATE // 10])
        quiet = window[: RATE // 10 - 1024].max()
        onset = int(np.argmax(window > 1.5 * quiet)) - RATE // 10
        assert window.max() > 1.5 * quiet
        assert abs(onset) / RATE < 1 / film.fps


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (480, 832), (1024, 1024), (1792, 1024)])
@pytest.mark.parametrize("seed", range(5))
def test_a_steady_ball_loses_height_at_every_bounce_and_comes_to_rest_in_the_picture(
    size: tuple[int, int], seed: int
) -> None:
    stage = Stage.of(*size)

    paths = balls(stage, seconds=10, seed=seed, steadiness=1.0)

    assert len(paths) >= 2
    for path in paths:
        times = np.linspace(path.start, path.start + 12, 4000)
        heights = [stage.floor - stage.radius - path.place(float(at))[1] for at in times]
        tops = [
            max(height for at, height in zip(times, heights, strict=True) if first.at <= at <= second.at)
            for first, second in pairwise(path.bounces)
        ]
        assert len(path.bounces) >= 2
        assert min(heights) > -0.01 * stage.radius
        assert all(later < earlier for earlier, later in pairwise(tops))
        assert all(later.speed < earlier.speed for earlier, later in pairwise(path.bounces))
        assert path.place(20) == path.place(30)
        assert stage.edge[0] < path.rest < size[0] - stage.radius
    rests = sorted(path.rest for path in paths)
    assert all(right - left > 2 * stage.radius for left, right in pairwise(rests))


def test_only_an_unsteady_ball_jumps_without_a_reason() -> None:
    stage = Stage.of(1280, 720)

    hops = {steadiness: balls(stage, 8, 3, steadiness)[0].hops for steadiness in (1.0, 0.7, 0.2)}

    assert hops[1.0] == ()
    assert 0 < len(hops[0.7]) < len(hops[0.2])


@pytest.mark.parametrize(
    ("prompt", "ground", "light", "weather"),
    [
        ("a field of sunflowers at golden hour", Ground.MEADOW, Light.GOLDEN, Weather.CLEAR),
        ("A kayaker on a sunny river", Ground.SHORE, Light.DAY, Weather.CLEAR),
        ("thunder and rain over the ocean", Ground.SHORE, Light.GREY, Weather.RAIN),
        ("Tokyo street at night", Ground.CITY, Light.NIGHT, Weather.CLEAR),
        ("bright mountains", Ground.SNOW, Light.DAY, Weather.SNOW),
    ],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_words_of_the_prompt_choose_the_scene(
    prompt: str, ground: Ground, light: Light, weather: Weather, seed: int
) -> None:
    scene = scene_of(prompt, seed)

    assert (scene.ground, scene.light, scene.weather) == (ground, light, weather)


def test_where_the_words_are_silent_the_seed_chooses() -> None:
    assert {scene_of("something", seed).ground for seed in range(40)} == set(Ground)


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (480, 832), (1920, 1080), (160, 90), (64, 64)])
@pytest.mark.parametrize("prompt", ["short", "many words " * 400, "x" * 900, "two\nlines", "日本語 🙂 ☃"])
def test_what_is_written_stays_in_the_picture_and_apart(size: tuple[int, int], prompt: str) -> None:
    labels = Labels(prompt, *size)

    boxes = [panel.box for panel in labels.panels]
    taken = np.zeros((size[1], size[0]), int)
    for rows, columns in boxes:
        assert 0 <= rows.start < rows.stop <= size[1]
        assert 0 <= columns.start < columns.stop <= size[0]
        taken[rows, columns] += 1
    assert taken.max() == 1


def test_a_prompt_too_long_for_the_picture_stands_whole_in_the_description(tmp_path: Path) -> None:
    film = replace(MEADOW, prompt="a very long story " * 100, seconds=0.2)

    with av.open(str(drawn(tmp_path, film))) as container:
        assert container.metadata["description"] == film.prompt


@pytest.mark.parametrize("prompt", ["", "a\x00b", '"quotes" & <tags>', "日本語 🙂"])
def test_any_prompt_can_be_drawn(tmp_path: Path, prompt: str) -> None:
    path = drawn(tmp_path, replace(MEADOW, prompt=prompt, seconds=0.2))

    assert len(frames(path)) == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"width": 321}, "sides are even"),
        ({"height": 16}, "at least 32"),
        ({"seconds": 0}, "not one frame"),
        ({"detail": 1.2}, "detail is between 0 and 1"),
        ({"steadiness": -0.1}, "steadiness is between 0 and 1"),
    ],
)
def test_a_film_that_makes_no_sense_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(MEADOW, **change)


def test_describing_a_film_loads_nothing_heavy() -> None:
    code = "import sys, rushes.simulator.film; print({'numpy', 'av', 'PIL'} & set(sys.modules))"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "set()"
