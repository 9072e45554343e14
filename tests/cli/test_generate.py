"""`rushes generate` in the simulated world: the clip, what is told of it, and how it ends where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from rushes.probe import probe
from tests.cli.conftest import Command, jobs_sent, jobs_written

SHORT = ("--simulate", "--endpoint", "dashscope-intl/wan-2.5", "--resolution", "480p")


def test_the_clip_lies_where_it_was_asked_for_and_everything_is_told(
    rushes: Command, tmp_path: Path, home: Path
) -> None:
    clip = tmp_path / "kite.mp4"

    ended = rushes("generate", "a red kite", *SHORT, "-o", clip)

    assert ended.code == 0
    assert ended.out.splitlines()[0].startswith("Simulated world of 2026-08-01: no cost")
    assert "dashscope-intl/wan-2.5: 1 clip for $0.25: 5 s, 480p, 16:9 (832x480), with sound" in ended.err
    for words in (
        "asked      480p",
        "sent       5 s, 480p",
        "delivered  5.0",
        "to file    ",
        "queue ",
        "$0.25",
        str(clip),
    ):
        assert words in ended.out
    assert probe(clip).height == 480
    [kept] = home.glob("takes/*/*.mp4")
    assert kept.read_bytes() == clip.read_bytes()


def test_for_programs_there_is_one_object_and_nothing_else(rushes: Command, tmp_path: Path) -> None:
    ended = rushes("generate", "a red kite", *SHORT, "--json", "-o", tmp_path / "kite.mp4", "--seed", "3")

    assert ended.code == 0
    take = ended.json
    assert take["endpoint"] == "dashscope-intl/wan-2.5"
    assert take["simulated"] is True
    assert take["asked"]["seed"] == 3
    assert take["sent"]["seconds"] == 5
    assert take["cost"] == "0.25"
    assert take["file"] == str(tmp_path / "kite.mp4")
    assert ended.err.startswith("Simulated world of 2026-08-01")


def test_several_clips_are_numbered(rushes: Command, tmp_path: Path) -> None:
    ended = rushes("generate", "a red kite", *SHORT, "--count", "2", "-o", tmp_path / "kite.mp4", "--json")

    assert ended.code == 0
    assert [take["file"] for take in ended.json] == [str(tmp_path / f"kite-{number}.mp4") for number in (1, 2)]
    assert all(probe(tmp_path / f"kite-{number}.mp4").seconds for number in (1, 2))
    assert "2 clips for $0.50 ($0.25 each)" in ended.err


def test_force_overwrites(rushes: Command, tmp_path: Path) -> None:
    clip = tmp_path / "kite.mp4"
    clip.write_text("old")

    ended = rushes("generate", "a red kite", *SHORT, "-o", clip, "--force")

    assert ended.code == 0
    assert probe(clip).width == 832


def test_what_a_fit_mode_adapts_is_said_before_and_after(rushes: Command) -> None:
    ended = rushes("generate", "a red kite", *SHORT, "--seconds", "4", "--fit", "nearest")

    assert ended.code == 0
    assert "changed: seconds: asked 4 s, sent 5 s" in ended.err
    assert "seconds: asked 4 s, sent 5 s" in ended.out


@pytest.mark.parametrize(
    ("fault", "code", "kind", "words"),
    [
        ("moderated", 1, "Refused", "inappropriate"),
        ("late_failure", 1, "JobFailed", "counted"),
        ("never_finishes", 4, "Overdue", "rushes jobs resume"),
        ("rate_limited_bare", 0, None, ""),
    ],
)
def test_each_end_has_its_exit_code_and_says_what_it_was(
    rushes: Command, home: Path, fault: str, code: int, kind: str | None, words: str
) -> None:
    ended = rushes("generate", "a red kite", *SHORT, "--fault", fault, "--json")

    assert ended.code == code
    assert ended.json.get("error", {}).get("kind") == kind
    assert words in ended.err
    assert jobs_written(home) == jobs_sent(home) == 1


def test_a_lost_answer_is_unclear_and_not_sent_again(rushes: Command, home: Path) -> None:
    ended = rushes("generate", "a kite", "--simulate", "--endpoint", "vertex/veo-3.1", "--fault", "drop_after_accept")

    assert ended.code == 4
    assert "may have been accepted" in ended.err
    assert "rushes jobs resolve" in ended.err
    assert jobs_sent(home) == 1


def test_an_open_end_weighs_more_than_a_failure(rushes: Command) -> None:
    faults = ("--fault", "moderated_at_once", "--fault", "never_finishes")

    ended = rushes("generate", "a kite", *SHORT, "--count", "2", *faults, "--json")

    assert ended.code == 4
    assert sorted(each["error"]["kind"] for each in ended.json) == ["Overdue", "Refused"]
