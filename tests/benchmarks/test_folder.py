"""A run's folder: it reads what it wrote, refuses what another form wrote, and holds all that it needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rushes.benchmarks.appending import append
from rushes.benchmarks.folder import Folder, check_out, link_or_copy, names
from rushes.benchmarks.measured import Measured
from rushes.benchmarks.result import Result
from rushes.benchmarks.suite import Suite
from rushes.errors import BadInput, DiskFull, SetupError
from tests.benchmarks.conftest import failed, make_info, make_result, make_suite, measured, no_room

SUITE = make_suite("a ball", "a storm")


@pytest.fixture
def folder(home: Path) -> Folder:
    """The folder of a run that has begun."""
    folder = Folder(home, "run")
    with folder.alone():
        folder.save(make_info(SUITE))
    return folder


def with_image(path: Path, content: bytes = b"a picture") -> Suite:
    """The suite whose first prompt starts from a picture at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    first, *rest = SUITE.prompts
    return SUITE.model_copy(update={"prompts": (first.model_copy(update={"image": path}), *rest)})


# --- reading and writing ----------------------------------------------------------------------------------------------


def test_what_is_written_is_read_again(folder: Folder) -> None:
    results = [make_result(prompt="p1"), failed(prompt="p2")]
    for result in results:
        folder.add(result)
    folder.add(measured(results[0], black=0.25, loudness=-20.0))

    assert folder.info() == make_info(SUITE)
    assert [*folder.results().values()] == results
    assert folder.measures() == {results[0].label: measured(results[0], black=0.25, loudness=-20.0)}


def test_of_several_lines_for_one_label_the_last_counts(folder: Folder) -> None:
    folder.add(failed(status="overdue"))
    folder.add(make_result())

    assert [result.status for result in folder.results().values()] == ["delivered"]


@pytest.mark.parametrize("name", ["takes.jsonl", "measures.jsonl"])
def test_half_a_line_is_dropped_when_the_run_goes_on(folder: Folder, name: str) -> None:
    line: Result | Measured = make_result() if name == "takes.jsonl" else measured(make_result())
    folder.add(line)
    path = folder.path / name
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])

    with folder.alone():
        pass

    assert path.read_bytes() == whole


@pytest.mark.parametrize("name", ["takes.jsonl", "measures.jsonl"])
def test_a_line_for_which_there_is_no_room_leaves_the_file_as_it_was(folder: Folder, name: str) -> None:
    line: Result | Measured = make_result() if name == "takes.jsonl" else measured(make_result())
    folder.add(line)
    path = folder.path / name
    whole = path.read_bytes()

    with no_room(len(whole) + 40), pytest.raises(DiskFull, match=f"{name}: cannot be written") as error:
        folder.add(line)

    assert "nothing is paid twice" in (error.value.hint or "")
    assert path.read_bytes() == whole
    folder.add(line)
    assert path.read_bytes() == whole + whole


def test_a_line_after_a_part_of_another_is_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\nhal")

    append(path, b"two")

    assert path.read_bytes() == b"one\nhal\ntwo\n"


def test_a_file_of_half_a_line_only_becomes_empty(folder: Folder) -> None:
    (folder.path / "takes.jsonl").write_text('{"format": 2, "source"')

    with folder.alone():
        assert folder.results() == {}


def test_a_run_that_is_not_there_is_answered_with_those_that_are(folder: Folder, home: Path) -> None:
    with pytest.raises(SetupError, match="there is no run 'rum'") as raised:
        Folder(home, "rum").known()

    assert raised.value.hint == "There are: run."
    assert names(home / "runs") == ["run"]


def test_where_there_is_no_run_at_all_it_says_how_to_make_one(home: Path) -> None:
    with pytest.raises(SetupError) as raised:
        Folder(home, "run").known()

    assert "rushes bench run" in (raised.value.hint or "")


# --- other forms ------------------------------------------------------------------------------------------------------


def test_the_run_of_another_version_is_refused_and_says_how_its_clips_come_over(folder: Folder) -> None:
    path = folder.path / "run.json"
    path.write_text(json.dumps({"format": 1, "name": "run", "seed": 0}))

    with pytest.raises(
        BadInput, match=r"run\.json: written by another version of rushes \(form 1; this one reads form 2\)"
    ) as raised:
        folder.info()

    assert "rushes bench import" in (raised.value.hint or "")


@pytest.mark.parametrize(("name", "form"), [("takes.jsonl", 1), ("takes.jsonl", 3), ("measures.jsonl", 2)])
def test_a_line_of_another_version_is_refused_by_its_number(folder: Folder, name: str, form: int) -> None:
    line = make_result() if name == "takes.jsonl" else measured(make_result())
    other = json.loads(line.model_dump_json()) | {"format": form}
    (folder.path / name).write_text(line.model_dump_json() + "\n" + json.dumps(other) + "\n")

    with pytest.raises(BadInput, match=rf"{name}:2: written by another version of rushes \(form {form};"):
        folder.results() if name == "takes.jsonl" else folder.measures()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "Invalid JSON"),
        ("[]", "should be an object"),
        ("", "Invalid JSON"),
        ('{"format": 2}', "name: Field required"),
    ],
)
def test_a_run_file_that_nobody_can_have_meant_is_refused_by_its_place(folder: Folder, content: str, said: str) -> None:
    (folder.path / "run.json").write_text(content)

    with pytest.raises(BadInput, match=r"run\.json: cannot be read: ") as raised:
        folder.info()

    assert said in raised.value.message


def test_a_line_that_nobody_can_have_meant_is_refused_by_its_number(folder: Folder) -> None:
    wrong = make_result().model_dump(mode="json") | {"status": "usable"}
    (folder.path / "takes.jsonl").write_text(json.dumps(wrong) + "\n")

    with pytest.raises(BadInput, match=r"takes\.jsonl:1: cannot be read: status: "):
        folder.results()


# --- names and places -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../run", "a/b", "", ".hidden", "a b", "x" * 101, "..", "ü"])
def test_a_name_that_would_leave_the_folder_of_runs_is_refused(home: Path, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be the name of a run"):
        Folder(home, name)


def test_two_processes_cannot_make_the_same_run(home: Path) -> None:
    with (
        Folder(home, "run").alone(),
        pytest.raises(SetupError, match="being made by another process"),
        Folder(home, "run").alone(),
    ):
        pytest.fail("the run was opened twice")


def test_two_runs_can_be_made_at_once(home: Path) -> None:
    with Folder(home, "one").alone(), Folder(home, "two").alone():
        assert not (home / "runs" / "one").exists()


def test_a_home_that_is_no_folder_is_told_and_not_a_bug(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a letter")

    with pytest.raises(SetupError, match="cannot be used"), Folder(tmp_path / "home", "run").alone():
        pytest.fail("there is no such folder")


# --- images -----------------------------------------------------------------------------------------------------------


def test_the_pictures_of_a_suite_come_into_the_runs_folder(folder: Folder, tmp_path: Path) -> None:
    suite = with_image(tmp_path / "suites" / "boat.png")

    kept = folder.keep_images(suite)

    assert kept.prompts[0].image == Path("images/p1.png")
    assert (folder.path / "images" / "p1.png").read_bytes() == b"a picture"
    assert folder.with_images(kept).prompts[0].image == folder.path / "images" / "p1.png"
    assert kept.prompts[1].image is None


def test_a_kept_picture_stays_when_its_source_changes(folder: Folder, tmp_path: Path) -> None:
    folder.keep_images(with_image(tmp_path / "boat.png"))

    (tmp_path / "boat.png").write_bytes(b"another")

    assert (folder.path / "images" / "p1.png").read_bytes() == b"a picture"


def test_a_suite_whose_picture_moved_is_the_same_and_one_whose_picture_changed_is_not(
    folder: Folder, tmp_path: Path
) -> None:
    kept = folder.keep_images(with_image(tmp_path / "here" / "boat.png"))

    assert folder.identity(kept) == folder.identity(with_image(tmp_path / "there" / "ship.png"))
    assert folder.identity(kept) != folder.identity(with_image(tmp_path / "here" / "boat.png", b"another"))
    assert folder.identity(kept) != folder.identity(SUITE)


def test_a_picture_that_is_gone_from_the_run_is_named(folder: Folder, tmp_path: Path) -> None:
    kept = folder.keep_images(with_image(tmp_path / "boat.png"))
    (folder.path / "images" / "p1.png").unlink()

    with pytest.raises(SetupError, match=r"images/p1\.png: cannot be read: No such file"):
        folder.identity(kept)


def test_a_model_whose_clips_are_imported_makes_no_other_suite(folder: Folder) -> None:
    with_ours = SUITE.model_copy(update={"models": {**SUITE.models, "ours": None}})
    renamed = SUITE.model_copy(update={"models": {**SUITE.models, "ours": "openai/sora-2"}})

    assert folder.identity(SUITE) == folder.identity(with_ours)
    assert folder.identity(SUITE) != folder.identity(renamed)


# --- copies -----------------------------------------------------------------------------------------------------------


def test_a_clip_of_ours_is_linked_and_one_of_somebody_elses_copied(folder: Folder, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"a film")

    linked = folder.path / folder.keep(clip, "ours")
    copied = folder.path / folder.keep(clip, "theirs", link=False)

    assert linked.samefile(clip)
    assert not copied.samefile(clip)
    assert copied.read_bytes() == b"a film"
    assert folder.keep(clip, "ours") == "clips/ours.mp4"  # once more changes nothing


def test_a_copy_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "there.mp4").write_bytes(b"a film")

    with pytest.raises(FileNotFoundError):
        link_or_copy(tmp_path / "gone.mp4", tmp_path / "there.mp4", link=False)

    assert (tmp_path / "there.mp4").read_bytes() == b"a film"


def test_a_copy_of_the_run_holds_everything_and_drops_what_an_earlier_copy_held(folder: Folder, tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / f"{name}.mp4").write_bytes(name.encode())
    out = tmp_path / "out"
    folder.add(make_result(clip=folder.keep(tmp_path / "old.mp4", "one-old")))
    folder.save(make_info(folder.keep_images(with_image(tmp_path / "boat.png"))))
    folder.copy_to(out, [])
    folder.add(make_result(clip=folder.keep(tmp_path / "new.mp4", "one-new")))
    folder.add(measured(make_result()))
    (folder.path / "table.md").write_text("a table")
    (out / "mine.txt").write_text("a letter")

    folder.copy_to(out, ["table.md", "never-drawn.png"])

    files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert files == {
        *("run.json", "takes.jsonl", "measures.jsonl", "table.md", "clips/one-new.mp4", "images/p1.png", "mine.txt")
    }


def test_a_copy_never_lands_on_clips_that_are_not_a_runs(tmp_path: Path) -> None:
    (tmp_path / "mine" / "clips").mkdir(parents=True)
    (tmp_path / "letter").write_text("a letter")

    with pytest.raises(BadInput, match="no copy of a run"):
        check_out(tmp_path / "mine")
    with pytest.raises(BadInput, match="is no folder"):
        check_out(tmp_path / "letter")
    check_out(tmp_path / "new")
