"""Work that takes its time: a `Rushes` is opened, progress shows, and Ctrl-C leaves everything in good order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from rushes.amounts import usd
from rushes.cli.ending import Interrupted
from rushes.cli.options import Common
from rushes.cli.progress import Progress

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.ledger import Job

Result = TypeVar("Result")


def work(common: Common, doing: Callable[[Rushes], Awaitable[Result]], **settings: Any) -> Result:
    """What `doing` returns. Raises Interrupted, with what became of the jobs, after Ctrl-C."""
    return asyncio.run(_work(common, doing, settings))


def look(common: Common, reading: Callable[[Rushes], Awaitable[Result]]) -> Result:
    """What `reading` returns; goes on with no job and shows no progress."""

    async def once() -> Result:
        async with common.rushes(resume=False) as rushes:
            return await reading(rushes)

    return asyncio.run(once())


async def _work(common: Common, doing: Callable[[Rushes], Awaitable[Result]], settings: dict[str, Any]) -> Result:
    left: list[str] = []
    with Progress(simulated=common.simulate) as progress:
        try:
            async with common.rushes(on_event=progress.event, **settings) as rushes:
                try:
                    return await doing(rushes)
                except asyncio.CancelledError:
                    left = await _set_down(rushes)
                    raise
        except asyncio.CancelledError:
            if not progress.interrupted:
                raise
            # Closing has waited for what was on its way, so the ledger now knows all there is to know.
            raise Interrupted(await _became(common, left)) from None


async def _set_down(rushes: Rushes) -> list[str]:
    """Gives up what has not been sent; returns every job this process was busy with."""
    jobs = await rushes.mine()
    for job in jobs:
        await rushes.withdraw(job.id)
    return [job.id for job in jobs]


async def _became(common: Common, ids: Iterable[str]) -> str:
    async with common.rushes(resume=False) as rushes:
        lines = [_line(await rushes.job(id), common.again()) for id in ids]
    return "\n".join(["Interrupted.", *(lines or ["Nothing was sent."])])


def _line(job: Job, options: str) -> str:
    from rushes.jobs.money import counted
    from rushes.ledger import PARKED, State

    cost = usd(counted(job))
    match job.state:
        case State.RUNNING:
            return (
                f"Job {job.id} goes on at {job.endpoint} and counts for {cost}: "
                f"`rushes jobs resume {job.id}{options}` waits for it and fetches the clip."
            )
        case State.CANCELLED:
            return f"Job {job.id} had not been sent: it was given up, and nothing is billed."
        case state if state in PARKED:
            return f"Job {job.id} is {state} and may cost {cost}: `rushes jobs show {job.id}{options}` says more."
        case state:
            return f"Job {job.id}: {state}; `rushes jobs show {job.id}{options}` says more."
