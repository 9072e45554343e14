"""What would change a route: questions a little different from the one that was put, each of them answered anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, islice
from math import ceil, log
from typing import Any

from rushes.amounts import usd
from rushes.plan import Plan
from rushes.router.candidates import Candidate
from rushes.router.known import Known
from rushes.router.policy import Needs
from rushes.router.rank import choose
from rushes.router.route import Filter, Question, Route

#: Filters that a larger number would lift, in the order in which they are told.
LIMITS: tuple[Filter, ...] = ("policy_max_usd", "call_max_usd", "deadline")
#: How many sentences a route says.
MOST = 4
CENT = Decimal("0.01")
#: A need that setting a variable meets, such as "set GEMINI_API_KEY or GOOGLE_API_KEY"; of a provider with several keys
#: also whose it is, such as "team: set TEAM_KEY".
SET = re.compile(r"(?:(\S+): )?set ([A-Z][A-Z0-9_]*(?: or [A-Z][A-Z0-9_]*)*)")


@dataclass(frozen=True)
class WhatIf:
    """Another question, and the endpoint that is first in its answer."""

    question: Question
    winner: str
    text: str


def would_change(route: Route) -> tuple[str, ...]:
    """At most MOST sentences, the most useful first."""
    return tuple(each.text for each in islice(what_ifs(route), MOST))


def what_ifs(route: Route) -> Iterator[WhatIf]:
    """Everything found that would put another endpoint first."""
    alone = chain(_keys(route), _filters(route), _margins(route), _runner_up(route))
    if (first := next(alone, None)) is not None:
        yield first
        yield from alone
    elif not route.standings:
        yield from _together(route)


def _first(question: Question) -> str | None:
    standings = choose(question).standings
    return standings[0].candidate.endpoint.id if standings else None


def _now(route: Route) -> str | None:
    return route.standings[0].candidate.endpoint.id if route.standings else None


def _changed(route: Route, asked: Iterable[tuple[Question, str]]) -> Iterator[WhatIf]:
    """The first of some questions that another endpoint wins; {} in its text is that endpoint."""
    for question, text in asked:
        winner = _first(question)
        if winner is not None and winner != _now(route):
            yield WhatIf(question, winner, text.format(winner))
            return


# --- keys -------------------------------------------------------------------------------------------------------------


def _keys(route: Route) -> Iterator[WhatIf]:
    """A key that is missing, or the two that matter most: the first is the one whose endpoint beats all others."""
    question = route.question
    lacked = [each.candidate.needs for each in route.excluded if each.filters == ("access",)]
    curable = [needs for needs in dict.fromkeys(lacked) if _variables(needs)]
    best = _first(_with_keys(question, curable)) if len(curable) > 1 else None
    owner = next((each.needs for each in question.found if each.endpoint.id == best), ())
    for needs in sorted(curable, key=lambda needs: needs != owner)[:2]:
        text = f"With {_variables(needs)} set, {{}} would be chosen."
        yield from _changed(route, [(_with_keys(question, [needs]), text)])


def _variables(needs: Sequence[str]) -> str | None:
    """What to set so that an endpoint can be used; None where that is not all."""
    found = [match for need in needs if (match := SET.fullmatch(need))]
    keys = {match[1] for match in found}
    if len(found) < len(needs) or len(keys) not in (1, len(needs)):
        return None
    # One of several keys is enough; of one key, all that it takes.
    return (" or " if len(keys) > 1 else " and ").join(dict.fromkeys(match[2] for match in found))


def _with_keys(question: Question, met: Sequence[tuple[str, ...]]) -> Question:
    found = tuple(replace(each, needs=()) if each.needs in met else each for each in question.found)
    return replace(question, found=found)


# --- filters ----------------------------------------------------------------------------------------------------------


def _filters(route: Route) -> Iterator[WhatIf]:
    question, policy = route.question, route.policy

    def lifted(how: str, **fields: Any) -> Iterator[WhatIf]:
        return _changed(route, [(_with_policy(question, **fields), f"{how}, {{}} would be chosen.")])

    if policy.allow:  # the policy's own, or what the call is to choose among
        yield from lifted("With everything allowed", allow=())
    if policy.deny:
        yield from lifted("Without the policy's deny", deny=())
    if policy.regions:
        yield from lifted("Without the policy's regions", regions=())
    if policy.require != Needs():
        yield from lifted("Without the policy's require", require=Needs())
    for limit in LIMITS:
        yield from _changed(route, _raised(route, limit))
    if policy.unknown == "exclude":
        asked = _with_policy(question, unknown="last")
        yield from _changed(route, [(asked, "With unknown: last, {} would be chosen.")])
    barred = {id: why for id, why in question.barred.items() if why[0] != "cooling"}
    if len(barred) < len(question.barred):
        asked = replace(question, barred=barred)
        yield from _changed(route, [(asked, "If nothing were cooling down, {} would be chosen.")])


def _with_policy(question: Question, **fields: Any) -> Question:
    return replace(question, policy=question.policy.model_copy(update=fields))


# --- limits -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lift:
    """A question in which something no longer leaves an endpoint out, and how to say so after "with"."""

    question: Question
    words: str
    #: By how much: the least is told.
    by: float = 0.0


def _raised(route: Route, limit: Filter) -> Iterator[tuple[Question, str]]:
    """A limit raised far enough for an endpoint that it alone leaves out; the nearest first."""
    found = [_lift(route.question, each.candidate, limit) for each in route.excluded if each.filters == (limit,)]
    for lift in sorted((each for each in found if each is not None), key=lambda lift: lift.by):
        yield lift.question, f"With {lift.words}, {{}} would be chosen."


def _together(route: Route) -> Iterator[WhatIf]:
    """What it would take to use an endpoint that several things leave out; the fewest things, and then the cheapest."""
    asked = []
    for each in route.excluded:
        question, lifts = route.question, list[Lift]()
        for filter in each.filters:
            if (lift := _lift(question, each.candidate, filter)) is None:
                break
            question = lift.question
            lifts.append(lift)
        else:
            *words, last = (lift.words for lift in lifts)
            text = f"With {', '.join(words)} and {last}, {{}} would be chosen."
            price = each.candidate.plan.price if each.candidate.plan else None
            asked.append(((len(lifts), price or Decimal(0)), question, text))
    asked.sort(key=lambda one: one[0])
    yield from _changed(route, [(question, text) for _, question, text in asked])


def _lift(question: Question, candidate: Candidate, filter: Filter) -> Lift | None:
    """The question in which a filter lets a candidate pass; None where nothing that can be set does that."""
    policy, left, held = question.policy, question.left, candidate.plan
    if held is None:
        return None
    match filter:
        case "access" if variables := _variables(candidate.needs):
            return Lift(_with_keys(question, [candidate.needs]), f"{variables} set")
        case "policy_max_usd" if held.price is not None:
            most = held.price + _used(policy.max_usd, left.clip_usd if left else None)
            asked = _with_policy(_with_left(question, clip_usd=held.price), max_usd=most)
            return Lift(asked, f"the policy's max_usd at {usd(most)}", float(most))
        case "call_max_usd" if held.price is not None:
            most = held.price * question.count + _used(question.budget, left.call_usd if left else None)
            asked = replace(_with_left(question, call_usd=held.price * question.count), budget=most)
            return Lift(asked, f"the call's max_usd at {usd(most)}", float(most))
        case "deadline" if took := question.knows(held).seconds:
            used = (policy.deadline or 0.0) - (left.seconds or 0.0) if left else 0.0
            wait = ceil(used + took.pessimistic(policy.pessimism))
            asked = _with_policy(_with_left(question, seconds=wait - used), deadline=float(wait))
            return Lift(asked, f"the policy's deadline at {wait} s", float(wait))
        case _:
            return None


def _used(whole: Decimal | None, left: Decimal | None) -> Decimal:
    """What earlier attempts took of a limit."""
    return Decimal(0) if whole is None or left is None else whole - left


def _with_left(question: Question, **fields: Any) -> Question:
    return question if question.left is None else replace(question, left=replace(question.left, **fields))


# --- how far an endpoint may be behind and still count as equal -------------------------------------------------------


def _margins(route: Route) -> Iterator[WhatIf]:
    policy, standings = route.policy, route.standings
    if policy.choose == "quality":
        numbers = [each.terms.gap for each in standings if each.terms.gap is not None]
        name, have, step, most = "quality_margin", policy.quality_margin, 10, float("inf")
    elif policy.choose == "speed":
        seconds = [each.terms.seconds for each in standings if each.terms.seconds is not None]
        numbers = [each / min(seconds) - 1 for each in seconds]
        name, have, step, most = "within", policy.within, 1000, 1.0
    else:
        return
    # Rounded up, to a tenth of an Elo or of a percent: there the endpoint is just within reach.
    reached = sorted({ceil(number * step) / step for number in numbers})

    def asked(values: Iterable[float]) -> Iterator[tuple[Question, str]]:
        for value in values:
            text = f"With {name}: {value:g}, {{}} would be chosen."
            yield _with_policy(route.question, **{name: float(f"{value:g}")}), text

    yield from _changed(route, asked(value for value in reached if have < value <= most))
    yield from _changed(route, asked(max(0.0, value - 1 / step) for value in reversed(reached) if 0 < value <= have))


# --- what the runner-up would have to be ------------------------------------------------------------------------------


def _runner_up(route: Route) -> Iterator[WhatIf]:
    if len(route.standings) < 2:
        return
    second, question = route.standings[1], route.question
    at, terms = second.candidate, second.terms
    if terms.usd is not None:
        cents = _most(lambda cents: _with_price(question, at, CENT * cents), at, ceil(terms.usd / CENT))
        if cents:
            price = CENT * cents
            text = f"At {usd(price)} a clip or less (now {usd(terms.usd)}), {at.endpoint.id} would be chosen."
            yield WhatIf(_with_price(question, at, price), at.endpoint.id, text)
    if terms.seconds is not None:
        seconds = _most(lambda seconds: _with_seconds(question, at, seconds), at, ceil(terms.seconds))
        if seconds:
            now = f"now {terms.seconds:.1f} s"
            text = f"At {seconds} s to a usable file or less ({now}), {at.endpoint.id} would be chosen."
            yield WhatIf(_with_seconds(question, at, seconds), at.endpoint.id, text)


def _most(asked: Callable[[int], Question], candidate: Candidate, below: int) -> int | None:
    """The largest whole number below `below`, at least 1, with which a candidate wins; less never makes it lose."""
    wins, loses = 1, below
    if below <= 1 or _first(asked(wins)) != candidate.endpoint.id:
        return None
    while loses - wins > 1:
        middle = (wins + loses) // 2
        if _first(asked(middle)) == candidate.endpoint.id:
            wins = middle
        else:
            loses = middle
    return wins


def _with_price(question: Question, candidate: Candidate, price: Decimal) -> Question:
    def priced(each: Candidate) -> Candidate:
        if each is not candidate or each.plan is None:
            return each
        return replace(each, plan=replace(each.plan, price=price))

    return replace(question, found=tuple(priced(each) for each in question.found))


def _with_seconds(question: Question, candidate: Candidate, seconds: float) -> Question:
    """The same with an endpoint that takes so many seconds to a usable file."""
    knows, policy = question.knows, question.policy

    def known(held: Plan) -> Known:
        before = knows(held)
        if held.endpoint is not candidate.endpoint or before.seconds is None:
            return before
        took = before.seconds.pessimistic(policy.pessimism) / before.reliability.share
        faster = replace(before.seconds, mean=before.seconds.mean + log(seconds / took))
        return replace(before, seconds=faster)

    return replace(question, knows=known)
