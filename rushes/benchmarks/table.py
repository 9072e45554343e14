"""What a run's results say: rows for models, clips, pairs, metrics and categories, and what to say beside them.

Needs the packages of the extra `bench`. What nobody knows is None in data, "n/a" in text, and never 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from math import isinf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushes.amounts import UNKNOWN
from rushes.benchmarks.folder import Folder, RunInfo
from rushes.benchmarks.measured import Measured
from rushes.benchmarks.metrics import METRICS, Metric
from rushes.benchmarks.notes import notes
from rushes.benchmarks.result import Result
from rushes.benchmarks.votebook import Book
from rushes.benchmarks.votes import Score, Undo, Vote
from rushes.benchmarks.wording import (
    DECISION,
    DETAILS,
    HEADINGS,
    PAIR_HEADINGS,
    RATING,
    VERSUS_HEADINGS,
    pair_shown,
    shown,
    versus_shown,
)
from rushes.errors import SetupError

if TYPE_CHECKING:
    import pandas as pd

    from rushes.benchmarks.clips import Clip
    from rushes.benchmarks.standings import Standing, Standings

FILES = ("table.md", "table.csv", "table.json")


def need_pandas() -> None:
    """Raises SetupError where the packages that draw tables and pictures are not installed."""
    for name in ("jinja2", "matplotlib", "pandas"):
        if find_spec(name) is None:
            raise SetupError(
                f"benchmarks need {name}, which is not installed", hint="Install it: pip install 'rushes[bench]'"
            )


@dataclass(frozen=True)
class Table:
    """A run's results in rows. Seconds and US dollars; see the functions named for what the columns mean."""

    info: RunInfo
    simulated: bool
    #: A row for each cell and model, in the suite's order. `rushes.benchmarks.summary.rows`
    summary: pd.DataFrame
    #: A row for each clip asked for, failures too, in the order they were started.
    clips: pd.DataFrame
    #: A row for each cell and pair of models: which is faster. `rushes.benchmarks.pairs.speed`
    pairs: pd.DataFrame
    #: A row for each cell, model and metric. `rushes.benchmarks.panel.panel`
    panel: pd.DataFrame
    #: A row for each cell, model and category of prompts. `rushes.benchmarks.panel.categories`
    categories: pd.DataFrame
    #: The clips themselves, as in `clips`.
    whole: Sequence[Clip]
    #: What the votes say; empty where there are none.
    standings: Standings
    #: What the numbers do not say by themselves, a sentence each.
    notes: Sequence[str]

    @property
    def title(self) -> str:
        suite = self.info.suite
        return f"{suite.title} ({suite.id} {suite.version}), {self.when}"

    @property
    def when(self) -> str:
        if self.info.simulated:
            return f"SIMULATED, world of {self.info.day}"
        return f"SIMULATED clips, {self.info.day}" if self.simulated else f"{self.info.day}"

    @property
    def voted(self) -> bool:
        """True where some model has a rating."""
        return any(each.ratings is not None for each in self.standings.standings)

    @property
    def complete(self) -> bool:
        """True where every clip was tried that the run makes; what was left out by agreement is none of them."""
        rows = [row for row in records(self.summary) if row["endpoint"] not in self.info.left_out]
        return all(row["tried"] >= (row["planned"] or 0) for row in rows)

    def shown(self) -> list[dict[str, str]]:
        """The summary as text, by the keys of HEADINGS."""
        return [shown(row) for row in records(self.summary)]

    def json(self) -> dict[str, Any]:
        """Everything, for other programs; what has no end is the text "inf", since JSON has no infinity."""
        found: dict[str, Any] = _plain(self._everything())
        return found

    def _everything(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "simulated": self.simulated,
            "run": self.info.model_dump(mode="json"),
            "summary": records(self.summary),
            "pairs": records(self.pairs),
            "ratings": [*self.standings.rows()],
            "rated_pairs": [*self.standings.versus()],
            "rated_categories": [*self.standings.categories(self.info)],
            "reasons": [*self.standings.reasons(self.whole)],
            "panel": records(self.panel),
            "categories": records(self.categories),
            "metrics": {name: _metric(metric) for name, metric in METRICS.items()},
            "clips": [row | _checks(clip) for row, clip in zip(records(self.clips), self.whole, strict=True)],
            "notes": [*self.notes],
        }

    def markdown(self) -> str:
        """The summary in two tables, which models are faster, and the notes."""
        rows = self.shown()
        parts = [
            f"**{self.title}**",
            _grid({name: HEADINGS[name] for name in (*DECISION[:2], *RATING * self.voted, *DECISION[2:])}, rows),
            _grid(VERSUS_HEADINGS, [versus_shown(row) for row in self.standings.versus()]),
            _grid(PAIR_HEADINGS, [pair_shown(row) for row in records(self.pairs)]),
            "**Details**",
            _grid({name: HEADINGS[name] for name in DETAILS}, rows),
            "\n".join(f"- {' '.join(note.split())}" for note in self.notes),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def write(self, folder: Path) -> None:
        """`table.md` (the summary), `table.csv` (the clips) and `table.json` (everything)."""
        (folder / "table.md").write_text(self.markdown(), encoding="utf-8")
        self.clips.to_csv(folder / "table.csv", index=False, na_rep=UNKNOWN)
        text = json.dumps(self.json(), indent=1, ensure_ascii=False, default=str, allow_nan=False)
        (folder / "table.json").write_text(text + "\n", encoding="utf-8")


def table_of(folder: Folder) -> Table:
    """The table of the run in `folder`. Raises SetupError for no run, and without the extra `bench`."""
    return make_table(folder.known(), [*folder.results().values()], folder.measures(), Book(folder.path).lines())


def make_table(
    info: RunInfo,
    results: Sequence[Result],
    measures: Mapping[str, Measured],
    votes: Sequence[Vote | Undo | Score] = (),
) -> Table:
    """The table of a run's results, which may be some of them only, what was measured of them, and what was voted."""
    need_pandas()
    import pandas as pd

    from rushes.benchmarks.clips import clips_of
    from rushes.benchmarks.pairs import speed
    from rushes.benchmarks.panel import categories, panel
    from rushes.benchmarks.standings import standings_of
    from rushes.benchmarks.summary import rows

    simulated = info.simulated or any(result.simulated for result in results)
    ordered = sorted(results, key=lambda result: (result.block is None, result.block or 0, result.label))
    whole = clips_of(info, ordered, measures)
    pairs, placed = speed(info, whole)
    said = standings_of(info, whole, votes)
    summary = [
        row | {"speed_tier": placed.get((row["cell"], row["model"])), **_rating(said.of(row["cell"]), row["model"])}
        for row in rows(info, whole)
    ]
    return Table(
        info=info,
        simulated=simulated,
        summary=pd.DataFrame(summary, dtype=object),
        clips=pd.DataFrame([_clip(clip) for clip in whole], columns=[*_CLIP_COLUMNS, *METRICS], dtype=object),
        pairs=pd.DataFrame(pairs, columns=[*_PAIR_COLUMNS], dtype=object),
        panel=pd.DataFrame([*panel(info, whole)], dtype=object),
        categories=pd.DataFrame([*categories(info, whole)], dtype=object),
        whole=whole,
        standings=said,
        notes=[*notes(info, whole, simulated, voted=bool(said.votes)), *said.notes],
    )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, with None for what is unknown."""
    return [{str(key): value for key, value in row.items()} for row in frame.astype(object).to_dict("records")]


def _grid(headings: Mapping[str, str], rows: Sequence[Mapping[str, str]]) -> str:
    """A Markdown table; nothing where there is no row."""
    if not rows:
        return ""
    lines = [[*headings.values()], ["---"] * len(headings), *([row[key] for key in headings] for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _rating(shown: Standing | None, model: str) -> dict[str, Any]:
    """A model's rating on the board that is shown for its cell; all None where it has none."""
    found = shown.ratings.by_model.get(model) if shown and shown.ratings else None
    names = {"rating": "elo", "rating_low": "low", "rating_high": "high", "rating_tier": "tier", "rating_best": "best"}
    row = {column: None if found is None else getattr(found, name) for column, name in names.items()}
    return row | {
        "rated_by": shown.by if shown and found else None,
        "rated_pool": shown.pool if shown and found else None,
        "rated_raw": shown.raw if shown and found else None,
    }


def _metric(metric: Metric) -> dict[str, Any]:
    return {name: getattr(metric, name) for name in metric.__dataclass_fields__ if name not in ("name", "read")}


def _plain(value: Any) -> Any:
    """The same with the text "inf" for what has no end."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, float) and isinf(value) else value


# --- one row ----------------------------------------------------------------------------------------------------------

_CLIP_COLUMNS = (
    "label",
    "cell",
    "prompt",
    "category",
    "model",
    "endpoint",
    "source",
    "sample",
    "in_block",  # a metric is called block
    "outcome",
    "reason",
    "simulated",
    "at",
    "asked_seconds",
    "sent_seconds",
    "delivered_seconds",
    "sent_size",
    "delivered_size",
    "sound",
    "seconds_to_file",
    "resumed",
    "waited_seconds",
    "submit",
    "queue",
    "render",
    "making",
    "download",
    "poll_gap",
    "usd",
    "usd_how",
    "checks_met",
    "checks_missed",
    "rewritten_prompt",
    "job",
    "take",
    "sha256",
    "clip",
)

_PAIR_COLUMNS = ("cell", "a", "b", "prompts", "ratio", "low", "high", "verdict", "needed")


def _clip(clip: Clip) -> dict[str, Any]:
    result = clip.result
    file = result.delivered or {}
    # Ten thousand clips pass here: read as they lie, without pydantic's way around.
    given = vars(result)
    values = {} if clip.measured is None else clip.measured.values
    expected = [check.outcome for check in clip.expected]
    return {name: given.get(name) for name in _CLIP_COLUMNS} | {
        "in_block": result.block,
        "outcome": clip.outcome,
        "reason": "; ".join(clip.reasons) or None,
        "at": None if result.at is None else result.at.isoformat(),
        "sent_seconds": result.sent.get("seconds"),
        "sent_size": _size(result.sent.get("size")),
        "delivered_seconds": file.get("seconds"),
        "delivered_size": _size(file or None),
        "sound": (file["audio_codec"] is not None) if file else None,
        "seconds_to_file": result.seconds_to_file,
        "checks_met": expected.count("pass"),
        "checks_missed": expected.count("fail"),
        **{name: result.timing.get(name) for name in ("submit", "queue", "render", "making", "download", "poll_gap")},
        **{name: None if (value := values.get(name)) is None else value.value for name in METRICS},
    }


def _size(size: Mapping[str, Any] | None) -> str | None:
    return None if size is None else f"{size['width']}x{size['height']}"


def _checks(clip: Clip) -> dict[str, Any]:
    return {
        "changes": [*clip.result.changes],
        "checks": [] if clip.checks is None else [asdict(check) for check in clip.checks],
        "measured": None if clip.measured is None else clip.measured.model_dump(mode="json", exclude={"format"}),
    }
