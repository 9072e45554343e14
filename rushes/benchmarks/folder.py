"""A run's folder: `run.json`, `takes.jsonl`, `measures.jsonl`, the clips under readable names; tables beside them."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from rushes.benchmarks.appending import append, mend
from rushes.benchmarks.measured import Measured
from rushes.benchmarks.result import FORMAT, Result
from rushes.benchmarks.settings import RunSettings
from rushes.benchmarks.suite import Suite
from rushes.errors import BadInput, DiskFull, SetupError

RESULTS = "takes.jsonl"
MEASURES = "measures.jsonl"
INFO = "run.json"
CLIPS = "clips"
#: The pictures that clips start from.
IMAGES = "images"

Line = TypeVar("Line", Result, Measured)


class RunInfo(BaseModel):
    """`run.json`: everything that a table says about a run besides its results."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[2] = FORMAT
    name: str
    #: Its images are relative to the run's folder.
    suite: Suite
    settings: RunSettings
    simulated: bool
    #: The day by which prices and lifecycle were judged; of a simulated world, the day it began.
    day: date
    #: By this machine's clock, in UTC.
    started: datetime
    finished: datetime | None = None
    command: tuple[str, ...]
    versions: Mapping[str, str]
    #: Endpoint to the reasons why nothing was asked of it, as was agreed to.
    left_out: Mapping[str, tuple[str, ...]] = {}
    #: Endpoints that turned us away in the middle, with the reason.
    closed: Mapping[str, str] = {}
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
        """Held while the run is being made. Raises SetupError where another process makes it, and for an unfit home."""
        lock = FileLock(self.path.with_name(f".{self.name}.lock"))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout:
            raise SetupError(
                f"the run '{self.name}' is being made by another process", hint="Wait for it, or give another --name."
            ) from None
        except OSError as error:
            raise SetupError(
                f"{self.path.parent}: cannot be used: {error.strerror or error}",
                hint="Give another folder with --home.",
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
        content = path.read_bytes()
        try:
            return RunInfo.model_validate_json(content)
        except ValidationError as error:
            raise _foreign(path, content, RunInfo, error) from None

    def known(self) -> RunInfo:
        """The same, where the run has to be there. Raises SetupError with the names of those that are."""
        info = self.info()
        if info is None:
            there = names(self.path.parent)
            hint = f"There are: {', '.join(there)}." if there else "There is none yet: `rushes bench run` makes one."
            raise SetupError(f"there is no run '{self.name}' in {self.path.parent}", hint=hint)
        return info

    def save(self, info: RunInfo) -> None:
        self.path.mkdir(exist_ok=True)
        draft = self.path / f".{INFO}"
        draft.write_text(info.model_dump_json(indent=2) + "\n", encoding="utf-8")
        draft.replace(self.path / INFO)

    def holds(self, name: str) -> bool:
        """Whether a file is there, with something in it: those that are added to begin with their first line."""
        path = self.path / name
        return path.exists() and path.stat().st_size > 0

    def results(self) -> dict[str, Result]:
        """By label; of several lines for one label the last counts."""
        return {result.label: result for result in _read(self.path / RESULTS, Result)}

    def measures(self) -> dict[str, Measured]:
        """By label; of several lines for one label the last counts."""
        return {measured.label: measured for measured in _read(self.path / MEASURES, Measured)}

    def add(self, line: Result | Measured) -> None:
        """Writes it down, whole or not at all. Raises DiskFull where there is no room."""
        path = self.path / (RESULTS if isinstance(line, Result) else MEASURES)
        try:
            append(path, line.model_dump_json().encode(), durable=False)
        except OSError as error:
            raise DiskFull(
                f"{path}: cannot be written: {error.strerror or error}",
                hint="Make room, and start it again: what was made is there, and nothing is paid twice.",
            ) from None

    def _mend(self) -> None:
        """Drops the half of a line that a power cut left; what it said comes again, from the ledger or the clip."""
        for path in (self.path / RESULTS, self.path / MEASURES):
            mend(path)

    def with_images(self, suite: Suite) -> Suite:
        """The suite with paths to its images that can be opened; those of a suite just loaded stay."""
        return _imaged(suite, lambda image, _: self.path / image)

    def keep_images(self, suite: Suite) -> Suite:
        """Puts the suite's images into the folder, so that it holds all that its clips were made from."""

        def kept(image: Path, id: str) -> Path:
            name = Path(IMAGES) / f"{id}{image.suffix}"
            link_or_copy(image, self.path / name, link=False)
            return name

        return _imaged(suite, kept)

    def identity(self, suite: Suite) -> dict[str, Any]:
        """What two suites must have in common to be one: everything but imported models and where images lie.

        Raises SetupError where an image is gone.
        """
        hashed = _imaged(self.with_images(suite), lambda image, _: Path(_hash(image)))
        return hashed.model_dump(mode="json") | {"models": suite.endpoints}

    def keep(self, file: Path, stem: str, *, link: bool = True) -> str:
        """Puts a clip under its readable name; returns where, relative to the folder.

        `link` False: as a copy of its own, of a file that is not ours.
        """
        name = f"{CLIPS}/{stem}{file.suffix}"
        link_or_copy(file, self.path / name, link=link)
        return name

    def copy_to(self, out: Path, extras: Sequence[str]) -> None:
        """The folder's content once more in `out`, with the files named in `extras`."""
        clips = [result.clip for result in self.results().values() if result.clip is not None]
        for stale in _clips_of_a_copy(out) - {*clips}:
            (out / stale).unlink(missing_ok=True)
        images = [str(prompt.image) for prompt in self.known().suite.prompts if prompt.image is not None]
        for name in (INFO, RESULTS, MEASURES, *extras, *images, *clips):
            if (self.path / name).exists():
                link_or_copy(self.path / name, out / name, link=name in clips)


def names(runs: Path) -> list[str]:
    """The runs in the folder `runs`."""
    return sorted(path.parent.name for path in runs.glob(f"*/{INFO}"))


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


def _hash(image: Path) -> str:
    try:
        return sha256(image.read_bytes()).hexdigest()
    except OSError as error:
        raise SetupError(
            f"{image}: cannot be read: {error.strerror or error}", hint="Put the picture back, or start a new run."
        ) from None


def _clips_of_a_copy(out: Path) -> set[str]:
    """What an earlier copy put there; of a copy of another form, nothing that is known."""
    try:
        return {result.clip for result in _read(out / RESULTS, Result) if result.clip}
    except BadInput:
        return set()


def _imaged(suite: Suite, place: Callable[[Path, str], Path]) -> Suite:
    prompts = [
        prompt if prompt.image is None else prompt.model_copy(update={"image": place(prompt.image, prompt.id)})
        for prompt in suite.prompts
    ]
    return suite.model_copy(update={"prompts": tuple(prompts)})


def _read(path: Path, form: type[Line]) -> list[Line]:
    """Raises BadInput, by line, for what is not of this form."""
    if not path.exists():
        return []
    lines: list[Line] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            lines.append(form.model_validate_json(line))
        except ValidationError as error:
            raise _foreign(f"{path}:{number}", line, form, error) from None
    return lines


def _foreign(where: object, content: bytes, form: type[BaseModel], error: ValidationError) -> BadInput:
    """Says whether another version of rushes wrote it, or nobody can have meant it."""
    ours = form.model_fields["format"].default
    try:
        theirs = json.loads(content).get("format", ours)
    except (ValueError, AttributeError):
        theirs = ours
    if theirs != ours:
        return BadInput(
            f"{where}: written by another version of rushes (form {theirs}; this one reads form {ours})",
            hint="Look at it with that version, start a new run under another --name, or bring its clips over with "
            "`rushes bench import`.",
        )
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return BadInput(f"{where}: cannot be read: {f'{place}: ' if place else ''}{first['msg']}")
