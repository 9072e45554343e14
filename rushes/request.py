"""What the caller wants, in our words and no vendor's."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, field_validator, model_validator

Resolution = Literal["480p", "720p", "1024p", "1080p", "4k"]
AspectRatio = Literal["16:9", "9:16", "1:1", "4:3", "3:4"]
RESOLUTIONS: tuple[Resolution, ...] = ("480p", "720p", "1024p", "1080p", "4k")
ASPECT_RATIOS: tuple[AspectRatio, ...] = ("16:9", "9:16", "1:1", "4:3", "3:4")


class Mode(StrEnum):
    """What a clip starts from; follows from which inputs a request has."""

    TEXT = "text"
    IMAGE = "image"
    FIRST_LAST = "first_last"
    REFERENCES = "references"
    EXTEND = "extend"


def _media(value: Any) -> Path | str | bytes:
    match value:
        case bytes() if value:
            return value
        case Path():
            return value
        case str() if value.startswith(("http://", "https://", "gs://", "oss://", "data:")):
            return value
        case str() if value:
            return Path(value)
        case _:
            raise ValueError("give a path, an http(s) URL, a data: URL or bytes")


def _media_text(value: Path | str | bytes) -> str:
    if isinstance(value, bytes):
        from base64 import b64encode

        return "data:application/octet-stream;base64," + b64encode(value).decode()
    return str(value)


#: A picture, sound or clip: a path, an http(s), gs:// or oss:// URL, a data: URL, or its bytes.
Media = Annotated[Path | str | bytes, PlainValidator(_media), PlainSerializer(_media_text, when_used="json")]


class VideoRequest(BaseModel):
    """One clip asked for (or `count` of them). What is left out takes the model card's stated default.

    Nothing in it is any vendor's word except under `options`, whose keys are provider names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    prompt: str = Field(min_length=1)
    #: What should not be seen or heard.
    negative_prompt: str | None = Field(default=None, min_length=1)
    #: Length of the clip; for `extend`, the length to add.
    seconds: Annotated[float, Field(gt=0, le=3600)] | None = None
    resolution: Resolution | None = None
    aspect_ratio: AspectRatio | None = None
    #: True: must have sound. False: must be silent. None: whatever the model does.
    audio: bool | None = None
    #: The first frame.
    image: Media | None = None
    #: The last frame; needs `image`.
    last_image: Media | None = None
    #: Pictures of what should appear, in no particular frame.
    reference_images: tuple[Media, ...] = ()
    #: Sound that the clip should follow.
    audio_track: Media | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    #: How many clips; each is an order of its own.
    count: Annotated[int, Field(ge=1, le=100)] = 1
    #: A clip to lengthen: a take's id, or a video as path, URL or bytes.
    extend: Media | None = None
    #: What only one provider has: `{provider: {name: value}}`.
    options: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)

    @field_validator("prompt")
    @classmethod
    def _prompt_has_words(cls, prompt: str) -> str:
        if not prompt.strip():
            raise ValueError("the prompt is empty")
        return prompt

    @model_validator(mode="after")
    def _inputs_go_together(self) -> VideoRequest:
        if self.last_image is not None and self.image is None:
            raise ValueError("last_image needs image: a clip that ends on a picture must start from one")
        if self.reference_images and self.image is not None:
            raise ValueError("reference_images and image exclude each other: no model takes both")
        if self.extend is not None and (self.image is not None or self.reference_images):
            raise ValueError("extend goes on from a clip: it takes neither image nor reference_images")
        return self

    @property
    def mode(self) -> Mode:
        """What the clip starts from."""
        if self.extend is not None:
            return Mode.EXTEND
        if self.reference_images:
            return Mode.REFERENCES
        if self.last_image is not None:
            return Mode.FIRST_LAST
        return Mode.IMAGE if self.image is not None else Mode.TEXT
