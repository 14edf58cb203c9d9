"""Several commits in one transaction: each all or nothing, the transaction begun, committed and undone by
name."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING

from gatepass.auth import Change, StorageUnavailable
from gatepass.storage.sqlite.changes import apply

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger(__name__)


class HalfWritten(Exception):
    """A commit failed after some of it was written, and there is no savepoint to go back to."""


class Transaction:
    """The writing connection. One thread at a time."""

    def __init__(self, connection: sqlite3.Connection, *, patience: float) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._patience = int(patience * 1000)  # milliseconds
        self._cursor.execute("PRAGMA busy_timeout = 0")

    def attempt(self, commits: Sequence[tuple[Change, ...]]) -> list[Exception | None] | None:
        """Begin and execute without waiting for anybody; gives what is wrong with each.

        None when that was not possible (a lock, a failure half-way); then nothing is begun: `execute` can do
        it.
        """
        try:
            self._cursor.execute("BEGIN IMMEDIATE")
            return [self._apply_bare(changes) for changes in commits]
        except Exception:  # whatever it is, `execute` runs into it again and says so
            self.roll_back()
            return None

    def execute(self, commits: Sequence[tuple[Change, ...]]) -> list[Exception | None]:
        """Begin, execute and commit, and wait for locks; gives what is wrong with each.

        Raises what is wrong with all.
        """
        self._cursor.execute(f"PRAGMA busy_timeout = {self._patience:d}")
        try:
            self._cursor.execute("BEGIN IMMEDIATE")
        finally:
            self._cursor.execute("PRAGMA busy_timeout = 0")
        errors = [self._apply_saved(changes) for changes in commits]
        self.commit()
        return errors

    def commit(self) -> None:
        """Make durable what was executed. Raises `sqlite3.Error`; then nothing of it is."""
        self._cursor.execute("COMMIT")

    def roll_back(self) -> None:
        """Undo what was executed, if anything is open."""
        try:
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")
        except sqlite3.Error:
            _log.exception("the transaction could not be rolled back")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _apply_bare(self, changes: Sequence[Change]) -> Exception | None:
        """Execute one commit; gives what is wrong with it alone. Raises `HalfWritten`, and what is wrong
        with all.

        Without a savepoint: its two statements would be a tenth of a refresh, and a conflict nearly always
        shows in the first change, before anything is written.
        """
        written = self._connection.total_changes
        try:
            for change in changes:
                apply(self._cursor, change)
        except Exception as error:  # whatever it is, the other commits go on
            self._must_be_open(error)
            if self._connection.total_changes != written:
                raise HalfWritten from error
            return _own(error)
        return None

    def _apply_saved(self, changes: Sequence[Change]) -> Exception | None:
        """Execute one commit in a savepoint; gives what is wrong with it alone.

        Raises what is wrong with all.
        """
        self._cursor.execute("SAVEPOINT one")
        try:
            for change in changes:
                apply(self._cursor, change)
        except Exception as error:
            self._must_be_open(error)
            self._cursor.execute("ROLLBACK TO one")
            self._cursor.execute("RELEASE one")
            return _own(error)
        self._cursor.execute("RELEASE one")
        return None

    def _must_be_open(self, error: Exception) -> None:
        if not self._connection.in_transaction:
            raise error  # SQLite rolled back everything by itself (a full disk does that): nothing is in


def unavailable(error: Exception) -> StorageUnavailable:
    """Say in our words what SQLite could not do; its own text could name a value."""
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    return StorageUnavailable(
        f"SQLite: {'the file is no SQLite database' if name == 'SQLITE_NOTADB' else name}"
    )


def _own(error: Exception) -> Exception:
    return unavailable(error) if isinstance(error, sqlite3.Error) else error
