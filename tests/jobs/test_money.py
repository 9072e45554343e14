"""Estimate, reserve, settle: rounded up, by the vendor's rule, and in full where that is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.card import Billing, Endpoint, load_cards
from rushes.errors import BadFile, BadReply, JobFailed, JobLost, OverBudget, Refused, Unavailable, VideoError
from rushes.jobs import money
from rushes.ledger import Ledger
from rushes.plan import Plan, Settings, plan
from rushes.providers.base import Usage
from rushes.request import VideoRequest
from tests.ledger.making import job

DAY = date(2026, 8, 1)
CARDS = load_cards()


def endpoint(id: str) -> Endpoint:
    provider, _, model = id.partition("/")
    return next(each for each in CARDS[model].endpoints if each.provider == provider)


def planned(id: str, **asked: Any) -> Plan:
    made = plan(VideoRequest(prompt="a kite", **asked), endpoint(id), day=DAY, unpriced=True)
    assert isinstance(made, Plan)
    return made


def settings(id: str, **asked: Any) -> Settings:
    return planned(id, **asked).settings


@given(st.decimals(0, 10_000, places=9))
def test_micro_dollars_are_rounded_up_so_that_no_cap_is_passed(amount: Decimal) -> None:
    micro = money.micro(amount)

    assert Decimal(micro) / 1_000_000 >= amount
    assert Decimal(micro - 1) / 1_000_000 < amount


@given(st.integers(0, 10**12))
def test_dollars_and_micro_dollars_are_the_same_money(micro: int) -> None:
    assert money.micro(money.dollars(micro)) == micro


def test_what_is_reserved_is_the_price_of_every_clip() -> None:
    assert money.reserve(planned("vertex/veo-3.1", seconds=4, audio=False), 3, None) == 2_400_000
    assert money.reserve(planned("vertex/veo-3.1", seconds=4, audio=False), 3, Decimal("2.4")) == 2_400_000


def test_more_than_the_cap_says_by_how_much() -> None:
    with pytest.raises(OverBudget, match=r"would cost \$2\.40, \$0\.40 over the cap of \$2"):
        money.reserve(planned("vertex/veo-3.1", seconds=4, audio=False), 3, Decimal(2))


def test_a_price_that_nobody_knows_cannot_keep_a_cap_and_reserves_nothing() -> None:
    unpriced = planned("replicate/wan-2.5")

    assert unpriced.price is None
    assert money.reserve(unpriced, 1, None) == 0
    with pytest.raises(OverBudget, match="has no known price"):
        money.reserve(unpriced, 1, Decimal(100))


def delivered(
    id: str, made: Settings, clips: int = 1, held_back: int = 0, usage: Usage | None = None
) -> tuple[int, str]:
    found = money.delivered(endpoint(id), DAY, made, clips, held_back, usage)
    return found.micro, found.how


def test_delivered_clips_cost_what_the_price_list_says() -> None:
    made = settings("vertex/veo-3.1", seconds=8, audio=True, resolution="1080p")

    assert delivered("vertex/veo-3.1", made, clips=2) == (6_400_000, "estimated")


def test_what_the_vendor_reports_wins_also_where_it_made_another_resolution() -> None:
    made = settings("dashscope-intl/wan-2.5", seconds=5, resolution="480p")
    usage = Usage(seconds=Decimal(10), clips=1, resolution="1080p")

    assert delivered("dashscope-intl/wan-2.5", made, usage=usage) == (1_500_000, "reported")


def test_a_report_without_seconds_still_says_which_price_holds() -> None:
    made = settings("dashscope-intl/wan-2.5", seconds=5, resolution="480p")

    assert delivered("dashscope-intl/wan-2.5", made, usage=Usage(resolution="720p")) == (500_000, "estimated")


def test_a_resolution_that_nobody_sells_counts_as_the_one_asked_for() -> None:
    made = settings("dashscope-intl/wan-2.5", seconds=5, resolution="480p")

    assert delivered("dashscope-intl/wan-2.5", made, usage=Usage(resolution="999p")) == (250_000, "estimated")


def test_clips_held_back_cost_nothing_where_the_vendor_says_so_and_count_where_it_does_not() -> None:
    veo = settings("vertex/veo-3.1", seconds=4, audio=False)
    assert delivered("vertex/veo-3.1", veo, clips=2, held_back=1) == (1_600_000, "estimated")

    sora = settings("openai/sora-2", seconds=4)
    assert delivered("openai/sora-2", sora, clips=2, held_back=1) == (1_200_000, "assumed")


def test_without_a_price_the_cost_is_unknown_and_not_nothing() -> None:
    assert delivered("replicate/wan-2.5", settings("replicate/wan-2.5")) == (0, "unknown")


RULES = Billing(failed="free", refused="full", source="made-up")


@pytest.mark.parametrize(
    ("error", "rules", "micro", "how"),
    [
        (JobFailed("broke"), RULES, 0, "not billed"),
        (JobFailed("broke"), RULES.model_copy(update={"failed": "full"}), 700, "estimated"),
        (JobFailed("broke"), RULES.model_copy(update={"failed": "unknown"}), 700, "assumed"),
        (Refused("no"), RULES, 700, "estimated"),
        (Refused("no"), RULES.model_copy(update={"refused": "free"}), 0, "not billed"),
        (Refused("no"), RULES.model_copy(update={"refused": "unknown"}), 700, "assumed"),
        (JobLost("gone"), RULES, 700, "assumed"),
        (BadReply("what"), RULES, 700, "assumed"),
        (BadFile("what"), RULES, 700, "assumed"),
        (Unavailable("down"), RULES, 700, "assumed"),
    ],
)
def test_what_ended_without_a_clip_costs_what_the_vendors_rule_says(
    error: VideoError, rules: Billing, micro: int, how: str
) -> None:
    found = money.undelivered(700, error, rules)

    assert (found.micro, found.how) == (micro, how)


def test_foreign_money_is_reserved_at_its_dated_rate() -> None:
    made = planned("dashscope-cn/wan-2.5", seconds=5, resolution="720p")

    assert money.reserve(made, 1, None) == money.micro(Decimal("0.60") * Decimal("0.1433") * 5) == 429_900
    assert money.reserve(replace(made, price=Decimal("0.0000001")), 1, None) == 1


@pytest.mark.parametrize(
    ("price", "settled", "how", "said"),
    [
        (None, None, None, None),
        (None, 0, "unknown", None),
        (None, 0, "not billed", Decimal(0)),
        (400_000, None, None, Decimal("0.40")),
        (400_000, 0, "not billed", Decimal(0)),
    ],
)
async def test_a_job_without_a_price_counts_for_nothing_known_unless_nothing_is_billed(
    price: int | None, settled: int | None, how: str | None, said: Decimal | None, tmp_path: Path
) -> None:
    async with Ledger.open(tmp_path) as ledger:
        found = job(ledger, price=price, reserved=price or 0, settled=settled, settled_how=how)

    assert money.counted(found) == said
