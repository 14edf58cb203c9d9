"""Stores by address: a file for SQLite, a URL for PostgreSQL; opened again, they are what they were."""

from __future__ import annotations

import asyncio
from typing import TypeAlias

from gatepass.storage import MemoryStore, SqliteStore
from gatepass.storage.postgres import PostgresStore

LastingStore: TypeAlias = SqliteStore | PostgresStore


async def open_at(address: str) -> LastingStore:
    if address.startswith("postgresql:"):
        return await PostgresStore.open(address)
    return SqliteStore.open(address)


async def notes_written(store: MemoryStore | LastingStore) -> None:
    """Wait until what nobody waited for (`commit_later`) is in."""
    if isinstance(store, PostgresStore):
        await asyncio.gather(*store._notes)
    else:
        await store.commit()  # nothing, behind all others
