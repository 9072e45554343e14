"""`rushes generate`: makes a clip, after saying what it will cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rushes.amounts import usd
from rushes.cli.files import Files
from rushes.cli.options import FLAG, WORLD, Making, Spending, Where, Wish
from rushes.cli.plan import changed, sent
from rushes.cli.results import tell
from rushes.cli.show import say, settings
from rushes.cli.work import work
from rushes.errors import BadInput, NotAuthorized, VideoError

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.plan import Plan
    from rushes.request import VideoRequest
    from rushes.take import Take


def generate(
    prompt: str,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], group=WORLD)] = None,
    force: Annotated[bool, FLAG, Parameter(group=WORLD)] = False,
    wish: Wish = Wish(),
    where: Where = Where(),
    spending: Spending = Spending(),
    common: Making = Making(),
) -> int:
    """Make a clip of PROMPT.

    Says what it will cost and asks before it spends. Ctrl-C leaves the job running at the vendor; `rushes jobs resume`
    fetches it later.

    Parameters
    ----------
    output
        Copy the finished clip to this file; with --count, to FILE-1, FILE-2 and so on.
    force
        Let -o overwrite a file.
    """
    from rushes.jobs.money import reserve
    from rushes.router.candidates import chosen

    rushes = common.rushes()
    request = wish.request(prompt, rushes.config)
    files = Files(output, request.count, force=force)
    cap = spending.cap()
    how = where.settings()
    if where.model is None and where.endpoint is None:
        raise BadInput(
            "say which model makes it: --model MODEL or --endpoint PROVIDER/MODEL",
            hint="`rushes models` lists them; `rushes plan` shows what each would make of this prompt.",
        )
    try:
        held = chosen(rushes.plan(request, **how))
    except NotAuthorized as error:
        raise NotAuthorized(error.message, hint=_without_that_key(rushes, request, where)) from None
    reserve(held, request.count, cap)
    common.announce()
    _say_what_is_asked_for(held, request.count)
    if not spending.confirm("Go on?", free=common.simulate):
        say("Nothing was sent.")
        return 1

    async def make(opened: Rushes) -> list[Take | VideoError]:
        earlier = {job.id for job in await opened.mine()}
        results = await opened.generate_all(
            request, **(how | {"model": None, "endpoint": held.endpoint.id}), max_usd=cap
        )
        if still := [job for job in await opened.mine() if job.id in earlier]:
            say(f"{len(still)} earlier jobs are still open: `rushes jobs resume --all{common.again()}` sees to them.")
        return results

    results = work(common, make)
    return tell(results, files, as_json=common.json, one=request.count == 1)


def _without_that_key(rushes: Rushes, request: VideoRequest, where: Where) -> str:
    everything = rushes.plan(request, fit=where.fit, unpriced=where.unpriced)
    usable = [each.endpoint.id for each in everything if each.usable]
    others = (
        f"These make it and are set up here: {', '.join(usable)}." if usable else "No other endpoint is set up here."
    )
    return f"{others} --simulate needs no key; `rushes doctor` shows what is set."


def _say_what_is_asked_for(held: Plan, count: int) -> None:
    clips = "1 clip" if count == 1 else f"{count} clips"
    if held.price is None:
        cost = "at a price that is not known"
    else:
        cost = f"for {usd(held.price * count)}" + (f" ({usd(held.price)} each)" if count > 1 else "")
    say(f"{held.endpoint.id}: {clips} {cost}: {settings(sent(held))}")
    for change in held.changes:
        say(f"  changed: {changed(change)}", style="yellow")
    for note in held.notes:
        say(f"  note: {note}")
