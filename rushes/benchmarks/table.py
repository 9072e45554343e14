"""What a run's results say: one row for each model and cell, one row for each clip, and what must be said beside them.

Needs the packages of the extra `bench`. What nobody knows is None in data, "n/a" in text, and never 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.util import find_spec
from math import inf, isinf
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rushes.amounts import UNKNOWN
from rushes.benchmarks.folder import Folder, RunInfo
from rushes.benchmarks.result import Result
from rushes.benchmarks.wording import HEADINGS, STRETCHES, notes, shown
from rushes.errors import SetupError

if TYPE_CHECKING:
    import pandas as pd

FILES = ("table.md", "table.csv", "table.json")


def need_pandas() -> None:
    """Raises SetupError where the packages that draw tables and pictures are not installed."""
    for name in ("matplotlib", "pandas"):
        if find_spec(name) is None:
            raise SetupError(
                f"benchmarks need {name}, which is not installed", hint="Install it: pip install 'rushes[bench]'"
            )


@dataclass(frozen=True)
class Table:
    """A run's results in rows. Seconds and US dollars."""

    info: RunInfo
    simulated: bool
    #: A row for each cell and model, in the suite's order; also where nothing was made.
    summary: pd.DataFrame
    #: A row for each clip asked for, failures too, in the order they were started.
    clips: pd.DataFrame
    #: What the numbers do not say by themselves, a sentence each.
    notes: Sequence[str]

    @property
    def title(self) -> str:
        suite = self.info.suite
        return f"{suite.title} ({suite.id} {suite.version}), {self.when}"

    @property
    def when(self) -> str:
        return f"SIMULATED, world of {self.info.day}" if self.simulated else f"{self.info.day}"

    @property
    def complete(self) -> bool:
        """True where every clip of the suite was tried."""
        return len(self.clips) == int(self.summary["planned"].sum())

    def shown(self) -> list[dict[str, str]]:
        """The summary as text, by the keys of HEADINGS."""
        return [shown(row) for row in records(self.summary)]

    def json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "simulated": self.simulated,
            "run": self.info.model_dump(mode="json"),
            "summary": records(self.summary),
            "clips": records(self.clips),
            "notes": [*self.notes],
        }

    def markdown(self) -> str:
        rows = [[*HEADINGS.values()], ["---"] * len(HEADINGS)]
        rows += [[row[key] for key in HEADINGS] for row in self.shown()]
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        return "\n".join([f"**{self.title}**", "", *lines, "", *(f"- {note}" for note in self.notes), ""])

    def write(self, folder: Path) -> None:
        """`table.md` (the summary), `table.csv` (the clips) and `table.json` (both)."""
        (folder / "table.md").write_text(self.markdown(), encoding="utf-8")
        self.clips.to_csv(folder / "table.csv", index=False, na_rep=UNKNOWN)
        text = json.dumps(self.json(), indent=2, ensure_ascii=False, default=str)
        (folder / "table.json").write_text(text + "\n", encoding="utf-8")


def table_of(folder: Folder) -> Table:
    """The table of the run in `folder`. Raises SetupError without the extra `bench`."""
    info = folder.info()
    if info is None:
        raise SetupError(f"{folder.path}: there is no such run")
    return make_table(info, [*folder.results().values()])


def make_table(info: RunInfo, results: Sequence[Result]) -> Table:
    """The table of a run and its results, which may be some of them only."""
    need_pandas()
    import pandas as pd

    suite = info.suite
    simulated = info.simulated or any(result.simulated for result in results)
    rows = []
    for cell in suite.cells:
        for model in suite.models:
            made = [result for result in results if (result.cell, result.model) == (cell, model)]
            rows.append(_summary(info, cell, model, made))
    clips = pd.DataFrame([_clip(result) for result in results], columns=[*_CLIP_COLUMNS], dtype=object)
    clips = clips.sort_values(["block", "label"], ignore_index=True)
    summary = pd.DataFrame(rows, dtype=object)
    return Table(info, simulated, summary, clips, [*notes(info, results, simulated)])


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, with None for what is unknown."""
    return [{str(key): value for key, value in row.items()} for row in frame.astype(object).to_dict("records")]


# --- one row ----------------------------------------------------------------------------------------------------------

_CLIP_COLUMNS = (
    "label",
    "cell",
    "prompt",
    "category",
    "model",
    "endpoint",
    "sample",
    "block",
    "status",
    "reason",
    "simulated",
    "at",
    "asked_seconds",
    "sent_seconds",
    "delivered_seconds",
    "sent_size",
    "delivered_size",
    "sound",
    "fps",
    "bytes",
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
    "rewritten_prompt",
    "job",
    "take",
    "sha256",
    "clip",
)


def _clip(result: Result) -> dict[str, Any]:
    file = result.delivered or {}
    size = result.sent.get("size")
    row = {name: getattr(result, name, None) for name in _CLIP_COLUMNS}
    return row | {
        "at": result.at.isoformat(),
        "sent_seconds": result.sent["seconds"],
        "sent_size": f"{size['width']}x{size['height']}" if size else None,
        "delivered_seconds": file.get("seconds"),
        "delivered_size": f"{file['width']}x{file['height']}" if file else None,
        "sound": (file["audio_codec"] is not None) if file else None,
        "fps": file.get("fps"),
        "bytes": file.get("bytes"),
        "seconds_to_file": result.seconds_to_file,
        **{name: result.timing.get(name) for name in ("submit", "queue", "render", "making", "download", "poll_gap")},
    }


def _summary(info: RunInfo, cell: str, model: str, made: Sequence[Result]) -> dict[str, Any]:
    suite = info.suite
    usable = [result for result in made if result.usable]
    files = [result.delivered for result in made if result.delivered is not None]
    lengths = [file["seconds"] for file in files if file["seconds"] is not None]
    costs = [result.usd for result in usable]
    everything = [result.usd for result in made]
    asked = sorted({prompt.asked_seconds for prompt in suite.prompts if prompt.asked_seconds is not None})
    counts = {status: sum(result.status == status for result in made) for status in _FAILURES}
    planned = len(suite.prompts) * info.samples
    return {
        "cell": cell,
        "model": model,
        "endpoint": suite.models[model],
        "planned": planned,
        "made": len(made),
        "usable": len(usable),
        **counts,
        "asked_seconds": " ".join(f"{each:g}" for each in asked) or None,
        "sent_seconds": suite.cells[cell].seconds[model],
        "delivered_seconds_min": min(lengths, default=None),
        "delivered_seconds_max": max(lengths, default=None),
        "sizes": " ".join(sorted({f"{file['width']}x{file['height']}" for file in files})) or None,
        "with_sound": sum(file["audio_codec"] is not None for file in files) if files else None,
        "files": len(files),
        **_to_file(made),
        **{f"{name}_median": _median(result.timing.get(name) for result in usable) for name in STRETCHES},
        **{f"{name}_known": sum(result.timing.get(name) is not None for result in usable) for name in STRETCHES},
        "usd_clip_median": median(known) if (known := [each for each in costs if each is not None]) else None,
        "usd_clip_min": min(known, default=None),
        "usd_clip_max": max(known, default=None),
        "usd_how": " ".join(sorted({result.usd_how for result in made})) or None,
        "usd_total": None if None in everything or not made else sum(filter(None, everything), Decimal(0)),
    }


_FAILURES = ("unusable", "failed", "refused", "overdue", "unclear", "lost", "cancelled")


def _to_file(made: Sequence[Result]) -> dict[str, float | int | None]:
    """The median over what is usable and what was given up waiting for, which took longer than we waited.

    Where the median itself is among the latter, all that is known is what it is more than.
    """
    seconds = [total for result in made if result.usable and (total := result.seconds_to_file) is not None]
    late = [result for result in made if result.usable or result.status == "overdue"]
    limits = [each.waited_seconds for each in late if each.waited_seconds is not None and each.seconds_to_file is None]
    middle = median([*seconds, *(inf for _ in limits)]) if seconds or limits else None
    beyond = middle is not None and isinf(middle)
    return {
        "seconds_to_file_median": None if beyond else middle,
        "seconds_to_file_more_than": min(limits) if beyond else None,
        "seconds_to_file_min": min(seconds, default=None),
        "seconds_to_file_max": max(seconds, default=None),
        "seconds_to_file_known": len(seconds),
    }


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
