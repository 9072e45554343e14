"""Whether a finished file is what was ordered: its length, its size, its sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: How far a file's length may be from what was sent, in seconds.
LENGTH_TOLERANCE = 0.25
#: A probe's seconds are rounded to a thousandth.
ROUNDING = 0.0005


@dataclass(frozen=True)
class Ordered:
    """One thing that was ordered, in words with units."""

    name: str
    asked: str
    found: str
    #: A sentence for people where it is not so, such as "5.1 s long, not 4 s"; None where it is.
    reason: str | None


def ordered(sent: Mapping[str, Any], delivered: Mapping[str, Any]) -> Iterator[Ordered]:
    """Everything ordered, beside what the file's probe found.

    `sent` has seconds, size ({"width", "height"}) and audio, each None where it was not ordered. The seconds of an
    extension are those added, which the file does not tell.
    """
    seconds = None if sent.get("mode") == "extend" else sent.get("seconds")
    if seconds is not None:
        asked, long = f"{seconds:g} s ± {LENGTH_TOLERANCE:g} s", delivered["seconds"]
        if long is None:
            yield Ordered("length", asked, "unknown", "the file does not tell its length")
        else:
            fits = abs(long - seconds) <= LENGTH_TOLERANCE + ROUNDING
            yield Ordered("length", asked, f"{long:g} s", None if fits else f"{long:g} s long, not {seconds:g} s")
    if (size := sent.get("size")) is not None:
        asked, found = f"{size['width']}x{size['height']}", f"{delivered['width']}x{delivered['height']}"
        yield Ordered("size", asked, found, None if asked == found else f"{found}, not {asked}")
    if (audio := sent.get("audio")) is not None:
        there = delivered["audio_codec"] is not None
        asked, found = ("sound" if each else "no sound" for each in (audio, there))
        wrong = "no sound" if audio else "sound where none was ordered"
        yield Ordered("sound", asked, found, None if there == audio else wrong)


def unfit(sent: Mapping[str, Any], delivered: Mapping[str, Any]) -> tuple[str, ...]:
    """Every reason why a file is not what was ordered; empty where it is."""
    return tuple(each.reason for each in ordered(sent, delivered) if each.reason is not None)
