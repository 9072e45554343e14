"""Whether a clip is what was ordered: each thing that was asked for, beside what was found.

What was not ordered is not checked. What was ordered and cannot be told from the file is "not measurable", which is
no failure: it is shown, and does not make a clip unusable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rushes.benchmarks.measured import Measured
from rushes.numbers import exact_percent
from rushes.unfit import ordered

if TYPE_CHECKING:
    from rushes.benchmarks.suite import Count, Expect

Outcome = Literal["pass", "fail", "not measurable"]
#: gate: a clip that fails it is unusable. expect: what the prompt describes; it counts as adherence.
Part = Literal["gate", "expect"]

#: Shares of the length.
MOST_BLACK, MOST_FROZEN = 0.10, 0.20
#: From this share on it has no sound to speak of.
SILENT = 0.98
#: Share of the frames; 24 frames in a 30-frame film make 0.20, 12 in 24 make 0.50.
DUPLICATES = 0.30
HIGHEST_PEAK = 1.0  # dBTP; the best encoders overshoot full scale a little
QUIET = -35.0  # LUFS
#: Copies of a picture, through JPEG and H.264, scaled, darkened or with other colours, are above 0.85, those with a
#: large mark over a corner or enlarged by 3 % above 0.6; other pictures were below 0.35. The tests hold this.
SAME_PICTURE = 0.5


@dataclass(frozen=True)
class Check:
    """One question to a clip; `asked` and `found` in words, with units."""

    name: str
    outcome: Outcome
    asked: str
    found: str
    part: Part
    #: A sentence for people where it failed, such as "5.1 s long, not 4 s"; None where it did not.
    reason: str | None = None


def gate(
    sent: Mapping[str, Any], delivered: Mapping[str, Any] | None, measured: Measured | None, expect: Expect
) -> tuple[Check, ...]:
    """Every check of one clip.

    `sent` has seconds, size ({"width", "height"}) and audio, each None where it was not ordered; `delivered` is the
    file's probe, None where it does not open; `measured` is None where nothing measured it.
    """
    asked = "a video that can be decoded"
    problem = None if measured is None else measured.error
    if delivered is None or problem is not None:
        problem = problem or "a file that does not open"
        return (Check("opens", "fail", asked, problem, "gate", problem),)
    panel = _Panel(measured)
    return (
        Check("opens", "pass", asked, "it opens", "gate"),
        *_ordered(sent, delivered),
        *_whole(sent, delivered, panel, expect),
        *_expected(panel, expect),
    )


def usable(checks: Sequence[Check]) -> bool:
    """True for a file that opens and fails nothing of the gate."""
    opens = any(check.name == "opens" and check.outcome == "pass" for check in checks)
    return opens and not any(check.part == "gate" and check.outcome == "fail" for check in checks)


def reasons(checks: Sequence[Check]) -> tuple[str, ...]:
    """Why a clip is not usable, a sentence each; empty where it is."""
    return tuple(check.reason for check in checks if check.part == "gate" and check.reason is not None)


class _Panel:
    """What was measured, or why it was not."""

    def __init__(self, measured: Measured | None) -> None:
        self._measured = measured

    def number(self, metric: str) -> float | None:
        return None if self._measured is None else self._measured.number(metric)

    def why(self, metric: str) -> str:
        return "it was not measured" if self._measured is None else self._measured.why(metric)

    def check(self, limit: Limit) -> Check:
        number = self.number(limit.metric)
        if number is None:
            return Check(limit.name, "not measurable", limit.asked, self.why(limit.metric), limit.part)
        found = limit.found(number)
        return _check(limit.name, limit.holds(number), limit.asked, found, found, limit.part)

    def count(self, name: str, metric: str, count: Count, one: str, many: str, part: Part) -> Check:
        last = count.min if count.max is None else count.max
        asked = f"{count} {one if last == 1 else many}"
        number = self.number(metric)
        if number is None:
            return Check(name, "not measurable", asked, self.why(metric), part)
        found = f"{number:.0f} {one if number == 1 else many}"
        return _check(name, number in count, asked, found, f"{found}, not {count}", part)


@dataclass(frozen=True)
class Limit:
    """A metric held against a number; what `found` makes of it is also the reason where it does not hold."""

    name: str
    metric: str
    asked: str
    found: Callable[[float], str]
    holds: Callable[[float], bool]
    part: Part = "gate"


NOT_SILENT = Limit(
    "not silent",
    "silent",
    f"silent for less than {exact_percent(SILENT)} of its length",
    lambda share: f"silent for {exact_percent(share)} of its length",
    lambda share: share < SILENT,
)
NOT_BLACK = Limit(
    "black",
    "black",
    f"black for at most {exact_percent(MOST_BLACK)} of its length",
    lambda share: f"black for {exact_percent(share)} of its length",
    lambda share: share <= MOST_BLACK,
)
NOT_FROZEN = Limit(
    "frozen",
    "frozen",
    f"frozen for at most {exact_percent(MOST_FROZEN)} of its length",
    lambda share: f"frozen for {exact_percent(share)} of its length",
    lambda share: share <= MOST_FROZEN,
)
NOT_REPEATED = Limit(
    "duplicates",
    "duplicates",
    f"fewer than {exact_percent(DUPLICATES)} of its frames repeat the one before",
    lambda share: f"{exact_percent(share)} of its frames repeat the one before",
    lambda share: share < DUPLICATES,
)
NOT_CLIPPED = Limit(
    "true peak",
    "true_peak",
    f"peaks of at most {HIGHEST_PEAK:+g} dBTP",
    lambda peak: f"peaks of {peak:+.1f} dBTP",
    lambda peak: peak <= HIGHEST_PEAK,
)
QUIET_ENOUGH = Limit(
    "quiet",
    "loudness",
    f"at most {QUIET:g} LUFS",
    lambda loudness: f"{loudness:.1f} LUFS",
    lambda loudness: loudness <= QUIET,
    "expect",
)
BEGINS_WITH_IMAGE = Limit(
    "first frame",
    "image_match",
    f"at least {SAME_PICTURE:g} of 1 like the given image",
    lambda match: f"{match:.2f} of 1 like the given image",
    lambda match: match >= SAME_PICTURE,
    "expect",
)


def _check(name: str, passed: bool, asked: str, found: str, reason: str, part: Part = "gate") -> Check:
    return Check(name, "pass" if passed else "fail", asked, found, part, None if passed else reason)


def _has_sound(delivered: Mapping[str, Any]) -> bool:
    return delivered["audio_codec"] is not None


def _ordered(sent: Mapping[str, Any], delivered: Mapping[str, Any]) -> Iterator[Check]:
    """Length, size and sound, by what was sent."""
    for each in ordered(sent, delivered):
        yield Check(each.name, "fail" if each.reason else "pass", each.asked, each.found, "gate", each.reason)


def _whole(sent: Mapping[str, Any], delivered: Mapping[str, Any], panel: _Panel, expect: Expect) -> Iterator[Check]:
    """What no order has to say, and the cuts, which make another film of it."""
    if _has_sound(delivered):
        # Where next to nothing should be heard, a track with next to nothing in it is what was ordered.
        if sent.get("audio") and not expect.quiet:
            yield panel.check(NOT_SILENT)
        yield panel.check(NOT_CLIPPED)
    yield panel.check(NOT_BLACK)
    yield panel.check(NOT_FROZEN)
    yield panel.check(NOT_REPEATED)
    if expect.cuts is not None:
        yield panel.count("cuts", "cuts", expect.cuts, "cut", "cuts", "gate")


def _expected(panel: _Panel, expect: Expect) -> Iterator[Check]:
    """What the prompt describes."""
    if expect.onsets is not None:
        yield panel.count("onsets", "onsets", expect.onsets, "sudden sound", "sudden sounds", "expect")
    if expect.quiet:
        silent = panel.number("silent")
        if panel.number("loudness") is None and silent is not None and silent >= SILENT:
            yield _check("quiet", True, QUIET_ENOUGH.asked, NOT_SILENT.found(silent), "", "expect")
        else:
            yield panel.check(QUIET_ENOUGH)
    if expect.first_frame:
        yield panel.check(BEGINS_WITH_IMAGE)
    for name, lines, none, verb in (
        ("speech", expect.speech, "nobody speaks", "understands speech"),
        ("text", expect.text, "no writing", "reads writing"),
    ):
        if lines is not None:
            asked = " and ".join(f"“{line}”" for line in lines) or none
            yield Check(name, "not measurable", asked, f"nothing here {verb}", "expect")
