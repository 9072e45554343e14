"""Decoding a clip once, picture and sound together."""

from __future__ import annotations

from pathlib import Path

import av

from rushes.benchmarks.signals.clip import Signals
from rushes.benchmarks.signals.picture import Picture
from rushes.benchmarks.signals.sound import Heard
from rushes.errors import BadFile
from rushes.probe import Probe


def read_signals(path: Path, facts: Probe, image: Path | None = None) -> Signals:
    """Decodes the file at `path` once, on one core. `facts` is its probe; `image` what its first frame should show.

    Raises BadFile where it cannot be decoded to its end.
    """
    try:
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            picture = Picture(video, facts)
            # A track in a codec that FFmpeg does not know has no codec context, whatever PyAV's types say.
            audio = next((track for track in container.streams.audio if track.codec_context), None)
            heard = None if audio is None else Heard(audio)
            for packet in container.demux([video] if audio is None else [video, audio]):
                for frame in packet.decode():
                    if isinstance(frame, av.VideoFrame):
                        picture.take(frame)
                    elif heard is not None and isinstance(frame, av.AudioFrame):
                        heard.take(frame)
            zero = picture.end()
            return picture.signals(None if heard is None else heard.sound(zero), image)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadFile(f"it cannot be decoded to its end: {reason}") from None
