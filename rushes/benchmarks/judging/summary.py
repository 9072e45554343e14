"""What one start of a judge is to do, and what it did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from rushes.benchmarks.judging.answers import Outcome
from rushes.benchmarks.judging.pairs import Pair
from rushes.benchmarks.votes import Vote
from rushes.errors import VideoError

#: there: it stood already.
Verdict = Literal["vote", "there", "no answer"]


@dataclass(frozen=True)
class Estimate:
    """What is still to be asked."""

    pairs: int
    questions: int
    #: US dollars at most; None where price or tokens are not known.
    usd: Decimal | None
    #: None where nobody can tell.
    seconds: float | None


@dataclass(frozen=True)
class Judgement:
    """What became of one pair."""

    pair: Pair
    verdict: Verdict
    vote: Vote | None
    #: What became of the question with the sides as they stand, and exchanged; None where it was not asked.
    shown: Outcome | None
    exchanged: Outcome | None
    #: US dollars that this start paid for it; None where a question had no price.
    usd: Decimal | None


@dataclass
class Summary:
    """What one start did."""

    votes: int = 0
    #: Votes that stood already.
    there: int = 0
    #: Votes with the two answers each for another side; they count as ties.
    flips: int = 0
    #: Votes with two answers that differ otherwise; ties as well.
    wavered: int = 0
    same_maker: int = 0
    #: Pairs without a vote.
    unanswered: int = 0
    #: Questions sent in this start, by what became of them.
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    #: Of answers, those for the left and those for the right, as they were shown.
    left: int = 0
    right: int = 0
    usd: Decimal = Decimal(0)
    #: Questions whose cost nobody knows.
    unpriced: int = 0
    #: Of the dollars, those that no server confirmed.
    assumed: Decimal = Decimal(0)
    #: Clips that could not be shown, and why; once for each pair that needed one.
    broken: list[str] = field(default_factory=list)
    #: What ended it early.
    stopped: VideoError | None = None
