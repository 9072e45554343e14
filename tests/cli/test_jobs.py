"""`rushes jobs` and `rushes takes`: what became of everything, and a person's decisions."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command, jobs_sent
from tests.jobs.conftest import config

__all__ = ["config"]

VEO = ("--simulate", "--endpoint", "vertex/veo-3.1-lite", "--seconds", "4", "--no-audio")
WAN = ("--simulate", "--endpoint", "dashscope-intl/wan-2.5", "--resolution", "480p")


@pytest.fixture
def unclear(rushes: Command) -> str:
    """A job whose answer was lost and which the vendor does not list."""
    rushes("generate", "a red kite", *VEO, "--fault", "drop_after_accept")
    [job] = rushes("jobs", "--json").json
    assert job["state"] == "unclear"
    return str(job["id"])


@pytest.fixture
def overdue(rushes: Command, config: Path) -> str:
    """A job of a server that stops jobs on demand; our deadline passed while it was at work."""
    own = ("--simulate", "--config", config, "--endpoint", "vllm-omni/wan-2.2", "--fault", "never_finishes")
    rushes("generate", "a red kite", *own)
    return str(only(rushes("jobs", "--json", "--state", "overdue").json)["id"])


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


def test_a_job_is_cancelled_at_its_vendor_and_what_it_costs_is_said(
    rushes: Command, overdue: str, config: Path
) -> None:
    ended = rushes("jobs", "cancel", overdue, "--simulate", "--config", config)

    assert ended.code == 0
    assert f"Job {overdue} at vllm-omni/wan-2.2 is overdue and counts for $0.02" in ended.err
    assert f"Job {overdue} is cancelled and counts for $0.00 (not billed)." in ended.err
    assert only(rushes("jobs", "--json").json)["state"] == "cancelled"
    assert "taken by the vendor on 2026-08-01" in rushes("jobs", "show", overdue).out


def test_of_several_jobs_each_has_its_own_answer(rushes: Command, unclear: str, overdue: str, config: Path) -> None:
    ended = rushes("jobs", "cancel", unclear, overdue, "job-none", "--simulate", "--config", config, "--json")

    assert ended.code == 2
    first, second, third = ended.json
    assert "is unclear" in first["error"]["message"]
    assert f"`rushes jobs resolve {unclear} --config {config} --simulate`" in first["error"]["hint"]
    assert (second["id"], second["state"], second["takes"]) == (overdue, "cancelled", [])
    assert third == {"id": "job-none", "error": third["error"]}


def test_a_job_that_finished_before_it_could_be_cancelled_has_its_clip(
    rushes: Command, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ("--simulate", "--config", config)
    with monkeypatch.context() as hurried:
        hurried.setenv("RUSHES_DEADLINE", "5")
        rushes("generate", "a red kite", *own, "--endpoint", "vllm-omni/wan-2.2")
    job = only(rushes("jobs", "--json", "--state", "overdue").json)["id"]
    # The first one ends while this one is waited for in vain.
    rushes("generate", "a blue kite", *own, "--endpoint", "vllm-omni/wan-2.2", "--fault", "never_finishes")

    ended = rushes("jobs", "cancel", job, *own)

    assert ended.code == 0
    assert f"Job {job} had finished at the vendor already." in ended.err
    assert "a red kite" in rushes("jobs", "show", job).out
    assert only(rushes("jobs", "show", job, "--json").json["takes"])["path"] in ended.out


def test_a_vendor_that_stops_no_jobs_is_named_with_what_goes_on(rushes: Command) -> None:
    rushes("generate", "a red kite", *WAN, "--fault", "never_finishes")
    job = only(rushes("jobs", "--json", "--state", "overdue").json)["id"]

    ended = rushes("jobs", "cancel", job, "--simulate")

    assert ended.code == 3
    assert "Failed to cancel the task" in ended.err
    assert "counts for $0.25; stopping it may not change that" in ended.err
    assert "in PENDING status. It stays overdue and counts for $0.25" in ended.err


def test_to_cancel_somebody_has_to_be_named(rushes: Command) -> None:
    assert rushes("jobs", "cancel").code == 2


def test_what_a_list_tells_to_type_leads_to_the_same_ledger(rushes: Command, overdue: str, home: Path) -> None:
    def told(*command: str | Path) -> str:
        return " ".join(rushes("jobs", *command).out.split())

    assert f"`rushes jobs resume {overdue}` waits on" in told()
    assert f"`rushes jobs resume {overdue} --home {home}`" in told("--home", home)
    assert f"`rushes jobs resume {overdue} --simulate`" in told("show", overdue, "--simulate")
