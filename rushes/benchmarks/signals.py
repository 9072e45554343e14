"""A clip read once into plain numbers: one entry a frame, four samples a second, and its sound in steps of 10 ms.

Nothing is judged here. Every picture is first brought to one of two canvases with the clip's own shape, as sharpness
and change depend on size: a small one with the area of 640×360 and a large one with that of 1280×720. Luma is always
on the scale of television, 16 to 235. What is kept of a frame is a few numbers, so memory does not grow with length.

Filters: https://ffmpeg.org/ffmpeg-filters.html (freezedetect, blackdetect, scdet, vmafmotion, blurdetect, blockdetect,
ebur128, silencedetect). SI and TI: ITU-T P.910.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.filter import Graph
from av.video.stream import VideoStream
from numpy.typing import NDArray

from rushes.errors import BadFile
from rushes.probe import Probe

Series = NDArray[np.float64]
#: Stretches of time: one row each, from and to in seconds after the first frame.
Spans = NDArray[np.float64]
Luma = NDArray[np.uint8]
Grey = NDArray[np.float64]

SMALL, LARGE = 640 * 360, 1280 * 720  # pixels
BLOCK = 20  # pixels of the small canvas
#: Large pictures are costly, and what is read from them changes slowly.
SAMPLE_EVERY = 0.25  # s
RATE = 48_000
#: BS.1770's blocks are of 0.4 s. Tech 3342's are of 3 s, and of fewer than five FFmpeg takes the lowest for 20 LU less.
LOUDNESS_FROM, RANGE_FROM = 0.4, 3.5  # s
STEP = 480  # samples: 10 ms
WINDOW = 1024  # samples: 21 ms
#: Hz. A thud, a voice, a knock and a hiss each begin in a band of their own.
BANDS = ((60, 250), (250, 1_000), (1_000, 4_000), (4_000, 16_000))

FREEZE = "n=-60dB:d=0.2"
BLACK = "d=0.1"
CUT = "threshold=10"
SILENCE = "n=-50dB:d=0.3"


@dataclass(frozen=True, eq=False)
class Sound:
    """A sound track. What it has too little of to tell is None."""

    #: When it begins, in seconds after the first frame of the picture; and how long it is.
    start: float
    seconds: float
    #: LUFS over the whole of it; None below LOUDNESS_FROM, or where nothing is louder than -70 LUFS.
    loudness: float | None
    #: LU; None below RANGE_FROM, or where nothing is louder than -70 LUFS.
    loudness_range: float | None
    #: The highest of all channels, of full scale.
    true_peak: float
    #: Where it is below -50 dBFS for 0.3 s or longer.
    silences: Spans
    #: Power in each of BANDS, (steps of 10 ms, bands), all channels together.
    power: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Signals:
    """What a clip's file holds. Arrays have one entry a frame, but for blur, block and si: those one a sample."""

    probe: Probe
    #: How long the picture is shown, in seconds.
    length: float
    #: When each frame is shown, in seconds after the first.
    times: Series
    #: Mean luma.
    luma: Series
    #: How much each frame differs from the one before: mean of the absolute luma differences, their standard
    #: deviation, and the mean in that block of BLOCK×BLOCK pixels where it is largest. The first is NaN.
    change: Series
    spread: Series
    local: Series
    #: FFmpeg's vmafmotion: the same of blurred pictures. The first is 0.
    motion: Series
    #: True where a frame begins a new shot; never the first.
    cuts: NDArray[np.bool_]
    frozen: Spans
    black: Spans
    #: FFmpeg's blurdetect and blockdetect, and P.910's SI; NaN where a picture is blank.
    blur: Series
    block: Series
    si: Series
    #: None where the file has no sound track.
    sound: Sound | None
    #: The luma of the first frame at a tenth of the small canvas's sides.
    first: Grey
    #: The given image, fitted to the frame as `first` is; or why there is none.
    given: Grey | str


def canvas(width: int, height: int, area: int) -> tuple[int, int]:
    """Even sides of the given shape and, nearly, the given area: 1280×720 becomes 640×360 for SMALL."""
    scale = sqrt(area / (width * height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def read_signals(path: Path, facts: Probe, image: Path | None = None) -> Signals:
    """Decodes the file at `path` once, on one core. `facts` is its probe; `image` what its first frame should show.

    Raises BadFile where it cannot be decoded to its end.
    """
    try:
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            picture = _Picture(video, facts)
            # A track in a codec that FFmpeg does not know has no codec context, whatever PyAV's types say.
            audio = next((track for track in container.streams.audio if track.codec_context), None)
            sound = None if audio is None else _Heard(audio)
            for packet in container.demux([video] if audio is None else [video, audio]):
                for frame in packet.decode():
                    if isinstance(frame, av.VideoFrame):
                        picture.take(frame)
                    elif sound is not None and isinstance(frame, av.AudioFrame):
                        sound.take(frame)
            return picture.signals(sound, image)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadFile(f"it cannot be decoded to its end: {reason}") from None


class _Chain:
    """FFmpeg filters in a row, on one thread."""

    def __init__(self, stream: VideoStream | AudioStream, filters: Sequence[tuple[str, str]]) -> None:
        self._graph = Graph()
        self._graph.threads = 1
        if isinstance(stream, VideoStream):
            last, end = self._graph.add_buffer(template=stream, time_base=stream.time_base), "buffersink"
        else:
            last, end = self._graph.add_abuffer(template=stream, time_base=stream.time_base), "abuffersink"
        for name, options in (*filters, (end, "")):
            node = self._graph.add(name, options) if options else self._graph.add(name)
            last.link_to(node)
            last = node
        self._graph.configure()

    def run(self, frame: av.VideoFrame | av.AudioFrame | None) -> Iterator[av.VideoFrame | av.AudioFrame]:
        """Whatever comes out once `frame` went in; None ends it."""
        self._graph.push(frame)
        while True:
            try:
                out = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(out, av.VideoFrame | av.AudioFrame)
            yield out


class _Stretches:
    """Stretches that a filter tells by when each began and ended; one still open lasts to the end."""

    def __init__(self, start: str, end: str) -> None:
        self._keys = start, end
        self._open: float | None = None
        self._closed: list[tuple[float, float]] = []

    def note(self, metadata: Mapping[str, str]) -> None:
        start, end = self._keys
        if start in metadata:
            self._open = float(metadata[start])
        if end in metadata and self._open is not None:
            self._closed.append((self._open, float(metadata[end])))
            self._open = None

    def spans(self, zero: float) -> Spans:
        """All of them, in seconds after `zero`."""
        still = [] if self._open is None else [(self._open, inf)]
        return np.array([*self._closed, *still], np.float64).reshape(-1, 2) - zero


class _Picture:
    """The picture's numbers as they come."""

    def __init__(self, stream: VideoStream, facts: Probe) -> None:
        # Frames of several threads would be held at once, and the pool already keeps every core busy.
        stream.codec_context.thread_count = 1
        self._facts = facts
        pixels = stream.sample_aspect_ratio or 1
        width, height = round(stream.width * pixels), stream.height
        self._small_sides = canvas(width, height, SMALL)
        small, large = (f"{w}:{h}" for w, h in (self._small_sides, canvas(width, height, LARGE)))
        self._small = _Chain(
            stream,
            [
                ("scale", f"{small}:flags=area:out_range=limited"),
                ("format", "yuv420p"),
                ("scdet", CUT),
                ("freezedetect", FREEZE),
                ("blackdetect", BLACK),
                ("vmafmotion", ""),
            ],
        )
        self._large = _Chain(
            stream,
            [
                ("scale", f"{large}:flags=bicubic:out_range=limited"),
                ("format", "yuv420p"),
                ("blurdetect", ""),
                ("blockdetect", ""),
            ],
        )
        self._zero: float | None = None
        #: Unless the file says how long a frame is shown.
        self._last_step = 1 / facts.fps if facts.fps else 0.0
        self._next_sample = 0.0
        self._before: Luma | None = None
        self._first: Grey | None = None
        self._times, self._luma, self._motion = (array("d") for _ in range(3))
        self._change, self._spread, self._local = (array("d") for _ in range(3))
        self._cuts = array("b")
        self._blur, self._block, self._si = (array("d") for _ in range(3))
        self._frozen = _Stretches("lavfi.freezedetect.freeze_start", "lavfi.freezedetect.freeze_end")
        self._black = _Stretches("lavfi.black_start", "lavfi.black_end")

    def take(self, frame: av.VideoFrame) -> None:
        at = frame.time
        if at is None:
            raise ValueError("a frame does not say when it is shown")
        if self._zero is None:
            self._zero = at
        if frame.duration and frame.time_base:
            self._last_step = float(frame.duration * frame.time_base)
        for small in self._small.run(frame):
            self._note_small(small)
        if at - self._zero >= self._next_sample - 0.001:
            self._next_sample = max(self._next_sample + SAMPLE_EVERY, at - self._zero)
            for large in self._large.run(frame):
                self._note_large(large)

    def _note_small(self, frame: av.VideoFrame | av.AudioFrame) -> None:
        assert isinstance(frame, av.VideoFrame)
        assert self._zero is not None
        told, luma = frame.metadata, _luma(frame)
        mean = float(luma.mean())
        if self._before is None:
            change = spread = local = nan
            self._first = _shrunk(luma)
        else:
            step = np.subtract(luma, self._before, dtype=np.int16)
            flat = step.astype(np.float32).ravel()
            square = float(np.dot(flat, flat)) / flat.size
            spread = sqrt(max(0.0, square - (mean - self._luma[-1]) ** 2))
            change = float(np.abs(step, out=step).sum(dtype=np.int64)) / step.size
            local = _busiest(step)
        self._before = luma
        self._times.append((frame.time or 0.0) - self._zero)
        self._luma.append(mean)
        self._change.append(change)
        self._spread.append(spread)
        self._local.append(local)
        self._motion.append(float(told.get("lavfi.vmafmotion.score", nan)))
        self._cuts.append("lavfi.scd.time" in told)
        self._frozen.note(told)
        self._black.note(told)

    def _note_large(self, frame: av.VideoFrame | av.AudioFrame) -> None:
        assert isinstance(frame, av.VideoFrame)
        told, luma = frame.metadata, _luma(frame)
        blank = float(luma.std()) < 1
        self._blur.append(nan if blank else _number(told, "lavfi.blur"))
        self._block.append(nan if blank else _number(told, "lavfi.block"))
        self._si.append(nan if blank else _spatial(luma))

    def signals(self, sound: _Heard | None, image: Path | None) -> Signals:
        for chain, note in ((self._small, self._note_small), (self._large, self._note_large)):
            for frame in chain.run(None):
                note(frame)
        if self._zero is None or self._first is None:
            raise ValueError("not one frame can be decoded")
        return Signals(
            probe=self._facts,
            length=self._times[-1] + self._last_step,
            times=np.array(self._times),
            luma=np.array(self._luma),
            change=np.array(self._change),
            spread=np.array(self._spread),
            local=np.array(self._local),
            motion=np.array(self._motion),
            cuts=np.array(self._cuts, np.bool_),
            frozen=self._frozen.spans(self._zero),
            black=self._black.spans(self._zero),
            blur=np.array(self._blur),
            block=np.array(self._block),
            si=np.array(self._si),
            sound=None if sound is None else sound.sound(self._zero),
            first=self._first,
            given=_fitted(image, self._small_sides, self._first.shape),
        )


def _luma(frame: av.VideoFrame) -> Luma:
    plane = frame.planes[0]
    rows: Luma = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def _busiest(step: NDArray[np.int16]) -> float:
    """The largest mean of any block; pixels beyond the last whole block do not count, unless there is none."""
    height, width = (max(BLOCK, side - side % BLOCK) for side in step.shape)
    rows = np.add.reduceat(step[:height], np.arange(0, min(height, step.shape[0]), BLOCK), axis=0, dtype=np.int32)
    sums = np.add.reduceat(rows[:, :width], np.arange(0, min(width, step.shape[1]), BLOCK), axis=1)
    pixels = min(BLOCK, step.shape[0]) * min(BLOCK, step.shape[1])
    return float(sums.max() / pixels)


def _shrunk(luma: Luma) -> Grey:
    """At a tenth of its sides, each pixel the mean of those that it stands for."""
    height, width = luma.shape
    rows = np.linspace(0, height, max(1, height // 10), endpoint=False).astype(int)
    columns = np.linspace(0, width, max(1, width // 10), endpoint=False).astype(int)
    sums = np.add.reduceat(np.add.reduceat(luma.astype(np.float64), rows, axis=0), columns, axis=1)
    counts = np.outer(np.diff([*rows, height]), np.diff([*columns, width]))
    return np.asarray(sums / counts, np.float64)


def _fitted(image: Path | None, sides: tuple[int, int], shape: tuple[int, ...]) -> Grey | str:
    """The image's grey, scaled and cropped around its middle as an adapter sends it; or why there is none."""
    if image is None:
        return "no image was given"
    from PIL import Image, ImageOps

    try:
        with Image.open(image) as opened:
            turned = ImageOps.exif_transpose(opened).convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return f"the image cannot be read: {error}"
    fitted = ImageOps.fit(turned, sides, Image.Resampling.BOX)
    height, width = shape
    return np.asarray(fitted.resize((width, height), Image.Resampling.BOX), np.float64)


def _number(told: Mapping[str, str], key: str) -> float:
    found = float(told.get(key, nan))
    return found if isfinite(found) else nan


def _spatial(luma: Luma) -> float:
    """SI of ITU-T P.910: the standard deviation of the Sobel-filtered picture, its border left out."""
    rows = luma.astype(np.int16)
    across = rows[:-2] + rows[2:]
    across += 2 * rows[1:-1]
    down = rows[:, :-2] + rows[:, 2:]
    down += 2 * rows[:, 1:-1]
    square = (across[:, 2:] - across[:, :-2]).astype(np.float32)
    square *= square
    other = (down[2:] - down[:-2]).astype(np.float32)
    other *= other
    square += other
    mean_square = float(square.mean(dtype=np.float64))
    return sqrt(max(0.0, mean_square - float(np.sqrt(square, out=square).mean(dtype=np.float64)) ** 2))


class _Heard:
    """The sound's numbers as they come."""

    def __init__(self, stream: AudioStream) -> None:
        stream.codec_context.thread_count = 1
        self._chain = _Chain(
            stream,
            [
                ("aresample", str(RATE)),
                ("silencedetect", SILENCE),
                ("ebur128", "metadata=1:peak=true"),
            ],
        )
        self._start: float | None = None
        self._samples = 0
        self._last: Mapping[str, str] = {}
        self._silences = _Stretches("lavfi.silence_start", "lavfi.silence_end")
        self._power: list[NDArray[np.float32]] = []
        self._waiting: NDArray[np.float32] | None = None
        self._shape = np.hanning(WINDOW).astype(np.float32)
        pitch = np.fft.rfftfreq(WINDOW, 1 / RATE)
        self._bands = [np.flatnonzero((pitch >= low) & (pitch < high)) for low, high in BANDS]

    def take(self, frame: av.AudioFrame | None) -> None:
        for out in self._chain.run(frame):
            assert isinstance(out, av.AudioFrame)
            if self._start is None:
                self._start = out.time or 0.0
            told = out.metadata
            self._silences.note(told)
            self._last = told if "lavfi.r128.I" in told else self._last
            samples = out.to_ndarray().reshape(-1, out.layout.nb_channels)
            self._samples += len(samples)
            self._listen(samples.T.astype(np.float32))

    def _listen(self, samples: NDArray[np.float32]) -> None:
        """The power of every whole window so far; `samples` is (channels, n)."""
        if self._waiting is None:
            # Half a window of nothing, so that each window's middle is its step's.
            self._waiting = np.zeros((len(samples), (WINDOW - STEP) // 2), np.float32)
        held = np.concatenate([self._waiting, samples], axis=1)
        count = max(0, (held.shape[1] - WINDOW) // STEP + 1)
        if count:
            windows = np.lib.stride_tricks.sliding_window_view(held, WINDOW, axis=1)[:, : count * STEP : STEP]
            spectrum = (np.abs(np.fft.rfft(windows * self._shape)) ** 2).sum(axis=0)
            self._power.append(np.stack([spectrum[:, band].sum(axis=1) for band in self._bands], axis=1))
        self._waiting = held[:, count * STEP :]

    def sound(self, zero: float) -> Sound:
        self.take(None)
        seconds = self._samples / RATE
        loudness = _number(self._last, "lavfi.r128.I")
        heard = isfinite(loudness) and loudness > -70  # FFmpeg's word for nothing above the gate
        return Sound(
            start=0.0 if self._start is None else self._start - zero,
            seconds=seconds,
            loudness=loudness if heard and seconds >= LOUDNESS_FROM else None,
            loudness_range=_number(self._last, "lavfi.r128.LRA") if heard and seconds >= RANGE_FROM else None,
            true_peak=max((float(self._last[key]) for key in self._last if "true_peaks_ch" in key), default=0.0),
            silences=self._silences.spans(zero),
            power=np.concatenate([np.zeros((0, len(BANDS)), np.float32), *self._power]),
        )
