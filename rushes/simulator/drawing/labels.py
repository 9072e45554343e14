"""Labels: the word SIMULATED, what that means, the prompt and a running clock, always at the film's full size.

The model's name is in the tags alone: who compares films must not read it in them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rushes.simulator.drawing.brush import even
from rushes.simulator.drawing.planes import Planes, Sprite, lay, sprite_of

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
SMALLEST = 4  # pixels of letter height: more than that a very small picture has no room for
GROUND = (12, 16, 24, 150)
WHITE = (255, 255, 255, 255)
AMBER = (255, 205, 92, 255)
NOTE = "drawn by a program"


@dataclass(frozen=True)
class Placed:
    """A sprite and the even place where it belongs."""

    sprite: Sprite
    x: int
    y: int

    def lay(self, ground: Planes) -> None:
        lay(ground, self.sprite, self.x, self.y)

    @property
    def box(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return (slice(self.y, self.y + self.sprite.height), slice(self.x, self.x + self.sprite.width))


class Labels:
    """Everything written on one film."""

    def __init__(self, prompt: str, width: int, height: int) -> None:
        unit = min(width, height)
        self.margin = even(unit * 0.04)
        tall = height > width
        room = width - 2 * self.margin
        self.title = self._title(unit, room if tall else int(room * 0.52))
        self.captions = [self._caption(prompt, width, height, unit)] if prompt.strip() else []
        self.clock, self.digits, self.cell = self._clock(unit, width)

    @property
    def panels(self) -> list[Placed]:
        return [self.title, *self.captions, self.clock]

    def lay(self, ground: Planes, at: float) -> None:
        """Write on a frame that shows the moment `at`, in seconds."""
        for panel in self.panels:
            panel.lay(ground)
        minutes, hundredths = divmod(int(at * 100 + 0.5), 6000)
        text = f"{minutes % 100:02d}:{hundredths // 100:02d}.{hundredths % 100:02d}"
        pad = (self.clock.sprite.width - self.cell * len(text)) // 4 * 2
        for index, sign in enumerate(text):
            lay(ground, self.digits[sign], self.clock.x + pad + index * self.cell, self.clock.y)

    def _title(self, unit: int, room: int) -> Placed:
        pad = even(unit * 0.018)
        size = unit * 0.15
        while width_of("SIMULATED", font(size)) > room - 2 * pad and size > SMALLEST:
            size *= 0.96
        big, small = font(size), font(max(unit * 0.048, SMALLEST))
        stroke = max(round(size / 26), 1)
        note = wrapped(NOTE, small, room - 2 * pad, lines=1)[0]
        wide = max(width_of("SIMULATED", big) + 2 * stroke, width_of(note, small)) + 2 * pad
        line, high = int(size * 1.02), int(size * 1.02 + unit * 0.068) + pad
        image, pen = panel(even(wide), even(high), pad)
        place = (pad + stroke, line)
        pen.text(place, "SIMULATED", AMBER, big, anchor="ls", stroke_width=stroke, stroke_fill=AMBER)
        pen.text((pad + stroke, high - pad), note, font=small, fill=WHITE, anchor="ls")
        return Placed(painted(image), self.margin, self.margin)

    def _caption(self, prompt: str, width: int, height: int, unit: int) -> Placed:
        pad = even(unit * 0.018)
        size = max(unit * 0.036, SMALLEST)
        written = font(size)
        wide = width - 2 * self.margin
        lines = wrapped(prompt, written, wide - 2 * pad, lines=4 if height > width else 2)
        step = int(size * 1.32)
        high = even(step * len(lines) + pad)
        image, pen = panel(even(wide), high, pad)
        for index, line in enumerate(lines):
            pen.text((pad, pad // 2 + step * index + int(size)), line, font=written, fill=WHITE, anchor="ls")
        return Placed(painted(image), self.margin, even(height - self.margin - high))

    def _clock(self, unit: int, width: int) -> tuple[Placed, dict[str, Sprite], int]:
        size = max(unit * 0.062, SMALLEST)
        written = font(size)
        cell = even(max(width_of(sign, written) for sign in "0123456789") + 2)
        high, pad = even(size * 1.5), even(unit * 0.014)
        digits = {}
        for sign in "0123456789:.":
            image = Image.new("RGBA", (cell, high), (255, 255, 255, 0))
            ImageDraw.Draw(image).text((cell / 2, high * 0.72), sign, font=written, fill=WHITE, anchor="ms")
            digits[sign] = painted(image)
        wide = cell * 8 + 2 * pad
        image, _ = panel(wide, high, pad)
        # Below the title where the picture is too narrow for both.
        beside = self.margin + self.title.sprite.width + pad <= width - self.margin - wide
        top = self.margin if beside else self.title.y + self.title.sprite.height + even(unit * 0.012)
        return Placed(painted(image), even(width - self.margin - wide), top), digits, cell


def font(size: float) -> Font:
    """The letters that come with Pillow: the same on every machine."""
    return ImageFont.load_default(size)


def width_of(text: str, written: Font) -> int:
    return int(written.getlength(text)) + 1


def panel(width: int, height: int, rounding: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A dark, half transparent ground for letters, and a pen to write on it."""
    image = Image.new("RGBA", (width, height), (*GROUND[:3], 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, width - 1, height - 1), rounding, fill=GROUND)
    return image, pen


def painted(image: Image.Image) -> Sprite:
    return sprite_of(np.asarray(image, np.float32) / np.float32(255))


def wrapped(text: str, written: Font, room: int, lines: int) -> list[str]:
    """The text in at most `lines` lines of `room` pixels; what does not fit ends in `…`."""
    fitting: list[str] = [""]
    words = text.split()
    for word in words:
        longer = f"{fitting[-1]} {word}".strip()
        if width_of(longer, written) <= room:
            fitting[-1] = longer
        elif len(fitting) < lines and fitting[-1]:
            fitting.append(_cut(word, written, room))
        else:
            fitting[-1] = _cut(f"{longer} …", written, room)
            break
    return fitting


def _cut(text: str, written: Font, room: int) -> str:
    """The text itself where it fits, else its beginning and `…`."""
    if width_of(text, written) <= room:
        return text
    kept = text
    while kept and width_of(kept + "…", written) > room:
        kept = kept[:-1]
    return kept + "…"
