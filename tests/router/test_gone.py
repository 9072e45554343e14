"""An endpoint that answers that it is retired is off for later routes, until it takes a job again."""

from __future__ import annotations

from datetime import date

import pytest

from rushes import Rushes
from rushes.errors import Retired, VideoError
from rushes.ledger import State
from tests.jobs.conftest import Simulated
from tests.router.chains import RETIRED, Line, policy, said

SORA, VEO = "openai/sora-2", "vertex/veo-3.1"
CHAIN = policy(SORA, VEO)


async def usable(rushes: Rushes) -> list[str]:
    return [plan.endpoint.id for plan in (await rushes.route("a kite", policy=CHAIN)).plans]


async def told(simulated: Simulated, line: Line, **how: object) -> str:
    """Has Sora answer once that it is retired; the job that was told so."""
    line.answers["openai"] = [RETIRED]
    async with simulated.open(**how) as rushes:
        with pytest.raises(Retired):
            await rushes.generate("a kite", endpoint=SORA)
        [job, *_] = await rushes.jobs()
    line.answers.clear()
    return job.id


async def test_it_is_left_out_with_the_day_and_the_job_also_by_another_process(
    simulated: Simulated, line: Line
) -> None:
    job = await told(simulated, line)

    async with simulated.open() as rushes:
        route = await rushes.route("a kite", policy=CHAIN)
        [gone] = await rushes.gone()
        take = await rushes.generate("a kite", policy=CHAIN)

    [left] = [each for each in route.excluded if each.candidate.endpoint.id == SORA]
    assert left.filters == ("off",)
    assert left.reasons[0].startswith(f"answered on 2026-08-01 that it is retired (job {job}: ")
    assert left.reasons[0].endswith(f"--endpoint {SORA} asks it again")
    assert (gone.endpoint, gone.job, gone.as_of) == (SORA, job, "2026-08-01")
    assert take.endpoint == VEO
    assert take.route is not None


async def test_the_same_call_goes_on_with_the_next_endpoint(simulated: Simulated, line: Line) -> None:
    line.answers["openai"] = [RETIRED]

    async with simulated.open() as rushes:
        take = await rushes.generate("a kite", policy=CHAIN)
        await rushes.generate("a boat", policy=CHAIN)

    assert take.endpoint == VEO
    assert [request.url.path.startswith("/openai") for request in line.submits] == [True, False, False]


async def test_named_it_is_asked_again_and_on_again_once_it_took_a_job(simulated: Simulated, line: Line) -> None:
    await told(simulated, line)

    async with simulated.open() as rushes:
        assert await usable(rushes) == [VEO]
        take = await rushes.generate("a kite", endpoint=SORA)
        assert await usable(rushes) == [SORA, VEO]
        assert await rushes.gone() == []

    assert take.endpoint == SORA


async def test_named_and_still_retired_it_stays_off(simulated: Simulated, line: Line) -> None:
    first = await told(simulated, line)
    second = await told(simulated, line)

    async with simulated.open() as rushes:
        assert await usable(rushes) == [VEO]
        assert [each.job for each in await rushes.gone()] == [second]

    assert first != second


async def test_a_job_that_it_took_before_does_not_turn_it_on(simulated: Simulated, line: Line) -> None:
    async with simulated.open() as rushes:
        await rushes.generate("a kite", endpoint=SORA)
    await told(simulated, line)

    async with simulated.open() as rushes:
        assert await usable(rushes) == [VEO]


async def test_only_what_says_retired_turns_it_off(simulated: Simulated, line: Line) -> None:
    line.answers["openai"] = [said(404, "not_found", "no such path")]

    async with simulated.open() as rushes:
        with pytest.raises(VideoError):
            await rushes.generate("a kite", endpoint=SORA)
        assert await rushes.gone() == []


async def test_a_world_of_an_earlier_day_knows_nothing_of_it(simulated: Simulated, line: Line) -> None:
    await told(simulated, line)

    async with simulated.open(as_of=date(2026, 7, 1)) as earlier:
        assert await usable(earlier) == [SORA, VEO]
    async with simulated.open(as_of=date(2026, 8, 20)) as later:
        assert await usable(later) == [VEO]


async def test_a_simulated_answer_turns_nothing_real_off(simulated: Simulated, line: Line) -> None:
    await told(simulated, line)

    environ = {"OPENAI_API_KEY": "sk-any", "GOOGLE_CLOUD_PROJECT": "p", "VERTEX_ACCESS_TOKEN": "any"}
    async with simulated.open(simulate=False, as_of=date(2026, 8, 1), environ=environ) as real:
        assert await real.gone() == []
        assert await usable(real) == [SORA, VEO]


async def test_a_caller_that_allows_only_what_is_off_is_told_so(simulated: Simulated, line: Line) -> None:
    job = await told(simulated, line)

    async with simulated.open() as rushes:
        with pytest.raises(VideoError, match=f"answered on 2026-08-01 that it is retired .job {job}"):
            await rushes.generate("a kite", policy=policy(SORA))
        assert [each.state for each in await rushes.jobs()] == [State.FAILED]
