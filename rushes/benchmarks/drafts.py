"""The drafts of an exploration as a run, so that the blind page can show them two by two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from rushes.benchmarks import importer
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.manifest import Entry
from rushes.config import Config
from rushes.yaml import Document


def keep_drafts(
    home: Path,
    name: str,
    prompt: str,
    clips: Sequence[tuple[str, Path]],
    config: Config,
    *,
    day: date,
    now: datetime,
    command: Sequence[str],
) -> Path:
    """A run of that name in which each draft stands for itself; returns its folder, also where there is no clip.

    `clips` are names and files. No endpoint is named: votes on directions say nothing of models.
    """
    folder = Folder(home, name)
    entries = [Entry(file=str(path), model=label, prompt=prompt) for label, path in clips]
    if entries:
        with folder.alone():
            document = Document(folder.path, {}, {})
            found = importer.survey(folder, home, document, entries, None, config, day=day, now=now, command=command)
            importer.bring(folder, found)
    folder.path.mkdir(parents=True, exist_ok=True)
    return folder.path
