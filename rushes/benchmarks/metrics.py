"""The technical panel: a clip's numbers, each with what it is and what it is not.

They tell defects and conformance, not beauty: a clip that stands still has no flicker, and noise looks sharp. Who
changes how a metric is worked out raises its `version`, and so numbers of two ways are never put together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log10
from typing import Literal

import numpy as np

from rushes.benchmarks.events import beats, lag, sudden
from rushes.benchmarks.measured import Value
from rushes.benchmarks.signals import LOUDNESS_FROM, RANGE_FROM, Grey, Series, Signals, Sound, Spans
from rushes.numbers import percent

FFMPEG = "LGPL-3.0-or-later (FFmpeg, as PyAV's wheels carry it)"
OWN = "Apache-2.0"

#: Neighbouring frames are the same below this mean luma difference on the small canvas, if no block of theirs differs
#: by more than SAME_BLOCK: the flame of one candle moves little of the picture, and is no repeated frame.
SAME = 0.35
SAME_BLOCK = 2.0
#: A frame held this long is a stopped picture too, though no second one repeats it.
HELD = 0.5  # s
#: A clip that stands still for more than this share has no flicker or motion worth the name.
STILL = 0.5
#: First frames are compared in 4×4 parts, each by its deviation from mean luma: PLAIN is no more than noise, and
#: beyond RICH none counts for more.
TILES, PLAIN, RICH = 4, 2.0, 15.0
#: P.910 speaks of luma from 0 to 255, and Signals of 16 to 235.
FULL_RANGE = 255 / 219


@dataclass(frozen=True)
class Metric:
    """One column; what `read` gives for a clip is in `unit`, "" where it has none."""

    name: str
    version: int
    title: str
    unit: str
    #: None where neither is better.
    better: Literal["higher", "lower"] | None
    #: probe: known from the file's tables. panel: the clip has to be decoded.
    cost: Literal["probe", "panel"]
    #: Of the code that works it out.
    licence: str
    read: Callable[[Signals], Value]
    #: What it is and is not, with its source.
    about: str
    #: After the point, where it is shown.
    decimals: int


def _seconds(clip: Signals) -> Value:
    return _known(clip.probe.seconds, "the file does not tell its length")


def _fps(clip: Signals) -> Value:
    return _known(clip.probe.fps, "the file does not tell its frame rate")


def _bitrate(clip: Signals) -> Value:
    if not clip.probe.seconds:
        return Value.missing("the file does not tell its length")
    return Value.ok(clip.probe.bytes * 8 / clip.probe.seconds / 1000)


def _known(number: float | None, why: str) -> Value:
    return Value.missing(why) if number is None else Value.ok(number)


def _share(spans: Spans, length: float) -> float:
    """How much of 0 to `length` the spans cover together."""
    covered = end = 0.0
    for start, stop in sorted(np.clip(spans, 0, length).tolist()):
        covered += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return covered / length


def _black(clip: Signals) -> Value:
    return Value.ok(_share(clip.black, clip.length)) if clip.length > 0 else Value.missing(NO_LENGTH)


def _frozen(clip: Signals) -> Value:
    return Value.missing(ONE_FRAME) if clip.times.size < 2 else Value.ok(_frozen_share(clip))


def _frozen_share(clip: Signals) -> float:
    ends = np.append(clip.times[1:], clip.length)
    stands = np.zeros(clip.times.size, np.bool_)
    for start, stop in clip.frozen:
        stands |= (clip.times >= start - 0.001) & (clip.times < stop - 0.001)
    # A frame stands where the next one repeats it; the last, where it repeats the one before.
    moves = np.append(clip.local[1:], clip.local[-1]) > SAME_BLOCK
    stands &= ~moves
    stands |= ends - clip.times >= HELD
    return _share(np.stack([clip.times, ends], axis=1)[stands], clip.length)


def _duplicates(clip: Signals) -> Value:
    if clip.times.size < 2:
        return Value.missing(ONE_FRAME)
    return Value.ok(float(((clip.change < SAME) & (clip.local < SAME_BLOCK))[1:].mean()))


def _cuts(clip: Signals) -> Value:
    return Value.missing(ONE_FRAME) if clip.times.size < 2 else Value.ok(int(clip.cuts.sum()))


def _motion(clip: Signals) -> Value:
    within = _within(clip)
    lasted = float(np.diff(clip.times)[within[1:]].sum()) if clip.times.size > 1 else 0.0
    if lasted <= 0:
        return Value.missing(NO_STEP)
    return Value.ok(float(clip.motion[within].sum()) / lasted)


def _within(clip: Signals) -> np.typing.NDArray[np.bool_]:
    """Where a frame follows another of the same shot."""
    within = ~clip.cuts
    within[:1] = False
    return within


def _si(clip: Signals) -> Value:
    return _of_samples(clip.si * FULL_RANGE)


def _ti(clip: Signals) -> Value:
    steps = clip.spread[_within(clip)]
    return Value.ok(float(np.median(steps)) * FULL_RANGE) if steps.size else Value.missing(NO_STEP)


def _blur(clip: Signals) -> Value:
    return _of_samples(clip.blur)


def _block(clip: Signals) -> Value:
    return _of_samples(clip.block)


def _of_samples(samples: Series) -> Value:
    there = samples[np.isfinite(samples)]
    return Value.ok(float(np.median(there))) if there.size else Value.missing("no picture of it has edges to measure")


def _flicker(clip: Signals) -> Value:
    bends = np.abs(np.diff(clip.luma, n=2))[~(clip.cuts[1:-1] | clip.cuts[2:])]
    if not bends.size:
        return Value.missing("no three frames of it follow each other in one shot")
    amount = float(np.median(bends))
    frozen = _frozen_share(clip)
    if frozen > STILL:
        return Value.degenerate(
            amount, f"it stands still for {percent(frozen)} of its length, and so cannot flicker there"
        )
    return Value.ok(amount)


def _heard(read: Callable[[Sound], Value]) -> Callable[[Signals], Value]:
    """A metric of the sound, for clips that have one."""

    def of(clip: Signals) -> Value:
        if clip.sound is None:
            return Value.missing("it has no sound")
        if not clip.sound.seconds:
            return Value.missing("its sound track is empty")
        return read(clip.sound)

    return of


def _loudness(sound: Sound) -> Value:
    if sound.loudness is not None:
        return Value.ok(sound.loudness)
    return Value.missing(_too_little(sound, LOUDNESS_FROM))


def _loudness_range(sound: Sound) -> Value:
    if sound.loudness_range is not None:
        return Value.ok(sound.loudness_range)
    return Value.missing(_too_little(sound, RANGE_FROM))


def _too_little(sound: Sound, least: float) -> str:
    if sound.seconds < least:
        return f"its sound is shorter than {least:g} s"
    return "nothing in its sound is louder than -70 LUFS"


def _true_peak(sound: Sound) -> Value:
    if sound.true_peak <= 0:
        return Value.missing("nothing in its sound reaches -60 dBTP")
    return Value.ok(20 * log10(sound.true_peak))


def _silent(clip: Signals) -> Value:
    sound = clip.sound
    if sound is None:
        return Value.missing("it has no sound")
    if clip.length <= 0:
        return Value.missing(NO_LENGTH)
    outside = np.array([[-np.inf, sound.start], [sound.start + sound.seconds, np.inf]])
    return Value.ok(_share(np.concatenate([sound.silences, outside]), clip.length))


def _onsets(sound: Sound) -> Value:
    return Value.ok(sudden(sound.power).times.size)


def _sync(clip: Signals) -> Value:
    if clip.sound is None:
        return Value.missing("it has no sound")
    if clip.times.size < 2:
        return Value.missing(ONE_FRAME)
    change = np.where(clip.cuts, np.nan, clip.change)
    return lag(sudden(clip.sound.power).later(clip.sound.start), beats(clip.times, change), clip.length)


def _image_match(clip: Signals) -> Value:
    if isinstance(clip.given, str):
        return Value.missing(clip.given)
    if clip.given.std() < 1:
        return Value.missing("the given image is blank")
    return Value.ok(max(0.0, _alike(_detail(clip.given), _detail(clip.first))))


def _alike(given: Grey, found: Grey) -> float:
    """The mean correlation of TILES by TILES parts, so that a watermark spoils its own part only.

    Each counts by how much there is in the given one, up to RICH; noise in empty parts is not held against it.
    """
    total = weights = 0.0
    for rows in np.array_split(np.arange(given.shape[0]), TILES):
        for columns in np.array_split(np.arange(given.shape[1]), TILES):
            part = np.ix_(rows, columns)
            a, b = given[part] - given[part].mean(), found[part] - found[part].mean()
            weight = min(float(a.std()), RICH)
            total += weight * float((a * b).mean()) / (max(a.std(), PLAIN) * max(b.std(), PLAIN))
            weights += weight
    return total / weights


def _detail(picture: Grey) -> Grey:
    """What is left without the broad light and dark: the difference from the mean of 9×9 pixels."""
    padded = np.pad(picture, 4, mode="edge")
    across = np.lib.stride_tricks.sliding_window_view(padded, 9, axis=1).mean(axis=-1)
    mean = np.lib.stride_tricks.sliding_window_view(across, 9, axis=0).mean(axis=-1)
    return np.asarray(picture - mean, np.float64)


NO_LENGTH = "it does not tell how long its frame is shown"
NO_STEP = "no two frames of it follow each other in one shot"
ONE_FRAME = "it is one frame only"

METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "seconds", 1, "Length", "s", None, "probe", FFMPEG, _seconds,
            "Length of the picture by its frames' own times; the sound may be longer or shorter.", 2,
        ),
        Metric(
            "fps", 1, "Frame rate", "frames/s", None, "probe", FFMPEG, _fps,
            "Mean frame rate that the file states; repeated frames count as frames (see duplicates).", 2,
        ),
        Metric(
            "bitrate", 1, "Bit rate", "kbit/s", None, "probe", OWN, _bitrate,
            "The whole file's size, sound included, over its length; how much was spent, not how good it looks.", 0,
        ),
        Metric(
            "black", 1, "Black", "share", "lower", "panel", FFMPEG, _black,
            "Share of the length in which at least 98 % of the pixels are black for 0.1 s or longer (FFmpeg "
            "blackdetect, d=0.1).", 3,
        ),
        Metric(
            "frozen", 1, "Frozen", "share", "lower", "panel", FFMPEG, _frozen,
            "Share of the length in which the picture stands still for 0.2 s or longer (FFmpeg freezedetect, "
            "n=-60dB:d=0.2) and no spot of it moves, or one frame is held for 0.5 s; a still subject is told from a "
            "stopped film by its noise alone.", 3,
        ),
        Metric(
            "duplicates", 1, "Repeated frames", "share", "lower", "panel", OWN, _duplicates,
            "Share of frames that repeat the one before: mean luma difference below 0.35 at 640×360, and below 2 in "
            "every block of 20×20 pixels; tells 12 frames a second in 24 and judder, and finds all of a frozen film.",
            3,
        ),
        Metric(
            "cuts", 1, "Cuts", "", None, "panel", FFMPEG, _cuts,
            "Hard cuts (FFmpeg scdet, threshold 10); dissolves are not found, and a flash may count.", 0,
        ),
        Metric(
            "motion", 1, "Motion", "levels/s", None, "panel", FFMPEG, _motion,
            "How much blurred luma changes in a second, without cuts (FFmpeg vmafmotion, summed, at 640×360); counts "
            "a moving camera and flicker as well as moving things.", 1,
        ),
        Metric(
            "si", 1, "Spatial information", "", None, "panel", OWN, _si,
            "SI of ITU-T P.910 at 1280×720, median of four pictures a second: edges and texture, noise and "
            "watermarks among them; not sharpness.", 1,
        ),
        Metric(
            "ti", 1, "Temporal information", "", None, "panel", OWN, _ti,
            "TI of ITU-T P.910 at 640×360 from frame to frame, but the median within shots, not the maximum: change, "
            "wanted or not.", 2,
        ),
        Metric(
            "blur", 1, "Blur", "pixels", "lower", "panel", FFMPEG, _blur,
            "Mean width of edges at 1280×720 (FFmpeg blurdetect, after Marziliano and others, 2002), median of four "
            "pictures a second; a shallow focus is blur too.", 2,
        ),
        Metric(
            "block", 1, "Blocking", "", "lower", "panel", FFMPEG, _block,
            "How much luma steps at the edges of a grid against elsewhere, at 1280×720 (FFmpeg blockdetect), median "
            "of four pictures a second; 1 is none. Straight edges that are drawn count too.", 2,
        ),
        Metric(
            "flicker", 1, "Flicker", "levels", "lower", "panel", OWN, _flicker,
            "Median size of the second difference of mean luma, never across a cut: brightness that jumps to and fro "
            "from frame to frame; slow pulsing and flicker of one spot are not found.", 2,
        ),
        Metric(
            "loudness", 1, "Loudness", "LUFS", None, "panel", FFMPEG, _heard(_loudness),
            "Integrated loudness by ITU-R BS.1770 and EBU R 128 (FFmpeg ebur128).", 1,
        ),
        Metric(
            "loudness_range", 1, "Loudness range", "LU", None, "panel", FFMPEG, _heard(_loudness_range),
            "Loudness range by EBU Tech 3342 (FFmpeg ebur128), from 3 s windows; it was made for programmes of a "
            "minute and more, so it says little of a short clip.", 1,
        ),
        Metric(
            "true_peak", 1, "True peak", "dBTP", None, "panel", FFMPEG, _heard(_true_peak),
            "Highest peak of any channel between the samples too, by ITU-R BS.1770 (FFmpeg ebur128, told to a "
            "thousandth of full scale: within 0.5 dB down to -40 dBTP).", 1,
        ),
        Metric(
            "silent", 1, "Silent", "share", None, "panel", FFMPEG, _silent,
            "Share of the picture's length without sound: below -50 dBFS for 0.3 s or longer (FFmpeg silencedetect), "
            "before the sound begins, or after it ends.", 3,
        ),
        Metric(
            "onsets", 1, "Sudden sounds", "", None, "panel", OWN, _heard(_onsets),
            "Sounds that begin suddenly: the level of one of four bands rises by 10 dB within 30 ms over that of the "
            "150 ms before; knocks, bounces and claps, but syllables and plucked notes too.", 0,
        ),
        Metric(
            "sync", 1, "Sound after picture", "ms", None, "panel", OWN, _sync,
            "How much later sudden sounds come than sudden changes of the picture, where at least two of each match "
            "and far better than at other offsets up to 500 ms; below 0 the sound leads. It knows nothing of lips.", 0,
        ),
        Metric(
            "image_match", 1, "First frame as given", "", "higher", "panel", OWN, _image_match,
            "How alike the first frame and the given image are, 0 to 1: mean correlation of 4×4 parts of grey "
            "pictures of 64×36 without their broad light and dark; colours do not count, and a picture that is "
            "shifted or enlarged by a few per cent is another.", 2,
        ),
    )
}  # fmt: skip
