"""What a prompt says, word by word: which of the things that can be described it names, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rushes.coach import words
from rushes.coach.words import BEFORE_NOUNS, CAMERA_MOVES, IN_A_NAMED_PLACE, PAST, PLURALS, Words, compiled


@dataclass(frozen=True, order=True)
class Span:
    """Words of the prompt: characters `start` up to `end`."""

    start: int
    end: int
    words: str


#: Stands for what is not read, and is no part of any word.
_HIDDEN = "\x00"
_QUOTES = re.compile(
    r"""
    "[^"\n]*" | “[^”\n]*” | „[^“”\n]*[“”] | «[^»\n]*» | 「[^」\n]*」
    | (?<!\w)['‘] (?=\S) (?:[^'’\n] | (?<=\w)['’](?=\w))* ['’] (?!\w)  # apostrophes within are none
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[^\W\d_]+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Words that stand in almost every English sentence.
_ENGLISH = _set("the a an of and in on at with to is are by from into over under through its his her as for it")
#: Articles and the like of languages that are written with the same letters.
_OTHERS = _set(
    """
    el la los las un una del que con en por y sobre hacia le les des une du dans avec sur et au aux est der das ein eine
    einen einem und mit auf im ist den dem vor il gli di che nel nella lo per um uma com em não na ao og på med av ett
    och som het een met op van bij w się jest bir ve ile
    """
)


def is_english(prompt: str) -> bool:
    """True where the words seem to be English: mostly Latin letters, and few articles of other languages."""
    text = without_quotes(prompt)
    letters = [each for each in text if each.isalpha()]
    if not letters or sum(each < "\u0250" for each in letters) * 2 < len(letters):
        return False
    found = [word.lower() for word in _WORD.findall(text)]
    other = sum(word in _OTHERS for word in found)
    return other < 2 or other <= sum(word in _ENGLISH for word in found)


def without_quotes(prompt: str) -> str:
    """The prompt with what is quoted hidden; as long as before."""
    return _QUOTES.sub(lambda found: _HIDDEN * len(found[0]), prompt)


class Reading:
    """One prompt; `find` and `says` answer for one thing."""

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt
        self.text = without_quotes(prompt).replace("’", "'")
        self.camera_moves = self._spans(CAMERA_MOVES, self.text)
        #: The prompt without the words on how the camera moves.
        self._rest = self._hide(self.text, [*self.camera_moves, *self.find(words.MOVE)])

    def says(self, *things: Words) -> bool:
        return any(self.find(each) for each in things)

    def find(self, thing: Words) -> list[Span]:
        return self._find(thing, self.text)

    def scene(self) -> list[Span]:
        named = self._spans(IN_A_NAMED_PLACE, self.text)
        return _merged([*self._all(words.PLACE, words.TIME, words.LIGHT, words.WEATHER), *named])

    def camera(self) -> list[Span]:
        said = self._all(words.MOVE, words.FRAMING, words.ANGLE, words.LENS, words.SHOTS)
        return _merged([*said, *self.camera_moves])

    def sound(self) -> list[Span]:
        return _merged(self.find(words.SOUND))

    def motion(self) -> list[Span]:
        moving = [span for span in self._find(words.MOTION, self._rest) if not self._is_noun(span)]
        return _merged([*moving, *self.find(words.STILLNESS)])

    def _all(self, *things: Words) -> list[Span]:
        return [span for thing in things for span in self.find(thing)]

    def _find(self, thing: Words, text: str) -> list[Span]:
        says, friends = compiled(thing)
        if friends is not None:
            text = self._hide(text, self._spans(friends, text))
        return self._spans(says, text)

    def _spans(self, expression: re.Pattern[str], text: str) -> list[Span]:
        found = expression.finditer(text)
        return [Span(each.start(), each.end(), self.prompt[each.start() : each.end()]) for each in found]

    @staticmethod
    def _hide(text: str, spans: list[Span]) -> str:
        for span in spans:
            text = text[: span.start] + _HIDDEN * (span.end - span.start) + text[span.end :]
        return text

    def _is_noun(self, span: Span) -> bool:
        """`a run`, `the waves`, `Niagara Falls`: the form of a verb, and none."""
        if " " in span.words or span.words.lower().endswith(("ing", "ed")):
            return False
        before = self.text[: span.start].rstrip(" -")
        if not before or before[-1] in ".!?:;\n":
            return False
        if span.words[0].isupper() and not before.isupper():
            return True
        last = [word.lower() for word in _WORD.findall(before)[-5:]]
        if not last or not before.lower().endswith(last[-1]):
            return False
        if last[-1] in BEFORE_NOUNS:
            return True
        # `a dew drop`, but `the dogs run`, `the children run`, `a man and a woman run`.
        plain = not span.words.lower().endswith("s") and span.words.lower() not in PAST
        one = not last[-1].endswith("s") and last[-1] not in PLURALS and "and" not in last
        return plain and one and len(last) > 1 and last[-2] in BEFORE_NOUNS


def _merged(spans: list[Span]) -> list[Span]:
    """In the order of the text; of words within others, only the others."""
    kept: list[Span] = []
    for span in sorted(set(spans), key=lambda each: (each.start, -each.end)):
        if not kept or span.end > kept[-1].end:
            kept.append(span)
    return kept
