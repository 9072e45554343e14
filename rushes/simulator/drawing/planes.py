"""Planes: a picture as the encoder wants it (YUV 4:2:0, BT.709, limited range), and laying one over another.

Everything that moves is laid straight onto the planes with 16-bit whole numbers: no picture is converted
twice, and a 720p frame takes a few milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint16]
Picture = NDArray[np.float32]
"""(height, width, 3 or 4) RGB or RGBA in 0..1; alpha is not multiplied in."""

BRIGHTNESS = np.array([0.2126, 0.7152, 0.0722], np.float32)  # BT.709's share of red, green and blue
BLUENESS, REDNESS = (
    np.float32(224 / 1.8556),
    np.float32(224 / 1.5748),
)  # how far Cb and Cr go for blue or red less brightness
OPAQUE = 128  # alpha has 7 bits, so that byte × alpha fits 16 bits twice over


@dataclass(frozen=True)
class Planes:
    """Three views of one picture: y (height, width), u and v (height / 2, width / 2); writing paints."""

    y: Bytes
    u: Bytes
    v: Bytes

    @property
    def height(self) -> int:
        return len(self.y)

    @property
    def width(self) -> int:
        return len(self.y[0])

    def copy(self) -> Planes:
        return Planes(self.y.copy(), self.u.copy(), self.v.copy())

    def copy_from(self, other: Planes) -> None:
        self.y[...] = other.y
        self.u[...] = other.u
        self.v[...] = other.v


def part(planes: Planes, box: tuple[slice, slice]) -> Planes:
    """The planes of an even box, as views."""
    half = _halved(box)
    return Planes(planes.y[box], planes.u[half], planes.v[half])


def quarter(plane: Picture) -> Picture:
    """Half as wide and half as high: the mean of each 2 × 2 block (over the first two axes)."""
    total = plane[0::2, 0::2] + plane[1::2, 0::2] + plane[0::2, 1::2] + plane[1::2, 1::2]
    return total * np.float32(0.25)


def whole(plane: Picture) -> Bytes:
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)


def planes_of(rgb: Picture) -> Planes:
    """The planes of an opaque picture with even sides."""
    rgb = np.clip(rgb, 0, 1)
    small = quarter(rgb)
    dim = small @ BRIGHTNESS
    return Planes(
        whole(np.float32(16) + rgb @ BRIGHTNESS * np.float32(219)),
        whole(np.float32(128) + (small[..., 2] - dim) * BLUENESS),
        whole(np.float32(128) + (small[..., 0] - dim) * REDNESS),
    )


@dataclass(frozen=True)
class Sprite:
    """A picture with soft edges, ready to be laid: its colour times alpha, and how much of the ground stays."""

    y: Words
    u: Words
    v: Words
    under: Words
    under_half: Words

    @property
    def height(self) -> int:
        return len(self.y)

    @property
    def width(self) -> int:
        return int(self.y.shape[1])


def sprite_of(rgba: Picture) -> Sprite:
    """A sprite of an RGBA picture with even sides."""
    return sprite_of_light(rgba[..., :3] * rgba[..., 3:], rgba[..., 3])


def sprite_of_light(light: Picture, alpha: Picture) -> Sprite:
    """A sprite of RGB into which alpha (height, width) is multiplied already."""
    small, thin = quarter(light), quarter(alpha)
    bright: Picture = light @ BRIGHTNESS
    dim: Picture = small @ BRIGHTNESS
    return Sprite(
        _weighed(alpha * np.float32(16) + bright * np.float32(219)),
        _weighed(thin * np.float32(128) + (small[..., 2] - dim) * BLUENESS),
        _weighed(thin * np.float32(128) + (small[..., 0] - dim) * REDNESS),
        (OPAQUE - np.rint(alpha * np.float32(OPAQUE))).astype(np.uint16),
        (OPAQUE - np.rint(thin * np.float32(OPAQUE))).astype(np.uint16),
    )


def _weighed(plane: Picture) -> Words:
    weighed: Words = np.clip(plane * np.float32(OPAQUE) + np.float32(64.5), 64, 255 * OPAQUE + 64).astype(np.uint16)
    return weighed


def lay(ground: Planes, sprite: Sprite, x: int, y: int) -> None:
    """Lay a sprite with its top left corner at an even (x, y); what hangs over the edge is cut off."""
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + sprite.width, ground.width), min(y + sprite.height, ground.height)
    if left >= right or top >= bottom:
        return
    of = (slice(top - y, bottom - y), slice(left - x, right - x))
    half = _halved(of)
    here = part(ground, (slice(top, bottom), slice(left, right)))
    mix(here.y, sprite.y[of], sprite.under[of])
    mix(here.u, sprite.u[half], sprite.under_half[half])
    mix(here.v, sprite.v[half], sprite.under_half[half])


def _halved(box: tuple[slice, slice]) -> tuple[slice, slice]:
    rows, columns = box
    return (
        slice(rows.start // 2, rows.stop // 2),
        slice(columns.start // 2, columns.stop // 2),
    )


def mix(ground: Bytes, colour: Words | np.uint16, under: Words | np.uint16) -> None:
    """ground = (ground × under + colour) / 128, in place; no sum may pass 65535."""
    mixed = np.multiply(ground, under, dtype=np.uint16)
    mixed += colour
    mixed >>= 7
    np.copyto(ground, mixed, casting="unsafe")


def dissolve(ground: Planes, other: Planes, share: float) -> None:
    """Let `share` (0..1) of another picture of the same size shine through, in place."""
    part = round(min(max(share, 0.0), 1.0) * OPAQUE)
    for plane, shining in ((ground.y, other.y), (ground.u, other.u), (ground.v, other.v)):
        mix(plane, np.multiply(shining, part, dtype=np.uint16) + np.uint16(64), np.uint16(OPAQUE - part))
