"""The long proof of a benchmark's runs: killed at random moments and started again until they are done.

Run by `make kill` after the jobs' own proof; prints what it found, and fails if a clip was paid twice, lost or changed.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from rushes.benchmarks.folder import Folder
from rushes.benchmarks.result import Result

SUITE = """\
id: killed
version: 1
title: Runs that are killed
prompts:
  - {id: kite, text: a red kite over a field, category: motion}
  - {id: fox, text: a fox in snow, category: animals}
  - {id: boat, text: a boat in a storm, category: sea}
models: {wan: dashscope-intl/wan-2.5, sora: openai/sora-2, veo: vertex/veo-3.1-lite}
cells:
  short: {seconds: {wan: 5, sora: 4, veo: 4}, resolution: 720p, aspect_ratio: "16:9", audio: true}
"""
CLIPS = 9
#: A run that is still not done after so many starts never will be.
MOST_STARTS = 60


def killed_run(home: Path, dice: random.Random) -> dict[str, int]:
    """One run, killed until it is done; how often, and what was wrong."""
    suite = home / "killed.yaml"
    suite.write_text(SUITE)
    command = [sys.executable, "-m", "rushes", "bench", "run", str(suite), "--simulate", "--home", str(home)]
    command += ["--name", "run"]
    kills = changed = 0
    kept: dict[str, str | None] = {}
    for _ in range(MOST_STARTS):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(timeout=dice.uniform(0.5, 9))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
        now = {label: result.take for label, result in _results(home).items() if result.take}
        changed += sum(now.get(label) != take for label, take in kept.items())
        kept = now
        if process.returncode in (0, 4):
            break
    results = _results(home)
    outcomes = [result.status for result in results.values()]
    return {
        "kills": kills,
        "delivered": outcomes.count("delivered"),
        "unclear": outcomes.count("unclear"),
        "missing": CLIPS - len(outcomes),
        "other": len(outcomes) - outcomes.count("delivered") - outcomes.count("unclear"),
        "changed": changed,
        "paid twice": max(_accepted(home) - CLIPS, 0),
        "not measured": outcomes.count("delivered") - len(Folder(home, "run").measures()),
    }


def _results(home: Path) -> dict[str, Result]:
    folder = Folder(home, "run")
    if not folder.path.exists():
        return {}
    # What a kill left half written is mended by the next start.
    with folder.alone():
        return folder.results()


def _accepted(home: Path) -> int:
    """How many jobs the simulated vendors accepted, by their own books."""
    [world] = (home / "simulator").glob("*/world.sqlite")
    with closing(sqlite3.connect(world)) as books:
        return int(books.execute("SELECT count(*) FROM jobs").fetchone()[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=40, help="at least so many kills")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    began = time.monotonic()
    total = {"runs": 0}
    while total.get("kills", 0) < options.kills:
        with tempfile.TemporaryDirectory() as home:
            found = killed_run(Path(home), dice)
        total["runs"] += 1
        for name, count in found.items():
            total[name] = total.get(name, 0) + count
    print(json.dumps({"benchmark runs": total, "seconds": round(time.monotonic() - began)}), flush=True)
    return int(any(total[name] for name in ("missing", "other", "changed", "paid twice", "not measured")))


if __name__ == "__main__":
    sys.exit(main())
