"""Simulated sessions, as the tests of jobs have them, and what stands between us and the simulated vendors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rushes import simulated as simulated_worlds
from rushes.simulated import InProcess
from rushes.simulator import film
from rushes.simulator.world import World
from tests.jobs.conftest import Simulated, config, migrated, one_film, quick_films, simulated
from tests.router.chains import Line, draw

__all__ = ["Simulated", "config", "fitting_films", "line", "migrated", "one_film", "quick_films", "simulated"]


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    """Every request to the simulated vendors goes through it."""
    line, through = Line(), InProcess.handle_async_request

    async def carried(self: InProcess, request: object) -> object:
        return await line.carry(request, lambda: through(self, request))  # type: ignore[arg-type]

    def opened(*args: Any, **kwargs: Any) -> World:
        world = open_world(*args, **kwargs)
        for fault in line.faults:
            world.faults.add(fault)
        return world

    open_world = simulated_worlds.open_world
    monkeypatch.setattr(simulated_worlds, "open_world", opened)
    monkeypatch.setattr(InProcess, "handle_async_request", carried)
    return line


@pytest.fixture
def fitting_films(quick_films: None, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The vendors' films have the length, size and sound that were ordered, and nothing to see."""
    folder = Path(tmp_path_factory.getbasetemp()) / "fitting"
    folder.mkdir(exist_ok=True)
    monkeypatch.setattr(film, "draw", lambda path, wanted: draw(folder, path, wanted))
