"""`rushes jobs` and `rushes takes`: what became of everything, and a person's decisions."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command, jobs_sent

VEO = ("--simulate", "--endpoint", "vertex/veo-3.1-lite", "--seconds", "4", "--no-audio")
WAN = ("--simulate", "--endpoint", "dashscope-intl/wan-2.5", "--resolution", "480p")


@pytest.fixture
def unclear(rushes: Command) -> str:
    """A job whose answer was lost and which the vendor does not list."""
    rushes("generate", "a red kite", *VEO, "--fault", "drop_after_accept")
    [job] = rushes("jobs", "--json").json
    assert job["state"] == "unclear"
    return str(job["id"])


def only(values: list[Any]) -> Any:
    [value] = values
    return value


def test_an_empty_home_has_neither_jobs_nor_takes(rushes: Command) -> None:
    assert rushes("jobs").out == "There are no such jobs.\n"
    assert rushes("takes").out.startswith("There are no takes yet")
    assert rushes("takes", "--json").json == []


def test_a_finished_job_and_its_take_are_listed_and_shown(rushes: Command) -> None:
    rushes("generate", "a red kite", *WAN)

    job = only(rushes("jobs", "--json", "--state", "succeeded").json)
    take = only(rushes("takes", "--json").json)

    assert job["spent"] == "0.25"
    assert take["job"] == job["id"]
    listed = rushes("jobs", "list").out
    assert job["id"] in listed
    assert "simulated" in listed
    shown = rushes("jobs", "show", job["id"]).out
    assert "a red kite" in shown
    assert take["path"] in shown
    assert rushes("jobs", "show", job["id"], "--json").json["takes"] == [take]
    assert take["path"] in rushes("takes").out


def test_a_state_that_does_not_exist_is_answered_with_those_that_do(rushes: Command) -> None:
    ended = rushes("jobs", "--state", "lots")

    assert ended.code == 2
    assert "unclear" in ended.err


def test_an_unknown_job_is_named(rushes: Command) -> None:
    for command in (["show"], ["resume"], ["resolve", "--write-off"]):
        ended = rushes("jobs", command[0], "job-none", *command[1:])

        assert ended.code == 2
        assert "there is no job 'job-none'" in ended.err


def test_an_overdue_job_is_resumed_and_may_become_overdue_again(rushes: Command, home: Path) -> None:
    rushes("generate", "a red kite", *WAN, "--fault", "never_finishes")
    job = only(rushes("jobs", "--json", "--state", "overdue").json)

    ended = rushes("jobs", "resume", job["id"], "--simulate")

    assert ended.code == 4
    assert "still counts for" in ended.err
    assert jobs_sent(home) == 1


def test_all_goes_on_with_what_is_overdue_and_leaves_other_worlds_alone(rushes: Command) -> None:
    rushes("generate", "a red kite", *WAN, "--fault", "never_finishes")

    assert rushes("jobs", "resume", "--all", "--simulate").code == 4
    elsewhere = rushes("jobs", "resume", "--all")
    assert elsewhere.code == 0
    assert "nothing to go on with" in elsewhere.err


def test_resume_wants_names_or_all_but_not_both(rushes: Command) -> None:
    assert rushes("jobs", "resume").code == 2
    assert rushes("jobs", "resume", "job-none", "--all").code == 2


def test_a_job_that_is_written_off_stays_counted(rushes: Command, unclear: str) -> None:
    ended = rushes("jobs", "resolve", unclear, "--write-off", "--simulate")

    assert ended.code == 0
    job = only(rushes("jobs", "--json").json)
    assert job["state"] == "lost"
    assert job["settled_how"] == "assumed"
    assert f"${job['settled'][:4]} stay counted" in ended.out


def test_a_job_that_is_sent_again_makes_a_clip_and_both_count(rushes: Command, unclear: str, home: Path) -> None:
    ended = rushes("jobs", "resolve", unclear, "--resubmit", "--simulate", "--json")

    assert ended.code == 0
    assert ended.json["prompt"] == "a red kite"
    assert jobs_sent(home) == 2
    states = {job["state"]: job["spent"] for job in rushes("jobs", "--json").json}
    assert states.keys() == {"succeeded", "lost"}
    assert "0" not in states.values()


def test_a_job_is_not_sent_again_beyond_the_cap(rushes: Command, unclear: str, home: Path) -> None:
    ended = rushes("jobs", "resolve", unclear, "--resubmit", "--simulate", "--max-usd", "0.01")

    assert ended.code == 3
    assert "over the cap of $0.01" in ended.err
    assert jobs_sent(home) == 1


def test_the_vendors_job_can_be_adopted(rushes: Command, unclear: str, home: Path) -> None:
    [world] = home.glob("simulator/*/world.sqlite")
    connection = sqlite3.connect(world)
    [(id, row)] = connection.execute("SELECT id, row FROM jobs").fetchall()
    connection.close()
    asked = json.loads(row)["asked"]
    vendors = f"{asked['settings']['place']}/publishers/google/models/{asked['model']}/operations/{id}"

    ended = rushes("jobs", "resolve", unclear, "--adopt", vendors, "--simulate", "--json")

    assert ended.code == 0
    assert ended.json["job"] == unclear
    assert jobs_sent(home) == 1


def test_a_decision_is_one_of_three(rushes: Command, unclear: str) -> None:
    assert rushes("jobs", "resolve", unclear, "--simulate").code == 2
    assert rushes("jobs", "resolve", unclear, "--resubmit", "--write-off", "--simulate").code == 2


def test_only_jobs_that_stand_still_need_a_decision(rushes: Command) -> None:
    rushes("generate", "a red kite", *WAN, "--fault", "moderated_at_once")
    job = only(rushes("jobs", "--json").json)

    ended = rushes("jobs", "resolve", job["id"], "--write-off", "--simulate")

    assert ended.code == 2
    assert "is failed; only unclear and overdue ones" in ended.err


def test_a_simulated_job_is_not_touched_in_the_real_world(rushes: Command, unclear: str) -> None:
    ended = rushes("jobs", "resolve", unclear, "--write-off", "--yes")

    assert ended.code == 2
    assert "--simulate" in ended.err
    assert only(rushes("jobs", "--json").json)["state"] == "unclear"
