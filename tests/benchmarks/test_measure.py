"""Bad files are measured as what they are, and a pool of processes outlives those that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rushes.benchmarks.measure import Job, measure, measure_all
from rushes.benchmarks.measured import Measured
from rushes.benchmarks.metrics import METRICS

from . import golden


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    small = golden.golden(seconds=0.5, sound="tone")
    return small.write(tmp_path_factory.mktemp("clips") / "clip.mp4")


def test_a_clip_is_measured_with_every_metric_and_says_by_what(clip: Path) -> None:
    measured = measure(clip, label="short/p1/wan-2.5/1", sha256="ab12")

    assert (measured.label, measured.sha256, measured.error) == ("short/p1/wan-2.5/1", "ab12", None)
    assert list(measured.values) == list(METRICS)
    assert measured.impl == {name: metric.version for name, metric in METRICS.items()}
    assert {"av", "numpy", "libavfilter", "libavcodec"} <= measured.versions.keys()


def test_the_same_clip_measures_the_same_twice(clip: Path) -> None:
    assert measure(clip, label="a", sha256="0") == measure(clip, label="a", sha256="0")


def sound_alone(path: Path, clip: Path) -> None:
    import av

    with av.open(str(clip)) as source, av.open(str(path), "w", format="mp4") as container:
        heard = source.streams.audio[0]
        copy = container.add_stream_from_template(heard)
        for packet in source.demux(heard):
            if packet.dts is not None:
                packet.stream = copy
                container.mux(packet)


BAD: dict[str, tuple[Callable[[Path, Path], Any], str]] = {
    "empty": (lambda path, clip: path.write_bytes(b""), "the file is empty"),
    "garbage": (lambda path, clip: path.write_bytes(bytes(range(256)) * 40), "not a video that can be opened"),
    "no end": (lambda path, clip: path.write_bytes(clip.read_bytes()[:-2_000]), "not a video that can be opened"),
    "still": (lambda path, clip: Image.new("RGB", (64, 36)).save(path, "PNG"), "the file is a still, not a video"),
    "sound alone": (sound_alone, "the file holds no picture"),
    "missing": (lambda path, clip: None, "the file cannot be read: No such file or directory"),
    "folder": (lambda path, clip: path.mkdir(), "directory"),
    "page": (lambda path, clip: path.write_text("<html>404</html>"), "not a video that can be opened"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_an_error_in_words_and_no_exception(name: str, clip: Path, tmp_path: Path) -> None:
    make, why = BAD[name]
    path = tmp_path / "bad.mp4"
    make(path, clip)

    measured = measure(path, label="a", sha256="0")

    assert measured.error is not None
    assert why in measured.error
    assert measured.values == {}
    assert measured.impl == {name: metric.version for name, metric in METRICS.items()}


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_a_file_cut_anywhere_raises_nothing(container: str, share: float, tmp_path: Path) -> None:
    path = golden.golden(seconds=0.5, sound="tone").write(tmp_path / f"cut.{container}")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])

    measured = measure(path, label="a", sha256="0")

    assert (measured.error is None) == bool(measured.values)


@pytest.mark.parametrize("seed", range(8))
def test_a_file_with_broken_bytes_raises_nothing(seed: int, clip: Path, tmp_path: Path) -> None:
    import numpy as np

    random = np.random.default_rng(seed)
    data = bytearray(clip.read_bytes())
    for at in random.integers(0, len(data), 40):
        data[at] = int(random.integers(256))
    path = tmp_path / "broken.mp4"
    path.write_bytes(data)

    measured = measure(path, label="a", sha256="0")

    assert (measured.error is None) == bool(measured.values)


@pytest.mark.parametrize("names", [(b"mp4a", b"esds"), (b"avc1", b"avcC")])
def test_a_track_in_a_codec_that_nobody_knows_raises_nothing(
    names: tuple[bytes, ...], clip: Path, tmp_path: Path
) -> None:
    path = tmp_path / "strange.mp4"
    data = clip.read_bytes()
    for name in names:
        data = data.replace(name, b"zzzz")
    path.write_bytes(data)

    measured = measure(path, label="a", sha256="0")

    assert (measured.error is None) == bool(measured.values)
    assert measured.number("loudness") is None


# Many clips.


@dataclass(frozen=True)
class Deadly:
    """In the place of a file: whoever is handed it calls this."""

    call: Callable[..., Any]
    argument: int

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[int]]:
        return self.call, (self.argument,)


def run(jobs: list[Job], workers: int | None = None) -> dict[str, Measured]:
    done: list[Measured] = []
    measure_all(jobs, workers=workers, on_done=done.append)
    assert sorted(each.label for each in done) == sorted(job.label for job in jobs)
    return {each.label: each for each in done}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_clips_are_measured_right_here(count: int, clip: Path) -> None:
    found = run([Job(clip, str(number), "0") for number in range(count)])

    assert all(each.error is None for each in found.values())


def test_many_clips_come_back_each_with_its_own_numbers(clip: Path, tmp_path: Path) -> None:
    other = golden.golden(seconds=0.25, sound=None).write(tmp_path / "other.mp4")
    picture = tmp_path / "picture.png"
    Image.linear_gradient("L").save(picture)
    jobs = [Job(clip, "a", "1"), Job(other, "b", "2", picture), Job(tmp_path / "none.mp4", "c", "3")]

    found = run(jobs, workers=2)

    assert (found["a"].number("seconds"), found["a"].sha256) == (0.5, "1")
    assert found["a"].values == measure(clip, label="a", sha256="1").values
    assert (found["b"].number("seconds"), found["b"].sha256) == (0.25, "2")
    assert found["b"].number("image_match") is not None
    assert found["c"].error == "the file cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("deadly", "why"),
    [
        (Deadly(os._exit, 7), "the process that measured it ended (exit code 7)"),
        (Deadly(signal.raise_signal, signal.SIGKILL), "the process that measured it ended (signal 9, Killed)"),
    ],
)
def test_a_clip_that_kills_its_process_harms_no_other(deadly: Deadly, why: str, clip: Path) -> None:
    jobs = [Job(clip, f"good-{number}", "0") for number in range(3)]
    jobs[1:1] = [Job(deadly, "deadly", "0")]  # type: ignore[arg-type]

    found = run(jobs, workers=1)

    assert (found["deadly"].error, found["deadly"].values) == (why, {})
    assert all(found[f"good-{number}"].error is None for number in range(3))


def test_every_clip_may_kill_its_process() -> None:
    found = run([Job(Deadly(os._exit, 3), str(number), "0") for number in range(4)], workers=2)  # type: ignore[arg-type]

    assert {each.error for each in found.values()} == {"the process that measured it ended (exit code 3)"}


def test_an_error_of_the_caller_ends_the_pool_and_reaches_the_caller(clip: Path) -> None:
    def broken(measured: Measured) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        measure_all([Job(clip, str(number), "0") for number in range(4)], workers=2, on_done=broken)


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_measure_nothing(workers: int, clip: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        measure_all([Job(clip, "a", "0")], workers=workers, on_done=print)


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from rushes.benchmarks.measure import Job, measure_all

def first(measured):
    print("one is done", flush=True)
    {hit}

if __name__ == "__main__":
    measure_all([Job(Path(sys.argv[1]), str(number), "0") for number in range(50)], workers=2, on_done=first)
"""


@pytest.mark.parametrize(
    ("hit", "code", "traces"),
    [
        # As a terminal does it: to all of them at once.
        ("os.killpg(os.getpgrp(), signal.SIGINT)", -signal.SIGINT, 1),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, 0),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_whoever_is_interrupted_leaves_no_process_behind(
    hit: str, code: int, traces: int, clip: Path, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED.format(hit=hit))
    command = [sys.executable, str(script), str(clip)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    # Ends only when the last process that holds the pipes is gone.
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, start_new_session=True, check=False
    )

    assert done.stdout == "one is done\n"
    assert done.returncode == code
    assert done.stderr.count("Traceback") == traces
