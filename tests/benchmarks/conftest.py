"""Small suites, runs of them in a simulated world, results made by hand, and one small real clip."""

from __future__ import annotations

import resource
import signal
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.app import Rushes
from rushes.benchmarks.folder import Folder, RunInfo
from rushes.benchmarks.measured import Measured, Value
from rushes.benchmarks.metrics import METRICS
from rushes.benchmarks.result import Result
from rushes.benchmarks.runner import Run, begin, survey
from rushes.benchmarks.schedule import Slot, schedule
from rushes.benchmarks.settings import RunSettings
from rushes.benchmarks.suite import Cell, Prompt, Suite
from tests.benchmarks.golden import golden

DAY = date(2026, 8, 1)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

BOTH = {"sora-2": "openai/sora-2", "wan-2.5": "dashscope-intl/wan-2.5"}
SORA = {"sora-2": "openai/sora-2"}
WAN = {"wan-2.5": "dashscope-intl/wan-2.5"}


def make_suite(
    *prompts: str, models: Mapping[str, str | None] | None = None, cells: dict[str, Cell] | None = None, **changes: Any
) -> Suite:
    """A suite of these prompts, p1 and on, on Sora 2 and Wan 2.5 unless other models are given."""
    given = BOTH if models is None else models
    lengths = {name: 5.0 if "wan" in (endpoint or "") else 4.0 for name, endpoint in given.items()}
    short = Cell(seconds=lengths, resolution="720p", aspect_ratio="16:9", audio=True)
    whole: dict[str, Any] = {
        "id": "small",
        "version": 1,
        "title": "A small suite",
        "prompts": tuple(
            Prompt(id=f"p{number}", text=text, asked_seconds=12 if number == 1 else None, category="any")
            for number, text in enumerate(prompts, start=1)
        ),
        "models": given,
        "cells": {"short": short} if cells is None else cells,
    }
    return Suite(**(whole | changes))


def make_info(suite: Suite, **changes: Any) -> RunInfo:
    given: dict[str, Any] = {
        "name": "run",
        "suite": suite,
        "settings": RunSettings(),
        "simulated": True,
        "day": DAY,
        "started": NOW,
        "command": ("rushes",),
        "versions": {},
    }
    return RunInfo(**(given | changes))


def make_result(
    model: str = "sora-2", prompt: str = "p1", cell: str = "short", sample: int = 1, **changes: Any
) -> Result:
    """A clip of 4 s as it was ordered, 60 s after it was asked for, at 40 cents."""
    timing = {"submit": 0.2, "queue": 5.0, "render": 50.0, "making": 55.0, "download": 0.5, "total": 60.0}
    given: dict[str, Any] = {
        "source": "fresh",
        "label": f"{cell}/{prompt}/{model}/{sample}",
        "cell": cell,
        "prompt": prompt,
        "category": "any",
        "model": model,
        "endpoint": BOTH.get(model, "openai/sora-2"),
        "sample": sample,
        "block": 0,
        "status": "delivered",
        "reason": None,
        "simulated": True,
        "at": NOW,
        "asked_seconds": 12.0,
        "asked": {"prompt": "a ball", "seconds": 4.0},
        "sent": {
            "mode": "text",
            "seconds": 4.0,
            "resolution": "720p",
            "size": {"width": 1280, "height": 720},
            "audio": True,
        },
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


def took(total: float, prompt: str = "p1", **changes: Any) -> Result:
    """The same, so many seconds after it was asked for."""
    given = {"submit": 0.2, "queue": 5.0, "render": total - 5.7, "download": 0.5, "total": total, "poll_gap": 4.0}
    return make_result(prompt=prompt, timing=given | changes.pop("timing", {}), **changes)


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


def measured(result: Result, *, impl: Mapping[str, int] | None = None, **values: float | Value | None) -> Measured:
    """What was measured of a clip: the values given, and nothing else that could be."""
    today = {name: metric.version for name, metric in METRICS.items()}
    found = {name: Value.missing("it was not looked for") for name in METRICS}
    for name, value in values.items():
        if value is not None:
            found[name] = value if isinstance(value, Value) else Value.ok(value)
    return Measured(
        label=result.label,
        sha256=result.sha256 or "00",
        impl=today | dict(impl or {}),
        versions={"av": "18.1.0"},
        values=found,
    )


async def make_run(
    home: Path,
    suite: Suite,
    *,
    settings: RunSettings | None = None,
    day: date = DAY,
    faults: tuple[str, ...] = (),
    max_usd: Decimal | None = None,
    on_result: Callable[[Slot, Result], None] = lambda slot, result: None,
    **opening: Any,
) -> Run:
    """One start of the run "run" of `suite` in the simulated world under `home`."""
    folder = Folder(home, "run")
    with folder.alone():
        info = begin(folder, suite, settings or RunSettings(), simulated=True, day=day, now=NOW, command=["rushes"])
        folder.save(info)
        wanted = info.settings
        slots = schedule(folder.with_images(info.suite), samples=wanted.samples, seed=wanted.seed)
        async with Rushes.open(home=home, simulate=True, as_of=day, faults=faults, **opening) as rushes:
            held = await survey(rushes, slots, "run", wanted)
            made = Run(rushes, held, wanted, folder, max_usd, on_result=on_result)
            await made.make()
            return made


def accepted(home: Path) -> int:
    """How many jobs the simulated vendors accepted, by their own books."""
    with closing(sqlite3.connect(home / "simulator" / DAY.isoformat() / "world.sqlite")) as world:
        return int(world.execute("SELECT count(*) FROM jobs").fetchone()[0])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of 1 s, 64x36, with sound, in which something moves."""
    return golden(seconds=1.0, width=64, height=36).write(tmp_path_factory.mktemp("tiny") / "tiny.mp4")


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another one."""
    return golden(seconds=1.0, width=64, height=36, seed=3).write(tmp_path_factory.mktemp("other") / "other.mp4")


@contextmanager
def no_room(size: int) -> Iterator[None]:
    """Files can only be written up to so many bytes, as on a full disk."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        signal.signal(signal.SIGXFSZ, before)
