"""`rushes votes`: the votes of a run, out to a file and in from one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cyclopts import App

from rushes.amounts import counted
from rushes.cli.options import Common
from rushes.cli.show import console, say, write_json
from rushes.errors import BadInput, SetupError

votes = App(name="votes", help="Bring the votes of a run out to a file, or in from one.")


@votes.command
def export(
    run: str, /, *, out: Path | None = None, form: Literal["jsonl", "csv"] | None = None, common: Common = Common()
) -> int:
    """Write the votes on RUN that stand: as JSON Lines, with everything, or as CSV.

    Parameters
    ----------
    out
        The file; printed unless given. Its suffix says the form.
    form
        jsonl or csv; by the file's suffix, or jsonl, unless given.
    """
    from rushes.benchmarks.ballots import exported
    from rushes.benchmarks.folder import Folder
    from rushes.benchmarks.votebook import Book

    folder = Folder(common.rushes().home, run)
    folder.known()
    wanted = form or _form_of(out)
    text = exported(Book(folder.path).lines(), wanted)
    if out is None:
        sys.stdout.write(text)
    else:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise SetupError(f"{out}: cannot be written: {error.strerror or error}") from None
        say(f"{counted(len(text.splitlines()) - (wanted == 'csv'), 'line')} in {out}")
    return 0


def _form_of(out: Path | None) -> Literal["jsonl", "csv"]:
    match None if out is None else out.suffix.lower():
        case None | ".jsonl":
            return "jsonl"
        case ".csv":
            return "csv"
        case _:
            raise BadInput(f"{out}: its suffix is of no form of votes", hint="Name it .jsonl or .csv, or give --form.")


@votes.command(name="import")
def bring(run: str, file: Path, /, *, common: Common = Common()) -> int:
    """Add the votes of FILE to RUN: CSV, JSON Lines or JSON, also pairs as arenas publish them.

    A line names left and right (labels of clips, as in table.csv) and choice (left, right, tie, both_bad), or model_a,
    model_b, winner and prompt. `raw` says what was looked at: true for the files as delivered, false (unless given)
    for rating copies. What is wrong is told line by line, and everything else is brought; brought again, nothing
    changes.
    """
    from rushes.benchmarks.ballots import read_votes
    from rushes.benchmarks.clips import clips_of
    from rushes.benchmarks.folder import Folder
    from rushes.benchmarks.votebook import Book

    folder = Folder(common.rushes().home, run)
    info = folder.known()
    clips = clips_of(info, [*folder.results().values()], folder.measures())
    book = Book(folder.path)
    found = read_votes(file, clips, book.lines(), datetime.now(UTC))
    for line in found.new:
        book.add(line)
    if common.json:
        write_json({"new": len(found.new), "there": found.there, "bad": [*found.bad], "raw_unsaid": found.unsaid})
        return 1 if found.bad else 0
    for complaint in found.bad:
        say(complaint, style="yellow")
    there = f", {found.there} were there already" if found.there else ""
    bad = f", {len(found.bad)} could not be used" if found.bad else ""
    if found.unsaid:
        say(
            f"{counted(found.unsaid, 'vote')} of them without a word on what was looked at: they count as on rating "
            "copies. Votes on the files as delivered say raw: true, and stand on a board by which no route goes."
        )
    console().print(f"{counted(len(found.new), 'line')} brought into the run {run}{there}{bad}.")
    return 1 if found.bad else 0
