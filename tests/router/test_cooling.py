"""An endpoint that turned jobs away is left alone for a moment, where another one is there."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from rushes import Rushes
from rushes.errors import VideoError
from rushes.http import httpx
from rushes.router.route import Filter
from rushes.simulator.faults import Fault
from tests.jobs.conftest import Simulated, takes_of
from tests.router.chains import Answer, Line, policy, said

SORA, LITE, VEO, OWN = "openai/sora-2", "vertex/veo-3.1-lite", "vertex/veo-3.1", "vllm-omni/wan-2.2"
CHAIN = policy(SORA, VEO)
BUSY = said(429, "rate_limit_exceeded")


async def left_out(rushes: Rushes, endpoint: str = SORA) -> dict[Filter, str]:
    """Why an endpoint is left out of a route now; empty where it is not."""
    route = await rushes.route("a kite", policy=policy(endpoint, VEO))
    return {
        filter: reason
        for each in route.excluded
        if each.candidate.endpoint.id == endpoint
        for filter, reason in each.because
    }


async def turned_away(rushes: Rushes, line: Line, *answers: Answer) -> None:
    """Sends one clip to Sora, which answers so, and is left for Veo, which will not have it either."""
    line.answers = {"openai": [*answers], "vertex": [said(400)]}
    [result] = await rushes.generate_all("a kite", policy=policy(SORA, VEO, fallback={"patience": 0}))
    assert isinstance(result, VideoError)
    line.answers = {}


# --- what cools, and for how long -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (BUSY, 5),
        (said(429, "rate_limit_exceeded", retry_after="47"), 47),
        (said(429, "rate_limit_exceeded", retry_after="7200"), 600),
        (httpx.ConnectError("refused"), 10),
        (said(401, "invalid_api_key"), 600),
        (said(403), 600),
    ],
)
async def test_who_turns_a_job_away_is_left_alone_for_so_many_seconds(
    answer: Answer, seconds: int, simulated: Simulated, line: Line
) -> None:
    async with simulated.open() as rushes:
        await turned_away(rushes, line, answer)
        reasons = await left_out(rushes)

    assert reasons["cooling"].startswith(f"not asked for another {seconds} s: ")


@pytest.mark.parametrize("answer", [said(400), said(404, "model_not_found", "the model does not exist")])
async def test_a_request_or_a_model_that_is_not_taken_says_nothing_of_the_next(
    answer: httpx.Response, simulated: Simulated, line: Line
) -> None:
    async with simulated.open() as rushes:
        await turned_away(rushes, line, answer)
        assert "cooling" not in await left_out(rushes)


async def test_pauses_double_up_to_the_longest_and_an_accepted_job_ends_that(simulated: Simulated, line: Line) -> None:
    pauses = []

    async with simulated.open() as rushes:
        for each in range(10):
            if each == 9:
                await rushes.generate("a kite", policy=policy(SORA))
            await turned_away(rushes, line, BUSY)
            pauses.append((await left_out(rushes))["cooling"].split(":")[0].removeprefix("not asked for another "))
            await rushes.clock.sleep(700)

    assert pauses == ["5 s", "10 s", "20 s", "40 s", "80 s", "160 s", "320 s", "600 s", "600 s", "5 s"]


# --- what a cooling endpoint means for a route ------------------------------------------------------------------------


async def test_a_cooling_endpoint_is_left_out_of_the_route_with_the_reason(simulated: Simulated, line: Line) -> None:
    async with simulated.open() as rushes:
        await turned_away(rushes, line, said(429, "rate_limit_exceeded", "slow down", retry_after="90"))
        reasons = await left_out(rushes)
        take = await rushes.generate("a kite", policy=CHAIN)
        assert await left_out(rushes) == {}  # the other took longer than ninety seconds

    assert [*reasons] == ["cooling"]
    assert reasons["cooling"].startswith("not asked for another 90 s: ")
    assert "slow down" in reasons["cooling"]
    assert take.endpoint == VEO


async def test_another_endpoint_of_the_same_provider_is_not_left_out(simulated: Simulated, line: Line) -> None:
    async with simulated.open() as rushes:
        await turned_away(rushes, line, said(429, "rate_limit_exceeded", retry_after="90"))

        assert "cooling" in await left_out(rushes, SORA)
        assert await left_out(rushes, "openai/sora-2-pro") == {}


async def test_an_endpoint_that_was_named_is_waited_for_and_not_refused(simulated: Simulated, line: Line) -> None:
    async with simulated.open() as rushes:
        await turned_away(rushes, line, said(429, "rate_limit_exceeded", retry_after="90"))
        begun = rushes.clock.now()
        take = await rushes.generate("a kite", endpoint=SORA)
        job = await rushes.job(take.job)

    assert job.sending is not None
    assert (job.sending - begun).total_seconds() == pytest.approx(90, abs=1)
    assert job.attempts == 1


async def test_jobs_that_wait_already_learn_of_it_too(simulated: Simulated, line: Line) -> None:
    """Four clips at once: the first 429 holds the others back, and none is sent into the closed door."""
    sent: list[datetime] = []

    async with simulated.open() as rushes:

        async def noted(request: httpx.Request) -> None:
            sent.append(rushes.clock.now())

        line.before = noted
        line.answers["vllm-omni"] = [said(429, "rate_limit_exceeded", retry_after="30"), None]
        takes_of(await rushes.generate_all("a kite", count=3, endpoint=OWN))

    assert len(sent) == 4
    assert (sent[1] - sent[0]).total_seconds() >= 30


async def test_after_a_failure_the_only_other_endpoint_is_waited_for_while_it_rests(
    simulated: Simulated, line: Line
) -> None:
    """As it would be were it the only one from the start."""
    async with simulated.open() as rushes:
        await turned_away(rushes, line, said(429, "rate_limit_exceeded", retry_after="90"))
        line.answers = {"vertex": [said(400)]}
        begun = rushes.clock.now()
        take = await rushes.generate("a kite", policy=policy(VEO, SORA, fallback={"patience": 0}))
        job = await rushes.job(take.job)

    assert (take.endpoint, job.attempts) == (SORA, 1)
    assert job.sending is not None
    assert (job.sending - begun).total_seconds() == pytest.approx(90, abs=1)


# --- what does not cool -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["poll_500", "poll_429", "poll_cut", "expired_link", "link_404_once"])
async def test_trouble_with_polls_and_downloads_cools_nothing(fault: str, simulated: Simulated, line: Line) -> None:
    line.faults = [Fault(fault, times=4)]

    async with simulated.open() as rushes:
        await rushes.generate_all("a kite", endpoint=SORA)
        assert await left_out(rushes) == {}


@pytest.mark.parametrize(("fault", "pauses"), [("late_failure", True), ("moderated", False)])
async def test_three_jobs_in_a_row_that_come_to_nothing_are_an_outage(
    fault: str, pauses: bool, simulated: Simulated, line: Line
) -> None:
    line.faults = [Fault(fault, times=3)]

    async with simulated.open() as rushes:
        for each in range(3):
            assert await left_out(rushes) == {}
            [result] = await rushes.generate_all(f"kite {each}", endpoint=SORA)
            assert isinstance(result, VideoError)
        reasons = await left_out(rushes)

    assert ("cooling" in reasons) is pauses
    if pauses:
        assert reasons["cooling"].startswith("not asked for another 60 s: 3 jobs in a row failed: ")


async def test_a_clip_in_between_begins_the_count_anew(simulated: Simulated, line: Line) -> None:
    line.faults = [Fault("late_failure", times=2), Fault("late_failure", times=2, after=3)]

    async with simulated.open() as rushes:
        for each in range(5):
            await rushes.generate_all(f"kite {each}", endpoint=SORA)
        assert await left_out(rushes) == {}


async def test_another_process_has_seen_nothing_of_it(simulated: Simulated, line: Line) -> None:
    async with simulated.open() as rushes:
        await turned_away(rushes, line, said(429, "rate_limit_exceeded", retry_after="500"))

    async with simulated.open() as rushes:
        assert await left_out(rushes) == {}


# --- by key -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def keyed(simulated: Simulated, tmp_path: Path) -> Simulated:
    keys: dict[str, Any] = {name: {"key_variables": [name.upper()]} for name in ("north", "south")}
    (tmp_path / "keyed").mkdir()
    text = yaml.safe_dump({"openai": {"like": "openai", "credentials": keys}})
    (tmp_path / "keyed" / "providers.yaml").write_text(text)
    return Simulated(simulated.home, tmp_path / "keyed")


async def test_an_endpoint_cools_only_with_the_key_that_was_turned_away(keyed: Simulated, line: Line) -> None:
    async with keyed.open() as rushes:
        await turned_away(rushes, line, said(429, "rate_limit_exceeded", retry_after="300"))
        assert await left_out(rushes) == {}
        first = await rushes.generate("a boat", policy=CHAIN)
        [job, *_, bad] = await rushes.jobs()

    assert first.endpoint == SORA
    assert {job.credential, bad.credential} == {"north", "south"}


async def test_an_endpoint_that_cools_with_every_key_is_left_out_until_the_first_is_well(
    keyed: Simulated, line: Line
) -> None:
    async with keyed.open() as rushes:
        await turned_away(rushes, line, said(429, "rate_limit_exceeded", retry_after="300"))
        await turned_away(rushes, line, said(429, "rate_limit_exceeded", retry_after="60"))
        reasons = await left_out(rushes)
        await rushes.clock.sleep(61)
        later = await left_out(rushes)

    assert reasons["cooling"].startswith("not asked for another 60 s: ")
    assert later == {}


async def test_where_all_that_could_make_it_are_cooling_they_are_waited_for(simulated: Simulated, line: Line) -> None:
    async with simulated.open() as rushes:
        await turned_away(rushes, line, said(429, "rate_limit_exceeded", retry_after="30"))
        take = await rushes.generate("a kite", policy=policy(SORA))

    assert take.endpoint == SORA
