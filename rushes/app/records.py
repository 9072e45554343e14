"""Looking back at what became of everything, and a person's decisions about jobs that stand still."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.app.calls import Openable, call
from rushes.app.given import as_dollars
from rushes.clock import Clock
from rushes.config import Limits
from rushes.errors import BadInput, VideoError

if TYPE_CHECKING:
    from rushes.app.reach import Reach
    from rushes.evidence import Evidence
    from rushes.jobs.driver import EmbeddedDriver
    from rushes.jobs.machine import Machine
    from rushes.ledger import Caps, Job, Ledger, Order, State
    from rushes.providers.base import Ticket
    from rushes.router.router import Router
    from rushes.router.run import Runner
    from rushes.take import Take


class Records(Openable):
    """The half of a Rushes that makes no clips. Whoever opens it sets everything that is named here first."""

    home: Path
    limits: Limits
    simulate: bool
    _clock: Clock
    _reach: Reach
    _ledger: Ledger
    _machine: Machine
    _driver: EmbeddedDriver
    _router: Router
    _runner: Runner

    # --- looking back -------------------------------------------------------------------------------------------------

    @call
    async def jobs(
        self, *, states: Iterable[State] | None = None, run: str | None = None, limit: int | None = None
    ) -> list[Job]:
        """Jobs, newest first."""
        return await self._ledger.jobs(states=states, run=run, limit=limit)

    @call
    async def job(self, id: str) -> Job:
        """One job. Raises BadInput for an unknown id."""
        found = await self._ledger.job(id)
        if found is None:
            raise BadInput(f"there is no job '{id}' in {self.home}", hint="`rushes jobs list` shows them.")
        return found

    @call
    async def mine(self) -> list[Job]:
        """The open and parked jobs that this process drives, newest first."""
        from rushes.ledger import OPEN, PARKED

        return [job for job in await self._ledger.jobs(states=OPEN | PARKED) if job.runner == self._ledger.runner]

    @call
    async def orders_of(self, job: str) -> list[Order]:
        """The orders that a job serves, by sample."""
        return await self._ledger.orders_of(job)

    @call
    async def orders(self, run: str) -> list[Order]:
        """Everything ordered under the name of a run."""
        return await self._ledger.orders(run=run)

    @call
    async def takes(self, *, run: str | None = None, job: str | None = None, limit: int | None = None) -> list[Take]:
        """Finished clips, newest first."""
        from rushes.take import take_of

        found = []
        for row in await self._ledger.takes(run=run, job=job, limit=limit):
            owner = await self.job(row.job)
            order = (await self._ledger.orders_of(row.job))[row.sample]
            found.append(take_of(row, owner, order, self.home))
        return found

    @call
    async def take(self, id: str) -> Take:
        """One take. Raises BadInput for an unknown id."""
        from rushes.take import take_of

        row = await self._ledger.take(id)
        if row is None:
            raise BadInput(f"there is no take '{id}' in {self.home}", hint="`rushes takes` shows them.")
        return take_of(row, await self.job(row.job), (await self._ledger.orders_of(row.job))[row.sample], self.home)

    @call
    async def evidence(self) -> list[Evidence]:
        """What benchmarks have found out about endpoints: simulated ones with `simulate`, else real ones."""
        return await self._ledger.evidence(simulated=self.simulate)

    @call
    async def record(self, found: Sequence[Evidence]) -> int:
        """Adds evidence; returns how much of it was new."""
        self._router.forget()
        return await self._ledger.record(found, datetime.now(UTC))

    # --- money --------------------------------------------------------------------------------------------------------

    @call
    async def spent(self, *, run: str | None = None, day: date | None = None) -> Decimal:
        """US dollars settled or reserved, over a run or a day."""
        from rushes.jobs.money import dollars

        text = None if day is None else day.isoformat()
        return dollars(await self._ledger.spent(simulated=self.simulate, run=run, day=text))

    @call
    async def reserve(
        self, what: str, amount: Decimal, *, run: str | None = None, run_max_usd: Decimal | float | str | None = None
    ) -> str:
        """Sets US dollars aside for something other than a clip, such as a judge's answer; returns its name.

        Counts in the caps of the run and the day. Raises OverBudget where one would be exceeded; then nothing may be
        sent. Until it is settled it counts in full.
        """
        from rushes.jobs import money
        from rushes.ledger import Expense, new_id

        now = self._clock.now()
        expense = Expense(
            id=new_id("expense"),
            at=now,
            what=what,
            run=run,
            day=now.date().isoformat(),
            simulated=self.simulate,
            reserved=money.micro(amount),
        )
        await self._ledger.reserve(expense, self._caps(as_dollars(run_max_usd)))
        return expense.id

    async def settle(self, expense: str, spent: Decimal) -> None:
        """Counts what it did cost, to the next micro-dollar."""
        from rushes.jobs import money

        self._must_be_open()  # no call: closing must not keep from the ledger what has been paid
        await self._ledger.settle(expense, money.micro(spent))

    def _caps(self, run_max_usd: Decimal | None) -> Caps:
        from rushes.jobs import money
        from rushes.ledger import Caps

        return Caps(
            run=None if run_max_usd is None else money.micro(run_max_usd),
            day=None if self.limits.max_usd_per_day is None else money.micro(self.limits.max_usd_per_day),
        )

    # --- deciding -----------------------------------------------------------------------------------------------------

    @call
    async def wait(self, job: Job) -> list[Take | VideoError]:
        """One result for each order of a job, once it has ended or stands still."""
        return await self._runner.results(await self._driver.wait(job))

    @call
    async def resume(self, id: str) -> Job:
        """Goes on with a job that stands still: an overdue one is polled again, an unclear one looked up again."""
        from rushes.ledger import State

        await self._driver.start()
        job = await self._own(id)
        if job.state is State.OVERDUE:
            job = await self._machine.extend_deadline(job)
        self._driver.wake(job)
        return job

    @call
    async def adopt(self, id: str, ticket: Ticket) -> Job:
        """Decides that the vendor's job `ticket` is what an unclear job became."""
        from rushes.ledger import State

        await self._driver.start()
        job = await self._parked(id)
        if job.state is State.OVERDUE:
            raise BadInput(
                f"job {id} is overdue and has the vendor's job already", hint=f"`rushes jobs resume {id}` waits on."
            )
        for other in await self._ledger.jobs():
            if other.ticket is not None and (other.base_url, other.ticket["id"]) == (job.base_url, ticket.id):
                raise BadInput(f"the vendor's job {ticket.id} is that of job {other.id}")
        job = (await self._machine.adopt(job, ticket)).job
        self._driver.wake(job)
        return job

    @call
    async def write_off(self, id: str) -> Job:
        """Gives a parked job up. What it may have cost stays counted."""
        await self._driver.start()
        return await self._machine.write_off(await self._parked(id))

    @call
    async def cancel(self, id: str) -> Job:
        """Gives up a job that has not been sent, at no cost; of one that a vendor has, asks the vendor to stop it.

        The job is polled on until the vendor says what became of it: `wait` for it; it may have finished meanwhile.
        What it costs is settled by the card's rule for clips that failed. Raises BadInput for a job that is being sent,
        unclear or at its end; Unsupported where the vendor cannot or will not; and Unavailable, RateLimited or
        NotAuthorized where it could not be asked, or nobody knows whether it heard. Then the job goes on as it was.
        """
        from rushes.jobs import cancelling

        await self._driver.start()
        with self._clock.working():
            job = await self._own(id, of=cancelling.POSSIBLE)
            cancelling.check(job)
        try:
            following = await self._machine.cancel(job)
        except VideoError:
            self._driver.wake(job)  # it goes on, also where the process that drove it has died
            raise
        self._driver.reschedule(following)
        return following.job

    @call
    async def withdraw(self, id: str) -> Job:
        """Gives up a job that has not been sent, at no cost; any other stays as it is, and no vendor is asked.

        So does one that was resubmitted: what it stands in for has been given up for it. `cancel` ends that one too.
        """
        from rushes.jobs.orders import resubmitted

        job = await self.job(id)
        return job if resubmitted(job) else await self._driver.withdraw(job)

    @call
    async def resubmit(self, id: str, max_usd: Decimal | None = None) -> Job:
        """Sends an unclear job's exact bytes once more, as a new job of the same orders; both count as spent.

        A caller that gives up, or a Rushes that is closed, changes nothing about a decision that is written down: the
        new job is sent, by the next process if need be.
        """
        from rushes.jobs.orders import again

        await self._driver.start()
        job = await self._parked(id)
        sent = await self._ledger.bytes_of(id)
        if sent is None:
            raise BadInput(f"the bytes of job {id} are no longer kept")
        orders = await self._ledger.orders_of(id)
        wanted = again(job, orders, sent, self._clock.now(), max_usd, self._caps(None))
        # Both at once: it may be adopted, or decided by somebody else, up to the last moment.
        await self._runner.again(replace(wanted, instead_of=self._machine.written_off(job)))
        return wanted.job

    async def _own(self, id: str, *, of: Collection[State] | None = None) -> Job:
        """The job, ours where it may be; None for `of`: in whatever state."""
        job = await self.job(id)
        if not self._reach.has(job):
            raise BadInput(
                f"job {id} was sent to {job.base_url}, which cannot be reached from here",
                hint="A job of a simulated world needs --simulate and that world's day as --as-of; a real one neither.",
            )
        return await self._ledger.own(id) if of is None else await self._ledger.own(id, of=of)

    async def _parked(self, id: str) -> Job:
        from rushes.ledger import PARKED

        job = await self.job(id)
        if job.state not in PARKED:
            raise BadInput(f"job {id} is {job.state}; only unclear and overdue ones need a decision")
        job = await self._own(id)
        if job.state not in PARKED:
            raise BadInput(f"job {id} is {job.state} by now", hint=f"`rushes jobs show {id}` says how it gets on.")
        return job
