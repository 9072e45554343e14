"""Whatever cannot be had is refused with every reason and the right exit code, before anything is sent or written."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from PIL import Image

from rushes.card import shipped_configs
from tests.cli.conftest import Command, jobs_sent, jobs_written

SORA = ("--simulate", "--endpoint", "openai/sora-2")
WAN = ("--simulate", "--endpoint", "dashscope-intl/wan-2.5")


@pytest.fixture(autouse=True)
def nothing_is_sent_and_nothing_written(home: Path) -> object:
    yield
    assert jobs_sent(home) == 0
    assert jobs_written(home) == 0


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ((*SORA, "--seconds", "5"), 3, ["4 s, 8 s, 12 s, 16 s or 20 s, not 5 s", "Nearest that works: 4 s"]),
        ((*SORA, "--resolution", "4k"), 3, ["makes 720p, not 4k"]),
        ((*SORA, "--aspect-ratio", "1:1"), 3, ["makes 16:9 or 9:16, not 1:1"]),
        ((*SORA, "--no-audio"), 3, ["always makes sound"]),
        ((*SORA, "--seed", "7"), 3, ["takes no seed"]),
        ((*SORA, "--seconds", "5", "--resolution", "4k"), 3, ["not 5 s", "not 4k"]),
        ((*SORA, "--seconds", "-4"), 2, ["seconds", "greater than 0"]),
        ((*SORA, "--count", "0"), 2, ["count", "greater than or equal to 1"]),
        ((*SORA, "--max-usd", "0.50"), 3, ["the call's max_usd: $0.80 is more than $0.50"]),
        ((*SORA, "--max-usd", "nan"), 2, ["--max-usd takes an amount"]),
        ((*SORA, "--max-usd", "lots"), 2, ["--max-usd takes an amount", "'lots'"]),
        ((*SORA, "--image", "no-such.png"), 2, ["no-such.png", "No such file"]),
        ((*SORA, "--last-image", "end.png"), 2, ["last_image needs image"]),
        ((*SORA, "--option", "openai.nonsense=1"), 3, ["openai has no option 'nonsense'"]),
        ((*SORA, "--option", "opnai.fields={}"), 2, ["there is no provider 'opnai'", "did you mean 'openai'?"]),
        ((*SORA, "--option", "nonsense"), 2, ["PROVIDER.NAME=VALUE"]),
        ((*SORA, "--fault", "nonsense"), 2, ["there is no fault 'nonsense'", "drop_after_accept"]),
        (("--simulate", "--model", "sora-22"), 2, ["there is no model 'sora-22'", "did you mean 'sora-2'?"]),
        (("--simulate", "--endpoint", "opena/sora-2"), 2, ["there is no endpoint", "did you mean 'openai/sora-2'?"]),
        (("--simulate", "--policy", "fastest"), 2, ["there is no policy 'fastest'", "speed"]),
        (("--simulate", "--policy", "speed", "--prefer", "cost"), 2, ["--policy or --prefer, not both"]),
        ((*SORA, "--model", "sora-2"), 2, ["--model or --endpoint, not both"]),
        (("--endpoint", "openai/sora-2"), 3, ["retired on 2026-09-24", "no successor"]),
        (("--model", "sora-2"), 3, ["openai/sora-2: retired on 2026-09-24", "azure/sora-2: retired on 2026-10-15"]),
        (("--endpoint", "gemini/veo-3.1"), 3, ["retired on 2026-10-22", "vertex/veo-3.1"]),
        (("--model", "sora-2", "--fault", "moderated"), 2, ["--fault needs --simulate"]),
        ((*SORA, "--as-of", "tomorrow"), 2, ["--as-of", "tomorrow"]),
        ((*SORA, "--resolution", "8k"), 2, ["--resolution", "1080p"]),
        ((*SORA, "--secnds", "4"), 2, ["Unknown option: --secnds", "--seconds"]),
        ((*SORA, "--config", "no-such-folder"), 2, ["no-such-folder: no such folder"]),
    ],
)
def test_a_request_that_cannot_be_is_refused_with_its_reasons(
    rushes: Command, options: tuple[str, ...], code: int, words: list[str]
) -> None:
    ended = rushes("generate", "a fox in snow", *options)

    assert ended.code == code
    assert ended.out.replace("Simulated world of 2026-08-01: no cost; seconds and dollars", "").count("\n") <= 1
    for each in words:
        assert each in ended.err


def test_a_prompt_that_is_too_long_is_refused_with_the_limit(rushes: Command) -> None:
    ended = rushes("generate", "x" * 1501, *WAN)

    assert ended.code == 3
    assert "takes a prompt of up to 1500 characters, not 1501" in ended.err


def test_an_empty_prompt_is_no_request(rushes: Command) -> None:
    ended = rushes("generate", "  ", *WAN)

    assert ended.code == 2
    assert "the prompt is empty" in ended.err


def test_a_model_without_sound_says_so_where_sound_must_be(rushes: Command, tmp_path: Path) -> None:
    cards = tmp_path / "config" / "models"
    cards.mkdir(parents=True)
    card = (shipped_configs() / "models" / "wan-2.5.yaml").read_text()
    (cards / "wan-2.5.yaml").write_text(card.replace("audio: [true]", "audio: [false]"))

    ended = rushes("generate", "a fox", *WAN, "--audio", "--config", tmp_path / "config")

    assert ended.code == 3
    assert "makes silent clips only" in ended.err


def test_a_picture_of_the_wrong_kind_is_named_with_what_would_do(rushes: Command, tmp_path: Path) -> None:
    Image.new("RGB", (1280, 720)).save(tmp_path / "fox.gif")

    ended = rushes("generate", "a fox", *SORA, "--image", tmp_path / "fox.gif")

    assert ended.code == 3
    assert "image: takes jpeg, png or webp, not gif" in ended.err


def test_a_picture_of_the_wrong_size_is_named_with_its_size(rushes: Command, tmp_path: Path) -> None:
    Image.new("RGB", (100, 80)).save(tmp_path / "fox.png")

    ended = rushes("generate", "a fox", *WAN, "--image", tmp_path / "fox.png")

    assert ended.code == 3
    assert "image: takes sides of at least 240 pixels, not 100x80" in ended.err


def test_a_file_that_is_no_picture_is_refused(rushes: Command, tmp_path: Path) -> None:
    (tmp_path / "fox.png").write_text("not a picture")

    ended = rushes("generate", "a fox", *SORA, "--image", tmp_path / "fox.png")

    assert ended.code == 2
    assert "fox.png: not a picture that can be read" in ended.err


def test_a_missing_key_names_the_variable_and_what_needs_none(rushes: Command) -> None:
    ended = rushes("generate", "a fox", "--endpoint", "vertex/veo-3.1", "--yes")

    assert ended.code == 3
    assert "set GOOGLE_CLOUD_PROJECT" in ended.err
    assert "No other endpoint is set up here. --simulate needs no key" in ended.err


def test_a_missing_key_names_the_endpoints_that_are_set_up(rushes: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_CN_API_KEY", "sk-secret")

    ended = rushes("generate", "a fox", "--endpoint", "vertex/veo-3.1", "--yes")

    assert ended.code == 3
    assert "These make it and are set up here: dashscope-cn/wan-2.5." in ended.err
    assert "sk-secret" not in ended.err


def test_without_a_terminal_money_is_only_spent_with_yes(rushes: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_CN_API_KEY", "sk-secret")

    ended = rushes("generate", "a fox", "--endpoint", "dashscope-cn/wan-2.5")

    assert ended.code == 2
    assert "dashscope-cn/wan-2.5: 1 clip for $" in ended.err
    assert "not a terminal" in ended.err
    assert "--yes" in ended.err


def test_the_cap_of_a_day_holds(rushes: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSHES_MAX_USD_PER_DAY", "0.50")

    ended = rushes("generate", "a fox", *SORA)

    assert ended.code == 3
    assert "0.50" in ended.err or "0.5" in ended.err
    assert "day" in ended.err


def test_a_cap_that_is_no_number_is_named_by_its_variable(rushes: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSHES_MAX_USD_PER_DAY", "plenty")

    ended = rushes("generate", "a fox", *SORA)

    assert ended.code == 2
    assert "RUSHES_MAX_USD_PER_DAY" in ended.err


def test_broken_yaml_is_named_by_file_and_line(rushes: Command, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "providers.yaml").write_text("mine:\n  name: [unclosed\n")

    ended = rushes("generate", "a fox", *SORA, "--config", tmp_path / "config")

    assert ended.code == 2
    assert "providers.yaml:" in ended.err


def test_a_full_disk_is_noticed_before_anything_is_sent(rushes: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 1000, 1000))

    ended = rushes("generate", "a fox", *SORA)

    assert ended.code == 2
    assert "0 MB are free" in ended.err
    assert "Nothing was sent" in ended.err


def test_a_home_that_is_a_file_is_refused(rushes: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    ended = rushes("generate", "a fox", *SORA, "--home", tmp_path / "file")

    assert ended.code == 2
    assert "cannot be used" in ended.err
    assert "--home" in ended.err


def test_a_file_that_is_there_is_not_overwritten(rushes: Command, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_text("mine")

    ended = rushes("generate", "a fox", *SORA, "-o", clip)

    assert ended.code == 2
    assert "there is a file already" in ended.err
    assert clip.read_text() == "mine"


def test_one_of_several_files_in_the_way_stops_them_all(rushes: Command, tmp_path: Path) -> None:
    (tmp_path / "clip-2.mp4").write_text("mine")

    ended = rushes("generate", "a fox", *SORA, "--count", "2", "-o", tmp_path / "clip.mp4")

    assert ended.code == 2
    assert "clip-2.mp4" in ended.err


@pytest.mark.parametrize(("output", "words"), [("", "that is a folder"), ("nowhere/clip.mp4", "there is no folder")])
def test_a_place_that_cannot_take_the_clip_is_refused(rushes: Command, tmp_path: Path, output: str, words: str) -> None:
    ended = rushes("generate", "a fox", *SORA, "-o", tmp_path / output)

    assert ended.code == 2
    assert words in ended.err


def test_for_programs_an_error_is_one_object_on_stdout(rushes: Command) -> None:
    ended = rushes("generate", "a fox", *SORA, "--seconds", "5", "--resolution", "4k", "--json")

    assert ended.code == 3
    assert ended.json["error"]["kind"] == "Unsupported"
    assert len(ended.json["error"]["reasons"]) == 2
    assert ended.json["error"]["hint"].startswith("Nearest that works")


def test_for_programs_a_mistyped_option_is_one_object_too(rushes: Command) -> None:
    ended = rushes("generate", "a fox", "--fit", "tight", "--json")

    assert ended.code == 2
    assert ended.json["error"]["kind"] == "BadInput"
    assert "exact" in ended.json["error"]["message"]
