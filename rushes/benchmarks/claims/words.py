"""What each claim is tested by, in words."""

from __future__ import annotations

from collections.abc import Mapping

from rushes.benchmarks.claims.claim import Subject
from rushes.benchmarks.claims.sound import SOUND_SHARE
from rushes.benchmarks.pairs import SAME_SPEED
from rushes.benchmarks.ratings.rate import EQUIVALENT
from rushes.numbers import percent

#: What each is tested by.
TESTS: Mapping[Subject, str] = {
    "speed": "Seconds to a usable file, prompt by prompt in one cell.",
    "quality": "Ratings by votes, in one cell, clips with and without sound apart.",
    "texture": "Prompts won by votes that name texture, over all cells.",
    "stability": "Prompts won by votes that name stability, over all cells.",
    "physics": "Prompts won by votes that name physics, over all cells, against models not called aware of it.",
    "audio": f"At least {percent(SOUND_SHARE)} of the clips that should have sound have it, whatever is heard.",
    "duration": "The longest clip made here; else what the vendors offer in one call.",
    "resolution": "The sizes of the files made here; else what the vendors offer.",
}
NOTES = (
    "Holds and contradicted are beyond chance, at 95 %. The intervals of speed and quality hold for all pairs of a "
    f"cell together; where two are surely equivalent (within a factor of {SAME_SPEED:g}, within {EQUIVALENT:.0f} Elo) "
    "the claim that one is ahead is contradicted. The others are Wilson's, over prompts for the reasons that voters "
    "name and over clips for sound. One clip proves that a length or size can be made; the vendors' own limits, that "
    "it cannot.",
    "What the brief says of developer, architecture, tier, best use and input, no run measures.",
)
