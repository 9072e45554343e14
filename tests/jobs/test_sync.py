"""`generate_sync`, for scripts and notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from rushes import Rushes
from rushes.errors import Unsupported


def test_a_script_makes_a_clip_without_knowing_of_async(tmp_path: Path) -> None:
    take = Rushes.open(home=tmp_path, simulate=True).generate_sync("a red kite", model="openai/sora-2", seconds=4)

    assert take.path.stat().st_size > 0
    assert take.delivered["seconds"] == pytest.approx(4, abs=0.1)


async def test_a_notebook_whose_loop_runs_already_can_use_it_too(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="cannot make this"):
        Rushes.open(home=tmp_path, simulate=True).generate_sync("a red kite", model="openai/sora-2", seconds=3)
