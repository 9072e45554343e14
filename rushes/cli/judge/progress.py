"""A line for each pair while a judge is at work."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from rushes.amounts import UNKNOWN, usd
from rushes.cli.progress import Progress
from rushes.cli.show import clean
from rushes.numbers import about

if TYPE_CHECKING:
    from rushes.benchmarks.judging.summary import Judgement, Summary

#: Pairs that must be judged before the time left is told from them.
PACED_FROM = 4


class JudgeProgress(Progress):
    """A line for each pair, and one for the whole with what it has cost."""

    def __init__(self, total: int, summary: Summary, *, simulated: bool) -> None:
        super().__init__(simulated=simulated)
        self._total, self._summary, self._simulated = total, summary, simulated
        self._whole = self._bars.add_task("judging", total=total, percent="")
        self._start, self._asked, self._done = monotonic(), 0, 0

    def judged(self, judgement: Judgement) -> None:

        self._done += 1
        self._asked += judgement.verdict != "there"
        cost = usd(self._summary.usd) + (
            f" and {self._summary.unpriced} at {UNKNOWN}" if self._summary.unpriced else ""
        )
        left = ""
        if self._asked >= PACED_FROM and not self._simulated:
            left = f", {about((monotonic() - self._start) / self._asked * (self._total - self._done))} left"
        counts = f"{self._done} of {self._total}, {cost}{left}"
        self._bars.update(self._whole, completed=self._done, percent=counts)
        if judgement.verdict != "there":
            self._bars.console.print(clean(f"{self._done:>3} of {self._total}  {_line(judgement)}"), soft_wrap=True)


def _line(judgement: Judgement) -> str:
    pair, vote = judgement.pair, judgement.vote
    models = f"{pair.cell} {pair.prompt}  {pair.left.model} and {pair.right.model}"
    if vote is None:
        said = [each for each in (judgement.shown, judgement.exchanged) if each not in (None, "answered")]
        return f"{models}  no vote: {', '.join(str(each).replace('_', ' ') for each in said) or 'a clip is missing'}"
    winner = {"left": pair.left.model, "right": pair.right.model, "tie": "tie", "both_bad": "both bad"}[vote.choice]
    judged = vote.judged
    differ = judged is not None and judged.shown != judged.exchanged
    return f"{models}  {winner}{' (the answers differ)' if differ else ''}  {usd(judgement.usd)}"
