"""The pictures of a clip: the one reader of them for pages, judges and first frames."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.errors import BadFile
from rushes.probe.facts import reason

if TYPE_CHECKING:
    from av import VideoFrame
    from PIL.Image import Image


def frames(path: Path) -> Generator[tuple[float, VideoFrame], None, None]:
    """Every frame in the order shown, with its seconds after the first one.

    Raises BadFile, without the path, where there is none, and for what breaks on the way.
    """
    import av

    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BadFile(f"not a video that can be opened: {reason(error)}") from None
    first: float | None = None
    with container:
        if not container.streams.video:
            raise BadFile("there is no picture in it")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        try:
            for frame in container.decode(stream):
                at = frame.time or 0.0
                first = at if first is None else first
                yield at - first, frame
        except (av.FFmpegError, OSError, ValueError) as error:
            raise _broken(error) from None
    if first is None:
        raise BadFile("not one frame of it can be decoded")


def image_of(frame: VideoFrame, width: int, height: int) -> Image:
    """The frame scaled to these sides. Raises BadFile for one that cannot be."""
    import av

    try:
        image: Image = frame.reformat(width, height, "rgb24").to_image()  # type: ignore[no-untyped-call]
    except (av.FFmpegError, ValueError) as error:
        raise _broken(error) from None
    return image


def first_frame(path: Path) -> bytes:
    """The first picture of a clip, as PNG. Raises BadFile where it has none that can be decoded."""
    from io import BytesIO

    try:
        with closing(frames(path)) as shown:
            _, frame = next(shown)
            out = BytesIO()
            image_of(frame, frame.width, frame.height).save(out, "PNG")
            return out.getvalue()
    except BadFile as error:
        raise BadFile(f"{path}: {error.message}") from None


def _broken(error: Exception) -> BadFile:
    return BadFile(f"it cannot be decoded to its end: {reason(error)}")
