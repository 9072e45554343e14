"""Which of two models is ahead by the votes that name a reason, over all cells."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain

from rushes.amounts import counted
from rushes.benchmarks.claims.claim import Claim, voters
from rushes.benchmarks.claims.run import Run
from rushes.benchmarks.standings import KINDS, By
from rushes.benchmarks.statistics.intervals import wilson
from rushes.benchmarks.statistics.verdicts import FEWEST_PROMPTS
from rushes.benchmarks.votes import Reason
from rushes.numbers import percent_interval

#: Votes on the files as delivered come last: size, rate and loudness win votes there.
ORDER: tuple[tuple[bool, By], ...] = ((False, "people"), (False, "judge"), (True, "people"), (True, "judge"))


def by_reason(run: Run, claim: Claim, a: str, b: str, reason: Reason) -> Claim:
    """That `a` wins where voters name the reason: by the first of ORDER who said enough, else who said anything."""
    every = [(raw, by, *_named(run, by, raw, a, b, reason)) for raw, by in ORDER]
    enough = (each for each in every if len(each[2]) >= FEWEST_PROMPTS)
    some = (each for each in every if each[3])
    raw, by, balance, votes = next(chain(enough, some), every[0])
    if not votes:
        return replace(claim, why=f"no vote between them names {reason}")
    won, n = sum(each > 0 for each in balance), len(balance)
    limits = wilson(won, n)
    within = "" if limits is None else percent_interval(limits.low, limits.high)
    found = f"ahead on {won} of {counted(n, 'prompt')}{within}; {counted(votes, 'vote')} by {voters(by, raw)}"
    claim = replace(claim, found=found, n=n, of="prompts", by=by, raw=raw)
    if limits is None or n < FEWEST_PROMPTS:
        return replace(claim, why=f"{counted(n, 'prompt')} with a winner; it takes {FEWEST_PROMPTS}")
    claim = replace(claim, unit="share", value=won / n, low=limits.low, high=limits.high)
    if limits.low > 0.5:
        return replace(claim, verdict="holds")
    return replace(claim, verdict="contradicted" if limits.high < 0.5 else "not separable")


def _named(run: Run, by: By, raw: bool, a: str, b: str, reason: Reason) -> tuple[list[int], int]:
    """By how many votes that name the reason `a` is ahead, of each prompt where one is; and how many such votes."""
    ahead: Counter[str] = Counter()
    votes = 0
    for vote, winner, loser in run.named.get(reason, ()):
        if vote.raw == raw and vote.kind in KINDS[by] and {winner, loser} == {a, b}:
            ahead[vote.prompt] += 1 if winner == a else -1
            votes += 1
    return [balance for balance in ahead.values() if balance], votes
