"""Each way of spoiling a clip moves the metrics that tell it, and leaves the others where they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import inf
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from rushes.benchmarks.events import lag, sudden
from rushes.benchmarks.gate import SAME_PICTURE
from rushes.benchmarks.measure import measure
from rushes.benchmarks.measured import Measured
from rushes.benchmarks.metrics import METRICS
from rushes.benchmarks.signals import BANDS, LARGE, SMALL, Signals, canvas, read_signals
from rushes.probe import probe

from . import golden
from .golden import Clip

#: How far a metric may stray where it should not move: (share of its value, plus so many of its unit).
STEADY: Mapping[str, tuple[float, float]] = {
    "seconds": (0, 0.01),
    "fps": (0, 0.01),
    "black": (0, 0.01),
    "frozen": (0, 0.03),
    "duplicates": (0, 0.03),
    "cuts": (0, 0),
    "motion": (0.07, 0),
    "si": (0.05, 0),
    "ti": (0.05, 0),
    "blur": (0.03, 0),
    "block": (0.05, 0),
    "flicker": (0, 0.1),
    "loudness": (0, 0.2),
    "true_peak": (0, 0.2),
    "silent": (0, 0.01),
    "onsets": (0, 0),
    "sync": (0, 20),
}
#: What each does to the golden clip: a metric to the least and the most that it may become, or None where it is to be
#: not measurable. Metrics in `loose` may do as they like; the bit rate always may.
Range = tuple[float, float] | None
SPOILT: Mapping[str, tuple[Callable[[Clip], Clip], Mapping[str, Range], str]] = {
    "frozen": (
        golden.frozen,
        {"frozen": (0.72, 0.78), "duplicates": (0.7, 0.8), "ti": (0, 0.1), "motion": (0, 40), "flicker": (0, 0.01)},
        "sync",
    ),
    "doubled": (golden.doubled, {"duplicates": (0.45, 0.5), "ti": (0, 1)}, "sync"),
    "blurred": (golden.blurred, {"blur": (15, inf), "si": (0, 10)}, "ti motion block flicker"),
    "crf 40": (golden.squeezed, {"blur": (12, inf), "si": (0, 14)}, "ti motion block flicker sync"),
    "noise": (golden.noisy, {"ti": (9, inf), "motion": (120, inf), "si": (17, inf)}, "flicker blur"),
    "30 fps": (golden.at_thirty, {"fps": (30, 30), "duplicates": (0.1, 0.25)}, ""),
    "flicker": (golden.flickering, {"flicker": (15, 40), "motion": (200, inf)}, "si ti"),
    "black": (
        golden.half_black,
        {"black": (0.48, 0.52), "frozen": (0.4, 0.52), "duplicates": (0.45, 0.52)},
        "cuts motion ti flicker sync",
    ),
    "muted": (
        golden.muted,
        {"loudness": None, "true_peak": None, "silent": (1, 1), "onsets": (0, 0), "sync": None},
        "",
    ),
    "no sound": (
        golden.soundless,
        {"loudness": None, "true_peak": None, "silent": None, "onsets": None, "sync": None},
        "",
    ),
    "20 dB quieter": (golden.quieter, {"loudness": (-45.0, -44.0), "true_peak": (-26.7, -25.7)}, ""),
    "sound 200 ms late": (golden.late_sound, {"sync": (150, 240)}, ""),
    "shorter": (golden.shorter, {"seconds": (1.49, 1.51)}, "sync"),
}  # fmt: skip


def panel(clip: Clip, path: Path, image: Path | None = None) -> Measured:
    clip.write(path)
    measured = measure(path, label="a", sha256="0", image=image)
    assert measured.error is None
    return measured


def read(clip: Clip, path: Path) -> Signals:
    clip.write(path)
    return read_signals(path, probe(path))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return panel(golden.golden(), tmp_path_factory.mktemp("golden") / "whole.mp4")


def test_a_whole_clip_is_fine_in_every_metric(whole: Measured) -> None:
    found = {name: whole.number(name) for name in METRICS}

    assert (found["seconds"], found["fps"]) == (2.0, 24.0)
    assert (found["black"], found["frozen"], found["duplicates"], found["silent"]) == (0, 0, 0, 0)
    assert (found["cuts"], found["onsets"]) == (0, len(golden.CLAPS))
    assert found["loudness"] == pytest.approx(-24.5, abs=0.5)
    assert found["sync"] == pytest.approx(0, abs=45)
    assert {name for name, value in whole.values.items() if value.status == "degenerate"} == set()


@pytest.mark.parametrize("name", SPOILT)
def test_what_spoils_a_clip_moves_what_tells_it_and_nothing_else(name: str, whole: Measured, tmp_path: Path) -> None:
    spoil, moves, loose = SPOILT[name]

    spoilt = panel(spoil(golden.golden()), tmp_path / "spoilt.mp4")

    found = {metric: spoilt.number(metric) for metric in METRICS}
    for metric, limits in moves.items():
        number = found[metric]
        if limits is None:
            assert number is None, metric
            assert spoilt.why(metric), metric
        else:
            assert number is not None, (metric, spoilt.why(metric))
            assert limits[0] <= number <= limits[1], (metric, number)
    for metric, (share, units) in STEADY.items():
        before = whole.number(metric)
        if metric in moves or metric in loose.split() or before is None:
            continue
        assert found[metric] == pytest.approx(before, rel=share, abs=units + 1e-9), metric


def test_a_still_clip_has_a_flicker_that_says_nothing(tmp_path: Path) -> None:
    still = panel(golden.frozen(golden.golden()), tmp_path / "still.mp4").values["flicker"]

    assert still.status == "degenerate"
    assert still.why is not None
    assert "stands still for 75" in still.why


def test_every_cut_is_counted(tmp_path: Path) -> None:
    assert panel(golden.golden(cuts=(0.5, 1.5)), tmp_path / "cuts.mp4").number("cuts") == 2


def test_a_larger_copy_is_not_blurred_and_not_blocky(tmp_path: Path) -> None:
    small = golden.golden(seconds=0.25, width=1280, height=720, sound=None)

    before = panel(small, tmp_path / "small.mp4")
    after = panel(golden.scaled(1920, 1080)(small), tmp_path / "large.mp4")

    for metric, share in (("blur", 0.03), ("block", 0.03), ("ti", 0.07), ("motion", 0.03), ("si", 0.07)):
        assert after.number(metric) == pytest.approx(before.number(metric), rel=share), metric


@pytest.mark.parametrize(
    ("width", "height", "channels"), [(160, 90, 2), (90, 160, 6), (96, 96, 1), (162, 70, 2), (64, 16, 1), (16, 96, 2)]
)
def test_any_shape_and_any_number_of_channels_is_measured(
    width: int, height: int, channels: int, tmp_path: Path
) -> None:
    clip = golden.golden(seconds=1, width=width, height=height, channels=channels)

    found = panel(clip, tmp_path / "clip.mp4")

    assert found.number("duplicates") == 0
    assert found.number("onsets") == 2
    assert found.number("loudness") is not None


@pytest.mark.parametrize("container", ["mp4", "mov", "mkv"])
def test_the_container_makes_no_difference(container: str, whole: Measured, tmp_path: Path) -> None:
    found = panel(golden.golden(), tmp_path / f"clip.{container}")

    for metric in ("blur", "ti", "motion", "loudness", "onsets", "duplicates"):
        assert found.number(metric) == pytest.approx(whole.number(metric), rel=0.01), metric


def test_a_clip_of_one_frame_has_no_motion_to_measure(tmp_path: Path) -> None:
    clip = golden.golden(sound=None)

    found = panel(replace(clip, luma=clip.luma[:1]), tmp_path / "one.mp4")

    for metric in ("motion", "ti", "duplicates", "frozen", "cuts", "flicker", "sync"):
        assert found.values[metric].status == "not_measurable", metric
    assert found.number("blur") is not None
    assert found.number("black") == 0


@pytest.mark.parametrize("level", [16, 126])
def test_a_blank_clip_has_no_edges_to_measure(level: int, tmp_path: Path) -> None:
    clip = golden.golden(seconds=1, sound=None)

    found = panel(replace(clip, luma=np.full_like(clip.luma, level)), tmp_path / "blank.mp4")

    for metric in ("blur", "block", "si"):
        assert found.values[metric].status == "not_measurable", metric
    assert found.number("frozen") == 1
    assert found.number("black") == (1 if level == 16 else 0)


def test_one_small_thing_that_moves_is_neither_frozen_nor_repeated(tmp_path: Path) -> None:
    """A candle in a still room."""
    clip = golden.golden(seconds=1, sound=None)
    luma = np.repeat(clip.luma[:1], 24, axis=0)
    for number in range(24):
        luma[number, 40 + number % 5 : 46 + number % 5, 80:84] = 230

    found = panel(replace(clip, luma=luma), tmp_path / "candle.mp4")

    assert found.number("frozen") == 0
    assert found.number("duplicates") == pytest.approx(0, abs=0.1)


def test_a_frame_that_is_held_is_frozen_though_nothing_repeats_it(tmp_path: Path) -> None:
    clip = golden.golden(sound=None, seconds=1)
    path = tmp_path / "held.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=24)
        video.width, video.height, video.pix_fmt = golden.WIDTH, golden.HEIGHT, "yuv420p"
        video.codec_context.time_base = Fraction(1, 24)
        for number, luma in enumerate(clip.luma):
            frame = av.VideoFrame.from_ndarray(np.clip(luma, 16, 235).astype(np.uint8), "gray").reformat(
                format="yuv420p"
            )
            frame.pts, frame.time_base = number + (24 if number > 12 else 0), Fraction(1, 24)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))

    found = measure(path, label="a", sha256="0")

    assert found.number("frozen") == pytest.approx(25 / 48, abs=0.02)
    assert found.number("duplicates") == 0


def test_sound_beyond_the_picture_is_heard_and_sound_that_ends_early_is_silence(tmp_path: Path) -> None:
    clip = golden.golden(seconds=4, fps=6, sound="tone")
    assert clip.sound is not None
    early = replace(clip, sound=clip.sound[:, : golden.RATE])

    longer = panel(golden.shorter(clip), tmp_path / "longer.mp4")
    shorter = panel(early, tmp_path / "shorter.mp4")

    assert longer.number("silent") == 0
    assert longer.number("loudness_range") == pytest.approx(0, abs=0.5)
    assert shorter.number("silent") == pytest.approx(0.75, abs=0.01)
    assert shorter.values["loudness_range"].why == "its sound is shorter than 3.5 s"


def test_a_blip_of_sound_is_too_short_for_loudness(tmp_path: Path) -> None:
    clip = golden.golden(sound="tone")
    assert clip.sound is not None

    found = panel(replace(clip, sound=clip.sound[:, :9_600]), tmp_path / "blip.mp4")

    assert found.values["loudness"].why == "its sound is shorter than 0.4 s"
    assert found.number("true_peak") is not None


def test_si_and_ti_are_those_of_ffmpeg(tmp_path: Path) -> None:
    path = golden.golden(seconds=0.3, sound=None, width=1280, height=720).write(tmp_path / "clip.mp4")

    found = measure(path, label="a", sha256="0")

    assert found.number("si") == pytest.approx(np.median(siti(path, "1280:720", "si")[::6]), rel=0.01)
    assert found.number("ti") == pytest.approx(np.median(siti(path, "640:360:flags=area", "ti")[1:]), rel=0.01)


def siti(path: Path, size: str, which: str) -> list[float]:
    """What FFmpeg's own filter says of each frame."""
    graph, found = av.filter.Graph(), []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        nodes = [
            graph.add_buffer(template=stream),
            graph.add("scale", size),
            graph.add("siti"),
            graph.add("buffersink"),
        ]
        for one, next_one in pairwise(nodes):
            one.link_to(next_one)
        graph.configure()
        for frame in container.decode(stream):
            graph.push(frame)
            found.append(float(graph.pull().metadata[f"lavfi.siti.{which}"]))
    return found


def test_nothing_but_a_sudden_rise_is_an_onset(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    at = np.arange(4 * golden.RATE) / golden.RATE
    tone = np.sin(2 * np.pi * 220 * at) * 0.2
    sounds = {
        "noise": random.standard_normal(at.size) * 0.05,
        "tone": tone,
        "trembling": tone * (0.6 + 0.4 * np.sin(2 * np.pi * 5 * at)),
        "swelling": tone * np.minimum(at, 1),
        "cut off": tone * (at < 2),
        "starting": tone * (at > 2),
    }
    clip = golden.golden(seconds=0.2)

    found = {
        name: panel(replace(clip, sound=sound[None]), tmp_path / "clip.mp4").number("onsets")
        for name, sound in sounds.items()
    }

    assert found == {"noise": 0, "tone": 0, "trembling": 0, "swelling": 0, "cut off": 0, "starting": 1}


def test_no_sound_at_all_has_no_onset() -> None:
    assert sudden(np.zeros((0, len(BANDS)), np.float32)).times.size == 0
    assert sudden(np.zeros((9, len(BANDS)), np.float32)).times.size == 0


@pytest.mark.parametrize(("sounds", "changes"), [(2, 30), (3, 10), (5, 30), (10, 10), (20, 5)])
def test_sounds_that_know_nothing_of_the_picture_have_no_lag(sounds: int, changes: int) -> None:
    random = np.random.default_rng(sounds * 100 + changes)

    measured = 0
    for _ in range(200):
        heard, seen = (
            replace(sudden(np.zeros((0, 4), np.float32)), times=times, weights=np.ones(times.size))
            for times in (np.sort(random.uniform(0, 8, sounds)), np.sort(random.uniform(0, 8, changes)))
        )
        measured += lag(heard, seen, 8.0).status == "ok"

    assert measured <= 200 * 0.05


def test_a_canvas_has_the_shape_of_the_clip_and_one_area() -> None:
    assert (canvas(1280, 720, SMALL), canvas(1920, 1080, LARGE)) == ((640, 360), (1280, 720))
    assert (canvas(720, 1280, SMALL), canvas(1080, 1920, LARGE)) == ((360, 640), (720, 1280))
    assert canvas(1000, 1000, SMALL) == (480, 480)
    assert canvas(4096, 2, SMALL) == (21_722, 10)


def test_memory_of_a_clip_is_a_few_numbers_a_frame(tmp_path: Path) -> None:
    signals = read(golden.golden(seconds=1), tmp_path / "clip.mp4")

    sizes = {name: value.size for name, value in vars(signals).items() if isinstance(value, np.ndarray)}
    assert sizes.pop("first") == 64 * 36
    assert max(sizes.values()) == 24


# The first frame and the given image.


def picture(seed: int) -> Image.Image:
    """One with a horizon, hills and a sun, in colours and places of its own."""
    random = np.random.default_rng(seed)
    high, wide = 360, 640
    rows, columns = np.mgrid[0:high, 0:wide]
    horizon = random.uniform(120, 250) + 25 * np.sin(columns / random.uniform(40, 120) + random.uniform(0, 6))
    sky, ground = random.uniform(60, 240, 3), random.uniform(20, 180, 3)
    seen = np.where((rows < horizon)[..., None], sky - rows[..., None] * 0.15, ground + rows[..., None] * 0.1)
    for _ in range(9):
        x, y, size = random.uniform(0, wide), random.uniform(0, high), random.uniform(15, 60)
        seen[(columns - x) ** 2 + (rows - y) ** 2 < size**2] = random.uniform(0, 255, 3)
    seen += random.normal(0, 6, seen.shape)
    return Image.fromarray(np.clip(seen, 0, 255).astype(np.uint8))


def marked(image: Image.Image) -> Image.Image:
    marked = image.copy()
    marked.paste((40, 40, 40), (0, 0, 200, 60))
    marked.paste((250, 220, 40), (20, 15, 180, 45))
    return marked


COPIES: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "itself": lambda image: image,
    "small": lambda image: image.resize((160, 90)),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.7),
    "pale": lambda image: ImageEnhance.Contrast(image).enhance(0.6),
    "grey": lambda image: ImageEnhance.Color(image).enhance(0),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(3)),
    "enlarged": lambda image: image.crop((10, 6, 630, 354)).resize(image.size),
    "marked": marked,
}


def match(frame: Image.Image, given: Image.Image, folder: Path, crf: int = 18) -> float:
    """`given` as a JPEG of poor quality, `frame` as the first of a film."""
    grey = np.asarray(frame.convert("L").resize((640, 360)), np.float64) * 219 / 255 + 16
    given.save(folder / "given.jpg", quality=40)
    clip = Clip(grey[None], None, crf=crf)
    found = panel(clip, folder / "clip.mp4", folder / "given.jpg").number("image_match")
    assert found is not None
    return found


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_copy_of_the_image_is_known(name: str, seed: int, tmp_path: Path) -> None:
    image = picture(seed)

    found = match(COPIES[name](image), image, tmp_path, crf=32)

    assert found >= SAME_PICTURE + 0.1


def test_another_picture_is_not_the_image(tmp_path: Path) -> None:
    images = [picture(seed) for seed in range(1, 7)]

    found = [
        match(frame, images[0], tmp_path)
        for frame in (*images[1:], images[0].transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    ]

    assert max(found) <= SAME_PICTURE - 0.1


def test_an_image_of_another_shape_is_fitted_to_the_frame(tmp_path: Path) -> None:
    image = picture(3)
    square = Image.new("RGB", (640, 640), "white")
    square.paste(image, (0, 140))

    assert match(image, square, tmp_path) >= SAME_PICTURE + 0.1


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "cannot be read"), (b"no picture", "cannot be read"), ("blank", "the given image is blank")],
)
def test_an_image_that_is_none_is_said(content: bytes | str | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / "given.png"
    if content == "blank":
        Image.new("RGB", (64, 36), "red").save(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)

    found = panel(golden.golden(seconds=0.2, sound=None), tmp_path / "clip.mp4", path).values["image_match"]

    assert found.status == "not_measurable"
    assert found.why is not None
    assert why in found.why


# What each metric says of itself.


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_what_it_is_in_a_sentence(name: str) -> None:
    metric = METRICS[name]

    assert metric.name == name
    assert metric.version >= 1
    assert metric.title
    assert metric.about.endswith(".")
    assert metric.licence.startswith(("Apache", "LGPL"))
    assert metric.decimals >= 0
