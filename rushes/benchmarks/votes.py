"""What somebody thought of two takes: a line of a run's `votes.jsonl`, which is only ever added to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Who looked. judge: a vision-language model.
RaterKind = Literal["person", "judge", "imported"]
Choice = Literal["left", "right", "tie", "both_bad"]
#: What decided it, as far as somebody said.
Reason = Literal["motion", "texture", "stability", "physics", "adherence", "sound", "text"]
#: What was looked at, by `Vote.raw`. A board holds the one or the other: size, rate and loudness, in which copies are
#: alike, are part of what votes on the files say.
SHOWN: Mapping[bool, str] = {False: "on rating copies", True: "on the files as delivered"}
REASONS: tuple[Reason, ...] = ("motion", "texture", "stability", "physics", "adherence", "sound", "text")
#: Takes with and without sound are never put together: sound alone wins votes.
Pool = Literal["sound", "silent"]


class Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal[1] = 1
    id: str
    at: datetime
    #: The rater's name; of a judge, its id.
    rater: str
    kind: RaterKind


class Judged(BaseModel):
    """What a judge said besides its choice."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    model: str
    rubric: int
    #: 1..5 for each dimension, left and right, as it was shown first; None where it gave none.
    left: Mapping[str, int | None]
    right: Mapping[str, int | None]
    #: The choice with the sides as they stand, and with the sides exchanged (in terms of the sides as they stand).
    shown: Choice
    exchanged: Choice
    #: US dollars for both questions; None where the endpoint has no price.
    usd: float | None
    #: True where the judge's maker made one of the two.
    same_maker: bool
    words: str


class Vote(Line):
    """One comparison of two takes of one prompt and cell."""

    type: Literal["vote"] = "vote"
    cell: str
    prompt: str
    pool: Pool
    #: Labels of the clips, as the sides were.
    left: str
    right: str
    choice: Choice
    reasons: tuple[Reason, ...] = ()
    #: How long it took to decide; None where nobody knows.
    seconds: Annotated[float, Field(ge=0)] | None = None
    #: True where the files themselves were shown, and not rating copies.
    raw: bool = False
    #: The vote of the same rater that it repeats with the sides exchanged.
    repeats: str | None = None
    judged: Judged | None = None


class Undo(Line):
    """Takes back an earlier vote or score of the same rater."""

    type: Literal["undo"] = "undo"
    undoes: str


class Score(Line):
    """Stars for one take; shown apart and never mixed with votes."""

    type: Literal["score"] = "score"
    clip: str
    stars: Annotated[float, Field(ge=1, le=5)]
    dimension: str | None = None


Record = Annotated[Vote | Undo | Score, Field(discriminator="type")]


def standing(lines: Iterable[Vote | Undo | Score]) -> tuple[list[Vote], list[Score]]:
    """The votes and scores that their rater has not taken back, in order."""
    left: dict[str, Vote | Score] = {}
    for line in lines:
        if isinstance(line, Undo):
            if (gone := left.get(line.undoes)) is not None and gone.rater == line.rater:
                del left[line.undoes]
        else:
            left[line.id] = line
    votes = [line for line in left.values() if isinstance(line, Vote)]
    return votes, [line for line in left.values() if isinstance(line, Score)]
