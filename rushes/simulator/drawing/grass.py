"""Grass and flowers in the foreground: one strip drawn once, bent by a wind that travels through it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from rushes.simulator.drawing.backdrop import PALETTES
from rushes.simulator.drawing.ball import Stage
from rushes.simulator.drawing.planes import Picture, Planes, mix, sprite_of
from rushes.simulator.drawing.scene import Ground, Light, Scene

COUNTS = {Ground.MEADOW: 900, Ground.SHORE: 110, Ground.SNOW: 60, Ground.CITY: 0}


class Grass:
    """A strip along the lower side of the picture. Bends each row more the higher it stands."""

    def __init__(self, scene: Scene, stage: Stage, random: np.random.Generator) -> None:
        self.rows = int((stage.height - stage.floor) * 1.04) // 2 * 2
        self.top = stage.height - self.rows
        self.reach = self.rows * 0.08
        self.count = round(COUNTS[scene.ground] * max(stage.width / stage.height / 1.78, 0.5))
        sprite = sprite_of(_strip(scene, random, stage.width, self.rows, self.count))
        # Space before and after, so that no bent pixel is looked for outside.
        self.spare = round(self.reach * 1.5) + 2
        self.y, self.u, self.v, self.under, self.under_half = (
            np.pad(plane.reshape(-1), self.spare, mode="edge")
            for plane in (sprite.y, sprite.u, sprite.v, sprite.under, sprite.under_half)
        )
        high = 1 - np.arange(self.rows, dtype=np.float32) / self.rows
        self.bend = np.rint(high**1.6 * 256).astype(np.int32)[:, None]
        self.across = np.arange(stage.width, dtype=np.float32) * np.float32(7.0 / stage.width)
        self.index = _numbered(self.rows, stage.width, self.spare)
        self.index_half = _numbered(self.rows // 2, stage.width // 2, self.spare)

    def move(self, ground: Planes, at: float) -> None:
        """Lay the strip, bent by the wind, `at` seconds in."""
        wind = np.sin(self.across - np.float32(2.4 * at)) + 0.45 * np.sin(self.across * 2.7 - np.float32(4.1 * at))
        pull = np.rint(wind * self.reach).astype(np.int32)[None, :]
        source = ((self.bend * pull) >> 8) + self.index
        half = ((self.bend[::2] * pull[:, ::2]) >> 9) + self.index_half
        below = self.top // 2
        under = self.under_half.take(half)
        mix(ground.y[self.top :], self.y.take(source), self.under.take(source))
        mix(ground.u[below:], self.u.take(half), under)
        mix(ground.v[below:], self.v.take(half), under)


def _numbered(rows: int, columns: int, first: int) -> NDArray[np.int32]:
    return np.arange(first, first + rows * columns, dtype=np.int32).reshape(rows, columns)


def _strip(scene: Scene, random: np.random.Generator, width: int, rows: int, count: int) -> Picture:
    """Blades from the bottom up, the near ones larger and darker; RGBA."""
    sharp = 2  # drawn larger and scaled down: smooth edges
    image = Image.new("RGBA", (width * sharp, rows * sharp), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    bright = PALETTES[scene.light].bright
    warm = (1.08, 0.92, 0.7) if scene.light is Light.GOLDEN else (1.0, 1.0, 1.0)
    tone = (178, 164, 110) if scene.ground is not Ground.MEADOW else (112, 160, 62)
    dark = 0.5 if scene.ground is Ground.MEADOW else 0.25
    for index in range(count):
        near = index / count
        x, root = random.uniform(0, width) * sharp, rows * (0.44 + 0.62 * near) * sharp
        flower = scene.flowers and index % 9 == 0
        tall = min(rows, width * 0.15) * sharp * random.uniform(0.20, 0.34) * (0.55 + 0.45 * near)
        tall *= 1.35 if flower else 1
        tip, thick = x + random.normal(0, tall * (0.06 if flower else 0.18)), max(tall * 0.030, 1.5)
        shade = bright * (1.08 - dark * near) * random.uniform(0.8, 1.15)
        colour = tuple(min(int(part * shade * by), 255) for part, by in zip(tone, warm, strict=True))
        middle = (x + (tip - x) * 0.3, root - tall * 0.55)
        pen.polygon([(x - thick, root), (middle[0] - thick * 0.8, middle[1]), (tip, root - tall),
                     (middle[0] + thick * 0.8, middle[1]), (x + thick, root)], fill=(*colour, 255))  # fmt: skip
        if flower:
            _flower(pen, tip, root - tall, tall * 0.17, bright)
    small = image.resize((width, rows), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / np.float32(255)


def _flower(pen: ImageDraw.ImageDraw, x: float, y: float, size: float, bright: float) -> None:
    petal = tuple(int(part * max(bright, 0.5)) for part in (252, 200, 40))
    heart = tuple(int(part * max(bright, 0.5)) for part in (104, 62, 30))
    for turn in range(12):
        angle = turn * np.pi / 6
        away_x, away_y = x + np.cos(angle) * size, y + np.sin(angle) * size * 0.9
        pen.ellipse(
            [away_x - size * 0.45, away_y - size * 0.45, away_x + size * 0.45, away_y + size * 0.45],
            fill=petal,
        )
    pen.ellipse([x - size * 0.66, y - size * 0.62, x + size * 0.66, y + size * 0.62], fill=heart)
