"""Judging pairs: both orders, ties where they differ, and what a vote says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rushes.benchmarks.clips import clips_of
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.judging.pairs import pairs_of
from rushes.errors import BadInput
from tests.benchmarks.conftest import failed, make_info, make_result, make_suite
from tests.benchmarks.judging import (
    CARDS,
    KEY,
    Script,
    entry,
    lines,
    make_folder,
    pairs,
    says,
    shown_first,
    start,
    votes,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a run of one prompt and two models."""
    home = tmp_path_factory.mktemp("pairs")
    make_folder(home)
    return home


@pytest.fixture
def folder(shared: Path, tmp_path: Path) -> Folder:
    import shutil

    shutil.copytree(shared, tmp_path / "home")
    return Folder(tmp_path / "home", "run")


async def judged(folder: Folder, script: Script, **more: Any) -> Any:
    async with start(folder, script, **more) as (judging, _):
        return await judging.judge_all(pairs(folder))


# --- both orders ------------------------------------------------------------------------------------------------------


async def test_a_pair_is_shown_in_both_orders(folder: Folder) -> None:
    script = Script(says("tie"))

    await judged(folder, script)

    first, second = (shown_first(body) for body in script.bodies)
    assert first != second
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    ("shown", "exchanged", "choice", "flips", "wavered"),
    [
        ("left", "right", "left", 0, 0),
        ("right", "left", "right", 0, 0),
        ("tie", "tie", "tie", 0, 0),
        ("both_bad", "both_bad", "both_bad", 0, 0),
        ("left", "left", "tie", 1, 0),
        ("right", "right", "tie", 1, 0),
        ("left", "tie", "tie", 0, 1),
        ("both_bad", "left", "tie", 0, 1),
        ("tie", "both_bad", "tie", 0, 1),
    ],
)
async def test_two_answers_that_differ_are_a_tie(
    folder: Folder, shown: str, exchanged: str, choice: str, flips: int, wavered: int
) -> None:
    summary = await judged(folder, Script(says(shown), says(exchanged)))

    [vote] = votes(folder)
    assert (vote.choice, summary.flips, summary.wavered) == (choice, flips, wavered)
    assert vote.judged is not None
    assert vote.judged.shown == shown
    # In terms of the sides as they stand.
    assert vote.judged.exchanged == {"left": "right", "right": "left"}.get(exchanged, exchanged)


async def test_a_vote_says_who_was_where_and_what_the_judge_said(folder: Folder) -> None:
    [pair] = pairs(folder)

    summary = await judged(folder, Script(says("left", left=5, right=1), says("right", left=1, right=5)))

    [vote] = votes(folder)
    assert (vote.kind, vote.rater, vote.cell, vote.prompt, vote.pool) == ("judge", "test-judge", "short", "p1", "sound")
    assert (vote.left, vote.right) == (pair.left.label, pair.right.label)
    assert vote.reasons == ("motion",)
    assert vote.judged is not None
    assert (vote.judged.left["motion"], vote.judged.right["motion"]) == (5, 1)
    assert "sound" not in vote.judged.left
    assert (vote.judged.model, vote.judged.words, vote.judged.rubric) == ("judge-1-0901", "because", 1)
    # Twice 1000 tokens at $1 and 100 at $4 a million.
    assert vote.judged.usd == pytest.approx(0.0028)
    assert (summary.votes, summary.unanswered) == (1, 0)


async def test_a_tie_by_order_has_no_reason(folder: Folder) -> None:
    await judged(folder, Script(says("left")))

    assert votes(folder)[0].reasons == ()


async def test_a_liking_for_one_side_shows_in_the_summary_and_cancels_out_in_the_votes(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, prompts=3)

    summary = await judged(folder, Script(says("left")))

    assert (summary.left, summary.right, summary.flips) == (6, 0, 3)
    assert {vote.choice for vote in votes(folder)} == {"tie"}


async def test_a_judge_never_learns_who_made_what(folder: Folder) -> None:
    script = Script(says("tie"))

    await judged(folder, script)

    for request in script.asked:
        text = request.content.decode() + str(request.url)
        for name in ("sora", "wan", "openai/", "dashscope", "clips/", "short/p1", KEY):
            assert name not in text.lower()


# --- same maker -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("maker", "flagged"), [("OpenAI", True), ("Alibaba", True), ("Google", False), (None, False)])
async def test_a_judge_of_the_same_maker_as_one_of_the_two_is_flagged(
    folder: Folder, maker: str | None, flagged: bool
) -> None:
    makers = {pair.left.maker for pair in pairs(folder)} | {pair.right.maker for pair in pairs(folder)}
    assert "OpenAI" in makers

    summary = await judged(folder, Script(says("tie")), judge=entry(maker=maker if maker != "Alibaba" else wan_maker()))

    [vote] = votes(folder)
    assert vote.judged is not None
    assert vote.judged.same_maker is flagged
    assert summary.same_maker == flagged


def wan_maker() -> str:
    return CARDS["wan-2.5"].maker


# --- which pairs ------------------------------------------------------------------------------------------------------


def test_every_two_models_meet_once_for_each_prompt_and_sample(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, prompts=2, models=("sora-2", "sora-2-pro", "wan-2.5"), samples=2)

    found = pairs(folder)

    assert len(found) == 2 * 3 * 2
    assert len({frozenset((pair.left.label, pair.right.label)) for pair in found}) == 12
    for pair in found:
        assert pair.left.label.rpartition("/")[2] == pair.right.label.rpartition("/")[2]
        assert pair.left.model != pair.right.model
        assert f"/{pair.prompt}/" in pair.left.label


def test_the_order_hangs_on_the_seed_alone_and_sides_are_mixed(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, prompts=6)

    assert pairs(folder) == pairs(folder)
    assert pairs(folder, seed=1) != pairs(folder)
    assert {pair.left.model for seed in range(3) for pair in pairs(folder, seed)} == {"sora-2", "wan-2.5"}


def test_the_first_pairs_treat_models_alike(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, prompts=3, models=("sora-2", "sora-2-pro", "wan-2.5"))

    met = [frozenset((pair.left.model, pair.right.model)) for pair in pairs(folder)]

    for round in (met[:3], met[3:6], met[6:]):
        assert len({*round}) == 3


def test_clips_with_and_without_sound_never_meet_and_unusable_ones_meet_nobody(tmp_path: Path) -> None:
    suite = make_suite("a boat", "a kite")
    info = make_info(suite)
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips/one.mp4").write_bytes(b"film")
    silent: dict[str, Any] = {"delivered": make_result().delivered | {"audio_codec": None}}  # type: ignore[operator]
    silent["sent"] = {**make_result().sent, "audio": False}
    results = [
        make_result("sora-2"),
        make_result("wan-2.5", **silent),
        make_result("sora-2", "p2"),
        failed(model="wan-2.5", prompt="p2", label="short/p2/wan-2.5/1"),
    ]

    found, gone = pairs_of(info, clips_of(info, results, {}), tmp_path, CARDS)

    assert (found, gone) == ([], [])


def test_a_clip_whose_file_is_gone_is_named(tmp_path: Path) -> None:
    info = make_info(make_suite("a boat"))
    results = [make_result("sora-2"), make_result("wan-2.5", clip="clips/two.mp4")]

    found, gone = pairs_of(info, clips_of(info, results, {}), tmp_path, CARDS)

    assert (found, gone) == ([], ["clips/one.mp4", "clips/two.mp4"])


async def test_a_clip_that_is_not_the_one_that_was_measured_is_not_shown_and_the_others_are(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, prompts=2)
    changed = folder.path / "clips/sora-2-p1-1.mp4"
    changed.write_bytes(changed.read_bytes() + b"!")
    script = Script(says("tie"))

    summary = await judged(folder, script)

    assert (summary.votes, summary.unanswered, len(script.asked)) == (1, 1, 2)
    assert "is not the clip that was measured" in summary.broken[0]
    assert summary.stopped is None


async def test_a_simulated_answer_for_a_real_run_ends_it_and_makes_no_vote(folder: Folder) -> None:
    script = Script(says("left", headers={"x-rushes-simulated": "true"}))

    summary = await judged(folder, script, real=True)

    assert isinstance(summary.stopped, BadInput)
    assert (votes(folder), len(script.asked)) == ([], 1)
    # Nor is it taken for an answer later.
    again = Script(says("left"), says("right"))
    await judged(folder, again, real=True)
    assert len(again.asked) == 2


async def test_a_simulated_answer_for_a_simulated_run_is_marked(folder: Folder) -> None:
    await judged(folder, Script(says("left", headers={"x-rushes-simulated": "true"})), real=False)

    assert len(votes(folder)) == 1
    assert [line["simulated"] for line in lines(folder) if line["type"] == "heard"] == [True, True]


async def test_the_record_of_a_question_has_its_whole_answer(folder: Folder) -> None:
    await judged(folder, Script(says("left"), says("right")))

    asking, heard, *_ = lines(folder)
    assert (asking["type"], heard["type"]) == ("asking", "heard")
    assert asking["id"] == heard["id"]
    assert heard["answer"]["choice"] == "left"
    assert json.loads(heard["words"])["reason"] == "because"
    assert (heard["usd"], heard["usd_how"], heard["input_tokens"]) == ("0.0014", "reported", 1000)
