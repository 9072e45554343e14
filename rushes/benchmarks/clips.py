"""The clips of a run with what was measured of them, and whether each is what was ordered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.gate import Check, gate, reasons, usable
from rushes.benchmarks.measured import Measured
from rushes.benchmarks.metrics import METRICS
from rushes.benchmarks.result import Result
from rushes.benchmarks.votes import Pool
from rushes.errors import SetupError


@dataclass(frozen=True)
class Clip:
    """One clip asked for, there or not."""

    result: Result
    #: None where there is no file, and where nothing measures it.
    measured: Measured | None
    #: None where there is no file.
    checks: tuple[Check, ...] | None

    @cached_property
    def usable(self) -> bool:
        """True for a file that passes every check of the gate."""
        return self.checks is not None and usable(self.checks)

    @property
    def outcome(self) -> str:
        """usable, unusable, or how it ended without a file."""
        if self.result.status != "delivered":
            return self.result.status
        return "usable" if self.usable else "unusable"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is of no use; empty where it is."""
        if self.checks is None:
            return (self.result.reason or "no reason given",)
        return reasons(self.checks)

    @property
    def expected(self) -> tuple[Check, ...]:
        """What the prompt describes and can be looked for."""
        return tuple(each for each in self.checks or () if each.part == "expect")

    @property
    def pool(self) -> Pool:
        """Whether its file has a sound track; clips with and without are never compared by eye."""
        return "silent" if (self.result.delivered or {}).get("audio_codec") is None else "sound"

    @property
    def seconds_to_file(self) -> float | None:
        """From the submit to a usable file; None where there is none, or nobody could tell."""
        return self.result.seconds_to_file if self.usable else None


def clips_of(info: RunInfo, results: Sequence[Result], measures: Mapping[str, Measured]) -> list[Clip]:
    """Every result with its measures, through the gate. Raises SetupError where ways of measuring would be mixed."""
    clips = [*_clips(info, results, measures)]
    check_one_way([clip.measured for clip in clips if clip.measured is not None], info.name)
    return clips


def _clips(info: RunInfo, results: Sequence[Result], measures: Mapping[str, Measured]) -> Iterator[Clip]:
    prompts = {prompt.id: prompt for prompt in info.suite.prompts}
    for result in results:
        measured = measures.get(result.label)
        if measured is not None and measured.sha256 != result.sha256:
            measured = None
        checks = None
        if result.status == "delivered":
            checks = gate(result.sent, result.delivered, measured, prompts[result.prompt].expect)
        yield Clip(result, measured, checks)


def check_one_way(measures: Sequence[Measured], run: str) -> None:
    """Raises SetupError, by name, for metrics that were measured in several ways, or not in today's."""
    today = {name: metric.version for name, metric in METRICS.items()}
    found: dict[str, set[int]] = {}
    for impl in {frozenset(each.impl.items()) for each in measures}:
        for name, version in impl:
            found.setdefault(name, set()).add(version)
    mixed = [
        f"{name} {' and '.join(str(each) for each in sorted(versions))}"
        for name, versions in sorted(found.items())
        if versions != {today.get(name)}
    ]
    if mixed:
        raise SetupError(
            f"the run '{run}' holds clips that were measured in another way: {', '.join(mixed)} "
            f"(this rushes: {', '.join(f'{name} {version}' for name, version in sorted(today.items()))})",
            hint=f"Numbers of two ways are never put together. `rushes bench table {run}` measures the clips again, "
            "if their files are there.",
        )
