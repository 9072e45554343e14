"""Puts endpoints in order by what is known now: evidence from the ledger, priors, and how they have behaved lately."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import hypot
from time import monotonic
from typing import TYPE_CHECKING

from rushes.clock import Clock
from rushes.config import Config
from rushes.published import Published, load_published
from rushes.router.candidates import Candidate
from rushes.router.policies import check_policy
from rushes.router.policy import Policy
from rushes.router.posterior.knowledge import Knowledge
from rushes.router.rank import choose, rank
from rushes.router.route import Filter, Left, Route

if TYPE_CHECKING:
    from rushes.jobs.health import Health
    from rushes.jobs.polling import Expectation
    from rushes.ledger import Gone, Job, Ledger

#: Seconds after which evidence that other processes may have found is read again.
KNOWN_FOR = 2.0


class Router:
    """What one process knows and has seen. The choice itself is `rank`, which knows nothing of either."""

    def __init__(
        self,
        config: Config,
        day: date,
        clock: Clock,
        *,
        ledger: Ledger | None,
        health: Health | None,
        simulated: bool,
        keys: Callable[[str], Sequence[str | None]],
    ) -> None:
        """`keys`: the names of a provider's credentials that are set. Without a ledger cards and priors are all."""
        self._config, self._day = config, day
        self._ledger, self._health, self._clock = ledger, health, clock
        self._simulated, self._keys = simulated, keys
        self._endpoints = {each.id: each for card in config.cards.values() for each in card.endpoints}
        self._published: Published | None = None
        self._knowledge: Knowledge | None = None
        #: When it was last read, by this machine's own clock; None: before the next use.
        self._read_at: float | None = None

    async def route(
        self, found: Sequence[Candidate], policy: Policy, *, count: int, budget: Decimal | None, named: bool
    ) -> Route:
        """`count` clips of a request on these endpoints, for `budget` US dollars; see `rank`.

        Raises BadConfig for a policy that names an endpoint, model, provider or region that there is not.
        """
        check_policy(policy, self._config)
        return await self._ranked(found, policy, count=count, budget=budget, left=None, named=named)

    async def what_is_left(self, found: Sequence[Candidate], policy: Policy, left: Left, *, named: bool) -> Route:
        """The same for a further attempt, on the endpoints that have not been tried."""
        untried = [each for each in found if each.endpoint.id not in left.tried]
        return await self._ranked(untried, policy, count=left.count, budget=left.cap, left=left, named=named)

    async def _ranked(
        self,
        found: Sequence[Candidate],
        policy: Policy,
        *,
        count: int,
        budget: Decimal | None,
        left: Left | None,
        named: bool,
    ) -> Route:
        knowledge = await self.known(fresh=not named)
        barred = {} if named else await self._barred(found)
        route = rank(
            found,
            policy,
            knows=lambda plan: knowledge.of(plan.endpoint, plan.settings, policy.judges),
            config=self._config,
            barred=barred,
            count=count,
            budget=budget,
            left=left,
            named=named,
            day=self._day,
        )
        if route.standings or not barred:
            return route
        # Where nobody else can make it, one that rests for a moment is waited for.
        retired = {endpoint: bar for endpoint, bar in barred.items() if bar[0] != "cooling"}
        return choose(replace(route.question, barred=retired))

    async def gone(self) -> list[Gone]:
        """Endpoints that answered that they have been retired, and have taken no job since."""
        if self._ledger is None:
            return []
        return await self._ledger.gone(simulated=self._simulated, day=self._day.isoformat())

    async def known(self, *, fresh: bool = True) -> Knowledge:
        """What evidence and priors say of every endpoint.

        `fresh`: read again where it may have changed, as whoever has a choice to make must.
        """
        now = monotonic()
        old = self._read_at is None or now - self._read_at > KNOWN_FOR
        if self._knowledge is None or (fresh and old):
            self._read_at = now
            self._published = self._published or load_published()
            evidence = [] if self._ledger is None else await self._ledger.evidence(simulated=self._simulated)
            self._knowledge = Knowledge(
                evidence, self._published, self._clock.now(), endpoints=self._endpoints, day=self._day
            )
        return self._knowledge

    def forget(self) -> None:
        """Has evidence read again before it is next used."""
        self._read_at = None

    def forecast(self, job: Job) -> Expectation | None:
        """How long such a job takes, as far as is known; by its card where nothing has been read yet."""
        from rushes.jobs.machine import settings_of
        from rushes.jobs.polling import Expectation, expected

        endpoint, settings = self._endpoints.get(job.endpoint), settings_of(job)
        if endpoint is None:
            return None
        if self._knowledge is None:
            return expected(endpoint, settings.seconds)
        known = self._knowledge.of(endpoint, settings).seconds
        return None if known is None else Expectation(known.median, hypot(known.spread, known.error))

    async def _barred(self, found: Sequence[Candidate]) -> dict[str, tuple[Filter, str]]:
        """Endpoints to leave alone: those that said they are retired, and those that rest for a moment."""
        barred: dict[str, tuple[Filter, str]] = {}
        for each in found:
            keys = self._keys(each.endpoint.provider)
            if (
                self._health is not None
                and keys
                and (pause := self._health.cooling(each.endpoint.id, keys)) is not None
            ):
                left = (pause.until - self._clock.now()).total_seconds()
                barred[each.endpoint.id] = ("cooling", f"not asked for another {left:.0f} s: {pause.why}")
        return barred | {each.endpoint: ("off", off(each)) for each in await self.gone()}


def off(gone: Gone) -> str:
    """Why an endpoint is turned off, and how it is turned on again."""
    return (
        f"answered on {gone.at.date()} that it is retired (job {gone.job}: {gone.reason}); "
        f"--endpoint {gone.endpoint} asks it again"
    )
