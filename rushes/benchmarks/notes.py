"""What must be said beside a run's numbers, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rushes.amounts import counted, usd
from rushes.benchmarks.clips import Clip
from rushes.benchmarks.folder import RunInfo
from rushes.benchmarks.summary import planned

#: How dollars came to be known.
HOW = {
    "reported": "from what the vendor reports",
    "estimated": "estimated from the dated price",
    "assumed": "assumed in full, since the vendor's rule for such clips is not known",
    "not billed": "not billed by the vendor's rule",
    "imported": "as the manifest says",
    "reserved": "reserved for jobs whose end is not known",
    "unknown": "not known",
}
#: Fewer prompts than this, and no two models are told apart.
FEW = 6


def notes(info: RunInfo, clips: Sequence[Clip], simulated: bool, *, voted: bool = False) -> Iterator[str]:
    """What the numbers do not say by themselves; `voted` where there are votes on which clips look better."""
    if simulated:
        yield "Simulated: no vendor was asked. Seconds and dollars are a simulated world's and say nothing of a model."
    yield from _lengths(info)
    yield (
        "Usable is a file that passes every check of the gate, of all that were tried; failures and time-outs count. "
        "Seconds to file run from the submit to the complete, checked file; before a finished clip was noticed it may "
        "have waited for as long as the poll gap."
    )
    yield (
        "Brackets hold 95 % intervals over prompts; below 10 clips or 8 prompts there is none. p95 takes 59 clips, "
        "else the slowest is named. Models that cannot be told apart share a tier."
        + ("" if voted else " Nothing here says which clips look better: that takes votes.")
    )
    if any(len(info.suite.prompts_of(cell)) < FEW for cell in info.suite.cells):
        yield f"A cell with fewer than {FEW} prompts tells no two models apart, however many samples it has."
    yield from _imported(clips)
    yield from _unknown(clips)
    yield from _adapted(clips)
    yield from _dollars(clips)
    yield from _unseen(clips)
    yield from _failures(clips)
    yield from _unmeasured(info, clips)
    for endpoint, reasons in info.left_out.items():
        yield f"Left out: {endpoint}: {'; '.join(reasons)}."
    for endpoint, reason in info.closed.items():
        yield f"Turned us away: {endpoint}: {reason}."
    yield from _incomplete(info, clips)


def _lengths(info: RunInfo) -> Iterator[str]:
    named = {prompt.id: prompt.asked_seconds for prompt in info.suite.prompts if prompt.asked_seconds is not None}
    if named:
        asked = ", ".join(f"{name} {seconds:g} s" for name, seconds in named.items())
        yield f"Asked is the length that a prompt's own words name ({asked}); sent is what each cell gives every model."
    for name, cell in info.suite.cells.items():
        if len(set(cell.seconds.values())) > 1:
            sent = ", ".join(f"{model} {seconds:g} s" for model, seconds in cell.seconds.items())
            yield f"In {name} the models are sent different lengths, since they share none: {sent}."


def _imported(clips: Sequence[Clip]) -> Iterator[str]:
    if models := sorted({clip.result.model for clip in clips if clip.result.source == "imported"}):
        yield (
            f"Imported: {', '.join(models)}. Nobody here saw these clips being made: seconds and dollars are the "
            "manifest's, and what failed before is not among them."
        )


def _unknown(clips: Sequence[Clip]) -> Iterator[str]:
    for endpoint in dict.fromkeys(clip.result.endpoint for clip in clips):
        usable = [clip for clip in clips if clip.result.endpoint == endpoint and clip.usable]
        if endpoint is None or not usable:
            continue
        stretches = ("queue", "render", "download")
        known = {name: sum(clip.result.timing.get(name) is not None for clip in usable) for name in stretches}
        if gone := [name for name, count in known.items() if not count]:
            yield f"{endpoint}: {', '.join(gone)} n/a, since nothing tells them apart from the rest."
        for count in sorted({count for count in known.values() if 0 < count < len(usable)}):
            names = " and ".join(name for name, each in known.items() if each == count)
            yield f"{endpoint}: {names} known for {count} of {len(usable)} clips only, and the medians are of those."


def _adapted(clips: Sequence[Clip]) -> Iterator[str]:
    for endpoint in dict.fromkeys(clip.result.endpoint for clip in clips):
        changes = {
            f"{change['field']} {change['asked']} → {change['sent']}": None
            for clip in clips
            if clip.result.endpoint == endpoint
            for change in clip.result.changes
        }
        if changes:
            yield f"{endpoint} was sent what it can make instead of what was asked: {', '.join(changes)}."


def _dollars(clips: Sequence[Clip]) -> Iterator[str]:
    for how, words in HOW.items():
        if whose := sorted({clip.result.endpoint or clip.result.model for clip in clips if clip.result.usd_how == how}):
            yield f"Dollars {words}: {', '.join(whose)}."


def _unseen(clips: Sequence[Clip]) -> Iterator[str]:
    unseen = [clip.result for clip in clips if clip.usable and clip.result.seconds_to_file is None]
    if resumed := [result for result in unseen if result.source == "fresh"]:
        of = ", ".join(sorted({result.endpoint or result.model for result in resumed}))
        yield (
            f"{counted(len(resumed), 'clip')} of {of} ended while the run stood still: seconds to file are not known, "
            "or known only to be more than we waited."
        )


def _failures(clips: Sequence[Clip]) -> Iterator[str]:
    """A sentence for each model and way to end without a usable file, with the first few reasons."""
    groups: dict[tuple[str, str], list[Clip]] = {}
    for clip in clips:
        if not clip.usable:
            groups.setdefault((clip.result.endpoint or clip.result.model, clip.outcome), []).append(clip)
    for (whose, outcome), group in groups.items():
        some = [each.result for each in group[:3]]
        named = ", ".join(f"{each.cell} {each.prompt}" + f" {each.sample}" * (each.sample > 1) for each in some)
        more = f" and {len(group) - 3} more in table.csv" if len(group) > 3 else ""
        costs = [each.result.usd for each in group]
        cost = usd(None if None in costs else sum(filter(None, costs), Decimal(0)))
        reasons = list(dict.fromkeys(reason for each in group for reason in each.reasons))
        why = "; ".join(reasons[:3]) + (f"; and {len(reasons) - 3} other reasons" if len(reasons) > 3 else "")
        yield f"{whose}: {len(group)} {outcome} ({named}{more}), counted for {cost}: {why}."


def _unmeasured(info: RunInfo, clips: Sequence[Clip]) -> Iterator[str]:
    files = [clip for clip in clips if clip.result.clip is not None]
    if not info.settings.scorers:
        yield "The clips were probed and not measured: black, frozen and silent ones were not looked for."
    elif unmeasured := sum(clip.measured is None for clip in files):
        yield (
            f"{unmeasured} of {counted(len(files), 'clip')} are not measured: `rushes bench table {info.name}` does "
            "it, if their files are there."
        )


def _incomplete(info: RunInfo, clips: Sequence[Clip]) -> Iterator[str]:
    of = sum(planned(info, cell, model) or 0 for cell in info.suite.cells for model in info.suite.models)
    tried = sum(planned(info, clip.result.cell, clip.result.model) is not None for clip in clips)
    if tried < of:
        because = f": {info.stopped}" if info.stopped else "."
        yield f"{tried} of {of} clips were tried{because}"
