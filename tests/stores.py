"""Stores by address: a file for SQLite, a URL for PostgreSQL; opened again, they are what they were."""

from __future__ import annotations

from typing import TypeAlias

from gatepass.storage import SqliteStore
from gatepass.storage.postgres import PostgresStore

LastingStore: TypeAlias = SqliteStore | PostgresStore


async def open_at(address: str) -> LastingStore:
    if address.startswith("postgresql:"):
        return await PostgresStore.open(address)
    return SqliteStore.open(address)
