"""The simulator on a port of this machine, and the SDKs that referee it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from rushes.http import httpx
from tests.referees.referee import ROOT, Referee

OPENAI = ("openai-2.26", "openai-2.54", "openai-3")
#: An hour of the simulated world, the life of a link, takes twelve seconds.
SCALE = 300


class Simulator:
    """A simulator in a process of its own: its base URLs by wire, and what its world knows."""

    def __init__(self, urls: dict[str, Any]) -> None:
        self.urls = urls
        self._root = str(urls["openai"]).removesuffix("/openai/v1")

    def truth(self) -> dict[str, Any]:
        """Every job that was accepted, and every charge."""
        answer: dict[str, Any] = httpx.get(f"{self._root}/_simulator/truth").json()
        return answer

    def get(self, path: str) -> httpx.Response:
        """A file of it, with the key of any user."""
        return httpx.get(f"{self._root}{path}", headers={"authorization": "Bearer any"}, timeout=60)


@contextmanager
def serving(home: Path, scale: int) -> Iterator[Simulator]:
    """A simulator whose time runs `scale` times faster than ours."""
    command = [sys.executable, "-m", "rushes", "simulate", "--port", "0", "--json", "--time-scale", str(scale)]
    with subprocess.Popen(
        [*command, "--home", str(home)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        try:
            yield Simulator(json.loads(process.stdout.readline()))
        finally:
            process.kill()


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with serving(tmp_path_factory.mktemp("simulator"), SCALE) as simulator:
        yield simulator


@pytest.fixture
def unhurried(tmp_path: Path) -> Iterator[Simulator]:
    """A simulator whose time runs like ours, so that a job waits for a while."""
    with serving(tmp_path / "unhurried", 1) as simulator:
        yield simulator


@pytest.fixture(scope="session", params=OPENAI)
def openai(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Referee]:
    with Referee(request.param, "with_openai", tmp_path_factory.mktemp("openai")) as referee:
        yield referee


@pytest.fixture(scope="session")
def genai(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Referee]:
    with Referee("google-genai", "with_genai", tmp_path_factory.mktemp("genai")) as referee:
        yield referee


@pytest.fixture(scope="session")
def dashscope(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Referee]:
    with Referee("dashscope", "with_dashscope", tmp_path_factory.mktemp("dashscope")) as referee:
        yield referee


@pytest.fixture(scope="session")
def frame(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of 1280 × 720."""
    path = tmp_path_factory.mktemp("frame") / "frame.png"
    Image.new("RGB", (1280, 720), (40, 90, 160)).save(path)
    return path


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of one second, as it may be made longer: 1280 × 720 in 24 frames."""
    path = tmp_path_factory.mktemp("second") / "second.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        grey = av.VideoFrame(1280, 720, "yuv420p")
        for number in range(24):
            grey.pts = number
            container.mux(stream.encode(grey))
        container.mux(stream.encode())
    return path
