"""Clips made ready to be sent, each once as long as there is room.

A judge is shown what people are shown, the rating copies: made by the same filters, but as small as it looks at them.
The whole copies are not needed for that. They are compressed once more, which a judge's pictures are as well, and more.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from rushes.benchmarks.copying import NO_ROOM, Small, copy
from rushes.benchmarks.judging.frames import Seen, film_of, frames_of
from rushes.benchmarks.judging.judges import Judge
from rushes.benchmarks.judging.pairs import Take
from rushes.clock import Clock
from rushes.errors import BadFile, DiskFull, SetupError

#: Bytes that are kept for the next question.
KEPT = 96_000_000


class Ready:
    """The clips that one judge is shown; `raw`: the files themselves and not as rating copies show them.

    `work` is the folder in which copies lie for a moment, made when it is first needed.
    """

    def __init__(self, judge: Judge, clock: Clock, work: Path, *, raw: bool) -> None:
        self._judge, self._clock, self._work, self._raw = judge, clock, work, raw
        self._kept: OrderedDict[str, Seen] = OrderedDict()
        self._making: dict[str, asyncio.Lock] = {}

    async def seen(self, take: Take) -> Seen:
        """Raises BadFile where the clip does not decode, or is not the file that was measured.

        DiskFull and SetupError where there is no room or no place for a copy of it.
        """
        async with self._making.setdefault(take.sha256, asyncio.Lock()):
            if (found := self._kept.get(take.sha256)) is None:
                with self._clock.working():
                    found = await asyncio.to_thread(self._made, take)
                self._kept[take.sha256] = found
            self._kept.move_to_end(take.sha256)
            while sum(each.size for each in self._kept.values()) > KEPT and len(self._kept) > 2:
                self._kept.popitem(last=False)
            return found

    def _made(self, take: Take) -> Seen:
        try:
            digest = sha256(take.path.read_bytes()).hexdigest()
        except OSError as error:
            raise BadFile(f"{take.path}: cannot be read: {error.strerror or error}") from None
        if digest != take.sha256:
            raise BadFile(
                f"{take.path}: is not the clip that was measured",
                hint="Measure the run again with `rushes bench table`.",
            )
        if self._raw:
            return self._pictures(take.path)
        film = self._judge.sees == "video"
        folder = self._place()
        try:
            shown = folder / "shown.mp4"
            copy(take.path, shown, small=Small(self._judge.side, None if film else self._judge.fps))
            return self._pictures(shown)
        finally:
            rmtree(folder, ignore_errors=True)

    def _place(self) -> Path:
        """A new folder for one copy."""
        try:
            self._work.mkdir(exist_ok=True)
            return Path(mkdtemp(dir=self._work))
        except OSError as error:
            why = f"{self._work}: no place for the copies that the judge is shown: {error.strerror or error}"
            if error.errno in NO_ROOM:
                raise DiskFull(why, hint="Make room; the same command goes on.") from None
            raise SetupError(
                why, hint="See that the run's folder can be written to; the same command goes on."
            ) from None

    def _pictures(self, path: Path) -> Seen:
        if self._judge.sees == "video":
            return film_of(path, fps=self._judge.fps, side=self._judge.side)
        return frames_of(path, fps=self._judge.fps, side=self._judge.side, most=self._judge.pictures_each)
