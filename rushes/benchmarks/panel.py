"""What the metrics say of each model: a row for each cell, model and metric. Nothing is ranked by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from rushes.benchmarks.clips import Clip
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.metrics import METRICS

#: Shrinks a category's share towards the whole's: as if so many clips more had come out as the whole.
CATEGORY_WEIGHT = 20


def panel(info: RunInfo, clips: Sequence[Clip]) -> Iterator[dict[str, Any]]:
    """Median and quartiles over the clips that a metric could be measured of, and how many it could not.

    Degenerate values are left out of the median and counted.
    """
    groups: dict[tuple[str, str], list[Clip]] = {}
    for clip in clips:
        if clip.measured is not None:
            groups.setdefault((clip.result.cell, clip.result.model), []).append(clip)
    for cell in info.suite.cells:
        for model in info.suite.models:
            for name, metric in METRICS.items():
                if mine := groups.get((cell, model)):
                    yield {"cell": cell, "model": model, "metric": name, "version": metric.version, **_row(name, mine)}


def _row(metric: str, clips: Sequence[Clip]) -> dict[str, Any]:
    found = [clip.measured.values.get(metric) for clip in clips if clip.measured is not None]
    values = [each.value for each in found if each is not None and each.status == "ok" and each.value is not None]
    quartiles = [float(each) for each in np.quantile(values, (0.25, 0.5, 0.75))] if values else [None] * 3
    return {
        "clips": len(values),
        "not_measurable": sum(each is None or each.status == "not_measurable" for each in found),
        "degenerate": sum(each is not None and each.status == "degenerate" for each in found),
        "median": quartiles[1],
        "low_quartile": quartiles[0],
        "high_quartile": quartiles[2],
    }


def categories(info: RunInfo, clips: Sequence[Clip]) -> Iterator[dict[str, Any]]:
    """The usable share and the share of expectations met, by cell, model and category of prompts.

    `shrunk` is the usable share drawn towards the model's whole: a category holds few prompts, so this is for the eye
    and for no decision.
    """
    names = list(dict.fromkeys(prompt.category for prompt in info.suite.prompts))
    groups: dict[tuple[str, str], list[Clip]] = {}
    for clip in clips:
        if clip.outcome != "cancelled":
            groups.setdefault((clip.result.cell, clip.result.model), []).append(clip)
    for (cell, model), mine in sorted(groups.items()):
        whole = sum(clip.usable for clip in mine) / len(mine)
        for category in names:
            of = [clip for clip in mine if clip.result.category == category]
            if not of:
                continue
            usable = sum(clip.usable for clip in of)
            outcomes = [check.outcome for clip in of for check in clip.expected]
            yield {
                "cell": cell,
                "model": model,
                "category": category,
                "prompts": len({clip.result.prompt for clip in of}),
                "clips": len(of),
                "usable": usable,
                "shrunk": (usable + CATEGORY_WEIGHT * whole) / (len(of) + CATEGORY_WEIGHT),
                "checks_met": outcomes.count("pass"),
                "checks_missed": outcomes.count("fail"),
            }
