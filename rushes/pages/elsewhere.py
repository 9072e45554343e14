"""What boards elsewhere say of a run's models: dated, greyed, and never mixed with what the run found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rushes.amounts import UNKNOWN
from rushes.benchmarks.table import Table
from rushes.card import Card
from rushes.published import Published, PublishedBoard

TASKS = {"text": "from text", "image": "from an image"}
SOUND = {True: "with sound", False: "silent", None: "with and without sound"}


@dataclass(frozen=True)
class ElsewhereLine:
    model: str
    listed: str
    score: str
    votes: str


@dataclass(frozen=True)
class ElsewhereBoard:
    title: str
    lines: Sequence[ElsewhereLine]
    #: What its scale means, and how far it may be from one's own prompts.
    words: str


def elsewhere(table: Table, published: Published, cards: Mapping[str, Card]) -> list[ElsewhereBoard]:
    """The boards that list a model of the run, each by itself; models by their cards, whatever the run calls them."""
    called = {endpoint.id: card.id for card in cards.values() for endpoint in card.endpoints}
    models = {called.get(endpoint or "", name) for name, endpoint in table.info.suite.models.items()}
    found = [(board, [*_lines(board, models)]) for board in published.boards]
    return [_board(board, lines) for board, lines in found if lines]


def _board(board: PublishedBoard, lines: Sequence[ElsewhereLine]) -> ElsewhereBoard:
    copied = ", as copied by others" if board.copied else ""
    title = f"{board.board}, {TASKS[board.task]}, {SOUND[board.sound]}, {board.as_of}{copied}"
    return ElsewhereBoard(title, lines, f"{board.scale} {board.transfer}")


def _lines(board: PublishedBoard, models: set[str]) -> Iterator[ElsewhereLine]:
    for line in board.models:
        if line.model in models:
            votes = UNKNOWN if line.votes is None else f"{line.votes:,}"
            yield ElsewhereLine(line.model, line.listed, f"{line.score:g} ± {line.plus_minus:g}", votes)
