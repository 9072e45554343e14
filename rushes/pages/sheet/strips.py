"""Frames of a clip for the sheet: its start, its middle and its end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.errors import BadFile
from rushes.pages.sheet.cells import SheetCell
from rushes.probe import frames, image_of, probe

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
    try:
        found = probe(path)
    except OSError as error:
        raise BadFile(str(error.strerror or error).lower()) from None
    # The last frame begins a little before the clip's end.
    wanted = [(found.seconds or 0.0) * place / (FRAMES - 1) for place in range(FRAMES - 1)]
    kept: list[Image] = []
    for at, frame in frames(path):
        if len(kept) < len(wanted) and at + 1e-6 >= wanted[len(kept)]:
            kept.append(_picture(frame))
    kept += [_picture(frame)] * (FRAMES - len(kept))
    return Strip(tuple(kept), width=found.width, height=found.height)


def _picture(frame: VideoFrame) -> Image:
    share = min(1.0, SIDE / max(frame.width, frame.height))
    return image_of(frame, max(2, round(frame.width * share)), max(2, round(frame.height * share)))
