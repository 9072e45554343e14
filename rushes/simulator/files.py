"""The files host and the foreign host: clips behind signed links, and what a download can suffer.

Neither asks for a key. Both note the headers they are sent, so that a test can see whether a key came along.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from rushes.simulator import faults, links
from rushes.simulator.clock import Clock
from rushes.simulator.desk import Desk
from rushes.simulator.job import Job

CHUNK = 64 * 1024
NOT_A_VIDEO = b"<!doctype html><title>Sorry</title><p>This page is no video, although its header says so.</p>"


class Files:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._world = desk.world

    def routes(self) -> Iterator[BaseRoute]:
        yield Route("/files/{wire}/{job}/{sample:int}.mp4", self.file, methods=["GET", "HEAD"])
        yield Route("/foreign/{wire}/{job}/{sample:int}.mp4", self.foreign, methods=["GET", "HEAD"])

    async def file(self, request: Request) -> ASGIApp:
        self._world.visited("files", request.url.path, links.shown(request.headers))
        path = request.url.path.split("/", 2)[2]
        why = links.refused(path, request.query_params, self._world.now(), self._world.secret)
        if why:
            return denied(403, why, "Request has expired." if why == "AccessDenied" else "The signature is wrong.")
        job = self._world.job(request.path_params["job"])
        if job is None:
            return denied(404, "NoSuchKey", "The specified key does not exist.")
        return await self.clip(request, job, request.path_params["sample"])

    async def foreign(self, request: Request) -> ASGIApp:
        self._world.visited("foreign", request.url.path, links.shown(request.headers))
        job = self._world.job(request.path_params["job"])
        if job is None:
            return denied(404, "NoSuchKey", "The specified key does not exist.")
        return FileResponse(await self._world.film(job, request.path_params["sample"]), media_type="video/mp4")

    async def clip(self, request: Request, job: Job, sample: int) -> ASGIApp:
        """A finished job's clip, with the faults that strike its download."""
        if self._desk.strikes(job, "link_404_once"):
            return denied(404, "NoSuchKey", "The specified key does not exist.")
        if "redirect_to_foreign_host" in job.tricks:
            root = links.base(request, "foreign")
            return RedirectResponse(f"{root}/foreign/{job.asked.wire}/{job.id}/{sample}.mp4", 302)
        if {"empty_file", "not_a_video", "truncated_file"} & job.tricks.keys():
            return Response(await self.content(job, sample), media_type="video/mp4")
        path = await self._world.film(job, sample)
        if "slow_body" in job.tricks:
            size = path.stat().st_size
            trickle = _trickle(path, size, self._world.clock)
            return StreamingResponse(trickle, headers={"content-length": str(size)}, media_type="video/mp4")
        return FileResponse(path, media_type="video/mp4")

    async def content(self, job: Job, sample: int) -> bytes:
        """A finished job's clip as bytes, broken where a fault says so."""
        if "empty_file" in job.tricks:
            return b""
        if "not_a_video" in job.tricks:
            return NOT_A_VIDEO
        path = await self._world.film(job, sample)
        content = path.read_bytes()
        return content[: len(content) // 2] if "truncated_file" in job.tricks else content


def denied(status: int, code: str, message: str) -> Response:
    """An object store's refusal."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>\n'
    return Response(text, status, media_type="application/xml")


async def _trickle(path: Path, size: int, clock: Clock) -> AsyncIterator[bytes]:
    pieces = max(1, -(-size // CHUNK))
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            await clock.sleep(faults.SLOW / pieces)
            yield chunk
