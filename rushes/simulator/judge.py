"""A simulated judge of films, on OpenAI's chat completions and on Google's generateContent.

It looks at nothing but the pictures (or films) in the request: the calmer of two films is the better one, as the films
of unsteady models boil and flicker. It likes the left side a little (POSITION_BIAS), and some of its answers are chance
(WAVERS): both are there to be found out. The same request gets the same answer.

What the wires take is checked field by field, after OpenAI's reference for chat completions and Google's for
generateContent (read 2026-11-22); texts that were never published are made up in the shape of the rest. A prompt with
`[judge: NAME]` or `[judge: NAME x3]` in it, or `POST /_simulator/judge` with such a name, makes it misbehave (FAULTS).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from rushes.simulator import chance, faults
from rushes.simulator.body import BadBody, read_json
from rushes.simulator.headers import whole_seconds
from rushes.simulator.judge_checks import (
    Asked,
    Refused,
    Side,
    check_bearer,
    check_google_key,
    google_error,
    openai_error,
    read_chat,
    read_generate,
)
from rushes.simulator.sight import Look, look_at_film, look_at_pictures
from rushes.simulator.world import World

#: Share of its answers that say left, whatever there is to see.
POSITION_BIAS = 0.08
#: Share of its answers that are the toss of a coin.
WAVERS = 0.06
#: How sure it is of a difference in unrest: 1 makes it prefer the calmer film nine times in ten.
SURENESS = 2.2
#: Films that differ by less are equally good; two that are both worse than UNBEARABLE are both bad.
EQUAL, UNBEARABLE = 0.04, 12.0
#: World seconds until it answers: median and logarithmic standard deviation.
PACE, SPREAD = 5.0, 0.4
#: World seconds that `slow` takes, more than anybody waits.
SLOW = 3600.0
RETRY_AFTER = 20.0
#: Tokens that it counts for a picture, for a frame of a film, and for one second of sound.
PICTURE, FRAME, SOUND = 160, 70, 32

FAULTS = {
    "nonsense": "words that are no JSON",
    "wrong_keys": "JSON of another form",
    "refusal": "it will not say",
    "truncated": "the answer ends in the middle",
    "slow": "the answer comes after an hour",
    "rate_limited": "429 with Retry-After",
    "rate_limited_bare": "429 without Retry-After",
    "error_500": "500",
    "unauthorized": "401: the key is turned down",
    "cut": "the connection is cut after the question was read",
}
#: The dimensions that it can give scores for, with what it takes off for unrest.
SCORES = {"motion": 0.9, "texture": 0.5, "stability": 1.3, "physics": 0.6, "adherence": 0.2, "sound": 0.0}

_MARKER = re.compile(r"\[judge:\s*([a-z0-9_]+)(?:\s+x(\d+))?\s*\]")
_NAMES = re.compile(r'"(motion|texture|stability|physics|adherence|sound|text)"')


class Judge:
    """`openai` and `gemini` are what stands before each wire's paths."""

    def __init__(self, world: World, openai: str, gemini: str) -> None:
        self._world = world
        self._openai, self._gemini = openai, gemini
        #: Faults that were set, with how often each still strikes and how many questions it lets pass first.
        self._set: list[tuple[str, int, int]] = []
        #: Questions that were read, by what became of them.
        self._books: dict[str, int] = {}

    def routes(self) -> Iterator[BaseRoute]:
        yield Route(f"{self._openai}/chat/completions", self.chat, methods=["POST"])
        yield Route(f"{self._gemini}/models/{{call}}", self.generate, methods=["POST"])
        yield Route("/_simulator/judge", self.books)
        yield Route("/_simulator/judge", self.add_fault, methods=["POST"])

    async def chat(self, request: Request) -> ASGIApp:
        try:
            check_bearer(request)
            asked = read_chat(await read_json(request))
            said = await self._answer(asked)
        except (BadBody, Refused) as error:
            return openai_error(error)
        message = {"role": "assistant", "content": said.text, "refusal": None}
        if said.ended == "refused":
            message |= {"content": None, "refusal": said.text}
        usage = {"prompt_tokens": said.read, "completion_tokens": said.spoken, "total_tokens": said.read + said.spoken}
        ended = "length" if said.ended == "truncated" else "stop"
        choice = {"index": 0, "message": message, "finish_reason": ended, "logprobs": None}
        body = {"id": f"chatcmpl-{said.id}", "object": "chat.completion", "model": asked.model, "choices": [choice]}
        return JSONResponse(body | {"created": int(self._world.now().timestamp()), "usage": usage})

    async def generate(self, request: Request) -> ASGIApp:
        model, _, verb = request.path_params["call"].partition(":")
        try:
            check_google_key(request)
            if verb != "generateContent":
                raise Refused(404, f"There is no method '{verb}' of models.")
            asked = read_generate(model, await read_json(request))
            said = await self._answer(asked)
        except (BadBody, Refused) as error:
            return google_error(error)
        told = {
            "promptTokenCount": said.read,
            "candidatesTokenCount": said.spoken,
            "totalTokenCount": said.read + said.spoken,
        }
        body: dict[str, Any] = {"usageMetadata": told, "modelVersion": asked.model, "responseId": said.id}
        if said.ended == "refused":
            return JSONResponse(body | {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
        ended = "MAX_TOKENS" if said.ended == "truncated" else "STOP"
        content = {"role": "model", "parts": [{"text": said.text}]}
        return JSONResponse(body | {"candidates": [{"index": 0, "content": content, "finishReason": ended}]})

    async def books(self, request: Request) -> Response:
        """How many questions were read, by what became of them; `answered` and what follows it there were paid for."""
        return JSONResponse({"questions": self._books, "faults": FAULTS, "position_bias": POSITION_BIAS})

    async def add_fault(self, request: Request) -> Response:
        """One fault, such as {"name": "error_500", "times": 2, "after": 3}."""
        try:
            body = await read_json(request)
            name, times, after = body["name"], int(body.get("times", 1)), int(body.get("after", 0))
        except (BadBody, KeyError, TypeError, ValueError):
            return JSONResponse({"error": "a fault has a name, and may have times and after"}, 400)
        if name not in FAULTS:
            return JSONResponse({"error": f"there is no fault '{name}'; there are: {', '.join(FAULTS)}"}, 400)
        self._set.append((name, times, after))
        return JSONResponse({"name": name, "times": times, "after": after}, 201)

    async def _answer(self, asked: Asked) -> Said:
        fault = self._fault(asked)
        await self._before(fault)
        try:
            looks = await run_in_threadpool(_looks, asked)
        except ValueError as error:
            raise Refused(400, f"Could not process a picture or film: {error}") from None
        dice = chance.dice(self._world.seed, asked.model, *(look.digest for look in looks.values()), asked.text)
        await self._world.clock.sleep(SLOW if fault == "slow" else PACE * math.exp(dice.gauss(0, SPREAD)))
        text = opinion(looks, asked.text, self._world.seed)
        ended = "stop"
        match fault:
            case "nonsense":
                text = "Both videos are lovely, and I could not possibly choose."
            case "wrong_keys":
                text = json.dumps({"winner": "left", "confidence": 0.9})
            case "refusal":
                text, ended = "I cannot help with comparing these videos.", "refused"
            case "truncated":
                text, ended = text[: len(text) // 2], "truncated"
            case _:
                pass
        spoken = len(text) // 4 + 1
        if spoken > asked.limit:
            text, ended, spoken = text[: asked.limit * 4], "truncated", asked.limit
        self._note(fault or "answered")
        read = len(asked.text) // 4 + sum(look.tokens for look in looks.values())
        return Said(text, ended, read, spoken, f"{dice.getrandbits(96):024x}")

    async def _before(self, fault: str | None) -> None:
        """Whatever strikes before it has looked."""
        wait = whole_seconds(self._world.clock, RETRY_AFTER)
        match fault:
            case "rate_limited":
                self._note(fault)
                raise Refused(429, f"Rate limit reached. Try again in {wait}s.", headers={"retry-after": str(wait)})
            case "rate_limited_bare":
                self._note(fault)
                raise Refused(429, "Rate limit reached.")
            case "error_500":
                self._note(fault)
                raise Refused(500, "The server had an error while processing your request.")
            case "unauthorized":
                self._note(fault)
                raise Refused(401, "This key may not do that.", code="invalid_api_key")
            case "cut":
                self._note(fault)
                raise faults.Dropped("the simulated judge read the question and cut the connection")
            case _:
                return

    def _fault(self, asked: Asked) -> str | None:
        for name, times in _MARKER.findall(asked.text):
            if name not in FAULTS:
                raise Refused(400, f"there is no fault '{name}' of the judge; there are: {', '.join(FAULTS)}")
            if not times or self._world.count(f"judge {asked.wire} {asked.text}") < int(times):
                return str(name)
        struck: str | None = None
        for place, (name, times, after) in enumerate(self._set):
            if after:
                self._set[place] = (name, times, after - 1)
            elif times and struck is None:
                self._set[place] = (name, times - 1, 0)
                struck = name
        return struck

    def _note(self, what: str) -> None:
        self._books[what] = self._books.get(what, 0) + 1


@dataclass(frozen=True)
class Said:
    """What it says: its words, how they ended (stop, truncated, refused), and tokens read and spoken."""

    text: str
    ended: str
    read: int
    spoken: int
    id: str


def opinion(looks: Mapping[Side, Look], text: str, seed: int) -> str:
    """Its answer as JSON, or words where it cannot tell which film is which."""
    if len(looks) < 2:
        return "I cannot tell the two videos apart: say LEFT video and RIGHT video before each."
    left, right = looks["left"], looks["right"]
    asked = [*dict.fromkeys(_NAMES.findall(text))]
    scores = {side: {name: _score(look, name) for name in asked} for side, look in looks.items()}
    choice = _choice(left, right, seed)
    return json.dumps(
        {
            "left": scores["left"],
            "right": scores["right"],
            "reason": f"SIMULATED: unrest {left.unrest:.2f} on the left, {right.unrest:.2f} on the right.",
            "decided_by": ["stability"] if choice in scores and "stability" in asked else [],
            "choice": choice,
        }
    )


def _score(look: Look, name: str) -> int | None:
    if name == "text" or (name == "sound" and not look.heard):
        return None
    return max(1, min(5, round(5 - SCORES[name] * look.unrest)))


def _choice(left: Look, right: Look, seed: int) -> str:
    """The calmer film, but for bias and chance. What of it is chance hangs on the two films, and for WAVERS and
    POSITION_BIAS also on which of them is left."""
    shown = chance.dice(seed, "shown", left.digest, right.digest)
    if shown.random() < POSITION_BIAS:
        return "left"
    if shown.random() < WAVERS:
        return shown.choice(["left", "right"])
    if min(left.unrest, right.unrest) > UNBEARABLE:
        return "both_bad"
    more = right.unrest - left.unrest
    if abs(more) < EQUAL:
        return "tie"
    first, second = sorted((left, right), key=lambda look: look.digest)
    better_first = 1 / (1 + math.exp(-SURENESS * (second.unrest - first.unrest)))
    prefers_first = chance.dice(seed, "films", first.digest, second.digest).random() < better_first
    return "left" if (first is left) == prefers_first else "right"


def _looks(asked: Asked) -> dict[Side, Look]:
    looks: dict[Side, Look] = {}
    for side in ("left", "right"):
        if side in asked.films:
            looks[side] = look_at_film(asked.films[side], asked.fps, frame_tokens=FRAME, sound_tokens=SOUND)
        elif asked.pictures.get(side):
            looks[side] = look_at_pictures(asked.pictures[side], picture_tokens=PICTURE)
    return looks
