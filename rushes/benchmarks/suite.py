"""What to compare: a suite's prompts, models and cells, from its YAML file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from rushes.card import shipped_configs
from rushes.config import Config
from rushes.errors import BadConfig, BadInput
from rushes.request import AspectRatio, Resolution
from rushes.yaml import read

#: Stands in labels and file names.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=60)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Prompt(Part):
    id: Name
    #: Sent as it stands, also where it names a length.
    text: str = Field(min_length=1)
    #: The length that the text names; shown beside what was sent.
    asked_seconds: Annotated[float, Field(gt=0)] | None = None
    category: Name


class Cell(Part):
    """Settings under which the models are compared with each other."""

    #: Length sent, by model: the models share none.
    seconds: Mapping[str, Annotated[float, Field(gt=0)]]
    resolution: Resolution
    aspect_ratio: AspectRatio
    audio: bool


class Suite(Part):
    id: Name
    #: Raised with every change: results of two versions are not compared.
    version: int = Field(ge=1)
    title: str = Field(min_length=1)
    prompts: tuple[Prompt, ...] = Field(min_length=1)
    #: Model to the endpoint that makes its clips.
    models: Mapping[Name, str] = Field(min_length=1)
    cells: Mapping[Name, Cell] = Field(min_length=1)

    @model_validator(mode="after")
    def _prompts_have_ids_of_their_own(self) -> Suite:
        seen: set[str] = set()
        for at, prompt in enumerate(self.prompts):
            if prompt.id in seen:
                raise _wrong(("prompts", at, "id"), f"'{prompt.id}' is the id of an earlier prompt too")
            seen.add(prompt.id)
        return self

    @model_validator(mode="after")
    def _cells_name_every_model(self) -> Suite:
        for name, cell in self.cells.items():
            for model in cell.seconds:
                if model not in self.models:
                    raise _wrong(("cells", name, "seconds", model), _unknown("model", model, self.models))
            if lacking := [model for model in self.models if model not in cell.seconds]:
                raise _wrong(("cells", name, "seconds"), f"no length for {', '.join(lacking)}")
        return self


def load_suite(name: str, config: Config) -> Suite:
    """A suite by its shipped name or by path.

    Raises BadInput for a name that is neither, BadConfig with every complaint by file and line.
    """
    path = _path(name)
    document = read(path)
    suite = document.parse(Suite)
    for model, endpoint in suite.models.items():
        at = ("models", model)
        if model not in config.cards:
            raise document.error(at, _unknown("model", model, config.cards))
        there = [each.id for each in config.cards[model].endpoints]
        if endpoint not in there:
            raise document.error(at, _unknown(f"endpoint of {model}", endpoint, there))
    return suite


def shipped_suites() -> dict[str, Path]:
    """The suites that come with the package, by name."""
    return {path.stem: path for path in sorted((shipped_configs() / "suites").glob("*.yaml"))}


def _path(name: str) -> Path:
    shipped = shipped_suites()
    if name in shipped:
        return shipped[name]
    path = Path(name)
    if path.is_dir():
        raise BadConfig(f"{path}: is a folder", hint="Give the suite's YAML file.")
    if path.exists() or path.suffix in (".yaml", ".yml"):
        return path
    raise BadInput(_unknown("suite", name, shipped), hint="Give a shipped name, or the path of a YAML file.")


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"there is no {what} '{name}'; " + (f"did you mean '{near[0]}'?" if near else f"there: {', '.join(names)}")


def _wrong(at: tuple[Any, ...], message: str) -> PydanticCustomError:
    return PydanticCustomError("suite", "{message}", {"message": message, "at": at})
