"""The ball: down a ramp, through the air, off the floor and to rest, by schoolbook mechanics.

Lengths are pixels of the drawn picture, times are seconds, x grows to the right and y downwards.
A path is worked out once, in closed form; asking it for a place costs nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import cos, pi, sin, sqrt, tan
from random import Random

GRAVITY = 9.81  # m/s²
SHELL = 5 / 7  # what is left of gravity's pull when a solid ball rolls without slipping
ROLLING = 1.5  # m/s² of slowing on the floor
FAINTEST = 0.4  # m/s: a slower rebound is no bounce any more
TURN = 2.6  # seconds from one ball to the next, at least


@dataclass(frozen=True)
class Stage:
    """Where things stand in a picture of this size; `metre` is pixels per metre at the ball's distance."""

    width: int
    height: int
    metre: float
    horizon: float
    floor: float
    edge: tuple[float, float]
    """The ramp's lower end; it comes in from beyond the left side."""
    slope: float
    radius: float

    @classmethod
    def of(cls, width: int, height: int) -> Stage:
        wide = min(max((width / height - 9 / 16) / (16 / 9 - 9 / 16), 0.0), 1.0)
        metre = width / (3.3 + 1.9 * wide)
        floor = height * (0.725 + 0.025 * wide)
        edge = (width * (0.30 - 0.03 * wide), floor - metre * (0.52 - 0.14 * wide))
        slope = (46 - 15 * wide) * pi / 180
        horizon = height * (0.525 + 0.01 * wide)
        return cls(width, height, metre, horizon, floor, edge, slope, radius=metre * 0.17)


@dataclass(frozen=True)
class Leg:
    """A stretch of even acceleration: place, speed and turning at its start."""

    start: float
    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0
    ax: float = 0.0
    ay: float = 0.0
    angle: float = 0.0
    spin: float = 0.0
    spin_change: float = 0.0

    def place(self, at: float) -> tuple[float, float, float]:
        t = at - self.start
        return (
            self.x + self.vx * t + self.ax * t * t / 2,
            self.y + self.vy * t + self.ay * t * t / 2,
            self.angle + self.spin * t + self.spin_change * t * t / 2,
        )


@dataclass(frozen=True)
class Bounce:
    """The ball hits the floor: when, where, and how hard in m/s."""

    at: float
    x: float
    speed: float


@dataclass(frozen=True)
class Hop:
    """A jump that no mechanics explains: what an unsteady model does to a ball."""

    at: float
    lasts: float
    height: float
    sideways: float


@dataclass(frozen=True)
class Path:
    """One ball's whole way. Before `start` it is out of the picture."""

    legs: tuple[Leg, ...]
    bounces: tuple[Bounce, ...]
    hops: tuple[Hop, ...] = ()

    @property
    def start(self) -> float:
        return self.legs[0].start

    @property
    def rest(self) -> float:
        """Where it comes to lie."""
        return self.legs[-1].x

    def place(self, at: float) -> tuple[float, float, float]:
        """The centre's x and y in pixels and the turn in radians, `at` seconds into the film."""
        index = bisect_right(self.legs, at, key=lambda leg: leg.start) - 1
        x, y, angle = self.legs[max(index, 0)].place(at)
        for hop in self.hops:
            through = (at - hop.at) / hop.lasts
            if 0 <= through <= 1:
                y -= 4 * hop.height * through * (1 - through)
                x += hop.sideways * (1 - through)
        return x, y, angle

    def squash(self, at: float) -> float:
        """How flat the blow has made it: 0 round, 0.2 very flat."""
        since = (at - bounce.at for bounce in self.bounces)
        hardness = zip(since, (bounce.speed for bounce in self.bounces), strict=True)
        return max((min(speed * 0.06, 0.22) * (1 - t / 0.07) for t, speed in hardness if 0 <= t < 0.07), default=0)


def roll(stage: Stage, start: float, push: float, bounciness: float, grip: float) -> Path:
    """A ball that enters at `start` with `push` m/s.

    `bounciness` is the share of upward speed left after a bounce, `grip` the share of forward speed.
    """
    metre, radius = stage.metre, stage.radius
    gravity = GRAVITY * metre
    pull = gravity * sin(stage.slope) * SHELL
    # The centre runs on a line one radius above the ramp, from out of sight to above the edge.
    end_x = stage.edge[0] + radius * sin(stage.slope)
    end_y = stage.edge[1] - radius * cos(stage.slope)
    length = (end_x + 1.5 * radius) / cos(stage.slope)
    x, y = end_x - length * cos(stage.slope), end_y - length * sin(stage.slope)
    speed, fast = push * metre, sqrt((push * metre) ** 2 + 2 * pull * length)
    way = (cos(stage.slope), sin(stage.slope))
    legs = [
        Leg(
            start, x, y, speed * way[0], speed * way[1], pull * way[0], pull * way[1],
            0.0, speed / radius, pull / radius,
        )
    ]  # fmt: skip
    now = start + (fast - speed) / pull
    angle = legs[0].place(now)[2]
    x, y, vx, vy, spin = end_x, end_y, fast * way[0], fast * way[1], fast / radius
    bounces: list[Bounce] = []
    while True:
        legs.append(Leg(now, x, y, vx, vy, 0.0, gravity, angle, spin))
        flight = (sqrt(vy * vy + 2 * gravity * (stage.floor - radius - y)) - vy) / gravity
        now += flight
        x, y, angle = x + vx * flight, stage.floor - radius, angle + spin * flight
        vy += gravity * flight
        bounces.append(Bounce(now, x, vy / metre))
        vx, vy = vx * grip, -vy * bounciness
        spin = vx / radius
        if -vy < FAINTEST * metre:
            break
    slowing = ROLLING * metre
    lasts = vx / slowing
    legs.append(Leg(now, x, y, vx, 0.0, -slowing, 0.0, angle, spin, -slowing / radius))
    x, y, angle = legs[-1].place(now + lasts)
    legs.append(Leg(now + lasts, x, y, angle=angle))
    return Path(tuple(legs), tuple(bounces))


def balls(stage: Stage, seconds: float, seed: int, steadiness: float) -> list[Path]:
    """One ball after the other, each coming to rest short of the one before; unsteady ones hop."""
    random = Random(seed)
    turn = max(TURN, seconds / 5)
    paths: list[Path] = []
    limit = stage.width * 0.93
    while len(paths) * turn < max(seconds - 2.0, 0.1) and len(paths) < 5:
        start, bounciness = len(paths) * turn, random.uniform(0.62, 0.70)
        push = 0.9 if not paths else 0.3
        tries = (roll(stage, start, push, bounciness, grip / 100) for grip in range(96, 30, -3))
        path = next((path for path in tries if path.rest <= limit), None)
        if path is None:
            break
        paths.append(Path(path.legs, path.bounces, _hops(random, stage, path, seconds, steadiness)))
        limit = path.rest - 2.6 * stage.radius
    return paths


def _hops(random: Random, stage: Stage, path: Path, seconds: float, steadiness: float) -> tuple[Hop, ...]:
    unrest = 1 - steadiness
    wanted = round(unrest * 4)
    return tuple(
        Hop(
            at=random.uniform(path.start + 0.5, max(path.start + 1.0, seconds - 0.5)),
            lasts=random.uniform(0.16, 0.30),
            height=stage.radius * random.uniform(0.6, 2.2),
            sideways=stage.radius * random.uniform(-1.2, 1.2) * unrest,
        )
        for _ in range(wanted)
    )


def ramp_height(stage: Stage, x: float) -> float:
    """The y of the ramp's upper side at x."""
    return stage.edge[1] - (stage.edge[0] - x) * tan(stage.slope)
