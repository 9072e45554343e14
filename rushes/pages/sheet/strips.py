"""Frames of a clip for the sheet: its start, its middle and its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.errors import BadFile
from rushes.pages.sheet.cells import SheetCell

if TYPE_CHECKING:
    from av import VideoFrame
    from PIL.Image import Image

FRAMES = 3
#: The longer side of a kept frame, in pixels: enough for the widest cell.
SIDE = 720


@dataclass(frozen=True)
class Strip:
    """Three frames of one clip, or why there are none."""

    frames: tuple[Image, ...] = ()
    problem: str = ""
    #: Sides of the clip itself, in pixels; 0 where they are not known.
    width: int = 0
    height: int = 0

    @property
    def upright(self) -> bool:
        return self.height > self.width


def strip_of(cell: SheetCell) -> Strip:
    """Never raises for a bad clip: the cell then says what is wrong with it."""
    if cell.file is None:
        return Strip(problem=cell.reason or "there is no file")
    try:
        return _read(cell.file)
    except BadFile as error:
        return Strip(problem=f"cannot be shown: {error.message}")


def _read(path: Path) -> Strip:
    """Decodes the clip once and keeps three frames. Raises BadFile."""
    from rushes.probe import probe

    try:
        found = probe(path)
    except OSError as error:
        raise BadFile(str(error.strerror or error).lower()) from None
    # The last frame begins a little before the clip's end.
    wanted = [(found.seconds or 0.0) * place / (FRAMES - 1) for place in range(FRAMES - 1)]
    kept: list[Image] = []
    last: VideoFrame | None = None
    for at, last in _frames(path):
        if len(kept) < len(wanted) and at + 1e-6 >= wanted[len(kept)]:
            kept.append(_picture(last))
    if last is None:
        raise BadFile("not one frame of it can be decoded")
    kept += [_picture(last)] * (FRAMES - len(kept))
    return Strip(tuple(kept), width=found.width, height=found.height)


def _frames(path: Path) -> Iterator[tuple[float, VideoFrame]]:
    """Every frame with its seconds from the first one. Raises BadFile for what breaks on the way."""
    import av

    first: float | None = None
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                at = frame.time or 0.0
                first = at if first is None else first
                yield at - first, frame
    except av.FFmpegError as error:
        raise BadFile(str(error.strerror or error).lower()) from None


def _picture(frame: VideoFrame) -> Image:
    share = min(1.0, SIDE / max(frame.width, frame.height))
    size = max(2, round(frame.width * share)), max(2, round(frame.height * share))
    image: Image = frame.reformat(*size, "rgb24").to_image()  # type: ignore[no-untyped-call]
    return image
