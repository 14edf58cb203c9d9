"""Changes as statements: one table from change to what it does.

An expectation is a WHERE that must hit its row.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gatepass.auth import (
    AttemptCharged,
    AttemptRefunded,
    Change,
    Conflict,
    EventRecorded,
    ExportMoved,
    FamiliesCapped,
    FamiliesRevoked,
    FeedRenamed,
    ImportMoved,
    KeyAdded,
    KeyMoved,
    KeyRemoved,
    KeyringIs,
    LinkIssued,
    LinkUsed,
    MailDropped,
    MailQueued,
    MailTaken,
    PasswordChanged,
    PasswordRehashed,
    Purged,
    RefreshAdded,
    RefreshRotated,
    RevocationsCompacted,
    Revoked,
    RoleDefined,
    RoleIs,
    SessionEnded,
    SessionIsLive,
    SessionsCapped,
    SessionStarted,
    SessionTouched,
    User,
    UserAdded,
    UserChanged,
    UserDeleted,
    UserIsAt,
    finding,
    revocations,
)
from gatepass.storage import rows
from gatepass.storage.sqlite import lookups as sql
from gatepass.storage.sqlite.families import families_capped, families_revoked, refresh_added, refresh_rotated
from gatepass.storage.sqlite.places import place
from gatepass.storage.sqlite.purging import purge

if TYPE_CHECKING:
    from collections.abc import Callable

    Cursor = sqlite3.Cursor


def apply(cursor: Cursor, change: Change) -> None:
    """Execute one change inside the open transaction. Raises `Conflict`, `sqlite3.Error`."""
    try:
        APPLY[type(change)](cursor, change)
    except sqlite3.IntegrityError:
        raise Conflict(change) from None  # something it adds is there already, or what it belongs to is not


def _user_added(cursor: Cursor, change: UserAdded) -> None:
    cursor.execute(
        "INSERT INTO users VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*rows.user_row(change.user), change.password_hash or ""),
    )
    _role_rows(cursor, change.user)
    _name_rows(cursor, change.user)


def _user_changed(cursor: Cursor, change: UserChanged) -> None:
    row = rows.user_row(change.user)
    cursor.execute(
        "UPDATE users SET email = ?, first_name = ?, last_name = ?, status = ?, roles = ?, permissions = ?,"
        " granted = ?, epoch = ?, revoked_below = ?, created_at = ? WHERE id = ? AND epoch = ?",
        (*row[1:], row[0], change.expected_epoch),
    )
    _must_hit(cursor, change)
    cursor.execute("DELETE FROM user_roles WHERE user_id = ?", (change.user.id,))
    _role_rows(cursor, change.user)
    cursor.execute("DELETE FROM user_names WHERE user_id = ?", (change.user.id,))
    _name_rows(cursor, change.user)


def _role_rows(cursor: Cursor, user: User) -> None:
    cursor.executemany("INSERT INTO user_roles VALUES (?, ?)", [(role, user.id) for role in user.roles])


def _name_rows(cursor: Cursor, user: User) -> None:
    cursor.executemany("INSERT INTO user_names VALUES (?, ?, ?)", finding.name_places(user))


def _password_rehashed(cursor: Cursor, change: PasswordRehashed) -> None:
    cursor.execute(
        "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?",
        (change.after, change.user_id, change.before),
    )


def _password_changed(cursor: Cursor, change: PasswordChanged) -> None:
    cursor.execute("UPDATE users SET password_hash = ? WHERE id = ?", (change.password_hash, change.user_id))
    _must_hit(cursor, change)


def _user_deleted(cursor: Cursor, change: UserDeleted) -> None:
    # Roles held, sessions and their refresh records, links and mails go with the row: ON DELETE CASCADE.
    cursor.execute("DELETE FROM users WHERE id = ? AND epoch = ?", (change.user_id, change.expected_epoch))
    _must_hit(cursor, change)


def _role_defined(cursor: Cursor, change: RoleDefined) -> None:
    permissions, carriers = cursor.execute(
        "SELECT (SELECT permissions FROM roles WHERE name = ?1),"
        " (SELECT count(*) FROM user_roles WHERE role = ?1)",
        (change.name,),
    ).fetchone()
    expected = None if change.expected is None else rows.joined(change.expected)
    if permissions != expected or carriers != change.carriers:
        raise Conflict(change)
    cursor.execute(
        "INSERT INTO roles VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET permissions = excluded.permissions",
        (change.name, rows.joined(change.permissions)),
    )


def _session_started(cursor: Cursor, change: SessionStarted) -> None:
    session = change.session
    cursor.execute(
        "INSERT INTO sessions SELECT ?1, ?2, ?3, number, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13"
        " FROM users WHERE id = ?4",
        (place(session.id_hash), *rows.session_row(session)),
    )
    _must_hit(cursor, change)


def _session_touched(cursor: Cursor, change: SessionTouched) -> None:
    cursor.execute(
        "UPDATE sessions SET last_seen_at = ?, idle_ends_at = ?"
        " WHERE sid = ? AND ended_at IS NULL AND last_seen_at = ?",
        (change.at, change.idle_ends_at, change.sid, change.before),
    )


def _session_ended(cursor: Cursor, change: SessionEnded) -> None:
    cursor.execute(
        "UPDATE sessions SET ended_at = ?, end_reason = ? WHERE sid = ? AND ended_at IS NULL",
        (change.at, change.reason.value, change.sid),
    )
    _must_hit(cursor, change)


def _sessions_capped(cursor: Cursor, change: SessionsCapped) -> None:
    values = (change.at, change.user_id, change.limit, change.keep)
    for (sid,) in cursor.execute(sql.SESSIONS_BEYOND, values).fetchall():
        _session_ended(cursor, SessionEnded(sid, change.at, change.reason))
        families_revoked(cursor, FamiliesRevoked(sid))
        _revoked(cursor, Revoked(revocations.session_ended(sid, change.user_id, now=change.at)))
        _event_recorded(cursor, EventRecorded(msgspec.structs.replace(change.event, sid=sid)))


def _key_added(cursor: Cursor, change: KeyAdded) -> None:
    cursor.execute("INSERT INTO signing_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows.key_row(change.record))


def _key_moved(cursor: Cursor, change: KeyMoved) -> None:
    row = rows.key_row(change.record)
    cursor.execute(
        "UPDATE signing_keys SET alg = ?, state = ?, public_jwk = ?, sealed_private = ?, created_at = ?,"
        " activates_at = ?, retires_at = ?, removed_at = ? WHERE kid = ? AND state = ?",
        (*row[1:], row[0], change.expected.value),
    )
    _must_hit(cursor, change)


def _key_removed(cursor: Cursor, change: KeyRemoved) -> None:
    cursor.execute(
        "DELETE FROM signing_keys WHERE kid = ? AND state = ?", (change.kid, change.expected.value)
    )
    _must_hit(cursor, change)


def _attempt_charged(cursor: Cursor, change: AttemptCharged) -> None:
    # `throttle.charged` as one conditional statement: two processes cannot both take the last attempt.
    limit = change.limit
    cursor.execute(
        "INSERT INTO attempts VALUES (?1, ?2 + ?3) ON CONFLICT (key) DO UPDATE"
        " SET arrival = max(arrival, ?2) + ?3 WHERE max(arrival, ?2) + ?3 - ?2 <= ?4",
        (change.key, float(change.now), limit.interval, limit.ceiling),
    )
    _must_hit(cursor, change)


def _attempt_refunded(cursor: Cursor, change: AttemptRefunded) -> None:
    cursor.execute(
        "UPDATE attempts SET arrival = arrival - ? WHERE key = ?", (change.limit.interval, change.key)
    )


def _event_recorded(cursor: Cursor, change: EventRecorded) -> None:
    cursor.execute(
        "INSERT INTO events (at, kind, user_id, sid, actor, address, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows.event_row(change.event),
    )


def _export_moved(cursor: Cursor, change: ExportMoved) -> None:
    cursor.execute(
        "UPDATE event_export SET place = ?, holder = ?, until = ?"
        " WHERE place = ? AND holder IS ? AND until = ?",
        (*rows.export_row(change.after), *rows.export_row(change.expected)),
    )
    _must_hit(cursor, change)


def _import_moved(cursor: Cursor, change: ImportMoved) -> None:
    row = rows.import_row(change.after)
    if change.expected is None:
        cursor.execute("INSERT INTO imports VALUES (?, ?, ?, ?, ?)", row)
        return
    cursor.execute(
        "UPDATE imports SET line = ?, imported = ?, refused = ?, finished = ?"
        " WHERE source = ? AND line = ? AND imported = ? AND refused = ? AND finished = ?",
        (*row[1:], *rows.import_row(change.expected)),
    )
    _must_hit(cursor, change)


def _feed_renamed(cursor: Cursor, change: FeedRenamed) -> None:
    cursor.execute("UPDATE feed SET log = ?", (change.log,))


def _revoked(cursor: Cursor, change: Revoked) -> None:
    # Counted up inside the write transaction: the next one begins when this one has taken effect, or nothing
    # of it has.
    entry = change.revocation
    cursor.execute("UPDATE feed SET head = head + 1")
    cursor.execute(
        "INSERT INTO revocations SELECT head, ?, ?, ?, ?, ? FROM feed",
        (entry.selects.value, entry.value, entry.below, entry.forget_after, entry.user_id),
    )


def _revocations_compacted(cursor: Cursor, change: RevocationsCompacted) -> None:
    cursor.execute(
        "DELETE FROM revocations WHERE user_id = ? AND selects = 'sid' AND seq <= ?",
        (change.user_id, change.until),
    )


def _link_issued(cursor: Cursor, change: LinkIssued) -> None:
    cursor.execute(
        "INSERT INTO links VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, purpose) DO UPDATE"
        " SET hash = excluded.hash, email = excluded.email, epoch = excluded.epoch,"
        " ends_at = excluded.ends_at",
        rows.link_row(change.link),
    )


def _link_used(cursor: Cursor, change: LinkUsed) -> None:
    cursor.execute("DELETE FROM links WHERE hash = ?", (change.hash,))
    _must_hit(cursor, change)


def _mail_queued(cursor: Cursor, change: MailQueued) -> None:
    cursor.execute("INSERT INTO mails VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows.mail_row(change.mail))


def _mail_taken(cursor: Cursor, change: MailTaken) -> None:
    cursor.execute(
        "UPDATE mails SET next_at = ?, tries = tries + 1 WHERE id = ? AND next_at = ?",
        (change.next_at, change.id, change.before),
    )
    _must_hit(cursor, change)


def _mail_dropped(cursor: Cursor, change: MailDropped) -> None:
    cursor.execute("DELETE FROM mails WHERE id = ?", (change.id,))


def _session_is_live(cursor: Cursor, change: SessionIsLive) -> None:
    cursor.execute("SELECT 1 FROM sessions WHERE sid = ? AND ended_at IS NULL", (change.sid,))
    _must_find(cursor, change)


def _user_is_at(cursor: Cursor, change: UserIsAt) -> None:
    cursor.execute("SELECT 1 FROM users WHERE id = ? AND epoch = ?", (change.user_id, change.epoch))
    _must_find(cursor, change)


def _role_is(cursor: Cursor, change: RoleIs) -> None:
    permissions = rows.joined(change.permissions)
    cursor.execute("SELECT 1 FROM roles WHERE name = ? AND permissions = ?", (change.name, permissions))
    _must_find(cursor, change)


def _keyring_is(cursor: Cursor, change: KeyringIs) -> None:
    if set(cursor.execute("SELECT kid, state FROM signing_keys").fetchall()) != change.states:
        raise Conflict(change)


def _must_hit(cursor: Cursor, change: Change) -> None:
    if cursor.rowcount != 1:
        raise Conflict(change)


def _must_find(cursor: Cursor, change: Change) -> None:
    if cursor.fetchone() is None:
        raise Conflict(change)


APPLY: Final[dict[type[Any], Callable[[Cursor, Any], None]]] = {
    UserAdded: _user_added,
    UserChanged: _user_changed,
    PasswordRehashed: _password_rehashed,
    PasswordChanged: _password_changed,
    UserDeleted: _user_deleted,
    RoleDefined: _role_defined,
    SessionStarted: _session_started,
    SessionTouched: _session_touched,
    SessionEnded: _session_ended,
    SessionsCapped: _sessions_capped,
    RefreshAdded: refresh_added,
    RefreshRotated: refresh_rotated,
    FamiliesRevoked: families_revoked,
    FamiliesCapped: families_capped,
    KeyAdded: _key_added,
    KeyMoved: _key_moved,
    KeyRemoved: _key_removed,
    AttemptCharged: _attempt_charged,
    AttemptRefunded: _attempt_refunded,
    EventRecorded: _event_recorded,
    ExportMoved: _export_moved,
    ImportMoved: _import_moved,
    FeedRenamed: _feed_renamed,
    Revoked: _revoked,
    RevocationsCompacted: _revocations_compacted,
    LinkIssued: _link_issued,
    LinkUsed: _link_used,
    MailQueued: _mail_queued,
    MailTaken: _mail_taken,
    MailDropped: _mail_dropped,
    Purged: purge,
    SessionIsLive: _session_is_live,
    UserIsAt: _user_is_at,
    RoleIs: _role_is,
    KeyringIs: _keyring_is,
}
"""Change → what it does; a test holds it complete."""
