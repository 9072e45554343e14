"""Does a model reach a length?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rushes.amounts import UNKNOWN, counted
from rushes.benchmarks.claims.alone import alone
from rushes.benchmarks.claims.claim import Claim
from rushes.benchmarks.claims.offered import by_card, cited, extended, longest_offer, place
from rushes.benchmarks.claims.run import Run
from rushes.benchmarks.clips import Clip
from rushes.card import Card
from rushes.unfit import LENGTH_TOLERANCE

#: The card's key, and how the claim is found in its words: of "4–20 s" the 20, as the longest is what is claimed.
DURATION, LENGTH = "duration", re.compile(r"(\d+(?:\.\d+)?)\s*s\b")


def durations(run: Run, card: Card) -> Iterator[Claim]:
    """A claim for each length that the brief names."""
    if DURATION not in card.brief:
        return
    lengths = [float(each) for each in LENGTH.findall(card.brief[DURATION])]
    if not lengths:
        yield replace(alone(run, card, "duration", DURATION, "reaches a length"), why="it names no length", missing=())
    for length in lengths:
        yield _duration(run, card, length, alone(run, card, "duration", DURATION, f"reaches {length:g} s"))


def _duration(run: Run, card: Card, length: float, claim: Claim) -> Claim:
    def reaches(seconds: float | None) -> bool:
        return seconds is not None and seconds >= length - LENGTH_TOLERANCE

    clips = run.clips(card)
    got = [clip.result.delivered["seconds"] for clip in clips if clip.result.delivered]
    longest = max((each for each in got if each is not None), default=None)
    asked = [_ordered(clip) for clip in run.made(card)]
    most = max((each for each in asked if each is not None), default=None)
    if longest is not None:
        sent = "" if most is None else f", sent at most {most:g} s"
        many = f"; {sum(map(reaches, got))} of {counted(len(got), 'clip')} so long" if reaches(longest) else ""
        claim = replace(claim, found=f"longest delivered {longest:.1f} s{sent}{many}", unit="s", value=longest)
        claim = replace(claim, n=len(got), of="clips")
    if reaches(longest):
        return replace(claim, verdict="holds")
    best = longest_offer(card)
    limit = max(best[1].seconds)
    if limit < length:
        why = f"the vendor's limit in one call is {limit:g} s ({place(run, best[0])}){extended(run, card)}"
        return by_card(claim, card, best[1], why)
    if claim.missing:
        return claim
    if reaches(most):
        if any(reaches(_ordered(clip)) for clip in clips):
            return replace(claim, verdict="contradicted", why=f"{length:g} s was ordered, and shorter came")
        return replace(claim, why=f"{length:g} s was ordered, and no clip of it came")
    why = f"this run ordered at most {UNKNOWN if most is None else f'{most:g} s'}; {limit:g} s is offered"
    return replace(claim, why=f"{why} ({place(run, best[0])})", **cited(card, best[1]))


def _ordered(clip: Clip) -> float | None:
    seconds: float | None = clip.result.sent.get("seconds")
    return seconds
