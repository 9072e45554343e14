"""Measures clips: one here, many in processes of their own, so that a file that kills its reader harms no other."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from rushes.benchmarks.measured import Measured, Value
from rushes.errors import BadFile

#: For so few, starting processes takes longer than they save.
ALONE = 2
#: How long a process that is told to end may take before it is killed, in seconds.
PATIENCE = 2.0


@dataclass(frozen=True)
class Job:
    """A clip to measure: its file, its place in the run, its content's hash, and the image it should begin with."""

    path: Path
    label: str
    sha256: str
    image: Path | None = None


def measure(path: Path, *, label: str, sha256: str, image: Path | None = None) -> Measured:
    """Everything the panel has on the clip at `path`; for a bad file `error` says why, and nothing is raised."""
    from rushes.benchmarks.metrics import METRICS
    from rushes.benchmarks.signals import read_signals
    from rushes.probe import probe

    try:
        signals = read_signals(path, probe(path), image)
    except BadFile as bad:
        return _measured(label, sha256, {}, bad.message)
    except OSError as bad:
        return _measured(label, sha256, {}, f"the file cannot be read: {bad.strerror or bad}")
    except MemoryError:
        return _measured(label, sha256, {}, "there is not enough memory to decode it")
    except Exception as bad:  # A broken file may break anything in its reader, such as a stream without a codec.
        return _measured(label, sha256, {}, f"it cannot be decoded: {type(bad).__name__}: {bad}")
    return _measured(label, sha256, {name: metric.read(signals) for name, metric in METRICS.items()}, None)


def measure_all(jobs: Iterable[Job], *, workers: int | None = None, on_done: Callable[[Measured], None]) -> None:
    """Measures each clip and hands it to `on_done`, in the order they are done; `workers` is by default one a core.

    A process that dies is replaced, and its clip's `error` says so. Whatever ends this call, Ctrl-C and an error of
    `on_done` among them, ends all processes first.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"{workers} workers measure nothing; at least 1")
    waiting = deque(jobs)
    if len(waiting) <= ALONE:
        for job in waiting:
            on_done(measure(job.path, label=job.label, sha256=job.sha256, image=job.image))
        return
    pool: list[_Worker] = []
    try:
        for _ in range(min(workers or os.cpu_count() or 1, len(waiting))):
            pool.append(_Worker())
            pool[-1].give(waiting.popleft())
        while pool:
            for worker in _ready(pool):
                job, measured = worker.job, worker.result()
                dead = measured is None
                if measured is None:
                    why = f"the process that measured it ended ({worker.ending()})"
                    measured = _measured(job.label, job.sha256, {}, why)
                if waiting:
                    if dead:
                        pool[pool.index(worker)] = worker = _Worker()
                    worker.give(waiting.popleft())
                else:
                    worker.end()
                    pool.remove(worker)
                on_done(measured)
    finally:
        for worker in pool:
            worker.end(at_once=True)


class _Worker:
    """A process that measures one clip at a time."""

    def __init__(self) -> None:
        # Spawned, not forked: FFmpeg's and NumPy's threads do not survive a fork.
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_work, args=(theirs,), daemon=True)
        with _no_interrupts():
            self._process.start()
        theirs.close()

    @property
    def pipe(self) -> Connection:
        return self._pipe

    def give(self, job: Job) -> None:
        self.job = job
        try:
            self._pipe.send(job)
        except OSError:  # It is dead already, and its end of the pipe tells so.
            pass

    def result(self) -> Measured | None:
        """What it measured; None where it died meanwhile."""
        try:
            measured = self._pipe.recv()
        except (EOFError, OSError):
            return None
        assert isinstance(measured, Measured)
        return measured

    def ending(self) -> str:
        """How it died, in words."""
        self.end()
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"signal {-code}, {signal.strsignal(-code)}"
        return f"exit code {code}"

    def end(self, *, at_once: bool = False) -> None:
        """Ends it; by force where it is at work or does not listen."""
        self._pipe.close()
        if at_once:
            self._process.kill()
        self._process.join(PATIENCE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _ready(pool: list[_Worker]) -> list[_Worker]:
    """Those that have something to say, at least one."""
    ready = wait([worker.pipe for worker in pool])
    return [worker for worker in pool if worker.pipe in ready]


def _work(pipe: Connection) -> None:
    """A worker's life: until its other end is closed, by a call that is done or by a parent that is gone."""
    while True:
        try:
            job: Job = pipe.recv()
        except (EOFError, OSError):
            return
        measured = measure(job.path, label=job.label, sha256=job.sha256, image=job.image)
        try:
            pipe.send(measured)
        except OSError:
            return


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """A process started in here never sees Ctrl-C, which a terminal sends to all: its parent ends it."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _measured(label: str, sha256: str, values: Mapping[str, Value], error: str | None) -> Measured:
    from rushes.benchmarks.metrics import METRICS

    impl = {name: metric.version for name, metric in METRICS.items()}
    return Measured(label=label, sha256=sha256, impl=impl, versions=_versions(), values=values, error=error)


@cache
def _versions() -> Mapping[str, str]:
    from av import __version__ as av
    from av import library_versions
    from numpy import __version__ as numpy

    libraries = {name: ".".join(str(part) for part in version) for name, version in library_versions.items()}
    return {"av": av, "numpy": numpy, **dict(sorted(libraries.items()))}
