"""Says of a route why each endpoint stands where it stands, and every number with where it is from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rushes.amounts import usd, usd_text
from rushes.plan import Plan, sent
from rushes.router.known import Basis
from rushes.router.policy import Policy
from rushes.router.rank import equals, lacking
from rushes.router.route import Excluded, Route, Standing


def whys(route: Route) -> tuple[str, ...]:
    """Why each endpoint was chosen among those that stand from there on."""
    standings = route.standings
    if len(standings) == 1:
        return ("the only endpoint that can be used",)
    return tuple(_why(standings[place:], route.policy, first=place == 0) for place in range(len(standings)))


def _why(left: Sequence[Standing], policy: Policy, *, first: bool) -> str:
    if lack := lacking(policy, left[0].terms):
        return f"{lack}, so it stands behind all of which that is known, by cost"
    if len(left) == 1:
        return "the last one left"
    decided = _decided(left, policy)
    return decided if first else f"of the rest, {decided}"


def _decided(left: Sequence[Standing], policy: Policy) -> str:
    match policy.choose:
        case "speed":
            return _fastest(left, policy)
        case "quality":
            return _best_rated(left, policy)
        case "cost":
            return _cheapest(left)
        case "balanced":
            return _weighed(left, policy)


def _fastest(left: Sequence[Standing], policy: Policy) -> str:
    first, equal = left[0], equals(left, policy)
    if len(equal) == 1:
        return f"fastest: {_takes(first)}{_then(left[1], policy, _takes)}"
    best = min(equal, key=lambda each: each.terms.seconds or 0.0)
    word = _preferred(first, equal, "cheapest")
    margin = f"within {policy.within * 100:g} %"
    if best.terms.seconds == first.terms.seconds:
        return f"fastest ({_takes(first)}), and {word} of the {len(equal)} {margin} of that"
    return f"{word} of the {len(equal)} {margin} of {_id(best)} (fastest, {_takes(best)})"


def _best_rated(left: Sequence[Standing], policy: Policy) -> str:
    first, equal = left[0], equals(left, policy)
    if len(equal) == 1:
        return f"best rated: {_rated(first)}{_then(left[1], policy, _rated)}"
    best = min(equal, key=lambda each: each.terms.gap or 0.0)
    word = _preferred(first, equal, policy.tie_break)
    margin = f"within {policy.quality_margin:g} Elo"
    if best.terms.gap == first.terms.gap:
        return f"best rated ({_rated(first)}), and {word} of the {len(equal)} {margin} of that"
    return f"{word} of the {len(equal)} {margin} of {_id(best)} (best, {_rated(best)})"


def _preferred(first: Standing, equal: Sequence[Standing], word: str) -> str:
    """`word`, or what decided where the number behind it is not known or the same for several."""
    numbers = [each.terms.usd if word == "cheapest" else each.terms.seconds for each in equal]
    own = first.terms.usd if word == "cheapest" else first.terms.seconds
    if own is None:
        return "first"
    if numbers.count(own) > 1:
        return "as cheap as any" if word == "cheapest" else "as fast as any"
    return word


def _cheapest(left: Sequence[Standing]) -> str:
    first, second = left[0], left[1]
    cost, other = first.terms.usd_per_second, second.terms.usd_per_second
    if other is None:
        return f"cheapest: {_costs(first)}"
    if cost != other:
        return f"cheapest: {_costs(first)}; {_id(second)} {_costs(second)}"
    return f"as cheap as {_id(second)} ({_costs(first)}), and {_ahead(first, second)}"


def _ahead(first: Standing, second: Standing) -> str:
    """Why one of two that cost the same comes first."""
    if first.terms.seconds != second.terms.seconds:
        return "faster" if second.terms.seconds is not None else "known to take " + _takes(first)
    return _level(first, second)


def _level(first: Standing, second: Standing) -> str:
    """Why one of two comes first that are level in all numbers that count."""
    if len(first.plan.changes) != len(second.plan.changes):
        return "with less of the request changed"
    return "before it in the cards"


def _weighed(left: Sequence[Standing], policy: Policy) -> str:
    first, second = left[0], left[1]
    terms, weights = first.terms, policy.weights
    dollars, minutes = float(terms.usd or 0), (terms.seconds or 0.0) / 60
    score = (
        f"{terms.win:.3f} (chance to look better) - {weights.usd * dollars:.3f} ({usd(terms.usd)}) "
        f"- {weights.minute * minutes:.3f} ({minutes:.1f} minutes to a usable file)"
    )
    if terms.score == second.terms.score:
        return f"as high a score as {_id(second)}, {terms.score:.3f}: {score}; and {_level(first, second)}"
    return f"highest score, {terms.score:.3f}: {score}"


def _then(other: Standing, policy: Policy, number: Callable[[Standing], str]) -> str:
    """The next one's number, where it is known."""
    return "" if lacking(policy, other.terms) else f"; {_id(other)} {number(other)}"


def _id(standing: Standing) -> str:
    return standing.candidate.endpoint.id


def _takes(standing: Standing) -> str:
    return f"{standing.terms.seconds:.1f} s to a usable file"


def _rated(standing: Standing) -> str:
    return f"{standing.terms.elo:+.1f} Elo"


def _costs(standing: Standing) -> str:
    return f"${standing.terms.usd_per_second:.4f} for each second of usable film"


# --- the whole as JSON: dollars as text, so that none is rounded ------------------------------------------------------


def route_json(route: Route) -> dict[str, Any]:
    """A route as it is printed and kept with an order."""
    placed = zip(route.standings, route.whys, strict=True)
    return {
        "day": None if route.day is None else route.day.isoformat(),
        "policy": route.policy.model_dump(mode="json"),
        "chosen": _id(route.standings[0]) if route.standings else None,
        "decided": route.decided,
        "would_change": list(route.would_change),
        "candidates": [
            *(_standing_json(place, standing, why) for place, (standing, why) in enumerate(placed, 1)),
            *(_excluded_json(excluded) for excluded in route.excluded),
        ],
    }


def _standing_json(place: int, standing: Standing, why: str) -> dict[str, Any]:
    terms = asdict(standing.terms)
    return {
        "endpoint": _id(standing),
        "place": place,
        "why": why,
        "filters": [],
        "reasons": [],
        **_plan_json(standing.plan),
        "terms": terms | {"usd": None if standing.terms.usd is None else usd_text(standing.terms.usd)},
        "known": _known_json(standing),
    }


def _excluded_json(excluded: Excluded) -> dict[str, Any]:
    held = excluded.candidate.plan
    return {
        "endpoint": excluded.candidate.endpoint.id,
        "place": None,
        "why": None,
        "filters": list(excluded.filters),
        "reasons": list(excluded.reasons),
        **_plan_json(held),
        "terms": None,
        "known": None,
    }


def _plan_json(held: Plan | None) -> dict[str, Any]:
    if held is None:
        return {"price_usd": None, "price_source": None, "sent": None, "changes": []}
    return {
        "price_usd": None if held.price is None else usd_text(held.price),
        "price_source": None if held.price_source is None else _price_source(held, held.price_source),
        "sent": sent(held),
        "changes": [_change_json(asdict(change)) for change in held.changes],
    }


def _price_source(held: Plan, key: str) -> dict[str, Any]:
    source = held.endpoint.card.sources[key]
    return {"source": "card", "where": source.where, "read": source.read.isoformat()}


def _change_json(change: Mapping[str, Any]) -> dict[str, Any]:
    difference = change["price_difference"]
    return {**change, "price_difference": None if difference is None else usd_text(difference)}


def _known_json(standing: Standing) -> dict[str, Any]:
    """What is known, each number with the strongest thing that it rests on, and all others."""
    took, usable, rating = standing.known.seconds, standing.known.reliability, standing.known.rating
    return {
        "seconds": took
        and {"median": took.median, "error": took.error, "spread": took.spread, **_basis_json(took.basis)},
        "usable": {"share": usable.share, **_basis_json(usable.basis)},
        # A rating that is too unsure to count is shown all the same, and said to be.
        "rating": rating
        and {
            "elo": rating.elo,
            "sd": rating.sd,
            "counts": standing.terms.elo is not None,
            **_basis_json(rating.basis),
        },
        "outdated_ratings": [each.json() for each in standing.known.outdated],
    }


def _basis_json(basis: Sequence[Basis]) -> dict[str, Any]:
    """`source` is prior, measured, live …, with the `run` where a benchmark run says it."""
    strongest = max(basis, key=lambda each: (each.weight or 0.0, each.n or 0), default=None)
    return {
        "source": None if strongest is None else strongest.source,
        "run": None if strongest is None else strongest.run,
        "basis": [each.json() for each in basis],
    }
