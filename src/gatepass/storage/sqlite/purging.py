"""What is over and nobody can need any more: whether there is any, and how it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

    from gatepass.auth import Purged

PURGEABLE: Final = (
    "SELECT EXISTS (SELECT 1 FROM answers WHERE at <= ?1)"
    " OR EXISTS (SELECT 1 FROM refresh_records WHERE idle_ends_at <= ?2)"
    " OR EXISTS (SELECT 1 FROM sessions WHERE idle_ends_at <= ?3)"
    " OR EXISTS (SELECT 1 FROM attempts WHERE arrival <= ?2)"
    " OR EXISTS (SELECT 1 FROM revocations WHERE forget_after <= ?2)"
    " OR EXISTS (SELECT 1 FROM links WHERE ends_at <= ?2)"
    " OR EXISTS (SELECT 1 FROM mails WHERE ends_at <= ?2)"
    # The log is in the order of time, so its first line alone is looked at; the last one stays.
    " OR EXISTS (SELECT 1 FROM (SELECT seq, at FROM events ORDER BY seq LIMIT 1)"
    " WHERE at <= ?4 AND seq < (SELECT max(seq) FROM events))"
)
"""The values: the bounds of answers, of `now`, of sessions, of events."""


def purge(cursor: sqlite3.Cursor, change: Purged) -> None:
    """Take what is over, as much of each kind as the limit says."""
    limit = change.limit
    cursor.execute(
        "DELETE FROM answers WHERE record IN (SELECT record FROM answers WHERE at <= ? LIMIT ?)",
        (change.answers_before, limit),
    )
    cursor.execute(
        "DELETE FROM refresh_records WHERE number IN (SELECT number FROM refresh_records"
        " WHERE idle_ends_at <= ? LIMIT ?)",
        (change.now, limit),
    )
    cursor.execute(
        "DELETE FROM sessions WHERE place IN (SELECT place FROM sessions WHERE idle_ends_at <= ? LIMIT ?)",
        (change.sessions_before, limit),
    )
    cursor.execute(
        "DELETE FROM attempts WHERE key IN (SELECT key FROM attempts WHERE arrival <= ? LIMIT ?)",
        (change.now, limit),
    )
    cursor.execute(
        "DELETE FROM revocations WHERE seq IN (SELECT seq FROM revocations WHERE forget_after <= ? LIMIT ?)",
        (change.now, limit),
    )
    if cursor.rowcount:
        cursor.execute("UPDATE feed SET floor = coalesce((SELECT min(seq) - 1 FROM revocations), head)")
    cursor.execute(
        "DELETE FROM links WHERE hash IN (SELECT hash FROM links WHERE ends_at <= ? LIMIT ?)",
        (change.now, limit),
    )
    cursor.execute(
        "DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE ends_at <= ? LIMIT ?)", (change.now, limit)
    )
    # No index on `at`, which every commit would pay for: the log's first lines are its oldest. Its last one
    # stays, or SQLite would number anew.
    cursor.execute(
        "DELETE FROM events WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM events ORDER BY seq LIMIT ?)"
        " WHERE at <= ?) AND seq < (SELECT max(seq) FROM events)",
        (limit, change.events_before),
    )
