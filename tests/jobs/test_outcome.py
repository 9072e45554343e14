"""What became of a submit, status by status and adapter by adapter: no doubt is ever taken for a yes or a no."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.errors import NotAuthorized, NotSent, RateLimited, Refused, Retired, Unsupported
from rushes.http import httpx
from rushes.jobs.outcome import Accepted, Again, Doubtful, Rejected, of_answer, of_failure
from rushes.providers import PROVIDERS
from rushes.providers.base import Adapter

#: The design's own table; whatever it does not list is doubtful.
NO = {400, 401, 402, 403, 404, 410, 413, 415, 422}
OPERATION = "projects/p/locations/us-central1/publishers/google/models/veo-3.1-generate-001/operations/1"
TICKETS: dict[str, Any] = {
    "openai": {"id": "video_1", "object": "video", "status": "queued"},
    "vertex": {"name": OPERATION},
    "dashscope": {"output": {"task_id": "t-1", "task_status": "PENDING"}, "request_id": "r"},
}
#: Bodies that name no job.
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "a web page": b"<html>502</html>",
    "half a ticket": json.dumps(TICKETS["openai"]).encode()[:20],
    "an error": b'{"error": {"message": "no", "code": "bad", "status": "NO"}}',
    "an error of DashScope": b'{"code": "SomethingNew", "message": "no"}',
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "another's ticket": b'{"job": "1"}',
}
STATUSES = [*range(200, 600)]


def adapter(wire: str) -> Adapter:
    return PROVIDERS[wire]({})


@pytest.fixture(params=TICKETS)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_wire_is_here() -> None:
    assert TICKETS.keys() == PROVIDERS.keys()


def test_only_2xx_with_a_ticket_is_accepted(wire: str) -> None:
    provider, content = adapter(wire), json.dumps(TICKETS[wire]).encode()

    accepted = {
        status
        for status in STATUSES
        if isinstance(of_answer(httpx.Response(status, content=content), provider), Accepted)
    }

    assert accepted == {*range(200, 300)}


@pytest.mark.parametrize("body", BODIES)
def test_without_a_ticket_each_status_means_what_the_table_says(wire: str, body: str) -> None:
    provider = adapter(wire)
    outcomes = {status: of_answer(httpx.Response(status, content=BODIES[body]), provider) for status in STATUSES}

    assert {status for status, outcome in outcomes.items() if isinstance(outcome, Rejected)} == NO
    assert {status for status, outcome in outcomes.items() if isinstance(outcome, Again)} == {429}
    assert all(isinstance(outcomes[status], Doubtful) for status in STATUSES if status not in NO | {429})


def test_the_statuses_that_prove_nothing_are_doubtful(wire: str) -> None:
    for status in (408, 409, 425, 499, 500, 502, 503, 504, 520, 529, 599):
        answer = httpx.Response(status, content=BODIES["an error"], headers={"retry-after": "1"})
        assert isinstance(of_answer(answer, adapter(wire)), Doubtful), status


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
#: The names and words that the adapters look for, with anything in them.
telling = st.dictionaries(
    st.sampled_from(["id", "name", "output", "error", "code", "message", "status", "object", "detail", "task_id"]),
    json_values
    | st.sampled_from(["Throttling", "Throttling.AllocationQuota", "model_not_found", "queued", "video", OPERATION])
    | st.fixed_dictionaries({}, optional={"task_id": json_values, "code": json_values, "message": json_values}),
    max_size=5,
)
bodies = st.one_of(
    st.binary(max_size=60),
    json_values.map(lambda value: json.dumps(value).encode()),
    telling.map(lambda value: json.dumps(value).encode()),
)


@given(
    wire=st.sampled_from([*TICKETS]),
    status=st.integers(200, 599),
    body=bodies,
    header=st.dictionaries(
        st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text("0123456789. -abc", max_size=9)
    ),
)
def test_whatever_the_answer_no_doubt_is_taken_for_a_no(
    wire: str, status: int, body: bytes, header: dict[str, str]
) -> None:
    outcome = of_answer(httpx.Response(status, content=body, headers=header), adapter(wire))

    match outcome:
        case Accepted(ticket):
            assert 200 <= status < 300
            assert ticket.id
        case Rejected():
            # With 2xx or 429 only in so many words, such as a DashScope code beside HTTP 200.
            assert status in NO | {429} or status < 300
        case Again():
            assert status == 429 or status < 300
        case Doubtful(reason):
            assert status not in NO
            assert reason


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Throttling.RateQuota", Again),
        ("LimitRequests", Again),
        ("Throttling.AllocationQuota", Rejected),
        ("PrepaidBillOverdue", Rejected),
        ("PostpaidBillOverdue", Rejected),
        ("CommodityNotPurchased", Rejected),
        ("", Again),
        ("SomethingNew", Again),
    ],
)
def test_a_429_is_sent_again_unless_the_account_is_out_of_money(code: str, kind: type) -> None:
    answer = httpx.Response(429, json={"code": code, "message": "m"})

    assert type(of_answer(answer, adapter("dashscope"))) is kind


@pytest.mark.parametrize(("status", "kind"), [(400, Rejected), (403, Rejected), (200, Again), (500, Doubtful)])
def test_a_rate_limit_with_another_status_goes_by_the_status(status: int, kind: type) -> None:
    answer = httpx.Response(status, json={"code": "Throttling.RateQuota", "message": "slow down"})

    assert type(of_answer(answer, adapter("dashscope"))) is kind


def test_the_wait_that_the_vendor_asks_for_comes_along(wire: str) -> None:
    outcome = of_answer(httpx.Response(429, json={}, headers={"retry-after": "12"}), adapter(wire))

    assert isinstance(outcome, Again)
    assert isinstance(outcome.error, RateLimited)
    assert outcome.error.retry_after == 12


@pytest.mark.parametrize(
    ("wire", "answer", "kind"),
    [
        ("openai", httpx.Response(400, json={"error": {"code": "moderation_blocked", "message": "no"}}), Refused),
        ("openai", httpx.Response(404, json={"error": {"code": "model_not_found", "message": "gone"}}), Retired),
        ("openai", httpx.Response(401, json={"error": {"message": "bad key"}}), NotAuthorized),
        ("openai", httpx.Response(400, json={"error": {"message": "Invalid size"}}), Unsupported),
        ("vertex", httpx.Response(404, json={"error": {"status": "NOT_FOUND", "message": "gone"}}), Retired),
        ("vertex", httpx.Response(400, json={"error": {"message": "Support codes: 62263041"}}), Refused),
        ("dashscope", httpx.Response(404, json={"code": "ModelNotFound", "message": "gone"}), Retired),
        ("dashscope", httpx.Response(400, json={"code": "DataInspectionFailed", "message": "no"}), Refused),
    ],
)
def test_a_no_says_why(wire: str, answer: httpx.Response, kind: type) -> None:
    outcome = of_answer(answer, adapter(wire))

    assert isinstance(outcome, Rejected)
    assert type(outcome.error) is kind


def exceptions(root: type[Exception]) -> set[type[Exception]]:
    return {root}.union(*(exceptions(each) for each in root.__subclasses__()))


CERTAINLY_NOT_SENT = {httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout}
NO_ADDRESS = {httpx.UnsupportedProtocol}


@pytest.mark.parametrize("kind", sorted(exceptions(httpx.HTTPError) | exceptions(httpx.StreamError), key=str))
def test_every_way_in_which_a_connection_fails(kind: type[Exception]) -> None:
    error = kind.__new__(kind)
    Exception.__init__(error, "https://vendor.test/?key=canary")

    outcome = of_failure(error)

    if kind in CERTAINLY_NOT_SENT:
        assert isinstance(outcome, Again)
        assert isinstance(outcome.error, NotSent)
    elif kind in NO_ADDRESS:
        assert isinstance(outcome, Rejected)
    else:
        assert isinstance(outcome, Doubtful)
    assert "canary" not in str(outcome)


@pytest.mark.parametrize(
    "error", [OSError(), ValueError(), KeyError("id"), TimeoutError(), RuntimeError(), MemoryError()]
)
def test_anything_else_that_goes_wrong_is_doubtful(error: Exception) -> None:
    assert isinstance(of_failure(error), Doubtful)
