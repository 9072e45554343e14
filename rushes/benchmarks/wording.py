"""A table's numbers as text: what each column is called, what each row shows, and what must be said beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rushes.amounts import UNKNOWN, usd, usd_text
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.result import Result

#: Stretches of a clip's making that have a column of their own.
STRETCHES = ("queue", "render", "download", "poll_gap")
#: Headings of the summary, by the keys of `shown`.
HEADINGS = {
    "cell": "Cell",
    "model": "Model",
    "usable": "Usable",
    "length": "Asked → sent → delivered (s)",
    "file": "File",
    "to_file": "Seconds to file, median (min–max)",
    "queue": "Queue (s)",
    "render": "Render (s)",
    "download": "Download (s)",
    "poll_gap": "Poll gap (s)",
    "usd_clip": "$ a clip",
    "usd_total": "$ in all",
}


def shown(row: Mapping[str, Any]) -> dict[str, str]:
    """A row of the summary as text, by the keys of HEADINGS."""
    return {
        "cell": row["cell"],
        "model": row["model"],
        "usable": f"{row['usable']} of {row['made']}" if row["made"] else "not made",
        "length": f"{_asked(row)} → {row['sent_seconds']:g} → {_delivered(row)}",
        "file": _file(row),
        "to_file": _seconds_to_file(row),
        **{name: _number(row[f"{name}_median"]) for name in STRETCHES},
        "usd_clip": _usd_clip(row),
        "usd_total": usd_text(row["usd_total"]),
    }


def _asked(row: Mapping[str, Any]) -> str:
    named = (row["asked_seconds"] or UNKNOWN).split()
    return "–".join(dict.fromkeys((named[0], named[-1])))


def _delivered(row: Mapping[str, Any]) -> str:
    return _range(row["delivered_seconds_min"], row["delivered_seconds_max"])


def _file(row: Mapping[str, Any]) -> str:
    if not row["files"]:
        return UNKNOWN
    match row["with_sound"], row["files"]:
        case 0, _:
            sound = "silent"
        case some, all_of_them if some == all_of_them:
            sound = "sound"
        case some, all_of_them:
            sound = f"sound in {some} of {all_of_them}"
    return f"{row['sizes'].replace(' ', ', ')} {sound}"


def _seconds_to_file(row: Mapping[str, Any]) -> str:
    if row["seconds_to_file_more_than"] is not None:
        return f"> {row['seconds_to_file_more_than']:.0f}"
    if row["seconds_to_file_median"] is None:
        return UNKNOWN
    middle = _number(row["seconds_to_file_median"])
    if row["seconds_to_file_known"] == 1:
        return middle
    return f"{middle} ({_range(row['seconds_to_file_min'], row['seconds_to_file_max'])})"


def _usd_clip(row: Mapping[str, Any]) -> str:
    if row["usd_clip_median"] is None:
        return UNKNOWN
    if row["usd_clip_min"] == row["usd_clip_max"]:
        return usd_text(row["usd_clip_median"])
    return f"{usd_text(row['usd_clip_median'])} ({usd_text(row['usd_clip_min'])}–{usd_text(row['usd_clip_max'])})"


def _range(low: float | None, high: float | None) -> str:
    return "–".join(dict.fromkeys((_number(low), _number(high))))


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.1f}"


def counted(count: int, what: str) -> str:
    """Such as `1 clip` or `2 clips`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


# --- beside the numbers -----------------------------------------------------------------------------------------------


def notes(info: RunInfo, results: Sequence[Result], simulated: bool) -> Iterator[str]:
    """What the numbers do not say by themselves, a sentence each."""
    suite = info.suite
    if simulated:
        yield "Simulated: no vendor was asked. Seconds and dollars are a simulated world's and say nothing of a model."
    lengths = {prompt.id: prompt.asked_seconds for prompt in suite.prompts if prompt.asked_seconds is not None}
    if lengths:
        asked = ", ".join(f"{name} {seconds:g} s" for name, seconds in lengths.items())
        yield f"Asked is the length that a prompt's own words name ({asked}); sent is what each cell gives every model."
    yield (
        "Seconds to file run from the submit to the complete, checked file. Before a finished clip was noticed it may "
        "have waited for as long as the poll gap."
    )
    for endpoint in suite.models.values():
        usable = [result for result in results if result.endpoint == endpoint and result.usable]
        yield from (f"{endpoint}: {said}." for said in _unknown(usable))
    for how, words in _HOW.items():
        if endpoints := sorted({result.endpoint for result in results if result.usd_how == how}):
            yield f"Dollars {words}: {', '.join(endpoints)}."
    yield (
        "These are medians of few clips, with the fastest and the slowest: only large differences mean anything, and "
        "nothing here says which clips are better."
    )
    if unseen := [result for result in results if result.usable and result.seconds_to_file is None]:
        of = ", ".join(sorted({result.endpoint for result in unseen}))
        yield (
            f"{counted(len(unseen), 'clip')} of {of} ended while the run stood still: seconds to file are not known, "
            "or known only to be more than we waited."
        )
    yield from _failures(results)
    for endpoint, reasons in info.left_out.items():
        yield f"Left out: {endpoint}: {'; '.join(reasons)}."
    planned = len(suite.cells) * len(suite.models) * len(suite.prompts) * info.samples
    if len(results) < planned:
        because = f": {info.stopped}" if info.stopped else "."
        yield f"{len(results)} of {planned} clips were tried{because}"


def _failures(results: Sequence[Result]) -> Iterator[str]:
    """A sentence for each endpoint and way to end without a usable file, with the first of the reasons."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        if not result.usable:
            groups.setdefault((result.endpoint, result.status), []).append(result)
    for (endpoint, status), group in groups.items():
        clips = ", ".join(f"{each.cell} {each.prompt}" + f" {each.sample}" * (each.sample > 1) for each in group[:3])
        more = f" and {len(group) - 3} more in table.csv" if len(group) > 3 else ""
        costs = [each.usd for each in group]
        cost = usd(None if None in costs else sum(filter(None, costs), Decimal(0)))
        why = group[0].reason or "no reason given"
        yield f"{endpoint}: {len(group)} {status} ({clips}{more}), counted for {cost}: {why}."


_HOW = {
    "reported": "from what the vendor reports",
    "estimated": "estimated from the dated price",
    "assumed": "assumed in full, since the vendor's rule for such clips is not known",
    "not billed": "not billed by the vendor's rule",
    "reserved": "reserved for jobs whose end is not known",
    "unknown": "not known",
}


def _unknown(usable: Sequence[Result]) -> Iterator[str]:
    known = {
        name: sum(each.timing.get(name) is not None for each in usable) for name in ("queue", "render", "download")
    }
    if usable and (gone := [name for name, count in known.items() if not count]):
        yield f"{', '.join(gone)} n/a, since nothing tells them apart from the rest"
    for count in sorted({count for count in known.values() if 0 < count < len(usable)}):
        names = " and ".join(name for name, each in known.items() if each == count)
        yield f"{names} known for {count} of {len(usable)} clips only, and the medians are of those"
