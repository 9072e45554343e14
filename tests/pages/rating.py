"""A small run to be rated: three models with telling names, two prompts, clips with sound and without."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from rushes.benchmarks.clips import Clip, clips_of
from rushes.benchmarks.copies import make, sources
from rushes.benchmarks.folder import Folder
from rushes.benchmarks.settings import RunSettings
from rushes.benchmarks.votebook import Book
from rushes.pages.rate.desk import Desk
from rushes.pages.rate.shelf import Shelf, shelf, worth_showing
from tests.benchmarks.golden import golden, soundless
from tests.pages.runs import make_info, make_result, make_suite

MODELS = ("wonder-9", "wonder-8", "marvel-1")
#: What must not be told before the end: models, providers, labels, files.
TELLING = ("wonder", "marvel", "vendor", "short/", "clips/wonder", "secret-run")


def make_folder(
    home: Path,
    *,
    models: Sequence[str] = MODELS,
    prompts: int = 2,
    sound: bool = True,
    seconds: float = 0.5,
    films: bool = False,
    **changes: Any,
) -> Folder:
    """A run called secret-run; with `films` real ones of 0.5 s, else files of a few bytes, said to be of `seconds`."""
    folder = Folder(home, "secret-run")
    (folder.path / "clips").mkdir(parents=True)
    suite = make_suite(models, ("short",), prompts)
    folder.save(make_info(suite, **({"name": "secret-run", "settings": RunSettings(scorers=())} | changes)))
    for number, prompt in enumerate(suite.prompts):
        for place, model in enumerate(models):
            result = make_result(model, prompt.id, sent={}, simulated=False)
            path = folder.path / str(result.clip)
            if films:
                clip = golden(seconds=0.5, width=64, height=36, seed=number * 10 + place)
                (clip if sound else soundless(clip)).write(path)
            else:
                path.write_bytes(f"{model} {prompt.id}".encode())
            file = {**(result.delivered or {}), "seconds": seconds, "audio_codec": "aac" if sound else None}
            digest = sha256(path.read_bytes()).hexdigest()
            folder.add(result.model_copy(update={"delivered": file, "sha256": digest}))
    return folder


def clips_in(folder: Folder) -> list[Clip]:
    return clips_of(folder.known(), [*folder.results().values()], folder.measures())


def shelf_of(folder: Folder, *, copies: bool = False) -> Shelf:
    """What is shown of the run: its clips under other names or, with `copies`, copies of them."""
    clips = worth_showing(folder.known(), clips_in(folder))
    made = make(folder, sources(folder, clips)) if copies else None
    return shelf(folder.known(), folder.path, clips, made)


def desk_of(folder: Folder, *, copies: bool = False, **settings: Any) -> Desk:
    given = {"wait": False, "raw": not copies}
    return Desk(shelf_of(folder, copies=copies), Book(folder.path), **(given | settings))
