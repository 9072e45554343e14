"""What it costs to draw the table and the report of ten thousand takes."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from bench_measure import Measure, at_most

PROMPTS, SAMPLES = 250, 8
MODELS = {
    "sora-2": "openai/sora-2",
    "sora-2-pro": "openai/sora-2-pro",
    "veo-3.1": "vertex/veo-3.1",
    "veo-3.1-fast": "vertex/veo-3.1-fast",
    "wan-2.5": "dashscope-intl/wan-2.5",
}
TAKES = PROMPTS * SAMPLES * len(MODELS)
START = datetime(2026, 8, 1, tzinfo=UTC)


def measures() -> Iterator[Measure]:
    from rushes.benchmarks.table import table_of
    from rushes.pages import report

    with TemporaryDirectory() as home:
        folder = _run(Path(home))
        drawn, seconds = _timed(lambda: table_of(folder))
        yield at_most(f"table of {TAKES:,} takes, from its files", seconds, "s", 5)
        path, seconds = _timed(lambda: report.write(drawn, folder.path))
        yield at_most(f"report of {TAKES:,} takes", seconds, "s", 30)
        yield Measure("the report's size", path.stat().st_size / 1e6, "MB")


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    made = work()
    return made, time.perf_counter() - began


def _run(home: Path) -> Any:
    """A run as it stands on disk, with times, failures and measures drawn from a seed; its clips are not there."""
    from rushes.benchmarks.folder import Folder, RunInfo
    from rushes.benchmarks.settings import RunSettings
    from rushes.benchmarks.suite import Cell, Prompt, Suite

    suite = Suite(
        id="many",
        version=1,
        title="Many prompts",
        prompts=tuple(
            Prompt(id=f"p{number}", text=f"scene {number}", category=f"kind-{number % 9}") for number in range(PROMPTS)
        ),
        models=MODELS,
        cells={"medium": Cell(seconds=dict.fromkeys(MODELS, 8), resolution="720p", aspect_ratio="16:9", audio=True)},
    )
    folder = Folder(home, "many")
    folder.path.mkdir(parents=True)
    folder.save(
        RunInfo(
            name="many",
            suite=suite,
            settings=RunSettings(samples=SAMPLES),
            simulated=True,
            day=date(2026, 8, 1),
            started=START,
            command=("rushes",),
            versions={},
        )
    )
    dice = np.random.default_rng(0)
    for number in range(PROMPTS * SAMPLES):
        for model, endpoint in MODELS.items():
            _add(folder, dice, number, model, endpoint)
    return folder


def _add(folder: Any, dice: np.random.Generator, number: int, model: str, endpoint: str) -> None:
    from rushes.benchmarks.measured import Measured, Value
    from rushes.benchmarks.metrics import METRICS
    from rushes.benchmarks.result import Result
    from rushes.benchmarks.schedule import label_of, stem_of

    prompt, sample = f"p{number % PROMPTS}", number // PROMPTS + 1
    label = label_of("medium", prompt, model, sample)
    whole = dice.random() > 0.05
    total = round(float(np.exp(dice.normal(4.8, 0.45))), 2)
    size = {"width": 1280, "height": 720}
    file = {"seconds": 8.0, "fps": 24.0, "video_codec": "h264", "audio_codec": "aac", "bytes": 4_000_000} | size
    timing = {"submit": 0.3, "queue": 4.0, "render": total - 6, "making": total - 2, "download": 1.0}
    folder.add(
        Result(
            source="fresh",
            label=label,
            cell="medium",
            prompt=prompt,
            category=f"kind-{number % PROMPTS % 9}",
            model=model,
            endpoint=endpoint,
            sample=sample,
            block=number,
            status="delivered" if whole else "failed",
            reason=None if whole else "Internal error",
            simulated=True,
            at=START + timedelta(minutes=number),
            asked_seconds=None,
            asked={"prompt": f"scene {number}", "seconds": 8.0},
            sent={"mode": "text", "seconds": 8.0, "resolution": "720p", "size": size, "audio": True},
            delivered=file | {"container": "mov,mp4,m4a,3gp,3g2,mj2", "simulated": True} if whole else None,
            changes=(),
            notes=(),
            timing=timing | {"total": total, "poll_gap": 3.0} if whole else {},
            resumed=False,
            waited_seconds=None if whole else 40.0,
            usd=Decimal("0.80") if whole else Decimal(0),
            usd_how="estimated" if whole else "not billed",
            rewritten_prompt=None,
            job=f"job-{label}",
            take=f"take-{label}" if whole else None,
            sha256="0" * 64 if whole else None,
            clip=f"clips/{stem_of('medium', prompt, model, sample)}.mp4" if whole else None,
        )
    )
    if whole:
        usual = {"seconds": 8.0, "fps": 24.0, "black": 0.0, "frozen": 0.0, "duplicates": 0.0, "cuts": 0.0}
        usual |= {"true_peak": -3.0, "silent": 0.02}
        folder.add(
            Measured(
                label=label,
                sha256="0" * 64,
                impl={name: metric.version for name, metric in METRICS.items()},
                versions={"av": "18.1.0"},
                values={name: Value.ok(usual.get(name, float(dice.random()))) for name in METRICS},
            )
        )


if __name__ == "__main__":
    for each in measures():
        print(each)
