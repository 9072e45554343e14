"""The container: writing H.264 and AAC so that a half-written file is never seen, and reading an earlier film."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from os import getpid
from pathlib import Path
from threading import get_ident
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from rushes.simulator.drawing.planes import Picture, Planes
from rushes.simulator.drawing.sound import RATE

BT709, LIMITED = 1, 1  # as H.264 numbers them
PIECE = 1024  # samples in an AAC frame
THREADS = 1  # fixed, as the output depends on their number; two films at once use two cores better
#: The fastest preset leaves deblocking off, and every block shows; and with the usual qcomp of 0.6 so much is spent on
#: a picture that stands still that a repeated frame is not the same again.
KEEP = "no-deblock=0:qcomp=1"


class Writer:
    """One MP4 file being written: frames and samples in step, each exactly once."""

    def __init__(self, container: OutputContainer, width: int, height: int, fps: int, crf: float, sound: bool) -> None:
        self.container = container
        self.frames = self.samples = 0
        self.picture: VideoStream = container.add_stream("libx264", rate=fps)
        self.picture.width, self.picture.height, self.picture.pix_fmt = width, height, "yuv420p"
        self.picture.options = {"preset": "ultrafast", "crf": f"{crf:.1f}", "x264-params": KEEP}
        context = self.picture.codec_context
        context.thread_count, context.gop_size, context.time_base = THREADS, fps * 2, Fraction(1, fps)
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED
        self.sound: AudioStream | None = None
        if sound:
            self.sound = container.add_stream("aac", rate=RATE, layout="stereo", options={"aac_coder": "fast"})
            self.sound.bit_rate = 160_000
        self.waiting: Picture = np.empty((2, 0), np.float32)

    def show(self, frame: av.VideoFrame) -> None:
        """The next frame."""
        frame.pts, frame.time_base = self.frames, self.picture.codec_context.time_base
        frame.pict_type = 0  # an earlier film's own choice of key frames is not ours
        self.frames += 1
        self.container.mux(self.picture.encode(frame))

    def play(self, samples: Picture) -> None:
        """The next samples, (2, n). Nothing happens in a silent film."""
        if self.sound is None:
            return
        self.waiting = np.concatenate([self.waiting, samples], axis=1)
        while self.waiting.shape[1] >= PIECE:
            self._encode(self.waiting[:, :PIECE])
            self.waiting = self.waiting[:, PIECE:]

    def _encode(self, piece: Picture) -> None:
        assert self.sound is not None
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self.samples, Fraction(1, RATE)
        self.samples += piece.shape[1]
        self.container.mux(self.sound.encode(frame))

    def finish(self) -> None:
        self.container.mux(self.picture.encode(None))
        if self.sound is not None:
            if self.waiting.shape[1]:
                self._encode(self.waiting)
            self.container.mux(self.sound.encode(None))


@contextmanager
def writing(
    path: Path, width: int, height: int, fps: int, crf: float, sound: bool, tags: dict[str, str]
) -> Iterator[Writer]:
    """A writer whose file takes its name only when all is written; after an error nothing is left."""
    part = path.with_name(f".{path.name}.{getpid()}-{get_ident()}.part")
    try:
        with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            container.metadata.update(tags)
            writer = Writer(container, width, height, fps, crf, sound)
            yield writer
            writer.finish()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def views(frame: av.VideoFrame) -> Planes:
    """The planes of a yuv420p frame; painting on them changes the frame."""
    y, u, v = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in frame.planes
    )
    return Planes(y, u, v)


def frames_of(path: Path, width: int, height: int, fps: int) -> Iterator[av.VideoFrame]:
    """A film's frames at this size and rate, shown for as long as they were.

    Raises ValueError where the film is not of this shape or holds no picture.
    """
    fit = VideoReformatter()
    with av.open(str(path)) as container:
        if not container.streams.video:
            raise ValueError(f"{path.name}: there is no picture in it, so nothing to continue")
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        if abs(stream.width * height - stream.height * width) > 0.05 * stream.height * width:
            raise ValueError(
                f"{path.name} is {stream.width}×{stream.height}: it cannot be continued as {width}×{height}"
            )
        held: av.VideoFrame | None = None
        first = until = 0.0
        shown = 0
        for frame in container.decode(stream):
            if held is None:
                first = frame.time
            until = frame.time - first
            while held is not None and shown / fps + 0.001 < until:
                yield held
                shown += 1
            held = fit.reformat(frame, width, height, "yuv420p", threads=1)
        if held is None:
            raise ValueError(f"{path.name}: not one frame in it can be read, so nothing to continue")
        rate = stream.average_rate or fps
        while shown / fps + 0.001 < until + 1 / rate:
            yield held
            shown += 1


def sound_of(path: Path) -> Picture:
    """A film's sound, (2, samples); no samples where it has none."""
    heard: list[NDArray[Any]] = [np.zeros((2, 0), np.float32)]
    with av.open(str(path)) as container:
        if container.streams.audio:
            same = AudioResampler("fltp", "stereo", RATE)
            for frame in container.decode(container.streams.audio[0]):
                heard += [part.to_ndarray() for part in same.resample(frame)]
            heard += [part.to_ndarray() for part in same.resample(None)]
    return np.concatenate(heard, axis=1).astype(np.float32)
