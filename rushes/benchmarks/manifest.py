"""The list of clips that are to be brought into a run: a CSV, JSON or YAML file beside them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from rushes.benchmarks.suite import Name, Part, Seconds
from rushes.errors import BadConfig, BadInput
from rushes.request import AspectRatio, Resolution
from rushes.yaml import Document, read_text, text_of

FORMS = (".csv", ".json", ".yaml", ".yml")
#: Looked for where no manifest is named.
USUAL = tuple(f"manifest{form}" for form in FORMS)

#: In JSON: an escape, or what YAML may take for something else.
_ODD = re.compile(r"\\.|[^\n\r -~]")


class Ordered(Part):
    """What was ordered, as far as it is known; the gate asks for nothing else."""

    seconds: Seconds | None = None
    "Length of the clip."
    resolution: Resolution | None = None
    aspect_ratio: AspectRatio | None = None
    size: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*x[1-9][0-9]*$")] | None = None
    "Width and height in pixels, such as 1280x720."
    audio: bool | None = None
    "true: with sound; false: silent."


class Entry(Part):
    """One clip."""

    file: str = Field(min_length=1)
    "The clip, relative to the folder."
    model: Name
    "Name in the tables."
    prompt: str = Field(min_length=1)
    "Its id in the suite, or its text."
    category: Name | None = None
    "What the prompt tests; the suite's unless given."
    cell: Name | None = None
    "The suite's cell that it belongs to; needed where there are several."
    sample: Annotated[int, Field(ge=1, le=100)] | None = None
    "1 for the first clip of a prompt, cell and model; counted unless given."
    endpoint: str | None = None
    "PROVIDER/MODEL that made it; only then its seconds and dollars are evidence about an endpoint."
    seconds: Annotated[float, Field(gt=0)] | None = None
    "How long it took, from the submit to the file."
    cost: Annotated[Decimal, Field(ge=0)] | None = None
    "US dollars."
    date: datetime | None = None
    "The day, or the moment, it was made."
    settings: Ordered = Ordered()
    "What was ordered; in a CSV file the columns settings.seconds, settings.resolution and so on."

    @model_validator(mode="before")
    @classmethod
    def _a_day_is_its_noon(cls, value: Any) -> Any:
        """A day alone is taken for its noon, and a moment without a zone for UTC."""
        if not isinstance(value, dict) or not isinstance(given := value.get("date"), str | date):
            return value
        try:
            moment = given if isinstance(given, date) else datetime.fromisoformat(given)
            alone = not isinstance(moment, datetime) or (isinstance(given, str) and len(given) <= 10)
        except ValueError:
            return value
        if alone:
            moment = datetime.combine(moment, time(12))
        assert isinstance(moment, datetime)
        return value | {"date": moment if moment.tzinfo else moment.replace(tzinfo=UTC)}


class Manifest(Part):
    clips: tuple[Entry, ...] = Field(min_length=1)
    "A CSV file holds the clips alone, one a line."


def find_manifest(folder: Path, given: Path | None) -> Path:
    """The manifest of a folder of clips. Raises BadInput where there is none."""
    if folder.is_file():
        raise BadInput(f"{folder}: is a file, not a folder", hint="Give the clips' folder, and --manifest FILE.")
    if not folder.is_dir():
        raise BadInput(f"{folder}: there is no such folder")
    if given is not None:
        return given
    found = next((folder / name for name in USUAL if (folder / name).is_file()), None)
    if found is None:
        raise BadInput(
            f"{folder}: there is no {' or '.join(USUAL)}",
            hint="Name the list of clips with --manifest FILE: one line a clip, with file, model and prompt.",
        )
    return found


def read_manifest(path: Path) -> tuple[Document, Sequence[Entry]]:
    """Its clips, and where each stands. Raises BadConfig with every complaint by file and line."""
    match path.suffix.lower():
        case ".csv":
            document = _csv(path)
        case ".json":
            document = _json(path)
        case ".yaml" | ".yml":
            document = read_text(path, text_of(path))
        case other:
            raise BadConfig(f"{path}: a manifest is a CSV, JSON or YAML file, not '{other or path.name}'")
    if isinstance(document.data, list):
        document = document.under("clips")
    return document, document.parse(Manifest).clips


def _csv(path: Path) -> Document:
    reader = csv.reader(StringIO(text_of(path), newline=""), skipinitialspace=True, strict=True)
    clips: list[dict[str, Any]] = []
    lines: dict[tuple[str | int, ...], int] = {(): 1}
    header: list[str] = []
    try:
        for row in reader:
            if not any(row):
                continue
            if not header:
                header = [name.strip() for name in row]
                if len(header) == 1 and (other := re.search(r"[;\t]", header[0])):
                    raise BadConfig(f"{path}:{reader.line_num}: write commas between the columns, not {other[0]!r}")
                if twice := [name for name in header if header.count(name) > 1]:
                    raise BadConfig(f"{path}:{reader.line_num}: the column '{twice[0]}' stands twice")
                continue
            if len(row) > len(header):
                raise BadConfig(f"{path}:{reader.line_num}: {len(row)} fields under {len(header)} headings")
            at = len(clips)
            lines[(at,)] = reader.line_num
            lines |= {(at, name): reader.line_num for name in header}
            clips.append(_nested(dict(zip(header, row, strict=False))))
    except csv.Error as error:
        raise BadConfig(f"{path}:{reader.line_num}: not valid CSV: {error}") from None
    return Document(path, clips, lines)


def _nested(row: dict[str, str]) -> dict[str, Any]:
    """A line of a CSV file: empty fields are left out, and settings.NAME go under settings."""
    found: dict[str, Any] = {}
    for name, text in row.items():
        if not text.strip():
            continue
        head, dot, tail = name.partition(".")
        if head == "settings" and dot:
            found.setdefault("settings", {})[tail] = text.strip()
        else:
            found[name] = text.strip()
    return found


def _json(path: Path) -> Document:
    text = text_of(path)
    try:
        data = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise BadConfig(f"{path}:{line}: not valid JSON: {getattr(error, 'msg', error)}") from None
    # What is left of JSON without its escapes, and with nothing but ASCII in its strings, is YAML; read as such, it
    # tells the lines.
    plain = _ODD.sub(lambda odd: f"%{odd[0].encode().hex()}", text.replace("\t", " "))
    return read_text(path, plain).instead(data)
