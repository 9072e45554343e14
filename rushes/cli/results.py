"""How finished clips, and what became of those that did not finish, are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rushes.amounts import UNKNOWN, usd
from rushes.cli.ending import error_json, report
from rushes.cli.files import Files
from rushes.cli.show import clean, console, grid, seconds, settings, write_json
from rushes.errors import SetupError, VideoError

if TYPE_CHECKING:
    from rushes.take import Take

#: Ended open: a person or a later start decides.
OPEN_END = 4


def tell(results: Sequence[Take | VideoError], files: Files | None, *, as_json: bool, one: bool) -> int:
    """Puts the clips in their places, prints each result, and returns the exit code.

    `one`: a program gets one object instead of a list.
    """
    records: list[dict[str, Any]] = []
    codes: list[int] = []
    for index, result in enumerate(results):
        if isinstance(result, VideoError):
            codes.append(report(result, as_json=False))
            records.append({"error": error_json(result)})
            continue
        record = result.json() | {"file": None}
        try:
            record["file"] = None if files is None else files.place(index, result.path)
        except SetupError as error:
            codes.append(report(error, as_json=False))
            record["error"] = error_json(error)
        records.append(record)
        if not as_json:
            _print(result, record["file"] or result.path)
    if as_json:
        write_json(records[0] if one and len(records) == 1 else records)
    return OPEN_END if OPEN_END in codes else next(iter(codes), 0)


def _print(take: Take, path: object) -> None:
    screen = console()
    screen.print(f"Take {take.id}  {take.endpoint}{'  (simulated)' if take.simulated else ''}", style="bold")
    lines = grid("dim", None)
    for word, text in _lines(take):
        lines.add_row(f"  {word}", clean(text))
    screen.print(lines)
    # On one line of its own, however long: it is there to be copied.
    screen.print(f"  file       {path}", soft_wrap=True)


def _lines(take: Take) -> Iterable[tuple[str, str]]:
    yield "asked", asked(take.asked)
    yield "sent", settings(take.sent)
    if take.route is not None:
        yield "chosen", chosen_by(take.route)
    for note in take.notes:
        if note.startswith("fallback"):
            yield "then", note
    for reason in take.unfit:
        yield "unfit", reason
    yield "delivered", delivered(take.delivered)
    for change in take.changes:
        yield "changed", f"{change['field']}: asked {change['asked']}, sent {change['sent']} ({change['why']})"
    if take.rewritten_prompt:
        yield "rewritten", take.rewritten_prompt
    yield "to file", f"{seconds(take.seconds_to_file)} ({stretches(take.timing)})"
    yield "cost", f"{usd(take.cost)} ({take.cost_how})"


def chosen_by(route: Mapping[str, Any]) -> str:
    """Which policy chose which endpoint, and why, as kept with an order."""
    return f"{route['chosen']} by {route['policy']['name']}: {route['decided']}"


def asked(request: Mapping[str, Any]) -> str:
    """What the caller set, in one line."""
    sound = {True: "with sound", False: "silent", None: None}[request.get("audio")]
    length = None if request.get("seconds") is None else f"{request['seconds']:g} s"
    parts = [length, request.get("resolution"), request.get("aspect_ratio"), sound]
    names = ("image", "last_image", "audio_track", "extend", "seed", "negative_prompt")
    parts += [f"{name} {request[name]}" for name in names if request.get(name) is not None]
    parts += [f"reference {each}" for each in request.get("reference_images", ())]
    parts += [
        f"{provider}.{name}={value}"
        for provider, values in request.get("options", {}).items()
        for name, value in values.items()
    ]
    return ", ".join(part for part in parts if part) or "the model's defaults"


def delivered(found: Mapping[str, Any]) -> str:
    """What the file really is, in one line."""
    size = UNKNOWN if found.get("width") is None else f"{found['width']}x{found['height']}"
    length = UNKNOWN if found.get("seconds") is None else f"{found['seconds']:.2f} s"
    rate = UNKNOWN if found.get("fps") is None else f"{found['fps']:g} frames/s"
    sound = found.get("audio_codec")
    codecs = f"{found.get('video_codec') or UNKNOWN} + {sound}" if sound else f"{found.get('video_codec')}, no sound"
    weight = UNKNOWN if found.get("bytes") is None else f"{found['bytes'] / 1e6:.1f} MB"
    return ", ".join([length, size, rate, codecs, weight])


def stretches(timing: Mapping[str, float | None]) -> str:
    names = ("queue", "render", "download")
    return ", ".join(f"{name} {seconds(timing.get(name))}" for name in names)
