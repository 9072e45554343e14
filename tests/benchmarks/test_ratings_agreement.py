"""How far raters agree, with each other, with themselves, and with a judge."""

from __future__ import annotations

from collections.abc import Mapping

import evalica
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.benchmarks.ratings.agreement import (
    Agreement,
    Share,
    agreement,
    consistency,
    judge_against_people,
    position,
)
from rushes.benchmarks.votes import Vote
from tests.benchmarks.ballots import judged, vote

CHOICES = ["left", "right", "tie"]
TURNED = {"left": "right", "right": "left", "tie": "tie", "both_bad": "both_bad"}


def said(*answers: Mapping[str, str]) -> list[Vote]:
    """Votes on pairs p0, p1 … of prompts of their own: rater to choice."""
    return [
        vote(f"p{pair}/a", f"p{pair}/b", choice, rater=rater)
        for pair, answer in enumerate(answers)
        for rater, choice in answer.items()
    ]


def raters(pairs: int, *likes: float, kind: str = "person", seed: int = 0) -> list[Vote]:
    """Raters r0, r1 … who say what is true of a pair this often, and else anything."""
    random = np.random.default_rng(seed)
    truth = random.choice(CHOICES, pairs)
    # Each rater has dice of its own, so that more raters change nothing for the others.
    dice = [np.random.default_rng([seed, number]) for number in range(len(likes))]
    votes = []
    for pair, true in enumerate(truth):
        for number, like in enumerate(likes):
            choice = str(true) if dice[number].random() < like else str(dice[number].choice(CHOICES))
            votes.append(vote(f"p{pair}/a", f"p{pair}/b", choice, rater=f"r{number}", kind=kind))
    return votes


def test_raters_who_always_agree_have_an_alpha_of_one() -> None:
    found = agreement(said(*({"x": each, "y": each} for each in CHOICES * 4)))

    assert (found.pairs, found.votes, found.raw, found.alpha) == (12, 24, 1.0, 1.0)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (1.0, 1.0)


def test_the_alpha_of_a_small_table_worked_out_by_hand() -> None:
    # Coincidences: left 2 with itself, right 2, left with right 1 each way; expected apart by chance 2 · 3 · 3 / 5.
    found = agreement(said({"x": "left", "y": "left"}, {"x": "right", "y": "right"}, {"x": "left", "y": "right"}))

    assert found.raw == pytest.approx(2 / 3)
    assert found.alpha == pytest.approx(1 - 2 / (2 * 3 * 3 / 5))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from("wxyz"), st.sampled_from(CHOICES), max_size=4),
        min_size=2,
        max_size=15,
    )
)
def test_alpha_is_that_of_evalica_with_any_raters_and_missing_votes(answers: list[dict[str, str]]) -> None:
    found = agreement(said(*answers))

    several = [answer for answer in answers if len(answer) > 1]
    assert found.pairs == len(several)
    values = {choice for answer in several for choice in answer.values()}
    if len(values) < 2:
        assert found.alpha is None
        return
    codes = [
        [float(CHOICES.index(answer[rater])) if rater in answer else np.nan for answer in several] for rater in "wxyz"
    ]
    assert found.alpha == pytest.approx(evalica.alpha(pd.DataFrame(codes), distance="nominal").alpha, abs=1e-6)


def test_where_everybody_says_one_and_the_same_alpha_is_unknown() -> None:
    found = agreement(said(*[{"x": "left", "y": "left"}] * 10))

    assert found.raw == 1.0
    assert found.alpha is None
    assert found.interval is None


def test_sides_do_not_matter_to_agreement() -> None:
    votes = raters(20, 0.7, 0.7)
    turned = [
        each.model_copy(update={"left": each.right, "right": each.left, "choice": TURNED[each.choice]})
        if each.rater == "r1"
        else each
        for each in votes
    ]

    assert agreement(turned) == agreement(votes)


def test_both_bad_is_as_good_as_a_tie() -> None:
    assert agreement(said({"x": "tie", "y": "both_bad"}, {"x": "left", "y": "left"})).raw == 1.0


def test_nobody_and_one_rater_agree_with_nobody() -> None:
    nothing = Agreement(0, 0, None, None, None)

    assert agreement([]) == nothing
    assert agreement(said({"x": "left"}, {"y": "right"})) == nothing


def test_repeats_and_other_kinds_do_not_count_and_the_first_of_two_votes_does() -> None:
    first = vote("p/a", "p/b", rater="x")
    votes = [
        first,
        vote("p/b", "p/a", "left", rater="x", repeats=first.id),
        vote("p/a", "p/b", "right", rater="x"),
        vote("p/a", "p/b", "left", rater="y"),
        vote("p/a", "p/b", "right", rater="j", kind="judge"),
    ]

    found = agreement(votes)

    assert (found.pairs, found.votes, found.raw) == (1, 2, 1.0)
    assert agreement(votes, kind="judge").pairs == 0


def test_the_interval_holds_alpha_and_is_for_eight_prompts_and_more() -> None:
    many, few = agreement(raters(60, 0.7, 0.7)), agreement(raters(7, 0.7, 0.7))

    assert many.interval is not None
    assert many.alpha is not None
    assert many.interval.low < many.alpha < many.interval.high
    assert few.interval is None
    assert few.raw is not None
    assert agreement(raters(60, 0.7, 0.7)) == many


def test_pairs_of_one_prompt_are_resampled_together() -> None:
    votes = raters(60, 0.7, 0.7)
    together = [each.model_copy(update={"prompt": f"q{int(each.prompt[1:]) // 6}"}) for each in votes]

    apart, alike = agreement(votes), agreement(together)

    assert apart.alpha == alike.alpha
    assert apart.interval != alike.interval


def test_a_judge_as_good_as_people_may_join() -> None:
    votes = raters(200, 0.8, 0.8, 0.8, 0.8)
    votes = [each.model_copy(update={"kind": "judge"}) if each.rater == "r3" else each for each in votes]

    [(judge, found)] = judge_against_people(votes).items()

    assert judge == "r3"
    assert found.judge == pytest.approx(found.people, abs=0.1)
    assert 150 < found.pairs <= 200
    assert 150 < found.people_pairs <= 200
    assert found.interval is not None
    assert found.gap is not None
    assert found.interval.low < found.gap < found.interval.high
    assert found.may_join
    assert "not clearly less" in found.words


def test_a_judge_that_guesses_may_not_join() -> None:
    votes = raters(200, 0.9, 0.9, 0.9, 0.0)
    votes = [each.model_copy(update={"kind": "judge"}) if each.rater == "r3" else each for each in votes]

    found = judge_against_people(votes)["r3"]

    assert found.judge == pytest.approx(1 / 3, abs=0.1)
    assert found.people is not None
    assert found.people > 0.85
    assert not found.may_join
    assert "clearly less" in found.words


@pytest.mark.parametrize(
    ("pairs", "like", "seed", "why"),
    [(1000, 0.72, 0, "clearly less"), (58, 0.62, 3, "more than 10 points less")],
)
def test_a_judge_may_not_join_that_is_surely_a_bit_worse_or_maybe_a_lot(
    pairs: int, like: float, seed: int, why: str
) -> None:
    votes = raters(pairs, 0.8, 0.8, 0.8, like, seed=seed)
    votes = [each.model_copy(update={"kind": "judge"}) if each.rater == "r3" else each for each in votes]

    found = judge_against_people(votes)["r3"]

    assert found.gap is not None
    assert found.interval is not None
    assert (found.gap < -0.1) == (found.interval.high >= 0) == (pairs == 58)
    assert not found.may_join
    assert found.words.endswith(why)


def test_agreement_with_people_is_worked_out_pair_by_pair() -> None:
    votes = [
        # Most say left: the judge does, and two of three people say what the other two do not, or half of it.
        *said({"x": "left", "y": "left", "z": "right"}),
        vote("p0/b", "p0/a", "right", rater="j", kind="judge"),
        # No majority: no pair for the judge; one against one for people.
        vote("p1/a", "p1/b", "left", rater="x"),
        vote("p1/a", "p1/b", "right", rater="y"),
        vote("p1/a", "p1/b", "left", rater="j", kind="judge"),
        # One person: the judge can be held against it, and no person against another.
        vote("p2/a", "p2/b", "tie", rater="x"),
        vote("p2/a", "p2/b", "left", rater="j", kind="judge"),
        # The judge was not asked: that says nothing of how people agree where it was.
        vote("p3/a", "p3/b", "left", rater="x"),
        vote("p3/a", "p3/b", "left", rater="y"),
    ]

    found = judge_against_people(votes)["j"]

    # z stands against two who say left; x and y each have one left and one right against them, which is no majority.
    assert (found.pairs, found.judge) == (2, 0.5)
    assert (found.people_pairs, found.people) == (2, 0.0)
    assert found.gap == 0.5
    assert found.interval is None
    assert not found.may_join
    assert "2 pairs were judged by it and by most people; 50 are needed" in found.words


def test_without_a_second_person_there_is_nothing_to_hold_a_judge_against() -> None:
    votes = raters(80, 0.9, 0.9)
    votes = [each.model_copy(update={"kind": "judge"}) if each.rater == "r1" else each for each in votes]

    found = judge_against_people(votes)["r1"]

    assert (found.pairs, found.people_pairs, found.people, found.gap) == (80, 0, None, None)
    assert not found.may_join
    assert "people can be held against each other on 0 pairs" in found.words


def test_pairs_of_a_few_prompts_are_too_few_for_a_judge() -> None:
    votes = raters(100, 0.8, 0.8, 0.8)
    votes = [
        each.model_copy(
            update={"prompt": f"q{int(each.prompt[1:]) % 5}", "kind": "judge" if each.rater == "r2" else "person"}
        )
        for each in votes
    ]

    found = judge_against_people(votes)["r2"]

    assert not found.may_join
    assert "fewer than 8 prompts" in found.words


def test_a_judge_without_people_and_people_without_a_judge() -> None:
    judge = [vote("p/a", "p/b", rater="j", kind="judge")]

    assert judge_against_people([]) == {}
    assert judge_against_people(raters(5, 1.0)) == {}
    found = judge_against_people(judge)["j"]
    assert (found.pairs, found.judge, found.people, found.may_join) == (0, None, None, False)


def test_a_rater_is_consistent_where_a_repeat_says_the_same_of_the_takes() -> None:
    one, two, three = vote("p/a", "p/b"), vote("q/a", "q/b", "tie"), vote("r/a", "r/b")
    votes = [
        one,
        two,
        three,
        vote("p/b", "p/a", "right", repeats=one.id),
        vote("q/b", "q/a", "both_bad", repeats=two.id),
        vote("r/b", "r/a", "left", repeats=three.id),
        vote("s/b", "s/a", "left", repeats="taken back"),
    ]

    found = consistency(votes)

    assert found == {"person": Share(2, 3)}
    assert found["person"].share == pytest.approx(2 / 3)
    assert found["person"].interval is not None
    assert found["person"].interval.low < 2 / 3 < found["person"].interval.high


def test_a_judge_is_consistent_where_the_sides_change_nothing() -> None:
    votes = [
        vote("p/a", "p/b", shown, rater="j", kind="judge", judged=judged(shown, exchanged))
        for shown, exchanged in [("left", "left"), ("left", "right"), ("tie", "both_bad"), ("left", "tie")]
    ]

    assert consistency(votes) == {"judge": Share(2, 4)}


def test_a_favoured_side_is_counted_as_it_was_shown() -> None:
    votes = [vote("p/a", "p/b", choice) for choice in ("left", "left", "right", "tie", "both_bad")]
    # A judge that always says left: exchanged, that is the right one as the sides stand.
    votes += [
        vote("p/a", "p/b", "tie", rater="j", kind="judge", judged=judged("left", "right")),
        vote("p/a", "p/b", "tie", rater="j", kind="judge", judged=judged("left", "tie")),
    ]

    assert position(votes) == {"person": Share(2, 3), "judge": Share(3, 3)}


def test_a_share_of_nothing_is_unknown() -> None:
    [nothing] = position([vote("p/a", "p/b", "tie")]).values()

    assert (nothing.share, nothing.interval) == (None, None)
    assert position([]) == consistency([]) == {}
