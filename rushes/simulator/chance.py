"""The dice of a simulated world: how long a job waits and renders, and the ids it gets, all by seed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from uuid import UUID

from rushes.card import Speed

#: Half the width of the middle 80 % of a normal distribution, in standard deviations.
MIDDLE_80 = 1.2815515655446004

HEIGHTS = {"480p": 480, "720p": 720, "1024p": 1024, "1080p": 1080, "4k": 2160}


@dataclass(frozen=True)
class Pace:
    """How long a clip of `clip_seconds` takes: median and log standard deviation, in seconds."""

    median: float
    sigma: float
    clip_seconds: float
    resolution: str

    @classmethod
    def of(cls, speed: Speed) -> Pace:
        sigma = math.log(speed.high / speed.low) / (2 * MIDDLE_80)
        return cls(speed.median, sigma, speed.clip_seconds, speed.resolution)


def dice(*parts: object) -> Random:
    """The same parts give the same throws, in every process."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return Random(int.from_bytes(digest, "big"))


def waits(rng: Random, pace: Pace, seconds: float, resolution: str) -> tuple[float, float]:
    """Seconds in the queue and seconds of rendering, log-normal, longer for longer and larger clips."""
    total = rng.lognormvariate(math.log(pace.median), pace.sigma)
    total *= seconds / pace.clip_seconds * HEIGHTS[resolution] / HEIGHTS[pace.resolution]
    share = min(0.5, rng.lognormvariate(math.log(0.05), 0.8))
    return round(total * share, 3), round(total * (1 - share), 3)


def hexadecimal(prefix: str, digits: int) -> Callable[[Random], str]:
    """Ids such as video_68d7512d…: a prefix and so many hexadecimal digits."""
    return lambda rng: prefix + f"{rng.getrandbits(4 * digits):0{digits}x}"


def uuid(rng: Random) -> str:
    """A random UUID, by seed."""
    return str(UUID(int=rng.getrandbits(128), version=4))
