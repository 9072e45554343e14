"""A run's `judge.jsonl`: every question that went out and what became of it; only ever added to.

A question is on disk before it is sent, so that a process that is killed leaves what it may have paid for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from shutil import rmtree
from typing import Annotated, Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rushes.benchmarks.appending import append, mend
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.judging.answers import SPOKEN, Answer, Outcome
from rushes.errors import BadInput, DiskFull, SetupError

FILE = "judge.jsonl"
#: What is made to be shown lies here while it is looked at, in the run's folder.
WORK = ".judging"
#: reported: by the tokens that the server counted. assumed: in full, as nobody told. unknown: without a price.
How = Literal["reported", "assumed", "not billed", "unknown"]


class Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal[1] = 1
    #: Of the question; the line that says what became of it has the same.
    id: str
    at: datetime


class Asking(Line):
    """A question on its way."""

    type: Literal["asking"] = "asking"
    judge: str
    #: Hash of all that shapes an answer besides the films: model, frames, temperature and the like, rubric, prompt.
    setup: str
    rubric: int
    #: SHA-256 of the clips, as they are shown.
    left: str
    right: str
    #: The recipe of the rating copies that are shown of them; None: they are shown themselves.
    copies: int | None = None
    #: US dollars set aside; None without a price.
    usd: Decimal | None


class Heard(Line):
    """What became of it."""

    type: Literal["heard"] = "heard"
    outcome: Outcome
    answer: Answer | None = None
    #: The judge's words, or the server's, at most so many that a person reads them.
    words: str = ""
    status: int | None = None
    #: As the server counted them.
    input_tokens: int | None = None
    output_tokens: int | None = None
    usd: Decimal | None
    usd_how: How
    #: From the question to the answer.
    seconds: float | None = None
    #: The model that answered, by the server's own word.
    model: str | None = None
    simulated: bool = False


LINES: TypeAdapter[Asking | Heard] = TypeAdapter(Annotated[Asking | Heard, Field(discriminator="type")])
#: Where it is looked up: setup, left, right.
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Asked:
    """One question and what became of it; None while nobody knows."""

    asking: Asking
    heard: Heard | None

    @property
    def key(self) -> Key:
        return self.asking.setup, self.asking.left, self.asking.right


class Records:
    """The file of one run, held by one process while it judges."""

    def __init__(self, path: Path, asked: dict[str, Asked]) -> None:
        self.path = path
        self.asked = asked
        self._spoken = {each.key: each for each in asked.values() if _has_spoken(each)}

    def spoken(self, key: Key) -> Asked | None:
        """The answer that was given to this question, or the refusal or nonsense in its place; the newest counts."""
        return self._spoken.get(key)

    def orphans(self) -> list[Asked]:
        """Questions of processes that ended without saying what became of them."""
        return [each for each in self.asked.values() if each.heard is None]

    def add(self, line: Asking | Heard) -> None:
        """Writes a line down, durably, whole or not at all. Raises DiskFull where there is no room."""
        try:
            append(self.path, line.model_dump_json().encode())
        except OSError as error:
            raise DiskFull(f"{self.path}: cannot be written: {error.strerror or error}", hint="Make room.") from None
        if isinstance(line, Asking):
            self.asked[line.id] = Asked(line, None)
        else:
            asked = self.asked[line.id] = Asked(self.asked[line.id].asking, line)
            if _has_spoken(asked):
                self._spoken[asked.key] = asked


@contextmanager
def records(folder: Folder) -> Iterator[Records]:
    """The run's records. Raises SetupError while another process judges it, BadInput for lines of another form."""
    lock = FileLock(folder.path.with_name(f".{folder.name}.judge.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise SetupError(
            f"the run '{folder.name}' is being judged by another process", hint="Wait for it; nothing was sent."
        ) from None
    except OSError as error:
        raise SetupError(f"{folder.path.parent}: cannot be used: {error.strerror or error}") from None
    try:
        # What a judge that was killed left.
        rmtree(folder.path / WORK, ignore_errors=True)
        path = folder.path / FILE
        mend(path)
        yield Records(path, _asked(path))
    finally:
        rmtree(folder.path / WORK, ignore_errors=True)
        lock.release()


def _has_spoken(asked: Asked) -> bool:
    return asked.heard is not None and asked.heard.outcome in SPOKEN


def _asked(path: Path) -> dict[str, Asked]:
    found: dict[str, Asked] = {}
    if not path.exists():
        return found
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not (whole := _whole(line)):
            continue
        try:
            read = LINES.validate_json(whole)
        except ValidationError as error:
            raise BadInput(
                f"{path}:{number}: cannot be read: {error.errors()[0]['msg']}",
                hint="It may be of another version of rushes. Judge the run with that, or put the file aside: what is "
                "answered there is then asked, and paid, again.",
            ) from None
        if isinstance(read, Asking):
            found[read.id] = Asked(read, None)
        elif read.id in found:
            found[read.id] = Asked(found[read.id].asking, read)
        else:
            raise BadInput(f"{path}:{number}: answers a question that is not there", hint="Put the file aside.")
    return found


def _whole(line: bytes) -> bytes:
    """A line without the part of another that a full disk left before it; nothing where there is only such a part.

    Of a question whose end was cut off nobody knows what became of it, and it counts as that.
    """
    start = b'{"format":'
    if not line.startswith(start) or _is_json(line):
        return line
    # Words that a judge says hold no such mark: in JSON their quotes have a backslash.
    tail = line[line.rfind(start) :]
    return tail if _is_json(tail) else b""


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def money(asked: Mapping[str, Asked]) -> tuple[Decimal, int]:
    """US dollars that all questions cost, assumed ones too, and how many of them have no price."""
    known = [each.heard.usd for each in asked.values() if each.heard is not None and each.heard.usd is not None]
    unknown = sum(1 for each in asked.values() if each.heard is not None and each.heard.usd is None)
    return sum(known, Decimal(0)), unknown
