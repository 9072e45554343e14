"""The shots of a film: what each shows, where it begins, and that the picture really changes at every cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

import numpy as np

from rushes.simulator.drawing.brush import even
from rushes.simulator.drawing.planes import Bytes, Planes
from rushes.simulator.drawing.scene import Light, Scene, scene_of
from rushes.simulator.drawing.stage_set import StageSet
from rushes.simulator.film import Film

NUMBERS = {"two": 2, "three": 3, "four": 4}
#: Mean difference of brightness at a cut, in levels of 256. FFmpeg's scdet calls 10 % of them, 25.6, a cut, less what
#: moved before it; and what is written on the film and an unsteady model's flicker take up to a third of it.
CONTRAST = 52.0
SMALL = 160  # pixels of the long side on which two sets are compared

_HEAD = re.compile(r"\s*(?:(two|three|four)\s+shots|(shot\s+and\s+reverse\s+shot))\b[\s:;,.–—-]*", re.IGNORECASE)
_NUMBERED = re.compile(r"\bshot\s+(\d)\s*:\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Shot:
    """`film` is the shot as a film of its own; it begins at frame `begin` of the whole one's new frames."""

    film: Film
    scene: Scene
    begin: int


def texts_of(prompt: str) -> list[str]:
    """What each shot shows, in the prompt's words; one text where it asks for no shots.

    Where the parts are not as many as the shots, each shot has the whole text.
    """
    head = _HEAD.match(prompt)
    body = prompt[head.end() :] if head else prompt
    before, *numbered = _NUMBERED.split(body)
    parts = [f"{before}{text}".strip() for text in numbered[1::2]]
    if [int(number) for number in numbered[::2]] != list(range(1, len(parts) + 1)):
        parts = []
    if head is None:
        return parts if len(parts) > 1 else [prompt]
    wanted = NUMBERS[head[1].lower()] if head[1] else 2
    for found in (parts, [part.strip() for part in body.split(";")]):
        if len(found) == wanted and all(found):
            return found
    return [prompt] * wanted


def shots_of(film: Film) -> list[Shot]:
    """The shots, evenly spread; one more than asked for in a film with the defect `cut_film`."""
    texts = texts_of(film.prompt)
    if "cut_film" in film.defects:
        texts = [*texts, texts[-1]]
    texts = texts[: film.frames]
    edges = [round(film.frames * index / len(texts)) for index in range(len(texts) + 1)]
    seeds = [film.seed, *_more_seeds(film.seed, len(texts) - 1)]
    shots: list[Shot] = []
    for text, seed, (begin, end) in zip(texts, seeds, pairwise(edges), strict=True):
        part = replace(film, prompt=text, seed=seed, seconds=(end - begin) / film.fps)
        scene = scene_of(text, seed)
        shots.append(Shot(part, _apart(part, scene, shots[-1]) if shots else scene, begin))
    return shots


def _more_seeds(seed: int, count: int) -> Iterator[int]:
    random = Random(f"{seed}/shots")
    return (random.getrandbits(32) for _ in range(count))


def _apart(film: Film, scene: Scene, before: Shot) -> Scene:
    """The scene in its own light, or in the first other one that sets it clearly apart from the shot before."""
    last = _glimpse(before.film, before.scene, before.film.frames - 1)
    lights = [scene.light, *(light for light in Light if light is not scene.light)]
    lit = [replace(scene, light=light) for light in lights]
    apart = (each for each in lit if np.abs(_glimpse(film, each, 0) - last).mean() >= CONTRAST)
    return next(apart, replace(scene, light=Light.DAY if before.scene.light is Light.NIGHT else Light.NIGHT))


def _glimpse(film: Film, scene: Scene, frame: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """The brightness of one frame, drawn small, steady and without words."""
    scale = SMALL / max(film.width, film.height)
    width, height = even(film.width * scale), even(film.height * scale)
    ground = blank_planes(width, height)
    StageSet(replace(film, steadiness=1.0), width, height, age=0, scene=scene).show(ground, frame, frame / film.fps)
    return ground.y.astype(np.int16)


def blank_planes(width: int, height: int) -> Planes:
    """A black picture."""

    def plane(shrink: int, level: int) -> Bytes:
        return np.full((height // shrink, width // shrink), level, np.uint8)

    return Planes(plane(1, 16), plane(2, 128), plane(2, 128))
