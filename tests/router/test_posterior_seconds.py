"""How long a clip will take, from the card's prior and what was clocked: by hand, and what always holds."""

from __future__ import annotations

from datetime import timedelta
from math import exp, log, sqrt
from random import Random
from statistics import NormalDist, fmean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st

from rushes.evidence import Evidence
from rushes.router.known import Seconds
from rushes.router.posterior.seconds import TYPICAL_SPREAD
from tests.router.evidence import CELL, NOW, endpoint, knowledge, row, settings

SORA = endpoint("openai/sora-2")
#: Its card: 120 seconds for a clip of 8, the middle 80 % from 60 to 300.
MEDIAN, SPREAD = 120.0, log(300 / 60) / (2 * NormalDist().inv_cdf(0.9))
#: A host of which nobody says how long it takes.
SILENT = endpoint("fal/sora-2")


def took(*rows: Evidence, of: Any = SORA, **asked: Any) -> Seconds:
    found = knowledge(*rows).of(of, settings(**asked)).seconds
    assert found is not None
    return found


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_without_evidence_the_cards_prior_counts_for_three_clips_and_says_what_it_is() -> None:
    found = took()

    assert (found.median, found.spread) == (pytest.approx(MEDIAN), pytest.approx(SPREAD))
    assert found.error == pytest.approx(SPREAD / sqrt(3))
    [basis] = found.basis
    assert (basis.source, basis.weight, basis.n, basis.run) == ("prior", 3, None, None)
    assert basis.observed is not None
    assert "our judgement" in (basis.where or "")


def test_a_prior_grows_with_the_clip() -> None:
    assert took(seconds=12.0).median == pytest.approx(MEDIAN * 12 / 8)


def test_prior_and_clips_are_averaged_by_their_weight() -> None:
    found = took(row(mean=log(240), sd=0.4, n=10))

    assert found.mean == pytest.approx((3 * log(120) + 10 * log(240)) / 13)
    spread = sqrt((3 * SPREAD**2 + 9 * 0.4**2) / (3 + 9))
    assert found.spread == pytest.approx(spread)
    assert found.error == pytest.approx(spread / sqrt(13))
    assert [(each.source, each.run, each.n, each.weight) for each in found.basis] == [
        ("prior", None, None, 3),
        ("measured", "mini", 10, 10),
    ]


def test_clips_that_differ_between_runs_widen_the_spread() -> None:
    # Without a prior for the mean; the spread counts as of three clips more.
    found = took(
        row(endpoint=SILENT.id, mean=5.0, sd=None, n=1),
        row(endpoint=SILENT.id, mean=6.0, sd=None, n=1, run="other"),
        of=SILENT,
    )

    assert found.mean == pytest.approx(5.5)
    assert found.spread == pytest.approx(sqrt((3 * TYPICAL_SPREAD**2 + 2 * 0.25) / (3 + 1)))
    assert found.error == pytest.approx(found.spread / sqrt(2))


@pytest.mark.parametrize(("days", "weight"), [(0, 10), (14, 5), (28, 2.5), (-3, 10)])
def test_a_clip_counts_for_half_after_two_weeks_and_never_for_more_than_today(days: int, weight: float) -> None:
    _, basis = took(row(observed=NOW - timedelta(days=days))).basis

    assert basis.weight == pytest.approx(weight)


def test_old_clips_tell_less_of_the_spread_too() -> None:
    found = took(row(n=10, sd=0.4, observed=NOW - timedelta(days=14)))

    assert found.mean == pytest.approx((3 * log(120) + 5 * log(240)) / 8)
    # Ten clips at a half: squares 0.5 · 9 · 0.16, on 5 − 10 · 0.25 / 5 degrees of freedom.
    assert found.spread**2 == pytest.approx((3 * SPREAD**2 + 0.5 * 9 * 0.16) / (3 + 4.5))


# --- other kinds of clip ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "scaled"), [("short", 8 / 5), ("long", 8 / 12)])
def test_clips_of_another_length_are_borrowed_at_a_quarter_and_scaled(length: str, scaled: float) -> None:
    found = took(row(cell={"length": length}))

    assert found.mean == pytest.approx((3 * log(120) + 2.5 * log(240 * scaled)) / 5.5)
    assert found.basis[1].weight == pytest.approx(2.5)
    assert found.basis[1].borrowed is not None
    assert found.basis[1].borrowed.length == length


@pytest.mark.parametrize("changes", [{"resolution": "1080p"}, {"audio": False}])
def test_clips_of_another_size_or_without_sound_are_borrowed_at_a_quarter_as_they_are(changes: dict[str, Any]) -> None:
    found = took(row(cell=changes))

    assert found.mean == pytest.approx((3 * log(120) + 2.5 * log(240)) / 5.5)
    assert str(found.basis[1].borrowed) == str(row(cell=changes).cell)


@pytest.mark.parametrize("changes", [{"resolution": None}, {"audio": None}, {"resolution": None, "audio": None}])
def test_what_nobody_said_fits_any_kind(changes: dict[str, Any]) -> None:
    assert took(row(cell=changes)).basis[1].borrowed is None
    assert took(row(cell=changes)).mean == took(row()).mean


@pytest.mark.parametrize("changes", [{"cell": {"mode": "image"}}, {"endpoint": "azure/sora-2"}, {"metric": "rating"}])
def test_another_start_another_endpoint_and_other_numbers_say_nothing(changes: dict[str, Any]) -> None:
    assert took(row(**changes)) == took()


# --- clips that nobody waited for -------------------------------------------------------------------------------------


def test_a_clip_that_was_given_up_counts_for_what_it_is_on_average_beyond_that() -> None:
    found = took(row(metric="usable", mean=0.0, n=1, detail={"longer_than": [600.0]}))

    # What the answer must satisfy: the clip stands where a normal above log(600) has its mean.
    normal, limit = NormalDist(), (log(600) - found.mean) / found.spread
    hazard = normal.pdf(limit) / (1 - normal.cdf(limit))
    assert found.mean == pytest.approx((3 * log(120) + found.mean + found.spread * hazard) / 4)
    # One clip, seen or not, tells nothing of the spread.
    assert found.spread == pytest.approx(SPREAD)
    # It tells less than a clip that was seen.
    told = hazard * (hazard - limit)
    assert 0 < told < 1
    assert found.basis[1].weight == pytest.approx(told)
    assert found.error == pytest.approx(found.spread / sqrt(3 + told))
    assert found.basis[1].n == 1


def test_a_clip_given_up_at_once_says_nothing() -> None:
    found = took(row(metric="usable", mean=0.0, n=1, detail={"longer_than": [1e-6, 0]}))

    assert (found.mean, found.spread) == (pytest.approx(log(120)), pytest.approx(SPREAD))
    assert found.basis[1].weight == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("patience", [150.0, 240.0, 400.0])
def test_giving_clips_up_early_does_not_make_an_endpoint_look_fast(patience: float) -> None:
    dice = Random(1)
    clips = [log(240) + dice.gauss(0, 0.5) for _ in range(400)]
    seen = [clip for clip in clips if clip <= log(patience)]
    late = [patience] * (len(clips) - len(seen))

    found = took(row(mean=fmean(seen), sd=stdev(seen), n=len(seen), detail={"longer_than": late}))

    assert abs(found.mean - fmean(clips)) < 4 * found.error
    assert abs(found.spread - 0.5) < 0.1
    assert fmean(seen) < found.mean - 4 * found.error
    # Less sure than if all had been seen.
    assert found.error > found.spread / sqrt(3 + 400)


def test_an_endpoint_that_always_times_out_is_slow() -> None:
    found = took(row(metric="usable", mean=0.0, n=10, detail={"longer_than": [1800.0] * 10}))

    assert found.median > 1000


def test_waits_in_vain_of_other_lengths_are_scaled_too() -> None:
    short = took(row(metric="usable", cell={"length": "short"}, detail={"longer_than": [500.0]}))
    same = took(row(metric="usable", cell={"resolution": "1080p"}, detail={"longer_than": [800.0]}))

    assert short.mean == pytest.approx(same.mean)


def test_a_very_long_wait_is_reckoned_with_as_well() -> None:
    found = took(row(detail={"longer_than": [1e30]}))

    assert took(row()).mean < found.mean < log(1e30)
    assert found.error < 10


# --- nothing known ----------------------------------------------------------------------------------------------------


def test_without_prior_and_clips_nothing_is_known() -> None:
    assert knowledge().of(SILENT, settings()).seconds is None


def test_without_a_prior_clips_that_never_came_do_not_say_how_long_they_take() -> None:
    late = row(endpoint=SILENT.id, metric="usable", mean=0.0, detail={"longer_than": [900.0]})

    assert knowledge(late).of(SILENT, settings()).seconds is None


def test_one_clip_without_a_prior_is_known_and_unsure() -> None:
    found = took(row(endpoint=SILENT.id, n=1, sd=None), of=SILENT)

    assert (found.mean, found.spread, found.error) == pytest.approx((log(240), TYPICAL_SPREAD, TYPICAL_SPREAD))
    assert [each.source for each in found.basis] == ["measured"]


def test_what_was_seen_in_another_century_is_better_than_nothing() -> None:
    found = took(row(endpoint=SILENT.id, observed=NOW - timedelta(days=40_000)), of=SILENT)

    assert found.median == pytest.approx(240)
    assert found.error > 1e40
    assert took(row(observed=NOW - timedelta(days=40_000))).mean == took().mean


def test_pessimism_is_in_standard_errors_of_the_mean() -> None:
    found = took()

    assert found.pessimistic(0) == pytest.approx(exp(found.mean + SPREAD**2 / 2))
    assert found.pessimistic(2) / found.pessimistic(1) == pytest.approx(exp(found.error))


# --- what always holds ------------------------------------------------------------------------------------------------

ages = st.floats(0, 400)
sizes = st.integers(1, 300)
means = st.floats(log(5), log(3000))
LATE = st.lists(st.floats(1, 5000), max_size=5)


@drawn(max_examples=60, deadline=None)
@given(mean=means, n=sizes, more=sizes, age=ages)
def test_more_clips_that_scatter_no_more_than_thought_never_widen_the_error(
    mean: float, n: int, more: int, age: float
) -> None:
    def of(n: int) -> Evidence:
        return row(mean=mean, sd=SPREAD if n > 1 else None, n=n, observed=NOW - timedelta(days=age))

    assert took(of(n + more)).error <= took(of(n)).error + 1e-12
    assert took(of(n)).error <= took().error + 1e-12


@drawn(max_examples=60, deadline=None)
@given(n=sizes, age=ages, older=ages, kind=st.sampled_from([{}, {"length": "short"}, {"resolution": "1080p"}]))
def test_older_clips_never_weigh_more(n: int, age: float, older: float, kind: dict[str, str]) -> None:
    def weight(days: float) -> float:
        _, basis = took(row(n=n, observed=NOW - timedelta(days=days), cell=kind)).basis
        assert basis.weight is not None
        return basis.weight

    assert weight(age + older) <= weight(age)


@drawn(max_examples=60, deadline=None)
@given(mean=means, late=LATE, more=st.floats(1, 10))
def test_waiting_longer_in_vain_never_makes_an_endpoint_faster(mean: float, late: list[float], more: float) -> None:
    def of(late: list[float]) -> Seconds:
        return took(row(mean=mean, detail={"longer_than": late}))

    assert of(late).mean >= of([]).mean - 1e-6
    assert of([more * each for each in late]).mean >= of(late).mean - 1e-6
    assert all(value > 0 for value in (of(late).error, of(late).spread))


@drawn(max_examples=30, deadline=None)
@given(mean=means, sd=st.floats(0, 2))
def test_with_enough_clips_the_prior_no_longer_matters(mean: float, sd: float) -> None:
    found = took(row(mean=mean, sd=sd, n=1_000_000))

    assert found.mean == pytest.approx(mean, abs=1e-4)
    assert found.spread == pytest.approx(sd, abs=2e-2)


@drawn(max_examples=30, deadline=None)
@given(st.lists(st.tuples(means, sizes, ages, LATE), min_size=1, max_size=4), st.randoms())
def test_the_order_of_the_evidence_does_not_matter(rows: list[Any], dice: Random) -> None:
    made = [
        row(mean=mean, n=n, observed=NOW - timedelta(days=age), detail={"longer_than": late}, run=f"run-{at}")
        for at, (mean, n, age, late) in enumerate(rows)
    ]
    mixed = dice.sample(made, len(made))

    one, other = took(*made), took(*mixed)
    assert (one.mean, one.spread, one.error) == pytest.approx((other.mean, other.spread, other.error))


def test_the_kind_asked_for_is_that_of_the_settings() -> None:
    assert took(row(cell={"length": "short"}), seconds=5.0).basis[1].borrowed is None
    assert took(row(), seconds=10.0).basis[1].borrowed is None
    assert took(row(), seconds=12.0).basis[1].borrowed == CELL
