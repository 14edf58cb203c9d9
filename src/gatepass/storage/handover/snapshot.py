"""One moment of a SQLite file: readers and writers go on, and what they write is not in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gatepass.auth import StorageUnavailable
from gatepass.storage.handover.tables import SINGLES, TABLES
from gatepass.storage.sqlite.migrate import migrations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gatepass.storage.rows import Row

# ruff: noqa: S608 - what is put into a statement's text are names of tables and columns, all of them ours

PATIENCE: Final = 5.0
"""Seconds; in WAL mode a reader waits for nobody but a recovery after a crash."""

# Rows that refer to each other by number in SQLite, with what these stand for. LEFT: a row that refers to
# none must not be passed over.
_WHOLE: Final = {
    "sessions": "(SELECT s.*, u.id AS user_id FROM sessions s LEFT JOIN users u ON u.number = s.user_number)",
    "refresh_records": (
        "(SELECT r.*, s.sid, u.id AS user_id, a.sealed AS answer FROM refresh_records r"
        " LEFT JOIN sessions s ON s.place = r.session_place LEFT JOIN users u ON u.number = s.user_number"
        " LEFT JOIN answers a ON a.record = r.number)"
    ),
}


class Snapshot:
    """A read transaction. The file's log can't shrink while it is open."""

    def __init__(self, path: str | Path) -> None:
        """Begin. Raises `StorageUnavailable` where there is no database of our schema."""
        file = Path(path)
        if not file.is_file():
            raise StorageUnavailable(f"there is no database {file}")
        self._witness = _connect(file)
        self._reader = _connect(file)
        try:
            # Before the snapshot: a commit between the two is none of it, and counts as one.
            self._version = self._written()
            self._reader.execute("BEGIN")
            (schema,) = self._reader.execute("PRAGMA user_version").fetchone()
            if schema != len(migrations()):
                raise StorageUnavailable(
                    f"{file} has schema {schema}, not {len(migrations())}: start this Gatepass on it once"
                )
            self.counts = {name: self._count(name) for name in TABLES}
        except sqlite3.Error as error:
            self.close()
            raise StorageUnavailable(f"can't read {file}: {type(error).__name__}") from None
        except StorageUnavailable:
            self.close()
            raise

    def close(self) -> None:
        """End it."""
        self._reader.close()
        self._witness.close()

    def rows(self, table: str) -> Iterator[Row]:
        """Give the rows of a table, events in their order."""
        order = " ORDER BY seq" if table == "events" else ""
        yield from self._reader.execute(f"SELECT {TABLES[table]} FROM {_WHOLE.get(table, table)}{order}")

    def single(self, table: str) -> Row:
        """Give the one row of a table that has one."""
        row: Row = self._reader.execute(f"SELECT {SINGLES[table]} FROM {table}").fetchone()
        return row

    def grew(self) -> bool:
        """Say whether anybody wrote into the file since."""
        return self._written() != self._version

    def _written(self) -> int:
        # https://www.sqlite.org/pragma.html#pragma_data_version: another one after any commit of others.
        return int(self._witness.execute("PRAGMA data_version").fetchone()[0])

    def _count(self, table: str) -> int:
        return int(self._reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    return connection
