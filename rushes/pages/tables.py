"""The tables of a report: decision, pairs, technical panel and kinds of prompts, each by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rushes.amounts import UNKNOWN
from rushes.benchmarks.metrics import METRICS, Metric
from rushes.benchmarks.statistics.verdicts import FEWEST_PROMPTS, MOST_PROMPTS
from rushes.benchmarks.table import Table, records
from rushes.benchmarks.wording import shown
from rushes.numbers import interval, percent
from rushes.pages.words import better, plain, unit


@dataclass(frozen=True)
class Decision:
    """A model's line in the first table of a cell, as text by the keys of `wording.HEADINGS`."""

    model: str
    endpoint: str
    tier: int | None
    texts: Mapping[str, str]
    badges: Sequence[str]


@dataclass(frozen=True)
class Verdict:
    """How the model of a row compares with that of a column; `kind` is a word for the style sheet."""

    words: str
    ratio: str
    kind: str


@dataclass(frozen=True)
class Pairs:
    models: Sequence[str]
    #: A verdict for each model; None where a model meets itself.
    rows: Sequence[tuple[str, Sequence[Verdict | None]]]


@dataclass(frozen=True)
class MetricLine:
    title: str
    unit: str
    better: str
    about: str
    version: int
    #: Median, quartiles, and how many it is of, for each model.
    texts: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class CategoryLine:
    name: str
    #: Usable, shrunk share, and what was described and found, for each model.
    texts: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class CellTables:
    cell: str
    decisions: Sequence[Decision]
    pairs: Pairs
    #: Models with measured clips.
    measured: Sequence[str]
    panel: Sequence[MetricLine]
    #: Models with clips.
    there: Sequence[str]
    categories: Sequence[CategoryLine]


def cell_tables(table: Table) -> list[CellTables]:
    """Every table of every cell, in the suite's order."""
    return [_cell(table, cell) for cell in table.info.suite.cells]


def _cell(table: Table, cell: str) -> CellTables:
    def mine(frame: Any) -> list[dict[str, Any]]:
        return [row for row in records(frame) if row["cell"] == cell]

    panel, categories = mine(table.panel), mine(table.categories)
    measured = list(dict.fromkeys(row["model"] for row in panel))
    order = [*table.info.suite.models]
    there = sorted({row["model"] for row in categories}, key=order.index)
    return CellTables(
        cell=cell,
        decisions=_decisions(mine(table.summary), table.simulated),
        pairs=_pairs(order, mine(table.pairs)),
        measured=measured,
        panel=[*_panel(measured, panel)],
        there=there,
        categories=[*_categories(there, categories)],
    )


def _decisions(rows: Sequence[Mapping[str, Any]], simulated: bool) -> list[Decision]:
    """By tier, the suite's order within one; models without a tier come last."""
    ordered = sorted(rows, key=lambda row: (row["speed_tier"] is None, row["speed_tier"] or 0))
    return [
        Decision(
            model=row["model"],
            endpoint=row["endpoint"] or "imported only",
            tier=row["speed_tier"],
            texts=shown(row),
            badges=_badges(row, simulated),
        )
        for row in ordered
    ]


def _badges(row: Mapping[str, Any], simulated: bool) -> list[str]:
    """Where a model's numbers come from."""
    made = "simulated" if simulated else "measured"
    return [made if source == "fresh" else source for source in (row["source"] or "").split()]


def _pairs(order: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Pairs:
    models = [model for model in order if any(model in (row["a"], row["b"]) for row in rows)]
    found = {(row["a"], row["b"]): row for row in rows}

    def verdict(one: str, other: str) -> Verdict | None:
        if one == other:
            return None
        row = found.get((one, other))
        return _verdict(found[other, one], faster=False) if row is None else _verdict(row, faster=True)

    return Pairs(models, [(one, [verdict(one, other) for other in models]) for one in models])


def _verdict(row: Mapping[str, Any], *, faster: bool) -> Verdict:
    """In words, from the side of the faster one or the other; the ratio leans that way also without a verdict."""
    word = "faster" if faster else "slower"
    ratio = UNKNOWN
    if row["ratio"] is not None:
        ratio = f"{row['ratio']:.2f} × {word}{interval(row['low'], row['high'], 2)}, n\u00a0{row['prompts']}"
    match row["verdict"]:
        case "faster":
            return Verdict(f"{row['ratio']:.1f} × {word}", ratio, word)
        case "equivalent":
            return Verdict("equivalent", ratio, "same")
        case "not separable" if row["needed"] is None:
            return Verdict(f"not separable: more than {MOST_PROMPTS:,} prompts, treat as tied", ratio, "open")
        case "not separable":
            return Verdict(f"not separable yet: about {row['needed']:,} prompts in all", ratio, "open")
        case _:
            return Verdict(f"too few prompts: {row['prompts']} of {FEWEST_PROMPTS}", ratio, "few")


def _panel(models: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Iterator[MetricLine]:
    found = {(row["metric"], row["model"]): row for row in rows}
    for metric in METRICS.values():
        mine = [found[metric.name, model] for model in models]
        if mine:
            yield MetricLine(
                title=metric.title,
                unit=unit(metric),
                better=better(metric),
                about=metric.about,
                version=metric.version,
                texts=[_median(metric, row) for row in mine],
            )


def _median(metric: Metric, row: Mapping[str, Any]) -> tuple[str, str, str]:
    quartiles = ""
    if row["clips"]:
        between = "–" if row["low_quartile"] >= 0 else " to "
        quartiles = f"[{plain(metric, row['low_quartile'])}{between}{plain(metric, row['high_quartile'])}]"
    left_out = [f"{row['not_measurable']} n/a"] * bool(row["not_measurable"])
    left_out += [f"{row['degenerate']} degenerate"] * bool(row["degenerate"])
    return plain(metric, row["median"]), quartiles, ", ".join([f"n {row['clips']}", *left_out])


def _categories(models: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Iterator[CategoryLine]:
    found = {(row["category"], row["model"]): row for row in rows}
    for name in dict.fromkeys(row["category"] for row in rows):
        yield CategoryLine(name, [_shares(found.get((name, model))) for model in models])


def _shares(row: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if row is None:
        return "not made", "", ""
    looked_for = row["checks_met"] + row["checks_missed"]
    expected = f"{row['checks_met']} of {looked_for} found" if looked_for else "nothing to look for"
    return f"{row['usable']} of {row['clips']}", f"shrunk {percent(row['shrunk'])}", expected
