"""Small clips whose every property is known, and what spoils them: drawn with NumPy, written with PyAV.

A clip is luma, (frames, height, width) in television's 16 to 235, and sound, (channels, samples) in -1 to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT, FPS, RATE = 160, 90, 24, 48_000
#: When it claps, in seconds: never twice the same time apart, so that only one lag fits.
CLAPS = (0.25, 0.625, 1.125, 1.458)
MIDDLE = 125.5
DRIFT = 12  # pixels a second


@dataclass(frozen=True, eq=False)
class Clip:
    luma: NDArray[np.float64]
    sound: NDArray[np.float64] | None
    fps: int = FPS
    crf: int = 18

    @property
    def seconds(self) -> float:
        return len(self.luma) / self.fps

    def write(self, path: Path) -> Path:
        """As H.264 and AAC in the container that the file's name says."""
        with av.open(str(path), "w") as container:
            height, width = self.luma.shape[1:]
            video = container.add_stream("libx264", rate=self.fps)
            video.width, video.height, video.pix_fmt = width, height, "yuv420p"
            video.options = {"preset": "veryfast", "crf": str(self.crf)}
            video.codec_context.thread_count = 1
            video.codec_context.time_base = Fraction(1, self.fps)
            audio = None
            if self.sound is not None:
                layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(self.sound)]
                audio = container.add_stream("aac", rate=RATE, layout=layout)
                audio.bit_rate = 64_000 * len(self.sound)
            for number, luma in enumerate(self.luma):
                planes = np.full((height * 3 // 2, width), 128, np.uint8)
                planes[:height] = np.clip(np.round(luma), 16, 235)
                frame = av.VideoFrame.from_ndarray(planes, "yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, self.fps)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
            if audio is not None:
                for start in range(0, self.sound.shape[1], 1024):
                    piece = np.ascontiguousarray(self.sound[:, start : start + 1024], np.float32)
                    heard = av.AudioFrame.from_ndarray(piece, "fltp", layout)
                    heard.sample_rate, heard.pts, heard.time_base = RATE, start, Fraction(1, RATE)
                    container.mux(audio.encode(heard))
                container.mux(audio.encode(None))
        return path


def golden(
    *,
    seconds: float = 2.0,
    width: int = WIDTH,
    height: int = HEIGHT,
    fps: int = FPS,
    cuts: tuple[float, ...] = (),
    sound: str | None = "claps",
    channels: int = 2,
    seed: int = 0,
) -> Clip:
    """A textured picture that drifts and brightens at one spot with every clap; another one after each cut."""
    times = np.arange(round(seconds * fps)) / fps
    shots = np.searchsorted(cuts, times + 1e-9, side="right")
    textures = [
        _texture(height, width + round(seconds * DRIFT) + 2, seed * 100 + shot) for shot in range(len(cuts) + 1)
    ]
    spot = np.zeros((height, width))
    spot[height // 3 : height * 2 // 3, width // 3 : width // 2] = 1
    frames = []
    for at, shot in zip(times, shots, strict=True):
        left, part = divmod(at * DRIFT, 1)
        here, next_to_it = (textures[shot][:, int(left) + more : int(left) + more + width] for more in (0, 1))
        seen = here * (1 - part) + next_to_it * part
        bright = sum(np.exp(-(at - clap) / 0.1) for clap in CLAPS if at >= clap - 1e-6)
        frames.append(seen + spot * 70 * min(bright, 1.0))
    return Clip(np.array(frames), None if sound is None else _sound(sound, seconds, channels, seed), fps)


@cache
def _texture(height: int, width: int, seed: int) -> NDArray[np.float64]:
    """Clouds with edges in them, of a brightness of their own."""
    random = np.random.default_rng(seed)
    pitch = np.hypot(*np.meshgrid(np.fft.fftfreq(width) * width, np.fft.fftfreq(height) * height))
    waves = np.fft.fft2(random.standard_normal((height, width))) / np.maximum(pitch, 2) ** 1.1
    clouds = np.fft.ifft2(waves).real
    clouds = clouds / clouds.std()
    shades = np.where(clouds > 0.3, clouds + 0.8, clouds)
    return MIDDLE - 30 + (seed % 2) * 60 + shades * 22


def _sound(kind: str, seconds: float, channels: int, seed: int) -> NDArray[np.float64]:
    at = np.arange(round(seconds * RATE)) / RATE
    random = np.random.default_rng(seed)
    heard = np.sin(2 * np.pi * 330 * at) * 0.05
    if kind == "claps":
        for clap in CLAPS:
            since = at - clap
            heard += (
                np.where(since >= 0, np.exp(-np.maximum(since, 0) / 0.02), 0) * random.standard_normal(at.size) * 0.15
            )
    return np.repeat(heard[None], channels, axis=0)


def frozen(clip: Clip) -> Clip:
    """The first quarter, and then its last frame for ever."""
    quarter = len(clip.luma) // 4
    return replace(clip, luma=clip.luma[np.minimum(np.arange(len(clip.luma)), quarter)])


def doubled(clip: Clip) -> Clip:
    """Every other frame, shown twice."""
    return replace(clip, luma=clip.luma[np.arange(len(clip.luma)) // 2 * 2])


def blurred(clip: Clip) -> Clip:
    """By a Gaussian of 1.2 pixels."""
    reach = np.arange(-4, 5)
    weight = np.exp(-(reach**2) / (2 * 1.2**2))
    luma = clip.luma
    for axis in (1, 2):
        sides = [(0, 0), (0, 0), (0, 0)]
        sides[axis] = (4, 4)
        padded = np.pad(luma, sides, mode="edge")
        parts = np.lib.stride_tricks.sliding_window_view(padded, 9, axis=axis)
        luma = parts @ (weight / weight.sum())
    return replace(clip, luma=luma)


def squeezed(clip: Clip) -> Clip:
    """With next to no bits."""
    return replace(clip, crf=40)


def noisy(clip: Clip) -> Clip:
    return replace(clip, luma=clip.luma + np.random.default_rng(7).normal(0, 10, clip.luma.shape))


def at_thirty(clip: Clip) -> Clip:
    """The same film with 30 frames a second: some are shown twice."""
    frames = round(clip.seconds * 30)
    return replace(clip, luma=clip.luma[np.arange(frames) * clip.fps // 30], fps=30)


def flickering(clip: Clip) -> Clip:
    """Each frame 6 % brighter or darker than it was, by turns."""
    turns = np.where(np.arange(len(clip.luma)) % 2, 1.06, 0.94)
    return replace(clip, luma=clip.luma * turns[:, None, None])


def half_black(clip: Clip) -> Clip:
    """Its first half is black."""
    luma = clip.luma.copy()
    luma[: len(luma) // 2] = 16
    return replace(clip, luma=luma)


def muted(clip: Clip) -> Clip:
    """A sound track with nothing in it."""
    assert clip.sound is not None
    return replace(clip, sound=np.zeros_like(clip.sound))


def soundless(clip: Clip) -> Clip:
    """No sound track."""
    return replace(clip, sound=None)


def quieter(clip: Clip) -> Clip:
    """By 20 dB."""
    assert clip.sound is not None
    return replace(clip, sound=clip.sound / 10)


def late_sound(clip: Clip) -> Clip:
    """The sound 200 ms later."""
    assert clip.sound is not None
    return replace(clip, sound=np.roll(clip.sound, RATE // 5, axis=1))


def shorter(clip: Clip) -> Clip:
    """Without its last half second."""
    return replace(clip, luma=clip.luma[: -clip.fps // 2])


def scaled(width: int, height: int) -> Callable[[Clip], Clip]:
    """A copy of another size."""

    def of(clip: Clip) -> Clip:
        frames = [
            np.asarray(Image.fromarray(each.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))
            for each in clip.luma
        ]
        return replace(clip, luma=np.array(frames, np.float64))

    return of
