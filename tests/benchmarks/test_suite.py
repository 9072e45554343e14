"""Suites: what they must hold, and how they say where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rushes.benchmarks.suite import load_suite
from rushes.config import load_config
from rushes.errors import BadConfig, BadInput

CONFIG = load_config()
SUITE = """\
id: mine
version: 1
title: Mine
prompts:
  - {id: one, text: A ball, category: physics}
  - {id: two, text: A storm, category: sound, asked_seconds: 15}
models:
  sora-2: openai/sora-2
cells:
  short:
    seconds: {sora-2: 4}
    resolution: 720p
    aspect_ratio: "16:9"
    audio: true
"""

WRONG = {
    "an unknown key": ("title: Mine", "titel: Mine", 3, "did you mean 'title'"),
    "a bare ratio": ('"16:9"', "16:9", 13, 'write "16:9" in quotes'),
    "no prompts": (SUITE[SUITE.index("prompts:") : SUITE.index("models:")], "prompts: []\n", 4, "at least 1 item"),
    "no cells": (SUITE[SUITE.index("cells:") :], "cells: {}\n", 9, "at least 1 item"),
    "no models": ("models:\n  sora-2: openai/sora-2", "models: {}", 7, "at least 1 item"),
    "two prompts of one id": ("id: two", "id: one", 6, "'one' is the id of an earlier prompt"),
    "a model without a length": (
        "  sora-2: openai/sora-2",
        "  sora-2: openai/sora-2\n  sora-3: openai/sora-3",
        12,
        "no length for sora-3",
    ),
    "an endpoint of another model": ("openai/sora-2", "openai/sora-2-pro", 8, "no endpoint of sora-2"),
    "a length for a model that is not in it": ("{sora-2: 4}", "{sora-2: 4, veo-3.1: 4}", 11, "no model 'veo-3.1'"),
    "no length": ("{sora-2: 4}", "{sora-2: 0}", 11, "greater than 0"),
    "a resolution that nobody makes": ("720p", "721p", 12, "given: '721p'"),
    "an empty prompt": ("text: A ball", 'text: ""', 5, "at least 1 character"),
    "an id that is no file name": ("id: one", "id: a/b", 5, "given: 'a/b'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_in_a_suite_is_told_by_file_and_line(what: str, tmp_path: Path) -> None:
    right, wrong, line, said = WRONG[what]
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE.replace(right, wrong, 1))

    with pytest.raises(BadConfig) as raised:
        load_suite(str(path), CONFIG)

    assert f"{path}:{line}: " in raised.value.message
    assert said in raised.value.message


def test_a_model_without_a_card_is_told_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE.replace("sora-2", "sora-22"))

    with pytest.raises(BadConfig, match=r"mine\.yaml:8: there is no model 'sora-22'; did you mean 'sora-2"):
        load_suite(str(path), CONFIG)


def test_every_complaint_comes_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE.replace("title:", "titel:").replace("720p", "721p"))

    with pytest.raises(BadConfig) as raised:
        load_suite(str(path), CONFIG)

    assert f"{path}:3: " in raised.value.message
    assert f"{path}:12: " in raised.value.message


def test_an_unknown_suite_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(BadInput, match="did you mean 'quickstart'"):
        load_suite("quikstart", CONFIG)


def test_a_path_to_nowhere_is_no_suite(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no such file"):
        load_suite(str(tmp_path / "gone.yaml"), CONFIG)


def test_quickstart_has_the_briefs_words_and_lengths() -> None:
    suite = load_suite("quickstart", CONFIG)

    assert [(prompt.id, prompt.asked_seconds) for prompt in suite.prompts] == [
        ("brief-sunflowers", 15),
        ("brief-kayak", 12),
        ("brief-ramp", None),
        ("brief-storm", None),
    ]
    assert suite.prompts[0].text == (
        "A father and young daughter walk through a field of sunflowers at golden hour. Wide shot panning slowly "
        "right. Gentle wind rustling leaves. Warm, emotional atmosphere. 15 seconds."
    )
    assert suite.prompts[1].text == (
        "POV shot of a kayaker navigating rapids. Water churning realistically, paddle splashing, rush of the river "
        "audible. Exciting and dynamic. 12 seconds."
    )
    assert {name: [*cell.seconds.values()] for name, cell in suite.cells.items()} == {
        "short": [4, 4, 4, 5],
        "medium": [8, 8, 8, 10],
    }
