"""`rushes explore`: several cheap drafts of one prompt, side by side on a contact sheet."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter

from rushes.amounts import UNKNOWN, counted, usd, usd_text
from rushes.cli.options import MANY, Making, Spending, Where, Wish
from rushes.cli.results import OPEN_END
from rushes.cli.routes import chosen
from rushes.cli.show import clean, console, say, settings, write_json
from rushes.cli.work import look, work
from rushes.errors import BadInput
from rushes.numbers import minutes
from rushes.plan import sent

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.exploring import Draft, Exploration, Planned, Saving, Variant
    from rushes.pages.sheet import Sheet
    from rushes.request import VideoRequest

DRAFTS = Group("The drafts", sort_key=0)


def explore(
    prompt: str,
    /,
    *,
    n: Annotated[int, Parameter(name=["-n"], group=DRAFTS)] = 6,
    variants: Annotated[Literal["coach"] | None, Parameter(group=DRAFTS)] = None,
    variant: Annotated[tuple[str, ...], MANY, Parameter(group=DRAFTS)] = (),
    name: Annotated[str | None, Parameter(group=DRAFTS)] = None,
    out: Annotated[Path | None, Parameter(group=DRAFTS)] = None,
    wish: Wish = Wish(),
    where: Where = Where(),
    spending: Spending = Spending(),
    common: Making = Making(),
) -> int:
    """Make several cheap drafts of PROMPT and show them side by side, to choose the one to finalize.

    Each has a seed of its own where the model takes one. Says what all of them will cost and asks before it spends.
    Leaves a contact sheet (a picture and a page with players), and a run that `rushes rate` shows as blind pairs.

    Parameters
    ----------
    n
        How many drafts, 2 to 12.
    variants
        coach: try the variants of the prompt that `rushes coach` drafts.
    variant
        A prompt to try instead of PROMPT, in turn with the others; may be repeated.
    name
        The exploration's name; under one that was used before, drafts that are there are not made again.
    out
        Folder for the contact sheet; that of the run unless given.
    """
    from rushes import exploring

    how: dict[str, Any] = where.settings() | {"max_usd": spending.cap(), "n": n, "name": name}
    if how["unpriced"]:
        raise BadInput(
            "an exploration has a budget, so every endpoint in it needs a price", hint="Leave --unpriced out."
        )
    del how["unpriced"]
    if name is not None:
        _check_name(common.rushes().home, name)
    if len(variant) > n:
        raise BadInput(f"{len(variant)} variants and {n} drafts: each is tried at least once", hint="Give a larger -n.")

    async def ask(rushes: Rushes) -> Planned:
        request = wish.request(prompt, rushes.config)
        tried = _variants(request, variants, variant)
        return await exploring.plan_exploration(rushes, request, variants=tried, **how)

    planned = look(common, ask)
    common.announce()
    _say_what_is_asked_for(planned)
    if not spending.confirm("Go on?", free=common.simulate):
        say("Nothing was sent.")
        return 1

    async def make(opened: Rushes) -> Exploration:
        return await exploring.explore(opened, planned, on_done=_say_draft)

    found = work(common, make)
    sheet = _keep(found, planned, prompt, out, common)
    if common.json:
        write_json(_json(found, sheet))
    else:
        _print(found, sheet, common)
    codes = [draft.error.exit_code for draft in found.drafts if draft.error is not None]
    return OPEN_END if OPEN_END in codes else next(iter(codes), 0)


def _check_name(home: Path, name: str) -> None:
    """Raises BadInput for a name that no run can have, and for that of a run of other clips."""
    from rushes.benchmarks.folder import Folder
    from rushes.exploring import DRAFT

    info = Folder(home, name).info()
    if info is not None and not all(DRAFT.fullmatch(model) for model in info.suite.models):
        raise BadInput(f"the run '{name}' is no exploration", hint="Give another --name.")


def _variants(request: VideoRequest, how: str | None, given: Sequence[str]) -> list[Variant]:
    from rushes.coach import coach
    from rushes.exploring import Variant

    if how is not None and given:
        raise BadInput("give --variants coach or --variant, not both")
    if how is None:
        return [Variant(each, f"prompt {place}") for place, each in enumerate(given, 1)]
    advice = coach(request.prompt, sound=request.audio)
    if not advice.variants:
        words = " ".join(advice.notes) or "it settles everything already"
        raise BadInput(f"the coach has no variants of this prompt: {words}", hint="Give your own with --variant.")
    return [Variant(each.prompt, each.direction) for each in advice.variants]


def _say_what_is_asked_for(planned: Planned) -> None:
    held, count = planned.route.first.plan, len(planned.requests)
    cost = (
        "at a price that is not known"
        if held.price is None
        else f"for {usd(held.price * count)} ({usd(held.price)} each)"
    )
    say(f"{planned.name}: {count} drafts at {held.endpoint.id} {cost}: {settings(sent(held))}")
    say(f"  chosen by {chosen(planned.route)}")
    for change in held.changes:
        say(f"  changed: {change}", style="yellow")
    for note in held.notes:
        say(f"  note: {note}")
    if planned.final.standings:
        final = planned.final.first
        say(f"  to finalize one: {final.candidate.endpoint.id}, {usd(final.terms.usd)} a clip")
    else:
        say(f"  nothing here can finalize one: {planned.final.error().message}", style="yellow")


def _say_draft(draft: Draft) -> None:
    if draft.error is not None:
        say(f"draft {draft.number}: {draft.error.message}", style="yellow")


def _keep(found: Exploration, planned: Planned, prompt: str, out: Path | None, common: Making) -> Sheet:
    """The run's folder with the drafts, for the blind page, and the contact sheet."""
    from rushes.benchmarks.drafts import keep_drafts
    from rushes.pages.sheet import SheetCell, write_sheet

    rushes = common.rushes()
    clips = [(f"draft-{draft.number}", draft.take.path) for draft in found.drafts if draft.take is not None]
    command = ["rushes", *sys.argv[1:]]
    run = keep_drafts(
        rushes.home, found.name, prompt, clips, rushes.config, day=rushes.day, now=datetime.now(UTC), command=command
    )
    cells = [
        SheetCell(
            label=str(draft.number),
            take=None if draft.take is None else draft.take.id,
            file=None if draft.take is None else draft.take.path,
            prompt=draft.request.prompt,
            direction=draft.direction or "",
            seed=draft.request.seed,
            endpoint=None if draft.take is None else draft.take.endpoint,
            seconds=None if draft.take is None else draft.take.seconds_to_file,
            dollars=None if draft.take is None else draft.take.cost,
            reason=None if draft.error is None else draft.error.message,
        )
        for draft in found.drafts
    ]
    facts = [
        ("drafts", f"{len(found.takes)} of {len(found.drafts)} at {planned.route.first.candidate.endpoint.id}"),
        ("chosen by", chosen(planned.route)),
        *_saved(found.saving),
    ]
    return write_sheet(out or run, prompt, cells, facts=facts, simulated=common.simulate, again=common.again())


def _saved(saving: Saving | None) -> list[tuple[str, str]]:
    """What exploring here cost beside exploring on the final model, in words."""
    if saving is None:
        return []
    return [
        ("spent", f"{usd(saving.spent)}, {minutes(saving.took)} of jobs"),
        ("on the final model", f"{usd(saving.usd)}, about {minutes(saving.seconds)} of jobs ({saving.endpoint})"),
        ("saved", f"{dollars(saving.saved_usd)}, {faster(saving.saved_seconds)}"),
    ]


def dollars(amount: Any) -> str:
    """Such as `-$0.40` where nothing was saved."""
    return f"-{usd(-amount)}" if amount is not None and amount < 0 else usd(amount)


def faster(seconds: float | None) -> str:
    """Such as `3.1 min`, or `it took 3.1 min longer`."""
    return f"it took {minutes(-seconds)} longer" if seconds is not None and seconds < -3 else minutes(seconds)


def _print(found: Exploration, sheet: Sheet, common: Making) -> None:
    screen = console()
    for draft in found.drafts:
        if draft.take is None:
            screen.print(f"{draft.number:>2}.  nothing: {clean(draft.error.message if draft.error else UNKNOWN)}")
            continue
        varies = f"  {draft.direction}" if draft.direction else ""
        seed = "" if draft.request.seed is None else f"  seed {draft.request.seed}"
        screen.print(
            f"{draft.number:>2}.  {draft.take.id}  {usd(draft.take.cost)}{seed}{clean(varies)}", soft_wrap=True
        )
    for word, text in _saved(found.saving):
        screen.print(f"{word}: {text}", style="dim", soft_wrap=True)
    screen.print(f"The contact sheet: {sheet.html} (and {sheet.png.name})", soft_wrap=True)
    if len(found.takes) > 1:
        screen.print(f"Blind, two by two:  rushes rate {found.name}{_home(common)}", soft_wrap=True)
    if found.takes:
        screen.print(f"The one you like:   rushes finalize TAKE{common.again()}", soft_wrap=True)
    errors = [draft.error for draft in found.drafts if draft.error is not None]
    open = sum(error.exit_code == OPEN_END for error in errors)
    if lost := len(errors) - open:
        screen.print(
            f"{counted(lost, 'draft')} came to nothing; --name {found.name} makes only those again.", soft_wrap=True
        )
    if open:
        screen.print(
            f"{counted(open, 'draft')} may still come or be paid for, so --name {found.name} does not make "
            f"{'it' if open == 1 else 'them'} again: `rushes jobs list{common.again()}` says more.",
            soft_wrap=True,
        )


def _home(common: Making) -> str:
    from shlex import quote

    return "" if common.home is None else f" --home {quote(str(common.home))}"


def _json(found: Exploration, sheet: Sheet) -> dict[str, Any]:
    from rushes.cli.ending import error_json

    return {
        "name": found.name,
        "drafts": [
            {
                "number": draft.number,
                "prompt": draft.request.prompt,
                "direction": draft.direction,
                "seed": draft.request.seed,
                "take": None if draft.take is None else draft.take.json(),
                "error": None if draft.error is None else error_json(draft.error),
            }
            for draft in found.drafts
        ],
        "saving": saving_json(found.saving),
        "sheet": {"png": sheet.png, "html": sheet.html},
        "route": found.route.json(),
    }


def saving_json(saving: Saving | None) -> dict[str, Any] | None:
    if saving is None:
        return None

    def text(amount: Decimal | None) -> str | None:
        return None if amount is None else usd_text(amount)

    return {
        "endpoint": saving.endpoint,
        "usd": text(saving.usd),
        "seconds": saving.seconds,
        "spent_usd": text(saving.spent),
        "took_seconds": saving.took,
        "saved_usd": text(saving.saved_usd),
        "saved_seconds": saving.saved_seconds,
    }
