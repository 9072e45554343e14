"""The one way to the simulator, in this process or served on a port; its worlds lie under the home folder.

Only who was asked to simulate calls this, and the simulator is loaded only then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rushes.card import Card
from rushes.config import Access, Provider
from rushes.errors import BadInput
from rushes.http import httpx

if TYPE_CHECKING:
    from rushes.simulator.world import World

#: World seconds that an answer takes, and bytes a second of a download: made up, so that neither is zero.
LATENCY = 0.2
BANDWIDTH = 12_500_000


def root(day: date) -> str:
    """Where the world that began on `day` is reached; a name that no network knows."""
    return f"http://{day.isoformat()}.simulated"


def is_in_process(base_url: str) -> bool:
    """True for the base URL of a world simulated in some process."""
    return (urlsplit(base_url).hostname or "").endswith(".simulated")


def open_world(home: Path, day: date, cards: Mapping[str, Card], faults: Sequence[str]) -> World:
    """The world that began on `day`, where it stood last; each day has a world of its own."""
    from rushes.simulator.clock import VirtualClock
    from rushes.simulator.faults import Fault, NoSuchFault
    from rushes.simulator.world import World

    folder = home / "simulator" / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    began = datetime.combine(day, time(), UTC)
    try:
        struck = [Fault(name) for name in faults]
    except NoSuchFault as error:
        raise BadInput(str(error)) from None
    return World(folder, VirtualClock(World.stored_time(folder) or began), cards=cards, faults=struck)


def serve_simulator(
    home: Path,
    day: date,
    *,
    port: int,
    time_scale: float,
    seed: int,
    faults: Sequence[str],
    json: bool,
    card_folders: Sequence[Path],
) -> None:
    """Serves the world that began on `day` on a port of this machine until Ctrl-C. Raises BadInput."""
    from rushes.simulator.faults import Fault
    from rushes.simulator.serve import serve
    from rushes.simulator.world import World

    folder = home / "simulator" / day.isoformat()
    try:
        # A world that has been there goes on from its own time, which may be days later by now.
        as_of = day if World.stored_time(folder) is None else None
        struck = [Fault(name) for name in faults]
        serve(folder, port, as_of, time_scale, seed, struck, json, card_folders=card_folders)
    except OSError as error:
        raise BadInput(
            f"port {port} cannot be served: {error.strerror or error}", hint="Give another --port."
        ) from None
    except (ValueError, OverflowError) as error:
        raise BadInput(str(error)) from None


def simulated_access(name: str, provider: Provider, day: date, credential: str | None = None) -> Access:
    """How a provider is reached in the simulated world: no key needed; each credential is an account of its own."""
    from rushes.simulator.mounts import MOUNTS

    mount = MOUNTS.get(name) or MOUNTS.get(provider.wire, "/not-simulated")
    settings = dict(provider.settings)
    key = "simulated" if credential is None else f"simulated-{credential}"
    if provider.wire == "vertex":
        mount += "/v1"
        settings |= {"project": key, "storage_base_url": f"{root(day)}/vertex"}
    if provider.wire == "dashscope":
        settings |= {"utc_offset_hours": 8}
    return Access(f"{root(day)}{mount}", key, settings, (), redirected=True)


class InProcess(httpx.AsyncBaseTransport):
    """Carries requests to the simulator; a connection that it cuts breaks like a real one."""

    def __init__(self, world: World) -> None:
        from rushes.simulator.app import simulator
        from rushes.simulator.faults import Dropped

        self._cut = Dropped
        self._clock = world.clock
        self._inner = httpx.ASGITransport(app=simulator(world))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._inner.handle_async_request(request)
        except self._cut as dropped:
            raise httpx.RemoteProtocolError(str(dropped) or "the connection was cut", request=request) from None
        size = int(response.headers.get("content-length", 0))
        await self._clock.sleep(LATENCY + size / BANDWIDTH)
        return response
