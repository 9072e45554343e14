"""A simulated world in a fresh folder, and clients that speak to its vendors in process."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rushes.card import load_cards
from rushes.http import httpx
from rushes.simulator.app import simulator
from rushes.simulator.clock import VirtualClock
from rushes.simulator.world import START, World

CARDS = load_cards()
BASES = {
    "openai": "http://simulated/openai/v1",
    "vllm-omni": "http://simulated/vllm-omni/v1",
    "sglang": "http://simulated/sglang/v1",
    "vertex": "http://simulated/vertex/v1",
    "dashscope": "http://simulated/dashscope/api/v1",
}


class Vendor:
    """One vendor's wire, as a client of it sees it; `wait` passes the world's time."""

    def __init__(self, world: World, wire: str) -> None:
        self.world = world
        transport = httpx.ASGITransport(simulator(world))
        self.http = httpx.AsyncClient(
            transport=transport, base_url=BASES[wire], headers={"authorization": "Bearer sk-any"}
        )

    async def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return await self.http.get(path, **kwargs)

    async def post(self, path: str, **kwargs: Any) -> httpx.Response:
        return await self.http.post(path, **kwargs)

    async def delete(self, path: str, **kwargs: Any) -> httpx.Response:
        return await self.http.delete(path, **kwargs)

    async def wait(self, seconds: float) -> None:
        await self.world.clock.sleep(seconds)

    async def wait_for_the_end(self, id: str) -> None:
        """Until the job with this id (of the world) has ended."""
        job = self.world.job(id)
        assert job is not None
        await self.wait(max(0.0, job.ends - self.world.now().timestamp()) + 0.001)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> Iterator[World]:
    with World(tmp_path / "world", clock, cards=CARDS) as world:
        yield world


@pytest.fixture
async def openai(world: World) -> AsyncIterator[Vendor]:
    vendor = Vendor(world, "openai")
    yield vendor
    await vendor.http.aclose()


@pytest.fixture
async def vllm(world: World) -> AsyncIterator[Vendor]:
    vendor = Vendor(world, "vllm-omni")
    yield vendor
    await vendor.http.aclose()


@pytest.fixture
async def sglang(world: World) -> AsyncIterator[Vendor]:
    vendor = Vendor(world, "sglang")
    yield vendor
    await vendor.http.aclose()


@pytest.fixture
async def vertex(world: World) -> AsyncIterator[Vendor]:
    vendor = Vendor(world, "vertex")
    yield vendor
    await vendor.http.aclose()


@pytest.fixture
async def dashscope(world: World) -> AsyncIterator[Vendor]:
    vendor = Vendor(world, "dashscope")
    yield vendor
    await vendor.http.aclose()


def png(width: int, height: int, mode: str = "RGB", kind: str = "png") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), "teal").save(out, kind)
    return out.getvalue()


def parts(**fields: Any) -> list[tuple[str, Any]]:
    """Fields as a multipart form, as openai-python sends them since 2.27."""
    return [(name, value if isinstance(value, tuple) else (None, value)) for name, value in fields.items()]
