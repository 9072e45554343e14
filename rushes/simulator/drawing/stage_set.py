"""The set: every part of one scene, built once, and the picture of it at any frame."""

from __future__ import annotations

import numpy as np

from rushes.simulator.drawing.backdrop import PALETTES, SOILS, backdrop, ramp, skyline, sun_place
from rushes.simulator.drawing.ball import Stage, balls
from rushes.simulator.drawing.brush import cover, even, noise
from rushes.simulator.drawing.grass import Grass
from rushes.simulator.drawing.movers import SKY, birds, clouds, ground_movers
from rushes.simulator.drawing.planes import Planes, lay, planes_of, sprite_of
from rushes.simulator.drawing.scene import Ground, Scene, Weather, scene_of
from rushes.simulator.drawing.sphere import Sphere
from rushes.simulator.drawing.water import Water
from rushes.simulator.drawing.weather import Falling, Unrest, lightnings, tone
from rushes.simulator.film import Film


class StageSet:
    """A film's scene ready to be shown, `width` × `height` pixels.

    Scenery moves by the age of the whole film (`age` seconds before this scene began), balls by the scene's own.
    `scene` is the prompt's unless another is given.
    """

    def __init__(self, film: Film, width: int, height: int, age: float, scene: Scene | None = None) -> None:
        self.scene = scene = scene or scene_of(film.prompt, film.seed)
        self.stage = stage = Stage.of(width, height)
        seed, detail, seconds = film.seed, film.detail, film.frames / film.fps
        random = np.random.default_rng([seed, 1])
        self.age = age
        still = backdrop(scene, stage, random, detail)
        self.water = Water(scene, stage, random, detail) if scene.ground is Ground.SHORE else None
        if self.water:
            self.water.colour(scene, still)
        far, self.far_top = skyline(scene, stage, random, detail)
        cover(still[self.far_top : self.far_top + len(far)], far[..., 3], far[..., :3])
        self.still = planes_of(still)
        # Of the skyline, only what clouds and birds may have hidden is laid again.
        self.far = sprite_of(far[: even(stage.horizon * (SKY + 0.06)) - self.far_top])
        slide, self.ramp_top = ramp(scene, stage)
        self.ramp = sprite_of(slide)
        self.clouds, self.birds = clouds(scene, stage, random), birds(scene, stage, random)
        self.near = ground_movers(scene, stage, random)
        palette = PALETTES[scene.light]
        self.paths = balls(stage, seconds, seed, film.steadiness)
        self.sphere = Sphere(stage, scene.ball, sun_place(scene, stage)[0], palette.bright, SOILS[scene.ground][0])
        self.grass = Grass(scene, stage, random) if scene.ground is not Ground.CITY else None
        self.falling = Falling(scene, stage, random) if scene.weather is not Weather.CLEAR else None
        self.flashes = lightnings(scene, seconds, seed)
        self.unrest = Unrest(seed, film.steadiness, height)
        self.cloth = None
        if film.steadiness < 1:
            rough = noise(random, width + 64, height, height / 90, 2) * np.float32(34 * (1 - film.steadiness))
            self.cloth = rough.astype(np.int16)

    def show(self, ground: Planes, frame: int, at: float) -> None:
        """Paint the scene's frame number `frame`, `at` seconds in."""
        ground.copy_from(self.still)
        then, floor = self.age + at, int(self.stage.horizon) // 2 * 2 + 2
        for cloud in self.clouds:
            cloud.lay(ground, then)
        for index, bird in enumerate(self.birds):
            bird.lay(ground, then, self.unrest.shake(frame, index))
        lay(ground, self.far, 0, self.far_top)
        if self.cloth is not None:
            self.unrest.boil(ground, self.cloth, floor, frame)
        if self.water:
            self.water.move(ground, then)
        for index, mover in enumerate(self.near):
            mover.lay(ground, then, self.unrest.shake(frame, index + len(self.birds)))
        lay(ground, self.ramp, 0, self.ramp_top)
        for path in self.paths:
            self.sphere.lay(ground, path, at)
        if self.grass:
            self.grass.move(ground, then)
        if self.falling:
            self.falling.move(ground, then)
        tone(ground, self.unrest.gain(frame), self.flashes, at)
