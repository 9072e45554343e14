"""Votes in and out of files: nothing lost, nothing twice, and every bad line told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rushes.benchmarks.ballots import exported, read_votes
from rushes.benchmarks.votes import Score, Vote
from rushes.cli import main
from rushes.errors import BadInput
from tests.benchmarks.conftest import NOW
from tests.benchmarks.voting import judged, vote, voted_run

INFO, CLIPS = voted_run(3)


def read(path: Path, *there: Vote) -> tuple[list[object], int, list[str]]:
    found = read_votes(path, CLIPS, there, NOW)
    return [*found.new], found.there, [*found.bad]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_what_goes_out_comes_in_again_with_rater_and_order(form: str, tmp_path: Path) -> None:
    votes = [vote("p2", "both_bad", reasons=("motion", "text"), seconds=4.5), vote("p1", "tie", rater="ben", raw=True)]
    (tmp_path / f"votes.{form}").write_text(exported(votes, form))

    assert read(tmp_path / f"votes.{form}") == (votes, 0, [])


def test_a_judges_words_go_along_as_json_lines(tmp_path: Path) -> None:
    (tmp_path / "votes.jsonl").write_text(exported([judged("p1")], "jsonl"))

    assert read(tmp_path / "votes.jsonl")[0] == [judged("p1")]


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("left,right,choice\nshort/p1/sora-2/1,short/p1/wan-2.5/1,left\n")
    [first], _, _ = read(path)

    assert isinstance(first, Vote)
    assert (first.kind, first.rater, first.cell, first.prompt, first.pool) == (
        *("imported", "imported", "short", "p1", "sound"),
    )
    assert read(path, first) == ([], 1, [])


def test_two_equal_votes_on_two_lines_are_two_votes(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("left,right,choice\n" + "short/p1/sora-2/1,short/p1/wan-2.5/1,left\n" * 2)

    assert len(read(path)[0]) == 2


@pytest.mark.parametrize(
    ("winner", "choice"),
    [("model_a", "left"), ("model_b", "right"), ("tie", "tie"), ("tie (bothbad)", "both_bad")],
)
def test_pairs_as_arenas_publish_them_find_their_clips(winner: str, choice: str, tmp_path: Path) -> None:
    path = tmp_path / "battles.json"
    battle = {"model_a": "wan-2.5", "model_b": "sora-2", "winner": winner, "prompt": "p3", "judge": "arena_user_7"}
    path.write_text(json.dumps([battle]))

    [found], _, bad = read(path)

    assert not bad
    assert isinstance(found, Vote)
    assert (found.left, found.right, found.choice, found.rater, found.kind) == (
        *("short/p3/wan-2.5/1", "short/p3/sora-2/1", choice, "arena_user_7", "imported"),
    )


@pytest.mark.parametrize(
    ("said", "raw", "unsaid"), [("", False, 1), ("true", True, 0), ("false", False, 0), ("True", True, 0)]
)
def test_what_was_looked_at_is_what_the_file_says_and_else_rating_copies(
    said: str, raw: bool, unsaid: int, tmp_path: Path
) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(f"left,right,choice,raw\nshort/p1/sora-2/1,short/p1/wan-2.5/1,left,{said}\n")

    found = read_votes(path, CLIPS, [], NOW)

    [line] = found.new
    assert isinstance(line, Vote)
    assert (line.raw, found.unsaid) == (raw, unsaid)


def test_pairs_of_an_arena_say_what_was_looked_at_too(tmp_path: Path) -> None:
    battle = {"model_a": "wan-2.5", "model_b": "sora-2", "winner": "tie", "prompt": "p3"}
    (tmp_path / "battles.json").write_text(json.dumps([battle, battle | {"raw": True}]))

    found = read_votes(tmp_path / "battles.json", CLIPS, [], NOW)

    assert [line.raw for line in found.new if isinstance(line, Vote)] == [False, True]
    assert found.unsaid == 1


@pytest.mark.parametrize("said", ["copies", 7, None])
def test_a_word_on_what_was_looked_at_that_is_none_is_told(said: object, tmp_path: Path) -> None:
    line = {"left": "short/p1/sora-2/1", "right": "short/p1/wan-2.5/1", "choice": "left", "raw": said}
    (tmp_path / "votes.jsonl").write_text(json.dumps(line))

    [why] = read(tmp_path / "votes.jsonl")[2]
    assert "raw: input should be" in why


BAD = {
    "no json": ("{", "is no JSON object"),
    "no choice": ('{"left": "short/p1/sora-2/1", "right": "short/p1/wan-2.5/1"}', "has no choice"),
    "a clip that is gone": (
        '{"left": "short/p9/sora-2/1", "right": "x", "choice": "left"}',
        "no clip 'short/p9/sora-2/1'",
    ),
    "a choice nobody knows": (
        '{"left": "short/p1/sora-2/1", "right": "short/p1/wan-2.5/1", "choice": "both"}',
        "choice: input should be",
    ),
    "two prompts": ('{"left": "short/p1/sora-2/1", "right": "short/p2/wan-2.5/1", "choice": "left"}', "two prompts"),
    "one model": ('{"left": "short/p1/sora-2/1", "right": "short/p1/sora-2/1", "choice": "left"}', "both of its clips"),
    "a winner nobody knows": (
        '{"model_a": "sora-2", "model_b": "wan-2.5", "winner": "c", "prompt": "p1"}',
        "winner: 'c'",
    ),
    "a model that is not there": (
        '{"model_a": "sora-9", "model_b": "wan-2.5", "winner": "tie", "prompt": "p1"}',
        "no clip of sora-9",
    ),
    "a star for nothing": (
        '{"type": "score", "id": "s", "at": "2026-08-01T00:00:00Z", "rater": "a", "kind": "person", '
        '"clip": "x", "stars": 3}',
        "no clip 'x'",
    ),
    "six stars": (
        '{"type": "score", "id": "s", "at": "2026-08-01T00:00:00Z", "rater": "a", "kind": "person", '
        '"clip": "short/p1/sora-2/1", "stars": 6}',
        "stars: input should be less than or equal to 5",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_line_is_told_by_number_and_the_others_come(what: str, tmp_path: Path) -> None:
    line, why = BAD[what]
    path = tmp_path / "votes.jsonl"
    path.write_text("\n".join([vote("p1").model_dump_json(), line, vote("p2").model_dump_json()]))

    new, there, bad = read(path)

    assert (new, there) == ([vote("p1"), vote("p2")], 0)
    [said] = bad
    assert said.startswith(f"{path}:2: ")
    assert why in said


@pytest.mark.parametrize(("name", "why"), [("gone.csv", "No such file"), ("votes.txt", "not '.txt'")])
def test_a_file_that_is_none_is_refused(name: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "votes.txt").write_text("x")

    with pytest.raises(BadInput, match=why):
        read(tmp_path / name)


def test_stars_come_along(tmp_path: Path) -> None:
    star = Score(id="s", at=NOW, rater="anna", kind="person", clip="short/p1/sora-2/1", stars=4.5)
    (tmp_path / "votes.jsonl").write_text(exported([star], "jsonl"))

    assert read(tmp_path / "votes.jsonl")[0] == [star]


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(home: Path) -> str:
    from rushes.benchmarks.folder import Folder

    folder = Folder(home, "run")
    folder.path.mkdir(parents=True)
    folder.save(INFO)
    for clip in CLIPS:
        folder.add(clip.result)
    return "run"


def test_the_command_brings_what_is_good_and_ends_with_1_where_something_was_not(
    run: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "votes.jsonl"
    file.write_text("\n".join([vote("p1").model_dump_json(), "nonsense", vote("p2").model_dump_json()]))

    code = main(["votes", "import", run, str(file), "--home", str(home)])

    said = capsys.readouterr()
    assert code == 1
    assert "2 lines brought into the run run, 1 could not be used." in said.out
    assert "votes.jsonl:2: is no JSON object" in said.err
    file.write_text(vote("p1").model_dump_json())
    assert main(["votes", "import", run, str(file), "--home", str(home)]) == 0
    assert "0 lines brought into the run run, 1 were there already." in capsys.readouterr().out
    assert main(["votes", "export", run, "--home", str(home)]) == 0
    assert [json.loads(line)["prompt"] for line in capsys.readouterr().out.splitlines()] == ["p1", "p2"]


def test_the_command_says_how_many_did_not_say_what_was_looked_at(
    run: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "votes.csv"
    line = "short/p1/sora-2/1,short/p1/wan-2.5/1,left"
    file.write_text(f"left,right,choice,raw\n{line},\n{line},true\n")

    assert main(["votes", "import", run, str(file), "--home", str(home)]) == 0

    assert "1 vote of them without a word on what was looked at" in " ".join(capsys.readouterr().err.split())
    assert main(["votes", "export", run, "--home", str(home)]) == 0
    assert [json.loads(line)["raw"] for line in capsys.readouterr().out.splitlines()] == [False, True]


def test_an_export_goes_to_a_file_in_the_form_of_its_name(
    run: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_text(vote("p1").model_dump_json())
    main(["votes", "import", run, str(tmp_path / "in.jsonl"), "--home", str(home)])

    assert main(["votes", "export", run, "--out", str(tmp_path / "out.csv"), "--home", str(home)]) == 0

    header, line = (tmp_path / "out.csv").read_text().splitlines()
    assert header.startswith("id,at,rater,kind")
    assert ",p1,sound,short/p1/sora-2/1,short/p1/wan-2.5/1,left," in line


def test_a_run_that_is_not_there_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["votes", "export", "nothing", "--home", str(home)]) == 2
    assert "there is no run 'nothing'" in capsys.readouterr().err


# --- lines that are not what they seem --------------------------------------------------------------------------------


def test_a_line_is_the_same_vote_wherever_it_stands_and_in_either_form(tmp_path: Path) -> None:
    line = "short/p1/sora-2/1,short/p1/wan-2.5/1,left"
    (tmp_path / "one.csv").write_text(f"left,right,choice\n{line}\n")
    (tmp_path / "two.csv").write_text(f"left,right,choice\nshort/p2/sora-2/1,short/p2/wan-2.5/1,tie\n{line}\n")
    given = dict(zip(("left", "right", "choice"), line.split(","), strict=True))
    (tmp_path / "three.jsonl").write_text(json.dumps(given))
    [first], _, _ = read(tmp_path / "one.csv")

    assert isinstance(first, Vote)
    assert read(tmp_path / "two.csv", first)[1] == 1
    assert read(tmp_path / "three.jsonl", first) == ([], 1, [])


@pytest.mark.parametrize(("name", "value"), [("pool", "silent"), ("cell", "long"), ("prompt", "p2")])
def test_a_line_that_says_another_place_than_its_clips_have_is_told(name: str, value: str, tmp_path: Path) -> None:
    line = {"left": "short/p1/sora-2/1", "right": "short/p1/wan-2.5/1", "choice": "left", name: value}
    (tmp_path / "votes.jsonl").write_text(json.dumps(line))

    assert read(tmp_path / "votes.jsonl")[2] == [
        f"{tmp_path / 'votes.jsonl'}:1: {name}: says {value}, and its clips are of "
        + {"pool": "sound", "cell": "short", "prompt": "p1"}[name]
    ]


def test_a_comma_too_many_and_a_label_that_is_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "votes.csv").write_text("left,right,choice\nshort/p1/sora-2/1,short/p1/wan-2.5/1,left,and,more\n")
    (tmp_path / "votes.json").write_text(json.dumps([{"left": ["x"], "right": "y", "choice": "left"}]))

    assert "more fields than there are headings" in read(tmp_path / "votes.csv")[2][0]
    assert "no clip '['x']'" in read(tmp_path / "votes.json")[2][0]


def test_a_file_that_cannot_be_written_is_said(
    run: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["votes", "export", run, "--out", str(tmp_path), "--form", "csv", "--home", str(home)]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_suffix_that_is_of_no_form_is_not_guessed_at(
    run: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["votes", "export", run, "--out", str(tmp_path / "votes.txt"), "--home", str(home)]) == 2
    assert "Name it .jsonl or .csv, or give --form." in capsys.readouterr().err
    assert not (tmp_path / "votes.txt").exists()
