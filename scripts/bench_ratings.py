"""What it costs to count a million votes, and to resample their prompts a thousand times."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from bench_measure import Measure, at_most

VOTES, PROMPTS, MODELS, RESAMPLES = 1_000_000, 1_000, 6, 1_000


def measures() -> Iterator[Measure]:
    from rushes.benchmarks.ratings.board import Board
    from rushes.benchmarks.ratings.bradley_terry import count, strengths
    from rushes.benchmarks.ratings.rate import rate
    from rushes.benchmarks.statistics.resampling import draws

    dice = np.random.default_rng(0)
    first = dice.integers(MODELS, size=VOTES)
    second = (first + dice.integers(1, MODELS, size=VOTES)) % MODELS
    prompt = dice.integers(PROMPTS, size=VOTES)
    better = dice.normal(0, 0.6, (PROMPTS, MODELS)) + np.linspace(0, 0.5, MODELS)
    share = (dice.random(VOTES) < 1 / (1 + np.exp(better[prompt, second] - better[prompt, first]))).astype(float)

    def resampled() -> None:
        for drawn in draws(PROMPTS, RESAMPLES, 0, PROMPTS):
            strengths(np.tensordot(drawn.astype(float), wins, (1, 0)))

    wins, seconds = _timed(lambda: count(first, second, share, prompt, PROMPTS, MODELS))
    yield Measure(f"count {VOTES:,} votes of {MODELS} models", seconds, "s")
    _, seconds = _timed(resampled)
    yield at_most(f"fit them to {RESAMPLES:,} resamples of {PROMPTS:,} prompts", seconds, "s", 0.2)
    board = Board(
        models=tuple(f"model-{k}" for k in range(MODELS)),
        prompts=tuple(f"prompt-{k}" for k in range(PROMPTS)),
        wins=wins,
        drawn=np.zeros_like(wins),
        decisive=VOTES,
        tie=0,
        both_bad=0,
        raters=("anybody",),
    )
    _, seconds = _timed(lambda: rate(board, resamples=RESAMPLES))
    yield Measure("all ratings, intervals and verdicts of them", seconds, "s")


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """The result, and the seconds of the best of three."""
    took = []
    for _ in range(3):
        began = time.perf_counter()
        made = work()
        took.append(time.perf_counter() - began)
    return made, min(took)


if __name__ == "__main__":
    for each in measures():
        print(each)
