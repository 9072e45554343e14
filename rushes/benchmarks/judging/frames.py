"""What a judge is shown of a clip: frames as JPEG, several on a sheet where a server takes few pictures.

Nothing but pixels goes along: no name, no tag of the file. The same file gives the same bytes on one machine.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.errors import BadFile
from rushes.probe import frames, image_of

if TYPE_CHECKING:
    import av
    from PIL.Image import Image

QUALITY = 85
#: The longer side of a sheet, in pixels.
SHEET = 1536


@dataclass(frozen=True)
class Seen:
    """One clip as it is sent."""

    #: JPEG files, in order.
    pictures: tuple[bytes, ...] = ()
    #: An MP4 file instead.
    film: bytes | None = None
    #: How many frames the judge looks at.
    frames: int = 0
    seconds: float = 0.0

    @property
    def sheets(self) -> bool:
        return len(self.pictures) < self.frames

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(len(each) for each in self.pictures) + len(self.film or b"")


def frames_in(seconds: float, fps: float) -> int:
    """How many frames a clip of that length shows, at most."""
    return max(1, ceil(seconds * fps - 1e-6))


def pictures_of(frames: int, most: int | None) -> int:
    """How many pictures carry so many frames, where a clip may have `most`."""
    if most is None or frames <= most:
        return frames
    return ceil(frames / ceil(frames / most))


def frames_of(path: Path, *, fps: float, side: int, most: int | None = None) -> Seen:
    """`fps` frames a second, at most `side` pixels along their longer side, on at most `most` pictures.

    Raises BadFile for what cannot be decoded.
    """
    images = [*_images(path, fps, side)]
    count, seconds = len(images), len(images) / fps
    pictures = pictures_of(count, most)
    if pictures == count:
        return Seen(tuple(_jpeg(image) for image in images), frames=count, seconds=seconds)
    each = ceil(count / pictures)
    sheets = tuple(_jpeg(_sheet(images[start : start + each], each)) for start in range(0, count, each))
    return Seen(sheets, frames=count, seconds=seconds)


def film_of(path: Path, *, fps: float, side: int) -> Seen:
    """A small film without tags, at most `side` pixels along its longer side, at the clip's own rate, with its sound.

    `fps` is how many frames a second the judge will look at. Raises BadFile for what cannot be decoded.
    """
    import av

    out = io.BytesIO()
    try:
        with av.open(str(path)) as source:
            seconds = _shrunk(source, out, side)
    except (av.FFmpegError, IndexError) as error:
        raise BadFile(f"{path.name}: cannot be decoded: {_why(error)}") from None
    if not seconds:
        raise BadFile(f"{path.name}: not one frame of it can be decoded")
    return Seen(film=out.getvalue(), frames=frames_in(seconds, fps), seconds=seconds)


def _images(path: Path, fps: float, side: int) -> Iterator[Image]:
    shown = 0
    try:
        for at, frame in frames(path):
            if at + 1e-6 >= shown / fps:
                shown += 1
                yield image_of(frame, *fitted(frame.width, frame.height, side))
    except BadFile as error:
        raise BadFile(f"{path.name}: {error.message}") from None


def fitted(width: int, height: int, side: int) -> tuple[int, int]:
    """The size with its longer side at most `side`, even on both; never enlarged."""
    share = min(1.0, side / max(width, height))
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)


def _why(error: Exception) -> str:
    return "there is no picture in it" if isinstance(error, IndexError) else str(getattr(error, "strerror", error))


def _jpeg(image: Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "jpeg", quality=QUALITY)
    return out.getvalue()


def _sheet(images: list[Image], places: int) -> Image:
    """Several frames in rows, left to right; the last places may stay empty."""
    from PIL import Image

    width, height = images[0].size
    columns = max(1, round(sqrt(places * height / width)))
    rows = ceil(places / columns)
    share = min(1.0, SHEET / max(columns * width, rows * height))
    width, height = max(1, int(width * share)), max(1, int(height * share))
    sheet = Image.new("RGB", (columns * width, rows * height))
    for place, image in enumerate(images):
        sheet.paste(image.resize((width, height)), (place % columns * width, place // columns * height))
    return sheet


def _shrunk(source: av.container.InputContainer, out: io.BytesIO, side: int) -> float:
    """Writes the small film; returns its seconds."""
    import av

    picture = source.streams.video[0]
    rate = Fraction(picture.average_rate or 24).limit_denominator(1001)
    heard = source.streams.audio[0] if source.streams.audio else None
    shown, first = 0, 0.0
    # bitexact: without the time and the name of the writing library.
    with av.open(out, "w", format="mp4", options={"fflags": "+bitexact"}) as target:
        video = target.add_stream("libx264", rate=rate)
        video.width, video.height = fitted(picture.width, picture.height, side)
        video.pix_fmt = "yuv420p"
        video.options = {"preset": "veryfast", "crf": "20"}
        video.codec_context.thread_count = 1
        video.codec_context.time_base = 1 / rate
        audio = target.add_stream("aac", rate=48_000, layout="stereo") if heard is not None else None
        same = av.AudioResampler("fltp", "stereo", 48_000) if heard is not None else None
        for frame in source.decode(*([picture] if heard is None else [picture, heard])):
            if isinstance(frame, av.VideoFrame):
                small = frame.reformat(video.width, video.height, "yuv420p")
                first = (frame.time or 0.0) if shown == 0 else first
                # Where frames are missing, the one before them stands.
                shown = max(shown, round(((frame.time or 0.0) - first) * rate))
                small.pts, small.time_base, small.pict_type = shown, 1 / rate, 0
                shown += 1
                target.mux(video.encode(small))
            elif isinstance(frame, av.AudioFrame) and audio is not None and same is not None:
                for part in same.resample(frame):
                    target.mux(audio.encode(part))
        target.mux(video.encode(None))
        if audio is not None and same is not None:
            for part in same.resample(None):
                target.mux(audio.encode(part))
            target.mux(audio.encode(None))
    return float(shown / rate)
