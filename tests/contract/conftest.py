"""Every test of this folder is run against every adapter of the store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.stores import open_at

from gatepass.storage import MemoryStore
from gatepass.storage.postgres import deadline, pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from gatepass.auth import Store


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is slow is no storage that is gone, nor one that hangs."""
    monkeypatch.setattr(pool, "PATIENCE", 60.0)
    monkeypatch.setattr(pool, "RECONNECTING", 60.0)
    monkeypatch.setitem(pool._PARAMETERS, "connect_timeout", "60")
    monkeypatch.setattr(pool, "_SET_UP", re.sub(r"(timeout', )'\d+'", r"\1'60000'", pool._SET_UP))
    monkeypatch.setattr(deadline, "SILENCE", 90.0)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store."""
    memory = request.param == "memory"
    opened = MemoryStore() if memory else await open_at(where(request, tmp_path))
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database that outlives a process."""
    return where(request, tmp_path)


def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "gatepass.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def database(postgres_url: str, postgres_database: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """A connection beside those of the store, after the database was emptied."""
    return postgres_database


@pytest.fixture
def other(postgres_url: str) -> Iterator[psycopg.Connection[Any]]:
    """Another process's connection."""
    options = "-c search_path=gatepass"
    with psycopg.connect(
        postgres_url, autocommit=True, options=options, cursor_factory=psycopg.RawCursor
    ) as connection:
        yield connection
