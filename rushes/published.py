"""What others published about our models: arena ratings and seconds, dated and sourced; priors, never measured here.

One YAML file a board and day under `configs/measured/`, and one for seconds. No two boards share a scale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from rushes.card import Fact, Source, shipped_configs
from rushes.errors import BadConfig
from rushes.nearest import instead
from rushes.request import AspectRatio, Resolution
from rushes.yaml import read

#: What clips start from, as boards divide them; values of `rushes.request.Mode`.
Task = Literal["text", "image"]
#: A day, a month, or from one to the other: as exactly as somebody said.
When = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}(-\d{2})?( to \d{4}-\d{2}(-\d{2})?)?$")]
Positive = Annotated[float, Field(gt=0)]

SHIPPED = shipped_configs() / "measured"
#: The file of seconds; every other one is a board.
SECONDS = "seconds"


class Listed(Fact):
    """One line of a board about one of our models; a model may have several variants."""

    #: The card's id.
    model: str
    #: The board's own name for it.
    listed: str
    score: float
    #: Half of the board's 95 % interval, in its points.
    plus_minus: Positive
    #: None where it is not known.
    votes: Annotated[int, Field(gt=0)] | None = None
    #: Of the variant; None where the board does not say.
    sound: bool | None = None
    resolution: Resolution | None = None
    source: str


class PublishedBoard(Fact):
    """One board on one day, as far as it concerns our models."""

    id: str
    #: Who runs it.
    board: str
    page: str
    task: Task
    #: True: clips with sound only; False: silent ones only; None: both meet.
    sound: bool | None
    #: The day that the board, or else the copy, states.
    as_of: date
    #: True where the numbers come from a third party's copy of the board.
    copied: bool
    #: What the score is, and against what it must not be held.
    scale: str
    #: Elo by which a score is to be doubted for one's own prompts (standard deviation), with the reason.
    transfer_sd: Positive
    transfer: str
    models: tuple[Listed, ...] = Field(min_length=1)
    #: What met on the board, by its names, best first, as far as known: a score is relative to these.
    field: tuple[str, ...] = Field(min_length=2)
    sources: dict[str, Source]

    @model_validator(mode="after")
    def _every_line_is_in_the_field_and_sourced(self) -> Self:
        for at, line in enumerate(self.models):
            _known("listed", line.listed, self.field, ("models", at, "listed"))
            _known("source", line.source, self.sources, ("models", at, "source"))
        if len(set(self.field)) < len(self.field):
            twice = next(name for name in self.field if self.field.count(name) > 1)
            raise _wrong(f"'{twice}' stands in the field twice", ("field",))
        return self


class PublishedSeconds(Fact):
    """How long clips took somebody: single values, or bounds."""

    #: The card's id.
    model: str
    #: None where nobody said.
    task: Task | None = None
    #: Length of the clips; from the first to the last where there are two.
    clip_seconds: Annotated[tuple[Positive, ...], Field(min_length=1, max_length=2)] | None = None
    resolution: Resolution | None = None
    aspect_ratio: AspectRatio | None = None
    #: From the submit to the finished clip.
    seconds: Annotated[tuple[Positive, ...], Field(min_length=1)] | None = None
    at_least: Positive | None = None
    at_most: Positive | None = None
    #: How many clips; None where it is not known.
    n: Annotated[int, Field(gt=0)] | None = None
    #: None where it is not known.
    measured: When | None = None
    source: str

    @model_validator(mode="after")
    def _values_or_bounds(self) -> Self:
        if (self.seconds is None) == (self.at_least is None and self.at_most is None):
            raise ValueError("give either seconds, or at_least and at_most or one of them")
        return self


class SecondsFile(Fact):
    id: Literal["seconds"]
    clips: tuple[PublishedSeconds, ...] = Field(min_length=1)
    sources: dict[str, Source]

    @model_validator(mode="after")
    def _every_row_is_sourced(self) -> Self:
        for at, row in enumerate(self.clips):
            _known("source", row.source, self.sources, ("clips", at, "source"))
        return self


@dataclass(frozen=True)
class Published:
    """Everything that is published about our models, as far as we have read it."""

    #: The newest first.
    boards: tuple[PublishedBoard, ...]
    seconds: tuple[PublishedSeconds, ...]
    #: Of `seconds`.
    sources: dict[str, Source]

    def rows(self, models: Collection[str]) -> Iterator[dict[str, Any]]:
        """One flat row for each number about these models; `source` is "prior" in all of them."""
        for board in self.boards:
            for line in board.models:
                if line.model in models:
                    yield _board_row(board, line)
        for clip in self.seconds:
            if clip.model in models:
                yield _seconds_row(clip, self.sources[clip.source])


def load_published(folder: Path = SHIPPED) -> Published:
    """Every file of `folder`. Raises BadConfig with every complaint by file and line."""
    boards: list[PublishedBoard] = []
    seconds: tuple[PublishedSeconds, ...] = ()
    sources: dict[str, Source] = {}
    for path in sorted(folder.glob("*.yaml")):
        document = read(path)
        if path.stem == SECONDS:
            found = document.parse(SecondsFile)
            seconds, sources = found.clips, found.sources
            continue
        board = document.parse(PublishedBoard)
        if board.id != path.stem:
            raise document.error(("id",), f"id: '{board.id}' is not the file's name, '{path.stem}'")
        boards.append(board)
    if not boards and not seconds:
        raise BadConfig(f"{folder}: holds no published numbers", hint="There should be *.yaml, a file a board.")
    boards.sort(key=lambda board: (-board.as_of.toordinal(), board.id))
    return Published(tuple(boards), seconds, sources)


def _board_row(board: PublishedBoard, line: Listed) -> dict[str, Any]:
    return {
        "source": "prior",
        "kind": "rating",
        **line.model_dump(exclude={"source"}),
        "board": board.board,
        "board_id": board.id,
        "task": board.task,
        "board_sound": board.sound,
        "as_of": board.as_of,
        "copied": board.copied,
        "rank": board.field.index(line.listed) + 1,
        "field": list(board.field),
        "scale": board.scale,
        "transfer_sd": board.transfer_sd,
        "transfer": board.transfer,
        "page": board.page,
        **_cited(board.sources[line.source]),
    }


def _seconds_row(clip: PublishedSeconds, source: Source) -> dict[str, Any]:
    return {"source": "prior", "kind": "seconds", **clip.model_dump(exclude={"source"}), **_cited(source)}


def _cited(source: Source) -> dict[str, Any]:
    return {"where": source.where, "read": source.read, "trust": source.confidence}


def _known(what: str, name: str, there: Collection[str], at: tuple[Any, ...]) -> None:
    if name not in there:
        places = {"listed": "in the field", "source": "under sources"}
        raise _wrong(f"'{name}' is not {places[what]}; {instead(name, there)}", at)


def _wrong(message: str, at: tuple[Any, ...]) -> PydanticCustomError:
    return PydanticCustomError("published", "{message}", {"message": message, "at": at})
