"""Does the brief hold? Each of its words about a model that a run can test, beside what the run found.

The brief's words stand on the cards (`brief:`). They are claims and decide nothing; a run of few prompts, of other
lengths or of other models cannot test all of them, and says which and why.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import permutations, product
from typing import Any, Literal

from rushes.amounts import UNKNOWN, counted
from rushes.benchmarks.clips import Clip
from rushes.benchmarks.gate import NOT_SILENT
from rushes.benchmarks.pairs import SAME_SPEED
from rushes.benchmarks.ratings.rate import EQUIVALENT, Versus
from rushes.benchmarks.standings import KINDS, By, Standing
from rushes.benchmarks.statistics.intervals import wilson
from rushes.benchmarks.statistics.verdicts import FEWEST_PROMPTS, MOST_PROMPTS
from rushes.benchmarks.table import Table, records
from rushes.benchmarks.votes import Reason, Vote
from rushes.benchmarks.wording import interval, percent
from rushes.card import Card, Endpoint, Offer, Size
from rushes.plan import LINES
from rushes.request import Mode, Resolution
from rushes.unfit import LENGTH_TOLERANCE

Subject = Literal["speed", "quality", "texture", "stability", "physics", "audio", "duration", "resolution"]
Verdict = Literal["holds", "contradicted", "not separable", "not testable here"]


@dataclass(frozen=True)
class Scale:
    """Words of the brief that order models: of two, the one with the higher word is claimed to come out ahead."""

    #: Of the card's `brief:`.
    key: str
    #: The lowest first; None where it counts as lowest that the brief says nothing.
    words: tuple[str | None, ...]
    #: What the higher word is taken to mean.
    means: str
    #: What decides: seconds prompt by prompt, votes, or the votes that name this reason.
    by: Literal["seconds", "votes"] | Reason


#: The brief's words that compare models, and what tests them.
SCALES: Mapping[Subject, Scale] = {
    "speed": Scale("speed", ("Slower", "Standard", "Faster"), "sooner than", "seconds"),
    "quality": Scale("quality", ("Good", "High", "Premium", "Maximum"), "better than", "votes"),
    "texture": Scale("texture", ("Good", "Better"), "better in texture than", "texture"),
    "stability": Scale("complex_scene_stability", ("Moderate", "High"), "stabler than", "stability"),
    # Of models that the brief does not call so, none should be ahead of one that it does.
    "physics": Scale("physics_aware", (None, "yes"), "better in physics than", "physics"),
}
#: The brief's words about one model alone: the card's key for each, and how the claim is found in its words.
AUDIO = ("audio", re.compile(r"yes\b", re.IGNORECASE))
DURATION = ("duration", re.compile(r"(\d+(?:\.\d+)?)\s*s\b"))  # of "4–20 s" the 20: the longest is what is claimed
RESOLUTION = ("resolution", re.compile(rf"\b({'|'.join(LINES)})\b", re.IGNORECASE))
SHAPE = ("aspect_ratio", re.compile(r"(\d{3,4})\s*[×x]\s*(\d{3,4})"))

#: A model has sound where at least this share of its clips has: our line. One that surely has it less often does not.
SOUND_SHARE = 0.9
#: Whose votes are asked first.
ORDER: tuple[By, ...] = ("people", "people and judge", "judge")

#: What each is tested by.
TESTS: Mapping[Subject, str] = {
    "speed": "Seconds to a usable file, prompt by prompt in one cell.",
    "quality": "Ratings by votes, in one cell, clips with and without sound apart.",
    "texture": "Prompts won by votes that name texture, over all cells.",
    "stability": "Prompts won by votes that name stability, over all cells.",
    "physics": "Prompts won by votes that name physics, over all cells, against models not called aware of it.",
    "audio": f"At least {percent(SOUND_SHARE)} of the clips that should have sound have it, whatever is heard.",
    "duration": "The longest clip made here; else what the vendors offer in one call.",
    "resolution": "The sizes of the files made here; else what the vendors offer.",
}
NOTES = (
    "Holds and contradicted are beyond chance, at 95 %. The intervals of speed and quality hold for all pairs of a "
    f"cell together; where two are surely equivalent (within a factor of {SAME_SPEED:g}, within {EQUIVALENT:.0f} Elo) "
    "the claim that one is ahead is contradicted. The others are Wilson's, over prompts for the reasons that voters "
    "name and over clips for sound. One clip proves that a length or size can be made; the vendors' own limits, that "
    "it cannot.",
    "What the brief says of developer, architecture, tier, best use and input, no run measures.",
)


@dataclass(frozen=True)
class Said:
    """What the brief says of a model, word for word; None where it says nothing."""

    model: str
    key: str
    words: str | None

    def __str__(self) -> str:
        return f"{self.model}: nothing" if self.words is None else f"{self.model} “{self.words}”"


@dataclass(frozen=True)
class Claim:
    """One claim of the brief and what became of it."""

    subject: Subject
    #: As the run calls it; the card's id where the run has none.
    model: str
    #: The model it is set against; None where it stands alone.
    other: str | None
    #: None where it is over all cells.
    cell: str | None
    brief: tuple[Said, ...]
    #: What that is taken to mean, as in `meaning`.
    means: str
    verdict: Verdict = "not testable here"
    #: What the run measured, in words.
    found: str = UNKNOWN
    #: Why it cannot be tested, or what else decides.
    why: str | None = None
    #: ratio: how many times as long the other takes. Elo: this model's less the other's. share: 0 to 1. s: the longest.
    unit: Literal["ratio", "Elo", "share", "s"] | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    #: How many of `of` the value rests on.
    n: int | None = None
    of: Literal["prompts", "clips"] | None = None
    #: Whose votes.
    by: By | None = None
    #: run: what was made decides. card: the vendor's own limits do.
    basis: Literal["run", "card"] = "run"
    #: Where the card has a limit from: the card and the key of the source, and the source.
    source: str | None = None
    where: str | None = None
    #: Models that it takes and the run lacks.
    missing: tuple[str, ...] = ()
    simulated: bool = False

    @property
    def meaning(self) -> str:
        """What the words are taken to mean, such as `sora-2 sooner than sora-2-pro`."""
        return f"{self.model} {self.means}" + (f" {self.other}" if self.other else "")

    @property
    def caveat(self) -> str | None:
        """What stands beside every line of a simulated run."""
        if not self.simulated:
            return None
        if self.basis == "card":
            return "SIMULATED: the run proves nothing about the model; the vendor's own limits decide this"
        return "SIMULATED: proves nothing about the model"

    def json(self) -> dict[str, Any]:
        return asdict(self) | {"meaning": self.meaning, "caveat": self.caveat}


def claims(table: Table, cards: Mapping[str, Card]) -> list[Claim]:
    """Every testable word of the brief on these cards, by subject; those about models that the run lacks too."""
    run = _Run(table, {id: card for id, card in cards.items() if card.brief})
    found = [claim for subject, scale in SCALES.items() for claim in _compared(run, subject, scale)]
    for single in (_audio, _durations, _resolutions):
        found += [claim for card in run.cards.values() for claim in single(run, card)]
    return [replace(claim, simulated=table.simulated) for claim in found]


def untested(found: Sequence[Claim]) -> str | None:
    """A sentence on the models that the run lacks; None where it has them all."""
    lacking = [claim for claim in found if claim.missing]
    if not lacking:
        return None
    models = ", ".join(dict.fromkeys(model for claim in lacking for model in claim.missing))
    return f"Not in this run: {models}; {counted(len(lacking), 'claim')} not tested for that."


class _Run:
    """A run's clips by card."""

    def __init__(self, table: Table, cards: Mapping[str, Card]) -> None:
        self.table = table
        self.cards = cards
        self._names: dict[str, list[str]] = {}
        for name, endpoint in table.info.suite.models.items():
            card = name if endpoint is None else endpoint.partition("/")[2]
            self._names.setdefault(card, []).append(name)
        self.pairs = records(table.pairs)
        self.named = _named_votes(table)

    def names(self, card: str) -> list[str]:
        """What the run calls the models of a card; it may have them from several endpoints."""
        return self._names.get(card, [])

    def made(self, card: Card) -> list[Clip]:
        """Every clip that was asked for, failures too."""
        names = self.names(card.id)
        return [clip for clip in self.table.whole if clip.result.model in names]

    def clips(self, card: Card) -> list[Clip]:
        """Those with a file that opens."""
        return [clip for clip in self.made(card) if clip.result.delivered is not None]


# --- words that compare -----------------------------------------------------------------------------------------------


def _compared(run: _Run, subject: Subject, scale: Scale) -> Iterator[Claim]:
    ranks: dict[str, int] = {}
    for card in run.cards.values():
        rank = _rank(scale, card.brief.get(scale.key))
        if rank is not None:
            ranks[card.id] = rank
        elif scale.key in card.brief:
            words = ", ".join(word for word in scale.words if word)
            claim = Claim(subject, card.id, None, None, (_said(card, scale.key),), "on the scale")
            yield replace(claim, why=f"its word is on no scale that we know ({words})")
    for ahead, behind in permutations(ranks, 2):
        if ranks[ahead] <= ranks[behind]:
            continue
        one, other = run.cards[ahead], run.cards[behind]
        claim = Claim(subject, ahead, behind, None, (_said(one, scale.key), _said(other, scale.key)), scale.means)
        if lacking := tuple(card for card in (ahead, behind) if not run.names(card)):
            yield replace(claim, missing=lacking, why=f"not in this run: {', '.join(lacking)}")
            continue
        for a, b in product(run.names(ahead), run.names(behind)):
            named = replace(claim, model=a, other=b)
            if scale.by == "seconds":
                yield from _by_seconds(run, named, a, b)
            elif scale.by == "votes":
                yield from _by_votes(run, named, a, b)
            else:
                yield _by_reason(run, named, a, b, scale.by)


def _rank(scale: Scale, said: str | None) -> int | None:
    """Where the brief's word stands on the scale, by the words that it begins with."""
    if said is None:
        return scale.words.index(None) if None in scale.words else None
    found = [place for place, word in enumerate(scale.words) if word and re.match(rf"{word}\b", said, re.IGNORECASE)]
    return found[0] if found else None


def _said(card: Card, key: str) -> Said:
    return Said(card.id, key, card.brief.get(key))


def _by_seconds(run: _Run, claim: Claim, a: str, b: str) -> Iterator[Claim]:
    for cell in run.table.info.suite.cells:
        here = replace(claim, cell=cell)
        row = next((row for row in run.pairs if row["cell"] == cell and {row["a"], row["b"]} == {a, b}), None)
        if row is None or row["ratio"] is None:
            yield replace(here, why="no prompt has a usable clip of both with known seconds")
            continue
        first = row["a"] == a
        limits = [each for each in (row["low"], row["high"]) if each is not None]
        value, *limits = (each if first else 1 / each for each in (row["ratio"], *limits))
        low, high = sorted(limits) if limits else (None, None)
        words = f"{row['b']} takes {row['ratio']:.2f} × as long{interval(row['low'], row['high'], 2)}"
        here = replace(here, unit="ratio", value=value, low=low, high=high, n=row["prompts"], of="prompts")
        here = replace(here, found=f"{words}, {counted(row['prompts'], 'prompt')}")
        better = None if row["verdict"] != "faster" else first
        yield _decided(here, row["verdict"], better, row["needed"], f"as fast, within a factor of {SAME_SPEED:g}")


def _by_votes(run: _Run, claim: Claim, a: str, b: str) -> Iterator[Claim]:
    shown = False
    for cell in run.table.info.suite.cells:
        if (chosen := _board(run.table.standings.standings, cell, a, b)) is None:
            continue
        shown = True
        standing, pair = chosen
        here = replace(claim, cell=cell, by=standing.by)
        if pair is None:
            yield replace(here, why=f"the votes rate nothing: {standing.why}")
            continue
        first = pair.a == a
        sign = 1 if first else -1
        limits = sorted(sign * each for each in (pair.low, pair.high) if each is not None)
        low, high = limits if limits else (None, None)
        here = replace(here, unit="Elo", value=sign * pair.elo, low=low, high=high, n=pair.prompts, of="prompts")
        within = "" if pair.low is None or pair.high is None else f" [{pair.low:+.0f} to {pair.high:+.0f}]"
        share = "" if pair.share is None else f", {percent(pair.share)} of {counted(pair.votes, 'vote')}"
        words = f"{pair.a} {pair.elo:+.0f} Elo{within}{share}, {counted(pair.prompts, 'prompt')}"
        here = replace(here, found=f"{words}; {standing.pool} pool, by {_voters(standing.by)}")
        better = None if pair.verdict != "better" else first
        yield _decided(here, pair.verdict, better, pair.needed, f"as good, within {EQUIVALENT:.0f} Elo")
    if not shown:
        yield replace(claim, why=f"no votes compare them: `rushes rate {run.table.info.name}`")


def _decided(claim: Claim, word: str, ahead: bool | None, needed: int | None, same: str) -> Claim:
    """The claim with the verdict that a pair's word comes to; `ahead` where one is: is it the one that should be?"""
    if ahead is not None:
        return replace(claim, verdict="holds" if ahead else "contradicted")
    match word:
        case "equivalent":
            return replace(claim, verdict="contradicted", why=same)
        case "not separable":
            more = f"more than {MOST_PROMPTS:,}" if needed is None else f"about {needed:,}"
            return replace(claim, verdict="not separable", why=f"takes {more} prompts in all")
        case _:
            return replace(claim, why=f"{counted(claim.n or 0, 'prompt')} of both; it takes {FEWEST_PROMPTS}")


def _board(standings: Sequence[Standing], cell: str, a: str, b: str) -> tuple[Standing, Versus | None] | None:
    """The board of a cell that says most of two models: one with a verdict, of people first; None where none has both.

    Its pair is None where the board rates nothing.
    """
    found: list[tuple[Standing, Versus | None]] = []
    for each in standings:
        if each.cell == cell and {a, b} <= {*each.board.models}:
            pairs = each.ratings.pairs if each.ratings else ()
            found.append((each, next((pair for pair in pairs if {pair.a, pair.b} == {a, b}), None)))

    def order(one: tuple[Standing, Versus | None]) -> tuple[bool, bool, int, int]:
        standing, pair = one
        silent = pair is None or pair.verdict == "too few prompts"
        return silent, pair is None, ORDER.index(standing.by), -standing.board.votes

    return min(found, key=order, default=None)


def _voters(by: By) -> str:
    return "a judge, not by people" if by == "judge" else by


def _by_reason(run: _Run, claim: Claim, a: str, b: str, reason: Reason) -> Claim:
    people, judged = (_named(run, by, a, b, reason) for by in ("people", "judge"))
    judge = len(people[0]) < FEWEST_PROMPTS and (len(judged[0]) >= FEWEST_PROMPTS or not people[1])
    by: By = "judge" if judge else "people"
    balance, votes = judged if judge else people
    if not votes:
        return replace(claim, why=f"no vote between them names {reason}")
    won, n = sum(each > 0 for each in balance), len(balance)
    limits = wilson(won, n)
    within = "" if limits is None else f" [{100 * limits.low:.0f}–{100 * limits.high:.0f} %]"
    found = f"ahead on {won} of {counted(n, 'prompt')}{within}; {counted(votes, 'vote')} by {_voters(by)}"
    claim = replace(claim, found=found, n=n, of="prompts", by=by)
    if limits is None or n < FEWEST_PROMPTS:
        return replace(claim, why=f"{counted(n, 'prompt')} with a winner; it takes {FEWEST_PROMPTS}")
    claim = replace(claim, unit="share", value=won / n, low=limits.low, high=limits.high)
    if limits.low > 0.5:
        return replace(claim, verdict="holds")
    return replace(claim, verdict="contradicted" if limits.high < 0.5 else "not separable")


def _named_votes(table: Table) -> dict[Reason, list[tuple[Vote, str, str]]]:
    """The decided votes that name each reason, with the model that won and the other; repeats measure the rater."""
    found: dict[Reason, list[tuple[Vote, str, str]]] = {}
    clips = {clip.result.label: clip.result for clip in table.whole}
    for vote in table.standings.votes:
        if vote.repeats is not None or vote.choice not in ("left", "right") or not vote.reasons:
            continue
        left, right = clips.get(vote.left), clips.get(vote.right)
        if left is None or right is None:
            continue
        if {(each.cell, each.prompt) for each in (left, right)} != {(vote.cell, vote.prompt)}:
            continue
        winner, loser = (left, right) if vote.choice == "left" else (right, left)
        for reason in vote.reasons:
            found.setdefault(reason, []).append((vote, winner.model, loser.model))
    return found


def _named(run: _Run, by: By, a: str, b: str, reason: Reason) -> tuple[list[int], int]:
    """By how many votes that name the reason `a` is ahead, of each prompt where one is; and how many such votes."""
    ahead: Counter[str] = Counter()
    votes = 0
    for vote, winner, loser in run.named.get(reason, ()):
        if vote.kind in KINDS[by] and {winner, loser} == {a, b}:
            ahead[vote.prompt] += 1 if winner == a else -1
            votes += 1
    return [balance for balance in ahead.values() if balance], votes


# --- words about one model --------------------------------------------------------------------------------------------


def _alone(run: _Run, card: Card, subject: Subject, key: str, means: str) -> Claim:
    """A claim with nothing found yet; of a model that the run lacks, marked as such."""
    names = run.names(card.id)
    claim = Claim(subject, ", ".join(names) or card.id, None, None, (_said(card, key),), means)
    return claim if names else replace(claim, missing=(card.id,), why=f"not in this run: {card.id}")


def _audio(run: _Run, card: Card) -> Iterator[Claim]:
    key, yes = AUDIO
    if key not in card.brief:
        return
    claim = _alone(run, card, "audio", key, "has sound")
    if not yes.match(card.brief[key]):
        yield replace(claim, why="its word is none that we know (yes)", missing=())
        return
    if claim.missing:
        yield claim
        return
    quiet = {prompt.id for prompt in run.table.info.suite.prompts if prompt.expect.quiet}
    # Silence that was ordered, or described, says nothing.
    clips = [clip for clip in run.clips(card) if clip.result.sent.get("audio") is not False]
    heard = [_heard(clip) for clip in clips if clip.result.prompt not in quiet]
    known = [each for each in heard if each is not None]
    n, with_sound = len(known), sum(known)
    unmeasured = f"; {counted(len(heard) - n, 'clip')} not measured" if len(heard) > n else ""
    limits = wilson(with_sound, n)
    if limits is None or n < FEWEST_PROMPTS:
        found = f"{with_sound} of {counted(n, 'clip')} {'has' if n == 1 else 'have'} sound" if n else UNKNOWN
        why = f"{counted(n, 'clip')} that should have sound; it takes {FEWEST_PROMPTS}{unmeasured}"
        yield replace(claim, found=found, n=n, of="clips", why=why)
        return
    within = f"[{100 * limits.low:.0f}–{100 * limits.high:.0f} %]"
    claim = replace(
        claim, found=f"{with_sound} of {n} clips have sound {within}{unmeasured}", unit="share", value=with_sound / n
    )
    claim = replace(claim, low=limits.low, high=limits.high, n=n, of="clips")
    if limits.high < SOUND_SHARE:
        yield replace(claim, verdict="contradicted")
    else:
        held = with_sound / n >= SOUND_SHARE and limits.low > 0.5
        yield replace(claim, verdict="holds" if held else "not separable")


def _heard(clip: Clip) -> bool | None:
    """Whether there is something to hear; None where nobody measured the sound."""
    if (clip.result.delivered or {}).get("audio_codec") is None:
        return False
    silent = None if clip.measured is None else clip.measured.number(NOT_SILENT.metric)
    return None if silent is None else NOT_SILENT.holds(silent)


def _durations(run: _Run, card: Card) -> Iterator[Claim]:
    key, pattern = DURATION
    if key not in card.brief:
        return
    lengths = [float(each) for each in pattern.findall(card.brief[key])]
    if not lengths:
        yield replace(_alone(run, card, "duration", key, "reaches a length"), why="it names no length", missing=())
    for length in lengths:
        yield _duration(run, card, length, _alone(run, card, "duration", key, f"reaches {length:g} s"))


def _duration(run: _Run, card: Card, length: float, claim: Claim) -> Claim:
    def reaches(seconds: float | None) -> bool:
        return seconds is not None and seconds >= length - LENGTH_TOLERANCE

    clips = run.clips(card)
    got = [clip.result.delivered["seconds"] for clip in clips if clip.result.delivered]
    longest = max((each for each in got if each is not None), default=None)
    asked = [_sent(clip)[0] for clip in run.made(card)]
    most = max((each for each in asked if each is not None), default=None)
    if longest is not None:
        sent = "" if most is None else f", sent at most {most:g} s"
        many = f"; {sum(map(reaches, got))} of {counted(len(got), 'clip')} so long" if reaches(longest) else ""
        claim = replace(claim, found=f"longest delivered {longest:.1f} s{sent}{many}", unit="s", value=longest)
        claim = replace(claim, n=len(got), of="clips")
    if reaches(longest):
        return replace(claim, verdict="holds")
    best = _longest(card)
    limit = max(best[1].seconds)
    if limit < length:
        why = f"the vendor's limit in one call is {limit:g} s ({_place(run, best[0])}){_extended(run, card)}"
        return _by_card(claim, card, best[1], why)
    if claim.missing:
        return claim
    if reaches(most):
        if any(reaches(_sent(clip)[0]) for clip in clips):
            return replace(claim, verdict="contradicted", why=f"{length:g} s was ordered, and shorter came")
        return replace(claim, why=f"{length:g} s was ordered, and no clip of it came")
    why = f"this run ordered at most {UNKNOWN if most is None else f'{most:g} s'}; {limit:g} s is offered"
    return replace(claim, why=f"{why} ({_place(run, best[0])})", **_cited(card, best[1]))


def _sent(clip: Clip) -> tuple[float | None, str | None]:
    """Seconds and size that were ordered."""
    size = clip.result.sent.get("size")
    return clip.result.sent.get("seconds"), None if size is None else f"{size['width']}x{size['height']}"


def _resolutions(run: _Run, card: Card) -> Iterator[Claim]:
    key, pattern = RESOLUTION
    if key in card.brief:
        names = [name.lower() for name in pattern.findall(card.brief[key])]
        if not names:
            claim = _alone(run, card, "resolution", key, "comes in a size")
            yield replace(claim, why="it names no resolution that we know", missing=())
        for name in names:
            lines: Resolution = next(each for each in LINES if each == name)
            claim = _alone(run, card, "resolution", key, f"comes in {name}")
            yield _size(run, card, name, partial(_of, lines), {str(size) for size in _sizes(card, lines)}, claim)
    key, pattern = SHAPE
    for width, height in pattern.findall(card.brief.get(key, "")):
        size = Size(width=int(width), height=int(height))
        claim = _alone(run, card, "resolution", key, f"comes in {size}")
        yield _size(run, card, str(size), partial(_with, size), {str(size)}, claim)


def _of(lines: Resolution, offer: Offer) -> bool:
    return lines in offer.resolutions


def _with(size: Size, offer: Offer) -> bool:
    return any(size in shapes.values() for shapes in offer.sizes.values())


def _sizes(card: Card, lines: Resolution) -> Iterator[Size]:
    for _, offer in _offers(card):
        yield from offer.sizes.get(lines, {}).values()


def _size(run: _Run, card: Card, name: str, offers: partial[bool], sizes: set[str], claim: Claim) -> Claim:
    """What the files and the card say of a size; `sizes` are the pixels that it may have."""
    clips = run.clips(card)
    got = Counter(_pixels(clip) for clip in clips)
    fitting = sum(many for size, many in got.items() if size in sizes)
    if clips:
        others = ", ".join(sorted(size for size in got if size not in sizes))
        found = f"{fitting} of {counted(len(clips), 'file')} in {name}" + (f"; others {others}" if others else "")
        claim = replace(claim, found=found, n=len(clips), of="clips")
    if fitting:
        return replace(claim, verdict="holds")
    offered = next(((end, offer) for end, offer in _offers(card) if offers(offer)), None)
    if offered is None:
        end, offer = next(_offers(card))
        return _by_card(claim, card, offer, f"none of the card's endpoints offers it, {_place(run, end)} among them")
    if claim.missing:
        return claim
    ordered = [clip for clip in run.made(card) if _sent(clip)[1] in sizes]
    if any(clip.result.delivered for clip in ordered):
        return replace(claim, verdict="contradicted", why=f"{name} was ordered, and another size came")
    why = f"{name} was ordered, and no clip of it came" if ordered else f"this run ordered no clip in {name}"
    return replace(claim, why=f"{why}; {_place(run, offered[0])} offers it", **_cited(card, offered[1]))


def _pixels(clip: Clip) -> str:
    file = clip.result.delivered or {}
    return f"{file.get('width')}x{file.get('height')}"


# --- what the card says -----------------------------------------------------------------------------------------------


def _offers(card: Card) -> Iterator[tuple[Endpoint, Offer]]:
    """What one call can make, of living and dead endpoints; an extension is no call of its own."""
    for endpoint in card.endpoints:
        for offer in endpoint.offers:
            if set(offer.modes) != {Mode.EXTEND}:
                yield endpoint, offer


def _longest(card: Card) -> tuple[Endpoint, Offer]:
    return max(_offers(card), key=lambda each: max(each[1].seconds))


def _extended(run: _Run, card: Card) -> str:
    """How long a clip can become by extension, where the card says so."""
    reached = [
        f"{max(offer.seconds) + end.inputs.video.max_seconds:g} s ({_place(run, end)})"
        for end in card.endpoints
        for offer in end.offers
        if Mode.EXTEND in offer.modes and end.inputs.video is not None and end.inputs.video.max_seconds is not None
    ]
    return f"; by extension, call after call, at most {', '.join(reached)}" if reached else ""


def _place(run: _Run, endpoint: Endpoint) -> str:
    gone = "" if endpoint.alive(run.table.info.day) else f", retired {endpoint.lifecycle.retired}"
    return f"{endpoint.id}{gone}"


def _by_card(claim: Claim, card: Card, offer: Offer, why: str) -> Claim:
    return replace(claim, verdict="contradicted", basis="card", why=why, missing=(), **_cited(card, offer))


def _cited(card: Card, offer: Offer) -> dict[str, Any]:
    source = card.sources[offer.source]
    where = f"{source.where}; read {source.read}, trust {source.confidence}"
    return {"source": f"{card.id}, {offer.source}", "where": where}
