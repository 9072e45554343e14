"""The simulator as one ASGI app: every vendor's wire, the files host, and what tests and demos ask of the world.

/openai/v1/…  /vllm-omni/v1/…  /sglang/v1/…  /vertex/…  /dashscope/api/v1/…  the vendors
/judge/openai/v1/…  /judge/gemini/v1beta/…                                   a judge of films, on two wires
/files/…  /foreign/…                                                         hosts that need no key
/_simulator/truth  /_simulator/faults  /_simulator/clock  /_simulator/foreign  /_simulator/judge
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from rushes.simulator.dashscope import DashScope
from rushes.simulator.desk import Desk
from rushes.simulator.faults import NAMES, Dropped, Fault
from rushes.simulator.files import Files
from rushes.simulator.judge import Judge
from rushes.simulator.mounts import MOUNTS
from rushes.simulator.openai import OpenAI
from rushes.simulator.selfhosted import SGLang, VllmOmni
from rushes.simulator.vertex import Vertex
from rushes.simulator.world import World

SIMULATED = "X-Rushes-Simulated"
TIME_SCALE = "X-Rushes-Time-Scale"


def simulator(world: World, *, vendor_latency: tuple[float, float] = (0.0, 0.0)) -> ASGIApp:
    """The app. `vendor_latency`: real seconds before and after a job is accepted, for tests that kill the caller.

    Over httpx2's ASGITransport a cut connection arrives as `faults.Dropped`; under uvicorn it is really cut.
    """
    return _Simulator(world, vendor_latency)


class _Simulator:
    def __init__(self, world: World, vendor_latency: tuple[float, float]) -> None:
        desk = Desk(world, vendor_latency)
        files = Files(desk)
        self._world = world
        scale = world.clock.scale
        stamps = {SIMULATED: "true", TIME_SCALE: "virtual" if scale is None else f"{scale:g}"}
        self._stamps = [(name.lower().encode(), value.encode()) for name, value in stamps.items()]
        self._router = Router(
            [
                *OpenAI(desk, MOUNTS["openai"]).routes(),
                *VllmOmni(desk, files, MOUNTS["vllm-omni"]).routes(),
                *SGLang(desk, files, MOUNTS["sglang"]).routes(),
                *Vertex(desk, files, MOUNTS["vertex"]).routes(),
                *DashScope(desk, MOUNTS["dashscope"]).routes(),
                *Judge(world, MOUNTS["judge-openai"], MOUNTS["judge-gemini"]).routes(),
                *files.routes(),
                *_Backstage(world).routes(),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def stamped(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *self._stamps]}
            await send(message)

        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        self._world.tick()
        with self._world.clock.working():
            try:
                await self._router(scope, receive, stamped)
            except Dropped as dropped:
                await _hang_up(receive, dropped)
            except ClientDisconnect:
                return  # nobody is there any more to be answered


async def _hang_up(receive: Receive, dropped: Dropped) -> None:
    """Cut the connection where there is one (uvicorn); else let the transport raise Dropped."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise dropped
    if dropped.midway:
        transport.close()  # what was sent arrives
    else:
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


class _Backstage:
    """What tests and demos ask of the world; no vendor has it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> Iterator[BaseRoute]:
        yield Route("/_simulator/truth", self.truth)
        yield Route("/_simulator/clock", self.clock)
        yield Route("/_simulator/foreign", self.foreign)
        yield Route("/_simulator/faults", self.faults)
        yield Route("/_simulator/faults", self.add_fault, methods=["POST"])
        yield Route("/_simulator/faults", self.clear_faults, methods=["DELETE"])

    async def truth(self, request: Request) -> Response:
        return JSONResponse(self._world.truth())

    async def clock(self, request: Request) -> Response:
        scale = self._world.clock.scale
        return JSONResponse({"now": self._world.now().isoformat(), "time_scale": "virtual" if scale is None else scale})

    async def foreign(self, request: Request) -> Response:
        """Every request to a host that is not the vendor's API; of keys only that they were sent."""
        return JSONResponse({"visits": self._world.visits()})

    async def faults(self, request: Request) -> Response:
        listed = [
            {
                "name": fault.name,
                "wire": fault.wire,
                "times": fault.times,
                "after": fault.after,
                "occasions": seen,
            }
            for fault, seen in self._world.faults
        ]
        return JSONResponse({"faults": listed, "names": NAMES})

    async def add_fault(self, request: Request) -> Response:
        """One fault, such as {"name": "poll_500", "wire": "vertex", "times": 3}."""
        try:
            fault = Fault(**await request.json())
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        self._world.faults.add(fault)
        return JSONResponse({"name": fault.name, "wire": fault.wire, "times": fault.times, "after": fault.after}, 201)

    async def clear_faults(self, request: Request) -> Response:
        self._world.faults.clear()
        return Response(status_code=204)
