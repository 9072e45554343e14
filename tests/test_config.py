"""Who can be reached, where and with whose key; and that no secret is ever shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from rushes.config import Access, Limits, access, load_config
from rushes.errors import BadConfig, NotAuthorized
from rushes.http import NoAuth
from rushes.providers import PROVIDERS
from rushes.providers.credentials import Key, auth_of

SECRET = "canary-key-3f9a"
SHIPPED = load_config()


def overlay(folder: Path, text: str) -> Path:
    """A folder of the user's own with this providers.yaml."""
    (folder / "providers.yaml").write_text(text)
    return folder


def reached(name: str, **environ: str) -> Access:
    return access(SHIPPED.providers[name], environ)


# --- the files --------------------------------------------------------------------------------------------------------


def test_every_shipped_entry_whose_wire_is_spoken_has_settings_that_its_adapter_knows() -> None:
    spoken = {name: entry for name, entry in SHIPPED.providers.items() if entry.wire in PROVIDERS}

    adapters = {name: PROVIDERS[entry.wire](entry.settings) for name, entry in spoken.items()}

    assert adapters.keys() >= {"openai", "azure", "vllm-omni", "sglang", "openai-compatible"}


def test_a_users_own_block_replaces_the_shipped_one_and_leaves_the_others(tmp_path: Path) -> None:
    block = "openai: {name: Mine, wire: openai, base_url: http://127.0.0.1:1/v1, auth: none}"

    config = load_config(overlay(tmp_path, block))

    assert (config.providers["openai"].name, config.providers["openai"].key_variables) == ("Mine", ())
    assert config.providers["vertex"] == SHIPPED.providers["vertex"]


def test_a_block_starts_from_another_and_changes_only_what_it_names(tmp_path: Path) -> None:
    text = """
den:
  like: vllm-omni
  name: The den
  auth: bearer
  key_variables: [DEN_KEY]
  settings: {fps: 16}
"""

    den, base = load_config(overlay(tmp_path, text)).providers["den"], SHIPPED.providers["vllm-omni"]

    assert den.settings == {**base.settings, "fps": 16}
    assert (den.name, den.auth, den.key_variables) == ("The den", "bearer", ("DEN_KEY",))
    assert (den.base_url, den.wire, den.concurrency) == (base.base_url, base.wire, base.concurrency)


def test_a_block_may_start_from_one_that_starts_from_another(tmp_path: Path) -> None:
    text = "a: {like: openai, name: A}\nb: {like: a, concurrency: 9}"

    b = load_config(overlay(tmp_path, text)).providers["b"]

    assert (b.name, b.concurrency, b.base_url) == ("A", 9, SHIPPED.providers["openai"].base_url)


def test_a_block_may_start_from_the_shipped_one_of_its_own_name(tmp_path: Path) -> None:
    text = "vertex: {like: vertex, base_url: https://here.test, settings: {project: p}}\nb: {like: vertex, name: B}"

    providers = load_config(overlay(tmp_path, text)).providers
    own, base = providers["vertex"], SHIPPED.providers["vertex"]

    assert (own.base_url, own.wire, own.base_urls) == ("https://here.test", base.wire, base.base_urls)
    assert own.settings == {**base.settings, "project": "p"}
    assert (providers["b"].name, providers["b"].base_url) == ("B", "https://here.test")


def test_a_shipped_block_may_start_from_one_that_a_user_replaced(tmp_path: Path) -> None:
    text = "dashscope-intl: {like: dashscope-intl, concurrency: 9}"

    providers = load_config(overlay(tmp_path, text)).providers

    assert (providers["dashscope-intl"].concurrency, providers["dashscope-us"].concurrency) == (9, 9)
    assert providers["dashscope-us"].base_url == SHIPPED.providers["dashscope-us"].base_url


def test_a_key_loses_the_line_break_at_its_end() -> None:
    assert access(SHIPPED.providers["openai"], {"OPENAI_API_KEY": " sk-any\r\n"}).key == "sk-any"


@pytest.mark.parametrize("key", ["sk-a\nb", "sk-…", "sk-\x7f"])
def test_a_key_that_no_header_can_carry_is_missing_and_not_shown(key: str) -> None:
    reached = access(SHIPPED.providers["openai"], {"OPENAI_API_KEY": key})

    assert len(reached.missing) == 1
    assert "OPENAI_API_KEY" in reached.missing[0]
    assert key not in reached.missing[0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "den: {like: openai, conurrency: 3}",
            "providers.yaml:1: unknown key 'conurrency'; did you mean 'concurrency'?",
        ),
        ("den:\n  like: opnai", "providers.yaml:2: like: 'opnai' is no other provider; there are azure"),
        ("den: {like: den}", "like: 'den' is no other provider"),
        ("a: {like: b}\nb: {like: a}", "is no other provider"),
        ("den: {like: [openai]}", "is no other provider"),
        ("den: 3", "providers.yaml:1: 'den' must be a block of settings"),
        ("- den", "providers.yaml:1: providers.yaml holds one block per provider"),
        ("den: {like: openai, settings: fast}", "den.settings: must be keys with values (given: 'fast')"),
        ("den: {like: openai, auth: basic}", "den.auth: input should be 'bearer', 'api-key', 'google' or 'none'"),
        ("den: {like: openai, concurrency: 0}", "den.concurrency: input should be greater than or equal to 1"),
        ("den: {name: Den, wire: openai, auth: none}", "den.base_url: field required"),
        ("den: {like: openai, submits_per_minute: 0}", "den.submits_per_minute: input should be greater than 0"),
        ("den: {like: openai, credentials: [a]}", "den.credentials: must be keys with values"),
        ("den: {like: openai, credentials: {North: {}}}", "den.credentials.North"),
        (
            "den:\n  like: openai\n  credentials:\n    a: {concurency: 3}",
            "providers.yaml:4: unknown key 'concurency'; did you mean 'concurrency'?",
        ),
        ("den: {like: openai, credentials: {a: {key_variables: []}}}", "den.credentials.a.key_variables"),
        ("den: {like: openai, credentials: {a: {concurrency: 0}}}", "den.credentials.a.concurrency"),
        ("den: {like: openai, credentials: {a: {submits_per_minute: -1}}}", "den.credentials.a.submits_per_minute"),
        ("den: {like: openai, credentials: {a: {key: sk-1}}}", "unknown key 'key'"),
    ],
)
def test_a_block_that_cannot_be_right_is_named_by_file_and_line(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig) as caught:
        load_config(overlay(tmp_path, text))

    assert complaint in str(caught.value)


def test_a_card_whose_provider_is_not_listed_is_refused_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    card = Path("configs/models/sora-2.yaml")
    shipped = (Path(__file__).parent.parent / card).read_text()
    (tmp_path / "models" / "den.yaml").write_text(shipped.replace("provider: azure", "provider: den"))

    with pytest.raises(BadConfig, match=r"provider 'den' is not in providers\.yaml \(azure, "):
        load_config(tmp_path)


def test_a_folder_that_is_not_there_is_no_empty_overlay(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no such folder"):
        load_config(tmp_path / "nowhere")


# --- keys, addresses and settings out of the environment --------------------------------------------------------------


def test_a_key_is_used_and_never_shown() -> None:
    found = reached("openai", OPENAI_API_KEY=SECRET)
    auth = auth_of(SHIPPED.providers["openai"], found)

    assert found.key == SECRET
    assert SECRET not in f"{found!r} {found} {auth!r} {auth}"


@pytest.mark.parametrize(
    ("name", "environ", "key"),
    [
        ("gemini", {"GOOGLE_API_KEY": "second"}, "second"),
        ("gemini", {"GOOGLE_API_KEY": "second", "GEMINI_API_KEY": "first"}, "first"),
        ("gemini", {"GOOGLE_API_KEY": "second", "GEMINI_API_KEY": ""}, "second"),
        ("dashscope-intl", {"DASHSCOPE_API_KEY": "any"}, "any"),
        ("dashscope-cn", {"DASHSCOPE_API_KEY": "any"}, None),
    ],
)
def test_the_first_key_variable_that_is_set_counts(name: str, environ: dict[str, str], key: str | None) -> None:
    assert reached(name, **environ).key == key


def test_a_missing_key_is_listed_with_the_variables_that_would_hold_it() -> None:
    found = reached("gemini")

    assert found.missing == ("set GEMINI_API_KEY or GOOGLE_API_KEY",)
    with pytest.raises(
        NotAuthorized, match="Gemini Developer API cannot be used: set GEMINI_API_KEY or GOOGLE_API_KEY"
    ):
        auth_of(SHIPPED.providers["gemini"], found)


def test_everything_that_is_missing_is_listed_at_once() -> None:
    assert reached("azure").missing == ("set AZURE_OPENAI_RESOURCE", "set AZURE_OPENAI_API_KEY")


def test_a_server_that_asks_for_no_key_is_sent_none() -> None:
    found = reached("sglang")

    assert found.missing == ()
    assert isinstance(auth_of(SHIPPED.providers["sglang"], found), NoAuth)


async def test_a_bearer_key_goes_into_the_authorization_header() -> None:
    auth = auth_of(SHIPPED.providers["openai"], reached("openai", OPENAI_API_KEY=SECRET))

    assert isinstance(auth, Key)
    assert await auth.headers() == {"authorization": f"Bearer {SECRET}"}


@pytest.mark.parametrize(
    ("name", "environ", "base_url"),
    [
        ("openai", {}, "https://api.openai.com/v1"),
        ("azure", {"AZURE_OPENAI_RESOURCE": "fox"}, "https://fox.openai.azure.com/openai/v1"),
        ("vertex", {}, "https://us-central1-aiplatform.googleapis.com/v1"),
        ("vertex", {"GOOGLE_CLOUD_LOCATION": "europe-west4"}, "https://europe-west4-aiplatform.googleapis.com/v1"),
        ("vertex", {"GOOGLE_CLOUD_LOCATION": "global"}, "https://aiplatform.googleapis.com/v1"),
        (
            "dashscope-workspace-sg",
            {"DASHSCOPE_WORKSPACE_ID": "ws-1"},
            "https://ws-1.ap-southeast-1.maas.aliyuncs.com/api/v1",
        ),
    ],
)
def test_a_base_url_is_filled_in_from_settings_and_environment(
    name: str, environ: dict[str, str], base_url: str
) -> None:
    found = reached(name, **environ)

    assert (found.base_url, found.redirected) == (base_url, False)


def test_the_variable_that_the_vendors_sdk_reads_moves_the_base_url_and_says_so() -> None:
    moved = reached("openai", OPENAI_BASE_URL="http://127.0.0.1:9/v1", OPENAI_API_KEY=SECRET)
    same = reached("openai", OPENAI_BASE_URL="https://api.openai.com/v1/", OPENAI_API_KEY=SECRET)

    assert (moved.base_url, moved.redirected, moved.missing) == ("http://127.0.0.1:9/v1", True, ())
    assert not same.redirected


@pytest.mark.parametrize("value", ["https://fox.openai.azure.com", "evil.test/", "evil.test#", "a.b", "evil@"])
def test_what_could_turn_a_base_url_into_another_hosts_is_not_taken_for_a_name(value: str) -> None:
    found = reached("azure", AZURE_OPENAI_RESOURCE=value, AZURE_OPENAI_API_KEY=SECRET)

    assert found.missing == (f"set AZURE_OPENAI_RESOURCE to a plain name, not '{value}'",)
    with pytest.raises(NotAuthorized):
        auth_of(SHIPPED.providers["azure"], found)


def test_settings_of_the_environment_win_over_those_of_the_file() -> None:
    found = reached("vertex", GOOGLE_CLOUD_PROJECT="fox-films", GOOGLE_CLOUD_LOCATION="us")

    assert found.settings == {"project": "fox-films", "location": "us"}
    assert found.missing == ()


# --- several keys -----------------------------------------------------------------------------------------------------

TWO = """
vertex:
  like: vertex
  submits_per_minute: 10
  settings: {location: us}
  credentials:
    north: {variables: {project: NORTH_PROJECT}, concurrency: 2}
    south:
      key_variables: [SOUTH_TOKEN]
      variables: {project: SOUTH_PROJECT}
      settings: {location: eu}
      submits_per_minute: 3
"""


def test_a_provider_without_credentials_has_the_one_key_of_its_entry() -> None:
    openai = SHIPPED.providers["openai"]

    assert openai.keys == (None,)
    assert openai.by(None) is openai
    with pytest.raises(KeyError):
        openai.by("north")


def test_what_a_credential_leaves_out_is_as_in_its_providers_entry(tmp_path: Path) -> None:
    vertex = load_config(overlay(tmp_path, TWO)).providers["vertex"]

    north, south = vertex.by("north"), vertex.by("south")

    assert vertex.keys == ("north", "south")
    assert (north.concurrency, south.concurrency) == (2, vertex.concurrency)
    assert (north.submits_per_minute, south.submits_per_minute) == (10, 3)
    assert (north.key_variables, south.key_variables) == (vertex.key_variables, ("SOUTH_TOKEN",))
    assert (north.settings, south.settings) == ({"location": "us"}, {"location": "eu"})
    assert (north.base_url, north.wire, north.trusted_hosts) == (vertex.base_url, vertex.wire, vertex.trusted_hosts)
    assert north.keys == (None,)


def test_each_credential_is_reached_with_its_own_variables_and_settings(tmp_path: Path) -> None:
    vertex = load_config(overlay(tmp_path, TWO)).providers["vertex"]
    environ = {"NORTH_PROJECT": "n", "SOUTH_PROJECT": "s", "SOUTH_TOKEN": SECRET, "GOOGLE_CLOUD_PROJECT": "nobody"}

    north, south = (access(vertex.by(name), environ) for name in ("north", "south"))

    assert (north.settings, south.settings) == (
        {"project": "n", "location": "us"},
        {"project": "s", "location": "eu"},
    )
    assert (north.base_url, south.base_url) == (
        "https://aiplatform.us.rep.googleapis.com/v1",
        "https://aiplatform.eu.rep.googleapis.com/v1",
    )
    assert (north.key, south.key) == (None, SECRET)
    assert SECRET not in f"{south!r}"


def test_a_credential_that_is_not_set_says_which_variables_would_set_it(tmp_path: Path) -> None:
    text = "openai: {like: openai, credentials: {a: {key_variables: [A_KEY, OLD_A_KEY]}, b: {}}}"
    openai = load_config(overlay(tmp_path, text)).providers["openai"]

    assert access(openai.by("a"), {"OPENAI_API_KEY": "any"}).missing == ("set A_KEY or OLD_A_KEY",)
    assert access(openai.by("b"), {"OPENAI_API_KEY": "any"}).missing == ()
    assert access(openai.by("b"), {}).missing == ("set OPENAI_API_KEY",)


def test_a_block_that_starts_from_another_has_its_credentials_too(tmp_path: Path) -> None:
    text = "openai: {like: openai, credentials: {a: {}}}\nden: {like: openai, name: Den}"

    assert load_config(overlay(tmp_path, text)).providers["den"].keys == ("a",)


# --- caps -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [{"deadline": 0}, {"max_usd_per_day": -1}, {"max_clip_bytes": 0}, {"dealine": 10}, {"guard": 60, "stale": 60}],
)
def test_limits_that_would_hold_nothing_back_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Limits(**wrong)
