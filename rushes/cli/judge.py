"""`rushes judge`: has a vision-language model say which takes of a run are better, and keeps what it says as votes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from rushes.amounts import UNKNOWN, counted, usd
from rushes.cli.ending import Interrupted, error_json, report
from rushes.cli.options import FLAG, Common, Spending
from rushes.cli.progress import Progress
from rushes.cli.show import clean, columns, console, say, write_json

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.benchmarks.folder import Folder
    from rushes.benchmarks.judging.judge import Judging
    from rushes.benchmarks.judging.judges import Judge
    from rushes.benchmarks.judging.pairs import Pair
    from rushes.benchmarks.judging.records import Records
    from rushes.benchmarks.judging.summary import Estimate, Judgement, Summary
    from rushes.clock import Clock
    from rushes.http import Api

JUDGING = Group("The judge", sort_key=1)
#: Of the simulated world; its entry in judges.yaml.
SIMULATED = "simulated"
#: Pairs that must be judged before the time left is told from them.
PACED_FROM = 4


def judge(
    run: str,
    /,
    *,
    judge: Annotated[str | None, Parameter(group=JUDGING)] = None,
    pairs: Annotated[int | None, Parameter(group=JUDGING)] = None,
    seed: Annotated[int, Parameter(group=JUDGING)] = 0,
    again: Annotated[bool, FLAG, Parameter(group=JUDGING)] = False,
    unpriced: Annotated[bool, FLAG, Parameter(group=JUDGING)] = False,
    spending: Spending = Spending(),
    common: Common = Common(),
) -> int:
    """Show a judge the takes of RUN two by two, and add what it says to the run's votes.

    Every pair is shown in both orders; where the answers differ it is a tie. What it was asked before is not asked, or
    paid, again. Says what it may cost and asks before it spends, unless --yes or a cap is given.

    Parameters
    ----------
    judge
        Who judges, from judges.yaml; with --simulate the simulated judge unless given.
    pairs
        Judge only so many pairs, models and prompts in turn; all unless given.
    seed
        Seed of the order of the pairs, and of which take is shown on the left first.
    again
        Ask once more where the judge refused or its answer could not be read.
    unpriced
        Allow a judge whose cost cannot be told beforehand.
    """
    from rushes.benchmarks.folder import Folder
    from rushes.benchmarks.judging.judges import judge_of, load_judges
    from rushes.benchmarks.judging.records import records
    from rushes.errors import BadInput

    if pairs is not None and pairs < 1:
        raise BadInput(f"--pairs takes a number of at least 1, not {pairs}")
    cap = spending.cap()
    judges = load_judges(common.config)
    chosen = judge or (SIMULATED if common.simulate else None)
    if chosen is None:
        raise BadInput("say who judges: --judge ID", hint=f"There are {', '.join(judges)}.")
    entry = judge_of(chosen, judges)
    rushes = common.rushes()
    folder = Folder(rushes.home, run)
    folder.known()
    _check_world(folder, chosen, common)
    common.announce()
    found, gone = _pairs(folder, rushes, seed, common)
    with records(folder) as kept:
        asked = found if pairs is None else found[:pairs]
        setting = _Setting(folder, kept, entry, chosen, rushes, common, again, cap)
        return asyncio.run(_judge(setting, asked, len(found), gone, unpriced, spending))


def _check_world(folder: Folder, judge: str, common: Common) -> None:
    """Raises BadInput where what is simulated would judge what is not."""
    from rushes.errors import BadInput

    real = [result for result in folder.results().values() if result.clip is not None and not result.simulated]
    if common.simulate and (real or not folder.known().simulated):
        raise BadInput(
            f"the run '{folder.name}' is not simulated, and a simulated judge's votes would say nothing of its clips",
            hint="Leave --simulate out and name a judge, or judge a simulated run.",
        )
    if judge == SIMULATED and not common.simulate:
        raise BadInput("the simulated judge needs --simulate", hint="Add --simulate, or name another with --judge.")


def _pairs(folder: Folder, rushes: Rushes, seed: int, common: Common) -> tuple[list[Pair], list[str]]:
    """The pairs, once every clip is measured, and the clips whose files are gone."""
    from rushes.benchmarks.clips import clips_of
    from rushes.benchmarks.judging.pairs import pairs_of
    from rushes.cli.bench.finish import measure
    from rushes.errors import BadInput

    with folder.alone():
        measure(folder, common)
        info = folder.known()
        clips = clips_of(info, list(folder.results().values()), folder.measures())
    pairs, gone = pairs_of(info, clips, folder.path, rushes.config.cards, seed=seed)
    if not pairs:
        raise BadInput(
            f"the run '{folder.name}' has no two usable clips of one prompt and cell by different models, both with "
            "sound or both without",
            hint=f"`rushes bench table {folder.name}{common.again()}` says what became of each.",
        )
    return pairs, gone


class _Setting:
    """What one start goes by."""

    def __init__(
        self,
        folder: Folder,
        kept: Records,
        entry: Judge,
        id: str,
        rushes: Rushes,
        common: Common,
        again: bool,
        cap: Decimal | None,
    ) -> None:
        self.folder, self.kept, self.entry, self.id, self.rushes = folder, kept, entry, id, rushes
        self.common, self.again, self.cap = common, again, cap

    @property
    def rater(self) -> str:
        """As votes name it: a judge that is only simulated is not the one whose name it has."""
        return f"{SIMULATED}:{self.id}" if self.common.simulate and self.id != SIMULATED else self.id

    @asynccontextmanager
    async def judging(self) -> AsyncIterator[Judging]:
        """Raises NotAuthorized where the judge's key is not set."""
        from rushes.benchmarks.judging.charge import Booked
        from rushes.benchmarks.judging.judge import Judging

        async with self.common.rushes(resume=False) as rushes, self._reached() as (api, clock, key):
            yield Judging(
                self.folder,
                self.kept,
                self.entry,
                api,
                Booked(rushes, self.folder.name, self.cap),
                clock,
                rater=self.rater,
                # A judge is paid today's price, also where the simulated films are of another day.
                day=self.common.as_of or datetime.now(UTC).date(),
                key=key,
                real=not self.folder.known().simulated,
                again=self.again,
            )

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


async def _judge(
    setting: _Setting, pairs: Sequence[Pair], of: int, gone: Sequence[str], unpriced: bool, spending: Spending
) -> int:
    from rushes.benchmarks.judging.records import money

    async with setting.judging() as judging:
        lost = judging.bury()
        for name in gone:
            say(f"left out: {name} is not there any more", style="yellow")
        estimate = judging.estimate(pairs)
        _say_what_it_takes(setting, pairs, of, estimate, lost)
        _check_cost(estimate, setting.cap, unpriced)
        free = setting.common.simulate or estimate.usd == 0 or setting.cap is not None
        if estimate.questions and not spending.confirm("Go on?", free=free):
            say("Nothing was sent.")
            return 1
        with _JudgeProgress(len(pairs), judging.summary, simulated=setting.common.simulate) as progress:
            try:
                summary = await judging.judge_all(pairs, progress.judged)
            except asyncio.CancelledError:
                if not progress.interrupted:
                    raise
                raise Interrupted(
                    f"Interrupted: {counted(judging.summary.votes, 'vote')} made for {usd(judging.summary.usd)}. What "
                    "was on its way is written down; the same command goes on, and pays for nothing twice."
                ) from None
    total, unknown = money(setting.kept.asked)
    _tell(setting, summary, estimate, total, unknown)
    if summary.stopped is not None:
        return report(summary.stopped, as_json=False)  # for programs it stands in the summary
    return 1 if summary.unanswered else 0


def _say_what_it_takes(setting: _Setting, pairs: Sequence[Pair], of: int, estimate: Estimate, lost: int) -> None:
    from rushes.cli.bench.progress import about

    entry = setting.entry
    shown = f"films with sound at {entry.fps:g}" if entry.sees == "video" else f"{entry.fps:g}"
    say(f"{entry.name} ({setting.id}, {entry.model}) on the run {setting.folder.name}, {shown} frames a second:")
    part = f" of {of}" if len(pairs) < of else ""
    say(f"  {len(pairs)}{part} pairs, {len(pairs) - estimate.pairs} of them judged already")
    if lost:
        say(
            f"  {counted(lost, 'question')} of a process that was killed may have been paid for; counted in full, and "
            "asked again",
            style="yellow",
        )
    if estimate.questions:
        cost = f"for at most {usd(estimate.usd)}" if estimate.usd is not None else f"at a cost of {UNKNOWN}"
        time = "a time that nobody can tell yet" if estimate.seconds is None else f"about {about(estimate.seconds)}"
        say(f"  {counted(estimate.questions, 'question')} to ask, both orders of each pair, {cost}, in {time}")
    makers = {maker for pair in pairs for maker in (pair.left.maker, pair.right.maker)}
    if entry.maker is not None and entry.maker in makers:
        say(f"  {entry.maker} made this judge and one of the models: those votes are flagged", style="yellow")
    if entry.maker is None or None in makers:
        unknown = "this judge" if entry.maker is None else "some of the models"
        say(f"  who made {unknown} is not known, so a judge of the same maker may go unnoticed", style="yellow")


def _check_cost(estimate: Estimate, cap: Decimal | None, unpriced: bool) -> None:
    """Raises OverBudget, before anything is sent, where the estimate is above the cap or not known."""
    from rushes.errors import OverBudget

    if not estimate.questions:
        return
    if estimate.usd is None:
        if not unpriced:
            raise OverBudget(
                "what this judge costs cannot be told beforehand: its price, or how many tokens it counts for what it "
                "is shown, is not known",
                hint="Add them to a judges.yaml in your --config folder, or allow it: --unpriced. Nothing was sent.",
            )
        if cap is not None:
            raise OverBudget(
                f"a cost that is not known cannot be held to {usd(cap)}",
                hint="Leave --max-usd out, or add prices and tokens in judges.yaml. Nothing was sent.",
            )
    elif cap is not None and estimate.usd > cap:
        raise OverBudget(
            f"{counted(estimate.questions, 'question')} could cost {usd(estimate.usd)}, above the cap of {usd(cap)}",
            hint="Judge fewer with --pairs, or raise --max-usd. Nothing was sent.",
        )


class _JudgeProgress(Progress):
    """A line for each pair, and one for the whole with what it has cost."""

    def __init__(self, total: int, summary: Summary, *, simulated: bool) -> None:
        super().__init__(simulated=simulated)
        self._total, self._summary, self._simulated = total, summary, simulated
        self._whole = self._bars.add_task("judging", total=total, percent="")
        self._start, self._asked, self._done = monotonic(), 0, 0

    def judged(self, judgement: Judgement) -> None:
        from rushes.cli.bench.progress import about

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


def _tell(setting: _Setting, summary: Summary, estimate: Estimate, total: Decimal, unknown: int) -> None:
    decided = summary.left + summary.right
    if setting.common.json:
        write_json(
            {
                "run": setting.folder.name,
                "judge": setting.rater,
                "model": setting.entry.model,
                "simulated": setting.folder.known().simulated,
                "votes": summary.votes,
                "there": summary.there,
                "flips": summary.flips,
                "wavered": summary.wavered,
                "unanswered": summary.unanswered,
                "same_maker": summary.same_maker,
                "questions": dict(sorted(summary.outcomes.items())),
                "position_bias": {"left": summary.left, "decided": decided, **_interval(summary.left, decided)},
                "usd": summary.usd,
                "usd_assumed": summary.assumed,
                "unpriced_questions": summary.unpriced,
                "usd_of_all_starts": total,
                "broken": summary.broken,
                "stopped": None if summary.stopped is None else error_json(summary.stopped),
                "folder": setting.folder.path,
            }
        )
        return
    for line in columns([*_rows(setting, summary, decided, total, unknown)]):
        console().print(clean(line), soft_wrap=True)
    for line in dict.fromkeys(summary.broken):
        say(line, style="yellow")


def _rows(setting: _Setting, summary: Summary, decided: int, total: Decimal, unknown: int) -> list[tuple[str, str]]:
    sent = sum(summary.outcomes.values())
    rows = [
        ("Votes made", f"{summary.votes}" + (f" ({summary.there} stood already)" if summary.there else "")),
        ("Flips", f"{_share(summary.flips, summary.votes)}: another side with the sides exchanged; counted as ties"),
        ("Other ties by order", f"{_share(summary.wavered, summary.votes)}: a side once, a tie or both bad once"),
        ("Without a vote", f"{summary.unanswered}"),
        ("Questions sent", f"{sent}" + _outcomes(summary)),
        ("Position bias", _bias(summary.left, decided)),
    ]
    if summary.same_maker:
        rows.append(
            ("Same maker", f"{_share(summary.same_maker, summary.votes)}: the judge's maker made one of the two")
        )
    cost = usd(summary.usd) + (f", of which {usd(summary.assumed)} assumed in full" if summary.assumed else "")
    rows.append(
        ("Cost", cost + (f"; {counted(summary.unpriced, 'question')} at {UNKNOWN}" if summary.unpriced else ""))
    )
    more = f"; {counted(unknown, 'question')} at {UNKNOWN}" if unknown else ""
    rows.append(("Cost of all starts", f"{usd(total)}{more}"))
    rows.append(("Kept in", f"{setting.folder.path}: votes.jsonl, judge.jsonl"))
    return rows


def _outcomes(summary: Summary) -> str:
    parts = [f"{count} {name.replace('_', ' ')}" for name, count in summary.outcomes.most_common()]
    return f": {', '.join(parts)}" if parts else ""


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" if whole else UNKNOWN


def _bias(left: int, decided: int) -> str:
    if not decided:
        return UNKNOWN
    ends = _interval(left, decided)
    return (
        f"{left / decided:.0%} of {decided} answers for a side were for the left one "
        f"({ends['low']:.0%} to {ends['high']:.0%}); without bias it is 50%, and both orders cancel it out"
    )


def _interval(part: int, whole: int) -> dict[str, Any]:
    from rushes.benchmarks.statistics.intervals import wilson

    found = wilson(part, whole)
    if found is None:
        return {"share": None, "low": None, "high": None}
    return {"share": part / whole, "low": found.low, "high": found.high}
