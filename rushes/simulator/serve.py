"""The simulator on a port, for the vendors' own SDKs, demos and tests of real connections."""

from __future__ import annotations

import asyncio
import json as jsonlib
import socket
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from rushes.card import load_cards
from rushes.simulator.clock import ScaledClock
from rushes.simulator.faults import Fault
from rushes.simulator.limits import LIMITS, Limits
from rushes.simulator.mounts import MOUNTS
from rushes.simulator.world import START, World

HOST = "127.0.0.1"


def addresses(port: int) -> dict[str, str]:
    """Each wire's base URL in the form that the vendor's SDK takes."""
    return {wire.replace("-", "_"): f"http://{HOST}:{port}{path}" for wire, path in MOUNTS.items()}


def serve(
    folder: Path,
    port: int = 0,
    as_of: date | None = None,
    time_scale: float = 60,
    seed: int = 0,
    faults: Iterable[Fault] = (),
    json: bool = False,
    *,
    card_folders: Iterable[Path] = (),
    limits: Limits = LIMITS,
    vendor_latency: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Serve the world in `folder` on 127.0.0.1 until Ctrl-C; prints its date and base URLs once it is ready.

    Port 0 takes any free one. A world that was there before goes on from its own time, or from `as_of` where
    that is later. Raises OSError where the port is taken, ValueError where `as_of` is in its past.
    """
    start = _start(folder, as_of)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(2048)
        world = World(
            folder,
            ScaledClock(start, time_scale),
            cards=load_cards(*card_folders),
            seed=seed,
            faults=faults,
            limits=limits,
        )
        with world, suppress(KeyboardInterrupt):
            asyncio.run(_serve(world, listener, time_scale, json, vendor_latency))


def _start(folder: Path, as_of: date | None) -> datetime:
    stored = World.stored_time(folder)
    if as_of is None:
        return stored or START
    wanted = as_of if isinstance(as_of, datetime) else datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    if stored is not None and wanted.date() < stored.date():
        raise ValueError(
            f"the world in {folder} is already at {stored:%Y-%m-%d} and its time does not run backwards: "
            f"ask for that day or a later one instead of {as_of:%Y-%m-%d}, or for another folder"
        )
    return max(wanted, stored or wanted)


async def _serve(
    world: World, listener: socket.socket, time_scale: float, json: bool, vendor_latency: tuple[float, float]
) -> None:
    import uvicorn

    from rushes.simulator.app import simulator

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            _announce(world, listener.getsockname()[1], time_scale, json)

    app = simulator(world, vendor_latency=vendor_latency)
    # Its answers carry the vendors' headers, not the server's; uvicorn's HTTP/1.1 by h11 can cut a connection.
    config = uvicorn.Config(app, http="h11", lifespan="off", log_level="warning", access_log=False, server_header=False)
    await Announcing(config).serve(sockets=[listener])


def _announce(world: World, port: int, time_scale: float, json: bool) -> None:
    day, urls = world.now().date().isoformat(), addresses(port)
    if json:
        text = jsonlib.dumps({"as_of": day, "time_scale": time_scale, **urls})
    else:
        lines = [f"Simulated world of {day}, time × {time_scale:g}; nothing here costs money."]
        text = "\n".join(lines + [f"  {name:<10} {url}" for name, url in urls.items()])
    print(text, flush=True)  # noqa: T201
