"""One clip made over so that all clips look and sound alike in what is not the model's doing.

The whole picture on a canvas of its shape, 24 frames a second, sound at one loudness, and nothing that tells whose it
is: no tag, no chapter, no captions. Nothing is cut off, neither at the sides nor at the ends.

Loudness: EBU R 128, https://tech.ebu.ch/publications/r128, as FFmpeg's ebur128 measures it. Filters:
https://ffmpeg.org/ffmpeg-filters.html (fps, transpose, scale, pad, aresample, volume, ebur128).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite, log10
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.video.stream import VideoStream

from rushes.errors import BadFile, DiskFull

#: Raised with every change of what a copy is: copies of two recipes are never shown together.
RECIPE = 1

FPS, CRF = 24, 18
RATE, PIECE, BITRATE = 48_000, 1024, 192_000
LONG, SHORT = 1280, 720
#: A picture whose sides differ by less than this factor is a square.
SQUARE = 1.1
LOUDNESS, HIGHEST_PEAK = -23.0, -1.0  # LUFS, dBTP
#: What the encoder adds to the highest peak, at most, in dB.
OVERSHOOT = 0.5
#: In dB. What is below -50 LUFS is noise, and is not made a roar.
MOST_GAIN = 27.0
#: As H.264 numbers them; 2 is "nobody said".
BT709, UNSAID, LIMITED = 1, 2, 1
#: Where a picture does not say its colours, players take one lower than this for BT.601, others for BT.709.
HIGH_DEFINITION = 720
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Stopped(Exception):
    """Nobody wants the copy any more; nothing is left of it."""


@dataclass(frozen=True)
class Small:
    """As much of a copy as a judge looks at: at most `side` pixels along its longer side, and nothing lost beyond that.

    `fps`: only so many frames a second, and no sound; None: all of them, with the sound.
    """

    side: int
    fps: float | None = None


@dataclass(frozen=True)
class Opening:
    """What a film begins with: its picture's form, and when picture and sound start, in the file's own time."""

    #: As it is to be shown.
    width: float
    height: float
    #: Degrees by which a player turns it, against the clock: 0, 90, 180 or 270.
    turned: int
    matrix: str
    transfer: int
    primaries: int
    picture: float
    #: None where there is no sound.
    sound: float | None

    @property
    def zero(self) -> float:
        """When the first of them starts."""
        return self.picture if self.sound is None else min(self.picture, self.sound)


@dataclass(frozen=True)
class Level:
    """How loud a sound track is: LUFS and dBTP, None where there is nothing to hear."""

    loudness: float | None
    peak: float | None

    @property
    def gain(self) -> float:
        """What brings it to LOUDNESS, as far as its peaks leave room; in dB."""
        if self.loudness is None or self.peak is None:
            return 0.0
        return min(LOUDNESS - self.loudness, HIGHEST_PEAK - OVERSHOOT - self.peak, MOST_GAIN)

    @property
    def after(self) -> float | None:
        """LUFS of the copy."""
        return None if self.loudness is None else self.loudness + self.gain


def canvas(width: float, height: float) -> tuple[int, int]:
    """Where pictures of this shape are shown: landscape, portrait or square."""
    if max(width, height) < SQUARE * min(width, height):
        return SHORT, SHORT
    return (LONG, SHORT) if width > height else (SHORT, LONG)


def copy(
    source: Path, to: Path, *, stopped: Callable[[], bool] = lambda: False, small: Small | None = None
) -> Level | None:
    """Writes the copy of `source` at `to`, whole or not at all; returns how loud its sound was, None without sound.

    `small`: only what a judge looks at, by the same filters. Raises BadFile where the source cannot be decoded to its
    end, DiskFull, and Stopped once `stopped` says so.
    """
    part = to.with_name(f".{to.name}.part")
    try:
        opening = _open(source)
        unheard = opening.sound is None or (small is not None and small.fps is not None)
        level = None if unheard else _level(source, opening, stopped)
        with (
            av.open(str(source)) as film,
            av.open(
                str(part), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}
            ) as container,
        ):
            _make(film, opening, level, container, stopped, small)
        part.replace(to)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if getattr(error, "errno", None) in NO_ROOM:
            raise DiskFull(f"{to.parent}: no room for rating copies", hint="Make room, and start it again.") from None
        reason = getattr(error, "strerror", None) or error
        raise BadFile(f"{source}: it cannot be decoded to its end: {reason}") from None
    finally:
        part.unlink(missing_ok=True)
    return level


def _open(source: Path) -> Opening:
    with av.open(str(source)) as film:
        if not film.streams.video:
            raise ValueError("it holds no picture")
        video = film.streams.video[0]
        first = next(film.decode(video), None)
        if first is None or first.time is None:
            raise ValueError("it holds no frame that says when it is shown")
        wide = float(first.width * (video.sample_aspect_ratio or 1))
        turned = round(first.rotation) % 360
        across = turned in (90, 270)
        guess = "bt601" if first.height < HIGH_DEFINITION else "bt709"
        opening = Opening(
            width=first.height if across else wide,
            height=wide if across else first.height,
            turned=turned,
            matrix=guess if first.colorspace == UNSAID else "auto",
            transfer=BT709 if first.color_trc == UNSAID else first.color_trc,
            primaries=BT709 if first.color_primaries == UNSAID else first.color_primaries,
            picture=first.time,
            sound=None,
        )
    with av.open(str(source)) as film:
        audio = _audio(film)
        heard = None if audio is None else next(film.decode(audio), None)
        return opening if heard is None else replace(opening, sound=heard.time or 0.0)


def _audio(film: InputContainer) -> AudioStream | None:
    # A track in a codec that FFmpeg does not know has no codec context, whatever PyAV's types say.
    return next((track for track in film.streams.audio if track.codec_context), None)


def _level(source: Path, opening: Opening, stopped: Callable[[], bool]) -> Level:
    """Of the sound in the form in which it is encoded."""
    told: Mapping[str, str] = {}
    with av.open(str(source)) as film:
        audio = _audio(film)
        assert audio is not None
        measuring = _Chain(audio, [*EVEN_SOUND, ("ebur128", "metadata=1:peak=true")], opening.zero)
        for frame in film.decode(audio):
            _go_on(stopped)
            for out in measuring.run(frame):
                told = out.metadata if "lavfi.r128.I" in out.metadata else told
        for out in measuring.run(None):
            told = out.metadata if "lavfi.r128.I" in out.metadata else told
    loudness = float(told.get("lavfi.r128.I", "nan"))
    peak = max((float(told[key]) for key in told if "true_peaks_ch" in key), default=0.0)
    # -70 is FFmpeg's word for nothing above the gate.
    heard = isfinite(loudness) and loudness > -70 and peak > 0
    return Level(loudness, 20 * log10(peak)) if heard else Level(None, None)


def _make(
    film: InputContainer,
    opening: Opening,
    level: Level | None,
    container: OutputContainer,
    stopped: Callable[[], bool],
    small: Small | None,
) -> None:
    video = film.streams.video[0]
    streams: list[VideoStream | AudioStream] = [video]
    # In a process of its own or not, every core already has a copy to make; and one thread's output is always the same.
    video.codec_context.thread_count = 1
    ways: dict[int, tuple[_Chain, Callable[..., list[av.Packet[Any]]]]] = {
        video.index: (
            _Chain(video, _picture(opening, small), opening.zero),
            _video_out(container, opening, small).encode,
        )
    }
    audio = _audio(film)
    if level is not None and audio is not None:
        streams.append(audio)
        louder = ("volume", f"{level.gain:.3f}dB:precision=float")
        pieces = ("asetnsamples", f"{PIECE}:p=0")
        ways[audio.index] = (_Chain(audio, [*EVEN_SOUND, louder, pieces], opening.zero), _audio_out(container).encode)
    for packet in film.demux(streams):
        _go_on(stopped)
        chain, encode = ways[packet.stream_index]
        for frame in packet.decode():
            assert isinstance(frame, av.VideoFrame | av.AudioFrame)
            for made in chain.run(frame):
                container.mux(encode(made))
    for chain, encode in ways.values():
        for made in chain.run(None):
            container.mux(encode(made))
        container.mux(encode(None))


#: 48 kHz stereo from the film's beginning on; where nothing is heard yet, or for a while, there is silence.
EVEN_SOUND = (
    ("aresample", f"{RATE}:async=1:first_pts=0"),
    ("aformat", f"sample_fmts=fltp:channel_layouts=stereo:sample_rates={RATE}"),
)
#: A quarter of a turn clockwise for 270, and back for 90.
TURNS = {0: [], 90: [("transpose", "cclock")], 180: [("hflip", ""), ("vflip", "")], 270: [("transpose", "clock")]}


def _picture(opening: Opening, small: Small | None) -> list[tuple[str, str]]:
    width, height = canvas(opening.width, opening.height)
    fit = min(width / opening.width, height / opening.height)
    wide, high = (max(2, round(side * fit / 2) * 2) for side in (opening.width, opening.height))
    some, shrunk = [], []
    if small is not None:
        if small.fps is not None:
            some = [("select", f"gte(t+0.000001,selected_n/{small.fps:g})")]
        least = _shrunk(width, height, small.side)
        # Bilinear, as clips are shrunk that a judge looks at without a copy.
        shrunk = [("scale", f"{least[0]}:{least[1]}:flags=bilinear+accurate_rnd")]
    return [
        ("fps", f"{FPS}:start_time=0"),
        # Before all else, so that nothing is done to frames that nobody looks at.
        *some,
        *TURNS[opening.turned],
        (
            "scale",
            f"{min(wide, width)}:{min(high, height)}:flags=lanczos+accurate_rnd:in_color_matrix={opening.matrix}"
            ":out_color_matrix=bt709:out_range=limited",
        ),
        ("setsar", "1"),
        ("pad", f"{width}:{height}:(ow-iw)/4*2:(oh-ih)/4*2:black"),
        ("format", "yuv420p"),
        *shrunk,
    ]


def _shrunk(width: int, height: int, side: int) -> tuple[int, int]:
    """The canvas with its longer side at most `side`, even on both; never enlarged."""
    share = min(1.0, side / max(width, height))
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)


def _video_out(container: OutputContainer, opening: Opening, small: Small | None) -> VideoStream:
    stream = container.add_stream("libx264", rate=FPS)
    width, height = canvas(opening.width, opening.height)
    stream.width, stream.height = (width, height) if small is None else _shrunk(width, height, small.side)
    stream.pix_fmt = "yuv420p"
    # What was written as captions between the lines of the picture stays out.
    stream.options = {"preset": "veryfast", "crf": str(CRF), "a53cc": "0"}
    if small is not None:
        # Nothing is lost: what is sent on is compressed once, after this.
        stream.options = {"preset": "ultrafast", "qp": "0", "a53cc": "0"}
    context = stream.codec_context
    context.thread_count, context.time_base = 1, Fraction(1, FPS)
    context.colorspace, context.color_range = BT709, LIMITED
    context.color_trc, context.color_primaries = opening.transfer, opening.primaries
    return stream


def _audio_out(container: OutputContainer) -> AudioStream:
    stream = container.add_stream("aac", rate=RATE, layout="stereo")
    stream.bit_rate = BITRATE
    return stream


def _go_on(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise Stopped


class _Chain:
    """FFmpeg filters in a row, on one thread, for frames whose time is counted from `zero` seconds on."""

    def __init__(self, stream: VideoStream | AudioStream, filters: Sequence[tuple[str, str]], zero: float) -> None:
        assert stream.time_base is not None
        self._shift = round(zero / stream.time_base)
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
        if frame is not None and frame.pts is not None:
            frame.pts -= self._shift
        self._graph.push(frame)
        while True:
            try:
                out = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(out, av.VideoFrame | av.AudioFrame)
            if isinstance(out, av.VideoFrame):
                out.pict_type = 0  # the film's own choice of key frames is not ours
            yield out
