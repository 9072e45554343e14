"""The order in which a run makes its clips."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from rushes.benchmarks.schedule import schedule
from rushes.benchmarks.suite import load_suite
from rushes.config import load_config
from tests.benchmarks.conftest import make_suite

QUICKSTART = load_suite("quickstart", load_config())


def test_the_same_seed_gives_the_same_order_and_another_one_another() -> None:
    order = [slot.label for slot in schedule(QUICKSTART, samples=2, seed=7)]

    assert order == [slot.label for slot in schedule(QUICKSTART, samples=2, seed=7)]
    assert order != [slot.label for slot in schedule(QUICKSTART, samples=2, seed=8)]
    assert sorted(order) == sorted(slot.label for slot in schedule(QUICKSTART, samples=2, seed=8))


def test_each_block_has_every_model_once_and_differs_in_nothing_else() -> None:
    blocks = [[*group] for _, group in groupby(schedule(QUICKSTART, samples=2, seed=0), lambda slot: slot.block)]

    assert len(blocks) == 4 * 2 * 2
    assert all(sorted(slot.model for slot in block) == sorted(QUICKSTART.models) for block in blocks)
    assert all(len({(slot.cell, slot.prompt.id, slot.sample) for slot in block}) == 1 for block in blocks)
    assert len({tuple(slot.model for slot in block) for block in blocks}) > 1


def test_more_samples_come_after_fewer() -> None:
    one = [slot.label for slot in schedule(QUICKSTART, samples=1, seed=3)]

    assert [slot.label for slot in schedule(QUICKSTART, samples=3, seed=3)][: len(one)] == one


def test_each_slot_has_a_label_and_a_file_name_of_its_own() -> None:
    slots = schedule(QUICKSTART, samples=2, seed=0)

    assert len({slot.label for slot in slots}) == len(slots) == len({slot.stem for slot in slots})
    assert "sora-2-short-brief-kayak" in {slot.stem for slot in slots}
    assert "sora-2-short-brief-kayak-2" in {slot.stem for slot in slots}


def test_every_model_is_sent_the_length_of_its_cell() -> None:
    sent = {(slot.cell, slot.model): slot.request.seconds for slot in schedule(QUICKSTART, samples=1, seed=0)}

    assert sent["short", "wan-2.5"] == 5
    assert sent["medium", "veo-3.1"] == 8


def test_a_cell_of_some_prompts_makes_only_those() -> None:
    suite = load_suite("brief", load_config())

    made = {(slot.cell, slot.prompt.id) for slot in schedule(suite, samples=1, seed=0)}

    assert {prompt for cell, prompt in made if cell == "asked-15"} == {"brief-sunflowers"}
    assert {prompt for cell, prompt in made if cell == "medium"} == {"brief-ramp", "brief-storm"}


def test_two_names_of_one_endpoint_are_two_slots() -> None:
    suite = make_suite("a ball", models={"one": "openai/sora-2", "two": "openai/sora-2"})

    slots = schedule(suite, samples=1, seed=0)

    assert {slot.label for slot in slots} == {"short/p1/one/1", "short/p1/two/1"}
    assert {slot.endpoint for slot in slots} == {"openai/sora-2"}
    assert {slot.provider for slot in slots} == {"openai"}


def test_a_model_whose_clips_are_imported_is_not_made() -> None:
    suite = make_suite("a ball", models={"sora-2": "openai/sora-2"})
    suite = suite.model_copy(update={"models": {**suite.models, "ours": None}})

    assert [slot.model for slot in schedule(suite, samples=2, seed=0)] == ["sora-2", "sora-2"]


def test_a_prompts_own_shape_and_picture_go_before_the_cells(tmp_path: Path) -> None:
    suite = make_suite("a ball", models={"sora-2": "openai/sora-2"})
    tall = suite.prompts[0].model_copy(update={"aspect_ratio": "9:16", "image": tmp_path / "boat.png"})

    [slot] = schedule(suite.model_copy(update={"prompts": (tall,)}), samples=1, seed=0)

    assert slot.request.aspect_ratio == "9:16"
    assert slot.request.image == tmp_path / "boat.png"
    assert (slot.request.seconds, slot.request.resolution, slot.request.audio) == (4, "720p", True)


def test_the_seed_goes_to_no_model() -> None:
    assert {slot.request.seed for slot in schedule(QUICKSTART, samples=1, seed=7)} == {None}


def test_a_clip_that_was_imported_is_not_made() -> None:
    whole = schedule(QUICKSTART, samples=1, seed=0)

    less = schedule(QUICKSTART, samples=1, seed=0, there=[whole[3].label])

    assert [*less] == [*whole[:3], *whole[4:]]
