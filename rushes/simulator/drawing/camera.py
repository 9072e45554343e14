"""The camera: shoots a film frame by frame, with its sound in step, into a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from rushes.simulator.drawing.brush import even
from rushes.simulator.drawing.labels import Labels
from rushes.simulator.drawing.mp4 import Writer, frames_of, sound_of, views, writing
from rushes.simulator.drawing.opening import Opening, picture_of
from rushes.simulator.drawing.planes import Picture, Planes
from rushes.simulator.drawing.sound import RATE, soundtrack
from rushes.simulator.drawing.stage_set import StageSet
from rushes.simulator.film import Film

OPENING = 1.4  # seconds until a given first picture is gone, or a third of a short film
ZOOM = 0.08


def shoot(path: Path, film: Film) -> None:
    """Draw the whole film and give the file its name."""
    crf = 35 - 10 * film.detail
    labels = Labels(film.prompt, film.model, film.width, film.height)
    fading = max(round(min(OPENING, film.seconds / 3) * film.fps), 1)
    with writing(path, film.width, film.height, film.fps, crf, film.sound, tags(film)) as writer:
        opening: Opening | None = None
        if film.continues is not None:
            # It has labels in the same places: two clocks over each other could not be read.
            last = _replay(writer, film, film.continues)
            opening = Opening(last, fading, bare=[panel.box for panel in labels.panels])
        elif film.first_image is not None:
            opening = Opening(picture_of(film.first_image, film.width, film.height), fading, ZOOM)
        _new(writer, film, opening, labels)


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
    heard = sound_of(earlier) if film.sound else np.zeros((2, 0), np.float32)
    last: av.VideoFrame | None = None
    for last in frames_of(earlier, film.width, film.height, film.fps):
        begin, end = _span(writer.frames, film.fps)
        piece = heard[:, begin:end]
        writer.play(np.pad(piece, ((0, 0), (0, end - begin - piece.shape[1]))))
        writer.show(last)
    assert last is not None  # frames_of raises where there is none
    return views(last).copy()


def _new(writer: Writer, film: Film, opening: Opening | None, labels: Labels) -> None:
    """Draw the new frames and their sound."""
    before = writer.frames
    share = 0.34 + 0.66 * film.detail
    width, height = even(film.width * share), even(film.height * share)
    stage = StageSet(film, width, height, age=before / film.fps)
    began = _span(before, film.fps)[0]
    samples = _span(before + film.frames, film.fps)[0] - began
    heard: Picture | None = None
    if film.sound:
        bounces = [bounce for path in stage.paths for bounce in path.bounces]
        heard = soundtrack(stage.scene, bounces, stage.flashes, width, samples, film.seed)
    for index, frame in enumerate(_scaled(stage, film, width, height)):
        begin, end = (edge - began for edge in _span(writer.frames, film.fps))
        if heard is not None:
            writer.play(heard[:, begin:end])
        ground = views(frame)
        if opening is not None:
            # An earlier film has shown its last picture already: the first new frame is one step on.
            opening.lay(ground, index + (film.continues is not None))
        labels.lay(ground, (before + index) / film.fps)
        writer.show(frame)


def _span(frame: int, fps: int) -> tuple[int, int]:
    """Which samples sound while a frame is shown."""
    return round(frame * RATE / fps), round((frame + 1) * RATE / fps)


def _scaled(stage: StageSet, film: Film, width: int, height: int) -> Iterator[av.VideoFrame]:
    """The scene's frames, drawn small and scaled up to the film's size."""
    fit = VideoReformatter()
    for index in range(film.frames):
        frame = av.VideoFrame(width, height, "yuv420p")
        stage.show(views(frame), index, index / film.fps)
        if (width, height) != (film.width, film.height):
            frame = fit.reformat(
                frame, film.width, film.height, "yuv420p", interpolation=Interpolation.BILINEAR, threads=1
            )
        yield frame
