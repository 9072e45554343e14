"""The vendor of the kill tests: the simulator in a process of its own, which survives every kill and keeps the truth.

`listable` is the OpenAI wire, whose list shows what was accepted; `neither` is Vertex, where nothing can be looked up.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rushes.card import load_cards
from rushes.simulator import film
from rushes.simulator.app import simulator
from rushes.simulator.clock import ScaledClock
from rushes.simulator.faults import FaultBook
from rushes.simulator.limits import NO_LIMITS
from rushes.simulator.world import World

#: Real seconds before and after a job is accepted, so that kills fall in between.
LATENCY = (0.05, 0.15)
#: How often what goes wrong in a vendor's moods.
MOODS = {
    "rate_limited_bare": 0.03,
    "moderated_at_once": 0.06,
    "error_503": 0.02,
    "drop_before_accept": 0.01,
    "drop_after_accept": 0.03,
    "error_500_after_accept": 0.02,
    "cut_answer": 0.02,
    "late_failure": 0.2,
    "moderated": 0.12,
    "poll_500": 0.05,
}


class Moods(FaultBook):
    """Faults that strike by chance, beside those that are set."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._dice = Random(seed)

    def striking(self, wire: str, names: Iterable[str]) -> list[str]:
        names = [*names]
        by_chance = [name for name in names if self._dice.random() < MOODS.get(name, 0.0)]
        return [*super().striking(wire, names), *by_chance]


#: That it is simulated, since such jobs have caps of their own; and when to ask next, for jobs that take minutes.
UNSAID = (b"x-rushes-", b"openai-poll-after-ms")


def quiet(app: ASGIApp) -> ASGIApp:
    """The same without the headers that say what is UNSAID."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def plain(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [each for each in message["headers"] if not each[0].startswith(UNSAID)]
                message = {**message, "headers": kept}
            await send(message)

        await app(scope, receive, plain)

    return answer


def main(folder: Path, cards: Path, moods: int | None = None) -> None:
    draw, drawn = film.draw, folder / "one-for-all.mp4"

    def draw_once(path: Path, wanted: film.Film) -> None:
        if not drawn.exists():
            draw(drawn, wanted)
        shutil.copyfile(drawn, path)

    film.draw = draw_once
    world = World(folder, ScaledClock(datetime.now(UTC), 1.0), cards=load_cards(cards), limits=NO_LIMITS)
    if moods is not None:
        world.faults = Moods(moods)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    app = quiet(simulator(world, vendor_latency=LATENCY))
    server = uvicorn.Server(uvicorn.Config(app, http="h11", lifespan="off", log_level="error", access_log=False))
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    asyncio.run(server.serve(sockets=[listener]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
