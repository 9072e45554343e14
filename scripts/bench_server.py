"""A vendor in a process of its own: OpenAI's wire on loopback, as fast as Python goes.

Without options it does nothing but accept. With --median its jobs end, each after a time that it draws, and their clip
can be fetched; GET /v1/books then says what was asked of it.
"""

import argparse
import asyncio
import itertools
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

#: Writes an answer's body by method and path.
Answer = Callable[[str, str], tuple[str, bytes]]


@dataclass
class Job:
    #: When it was accepted, on a monotonic clock, and how many seconds it runs.
    begun: float
    length: float
    polls: int = 0
    #: Seconds from its end to the poll that found it.
    late: float | None = None
    fetched: int = 0

    def left(self) -> float:
        return self.begun + self.length - time.monotonic()


class Accepting:
    """Every request is a submit, and every job waits for ever."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)

    def answer(self, method: str, path: str) -> tuple[str, bytes]:
        return video(f"video_{next(self._ids)}", "queued")


class Making:
    """Jobs that end: log-normal lengths in seconds, drawn again where one is longer than `longest`."""

    def __init__(self, median: float, spread: float, longest: float, clip: bytes, seed: int) -> None:
        self._median, self._spread, self._longest = median, spread, longest
        self._clip = clip
        self._dice = Random(seed)
        self._jobs: dict[str, Job] = {}

    def answer(self, method: str, path: str) -> tuple[str, bytes]:
        match method, path.split("/")[2:]:
            case "POST", ["videos"]:
                id = f"video_{len(self._jobs) + 1}"
                self._jobs[id] = Job(time.monotonic(), self._length())
                return video(id, "queued")
            case "GET", ["videos", id]:
                job = self._jobs[id]
                job.polls += 1
                if (left := job.left()) > 0:
                    return video(id, "in_progress")
                job.late = -left if job.late is None else job.late
                return video(id, "completed")
            case "GET", ["videos", id, "content"]:
                self._jobs[id].fetched += 1
                return "video/mp4", self._clip
            case "GET", ["books"]:
                return "application/json", json.dumps([asdict(job) for job in self._jobs.values()]).encode()
        raise ValueError(f"{method} {path}")

    def _length(self) -> float:
        while (length := self._median * math.exp(self._spread * self._dice.gauss(0, 1))) > self._longest:
            pass
        return length


def video(id: str, status: str) -> tuple[str, bytes]:
    body = {"id": id, "object": "video", "status": status, "progress": 0, "model": "sora-2"}
    return "application/json", json.dumps(body | {"created_at": int(time.time())}).encode()


async def serve(answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Requests of one connection, until it ends."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *fields = head.decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in fields if line)
            await reader.readexactly(int(headers.get("content-length", 0)))
            method, path, _ = first.split(" ")
            kind, body = answer(method, path)
            start = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(start.encode() + body)
            await writer.drain()
            if headers.get("connection") == "close":
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--median", type=float, help="seconds that a job takes; without it none ever ends")
    parser.add_argument("--spread", type=float, default=0.45, help="standard deviation of the logarithm")
    parser.add_argument("--longest", type=float, default=math.inf, help="seconds")
    parser.add_argument("--clip", type=Path, help="the file that every finished job hands out")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    answer: Answer = Accepting().answer
    if options.median is not None:
        clip = options.clip.read_bytes()
        answer = Making(options.median, options.spread, options.longest, clip, options.seed).answer
    server = await asyncio.start_server(
        lambda reader, writer: serve(answer, reader, writer), "127.0.0.1", 0, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
