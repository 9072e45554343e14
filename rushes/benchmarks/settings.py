"""How a suite is run: samples, order, concurrency, cap and world, from options or from a run's YAML file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from rushes.benchmarks.suite import (
    Cell,
    Name,
    Part,
    Suite,
    find_suite,
    load_suite,
    shipped_suites,
    unknown_endpoints,
)
from rushes.config import Config
from rushes.nearest import unknown
from rushes.yaml import Document, Location, read

Fit = Literal["exact", "nearest", "shorter", "cheaper"]
#: What measures the clips; `panel` is everything in `rushes.benchmarks.metrics`.
Scorer = Literal["panel"]


class RunSettings(Part):
    """How clips are made and measured. The same in `run.json` as in a run's file."""

    samples: int = Field(default=1, ge=1, le=100)
    "Clips of each prompt, cell and model."
    seed: int = Field(default=0, ge=0)
    "Seed of the order in which clips are made. No model is sent it."
    concurrency: Mapping[str, Annotated[int, Field(ge=1, le=100)]] = {}
    "Jobs in flight, by provider; 1 unless given, so that no clip waits for another of ours."
    block_minutes: float = Field(default=0, ge=0, le=1440)
    "Minutes from the start of one block to that of the next at least, to spread a run over the day."
    fit: Fit = "exact"
    "What may be adapted where an endpoint cannot make a cell; every change is listed."
    unpriced: bool = False
    "Allow endpoints whose price is not known."
    scorers: tuple[Scorer, ...] = ("panel",)
    "What measures the clips; [] for none but the probe."


class RunFile(RunSettings):
    """A run as a file: a suite, and what is different from its own."""

    suite: str
    "A shipped name, or the path of a suite's file, relative to this one."
    name: str | None = None
    "Name of the run; suite and day unless given."
    models: Mapping[Name, str] | None = None
    "Name in the tables: endpoint; the suite's unless given, and then with cells of its own."
    cells: Mapping[Name, Cell] | None = None
    "The suite's unless given."
    prompts: tuple[Name, ...] | None = None
    "Ids of the prompts to take; all unless given."
    max_usd: Annotated[Decimal, Field(ge=0)] | None = None
    "Cap on the whole run in US dollars, over all its starts."
    as_of: date | None = None
    "The day by which lifecycle and prices are judged."
    simulate: bool = False
    "Use the simulator: no key, no network, no cost."


@dataclass(frozen=True)
class Wanted:
    """A run asked for."""

    suite: Suite
    settings: RunSettings
    name: str | None = None
    max_usd: Decimal | None = None
    as_of: date | None = None
    simulate: bool = False


def load(name: str, config: Config) -> Wanted:
    """A suite or a run's file: shipped name or path. A file with the key `suite` is a run's.

    Raises BadInput for a name that is neither, BadConfig with every complaint by file and line.
    """
    document = read(find_suite(name))
    if not (isinstance(document.data, dict) and "suite" in document.data):
        return Wanted(load_suite(name, config), RunSettings())
    file = document.parse(RunFile)
    # What the file does not say stays unset, so that a run that is there goes on as it was begun.
    given = file.model_fields_set & RunSettings.model_fields.keys()
    settings = RunSettings(**{field: getattr(file, field) for field in given})
    return Wanted(_suite(document, file, config), settings, file.name, file.max_usd, file.as_of, file.simulate)


def _suite(document: Document, file: RunFile, config: Config) -> Suite:
    beside = document.path.parent / file.suite
    if not beside.is_file() and file.suite not in (shipped := shipped_suites()):
        raise document.error(("suite",), f"{unknown('suite', file.suite, shipped)}; nor is it a file beside this one")
    suite = load_suite(str(beside) if beside.is_file() else file.suite, config)
    if wrong := [*_unknown(file, suite, config)]:
        raise document.errors(wrong)
    kept = [prompt.id for prompt in suite.prompts if file.prompts is None or prompt.id in file.prompts]
    cells = suite.cells if file.cells is None else file.cells
    taken = {name: _only(cell, kept) for name, cell in cells.items()}
    whole = suite.model_dump() | {
        "prompts": [prompt.model_dump() for prompt in suite.prompts if prompt.id in kept],
        "models": suite.models if file.models is None else file.models,
        "cells": {name: cell.model_dump() for name, cell in taken.items() if cell.prompts != ()},
    }
    return document.instead(whole).parse(Suite)


def _unknown(file: RunFile, suite: Suite, config: Config) -> Iterator[tuple[Location, str]]:
    """What the run's file names and what there is not, and where it stands."""
    for provider in file.concurrency:
        if provider not in config.providers:
            yield ("concurrency", provider), unknown("provider", provider, config.providers)
    ids = [prompt.id for prompt in suite.prompts]
    named: dict[tuple[str, ...], tuple[str, ...] | None] = {("prompts",): file.prompts}
    named |= {("cells", name, "prompts"): cell.prompts for name, cell in (file.cells or {}).items()}
    for where, prompts in named.items():
        for at, id in enumerate(prompts or ()):
            if id not in ids:
                yield (*where, at), unknown("prompt", id, ids)
    if file.models is not None:
        yield from unknown_endpoints(file.models, config)
        if file.cells is None:
            yield ("models",), "models of your own need cells of your own: a length for each model"


def _only(cell: Cell, kept: list[str]) -> Cell:
    """The cell without the prompts that the run leaves out."""
    held = None if cell.prompts is None else tuple(prompt for prompt in cell.prompts if prompt in kept)
    return cell.model_copy(update={"prompts": held})
