"""What a run's votes say about the endpoints whose clips were compared, as evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from rushes.benchmarks.clips import Clip
from rushes.benchmarks.ratings.agreement import FEWEST_DOUBLE, Against, judge_against_people
from rushes.benchmarks.ratings.board import Board, boards
from rushes.benchmarks.ratings.board import groups as connected
from rushes.benchmarks.ratings.rate import rate
from rushes.benchmarks.standings import KINDS, By
from rushes.benchmarks.votes import Vote
from rushes.evidence import Evidence, EvidenceCell, Source

#: What made a clip: endpoint, kind of clip, whether a simulator made it, and whether it is fresh or imported.
Group = tuple[str, EvidenceCell, bool, str]
SOURCES: Mapping[By, Source] = {"people": "voted", "judge": "judged"}


def rated(run: str, clips: Sequence[Clip], votes: Sequence[Vote], makers: Mapping[str, Group]) -> list[Evidence]:
    """A rating for each endpoint and kind of clip, by people and by judges apart; nothing below 6 prompts.

    `makers` is each label's. Clips made from words and from a picture, and simulated and real ones, are voted on apart:
    models that are near each other in one need not be in the other. Where several boards say something of one kind of
    clip, that with most votes does.

    Only votes on rating copies count. On the files themselves size, rate and loudness win votes too (the louder of two
    mostly does), and a route by them would prefer what no model is better for; they are shown, and nothing more.
    """
    results = {clip.result.label: clip.result for clip in clips}
    places = {label: (result.cell, result.prompt, result.model) for label, result in results.items()}
    votes = [vote for vote in votes if not vote.raw]
    against = judge_against_people(votes)
    best: dict[tuple[object, ...], Evidence] = {}
    for mode, simulated in sorted({(group[1].mode, group[2]) for group in makers.values()}):
        kept = {label: group for label, group in makers.items() if (group[1].mode, group[2]) == (mode, simulated)}
        models = {(places[label][0], places[label][2]): group for label, group in kept.items()}
        some = [vote for vote in votes if vote.left in kept and vote.right in kept]
        for by, source in SOURCES.items():
            found, _ = boards(some, places, KINDS[by])
            for (cell, pool), board in found.items():
                mine = [vote for vote in some if (vote.cell, vote.pool) == (cell, pool) and vote.kind in KINDS[by]]
                seen = defaultdict[str, list[datetime]](list)
                for label in {label for vote in mine for label in (vote.left, vote.right)}:
                    if (at := results[label].at) is not None:
                        seen[places[label][2]].append(at)
                groups = {model: models[cell, model] for model in board.models}
                about: dict[str, Any] = {"board": f"{mode}, {cell}, {pool}"}
                if source == "judged":
                    about["agrees"] = _agrees([against[rater] for rater in board.raters])
                for row in _rows(run, source, board, groups, mine, seen, about):
                    key = (row.endpoint, row.cell, row.source, row.simulated)
                    if key not in best or best[key].detail["votes"] < row.detail["votes"]:
                        best[key] = row
    return [*best.values()]


def _agrees(judges: Sequence[Against]) -> bool | None:
    """Whether all of these judges agree with people about as well as people do; None where too few pairs can tell."""
    if any(each.interval is None or min(each.pairs, each.people_pairs) < FEWEST_DOUBLE for each in judges):
        return None
    return all(each.may_join for each in judges)


def _rows(
    run: str,
    source: Source,
    board: Board,
    groups: Mapping[str, Group],
    votes: Sequence[Vote],
    seen: Mapping[str, Sequence[datetime]],
    about: Mapping[str, Any],
) -> Iterator[Evidence]:
    if len(connected(board)) > 1:
        return
    pool = votes[0].pool
    for each in rate(board).models:
        if each.sd is None:
            continue
        endpoint, kind, simulated, _ = groups[each.model]
        yield Evidence(
            endpoint=endpoint,
            # Whether a clip has sound is what its file says, also where nobody ordered it.
            cell=replace(kind, audio=pool == "sound"),
            metric="rating",
            mean=each.elo,
            sd=each.sd,
            n=each.prompts,
            source=source,
            simulated=simulated,
            observed=max(seen[each.model]),
            run=run,
            detail={
                # Ratings are relative to the mean of theirs.
                **about,
                "oldest": min(seen[each.model]).isoformat(),
                "votes": each.votes,
                "voted": max(vote.at for vote in votes).isoformat(),
                "pool": pool,
                "against": sorted(set(board.models) - {each.model}),
                "low": each.low,
                "high": each.high,
            },
        )
