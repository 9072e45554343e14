"""Calls on a Rushes: refused while it is not open, ended with a clear error when it is closed meanwhile.

What their errors tell a person to type is completed here, by how this Rushes was opened: the code that knows of a job
knows nothing of that.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Coroutine
from datetime import date
from functools import wraps
from pathlib import Path
from shlex import quote
from typing import Any, Concatenate, ParamSpec, TypeVar

from rushes.app.given import default_home
from rushes.errors import SetupError, VideoError
from rushes.jobs.stretch import EndedEarly, Stretch

Given = ParamSpec("Given")
Result = TypeVar("Result")
Opened = TypeVar("Opened", bound="Openable")

#: Commands that look into a ledger, as errors and reasons quote them.
QUOTED = re.compile(r"`(rushes (?:jobs|takes)\b[^`]*)`")


class Openable:
    """Whether a Rushes is open, and which calls on it are under way."""

    def __init__(self, options: str) -> None:
        """`options`: those of the command line that lead to the same ledger, with a space before each."""
        self._options = options
        self._is_open = False
        self._was_open = False
        self._under_way: dict[Stretch, asyncio.Event] = {}

    def command(self, words: str) -> str:
        """What to type to do something with this Rushes' jobs: `jobs list` as `rushes jobs list --simulate`."""
        return f"rushes {words}{self._options}"

    def _must_be_open(self) -> None:
        if not self._is_open:
            raise SetupError(
                f"this Rushes is not open{' any more' if self._was_open else ''}",
                hint="Open it again: nothing was sent for this call."
                if self._was_open
                else "Use it inside `async with Rushes.open() as rushes:`.",
            )

    def _now_open(self) -> None:
        self._is_open = self._was_open = True

    async def _end_calls(self) -> None:
        """Refuses calls from now on, and ends those under way as if their callers had given up."""
        self._is_open = False
        ended = [*self._under_way.values()]
        for stretch in self._under_way:
            stretch.end()
        for each in ended:
            await each.wait()


def call(
    method: Callable[Concatenate[Opened, Given], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[Opened, Given], Coroutine[Any, Any, Result]]:
    """Makes a method a call: besides its own errors it raises SetupError where the Rushes is not open, or is closed."""

    @wraps(method)
    async def called(self: Opened, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        self._must_be_open()
        stretch, ended = Stretch(), asyncio.Event()
        try:
            async with stretch:
                self._under_way[stretch] = ended
                try:
                    result = await method(self, *args, **kwargs)
                finally:
                    del self._under_way[stretch]
                    ended.set()
        except EndedEarly:
            raise SetupError(
                "this Rushes was closed before the call had ended; what vendors have accepted goes on there and counts",
                hint=f"Open it again and `wait` for each of `mine()`, or `{self.command('jobs resume --all')}`. "
                f"`{self.command('jobs list')}` shows what became of each.",
            ) from None
        except VideoError as error:
            _complete(error, self._options)
            raise
        for each in result if isinstance(result, list) else ():
            if isinstance(each, VideoError):
                _complete(each, self._options)
        return result

    return called


def options_for(*, home: Path, config: Path | None, as_of: date | None, simulate: bool) -> str:
    """The options of the command line for a ledger, folder of configs and world; empty for the default ones."""
    elsewhere = None if home == default_home(os.environ).expanduser().absolute() else home
    given = [(" --home", elsewhere), (" --config", config), (" --as-of", as_of)]
    options = "".join(f"{name} {quote(str(value))}" for name, value in given if value is not None)
    return options + (" --simulate" if simulate else "")


def completed(text: str, options: str) -> str:
    """A text whose commands that look into a ledger look into the one that these options lead to."""
    return QUOTED.sub(lambda found: f"`{found[1].removesuffix(options)}{options}`", text)


def _complete(error: VideoError, options: str) -> None:
    error.message = completed(error.message, options)
    error.hint = None if error.hint is None else completed(error.hint, options)
