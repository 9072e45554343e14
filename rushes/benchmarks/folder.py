"""A run's folder: `run.json`, `takes.jsonl`, and the clips under readable names; tables and pictures beside them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from rushes.benchmarks.result import Result
from rushes.benchmarks.suite import Suite
from rushes.errors import BadInput, SetupError

RESULTS = "takes.jsonl"
INFO = "run.json"
CLIPS = "clips"


class RunInfo(BaseModel):
    """`run.json`: everything that a table says about a run besides its results."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    name: str
    suite: Suite
    seed: int
    #: Clips of each prompt, cell and model.
    samples: int
    simulated: bool
    #: The day by which prices and lifecycle were judged; of a simulated world, the day it began.
    day: date
    #: By this machine's clock, in UTC.
    started: datetime
    finished: datetime | None = None
    command: tuple[str, ...]
    versions: Mapping[str, str]
    #: Endpoint to the reasons why nothing was asked of it.
    left_out: Mapping[str, tuple[str, ...]] = {}
    #: Why the run stopped before its end.
    stopped: str | None = None


class Folder:
    """The folder of the run `name` under `home`; made when first written to."""

    def __init__(self, home: Path, name: str) -> None:
        """Raises BadInput for a name that is none for a folder."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
            raise BadInput(
                f"'{name}' cannot be the name of a run", hint="Use letters, digits, dots, dashes and underscores."
            )
        self.name = name
        self.path = home / "runs" / name

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Held while the run is being made. Raises SetupError where another process makes it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path.with_name(f".{self.name}.lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise SetupError(
                f"the run '{self.name}' is being made by another process", hint="Wait for it, or give another --name."
            ) from None
        try:
            self._mend()
            yield
        finally:
            lock.release()

    def info(self) -> RunInfo | None:
        """None where there is no such run yet. Raises BadInput for a file of another form."""
        path = self.path / INFO
        if not path.exists():
            return None
        try:
            return RunInfo.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise BadInput(f"{path}: not a run of this version of rushes: {error.errors()[0]['msg']}") from None

    def save(self, info: RunInfo) -> None:
        self.path.mkdir(exist_ok=True)
        draft = self.path / f".{INFO}"
        draft.write_text(info.model_dump_json(indent=2) + "\n", encoding="utf-8")
        draft.replace(self.path / INFO)

    def results(self) -> dict[str, Result]:
        """By label; of several lines for one label the last counts."""
        return {result.label: result for result in _read(self.path / RESULTS)}

    def add(self, result: Result) -> None:
        with (self.path / RESULTS).open("a", encoding="utf-8") as file:
            file.write(result.model_dump_json() + "\n")

    def _mend(self) -> None:
        """Drops the half of a line that a power cut left; its result comes again from the ledger."""
        path = self.path / RESULTS
        if path.exists():
            content = path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                os.truncate(path, whole)

    def keep(self, file: Path, stem: str) -> str:
        """Puts a clip under its readable name; returns where, relative to the folder."""
        name = f"{CLIPS}/{stem}{file.suffix}"
        link_or_copy(file, self.path / name)
        return name

    def copy_to(self, out: Path, extras: Sequence[str]) -> None:
        """The folder's content once more in `out`, with the files named in `extras`."""
        clips = [result.clip for result in self.results().values() if result.clip is not None]
        for stale in _clips_of_a_copy(out) - {*clips}:
            (out / stale).unlink(missing_ok=True)
        for name in (INFO, RESULTS, *extras, *clips):
            link_or_copy(self.path / name, out / name, link=name in clips)


def check_out(out: Path) -> None:
    """Raises BadInput where copying a run to `out` would overwrite what is not a copy of a run."""
    if out.exists() and not out.is_dir():
        raise BadInput(f"{out}: is no folder", hint="Give another --out.")
    if not (out / INFO).exists() and any((out / name).exists() for name in (RESULTS, CLIPS)):
        raise BadInput(f"{out}: holds clips that are no copy of a run", hint="Give another --out, or an empty folder.")


def link_or_copy(file: Path, to: Path, *, link: bool = True) -> None:
    """One file under a second name: a hard link where the disk allows it, else a copy; complete or not at all."""
    to.parent.mkdir(parents=True, exist_ok=True)
    if to.exists() and to.samefile(file):
        return
    draft = to.with_name(f".{to.name}.part")
    draft.unlink(missing_ok=True)
    try:
        if link:
            os.link(file, draft)
        else:
            shutil.copy2(file, draft)
    except OSError:
        if not link:
            raise
        shutil.copy2(file, draft)
    draft.replace(to)


def _clips_of_a_copy(out: Path) -> set[str]:
    return {result.clip for result in _read(out / RESULTS) if result.clip}


def _read(path: Path) -> list[Result]:
    if not path.exists():
        return []
    return [Result.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()]
