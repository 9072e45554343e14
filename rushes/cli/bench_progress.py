"""What shows while a run is made: a line for each clip that has come, what is under way, and the dollars so far."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rushes.amounts import usd
from rushes.cli.progress import Progress
from rushes.cli.show import clean, seconds

if TYPE_CHECKING:
    from rich.progress import TaskID

    from rushes.benchmarks.result import Result
    from rushes.benchmarks.schedule import Slot
    from rushes.jobs.machine import Event


class RunProgress(Progress):
    """Jobs under way as `Progress` shows them, over a line for the whole run."""

    def __init__(self, total: int, *, simulated: bool) -> None:
        super().__init__(simulated=simulated)
        self._total = total
        self._whole: TaskID = self._bars.add_task("all clips", total=total, percent="")
        self._usd = Decimal(0)
        self.done = 0

    def event(self, event: Event) -> None:
        super().event(event)
        if event.job.ended is not None:
            self._bars.remove_task(self._lines.pop(event.job.id))

    def result(self, slot: Slot, result: Result) -> None:
        self.done += 1
        self._usd += result.usd or 0
        self._bars.update(self._whole, completed=self.done, percent=f"{self.done} of {self._total}, {usd(self._usd)}")
        what = f"{seconds(result.seconds_to_file)} to file" if result.usable else f"{result.status}: {result.reason}"
        line = f"{self.done:>3} of {self._total}  {slot.model} {slot.cell} {slot.prompt.id}  {what}"
        self._bars.console.print(clean(f"{line}  {usd(result.usd)}, so far {usd(self._usd)}"), soft_wrap=True)
