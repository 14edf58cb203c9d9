"""The store on PostgreSQL: all state is in the database, any number of processes stand before it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from gatepass.auth import AuthError, Conflict, Feed, Place, StorageUnavailable, finding
from gatepass.storage import rows
from gatepass.storage.postgres import lookups as sql
from gatepass.storage.postgres import statements
from gatepass.storage.postgres.deadline import Deadline, ServerSilent
from gatepass.storage.postgres.line import Skipped
from gatepass.storage.postgres.lines import Lines
from gatepass.storage.postgres.listener import Listener
from gatepass.storage.postgres.migrate import migrate, migrations
from gatepass.storage.postgres.plan import plan
from gatepass.storage.postgres.pool import connect, make_pool, parameters, unavailable
from gatepass.storage.postgres.pooler import refuse_changing
from gatepass.storage.postgres.transaction import execute

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
    from gatepass.storage.postgres.pool import Pool
    from gatepass.storage.postgres.steps import Step

_log = logging.getLogger(__name__)

TRIES: Final = 5
"""How often a commit is executed that PostgreSQL itself rolled back because of others (a deadlock)."""
NOTES: Final = 1_000
"""Notes that may wait to be written; beyond them they are dropped. One a minute and session is the rule."""

_NOT_LOST: Final = (PoolTimeout, PoolClosed, TooManyRequests, ServerSilent)
"""Failures after which another connection would not do better."""
_ROLLED_BACK: Final = (errors.DeadlockDetected, errors.SerializationFailure)


class PostgresStore:
    """Everything that is kept, in one database. Open it with `open`; one event loop at a time."""

    def __init__(self, pool: Pool, lines: Lines, listener: Listener) -> None:
        self.lookups = 0
        self.commits = 0
        self._pool = pool
        self._lines = lines
        self._listener = listener
        self._notes: set[asyncio.Task[None]] = set()
        self._closed = False

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect, and bring the schema up to date. Raises `StorageUnavailable`."""
        given = parameters(url)
        async with await connect(given) as connection:
            try:
                await refuse_changing(connection, lambda: connect(given))
                await migrate(connection, migrations())
            except psycopg.Error as error:
                raise unavailable(error) from None
        pool = make_pool(given)
        await pool.open()
        return cls(pool, Lines(given), Listener(given))

    async def close(self) -> None:
        """Write everything that is waiting, then close; a second time does nothing."""
        self._closed = True
        await asyncio.gather(*self._notes)
        await self._listener.close()
        await self._lines.close()
        await self._pool.close()

    # Writing

    async def commit(self, *changes: Change) -> None:
        """Write all or nothing; durable when it returns. Raises `Conflict`, `StorageUnavailable`.

        Where the connection is lost before the answer came, nobody knows whether it was written: it is not
        repeated, and the caller is told that the storage is unavailable.
        """
        if self._closed:
            raise StorageUnavailable("the store is closed")
        await self._write(plan(changes))

    def commit_later(self, *changes: Change) -> None:
        """Write soon, without anybody waiting; a failure is logged."""
        if self._closed or len(self._notes) >= NOTES:
            why = "the store is closed" if self._closed else "too many are waiting"
            _log.warning("a note was not written: %s", why)
            return
        note = asyncio.create_task(self._write_note(changes))
        self._notes.add(note)
        note.add_done_callback(self._notes.discard)

    async def _write_note(self, changes: Sequence[Change]) -> None:
        try:
            await self._write(plan(changes))
        except Exception as error:  # nobody else will hear of it
            level = logging.INFO if isinstance(error, Conflict) else logging.WARNING
            text = str(error) if isinstance(error, AuthError) else type(error).__name__
            _log.log(level, "a note was not written: %s", text)

    async def _write(self, steps: Sequence[Step]) -> None:
        for left in reversed(range(TRIES)):
            try:
                if len(steps) != 1 or not await self._told(steps[0]):
                    async with self._pool.connection() as connection:
                        with Deadline(connection):
                            await execute(connection, steps)
            except psycopg.Error as error:
                if left and isinstance(error, _ROLLED_BACK):
                    continue
                raise await self._failed(error) from None
            self.commits += 1
            return

    async def _told(self, step: Step) -> bool:
        """Execute a commit of one statement on a line of its own; False where none is free."""
        try:
            answer = await self._lines.tell(step.statement, step.values)
        except psycopg.IntegrityError:
            raise Conflict(step.change) from None
        except Skipped:  # it could not be prepared: a connection of the pool finds out why
            return False
        if answer is not None and step.expects and answer.hit != 1:
            raise Conflict(step.change)
        return answer is not None

    # Reading

    async def user_by_id(self, user_id: str) -> User | None:
        """Find a user by id."""
        row = await self._one(sql.USER_BY_ID, (user_id,))
        return None if row is None else rows.user(row)

    async def user_by_email(self, email: str) -> User | None:
        """Find a user by normalised e-mail address."""
        row = await self._one(sql.USER_BY_EMAIL, (email,))
        return None if row is None else rows.user(row)

    async def credentials_by_email(self, email: str) -> tuple[User, str | None] | None:
        """Find a user and the password hash by normalised e-mail address."""
        row = await self._one(sql.CREDENTIALS, (email,))
        return None if row is None else rows.credentials(row)

    async def users_page(self, after: str | None, limit: int) -> list[User]:
        """List users by e-mail address, from behind `after`."""
        return [rows.user(row) for row in await self._all(sql.USERS_PAGE, (after or "", limit))]

    async def find_users(self, search: Search, after: str | None, limit: int) -> list[Place]:
        """List the users that a search finds in its order, from behind a place in it, each once."""
        values = (search.text, search.text + finding.BEHIND, after or "", limit)
        return [
            Place(row[0], rows.user(row[1:])) for row in await self._all(sql.FIND_USERS[search.by], values)
        ]

    async def taken(self, names: Sequence[str]) -> frozenset[str]:
        """Say which of these normalised e-mail addresses and ids somebody has."""
        return frozenset(row[0] for row in await self._all(sql.TAKEN, (list(names),)))

    async def roles(self) -> Mapping[str, frozenset[str]]:
        """Give every role with its permissions."""
        return {name: rows.names(text) for name, text in await self._all(sql.ROLES, ())}

    async def users_with_role(self, role: str) -> list[User]:
        """List all who hold a role."""
        return [rows.user(row) for row in await self._all(sql.USERS_WITH_ROLE, (role,))]

    async def session_by_hash(self, id_hash: bytes) -> tuple[Session, User] | None:
        """Find a session and its user by the hash of its id: one search by primary key for each."""
        row = await self._one(sql.SESSION_BY_HASH, (id_hash,))
        return None if row is None else rows.session_and_user(row)

    async def session_by_sid(self, sid: str) -> tuple[Session, User] | None:
        """Find a session and its user by its public id."""
        row = await self._one(sql.SESSION_BY_SID, (sid,))
        return None if row is None else rows.session_and_user(row)

    async def sessions_of(self, user_id: str, now: float, limit: int) -> list[Session]:
        """List a user's live sessions, newest first."""
        return [rows.session(row) for row in await self._all(sql.SESSIONS_OF, (float(now), user_id, limit))]

    async def live_sessions(self, now: float, after: str | None, limit: int) -> list[tuple[Session, User]]:
        """List everybody's live sessions by sid, from behind the sid `after`."""
        found = await self._all(sql.LIVE_SESSIONS, (float(now), after or "", limit))
        return [rows.session_and_user(row) for row in found]

    async def refresh_by_hash(self, token_hash: bytes) -> tuple[RefreshRecord, Session, User] | None:
        """Find a record, its session and its user by the hash of what is presented."""
        row = await self._one(sql.REFRESH_BY_HASH, (token_hash,))
        if row is None:
            return None
        return rows.refresh(row), *rows.session_and_user(row[rows.REFRESH_WIDTH :])

    async def signing_keys(self) -> list[KeyRecord]:
        """List all keys, oldest first."""
        return [rows.key(row) for row in await self._all(sql.KEYS, ())]

    async def events_after(self, seq: int, limit: int) -> list[RecordedEvent]:
        """List events from behind a place in the log, in order.

        Lines that nobody has read yet get their places now (see `statements.EVENTS_NUMBERED`).
        """
        self.lookups += 1
        (unread,) = (await self._read(sql.UNREAD_EVENTS, ()))[0]
        if unread:
            await self._number_events(limit)
        return [rows.event(row) for row in await self._read(sql.EVENTS_AFTER, (seq, limit))]

    async def event_export(self) -> Export:
        """Say how far the log was written out, and by whom."""
        return rows.export((await self._read(sql.EVENT_EXPORT, ()))[0])

    async def revocations_after(self, seq: int, limit: int) -> Feed:
        """Give the entries from behind a place, and where the feed stands: one statement, so one look."""
        found = await self._read(sql.FEED, (seq, limit))
        log, floor, head = found[0][:3]
        return Feed(log, floor, head, [rows.revocation(row[3:]) for row in found if row[3] is not None])

    async def revocations_grew(self, head: int, within: float) -> bool:
        """Wait until the feed has grown, whoever wrote it."""
        stands = (await self._read(sql.FEED_HEAD, ()))[0][0]
        return bool(stands > head) or (within > 0 and await self._listener.grew(head, within))

    async def crowded_revocations(self, more_than: int, newest: int, limit: int) -> list[str]:
        """List users of whom the feed has more than so many single sessions."""
        return [row[0] for row in await self._read(sql.CROWDED, (newest, more_than, limit))]

    async def orders_on(self, *, jti: str, client_id: str, kid: str) -> list[Revocation]:
        """List the entries of the feed that name one of the three, or every token."""
        return [rows.revocation(row).revocation for row in await self._all(sql.ORDERS, (jti, client_id, kid))]

    async def session_and_orders(
        self, sid: str, *, jti: str, client_id: str, kid: str
    ) -> tuple[tuple[Session, User] | None, list[Revocation]]:
        """Find a session and its user, and the orders on a token of it: one statement."""
        found = await self._by_key(sql.SESSION_AND_ORDERS, (sid, jti, client_id, kid))
        return rows.session_and_orders(found)

    async def attempt(self, key: str) -> float | None:
        """Give the number under a key."""
        row = await self._one(sql.ATTEMPT, (key,))
        return None if row is None else float(row[0])

    async def link_by_hash(self, link_hash: bytes) -> tuple[Link, User] | None:
        """Find a link and its user by the hash of its secret."""
        row = await self._one(sql.LINK_BY_HASH, (link_hash,))
        return None if row is None else rows.link_and_user(row)

    async def mails_due(self, now: float, limit: int) -> list[tuple[Mail, User | None]]:
        """List the mails that are to be tried now, with their users."""
        return [rows.mail_and_user(row) for row in await self._read(sql.MAILS_DUE, (float(now), limit))]

    async def import_run(self, source: str) -> ImportRun | None:
        """Say how far the import of a file is."""
        found = await self._read(sql.IMPORT, (source,))
        return rows.import_run(found[0]) if found else None

    async def purgeable(self, purged: Purged) -> bool:
        """Say whether `Purged` would find anything."""
        moments = (purged.answers_before, purged.now, purged.sessions_before, purged.events_before)
        row = await self._one(sql.PURGEABLE, tuple(map(float, moments)))
        return row is not None and bool(row[0])

    async def _one(self, statement: str, values: rows.Row) -> rows.Row | None:
        """Read one row at most; every statement that is read counts as one look-up."""
        found = await self._by_key(statement, values)
        return found[0] if found else None

    async def _by_key(self, statement: str, values: rows.Row) -> list[rows.Row]:
        """Read what a few keys name: so little that nobody behind it on the line has to wait."""
        self.lookups += 1
        try:
            asked = self._lines.look(statement, values)
            if asked is not None:
                return (await asked).rows
        except ServerSilent as error:
            raise await self._failed(error) from None
        except (psycopg.Error, UnicodeEncodeError):
            pass  # a line that is lost, or a value that can't be sent: a connection of the pool finds out
        return await self._read(statement, values)

    async def _all(self, statement: str, values: rows.Row) -> list[rows.Row]:
        self.lookups += 1
        return await self._read(statement, values)

    async def _read(self, statement: str, values: rows.Row) -> list[rows.Row]:
        """Read; once more on another connection where the first one turns out to be lost."""
        try:
            return await self._read_once(statement, values)
        except psycopg.OperationalError as error:
            failure = await self._failed(error)
            if not _is_lost(error):
                raise failure from None
        except (errors.DataError, UnicodeEncodeError):
            return []  # a text that no row can hold: nothing is found under it
        except psycopg.Error as error:
            raise unavailable(error) from None
        try:
            return await self._read_once(statement, values)
        except psycopg.Error as error:
            raise unavailable(error) from None

    async def _read_once(self, statement: str, values: rows.Row) -> list[rows.Row]:
        async with self._pool.connection() as connection:
            with Deadline(connection):
                cursor = connection.cursor(binary=True)
                await cursor.execute(statement.encode(), values)
                return await cursor.fetchall()

    async def _number_events(self, limit: int) -> None:
        try:
            async with self._pool.connection() as connection:
                with Deadline(connection):
                    async with connection.transaction():
                        await connection.execute(statements.EVENT_LOG_LOCKED)
                        await connection.execute(statements.EVENTS_NUMBERED, (limit,))
        except psycopg.Error as error:
            raise await self._failed(error) from None

    async def _failed(self, error: Exception) -> StorageUnavailable:
        """Name a failure; where one connection is no good any more, the others are probably not either."""
        if isinstance(error, errors.ReadOnlySqlTransaction | ServerSilent):
            # The server has become somebody's standby, or is frozen and can't be asked: find the new one.
            self._lines.drop()
            await self._pool.drain()
        elif _is_lost(error) and not self._closed:
            await self._pool.check()
        return unavailable(error)


def _is_lost(error: Exception) -> bool:
    """Say whether a connection is gone: nobody answers (no code), or the server says that it goes."""
    if not isinstance(error, psycopg.OperationalError) or isinstance(error, _NOT_LOST):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
