"""Connections: how each is set up, who hands them out, and what a failure of one is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import conninfo
from psycopg.types.numeric import Int8BinaryDumper
from psycopg_pool import AsyncConnectionPool

from gatepass.auth import StorageUnavailable
from gatepass.storage.postgres.deadline import Deadline

if TYPE_CHECKING:
    from typing import TypeAlias

    Pool: TypeAlias = AsyncConnectionPool[psycopg.AsyncConnection[Any]]

CONNECTIONS: Final = 6
"""Of one store at most, beside its nine lines, which have what is hot: here are lists and longer commits. A
process has two stores, one for requests and one for housekeeping."""
PATIENCE: Final = 2.0
"""Seconds that a request waits for one of them; then the storage is unavailable."""
WAITING: Final = 512
"""Requests that may wait at once; where the database is gone, those beyond are refused at once and not piled
up."""
LOCK_PATIENCE: Final = 5.0
"""Seconds for a lock that another commit holds."""
RECONNECTING: Final = 5.0
"""Seconds of attempts to make one connection, at ever longer intervals. Given up soon: the next request
begins anew at once, so nobody has to wait for a long interval after a long outage."""
STATEMENT_PATIENCE: Final = 10.0
"""Seconds for one statement: a purge of 500 rows of each kind takes milliseconds."""

_PARAMETERS: Final = {
    "application_name": "gatepass",
    "client_encoding": "UTF8",
    "connect_timeout": "5",  # seconds
    # A host that is gone without a word is noticed in seconds, not in the hours of the system's own settings.
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",  # milliseconds
    # After a failover the one that takes writes is found among all that the URL names.
    "target_session_attrs": "read-write",
}
# Whatever the server's defaults are: an acknowledged commit survives a crash; each statement sees what was
# committed when it begins, as `locks` needs it; a transaction that its process forgot doesn't hold its locks
# for ever (milliseconds). Every statement has an index: a plan that was made while a table was small must not
# read a big one through (and one that does read a table is not worth compiling).
_SET_UP: Final = (
    "SELECT set_config('search_path', 'gatepass', false),"
    " set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
    " WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('enable_seqscan', 'off', false), set_config('jit', 'off', false),"
    f" set_config('statement_timeout', '{int(STATEMENT_PATIENCE * 1000)}', false),"
    f" set_config('lock_timeout', '{int(LOCK_PATIENCE * 1000)}', false),"
    f" set_config('idle_in_transaction_session_timeout', '{int(STATEMENT_PATIENCE * 1000)}', false),"
    " current_setting('server_encoding')"
)


def parameters(url: str) -> dict[str, Any]:
    """Read a URL; what it says itself wins over our defaults. Raises `StorageUnavailable`."""
    try:
        return _PARAMETERS | conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise StorageUnavailable("the database's URL can't be read") from None  # its text may hold a password


async def connect(given: dict[str, Any]) -> psycopg.AsyncConnection[Any]:
    """Open one connection, set up like all. Raises `StorageUnavailable`."""
    try:
        connection = await psycopg.AsyncConnection.connect(
            **given, autocommit=True, cursor_factory=psycopg.AsyncRawCursor
        )
        try:
            await set_up(connection)
        except BaseException:
            await connection.close()
            raise
    except psycopg.Error as error:
        raise unavailable(error) from None
    return connection


def make_pool(given: dict[str, Any]) -> Pool:
    """Make a pool, not yet open. Lost connections are replaced when somebody asks for one."""
    return AsyncConnectionPool(
        kwargs={
            **given,
            "autocommit": True,
            "cursor_factory": psycopg.AsyncRawCursor,
            "prepare_threshold": 0,  # every statement comes again
        },
        min_size=1,
        max_size=CONNECTIONS,
        max_waiting=WAITING,
        timeout=PATIENCE,
        reconnect_timeout=RECONNECTING,
        configure=set_up,
        open=False,
        name="gatepass",
    )


async def set_up(connection: psycopg.AsyncConnection[Any]) -> None:
    """Set a new connection up, in one trip."""
    # All integers alike: a statement would be prepared anew for each width of number.
    connection.adapters.register_dumper(int, Int8BinaryDumper)
    with Deadline(connection):
        cursor = await connection.execute(_SET_UP)
        row = await cursor.fetchone()
    if row is None or row[-1] != "UTF8":
        raise _NotUtf8("the database's encoding must be UTF8")


class _NotUtf8(psycopg.NotSupportedError):
    """A database whose texts are in another encoding."""


def unavailable(error: Exception) -> StorageUnavailable:
    """Say in our words what PostgreSQL could not do; its own text could name a value, or the URL."""
    if isinstance(error, _NotUtf8):
        return StorageUnavailable(f"PostgreSQL: {error}")
    if causes := _causes(error):
        return StorageUnavailable(f"PostgreSQL: {'; '.join(causes)}")
    state = getattr(error, "sqlstate", None)
    name = type(error).__name__
    return StorageUnavailable(f"PostgreSQL: {name} ({state})" if state else f"PostgreSQL: {name}")


def _causes(error: Exception) -> list[str]:
    """Find why no connection could be made: such an error has no code, and one text for all servers."""
    if not isinstance(error, psycopg.OperationalError) or error.sqlstate is not None:
        return []
    text = str(error)
    return [words for phrase, words in _NOT_CONNECTED.items() if phrase in text]


# Phrases of libpq, psycopg and the server; in another language than English none is found.
_NOT_CONNECTED: Final = {
    "Connection refused": "nobody listens at its address",
    "No such file or directory": "nobody listens at its socket",
    "failed to resolve host": "its host is not known by that name",
    "timeout expired": "no answer in time",
    "no password supplied": "it wants a password: in the URL, PGPASSWORD or ~/.pgpass",
    "password authentication failed": "it refuses this role with this password",
    "no pg_hba.conf entry": "its pg_hba.conf has no line that lets this role in from here",
    'role "': "there is no such role, or it may not log in",
    'FATAL:  database "': "there is no such database",
    "permission denied for database": "the role may not connect to that database",
    "server does not support SSL": "it has no TLS, which sslmode asks for",
    "certificate": "its certificate, or the one to check it with, is not good: see sslmode and sslrootcert",
    "session is read-only": "it takes no writes: is it a standby?",
    "the database system is": "it starts, stops or recovers",
    "too many clients": "it has no connection left",
    "too many connections": "it has no connection left",
    "remaining connection slots": "it has no connection left",
}
