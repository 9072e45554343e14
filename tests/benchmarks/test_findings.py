"""What a run says of its endpoints: only what it saw, for the kind of clip that it saw."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from math import log
from statistics import stdev
from typing import Any

import pytest

from rushes.benchmarks.clips import Clip, clips_of
from rushes.benchmarks.findings import findings
from rushes.benchmarks.result import Result
from rushes.benchmarks.standings import Standings, standings_of
from rushes.benchmarks.suite import Cell
from rushes.evidence import Evidence, EvidenceCell, length_class
from tests.benchmarks.conftest import NOW, failed, make_info, make_result, make_suite, took
from tests.benchmarks.voting import PAIR, many, voted_run

SUITE = make_suite("a ball", "a storm", "a kite")
UNVOTED = Standings((), (), (), ())
SHORT = EvidenceCell("text", "short", "720p", True)


def found(*results: Result, **info: Any) -> dict[tuple[str, str], Evidence]:
    """By endpoint and metric; there may be one each."""
    whole = make_info(**({"suite": SUITE} | info))
    rows = findings(whole, clips_of(whole, results, {}), UNVOTED)
    named = {(row.endpoint, row.metric): row for row in rows}
    assert len(named) == len(rows)
    return named


@pytest.mark.parametrize(
    ("seconds", "length"), [(0.5, "short"), (5, "short"), (5.1, "medium"), (10, "medium"), (10.1, "long"), (60, "long")]
)
def test_lengths_are_of_three_classes(seconds: float, length: str) -> None:
    assert length_class(seconds) == length


def test_an_endpoint_has_seconds_reliability_and_dollars() -> None:
    rows = found(took(60, "p1"), took(90, "p2"), failed(prompt="p3", usd=Decimal("0.40"), usd_how="assumed"))

    seconds, usable, dollars = (rows["openai/sora-2", metric] for metric in ("log_seconds", "usable", "usd_per_second"))
    assert {row.cell for row in rows.values()} == {SHORT}
    assert {(row.source, row.simulated, row.run, row.observed) for row in rows.values()} == {
        ("measured", True, "run", NOW)
    }
    assert (seconds.mean, seconds.sd, seconds.n) == (
        pytest.approx((log(60) + log(90)) / 2),
        pytest.approx(stdev([log(60), log(90)])),
        2,
    )
    assert (usable.mean, usable.n) == (pytest.approx(2 / 3), 3)
    assert (dollars.mean, dollars.sd, dollars.n) == (pytest.approx(1.20 / 8), None, 3)
    assert dollars.detail == {"how": ["assumed", "estimated"]}


def test_one_clip_has_no_spread() -> None:
    rows = found(took(60, "p1"))

    assert {row.sd for row in rows.values()} == {None}


def test_how_long_was_waited_in_vain_is_kept() -> None:
    late = failed(prompt="p2", status="overdue", waited_seconds=1800.0, usd_how="reserved")

    rows = found(took(60, "p1"), late)

    assert rows["openai/sora-2", "log_seconds"].detail == {"longer_than": [1800.0]}
    assert rows["openai/sora-2", "usable"].mean == 0.5


def test_where_nothing_came_in_time_the_waits_stand_with_whether_it_was_usable() -> None:
    late = [
        failed(prompt=prompt, status="overdue", waited_seconds=waited, usd_how="reserved")
        for prompt, waited in (("p1", 1800.0), ("p2", 600.0), ("p3", None))
    ]

    rows = found(*late)

    assert {metric for _, metric in rows} == {"usable"}
    usable = rows["openai/sora-2", "usable"]
    assert (usable.mean, usable.n, usable.detail) == (0.0, 3, {"longer_than": [600.0, 1800.0]})


def test_waits_stand_in_one_place_only() -> None:
    late = failed(prompt="p2", status="overdue", waited_seconds=1800.0, usd_how="reserved")

    rows = found(took(60, "p1"), late)

    assert [metric for (_, metric), row in rows.items() if "longer_than" in row.detail] == ["log_seconds"]
    assert found(failed())["openai/sora-2", "usable"].detail == {}


def test_a_clip_that_came_while_nobody_looked_took_longer_than_was_waited_before() -> None:
    unseen = took(4000, "p2", resumed=True, waited_seconds=1800.0, timing={"total": 4000.0, "poll_gap": None})

    both, alone = found(took(60, "p1"), unseen), found(unseen)

    assert both["openai/sora-2", "log_seconds"].detail == {"longer_than": [1800.0]}
    assert (both["openai/sora-2", "log_seconds"].n, both["openai/sora-2", "usable"].mean) == (1, 1.0)
    assert alone["openai/sora-2", "usable"].detail == {"longer_than": [1800.0]}


def test_a_clip_that_failed_was_not_waited_for_in_vain() -> None:
    rows = found(took(60, "p1"), failed(prompt="p2", waited_seconds=30.0))

    assert rows["openai/sora-2", "log_seconds"].detail == {"longer_than": []}


def test_an_unusable_file_counts_as_not_usable_and_has_no_seconds() -> None:
    short = took(10, "p2", delivered={**(took(1).delivered or {}), "seconds": 1.0})

    rows = found(took(60, "p1"), short)

    assert rows["openai/sora-2", "usable"].mean == 0.5
    assert rows["openai/sora-2", "log_seconds"].n == 1
    assert rows["openai/sora-2", "usd_per_second"].mean == pytest.approx(0.80 / 4)


def test_where_nothing_is_usable_only_that_is_said() -> None:
    assert {metric for _, metric in found(failed())} == {"usable"}


def test_what_we_withdrew_says_nothing() -> None:
    assert found(failed(status="cancelled")) == {}


def test_where_one_cost_is_unknown_there_are_no_dollars() -> None:
    rows = found(took(60, "p1"), took(60, "p2", usd=None, usd_how="unknown"))

    assert {metric for _, metric in rows} == {"log_seconds", "usable"}


def test_kinds_of_clips_are_never_put_together() -> None:
    first = took(60, "p1")
    sent = dict(first.sent)
    results = [
        first,
        took(60, "p2", sent=sent | {"seconds": 8.0}, delivered={**(first.delivered or {}), "seconds": 8.0}),
        took(
            60, "p2", sample=2, sent=sent | {"audio": False}, delivered={**(first.delivered or {}), "audio_codec": None}
        ),
        took(60, "p3", sent=sent | {"mode": "image"}),
        took(60, "p3", sample=2, sent=sent | {"resolution": "1080p"}),
    ]
    info = make_info(SUITE)

    cells = [row.cell for row in findings(info, clips_of(info, results, {}), UNVOTED) if row.metric == "log_seconds"]

    assert {str(cell) for cell in cells} == {
        "text, short, 720p, sound",
        "text, medium, 720p, sound",
        "text, short, 720p, silent",
        "image, short, 720p, sound",
        "text, short, 1080p, sound",
    }


def test_two_names_of_one_endpoint_are_one_endpoint() -> None:
    suite = make_suite("a ball", models={"one": "openai/sora-2", "two": "openai/sora-2"})
    results = [make_result(model=name, endpoint="openai/sora-2") for name in ("one", "two")]

    assert found(*results, suite=suite)["openai/sora-2", "usable"].n == 2


def test_simulated_clips_speak_for_simulated_worlds_only() -> None:
    info = make_info(SUITE)
    results = [took(60, "p1", simulated=True), took(90, "p2", simulated=False)]

    rows = [row for row in findings(info, clips_of(info, results, {}), UNVOTED) if row.metric == "log_seconds"]

    assert {(row.simulated, row.n) for row in rows} == {(True, 1), (False, 1)}


def test_the_newest_clip_says_when_it_was_observed() -> None:
    rows = found(took(60, "p1", at=NOW - timedelta(days=3)), took(60, "p2", at=NOW))

    assert {row.observed for row in rows.values()} == {NOW}


# --- imported clips ---------------------------------------------------------------------------------------------------


def brought(**changes: Any) -> Result:
    given = {"source": "imported", "model": "ours", "label": "short/p1/ours/1", "simulated": False, "block": None}
    sent = {"seconds": 4.0, "resolution": None, "size": None, "audio": None}
    return make_result(**(given | {"sent": sent, "usd_how": "imported"} | changes))


WITH_OURS = SUITE.model_copy(update={"models": {**SUITE.models, "ours": None}})


def test_imported_clips_with_endpoint_and_day_say_seconds_and_dollars_but_not_how_many_failed() -> None:
    rows = found(brought(), suite=WITH_OURS)

    assert {metric: row.source for (_, metric), row in rows.items()} == {
        "log_seconds": "imported",
        "usd_per_second": "imported",
    }
    # The cell says what the manifest does not, and nobody said whether it had to have sound.
    assert {row.cell for row in rows.values()} == {EvidenceCell("text", "short", "720p", None)}


@pytest.mark.parametrize(
    "lacking",
    [{"endpoint": None}, {"at": None}, {"delivered": None, "sent": {"seconds": None, "audio": None}}],
)
def test_imported_clips_of_which_too_little_is_known_say_nothing(lacking: dict[str, Any]) -> None:
    assert found(brought(**lacking), suite=WITH_OURS) == {}


def test_an_imported_clip_of_which_nobody_said_the_length_has_its_own() -> None:
    rows = found(
        brought(sent={"seconds": None, "audio": None}, delivered={**(took(1).delivered or {}), "seconds": 8}),
        suite=WITH_OURS,
    )

    assert {row.cell.length for row in rows.values()} == {"medium"}


def test_an_imported_clip_of_a_prompt_with_a_picture_starts_from_it() -> None:
    first, *rest = WITH_OURS.prompts
    suite = WITH_OURS.model_copy(update={"prompts": (first.model_copy(update={"image": "boat.png"}), *rest)})

    assert {row.cell.mode for row in found(brought(), suite=suite).values()} == {"image"}


def test_a_cell_that_names_no_resolution_leaves_it_open() -> None:
    suite = make_suite("a ball", models={"ours": None}, cells={"short": Cell()})

    assert {str(row.cell) for row in found(brought(), suite=suite).values()} == {"text, short, any size, sound n/a"}


# --- ratings ----------------------------------------------------------------------------------------------------------


def test_a_rating_is_as_old_as_the_endpoints_own_clips_whatever_they_were_compared_with() -> None:
    info, clips = voted_run()
    days = {"sora-2": NOW - timedelta(days=300), "wan-2.5": NOW}

    def made(clip: Clip) -> Clip:
        # The first prompt's clip is ten days older than the others.
        late = timedelta(days=10 if clip.result.prompt == "p1" else 0)
        at = days[clip.result.model] - late
        return replace(clip, result=clip.result.model_copy(update={"at": at}))

    clips = [made(clip) for clip in clips]
    votes = many(("anna", "ben"), 8, 0.7)

    rows = findings(info, clips, standings_of(info, clips, votes))

    told = {row.endpoint: (row.observed, row.oldest) for row in rows if row.metric == "rating"}
    assert told == {PAIR[model]: (at, at - timedelta(days=10)) for model, at in days.items()}
