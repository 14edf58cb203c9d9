"""Is a database whole? Questions that both databases understand, each of which should find nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from gatepass.storage import rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatepass.auth import KeyRecord
    from gatepass.storage.rows import Row

# ruff: noqa: S608 - what is put into a statement's text are names of tables and columns, all of them ours


class Look(Protocol):
    """One consistent look into a database that changes nothing, not even its schema."""

    @property
    def joins(self) -> Mapping[str, str]:
        """Say by what a row `c` refers to another `p`: `user_of_session`, `session_of_record`."""
        ...

    def rows(self, statement: str) -> list[Row]:
        """Read. Raises `StorageUnavailable`."""
        ...

    def own_findings(self) -> list[str]:
        """Ask the database itself, in words what is wrong."""
        ...

    def schema(self) -> tuple[int, int]:
        """Give the schema's number, and the newest that this code knows."""
        ...


class Report(msgspec.Struct, frozen=True):
    """What was found."""

    schema: int
    newest: int
    counts: dict[str, int]
    """Rows by table."""
    findings: list[str]
    """What is wrong, in words, without a value of any row."""


COUNTED: Final = (
    "users",
    "roles",
    "sessions",
    "refresh_records",
    "signing_keys",
    "links",
    "mails",
    "events",
    "revocations",
)

# What should be of somebody or something that is there, and is not.
_LOST: Final = "SELECT count(*) FROM {table} c LEFT JOIN {whose} p ON p.{its} = c.{by} WHERE p.{its} IS NULL"
_HELD: Final = "CASE roles WHEN '' THEN 0 ELSE 1 + length(roles) - length(replace(roles, ' ', '')) END"

WRONG: Final[dict[str, str]] = {
    "sessions of no user": (
        "SELECT count(*) FROM sessions c LEFT JOIN users p ON {user_of_session} WHERE p.id IS NULL"
    ),
    "refresh records of no session": (
        "SELECT count(*) FROM refresh_records c LEFT JOIN sessions p ON {session_of_record}"
        " WHERE p.sid IS NULL"
    ),
    "links of no user": _LOST.format(table="links", whose="users", its="id", by="user_id"),
    "mails of a user who is gone": _LOST.format(table="mails", whose="users", its="id", by="user_id")
    + " AND c.user_id IS NOT NULL",
    "names of no user": _LOST.format(table="user_names", whose="users", its="id", by="user_id"),
    "roles held by no user": _LOST.format(table="user_roles", whose="users", its="id", by="user_id"),
    "roles held that are not defined": _LOST.format(table="user_roles", whose="roles", its="name", by="role"),
    "users whose list of roles says something else than who holds them": (
        f"SELECT count(*) FROM users u WHERE {_HELD} <> (SELECT count(*) FROM user_roles h"
        " WHERE h.user_id = u.id) OR EXISTS (SELECT 1 FROM user_roles h WHERE h.user_id = u.id"
        " AND NOT ' ' || u.roles || ' ' LIKE '% ' || h.role || ' %')"
    ),
    "users without a name to be found by": _LOST.format(
        table="users", whose="user_names", its="user_id", by="id"
    ),
    "entries of the revocation feed outside of its bounds": (
        "SELECT count(*) FROM revocations r, feed f WHERE r.seq > f.head OR r.seq <= f.floor"
    ),
    "feeds whose end lies before their beginning": "SELECT count(*) FROM feed WHERE head < floor",
    "signing keys that sign without a private half": (
        "SELECT count(*) FROM signing_keys WHERE state IN ('next', 'active') AND sealed_private IS NULL"
    ),
    "events written out beyond the last one": (
        "SELECT count(*) FROM event_export WHERE place > (SELECT coalesce(max(seq), 0) FROM events)"
    ),
}
"""In words what would be wrong → how many of those there are; with the names of `Look.joins`."""

# A table of one row: without it nothing can be written.
_SINGLES: Final = ("feed", "event_export")


def check(look: Look) -> Report:
    """Ask everything. Raises `StorageUnavailable`."""
    schema, newest = look.schema()
    if schema != newest:
        words = f"schema {schema}, where this version of Gatepass has {newest}: start it once, or update it"
        return Report(schema, newest, {}, [words])
    findings = look.own_findings()
    for words, statement in WRONG.items():
        (number,) = look.rows(statement.format_map(look.joins))[0]
        if number:
            findings.append(f"{number} {words}")
    findings += [f"no row in {table}" for table in _SINGLES if _count(look, table) != 1]
    return Report(schema, newest, {table: _count(look, table) for table in COUNTED}, findings)


def signing_keys(look: Look) -> list[KeyRecord]:
    """Give the keys, for who can try to open them. Raises `StorageUnavailable`."""
    return [rows.key(row) for row in look.rows(f"SELECT {rows.KEY} FROM signing_keys")]


def _count(look: Look, table: str) -> int:
    return int(look.rows(f"SELECT count(*) FROM {table}")[0][0])
