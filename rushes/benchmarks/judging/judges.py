"""Who may judge, where, and at what price: `judges.yaml`, overlaid by the user's own, and keys from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rushes.card import shipped_configs
from rushes.config import Provider
from rushes.errors import BadConfig, BadInput
from rushes.nearest import unknown
from rushes.yaml import read

FILE = "judges.yaml"
#: Fewer frames a second hide flicker, and that is much of what there is to see.
LEAST_FPS = 4


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)


class Price(Part):
    """US dollars for a million tokens. The newest row that has begun counts."""

    since: date
    input: Annotated[Decimal, Field(ge=0)]
    output: Annotated[Decimal, Field(ge=0)]
    #: The day on which somebody read it, and where.
    checked: date
    source: str

    def usd(self, input: int, output: int) -> Decimal:
        """What so many tokens cost; nothing is rounded."""
        return (self.input * input + self.output * output) / 1_000_000


class Judge(Part):
    """One entry of `judges.yaml`."""

    name: str
    #: Who made the model, as cards say it; None where nobody knows.
    maker: str | None = None
    #: openai: chat completions, on any server. gemini: Google's generateContent, on Vertex AI too.
    wire: Literal["openai", "gemini"]
    #: The server's own name for the model.
    model: str
    #: May hold {names} of `variables` and `settings`.
    base_url: str
    base_urls: Mapping[str, str] = Field(default_factory=dict)
    base_url_variable: str | None = None
    auth: Literal["bearer", "api-key", "google", "none"]
    key_variables: tuple[str, ...] = ()
    variables: Mapping[str, str] = Field(default_factory=dict)
    settings: Mapping[str, str] = Field(default_factory=dict)
    #: frames: pictures in order. video: small films with their sound; the gemini wire alone carries them.
    sees: Literal["frames", "video"] = "frames"
    #: Frames a second that it looks at.
    fps: Annotated[float, Field(ge=LEAST_FPS, le=24)] = LEAST_FPS
    #: The longer side of a frame, in pixels.
    side: Annotated[int, Field(ge=64, le=512)] = 512
    #: How many pictures the server takes in one question; None: as many as there are frames. Where frames are more,
    #: several go on one sheet.
    max_images: Annotated[int, Field(ge=2)] | None = None
    #: None: left to the server, for models that take no other than their own.
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0
    #: How long an answer may be, in tokens, thoughts included.
    answer_tokens: Annotated[int, Field(ge=200)] = 2000
    #: What the openai wire calls that limit there.
    answer_limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    #: How the openai wire asks for JSON: by a schema, as any object, or not at all.
    json_mode: Literal["schema", "object", "none"] = "schema"
    #: What else goes into the body of a question.
    body: Mapping[str, Any] = Field(default_factory=dict)
    #: Seconds until a question counts as timed out.
    timeout: Annotated[float, Field(gt=0)] = 180
    #: Questions on their way at once.
    concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    #: About how many tokens one picture is; None where nobody knows.
    image_tokens: Annotated[int, Field(gt=0)] | None = None
    #: The same for one frame of a film, and for one second of its sound.
    frame_tokens: Annotated[int, Field(gt=0)] | None = None
    sound_tokens: Annotated[int, Field(ge=0)] | None = None
    prices: tuple[Price, ...] = ()
    docs: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _films_need_a_wire_that_carries_them(self) -> Judge:
        if self.sees == "video" and self.wire != "gemini":
            raise ValueError(f"the {self.wire} wire carries no video: write sees: frames")
        return self

    @property
    def hears(self) -> bool:
        return self.sees == "video"

    @property
    def pictures_each(self) -> int | None:
        """How many pictures one of the two clips may have."""
        return None if self.max_images is None else self.max_images // 2

    def price(self, day: date) -> Price | None:
        begun = [row for row in self.prices if row.since <= day]
        return max(begun, key=lambda row: row.since, default=None)

    def provider(self) -> Provider:
        """The entry as `rushes.config.access` and `rushes.providers.credentials` take it."""
        return Provider(
            name=self.name,
            wire=self.wire,
            base_url=self.base_url,
            base_urls=self.base_urls,
            base_url_variable=self.base_url_variable,
            auth=self.auth,
            key_variables=self.key_variables,
            variables=self.variables,
            settings=self.settings,
        )


def load_judges(folder: Path | None = None) -> dict[str, Judge]:
    """The shipped judges by id, overlaid by those of `folder`. Raises BadConfig by file and line."""
    judges: dict[str, Judge] = {}
    for path in (shipped_configs() / FILE, *([folder / FILE] if folder is not None else [])):
        if not path.exists():
            continue
        document = read(path)
        if not isinstance(document.data, dict):
            raise document.error((), f"{FILE} holds one block per judge")
        for id, block in document.data.items():
            if not isinstance(block, dict):
                raise document.error((id,), f"'{id}' must be a block of settings")
            judges[str(id)] = document.parse(Judge, at=(id,))
    if not judges:
        raise BadConfig(f"there is no judge in {shipped_configs() / FILE}")
    return judges


def judge_of(id: str, judges: Mapping[str, Judge]) -> Judge:
    """The judge of that id. Raises BadInput with the names of those that are."""
    if id not in judges:
        raise BadInput(unknown("judge", id, judges), hint=f"Add one in a {FILE} of your --config folder.")
    return judges[id]
