"""The pictures: what is drawn, that their words say what they show, and that any table can be drawn."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from rushes.benchmarks import plots
from rushes.benchmarks.plots.blocks import blocks
from rushes.benchmarks.plots.categories import categories
from rushes.benchmarks.plots.speed import speed
from rushes.benchmarks.plots.style import WIDTH, fold, ours, spread
from rushes.benchmarks.plots.tradeoff import Measure, pareto, tradeoff
from rushes.benchmarks.table import Table, make_table
from tests.pages.runs import (
    CELLS,
    MODELS,
    NO_FILE,
    imported,
    make_info,
    make_result,
    make_run,
    make_suite,
)

LONG = "m" * 60
DRAWN: dict[str, Callable[[Table], Figure]] = {
    "speed": speed,
    "blocks": blocks,
    "tradeoff": tradeoff,
    "categories": categories,
}
UNSEEN: dict[str, object] = {"source": "imported", "block": None, "timing": {}, "usd": None}
SMALL = make_suite(MODELS[:2], CELLS[:2], 2)
OVERDUE = NO_FILE | {"status": "overdue", "waited_seconds": 900.0}


def small(*changes: dict[str, object], prompts: int = 4, **info: object) -> Table:
    """Clips of one model and cell, one for each of `changes`."""
    suite = make_suite(MODELS[:1], CELLS[:1], prompts)
    results = [make_result(**({"prompt": f"p{at}", "block": at} | each)) for at, each in enumerate(changes)]
    return make_table(make_info(suite, **info), results, {})


TABLES: dict[str, Callable[[], Table]] = {
    "four models": make_run,
    "seven models in three cells": lambda: make_run(make_suite(MODELS, CELLS, 3)),
    "one clip": lambda: small({}),
    "nothing": lambda: make_table(make_info(make_suite()), [], {}),
    "nothing usable": lambda: make_run(trouble=10),
    "nothing known": lambda: small({"timing": {}, "usd": None}, {"timing": {}, "usd": None}),
    "nothing but imported clips": lambda: small(
        *[{"source": "imported", "block": None, "timing": {}, "usd": None}] * 3
    ),
    "limits without end": lambda: small(*[{"seconds": 50.0 + at} for at in range(6)], *[OVERDUE] * 5, prompts=11),
    "a median without end": lambda: small(*[{}] * 4, *[OVERDUE] * 8, prompts=12),
    "clips that cost nothing": lambda: small({"usd": 0}, {"usd": 0}),
    "names as long as they may be": lambda: make_run(
        make_suite([LONG, f"{'w' * 50}-{'i' * 9}"], [f"{'k' * 60}", "m.w-" * 15], 3, id=LONG), trouble=0.9
    ),
    "no cell": lambda: make_table(make_info(make_suite().model_copy(update={"cells": {}})), [], {}),
}


@pytest.fixture(params=TABLES)
def table(request: pytest.FixtureRequest) -> Table:
    return TABLES[request.param]()


@pytest.fixture(params=plots.NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def drawn(name: str, table: Table) -> Figure:
    with ours(name):
        return DRAWN[name](table)


def words(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def dots(figure: Figure, *shapes: int) -> int:
    """How many marks of scatters have one of these numbers of corners."""
    found = [each for axes in figure.axes for each in axes.collections if isinstance(each, PathCollection)]
    return sum(len(each.get_offsets()) for each in found if len(each.get_paths()[0].vertices) in shapes)


def seconds_drawn(figure: Figure) -> list[float]:
    found = [each for axes in figure.axes for each in axes.collections if isinstance(each, PathCollection)]
    return sorted(float(x) for each in found for x, _ in each.get_offsets())


def test_every_table_can_be_drawn_and_no_words_overlap_or_are_cut(table: Table, name: str) -> None:
    with ours(name):
        figure = DRAWN[name](table)
        figure.draw_without_rendering()

    boxes = [
        (text.get_text(), text.get_window_extent())
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text().strip()
    ]
    # The numbers inside marks go where the marks go.
    boxes = [(said, box) for said, box in boxes if not re.fullmatch(r"\d", said)]
    right, top = figure.bbox.x1, figure.bbox.y1
    out = [said for said, box in boxes if box.x0 < -1 or box.y0 < -1 or box.x1 > right + 1 or box.y1 > top + 1]
    assert out == []
    assert [(one, two) for (one, a), (two, b) in combinations(boxes, 2) if a.shrunk(0.98, 0.9).overlaps(b)] == []


def test_every_picture_of_a_simulated_run_says_so_in_its_title(name: str) -> None:
    title = drawn(name, make_run(SMALL))._suptitle

    assert title is not None
    assert "SIMULATED, world of 2026-08-01" in title.get_text()
    assert "house, version 3" in title.get_text()


def test_no_picture_of_a_real_run_says_simulated(name: str) -> None:
    suite = make_suite(MODELS[:1], CELLS[:1], 2)
    results = [make_result(prompt=f"p{at}", simulated=False) for at in range(2)]

    said = words(drawn(name, make_table(make_info(suite, simulated=False), results, {})))

    assert "simulated" not in said.lower()


def test_the_files_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        plots.draw(small({}, {"seconds": 90.0}), tmp_path / folder)

    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(plots.FILES)
    for file in plots.FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    assert b"2026-11" not in (tmp_path / "one" / "speed.svg").read_bytes()


def test_speed_has_one_dot_a_clip_where_it_took_so_long() -> None:
    figure = drawn("speed", small({"seconds": 50.0}, {"seconds": 60.0}, {"seconds": 75.5}))

    assert seconds_drawn(figure) == [50.0, 60.0, 75.5]
    assert "sora-2, 4 s: 3 of 3 usable" in words(figure)


def test_speed_has_a_cross_where_a_clip_failed_and_says_how_far_off_the_scale_a_time_out_is() -> None:
    figure = drawn("speed", small({"seconds": 60.0}, {"seconds": 70.0}, NO_FILE, OVERDUE))

    assert seconds_drawn(figure)[:3] == [30.0, 60.0, 70.0]
    assert 70 < seconds_drawn(figure)[3] < 90
    assert "sora-2, 4 s: 2 of 4 usable; 1 off the scale, at 900 s" in words(figure)
    assert {"no usable file", "given up: took longer"} <= set(words(figure).splitlines())


def test_speed_goes_to_a_log_scale_without_stretches_where_usable_clips_lie_far_apart() -> None:
    near = drawn("speed", small({"seconds": 50.0}, {"seconds": 60.0}))
    far = drawn("speed", small({"seconds": 50.0}, {"seconds": 60.0}, {"seconds": 900.0}))

    assert (near.axes[0].get_xscale(), far.axes[0].get_xscale()) == ("linear", "log")
    assert "render, median" in words(near)
    assert "render, median" not in words(far)
    assert "log scale" in words(far)


def test_speed_draws_no_stretch_that_nobody_knows() -> None:
    figure = drawn("speed", small({"timing": {"total": 60.0}}))

    assert len(figure.axes[0].patches) == 0
    assert not any(f"{stretch}, median" in words(figure) for stretch in ("queue", "render", "download"))


def test_speed_tells_clips_without_seconds_from_models_without_clips() -> None:
    assert "seconds n/a" in words(drawn("speed", TABLES["nothing but imported clips"]()))
    assert words(drawn("speed", TABLES["nothing"]())).count("no clip was made") == 8


def test_blocks_leaves_imported_clips_out_and_says_how_many() -> None:
    own = {"source": "imported", "block": None}
    figure = drawn("blocks", small({}, {}, own))

    assert "left out: 1 imported clip, of no block" in words(figure).replace("\n", " ")
    assert len(seconds_drawn(figure)) == 2


def test_blocks_has_a_line_only_where_there_are_clips_enough_for_one() -> None:
    few = drawn("blocks", small(*[{"seconds": 50.0 + at} for at in range(19)], prompts=20))
    many = drawn("blocks", small(*[{"seconds": 50.0 + at} for at in range(20)], prompts=20))

    assert (len(few.axes[0].lines), len(many.axes[0].lines)) == (0, 1)


def test_tradeoff_names_whom_it_cannot_draw() -> None:
    suite = make_suite(MODELS[:2], CELLS[:1], 2)
    results = [make_result(), make_result(prompt="p1"), make_result("sora-2-pro", **NO_FILE)]

    said = words(drawn("tradeoff", make_table(make_info(suite), results, {})))

    assert "Not drawn, for want of seconds to file, median: sora-2-pro short" in said
    assert "Not drawn, for want of US dollars per usable clip: sora-2-pro short" in said


def test_tradeoff_takes_another_column_for_its_height() -> None:
    loud = Measure("checks_met", "success_low", "success_high", "found")

    with ours("tradeoff"):
        figure = tradeoff(make_run(SMALL), loud)

    assert figure.axes[0].get_ylabel() == "found"


def test_the_pareto_set_is_who_no_other_one_beats() -> None:
    points = [(1.0, 0.5), (2.0, 0.9), (3.0, 0.9), (2.0, 0.4), (9.0, 1.0), (1.0, 0.5)]

    assert pareto(points, [True] * 6) == {0, 1, 4, 5}
    assert pareto(points, [True, False, True, True, True, False]) == {0, 2, 4}
    assert pareto([], []) == set()


def test_categories_shows_the_shrunk_share_and_the_one_counted() -> None:
    table = small({}, NO_FILE, {}, {})
    figure = drawn("categories", table)

    shares = {round(float(line.get_xdata()[0]), 3) for line in figure.axes[0].lines if line.get_marker() == "o"}
    assert shares == {0.75, round(float(table.categories["shrunk"][0]), 3)}
    assert "physics (4 prompts)" in words(figure)


def test_many_dots_are_one_image_and_few_are_not() -> None:
    few = plots.svg(make_run(SMALL), "blocks")
    many = plots.svg(make_run(make_suite(MODELS[:2], CELLS[:1], 11), samples=100, measured=False), "blocks")

    assert "<image" not in few
    assert "<image" in many
    assert len(many) < 1_000_000


def test_an_svg_for_a_page_is_whole_names_nobody_else_and_keeps_its_ids_to_itself(name: str) -> None:
    text = plots.svg(make_run(SMALL), name)

    root = ElementTree.fromstring(text.replace("<svg ", '<svg xmlns:xlink="x" ', 1))
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert all(str(each).startswith(f"{name}-") for each in ids)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{name}-title"
    assert "simulated" in str(root[0].text)
    assert "http" not in text
    assert "<!--" not in text
    references = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)
    assert {one or two for one, two in references} <= set(ids)
    assert "var(--ink, #1a1a1a)" in text


def test_words_are_folded_by_their_width() -> None:
    assert fold("a short line") == ["a short line"]
    assert len(fold("m" * 60)) > 1
    assert "".join(fold("m" * 60, 2)) == "m" * 60
    assert len(fold("i" * 60)) == 1
    assert WIDTH < 6


@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_dots_are_spread_around_the_middle_the_same_every_time(count: int) -> None:
    places = spread(count)

    assert len(set(places)) == count
    assert all(-0.5 <= place <= 0.5 for place in places)
    assert places == spread(count)


def test_imported_clips_with_seconds_of_their_own_are_drawn() -> None:
    table = make_table(
        make_info(make_suite(MODELS[:1], CELLS[:1], 1), simulated=False), [imported(timing={"total": 42.0})], {}
    )

    assert seconds_drawn(drawn("speed", table)) == [42.0]
    assert "sora-2, 4 s, imported: 1 of 1 usable" in words(drawn("speed", table))
