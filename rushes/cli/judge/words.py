"""What is said before a judge is asked, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rushes.amounts import UNKNOWN, counted, usd
from rushes.cli.ending import error_json
from rushes.cli.judge.start import Start
from rushes.cli.show import clean, columns, console, say, write_json
from rushes.numbers import about, percent

if TYPE_CHECKING:
    from rushes.benchmarks.judging.pairs import Pair
    from rushes.benchmarks.judging.summary import Estimate, Summary


def say_what_it_takes(start: Start, pairs: Sequence[Pair], of: int, estimate: Estimate, lost: int) -> None:

    entry = start.entry
    shown = f"films with sound at {entry.fps:g}" if entry.sees == "video" else f"{entry.fps:g}"
    what = "the clips themselves" if start.raw else "rating copies"
    say(f"{entry.name} ({start.id}, {entry.model}) on the run {start.folder.name}, {what}, {shown} frames a second:")
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


def tell(start: Start, summary: Summary, estimate: Estimate, total: Decimal, unknown: int) -> None:
    decided = summary.left + summary.right
    if start.common.json:
        write_json(
            {
                "run": start.folder.name,
                "judge": start.rater,
                "model": start.entry.model,
                "simulated": start.folder.known().simulated,
                "raw": start.raw,
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
                "folder": start.folder.path,
            }
        )
        return
    for line in columns([*_rows(start, summary, decided, total, unknown)]):
        console().print(clean(line), soft_wrap=True)
    for line in dict.fromkeys(summary.broken):
        say(line, style="yellow")


def _rows(start: Start, summary: Summary, decided: int, total: Decimal, unknown: int) -> list[tuple[str, str]]:
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
    if start.folder.known().simulated:
        rows.append(("", "simulated: nothing is billed"))
    rows.append(("Cost of all starts", f"{usd(total)}{more}"))
    rows.append(("Kept in", f"{start.folder.path}: votes.jsonl, judge.jsonl"))
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
        f"{percent(left / decided)} of {decided} answers for a side were for the left one "
        f"({percent(ends['low'])} to {percent(ends['high'])}); without bias it is 50 %, and both orders cancel it out"
    )


def _interval(part: int, whole: int) -> dict[str, Any]:
    from rushes.benchmarks.statistics.intervals import wilson

    found = wilson(part, whole)
    if found is None:
        return {"share": None, "low": None, "high": None}
    return {"share": part / whole, "low": found.low, "high": found.high}
