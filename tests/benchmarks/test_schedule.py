"""The order in which a run makes its clips."""

from __future__ import annotations

from itertools import groupby

from rushes.benchmarks.schedule import schedule
from rushes.benchmarks.suite import load_suite
from rushes.config import load_config

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
