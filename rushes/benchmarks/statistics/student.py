"""Student's t distribution: its probabilities and its quantiles, from the incomplete beta function."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

from rushes.errors import BadInput

#: Pairs of terms of the continued fraction, and steps to a quantile; both have settled long before.
_TERMS, _STEPS = 60, 200


def tail(t: float, df: float) -> float:
    """The probability above `t`, for `df` > 0 degrees of freedom."""
    if math.isnan(t) or not df > 0:
        raise BadInput(f"no t distribution has {df} degrees of freedom at {t}", hint="Give df > 0 and a number.")
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    half = 0.5 * _beta_share(df / 2, 0.5, df / (df + t * t))
    return half if t >= 0 else 1 - half


@lru_cache(maxsize=4096)
def quantile(p: float, df: float) -> float:
    """The value with the share `p` (between 0 and 1, both excluded) of the distribution below it."""
    if not 0 < p < 1:
        raise BadInput(f"a quantile at {p} does not exist", hint="Give a share between 0 and 1.")
    if p == 0.5:
        return 0.0
    if p < 0.5:
        return -quantile(1 - p, df)
    # Newton's method from the normal quantile, which lies below; the tail is convex there, so no step goes too far.
    t = NormalDist().inv_cdf(p)
    for _ in range(_STEPS):
        step = (tail(t, df) - (1 - p)) / _density(t, df)
        t += step
        if abs(step) < 1e-12 * t:
            break
    return t


def _density(t: float, df: float) -> float:
    log_scale = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(df * math.pi)
    return math.exp(log_scale - (df + 1) / 2 * math.log1p(t * t / df))


def _beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_share(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) * _continued_fraction(a, b, x) / a


def _continued_fraction(a: float, b: float, x: float) -> float:
    """1 / (1 + d1 / (1 + d2 / …)), worked out from its far end (https://dlmf.nist.gov/8.17.E22)."""
    value = 1.0
    for m in range(_TERMS, 0, -1):
        value = 1 + m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)) / value
        value = 1 - (a + m - 1) * (a + b + m - 1) * x / ((a + 2 * m - 2) * (a + 2 * m - 1)) / value
    return 1 / value
