"""The long proof of the money path: 200 and more random kills, half against a vendor that can be asked, half not.

Run by `make kill`; prints what it found and fails if anything was lost, doubled or unaccounted for.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.kills import harness


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=110, help="kills for each kind of vendor")
    parser.add_argument("--orders", type=int, default=4, help="new clips asked for at every start")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wrong = 0
    for kind in harness.ENDPOINTS:
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            verdict = harness.random_kills(
                Path(folder), kind, kills=options.kills, orders=options.orders, seed=options.seed
            )
        wrong += len(verdict.wrong)
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
            "seconds": round(time.monotonic() - began),
        }
        print(json.dumps(found), flush=True)
        for line in verdict.wrong[:20]:
            print(f"  {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
