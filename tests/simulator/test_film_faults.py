"""Films that open and play and yet are wrong: each defect can be seen, and only where it was asked for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import av
import numpy as np
import pytest

from rushes.simulator.clock import VirtualClock
from rushes.simulator.drawing.defects import shown
from rushes.simulator.faults import MISHAPS, NAMES, Fault, met
from rushes.simulator.film import DEFECTS, Film, draw
from rushes.simulator.job import Asked, Clip, Job
from rushes.simulator.world import START, World
from tests.simulator.conftest import BASES, CARDS
from tests.simulator.eyes import black, cuts, doubled, frozen, watched
from tests.simulator.test_faults import film as fetched
from tests.simulator.test_faults import wire

FILM = Film(
    prompt="a storm over the sea",
    model="a-model",
    seconds=3,
    width=320,
    height=180,
    fps=24,
    sound=True,
    seed=4,
    detail=0.6,
    steadiness=0.7,
)


def drawn(folder: Path, *defects: str, film: Film = FILM) -> Path:
    path = folder / f"{'-'.join(defects)}.mp4"
    draw(path, replace(film, defects=frozenset(defects)))
    return path


def shape(path: Path) -> tuple[int, int, int, bool]:
    """Width, height, frames, and whether there is a sound track."""
    with av.open(str(path)) as container:
        picture = container.streams.video[0]
        return picture.width, picture.height, sum(1 for _ in container.decode(picture)), bool(container.streams.audio)


def loudest(path: Path) -> float:
    with av.open(str(path)) as container:
        return max(float(np.abs(frame.to_ndarray()).max()) for frame in container.decode(audio=0))


@pytest.mark.parametrize(
    "prompt", ["snow falls in a forest at night", "a stone statue in a courtyard", "a city at night", "fog"]
)
def test_a_whole_film_is_neither_black_nor_frozen_nor_doubled_nor_cut_nor_silent(tmp_path: Path, prompt: str) -> None:
    path = drawn(tmp_path, film=replace(FILM, prompt=prompt, seconds=2, width=640, height=360, steadiness=0.95))

    assert black(path) == 0
    assert frozen(path) < 0.05
    assert doubled(path) < 0.2
    assert cuts(path) == []
    assert shape(path) == (640, 360, 48, True)
    assert loudest(path) > 0.05


def test_a_frozen_film_stands_still_after_half_a_second(tmp_path: Path) -> None:
    path = drawn(tmp_path, "frozen_film")

    assert frozen(path) == pytest.approx(2.5 / 3, abs=0.06)
    assert doubled(path) == pytest.approx(2.5 / 3, abs=0.06)
    assert shape(path) == (320, 180, 72, True)
    assert loudest(path) > 0.05


def test_a_black_film_is_black_for_its_first_third_and_then_says_that_it_is_simulated(tmp_path: Path) -> None:
    path = drawn(tmp_path, "black_film")

    assert black(path) == pytest.approx(1 / 3, abs=0.03)
    assert shape(path) == (320, 180, 72, True)
    pictures = [picture for _, _, picture in watched(path)]
    assert max(int(picture.max()) for picture in pictures[:23]) < 30
    assert min(int(picture[:90, :330].max()) for picture in pictures[25:]) > 180


def test_a_silent_film_has_a_sound_track_of_full_length_with_nothing_in_it(tmp_path: Path) -> None:
    path = drawn(tmp_path, "silent_film")

    assert loudest(path) == 0
    with av.open(str(path)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert samples / 48_000 == pytest.approx(3, abs=1024 / 48_000)


def test_missing_sound_leaves_the_picture_alone(tmp_path: Path) -> None:
    assert shape(drawn(tmp_path, "missing_sound")) == (320, 180, 72, False)


@pytest.mark.parametrize(("seconds", "frames"), [(3, 48), (1.5, 18), (1, 12), (1 / 24, 1)])
def test_a_short_film_lacks_a_second_or_half_of_what_is_less_than_two(
    tmp_path: Path, seconds: float, frames: int
) -> None:
    assert shape(drawn(tmp_path, "short_film", film=replace(FILM, seconds=seconds)))[2] == frames


@pytest.mark.parametrize(("size", "small"), [((320, 180), (160, 90)), ((180, 320), (90, 160)), ((32, 50), (32, 32))])
def test_a_small_film_has_half_the_size_but_never_less_than_can_be_drawn(
    tmp_path: Path, size: tuple[int, int], small: tuple[int, int]
) -> None:
    film = replace(FILM, width=size[0], height=size[1], seconds=0.5, sound=False)

    assert shape(drawn(tmp_path, "small_film", film=film))[:2] == small


@pytest.mark.parametrize(("prompt", "at"), [("a calm sea", [1.5]), ("Two shots: the sea; a city", [1, 2])])
def test_a_cut_film_has_one_cut_more_than_was_asked_for(tmp_path: Path, prompt: str, at: list[float]) -> None:
    path = drawn(tmp_path, "cut_film", film=replace(FILM, prompt=prompt))

    assert cuts(path) == pytest.approx(at, abs=0.03)


def test_a_stuttering_film_shows_every_frame_twice(tmp_path: Path) -> None:
    path = drawn(tmp_path, "stuttering_film")

    assert doubled(path) == pytest.approx(0.5, abs=0.02)
    assert frozen(path) == 0
    assert shape(path) == (320, 180, 72, True)


def test_several_defects_spoil_one_film_together(tmp_path: Path) -> None:
    path = drawn(tmp_path, "small_film", "short_film", "missing_sound", "black_film")

    assert shape(path) == (160, 90, 48, False)
    assert black(path) == pytest.approx(1 / 3, abs=0.05)


def test_a_continued_film_is_spoilt_only_where_it_is_new(tmp_path: Path) -> None:
    earlier = drawn(tmp_path, film=replace(FILM, seconds=1))

    longer = drawn(tmp_path, "black_film", film=replace(FILM, seconds=1.5, continues=earlier))

    dark = [index for index, (_, _, picture) in enumerate(watched(longer)) if picture.max() < 40]
    assert dark == list(range(24, 36))


def test_a_defect_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="no defect of a film: upside_down; there are: frozen_film, black_film"):
        replace(FILM, defects=frozenset({"upside_down"}))


def test_a_film_without_defects_shows_every_frame_once() -> None:
    assert [shown(FILM, frame) for frame in range(FILM.frames)] == list(range(FILM.frames))


@pytest.mark.parametrize("name", BASES)
async def test_every_wire_delivers_a_spoilt_film(world: World, tmp_path: Path, name: str) -> None:
    made = wire(world, name)

    response = await fetched(made, "a kite [simulate: frozen_film] [simulate: black_film] [simulate: small_film]")

    await made.vendor.http.aclose()
    path = tmp_path / "fetched.mp4"
    path.write_bytes(response.content)
    [job] = world.truth()["jobs"]
    assert (job["outcome"], job["faults"]) == ("succeeded", ["black_film", "frozen_film", "small_film"])
    clip = world.jobs(name)[0].asked.clip
    assert shape(path)[:2] == (clip.width // 2, clip.height // 2)
    assert black(path) == pytest.approx(1 / 3, abs=0.04)
    assert frozen(path) > 0.5


async def test_a_whole_film_and_a_spoilt_one_of_the_same_prompt_are_two_files(world: World) -> None:
    made = wire(world, "sglang")

    spoilt = await fetched(made, "a kite [simulate: frozen_film]")
    whole = await fetched(made, "a kite")
    again = await fetched(made, "a kite [simulate: frozen_film]")

    await made.vendor.http.aclose()
    assert len({spoilt.content, whole.content, again.content}) == 3
    assert len(spoilt.content) * 1.2 < len(whole.content)


def asked(prompt: str, model: str = "veo-3.1-generate-001", *, sound: bool = True) -> Asked:
    return Asked("vertex", model, prompt, Clip(1280, 720, "720p", 4, sound=sound))


def accepted(folder: Path, tricks: Mapping[str, int | None], *jobs: Asked) -> list[Job]:
    """The jobs that a fresh world makes of these."""
    with World(folder, VirtualClock(START), cards=CARDS, limits={}) as world:
        return [world.accept(job, lambda dice: f"{dice.getrandbits(64):x}", tricks, lambda made: {}) for job in jobs]


def test_about_an_eighth_of_the_jobs_meet_a_mishap_and_unsteady_models_meet_more() -> None:
    shares = {}
    for card in CARDS.values():
        steadiness = card.simulation.steadiness
        dice = [Random(f"{card.id}/{number}") for number in range(2000)]
        shares[steadiness] = sum(
            bool(met({"mishaps": None}, each, steadiness=steadiness, sound=True)) for each in dice
        ) / len(dice)

    ordered = [shares[steadiness] for steadiness in sorted(shares)]
    assert ordered == sorted(ordered, reverse=True)
    assert sum(ordered) / len(ordered) == pytest.approx(0.12, abs=0.02)
    assert ordered[-1] > 0.02


def test_mishaps_are_of_every_kind_and_a_clip_without_sound_cannot_lose_it() -> None:
    heard, unheard = (
        Counter(
            name for number in range(4000) for name in met({"mishaps": None}, Random(number), steadiness=0, sound=sound)
        )
        for sound in (True, False)
    )

    assert heard.keys() == set(MISHAPS)
    assert unheard.keys() == set(MISHAPS) - {"silent_film"}
    assert max(heard.values()) < 1.5 * min(heard.values())


def test_what_was_asked_for_stays_beside_a_mishap_and_without_mishaps_nothing_happens_by_chance() -> None:
    tricks: dict[str, int | None] = {"lost": None, "poll_500": 3}

    for number in range(200):
        assert met(tricks, Random(number), steadiness=0, sound=True) == tricks
        assert met({**tricks, "mishaps": None}, Random(number), steadiness=0, sound=True).items() >= tricks.items()


def test_the_same_jobs_meet_the_same_mishaps_in_another_world_and_in_another_order(tmp_path: Path) -> None:
    jobs = [asked(f"kite {number // 2}", "veo-3.1-lite-generate-001") for number in range(80)]

    first = accepted(tmp_path / "1", {"mishaps": None}, *jobs)
    second = accepted(tmp_path / "2", {"mishaps": None}, *reversed(jobs))

    bad = {job.id: dict(job.tricks) for job in first}
    assert bad == {job.id: dict(job.tricks) for job in second}
    assert 0 < sum(map(bool, bad.values())) < 40
    assert all(len(tricks) <= 1 and "mishaps" not in tricks for tricks in bad.values())


def test_a_job_that_meets_a_failure_fails_and_one_with_a_spoilt_film_is_billed(tmp_path: Path) -> None:
    jobs = accepted(tmp_path, {"mishaps": None}, *(asked(f"kite {number}", "any-model") for number in range(150)))

    outcomes = {name: job.outcome for job in jobs for name in job.tricks}
    assert outcomes["late_failure"] == "failed"
    assert outcomes["moderated"] == "moderated"
    assert {outcomes[name] for name in outcomes.keys() & DEFECTS.keys()} == {"succeeded"}


def test_mishaps_without_them_a_job_is_the_same(tmp_path: Path) -> None:
    with_them = accepted(tmp_path / "1", {"mishaps": None}, *(asked(f"kite {number}") for number in range(20)))
    without = accepted(tmp_path / "2", {}, *(asked(f"kite {number}") for number in range(20)))

    for one, other in zip(with_them, without, strict=True):
        assert (one.id, one.queue, one.render) == (other.id, other.queue, other.render)


def test_mishaps_set_once_hold_for_every_job_and_other_faults_for_one() -> None:
    assert Fault("mishaps").times is None
    assert Fault("mishaps", times=5).times == 5
    assert Fault("frozen_film").times == 1


async def test_mishaps_can_be_set_for_a_world_and_are_told_by_its_truth(tmp_path: Path) -> None:
    with World(tmp_path / "world", VirtualClock(START), cards=CARDS, faults=[Fault("mishaps")]) as world:
        made = wire(world, "sglang")
        for number in range(40):
            await made.made(f"kite {number}")
        await made.vendor.http.aclose()
        told = [fault for job in world.truth()["jobs"] for fault in job["faults"]]

    assert 1 < len(told) < 25
    assert set(told) <= set(MISHAPS)


def test_the_documentation_names_every_fault_and_tells_how_often_mishaps_strike() -> None:
    text = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()

    assert [name for name in NAMES if f"`{name}`" not in text] == []
    for steadiness, share in ((0.5, "20 %"), (0.95, "5 %")):
        assert math.isclose(float(share.split()[0]) / 100, 0.03 + 0.33 * (1 - steadiness), abs_tol=0.006)
        assert share in text
