"""What a run can and cannot tell, said before it is paid for."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp
from typing import TYPE_CHECKING

from rushes.amounts import counted

if TYPE_CHECKING:
    from rushes.benchmarks.folder import RunInfo

#: p95 has an upper limit from so many clips.
P95_FROM = 59
#: As many votes as people give a pair and prompt; and a difference in Elo that hardly shows.
VOTES, CLOSE = 3, 35.0


def lines(info: RunInfo) -> Iterator[str]:
    """A sentence for speed, for reliability and for looks; of the cell with the most prompts."""
    from rushes.benchmarks.statistics.power import LOG_SD, detectable_ratio, failure_bound, needed_for_ratio

    models, samples = len(info.suite.endpoints), info.settings.samples
    prompts = max(len(info.suite.prompts_of(cell)) for cell in info.suite.cells)
    pairs = models * (models - 1) // 2
    clips = prompts * samples
    if pairs:
        ratio = detectable_ratio(prompts, samples, comparisons=pairs)
        if ratio is None:
            yield f"speed: not told apart; {counted(prompts, 'prompt')} a cell, and 6 are the fewest that can"
        else:
            finer = needed_for_ratio(1.2, samples, comparisons=pairs)
            more = "more than 1,000" if finer is None else f"about {finer}"
            yield (
                f"speed: tells two models apart that differ by a factor of {ratio:.1f} or more (4 times in 5, if "
                f"seconds scatter by {LOG_SD} in the logarithm); a factor of 1.2 takes {more} prompts"
            )
    yield (
        f"reliability: {counted(clips, 'clip')} of each model and cell; without a single failure up to "
        f"{100 * failure_bound(clips):.0f} % may still fail"
        + ("" if clips >= P95_FROM else f"; p95 takes {P95_FROM} clips, so the slowest is named")
    )
    yield _looks(prompts, models)


def _looks(prompts: int, models: int) -> str:
    from rushes.benchmarks.ratings.bradley_terry import ELO
    from rushes.benchmarks.ratings.needed import detectable_elo, votes_for

    elo = detectable_elo(prompts, VOTES, models) if models > 1 else None
    if elo is None:
        return "looks: not told apart by this; that takes votes on two models and six prompts at the least"
    share = 100 / (1 + exp(-elo / ELO))
    close = votes_for(CLOSE, models * (models - 1) // 2)
    return (
        f"looks: not told apart by this; {VOTES} votes on each pair and prompt would tell apart about {elo:.0f} Elo (a "
        f"win share of {share:.0f} %), and {CLOSE:.0f} Elo (55 %) takes some {close:,} votes, each on its own prompt"
    )
