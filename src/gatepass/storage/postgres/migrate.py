"""Migrations: numbered files, each run once, in a schema of our own, while older processes go on working.

So a migration only adds: a table, a column with a default, an index. What takes something away comes a
version later, when no process that needs it is left, and says so in its first line: `-- works from: 7`
refuses code that does not know schema 7.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from gatepass.auth import StorageUnavailable

if TYPE_CHECKING:
    from psycopg import AsyncConnection

SCHEMA: Final = "gatepass"
LOCK: Final = (
    0x67617465  # "gate"; https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
)

_WORKS_FROM: Final = re.compile(r"-- works from: ([0-9]+)\n")
# Not `to_regclass`: who waited for the lock would remember from before that there is no such table.
_FIND: Final = (
    "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'gatepass' AND tablename = 'versions')"
)
_READ: Final = "SELECT version, works_from FROM gatepass.versions"


def migrations() -> list[str]:
    """Give the scripts in order; number n is what takes a database from version n - 1 to n."""
    folder = files("gatepass.storage.postgres") / "migrations"
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda file: file.name)
    return [file.read_text("utf-8") for file in found]


async def migrate(connection: AsyncConnection[Any], scripts: list[str]) -> None:
    """Bring the database up to date, on a connection in autocommit.

    Raises `StorageUnavailable` where it is a newer one that this code does not work with.
    """
    version, works_from = await _version(connection)
    if version < len(scripts):
        async with connection.transaction():
            await connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            # Processes that start at once: the second one waits here and finds nothing to do.
            await connection.execute("SELECT pg_advisory_xact_lock($1)", (LOCK,))
            # A table that can't be had soon is given up: everybody else would stand in line behind us.
            await connection.execute("SET LOCAL lock_timeout = '5s'")
            version, works_from = await _version(connection)
            for number, script in enumerate(scripts[version:], start=version + 1):
                works_from = await _run(connection, number, script, works_from=works_from)
    if works_from > len(scripts):
        raise StorageUnavailable(
            f"the database has schema {version}, which this version of Gatepass does not know: update it"
        )


async def _version(connection: AsyncConnection[Any]) -> tuple[int, int]:
    (there,) = await _one(connection, _FIND)
    if not there:
        return 0, 0
    version, works_from = await _one(connection, _READ)
    return int(version), int(works_from)


async def _run(connection: AsyncConnection[Any], number: int, script: str, *, works_from: int) -> int:
    if number == 1:
        await connection.execute("CREATE SCHEMA IF NOT EXISTS gatepass")
        await connection.execute(
            "CREATE TABLE gatepass.versions (version integer NOT NULL, works_from integer NOT NULL)"
        )
        await connection.execute("INSERT INTO gatepass.versions VALUES (0, 0)")
    await connection.execute("SET LOCAL search_path = gatepass")
    await connection.execute(script.encode())
    said = _WORKS_FROM.match(script)
    works_from = int(said[1]) if said else works_from
    await connection.execute(
        "UPDATE gatepass.versions SET version = $1, works_from = $2", (number, works_from)
    )
    return works_from


async def _one(connection: AsyncConnection[Any], statement: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = await (await connection.execute(statement.encode())).fetchone()
    assert row is not None  # noqa: S101 (each of these gives one row)
    return row
