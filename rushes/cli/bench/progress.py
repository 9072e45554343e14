"""What shows while a run is made and measured: a line for each clip, what is under way, dollars so far, time left."""

from __future__ import annotations

import sys
from decimal import Decimal
from time import monotonic
from typing import TYPE_CHECKING, Self

from rushes.amounts import usd
from rushes.cli.progress import Progress
from rushes.cli.show import clean, console, seconds
from rushes.numbers import about

if TYPE_CHECKING:
    from rich.progress import TaskID

    from rushes.benchmarks.measured import Measured
    from rushes.benchmarks.result import Result
    from rushes.benchmarks.runner import Survey
    from rushes.benchmarks.schedule import Slot
    from rushes.jobs.machine import Event

#: So many clips must have come before the pace is told from them instead of from the cards.
PACED_FROM = 4


class RunProgress(Progress):
    """Jobs under way as `Progress` shows them, over a line for the whole run."""

    def __init__(self, survey: Survey, *, simulated: bool) -> None:
        super().__init__(simulated=simulated)
        self._survey = survey
        self._total = len(survey.slots)
        self._new = {slot.label for slot in survey.missing}
        self._whole: TaskID = self._bars.add_task("all clips", total=self._total, percent="")
        self._simulated = simulated
        self._usd = Decimal(0)
        self._start = monotonic()
        self._made = 0
        self.done = 0

    def event(self, event: Event) -> None:
        super().event(event)
        if event.job.ended is not None:
            self._bars.remove_task(self._lines.pop(event.job.id))

    def result(self, slot: Slot, result: Result) -> None:
        self.done += 1
        self._made += slot.label in self._new
        self._usd += result.usd or 0
        left = self._left()
        counts = f"{self.done} of {self._total}, {usd(self._usd)}" + (f", {left} left" if left else "")
        self._bars.update(self._whole, completed=self.done, percent=counts)
        there = result.status == "delivered"
        what = f"{seconds(result.seconds_to_file)} to file" if there else f"{result.status}: {result.reason}"
        line = f"{self.done:>3} of {self._total}  {slot.model} {slot.cell} {slot.prompt.id}  {what}"
        self._bars.console.print(
            clean(f"{line}  {usd(result.usd)}, so far {usd(self._usd)}" + (f", {left} left" if left else "")),
            soft_wrap=True,
        )

    def _left(self) -> str | None:
        """About how long it still takes, by the clips so far, at first by the cards; None where nobody can tell."""
        missing = len(self._new) - self._made
        if not missing:
            return None
        if self._made >= PACED_FROM:
            return about((monotonic() - self._start) / self._made * missing)
        if self._simulated or self._survey.seconds is None:
            return None
        return about(self._survey.seconds * missing / len(self._new))


class MeasureProgress:
    """A bar for the clips that are measured; nothing where stderr is no terminal."""

    def __init__(self, total: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        columns = (TextColumn("measuring the clips"), BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Bars(*columns, console=console(stderr=True), transient=True, disable=not sys.stderr.isatty())
        self._task = self._bars.add_task("", total=total)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def measured(self, _: Measured) -> None:
        self._bars.advance(self._task)
