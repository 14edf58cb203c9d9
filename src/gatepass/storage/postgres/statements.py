"""The statements that write. All put together from constants of this package: no value is ever part of a
statement's text."""

from __future__ import annotations

from typing import Final

from gatepass.storage import rows

# ruff: noqa: S608

CHANNEL: Final = "gatepass_feed"
"""Where a commit that lets the feed grow tells so (NOTIFY), with the new head; heard when it has taken
effect."""


def _marks(number: int, *, first: int = 1) -> str:
    return ", ".join(f"${place}" for place in range(first, first + number))


_REFRESH_NAMES: Final = ", ".join(column.strip()[2:] for column in rows.REFRESH.split(","))
_EVENT_NAMES: Final = rows.EVENT.removeprefix("seq, ")

USER_ADDED: Final = f"INSERT INTO users VALUES ({_marks(12)})"
USER_CHANGED: Final = (
    "UPDATE users SET email = $2, first_name = $3, last_name = $4, status = $5, roles = $6, permissions = $7,"
    " granted = $8, epoch = $9, revoked_below = $10, created_at = $11 WHERE id = $1 AND epoch = $12"
)
ROLES_LAID_DOWN: Final = "DELETE FROM user_roles WHERE user_id = $1"
ROLES_TAKEN_UP: Final = "INSERT INTO user_roles SELECT role, $1 FROM unnest($2::text[]) AS role"
NAMES_LAID_DOWN: Final = "DELETE FROM user_names WHERE user_id = $1"
NAMES_TAKEN_UP: Final = "INSERT INTO user_names SELECT * FROM unnest($1::text[], $2::text[], $3::text[])"
PASSWORD_REHASHED: Final = "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2"  # noqa: S105 (SQL)
PASSWORD_CHANGED: Final = "UPDATE users SET password_hash = $2 WHERE id = $1"  # noqa: S105 (SQL)
USER_DELETED: Final = "DELETE FROM users WHERE id = $1 AND epoch = $2"
ROLE_DEFINED: Final = (
    "INSERT INTO roles SELECT $1::text, $2::text"
    " WHERE (SELECT permissions FROM roles WHERE name = $1) IS NOT DISTINCT FROM $3::text"
    " AND (SELECT count(*) FROM user_roles WHERE role = $1) = $4"
    " ON CONFLICT (name) DO UPDATE SET permissions = excluded.permissions"
)
ROLE_IS: Final = "SELECT 1 FROM roles WHERE name = $1 AND permissions = $2"
USER_IS_AT: Final = "SELECT 1 FROM users WHERE id = $1 AND epoch = $2"

SESSION_STARTED: Final = f"INSERT INTO sessions VALUES ({_marks(12)})"
SESSION_TOUCHED: Final = (
    "UPDATE sessions SET last_seen_at = $3, idle_ends_at = $4"
    " WHERE sid = $1 AND ended_at IS NULL AND last_seen_at = $2"
)
SESSION_ENDED: Final = (
    "UPDATE sessions SET ended_at = $2, end_reason = $3 WHERE sid = $1 AND ended_at IS NULL"
)
SESSION_IS_LIVE: Final = "SELECT 1 FROM sessions WHERE sid = $1 AND ended_at IS NULL"

_BEYOND: Final = (
    "SELECT s.sid FROM sessions s JOIN users u ON u.id = s.user_id"
    f" WHERE {rows.NEWEST_OF_USER.format(now='$1', user_id='$2')} LIMIT $3 OFFSET $4"
)
SESSIONS_BEYOND_LOCKED: Final = f"{_BEYOND} FOR NO KEY UPDATE OF s"
SESSIONS_CAPPED: Final = (
    f"WITH beyond AS ({_BEYOND}),"
    " ended AS (UPDATE sessions s SET ended_at = $1, end_reason = $5 FROM beyond b"
    " WHERE s.sid = b.sid AND s.ended_at IS NULL RETURNING s.sid),"
    " revoked AS (UPDATE refresh_records r SET state = 'revoked', answer = NULL FROM ended e"
    " WHERE r.sid = e.sid),"
    f" told AS (INSERT INTO events ({_EVENT_NAMES})"
    " SELECT $7, $8, $9, e.sid, $10, $11, $12 FROM ended e),"
    " counted AS (SELECT count(*) AS entries FROM ended),"
    " place AS (UPDATE feed SET head = head + counted.entries FROM counted WHERE counted.entries > 0"
    " RETURNING head, counted.entries),"
    " entered AS (INSERT INTO revocations"
    " SELECT p.head - p.entries + row_number() OVER (ORDER BY e.sid), 'sid', e.sid, 0, $6, $2"
    " FROM ended e, place p)"
    f" SELECT pg_notify('{CHANNEL}', head::text) FROM place"
)

REFRESH_ADDED: Final = f"INSERT INTO refresh_records VALUES ({_marks(15)})"
FAMILIES_REVOKED: Final = "UPDATE refresh_records SET state = 'revoked', answer = NULL WHERE sid = $1"
FAMILIES_CAPPED: Final = (
    "UPDATE refresh_records SET state = 'revoked', answer = NULL, idle_ends_at = least(idle_ends_at, $2)"
    " WHERE sid = $1 AND family IN (SELECT family FROM refresh_records"
    " WHERE sid = $1 AND state = 'active' AND idle_ends_at > $2"
    " ORDER BY issued_at DESC, family LIMIT $3 OFFSET $4)"
)

# The values: the successor's row ($1 to $15, of which $5 is the session, $6 the user, $7 the epoch), the
# record, the time, the answer. Locked in the order of `locks`, each before the next is looked for: the user,
# who is still at the epoch; the session, which nobody ended; the record, which is still active. Who had to
# wait looks again at what the other one left.
_BACKED: Final = (
    "WITH u AS MATERIALIZED (SELECT id FROM users WHERE id = $6 AND epoch = $7 FOR SHARE),"
    " s AS MATERIALIZED ({session}),"
    " r AS (UPDATE refresh_records r SET state = 'rotated', rotated_at = $17, answer = $18, successor = $1"
    " FROM s WHERE r.hash = $16 AND r.state = 'active' AND r.sid = s.sid AND r.user_id = $6"
    " RETURNING r.sid)"
)
_SUCCESSOR: Final = (
    f"INSERT INTO refresh_records ({_REFRESH_NAMES})"
    " SELECT $1, $2, $3, $4, r.sid, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 FROM r"
)
_SHARED: Final = "SELECT s.sid FROM sessions s, u WHERE s.sid = $5 AND s.ended_at IS NULL FOR SHARE OF s"
_TOUCHED: Final = (
    "UPDATE sessions s SET"
    " last_seen_at = CASE WHEN s.last_seen_at = $26 THEN $27 ELSE s.last_seen_at END,"
    " idle_ends_at = CASE WHEN s.last_seen_at = $26 THEN $28 ELSE s.idle_ends_at END"
    " FROM u WHERE s.sid = $5 AND s.ended_at IS NULL RETURNING s.sid"
)
_TOLD: Final = f"INSERT INTO events ({_EVENT_NAMES}) SELECT {_marks(7, first=19)} FROM r"

REFRESH_ROTATED: Final = f"{_BACKED.format(session=_SHARED)} {_SUCCESSOR}"
REFRESH_ROTATED_AND_TOLD: Final = f"{_BACKED.format(session=_SHARED)}, n AS ({_SUCCESSOR}) {_TOLD}"
"""A whole refresh: as above, then the values of the event."""
REFRESH_ROTATED_TOUCHED_AND_TOLD: Final = f"{_BACKED.format(session=_TOUCHED)}, n AS ({_SUCCESSOR}) {_TOLD}"
"""A refresh that is noted as a use of its session: as above, then `before`, `at` and `idle_ends_at`."""

KEY_ADDED: Final = f"INSERT INTO signing_keys VALUES ({_marks(9)})"
KEY_MOVED: Final = (
    "UPDATE signing_keys SET alg = $2, state = $3, public_jwk = $4, sealed_private = $5, created_at = $6,"
    " activates_at = $7, retires_at = $8, removed_at = $9 WHERE kid = $1 AND state = $10"
)
KEY_REMOVED: Final = "DELETE FROM signing_keys WHERE kid = $1 AND state = $2"
KEYRING_IS: Final = (
    "SELECT 1 WHERE $1::text[] = (SELECT coalesce(array_agg(ring ORDER BY ring), '{}')"
    " FROM (SELECT (kid || ' ' || state) COLLATE \"C\" AS ring FROM signing_keys) rings)"
)

# `throttle.charged` as one conditional statement: two processes cannot both take the last attempt.
ATTEMPT_CHARGED: Final = (
    "INSERT INTO attempts AS a VALUES ($1, $2::float8 + $3::float8) ON CONFLICT (key) DO UPDATE"
    " SET arrival = greatest(a.arrival, $2) + $3 WHERE greatest(a.arrival, $2) + $3 - $2 <= $4::float8"
)
ATTEMPT_REFUNDED: Final = "UPDATE attempts SET arrival = arrival - $2 WHERE key = $1"

EVENT_RECORDED: Final = f"INSERT INTO events ({_EVENT_NAMES}) VALUES ({_marks(7)})"
IMPORT_BEGUN: Final = f"INSERT INTO imports VALUES ({_marks(5)})"
IMPORT_MOVED: Final = (
    "UPDATE imports SET line = $2, imported = $3, refused = $4, finished = $5"
    " WHERE source = $1 AND line = $6 AND imported = $7 AND refused = $8 AND finished = $9"
)
EVENT_LOG_LOCKED: Final = "SELECT 1 FROM event_log FOR UPDATE"
EVENTS_NUMBERED: Final = (
    "WITH log AS (SELECT head FROM event_log),"
    " unread AS (SELECT line, row_number() OVER (ORDER BY line) AS number FROM"
    " (SELECT line FROM events WHERE seq IS NULL ORDER BY line LIMIT $1) first),"
    " numbered AS (UPDATE events e SET seq = log.head + unread.number FROM log, unread"
    " WHERE e.seq IS NULL AND e.line = unread.line RETURNING e.seq)"
    " UPDATE event_log SET head = newest.seq FROM (SELECT max(seq) AS seq FROM numbered) newest"
    " WHERE newest.seq IS NOT NULL"
)
"""Give the next numbers to the first lines that nobody read yet, in one order for all readers (`event_log` is
locked). A commit that takes effect later gets later numbers, whenever it began: a reader misses nothing."""

EXPORT_MOVED: Final = (
    "UPDATE event_export SET place = $1, holder = $2, until = $3"
    " WHERE place = $4 AND holder IS NOT DISTINCT FROM $5::text AND until = $6"
)
FEED_RENAMED: Final = "UPDATE feed SET log = $1"

# The head counts up in the row itself, whose lock is held until the commit has taken effect. A sequence would
# not do: its numbers are given out at once, and of two commits the one with the higher number could take
# effect first. A follower who read that one would look for what stands behind it, and never see the other.
REVOKED: Final = (
    "WITH place AS (UPDATE feed SET head = head + cardinality($1::text[]) RETURNING head),"
    " entered AS (INSERT INTO revocations"
    " SELECT place.head - cardinality($1::text[]) + entry.number,"
    " entry.selects, entry.value, entry.below, entry.forget_after, entry.user_id"
    " FROM place, unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])"
    " WITH ORDINALITY AS entry (selects, value, below, forget_after, user_id, number))"
    f" SELECT pg_notify('{CHANNEL}', head::text) FROM place"
)
REVOCATIONS_COMPACTED: Final = "DELETE FROM revocations WHERE user_id = $1 AND selects = 'sid' AND seq <= $2"

LINK_ISSUED: Final = (
    f"INSERT INTO links VALUES ({_marks(6)}) ON CONFLICT (user_id, purpose) DO UPDATE"
    " SET hash = excluded.hash, email = excluded.email, epoch = excluded.epoch, ends_at = excluded.ends_at"
)
LINK_USED: Final = "DELETE FROM links WHERE hash = $1"
MAIL_QUEUED: Final = f"INSERT INTO mails VALUES ({_marks(8)})"
MAIL_TAKEN: Final = "UPDATE mails SET next_at = $3, tries = tries + 1 WHERE id = $1 AND next_at = $2"
MAIL_DROPPED: Final = "DELETE FROM mails WHERE id = $1"

# A purge waits for nobody: what is locked just now is not over yet, or goes with the next piece.
ANSWERS_WIPED: Final = (
    "UPDATE refresh_records SET answer = NULL WHERE hash IN (SELECT hash FROM refresh_records"
    " WHERE answer IS NOT NULL AND rotated_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)"
)
REFRESH_PURGED: Final = (
    "DELETE FROM refresh_records WHERE hash IN (SELECT hash FROM refresh_records"
    " WHERE idle_ends_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)"
)
SESSIONS_PURGED: Final = (
    "DELETE FROM sessions WHERE sid IN (SELECT sid FROM sessions"
    " WHERE idle_ends_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)"
)
ATTEMPTS_PURGED: Final = (
    "DELETE FROM attempts WHERE key IN (SELECT key FROM attempts"
    " WHERE arrival <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)"
)
LINKS_PURGED: Final = (
    "DELETE FROM links WHERE hash IN (SELECT hash FROM links"
    " WHERE ends_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)"
)
MAILS_PURGED: Final = (
    "DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE ends_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)"
)
EVENTS_PURGED: Final = (
    "DELETE FROM events WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM events WHERE seq IS NOT NULL"
    " ORDER BY seq LIMIT $2) first WHERE at <= $1) AND seq < (SELECT head FROM event_log)"
)
FEED_LOCKED_TO_FORGET: Final = (
    "SELECT 1 FROM feed WHERE EXISTS (SELECT 1 FROM revocations WHERE forget_after <= $1) FOR UPDATE"
)
REVOCATIONS_FORGOTTEN: Final = (
    "WITH gone AS (DELETE FROM revocations WHERE seq IN"
    " (SELECT seq FROM revocations WHERE forget_after <= $1 LIMIT $2) RETURNING seq)"
    " UPDATE feed SET floor = coalesce((SELECT min(seq) - 1 FROM revocations r"
    " WHERE NOT EXISTS (SELECT 1 FROM gone WHERE gone.seq = r.seq)), head)"
    " WHERE EXISTS (SELECT 1 FROM gone)"
)
