"""Votes made by hand, on clips made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from rushes.benchmarks.clips import Clip, clips_of
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.votes import Judged, Vote
from tests.benchmarks.conftest import NOW, make_info, make_result, make_suite

PAIR = {"sora-2": "openai/sora-2", "wan-2.5": "dashscope-intl/wan-2.5"}


def voted_run(prompts: int = 8, models: dict[str, str] | None = None) -> tuple[RunInfo, list[Clip]]:
    """A run of so many prompts with a usable clip of each model."""
    given = models or PAIR
    info = make_info(make_suite(*(f"scene {number}" for number in range(prompts)), models=given))
    results = [
        make_result(model, f"p{number}", endpoint=endpoint)
        for number in range(1, prompts + 1)
        for model, endpoint in given.items()
    ]
    return info, clips_of(info, results, {})


def vote(prompt: str = "p1", choice: str = "left", **changes: Any) -> Vote:
    """Anna's vote on sora-2 (left) against wan-2.5 (right)."""
    left, right = changes.pop("left", "sora-2"), changes.pop("right", "wan-2.5")
    given: dict[str, Any] = {
        "id": f"vote-{prompt}-{left}-{right}-{changes.get('rater', 'anna')}",
        "at": NOW,
        "rater": "anna",
        "kind": "person",
        "cell": "short",
        "prompt": prompt,
        "pool": "sound",
        "left": f"short/{prompt}/{left}/1",
        "right": f"short/{prompt}/{right}/1",
        "choice": choice,
    }
    return Vote(**(given | changes))


def judged(prompt: str = "p1", choice: str = "left", *, flipped: bool = False, **changes: Any) -> Vote:
    """The same by a judge."""
    said = Judged(
        model="eye-1",
        rubric=1,
        left={"motion": 4},
        right={"motion": 3},
        shown="left" if flipped else choice,
        exchanged="right" if flipped else choice,
        usd=0.01,
        same_maker=False,
        words="calmer",
    )
    given = {"kind": "judge", "rater": "eye", "judged": said}
    return vote(prompt, "tie" if flipped else choice, **(given | changes))


def many(raters: Sequence[str], prompts: int, share: float, *, seed: int = 0, **changes: Any) -> list[Vote]:
    """Each rater's vote on each prompt; sora-2 wins this share of them."""
    dice = Random(seed)
    return [
        vote(
            f"p{number}",
            "left" if dice.random() < share else "right",
            rater=rater,
            **({"at": NOW + timedelta(seconds=number)} | changes),
        )
        for rater in raters
        for number in range(1, prompts + 1)
    ]
