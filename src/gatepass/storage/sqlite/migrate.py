"""Migrations: numbered files, each run once, all of them in one transaction when a store is opened."""

from __future__ import annotations

import logging
import sqlite3
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from gatepass.auth import StorageUnavailable
from gatepass.storage.sqlite.places import place

if TYPE_CHECKING:
    from collections.abc import Iterator

APPLICATION_ID: Final = 0x67617465  # "gate": says whose file it is (https://www.sqlite.org/pragma.html)

_log = logging.getLogger(__name__)


def migrations() -> list[str]:
    """Give the scripts in order; number n is what takes a database from version n - 1 to n."""
    folder = files("gatepass.storage.sqlite") / "migrations"
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda file: file.name)
    return [file.read_text("utf-8") for file in found]


def migrate(connection: sqlite3.Connection, scripts: list[str]) -> None:
    """Bring the database up to date; references are not enforced on the connection afterwards.

    Raises `StorageUnavailable` where it is a newer one, or somebody else's.
    """
    connection.create_function("place", 1, place, deterministic=True)
    # A table may take the place of one that others refer to; to drop that would delete their rows too.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")  # two processes that start at once: the second finds nothing to do
    try:
        version = _version(connection, newest=len(scripts))
        if 0 < version < len(scripts):
            _log.warning(
                "the SQLite file is brought from schema %d to %d; "
                "stop every process of an earlier Gatepass that has it open: it can't go on",
                version,
                len(scripts),
            )
        for number, script in enumerate(scripts[version:], start=version + 1):
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number:d}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, *, newest: int) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and (tables or version or application):
        raise StorageUnavailable("the file is a database of something else")
    check_version(version, newest=newest)
    return int(version)


def check_version(version: int, *, newest: int) -> None:
    """Raise `StorageUnavailable` where the schema is newer than the newest that this code knows."""
    if version > newest:
        raise StorageUnavailable(f"the database has schema {version}, newer than {newest}: update Gatepass")


def _statements(script: str) -> Iterator[str]:
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        raise AssertionError("a migration ends in the middle of a statement")
