"""What questions cost: at most before they go out, and really after, as far as anybody tells."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from rushes.benchmarks.judging import rubric
from rushes.benchmarks.judging.answers import FREE, Reply
from rushes.benchmarks.judging.frames import Seen, frames_in, pictures_of
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
        """What one question about a pair costs at most, by the lengths of its clips."""
        return self.at_most(pair.text, self._expected(pair.left), self._expected(pair.right))

    def at_most(self, prompt: str, left: Seen, right: Seen) -> Decimal | None:
        """US dollars; None without a price, or where nobody knows how many tokens a picture or a second of film is."""
        judge = self._judge
        text = rubric.opening(prompt) + rubric.question(rubric.dimensions(sound=judge.hears))
        tokens = len(text) // CHARACTERS + FORM_TOKENS
        for seen in (left, right):
            if seen.film is not None:
                if judge.frame_tokens is None or judge.sound_tokens is None:
                    return None
                tokens += seen.frames * judge.frame_tokens + int((seen.seconds + 1) * judge.sound_tokens)
            elif judge.image_tokens is None:
                return None
            else:
                tokens += len(seen.pictures) * judge.image_tokens
        return None if self._price is None else self._price.usd(tokens, judge.answer_tokens)

    def of(self, reply: Reply, most: Decimal | None) -> tuple[Decimal | None, How]:
        """What a question cost by its reply; `most`, in full, where a server may have worked and did not say."""
        if reply.outcome in FREE or (reply.status is not None and 400 <= reply.status < 500):
            return Decimal(0), "not billed"
        if self._price is None:
            return None, "unknown"
        if reply.usage.input is not None and reply.usage.output is not None:
            return self._price.usd(reply.usage.input, reply.usage.output), "reported"
        return most, "unknown" if most is None else "assumed"

    def _expected(self, take: Take) -> Seen:
        """A clip as it will be sent, as far as its length tells."""
        frames = frames_in(take.seconds, self._judge.fps)
        if self._judge.sees == "video":
            return Seen(film=b"", frames=frames, seconds=take.seconds)
        pictures = pictures_of(frames, self._judge.pictures_each)
        return Seen(pictures=(b"",) * pictures, frames=frames, seconds=take.seconds)
