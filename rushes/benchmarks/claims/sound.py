"""Does a model have sound?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rushes.amounts import UNKNOWN, counted
from rushes.benchmarks.claims.alone import alone
from rushes.benchmarks.claims.claim import Claim
from rushes.benchmarks.claims.run import Run
from rushes.benchmarks.clips import Clip
from rushes.benchmarks.gate import NOT_SILENT
from rushes.benchmarks.statistics.intervals import wilson
from rushes.benchmarks.statistics.verdicts import FEWEST_PROMPTS
from rushes.card import Card
from rushes.numbers import percent_interval

#: The card's key, and how the claim is found in its words.
AUDIO, YES = "audio", re.compile(r"yes\b", re.IGNORECASE)
#: A model has sound where at least this share of its clips has: our line. One that surely has it less often does not.
SOUND_SHARE = 0.9


def audio(run: Run, card: Card) -> Iterator[Claim]:
    """One claim, where the brief speaks of sound."""
    if AUDIO not in card.brief:
        return
    claim = alone(run, card, "audio", AUDIO, "has sound")
    if not YES.match(card.brief[AUDIO]):
        yield replace(claim, why="its word is none that we know (yes)", missing=())
        return
    if claim.missing:
        yield claim
        return
    quiet = {prompt.id for prompt in run.table.info.suite.prompts if prompt.expect.quiet}
    # Silence that was ordered, or described, says nothing.
    clips = [clip for clip in run.clips(card) if clip.result.sent.get("audio") is not False]
    heard = [_heard(clip) for clip in clips if clip.result.prompt not in quiet]
    known = [each for each in heard if each is not None]
    n, with_sound = len(known), sum(known)
    unmeasured = f"; {counted(len(heard) - n, 'clip')} not measured" if len(heard) > n else ""
    limits = wilson(with_sound, n)
    if limits is None or n < FEWEST_PROMPTS:
        found = f"{with_sound} of {counted(n, 'clip')} {'has' if n == 1 else 'have'} sound" if n else UNKNOWN
        why = f"{counted(n, 'clip')} that should have sound; it takes {FEWEST_PROMPTS}{unmeasured}"
        yield replace(claim, found=found, n=n, of="clips", why=why)
        return
    found = f"{with_sound} of {n} clips have sound{percent_interval(limits.low, limits.high)}{unmeasured}"
    claim = replace(claim, found=found, unit="share", value=with_sound / n, low=limits.low, high=limits.high)
    claim = replace(claim, n=n, of="clips")
    if limits.high < SOUND_SHARE:
        yield replace(claim, verdict="contradicted")
    else:
        held = with_sound / n >= SOUND_SHARE and limits.low > 0.5
        yield replace(claim, verdict="holds" if held else "not separable")


def _heard(clip: Clip) -> bool | None:
    """Whether there is something to hear; None where nobody measured the sound."""
    if (clip.result.delivered or {}).get("audio_codec") is None:
        return False
    silent = None if clip.measured is None else clip.measured.number(NOT_SILENT.metric)
    return None if silent is None else NOT_SILENT.holds(silent)
