"""Tables full of sessions, filled by the database itself: ten thousand in seconds, ten million in minutes.

What the databases lack is given to them: `body` and `hash`, as in `numbered`; `place` to SQLite.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.auth.numbered import SESSIONS_PER_USER, body
from benchmarks.verifier.auth import PASSWORD
from gatepass.auth.passwords import hash_password
from gatepass.storage.sqlite.places import place

DAY = 86_400

# Each session has one refresh record. The sessions' last use lies ahead: that a use is noted, once a minute
# and session, is no part of what is measured.
GATEPASS_ON_POSTGRES = (
    (
        "INSERT INTO users SELECT id('user ' || i), 'user' || i || '@clinic.example', 'Ada', 'Example',"
        " 'active', 'doctor', '', 'appointments:read appointments:write', 1, 0, {now},"
        " '{password}' FROM {users}"
    ),
    (
        "INSERT INTO sessions SELECT hash('gps_' || body('session ' || i)), id('sid ' || i),"
        " id('user ' || (i / {per_user})), 1, {now}, {now} + {day}, {now} + 14 * {day},"
        " {now} + 90 * {day}, NULL, NULL, 'Firefox on Linux', '192.0.2.1' FROM {sessions} ORDER BY 1"
    ),
    (
        "INSERT INTO refresh_records SELECT hash('gpr_' || body('refresh ' || i)), id('family ' || i),"
        " 'standard', 'active', id('sid ' || i), id('user ' || (i / {per_user})), 1, hash('access ' || i),"
        " {now}, {now} + 14 * {day}, {now} + 90 * {day}, 3600, NULL, NULL, NULL FROM {sessions} ORDER BY 1"
    ),
)
GATEPASS_ON_SQLITE = (
    (
        "INSERT INTO users SELECT i + 1, id('user ' || i), 'user' || i || '@clinic.example', 'Ada',"
        " 'Example', 'active', 'doctor', '', 'appointments:read appointments:write', 1, 0, {now},"
        " '{password}' FROM {users}"
    ),
    (
        "INSERT INTO sessions SELECT place(hash), hash, sid, number, 1, {now}, {now} + {day},"
        " {now} + 14 * {day}, {now} + 90 * {day}, NULL, NULL, 'Firefox on Linux', '192.0.2.1' FROM"
        " (SELECT hash('gps_' || body('session ' || i)) AS hash, id('sid ' || i) AS sid,"
        " i / {per_user} + 1 AS number FROM {sessions}) ORDER BY 1"
    ),
    (
        "INSERT INTO refresh_records SELECT NULL, place(hash), hash, family, 'standard', 'active', session,"
        " 1, access, {now}, {now} + 14 * {day}, {now} + 90 * {day}, 3600, NULL, NULL FROM"
        " (SELECT hash('gpr_' || body('refresh ' || i)) AS hash, id('family ' || i) AS family,"
        " place(hash('gps_' || body('session ' || i))) AS session, hash('access ' || i) AS access"
        " FROM {sessions})"
    ),
)
FLOOR = (
    (
        "INSERT INTO users SELECT i, 'user' || i || '@clinic.example', 'Ada Example', 'doctor',"
        " 'appointments:read appointments:write', '{password}' FROM {users}"
    ),
    (
        "INSERT INTO sessions SELECT hash('gps_' || body('session ' || i)), i / {per_user}"
        " FROM {sessions} ORDER BY 1"
    ),
    (
        "INSERT INTO refresh_records SELECT hash('gpr_' || body('refresh ' || i)), i / {per_user}, 'active',"
        " NULL FROM {sessions} ORDER BY 1"
    ),
)
_FUNCTIONS = (
    (
        "CREATE FUNCTION pg_temp.body(seed text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT"
        " rtrim(translate(encode(sha256(convert_to(seed, 'UTF8')), 'base64'), '+/', '-_'), '=') $$"
    ),
    (
        "CREATE FUNCTION pg_temp.id(seed text) RETURNS text LANGUAGE sql IMMUTABLE AS"
        " $$ SELECT 'A' || left(pg_temp.body(seed), 21) $$"
    ),
    (
        "CREATE FUNCTION pg_temp.hash(secret text) RETURNS bytea LANGUAGE sql IMMUTABLE AS"
        " $$ SELECT sha256(convert_to(secret, 'UTF8')) $$"
    ),
)


def fill_sqlite(file: Path, statements: tuple[str, ...], sessions: int) -> int:
    """Fill the tables of a file that nobody has open; gives its size in bytes."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.create_function("body", 1, body, deterministic=True)
        connection.create_function("id", 1, lambda seed: "A" + body(seed)[:21], deterministic=True)
        connection.create_function("hash", 1, _hash, deterministic=True)
        connection.create_function("place", 1, place, deterministic=True)
        for setting in ("synchronous = OFF", "foreign_keys = OFF", "cache_size = -1000000"):
            connection.execute(f"PRAGMA {setting}")
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"
            " AND tbl_name IN ('users', 'sessions', 'refresh_records')"
        ).fetchall()
        connection.execute("BEGIN")
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for statement in statements:
            connection.execute(_put(statement, sessions, _counted_up))
        for _, index in indexes:
            connection.execute(index)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size


def fill_postgres(url: str, schema: str, statements: tuple[str, ...], sessions: int) -> int:
    """Fill the tables of a database; gives its size in bytes."""
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in (
            *(f"search_path = {schema}", "synchronous_commit = off", "work_mem = '256MB'"),
            *("maintenance_work_mem = '512MB'", "session_replication_role = replica"),
        ):
            _do(connection, f"SET {setting}")
        for function in _FUNCTIONS:
            _do(connection, function)
        found = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s"
            " AND tablename IN ('users', 'sessions', 'refresh_records')"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)",
            (schema,),
        ).fetchall()
        for name, _ in found:
            _do(connection, f"DROP INDEX {name}")
        for statement in statements:
            text = _put(statement, sessions, _series)
            for name in ("body", "hash", "id"):
                text = text.replace(f"{name}('", f"pg_temp.{name}('")
            _do(connection, text)
        for _, index in found:
            _do(connection, index)
        _do(connection, "VACUUM ANALYZE users, sessions, refresh_records")
        _do(connection, "CHECKPOINT")
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])


def _do(connection: psycopg.Connection[Any], statement: str) -> None:
    connection.execute(statement.encode())


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _put(statement: str, sessions: int, numbers: Callable[[int], str]) -> str:
    return statement.format(
        now=int(time.time()),
        day=DAY,
        per_user=SESSIONS_PER_USER,
        password=_PASSWORD_HASH,
        users=numbers(max(sessions // SESSIONS_PER_USER, 1)),
        sessions=numbers(sessions),
    )


def _counted_up(count: int) -> str:
    return (
        "(WITH RECURSIVE number (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM number"  # noqa: S608 (a number of ours)
        f" WHERE i < {count - 1}) SELECT i FROM number)"
    )


def _series(count: int) -> str:
    return f"generate_series(0, {count - 1}) AS number (i)"


_PASSWORD_HASH = hash_password(PASSWORD, entropy=lambda count: bytes(range(count)))
