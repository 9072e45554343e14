"""The simulated world: every job the vendors accepted, kept so that a killed program finds it again.

Everything lies in one folder: `world.sqlite` (jobs, inputs, the headers seen by other hosts), `clock` (the world's
time, eight bytes), `inputs/` and `films/`. Several processes may share it. What state a job is in follows from its
row and the time alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Self

from rushes.card import Card
from rushes.simulator import chance, faults
from rushes.simulator.clock import Clock
from rushes.simulator.faults import Fault, FaultBook
from rushes.simulator.films import Films
from rushes.simulator.job import Asked, Job, dumps, likeness_of, loads, outcome_of
from rushes.simulator.limits import LIMITS, Limit, Limits, limit
from rushes.simulator.models import UNKNOWN, USUAL, Models

#: All four models of the brief lived on this day.
START = datetime(2026, 8, 1, tzinfo=UTC)

#: Of the account that asks; worlds made before there were accounts have none in their rows.
OWN = "coalesce(json_extract(row, '$.asked.account'), '') = ?"

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
        self._films = Films(folder, self.models, self.seed, self.job)
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
        self._films.close()
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
        likeness = likeness_of(asked, plain)
        moment = self.now().timestamp()
        with self._writing():
            self.admit(asked)
            (nth,) = self._db.execute("SELECT count(*) FROM jobs WHERE likeness = ?", (likeness,)).fetchone()
            rng = chance.dice(self.seed, likeness, nth)
            tricks = self._met(asked, tricks, likeness, nth)
            job = self._made(asked, make_id(rng), moment, rng, tricks, nth)
            self._db.execute(
                "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                (job.id, asked.wire, asked.model, moment, job.ends, likeness, dumps(job)),
            )
            rows = [(name, moment, value) for name, value in things(job).items()]
            self._db.executemany("INSERT OR REPLACE INTO things VALUES (?, ?, ?)", rows)
            self._db.execute("DELETE FROM counts WHERE name = ?", (f"{asked.wire} {asked.prompt}",))
        self.tick()
        return job

    def _met(self, asked: Asked, tricks: Mapping[str, int | None], likeness: str, nth: int) -> Mapping[str, int | None]:
        """The tricks, with what chance brings this job: the same for the nth of its likeness in every such world."""
        served = self.models.find(asked.wire, asked.card_name or asked.model)
        steadiness = served.card.simulation.steadiness if served else UNKNOWN
        dice = chance.dice(self.seed, likeness, nth, "mishaps")
        return faults.met(tricks, dice, steadiness=steadiness, sound=asked.clip.sound)

    def admit(self, asked: Asked) -> None:
        """Raises Throttled where the vendor takes no more submissions for now."""
        bound = self._limit(asked)
        if bound.submits is None:
            return
        query = f"SELECT count(*) FROM jobs WHERE wire = ? AND model = ? AND {OWN} AND created > ?"
        since = self.now().timestamp() - bound.window
        with self._lock:
            (submits,) = self._db.execute(query, (asked.wire, asked.model, asked.account, since)).fetchone()
        if submits >= bound.submits:
            raise Throttled

    def _limit(self, asked: Asked) -> Limit:
        return limit(self._limits, asked.wire, asked.card_name or asked.model)

    def _made(
        self,
        asked: Asked,
        id: str,
        moment: float,
        rng: Random,
        tricks: Mapping[str, int | None],
        nth: int,
    ) -> Job:
        clip = asked.clip
        served = self.models.find(asked.wire, asked.card_name or asked.model)
        new = clip.seconds if clip.new_seconds is None else clip.new_seconds
        pace = served.pace if served else USUAL[asked.wire]
        queue, render = chance.waits(rng, pace, new, clip.resolution)
        running = self._limit(asked).running
        if running is not None:
            query = (
                f"SELECT ends FROM jobs WHERE wire = ? AND model = ? AND {OWN} AND ends > ? AND cancelled IS NULL "
                "ORDER BY ends DESC LIMIT ?"
            )
            given = (asked.wire, asked.model, asked.account, moment, running)
            ends = [end for (end,) in self._db.execute(query, given)]
            if len(ends) >= running:  # it starts when all but `running - 1` of those before it are done
                queue = max(queue, ends[running - 1] - moment)
        outcome, delivered = outcome_of(asked, tricks)
        per_second = served.price(self.now().date(), clip.resolution, clip.sound) if served else None
        price = None if per_second is None else round(per_second * 1_000_000 * round(new * 1000) * delivered / 1000)
        return Job(id, asked, moment, queue, render, outcome, delivered, dict(tricks), nth, price)

    def job(self, id: str) -> Job | None:
        """The job, deleted or not."""
        with self._lock:
            found = self._db.execute("SELECT row, cancelled, deleted FROM jobs WHERE id = ?", (id,)).fetchone()
        return loads(*found) if found else None

    def jobs(self, wire: str) -> list[Job]:
        """Every job of this wire that was not deleted, oldest first."""
        query = "SELECT row, cancelled, deleted FROM jobs WHERE wire = ? AND deleted IS NULL ORDER BY created, rowid"
        with self._lock:
            rows = self._db.execute(query, (wire,)).fetchall()
        return [loads(*row) for row in rows]

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
        with self.clock.working():
            return await self._films.film(job, sample, self._ending_next)

    def _ending_next(self) -> list[Job]:
        """The job whose clip will be there next; none where it delivers nothing."""
        query = """
            SELECT row, cancelled, deleted FROM jobs
            WHERE ends > ? AND cancelled IS NULL AND deleted IS NULL ORDER BY ends LIMIT 1
        """
        with self._lock:
            rows = self._db.execute(query, (self.now().timestamp(),)).fetchall()
        return [loads(*row) for row in rows]

    def truth(self) -> dict[str, Any]:
        """Every job that was accepted, deleted ones too, and what the vendors would bill, for comparison with books."""
        now = self.now()
        with self._lock:
            rows = self._db.execute("SELECT row, cancelled, deleted FROM jobs ORDER BY created, rowid").fetchall()
        jobs = [loads(*row) for row in rows]
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
                    "faults": sorted(job.tricks),
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
