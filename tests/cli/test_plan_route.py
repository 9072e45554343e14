"""`rushes plan` on the router: who is chosen, by which numbers, why others are not, and what would change it."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes import app
from rushes.config import load_config
from tests.cli.conftest import Command, Ended

TODAY = ("--as-of", "2026-11-22")
LITE, FAST, VEO, SORA = "vertex/veo-3.1-lite", "vertex/veo-3.1-fast", "vertex/veo-3.1", "openai/sora-2"
#: Reading the shipped cards takes longer than most commands here, so they are read once for all of them.
_read_once = functools.cache(load_config)
OWN = """\
name: own
description: What we can pay for
choose: speed
deny: [vertex/veo-3.1-fast]
max_usd: "0.90"
require: {seed: true}
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "load_config", _read_once)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A config folder with a policy of one's own."""
    folder = tmp_path / "config"
    (folder / "policies").mkdir(parents=True)
    (folder / "policies" / "own.yaml").write_text(OWN)
    return folder


def places(ended: Ended) -> list[str]:
    found = [each for each in ended.json["candidates"] if each["place"] is not None]
    return [each["endpoint"] for each in sorted(found, key=lambda each: int(each["place"]))]


def of(ended: Ended, endpoint: str) -> Any:
    return next(each for each in ended.json["candidates"] if each["endpoint"] == endpoint)


# --- for programs -----------------------------------------------------------------------------------------------------


def test_for_programs_there_is_every_number_with_where_it_is_from(rushes: Command) -> None:
    ended = rushes("plan", "a fox", "--simulate", "--prefer", "speed", "--json")

    found, first = ended.json, of(ended, FAST)
    assert ended.code == 0
    assert [*found] == [
        "simulated", "prompt", "count", "day", "policy", "chosen", "decided", "would_change", "candidates", "tips",
    ]  # fmt: skip
    assert (found["simulated"], found["count"], found["day"]) == (True, 1, "2026-08-01")
    assert (found["policy"]["name"], found["policy"]["choose"]) == ("speed", "speed")
    assert found["chosen"] == places(ended)[0]
    assert found["decided"] == of(ended, found["chosen"])["why"]
    assert [*first] == [
        "endpoint", "place", "why", "filters", "reasons", "price_usd", "price_source", "sent", "changes", "terms",
        "known", "verdict", "usable", "notes", "needs", "nearest",
    ]  # fmt: skip
    assert (first["verdict"], first["usable"], first["filters"], first["needs"]) == ("exact", True, [], [])
    assert Decimal(first["price_usd"]) == Decimal(first["terms"]["usd"]) == Decimal("0.80")
    assert first["price_source"]["source"] == "card"
    assert first["sent"]["seconds"] == 8
    assert first["known"]["seconds"]["source"] == first["known"]["usable"]["source"] == "prior"
    assert first["known"]["seconds"]["basis"][0]["where"]
    assert first["terms"]["typical_seconds"] == pytest.approx(75)


def test_programs_get_one_route_for_each_policy_when_they_compare(rushes: Command, folder: Path) -> None:
    ended = rushes("plan", "a fox", "--simulate", "--compare", "--config", folder, "--json")

    assert ended.code == 0
    assert [*ended.json] == ["simulated", "prompt", "count", "routes", "tips"]
    routes = {route["policy"]["name"]: route for route in ended.json["routes"]}
    assert {*routes} == {"balanced", "cost", "draft-then-final", "own", "quality", "speed"}
    assert all(route["chosen"] == route["candidates"][0]["endpoint"] for route in routes.values())
    assert routes["own"]["chosen"] != FAST == routes["speed"]["chosen"]


# --- for people -------------------------------------------------------------------------------------------------------


def test_people_read_first_what_decided_then_the_order_then_the_reasons(rushes: Command) -> None:
    ended = rushes("plan", "a fox", "--simulate", "--prefer", "speed")
    order = places(rushes("plan", "a fox", "--simulate", "--prefer", "speed", "--json"))

    assert ended.out.startswith("Simulated world of 2026-08-01")
    head = ended.out.splitlines()[1]
    assert head.startswith(f"Policy speed: {order[0]}, fastest: ")
    entries = [f"{place:>2}.  {endpoint}" for place, endpoint in enumerate(order, 1)]
    at = [ended.out.index(entry) for entry in entries]
    assert at == sorted(at)
    assert ended.out.index(" -   ") > at[-1]
    assert ended.out.index("What would change this") < ended.out.index("Tips") < ended.out.index("endpoints fit;")
    assert "s to a usable file (median 75.0 s, prior; 95 % usable, prior)" in ended.out


def test_comparing_says_for_each_policy_whom_it_picks_and_why(rushes: Command, folder: Path) -> None:
    ended = rushes("plan", "a fox", "--simulate", "--compare", "--config", folder)
    alone = rushes("plan", "a fox", "--simulate", "--policy", "own", "--config", folder, "--json")

    lines = ended.out.splitlines()
    own = next(at for at, line in enumerate(lines) if line.startswith("own "))
    assert alone.json["chosen"] in lines[own]
    assert alone.json["decided"] in lines[own + 1]
    assert "endpoints fit" not in ended.out


def test_comparing_where_nothing_can_be_used_still_says_so_for_each(rushes: Command) -> None:
    ended = rushes("plan", "a fox", "--compare", *TODAY)

    assert ended.code == 0  # some would fit, were there a key
    assert "speed: no endpoint can be used" in ended.out
    assert "draft-then-final: no endpoint can be used" in ended.out


# --- why not ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "endpoint", "filters", "reason"),
    [
        (("--seconds", "5"), VEO, ["unfit"], "makes 4 s, 6 s or 8 s, not 5 s"),
        (("--as-of", "2026-10-01"), SORA, ["retired"], "retired on 2026-09-24 (no successor)"),
        ((), "fal/veo-3.1", ["access"], "rushes does not speak the fal wire"),
        (("--among", "sora-2"), VEO, ["allow"], "only sora-2 may be used"),
        (("--policy", "own"), FAST, ["deny"], "deny: vertex/veo-3.1-fast"),
        (("--policy", "own"), SORA, ["require"], "require: it takes no seed"),
        (("--policy", "own"), VEO, ["policy_max_usd"], "the policy's max_usd: $3.20 a clip is more than $0.90"),
        (("--max-usd", "1"), VEO, ["call_max_usd"], "the call's max_usd: $3.20 is more than $1.00"),
        (("--max-usd", "6", "--count", "2"), VEO, ["call_max_usd"], "max_usd: $6.40 for 2 clips is more than $6.00"),
        (("--policy", "late"), VEO, ["deadline"], "more than 100 s"),
        (("--policy", "near"), VEO, ["regions"], "regions: "),
        (("--policy", "rated"), "dashscope-cn/wan-2.5", ["unknown"], "unknown: "),
    ],
)
def test_each_endpoint_that_is_left_out_has_its_filter_and_reason(
    options: Sequence[str], endpoint: str, filters: list[str], reason: str, rushes: Command, folder: Path
) -> None:
    policies = folder / "policies"
    (policies / "late.yaml").write_text("name: late\nchoose: cost\ndeadline: 100\n")
    (policies / "near.yaml").write_text("name: near\nchoose: cost\nregions: [cn-beijing]\n")
    (policies / "rated.yaml").write_text("name: rated\nchoose: quality\nrated_within: 0.001\nunknown: exclude\n")

    ended = rushes("plan", "a fox", "--simulate", *options, "--config", folder, "--json")
    told = rushes("plan", "a fox", "--simulate", *options, "--config", folder)

    left_out = of(ended, endpoint)
    assert left_out["place"] is None
    assert left_out["filters"] == filters
    assert any(reason in each for each in left_out["reasons"])
    assert endpoint in told.out
    assert (reason if "speak" not in reason else "on wires that rushes does not speak") in told.out
    assert endpoint not in places(ended)


def test_an_endpoint_may_have_several_filters_against_it(rushes: Command) -> None:
    ended = rushes("plan", "a fox", "--seconds", "5", "--max-usd", "1", *TODAY, "--json")

    assert of(ended, SORA)["filters"] == ["retired", "unfit"]
    assert of(ended, VEO)["filters"] == ["unfit", "access"]
    assert of(ended, VEO)["nearest"]["seconds"] in (4, 6)


def test_endpoints_that_no_key_would_open_are_told_in_a_line_each_kind(rushes: Command) -> None:
    ended = rushes("plan", "a fox", *TODAY)
    lines = ended.out.splitlines()

    [retired] = [line for line in lines if line.startswith(" -   retired: ")]
    assert "gemini/veo-3.1" in retired
    assert "openai/sora-2" not in retired
    [unspoken] = [line for line in lines if line.startswith(" -   on wires that rushes does not speak: ")]
    assert "fal/veo-3.1" in unspoken
    assert "fal/sora-2" not in unspoken


@pytest.mark.parametrize(
    ("endpoint", "said", "unsaid"),
    [
        ("gemini/veo-3.1", "because  retired on 2026-10-22", "does not speak"),
        ("openai/sora-2", "because  retired on 2026-09-24", "set OPENAI_API_KEY"),
        ("fal/veo-3.1", "needs  rushes does not speak the fal wire", "retired"),
    ],
)
def test_one_that_is_named_says_why_it_cannot_be_used(endpoint: str, said: str, unsaid: str, rushes: Command) -> None:
    ended = rushes("plan", "a fox", *TODAY, "--endpoint", endpoint)

    assert said in ended.out
    assert unsaid not in ended.out


def test_a_cap_moves_the_choice_to_what_it_allows(rushes: Command) -> None:
    best = ("plan", "a fox", "--simulate", "--policy", "draft-then-final")
    free = rushes(*best, "--json")
    capped = rushes(*best, "--max-usd", "0.45", "--json")
    none = rushes(*best, "--max-usd", "0.01")

    assert free.json["chosen"] not in places(capped)
    assert all(Decimal(of(capped, each)["price_usd"]) <= Decimal("0.45") for each in places(capped))
    assert any(each.startswith("With the call's max_usd at $") for each in capped.json["would_change"])
    assert none.code == 3
    assert "Policy draft-then-final: no endpoint can be used" in none.out
    assert "would be chosen" in none.out


# --- what would change it ---------------------------------------------------------------------------------------------


def test_missing_keys_are_named_with_what_they_would_open(rushes: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    without = rushes("plan", "a fox", "--prefer", "cost", *TODAY)
    monkeypatch.setenv("DASHSCOPE_INTL_API_KEY", "sk-nothing")
    some = rushes("plan", "a fox", "--prefer", "cost", *TODAY, "--json")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "nothing")
    more = rushes("plan", "a fox", "--prefer", "cost", *TODAY, "--json")

    assert f"With GOOGLE_CLOUD_PROJECT set, {LITE} would be chosen." in without.out
    assert "0 can be used from here" in without.out
    assert some.json["chosen"] == "dashscope-intl/wan-2.5"
    assert f"With GOOGLE_CLOUD_PROJECT set, {LITE} would be chosen." in some.json["would_change"]
    assert more.json["chosen"] == LITE


def test_what_is_said_to_change_the_choice_does(rushes: Command, folder: Path) -> None:
    """The policy's own cap, raised to what the sentence says."""
    (folder / "policies" / "own.yaml").write_text('name: own\nchoose: quality\nquality_margin: 0\nmax_usd: "0.45"\n')
    before = rushes("plan", "a fox", "--simulate", "--policy", "own", "--config", folder, "--json").json
    sentence = next(each for each in before["would_change"] if each.startswith("With the policy's max_usd at $"))
    cap, winner = sentence.split("$")[1].split(",")[0], sentence.split(", ")[1].split(" ")[0]

    (folder / "policies" / "own.yaml").write_text(f'name: own\nchoose: quality\nquality_margin: 0\nmax_usd: "{cap}"\n')
    after = rushes("plan", "a fox", "--simulate", "--policy", "own", "--config", folder, "--json").json

    assert before["chosen"] != winner
    assert after["chosen"] == winner


# --- policies of one's own --------------------------------------------------------------------------------------------


def test_a_policy_is_found_by_its_path_or_its_name_in_the_config_folder(rushes: Command, folder: Path) -> None:
    by_path = rushes("plan", "a fox", "--simulate", "--policy", folder / "policies" / "own.yaml", "--json")
    by_name = rushes("plan", "a fox", "--simulate", "--policy", "own", "--config", folder, "--json")
    without = rushes("plan", "a fox", "--simulate", "--policy", "own", "--json")

    assert by_path.json == by_name.json
    assert by_path.json["policy"]["description"] == "What we can pay for"
    assert without.code == 2
    assert "there is no policy 'own'" in without.json["error"]["message"]


def test_a_policy_of_ones_own_may_replace_a_shipped_one(rushes: Command, folder: Path) -> None:
    (folder / "policies" / "cost.yaml").write_text("name: cost\nchoose: cost\nallow: [sora-2-pro]\n")

    ended = rushes("plan", "a fox", "--simulate", "--prefer", "cost", "--config", folder, "--json")

    assert ended.json["chosen"] == "openai/sora-2-pro"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("name: own\nchoose: best\n", 2, "choose: "),
        ("name: own\nchoose: cost\nalow: [sora-2]\n", 3, "allow"),
        ("name: other\nchoose: cost\n", 1, "must be 'own', like the file"),
        ("name: own\nchoose: cost\nallow:\n  - sora-3\n", 4, "there is no endpoint, model or provider 'sora-3'"),
        ("name: own\nchoose: cost\nallow: [sora-2]\ndeny: [sora-2]\n", 4, "'sora-2' cannot be both allowed and denied"),
        ("name: own\nchoose: cost\ndraft: {final: veo-4}\n", 3, "there is no model or endpoint 'veo-4'"),
        ("name: own\nchoose: cost\nmax_usd: -1\n", 3, "max_usd: "),
        ("name: own\n", 1, "choose"),
        ("name: [own\n", 2, ""),
        ("- own\n", 1, "a policy is a block of settings"),
    ],
)
def test_a_bad_policy_ends_it_with_2_and_names_file_and_line(
    text: str, line: int, said: str, rushes: Command, folder: Path
) -> None:
    path = folder / "policies" / "own.yaml"
    path.write_text(text)

    ended = rushes("plan", "a fox", "--simulate", "--policy", path)
    compared = rushes("plan", "a fox", "--simulate", "--compare", "--config", folder)

    assert (ended.code, compared.code) == (2, 2)
    assert f"{path}:{line}" in ended.err
    assert said in ended.err
    assert f"{path}:{line}" in compared.err


def test_a_policy_file_that_is_not_there_is_named(rushes: Command, tmp_path: Path) -> None:
    ended = rushes("plan", "a fox", "--simulate", "--policy", tmp_path / "none.yaml")

    assert ended.code == 2
    assert str(tmp_path / "none.yaml") in ended.err


# --- the home ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--simulate",), ("--compare",), ("--json",)])
def test_a_home_without_a_ledger_stays_without_one(options: Sequence[str], rushes: Command, home: Path) -> None:
    rushes("plan", "a fox", *options)
    assert not home.exists()
    home.mkdir()

    rushes("plan", "a fox", *options)

    assert [*home.iterdir()] == []


def test_the_same_question_has_the_same_answer_with_and_without_a_ledger(rushes: Command, home: Path) -> None:
    without = rushes("plan", "a fox", "--simulate", "--json")
    made = rushes("takes", "--json")
    with_one = rushes("plan", "a fox", "--simulate", "--json")

    assert json.loads(made.out) == []
    assert (home / "ledger.sqlite").exists()
    assert with_one.json == without.json
