"""A pooler that changes the connection between transactions: found at the start, and refused.

What we set on a connection, its prepared statements and its LISTEN would belong to whoever comes next on it.
That shows late and elsewhere: a statement that is not there, a feed that nobody hears grow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import StorageUnavailable
from gatepass.storage.postgres.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gatepass.storage.postgres.transaction import Connection

_PROCESS = "SELECT pg_backend_pid()"


async def refuse_changing(connection: Connection, another: Callable[[], Awaitable[Connection]]) -> None:
    """See that a connection keeps its server process. Raises `StorageUnavailable`, `psycopg.Error`.

    A server says which process it is when a connection begins; a pooler, whatever its mode, says something
    of its own. Only behind one does it cost another connection: one in transaction mode gives both the same
    process, or moves the first one on while the second has its place.
    """
    before = await _process(connection)
    if connection.info.backend_pid == before:
        return
    async with await another() as other:
        elsewhere = await _process(other)
        if before != elsewhere and before == await _process(connection):
            return
    raise StorageUnavailable(
        "PostgreSQL: a pooler stands before it that changes the connection between transactions; "
        "Auth needs one in session mode (pool_mode = session), or none"
    )


async def _process(connection: Connection) -> int:
    with Deadline(connection):
        row = await (await connection.execute(_PROCESS)).fetchone()
    return 0 if row is None else int(row[0])
