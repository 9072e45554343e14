"""Model cards: what each endpoint of a model takes, costs and how long it lives, as dated facts with their sources.

A card is one YAML file under `configs/models/`. The types here forbid unknown keys and know no vendor. What nobody
found out is left out of a card, never guessed; what we measure ourselves comes from results, not from cards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from rushes.errors import BadConfig
from rushes.nearest import instead
from rushes.request import AspectRatio, Mode, Resolution
from rushes.yaml import read


class Fact(BaseModel):
    # Built when the first card is read: whoever only imports us does not pay for it.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Source(Fact):
    """Where a fact was read, when, and how far to trust it."""

    #: A public page, SDK version or issue thread.
    where: str
    #: The day it was read.
    read: date
    #: high: the vendor's own page, SDK source or a recorded answer. medium: one good secondary source, or several
    #: agreeing. low: one weak source, or our inference.
    confidence: Literal["high", "medium", "low"]


class Size(Fact):
    """Pixels; written `1280x720`."""

    width: int = Field(gt=0)
    height: int = Field(gt=0)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            width, found, height = value.partition("x")
            if not found or not width.isdecimal() or not height.isdecimal():
                raise ValueError("write a size as WIDTHxHEIGHT, such as 1280x720")
            return {"width": int(width), "height": int(height)}
        return value

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class Offer(Fact):
    """A set of values that may be combined freely. Couplings (1080p only with 8 s) are offers of their own."""

    modes: tuple[Mode, ...] = Field(min_length=1)
    #: Lengths in seconds; for `extend`, the seconds added.
    seconds: tuple[float, ...] = Field(min_length=1)
    #: Resolution to aspect ratio to pixels.
    sizes: Mapping[Resolution, Mapping[AspectRatio, Size]] = Field(default_factory=dict)
    #: Resolutions whose shape follows the first frame; instead of `sizes`.
    shaped_by_image: tuple[Resolution, ...] = ()
    #: What the file may have: [true] always sound, [false] never, [true, false] the caller's choice.
    audio: tuple[bool, ...] = Field(min_length=1)
    source: str

    @model_validator(mode="after")
    def _one_kind_of_shape(self) -> Offer:
        if bool(self.sizes) == bool(self.shaped_by_image):
            raise ValueError("an offer has either sizes or shaped_by_image")
        return self

    @property
    def resolutions(self) -> tuple[Resolution, ...]:
        return tuple(self.sizes) or self.shaped_by_image


class TextLimit(Fact):
    max: int = Field(gt=0)
    unit: Literal["characters", "tokens"] = "characters"
    source: str


class SeedLimit(Fact):
    max: int = Field(gt=0)
    source: str


class ImageLimits(Fact):
    """What a picture must be; what is not known is None and not checked."""

    formats: tuple[Literal["jpeg", "png", "webp", "bmp"], ...]
    max_bytes: int | None = None
    #: Bounds of each side, in pixels.
    min_side: int | None = None
    max_side: int | None = None
    #: True where the vendor refuses a picture that is not exactly as large as the clip; we scale and crop it then.
    exact_size: bool = False
    #: False where a picture with transparency is refused.
    alpha: bool = True
    #: How many reference images at most.
    references: int = 0
    source: str


class SoundLimits(Fact):
    formats: tuple[Literal["wav", "mp3"], ...]
    max_bytes: int | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    source: str


class VideoLimits(Fact):
    """What a clip to be lengthened must be."""

    min_seconds: float | None = None
    max_seconds: float | None = None
    fps: int | None = None
    source: str


class Inputs(Fact):
    """Limits of everything that goes in; what is left out is not taken at all (except the prompt)."""

    prompt: TextLimit | None = None
    negative_prompt: TextLimit | None = None
    seed: SeedLimit | None = None
    images: ImageLimits | None = None
    audio_track: SoundLimits | None = None
    video: VideoLimits | None = None
    #: How many clips one submission may make.
    samples: int = Field(default=1, ge=1)


class Price(Fact):
    """Money per second of finished video. The newest row that has begun counts; old rows stay."""

    since: date
    #: None: all of them.
    resolutions: tuple[Resolution, ...] | None = None
    audio: bool | None = None
    per_second: Annotated[Decimal, Field(gt=0)]
    currency: Literal["USD", "CNY"] = "USD"
    #: US dollars for one unit of `currency`, with the day the rate was read.
    usd_rate: Annotated[Decimal, Field(gt=0)] | None = None
    rate_date: date | None = None
    source: str

    @model_validator(mode="after")
    def _foreign_money_has_a_rate(self) -> Price:
        if (self.currency == "USD") != (self.usd_rate is None) or (self.usd_rate is None) != (self.rate_date is None):
            raise ValueError("a price in another currency needs usd_rate and rate_date; one in USD has neither")
        return self

    @property
    def usd_per_second(self) -> Decimal:
        return self.per_second * (self.usd_rate or 1)


class Lifecycle(Fact):
    stage: Literal["preview", "ga"]
    released: date | None = None
    #: From this day on the endpoint is refused and drops out of every route by itself.
    retired: date | None = None
    #: The vendor promises to serve it at least until this day.
    earliest_retirement: date | None = None
    #: What the vendor, or failing that we, suggest instead.
    successor: str | None = None
    note: str | None = None
    source: str


class Version(Fact):
    """What a vendor serves under a name that stays as it is. The newest row that has begun counts; old rows stay."""

    since: date
    name: str
    source: str


class Speed(Fact):
    """How long a clip takes before anything was measured here: seconds from submit to finished, log-normal."""

    clip_seconds: float
    resolution: Resolution
    median: float = Field(gt=0)
    #: The middle 80 %.
    low: float = Field(gt=0)
    high: float = Field(gt=0)
    source: str


class Billing(Fact):
    """Whether the vendor charges for clips it did not deliver. `unknown` is settled in full, marked assumed."""

    failed: Literal["free", "full", "unknown"]
    refused: Literal["free", "full", "unknown"]
    source: str


def _per_mode(value: Any) -> Any:
    return dict.fromkeys(Mode, value) if isinstance(value, str) else value


class Caution(Fact):
    """What a user should know before making a clip; shown with every plan that it concerns."""

    text: str
    #: The modes that it concerns.
    modes: tuple[Mode, ...] = tuple(Mode)


class Endpoint(Fact):
    """One model served by one provider: what the router chooses between. Its id is `provider/model`."""

    provider: str
    #: The vendor's own name for the model, by mode where it has several.
    wire_names: Annotated[Mapping[Mode, str], BeforeValidator(_per_mode)]
    lifecycle: Lifecycle
    #: Only where the vendor is known to have changed the model behind its name.
    versions: tuple[Version, ...] = ()
    offers: tuple[Offer, ...] = Field(min_length=1)
    inputs: Inputs
    prices: tuple[Price, ...] = ()
    billing: Billing
    speed: Speed | None = None
    cautions: tuple[Caution, ...] = ()
    #: About the facts themselves, such as what is disputed or was not established.
    notes: tuple[str, ...] = ()
    _card: Card = PrivateAttr()

    # Each is itself alone: comparing facts would cost more than planning, and reach through the card back to here.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def card(self) -> Card:
        return self._card

    @property
    def model(self) -> str:
        return self._card.id

    @property
    def id(self) -> str:
        return f"{self.provider}/{self._card.id}"

    def alive(self, day: date) -> bool:
        return self.lifecycle.retired is None or day < self.lifecycle.retired

    def version(self, day: date) -> Version | None:
        """What is served on `day`; None where no row has begun."""
        return max((row for row in self.versions if row.since <= day), key=lambda row: row.since, default=None)

    def outdated(self, made: date, day: date) -> bool:
        """True where a clip of the day `made` is of another version than the one served on `day`."""
        return self.version(made) is not self.version(day)

    def price(self, day: date, resolution: Resolution, audio: bool) -> Price | None:
        """The row that holds on `day`, or None where no price is known."""
        rows = [
            row
            for row in self.prices
            if row.since <= day
            and (row.resolutions is None or resolution in row.resolutions)
            and row.audio in (None, audio)
        ]
        return max(rows, key=lambda row: row.since, default=None)


class Defaults(Fact):
    """What an unset field means for this model; always sent explicitly and printed."""

    seconds: float
    resolution: Resolution
    aspect_ratio: AspectRatio
    audio: bool


class Tip(Fact):
    """Advice of the product brief on writing prompts."""

    #: When it applies.
    when: Literal["always", "sound", "draft"]
    text: str


class Simulation(Fact):
    """How the simulator draws this model. Made up, so that comparisons have something to find; no fact about it."""

    detail: float = Field(ge=0, le=1)
    steadiness: float = Field(ge=0, le=1)


class Card(Fact):
    """One model: its endpoints and their facts, the brief's words about it, and the brief's tips."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    name: str
    maker: str
    #: The model on which a direction explored here is rendered in the end.
    draft_of: str | None = None
    defaults: Defaults
    #: The product brief's own words, shown beside the vendors' facts; claims, not facts.
    brief: Mapping[str, str] = Field(default_factory=dict)
    tips: tuple[Tip, ...] = ()
    simulation: Simulation
    sources: Mapping[str, Source]
    endpoints: tuple[Endpoint, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _every_fact_has_a_source(self) -> Card:
        for at, key in _sources_in(self.model_dump(exclude={"sources"})):
            if key not in self.sources:
                message = f"'{key}' is not under sources; {instead(key, self.sources)}"
                raise PydanticCustomError("unknown_source", "{message}", {"message": message, "at": at})
        return self

    def model_post_init(self, context: Any, /) -> None:
        for endpoint in self.endpoints:
            endpoint._card = self


def _sources_in(value: Any, at: tuple[str | int, ...] = ()) -> Iterable[tuple[tuple[str | int, ...], str]]:
    """Every `source` under `value`, with where it stands."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "source":
                yield (*at, key), inner
            else:
                yield from _sources_in(inner, (*at, key))
    elif isinstance(value, tuple | list):
        for index, inner in enumerate(value):
            yield from _sources_in(inner, (*at, index))


def load_card(path: Path) -> Card:
    """One card. Raises BadConfig with every complaint by file and line."""
    return read(path).parse(Card)


def load_cards(*folders: Path) -> dict[str, Card]:
    """Every card by id; a card in a later folder replaces an earlier one of the same id."""
    cards: dict[str, Card] = {}
    for folder in folders or (SHIPPED,):
        seen: dict[str, Path] = {}
        for path in sorted(folder.glob("*.yaml"), key=lambda path: path.stem):
            card = load_card(path)
            if card.id in seen:
                raise BadConfig(f"{path}: model '{card.id}' stands in {seen[card.id]} too")
            seen[card.id] = path
            cards[card.id] = card
    return cards


def shipped_configs() -> Path:
    """The configs that come with the package: `rushes/configs` in a wheel, `configs` in a checkout."""
    here = Path(__file__).parent
    inside = here / "configs"
    return inside if inside.is_dir() else here.parent / "configs"


SHIPPED = shipped_configs() / "models"
