"""`rushes bench import`: brings clips that are there into a run."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from rushes.amounts import counted
from rushes.cli.options import FLAG, Common
from rushes.cli.show import say

CLIPS = Group("The clips", sort_key=1)


def bring(
    folder: Path,
    /,
    *,
    manifest: Annotated[Path | None, Parameter(group=CLIPS)] = None,
    suite: Annotated[str | None, Parameter(group=CLIPS)] = None,
    name: Annotated[str | None, Parameter(group=CLIPS)] = None,
    skip_bad: Annotated[bool, FLAG, Parameter(group=CLIPS)] = False,
    out: Annotated[Path | None, Parameter(group=CLIPS)] = None,
    common: Common = Common(),
) -> int:
    """Bring the clips of FOLDER into a run, to be measured and compared like fresh ones, marked imported.

    Needs no endpoint and no key. A manifest lists the clips: file, model and prompt (its id in the suite, or its text)
    of each, and what else is known: seconds, cost, date, settings, cell, sample, endpoint. Clips are copied. Brought
    again, nothing changes but what the manifest now says otherwise.

    Parameters
    ----------
    manifest
        The list of clips, CSV, JSON or YAML; FOLDER/manifest.csv, .json or .yaml unless given.
    suite
        The suite whose prompts they show; the run's, or the manifest's own prompts, unless given.
    name
        The run to bring them into, new or there; FOLDER's name unless given.
    skip_bad
        Go on without the files that are missing or cannot be read.
    out
        Copy everything that the run holds to this folder.
    """
    from rushes.benchmarks import importer
    from rushes.benchmarks.folder import Folder, check_out
    from rushes.benchmarks.manifest import find_manifest, read_manifest
    from rushes.benchmarks.suite import load_suite
    from rushes.benchmarks.table import need_pandas
    from rushes.cli.bench.finish import check_there, finish
    from rushes.errors import BadInput

    need_pandas()
    if out is not None:
        check_out(out)
    rushes = common.rushes()
    document, entries = read_manifest(find_manifest(folder, manifest))
    wanted = None if suite is None else load_suite(suite, rushes.config)
    run = Folder(rushes.home, name or folder.resolve().name)
    with run.alone():
        check_there(run, common)
        found = importer.survey(
            run,
            folder,
            document,
            entries,
            wanted,
            rushes.config,
            day=rushes.day,
            now=datetime.now(UTC),
            command=["rushes", *sys.argv[1:]],
        )
        if found.bad and not (skip_bad and found.clips):
            good = counted(len(found.clips), "clip")
            raise BadInput(
                "\n".join([f"{len(found.bad)} of the files cannot be read; nothing was brought:", *found.bad]),
                hint=f"--skip-bad goes on with the other {good}." if found.clips else "There is no other.",
            )
        for line in found.bad:
            say(f"left out: {line}", style="yellow")
        brought = importer.bring(run, found)
        there = len(found.clips) - brought.new
        before = f"; {there} were there already" if there else ""
        say(f"{counted(brought.new, 'clip')} brought into the run {run.name}{before}")
        if brought.corrected:
            say(f"The manifest now says otherwise of {counted(len(brought.corrected), 'clip')} that came before:")
        for label, changes in brought.corrected.items():
            say(f"  {label}: {changes}")
        if not any(clip.entry.endpoint and clip.entry.date for clip in found.clips):
            say("No clip comes with its endpoint and its date, so nothing of it becomes evidence for routing.")
        finish(run, out, common)
    return 0
