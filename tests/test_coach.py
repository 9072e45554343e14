"""The prompt coach: what it finds in prompts that people labelled, what it must not fall for, and what it adds."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from rushes.benchmarks.suite import load_suite
from rushes.card import load_cards
from rushes.coach import Advice, coach, words
from rushes.coach.advice import ACTION, DESCRIBE, FEW, NAME_THE_SOUND, NOT_JUDGED, PARTS, UNWANTED_SOUND, VARY
from rushes.coach.words import Words, pattern
from rushes.config import load_config
from rushes.errors import BadInput

SUITE = {prompt.id: prompt.text for prompt in load_suite("default", load_config()).prompts}

#: What each prompt of the default suite describes, by hand: s(cene), c(amera), n(oise, that is sound), m(otion).
SUITE_LABELS = {
    "phys-pour": "s c n m",
    "phys-bounce": "s c n m",
    "phys-domino": "s c n m",
    "phys-cloth": "s c n m",
    "phys-break": "s c n m",
    "phys-ice": "s c n m",
    "say-one": "s c n m",
    "say-two": "s c n m",
    "say-over": "s c n -",  # only the drone moves
    "say-es": "s c n m",
    "snd-music": "s c n m",
    "snd-quiet": "s c n m",
    "txt-sign": "s c n m",
    "txt-hand": "s c n m",
    "txt-none": "s c n m",
    "cam-dolly": "s c n m",  # that nothing moves is said
    "cam-pan": "s c n -",
    "cam-orbit": "s c n -",
    "cam-lock": "s c n m",
    "shot-three": "s c n m",
    "shot-pair": "s c n m",
    "hum-hands": "s c n m",
    "hum-wheel": "s c n m",
    "hum-five": "s c n m",
    "ani-dog": "s c n m",
    "comp-count": "s c n m",
    "comp-change": "s c n m",
    "sty-paper": "s c n m",
    "i2v-boat": "s c n m",
    "i2v-bottle": "s c n m",
    "many-crossing": "s c n m",
    "many-flock": "s c n m",
    "many-market": "s c n m",
    "many-band": "s c n m",
    "brief-sunflowers": "s c n m",
    "brief-kayak": "s c n m",
    "brief-ramp": "- - - m",
    "brief-storm": "- - n -",
}

#: Prompts as people type them, most of them bare.
PLAIN_LABELS = {
    "a red kite": "- - - -",
    "a fox in snow": "s - - -",
    "A cat sleeps on a sofa": "s - - -",
    "portrait of an old sailor": "- - - -",
    "Two robots dance in Tokyo at night": "s - - m",
    "A horse gallops across a desert, aerial shot": "s c - m",
    "close-up of a bee on a flower, buzzing": "- c n -",
    "The camera slowly zooms in on a sleeping dragon.": "- c - -",
    "slow dolly shot through an abandoned hospital corridor": "s c - -",
    "A woman laughs and throws confetti": "- - n m",
    "Waves crash on black rocks under a stormy sky": "s - - m",
    "A chef flips a pancake; the pan sizzles": "- - n m",
    "Handheld footage: children run out of a school": "s c - m",
    "steam rises from a cup of coffee by the window": "s - - m",
    "A man plays the piano, soft jazz melody": "- - n m",
    "macro shot of a dew drop": "- c - -",
    "Thunder rumbles": "- - n -",
    "A girl opens the door and waves to us": "- - - m",
    "Locked-off shot. Nothing moves.": "- c - m",
    "A lion roars": "- - n -",
    "two people talking": "- - n -",
    "The tower at golden hour": "s - - -",
    "An astronaut walks on the moon": "s - - m",
    "a spinning top on a wooden table, whirring": "s - n m",
    "a drone flies over a canyon": "s c - -",
    "The children run": "- - - m",
    "a boy and a girl jump": "- - - m",
    "a boy fell": "- - - m",
}

#: The same letters, another meaning: the part must not be found.
FALSE_FRIENDS = [
    ("camera", "A pan of butter on the stove"),
    ("camera", "pots and pans"),
    ("camera", "A still life with pears"),
    ("camera", "A shot glass full of whiskey"),
    ("camera", "a shot of espresso in a cup"),
    ("camera", "Toy trains on a circular track"),
    ("camera", "They join a zoom call"),
    ("camera", "Shopkeepers close up the shop"),
    ("camera", "She smiles at the camera"),
    ("camera", "He lifts the camera and cleans it"),
    ("camera", "a vintage camera on a shelf"),
    ("camera", "A Dolly Parton wig"),
    ("camera", "Contact lenses in a case"),
    ("camera", "The rear view mirror of a taxi"),
    ("camera", "She pulls out a chair"),
    ("camera", "prospectors panning for gold"),
    ("camera", "hair full of static electricity"),
    ("sound", "A baby is sound asleep"),
    ("sound", "the rough bark of an oak"),
    ("sound", "a ring on a finger"),
    ("sound", "a star of silent film"),
    ("sound", "a woman with bangs"),
    ("sound", "a drum kit"),
    ("sound", "a bell pepper"),
    ("sound", "muted colours"),
    ("scene", "A man in a light blue jacket"),
    ("scene", "light food, fast food"),
    ("scene", "a traffic light"),
    ("scene", "a sea of faces"),
    ("scene", "a knight in a night shirt"),
    ("scene", "a storm trooper"),
    ("scene", "She asks in Spanish"),
    ("scene", "Shallow depth of field"),
    ("motion", "A pair of running shoes"),
    ("motion", "A moving story about love"),
    ("motion", "A rolling pin"),
    ("motion", "Rolling hills"),
    ("motion", "Niagara Falls"),
    ("motion", "the fly on the wall"),
    ("motion", "a swimming pool"),
    ("motion", "drops of oil"),
    ("motion", "an oil painting"),
    ("motion", "The camera moves slowly forward"),
    ("motion", "Wide shot panning slowly right"),
    ("motion", "a wave"),
    ("motion", "a ski jump"),
]

SPEECH = 'A woman says: "Zoom in on the thunder, run, it is night in the forest!"'


def labels(advice: Advice) -> str:
    return " ".join(
        sign if mark.present else "-" for sign, mark in zip(("s", "c", "n", "m"), advice.marks, strict=True)
    )


def present(advice: Advice, part: str) -> bool | None:
    return next(mark.present for mark in advice.marks if mark.part == part)


def added(advice: Advice) -> str:
    return " ".join(variant.added for variant in advice.variants)


# --- marks ------------------------------------------------------------------------------------------------------------


def test_every_prompt_of_the_suite_is_labelled() -> None:
    assert SUITE_LABELS.keys() == SUITE.keys()


@pytest.mark.parametrize("name", SUITE_LABELS)
def test_a_prompt_of_the_suite_is_read_as_by_hand(name: str) -> None:
    assert labels(coach(SUITE[name])) == SUITE_LABELS[name]


@pytest.mark.parametrize("prompt", PLAIN_LABELS)
def test_a_bare_prompt_is_read_as_by_hand(prompt: str) -> None:
    assert labels(coach(prompt)) == PLAIN_LABELS[prompt]


@pytest.mark.parametrize(("part", "prompt"), FALSE_FRIENDS)
def test_a_false_friend_is_not_taken_for_the_part(part: str, prompt: str) -> None:
    assert present(coach(prompt), part) is False


@pytest.mark.parametrize("prompt", [*SUITE.values(), *PLAIN_LABELS, SPEECH, "İstanbul’s   İnn:\na fox, it’s   dawn"])
def test_spans_are_the_words_of_the_prompt_in_order(prompt: str) -> None:
    for mark in coach(prompt).marks:
        assert [prompt[span.start : span.end] for span in mark.spans] == [span.words for span in mark.spans]
        assert [*mark.spans] == sorted(mark.spans)
        assert mark.present == bool(mark.spans)


def test_what_is_quoted_shows_only_that_somebody_speaks() -> None:
    for quotes in ('""', "“”", "«»", "''", "‘’"):
        assert labels(coach(SPEECH.replace('"', quotes[0], 1).replace('"', quotes[1], 1))) == "- - n -"


def test_an_apostrophe_opens_no_quotation() -> None:
    assert labels(coach("the dogs' owner walks in the rain; it's a dog's life")) == "s - - m"


def test_every_false_friend_in_the_lists_guards_a_word_of_its_list() -> None:
    for name, found in vars(words).items():
        if isinstance(found, Words):
            says = pattern(found.says)
            entries = [each.strip() for line in found.friends.splitlines() for each in line.split("|")]
            whole = [each.replace("~", "").replace("*", "") for each in entries if each]
            assert [each for each in whole if not says.search(each) and not says.search(f"{each}s")] == [], name


# --- languages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prompt",
    [
        "一只红狐狸在雪中奔跑",
        "Красная лиса бежит по снегу",
        "Un zorro rojo camina por el bosque con la luna",
        "Ein roter Fuchs läuft über das Feld und der Wind weht",
        "Un renard roux court dans la neige avec les enfants",
        "🦊🦊🦊",
        "1234 !!",
    ],
)
def test_what_is_not_english_is_not_judged(prompt: str) -> None:
    advice = coach(prompt)

    assert not advice.judged
    assert [mark.present for mark in advice.marks] == [None] * len(PARTS)
    assert advice.notes == (NOT_JUDGED,)
    assert advice.variants == ()
    assert advice.absent == ()
    assert [tip.text for tip in advice.tips] == [DESCRIBE, VARY]


@pytest.mark.parametrize(
    "prompt", ["a café in 東京, rain", "el niño on a beach", 'She asks: "¿Qué le pongo en la mesa, con el pan?"', "fox"]
)
def test_foreign_names_and_quotations_in_english_are_judged(prompt: str) -> None:
    assert coach(prompt).judged


# --- tips -------------------------------------------------------------------------------------------------------------


def test_tips_are_those_of_the_cards() -> None:
    on_cards = {tip.text for card in load_cards().values() for tip in card.tips}

    assert on_cards == {DESCRIBE, NAME_THE_SOUND, ACTION, VARY}


def test_tips_name_what_is_absent() -> None:
    tips = {tip.text: tip.about for tip in coach("a red kite").tips}

    assert tips == {DESCRIBE: PARTS, NAME_THE_SOUND: ("sound",), ACTION: ("motion",), VARY: ()}


def test_a_prompt_that_says_everything_is_only_told_to_vary() -> None:
    assert [tip.text for tip in coach(SUITE["phys-pour"]).tips] == [VARY]


def test_a_silent_clip_lacks_no_sound() -> None:
    advice = coach("a red kite", sound=False)

    assert advice.absent == ("scene", "camera", "motion")
    assert NAME_THE_SOUND not in [tip.text for tip in advice.tips]
    assert advice.notes == ()


def test_a_sound_in_a_silent_clip_is_pointed_out() -> None:
    assert coach(SUITE["phys-domino"], sound=False).notes == (UNWANTED_SOUND,)


# --- variants ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sound", [True, False, None])
@pytest.mark.parametrize("prompt", [*SUITE.values(), *PLAIN_LABELS])
def test_there_are_four_to_six_variants_each_the_prompt_and_one_direction(prompt: str, sound: bool | None) -> None:
    found = coach(prompt, sound=sound).variants

    assert 4 <= len(found) <= 6
    assert len({variant.direction for variant in found}) == len(found)
    for variant in found:
        assert variant.prompt.startswith(prompt.rstrip())
        assert variant.prompt.endswith(variant.added)
        assert coach(variant.prompt).judged


@pytest.mark.parametrize("prompt", [*SUITE.values(), *PLAIN_LABELS])
def test_what_fills_an_absent_part_is_found_there_afterwards(prompt: str) -> None:
    advice = coach(prompt)

    for variant in advice.variants:
        kind = variant.direction.partition(":")[0]
        if variant.part in advice.absent and kind not in ("colour", "surface", "mood"):
            assert present(coach(variant.prompt), variant.part)


@pytest.mark.parametrize("prompt", [*SUITE.values(), *PLAIN_LABELS])
def test_absent_parts_are_filled_first(prompt: str) -> None:
    advice = coach(prompt)
    kinds = [variant.direction.partition(":")[0] for variant in advice.variants]
    firsts = [variant for place, variant in enumerate(advice.variants) if kinds.index(kinds[place]) == place]
    fills = [variant.part in advice.absent for variant in firsts]

    assert fills == sorted(fills, reverse=True)


@pytest.mark.parametrize(
    ("prompt", "never"),
    [
        ("Locked-off shot of a candle", ["pushes in", "Handheld", "half circle", "locked off"]),
        ("The camera does not move. A dog runs.", ["pushes in", "Handheld", "half circle"]),
        ("Camera: static. Subject: a fox. Light: one bulb.", ["pushes in", "Handheld", "half circle", "golden hour"]),
        ("We follow a fox", ["pushes in", "locked off", "Handheld"]),
        ("A fox, tracking shot", ["pushes in", "locked off", "Handheld"]),
        ("POV shot of a skier", ["pushes in", "locked off", "close-up", "Seen from"]),
        ("Aerial shot of a fox", ["close-up", "Seen from", "locked off"]),
        ("close-up of a fox", ["close-up", "wide shot"]),
        ("a fox at dawn", ["night", "golden hour", "overcast"]),
        ("a fox at night", ["golden hour", "overcast", "one lamp"]),
        ("a fox in fog", ["golden hour", "night", "sharp focus", "overcast"]),
        ("a fox in a kitchen", ["golden hour", "overcast", "breeze", "open field"]),
        ("a sleeping fox", ["lifts its head"]),
        ("a fox; nothing moves", ["lifts", "breeze", "turns", "slow motion"]),
        ("a man sits and listens to jazz", ["piano", "two steps"]),
        ("a whale underwater", ["open field", "studio", "breeze", "sunlight"]),
        ("silence; a fox", ["piano", "natural sounds", "near and dry"]),
        ("a fox runs in slow motion", ["slow motion"]),
        ("a fox, shallow depth of field", ["depth of field", "sharp focus"]),
        ("a fox, muted colours", ["colours"]),
        ("a fox, anime style", ["film grain", "texture"]),
        ("a joyful fox", ["mood"]),
        ("a valley with no people in it, drone shot", ["steps", "close-up"]),
        ("two shots joined by a hard cut: a fox, a hare", ["pushes in", "close-up", "Seen from"]),
    ],
)
def test_no_variant_contradicts_what_is_said(prompt: str, never: list[str]) -> None:
    found = added(coach(prompt))

    assert [words for words in never if words in found] == []


@pytest.mark.parametrize("prompt", [*SUITE.values(), *PLAIN_LABELS])
def test_a_silent_request_is_given_no_sound(prompt: str) -> None:
    assert "sound" not in [variant.part for variant in coach(prompt, sound=False).variants]


def test_the_same_prompt_gives_the_same_answer() -> None:
    assert coach(SUITE["cam-lock"]) == coach(SUITE["cam-lock"])


def test_fewer_variants_are_the_first_of_more() -> None:
    assert coach("a red kite", most=4).variants == coach("a red kite").variants[:4]


@pytest.mark.parametrize(
    ("prompt", "begins"),
    [
        ("a fox", "a fox. "),
        ("a fox.", "a fox. "),
        ("a fox!  \n", "a fox! "),
        ("a fox, ", "a fox. "),
        ('She says "Come in."', 'She says "Come in." '),
        ('A sign reads "OPEN"', 'A sign reads "OPEN". '),
        ("a fox (red)", "a fox (red). "),
    ],
)
def test_the_sentence_is_added_after_a_closed_one(prompt: str, begins: str) -> None:
    for variant in coach(prompt).variants:
        assert variant.prompt == begins + variant.added


def test_a_prompt_that_leaves_little_open_gets_fewer_and_says_so() -> None:
    prompt = (
        "Locked-off close-up, eye level, 50mm lens, shallow depth of field, muted colours, film grain, tense mood: a"
        " clock ticks slowly in the distance at dawn in a kitchen; nothing moves."
    )

    advice = coach(prompt)

    assert len(advice.variants) < 4
    assert advice.notes == (FEW,)


# --- edges ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_an_empty_prompt_is_refused(prompt: str) -> None:
    with pytest.raises(BadInput, match="the prompt is empty"):
        coach(prompt)


@pytest.mark.parametrize("most", [-1, 0, 3, 7])
def test_other_numbers_of_variants_are_refused(most: int) -> None:
    with pytest.raises(BadInput, match="4 to 6 variants"):
        coach("a fox", most=most)


def test_hostile_text_is_read_and_kept() -> None:
    prompt = "<script>alert(1)</script> \x1b[31m {{ 7*7 }} a fox runs \u202e ' \" « " + "x" * 20_000

    advice = coach(prompt)

    assert advice.prompt == prompt
    assert all(variant.prompt.startswith(prompt) for variant in advice.variants)


def test_the_answer_is_plain_json() -> None:
    found = json.loads(json.dumps(coach("a fox runs", sound=True).json()))

    assert found["judged"] is True
    assert found["sound"] is True
    assert found["marks"][3] == {
        "part": "motion", "present": True, "spans": [{"start": 6, "end": 10, "words": "runs"}]
    }  # fmt: skip
    assert {*found["variants"][0]} == {"part", "direction", "added", "prompt"}


def test_it_loads_nothing_that_the_package_does_not() -> None:
    def loaded(module: str) -> set[str]:
        code = f"import sys, {module}; print(*sys.modules)"
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return {name.partition(".")[0] for name in run.stdout.split()}

    assert loaded("rushes.coach") <= loaded("rushes, re, dataclasses, functools, collections, typing") | {"rushes"}
