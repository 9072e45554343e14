"""The sheet as one picture, to be read at 1600 pixels' width: a grid of strips with what each is and took."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rushes.amounts import counted
from rushes.pages.sheet.cells import SheetCell
from rushes.pages.sheet.strips import FRAMES, Strip
from rushes.pages.sheet.words import NOT_REAL, SIMULATED, direction, took

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

WIDTH = 1600
EDGE = 28
GAP = 18
PAD = 14
#: Between the frames of one strip.
SEAM = 4
GROUND, CARD, RULE, INK, SOFT, BAD = "#ffffff", "#f6f6f4", "#d8d8d8", "#1a1a1a", "#5a5a5a", "#a1260d"
BANNER, BANNER_INK, BANNER_LINE = "#fff1c9", "#4a3500", "#c58b00"
#: What Pillow's font has besides ASCII.
_MORE = frozenset("©«°±´·»‘’“”…‹›⁄™")
#: Signs that it lacks, and what stands for them; … stays one sign.
_PLAIN = str.maketrans({"–": "-", "—": "-", "‑": "-", "−": "-", "×": "x", "→": ">", "¿": "", "¡": "", "ß": "ss"})
#: The tallest that a strip may be; beside strips of another shape it is smaller, so that these do not stand in a void.
TALLEST, TALLEST_AMONG_OTHERS = 420, 260


def picture(
    title: str,
    cells: Sequence[SheetCell],
    strips: Sequence[Strip],
    *,
    facts: Sequence[tuple[str, str]],
    simulated: bool,
) -> Image:
    """As tall as its cells need."""
    from PIL import Image, ImageDraw

    columns = _columns(strips)
    width = (WIDTH - 2 * EDGE - (columns - 1) * GAP) // columns
    rows = [range(start, min(start + columns, len(cells))) for start in range(0, len(cells), columns)]
    shapes = {strip.upright for strip in strips if strip.frames}
    tallest = TALLEST if len(shapes) < 2 else TALLEST_AMONG_OTHERS
    pages = [_Card(cell, strip, width, tallest) for cell, strip in zip(cells, strips, strict=True)]
    heights = [max(pages[index].height for index in row) for row in rows]
    head = _Head(title, facts, len(cells), simulated)
    image = Image.new("RGB", (WIDTH, head.height + sum(heights) + GAP * (len(rows) - 1) + EDGE), GROUND)
    draw = ImageDraw.Draw(image)
    head.draw(draw)
    y = head.height
    for row, height in zip(rows, heights, strict=True):
        for place, index in enumerate(row):
            pages[index].draw(image, draw, EDGE + place * (width + GAP), y, height, simulated)
        y += height + GAP
    return image


def _columns(strips: Sequence[Strip]) -> int:
    """Strips of upright clips are narrower, so more of them stand side by side."""
    if len(strips) == 1:
        return 1
    shown = [strip for strip in strips if strip.frames]
    if shown and all(strip.upright for strip in shown):
        return min(3, len(strips))
    return 2


class _Head:
    """Title, facts and the banner."""

    def __init__(self, title: str, facts: Sequence[tuple[str, str]], count: int, simulated: bool) -> None:
        self.simulated = simulated
        room = WIDTH - 2 * EDGE
        self.title = wrapped(title, font(34), room, 2)
        said = [f"{term}: {text}" for term, text in facts] or [counted(count, "cell")]
        self.facts = wrapped("  ·  ".join(said), font(22), room, 3)
        self.banner = 54 if simulated else 0
        self.height = EDGE + self.banner + 44 * len(self.title) + 30 * len(self.facts) + 20

    def draw(self, draw: ImageDraw) -> None:
        y = EDGE
        if self.simulated:
            draw.rectangle((EDGE, y, WIDTH - EDGE, y + 40), BANNER)
            draw.rectangle((EDGE, y, EDGE + 8, y + 40), BANNER_LINE)
            draw.text((EDGE + 20, y + 20), SIMULATED, BANNER_INK, font(24), anchor="lm")
            draw.text((EDGE + 185, y + 20), NOT_REAL, BANNER_INK, font(21), anchor="lm")
            y += self.banner
        for line in self.title:
            draw.text((EDGE, y), line, INK, font(34))
            y += 44
        for line in self.facts:
            draw.text((EDGE, y), line, SOFT, font(22))
            y += 30


class _Card:
    """One cell: its label and direction, its strip, and what it took."""

    def __init__(self, cell: SheetCell, strip: Strip, width: int, tallest: int) -> None:
        self.cell, self.strip, self.width = cell, strip, width
        room = width - 2 * PAD
        self.label = fitting(cell.label, font(34), room // 4)
        self.label_width = round(font(34).getlength(self.label)) + 16
        self.direction = wrapped(direction(cell), font(26), room - self.label_width, 2)
        self.took = wrapped(took(cell), font(22), room, 2)
        self.endpoint = [] if cell.endpoint is None else wrapped(cell.endpoint, font(22), room, 1)
        self.problem = wrapped(strip.problem, font(22), room - 40, 5)
        self.top = PAD + max(44, 34 * len(self.direction) + 10)
        frame = (room - (FRAMES - 1) * SEAM) // FRAMES
        share = min(frame / max(strip.width, 1), tallest / max(strip.height, 1))
        self.frame = max(1, round(strip.width * share)), max(1, round(strip.height * share))
        self.shown = self.frame[1] if strip.frames else max(120, 30 * len(self.problem) + 60)
        self.height = self.top + self.shown + 10 + 30 * (len(self.took) + len(self.endpoint)) + PAD

    def draw(self, image: Image, draw: ImageDraw, x: int, y: int, height: int, simulated: bool) -> None:
        draw.rectangle((x, y, x + self.width - 1, y + height - 1), CARD, RULE)
        left, at = x + PAD, y + PAD
        draw.text((left, at), self.label, INK, font(34))
        for place, line in enumerate(self.direction):
            draw.text((left + self.label_width, at + 6 + 34 * place), line, INK, font(26))
        at = y + self.top
        # What is lower than its neighbours stands in the middle of its row.
        at += (height - self.height) // 2
        if self.strip.frames:
            self._frames(image, draw, left, at, simulated)
        else:
            self._problem(draw, left, at)
        at = y + height - PAD - 30 * (len(self.took) + len(self.endpoint))
        for line in (*self.took, *self.endpoint):
            draw.text((left, at), line, SOFT, font(22))
            at += 30

    def _frames(self, image: Image, draw: ImageDraw, left: int, at: int, simulated: bool) -> None:
        from PIL import Image as Images

        wide, high = self.frame
        left += (self.width - 2 * PAD - FRAMES * wide - (FRAMES - 1) * SEAM) // 2
        for place, frame in enumerate(self.strip.frames):
            image.paste(frame.resize(self.frame, Images.Resampling.LANCZOS), (left + place * (wide + SEAM), at))
        if simulated:
            size = round(font(18).getlength(SIMULATED)) + 16
            right = left + FRAMES * wide + (FRAMES - 1) * SEAM
            draw.rectangle((right - size, at + high - 28, right - 1, at + high - 1), BANNER)
            draw.text((right - size + 8, at + high - 14), SIMULATED, BANNER_INK, font(18), anchor="lm")

    def _problem(self, draw: ImageDraw, left: int, at: int) -> None:
        right = left + self.width - 2 * PAD
        draw.rectangle((left, at, right - 1, at + self.shown - 1), GROUND, BAD, 2)
        draw.text((left + 20, at + 12), "No picture", BAD, font(24))
        for place, line in enumerate(self.problem):
            draw.text((left + 20, at + 46 + 30 * place), line, INK, font(22))


def font(size: int) -> FreeTypeFont:
    """The font that comes with Pillow: the same letters on every machine."""
    from PIL import ImageFont

    found = ImageFont.load_default(size)
    assert isinstance(found, ImageFont.FreeTypeFont), "Pillow was built without FreeType"
    return found


def drawable(text: str) -> str:
    """One line in the letters that the font has: accents are left off, and what it lacks is one `?`."""
    letters = unicodedata.normalize("NFD", " ".join(text.split()).translate(_PLAIN))
    kept: list[str] = []
    for letter in letters:
        if unicodedata.category(letter) in ("Cc", "Cf", "Mn", "Me"):
            continue
        has = " " <= letter <= "~" or letter in _MORE
        if has or kept[-1:] != ["?"]:
            kept.append(letter if has else "?")
    return "".join(kept)


def fitting(text: str, face: FreeTypeFont, room: float) -> str:
    """As much of one line as fits, with … where something is left out."""
    text = drawable(text)
    if face.getlength(text) <= room:
        return text
    while text and face.getlength(text + "…") > room:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, face: FreeTypeFont, room: float, most: int) -> list[str]:
    """At most `most` lines; the last one says with … that there was more."""
    lines: list[str] = []
    rest = drawable(text).split(" ")
    while rest and len(lines) < most - 1:
        count = 1
        while count < len(rest) and face.getlength(" ".join(rest[: count + 1])) <= room:
            count += 1
        lines.append(fitting(" ".join(rest[:count]), face, room))
        rest = rest[count:]
    return [*lines, fitting(" ".join(rest), face, room)] if rest else lines
