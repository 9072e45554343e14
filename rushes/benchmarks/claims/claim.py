"""One claim of the brief, what it is taken to mean, and what became of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from rushes.amounts import UNKNOWN
from rushes.benchmarks.standings import By
from rushes.benchmarks.votes import SHOWN
from rushes.card import Card

Subject = Literal["speed", "quality", "texture", "stability", "physics", "audio", "duration", "resolution"]
Verdict = Literal["holds", "contradicted", "not separable", "not testable here"]


@dataclass(frozen=True)
class Said:
    """What the brief says of a model, word for word; None where it says nothing."""

    model: str
    key: str
    words: str | None

    @classmethod
    def of(cls, card: Card, key: str) -> Said:
        return cls(card.id, key, card.brief.get(key))

    def __str__(self) -> str:
        return f"{self.model}: nothing" if self.words is None else f"{self.model} “{self.words}”"


@dataclass(frozen=True)
class Claim:
    """One claim of the brief and what became of it."""

    subject: Subject
    #: As the run calls it; the card's id where the run has none.
    model: str
    #: The model it is set against; None where it stands alone.
    other: str | None
    #: None where it is over all cells.
    cell: str | None
    brief: tuple[Said, ...]
    #: What that is taken to mean, as in `meaning`.
    means: str
    verdict: Verdict = "not testable here"
    #: What the run measured, in words.
    found: str = UNKNOWN
    #: Why it cannot be tested, or what else decides.
    why: str | None = None
    #: ratio: how many times as long the other takes. Elo: this model's less the other's. share: 0 to 1. s: the longest.
    unit: Literal["ratio", "Elo", "share", "s"] | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    #: How many of `of` the value rests on.
    n: int | None = None
    of: Literal["prompts", "clips"] | None = None
    #: Whose votes, and whether on the files as delivered (True) or on rating copies.
    by: By | None = None
    raw: bool | None = None
    #: run: what was made decides. card: the vendor's own limits do.
    basis: Literal["run", "card"] = "run"
    #: Where the card has a limit from: the card and the key of the source, and the source.
    source: str | None = None
    where: str | None = None
    #: Models that it takes and the run lacks.
    missing: tuple[str, ...] = ()
    simulated: bool = False

    @property
    def meaning(self) -> str:
        """What the words are taken to mean, such as `sora-2 sooner than sora-2-pro`."""
        return f"{self.model} {self.means}" + (f" {self.other}" if self.other else "")

    @property
    def caveat(self) -> str | None:
        """What stands beside every line of a simulated run."""
        if not self.simulated:
            return None
        if self.basis == "card":
            return "SIMULATED: the run proves nothing about the model; the vendor's own limits decide this"
        return "SIMULATED: proves nothing about the model"

    def json(self) -> dict[str, Any]:
        return asdict(self) | {"meaning": self.meaning, "caveat": self.caveat}


def voters(by: By, raw: bool) -> str:
    """Whose votes, and on what where it is not rating copies."""
    return ("a judge, not by people" if by == "judge" else by) + f", {SHOWN[True]}" * raw
