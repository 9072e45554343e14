"""Clips that are there, brought into a run: nothing is paid, guessed, replaced or lost."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import av
import pytest

from rushes.benchmarks import importer
from rushes.benchmarks.clips import Clip, clips_of
from rushes.benchmarks.findings import findings
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.importer import Import
from rushes.benchmarks.manifest import read_manifest
from rushes.benchmarks.pairs import speed
from rushes.benchmarks.runner import begin
from rushes.benchmarks.scoring import lacking, score
from rushes.benchmarks.settings import RunSettings
from rushes.benchmarks.standings import Standings
from rushes.benchmarks.suite import Cell, Suite, load_suite
from rushes.benchmarks.table import table_of
from rushes.config import load_config
from rushes.errors import BadConfig, BadInput
from tests.benchmarks.conftest import DAY, NOW, SORA, make_info, make_result, make_suite

CONFIG = load_config()
HEAD = "file,model,prompt"


@pytest.fixture
def clips(tmp_path: Path, tiny: Path, other: Path) -> Path:
    """A folder with two clips, a.mp4 and b.mp4."""
    folder = tmp_path / "clips of mine"
    folder.mkdir()
    shutil.copy(tiny, folder / "a.mp4")
    shutil.copy(other, folder / "b.mp4")
    return folder


def manifest(clips: Path, *lines: str, head: str = HEAD) -> Path:
    path = clips / "manifest.csv"
    path.write_text("\n".join([head, *lines, ""]))
    return path


def look(
    home: Path, clips: Path, *lines: str, head: str = HEAD, suite: Suite | None = None, name: str = "run"
) -> Import:
    """What would be brought into the run, of these lines of a manifest."""
    document, entries = read_manifest(manifest(clips, *lines, head=head))
    return importer.survey(
        Folder(home, name), clips, document, entries, suite, CONFIG, day=DAY, now=NOW, command=["rushes"]
    )


def bring(home: Path, clips: Path, *lines: str, name: str = "run", **how: Any) -> int:
    """How many clips are new in the run."""
    folder = Folder(home, name)
    with folder.alone():
        return importer.bring(folder, look(home, clips, *lines, name=name, **how)).new


def measure(home: Path) -> list[Clip]:
    folder = Folder(home, "run")
    score(folder, lacking(folder, folder.known()))
    return clips_of(folder.known(), [*folder.results().values()], folder.measures())


def labels(home: Path) -> list[str]:
    return [*Folder(home, "run").results()]


# --- a suite of its own -----------------------------------------------------------------------------------------------


def test_clips_of_no_suite_make_one_of_their_own_prompts(home: Path, clips: Path) -> None:
    head = f"{HEAD},category"
    new = bring(home, clips, "a.mp4,ours,A ball rolls,physics", "b.mp4,theirs,A  ball rolls,", head=head)

    info = Folder(home, "run").known()
    [prompt] = info.suite.prompts
    assert new == 2
    assert (prompt.id, prompt.text, prompt.category) == ("a-ball-rolls", "A ball rolls", "physics")
    assert (info.suite.id, info.suite.title) == ("run", "Clips from clips of mine")
    assert info.suite.models == {"ours": None, "theirs": None}
    assert info.suite.cells == {"imported": Cell()}
    assert labels(home) == ["imported/a-ball-rolls/ours/1", "imported/a-ball-rolls/theirs/1"]


def test_prompts_that_begin_alike_get_ids_of_their_own(home: Path, clips: Path) -> None:
    lines = ["a.mp4,ours,One two three four five six", "b.mp4,ours,One two three four five seven", "b.mp4,ours,🦊"]
    bring(home, clips, *lines)

    ids = [prompt.id for prompt in Folder(home, "run").known().suite.prompts]
    assert ids == ["one-two-three-four-five", "one-two-three-four-five-2", "prompt"]


def test_a_text_that_looks_like_anothers_id_stays_itself(home: Path, clips: Path) -> None:
    bring(home, clips, "a.mp4,ours,A ball", "b.mp4,ours,a-ball")

    assert labels(home) == ["imported/a-ball/ours/1", "imported/a-ball-2/ours/1"]


def test_the_clips_are_copies_under_readable_names(home: Path, clips: Path) -> None:
    bring(home, clips, "a.mp4,ours,A ball", "b.mp4,ours,A ball")

    [one, two] = sorted((home / "runs" / "run" / "clips").iterdir())
    assert (one.name, two.name) == ("ours-imported-a-ball-2.mp4", "ours-imported-a-ball.mp4")
    assert two.read_bytes() == (clips / "a.mp4").read_bytes()
    (clips / "a.mp4").unlink()
    assert two.exists()
    assert not two.samefile(clips / "b.mp4")


def test_everything_that_the_manifest_says_is_kept_and_nothing_else_is_known(home: Path, clips: Path) -> None:
    head = f"{HEAD},cell,sample,endpoint,seconds,cost,date,settings.seconds,settings.size,settings.audio"
    full = "a.mp4,ours,A ball,short,3,openai/sora-2,61.5,0.40,2026-08-01T10:00,1,64x36,true"

    bring(home, clips, full, "b.mp4,theirs,A ball,short,,,,,,,,", head=head)

    one, two = Folder(home, "run").results().values()
    assert (one.label, one.source, one.endpoint, one.sample) == ("short/a-ball/ours/3", "imported", "openai/sora-2", 3)
    assert (one.timing, one.usd, one.usd_how) == ({"total": 61.5}, Decimal("0.40"), "imported")
    assert one.at == datetime(2026, 8, 1, 10, tzinfo=UTC)
    assert one.sent == {"seconds": 1, "resolution": None, "size": {"width": 64, "height": 36}, "audio": True}
    assert one.delivered is not None
    assert (one.delivered["width"], one.delivered["audio_codec"]) == (64, "aac")
    assert (two.endpoint, two.at, two.usd, two.usd_how, two.timing) == (None, None, None, "unknown", {})
    assert (two.block, two.job, two.waited_seconds, two.seconds_to_file) == (None, None, None, None)


# --- a suite that is given --------------------------------------------------------------------------------------------

GIVEN = make_suite("A ball, rolling", "A storm", models=SORA)


def test_clips_of_a_suite_name_its_prompts_by_id_or_by_text(home: Path, clips: Path) -> None:
    bring(home, clips, "a.mp4,ours,p2", 'b.mp4,ours,"A  ball, rolling"', suite=GIVEN)

    info = Folder(home, "run").known()
    assert labels(home) == ["short/p2/ours/1", "short/p1/ours/1"]
    assert (info.suite.id, info.suite.version) == ("small", 1)
    assert info.suite.models == {"ours": None}  # nothing of it is made here
    assert info.suite.cells["short"].seconds == {}
    assert [result.sent["audio"] for result in Folder(home, "run").results().values()] == [True, True]


def test_the_same_command_again_changes_nothing(home: Path, clips: Path) -> None:
    lines = ["a.mp4,ours,p1", "b.mp4,ours,p1", "a.mp4,theirs,p2"]
    bring(home, clips, *lines, suite=GIVEN)
    folder = Folder(home, "run")
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}

    assert bring(home, clips, *lines, suite=GIVEN) == 0
    assert bring(home, clips, *lines) == 0

    assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("how", ["own", "without cells"])
def test_so_does_a_list_of_its_own_and_a_suite_without_cells(how: str, home: Path, clips: Path) -> None:
    suite = None if how == "own" else make_suite("A ball", models={}, cells={})
    bring(home, clips, "a.mp4,ours,A ball", suite=suite)

    assert bring(home, clips, "a.mp4,ours,A ball", suite=suite) == 0
    assert bring(home, clips, "a.mp4,ours,A ball", "b.mp4,theirs,A ball", suite=suite) == 1


FULL = f"{HEAD},cell,endpoint,seconds,cost,date,settings.seconds,settings.size,settings.aspect_ratio,settings.audio"
LINE = "a.mp4,ours,A ball,short,openai/sora-2,61.5,0.40,2026-08-01T10:00,1,64x36,16:9,true"


def again(home: Path, clips: Path, *lines: str) -> importer.Brought:
    folder = Folder(home, "run")
    with folder.alone():
        return importer.bring(folder, look(home, clips, *lines, head=FULL))


def test_the_same_line_again_corrects_nothing_whatever_it_says(home: Path, clips: Path) -> None:
    assert again(home, clips, LINE) == importer.Brought(1, {})

    assert again(home, clips, LINE) == importer.Brought(0, {})
    assert len((home / "runs/run/takes.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("61.5", "70", "seconds 61.5 → 70"),
        ("0.40", "0.80", "cost $0.40 → $0.80"),
        ("0.40", "", "cost $0.40 → n/a"),
        ("openai/sora-2", "", "endpoint openai/sora-2 → n/a"),
        ("2026-08-01T10:00", "2026-08-02", "date 2026-08-01T10:00:00+00:00 → 2026-08-02T12:00:00+00:00"),
        ("10:00,1,", "10:00,2,", "settings.seconds 1 → 2"),
        ("64x36", "", "settings.size 64x36 → n/a"),
        ("16:9", "9:16", "settings.aspect_ratio 16:9 → 9:16"),
        (",true", ",false", "settings.audio True → False"),
    ],
)
def test_a_corrected_line_corrects_what_is_known_of_a_clip_and_says_so(
    old: str, new: str, said: str, home: Path, clips: Path
) -> None:
    again(home, clips, LINE)
    [before] = Folder(home, "run").results().values()
    assert old in LINE

    brought = again(home, clips, LINE.replace(old, new))

    assert brought == importer.Brought(0, {"short/a-ball/ours/1": said})
    [after] = Folder(home, "run").results().values()
    assert after != before
    assert {name for name, value in before if getattr(after, name) != value} <= {*importer.TOLD}
    # And what was so before is so again.
    again(home, clips, LINE)
    assert [*Folder(home, "run").results().values()] == [before]


def test_a_clip_that_the_run_made_itself_is_not_told_anew_by_a_manifest(home: Path, clips: Path) -> None:
    again(home, clips, LINE)
    folder = Folder(home, "run")
    [result] = folder.results().values()
    fresh = result.model_copy(update={"source": "fresh"})
    folder.add(fresh)

    assert again(home, clips, LINE.replace("61.5", "1")) == importer.Brought(0, {})
    assert [*folder.results().values()] == [fresh]


def test_the_order_of_the_lines_is_nothing_to_the_samples(home: Path, clips: Path) -> None:
    bring(home, clips, "a.mp4,ours,p1", "b.mp4,ours,p1", suite=GIVEN)

    assert bring(home, clips, "b.mp4,ours,p1", "a.mp4,ours,p1") == 0


def test_another_clip_of_the_same_is_the_next_sample(home: Path, clips: Path) -> None:
    bring(home, clips, "a.mp4,ours,p1", suite=GIVEN)

    assert bring(home, clips, "b.mp4,ours,p1") == 1
    assert labels(home) == ["short/p1/ours/1", "short/p1/ours/2"]


def test_another_clip_under_a_label_that_is_taken_is_refused(home: Path, clips: Path) -> None:
    head = f"{HEAD},sample"
    bring(home, clips, "a.mp4,ours,p1,1", suite=GIVEN, head=head)

    with pytest.raises(BadInput, match=r"manifest\.csv:2: the run 'run' holds another clip as short/p1/ours/1"):
        look(home, clips, "b.mp4,ours,p1,1", head=head)
    with pytest.raises(BadInput, match=r"manifest\.csv:3: an earlier line holds another clip as short/p1/ours/7"):
        look(home, clips, "a.mp4,ours,p1,7", "b.mp4,ours,p1,7", head=head)


def test_a_suites_pictures_come_along_and_are_measured_against(
    home: Path, clips: Path, tmp_path: Path, tiny: Path
) -> None:
    picture = tmp_path / "boat.png"
    with av.open(str(tiny)) as film:
        next(film.decode(video=0)).to_image().save(picture)
    words = make_suite("A boat", models={}, cells={})
    suite = words.model_copy(update={"prompts": (words.prompts[0].model_copy(update={"image": picture}),)})

    bring(home, clips, "a.mp4,ours,p1", suite=suite)
    picture.rename(tmp_path / "ship.png")

    [clip] = measure(home)
    assert clip.measured is not None
    assert (clip.measured.number("image_match") or 0) > 0.9


# --- a run that is there ----------------------------------------------------------------------------------------------


@pytest.fixture
def made(home: Path) -> Folder:
    """A run of GIVEN with one clip of its own."""
    folder = Folder(home, "run")
    with folder.alone():
        folder.save(make_info(GIVEN, simulated=False))
        folder.add(make_result(simulated=False))
    return folder


def test_clips_join_a_run_that_was_made_and_leave_it_as_it_was(made: Folder, home: Path, clips: Path) -> None:
    before = made.results()

    bring(home, clips, "a.mp4,ours,p1")

    info = made.known()
    assert info.suite.models == {**SORA, "ours": None}
    assert info.suite.cells == GIVEN.cells
    assert before.items() < made.results().items()
    again = begin(made, GIVEN, RunSettings(), simulated=False, day=DAY, now=NOW, command=[])
    assert again.suite == info.suite  # and it can be gone on with


def test_the_imported_ones_may_not_hide_behind_a_model_that_is_made(made: Folder, home: Path, clips: Path) -> None:
    with pytest.raises(BadConfig, match=r"'sora-2' is made by openai/sora-2 in this run; give the imported ones"):
        look(home, clips, "a.mp4,sora-2,p1")


def test_clips_of_the_very_endpoint_join_its_model(made: Folder, home: Path, clips: Path) -> None:
    bring(home, clips, "a.mp4,sora-2,p1,openai/sora-2", head=f"{HEAD},endpoint")

    assert [*made.results()] == ["short/p1/sora-2/1", "short/p1/sora-2/2"]


def test_real_clips_never_stand_in_a_simulated_run(home: Path, clips: Path) -> None:
    folder = Folder(home, "run")
    with folder.alone():
        folder.save(make_info(GIVEN, simulated=True))
        folder.add(make_result())

    with pytest.raises(BadInput, match=r"the run 'run' is simulated, and these clips are real: a\.mp4"):
        look(home, clips, "a.mp4,ours,p1")


def test_another_suite_than_the_runs_is_refused(made: Folder, home: Path, clips: Path) -> None:
    with pytest.raises(BadInput, match="the run 'run' is of another suite: small version 1"):
        look(home, clips, "a.mp4,ours,p1", suite=GIVEN.model_copy(update={"version": 2}))
    assert look(home, clips, "a.mp4,ours,p1", suite=GIVEN).clips


def test_a_run_of_imported_clips_is_not_of_another_suite_that_is_called_alike(home: Path, clips: Path) -> None:
    bring(home, clips, "a.mp4,ours,p1", suite=GIVEN)

    with pytest.raises(BadInput, match="is of another suite"):
        look(home, clips, "a.mp4,ours,p1", suite=make_suite("Another", models=SORA))


# --- what is wrong ----------------------------------------------------------------------------------------------------

TWO_CELLS = GIVEN.model_copy(
    update={
        "cells": {
            "short": Cell(seconds={"sora-2": 4}, prompts=("p1",)),
            "long": Cell(seconds={"sora-2": 12}),
        }
    }
)
WRONG = {
    "a prompt that there is not": ("a.mp4,ours,p3,short,,", "there is no prompt 'p3'; did you mean"),
    "a text that is no prompt's": ("a.mp4,ours,A cube,short,,", "there is no prompt 'A cube'"),
    "a cell that there is not": ("a.mp4,ours,p1,shorts,,", "there is no cell 'shorts'; did you mean 'short'"),
    "no cell of several": ("a.mp4,ours,p1,,,", "say which cell it belongs to: short, long"),
    "a prompt of another cell": (
        "a.mp4,ours,p2,short,,",
        "the cell 'short' does not hold the prompt 'p2'; it holds: p1",
    ),
    "an endpoint that there is not": ("a.mp4,ours,p1,short,openai/sora-3,", "did you mean 'openai/sora-2'"),
    "another category": ("a.mp4,ours,p1,short,,physics", "the prompt 'p1' is of the category 'any'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_names_nothing_that_is_there_is_told_by_line(what: str, home: Path, clips: Path) -> None:
    line, said = WRONG[what]

    with pytest.raises(BadConfig, match=r"manifest\.csv:2: ") as raised:
        look(home, clips, line, head=f"{HEAD},cell,endpoint,category", suite=TWO_CELLS)

    assert said in raised.value.message
    assert not (home / "runs").exists()


def test_every_wrong_line_is_told_at_once(home: Path, clips: Path) -> None:
    with pytest.raises(BadConfig) as raised:
        look(home, clips, "a.mp4,ours,p3", "a.mp4,ours,p1", "b.mp4,ours,p4", suite=GIVEN)

    assert [line.split(":")[1] for line in raised.value.message.splitlines()] == ["2", "4"]


def test_a_long_prompt_is_cut_in_the_complaint(home: Path, clips: Path) -> None:
    with pytest.raises(BadConfig) as raised:
        look(home, clips, f"a.mp4,ours,{'word ' * 100}", suite=GIVEN)

    assert len(raised.value.message) < 300


def test_two_categories_of_one_prompt_are_refused(home: Path, clips: Path) -> None:
    with pytest.raises(BadConfig, match=r"manifest\.csv:3: the prompt 'a-ball' is of the category 'physics'"):
        look(home, clips, "a.mp4,ours,A ball,physics", "b.mp4,ours,A ball,sound", head=f"{HEAD},category")


def test_files_that_are_missing_or_no_files_are_all_listed(home: Path, clips: Path) -> None:
    (clips / "folder.mp4").mkdir()

    found = look(home, clips, "gone.mp4,ours,A ball", "a.mp4,ours,A ball", "folder.mp4,ours,A ball")

    assert len(found.clips) == 1
    assert [line.removeprefix(str(clips)).split(":")[1] for line in found.bad] == ["2", "4"]
    assert "gone.mp4: No such file" in found.bad[0]
    assert "folder.mp4: Is a directory" in found.bad[1]


# --- clips that are of no use -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda whole: b"", "the file is empty"),
        (lambda whole: whole[: len(whole) // 2], "opened|cut short|picture|frame"),
        (lambda whole: b"<html>not a film</html>" * 50, "opened"),
    ],
)
def test_a_file_that_is_no_film_comes_in_and_fails_the_gate_with_its_reason(
    content: Any, said: str, home: Path, clips: Path
) -> None:
    (clips / "a.mp4").write_bytes(content((clips / "a.mp4").read_bytes()))

    bring(home, clips, "a.mp4,ours,A ball", "b.mp4,ours,A ball")

    bad, good = measure(home)
    assert (bad.outcome, good.outcome) == ("unusable", "usable")
    assert bad.result.delivered is None
    [reason] = bad.reasons
    assert any(word in reason for word in said.split("|")), reason
    row = table_of(Folder(home, "run")).shown()[0]
    assert row["usable"].startswith("1 of 2 [")


def test_a_clip_that_is_not_what_was_ordered_is_unusable(home: Path, clips: Path) -> None:
    head = f"{HEAD},settings.seconds,settings.size"

    bring(home, clips, "a.mp4,ours,A ball,4,1280x720", "b.mp4,ours,A ball,1,64x36", head=head)

    bad, good = measure(home)
    assert bad.reasons == ("1 s long, not 4 s", "64x36, not 1280x720")
    assert good.usable


def test_a_simulators_clips_are_recognised_by_their_tags(home: Path, clips: Path) -> None:
    with av.open(str(clips / "a.mp4")) as film, av.open(str(clips / "tagged.mp4"), "w") as tagged:
        tagged.metadata["comment"] = "SIMULATED by hand"
        streams = {stream.index: tagged.add_stream_from_template(stream) for stream in film.streams}
        for packet in film.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]  # type: ignore[assignment]
                tagged.mux(packet)

    bring(home, clips, "tagged.mp4,ours,A ball", "b.mp4,theirs,A ball")

    assert [result.simulated for result in Folder(home, "run").results().values()] == [True, False]
    made = table_of(Folder(home, "run"))
    assert made.simulated
    assert "SIMULATED" in made.title


# --- what it can be used for ------------------------------------------------------------------------------------------


def test_one_file_under_two_names_is_a_null_control(home: Path, clips: Path) -> None:
    """Eight prompts, the same file and the same seconds for both names: nothing may be told apart."""
    lines: Sequence[str] = [
        f"a.mp4,{model},Ball number {number},{60 + number}" for number in range(8) for model in ("one", "two")
    ]
    bring(home, clips, *lines, head=f"{HEAD},seconds")
    folder = Folder(home, "run")

    found = clips_of(folder.known(), [*folder.results().values()], {})

    [pair], _ = speed(folder.known(), found)
    assert (pair["verdict"], pair["ratio"], pair["prompts"]) == ("equivalent", 1, 8)


def test_only_clips_with_endpoint_and_day_are_evidence(home: Path, clips: Path) -> None:
    head = f"{HEAD},endpoint,date,seconds"
    bring(
        home,
        clips,
        "a.mp4,ours,A ball,openai/sora-2,2026-08-01,60",
        "b.mp4,theirs,A ball,,2026-08-01,60",
        "b.mp4,hers,A ball,openai/sora-2-pro,,60",
        head=head,
    )
    folder = Folder(home, "run")

    rows = findings(
        folder.known(), clips_of(folder.known(), [*folder.results().values()], {}), Standings((), (), (), ())
    )

    assert {(row.endpoint, row.metric, row.source, row.simulated) for row in rows} == {
        ("openai/sora-2", "log_seconds", "imported", False)
    }


def test_a_shipped_suite_takes_clips_of_models_nobody_has_heard_of(home: Path, clips: Path) -> None:
    suite = load_suite("mini", CONFIG)
    [cell, *_] = suite.cells

    bring(home, clips, f"a.mp4,house-model,i2v-boat,{cell}", suite=suite, head=f"{HEAD},cell")

    assert labels(home) == [f"{cell}/i2v-boat/house-model/1"]
    assert (home / "runs" / "run" / "images" / "i2v-boat.png").exists()
