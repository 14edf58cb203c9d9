"""Copy a snapshot into an empty PostgreSQL database: all in one transaction, compared before it commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
import psycopg

from gatepass.storage.handover.tables import SINGLES, TABLES, Tally
from gatepass.storage.postgres.migrate import migrate, migrations
from gatepass.storage.postgres.pool import connect, parameters, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.storage.handover.snapshot import Snapshot

    Connection = psycopg.AsyncConnection[Any]

# ruff: noqa: S608 - what is put into a statement's text are names of tables and columns, all of them ours

TOLD_EVERY: Final = 5_000
"""Rows between two words on how far it is."""
PIECE: Final = 5_000
"""Rows that are read back in one trip."""

# A copy takes as long as it takes; nobody else is on this database yet.
_UNHURRIED: Final = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL enable_seqscan = on",  # every table is read as a whole
)


class HandoverFailed(Exception):
    """The copy can't be made; nothing of it was written. The text carries no value and no address."""

    code: ClassVar[str] = "handover_failed"


class SourceGrew(HandoverFailed):
    """Somebody wrote into the source while it was copied: the copy is older than the source."""

    code = "source_grew"


class Copied(msgspec.Struct, frozen=True):
    """A table that is the same at both ends."""

    table: str
    rows: int
    checksum: str
    """Of all rows, in hex; the order doesn't matter."""


async def copy(
    snapshot: Snapshot, url: str, *, judge: Callable[[], None], tell: Callable[[int], None]
) -> list[Copied]:
    """Copy, read back and compare, then commit. `judge` may refuse at the last moment by raising; `tell` is
    told how many rows have been handled, each twice.

    Raises `HandoverFailed`, `StorageUnavailable`.
    """
    async with await connect(parameters(url)) as connection:
        try:
            await migrate(connection, migrations())
            async with connection.transaction():
                copied = await _copied(connection, snapshot, tell)
                judge()
            for table in (*TABLES, *SINGLES):
                await connection.execute(f"ANALYZE {table}".encode())
        except psycopg.Error as error:
            raise unavailable(error) from None
    return copied


async def _copied(connection: Connection, snapshot: Snapshot, tell: Callable[[int], None]) -> list[Copied]:
    for setting in _UNHURRIED:
        await connection.execute(setting.encode())
    names = ", ".join((*TABLES, *SINGLES, "event_log"))
    # Who starts Auth here too early waits, and finds everything.
    await connection.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE".encode())
    await _must_be_empty(connection)
    steps = _Steps(tell)
    sent = {table: await _send(connection, snapshot, table, steps) for table in TABLES}
    for table in SINGLES:
        await _set_single(connection, snapshot, table)
    # The log goes on behind the last line, as the place of the export and every reader expects.
    await connection.execute("UPDATE event_log SET head = coalesce((SELECT max(seq) FROM events), 0)")
    found = {table: await _tally(connection, table, steps) for table in TABLES}
    for table in TABLES:
        if (sent[table].rows, sent[table].checksum) != (found[table].rows, found[table].checksum):
            raise HandoverFailed(f"table {table} is another one at the other end; nothing was kept")
    return [Copied(table, tally.rows, tally.checksum) for table, tally in found.items()]


class _Steps:
    """Counts rows, and tells of it now and then."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._done = 0

    def step(self) -> None:
        self._done += 1
        if self._done % TOLD_EVERY == 0:
            self._tell(self._done)


async def _must_be_empty(connection: Connection) -> None:
    filled = [table for table in TABLES if await _one(connection, f"SELECT EXISTS (SELECT 1 FROM {table})")]
    if await _one(connection, "SELECT head <> 0 FROM feed"):
        filled.append("feed")
    if filled:
        raise HandoverFailed(
            f"the target is not empty (table {filled[0]}): take another database, or there"
            " DROP SCHEMA gatepass CASCADE"
        )


async def _send(connection: Connection, snapshot: Snapshot, table: str, steps: _Steps) -> Tally:
    tally = Tally()
    command = f"COPY {table} ({TABLES[table]}) FROM STDIN"
    try:
        async with connection.cursor().copy(command.encode()) as target:
            for row in snapshot.rows(table):
                tally.add(row)
                await target.write_row(row)
                steps.step()
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        # A text with a NUL, or a row that refers to none; its own words could hold a value.
        raise HandoverFailed(
            f"table {table} has a row that PostgreSQL refuses ({type(error).__name__});"
            " run: gatepass db check"
        ) from None
    return tally


async def _set_single(connection: Connection, snapshot: Snapshot, table: str) -> None:
    columns = SINGLES[table].split(", ")
    assigned = ", ".join(f"{column} = ${place}" for place, column in enumerate(columns, start=1))
    await connection.execute(f"UPDATE {table} SET {assigned}".encode(), snapshot.single(table))


async def _tally(connection: Connection, table: str, steps: _Steps) -> Tally:
    """Read a table back."""
    tally = Tally()
    async with psycopg.AsyncRawServerCursor(connection, "rows_back") as cursor:
        cursor.itersize = PIECE
        await cursor.execute(f"SELECT {TABLES[table]} FROM {table}".encode())
        async for row in cursor:
            tally.add(row)
            steps.step()
    return tally


async def _one(connection: Connection, statement: str) -> object:
    row = await (await connection.execute(statement.encode())).fetchone()
    return None if row is None else row[0]
