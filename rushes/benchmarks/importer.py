"""Brings clips that are there into a run: measured and compared like fresh ones, and marked `imported`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from rushes.amounts import UNKNOWN
from rushes.benchmarks.folder import Folder, RunInfo
from rushes.benchmarks.manifest import Entry
from rushes.benchmarks.result import Result
from rushes.benchmarks.runner import versions
from rushes.benchmarks.schedule import label_of, stem_of
from rushes.benchmarks.settings import RunSettings
from rushes.benchmarks.suite import Cell, Prompt, Suite
from rushes.config import Config
from rushes.errors import BadFile, BadInput
from rushes.nearest import unknown
from rushes.probe import probe
from rushes.yaml import Document

#: Of clips that belong to no suite.
CELL = "imported"
#: What of a result its line in the manifest tells.
TOLD = ("endpoint", "at", "asked", "sent", "timing", "usd", "usd_how")


@dataclass(frozen=True)
class Clip:
    """One clip to be brought in."""

    entry: Entry
    file: Path
    sha256: str
    cell: str
    prompt: Prompt
    sample: int

    @property
    def label(self) -> str:
        return label_of(self.cell, self.prompt.id, self.entry.model, self.sample)


@dataclass(frozen=True)
class Import:
    """What is about to be brought into a run; nothing is copied yet."""

    info: RunInfo
    clips: Sequence[Clip]
    #: Files that are missing or cannot be read, with file, line and why.
    bad: Sequence[str]


def survey(
    folder: Folder,
    source: Path,
    document: Document,
    entries: Sequence[Entry],
    suite: Suite | None,
    config: Config,
    *,
    day: date,
    now: datetime,
    command: Sequence[str],
) -> Import:
    """Holds the entries of a manifest against the suite, the run that may be there, and the disk; changes nothing.

    `suite` None: that of the run, or one made of the manifest's own prompts. Raises BadConfig, by line, for entries
    that name no prompt, cell or endpoint that is there; BadInput for another run of the same name.
    """
    there = folder.info()
    if there is not None and suite is not None and not _same(folder, there.suite, suite):
        raise BadInput(
            f"the run '{folder.name}' is of another suite: {there.suite.id} version {there.suite.version}",
            hint="Give another --name, or leave --suite out to bring the clips into that run.",
        )
    # Nothing of a new run is made here, so it has no endpoints.
    whole = there.suite if there is not None else _bare(suite or _own_suite(folder.name, source, entries))
    wrong = [*_wrong(document, entries, whole, config)]
    if wrong:
        raise document.errors(wrong)
    clips, bad = _clips(folder, source, document, entries, whole)
    if there is not None and there.suite.endpoints:
        _check_world(there, clips)
    names = dict.fromkeys(entry.model for entry in entries)
    cells = {name: Cell() for name in dict.fromkeys(clip.cell for clip in clips) if name not in whole.cells}
    whole = whole.model_copy(
        update={
            "models": {**whole.models, **{name: None for name in names if name not in whole.models}},
            "cells": {**whole.cells, **cells},
        }
    )
    if there is not None:
        return Import(there.model_copy(update={"suite": whole}), clips, bad)
    info = RunInfo(
        name=folder.name,
        suite=whole,
        settings=RunSettings(),
        simulated=False,
        day=day,
        started=now,
        command=tuple(command),
        versions=versions(),
    )
    return Import(info, clips, bad)


@dataclass(frozen=True)
class Brought:
    """What an import did to a run."""

    #: How many clips are new there.
    new: int
    #: Of clips that were there and of which the manifest now says something else: label, and what changed, in words.
    corrected: Mapping[str, str]


def bring(folder: Folder, wanted: Import, on_clip: Callable[[Clip], None] = lambda clip: None) -> Brought:
    """Copies the clips into the run's folder and writes down what they are, also where only that has changed."""
    folder.save(wanted.info.model_copy(update={"suite": folder.keep_images(folder.with_images(wanted.info.suite))}))
    there = folder.results()
    new, corrected = 0, dict[str, str]()
    for clip in wanted.clips:
        before, cell = there.get(clip.label), wanted.info.suite.cells[clip.cell]
        if before is None or before.clip is None or before.sha256 != clip.sha256:
            name = stem_of(clip.cell, clip.prompt.id, clip.entry.model, clip.sample)
            folder.add(_result(clip, folder.keep(clip.file, name, link=False), cell))
            new += 1
        elif before.source == "imported":
            # What the file is was found out when it came; the manifest says the rest.
            now = _result(clip, before.clip, cell)
            told = before.model_copy(update={name: getattr(now, name) for name in TOLD})
            if changes := [*_changes(before, told)]:
                folder.add(told)
                corrected[clip.label] = "; ".join(changes)
        on_clip(clip)
    return Brought(new, corrected)


def _changes(before: Result, now: Result) -> Iterator[str]:
    """What a manifest says otherwise than before, in its own words; the fields of a result follow from these."""

    def said(result: Result) -> Mapping[str, Any]:
        return {
            "endpoint": result.endpoint,
            "date": None if result.at is None else result.at.isoformat(),
            "seconds": result.timing.get("total"),
            "cost": None if result.usd is None else f"${result.usd}",
            **{f"settings.{name}": result.sent.get(name) for name in ("seconds", "resolution", "audio")},
            "settings.size": _size(result.sent.get("size")),
            "settings.aspect_ratio": result.asked.get("aspect_ratio"),
        }

    one, other = said(before), said(now)
    for name in one:
        if one[name] != other[name]:
            yield f"{name} {_text(one[name])} → {_text(other[name])}"


def _text(value: Any) -> str:
    if value is None:
        return UNKNOWN
    return f"{value:g}" if isinstance(value, float) else str(value)


def _size(size: Mapping[str, Any] | None) -> str | None:
    return None if size is None else f"{size['width']}x{size['height']}"


def _check_world(there: RunInfo, clips: Sequence[Clip]) -> None:
    """Raises BadInput where simulated clips would stand beside a run's real ones, or the other way round."""
    probed = [(clip, *_probed(clip.file)) for clip in clips]
    other = [clip.entry.file for clip, found, simulated in probed if found and simulated != there.simulated]
    if other:
        ours, theirs = ("simulated", "real") if there.simulated else ("real", "simulated")
        raise BadInput(
            f"the run '{there.name}' is {ours}, and these clips are {theirs}: {', '.join(other[:5])}",
            hint="Bring them into a run of another --name: what is simulated is never mixed with what is not.",
        )


def _same(folder: Folder, there: Suite, suite: Suite) -> bool:
    """Whether a run is of `suite`; one of imported clips alone has none of its models and lengths."""
    before, asked = folder.identity(there), folder.identity(suite)
    if not there.endpoints:
        asked = folder.identity(_bare(suite))
        if not suite.cells:  # its cells are then those that the clips name
            before = before | {"cells": {}}
    return before == asked


def _own_suite(name: str, source: Path, entries: Sequence[Entry]) -> Suite:
    """A suite of the prompts that a manifest brings along."""
    prompts: dict[str, Prompt] = {}
    categories = {_plain(entry.prompt): entry.category for entry in reversed(entries) if entry.category}
    for entry in entries:
        text = _plain(entry.prompt)
        if text not in prompts:
            id = _id(text, {prompt.id for prompt in prompts.values()})
            prompts[text] = Prompt(id=id, text=entry.prompt, category=categories.get(text, "any"))
    return Suite(
        id=_id(name, set()), version=1, title=f"Clips from {source.resolve().name}", prompts=tuple(prompts.values())
    )


def _id(text: str, taken: set[str]) -> str:
    """A name made of the first words, with a number where it is taken."""
    words = re.findall(r"[a-z0-9]+", text.lower())[:5]
    stem = "-".join(words)[:50].strip("-") or "prompt"
    names = (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _prompts(suite: Suite) -> Mapping[str, Prompt]:
    """By text without regard to its spaces, and by id."""
    return {prompt.id: prompt for prompt in suite.prompts} | {_plain(prompt.text): prompt for prompt in suite.prompts}


def _wrong(
    document: Document, entries: Sequence[Entry], suite: Suite, config: Config
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What the entries name that is not there: where it stands, and what would be right."""
    prompts = _prompts(suite)
    endpoints = [endpoint.id for card in config.cards.values() for endpoint in card.endpoints]
    for at, entry in enumerate(entries):
        text = _plain(entry.prompt)
        prompt = prompts.get(text)
        cell = entry.cell or next(iter(suite.cells), None)
        if prompt is None:
            asked = text if len(text) <= 60 else f"{text[:57]}…"
            yield ("clips", at, "prompt"), unknown("prompt", asked, [prompt.id for prompt in suite.prompts])
        elif entry.category not in (None, prompt.category):
            yield ("clips", at, "category"), f"the prompt '{prompt.id}' is of the category '{prompt.category}'"
        if entry.cell is None and len(suite.cells) > 1:
            yield ("clips", at), f"say which cell it belongs to: {', '.join(suite.cells)}"
        elif cell is not None and suite.cells and cell not in suite.cells:
            yield ("clips", at, "cell"), unknown("cell", cell, suite.cells)
        elif cell is not None and suite.cells and prompt is not None and prompt not in (held := suite.prompts_of(cell)):
            ids = ", ".join(each.id for each in held)
            yield ("clips", at, "prompt"), f"the cell '{cell}' does not hold the prompt '{prompt.id}'; it holds: {ids}"
        if entry.endpoint is not None and entry.endpoint not in endpoints:
            yield ("clips", at, "endpoint"), unknown("endpoint", entry.endpoint, endpoints)
        if (maker := suite.models.get(entry.model)) is not None and entry.endpoint != maker:
            said = f"'{entry.model}' is made by {maker} in this run; give the imported ones another name"
            yield ("clips", at, "model"), said


def _clips(
    folder: Folder, source: Path, document: Document, entries: Sequence[Entry], suite: Suite
) -> tuple[list[Clip], list[str]]:
    there = folder.results()
    prompts = _prompts(suite)
    clips: dict[str, Clip] = {}
    bad: list[str] = []
    for at, entry in enumerate(entries):
        where = f"{document.path}:{document.line(('clips', at))}"
        file = source / entry.file
        try:
            with file.open("rb") as content:
                digest = file_digest(content, "sha256").hexdigest()
        except OSError as error:
            bad.append(f"{where}: {file}: {error.strerror or error}")
            continue
        prompt = prompts[_plain(entry.prompt)]
        cell = entry.cell or next(iter(suite.cells), CELL)
        for sample in [entry.sample] if entry.sample else range(1, len(entries) + len(there) + 2):
            clip = Clip(entry, file, digest, cell, prompt, sample)
            before = there.get(clip.label)
            free = clip.label not in clips and (before is None or before.sha256 == digest)
            if free:
                clips[clip.label] = clip
                break
        else:
            other = "an earlier line" if clip.label in clips else f"the run '{folder.name}'"
            raise BadInput(
                f"{where}: {other} holds another clip as {clip.label}",
                hint="Give it another sample, or bring it into a run of another --name.",
            )
    return [*clips.values()], bad


def _bare(suite: Suite) -> Suite:
    """The suite as far as imported clips need it: without models, endpoints and the lengths they are sent."""
    cells = {name: cell.model_copy(update={"seconds": {}}) for name, cell in suite.cells.items()}
    return suite.model_copy(update={"models": {}, "cells": cells})


def _result(clip: Clip, kept: str, cell: Cell) -> Result:
    entry, ordered = clip.entry, clip.entry.settings
    delivered, simulated = _probed(clip.file)
    width, _, height = (ordered.size or "").partition("x")
    asked = {"prompt": clip.prompt.text} | ordered.model_dump(exclude_none=True)
    return Result(
        source="imported",
        label=clip.label,
        cell=clip.cell,
        prompt=clip.prompt.id,
        category=clip.prompt.category,
        model=entry.model,
        endpoint=entry.endpoint,
        sample=clip.sample,
        block=None,
        status="delivered",
        reason=None,
        simulated=simulated,
        at=entry.date,
        asked_seconds=clip.prompt.asked_seconds,
        asked=asked,
        sent={
            "seconds": ordered.seconds,
            "resolution": ordered.resolution,
            "size": {"width": int(width), "height": int(height)} if ordered.size else None,
            # A cell does not mix clips with and without sound.
            "audio": cell.audio if ordered.audio is None else ordered.audio,
        },
        delivered=delivered,
        changes=(),
        notes=(),
        timing={} if entry.seconds is None else {"total": entry.seconds},
        resumed=False,
        waited_seconds=None,
        usd=entry.cost,
        usd_how="unknown" if entry.cost is None else "imported",
        rewritten_prompt=None,
        job=None,
        take=f"import-{clip.sha256[:12]}",
        sha256=clip.sha256,
        clip=kept,
    )


def _probed(file: Path) -> tuple[Mapping[str, Any] | None, bool]:
    """What the file is, None where it does not open; and whether a simulator made it."""
    try:
        found = probe(file)
    except BadFile:
        return None, False
    return found.json(), found.simulated
