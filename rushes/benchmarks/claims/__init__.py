"""Does the brief hold? Each of its words about a model that a run can test, beside what the run found.

The brief's words stand on the cards (`brief:`). They are claims and decide nothing; a run of few prompts, of other
lengths or of other models cannot test all of them, and says which and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rushes.amounts import counted
from rushes.benchmarks.claims.claim import Claim, Said, Subject, Verdict
from rushes.benchmarks.claims.lengths import durations
from rushes.benchmarks.claims.run import Run
from rushes.benchmarks.claims.scales import SCALES, compared
from rushes.benchmarks.claims.sizes import resolutions
from rushes.benchmarks.claims.sound import audio
from rushes.benchmarks.claims.words import NOTES, TESTS
from rushes.benchmarks.table import Table
from rushes.card import Card

__all__ = ["NOTES", "TESTS", "Claim", "Said", "Subject", "Verdict", "claims", "untested"]


def claims(table: Table, cards: Mapping[str, Card]) -> list[Claim]:
    """Every testable word of the brief on these cards, by subject; those about models that the run lacks too."""
    run = Run(table, {id: card for id, card in cards.items() if card.brief})
    found = [claim for subject, scale in SCALES.items() for claim in compared(run, subject, scale)]
    for single in (audio, durations, resolutions):
        found += [claim for card in run.cards.values() for claim in single(run, card)]
    return [replace(claim, simulated=table.simulated) for claim in found]


def untested(found: Sequence[Claim]) -> str | None:
    """A sentence on the models that the run lacks; None where it has them all."""
    lacking = [claim for claim in found if claim.missing]
    if not lacking:
        return None
    models = ", ".join(dict.fromkeys(model for claim in lacking for model in claim.missing))
    return f"Not in this run: {models}; {counted(len(lacking), 'claim')} not tested for that."
