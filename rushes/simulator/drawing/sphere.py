"""How the ball looks: a striped, shaded sphere at any place and turn, its shadow, and the dust of a bounce."""

from __future__ import annotations

from math import ceil, cos, floor, sin

import numpy as np

from rushes.simulator.drawing.ball import Path, Stage
from rushes.simulator.drawing.brush import grid, paint, step
from rushes.simulator.drawing.planes import Picture, Planes, Sprite, lay, sprite_of_light
from rushes.simulator.drawing.scene import Colour

Pose = tuple[float, float, float, float]
"""x, y, turn and flatness."""
Laid = tuple[Sprite, int, int]
"""A sprite and its even corner."""

STRIPES = 6
DUST = 0.3  # seconds


class Sphere:
    """One ball of one colour, lit from `sun` (its x in pixels)."""

    def __init__(self, stage: Stage, colour: Colour, sun: float, bright: float, dust: Colour) -> None:
        self.stage, self.sun = stage, sun
        self.last: dict[float, tuple[Pose, list[Laid]]] = {}
        self.bright = np.float32(max(bright, 0.55))
        self.colour, self.white = paint(colour), paint((246, 244, 238))
        self.dust = paint(dust) * np.float32(bright)

    def lay(self, ground: Planes, path: Path, at: float) -> None:
        """The ball, what it shades and what it stirs up, `at` seconds in."""
        x, y, angle = path.place(at)
        if x < -2 * self.stage.radius or at < path.start:
            return
        pose = (x, y, angle, path.squash(at))
        held = self.last.get(path.start)
        if held is None or held[0] != pose:  # a ball at rest is drawn once
            held = self.last[path.start] = (pose, [*self._shadow(x, y), self._ball(*pose)])
        *shadow, ball = held[1]
        for blot in shadow:
            lay(ground, *blot)
        for bounce in path.bounces:
            if 0 <= at - bounce.at < DUST and bounce.speed > 1:
                lay(ground, *self._dust(bounce.x, (at - bounce.at) / DUST, min(bounce.speed / 4, 1)))
        lay(ground, *ball)

    def _ball(self, x: float, y: float, angle: float, flat: float) -> Laid:
        radius = self.stage.radius
        wide, high = radius * (1 + flat * 0.6), radius * (1 - flat)
        y += radius - high  # it stays on the ground that flattens it
        left, top, rows, columns = _frame(x, y, wide, high)
        down, right = grid(rows, columns)
        i, j = (right + left - x) / np.float32(wide), (down + top - y) / np.float32(high)
        away = i * i + j * j
        k = np.sqrt(np.maximum(1 - away, 0))
        # The stripes meet in a pole that leans towards us, so that the turning can be seen.
        a, b = i * cos(angle) + j * sin(angle), j * cos(angle) - i * sin(angle)
        a = a * np.float32(0.87) - k * np.float32(0.5)
        turn = np.arctan2(b, a) * np.float32(STRIPES / (2 * np.pi))
        swing = np.abs((turn % 1) - np.float32(0.5)) * 4 - 1
        edge = np.float32(3.0 / STRIPES * radius / 3) * np.sqrt(a * a + b * b + np.float32(0.02))
        stripe = np.clip(swing * edge + np.float32(0.5), 0, 1)[..., None]
        side = 0.45 if self.sun > x else -0.45
        facing = np.maximum(i * np.float32(side) - j * np.float32(0.66) + k * np.float32(0.60), 0)
        shade = (np.float32(0.40) + np.float32(0.66) * facing) * self.bright
        shine = np.maximum(facing - np.float32(0.93), 0) * np.float32(6.0) * self.bright
        body = self.white + (self.colour - self.white) * stripe
        inside = np.clip((1 - np.sqrt(away)) * np.float32(min(wide, high)) + np.float32(0.5), 0, 1)
        light = np.clip(body * shade[..., None] + shine[..., None], 0, 1) * inside[..., None]
        return sprite_of_light(light, inside), left, top

    def _shadow(self, x: float, y: float) -> list[Laid]:
        """The shadow on the floor; none while the ball is on the ramp."""
        stage = self.stage
        if x < stage.edge[0] - stage.radius * 0.5:
            return []
        lift = min(max((stage.floor - stage.radius - y) / (stage.metre * 1.2), 0), 1)
        wide, high = stage.radius * (1.05 + 0.5 * lift), stage.radius * (0.24 + 0.1 * lift)
        return [_blot(x, stage.floor + high * 0.25, wide, high, paint((12, 14, 18)), 0.5 * (1 - 0.75 * lift))]

    def _dust(self, x: float, through: float, strength: float) -> Laid:
        stage = self.stage
        wide = stage.radius * (0.7 + 1.5 * through) * (0.6 + 0.6 * strength)
        high = stage.radius * (0.22 + 0.35 * through)
        alpha = 0.75 * strength * (1 - through) ** 1.5
        return _blot(x, stage.floor - high * 0.4, wide, high, self.dust, alpha)


def _blot(x: float, y: float, wide: float, high: float, colour: Picture, alpha: float) -> Laid:
    """A soft ellipse around (x, y)."""
    left, top, rows, columns = _frame(x, y, wide, high)
    down, right = grid(rows, columns)
    away = np.sqrt(((right + left - x) / np.float32(wide)) ** 2 + ((down + top - y) / np.float32(high)) ** 2)
    thick = (1 - step(away, 0.25, 1.0)) * np.float32(alpha)
    return sprite_of_light(thick[..., None] * colour, thick), left, top


def _frame(x: float, y: float, wide: float, high: float) -> tuple[int, int, slice, slice]:
    """The even corner of a box around an ellipse, and the box's rows and columns counted from there."""
    left, top = floor((x - wide - 1) / 2) * 2, floor((y - high - 1) / 2) * 2
    rows = ceil((y + high + 1 - top) / 2) * 2
    columns = ceil((x + wide + 1 - left) / 2) * 2
    return left, top, slice(0, rows), slice(0, columns)
