"""What a run has to test claims with: its clips by card, its pairs, and its votes by what they name."""

from __future__ import annotations

from collections.abc import Mapping

from rushes.benchmarks.clips import Clip
from rushes.benchmarks.table import Table, records
from rushes.benchmarks.votes import Reason, Vote
from rushes.card import Card


class Run:
    """A run's clips by card."""

    def __init__(self, table: Table, cards: Mapping[str, Card]) -> None:
        self.table = table
        self.cards = cards
        self._names: dict[str, list[str]] = {}
        for name, endpoint in table.info.suite.models.items():
            card = name if endpoint is None else endpoint.partition("/")[2]
            self._names.setdefault(card, []).append(name)
        self.pairs = records(table.pairs)
        self.named = _named_votes(table)

    def names(self, card: str) -> list[str]:
        """What the run calls the models of a card; it may have them from several endpoints."""
        return self._names.get(card, [])

    def made(self, card: Card) -> list[Clip]:
        """Every clip that was asked for, failures too."""
        names = self.names(card.id)
        return [clip for clip in self.table.whole if clip.result.model in names]

    def clips(self, card: Card) -> list[Clip]:
        """Those with a file that opens."""
        return [clip for clip in self.made(card) if clip.result.delivered is not None]


def _named_votes(table: Table) -> dict[Reason, list[tuple[Vote, str, str]]]:
    """The decided votes that name each reason, with the model that won and the other; repeats measure the rater."""
    found: dict[Reason, list[tuple[Vote, str, str]]] = {}
    clips = {clip.result.label: clip.result for clip in table.whole}
    for vote in table.standings.votes:
        if vote.repeats is not None or vote.choice not in ("left", "right") or not vote.reasons:
            continue
        left, right = clips.get(vote.left), clips.get(vote.right)
        if left is None or right is None:
            continue
        if {(each.cell, each.prompt) for each in (left, right)} != {(vote.cell, vote.prompt)}:
            continue
        winner, loser = (left, right) if vote.choice == "left" else (right, left)
        for reason in vote.reasons:
            found.setdefault(reason, []).append((vote, winner.model, loser.model))
    return found
