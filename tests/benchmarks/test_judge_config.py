"""Who may judge, and at what price."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.benchmarks.judging.judges import FILE, Judge, judge_of, load_judges
from rushes.card import load_cards
from rushes.config import access
from rushes.errors import BadConfig, BadInput
from tests.benchmarks.test_judge_wires import judge

OWN = """
mine:
  name: Mine
  wire: openai
  model: mine-1
  base_url: http://127.0.0.1:9/v1
  auth: none
"""


def write(folder: Path, text: str) -> Path:
    (folder / FILE).write_text(text)
    return folder


def test_the_shipped_judges_load_and_say_where_their_prices_are_from() -> None:
    judges = load_judges()

    assert {"gemini-3.8-flash", "gpt-6-luna", "local", "simulated"} <= judges.keys()
    for each in judges.values():
        assert each.fps >= 4
        for price in each.prices:
            assert price.source
            assert price.checked.year >= 2026


def test_shipped_makers_are_called_as_cards_call_them() -> None:
    makers = {card.maker for card in load_cards().values()}

    assert {load_judges()[id].maker for id in ("gemini-3.8-flash", "gpt-6-luna")} <= makers


def test_ones_own_judges_stand_beside_the_shipped_ones_and_replace_those_of_the_same_name(tmp_path: Path) -> None:
    judges = load_judges(write(tmp_path, OWN + OWN.replace("mine:", "simulated:")))

    assert judges["mine"].model == judges["simulated"].model == "mine-1"
    assert "gpt-6-luna" in judges


def test_a_folder_without_judges_changes_nothing(tmp_path: Path) -> None:
    assert load_judges(tmp_path) == load_judges()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("wire: smoke", "wire"),
        ("fps: 1", "greater than or equal to 4"),
        ("side: 4000", "less than or equal to 512"),
        ("sees: video", "carries no video"),
        ("sees: sound", "sees"),
        ("max_images: 1", "max_images"),
        ("temperature: 3", "temperature"),
        ("prises: []", "did you mean 'prices'"),
        ("prices: [{since: 2026-01-01, input: -1, output: 0, checked: 2026-01-01, source: x}]", "prices.0.input"),
        ("prices: [{since: 2026-01-01, input: 1, output: 0, checked: 2026-01-01}]", "source"),
    ],
)
def test_a_mistake_is_named_by_file_and_line(tmp_path: Path, wrong: str, said: str) -> None:
    key = wrong.partition(":")[0]
    kept = "\n".join(line for line in OWN.splitlines() if not line.strip().startswith(f"{key}:"))
    folder = write(tmp_path, f"{kept}\n  {wrong}\n")

    with pytest.raises(BadConfig) as raised:
        load_judges(folder)

    assert f"{folder / FILE}:" in raised.value.message
    assert said in raised.value.message


@pytest.mark.parametrize("text", ["- a list", "mine: 7"])
def test_a_file_of_another_form_says_what_it_should_be(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadConfig, match="block"):
        load_judges(write(tmp_path, text))


def test_an_unknown_judge_is_answered_with_those_that_are_there() -> None:
    with pytest.raises(BadInput, match="did you mean 'gpt-6-luna'"):
        judge_of("gpt-6-lunar", load_judges())
    with pytest.raises(BadInput, match=r"there are .*simulated"):
        judge_of("?", load_judges())


def test_the_newest_price_that_has_begun_counts() -> None:
    rows = [
        {"since": "2026-01-01", "input": "1", "output": "4", "checked": "2026-01-01", "source": "x"},
        {"since": "2027-01-01", "input": "2", "output": "8", "checked": "2026-01-01", "source": "x"},
    ]
    by = Judge.model_validate(judge().model_dump() | {"prices": rows})

    assert by.price(date(2025, 12, 31)) is None
    assert [by.price(date(year, 6, 1)).input for year in (2026, 2027)] == [1, 2]  # type: ignore[union-attr]
    assert by.price(date(2026, 1, 1)).usd(1, 1) == Decimal("0.000005")  # type: ignore[union-attr]


def test_a_key_is_read_from_the_environment_and_shown_nowhere() -> None:
    provider = judge().provider()

    reached = access(provider, {"JUDGE_KEY": "canary-key-3f9a\n"})

    assert reached.key == "canary-key-3f9a"
    assert "canary" not in repr(reached)
    assert access(provider, {}).missing == ("set JUDGE_KEY",)


def test_a_judge_on_vertex_takes_its_project_from_the_environment() -> None:
    provider = load_judges()["gemini-3.8-flash-vertex"].provider()

    assert "/projects/my-project/locations/global/" in access(provider, {"GOOGLE_CLOUD_PROJECT": "my-project"}).base_url
    assert access(provider, {}).missing == ("set GOOGLE_CLOUD_PROJECT",)
