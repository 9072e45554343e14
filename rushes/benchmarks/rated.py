"""What a run's votes say about the endpoints whose clips were compared, as evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rushes.benchmarks.clips import Clip
from rushes.benchmarks.ratings.board import Board, boards
from rushes.benchmarks.ratings.board import groups as connected
from rushes.benchmarks.ratings.rate import rate
from rushes.benchmarks.standings import KINDS, By
from rushes.benchmarks.votes import Vote
from rushes.evidence import Evidence, EvidenceCell, Source

#: What made a clip: endpoint, kind of clip, whether a simulator made it, and whether it is fresh or imported.
Group = tuple[str, EvidenceCell, bool, str]
SOURCES: Mapping[By, Source] = {"people": "voted", "judge": "judged"}


def rated(run: str, clips: Sequence[Clip], votes: Sequence[Vote], makers: Mapping[str, Group]) -> Iterator[Evidence]:
    """A rating for each endpoint and kind of clip, by people and by judges apart; nothing below 6 prompts.

    `makers` is each label's. Clips made from words and from a picture are voted on apart: models that are near each
    other in one need not be in the other.
    """
    places = {clip.result.label: (clip.result.cell, clip.result.prompt, clip.result.model) for clip in clips}
    models = {(places[label][0], places[label][2], group[1].mode): group for label, group in makers.items()}
    for mode in sorted({group[1].mode for group in makers.values()}):
        some = [vote for vote in votes if all(_mode(makers, label) == mode for label in (vote.left, vote.right))]
        for by, source in SOURCES.items():
            found, _ = boards(some, places, KINDS[by])
            for (cell, pool), board in found.items():
                mine = [vote for vote in some if (vote.cell, vote.pool) == (cell, pool) and vote.kind in KINDS[by]]
                groups = {model: models[cell, model, mode] for model in board.models}
                yield from _rows(run, source, board, groups, mine)


def _rows(
    run: str, source: Source, board: Board, groups: Mapping[str, Group], votes: Sequence[Vote]
) -> Iterator[Evidence]:
    if len(connected(board)) > 1:
        return
    for each in rate(board).models:
        if each.sd is None:
            continue
        endpoint, kind, simulated, _ = groups[each.model]
        yield Evidence(
            endpoint=endpoint,
            cell=kind,
            metric="rating",
            mean=each.elo,
            sd=each.sd,
            n=each.prompts,
            source=source,
            simulated=simulated,
            observed=max(vote.at for vote in votes),
            run=run,
            detail={
                "votes": each.votes,
                "pool": votes[0].pool,
                "against": sorted(set(board.models) - {each.model}),
                "low": each.low,
                "high": each.high,
            },
        )


def _mode(makers: Mapping[str, Group], label: str) -> str | None:
    return makers[label][1].mode if label in makers else None
