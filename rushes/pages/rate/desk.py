"""Who is shown which pair, what they choose, and what they take back. Several threads may call it at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from secrets import token_hex
from threading import Lock
from time import monotonic
from typing import Any, Literal

from rushes.benchmarks.ratings.choose import Candidate, Pair, next_pair, progress
from rushes.benchmarks.votebook import Book
from rushes.benchmarks.votes import Choice, Reason, Undo, Vote, standing
from rushes.errors import VideoError
from rushes.pages.rate.shelf import Shelf
from rushes.pages.rate.summary import Summary, summary

#: A player's clock and ours differ, in seconds.
LEEWAY = 0.5
#: One showing in ten is a repeat.
FIRST_TIME = 0.9

Side = Literal["left", "right"]


class NotSaved(Exception):
    """Nothing was written; `message` says so, and why. `status` is HTTP's, and `again` true where the same may be asked
    once more."""

    def __init__(self, message: str, status: int, *, again: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.again = again


@dataclass(frozen=True)
class Offer:
    """A pair that a rater looks at; `id` becomes the vote's."""

    pair: Pair
    #: By the desk's clock, in seconds.
    since: float
    #: What was chosen before it was taken back.
    before: Vote | None = None
    id: str = field(default_factory=lambda: token_hex(8))


class Desk:
    """The pairs of one run, for any number of raters.

    `raw`: the files themselves are shown; votes on them and on copies do not count as one. `wait`: no choice comes
    sooner than both clips are over. `limit`: so many choices of each rater, at most.
    """

    def __init__(
        self,
        shelf: Shelf,
        book: Book,
        *,
        raw: bool = False,
        wait: bool = True,
        limit: int | None = None,
        seed: int = 0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.shelf = shelf
        self.book = book
        self.raw = raw
        self.wait = wait
        self.limit = limit
        self.seed = seed
        self._clock = clock
        self._lock = Lock()
        self._offers: dict[str, Offer] = {}
        self._gone: set[str] = set()
        self._unplayable: defaultdict[str, set[str]] = defaultdict(set)
        self._told: set[str] = set()

    def show(self, rater: str) -> dict[str, Any]:
        """What the rater's page shows: a pair, the same until it is chosen, or the end."""
        with self._lock:
            return self._shown(rater)

    def choose(self, rater: str, id: str, choice: Choice, reasons: Sequence[Reason] = ()) -> dict[str, Any]:
        """Saves the choice and shows the next pair. Raises NotSaved."""
        with self._lock:
            if any(vote.id == id for vote in self._own(rater)):
                return self._shown(rater)  # saved before, and only the answer was lost
            offer = self._current(rater, id)
            pair = offer.pair
            if "sound" in reasons and pair.pool == "silent":
                raise NotSaved("These clips have no sound: the choice was NOT saved.", 422)
            if self.wait and self._clock() - offer.since < self._takes(offer):
                raise NotSaved("Neither clip can be over yet: the choice was NOT saved.", 425, again=True)
            vote = Vote(
                id=offer.id,
                at=datetime.now(UTC),
                rater=rater,
                kind="person",
                cell=pair.cell,
                prompt=pair.prompt,
                pool=pair.pool,
                left=pair.left,
                right=pair.right,
                choice=choice,
                reasons=tuple(dict.fromkeys(reasons)),
                seconds=round(self._clock() - offer.since, 1),
                raw=self.raw,
                repeats=pair.repeats,
            )
            self._save(vote)
            del self._offers[rater]
            return self._shown(rater)

    def undo(self, rater: str) -> dict[str, Any]:
        """Takes back the rater's last choice and shows its pair again. Raises NotSaved."""
        with self._lock:
            own = self._own(rater)
            if not own:
                raise NotSaved("There is no choice of yours to take back.", 409)
            if rater in self._told:
                raise NotSaved("You have seen which model is which: nothing can be taken back any more.", 409)
            last = own[-1]
            self._save(Undo(id=token_hex(8), at=datetime.now(UTC), rater=rater, kind="person", undoes=last.id))
            pair = Pair(last.cell, last.prompt, last.pool, last.left, last.right, last.repeats)
            self._offers[rater] = Offer(pair, self._clock(), before=last)
            return self._shown(rater)

    def skip(self, rater: str, id: str, side: Side) -> dict[str, Any]:
        """Shows this rater nothing more of a clip that the browser cannot play. Raises NotSaved."""
        with self._lock:
            pair = self._current(rater, id).pair
            self._unplayable[rater].add(pair.left if side == "left" else pair.right)
            return self._shown(rater)

    def summary(self, rater: str) -> Summary:
        """What the rater's choices say, with names. Raises NotSaved while there is anything left to choose."""
        with self._lock:
            if self._offer(rater) is not None:
                raise NotSaved("Names are shown once every pair is chosen.", 409)
            self._told.add(rater)
            return summary(rater, self._own(rater), self.shelf.candidates, [*self._gone, *self._unplayable[rater]])

    def voted(self) -> int:
        """How many choices stand."""
        with self._lock:
            return len(self._votes())

    # --- behind the lock ----------------------------------------------------------------------------------------------

    def _shown(self, rater: str) -> dict[str, Any]:
        offer, own = self._offer(rater), self._own(rater)
        seen, there = progress(self._candidates(rater), self._votes(), rater=rater)
        left = ceil((there - seen) / FIRST_TIME)
        if self.limit is not None:
            left = min(left, self.limit - len(own))
        state = {"done": len(own), "left": max(left, 0 if offer is None else 1), "undo": bool(own)}
        if offer is None:
            return state | {"end": True, "left": 0, "undo": bool(own) and rater not in self._told}
        text = self.shelf.prompts[offer.pair.prompt]
        before = offer.before
        return state | {
            "end": False,
            "id": offer.id,
            "words": text.words,
            "image": None if text.image is None else text.token,
            "clips": [self.shelf.shown[label].token for label in (offer.pair.left, offer.pair.right)],
            "sound": offer.pair.pool == "sound",
            "wait": self._takes(offer) > 0 and self.wait,
            "before": None if before is None else {"choice": before.choice, "reasons": before.reasons},
        }

    def _offer(self, rater: str) -> Offer | None:
        """The pair that the rater looks at, or a new one; None where there is none left."""
        offer = self._offers.get(rater)
        if offer is not None and self._holds(rater, offer):
            return offer
        self._offers.pop(rater, None)
        if self.limit is not None and len(self._own(rater)) >= self.limit:
            return None
        while True:
            pair = next_pair(self._candidates(rater), self._votes(), rater=rater, seed=self.seed)
            if pair is None:
                return None
            if not (gone := self._without_file(pair)):
                return self._offers.setdefault(rater, Offer(pair, self._clock()))
            self._gone |= gone

    def _holds(self, rater: str, offer: Offer) -> bool:
        """False where a clip cannot be shown any more, and where the rater chose the pair elsewhere meanwhile."""
        pair = offer.pair
        self._gone |= self._without_file(pair)
        if {pair.left, pair.right} & (self._gone | self._unplayable[rater]):
            return False
        own = self._own(rater)
        if pair.repeats is not None:
            return not any(vote.repeats == pair.repeats for vote in own)
        return not any({vote.left, vote.right} == {pair.left, pair.right} for vote in own)

    def _current(self, rater: str, id: str) -> Offer:
        offer = self._offers.get(rater)
        if offer is None or offer.id != id:
            raise NotSaved(
                "This pair is not the one you were shown last (another window, or the server was started anew): the "
                "choice was NOT saved.",
                409,
            )
        if not self._holds(rater, offer):
            gone = bool(self._without_file(offer.pair))
            raise NotSaved(
                "The file of one of these clips is gone: the choice was NOT saved."
                if gone
                else "You chose this pair in another window: the choice was NOT saved.",
                410 if gone else 409,
            )
        return offer

    def _takes(self, offer: Offer) -> float:
        """For how long the pair has to be looked at, in seconds: of two with sound only one is heard at a time."""
        if offer.before is not None:
            return 0.0
        lengths = [self.shelf.shown[label].seconds or 0.0 for label in (offer.pair.left, offer.pair.right)]
        return (sum(lengths) if offer.pair.pool == "sound" else max(lengths)) - LEEWAY

    def _without_file(self, pair: Pair) -> set[str]:
        return {label for label in (pair.left, pair.right) if not self.shelf.shown[label].path.is_file()}

    def _candidates(self, rater: str) -> list[Candidate]:
        out = self._gone | self._unplayable[rater]
        return [each for each in self.shelf.candidates if each.label not in out]

    def _votes(self) -> list[Vote]:
        """Everybody's, that stand, on clips that are shown here in the way they are shown here."""
        there = self.shelf.shown
        votes, _ = standing(self.book.lines())
        return [
            vote
            for vote in votes
            if vote.kind == "person" and vote.raw == self.raw and vote.left in there and vote.right in there
        ]

    def _own(self, rater: str) -> list[Vote]:
        return [vote for vote in self._votes() if vote.rater == rater]

    def _save(self, line: Vote | Undo) -> None:
        try:
            self.book.add(line)
        except VideoError as error:
            raise NotSaved(f"NOT saved: {error.message}.", 507, again=True) from None
