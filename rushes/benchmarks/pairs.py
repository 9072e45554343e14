"""Which models differ in speed, prompt by prompt: a row for each pair and cell, and tiers.

Nothing here is about which clips look better: that takes votes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import exp, log
from statistics import fmean
from typing import Any

import numpy as np

from rushes.benchmarks.clips import Clip
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.statistics.verdicts import Pair, compare_all, tiers

#: Seconds that differ by less than this factor are equivalent.
SAME_SPEED = 1.1


Tiers = Mapping[tuple[str, str], int | None]


def speed(info: RunInfo, clips: Sequence[Clip]) -> tuple[list[dict[str, Any]], Tiers]:
    """A row for each cell and pair of models, the faster by its mean first; and each model's tier by cell and model.

    Of each prompt that both have a usable clip of, the mean log-seconds of its samples are compared. `ratio` is how
    many times as long the slower one takes, with its simultaneous 95 % interval; `verdict` is "faster", "equivalent"
    (within a factor of 1.1), "not separable" (about `needed` prompts would do it; None: more than 1,000) or "too few
    prompts". Tiers count from 1, fastest first; models that nobody can tell from a tier's fastest share it.
    """
    rows: list[dict[str, Any]] = []
    placed: dict[tuple[str, str], int | None] = {}
    for cell in info.suite.cells:
        models, values = _table(info, cell, clips)
        if len(models) < 2:
            continue
        pairs = compare_all(values, equivalent=log(SAME_SPEED))
        rows += _rows(cell, models, pairs)
        order = sorted(range(len(models)), key=lambda k: float(np.nanmean(values[:, k])))
        placed |= {(cell, models[k]): tier for k, tier in zip(order, tiers(order, pairs), strict=True)}
    return rows, placed


def _table(info: RunInfo, cell: str, clips: Sequence[Clip]) -> tuple[list[str], Any]:
    """The models with seconds in a cell, and their mean log-seconds: prompts × models, NaN where there are none."""
    seconds: dict[tuple[str, str], list[float]] = {}
    for clip in clips:
        if clip.result.cell == cell and clip.seconds_to_file:
            seconds.setdefault((clip.result.prompt, clip.result.model), []).append(log(clip.seconds_to_file))
    models = [model for model in info.suite.models if any(model == each for _, each in seconds)]
    prompts = [prompt.id for prompt in info.suite.prompts_of(cell)]
    values = [[fmean(seconds.get((prompt, model), [np.nan])) for model in models] for prompt in prompts]
    return models, np.array(values, dtype=float).reshape(len(prompts), len(models))


def _rows(cell: str, models: Sequence[str], pairs: Sequence[Pair]) -> Iterator[dict[str, Any]]:
    for pair in pairs:
        turned = pair.estimate is not None and pair.estimate > 0
        a, b = (pair.b, pair.a) if turned else (pair.a, pair.b)
        sign = 1 if turned else -1
        limits = sorted(sign * each for each in (pair.low, pair.high) if each is not None)
        yield {
            "cell": cell,
            "a": models[a],
            "b": models[b],
            "prompts": pair.n,
            "ratio": None if pair.estimate is None else exp(sign * pair.estimate),
            "low": exp(limits[0]) if limits else None,
            "high": exp(limits[1]) if limits else None,
            "verdict": "faster" if pair.verdict == "better" else pair.verdict,
            "needed": pair.needed,
        }
