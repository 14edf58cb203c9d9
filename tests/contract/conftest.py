"""Every test of this folder is run against every adapter of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gatepass.storage import MemoryStore, SqliteStore
from gatepass.storage.postgres import PostgresStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gatepass.auth import Store


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store."""
    opened = await open_store(request, tmp_path)
    yield opened
    await opened.close()


async def open_store(
    request: pytest.FixtureRequest, tmp_path: Path
) -> MemoryStore | SqliteStore | PostgresStore:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "sqlite":
        return SqliteStore.open(tmp_path / "gatepass.db")
    return await PostgresStore.open(request.getfixturevalue("postgres_url"))
