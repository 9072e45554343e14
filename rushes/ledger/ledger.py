"""The ledger: the only truth about money and state, and the only code that knows SQL.

Writes of concurrent jobs share their commits: whatever is asked for while one transaction is being made durable goes
into the next one, in bulk statements.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from rushes.amounts import usd
from rushes.errors import BadInput, LedgerBroken, OverBudget, VideoError
from rushes.evidence import Evidence
from rushes.ledger import evidence, migrate, sqlite
from rushes.ledger.ids import new_id
from rushes.ledger.rows import OPEN, Bytes, Caps, Expense, Gone, Intent, Job, Order, State, TakeRow, Transition
from rushes.ledger.tables import expenses, job_orders, jobs, orders, runners, submissions, takes

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
Row = TypeVar("Row")

#: A runner whose heartbeat is older than this is dead, even if something still holds its lock file.
STALE = timedelta(seconds=60)
BATCH = 256


@dataclass
class _Call:
    work: Callable[[Connection], Any]
    done: asyncio.Future[Any]


@dataclass
class _Write:
    what: Intent | Transition
    done: asyncio.Future[Any]


class Ledger:
    """One ledger, as one process (a runner) sees it. Made by `Ledger.open`."""

    def __init__(self, home: Path, *, stale: timedelta = STALE) -> None:
        self.home = home
        self.runner = new_id("runner")
        self._stale = stale
        self._locks = home / "runners"
        self._lock = FileLock(self._locks / f"{self.runner}.lock")
        self._database = sqlite.Database(home / "ledger.sqlite")
        self._queue: asyncio.Queue[_Call | _Write] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        self._reads: list[_Call] = []
        self._reader: asyncio.Task[None] | None = None
        #: The bytes of jobs made here, so that the first submit need not read them back.
        self._unsent: dict[str, Bytes] = {}
        self._registered = False
        self._closed = False

    @classmethod
    @asynccontextmanager
    async def open(cls, home: Path, *, stale: timedelta = STALE) -> AsyncIterator[Ledger]:
        """The ledger in `home`, made or brought to today's form first."""
        home.mkdir(parents=True, exist_ok=True)
        ledger = cls(home, stale=stale)
        ledger._locks.mkdir(exist_ok=True)
        try:
            await ledger._migrate()
            ledger._writer = asyncio.create_task(ledger._write_batches())
            yield ledger
        finally:
            await ledger._close()

    async def _migrate(self) -> None:
        where = str(self.home / "ledger.sqlite")
        try:
            if await self._database.read(migrate.current) != migrate.HEAD:
                await self._database.write(lambda connection: migrate.upgrade(connection, where))
        except DBAPIError as error:
            raise _broken(error, self.home) from error

    async def _close(self) -> None:
        self._closed = True
        if self._writer is not None:
            await self._queue.join()
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)
        self._lock.release(force=True)
        await self._database.close()

    # --- writing ------------------------------------------------------------------------------------------------------

    async def intend(self, intent: Intent) -> None:
        """Writes a job, its orders and its bytes durably, and reserves its money.

        Raises OverBudget, or BadInput where what it stands in for is not as it was, and then nothing is written.
        """
        error = await self._put(lambda done: _Write(intent, done))
        if error is not None:
            raise error
        self._unsent[intent.job.id] = intent.bytes

    async def move(self, transition: Transition) -> bool:
        """Makes a transition durable; False where the fence has passed to another runner or the state is another."""
        moved: bool = await self._put(lambda done: _Write(transition, done))
        if transition.drop_bytes:
            self._unsent.pop(transition.job, None)
        return moved

    async def _call(self, work: Callable[[Connection], Result]) -> Result:
        result: Result = await self._put(lambda done: _Call(work, done))
        return result

    async def _put(self, make: Callable[[asyncio.Future[Any]], _Call | _Write]) -> Any:
        if self._closed:  # nobody would write it, and its caller would wait for ever
            raise LedgerBroken(f"the ledger in {self.home} is closed")
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(make(done))
        return await done

    async def _write_batches(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                await self._write_batch(batch)
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def _write_batch(self, batch: Sequence[_Call | _Write]) -> None:
        try:
            results = await self._database.write(lambda connection: _apply(connection, batch))
        except Exception as error:
            # One that cannot be written must not take the others with it; a lock would make each of them wait in turn.
            if len(batch) > 1 and not sqlite.is_locked(error):
                for each in batch:
                    await self._write_batch([each])
                return
            for each in batch:
                if not each.done.done():
                    each.done.set_exception(_broken(error, self.home) if isinstance(error, DBAPIError) else error)
            return
        for each, result in zip(batch, results, strict=True):
            if not each.done.done():
                each.done.set_result(result)

    # --- runners ------------------------------------------------------------------------------------------------------

    async def beat(self, now: datetime) -> None:
        """Says that this runner lives; the first beat registers it and takes its lock file."""
        first = not self._registered
        if first:
            self._lock.acquire(timeout=0)

        def work(connection: Connection) -> None:
            if first:
                connection.execute(insert(runners).values(id=self.runner, heartbeat=now))
            else:
                connection.execute(update(runners).where(runners.c.id == self.runner).values(heartbeat=now))

        await self._call(work)
        self._registered = True

    async def take_over(self, now: datetime, reachable: Callable[[Job], bool]) -> list[Job]:
        """Makes every reachable job of dead runners that is open or unclear ours; returns those jobs."""

        def work(connection: Connection) -> list[Job]:
            left = _rows(connection, Job, select(jobs).where(jobs.c.state.in_([*OPEN, State.UNCLEAR])))
            open_jobs = [job for job in left if reachable(job)]
            dead = self._dead(connection, {job.runner for job in open_jobs if job.runner}, now)
            taken = [job.id for job in open_jobs if job.runner in dead]
            for part in _parts(taken):
                connection.execute(
                    update(jobs).where(jobs.c.id.in_(part)).values(runner=self.runner, fence=jobs.c.fence + 1)
                )
            return [
                job for part in _parts(taken) for job in _rows(connection, Job, select(jobs).where(jobs.c.id.in_(part)))
            ]

        return await self._call(work)

    def _dead(self, connection: Connection, ids: set[str], now: datetime) -> set[str]:
        found = connection.execute(select(runners.c.id, runners.c.heartbeat).where(runners.c.id.in_(ids)))
        return {
            id
            for id, heartbeat in found
            if id != self.runner and (now - heartbeat > self._stale or not self._is_locked(id))
        }

    def _is_locked(self, runner: str) -> bool:
        lock = FileLock(self._locks / f"{runner}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    async def own(self, job: str, *, of: Collection[State] = frozenset(State)) -> Job:
        """Makes one job ours, for a person's own decision about it; an open one stays with a process that lives.

        A process that is about to learn what became of a submit must be able to write it down. One in a state that is
        not among `of` stays where it is: nothing can be decided about it.
        """

        def work(connection: Connection) -> Job:
            [found] = _rows(connection, Job, select(jobs).where(jobs.c.id == job))
            ours = found.runner == self.runner
            lives = found.runner is not None and not self._dead(connection, {found.runner}, datetime.now(UTC))
            if ours or found.state not in of or (lives and found.state in OPEN):
                return found
            connection.execute(update(jobs).where(jobs.c.id == job).values(runner=self.runner, fence=jobs.c.fence + 1))
            return replace(found, runner=self.runner, fence=found.fence + 1)

        return await self._call(work)

    async def mark(
        self, job: Job, out_of: Collection[State], change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> bool:
        """Changes what the ticket holds by then; False where the fence has passed to another or the state is another.

        For what several processes may note of one job: a transition would write what was read some time before.
        """

        def work(connection: Connection) -> bool:
            [found] = _rows(connection, Job, select(jobs).where(jobs.c.id == job.id))
            if found.fence != job.fence or found.state not in out_of:
                return False
            ticket = dict(change(found.ticket or {}))
            connection.execute(update(jobs).where(jobs.c.id == job.id).values(ticket=ticket))
            return True

        return await self._call(work)

    # --- reading ------------------------------------------------------------------------------------------------------

    async def _read(self, work: Callable[[Connection], Result]) -> Result:
        """Reads together with whoever else asks meanwhile."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._reads.append(_Call(work, done))
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read_batches())
        return await done

    async def _read_batches(self) -> None:
        while self._reads:
            batch, self._reads = self._reads, []
            await self._read_batch(batch)

    async def _read_batch(self, batch: Sequence[_Call]) -> None:
        try:
            answers = await self._database.read(lambda connection: [each.work(connection) for each in batch])
        except Exception as error:
            if len(batch) > 1:  # one that cannot be answered must not take the others with it
                for each in batch:
                    await self._read_batch([each])
            elif not batch[0].done.done():
                batch[0].done.set_exception(_broken(error, self.home) if isinstance(error, DBAPIError) else error)
            return
        for each, answer in zip(batch, answers, strict=True):
            if not each.done.done():
                each.done.set_result(answer)

    async def job(self, id: str) -> Job | None:
        return next(iter(await self._read(lambda c: _rows(c, Job, select(jobs).where(jobs.c.id == id)))), None)

    async def jobs(
        self,
        *,
        states: Iterable[State] | None = None,
        run: str | None = None,
        simulated: bool | None = None,
        order: str | None = None,
        limit: int | None = None,
    ) -> list[Job]:
        """Jobs that fit, newest first."""
        query = select(jobs).order_by(jobs.c.created.desc(), jobs.c.id.desc())
        if states is not None:
            query = query.where(jobs.c.state.in_([*states]))
        if run is not None:
            query = query.where(jobs.c.run == run)
        if simulated is not None:
            query = query.where(jobs.c.simulated == simulated)
        if order is not None:
            query = query.where(jobs.c.id.in_(select(job_orders.c.job).where(job_orders.c.order == order)))
        return await self._read(lambda c: _rows(c, Job, query.limit(limit)))

    async def bytes_of(self, job: str) -> Bytes | None:
        """The exact submission, while it is kept."""
        if (unsent := self._unsent.pop(job, None)) is not None:
            return unsent
        query = select(*(submissions.c[each.name] for each in fields(Bytes))).where(submissions.c.job == job)
        return next(iter(await self._read(lambda c: _rows(c, Bytes, query))), None)

    async def orders_of(self, job: str) -> list[Order]:
        """The orders that a job serves, by sample."""
        query = (
            select(orders)
            .join(job_orders, job_orders.c.order == orders.c.id)
            .where(job_orders.c.job == job)
            .order_by(job_orders.c.sample)
        )
        return await self._read(lambda c: _rows(c, Order, query))

    async def orders(self, *, run: str) -> list[Order]:
        return await self._read(lambda c: _rows(c, Order, select(orders).where(orders.c.run == run)))

    async def takes(
        self, *, job: str | None = None, order: str | None = None, run: str | None = None, limit: int | None = None
    ) -> list[TakeRow]:
        """Takes that fit, newest first."""
        query = select(takes).order_by(takes.c.created.desc(), takes.c.id.desc())
        if job is not None:
            query = query.where(takes.c.job == job)
        if order is not None:
            query = query.where(takes.c.order == order)
        if run is not None:
            query = query.where(takes.c.job.in_(select(jobs.c.id).where(jobs.c.run == run)))
        return await self._read(lambda c: _rows(c, TakeRow, query.limit(limit)))

    async def take(self, id: str) -> TakeRow | None:
        return next(iter(await self._read(lambda c: _rows(c, TakeRow, select(takes).where(takes.c.id == id)))), None)

    async def tickets(self, base_url: str) -> set[str]:
        """Every vendor id that some job of ours at `base_url` holds."""
        query = select(jobs.c.ticket).where((jobs.c.base_url == base_url) & jobs.c.ticket.is_not(None))
        found = await self._read(lambda c: c.execute(query).scalars().all())
        return {str(ticket["id"]) for ticket in found if ticket}

    async def spent(self, *, simulated: bool, run: str | None = None, day: str | None = None) -> int:
        """Micro-dollars settled or reserved, over a run or a day."""
        return await self._read(lambda c: _spent(c, simulated=simulated, run=run, day=day))

    async def reserve(self, expense: Expense, caps: Caps) -> None:
        """Sets aside what something other than a clip may cost. Raises OverBudget where a cap would be exceeded."""
        error = await self._call(lambda c: _reserve(c, expense, caps))
        if error is not None:
            raise error

    async def settle(self, expense: str, spent: int) -> None:
        """What it did cost, in micro-dollars."""
        change = update(expenses).where(expenses.c.id == expense).values(settled=spent)
        await self._call(lambda c: c.execute(change))

    async def evidence(self, *, simulated: bool) -> list[Evidence]:
        """What counts of the evidence, oldest first: of several rows of one run on the same thing the newest."""
        return await self._read(lambda c: evidence.read(c, simulated=simulated))

    async def withdrawn(self, *, simulated: bool) -> list[Evidence]:
        """What runs said of endpoints and say no longer, oldest first."""
        return await self._read(lambda c: evidence.withdrawn(c, simulated=simulated))

    async def gone(self, *, simulated: bool, day: str | None = None) -> list[Gone]:
        """Endpoints whose newest word is that they have been retired; by jobs judged as of `day` or before."""
        return await self._read(lambda c: _gone(c, simulated=simulated, day=day))

    async def record(self, found: Sequence[Evidence], now: datetime) -> int:
        """Adds the evidence that is new; returns how much that was."""
        return await self._call(lambda c: evidence.record(c, found, now))

    async def evidence_of(self, run: str, started: datetime, *, simulated: bool) -> list[Evidence]:
        """What counts of what the run of this name that was started then said, oldest first."""
        return await self._read(lambda c: evidence.of_run(c, run, started, simulated=simulated))

    async def speak(
        self, run: str, found: Sequence[Evidence], now: datetime, *, started: datetime, worlds: Collection[bool]
    ) -> tuple[int, int]:
        """Has what a run says by now count, and nothing else that it said; returns how many are new, and withdrawn.

        A run is its name and when it was started. worlds: whether simulated, of all that it speaks for.
        """
        return await self._call(lambda c: evidence.speak(c, run, found, now, started=started, worlds=worlds))


# --- inside one transaction -------------------------------------------------------------------------------------------


def _apply(connection: Connection, batch: Sequence[_Call | _Write]) -> list[Any]:
    results: dict[int, Any] = {}
    intents = [
        (at, each.what) for at, each in enumerate(batch) if isinstance(each, _Write) and isinstance(each.what, Intent)
    ]
    moves = [
        (at, each.what)
        for at, each in enumerate(batch)
        if isinstance(each, _Write) and isinstance(each.what, Transition)
    ]
    results |= _intend(connection, intents)
    results |= _move(connection, moves)
    for at, each in enumerate(batch):
        if isinstance(each, _Call):
            results[at] = each.work(connection)
    return [results[at] for at in range(len(batch))]


def _intend(connection: Connection, intents: Sequence[tuple[int, Intent]]) -> dict[int, VideoError | None]:
    """Reserves and writes what the caps allow, in turn; the error for each that they do not."""
    results: dict[int, VideoError | None] = {}
    written: dict[tuple[bool, str | None, str | None], int] = {}
    # Also what comes without a cap counts for those with one that come after it.
    reserved: dict[tuple[bool, str | None, str | None], int] = defaultdict(int)
    granted: list[Intent] = []
    for at, intent in intents:
        job = intent.job
        over: VideoError | None = None
        for name, cap, run, day in (("run", intent.caps.run, job.run, None), ("day", intent.caps.day, None, job.day)):
            if cap is None:
                continue
            key = (job.simulated, run, day)
            if key not in written:
                written[key] = _spent(connection, simulated=job.simulated, run=run, day=day)
            over = _over(cap, name, written[key] + reserved[key], job.reserved, "this job") or over
        if over is None and intent.instead_of is not None and not _move(connection, [(at, intent.instead_of)])[at]:
            over = BadInput(
                f"job {intent.instead_of.job} has been decided or found meanwhile",
                hint="Nothing was sent. `rushes jobs show` says what became of it.",
            )
        results[at] = over
        if over is None:
            granted.append(intent)
            for key in ((job.simulated, job.run, None), (job.simulated, None, job.day)):
                reserved[key] += job.reserved
    if granted:
        new = [asdict(order) for intent in granted if not intent.again for order in intent.orders]
        if new:
            connection.execute(insert(orders), new)
        connection.execute(insert(jobs), [_columns(intent.job) for intent in granted])
        connection.execute(
            insert(job_orders),
            [
                {"job": intent.job.id, "sample": sample, "order": order.id}
                for intent in granted
                for sample, order in enumerate(intent.orders)
            ],
        )
        connection.execute(insert(submissions), [_columns(intent.bytes) | {"job": intent.job.id} for intent in granted])
    return results


def _over(cap: int, name: str, spent: int, more: int, what: str) -> OverBudget | None:
    """The refusal, where `more` on top of what is spent goes beyond a cap."""
    if spent + more <= cap:
        return None
    return OverBudget(
        f"the cap of {_usd(cap)} a {name} would be exceeded by {_usd(spent + more - cap)}: "
        f"{_usd(spent)} are spent or reserved, {what} may cost {_usd(more)}",
        hint="Nothing was sent. Raise the cap, or ask for something cheaper.",
    )


def _reserve(connection: Connection, expense: Expense, caps: Caps) -> OverBudget | None:
    for name, cap, run, day in (("run", caps.run, expense.run, None), ("day", caps.day, None, expense.day)):
        if cap is not None:
            spent = _spent(connection, simulated=expense.simulated, run=run, day=day)
            if (over := _over(cap, name, spent, expense.reserved, expense.what)) is not None:
                return over
    connection.execute(insert(expenses), [_columns(expense)])
    return None


def _move(connection: Connection, moves: Sequence[tuple[int, Transition]]) -> dict[int, bool]:
    """Makes the transitions whose fence and state hold, grouped into one statement per set of columns."""
    if not moves:
        return {}
    now: dict[str, tuple[int, str]] = {}
    for part in _parts([move.job for _, move in moves]):
        rows = connection.execute(select(jobs.c.id, jobs.c.fence, jobs.c.state).where(jobs.c.id.in_(part)))
        now |= {id: (fence, state) for id, fence, state in rows}
    results: dict[int, bool] = {}
    waiting: dict[str, Transition] = {}
    for at, move in moves:
        fence, state = now.get(move.job, (-1, ""))
        results[at] = fence == move.fence and state in move.out_of
        if results[at]:
            now[move.job] = (fence, str(move.values.get("state", state)))
            if move.job in waiting:  # the groups keep no order
                _change(connection, waiting.values())
                waiting = {}
            waiting[move.job] = move
    _change(connection, waiting.values())
    return results


def _change(connection: Connection, moves: Collection[Transition]) -> None:
    """Writes transitions of different jobs."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for move in moves:
        groups[tuple(sorted(move.values))].append({"_job": move.job} | dict(move.values))
    for columns, values in groups.items():
        changes: dict[Any, Any] = {jobs.c[name]: bindparam(name) for name in columns}
        connection.execute(update(jobs).where(jobs.c.id == bindparam("_job")).values(changes), values)
    if rows_of_takes := [asdict(take) for move in moves for take in move.takes]:
        connection.execute(insert(takes), rows_of_takes)
    evidence.add(connection, [row for move in moves for row in move.evidence], datetime.now(UTC))
    for part in _parts([move.job for move in moves if move.drop_bytes]):
        connection.execute(delete(submissions).where(submissions.c.job.in_(part)))


def _spent(connection: Connection, *, simulated: bool, run: str | None, day: str | None) -> int:
    """What clips and other things cost, or may cost."""
    total = 0
    for table in (jobs, expenses):
        query = select(func.coalesce(func.sum(func.coalesce(table.c.settled, table.c.reserved)), 0))
        query = query.where(table.c.simulated == simulated)
        if run is not None:
            query = query.where(table.c.run == run)
        if day is not None:
            query = query.where(table.c.day == day)
        total += int(connection.execute(query).scalar_one())
    return total


def _gone(connection: Connection, *, simulated: bool, day: str | None) -> list[Gone]:
    query = select(jobs).where((jobs.c.state == State.FAILED) & (jobs.c.kind == "retired"))
    if day is not None:
        query = query.where(jobs.c.as_of <= day)
    said = _rows(connection, Job, query.where(jobs.c.simulated == simulated).order_by(jobs.c.created))
    found = {
        job.endpoint: Gone(job.endpoint, job.ended or job.created, job.as_of, job.id, job.reason or "") for job in said
    }
    for endpoint, word in [*found.items()]:
        later = select(jobs.c.id).where((jobs.c.endpoint == endpoint) & (jobs.c.simulated == simulated))
        if connection.execute(later.where(jobs.c.accepted > word.at).limit(1)).first() is not None:
            del found[endpoint]
    return [*found.values()]


def _rows(connection: Connection, row: type[Row], query: Select[Any]) -> list[Row]:
    return [row(**values) for values in map(_typed, connection.execute(query).mappings())]


def _typed(values: Mapping[Any, Any]) -> dict[str, Any]:
    row = dict(values)
    if "state" in row:
        row["state"] = State(row["state"])
    return row


def _columns(row: Job | Bytes | Expense) -> dict[str, Any]:
    return {each.name: getattr(row, each.name) for each in fields(row)}


def _parts(values: Sequence[str], size: int = 500) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _usd(micro: int) -> str:
    return usd(Decimal(micro).scaleb(-6))


def _broken(error: BaseException, home: Path) -> LedgerBroken:
    reason = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return LedgerBroken(
        f"the ledger in {home} cannot be used: {reason}", hint="Is the disk full, or the folder read-only?"
    )
