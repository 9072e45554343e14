"""The drafts of an exploration as a run: each stands for itself, and a second start only adds what is new."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from rushes.benchmarks.clips import clips_of
from rushes.benchmarks.drafts import keep_drafts
from rushes.benchmarks.findings import findings
from rushes.benchmarks.folder import CLIPS, Folder
from rushes.benchmarks.standings import standings_of
from rushes.config import Config, load_config
from rushes.errors import BadInput, SetupError, VideoError
from rushes.pages.rate.shelf import worth_showing
from tests.benchmarks.conftest import DAY, NOW
from tests.benchmarks.golden import golden


@pytest.fixture(scope="module")
def cards() -> Config:
    return load_config()


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four small films, no two alike."""
    folder = tmp_path_factory.mktemp("films")
    for number in range(4):
        golden(seconds=0.5, width=64, height=36, seed=number).write(folder / f"{number}.mp4")
    return sorted(folder.iterdir())


def keep(home: Path, clips: Sequence[Path], config: Config, name: str = "kites", prompt: str = "a kite") -> Folder:
    named = [(f"draft-{number}", path) for number, path in enumerate(clips, 1)]
    path = keep_drafts(home, name, prompt, named, config, day=DAY, now=NOW, command=["rushes", "explore"])
    folder = Folder(home, name)
    assert path == folder.path
    return folder


def test_each_draft_stands_for_itself_and_for_no_endpoint(tmp_path: Path, films: list[Path], cards: Config) -> None:
    folder = keep(tmp_path, films[:3], cards)

    info, results = folder.known(), [*folder.results().values()]
    assert [*info.suite.models] == ["draft-1", "draft-2", "draft-3"]
    assert {*info.suite.models.values()} == {None}
    assert [prompt.text for prompt in info.suite.prompts] == ["a kite"]
    assert [result.endpoint for result in results] == [None, None, None]
    assert [result.source for result in results] == ["imported"] * 3
    assert len([*(folder.path / CLIPS).iterdir()]) == 3
    assert info.command == ("rushes", "explore")


def test_they_can_be_shown_two_by_two_and_say_nothing_of_models(
    tmp_path: Path, films: list[Path], cards: Config
) -> None:
    folder = keep(tmp_path, films[:3], cards)

    info = folder.known()
    clips = clips_of(info, [*folder.results().values()], folder.measures())

    assert len(worth_showing(info, clips)) == 3
    assert findings(info, clips, standings_of(info, clips, [])) == []


def test_a_second_start_adds_what_is_new_and_keeps_the_rest(tmp_path: Path, films: list[Path], cards: Config) -> None:
    before = keep(tmp_path, films[:2], cards).results()

    again = keep(tmp_path, films[:2], cards).results()
    more = keep(tmp_path, films[:3], cards)

    assert again == before
    assert {label: result.clip for label, result in more.results().items()}.items() >= {
        label: result.clip for label, result in before.items()
    }.items()
    assert [*more.known().suite.models] == ["draft-1", "draft-2", "draft-3"]
    assert len((more.path / "takes.jsonl").read_text().splitlines()) == 3


def test_another_clip_of_a_draft_stands_beside_the_one_that_is_there(
    tmp_path: Path, films: list[Path], cards: Config
) -> None:
    before = keep(tmp_path, films[:2], cards).results()

    after = keep(tmp_path, [films[3], films[1]], cards).results()

    assert before.items() <= after.items()
    assert [label.removeprefix("imported/a-kite/") for label in after.keys() - before.keys()] == ["draft-1/2"]


def test_where_no_draft_came_to_a_clip_there_is_a_folder_and_no_run(tmp_path: Path, cards: Config) -> None:
    folder = keep(tmp_path, [], cards)

    assert folder.path.is_dir()
    assert folder.info() is None


def test_a_clip_that_is_gone_or_no_film_is_left_out(tmp_path: Path, films: list[Path], cards: Config) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"<html>")

    folder = keep(tmp_path, [films[0], tmp_path / "gone.mp4", broken, films[1]], cards)

    found = {result.model: result.delivered for result in folder.results().values()}
    assert "draft-2" not in found
    assert {"draft-1", "draft-4"} <= found.keys()


def test_another_prompt_does_not_come_into_the_same_run(tmp_path: Path, films: list[Path], cards: Config) -> None:
    folder = keep(tmp_path, films[:2], cards)

    with pytest.raises(VideoError, match="there is no prompt 'a fox'"):
        keep(tmp_path, films[:2], cards, prompt="a fox")

    assert len(folder.results()) == 2


def test_a_name_that_no_folder_can_have_is_refused(tmp_path: Path, films: list[Path], cards: Config) -> None:
    with pytest.raises(BadInput, match="cannot be the name of a run"):
        keep(tmp_path, films[:2], cards, name="../kites")

    assert [*tmp_path.iterdir()] == []


def test_two_processes_do_not_make_one_run_at_once(tmp_path: Path, films: list[Path], cards: Config) -> None:
    with Folder(tmp_path, "kites").alone(), pytest.raises(SetupError, match="is being made by another process"):
        keep(tmp_path, films[:2], cards)
