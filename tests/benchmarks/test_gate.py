"""Every reason for which a clip is of no use, and everything that a prompt may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rushes.benchmarks.gate import Check, gate, reasons, usable
from rushes.benchmarks.measured import Measured, Value
from rushes.benchmarks.suite import Count, Expect

SENT: Mapping[str, Any] = {"seconds": 4.0, "size": {"width": 1280, "height": 720}, "audio": True}
NOTHING_ORDERED: Mapping[str, Any] = {"seconds": None, "size": None, "audio": None}
DELIVERED: Mapping[str, Any] = {
    "container": "mov,mp4,m4a,3gp,3g2,mj2",
    "bytes": 900_000,
    "seconds": 4.0,
    "width": 1280,
    "height": 720,
    "fps": 24.0,
    "video_codec": "h264",
    "audio_codec": "aac",
}
VALUES: Mapping[str, float | str] = {
    "black": 0.0,
    "frozen": 0.0,
    "duplicates": 0.0,
    "cuts": 0,
    "silent": 0.0,
    "true_peak": -1.5,
    "loudness": -23.0,
    "onsets": 4,
    "image_match": 0.93,
}


def measured(error: str | None = None, **changes: float | str) -> Measured:
    """A good clip's numbers; a text stands for a metric that could not be measured."""
    values = {
        name: Value.missing(value) if isinstance(value, str) else Value.ok(value)
        for name, value in (VALUES | changes).items()
    }
    return Measured(label="a", sha256="0", impl={}, versions={}, values={} if error else values, error=error)


def check(
    name: str,
    *,
    sent: Mapping[str, Any] = SENT,
    delivered: Mapping[str, Any] | None = DELIVERED,
    panel: Measured | None = None,
    expect: Expect | None = None,
) -> Check:
    return {each.name: each for each in gate(sent, delivered, panel or measured(), expect or Expect())}[name]


def test_a_clip_that_is_what_was_ordered_passes_everything() -> None:
    checks = gate(SENT, DELIVERED, measured(), Expect(cuts=Count(min=0, max=0), onsets=Count(min=3)))

    assert {each.outcome for each in checks} == {"pass"}
    assert usable(checks)
    assert reasons(checks) == ()
    assert [each.name for each in checks] == [
        "opens",
        "length",
        "size",
        "sound",
        "not silent",
        "true peak",
        "black",
        "frozen",
        "duplicates",
        "cuts",
        "onsets",
    ]


@pytest.mark.parametrize(
    ("name", "delivered", "panel", "reason"),
    [
        ("length", {"seconds": 5.1}, {}, "5.1 s long, not 4 s"),
        ("length", {"seconds": 3.749}, {}, "3.749 s long, not 4 s"),
        ("length", {"seconds": None}, {}, "the file does not tell its length"),
        ("size", {"width": 640, "height": 360}, {}, "640x360, not 1280x720"),
        ("size", {"width": 720, "height": 1280}, {}, "720x1280, not 1280x720"),
        ("sound", {"audio_codec": None}, {}, "no sound"),
        ("not silent", {}, {"silent": 1.0}, "silent for 100 % of its length"),
        ("black", {}, {"black": 0.333}, "black for 33.3 % of its length"),
        ("frozen", {}, {"frozen": 0.61}, "frozen for 61 % of its length"),
        ("duplicates", {}, {"duplicates": 0.5}, "50 % of its frames repeat the one before"),
        ("true peak", {}, {"true_peak": 1.24}, "peaks of +1.2 dBTP"),
    ],
)
def test_a_clip_that_is_not_what_was_ordered_is_of_no_use_and_says_why(
    name: str, delivered: Mapping[str, Any], panel: Mapping[str, float], reason: str
) -> None:
    checks = gate(SENT, {**DELIVERED, **delivered}, measured(**panel), Expect())

    assert not usable(checks)
    assert reasons(checks) == (reason,)
    assert [each.name for each in checks if each.outcome == "fail"] == [name]


@pytest.mark.parametrize(
    ("panel", "delivered"),
    [
        ({}, {"seconds": 4.25}),
        ({}, {"seconds": 3.75}),
        ({"black": 0.10}, {}),
        ({"frozen": 0.20}, {}),
        ({"duplicates": 0.299}, {}),
        ({"true_peak": 1.0}, {}),
        ({"silent": 0.97}, {}),
    ],
)
def test_a_clip_at_a_limit_is_usable(panel: Mapping[str, float], delivered: Mapping[str, Any]) -> None:
    assert usable(gate(SENT, {**DELIVERED, **delivered}, measured(**panel), Expect()))


def test_several_reasons_are_all_told() -> None:
    checks = gate(SENT, {**DELIVERED, "seconds": 3.0}, measured(frozen=1.0, duplicates=1.0), Expect())

    assert reasons(checks) == (
        "3 s long, not 4 s",
        "frozen for 100 % of its length",
        "100 % of its frames repeat the one before",
    )


def test_sound_where_none_was_ordered_is_a_reason() -> None:
    found = check("sound", sent={**SENT, "audio": False})

    assert (found.outcome, found.reason) == ("fail", "sound where none was ordered")


def test_a_silent_film_that_was_ordered_silent_is_usable() -> None:
    none = dict.fromkeys(("silent", "true_peak", "loudness", "onsets"), "it has no sound")

    checks = gate({**SENT, "audio": False}, {**DELIVERED, "audio_codec": None}, measured(**none), Expect())

    assert usable(checks)
    assert {"not silent", "true peak"}.isdisjoint(each.name for each in checks)


@pytest.mark.parametrize(
    ("delivered", "panel", "reason"),
    [
        (None, None, "a file that does not open"),
        (None, measured("the file is empty"), "the file is empty"),
        (DELIVERED, measured("it cannot be decoded to its end: broken"), "it cannot be decoded to its end: broken"),
    ],
)
def test_a_file_that_does_not_open_is_asked_nothing_else(
    delivered: Mapping[str, Any] | None, panel: Measured | None, reason: str
) -> None:
    checks = gate(SENT, delivered, panel, Expect(onsets=Count(min=1), quiet=True))

    assert [(each.name, each.outcome, each.reason) for each in checks] == [("opens", "fail", reason)]
    assert not usable(checks)


def test_no_checks_at_all_are_no_usable_clip() -> None:
    assert not usable(())


def test_what_was_not_ordered_is_not_checked() -> None:
    names = {each.name for each in gate(NOTHING_ORDERED, DELIVERED, measured(), Expect())}

    assert names == {"opens", "true peak", "black", "frozen", "duplicates"}
    assert names == {each.name for each in gate({}, DELIVERED, measured(), Expect())}


def test_what_nothing_measured_is_shown_and_fails_nothing() -> None:
    checks = gate(SENT, DELIVERED, None, Expect(cuts=Count(min=1), onsets=Count(min=1), first_frame=True))

    assert usable(checks)
    open_questions = {each.name: each.found for each in checks if each.outcome == "not measurable"}
    assert open_questions == dict.fromkeys(
        ("not silent", "true peak", "black", "frozen", "duplicates", "cuts", "onsets", "first frame"),
        "it was not measured",
    )


def test_why_a_metric_is_missing_is_what_was_found() -> None:
    found = check("frozen", panel=measured(frozen="it is one frame only"))

    assert (found.outcome, found.found, found.reason) == ("not measurable", "it is one frame only", None)


@pytest.mark.parametrize(
    ("cuts", "found", "outcome", "asked", "said"),
    [
        (Count(min=0, max=0), 0, "pass", "0 cuts", "0 cuts"),
        (Count(min=0, max=0), 1, "fail", "0 cuts", "1 cut"),
        (Count(min=1, max=1), 1, "pass", "1 cut", "1 cut"),
        (Count(min=2, max=2), 1, "fail", "2 cuts", "1 cut"),
        (Count(min=1), 7, "pass", "at least 1 cut", "7 cuts"),
        (Count(min=1, max=3), 4, "fail", "1 to 3 cuts", "4 cuts"),
    ],
)
def test_cuts_are_held_against_what_the_prompt_describes(
    cuts: Count, found: int, outcome: str, asked: str, said: str
) -> None:
    made = check("cuts", panel=measured(cuts=found), expect=Expect(cuts=cuts))

    assert (made.outcome, made.asked, made.found, made.part) == (outcome, asked, said, "gate")
    assert made.reason == (None if outcome == "pass" else f"{said}, not {cuts}")


def test_cuts_of_a_prompt_that_says_nothing_of_them_are_its_own() -> None:
    assert "cuts" not in {each.name for each in gate(SENT, DELIVERED, measured(cuts=5), Expect())}


@pytest.mark.parametrize(
    ("expect", "panel", "name", "outcome", "asked", "found"),
    [
        (Expect(onsets=Count(min=3)), {"onsets": 3}, "onsets", "pass", "at least 3 sudden sounds", "3 sudden sounds"),
        (Expect(onsets=Count(min=3)), {"onsets": 1}, "onsets", "fail", "at least 3 sudden sounds", "1 sudden sound"),
        (
            Expect(onsets=Count(min=3)),
            {"onsets": "it has no sound"},
            "onsets",
            "not measurable",
            "at least 3 sudden sounds",
            "it has no sound",
        ),
        (Expect(quiet=True), {"loudness": -35.0}, "quiet", "pass", "at most -35 LUFS", "-35.0 LUFS"),
        (Expect(quiet=True), {"loudness": -20.0}, "quiet", "fail", "at most -35 LUFS", "-20.0 LUFS"),
        (
            Expect(quiet=True),
            {"loudness": "nothing in it", "silent": 1.0},
            "quiet",
            "pass",
            "at most -35 LUFS",
            "silent for 100 % of its length",
        ),
        (
            Expect(quiet=True),
            {"loudness": "too short", "silent": 0.5},
            "quiet",
            "not measurable",
            "at most -35 LUFS",
            "too short",
        ),
        (
            Expect(first_frame=True),
            {},
            "first frame",
            "pass",
            "at least 0.5 of 1 like the given image",
            "0.93 of 1 like the given image",
        ),
        (
            Expect(first_frame=True),
            {"image_match": 0.2},
            "first frame",
            "fail",
            "at least 0.5 of 1 like the given image",
            "0.20 of 1 like the given image",
        ),
        (
            Expect(speech=("Come in.", "I will.")),
            {},
            "speech",
            "not measurable",
            "“Come in.” and “I will.”",
            "nothing here understands speech",
        ),
        (Expect(speech=()), {}, "speech", "not measurable", "nobody speaks", "nothing here understands speech"),
        (Expect(text=("OPEN",)), {}, "text", "not measurable", "“OPEN”", "nothing here reads writing"),
        (Expect(text=()), {}, "text", "not measurable", "no writing", "nothing here reads writing"),
    ],
)
def test_what_the_prompt_describes_is_looked_for_and_makes_no_clip_unusable(
    expect: Expect, panel: Mapping[str, float | str], name: str, outcome: str, asked: str, found: str
) -> None:
    checks = gate(SENT, DELIVERED, measured(**panel), expect)

    made = next(each for each in checks if each.name == name)
    assert (made.outcome, made.asked, made.found, made.part) == (outcome, asked, found, "expect")
    assert usable(checks)
    assert reasons(checks) == ()


def test_a_track_with_nothing_in_it_is_what_a_quiet_prompt_asked_for() -> None:
    checks = gate(SENT, DELIVERED, measured(silent=1.0, loudness="nothing in it"), Expect(quiet=True))

    assert usable(checks)
    assert "not silent" not in {each.name for each in checks}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"value": None, "status": "ok"}, "cannot be ok"),
        ({"value": 1.0, "status": "not_measurable", "why": "gone"}, "cannot be not_measurable"),
        ({"value": 1.0, "status": "degenerate"}, "needs a why"),
        ({"value": 1.0, "status": "ok", "why": "so"}, "has no why"),
        ({"value": float("nan"), "status": "ok"}, "finite"),
        ({"value": float("-inf"), "status": "ok"}, "finite"),
        ({"value": 1.0, "status": "fine"}, "degenerate"),
    ],
)
def test_a_value_that_contradicts_itself_is_refused(given: Mapping[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Value.model_validate(given)


def test_a_line_of_measures_is_read_back_as_it_was_written() -> None:
    line = Measured(
        label="short/p1/wan-2.5/1",
        sha256="ab",
        impl={"blur": 1, "sync": 1},
        versions={"av": "18.1.0"},
        values={
            "blur": Value.ok(5.5),
            "sync": Value.missing("it has no sound"),
            "flicker": Value.degenerate(0, "still"),
        },
    )

    assert Measured.model_validate_json(line.model_dump_json()) == line
    assert (line.number("blur"), line.number("sync"), line.number("flicker")) == (5.5, None, 0)
    assert (line.why("blur"), line.why("sync"), line.why("motion")) == ("", "it has no sound", "it was not measured")
