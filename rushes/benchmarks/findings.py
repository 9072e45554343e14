"""What a run's clips say about the endpoints that made them: the evidence that the router is to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log
from statistics import fmean, stdev
from typing import Any

from rushes.benchmarks.clips import Clip
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.rated import Group, rated
from rushes.benchmarks.standings import Standings
from rushes.evidence import Evidence, EvidenceCell, EvidenceMetric, length_class
from rushes.unfit import LENGTH_TOLERANCE


def findings(info: RunInfo, clips: Sequence[Clip], said: Standings) -> list[Evidence]:
    """Seconds, reliability, dollars and ratings by endpoint and kind of clip.

    Clips whose end nobody knows yet (unclear, overdue and still open) count as not usable. Left out is what says
    nothing of an endpoint: clips that we withdrew, and imported ones of which nobody said when and where they were
    made. Where nobody said how long an imported clip had to be, its own length tells its class.
    """
    images = {prompt.id for prompt in info.suite.prompts if prompt.image is not None}
    groups: dict[Group, list[Clip]] = {}
    for clip in clips:
        result = clip.result
        seconds = result.sent.get("seconds")
        if seconds is None and result.delivered is not None and result.delivered["seconds"] is not None:
            # A file of 5.04 s is one of 5 s, as the gate has it.
            seconds = max(result.delivered["seconds"] - LENGTH_TOLERANCE, 0)
        if result.endpoint is None or result.at is None or seconds is None or clip.outcome == "cancelled":
            continue
        cell = info.suite.cells[result.cell]
        kind = EvidenceCell(
            mode=result.sent.get("mode") or ("image" if result.prompt in images else "text"),
            length=length_class(seconds),
            resolution=result.sent.get("resolution") or cell.resolution,
            audio=result.sent.get("audio"),
        )
        groups.setdefault((result.endpoint, kind, result.simulated, result.source), []).append(clip)
    makers = {clip.result.label: group for group, mine in groups.items() for clip in mine}
    measured = [row for group, mine in groups.items() for row in _rows(info.name, group, mine)]
    return [*measured, *rated(info.name, clips, said.votes, makers)]


def _rows(run: str, group: Group, clips: Sequence[Clip]) -> Iterator[Evidence]:
    endpoint, kind, simulated, source = group
    observed = max(clip.result.at for clip in clips if clip.result.at is not None)

    def row(metric: EvidenceMetric, values: Sequence[float], mean: float, n: int, **detail: Any) -> Evidence:
        return Evidence(
            endpoint=endpoint,
            cell=kind,
            metric=metric,
            mean=mean,
            sd=stdev(values) if len(values) > 1 else None,
            n=n,
            source="imported" if source == "imported" else "measured",
            simulated=simulated,
            observed=observed,
            run=run,
            detail=detail,
        )

    usable = [clip for clip in clips if clip.usable]
    logs = [log(clip.seconds_to_file) for clip in usable if clip.seconds_to_file]
    waited = {"longer_than": sorted(filter(None, map(_waited, clips)))}
    if logs:
        yield row("log_seconds", logs, fmean(logs), len(logs), **waited)
    if source == "fresh":
        # Who brings clips brings the good ones: their share of all attempts says nothing.
        # Without seconds to stand with, the waits stand here.
        vain = waited if waited["longer_than"] and not logs else {}
        yield row("usable", [float(clip.usable) for clip in clips], len(usable) / len(clips), len(clips), **vain)
    dollars = [clip.result.usd for clip in clips]
    film = sum(float(clip.result.delivered["seconds"] or 0) for clip in usable if clip.result.delivered)
    known = [float(each) for each in dollars if each is not None]
    how = sorted({clip.result.usd_how for clip in clips})
    if film and len(known) == len(clips):
        yield row("usd_per_second", [], sum(known) / film, len(clips), how=how)


def _waited(clip: Clip) -> float | None:
    """Seconds that were waited in vain for a clip of which nobody saw later how long it took."""
    late = clip.outcome == "overdue" or (clip.usable and clip.seconds_to_file is None)
    return clip.result.waited_seconds if late else None
