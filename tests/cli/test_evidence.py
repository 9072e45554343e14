"""`rushes evidence`: what was found out, by endpoint and kind of clip, with its age."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import log
from pathlib import Path
from typing import Any

import pytest

from rushes.app import Rushes
from rushes.evidence import Evidence, EvidenceCell
from rushes.ledger import Ledger
from tests.cli.conftest import Command, jobs_written

CELL = EvidenceCell("text", "short", "720p", True)


def evidence(**changes: Any) -> Evidence:
    made = Evidence(
        endpoint="openai/sora-2",
        cell=CELL,
        metric="log_seconds",
        mean=log(90),
        sd=0.4,
        n=12,
        source="measured",
        simulated=False,
        observed=datetime.now(UTC) - timedelta(days=3, hours=1),
        run="mini-2026-11-19",
        detail={"longer_than": []},
    )
    return replace(made, **changes)


def record(home: Path, found: Sequence[Evidence]) -> None:
    async def once() -> None:
        async with Rushes.open(home=home, resume=False) as rushes:
            await rushes.record(found)

    asyncio.run(once())


def test_where_there_is_none_it_says_how_to_find_some(rushes: Command) -> None:
    ended = rushes("evidence")

    assert ended.code == 0
    assert "There is no evidence yet: `rushes bench run` finds some." in ended.out


def test_each_endpoint_and_kind_of_clip_has_its_numbers_source_and_age(rushes: Command, home: Path) -> None:
    record(
        home,
        [
            evidence(detail={"longer_than": [1800.0, 1800.0]}),
            evidence(metric="usable", mean=0.75, n=16),
            evidence(metric="usd_per_second", mean=0.1333333, sd=None, n=16),
            evidence(
                endpoint="vertex/veo-3.1", cell=replace(CELL, resolution=None, audio=None), run=None, n=1, sd=None
            ),
        ],
    )

    out = rushes("evidence").out

    assert "openai/sora-2" in out
    assert "text, short, 720p, sound: 90.0 s to file ×/÷ 1.49 (12 clips and 2 that took longer)" in out
    assert "75 % usable of 16" in out
    assert "$0.1333 per usable second" in out
    assert "measured 3 days ago, run mini-2026-11-19" in out
    assert "text, short, any size, sound n/a: 90.0 s to file (1 clip)" in out
    assert jobs_written(home) == 0


def test_simulated_evidence_shows_only_when_asked_for_and_says_so(rushes: Command, home: Path) -> None:
    record(home, [evidence(simulated=True, observed=datetime(2026, 8, 1, tzinfo=UTC))])

    real, simulated = rushes("evidence"), rushes("evidence", "--simulate")

    assert "There is no evidence yet" in real.out
    assert "measured in the simulated world of 2026-08-01" in simulated.out
    assert simulated.out.startswith("Simulated world of ")


def test_what_a_run_took_back_shows_only_when_asked_for_and_with_the_day(rushes: Command, home: Path) -> None:
    started, later = datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)

    async def speak(*found: Evidence) -> None:
        async with Ledger.open(home) as ledger:
            await ledger.speak("mini-2026-11-19", found, later, started=started, worlds=(False,))

    rating = evidence(metric="rating", source="voted", mean=40.0, sd=20.0)
    record(home, [evidence(), rating])
    assert rushes("evidence", "--withdrawn").out == "No run has taken back anything that it said.\n"
    asyncio.run(speak(evidence(observed=rating.observed)))

    usual, taken_back = rushes("evidence"), rushes("evidence", "--withdrawn")

    assert "Elo" not in usual.out
    assert "+40 ± 20 Elo" in taken_back.out
    assert f"run mini-2026-11-19, withdrawn on {later.date()}" in taken_back.out
    assert "to file" not in taken_back.out
    assert [row["withdrawn"] for row in rushes("evidence", "--withdrawn", "--json").json] == [later.isoformat()]
    assert rushes("evidence", "--withdrawn", "--simulate", "--json").json == []
    assert rushes("evidence", "--withdrawn", "--model", "veo-3.1", "--json").json == []


def test_a_rating_of_a_version_that_is_no_longer_served_is_marked(rushes: Command, home: Path) -> None:
    then = datetime(2026, 1, 12, tzinfo=UTC)
    rating = {"metric": "rating", "sd": 20.0, "n": 8, "source": "voted", "detail": {"votes": 30}}
    record(home, [evidence(mean=35.0, observed=then, run="then", **rating), evidence(mean=-10.0, run="now", **rating)])

    shown, told = rushes("evidence").out, rushes("evidence", "--json").json

    assert "run then, of a version that is no longer served: does not count" in shown
    assert shown.count("no longer served") == 1
    assert {each["run"]: each["outdated"] for each in told} == {"then": True, "now": False}


def test_a_rating_of_clips_of_two_versions_is_marked_too(rushes: Command, home: Path) -> None:
    then = datetime(2026, 1, 12, tzinfo=UTC)
    detail = {"votes": 30, "oldest": then.isoformat()}
    record(home, [evidence(mean=35.0, metric="rating", sd=20.0, n=8, source="voted", detail=detail)])

    assert "of a version that is no longer served: does not count" in rushes("evidence").out


def test_without_a_ledger_nothing_was_taken_back_and_none_is_made(rushes: Command, home: Path) -> None:
    assert rushes("evidence", "--withdrawn", "--json").json == []
    assert not (home / "ledger.sqlite").exists()


def test_it_can_be_asked_for_one_model_or_endpoint(rushes: Command, home: Path) -> None:
    record(home, [evidence(), evidence(endpoint="azure/sora-2"), evidence(endpoint="vertex/veo-3.1")])

    def shown(*options: str) -> set[str]:
        return {row["endpoint"] for row in rushes("evidence", "--json", *options).json}

    assert shown("--model", "sora-2") == {"openai/sora-2", "azure/sora-2"}
    assert shown("--endpoint", "azure/sora-2") == {"azure/sora-2"}
    assert len(shown()) == 3


def test_what_no_card_has_any_more_is_still_told(rushes: Command, home: Path) -> None:
    record(home, [evidence(endpoint="gone/model")])

    assert "gone/model" in rushes("evidence").out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", "sora-22"), "there is no model 'sora-22'"),
        (("--endpoint", "openai/sora-22"), "there is no endpoint 'openai/sora-22'"),
        (("--run", "mini"), "--run"),
    ],
)
def test_a_wrong_name_ends_it_with_2(rushes: Command, options: tuple[str, ...], said: str) -> None:
    ended = rushes("evidence", *options)

    assert ended.code == 2
    assert said in ended.err


def test_json_holds_every_field(rushes: Command, home: Path) -> None:
    row = evidence(source="imported", detail={"how": ["imported"]})
    record(home, [row])

    ended = rushes("evidence", "--json")

    assert ended.json == [row.json() | {"outdated": False}]
    assert ended.json[0]["observed"] == row.observed.isoformat()
    assert set(ended.json[0]) >= {"mode", "length", "resolution", "audio", "mean", "sd", "n", "simulated", "run"}


def test_without_any_it_is_an_empty_list(rushes: Command) -> None:
    assert rushes("evidence", "--json").json == []


def test_what_a_run_is_called_cannot_move_the_cursor(rushes: Command, home: Path) -> None:
    record(home, [evidence(run="mini\x1b[2J")])

    assert "\x1b" not in rushes("evidence").out


def test_help_says_what_it_shows(rushes: Command) -> None:
    ended = rushes("evidence", "--help")

    assert ended.code == 0
    assert "Only endpoints of this model." in ended.out
