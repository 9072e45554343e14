"""One scale from many boards: by hand, and what always holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st

from rushes.benchmarks.findings import findings
from rushes.benchmarks.standings import standings_of
from rushes.card import Source
from rushes.evidence import Evidence
from rushes.published import Listed, Published, PublishedBoard, load_published
from rushes.request import Mode
from rushes.router.known import Rating
from rushes.router.posterior.ratings import OTHER_KIND, PRIOR, SAME_MODEL, SOUND, SOUND_SD
from tests.benchmarks.voting import judged, many, voted_run
from tests.router.evidence import NOBODY, NOW, endpoint, knowledge, row, settings

SORA, PRO, VEO, WAN = "openai/sora-2", "openai/sora-2-pro", "vertex/veo-3.1", "dashscope-intl/wan-2.5"


def board(
    elo: dict[str, float], *, sd: float | None = 10.0, name: str = "short, sound", **changes: Any
) -> list[Evidence]:
    """What a run's voters said of these endpoints, relative to their mean."""
    models = {id.partition("/")[2] for id in elo}
    detail = {"board": name, **changes.pop("detail", {})}
    return [
        row(
            endpoint=id,
            metric="rating",
            mean=mean,
            sd=sd,
            n=30,
            **({"source": "voted"} | changes),
            detail=detail | {"against": sorted(models - {id.partition("/")[2]})},
        )
        for id, mean in elo.items()
    ]


def elsewhere(scores: dict[str, float], **changes: Any) -> PublishedBoard:
    """A public board of clips with sound, ± 9.8 at 95 %: 5 Elo of standard error."""
    lines = changes.pop("lines", {})
    given: dict[str, Any] = {
        "id": "arena",
        "board": "Arena",
        "page": "https://arena.example",
        "task": "text",
        "sound": True,
        "as_of": date(2026, 8, 14),
        "copied": True,
        "scale": "its own",
        "transfer_sd": 60,
        "transfer": "our judgement",
        "models": tuple(
            Listed(**({"model": model, "listed": model, "score": score, "plus_minus": 9.8, "source": "page"} | lines))
            for model, score in scores.items()
        ),
        "field": (*scores, "another"),
        "sources": {"page": Source(where="its page", read=date(2026, 9, 1), confidence="medium")},
    }
    return PublishedBoard(**(given | changes))


def priors(*boards: PublishedBoard) -> Published:
    return Published(boards, (), {})


def rating(
    id: str, rows: Sequence[Evidence] = (), published: Published = NOBODY, judges: Any = "agreeing", **asked: Any
) -> Rating:
    found = knowledge(*rows, published=published).of(endpoint(id), settings(**asked), judges).rating
    assert found is not None
    return found


def unrated(id: str, rows: Sequence[Evidence] = (), published: Published = NOBODY, **asked: Any) -> bool:
    return knowledge(*rows, published=published).of(endpoint(id), settings(**asked)).rating is None


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_two_models_of_one_run_are_as_far_apart_as_their_votes_say() -> None:
    rows = board({SORA: 40, WAN: -40}, sd=10)

    # Both rest on one difference: 80 with a standard error of 20, drawn towards 0 by a prior of √2 · 400.
    pull = 1 / (1 + 20**2 / (2 * PRIOR**2))
    assert rating(SORA, rows).elo == pytest.approx(40 * pull)
    assert rating(WAN, rows).elo == pytest.approx(-40 * pull)
    assert rating(SORA, rows).sd == pytest.approx(0.5 / sqrt(1 / 20**2 + 1 / (2 * PRIOR**2)))
    [basis] = rating(SORA, rows).basis
    assert (basis.source, basis.run, basis.n, basis.weight, basis.borrowed) == ("voted", "mini", 30, None, None)


def test_a_board_elsewhere_is_doubted_as_it_says_and_marked_with_day_and_place() -> None:
    found = rating(SORA, published=priors(elsewhere({"sora-2": 1340, "wan-2.5": 1240})))

    apart = 2 * (5**2 + 60**2)
    assert found.elo == pytest.approx(50 / (1 + apart / (2 * PRIOR**2)))
    assert found.sd == pytest.approx(0.5 / sqrt(1 / apart + 1 / (2 * PRIOR**2)))
    [basis] = found.basis
    assert (basis.source, basis.n, basis.observed) == ("prior", None, date(2026, 8, 14))
    assert basis.where == "Arena, https://arena.example, listed as sora-2; its page"


def test_two_boards_elsewhere_are_one_public() -> None:
    one = elsewhere({"sora-2": 1340, "wan-2.5": 1240})
    other = elsewhere({"sora-2": 1140, "wan-2.5": 1040}, id="other", board="Other")

    alone, both = rating(SORA, published=priors(one)), rating(SORA, published=priors(one, other))

    assert both.elo == pytest.approx(alone.elo, rel=0.01)
    # Half the sampling error of the two is gone, the doubt about one's own taste is not.
    apart = 2 * (5**2 / 2 + 60**2)
    assert both.sd == pytest.approx(0.5 / sqrt(1 / apart + 1 / (2 * PRIOR**2)))


def test_only_the_newest_board_of_each_publisher_counts() -> None:
    old = elsewhere({"sora-2": 1000, "wan-2.5": 1500}, id="old", as_of=date(2026, 3, 1))
    new = elsewhere({"sora-2": 1340, "wan-2.5": 1240})

    assert rating(SORA, published=priors(old, new)) == rating(SORA, published=priors(new))


def test_ones_own_votes_outweigh_the_public() -> None:
    rows = board({SORA: -40, WAN: 40}, sd=10)
    published = priors(elsewhere({"sora-2": 1340, "wan-2.5": 1240}))

    own, apart = 1 / 20**2, 1 / (2 * (5**2 + 60**2))
    found = rating(SORA, rows, published)

    total = own + apart + 1 / (2 * PRIOR**2)
    assert found.elo == pytest.approx((-80 * own + 100 * apart) / total / 2)
    assert [basis.source for basis in found.basis] == ["voted", "prior"]


def test_a_board_elsewhere_places_a_model_that_nobody_here_voted_on() -> None:
    rows = board({SORA: 40, WAN: -40}, sd=5)
    published = priors(elsewhere({"sora-2": 1340, "wan-2.5": 1240, "veo-3.1": 1340}))

    gap = rating(SORA, rows, published).elo - rating(VEO, rows, published).elo

    assert abs(gap) < 10
    assert rating(VEO, rows, published).sd > 1.5 * rating(SORA, rows, published).sd


@pytest.mark.parametrize(
    "changes", [{"cell": {"length": "short"}}, {"cell": {"resolution": "1080p"}}, {"cell": {"mode": "extend"}}]
)
def test_votes_on_another_kind_of_clip_count_for_less_and_say_which(changes: dict[str, Any]) -> None:
    found = rating(SORA, board({SORA: 40, WAN: -40}, sd=10, **changes))

    apart = 20**2 + 2 * OTHER_KIND**2
    assert found.sd == pytest.approx(0.5 / sqrt(1 / apart + 1 / (2 * PRIOR**2)))
    assert found.basis[0].borrowed is not None


def test_another_size_elsewhere_counts_for_less_and_says_which() -> None:
    found = rating(SORA, published=priors(elsewhere({"sora-2": 1, "wan-2.5": 0}, lines={"resolution": "1080p"})))

    apart = 2 * (5**2 + 60**2 + OTHER_KIND**2)
    assert found.sd == pytest.approx(0.5 / sqrt(1 / apart + 1 / (2 * PRIOR**2)))
    assert found.basis[0].borrowed is not None
    assert found.basis[0].borrowed.resolution == "1080p"


# --- who speaks for whom ----------------------------------------------------------------------------------------------


def test_whoever_no_board_speaks_of_has_no_rating() -> None:
    rows = board({SORA: 40, WAN: -40})

    assert unrated(VEO, rows)
    assert unrated(SORA)
    assert unrated(SORA, rows, audio=False)


def test_a_board_of_one_model_compares_it_with_nothing() -> None:
    assert unrated(SORA, published=priors(elsewhere({"sora-2": 1340})))


@pytest.mark.parametrize("changes", [{"sd": None}, {"cell": {"audio": None}}, {"cell": {"mode": "unheard-of"}}])
def test_a_rating_without_error_sound_or_a_start_that_we_know_says_nothing(changes: dict[str, Any]) -> None:
    assert unrated(SORA, board({SORA: 40, WAN: -40}, **changes))


def test_boards_without_a_model_in_common_are_on_no_common_scale() -> None:
    rows = [*board({SORA: 40, WAN: -40}), *board({VEO: 10, PRO: -10}, name="another", run="other")]

    # Which of the two pairs is the better one is as open as before, so one of them is the scale.
    off = {each: rating(each, rows).sd for each in (SORA, WAN, VEO, PRO)}
    sure = {each for each, sd in off.items() if sd < 80}
    assert sure in ({SORA, WAN}, {VEO, PRO})
    assert all(sd > 150 for each, sd in off.items() if each not in sure)


def test_votes_on_models_that_no_board_elsewhere_knows_decide_between_them() -> None:
    rows = board({WAN: -93, "vertex/veo-3.1-lite": 93}, sd=40.0)
    published = priors(elsewhere({"sora-2": 1340, "veo-3.1": 1360}))

    poor, good = (rating(each, rows, published=published) for each in (WAN, "vertex/veo-3.1-lite"))

    assert good.elo - poor.elo > 100
    assert max(poor.sd, good.sd) <= 80


@pytest.mark.parametrize(
    ("mode", "sees"),
    [
        (Mode.TEXT, {"text", "extend"}),
        (Mode.EXTEND, {"text", "extend"}),
        (Mode.IMAGE, {"image", "first_last", "references"}),
        (Mode.FIRST_LAST, {"image", "first_last", "references"}),
        (Mode.REFERENCES, {"image", "first_last", "references"}),
    ],
)
def test_clips_from_words_and_from_pictures_are_rated_apart(mode: Mode, sees: set[str]) -> None:
    for voted in Mode:
        rows = board({SORA: 40, WAN: -40}, cell={"mode": voted.value})
        assert unrated(SORA, rows, mode=mode) == (voted.value not in sees)
    for task in ("text", "image"):
        published = priors(elsewhere({"sora-2": 1340, "wan-2.5": 1240}, task=task))
        assert unrated(SORA, published=published, mode=mode) == (task not in sees)


def test_a_model_is_as_good_at_every_endpoint() -> None:
    rows = board({SORA: 40, WAN: -40})

    assert rating("azure/sora-2", rows) == rating(SORA, rows)


def test_endpoints_of_one_model_that_votes_told_apart_have_ratings_of_their_own() -> None:
    rows = board({"vertex/veo-3.1": 60, "fal/veo-3.1": -60, WAN: 0}, sd=10)

    best, worst = rating("vertex/veo-3.1", rows), rating("fal/veo-3.1", rows)

    assert best.elo - worst.elo > 80
    # An endpoint of it that nobody voted on is between.
    between = rating("replicate/veo-3.1", rows)
    assert worst.elo < between.elo < best.elo
    assert between.sd > best.sd


def test_with_and_without_sound_are_apart_by_what_sound_is_worth_unless_votes_say_otherwise() -> None:
    loud = board({VEO: 0, WAN: 0}, sd=1)
    quiet = board({VEO: 0, WAN: 0}, sd=1, cell={"audio": False}, name="short, silent")

    with_sound, without = rating(VEO, [*loud, *quiet]), rating(VEO, [*loud, *quiet], audio=False)

    # Two models tell what sound is worth on them together, each ± SAME_MODEL; the prior of θ draws a little.
    assert with_sound.elo - without.elo == pytest.approx(SOUND, rel=0.02)
    assert with_sound.sd == pytest.approx(sqrt(SOUND_SD**2 + SAME_MODEL**2 / 2) / 2, rel=0.02)


def test_a_line_elsewhere_that_does_not_tell_of_sound_speaks_for_both() -> None:
    published = priors(elsewhere({"wan-2.5": 1240, "veo-3.1": 1340}, sound=None))

    assert rating(WAN, published=published).elo < rating(VEO, published=published).elo
    assert rating(WAN, published=published, audio=False).elo < rating(VEO, published=published, audio=False).elo


# --- judges -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("judges", "detail", "simulated", "counts"),
    [
        ("never", {"agrees": True}, False, False),
        ("never", {}, True, False),
        ("agreeing", {"agrees": True}, False, True),
        ("agreeing", {"agrees": False}, False, False),
        ("agreeing", {"agrees": None}, False, False),
        ("agreeing", {}, False, False),
        ("agreeing", {}, True, True),
        ("always", {"agrees": False}, False, True),
        ("always", {}, False, True),
    ],
)
def test_a_judges_votes_count_as_the_policy_says(
    judges: Any, detail: dict[str, Any], simulated: bool, counts: bool
) -> None:
    rows = board({SORA: 40, WAN: -40}, source="judged", detail=detail, simulated=simulated)
    known = knowledge(*rows)

    assert (known.of(endpoint(SORA), settings(), judges).rating is not None) == counts


def test_peoples_votes_count_whatever_the_policy_says_of_judges() -> None:
    rows = board({SORA: 40, WAN: -40})

    assert rating(SORA, rows, judges="never") == rating(SORA, rows, judges="always")


@pytest.mark.parametrize(
    ("prompts", "share", "agrees"), [(60, 1.0, True), (60, 0.0, False), (12, 1.0, None), (12, 0.0, None)]
)
def test_a_run_says_whether_its_judge_agrees_with_its_people(prompts: int, share: float, agrees: bool | None) -> None:
    info, clips = voted_run(prompts)
    people = many(["anna", "ben", "cleo"], prompts, 0.9)
    won = [vote.choice for vote in many(["anna"], prompts, 0.9)]
    other = {"left": "right", "right": "left"}
    says = [judged(f"p{n}", choice if share else other[choice]) for n, choice in enumerate(won, 1)]

    rows = [
        each for each in findings(info, clips, standings_of(info, clips, [*people, *says])) if each.metric == "rating"
    ]

    assert {each.detail["agrees"] for each in rows if each.source == "judged"} == {agrees}
    assert not any("agrees" in each.detail for each in rows if each.source == "voted")
    assert {each.detail["board"] for each in rows} == {"text, short, sound"}


# --- what always holds ------------------------------------------------------------------------------------------------

IDS = (SORA, PRO, VEO)
elos = st.lists(st.floats(-300, 300), min_size=3, max_size=3)
sds = st.floats(3, 200)


def three(elo: Sequence[float], **changes: Any) -> list[Evidence]:
    return board(dict(zip(IDS, elo, strict=True)), **changes)


@drawn(max_examples=40, deadline=None)
@given(elos, sds, st.floats(-5000, 5000))
def test_what_a_board_counts_from_does_not_matter(elo: list[float], sd: float, offset: float) -> None:
    rows = [*three([0, 10, 20], run="first"), *three(elo, sd=sd)]
    moved = [*three([0, 10, 20], run="first"), *three([each + offset for each in elo], sd=sd)]
    here = elsewhere({"sora-2": 1300, "veo-3.1": 1350})
    there = elsewhere({"sora-2": 1300 + offset, "veo-3.1": 1350 + offset})

    for id in IDS:
        one, other = rating(id, rows, priors(here)), rating(id, moved, priors(there))
        assert (one.elo, one.sd) == pytest.approx((other.elo, other.sd), abs=1e-4)


@drawn(max_examples=40, deadline=None)
@given(elos, elos, sds, sds)
def test_another_board_never_makes_ratings_less_sure(first: list[float], more: list[float], a: float, b: float) -> None:
    rows = three(first, sd=a)

    for id in IDS:
        assert rating(id, [*rows, *three(more, sd=b, run="other")]).sd <= rating(id, rows).sd + 1e-9


@drawn(max_examples=40, deadline=None)
@given(elos)
def test_with_enough_votes_priors_no_longer_matter(elo: list[float]) -> None:
    published = priors(elsewhere({"sora-2": 1500, "sora-2-pro": 1000, "veo-3.1": 1250}))
    rows = [*three(elo, sd=1), *three(elo, sd=1, run="other"), *three(elo, sd=1, run="third")]
    middle = sum(elo) / 3

    for id, mean in zip(IDS, elo, strict=True):
        assert rating(id, rows, published).elo == pytest.approx(mean - middle, abs=0.5)


@drawn(max_examples=20, deadline=None)
@given(st.floats(0, 1000))
def test_quality_does_not_age(days: float) -> None:
    rows = three([0, 10, 20])
    old = [replace(each, observed=NOW - timedelta(days=days)) for each in rows]

    assert (rating(SORA, old).elo, rating(SORA, old).sd) == (rating(SORA, rows).elo, rating(SORA, rows).sd)


def test_ratings_of_a_scale_add_up_to_nothing() -> None:
    rows = three([100, 20, 0])

    assert sum(rating(id, rows).elo for id in IDS) == pytest.approx(0)


@pytest.mark.parametrize("mode", [*Mode])
@pytest.mark.parametrize("audio", [True, False])
def test_every_rating_from_the_shipped_boards_is_a_dated_prior(mode: Mode, audio: bool) -> None:
    known = knowledge(published=load_published())
    found = [known.of(endpoint(id), settings(mode=mode, audio=audio)).rating for id in (SORA, PRO, VEO, WAN)]

    rated = [each for each in found if each is not None]
    assert rated
    for each in rated:
        assert 40 < each.sd < 80
        assert each.basis
        assert {basis.source for basis in each.basis} == {"prior"}
        assert all(basis.observed and basis.where for basis in each.basis)
