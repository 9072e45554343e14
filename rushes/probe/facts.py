"""A file's own facts: container, length, sides, frame rate, codecs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushes.errors import BadFile

if TYPE_CHECKING:
    from av import AudioStream, CodecContext


@dataclass(frozen=True)
class Probe:
    """A file's own facts; what it does not tell is None."""

    container: str
    bytes: int
    #: Length of the picture in seconds.
    seconds: float | None
    width: int
    height: int
    fps: float | None
    video_codec: str
    #: None where the file has no sound.
    audio_codec: str | None
    #: True where its own tags say that a simulator drew it.
    simulated: bool

    @property
    def sound(self) -> bool:
        return self.audio_codec is not None

    def json(self) -> Mapping[str, Any]:
        return asdict(self)


def probe(path: Path) -> Probe:
    """Opens `path`, decodes its first frame, reads every further one and its facts.

    Raises BadFile for what is empty, cut short or no video.
    """
    import av

    size = path.stat().st_size
    if size == 0:
        raise BadFile("the file is empty")
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise BadFile("the file holds no picture")
            if container.format.name.endswith("_pipe") or container.format.name == "image2":  # FFmpeg's word for stills
                raise BadFile("the file is a still, not a video")
            video = container.streams.video[0]
            if next(container.decode(video), None) is None:
                raise BadFile("the file holds no frame that can be decoded")
            start, end = inf, 0.0
            container.seek(0)
            for packet in container.demux(video):
                if packet.is_corrupt:
                    raise BadFile(f"the file is cut short: a frame at {end:.1f} s is not whole")
                if packet.pts is not None and packet.time_base is not None:
                    start = min(start, float(packet.pts * packet.time_base))
                    end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            claimed = None
            if video.duration is not None and video.time_base is not None:
                claimed = float(video.duration * video.time_base)
            shown = max(end - min(start, end), 0.0)
            if claimed is not None and shown < claimed - 0.5:
                raise BadFile(f"the file is cut short: it says {claimed:.1f} s and holds {shown:.1f} s")
            audio = container.streams.audio
            return Probe(
                container=container.format.name,
                bytes=size,
                seconds=round(shown, 3) or claimed,
                width=video.width,
                height=video.height,
                fps=float(video.average_rate) if video.average_rate else None,
                video_codec=video.codec_context.name,
                audio_codec=_codec(audio[0]) if audio else None,
                simulated=any("SIMULATED" in value for value in container.metadata.values()),
            )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise BadFile(f"not a video that can be opened: {reason(error)}") from None


def _codec(stream: AudioStream) -> str:
    """PyAV has no context for a sound whose codec it does not know."""
    context: CodecContext | None = stream.codec_context
    return "unknown" if context is None else context.name


def reason(error: Exception) -> str:
    """What an error of FFmpeg or of the disk says, to stand behind a colon."""
    said = str(getattr(error, "strerror", None) or error)
    return said[:1].lower() + said[1:]
