"""Files that are only ever added to, a line at a time: what is in them is whole, whatever ended an earlier start."""

from __future__ import annotations

import os
from pathlib import Path


def append(path: Path, line: bytes, *, durable: bool = True) -> None:
    """Adds a line to a file, whole or not at all; the caller keeps others from adding meanwhile.

    `durable`: it is on disk when this returns. Raises OSError, and the file then ends as it did before.
    """
    with path.open("ab+", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        data = line + b"\n"
        if end:
            file.seek(end - 1)
            # After the part of a line that somebody cut off left, a line of its own.
            data = data if file.read(1) == b"\n" else b"\n" + data
        try:
            if file.write(data) != len(data):
                raise OSError("there was room for a part of a line only")
            if durable:
                os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), end)
            raise


def mend(path: Path) -> None:
    """Drops the part of a line at a file's end that a kill left; nobody was told that it is there."""
    if path.exists():
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)
