"""A run's `votes.jsonl`, to which several processes may add at once: what is saved is on disk, or is told not to be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from rushes.benchmarks.appending import append
from rushes.benchmarks.votes import Record, Score, Undo, Vote
from rushes.errors import BadInput, DiskFull, SetupError

VOTES = "votes.jsonl"
#: For how long another process may hold the file, in seconds; it takes a few thousandths.
PATIENCE = 10.0

_RECORD: TypeAdapter[Vote | Undo | Score] = TypeAdapter(Record)


class Book:
    """The votes, undos and scores of a run, in the order in which they were saved, whoever saved them.

    What it says of trouble names no folder: a rater sees it, and a run's name may tell what its models are.
    """

    def __init__(self, folder: Path) -> None:
        """Raises BadInput, by line, for what is of another form."""
        self.path = folder / VOTES
        self._lock = folder / f".{VOTES}.lock"
        self._lines: list[Vote | Undo | Score] = []
        self._read = 0
        self._number = 0
        #: Numbers of the lines of which there is only a part: a process was cut off in the middle, and nobody was told
        #: that they were saved.
        self.broken: list[int] = []
        self.lines()

    def lines(self) -> Sequence[Vote | Undo | Score]:
        """All of them, those of other processes too. Raises BadInput, by line, for what is of another form."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._read)
                content = file.read()
        except FileNotFoundError:
            return self._lines
        except OSError as error:
            raise SetupError(f"{VOTES} cannot be read: {error.strerror or error}") from None
        whole = content.rfind(b"\n") + 1
        for line in content[:whole].splitlines():
            self._number += 1
            self._take(line)
        self._read += whole
        return self._lines

    def add(self, line: Vote | Undo | Score) -> None:
        """Saves it, whole or not at all. Raises DiskFull, and SetupError where another process does not let go."""
        try:
            with FileLock(self._lock, timeout=PATIENCE):
                append(self.path, line.model_dump_json().encode())
        except Timeout:
            raise SetupError(f"another process has held {VOTES} for {PATIENCE:g} s") from None
        except OSError as error:
            raise DiskFull(f"{VOTES} cannot be written: {error.strerror or error}") from None

    def _take(self, line: bytes) -> None:
        try:
            self._lines.append(_RECORD.validate_json(line))
        except ValidationError as error:
            try:
                json.loads(line)
            except ValueError:
                self.broken.append(self._number)
                return
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise BadInput(
                f"{VOTES}:{self._number} cannot be read: {place}: {first['msg']}",
                hint="Another version of rushes may have written it: use that, or take the line out.",
            ) from None
