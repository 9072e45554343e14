"""What a question is known by: the same question to the same judge is not asked, or paid, twice."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from rushes.benchmarks.copying import RECIPE
from rushes.benchmarks.judging import rubric
from rushes.benchmarks.judging.judges import Judge
from rushes.benchmarks.judging.pairs import Pair, Take
from rushes.benchmarks.judging.records import Key
from rushes.benchmarks.votes import Reason

#: What of a judge shapes its answers.
SHAPING = {"model", "wire", "sees", "fps", "side", "max_images", "temperature", "answer_tokens", "json_mode", "body"}


class Keys:
    """Of the questions to one judge, whose votes carry the name `rater`; `raw`: on the clips themselves.

    A copy is known by the clip that it is made of and by the recipe, since two builds of FFmpeg may write one copy in
    other bytes: made again it is the same question.
    """

    def __init__(self, judge: Judge, rater: str, *, raw: bool) -> None:
        self._judge, self._rater = judge, rater
        #: The recipe of the copies that are shown; None: the clips themselves are.
        self.copies = None if raw else RECIPE

    def of(self, pair: Pair) -> tuple[Key, Key]:
        """With the sides as they stand, and exchanged."""
        return self.one(pair, pair.left, pair.right), self.one(pair, pair.right, pair.left)

    def one(self, pair: Pair, left: Take, right: Take) -> Key:
        return self._setup(pair), left.sha256, right.sha256

    def vote(self, pair: Pair) -> str:
        """The id of the vote that the answers to both orders make."""
        labels = sorted((pair.left.label, pair.right.label))
        return f"judge-{sha256(json.dumps([self._rater, sorted(self.of(pair)), labels]).encode()).hexdigest()[:24]}"

    def dimensions(self, pair: Pair) -> tuple[Reason, ...]:
        """What is asked about a pair."""
        return rubric.dimensions(sound=self._judge.hears and pair.pool == "sound")

    def _setup(self, pair: Pair) -> str:
        """Everything that shapes an answer besides the two files."""
        shape: dict[str, Any] = {
            "judge": self._rater,
            "rubric": rubric.VERSION,
            "prompt": pair.text,
            "asked": self.dimensions(pair),
            **self._judge.model_dump(mode="json", include=SHAPING),
        }
        if self.copies is not None:  # answers from before copies were shown are on the clips themselves
            shape["copies"] = self.copies
        return sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:32]
