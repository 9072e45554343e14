"""`rushes coach`: what it prints at 80 columns, and what it gives to other programs."""

from __future__ import annotations

import json
import shlex

import pytest
from cyclopts import App

from rushes.cli.coach import coach
from rushes.errors import BadInput

RAMP = "A ball rolls down a ramp, bounces off the floor twice, and comes to rest"


def run(*tokens: str) -> int:
    app = App(name="rushes")
    app.command(coach, name="coach")
    found = app(["coach", *tokens], exit_on_error=False, print_error=False, result_action="return_value")
    assert isinstance(found, int)
    return found


@pytest.fixture(autouse=True)
def narrow(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_it_prints_marks_tips_variants_and_the_command_within_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(RAMP) == 0

    out = capsys.readouterr().out
    lines = [line.rstrip() for line in out.splitlines()]
    assert "   camera  missing" in lines
    assert "   motion  yes      rolls, bounces, comes to rest" in lines
    assert "   Describe scene, camera, sound and motion. Missing: scene, camera, sound." in lines
    assert any(line.startswith("   6.  ") for line in lines)
    assert lines[-1] == f"   rushes explore '{RAMP}' -n 6 --variants coach"
    assert max(len(line) for line in lines[:-1]) <= 80
    assert "\x1b" not in out


def test_json_holds_the_whole_prompts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(RAMP, "--json", "--variants", "4", "--no-audio") == 0

    found = json.loads(capsys.readouterr().out)
    assert len(found["variants"]) == 4
    assert all(each["prompt"] == f"{RAMP}. {each['added']}" for each in found["variants"])
    assert found["sound"] is False
    assert "sound" not in [each["part"] for each in found["variants"]]
    assert shlex.split(found["explore"]) == ["rushes", "explore", RAMP, "-n", "4", "--no-audio", "--variants", "coach"]


def test_a_silent_clip_is_not_told_to_name_its_sound(capsys: pytest.CaptureFixture[str]) -> None:
    run(RAMP, "--no-audio")

    out = capsys.readouterr().out
    assert "   sound   not asked for" in out
    assert "Name the sound" not in out


def test_what_is_not_english_is_not_judged_and_has_no_variants(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("一只红狐狸在雪中奔跑") == 0

    out = capsys.readouterr().out
    assert "   scene   not judged" in out
    assert "the coach reads English" in out
    assert "Variants" not in out
    assert "rushes explore 一只红狐狸在雪中奔跑 -n 6" in out.replace("'", "")


def test_the_command_is_safe_to_copy(capsys: pytest.CaptureFixture[str]) -> None:
    prompt = 'it\'s a $(fox) "here"; rm -rf / & `ls`'

    run(prompt)

    assert shlex.split(capsys.readouterr().out.splitlines()[-1])[2] == prompt


def test_a_prompt_that_begins_with_a_dash_stays_a_prompt(capsys: pytest.CaptureFixture[str]) -> None:
    run("--", "-- a fox --")

    assert capsys.readouterr().out.splitlines()[-1].strip() == "rushes explore -n 6 --variants coach -- '-- a fox --'"


def test_control_characters_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    run("a fox \x1b[31mruns\x07 in a park")

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out


@pytest.mark.parametrize("tokens", [("",), ("a fox", "--variants", "3"), ("a fox", "--variants", "7")])
def test_bad_input_is_refused(tokens: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        run(*tokens)
