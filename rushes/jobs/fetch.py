"""Fetches one finished clip: streamed to disk in constant memory, capped, hashed, opened, then moved into place."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from rushes.errors import BadFile, DiskFull, JobLost, NotAuthorized, RateLimited, Unavailable
from rushes.http import Api, httpx
from rushes.probe import Probe, probe
from rushes.providers.base import Clip, retry_after

CHUNK = 1 << 20
#: Room that must be free before anything is submitted, in bytes.
ROOM = 500_000_000


@dataclass(frozen=True)
class Fetched:
    path: Path
    sha256: str
    probe: Probe


def room_for_clips(home: Path) -> None:
    """Raises DiskFull where the home folder's disk could not take a clip."""
    free = shutil.disk_usage(home).free
    if free < ROOM:
        raise DiskFull(
            f"{home}: {free / 1e6:.0f} MB are free, and a clip may need {ROOM / 1e6:.0f} MB",
            hint="Nothing was sent. Make room, or give another --home.",
        )


async def fetch(api: Api, clip: Clip, folder: Path, stem: str, *, max_bytes: int) -> Fetched:
    """The clip as `folder/stem-<hash>.mp4`, complete or not at all.

    Raises BadFile for what is no usable video or too large, JobLost where the link is gone, Unavailable, RateLimited or
    NotAuthorized where the vendor would not hand it over now, and OSError where the disk would not take it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{stem}.part"
    try:
        sha256 = await _write(_chunks(api, clip), partial, max_bytes)
        found = await asyncio.to_thread(probe, partial)
        suffix = "avi" if found.container == "avi" else "mp4"
        path = folder / f"{stem}-{sha256[:12]}.{suffix}"
        partial.replace(path)
        _sync(folder)
        return Fetched(path, sha256, found)
    finally:
        partial.unlink(missing_ok=True)


async def _write(chunks: AsyncIterator[bytes], path: Path, max_bytes: int) -> str:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > max_bytes:
                raise BadFile(f"the file is larger than the cap of {max_bytes / 1e6:.0f} MB")
            digest.update(chunk)
            await asyncio.to_thread(file.write, chunk)
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    if size == 0:
        raise BadFile("the file is empty")
    return digest.hexdigest()


async def _chunks(api: Api, clip: Clip) -> AsyncIterator[bytes]:
    if clip.data is not None:
        yield clip.data
        return
    if clip.url is None:
        raise BadFile("the vendor named no file")
    try:
        async with api.stream("GET", clip.url, keyless=clip.signed) as response:
            await _refuse_errors(response)
            got = 0
            async for chunk in response.aiter_bytes(CHUNK):
                got += len(chunk)
                yield chunk
            due = response.headers.get("content-length")
            if due is not None and "content-encoding" not in response.headers and got != int(due):
                raise BadFile(f"the file broke off after {got} of {due} bytes")
    except httpx.HTTPError as error:
        raise Unavailable(f"the download broke off ({type(error).__name__})") from None


async def _refuse_errors(response: httpx.Response) -> None:
    match response.status_code:
        case 200:
            return
        case 404 | 410 | 403:
            raise JobLost(f"HTTP {response.status_code} for the finished file: the link has expired, or never was")
        case 401:
            raise NotAuthorized("HTTP 401 for the finished file")
        case 429:
            raise RateLimited("HTTP 429 for the finished file", retry_after=retry_after(response))
        case status:
            raise Unavailable(f"HTTP {status} for the finished file")


def _sync(folder: Path) -> None:
    # So that the name survives a power cut as well.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
