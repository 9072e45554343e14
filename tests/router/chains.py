"""Routes through the simulated vendors, policies to run them by, and a line that can be listened to or broken."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from rushes.http import httpx
from rushes.ledger import Job
from rushes.router.policy import Policy
from rushes.simulator.faults import Fault
from rushes.simulator.film import Film
from tests.jobs.conftest import Simulated

#: By the wire that comes first: endpoints that make a clip of their defaults, in the order of what it costs.
CHAINS: Mapping[str, tuple[str, ...]] = {
    "openai": ("openai/sora-2", "openai/sora-2-pro", "vertex/veo-3.1"),
    "vertex": ("vertex/veo-3.1-lite", "dashscope-cn/wan-2.5", "openai/sora-2"),
    "dashscope": ("dashscope-cn/wan-2.5", "openai/sora-2", "vertex/veo-3.1"),
    "vllm-omni": ("vllm-omni/wan-2.2", "vertex/veo-3.1-lite", "openai/sora-2"),
    "sglang": ("sglang/wan-2.2", "vertex/veo-3.1-lite", "openai/sora-2"),
}

Answer = httpx.Response | Exception


def policy(*allow: str, choose: str = "cost", **fields: Any) -> Policy:
    """One that chooses among `allow`; `fallback` and everything else as fields."""
    return Policy.model_validate({"name": "made-up", "choose": choose, "allow": allow, **fields})


def everything(**fields: Any) -> dict[str, Any]:
    """Goes on after whatever may be gone on after, but for what is unclear, and does not look at the money."""
    return {"spending": "capped", "after_refused": True, "after_overdue": True} | fields


def said(status: int, code: str | None = None, message: str | None = None, **headers: str) -> httpx.Response:
    """An error as OpenAI's wire words it."""
    body = {"error": {"message": message or f"trouble {status}", "code": code, "type": "error", "param": None}}
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


RETIRED = said(404, "model_not_found", "The model `sora-2` does not exist or has been retired")


@dataclass
class Line:
    """What goes to the vendors, in order, and what answers in their place."""

    asked: list[httpx.Request] = field(default_factory=list)
    #: For submits whose address and body hold a word: what answers in the vendor's place, in turn; the last one again
    #: and again, unless it is None, which lets everything through from then on.
    answers: dict[str, list[Answer | None]] = field(default_factory=dict)
    #: What goes wrong in worlds that are opened from now on.
    faults: list[Fault] = field(default_factory=list)
    #: Called before a submit goes through.
    before: Callable[[httpx.Request], Awaitable[None]] | None = None
    #: Set once a submit is on its way.
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def carry(self, request: httpx.Request, through: Callable[[], Awaitable[Any]]) -> Any:
        self.asked.append(request)
        if is_submit(request):
            self.reached.set()
            if self.before is not None:
                await self.before(request)
            for word, answers in self.answers.items():
                if word in words_of(request):
                    answer = answers[0] if len(answers) == 1 else answers.pop(0)
                    if isinstance(answer, Exception):
                        raise answer
                    if answer is not None:
                        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return await through()

    @property
    def submits(self) -> list[httpx.Request]:
        return [request for request in self.asked if is_submit(request)]

    def keys(self, requests: Sequence[httpx.Request]) -> list[str]:
        """The credential that each was made with."""
        return [request.headers.get("authorization", "").removeprefix("Bearer simulated-") for request in requests]


def is_submit(request: httpx.Request) -> bool:
    path = request.url.path
    return request.method == "POST" and path.endswith(("/videos", ":predictLongRunning", "/video-synthesis"))


def words_of(request: httpx.Request) -> str:
    return f"{request.url} {request.content.decode(errors='replace')}"


def owners(books: Sequence[Mapping[str, Any]]) -> list[str]:
    """The wire and model of each job in the vendors' books."""
    return [f"{job['wire']}/{job['model']}" for job in books]


def agree(jobs: Sequence[Job], simulated: Simulated) -> bool:
    """Whether the ledger and the vendors' books have the same jobs."""
    tickets = sorted(job.ticket["id"].rpartition("/")[2] for job in jobs if job.ticket is not None)
    return tickets == sorted(job["id"] for job in simulated.accepted())


def json_of(request: httpx.Request) -> Any:
    return json.loads(request.content)


def draw(folder: Path, path: Path, wanted: Film) -> None:
    """A film of the wanted length, size and sound, black and at a few frames a second; drawn once for each shape."""
    seconds, width, height = wanted.seconds, wanted.width, wanted.height
    if "short_film" in wanted.defects:
        seconds -= 1
    if "small_film" in wanted.defects:
        width, height = width // 4 * 2, height // 4 * 2
    sound = wanted.sound and "missing_sound" not in wanted.defects
    kept = folder / f"{seconds:g}-{width}-{height}-{sound}.mp4"
    if not kept.exists():
        _draw(draft := folder / path.name, seconds, width, height, sound=sound)
        draft.replace(kept)
    shutil.copyfile(kept, path)


def _draw(path: Path, seconds: float, width: int, height: int, *, sound: bool) -> None:
    import av
    import numpy as np

    with av.open(str(path), "w", format="mp4") as container:
        picture = container.add_stream("libx264", rate=8, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
        audio = container.add_stream("aac", rate=48_000, layout="mono") if sound else None
        for _ in range(round(seconds * 8)):
            container.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((height, width, 3), np.uint8))))
        container.mux(picture.encode())
        if audio is not None:
            for at in range(0, round(seconds * 48_000), 1024):
                quiet = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
                quiet.sample_rate, quiet.pts, quiet.time_base = 48_000, at, Fraction(1, 48_000)
                container.mux(audio.encode(quiet))
            container.mux(audio.encode())
