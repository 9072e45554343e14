"""`rushes models`, `plan` and `doctor`: what they say without sending anything."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from tests.cli.conftest import Command, jobs_sent, jobs_written

TODAY = ("--as-of", "2026-11-22")


# --- models -----------------------------------------------------------------------------------------------------------


def test_models_shows_the_state_of_the_day_and_what_is_missing(rushes: Command) -> None:
    ended = rushes("models", *TODAY)

    assert ended.code == 0
    sora = next(line for line in ended.out.splitlines() if line.startswith("openai "))
    assert "retired 2026-09-24" in sora
    assert "openai          set OPENAI_API_KEY" in ended.out
    assert "dashscope-intl  set DASHSCOPE_INTL_API_KEY or DASHSCOPE_API_KEY" in ended.out


def test_models_of_an_earlier_day_are_alive(rushes: Command) -> None:
    ended = rushes("models", "--as-of", "2026-08-01", "--json")

    states = {end["id"]: end["state"] for card in ended.json["models"] for end in card["endpoints"]}
    assert states["openai/sora-2"] == "live until 2026-09-24"
    assert states["gemini/veo-3.1"].startswith("preview until 2026-10-22")


def test_models_shows_the_briefs_words_beside_the_vendors_facts(rushes: Command) -> None:
    out = rushes("models", "sora-2", *TODAY).out

    line = next(line for line in out.splitlines() if line.startswith("duration"))
    assert "4–20 s (specification)" in line
    assert "4, 8, 12, 16, 20 s in one call" in line
    assert "Multimodal Diffusion Transformer" in out
    assert "openai-guide" in out
    assert "https://developers.openai.com/api/docs/guides/video-generation" in out


def test_a_key_is_never_shown(rushes: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-secret")

    for command in (["models"], ["models", "--json"], ["doctor"], ["doctor", "--json"], ["plan", "a fox", "--json"]):
        ended = rushes(*command)
        assert "sk-secret" not in ended.out + ended.err

    assert "DASHSCOPE_API_KEY is set" in rushes("doctor").out


def test_an_unknown_model_is_answered_with_the_nearest(rushes: Command) -> None:
    ended = rushes("models", "veo-3.2")

    assert ended.code == 2
    assert "did you mean 'veo-3.1'?" in ended.err


# --- plan -------------------------------------------------------------------------------------------------------------


def test_plan_holds_every_endpoint_against_the_request(rushes: Command, home: Path) -> None:
    asked = ("--fit", "nearest", "--seconds", "7", "--resolution", "1080p", "--audio")

    ended = rushes("plan", "a fox in snow", *asked, *TODAY, "--json")

    assert ended.code == 0
    found = {each["endpoint"]: each for each in ended.json["candidates"]}
    assert found["openai/sora-2"]["verdict"] == "refused"
    assert found["openai/sora-2"]["reasons"][0] == "retired on 2026-09-24 (no successor)"
    veo = found["vertex/veo-3.1"]
    assert veo["verdict"] == "adapted"
    assert veo["sent"]["seconds"] == 8
    assert veo["changes"][0]["asked"] == "7 s"
    assert veo["needs"] == ["set GOOGLE_CLOUD_PROJECT"]
    assert not home.exists()


def test_plan_prints_reasons_changes_prices_and_tips(rushes: Command) -> None:
    ended = rushes("plan", "a fox", "--fit", "nearest", "--seconds", "7", "--model", "wan-2.5", *TODAY)

    assert ended.code == 0
    assert "dashscope-intl/wan-2.5  adapted  $0.50 a clip" in ended.out
    assert "seconds: asked 7 s, sent 5 s" in ended.out
    assert "5 s, 720p, 16:9 (1280x720), with sound" in ended.out
    assert "needs    set DASHSCOPE_INTL_API_KEY" in ended.out
    assert "Name the sound for a model with sound." in ended.out
    assert "4–6 cheap, fast variations" in ended.out


def test_plan_is_ordered_as_the_policy_wants_it(rushes: Command) -> None:
    def numbers(prefer: str, term: str) -> list[float]:
        found = rushes("plan", "a fox", "--simulate", "--prefer", prefer, "--json").json["candidates"]
        return [each["terms"][term] for each in found if each["place"] is not None]

    for prefer, term in (("cost", "usd_per_second"), ("balanced", "score")):
        ranked = numbers(prefer, term)
        assert len(ranked) > 3
        assert ranked == sorted(ranked, reverse=prefer == "balanced")


def test_plan_says_in_a_line_what_each_policy_would_pick(rushes: Command) -> None:
    ended = rushes("plan", "a fox", "--simulate", "--compare")

    lines = ended.out.splitlines()
    picks = {line.split()[0]: at for at, line in enumerate(lines) if line and line[0] != " "}
    assert {"speed", "quality", "cost", "balanced", "draft-then-final"} <= picks.keys()
    assert "fastest: " in lines[picks["speed"] + 1]
    assert "cheapest: " in lines[picks["cost"] + 1]
    assert "prior" in lines[picks["speed"] + 2]


def test_plan_gives_the_nearest_request_that_would_work(rushes: Command) -> None:
    ended = rushes("plan", "a fox", "--seconds", "5", "--endpoint", "vertex/veo-3.1", *TODAY)

    assert ended.code == 3
    assert "because  makes 4 s, 6 s or 8 s, not 5 s" in ended.out
    assert "nearest  6 s, 720p, 16:9" in ended.out
    assert "0 of 1 endpoints fit" in ended.out


def test_enough_variations_need_no_tip_to_make_some(rushes: Command) -> None:
    ended = rushes("plan", "a fox", "--model", "wan-2.5", "--count", "4", *TODAY)

    assert "$2.00 for 4" in ended.out
    assert "variations" not in ended.out


# --- doctor -----------------------------------------------------------------------------------------------------------


def test_doctor_finds_nothing_broken_on_a_fresh_machine(rushes: Command, home: Path) -> None:
    ended = rushes("doctor", *TODAY)

    assert ended.code == 0
    assert "openai/sora-2: retired on 2026-09-24" in ended.out
    assert "vertex/veo-3.1: may be retired from 2027-05-04 on" in ended.out
    assert "set GOOGLE_CLOUD_PROJECT" in ended.out
    assert "no provider can be used" in ended.out
    assert jobs_sent(home) == jobs_written(home) == 0


def test_doctor_warns_of_what_retires_within_half_a_year(rushes: Command) -> None:
    def level(day: str) -> str:
        findings = rushes("doctor", "--as-of", day, "--json").json["findings"]
        return next(each["level"] for each in findings if each["text"].startswith("vertex/veo-3.1: may be"))

    assert level("2026-11-05") == "warning"
    assert level("2026-11-04") == "ok"


def test_doctor_finds_a_full_disk(rushes: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 1000, 1000))

    ended = rushes("doctor", "--json")

    assert ended.code == 1
    assert ended.json["ok"] is False
    assert [each["area"] for each in ended.json["findings"] if each["level"] == "broken"] == ["disk"]


def test_doctor_finds_a_home_that_cannot_be_written(rushes: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    ended = rushes("doctor", "--home", tmp_path / "file", "--json")

    assert ended.code == 1
    [broken] = [each["text"] for each in ended.json["findings"] if each["level"] == "broken"]
    assert "file: cannot be written to" in broken


def test_doctor_finds_a_ledger_that_is_none(rushes: Command, home: Path) -> None:
    home.mkdir()
    (home / "ledger.sqlite").write_text("no database" * 100)

    ended = rushes("doctor")

    assert ended.code == 1
    assert "[broken]" in ended.out


def test_doctor_points_at_jobs_that_wait_for_a_person(rushes: Command) -> None:
    rushes("generate", "a kite", "--simulate", "--endpoint", "vertex/veo-3.1", "--fault", "drop_after_accept")

    ended = rushes("doctor")

    assert "is unclear: `rushes jobs resolve job-" in ended.out
    assert "simulated: 2026-08-01" in ended.out
