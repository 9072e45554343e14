"""One line of `make bench`: what was measured, beside what for comparison, and the target it is held against."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Measure:
    """`measured` in `unit`; `ratio` is it over `bare`, the same work without Rushes, where there is such a thing."""

    what: str
    measured: float
    unit: str
    bare: float | None = None
    #: Such as "ratio ≤ 2"; None where nothing is promised.
    target: str | None = None
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.bare is None else self.measured / self.bare

    def json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio}


def at_most(what: str, measured: float, unit: str, target: float, bare: float | None = None) -> Measure:
    """A promise on the figure itself."""
    return Measure(what, measured, unit, bare, f"≤ {target:g} {unit}", measured <= target)


def ratio_at_most(what: str, measured: float, unit: str, bare: float, target: float) -> Measure:
    """A promise on how much more it takes than the bare thing."""
    return Measure(what, measured, unit, bare, f"ratio ≤ {target:g}", measured / bare <= target)


def ratio_at_least(what: str, measured: float, unit: str, bare: float, target: float) -> Measure:
    """A promise on how much of the bare thing's speed is left."""
    return Measure(what, measured, unit, bare, f"ratio ≥ {target:g}", measured / bare >= target)


def middle(values: Sequence[float]) -> float:
    return median(values)


def table(measures: Sequence[Measure]) -> str:
    """The lines as text, in columns."""
    head = ["", "measured", "bare", "ratio", "target", ""]
    rows = [head]
    for each in measures:
        bare = "–" if each.bare is None else f"{_number(each.bare)} {each.unit}"
        ratio = "–" if each.ratio is None else f"{each.ratio:.2f}"
        verdict = {None: "", True: "met", False: "MISSED"}[each.met]
        rows.append([each.what, f"{_number(each.measured)} {each.unit}", bare, ratio, each.target or "–", verdict])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = []
    for first, *rest in rows:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
