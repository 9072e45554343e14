"""Faults on demand: which there are, when each strikes, and how a prompt or a test asks for one.

A fault is set when the world is opened, by `POST /_simulator/faults`, or by a marker in a prompt such as
`[simulate: drop_after_accept]` or `[simulate: poll_500 x3]`, which has no other influence on the clip.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

from rushes.simulator.film import DEFECTS

WIRES = ("openai", "vllm-omni", "sglang", "vertex", "dashscope")

#: Strike a submission that the vendor then does not accept.
BEFORE = {
    "drop_before_accept": "the connection is cut before the job is accepted",
    "rate_limited": "429 with Retry-After",
    "rate_limited_bare": "429 without Retry-After",
    "error_500_before_accept": "500, and no job was made",
    "error_503": "503, and no job was made",
    "moderated_at_once": "the prompt is refused at once",
}
#: Strike the answer to a submission that was accepted.
AFTER = {
    "drop_after_accept": "the job is accepted and the connection cut before the answer",
    "error_500_after_accept": "the job is accepted and the answer is 500",
    "cut_answer": "the job is accepted and half of the answer arrives",
    "slow_answer": "the job is accepted and the answer comes late",
}
#: Stay with the job that was accepted.
WITH_THE_JOB = {
    "late_failure": "the job fails at its end",
    "moderated": "the finished clip is refused",
    "filtered": "every clip is withheld (elsewhere than on vertex: as moderated)",
    "partly_filtered": "one clip of several is withheld (vertex; with one clip: all)",
    "strange_status": "a status word nobody knows, for a while",
    "unknown": "dashscope forgets the job (UNKNOWN); elsewhere it is not found",
    "never_finishes": "the job runs for ever",
    "lost": "the job is not found when asked for",
    "expired_link": "the file's link has expired from the start",
    "link_404_once": "the file is not found at the first download",
    "truncated_file": "half a file, and nothing says so",
    "empty_file": "no bytes",
    "not_a_video": "a web page in place of the film",
    "slow_body": "the file trickles",
    "redirect_to_foreign_host": "the download leads to another host, which notes the headers it is sent",
    **DEFECTS,
    "mishaps": "about one job in eight meets a fault, the more the less steady its model",
}
#: What `mishaps` brings, each as often as the others.
MISHAPS = (
    "late_failure",
    "moderated",
    "frozen_film",
    "silent_film",
    "black_film",
    "cut_film",
    "stuttering_film",
)
#: Strike a question after a job.
POLL = {
    "poll_500": "500 for a question after a job",
    "poll_429": "429 for a question after a job",
    "poll_cut": "half of the answer about a job arrives",
}
NAMES: dict[str, str] = {**BEFORE, **AFTER, **WITH_THE_JOB, **POLL}

#: By marker these strike once (or xN times) and then pass; all others strike every time.
PASSING = {"rate_limited", "rate_limited_bare", "link_404_once", *POLL}

#: World seconds that slow_answer holds an answer back and slow_body takes for a file.
SLOW = 90.0
#: What strange_status says.
STRANGE = "dreaming"

_MARKER = re.compile(r"\s*\[simulate:\s*([a-z0-9_]+)(?:\s+x(\d+))?\s*\]")


class Dropped(ConnectionError):
    """The simulated vendor cut the connection: no answer, or `midway` through it."""

    def __init__(self, message: str, *, midway: bool = False) -> None:
        super().__init__(message)
        self.midway = midway


class NoSuchFault(ValueError):
    def __init__(self, name: str) -> None:
        super().__init__(f"there is no fault '{name}' to simulate; there are: {', '.join(NAMES)}")


@dataclass(frozen=True)
class Fault:
    """`name` strikes `times` occasions on `wire` (None: on any), after letting `after` occasions pass.

    `mishaps`, which strikes by chance, is there for every job unless more than one time is named.
    """

    name: str
    wire: str | None = None
    times: int | None = 1
    after: int = 0

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise NoSuchFault(self.name)
        if self.wire not in (None, *WIRES):
            raise ValueError(f"there is no wire '{self.wire}'; there are: {', '.join(WIRES)}")
        if self.name == "mishaps" and self.times == 1:
            object.__setattr__(self, "times", None)


class FaultBook:
    """The faults that are set, and how often each had the occasion to strike."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._seen: list[tuple[Fault, int]] = [(fault, 0) for fault in faults]

    def add(self, fault: Fault) -> None:
        self._seen.append((fault, 0))

    def clear(self) -> None:
        self._seen.clear()

    def __iter__(self) -> Iterator[tuple[Fault, int]]:
        return iter(self._seen)

    def striking(self, wire: str, names: Iterable[str]) -> list[str]:
        """The names among `names` that strike this occasion, in the order they were set."""
        wanted = set(names)
        struck = []
        for place, (fault, seen) in enumerate(self._seen):
            if fault.name not in wanted or fault.wire not in (None, wire):
                continue
            self._seen[place] = (fault, seen + 1)
            if fault.after <= seen and (fault.times is None or seen < fault.after + fault.times):
                struck.append(fault.name)
        return struck


def met(tricks: Mapping[str, int | None], dice: Random, *, steadiness: float, sound: bool) -> dict[str, int | None]:
    """The faults that stay with a job, with what `mishaps` brings it in their place: mostly nothing.

    `steadiness` (0..1) is its model's; a clip without `sound` cannot lose it.
    """
    kept = {name: times for name, times in tricks.items() if name != "mishaps"}
    if len(kept) < len(tricks) and dice.random() < 0.03 + 0.33 * (1 - steadiness):
        kept[dice.choice([name for name in MISHAPS if sound or name != "silent_film"])] = None
    return kept


def read(prompt: str) -> tuple[str, dict[str, int | None]]:
    """A prompt without its markers, and the faults they ask for with how often each strikes (None: always).

    Raises NoSuchFault.
    """
    marked: dict[str, int | None] = {}
    for name, times in _MARKER.findall(prompt):
        if name not in NAMES:
            raise NoSuchFault(name)
        marked[name] = int(times) if times else (1 if name in PASSING else None)
    return _MARKER.sub("", prompt).strip() if marked else prompt, marked
