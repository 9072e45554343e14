"""Votes in and out of a run: as JSON Lines or CSV, also pairs as arenas publish them."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rushes.benchmarks.clips import Clip
from rushes.benchmarks.votes import Choice, Record, Score, Undo, Vote, standing
from rushes.errors import BadInput

_RECORD: TypeAdapter[Vote | Undo | Score] = TypeAdapter(Record)
#: Of a CSV file. `left` and `right` are labels of clips; instead of them and `choice`, arenas have MODELS.
COLUMNS = (
    *("id", "at", "rater", "kind", "cell", "prompt", "pool", "left", "right"),
    *("choice", "reasons", "seconds", "raw", "repeats"),
)
MODELS = ("model_a", "model_b", "winner")
#: How arenas say who won, in our words.
WINNERS: Mapping[str, Choice] = {
    "model_a": "left",
    "model_b": "right",
    "tie": "tie",
    "tie (bothbad)": "both_bad",
    "both_bad": "both_bad",
    "bothbad": "both_bad",
}


def exported(lines: Sequence[Vote | Undo | Score], form: str) -> str:
    """The votes that stand, as `jsonl` (everything, scores too) or `csv` (votes without a judge's own words)."""
    votes, scores = standing(lines)
    if form == "jsonl":
        return "".join(each.model_dump_json() + "\n" for each in (*votes, *scores))
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for vote in votes:
        row = vote.model_dump(mode="json", include={*COLUMNS})
        writer.writerow(row | {"reasons": " ".join(vote.reasons)})
    return out.getvalue()


@dataclass(frozen=True)
class Found:
    """What an import would bring."""

    #: Votes and scores that are new to the run, in the file's order.
    new: Sequence[Vote | Score]
    #: How many stand in the run already.
    there: int
    #: Lines that say nothing of this run, with file, line and why.
    bad: Sequence[str]
    #: Of the new votes, those of which the file does not say what was looked at.
    unsaid: int


def read_votes(path: Path, clips: Sequence[Clip], there: Sequence[Vote | Undo | Score], now: datetime) -> Found:
    """The votes of a CSV, JSON Lines or JSON file, held against a run's clips; what is wrong is told line by line.

    A rater's kind is kept where the file says it, else it is `imported`; so is the order. `raw` says whether the files
    themselves were looked at; a line that does not say it counts as on rating copies, and `Found.unsaid` tells how many
    those are. Lines without an id get one made of what they say, so that the same file brought twice changes nothing.
    Raises BadInput for a file that cannot be read at all.
    """
    known = {line.id for line in there}
    new: list[Vote | Score] = []
    bad: list[str] = []
    again = unsaid = 0
    alike: Counter[str] = Counter()
    for number, row in _rows(path):
        try:
            line = _line(row, clips, now, alike)
        except _Bad as error:
            bad.append(f"{path}:{number}: {error}")
            continue
        if line.id in known:
            again += 1
            continue
        known.add(line.id)
        new.append(line)
        unsaid += isinstance(line, Vote) and "raw" not in row
    return Found(new, again, bad, unsaid)


class _Bad(Exception):
    """Why a line says nothing of this run."""


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    match path.suffix.lower():
        case ".csv":
            reader = csv.DictReader(StringIO(text, newline=""))
            try:
                for row in reader:
                    yield reader.line_num, {name: value for name, value in row.items() if value not in (None, "")}
            except csv.Error as error:
                raise BadInput(f"{path}:{reader.line_num}: not valid CSV: {error}") from None
        case ".jsonl" | ".ndjson":
            for number, line in enumerate(text.splitlines(), start=1):
                if line.strip():
                    yield number, _json(line)
        case ".json":
            data = _json(text)
            if not isinstance(data, list):
                raise BadInput(f"{path}: holds no list of votes")
            yield from enumerate(data, start=1)
        case other:
            raise BadInput(f"{path}: votes come as .csv, .jsonl or .json, not '{other or path.name}'")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _line(row: Any, clips: Sequence[Clip], now: datetime, alike: Counter[str]) -> Vote | Score:
    if not isinstance(row, dict):
        raise _Bad("is no JSON object")
    if None in row:
        raise _Bad("has more fields than there are headings")
    if row.get("type") == "score":
        score = _checked(row)
        if isinstance(score, Score) and score.clip in {clip.result.label for clip in clips}:
            return score
        raise _Bad(f"this run has no clip '{row.get('clip')}'")
    if row.get("type") == "undo":
        raise _Bad("takes back a vote; export what stands instead")
    given = _of_models(row, clips) if "model_a" in row else _of_clips(row, clips)
    whole = {"type": "vote", "format": 1, "kind": "imported", "rater": "imported", "at": now, "id": "none"} | given
    vote = _checked(whole)
    assert isinstance(vote, Vote)
    if "id" in given:
        return vote
    # Of what it says, so that it is the same wherever it stands; equal lines are told apart by their number.
    said = vote.model_dump_json(exclude={"id"} | ({"at"} - given.keys()))
    alike[said] += 1
    return vote.model_copy(update={"id": f"vote-{sha256(f'{said} {alike[said]}'.encode()).hexdigest()[:16]}"})


def _checked(row: Mapping[str, Any]) -> Vote | Undo | Score:
    try:
        return _RECORD.validate_python(row)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        said = first["msg"][:1].lower() + first["msg"][1:]
        raise _Bad(f"{place}: {said}" + (f" (given: {first['input']!r})" if place in row else "")) from None


def _of_clips(row: Mapping[str, Any], clips: Sequence[Clip]) -> dict[str, Any]:
    """A vote on two clips by their labels."""
    places = {clip.result.label: clip for clip in clips}
    lacking = [name for name in ("left", "right", "choice") if name not in row]
    if lacking:
        raise _Bad(f"has no {', '.join(lacking)}; a vote names left, right and choice, or {', '.join(MODELS)}")
    for side in ("left", "right"):
        if not isinstance(row[side], str) or row[side] not in places:
            raise _Bad(f"this run has no clip '{row[side]}'")
    left, right = places[row["left"]], places[row["right"]]
    place = _place(left, right)
    if other := [name for name, value in place.items() if row.get(name, value) != value]:
        raise _Bad(f"{other[0]}: says {row[other[0]]}, and its clips are of {place[other[0]]}")
    return {**_plain(row), **place}


def _of_models(row: Mapping[str, Any], clips: Sequence[Clip]) -> dict[str, Any]:
    """A vote on two models and a prompt, as arenas publish them: on the first clips of both."""
    winner = str(row.get("winner", "")).strip().lower()
    if winner not in WINNERS:
        raise _Bad(f"winner: '{row.get('winner', '')}' is none of {', '.join(WINNERS)}")
    sides = [_first(clips, str(row.get(name)), str(row.get("prompt")), row.get("cell")) for name in MODELS[:2]]
    others = {name: value for name, value in row.items() if name not in (*MODELS, "prompt", "cell")}
    kept = {name: value for name, value in others.items() if name in COLUMNS}
    if judge := row.get("judge") or row.get("annotator") or row.get("user"):
        kept.setdefault("rater", str(judge))
    left, right = sides
    return {
        **_plain(kept),
        **_place(left, right),
        "left": left.result.label,
        "right": right.result.label,
        "choice": WINNERS[winner],
    }


def _first(clips: Sequence[Clip], model: str, prompt: str, cell: Any) -> Clip:
    """The first clip of a model and a prompt, by its id or its text."""
    asked = " ".join(prompt.split())
    found = [
        clip
        for clip in clips
        if clip.result.model == model
        and asked in (clip.result.prompt, " ".join(str(clip.result.asked.get("prompt", "")).split()))
        and cell in (None, clip.result.cell)
    ]
    if not found:
        raise _Bad(f"this run has no clip of {model} for the prompt '{asked[:60]}'")
    if len({clip.result.cell for clip in found}) > 1:
        raise _Bad(f"say which cell: {', '.join(dict.fromkeys(clip.result.cell for clip in found))}")
    return min(found, key=lambda clip: clip.result.sample)


def _place(left: Clip, right: Clip) -> dict[str, Any]:
    """Where a vote belongs; it has to be on two models' clips of one prompt, cell and pool."""
    for what in ("cell", "prompt"):
        if getattr(left.result, what) != getattr(right.result, what):
            raise _Bad(f"its clips are of two {what}s: {getattr(left.result, what)} and {getattr(right.result, what)}")
    if left.result.model == right.result.model:
        raise _Bad(f"both of its clips are of {left.result.model}")
    if left.pool != right.pool:
        raise _Bad("one of its clips has sound and the other has none")
    return {"cell": left.result.cell, "prompt": left.result.prompt, "pool": left.pool}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A line's own words, as a CSV file has them too."""
    given = dict(row)
    if isinstance(given.get("reasons"), str):
        given["reasons"] = given["reasons"].replace(",", " ").split()
    if isinstance(given.get("choice"), str):
        given["choice"] = given["choice"].strip().lower().replace(" ", "_")
    return given
