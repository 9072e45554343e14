"""Weather and unrest: falling rain and snow, lightning, and the flicker and boiling of an unsteady model."""

from __future__ import annotations

from math import exp, sin
from random import Random

import numpy as np

from rushes.simulator.drawing.ball import Stage
from rushes.simulator.drawing.planes import OPAQUE, Bytes, Planes
from rushes.simulator.drawing.scene import Scene, Weather

FLASH = 42  # levels of brightness that a stroke of lightning adds at its height
RISE, FALL = 0.18, 0.16  # seconds: all of the rise; of the fall, to about a third


class Falling:
    """Rain or snow in two depths: a tall tile of bright marks, moved down and read through a window."""

    def __init__(self, scene: Scene, stage: Stage, random: np.random.Generator) -> None:
        self.rain = scene.weather is Weather.RAIN
        self.height, self.width = stage.height, stage.width
        self.spare = stage.height // 8
        unit = min(stage.width, stage.height)
        self.tiles: list[tuple[Bytes, float]] = []
        for depth in (0.6, 1.0):
            tile = np.zeros((stage.height, stage.width + 2 * self.spare), np.uint8)
            for _ in range(300 if self.rain else 240):
                self._mark(tile, random, unit * depth, depth)
            speed = stage.height * depth * (2.3 if self.rain else 0.16)
            self.tiles.append((np.concatenate([tile, tile]), speed))

    def _mark(self, tile: Bytes, random: np.random.Generator, unit: float, depth: float) -> None:
        rows, columns = tile.shape
        y, x = int(random.integers(rows)), int(random.integers(columns))
        if self.rain:
            long, thick = max(int(unit * 0.05), 3), max(round(unit / 500), 1)
            for down in range(long):
                here = (x - down // 6) % columns
                tile[(y + down) % rows, here : here + thick] = int(118 + 52 * depth)
            return
        size = max(round(unit * random.uniform(0.002, 0.0045)), 1)
        for down in range(-size, size + 1):
            half = int((size * size - down * down) ** 0.5)
            tile[(y + down) % rows, max(x - half, 0) : x + half + 1] = int(205 + 28 * depth)

    def move(self, ground: Planes, at: float) -> None:
        for tile, speed in self.tiles:
            down = self.height - int(speed * at) % self.height
            sway = 0 if self.rain else int(self.spare * 0.4 * sin(at * 0.9 + speed))
            right = self.spare + sway
            np.maximum(ground.y, tile[down : down + self.height, right : right + self.width], out=ground.y)


def lightnings(scene: Scene, seconds: float, seed: int) -> list[float]:
    """When it flashes, in seconds: at most once in five, and only in a storm."""
    if not scene.storm:
        return []
    random = Random(seed)
    return [random.uniform(begin + 0.8, begin + 3.0) for begin in range(0, max(int(seconds) - 2, 0), 5)]


class Unrest:
    """What an unsteady model does to a picture that should stand still, by frame number."""

    def __init__(self, seed: int, steadiness: float, height: int) -> None:
        self.seed, self.unrest = seed, 1 - steadiness
        self.unit = height / 720

    def shake(self, frame: int, thing: int) -> tuple[float, float]:
        """How far one small thing has slipped, in pixels right and down."""
        random = Random(f"{self.seed}/{frame // 2}/{thing}")
        far = 7 * self.unrest * self.unit
        return random.gauss(0, far * 0.5), random.gauss(0, far * 0.5)

    def boil(
        self, ground: Planes, cloth: np.ndarray[tuple[int, ...], np.dtype[np.int16]], top: int, frame: int
    ) -> None:
        """Give the floor another texture, a new one in every other frame."""
        here = ground.y[top:]
        random = Random(f"{self.seed}/{frame // 2}/floor")
        down = random.randrange(cloth.shape[0] - here.shape[0] + 1)
        right = random.randrange(cloth.shape[1] - here.shape[1] + 1)
        moved = here + cloth[down : down + here.shape[0], right : right + here.shape[1]]
        np.copyto(here, np.clip(moved, 16, 235), casting="unsafe")

    def gain(self, frame: int) -> float:
        """How much too bright or too dark the whole picture is: 1 is right."""
        return 1 + Random(f"{self.seed}/{frame}/light").uniform(-0.11, 0.11) * self.unrest


def _flash(since: float) -> float:
    """How bright a stroke is, 0..1: it takes a few frames to come and to go, or it would read as a cut."""
    return max(min(since / RISE, exp((RISE - since) / FALL)), 0.0)


def tone(ground: Planes, gain: float, flashes: list[float], at: float) -> None:
    """Lighten or darken the whole picture, in place."""
    lift = sum(FLASH * (_flash(at - flash) + 0.6 * _flash(at - flash - 0.45)) for flash in flashes)
    if lift < 0.5:
        part = round(gain * OPAQUE)
        if part != OPAQUE:
            lit = np.multiply(ground.y, np.uint16(part), dtype=np.uint16)
            lit += np.uint16((16 * (OPAQUE - part) + 64) % 65536)  # wraps: black, 16, stays where it is
            lit >>= 7
            np.copyto(ground.y, np.minimum(lit, 235), casting="unsafe")
        return
    table = np.clip((np.arange(256, dtype=np.float32) - 16) * np.float32(gain) + 16 + np.float32(lift), 16, 235)
    np.copyto(ground.y, table.astype(np.uint8).take(ground.y))
