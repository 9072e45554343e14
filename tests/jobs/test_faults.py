"""Every fault of the simulator on every provider: at most one vendor job, the right end, and the right money."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from rushes import VideoError
from rushes.errors import JobFailed, JobLost, Overdue, Refused, Unclear, Unsupported
from rushes.ledger import State
from rushes.simulator.faults import NAMES
from rushes.simulator.film import DEFECTS
from tests.jobs.conftest import Simulated, takes_of


@dataclass(frozen=True)
class Provider:
    """What is asked of it, and what each way to end counts for: micro-dollars (None: still reserved), and how."""

    endpoint: str
    asked: Mapping[str, Any]
    #: Micro-dollars reserved for the clip.
    price: int
    delivered: tuple[int, str]
    failed: tuple[int, str]
    refused: tuple[int, str]

    def bill(self, end: End) -> tuple[int | None, str | None]:
        match end.bill:
            case "delivered":
                return self.delivered
            case "failed":
                return self.failed
            case "refused":
                return self.refused
            case "assumed":
                return self.price, "assumed"
            case "nothing":
                return 0, "not billed"
            case _:
                return None, None


@dataclass(frozen=True)
class End:
    state: State
    kind: str | None
    #: How many jobs the vendor has.
    accepted: int
    bill: str
    error: type[VideoError] | None
    adopted: bool = False


FINE = End(State.SUCCEEDED, None, 1, "delivered", None)
ADOPTED = End(State.SUCCEEDED, None, 1, "delivered", None, adopted=True)
#: It may have been accepted: it was, and it was not.
UNCLEAR = End(State.UNCLEAR, None, 1, "reserved", Unclear)
UNCLEAR_NONE = End(State.UNCLEAR, None, 0, "reserved", Unclear)
TURNED_DOWN = End(State.FAILED, "moderation", 0, "nothing", Refused)
INVALID = End(State.FAILED, "invalid", 0, "nothing", Unsupported)
BROKE = End(State.FAILED, "vendor", 1, "failed", JobFailed)
FILTERED = End(State.FAILED, "moderation", 1, "refused", Refused)
LOST = End(State.LOST, "lost", 1, "assumed", JobLost)
OVERDUE = End(State.OVERDUE, None, 1, "reserved", Overdue)
#: A finished clip that cannot be used is a clip that was made.
UNUSABLE = End(State.FAILED, "vendor", 1, "delivered", JobFailed)

PROVIDERS = {
    "openai": Provider(
        "openai/sora-2",
        {"seconds": 4},
        price=400_000,
        delivered=(400_000, "estimated"),
        failed=(400_000, "assumed"),
        refused=(400_000, "assumed"),
    ),
    "vertex": Provider(
        "vertex/veo-3.1",
        {"seconds": 4, "audio": False},
        price=800_000,
        delivered=(800_000, "estimated"),
        failed=(0, "not billed"),
        refused=(0, "not billed"),
    ),
    "dashscope": Provider(
        "dashscope-intl/wan-2.5",
        {"seconds": 5, "resolution": "480p"},
        price=250_000,
        delivered=(250_000, "reported"),
        failed=(250_000, "assumed"),
        refused=(250_000, "assumed"),
    ),
    "vllm-omni": Provider(
        "vllm-omni/wan-2.2",
        {},
        price=20_000,
        delivered=(18_750, "reported"),  # Wan makes 4k + 1 frames: 45 of the 48 that two seconds have
        failed=(0, "not billed"),
        refused=(0, "not billed"),
    ),
    "sglang": Provider(
        "sglang/wan-2.2",
        {},
        price=20_000,
        delivered=(20_000, "estimated"),
        failed=(20_000, "estimated"),
        refused=(20_000, "estimated"),
    ),
}

#: What each fault comes to, unless EXCEPT says otherwise for a provider.
ENDS = {
    "drop_before_accept": UNCLEAR_NONE,
    "rate_limited": FINE,
    "rate_limited_bare": FINE,
    "error_500_before_accept": UNCLEAR_NONE,
    "error_503": UNCLEAR_NONE,
    "moderated_at_once": TURNED_DOWN,
    "drop_after_accept": ADOPTED,
    "error_500_after_accept": ADOPTED,
    "cut_answer": ADOPTED,
    "slow_answer": FINE,
    "late_failure": BROKE,
    "moderated": FILTERED,
    "filtered": FILTERED,
    "partly_filtered": FILTERED,
    "strange_status": FINE,
    "unknown": LOST,
    "never_finishes": OVERDUE,
    "lost": LOST,
    "expired_link": OVERDUE,
    "link_404_once": FINE,
    "truncated_file": UNUSABLE,
    "empty_file": UNUSABLE,
    "not_a_video": UNUSABLE,
    "slow_body": FINE,
    "redirect_to_foreign_host": FINE,
    "poll_500": FINE,
    "poll_429": FINE,
    "poll_cut": FINE,
    # A film that is not what was ordered is a film all the same; benchmarks tell.
    **dict.fromkeys(DEFECTS, FINE),
}
EXCEPT = {
    # Nothing can be looked up there.
    ("vertex", "drop_after_accept"): UNCLEAR,
    ("vertex", "error_500_after_accept"): UNCLEAR,
    ("vertex", "cut_answer"): UNCLEAR,
    # Its list shows no prompts, so that nobody can be sure.
    ("sglang", "drop_after_accept"): UNCLEAR,
    ("sglang", "error_500_after_accept"): UNCLEAR,
    ("sglang", "cut_answer"): UNCLEAR,
    # The bytes come with the poll, so what is gone with them is the operation.
    ("vertex", "expired_link"): LOST,
    # No word of theirs tells a refused prompt from a wrong one, nor a refused clip from a broken one.
    ("vllm-omni", "moderated_at_once"): INVALID,
    ("sglang", "moderated_at_once"): INVALID,
    **{
        (own, fault): BROKE for own in ("vllm-omni", "sglang") for fault in ("moderated", "filtered", "partly_filtered")
    },
}


def test_no_fault_is_left_out() -> None:
    # Mishaps are some of the others, by chance.
    assert ENDS.keys() == NAMES.keys() - {"mishaps"}


@pytest.mark.parametrize("fault", ENDS)
@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_fault_ends_as_it_must(name: str, fault: str, simulated: Simulated) -> None:
    provider, end = PROVIDERS[name], EXCEPT.get((name, fault), ENDS[fault])

    async with simulated.open() as rushes:
        [result] = await rushes.generate_all(
            f"a kite [simulate: {fault}]", endpoint=provider.endpoint, **provider.asked
        )
        [job] = await rushes.jobs()
        spent = await rushes.spent(run=None)

    assert (job.state, job.kind) == (end.state, end.kind), job.reason
    assert len(simulated.accepted()) == end.accepted
    assert (job.settled, job.settled_how) == provider.bill(end)
    assert job.reserved == provider.price
    assert spent * 1_000_000 == (job.reserved if job.settled is None else job.settled)
    if end.error is None:
        [file] = simulated.files()
        [take] = takes_of([result])
        assert take.path == file
        assert take.cost is not None
        assert take.cost * 1_000_000 == job.settled
        assert take.cost_how == job.settled_how
    else:
        assert type(result) is end.error
        assert simulated.files() == []
    assert ("adopted" in (job.reason or "")) is end.adopted
    assert [visit for visit in simulated.visits() if "(sent)" in visit["headers"].values()] == []


async def test_a_status_word_that_nobody_knows_is_logged_once(
    simulated: Simulated, caplog: pytest.LogCaptureFixture
) -> None:
    async with simulated.open() as rushes:
        await rushes.generate("a kite [simulate: strange_status]", endpoint="openai/sora-2", seconds=20)

    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [text for text in warnings if "dreaming" in text] == warnings
    assert len(warnings) == 1


@pytest.mark.parametrize("fault", ["drop_after_accept", "rate_limited", "redirect_to_foreign_host", "late_failure"])
async def test_a_fault_of_the_session_strikes_as_one_of_the_prompt(fault: str, simulated: Simulated) -> None:
    async with simulated.open(faults=[fault]) as rushes:
        await rushes.generate_all("a kite", endpoint="openai/sora-2", seconds=4)
        [job] = await rushes.jobs()

    end = ENDS[fault]
    assert (job.state, job.kind, len(simulated.accepted())) == (end.state, end.kind, end.accepted)
