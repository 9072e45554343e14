"""`rushes simulate`: the vendors' wires on a port of this machine."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from cyclopts import Parameter

from rushes.cli.options import MANY, WORLD, Place

HERE = Parameter(group=WORLD)


def simulate(
    *,
    port: Annotated[int, HERE] = 0,
    time_scale: Annotated[float, HERE] = 60,
    as_of: Annotated[date | None, HERE] = None,
    seed: Annotated[int, HERE] = 0,
    fault: Annotated[tuple[str, ...], MANY, HERE] = (),
    place: Place = Place(),
) -> int:
    """Serve the vendors' wires on 127.0.0.1 until Ctrl-C; prints each one's base URL once it is ready.

    Any key is taken and nothing costs money. A world goes on where it stood when it was served last.

    Parameters
    ----------
    port
        Where to listen; 0 takes any free port.
    time_scale
        How many times faster than ours the world's time runs.
    as_of
        The day on which the world begins (YYYY-MM-DD); 2026-08-01 where none is given. Each day has a world of its own.
    seed
        What chance starts from in a new world; an old one keeps its own.
    fault
        A fault that strikes once, such as drop_after_accept; may be repeated.
    """
    from rushes.app import SIMULATED_DAY, Rushes
    from rushes.card import shipped_configs
    from rushes.simulated import serve_simulator

    # Reads the cards once, so that a broken one is told before anything is served.
    rushes = Rushes.open(home=place.home, config=place.config)
    folders = [shipped_configs() / "models", *([place.config / "models"] if place.config else [])]
    serve_simulator(
        rushes.home,
        as_of or SIMULATED_DAY,
        port=port,
        time_scale=time_scale,
        seed=seed,
        faults=fault,
        json=place.json,
        card_folders=folders,
    )
    return 0
