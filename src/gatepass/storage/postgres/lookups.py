"""The statements that read. All put together from constants of this package: no value is ever part of a
statement's text."""

from __future__ import annotations

from typing import Final

from gatepass.auth import By
from gatepass.storage import rows

# ruff: noqa: S608

_USER: Final = f"SELECT {rows.USER} FROM users u"
_SESSION: Final = f"SELECT {rows.SESSION} FROM sessions s JOIN users u ON u.id = s.user_id"
_BOTH: Final = f"SELECT {rows.SESSION}, {rows.USER} FROM sessions s JOIN users u ON u.id = s.user_id"

USER_BY_ID: Final = f"{_USER} WHERE u.id = $1"
USER_BY_EMAIL: Final = f"{_USER} WHERE u.email = $1"
CREDENTIALS: Final = f"SELECT {rows.USER}, u.password_hash FROM users u WHERE u.email = $1"
USERS_PAGE: Final = f"{_USER} WHERE u.email > $1 ORDER BY u.email LIMIT $2"
TAKEN: Final = (
    "SELECT email FROM users WHERE email = ANY($1::text[])"
    " UNION SELECT id FROM users WHERE id = ANY($1::text[])"
)
USERS_WITH_ROLE: Final = f"{_USER} JOIN user_roles h ON h.user_id = u.id WHERE h.role = $1 ORDER BY u.id"
FIND_USERS: Final = {
    By.EMAIL: f"SELECT u.email, {rows.USER} FROM users u"
    " WHERE u.email >= $1 AND u.email < $2 AND u.email > $3 ORDER BY u.email LIMIT $4",
    By.NAME: f"SELECT n.place, {rows.USER} FROM user_names n JOIN users u ON u.id = n.user_id"
    " WHERE n.place >= $1 AND n.place < $2 AND n.place > $3"
    " AND (n.other IS NULL OR n.other < $1 OR n.other >= $2) ORDER BY n.place LIMIT $4",
    By.ROLE: f"SELECT h.user_id, {rows.USER} FROM user_roles h JOIN users u ON u.id = h.user_id"
    " WHERE h.role = $1 AND $2::text IS NOT NULL AND h.user_id > $3 ORDER BY h.user_id LIMIT $4",
}
"""The values: a beginning, what is behind all that begin so, a place, how many."""
SESSION_BY_HASH: Final = f"{_BOTH} WHERE s.id_hash = $1"
SESSION_BY_SID: Final = f"{_BOTH} WHERE s.sid = $1"
SESSIONS_OF: Final = f"{_SESSION} WHERE {rows.NEWEST_OF_USER.format(now='$1', user_id='$2')} LIMIT $3"
LIVE_SESSIONS: Final = f"{_BOTH} WHERE {rows.LIVE.format(now='$1')} AND s.sid > $2 ORDER BY s.sid LIMIT $3"
REFRESH_BY_HASH: Final = (
    f"SELECT {rows.REFRESH}, {rows.SESSION}, {rows.USER} FROM refresh_records r"
    " JOIN sessions s ON s.sid = r.sid JOIN users u ON u.id = r.user_id WHERE r.hash = $1"
)
ROLES: Final = "SELECT name, permissions FROM roles"
KEYS: Final = f"SELECT {rows.KEY} FROM signing_keys ORDER BY created_at, kid"
EVENTS_AFTER: Final = f"SELECT {rows.EVENT} FROM events WHERE seq > $1 ORDER BY seq LIMIT $2"
UNREAD_EVENTS: Final = "SELECT EXISTS (SELECT 1 FROM events WHERE seq IS NULL)"
EVENT_EXPORT: Final = "SELECT place, holder, until FROM event_export"
FEED: Final = (
    f"SELECT f.log, f.floor, f.head, r.* FROM feed f LEFT JOIN (SELECT {rows.REVOCATION} FROM revocations"
    " WHERE seq > $1 ORDER BY seq LIMIT $2) r ON true ORDER BY r.seq"
)
FEED_HEAD: Final = "SELECT head FROM feed"
CROWDED: Final = (
    "SELECT user_id FROM revocations WHERE selects = 'sid' AND user_id IN (SELECT user_id FROM revocations"
    " WHERE seq > (SELECT head FROM feed) - $1) GROUP BY user_id HAVING count(*) > $2"
    " ORDER BY user_id LIMIT $3"
)
ORDERS: Final = (
    "WITH asked (kind, text) AS (VALUES ('jti', $1), ('client_id', $2), ('kid', $3), ('all', ''))"
    f" SELECT {rows.REVOCATION} FROM asked JOIN revocations ON selects = kind AND value = text"
    " WHERE user_id IS NULL ORDER BY seq"
)
_ON_TOKEN: Final = (
    f"(SELECT {rows.REVOCATION} FROM (VALUES ('jti', $2), ('client_id', $3), ('kid', $4), ('all', ''))"
    " AS asked (kind, text) JOIN revocations ON selects = kind AND value = text WHERE user_id IS NULL)"
)
# A row for each order, and one where there is none; the session's columns are the same in all of them.
SESSION_AND_ORDERS: Final = (
    f"SELECT o.*, {rows.SESSION}, {rows.USER} FROM (SELECT $1::text AS sid) a"
    " LEFT JOIN sessions s ON s.sid = a.sid LEFT JOIN users u ON u.id = s.user_id"
    f" LEFT JOIN {_ON_TOKEN} o ON true ORDER BY o.seq"
)
LINK_BY_HASH: Final = (
    f"SELECT {rows.LINK}, {rows.USER} FROM links l JOIN users u ON u.id = l.user_id WHERE l.hash = $1"
)
MAILS_DUE: Final = (
    f"SELECT {rows.MAIL}, {rows.USER} FROM mails m LEFT JOIN users u ON u.id = m.user_id"
    " WHERE m.next_at <= $1 ORDER BY m.next_at, m.id LIMIT $2"
)
IMPORT: Final = f"SELECT {rows.IMPORT} FROM imports WHERE source = $1"
ATTEMPT: Final = "SELECT arrival FROM attempts WHERE key = $1"
PURGEABLE: Final = (
    "SELECT EXISTS (SELECT 1 FROM refresh_records WHERE answer IS NOT NULL AND rotated_at <= $1)"
    " OR EXISTS (SELECT 1 FROM refresh_records WHERE idle_ends_at <= $2)"
    " OR EXISTS (SELECT 1 FROM sessions WHERE idle_ends_at <= $3)"
    " OR EXISTS (SELECT 1 FROM attempts WHERE arrival <= $2)"
    " OR EXISTS (SELECT 1 FROM revocations WHERE forget_after <= $2)"
    " OR EXISTS (SELECT 1 FROM links WHERE ends_at <= $2)"
    " OR EXISTS (SELECT 1 FROM mails WHERE ends_at <= $2)"
    # The log is in the order of time, so the first line alone is looked at, of those that were read and of
    # those that were not; the last one of all stays.
    " OR EXISTS (SELECT 1 FROM (SELECT seq, at FROM events WHERE seq IS NOT NULL ORDER BY seq LIMIT 1) read"
    " WHERE at <= $4 AND seq < (SELECT head FROM event_log))"
    " OR EXISTS (SELECT 1 FROM (SELECT line, at FROM events WHERE seq IS NULL ORDER BY line LIMIT 1) unread"
    " WHERE at <= $4 AND line < (SELECT max(line) FROM events WHERE seq IS NULL))"
)
