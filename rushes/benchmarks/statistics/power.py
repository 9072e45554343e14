"""What a run can separate, known before it is paid for."""

from __future__ import annotations

from bisect import bisect_left
from math import exp, log, sqrt

from rushes.benchmarks.statistics.critical import expected
from rushes.benchmarks.statistics.intervals import wilson
from rushes.benchmarks.statistics.student import quantile
from rushes.benchmarks.statistics.verdicts import FEWEST_PROMPTS, MOST_PROMPTS
from rushes.errors import BadInput

#: How far the logarithms of one model's seconds scatter around their mean, where nothing is measured yet.
LOG_SD = 0.45


def detectable_effect(prompts: int, comparisons: int = 1) -> float | None:
    """The smallest mean difference, in standard deviations of the per-prompt differences, that is seen.

    Seen means "better" from `compare_all`, with 80 % power, among so many comparisons: (c + t(0.8)) / sqrt(prompts),
    with prompts − 1 degrees of freedom. c is t(1 − 0.025 / comparisons), so 5 % two-sided by Bonferroni, and more for
    few prompts (`expected`): within 5 points of 80 % from 8 prompts on. None below 6 prompts.
    """
    _whole(comparisons=comparisons)
    if prompts < FEWEST_PROMPTS:
        return None
    return (expected(prompts, comparisons) + quantile(0.8, prompts - 1)) / sqrt(prompts)


def detectable_ratio(prompts: int, samples: int, log_sd: float = LOG_SD, comparisons: int = 1) -> float | None:
    """The smallest ratio (> 1) of two models' seconds that is seen, as in `detectable_effect`.

    exp(effect · log_sd · sqrt(2 / samples)): the difference of two means of `samples` clips each, for a scatter of
    `log_sd` between the clips of one prompt, and no other difference between prompts. None below 6 prompts.
    """
    _whole(samples=samples)
    if not log_sd > 0:
        raise BadInput(f"clips do not scatter by {log_sd}", hint="Give a standard deviation of log-seconds above 0.")
    effect = detectable_effect(prompts, comparisons)
    return None if effect is None else exp(effect * log_sd * sqrt(2 / samples))


def needed_for_ratio(ratio: float, samples: int, log_sd: float = LOG_SD, comparisons: int = 1) -> int | None:
    """The fewest prompts whose `detectable_ratio` is at most `ratio` (above or below 1); None above 1,000."""
    if not 0 < ratio < float("inf"):
        raise BadInput(f"no ratio of seconds is {ratio}", hint="Give a ratio above 0, such as 1.2.")
    wanted = exp(abs(log(ratio)))

    def enough(prompts: int) -> bool:
        seen = detectable_ratio(prompts, samples, log_sd, comparisons)
        return seen is not None and seen <= wanted

    return bisect_left(range(MOST_PROMPTS), True, lo=FEWEST_PROMPTS, key=enough) if enough(MOST_PROMPTS) else None


def failure_bound(n: int) -> float:
    """The highest share of failures that `n` successes in a row still allow: the Wilson upper limit of 0 of n."""
    interval = wilson(0, n)
    return 1.0 if interval is None else interval.high


def _whole(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise BadInput(f"{count} {name} are too few", hint="Give at least one.")
