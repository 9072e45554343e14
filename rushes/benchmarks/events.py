"""Sudden sounds, sudden changes of the picture, and how much the ones lag the others."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from rushes.benchmarks.measured import Value
from rushes.benchmarks.signals import RATE, STEP, Series

STEP_SECONDS = STEP / RATE
#: Power in a band at which nothing is heard: that of a tone at -60 dBFS.
FLOOR = 0.1
RISE, MASKED = 10.0, 20.0  # dB
BEFORE, NOW, APART, SETTLED = 15, 3, 8, 5  # steps of 10 ms
#: Changes of the picture against this long on either side, in seconds, stand out where they exceed the median by so
#: many times the usual deviation, and by so many levels of luma.
AROUND = 0.5
STANDS_OUT = 4.0
LEAST = 0.25
#: The farthest lag looked for, and how far two events may be apart to belong together, in seconds.
FARTHEST, NEAR = 0.5, 0.04
PEAK_OVER_MEDIAN = 4.0
#: How likely chance alone may make as many match at some lag.
CHANCE = 0.05


@dataclass(frozen=True, eq=False)
class Events:
    """When something happened, in seconds, in order; `weights` of how much, on average 1."""

    times: Series
    weights: Series

    def later(self, seconds: float) -> Events:
        return Events(self.times + seconds, self.weights)


def _events(times: Series, sizes: Series) -> Events:
    return Events(times, sizes / sizes.mean() if sizes.size else sizes)


def sudden(power: NDArray[np.float32]) -> Events:
    """Sounds that begin suddenly; `power` is (steps of 10 ms, bands). Nothing within the first 50 ms counts."""
    level = 10 * np.log10(power.astype(np.float64) + FLOOR)
    if len(level) < NOW + SETTLED:
        return _events(np.empty(0), np.empty(0))
    windows = np.lib.stride_tricks.sliding_window_view
    now = windows(level, NOW, axis=0).mean(axis=-1)
    early = [np.median(level[: max(1, step)], axis=0) for step in range(min(BEFORE, len(now)))]
    before = np.concatenate([early, np.median(windows(level, min(BEFORE, len(level)), axis=0), axis=-1)])[: len(now)]
    # What sounds on is no second onset, though most of the time before it was still quiet.
    just = np.concatenate([np.repeat(level[:1], NOW, axis=0), now])[: len(now)]
    before = np.maximum(before, just)
    # A band far below what was to be heard before is masked: the click of a tone that is cut off is no event.
    heard = now >= before.max(axis=1, keepdims=True) - MASKED
    rise = np.where(heard, now - before, 0).max(axis=1)
    rise[:SETTLED] = 0
    # The steepest first, so that a sound's own tail is no second one.
    found: list[int] = []
    for step in np.argsort(-rise, kind="stable"):
        if rise[step] < RISE:
            break
        if all(abs(step - other) >= APART for other in found):
            found.append(int(step))
    steps = np.array(sorted(found), np.int64)
    return _events(np.asarray(steps * STEP_SECONDS, np.float64), rise[steps])


def beats(times: Series, change: Series) -> Events:
    """Frames in which the picture changes suddenly; `change` is NaN where a frame has none before it in its shot."""
    usual = np.full(times.size, np.nan)
    there = np.isfinite(change)
    for at in np.flatnonzero(there):
        first, last = np.searchsorted(times, [times[at] - AROUND, times[at] + AROUND])
        near = change[first:last]
        usual[at] = np.median(near[np.isfinite(near)])
    over = np.where(there, change - usual, 0.0)
    deviation = float(np.median(np.abs(over[there]))) * 1.4826 if there.any() else 0.0
    over[over <= max(LEAST, STANDS_OUT * deviation)] = 0
    # A change that goes on began in its first frame.
    begins = (over > 0) & (np.concatenate([[0.0], over[:-1]]) <= 0)
    return _events(times[begins], over[begins])


def lag(sounds: Events, changes: Events, seconds: float) -> Value:
    """How many milliseconds later the sounds of a clip of that length come; not measurable where no lag stands out."""
    for events, what in ((sounds, "sound"), (changes, "picture")):
        if events.times.size < 2:
            return Value.missing(f"fewer than two sudden events in the {what}")
    pairs = _pairs(sounds.times, changes.times)
    if not len(pairs):
        return Value.missing(f"no sudden sound within {FARTHEST:g} s of a sudden change of the picture")
    heard, seen = pairs.T
    apart = sounds.times[heard] - changes.times[seen]
    weight = sounds.weights[heard] * changes.weights[seen]
    lags = np.arange(-FARTHEST, FARTHEST + STEP_SECONDS / 2, STEP_SECONDS)
    near = np.clip(1 - np.abs(apart[:, None] - lags) / NEAR, 0, None)
    match = (weight[:, None] * near).sum(axis=0)
    together = np.abs(apart - lags[int(match.argmax())]) < NEAR
    matched = np.unique(heard[together]).size
    if min(matched, np.unique(seen[together]).size) < 2:
        return Value.missing("no two sudden sounds have a sudden change of the picture at the same lag")
    if match.max() < PEAK_OVER_MEDIAN * float(np.median(match)):
        return Value.missing("no lag between sound and picture stands out")
    if _by_chance(matched, sounds.times.size, changes.times.size, seconds) > CHANCE:
        return Value.missing("as many sudden sounds may match the picture by chance")
    return Value.ok(float((weight * apart)[together].sum() / weight[together].sum()) * 1000)


def _pairs(sounds: Series, changes: Series) -> NDArray[np.int64]:
    """Which sounds and which changes are near enough to belong together at some lag: (pairs, 2)."""
    reach = FARTHEST + NEAR
    firsts, lasts = np.searchsorted(changes, sounds - reach), np.searchsorted(changes, sounds + reach)
    found = [(at, there) for at, first in enumerate(firsts) for there in range(first, lasts[at])]
    return np.array(found, np.int64).reshape(-1, 2)


def _by_chance(matched: int, sounds: int, changes: int, seconds: float) -> float:
    """At most how likely so many of the sounds fall near a change at some lag, if they know nothing of each other."""
    one = min(1.0, changes * 2 * NEAR / seconds)
    tail = sum(comb(sounds, many) * one**many * (1 - one) ** (sounds - many) for many in range(matched, sounds + 1))
    return min(1.0, tail * FARTHEST / NEAR)
