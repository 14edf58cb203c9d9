"""The store on SQLite: reads on the event loop's own connection, writes through the one writer.

A read by primary key takes microseconds, less than handing it to a thread; a write waits for the disk, so it
is handed over.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gatepass.auth import Feed, Place, StorageUnavailable, finding
from gatepass.storage import rows
from gatepass.storage.growth import Growth
from gatepass.storage.sqlite import lookups as sql
from gatepass.storage.sqlite.checkpointer import LOG, Checkpointer
from gatepass.storage.sqlite.migrate import check_version, migrate, migrations
from gatepass.storage.sqlite.places import place
from gatepass.storage.sqlite.purging import PURGEABLE
from gatepass.storage.sqlite.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from gatepass.auth import (
        Change,
        Export,
        ImportRun,
        KeyRecord,
        Link,
        Mail,
        Purged,
        RecordedEvent,
        RefreshRecord,
        Revocation,
        Search,
        Session,
        User,
    )

WRITE_PATIENCE: Final = 5.0
"""Seconds that the writer waits for another process's transaction; it is a thread of its own, nobody else
stands still."""
READ_PATIENCE: Final = 0.25
"""Seconds that a read may hold up the event loop.

In WAL mode readers wait for nobody but a recovery after a crash.
"""

POLL: Final = 0.05
"""Seconds between two looks whether another process wrote into the feed, while somebody waits for it.

Measured: the look costs 3 µs and waking up for it some 200, at 20 a second 0.4 % of a core; nothing when
nobody waits. (`PRAGMA data_version` would cost the same and say less.)
"""

LOG_TRIES: Final = 10
"""To turn the write-ahead log on, while other processes do so: one of them gets through with each."""


class SqliteStore:
    """Everything that is kept, in one file. Open it with `open`; several processes may."""

    def __init__(
        self,
        reader: sqlite3.Connection,
        writer: sqlite3.Connection,
        third: sqlite3.Connection,
        *,
        schema: int,
    ) -> None:
        self.lookups = 0
        self.commits = 0
        self._schema = schema
        self._growth = Growth()
        self._reader = reader
        self._written = writer
        self._checkpointer = Checkpointer(third)
        self._writer = Writer(writer, patience=WRITE_PATIENCE, on_commit=self._count_commits)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open or create the file, and bring its schema up to date. Raises `StorageUnavailable`."""
        file, scripts = Path(path), migrations()
        try:
            _create(file)
            writer = _connect(file, patience=WRITE_PATIENCE)
            try:
                _keep_log(writer)
                writer.execute("PRAGMA synchronous = FULL")  # an acknowledged commit survives a power cut
                writer.execute(f"PRAGMA wal_autocheckpoint = {LOG:d}")
                migrate(writer, scripts)
                writer.execute("PRAGMA foreign_keys = ON")
                reader = _connect(file, patience=READ_PATIENCE)
                reader.execute("PRAGMA query_only = ON")
                third = _connect(file, patience=0)
                # The log begins anew only when the file is on the disk.
                third.execute("PRAGMA synchronous = FULL")
            except BaseException:
                writer.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise StorageUnavailable(f"cannot open {file.name}: {error}") from error
        return cls(reader, writer, third, schema=len(scripts))

    async def close(self) -> None:
        """Write everything that is waiting, then close; a second time does nothing."""
        await self._writer.close()
        await asyncio.to_thread(self._checkpointer.close)
        self._reader.close()

    # Writing

    async def commit(self, *changes: Change) -> None:
        """Write all or nothing; durable when it returns. Raises `Conflict`, `StorageUnavailable`."""
        await self._writer.commit(changes)
        self._growth.note(changes)

    def commit_later(self, *changes: Change) -> None:
        """Write soon, without anybody waiting; a failure is logged."""
        self._writer.commit_later(changes)

    def _count_commits(self, number: int) -> None:
        self.commits += number  # in the writer's thread, which is the only one that does
        self._checkpointer.note(self._written.total_changes)

    # Reading

    async def user_by_id(self, user_id: str) -> User | None:
        """Find a user by id."""
        row = self._one(sql.USER_BY_ID, (user_id,))
        return None if row is None else rows.user(row)

    async def user_by_email(self, email: str) -> User | None:
        """Find a user by normalised e-mail address."""
        row = self._one(sql.USER_BY_EMAIL, (email,))
        return None if row is None else rows.user(row)

    async def credentials_by_email(self, email: str) -> tuple[User, str | None] | None:
        """Find a user and the password hash by normalised e-mail address."""
        row = self._one(sql.CREDENTIALS, (email,))
        return None if row is None else rows.credentials(row)

    async def users_page(self, after: str | None, limit: int) -> list[User]:
        """List users by e-mail address, from behind `after`."""
        return [rows.user(row) for row in self._all(sql.USERS_PAGE, (after or "", limit))]

    async def find_users(self, search: Search, after: str | None, limit: int) -> list[Place]:
        """List the users that a search finds in its order, from behind a place in it, each once."""
        values = (search.text, search.text + finding.BEHIND, after or "", limit)
        return [Place(row[0], rows.user(row[1:])) for row in self._all(sql.FIND_USERS[search.by], values)]

    async def taken(self, names: Sequence[str]) -> frozenset[str]:
        """Say which of these normalised e-mail addresses and ids somebody has."""
        return frozenset(row[0] for row in self._all(sql.TAKEN, (json.dumps(names),)))

    async def roles(self) -> Mapping[str, frozenset[str]]:
        """Give every role with its permissions."""
        return {name: rows.names(text) for name, text in self._all(sql.ROLES, ())}

    async def users_with_role(self, role: str) -> list[User]:
        """List all who hold a role."""
        return [rows.user(row) for row in self._all(sql.USERS_WITH_ROLE, (role,))]

    async def session_by_hash(self, id_hash: bytes) -> tuple[Session, User] | None:
        """Find a session and its user by the hash of its id: one search by number for each."""
        row = self._one(sql.SESSION_BY_HASH, (place(id_hash), id_hash))
        return None if row is None else rows.session_and_user(row)

    async def session_by_sid(self, sid: str) -> tuple[Session, User] | None:
        """Find a session and its user by its public id."""
        row = self._one(sql.SESSION_BY_SID, (sid,))
        return None if row is None else rows.session_and_user(row)

    async def sessions_of(self, user_id: str, now: float, limit: int) -> list[Session]:
        """List a user's live sessions, newest first."""
        return [rows.session(row) for row in self._all(sql.SESSIONS_OF, (now, user_id, limit))]

    async def live_sessions(self, now: float, after: str | None, limit: int) -> list[tuple[Session, User]]:
        """List everybody's live sessions by sid, from behind the sid `after`."""
        found = self._all(sql.LIVE_SESSIONS, (now, after or "", limit))
        return [rows.session_and_user(row) for row in found]

    async def refresh_by_hash(self, token_hash: bytes) -> tuple[RefreshRecord, Session, User] | None:
        """Find a record, its session and its user by the hash of what is presented."""
        row = self._one(sql.REFRESH_BY_HASH, (place(token_hash), token_hash))
        if row is None:
            return None
        return rows.refresh(row), *rows.session_and_user(row[rows.REFRESH_WIDTH :])

    async def signing_keys(self) -> list[KeyRecord]:
        """List all keys, oldest first.

        Every process asks for them again and again, and to say whether it is ready: so each hears soon that
        a newer Gatepass has changed the file under it. Raises `StorageUnavailable`.
        """
        ((version,),) = self._read("PRAGMA user_version", ())
        check_version(version, newest=self._schema)
        return [rows.key(row) for row in self._all(sql.KEYS, ())]

    async def events_after(self, seq: int, limit: int) -> list[RecordedEvent]:
        """List events from behind a place in the log, in order."""
        return [rows.event(row) for row in self._all(sql.EVENTS_AFTER, (seq, limit))]

    async def event_export(self) -> Export:
        """Say how far the log was written out, and by whom."""
        return rows.export(self._read(sql.EVENT_EXPORT, ())[0])

    async def revocations_after(self, seq: int, limit: int) -> Feed:
        """Give the entries from behind a place, and where the feed stands: one statement, so one look."""
        found = self._read(sql.FEED, (seq, limit))
        log, floor, head = found[0][:3]
        return Feed(log, floor, head, [rows.revocation(row[3:]) for row in found if row[3] is not None])

    async def revocations_grew(self, head: int, within: float) -> bool:
        """Wait until the feed has grown, whoever wrote it."""
        return await self._growth.wait(lambda: self._head() > head, every=POLL, within=within)

    def _head(self) -> int:
        return int(self._read(sql.FEED_HEAD, ())[0][0])

    async def crowded_revocations(self, more_than: int, newest: int, limit: int) -> list[str]:
        """List users of whom the feed has more than so many single sessions."""
        return [row[0] for row in self._read(sql.CROWDED, (newest, more_than, limit))]

    async def orders_on(self, *, jti: str, client_id: str, kid: str) -> list[Revocation]:
        """List the entries of the feed that name one of the three, or every token."""
        return [rows.revocation(row).revocation for row in self._all(sql.ORDERS, (jti, client_id, kid))]

    async def session_and_orders(
        self, sid: str, *, jti: str, client_id: str, kid: str
    ) -> tuple[tuple[Session, User] | None, list[Revocation]]:
        """Find a session and its user, and the orders on a token of it: one statement."""
        found = self._all(sql.SESSION_AND_ORDERS, (jti, client_id, kid, sid))
        return rows.session_and_orders(found)

    async def attempt(self, key: str) -> float | None:
        """Give the number under a key."""
        row = self._one(sql.ATTEMPT, (key,))
        return None if row is None else float(row[0])

    async def link_by_hash(self, link_hash: bytes) -> tuple[Link, User] | None:
        """Find a link and its user by the hash of its secret."""
        row = self._one(sql.LINK_BY_HASH, (link_hash,))
        return None if row is None else rows.link_and_user(row)

    async def mails_due(self, now: float, limit: int) -> list[tuple[Mail, User | None]]:
        """List the mails that are to be tried now, with their users."""
        return [rows.mail_and_user(row) for row in self._read(sql.MAILS_DUE, (now, limit))]

    async def import_run(self, source: str) -> ImportRun | None:
        """Say how far the import of a file is."""
        found = self._read(sql.IMPORT, (source,))
        return rows.import_run(found[0]) if found else None

    async def purgeable(self, purged: Purged) -> bool:
        """Say whether `Purged` would find anything."""
        moments = (purged.answers_before, purged.now, purged.sessions_before, purged.events_before)
        row = self._one(PURGEABLE, moments)
        return row is not None and bool(row[0])

    def _one(self, statement: str, values: rows.Row) -> rows.Row | None:
        """Read one row at most; every statement that is read counts as one look-up."""
        self.lookups += 1
        try:
            row: rows.Row | None = self._reader.execute(statement, values).fetchone()
        except sqlite3.Error as error:
            raise StorageUnavailable(f"SQLite: {type(error).__name__}") from error
        return row

    def _all(self, statement: str, values: rows.Row) -> list[rows.Row]:
        self.lookups += 1
        return self._read(statement, values)

    def _read(self, statement: str, values: rows.Row) -> list[rows.Row]:
        try:
            # To the end: a statement that stands half-way would hold its view of the data, and the log with
            # it.
            return self._reader.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise StorageUnavailable(f"SQLite: {type(error).__name__}") from error


def _create(file: Path) -> None:
    """Create the file before SQLite does, for its owner alone: it holds password hashes.

    The files beside it take over the mode. A file that is there is not touched: to open and close it would
    drop every lock that this process holds on it through another connection (POSIX; "How To Corrupt An SQLite
    Database File" §2.2), and the next process to leave would take the write-ahead log away from under us.
    """
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600))


def _keep_log(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on, for good.

    Of several that do so to a new file at once, SQLite refuses all but one at once, whatever their patience:
    two that read and want to write would wait for each other. So each waits for a turn to write, and looks
    again; it is done by then, or nobody is in the way.
    """
    for left in reversed(range(LOG_TRIES)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not left or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        else:
            return


def _connect(file: Path, *, patience: float) -> sqlite3.Connection:
    return sqlite3.connect(
        file,
        timeout=patience,
        isolation_level=None,  # transactions are begun and ended by name, never by the driver
        check_same_thread=False,  # opened here, handed to the thread that then owns it
        cached_statements=256,
    )
