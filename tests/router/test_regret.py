"""The router beside an oracle, in a few made-up worlds; shortened from scripts/regret.py, which counts properly."""

from __future__ import annotations

import pytest

from scripts.regret import (
    DEAREST,
    MARGIN,
    MOST_QUALITY,
    ROBIN,
    TIED,
    UNTIED,
    Result,
    Target,
    balanced,
    cost,
    quality,
    speed,
    surprise,
    table,
)


def by_rule(found: list[Result], after: str) -> dict[str, Result]:
    return {row.rule: row for row in found if row.after == after}


def test_after_20_jobs_the_router_is_nearly_as_fast_as_an_oracle_and_what_others_do_is_not() -> None:
    found = by_rule(speed(40, 1, (20,)), "20")

    assert (found[UNTIED].share or 0) <= 0.05
    assert (found[TIED].share or 0) <= 0.05 + 0.1
    others = ("least latency of the acknowledgement", ROBIN, DEAREST)
    assert min(found[rule].share or 0 for rule in others) > 0.5


def test_jobs_teach_how_fast_endpoints_are() -> None:
    rows = speed(40, 2, (0, 20))

    assert by_rule(rows, "20")[UNTIED].regret < by_rule(rows, "0")[UNTIED].regret / 2


def test_quality_stays_within_its_margin_and_costs_less_than_the_highest_mean() -> None:
    found = by_rule(quality(40, 1, ((30, 3),)), "30 × 3")

    assert found[MARGIN].regret <= MOST_QUALITY
    assert found[MARGIN].usd < found["highest mean"].usd
    assert found["cheapest not significantly worse"].regret > 1.5 * found[MARGIN].regret


def test_cost_is_nearly_the_oracles() -> None:
    assert (by_rule(cost(40, 1, (20,)), "20")["**cost**"].share or 0) <= 0.05


def test_balanced_is_nearer_to_its_own_score_than_any_other_rule() -> None:
    found = by_rule(balanced(30, 1, ((20, 30, 1),)), "20; 30 × 1")

    assert min(found, key=lambda rule: found[rule].regret) == "**balanced**"
    assert found["**balanced**"].regret < 0.05


def test_estimates_are_about_as_far_from_the_truth_as_they_say() -> None:
    told = surprise(40, 1, (50,), ((30, 3),))

    # 200 numbers each: their root mean square is within 15 % or so by chance.
    assert 0.8 < told["seconds"]["50"] < 1.25
    assert 0.7 < told["ratings"]["30 × 3"] < 1.2


def test_the_same_seed_makes_the_same_worlds() -> None:
    assert speed(5, 3, (3,)) == speed(5, 3, (3,))
    assert speed(5, 3, (3,)) != speed(5, 4, (3,))


@pytest.mark.parametrize(("value", "met"), [(0.04, True), (0.05, True), (0.051, False)])
def test_a_target_is_missed_above_its_bound(value: float, met: bool) -> None:
    assert Target("regret", value, 0.05).met == met


def test_tables_have_a_row_for_each_rule_and_a_dash_where_a_rule_says_nothing() -> None:
    rows = [
        Result("a", "0", 1, 0.1, None, 0.2),
        Result("a", "3", 2, 0.1, None, 0.2),
        Result("b", "3", 3, 0.1, None, 0.2),
    ]

    assert table(rows, lambda row: f"{row.regret}") == (
        "|  | 0 | 3 |\n| --- | ---: | ---: |\n| a | 1 | 2 |\n| b | – | 3 |"
    )
