"""The picture's numbers as its frames come: each on the small canvas, four a second on the large one."""

from __future__ import annotations

from array import array
from math import nan, sqrt
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from rushes.benchmarks.signals.clip import Signals
from rushes.benchmarks.signals.filters import Chain, Stretches, number
from rushes.benchmarks.signals.given import fitted
from rushes.benchmarks.signals.luma import LARGE, SMALL, Grey, Luma, busiest, canvas, luma_of, shrunk, spatial
from rushes.benchmarks.signals.sound import Sound
from rushes.probe import Probe

#: Large pictures are costly, and what is read from them changes slowly.
SAMPLE_EVERY = 0.25  # s
FREEZE = "n=-60dB:d=0.2"
BLACK = "d=0.1"
CUT = "threshold=10"


class Picture:
    """The picture's numbers as they come."""

    def __init__(self, stream: VideoStream, facts: Probe) -> None:
        # Frames of several threads would be held at once, and the pool already keeps every core busy.
        stream.codec_context.thread_count = 1
        self._facts = facts
        pixels = stream.sample_aspect_ratio or 1
        width, height = round(stream.width * pixels), stream.height
        self._small_sides = canvas(width, height, SMALL)
        small, large = (f"{w}:{h}" for w, h in (self._small_sides, canvas(width, height, LARGE)))
        self._small = Chain(
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
        self._large = Chain(
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
        self._frozen = Stretches("lavfi.freezedetect.freeze_start", "lavfi.freezedetect.freeze_end")
        self._black = Stretches("lavfi.black_start", "lavfi.black_end")

    def take(self, frame: av.VideoFrame) -> None:
        """The next frame of the file."""
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
        told, luma = frame.metadata, luma_of(frame)
        mean = float(luma.mean())
        if self._before is None:
            change = spread = local = nan
            self._first = shrunk(luma)
        else:
            step = np.subtract(luma, self._before, dtype=np.int16)
            flat = step.astype(np.float32).ravel()
            square = float(np.dot(flat, flat)) / flat.size
            spread = sqrt(max(0.0, square - (mean - self._luma[-1]) ** 2))
            change = float(np.abs(step, out=step).sum(dtype=np.int64)) / step.size
            local = busiest(step)
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
        told, luma = frame.metadata, luma_of(frame)
        blank = float(luma.std()) < 1
        self._blur.append(nan if blank else number(told, "lavfi.blur"))
        self._block.append(nan if blank else number(told, "lavfi.block"))
        self._si.append(nan if blank else spatial(luma))

    def end(self) -> float:
        """Takes what the filters still hold; returns when the first frame was shown. Raises ValueError for none."""
        for chain, note in ((self._small, self._note_small), (self._large, self._note_large)):
            for frame in chain.run(None):
                note(frame)
        if self._zero is None:
            raise ValueError("not one frame can be decoded")
        return self._zero

    def signals(self, sound: Sound | None, image: Path | None) -> Signals:
        """After the end. `image` is what the first frame should show."""
        assert self._zero is not None
        assert self._first is not None
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
            sound=sound,
            first=self._first,
            given=fitted(image, self._small_sides, self._first.shape),
        )
