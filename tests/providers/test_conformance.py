"""What every provider promises, once over the whole table; a new wire is done when it passes.

A wire needs one line in WIRES and, under `tests/replies/<wire>/`, a reply of the vendor's own for each promise that its
words decide: a job accepted, pending, in a status that nobody knows, done, refused late, failed late and gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rushes.card import Endpoint
from rushes.config import access, load_config
from rushes.errors import (
    BadConfig,
    BadReply,
    JobFailed,
    JobLost,
    NotAuthorized,
    RateLimited,
    Refused,
    Unavailable,
    Unsupported,
    VideoError,
)
from rushes.http import Api, httpx
from rushes.jobs.outcome import REJECTED, Accepted, Again, Doubtful, Rejected, of_answer
from rushes.plan import Plan, Refusal, plan
from rushes.providers import PROVIDERS
from rushes.providers.base import Adapter, Pending, Prepared, Ready, Submission, Ticket
from rushes.request import Mode, VideoRequest
from tests.replay import REPLIES, CanaryKey, Replay, reply

SUMMER = date(2026, 8, 1)
CONFIG = load_config()
FOX = "a fox in snow"


@dataclass(frozen=True)
class Wire:
    """One wire as a shipped endpoint speaks it."""

    name: str
    #: `provider/model`, alive in the summer of 2026.
    endpoint: str
    #: The status word in its reply `strange`; None for a wire whose jobs have no status words.
    word: str | None
    environ: Mapping[str, str] = field(default_factory=dict)
    #: Files of its replies that are not called after the promise.
    replies: Mapping[str, str] = field(default_factory=dict)

    def adapter(self, **settings: Any) -> Adapter:
        return PROVIDERS[self.name]({**self._access.settings, **settings})

    @property
    def _access(self) -> Any:
        return access(CONFIG.providers[self.endpoint.partition("/")[0]], self.environ)

    def api(self, *replies: str | httpx.Response) -> Replay:
        """The vendor, answering with its own replies or with those given."""
        answers = [each if isinstance(each, httpx.Response) else reply(self.file(each)) for each in replies]
        return Replay(*answers, base_url=self._access.base_url)

    def file(self, promise: str) -> str:
        return f"{self.name}/{self.replies.get(promise, promise)}"

    @property
    def ticket(self) -> Ticket:
        return self.adapter().accepted(reply(self.file("accepted")))

    def plan(self, **wishes: Any) -> Plan | Refusal:
        provider, _, model = self.endpoint.partition("/")
        endpoint = next(each for each in CONFIG.cards[model].endpoints if each.provider == provider)
        return plan(VideoRequest(prompt=FOX, **wishes), endpoint, day=SUMMER, options=self.adapter().options)

    async def prepared(self, **wishes: Any) -> Prepared:
        made = self.plan(**wishes)
        assert isinstance(made, Plan), made.reasons
        return await self.adapter().prepare(self.api(), made, 1)

    async def submission(self, **wishes: Any) -> Submission:
        return self.adapter().submission(await self.prepared(**wishes))


WIRES = {
    wire.name: wire
    for wire in (
        Wire("openai", "openai/sora-2", "dreaming"),
        Wire("dashscope", "dashscope-intl/wan-2.5", "DREAMING"),
        Wire(
            "vertex",
            "vertex/veo-3.1",
            None,
            environ={"GOOGLE_CLOUD_PROJECT": "p"},
            replies={
                "done": "ready_inline",
                "refused_late": "filtered",
                "failed_late": "late_failure",
                "gone": "lost",
            },
        ),
    )
}


@pytest.fixture(params=PROVIDERS)
def wire(request: pytest.FixtureRequest) -> Wire:
    return WIRES[request.param]


def still() -> bytes:
    out = BytesIO()
    Image.new("RGB", (400, 300), "red").save(out, "PNG")
    return out.getvalue()


STILL = still()
STARTS: dict[str, dict[str, Any]] = {"text": {}, "image": {"image": STILL}}
every_start = pytest.mark.parametrize("wishes", STARTS.values(), ids=STARTS)


def empty(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={}, headers=headers)


def page(status: int) -> httpx.Response:
    return httpx.Response(status, text="<html>a gateway</html>", headers={"content-type": "text/html"})


# --- what goes out ----------------------------------------------------------------------------------------------------


@every_start
async def test_the_same_request_is_the_same_bytes_every_time(wire: Wire, wishes: dict[str, Any]) -> None:
    prepared = await wire.prepared(**wishes)
    first, again = wire.adapter().submission(prepared), wire.adapter().submission(prepared)

    assert first == again == await wire.submission(**wishes)


@every_start
async def test_a_submission_says_what_the_plan_says_and_another_prompt_is_another_one(
    wire: Wire, wishes: dict[str, Any]
) -> None:
    submission = await wire.submission(**wishes)
    prepared = await wire.prepared(**wishes)
    request = prepared.plan.request.model_copy(update={"prompt": "a red kite"})

    other = wire.adapter().submission(replace(prepared, plan=replace(prepared.plan, request=request)))

    assert FOX.encode() in submission.body
    assert b"a red kite" in other.body
    assert FOX.encode() not in other.body


@every_start
async def test_a_submission_carries_no_key(wire: Wire, wishes: dict[str, Any]) -> None:
    submission = await wire.submission(**wishes)

    written = f"{submission.path} {submission.content_type} {dict(submission.headers)}".encode() + submission.body
    assert CanaryKey.secret.encode() not in written
    assert not {name.lower() for name in submission.headers} & {"authorization", "x-goog-api-key", "api-key"}


async def test_a_submission_goes_to_the_vendors_own_api(wire: Wire) -> None:
    submission = await wire.submission()

    assert wire.api().keeps_key(wire.api().url(submission.path))


@pytest.mark.parametrize("by_hand", [{"seconds": 1000.0}, {"mode": Mode.REFERENCES}, {"resolution": "1024p"}])
async def test_a_plan_that_the_endpoint_does_not_offer_is_never_put_into_words(
    wire: Wire, by_hand: dict[str, Any]
) -> None:
    prepared = await wire.prepared()
    if by_hand.get("resolution") in prepared.plan.endpoint.offers[0].resolutions:
        by_hand = {"resolution": "480p"}
    made = replace(prepared.plan, settings=replace(prepared.plan.settings, **by_hand))

    with pytest.raises(Unsupported):
        await wire.adapter().prepare(wire.api(), made, 1)
    with pytest.raises(Unsupported):
        wire.adapter().submission(replace(prepared, plan=made))


async def test_more_clips_than_one_submission_makes_are_refused(wire: Wire) -> None:
    prepared = await wire.prepared()
    most = prepared.plan.endpoint.inputs.samples

    with pytest.raises(Unsupported):
        wire.adapter().submission(replace(prepared, samples=most + 1))


def test_an_option_that_nobody_knows_is_refused_while_planning(wire: Wire) -> None:
    provider = wire.endpoint.partition("/")[0]

    answer = wire.plan(options={provider: {"turbo": True}})

    assert isinstance(answer, Refusal)
    assert answer.reasons[0].startswith(f"{provider} has no option 'turbo'; it ")


def test_an_option_of_another_type_is_refused_while_planning(wire: Wire) -> None:
    provider = wire.endpoint.partition("/")[0]

    answers = [wire.plan(options={provider: {name: object()}}) for name in wire.adapter().options]

    assert answers
    assert all(isinstance(answer, Refusal) for answer in answers)


def test_a_setting_that_nobody_knows_is_refused(wire: Wire) -> None:
    with pytest.raises(BadConfig, match="turbo"):
        wire.adapter(turbo=True)


# --- the answer to a submit -------------------------------------------------------------------------------------------


def test_an_accepted_job_has_a_ticket_that_survives_being_written_down(wire: Wire) -> None:
    outcome = of_answer(reply(wire.file("accepted")), wire.adapter())

    assert isinstance(outcome, Accepted)
    assert outcome.ticket.id
    assert Ticket(**json.loads(json.dumps(asdict(outcome.ticket)))) == outcome.ticket


@pytest.mark.parametrize("answer", [empty(200), page(200), httpx.Response(200), httpx.Response(200, json=["job"])])
def test_a_submit_answered_without_a_ticket_may_have_been_accepted(wire: Wire, answer: httpx.Response) -> None:
    with pytest.raises(BadReply):
        wire.adapter().accepted(answer)
    assert isinstance(of_answer(answer, wire.adapter()), Doubtful)


@pytest.mark.parametrize("status", sorted(REJECTED))
@pytest.mark.parametrize("answer", [empty, page])
def test_a_submit_that_was_turned_down_was_not_accepted(wire: Wire, status: int, answer: Any) -> None:
    assert isinstance(of_answer(answer(status), wire.adapter()), Rejected)


@pytest.mark.parametrize("status", [301, 302, 307, 408, 409, 418, 425, 499, 500, 501, 502, 503, 504, 520, 529])
@pytest.mark.parametrize("answer", [empty, page])
def test_a_submit_that_met_anything_else_is_never_sent_again(wire: Wire, status: int, answer: Any) -> None:
    assert isinstance(of_answer(answer(status), wire.adapter()), Doubtful)


@pytest.mark.parametrize(("headers", "wait"), [({"retry-after": "7"}, 7), ({}, None), ({"retry-after": "soon"}, None)])
def test_a_submit_that_came_too_fast_may_be_sent_again_after_the_wait(
    wire: Wire, headers: dict[str, str], wait: float | None
) -> None:
    outcome = of_answer(empty(429, **headers), wire.adapter())

    assert isinstance(outcome, Again)
    assert isinstance(outcome.error, RateLimited)
    assert outcome.error.retry_after == wait


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_turned_down_at_the_submit_is_the_operators_to_mend(wire: Wire, status: int) -> None:
    with pytest.raises(NotAuthorized):
        wire.adapter().accepted(empty(status))


# --- the answer to a poll ---------------------------------------------------------------------------------------------


async def test_a_job_that_is_not_done_is_pending(wire: Wire) -> None:
    answer = await wire.adapter().poll(wire.api("pending"), wire.ticket)

    assert isinstance(answer, Pending)
    assert answer.unknown is None


@pytest.mark.parametrize("wire", [each for each in WIRES.values() if each.word], ids=lambda each: each.name)
async def test_a_status_that_nobody_knows_is_waited_for_and_remembered(wire: Wire) -> None:
    answer = await wire.adapter().poll(wire.api("strange"), wire.ticket)

    assert isinstance(answer, Pending)
    assert answer.unknown == wire.word


async def test_a_finished_job_is_ready_with_its_clips(wire: Wire) -> None:
    answer = await wire.adapter().poll(wire.api("done"), wire.ticket)

    assert isinstance(answer, Ready)
    assert answer.clips
    assert all((clip.url is None) != (clip.data is None) for clip in answer.clips)


async def test_a_clip_is_never_fetched_with_our_key_from_another_host(wire: Wire) -> None:
    api = wire.api("done", httpx.Response(200))
    answer = await wire.adapter().poll(api, wire.ticket)
    assert isinstance(answer, Ready)
    [clip] = answer.clips

    if clip.url is not None:
        await api.request("GET", clip.url, keyless=clip.signed)

    own = httpx.URL(api.base_url).host
    assert CanaryKey.secret in str(api.asked[0].headers.raw)
    assert not [each for each in api.asked if each.url.host != own and CanaryKey.secret in str(each.headers.raw)]


async def test_a_clip_that_moderation_held_back_is_refused(wire: Wire) -> None:
    with pytest.raises(Refused) as caught:
        await wire.adapter().poll(wire.api("refused_late"), wire.ticket)

    assert caught.value.hint


async def test_a_job_that_failed_late_ends_with_a_reason(wire: Wire) -> None:
    with pytest.raises(JobFailed) as caught:
        await wire.adapter().poll(wire.api("failed_late"), wire.ticket)

    assert caught.value.message
    assert caught.value.kind in ("vendor", "invalid")


async def test_a_job_that_the_vendor_does_not_know_is_lost(wire: Wire) -> None:
    with pytest.raises(JobLost):
        await wire.adapter().poll(wire.api("gone"), wire.ticket)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_turned_down_at_a_poll_does_not_end_the_job(wire: Wire, status: int) -> None:
    with pytest.raises(NotAuthorized):
        await wire.adapter().poll(wire.api(empty(status)), wire.ticket)


async def test_a_poll_that_came_too_fast_keeps_the_vendors_wait(wire: Wire) -> None:
    with pytest.raises(RateLimited) as caught:
        await wire.adapter().poll(wire.api(empty(429, **{"retry-after": "7"})), wire.ticket)

    assert caught.value.retry_after == 7


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("answer", [empty, page])
async def test_a_vendor_that_is_down_is_asked_again(wire: Wire, status: int, answer: Any) -> None:
    with pytest.raises(Unavailable):
        await wire.adapter().poll(wire.api(answer(status)), wire.ticket)


@pytest.mark.parametrize("answer", [page(200), httpx.Response(200), httpx.Response(200, json=["job"])])
async def test_an_answer_that_nobody_can_read_is_a_bad_reply(wire: Wire, answer: httpx.Response) -> None:
    with pytest.raises(BadReply):
        await wire.adapter().poll(wire.api(answer), wire.ticket)


async def test_a_poll_asks_once(wire: Wire) -> None:
    api = wire.api("pending")

    await wire.adapter().poll(api, wire.ticket)

    assert len(api.asked) == 1


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.test/jobs/1", "http://{host}/jobs/1", "https://{host}:8443/jobs/1"]
)
async def test_a_poll_that_is_sent_elsewhere_goes_there_without_our_key(wire: Wire, elsewhere: str) -> None:
    own = httpx.URL(wire.api().base_url)
    location = elsewhere.format(host=own.host)
    api = wire.api(httpx.Response(302, headers={"location": location}), "pending")

    with suppress(VideoError):  # a wire that polls by POST follows nothing
        await wire.adapter().poll(api, wire.ticket)

    assert CanaryKey.secret in str(api.asked[0].headers.raw)
    assert not [each for each in api.asked[1:] if CanaryKey.secret in str(each.headers.raw)]


# --- answers with anything in the place of anything -------------------------------------------------------------------

ANYTHING: tuple[Any, ...] = (
    None,
    "",
    "?",
    "gs://",
    -1,
    0,
    3,
    1e308,
    float("nan"),
    True,
    False,
    [],
    ["?"],
    {},
    {"?": "?"},
)


def spoilt(value: Any) -> Iterator[Any]:
    """The value with each of its parts, one at a time, replaced by anything, or missing."""
    yield from ANYTHING
    inside: list[Any] = [*value] if isinstance(value, dict) else [*range(len(value))] if isinstance(value, list) else []
    for place in inside:
        for part in spoilt(value[place]):
            copy = deepcopy(value)
            copy[place] = part
            yield copy
        copy = deepcopy(value)
        del copy[place]
        yield copy


def recorded(wire: Wire) -> list[tuple[str, httpx.Response]]:
    """Every JSON reply of the vendor that stands in the folder, by file."""
    names = [f"{wire.name}/{path.stem}" for path in sorted(Path(REPLIES / wire.name).glob("*.yaml"))]
    return [(name, answer) for name in names if (answer := reply(name)).content.startswith(b"{")]


class Spoilt(Api):
    """The vendor, giving one spoilt answer over and over, until the next one is put in its place."""

    def __init__(self, wire: Wire) -> None:
        self.answer, self.asked = empty(200), 0
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        super().__init__(client, wire.api().base_url, CanaryKey())
        self._wire = wire

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        assert self.asked < 200, "it goes on asking"
        return self.fresh()

    def fresh(self) -> httpx.Response:
        headers = {name: value for name, value in self.answer.headers.items() if name != "content-length"}
        return httpx.Response(self.answer.status_code, headers=headers, content=self.answer.content)

    def spoil(self) -> Iterator[str]:
        """Each spoilt answer in turn, described."""
        for name, answer in recorded(self._wire):
            for body in spoilt(json.loads(answer.content)):
                content = json.dumps(body).encode()
                self.asked = 0
                self.answer = httpx.Response(answer.status_code, headers=answer.headers, content=content)
                yield f"{name}: {content!r}"


async def test_a_poll_takes_anything_for_an_answer_or_an_error_of_ours(wire: Wire) -> None:
    adapter, ticket, vendor, tripped = wire.adapter(), wire.ticket, Spoilt(wire), []

    for what in vendor.spoil():
        try:
            await adapter.poll(vendor, ticket)
        except VideoError:
            pass
        except Exception as error:
            tripped.append(f"{what}: {error!r}")

    assert tripped == []


def test_a_submit_takes_anything_for_an_outcome_and_tries_again_only_where_that_is_safe(wire: Wire) -> None:
    adapter, vendor, tripped, unsafe = wire.adapter(), Spoilt(wire), [], []

    for what in vendor.spoil():
        try:
            adapter.accepted(vendor.fresh())
        except VideoError:
            pass
        except Exception as error:
            tripped.append(f"{what}: {error!r}")
        outcome = of_answer(vendor.fresh(), adapter)
        if isinstance(outcome, Again) and vendor.answer.status_code != 429:
            unsafe.append(what)

    assert (tripped, unsafe) == ([], [])


async def test_a_lookup_takes_anything_for_a_list_or_an_error_of_ours(wire: Wire) -> None:
    adapter, fingerprint, vendor, tripped = wire.adapter(), (await wire.submission()).fingerprint, Spoilt(wire), []
    now = datetime(2026, 8, 1, tzinfo=UTC)

    for what in vendor.spoil():
        try:
            await adapter.find(vendor, fingerprint, now - timedelta(hours=1), now)
        except VideoError:
            pass
        except Exception as error:
            tripped.append(f"{what}: {error!r}")

    assert tripped == []


# --- the table itself -------------------------------------------------------------------------------------------------


def test_every_wire_that_we_speak_is_held_to_all_of_this() -> None:
    assert WIRES.keys() == PROVIDERS.keys()
    assert all(name == adapter.wire for name, adapter in PROVIDERS.items())


@pytest.mark.parametrize("path", sorted(REPLIES.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_reply_says_where_it_comes_from(path: Path) -> None:
    origin = path.read_text().partition("\n")[0].removeprefix("from: ").strip("'\"")

    assert origin.startswith(("recorded", "documented", "read in", "made up", "the error was recorded"))


async def test_what_a_wire_cannot_look_up_or_cancel_is_not_asked_of_it(wire: Wire) -> None:
    adapter, api = wire.adapter(), wire.api()

    if not adapter.listable:
        now = datetime(2026, 8, 1, tzinfo=UTC)
        assert await adapter.find(api, (await wire.submission()).fingerprint, now, now) == []

    assert api.asked == []


SPOKEN = [
    (endpoint, mode)
    for card in CONFIG.cards.values()
    for endpoint in card.endpoints
    for mode in Mode
    if CONFIG.providers[endpoint.provider].wire in PROVIDERS and any(mode in offer.modes for offer in endpoint.offers)
]
INPUTS: dict[Mode, dict[str, Any]] = {
    Mode.TEXT: {},
    Mode.IMAGE: {"image": STILL},
    Mode.FIRST_LAST: {"image": STILL, "last_image": STILL},
    Mode.REFERENCES: {"reference_images": [STILL]},
    Mode.EXTEND: {"extend": "gs://bucket/fox.mp4"},
}


@pytest.mark.parametrize(("endpoint", "mode"), SPOKEN, ids=[f"{endpoint.id} – {mode}" for endpoint, mode in SPOKEN])
async def test_what_a_shipped_card_offers_on_a_wire_that_we_speak_can_be_put_into_words(
    endpoint: Endpoint, mode: Mode
) -> None:
    environ = {"GOOGLE_CLOUD_PROJECT": "p", "AZURE_OPENAI_RESOURCE": "fox"}
    entry = CONFIG.providers[endpoint.provider]
    adapter = PROVIDERS[entry.wire](access(entry, environ).settings)
    made = plan(VideoRequest(prompt=FOX, **INPUTS[mode]), endpoint, day=SUMMER, unpriced=True)
    assert isinstance(made, Plan), made.reasons

    submission = adapter.submission(await adapter.prepare(Replay(), made, 1))

    assert FOX.encode() in submission.body
    assert endpoint.wire_names[mode] in f"{submission.path} {submission.body!r}"
