"""What a report says of votes: whose they are, what they prove, and nothing where nobody voted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from rushes.benchmarks.ratings.rate import Versus
from rushes.benchmarks.table import Table, make_table
from rushes.benchmarks.votes import Undo, Vote
from rushes.pages.looks import LooksView, Rated, _look, looks_view
from rushes.pages.report import FILE, render, write
from tests.benchmarks.conftest import NOW
from tests.benchmarks.voting import PAIR, judged, many, vote, voted_run
from tests.pages.conftest import Page
from tests.pages.test_report import HOSTILE, LOOK, NOWHERE, TELL, changed, seen

FOUR = PAIR | {"veo-3.1": "vertex/veo-3.1", "fast": "vertex/veo-3.1-fast"}


def table_of(*votes: Vote | Undo, prompts: int = 8, models: dict[str, str] | None = None) -> Table:
    info, clips = voted_run(prompts, models)
    return make_table(info, [clip.result for clip in clips], {}, votes)


def page_of(*votes: Vote | Undo, **given: object) -> Page:
    return Page(render(table_of(*votes, **given), NOWHERE))  # type: ignore[arg-type]


@cache
def usual() -> Page:
    """Two people and a judge."""
    people = many(["anna", "ben"], 8, 0.9, reasons=("motion",))
    return page_of(*people, vote("p1", "tie", rater="cleo"), *(judged(f"p{n}", flipped=n == 2) for n in range(1, 9)))


@cache
def bare() -> Page:
    return page_of()


@cache
def by_judge() -> Page:
    """A judge with bad manners, and two votes that fit no clips."""
    told = [judged(f"p{n}") for n in range(1, 9)]
    votes = [
        each.model_copy(update={"judged": each.judged.model_copy(update={"words": HOSTILE})})
        for each in told
        if each.judged
    ]
    return page_of(*votes, vote("p99"), vote("p1", right="gone", id="odd"))


def view_of(*votes: Vote, models: dict[str, str] | None = None) -> LooksView:
    found = looks_view(table_of(*votes, models=models))
    assert found is not None
    return found


def part(page: Page, name: str) -> str:
    """The words of one section."""
    html = page.html.split(f'<section id="{name}"')[1].split("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# --- where nobody voted ---------------------------------------------------------------------------------------------


def test_without_votes_the_page_has_nothing_of_them() -> None:
    found = bare()

    for word in ("Elo", "P(best)", 'id="looks"', "Votes", "td.better", "by a judge chose"):
        assert word not in re.sub(r'<section id="(claims|elsewhere)".*?</section>', "", found.html, flags=re.DOTALL), (
            word
        )
    assert "Nothing here says which clips look better: look at them" in found.text
    assert len(found.all("svg")) == 4
    assert looks_view(table_of()) is None


def test_votes_that_are_taken_back_leave_the_page_as_it_was() -> None:
    votes = many(["anna"], 8, 0.9)
    gone = [Undo(id=f"u{n}", at=NOW, rater="anna", kind="person", undoes=each.id) for n, each in enumerate(votes)]

    assert page_of(*votes, *gone).html == bare().html


# --- the first table ------------------------------------------------------------------------------------------------


def test_the_first_table_shows_elo_tier_and_chance_with_whose_votes_they_are() -> None:
    text = part(usual(), "decision")

    assert "Model Elo [95\xa0%] Tier P(best) Speed tier" in text.replace("&nbsp;", "\xa0").replace("95 %", "95\xa0%")
    assert re.search(r"sora-2 openai/sora-2 \+\d+ \[[+−]\d+ to \+\d+\] by people clips with sound", text)
    assert re.search(r"wan-2.5 dashscope-intl/wan-2.5 −\d+ \[", text)
    assert "Nothing here says" not in text
    assert re.findall(r'data-label="Tier"><span class="tier tier-(\d)">(\d)<', usual().html) == [("1", "1"), ("2", "2")]


def test_votes_of_a_judge_alone_bear_its_badge() -> None:
    assert by_judge().html.count('<span class="badge judge">by a judge</span>') == 2
    assert "by people" not in part(by_judge(), "decision")
    board = "short, with sound, on rating copies, by a judge: 8 votes of 1 rater on 8 prompts"
    assert board in part(by_judge(), "looks")


def test_a_model_nobody_voted_on_has_no_rating_and_no_badge() -> None:
    found = view_of(*many(["anna"], 8, 0.9), models=FOUR)

    assert found.ratings["short", "fast"] == Rated(elo="n/a", by="", clips="", tier=None, best="n/a")
    assert found.boards[0].models == ["sora-2", "wan-2.5"]


def test_few_prompts_give_a_rating_without_interval_or_tier() -> None:
    found = view_of(*many(["anna"], 5, 0.6)).ratings["short", "sora-2"]

    assert re.fullmatch(r"\+\d+", found.elo)
    assert (found.tier, found.by) == (None, "by people")


def test_a_silent_pool_alone_is_named() -> None:
    found = view_of(*many(["anna"], 8, 0.9, pool="silent"))

    assert found.ratings["short", "sora-2"].clips == "silent clips"
    assert [board.words.split(":")[0] for board in found.boards] == ["short, silent, on rating copies, by people"]


# --- pairs ----------------------------------------------------------------------------------------------------------


def test_every_board_has_its_pairs_from_both_sides_and_nobody_is_set_in_bold() -> None:
    text = part(usual(), "looks")

    assert "short, with sound, on rating copies, by people: 17 votes of 3 raters on 8 prompts, 1 tie" in text
    assert "short, with sound, on rating copies, by a judge: 8 votes of 1 rater on 8 prompts, 1 tie, 0 both bad" in text
    assert re.search(r"sora-2 · better \+\d+ \[\+\d+ to \+\d+\] Elo wins 9\d %, 17 votes on 8 prompts", text)
    assert re.search(r"worse −\d+ \[−\d+ to −\d+\] Elo wins \d %, 17 votes on 8 prompts", text)
    assert "35 Elo is 55:45" in text
    html = usual().html.split('<section id="looks"')[1].split("</section>")[0]
    assert re.findall(r"<(?:b|strong)\b", html) == []


def test_the_notes_on_votes_stand_there_once() -> None:
    notes = ("Judge eye", "People said the same of a pair", "Of the decided votes by a person")
    for note in (*notes, "changed their mind with the sides exchanged on 1 of 8"):
        assert note in part(usual(), "looks"), note
        assert usual().text.count(note) == 1, note


PAIR_OF = Versus("a", "b", 0.75, 8, 9, 40.0, -10.0, 90.0, "not separable", 31, 40)


@pytest.mark.parametrize(
    ("pair", "words", "kind"),
    [
        (PAIR_OF, "not separable yet: about 31 prompts in all", "open"),
        (replace(PAIR_OF, needed=None), "not separable: more than 1,000 prompts, treat as tied", "open"),
        (replace(PAIR_OF, verdict="equivalent"), "equivalent within ±35 Elo", "same"),
        (replace(PAIR_OF, verdict="better"), "better", "better"),
        (replace(PAIR_OF, verdict="too few prompts", prompts=4), "too few prompts: 4 of 6", "few"),
    ],
)
def test_each_verdict_has_its_words(pair: Versus, words: str, kind: str) -> None:
    look, other = _look(pair, 1), _look(pair, -1)

    assert (look.words, look.kind) == (words, kind)
    assert look.numbers[0] == "+40 [−10 to +90] Elo"
    assert other.numbers[0] == "−40 [−90 to +10] Elo"
    assert (other.words, other.kind) == (("worse", "worse") if kind == "better" else (words, kind))
    assert [each.numbers[1][:9] for each in (look, other)] == ["wins 75 %", "wins 25 %"]


def test_two_models_that_never_met_have_no_win_share_and_no_interval() -> None:
    look = _look(replace(PAIR_OF, share=None, prompts=0, votes=0, low=None, high=None, verdict="too few prompts"), 1)

    assert look.numbers == ["+40 Elo", "wins n/a, 0 votes on 0 prompts"]


def test_votes_on_copies_and_on_the_files_are_shown_apart_and_named() -> None:
    raw = [
        each.model_copy(update={"id": f"raw-{each.id}", "raw": True, "reasons": ("texture",)})
        for each in many(["cleo"], 8, 0.1)
    ]
    found = view_of(*many(["anna", "ben"], 8, 0.9), *raw)
    alone = view_of(*raw)

    assert [board.words.split(":")[0] for board in found.boards] == [
        "short, with sound, on rating copies, by people",
        "short, with sound, on the files as delivered, by people",
    ]
    assert found.ratings["short", "sora-2"].clips == "clips with sound"
    assert alone.ratings["short", "sora-2"].clips == "clips with sound, as delivered"
    assert [pair.by for pair in found.votes["p1", "short"]] == ["by people", "by people, on the files as delivered"]
    [reasons] = found.reasons.values()
    assert reasons.title == "short: won of the votes that name a reason, by people, on the files as delivered"
    assert alone.kinds["short"].title == "short, with sound: Elo by people, on the files as delivered, shrunk"


def test_a_board_that_votes_do_not_connect_says_why_and_rates_nobody() -> None:
    apart = [
        vote(f"p{n}", left=a, right=b) for n in range(1, 9) for a, b in (("sora-2", "wan-2.5"), ("veo-3.1", "fast"))
    ]

    found = page_of(*apart, models=FOUR)

    assert "No rating: no votes compare these groups of models with each other: fast and veo-3.1; sora-2" in found.text
    assert "P(best)" not in part(found, "decision")
    assert len(found.all("svg")) == 4
    assert "sora-2 and wan-2.5, by people: 1 vote for sora-2" in found.text


# --- kinds, reasons, prompts ----------------------------------------------------------------------------------------


def test_kinds_show_shrunk_ratings_with_what_they_rest_on_and_reasons_how_often_they_won() -> None:
    text = part(usual(), "kinds")

    assert "short, with sound: Elo by people, shrunk" in text
    assert re.search(r"any \+\d+ by these alone \+\d+ 17 votes on 8 prompts", text)
    assert "short: won of the votes that name a reason, by people" in text
    assert re.search(r"motion 94 % 15 of 16 6 % 1 of 16", text)


def test_each_round_says_who_was_chosen_and_what_a_judge_said() -> None:
    again = vote("p3", "right", left="wan-2.5", right="sora-2", id="again", repeats="vote-p3-sora-2-wan-2.5-anna")
    found = view_of(
        judged("p3", flipped=True),
        vote("p3", "left", reasons=("motion",)),
        vote("p3", "right", left="wan-2.5", right="sora-2", rater="ben"),
        vote("p3", "both_bad", rater="cleo"),
        again,
    )

    [people, judge] = found.votes["p3", "short"]
    assert (people.clips, people.by) == ("sora-2 and wan-2.5", "by people")
    assert people.counts == (
        "2 votes for sora-2; 1 both bad; 1 shown again, which count for nothing here; named: motion 1"
    )
    assert (judge.by, judge.counts) == ("by a judge", "1 tie")
    [line] = judge.judges
    assert line.judge == "eye (eye-1), with sora-2 on the left,"
    assert line.chose == "tie, since it changed its mind with the sides exchanged"
    assert found.votes.keys() == {("p3", "short")}


def test_the_page_shows_the_votes_on_each_round_and_names_no_person() -> None:
    assert usual().html.count('<details class="votes">') == 8
    assert (
        "sora-2 and wan-2.5, by a judge: 1 vote for sora-2 eye (eye-1), with sora-2 on the left, chose sora-2: calmer"
        in usual().text
    )
    assert not {"anna", "ben", "cleo"} & set(re.findall(r"\w+", usual().text))


def test_what_a_judge_says_is_shown_and_never_obeyed() -> None:
    assert len(by_judge().all("script")) == 1
    assert by_judge().all("img") == []
    assert by_judge().values("onerror") == []
    assert by_judge().text.count("<script>alert(1)</script>") == 8
    assert [each["dir"] for each in by_judge().all("q")] == ["auto"] * 8


def test_a_vote_that_fits_no_clips_is_told_and_shown_nowhere() -> None:
    assert "2 votes fit no two clips of this run" in by_judge().text
    assert "gone" not in by_judge().text
    assert by_judge().html.count('<details class="votes">') == 8


# --- the whole page -------------------------------------------------------------------------------------------------


def test_the_foot_says_how_to_read_votes_and_the_head_how_many_there_are() -> None:
    foot = usual().html.split('<footer id="foot">')[1]

    for term in ("Elo", "Tier", "P(best)", "By a judge"):
        assert f"<b>{term}</b>" in foot
    assert "Votes 17 by people, 8 by judges" in usual().text


def test_tables_of_votes_can_be_read_by_ear_and_ids_are_one_each() -> None:
    ids = usual().values("id")

    assert len(ids) == len(set(ids))
    assert set(usual().values("aria-labelledby")) <= set(ids)
    assert len(usual().all("caption")) == len(usual().all("table"))
    assert all(each.get("scope") in ("col", "row") for each in usual().all("th"))
    assert re.findall(r"\b(?:None|nan|True|False)\b(?! peak)", usual().text) == []


def test_a_page_with_votes_never_scrolls_sideways_on_a_telephone(tmp_path: Path, browse: Callable[..., str]) -> None:
    long = "m" * 60
    models = {long: "vendor/long"} | FOUR
    votes = [
        vote(f"p{n}", left=a, right=b, rater=a)
        for n in range(1, 9)
        for a, b in zip(models, [*models][1:], strict=False)
    ]
    told = [
        each.model_copy(update={"judged": each.judged.model_copy(update={"words": "w" * 400})})
        for each in (judged(f"p{n}") for n in range(1, 9))
        if each.judged
    ]
    write(table_of(*votes, *told, models=models), tmp_path)
    opened = LOOK.replace("<script>", "<script>document.querySelectorAll('.votes').forEach((e) => (e.open = true));", 1)
    changed(tmp_path, "inner.html", lambda html: html.replace("</body>", f"{opened}{TELL}</body>"))
    frame = changed(
        tmp_path, "frame.html", lambda _: '<iframe src="inner.html" width="390" height="800" style="border:0">'
    )

    found = seen(browse(frame))

    assert (found["width"], found["wide"]) == (390, [])
    assert int(str(found["scroll"])) <= 390
    assert (tmp_path / FILE).is_file()
