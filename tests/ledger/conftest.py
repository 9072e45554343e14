"""A ledger in a fresh home."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rushes.ledger import Ledger


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with Ledger.open(tmp_path / "home") as ledger:
        yield ledger
