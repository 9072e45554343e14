"""A run's own file: which suite, what is different from it, and how it says where it is wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.benchmarks.settings import RunSettings, load
from rushes.config import load_config
from rushes.errors import BadConfig, BadInput

CONFIG = load_config()
SUITE = """\
id: mine
version: 3
title: Mine
prompts:
  - {id: one, text: A ball, category: physics, image: boat.png}
  - {id: two, text: A storm, category: sound}
models:
  sora-2: openai/sora-2
  wan-2.5: dashscope-intl/wan-2.5
cells:
  first:
    seconds: {sora-2: 4, wan-2.5: 5}
    prompts: [one]
  all:
    seconds: {sora-2: 8, wan-2.5: 10}
"""
RUN = """\
suite: mine.yaml
name: tonight
samples: 2
seed: 7
concurrency:
  openai: 3
block_minutes: 2.5
fit: nearest
unpriced: true
scorers: []
max_usd: 12.50
as_of: 2026-09-01
simulate: true
"""
OWN = """\
suite: mine.yaml
models:
  ours: openai/sora-2-pro
cells:
  short:
    seconds: {ours: 4}
    prompts: [two]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(SUITE)
    (tmp_path / "boat.png").write_bytes(b"a picture")
    return tmp_path


def run_file(folder: Path, text: str) -> str:
    path = folder / "run.yaml"
    path.write_text(text)
    return str(path)


def test_a_suite_is_a_run_with_nothing_set() -> None:
    wanted = load("mini", CONFIG)

    assert wanted.suite.id == "mini"
    assert wanted.settings == RunSettings()
    assert not wanted.settings.model_fields_set
    assert (wanted.name, wanted.max_usd, wanted.as_of, wanted.simulate) == (None, None, None, False)


def test_a_run_file_sets_everything_that_an_option_can(folder: Path) -> None:
    wanted = load(run_file(folder, RUN), CONFIG)

    assert wanted.settings == RunSettings(
        samples=2,
        seed=7,
        concurrency={"openai": 3},
        block_minutes=2.5,
        fit="nearest",
        unpriced=True,
        scorers=(),
    )
    assert (wanted.name, wanted.max_usd, wanted.as_of, wanted.simulate) == (
        "tonight",
        Decimal("12.50"),
        date(2026, 9, 1),
        True,
    )


def test_what_a_run_file_does_not_say_stays_unset(folder: Path) -> None:
    wanted = load(run_file(folder, "suite: mine.yaml\nseed: 7\n"), CONFIG)

    assert wanted.settings.model_fields_set == {"seed"}


def test_a_suite_is_named_by_a_shipped_name_or_relative_to_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    assert load(run_file(folder, "suite: mini\n"), CONFIG).suite.id == "mini"
    suite = load(run_file(folder, "suite: mine.yaml\n"), CONFIG).suite
    assert (suite.id, suite.version) == ("mine", 3)
    assert suite.prompts[0].image == folder / "boat.png"


def test_a_suite_in_the_current_folder_is_not_taken_for_one_beside_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "runs").mkdir()
    monkeypatch.chdir(folder)

    with pytest.raises(BadConfig, match=r"run\.yaml:1: there is no suite 'mine\.yaml'"):
        load(run_file(folder / "runs", "suite: mine.yaml\n"), CONFIG)


def test_models_and_cells_of_its_own_take_the_place_of_the_suites(folder: Path) -> None:
    suite = load(run_file(folder, OWN), CONFIG).suite

    assert suite.models == {"ours": "openai/sora-2-pro"}
    assert {*suite.cells} == {"short"}
    assert [prompt.id for prompt in suite.prompts_of("short")] == ["two"]
    assert [prompt.id for prompt in suite.prompts] == ["one", "two"]


def test_cells_alone_take_the_suites_models(folder: Path) -> None:
    text = "suite: mine.yaml\ncells:\n  long: {seconds: {sora-2: 12, wan-2.5: 10}}\n"

    suite = load(run_file(folder, text), CONFIG).suite

    assert {*suite.models} == {"sora-2", "wan-2.5"}
    assert {name: dict(cell.seconds) for name, cell in suite.cells.items()} == {"long": {"sora-2": 12, "wan-2.5": 10}}


def test_some_prompts_leave_the_others_out_of_the_cells_too(folder: Path) -> None:
    suite = load(run_file(folder, "suite: mine.yaml\nprompts: [two]\n"), CONFIG).suite

    assert [prompt.id for prompt in suite.prompts] == ["two"]
    assert {*suite.cells} == {"all"}  # of `first` nothing is left
    assert [prompt.id for prompt in suite.prompts_of("all")] == ["two"]


def test_a_cell_keeps_the_prompts_that_are_taken(folder: Path) -> None:
    suite = load(run_file(folder, "suite: mine.yaml\nprompts: [one]\n"), CONFIG).suite

    assert {name: [prompt.id for prompt in suite.prompts_of(name)] for name in suite.cells} == {
        "first": ["one"],
        "all": ["one"],
    }


WRONG = {
    "an unknown key": ("samples: 2", "sampels: 2", 3, "unknown key 'sampels'; did you mean 'samples'"),
    "no samples": ("samples: 2", "samples: 0", 3, "greater than or equal to 1"),
    "too many samples": ("samples: 2", "samples: 101", 3, "less than or equal to 100"),
    "a seed below zero": ("seed: 7", "seed: -7", 4, "greater than or equal to 0"),
    "an unknown provider": ("openai: 3", "opena: 3", 6, "there is no provider 'opena'; did you mean 'openai'"),
    "no job in flight": ("openai: 3", "openai: 0", 6, "greater than or equal to 1"),
    "more than a day between blocks": ("block_minutes: 2.5", "block_minutes: 1441", 7, "less than or equal to 1440"),
    "a fit that there is not": ("fit: nearest", "fit: dearest", 8, "'exact', 'nearest', 'shorter' or 'cheaper'"),
    "a scorer that there is not": ("scorers: []", "scorers: [vmaf]", 10, "should be 'panel'"),
    "a cap below zero": ("max_usd: 12.50", "max_usd: -1", 11, "greater than or equal to 0"),
    "a day that is none": ("as_of: 2026-09-01", "as_of: 2026-09-31", 12, "'2026-09-31' is no valid value"),
    "a suite that there is not": (
        "suite: mine.yaml",
        "suite: mine",
        1,
        "there is no suite 'mine'; did you mean 'mini'",
    ),
    "a file that there is not": ("suite: mine.yaml", "suite: gone.yaml", 1, "nor is it a file beside this one"),
    "an unknown prompt": (
        RUN,
        "suite: mine.yaml\nprompts:\n  - two\n  - oen\n",
        4,
        "no prompt 'oen'; did you mean 'one'",
    ),
    "no prompt at all": (RUN, "suite: mine.yaml\nprompts: []\n", 2, "at least 1 item"),
    "models without cells": (RUN, OWN[: OWN.index("cells:")], 2, "need cells of your own: a length for each model"),
    "an endpoint that no card has": (
        RUN,
        OWN.replace("sora-2-pro", "sora-2-por"),
        3,
        "did you mean 'openai/sora-2-pro'",
    ),
    "a prompt of no cell": (RUN, OWN.replace("[two]", "[tow]"), 7, "there is no prompt 'tow'; did you mean 'two'"),
    "a cell without a length": (RUN, OWN.replace("{ours: 4}", "{}"), 6, "no length for ours"),
    "a length for nobody": (RUN, OWN.replace("{ours: 4}", "{ours: 4, hers: 4}"), 6, "there is no model 'hers'"),
    "a bare ratio": (RUN, OWN + "    aspect_ratio: 16:9\n", 8, 'write "16:9" in quotes'),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_in_a_run_file_is_told_by_file_and_line(what: str, folder: Path) -> None:
    right, wrong, line, said = WRONG[what]
    path = run_file(folder, RUN.replace(right, wrong, 1))

    with pytest.raises(BadConfig) as raised:
        load(path, CONFIG)

    assert f"{path}:{line}: " in raised.value.message
    assert said in raised.value.message


def test_every_name_that_there_is_not_comes_at_once(folder: Path) -> None:
    text = OWN.replace("openai/sora-2-pro", "openai/sora-9").replace("[two]", "[three, four]")
    path = run_file(folder, text + "concurrency: {vertx: 2}\n")

    with pytest.raises(BadConfig) as raised:
        load(path, CONFIG)

    assert [line.removeprefix(f"{path}:")[0] for line in raised.value.message.splitlines()] == ["3", "7", "7", "8"]
    for name in ("openai/sora-9", "three", "four", "vertx"):
        assert f"'{name}'" in raised.value.message


def test_what_is_wrong_in_the_suite_is_told_by_the_suites_line(folder: Path) -> None:
    (folder / "mine.yaml").write_text(SUITE.replace("version: 3", "version: three"))

    with pytest.raises(BadConfig, match=r"mine\.yaml:2: version"):
        load(run_file(folder, RUN), CONFIG)


def test_a_name_that_is_neither_a_suite_nor_a_file_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadInput, match="did you mean 'mini'"):
        load("minni", CONFIG)
