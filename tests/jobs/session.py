"""One process's jobs against a vendor that answers by script, in time that jumps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from rushes.card import Endpoint, load_cards
from rushes.config import Limits, load_config
from rushes.errors import NotAuthorized
from rushes.http import Api, Auth, httpx
from rushes.jobs.driver import EmbeddedDriver
from rushes.jobs.health import Health
from rushes.jobs.link import Link
from rushes.jobs.machine import Event, Machine, settings_of
from rushes.jobs.orders import intent, order
from rushes.jobs.pace import Pace
from rushes.jobs.polling import Expectation, expected
from rushes.jobs.slots import Slots
from rushes.ledger import Caps, Job, Ledger
from rushes.plan import Plan, plan
from rushes.providers import PROVIDERS
from rushes.providers.base import Prepared
from rushes.request import VideoRequest
from rushes.simulator.clock import VirtualClock

START = datetime(2026, 8, 1, tzinfo=UTC)
BASE_URL = "https://vendor.test/v1"
CARDS, CONFIG = load_cards(), load_config()

#: What a vendor does with a request: an answer, or how the connection fails.
Reply = httpx.Response | Exception


@dataclass(frozen=True)
class Key:
    async def headers(self) -> dict[str, str]:
        return {"authorization": "Bearer sk-any"}


def video(status: str = "in_progress", **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"id": "video_1", "object": "video", "status": status, "progress": 50} | more)


def trouble(status: int, code: str | None = None, **headers: str) -> httpx.Response:
    error = {"error": {"message": f"trouble {status}", "code": code}}
    return httpx.Response(status, json=error, headers={name.replace("_", "-"): text for name, text in headers.items()})


class Vendor:
    """OpenAI's wire: each kind of request takes its replies in turn, the last one again and again."""

    def __init__(
        self,
        submits: Iterable[Reply] = (),
        *,
        polls: Iterable[Reply] = (),
        files: Iterable[Reply] = (),
        lists: Iterable[Sequence[dict[str, Any]] | Reply] = (),
    ) -> None:
        self.clock = VirtualClock(START)
        self.posts: list[tuple[float, httpx.Request]] = []
        self.asked: list[tuple[float, httpx.Request]] = []
        self._submits, self._polls, self._files = [*submits], [*polls], [*files]
        self._lists = [*lists]
        #: Set to hold every submit back until it is set again.
        self.open = asyncio.Event()
        self.open.set()
        #: Set once a submit has come.
        self.reached = asyncio.Event()

    @property
    def waits(self) -> list[float]:
        """Seconds between one submit and the next."""
        times = [at for at, _ in self.posts]
        return [later - earlier for earlier, later in pairwise(times)]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.posts.append((self.clock.monotonic(), request))
            self.reached.set()
            await self.open.wait()
            return self._next(self._submits)
        self.asked.append((self.clock.monotonic(), request))
        path = request.url.path.removeprefix("/v1")
        if path == "/videos":
            listed = self._lists[0] if len(self._lists) == 1 else self._lists.pop(0)
            if isinstance(listed, httpx.Response | Exception):
                return self._next([listed])
            return httpx.Response(200, json={"object": "list", "data": [*listed], "has_more": False})
        return self._next(self._files if path.endswith("/content") else self._polls)

    def _next(self, replies: list[Any]) -> httpx.Response:
        assert replies, "the vendor was asked something that nobody expected"
        reply = replies[0] if len(replies) == 1 else replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    def listed(self, created: float, **more: Any) -> dict[str, Any]:
        """A job as the vendor's list shows it, made `created` seconds after the start."""
        job = {
            "id": "video_7",
            "object": "video",
            "status": "in_progress",
            "model": "sora-2",
            "prompt": "a kite",
            "seconds": "4",
            "size": "1280x720",
            "created_at": int(START.timestamp() + created),
        }
        return job | more


@dataclass
class Session:
    """The ledger, machine and driver of one process."""

    ledger: Ledger
    machine: Machine
    driver: EmbeddedDriver
    vendor: Vendor
    endpoint: Endpoint
    link: Link
    events: list[Event]

    async def order(self, prompt: str = "a kite", *, count: int = 1, **changes: Any) -> Job:
        """A job written down and not driven yet."""
        await self.driver.start()
        planned = self.plan(prompt)
        submission = self.link.adapter.submission(Prepared(planned, count))
        now = self.vendor.clock.now()
        orders = [order(planned.request, now, simulated=False, run=None, label=None, route=None) for _ in range(count)]
        wanted = intent(
            planned, submission, orders, self.link, now, runner=self.ledger.runner, simulated=False, max_usd=None,
            caps=Caps(),
        )  # fmt: skip
        wanted = replace(wanted, job=replace(wanted.job, **changes))
        await self.ledger.intend(wanted)
        return wanted.job

    async def run(self, prompt: str = "a kite", **changes: Any) -> Job:
        """A job driven until it has ended or stands still."""
        return await self.driver.wait(await self.order(prompt, **changes))

    async def stepped(self, job: Job) -> Job:
        """The job after one more step."""
        with self.vendor.clock.working():
            return (await self.machine.step(job.id)).job

    async def fresh(self, job: Job) -> Job:
        found = await self.ledger.job(job.id)
        assert found is not None
        return found

    def plan(self, prompt: str) -> Plan:
        request = VideoRequest(prompt=prompt, seconds=4)
        planned = plan(request, self.endpoint, day=date(2026, 8, 1))
        assert isinstance(planned, Plan)
        return planned


@asynccontextmanager
async def session(
    home: Path,
    vendor: Vendor,
    *,
    endpoint: str = "openai/sora-2",
    limits: Limits | None = None,
    auth: Auth | None = None,
    has_key: Callable[[], bool] = lambda: True,
) -> AsyncIterator[Session]:
    limits = limits or Limits()
    events: list[Event] = []
    provider, _, model = endpoint.partition("/")
    [found] = [each for each in CARDS[model].endpoints if each.provider == provider]
    entry = CONFIG.providers[provider]
    settings = dict(entry.settings) | ({"project": "p"} if provider == "vertex" else {})
    async with Ledger.open(home) as ledger, httpx.AsyncClient(transport=httpx.MockTransport(vendor)) as client:
        key = auth or Key()
        link = Link(found, entry, PROVIDERS[entry.wire](settings), Api(client, BASE_URL, key), client, key)

        def links(job: Job) -> Link:
            if not has_key():
                raise NotAuthorized("no key is set")
            return link

        def forecast(job: Job) -> Expectation | None:
            return expected(found, settings_of(job).seconds)

        health = Health(vendor.clock)
        machine = Machine(ledger, links, vendor.clock, limits, forecast=forecast, health=health, on_event=events.append)
        slots = Slots(lambda account: entry.concurrency)
        pace = Pace(vendor.clock, lambda door: entry.submits_per_minute)
        driver = EmbeddedDriver(machine, ledger, vendor.clock, slots, pace, stale=limits.stale)
        try:
            yield Session(ledger, machine, driver, vendor, found, link, events)
        finally:
            await driver.aclose()


def body_of(request: httpx.Request) -> str:
    return request.content.decode()


def json_of(request: httpx.Request) -> Any:
    return json.loads(request.content)
