"""`rushes explore` and `rushes finalize`: what they say, what they leave on disk, and how they end."""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from rushes import app
from rushes.benchmarks.folder import Folder
from rushes.config import load_config
from rushes.pages.rate.app import app as rate_app
from tests.cli.conftest import Command, Ended, jobs_sent, jobs_written
from tests.jobs.conftest import config, migrated, one_film, quick_films
from tests.pages.rating import desk_of, make_folder

__all__ = ["config", "migrated", "one_film", "quick_films"]

LITE = "vertex/veo-3.1-lite"
HERE = "http://127.0.0.1:8123"

#: Reading the shipped cards takes longer than most commands here, so they are read once for all of them.
_read_once = functools.cache(load_config)


@pytest.fixture(autouse=True)
def quick(quick_films: None, migrated: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "load_config", _read_once)
    home.mkdir()
    shutil.copyfile(migrated, home / "ledger.sqlite")


def explored(rushes: Command, *more: str | Path, prompt: str = "a kite", n: int = 3) -> Ended:
    return rushes("explore", prompt, "-n", str(n), "--name", "kites", "--simulate", "--json", *more)


def one(rushes: Command, *more: str) -> str:
    """A take of a clip that is no part of an exploration."""
    ended = rushes("generate", "a kite", "--endpoint", LITE, "--simulate", "--json", *more)
    assert ended.code == 0, ended.err
    return str(ended.json["id"])


def takes(ended: Ended) -> list[str | None]:
    return [None if draft["take"] is None else draft["take"]["id"] for draft in ended.json["drafts"]]


# --- explore ----------------------------------------------------------------------------------------------------------


def test_it_says_first_what_it_will_cost_and_then_what_came_of_it(rushes: Command, home: Path) -> None:
    ended = rushes("explore", "a kite", "-n", "3", "--name", "kites", "--simulate")

    assert ended.code == 0, ended.err
    assert f"kites: 3 drafts at {LITE} for $1.20 ($0.40 each): 8 s, 720p, 16:9" in ended.err
    assert f"chosen by draft-then-final: {LITE}, cheapest" in ended.err
    assert "to finalize one: vertex/veo-3.1, $3.20 a clip" in ended.err
    assert ended.out.startswith("Simulated world of 2026-08-01")
    assert len(re.findall(r"^ \d\.  take-\S+  \$0\.40  seed \d+$", ended.out, re.MULTILINE)) == 3
    assert "spent: $1.20, " in ended.out
    assert "on the final model: $9.60, about " in ended.out
    assert "saved: $8.40, " in ended.out
    assert f"The contact sheet: {home}/runs/kites/sheet.html (and sheet.png)" in ended.out
    assert "rushes rate kites" in ended.out
    assert "rushes finalize TAKE --simulate" in ended.out


def test_a_contact_sheet_shows_every_draft_and_how_to_finalize_it(rushes: Command, tmp_path: Path) -> None:
    variants = ("--variant", "a kite from below", "--variant", "a kite far away")

    ended = explored(rushes, *variants, "--out", tmp_path / "out")

    page = (tmp_path / "out" / "sheet.html").read_text(encoding="utf-8")
    words = re.sub("<[^>]+>", "", page)
    assert ended.code == 0, ended.err
    assert ended.json["sheet"] == {
        "png": str(tmp_path / "out" / "sheet.png"),
        "html": str(tmp_path / "out" / "sheet.html"),
    }
    with Image.open(tmp_path / "out" / "sheet.png") as picture:
        assert picture.width == 1600
    for draft in ended.json["drafts"]:
        assert f"rushes finalize {draft['take']['id']} --simulate" in words
        assert str(draft["seed"]) in words
        assert draft["prompt"] in words
    assert "SIMULATED" in words
    assert "cheapest" in words
    assert page.count("<video") == 3


def test_for_programs_there_is_everything_in_one_object(rushes: Command) -> None:
    ended = explored(rushes, "--variant", "a kite from below", "--variant", "a kite far away")

    found = ended.json
    assert [*found] == ["name", "drafts", "saving", "sheet", "route"]
    assert [draft["number"] for draft in found["drafts"]] == [1, 2, 3]
    assert [draft["direction"] for draft in found["drafts"]] == ["prompt 1", "prompt 2", "prompt 1"]
    assert [draft["prompt"] for draft in found["drafts"]][1:] == ["a kite far away", "a kite from below"]
    assert len({draft["seed"] for draft in found["drafts"]}) == 3
    assert {draft["take"]["label"] for draft in found["drafts"]} == {"draft-1", "draft-2", "draft-3"}
    assert all(Path(draft["take"]["path"]).is_file() for draft in found["drafts"])
    assert found["saving"]["spent_usd"] == "1.20"
    assert (found["saving"]["usd"], found["saving"]["saved_usd"]) == ("9.60", "8.40")
    assert found["saving"]["saved_seconds"] == pytest.approx(
        found["saving"]["seconds"] - found["saving"]["took_seconds"]
    )
    assert found["route"]["chosen"] == LITE


def test_the_coachs_variants_are_tried_each_with_its_direction(rushes: Command) -> None:
    ended = explored(rushes, "--variants", "coach", prompt="a fox in snow", n=4)

    drafts = ended.json["drafts"]
    assert len({draft["prompt"] for draft in drafts}) == 4
    assert all(draft["prompt"].startswith("a fox in snow") for draft in drafts)
    assert drafts[0]["direction"].startswith("move: ")


def test_the_blind_page_shows_the_drafts_two_by_two(rushes: Command, home: Path) -> None:
    explored(rushes)

    asked = rushes("rate", "kites", "--raw", "--port", "-1")
    folder = Folder(home, "kites")
    client = TestClient(rate_app(desk_of(folder), hosts={"127.0.0.1:8123"}), base_url=HERE)
    pair = client.get("/pair", params={"rater": "anna"}).json()
    count = 0
    while not pair["end"]:
        assert "draft" not in json.dumps(pair) or pair["words"] == "a kite"
        chosen = {"rater": "anna", "id": pair["id"], "choice": "left"}
        pair, count = client.post("/vote", json=chosen).json(), count + 1

    assert "ports are numbers" in asked.err
    assert count >= 3
    page = client.get("/summary", params={"rater": "anna"}).text
    assert all(f"draft-{number}" in page for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-n", "1"), "2 to 12 drafts, not 1"),
        (("-n", "13"), "2 to 12 drafts, not 13"),
        (("--count", "2"), "say n, not count"),
        (("--variants", "coach", "--variant", "a fox"), "give --variants coach or --variant, not both"),
        (("--variant", ""), "prompt: "),
        (("-n", "2", "--variant", "a", "--variant", "b", "--variant", "c"), "3 variants and 2 drafts"),
        (("--unpriced",), "an exploration has a budget"),
        (("--name", "a/b"), "'a/b' cannot be the name of a run"),
        (("--name", ""), "'' cannot be the name of a run"),
        (("--model", "sora-3"), "there is no model 'sora-3'"),
        (("--max-usd", "much"), "--max-usd takes an amount of US dollars"),
        (("--policy", "speed", "--prefer", "cost"), "give --policy or --prefer, not both"),
        (("--model", "sora-2", "--endpoint", "openai/sora-2"), "give --model or --endpoint, not both"),
        (("--fault", "gremlins"), "there is no fault 'gremlins'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    options: Sequence[str], said: str, rushes: Command, home: Path
) -> None:
    ended = rushes("explore", "a kite", "--simulate", *options)

    assert ended.code == 2
    assert said in ended.err
    assert jobs_written(home) == jobs_sent(home) == 0


def test_a_prompt_that_the_coach_cannot_vary_is_refused_with_the_reason(rushes: Command, home: Path) -> None:
    ended = rushes("explore", "ein Fuchs im tiefen Schnee", "--variants", "coach", "--simulate")

    assert ended.code == 2
    assert "the coach has no variants of this prompt: " in ended.err
    assert "--variant" in ended.err
    assert jobs_written(home) == 0


def test_a_budget_that_is_too_small_for_all_drafts_ends_it_with_3(rushes: Command, home: Path) -> None:
    ended = explored(rushes, "--endpoint", LITE, "--max-usd", "1.19")

    assert ended.code == 3
    assert ended.json["error"]["kind"] == "OverBudget"
    assert "the call's max_usd: $1.20 for 3 clips is more than $1.19" in ended.err
    assert jobs_written(home) == 0
    assert not (home / "runs").exists()


def test_without_a_key_it_says_which_to_set(rushes: Command, home: Path) -> None:
    ended = rushes("explore", "a kite", "--as-of", "2026-11-22", "--yes")

    assert ended.code == 3
    assert "set GOOGLE_CLOUD_PROJECT" in ended.err
    assert jobs_written(home) == 0


def test_without_a_terminal_money_is_only_spent_with_yes(
    rushes: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-nothing")

    ended = rushes("explore", "a kite", "--model", "wan-2.5", "--as-of", "2026-11-22")

    assert ended.code == 2
    assert "nobody can be asked" in ended.err
    assert "6 drafts at dashscope-intl/wan-2.5 for $3.00" in ended.err
    assert jobs_written(home) == 0


@pytest.mark.parametrize(("fault", "code"), [("late_failure", 1), ("moderated", 1), ("drop_after_accept", 4)])
def test_drafts_that_fail_keep_their_place_on_the_sheet_and_decide_the_exit_code(
    fault: str, code: int, rushes: Command, home: Path
) -> None:
    ended = explored(rushes, "--fault", fault)

    page = (home / "runs" / "kites" / "sheet.html").read_text(encoding="utf-8")
    [lost] = [draft for draft in ended.json["drafts"] if draft["take"] is None]
    assert ended.code == code
    assert sum(take is not None for take in takes(ended)) == 2
    assert page.count("<video") == 2
    assert lost["error"]["message"].split(". ")[0][:60] in page
    assert f"draft {lost['number']}: {lost['error']['message']}" in ended.err


def test_what_is_not_made_again_under_the_name_is_said_to_be_open(rushes: Command, home: Path) -> None:
    options = ("explore", "a kite", "-n", "3", "--name", "kites", "--simulate")

    ended = rushes(*options, "--fault", "drop_after_accept")
    again = rushes(*options)

    assert ended.code == again.code == 4
    assert "1 draft may still come or be paid for, so --name kites does not make it again" in ended.out
    assert "came to nothing" not in ended.out + again.out
    assert "1 draft may still come or be paid for" in again.out
    assert "rushes jobs list --simulate" in again.out
    assert rushes("jobs", "list", "--simulate").code == 0
    assert jobs_sent(home) == 3


def test_a_second_start_under_the_name_makes_only_what_is_missing(rushes: Command, home: Path) -> None:
    first = explored(rushes, "--fault", "late_failure")
    hint = rushes("explore", "a kite", "-n", "3", "--name", "foxes", "--simulate", "--fault", "late_failure").out
    sent = jobs_sent(home)

    second = explored(rushes)

    assert "1 draft came to nothing; --name foxes makes only those again." in hint
    assert second.code == 0, second.err
    assert jobs_sent(home) == sent + 1
    assert [old for old in takes(first) if old is not None] == [
        new for old, new in zip(takes(first), takes(second), strict=True) if old is not None
    ]
    assert None not in takes(second)
    assert {clip.name for clip in (home / "runs" / "kites" / "clips").iterdir()} == {
        f"draft-{number}-imported-a-kite.mp4" for number in (1, 2, 3)
    }


def test_where_nothing_comes_of_any_draft_there_is_a_sheet_all_the_same(rushes: Command, home: Path) -> None:
    ended = rushes("explore", "[simulate: moderated] a kite", "-n", "2", "--name", "kites", "--simulate")

    assert ended.code == 1
    assert (home / "runs" / "kites" / "sheet.png").is_file()
    assert "2 drafts came to nothing" in ended.out
    assert "rushes finalize" not in ended.out
    assert "rushes rate" not in ended.out


def test_a_draft_whose_file_is_gone_is_said_to_be(rushes: Command, home: Path) -> None:
    [first, *_] = explored(rushes).json["drafts"]
    Path(first["take"]["path"]).unlink()

    again = explored(rushes)

    page = (home / "runs" / "kites" / "sheet.html").read_text(encoding="utf-8")
    assert again.code == 0, again.err
    assert jobs_sent(home) == 3
    assert page.count("<video") == 2
    assert "cannot be shown" in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("a fox",), "draft 1 of 'kites' was asked for with another prompt"),
        (("a kite", "--seconds", "4"), "another seconds"),
        (("a kite", "--model", "sora-2"), f"the drafts of 'kites' are of {LITE}"),
    ],
)
def test_a_name_stands_for_one_exploration(options: Sequence[str], said: str, rushes: Command, home: Path) -> None:
    explored(rushes, n=2)

    ended = rushes("explore", *options, "-n", "2", "--name", "kites", "--simulate")

    assert ended.code == 2
    assert said in ended.err
    assert jobs_sent(home) == 2


def test_the_name_of_a_run_of_other_clips_is_refused(rushes: Command, home: Path) -> None:
    make_folder(home)

    ended = rushes("explore", "a kite", "--name", "secret-run", "--simulate")

    assert ended.code == 2
    assert "the run 'secret-run' is no exploration" in ended.err
    assert jobs_written(home) == 0


def test_a_killed_exploration_is_gone_on_with_under_its_name(
    rushes: Command, home: Path, config: Path, tmp_path: Path
) -> None:
    options = ["explore", "a kite", "-n", "4", "--name", "kites", "--endpoint", "vllm-omni/wan-2.2", "--simulate"]
    options += ["--config", str(config), "--json"]
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen([sys.executable, "-m", "rushes", *options], stdout=said, stderr=said)
        try:
            while process.poll() is None and len([*(home / "takes").rglob("*.mp4")]) < 1:
                time.sleep(0.01)
        finally:
            process.kill()
            process.wait()

    ended = rushes(*options)

    errors = [draft["error"]["kind"] for draft in ended.json["drafts"] if draft["error"] is not None]
    assert ended.code == (4 if errors else 0), ended.err
    assert {*errors} <= {"Unclear"}  # those that were being sent at that moment
    assert 4 - len(errors) <= jobs_sent(home) <= 4
    assert jobs_written(home) == 4
    assert (home / "runs" / "kites" / "sheet.html").is_file()


# --- finalize ---------------------------------------------------------------------------------------------------------


def test_the_final_clip_lies_where_it_was_asked_for_and_says_what_was_saved(rushes: Command, tmp_path: Path) -> None:
    draft = explored(rushes).json["drafts"][1]

    ended = rushes("finalize", draft["take"]["id"], "--simulate", "-o", tmp_path / "final.mp4")

    assert ended.code == 0, ended.err
    assert (tmp_path / "final.mp4").is_file()
    assert "vertex/veo-3.1: 1 clip for $3.20: 8 s, 720p, 16:9" in ended.err
    assert f"as in the draft: the prompt, word for word; seed {draft['seed']}" in ended.err
    assert "Drafts and final clip: $4.40 and " in ended.err
    assert "drafting on vertex/veo-3.1 itself: $9.60 and about " in ended.err
    assert "Saved: $5.20, " in ended.err


def test_a_final_clip_for_programs(rushes: Command, tmp_path: Path) -> None:
    draft = explored(rushes).json["drafts"][0]

    ended = rushes(
        "finalize", draft["take"]["id"], "--resolution", "1080p", "--simulate", "--json", "-o", tmp_path / "final.mp4"
    )

    found: dict[str, Any] = ended.json
    assert ended.code == 0, ended.err
    assert (found["draft"], found["endpoint"]) == (draft["take"]["id"], "vertex/veo-3.1")
    assert found["file"] == str(tmp_path / "final.mp4")
    assert found["sent"]["resolution"] == "1080p"
    assert found["asked"]["seed"] == draft["seed"]
    assert found["saving"]["saved_usd"] == "5.20"
    assert found["lost"] == []
    assert found["carried"][0] == "the prompt, word for word"


def test_what_the_final_model_cannot_take_over_is_said_before_anything_is_sent(rushes: Command) -> None:
    take = one(rushes, "--seed", "7", "--seconds", "6")

    ended = rushes("finalize", take, "--model", "sora-2-pro", "--simulate", "--json")

    lost = ended.json["lost"]
    assert ended.code == 0, ended.err
    assert len(lost) == 2
    assert any("seconds" in each for each in lost)
    assert any("seed" in each for each in lost)
    assert all(f"not as in the draft: {each}" in ended.err for each in lost)
    assert ended.json["saving"] is None


def test_what_may_not_be_adapted_is_refused_with_the_nearest_that_would_do(rushes: Command, home: Path) -> None:
    take = one(rushes, "--seconds", "6")

    ended = rushes("finalize", take, "--model", "sora-2-pro", "--fit", "exact", "--simulate")

    assert ended.code == 3
    assert "openai/sora-2-pro: makes 4 s, 8 s, 12 s, 16 s or 20 s, not 6 s" in ended.err
    assert jobs_sent(home) == 1


def test_the_drafts_first_picture_starts_the_final_clip(rushes: Command) -> None:
    take = one(rushes)

    ended = rushes("finalize", take, "--first-frame", "--simulate", "--json")

    assert ended.code == 0, ended.err
    assert ended.json["sent"]["mode"] == "image"
    assert "the draft's first picture" in ended.json["carried"]


@pytest.mark.parametrize(
    ("fault", "code", "kind"),
    [("moderated", 1, "Refused"), ("late_failure", 1, "JobFailed"), ("drop_after_accept", 4, "Unclear")],
)
def test_a_final_clip_that_fails_has_its_exit_code(
    fault: str, code: int, kind: str, rushes: Command, tmp_path: Path
) -> None:
    take = one(rushes)

    ended = rushes("finalize", take, "--simulate", "--fault", fault, "--json", "-o", tmp_path / "final.mp4")

    assert ended.code == code
    assert ended.json["error"]["kind"] == kind
    assert not (tmp_path / "final.mp4").exists()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("take-1",), 2, "there is no take 'take-1'"),
        (("TAKE", "--model", "veo-4"), 2, "there is no model 'veo-4'"),
        (("TAKE", "--policy", "none"), 2, "there is no policy 'none'"),
        (("TAKE", "--seconds", "0"), 2, "seconds: "),
        (("TAKE", "--max-usd", "3"), 3, "the call's max_usd: $3.20 is more than $3.00"),
        (("TAKE", "-o", "/nowhere/final.mp4"), 2, "there is no folder /nowhere"),
    ],
)
def test_what_cannot_be_finalized_is_refused(
    options: Sequence[str], code: int, said: str, rushes: Command, home: Path
) -> None:
    take = one(rushes)

    ended = rushes("finalize", *[take if each == "TAKE" else each for each in options], "--simulate")

    assert ended.code == code
    assert said in ended.err
    assert jobs_sent(home) == 1
