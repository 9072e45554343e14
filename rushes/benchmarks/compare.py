"""Two runs of one suite, prompt by prompt: what is different in the second, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, isinf, log
from statistics import fmean
from typing import Literal

from rushes.benchmarks.clips import Clip
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.metrics import METRICS
from rushes.benchmarks.statistics.paired import Paired, Word, decide, paired
from rushes.benchmarks.suite import Cell
from rushes.errors import BadInput


@dataclass(frozen=True)
class Quantity:
    """Something that two runs are compared by."""

    name: str
    title: str
    unit: str
    better: Literal["higher", "lower"] | None
    #: Of a clip; None where it is not known.
    read: Callable[[Clip], float | None]
    #: The smallest difference that matters: in `unit`, or as a factor where it is compared as one. Our judgement.
    floor: float
    #: True where it is compared as a ratio and not as a difference.
    ratio: bool = False


def _measure(name: str, floor: float) -> Quantity:
    metric = METRICS[name]

    def read(clip: Clip) -> float | None:
        value = None if clip.measured is None else clip.measured.values.get(name)
        return value.value if value is not None and value.status == "ok" else None

    return Quantity(name, metric.title, metric.unit, metric.better, read, floor)


def _dollars(clip: Clip) -> float | None:
    return float(clip.result.usd) if clip.usable and clip.result.usd else None


QUANTITIES = (
    Quantity("seconds", "Seconds to file", "s", "lower", lambda clip: clip.seconds_to_file or None, 1.1, ratio=True),
    Quantity("dollars", "Dollars a clip", "$", "lower", _dollars, 1.1, ratio=True),
    Quantity("usable", "Usable", "share", "higher", lambda clip: float(clip.usable), 0.05),
    _measure("frozen", 0.05),
    _measure("duplicates", 0.05),
    _measure("blur", 0.5),
    _measure("block", 0.05),
    _measure("flicker", 0.5),
    _measure("loudness", 1.0),
    _measure("image_match", 0.05),
)


@dataclass(frozen=True)
class Difference:
    """One quantity of one model and cell, in both runs. A ratio where the quantity is compared as one."""

    cell: str
    model: str
    quantity: Quantity
    prompts: int
    #: Prompts for which one of the runs has no number.
    left_out: int
    #: Means over the prompts that both have.
    before: float | None
    after: float | None
    #: Median over prompts of the second run's against the first's: a difference, or a factor. A limit is None where
    #: there are too few prompts for one.
    change: float | None
    low: float | None
    high: float | None
    p: float | None
    #: About the second run; "higher" and "lower" where neither is better.
    verdict: Word | Literal["higher", "lower"]


def check_comparable(first: RunInfo, before: Sequence[Clip], second: RunInfo, after: Sequence[Clip]) -> None:
    """Raises BadInput, by name, for runs of two suites, versions, worlds or settings, and where they share nothing."""
    for what, a, b in (
        ("suite", f"{first.suite.id} {first.suite.version}", f"{second.suite.id} {second.suite.version}"),
        ("world", _world(first, before), _world(second, after)),
    ):
        if a != b:
            raise BadInput(
                f"{first.name} and {second.name} are of another {what}: {a} and {b}",
                hint="Only runs of one suite, version and kind of world are compared.",
            )
    texts = [{prompt.id: prompt.text for prompt in info.suite.prompts} for info in (first, second)]
    other = [id for id in texts[0].keys() & texts[1].keys() if texts[0][id] != texts[1][id]]
    if other:
        raise BadInput(
            f"{first.name} and {second.name} have other words under the same id: {', '.join(sorted(other))}",
            hint="A changed word is a new version of the suite.",
        )
    for name in first.suite.cells.keys() & second.suite.cells.keys():
        if other := _unlike(first.suite.cells[name], second.suite.cells[name]):
            raise BadInput(
                f"{first.name} and {second.name} have a cell '{name}' each, with another {' and '.join(other)}",
                hint="Clips of other settings are not compared; give such a cell a name of its own.",
            )
    if not (set(first.suite.models) & set(second.suite.models) and set(first.suite.cells) & set(second.suite.cells)):
        raise BadInput(
            f"{first.name} and {second.name} share no model and cell: {', '.join(first.suite.models)} in "
            f"{', '.join(first.suite.cells)}; {', '.join(second.suite.models)} in {', '.join(second.suite.cells)}"
        )


def compare(
    first: RunInfo, before: Sequence[Clip], second: RunInfo, after: Sequence[Clip], *, seed: int = 0
) -> list[Difference]:
    """Every quantity of every model and cell that both runs have; all of them are one family of tests (Holm).

    Of each prompt, the mean over its samples is compared. Raises BadInput for runs that do not compare.
    """
    check_comparable(first, before, second, after)
    found = [*_pairs(first, before, second, after, seed)]
    words = decide([result for _, _, _, result, _, _ in found])
    return [
        _difference(cell, model, quantity, result, word, a, b)
        for (cell, model, quantity, result, a, b), word in zip(found, words, strict=True)
    ]


Values = Mapping[str, float]
Found = tuple[str, str, Quantity, Paired, Values, Values]


def _pairs(
    first: RunInfo, before: Sequence[Clip], second: RunInfo, after: Sequence[Clip], seed: int
) -> Iterator[Found]:
    groups = [_grouped(before), _grouped(after)]
    for cell in first.suite.cells:
        for model in first.suite.models:
            ours, theirs = (group.get((cell, model), ()) for group in groups)
            if not (ours and theirs):
                continue
            for quantity in QUANTITIES:
                a, b = _by_prompt(ours, quantity), _by_prompt(theirs, quantity)
                prompts = [prompt.id for prompt in first.suite.prompts if prompt.id in a or prompt.id in b]
                if not (a and b):
                    continue
                scale: Callable[[float], float] = log if quantity.ratio else float
                result = paired(
                    [scale(b[prompt]) if prompt in b else None for prompt in prompts],
                    [scale(a[prompt]) if prompt in a else None for prompt in prompts],
                    floor=scale(quantity.floor),
                    seed=seed,
                    lower_is_better=quantity.better == "lower",
                )
                yield cell, model, quantity, result, a, b


def _grouped(clips: Sequence[Clip]) -> dict[tuple[str, str], list[Clip]]:
    groups: dict[tuple[str, str], list[Clip]] = {}
    for clip in clips:
        if clip.outcome != "cancelled":
            groups.setdefault((clip.result.cell, clip.result.model), []).append(clip)
    return groups


def _by_prompt(clips: Sequence[Clip], quantity: Quantity) -> dict[str, float]:
    values: dict[str, list[float]] = {}
    for clip in clips:
        if (value := quantity.read(clip)) is not None:
            values.setdefault(clip.result.prompt, []).append(value)
    return {prompt: fmean(each) for prompt, each in values.items()}


def _difference(
    cell: str, model: str, quantity: Quantity, result: Paired, word: Word, a: Values, b: Values
) -> Difference:
    scale: Callable[[float], float] = exp if quantity.ratio else float
    both = a.keys() & b.keys()
    verdict: Word | Literal["higher", "lower"] = word
    if quantity.better is None and word in ("better", "worse"):
        # Without a direction, `decide` takes higher for better.
        verdict = "higher" if word == "better" else "lower"
    return Difference(
        cell=cell,
        model=model,
        quantity=quantity,
        prompts=result.n,
        left_out=result.left_out,
        before=fmean(a[prompt] for prompt in both) if both else None,
        after=fmean(b[prompt] for prompt in both) if both else None,
        change=None if result.median is None else scale(result.median),
        low=None if result.interval is None or isinf(result.interval.low) else scale(result.interval.low),
        high=None if result.interval is None or isinf(result.interval.high) else scale(result.interval.high),
        p=result.p,
        verdict=verdict,
    )


def _unlike(one: Cell, other: Cell) -> list[str]:
    """The settings in which two cells differ; a length only where both send one to a model of the same name."""
    found = [name for name in ("resolution", "aspect_ratio", "audio") if getattr(one, name) != getattr(other, name)]
    both = one.seconds.keys() & other.seconds.keys()
    return found + ["length"] * any(one.seconds[model] != other.seconds[model] for model in both)


def _world(info: RunInfo, clips: Sequence[Clip]) -> str:
    """Imported clips may be a simulator's, by their own tags."""
    return "simulated" if info.simulated or any(clip.result.simulated for clip in clips) else "real"
