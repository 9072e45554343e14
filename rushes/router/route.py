"""A route: endpoints in the order to try, a reason for each one left out, and what decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from rushes.amounts import counted
from rushes.config import Config
from rushes.errors import NotAuthorized, OverBudget, Retired, Unavailable, Unsupported, VideoError
from rushes.plan import Plan
from rushes.request import VideoRequest
from rushes.router.candidates import Candidate
from rushes.router.known import Known
from rushes.router.policy import Policy

#: Which filter left an endpoint out. retired: or not released yet. unfit: it does not make this. access: no key, or no
#: adapter. allow, deny, regions, require, policy_max_usd, deadline: the policy's. call_max_usd: the call's.
#: unpriced: no known price. off: it answered that it is retired. cooling: it was rate limited or down a moment ago.
#: unknown: too little is known of it, and the policy excludes that.
Filter = Literal[
    "retired", "unfit", "access", "allow", "deny", "regions", "require", "policy_max_usd", "deadline", "call_max_usd",
    "unpriced", "off", "cooling", "unknown",
]  # fmt: skip
#: Filters about money: a larger cap, or a known price, would lift them.
MONEY: frozenset[Filter] = frozenset({"policy_max_usd", "call_max_usd", "unpriced"})


@dataclass(frozen=True)
class Left:
    """What earlier attempts left for a further one; None where there is no limit."""

    #: Endpoints that have been tried.
    tried: frozenset[str]
    #: How many clips are still to be made.
    count: int
    #: US dollars of the call's max_usd, before the first attempt.
    cap: Decimal | None
    #: US dollars of it for all of these clips, and of the policy's max_usd for each.
    call_usd: Decimal | None
    clip_usd: Decimal | None
    #: Seconds of the policy's deadline.
    seconds: float | None


@dataclass(frozen=True)
class Question:
    """Everything that a route follows from; `rushes.router.rank.rank` says what each is."""

    found: tuple[Candidate, ...]
    policy: Policy
    knows: Callable[[Plan], Known]
    config: Config
    barred: Mapping[str, tuple[Filter, str]]
    count: int
    budget: Decimal | None
    left: Left | None
    named: bool
    day: date | None


@dataclass(frozen=True, slots=True)
class Terms:
    """The numbers that an endpoint was compared by; None where one is not known."""

    #: US dollars for one clip.
    usd: Decimal | None
    #: US dollars for each second of usable film: the price, and what is paid for clips that come to nothing.
    usd_per_second: float | None
    #: Seconds until a file that can be used: pessimistic, and over the share of attempts that come to one.
    seconds: float | None
    #: The median of one attempt.
    typical_seconds: float | None
    usable: float
    #: Of a rating that is sure enough to count.
    elo: float | None
    elo_sd: float | None
    #: Elo behind the best rated.
    gap: float | None = None
    #: balanced: the chance to look better than the other endpoints, and the score that decides.
    win: float | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One endpoint that may be used."""

    candidate: Candidate
    plan: Plan
    known: Known
    terms: Terms


@dataclass(frozen=True, slots=True)
class Excluded:
    """One endpoint left out."""

    candidate: Candidate
    #: Every reason with its filter, in the order of `Filter`; at least one.
    because: tuple[tuple[Filter, str], ...]

    @property
    def filters(self) -> tuple[Filter, ...]:
        """Each once."""
        return tuple(dict.fromkeys(filter for filter, _ in self.because))

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(reason for _, reason in self.because)

    def error(self) -> VideoError:
        """Why not, as an exception."""
        id, filters = self.candidate.endpoint.id, {*self.filters}
        if self.candidate.refusal is not None or filters == {"access"}:
            return self.candidate.error()
        reasons = f"{id} cannot be used: {'; '.join(self.reasons)}"
        if filters <= MONEY:
            return OverBudget(f"{id} is not within what may be spent: {'; '.join(self.reasons)}")
        if "off" in filters:
            return Retired(reasons)
        if "access" in filters:
            return NotAuthorized(reasons)
        if filters == {"cooling"}:
            return Unavailable(reasons)
        return Unsupported(f"{id} is left out:", reasons=self.reasons)


@dataclass(frozen=True)
class Route:
    """The answer to a question. What explains it is worked out when it is asked for."""

    policy: Policy
    #: The day by which prices and lifecycle were judged; None where no endpoint fits and nobody said.
    day: date | None
    #: In the order to try.
    standings: tuple[Standing, ...]
    excluded: tuple[Excluded, ...]
    question: Question = field(repr=False, compare=False)

    @property
    def request(self) -> VideoRequest:
        """What was asked. Raises `error()` where no endpoint was in question."""
        for each in self.question.found:
            if held := each.plan or each.refusal:
                return held.request
        raise self.error()

    @property
    def first(self) -> Standing:
        """The endpoint to use. Raises `error()` where there is none."""
        if not self.standings:
            raise self.error()
        return self.standings[0]

    @property
    def plans(self) -> tuple[Plan, ...]:
        return tuple(standing.plan for standing in self.standings)

    @cached_property
    def whys(self) -> tuple[str, ...]:
        """Why each of `standings` stands where it stands, in a few words."""
        from rushes.router.explain import whys

        return whys(self)

    @property
    def decided(self) -> str:
        """What decided, in one sentence."""
        return self.whys[0] if self.whys else "no endpoint can be used"

    @cached_property
    def would_change(self) -> tuple[str, ...]:
        """What would change the answer: at most four sentences, each found true by ranking again."""
        from rushes.router.whatif import would_change

        return would_change(self)

    def json(self) -> dict[str, Any]:
        """Every endpoint with every number, where it is from, what decided and what would change it."""
        from rushes.router.explain import route_json

        return route_json(self)

    def error(self) -> VideoError:
        """Why there is no endpoint to use."""
        if not self.excluded:
            return Unsupported("there is no endpoint left to choose from")
        if len(self.excluded) == 1:
            return self.excluded[0].error()
        # Of those that no key would open there is nothing to tell but how many they are.
        told = [each for each in self.excluded if not (each.candidate.unspoken and each.candidate.needs)]
        told = told or [*self.excluded]
        reasons = [f"{each.candidate.endpoint.id}: {'; '.join(each.reasons)}" for each in told]
        if rest := len(self.excluded) - len(told):
            reasons.append(f"{counted(rest, 'other')} on wires that rushes does not speak")
        lines = "".join(f"\n- {reason}" for reason in reasons)
        if all(each.candidate.refusal and each.candidate.refusal.retired for each in self.excluded):
            return Retired(
                f"every endpoint in question has been retired:{lines}",
                hint="`rushes models` shows what lives; --simulate runs this one in a world where it still did.",
            )
        # What keeps back those that would make it, other than this request itself.
        held_back = [{*each.filters} for each in self.excluded if each.candidate.plan is not None]
        if held_back and all(filters == {"access"} for filters in held_back):
            keyed = [each for each in told if each.candidate.plan is not None]
            lines = "".join(f"\n- {each.candidate.endpoint.id}: {'; '.join(each.reasons)}" for each in keyed)
            if rest := len(self.excluded) - len(keyed):
                lines += f"\n- {counted(rest, 'other')} cannot make it, key or not; `rushes plan` says why"
            return NotAuthorized(
                f"no endpoint that makes this can be used from here:{lines}",
                hint="`rushes doctor` shows what is set up; --simulate needs no key.",
            )
        hint = next(iter(self.would_change), None)
        if any(filters <= MONEY for filters in held_back):
            return OverBudget(f"no endpoint is within what may be spent:{lines}", hint=hint)
        return Unsupported("no endpoint can be used for this:", reasons=reasons, hint=hint)
