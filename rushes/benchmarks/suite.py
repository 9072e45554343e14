"""What to compare: a suite's prompts, models and cells, from its YAML file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from rushes.card import shipped_configs
from rushes.config import Config
from rushes.errors import BadConfig, BadInput
from rushes.nearest import unknown
from rushes.request import AspectRatio, Resolution
from rushes.yaml import Location, read

#: Stands in labels and file names.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=60)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class Part(BaseModel):
    # What stands under a field is its description, also in the published JSON Schema.
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Count(Part):
    """How many of something there should be. `3` is short for `{min: 3, max: 3}`."""

    min: int = Field(default=0, ge=0)
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _a_number_is_exactly_that_many(cls, value: Any) -> Any:
        return {"min": value, "max": value} if isinstance(value, int) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _some_count_fits(self) -> Count:
        if self.max is not None and self.max < self.min:
            raise ValueError(f"no count is at least {self.min} and at most {self.max}")
        return self

    def __contains__(self, count: float) -> bool:
        return self.min <= count and (self.max is None or count <= self.max)

    def __str__(self) -> str:
        if self.max is None:
            return f"at least {self.min}"
        return f"{self.min}" if self.min == self.max else f"{self.min} to {self.max}"

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
        whole = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [{"type": "integer", "minimum": 0}, whole], "description": whole.pop("description", "")}


class Expect(Part):
    """What a prompt asks for that can be looked for in the file."""

    cuts: Count | None = None
    "Hard cuts; a clip that has others fails the gate."
    onsets: Count | None = None
    "Sudden sounds, such as bounces."
    quiet: bool = False
    "Nearly no sound: at most -35 LUFS."
    first_frame: bool = False
    "The first frame is the prompt's image."
    speech: tuple[str, ...] | None = None
    "Lines that are spoken; [] where nobody speaks."
    text: tuple[str, ...] | None = None
    "Writing in the picture; [] where there is none."


class Prompt(Part):
    id: Name
    "Names the prompt in labels, files and tables."
    text: str = Field(min_length=1)
    "Sent as it stands, also where it names a length."
    category: Name
    "What it tests, such as physics or speech."
    asked_seconds: Seconds | None = None
    "The length that the text names; shown beside what was sent."
    aspect_ratio: AspectRatio | None = None
    "Shape of its clips; the cell's unless given."
    image: Path | None = None
    "First frame: a picture, relative to this file."
    expect: Expect = Expect()
    "What can be looked for in its clips."

    @model_validator(mode="after")
    def _a_first_frame_needs_an_image(self) -> Prompt:
        if self.expect.first_frame and self.image is None:
            raise _wrong(("expect", "first_frame"), "there is no image that the first frame could be")
        return self


class Cell(Part):
    """Settings under which the models are compared with each other."""

    seconds: Mapping[Name, Seconds] = {}
    "Length sent, by model: the models share none."
    resolution: Resolution | None = None
    "The same for every model."
    aspect_ratio: AspectRatio | None = None
    "Shape of every clip whose prompt names none."
    audio: bool | None = None
    "true: with sound; false: silent."
    prompts: tuple[Name, ...] | None = None
    "Ids of the prompts that it holds; all unless given."


class Suite(Part):
    id: Name
    version: int = Field(ge=1)
    "Raised with every change: results of two versions are not compared."
    title: str = Field(min_length=1)
    prompts: tuple[Prompt, ...] = Field(min_length=1)
    models: Mapping[Name, str | None] = {}
    "Name in the tables: the endpoint, PROVIDER/MODEL, that makes its clips; null where clips are only imported."
    cells: Mapping[Name, Cell] = {}
    "Settings under which the models are compared; needed to make clips."

    @model_validator(mode="after")
    def _prompts_have_ids_of_their_own(self) -> Suite:
        seen: set[str] = set()
        for at, prompt in enumerate(self.prompts):
            if prompt.id in seen:
                raise _wrong(("prompts", at, "id"), f"'{prompt.id}' is the id of an earlier prompt too")
            seen.add(prompt.id)
        return self

    @model_validator(mode="after")
    def _cells_name_prompts_and_models_that_are_there(self) -> Suite:
        ids = [prompt.id for prompt in self.prompts]
        for name, cell in self.cells.items():
            for model in cell.seconds:
                if model not in self.models:
                    raise _wrong(("cells", name, "seconds", model), unknown("model", model, self.models))
            if lacking := [model for model in self.endpoints if model not in cell.seconds]:
                raise _wrong(("cells", name, "seconds"), f"no length for {', '.join(lacking)}")
            for at, prompt in enumerate(cell.prompts or ()):
                if prompt not in ids:
                    raise _wrong(("cells", name, "prompts", at), unknown("prompt", prompt, ids))
        return self

    @property
    def endpoints(self) -> dict[str, str]:
        """The models whose clips are made, with the endpoint that makes them."""
        return {model: endpoint for model, endpoint in self.models.items() if endpoint is not None}

    def prompt(self, id: str) -> Prompt:
        return next(prompt for prompt in self.prompts if prompt.id == id)

    def prompts_of(self, cell: str) -> tuple[Prompt, ...]:
        """The prompts that `cell` holds, in the suite's order."""
        held = self.cells[cell].prompts
        return self.prompts if held is None else tuple(prompt for prompt in self.prompts if prompt.id in held)


def load_suite(name: str, config: Config) -> Suite:
    """A suite by its shipped name or by path; its images as paths that can be opened.

    Raises BadInput for a name that is neither, BadConfig with every complaint by file and line.
    """
    document = read(find_suite(name))
    suite = document.parse(Suite)
    pictures = {prompt.id: document.path.parent / prompt.image for prompt in suite.prompts if prompt.image is not None}
    wrong = [*unknown_endpoints(suite.models, config)]
    for at, prompt in enumerate(suite.prompts):
        if prompt.id in pictures and not pictures[prompt.id].is_file():
            wrong.append((("prompts", at, "image"), f"there is no picture '{prompt.image}' beside this file"))
    if wrong:
        raise document.errors(wrong)
    found = {id: picture.resolve() for id, picture in pictures.items()}
    prompts = (prompt.model_copy(update={"image": found.get(prompt.id)}) for prompt in suite.prompts)
    return suite.model_copy(update={"prompts": tuple(prompts)})


def unknown_endpoints(models: Mapping[str, str | None], config: Config) -> Iterator[tuple[Location, str]]:
    """A complaint for each endpoint that no card has, and where it stands."""
    known = [endpoint.id for card in config.cards.values() for endpoint in card.endpoints]
    for model, endpoint in models.items():
        if endpoint is not None and endpoint not in known:
            yield ("models", model), unknown("endpoint", endpoint, known)


def shipped_suites() -> dict[str, Path]:
    """The suites that come with the package, by name."""
    return {path.stem: path for path in sorted((shipped_configs() / "suites").glob("*.yaml"))}


def find_suite(name: str) -> Path:
    """The file of a shipped name or a path. Raises BadInput for a name that is neither, BadConfig for a folder."""
    shipped = shipped_suites()
    if name in shipped:
        return shipped[name]
    path = Path(name)
    if path.is_dir():
        raise BadConfig(f"{path}: is a folder", hint="Give the suite's YAML file.")
    if path.exists() or path.suffix in (".yaml", ".yml"):
        return path
    raise BadInput(unknown("suite", name, shipped), hint="Give a shipped name, or the path of a YAML file.")


def _wrong(at: tuple[Any, ...], message: str) -> PydanticCustomError:
    return PydanticCustomError("suite", "{message}", {"message": message, "at": at})
