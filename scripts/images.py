"""Draws the two input pictures of the shipped suites: a paper boat on water and a labelled bottle on plain ground.

    python scripts/images.py [FOLDER]

Everything in them is computed here, so they are ours to give away: CC0, like the suites' prompts.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

FOLDER = Path(__file__).parents[1] / "configs" / "suites" / "images"

#: Heights, coordinates or colours from 0 to 1, by row and column; colours have a last axis of three.
Field = NDArray[Any]
Point = tuple[float, float, float]

#: Shapes are drawn this much larger and shrunk, which smooths their edges.
FINE = 4


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in (("boat", boat()), ("bottle", bottle())):
        picture.save(folder / f"{name}.png", optimize=True)


# --- shared -----------------------------------------------------------------------------------------------------------


def colour(code: str) -> Field:
    """`"ff8800"` as three parts of light from 0 to 1."""
    return np.frombuffer(bytes.fromhex(code), np.uint8).astype(np.float32) / 255


def mix(first: Field, second: Field, share: Field | float) -> Field:
    share = np.asarray(share, np.float32)
    share = share[..., None] if share.ndim else share
    return (first + (second - first) * share).astype(np.float32)


def ramp(values: Field, start: float, end: float) -> Field:
    """0 up to `start`, 1 from `end`, smooth between."""
    t = np.clip((values - start) / (end - start), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def mask(size: tuple[int, int], *shapes: list[tuple[float, float]], blur: float = 0) -> Field:
    """1 inside the polygons `shapes` (pixels), 0 outside, soft by `blur` pixels."""
    drawn = Image.new("L", (size[0] * FINE, size[1] * FINE))
    pen = ImageDraw.Draw(drawn)
    for shape in shapes:
        pen.polygon([(x * FINE, y * FINE) for x, y in shape], fill=255)
    shrunk = drawn.resize(size, Image.Resampling.BOX)
    if blur:
        shrunk = shrunk.filter(ImageFilter.GaussianBlur(blur))
    return np.asarray(shrunk, np.float32) / 255


def sample(picture: Field, x: Field, y: Field) -> Field:
    """`picture` at pixel positions between its pixels; its border goes on outside."""
    height, width = picture.shape[:2]
    x, y = np.clip(x, 0, width - 1.001), np.clip(y, 0, height - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    across, down = x - left, y - top
    if picture.ndim == 3:
        across, down = across[..., None], down[..., None]
    upper = picture[top, left] * (1 - across) + picture[top, left + 1] * across
    lower = picture[top + 1, left] * (1 - across) + picture[top + 1, left + 1] * across
    return (upper * (1 - down) + lower * down).astype(np.float32)


def finished(picture: Field) -> Image.Image:
    """`picture`, or a mask, as whole numbers from 0 to 255."""
    return Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))


# --- the boat ---------------------------------------------------------------------------------------------------------

BOAT_SIZE = (1280, 720)
#: The camera stands this high over the water, looks down by this angle and sees this far (pixels at distance 1).
EYE, PITCH, FOCUS = 3.0, np.radians(20.0), 1750.0
#: Where the boat floats, to the right of the camera and away from it; turned by this angle.
BOAT_AT, TURN = (-0.7, 8.6), np.radians(24.0)
SUN = np.array([-0.80, 0.52, -0.12])


def boat() -> Image.Image:
    """A folded paper boat on a calm pond in warm evening light, seen from above; 1280 × 720, no horizon."""
    width, height = BOAT_SIZE
    across, down = np.meshgrid(np.arange(width) - width / 2 + 0.5, np.arange(height) - height / 2 + 0.5)
    ray = _ray(across, down)
    reach = EYE / -ray[1]
    x, z = ray[0] * reach, ray[2] * reach
    slope_x, slope_z = _slopes(x, z)

    water = _water(ray, slope_x, slope_z, z)
    water *= (1 - 0.5 * _boat_shadow())[..., None]
    paper, covers = _paper(mirrored=False)
    mirrored, seen = (_blurred(part, 2.2) for part in _paper(mirrored=True))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    moved = columns + 420 * slope_x, rows + 700 * slope_z
    water = water * (1 - 0.6 * sample(seen, *moved))[..., None] + 0.6 * sample(mirrored, *moved) * colour("c3cbc6")
    return finished(mix(water, paper, covers))


def _blurred(picture: Field, pixels: float) -> Field:
    """`picture`, or a mask, softened."""
    soft = finished(picture).filter(ImageFilter.GaussianBlur(pixels))
    return np.asarray(soft, np.float32) / 255


def _ray(across: Field, down: Field) -> tuple[Field, Field, Field]:
    """The direction in which the camera sees a pixel: right, up, away; of length 1."""
    up = -down * np.cos(PITCH) - FOCUS * np.sin(PITCH)
    away = FOCUS * np.cos(PITCH) - down * np.sin(PITCH)
    length = np.sqrt(across**2 + up**2 + away**2)
    return across / length, up / length, away / length


def _seen(point: Point) -> tuple[float, float]:
    """The pixel at which the camera sees a point."""
    right, up, away = point[0], point[1] - EYE, point[2]
    depth = away * np.cos(PITCH) - up * np.sin(PITCH)
    rise = away * np.sin(PITCH) + up * np.cos(PITCH)
    return BOAT_SIZE[0] / 2 + FOCUS * right / depth, BOAT_SIZE[1] / 2 - FOCUS * rise / depth


def _slopes(x: Field, z: Field) -> tuple[Field, Field]:
    """How steeply the water rises to the right and away: long swells, and rings around the boat."""
    slope_x, slope_z = np.zeros_like(x), np.zeros_like(x)
    for toward, length, steep, phase in (
        (80, 1.9, 0.020, 0.3),
        (104, 1.17, 0.016, 1.9),
        (62, 0.83, 0.012, 4.0),
        (121, 0.61, 0.009, 2.2),
        (88, 0.47, 0.007, 5.1),
    ):
        a, b = np.cos(np.radians(toward)), np.sin(np.radians(toward))
        # Bent a little, so that the crests are no straight lines.
        bent = 0.6 * np.sin(0.9 * x + phase) + 0.4 * np.sin(1.7 * x - 0.6 * z + 2 * phase)
        wave = steep * np.cos(2 * np.pi * (a * x + b * z) / length + bent + phase)
        slope_x, slope_z = slope_x + a * wave, slope_z + b * wave
    right, away = x - BOAT_AT[0], z - BOAT_AT[1]
    far = np.sqrt(right**2 + away**2) + 1e-6
    fade = ramp(far, 0.8, 1.3) * np.exp(-0.75 * np.maximum(far - 1, 0))
    rings = 0.045 * np.cos(2 * np.pi * (far - 1.0) / 0.42) * fade
    return slope_x + rings * right / far, slope_z + rings * away / far


def _water(ray: tuple[Field, Field, Field], slope_x: Field, slope_z: Field, z: Field) -> Field:
    """Water that mirrors an evening sky and is dark where one looks into it."""
    length = np.sqrt(slope_x**2 + slope_z**2 + 1)
    normal = -slope_x / length, 1 / length, -slope_z / length
    meets = sum(one * other for one, other in zip(ray, normal, strict=True))
    bounced = [one - 2 * meets * other for one, other in zip(ray, normal, strict=True)]
    high = bounced[1]
    sky = mix(colour("f7c58d"), colour("d8b6a4"), ramp(high, 0.10, 0.30))
    sky = mix(sky, colour("7fa3b4"), ramp(high, 0.24, 0.48))
    sky = mix(sky, colour("4d7d96"), ramp(high, 0.42, 0.75))
    depth = mix(colour("0d3b45"), colour("1f5b5f"), ramp(z, 6, 14))
    mirror = 0.10 + 0.90 * (1 - np.clip(-meets, 0, 1)) ** 2.2
    return mix(depth, sky, mirror)


#: The folds of the boat: x along it, y up, z across; the water is at 0.
TIP, RIM, PEAK = (1.32, 0.60), (0.34, 0.40), 1.04


def _faces() -> list[tuple[list[Point], float]]:
    """Its faces from back to front, each with how dark it gets towards its lowest point."""
    (tip, tip_up), (rim_up, rim_out) = TIP, RIM
    bow, stern = (tip, tip_up, 0.0), (-tip, tip_up, 0.0)
    keel_bow, keel_stern = (0.80, -0.02, 0.0), (-0.80, -0.02, 0.0)

    def side(out: float) -> list[tuple[list[Point], float]]:
        rim, keel = (0.0, rim_up, out * rim_out), (0.0, -0.02, out * 0.30)
        return [([stern, rim, keel, keel_stern], 0.16), ([rim, bow, keel_bow, keel], 0.16)]

    def sail(out: float) -> list[tuple[list[Point], float]]:
        top, foot = (0.0, PEAK, 0.0), (0.0, 0.18, out * 0.20)
        return [([top, (-0.66, 0.20, 0.0), foot], 0.30), ([top, foot, (0.66, 0.20, 0.0)], 0.30)]

    return [(face, 0.45) for face, _ in side(1)] + sail(1) + sail(-1) + side(-1)


def _placed(point: Point, mirrored: bool) -> Point:
    x, y, z = point
    cos, sin = float(np.cos(TURN)), float(np.sin(TURN))
    return BOAT_AT[0] + x * cos + z * sin, -y if mirrored else y, BOAT_AT[1] - x * sin + z * cos


def _paper(mirrored: bool) -> tuple[Field, Field]:
    """The boat's colours and where it covers the water; `mirrored` as the water shows it."""
    width, height = BOAT_SIZE
    picture, covers = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None]
    light = SUN / np.linalg.norm(SUN)
    for face, darkening in _faces():
        corners = [np.array(_placed(point, mirrored=False)) for point in face]
        normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
        normal /= np.linalg.norm(normal)
        toward_us = np.array([0, EYE, 0]) - corners[0]
        normal *= 1 if normal @ toward_us > 0 else -1
        lit = 0.5 + 0.5 * float(normal @ light)
        shade = mix(colour("7f8da0"), colour("fff6e6"), ramp(np.float32(lit), 0.15, 0.92))
        shape = [_seen(_placed(point, mirrored)) for point in face]
        ends = sorted((y for _, y in shape), reverse=mirrored)
        share = np.clip((rows - ends[0]) / (ends[-1] - ends[0]), 0, 1)
        share = np.broadcast_to(share, (height, width))
        here = mask(BOAT_SIZE, shape)
        picture = mix(picture, shade * (1 - darkening * share[..., None] ** 1.5), here)
        covers = covers + (1 - covers) * here
        edges = [_stroke(start, end, 0.9) for start, end in zip(shape, [*shape[1:], shape[0]], strict=True)]
        picture = mix(picture, shade * 1.06, 0.6 * mask(BOAT_SIZE, *edges) * here)
    return picture, covers


def _stroke(start: tuple[float, float], end: tuple[float, float], half: float) -> list[tuple[float, float]]:
    """A line as a polygon of twice `half` pixels' width."""
    along = np.array(end) - np.array(start)
    aside = half * np.array([-along[1], along[0]]) / (np.linalg.norm(along) + 1e-6)
    corners = (np.array(start) + aside, np.array(end) + aside, np.array(end) - aside, np.array(start) - aside)
    return [(float(x), float(y)) for x, y in corners]


def _boat_shadow() -> Field:
    """Darkness on the water: close along the hull, wide and faint away from the sun."""

    def pool(reach: float, out: float, shift: float, blur: float) -> Field:
        turns = np.linspace(0, 2 * np.pi, 60)
        points = [(reach * float(np.cos(t)) + shift, 0.0, out * float(np.sin(t)) - 0.7 * shift) for t in turns]
        return mask(BOAT_SIZE, [_seen(_placed(point, mirrored=False)) for point in points], blur=blur)

    return np.maximum(pool(0.86, 0.34, 0.0, 5), 0.6 * pool(1.1, 0.45, 0.25, 26))


# --- the bottle -------------------------------------------------------------------------------------------------------

BOTTLE_SIZE = (720, 1280)
MIDDLE, TOP, SHOULDER, FOOT = 360.0, 250.0, 500.0, 1060.0
NECK, BODY = 46.0, 148.0
#: Where the label begins and ends: rows, and the angle to each side of the middle.
LABEL, LABEL_ANGLE = (640.0, 890.0), np.radians(66.0)


def bottle() -> Image.Image:
    """A dark glass bottle with a cork and a paper label that reads LUMEN, on plain ground; 720 × 1280."""
    width, height = BOTTLE_SIZE
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    picture = _studio(rows, columns)
    radius = _profile(rows)
    off = columns - MIDDLE + 0.5
    around = np.clip(off / np.maximum(radius, 1), -1, 1)
    # The foot is a rounded ellipse, as seen from slightly above.
    base = FOOT + 24 * np.sqrt(np.clip(1 - around**2, 0, 1))
    covers = np.clip(radius - np.abs(off) + 0.5, 0, 1) * np.clip(base - rows + 0.5, 0, 1)
    covers *= np.clip(rows - TOP + 9 * np.sqrt(np.clip(1 - around**2, 0, 1)) + 0.5, 0, 1)
    glass = _glass(rows, around)
    glass = _labelled(glass, rows, around)
    picture = mix(picture, glass, covers)
    return finished(_corked(picture, rows, columns))


def _studio(rows: Field, columns: Field) -> Field:
    """A seamless warm ground that darkens away from the light, and the bottle's shadow on it."""
    wall = mix(colour("d9c9b4"), colour("eee3d3"), ramp(rows, 0, 760))
    ground = mix(colour("e9dcc9"), colour("cbb79e"), ramp(rows, 930, 1280))
    picture = mix(wall, ground, ramp(rows, 820, 990))
    away = np.hypot((columns - 250) / 620, (rows - 520) / 900)
    picture = picture * (1.04 - 0.24 * ramp(away, 0.25, 1.15))[..., None]
    size = BOTTLE_SIZE
    turns = np.linspace(0, 2 * np.pi, 80)
    close = mask(size, [(MIDDLE + 6 + 158 * np.cos(t), 1068 + 30 * np.sin(t)) for t in turns], blur=9)
    wide = mask(size, [(MIDDLE + 70 + 235 * np.cos(t), 1062 + 52 * np.sin(t)) for t in turns], blur=34)
    cast = mask(size, [(330, 1050), (470, 1092), (820, 1046), (820, 990), (520, 1000)], blur=22)
    dark = 1 - (1 - 0.62 * close) * (1 - 0.34 * wide) * (1 - 0.22 * cast)
    return mix(picture, colour("3a2c24"), dark)


def _profile(rows: Field) -> Field:
    """The bottle's radius in pixels, by row."""
    lip = NECK + 7 * (1 - ramp(rows, TOP + 26, TOP + 34))
    return lip + (BODY - NECK) * ramp(rows, 370, SHOULDER + 60)


def _glass(rows: Field, around: Field) -> Field:
    """Dark green glass between a large light on the left and a small one on the right; `around` from -1 to 1."""
    facing = np.sqrt(np.clip(1 - around**2, 0, 1))
    glass = mix(colour("051d19"), colour("175847"), facing**1.4)
    # Light that went through the bottle comes out on the far side from the lamp.
    glass = mix(glass, colour("4fae86"), 0.55 * ramp(around, 0.25, 0.75) * (1 - ramp(around, 0.78, 0.97)))
    glass = glass * (1.08 - 0.35 * ramp(rows, 700, 1090))[..., None]
    slope = np.gradient(_profile(rows[:, :1])[:, 0])[:, None]
    upright = 1 / (1 + slope**2)
    long = ramp(around, -0.80, -0.72) * (1 - ramp(around, -0.52, -0.42))
    thin = ramp(around, 0.80, 0.85) * (1 - ramp(around, 0.88, 0.93))
    ends = ramp(rows, TOP + 40, TOP + 80) * (1 - ramp(rows, FOOT - 90, FOOT - 10))
    shine = (0.72 * long + 0.42 * thin) * ends * (0.35 + 0.65 * upright)
    rim = 0.30 * (1 - facing) ** 3
    return mix(mix(glass, colour("d7efe2"), rim), colour("fdfbf4"), shine)


def _labelled(glass: Field, rows: Field, around: Field) -> Field:
    """The glass with its label, bent around it."""
    angle = np.arcsin(np.clip(around, -0.9999, 0.9999))
    start, end = LABEL
    flat = _label()
    # Seen from slightly above, a level edge hangs lower in the middle.
    hang = 10 * (np.cos(angle) - 1)
    x = (angle / LABEL_ANGLE + 1) / 2 * (flat.shape[1] - 1)
    y = (rows - hang - start) / (end - start) * (flat.shape[0] - 1)
    paper = sample(flat, x, y)
    edge_x = np.clip((LABEL_ANGLE - np.abs(angle)) * BODY * np.cos(angle) + 0.5, 0, 1)
    edge_y = np.clip(rows - hang - start + 0.5, 0, 1) * np.clip(end - rows + hang + 0.5, 0, 1)
    light = 0.58 + 0.40 * np.clip(np.cos(angle + 0.5), 0, 1)
    return mix(glass, paper * light[..., None], edge_x * edge_y)


def _label() -> Field:
    """The label laid flat: cream paper, a thin frame, the word."""
    width, height = 1364, 1000
    drawn = Image.new("RGB", (width, height), "#f6ecd8")
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((44, 44, width - 45, height - 45), outline="#b08a4a", width=10)
    pen.rectangle((66, 66, width - 67, height - 67), outline="#b08a4a", width=4)
    # A rising sun over the word, and a line below it.
    pen.pieslice((width / 2 - 90, 200, width / 2 + 90, 380), 180, 360, fill="#c98f35")
    for turn in np.radians(np.linspace(200, 340, 7)):
        a, b = np.cos(turn), np.sin(turn)
        pen.line((width / 2 + 112 * a, 290 + 112 * b, width / 2 + 148 * a, 290 + 148 * b), fill="#c98f35", width=12)
    pen.rectangle((width / 2 - 190, 296, width / 2 + 190, 306), fill="#b08a4a")
    _word(pen, "LUMEN", middle=width / 2, top=420, height=230)
    pen.rectangle((width / 2 - 240, 760, width / 2 + 240, 768), fill="#b08a4a")
    return np.asarray(drawn.resize((width // FINE, height // FINE), Image.Resampling.BOX), np.float32) / 255


#: Strokes of capital letters on a field of width and height 1; a U's bow is added by hand.
STROKES: dict[str, list[list[tuple[float, float]]]] = {
    "L": [[(0.12, 0), (0.12, 1), (0.85, 1)]],
    "U": [[(0.1, 0), (0.1, 0.62)], [(0.9, 0), (0.9, 0.62)]],
    "M": [[(0.04, 1), (0.04, 0), (0.5, 0.66), (0.96, 0), (0.96, 1)]],
    "E": [[(0.88, 0), (0.12, 0), (0.12, 1), (0.88, 1)], [(0.12, 0.49), (0.76, 0.49)]],
    "N": [[(0.1, 1), (0.1, 0), (0.9, 1), (0.9, 0)]],
}
BOW = [(0.5 - 0.4 * float(np.cos(t)), 0.62 + 0.38 * float(np.sin(t))) for t in np.linspace(0, np.pi, 40)]


def _word(pen: ImageDraw.ImageDraw, word: str, *, middle: float, top: float, height: float) -> None:
    """Writes `word` in plain capitals of our own, so that no font's licence comes in."""
    wide, gap, thick = 0.66 * height, 0.20 * height, 0.13 * height
    left = middle - (len(word) * wide + (len(word) - 1) * gap) / 2
    for letter in word:
        for line in [*STROKES[letter], *([BOW] if letter == "U" else [])]:
            points = [(left + x * wide, top + y * height) for x, y in line]
            pen.line(points, fill="#20382f", width=round(thick), joint="curve")
            for x, y in (points[0], points[-1]):
                pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill="#20382f")
        left += wide + gap


def _corked(picture: Field, rows: Field, columns: Field) -> Field:
    """The picture with a cork in the bottle's mouth."""
    off = columns - MIDDLE + 0.5
    wide = 37 + 4 * ramp(rows, 180, 256)
    around = np.clip(off / wide, -1, 1)
    rise = 9 * np.sqrt(np.clip(1 - around**2, 0, 1))
    here = np.clip(wide - np.abs(off) + 0.5, 0, 1) * np.clip(rows - 190 + rise + 0.5, 0, 1)
    here *= np.clip(TOP + 0.8 * rise - rows + 0.5, 0, 1)
    light = 0.60 + 0.45 * np.clip(np.cos(np.arcsin(around * 0.999) + 0.6), 0, 1)
    cork = colour("c79a66") * light[..., None]
    lid = np.clip(190 + rise - rows + 0.5, 0, 1)
    cork = mix(cork, colour("dcb483"), lid)
    # The mouth around it, seen from above, catches the light.
    mouth = np.clip(1 - (off / (NECK + 7)) ** 2, 0, 1)
    ring = np.clip(9 * np.sqrt(mouth) - np.abs(rows - TOP) + 0.5, 0, 1) * (mouth > 0)
    return mix(mix(picture, colour("3f8f74"), ring), cork, here)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
