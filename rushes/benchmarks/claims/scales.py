"""Words of the brief that order models: who should come out ahead of whom, and what tests it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations, product
from typing import Literal

from rushes.benchmarks.claims.claim import Claim, Said, Subject
from rushes.benchmarks.claims.looks import by_votes
from rushes.benchmarks.claims.reasons import by_reason
from rushes.benchmarks.claims.run import Run
from rushes.benchmarks.claims.speed import by_seconds
from rushes.benchmarks.votes import Reason


@dataclass(frozen=True)
class Scale:
    """Words of the brief that order models: of two, the one with the higher word is claimed to come out ahead."""

    #: Of the card's `brief:`.
    key: str
    #: The lowest first; None where it counts as lowest that the brief says nothing.
    words: tuple[str | None, ...]
    #: What the higher word is taken to mean.
    means: str
    #: What decides: seconds prompt by prompt, votes, or the votes that name this reason.
    by: Literal["seconds", "votes"] | Reason


#: The brief's words that compare models, and what tests them.
SCALES: Mapping[Subject, Scale] = {
    "speed": Scale("speed", ("Slower", "Standard", "Faster"), "sooner than", "seconds"),
    "quality": Scale("quality", ("Good", "High", "Premium", "Maximum"), "better than", "votes"),
    "texture": Scale("texture", ("Good", "Better"), "better in texture than", "texture"),
    "stability": Scale("complex_scene_stability", ("Moderate", "High"), "stabler than", "stability"),
    # Of models that the brief does not call so, none should be ahead of one that it does.
    "physics": Scale("physics_aware", (None, "yes"), "better in physics than", "physics"),
}


def compared(run: Run, subject: Subject, scale: Scale) -> Iterator[Claim]:
    """Every two models that the brief ranks, the one of the higher word against the other."""
    ranks: dict[str, int] = {}
    for card in run.cards.values():
        rank = _rank(scale, card.brief.get(scale.key))
        if rank is not None:
            ranks[card.id] = rank
        elif scale.key in card.brief:
            words = ", ".join(word for word in scale.words if word)
            claim = Claim(subject, card.id, None, None, (Said.of(card, scale.key),), "on the scale")
            yield replace(claim, why=f"its word is on no scale that we know ({words})")
    for ahead, behind in permutations(ranks, 2):
        if ranks[ahead] <= ranks[behind]:
            continue
        one, other = run.cards[ahead], run.cards[behind]
        claim = Claim(subject, ahead, behind, None, (Said.of(one, scale.key), Said.of(other, scale.key)), scale.means)
        if lacking := tuple(card for card in (ahead, behind) if not run.names(card)):
            yield replace(claim, missing=lacking, why=f"not in this run: {', '.join(lacking)}")
            continue
        for a, b in product(run.names(ahead), run.names(behind)):
            named = replace(claim, model=a, other=b)
            if scale.by == "seconds":
                yield from by_seconds(run, named, a, b)
            elif scale.by == "votes":
                yield from by_votes(run, named, a, b)
            else:
                yield by_reason(run, named, a, b, scale.by)


def _rank(scale: Scale, said: str | None) -> int | None:
    """Where the brief's word stands on the scale, by the words that it begins with."""
    if said is None:
        return scale.words.index(None) if None in scale.words else None
    found = [place for place, word in enumerate(scale.words) if word and re.match(rf"{word}\b", said, re.IGNORECASE)]
    return found[0] if found else None
