"""What one start of a judge goes by, and how the judge is reached."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from rushes.cli.options import Common

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.benchmarks.folder import Folder
    from rushes.benchmarks.judging.charge import Booked
    from rushes.benchmarks.judging.judge import Judging
    from rushes.benchmarks.judging.judges import Judge
    from rushes.benchmarks.judging.records import Records
    from rushes.clock import Clock
    from rushes.http import Api

#: Of the simulated world; its entry in judges.yaml.
SIMULATED = "simulated"


class Start:
    """The run, the judge, and how it is asked."""

    def __init__(
        self,
        folder: Folder,
        kept: Records,
        entry: Judge,
        id: str,
        rushes: Rushes,
        common: Common,
        *,
        again: bool,
        raw: bool,
        cap: Decimal | None,
    ) -> None:
        self.folder, self.kept, self.entry, self.id, self.rushes = folder, kept, entry, id, rushes
        self.common, self.again, self.raw, self.cap = common, again, raw, cap

    @property
    def rater(self) -> str:
        """As votes name it: a judge that is only simulated is not the one whose name it has."""
        return f"{SIMULATED}:{self.id}" if self.common.simulate and self.id != SIMULATED else self.id

    @asynccontextmanager
    async def judging(self) -> AsyncIterator[tuple[Judging, Booked]]:
        """The judge, and who keeps the books. Raises NotAuthorized where the judge's key is not set."""
        from rushes.benchmarks.judging.charge import Booked
        from rushes.benchmarks.judging.judge import Judging

        async with self.common.rushes(resume=False) as rushes, self._reached() as (api, clock, key):
            books = Booked(rushes, self.folder.name, self.cap)
            judging = Judging(
                self.folder,
                self.kept,
                self.entry,
                api,
                books,
                clock,
                rater=self.rater,
                # A judge is paid today's price, also where the simulated films are of another day.
                day=self.common.as_of or datetime.now(UTC).date(),
                key=key,
                real=not self.folder.known().simulated,
                again=self.again,
                raw=self.raw,
            )
            yield judging, books

    @asynccontextmanager
    async def _reached(self) -> AsyncIterator[tuple[Api, Clock, str | None]]:
        from rushes.clock import SystemClock
        from rushes.config import access
        from rushes.http import Api, httpx
        from rushes.providers.credentials import auth_of

        provider = self.entry.provider()
        if not self.common.simulate:
            reached = access(provider, os.environ)
            auth = auth_of(provider, reached)
            async with httpx.AsyncClient(follow_redirects=False) as http:
                yield Api(http, reached.base_url, auth), SystemClock(), reached.key
            return
        from rushes.simulated import InProcess, open_world, simulated_access

        if provider.auth == "none":  # the simulated wires ask for a key
            provider = provider.model_copy(update={"auth": "bearer"})
        day = self.rushes.day
        reached = simulated_access(f"judge-{self.entry.wire}", provider, day)
        with open_world(self.rushes.home, day, self.rushes.config.cards, ()) as world:
            async with httpx.AsyncClient(transport=InProcess(world)) as http:
                yield Api(http, reached.base_url, auth_of(provider, reached)), world.clock, None
