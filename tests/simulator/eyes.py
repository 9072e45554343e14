"""What FFmpeg's filters and a comparison of neighbours see in a finished film."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

LANDSCAPE = "640:360"


def watched(
    path: Path, *filters: tuple[str, str], size: str = LANDSCAPE
) -> list[tuple[float, dict[str, str], NDArray[Any]]]:
    """Time, metadata and brightness of every frame behind these filters, on a copy of this size."""
    seen: list[tuple[float, dict[str, str], NDArray[Any]]] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        graph = av.filter.Graph()
        chain = [graph.add_buffer(template=stream)]
        for name, settings in (("scale", size), ("format", "yuv420p"), *filters):
            chain.append(graph.add(name, settings))
        chain.append(graph.add("buffersink"))
        for before, after in pairwise(chain):
            before.link_to(after)
        graph.configure()
        for given in (*container.decode(stream), None):
            graph.push(given)
            while True:
                try:
                    frame = graph.pull()
                except (av.BlockingIOError, av.EOFError):
                    break
                assert isinstance(frame, av.VideoFrame)
                seen.append((frame.time, dict(frame.metadata), frame.to_ndarray(format="gray")))
    return seen


def cuts(path: Path, size: str = LANDSCAPE) -> list[float]:
    """When FFmpeg's scdet sees a cut, in seconds."""
    found = watched(path, ("scdet", "threshold=10"), size=size)
    return [float(data["lavfi.scd.time"]) for _, data, _ in found if "lavfi.scd.time" in data]


def black(path: Path) -> float:
    """Share of the film that FFmpeg's blackdetect calls black."""
    return _share(path, ("blackdetect", "d=0.1"), "lavfi.black_start", "lavfi.black_end")


def frozen(path: Path) -> float:
    """Share of the film that FFmpeg's freezedetect calls frozen."""
    kind = "lavfi.freezedetect.freeze"
    return _share(path, ("freezedetect", "n=-60dB:d=0.2"), f"{kind}_start", f"{kind}_end")


def _share(path: Path, found_by: tuple[str, str], start: str, end: str) -> float:
    seen = watched(path, found_by)
    length = seen[-1][0] + seen[1][0] - seen[0][0]
    total, begun = 0.0, None
    for _, data, _ in seen:
        if start in data:
            begun = float(data[start])
        if end in data and begun is not None:
            total, begun = total + float(data[end]) - begun, None
    return (total + (length - begun if begun is not None else 0)) / length


def doubled(path: Path) -> float:
    """Share of frames that are next to equal to the one before."""
    pictures: Sequence[NDArray[Any]] = [picture.astype(np.int16) for _, _, picture in watched(path)]
    return float(np.mean([np.abs(after - before).mean() < 0.35 for before, after in pairwise(pictures)]))
