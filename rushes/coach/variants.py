"""Variants of a prompt: each adds one sentence, and each sentence tries one direction that the prompt leaves open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rushes.coach import words
from rushes.coach.reading import Reading
from rushes.coach.words import Words

Part = Literal["scene", "camera", "sound", "motion"]


@dataclass(frozen=True)
class Variant:
    """A whole prompt that differs from the one given in one direction."""

    part: Part
    #: Such as `camera: slow push in`.
    direction: str
    #: What was added.
    added: str
    prompt: str

    def json(self) -> dict[str, str]:
        return {"part": self.part, "direction": self.direction, "added": self.added, "prompt": self.prompt}


@dataclass(frozen=True)
class _Idea:
    part: Part
    kind: str
    name: str
    sentence: str
    #: What the prompt must leave open, so that the sentence cannot contradict it.
    open: tuple[Words, ...] = ()
    #: One of these must be in the prompt.
    needs: tuple[Words, ...] = ()
    #: Only where the prompt says nothing on this part.
    absent: Part | None = None
    #: Only where the prompt says something on this part.
    present: Part | None = None


_FIXED = (words.SEVERAL_SHOTS, words.POV)
_VIEW = (*_FIXED, words.AERIAL)
_HOUR = (words.TIME, words.LIGHT, words.CLEAR_OR_NOT, words.ROUGH_WEATHER, words.WATER, words.SPACE)
_ASLEEP = (words.STILLNESS, words.POSTURE)

IDEAS = (
    _Idea("scene", "place", "open country", "It takes place in an open field under a wide sky.",
          (words.WATER, words.SPACE, words.INDOORS, words.STYLE), absent="scene"),
    _Idea("scene", "place", "plain studio", "It takes place in an empty studio with a plain background.",
          (words.WATER, words.SPACE, words.ROUGH_WEATHER, words.OUTDOORS), absent="scene"),
    _Idea("scene", "light", "golden hour", "It is golden hour, with low, warm sunlight.", (*_HOUR, words.INDOORS)),
    _Idea("scene", "light", "window light", "Soft window light falls from one side.", _HOUR, needs=(words.INDOORS,)),
    _Idea("scene", "light", "night, one lamp", "It is night, and one lamp lights the scene.",
          (*_HOUR, words.COLOURED_SKY)),
    _Idea("scene", "light", "overcast", "It is an overcast day with soft, even light.",
          (*_HOUR, words.INDOORS, words.COLOURED_SKY)),
    _Idea("camera", "move", "slow push in", "The camera pushes in slowly and evenly.", (words.MOVE, *_VIEW)),
    _Idea("camera", "move", "locked off", "The camera is locked off and does not move.", (words.MOVE, *_VIEW)),
    _Idea("camera", "move", "handheld", "Handheld camera with a slight sway.", (words.MOVE, *_VIEW)),
    _Idea("camera", "move", "half circle", "The camera moves in a slow half circle around the subject.",
          (words.MOVE, *_VIEW)),
    _Idea("sound", "sound", "what is seen", "Only the natural sounds of what is seen are heard, no music.",
          (words.SOUND, words.SILENCE), absent="sound"),
    _Idea("sound", "sound", "piano", "A single piano plays a slow melody, and nothing else is heard.",
          (words.SOUND, words.SILENCE), absent="sound"),
    _Idea("motion", "motion", "a turn of the head", "The animal lifts its head and looks around.", _ASLEEP,
          needs=(words.ANIMALS,), absent="motion"),
    _Idea("motion", "motion", "a few steps", "Whoever is in the picture walks two steps and stops.", _ASLEEP,
          needs=(words.PEOPLE,), absent="motion"),
    _Idea("motion", "motion", "breeze", "A breeze moves everything that is light and loose.",
          (words.STILLNESS, words.CALM_AIR, words.ROUGH_WEATHER, words.WATER, words.SPACE, words.INDOORS),
          absent="motion"),
    _Idea("motion", "motion", "storm wind", "Strong wind drives leaves and dust across the picture.",
          (words.STILLNESS, words.WATER, words.SPACE, words.INDOORS), needs=(words.STORM,), absent="motion"),
    _Idea("motion", "motion", "ripples", "Slow ripples move across the water.", (words.STILLNESS,),
          needs=(words.WATER,), absent="motion"),
    _Idea("motion", "motion", "one turn", "What stands in the middle turns slowly in place, once around.",
          (*_ASLEEP, words.CROWD, words.PEOPLE, words.ANIMALS, words.AERIAL, words.IMMOVABLE),
          absent="motion"),
    _Idea("motion", "motion", "drifting dust", "Fine dust drifts slowly through the picture.",
          (words.STILLNESS, words.WATER, words.SPACE, words.WEATHER), needs=(words.INDOORS,), absent="motion"),
    _Idea("camera", "framing", "close-up", "Framed as a close-up.", (words.FRAMING, *_VIEW, words.CROWD)),
    _Idea("camera", "framing", "wide shot", "Framed as a wide shot that shows the surroundings.",
          (words.FRAMING, *_VIEW, words.PLAIN)),
    _Idea("camera", "angle", "low", "Seen from a low angle.", (words.ANGLE, *_VIEW)),
    _Idea("camera", "angle", "from above", "Seen from above.", (words.ANGLE, *_VIEW)),
    _Idea("motion", "pace", "slow motion", "Filmed in slow motion.",
          (words.PACE, words.STILLNESS, words.SPEECH, words.MUSIC, words.SEVERAL_SHOTS), present="motion"),
    _Idea("motion", "weight", "weight", "Every movement shows its weight.",
          (words.STILLNESS, words.SPACE, words.STYLE, words.SPEECH), present="motion"),
    _Idea("sound", "nearness", "near", "Every sound is near and dry, without echo.",
          (words.SILENCE, words.ECHO, words.MUSIC), present="sound"),
    _Idea("camera", "focus", "shallow", "Shallow depth of field, the background soft.", (words.LENS, words.FLAT)),
    _Idea("camera", "focus", "deep", "Everything from near to far is in sharp focus.",
          (words.LENS, words.FLAT, words.WEATHER, words.HAZY)),
    _Idea("scene", "colour", "muted", "Muted colours.", (words.COLOURS,)),
    _Idea("scene", "colour", "saturated", "Rich, saturated colours.", (words.COLOURS,)),
    _Idea("scene", "surface", "film grain", "Fine film grain.", (words.STYLE,)),
    _Idea("scene", "surface", "detail", "The texture of every surface is plain to see.", (words.STYLE, words.HAZY)),
    _Idea("scene", "mood", "tense", "The mood is tense.", (words.MOOD,)),
    _Idea("scene", "mood", "calm", "The mood is calm.", (words.MOOD, words.VIOLENT)),
)  # fmt: skip


def variants(reading: Reading, absent: Sequence[Part], *, sound: bool | None, most: int) -> list[Variant]:
    """At most `most`: what is absent first, one direction of a kind before a second of the same."""
    fitting = [idea for idea in IDEAS if _fits(idea, reading, absent) and not (idea.part == "sound" and sound is False)]
    seen: Counter[str] = Counter()
    ranked = []
    for place, idea in enumerate(fitting):
        ranked.append((seen[idea.kind], idea.part not in absent, place))
        seen[idea.kind] += 1
    chosen = [fitting[place] for _, _, place in sorted(ranked)[:most]]
    return [
        Variant(each.part, f"{each.kind}: {each.name}", each.sentence, _with(reading.prompt, each.sentence))
        for each in chosen
    ]


def _fits(idea: _Idea, reading: Reading, absent: Sequence[Part]) -> bool:
    if idea.absent is not None and idea.absent not in absent:
        return False
    if idea.present is not None and idea.present in absent:
        return False
    if idea.kind in ("move", "framing") and reading.camera_moves:
        return False
    return not reading.says(*idea.open) and (not idea.needs or reading.says(*idea.needs))


def _with(prompt: str, sentence: str) -> str:
    """The prompt as it is, closed where it is open, and one sentence more."""
    text = prompt.rstrip().rstrip(",;:–—").rstrip()
    inner = text.rstrip("\"'”’»)]」")
    return f"{text} {sentence}" if inner.endswith((".", "!", "?", "…")) else f"{text}. {sentence}"
