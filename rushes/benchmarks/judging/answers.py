"""What comes back from a judge: an answer in the form that was asked for, or one of the ways in which it is none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rushes.benchmarks.votes import Choice, Reason

#: answered: in the form that was asked for. refused: the judge or its filter would not say. truncated: it ended before
#: its end. nonsense: no JSON object. wrong_keys: another form. timed_out: nothing came in time. rate_limited: 429.
#: unavailable: 5xx. unauthorized: 401, 402, 403, or an account without money. rejected: any other 4xx. unreached: no
#: connection, so nothing was asked. lost: the connection or our process broke off with the question on its way.
Outcome = Literal[
    "answered",
    "refused",
    "truncated",
    "nonsense",
    "wrong_keys",
    "timed_out",
    "rate_limited",
    "unavailable",
    "unauthorized",
    "rejected",
    "unreached",
    "lost",
]
#: The judge has spoken: asked again it would say the same, and be paid again.
SPOKEN: frozenset[Outcome] = frozenset({"answered", "refused", "truncated", "nonsense", "wrong_keys"})
#: May be asked again at once.
AGAIN: frozenset[Outcome] = frozenset({"rate_limited", "unavailable", "unreached"})
#: Certainly not paid for.
FREE: frozenset[Outcome] = frozenset({"rate_limited", "unauthorized", "rejected", "unreached"})

Score = Annotated[int, Field(ge=1, le=5)] | None
#: Local servers wrap JSON in a fence where nothing holds them to it.
_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*)\n```\Z", re.DOTALL)


class Answer(BaseModel):
    """One answer, with the sides as they were shown."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    left: Mapping[str, Score]
    right: Mapping[str, Score]
    reason: str
    decided_by: tuple[Reason, ...]
    choice: Choice


@dataclass(frozen=True)
class Usage:
    """Tokens that the server counted; None where it did not say."""

    input: int | None = None
    output: int | None = None


@dataclass(frozen=True)
class Reply:
    """What became of one question."""

    outcome: Outcome
    answer: Answer | None = None
    #: Its words, or the server's.
    words: str = ""
    usage: Usage = Usage()
    #: HTTP status; None where none came.
    status: int | None = None
    #: Seconds that the server asks us to wait.
    wait: float | None = None
    #: The model that answered, by the server's own word.
    model: str | None = None
    #: True where the answer says that it is simulated.
    simulated: bool = False


def parse(text: str, asked: Sequence[Reason]) -> tuple[Outcome, Answer | None]:
    """The answer in a judge's words: `answered`, `nonsense` where there is no JSON object, else `wrong_keys`."""
    fenced = _FENCE.match(text.strip())
    try:
        data: Any = json.loads(fenced[1] if fenced else text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return "nonsense", None
    if not isinstance(data, dict):
        return "nonsense", None
    if isinstance(data.get("decided_by"), list):
        data["decided_by"] = tuple(data["decided_by"])
    try:
        answer = Answer.model_validate(data)
    except ValidationError:
        return "wrong_keys", None
    wanted = set(asked)
    if not (answer.left.keys() == answer.right.keys() == wanted and wanted.issuperset(answer.decided_by)):
        return "wrong_keys", None
    return "answered", answer


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def exchanged(choice: Choice) -> Choice:
    """The choice as it reads with the sides exchanged."""
    return {"left": "right", "right": "left"}.get(choice, choice)  # type: ignore[return-value]
