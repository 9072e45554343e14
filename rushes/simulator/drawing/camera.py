"""The camera: shoots a film frame by frame, with its sound in step, into a file."""

from __future__ import annotations

from collections import deque
from itertools import groupby
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from rushes.simulator.drawing.ball import Stage, balls
from rushes.simulator.drawing.brush import even
from rushes.simulator.drawing.defects import delivered, heard, shown
from rushes.simulator.drawing.labels import Labels
from rushes.simulator.drawing.mp4 import Writer, frames_of, sound_of, views, writing
from rushes.simulator.drawing.opening import Opening, picture_of
from rushes.simulator.drawing.planes import Picture, Planes
from rushes.simulator.drawing.shots import Shot, blank_planes, shots_of
from rushes.simulator.drawing.sound import RATE, soundtrack
from rushes.simulator.drawing.stage_set import StageSet
from rushes.simulator.drawing.weather import lightnings
from rushes.simulator.film import Film

OPENING = 1.4  # seconds until a given first picture is gone, or a third of a short film
ZOOM = 0.08


def shoot(path: Path, film: Film) -> None:
    """Draw the whole film and give the file its name."""
    film = delivered(film)
    crf = 35 - 10 * film.detail
    labels = Labels(film.prompt, film.width, film.height)
    shots = shots_of(film)
    fading = max(round(min(OPENING, shots[0].film.seconds / 3) * film.fps), 1)
    with writing(path, film.width, film.height, film.fps, crf, film.sound, tags(film)) as writer:
        opening: Opening | None = None
        if film.continues is not None:
            # It has labels in the same places: two clocks over each other could not be read.
            last = _replay(writer, film, film.continues)
            opening = Opening(last, fading, bare=[panel.box for panel in labels.panels])
        elif film.first_image is not None:
            opening = Opening(picture_of(film.first_image, film.width, film.height), fading, ZOOM)
        _new(writer, film, shots, opening, labels)


def tags(film: Film) -> dict[str, str]:
    """What players and probes show about the file."""
    return {
        "title": f"SIMULATED: {film.prompt}"[:200],
        "artist": film.model,
        "comment": f"SIMULATED by rushes, standing in for {film.model}: drawn by a program, no video model made this",
        "description": film.prompt,
        "genre": "SIMULATED",
    }


def _replay(writer: Writer, film: Film, earlier: Path) -> Planes:
    """Play the whole earlier film; its last picture."""
    played = sound_of(earlier) if film.sound else np.zeros((2, 0), np.float32)
    last: av.VideoFrame | None = None
    for last in frames_of(earlier, film.width, film.height, film.fps):
        begin, end = _span(writer.frames, film.fps)
        piece = played[:, begin:end]
        writer.play(np.pad(piece, ((0, 0), (0, end - begin - piece.shape[1]))))
        writer.show(last)
    assert last is not None  # frames_of raises where there is none
    return views(last).copy()


def _new(writer: Writer, film: Film, shots: list[Shot], opening: Opening | None, labels: Labels) -> None:
    """Draw the new frames and their sound."""
    before = writer.frames
    share = 0.34 + 0.66 * film.detail
    width, height = even(film.width * share), even(film.height * share)
    began = _span(before, film.fps)[0]
    sound = _sound(film, shots, width, height, before) if film.sound else None
    reel = Reel(film, shots, width, height, before)
    for wanted, times in groupby(range(film.frames), key=lambda index: shown(film, index)):
        frame = _finished(film, reel, wanted, before, opening, labels)
        for _ in times:
            begin, end = (edge - began for edge in _span(writer.frames, film.fps))
            if sound is not None:
                writer.play(sound[:, begin:end])
            writer.show(frame)


def _finished(
    film: Film, reel: Reel, index: int | None, before: int, opening: Opening | None, labels: Labels
) -> av.VideoFrame:
    """A new frame with all that lies over the scene; for None a black one."""
    if index is None:
        frame = av.VideoFrame(film.width, film.height, "yuv420p")
        views(frame).copy_from(blank_planes(film.width, film.height))
        return frame
    frame = reel.frame(index)
    ground = views(frame)
    if opening is not None:
        # An earlier film has shown its last picture already: the first new frame is one step on.
        opening.lay(ground, index + (film.continues is not None))
    labels.lay(ground, (before + index) / film.fps)
    return frame


def _span(frame: int, fps: int) -> tuple[int, int]:
    """Which samples sound while a frame is shown."""
    return round(frame * RATE / fps), round((frame + 1) * RATE / fps)


def _sound(film: Film, shots: list[Shot], width: int, height: int, before: int) -> Picture:
    """The sound of the new frames, (2, samples): each shot has its own, and it changes with the picture."""
    parts: list[Picture] = []
    for shot in shots:
        part, first = shot.film, before + shot.begin
        samples = _span(first + part.frames, film.fps)[0] - _span(first, film.fps)[0]
        length = part.frames / film.fps
        paths = balls(Stage.of(width, height), length, part.seed, film.steadiness)
        bounces = [bounce for path in paths for bounce in path.bounces]
        flashes = lightnings(shot.scene, length, part.seed)
        parts.append(soundtrack(shot.scene, bounces, flashes, width, samples, part.seed))
    return heard(film, np.concatenate(parts, axis=1))


class Reel:
    """The frames of the shots, drawn `width` × `height` and scaled up to the film's size. Asked for in order."""

    def __init__(self, film: Film, shots: list[Shot], width: int, height: int, before: int) -> None:
        self.film, self.size, self.before = film, (width, height), before
        self.waiting = deque(shots)
        self.shot = self.waiting[0]
        self.stage: StageSet | None = None
        self.fit = VideoReformatter()

    def frame(self, index: int) -> av.VideoFrame:
        """The picture of the film's new frame number `index`."""
        film, stage = self.film, self.stage
        while self.waiting and self.waiting[0].begin <= index:
            self.shot, stage = self.waiting.popleft(), None
        if stage is None:
            age = (self.before + self.shot.begin) / film.fps
            stage = self.stage = StageSet(self.shot.film, *self.size, age=age, scene=self.shot.scene)
        frame = av.VideoFrame(*self.size, "yuv420p")
        own = index - self.shot.begin
        stage.show(views(frame), own, own / film.fps)
        if self.size == (film.width, film.height):
            return frame
        return self.fit.reformat(
            frame, film.width, film.height, "yuv420p", interpolation=Interpolation.BILINEAR, threads=1
        )
