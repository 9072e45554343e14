"""The table's numbers against results made by hand: nothing unknown is 0, and nothing that went wrong is left out."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.benchmarks.result import Result
from rushes.benchmarks.table import Table, make_table, need_pandas, records
from rushes.errors import SetupError
from tests.benchmarks.conftest import failed, make_info, make_result, make_suite

SUITE = make_suite("a ball", "a storm", "a kite", models={"sora-2": "openai/sora-2"})
NO_TIMES = dict.fromkeys(("queue", "render", "download", "poll_gap"))


def took(total: float, prompt: str, **changes: Any) -> Result:
    given = {"submit": 0.2, "queue": 5.0, "render": total - 5.7, "download": 0.5, "total": total, "poll_gap": 4.0}
    return make_result(prompt=prompt, timing=given | changes.pop("timing", {}), **changes)


def only_row(results: Sequence[Result]) -> dict[str, Any]:
    [row] = records(table(results).summary)
    return row


def table(results: Sequence[Result], **info: Any) -> Table:
    return make_table(make_info(SUITE, **info), results)


def test_medians_ranges_and_sums_are_those_of_the_clips() -> None:
    row = only_row([took(60, "p1"), took(90, "p2"), took(120, "p3", usd=Decimal("0.44"))])

    assert (row["made"], row["usable"]) == (3, 3)
    assert (row["seconds_to_file_min"], row["seconds_to_file_median"], row["seconds_to_file_max"]) == (60, 90, 120)
    assert (row["queue_median"], row["render_median"], row["download_median"]) == (5, 84.3, 0.5)
    assert (row["usd_clip_min"], row["usd_clip_median"], row["usd_clip_max"]) == (
        Decimal("0.40"),
        Decimal("0.40"),
        Decimal("0.44"),
    )
    assert row["usd_total"] == Decimal("1.24")
    assert (row["sent_seconds"], row["delivered_seconds_max"], row["sizes"], row["with_sound"]) == (4, 4, "1280x720", 3)


def test_failures_count_among_the_tried_and_their_dollars_among_the_spent() -> None:
    late = failed(prompt="p3", status="refused", usd=Decimal("0.40"), usd_how="assumed", reason="not allowed")
    made = table([took(60, "p1"), failed(prompt="p2"), late])
    [row] = records(made.summary)

    assert (row["made"], row["usable"], row["failed"], row["refused"]) == (3, 1, 1, 1)
    assert row["usd_total"] == Decimal("0.80")
    assert made.shown()[0]["usable"] == "1 of 3"
    assert "openai/sora-2: 1 failed (short p2), counted for $0.00: Internal error." in made.notes
    assert "openai/sora-2: 1 refused (short p3), counted for $0.40: not allowed." in made.notes
    assert [clip["status"] for clip in records(made.clips)] == ["usable", "failed", "refused"]


def test_what_nobody_knows_is_n_a_and_never_0(tmp_path: Path) -> None:
    unknown = took(60, "p1", timing=NO_TIMES, usd=None, usd_how="unknown", asked_seconds=None)
    made = table([unknown])
    made.write(tmp_path)

    shown = made.shown()[0]
    assert {shown[name] for name in ("queue", "render", "download", "poll_gap", "usd_clip", "usd_total")} == {"n/a"}
    [row] = json.loads((tmp_path / "table.json").read_text())["summary"]
    assert {row[f"{name}_median"] for name in NO_TIMES} == {None}
    assert row["usd_total"] is None
    [clip] = csv.DictReader((tmp_path / "table.csv").read_text(encoding="utf-8").splitlines())
    assert {clip[name] for name in (*NO_TIMES, "usd", "asked_seconds")} == {"n/a"}
    assert "openai/sora-2: queue, render, download n/a, since nothing tells them apart from the rest." in made.notes


def test_a_stretch_known_for_some_clips_says_for_how_many() -> None:
    made = table([took(60, "p1"), took(90, "p2", timing={"queue": None, "render": None})])

    assert "openai/sora-2: queue and render known for 1 of 2 clips only, and the medians are of those." in made.notes


def test_a_clip_given_up_waiting_for_counts_as_longer_than_we_waited() -> None:
    given_up = [
        failed(prompt=name, status="overdue", waited_seconds=1800.0, usd_how="reserved") for name in ("p2", "p3")
    ]

    rare = only_row([took(60, "p1"), took(70, "p2"), given_up[1]])
    common = table([took(60, "p1"), *given_up])

    assert rare["seconds_to_file_median"] == 70
    assert common.shown()[0]["to_file"] == "> 1800"
    assert records(common.summary)[0]["seconds_to_file_median"] is None


def test_a_clip_fetched_after_a_pause_of_ours_has_no_seconds_to_file_of_its_own() -> None:
    made = table([took(60, "p1"), took(9000, "p2", resumed=True, timing={"poll_gap": None})])
    [row] = records(made.summary)

    assert (row["seconds_to_file_median"], row["seconds_to_file_max"], row["usable"]) == (60, 60, 2)
    assert any("1 clip of openai/sora-2 ended while the run stood still" in note for note in made.notes)


def test_a_clip_watched_to_its_end_after_a_pause_keeps_its_seconds() -> None:
    assert took(300, "p1", resumed=True).seconds_to_file == 300


def test_a_clip_that_was_overdue_counts_as_longer_than_we_had_waited_once_it_is_there() -> None:
    late = took(9000, "p1", resumed=True, waited_seconds=1800.0, timing={"poll_gap": None})

    assert table([late]).shown()[0]["to_file"] == "> 1800"


def test_a_model_of_which_nothing_was_made_has_a_row_that_says_so() -> None:
    made = table([], left_out={"openai/sora-2": ("set OPENAI_API_KEY",)}, stopped="the cap was reached")

    assert made.shown()[0]["usable"] == "not made"
    assert made.shown()[0]["to_file"] == "n/a"
    assert not made.complete
    assert "Left out: openai/sora-2: set OPENAI_API_KEY." in made.notes
    assert "0 of 3 clips were tried: the cap was reached" in made.notes


def test_the_length_that_a_prompt_names_stands_beside_what_was_sent_and_delivered() -> None:
    made = table([took(60, "p1")])

    assert made.shown()[0]["length"] == "12 → 4 → 4.0"
    assert "p1 12 s" in " ".join(made.notes)


@pytest.mark.parametrize("what", ["info", "results"])
def test_a_simulated_run_says_so_in_every_form(what: str, tmp_path: Path) -> None:
    made = table([took(60, "p1", simulated=what == "results")], simulated=what == "info")
    made.write(tmp_path)

    assert "SIMULATED" in made.title
    assert "SIMULATED" in (tmp_path / "table.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "table.json").read_text())["simulated"] is True
    assert made.notes[0].startswith("Simulated: no vendor was asked.")


def test_a_real_run_is_not_called_simulated() -> None:
    made = table([took(60, "p1", simulated=False)], simulated=False)

    assert "simulated" not in made.markdown().lower()


def test_dollars_are_not_rounded() -> None:
    assert table([took(60, "p1", usd=Decimal("0.37500"))]).shown()[0]["usd_clip"] == "0.375"


def test_without_its_packages_a_benchmark_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(SetupError, match=r"pip install 'rushes\[bench\]'"):
        need_pandas()
