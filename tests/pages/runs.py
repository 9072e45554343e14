"""Runs made by hand: seeded, of any size, with what goes wrong in real ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.measured import Measured, Value
from rushes.benchmarks.metrics import METRICS
from rushes.benchmarks.result import Result
from rushes.benchmarks.settings import RunSettings
from rushes.benchmarks.suite import Cell, Count, Expect, Prompt, Suite
from rushes.benchmarks.table import Table, make_table

DAY = date(2026, 8, 1)
NOW = datetime(2026, 8, 1, 9, 30, tzinfo=UTC)
MODELS = ("sora-2", "sora-2-pro", "veo-3.1", "wan-2.5", "veo-3.1-fast", "veo-3.1-lite", "kling-2.6")
CELLS = ("short", "medium", "tall")
CATEGORIES = ("physics", "speech", "sound", "writing", "camera")


def make_suite(
    models: Sequence[str] = MODELS[:4],
    cells: Sequence[str] = CELLS[:2],
    prompts: int = 8,
    **changes: Any,
) -> Suite:
    """Prompts over CATEGORIES in turn; every third expects something of the picture, every fourth of the sound."""
    lengths = {
        cell: {model: (4.0 if cell != "medium" else 8.0) + ("wan" in model) for model in models} for cell in cells
    }
    given: dict[str, Any] = {
        "id": "house",
        "version": 3,
        "title": "Prompts of the house",
        "prompts": tuple(
            Prompt(
                id=f"p{number}",
                text=f"Prompt {number}: a ball rolls down a ramp, bounces off the floor twice, and comes to rest.",
                category=CATEGORIES[number % len(CATEGORIES)],
                asked_seconds=12 if number % 3 == 0 else None,
                expect=Expect(
                    cuts=Count(max=0) if number % 3 == 0 else None, onsets=Count(min=2) if number % 4 == 0 else None
                ),
            )
            for number in range(prompts)
        ),
        "models": {model: f"vendor/{model}" for model in models},
        "cells": {
            cell: Cell(seconds=lengths[cell], resolution="720p", aspect_ratio="16:9", audio=True) for cell in cells
        },
    }
    return Suite(**(given | changes))


def make_info(suite: Suite, **changes: Any) -> RunInfo:
    given: dict[str, Any] = {
        "name": "house-run",
        "suite": suite,
        "settings": RunSettings(),
        "simulated": True,
        "day": DAY,
        "started": NOW,
        "finished": NOW + timedelta(hours=2),
        "command": ("rushes", "bench", "run", "house", "--simulate"),
        "versions": {"rushes": "0.1.0", "python": "3.11.7"},
    }
    return RunInfo(**(given | changes))


def make_result(
    model: str = "sora-2",
    prompt: str = "p0",
    cell: str = "short",
    sample: int = 1,
    seconds: float = 60.0,
    **changes: Any,
) -> Result:
    """A clip of 4 s, there after `seconds`, at 40 cents."""
    label = f"{cell}/{prompt}/{model}/{sample}"
    given: dict[str, Any] = {
        "source": "fresh",
        "label": label,
        "cell": cell,
        "prompt": prompt,
        "category": "physics",
        "model": model,
        "endpoint": f"vendor/{model}",
        "sample": sample,
        "block": 0,
        "status": "delivered",
        "reason": None,
        "simulated": True,
        "at": NOW,
        "asked_seconds": None,
        "asked": {"prompt": "…", "seconds": 4.0, "resolution": "720p", "aspect_ratio": "16:9", "audio": True},
        "sent": {"mode": "text", "seconds": 4.0, "size": {"width": 1280, "height": 720}, "audio": True},
        "delivered": {
            "container": "mov",
            "bytes": 2_400_000,
            "seconds": 4.0,
            "width": 1280,
            "height": 720,
            "fps": 24.0,
            "video_codec": "h264",
            "audio_codec": "aac",
        },
        "changes": (),
        "notes": (),
        "timing": {
            "submit": 0.2,
            "queue": round(seconds * 0.2, 3),
            "render": round(seconds * 0.7, 3),
            "making": round(seconds * 0.9, 3),
            "download": round(seconds * 0.1 - 0.2, 3),
            "total": round(seconds, 3),
            "poll_gap": 4.0,
        },
        "resumed": False,
        "waited_seconds": None,
        "usd": Decimal("0.40"),
        "usd_how": "estimated",
        "rewritten_prompt": None,
        "job": f"job-{label}",
        "take": f"take-{label}",
        "sha256": sha256(label.encode()).hexdigest(),
        "clip": f"clips/{model}-{cell}-{prompt}-{sample}.mp4",
    }
    return Result(**(given | changes))


#: What a result without a file has none of.
NO_FILE: dict[str, Any] = {
    "status": "failed",
    "reason": "Internal error",
    "delivered": None,
    "timing": {},
    "waited_seconds": 30.0,
    "usd": Decimal(0),
    "usd_how": "not billed",
    "take": None,
    "sha256": None,
    "clip": None,
}


def imported(**changes: Any) -> Result:
    """A clip that somebody brought, with nothing known of its making."""
    nothing = {"source": "imported", "endpoint": None, "block": None, "timing": {}, "at": None, "simulated": False}
    return make_result(**(nothing | {"usd": None, "usd_how": "unknown", "job": None, "take": None} | changes))


def measure(result: Result, dice: Random | None = None, **values: Value) -> Measured:
    """The numbers of a sound clip, scattered a little."""
    dice = dice or Random(result.label)
    usual = {
        "seconds": 4.0, "fps": 24.0, "bitrate": 4800.0, "black": 0.0, "frozen": 0.0, "duplicates": 0.01, "cuts": 0.0,
        "motion": 40.0, "si": 60.0, "ti": 8.0, "blur": 4.0, "block": 1.1, "flicker": 0.3, "loudness": -23.0,
        "loudness_range": 4.0, "true_peak": -3.0, "silent": 0.05, "onsets": 2.0,
    }  # fmt: skip
    found = {name: Value.ok(round(number * dice.uniform(0.8, 1.2), 4)) for name, number in usual.items()}
    found["seconds"] = Value.ok(4.0)
    found["cuts"] = Value.ok(0)
    found["onsets"] = Value.ok(dice.choice([1, 2, 3]))
    found["sync"] = Value.missing("no two sudden sounds match")
    found["image_match"] = Value.missing("no image was given")
    assert result.sha256 is not None
    return Measured(
        label=result.label,
        sha256=result.sha256,
        impl={name: metric.version for name, metric in METRICS.items()},
        versions={"av": "18.1.0", "numpy": "2.4.6"},
        values=found | values,
    )


def make_run(
    suite: Suite | None = None,
    *,
    samples: int = 1,
    trouble: float = 0.1,
    seed: int = 0,
    measured: bool = True,
    **info: Any,
) -> Table:
    """A whole run: models of different speed and price, and `trouble` of all clips failed, given up or frozen."""
    dice = Random(seed)
    suite = suite or make_suite()
    results: list[Result] = []
    measures: dict[str, Measured] = {}
    block = 0
    for sample in range(1, samples + 1):
        for cell in suite.cells:
            for prompt in suite.prompts_of(cell):
                for place, model in enumerate(suite.endpoints):
                    long = suite.cells[cell].seconds[model]
                    seconds = (30 + 25 * place) * (long / 4) * dice.lognormvariate(0, 0.35)
                    result = make_result(
                        model,
                        prompt.id,
                        cell,
                        sample,
                        seconds,
                        category=prompt.category,
                        block=block,
                        at=NOW + timedelta(minutes=3 * block),
                        asked_seconds=prompt.asked_seconds,
                        usd=Decimal(str(round(0.1 * (place + 1) * long, 3))),
                        sent={"mode": "text", "seconds": long, "size": {"width": 1280, "height": 720}, "audio": True},
                    )
                    file = {**(result.delivered or {}), "seconds": long}
                    result = result.model_copy(update={"delivered": file})
                    luck = dice.random()
                    if luck < trouble / 3:
                        result = result.model_copy(update=NO_FILE)
                    elif luck < trouble / 2:
                        given_up = NO_FILE | {"status": "overdue", "reason": "nothing after 15 min"}
                        result = result.model_copy(update=given_up | {"waited_seconds": 900.0})
                    elif measured and luck < trouble:
                        measures[result.label] = measure(result, dice, frozen=Value.ok(0.61))
                    results.append(result)
                    if measured and result.sha256 and result.label not in measures:
                        measures[result.label] = measure(result, dice)
                block += 1
    return make_table(make_info(suite, **({"settings": RunSettings(samples=samples)} | info)), results, measures)


def write_clips(table: Table, folder: Path) -> None:
    """One small film under the names of all clips of `table`."""
    import av
    import numpy as np

    (folder / "clips").mkdir(parents=True, exist_ok=True)
    film = folder / "clips" / ".film.mp4"
    with av.open(str(film), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for number in range(12):
            picture = np.zeros((90, 160, 3), np.uint8)
            picture[:, number * 12 : number * 12 + 24] = (230, 159, 0)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    for clip in table.whole:
        if clip.result.clip is not None:
            path = folder / clip.result.clip
            path.unlink(missing_ok=True)
            path.hardlink_to(film)
