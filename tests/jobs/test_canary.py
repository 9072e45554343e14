"""Real connections that are cut, slowed and sent elsewhere: no key in any log, file, error or foreign host."""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml

from rushes import Rushes
from rushes.card import load_cards
from rushes.config import Limits
from rushes.jobs.machine import Event
from rushes.ledger import State
from rushes.simulator.app import simulator
from rushes.simulator.clock import ScaledClock
from rushes.simulator.limits import NO_LIMITS
from rushes.simulator.world import World

#: Seconds of the world in one of ours.
SCALE = 600
KEYS = {"OPENAI": "canary-openai-4f1b", "VERTEX": "canary-vertex-9c2d", "DASHSCOPE": "canary-dashscope-7e3a"}
ASKED: dict[str, dict[str, Any]] = {
    "openai/sora-2": {"seconds": 4},
    "vertex/veo-3.1": {"seconds": 4, "audio": False},
    "dashscope-intl/wan-2.5": {"seconds": 5, "resolution": "480p"},
}
#: Nothing can be adopted from a world in which it is another day.
ENDS = {
    "drop_before_accept": State.UNCLEAR,
    "drop_after_accept": State.UNCLEAR,
    "cut_answer": State.UNCLEAR,
    "error_500_after_accept": State.UNCLEAR,
    "slow_answer": State.SUCCEEDED,
    "moderated_at_once": State.FAILED,
    "late_failure": State.FAILED,
    "lost": State.LOST,
    "poll_cut": State.SUCCEEDED,
    "poll_500": State.SUCCEEDED,
    "link_404_once": State.SUCCEEDED,
    "slow_body": State.SUCCEEDED,
    "redirect_to_foreign_host": State.SUCCEEDED,
    "truncated_file": State.FAILED,
    "not_a_video": State.FAILED,
    "rate_limited": State.SUCCEEDED,
}


@dataclass
class Port:
    world: World
    root: str

    def config(self, folder: Path) -> Path:
        """A config folder of a user's own that leads here."""
        common = {"auth": "bearer", "poll_seconds": 0.05, "concurrency": 50}
        entries = {
            "openai": ("openai", "/openai/v1", {}),
            "vertex": ("vertex", "/vertex/v1", {"project": "p", "storage_base_url": f"{self.root}/vertex"}),
            "dashscope-intl": ("dashscope", "/dashscope/api/v1", {}),
        }
        providers = {
            name: common
            | {"name": name, "wire": wire, "base_url": self.root + path, "settings": settings}
            | {"key_variables": [f"{wire.upper()}_CANARY"]}
            for name, (wire, path, settings) in entries.items()
        }
        folder.mkdir()
        (folder / "providers.yaml").write_text(yaml.safe_dump(providers))
        return folder


@pytest.fixture
def port(tmp_path: Path, quick_films: None) -> Iterator[Port]:
    """The simulator on a port, in a thread of its own, in a hurry."""
    listener = socket.create_server(("127.0.0.1", 0))
    (tmp_path / "world").mkdir()
    clock = ScaledClock(datetime(2026, 8, 1, tzinfo=UTC), SCALE)
    world = World(tmp_path / "world", clock, cards=load_cards(), limits=NO_LIMITS)
    config = uvicorn.Config(simulator(world), http="h11", lifespan="off", log_level="critical", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    yield Port(world, f"http://127.0.0.1:{listener.getsockname()[1]}")
    server.should_exit = True
    thread.join()
    world.close()
    listener.close()


async def test_no_key_is_anywhere_but_at_its_vendor(
    port: Port, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    for name, shorter in (("GRACE", 1.0), ("FETCHES", 2), ("LOOKS", 1)):
        monkeypatch.setattr(f"rushes.jobs.machine.{name}", shorter)
    home, events = tmp_path / "home", list[Event]()
    environ = {f"{name}_CANARY": key for name, key in KEYS.items()}
    limits = Limits(guard=0.5, submit_timeout=3, settle=0, deadline=20)

    async with Rushes.open(
        home=home, config=port.config(tmp_path / "config"), environ=environ, limits=limits, as_of=date(2026, 8, 1),
        on_event=events.append,
    ) as rushes:  # fmt: skip
        results = await asyncio.gather(
            *(
                rushes.generate_all(f"a kite [simulate: {fault}]", endpoint=endpoint, label=fault, **asked)
                for endpoint, asked in ASKED.items()
                for fault in ENDS
            )
        )
        jobs = await rushes.jobs()
        faults = {job.id: (await rushes.orders_of(job.id))[0].label for job in jobs}

    # everything came to its end, and nothing was made twice
    found = {(job.endpoint, faults[job.id]): (job.state, job.reason) for job in jobs}
    wanted = {(endpoint, fault): state for endpoint in ASKED for fault, state in ENDS.items()}
    assert {key: state for key, (state, _) in found.items()} == wanted, found
    made = Counter((job["wire"], job["prompt"]) for job in port.world.truth()["jobs"])
    assert max(made.values()) == 1
    assert sum(made.values()) == 3 * len(
        [fault for fault in ENDS if fault not in ("drop_before_accept", "moderated_at_once")]
    )

    # what the vendor's answers said is stamped
    accepted = [job for job in jobs if job.accepted is not None]
    assert accepted
    assert {(job.simulated, job.time_scale) for job in accepted} == {(True, SCALE)}

    # and the keys went nowhere else
    visits = port.world.visits()
    assert {visit["host"] for visit in visits} == {"files", "foreign"}
    assert [visit for visit in visits if "(sent)" in visit["headers"].values()] == []
    written = [path for folder in (home, port.world.folder) for path in folder.rglob("*") if path.is_file()]
    assert home / "ledger.sqlite" in written
    said = [record.getMessage() + str(record.args) for record in caplog.records]
    for key in KEYS.values():
        assert [text for text in said if key in text] == []
        assert key not in repr(results) + repr(events) + repr(visits)
        assert [path for path in written if key.encode() in path.read_bytes()] == []


async def test_a_key_that_is_turned_down_is_not_repeated_in_the_error(
    port: Port, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = "bad-canary-1d5e"  # the simulated vendors turn such keys down
    environ = {f"{name}_CANARY": key for name in KEYS}

    async with Rushes.open(
        home=tmp_path / "home", config=port.config(tmp_path / "config"), environ=environ, as_of=date(2026, 8, 1)
    ) as rushes:
        results = [
            error
            for endpoint, asked in ASKED.items()
            for error in await rushes.generate_all("a kite", endpoint=endpoint, **asked)
        ]
        jobs = await rushes.jobs()

    assert {(job.state, job.kind, job.settled) for job in jobs} == {(State.FAILED, "access", 0)}
    assert key not in repr(results) + "".join(map(str, results)) + repr(jobs) + caplog.text
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert [path for path in files if key.encode() in path.read_bytes()] == []


async def test_a_server_that_is_not_there_is_told_without_its_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    caplog.set_level(logging.DEBUG)
    environ = {"OPENAI_BASE_URL": f"http://127.0.0.1:{closed}/v1", "OPENAI_API_KEY": KEYS["OPENAI"]}

    limits = Limits(patience=1)
    opened = Rushes.open(home=tmp_path / "home", environ=environ, as_of=date(2026, 8, 1), limits=limits)
    async with opened as rushes:
        [result] = await rushes.generate_all("a kite", endpoint="openai/sora-2", seconds=4)
        [job] = await rushes.jobs()

    assert (job.state, job.kind, job.settled) == (State.FAILED, "not sent", 0)
    assert "no connection: ConnectError" in str(result)
    assert KEYS["OPENAI"] not in str(result) + caplog.text
    shutil.rmtree(tmp_path / "home")
