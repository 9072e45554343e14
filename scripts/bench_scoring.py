"""What it costs to measure a clip: processor time for a second of film, and memory, beside decoding and no more."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench_measure import Measure, at_most, middle

from rushes.simulator.film import Film, draw

ROUNDS, SECONDS = 3, 8
FILM = Film(
    prompt="A ball rolls down a ramp, bounces off the floor twice, and comes to rest",
    model="wan-2.5",
    seconds=SECONDS,
    width=1280,
    height=720,
    fps=24,
    sound=True,
    seed=1,
    detail=0.8,
    steadiness=0.8,
)
CASES = {
    "bare": """
import av, numpy
def work(path):
    with av.open(path) as container:
        for stream in container.streams:
            stream.codec_context.thread_count = 1
        for frame in container.decode(container.streams.video[0], container.streams.audio[0]):
            pass
""",
    "measure": """
from pathlib import Path
import rushes.benchmarks.metrics
from rushes.benchmarks.measure import measure
def work(path):
    assert measure(Path(path), label="a", sha256="0").error is None
""",
}
#: Processor seconds of the work without its imports, and the most memory of the whole process, in MB.
PROBE = """
import json, sys, time
{case}
began = time.process_time()
work(sys.argv[1])
seconds = time.process_time() - began
try:
    with open("/proc/self/status") as lines:
        most = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1_000
except OSError:
    import resource
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000_000
print(json.dumps([seconds, most]))
"""


def measures() -> Iterator[Measure]:
    seconds: dict[str, list[float]] = {name: [] for name in CASES}
    memory: dict[str, list[float]] = {name: [] for name in CASES}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        draw(path, FILM)
        for _ in range(ROUNDS):
            for name, case in CASES.items():
                took, most = _once(case, path)
                seconds[name].append(took / SECONDS)
                memory[name].append(most)
    what = "measure a second of 720p24 with sound"
    yield at_most(f"{what}, processor", middle(seconds["measure"]), "s", 0.6, middle(seconds["bare"]))
    yield at_most(f"{what}, memory", middle(memory["measure"]), "MB", 150, middle(memory["bare"]))


def _once(case: str, path: Path) -> tuple[float, float]:
    command = [sys.executable, "-c", PROBE.format(case=case), str(path)]
    done = subprocess.run(command, env=dict(os.environ), check=True, capture_output=True, text=True)
    took, most = json.loads(done.stdout)
    return took, most
