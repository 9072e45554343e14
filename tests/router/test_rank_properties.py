"""What holds of every route, whatever the field and the policy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.router.route import Route
from tests.router.drawn import fields, told
from tests.router.field import DAY, One, Used, order, ranked

quick = settings(max_examples=80, deadline=None, derandomize=True)


def terms(route: Route) -> list[Any]:
    return [(each.candidate.endpoint.id, each.terms) for each in route.standings]


@quick
@given(fields(), told(), st.booleans())
def test_nobody_is_used_who_is_retired_unfit_keyless_or_beyond_what_may_be_spent(
    field: list[One], how: dict[str, Any], named: bool
) -> None:
    route = ranked(field[:1] if named else field, **how, named=named)
    used = how.get("used", Used())

    for standing in route.standings:
        price = standing.plan.price
        assert standing.candidate.usable
        assert standing.plan.endpoint.alive(DAY)
        for cap, spent, many in (("max_usd", used.usd, 1), ("budget", used.call_usd, how["count"])):
            assert how[cap] is None or (price is not None and price * many <= how[cap] - spent)


@quick
@given(fields(), told())
def test_everybody_stands_or_is_left_out_with_a_reason(field: list[One], how: dict[str, Any]) -> None:
    route = ranked(field, **how)
    out = [each.candidate.endpoint.id for each in route.excluded]

    assert sorted(order(route) + out) == sorted(one.id for one in field)
    assert all(each.because and all(reason for reason in each.reasons) for each in route.excluded)


@quick
@given(fields(), told("quality"))
def test_without_a_margin_the_best_rated_is_chosen(field: list[One], how: dict[str, Any]) -> None:
    route = ranked(field, **how | {"quality_margin": 0})
    rated = [each.terms.elo for each in route.standings if each.terms.elo is not None]

    assert not rated or route.first.terms.elo == max(rated)


@quick
@given(fields(), told("speed"))
def test_within_nothing_the_fastest_is_chosen(field: list[One], how: dict[str, Any]) -> None:
    route = ranked(field, **how | {"within": 0})
    seconds = [each.terms.seconds for each in route.standings if each.terms.seconds is not None]

    assert not seconds or route.first.terms.seconds == min(seconds)


@quick
@given(fields(2), told(), st.integers(0, 5), st.integers(1, 30))
def test_a_higher_price_never_moves_an_endpoint_forward(
    field: list[One], how: dict[str, Any], which: int, dimes: int
) -> None:
    one = field[which % len(field)]
    if one.usd is None:
        return
    dearer = replace(one, usd=str(Decimal(one.usd) + Decimal(dimes) / 10))

    before = order(ranked(field, **how))
    after = order(ranked([dearer if each is one else each for each in field], **how))

    if one.id in after:
        assert after.index(one.id) >= before.index(one.id)


@quick
@given(fields(), told())
def test_the_same_question_has_the_same_answer(field: list[One], how: dict[str, Any]) -> None:
    one, other = ranked(field, **how), ranked(field, **how)

    assert one == other
    assert one.json() == other.json()


@quick
@given(fields(2), told())
def test_who_is_left_out_changes_nothing_for_the_others(field: list[One], how: dict[str, Any]) -> None:
    route = ranked(field, **how)
    out = {each.candidate.endpoint.id for each in route.excluded}

    for absent in out:
        without = ranked([one for one in field if one.id != absent], **how)
        assert terms(without) == terms(route)
        assert [each.because for each in without.excluded] == [
            each.because for each in route.excluded if each.candidate.endpoint.id != absent
        ]


@quick
@given(fields(2), told())
def test_the_order_is_the_choice_made_again_without_those_already_tried(field: list[One], how: dict[str, Any]) -> None:
    if how["choose"] == "balanced":  # there the chances are those against the whole field
        return
    left = order(ranked(field, **how))

    for place in range(len(left)):
        again = ranked([one for one in field if one.id not in left[:place]], **how)
        assert again.first.candidate.endpoint.id == left[place]
