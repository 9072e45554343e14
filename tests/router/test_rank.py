"""Who stands where by each rule, and who is left out with every reason; the numbers can be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from rushes.errors import NotAuthorized, OverBudget, Retired, Unavailable, Unsupported, VideoError
from tests.router.field import (
    RETIRED,
    SEEDED,
    UNFIT,
    UNPRICED,
    UNRELEASED,
    One,
    Used,
    config_of,
    facts,
    left_out,
    order,
    policy_of,
    ranked,
)

# --- speed ------------------------------------------------------------------------------------------------------------


def test_speed_takes_the_cheapest_of_the_equally_fast_and_goes_on_from_there() -> None:
    field = [
        One("a/fast", usd="3.00", seconds=100),
        One("a/near", usd="1.00", seconds=109),
        One("a/slow", usd="0.10", seconds=119),
        One("a/last", usd="0.01", seconds=200),
    ]

    # 110 s is the limit at first; once `near` is out, the limit is still that of `fast`; after it, 130.9 s.
    assert order(ranked(field, choose="speed", within=0.1)) == ["a/near", "a/fast", "a/slow", "a/last"]


def test_a_window_moves_on_with_the_fastest_that_is_left() -> None:
    field = [
        One("a/fast", usd="1.00", seconds=100),
        One("a/next", usd="3.00", seconds=105),
        One("a/slow", usd="0.10", seconds=112),
    ]

    # 112 s is not within 10 % of 100 s, but it is of 105 s.
    assert order(ranked(field, choose="speed", within=0.1)) == ["a/fast", "a/slow", "a/next"]


def test_within_nothing_only_the_fastest_is_fast() -> None:
    field = [One("a/cheap", usd="0.01", seconds=100.01), One("a/fast", usd="9", seconds=100)]

    assert order(ranked(field, choose="speed", within=0)) == ["a/fast", "a/cheap"]


def test_speed_counts_the_clips_that_come_to_nothing() -> None:
    field = [One("a/flaky", seconds=100, usable=0.5), One("a/sure", seconds=180, usable=0.9)]

    route = ranked(field, choose="speed")

    assert order(route) == ["a/sure", "a/flaky"]
    assert [standing.terms.seconds for standing in route.standings] == pytest.approx([200, 200])
    assert route.standings[0].terms.typical_seconds == pytest.approx(180)


@pytest.mark.parametrize(("pessimism", "first"), [(0, "a/unsure"), (1, "a/sure")])
def test_what_is_little_known_is_taken_to_be_slower_by_as_many_errors_as_the_policy_says(
    pessimism: float, first: str
) -> None:
    field = [One("a/unsure", seconds=90, error=0.5), One("a/sure", seconds=120, error=0.05)]

    assert order(ranked(field, choose="speed", within=0, pessimism=pessimism))[0] == first


# --- quality ----------------------------------------------------------------------------------------------------------


def test_quality_takes_the_cheapest_within_the_margin() -> None:
    field = [
        One("a/best", usd="3.20", elo=31),
        One("a/good", usd="0.80", elo=15),
        One("a/worse", usd="0.10", elo=10.9),
    ]

    route = ranked(field, choose="quality", quality_margin=20)

    # `worse` is 20.1 Elo behind the best; with `good` taken, the best still sets the margin.
    assert order(route) == ["a/good", "a/best", "a/worse"]
    assert [standing.terms.gap for standing in route.standings] == pytest.approx([16, 0, 20.1])


def test_a_margin_of_nothing_takes_the_best_rated_whatever_it_costs() -> None:
    field = [One("a/cheap", usd="0.01", elo=30.9), One("a/best", usd="30", elo=31)]

    assert order(ranked(field, choose="quality", quality_margin=0))[0] == "a/best"


def test_a_tie_in_quality_may_go_to_the_fastest() -> None:
    field = [One("a/cheap", usd="0.10", seconds=300, elo=0), One("a/fast", usd="3", seconds=30, elo=0)]

    assert order(ranked(field, choose="quality"))[0] == "a/cheap"
    assert order(ranked(field, choose="quality", tie_break="fastest"))[0] == "a/fast"


def test_of_the_equally_good_that_cost_the_same_the_better_rated_comes_first() -> None:
    field = [One("a/good", elo=15, seconds=30), One("a/best", elo=31, seconds=90)]

    assert order(ranked(field, choose="quality"))[0] == "a/best"


def test_a_rating_that_is_too_unsure_counts_as_none() -> None:
    field = [One("a/three-votes", elo=200, sd=81), One("a/known", elo=-50, sd=80)]

    route = ranked(field, choose="quality")

    assert order(route) == ["a/known", "a/three-votes"]
    assert [standing.terms.elo for standing in route.standings] == [-50, None]
    assert [standing.terms.gap for standing in route.standings] == [0, None]
    assert order(ranked(field, choose="quality", rated_within=81))[0] == "a/three-votes"


def test_the_best_that_cannot_be_used_sets_no_margin() -> None:
    field = [One("a/gone", elo=100, needs=("set A_KEY",)), One("a/next", elo=30), One("a/cheap", usd="0.1", elo=15)]

    route = ranked(field, choose="quality", quality_margin=20)

    assert order(route) == ["a/cheap", "a/next"]
    assert [standing.terms.gap for standing in route.standings] == [15, 0]


# --- cost -------------------------------------------------------------------------------------------------------------


def test_cost_counts_what_is_paid_for_clips_that_come_to_nothing() -> None:
    field = [
        One("a/paid", usd="0.80", usable=0.5, failed="full"),
        One("a/unclear", usd="0.80", usable=0.8, failed="unknown"),
        One("a/free", usd="0.80", usable=0.5, failed="free"),
    ]

    route = ranked(field, choose="cost")

    assert order(route) == ["a/free", "a/unclear", "a/paid"]
    # Eight seconds for 80 cents; of `paid` every other clip is thrown away, of `unclear` every fifth.
    assert [standing.terms.usd_per_second for standing in route.standings] == pytest.approx([0.1, 0.125, 0.2])


def test_of_the_equally_cheap_the_faster_then_the_less_changed_then_the_cards_order() -> None:
    field = [
        One("a/slow", seconds=90),
        One("a/changed", changes=1),
        One("a/first"),
        One("a/second"),
        One("a/unknown", seconds=None),
    ]

    assert order(ranked(field, choose="cost")) == ["a/first", "a/second", "a/changed", "a/slow", "a/unknown"]


@pytest.mark.parametrize("rule", ["speed", "quality", "cost", "balanced"])
def test_among_equals_the_less_changed_comes_first_and_then_the_cards_order(rule: str) -> None:
    field = [One("a/changed", changes=2), One("a/less", changes=1), One("a/first"), One("a/second")]

    assert order(ranked(field, choose=rule)) == ["a/first", "a/second", "a/less", "a/changed"]


# --- balanced ---------------------------------------------------------------------------------------------------------


def test_balanced_weighs_looks_money_and_waiting_and_shows_the_terms() -> None:
    field = [One("a/dear", usd="3.20", seconds=180, elo=100), One("a/cheap", usd="0.80", seconds=60, elo=0)]

    route = ranked(field, choose="balanced", weights={"usd": 0.1, "minute": 0.05})
    cheap, dear = route.standings

    # 100 Elo are 1/(1 + 10^-0.25) = 0.640 against 0.360.
    assert order(route) == ["a/cheap", "a/dear"]
    assert (dear.terms.win, cheap.terms.win) == (pytest.approx(0.640065), pytest.approx(0.359935))
    assert dear.terms.score == pytest.approx(0.640065 - 0.32 - 0.15)
    assert cheap.terms.score == pytest.approx(0.359935 - 0.08 - 0.05)


def test_weights_of_nothing_leave_looks_alone() -> None:
    field = [One("a/cheap", usd="0.01", seconds=1, elo=0), One("a/best", usd="30", seconds=900, elo=1)]

    assert order(ranked(field, choose="balanced", weights={"usd": 0, "minute": 0})) == ["a/best", "a/cheap"]


def test_chances_are_against_all_others_that_are_rated() -> None:
    field = [One("a/top", elo=400), One("a/mid", elo=0), One("a/also", elo=0), One("a/none", elo=None)]

    route = ranked(field, choose="balanced")
    wins = {standing.candidate.endpoint.id: standing.terms.win for standing in route.standings}

    assert wins == {
        "a/top": pytest.approx(10 / 11),
        "a/mid": pytest.approx((0.5 + 1 / 11) / 2),
        "a/also": pytest.approx((0.5 + 1 / 11) / 2),
        "a/none": None,
    }


def test_an_endpoint_with_nobody_to_beat_has_even_chances() -> None:
    [alone, _] = ranked([One("a/one", elo=77), One("a/none", elo=None)], choose="balanced").standings

    assert alone.terms.win == 0.5


def test_ratings_that_lie_absurdly_far_apart_break_nothing() -> None:
    route = ranked([One("a/one", elo=1e6), One("a/two", elo=-1e6), One("a/three", elo=-1e6)], choose="balanced")

    assert [standing.terms.win for standing in route.standings] == pytest.approx([1, 0.25, 0.25])


# --- what is not known ------------------------------------------------------------------------------------------------

UNKNOWN = [
    ("speed", {"seconds": None}, "unknown: nobody knows how long it takes"),
    ("quality", {"elo": None}, "unknown: it has no rating that is sure within 80 Elo"),
    ("quality", {"sd": 81}, "unknown: it has no rating that is sure within 80 Elo"),
    ("cost", {"usd": None}, "unknown: its price is not known"),
    ("balanced", {"usd": None}, "unknown: its price is not known"),
    ("balanced", {"seconds": None}, "unknown: nobody knows how long it takes"),
    ("balanced", {"elo": None}, "unknown: it has no rating that is sure within 80 Elo"),
]


@pytest.mark.parametrize(("rule", "lacks", "reason"), UNKNOWN)
def test_an_endpoint_without_the_deciding_number_stands_last_or_is_left_out(
    rule: str, lacks: dict[str, Any], reason: str
) -> None:
    dark = replace(One("a/dark", usd="0.01", seconds=1, elo=500), **lacks)
    field = [dark, One("a/poor", usd="9", seconds=999, elo=-200)]

    last, excluded = ranked(field, choose=rule), ranked(field, choose=rule, unknown="exclude")

    assert order(last) == ["a/poor", "a/dark"]
    assert order(excluded) == ["a/poor"]
    assert [(each.filters, each.reasons) for each in excluded.excluded] == [(("unknown",), (reason,))]


def test_those_of_whom_nothing_is_known_stand_by_cost() -> None:
    field = [
        One("a/no-price", usd=None, elo=None),
        One("a/dear", usd="2", elo=None),
        One("a/slow", usd="1", seconds=90, elo=None),
        One("a/cheap", usd="1", seconds=30, elo=None),
        One("a/rated", usd="9"),
    ]

    assert order(ranked(field, choose="quality")) == ["a/rated", "a/cheap", "a/slow", "a/dear", "a/no-price"]


def test_who_is_left_out_for_being_unknown_is_nobody_to_beat() -> None:
    field = [One("a/one", elo=0), One("a/dark", elo=400, seconds=None)]

    last, excluded = ranked(field, choose="balanced"), ranked(field, choose="balanced", unknown="exclude")

    assert last.standings[0].terms.win == pytest.approx(1 / 11)
    assert (excluded.standings[0].terms.win, excluded.standings[0].terms.gap) == (0.5, 0)


# --- filters ----------------------------------------------------------------------------------------------------------

HALF = Decimal("0.5")
BARRED = {"a/one": ("cooling", "not asked for another 40 s: rate limited")}
OFF = {"a/one": ("off", "answered on 2026-07-30 that it is retired")}
FILTERS = [
    ({}, {"facts": UNFIT}, "unfit", "takes a prompt of up to 3 characters, not 13"),
    ({}, {"facts": RETIRED}, "retired", "retired on 2026-07-01 (no successor)"),
    ({}, {"facts": UNRELEASED}, "retired", "not released before 2027-01-01"),
    ({}, {"facts": UNPRICED}, "unpriced", "its price is not known; allow that with unpriced (--unpriced)"),
    ({}, {"needs": ("set A_KEY",)}, "access", "set A_KEY"),
    ({"allow": ["b"]}, {}, "allow", "only b may be used"),
    ({"deny": ["a/one"]}, {}, "deny", "deny: a/one"),
    ({"deny": ["one"]}, {}, "deny", "deny: one"),
    ({"deny": ["a"]}, {}, "deny", "deny: a"),
    ({"regions": ["eu-west"]}, {}, "regions", "regions: it is in moon, not in eu-west"),
    ({"require": {"seed": True}}, {}, "require", "require: it takes no seed"),
    ({"require": {"negative_prompt": True}}, {}, "require", "require: it takes no negative_prompt"),
    ({"require": {"silence": True}}, {}, "require", "require: it makes no silent clips"),
    ({"require": {"modes": ["text", "extend"]}}, {}, "require", "require: it makes nothing from a clip to extend"),
    ({"max_usd": "0.79"}, {}, "policy_max_usd", "the policy's max_usd: $0.80 a clip is more than $0.79"),
    (
        {"max_usd": "2", "used": Used(Decimal("1.50"))},
        {},
        "policy_max_usd",
        "the policy's max_usd: $0.80 a clip is more than the $0.50 left of $2.00",
    ),
    ({"deadline": 59}, {}, "deadline", "the policy's deadline: it may take 60.0 s, more than 59 s"),
    (
        {"deadline": 99, "used": Used(seconds=86.5)},
        {},
        "deadline",
        "the policy's deadline: it may take 60.0 s, more than the 12.5 s left of 99 s",
    ),
    ({"budget": HALF}, {}, "call_max_usd", "the call's max_usd: $0.80 is more than $0.50"),
    (
        {"budget": Decimal(3), "count": 4},
        {},
        "call_max_usd",
        "the call's max_usd: $3.20 for 4 clips is more than $3.00",
    ),
    (
        {"budget": Decimal(9), "count": 2, "used": Used(call_usd=Decimal("8.50"))},
        {},
        "call_max_usd",
        "the call's max_usd: $1.60 for 2 clips is more than the $0.50 left of $9.00",
    ),
    (
        {"max_usd": HALF, "used": Used()},
        {},
        "policy_max_usd",
        "the policy's max_usd: $0.80 a clip is more than $0.50",
    ),
    ({"budget": Decimal(9)}, {"usd": None}, "unpriced", "its price is not known, so no cap would hold"),
    ({"max_usd": 9}, {"usd": None}, "unpriced", "its price is not known, so no cap would hold"),
    ({"barred": OFF}, {}, "off", "answered on 2026-07-30 that it is retired"),
    ({"barred": BARRED}, {}, "cooling", "not asked for another 40 s: rate limited"),
]  # fmt: skip
MOON = config_of(["a/one", "a/two"], {"a": "moon"})


@pytest.mark.parametrize(("how", "what", "filter", "reason"), FILTERS, ids=[f"{row[2]}: {row[3]}" for row in FILTERS])
def test_each_filter_says_whom_it_left_out_and_why(
    how: dict[str, Any], what: dict[str, Any], filter: str, reason: str
) -> None:
    route = ranked([replace(One("a/one"), **what)], config=MOON, **how)

    assert route.standings == ()
    assert [(each.filters, each.reasons) for each in route.excluded] == [((filter,), (reason,))]


KEPT = [
    {"allow": ["a/one"]},
    {"allow": ["one"]},
    {"allow": ["a"]},
    {"deny": ["b", "two", "a/two"]},
    {"regions": ["moon", "eu-west"]},
    {"require": {"seed": True, "negative_prompt": True, "sound": True, "modes": ["text"]}},
    {"max_usd": "0.80"},
    {"max_usd": "2", "used": Used(Decimal("1.20"))},
    {"budget": Decimal("2.40"), "count": 3},
    {"budget": Decimal("2.40"), "used": Used(call_usd=Decimal("1.60"))},
    {"deadline": 60.001},
    {"unknown": "exclude"},
    {"barred": {"a/two": ("off", "gone")}},
]


@pytest.mark.parametrize("how", KEPT)
def test_what_is_just_within_every_filter_stays(how: dict[str, Any]) -> None:
    assert order(ranked([One("a/one", facts=SEEDED)], config=MOON, **how)) == ["a/one"]


def test_a_waiting_time_that_nobody_knows_misses_no_deadline() -> None:
    assert order(ranked([One("a/one", seconds=None)], deadline=1)) == ["a/one"]


def test_a_provider_without_a_region_is_in_none() -> None:
    route = ranked([One("a/one")], regions=["moon"])

    assert route.excluded[0].reasons == ("regions: the region of a is not known, not in moon",)


def test_every_reason_is_told_at_once_and_in_one_order() -> None:
    dark = One("a/one", usd="0.80", elo=None, needs=("set A_KEY", "set A_HOME"))
    gone = One("a/two", facts=facts(**dict(RETIRED), **dict(UNFIT)))

    route = ranked(
        [dark, gone],
        choose="quality",
        allow=["b"],
        deny=["a/one", "a"],
        regions=["eu"],
        require={"seed": True, "silence": True},
        max_usd="0.1",
        deadline=1,
        unknown="exclude",
        budget=Decimal("0.2"),
        barred={"a/one": ("off", "gone")},
        config=MOON,
    )

    assert left_out(route) == {
        "a/one": (
            "access", "allow", "deny", "regions", "require", "policy_max_usd", "deadline", "call_max_usd",
            "off", "unknown",
        ),
        "a/two": ("retired", "unfit", "allow", "deny", "regions", "require"),
    }  # fmt: skip
    assert len(route.excluded[0].reasons) == 13


def test_an_endpoint_named_by_the_caller_is_used_whatever_the_policy_would_rather() -> None:
    wishes = {"allow": ["b"], "deny": ["a"], "regions": ["eu"], "require": {"seed": True}, "unknown": "exclude"}
    field = [One("a/one", elo=None)]

    assert order(ranked(field, choose="quality", named=True, config=MOON, **wishes)) == ["a/one"]
    assert order(ranked(field, named=True, barred=BARRED)) == ["a/one"]
    assert order(ranked(field, named=True, barred=OFF)) == ["a/one"]


@pytest.mark.parametrize(
    ("how", "what"),
    [
        ({"max_usd": "0.1"}, {}),
        ({"budget": Decimal("0.1")}, {}),
        ({"deadline": 1}, {}),
        ({}, {"facts": UNFIT}),
        ({}, {"facts": RETIRED}),
        ({}, {"needs": ("set A_KEY",)}),
        ({"budget": Decimal(9)}, {"usd": None}),
    ],
)
def test_naming_an_endpoint_gets_round_neither_money_nor_fit_nor_retirement_nor_keys(
    how: dict[str, Any], what: dict[str, Any]
) -> None:
    assert order(ranked([replace(One("a/one"), **what)], named=True, **how)) == []


# --- no endpoint at all -----------------------------------------------------------------------------------------------

NO_KEY = One("a/one", needs=("set A_KEY",))
GONE = One("a/two", facts=RETIRED)
FOREIGN = One("b/two", needs=("rushes does not speak the moon wire",), unspoken=True)
ERRORS: list[tuple[list[One], dict[str, Any], type[VideoError], list[str]]] = [
    # One endpoint in question: its own error.
    ([GONE], {}, Retired, ["a/two: retired on 2026-07-01 (no successor)"]),
    ([NO_KEY], {}, NotAuthorized, ["a/one cannot be used: set A_KEY"]),
    ([One("a/one", facts=UNFIT)], {}, Unsupported, ["a/one cannot make this:", "takes a prompt of up to 3"]),
    (
        [One("a/one")],
        {"budget": Decimal("0.1")},
        OverBudget,
        ["a/one is not within what may be spent: the call's max_usd: $0.80"],
    ),
    ([One("a/one")], {"max_usd": "0.1"}, OverBudget, ["the policy's max_usd: $0.80 a clip is more than $0.10"]),
    ([One("a/one")], {"barred": OFF}, Retired, ["a/one cannot be used: answered on 2026-07-30"]),
    ([One("a/one")], {"barred": BARRED}, Unavailable, ["a/one cannot be used: not asked for another 40 s"]),
    ([One("a/one")], {"deny": ["a"]}, Unsupported, ["a/one is left out:", "deny: a"]),
    ([NO_KEY], {"deny": ["a"]}, NotAuthorized, ["a/one cannot be used: set A_KEY; deny: a"]),
    # Several.
    ([GONE, replace(GONE, id="a/one")], {}, Retired, ["- a/one: retired on", "- a/two: retired on", "rushes models"]),
    ([GONE, NO_KEY], {}, NotAuthorized, ["- a/one: set A_KEY", "- 1 other cannot make it", "rushes doctor"]),
    (
        [One("a/one"), GONE],
        {"max_usd": "0.1"},
        OverBudget,
        ["- a/one: the policy's max_usd: $0.80", "With the policy's max_usd at $0.80"],
    ),
    (
        [One("a/one"), replace(NO_KEY, id="a/two")],
        {"budget": Decimal("0.1")},
        OverBudget,
        [
            "- a/one: the call's max_usd: $0.80",
            "- a/two: set A_KEY; the call's max_usd: $0.80",
            "With the call's max_usd",
        ],
    ),
    (
        [One("a/one"), One("a/two", facts=UNFIT)],
        {"deny": ["a/one"]},
        Unsupported,
        ["- a/one: deny: a/one", "- a/two: takes a prompt", "Without the policy's deny, a/one would be chosen."],
    ),
    # Those that no key would open are counted, and named only where there are no others.
    (
        [One("a/one"), FOREIGN],
        {"max_usd": "0.1"},
        OverBudget,
        ["- a/one: the policy's max_usd", "- 1 other on wires that rushes does not speak"],
    ),
    (
        [GONE, replace(GONE, id="b/gone", unspoken=True)],
        {},
        Retired,
        ["- a/two: retired on", "- b/gone: retired on"],
    ),
    ([NO_KEY, FOREIGN], {}, NotAuthorized, ["- a/one: set A_KEY", "- 1 other cannot make it, key or not"]),
    (
        [FOREIGN, replace(FOREIGN, id="b/also")],
        {},
        NotAuthorized,
        ["- b/two: rushes does not speak the moon wire", "- b/also: rushes does not speak the moon wire"],
    ),
    ([One("a/one"), One("a/two")], {"barred": BARRED, "deny": ["two"]}, Unsupported, ["- a/one: not asked for", "two"]),
    ([], {}, Unsupported, ["there is no endpoint left to choose from"]),
]


@pytest.mark.parametrize(
    ("field", "how", "kind", "says"), ERRORS, ids=[f"{row[2].__name__}: {row[3][0]}" for row in ERRORS]
)
def test_a_route_without_endpoints_says_which_filter_left_out_whom(
    field: list[One], how: dict[str, Any], kind: type[VideoError], says: list[str]
) -> None:
    route = ranked(field, config=MOON, **how)

    error = route.error()

    assert type(error) is kind
    assert [each for each in says if each not in str(error)] == []
    with pytest.raises(kind):
        _ = route.first


# --- the route --------------------------------------------------------------------------------------------------------


def test_a_route_knows_its_plans_its_request_and_its_day() -> None:
    field = [One("a/one"), GONE]
    route = ranked(field)

    assert route.first.candidate.endpoint.id == "a/one"
    assert [held.endpoint.id for held in route.plans] == ["a/one"]
    assert route.request.prompt == "a fox in snow"
    assert str(route.day) == "2026-08-01"
    assert route.policy == policy_of()
    assert ranked([GONE]).request == route.request


def test_a_route_over_nothing_has_no_request() -> None:
    with pytest.raises(Unsupported, match="no endpoint left"):
        _ = ranked([]).request
