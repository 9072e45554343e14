"""`rushes finalize`: a draft rendered again on its final model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from rushes.amounts import usd
from rushes.cli.explore import dollars, faster, saving_json
from rushes.cli.files import Files
from rushes.cli.options import CLIP, FLAG, WHERE, WORLD, Making, Spending
from rushes.cli.results import tell
from rushes.cli.routes import chosen
from rushes.cli.show import say, settings, write_json
from rushes.cli.work import look, work
from rushes.errors import VideoError
from rushes.numbers import minutes
from rushes.plan import sent
from rushes.request import Resolution

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.exploring import Chosen, Final


def finalize(
    take: str,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], group=WORLD)] = None,
    force: Annotated[bool, FLAG, Parameter(group=WORLD)] = False,
    first_frame: Annotated[bool, FLAG, Parameter(group=CLIP)] = False,
    seconds: Annotated[float | None, Parameter(group=CLIP)] = None,
    resolution: Annotated[Resolution | None, Parameter(group=CLIP)] = None,
    model: Annotated[str | None, Parameter(group=WHERE)] = None,
    endpoint: Annotated[str | None, Parameter(group=WHERE)] = None,
    policy: Annotated[str | None, Parameter(group=WHERE)] = None,
    fit: Annotated[Literal["exact", "nearest", "shorter", "cheaper"], Parameter(group=WHERE)] = "nearest",
    spending: Spending = Spending(),
    common: Making = Making(),
) -> int:
    """Render TAKE again on its final model: the policy's, or the one whose draft it is.

    Prompt, seed, pictures, length and shape are the draft's; what cannot be carried over is said before anything is
    spent.

    Parameters
    ----------
    output
        Copy the finished clip to this file.
    force
        Let -o overwrite a file.
    first_frame
        Start from the draft's own first picture, where it was made from words alone.
    seconds
        Another length than the draft's.
    resolution
        Another than asked for the draft, such as 1080p.
    model
        Another final model.
    endpoint
        One endpoint, PROVIDER/MODEL.
    policy
        A policy's name or file; draft-then-final unless given.
    fit
        What may be adapted where the final model does not make exactly this; every change is listed.
    """
    from rushes import exploring

    files = Files(output, 1, force=force)
    how: dict[str, Any] = {
        "policy": policy,
        "model": model,
        "endpoint": endpoint,
        "fit": fit,
        "first_frame": first_frame,
        "max_usd": spending.cap(),
    }
    how |= {name: value for name, value in {"seconds": seconds, "resolution": resolution}.items() if value is not None}
    found = look(common, lambda rushes: exploring.plan_final(rushes, take, **how))
    common.announce()
    _say_what_is_asked_for(found)
    if not spending.confirm("Go on?", free=common.simulate):
        say("Nothing was sent.")
        return 1

    async def make(opened: Rushes) -> Final | VideoError:
        try:
            return await exploring.finalize(opened, found)
        except VideoError as error:
            return error

    final = work(common, make)
    if isinstance(final, VideoError):
        return tell([final], files, as_json=common.json, one=True)
    if common.json:
        file = files.place(0, final.take.path)
        write_json(
            final.take.json()
            | {"file": file, "draft": found.take.id, "carried": found.carried, "lost": found.lost}
            | {"saving": saving_json(final.saving)}
        )
        return 0
    code = tell([final.take], files, as_json=False, one=True)
    if (saving := final.saving) is not None:
        say(
            f"Drafts and final clip: {usd(saving.spent)} and {minutes(saving.took)} of jobs; drafting on "
            f"{saving.endpoint} itself: {usd(saving.usd)} and about {minutes(saving.seconds)}. Saved: "
            f"{dollars(saving.saved_usd)}, {faster(saving.saved_seconds)}."
        )
    return code


def _say_what_is_asked_for(found: Chosen) -> None:
    held = found.route.first.plan
    price = "at a price that is not known" if held.price is None else f"for {usd(held.price)}"
    say(f"{held.endpoint.id}: 1 clip {price}: {settings(sent(held))}")
    say(f"  chosen by {chosen(found.route)}")
    say(f"  as in the draft: {'; '.join(found.carried)}")
    for each in found.lost:
        say(f"  not as in the draft: {each}", style="yellow")
    for note in held.notes:
        say(f"  note: {note}")
