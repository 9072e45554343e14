"""The simulator as a part of this process: its world under the home folder, its wires without a network.

Only `rushes.app` uses this, and only when asked to simulate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

from rushes.card import Card
from rushes.config import Access, Provider
from rushes.errors import BadInput
from rushes.http import httpx
from rushes.simulator.app import simulator
from rushes.simulator.clock import VirtualClock
from rushes.simulator.faults import Dropped, Fault, NoSuchFault
from rushes.simulator.world import World

ROOT = "http://simulated"
MOUNTS = {"openai": "/openai/v1", "vertex": "/vertex/v1", "dashscope": "/dashscope/api/v1"}
OWN_MOUNTS = {"vllm-omni": "/vllm-omni/v1", "sglang": "/sglang/v1"}
#: World seconds that an answer takes, and bytes a second of a download: made up, so that neither is zero.
LATENCY = 0.2
BANDWIDTH = 12_500_000


def open_world(home: Path, day: date, cards: Mapping[str, Card], faults: Sequence[str]) -> World:
    """The world that began on `day`, where it stood last; each day has a world of its own."""
    folder = home / "simulator" / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    began = datetime.combine(day, time(), UTC)
    try:
        struck = [Fault(name) for name in faults]
    except NoSuchFault as error:
        raise BadInput(str(error)) from None
    return World(folder, VirtualClock(World.stored_time(folder) or began), cards=cards, faults=struck)


def simulated_access(name: str, provider: Provider) -> Access:
    """How a provider is reached in the simulated world: no key needed."""
    mount = OWN_MOUNTS.get(name) or MOUNTS.get(provider.wire, "/not-simulated")
    settings = dict(provider.settings)
    if provider.wire == "vertex":
        settings |= {"project": "simulated", "storage_base_url": f"{ROOT}/vertex"}
    if provider.wire == "dashscope":
        settings |= {"utc_offset_hours": 8}
    return Access(f"{ROOT}{mount}", "simulated", settings, (), redirected=True)


class InProcess(httpx.AsyncBaseTransport):
    """Carries requests to the simulator; a connection that it cuts breaks like a real one."""

    def __init__(self, world: World) -> None:
        self._clock = world.clock
        self._inner = httpx.ASGITransport(app=simulator(world))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._inner.handle_async_request(request)
        except Dropped as dropped:
            raise httpx.RemoteProtocolError(str(dropped) or "the connection was cut", request=request) from None
        size = int(response.headers.get("content-length", 0))
        await self._clock.sleep(LATENCY + size / BANDWIDTH)
        return response
