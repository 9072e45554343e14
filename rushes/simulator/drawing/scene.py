"""Which scene a prompt asks for: the ground, the light, the weather and the ball, by its words and the seed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import TypeVar

Colour = tuple[int, int, int]
Kind = TypeVar("Kind", bound=Enum)


class Ground(Enum):
    MEADOW = "meadow"
    SHORE = "shore"
    CITY = "city"
    SNOW = "snow"


class Light(Enum):
    DAY = "day"
    GOLDEN = "golden"
    NIGHT = "night"
    GREY = "grey"


class Weather(Enum):
    CLEAR = "clear"
    RAIN = "rain"
    SNOW = "snow"


GROUNDS = {
    Ground.MEADOW: "field fields meadow grass sunflower sunflowers flower flowers farm hill hills forest tree trees "
    "park garden leaves countryside fox rabbit horse dog",
    Ground.SHORE: "water sea ocean lake river rapids kayak kayaker beach wave waves boat sail surf surfer island "
    "fish whale harbour harbor pond splash splashing",
    Ground.CITY: "city street streets town building buildings skyline car cars road traffic tokyo paris york urban "
    "neon office rooftop market station robot",
    Ground.SNOW: "snow snowy winter ice glacier mountain mountains alps ski skier arctic",
}
LIGHTS = {
    Light.GOLDEN: "golden sunset sunrise dusk dawn evening warm amber sunflowers",
    Light.NIGHT: "night moon moonlit moonlight stars starry midnight neon dark",
    Light.GREY: "storm stormy rain rainy thunder lightning overcast grey gray fog gloomy",
    Light.DAY: "day daylight noon sunny bright blue",
}
RAIN = "storm stormy rain rainy thunder lightning downpour drizzle"
SNOWFALL = "snow snowy snowing snowfall blizzard"
STORM = "storm stormy thunder lightning"
FLOWERS = "sunflower sunflowers flower flowers garden bloom blossom"
BALLS: dict[str, Colour] = {
    "red": (222, 52, 44),
    "orange": (240, 130, 30),
    "yellow": (246, 200, 44),
    "green": (50, 160, 80),
    "blue": (40, 110, 220),
    "purple": (140, 70, 190),
    "pink": (236, 100, 150),
    "black": (44, 46, 54),
}


@dataclass(frozen=True)
class Scene:
    """What stands in the picture. `tint` (-1..1) makes two seeds of one scene differ."""

    ground: Ground
    light: Light
    weather: Weather
    storm: bool
    flowers: bool
    ball: Colour
    tint: float


def scene_of(prompt: str, seed: int) -> Scene:
    """The scene for a prompt: its words decide, and where they are silent the seed does."""
    random = Random(seed)
    said = re.findall(r"[a-z]+", prompt.lower())
    words = set(said)
    ground = _most(said, GROUNDS) or random.choice(list(Ground))
    light = _most(said, LIGHTS) or random.choice([Light.DAY, Light.DAY, Light.GOLDEN])
    weather = Weather.CLEAR
    if ground is Ground.SNOW or words & set(SNOWFALL.split()):
        weather = Weather.SNOW
    elif words & set(RAIN.split()):
        weather = Weather.RAIN
    colour = next((BALLS[word] for word in said if word in BALLS), None)
    return Scene(
        ground=ground,
        light=light,
        weather=weather,
        storm=bool(words & set(STORM.split())),
        flowers=bool(words & set(FLOWERS.split())),
        ball=colour or random.choice([BALLS[name] for name in ("red", "orange", "blue", "pink")]),
        tint=random.uniform(-1, 1),
    )


def _most(said: list[str], kinds: dict[Kind, str]) -> Kind | None:
    counts = {kind: sum(word in words.split() for word in said) for kind, words in kinds.items()}
    best = max(counts, key=lambda kind: counts[kind])
    return best if counts[best] else None
