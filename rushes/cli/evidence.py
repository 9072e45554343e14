"""`rushes evidence`: what was found out about endpoints, by the kind of clip."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from math import exp
from typing import TYPE_CHECKING, Annotated, Any

from rushes.amounts import UNKNOWN, counted
from rushes.cli.options import FLAG, Common
from rushes.cli.show import clean, console, write_json
from rushes.cli.work import look
from rushes.numbers import elo, percent

if TYPE_CHECKING:
    from rushes.evidence import Evidence


def evidence(
    *,
    model: str | None = None,
    endpoint: str | None = None,
    priors: bool = False,
    withdrawn: Annotated[bool, FLAG] = False,
    common: Common = Common(),
) -> int:
    """Show what benchmarks have found out about endpoints: seconds, reliability and dollars by the kind of clip.

    Kinds are what a clip starts from, its length (short up to 5 s, medium up to 10 s, long), resolution and sound. With
    --simulate: of simulated worlds, which never speak for real endpoints.

    Parameters
    ----------
    model
        Only endpoints of this model.
    endpoint
        Only this endpoint, PROVIDER/MODEL.
    priors
        Also what others published about these models, dated and with sources: never measured here, and no two boards on
        one scale.
    withdrawn
        Instead, what runs said before and no longer say, as votes were taken back or clips told anew; no route goes by
        it.
    """
    from rushes.router.candidates import endpoints

    chosen = endpoints(common.rushes().config, model=model, endpoint=endpoint)
    wanted = {each.id for each in chosen}
    # Unless one is named, also what no card has any more.
    whole = model is None and endpoint is None
    said = _withdrawn(common) if withdrawn else look(common, lambda opened: opened.evidence())
    found = [each for each in said if whole or each.endpoint in wanted]
    older = _outdated(found, common)
    published = _published({each.model for each in chosen}) if priors else []
    if common.json:
        write_json([*(each.json() | {"outdated": each in older} for each in found), *published])
        return 0
    common.announce()
    if not found:
        if withdrawn:
            console().print("No run has taken back anything that it said.")
        elif common.simulate:
            console().print("There is no evidence of simulated worlds yet: `rushes bench run --simulate` finds some.")
        else:
            console().print("There is no evidence yet: `rushes bench run` finds some. --simulate shows the simulated.")
    for name in sorted({each.endpoint for each in found}):
        _print(name, [each for each in found if each.endpoint == name], older)
    if priors:
        _print_priors(published)
    return 0


def _withdrawn(common: Common) -> list[Evidence]:
    home = common.rushes().home
    if not (home / "ledger.sqlite").exists():
        return []

    async def once() -> list[Evidence]:
        from rushes.ledger import Ledger

        async with Ledger.open(home) as ledger:
            return await ledger.withdrawn(simulated=common.simulate)

    return asyncio.run(once())


def _outdated(found: Sequence[Evidence], common: Common) -> list[Evidence]:
    """Ratings of versions that are no longer served: they do not count."""
    cards, day = common.rushes().config.cards.values(), common.rushes().day
    makers = {each.id: each for card in cards for each in card.endpoints}
    ratings = [each for each in found if each.metric == "rating" and each.endpoint in makers]
    return [each for each in ratings if makers[each.endpoint].outdated(each.oldest.date(), day)]


def _print(endpoint: str, found: Sequence[Evidence], older: Sequence[Evidence]) -> None:
    """A line for each kind of clip and each place where it was found out."""
    screen = console()
    screen.print(endpoint, style="bold")
    groups: dict[tuple[str, str], list[Evidence]] = {}
    for each in found:
        where = _where(each) + (", of a version that is no longer served: does not count" if each in older else "")
        groups.setdefault((str(each.cell), where), []).append(each)
    for (cell, where), numbers in sorted(groups.items()):
        said = {each.metric: _value(each) for each in numbers}
        values = [said[name] for name in ("log_seconds", "usable", "usd_per_second", "rating") if name in said]
        screen.print(f"  {cell}: {', '.join(values)}", soft_wrap=True)
        screen.print(f"    {clean(where)}", style="dim", soft_wrap=True)


def _where(each: Evidence) -> str:
    """Source, age and run; a simulated world's days are not ours."""
    run = f"run {each.run}" if each.run else "no run"
    if each.withdrawn is not None:
        run += f", withdrawn on {each.withdrawn.date()}"
    if each.simulated:
        return f"{each.source} in the simulated world of {each.observed.date()}, {run}"
    return f"{each.source} {counted(max((datetime.now(UTC) - each.observed).days, 0), 'day')} ago, {run}"


def _value(each: Evidence) -> str:
    match each.metric:
        case "log_seconds":
            spread = "" if each.sd is None else f" ×/÷ {exp(each.sd):.2f}"
            late = len(each.detail.get("longer_than", ()))
            more = f" and {late} that took longer" if late else ""
            return f"{exp(each.mean):.1f} s to file{spread} ({counted(each.n, 'clip')}{more})"
        case "usable":
            return f"{percent(each.mean)} usable of {each.n}"
        case "rating":
            return f"{elo(each.mean)} ± {each.sd:.0f} Elo ({counted(each.n, 'prompt')})"
        case "usd_per_second":
            return f"${each.mean:.4f} per usable second"


# --- what others published --------------------------------------------------------------------------------------------


def _published(models: Collection[str]) -> list[dict[str, Any]]:
    from rushes.published import load_published

    return [*load_published().rows(models)]


def _print_priors(rows: Sequence[Mapping[str, Any]]) -> None:
    """Greyed, each with its day and source: the boards first, each by itself, and then seconds."""
    screen = console()

    def say(text: str) -> None:
        screen.print(text, style="dim", soft_wrap=True)

    say("Published by others: priors, not measured here")
    if not rows:
        say("  Nothing that we know of.")
    boards: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["kind"] == "rating":
            boards.setdefault(row["board_id"], []).append(row)
    for lines in boards.values():
        first = lines[0]
        clips = {True: "clips with sound", False: "silent clips", None: "clips with and without sound"}
        copied = ", as copied by a third party" if first["copied"] else ""
        say(
            f"  {first['board']}, {first['task']} to video, {clips[first['board_sound']]}, {first['as_of']}{copied}; "
            f"prior ({first['page']})"
        )
        for row in lines:
            say(f"    {row['model']}: {_score(row)}")
        say(f"    {first['scale']}")
        for where in dict.fromkeys(_source(row) for row in lines):
            say(f"    source: {where}")
    for sd, why in dict.fromkeys((first["transfer_sd"], first["transfer"]) for first, *_ in boards.values()):
        say(f"  To your own prompts: ± {sd:.0f} Elo (standard deviation) or more. {why}")
    for row in rows:
        if row["kind"] == "seconds":
            say(f"  {row['model']}: {_seconds(row)}; prior, {row['measured'] or 'day n/a'}")
            say(f"    source: {_source(row)}")


def _score(row: Mapping[str, Any]) -> str:
    votes = UNKNOWN if row["votes"] is None else f"{row['votes']:,}"
    variant = {True: ", with sound", False: ", silent", None: ""}[row["sound"]]
    size = f", {row['resolution']}" if row["resolution"] else ""
    place = f"place {row['rank']} of {len(row['field'])} known"
    listed = f"listed as {row['listed']}{variant}{size}"
    return f"{row['score']:.0f} ± {row['plus_minus']:.0f} ({votes} votes), {place}, {listed}"


def _seconds(row: Mapping[str, Any]) -> str:
    if row["seconds"] is not None:
        took = f"{' and '.join(f'{each:g}' for each in row['seconds'])} s"
    elif row["at_most"] is None:
        took = f"more than {row['at_least']:g} s"
    else:
        took = f"{row['at_least'] or 0:g} to {row['at_most']:g} s"
    clip = row["clip_seconds"]
    parts = [
        "any clip" if clip is None else f"a clip of {' to '.join(f'{each:g}' for each in clip)} s",
        *(part for part in (row["resolution"], row["aspect_ratio"]) if part),
        *([f"from {row['task']}"] if row["task"] else []),
    ]
    many = "n n/a" if row["n"] is None else f"n {row['n']}"
    return f"{took} for {', '.join(parts)} ({many})"


def _source(row: Mapping[str, Any]) -> str:
    return f"{row['where']}; read {row['read']}, trust {row['trust']}"
