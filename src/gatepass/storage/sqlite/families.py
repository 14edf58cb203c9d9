"""Refresh records and what their rotation answered, as statements.

The records lie in the order they were added: what is renewed next, and what a purge takes, lies side by side.
Measured with a million of them against rows that lie where their hash says: a third less of the log for a
refresh. The answers are a table of their own, of a minute's worth: within the records they would move others
about when they come and when they are wiped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import (
    Conflict,
    FamiliesCapped,
    FamiliesRevoked,
    RefreshAdded,
    RefreshRecord,
    RefreshRotated,
)
from gatepass.storage.sqlite import lookups as sql
from gatepass.storage.sqlite.places import place

if TYPE_CHECKING:
    import sqlite3

    Cursor = sqlite3.Cursor

# ruff: noqa: S608 - what is put into a statement's text are these two

_WHERE_SESSION: Final = "WHERE session_place = (SELECT place FROM sessions WHERE sid = ?)"
_OF_SESSION: Final = f"FROM refresh_records {_WHERE_SESSION}"


def refresh_added(cursor: Cursor, change: RefreshAdded) -> None:
    """Add the first record of a family. Raises `Conflict` where its session is not there."""
    record = change.record
    session = cursor.execute("SELECT place FROM sessions WHERE sid = ?", (record.sid,)).fetchone()
    if session is None:
        raise Conflict(change)
    _insert_record(cursor, record, session_place=session[0])
    if record.answer is not None:
        _insert_answer(cursor, cursor.lastrowid, record.rotated_at, record.answer)


def refresh_rotated(cursor: Cursor, change: RefreshRotated) -> None:
    """Let a record give way to its successor, and keep the answer. Raises `Conflict`."""
    # Nobody else can write between the two statements. All expectations are in the first: with RETURNING the
    # two would be one, which costs 1 µs more.
    successor = change.successor
    expected = (place(change.hash), change.hash, successor.sid, successor.epoch)
    found = cursor.execute(sql.ROTATABLE, expected).fetchone()
    if found is None:
        raise Conflict(change)
    number, session_place = found
    cursor.execute(
        "UPDATE refresh_records SET state = 'rotated', rotated_at = ?, successor = ? WHERE number = ?",
        (change.at, successor.hash, number),
    )
    _insert_answer(cursor, number, change.at, change.answer)
    _insert_record(cursor, successor, session_place=session_place)


def _insert_answer(cursor: Cursor, number: int | None, at: float | None, sealed: bytes) -> None:
    cursor.execute("INSERT INTO answers VALUES (?, ?, ?)", (number, at, sealed))


def _insert_record(cursor: Cursor, record: RefreshRecord, *, session_place: int) -> None:
    cursor.execute(
        "INSERT INTO refresh_records VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            place(record.hash),
            record.hash,
            record.family,
            record.form.value,
            record.state.value,
            session_place,
            record.epoch,
            record.access_token_hash,
            record.issued_at,
            record.idle_ends_at,
            record.absolute_ends_at,
            record.lifetime,
            record.rotated_at,
            record.successor,
        ),
    )


def families_revoked(cursor: Cursor, change: FamiliesRevoked) -> None:
    """Revoke all records of a session, and wipe their answers."""
    cursor.execute(f"DELETE FROM answers WHERE record IN (SELECT number {_OF_SESSION})", (change.sid,))
    cursor.execute(f"UPDATE refresh_records SET state = 'revoked' {_WHERE_SESSION}", (change.sid,))


def families_capped(cursor: Cursor, change: FamiliesCapped) -> None:
    """Revoke the oldest families of a session that has too many."""
    values = (change.sid, change.at, change.limit, change.keep)
    for (family,) in cursor.execute(sql.FAMILIES_BEYOND, values).fetchall():
        cursor.execute(
            f"DELETE FROM answers WHERE record IN (SELECT number {_OF_SESSION} AND family = ?)",
            (change.sid, family),
        )
        cursor.execute(
            "UPDATE refresh_records SET state = 'revoked', idle_ends_at = min(idle_ends_at, ?)"
            f" {_WHERE_SESSION} AND family = ?",
            (change.at, change.sid, family),
        )
