"""The statements that read. All put together from constants of this package: no value is ever part of a
statement's text."""

from __future__ import annotations

from typing import Final

from gatepass.auth import By
from gatepass.storage import rows

# ruff: noqa: S608

_USER: Final = f"SELECT {rows.USER} FROM users u"
# Rows refer to each other by number; the names that the domain knows stand where they belong.
_SESSION_COLUMNS: Final = rows.SESSION.replace("s.user_id", "u.id")
_REFRESH_COLUMNS: Final = (
    rows.REFRESH.replace("r.sid", "s.sid").replace("r.user_id", "u.id").replace("r.answer", "a.sealed")
)
_SESSION: Final = f"SELECT {_SESSION_COLUMNS} FROM sessions s JOIN users u ON u.number = s.user_number"
_BOTH: Final = (
    f"SELECT {_SESSION_COLUMNS}, {rows.USER} FROM sessions s JOIN users u ON u.number = s.user_number"
)
_NEWEST_OF_USER: Final = f"{rows.LIVE.format(now='?1')} AND u.id = ?2{rows.NEWEST}"

USER_BY_ID: Final = f"{_USER} WHERE u.id = ?"
USER_BY_EMAIL: Final = f"{_USER} WHERE u.email = ?"
CREDENTIALS: Final = f"SELECT {rows.USER}, u.password_hash FROM users u WHERE u.email = ?"
USERS_PAGE: Final = f"{_USER} WHERE u.email > ? ORDER BY u.email LIMIT ?"
TAKEN: Final = (
    "WITH asked (name) AS (SELECT value FROM json_each(?))"
    " SELECT name FROM asked JOIN users ON email = name UNION SELECT name FROM asked JOIN users ON id = name"
)
USERS_WITH_ROLE: Final = f"{_USER} JOIN user_roles h ON h.user_id = u.id WHERE h.role = ? ORDER BY u.id"
FIND_USERS: Final = {
    By.EMAIL: f"SELECT u.email, {rows.USER} FROM users u"
    " WHERE u.email >= ?1 AND u.email < ?2 AND u.email > ?3 ORDER BY u.email LIMIT ?4",
    By.NAME: f"SELECT n.place, {rows.USER} FROM user_names n JOIN users u ON u.id = n.user_id"
    " WHERE n.place >= ?1 AND n.place < ?2 AND n.place > ?3"
    " AND (n.other IS NULL OR n.other < ?1 OR n.other >= ?2) ORDER BY n.place LIMIT ?4",
    By.ROLE: f"SELECT h.user_id, {rows.USER} FROM user_roles h JOIN users u ON u.id = h.user_id"
    " WHERE h.role = ?1 AND ?2 IS NOT NULL AND h.user_id > ?3 ORDER BY h.user_id LIMIT ?4",
}
"""The values: a beginning, what is behind all that begin so, a place, how many."""
SESSION_BY_HASH: Final = f"{_BOTH} WHERE s.place = ? AND s.id_hash = ?"
SESSION_BY_SID: Final = f"{_BOTH} WHERE s.sid = ?"
SESSIONS_OF: Final = f"{_SESSION} WHERE {_NEWEST_OF_USER} LIMIT ?3"
SESSIONS_BEYOND: Final = (
    "SELECT s.sid FROM sessions s JOIN users u ON u.number = s.user_number"
    f" WHERE {_NEWEST_OF_USER} LIMIT ?3 OFFSET ?4"
)
LIVE_SESSIONS: Final = f"{_BOTH} WHERE {rows.LIVE.format(now='?1')} AND s.sid > ?2 ORDER BY s.sid LIMIT ?3"
# A record that was not rotated has no answer, and none is looked for.
REFRESH_BY_HASH: Final = (
    f"SELECT {_REFRESH_COLUMNS}, {_SESSION_COLUMNS}, {rows.USER} FROM refresh_records r"
    " JOIN sessions s ON s.place = r.session_place JOIN users u ON u.number = s.user_number"
    " LEFT JOIN answers a ON a.record = iif(r.rotated_at IS NULL, NULL, r.number)"
    " WHERE r.place = ? AND r.hash = ?"
)
ROTATABLE: Final = (
    "SELECT r.number, r.session_place FROM refresh_records r JOIN sessions s ON s.place = r.session_place"
    " JOIN users u ON u.number = s.user_number WHERE r.place = ? AND r.hash = ? AND r.state = 'active'"
    " AND s.sid = ? AND s.ended_at IS NULL AND u.epoch = ?"
)
FAMILIES_BEYOND: Final = (
    "SELECT r.family FROM sessions s JOIN refresh_records r ON r.session_place = s.place"
    " WHERE s.sid = ? AND r.state = 'active' AND r.idle_ends_at > ?"
    " ORDER BY r.issued_at DESC, r.family LIMIT ? OFFSET ?"
)
ROLES: Final = "SELECT name, permissions FROM roles"
KEYS: Final = f"SELECT {rows.KEY} FROM signing_keys ORDER BY created_at, kid"
EVENT_EXPORT: Final = "SELECT place, holder, until FROM event_export"
EVENTS_AFTER: Final = f"SELECT {rows.EVENT} FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
FEED: Final = (
    f"SELECT f.log, f.floor, f.head, r.* FROM feed f LEFT JOIN (SELECT {rows.REVOCATION} FROM revocations"
    " WHERE seq > ? ORDER BY seq LIMIT ?) r ORDER BY r.seq"
)
# Joined from what is asked for, 5 µs: given as a list of pairs, or with OR, SQLite would read the whole feed,
# 6 ms for 100,000 entries.
ORDERS: Final = (
    "WITH asked (kind, text) AS (VALUES ('jti', ?), ('client_id', ?), ('kid', ?), ('all', ''))"
    f" SELECT {rows.REVOCATION} FROM asked CROSS JOIN revocations ON selects = kind AND value = text"
    " WHERE user_id IS NULL ORDER BY seq"
)
# A row for each order, and one where there is none; the session's columns are the same in all of them.
SESSION_AND_ORDERS: Final = (
    "WITH asked (kind, text) AS (VALUES ('jti', ?), ('client_id', ?), ('kid', ?), ('all', ''))"
    f" SELECT o.*, {_SESSION_COLUMNS}, {rows.USER} FROM (SELECT ? AS sid) a"
    " LEFT JOIN sessions s ON s.sid = a.sid LEFT JOIN users u ON u.number = s.user_number"
    f" LEFT JOIN (SELECT {rows.REVOCATION} FROM asked CROSS JOIN revocations"
    " ON selects = kind AND value = text WHERE user_id IS NULL) o ORDER BY o.seq"
)
FEED_HEAD: Final = "SELECT head FROM feed"
CROWDED: Final = (
    "SELECT user_id FROM revocations r WHERE selects = 'sid' AND user_id IN (SELECT user_id FROM revocations"
    " WHERE seq > (SELECT head FROM feed) - ?) GROUP BY user_id HAVING count(*) > ? ORDER BY user_id LIMIT ?"
)
LINK_BY_HASH: Final = (
    f"SELECT {rows.LINK}, {rows.USER} FROM links l JOIN users u ON u.id = l.user_id WHERE l.hash = ?"
)
MAILS_DUE: Final = (
    f"SELECT {rows.MAIL}, {rows.USER} FROM mails m LEFT JOIN users u ON u.id = m.user_id"
    " WHERE m.next_at <= ? ORDER BY m.next_at, m.id LIMIT ?"
)
IMPORT: Final = f"SELECT {rows.IMPORT} FROM imports WHERE source = ?"
ATTEMPT: Final = "SELECT arrival FROM attempts WHERE key = ?"
