"""A job of which nobody knows whether it was accepted: adopted where it is certain, never sent again, else decided by a
person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.config import Limits
from rushes.errors import BadInput, OverBudget, SetupError, Unclear
from rushes.http import httpx
from rushes.jobs.machine import LOOKS
from rushes.jobs.orders import error_of
from rushes.ledger import Intent, Job, Ledger, State
from rushes.providers.base import Ticket
from rushes.take import Take
from tests.jobs.conftest import Simulated, takes_of
from tests.jobs.session import Vendor, session, trouble, video

LOST = httpx.ReadTimeout("no answer")
#: From the submit to the first look: guard, submit time-out and the list's own lag.
SETTLE = 10 + 120 + 15


async def ended(tmp_path: Path, vendor: Vendor, **changes: Any) -> Job:
    async with session(tmp_path, vendor) as here:
        return await here.run(**changes)


def looks(vendor: Vendor) -> list[float]:
    return [at for at, request in vendor.asked if request.url.path == "/v1/videos"]


def listing(*listed: Sequence[dict[str, Any]], **more: Any) -> Vendor:
    """A vendor that never answered the submit, and lists these jobs at one look after another."""
    return Vendor([LOST], polls=[trouble(404)], lists=listed, **more)


async def test_the_only_job_that_fits_is_adopted(tmp_path: Path) -> None:
    vendor = listing([])
    vendor = listing([vendor.listed(1), vendor.listed(2, id="video_8", prompt="a boat")])

    job = await ended(tmp_path, vendor)

    assert job.ticket == {"id": "video_7", "extra": {}}
    assert len(vendor.posts) == 1


async def test_nothing_is_looked_up_before_the_vendor_can_have_listed_it(tmp_path: Path) -> None:
    vendor = listing([Vendor().listed(1)])

    await ended(tmp_path, vendor)

    assert looks(vendor) == [pytest.approx(SETTLE)]


async def test_a_job_that_is_listed_late_is_adopted_at_the_next_look(tmp_path: Path) -> None:
    vendor = listing([], [Vendor().listed(1)])

    job = await ended(tmp_path, vendor)

    assert job.ticket == {"id": "video_7", "extra": {}}
    assert looks(vendor) == pytest.approx([SETTLE, 2 * SETTLE])


@pytest.mark.parametrize(
    "listed",
    [
        [],
        [Vendor().listed(1), Vendor().listed(2, id="video_8")],
        [Vendor().listed(1, prompt=None)],
        [Vendor().listed(1, prompt="a boat")],
        [Vendor().listed(1, model="sora-2-pro")],
        [Vendor().listed(1, seconds="8")],
        [Vendor().listed(1, size="720x1280")],
        [Vendor().listed(-60)],
        [Vendor().listed(SETTLE + 60)],
    ],
    ids=["none", "two", "unsure", "prompt", "model", "seconds", "size", "earlier", "later"],
)
async def test_what_is_not_certainly_ours_is_left_to_a_person(listed: list[dict[str, Any]], tmp_path: Path) -> None:
    vendor = listing(listed)

    job = await ended(tmp_path, vendor)

    assert (job.state, job.ticket, job.settled) == (State.UNCLEAR, None, None)
    assert len(looks(vendor)) == LOOKS
    assert len(vendor.posts) == 1
    error = error_of(job)
    assert isinstance(error, Unclear)
    assert "may have cost $0.4" in error.message
    assert f"rushes jobs resolve {job.id}" in (error.hint or "")


async def test_a_list_that_cannot_be_read_is_asked_again_and_then_left_to_a_person(tmp_path: Path) -> None:
    vendor = Vendor([LOST], lists=[trouble(500)])

    job = await ended(tmp_path, vendor)

    assert (job.state, len(looks(vendor)), len(vendor.posts)) == (State.UNCLEAR, LOOKS, 1)


async def test_a_list_that_fails_once_is_read_the_next_time(tmp_path: Path) -> None:
    vendor = Vendor([LOST], polls=[trouble(404)], lists=[httpx.ReadError("cut"), [Vendor().listed(1)]])

    job = await ended(tmp_path, vendor)

    assert job.ticket == {"id": "video_7", "extra": {}}


async def test_a_vendor_job_that_another_job_of_ours_holds_is_not_adopted(tmp_path: Path) -> None:
    vendor = Vendor([video("queued", id="video_7"), LOST], polls=[video(id="video_7")], lists=[[Vendor().listed(1)]])

    async with session(tmp_path, vendor) as here:
        first = await here.order()
        here.driver.wake(first)
        while (await here.fresh(first)).state is not State.RUNNING:
            await vendor.clock.sleep(0.1)
        second = await here.driver.wait(await here.order())

    assert (second.state, second.ticket) == (State.UNCLEAR, None)


async def test_two_unclear_jobs_that_could_both_claim_it_leave_it_to_a_person(tmp_path: Path) -> None:
    vendor = Vendor([LOST], lists=[[Vendor().listed(1)]])

    async with session(tmp_path, vendor) as here:
        jobs = await asyncio.gather(here.run(), here.run())

    assert {job.state for job in jobs} == {State.UNCLEAR}


async def test_an_unclear_job_that_asked_for_something_else_is_no_rival(tmp_path: Path) -> None:
    vendor = Vendor([LOST], polls=[trouble(404)], lists=[[Vendor().listed(1)]])

    async with session(tmp_path, vendor) as here:
        kite, boat = await asyncio.gather(here.run("a kite"), here.run("a boat"))

    assert kite.ticket == {"id": "video_7", "extra": {}}
    assert boat.state is State.UNCLEAR


async def test_an_unclear_job_at_another_address_is_no_rival(tmp_path: Path) -> None:
    vendor = Vendor([LOST], polls=[trouble(404)], lists=[[Vendor().listed(1)]])

    async with session(tmp_path, vendor) as here:
        await here.order(state=State.UNCLEAR, base_url="https://other.test/v1", sending=vendor.clock.now())
        job = await here.run()

    assert job.ticket == {"id": "video_7", "extra": {}}


async def test_where_nothing_is_listed_nobody_asks(tmp_path: Path) -> None:
    vendor = Vendor([LOST])

    async with session(tmp_path, vendor, endpoint="vertex/veo-3.1") as here:
        job = await here.run()

    assert (job.state, len(vendor.posts), vendor.asked) == (State.UNCLEAR, 1, [])


async def test_a_process_that_ended_while_sending_leaves_an_unclear_job_that_the_next_one_adopts(
    tmp_path: Path,
) -> None:
    vendor = Vendor([], polls=[trouble(404)], lists=[[Vendor().listed(1)]])
    async with session(tmp_path, vendor) as dead:
        job = await dead.order(state=State.SENDING, sending=vendor.clock.now())

    async with session(tmp_path, vendor) as here:
        [taken] = await here.driver.resume(lambda _: True)
        found = await here.driver.wait(taken)

    assert (found.id, found.ticket, vendor.posts) == (job.id, {"id": "video_7", "extra": {}}, [])


async def test_without_a_key_an_unclear_job_waits_for_a_person_and_holds_nobody_up(tmp_path: Path) -> None:
    async with session(tmp_path, Vendor()) as dead:
        await dead.order(state=State.UNCLEAR, sending=dead.vendor.clock.now())

    async with session(tmp_path, Vendor(), has_key=lambda: False) as here:
        [taken] = await here.driver.resume(lambda _: True)
        found = await asyncio.wait_for(here.driver.wait(taken), 10)

    assert found.state is State.UNCLEAR


# --- what a person may decide -----------------------------------------------------------------------------------------

UNCLEAR = "a kite [simulate: drop_after_accept]"
NEVER_MADE = "a kite [simulate: drop_before_accept]"
VEO: dict[str, Any] = {"endpoint": "vertex/veo-3.1", "seconds": 4, "audio": False}


async def unclear_job(rushes: Any, prompt: str) -> Job:
    [result] = await rushes.generate_all(prompt, **VEO)
    assert isinstance(result, Unclear)
    [job] = await rushes.jobs()
    assert isinstance(job, Job)
    return job


async def test_a_job_that_a_person_found_is_gone_on_with(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        job = await unclear_job(rushes, UNCLEAR)
        [made] = simulated.accepted()
        name = (
            f"projects/simulated/locations/us-central1/publishers/google/models/{made['model']}/operations/{made['id']}"
        )

        [take] = takes_of(await rushes.wait(await rushes.adopt(job.id, Ticket(name))))
        found = await rushes.job(job.id)

    assert take.path.exists()
    assert (found.state, found.settled, found.reason) == (State.SUCCEEDED, 800_000, "adopted by hand")
    assert len(simulated.accepted()) == 1


async def test_a_job_that_is_written_off_counts_in_full(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        job = await unclear_job(rushes, NEVER_MADE)

        found = await rushes.write_off(job.id)

        assert (found.state, found.settled, found.settled_how) == (State.LOST, 800_000, "assumed")
        assert await rushes.spent() == Decimal("0.8")


async def test_a_job_that_is_sent_again_by_hand_is_a_second_job_of_the_same_order_and_both_count(
    simulated: Simulated,
) -> None:
    async with simulated.open() as rushes:
        job = await unclear_job(rushes, UNCLEAR.replace("]", " x1]"))
        [order] = await rushes.orders_of(job.id)

        second = await rushes.resubmit(job.id)

        assert second.id != job.id
        assert second.body_sha256 == job.body_sha256
        assert await rushes.orders_of(second.id) == [order]
        assert (await rushes.job(job.id)).state is State.LOST
        [result] = await rushes.wait(second)
        assert await rushes.spent() == Decimal("1.6")
    assert isinstance(result, Unclear)  # the fault strikes every submit with that prompt
    assert len(simulated.accepted()) == 2


async def test_sending_it_again_may_be_capped(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        job = await unclear_job(rushes, NEVER_MADE)

        with pytest.raises(OverBudget, match=r"may cost \$0\.8"):
            await rushes.resubmit(job.id, max_usd=Decimal("0.5"))

        assert (await rushes.job(job.id)).state is State.UNCLEAR
        assert len(await rushes.jobs()) == 1


@pytest.mark.parametrize("how", ["closed", "given up"])
async def test_a_decision_to_send_it_again_stands_though_nobody_waits_for_it_any_more(
    how: str, simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the moment at which the new job is in the ledger and the old one written off."""
    ending: list[asyncio.Task[None]] = []
    intend = Ledger.intend

    async def and_then(self: Ledger, intent: Intent) -> None:
        await intend(self, intent)
        if intent.instead_of is not None:
            if how == "closed":
                ending.append(asyncio.create_task(rushes.close()))
            else:
                deciding.cancel()
            for _ in range(9):  # until the one who decided has been told
                await asyncio.sleep(0)

    monkeypatch.setattr(Ledger, "intend", and_then)
    async with simulated.open(faults=["drop_after_accept"]) as rushes:
        job = await unclear_job(rushes, "a kite")
        deciding = asyncio.create_task(rushes.resubmit(job.id))
        [told] = await asyncio.gather(deciding, return_exceptions=True)
        await asyncio.gather(*ending)
    assert isinstance(told, SetupError if how == "closed" else asyncio.CancelledError)

    async with simulated.open() as rushes:
        second, first = await rushes.jobs()
        assert (first.state, second.notes[-1]) == (State.LOST, f"resubmitted for {job.id}")
        assert second.state not in (State.CANCELLED, State.LOST)
        [result] = await rushes.wait(second)
    # One that was sent in the first session meets its fault.
    assert isinstance(result, Take | Unclear)
    assert len(simulated.accepted()) == 2


async def test_a_resubmitted_job_is_given_up_by_nobody_but_a_person(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        job = await unclear_job(rushes, UNCLEAR)
        deciding = asyncio.create_task(rushes.resubmit(job.id))
        with rushes.clock.working():  # its endpoint is left alone for a moment after the first
            second = await deciding

            # As a command does that is interrupted.
            assert await rushes.withdraw(second.id) == second
            assert second.state is State.QUEUED
            assert await rushes._ledger.bytes_of(second.id) is not None
            assert (await rushes.cancel(second.id)).state is State.CANCELLED


async def test_only_what_stands_still_can_be_decided(simulated: Simulated) -> None:
    async with simulated.open() as rushes:
        await rushes.generate("a kite", **VEO)
        [job] = await rushes.jobs()

        for decide in (rushes.write_off(job.id), rushes.resubmit(job.id), rushes.adopt(job.id, Ticket("x"))):
            with pytest.raises(BadInput, match="only unclear and overdue ones need a decision"):
                await decide


async def test_looking_again_later_adopts_what_was_listed_too_late(tmp_path: Path) -> None:
    vendor = listing(*[[]] * LOOKS, [Vendor().listed(1)])

    async with session(tmp_path, vendor) as here:
        job = await here.run()
        assert job.state is State.UNCLEAR
        job = await here.driver.wait(job)

    assert job.ticket == {"id": "video_7", "extra": {}}


async def test_an_unclear_job_of_a_dead_process_is_looked_up_again_by_the_next(tmp_path: Path) -> None:
    vendor = listing([])
    async with session(tmp_path, vendor, limits=Limits(settle=5)) as dead:
        await dead.run()
    vendor = listing([Vendor().listed(1)])
    await vendor.clock.sleep(600)

    async with session(tmp_path, vendor) as here:
        [taken] = await here.driver.resume(lambda _: True)
        found = await here.driver.wait(taken)

    assert found.ticket == {"id": "video_7", "extra": {}}
