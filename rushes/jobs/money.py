"""Estimate, reserve, settle: what a job counts for before, while and after it runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from rushes.card import Billing, Endpoint
from rushes.errors import JobFailed, OverBudget, Refused, VideoError
from rushes.ledger import Job
from rushes.plan import LINES, Plan, Settings
from rushes.providers.base import Usage

#: reported: from what the vendor says it charges for. estimated: our price for what was delivered. assumed: the
#: vendor's rule is not known, so all of it. not billed: the vendor's rule. unknown: the endpoint has no price.
How = Literal["reported", "estimated", "assumed", "not billed", "unknown"]


@dataclass(frozen=True)
class Settlement:
    micro: int
    how: How


def micro(dollars: Decimal) -> int:
    """Micro-dollars, rounded up so that a cap is never passed by a fraction."""
    return int((dollars * 1_000_000).to_integral_value(ROUND_CEILING))


def reserve(plan: Plan, samples: int, cap: Decimal | None) -> int:
    """What a submission may cost at most. Raises OverBudget where that is more than `cap`, or cannot be known."""
    if plan.price is None:
        if cap is not None:
            raise OverBudget(
                f"{plan.endpoint.id} has no known price, so the cap of ${cap} cannot be kept",
                hint="Leave the cap out to accept that, or choose an endpoint with a price.",
            )
        return 0
    cost = plan.price * samples
    if cap is not None and cost > cap:
        shown, over = dollars(micro(cost)), dollars(micro(cost - cap))
        raise OverBudget(
            f"{plan.endpoint.id} would cost ${shown}, ${over} over the cap of ${cap}",
            hint="Nothing was sent. Raise the cap, or ask for something cheaper.",
        )
    return micro(cost)


def delivered(
    endpoint: Endpoint, as_of: date, settings: Settings, clips: int, held_back: int, usage: Usage | None
) -> Settlement:
    """What `clips` delivered clips cost, of which the vendor's moderation held `held_back` more back.

    What the vendor reports wins over our estimate, also where it made another resolution than was asked.
    """
    made = None if usage is None else next((each for each in LINES if each == usage.resolution), None)
    asked = endpoint.price(as_of, settings.resolution, settings.audio)
    row = asked if made is None else endpoint.price(as_of, made, settings.audio)
    if row is None:
        if asked is None:
            return Settlement(0, "unknown")
        # It made something that has no price here; what was asked for has one.
        length = Decimal(str(settings.seconds)) if usage is None or usage.seconds is None else usage.seconds
        return Settlement(micro(asked.usd_per_second * length * (clips + held_back)), "assumed")
    if usage is not None and usage.seconds is not None:
        return Settlement(micro(row.usd_per_second * usage.seconds * (usage.clips or clips)), "reported")
    each = row.usd_per_second * Decimal(str(settings.seconds))
    if held_back and endpoint.billing.refused != "free":
        return Settlement(micro(each * (clips + held_back)), "assumed")
    return Settlement(micro(each * clips), "estimated")


def undelivered(reserved: int, error: VideoError, billing: Billing) -> Settlement:
    """What a job that ended without a clip costs, by the vendor's rule; in full where that is not known.

    A job that lay too long before it was asked for was made, whatever the vendor's rule about failed ones says. Of
    cancelled ones no vendor here says anything of its own: they count as failed ones do.
    """
    match error:
        case Refused():
            rule = billing.refused
        case JobFailed(kind=kind) if kind != "expired":
            rule = billing.failed
        case _:
            rule = "unknown"
    if rule == "free":
        return Settlement(0, "not billed")
    return Settlement(reserved, "assumed" if rule == "unknown" else "estimated")


def shares(settlement: Settlement, clips: int) -> list[int | None]:
    """What each of `clips` clips cost, to the last micro-dollar; None where nobody knows."""
    if settlement.how == "unknown":
        return [None] * clips
    return [(settlement.micro + clips - 1 - clip) // clips for clip in range(clips)]


def counted(job: Job) -> Decimal | None:
    """US dollars that a job counts for in every budget; None without a price for it, unless nothing is billed."""
    return None if job.price is None and job.settled_how != "not billed" else dollars(job.spent)


def dollars(amount: int) -> Decimal:
    """Micro-dollars as US dollars, with as many decimals as it takes and at least cents."""
    whole_cents = amount % 10_000 == 0
    return Decimal(amount // 10_000).scaleb(-2) if whole_cents else Decimal(amount).scaleb(-6).normalize()
