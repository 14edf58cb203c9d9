"""Every test of this folder is run against every adapter of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gatepass.storage import MemoryStore, SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gatepass.auth import Store


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store."""
    opened: MemoryStore | SqliteStore = (
        MemoryStore() if request.param == "memory" else SqliteStore.open(tmp_path / "gatepass.db")
    )
    yield opened
    await opened.close()
