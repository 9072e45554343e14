"""The picture: what is drawn, and that its words say what it shows."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.text import Text

from rushes.benchmarks.plots import draw, make_figure
from rushes.benchmarks.suite import load_suite
from rushes.benchmarks.table import make_table
from rushes.config import load_config
from tests.benchmarks.conftest import failed, make_info, make_result, make_suite

SUITE = make_suite("a ball", "a storm")
RESULTS = [
    make_result(),
    make_result(prompt="p2"),
    make_result(model="wan-2.5", timing={"total": 200.0}),
    failed(model="wan-2.5", prompt="p2"),
]


def words(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def test_the_picture_says_simulated_the_day_the_units_and_every_model() -> None:
    figure = make_figure(make_table(make_info(SUITE), RESULTS))

    said = words(figure)
    assert "SIMULATED, world of 2026-08-01" in said
    assert "seconds from the submit to a usable file (simulated)" in said
    assert "US dollars a clip (simulated)" in said
    assert {"sora-2  short, 4 s", "wan-2.5  short, 5 s"} <= set(said.splitlines())
    assert {"a short clip", "queue (median)", "render (median)", "ended without a file"} <= set(said.splitlines())
    assert "queue and render not told apart" in said


def test_a_picture_of_real_clips_does_not_say_simulated() -> None:
    real = [result.model_copy(update={"simulated": False}) for result in RESULTS]

    figure = make_figure(make_table(make_info(SUITE, simulated=False), real))

    assert "simulated" not in words(figure).lower()


def test_every_usable_clip_has_a_dot_in_both_halves_and_a_failure_a_cross() -> None:
    seconds, dollars = make_figure(make_table(make_info(SUITE), RESULTS)).axes

    assert sorted(x for dots in seconds.collections for x in dots.get_offsets()[:, 0]) == [30.0, 60.0, 60.0, 200.0]
    assert sorted(x for dots in dollars.collections for x in dots.get_offsets()[:, 0]) == [0.4, 0.4, 0.4]


def test_a_run_without_any_clip_can_be_drawn() -> None:
    figure = make_figure(make_table(make_info(SUITE), []))

    assert words(figure).count("no clip") == 2
    assert words(figure).count("n/a") == 2


def test_the_files_are_small_enough_for_a_readme_and_no_words_overlap(tmp_path: Path) -> None:
    suite = load_suite("quickstart", load_config())
    results = [
        make_result(model=model, prompt=prompt.id, cell=cell)
        for cell in suite.cells
        for model in ("sora-2", "wan-2.5")
        for prompt in suite.prompts
    ]
    table = make_table(make_info(suite), results)
    draw(table, tmp_path)

    assert (tmp_path / "picture.png").stat().st_size <= 150_000
    assert "SIMULATED" in (tmp_path / "picture.svg").read_text(encoding="utf-8")
    figure = make_figure(table)
    figure.draw_without_rendering()
    boxes = [
        (text.get_text(), text.get_window_extent())
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text().strip()
    ]
    assert len(boxes) > 20
    drawn = figure.get_tightbbox()
    assert drawn.x0 >= 0
    assert drawn.x1 <= figure.get_figwidth()
    assert [(one, two) for (one, a), (two, b) in combinations(boxes, 2) if a.overlaps(b)] == []
