"""The shipped suites: they load, fit every endpoint that they name, and ask for nothing that their words do not say."""

from __future__ import annotations

import re
import runpy
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rushes.benchmarks.schedule import schedule
from rushes.benchmarks.suite import Prompt, Suite, load_suite, shipped_suites
from rushes.card import Endpoint
from rushes.config import load_config
from rushes.plan import Plan, plan

CONFIG = load_config()
ENDPOINTS: dict[str, Endpoint] = {each.id: each for card in CONFIG.cards.values() for each in card.endpoints}
SUITES: dict[str, Suite] = {name: load_suite(name, CONFIG) for name in shipped_suites()}
DEFAULT = SUITES["default"]
PROMPTS = [pytest.param(prompt, id=f"{suite.id}-{prompt.id}") for suite in SUITES.values() for prompt in suite.prompts]
IMAGES = Path(__file__).parents[2] / "configs" / "suites" / "images"
#: A day on which every endpoint of the suites lived.
DAY = date(2026, 8, 1)


def test_four_suites_are_shipped_and_each_is_called_as_its_file() -> None:
    assert {name: suite.id for name, suite in SUITES.items()} == {
        name: name for name in ("brief", "default", "mini", "quickstart")
    }


def test_default_holds_thirty_prompts_four_crowded_scenes_and_the_briefs_four() -> None:
    counts = Counter(prompt.category for prompt in DEFAULT.prompts)

    assert counts == {
        "physics": 6,
        "speech": 4,
        "sound": 2,
        "text": 3,
        "camera": 4,
        "shots": 2,
        "bodies": 4,
        "composition": 3,
        "image": 2,
        "complex": 4,
        "brief": 4,
    }
    assert sum(prompt.aspect_ratio == "9:16" for prompt in DEFAULT.prompts) == 7
    assert {prompt.aspect_ratio for prompt in DEFAULT.prompts} == {None, "9:16"}
    assert [prompt.id for prompt in DEFAULT.prompts if prompt.image] == ["i2v-boat", "i2v-bottle"]


def test_mini_holds_ten_of_defaults_prompts_word_for_word() -> None:
    mini = SUITES["mini"]

    assert len(mini.prompts) == 10
    assert [prompt for prompt in mini.prompts if prompt != DEFAULT.prompt(prompt.id)] == []


@pytest.mark.parametrize("suite", ["default", "brief"])
def test_the_briefs_prompts_are_the_same_wherever_they_stand(suite: str) -> None:
    for prompt in SUITES["quickstart"].prompts:
        assert SUITES[suite].prompt(prompt.id) == prompt.model_copy(
            update={"category": SUITES[suite].prompt(prompt.id).category}
        )


def test_each_of_the_briefs_prompts_is_made_once_at_the_length_it_names_or_the_nearest() -> None:
    sent = {(slot.prompt.id, slot.model): slot.request.seconds for slot in schedule(SUITES["brief"], samples=1, seed=0)}

    models = ("sora-2", "sora-2-pro", "veo-3.1", "wan-2.5")
    assert {id: [sent[id, model] for model in models] for id, _ in sent} == {
        "brief-sunflowers": [16, 16, 8, 10],
        "brief-kayak": [12, 12, 8, 10],
        "brief-ramp": [8, 8, 8, 10],
        "brief-storm": [8, 8, 8, 10],
    }


@pytest.mark.parametrize(
    ("suite", "clips", "dollars"),
    [("default", 152, "281.20"), ("mini", 40, "37.00"), ("brief", 16, "34.40"), ("quickstart", 32, "44.40")],
)
def test_every_clip_can_be_made_exactly_as_asked_while_the_models_lived(suite: str, clips: int, dollars: str) -> None:
    plans = [
        plan(slot.request, ENDPOINTS[slot.endpoint], day=DAY) for slot in schedule(SUITES[suite], samples=1, seed=0)
    ]

    assert [str(each) for each in plans if not isinstance(each, Plan) or not each.exact] == []
    assert len(plans) == clips
    assert sum(each.price or 0 for each in plans if isinstance(each, Plan)) == Decimal(dollars)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_prompt_is_short_enough_for_every_endpoint_that_we_know(prompt: Prompt) -> None:
    # A token of plain prose is longer than two characters.
    limits = {
        endpoint.id: limit.max if limit.unit == "characters" else limit.max * 2
        for endpoint in ENDPOINTS.values()
        if (limit := endpoint.inputs.prompt) is not None
    }

    assert len(prompt.text) <= min(limits.values()) == 800


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_prompts_words_are_clean(prompt: Prompt) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", prompt.id)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", prompt.category)
    assert prompt.text == " ".join(prompt.text.split())


# --- what is looked for is what the words say -------------------------------------------------------------------------


ONE_SHOT = ("one continuous", "locked", "wide shot panning")
SUDDEN = ("bounce", "bell", "crash", "clap", "chime", "thud", "strike")


@pytest.mark.parametrize("prompt", PROMPTS)
def test_an_expectation_is_one_that_the_text_states(prompt: Prompt) -> None:
    expect, text = prompt.expect, prompt.text
    if expect.cuts is not None:
        one_shot = any(words in text.lower() for words in ONE_SHOT)
        assert ("hard cut" in text) is (expect.cuts.min > 0)
        assert one_shot is (expect.cuts.max == 0)
    if expect.onsets is not None:
        assert any(word in text for word in SUDDEN)
        assert expect.onsets.min > 0
        assert expect.onsets.max is None
    if expect.quiet:
        assert "silence" in text
    if expect.speech == ():
        assert re.search(r"[Nn]obody speaks|no voices", text)
    if expect.text == ():
        assert "no writing" in text
    for said in (*(expect.speech or ()), *(expect.text or ())):
        assert f'"{said}"' in text
    assert expect.first_frame is (prompt.image is not None)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_what_stands_in_quotes_is_looked_for_or_listened_for(prompt: Prompt) -> None:
    quoted = tuple(re.findall(r'"([^"]+)"', prompt.text))

    assert quoted == (prompt.expect.speech or ()) + (prompt.expect.text or ())


def test_what_is_looked_for_in_default_is_what_each_prompt_is_there_for() -> None:
    expects = {prompt.id: prompt.expect for prompt in DEFAULT.prompts}

    def having(field: str) -> list[str]:
        return [id for id, expect in expects.items() if getattr(expect, field)]

    assert having("speech") == ["say-one", "say-two", "say-over", "say-es"]
    assert having("text") == ["txt-sign", "txt-hand", "i2v-bottle"]
    assert having("first_frame") == ["i2v-boat", "i2v-bottle"]
    assert having("quiet") == ["snd-quiet"]
    assert {id: str(expect.onsets) for id, expect in expects.items() if expect.onsets} == {
        "phys-bounce": "at least 3",
        "phys-domino": "at least 1",
        "phys-break": "at least 1",
        "hum-wheel": "at least 1",
        "hum-five": "at least 3",
        "comp-change": "at least 1",
        "many-band": "at least 3",
    }
    assert str(expects["shot-three"].cuts) == "2"
    assert str(expects["shot-pair"].cuts) == "at least 1"
    assert {id for id, expect in expects.items() if expect.cuts is None} == {"brief-kayak", "brief-ramp", "brief-storm"}


# --- pictures ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> dict[str, Any]:
    """The names of scripts/images.py."""
    return runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "images.py"))


@pytest.mark.parametrize(("name", "size"), [("boat", (1280, 720)), ("bottle", (720, 1280))])
def test_a_shipped_picture_is_what_the_script_draws(name: str, size: tuple[int, int], drawn: dict[str, Any]) -> None:
    with Image.open(IMAGES / f"{name}.png") as shipped:
        assert (shipped.format, shipped.mode, shipped.size) == ("PNG", "RGB", size)
        there = np.asarray(shipped, np.int16)
    again = np.asarray(drawn[name](), np.int16)

    # Libraries of another version may round and smooth a little differently.
    apart = np.abs(there - again)
    assert again.shape == there.shape
    assert apart.mean() < 0.5
    assert np.percentile(apart, 99.9) <= 8


def test_every_shipped_picture_is_used_and_small() -> None:
    used = {prompt.image for suite in SUITES.values() for prompt in suite.prompts if prompt.image is not None}

    assert used == {path.resolve() for path in IMAGES.iterdir()}
    assert [path.name for path in used if path.stat().st_size >= 400_000] == []


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_says_what_it_is_for_and_that_its_words_are_frozen(suite: str) -> None:
    lines = shipped_suites()[suite].read_text(encoding="utf-8").splitlines()
    comment = " ".join(line.removeprefix("# ") for line in lines if line.startswith("# "))

    assert lines[0] == "# yaml-language-server: $schema=../schemas/suite.schema.json"
    assert "frozen with the version" in comment
