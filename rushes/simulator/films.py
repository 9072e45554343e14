"""The finished clips: drawn when first asked for, off the event loop, and kept in the world's folder."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from rushes.simulator import chance, faults
from rushes.simulator.job import Job, likeness_of
from rushes.simulator.models import UNKNOWN, Models


class Films:
    """`folder` is the world's; `job` finds a job that a clip goes on from."""

    def __init__(self, folder: Path, models: Models, seed: int, job: Callable[[str], Job | None]) -> None:
        self._folder = folder
        self._models = models
        self._seed = seed
        self._job = job
        self._drawers = ThreadPoolExecutor(2, thread_name_prefix="film")
        self._lock = threading.Lock()
        self._drawing: dict[Path, Future[Path]] = {}
        self._pens: dict[Path, threading.Lock] = {}

    def close(self) -> None:
        """Wait for films being drawn."""
        self._drawers.shutdown(wait=True, cancel_futures=True)

    async def film(self, job: Job, sample: int, following: Callable[[], Iterable[Job]]) -> Path:
        """The clip. While it is drawn, the other core draws those that will be asked for next, of `following`."""
        path = self._path(job, sample)
        if path.exists():
            return path
        wanted = self._begin(path, job, sample)
        for other in following():
            for each in range(other.delivered):
                if not (ahead := self._path(other, each)).exists():
                    self._begin(ahead, other, each)
        return await asyncio.shield(asyncio.wrap_future(wanted))

    def _begin(self, path: Path, job: Job, sample: int) -> Future[Path]:
        with self._lock:
            future = self._drawing.get(path)
            if future is None or (future.done() and not path.exists()):
                future = self._drawing[path] = self._drawers.submit(self._draw, job, sample)
        return future

    def _path(self, job: Job, sample: int) -> Path:
        return self._folder / "films" / f"{job.id}-{sample}.mp4"

    def _draw(self, job: Job, sample: int) -> Path:
        path = self._path(job, sample)
        with self._lock:
            pen = self._pens.setdefault(path, threading.Lock())
        with pen:
            if not path.exists():
                self._draw_to(path, job, sample)
        return path

    def _draw_to(self, path: Path, job: Job, sample: int) -> None:
        from rushes.simulator.film import DEFECTS, Film, draw

        asked, clip = job.asked, job.asked.clip
        served = self._models.find(asked.wire, asked.card_name or asked.model)
        plain, _ = faults.read(asked.prompt)
        if asked.seed is None:
            seed = chance.dice(self._seed, likeness_of(asked, plain), job.nth, sample).getrandbits(32)
        else:
            seed = asked.seed + sample
        film = Film(
            prompt=plain,
            model=served.card.name if served else asked.model,
            seconds=clip.seconds if clip.new_seconds is None else clip.new_seconds,
            width=clip.width,
            height=clip.height,
            fps=clip.fps,
            sound=clip.sound,
            seed=seed,
            detail=served.card.simulation.detail if served else UNKNOWN,
            steadiness=served.card.simulation.steadiness if served else UNKNOWN,
            continues=self._file(clip.continues) if clip.continues else None,
            first_image=(self._folder / clip.first_image).read_bytes() if clip.first_image else None,
            defects=frozenset(job.tricks.keys() & DEFECTS.keys()),
        )
        draw(path, film)

    def _file(self, name: str) -> Path:
        """A clip to go on from: an input, or another job's clip, drawn if need be."""
        if name.startswith("inputs/"):
            return self._folder / name
        id, _, sample = name.partition("#")
        job = self._job(id)
        if job is None:
            raise LookupError(f"no job '{id}' to continue")
        return self._draw(job, int(sample))
