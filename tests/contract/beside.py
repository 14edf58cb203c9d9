"""Another process beside the store: a commit of it that is under way, and how to meet it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.contract.samples import DAY, NOW, digest, record

from gatepass.auth import (
    Change,
    EndReason,
    Event,
    EventKind,
    EventRecorded,
    FamiliesRevoked,
    RefreshRotated,
    SessionEnded,
    SessionTouched,
)
from gatepass.storage.postgres.plan import plan

if TYPE_CHECKING:
    import psycopg

    from gatepass.storage.postgres import PostgresStore

EVENT = EventRecorded(Event(NOW, EventKind.LOGGED_IN))
PATIENCE = 60  # seconds
ENDED = (SessionEnded("sid-one", NOW, EndReason.LOGGED_OUT), FamiliesRevoked("sid-one"))
ROTATED = (RefreshRotated(digest("token"), NOW, b"sealed", record("next")), EVENT)
TOUCHED = (ROTATED[0], SessionTouched("sid-one", NOW, NOW + 60, NOW + DAY), EVENT)


def begin(connection: psycopg.Connection[Any], *changes: Change) -> None:
    """Execute a commit up to its last act."""
    connection.execute("BEGIN")
    for step in plan(changes):
        cursor = connection.execute(step.statement.encode(), step.values)
        assert not step.expects or cursor.rowcount == 1


async def stands_in_line(database: psycopg.Connection[Any]) -> None:
    """Wait until somebody waits for a lock."""
    await stand_in_line(database, 1)


async def stand_in_line(database: psycopg.Connection[Any], many: int) -> None:
    """Wait until so many wait for a lock."""
    waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    await becomes_true(database, f"SELECT 1 {waiting} HAVING count(*) >= {many}")


async def becomes_true(database: psycopg.Connection[Any], question: str) -> None:
    """Ask until there is a row; the database tells nobody of its own accord."""
    async with asyncio.timeout(PATIENCE):
        while not database.execute(question.encode()).fetchall():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def against(
    store: PostgresStore,
    other: psycopg.Connection[Any],
    database: psycopg.Connection[Any],
    first: tuple[Change, ...],
    second: tuple[Change, ...],
) -> None:
    """Have the second commit meet the first one, which is under way. Raises what the second one does."""
    begin(other, *first)
    commit = asyncio.create_task(store.commit(*second))
    await stands_in_line(database)
    other.execute("COMMIT")
    await commit
