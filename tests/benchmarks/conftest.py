"""Small suites, runs of them in a simulated world, and results made by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.app import Rushes
from rushes.benchmarks.folder import Folder, RunInfo
from rushes.benchmarks.result import Result
from rushes.benchmarks.runner import Run, begin, survey
from rushes.benchmarks.schedule import Slot, schedule
from rushes.benchmarks.suite import Cell, Prompt, Suite

DAY = date(2026, 8, 1)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


BOTH = {"sora-2": "openai/sora-2", "wan-2.5": "dashscope-intl/wan-2.5"}


def make_suite(*prompts: str, models: dict[str, str] | None = None, cells: dict[str, Cell] | None = None) -> Suite:
    """A suite of these prompts on Sora 2 and Wan 2.5, unless other models are given."""
    given = models or BOTH
    lengths = {model: 5.0 if model == "wan-2.5" else 4.0 for model in given}
    short = Cell(seconds=lengths, resolution="720p", aspect_ratio="16:9", audio=True)
    return Suite(
        id="small",
        version=1,
        title="A small suite",
        prompts=tuple(
            Prompt(id=f"p{number}", text=text, asked_seconds=12 if number == 1 else None, category="any")
            for number, text in enumerate(prompts, start=1)
        ),
        models=given,
        cells=cells or {"short": short},
    )


def make_info(suite: Suite, **changes: Any) -> RunInfo:
    given: dict[str, Any] = {
        "name": "run",
        "suite": suite,
        "seed": 0,
        "samples": 1,
        "simulated": True,
        "day": DAY,
        "started": NOW,
        "command": ("rushes",),
        "versions": {},
    }
    return RunInfo(**(given | changes))


def make_result(model: str = "sora-2", prompt: str = "p1", cell: str = "short", **changes: Any) -> Result:
    """A usable clip of 4 s, 60 s after it was asked for, at 40 cents."""
    timing = {"submit": 0.2, "queue": 5.0, "render": 50.0, "making": 55.0, "download": 0.5, "total": 60.0}
    given: dict[str, Any] = {
        "label": f"{cell}/{prompt}/{model}/1",
        "cell": cell,
        "prompt": prompt,
        "category": "any",
        "model": model,
        "endpoint": BOTH[model],
        "sample": 1,
        "block": 0,
        "status": "usable",
        "reason": None,
        "simulated": True,
        "at": NOW,
        "asked_seconds": 12.0,
        "asked": {"prompt": "a ball", "seconds": 4.0},
        "sent": {"seconds": 4.0, "size": {"width": 1280, "height": 720}, "audio": True},
        "delivered": {"seconds": 4.0, "width": 1280, "height": 720, "fps": 24.0, "audio_codec": "aac", "bytes": 9},
        "changes": (),
        "notes": (),
        "timing": timing | {"poll_gap": 4.0},
        "resumed": False,
        "waited_seconds": None,
        "usd": Decimal("0.40"),
        "usd_how": "estimated",
        "rewritten_prompt": None,
        "job": "job-1",
        "take": "take-1",
        "sha256": "00",
        "clip": "clips/one.mp4",
    }
    return Result(**(given | changes))


def failed(**changes: Any) -> Result:
    """The same without a clip: the vendor ended it after 30 s, and it is not billed."""
    given = {
        "status": "failed",
        "reason": "Internal error",
        "delivered": None,
        "timing": {},
        "waited_seconds": 30.0,
        "usd": Decimal("0"),
        "usd_how": "not billed",
        "take": None,
        "sha256": None,
        "clip": None,
    }
    return make_result(**(given | changes))


async def make_run(
    home: Path,
    suite: Suite,
    *,
    samples: int = 1,
    faults: tuple[str, ...] = (),
    max_usd: Decimal | None = None,
    on_result: Callable[[Slot, Result], None] = lambda slot, result: None,
    **settings: Any,
) -> Run:
    """One start of the run "run" of `suite` in the simulated world under `home`."""
    folder = Folder(home, "run")
    with folder.alone():
        info = begin(folder, suite, samples=samples, seed=None, simulated=True, day=DAY, now=NOW, command=["rushes"])
        folder.save(info)
        async with Rushes.open(home=home, simulate=True, faults=faults, **settings) as rushes:
            held = await survey(rushes, schedule(suite, samples=info.samples, seed=info.seed), "run")
            made = Run(rushes, held, folder, max_usd, on_result=on_result)
            await made.make()
            return made


def accepted(home: Path) -> int:
    """How many jobs the simulated vendors accepted, by their own books."""
    with closing(sqlite3.connect(home / "simulator" / DAY.isoformat() / "world.sqlite")) as world:
        return int(world.execute("SELECT count(*) FROM jobs").fetchone()[0])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"
