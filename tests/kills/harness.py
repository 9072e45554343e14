"""Starts a vendor and workers as processes, kills workers, and holds the ledger against the vendor's truth."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rushes.card import SHIPPED
from rushes.http import httpx

KEY = "canary-of-the-kill-tests"
ENDPOINTS = {"listable": "openai/sora-2", "neither": "vertex/veo-3.1"}
#: Short waits for a vendor whose jobs take about a second.
PATIENCE = {
    "RUSHES_SUBMIT_TIMEOUT": "2",
    "RUSHES_SETTLE": "0.3",
    "RUSHES_GUARD": "0.5",
    "RUSHES_STALE": "3",
    "RUSHES_DEADLINE": "60",
}


@dataclass
class Vendor:
    """The running vendor, and the config that leads there."""

    port: int
    config: Path
    http: httpx.Client

    def truth(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get(f"http://127.0.0.1:{self.port}/_simulator/truth").json()
        return answer

    def accepted(self, prefix: str) -> Counter[str]:
        """How many jobs each prompt made, of those that begin with `prefix`."""
        return Counter(job["prompt"] for job in self.truth()["jobs"] if job["prompt"].startswith(f"{prefix} "))


@contextmanager
def vendor(folder: Path, *, moods: int | None = None) -> Iterator[Vendor]:
    """A vendor whose models live on and take about a second; with `moods`, a seed, much goes wrong there."""
    config = folder / "config"
    (config / "models").mkdir(parents=True)
    for name in ("sora-2", "sora-2-pro", "veo-3.1", "veo-3.1-lite"):
        card = yaml.safe_load((SHIPPED / f"{name}.yaml").read_text())
        for endpoint in card["endpoints"]:
            endpoint["lifecycle"].pop("retired", None)
            if endpoint["provider"] == "openai":  # so that a failure leads on, and a refusal does not
                endpoint["billing"] |= {"failed": "free", "refused": "unknown"}
            if "speed" in endpoint:
                endpoint["speed"] |= {"clip_seconds": 4, "median": 0.8, "low": 0.5, "high": 1.2}
        (config / "models" / f"{name}.yaml").write_text(yaml.safe_dump(card))
    command = [sys.executable, "-m", "tests.kills.vendor", str(folder / "world"), str(config / "models")]
    command += [] if moods is None else [str(moods)]
    (folder / "world").mkdir()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environ())
    try:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        root = f"http://127.0.0.1:{port}"
        here = {
            "auth": "bearer",
            "key_variables": ["RUSHES_TEST_KEY"],
            "poll_seconds": 0.1,
            "concurrency": 8,
            "base_url_variable": None,
            "base_urls": {},
            "variables": {},
        }
        settings = {"project": "kills", "storage_base_url": f"{root}/vertex"}
        overlay = {
            "openai": here | {"like": "openai", "base_url": f"{root}/openai/v1"},
            "vertex": here | {"like": "vertex", "base_url": f"{root}/vertex/v1", "settings": settings},
        }
        (config / "providers.yaml").write_text(yaml.safe_dump(overlay))
        with httpx.Client(timeout=30) as http:
            yield Vendor(port, config, http)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _environ(**more: str) -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RUSHES_")}
    return kept | PATIENCE | {"RUSHES_TEST_KEY": KEY, "PYTHONPATH": root} | more


def start_worker(
    home: Path, at: Vendor, endpoint: str, count: int, *, prefix: str = "a", **environ: str
) -> subprocess.Popen[str]:
    """A worker in a process group of its own; returns once it has said that it started."""
    command = [sys.executable, "-m", "tests.kills.worker", str(home), str(at.config), endpoint, prefix, str(count)]
    return start(command, home, **environ)


def start_naive(home: Path, at: Vendor, count: int, *, module: str = "naive") -> subprocess.Popen[str]:
    """The same work by the naive engine."""
    command = [
        sys.executable,
        "-m",
        f"tests.kills.{module}",
        str(home),
        f"http://127.0.0.1:{at.port}/openai/v1",
        str(count),
    ]
    return start(command, home)


def start(command: list[str], home: Path, **environ: str) -> subprocess.Popen[str]:
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / "worker.log").open("a") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=_environ(**environ), start_new_session=True
        )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the whole group, as a power switch would."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finish(process)


def until(process: subprocess.Popen[str], home: Path, state: str) -> None:
    """Waits until a job stands there in the ledger, or the process has ended."""
    while process.poll() is None and not any(job["state"] == state for job in rows(home, "jobs")):
        time.sleep(0.002)


def finish(process: subprocess.Popen[str], timeout: float = 120) -> int:
    code = process.wait(timeout)
    if process.stdout is not None:
        process.stdout.close()
    return code


def rows(home: Path, table: str) -> list[dict[str, Any]]:
    """A table of the ledger, read from outside, as a person with another program would."""
    path = home / "ledger.sqlite"
    if not path.exists():
        return []
    connection = sqlite3.connect(path, timeout=30)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()


@dataclass
class Verdict:
    """What a run of kills came to."""

    kills: int
    orders: int
    succeeded: int = 0
    #: Jobs that were caught between the `sending` commit and the outcome commit.
    caught: set[str] = field(default_factory=set)
    adopted: int = 0
    unclear: int = 0
    #: Of the unclear ones, how many the vendor had really accepted.
    unclear_accepted: int = 0
    #: Everything that must never be.
    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    unclear_uncaught: list[str] = field(default_factory=list)
    money: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        return [*self.doubled, *self.lost, *self.orphans, *self.unclear_uncaught, *self.money]


def random_kills(
    folder: Path, kind: str, *, kills: int, orders: int, seed: int, pause: tuple[float, float] = (0.02, 0.5)
) -> Verdict:
    """Kills workers at random moments, lets the last one finish, and judges. Every start brings `orders` new ones.

    Every second one is killed while a job is being sent: on a slow machine hardly a moment of the clock would be there.
    """
    rng = random.Random(seed)
    home, endpoint = folder / "home", ENDPOINTS[kind]
    caught: set[str] = set()
    with vendor(folder) as at:
        for start in range(kills):
            process = start_worker(home, at, endpoint, orders * (start + 1))
            if start % 2:
                until(process, home, "sending")
                time.sleep(rng.uniform(0.0, 0.05))
            else:
                time.sleep(rng.uniform(*pause))
            kill(process)
            caught |= {job["id"] for job in rows(home, "jobs") if job["state"] == "sending"}
        last = start_worker(home, at, endpoint, orders * (kills + 1))
        assert finish(last, timeout=900) == 0, (folder / "worker.log").read_text()
        return judge(home, at, orders * (kills + 1), kills, caught)


def judge(home: Path, at: Vendor, orders: int, kills: int, caught: set[str], *, prefix: str = "a") -> Verdict:
    """The ledger against the vendor's truth about prompts that begin with `prefix`."""
    truth = at.truth()
    made = [job for job in truth["jobs"] if job["prompt"].startswith(f"{prefix} ")]
    accepted = Counter(job["prompt"] for job in made)
    charged = {charge["job"]: charge["micro_usd"] for charge in truth["charges"]}
    jobs = rows(home, "jobs")
    prompts = {order["id"]: order["label"] for order in rows(home, "orders")}
    prompt_of = {link["job"]: prompts[link["order"]] for link in rows(home, "job_orders")}
    tickets = {
        json.loads(job["ticket"])["id"].rpartition("/")[2]: job for job in jobs if job["ticket"] not in (None, "null")
    }
    verdict = Verdict(kills, orders, caught=caught)
    verdict.doubled = [f"{prompt}: {times} jobs at the vendor" for prompt, times in accepted.items() if times > 1]
    for number in range(orders):
        mine = [job for job in jobs if prompt_of[job["id"]] == f"{prefix} clip {number}"]
        if len(mine) != 1 or mine[0]["state"] not in ("succeeded", "unclear"):
            verdict.lost.append(f"clip {number}: {[(job['id'], job['state'], job['reason']) for job in mine]}")
    for job in jobs:
        verdict.succeeded += job["state"] == "succeeded"
        verdict.adopted += job["reason"] is not None and job["id"] in caught and job["ticket"] not in (None, "null")
        if job["state"] == "unclear":
            verdict.unclear += 1
            verdict.unclear_accepted += accepted[prompt_of[job["id"]]]
            if job["id"] not in caught:
                verdict.unclear_uncaught.append(f"{job['id']} is unclear, but was not being sent at any kill")
            if job["settled"] is not None or not job["reserved"]:
                verdict.money.append(f"{job['id']} is unclear and its money is not reserved")
    unclear_prompts = {prompt_of[job["id"]] for job in jobs if job["state"] == "unclear"}
    for job in made:
        if job["id"] not in tickets and job["prompt"] not in unclear_prompts:
            verdict.orphans.append(f"the vendor's {job['id']} ({job['prompt']}) is in no row of the ledger")
    for ticket, job in tickets.items():
        if job["state"] == "succeeded" and job["settled"] != charged.get(ticket):
            verdict.money.append(f"{job['id']}: settled {job['settled']}, charged {charged.get(ticket)}")
    paths = [home / take["path"] for take in rows(home, "takes")]
    verdict.lost += [f"{path} is not there" for path in paths if not path.exists()]
    if len(paths) != verdict.succeeded:
        verdict.lost.append(f"{verdict.succeeded} jobs succeeded, {len(paths)} takes are there")
    return verdict
