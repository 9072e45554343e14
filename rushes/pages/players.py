"""Every prompt with the clips of all models side by side: the film, what it took, and what was found in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from rushes.amounts import UNKNOWN
from rushes.benchmarks.clips import Clip
from rushes.benchmarks.gate import Check
from rushes.benchmarks.metrics import METRICS
from rushes.benchmarks.result import Result
from rushes.benchmarks.suite import Prompt
from rushes.benchmarks.table import Table
from rushes.pages.words import file_size, length, minute, money, of_clip, seconds, size

#: Beyond so many clips each shows only KEY_METRICS, and of its checks those that did not pass.
MANY_CLIPS = 400
KEY_METRICS = ("black", "frozen", "duplicates", "cuts", "motion", "loudness")
STRETCHES = ("submit", "queue", "render", "making", "download", "poll_gap")


@dataclass(frozen=True)
class Card:
    """One clip, there or not."""

    clip: Clip
    id: str
    model: str
    sample: str
    outcome: str
    reasons: Sequence[str]
    badge: str
    #: Relative to the page; None where there is no file.
    url: str | None
    #: Why there is no player.
    absent: str
    shape: str
    took: str
    paid: str
    #: What: asked, sent, delivered.
    terms: Sequence[tuple[str, str, str, str]]
    checks: Sequence[Check]
    #: How many more passed.
    passed: int
    #: Title, number, and a remark.
    numbers: Sequence[tuple[str, str, str]]
    stretches: Sequence[tuple[str, str]]
    changes: Sequence[str]
    when: str

    @property
    def name(self) -> str:
        """What a player is called for those who do not see it."""
        result = self.clip.result
        return f"{result.model}, {result.cell}, prompt {result.prompt}{self.sample}"


@dataclass(frozen=True)
class Round:
    """The clips of one prompt in one cell: what is to be seen side by side."""

    cell: str
    cards: Sequence[Card]


@dataclass(frozen=True)
class PromptView:
    prompt: Prompt
    #: Relative to the page; None where there is no picture.
    image: str | None
    usable: int
    tried: int
    rounds: Sequence[Round]


def prompts(table: Table, folder: Path) -> list[PromptView]:
    """Every prompt of the suite, in its order, also where it has no clip yet; files are looked for in `folder`."""
    groups: dict[tuple[str, str], list[Clip]] = {}
    for clip in table.whole:
        groups.setdefault((clip.result.prompt, clip.result.cell), []).append(clip)
    many = len(table.whole) > MANY_CLIPS
    order = {model: place for place, model in enumerate(table.info.suite.models)}
    return [_prompt(table, prompt, groups, order, folder, many) for prompt in table.info.suite.prompts]


def _prompt(
    table: Table,
    prompt: Prompt,
    groups: Mapping[tuple[str, str], Sequence[Clip]],
    order: Mapping[str, int],
    folder: Path,
    many: bool,
) -> PromptView:
    rounds: list[Round] = []
    for cell in table.info.suite.cells:
        mine = sorted(
            groups.get((prompt.id, cell), ()), key=lambda clip: (order[clip.result.model], clip.result.sample)
        )
        if mine:
            rounds.append(Round(cell, [_card(clip, folder, many) for clip in mine]))
    clips = [card.clip for each in rounds for card in each.cards]
    return PromptView(
        prompt=prompt,
        image=None if prompt.image is None else url(str(prompt.image), folder),
        usable=sum(clip.usable for clip in clips),
        tried=len(clips),
        rounds=rounds,
    )


def url(path: str, folder: Path) -> str | None:
    """Where the page finds a file of the run; None where it is not inside the folder."""
    place = PurePosixPath(path)
    if place.is_absolute() or ".." in place.parts or not (folder / path).is_file():
        return None
    return quote(path)


def _card(clip: Clip, folder: Path, many: bool) -> Card:
    result = clip.result
    found = None if result.clip is None else url(result.clip, folder)
    checks = [check for check in clip.checks or () if not (many and check.outcome == "pass")]
    file = result.delivered or {}
    return Card(
        clip=clip,
        id=f"clip/{result.label}",
        model=result.model,
        sample=f", sample {result.sample}" if result.sample > 1 else "",
        outcome=clip.outcome,
        reasons=clip.reasons,
        badge="simulated" if result.simulated else "imported" if result.source == "imported" else "",
        url=found,
        absent="no file" if result.clip is None else "its file is not in this folder",
        shape=f"{file['width']} / {file['height']}" if file.get("width") and file.get("height") else "16 / 9",
        took=_took(clip),
        paid=money(result.usd, result.usd_how),
        terms=[*_terms(result)],
        checks=checks,
        passed=len(clip.checks or ()) - len(checks),
        numbers=[*_numbers(clip, many)],
        stretches=[(name.replace("_", " "), seconds(result.timing.get(name))) for name in STRETCHES],
        changes=[*_changes(result)],
        when=UNKNOWN if result.at is None else f"{minute(result.at)} UTC",
    )


def _took(clip: Clip) -> str:
    """What it took, or how long until it ended without a file."""
    result = clip.result
    if result.status == "delivered":
        more = result.seconds_to_file is None and result.waited_seconds is not None
        return f"{'more than ' * more}{seconds(result.waited_seconds if more else result.seconds_to_file)} to file"
    ended = "given up after" if result.status == "overdue" else "ended after"
    return UNKNOWN if result.waited_seconds is None else f"{ended} {seconds(result.waited_seconds)}"


def _terms(result: Result) -> Iterator[tuple[str, str, str, str]]:
    """Rows of what was asked, what was sent and what came; `any` is what was left to the model."""
    asked, sent, file = result.asked, result.sent, result.delivered
    named = "" if result.asked_seconds is None else f" (its words: {length(result.asked_seconds)})"
    came = file or {}
    yield "length", length(asked.get("seconds")) + named, length(sent.get("seconds")), length(came.get("seconds"))
    wanted = " ".join(str(each) for each in (asked.get("resolution"), asked.get("aspect_ratio")) if each) or UNKNOWN
    yield "size", wanted, size(sent.get("size")), size(file)
    heard = UNKNOWN if file is None else came.get("audio_codec") or "silent"
    yield "sound", _sound(asked), _sound(sent), heard
    rate = came.get("fps")
    parts = [came.get("video_codec"), None if rate is None else f"{rate:g} frames/s", file_size(came.get("bytes"))]
    yield "file", "any", "any", UNKNOWN if file is None else ", ".join(part for part in parts if part)


def _sound(settings: Mapping[str, Any]) -> str:
    """What is said of sound; n/a where nothing is known of the order."""
    return {True: "sound", False: "silent", None: "any"}[settings.get("audio")] if settings else UNKNOWN


def _numbers(clip: Clip, many: bool) -> Iterator[tuple[str, str, str]]:
    if clip.measured is None:
        return
    for name, metric in METRICS.items():
        if not many or name in KEY_METRICS:
            text, remark = of_clip(metric, clip.measured)
            yield metric.title, text, remark


def _changes(result: Result) -> Iterator[str]:
    """What was not sent as it was asked, and what the adapter had to say."""
    for change in result.changes:
        why = f": {change['why']}" if change.get("why") else ""
        yield f"{change['field']}: asked {change['asked']}, sent {change['sent']}{why}"
    yield from result.notes
