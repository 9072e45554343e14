"""`rushes rate`: a page on which people say which of two clips is better, without knowing whose they are."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter

from rushes.amounts import counted
from rushes.cli.ending import Interrupted
from rushes.cli.options import FLAG, MANY, Common
from rushes.cli.show import console, say, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rushes.benchmarks.copies import Made, Source
    from rushes.benchmarks.folder import Folder

SHOWN = Group("What is shown", sort_key=1)
WHERE = Group("To whom", sort_key=2)


def rate(
    run: str,
    /,
    *,
    cell: Annotated[tuple[str, ...], MANY, Parameter(group=SHOWN)] = (),
    pool: Annotated[Literal["sound", "silent"] | None, Parameter(group=SHOWN)] = None,
    raw: Annotated[bool, FLAG, Parameter(group=SHOWN)] = False,
    pairs: Annotated[int | None, Parameter(group=SHOWN)] = None,
    wait: Annotated[bool, Parameter(group=SHOWN)] = True,
    rater: Annotated[str | None, Parameter(group=WHERE)] = None,
    host: Annotated[str, Parameter(group=WHERE)] = "127.0.0.1",
    port: Annotated[int, Parameter(group=WHERE)] = 0,
    common: Common = Common(),
) -> int:
    """Serve a page, until Ctrl-C, on which people compare the usable clips of RUN two at a time, blind.

    Copies of the clips are shown: one size, 24 frames a second, equally loud, under names that tell nothing. Each
    choice is saved at once in the run's votes.jsonl; whoever comes back goes on.

    Parameters
    ----------
    cell
        Only this cell; may be repeated.
    pool
        Only clips with sound, or only silent ones; the two are never put together.
    raw
        Show the files as they were delivered, in their own size and loudness. They may give away whose they are.
    pairs
        At most so many choices of each rater; all pairs unless given.
    wait
        Take a choice only once both clips were seen and heard to their end.
    rater
        Whose choices they are; the page asks unless given. For several people, one link each: ?rater=NAME.
    host
        The address to listen on; 0.0.0.0 lets others in, by a link with a secret.
    port
        Where to listen; 0 takes any free port.
    """
    from rushes.benchmarks.clips import clips_of
    from rushes.benchmarks.copies import check_files, sources
    from rushes.benchmarks.folder import Folder
    from rushes.benchmarks.table import need_pandas
    from rushes.errors import BadInput

    need_pandas()
    from rushes.benchmarks.votebook import VOTES, Book
    from rushes.pages.rate.desk import Desk
    from rushes.pages.rate.server import is_here, serve
    from rushes.pages.rate.shelf import shelf, worth_showing

    if pairs is not None and pairs < 1:
        raise BadInput(f"--pairs {pairs}: at least one pair is needed to choose from")
    folder = Folder(common.rushes().home, run)
    info = folder.known()
    _measure(folder, common)
    clips = worth_showing(info, clips_of(info, [*folder.results().values()], folder.measures()), cells=cell, pool=pool)
    if raw:
        check_files(folder, sources(folder, clips))
    copies = None if raw else _copies(folder, sources(folder, clips), common)
    book = Book(folder.path)
    for number in book.broken:
        say(f"{VOTES}:{number} is only a part of a line, as a process was cut off: nobody counts it.", style="yellow")
    shown = shelf(info, folder.path, clips, copies)
    desk = Desk(shown, book, raw=raw, wait=wait, limit=pairs, seed=info.settings.seed)
    before = desk.voted()

    def ready(url: str) -> None:
        if common.json:
            write_json({"url": url, "clips": len(clips), "votes": before, "file": book.path})
            return
        console().print(url, soft_wrap=True)
        say(f"{counted(len(clips), 'clip')} to compare, {counted(before, 'choice')} so far; Ctrl-C ends it.")
        if not is_here(host):
            say("Whoever has this link can see the clips and vote.")

    simulated = info.simulated or any(clip.result.simulated for clip in clips)
    serve(desk, host=host, port=port, rater=rater, simulated=simulated, on_ready=ready)
    say(f"{counted(desk.voted(), 'choice')} saved in {book.path}")
    return 0


def _measure(folder: Folder, common: Common) -> None:
    """What is not measured is not known to be usable. The run is held only where there is something to measure."""
    from rushes.benchmarks.scoring import lacking
    from rushes.cli.bench.finish import measure

    if lacking(folder, folder.known()):
        with folder.alone():
            measure(folder, common)


def _copies(folder: Folder, wanted: Sequence[Source], common: Common) -> dict[str, Path]:
    """The rating copies by label, with a bar while they are made; Ctrl-C keeps what is done."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    from rushes.benchmarks.copies import make, missing
    from rushes.benchmarks.copying import LOUDNESS

    lacking = missing(folder, wanted)
    columns = (TextColumn("making rating copies"), BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn())
    bars = Bars(*columns, console=console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    task = bars.add_task("", total=len(lacking))
    quieter: list[str] = []

    def done(made: Made) -> None:
        bars.advance(task)
        if made.level is not None and made.level.after is not None and made.level.after < LOUDNESS - 1:
            quieter.append(f"{made.level.after:.1f} LUFS")

    try:
        with bars:
            found = make(folder, wanted, on_done=done)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted while making rating copies: `rushes rate {folder.name}{common.again()}` makes the rest."
        ) from None
    if quieter:
        say(
            f"{counted(len(quieter), 'clip')} could not be made as loud as the others "
            f"({LOUDNESS:g} LUFS), as peaks leave no room or there is next to nothing to hear: {', '.join(quieter)}"
        )
    return found
