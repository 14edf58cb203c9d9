"""A look into a SQLite file that changes nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gatepass.auth import StorageUnavailable
from gatepass.storage.sqlite.migrate import APPLICATION_ID, migrations
from gatepass.storage.sqlite.transaction import unavailable

if TYPE_CHECKING:
    from gatepass.storage.rows import Row

PATIENCE = 5.0  # seconds
FINDINGS = 20
"""Of its own that SQLite is asked for at most: a broken file has thousands."""
ASTRAY: Final = {
    "sessions": "SELECT count(*) FROM sessions WHERE printf('%016X', place) <> substr(hex(id_hash), 1, 16)",
    "refresh records": (
        "SELECT count(*) FROM refresh_records WHERE printf('%016X', place) <> substr(hex(hash), 1, 16)"
    ),
}
"""How many rows stand elsewhere than where `place` looks for them."""


class SqliteLook:
    """One read transaction; Auth may go on meanwhile."""

    joins: Final = {
        "user_of_session": "p.number = c.user_number",
        "session_of_record": "p.place = c.session_place",
    }

    def __init__(self, path: str | Path) -> None:
        file = Path(path)
        if not file.is_file():
            raise StorageUnavailable(f"there is no database {file}")
        self._connection = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
        self.rows("PRAGMA query_only = ON")
        self.rows("BEGIN")
        if self.rows("PRAGMA application_id") != [(APPLICATION_ID,)]:
            self.close()
            raise StorageUnavailable("the file is a database of something else")

    def close(self) -> None:
        """End it."""
        self._connection.close()

    def rows(self, statement: str) -> list[Row]:
        """Read. Raises `StorageUnavailable`."""
        try:
            return self._connection.execute(statement).fetchall()
        except sqlite3.Error as error:
            self.close()
            raise unavailable(error) from None

    def own_findings(self) -> list[str]:
        """Let SQLite check pages, indexes and references."""
        said = [str(row[0]) for row in self.rows(f"PRAGMA integrity_check({FINDINGS})")]
        findings = [f"SQLite: {words}" for words in said if words != "ok"]
        broken = {str(row[0]) for row in self.rows("PRAGMA foreign_key_check")}
        findings += [f"SQLite: rows of {table} refer to none" for table in sorted(broken)]
        astray = {table: self.rows(statement)[0][0] for table, statement in ASTRAY.items()}
        return findings + [
            f"SQLite: {n} {table} that their hash does not find" for table, n in astray.items() if n
        ]

    def schema(self) -> tuple[int, int]:
        """Give the schema's number, and the newest that this code knows."""
        return int(self.rows("PRAGMA user_version")[0][0]), len(migrations())
