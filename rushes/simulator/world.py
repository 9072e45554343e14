"""The simulated world: every job the vendors accepted, kept so that a killed program finds it again.

Everything lies in one folder: `world.sqlite` (jobs, inputs, the headers seen by other hosts), `clock` (the world's
time, eight bytes), `inputs/` and `films/`. Several processes may share it. What state a job is in follows from its
row and the time alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Literal, Self

from rushes.card import Card
from rushes.simulator import chance, faults
from rushes.simulator.clock import Clock
from rushes.simulator.faults import Fault, FaultBook
from rushes.simulator.limits import LIMITS, Limits, limit
from rushes.simulator.models import USUAL, Models

#: All four models of the brief lived on this day.
START = datetime(2026, 8, 1, tzinfo=UTC)

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    wire TEXT NOT NULL,
    model TEXT NOT NULL,
    created REAL NOT NULL,
    ends REAL NOT NULL,
    likeness TEXT NOT NULL,
    row TEXT NOT NULL,
    cancelled REAL,
    deleted REAL
);
CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs (wire, model, created);
CREATE INDEX IF NOT EXISTS jobs_by_end ON jobs (wire, model, ends);
CREATE INDEX IF NOT EXISTS jobs_by_likeness ON jobs (likeness);
CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY, at REAL NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS visits (at REAL NOT NULL, host TEXT NOT NULL, path TEXT NOT NULL, headers TEXT NOT NULL);
"""


class Throttled(Exception):
    """More submissions or questions than the vendor takes."""


@dataclass(frozen=True)
class Clip:
    """What a job is to deliver, in pixels and seconds."""

    width: int
    height: int
    #: `480p`, `720p`, …: the row of the price list.
    resolution: str
    #: Length of the file.
    seconds: float
    fps: int = 24
    sound: bool = True
    #: Seconds that are new, and paid, where the clip goes on from another.
    new_seconds: float | None = None
    #: `inputs/…`: the picture it starts from.
    first_image: str | None = None
    #: `inputs/…`, or `job#sample`: the clip it goes on from.
    continues: str | None = None


@dataclass(frozen=True)
class Asked:
    """A submission that passed the vendor's checks."""

    wire: str
    #: The vendor's name, as asked.
    model: str
    prompt: str
    clip: Clip
    #: What else shapes the job and is not in the clip; what the vendor echoes later.
    settings: Mapping[str, Any] = field(default_factory=dict)
    samples: int = 1
    seed: int | None = None
    #: An end other than success that the submission itself brings about: the vendor's code and words.
    doom: Mapping[str, Any] | None = None
    #: The name under which the cards know the model, where the asked one is an alias.
    card_name: str | None = None


@dataclass(frozen=True)
class Job:
    """One accepted submission. Times are POSIX seconds of the world."""

    id: str
    asked: Asked
    created: float
    queue: float
    render: float
    #: `succeeded`, or what becomes of it: `failed`, `moderated`, `filtered`, `doomed`.
    outcome: str
    #: Samples that are delivered.
    delivered: int
    #: The faults that stay with it, and how often each strikes (None: always).
    tricks: Mapping[str, int | None]
    #: The nth job of its likeness.
    nth: int
    #: Micro-dollars billed if it succeeds; None where no price is known.
    price: int | None
    cancelled: float | None = None
    deleted: float | None = None

    @property
    def starts(self) -> float:
        return self.created + self.queue

    @property
    def ends(self) -> float:
        return self.starts + self.render

    def state(self, now: datetime) -> State:
        moment = now.timestamp()
        if self.cancelled is not None:
            return "cancelled"
        if moment < self.starts:
            return "queued"
        if moment < self.ends or "never_finishes" in self.tricks:
            return "running"
        return "succeeded" if self.outcome == "succeeded" else "failed"

    def strange(self, now: datetime) -> bool:
        """True while the fault strange_status shows: in the first half of the rendering."""
        half = self.starts + self.render / 2
        return "strange_status" in self.tricks and self.starts <= now.timestamp() < half

    def progress(self, now: datetime) -> int:
        """0 to 99 while it runs."""
        return max(0, min(99, int(100 * (now.timestamp() - self.starts) / self.render)))

    def charge(self, now: datetime) -> int | None:
        """Micro-dollars billed so far: the vendors here bill delivered clips alone. None where no price is known."""
        return self.price if self.state(now) == "succeeded" else 0


class World:
    """Opens (or makes) the world in `folder`.

    `faults` strike in the order they are given; `limits` are the vendors' unless others are given.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        cards: Mapping[str, Card],
        seed: int = 0,
        faults: Iterable[Fault] = (),
        limits: Limits = LIMITS,
    ) -> None:
        self.folder = folder
        self.clock = clock
        self.models = Models(cards)
        self.faults = FaultBook(faults)
        self._limits = limits
        for name in ("inputs", "films"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(folder / "world.sqlite", timeout=30, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
            self._db.execute(f"PRAGMA {pragma}")
        with self._writing():
            for statement in SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('seed', ?)", (str(seed),))
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('secret', ?)", (os.urandom(16).hex(),))
            meta = dict(self._db.execute("SELECT name, value FROM meta"))
        #: A world keeps the seed it was made with.
        self.seed = int(meta["seed"])
        #: Signs links to files.
        self.secret = meta["secret"].encode()
        self._time_file = os.open(folder / "clock", os.O_RDWR | os.O_CREAT, 0o644)
        self._drawers = ThreadPoolExecutor(2, thread_name_prefix="film")
        self._drawing: dict[Path, Future[Path]] = {}
        self._pens: dict[Path, threading.Lock] = {}
        self._asked_at: dict[str, deque[float]] = {}
        self.tick()

    @staticmethod
    def stored_time(folder: Path) -> datetime | None:
        """Where the time of the world in `folder` stood last; None where there is no world yet."""
        try:
            stored = (folder / "clock").read_bytes()
        except FileNotFoundError:
            return None
        return datetime.fromtimestamp(struct.unpack("<d", stored)[0], UTC) if len(stored) == 8 else None

    def close(self) -> None:
        """Wait for films being drawn and close the files."""
        self._drawers.shutdown(wait=True, cancel_futures=True)
        self.tick()
        with self._lock:
            self._db.close()
        os.close(self._time_file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def now(self) -> datetime:
        return self.clock.now()

    def tick(self) -> None:
        """Note the time, unless another process is ahead: a killed world goes on from here."""
        moment = self.clock.now().timestamp()
        stored = os.pread(self._time_file, 8, 0)
        if len(stored) < 8 or struct.unpack("<d", stored)[0] < moment:
            os.pwrite(self._time_file, struct.pack("<d", moment), 0)

    def accept(
        self,
        asked: Asked,
        make_id: Callable[[Random], str],
        tricks: Mapping[str, int | None],
        things: Callable[[Job], Mapping[str, str]] = lambda job: {},
    ) -> Job:
        """Take the job, durably, and with it the `things` to remember by name. Raises Throttled."""
        plain, _ = faults.read(asked.prompt)
        likeness = _likeness(asked, plain)
        moment = self.now().timestamp()
        with self._writing():
            bound = limit(self._limits, asked.wire, asked.card_name or asked.model)
            if bound.submits is not None and self._submits(asked, moment - bound.window) >= bound.submits:
                raise Throttled
            (nth,) = self._db.execute("SELECT count(*) FROM jobs WHERE likeness = ?", (likeness,)).fetchone()
            rng = chance.dice(self.seed, likeness, nth)
            job = self._made(asked, make_id(rng), moment, rng, tricks, nth, bound.running)
            self._db.execute(
                "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                (job.id, asked.wire, asked.model, moment, job.ends, likeness, _dumps(job)),
            )
            rows = [(name, moment, value) for name, value in things(job).items()]
            self._db.executemany("INSERT OR REPLACE INTO things VALUES (?, ?, ?)", rows)
            self._db.execute("DELETE FROM counts WHERE name = ?", (f"{asked.wire} {asked.prompt}",))
        self.tick()
        return job

    def _submits(self, asked: Asked, since: float) -> int:
        query = "SELECT count(*) FROM jobs WHERE wire = ? AND model = ? AND created > ?"
        return int(self._db.execute(query, (asked.wire, asked.model, since)).fetchone()[0])

    def _made(
        self,
        asked: Asked,
        id: str,
        moment: float,
        rng: Random,
        tricks: Mapping[str, int | None],
        nth: int,
        running: int | None,
    ) -> Job:
        clip = asked.clip
        served = self.models.find(asked.wire, asked.card_name or asked.model)
        new = clip.seconds if clip.new_seconds is None else clip.new_seconds
        pace = served.pace if served else USUAL[asked.wire]
        queue, render = chance.waits(rng, pace, new, clip.resolution)
        if running is not None:
            query = "SELECT ends FROM jobs WHERE wire = ? AND ends > ? AND cancelled IS NULL ORDER BY ends DESC"
            ends = [end for (end,) in self._db.execute(query, (asked.wire, moment))]
            if len(ends) >= running:  # it starts when all but `running - 1` of those before it are done
                queue = max(queue, ends[running - 1] - moment)
        outcome, delivered = _outcome(asked, tricks)
        per_second = served.price(self.now().date(), clip.resolution, clip.sound) if served else None
        price = None if per_second is None else round(per_second * 1_000_000 * round(new * 1000) * delivered / 1000)
        return Job(id, asked, moment, queue, render, outcome, delivered, dict(tricks), nth, price)

    def job(self, id: str) -> Job | None:
        """The job, deleted or not."""
        with self._lock:
            found = self._db.execute("SELECT row, cancelled, deleted FROM jobs WHERE id = ?", (id,)).fetchone()
        return _loads(*found) if found else None

    def jobs(self, wire: str) -> list[Job]:
        """Every job of this wire that was not deleted, oldest first."""
        query = "SELECT row, cancelled, deleted FROM jobs WHERE wire = ? AND deleted IS NULL ORDER BY created, rowid"
        with self._lock:
            rows = self._db.execute(query, (wire,)).fetchall()
        return [_loads(*row) for row in rows]

    def cancel(self, id: str, *, while_queued: bool) -> bool:
        """False where the job was not waiting (or not running) any more."""
        moment = self.now().timestamp()
        with self._writing():
            job = self.job(id)
            states = ("queued",) if while_queued else ("queued", "running")
            if job is None or job.state(self.now()) not in states:
                return False
            self._db.execute("UPDATE jobs SET cancelled = ? WHERE id = ?", (moment, id))
        return True

    def delete(self, id: str) -> None:
        with self._writing():
            self._db.execute("UPDATE jobs SET deleted = ? WHERE id = ?", (self.now().timestamp(), id))

    def queried(self, wire: str) -> None:
        """Count one question after a job. Raises Throttled."""
        allowed = limit(self._limits, wire, "*").queries
        if allowed is None:
            return
        moment = self.clock.monotonic()
        times = self._asked_at.setdefault(wire, deque())
        while times and times[0] <= moment - 1:
            times.popleft()
        if len(times) >= allowed:
            raise Throttled
        times.append(moment)

    def count(self, name: str) -> int:
        """How often this was counted before."""
        with self._writing():
            row = self._db.execute("SELECT count FROM counts WHERE name = ?", (name,)).fetchone()
            self._db.execute("INSERT OR REPLACE INTO counts VALUES (?, ?)", (name, (row[0] if row else 0) + 1))
        return int(row[0]) if row else 0

    def keep(self, content: bytes) -> str:
        """Store an input and return its name, `inputs/…`."""
        name = f"inputs/{hashlib.sha256(content).hexdigest()}"
        path = self.folder / name
        if not path.exists():
            draft = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
            draft.write_bytes(content)
            draft.replace(path)
        return name

    def put(self, name: str, value: str) -> None:
        """Remember a thing by name: an uploaded object, a character."""
        with self._writing():
            query = "INSERT OR REPLACE INTO things VALUES (?, ?, ?)"
            self._db.execute(query, (name, self.now().timestamp(), value))

    def get(self, name: str) -> str | None:
        with self._lock:
            row = self._db.execute("SELECT value FROM things WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def visited(self, host: str, path: str, headers: Mapping[str, str]) -> None:
        """Note a request at a host that is not the vendor's API, with the headers it was sent."""
        with self._writing():
            row = (self.now().timestamp(), host, path, json.dumps(headers))
            self._db.execute("INSERT INTO visits VALUES (?, ?, ?, ?)", row)

    def visits(self) -> list[dict[str, Any]]:
        with self._lock:
            rows = self._db.execute("SELECT at, host, path, headers FROM visits ORDER BY rowid").fetchall()
        return [{"at": at, "host": host, "path": path, "headers": json.loads(text)} for at, host, path, text in rows]

    async def film(self, job: Job, sample: int) -> Path:
        """The clip itself, drawn when first asked for. Time that can stand still does so meanwhile."""
        path = self._film_path(job, sample)
        if path.exists():
            return path
        with self.clock.working():
            return await asyncio.shield(asyncio.wrap_future(self._start_drawing(job, sample)))

    def _film_path(self, job: Job, sample: int) -> Path:
        return self.folder / "films" / f"{job.id}-{sample}.mp4"

    def _start_drawing(self, job: Job, sample: int) -> Future[Path]:
        path = self._film_path(job, sample)
        with self._lock:
            future = self._drawing.get(path)
            if future is None or (future.done() and not path.exists()):
                future = self._drawing[path] = self._drawers.submit(self._draw, job, sample)
        return future

    def _draw(self, job: Job, sample: int) -> Path:
        path = self._film_path(job, sample)
        with self._lock:
            drawing = self._pens.setdefault(path, threading.Lock())
        with drawing:
            if not path.exists():
                self._draw_to(path, job, sample)
        return path

    def _draw_to(self, path: Path, job: Job, sample: int) -> None:
        from rushes.simulator.film import Film, draw

        asked, clip = job.asked, job.asked.clip
        served = self.models.find(asked.wire, asked.card_name or asked.model)
        plain, _ = faults.read(asked.prompt)
        seed = chance.dice(self.seed, _likeness(asked, plain), job.nth, asked.seed, sample).getrandbits(32)
        first = self.folder / clip.first_image if clip.first_image else None
        film = Film(
            prompt=plain,
            model=served.card.name if served else asked.model,
            seconds=clip.seconds if clip.new_seconds is None else clip.new_seconds,
            width=clip.width,
            height=clip.height,
            fps=clip.fps,
            sound=clip.sound,
            seed=asked.seed + sample if asked.seed is not None else seed,
            detail=served.card.simulation.detail if served else 0.5,
            steadiness=served.card.simulation.steadiness if served else 0.5,
            continues=self._file(clip.continues) if clip.continues else None,
            first_image=first.read_bytes() if first else None,
        )
        draw(path, film)

    def _file(self, name: str) -> Path:
        if name.startswith("inputs/"):
            return self.folder / name
        id, _, sample = name.partition("#")
        job = self.job(id)
        if job is None:
            raise LookupError(f"no job '{id}' to continue")
        return self._draw(job, int(sample))

    def truth(self) -> dict[str, Any]:
        """Every job that was accepted, deleted ones too, and what the vendors would bill, for comparison with books."""
        now = self.now()
        with self._lock:
            rows = self._db.execute("SELECT row, cancelled, deleted FROM jobs ORDER BY created, rowid").fetchall()
        jobs = [_loads(*row) for row in rows]
        return {
            "simulated": True,
            "now": now.isoformat(),
            "jobs": [
                {
                    "id": job.id,
                    "wire": job.asked.wire,
                    "model": job.asked.model,
                    "prompt": job.asked.prompt,
                    "settings": dict(job.asked.settings),
                    "seconds": job.asked.clip.seconds,
                    "samples": job.asked.samples,
                    "created": job.created,
                    "queue_seconds": job.queue,
                    "render_seconds": job.render,
                    "state": job.state(now),
                    "outcome": job.outcome,
                    "micro_usd": job.charge(now),
                }
                for job in jobs
            ],
            "charges": [
                {"job": job.id, "wire": job.asked.wire, "at": job.ends, "micro_usd": job.price}
                for job in jobs
                if job.state(now) == "succeeded"
            ],
        }

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _likeness(asked: Asked, plain: str) -> str:
    """Equal for submissions that differ in nothing but a marker for a fault."""
    parts = [
        asked.wire,
        asked.model,
        plain,
        asdict(asked.clip),
        dict(asked.settings),
        asked.samples,
        asked.seed,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _outcome(asked: Asked, tricks: Mapping[str, int | None]) -> tuple[str, int]:
    if asked.doom is not None:
        return "doomed", 0
    if "late_failure" in tricks:
        return "failed", 0
    if "moderated" in tricks:
        return "moderated", 0
    if "filtered" in tricks or ("partly_filtered" in tricks and asked.samples == 1):
        return "filtered", 0
    return "succeeded", asked.samples - ("partly_filtered" in tricks)


def _dumps(job: Job) -> str:
    return json.dumps(asdict(job))


def _loads(text: str, cancelled: float | None, deleted: float | None) -> Job:
    row = json.loads(text)
    asked = row.pop("asked")
    clip = Clip(**asked.pop("clip"))
    return Job(**(row | {"asked": Asked(**asked, clip=clip), "cancelled": cancelled, "deleted": deleted}))
