"""A film of several shots has its cuts, each shot shows its own part of the prompt, and no other film has a cut."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import av
import pytest
from PIL import Image

from rushes.simulator.drawing.scene import Ground
from rushes.simulator.drawing.shots import shots_of, texts_of
from rushes.simulator.film import Film, draw
from tests.simulator.eyes import cuts

FISHERMAN = "Three shots: an old fisherman mends a net; close-up of his hands; he walks to his boat."
CHESS = "Shot and reverse shot: chess player in red moves, opponent in grey frowns."

FILM = Film(
    prompt=FISHERMAN,
    model="a-model",
    seconds=2,
    width=320,
    height=180,
    fps=24,
    sound=False,
    seed=3,
    detail=0.9,
    steadiness=0.9,
)


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("a kite", ["a kite"]),
        ("", [""]),
        (FISHERMAN, ["an old fisherman mends a net", "close-up of his hands", "he walks to his boat."]),
        ("two shots. the sea; a city", ["the sea", "a city"]),
        ("Shot 1: the sea. Shot 2: a city.", ["the sea.", "a city."]),
        ("Two shots. Shot 1: the sea. Shot 2: a city.", ["the sea.", "a city."]),
        ("At night. Shot 1: the sea. Shot 2: a city.", ["At night. the sea.", "At night. a city."]),
        (CHESS, [CHESS, CHESS]),
        ("Four shots of a storm; rain", ["Four shots of a storm; rain"] * 4),
        ("Two shots: the sea;", ["Two shots: the sea;"] * 2),
        ("Shot 1: the sea", ["Shot 1: the sea"]),
        ("Shot 2: the sea. Shot 1: a city", ["Shot 2: the sea. Shot 1: a city"]),
        ("Twelve shots; of a city", ["Twelve shots; of a city"]),
        ("He takes two shots at a goal; it rains", ["He takes two shots at a goal; it rains"]),
        ("Two shotguns; a wall", ["Two shotguns; a wall"]),
    ],
)
def test_a_prompt_says_how_many_shots_there_are_and_what_each_shows(prompt: str, texts: list[str]) -> None:
    assert texts_of(prompt) == texts


@pytest.mark.parametrize(
    ("prompt", "shots", "size", "steadiness"),
    [
        (FISHERMAN, 3, (320, 180), 0.95),
        (CHESS, 2, (180, 320), 0.4),
        ("Four shots: golden hour, meadow; golden hour, sea; golden hour, city; golden hour, snow", 4, (320, 180), 0.5),
        ("Shot 1: a city at night. Shot 2: another street at night.", 2, (320, 180), 0.95),
        ("Three shots: a storm at sea", 3, (320, 180), 0.6),
    ],
)
def test_a_film_of_shots_has_one_cut_fewer_evenly_spread(
    tmp_path: Path, prompt: str, shots: int, size: tuple[int, int], steadiness: float
) -> None:
    film = replace(FILM, prompt=prompt, width=size[0], height=size[1], steadiness=steadiness)

    draw(tmp_path / "film.mp4", film)

    seen = cuts(tmp_path / "film.mp4", "640:360" if size[0] > size[1] else "360:640")
    assert seen == pytest.approx([2 * part / shots for part in range(1, shots)], abs=0.03)


@pytest.mark.parametrize(
    ("prompt", "size", "steadiness"),
    [
        ("a thunderstorm over the sea at night", (320, 180), 0.4),
        ("lightning over a city", (180, 320), 0.9),
        ("a candle on a table", (320, 180), 0.95),
        ("snow falls at night", (180, 320), 0.4),
    ],
)
def test_no_other_film_has_a_cut(tmp_path: Path, prompt: str, size: tuple[int, int], steadiness: float) -> None:
    film = replace(FILM, prompt=prompt, seconds=3, width=size[0], height=size[1], steadiness=steadiness)

    draw(tmp_path / "film.mp4", film)

    assert cuts(tmp_path / "film.mp4", "640:360" if size[0] > size[1] else "360:640") == []


def test_each_shot_shows_its_own_part_of_the_prompt() -> None:
    shots = shots_of(replace(FILM, prompt="Three shots: a kayak on a river; a street with cars; a snowy mountain"))

    assert [shot.scene.ground for shot in shots] == [Ground.SHORE, Ground.CITY, Ground.SNOW]
    assert [(shot.begin, shot.film.frames) for shot in shots] == [(0, 16), (16, 16), (32, 16)]


def test_shots_of_one_text_have_different_seeds_and_the_same_film_has_the_same_shots() -> None:
    film = replace(FILM, prompt=CHESS)

    first, second = shots_of(film)

    assert first.film.seed == film.seed != second.film.seed
    assert first.scene.light is not second.scene.light
    assert shots_of(film) == [first, second]


def test_there_are_no_more_shots_than_frames() -> None:
    assert len(shots_of(replace(FILM, seconds=2 / 24))) == 2
    assert len(shots_of(replace(FILM, seconds=1 / 24))) == 1


def test_the_sound_of_a_film_of_shots_is_as_long_as_its_picture(tmp_path: Path) -> None:
    draw(tmp_path / "film.mp4", replace(FILM, sound=True, seconds=1.7))

    with av.open(str(tmp_path / "film.mp4")) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert samples / 48_000 == pytest.approx(41 / 24, abs=1024 / 48_000)


def test_a_first_picture_is_gone_before_the_first_cut(tmp_path: Path) -> None:
    out = BytesIO()
    Image.new("RGB", (320, 180), "teal").save(out, "PNG")

    draw(tmp_path / "film.mp4", replace(FILM, first_image=out.getvalue()))

    assert cuts(tmp_path / "film.mp4") == pytest.approx([2 / 3, 4 / 3], abs=0.03)
