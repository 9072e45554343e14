"""Which clips a run makes, and in what order: seeded, and interleaved so that no model gets the quiet hours."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
        return label_of(self.cell, self.prompt.id, self.model, self.sample)

    @property
    def stem(self) -> str:
        """A readable file name, without its suffix."""
        return stem_of(self.cell, self.prompt.id, self.model, self.sample)

    @property
    def provider(self) -> str:
        return self.endpoint.partition("/")[0]


def label_of(cell: str, prompt: str, model: str, sample: int) -> str:
    """What a clip of a run is called, fresh or imported."""
    return f"{cell}/{prompt}/{model}/{sample}"


def stem_of(cell: str, prompt: str, model: str, sample: int) -> str:
    """The name of its file in the run's folder, without the suffix."""
    return f"{model}-{cell}-{prompt}" + (f"-{sample}" if sample > 1 else "")


def schedule(suite: Suite, *, samples: int, seed: int, there: Collection[str] = ()) -> Sequence[Slot]:
    """Every slot in the order to start them: blocks in random order, each with every model once in random order.

    More samples come after fewer, whose order stays. `there`: labels of imported clips, which need not be made.
    """
    slots: list[Slot] = []
    block = 0
    for sample in range(1, samples + 1):
        dice = Random(f"{seed}/{sample}")
        blocks = [(cell, prompt) for cell in suite.cells for prompt in suite.prompts_of(cell)]
        dice.shuffle(blocks)
        for cell, prompt in blocks:
            models = [*suite.endpoints]
            dice.shuffle(models)
            slots += [_slot(suite, cell, prompt, model, sample, block) for model in models]
            block += 1
    return [slot for slot in slots if slot.label not in there]


def _slot(suite: Suite, cell: str, prompt: Prompt, model: str, sample: int, block: int) -> Slot:
    settings = suite.cells[cell]
    request = VideoRequest(
        prompt=prompt.text,
        seconds=settings.seconds[model],
        resolution=settings.resolution,
        aspect_ratio=prompt.aspect_ratio or settings.aspect_ratio,
        audio=settings.audio,
        image=prompt.image,
    )
    return Slot(cell, prompt, model, suite.endpoints[model], sample, block, request)
