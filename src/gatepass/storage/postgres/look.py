"""A look into a PostgreSQL database that changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import psycopg

from gatepass.auth import StorageUnavailable
from gatepass.storage.postgres.migrate import migrations
from gatepass.storage.postgres.pool import parameters, unavailable

if TYPE_CHECKING:
    from gatepass.storage.rows import Row

_SET_UP = (
    "SET search_path = gatepass",
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
)
_INVALID = (
    "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'gatepass' AND NOT i.indisvalid"
)
_UNENFORCED = (
    "SELECT count(*) FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace"
    " WHERE n.nspname = 'gatepass' AND NOT k.convalidated"
)
_BEYOND = "SELECT count(*) FROM events WHERE seq > (SELECT head FROM event_log)"


class PostgresLook:
    """One read transaction; Auth may go on meanwhile."""

    joins: Final = {"user_of_session": "p.id = c.user_id", "session_of_record": "p.sid = c.sid"}

    def __init__(self, url: str) -> None:
        given = parameters(url)
        given.pop("target_session_attrs", None)  # a standby is as good to look at
        try:
            self._connection = psycopg.connect(**given, autocommit=True)
        except psycopg.Error as error:
            raise unavailable(error) from None
        for statement in _SET_UP:
            self.execute(statement)

    def close(self) -> None:
        """End it."""
        self._connection.close()

    def execute(self, statement: str) -> psycopg.Cursor[Row]:
        """Execute. Raises `StorageUnavailable`."""
        try:
            return self._connection.execute(statement.encode())
        except psycopg.Error as error:
            self.close()
            raise unavailable(error) from None

    def rows(self, statement: str) -> list[Row]:
        """Read. Raises `StorageUnavailable`."""
        return self.execute(statement).fetchall()

    def own_findings(self) -> list[str]:
        """Ask for what PostgreSQL knows to be unfinished; whole pages are `pg_amcheck`'s business."""
        asked = {
            "PostgreSQL: {} indexes are not valid": _INVALID,
            "PostgreSQL: {} constraints are not enforced": _UNENFORCED,
            "{} events beyond the log's end": _BEYOND,
            "{} rows missing in event_log": "SELECT 1 - count(*) FROM event_log",
        }
        found = {words: self.rows(statement)[0][0] for words, statement in asked.items()}
        return [words.format(number) for words, number in found.items() if number]

    def schema(self) -> tuple[int, int]:
        """Give the schema's number, and the newest that this code knows."""
        there = self.rows("SELECT to_regclass('gatepass.versions') IS NOT NULL")[0][0]
        if not there:
            raise StorageUnavailable("there is no schema 'gatepass' in this database")
        return int(self.rows("SELECT version FROM versions")[0][0]), len(migrations())
