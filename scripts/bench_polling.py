"""How late a finished job is noticed, and after how many polls: our schedule beside the best there can be.

Lengths are log-normal, and every figure is computed, not sampled. Run by itself it prints the whole comparison.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from math import erfc, exp, inf, log, sqrt
from typing import Any

import numpy as np
from bench_measure import Measure, at_most, middle, ratio_at_most

from rushes.jobs.polling import Expectation, wait

POLLS, OVER = 10, 1.3
MEDIANS, SPREADS = (60, 150, 600), (0.2, 0.3, 0.45, 0.6, 0.8)
FIXED = (10, 20)
#: The spread at which our schedule is shown beside fixed intervals.
USUAL = 0.45
#: A vendor's least interval that does not bind.
FREE = 0.01
#: Moments at which the optimum may poll, in standard deviations around the median.
MOMENTS, EARLIEST, LATEST = 1500, -5.0, 5.5


@dataclass(frozen=True)
class Outcome:
    """What a schedule comes to, over all jobs of one kind."""

    polls: float
    #: So many polls suffice for 99 of 100 jobs.
    most: int
    #: Mean seconds from a job's end to the poll that finds it.
    late: float
    #: The mean of each job's lateness in shares of its own length.
    share: float


def measures() -> Iterator[Measure]:
    for spread in SPREADS:
        found = {median: outcome(ours(median, spread), Expectation(median, spread)) for median in MEDIANS}
        worst = max(MEDIANS, key=lambda median: found[median].late / median)
        best = optimum(spread, POLLS).late * worst
        what = f"lateness, spread {spread}, beside the optimum of {POLLS} polls"
        yield ratio_at_most(what, found[worst].late, "s", best, OVER)
        most = max(each.polls for each in found.values())
        yield at_most(f"polls a job, spread {spread}", most, "polls", POLLS)
    for median in MEDIANS:
        truth = Expectation(median, USUAL)
        mine = outcome(ours(median, USUAL), truth)
        for seconds in FIXED:
            fixed = outcome(every(seconds), truth)
            polls = f"{mine.polls:.1f} polls against {fixed.polls:.1f}"
            yield Measure(
                f"lateness, median {median} s, beside every {seconds} s ({polls})", mine.late, "s", fixed.late
            )
    yield at_most("when to ask next, worked out", _microseconds(), "µs", 50)


def _microseconds() -> float:
    expectation, rounds = Expectation(600, USUAL), 2000
    took = []
    for _ in range(5):
        began = time.perf_counter()
        for elapsed in range(rounds):
            wait(expectation, elapsed, fastest=3)
        took.append((time.perf_counter() - began) / rounds * 1e6)
    return middle(took)


def ours(median: float, spread: float) -> Iterator[float]:
    """Our polls, in seconds after the submit, without end."""
    expectation, at = Expectation(median, spread), 0.0
    while True:
        at += wait(expectation, at, fastest=FREE)
        yield at


def every(seconds: float) -> Iterator[float]:
    return count(seconds, seconds)


def outcome(polls: Iterable[float], truth: Expectation) -> Outcome:
    """What polls at these seconds come to for jobs whose lengths are as `truth` says; all but one in 10⁹ must end."""
    going, asked, late, share, most = 1.0, 0.0, 0.0, 0.0, 0
    before = _Sums(0, 0, 0)
    for number, at in enumerate(polls, 1):
        asked += going
        deviations = log(at / truth.median) / truth.spread
        after, going = _sums(deviations, truth.spread), _share(-deviations)
        late += at * (after.done - before.done) - truth.median * (after.length - before.length)
        share += at / truth.median * (after.inverse - before.inverse) - (after.done - before.done)
        before, most = after, most or number * (going <= 0.01)
        if going < 1e-9:
            break
    return Outcome(asked, most, late, share)


@cache
def optimum(spread: float, polls: float, *, of_share: bool = False) -> Outcome:
    """The least mean lateness of any schedule with at most so many polls a job in the mean, for a median of 1 s.

    `of_share`: the least mean of lateness over length instead. By dynamic programming over the moments at which a poll
    may be sent, with a price on each poll: what is cheapest at some price is best for the number of polls it takes.
    """
    moments, sums = _grid(spread)
    costs = _costs(moments, sums, of_share=of_share)
    truth = Expectation(1, spread)

    def best(price: float) -> Outcome:
        return outcome(_cheapest(moments, costs + price * (1 - sums.done)[:, None]), truth)

    low, high = 1e-6, 1.0
    for _ in range(24):
        price = sqrt(low * high)
        low, high = (price, high) if best(price).polls > polls else (low, price)
    return best(high)


@cache
def optimum_for_99(spread: float, polls: int) -> float:
    """The least mean lateness where 99 of 100 jobs take at most so many polls; the others, after that, any number.

    For a median of 1 s, and in the belief that those others then cost no time at all: nothing does better than this.
    """
    moments, sums = _grid(spread)
    last = int(np.searchsorted(sums.done, 0.99))
    costs = _costs(moments[: last + 1], _Sums(*(each[: last + 1] for each in (sums.done, sums.length, sums.inverse))))
    least = costs[:, last]
    for _ in range(polls - 1):
        least = np.minimum(least, (costs + least).min(axis=1))
    return float(least[0])


@dataclass(frozen=True)
class _Sums:
    """Over all jobs that have ended by a moment, per job: their share, the sum of their lengths, that of 1 / length."""

    done: Any
    length: Any
    inverse: Any


def _sums(deviations: float, spread: float) -> _Sums:
    return _Sums(
        done=_share(deviations),
        length=exp(spread**2 / 2) * _share(deviations - spread),
        inverse=exp(spread**2 / 2) * _share(deviations + spread),
    )


def _share(deviations: float) -> float:
    return erfc(-deviations / sqrt(2)) / 2


def _grid(spread: float) -> tuple[Any, _Sums]:
    """Moments from 0 on, for a median of 1 s, and the sums up to each."""
    deviations = np.linspace(EARLIEST, LATEST, MOMENTS)
    sums = [_sums(each, spread) for each in deviations]
    columns = [[getattr(each, name) for each in sums] for name in ("done", "length", "inverse")]
    return np.concatenate([[0], np.exp(spread * deviations)]), _Sums(*(np.array([0, *each]) for each in columns))


def _costs(moments: Any, sums: _Sums, *, of_share: bool = False) -> Any:
    """The lateness of the jobs that end between two moments, by both; infinite where the second is not the later."""
    done = sums.done[None, :] - sums.done[:, None]
    if of_share:
        costs = moments[None, :] * (sums.inverse[None, :] - sums.inverse[:, None]) - done
    else:
        costs = moments[None, :] * done - (sums.length[None, :] - sums.length[:, None])
    costs[np.tril_indices(len(moments))] = inf
    return costs


def _cheapest(moments: Any, costs: Any) -> list[float]:
    """The moments of the cheapest way from the first to the last."""
    last = len(moments) - 1
    ahead, chosen = np.zeros(last + 1), np.zeros(last + 1, int)
    for at in range(last - 1, -1, -1):
        total = costs[at, at + 1 :] + ahead[at + 1 :]
        chosen[at], ahead[at] = at + 1 + total.argmin(), total.min()
    way, at = [], 0
    while at < last:
        at = int(chosen[at])
        way.append(float(moments[at]))
    return way


# --- the whole comparison ---------------------------------------------------------------------------------------------


def main() -> None:
    row = "{:>6} {:>6}  {:<12} {:>9} {:>6} {:>8} {:>7} {:>7}".format
    print(row("spread", "median", "schedule", "late (s)", "ratio", "of jobs", "polls", "of 99 %"))
    for spread in SPREADS:
        best = optimum(spread, POLLS)
        for median in MEDIANS:
            truth = Expectation(median, spread)
            shown = {
                "optimum": Outcome(best.polls, best.most, best.late * median, best.share),
                "ours": outcome(ours(median, spread), truth),
                **{f"every {each} s": outcome(every(each), truth) for each in FIXED},
                "ours, slower": outcome(ours(median, spread), Expectation(3 * median, spread)),
                "ours, faster": outcome(ours(median, spread), Expectation(median / 3, spread)),
            }
            for name, each in shown.items():
                ratio = "–" if name.startswith("ours, ") else f"{each.late / best.late / median:.2f}"
                late, share = f"{each.late:.1f}", f"{each.share:.1%}"
                print(row(spread, median, name, late, ratio, share, f"{each.polls:.1f}", each.most))
    print("\nslower, faster: jobs that take three times or a third as long as the schedule was told.")
    for spread in SPREADS:
        least = optimum_for_99(spread, POLLS) / optimum(spread, POLLS).late
        print(
            f"spread {spread}: at most {POLLS} polls for 99 of 100 jobs means {least:.1f} times the lateness, or more."
        )
    best, nearest = optimum(USUAL, POLLS), optimum(USUAL, POLLS, of_share=True)
    print(f"spread {USUAL}, {POLLS} polls: at least {nearest.share:.1%} of a job's length in the mean of jobs,")
    print(f"  and {best.late / exp(USUAL**2 / 2):.1%} of the mean length in the mean of seconds.")
    for polls in range(POLLS, 40):
        if optimum(USUAL, polls, of_share=True).share <= 0.03:
            print(f"  3 % of a job's length in the mean of jobs takes {polls} polls.")
            return


if __name__ == "__main__":
    main()
