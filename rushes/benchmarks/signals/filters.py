"""FFmpeg filters in a row, and what they tell beside what they let through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf, isfinite, nan

import av
import numpy as np
from av.audio.stream import AudioStream
from av.filter import Graph
from av.video.stream import VideoStream
from numpy.typing import NDArray

#: Stretches of time: one row each, from and to in seconds after the first frame.
Spans = NDArray[np.float64]


class Chain:
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


class Stretches:
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


def number(told: Mapping[str, str], key: str) -> float:
    """What a filter told under `key`; NaN for nothing, and for what is no number."""
    found = float(told.get(key, nan))
    return found if isfinite(found) else nan
