"""The verdict on a claim that one model is ahead of another, by what was found of the pair."""

from __future__ import annotations

from dataclasses import replace

from rushes.amounts import counted
from rushes.benchmarks.claims.claim import Claim
from rushes.benchmarks.statistics.verdicts import FEWEST_PROMPTS, MOST_PROMPTS


def decided(claim: Claim, word: str, ahead: bool | None, needed: int | None, same: str) -> Claim:
    """The claim with the verdict that a pair's word comes to; `ahead` where one is: is it the one that should be?"""
    if ahead is not None:
        return replace(claim, verdict="holds" if ahead else "contradicted")
    match word:
        case "equivalent":
            return replace(claim, verdict="contradicted", why=same)
        case "not separable":
            more = f"more than {MOST_PROMPTS:,}" if needed is None else f"about {needed:,}"
            return replace(claim, verdict="not separable", why=f"takes {more} prompts in all")
        case _:
            return replace(claim, why=f"{counted(claim.n or 0, 'prompt')} of both; it takes {FEWEST_PROMPTS}")
