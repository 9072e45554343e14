"""The command: what is asked for is checked, estimated, agreed to, and judged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from rushes.amounts import counted, usd
from rushes.cli.ending import Interrupted, report
from rushes.cli.judge.progress import JudgeProgress
from rushes.cli.judge.start import SIMULATED, Start
from rushes.cli.judge.words import say_what_it_takes, tell
from rushes.cli.options import FLAG, Common, Spending
from rushes.cli.show import say

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.benchmarks.folder import Folder
    from rushes.benchmarks.judging.pairs import Pair
    from rushes.benchmarks.judging.summary import Estimate

JUDGING = Group("The judge", sort_key=1)


def judge(
    run: str,
    /,
    *,
    judge: Annotated[str | None, Parameter(group=JUDGING)] = None,
    pairs: Annotated[int | None, Parameter(group=JUDGING)] = None,
    seed: Annotated[int, Parameter(group=JUDGING)] = 0,
    raw: Annotated[bool, FLAG, Parameter(group=JUDGING)] = False,
    again: Annotated[bool, FLAG, Parameter(group=JUDGING)] = False,
    unpriced: Annotated[bool, FLAG, Parameter(group=JUDGING)] = False,
    spending: Spending = Spending(),
    common: Common = Common(),
) -> int:
    """Show a judge the takes of RUN two by two, and add what it says to the run's votes.

    Every pair is shown in both orders; where the answers differ it is a tie. What it was asked before is not asked, or
    paid, again. Says what it may cost and asks before it spends, unless --yes or a cap is given; nothing goes out that
    could pass what was said.

    It is shown what people are shown by `rushes rate`: copies of one size, 24 frames a second, equally loud.

    Parameters
    ----------
    judge
        Who judges, from judges.yaml; with --simulate the simulated judge unless given.
    pairs
        Judge only so many pairs, models and prompts in turn; all unless given.
    seed
        Seed of the order of the pairs, and of which take is shown on the left first.
    raw
        Show it the clips themselves, in their own size, rate and loudness; such votes stand on a board of their own.
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
        start = Start(folder, kept, entry, chosen, rushes, common, again=again, raw=raw, cap=cap)
        return asyncio.run(_judge(start, asked, len(found), gone, unpriced, spending))


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


async def _judge(
    start: Start, pairs: Sequence[Pair], of: int, gone: Sequence[str], unpriced: bool, spending: Spending
) -> int:
    from rushes.benchmarks.judging.records import money

    async with start.judging() as (judging, books):
        lost = judging.bury()
        for name in gone:
            say(f"left out: {name} is not there any more", style="yellow")
        estimate = judging.estimate(pairs)
        say_what_it_takes(start, pairs, of, estimate, lost)
        _check_cost(estimate, start.cap, unpriced)
        free = start.common.simulate or estimate.usd == 0 or start.cap is not None
        if estimate.questions and not spending.confirm("Go on?", free=free):
            say("Nothing was sent.")
            return 1
        if estimate.usd is not None:
            books.hold_to(estimate.usd)
        with JudgeProgress(len(pairs), judging.summary, simulated=start.common.simulate) as progress:
            try:
                summary = await judging.judge_all(pairs, progress.judged)
            except asyncio.CancelledError:
                if not progress.interrupted:
                    raise
                raise Interrupted(
                    f"Interrupted: {counted(judging.summary.votes, 'vote')} made for {usd(judging.summary.usd)}. What "
                    "was on its way is written down; the same command goes on, and pays for nothing twice."
                ) from None
    total, unknown = money(start.kept.asked)
    tell(start, summary, estimate, total, unknown)
    if summary.stopped is not None:
        return report(summary.stopped, as_json=False)  # for programs it stands in the summary
    return 1 if summary.unanswered else 0


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
