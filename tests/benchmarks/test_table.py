"""The table's numbers against results made by hand: nothing unknown is 0, and nothing that went wrong is left out."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Sequence
from decimal import Decimal
from math import isinf
from pathlib import Path
from typing import Any

import pytest

from rushes.benchmarks.folder import Folder
from rushes.benchmarks.measured import Measured, Value
from rushes.benchmarks.result import Result
from rushes.benchmarks.settings import RunSettings
from rushes.benchmarks.suite import Cell, Count, Expect
from rushes.benchmarks.table import Table, make_table, need_pandas, records, table_of
from rushes.benchmarks.wording import versus_shown
from rushes.errors import SetupError
from tests.benchmarks.conftest import SORA, failed, make_info, make_result, make_suite, measured, took
from tests.benchmarks.voting import vote, voted_run

SUITE = make_suite("a ball", "a storm", "a kite", models=SORA)
NO_TIMES = dict.fromkeys(("queue", "render", "download", "poll_gap"))
#: Enough prompts for an interval over them.
TEN = make_suite(*(f"ball number {number}" for number in range(10)), models=SORA)


def only_row(results: Sequence[Result]) -> dict[str, Any]:
    [row] = records(table(results).summary)
    return row


def table(results: Sequence[Result], measures: dict[str, Measured] | None = None, **info: Any) -> Table:
    return make_table(make_info(**({"suite": SUITE} | info)), results, measures or {})


def test_medians_ranges_and_sums_are_those_of_the_clips() -> None:
    row = only_row([took(60, "p1"), took(90, "p2"), took(120, "p3", usd=Decimal("0.44"))])

    assert (row["tried"], row["usable"]) == (3, 3)
    assert (row["to_file_min"], row["to_file_median"], row["to_file_max"]) == (60, 90, 120)
    assert (row["queue_median"], row["render_median"], row["download_median"]) == (5, 84.3, 0.5)
    assert (row["usd_clip_min"], row["usd_clip_median"], row["usd_clip_max"]) == (
        Decimal("0.40"),
        Decimal("0.40"),
        Decimal("0.44"),
    )
    assert row["usd_total"] == Decimal("1.24")
    assert (row["sent_seconds"], row["delivered_seconds_max"], row["sizes"], row["with_sound"]) == (
        "4",
        4,
        "1280x720",
        3,
    )


def test_failures_count_among_the_tried_and_their_dollars_among_the_spent() -> None:
    late = failed(prompt="p3", status="refused", usd=Decimal("0.40"), usd_how="assumed", reason="not allowed")
    made = table([took(60, "p1"), failed(prompt="p2"), late])
    [row] = records(made.summary)

    assert (row["tried"], row["usable"], row["failed"], row["refused"]) == (3, 1, 1, 1)
    assert row["usd_total"] == Decimal("0.80")
    assert made.shown()[0]["usable"].startswith("1 of 3 [")
    assert "openai/sora-2: 1 failed (short p2), counted for $0.00: Internal error." in made.notes
    assert "openai/sora-2: 1 refused (short p3), counted for $0.40: not allowed." in made.notes
    assert [clip["outcome"] for clip in records(made.clips)] == ["usable", "failed", "refused"]


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

    assert rare["to_file_median"] == 70
    assert common.shown()[0]["to_file"] == "> 1800"
    assert records(common.summary)[0]["to_file_median"] is None


def test_a_clip_fetched_after_a_pause_of_ours_has_no_seconds_to_file_of_its_own() -> None:
    made = table([took(60, "p1"), took(9000, "p2", resumed=True, timing={"poll_gap": None})])
    [row] = records(made.summary)

    assert (row["to_file_median"], row["to_file_max"], row["usable"]) == (60, 60, 2)
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


# --- shares, intervals, tails -----------------------------------------------------------------------------------------


def runs(count: int, **changes: Any) -> list[Result]:
    """Clips of ten prompts in turn, each a second slower than the one before."""
    return [took(60.0 + number, f"p{number % 10 + 1}", sample=number // 10 + 1, **changes) for number in range(count)]


@pytest.mark.parametrize(
    ("usable", "failures", "shown"),
    [(10, 0, "10 of 10 [72–100 %]"), (0, 10, "0 of 10 [0–28 %]"), (5, 5, "5 of 10 [24–76 %]")],
)
def test_the_usable_share_has_wilsons_interval(usable: int, failures: int, shown: str) -> None:
    good = runs(usable)
    bad = [failed(prompt=f"p{number + usable + 1}") for number in range(failures)]

    assert table([*good, *bad], suite=TEN).shown()[0]["usable"] == shown


def test_what_we_withdrew_is_no_failure() -> None:
    row = only_row([took(60, "p1"), failed(prompt="p2", status="cancelled")])

    assert (row["tried"], row["cancelled"], row["success"]) == (2, 1, 1.0)


def test_where_all_was_withdrawn_there_is_no_share() -> None:
    made = table([failed(status="cancelled", waited_seconds=None)])

    assert records(made.summary)[0]["success"] is None
    assert made.shown()[0]["usable"] == "0 of 1"


@pytest.mark.parametrize(("clips", "there"), [(9, False), (10, True)])
def test_the_median_has_an_interval_from_ten_clips_on(clips: int, there: bool) -> None:
    made = table(runs(clips), suite=TEN)

    [row] = records(made.summary)
    assert (row["to_file_low"] is not None) is there
    assert ("[" in made.shown()[0]["to_file"]) is there


def test_ten_clips_of_five_prompts_have_no_interval() -> None:
    results = [took(60.0 + number, f"p{number % 5 + 1}", sample=number // 5 + 1) for number in range(10)]

    assert "[" not in table(results, suite=TEN).shown()[0]["to_file"]


@pytest.mark.parametrize(
    ("clips", "shown"),
    [
        (1, "60.0 of 1"),
        (58, "117.0 of 58"),
        (59, "p95 116.0 [≤ 118.0]"),
        (71, "p95 127.0 [≤ 130.0]"),
        (72, "p95 128.0 [123.0–131.0]"),
    ],
)
def test_p95_takes_59_clips_and_both_its_limits_72(clips: int, shown: str) -> None:
    assert table(runs(clips), suite=TEN).shown()[0]["slowest"] == shown


def test_a_tail_longer_than_we_waited_has_no_end() -> None:
    overdue = failed(prompt="p2", status="overdue", waited_seconds=1800.0, usd_how="reserved")

    few = table([took(60, "p1"), took(70, "p3"), overdue])
    many = table([*runs(59), overdue], suite=TEN)

    assert few.shown()[0]["slowest"] == "longer than we waited, of 3"
    assert isinf(records(few.summary)[0]["to_file_max"])
    assert many.shown()[0]["slowest"] == "p95 116.0 [≤ ∞]"


def test_what_is_unusable_took_no_seconds_to_a_usable_file() -> None:
    short = took(500, "p2", delivered={**(took(1).delivered or {}), "seconds": 1.0})

    row = only_row([took(60, "p1"), short])

    assert (row["delivered"], row["usable"], row["unusable"], row["to_file_max"]) == (2, 1, 1, 60)
    assert row["seconds_per_usable"] == 560


# --- per usable clip --------------------------------------------------------------------------------------------------


def test_seconds_and_dollars_per_usable_clip_count_the_attempts_in_vain() -> None:
    dear = failed(prompt="p2", usd=Decimal("0.40"), usd_how="assumed", waited_seconds=100.0)

    made = table([took(60, "p1"), dear])

    [row] = records(made.summary)
    assert (row["seconds_per_usable"], row["usd_per_usable"]) == (160, 0.8)
    assert (made.shown()[0]["seconds_per_usable"], made.shown()[0]["usd_per_usable"]) == ("160.0", "0.80")


def test_where_nothing_is_usable_a_usable_clip_has_no_price() -> None:
    shown = table([failed()]).shown()[0]

    assert (shown["seconds_per_usable"], shown["usd_per_usable"]) == ("n/a", "n/a")


def test_where_a_cost_is_not_known_a_usable_clip_has_no_price() -> None:
    made = table([took(60, "p1"), took(60, "p2", usd=None, usd_how="unknown")])

    assert made.shown()[0]["usd_per_usable"] == "n/a"
    assert made.shown()[0]["usd_total"] == "n/a"
    assert made.shown()[0]["usd_clip"] == "0.40"  # of those that are known
    assert "Dollars not known: openai/sora-2." in made.notes


def test_few_usable_clips_of_many_have_a_price_whose_upper_limit_may_have_no_end() -> None:
    bad = [failed(prompt=f"p{number}", usd=Decimal("0.40")) for number in range(2, 11)]

    shown = table([took(60, "p1"), *bad], suite=TEN).shown()[0]

    assert shown["usd_per_usable"].startswith("4.00 [")
    assert shown["usd_per_usable"].endswith("–∞]")


# --- lengths, files, checks -------------------------------------------------------------------------------------------


def test_the_length_shows_what_was_sent_also_where_nothing_was_made() -> None:
    assert table([]).shown()[0]["length"] == "n/a → 4 → n/a"


def test_files_that_differ_are_all_named() -> None:
    file = took(1).delivered or {}
    results = [
        took(60, "p1"),
        took(60, "p2", delivered={**file, "width": 640, "height": 360, "audio_codec": None, "seconds": 3.5}),
        took(60, "p3", delivered=None),
    ]

    shown = table(results).shown()[0]

    assert shown["file"] == "1280x720, 640x360 sound in 1 of 2"
    assert shown["length"] == "12 → 4 → 3.5–4.0"


def test_what_the_prompts_describe_is_counted_of_what_can_be_looked_for() -> None:
    expecting = Expect(onsets=Count(min=2, max=2), speech=("Hello",))
    prompts = tuple(prompt.model_copy(update={"expect": expecting}) for prompt in SUITE.prompts)
    results = [took(60, "p1"), took(60, "p2"), took(60, "p3")]
    heard = zip(results, (2, 2, 5), strict=True)
    measures = {result.label: measured(result, onsets=count) for result, count in heard}

    made = table(results, measures, suite=SUITE.model_copy(update={"prompts": prompts}))

    [row] = records(made.summary)
    assert made.shown()[0]["checks"] == "2 of 3"
    assert row["checks_not_measurable"] == 3  # speech


def test_where_nothing_is_described_nothing_is_counted() -> None:
    assert table([took(60, "p1")]).shown()[0]["checks"] == "n/a"


# --- imported clips ---------------------------------------------------------------------------------------------------


def imported(prompt: str = "p1", **changes: Any) -> Result:
    given = {
        "source": "imported",
        "model": "ours",
        "label": f"short/{prompt}/ours/1",
        "endpoint": None,
        "block": None,
        "at": None,
        "simulated": False,
        "sent": {"seconds": None, "resolution": None, "size": None, "audio": None},
        "timing": {},
        "usd": None,
        "usd_how": "unknown",
        "job": None,
    }
    return make_result(prompt=prompt, **(given | changes))


BROUGHT = make_info(
    SUITE.model_copy(
        update={
            "models": {**SUITE.models, "ours": None},
            "cells": {**SUITE.cells, "long": Cell(seconds={"sora-2": 8})},
        }
    ),
    simulated=False,
)


def test_imported_clips_stand_beside_fresh_ones_and_are_marked() -> None:
    made = make_table(BROUGHT, [took(60, "p1", simulated=False), imported("p1"), imported("p2")], {})

    fresh, brought, long = records(made.summary)
    assert [(row["cell"], row["model"]) for row in (brought, long)] == [("short", "ours"), ("long", "sora-2")]
    assert (fresh["source"], fresh["planned"]) == ("fresh", 3)
    assert (brought["source"], brought["planned"], brought["tried"], brought["usable"]) == ("imported", None, 2, 2)
    assert (brought["endpoint"], brought["sent_seconds"]) == (None, None)
    assert made.shown()[1]["length"] == "12 → n/a → 4.0"
    assert {made.shown()[1][name] for name in ("to_file", "slowest", "usd_clip", "seconds_per_usable")} == {"n/a"}
    assert any(note.startswith("Imported: ours. Nobody here saw these clips being made") for note in made.notes)


def test_what_a_manifest_says_of_seconds_and_dollars_is_shown() -> None:
    said = imported(timing={"total": 88.0}, usd=Decimal("0.25"), usd_how="imported")

    shown = make_table(BROUGHT, [said], {}).shown()[1]

    assert (shown["to_file"], shown["usd_clip"]) == ("88.0", "0.25")
    assert "Dollars as the manifest says: ours." in make_table(BROUGHT, [said], {}).notes


def test_an_imported_clip_that_a_simulator_made_makes_the_table_simulated() -> None:
    assert make_table(BROUGHT, [imported(simulated=True)], {}).simulated
    assert not make_table(BROUGHT, [imported()], {}).simulated


def test_a_run_of_imported_clips_alone_is_complete() -> None:
    info = make_info(make_suite("a ball", models={"ours": None}, cells={"imported": Cell()}))

    made = make_table(info, [imported(cell="imported", label="imported/p1/ours/1")], {})

    assert made.complete
    assert not [note for note in made.notes if "clips were tried" in note]


# --- complete or not --------------------------------------------------------------------------------------------------


def test_what_was_left_out_by_agreement_keeps_no_run_from_being_complete() -> None:
    both = make_suite("a ball")
    lacking = {"suite": both, "left_out": {"openai/sora-2": ("retired",)}}
    wan = make_result("wan-2.5")

    assert table([wan], **lacking).complete
    assert not table([wan], suite=both).complete
    assert not table([], **lacking).complete


def test_a_run_lacks_what_its_samples_lack() -> None:
    results = [took(60, prompt) for prompt in ("p1", "p2", "p3")]

    assert table(results).complete
    made = table(results, settings=RunSettings(samples=2))
    assert not made.complete
    assert "3 of 6 clips were tried." in made.notes


# --- measures ---------------------------------------------------------------------------------------------------------


def test_a_clip_that_fails_the_gate_is_told_with_its_reason() -> None:
    result = took(60, "p1")

    made = table([result], {result.label: measured(result, frozen=0.6)})

    [clip] = records(made.clips)
    assert clip["outcome"] == "unusable"
    assert "60 %" in clip["reason"]
    assert any(note.startswith("openai/sora-2: 1 unusable (short p1), counted for $0.40: ") for note in made.notes)


def test_clips_that_were_not_measured_are_told() -> None:
    one, two = took(60, "p1"), took(60, "p2")

    some = table([one, two], {one.label: measured(one)})
    none = table([one, two], settings=RunSettings(scorers=()))

    assert any(note.startswith("1 of 2 clips are not measured: `rushes bench table run`") for note in some.notes)
    assert any("were probed and not measured" in note for note in none.notes)
    assert not any("not measured" in note for note in table([one], {one.label: measured(one)}).notes)


def test_no_column_of_the_clips_stands_twice() -> None:
    result = took(60, "p1", block=7)

    made = table([result], {result.label: measured(result, block=1.25)})

    assert made.clips.columns.is_unique
    [clip] = records(made.clips)
    assert (clip["in_block"], clip["block"]) == (7, 1.25)


def test_a_metric_of_a_clip_stands_in_its_row_and_what_it_lacks_is_n_a(tmp_path: Path) -> None:
    result = took(60, "p1")
    values = {"loudness": -21.5, "motion": Value.degenerate(0.5, "it stands still")}

    made = table([result], {result.label: measured(result, **values)})
    made.write(tmp_path)

    [clip] = csv.DictReader((tmp_path / "table.csv").read_text(encoding="utf-8").splitlines())
    assert (clip["loudness"], clip["motion"], clip["blur"]) == ("-21.5", "0.5", "n/a")
    [found] = json.loads((tmp_path / "table.json").read_text(encoding="utf-8"))["clips"]
    assert found["measured"]["values"]["motion"] == {
        "value": 0.5,
        "status": "degenerate",
        "why": "it stands still",
    }


# --- JSON -------------------------------------------------------------------------------------------------------------


def no_constants(text: str) -> Any:
    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_json_has_no_infinity_and_no_nan(tmp_path: Path) -> None:
    overdue = [
        failed(prompt=f"p{number}", status="overdue", waited_seconds=1800.0, usd=Decimal("0.40"))
        for number in range(3, 11)
    ]
    made = table([took(60, "p1"), took(70, "p2", timing=NO_TIMES), *overdue], suite=TEN)
    made.write(tmp_path)

    [row] = no_constants((tmp_path / "table.json").read_text(encoding="utf-8"))["summary"]

    assert (row["to_file_max"], row["to_file_high"], row["to_file_median"]) == ("inf", "inf", None)
    assert no_constants(json.dumps(made.json(), default=str))["summary"] == [row]


def test_an_empty_run_has_every_form(tmp_path: Path) -> None:
    table([]).write(tmp_path)

    found = no_constants((tmp_path / "table.json").read_text(encoding="utf-8"))
    assert (found["clips"], found["pairs"], found["panel"], found["categories"]) == ([], [], [], [])
    assert (tmp_path / "table.csv").read_text(encoding="utf-8").startswith("label,cell,prompt,")


def test_a_line_break_or_a_bar_in_a_vendors_words_breaks_no_table() -> None:
    made = table([failed(reason="first line\nsecond | line")])

    lines = made.markdown().splitlines()
    assert any(line.startswith("- openai/sora-2: 1 failed") and line.endswith("second | line.") for line in lines)


def test_a_row_says_which_tier_of_speed_its_model_is_in() -> None:
    six = make_suite(*(f"ball number {number}" for number in range(6)))
    results = [took(60.0 + number, f"p{number + 1}") for number in range(6)]
    results += [took(90.0 + number, f"p{number + 1}", model="wan-2.5", sent={**results[0].sent}) for number in range(6)]

    shown = table(results, suite=six).shown()

    assert [(row["model"], row["speed_tier"]) for row in shown] == [("sora-2", "1"), ("wan-2.5", "2")]
    assert [row["speed_tier"] for row in table(results[:3] + results[6:9], suite=six).shown()] == ["n/a", "n/a"]


def test_the_table_of_a_run_that_is_not_there_is_refused(home: Path) -> None:
    with pytest.raises(SetupError, match="there is no run"):
        table_of(Folder(home, "run"))


def test_elo_in_both_tables_has_a_minus_sign_and_no_hyphen() -> None:
    info, clips = voted_run()
    votes = [vote(f"p{number}", "left" if number < 7 else "right") for number in range(1, 9)]
    made = make_table(info, [clip.result for clip in clips], {}, votes)

    shown = {row["model"]: row["rating"] for row in made.shown()}
    [pair] = [versus_shown(row) for row in made.standings.versus()]

    assert re.fullmatch(r"\+\d+ \[[−+]\d+ to \+\d+\]", shown["sora-2"])
    assert re.fullmatch(r"−\d+ \[−\d+ to [−+]\d+\]", shown["wan-2.5"])
    assert re.fullmatch(r"\+\d+ \[[−+]\d+ to \+\d+\]", pair["elo"])
