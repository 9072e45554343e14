"""A name that there is not is told with the one that was probably meant, or with all that there are."""

from __future__ import annotations

import pytest

from rushes.nearest import instead, unknown

MODELS = ["wan-2.5", "veo-3.1-fast", "veo-3.1", "sora-2-pro", "sora-2"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("sora2", "sora-2"),
        ("SORA-2", "sora-2"),
        ("veo3.1", "veo-3.1"),
        ("veo-3.1-fats", "veo-3.1-fast"),
        ("wan2.5", "wan-2.5"),
        ("soar-2-pro", "sora-2-pro"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(name: str, meant: str) -> None:
    assert instead(name, MODELS) == f"did you mean '{meant}'?"


@pytest.mark.parametrize("name", ["kling", "", "gen-4"])
def test_what_resembles_nothing_is_answered_with_all_in_order(name: str) -> None:
    assert instead(name, MODELS) == "there are sora-2, sora-2-pro, veo-3.1, veo-3.1-fast, wan-2.5"


def test_names_are_given_as_they_are_written() -> None:
    assert instead("geminI_api_key", ["GEMINI_API_KEY"]) == "did you mean 'GEMINI_API_KEY'?"


@pytest.mark.parametrize(("known", "said"), [([], "there are none"), (["only"], "there is only")])
def test_few_or_no_names_are_told_too(known: list[str], said: str) -> None:
    assert instead("zzz", known) == said


def test_names_may_be_handed_in_one_after_the_other() -> None:
    assert unknown("model", "sora2", (name for name in MODELS)) == "there is no model 'sora2'; did you mean 'sora-2'?"
