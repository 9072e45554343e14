"""Policies as files: the shipped ones, a user's own, and what is said of one that cannot be right."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes import Rushes
from rushes.card import shipped_configs
from rushes.config import load_config
from rushes.errors import BadConfig, BadInput
from rushes.router.policies import check_policy, load_policy, policies, policy_schema
from rushes.router.policy import Draft, Fallback, Needs, Policy

CONFIG = load_config()
SHIPPED = ["balanced", "cost", "draft-then-final", "quality", "speed"]


def written(folder: Path, text: str, name: str = "mine") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


# --- the shipped ones -------------------------------------------------------------------------------------------------


def test_the_shipped_policies_are_these_and_each_says_what_it_is_for() -> None:
    found = policies(config=CONFIG)

    assert [*found] == SHIPPED
    assert all(policy.description for policy in found.values())
    assert {name: policy.choose for name, policy in found.items()} == {
        "balanced": "balanced",
        "cost": "cost",
        "draft-then-final": "quality",
        "quality": "quality",
        "speed": "speed",
    }


def test_only_one_of_them_drafts_and_its_final_clip_is_the_best_rated() -> None:
    found = policies()

    assert [name for name, policy in found.items() if policy.draft] == ["draft-then-final"]
    assert found["draft-then-final"].quality_margin == 0


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_policy_names_its_schema_for_editors(name: str) -> None:
    text = (shipped_configs() / "policies" / f"{name}.yaml").read_text()

    assert text.startswith("# yaml-language-server: $schema=../schemas/policy.schema.json\n")


def test_the_schema_beside_them_is_what_the_program_reads() -> None:
    kept = json.loads((shipped_configs() / "schemas" / "policy.schema.json").read_text())

    assert kept == policy_schema()
    assert kept["properties"].keys() == Policy.model_fields.keys()
    assert all("description" in field for field in kept["properties"].values())


def test_the_documented_policy_can_be_read_and_every_setting_is_documented(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "routing.md").read_text()
    [example] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)

    assert load_policy(written(tmp_path, example, "agency"), None, CONFIG).max_usd == 4
    settings = {*Policy.model_fields, *Fallback.model_fields, *Needs.model_fields, *Draft.model_fields}
    assert [name for name in sorted(settings - {"name", "description"}) if f"`{name}" not in text] == []


# --- by name and by path ----------------------------------------------------------------------------------------------


def test_a_users_policy_replaces_the_shipped_one_of_its_name_and_stands_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    written(tmp_path / "policies", "name: speed\nchoose: speed\nwithin: 0.3", "speed")
    written(tmp_path / "policies", "name: mine\nchoose: cost")

    found = policies(tmp_path, CONFIG)

    assert [*found] == sorted([*SHIPPED, "mine"])
    assert (found["speed"].within, load_policy("speed", tmp_path).within, load_policy("speed").within) == (
        0.3,
        0.3,
        0.1,
    )
    assert load_policy("mine", tmp_path).choose == "cost"
    assert load_policy("quality", tmp_path) == load_policy("quality")


def test_a_config_folder_without_policies_leaves_the_shipped_ones(tmp_path: Path) -> None:
    assert [*policies(tmp_path)] == SHIPPED


@pytest.mark.parametrize("ending", ["yaml", "yml"])
def test_what_ends_like_a_file_or_has_a_slash_is_a_file(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"mine.{ending}").write_text("name: mine\nchoose: cost\nmax_usd: 1.50")
    monkeypatch.chdir(tmp_path)

    for name in (f"mine.{ending}", f"./mine.{ending}", tmp_path / f"mine.{ending}"):
        assert load_policy(name).max_usd == Decimal("1.50")


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("spede", "did you mean 'speed'?"),
        ("Balanced", "did you mean 'balanced'?"),
        ("zzz", "there are balanced, cost, draft-then-final, quality, speed"),
        ("", "there are balanced, cost, draft-then-final, quality, speed"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_or_all(name: str, instead: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_policy(name)

    assert caught.value.message == f"there is no policy '{name}'; {instead}"
    assert caught.value.hint == "Give the name of a policy, or the path of its file."


@pytest.mark.parametrize("name", ["gone.yaml", "./gone"])
def test_a_path_that_is_no_file_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(BadConfig, match=r"gone.*: no such file"):
        load_policy(name)


def test_a_folder_is_no_policy(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot be read"):
        load_policy(tmp_path)


# --- what cannot be right ---------------------------------------------------------------------------------------------

GOOD = "name: mine\nchoose: quality\n"
WRONG = [
    ("unknown key", GOOD + "quality_margn: 20", 3, "unknown key 'quality_margn'; did you mean 'quality_margin'?"),
    ("unknown key far from all", GOOD + "zzz: 1", 3, "unknown key 'zzz'; there are allow, choose, deadline, deny"),
    (
        "unknown key inside",
        GOOD + "fallback:\n  attempts: 2\n  after_fail: true",
        5,
        "unknown key 'after_fail'; did you mean 'after_failed'?",
    ),
    ("wrong type", GOOD + "deadline: soon", 3, "deadline: input should be a valid number"),
    ("text for a list", GOOD + "deny: vertex", 3, "deny: write a list: [vertex]"),
    ("text for modes", GOOD + "require:\n  modes: text", 4, "require.modes: write a list: [text]"),
    ("a list for a block", GOOD + "weights: [1, 2]", 3, "weights: must be keys with values"),
    ("unknown rule", "name: mine\nchoose: best", 2, "choose: input should be 'speed', 'quality', 'cost' or 'balanced'"),
    ("unknown mode", GOOD + "require:\n  modes:\n  - txt", 5, "require.modes.0: input should be 'text', 'image',"),
    ("negative margin", GOOD + "quality_margin: -1", 3, "quality_margin: input should be greater than or equal to 0"),
    ("endless margin", GOOD + "quality_margin: .inf", 3, "quality_margin: input should be a finite number"),
    ("no number", GOOD + "max_usd: .nan", 3, "max_usd: input should be a finite number"),
    ("share above one", GOOD + "within: 10", 3, "within: input should be less than or equal to 1"),
    ("negative money", GOOD + "max_usd: -0.1", 3, "max_usd: input should be greater than or equal to 0"),
    ("no time", GOOD + "deadline: 0", 3, "deadline: input should be greater than 0"),
    ("no attempt", GOOD + "fallback: {attempts: 0}", 3, "fallback.attempts: input should be greater than or equal"),
    (
        "allowed and denied",
        GOOD + "allow: [vertex, veo-3.1]\ndeny:\n  - sora-2\n  - veo-3.1",
        6,
        "deny.1: 'veo-3.1' cannot be both allowed and denied",
    ),
    ("unknown endpoint", GOOD + "allow: [vertx/veo-3.1]", 3, "'vertx/veo-3.1'; did you mean 'vertex/veo-3.1'?"),
    (
        "unknown model",
        GOOD + "deny:\n  - vertex\n  - sora2",
        5,
        "deny: there is no endpoint, model or provider 'sora2'; did you mean 'sora-2'?",
    ),
    ("unknown provider", GOOD + "allow: [qqqq]", 3, "allow: there is no endpoint, model or provider 'qqqq'; there are"),
    (
        "unknown draft",
        GOOD + "draft:\n  models: [veo-fast]",
        4,
        "draft.models: there is no endpoint, model or provider 'veo-fast'",
    ),
    ("unknown final", GOOD + "draft:\n  final: vertex", 4, "draft.final: there is no model or endpoint 'vertex'"),
    (
        "unknown region",
        GOOD + "regions: [cn-bejing]",
        3,
        "regions: there is no provider's region 'cn-bejing'; did you mean 'cn-beijing'?",
    ),
    ("empty", "", 1, "a policy is a block of settings, such as name: fast and choose: speed"),
    ("a list", "- name: mine\n- choose: cost", 1, "a policy is a block of settings"),
    ("text", "quality", 1, "a policy is a block of settings"),
    ("bad YAML", GOOD + "allow: [vertex]]", 3, "not valid YAML"),
    ("twice", GOOD + "choose: cost", 3, "'choose' stands twice"),
    ("without a name", "choose: cost", 1, "name: field required"),
    ("without a rule", "name: mine", 1, "choose: field required"),
    (
        "name of another file",
        "# mine\nname: yours\nchoose: cost",
        2,
        "name: must be 'mine', like the file, not 'yours'",
    ),
    ("name with a space", "name: my own\nchoose: cost", 1, "name: string should match pattern"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "complaint"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_cannot_be_right_is_told_by_file_and_line(text: str, line: int, complaint: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)

    with pytest.raises(BadConfig) as caught:
        load_policy(path, None, CONFIG)

    assert f"{path}:{line}: " in str(caught.value)
    assert complaint in str(caught.value)


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    """Names that there are not, wrong values, unknown keys, and what does not go together."""
    text = """\
name: yours
zzz: 1
within: 7
allow: [vertx, veo-3.1]
tie_break: dearest
quality_margin: -3
deny: [veo-3.1]
regions: [moon, 5]
draft:
  final: sora2
  modles: []
"""
    path = written(tmp_path, text)

    with pytest.raises(BadConfig) as caught:
        load_policy(path, None, CONFIG)

    told = [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]
    assert [line.split(": ")[0] + " " + line.split(": ")[1].split(";")[0] for line in told] == [
        "1 choose",
        "1 name",
        "2 unknown key 'zzz'",
        "3 within",
        "4 allow",
        "5 tie_break",
        "6 quality_margin",
        "7 deny.0",
        "8 regions.1",
        "8 regions",
        "10 draft.final",
        "11 unknown key 'modles'",
    ]


@pytest.mark.parametrize("block", ["allow: 5", "deny: {sora2: 1}", "draft: [sora2]", "draft: {final: [sora2]}"])
def test_a_name_in_a_place_that_is_of_another_kind_breaks_nothing(block: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"mine\.yaml:3: \S+: "):
        load_policy(written(tmp_path, GOOD + block), None, CONFIG)


def test_a_bad_file_among_a_users_policies_is_named_when_all_are_read(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    path = written(tmp_path / "policies", GOOD + "within: 7")

    with pytest.raises(BadConfig, match="within: input should be less than or equal to 1") as caught:
        policies(tmp_path)

    assert str(path) in str(caught.value)


def test_names_are_looked_up_only_where_there_is_something_to_look_them_up_in(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + "allow: [elsewhere/model]")

    assert load_policy(path).allow == ("elsewhere/model",)


def test_names_of_a_users_own_config_are_names(tmp_path: Path) -> None:
    (tmp_path / "providers.yaml").write_text("den: {like: openai, name: The den, region: moon}")
    path = written(tmp_path, GOOD + "allow: [den, veo-3.1, vertex/veo-3.1]\nregions: [moon]")

    assert load_policy(path, tmp_path, load_config(tmp_path)).regions == ("moon",)


def test_a_policy_that_was_not_read_from_a_file_is_checked_by_its_name() -> None:
    policy = Policy(name="mine", choose="cost", deny=("sora2",))

    with pytest.raises(BadConfig, match=r"policy mine: deny: there is no .* 'sora2'; did you mean 'sora-2'\?"):
        check_policy(policy, CONFIG)
    check_policy(Policy(name="mine", choose="cost", deny=("sora-2",)), CONFIG)


async def test_a_route_by_a_policy_made_in_code_is_refused_for_a_name_that_there_is_not() -> None:
    policy = Policy(name="mine", choose="cost", deny=("sora2",))

    with pytest.raises(BadConfig, match=r"policy mine: deny: there is no .* 'sora2'"):
        await Rushes.open(environ={}).route("a kite", policy=policy)


@pytest.mark.parametrize("fields", [{"deny": "vertex"}, {"within": float("inf")}, {"choose": "best"}])
def test_a_policy_made_in_code_is_held_to_the_same(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Policy.model_validate({"name": "mine", "choose": "cost", **fields})
