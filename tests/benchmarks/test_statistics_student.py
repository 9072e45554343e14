"""Student's t distribution, against printed tables."""

from __future__ import annotations

import math

import pytest

from rushes.benchmarks.statistics.student import quantile, tail
from rushes.errors import BadInput


@pytest.mark.parametrize(
    ("p", "df", "value"),
    [
        (0.95, 1, 6.314),
        (0.975, 1, 12.706),
        (0.9995, 1, 636.619),
        (0.975, 2, 4.303),
        (0.9, 5, 1.476),
        (0.975, 5, 2.571),
        (0.995, 5, 4.032),
        (0.975, 9, 2.262),
        (0.995, 10, 3.169),
        (0.95, 29, 1.699),
        (0.9995, 30, 3.646),
        (0.975, 120, 1.980),
        (0.975, 1e7, 1.960),
        (0.025, 9, -2.262),
        (0.5, 7, 0.0),
    ],
)
def test_quantiles_are_those_of_the_printed_tables(p: float, df: float, value: float) -> None:
    assert quantile(p, df) == pytest.approx(value, abs=6e-4)


@pytest.mark.parametrize("df", [1, 2, 5, 30, 1000])
@pytest.mark.parametrize("p", [0.01, 0.3, 0.5001, 0.8, 0.99833])
def test_a_quantile_has_its_share_below_it(p: float, df: float) -> None:
    assert 1 - tail(quantile(p, df), df) == pytest.approx(p, abs=1e-10)


def test_the_tail_has_the_closed_forms_of_one_and_two_degrees() -> None:
    for t in (-3.0, -0.2, 0.0, 0.7, 40.0):
        assert tail(t, 1) == pytest.approx(0.5 - math.atan(t) / math.pi, abs=1e-12)
        assert tail(t, 2) == pytest.approx(0.5 - t / 2 / math.sqrt(2 + t * t), abs=1e-12)
    assert tail(math.inf, 4) == 0
    assert tail(-math.inf, 4) == 1


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, math.nan])
def test_a_share_outside_0_to_1_has_no_quantile(p: float) -> None:
    with pytest.raises(BadInput, match="quantile"):
        quantile(p, 5)


@pytest.mark.parametrize(("t", "df"), [(1.0, 0), (1.0, -2), (math.nan, 5)])
def test_what_has_no_distribution_is_refused(t: float, df: float) -> None:
    with pytest.raises(BadInput, match="degrees of freedom"):
        tail(t, df)
