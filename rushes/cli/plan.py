"""`rushes plan`: which endpoints would make a clip, at what price, and every reason why the others would not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rushes.amounts import usd
from rushes.cli.options import Common, Where, Wish
from rushes.cli.show import clean, console, grid, settings, write_json

if TYPE_CHECKING:
    from rushes.plan import Change, Plan
    from rushes.request import VideoRequest
    from rushes.router.candidates import Candidate

#: So many variations of one prompt are a test of its direction already.
VARIATIONS = 4
STYLES = {"exact": "green", "adapted": "yellow", "refused": "red"}


def plan(
    prompt: str,
    /,
    *,
    wish: Wish = Wish(),
    where: Where = Where(),
    common: Common = Common(),
) -> int:
    """Show which endpoints would make PROMPT, cheapest first, and every reason why the others would not.

    Sends nothing and needs no key. Ends with 0 where at least one endpoint fits, and with 3 where none does.
    """
    rushes = common.rushes()
    request = wish.request(prompt, rushes.config)
    found = rushes.plan(request, **where.settings())
    advice = tips(found, request)
    if common.json:
        write_json(
            {
                "day": rushes.day,
                "simulated": common.simulate,
                "prompt": prompt,
                "count": request.count,
                "candidates": [candidate_json(each) for each in found],
                "tips": advice,
            }
        )
    else:
        common.announce()
        _print(found, advice, request.count)
    return 0 if any(each.plan for each in found) else 3


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


def candidate_json(candidate: Candidate) -> dict[str, Any]:
    held, refusal = candidate.plan, candidate.refusal
    nearest = None if refusal is None or refusal.nearest is None else _wishes(refusal.nearest)
    return {
        "endpoint": candidate.endpoint.id,
        "verdict": verdict(candidate),
        "usable": candidate.usable,
        "price_usd": None if held is None else held.price,
        "price_source": None if held is None else held.price_source,
        "sent": None if held is None else sent(held),
        "changes": [] if held is None else [asdict(change) for change in held.changes],
        "notes": [] if held is None else list(held.notes),
        "reasons": [] if refusal is None else list(refusal.reasons),
        "needs": list(candidate.needs),
        "nearest": nearest,
    }


def sent(held: Plan) -> dict[str, Any]:
    """What will be sent, every default included."""
    values = asdict(held.settings)
    size = held.settings.size
    return values | {
        "mode": str(held.settings.mode),
        "size": None if size is None else str(size),
        "seed": held.seed,
        "negative_prompt": held.negative_prompt,
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


def _print(found: Sequence[Candidate], advice: Sequence[str], count: int) -> None:
    screen = console()
    for place, each in enumerate(found, 1):
        kind = verdict(each)
        head = grid("bold", "bold", STYLES[kind], None)
        price = "" if each.plan is None else f"{usd(each.plan.price)} a clip"
        if each.plan is not None and each.plan.price is not None and count > 1:
            price += f", {usd(each.plan.price * count)} for {count}"
        head.add_row(f"{place:>2}." if each.plan else " - ", each.endpoint.id, kind, price)
        screen.print(head)
        lines = grid("dim", None)
        for word, text in _lines(each):
            lines.add_row(f"   {word}", clean(text))
        screen.print(lines)
    if advice:
        screen.print("Tips", style="bold")
        for tip in advice:
            screen.print(f"   {tip}")
    usable = sum(each.usable for each in found)
    fitting = sum(each.plan is not None for each in found)
    screen.print(f"{fitting} of {len(found)} endpoints fit; {usable} can be used from here.", style="bold")


def _lines(candidate: Candidate) -> Iterable[tuple[str, str]]:
    if candidate.plan is not None:
        yield "sends", settings(sent(candidate.plan))
        if candidate.plan.seed is not None:
            yield "seed", str(candidate.plan.seed)
        yield from (("changed", changed(change)) for change in candidate.plan.changes)
        yield from (("needs", each) for each in candidate.needs)
        yield from (("note", note) for note in candidate.plan.notes)
    if candidate.refusal is not None:
        yield from (("because", reason) for reason in candidate.refusal.reasons)
        if candidate.refusal.nearest is not None:
            from rushes.plan import describe

            yield "nearest", describe(candidate.refusal.nearest)
