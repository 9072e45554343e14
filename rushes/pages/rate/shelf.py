"""The clips that are shown, each under a random name, and the pictures that they start from."""

from __future__ import annotations

import mimetypes
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from secrets import token_hex

from rushes.benchmarks.clips import Clip
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.ratings.choose import Candidate
from rushes.benchmarks.votes import Pool
from rushes.errors import BadInput
from rushes.nearest import unknown


@dataclass(frozen=True)
class Shown:
    """A clip as it is shown: under `token`, from the file at `path`; its length in seconds, None where nobody knows."""

    candidate: Candidate
    token: str
    path: Path
    seconds: float | None

    @property
    def media(self) -> str:
        return mimetypes.guess_type(self.path.name)[0] or "video/mp4"


@dataclass(frozen=True)
class Text:
    """What a prompt says, and the picture that its clips start from."""

    words: str
    token: str
    image: Path | None


@dataclass(frozen=True)
class Shelf:
    """What there is to show, by label; and the prompts, by id."""

    shown: Mapping[str, Shown]
    prompts: Mapping[str, Text]

    @cached_property
    def clips(self) -> Mapping[str, Shown]:
        """By token."""
        return {each.token: each for each in self.shown.values()}

    @cached_property
    def images(self) -> Mapping[str, Path]:
        """By token."""
        return {text.token: text.image for text in self.prompts.values() if text.image is not None}

    @property
    def candidates(self) -> list[Candidate]:
        return [each.candidate for each in self.shown.values()]


def worth_showing(
    info: RunInfo, clips: Iterable[Clip], *, cells: Collection[str] = (), pool: Pool | None = None
) -> list[Clip]:
    """The usable clips of these cells and this pool, all unless given, that there is another model's to compare with.

    Raises BadInput for a cell that the run lacks, and where nothing is left; it says what there is.
    """
    if strange := [cell for cell in cells if cell not in info.suite.cells]:
        raise BadInput(unknown("cell", strange[0], info.suite.cells))
    usable = [clip for clip in clips if clip.usable and clip.result.clip is not None]
    met: dict[tuple[str, Pool, str], list[Clip]] = defaultdict(list)
    models: dict[tuple[str, Pool], set[str]] = defaultdict(set)
    for clip in usable:
        cell, its_pool = clip.result.cell, clip.pool
        models[cell, its_pool].add(clip.result.model)
        if (not cells or cell in cells) and pool in (None, its_pool):
            met[cell, its_pool, clip.result.prompt].append(clip)
    kept = [clip for some in met.values() if len({clip.result.model for clip in some}) > 1 for clip in some]
    if kept:
        return kept
    there = [f"{cell}, {its_pool}: {', '.join(sorted(names))}" for (cell, its_pool), names in sorted(models.items())]
    raise BadInput(
        f"the run '{info.name}' has no two models with usable clips of one prompt, cell and pool"
        + (" among those asked for" if cells or pool else ""),
        hint=f"Usable clips: {'; '.join(there)}." if there else "It has no usable clip.",
    )


def shelf(info: RunInfo, folder: Path, clips: Iterable[Clip], copies: Mapping[str, Path] | None) -> Shelf:
    """What is shown of `clips`: their copies, by label, or without any the files themselves under other names."""
    shown = {}
    for clip in clips:
        result = clip.result
        assert result.clip is not None
        path = folder / result.clip if copies is None else copies[result.label]
        shown[result.label] = Shown(
            Candidate(result.label, result.cell, result.prompt, clip.pool, result.model),
            token_hex(16) if copies is None else path.stem,
            path,
            (result.delivered or {}).get("seconds"),
        )
    prompts = {
        prompt.id: Text(prompt.text, token_hex(16), None if prompt.image is None else folder / prompt.image)
        for prompt in info.suite.prompts
    }
    return Shelf(shown, prompts)
