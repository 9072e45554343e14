"""A run of small clips, and a judge that answers by script, in time that jumps."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rushes.benchmarks.clips import clips_of
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.judging.charge import Cap, Charge
from rushes.benchmarks.judging.judge import Judging
from rushes.benchmarks.judging.judges import Judge, Price
from rushes.benchmarks.judging.pairs import Pair, pairs_of
from rushes.benchmarks.judging.records import Records, records
from rushes.benchmarks.votebook import VOTES
from rushes.benchmarks.votes import Vote
from rushes.card import load_cards
from rushes.http import Api, httpx
from rushes.simulator.clock import VirtualClock
from tests.benchmarks.conftest import make_info, make_result, make_suite
from tests.benchmarks.golden import golden

START = datetime(2026, 8, 1, tzinfo=UTC)
DAY = date(2026, 11, 22)
KEY = "canary-key-3f9a"
CARDS = load_cards()
#: What becomes of a question: a response, an error of the connection, or how long it hangs.
Reply = httpx.Response | Exception | float

ONE_SECOND: dict[str, Any] = {
    "sent": {**make_result().sent, "seconds": 1.0},
    "delivered": {**(make_result().delivered or {}), "seconds": 1.0},
}
PRICE = Price(since=date(2026, 1, 1), input=Decimal(1), output=Decimal(4), checked=DAY, source="made up")


def entry(**changes: Any) -> Judge:
    """A judge with a price that asks one question at a time, as small as can be."""
    given: dict[str, Any] = {
        "name": "The test judge",
        "maker": "OpenAI",
        "wire": "openai",
        "model": "judge-1",
        "base_url": "https://judge.test/v1",
        "auth": "bearer",
        "key_variables": ("JUDGE_KEY",),
        "side": 64,
        "concurrency": 1,
        "image_tokens": 100,
        "prices": (PRICE,),
    }
    return Judge(**(given | changes))


def make_folder(
    home: Path, prompts: int = 1, models: Sequence[str] = ("sora-2", "wan-2.5"), samples: int = 1, **info: Any
) -> Folder:
    """The run `run`, with a clip of 1 s, 64x36, for each prompt and model, each with a texture of its own."""
    folder = Folder(home, "run")
    suite = make_suite(
        *(f"a paper boat, take {number}" for number in range(1, prompts + 1)),
        models={model: f"{'dashscope-intl' if 'wan' in model else 'openai'}/{model}" for model in models},
    )
    with folder.alone():
        folder.save(make_info(suite, **info))
        for number in range(1, prompts + 1):
            for place, model in enumerate(models):
                for sample in range(1, samples + 1):
                    name = f"clips/{model}-p{number}-{sample}.mp4"
                    path = folder.path / name
                    path.parent.mkdir(exist_ok=True)
                    path.write_bytes(film(number * 100 + place * 10 + sample))
                    digest = sha256(path.read_bytes()).hexdigest()
                    folder.add(make_result(model, f"p{number}", sample=sample, clip=name, sha256=digest, **ONE_SECOND))
    return folder


@cache
def film(seed: int) -> bytes:
    """A clip of 1 s, 64x36."""
    with TemporaryDirectory() as folder:
        return golden(seconds=1.0, width=64, height=36, seed=seed).write(Path(folder) / "film.mp4").read_bytes()


def pairs(folder: Folder, seed: int = 0) -> list[Pair]:
    info = folder.known()
    clips = clips_of(info, list(folder.results().values()), folder.measures())
    return pairs_of(info, clips, folder.path, CARDS, seed=seed)[0]


def says(choice: str, *, left: int = 4, right: int = 2, **more: Any) -> httpx.Response:
    """A good answer, with 1000 tokens read and 100 spoken."""
    names = ("motion", "texture", "stability", "physics", "adherence", "text")
    words = {
        "left": dict.fromkeys(names, left),
        "right": dict.fromkeys(names, right),
        "reason": "because",
        "decided_by": ["motion"],
        "choice": choice,
    }
    return spoken(json.dumps(words), **more)


def spoken(words: str, *, ended: str = "stop", usage: bool = True, headers: Mapping[str, str] | None = None) -> Any:
    body: dict[str, Any] = {
        "model": "judge-1-0901",
        "choices": [{"message": {"content": words}, "finish_reason": ended}],
    }
    if usage:
        body["usage"] = {"prompt_tokens": 1000, "completion_tokens": 100}
    return httpx.Response(200, json=body, headers=headers)


def trouble(status: int, message: str = "trouble", code: str | None = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"error": {"message": message, "code": code}}, headers=named)


class Script:
    """A judge that gives its replies in turn, the last one again and again; or whatever a function says."""

    def __init__(self, *replies: Reply | Callable[[Any], Reply]) -> None:
        self.clock = VirtualClock(START)
        self.asked: list[httpx.Request] = []
        self.times: list[float] = []
        self._replies = [*replies]
        #: Set to hold every answer back until it is set again.
        self.open = asyncio.Event()
        self.open.set()
        #: Set once so many questions are on their way at once.
        self.together = asyncio.Event()
        self.wanted = 2
        #: Questions on their way now, and at most.
        self.now = self.most = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self.times.append(self.clock.monotonic())
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == self.wanted:
            self.together.set()
        try:
            await self.open.wait()
            reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
            said = reply(json.loads(request.content)) if callable(reply) else reply
            if isinstance(said, Exception):
                raise said
            if isinstance(said, float):
                await self.clock.sleep(said)
                return says("tie")
            return httpx.Response(said.status_code, content=said.content, headers=said.headers)
        finally:
            self.now -= 1

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.asked]


@dataclass(frozen=True)
class Key:
    async def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {KEY}"}


@asynccontextmanager
async def start(
    folder: Folder,
    script: Script,
    judge: Judge | None = None,
    charge: Charge | None = None,
    rater: str = "test-judge",
    **more: Any,
) -> AsyncIterator[tuple[Judging, Records]]:
    """One start of the judge on a run; the records are free again after it."""
    chosen = judge or entry()
    with records(folder) as kept:
        async with httpx.AsyncClient(transport=httpx.MockTransport(script)) as http:
            api = Api(http, chosen.base_url, Key())
            # The clips themselves: most of what is tested is not what is shown, and copies take their time.
            how: dict[str, Any] = {"rater": rater, "day": DAY, "key": KEY, "raw": True} | more
            yield Judging(folder, kept, chosen, api, charge or Cap(), script.clock, **how), kept


def votes(folder: Folder) -> list[Vote]:
    path = folder.path / VOTES
    if not path.exists():
        return []
    return [Vote.model_validate_json(line) for line in path.read_bytes().splitlines()]


def lines(folder: Folder) -> list[Any]:
    path = folder.path / "judge.jsonl"
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def shown_first(body: Any) -> str:
    """The first picture of the left side, as sent."""
    text = json.dumps(body)
    found = re.search(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", text)
    assert found is not None
    return found[1]
