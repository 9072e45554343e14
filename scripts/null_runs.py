"""How often the statistics are wrong, counted on made-up runs whose truth is known.

Run by `make verdicts`; prints a table and fails if a bound is broken: at most 6 % of runs without any difference may
name a better model, and intervals that promise 95 % must hold the truth in at least 91 %. Takes four to five minutes on
one core. Of the 108 shares of false verdicts some pass 6 % by chance alone (2,000 runs are off by half a point): each
that does is counted again over four times as many fresh runs, and that count stands. The bootstrap has fewer resamples
here than the 2,000 of a report: 300 for verdicts, 500 for intervals.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import comb, exp, log, sqrt
from statistics import fmean
from typing import Any

import numpy as np

from rushes.benchmarks.statistics.intervals import median_interval, p95, per_usable, wilson
from rushes.benchmarks.statistics.paired import decide, paired
from rushes.benchmarks.statistics.power import LOG_SD, detectable_ratio
from rushes.benchmarks.statistics.verdicts import compare_all

PROMPTS, MODELS = (6, 8, 10, 20, 30, 60), (2, 4, 6)
FALSE, COVERED = 0.06, 0.91
FOR_VERDICTS, FOR_INTERVALS = 300, 500
Z95 = 1.6448536269514722

Make = Callable[[np.random.Generator, tuple[int, int]], Any]


def _skewed(random: np.random.Generator, shape: tuple[int, int], log_sd: float) -> Any:
    """Lognormal around 0, one model's five times as wide as the last one's, so that differences are skewed as well."""
    return (random.lognormal(0, log_sd, shape) - exp(log_sd**2 / 2)) * np.linspace(1, 0.2, shape[1])


def _holes(random: np.random.Generator, shape: tuple[int, int]) -> Any:
    return np.where(random.random(shape) < 0.1, np.nan, random.normal(size=shape))


#: What models without a difference in the mean deliver: (prompts, models) to values.
WORLDS: dict[str, Make] = {
    "normal": lambda random, shape: random.normal(size=shape),
    "Student's t, 3 df": lambda random, shape: random.standard_t(3, shape),
    "lognormal, log-SD 0.45": lambda random, shape: _skewed(random, shape, 0.45),
    "variances 1 : 100": lambda random, shape: random.normal(size=shape) * np.linspace(0.2, 2, shape[1]),
    "10 % holes": _holes,
    "ties (0, 1 or 2)": lambda random, shape: random.integers(0, 3, shape).astype(float),
}


@dataclass(frozen=True)
class Row:
    """A measured share of runs, and the bound that it must keep (None: shown, not promised)."""

    what: str
    share: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def kept(self) -> bool:
        return (self.at_most is None or self.share <= self.at_most) and (
            self.at_least is None or self.share >= self.at_least
        )

    def __str__(self) -> str:
        bound = f"≤ {self.at_most:.0%}" if self.at_most is not None else ""
        bound = f"≥ {self.at_least:.0%}" if self.at_least is not None else bound
        return f"{self.what:<72}{self.share:>8.1%}   {bound:<8}{'' if self.kept else 'BROKEN'}".rstrip()


def false_better(make: Make, prompts: int, models: int, runs: int, fresh: int = 0) -> float:
    """The share of runs in which any pair is called different; other runs for another `fresh`."""
    random = np.random.default_rng([prompts, models, *[fresh] * (fresh > 0)])
    wrong = 0
    for run in range(runs):
        pairs = compare_all(make(random, (prompts, models)), equivalent=0, seed=run, resamples=FOR_VERDICTS)
        wrong += any(pair.verdict == "better" for pair in pairs)
    return wrong / runs


def verdicts(runs: int) -> Iterator[Row]:
    """Printed in a block of its own, a column for each number of prompts; a row for each share counted again."""
    print(f'false "better" (any pair), % of {runs} runs; prompts:' + "".join(f"{n:>7}" for n in PROMPTS))
    for name, make in WORLDS.items():
        for models in MODELS:
            shares = [false_better(make, prompts, models, runs) for prompts in PROMPTS]
            print(
                f"  {name}, {models} models".ljust(49) + "".join(f"{100 * share:>7.1f}" for share in shares), flush=True
            )
            for prompts, share in zip(PROMPTS, shares, strict=True):
                if share > FALSE:
                    again = false_better(make, prompts, models, 4 * runs, fresh=1)
                    what = f'false "better", {name}, {models} models, {prompts} prompts, again'
                    yield Row(what, again, at_most=FALSE)
    shares = [false_better(lambda *to: _skewed(*to, 0.8), prompts, 2, runs) for prompts in PROMPTS]
    print("  lognormal, log-SD 0.8, 2 models (no promise)".ljust(49) + "".join(f"{100 * s:>7.1f}" for s in shares))


def false_equivalent(runs: int) -> Iterator[Row]:
    """Two models that differ by just the margin."""
    for prompts in (10, 30):
        random = np.random.default_rng(prompts)
        wrong = 0
        for run in range(runs):
            values = random.normal(size=(prompts, 2)) * 0.1 + [0, 0.2]
            [pair] = compare_all(values, equivalent=0.2, seed=run, resamples=FOR_VERDICTS)
            wrong += pair.verdict == "equivalent"
        yield Row(f'false "equivalent" at the margin, {prompts} prompts', wrong / runs, at_most=FALSE)


def power(runs: int) -> Iterator[Row]:
    for prompts, models in ((10, 2), (10, 4), (30, 2), (30, 4)):
        for named in (1.5, detectable_ratio(prompts, 1, comparisons=comb(models, 2))):
            assert named is not None
            random = np.random.default_rng([prompts, models])
            seen = 0
            for run in range(runs):
                values = random.normal(0, LOG_SD, (prompts, models))
                values[:, 0] += log(named)
                seen += compare_all(values, equivalent=0, seed=run, resamples=FOR_VERDICTS)[0].verdict == "better"
            told = named != 1.5
            what = f"ratio {named:.2f} seen, {prompts} prompts, {models} models" + (", promised 80 %" if told else "")
            yield Row(what, seen / runs, at_least=0.75 if told else None)


def medians(runs: int) -> Iterator[Row]:
    """Seconds with a median of 1; prompts differ where there are two clips of each."""
    for prompts, samples, apart in ((10, 1, 0.0), (20, 1, 0.0), (60, 1, 0.0), (8, 2, 0.3), (10, 2, 0.3), (30, 2, 0.3)):
        random = np.random.default_rng([prompts, samples])
        groups = [k // samples for k in range(prompts * samples)]
        # Log-SD 0.45 in all, of which `apart` between prompts.
        within, mean = sqrt(LOG_SD**2 - apart**2), exp(LOG_SD**2 / 2) / 0.8
        middle = spent = 0
        for run in range(runs):
            scatter = random.normal(0, apart, (prompts, 1)) + random.normal(0, within, (prompts, samples))
            seconds, usable = np.exp(scatter).ravel(), random.random(prompts * samples) < 0.8
            interval = median_interval(seconds, groups, seed=run, resamples=FOR_INTERVALS)
            clip = per_usable(seconds, usable, groups, seed=run, resamples=FOR_INTERVALS)
            assert interval is not None
            assert clip is not None
            assert clip.interval is not None
            middle += interval.low <= 1 <= interval.high
            spent += clip.interval.low <= mean <= clip.interval.high
        what = f"{prompts} prompts × {samples}"
        yield Row(f"median in its interval, {what}", middle / runs, at_least=COVERED)
        yield Row(f"seconds per usable clip (80 % usable) in its interval, {what}", spent / runs, at_least=COVERED)


def shares() -> Iterator[Row]:
    """Exact: all outcomes of n tries, added up."""
    for n in (10, 20, 50, 100):
        covered = []
        limits = [wilson(k, n) for k in range(n + 1)]
        for truth in np.linspace(0.5, 0.995, 100):
            inside = [k for k, each in enumerate(limits) if each is not None and each.low <= truth <= each.high]
            covered.append(sum(comb(n, k) * truth**k * (1 - truth) ** (n - k) for k in inside))
        yield Row(
            f"share of successes in Wilson's interval, {n} tries, mean of 50 to 99.5 %",
            fmean(covered),
            at_least=COVERED,
        )
        yield Row(f"the same, {n} tries, worst of 50 to 99.5 %", min(covered))


def tails(runs: int) -> Iterator[Row]:
    truth = exp(LOG_SD * Z95)
    for n in (59, 72):
        random = np.random.default_rng(n)
        inside = 0
        for _ in range(runs):
            found = p95(random.lognormal(0, LOG_SD, n))
            assert found is not None
            inside += (found.low is None or found.low <= truth) and truth <= found.high
        yield Row(
            f"p95 within its {'limits' if n == 72 else 'upper limit'}, {n} clips", inside / runs, at_least=COVERED
        )


def metrics(runs: int) -> Iterator[Row]:
    """Eight metrics in which both models have the same distribution, of four kinds."""
    kinds: list[Make] = [
        WORLDS["normal"],
        WORLDS["Student's t, 3 df"],
        lambda random, shape: random.lognormal(0, 1, shape),
        WORLDS["ties (0, 1 or 2)"],
    ]
    for prompts in (6, 10, 30):
        random = np.random.default_rng(prompts)
        wrong = 0
        for run in range(runs):
            worlds = [make(random, (prompts, 2)).T for make in kinds * 2]
            results = [paired(a, b, floor=0, seed=run, resamples=FOR_VERDICTS) for a, b in worlds]
            wrong += any(word in ("better", "worse") for word in decide(results))
        yield Row(f'false "better" or "worse" in 8 metrics, {prompts} prompts', wrong / runs, at_most=FALSE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=2000, help="made-up runs for each figure")
    runs = parser.parse_args().runs
    rows = [*verdicts(runs)]
    print()
    broken = [row for row in rows if not row.kept]
    for row in rows:
        print(row)
    for part in (false_equivalent(runs), power(runs), medians(runs), shares(), tails(runs), metrics(runs)):
        for row in part:
            print(row, flush=True)
            broken += [] if row.kept else [row]
    print(f"\n{len(broken)} bounds broken" if broken else "\nall bounds kept")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
