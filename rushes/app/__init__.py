"""`Rushes`: one object that opens the ledger, the HTTP clients, the driver and, if asked, the simulator.

Nothing of it is global: several may live in one process, and several processes may share one home folder.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from rushes.app.calls import call, options_for
from rushes.app.given import as_day, as_dollars, as_request, default_home, keywords, limits_of
from rushes.app.reach import Reach
from rushes.app.records import Records
from rushes.clock import Clock, SystemClock
from rushes.config import Access, Config, Limits, load_config
from rushes.errors import BadInput, SetupError, VideoError
from rushes.http import httpx, poll_client, submit_client
from rushes.plan import FITS, Fit
from rushes.request import VideoRequest

if TYPE_CHECKING:
    from rushes.jobs.machine import Event
    from rushes.jobs.polling import Expectation
    from rushes.jobs.slots import Slots
    from rushes.ledger import Gone, Job
    from rushes.router.candidates import Candidate
    from rushes.router.policy import Policy
    from rushes.router.route import Route
    from rushes.router.run import Runner
    from rushes.take import Take

__all__ = ["DEFAULT_POLICY", "SIMULATED_DAY", "Rushes", "as_request"]

#: Used where neither a policy nor an endpoint is named.
DEFAULT_POLICY = "balanced"
Result = TypeVar("Result")

#: The day of a simulated world, unless another is asked for: all models of the first cards lived then.
SIMULATED_DAY = date(2026, 8, 1)


class Rushes(Records):
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
        self._as_of = as_day(as_of)
        self._faults = faults
        self._resume = resume
        self._on_event = on_event
        self._own_http = http
        self._stack: AsyncExitStack | None = None
        self._clock: Clock = SystemClock()
        self._folder = None if config is None else Path(config)
        super().__init__(options_for(home=self.home, config=self._folder, as_of=self._as_of, simulate=simulate))
        self._reach = Reach(self.config, self._environ, lambda: self.day, simulate=simulate)
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
                polls = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
                submits = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
            else:
                own = self._own_http
                polls = await stack.enter_async_context(poll_client()) if own is None else own
                submits = await stack.enter_async_context(submit_client(self.limits.submit_timeout))
            self._reach.use(polls, submits)
            self._health, slots = Health(self._clock), Slots(self._reach.concurrency)
            self._machine = Machine(
                self._ledger,
                self._reach.link_of,
                self._clock,
                self.limits,
                forecast=self._forecast,
                health=self._health,
                on_event=self._tell,
            )
            pace = Pace(self._clock, self._reach.submits_per_minute)
            stale = self.limits.stale
            self._driver = EmbeddedDriver(self._machine, self._ledger, self._clock, slots, pace, stale=stale)
            self._router = Router(
                self.config,
                self.day,
                self._clock,
                ledger=self._ledger,
                health=self._health,
                simulated=self.simulate,
                keys=self._reach.keys,
            )
            self._runner = self._open_runner(slots)
            stack.push_async_callback(self._driver.aclose)
            if self._resume:
                await self._driver.resume(self._reach.has)
            self._stack = stack.pop_all()
            self._now_open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stops. Submits on their way are written down first; open jobs go on at the next start.

        Calls under way end with an error that says so; what they had not sent is given up.
        """
        stack, self._stack = self._stack, None
        if stack is not None:
            try:
                await self._end_calls()
            finally:
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
            link=lambda endpoint, credential: self._reach.link(endpoint, credential, None),
            keys=lambda endpoint: self._reach.keys(endpoint.partition("/")[0]),
            clock=self._clock,
            home=self.home,
            on_event=self._tell,
        )

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
        return self._reach.access(provider, credential)

    def missing(self, provider: str) -> tuple[str, ...]:
        """What keeps this machine from using a provider, each with the way to set it; empty where it can be used."""
        return self._reach.missing(provider)

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
            if self._is_open
            else Router(
                self.config,
                self.day,
                self._clock,
                ledger=None,
                health=None,
                simulated=self.simulate,
                keys=self._reach.keys,
            )
        )
        if self._is_open:
            request = await self._with_take(request)
        found = self.plan(request, model=model, endpoint=endpoint, fit=fit, unpriced=unpriced)
        named, cap = endpoint is not None or (model is not None and "/" in model), as_dollars(max_usd)
        chosen = self.policy(policy)
        if among:
            chosen = only(chosen, among, self.config)
        return await router.route(found, chosen, count=request.count, budget=cap, named=named)

    @call
    async def gone(self) -> list[Gone]:
        """Endpoints that answered that they have been retired, and have taken no job since."""
        return await self._router.gone()

    def _forecast(self, job: Job) -> Expectation | None:
        return self._router.forecast(job)

    @call
    async def generate(self, /, request: VideoRequest | str, **how: Any) -> Take:
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

    @call
    async def generate_all(
        self,
        /,
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

    @call
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
        if not route.standings:
            raise route.error()
        asked, policy = route.question, route.policy
        call = Call(
            request=route.request,
            policy=policy,
            rank=lambda left: self._router.what_is_left(asked.found, policy, left, named=asked.named),
            cap=asked.budget,
            caps=self._caps(as_dollars(run_max_usd)),
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
        making = {name: how.pop(name) for name in keywords(self.generate_all) & how.keys()}
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
