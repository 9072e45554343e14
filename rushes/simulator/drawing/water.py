"""Water: two trains of ripples seen at a slant, a path of light under the sun, and foam that comes and goes.

Each ripple's place in its wave is one byte per pixel, so moving on is a wrapping addition and a table look-up.
"""

from __future__ import annotations

from math import sin

import numpy as np

from rushes.simulator.drawing.backdrop import PALETTES, shore_line, sun_place
from rushes.simulator.drawing.ball import Stage
from rushes.simulator.drawing.brush import grid, noise, paint, step
from rushes.simulator.drawing.planes import Bytes, Picture, Planes
from rushes.simulator.drawing.scene import Light, Scene

WHITE = np.uint8(235)
DEEP = {
    Light.DAY: (34, 104, 150),
    Light.GOLDEN: (122, 104, 112),
    Light.NIGHT: (14, 26, 54),
    Light.GREY: (76, 96, 106),
}


class Water:
    """Paints the water of one film onto its planes, at any time."""

    def __init__(self, scene: Scene, stage: Stage, random: np.random.Generator, texture: float) -> None:
        self.top = int(stage.horizon) // 2 * 2
        self.bottom = (int(shore_line(stage)) + 1) // 2 * 2
        rows, width = self.bottom - self.top, stage.width
        y, x = grid(slice(0, rows), slice(0, width))
        near = (y + 1) / np.float32(rows)
        depth = 1 / (near + np.float32(0.10))
        across = (x - width / 2) / np.float32(stage.height) * depth
        rough = noise(random, width, rows, rows / 3, 4)
        self.long = _phases(depth * 9 + across * np.float32(0.7) + rough * np.float32(0.16))
        self.short = _phases(depth * 17 - across * np.float32(2.6) + rough * np.float32(0.4))
        turn = np.arange(256, dtype=np.float32) * np.float32(2 * np.pi / 256)
        swell = (0.5 + 0.5 * np.sin(turn)) ** 1.5
        self.swell = np.rint(swell * 22).astype(np.uint8)
        self.ripple = np.rint((0.5 + 0.5 * np.sin(turn)) ** 2 * (8 + 14 * texture)).astype(np.uint8)
        # The path of light: bytes that a ripple must exceed before it glitters.
        sun_x, _ = sun_place(scene, stage)
        beam = np.exp(-(((x - sun_x) / (width * (0.035 + 0.12 * near))) ** 2)).astype(np.float32)
        strength = {Light.DAY: 0.8, Light.GOLDEN: 1.0, Light.NIGHT: 0.7, Light.GREY: 0.0}[scene.light]
        self.glitter = np.rint(beam * np.float32(95 * strength)).astype(np.uint8)
        self.shore = _shore(random, width, rows)

    def colour(self, scene: Scene, picture: Picture) -> None:
        """The still colour of the water, onto the backdrop."""
        rows = self.bottom - self.top
        y, _ = grid(slice(0, rows), slice(0, 1))
        palette = PALETTES[scene.light]
        far = paint(palette.horizon) * np.float32(0.6) + paint(DEEP[scene.light]) * np.float32(0.4)
        shallow = paint(DEEP[scene.light]) * np.float32(0.8) + paint((120, 190, 190)) * np.float32(0.2 * palette.bright)
        fall = step(y / np.float32(rows), 0, 0.5)[..., None]
        deep = far + (paint(DEEP[scene.light]) - far) * fall
        clear = step(y / np.float32(rows), 0.55, 1.0)[..., None]
        water = deep + (shallow - deep) * clear
        picture[self.top : self.bottom] = np.broadcast_to(water, (rows, picture.shape[1], 3))

    def move(self, ground: Planes, at: float) -> None:
        """Ripple, glitter and foam, `at` seconds in."""
        here = ground.y[self.top : self.bottom]
        ripples = self.ripple.take(self.short + np.uint8(int(at * 210) % 256))
        ripples += self.swell.take(self.long + np.uint8(int(at * 120) % 256))
        for light in (ripples, self.glitter * (ripples > 24)):
            np.minimum(here, WHITE - light, out=here)  # a byte too large would begin again at black
            here += light
        edge = 0.70 + 0.16 * sin(at * 1.15) + 0.04 * sin(at * 2.7)
        foam = self._foam(edge)
        np.maximum(here, foam.take(self.shore), out=here)

    def _foam(self, edge: float) -> Bytes:
        """How white each distance from the far side of the swash is, with the water's edge at `edge` (0..1)."""
        place = np.arange(256, dtype=np.float32) / 255
        crest = np.exp(-(((place - edge) / 0.055) ** 2)) * 226
        lace = np.exp(-np.maximum(edge - place, 0) / 0.16) * (place < edge) * 150
        white: Bytes = np.clip(np.maximum(crest, lace), 0, 228).astype(np.uint8)
        return white


def _phases(turns: Picture) -> Bytes:
    phases: Bytes = ((turns % 1) * 256).astype(np.uint8)
    return phases


def _shore(random: np.random.Generator, width: int, rows: int) -> Bytes:
    """0 far from the sand, 255 at it, along a wavering line."""
    y, _ = grid(slice(0, rows), slice(0, width))
    waver = noise(random, width, rows, rows * 1.4, 5)
    reach = (y / np.float32(rows) - np.float32(0.60)) / np.float32(0.40) + waver * np.float32(0.14)
    near: Bytes = np.clip(reach * 255, 0, 255).astype(np.uint8)
    return near
