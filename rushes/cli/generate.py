"""`rushes generate`: makes a clip, after saying what it will cost."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rushes.amounts import usd
from rushes.cli.files import Files
from rushes.cli.options import FLAG, WORLD, Making, Spending, Where, Wish
from rushes.cli.plan import changed
from rushes.cli.results import tell
from rushes.cli.routes import chosen
from rushes.cli.show import say, settings
from rushes.cli.work import look, work
from rushes.errors import NotAuthorized, VideoError
from rushes.plan import sent

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.request import VideoRequest
    from rushes.router.route import Route
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
    """Make a clip of PROMPT, on the endpoint that the policy chooses.

    Says which it is, why, and what it will cost, and asks before it spends. Ctrl-C leaves the job running at the
    vendor; `rushes jobs resume` fetches it later.

    Parameters
    ----------
    output
        Copy the finished clip to this file; with --count, to FILE-1, FILE-2 and so on.
    force
        Let -o overwrite a file.
    """
    request = wish.request(prompt, common.rushes().config)
    files = Files(output, request.count, force=force)
    how = where.settings() | {"max_usd": spending.cap()}
    route = look(common, lambda rushes: rushes.route(request, **how))
    if not route.standings:
        raise _nothing(common, request, route, where)
    common.announce()
    _say_what_is_asked_for(route, request.count)
    most = _at_most(route, request.count)
    question = "Go on?" if most is None else f"Go on, for {usd(most)} at most?"
    if not spending.confirm(question, free=common.simulate):
        say("Nothing was sent.")
        return 1

    async def make(opened: Rushes) -> list[Take | VideoError]:
        earlier = {job.id for job in await opened.mine()}
        results = await opened.follow(route)
        if still := [job for job in await opened.mine() if job.id in earlier]:
            say(f"{len(still)} earlier jobs are still open: `rushes jobs resume --all{common.again()}` sees to them.")
        return results

    results = work(common, make)
    return tell(results, files, as_json=common.json, one=request.count == 1)


def _nothing(common: Making, request: VideoRequest, route: Route, where: Where) -> VideoError:
    """Why nothing can be made; where only a key is missing, with what can be used instead."""
    error = route.error()
    if isinstance(error, NotAuthorized):
        everything = common.rushes().plan(request, fit=where.fit, unpriced=where.unpriced)
        usable = [each.endpoint.id for each in everything if each.usable]
        named = where.model or where.endpoint
        none = "No other endpoint is set up here." if named else "Set one of these keys."
        others = f"These make it and are set up here: {', '.join(usable)}." if usable else none
        error.hint = f"{others} --simulate needs no key; `rushes doctor` shows what is set."
    return error


def _say_what_is_asked_for(route: Route, count: int) -> None:
    held, others = route.first.plan, route.plans[1 : route.policy.fallback.attempts]
    clips = "1 clip" if count == 1 else f"{count} clips"
    if held.price is None:
        cost = "at a price that is not known"
    else:
        cost = f"for {usd(held.price * count)}" + (f" ({usd(held.price)} each)" if count > 1 else "")
    say(f"{held.endpoint.id}: {clips} {cost}: {settings(sent(held))}")
    if len(route.question.found) > 1:
        say(f"  chosen by {chosen(route)}")
    for change in held.changes:
        say(f"  changed: {changed(change)}", style="yellow")
    for note in held.notes:
        say(f"  note: {note}")
    if others:
        prices = ", ".join(f"{each.endpoint.id} ({usd(each.price)} a clip)" for each in others)
        most = _at_most(route, count)
        total = "" if most is None else f"; {usd(most)} at most in all"
        say(f"  if nothing comes of it, as the policy {route.policy.name} allows: {prices}{total}")


def _at_most(route: Route, count: int) -> Decimal | None:
    """US dollars that all of it may come to, fallbacks included; None where it is what the first costs, or unknown."""
    prices = [each.price for each in route.plans[: route.policy.fallback.attempts]]
    known = [each for each in prices if each is not None]
    if len(known) < 2 or len(known) < len(prices):
        return None
    # Of attempts that cost nothing at most one is paid; of others all may be, within the caps.
    each = max(known) if route.policy.fallback.spending == "free" else sum(known, Decimal(0))
    caps = [cap * many for cap, many in ((route.policy.max_usd, count), (route.question.budget, 1)) if cap is not None]
    return min([each * count, *caps])
