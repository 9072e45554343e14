"""A route explains itself: what decided, where every number is from, and what would change it, each found true."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from rushes.router.known import Basis, Known, Rating, Reliability, Seconds
from rushes.router.rank import rank
from rushes.router.route import Route
from rushes.router.whatif import MOST, what_ifs
from tests.router.drawn import fields, told
from tests.router.field import DAY, RETIRED, SEEDED, UNFIT, One, Used, config_of, order, policy_of, ranked

quick = settings(max_examples=60, deadline=None, derandomize=True)

# --- what decided -----------------------------------------------------------------------------------------------------

FAST, NEAR, SLOW = One("a/fast", usd="3", seconds=100), One("b/near", usd="1", seconds=109), One("c/slow", seconds=200)
BEST, GOOD, POOR = One("a/best", usd="3.2", elo=31), One("b/good", usd="0.8", elo=15), One("c/poor", elo=-40)
DARK = One("d/dark", usd=None, seconds=None, elo=None)
DECIDED: list[tuple[list[One], dict[str, Any], list[str]]] = [
    ([FAST], {"choose": "speed"}, ["the only endpoint that can be used"]),
    (
        [FAST, NEAR, SLOW],
        {"choose": "speed"},
        [
            "cheapest of the 2 within 10 % of a/fast (fastest, 100.0 s to a usable file)",
            "of the rest, fastest: 100.0 s to a usable file; c/slow 200.0 s to a usable file",
            "the last one left",
        ],
    ),
    (
        [replace(FAST, usd="0.5"), NEAR],
        {"choose": "speed"},
        ["fastest (100.0 s to a usable file), and cheapest of the 2 within 10 % of that", "the last one left"],
    ),
    (
        [replace(FAST, usd=None), replace(NEAR, usd=None)],
        {"choose": "speed"},
        ["fastest (100.0 s to a usable file), and first of the 2 within 10 % of that", "the last one left"],
    ),
    (
        [FAST, DARK],
        {"choose": "speed"},
        [
            "fastest: 100.0 s to a usable file",
            "nobody knows how long it takes, so it stands behind all of which that is known, by cost",
        ],
    ),
    (
        [BEST, GOOD, POOR],
        {"choose": "quality"},
        [
            "cheapest of the 2 within 20 Elo of a/best (best, +31.0 Elo)",
            "of the rest, best rated: +31.0 Elo; c/poor -40.0 Elo",
            "the last one left",
        ],
    ),
    (
        [BEST, GOOD],
        {"choose": "quality", "quality_margin": 0},
        ["best rated: +31.0 Elo; b/good +15.0 Elo", "the last one left"],
    ),
    (
        [replace(BEST, seconds=10), GOOD],
        {"choose": "quality", "tie_break": "fastest"},
        ["best rated (+31.0 Elo), and fastest of the 2 within 20 Elo of that", "the last one left"],
    ),
    (
        [GOOD, replace(GOOD, id="a/best", elo=16)],
        {"choose": "quality"},
        ["best rated (+16.0 Elo), and as cheap as any of the 2 within 20 Elo of that", "the last one left"],
    ),
    (
        [replace(BEST, usd="3.2"), replace(GOOD, seconds=60), replace(POOR, elo=12)],
        {"choose": "quality", "tie_break": "fastest"},
        [
            "as fast as any of the 3 within 20 Elo of a/best (best, +31.0 Elo)",
            "of the rest, as fast as any of the 2 within 20 Elo of a/best (best, +31.0 Elo)",
            "the last one left",
        ],
    ),
    (
        [DARK, replace(DARK, id="a/also")],
        {"choose": "quality"},
        ["it has no rating that is sure within 80 Elo, so it stands behind all of which that is known, by cost"] * 2,
    ),
    (
        [GOOD, POOR, BEST],
        {"choose": "cost"},
        [
            "as cheap as c/poor ($0.1000 for each second of usable film), and before it in the cards",
            "of the rest, cheapest: $0.1000 for each second of usable film; "
            "a/best $0.4000 for each second of usable film",
            "the last one left",
        ],
    ),
    (
        [GOOD, replace(GOOD, id="a/best", seconds=90), replace(GOOD, id="c/poor", seconds=90, changes=1)],
        {"choose": "cost"},
        [
            "as cheap as a/best ($0.1000 for each second of usable film), and faster",
            "of the rest, as cheap as c/poor ($0.1000 for each second of usable film), "
            "and with less of the request changed",
            "the last one left",
        ],
    ),
    (
        [GOOD, replace(GOOD, id="a/best", seconds=None), DARK],
        {"choose": "cost"},
        [
            "as cheap as a/best ($0.1000 for each second of usable film), and known to take 60.0 s to a usable file",
            "of the rest, cheapest: $0.1000 for each second of usable film",
            "its price is not known, so it stands behind all of which that is known, by cost",
        ],
    ),
    (
        [GOOD, replace(GOOD, id="a/best", elo=115, usd="3.2", seconds=90)],
        {"choose": "balanced"},
        [
            "highest score, 0.245: 0.640 (chance to look better) - 0.320 ($3.20) "
            "- 0.075 (1.5 minutes to a usable file)",
            "the last one left",
        ],
    ),
    (
        [GOOD, replace(GOOD, id="a/twin"), replace(GOOD, id="c/poor", changes=1)],
        {"choose": "balanced"},
        [
            "as high a score as a/twin, 0.370: 0.500 (chance to look better) - 0.080 ($0.80) "
            "- 0.050 (1.0 minutes to a usable file); and before it in the cards",
            "of the rest, as high a score as c/poor, 0.370: 0.500 (chance to look better) - 0.080 ($0.80) "
            "- 0.050 (1.0 minutes to a usable file); and with less of the request changed",
            "the last one left",
        ],
    ),
]


@pytest.mark.parametrize(("field", "how", "whys"), DECIDED)
def test_each_endpoint_says_why_it_stands_where_it_stands(
    field: list[One], how: dict[str, Any], whys: list[str]
) -> None:
    route = ranked(field, **how)

    assert list(route.whys) == whys
    assert route.decided == whys[0]


def test_where_nobody_can_be_used_nothing_decided() -> None:
    assert ranked([One("a/one", facts=RETIRED)]).decided == "no endpoint can be used"


# --- what would change it ---------------------------------------------------------------------------------------------

KEYED = One("a/one", usd="0.10", needs=("set A_KEY or A_TOKEN", "set A_HOME"))
TEAM = replace(KEYED, needs=("mine: set A_KEY", "team: set A_TEAM"))
TWO = One("b/two", usd="0.80")
WOULD_CHANGE: list[tuple[list[One], dict[str, Any], list[str]]] = [
    ([KEYED, TWO], {}, ["With A_KEY or A_TOKEN and A_HOME set, a/one would be chosen."]),
    ([TEAM, TWO], {}, ["With A_KEY or A_TEAM set, a/one would be chosen."]),
    ([replace(KEYED, usd="0.90"), TWO], {}, []),
    ([replace(KEYED, needs=("rushes does not speak the fal wire",)), TWO], {}, []),
    ([replace(KEYED, needs=("set A_HOME to a plain name, not 'a/b'",)), TWO], {}, []),
    (
        [KEYED, One("c/three", usd="0.05", needs=("set C_KEY",)), TWO],
        {},
        ["With C_KEY set, c/three would be chosen.", "With A_KEY or A_TOKEN and A_HOME set, a/one would be chosen."],
    ),
    ([One("a/one", usd="0.10"), TWO], {"deny": ["a"]}, ["Without the policy's deny, a/one would be chosen."]),
    ([One("a/one", usd="0.10"), TWO], {"allow": ["b"]}, ["With everything allowed, a/one would be chosen."]),
    ([One("a/one", usd="0.90"), TWO], {"deny": ["a"]}, []),
    (
        [One("a/one", usd="0.10"), replace(TWO, facts=SEEDED)],
        {"require": {"seed": True}},
        ["Without the policy's require, a/one would be chosen."],
    ),
    (
        [BEST, GOOD],
        {"choose": "quality", "quality_margin": 0, "max_usd": "1"},
        ["With the policy's max_usd at $3.20, a/best would be chosen."],
    ),
    (
        [BEST, GOOD],
        {"choose": "quality", "quality_margin": 0, "max_usd": "4", "used": Used(Decimal("2.50"))},
        ["With the policy's max_usd at $5.70, a/best would be chosen."],
    ),
    (
        [BEST, GOOD],
        {"choose": "quality", "quality_margin": 0, "budget": Decimal(5), "count": 2},
        ["With the call's max_usd at $6.40, a/best would be chosen."],
    ),
    (
        [BEST, GOOD],
        {"choose": "quality", "quality_margin": 0, "budget": Decimal(4), "used": Used(call_usd=Decimal(3))},
        ["With the call's max_usd at $6.20, a/best would be chosen."],
    ),
    (
        [One("a/one", usd="0.10", seconds=90.5), TWO],
        {"deadline": 60.1},
        ["With the policy's deadline at 91 s, a/one would be chosen."],
    ),
    (
        [One("a/one", usd="0.10", seconds=90.5), TWO],
        {"deadline": 90, "used": Used(seconds=29.9)},
        ["With the policy's deadline at 121 s, a/one would be chosen."],
    ),
    (
        [One("a/one", usd="0.10"), TWO],
        {"barred": {"a/one": ("cooling", "rate limited")}},
        ["If nothing were cooling down, a/one would be chosen."],
    ),
    ([One("a/one", usd="0.10"), TWO], {"barred": {"a/one": ("off", "gone")}}, []),
    # Where nothing alone would do, what would do together.
    (
        [KEYED, replace(TWO, needs=("set B_KEY",))],
        {"budget": Decimal(0), "count": 2},
        ["With A_KEY or A_TOKEN and A_HOME set and the call's max_usd at $0.20, a/one would be chosen."],
    ),
    (
        [replace(TWO, needs=("set B_KEY",))],
        {"budget": Decimal(1), "max_usd": "0.50", "deadline": 30, "used": Used(Decimal("0.30"), Decimal("0.40"), 10)},
        [
            "With B_KEY set, the policy's max_usd at $1.10, the policy's deadline at 70 s and the call's max_usd "
            "at $1.20, b/two would be chosen."
        ],
    ),
    ([One("a/one", facts=UNFIT), replace(KEYED, needs=("it is not spoken",))], {"budget": Decimal(0)}, []),
    ([DARK], {"choose": "cost", "unknown": "exclude"}, ["With unknown: last, d/dark would be chosen."]),
    (
        [BEST, GOOD],
        {"choose": "quality", "quality_margin": 10},
        ["With quality_margin: 16, b/good would be chosen."],
    ),
    (
        [BEST, GOOD],
        {"choose": "quality"},
        ["With quality_margin: 15.9, a/best would be chosen.", "At $0.80 a clip or less (now $3.20), a/best"],
    ),
    (
        [replace(FAST, seconds=100.5), NEAR],
        {"choose": "speed", "within": 0},
        ["With within: 0.085, b/near would be chosen.", "At 100 s to a usable file or less (now 109.0 s), b/near"],
    ),
    (
        [One("a/one", usd="0.80"), One("b/two", usd="1.00")],
        {},
        ["At $0.79 a clip or less (now $1.00), b/two would be chosen."],
    ),
    (
        [GOOD, replace(GOOD, id="a/best", elo=115, usd="3.2", seconds=190)],
        {"choose": "balanced"},
        ["At $2.51 a clip or less (now $3.20), a/best", "At 108 s to a usable file or less (now 190.0 s), a/best"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("field", "how", "says"), WOULD_CHANGE)
def test_a_route_says_what_would_change_it(field: list[One], how: dict[str, Any], says: list[str]) -> None:
    found = ranked(field, config=config_of(one.id for one in field), **how).would_change

    assert [text[: len(start)] for text, start in zip(found, says, strict=False)] == says
    assert len(found) <= MOST
    if not says:
        assert not any("Without" in text or "set," in text for text in found)


def test_no_more_is_said_than_anybody_would_read() -> None:
    field = [
        One("a/one", usd="0.10", needs=("set A_KEY",)),
        One("b/two", usd="0.20", needs=("set B_KEY",)),
        One("c/three", usd="0.30"),
        One("d/four", usd="0.40", seconds=900),
        One("e/five", usd="0.50"),
        One("f/six", usd="0.60"),
    ]

    route = ranked(field, deny=["c"], deadline=600, barred={"e/five": ("cooling", "busy")})

    assert len([*what_ifs(route)]) > MOST
    assert len(route.would_change) == MOST


#: How each sentence is made true: what it changes of what was told, or of the endpoint that it names.
Change = Callable[[list[One], dict[str, Any], str, tuple[str, ...]], tuple[list[One], dict[str, Any]]]


def _set(**values: Callable[[str], Any]) -> Change:
    def change(field: list[One], how: dict[str, Any], _: str, said: tuple[str, ...]) -> Any:
        number = said[0] if said else ""
        return field, how | {name: value(number) for name, value in values.items()}

    return change


def _keys(field: list[One], how: dict[str, Any], _: str, said: tuple[str, ...]) -> Any:
    have = set(re.findall("[A-Z_]+", said[0]))
    met = [
        replace(one, needs=())
        if one.needs and all(have & set(re.findall("[A-Z_]+", need)) for need in one.needs)
        else one
        for one in field
    ]
    return met, how


def _together(field: list[One], how: dict[str, Any], winner: str, said: tuple[str, ...]) -> Any:
    """Several of the others at once."""
    for each in re.split(r", | and (?=the )", said[0]):
        [(match, change)] = [
            (found, change)
            for pattern, change in CLAIMS
            if change is not _together and (found := re.fullmatch(pattern, f"With {each}, {winner} would be chosen."))
        ]
        field, how = change(field, how, winner, match.groups()[:-1])
    return field, how


def _cheaper(field: list[One], how: dict[str, Any], winner: str, said: tuple[str, ...]) -> Any:
    return [replace(one, usd=said[0]) if one.id == winner else one for one in field], how


def _faster(field: list[One], how: dict[str, Any], winner: str, said: tuple[str, ...]) -> Any:
    def quicker(one: One) -> One:
        if one.id != winner or one.seconds is None:
            return one
        now = ranked([one], **how | {"deny": [], "allow": [], "unknown": "last"}).standings
        [standing] = now
        assert standing.terms.seconds is not None
        return replace(one, seconds=one.seconds * (float(said[0]) - 1e-6) / standing.terms.seconds)

    return [quicker(one) for one in field], how


CLAIMS: list[tuple[str, Change]] = [
    (r"With ([A-Z][A-Z_ andor]*) set, (\S+) would be chosen\.", _keys),
    (r"With everything allowed, (\S+) would be chosen\.", _set(allow=lambda _: [])),
    (r"Without the policy's deny, (\S+) would be chosen\.", _set(deny=lambda _: [])),
    (r"With the policy's max_usd at \$([\d.]+), (\S+) would be chosen\.", _set(max_usd=Decimal)),
    (r"With the call's max_usd at \$([\d.]+), (\S+) would be chosen\.", _set(budget=Decimal)),
    (r"With the policy's deadline at (\d+) s, (\S+) would be chosen\.", _set(deadline=float)),
    (r"With unknown: last, (\S+) would be chosen\.", _set(unknown=lambda _: "last")),
    (r"With (.+ and the .+), (\S+) would be chosen\.", _together),
    (r"If nothing were cooling down, (\S+) would be chosen\.", _set(barred=lambda _: {"c/six": ("off", "gone")})),
    (r"With quality_margin: ([\d.]+), (\S+) would be chosen\.", _set(quality_margin=float)),
    (r"With within: ([\d.]+), (\S+) would be chosen\.", _set(within=float)),
    (r"At \$([\d.]+) a clip or less \(now \$[\d.]+\), (\S+) would be chosen\.", _cheaper),
    (r"At (\d+) s to a usable file or less \(now [\d.]+ s\), (\S+) would be chosen\.", _faster),
]


@quick
@given(fields(), told())
def test_every_sentence_comes_true_when_what_it_says_is_done(field: list[One], how: dict[str, Any]) -> None:
    route = ranked(field, **how)
    now = order(route)[:1]

    for said in what_ifs(route):
        [(match, change)] = [
            (found, change) for pattern, change in CLAIMS if (found := re.fullmatch(pattern, said.text))
        ]
        *numbers, winner = match.groups()
        done, told_then = change(field, how, winner, tuple(numbers))
        then = order(ranked(done, **told_then))

        assert then[0] == winner == said.winner, said.text
        assert [winner] != now


def test_the_price_said_is_the_highest_and_the_seconds_are_the_most() -> None:
    field = [GOOD, replace(GOOD, id="a/best", elo=115, usd="3.2", seconds=190)]
    route = ranked(field, choose="balanced")
    runner_up = order(route)[1]
    [price] = [match[1] for text in route.would_change if (match := re.match(r"At \$([\d.]+) a clip", text))]
    [seconds] = [match[1] for text in route.would_change if (match := re.match(r"At (\d+) s", text))]

    def first(**fields: Any) -> str:
        changed = [replace(one, **fields) if one.id == runner_up else one for one in field]
        return order(ranked(changed, choose="balanced"))[0]

    assert first(usd=price) == runner_up
    assert first(usd=str(Decimal(price) + Decimal("0.01"))) != runner_up
    assert first(seconds=float(seconds)) == runner_up
    assert first(seconds=float(seconds) + 1) != runner_up


# --- as JSON ----------------------------------------------------------------------------------------------------------


def test_a_route_as_json_has_every_number_with_where_it_is_from() -> None:
    field = [replace(BEST, seconds=90), GOOD, replace(POOR, needs=("set C_KEY",)), One("d/gone", facts=RETIRED)]
    route = ranked(field, choose="quality", max_usd="9.50")

    said = route.json()

    assert json.loads(json.dumps(said)) == said
    assert (said["chosen"], said["decided"], said["day"]) == ("b/good", route.decided, "2026-08-01")
    assert said["would_change"] == list(route.would_change)
    assert said["policy"] == route.policy.model_dump(mode="json")
    assert (said["policy"]["max_usd"], said["policy"]["quality_margin"]) == ("9.50", 20.0)
    good, best, poor, gone = said["candidates"]
    assert [each["endpoint"] for each in said["candidates"]] == ["b/good", "a/best", "c/poor", "d/gone"]
    assert [each["place"] for each in said["candidates"]] == [1, 2, None, None]
    assert good["price_usd"] == good["terms"]["usd"] == "0.80"
    assert good["price_source"] == {"source": "card", "where": "made up for a test", "read": "2026-08-01"}
    assert good["sent"]["seconds"] == 8
    assert good["sent"]["size"] == "1280x720"
    assert (good["terms"]["gap"], best["terms"]["seconds"]) == (16.0, pytest.approx(90))
    assert (poor["filters"], poor["reasons"], poor["price_usd"]) == (["access"], ["set C_KEY"], "0.80")
    assert (gone["filters"], gone["sent"], gone["terms"]) == (["retired"], None, None)


def test_a_number_names_the_strongest_thing_that_it_rests_on_and_shows_all() -> None:
    [said] = ranked([One("a/one")], choose="speed").json()["candidates"]
    took, usable, rating = (said["known"][name] for name in ("seconds", "usable", "rating"))

    assert (took["source"], took["run"]) == ("measured", "run-1")
    assert [(each["source"], each["weight"]) for each in took["basis"]] == [("prior", 3.0), ("measured", 18.0)]
    assert (usable["source"], usable["run"]) == ("prior", None)
    assert usable["basis"][0]["where"] == "the card"
    assert (rating["source"], rating["counts"]) == ("measured", True)


def test_a_rating_rests_on_the_board_with_the_most_prompts() -> None:
    boards = (Basis("prior", None, 10, None, DAY, where="a board"), Basis("voted", "mine", 38, None, DAY))
    known = Known(Seconds(4.0, 0.1, 0.4, ()), Reliability(0.9, ()), Rating(12, 200, boards))

    route = rank([One("a/one").candidate], policy_of(), knows=lambda plan: known, config=config_of(["a/one"]))
    [said] = route.json()["candidates"]

    assert (said["known"]["rating"]["source"], said["known"]["rating"]["run"]) == ("voted", "mine")
    # Too unsure to count, and shown all the same.
    assert (said["known"]["rating"]["counts"], said["terms"]["elo"]) == (False, None)
    assert said["known"]["seconds"]["source"] is None


def test_what_nobody_knows_is_null_and_not_nothing() -> None:
    [said] = ranked([DARK], choose="speed").json()["candidates"]

    assert (said["price_usd"], said["terms"]["usd"], said["terms"]["seconds"]) == (None, None, None)
    assert (said["known"]["seconds"], said["known"]["rating"]) == (None, None)


def test_a_change_is_told_with_what_it_does_to_the_price() -> None:
    [said] = ranked([One("a/one", changes=1)]).json()["candidates"]

    assert said["changes"] == [
        {"field": "field 0", "asked": "this", "sent": "that", "why": "made up", "price_difference": None}
    ]


@quick
@given(fields(), told())
def test_every_route_can_be_explained_and_written_down(field: list[One], how: dict[str, Any]) -> None:
    route: Route = ranked(field, **how)

    said = json.dumps(route.json(), allow_nan=False)

    assert all(why for why in route.whys)
    assert all(one.id in said for one in field)
