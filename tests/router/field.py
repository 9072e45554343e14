"""A made-up field of endpoints, each with numbers of its own, to be ranked by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from math import log
from typing import Any

from rushes.card import Card, Endpoint
from rushes.config import Config, Provider
from rushes.plan import Change, Plan, Refusal, plan
from rushes.request import VideoRequest
from rushes.router.candidates import Candidate
from rushes.router.known import Basis, Known, Rating, Reliability, Seconds
from rushes.router.policy import Policy
from rushes.router.rank import rank
from rushes.router.route import Filter, Left, Route

DAY = date(2026, 8, 1)
FOX = VideoRequest(prompt="a fox in snow")
#: Eight seconds, as every endpoint here makes unless told otherwise.
LENGTH = 8
MEASURED = Basis("measured", "run-1", 20, 18.0, DAY)
PRIOR = Basis("prior", None, None, 3.0, DAY, where="the card")


@dataclass(frozen=True)
class One:
    """An endpoint, what it costs a clip, and what is known of it; None: not known."""

    id: str
    usd: str | None = "0.80"
    #: Seconds to a complete file.
    seconds: float | None = 60
    #: How unsure their logarithm is.
    error: float = 0.0
    usable: float = 1.0
    elo: float | None = 0
    sd: float = 10
    needs: tuple[str, ...] = ()
    unspoken: bool = False
    changes: int = 0
    #: Whether clips that come to nothing are paid: free, full or unknown.
    failed: str = "free"
    #: Facts of its card.
    facts: tuple[tuple[str, Any], ...] = ()

    @property
    def candidate(self) -> Candidate:
        held = _held(self.id, self.failed, self.facts)
        if isinstance(held, Refusal):
            return Candidate(_endpoint(self.id, self.failed, self.facts), None, held, self.needs, self.unspoken)
        price = None if self.usd is None else Decimal(self.usd)
        changes = tuple(Change(f"field {at}", "this", "that", "made up") for at in range(self.changes))
        made = replace(held, price=price, changes=changes)
        return Candidate(held.endpoint, made, None, self.needs, self.unspoken)

    @property
    def known(self) -> Known:
        seconds = None
        if self.seconds is not None:
            seconds = Seconds(log(self.seconds), self.error, 0.0, (PRIOR, MEASURED))
        rating = None if self.elo is None else Rating(self.elo, self.sd, (MEASURED,))
        return Known(seconds, Reliability(self.usable, (PRIOR,)), rating)


@dataclass(frozen=True)
class Used:
    """What earlier attempts counted for: dollars for a clip and for the whole call, and seconds."""

    usd: Decimal = Decimal(0)
    call_usd: Decimal = Decimal(0)
    seconds: float = 0.0


def ranked(field: Iterable[One], policy: Policy | None = None, /, used: Used | None = None, **how: Any) -> Route:
    """The route over `field`; `how` are fields of the policy and what else `rank` is told."""
    told = {name: how.pop(name) for name in ("barred", "count", "budget", "named", "config") if name in how}
    field = [*field]
    known = {one.candidate.endpoint: one.known for one in field}
    chosen = policy or policy_of(**how)
    if used is not None:
        cap = told.get("budget")
        told["left"] = Left(
            tried=frozenset(),
            count=told.get("count", 1),
            cap=cap,
            call_usd=None if cap is None else cap - used.call_usd,
            clip_usd=None if chosen.max_usd is None else chosen.max_usd - used.usd,
            seconds=None if chosen.deadline is None else chosen.deadline - used.seconds,
        )

    def knows(held: Plan) -> Known:
        return known[held.endpoint]

    config = told.pop("config", None) or config_of(one.id for one in field)
    return rank([one.candidate for one in field], chosen, knows=knows, config=config, day=DAY, **told)


def policy_of(choose: str = "cost", **fields: Any) -> Policy:
    return Policy.model_validate({"name": "made-up", "choose": choose, **fields})


def order(route: Route) -> list[str]:
    return [standing.candidate.endpoint.id for standing in route.standings]


def left_out(route: Route) -> dict[str, tuple[Filter, ...]]:
    return {each.candidate.endpoint.id: each.filters for each in route.excluded}


def config_of(ids: Iterable[str], regions: Mapping[str, str] = {}) -> Config:
    """Cards and providers for endpoints that `One` made."""
    names = [*ids]
    providers = {name.split("/")[0]: None for name in names}
    cards = [_endpoint(name, "free", ()).card for name in names]
    return Config(
        {card.id: card for card in cards},
        {name: _provider(name, regions.get(name)) for name in providers},
    )


@lru_cache
def _provider(name: str, region: str | None) -> Provider:
    return Provider(name=name, wire="openai", base_url="http://127.0.0.1:1/v1", auth="none", region=region)


@lru_cache
def _held(id: str, failed: str, facts: Sequence[tuple[str, Any]]) -> Plan | Refusal:
    return plan(FOX, _endpoint(id, failed, facts), day=DAY)


@lru_cache
def _endpoint(id: str, failed: str, facts: Sequence[tuple[str, Any]]) -> Endpoint:
    provider, model = id.split("/")
    offer = {
        "modes": ["text"],
        "seconds": [LENGTH],
        "sizes": {"720p": {"16:9": "1280x720"}},
        "audio": [True],
        "source": "own",
    }
    endpoint = {
        "provider": provider,
        "wire_names": model,
        "lifecycle": {"stage": "ga", "source": "own"},
        "offers": [offer],
        "inputs": {},
        "prices": [{"since": date(2026, 1, 1), "per_second": "0.1", "source": "own"}],
        "billing": {"failed": failed, "refused": "free", "source": "own"},
    }
    card = {
        "id": model,
        "name": model,
        "maker": "Nobody",
        "defaults": {"seconds": LENGTH, "resolution": "720p", "aspect_ratio": "16:9", "audio": True},
        "simulation": {"detail": 0.5, "steadiness": 0.5},
        "sources": {"own": {"where": "made up for a test", "read": DAY, "confidence": "low"}},
        "endpoints": [endpoint | {name: _thawed(value) for name, value in facts}],
    }
    return Card.model_validate(card).endpoints[0]


def _thawed(value: Any) -> Any:
    """A tuple of pairs as the mapping that it stands for; hashable facts make endpoints that are made once."""
    if isinstance(value, tuple) and value and all(isinstance(each, tuple) and len(each) == 2 for each in value):
        return {name: _thawed(inner) for name, inner in value}
    return list(value) if isinstance(value, tuple) else value


def facts(**values: Any) -> tuple[tuple[str, Any], ...]:
    """Facts of a card's endpoint that `One` can be given."""
    return tuple((name, _frozen(value)) for name, value in values.items())


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple((name, _frozen(inner)) for name, inner in value.items())
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value


RETIRED = facts(lifecycle={"stage": "ga", "retired": date(2026, 7, 1), "source": "own"})
UNRELEASED = facts(lifecycle={"stage": "preview", "released": date(2027, 1, 1), "source": "own"})
UNPRICED = facts(prices=[])
SEEDED = facts(inputs={"seed": {"max": 9, "source": "own"}, "negative_prompt": {"max": 9, "source": "own"}})
UNFIT = facts(inputs={"prompt": {"max": 3, "source": "own"}})
