"""Movers: clouds, birds, a boat, cars and a balloon, each on its own even course, placed to half a pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import floor, sin

import numpy as np

from rushes.simulator.drawing.backdrop import PALETTES, ROAD, shore_line
from rushes.simulator.drawing.ball import Stage
from rushes.simulator.drawing.brush import blank, cover, ellipse, grid, noise, paint, polygon, step
from rushes.simulator.drawing.planes import Picture, Planes, Sprite, lay, sprite_of_light
from rushes.simulator.drawing.scene import Colour, Ground, Light, Scene

SKY = 0.62  # of the way from the top to the horizon: how low clouds and birds come


@dataclass
class Floating:
    """A sprite that can stand anywhere: `parts` of a pixel finely, its phases made when first needed."""

    rgba: Picture
    parts: int = 2
    phases: dict[tuple[int, int], Sprite] = field(default_factory=dict)

    def lay(self, ground: Planes, x: float, y: float) -> None:
        right, down = floor(x * self.parts), floor(y * self.parts)
        phase = (right % (2 * self.parts), down % (2 * self.parts))
        if phase not in self.phases:
            self.phases[phase] = _moved(self.rgba, phase[0] / self.parts, phase[1] / self.parts)
        lay(ground, self.phases[phase], (right - phase[0]) // self.parts, (down - phase[1]) // self.parts)


def _moved(rgba: Picture, right: float, down: float) -> Sprite:
    """The picture shifted by less than two pixels, with room for it, on even sides."""
    height, width = rgba.shape[:2]
    flat = rgba * rgba[..., 3:]
    flat[..., 3] = rgba[..., 3]
    held = blank(width + 2 + width % 2, height + 2 + height % 2)
    for row, part_down in ((floor(down), 1 - down % 1), (floor(down) + 1, down % 1)):
        for column, part_right in ((floor(right), 1 - right % 1), (floor(right) + 1, right % 1)):
            if part_down * part_right:
                held[row : row + height, column : column + width] += flat * np.float32(part_down * part_right)
    return sprite_of_light(held[..., :3], held[..., 3])


@dataclass(frozen=True)
class Mover:
    """A thing on its course. `course` gives its top left corner in pixels and the picture to show, by time."""

    pictures: list[Floating]
    course: Callable[[float], tuple[float, float, int]]

    def lay(self, ground: Planes, at: float, shake: tuple[float, float] = (0, 0)) -> None:
        x, y, index = self.course(at)
        self.pictures[index].lay(ground, x + shake[0], y + shake[1])


def drift(
    width: int, begin: float, speed: float, y: float, size: int, bob: float = 0.0
) -> Callable[[float], tuple[float, float, int]]:
    """Straight across the picture and in again at the other side; `bob` pixels up and down."""

    def course(at: float) -> tuple[float, float, int]:
        return (begin + speed * at + size) % (width + size) - size, y + bob * sin(at * 2.1 + begin), 0

    return course


def clouds(scene: Scene, stage: Stage, random: np.random.Generator) -> list[Mover]:
    """Behind the skyline, each at its own speed."""
    unit = min(stage.width, stage.height)
    movers: list[Mover] = []
    count = 7 if scene.storm else 5
    for index in range(count):
        wide = int(unit * random.uniform(0.34, 0.62) * (1.3 if scene.storm else 1)) // 2 * 2
        picture = Floating(_cloud(wide, int(wide * 0.42) // 2 * 2, scene, random))
        begin = stage.width * (index + random.uniform(0.1, 0.9)) / count
        speed = unit * random.uniform(0.022, 0.045) * (1.4 if scene.storm else 1)
        y = stage.horizon * random.uniform(0.22, 0.96) * SKY - picture.rgba.shape[0]
        movers.append(Mover([picture], drift(stage.width, begin, speed, y, wide)))
    return movers


def birds(scene: Scene, stage: Stage, random: np.random.Generator) -> list[Mover]:
    """Also behind the skyline: three birds by day, none by night or in a storm."""
    if scene.light not in (Light.DAY, Light.GOLDEN) or scene.storm:
        return []
    return [_bird(stage, min(stage.width, stage.height), random) for _ in range(3)]


def ground_movers(scene: Scene, stage: Stage, random: np.random.Generator) -> list[Mover]:
    """Before the skyline: a boat on water, cars in a city, a balloon over meadows and snow."""
    unit = min(stage.width, stage.height)
    match scene.ground:
        case Ground.SHORE:
            tall = int(unit * 0.17) // 2 * 2
            y = stage.horizon + (shore_line(stage) - stage.horizon) * 0.34 - tall
            course = drift(stage.width, stage.width * 0.46, unit * 0.03, y, tall, bob=unit * 0.004)
            return [Mover([Floating(_boat(tall, scene))], course)]
        case Ground.CITY:
            return [_car(stage, unit, scene, random, index) for index in range(6)]
        case _:
            tall = int(unit * 0.15) // 2 * 2
            course = drift(stage.width, stage.width * 0.52, unit * 0.022, stage.horizon * 0.42, tall, bob=unit * 0.012)
            return [Mover([Floating(_balloon(tall, scene))], course)]


def _cloud(wide: int, high: int, scene: Scene, random: np.random.Generator) -> Picture:
    y, x = grid(slice(0, high), slice(0, wide))
    body = np.zeros((high, wide), np.float32)
    for index in range(16):
        share = 0.15 + 0.7 * (index + random.uniform(0, 1)) / 16
        size = high * random.uniform(0.18, 0.36) * (1.3 - abs(share - 0.5) * 1.5)
        middle = high * 0.68 - random.uniform(0, 0.6) * size
        away = np.sqrt((x - share * wide) ** 2 + ((y - middle) * 1.15) ** 2)
        body = np.maximum(body, 1 - away / np.float32(size * 1.3))
    body += noise(random, wide, high, high / 3, 4) * np.float32(0.16)
    body *= 1 - step(y, high * 0.70, high * 0.92)
    # Nothing may reach the sides of its own picture, or it would end in a straight line.
    rim = np.minimum(np.minimum(x, wide - x) / wide, np.minimum(y, high - y) / high)
    body *= step(rim, 0.0, 0.06)
    palette = PALETTES[scene.light]
    lit = paint(palette.cloud)
    shady = lit * np.float32(0.62) + paint(palette.zenith) * np.float32(0.22)
    shade = step(y / np.float32(high) + noise(random, wide, high, high / 4, 3) * np.float32(0.1), 0.28, 0.86)
    picture = blank(wide, high)
    picture[..., :3] = lit + (shady - lit) * shade[..., None]
    picture[..., 3] = step(body, 0.10, 0.52) * np.float32(0.72 if scene.light is Light.NIGHT else 0.94)
    return picture


def _bird(stage: Stage, unit: int, random: np.random.Generator) -> Mover:
    size = max(int(unit * random.uniform(0.026, 0.040)) // 2 * 2, 6)
    pictures = []
    for beat in range(9):
        picture = blank(size * 2, size * 2)
        tip = size * (0.85 - 0.62 * sin(beat / 8 * 3.1416 - 1.5708))
        thick = size * 0.10
        for side in (-1, 1):
            root, elbow, end = (
                (size, size),
                (size + side * size * 0.45, (tip + size * 0.62) / 2),
                (size + side * size * 0.92, tip),
            )
            _stroke(picture, root, elbow, thick)
            _stroke(picture, elbow, end, thick * 0.7)
        ellipse(picture, size, size, size * 0.17, size * 0.12, (40, 44, 54))
        pictures.append(Floating(picture, parts=1))
    begin, speed = random.uniform(0.1, 0.9) * stage.width, unit * random.uniform(0.07, 0.11)
    high, rate = stage.horizon * random.uniform(0.30, 0.52), random.uniform(9, 12)

    def course(at: float) -> tuple[float, float, int]:
        x = (begin + speed * at) % (stage.width + size * 4) - size * 2
        beat = (1 + sin(at * rate + begin)) * 4
        return x, high + unit * 0.02 * sin(at * 0.8 + begin) - size, round(beat)

    return Mover(pictures, course)


def _stroke(picture: Picture, start: tuple[float, float], end: tuple[float, float], thick: float) -> None:
    (x0, y0), (x1, y1) = sorted((start, end))
    polygon(picture, [(x0, y0 - thick), (x1, y1 - thick), (x1, y1 + thick), (x0, y0 + thick)], (40, 44, 54))


def _boat(tall: int, scene: Scene) -> Picture:
    picture = blank(tall, tall)
    s, dim = float(tall), PALETTES[scene.light].bright
    polygon(
        picture,
        [(s * 0.48, s * 0.04), (s * 0.51, s * 0.04), (s * 0.51, s * 0.84), (s * 0.48, s * 0.84)],
        _dim((90, 66, 46), dim),
    )
    polygon(
        picture,
        [(s * 0.53, s * 0.08), (s * 0.90, s * 0.72), (s * 0.53, s * 0.74)],
        _dim((250, 246, 236), dim),
    )
    polygon(picture, [(s * 0.46, s * 0.18), (s * 0.46, s * 0.74), (s * 0.16, s * 0.72)], _dim((226, 84, 62), dim))
    polygon(
        picture,
        [(s * 0.10, s * 0.80), (s * 0.92, s * 0.80), (s * 0.78, s * 0.97), (s * 0.24, s * 0.97)],
        _dim((120, 72, 44), dim),
    )
    return picture


def _balloon(tall: int, scene: Scene) -> Picture:
    picture = blank(tall, tall)
    s, dim = float(tall), PALETTES[scene.light].bright
    for share, colour in ((1.0, (214, 70, 62)), (0.62, (246, 190, 80)), (0.24, (214, 70, 62))):
        ellipse(picture, s * 0.5, s * 0.36, s * 0.33 * share, s * 0.35, _dim(colour, dim))
    polygon(
        picture,
        [(s * 0.30, s * 0.62), (s * 0.70, s * 0.62), (s * 0.55, s * 0.80), (s * 0.45, s * 0.80)],
        _dim((190, 60, 54), dim),
    )
    polygon(
        picture,
        [(s * 0.44, s * 0.85), (s * 0.56, s * 0.85), (s * 0.55, s * 0.97), (s * 0.45, s * 0.97)],
        _dim((112, 76, 48), dim),
    )
    return picture


def _dim(colour: Colour, by: float) -> Colour:
    red, green, blue = (int(value * by) for value in colour)
    return red, green, blue


def _car(stage: Stage, unit: int, scene: Scene, random: np.random.Generator, index: int) -> Mover:
    long = max(int(unit * 0.12) // 2 * 2, 12)
    s, high = float(long), max(int(long * 0.42) // 2 * 2, 6)
    picture, dim = blank(long, high), PALETTES[scene.light].bright
    body = _dim([(196, 52, 48), (238, 196, 60), (70, 110, 180), (226, 228, 232)][index % 4], max(dim, 0.55))
    h = float(high)
    ahead = index % 2 == 0
    polygon(
        picture,
        [(s * 0.26, h * 0.08), (s * 0.70, h * 0.08), (s * 0.82, h * 0.48), (s * 0.16, h * 0.48)],
        _dim((120, 150, 176), dim),
    )
    polygon(
        picture,
        [(s * 0.03, h * 0.42), (s * 0.97, h * 0.42), (s * 0.97, h * 0.80), (s * 0.03, h * 0.80)],
        body,
    )
    for x in (0.22, 0.78):
        ellipse(picture, s * x, h * 0.80, h * 0.19, h * 0.19, (26, 26, 30))
    front, back = (0.95, 0.05) if ahead else (0.05, 0.95)
    ellipse(picture, s * front, h * 0.55, h * 0.09, h * 0.09, (255, 244, 196))
    ellipse(picture, s * back, h * 0.55, h * 0.08, h * 0.08, (230, 40, 34))
    low, wide = ROAD[0], ROAD[1] - ROAD[0]
    y = stage.horizon + (stage.height - stage.horizon) * (low + wide * (0.86 if ahead else 0.36)) - high
    speed = unit * (0.26 if ahead else -0.22)
    begin = stage.width * (index // 2 / 3 + random.uniform(0, 0.2))  # one lane, one speed, three thirds
    if scene.light is Light.NIGHT:
        picture = _with_beam(picture, ahead)
    return Mover([Floating(picture)], drift(stage.width, begin, speed, y, picture.shape[1]))


def _with_beam(car: Picture, ahead: bool) -> Picture:
    """The car with the light that it throws before it, three times its own length."""
    high, long = car.shape[:2]
    picture = blank(4 * long, high)
    y, x = grid(slice(0, high), slice(0, 3 * long))
    away = x / np.float32(3 * long)
    spread = np.clip(1 - np.abs(y / np.float32(high) - np.float32(0.62)) / (0.10 + 0.5 * away), 0, 1)
    light = (spread * (1 - away) * np.float32(0.75)).astype(np.float32)
    cover(picture[:, long:], light, paint((255, 240, 200)))
    picture[:, :long] = car if ahead else car[:, ::-1]
    return picture if ahead else picture[:, ::-1].copy()
