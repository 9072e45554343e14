"""How numbers, lengths and sizes are written on a page; what nobody knows is `n/a`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from rushes.amounts import UNKNOWN, usd
from rushes.benchmarks.measured import Measured
from rushes.benchmarks.metrics import Metric
from rushes.numbers import number


def seconds(value: float | None, decimals: int = 1) -> str:
    """Such as `62.0 s`."""
    return UNKNOWN if value is None else f"{number(value, decimals)} s"


def length(value: float | None) -> str:
    """A film's length, with no more digits than it has: `4 s`."""
    return UNKNOWN if value is None else f"{value:g} s"


def size(values: Mapping[str, Any] | None) -> str:
    """Such as `1280×720`."""
    if not values or values.get("width") is None or values.get("height") is None:
        return UNKNOWN
    return f"{values['width']}×{values['height']}"


def money(amount: Decimal | None, how: str) -> str:
    """Such as `$0.40, estimated`."""
    return UNKNOWN if amount is None else f"{usd(amount)}, {how}"


def minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def file_size(count: int | None) -> str:
    """Such as `2.4 MB`, of a million bytes each."""
    return UNKNOWN if count is None else f"{count / 1e6:.1f} MB"


def amount(metric: Metric, value: float | None) -> str:
    """A metric's number in its unit; shares as per cent."""
    if value is None:
        return UNKNOWN
    if metric.unit == "share":
        return f"{100 * value:.{max(0, metric.decimals - 2)}f} %"
    return f"{plain(metric, value)} {metric.unit}".rstrip()


def plain(metric: Metric, value: float | None) -> str:
    """The same without the unit, for columns that name it."""
    if value is None:
        return UNKNOWN
    scaled = 100 * value if metric.unit == "share" else value
    decimals = max(0, metric.decimals - 2) if metric.unit == "share" else metric.decimals
    return f"{round(scaled, decimals) + 0.0:.{decimals}f}".replace("-", "−")  # + 0.0: no minus before a zero


def unit(metric: Metric) -> str:
    return "%" if metric.unit == "share" else metric.unit


def better(metric: Metric) -> str:
    return "neither way is better" if metric.better is None else f"{metric.better} is better"


def of_clip(metric: Metric, measured: Measured) -> tuple[str, str]:
    """The metric's number of one clip, and what to say of it: nothing where it is plain."""
    found = measured.values.get(metric.name)
    if found is None or found.value is None:
        return UNKNOWN, measured.why(metric.name)
    return amount(metric, found.value), found.why or ""
