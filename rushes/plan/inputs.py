"""What goes into a request beside its settings: why an endpoint would not take it, and what is done to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rushes.card import Endpoint, ImageLimits, TextLimit
from rushes.media import Picture
from rushes.plan.outcome import Change
from rushes.plan.settings import Settings
from rushes.plan.words import either
from rushes.request import VideoRequest


def input_misfits(request: VideoRequest, endpoint: Endpoint, pictures: dict[str, Picture | None]) -> Iterator[str]:
    """Of the prompt, the sound and the pictures."""
    takes = endpoint.inputs
    if takes.prompt is not None and (length := _too_long(request.prompt, takes.prompt)):
        yield f"takes a prompt of up to {takes.prompt.max} {takes.prompt.unit}, not {length}"
    if request.audio_track is not None and takes.audio_track is None:
        yield "takes no audio_track"
    if pictures and takes.images is not None:
        if len(request.reference_images) > takes.images.references:
            yield f"takes up to {takes.images.references} reference images, not {len(request.reference_images)}"
        for field, picture in pictures.items():
            if picture is not None:
                yield from (f"{field}: {misfit}" for misfit in picture_misfits(picture, takes.images))


def picture_misfits(picture: Picture, limits: ImageLimits) -> Iterator[str]:
    """Every reason why an endpoint would not take a picture."""
    if picture.format not in limits.formats:
        yield f"takes {either(limits.formats)}, not {picture.format}"
    if limits.max_bytes is not None and picture.bytes > limits.max_bytes:
        yield f"takes up to {limits.max_bytes / 1e6:g} MB, not {picture.bytes / 1e6:.1f} MB"
    sides = (picture.width, picture.height)
    if limits.min_side is not None and min(sides) < limits.min_side:
        yield f"takes sides of at least {limits.min_side} pixels, not {picture.width}x{picture.height}"
    if limits.max_side is not None and max(sides) > limits.max_side:
        yield f"takes sides of up to {limits.max_side} pixels, not {picture.width}x{picture.height}"
    if picture.alpha and not limits.alpha:
        yield "takes no transparency"


def _too_long(text: str, limit: TextLimit) -> str | None:
    """How long a text is, where that is too long; None where it fits."""
    # Only the vendor can count its tokens; a word is at least one.
    counted = len(text) if limit.unit == "characters" else len(text.split())
    if counted <= limit.max:
        return None
    return str(counted) if limit.unit == "characters" else f"at least {counted}"


def option_misfits(request: VideoRequest, endpoint: Endpoint, known: Mapping[str, type] | None) -> Iterator[str]:
    """Of what only this vendor has; None leaves it to the adapter."""
    if known is not None:
        for name, value in request.options.get(endpoint.provider, {}).items():
            if name not in known:
                there = f"it has {either(sorted(known))}" if known else "it has none"
                yield f"{endpoint.provider} has no option '{name}'; {there}"
            elif not isinstance(value, known[name]) or (isinstance(value, bool) and known[name] is not bool):
                yield f"{endpoint.provider}'s option '{name}' is of type {known[name].__name__}, not {value!r}"


def droppable(request: VideoRequest, endpoint: Endpoint) -> Iterator[Change]:
    """Wishes that this endpoint cannot follow and that a fit mode may leave out, said so."""
    takes = endpoint.inputs
    if request.seed is not None:
        if takes.seed is None:
            yield Change("seed", str(request.seed), "none", "takes no seed")
        elif request.seed > takes.seed.max:
            yield Change("seed", str(request.seed), "none", f"takes a seed of up to {takes.seed.max}")
    if request.negative_prompt is not None:
        if takes.negative_prompt is None:
            yield Change("negative_prompt", "given", "none", "takes no negative_prompt")
        elif length := _too_long(request.negative_prompt, takes.negative_prompt):
            unit = takes.negative_prompt.unit
            limit = f"takes a negative_prompt of up to {takes.negative_prompt.max} {unit}, not {length}"
            yield Change("negative_prompt", f"{length} {unit}", "none", limit)


def input_notes(settings: Settings, endpoint: Endpoint, pictures: dict[str, Picture | None]) -> Iterator[str]:
    """What is done to pictures so that they fit the clip."""
    limits, size = endpoint.inputs.images, settings.size
    if limits is None or not limits.exact_size or size is None:
        return
    for field, picture in pictures.items():
        if picture is None or (picture.width, picture.height) != (size.width, size.height):
            was = "" if picture is None else f" (it is {picture.width}x{picture.height})"
            yield f"{field} is scaled and cropped to {size}{was}"
