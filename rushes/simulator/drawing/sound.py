"""The soundtrack: wind, water, rain or a town as shaped noise, a soft chord, and a thud for every bounce.

Samples are 32-bit floats in -1..1, 48,000 a second, shape (2, samples). Mixed to about -23 LUFS.
"""

from __future__ import annotations

import numpy as np

from rushes.simulator.drawing.ball import Bounce
from rushes.simulator.drawing.planes import Picture
from rushes.simulator.drawing.scene import Ground, Scene, Weather

RATE = 48_000
LOUDNESS = -23.0  # LUFS: EBU R 128's target for a programme
CEILING = 0.66  # of full scale, -3.6 dBFS: an AAC decoder may overshoot by 1 dB or more

# Between which frequencies (Hz) each place sounds, how steeply it falls (dB an octave), and how loud it is.
AIRS: dict[Ground, tuple[float, float, float, float]] = {
    Ground.MEADOW: (70, 900, -6, 1.0),
    Ground.SHORE: (120, 5000, -4, 1.2),
    Ground.CITY: (40, 500, -6, 1.0),
    Ground.SNOW: (160, 1300, -5, 0.9),
}
CHORDS = ((0, 7, 12, 16, 19), (0, 7, 10, 15, 19), (0, 5, 12, 16, 21), (0, 7, 14, 16, 23))


def soundtrack(
    scene: Scene, bounces: list[Bounce], flashes: list[float], width: int, samples: int, seed: int
) -> Picture:
    """The sound of one film; `width` is the picture's, so that a thud comes from where the ball is."""
    random = np.random.default_rng([seed, 2])
    at = np.arange(samples, dtype=np.float32) / np.float32(RATE)
    low, high, slope, loud = AIRS[scene.ground]
    mix = _air(random, samples, low, high, slope) * (_gusts(random, at) * np.float32(loud * 0.11))
    if scene.weather is Weather.RAIN:
        mix += _air(random, samples, 900, 9000, -2) * np.float32(0.07)
    mix += _chord(random, at) * np.float32(0.035)
    for bounce in bounces:
        _add(mix, _thud(random, min(bounce.speed / 4, 1.0)), bounce.at, bounce.x / width)
    for flash in flashes:
        _add(mix, _thunder(random), flash + 0.7, 0.5)
    return _levelled(mix)


def _air(random: np.random.Generator, samples: int, low: float, high: float, slope: float) -> Picture:
    """Noise between two frequencies, each ear its own, unit RMS."""
    length = _easy(samples)
    white = random.standard_normal((2, length), np.float32)
    white[1] = white[0] * np.float32(0.45) + white[1] * np.float32(0.9)
    tones = np.fft.rfft(white)
    pitch = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 1.0)
    shape = (pitch / low) ** (slope / 6.02) / (1 + (low / pitch) ** 4) / (1 + (pitch / high) ** 3)
    heard = np.fft.irfft(tones * shape.astype(np.float32), length).astype(np.float32)[:, :samples]
    level = np.float32(np.sqrt(np.mean(heard**2)) + 1e-9)
    even: Picture = heard / level
    return even


def _easy(samples: int) -> int:
    """A length of at least so many samples that factors well."""
    block = RATE // 8
    return max(-(-samples // block), 1) * block


def _gusts(random: np.random.Generator, at: Picture) -> Picture:
    """A slow swelling between about 0.4 and 1.3."""
    swell = np.full_like(at, np.float32(0.85))
    for rate in (0.11, 0.23, 0.41):
        turn = np.float32(2 * np.pi * rate * random.uniform(0.85, 1.15))
        swell += np.sin(at * turn + np.float32(random.uniform(0, 6.28))) * np.float32(0.15)
    return swell


def _chord(random: np.random.Generator, at: Picture) -> Picture:
    """Five soft tones that come and go, one spread over both ears."""
    root = 110 * 2 ** (random.integers(0, 7) / 12)
    mix = np.zeros((2, at.size), np.float32)
    for index, step in enumerate(CHORDS[int(random.integers(len(CHORDS)))]):
        turn = np.float32(2 * np.pi * root * 2 ** (step / 12))
        breath = np.float32(0.5) - np.float32(0.5) * np.cos(at * np.float32(0.55 + 0.17 * index) + np.float32(index))
        tone = (np.sin(at * turn) + np.sin(at * turn * np.float32(2.003)) * np.float32(0.18)) * breath
        share = np.float32(0.25 + 0.5 * index / 4)
        mix += np.stack([tone * np.sqrt(1 - share), tone * np.sqrt(share)]) * np.float32(0.9**index)
    return mix


def _thud(random: np.random.Generator, strength: float) -> Picture:
    """A ball on the ground: a falling low tone and a short knock, 0.3 s."""
    at = np.arange(int(0.3 * RATE), dtype=np.float32) / np.float32(RATE)
    turn = np.float32(2 * np.pi) * (np.float32(72) * at + np.float32(3.2) * (1 - np.exp(-at * 28)))
    body = np.sin(turn) * np.exp(-at * np.float32(15))
    knock = random.standard_normal(at.size, np.float32) * np.exp(-at * np.float32(160)) * np.float32(0.35)
    sound: Picture = (body + knock) * np.float32(0.62 * strength**1.2)
    return sound


def _thunder(random: np.random.Generator) -> Picture:
    """A far rumble, 2.5 s, one ear's worth."""
    length = int(2.5 * RATE)
    at = np.arange(length, dtype=np.float32) / np.float32(RATE)
    roll: Picture = _air(random, length, 30, 160, -6)[0]
    roll *= (1 - np.exp(-at * 14)) * np.exp(-at * np.float32(1.5)) * np.float32(0.26)
    return roll


def _add(mix: Picture, sound: Picture, at: float, side: float) -> None:
    """Mix in a sound that begins `at` seconds in, from `side` (0 left, 1 right)."""
    begin = round(at * RATE)
    part = sound[: max(mix.shape[1] - begin, 0)]
    if part.size:
        share = min(max(side, 0.15), 0.85)
        mix[0, begin : begin + part.size] += part * np.float32(np.sqrt(2 * (1 - share)))
        mix[1, begin : begin + part.size] += part * np.float32(np.sqrt(2 * share))


def _levelled(mix: Picture) -> Picture:
    """At the target loudness, faded at both ends, no peak above the ceiling."""
    edge = min(int(0.02 * RATE), mix.shape[1] // 2)
    fade = np.linspace(0, 1, edge, dtype=np.float32)
    mix[:, :edge] *= fade
    mix[:, mix.shape[1] - edge :] *= fade[::-1]
    mix *= np.float32(10 ** ((LOUDNESS - loudness(mix)) / 20))
    # Bends only what is loud: below half the ceiling next to nothing changes.
    np.tanh(mix / np.float32(CEILING), out=mix)
    mix *= np.float32(CEILING)
    return mix


def loudness(mix: Picture) -> float:
    """LUFS by ITU-R BS.1770's weighting, without its gate, of a whole soundtrack."""
    length = _easy(mix.shape[1])
    power = np.abs(np.fft.rfft(mix, length)) ** 2
    turn = np.exp(-2j * np.pi * np.arange(power.shape[1]) / length)
    shelf = (1.53512485958697 - 2.69169618940638 * turn + 1.19839281085285 * turn**2) / (
        1 - 1.69065929318241 * turn + 0.73248077421585 * turn**2
    )
    rumble = (1 - 2 * turn + turn**2) / (1 - 1.99004745483398 * turn + 0.99007225036621 * turn**2)
    weighted = power * np.abs(shelf * rumble) ** 2
    weighted[:, 1:] *= 2  # each tone but the first stands for two halves of the spectrum
    mean = float(weighted.sum() / length / mix.shape[1])
    return -0.691 + 10 * float(np.log10(max(mean, 1e-12)))
