"""Which takes a judge is shown side by side: every two models' usable clips of one prompt, cell and pool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from random import Random

from rushes.benchmarks.clips import Clip
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.votes import Pool
from rushes.card import Card


@dataclass(frozen=True)
class Take:
    """One usable clip."""

    label: str
    model: str
    #: Who made the model; None where no card tells.
    maker: str | None
    sha256: str
    path: Path
    seconds: float


@dataclass(frozen=True)
class Pair:
    """Two takes of one prompt, as they are shown first."""

    cell: str
    prompt: str
    #: The prompt's words.
    text: str
    pool: Pool
    left: Take
    right: Take


def pairs_of(
    info: RunInfo, clips: Iterable[Clip], folder: Path, cards: Mapping[str, Card], *, seed: int = 0
) -> tuple[list[Pair], list[str]]:
    """Every pair in seeded order, so mixed that any first part of it treats models alike; and the files that are gone.

    Sample 1 meets sample 1 and so on. Which take is left is drawn by the seed.
    """
    texts = {prompt.id: prompt.text for prompt in info.suite.prompts}
    met: dict[tuple[str, Pool, str, int], list[Take]] = {}
    gone: list[str] = []
    for clip in clips:
        result = clip.result
        if not clip.usable or result.clip is None or result.sha256 is None or result.delivered is None:
            continue
        path = folder / result.clip
        if not path.exists():
            gone.append(result.clip)
            continue
        take = Take(
            result.label,
            result.model,
            _maker(info, result.model, result.endpoint, cards),
            result.sha256,
            path,
            float(result.delivered["seconds"]),
        )
        pool: Pool = "silent" if result.delivered["audio_codec"] is None else "sound"
        met.setdefault((result.cell, pool, result.prompt, result.sample), []).append(take)
    groups: dict[tuple[str, Pool, str, str], list[Pair]] = {}
    for (cell, pool, prompt, _), takes in sorted(met.items()):
        for one, other in combinations(sorted(takes, key=lambda take: take.label), 2):
            if one.model == other.model:
                continue
            left, right = (one, other) if _dice(seed, one, other).random() < 0.5 else (other, one)
            pair = Pair(cell, prompt, texts[prompt], pool, left, right)
            groups.setdefault((cell, pool, *sorted((one.model, other.model))), []).append(pair)  # type: ignore[arg-type]
    return _mixed(list(groups.values()), Random(seed)), gone


def _mixed(groups: Sequence[list[Pair]], dice: Random) -> list[Pair]:
    """One pair of each two models, then the next of each, in another order every round."""
    left = [dice.sample(group, len(group)) for group in groups]
    mixed: list[Pair] = []
    while left:
        mixed += [group.pop() for group in dice.sample(left, len(left))]
        left = [group for group in left if group]
    return mixed


def _dice(seed: int, one: Take, other: Take) -> Random:
    return Random(sha256(f"{seed}/{one.label}/{other.label}".encode()).digest())


def _maker(info: RunInfo, model: str, endpoint: str | None, cards: Mapping[str, Card]) -> str | None:
    """By the card of the endpoint, or of a model of that name where nobody said which endpoint."""
    made_by = endpoint or info.suite.models.get(model)
    card = cards.get(made_by.partition("/")[2]) if made_by else cards.get(model)
    return None if card is None else card.maker
