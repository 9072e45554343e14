"""Does a model come in a size?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from rushes.amounts import counted
from rushes.benchmarks.claims.alone import alone
from rushes.benchmarks.claims.claim import Claim
from rushes.benchmarks.claims.offered import by_card, cited, offers, place
from rushes.benchmarks.claims.run import Run
from rushes.benchmarks.clips import Clip
from rushes.card import Card, Offer, Size
from rushes.plan import LINES
from rushes.request import Resolution

#: The card's keys, and how the claim is found in their words.
RESOLUTION, NAME = "resolution", re.compile(rf"\b({'|'.join(LINES)})\b", re.IGNORECASE)
SHAPE, SIDES = "aspect_ratio", re.compile(r"(\d{3,4})\s*[×x]\s*(\d{3,4})")


def resolutions(run: Run, card: Card) -> Iterator[Claim]:
    """A claim for each resolution, and for each pair of sides, that the brief names."""
    if RESOLUTION in card.brief:
        names = [name.lower() for name in NAME.findall(card.brief[RESOLUTION])]
        if not names:
            claim = alone(run, card, "resolution", RESOLUTION, "comes in a size")
            yield replace(claim, why="it names no resolution that we know", missing=())
        for name in names:
            lines: Resolution = next(each for each in LINES if each == name)
            claim = alone(run, card, "resolution", RESOLUTION, f"comes in {name}")
            yield _size(run, card, name, partial(_of, lines), {str(size) for size in _sizes(card, lines)}, claim)
    for width, height in SIDES.findall(card.brief.get(SHAPE, "")):
        size = Size(width=int(width), height=int(height))
        claim = alone(run, card, "resolution", SHAPE, f"comes in {size}")
        yield _size(run, card, str(size), partial(_with, size), {str(size)}, claim)


def _of(lines: Resolution, offer: Offer) -> bool:
    return lines in offer.resolutions


def _with(size: Size, offer: Offer) -> bool:
    return any(size in shapes.values() for shapes in offer.sizes.values())


def _sizes(card: Card, lines: Resolution) -> Iterator[Size]:
    for _, offer in offers(card):
        yield from offer.sizes.get(lines, {}).values()


def _size(run: Run, card: Card, name: str, has: Callable[[Offer], bool], sizes: set[str], claim: Claim) -> Claim:
    """What the files and the card say of a size: `has` an offer it, and `sizes` are the pixels that it may have."""
    clips = run.clips(card)
    got = Counter(_pixels(clip) for clip in clips)
    fitting = sum(many for size, many in got.items() if size in sizes)
    if clips:
        others = ", ".join(sorted(size for size in got if size not in sizes))
        found = f"{fitting} of {counted(len(clips), 'file')} in {name}" + (f"; others {others}" if others else "")
        claim = replace(claim, found=found, n=len(clips), of="clips")
    if fitting:
        return replace(claim, verdict="holds")
    offered = next(((end, offer) for end, offer in offers(card) if has(offer)), None)
    if offered is None:
        end, offer = next(offers(card))
        return by_card(claim, card, offer, f"none of the card's endpoints offers it, {place(run, end)} among them")
    if claim.missing:
        return claim
    ordered = [clip for clip in run.made(card) if _ordered(clip) in sizes]
    if any(clip.result.delivered for clip in ordered):
        return replace(claim, verdict="contradicted", why=f"{name} was ordered, and another size came")
    why = f"{name} was ordered, and no clip of it came" if ordered else f"this run ordered no clip in {name}"
    return replace(claim, why=f"{why}; {place(run, offered[0])} offers it", **cited(card, offered[1]))


def _pixels(clip: Clip) -> str:
    file = clip.result.delivered or {}
    return f"{file.get('width')}x{file.get('height')}"


def _ordered(clip: Clip) -> str | None:
    size = clip.result.sent.get("size")
    return None if size is None else f"{size['width']}x{size['height']}"
