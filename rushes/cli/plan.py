"""`rushes plan`: which endpoints would make a clip, in which order and why, and every reason why others would not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from rushes.amounts import usd
from rushes.cli.options import FLAG, Cap, Common, Where, Wish
from rushes.cli.routes import chosen, numbers
from rushes.cli.show import clean, console, grid, settings, write_json
from rushes.cli.work import look
from rushes.plan import sent

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.plan import Change
    from rushes.request import VideoRequest
    from rushes.router.candidates import Candidate
    from rushes.router.route import Route

#: So many variations of one prompt are a test of its direction already.
VARIATIONS = 4
#: Columns of a policy's name.
NAMES = 16
#: The numbers that each rule goes by.
DECIDING = {"speed": ("speed",), "quality": ("looks",), "cost": ("cost", "speed"), "balanced": ("speed", "looks")}
STYLES = {"exact": "green", "adapted": "yellow", "refused": "red"}


def plan(
    prompt: str,
    /,
    *,
    compare: Annotated[bool, FLAG] = False,
    wish: Wish = Wish(),
    where: Where = Where(),
    spending: Cap = Cap(),
    common: Common = Common(),
) -> int:
    """Show which endpoints would make PROMPT, in the order in which they would be tried, and why the others would not.

    Every number says where it is from. Sends nothing and needs no key. Ends with 0 where an endpoint could make it,
    also where only its key is missing here, and with 3 where none could: for its own limits, or for yours.

    Parameters
    ----------
    compare
        Only what each policy would pick, and why.
    """
    how = where.settings() | {"max_usd": spending.cap()}

    async def ask(rushes: Rushes) -> tuple[VideoRequest, list[Route]]:
        request = wish.request(prompt, rushes.config)
        names = [*rushes.policies()] if compare else [how["policy"]]
        return request, [await rushes.route(request, **(how | {"policy": name})) for name in names]

    # Where there is no ledger there is no evidence either, and asking leaves none behind.
    there = (common.rushes().home / "ledger.sqlite").exists()
    request, routes = look(common, ask) if there else asyncio.run(ask(common.rushes()))
    found = routes[0].question.found
    advice = tips(found, request)
    if common.json:
        head = {"simulated": common.simulate, "prompt": prompt, "count": request.count}
        documents = [document(each) for each in routes]
        write_json(head | ({"routes": documents} if compare else documents[0]) | {"tips": advice})
    else:
        common.announce()
        if compare:
            _compare(routes)
        else:
            _print(routes[0], advice, request.count)
    return 0 if any(map(_could_make_it, routes)) else 3


def _could_make_it(route: Route) -> bool:
    """Whether an endpoint can be used, or lacks nothing but its key."""
    return bool(route.standings) or any({*each.filters} == {"access"} for each in route.excluded)


def verdict(candidate: Candidate) -> str:
    """exact, adapted or refused."""
    if candidate.plan is None:
        return "refused"
    return "exact" if candidate.plan.exact else "adapted"


def tips(found: Iterable[Candidate], request: VideoRequest) -> list[str]:
    """The cards' advice that applies to these endpoints and this request, each once."""
    found = [*found]
    cards = {each.endpoint.model: each.endpoint.card for each in found}
    sound = request.audio or any(each.plan is not None and each.plan.settings.audio for each in found)
    applies = {"always": True, "sound": sound, "draft": request.count < VARIATIONS}
    return [*dict.fromkeys(tip.text for card in cards.values() for tip in card.tips if applies[tip.when])]


def document(route: Route) -> dict[str, Any]:
    """A route for other programs: every endpoint, the numbers, where they are from, what decided."""
    found = {each.endpoint.id: each for each in route.question.found}
    whole = route.json()
    whole["candidates"] = [each | _candidate_json(found[each["endpoint"]]) for each in whole["candidates"]]
    return whole


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    held, refusal = candidate.plan, candidate.refusal
    nearest = None if refusal is None or refusal.nearest is None else _wishes(refusal.nearest)
    return {
        "verdict": verdict(candidate),
        "usable": candidate.usable,
        "notes": [] if held is None else list(held.notes),
        "needs": list(candidate.needs),
        "nearest": nearest,
    }


def _wishes(request: VideoRequest) -> dict[str, Any]:
    names = ("seconds", "resolution", "aspect_ratio", "audio", "seed", "negative_prompt")
    return {name: getattr(request, name) for name in names}


def changed(change: Change) -> str:
    """One change, with what it does to the price where that is known."""
    difference = change.price_difference
    if not difference:
        return str(change)
    return f"{change}: {usd(abs(difference))} {'more' if difference > 0 else 'less'} a clip"


def _compare(routes: Sequence[Route]) -> None:
    """What each policy picks, why, and the number that it went by with its source."""
    screen = console()
    for route in routes:
        if not route.standings:
            screen.print(f"{route.policy.name}: {route.decided}", style="bold", soft_wrap=True)
            continue
        standing = route.standings[0]
        head = grid("bold", "bold", None)
        price = f"{usd(standing.plan.price)} a clip"
        head.add_row(route.policy.name.ljust(NAMES), standing.candidate.endpoint.id, price)
        screen.print(head)
        lines = grid("dim", None)
        lines.add_row("   place", clean(route.decided))
        for word, text in numbers(standing):
            if word in DECIDING[route.policy.choose]:
                lines.add_row(f"   {word}", clean(text))
        screen.print(lines)
    if not all(route.standings for route in routes):
        screen.print("Without --compare every reason is told, for one policy.", style="dim")


def _print(route: Route, advice: Sequence[str], count: int) -> None:
    screen = console()
    screen.print(clean(f"Policy {chosen(route)}"), style="bold", soft_wrap=True)
    for place, (standing, why) in enumerate(zip(route.standings, route.whys, strict=True), 1):
        # Why the first stands there is the line above.
        reason = [] if place == 1 else [("place", why)]
        _entry(f"{place:>2}.", standing.candidate, count, [*numbers(standing), *reason])
    _left_out(route, count)
    _say("What would change this", route.would_change)
    _say("Tips", advice)
    found = route.question.found
    fitting = sum(each.plan is not None for each in found)
    screen.print(
        f"{fitting} of {len(found)} endpoints fit; {len(route.standings)} can be used from here.", style="bold"
    )


def _left_out(route: Route, count: int) -> None:
    """Every reason against every endpoint; of those that no key would open a line, where others are in question."""
    retired: list[str] = []
    unspoken: list[str] = []
    for each in sorted(route.excluded, key=lambda excluded: excluded.candidate.plan is None):
        candidate, refusal, needs = each.candidate, each.candidate.refusal, each.candidate.needs
        if candidate.unspoken and len(route.question.found) > 1:
            (retired if refusal is not None and refusal.retired else unspoken).append(candidate.endpoint.id)
            continue
        refused = () if refusal is None else refusal.reasons
        others = [one for one in dict.fromkeys(each.reasons) if one not in refused and one not in needs]
        because = [("because", reason) for reason in (*refused, *others)]
        missing = [("needs", need) for need in needs] if candidate.plan is not None else []
        _entry(" - ", candidate, count, [*because, *missing])
    for why, ids in (("retired", retired), ("on wires that rushes does not speak", unspoken)):
        if ids:
            console().print(f" -   {why}: {', '.join(ids)}", style="dim")


def _say(head: str, sentences: Sequence[str]) -> None:
    if sentences:
        screen = console()
        screen.print(head, style="bold")
        for sentence in sentences:
            screen.print(f"   {clean(sentence)}")


def _entry(place: str, candidate: Candidate, count: int, more: Iterable[tuple[str, str]]) -> None:
    screen = console()
    held, kind = candidate.plan, verdict(candidate)
    price = "" if held is None else f"{usd(held.price)} a clip"
    if held is not None and held.price is not None and count > 1:
        price += f", {usd(held.price * count)} for {count}"
    head = grid("bold", "bold", STYLES[kind], None)
    head.add_row(place, candidate.endpoint.id, kind, price)
    screen.print(head)
    lines = grid("dim", None)
    for word, text in [*_sending(candidate), *more, *_nearest(candidate)]:
        lines.add_row(f"   {word}", clean(text))
    screen.print(lines)


def _sending(candidate: Candidate) -> Iterable[tuple[str, str]]:
    if candidate.plan is not None:
        yield "sends", settings(sent(candidate.plan))
        if candidate.plan.seed is not None:
            yield "seed", str(candidate.plan.seed)
        yield from (("changed", changed(change)) for change in candidate.plan.changes)
        yield from (("note", note) for note in candidate.plan.notes)


def _nearest(candidate: Candidate) -> Iterable[tuple[str, str]]:
    if candidate.refusal is not None and candidate.refusal.nearest is not None:
        from rushes.plan import describe

        yield "nearest", describe(candidate.refusal.nearest)
