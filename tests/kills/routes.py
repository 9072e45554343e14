"""Kills programs that make clips along routes, and holds the ledger against the vendors' own books."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from rushes.jobs.money import micro
from tests.kills import harness
from tests.kills.harness import Vendor, rows
from tests.kills.route_worker import BATCH, BATCH_USD, CLIP_USD, ENDPOINTS, RUN, batch_run

#: US dollars that a single clip, or a batch, leaves room for in the cap of the day: less than all of them may want.
DAY_USD_EACH = Decimal("0.45")
#: Where a process can die.
POINTS = ("before-intent", "after-intent", "after-sending", "mid-post", "answered", "after-accepted", "file-written")
ENDED = ("succeeded", "failed", "cancelled", "lost", "unclear")


@dataclass(frozen=True)
class Used:
    """The share of the caps that is spent or reserved: of the fullest batch's, and of the day's."""

    run: float
    day: float


@dataclass
class Verdict:
    """What a run of kills came to."""

    kills: int
    #: What was asked for, and what the caps let through.
    wanted: int
    orders: int = 0
    jobs: int = 0
    fallbacks: int = 0
    delivered: int = 0
    #: Orders whose last job failed, and those of which nobody knows.
    failed: int = 0
    unclear: int = 0
    adopted: int = 0
    #: Orders that stood in the ledger without a clip when their caller was killed, and their jobs that went on.
    orphaned: int = 0
    seen_to_the_end: int = 0
    #: Jobs that were being sent at a kill.
    caught: int = 0
    #: The highest share of a cap that was spent or reserved, at any kill or the end.
    run_cap_used: float = 0.0
    day_cap_used: float = 0.0
    #: Everything that must never be.
    wrong: list[str] = field(default_factory=list)


def start_worker(
    home: Path, at: Vendor, count: int, batches: int, *, prefix: str, spending: str = "free", **environ: str
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.kills.route_worker", str(home), str(at.config), prefix, spending]
    return harness.start([*command, str(count), str(batches)], home, **environ)


def random_kills(
    folder: Path,
    *,
    kills: int,
    orders: int,
    seed: int,
    spending: str = "free",
    pause: tuple[float, float] = (0.0, 2.5),
) -> Verdict:
    """Kills at random moments after a job is the vendor's; every start brings `orders` new clips and a batch."""
    rng = random.Random(seed)
    home = folder / "home"
    day_cap = (orders + 1) * (kills + 1) * DAY_USD_EACH
    environ = {"RUSHES_MAX_USD_PER_DAY": str(day_cap)}
    orphaned: dict[str, int] = {}
    seen: set[str] = set()
    caught: set[str] = set()
    before: list[Used] = []
    with harness.vendor(folder, moods=seed) as at:

        def work(start: int) -> subprocess.Popen[str]:
            return start_worker(home, at, orders * start, start, prefix="r", spending=spending, **environ)

        for start in range(kills):
            process = work(start + 1)
            harness.until(process, home, "running")
            time.sleep(rng.uniform(*pause))
            harness.kill(process)
            before.append(_used(home, day_cap))
            caught |= {job["id"] for job in rows(home, "jobs") if job["state"] == "sending"}
            running = {job["id"] for job in rows(home, "jobs") if job["state"] not in ENDED}
            done = {take["order"] for take in rows(home, "takes")}
            jobs_of: Counter[str] = Counter(link["order"] for link in rows(home, "job_orders"))
            for link in rows(home, "job_orders"):
                if link["order"] not in done:
                    orphaned.setdefault(link["order"], jobs_of[link["order"]])
                    seen |= {link["job"]} & running
        last = work(kills + 1)
        assert harness.finish(last, timeout=900) == 0, (folder / "worker.log").read_text()
        wanted = {f"r clip {number}" for number in range(orders * (kills + 1))}
        wanted |= {f"{batch_run('r', batch)} clip {each}" for batch in range(kills + 1) for each in range(BATCH)}
        verdict = judge(home, at, wanted, day_cap, orphaned, spending=spending)
        verdict.kills = kills
        verdict.seen_to_the_end, verdict.caught = len(seen), len(caught)
        for used in before:
            _note(verdict, used)
        return verdict


def killed_in_a_fallback(folder: Path, at: Vendor, point: str) -> tuple[list[dict[str, Any]], Verdict]:
    """One clip whose first attempt fails; the process dies at `point` of the second, and another goes on.

    The clip's jobs in the order they were made.
    """
    home, prefix = folder / "home", f"fallback {point}"
    fault = {"name": "late_failure", "wire": "vertex"}
    at.http.post(f"http://127.0.0.1:{at.port}/_simulator/faults", json=fault).raise_for_status()
    crash = {"RUSHES_CRASH_IN_FALLBACK": point, "RUSHES_CRASHFLAG": str(folder / "crashed")}

    assert harness.finish(start_worker(home, at, 1, 0, prefix=prefix, **crash)) == -signal.SIGKILL
    [order] = rows(home, "orders")
    orphaned = {order["id"]: len(rows(home, "job_orders"))}
    assert harness.finish(start_worker(home, at, 1, 0, prefix=prefix)) == 0

    jobs = sorted(rows(home, "jobs"), key=lambda job: int(job["created"]))
    return jobs, judge(home, at, {f"{prefix} clip 0"}, None, orphaned, prefix=prefix)


def paid_twice(truth: Mapping[str, Any], prefix: str) -> list[str]:
    """Prompts for which the vendors charge more than one job, by their own books alone."""
    charged = {charge["job"] for charge in truth["charges"] if charge["micro_usd"]}
    paid = Counter(
        job["prompt"] for job in truth["jobs"] if job["id"] in charged and job["prompt"].startswith(f"{prefix} ")
    )
    return [f"{prompt}: {times} jobs are charged" for prompt, times in paid.items() if times > 1]


def judge(
    home: Path,
    at: Vendor,
    wanted: set[str],
    day_cap: Decimal | None,
    orphaned: Mapping[str, int],
    *,
    prefix: str = "r",
    spending: str = "free",
) -> Verdict:
    """`orphaned`: orders whose caller was killed, with the number of jobs that they had then."""
    truth = at.truth()
    made = [job for job in truth["jobs"] if job["prompt"].startswith(f"{prefix} ")]
    charged = {charge["job"]: charge["micro_usd"] for charge in truth["charges"]}
    orders = {order["id"]: json.loads(order["request"])["prompt"] for order in rows(home, "orders")}
    jobs = {job["id"]: job for job in rows(home, "jobs")}
    takes: Counter[str] = Counter(take["order"] for take in rows(home, "takes"))
    jobs_of: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for link in rows(home, "job_orders"):
        jobs_of[link["order"]].append(jobs[link["job"]])
    verdict = Verdict(0, len(wanted), len(orders), len(jobs), orphaned=len(orphaned))
    wrong = verdict.wrong

    # By the vendors' books.
    at_each = Counter((job["prompt"], job["wire"], job["model"]) for job in made)
    wrong += [f"{prompt}: {times} jobs at {model}" for (prompt, _, model), times in at_each.items() if times > 1]
    accepted = Counter(job["prompt"] for job in made)
    wrong += [f"{prompt}: {times} jobs accepted" for prompt, times in accepted.items() if times > len(ENDPOINTS)]
    if spending == "free":
        wrong += paid_twice(truth, prefix)
    tickets = {_vendor_id(job): job for job in jobs.values() if _vendor_id(job) is not None}
    unclear = {orders[order] for order, mine in jobs_of.items() for job in mine if job["state"] == "unclear"}
    for job in made:
        if job["id"] not in tickets and job["prompt"] not in unclear:
            wrong.append(f"the vendor's {job['id']} ({job['prompt']}) is in no row of the ledger")

    # By the ledger, order by order.
    prompts = Counter(orders.values())
    wrong += [f"{prompt}: ordered {times} times" for prompt, times in prompts.items() if times > 1]
    for order, prompt in orders.items():
        mine = sorted(jobs_of[order], key=lambda job: int(job["created"]))
        wrong += [f"{prompt}: {each}" for each in wrong_with(mine, takes[order], spending)]
        if order in orphaned and len(mine) != orphaned[order]:
            wrong.append(f"{prompt}: had {orphaned[order]} jobs when its caller was killed, and has {len(mine)}")
        verdict.fallbacks += len(mine) - 1
        verdict.delivered += takes[order]
        verdict.unclear += mine[-1]["state"] == "unclear"
        verdict.failed += mine[-1]["state"] in ("failed", "lost")
        verdict.adopted += sum((job["reason"] or "").startswith("adopted") for job in mine)
    for job in jobs.values():
        if job["state"] == "succeeded" and job["settled"] != charged.get(_vendor_id(job)):
            wrong.append(f"{job['id']}: settled {job['settled']}, charged {charged.get(_vendor_id(job))}")
        if job["state"] == "unclear" and (job["settled"] is not None or not job["reserved"]):
            wrong.append(f"{job['id']} is unclear and its money is not reserved")
    wrong += [f"{take['path']} is not there" for take in rows(home, "takes") if not (home / take["path"]).exists()]

    # Caps, and what they kept from being ordered.
    _note(verdict, _used(home, day_cap))
    # What was reserved stood in the way at the time, whatever it came to in the end.
    runs, total = _reserved(home)
    dearest = max((int(job["reserved"]) for job in jobs.values()), default=0)
    for prompt in wanted - prompts.keys():
        run = RUN if prompt.startswith(f"{prefix} clip ") else prompt.rpartition(" clip ")[0]
        day_full = day_cap is not None and total + dearest > micro(day_cap)
        run_full = run != RUN and runs.get(run, 0) + dearest > micro(BATCH_USD)
        if not day_full and not run_full:
            wrong.append(f"{prompt} was never ordered, and no cap forbade it")
    return verdict


def wrong_with(jobs: list[dict[str, Any]], takes: int, spending: str) -> list[str]:
    """What is wrong with the jobs of one order, oldest first."""
    said = []
    endpoints = [job["endpoint"] for job in jobs]
    if len(set(endpoints)) != len(endpoints) or not set(endpoints) <= set(ENDPOINTS):
        said.append(f"asked at {endpoints}")
    *before, last = jobs
    for job, following in zip(before, jobs[1:], strict=True):
        if job["state"] not in ("failed", "lost") or job["ended"] is None or job["ended"] > following["created"]:
            said.append(f"{following['id']} was made while {job['id']} was {job['state']}")
        if spending == "free" and job["settled"] != 0:
            said.append(f"{following['id']} was made after {job['id']} had cost {job['settled']}")
    if spending == "capped" and sum(_counts(job) for job in jobs) > micro(CLIP_USD):
        said.append("all attempts together cost more than a clip may")
    if last["state"] not in ENDED:
        said.append(f"{last['id']} is still {last['state']}")
    if takes != (last["state"] == "succeeded"):
        said.append(f"{last['state']}, with {takes} takes")
    return said


def _vendor_id(job: Mapping[str, Any]) -> str | None:
    ticket = json.loads(job["ticket"] or "null")
    return None if ticket is None else str(ticket["id"]).rpartition("/")[2]


def _counts(job: Mapping[str, Any]) -> int:
    return int(job["reserved"] if job["settled"] is None else job["settled"])


def _spent(home: Path) -> tuple[dict[str, int], int]:
    """Micro-dollars of each run and of all of them."""
    runs: dict[str, int] = defaultdict(int)
    for job in rows(home, "jobs"):
        runs[job["run"]] += _counts(job)
    return runs, sum(runs.values())


def _reserved(home: Path) -> tuple[dict[str, int], int]:
    """Micro-dollars that the jobs of each run, and all of them, ever had set aside for them."""
    runs: dict[str, int] = defaultdict(int)
    for job in rows(home, "jobs"):
        runs[job["run"]] += max(int(job["reserved"]), _counts(job))
    return runs, sum(runs.values())


def _used(home: Path, day_cap: Decimal | None) -> Used:
    runs, total = _spent(home)
    run = max((spent / micro(BATCH_USD) for run, spent in runs.items() if run != RUN), default=0.0)
    return Used(run, 0.0 if day_cap is None else total / micro(day_cap))


def _note(verdict: Verdict, used: Used) -> None:
    verdict.run_cap_used = max(verdict.run_cap_used, used.run)
    verdict.day_cap_used = max(verdict.day_cap_used, used.day)
    if max(used.run, used.day) > 1:
        verdict.wrong.append(f"over a cap: {used}")
