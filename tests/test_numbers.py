"""Measured numbers as text: every door writes a share, an Elo and a stretch of time in one way."""

from __future__ import annotations

from math import inf

import pytest

from rushes.numbers import (
    about,
    elo,
    elo_interval,
    elo_with,
    exact_percent,
    interval,
    minutes,
    number,
    percent,
    percent_interval,
)


def test_what_nobody_knows_is_not_zero() -> None:
    assert {number(None), percent(None), elo(None), elo_with(None, None, None), minutes(None)} == {"n/a"}


def test_what_has_no_interval_shows_no_brackets() -> None:
    assert (interval(None, None), percent_interval(None, None), elo_interval(None, None)) == ("", "", "")


def test_what_has_no_end_says_so() -> None:
    assert number(inf) == "∞"
    assert interval(98, inf) == " [98.0–∞]"


@pytest.mark.parametrize(
    ("low", "high", "decimals", "text"),
    [(98, 126.44, 1, " [98.0–126.4]"), (0.4, 0.67, 2, " [0.40–0.67]"), (-3, 2, 0, " [-3 to 2]")],
)
def test_an_interval_has_a_dash_except_beside_a_minus(low: float, high: float, decimals: int, text: str) -> None:
    assert interval(low, high, decimals) == text


def test_an_interval_with_one_end_shows_that_the_other_is_not_known() -> None:
    assert interval(None, 3) == " [n/a–3.0]"
    assert interval(3, None) == " [3.0–n/a]"


@pytest.mark.parametrize(("share", "text"), [(0, "0 %"), (0.614, "61 %"), (1, "100 %")])
def test_a_share_is_whole_per_cent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(("share", "text"), [(0.98, "98 %"), (0.9796, "98 %"), (0.9764, "97.6 %"), (0.0021, "0.21 %")])
def test_a_share_near_a_limit_has_three_digits(share: float, text: str) -> None:
    assert exact_percent(share) == text


def test_the_interval_of_a_share_names_its_unit_once() -> None:
    assert percent_interval(0.6, 0.981) == " [60–98 %]"


@pytest.mark.parametrize(("value", "text"), [(35.4, "+35"), (-118.2, "−118"), (0, "0"), (-0.3, "0"), (0.3, "0")])
def test_elo_has_a_sign_that_is_no_hyphen_and_the_even_one_has_none(value: float, text: str) -> None:
    assert elo(value) == text


def test_an_elo_with_its_interval() -> None:
    assert elo_with(35, -10.2, 80) == "+35 [−10 to +80]"
    assert elo_with(35, None, None) == "+35"


@pytest.mark.parametrize(("seconds", "text"), [(186, "3.1 min"), (0, "0.0 min"), (-1, "0.0 min"), (-120, "-2.0 min")])
def test_minutes_have_one_decimal_and_no_minus_before_a_zero(seconds: float, text: str) -> None:
    assert minutes(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 s"), (40.4, "40 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h"), (8640, "2.4 h")],
)
def test_a_guessed_time_is_in_the_unit_that_fits_it(seconds: float, text: str) -> None:
    assert about(seconds) == text
