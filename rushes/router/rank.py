"""Ranks endpoints by a policy: the same question has the same answer, whatever the clock says and without any I/O.

Every rule is a choice made again and again: the best is chosen and taken out, then the best of what is left, so that
the order is the one to fall back along.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any

from rushes.config import Config
from rushes.plan import Plan
from rushes.router.candidates import Candidate
from rushes.router.filters import Filters
from rushes.router.known import Known
from rushes.router.policy import Policy
from rushes.router.route import Excluded, Filter, Left, Question, Route, Standing, Terms

NOTHING_BARRED: Mapping[str, tuple[Filter, str]] = {}
ZERO = Decimal(0)


@dataclass(slots=True)
class Row:
    """One endpoint while it is ranked; the numbers are those of `Terms`."""

    #: Where it stood among those found: the cards' order.
    place: int
    candidate: Candidate
    plan: Plan
    known: Known
    usd: Decimal | None
    usd_per_second: float | None
    seconds: float | None
    usable: float
    elo: float | None
    #: What is not known of it that the policy decides by.
    lack: str | None = None
    gap: float | None = None
    win: float | None = None
    score: float | None = None


def rank(
    found: Sequence[Candidate],
    policy: Policy,
    *,
    knows: Callable[[Plan], Known],
    config: Config,
    barred: Mapping[str, tuple[Filter, str]] = NOTHING_BARRED,
    count: int = 1,
    budget: Decimal | None = None,
    left: Left | None = None,
    named: bool = False,
    day: date | None = None,
) -> Route:
    """The endpoints of `found` in the order to try, and every reason why the others are left out.

    knows: what is known of the endpoint of a plan, for that kind of clip.
    barred: endpoints that are off or cooling, by id, with the reason.
    count: clips still to be made; budget: US dollars that the whole call may cost, its max_usd.
    left: what is left of money and time, for a further attempt.
    named: the caller named this one endpoint. What is off or cooling, allow, deny, regions, require and unknown do not
        count then; money, the deadline, fit, retirement and keys do.
    day: the day by which the candidates were judged; that of the plans unless given.
    """
    return choose(Question((*found,), policy, knows, config, barred, count, budget, left, named, day))


def choose(question: Question) -> Route:
    """The answer to a question as it was put to `rank`."""
    policy = question.policy
    filters = Filters(question)
    rows, excluded = [], []
    for place, candidate in enumerate(question.found):
        held = candidate.plan
        if held is None:
            excluded.append(Excluded(candidate, filters.against(candidate, None, None)))
            continue
        row = _row(place, candidate, held, question.knows(held), policy)
        row.lack = lacking(policy, row)
        if because := filters.against(candidate, row.known, row.lack):
            excluded.append(Excluded(candidate, because))
        else:
            rows.append(row)
    _compare(rows, policy)
    standings = tuple(_standing(row) for row in _ordered(rows, policy))
    day = question.day or next((each.plan.day for each in question.found if each.plan is not None), None)
    return Route(policy, day, standings, (*excluded,), question)


def lacking(policy: Policy, terms: Row | Terms) -> str | None:
    """What is not known of an endpoint that the policy decides by; None where nothing is."""
    rule = policy.choose
    if rule in ("cost", "balanced") and terms.usd_per_second is None:
        return "its price is not known"
    if rule in ("speed", "balanced") and terms.seconds is None:
        return "nobody knows how long it takes"
    if rule in ("quality", "balanced") and terms.elo is None:
        return f"it has no rating that is sure within {policy.rated_within:g} Elo"
    return None


def _row(place: int, candidate: Candidate, held: Plan, known: Known, policy: Policy) -> Row:
    price, took, rating, usable = held.price, known.seconds, known.rating, known.reliability.share
    per_second = None
    if price is not None:
        lost = 0.0 if held.endpoint.billing.failed == "free" else 1 - usable
        per_second = float(price) / held.settings.seconds * (usable + lost) / usable
    seconds = None if took is None else took.pessimistic(policy.pessimism) / usable
    elo = rating.elo if rating is not None and rating.sd <= policy.rated_within else None
    return Row(place, candidate, held, known, price, per_second, seconds, usable, elo)


def _standing(row: Row) -> Standing:
    took, rating = row.known.seconds, row.known.rating
    return Standing(
        row.candidate,
        row.plan,
        row.known,
        Terms(
            row.usd,
            row.usd_per_second,
            row.seconds,
            None if took is None else took.median,
            row.usable,
            row.elo,
            None if rating is None or row.elo is None else rating.sd,
            row.gap,
            row.win,
            row.score,
        ),
    )


# --- who stands where -------------------------------------------------------------------------------------------------


def _compare(rows: Sequence[Row], policy: Policy) -> None:
    """Fills in what hangs on the others: gap, and for `balanced` win and score."""
    rated = [(row, row.elo) for row in rows if row.elo is not None]
    best = max((elo for _, elo in rated), default=0.0)
    for row, elo in rated:
        row.gap = best - elo
    if policy.choose == "balanced":
        chances = _chances([best - elo for _, elo in rated])
        for row, elo in rated:
            row.win = win = chances[best - elo]
            if row.usd is not None and row.seconds is not None:
                minutes = row.seconds / 60
                row.score = win - policy.weights.usd * float(row.usd) - policy.weights.minute * minutes


def _chances(gaps: Sequence[float]) -> dict[float, float]:
    """The mean chance to beat another endpoint, by how far one is behind the best; a half where there is no other.

    gaps: of all of them. Endpoints of one model share its rating, so this is worked out once for each gap.
    """
    others = len(gaps) - 1
    if others < 1:
        return dict.fromkeys(gaps, 0.5)
    # Two that are both hopelessly behind still meet each other: 10^-100 stands for anything less.
    field = [max(10 ** (-gap / 400), 1e-100) for gap in gaps]
    strengths = dict(zip(gaps, field, strict=True))
    return {gap: (sum([own / (own + other) for other in field]) - 0.5) / others for gap, own in strengths.items()}


def _ordered(rows: Sequence[Row], policy: Policy) -> list[Row]:
    """In the order to try: first those of which the deciding number is known."""
    known = [row for row in rows if row.lack is None]
    rest = sorted((row for row in rows if row.lack is not None), key=_by_cost)
    match policy.choose:
        case "speed":
            first = _in_turn(known, [row.seconds or 0.0 for row in known], _equally_fast(policy), _by_price)
        case "quality":
            key = _by_price_and_gap if policy.tie_break == "cheapest" else _by_seconds
            first = _in_turn(known, [row.gap or 0.0 for row in known], _equally_good(policy), key)
        case "cost":
            first = sorted(known, key=_by_cost)
        case "balanced":
            first = sorted(known, key=_by_score)
    return first + rest


def _equally_fast(policy: Policy) -> Callable[[float], float]:
    return lambda seconds: seconds * (1 + policy.within)


def _equally_good(policy: Policy) -> Callable[[float], float]:
    return lambda gap: gap + policy.quality_margin


def equals(standings: Sequence[Standing], policy: Policy) -> list[Standing]:
    """Those that `speed` or `quality` counts as equal to the best of them, the best among them; the first decides."""
    known = [each for each in standings if lacking(policy, each.terms) is None]
    if policy.choose == "speed":
        numbers, reach = [each.terms.seconds or 0.0 for each in known], _equally_fast(policy)
    else:
        numbers, reach = [each.terms.gap or 0.0 for each in known], _equally_good(policy)
    limit = reach(min(numbers))
    return [each for each, number in zip(known, numbers, strict=True) if number <= limit]


def _in_turn(
    rows: Sequence[Row], numbers: Sequence[float], reach: Callable[[float], float], key: Callable[[Row], Any]
) -> list[Row]:
    """Again and again the least by `key` of those whose number is within reach of the least that is left."""
    waiting = sorted(range(len(rows)), key=lambda at: numbers[at])
    ascending = [numbers[at] for at in waiting]
    equal: list[tuple[Any, int]] = []
    taken: set[int] = set()
    order: list[Row] = []
    least = entered = 0
    while len(order) < len(rows):
        while waiting[least] in taken:
            least += 1
        # The least only grows, so whoever was once within its reach stays there.
        reached = bisect_right(ascending, reach(ascending[least]))
        for at in waiting[entered:reached]:
            heappush(equal, (key(rows[at]), at))
        entered = max(entered, reached)
        _, at = heappop(equal)
        taken.add(at)
        order.append(rows[at])
    return order


# Unknown numbers stand last; what is sent as asked comes before what is adapted, then the cards' order decides.


def _by_price(row: Row) -> tuple[Any, ...]:
    price, seconds = row.usd, row.seconds
    return price is None, price or ZERO, seconds is None, seconds or 0.0, len(row.plan.changes), row.place


def _by_price_and_gap(row: Row) -> tuple[Any, ...]:
    return row.usd is None, row.usd or ZERO, row.gap, *_by_price(row)


def _by_seconds(row: Row) -> tuple[Any, ...]:
    price, seconds = row.usd, row.seconds
    return seconds is None, seconds or 0.0, price is None, price or ZERO, len(row.plan.changes), row.place


def _by_cost(row: Row) -> tuple[Any, ...]:
    cost, seconds = row.usd_per_second, row.seconds
    return cost is None, cost or 0.0, seconds is None, seconds or 0.0, len(row.plan.changes), row.place


def _by_score(row: Row) -> tuple[Any, ...]:
    return -(row.score or 0.0), len(row.plan.changes), row.place
