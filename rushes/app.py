"""`Rushes`: one object that opens the ledger, the HTTP clients, the driver and, if asked, the simulator.

Nothing of it is global: several may live in one process, and several processes may share one home folder.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from rushes.clock import Clock, SystemClock
from rushes.config import Access, Config, Limits, Provider, access, load_config, same_account
from rushes.errors import BadInput, NotAuthorized, SetupError, VideoError
from rushes.http import Api, httpx, poll_client, submit_client
from rushes.plan import FITS, Fit
from rushes.request import VideoRequest

if TYPE_CHECKING:
    from rushes.evidence import Evidence
    from rushes.jobs.link import Link
    from rushes.jobs.machine import Event
    from rushes.jobs.pace import Door
    from rushes.jobs.polling import Expectation
    from rushes.jobs.slots import Account, Slots
    from rushes.ledger import Caps, Gone, Job, Order, State
    from rushes.providers.base import Ticket
    from rushes.router.candidates import Candidate
    from rushes.router.policy import Policy
    from rushes.router.route import Route
    from rushes.router.run import Runner
    from rushes.take import Take

#: What `generate_all` takes besides the fields of a request.
MAKING = frozenset(
    {
        "policy",
        "prefer",
        "model",
        "endpoint",
        "among",
        "fit",
        "unpriced",
        "max_usd",
        "run",
        "run_max_usd",
        "label",
    }
)
#: Used where neither a policy nor an endpoint is named.
DEFAULT_POLICY = "balanced"
Result = TypeVar("Result")

#: The day of a simulated world, unless another is asked for: all models of the first cards lived then.
SIMULATED_DAY = date(2026, 8, 1)


class Rushes:
    """The whole of the package for one program. Open it with `Rushes.open()` and use it as an async context manager."""

    def __init__(
        self,
        *,
        home: Path | str | None = None,
        config: Path | str | None = None,
        simulate: bool = False,
        as_of: date | str | None = None,
        limits: Limits | None = None,
        faults: Sequence[str] = (),
        resume: bool = True,
        on_event: Callable[[Event], None] | None = None,
        http: httpx.AsyncClient | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._given: dict[str, Any] = {
            "home": home,
            "config": config,
            "simulate": simulate,
            "as_of": as_of,
            "limits": limits,
            "faults": faults,
            "resume": resume,
            "on_event": on_event,
            "environ": environ,
        }
        self._environ = os.environ if environ is None else environ
        self.home = Path(home or default_home(self._environ)).expanduser().absolute()
        self.config: Config = load_config(None if config is None else Path(config))
        self.limits = limits or limits_of(self._environ)
        self.simulate = simulate
        self._as_of = _day(as_of)
        self._faults = faults
        self._resume = resume
        self._on_event = on_event
        self._own_http = http
        self._stack: AsyncExitStack | None = None
        self._clock: Clock = SystemClock()
        self._links: dict[tuple[str, str | None, str | None], Link] = {}
        self._folder = None if config is None else Path(config)
        self._policies: dict[Path | str, Policy] = {}
        self._listeners: set[asyncio.Queue[Event | None]] = set()

    @classmethod
    def open(cls, **settings: Any) -> Self:
        """Settings, all optional:

        home: folder of the ledger and the takes (default: RUSHES_HOME, or the platform's data folder).
        config: folder with the user's own `providers.yaml` and `models/*.yaml`.
        simulate: use the simulator in this process: no key, no network, no cost.
        as_of: the day by which lifecycle and prices are judged (default: today, 2026-08-01 when simulating).
        limits: caps and waits (default: from RUSHES_… variables).
        faults: faults of the simulator, such as "drop_after_accept".
        resume: go on with the open jobs of processes that have died.
        on_event: called with an `Event` whenever a job gets on.
        http: a client of your own for polls and downloads; submits always use ours.
        environ: the environment to read keys from.
        """
        return cls(**settings)

    # --- opening and closing ------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        from rushes.jobs.driver import EmbeddedDriver
        from rushes.jobs.health import Health
        from rushes.jobs.machine import Machine
        from rushes.jobs.pace import Pace
        from rushes.jobs.slots import Slots
        from rushes.ledger import Ledger
        from rushes.router.router import Router

        if self._stack is not None:
            raise SetupError("this Rushes is open already")
        self._links = {}  # those of an earlier opening lead to clients that are closed
        async with AsyncExitStack() as stack:
            try:
                self._ledger = await stack.enter_async_context(
                    Ledger.open(self.home, stale=timedelta(seconds=self.limits.stale))
                )
            except OSError as error:
                raise SetupError(
                    f"{self.home}: cannot be used: {error.strerror or error}", hint="Give another folder with --home."
                ) from None
            if self.simulate:
                transport = self._open_world(stack)
                self._polls = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
                self._submits = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
            else:
                own = self._own_http
                self._polls = await stack.enter_async_context(poll_client()) if own is None else own
                self._submits = await stack.enter_async_context(submit_client(self.limits.submit_timeout))
            self._health, slots = Health(self._clock), Slots(self._concurrency)
            self._machine = Machine(
                self._ledger,
                lambda job: self._link(job.endpoint, job.credential, job.base_url),
                self._clock,
                self.limits,
                forecast=self._forecast,
                health=self._health,
                on_event=self._tell,
            )
            pace = Pace(self._clock, self._submits_per_minute)
            stale = self.limits.stale
            self._driver = EmbeddedDriver(self._machine, self._ledger, self._clock, slots, pace, stale=stale)
            self._router = Router(
                self.config,
                self.day,
                self._clock,
                ledger=self._ledger,
                health=self._health,
                simulated=self.simulate,
                keys=self._keys,
            )
            self._runner = self._open_runner(slots)
            stack.push_async_callback(self._driver.aclose)
            if self._resume:
                await self._driver.resume(self._reaches)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stops. Submits on their way are written down first; open jobs go on at the next start."""
        stack, self._stack = self._stack, None
        if stack is not None:
            await stack.aclose()
        for queue in self._listeners:
            queue.put_nowait(None)

    def _open_runner(self, slots: Slots) -> Runner:
        from rushes.router.run import Runner

        return Runner(
            self._ledger,
            self._machine,
            self._driver,
            self._health,
            slots,
            link=lambda endpoint, credential: self._link(endpoint, credential, None),
            keys=lambda endpoint: self._keys(endpoint.partition("/")[0]),
            clock=self._clock,
            home=self.home,
            on_event=self._tell,
        )

    def _must_be_open(self) -> None:
        if self._stack is None:
            raise SetupError("this Rushes is not open", hint="Use it inside `async with Rushes.open() as rushes:`.")

    def _open_world(self, stack: AsyncExitStack) -> httpx.AsyncBaseTransport:
        from rushes.simulated import InProcess, open_world

        world = open_world(self.home, self._as_of or SIMULATED_DAY, self.config.cards, self._faults)
        stack.callback(world.close)
        self._clock = world.clock
        return InProcess(world)

    # --- asking -------------------------------------------------------------------------------------------------------

    @property
    def day(self) -> date:
        """The day by which lifecycle and prices are judged."""
        if self._as_of is not None:
            return self._as_of
        return SIMULATED_DAY if self.simulate else datetime.now(UTC).date()

    @property
    def clock(self) -> Clock:
        """The clock that jobs are made by: this machine's, or a simulated world's."""
        self._must_be_open()
        return self._clock

    def access(self, provider: str, credential: str | None = None) -> Access:
        """A provider as this program can reach it, with one of its credentials."""
        entry = self.config.providers[provider].by(credential)
        if self.simulate:
            from rushes.simulated import simulated_access

            return simulated_access(provider, entry, self.day, credential)
        return access(entry, self._environ)

    def missing(self, provider: str) -> tuple[str, ...]:
        """What keeps this machine from using a provider, each with the way to set it; empty where it can be used."""
        keys = self.config.providers[provider].keys
        found = {key: self.access(provider, key).missing for key in keys}
        if not all(found.values()):
            return ()
        return tuple(each if key is None else f"{key}: {each}" for key in keys for each in found[key])

    def _keys(self, provider: str) -> list[str | None]:
        """The credentials of a provider that are set."""
        return [key for key in self.config.providers[provider].keys if not self.access(provider, key).missing]

    def plan(
        self,
        request: VideoRequest,
        *,
        model: str | None = None,
        endpoint: str | None = None,
        fit: Fit = "exact",
        unpriced: bool = False,
    ) -> list[Candidate]:
        """Every endpoint in question, each with its plan or every reason why not; `route` puts them in order.

        Sends nothing and needs neither a key nor an open Rushes. Raises BadInput for an unknown name or a broken input.
        """
        from rushes.router.candidates import candidates, endpoints

        if fit not in FITS:
            raise BadInput(f"fit: '{fit}' is none of {', '.join(FITS)}")
        return candidates(
            request,
            endpoints(self.config, model=model, endpoint=endpoint),
            config=self.config,
            day=self.day,
            fit=fit,
            unpriced=unpriced,
            missing=lambda each: self.missing(each.provider),
        )

    def policy(self, name: Policy | Path | str | None = None) -> Policy:
        """A policy by its name or file; balanced where none is named. Raises BadInput, BadConfig."""
        from rushes.router.policies import load_policy
        from rushes.router.policy import Policy

        if isinstance(name, Policy):
            return name
        wanted = DEFAULT_POLICY if name is None else name
        if wanted not in self._policies:
            self._policies[wanted] = load_policy(wanted, self._folder, self.config)
        return self._policies[wanted]

    def policies(self) -> dict[str, Policy]:
        """Every policy by its name: the shipped ones, and those of the config folder. Raises BadConfig."""
        from rushes.router.policies import policies

        return policies(self._folder, self.config)

    async def route(
        self,
        request: VideoRequest | str,
        *,
        policy: Policy | Path | str | None = None,
        model: str | None = None,
        endpoint: str | None = None,
        among: Sequence[str] = (),
        fit: Fit = "exact",
        unpriced: bool = False,
        max_usd: Decimal | float | str | None = None,
        **settings: Any,
    ) -> Route:
        """The endpoints that could make a request, in the order that a policy wants, with every number and reason.

        Sends nothing and needs no key; where this Rushes is not open, cards and priors are all that is known. `policy`
        is a name, a file or a Policy; `among` are endpoints, models or providers that it is to choose between, instead
        of those it allows. A named endpoint is used whatever the policy allows, as long as it can. Raises BadInput for
        an unknown name or a broken input.
        """
        from rushes.router.policies import only
        from rushes.router.router import Router

        request = as_request(request, settings)
        router = (
            self._router
            if self._stack is not None
            else Router(
                self.config, self.day, self._clock, ledger=None, health=None, simulated=self.simulate, keys=self._keys
            )
        )
        if self._stack is not None:
            request = await self._with_take(request)
        found = self.plan(request, model=model, endpoint=endpoint, fit=fit, unpriced=unpriced)
        named, cap = _names(model, endpoint), _cap(max_usd)
        chosen = self.policy(policy)
        if among:
            chosen = only(chosen, among, self.config)
        return await router.route(found, chosen, count=request.count, budget=cap, named=named)

    async def gone(self) -> list[Gone]:
        """Endpoints that answered that they have been retired, and have taken no job since."""
        self._must_be_open()
        return await self._router.gone()

    def _forecast(self, job: Job) -> Expectation | None:
        return self._router.forecast(job)

    async def generate(self, request: VideoRequest | str, **how: Any) -> Take:
        """Makes one clip and returns it once it is on disk; takes what `generate_all` takes.

        Raises a VideoError that says what became of it: refused before anything was sent (Unsupported, Retired,
        NotAuthorized, OverBudget), failed at the vendor, or parked (Unclear, Overdue).
        """
        count = request.count if isinstance(request, VideoRequest) else how.get("count", 1)
        if count != 1:
            raise BadInput(f"generate makes one clip, not {count}", hint="Use generate_all for a count.")
        [result] = await self.generate_all(request, **how)
        if isinstance(result, VideoError):
            raise result
        return result

    async def generate_all(
        self,
        request: VideoRequest | str,
        *,
        policy: Policy | Path | str | None = None,
        prefer: str | None = None,
        model: str | None = None,
        endpoint: str | None = None,
        among: Sequence[str] = (),
        fit: Fit = "exact",
        unpriced: bool = False,
        max_usd: Decimal | float | str | None = None,
        run: str | None = None,
        run_max_usd: Decimal | float | str | None = None,
        label: str | None = None,
        **settings: Any,
    ) -> list[Take | VideoError]:
        """Makes `request.count` clips; one result each, in order: the take, or what became of it instead.

        `request` may be a prompt, with `settings` for the other fields of VideoRequest. `policy` (or `prefer`, a
        shipped one: speed, quality, cost, balanced) chooses the endpoint, among those of `model` where one is named,
        and says what happens after a failure. `max_usd` caps the whole call, `run_max_usd` everything under the name
        `run`. Raises a VideoError where nothing was sent at all.
        """
        if policy is not None and prefer is not None:
            raise BadInput("give policy or prefer, not both: prefer is short for a shipped policy")
        self._must_be_open()
        with self._clock.working():
            route = await self.route(
                as_request(request, settings),
                policy=policy or prefer,
                model=model,
                endpoint=endpoint,
                among=among,
                fit=fit,
                unpriced=unpriced,
                max_usd=max_usd,
            )
        return await self.follow(route, run=run, run_max_usd=run_max_usd, label=label)

    async def follow(
        self,
        route: Route,
        *,
        run: str | None = None,
        run_max_usd: Decimal | float | str | None = None,
        label: str | None = None,
    ) -> list[Take | VideoError]:
        """Makes the clips that a route was asked for, within the cap that it was asked with; see `generate_all`."""
        from rushes.router.run import Call

        if run_max_usd is not None and run is None:
            raise BadInput("run_max_usd caps a run: say which one, run=…")
        self._must_be_open()
        if not route.standings:
            raise route.error()
        asked, policy = route.question, route.policy
        call = Call(
            request=route.request,
            policy=policy,
            rank=lambda left: self._router.what_is_left(asked.found, policy, left, named=asked.named),
            cap=asked.budget,
            caps=self._caps(_cap(run_max_usd)),
            run=run,
            label=label,
            simulated=self.simulate,
            deadline=None if policy.deadline is None else self._clock.now() + timedelta(seconds=policy.deadline),
        )
        return await self._runner.run(call, route)

    async def generate_many(
        self,
        requests: Iterable[VideoRequest | str],
        *,
        concurrency: int = 8,
        on_done: Callable[[int, Take | VideoError], None] | None = None,
        **how: Any,
    ) -> list[Take | VideoError]:
        """Makes one clip of each request, up to `concurrency` at once; one result each, in order.

        Goes on when some fail; takes what `generate_all` takes for all of them, and the other fields of a request where
        `requests` are prompts. `on_done` is called with a request's place and its result as soon as that is there.
        Raises BadInput for a request with a count, before anything is sent.
        """
        making = {name: how.pop(name) for name in [*how] if name in MAKING}
        wanted = [as_request(each, how) for each in requests]
        if any(each.count != 1 for each in wanted):
            raise BadInput(
                "generate_many makes one clip of each request", hint="Repeat a request instead of its count."
            )
        if concurrency < 1:
            raise BadInput(f"concurrency is at least 1, not {concurrency}")
        results: list[Take | VideoError | None] = [None] * len(wanted)
        waiting = iter(enumerate(wanted))

        async def work() -> None:
            for place, request in waiting:
                try:
                    [result] = await self.generate_all(request, **making)
                except VideoError as error:
                    result = error
                results[place] = result
                if on_done is not None:
                    on_done(place, result)

        workers = [asyncio.ensure_future(work()) for _ in range(min(concurrency, len(wanted)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return [each for each in results if each is not None]

    def events(self) -> AsyncGenerator[Event]:
        """Every event from now on, of all jobs of this Rushes, until it is closed or the caller stops asking."""
        self._must_be_open()
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._listeners.add(queue)
        return self._heard(queue)

    async def _heard(self, queue: asyncio.Queue[Event | None]) -> AsyncGenerator[Event]:
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._listeners.discard(queue)

    def _tell(self, event: Event) -> None:
        from rushes.ledger import FINAL

        if event.job.state in FINAL:
            self._router.forget()  # it has left evidence
        for queue in self._listeners:
            queue.put_nowait(event)
        if self._on_event is not None:
            self._on_event(event)

    def generate_sync(self, request: VideoRequest | str, **how: Any) -> Take:
        """`generate` for scripts and notebooks: opens a Rushes of the same settings in a thread of its own."""
        return self._sync(lambda rushes: rushes.generate(request, **how))

    def generate_many_sync(self, requests: Iterable[VideoRequest | str], **how: Any) -> list[Take | VideoError]:
        """`generate_many` for scripts and notebooks."""
        return self._sync(lambda rushes: rushes.generate_many(requests, **how))

    def _sync(self, doing: Callable[[Self], Coroutine[Any, Any, Result]]) -> Result:
        from concurrent.futures import ThreadPoolExecutor

        async def once() -> Result:
            async with type(self)(**self._given) as rushes:
                return await doing(rushes)

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, once()).result()

    async def _with_take(self, request: VideoRequest) -> VideoRequest:
        """The request with the file of the take that it extends, where it names one."""
        if isinstance(request.extend, Path) and not request.extend.exists():
            row = await self._ledger.take(str(request.extend))
            if row is None:
                raise BadInput(f"extend: there is neither a file nor a take '{request.extend}'")
            return request.model_copy(update={"extend": self.home / row.path})
        return request

    def _caps(self, run_max_usd: Decimal | None) -> Caps:
        from rushes.jobs import money
        from rushes.ledger import Caps

        return Caps(
            run=None if run_max_usd is None else money.micro(run_max_usd),
            day=None if self.limits.max_usd_per_day is None else money.micro(self.limits.max_usd_per_day),
        )

    # --- looking back, and deciding -----------------------------------------------------------------------------------

    async def jobs(
        self, *, states: Iterable[State] | None = None, run: str | None = None, limit: int | None = None
    ) -> list[Job]:
        """Jobs, newest first."""
        self._must_be_open()
        return await self._ledger.jobs(states=states, run=run, limit=limit)

    async def job(self, id: str) -> Job:
        """One job. Raises BadInput for an unknown id."""
        self._must_be_open()
        found = await self._ledger.job(id)
        if found is None:
            raise BadInput(f"there is no job '{id}' in {self.home}", hint="`rushes jobs list` shows them.")
        return found

    async def mine(self) -> list[Job]:
        """The open and parked jobs that this process drives, newest first."""
        self._must_be_open()
        from rushes.ledger import OPEN, PARKED

        return [job for job in await self._ledger.jobs(states=OPEN | PARKED) if job.runner == self._ledger.runner]

    async def orders_of(self, job: str) -> list[Order]:
        self._must_be_open()
        return await self._ledger.orders_of(job)

    async def orders(self, run: str) -> list[Order]:
        """Everything ordered under the name of a run."""
        self._must_be_open()
        return await self._ledger.orders(run=run)

    async def takes(self, *, run: str | None = None, job: str | None = None, limit: int | None = None) -> list[Take]:
        """Finished clips, newest first."""
        self._must_be_open()
        from rushes.take import take_of

        found = []
        for row in await self._ledger.takes(run=run, job=job, limit=limit):
            owner = await self.job(row.job)
            order = (await self._ledger.orders_of(row.job))[row.sample]
            found.append(take_of(row, owner, order, self.home))
        return found

    async def take(self, id: str) -> Take:
        """One take. Raises BadInput for an unknown id."""
        self._must_be_open()
        from rushes.take import take_of

        row = await self._ledger.take(id)
        if row is None:
            raise BadInput(f"there is no take '{id}' in {self.home}", hint="`rushes takes` shows them.")
        return take_of(row, await self.job(row.job), (await self._ledger.orders_of(row.job))[row.sample], self.home)

    async def spent(self, *, run: str | None = None, day: date | None = None) -> Decimal:
        """US dollars settled or reserved, over a run or a day."""
        self._must_be_open()
        from rushes.jobs.money import dollars

        text = None if day is None else day.isoformat()
        return dollars(await self._ledger.spent(simulated=self.simulate, run=run, day=text))

    async def reserve(
        self, what: str, amount: Decimal, *, run: str | None = None, run_max_usd: Decimal | float | str | None = None
    ) -> str:
        """Sets US dollars aside for something other than a clip, such as a judge's answer; returns its name.

        Counts in the caps of the run and the day. Raises OverBudget where one would be exceeded; then nothing may be
        sent. Until it is settled it counts in full.
        """
        from rushes.jobs import money
        from rushes.ledger import Expense, new_id

        self._must_be_open()
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
        await self._ledger.reserve(expense, self._caps(_cap(run_max_usd)))
        return expense.id

    async def settle(self, expense: str, spent: Decimal) -> None:
        """Counts what it did cost, to the next micro-dollar."""
        from rushes.jobs import money

        await self._ledger.settle(expense, money.micro(spent))

    async def evidence(self) -> list[Evidence]:
        """What benchmarks have found out about endpoints: simulated ones with `simulate`, else real ones."""
        self._must_be_open()
        return await self._ledger.evidence(simulated=self.simulate)

    async def record(self, found: Sequence[Evidence]) -> int:
        """Adds evidence; returns how much of it was new."""
        self._must_be_open()
        self._router.forget()
        return await self._ledger.record(found, datetime.now(UTC))

    async def wait(self, job: Job) -> list[Take | VideoError]:
        """One result for each order of a job, once it has ended or stands still."""
        return await self._runner.results(await self._driver.wait(job))

    async def resume(self, id: str) -> Job:
        """Goes on with a job that stands still: an overdue one is polled again, an unclear one looked up again."""
        from rushes.ledger import State

        await self._driver.start()
        job = await self._own(id)
        if job.state is State.OVERDUE:
            job = await self._machine.extend_deadline(job)
        self._driver.wake(job)
        return job

    async def adopt(self, id: str, ticket: Ticket) -> Job:
        """Decides that the vendor's job `ticket` is what an unclear job became."""
        from rushes.ledger import State

        await self._driver.start()
        job = await self._parked(id)
        if job.state is State.OVERDUE:
            raise BadInput(
                f"job {id} is overdue and has the vendor's job already", hint="`rushes jobs resume` waits on."
            )
        for other in await self._ledger.jobs():
            if other.ticket is not None and (other.base_url, other.ticket["id"]) == (job.base_url, ticket.id):
                raise BadInput(f"the vendor's job {ticket.id} is that of job {other.id}")
        job = (await self._machine.adopt(job, ticket)).job
        self._driver.wake(job)
        return job

    async def write_off(self, id: str) -> Job:
        """Gives a parked job up. What it may have cost stays counted."""
        await self._driver.start()
        return await self._machine.write_off(await self._parked(id))

    async def withdraw(self, id: str) -> Job:
        """Gives up a job of this process that has not been sent, at no cost; any other stays as it is."""
        return await self._machine.withdraw(await self.job(id))

    async def resubmit(self, id: str, max_usd: Decimal | None = None) -> Job:
        """Sends an unclear job's exact bytes once more, as a new job of the same orders; both count as spent."""
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

    async def _own(self, id: str) -> Job:
        job = await self.job(id)
        if not self._reaches(job):
            raise BadInput(
                f"job {id} was sent to {job.base_url}, which cannot be reached from here",
                hint="A job of a simulated world needs --simulate and that world's day as --as-of; a real one neither.",
            )
        return await self._ledger.own(id)

    async def _parked(self, id: str) -> Job:
        from rushes.ledger import PARKED

        job = await self.job(id)
        if job.state not in PARKED:
            raise BadInput(f"job {id} is {job.state}; only unclear and overdue ones need a decision")
        job = await self._own(id)
        if job.state not in PARKED:
            raise BadInput(f"job {id} is {job.state} by now", hint=f"`rushes jobs show {id}` says how it gets on.")
        return job

    # --- reaching vendors ---------------------------------------------------------------------------------------------

    def _link(self, endpoint: str, credential: str | None, base_url: str | None) -> Link:
        """To an endpoint with one of its provider's keys; `base_url` where a job was sent, None for today's."""
        key = (endpoint, credential, base_url)
        if key not in self._links:
            self._links[key] = self._make_link(endpoint, credential, base_url)
        return self._links[key]

    def _make_link(self, id: str, credential: str | None, base_url: str | None) -> Link:
        from rushes.jobs.link import Link
        from rushes.providers import PROVIDERS
        from rushes.providers.credentials import auth_of
        from rushes.router.candidates import endpoints

        [endpoint] = endpoints(self.config, endpoint=id)
        provider = self.config.providers[endpoint.provider]
        if credential is not None and credential not in provider.credentials:
            raise NotAuthorized(
                f"the job was made with {endpoint.provider}'s key '{credential}', which providers.yaml no longer has",
                hint="Put it back under `credentials` until the job has ended.",
            )
        entry, reached = provider.by(credential), self.access(endpoint.provider, credential)
        auth = auth_of(entry, reached)
        if base_url is not None and not same_account(entry, reached, base_url):
            raise NotAuthorized(
                f"the job was sent to {base_url}, and today's key is for {reached.base_url}",
                hint=f"Set {entry.base_url_variable or 'base_url in providers.yaml'} and the key as they were then.",
            )
        trusted = frozenset(entry.trusted_hosts)
        api = Api(self._polls, base_url or reached.base_url, auth, trusted_hosts=trusted)
        adapter = PROVIDERS[entry.wire](reached.settings)
        return Link(endpoint, entry, adapter, api, self._submits, auth, credential)

    def _reaches(self, job: Job) -> bool:
        """True for jobs of the world that this Rushes is in: the real one, or one simulated in this process."""
        from rushes.simulated import is_in_process, root

        return job.base_url.startswith(root(self.day)) if self.simulate else not is_in_process(job.base_url)

    def _concurrency(self, account: Account) -> int:
        entry = self._entry(*account)
        return 1 if entry is None else entry.concurrency

    def _submits_per_minute(self, door: Door) -> float | None:
        endpoint, credential = door
        entry = self._entry(endpoint.partition("/")[0], credential)
        return None if entry is None else entry.submits_per_minute

    def _entry(self, provider: str, credential: str | None) -> Provider | None:
        """None for one that an older job was made with, and that no file has any more."""
        entry = self.config.providers.get(provider)
        known = entry is not None and (credential is None or credential in entry.credentials)
        return entry.by(credential) if entry is not None and known else None


def as_request(request: VideoRequest | str, settings: Mapping[str, Any]) -> VideoRequest:
    """A request from a prompt and settings, or as it is. Raises BadInput with every complaint."""
    from pydantic import ValidationError

    if isinstance(request, VideoRequest):
        if settings:
            raise BadInput(f"give {', '.join(settings)} in the VideoRequest itself")
        return request
    try:
        return VideoRequest(prompt=request, **settings)
    except ValidationError as error:
        raise BadInput("\n".join(_complaint(each) for each in error.errors())) from None


def _complaint(detail: Any) -> str:
    name = ".".join(str(part) for part in detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        return f"'{name}' is no field of a request; there are {', '.join(VideoRequest.model_fields)}"
    shown = f" (given: {detail['input']!r})" if isinstance(detail["input"], str | int | float) and name else ""
    return f"{name}: {message}{shown}" if name else message


def default_home(environ: Mapping[str, str]) -> Path:
    """RUSHES_HOME, or the platform's folder for a program's data."""
    if environ.get("RUSHES_HOME"):
        return Path(environ["RUSHES_HOME"])
    from platformdirs import user_data_path

    return user_data_path("rushes")


def limits_of(environ: Mapping[str, str]) -> Limits:
    """Caps and waits from RUSHES_… variables. Raises BadConfig."""
    from pydantic import ValidationError

    from rushes.errors import BadConfig

    given = {name: environ[key] for name in Limits.model_fields if environ.get(key := f"RUSHES_{name.upper()}")}
    try:
        return Limits.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(f"RUSHES_{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors())
        raise BadConfig(wrong) from None


def _names(model: str | None, endpoint: str | None) -> bool:
    """True where the caller names one endpoint."""
    return endpoint is not None or (model is not None and "/" in model)


def _day(value: date | str | None) -> date | None:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadInput(f"as_of: '{value}' is no day", hint="Write it as YYYY-MM-DD.") from None


def _cap(value: Decimal | float | str | None) -> Decimal | None:
    try:
        cap = None if value is None else Decimal(str(value))
    except InvalidOperation:
        cap = Decimal("nan")
    if cap is not None and not (cap.is_finite() and cap >= 0):
        raise BadInput(f"max_usd: {value!r} is no amount of US dollars")
    return cap
