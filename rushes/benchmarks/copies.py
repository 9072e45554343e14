"""Rating copies: a run's usable clips made over alike, under random names, in its folder `copies`.

`copies/index.json` says which is which. It is written before the first copy is made, and a copy has its name only when
it is whole: so what is there is kept, whatever ended an earlier start.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from secrets import token_hex
from threading import Event
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from rushes.amounts import counted
from rushes.benchmarks.clips import Clip
from rushes.benchmarks.copying import RECIPE, Level, copy
from rushes.benchmarks.folder import CLIPS, Folder
from rushes.errors import BadFile, BadInput, SetupError

COPIES = "copies"
INDEX = "index.json"


@dataclass(frozen=True)
class Source:
    """A clip to be copied."""

    label: str
    sha256: str
    path: Path


class Copy(BaseModel):
    """A line of the index: whose copy the file is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    #: Of the clip that it is made from.
    sha256: str
    #: In the folder `copies`.
    file: str


class Index(BaseModel):
    """`copies/index.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    #: `rushes.benchmarks.copying.RECIPE`
    recipe: int
    copies: tuple[Copy, ...]


@dataclass(frozen=True)
class Made:
    """A copy just made."""

    label: str
    path: Path
    #: Of the clip's sound; None where it has none.
    level: Level | None


def sources(folder: Folder, clips: Iterable[Clip]) -> list[Source]:
    """The usable ones of a run's clips."""
    return [
        Source(clip.result.label, clip.result.sha256, folder.path / clip.result.clip)
        for clip in clips
        if clip.usable and clip.result.clip is not None and clip.result.sha256 is not None
    ]


def missing(folder: Folder, wanted: Sequence[Source]) -> list[Source]:
    """Those that have no copy yet. Raises BadInput for an index of another form."""
    there = paths(folder)
    return [source for source in wanted if (source.label, source.sha256) not in there]


def paths(folder: Folder) -> dict[tuple[str, str], Path]:
    """Where the copies are that are there, by the label and the hash of their clips."""
    index = _read(folder.path / COPIES)
    places = {} if index is None else {(each.label, each.sha256): each.file for each in index.copies}
    return {key: path for key, file in places.items() if (path := folder.path / COPIES / file).is_file()}


def check_files(folder: Folder, wanted: Iterable[Source]) -> None:
    """Raises SetupError with the names of clips whose files are gone."""
    if gone := [source.path.name for source in wanted if not source.path.is_file()]:
        raise SetupError(
            f"{counted(len(gone), 'clip')} of the run '{folder.name}' cannot be shown, as the files are gone: "
            f"{', '.join(gone)}",
            hint=f"Put them back into {folder.path / CLIPS}.",
        )


def make(
    folder: Folder,
    wanted: Sequence[Source],
    *,
    workers: int | None = None,
    on_done: Callable[[Made], None] = lambda made: None,
) -> dict[str, Path]:
    """The copies of `wanted` by label; makes those that are not there, over all cores unless `workers` says how many.

    Raises SetupError, before anything is made, with the names of clips whose files are gone, and where another process
    makes copies of the same run; BadFile with the names of those that cannot be copied, once all others are. Ctrl-C
    leaves what is done.
    """
    if missing(folder, wanted):
        try:
            (folder.path / COPIES).mkdir(exist_ok=True)
            with FileLock(folder.path / COPIES / ".lock", timeout=0):
                _make(folder, wanted, workers, on_done)
        except Timeout:
            raise SetupError(
                f"the rating copies of the run '{folder.name}' are being made by another process",
                hint="Wait for it, and start this again.",
            ) from None
        except OSError as error:
            raise SetupError(
                f"{error.filename or folder.path / COPIES}: cannot be used: {error.strerror or error}"
            ) from None
    there = paths(folder)
    return {source.label: there[source.label, source.sha256] for source in wanted}


def _make(folder: Folder, wanted: Sequence[Source], workers: int | None, on_done: Callable[[Made], None]) -> None:
    lacking = missing(folder, wanted)
    check_files(folder, lacking)
    names = _name(folder.path / COPIES, wanted)
    stop = Event()

    def one(source: Source) -> Made:
        if (found := _hash(source.path)) != source.sha256:
            raise BadFile(f"{source.path}: is not the file that was made and measured (sha256 {found[:12]}…)")
        path = names[source.label]
        return Made(source.label, path, copy(source.path, path, stopped=stop.is_set))

    bad: list[str] = []
    # Threads: FFmpeg works outside of Python's lock.
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        try:
            for done in as_completed([pool.submit(one, source) for source in lacking]):
                try:
                    on_done(done.result())
                except BadFile as error:
                    bad.append(error.message)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    if bad:
        raise BadFile("\n".join([f"{counted(len(bad), 'clip')} cannot be copied:", *sorted(bad)]))


def _name(copies: Path, wanted: Sequence[Source]) -> Mapping[str, Path]:
    """Gives every clip the random name of its copy, and clears away what no clip claims any more."""
    index = _read(copies)
    kept = {} if index is None else {(each.label, each.sha256): each for each in index.copies}
    for source in wanted:
        kept.setdefault(
            (source.label, source.sha256),
            Copy(label=source.label, sha256=source.sha256, file=f"{token_hex(16)}.mp4"),
        )
    current = {source.label: source.sha256 for source in wanted}
    # A label whose clip is another by now: nobody should see the old one.
    entries = [each for each in kept.values() if current.get(each.label, each.sha256) == each.sha256]
    # In the order of their names, so that the index does not hint at who is who beyond what it says.
    entries.sort(key=lambda each: each.file)
    draft = copies / f".{INDEX}"
    draft.write_text(Index(recipe=RECIPE, copies=tuple(entries)).model_dump_json(indent=1) + "\n", encoding="utf-8")
    draft.replace(copies / INDEX)
    claimed = {each.file for each in entries}
    for path in copies.iterdir():
        if path.suffix in (".mp4", ".part") and path.name not in claimed:
            path.unlink()
    return {each.label: copies / each.file for each in entries}


def _read(copies: Path) -> Index | None:
    """None where there is none, and where its copies are of an earlier recipe."""
    path = copies / INDEX
    if not path.exists():
        return None
    try:
        index = Index.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(
            f"{path}: cannot be read: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}",
            hint=f"Remove the folder {copies}: the copies are made again.",
        ) from None
    return index if index.recipe == RECIPE else None


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
