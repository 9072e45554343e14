"""What others published: every number has its board, day and source, and none is ever taken for measured here."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from rushes.card import load_cards
from rushes.cli import main
from rushes.errors import BadConfig
from rushes.published import SHIPPED, Published, PublishedBoard, load_published

PUBLISHED = load_published()
BOARD = "arena-text-2026-08-14"


def board(id: str) -> PublishedBoard:
    return next(each for each in PUBLISHED.boards if each.id == id)


# --- what is shipped --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("each", PUBLISHED.boards, ids=lambda each: each.id)
def test_a_board_has_its_day_its_field_and_a_source_for_every_line(each: PublishedBoard) -> None:
    cards = load_cards()

    assert date(2026, 8, 1) < each.as_of < date(2026, 11, 22)
    assert str(each.as_of) in each.id
    assert each.task in each.id
    assert each.copied
    assert "another board" in each.scale
    assert (each.transfer_sd, "Our judgement" in each.transfer) == (60, True)
    for line in each.models:
        assert line.model in cards
        assert line.listed in each.field
        assert each.sources[line.source].where
        assert each.sound in (None, line.sound)
    scores = [line.score for line in each.models]
    assert scores == sorted(scores, reverse=True)
    places = [each.field.index(line.listed) for line in each.models]
    assert places == sorted(places)


def test_text_and_image_boards_and_those_with_and_without_sound_are_apart() -> None:
    kinds = [(each.board, each.task, each.sound) for each in PUBLISHED.boards]

    assert sorted(kinds, key=str) == sorted(
        [
            ("Arena", "text", None),
            ("Arena", "image", None),
            *(("Artificial Analysis", task, sound) for task in ("text", "image") for sound in (True, False)),
        ],
        key=str,
    )
    assert [each.as_of for each in PUBLISHED.boards] == sorted((each.as_of for each in PUBLISHED.boards), reverse=True)


@pytest.mark.parametrize(
    ("id", "listed", "score", "plus_minus", "votes", "field"),
    [
        (BOARD, "sora-2-pro", 1364, 7, 46509, 45),
        (BOARD, "wan2.5-t2v-preview", 1249, 9, 28239, 45),
        ("arena-image-2026-08-14", "veo-3.1-audio", 1397, 11, 25156, 45),
        ("artificial-analysis-text-sound-2026-09-02", "Veo 3.1 Fast", 1086, 5, 20209, 35),
        ("artificial-analysis-text-silent-2026-09-02", "Wan 2.5 Preview", 1158, 7, None, 80),
        ("artificial-analysis-image-sound-2026-09-02", "Veo 3.1 Lite", 1070, 7, None, 33),
        ("artificial-analysis-image-silent-2026-09-02", "Wan 2.5 Preview", 1236, 8, None, 74),
    ],
)
def test_the_numbers_are_the_boards_and_unknown_votes_are_not_0(
    id: str, listed: str, score: float, plus_minus: float, votes: int | None, field: int
) -> None:
    found = board(id)
    [line] = [each for each in found.models if each.listed == listed]

    assert (line.score, line.plus_minus, line.votes, len(found.field)) == (score, plus_minus, votes, field)


def test_no_board_lists_a_sora_from_a_first_frame() -> None:
    assert not [
        line for each in PUBLISHED.boards if each.task == "image" for line in each.models if "sora" in line.model
    ]


def test_published_seconds_say_what_clip_when_how_many_and_how_far_to_trust_them() -> None:
    rows = [row for row in PUBLISHED.rows({"wan-2.5", "sora-2"}) if row["kind"] == "seconds"]

    wan = next(row for row in rows if row["model"] == "wan-2.5" and row["task"] == "text")
    assert (wan["seconds"], wan["clip_seconds"], wan["resolution"], wan["n"]) == ((247, 280, 301), (10,), "720p", 3)
    assert (wan["measured"], wan["trust"]) == ("2025-09 to 2026-01", "high")
    rumour = next(row for row in rows if row["at_least"] == 300)
    assert (rumour["seconds"], rumour["at_most"], rumour["n"], rumour["trust"]) == (None, None, None, "low")
    assert rumour["where"] == "GitHub HeyPuter/puter #1846"


def test_every_row_is_marked_as_a_prior_with_its_source() -> None:
    rows = [*PUBLISHED.rows(load_cards())]

    assert {row["source"] for row in rows} == {"prior"}
    assert all(row["where"] and row["read"] and row["trust"] for row in rows)
    assert {row["model"] for row in rows} == {*load_cards()}
    assert [*PUBLISHED.rows({"kling-2.6"})] == []


# --- files that cannot be right ---------------------------------------------------------------------------------------


def changed(folder: Path, name: str = BOARD, /, **changes: Any) -> Published:
    """The shipped file `name` alone, with other values under some keys; None takes a key out."""
    data = yaml.safe_load((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")) | changes
    kept = {key: value for key, value in data.items() if value is not None or key == "sound"}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(kept, sort_keys=False), encoding="utf-8")
    return load_published(folder)


LINE = {"model": "sora-2", "listed": "sora-2", "score": 1340, "plus_minus": 7, "source": "mirror"}
ROW = {"model": "sora-2", "seconds": [67], "source": "azure"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"feild": []}, "unknown key 'feild'; did you mean 'field'?"),
        ({"task": "extend"}, "task: input should be 'text' or 'image'"),
        ({"as_of": None}, "as_of: field required"),
        ({"models": []}, "models: "),
        ({"id": "arena"}, "id: 'arena' is not the file's name, 'arena-text-2026-08-14'"),
        ({"field": ["sora-2", "veo-2", "sora-2"], "models": [LINE]}, "'sora-2' stands in the field twice"),
        ({"models": [LINE | {"listed": "sora-3"}]}, "'sora-3' is not in the field; did you mean 'sora-2'?"),
        ({"models": [LINE | {"source": "miror"}]}, "'miror' is not under sources; did you mean 'mirror'?"),
        ({"models": [LINE | {"plus_minus": 0}]}, "models.0.plus_minus: input should be greater than 0"),
        ({"models": [LINE | {"votes": 0}]}, "models.0.votes: input should be greater than 0"),
    ],
)
def test_a_board_that_cannot_be_right_is_refused_by_file_and_line(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadConfig) as caught:
        changed(tmp_path, **changes)

    assert said in caught.value.message
    assert f"{BOARD}.yaml:" in caught.value.message


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"seconds": None}, "give either seconds, or at_least and at_most or one of them"),
        ({"at_least": 3}, "give either seconds, or at_least and at_most or one of them"),
        ({"seconds": []}, "seconds"),
        ({"seconds": [-1]}, "greater than 0"),
        ({"measured": "last autumn"}, "measured"),
        ({"clip_seconds": [4, 8, 12]}, "clip_seconds"),
        ({"source": "azur"}, "'azur' is not under sources; did you mean 'azure'?"),
    ],
)
def test_seconds_that_cannot_be_right_are_refused_by_file_and_line(
    tmp_path: Path, row: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadConfig) as caught:
        changed(tmp_path, "seconds", clips=[{key: value for key, value in (ROW | row).items() if value is not None}])

    assert said in caught.value.message
    assert "seconds.yaml:" in caught.value.message


def test_a_folder_without_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="holds no published numbers"):
        load_published(tmp_path)


# --- the command ------------------------------------------------------------------------------------------------------


def evidence(home: Path, capsys: pytest.CaptureFixture[str], *options: str | Path) -> str:
    assert main(["evidence", *map(str, options), "--home", str(home)]) == 0
    return capsys.readouterr().out


def test_priors_stand_apart_from_evidence_with_their_days_and_sources(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = evidence(home, capsys, "--priors", "--endpoint", "openai/sora-2")

    measured, _, published = out.partition("Published by others: priors, not measured here")
    assert "There is no evidence yet" in measured
    assert "Arena, text to video, clips with and without sound, 2026-08-14, as copied by a third party" in published
    assert "sora-2: 1340 ± 7 (62,692 votes), place 16 of 45 known, listed as sora-2" in published
    assert "± 60 Elo" in published
    assert "sora-2: 67 s for a clip of 4 s, 720p, 9:16, from text (n 1); prior, 2025-10-16" in published
    assert "sora-2: more than 300 s for a clip of 8 to 12 s (n n/a); prior, 2025-10" in published
    assert "source: GitHub aabao325/arena-ai-leaderboards" in published
    assert not {"veo-3.1:", "wan-2.5:"} & set(published.split())


def test_bounds_variants_and_unknown_votes_are_written_out(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = evidence(home, capsys, "--priors", "--model", "veo-3.1")

    assert "veo-3.1: 11 to 360 s for any clip (n n/a); prior, day n/a" in out
    assert "listed as veo-3.1-audio-1080p, with sound, 1080p" in out
    assert "veo-3.1: 1199 ± 8 (n/a votes), place 23 of 80 known, listed as Veo 3.1, silent" in out


def test_without_the_option_nobody_elses_numbers_are_shown(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Published" not in evidence(home, capsys)
    assert json.loads(evidence(home, capsys, "--json")) == []


def test_json_marks_every_number_as_a_prior(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(evidence(home, capsys, "--priors", "--json", "--model", "wan-2.5"))

    assert {row["source"] for row in rows} == {"prior"}
    assert {row["kind"] for row in rows} == {"rating", "seconds"}
    assert {row["model"] for row in rows} == {"wan-2.5"}
    arena = next(row for row in rows if row["board_id"] == BOARD)
    assert (arena["score"], arena["as_of"], arena["votes"], arena["rank"]) == (1249, "2026-08-14", 28239, 21)


def test_of_a_model_that_nobody_wrote_about_it_says_so(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "own" / "models"
    models.mkdir(parents=True)
    shutil.copy(SHIPPED.parent / "models" / "wan-2.5.yaml", models / "ours.yaml")
    text = (models / "ours.yaml").read_text(encoding="utf-8").replace("\nid: wan-2.5\n", "\nid: ours\n")
    (models / "ours.yaml").write_text(text, encoding="utf-8")

    out = evidence(home, capsys, "--priors", "--model", "ours", "--config", tmp_path / "own")

    assert "Nothing that we know of." in out
