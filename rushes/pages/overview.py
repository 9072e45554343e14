"""What was compared, and what in it cannot be compared: the head of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rushes.amounts import UNKNOWN, counted, usd
from rushes.benchmarks.clips import Clip
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.suite import Cell, Suite
from rushes.benchmarks.table import Table, records
from rushes.pages.words import length, minute


@dataclass(frozen=True)
class CellLine:
    """A cell, its settings, and the seconds that it sends to each model."""

    name: str
    settings: str
    prompts: int
    lengths: Sequence[str]


@dataclass(frozen=True)
class Overview:
    #: Term and text.
    facts: Sequence[tuple[str, str]]
    models: Sequence[str]
    cells: Sequence[CellLine]
    #: A sentence for each thing that was not alike.
    apart: Sequence[str]


def overview(table: Table) -> Overview:
    """The head of the report of `table`."""
    suite = table.info.suite
    return Overview(
        facts=[*_facts(table)],
        models=[*suite.models],
        cells=[_cell(suite, name, cell) for name, cell in suite.cells.items()],
        apart=[*_apart(table)],
    )


def _facts(table: Table) -> Iterator[tuple[str, str]]:
    info, suite = table.info, table.info.suite
    yield "Suite", f"{suite.id}, version {suite.version}"
    parts = ((len(suite.prompts), "prompt"), (info.settings.samples, "sample"), (len(suite.cells), "cell"))
    yield "Prompts", " × ".join(counted(count, word) for count, word in parts)
    yield "Models", str(len({clip.result.model for clip in table.whole})) + f" of {len(suite.models)} have clips"
    usable = sum(clip.usable for clip in table.whole)
    yield "Clips", f"{usable} usable of {len(table.whole)} tried"
    if table.standings.votes:
        yield "Votes", _votes(table)
    yield "Dollars in all", _dollars(table)
    yield "Made", _made(info)
    yield "Prices and lifecycle", f"as of {info.day}"


def _votes(table: Table) -> str:
    """How many, of people and of judges apart."""
    judged = sum(vote.kind == "judge" for vote in table.standings.votes)
    shares = {"by people": len(table.standings.votes) - judged, "by judges": judged}
    return ", ".join(f"{count} {who}" for who, count in shares.items() if count)


def _made(info: RunInfo) -> str:
    """From when to when, by this machine's clock."""
    if info.finished is None:
        return f"{minute(info.started)} UTC, not finished"
    if info.finished.date() == info.started.date():
        return f"{minute(info.started)} to {info.finished:%H:%M} UTC"
    return f"{minute(info.started)} to {minute(info.finished)} UTC"


def _dollars(table: Table) -> str:
    """The sum, with the word simulated where it is; of what is known, where some is not."""
    amounts = [clip.result.usd for clip in table.whole]
    known = [each for each in amounts if each is not None]
    if not known:
        return UNKNOWN
    unknown = len(amounts) - len(known)
    text = usd(sum(known, Decimal(0))) + (", simulated" if table.simulated else "")
    return f"at least {text}; {counted(unknown, 'clip')} n/a" if unknown else text


def _cell(suite: Suite, name: str, cell: Cell) -> CellLine:
    sound = {True: "with sound", False: "silent", None: "sound as the model has it"}[cell.audio]
    settings = [each for each in (cell.resolution, cell.aspect_ratio, sound) if each]
    lengths = [length(cell.seconds.get(model)) if model in cell.seconds else "imported only" for model in suite.models]
    return CellLine(name, ", ".join(settings), len(suite.prompts_of(name)), lengths)


def _apart(table: Table) -> Iterator[str]:
    """What was not alike."""
    info, rows = table.info, records(table.summary)
    for name, cell in info.suite.cells.items():
        if len(set(cell.seconds.values())) > 1:
            sent = ", ".join(f"{model} {seconds:g} s" for model, seconds in cell.seconds.items())
            yield f"Lengths in {name}: {sent}."
        mine = [row for row in rows if row["cell"] == name and row["files"]]
        silent = [row["model"] for row in mine if row["with_sound"] == 0]
        heard = [row["model"] for row in mine if row["with_sound"]]
        if silent and (heard or cell.audio):
            yield f"Sound in {name}: {', '.join(silent)} returned silent files."
        partly = [f"{row['model']} in {row['with_sound']} of {row['files']}" for row in mine]
        partly = [words for words, row in zip(partly, mine, strict=True) if 0 < row["with_sound"] < row["files"]]
        if partly:
            yield f"Sound in {name}: {', '.join(partly)} files only."
        sizes = {row["model"]: row["sizes"].replace(" ", ", ") for row in mine if row["sizes"]}
        if len(set(sizes.values())) > 1:
            yield f"Sizes in {name}: {'; '.join(f'{model} {each}' for model, each in sizes.items())}."
    yield from _sources(table.whole)
    for endpoint, reasons in info.left_out.items():
        yield f"Left out: {endpoint}: {'; '.join(reasons)}."
    there = {clip.result.model for clip in table.whole}
    for model, maker in info.suite.models.items():
        if model not in there and maker not in info.left_out:
            yield f"Missing: {model}: no clip was made or imported."
    if not table.complete:
        because = f": {info.stopped}" if info.stopped else "."
        yield f"Not finished: some clips of the suite were not tried{because}"


def _sources(clips: Sequence[Clip]) -> Iterator[str]:
    imported = {clip.result.model for clip in clips if clip.result.source == "imported"}
    if imported:
        yield (
            f"Imported: {', '.join(sorted(imported))}. Nobody here saw these clips being made, and what failed before "
            "is not among them."
        )
    adapted = {clip.result.model for clip in clips if clip.result.changes}
    if adapted:
        yield f"Adapted: {', '.join(sorted(adapted))} got other settings than asked; each clip lists them."
    rewritten = {clip.result.model for clip in clips if clip.result.rewritten_prompt}
    if rewritten:
        yield f"Rewritten: the vendor of {', '.join(sorted(rewritten))} changed prompts; each clip shows the new one."
