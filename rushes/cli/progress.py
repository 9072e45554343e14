"""What shows while clips are made: a line a job on stderr, and what Ctrl-C does meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rushes.cli.ending import INTERRUPTED
from rushes.cli.show import clean, console

if TYPE_CHECKING:
    from rich.progress import TaskID

    from rushes.jobs.machine import Event


class Progress:
    """State, the vendor's percentage and the time gone, one line a job; nothing where stderr is no terminal.

    Inside it, the first Ctrl-C cancels the task that entered it, and the second ends the process at once.
    """

    def __init__(self, *, simulated: bool) -> None:
        from rich.progress import BarColumn, ProgressColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        columns: list[str | ProgressColumn] = [
            TextColumn("{task.description}", markup=False),
            BarColumn(20),
            TextColumn("{task.fields[percent]}"),
        ]
        # A simulated world's minutes pass in no time; ours would only confuse.
        if not simulated:
            columns.append(TimeElapsedColumn())
        self._bars = Bars(*columns, console=console(stderr=True), transient=True, disable=not sys.stderr.isatty())
        self._lines: dict[str, TaskID] = {}
        self._task: asyncio.Task[object] | None = None
        self.interrupted = False

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._bars.start()
        # Windows' event loop has no such handlers; there Ctrl-C ends the command the usual way.
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
        with suppress(NotImplementedError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)

    def event(self, event: Event) -> None:
        """Takes in what a job does; give it to `Rushes.open` as `on_event`."""
        job = event.job
        words = f"{job.endpoint}  {clean(event.what)}"
        percent = "" if event.progress is None else f"{event.progress:.0f} %"
        line = self._lines.get(job.id)
        if line is None:
            line = self._lines[job.id] = self._bars.add_task(words, total=None, percent=percent)
        total = None if event.progress is None else 100.0
        self._bars.update(line, description=words, total=total, completed=event.progress or 0, percent=percent)

    def _interrupt(self) -> None:
        if self.interrupted:
            # What is on its way is found unclear at the next start; that is what the ledger is for.
            self._bars.stop()
            os._exit(INTERRUPTED)
        self.interrupted = True
        self._bars.stop()
        sys.stderr.write("\nStopping in good order; Ctrl-C again leaves at once.\n")
        sys.stderr.flush()
        if self._task is not None:
            self._task.cancel()
