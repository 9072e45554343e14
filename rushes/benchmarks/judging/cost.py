"""What questions cost: at most before they go out, and really after, as far as anybody tells."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from rushes.benchmarks.judging import rubric
from rushes.benchmarks.judging.answers import FREE, Reply
from rushes.benchmarks.judging.frames import frames_in, pictures_of
from rushes.benchmarks.judging.judges import Judge
from rushes.benchmarks.judging.pairs import Pair, Take
from rushes.benchmarks.judging.records import How

#: Characters of plain English in a token are four; three keep an estimate on the safe side.
CHARACTERS = 3
#: Headings, and the schema of the answer.
FORM_TOKENS = 600


class Costs:
    """One judge's, by the price of `day`."""

    def __init__(self, judge: Judge, day: date) -> None:
        self._judge = judge
        self._price = judge.price(day)

    def of_pair(self, pair: Pair) -> Decimal | None:
        """What one question about a pair costs at most, in US dollars, by the lengths of its clips.

        None without a price, or where nobody knows how many tokens a picture or a second of film is.
        """
        text = rubric.opening(pair.text) + rubric.question(rubric.dimensions(sound=self._judge.hears))
        left, right = self._tokens(pair.left), self._tokens(pair.right)
        if self._price is None or left is None or right is None:
            return None
        return self._price.usd(len(text) // CHARACTERS + FORM_TOKENS + left + right, self._judge.answer_tokens)

    def of(self, reply: Reply, most: Decimal | None) -> tuple[Decimal | None, How]:
        """What a question cost by its reply; `most`, in full, where a server may have worked and did not say."""
        if reply.outcome in FREE or (reply.status is not None and 400 <= reply.status < 500):
            return Decimal(0), "not billed"
        if self._price is None:
            return None, "unknown"
        if reply.usage.input is not None and reply.usage.output is not None:
            return self._price.usd(reply.usage.input, reply.usage.output), "reported"
        return most, "unknown" if most is None else "assumed"

    def _tokens(self, take: Take) -> int | None:
        """Of a clip as it will be sent, as far as its length tells."""
        judge = self._judge
        frames = frames_in(take.seconds, judge.fps)
        if judge.sees == "video":
            if judge.frame_tokens is None or judge.sound_tokens is None:
                return None
            return frames * judge.frame_tokens + int((take.seconds + 1) * judge.sound_tokens)
        return None if judge.image_tokens is None else pictures_of(frames, judge.pictures_each) * judge.image_tokens
