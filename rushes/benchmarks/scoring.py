"""Measures a run's clips: those that were not measured yet, or in another way than today's."""

from __future__ import annotations

from collections.abc import Callable

from rushes.benchmarks.folder import Folder, RunInfo
from rushes.benchmarks.measure import Job, measure_all
from rushes.benchmarks.measured import Measured
from rushes.benchmarks.metrics import METRICS


def lacking(folder: Folder, info: RunInfo) -> list[Job]:
    """The clips that are to be measured; none where the run wants no scorer. Files that are gone are left out."""
    if not info.settings.scorers:
        return []
    today = {name: metric.version for name, metric in METRICS.items()}
    images = {prompt.id: prompt.image for prompt in folder.with_images(info.suite).prompts}
    measures = folder.measures()
    jobs: list[Job] = []
    for result in folder.results().values():
        if result.clip is None or result.sha256 is None:
            continue
        before = measures.get(result.label)
        if before is not None and before.sha256 == result.sha256 and before.impl == today:
            continue
        path = folder.path / result.clip
        if path.exists():
            jobs.append(Job(path, result.label, result.sha256, images[result.prompt]))
    return jobs


def score(folder: Folder, jobs: list[Job], on_done: Callable[[Measured], None] = lambda measured: None) -> None:
    """Measures the clips over all cores; each is on disk as it is done, so an interrupted start loses none."""

    def keep(measured: Measured) -> None:
        folder.add(measured)
        on_done(measured)

    measure_all(jobs, on_done=keep)
