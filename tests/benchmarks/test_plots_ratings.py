"""The pictures of votes: drawn where there are ratings, and their words say whose votes they show."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from rushes.benchmarks import plots
from rushes.benchmarks.plots.ratings import ratings
from rushes.benchmarks.plots.style import ours
from rushes.benchmarks.plots.tradeoff import by_votes
from rushes.benchmarks.table import Table, make_table
from rushes.benchmarks.votes import Vote
from rushes.numbers import elo, elo_with
from tests.benchmarks.conftest import failed
from tests.benchmarks.voting import PAIR, judged, many, vote, voted_run

FOUR = PAIR | {"veo-3.1": "vertex/veo-3.1", "fast": "vertex/veo-3.1-fast"}
DRAWN = {"ratings": ratings, "ratings-tradeoff": by_votes}


def table_of(*votes: Vote, models: dict[str, str] | None = None) -> Table:
    info, clips = voted_run(8, models)
    return make_table(info, [clip.result for clip in clips], {}, votes)


@cache
def people() -> Table:
    return table_of(*many(["anna", "ben"], 8, 0.9))


@cache
def both() -> Table:
    """People and a judge, and silent clips on which two gaps are open."""
    apart = [
        vote(f"p{n}", left=a, right=b, pool="silent", rater="cleo") for n in (1, 2) for a, b in (("sora-2", "wan-2.5"),)
    ]
    apart += [vote(f"p{n}", left="veo-3.1", right="fast", pool="silent", rater="ben") for n in (1, 2)]
    return table_of(*many(["anna"], 8, 0.9), *(judged(f"p{n}") for n in range(1, 9)), *apart, models=FOUR)


def drawn(name: str, table: Table) -> Figure:
    with ours(name):
        figure = DRAWN[name](table)
        figure.draw_without_rendering()
    return figure


def words(figure: Figure) -> str:
    return " ".join("\n".join(text.get_text() for text in figure.findobj(Text)).split())  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", plots.RATED)
@pytest.mark.parametrize("table", [people, both])
def test_no_words_overlap_or_are_cut(name: str, table: object) -> None:
    figure = drawn(name, table())  # type: ignore[operator]

    boxes = [
        (text.get_text(), text.get_window_extent())
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and len(text.get_text().strip()) > 1
    ]
    right, top = figure.bbox.x1, figure.bbox.y1
    out = [said for said, box in boxes if box.x0 < -1 or box.y0 < -1 or box.x1 > right + 1 or box.y1 > top + 1]
    assert out == []
    assert [(one, two) for (one, a), (two, b) in combinations(boxes, 2) if a.shrunk(0.98, 0.9).overlaps(b)] == []


def test_without_votes_nothing_of_votes_is_drawn() -> None:
    assert plots.names(table_of()) == plots.NAMES
    assert plots.files(table_of()) == plots.FILES


def test_with_votes_the_files_are_those_named_and_go_again_with_the_votes(tmp_path: Path) -> None:
    plots.draw(people(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(plots.files(people()))
    assert {"ratings.svg", "ratings.png", "ratings-tradeoff.svg"} < {*plots.files(people())}

    plots.draw(table_of(), tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(plots.FILES)


def test_the_best_stands_first_with_its_interval_on_the_ground_of_its_tier() -> None:
    figure = drawn("ratings", people())

    said = words(figure)
    assert "short, with sound, on rating copies, by people: 16 votes of 2 raters on 8 prompts, 0 ties" in said
    assert said.index("sora-2: +") < said.index("wan-2.5: −")
    assert "tier 1" in said
    assert "95 % interval" in said
    assert "by a judge" not in said
    assert "SIMULATED" in said


def test_a_board_by_a_judge_is_named_as_one_and_has_hollow_dots() -> None:
    figure = drawn("ratings", both())

    assert "short, with sound, on rating copies, by a judge: 8 votes of 1 rater" in words(figure)
    faces = [line.get_markerfacecolor() for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [face == "white" for face in faces] == [False, False, True, True]


def test_a_board_that_votes_do_not_connect_says_why_it_has_no_rating() -> None:
    said = words(drawn("ratings", both()))

    assert "No rating: no votes compare these groups of models with each other: fast and veo-3.1; sora-2 and" in said


def test_below_six_prompts_there_is_a_dot_without_interval() -> None:
    figure = drawn("ratings", table_of(*many(["anna"], 5, 0.6)))

    assert not [line for line in figure.axes[0].lines if line.get_marker() == "|"]
    assert "no tier" in words(figure)


def test_the_tradeoff_of_votes_says_whose_they_are_and_who_has_none() -> None:
    said = words(drawn("ratings-tradeoff", both()))

    assert "Elo by votes by people" in said
    assert "Not drawn, for want of Elo by votes: veo-3.1 short, fast short" in said
    assert "Elo by votes by a judge" in words(
        drawn("ratings-tradeoff", table_of(*(judged(f"p{n}") for n in range(1, 9))))
    )


def test_the_tradeoff_of_votes_names_who_has_a_rating_and_no_seconds() -> None:
    info, clips = voted_run(8)
    results = [clip.result if clip.result.model == "sora-2" else failed(**_place(clip.result)) for clip in clips]

    said = words(drawn("ratings-tradeoff", make_table(info, results, {}, many(["anna"], 8, 0.9))))

    assert "Not drawn, for want of seconds to file, median: wan-2.5 short" in said
    assert "for want of Elo" not in said


def _place(result: object) -> dict[str, object]:
    return {name: getattr(result, name) for name in ("label", "prompt", "model", "endpoint")}


@pytest.mark.parametrize("name", plots.RATED)
def test_an_svg_for_a_page_takes_the_pages_colours(name: str) -> None:
    text = plots.svg(people(), name)

    assert text.startswith('<svg class="picture" role="img"')
    assert "var(--ink, #1a1a1a)" in text
    assert ("var(--t1, #d5e6f5)" in text) == (name == "ratings")


def test_elo_is_written_whole_with_its_sign() -> None:
    assert [elo(value) for value in (34.6, -34.6, 0.3, -0.3, None)] == ["+35", "−35", "0", "0", "n/a"]
    assert elo_with(10, -5.2, 25) == "+10 [−5 to +25]"
    assert elo_with(10, None, None) == "+10"
