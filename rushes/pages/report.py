"""A run as one HTML file beside its clips: tables, pictures and players.

Needs the packages of the extra `bench`. The page holds its style, script and pictures; only clips and the prompts'
images stay beside it, by relative path. It asks nothing of any other address, and says everything without its script
too.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from rushes.amounts import UNKNOWN
from rushes.benchmarks import plots
from rushes.benchmarks.claims import NOTES
from rushes.benchmarks.metrics import METRICS
from rushes.benchmarks.statistics.intervals import FEWEST_GROUPS, FEWEST_VALUES
from rushes.benchmarks.table import Table, need_pandas
from rushes.benchmarks.wording import HEADINGS, RATING
from rushes.card import Card, load_cards
from rushes.numbers import number
from rushes.pages.claims import claims_view
from rushes.pages.elsewhere import elsewhere
from rushes.pages.looks import looks_view
from rushes.pages.overview import overview
from rushes.pages.players import KEY_METRICS, MANY_CLIPS, prompts
from rushes.pages.tables import cell_tables
from rushes.published import load_published

if TYPE_CHECKING:
    from jinja2 import Environment

FILE = "report.html"
#: Columns of the first table, by the keys of HEADINGS.
DECIDING = ("usable", "to_file", "slowest", "seconds_per_usable", "usd_per_usable", "checks")


def write(table: Table, folder: Path) -> Path:
    """`report.html` in the run's folder, beside its clips."""
    path = folder / FILE
    draft = folder / f".{FILE}"
    draft.write_text(render(table, folder), encoding="utf-8")
    return draft.replace(path)


def render(table: Table, folder: Path, cards: Mapping[str, Card] | None = None) -> str:
    """The page, to stand in `folder`: the same table and the same clips give the same text.

    The brief's words are those on `cards`; the shipped ones unless given.
    """
    need_pandas()
    from markupsafe import Markup

    from rushes.benchmarks.plots.style import Looks, shade

    suite = table.info.suite
    known = load_cards() if cards is None else cards
    looks = Looks(suite)
    said = looks_view(table)
    # svg() and our own files are markup; everything else is escaped.
    pictures = [(name, plots.picture(name), Markup(plots.svg(table, name))) for name in plots.names(table)]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            table=table,
            info=table.info,
            suite=suite,
            style=Markup(_own("report.css") + (_own("ratings.css") if said else "")),
            script=Markup(_own("report.js")),
            colours={model: shade(looks.colour(model)) for model in suite.models},
            overview=overview(table),
            cells=cell_tables(table),
            headings={key: HEADINGS[key].replace(" %", "\u00a0%") for key in DECIDING},
            looks=said,
            rating_headings=[HEADINGS[key].replace(" %", "\u00a0%") for key in RATING],
            # Those of votes stand beside the votes.
            notes=[note for note in table.notes if note not in table.standings.notes],
            claims=claims_view(table, known),
            claim_notes=NOTES,
            elsewhere=elsewhere(table, load_published(), known),
            pictures=pictures,
            prompts=prompts(table, folder),
            categories=list(dict.fromkeys(prompt.category for prompt in suite.prompts)),
            outcomes=sorted({clip.outcome for clip in table.whole}),
            many=len(table.whole) > MANY_CLIPS,
            most=MANY_CLIPS,
            key_metrics=[METRICS[name].title.lower() for name in KEY_METRICS],
            metrics=METRICS,
            fewest_clips=FEWEST_VALUES,
            fewest_prompts=FEWEST_GROUPS,
            command=shlex.join(table.info.command),
            suite_yaml=_yaml(suite.model_dump(mode="json", exclude_defaults=True)),
            settings_yaml=_yaml(table.info.settings.model_dump(mode="json")),
            tools=_tools(table),
        )
    )


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("rushes.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_said,
    )


def _said(value: Any) -> Any:
    """Nothing unknown, and nothing without end, comes onto a page as Python writes it."""
    if value is None:
        return UNKNOWN
    return number(value) if isinstance(value, float) else value


def _own(name: str) -> str:
    return (files("rushes.pages") / "templates" / name).read_text(encoding="utf-8")


def _yaml(data: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100))


def _tools(table: Table) -> list[tuple[str, str]]:
    """What the run was made with, and what its clips were measured with."""
    found = dict(table.info.versions)
    for clip in table.whole:
        for name, version in (clip.measured.versions if clip.measured else {}).items():
            if found.get(name, version) != version:
                version = f"{found[name]}, {version}" if version not in found[name].split(", ") else found[name]
            found[name] = version
    return sorted(found.items())
