"""YAML that cannot be right is refused with its file, its line and the nearest thing that would be."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

import rushes.yaml
from rushes.card import SHIPPED, load_card, load_cards
from rushes.errors import BadConfig
from rushes.yaml import read, read_text, text_of

WAN = (SHIPPED / "wan-2.5.yaml").read_text(encoding="utf-8")


@pytest.fixture(params=[yaml.SafeLoader, yaml.CSafeLoader], autouse=True)
def either_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML reads with libyaml or without; both must say the same."""
    monkeypatch.setattr(rushes.yaml, "LOADER", request.param)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.yaml"


def complaint(path: Path, text: str) -> str:
    """What reading `text` is refused with."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfig) as caught:
        read(path)
    return str(caught.value)


def card_complaint(path: Path, good: str, bad: str) -> tuple[int, str]:
    """The line where Wan's card was spoilt, and what it is refused with."""
    before, found, after = WAN.partition(good)
    assert found
    path.write_text(before + bad + after, encoding="utf-8")
    with pytest.raises(BadConfig) as caught:
        load_card(path)
    return before.count("\n") + 1, str(caught.value)


# --- plain YAML -------------------------------------------------------------------------------------------------------


def test_a_file_that_is_right_is_read_with_the_line_of_every_key(path: Path) -> None:
    path.write_text('# a comment\na: 1\nb:\n  c: ["16:9", x]\n', encoding="utf-8")

    document = read(path)

    assert document.data == {"a": 1, "b": {"c": ["16:9", "x"]}}
    assert [document.line(at) for at in [("a",), ("b",), ("b", "c"), ("b", "c", 1)]] == [2, 3, 4, 4]


def test_the_line_of_what_is_missing_is_that_of_the_block_around_it(path: Path) -> None:
    path.write_text("a: 1\nb:\n  c: 2\n", encoding="utf-8")

    assert read(path).line(("b", "d", 7)) == 2


@pytest.mark.parametrize(
    ("text", "line", "written"),
    [
        ("a: 1\nb: 16:9\n", 2, "16:9"),
        ("a: [1,\n  9:16]\n", 2, "9:16"),
        ("a: 1\nsizes: {16:9: 1280x720}\n", 2, "16:9"),
        ("a: 1\n16:9: 1280x720\n", 2, "16:9"),
        ("length: 1:02:30\n", 1, "1:02:30"),
    ],
)
def test_a_bare_ratio_or_clock_is_refused_since_yaml_reads_it_as_a_number(
    path: Path, text: str, line: int, written: str
) -> None:
    message = complaint(path, text)

    assert message == f'{path}:{line}: write "{written}" in quotes: bare, YAML reads it as a number'


def test_a_ratio_in_quotes_is_text(path: Path) -> None:
    path.write_text("a: '16:9'\nb: {\"9:16\": 720x1280}\n", encoding="utf-8")

    assert read(path).data == {"a": "16:9", "b": {"9:16": "720x1280"}}


def test_a_key_that_stands_twice_is_refused_at_the_second(path: Path) -> None:
    assert complaint(path, "a: 1\nb: 2\na: 3\n") == f"{path}:3: 'a' stands twice in the same block"
    assert complaint(path, "x:\n  a: 1\n  a: 1\n") == f"{path}:3: 'a' stands twice in the same block"


def test_a_blocks_own_key_goes_before_one_that_is_merged_into_it(path: Path) -> None:
    path.write_text(
        "base: &base {a: 1, b: 2}\nx: &x\n  <<: *base\n  a: 3\ny:\n  <<: *x\n  b: 4\nz: *x\n", encoding="utf-8"
    )

    data = read(path).data

    assert data["x"] == {"a": 3, "b": 2}
    assert data["y"] == {"a": 3, "b": 4}
    assert data["z"] == data["x"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: [1, 2\n", 3, "not valid YAML"),
        ("a: 1\nb:\n\t- c\n", 3, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("a: 1\nb: \x00\n", 2, "not valid YAML"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "could not determine a constructor"),
        ("a: 1\nb: *nobody\n", 2, "not valid YAML"),
        ("a: 1\nday: 2026-13-45\n", 2, "'2026-13-45' is no valid value"),
        ("a: 1\nb: !!int many\n", 2, "'many' is no valid value"),
        ("a: 1\n? [b, c]\n: 2\n", 2, "a key must be plain text"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(path: Path, text: str, line: int, reason: str) -> None:
    message = complaint(path, text)

    assert message.startswith(f"{path}:{line}: ")
    assert reason in message


def test_everything_that_is_no_yaml_of_ours_is_told_at_once_in_the_order_of_lines(path: Path) -> None:
    text = "x: &x {size: 16:9, day: 2026-13-45}\na: *x\nb: 9:16\na: 3\n? [c, d]\n: 2\ny:\n  <<: *x\n  e: 1\n  e: 2\n"

    assert [line.removeprefix(f"{path}:") for line in complaint(path, text).splitlines()] == [
        '1: write "16:9" in quotes: bare, YAML reads it as a number',
        "1: '2026-13-45' is no valid value: month must be in 1..12",
        '3: write "9:16" in quotes: bare, YAML reads it as a number',
        "4: 'a' stands twice in the same block",
        "5: a key must be plain text",
        "10: 'e' stands twice in the same block",
    ]


def test_an_alias_to_the_block_it_stands_in_is_refused(path: Path) -> None:
    assert "alias" in complaint(path, "a: &a [*a]\n")


def test_a_file_that_is_not_there_or_is_no_text_is_refused_by_name(path: Path) -> None:
    with pytest.raises(BadConfig, match="no such file") as missing:
        read(path)
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(BadConfig, match="cannot be read") as unreadable:
        read(path)

    assert str(path) in str(missing.value)
    assert str(path) in str(unreadable.value)


# --- other ways to the same data --------------------------------------------------------------------------------------


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    size: int = Field(default=1, ge=0)


class Things(BaseModel):
    model_config = ConfigDict(extra="forbid")

    things: tuple[Thing, ...] = Field(min_length=1)


def test_a_text_that_was_read_already_is_told_by_the_files_name(path: Path) -> None:
    document = read_text(path, "a: 1\nb: 2\n")

    assert document.data == {"a": 1, "b": 2}
    assert document.error(("b",), "no").message == f"{path}:2: no"
    with pytest.raises(BadConfig, match=rf"{path}:2: 'a' stands twice"):
        read_text(path, "a: 1\na: 2\n")


def test_a_byte_order_mark_is_no_text(path: Path) -> None:
    path.write_bytes("a: 1\n".encode("utf-8-sig"))

    assert text_of(path) == "a: 1\n"


def test_a_folder_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot be read"):
        text_of(tmp_path)


def test_several_complaints_stand_on_a_line_each(path: Path) -> None:
    document = read_text(path, "a: 1\nb:\n  - 2\n  - 3\n")

    both = document.errors([(("b", 1), "too much"), (("a",), "too little")])

    assert both.message == f"{path}:1: too little\n{path}:4: too much"


def test_what_is_wrong_beyond_the_form_is_told_with_it_in_the_order_of_lines(path: Path) -> None:
    wrong = read_text(path, "things:\n- name: a\n  colour: red\n- size: -1\n  name: b\n- {}\n")
    right = read_text(path, "things:\n- name: a\n")
    also = [(("things", 1, "name"), "'b' is no thing"), (("things", 0, "name"), "'a' is no thing")]

    with pytest.raises(BadConfig) as both:
        wrong.parse(Things, also=also)
    with pytest.raises(BadConfig) as alone:
        right.parse(Things, also=also[1:])

    assert [line.removeprefix(f"{path}:") for line in both.value.message.splitlines()] == [
        "2: 'a' is no thing",
        "3: unknown key 'colour'; there are name, size",
        "4: things.1.size: input should be greater than or equal to 0 (given: -1)",
        "5: 'b' is no thing",
        "6: things.2.name: field required",
    ]
    assert alone.value.message == f"{path}:2: 'a' is no thing"
    assert right.parse(Things, also=()).things[0].name == "a"


def test_other_data_keeps_the_places_of_the_file(path: Path) -> None:
    document = read_text(path, "name: a\nsize: 3\n").instead({"name": "a", "size": -3})

    with pytest.raises(BadConfig, match=f"{path}:2: size: "):
        document.parse(Thing)


def test_a_list_alone_can_stand_under_a_key(path: Path) -> None:
    document = read_text(path, "- name: a\n- name: b\n  size: -1\n")

    with pytest.raises(BadConfig) as raised:
        document.under("things").parse(Things)

    assert raised.value.message.startswith(f"{path}:3: things.1.size: ")


def test_a_list_is_not_called_short_for_its_wrong_entries(path: Path) -> None:
    wrong = read_text(path, "things:\n- name: a\n  size: -1\n")
    empty = read_text(path, "things: []\n")

    with pytest.raises(BadConfig) as one:
        wrong.parse(Things)
    with pytest.raises(BadConfig, match="at least 1 item"):
        empty.parse(Things)

    assert len(one.value.message.splitlines()) == 1


# --- cards ------------------------------------------------------------------------------------------------------------


def test_an_unknown_key_is_refused_with_the_nearest_that_is_known(path: Path) -> None:
    line, message = card_complaint(path, "    billing:", "    biling:")

    assert f"{path}:{line}: unknown key 'biling'; did you mean 'billing'?" in message.splitlines()


def test_an_unknown_key_deep_inside_is_compared_with_its_own_neighbours(path: Path) -> None:
    line, message = card_complaint(path, "max_bytes: 20000000", "max_byte: 20000000")

    assert message == f"{path}:{line}: unknown key 'max_byte'; did you mean 'max_bytes'?"


def test_an_unknown_key_that_resembles_nothing_gets_the_whole_list(path: Path) -> None:
    line, message = card_complaint(path, "maker: Alibaba", "maker: Alibaba\nzzzz: 1")

    assert message.startswith(f"{path}:{line + 1}: unknown key 'zzzz'; there are ")
    assert "endpoints" in message
    assert "per_second" not in message


def test_a_source_that_is_not_listed_is_refused_with_the_nearest_that_is(path: Path) -> None:
    line, message = card_complaint(path, "source: intl-price", "source: intl-prices")

    assert message == (
        f"{path}:{line}: endpoints.0.prices.0.source: 'intl-prices' is not under sources; did you mean 'intl-price'?"
    )


def test_a_fact_without_a_source_is_refused(path: Path) -> None:
    line, message = card_complaint(path, 'per_second: "0.05", source: intl-price}', 'per_second: "0.05"}')

    assert message == f"{path}:{line}: endpoints.0.prices.0.source: field required"


def test_a_key_twice_in_a_card_is_refused(path: Path) -> None:
    line, message = card_complaint(path, "maker: Alibaba", "maker: Alibaba\nname: Wan")

    assert message == f"{path}:{line + 1}: 'name' stands twice in the same block"


def test_a_bare_ratio_in_a_card_is_refused(path: Path) -> None:
    line, message = card_complaint(path, 'aspect_ratio: "16:9"', "aspect_ratio: 16:9")

    assert message == f'{path}:{line}: write "16:9" in quotes: bare, YAML reads it as a number'


@pytest.mark.parametrize(
    ("good", "bad", "reason"),
    [
        ("832x480", "832*480", "write a size as WIDTHxHEIGHT, such as 1280x720 (given: '832*480')"),
        ("480p: {", "481p: {", "'480p', '720p', '1024p', '1080p' or '4k' (given: '481p')"),
        ('"1:1": 624x624', '"2:1": 624x624', "'1:1', '4:3' or '3:4' (given: '2:1')"),
        ("modes: [text]", "modes: [txt]", "'first_last', 'references' or 'extend' (given: 'txt')"),
        ('per_second: "0.05"', 'per_second: "-0.05"', "input should be greater than 0"),
        ("confidence: medium", "confidence: fair", "input should be 'high', 'medium' or 'low' (given: 'fair')"),
        ("{text: wan2.5-t2v-preview", "{txt: wan2.5-t2v-preview", "(given: 'txt')"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_what_can(path: Path, good: str, bad: str, reason: str) -> None:
    line, message = card_complaint(path, good, bad)

    assert message.startswith(f"{path}:{line}: ")
    assert reason in message.splitlines()[0]


def test_an_offer_without_any_shape_is_refused(path: Path) -> None:
    _, message = card_complaint(path, "        shaped_by_image: [480p, 720p, 1080p]\n", "")

    assert "an offer has either sizes or shaped_by_image" in message


def test_a_price_in_yuan_without_a_rate_is_refused(path: Path) -> None:
    _, message = card_complaint(path, '        usd_rate: "0.1433"\n', "")

    assert "a price in another currency needs usd_rate and rate_date" in message


def test_every_complaint_about_a_card_comes_at_once(path: Path) -> None:
    text = WAN.replace("maker:", "makers:", 1).replace("832x480", "832*480", 1)
    path.write_text(text, encoding="utf-8")

    with pytest.raises(BadConfig) as caught:
        load_card(path)

    assert "unknown key 'makers'; did you mean 'maker'?" in str(caught.value)
    assert "write a size as WIDTHxHEIGHT" in str(caught.value)


def test_an_empty_card_is_refused_at_its_first_line(path: Path) -> None:
    path.write_text("", encoding="utf-8")

    with pytest.raises(BadConfig) as caught:
        load_card(path)

    assert str(caught.value).startswith(f"{path}:1: the file: ")


def test_a_card_of_ones_own_replaces_the_shipped_one_of_the_same_model(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(WAN.replace("name: Wan 2.5", "name: My Wan", 1), encoding="utf-8")

    assert load_cards(SHIPPED, tmp_path)["wan-2.5"].name == "My Wan"


def test_two_cards_of_one_folder_cannot_be_about_the_same_model(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(WAN, encoding="utf-8")

    with pytest.raises(BadConfig, match=r"two\.yaml: model 'wan-2\.5' stands in .*one\.yaml too"):
        load_cards(tmp_path)
