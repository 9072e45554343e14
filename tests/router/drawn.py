"""Fields and policies drawn at random, for what must hold of all of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.router.field import RETIRED, UNFIT, UNPRICED, One, Used

IDS = ("a/one", "a/two", "b/three", "b/four", "c/five", "c/six")
RULES = ("speed", "quality", "cost", "balanced")


def _one(id: str) -> st.SearchStrategy[One]:
    # Few different values, so that there are ties.
    return st.builds(
        One,
        id=st.just(id),
        usd=_mostly(st.integers(1, 40).map(lambda dimes: f"{dimes / 10:.2f}"), None),
        seconds=_mostly(st.integers(1, 60).map(lambda many: many * 10), None),
        error=st.sampled_from([0.0, 0.1, 0.5]),
        usable=st.sampled_from([0.5, 0.9, 0.99]),
        elo=_mostly(st.integers(-12, 12).map(lambda many: many * 5.0), None),
        sd=_mostly(10.0, 60.0, 100.0),
        needs=_mostly((), ("set A_KEY",), ("set B_KEY or C_KEY", "set B_HOME"), ("it is not spoken",)),
        changes=st.integers(0, 1),
        failed=st.sampled_from(["free", "full", "unknown"]),
        facts=_mostly((), RETIRED, UNFIT, UNPRICED),
    )


def fields(least: int = 1) -> st.SearchStrategy[list[One]]:
    """One to six endpoints, each once."""
    names = st.lists(st.sampled_from(IDS), min_size=least, max_size=len(IDS), unique=True)
    return names.flatmap(lambda ids: st.tuples(*(_one(id) for id in ids)).map(list))


def _mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """One time in five something else: a field of misfits, or a policy with every limit at once, leaves nobody."""

    def drawn(value: Any) -> st.SearchStrategy[Any]:
        return value if isinstance(value, st.SearchStrategy) else st.just(value)

    return st.integers(0, 4).flatmap(lambda at: drawn(usual) if at else st.sampled_from(others).flatmap(drawn))


SOME_NAMES = st.lists(st.sampled_from(["a", "b", "two", "five", "a/one", "c/six"]), max_size=2, unique=True)
DOLLARS = st.integers(1, 60).map(lambda dimes: Decimal(dimes) / 10)


@st.composite
def told(draw: st.DrawFn, rule: str | None = None) -> dict[str, Any]:
    """What `ranked` may be told: a policy, and the call's own limits."""
    deny = draw(_mostly(None, SOME_NAMES)) or []
    how: dict[str, Any] = {
        "choose": rule or draw(st.sampled_from(RULES)),
        "deny": deny,
        "allow": [name for name in draw(_mostly(None, SOME_NAMES)) or [] if name not in deny],
        "within": draw(st.sampled_from([0, 0.1, 0.5])),
        "pessimism": draw(st.sampled_from([0, 1])),
        "quality_margin": draw(st.sampled_from([0, 5, 20, 60])),
        "tie_break": draw(st.sampled_from(["cheapest", "fastest"])),
        "unknown": draw(_mostly("last", "exclude")),
        "weights": {"usd": draw(st.sampled_from([0, 0.1, 1])), "minute": draw(st.sampled_from([0, 0.05]))},
        "max_usd": draw(_mostly(None, DOLLARS)),
        "deadline": draw(_mostly(None, st.integers(10, 900))),
        "budget": draw(_mostly(None, DOLLARS)),
        "count": draw(st.sampled_from([1, 1, 3])),
    }
    if draw(st.integers(0, 3)) == 0:
        how["barred"] = {draw(st.sampled_from(IDS)): ("cooling", "rate limited"), "c/six": ("off", "gone")}
    if draw(st.booleans()):
        dollars = [(how[limit] or Decimal(0)) / 2 for limit in ("max_usd", "budget")]
        how["used"] = Used(*dollars, seconds=(how["deadline"] or 0) / 3)
    return how
