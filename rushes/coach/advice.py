"""What a prompt says of scene, camera, sound and motion, the tips for what it leaves out, and variants to try."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rushes.coach.reading import Reading, Span, is_english
from rushes.coach.variants import Part, Variant, variants
from rushes.coach.words import SILENCE
from rushes.errors import BadInput

PARTS: tuple[Part, ...] = ("scene", "camera", "sound", "motion")
FEWEST, MOST = 4, 6

#: The product brief's, in its words as they stand on the cards.
DESCRIBE = "Describe scene, camera, sound and motion."
NAME_THE_SOUND = "Name the sound for a model with sound."
ACTION = "Physical action works well."
VARY = "Test a direction in 4–6 cheap, fast variations first."

NOT_JUDGED = "Not judged: the coach reads English, and this prompt seems to be in another language or script."
FEW = "The prompt says so much already that only so many directions stay open."
UNWANTED_SOUND = "The prompt names a sound, and the clip is to be silent."


@dataclass(frozen=True)
class Mark:
    """Whether the prompt says something of one part; None where it was not judged."""

    part: Part
    present: bool | None
    #: The words that show it.
    spans: tuple[Span, ...] = ()

    def json(self) -> dict[str, Any]:
        return {"part": self.part, "present": self.present, "spans": [asdict(span) for span in self.spans]}


@dataclass(frozen=True)
class Tip:
    text: str
    #: The parts that it is given for; empty where it always applies.
    about: tuple[Part, ...] = ()

    def json(self) -> dict[str, Any]:
        return {"text": self.text, "about": list(self.about)}


@dataclass(frozen=True)
class Advice:
    prompt: str
    #: True: the clip must have sound; False: it must be silent; None: whatever the model does.
    sound: bool | None
    marks: tuple[Mark, ...]
    tips: tuple[Tip, ...]
    variants: tuple[Variant, ...]
    notes: tuple[str, ...] = ()

    @property
    def judged(self) -> bool:
        return all(mark.present is not None for mark in self.marks)

    @property
    def absent(self) -> tuple[Part, ...]:
        return _absent(self.marks, self.sound)

    def json(self) -> dict[str, Any]:
        """The same for other programs."""
        return {
            "prompt": self.prompt,
            "sound": self.sound,
            "judged": self.judged,
            "marks": [mark.json() for mark in self.marks],
            "tips": [tip.json() for tip in self.tips],
            "variants": [variant.json() for variant in self.variants],
            "notes": list(self.notes),
        }


def coach(prompt: str, *, sound: bool | None = None, most: int = MOST) -> Advice:
    """Reads `prompt` by fixed rules: no model, no network, the same answer every time.

    `sound` is the request's `audio`; `most` is how many variants at most, 4 to 6. Raises BadInput for an empty
    prompt or another number.
    """
    if not prompt.strip():
        raise BadInput("the prompt is empty", hint="Say what is seen, how it is filmed, what is heard and what moves.")
    if not FEWEST <= most <= MOST:
        raise BadInput(f"there are {FEWEST} to {MOST} variants, not {most}")
    if not is_english(prompt):
        unread = tuple(Mark(part, None) for part in PARTS)
        return Advice(prompt, sound, unread, (Tip(DESCRIBE), Tip(VARY)), (), (NOT_JUDGED,))
    reading = Reading(prompt)
    found = {
        "scene": reading.scene(), "camera": reading.camera(), "sound": reading.sound(), "motion": reading.motion()
    }  # fmt: skip
    marks = tuple(Mark(part, bool(found[part]), tuple(found[part])) for part in PARTS)
    absent = _absent(marks, sound)
    drafts = tuple(variants(reading, absent, sound=sound, most=most))
    return Advice(prompt, sound, marks, tuple(_tips(absent)), drafts, tuple(_notes(reading, sound, drafts)))


def _absent(marks: tuple[Mark, ...], sound: bool | None) -> tuple[Part, ...]:
    """What the prompt leaves out; a clip that is to be silent lacks no sound."""
    missing = tuple(mark.part for mark in marks if mark.present is False)
    return tuple(part for part in missing if not (part == "sound" and sound is False))


def _tips(absent: tuple[Part, ...]) -> list[Tip]:
    found = [Tip(DESCRIBE, absent)] if absent else []
    if "sound" in absent:
        found.append(Tip(NAME_THE_SOUND, ("sound",)))
    if "motion" in absent:
        found.append(Tip(ACTION, ("motion",)))
    return [*found, Tip(VARY)]


def _notes(reading: Reading, sound: bool | None, drafts: tuple[Variant, ...]) -> list[str]:
    found = []
    if sound is False and reading.sound() and not reading.says(SILENCE):
        found.append(UNWANTED_SOUND)
    if len(drafts) < FEWEST:
        found.append(FEW)
    return found
