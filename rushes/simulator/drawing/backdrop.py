"""The backdrop: what does not move. Sky and floor in one picture, hills or houses in another, the ramp on top."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from rushes.simulator.drawing.ball import Stage, ramp_height
from rushes.simulator.drawing.brush import blank, cover, ellipse, even, grid, noise, paint, polygon, step
from rushes.simulator.drawing.planes import Picture
from rushes.simulator.drawing.scene import Colour, Ground, Light, Scene


@dataclass(frozen=True)
class Palette:
    """The colours of one light: zenith, horizon and sun, what the air does to far things, and how bright it is."""

    zenith: Colour
    horizon: Colour
    sun: Colour
    haze: Colour
    cloud: Colour
    bright: float


PALETTES = {
    Light.DAY: Palette((46, 116, 204), (196, 226, 244), (255, 250, 224), (176, 206, 228), (255, 255, 255), 1.0),
    Light.GOLDEN: Palette((74, 96, 158), (255, 190, 116), (255, 226, 160), (240, 176, 124), (255, 222, 190), 0.86),
    Light.NIGHT: Palette((9, 14, 38), (44, 62, 104), (232, 236, 250), (30, 42, 76), (104, 116, 152), 0.56),
    Light.GREY: Palette((66, 78, 92), (150, 160, 168), (206, 212, 216), (122, 134, 142), (112, 122, 132), 0.68),
}


def sun_place(scene: Scene, stage: Stage) -> tuple[float, float]:
    low = 0.74 if scene.light is Light.GOLDEN else 0.5
    return stage.width * (0.70 + 0.06 * scene.tint), stage.horizon * low


def backdrop(scene: Scene, stage: Stage, random: np.random.Generator, texture: float) -> Picture:
    """Sky and floor, RGB. `texture` (0..1) is how much fine structure things have."""
    picture = np.empty((stage.height, stage.width, 3), np.float32)
    _sky(picture, scene, stage, random)
    _floor(picture, scene, stage, random, texture)
    return picture


def _sky(picture: Picture, scene: Scene, stage: Stage, random: np.random.Generator) -> None:
    palette = PALETTES[scene.light]
    bottom = int(stage.horizon) + 2
    y, x = grid(slice(0, bottom), slice(0, stage.width))
    sky = picture[:bottom]
    fall = step(y / np.float32(stage.horizon), -0.1, 1.0)[..., None]
    sky[...] = paint(palette.zenith) * (1 - fall) + paint(palette.horizon) * fall
    sun_x, sun_y = sun_place(scene, stage)
    radius = min(stage.width, stage.height) * 0.055
    away = np.sqrt((x - sun_x) ** 2 + (y - sun_y) ** 2) / np.float32(radius)
    if scene.light is Light.NIGHT:
        _stars(sky, stage, random)
    if scene.light is not Light.GREY:
        glow = np.exp(-away * np.float32(0.22)) * np.float32(0.16 if scene.light is Light.NIGHT else 0.55)
        cover(sky, glow, paint(palette.sun))
        cover(sky, np.clip((1 - away) * radius + 0.5, 0, 1).astype(np.float32), paint(palette.sun))
    sky += random.standard_normal(sky.shape[:2], np.float32)[..., None] * np.float32(0.0025)  # hides the steps


def _stars(sky: Picture, stage: Stage, random: np.random.Generator) -> None:
    size = max(min(stage.width, stage.height) / 720, 0.7)
    for _ in range(120):
        x, y = random.uniform(0, stage.width), random.uniform(0, stage.horizon * 0.8)
        ellipse(sky, x, y, size * random.uniform(0.7, 1.5), size, (240, 244, 255), random.uniform(0.3, 0.95))


SOILS: dict[Ground, tuple[Colour, Colour]] = {
    Ground.MEADOW: ((150, 178, 88), (74, 128, 48)),
    Ground.SHORE: ((224, 204, 158), (214, 182, 124)),
    Ground.CITY: ((158, 160, 164), (116, 118, 126)),
    Ground.SNOW: ((224, 234, 244), (246, 249, 253)),
}
ROAD = (0.06, 0.24)  # the street in a city: from where to where between horizon and lower side
ROUGHNESS = {Ground.MEADOW: 0.30, Ground.SHORE: 0.10, Ground.CITY: 0.10, Ground.SNOW: 0.045}


def shore_line(stage: Stage) -> float:
    """Where water ends and sand begins, on a shore."""
    return stage.horizon + (stage.floor - stage.horizon) * 0.74


def _floor(picture: Picture, scene: Scene, stage: Stage, random: np.random.Generator, texture: float) -> None:
    palette = PALETTES[scene.light]
    top = int(stage.horizon)
    ground = picture[top:]
    rows, width = ground.shape[:2]
    y, x = grid(slice(0, rows), slice(0, width))
    near = y / np.float32(rows)
    far_soil, near_soil = (paint(colour) * np.float32(palette.bright) for colour in SOILS[scene.ground])
    ground[...] = far_soil + (near_soil - far_soil) * step(near, 0, 0.7)[..., None]
    if scene.light is Light.GOLDEN:
        ground *= np.array([1.06, 0.95, 0.78], np.float32)
    if scene.light is Light.NIGHT:
        ground *= np.array([0.72, 0.82, 1.18], np.float32)
    # A plain seen at a slant: the lines of the eye meet the ground at 1 / (how far below the horizon).
    depth = np.float32(1) / (near + np.float32(0.06))
    across = (x / np.float32(width) - 0.5) * depth * np.float32(width / stage.height)
    side = 1024 if max(stage.width, stage.height) > 160 else 256  # the larger, the finer and the slower
    cloth = noise(random, side, side, 96, 5)
    down, right = _folded(depth * 420, side), _folded(across * 300, side)
    patch = cloth[down, right]
    fading = step(near, 0.02, 0.35)
    ground *= 1 + (patch * fading * np.float32(ROUGHNESS[scene.ground]))[..., None]
    grains = random.standard_normal((rows, width), np.float32) * fading
    ground *= 1 + (grains * np.float32(ROUGHNESS[scene.ground] * 0.5 * texture))[..., None]
    if scene.ground is Ground.CITY:
        _tiles(ground, across, depth, fading)
        _road(ground, near, across, palette.bright)
    if scene.ground is Ground.SHORE:
        wet = step(y, shore_line(stage) - top - 2, shore_line(stage) - top + rows * 0.14)
        ground *= (np.float32(0.72) + np.float32(0.28) * wet)[..., None]
    haze = np.broadcast_to((1 - step(near, 0, 0.22)) * np.float32(0.3), (rows, width))
    cover(ground, haze, paint(palette.haze))


def _folded(place: Picture, side: int) -> NDArray[np.int32]:
    """A place on an endless cloth: there and back over `side` rows, so that no seam shows."""
    return np.abs(np.floor(place).astype(np.int32) % (2 * side - 2) - (side - 1))


def _tiles(ground: Picture, across: Picture, depth: Picture, fading: Picture) -> None:
    for place in (across * np.float32(2.4), np.broadcast_to(depth * np.float32(1.9), across.shape)):
        off = np.abs(place - np.rint(place))
        blur = np.abs(np.gradient(place)[1 if place.strides[0] and place is not depth else 0]) + np.float32(0.012)
        seam = np.clip(1 - off / (blur * np.float32(1.6)), 0, 1) * fading * np.float32(0.35)
        ground *= (1 - seam)[..., None]


def _road(ground: Picture, near: Picture, across: Picture, bright: float) -> None:
    """Asphalt from one side to the other below the houses, with a dashed line in its middle."""
    low, high = ROAD
    inside = step(near, low - 0.006, low) * (1 - step(near, high, high + 0.006))
    cover(ground, np.broadcast_to(inside, across.shape), paint((74, 76, 84)) * np.float32(bright))
    middle = (low + high) / 2
    line = np.clip(1 - np.abs(near - middle) / 0.008, 0, 1) * (across * np.float32(3) % 1 < 0.5)
    cover(ground, line.astype(np.float32), paint((226, 222, 206)) * np.float32(bright))


def skyline(scene: Scene, stage: Stage, random: np.random.Generator, texture: float) -> tuple[Picture, int]:
    """What stands at the horizon, RGBA, and the even row at which its picture begins."""
    top = int(stage.horizon * (0.36 if scene.ground is Ground.CITY else 0.55)) // 2 * 2
    rows = (int(stage.horizon) + 4 - top) // 2 * 2
    picture = blank(stage.width, rows)
    match scene.ground:
        case Ground.CITY:
            _houses(picture, scene, random)
        case Ground.SNOW:
            _peaks(picture, scene, random, texture)
        case Ground.SHORE:
            _ridges(picture, scene, random, texture, [(0.80, 0.12, (96, 122, 128))])
        case Ground.MEADOW:
            layers: list[tuple[float, float, Colour]] = [
                (0.46, 0.26, (92, 128, 122)),
                (0.66, 0.18, (86, 136, 86)),
                (0.84, 0.12, (106, 152, 74)),
            ]
            _ridges(picture, scene, random, texture, layers)
            _trees(picture, scene, random)
    return picture, top


def _lit(colour: Colour, scene: Scene, haze: float) -> Colour:
    """A colour in this light, with `haze` (0..1) of the air before it."""
    palette = PALETTES[scene.light]
    shade: Picture = paint(colour) * np.float32(palette.bright)
    if scene.light is Light.GOLDEN:
        shade = shade * np.array([1.08, 0.9, 0.72], np.float32)
    mixed = shade * np.float32(1 - haze) + paint(palette.haze) * np.float32(haze)
    red, green, blue = (int(value) for value in np.clip(mixed * 255, 0, 255))
    return red, green, blue


def _ridges(
    picture: Picture,
    scene: Scene,
    random: np.random.Generator,
    texture: float,
    layers: list[tuple[float, float, Colour]],
) -> None:
    rows, width = picture.shape[:2]
    y, x = grid(slice(0, rows), slice(0, width))
    for index, (base, swing, colour) in enumerate(layers):
        ridge = np.full_like(x, np.float32(base * rows))
        for wave in range(1, 5):
            turn, phase = 2 * pi * random.uniform(0.5, 1.1) * wave / width, random.uniform(0, 2 * pi)
            ridge += np.sin(x * np.float32(turn) + np.float32(phase)) * np.float32(swing * rows / (1.3 * wave))
        inside = np.clip(y - ridge + 0.5, 0, 1).astype(np.float32)
        shade = paint(_lit(colour, scene, 0.55 - 0.5 * (index + 1) / len(layers)))
        rough = 1 + noise(random, width, rows, rows / 9, 5) * np.float32(0.06 + 0.12 * texture)
        cover(picture, inside, np.clip(shade * rough[..., None], 0, 1))


def _trees(picture: Picture, scene: Scene, random: np.random.Generator) -> None:
    rows, width = picture.shape[:2]
    for _ in range(round(26 * max(width / rows / 5, 0.6))):
        x = random.uniform(0, width)
        foot = rows * random.uniform(0.90, 0.985)
        tall = rows * random.uniform(0.10, 0.22)
        crown = _lit((58, 104, 52), scene, 0.18)
        shady = _lit((44, 84, 46), scene, 0.18)
        left, right, middle = x - tall * 0.07, x + tall * 0.07, foot - tall * 0.5
        trunk = [(left, middle), (right, middle), (right, foot), (left, foot)]
        polygon(picture, trunk, _lit((84, 62, 44), scene, 0.15))
        ellipse(picture, x, foot - tall * 0.58, tall * 0.36, tall * 0.42, shady)
        ellipse(picture, x + tall * 0.07, foot - tall * 0.66, tall * 0.27, tall * 0.31, crown)


def _peaks(picture: Picture, scene: Scene, random: np.random.Generator, texture: float) -> None:
    rows, width = picture.shape[:2]
    y, x = grid(slice(0, rows), slice(0, width))
    crag = noise(random, width, rows, rows / 3, 6)
    for share, haze in ((0.95, 0.42), (0.80, 0.30), (0.60, 0.20)):
        for place in random.permutation(5):
            middle = width * (place + random.uniform(0.1, 0.9)) / 5
            top, steep = rows * (1 - share * random.uniform(0.6, 1.0)), random.uniform(0.6, 0.85)
            below = y - top - np.abs(x - middle) * np.float32(steep) + crag * np.float32(rows * 0.06)
            # The ridge between the sunny and the shady side wanders down from the top.
            side = x - middle - crag * np.float32(rows * 0.16)
            sunny = step(side, -rows * 0.015, rows * 0.015)[..., None]
            rock = paint(_lit((132, 140, 158), scene, haze)) * (np.float32(0.78) + np.float32(0.22) * sunny)
            white = paint(_lit((250, 251, 255), scene, haze * 0.5)) * (np.float32(0.84) + np.float32(0.16) * sunny)
            snow = step(y - top + crag * np.float32(rows * 0.30), rows * 0.30, rows * 0.36)[..., None]
            rough = 1 + crag * np.float32(0.03 + 0.07 * texture)
            inside = np.clip(below + np.float32(0.5), 0, 1)
            cover(picture, inside, np.clip((white + (rock - white) * snow) * rough[..., None], 0, 1))


def _houses(picture: Picture, scene: Scene, random: np.random.Generator) -> None:
    rows, width = picture.shape[:2]
    dark = scene.light in (Light.NIGHT, Light.GOLDEN, Light.GREY)
    for layer, tall in enumerate((0.96, 0.62)):
        x = -random.uniform(0, 0.05) * width
        while x < width:
            wide = rows * random.uniform(0.16, 0.30)
            high = rows * tall * random.uniform(0.45, 1.0)
            grey = int(random.uniform(96, 148))
            wall = _lit((grey + 6, grey, grey + int(random.uniform(4, 30))), scene, 0.42 - 0.32 * layer)
            left, right, top = int(x), min(int(x + wide), width), int(rows - high)
            picture[top:, max(left, 0) : right] = (*paint(wall), 1.0)
            _windows(picture, scene, random, max(left, 0), right, top, dark, wall)
            x += wide * random.uniform(1.0, 1.25)


def _windows(
    picture: Picture,
    scene: Scene,
    random: np.random.Generator,
    left: int,
    right: int,
    top: int,
    dark: bool,
    wall: Colour,
) -> None:
    rows = picture.shape[0]
    pitch = max(rows // 30, 4)
    glass = np.clip(paint(wall) * np.float32(0.72), 0, 1)
    warm = paint((255, 214, 132))
    for y in range(top + pitch, rows - pitch, pitch * 3 // 2):
        for x in range(left + pitch // 2, right - pitch, pitch):
            lit = dark and random.uniform() < (0.55 if scene.light is Light.NIGHT else 0.22)
            picture[y : y + max(pitch * 2 // 3, 2), x : x + max(pitch // 2, 2), :3] = warm if lit else glass


def ramp(scene: Scene, stage: Stage) -> tuple[Picture, int]:
    """The ramp and the shadow it throws, RGBA, and the even row at which its picture begins."""
    thick = stage.metre * 0.085
    far_x = -0.1 * stage.width
    top = even(ramp_height(stage, 0) - 2 * thick)
    foot = stage.floor + thick * 0.3 - top
    picture = blank(even(stage.edge[0] + 2 * thick), even(foot + 2 * thick))
    end = (stage.edge[0], stage.edge[1] - top)
    start = (far_x, ramp_height(stage, far_x) - top)
    down = (-sin(stage.slope), cos(stage.slope))

    def sunk(point: tuple[float, float], by: float) -> tuple[float, float]:
        return point[0] + down[0] * by, point[1] + down[1] * by

    def along(share: float) -> tuple[float, float]:
        return end[0] * share, ramp_height(stage, end[0] * share) - top

    def upright(left: float, right: float, head: float, colour: Colour) -> None:
        polygon(picture, [(left, head), (right, head), (right, foot), (left, foot)], colour)

    ground = stage.floor - top
    shade = [(far_x, ground - thick), (end[0], ground - thick * 0.4), (end[0] + thick, ground + thick)]
    polygon(picture, [*shade, (far_x, ground + thick * 2)], (20, 24, 20), 0.30)
    for share in (0.94, 0.55, 0.18):
        x, head = along(share)
        upright(x - thick * 0.62, x, head, _lit((128, 84, 48), scene, 0.05))
        upright(x - thick * 0.25, x, head, _lit((98, 62, 36), scene, 0.05))
    polygon(picture, [start, end, sunk(end, thick), sunk(start, thick)], _lit((176, 122, 70), scene, 0.03))
    rim = thick * 0.28
    polygon(picture, [start, end, sunk(end, rim), sunk(start, rim)], _lit((218, 168, 108), scene, 0.03))
    for share in (0.2, 0.5, 0.8):
        left = along(share)
        right = (left[0] + thick * 0.06, left[1])
        polygon(picture, [left, right, sunk(right, thick), sunk(left, thick)], _lit((120, 78, 44), scene, 0.03))
    return picture, top
