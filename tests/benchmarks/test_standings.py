"""What a table says of votes: people and judges apart, and nothing where nothing can be said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rushes.benchmarks.clips import clips_of
from rushes.benchmarks.findings import findings
from rushes.benchmarks.standings import Standings, standings_of
from rushes.benchmarks.table import make_table
from rushes.benchmarks.votes import Score, Undo
from tests.benchmarks.conftest import NOW, make_info, make_result, make_suite
from tests.benchmarks.voting import PAIR, judged, many, vote, voted_run

INFO, CLIPS = voted_run(12)


def said(*lines: object) -> Standings:
    return standings_of(INFO, CLIPS, lines)  # type: ignore[arg-type]


def test_without_votes_there_is_nothing_to_say() -> None:
    found = said()

    assert (found.standings, found.notes, found.of("short")) == ((), (), None)


def test_a_clear_winner_stands_first_and_in_a_tier_of_its_own() -> None:
    found = said(*many(["anna", "ben", "cleo"], 12, 0.9))

    [first, second] = found.rows()
    assert (first["model"], first["tier"], second["tier"]) == ("sora-2", 1, 2)
    assert first["elo"] == pytest.approx(-second["elo"])
    assert first["best"] > 0.99
    [pair] = found.versus()
    assert (pair["a"], pair["verdict"]) == ("sora-2", "better")
    assert pair["low"] > 0


def test_level_votes_are_not_separable_and_share_a_tier() -> None:
    level = [vote(f"p{number}", "left" if number % 2 else "right") for number in range(1, 13)]

    found = said(*level)

    assert {row["tier"] for row in found.rows()} == {1}
    assert [pair["verdict"] for pair in found.versus()] == ["not separable"]


def test_below_six_prompts_there_is_no_verdict() -> None:
    found = said(*many(["anna", "ben"], 5, 1.0))

    assert [pair["verdict"] for pair in found.versus()] == ["too few prompts"]


def test_people_and_judges_stand_apart_until_they_agree_on_enough() -> None:
    found = said(*many(["anna", "ben"], 12, 0.9), *(judged(f"p{number}", "right") for number in range(1, 13)))

    assert [(each.by, each.board.votes) for each in found.standings] == [("people", 24), ("judge", 12)]
    shown = found.of("short")
    assert shown is not None
    assert shown.by == "people"
    assert any("Judge eye" in note for note in found.notes)


# --- rating copies and files as delivered -----------------------------------------------------------------------------


@pytest.mark.parametrize(("prompts", "shown"), [(2, "judge"), (5, "judge"), (6, "people"), (12, "people")])
def test_people_are_shown_rather_than_a_judge_once_they_have_seen_six_prompts(prompts: int, shown: str) -> None:
    found = said(*many(["anna"], prompts, 0.9), *(judged(f"p{number}", "right") for number in range(1, 13)))

    first = found.of("short")

    assert first is not None
    assert first.by == shown


def test_votes_on_copies_and_on_the_files_themselves_share_no_board() -> None:
    copies, raw = many(["anna", "ben"], 12, 0.9), many(["cleo"], 12, 0.1, raw=True)

    found = said(*copies, *raw)

    assert [(each.raw, each.by, each.board.votes) for each in found.standings] == [
        (False, "people", 24),
        (True, "people", 12),
    ]
    assert [row["model"] for row in found.rows()] == ["sora-2", "wan-2.5", "wan-2.5", "sora-2"]
    assert [(row["raw"], row["a"]) for row in found.versus()] == [(False, "sora-2"), (True, "wan-2.5")]
    notes = " ".join(found.notes)
    assert "Votes on short, sound, on rating copies, by people: 24 of 2 raters" in notes
    assert "Votes on short, sound, on the files as delivered, by people: 12 of 1 rater" in notes
    assert "no route goes by them" in notes


def test_of_the_two_copies_are_shown_even_where_more_voted_on_the_files() -> None:
    found = said(*many(["anna", "ben"], 12, 0.9, raw=True), *(judged(f"p{n}", "right") for n in range(1, 13)))

    shown = found.of("short")
    assert shown is not None
    assert (shown.raw, shown.by) == (False, "judge")


def test_where_there_are_only_votes_on_the_files_they_are_shown_and_named_so() -> None:
    table = make_table(INFO, [clip.result for clip in CLIPS], {}, many(["anna"], 12, 0.9, raw=True))

    assert all("(files as delivered)" in row["rating"] for row in table.shown())
    assert "short, sound, on the files as delivered, by people" in table.markdown()
    assert {row["rated_raw"] for row in table.json()["summary"]} == {True}


def test_a_judge_of_the_files_is_not_held_against_people_who_saw_copies() -> None:
    people = many(["anna", "ben", "cleo"], 12, 1.0)
    elsewhere = [judged(f"p{n}", raw=True) for n in range(1, 13)]

    apart = said(*people, *elsewhere)
    together = said(*people, *(judged(f"p{n}") for n in range(1, 13)))

    assert any("Judge eye, on the files as delivered: 0 pairs" in note for note in apart.notes)
    assert any("Judge eye, on rating copies: 12 pairs" in note for note in together.notes)


def test_people_agree_only_where_they_saw_the_same() -> None:
    found = said(*many(["anna"], 8, 1.0), *many(["ben"], 8, 1.0, raw=True))

    assert not any("People said the same" in note for note in found.notes)
    both = said(*many(["anna", "ben"], 8, 1.0, raw=True))
    assert any("on 8 pairs that two or more saw, on the files as delivered" in note for note in both.notes)


def test_a_judges_answer_on_copies_does_not_replace_its_answer_on_the_files() -> None:
    found = said(judged("p1", raw=True, id="raw"), judged("p1", id="copy"))

    assert [vote.id for vote in found.votes] == ["raw", "copy"]


def test_a_judge_joins_people_only_where_they_saw_what_it_saw() -> None:
    info, clips = voted_run(60)
    people = many(["anna", "ben", "cleo"], 60, 1.0)
    judge = [judged(f"p{n}", raw=raw, id=f"{n}-{raw}") for n in range(1, 61) for raw in (False, True)]

    found = standings_of(info, clips, [*people, *judge])

    assert {(each.raw, each.by) for each in found.standings} == {
        (False, "people"),
        (False, "judge"),
        (False, "people and judge"),
        (True, "judge"),
    }


def test_reasons_are_counted_apart() -> None:
    found = said(vote("p1", reasons=("motion",)), vote("p1", raw=True, id="raw", reasons=("motion",)))

    assert [(row["raw"], row["model"], row["won"], row["votes"]) for row in found.reasons(CLIPS)] == [
        (False, "sora-2", 1, 1),
        (False, "wan-2.5", 0, 1),
        (True, "sora-2", 1, 1),
        (True, "wan-2.5", 0, 1),
    ]


def test_votes_on_the_files_are_no_evidence() -> None:
    def ratings(*lines: object) -> list[tuple[str, int]]:
        rows = findings(INFO, CLIPS, said(*lines))
        return [(row.endpoint, row.detail["votes"]) for row in rows if row.metric == "rating"]

    raw = [*many(["anna", "ben"], 12, 0.9, raw=True), *(judged(f"p{n}", raw=True) for n in range(1, 13))]

    assert ratings(*raw) == []
    assert ratings(*raw, *many(["cleo"], 12, 0.9)) == [("openai/sora-2", 12), ("dashscope-intl/wan-2.5", 12)]


def test_a_judge_alone_is_shown_and_named_as_one() -> None:
    table = make_table(INFO, [clip.result for clip in CLIPS], {}, [judged(f"p{n}") for n in range(1, 13)])

    assert all("(judge)" in row["rating"] for row in table.shown())
    assert "(judge)" in table.markdown()


def test_what_a_rater_took_back_counts_for_nothing() -> None:
    votes = many(["anna"], 12, 1.0)
    gone = [Undo(id=f"undo-{each.id}", at=NOW, rater="anna", kind="person", undoes=each.id) for each in votes]

    assert said(*votes, *gone).standings == ()


def test_nobody_takes_back_the_vote_of_another() -> None:
    mine = vote("p1")
    theirs = Undo(id="u", at=NOW, rater="ben", kind="person", undoes=mine.id)

    assert said(mine, theirs).votes == (mine,)


def test_a_vote_for_a_clip_that_is_not_there_is_counted_and_told() -> None:
    found = said(*many(["anna"], 12, 0.5), vote("p99"))

    assert any("1 vote fit no two clips" in note for note in found.notes)
    assert found.standings[0].board.votes == 12


def test_repeats_tell_how_steady_a_rater_is_and_rate_nothing() -> None:
    first = vote("p1")
    again = vote("p1", "right", left="wan-2.5", right="sora-2", repeats=first.id)

    found = said(first, again)

    assert found.standings[0].board.votes == 1
    assert any("said the same 1 of 1 times" in note for note in found.notes)


def test_models_that_no_votes_connect_are_refused_with_what_is_missing() -> None:
    models = PAIR | {"veo-3.1": "vertex/veo-3.1", "fast": "vertex/veo-3.1-fast"}
    info, clips = voted_run(6, models)
    apart = [vote(f"p{n}") for n in range(1, 7)] + [vote(f"p{n}", left="veo-3.1", right="fast") for n in range(1, 7)]

    found = standings_of(info, clips, apart)

    assert found.of("short") is None
    assert any("no rating" in note and "veo-3.1" in note for note in found.notes)


def test_stars_are_shown_apart() -> None:
    star = Score(id="s", at=NOW, rater="anna", kind="person", clip="short/p1/sora-2/1", stars=4)

    found = said(star)

    assert (found.standings, found.scores) == ((), (star,))
    assert any("1 star score stand apart" in note or "stand apart" in note for note in found.notes)


def test_reasons_count_for_the_winner_of_the_votes_that_name_them() -> None:
    votes = [vote(f"p{n}", "left" if n < 4 else "right", reasons=("motion",)) for n in range(1, 6)]

    rows = {row["model"]: row for row in said(*votes).reasons(CLIPS)}

    assert (rows["sora-2"]["won"], rows["wan-2.5"]["won"], rows["sora-2"]["votes"]) == (3, 2, 5)


def test_a_flipped_judge_is_told() -> None:
    found = said(*(judged(f"p{n}", flipped=n == 1) for n in range(1, 13)))

    assert any("changed their mind with the sides exchanged on 1 of 12 pairs" in note for note in found.notes)


# --- in the evidence --------------------------------------------------------------------------------------------------


def test_ratings_become_evidence_by_endpoint_with_their_spread() -> None:
    found = said(*many(["anna", "ben"], 12, 0.8))

    rows = {row.endpoint: row for row in findings(INFO, CLIPS, found) if row.metric == "rating"}

    assert rows.keys() == {*PAIR.values()}
    best = rows["openai/sora-2"]
    assert (best.source, best.n, best.simulated, best.detail["pool"]) == ("voted", 12, True, "sound")
    assert best.sd is not None
    assert best.sd > 0
    assert best.detail["against"] == ["wan-2.5"]


def test_a_judge_never_counts_as_people_in_the_evidence() -> None:
    found = said(*(judged(f"p{n}", "left" if n < 10 else "right") for n in range(1, 13)))

    assert {row.source for row in findings(INFO, CLIPS, found) if row.metric == "rating"} == {"judged"}


def test_below_six_prompts_votes_are_no_evidence() -> None:
    found = said(*many(["anna"], 5, 0.6))

    assert not [row for row in findings(INFO, CLIPS, found) if row.metric == "rating"]


def test_clips_from_words_and_from_a_picture_are_evidence_apart() -> None:
    suite = make_suite(*(f"scene {n}" for n in range(12)))
    info = make_info(suite)
    results = [
        make_result(model, f"p{n}", sent=make_result(model).sent | {"mode": "image" if n > 6 else "text"})
        for n in range(1, 13)
        for model in PAIR
    ]
    clips = clips_of(info, results, {})
    votes = [vote(f"p{n}", "right" if (n > 6 and n != 9) or n == 2 else "left") for n in range(1, 13)]

    rows = [row for row in findings(info, clips, standings_of(info, clips, votes)) if row.metric == "rating"]

    sora = {row.cell.mode: row.mean for row in rows if row.endpoint == "openai/sora-2"}
    assert sora["text"] > 0 > sora["image"]


def test_a_judges_newer_answer_to_a_pair_replaces_the_older() -> None:
    older = [judged(f"p{n}", "right", id=f"old-{n}") for n in range(1, 13)]
    newer = [judged(f"p{n}", "left", id=f"new-{n}") for n in range(1, 13)]

    found = said(*older, *newer)

    assert found.standings[0].board.votes == 12
    assert next(found.rows())["model"] == "sora-2"
    assert any("12 older answers of a judge" in note for note in found.notes)


def test_a_judges_answers_to_other_words_than_todays_count_for_nothing() -> None:
    vote = judged("p1")
    assert vote.judged is not None
    stale = vote.model_copy(update={"judged": vote.judged.model_copy(update={"rubric": vote.judged.rubric + 1})})

    assert said(stale).standings == ()


def test_simulated_and_real_clips_never_rate_each_other_in_the_evidence() -> None:
    results = [clip.result for clip in CLIPS]
    mixed = [result.model_copy(update={"simulated": result.model == "sora-2"}) for result in results]
    clips = clips_of(INFO, mixed, {})
    votes = many(["anna", "ben"], 12, 0.8)

    assert not [row for row in findings(INFO, clips, standings_of(INFO, clips, votes)) if row.metric == "rating"]


def test_a_rating_is_as_old_as_the_clips_and_not_as_the_votes() -> None:
    votes = many(["anna", "ben"], 12, 0.8, at=NOW + timedelta(days=90))

    rows = [row for row in findings(INFO, CLIPS, said(*votes)) if row.metric == "rating"]

    assert {row.observed for row in rows} == {NOW}
    assert {row.detail["voted"] for row in rows} == {(NOW + timedelta(days=90)).isoformat()}


def test_of_two_boards_on_one_kind_of_clip_the_one_with_most_votes_counts() -> None:
    cell = INFO.suite.cells["short"]
    suite = INFO.suite.model_copy(update={"cells": {"short": cell, "other": cell}})
    info = make_info(suite)
    results = [make_result(model, f"p{n}", name) for name in suite.cells for n in range(1, 13) for model in PAIR]
    clips = clips_of(info, results, {})
    few = [
        vote(f"p{n}", "right", cell="other", id=f"o{n}").model_copy(
            update={"left": f"other/p{n}/sora-2/1", "right": f"other/p{n}/wan-2.5/1"}
        )
        for n in range(1, 13)
    ]

    rows = findings(info, clips, standings_of(info, clips, [*many(["anna", "ben"], 12, 0.9), *few]))

    found = {row.endpoint: row for row in rows if row.metric == "rating"}
    assert len(found) == len([row for row in rows if row.metric == "rating"]) == 2
    assert found["openai/sora-2"].mean > 0
    assert found["openai/sora-2"].detail["votes"] == 24
