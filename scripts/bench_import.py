"""What it costs to import Rushes and to open it: time and memory, beside httpx2 and pydantic alone."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench_measure import Measure, at_most, middle, ratio_at_most

ROUNDS = 9
BARE = "import httpx2, pydantic"
CASES = {
    "bare": BARE,
    "import rushes": "import rushes",
    "from rushes import Rushes": "from rushes import Rushes",
    "… and open and close it": """
import asyncio
from pathlib import Path
from rushes import Rushes

async def once():
    async with Rushes.open(home=Path(sys.argv[1])):
        pass

asyncio.run(once())
""",
}
#: Wall seconds of the case, and the most memory that the process held, in MB. Linux counts what its parent held
#: before the exec into `ru_maxrss`, so there the process's own high-water mark is read.
PROBE = """
import json, sys, time
began = time.perf_counter()
{case}
seconds = time.perf_counter() - began
try:
    with open("/proc/self/status") as lines:
        most = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1_000
except OSError:
    import resource
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000_000
print(json.dumps([seconds, most]))
"""


def measures() -> Iterator[Measure]:
    with tempfile.TemporaryDirectory() as folder:
        seconds: dict[str, list[float]] = {name: [] for name in CASES}
        memory: dict[str, list[float]] = {name: [] for name in CASES}
        # The first round compiles every module and makes the home folder; it does not count.
        for number in range(ROUNDS + 1):
            for name, case in CASES.items():
                took, most = _once(case, Path(folder))
                if number:
                    seconds[name].append(took * 1000)
                    memory[name].append(most)
    bare, bare_memory = middle(seconds["bare"]), middle(memory["bare"])
    for name in list(CASES)[1:3]:
        yield ratio_at_most(f"{name}, time", middle(seconds[name]), "ms", bare, 2)
        yield at_most(f"{name}, memory", middle(memory[name]), "MB", 45, bare_memory)
    name = list(CASES)[3]
    yield Measure(f"{name}, time", middle(seconds[name]), "ms", bare)
    yield Measure(f"{name}, memory", middle(memory[name]), "MB", bare_memory)


def _once(case: str, folder: Path) -> tuple[float, float]:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", PROBE.format(case=case), str(folder / "home")]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    took, most = json.loads(done.stdout)
    return took, most
