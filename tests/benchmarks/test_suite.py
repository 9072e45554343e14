"""Suites: what they must hold, and how they say where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rushes.benchmarks.suite import Count, load_suite
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
    "two prompts of one id": ("id: two", "id: one", 6, "'one' is the id of an earlier prompt"),
    "a model without a length": (
        "  sora-2: openai/sora-2",
        "  sora-2: openai/sora-2\n  pro: openai/sora-2-pro",
        12,
        "no length for pro",
    ),
    "no models, and a length for one": ("models:\n  sora-2: openai/sora-2", "models: {}", 10, "no model 'sora-2'"),
    "an endpoint that no card has": ("openai/sora-2", "openai/sora-3", 8, "did you mean 'openai/sora-2'"),
    "a model that is no endpoint": ("openai/sora-2", "sora-2", 8, "there is no endpoint 'sora-2'; did you mean"),
    "a name that is no file name": ("  sora-2: openai", "  Sora 2: openai", 8, "given: 'Sora 2'"),
    "a prompt of no cell": (
        "audio: true",
        "audio: true\n    prompts: [two, tow]",
        15,
        "no prompt 'tow'; did you mean 'two'",
    ),
    "a picture that is not there": (
        "category: physics",
        "category: physics, image: gone.png",
        5,
        "no picture 'gone.png'",
    ),
    "a first frame without a picture": (
        "category: physics",
        "category: physics, expect: {first_frame: true}",
        5,
        "there is no image that the first frame could be",
    ),
    "a count that nothing is": (
        "category: physics",
        "category: physics, expect: {cuts: {min: 3, max: 1}}",
        5,
        "no count is at least 3 and at most 1",
    ),
    "a count below zero": (
        "category: physics",
        "category: physics, expect: {cuts: -1}",
        5,
        "greater than or equal to 0",
    ),
    "an expectation that nobody knows": (
        "category: physics",
        "category: physics, expect: {cutz: 1}",
        5,
        "unknown key 'cutz'; did you mean 'cuts'",
    ),
    "a version before the first": ("version: 1", "version: 0", 2, "greater than or equal to 1"),
    "a length for a model that is not in it": ("{sora-2: 4}", "{sora-2: 4, veo-3.1: 4}", 11, "no model 'veo-3.1'"),
    "no length": ("{sora-2: 4}", "{sora-2: 0}", 11, "greater than 0"),
    "a resolution that nobody makes": ("720p", "721p", 12, "given: '721p'"),
    "an empty prompt": ("text: A ball", 'text: ""', 5, "must not be empty"),
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


def test_every_complaint_comes_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE.replace("title:", "titel:").replace("720p", "721p"))

    with pytest.raises(BadConfig) as raised:
        load_suite(str(path), CONFIG)

    assert f"{path}:3: " in raised.value.message
    assert f"{path}:12: " in raised.value.message


def test_every_name_that_there_is_not_comes_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = SUITE.replace("category: physics", "category: physics, image: gone.png")
    path.write_text(text.replace("openai/sora-2", "openai/sora-3"))

    with pytest.raises(BadConfig) as raised:
        load_suite(str(path), CONFIG)

    assert f"{path}:5: there is no picture 'gone.png'" in raised.value.message
    assert f"{path}:8: there is no endpoint 'openai/sora-3'" in raised.value.message


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("")

    with pytest.raises(BadConfig, match=r"mine\.yaml:1: the file: is empty"):
        load_suite(str(path), CONFIG)


def test_an_unknown_suite_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(BadInput, match="did you mean 'quickstart'"):
        load_suite("quikstart", CONFIG)


def test_a_path_to_nowhere_is_no_suite(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no such file"):
        load_suite(str(tmp_path / "gone.yaml"), CONFIG)


def test_a_folder_is_no_suite(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="is a folder"):
        load_suite(str(tmp_path), CONFIG)


def test_a_suite_of_prompts_alone_is_one_to_bring_clips_into(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE[: SUITE.index("models:")])

    suite = load_suite(str(path), CONFIG)

    assert (suite.models, suite.cells, len(suite.prompts)) == ({}, {}, 2)


def test_a_model_whose_clips_are_only_imported_needs_no_length(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE.replace("  sora-2: openai/sora-2", "  sora-2: openai/sora-2\n  ours: null"))

    suite = load_suite(str(path), CONFIG)

    assert suite.endpoints == {"sora-2": "openai/sora-2"}
    assert {*suite.models} == {"sora-2", "ours"}


def test_one_endpoint_may_stand_under_two_names(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = SUITE.replace("  sora-2: openai/sora-2", "  one: openai/sora-2\n  two: openai/sora-2")
    path.write_text(text.replace("{sora-2: 4}", "{one: 4, two: 4}"))

    assert load_suite(str(path), CONFIG).endpoints == {"one": "openai/sora-2", "two": "openai/sora-2"}


def test_a_cell_holds_its_prompts_in_the_suites_order(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE + "    prompts: [two, one]\n")

    suite = load_suite(str(path), CONFIG)

    assert [prompt.id for prompt in suite.prompts_of("short")] == ["one", "two"]


def test_a_picture_beside_the_file_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE.replace("category: physics", "category: physics, image: boat.png"))
    (tmp_path / "boat.png").write_bytes(b"a picture")
    monkeypatch.chdir(tmp_path.parent)

    suite = load_suite(f"{tmp_path.name}/mine.yaml", CONFIG)

    assert suite.prompts[0].image == tmp_path / "boat.png"


@pytest.mark.parametrize(
    ("count", "words", "fits", "not_fits"),
    [
        (Count(min=3, max=3), "3", (3,), (2, 4)),
        (Count(min=1), "at least 1", (1, 99), (0,)),
        (Count(min=1, max=3), "1 to 3", (1, 3), (0, 4)),
    ],
)
def test_a_count_is_a_range_and_says_so(
    count: Count, words: str, fits: tuple[int, ...], not_fits: tuple[int, ...]
) -> None:
    assert str(count) == words
    assert all(each in count for each in fits)
    assert not any(each in count for each in not_fits)


def test_a_number_is_short_for_exactly_that_many() -> None:
    assert Count.model_validate(2) == Count(min=2, max=2)


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
