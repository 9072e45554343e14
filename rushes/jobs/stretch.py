"""A stretch of a task that somebody else may end early."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class EndedEarly(Exception):
    """Raised where the stretch stood."""


class Stretch:
    """Entered once, by the task that is to be ended: asyncio's time-out, without a time.

    Inside it an early end looks like a cancellation, so that whatever is under way is cleared up as for one.
    """

    def __init__(self) -> None:
        self._timeout = asyncio.timeout(None)

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            raise EndedEarly from None

    def end(self) -> None:
        """Ends it from the next turn of the loop on, unless it has ended by then; may be called twice."""
        if not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time())
