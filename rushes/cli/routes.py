"""How a route is told: who stands where, by which numbers, where those are from, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rushes.amounts import UNKNOWN, counted
from rushes.cli.show import seconds
from rushes.numbers import elo, percent

if TYPE_CHECKING:
    from rushes.router.known import Basis
    from rushes.router.route import Route, Standing

#: What a number rests on, in words for people.
ORIGINS = {
    "prior": "prior",
    "measured": "measured",
    "live": "live jobs",
    "imported": "imported",
    "voted": "votes",
    "judged": "judged",
}


def numbers(standing: Standing) -> Iterator[tuple[str, str]]:
    """Speed, looks and cost of an endpoint, each with its source."""
    known, terms = standing.known, standing.terms
    share = f"{percent(known.reliability.share)} usable, {source(known.reliability.basis)}"
    if known.seconds is None:
        yield "speed", f"{UNKNOWN}; {share}"
    else:
        typical = f"median {seconds(terms.typical_seconds)}, {source(known.seconds.basis)}"
        yield "speed", f"{seconds(terms.seconds)} to a usable file ({typical}; {share})"
    if known.rating is None:
        yield "looks", UNKNOWN
    else:
        unsure = "" if terms.elo is not None else "; too unsure to count"
        rating = f"{elo(known.rating.elo)} ± {known.rating.sd:.0f} Elo"
        yield "looks", f"{rating} ({source(known.rating.basis)}{unsure})"
    if known.outdated:
        yield "", f"not counted, of a version that is no longer served: {source(known.outdated)}"
    if terms.usd_per_second is not None:
        yield "cost", f"${terms.usd_per_second:.4f} for each second of usable film"


def source(basis: Sequence[Basis]) -> str:
    """What a number rests on, the strongest first."""
    if not basis:
        return UNKNOWN
    ordered = sorted(basis, key=lambda each: (each.weight or 0.0, each.n or 0), reverse=True)
    words = dict.fromkeys(_origin(each) for each in ordered)
    shown, more = [*words][:2], len(words) - 2
    return " and ".join(shown) + (f" and {more} more" if more > 0 else "")


def _origin(basis: Basis) -> str:
    parts = [ORIGINS[basis.source]]
    if basis.run is not None:
        parts.append(f"in run {basis.run}")
    if basis.n is not None and basis.source != "prior":
        parts.append(f"({counted(basis.n, 'prompt' if basis.source in ('voted', 'judged') else 'clip')})")
    if basis.borrowed is not None:
        parts.append(f"of {basis.borrowed}")
    return " ".join(parts)


def chosen(route: Route) -> str:
    """Which endpoint a policy picks and why, in one line."""
    if not route.standings:
        return f"{route.policy.name}: {route.decided}"
    return f"{route.policy.name}: {route.standings[0].candidate.endpoint.id}, {route.decided}"
