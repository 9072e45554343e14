"""`rushes models`: every endpoint with its state, limits, price and key, and what the brief says beside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from rushes.cli import facts
from rushes.cli.options import Common
from rushes.cli.show import console, grid, table, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from rushes.app import Rushes
    from rushes.card import Card, Endpoint, Offer

#: What the overview shows of the brief; `rushes models MODEL` shows all of it.
TOLD = ("best_for", "speed", "quality", "audio", "duration", "resolution")

HEADINGS = ("Provider", "State", "Seconds", "Resolutions", "Sound", "$ a second", "Key")
GAP = 2


def models(model: str | None = None, /, *, common: Common = Common()) -> int:
    """Show every endpoint: alive or not, limits, price, key; and the brief's words beside the vendors' facts.

    Parameters
    ----------
    model
        One model, such as sora-2, or one endpoint: everything its card holds, with sources.
    """
    from rushes.router.candidates import endpoints

    rushes = common.rushes()
    found = endpoints(rushes.config, model=model)
    cards = list({each.model: each.card for each in found}.values())
    if common.json:
        write_json(
            {
                "day": rushes.day,
                "simulated": common.simulate,
                "models": [_card_json(card, found, rushes) for card in cards],
            }
        )
        return 0
    common.announce()
    screen = console()
    if model is None:
        _overview(screen, cards, rushes)
    else:
        _card(screen, cards[0], found, rushes)
    return 0


def needs(endpoint: Endpoint, rushes: Rushes) -> tuple[str, ...]:
    """What keeps this machine from using the endpoint."""
    from rushes.router.candidates import needs_of

    return needs_of(endpoint, rushes.config, lambda each: rushes.access(each.provider).missing)


def _card_json(card: Card, found: Iterable[Endpoint], rushes: Rushes) -> dict[str, Any]:
    whole = card.model_dump(mode="json", exclude={"endpoints", "simulation"})
    return whole | {
        "vendors": facts.vendors(card, rushes.day),
        "endpoints": [
            each.model_dump(mode="json", exclude_none=True)
            | {
                "id": each.id,
                "alive": each.alive(rushes.day),
                "state": facts.state(each, rushes.day),
                "usd_per_second": facts.prices(each, rushes.day),
                "needs": needs(each, rushes),
            }
            for each in found
            if each.model == card.id
        ],
    }


def _overview(screen: Console, cards: Iterable[Card], rushes: Rushes) -> None:
    cards = [*cards]
    rows = {card.id: [_row(each, rushes) for each in card.endpoints] for card in cards}
    everything = [HEADINGS, *(row for each in rows.values() for row in each)]
    widths = [max(len(row[column]) for row in everything) for column in range(len(HEADINGS))]
    aligned = sum(widths) + len(widths) * GAP <= screen.width
    for card in cards:
        screen.print(_title(card), style="bold")
        lines = table(*HEADINGS, gap=GAP if aligned else 1)
        for column, width in zip(lines.columns, widths, strict=True):
            column.min_width = width if aligned else None
        for each, row in zip(card.endpoints, rows[card.id], strict=True):
            lines.add_row(*row, style=None if each.alive(rushes.day) else "dim")
        screen.print(lines)
        screen.print()
    screen.print("Keys", style="bold")
    keys = grid("dim", None)
    for provider, lacks in _lacking(cards, rushes).items():
        keys.add_row(f"  {provider}", lacks)
    screen.print(keys)
    screen.print()
    screen.print("What the product brief claims, and what the vendors say", style="bold")
    claims = table("Model", "", "Brief", "Vendors", whole=("Model",))
    for card in cards:
        beside = facts.vendors(card, rushes.day)
        name = card.id
        for key in TOLD:
            if key in card.brief:
                claims.add_row(name, key.replace("_", " "), card.brief[key], beside.get(key, "–"))
                name = ""
    screen.print(claims)
    screen.print("\nOne whole card, with its sources: `rushes models MODEL`.", style="dim")


def _row(endpoint: Endpoint, rushes: Rushes) -> tuple[str, ...]:
    return (
        endpoint.provider,
        facts.state(endpoint, rushes.day),
        facts.series(facts.lengths(endpoint)),
        " ".join(facts.resolutions(endpoint)),
        facts.sound(endpoint),
        facts.price_range(endpoint, rushes.day).removeprefix("$"),
        "no" if needs(endpoint, rushes) else "yes",
    )


def _lacking(cards: Iterable[Card], rushes: Rushes) -> dict[str, str]:
    """What each provider lacks, `ready` where nothing."""
    found = [each for card in cards for each in card.endpoints]
    return {each.provider: "; ".join(needs(each, rushes)) or "ready" for each in found}


def _title(card: Card) -> str:
    draft = f"; a draft of {card.draft_of}" if card.draft_of else ""
    return f"{card.name} ({card.id}), {card.maker}{draft}"


def _card(screen: Console, card: Card, found: Iterable[Endpoint], rushes: Rushes) -> None:
    screen.print(_title(card), style="bold")
    default = card.defaults
    sound = "with sound" if default.audio else "silent"
    screen.print(
        f"Unless told otherwise: {default.seconds:g} s, {default.resolution}, {default.aspect_ratio}, {sound}."
    )
    if card.brief:
        screen.print()
        beside = facts.vendors(card, rushes.day)
        claims = table("", "Brief", "Vendors")
        for key, words in card.brief.items():
            claims.add_row(key.replace("_", " "), words, beside.get(key, "–"))
        screen.print(claims)
    for each in found:
        screen.print()
        screen.print(each.id, style="bold")
        lines = grid("dim", None)
        for word, text in _facts(each, rushes):
            lines.add_row(f"  {word}", text)
        screen.print(lines)
    if card.tips:
        screen.print("\nTips", style="bold")
        for tip in card.tips:
            when = "" if tip.when == "always" else f" ({tip.when})"
            screen.print(f"  {tip.text}{when}")
    screen.print("\nSources", style="bold")
    lines = grid("dim", None)
    for key, source in card.sources.items():
        lines.add_row(f"  {key}", f"{source.where} (read {source.read}, confidence {source.confidence})")
    screen.print(lines)


def _facts(endpoint: Endpoint, rushes: Rushes) -> Iterable[tuple[str, str]]:
    life, takes, day = endpoint.lifecycle, endpoint.inputs, rushes.day
    yield "state", f"{facts.state(endpoint, day)} [{life.source}]"
    if life.released is not None:
        yield "released", str(life.released)
    if life.earliest_retirement is not None:
        yield "promised", f"until {life.earliest_retirement} at least"
    if life.successor is not None:
        yield "successor", life.successor
    if life.note is not None:
        yield "", life.note
    yield "key", "; ".join(needs(endpoint, rushes)) or "ready"
    names = dict.fromkeys(endpoint.wire_names.values())
    yield "wire name", ", ".join(names)
    if (version := endpoint.version(day)) is not None:
        yield "version", f"{version.name}, since {version.since} [{version.source}]"
    for offer in endpoint.offers:
        yield "offers", _offer(offer)
    if takes.prompt is not None:
        yield "prompt", f"up to {takes.prompt.max} {takes.prompt.unit} [{takes.prompt.source}]"
    if takes.negative_prompt is not None:
        limit = takes.negative_prompt
        yield "negative", f"up to {limit.max} {limit.unit} [{limit.source}]"
    if takes.seed is not None:
        yield "seed", f"up to {takes.seed.max} [{takes.seed.source}]"
    if takes.images is not None:
        yield "pictures", _pictures(endpoint)
    if takes.audio_track is not None:
        yield "sound in", f"{', '.join(takes.audio_track.formats)} [{takes.audio_track.source}]"
    yield from (("price", text) for text in _prices(endpoint, day))
    billing = endpoint.billing
    yield "billing", f"failed jobs: {billing.failed}; refused jobs: {billing.refused} [{billing.source}]"
    if endpoint.speed is not None:
        speed = endpoint.speed
        yield (
            "speed",
            f"prior, not measured: {speed.median:g} s ({speed.low:g}–{speed.high:g}) for {speed.clip_seconds:g} s at "
            f"{speed.resolution} [{speed.source}]",
        )
    yield from (("caution", caution.text) for caution in endpoint.cautions)
    yield from (("note", note) for note in endpoint.notes)


def _offer(offer: Offer) -> str:
    shapes = [f"{name} in {', '.join(sizes)}" for name, sizes in offer.sizes.items()]
    shapes += [f"{name} in the first frame's shape" for name in offer.shaped_by_image]
    made = "sound or none" if len(offer.audio) > 1 else "with sound" if True in offer.audio else "silent"
    modes = ", ".join(mode.replace("_", " + ") for mode in offer.modes)
    return f"{modes}: {facts.series(offer.seconds)} s; {'; '.join(shapes)}; {made} [{offer.source}]"


def _pictures(endpoint: Endpoint) -> str:
    limits = endpoint.inputs.images
    assert limits is not None
    parts = [", ".join(limits.formats)]
    if limits.max_bytes is not None:
        parts.append(f"up to {limits.max_bytes / 1e6:g} MB")
    if limits.min_side is not None or limits.max_side is not None:
        parts.append(f"sides {limits.min_side or '?'}–{limits.max_side or '?'} pixels")
    if limits.exact_size:
        parts.append("as large as the clip (scaled and cropped for you)")
    if not limits.alpha:
        parts.append("no transparency")
    if limits.references:
        parts.append(f"{limits.references} references")
    return f"{'; '.join(parts)} [{limits.source}]"


def _prices(endpoint: Endpoint, day: date) -> Iterable[str]:
    if not endpoint.prices:
        yield "not known"
    for row in endpoint.prices:
        what = ", ".join(row.resolutions) if row.resolutions else "any resolution"
        sound = {True: ", with sound", False: ", silent", None: ""}[row.audio]
        money = f"{row.per_second} {row.currency}"
        if row.usd_rate is not None:
            money += f" (US dollars at {row.usd_rate}, the rate of {row.rate_date})"
        later = " (not yet)" if row.since > day else ""
        yield f"{money} a second, {what}{sound}, since {row.since}{later} [{row.source}]"
