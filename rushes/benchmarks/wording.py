"""A table's numbers as text: what each column is called, and what each row shows."""

from __future__ import annotations

from collections.abc import Mapping
from math import isinf
from typing import Any

from rushes.amounts import UNKNOWN, usd_text
from rushes.benchmarks.votes import SHOWN
from rushes.numbers import elo_with, interval, number, percent, percent_interval

#: Headings of the summary, by the keys of `shown`.
HEADINGS = {
    "cell": "Cell",
    "model": "Model",
    "rating": "Elo [95 %]",
    "rating_tier": "Tier",
    "rating_best": "P(best)",
    "usable": "Usable [95 %]",
    "length": "Asked → sent → delivered (s)",
    "file": "File",
    "to_file": "Seconds to file, p50 [95 %]",
    "slowest": "Slowest",
    "speed_tier": "Speed tier",
    "queue": "Queue (s)",
    "render": "Render (s)",
    "download": "Download (s)",
    "poll_gap": "Poll gap (s)",
    "seconds_per_usable": "Seconds per usable clip [95 %]",
    "usd_clip": "$ a clip",
    "usd_per_usable": "$ per usable clip [95 %]",
    "usd_total": "$ in all",
    "checks": "Described and found",
}
#: What one decides by, and the rest.
DECISION = (
    *("cell", "model", "usable", "to_file", "slowest", "speed_tier"),
    *("usd_clip", "usd_per_usable", "checks"),
)
#: Where there are votes.
RATING = ("rating", "rating_tier", "rating_best")
DETAILS = ("cell", "model", *(name for name in HEADINGS if name not in (*DECISION, *RATING)))
PAIR_HEADINGS = {
    "cell": "Cell",
    "pair": "Speed, prompt by prompt",
    "verdict": "",
    "ratio": "Ratio [95 %]",
    "prompts": "Prompts",
}


VERSUS_HEADINGS = {
    "cell": "Cell",
    "pair": "Looks, by votes",
    "verdict": "",
    "share": "Win share",
    "elo": "Elo [95 %]",
    "votes": "Votes",
}


def versus_shown(row: Mapping[str, Any]) -> dict[str, str]:
    """A pair by votes as text, by the keys of VERSUS_HEADINGS; the higher rating stands first."""
    verdict = row["verdict"]
    if verdict == "not separable":
        more = "more than 1,000" if row["needed"] is None else f"about {row['needed']}"
        verdict = f"not separable; takes {more} prompts"
    return {
        "cell": f"{row['cell']}, {row['pool']}, {SHOWN[row['raw']]}, by {row['by']}",
        "pair": f"{row['a']} against {row['b']}",
        "verdict": verdict,
        "share": percent(row["share"]),
        "elo": elo_with(row["elo"], row["low"], row["high"]),
        "votes": f"{row['votes']} on {row['prompts']}",
    }


def pair_shown(row: Mapping[str, Any]) -> dict[str, str]:
    """A row of the pairs as text, by the keys of PAIR_HEADINGS; the faster by its mean stands first."""
    verdict = row["verdict"]
    if verdict == "not separable":
        more = "more than 1,000" if row["needed"] is None else f"about {row['needed']}"
        verdict = f"not separable; takes {more} prompts"
    ratio = UNKNOWN if row["ratio"] is None else number(row["ratio"], 2) + interval(row["low"], row["high"], 2)
    return {
        "cell": row["cell"],
        "pair": f"{row['a']} against {row['b']}",
        "verdict": verdict,
        "ratio": ratio,
        "prompts": str(row["prompts"]),
    }


def shown(row: Mapping[str, Any]) -> dict[str, str]:
    """A row of the summary as text, by the keys of HEADINGS."""
    return {
        "cell": row["cell"],
        "model": row["model"],
        "rating": _rating(row),
        "rating_tier": UNKNOWN if row["rating_tier"] is None else str(row["rating_tier"]),
        "rating_best": percent(row["rating_best"]),
        "usable": _usable(row),
        "length": f"{row['asked_seconds'] or UNKNOWN} → {row['sent_seconds'] or UNKNOWN} → {_delivered(row)}",
        "file": _file(row),
        "to_file": _to_file(row),
        "slowest": _slowest(row),
        "speed_tier": UNKNOWN if row["speed_tier"] is None else str(row["speed_tier"]),
        **{name: number(row[f"{name}_median"]) for name in ("queue", "render", "download", "poll_gap")},
        "seconds_per_usable": with_interval(row, "seconds_per_usable"),
        "usd_clip": _usd_clip(row),
        "usd_per_usable": _usd_per_usable(row),
        "usd_total": usd_text(row["usd_total"]),
        "checks": _checks(row),
    }


def with_interval(row: Mapping[str, Any], name: str, decimals: int = 1) -> str:
    """The column `name` with its `_low` and `_high`."""
    return number(row[name], decimals) + interval(row[f"{name}_low"], row[f"{name}_high"], decimals)


def _rating(row: Mapping[str, Any]) -> str:
    by = ["judge"] * (row["rated_by"] == "judge") + ["files as delivered"] * (row["rated_raw"] is True)
    return elo_with(row["rating"], row["rating_low"], row["rating_high"]) + (f" ({', '.join(by)})" if by else "")


def _usable(row: Mapping[str, Any]) -> str:
    if not row["tried"]:
        return "not made"
    return f"{row['usable']} of {row['tried']}" + percent_interval(row["success_low"], row["success_high"])


def _delivered(row: Mapping[str, Any]) -> str:
    low, high = number(row["delivered_seconds_min"]), number(row["delivered_seconds_max"])
    return "–".join(dict.fromkeys((low, high)))


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


def _to_file(row: Mapping[str, Any]) -> str:
    if row["to_file_more_than"] is not None:
        return f"> {row['to_file_more_than']:.0f}"
    return number(row["to_file_median"]) + interval(row["to_file_low"], row["to_file_high"])


def _slowest(row: Mapping[str, Any]) -> str:
    """p95 where there are enough clips for it, else the slowest of so many."""
    if row["to_file_p95"] is not None:
        low = "" if row["to_file_p95_low"] is None else f"{number(row['to_file_p95_low'])}–"
        return f"p95 {number(row['to_file_p95'])} [{low or '≤ '}{number(row['to_file_p95_high'])}]"
    if row["to_file_max"] is None:
        return UNKNOWN
    slowest = "longer than we waited," if isinf(row["to_file_max"]) else number(row["to_file_max"])
    return f"{slowest} of {row['to_file_known']}"


def _usd_clip(row: Mapping[str, Any]) -> str:
    if row["usd_clip_median"] is None:
        return UNKNOWN
    if row["usd_clip_min"] == row["usd_clip_max"]:
        return usd_text(row["usd_clip_median"])
    return f"{usd_text(row['usd_clip_median'])} ({usd_text(row['usd_clip_min'])}–{usd_text(row['usd_clip_max'])})"


def _usd_per_usable(row: Mapping[str, Any]) -> str:
    mean, limits = number(row["usd_per_usable"], 2), with_interval(row, "usd_per_usable", 2)
    # Where nothing failed, every clip cost the same, and there is no doubt to show.
    return mean if limits == f"{mean} [{mean}–{mean}]" else limits


def _checks(row: Mapping[str, Any]) -> str:
    of = row["checks_met"] + row["checks_missed"]
    return f"{row['checks_met']} of {of}" if of else UNKNOWN
