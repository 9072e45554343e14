"""What others published, in a report: there, dated, greyed and apart."""

from __future__ import annotations

from pathlib import Path

from rushes.benchmarks.table import make_table
from rushes.pages.report import render
from tests.benchmarks.conftest import make_info, make_result, make_suite

HEADING = "Published elsewhere"


def page(folder: Path, **models: str) -> str:
    suite = make_suite("a ball", models=models)
    results = [make_result(name, endpoint=endpoint) for name, endpoint in models.items()]
    return render(make_table(make_info(suite), results, {}), folder)


def test_boards_that_list_a_model_of_the_run_stand_apart_with_their_day(tmp_path: Path) -> None:
    text = page(tmp_path, ours="openai/sora-2", theirs="dashscope-intl/wan-2.5")

    part = text[text.index(HEADING) : text.index("Prompts and clips</h2>")]
    assert "Arena, from text, with and without sound, 2026-08-14, as copied by others" in part
    assert "1249 ± 9" in part  # Wan 2.5 on Arena, under its own name, whatever the run calls it
    assert "prior" in part
    assert "veo-3.1" not in part


def test_a_run_of_models_that_nobody_lists_has_no_such_part(tmp_path: Path) -> None:
    suite = make_suite("a ball", models={"mine": "openai/sora-2"})
    info = make_info(suite.model_copy(update={"models": {"mine": None}}))

    text = render(make_table(info, [make_result("mine", endpoint=None, source="imported")], {}), tmp_path)

    assert HEADING not in text
