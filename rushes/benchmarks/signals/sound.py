"""The sound's numbers: when and how long, how loud, where silent, and the power of four bands every 10 ms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from rushes.benchmarks.signals.filters import Chain, Spans, Stretches, number

RATE = 48_000
#: BS.1770's blocks are of 0.4 s. Tech 3342's are of 3 s, and of fewer than five FFmpeg takes the lowest for 20 LU less.
LOUDNESS_FROM, RANGE_FROM = 0.4, 3.5  # s
STEP = 480  # samples: 10 ms
WINDOW = 1024  # samples: 21 ms
#: Hz. A thud, a voice, a knock and a hiss each begin in a band of their own.
BANDS = ((60, 250), (250, 1_000), (1_000, 4_000), (4_000, 16_000))
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


class Heard:
    """The sound's numbers as they come."""

    def __init__(self, stream: AudioStream) -> None:
        stream.codec_context.thread_count = 1
        self._chain = Chain(
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
        self._silences = Stretches("lavfi.silence_start", "lavfi.silence_end")
        self._power: list[NDArray[np.float32]] = []
        self._waiting: NDArray[np.float32] | None = None
        self._shape = np.hanning(WINDOW).astype(np.float32)
        pitch = np.fft.rfftfreq(WINDOW, 1 / RATE)
        self._bands = [np.flatnonzero((pitch >= low) & (pitch < high)) for low, high in BANDS]

    def take(self, frame: av.AudioFrame | None) -> None:
        """The next frame of the file; None ends it."""
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
        """All of it; `zero` is when the first frame of the picture was shown."""
        self.take(None)
        seconds = self._samples / RATE
        loudness = number(self._last, "lavfi.r128.I")
        heard = isfinite(loudness) and loudness > -70  # FFmpeg's word for nothing above the gate
        return Sound(
            start=0.0 if self._start is None else self._start - zero,
            seconds=seconds,
            loudness=loudness if heard and seconds >= LOUDNESS_FROM else None,
            loudness_range=number(self._last, "lavfi.r128.LRA") if heard and seconds >= RANGE_FROM else None,
            true_peak=max((float(self._last[key]) for key in self._last if "true_peaks_ch" in key), default=0.0),
            silences=self._silences.spans(zero),
            power=np.concatenate([np.zeros((0, len(BANDS)), np.float32), *self._power]),
        )
