"""The long proof of the money path: 200 and more random kills, half against a vendor that can be asked, half not.

Then the same for routes: kills of clips with fallbacks and of batches under a cap, under vendors that fail, refuse and
drop much, and a kill at every step of a fallback. Run by `make kill`; prints what it found and fails if anything was
lost, doubled or unaccounted for.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.kills import harness, routes


def jobs(kind: str, options: argparse.Namespace) -> list[str]:
    """Single jobs at one kind of vendor; what was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        verdict = harness.random_kills(
            Path(folder), kind, kills=options.kills, orders=options.orders, seed=options.seed
        )
    found = {
        "vendor": kind,
        "kills": verdict.kills,
        "orders": verdict.orders,
        "succeeded": verdict.succeeded,
        "caught while sending": len(verdict.caught),
        "adopted": verdict.adopted,
        "unclear": verdict.unclear,
        "of them accepted": verdict.unclear_accepted,
        "doubled": len(verdict.doubled),
        "lost": len(verdict.lost),
        "orphans": len(verdict.orphans),
        "unclear without cause": len(verdict.unclear_uncaught),
        "money wrong": len(verdict.money),
    }
    _print(found, began)
    return verdict.wrong


def routed(spending: str, options: argparse.Namespace) -> list[str]:
    """Clips with fallbacks, and batches; what was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        verdict = routes.random_kills(
            Path(folder),
            kills=options.route_kills,
            orders=options.orders,
            seed=options.seed,
            spending=spending,
            pause=(0.0, 5.5),  # so that some live to make a fallback
        )
    _print({"routes, spending": spending} | asdict(verdict) | {"wrong": len(verdict.wrong)}, began)
    return verdict.wrong


def in_fallbacks() -> list[str]:
    """A kill at every step of a fallback; what was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        began, wrong, states = time.monotonic(), [], {}
        with harness.vendor(Path(folder)) as vendor:
            for point in routes.POINTS:
                made, verdict = routes.killed_in_a_fallback(Path(folder) / point, vendor, point)
                states[point] = " then ".join(str(job["state"]) for job in made)
                wrong += verdict.wrong
    _print({"killed in a fallback": states, "wrong": len(wrong)}, began)
    return wrong


def _print(found: dict[str, Any], began: float) -> None:
    print(json.dumps(found | {"seconds": round(time.monotonic() - began)}), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=110, help="kills for each kind of vendor; 0: none")
    parser.add_argument("--route-kills", type=int, default=40, help="kills for each way of spending; 0: none")
    parser.add_argument("--orders", type=int, default=4, help="new clips asked for at every start")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wrong: list[str] = []
    for kind in harness.ENDPOINTS if options.kills else ():
        wrong += _shown(jobs(kind, options))
    if options.route_kills:
        wrong += _shown(in_fallbacks())
        for spending in ("free", "capped"):
            wrong += _shown(routed(spending, options))
    return 1 if wrong else 0


def _shown(wrong: list[str]) -> list[str]:
    for line in wrong[:20]:
        print(f"  {line}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
