"""One scale for what boards say of looks: people's votes here, judges', and boards elsewhere.

A board tells how its models differ and nothing else, so each has an offset of its own that is free. What all boards say
together is a least-squares fit of normal numbers, solved at once:

* a line of a board here: rating = θ + offset, off by its standard error;
* a line of a board elsewhere: score = θ + taste + offset, off by what its interval says. `taste` is how far the public
  is from one's own opinion of that model (the board's `transfer_sd`). Boards elsewhere share it: the public asked twice
  is still the public;
* clips of another kind (start, length class, resolution): off by OTHER_KIND more;
* θ is within PRIOR of 0, the same with and without sound but for what sound is worth (SOUND ± SOUND_SD, on one model
  ± SAME_MODEL), and at one endpoint what it is at the others, unless votes told two of them apart (then ± OTHER_KIND).

What is reported is θ less the mean of all models that are connected with each other: two that no board leads from one
to the other stand on no common scale. Of several such groups the one with votes of one's own is the scale, and the rest
is unsure by as much as PRIOR says. Ratings do not age; what is known to be of an older version is not handed in here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from rushes.evidence import Evidence, EvidenceCell
from rushes.published import Listed, Published, PublishedBoard, Task
from rushes.router.known import Basis, Rating
from rushes.router.policy import Judges
from rushes.router.posterior.weights import same_kind

#: Elo, as standard deviations. OTHER_KIND and SAME_MODEL are our judgement.
PRIOR, OTHER_KIND, SAME_MODEL = 400.0, 30.0, 40.0
#: Elo that sound is worth: on Arena's text board Veo 3 stood at 1339 with and 1253 without it, Veo 3 Fast at 1347 and
#: 1248 (as copied, read 2026-11-22). How far that holds for others is our judgement.
SOUND, SOUND_SD = 90.0, 30.0
#: Two standard errors to each side, for the intervals of boards elsewhere.
_NORMAL = 1.96
#: No line is surer than this, in Elo.
_SUREST = 1.0

#: A model, or an endpoint where votes told endpoints of one model apart; and whether its clips have sound.
Entity = tuple[str, bool]
#: What votes on clips that start so speak for: whether a picture leads them or words do.
TASKS: Mapping[str, Task] = {
    "text": "text",
    "extend": "text",
    "image": "image",
    "first_last": "image",
    "references": "image",
}


@dataclass(frozen=True, slots=True)
class Line:
    """What one board says of one entity."""

    board: Hashable
    entity: Entity
    value: float
    variance: float
    #: Elo (standard deviation) by which the public's opinion may be off one's own; 0: it is one's own.
    transfer: float
    #: Of which model the opinion is.
    model: str
    basis: Basis


class Scale:
    """Every model that is spoken of for one kind of clip, on one scale."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._at = {entity: k for k, entity in enumerate(_entities(lines))}
        # A board of one model, alone in the world, compares it with nothing.
        self._estimate, self._covariance = _solve(lines, self._at) if len(self._at) > 1 else ((), ())
        self._connected = [self._at[entity] for entity in _largest(lines, self._at)]

    def of(self, endpoint: str, audio: bool) -> Rating | None:
        """The rating of `PROVIDER/MODEL` with or without sound; None where no board speaks of that."""
        model = model_of(endpoint)
        whole, own = (model, audio), (endpoint, audio)
        at = self._at.get(own, self._at.get(whole))
        if at is None or len(self._at) < 2:
            return None
        apart = [0.0] * len(self._at)
        for each in self._connected:
            apart[each] = -1 / len(self._connected)
        apart[at] += 1
        told = [line for line in self._lines if (line.model, line.entity[1]) == whole]
        if own in self._at:
            told = [line for line in told if line.entity in (own, whole)]
        told.sort(key=lambda line: line.variance + line.transfer**2)
        elo = sum(weight * each for weight, each in zip(apart, self._estimate, strict=True))
        variance = sum(
            one * other * each
            for one, row in zip(apart, self._covariance, strict=True)
            for other, each in zip(apart, row, strict=True)
        )
        return Rating(elo, sqrt(variance), tuple(line.basis for line in told))


def scale_of(cell: EvidenceCell, evidence: Iterable[Evidence], published: Published, judges: Judges) -> Scale:
    """The scale for a kind of clip, with or without sound. `evidence` may hold other metrics too."""
    rows = [row for row in evidence if row.metric == "rating" and _counts(row, judges)]
    rows = [row for row in rows if TASKS.get(row.cell.mode) == TASKS[cell.mode]]
    boards = defaultdict[Hashable, list[Evidence]](list)
    for row in rows:
        boards[row.run, row.started, row.source, row.detail.get("board", str(row.cell))].append(row)
    named = {(key, model_of(row.endpoint), row.endpoint) for key, board in boards.items() for row in board}
    met = Counter((key, model) for key, model, _ in named)
    split = {model for (_, model), endpoints in met.items() if endpoints > 1}
    return Scale([*_own(cell, boards, split), *_published(cell, published)])


def model_of(endpoint: str) -> str:
    """`PROVIDER/MODEL` to the model."""
    return endpoint.partition("/")[2]


def _counts(row: Evidence, judges: Judges) -> bool:
    if row.source != "judged" or judges == "always":
        return True
    return judges == "agreeing" and (row.simulated or row.detail.get("agrees") is True)


def _own(cell: EvidenceCell, boards: Mapping[Hashable, Sequence[Evidence]], split: Collection[str]) -> Iterator[Line]:
    for key, board in boards.items():
        for row in board:
            if row.sd is None or row.cell.audio is None:
                continue
            model = model_of(row.endpoint)
            # A standard error is that of a rating less the mean of its board, of which the rating itself is part.
            many = max(len(board), 1 + len(row.detail.get("against", ())))
            variance = max(row.sd, _SUREST) ** 2 * (many / (many - 1) if many > 1 else 1)
            basis = own_basis(row, cell)
            yield Line(
                board=key,
                entity=(row.endpoint if model in split else model, row.cell.audio),
                value=row.mean,
                variance=variance + (0 if basis.borrowed is None else OTHER_KIND**2),
                transfer=0,
                model=model,
                basis=basis,
            )


def own_basis(row: Evidence, cell: EvidenceCell) -> Basis:
    """What a rating by votes of one's own is, to clips of this kind with or without sound."""
    same = same_kind(replace(row.cell, audio=None), cell)
    return Basis(row.source, row.run, row.n, None, row.observed.date(), None if same else row.cell)


def _published(cell: EvidenceCell, published: Published) -> Iterator[Line]:
    newest: dict[Hashable, PublishedBoard] = {}
    for board in sorted(published.boards, key=lambda board: board.as_of):
        newest[board.board, board.task, board.sound] = board
    for board in newest.values():
        if board.task == TASKS[cell.mode]:
            for listed in board.models:
                yield from _listed(cell, board, listed)


def _listed(cell: EvidenceCell, board: PublishedBoard, listed: Listed) -> Iterator[Line]:
    kind = EvidenceCell(board.task, cell.length, listed.resolution, None)
    same = same_kind(kind, cell)
    variance = max(listed.plus_minus / _NORMAL, _SUREST) ** 2 + (0 if same else OTHER_KIND**2)
    sound = board.sound if listed.sound is None else listed.sound
    where = f"{board.board}, {board.page}, listed as {listed.listed}; {board.sources[listed.source].where}"
    basis = Basis("prior", None, None, None, board.as_of, None if same else replace(kind, audio=sound), where)
    # Where nobody said whether it had sound, it speaks for both, by half each.
    for audio in (True, False) if sound is None else (sound,):
        doubled = 2 if sound is None else 1
        entity = (listed.model, audio)
        yield Line(board.id, entity, listed.score, doubled * variance, board.transfer_sd, listed.model, basis)


def _entities(lines: Sequence[Line]) -> list[Entity]:
    """Endpoints that were told apart stand beside their model, which speaks for its other endpoints."""
    return sorted({line.entity for line in lines} | {(line.model, line.entity[1]) for line in lines})


def _largest(lines: Sequence[Line], at: Mapping[Entity, int]) -> list[Entity]:
    """The entities that boards connect, those with most lines of one's own first, then the most."""
    group = {entity: {entity} for entity in at}

    def join(one: Entity, other: Entity) -> None:
        if group[one] is not group[other]:
            group[one] |= group[other]
            for each in group[other]:
                group[each] = group[one]

    first: dict[Hashable, Entity] = {}
    for line in lines:
        join(first.setdefault(line.board, line.entity), line.entity)
        join(line.entity, (line.model, line.entity[1]))
    for name, audio in at:
        if (name, not audio) in at:
            join((name, audio), (name, not audio))
    own = Counter(id(group[line.entity]) for line in lines if not line.transfer)
    best = max(group.values(), key=lambda each: (own[id(each)], len(each)), default=set())
    return sorted(best)


def _solve(lines: Sequence[Line], at: Mapping[Entity, int]) -> tuple[Sequence[float], Sequence[Sequence[float]]]:
    """Estimates of θ in the order of `at`, and their covariance."""
    import numpy as np

    unknown: dict[Hashable, int] = dict(at)

    def place(of: Hashable) -> int:
        return unknown.setdefault(of, len(unknown))

    #: Weights of unknowns that add up to a value, and its variance.
    sums: list[tuple[dict[int, float], float, float]] = [({k: 1.0}, 0.0, PRIOR**2) for k in at.values()]
    for line in lines:
        weights = {at[line.entity]: 1.0, place(("offset", line.board)): 1.0}
        if line.transfer:
            weights[place(("taste", line.model))] = line.transfer
        sums.append((weights, line.value, line.variance))
    sums += [({k: 1.0}, 0.0, 1.0) for of, k in unknown.items() if isinstance(of, tuple) and of[0] == "taste"]
    whole = {(line.entity, (line.model, line.entity[1])) for line in lines}
    sums += [({at[one]: 1.0, at[model]: -1.0}, 0.0, OTHER_KIND**2) for one, model in sorted(whole) if one != model]
    if both := [name for name, audio in at if audio and (name, False) in at]:
        worth = place("sound")
        sums.append(({worth: 1.0}, SOUND, SOUND_SD**2))
        sums += [({at[name, True]: 1.0, at[name, False]: -1.0, worth: -1.0}, 0.0, SAME_MODEL**2) for name in both]
    precision, pull = np.zeros((len(unknown), len(unknown))), np.zeros(len(unknown))
    for weights, value, variance in sums:
        ks, factors = [*weights], np.array([*weights.values()])
        precision[np.ix_(ks, ks)] += np.outer(factors, factors) / variance
        pull[ks] += factors * value / variance
    covariance = np.linalg.inv(precision)
    k = len(at)
    return (covariance @ pull)[:k].tolist(), covariance[:k, :k].tolist()
