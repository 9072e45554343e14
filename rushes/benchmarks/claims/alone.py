"""A claim about one model alone, before anything is found."""

from __future__ import annotations

from dataclasses import replace

from rushes.benchmarks.claims.claim import Claim, Said, Subject
from rushes.benchmarks.claims.run import Run
from rushes.card import Card


def alone(run: Run, card: Card, subject: Subject, key: str, means: str) -> Claim:
    """A claim with nothing found yet; of a model that the run lacks, marked as such."""
    names = run.names(card.id)
    claim = Claim(subject, ", ".join(names) or card.id, None, None, (Said.of(card, key),), means)
    return claim if names else replace(claim, missing=(card.id,), why=f"not in this run: {card.id}")
