"""One row for each model and cell: how many, how fast, how dear, how sure.

Seconds and US dollars. What nobody knows is None; an interval that has no end is infinite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from math import inf, isinf
from statistics import median
from typing import Any

from rushes.benchmarks.clips import Clip
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.statistics.intervals import Interval, median_interval, p95, per_usable, wilson

FAILURES = ("unusable", "failed", "refused", "overdue", "unclear", "lost", "cancelled")
#: Stretches of a clip's making that have a column of their own.
STRETCHES = ("queue", "render", "download", "poll_gap")


def rows(info: RunInfo, clips: Sequence[Clip]) -> Iterator[dict[str, Any]]:
    """A row for each cell and model in the suite's order, also where nothing was made."""
    made: dict[tuple[str, str], list[Clip]] = {}
    for clip in clips:
        made.setdefault((clip.result.cell, clip.result.model), []).append(clip)
    for cell in info.suite.cells:
        for model in info.suite.models:
            mine = made.get((cell, model), [])
            # A model whose clips were imported need not have any in every cell.
            if mine or cell_length(info, cell, model) is not None:
                yield _row(info, cell, model, mine)


def planned(info: RunInfo, cell: str, model: str) -> int | None:
    """How many clips the run makes; None of a model whose clips are imported."""
    if cell_length(info, cell, model) is None:
        return None
    return len(info.suite.prompts_of(cell)) * info.settings.samples


def cell_length(info: RunInfo, cell: str, model: str) -> float | None:
    """The seconds that the cell sends the model; None where it makes no clips."""
    return info.suite.cells[cell].seconds.get(model)


def _row(info: RunInfo, cell: str, model: str, clips: Sequence[Clip]) -> dict[str, Any]:
    results = [clip.result for clip in clips]
    files = [result.delivered for result in results if result.delivered is not None]
    lengths = [file["seconds"] for file in files if file["seconds"] is not None]
    sent = {result.sent["seconds"] for result in results if result.sent.get("seconds") is not None}
    asked = {result.asked_seconds for result in results if result.asked_seconds is not None}
    return {
        "cell": cell,
        "model": model,
        "endpoint": info.suite.models[model],
        "source": " ".join(sorted({result.source for result in results})) or None,
        "planned": planned(info, cell, model),
        "tried": len(clips),
        "delivered": sum(result.status == "delivered" for result in results),
        "usable": sum(clip.usable for clip in clips),
        **{outcome: sum(clip.outcome == outcome for clip in clips) for outcome in FAILURES},
        **_success(clips),
        "asked_seconds": _span(asked),
        "sent_seconds": _span(sent or {cell_length(info, cell, model)} - {None}),
        "delivered_seconds_min": min(lengths, default=None),
        "delivered_seconds_max": max(lengths, default=None),
        "sizes": " ".join(sorted({f"{file['width']}x{file['height']}" for file in files})) or None,
        "files": len(files),
        "with_sound": sum(file["audio_codec"] is not None for file in files) if files else None,
        **_to_file(clips),
        **_stretches([clip for clip in clips if clip.usable]),
        **_expectations(clips),
        **_seconds_per_usable(clips),
        **_dollars(clips),
    }


def _success(clips: Sequence[Clip]) -> dict[str, float | None]:
    """The share that is usable of all that were not withdrawn by us, with a Wilson interval."""
    counted = [clip for clip in clips if clip.outcome != "cancelled"]
    good = sum(clip.usable for clip in counted)
    return {"success": good / len(counted) if counted else None, **_limits("success", wilson(good, len(counted)))}


def _to_file(clips: Sequence[Clip]) -> dict[str, float | int | None]:
    """Over what is usable and what was given up waiting for, which took longer than we waited.

    Where the median itself is among the latter, all that is known is what it is more than.
    """
    seconds: list[float] = []
    prompts: list[str] = []
    limits: list[float] = []
    for clip in clips:
        waited = clip.result.waited_seconds
        if (total := clip.seconds_to_file) is not None:
            seconds.append(total)
        elif waited is not None and (clip.usable or clip.outcome == "overdue"):
            seconds.append(inf)
            limits.append(waited)
        else:
            continue
        prompts.append(clip.result.prompt)
    middle = median(seconds) if seconds else None
    beyond = middle is not None and isinf(middle)
    done = [each for each in seconds if not isinf(each)]
    tail = p95(seconds)
    return {
        "to_file_median": None if beyond else middle,
        **_limits("to_file", median_interval(seconds, prompts)),
        "to_file_more_than": min(limits) if beyond else None,
        "to_file_min": min(done, default=None),
        "to_file_max": max(seconds, default=None),
        "to_file_known": len(seconds),
        "to_file_p95": None if tail is None else tail.value,
        "to_file_p95_low": None if tail is None else tail.low,
        "to_file_p95_high": None if tail is None else tail.high,
    }


def _stretches(usable: Sequence[Clip]) -> dict[str, float | int | None]:
    found: dict[str, float | int | None] = {}
    for name in STRETCHES:
        known = _known(clip.result.timing.get(name) for clip in usable)
        found |= {f"{name}_median": median(known) if known else None, f"{name}_known": len(known)}
    gaps = _known(clip.result.timing.get("poll_gap") for clip in usable)
    return found | {"poll_gap_max": max(gaps, default=None)}


def _expectations(clips: Sequence[Clip]) -> dict[str, int]:
    """How many of the things that the prompts describe were met, of those that can be looked for."""
    outcomes = [check.outcome for clip in clips for check in clip.expected]
    return {
        "checks_met": outcomes.count("pass"),
        "checks_missed": outcomes.count("fail"),
        "checks_not_measurable": outcomes.count("not measurable"),
    }


def _seconds_per_usable(clips: Sequence[Clip]) -> dict[str, float | None]:
    """What all attempts took together, for each usable clip; over the attempts whose seconds are known."""
    timed = [(clip, spent) for clip in clips if (spent := clip.result.seconds_spent) is not None]
    return _per_usable("seconds_per_usable", [clip for clip, _ in timed], [spent for _, spent in timed])


def _dollars(clips: Sequence[Clip]) -> dict[str, Any]:
    everything = [clip.result.usd for clip in clips]
    known = [clip.result.usd for clip in clips if clip.usable and clip.result.usd is not None]
    whole = bool(clips) and None not in everything
    spent = [float(each) for each in everything if each is not None]
    return {
        "usd_clip_median": median(known) if known else None,
        "usd_clip_min": min(known, default=None),
        "usd_clip_max": max(known, default=None),
        "usd_how": " ".join(sorted({clip.result.usd_how for clip in clips})) or None,
        "usd_total": sum(filter(None, everything), Decimal(0)) if whole else None,
        **_per_usable("usd_per_usable", clips if whole else [], spent if whole else []),
    }


def _per_usable(name: str, clips: Sequence[Clip], amounts: Sequence[float]) -> dict[str, float | None]:
    found = None
    if clips:
        found = per_usable(amounts, [clip.usable for clip in clips], [clip.result.prompt for clip in clips])
    return {
        name: None if found is None else found.value,
        **_limits(name, None if found is None else found.interval),
    }


def _limits(name: str, interval: Interval | None) -> Mapping[str, float | None]:
    return {
        f"{name}_low": None if interval is None else interval.low,
        f"{name}_high": None if interval is None else interval.high,
    }


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _span(values: Iterable[float | None]) -> str | None:
    """Such as `8` or `8–10`, for what may differ from clip to clip."""
    found = sorted(value for value in values if value is not None)
    return "–".join(dict.fromkeys(f"{each:g}" for each in (found[0], found[-1]))) if found else None
