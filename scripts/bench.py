"""What Rushes itself costs, beside the bare thing where there is one: the table of `make bench`.

Ratios of one run on one machine carry over to others; the figures beside them are there for scale.
"""

import argparse
import json
import os
import platform
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import bench_create
import bench_import
import bench_open
import bench_plan
import bench_polling
import bench_ratings
import bench_scoring
import bench_table
from bench_measure import middle, table

PARTS = {
    "import": bench_import,
    "create": bench_create,
    "plan": bench_plan,
    "scoring": bench_scoring,
    "table": bench_table,
    "ratings": bench_ratings,
    "polling": bench_polling,
    "open": bench_open,
}


def machine() -> dict[str, object]:
    """Where this was measured."""
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "fsync_ms": round(_fsync(), 2),
    }


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open() as lines:
            return next(line.partition(": ")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _fsync() -> float:
    """Milliseconds that the disk takes to keep a page; a durable create waits for three."""
    took = []
    with tempfile.TemporaryFile() as file:
        for _ in range(50):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return middle(took)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what Rushes itself costs.")
    parser.add_argument("--only", action="append", choices=PARTS, help="one part; may be repeated (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON, for other programs")
    options = parser.parse_args()
    where = machine()
    measures = []
    for name in options.only or PARTS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        measures += PARTS[name].measures()
    if options.json:
        print(json.dumps({"machine": where, "measures": [each.json() for each in measures]}, indent=2))
        return
    print(table(measures))
    print("\n" + ", ".join(f"{name} {value}" for name, value in where.items()))


if __name__ == "__main__":
    main()
