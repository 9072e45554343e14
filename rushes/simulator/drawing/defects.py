"""What a film's defects do to it: to its size, its length, its sound, and to which picture is shown when."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rushes.simulator.drawing.brush import even
from rushes.simulator.drawing.planes import Picture
from rushes.simulator.film import Film

MOVES = 0.5  # seconds before a frozen film stands still


def delivered(film: Film) -> Film:
    """The film in the size, with the length and with or without the sound track that its defects leave it."""
    if "small_film" in film.defects:
        film = replace(film, width=max(even(film.width / 2), 32), height=max(even(film.height / 2), 32))
    if "short_film" in film.defects:
        film = replace(film, seconds=max(film.seconds - 1, film.seconds / 2, 1 / film.fps))
    if "missing_sound" in film.defects:
        film = replace(film, sound=False)
    return film


def shown(film: Film, frame: int) -> int | None:
    """Which of the film's pictures is shown as its frame number `frame`; None for a black one."""
    if "black_film" in film.defects and frame < film.frames / 3:
        return None
    if "frozen_film" in film.defects:
        frame = min(frame, round(MOVES * film.fps))
    return frame // 2 * 2 if "stuttering_film" in film.defects else frame


def heard(film: Film, sound: Picture) -> Picture:
    """Its sound, (2, samples): silence of the same length in a silent film."""
    return np.zeros_like(sound) if "silent_film" in film.defects else sound
