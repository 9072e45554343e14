"""What a judge looks at: what people are shown, unless somebody wants the clips themselves."""

from __future__ import annotations

import io
import os
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from rushes.benchmarks import copying
from rushes.benchmarks.copying import Small, copy
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.judging import keys
from rushes.benchmarks.judging.keys import Keys
from rushes.benchmarks.judging.pairs import Pair, Take
from rushes.benchmarks.judging.records import WORK, records
from rushes.errors import DiskFull, SetupError
from tests.benchmarks.golden import golden
from tests.benchmarks.judging import Script, entry, lines, make_folder, pairs, says, start, votes


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return make_folder(tmp_path)


@pytest.fixture
def unlike(tmp_path: Path) -> Folder:
    """A pair of another shape, size and rate each: 160x90 at 24 and 96x96 at 12 frames a second."""
    folder = make_folder(tmp_path)
    for model, how in {"sora-2": (160, 90, 24), "wan-2.5": (96, 96, 12)}.items():
        width, height, fps = how
        path = folder.path / f"clips/{model}-p1-1.mp4"
        made = golden(seconds=1.0, width=width, height=height, fps=fps).write(tmp_path / f"{model}.mp4")
        path.write_bytes(made.read_bytes())
        result = folder.results()[f"short/p1/{model}/1"]
        folder.add(result.model_copy(update={"sha256": sha256(path.read_bytes()).hexdigest()}))
    return folder


async def judged(folder: Folder, script: Script, **more: Any) -> Any:
    async with start(folder, script, **more) as (judging, _):
        return await judging.judge_all(pairs(folder))


def shown(body: Any) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The sizes of the pictures on the left and on the right."""
    sides: list[list[tuple[int, int]]] = [[], []]
    side = -1
    for part in body["messages"][0]["content"]:
        if part["type"] == "text":
            side += part["text"].startswith(("LEFT", "RIGHT"))
        else:
            picture = b64decode(part["image_url"]["url"].partition(",")[2])
            sides[side].append(Image.open(io.BytesIO(picture)).size)
    return sides[0], sides[1]


# --- what it is shown -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "sizes"), [(False, {(128, 72), (128, 128)}), (True, {(128, 72), (96, 96)})], ids=["copies", "raw"]
)
async def test_a_judge_sees_the_canvas_that_people_see_and_the_files_own_size_only_when_asked(
    unlike: Folder, raw: bool, sizes: set[tuple[int, int]]
) -> None:
    script = Script(says("tie"))

    await judged(unlike, script, judge=entry(side=128), raw=raw)

    left, right = shown(script.bodies[0])
    assert (len(left), len(right)) == (4, 4)
    assert {*left, *right} == sizes
    assert [vote.raw for vote in votes(unlike)] == [raw]


async def test_nothing_but_the_rates_of_copies_tells_a_slow_clip_from_a_fast_one(unlike: Folder) -> None:
    script = Script(says("tie"))

    await judged(unlike, script, judge=entry(fps=24), raw=False)

    left, right = shown(script.bodies[0])
    assert (len(left), len(right)) == (24, 24)

    await judged(unlike, as_it_is := Script(says("tie")), judge=entry(fps=24), raw=True)

    assert sorted(map(len, shown(as_it_is.bodies[0]))) == [12, 24]


def test_a_small_copy_shows_the_frames_of_the_whole_one(tmp_path: Path) -> None:
    clip = golden(seconds=2.0).write(tmp_path / "clip.mp4")

    copy(clip, tmp_path / "whole.mp4")
    copy(clip, tmp_path / "some.mp4", small=Small(320, 4))
    copy(clip, tmp_path / "all.mp4", small=Small(320))

    whole, some, every = (pictures(tmp_path / f"{name}.mp4") for name in ("whole", "some", "all"))
    assert (len(whole), len(some), len(every)) == (48, 8, 48)
    assert {each.size for each in (*some, *every)} == {(320, 180)}
    for number, picture in enumerate(some):
        assert apart(picture, whole[6 * number].resize((320, 180))) < 4
    assert [stream.type for stream in av.open(str(tmp_path / "some.mp4")).streams] == ["video"]


@pytest.mark.parametrize(("width", "height", "size"), [(90, 160, (72, 128)), (100, 96, (128, 128))])
def test_a_small_copy_keeps_the_canvas_of_its_shape(
    width: int, height: int, size: tuple[int, int], tmp_path: Path
) -> None:
    clip = golden(seconds=0.5, width=width, height=height).write(tmp_path / "clip.mp4")

    copy(clip, tmp_path / "small.mp4", small=Small(128, 4))

    assert {each.size for each in pictures(tmp_path / "small.mp4")} == {size}


def test_a_judge_that_hears_hears_what_people_hear(tmp_path: Path) -> None:
    clip = golden(seconds=2.0).write(tmp_path / "clip.mp4")

    whole, small = copy(clip, tmp_path / "whole.mp4"), copy(clip, tmp_path / "small.mp4", small=Small(128))

    assert whole is not None
    assert whole == small


def pictures(path: Path) -> list[Image.Image]:
    with av.open(str(path)) as film:
        return [frame.to_image() for frame in film.decode(video=0)]


def apart(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, of 255."""
    import numpy as np

    return float(np.abs(np.asarray(one, dtype=float) - np.asarray(other, dtype=float)).mean())


# --- what is known by what it was -------------------------------------------------------------------------------------


async def test_answers_on_the_clips_themselves_are_none_on_copies_nor_the_other_way_round(folder: Folder) -> None:
    await judged(folder, Script(says("left"), says("right")), raw=True)
    before = lines(folder)
    script = Script(says("right"), says("left"))

    await judged(folder, script, raw=False)

    assert len(script.asked) == 2
    assert [(vote.raw, vote.choice) for vote in votes(folder)] == [(True, "left"), (False, "right")]
    asked = [line["copies"] for line in lines(folder) if line["type"] == "asking"]
    assert asked == [None, None, copying.RECIPE, copying.RECIPE]
    assert lines(folder)[: len(before)] == before


@pytest.mark.parametrize("raw", [False, True], ids=["copies", "raw"])
async def test_a_second_start_asks_nothing_though_its_copies_are_made_again(folder: Folder, raw: bool) -> None:
    await judged(folder, Script(says("left"), says("right")), raw=raw)
    script = Script(AssertionError("nobody may ask"))

    summary = await judged(folder, script, raw=raw)

    assert (script.asked, summary.there) == ([], 1)


def test_copies_of_another_recipe_are_another_question_and_the_clips_themselves_are_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = [Keys(entry(), "eye", raw=raw).of(PAIR) for raw in (False, True)]
    monkeypatch.setattr(keys, "RECIPE", copying.RECIPE + 1)

    after = [Keys(entry(), "eye", raw=raw).of(PAIR) for raw in (False, True)]

    assert after[0] != before[0]
    assert after[1] == before[1]


def test_what_was_answered_before_judges_saw_copies_is_still_known_as_on_the_clips_themselves() -> None:
    # As rushes wrote it then.
    assert Keys(entry(), "eye", raw=True).one(PAIR, PAIR.left, PAIR.right) == (
        "17babbd18dae057fe638ab36e88aa766",
        "a" * 64,
        "b" * 64,
    )
    assert Keys(entry(), "eye", raw=True).vote(PAIR) == "judge-a5024bf3028aad6f1584b215"


PAIR = Pair(
    cell="short",
    prompt="p1",
    text="a boat",
    pool="sound",
    left=Take("short/p1/sora-2/1", "sora-2", "OpenAI", "a" * 64, Path("one.mp4"), 4.0),
    right=Take("short/p1/wan-2.5/1", "wan-2.5", "Alibaba", "b" * 64, Path("two.mp4"), 5.0),
)


# --- what goes wrong --------------------------------------------------------------------------------------------------


async def test_a_clip_that_breaks_off_is_not_shown_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(tmp_path, prompts=2)
    broken = folder.path / "clips/sora-2-p1-1.mp4"
    broken.write_bytes(broken.read_bytes()[:100])
    result = folder.results()["short/p1/sora-2/1"]
    folder.add(result.model_copy(update={"sha256": sha256(broken.read_bytes()).hexdigest()}))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    script = Script(says("tie"))

    summary = await judged(folder, script, raw=False)

    assert (summary.votes, summary.unanswered, len(script.asked), summary.stopped) == (1, 1, 2, None)
    assert "cannot be decoded" in summary.broken[0]
    assert {path.name for path in folder.path.iterdir()} >= {"clips", "judge.jsonl"}
    assert not (folder.path / "copies").exists()
    assert not (folder.path / WORK).exists()


async def test_what_a_judge_that_was_killed_left_is_gone_at_the_next_start(folder: Folder) -> None:
    left = folder.path / WORK / "tmp1" / "shown.mp4"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"a film")

    with records(folder):
        assert not left.parent.parent.exists()


async def test_without_a_place_for_copies_it_stops_and_says_so(folder: Folder) -> None:
    async with start(folder, script := Script(says("tie")), raw=False) as (judging, _):
        (folder.path / WORK).write_text("no folder")
        summary = await judging.judge_all(pairs(folder))
        (folder.path / WORK).unlink()

    assert (type(summary.stopped), script.asked) == (SetupError, [])
    assert f"{folder.path / WORK}: no place for the copies" in summary.stopped.message
    assert "the same command goes on" in summary.stopped.hint


@pytest.mark.parametrize("number", sorted(copying.NO_ROOM))
async def test_a_full_disk_stops_it_and_says_so(folder: Folder, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> str:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("rushes.benchmarks.judging.ready.mkdtemp", full)

    summary = await judged(folder, script := Script(says("tie")), raw=False)

    assert (type(summary.stopped), script.asked) == (DiskFull, [])
    assert os.strerror(number) in summary.stopped.message
    assert summary.stopped.hint == "Make room; the same command goes on."
