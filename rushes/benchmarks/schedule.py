"""Which clips a run makes, and in what order: seeded, and interleaved so that no model gets the quiet hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from rushes.benchmarks.suite import Prompt, Suite
from rushes.request import VideoRequest


@dataclass(frozen=True)
class Slot:
    """One clip to be made."""

    cell: str
    prompt: Prompt
    model: str
    endpoint: str
    #: 1 for the first clip of a prompt, cell and model.
    sample: int
    #: Counts from 0; the slots of a block differ in nothing but the model.
    block: int
    request: VideoRequest

    @cached_property
    def label(self) -> str:
        """Names the slot in the ledger: equal in every start of the same run."""
        return f"{self.cell}/{self.prompt.id}/{self.model}/{self.sample}"

    @property
    def stem(self) -> str:
        """A readable file name, without its suffix."""
        more = f"-{self.sample}" if self.sample > 1 else ""
        return f"{self.model}-{self.cell}-{self.prompt.id}{more}"

    @property
    def provider(self) -> str:
        return self.endpoint.partition("/")[0]


def schedule(suite: Suite, *, samples: int, seed: int) -> Sequence[Slot]:
    """Every slot in the order to start them: blocks in random order, each with every model once in random order.

    More samples come after fewer, whose order stays.
    """
    slots: list[Slot] = []
    block = 0
    for sample in range(1, samples + 1):
        dice = Random(f"{seed}/{sample}")
        blocks = [(cell, prompt) for cell in suite.cells for prompt in suite.prompts]
        dice.shuffle(blocks)
        for cell, prompt in blocks:
            models = [*suite.models]
            dice.shuffle(models)
            slots += [_slot(suite, cell, prompt, model, sample, block) for model in models]
            block += 1
    return slots


def _slot(suite: Suite, cell: str, prompt: Prompt, model: str, sample: int, block: int) -> Slot:
    settings = suite.cells[cell]
    request = VideoRequest(
        prompt=prompt.text,
        seconds=settings.seconds[model],
        resolution=settings.resolution,
        aspect_ratio=settings.aspect_ratio,
        audio=settings.audio,
    )
    return Slot(cell, prompt, model, suite.models[model], sample, block, request)
