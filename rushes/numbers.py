"""Numbers that were measured, as text, the same at every door: shares, Elo, stretches of time, and their intervals.

What nobody knows is `n/a`, and never 0. Money and counts: `rushes.amounts`.
"""

from __future__ import annotations

from math import isinf

from rushes.amounts import UNKNOWN


def number(value: float | None, decimals: int = 1) -> str:
    """With so many decimals; `∞` for what has no end."""
    if value is None:
        return UNKNOWN
    return "∞" if isinf(value) else f"{value:.{decimals}f}"


def interval(low: float | None, high: float | None, decimals: int = 1) -> str:
    """Such as ` [98.0–126.4]`, with a space before it; empty where there is none."""
    if low is None and high is None:
        return ""
    # A dash beside a minus is hard to read.
    dash = " to " if min(low or 0, high or 0) < 0 else "–"
    return f" [{number(low, decimals)}{dash}{number(high, decimals)}]"


def percent(share: float | None) -> str:
    """A share as whole per cent, such as `61 %`."""
    return UNKNOWN if share is None else f"{100 * share:.0f} %"


def exact_percent(share: float) -> str:
    """With three digits, such as `97.5 %`, where whole ones would hide on which side of a limit it is."""
    return f"{100 * share:.3g} %"


def percent_interval(low: float | None, high: float | None) -> str:
    """Such as ` [60–98 %]`, with a space before it; empty where there is none."""
    return "" if low is None or high is None else f" [{100 * low:.0f}–{100 * high:.0f} %]"


def elo(value: float | None) -> str:
    """Whole Elo with its sign, such as `+35`; the even one is `0`."""
    if value is None:
        return UNKNOWN
    whole = round(value)
    return f"{whole:+d}".replace("-", "−") if whole else "0"


def elo_interval(low: float | None, high: float | None) -> str:
    """Such as ` [−10 to +80]`, with a space before it; empty where there is none."""
    return "" if low is None or high is None else f" [{elo(low)} to {elo(high)}]"


def elo_with(value: float | None, low: float | None, high: float | None) -> str:
    """Such as `+35 [−10 to +80]`; without brackets where there is no interval."""
    return elo(value) + elo_interval(low, high)


def minutes(seconds: float | None) -> str:
    """Such as `3.1 min`."""
    return UNKNOWN if seconds is None else f"{round(seconds / 60, 1) + 0.0:.1f} min"  # + 0.0: no minus before a zero


def about(seconds: float) -> str:
    """A stretch of time that is only guessed, such as `40 s`, `12 min` or `2.4 h`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
