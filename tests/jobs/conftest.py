"""Simulated sessions for the tests of jobs: quick to open, with one film for all jobs, and the vendor's own books."""

from __future__ import annotations

import asyncio
import functools
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from rushes import Rushes, VideoError, app
from rushes.app import SIMULATED_DAY
from rushes.config import load_config
from rushes.ledger import Ledger
from rushes.simulator import film
from rushes.simulator.clock import VirtualClock
from rushes.simulator.world import World
from rushes.take import Take

OWN = {"where": "our own server, made up for tests", "read": "2026-11-22", "confidence": "high"}


def own_endpoint(provider: str, billing: str) -> dict[str, Any]:
    return {
        "provider": provider,
        "wire_names": "Wan-AI/Wan2.2-T2V-A14B-Diffusers",
        "lifecycle": {"stage": "ga", "source": "own"},
        "offers": [
            {
                "modes": ["text"],
                "seconds": [2],
                "sizes": {"480p": {"16:9": "832x480"}},
                "audio": [False],
                "source": "own",
            }
        ],
        "inputs": {},
        "prices": [{"since": "2026-01-01", "per_second": "0.01", "source": "own"}],
        "billing": {"failed": billing, "refused": billing, "source": "own"},
    }


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped configs, and a card of a user's own for two servers of theirs."""
    folder = tmp_path_factory.mktemp("config")
    card = {
        "id": "wan-2.2",
        "name": "Wan 2.2",
        "maker": "Alibaba",
        "defaults": {"seconds": 2, "resolution": "480p", "aspect_ratio": "16:9", "audio": False},
        "simulation": {"detail": 0.5, "steadiness": 0.5},
        "sources": {"own": OWN},
        "endpoints": [own_endpoint("vllm-omni", "free"), own_endpoint("sglang", "full")],
    }
    (folder / "models").mkdir()
    (folder / "models" / "wan-2.2.yaml").write_text(yaml.safe_dump(card))
    return folder


@pytest.fixture(scope="session")
def one_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "one-for-all.mp4"
    film.draw(
        path,
        film.Film(
            prompt="a kite", model="any", seconds=2, width=320, height=180, fps=24, sound=True, seed=1, detail=0.5,
            steadiness=0.5,
        ),
    )  # fmt: skip
    return path


@pytest.fixture
def quick_films(monkeypatch: pytest.MonkeyPatch, one_film: Path) -> None:
    """The vendor shows one film for every job, instead of drawing for seconds."""

    def copy(path: Path, wanted: film.Film) -> None:
        shutil.copyfile(one_film, path)

    monkeypatch.setattr(film, "draw", copy)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty ledger, for tests that do not care how it came to be."""
    folder = tmp_path_factory.mktemp("migrated")

    async def make() -> None:
        async with Ledger.open(folder):
            pass

    asyncio.run(make())
    return folder / "ledger.sqlite"


_read_once = functools.cache(load_config)


def takes_of(results: Sequence[Take | VideoError]) -> list[Take]:
    """Results that must all be takes."""
    takes = [result for result in results if isinstance(result, Take)]
    assert len(takes) == len(results), results
    return takes


@dataclass(frozen=True)
class Simulated:
    """A home folder, the sessions opened on it, and what the simulated vendors say of them afterwards."""

    home: Path
    config: Path

    def open(self, **settings: Any) -> Rushes:
        return Rushes.open(**({"simulate": True, "home": self.home, "config": self.config} | settings))

    def world(self) -> World:
        folder = self.home / "simulator" / SIMULATED_DAY.isoformat()
        return World(folder, VirtualClock(World.stored_time(folder) or datetime.now(UTC)), cards=_read_once().cards)

    def accepted(self) -> Sequence[Mapping[str, Any]]:
        """Every job that a vendor accepted."""
        with self.world() as world:
            return [*world.truth()["jobs"]]

    def visits(self) -> Sequence[Mapping[str, Any]]:
        """Every request to a host that is not a vendor's API, with its headers."""
        with self.world() as world:
            return world.visits()

    def files(self) -> list[Path]:
        """What lies in the folder of takes, hidden files too."""
        return [path for path in (self.home / "takes").rglob("*") if path.is_file()]


@pytest.fixture
def simulated(
    tmp_path: Path, config: Path, migrated: Path, quick_films: None, monkeypatch: pytest.MonkeyPatch
) -> Simulated:
    """Reading the shipped cards takes as long as a whole job, so they are read once for all sessions."""
    monkeypatch.setattr(app, "load_config", _read_once)
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(migrated, home / "ledger.sqlite")
    return Simulated(home, config)
