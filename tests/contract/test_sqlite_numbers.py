"""SQLite's rows by number: a file and a process of an earlier version, hashes that begin alike."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.contract.samples import DAY, NOW, digest, fill, key, link, mail, record, session, user

from gatepass.auth import (
    Conflict,
    EndReason,
    Event,
    EventKind,
    EventRecorded,
    FamiliesRevoked,
    RefreshAdded,
    RefreshRotated,
    RefreshState,
    SessionEnded,
    SessionStarted,
    StorageUnavailable,
    UserAdded,
    UserDeleted,
)
from gatepass.storage import SqliteStore, checking, rows
from gatepass.storage.sqlite.look import SqliteLook
from gatepass.storage.sqlite.migrate import migrate, migrations
from gatepass.storage.sqlite.places import place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

BEFORE = 9
"""The last schema without numbers."""

ROTATED = record(
    "rotated", state=RefreshState.ROTATED, rotated_at=NOW, answer=b"sealed", successor=digest("token")
)
REVOKED = record("revoked", state=RefreshState.REVOKED)
ENDED = session("ended", ended_at=NOW, end_reason=EndReason.LOGGED_OUT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gatepass.db"


@pytest.fixture
def earlier(path: Path) -> Iterator[sqlite3.Connection]:
    """A file of the last schema without numbers, as a process of that version has it open."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection, migrations()[:BEFORE])
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


def insert(connection: sqlite3.Connection, table: str, *found: rows.Row) -> None:
    for row in found:
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)


def fill_earlier(connection: sqlite3.Connection) -> None:
    insert(connection, "users", *((*rows.user_row(user(name)), "hash") for name in ("ada", "bob")))
    insert(connection, "roles", ("doctor", "appointments:read"))
    insert(connection, "user_roles", ("doctor", "user-ada"))
    insert(connection, "user_names", ("ada", "user-ada", None), ("bob", "user-bob", None))
    of_bob = session("of bob", user_id="user-bob")
    insert(connection, "sessions", *map(rows.session_row, (session(), ENDED, of_bob)))
    insert(connection, "refresh_records", *map(rows.refresh_row, (ROTATED, record(), REVOKED)))
    insert(connection, "links", rows.link_row(link()))
    insert(connection, "mails", rows.mail_row(mail()))
    insert(connection, "signing_keys", rows.key_row(key()))


async def test_everything_is_found_by_its_hash_afterwards(earlier: sqlite3.Connection, path: Path) -> None:
    fill_earlier(earlier)
    store = SqliteStore.open(path)
    for one in (session(), ENDED):
        assert await store.session_by_hash(one.id_hash) == (one, user())
        assert await store.session_by_sid(one.sid) == (one, user())
    for kept in (record(), ROTATED, REVOKED):
        assert await store.refresh_by_hash(kept.hash) == (kept, session(), user())
    found = await store.session_by_hash(digest("of bob"))
    assert found is not None
    assert found[1].id == "user-bob"
    # What refers to users, whose table was put in the place of another.
    assert [holder.id for holder in await store.users_with_role("doctor")] == ["user-ada"]
    assert await store.link_by_hash(link().hash) == (link(), user())
    assert await store.mails_due(NOW, 9) == [(mail(), user())]
    await store.close()


async def test_life_goes_on_afterwards(earlier: sqlite3.Connection, path: Path) -> None:
    fill_earlier(earlier)
    store = SqliteStore.open(path)
    await store.commit(
        RefreshRotated(record().hash, NOW, b"new", record("next")), SessionStarted(session("n"))
    )
    assert await store.refresh_by_hash(digest("next")) is not None
    await store.commit(SessionEnded("sid-one", NOW, EndReason.LOGGED_OUT), FamiliesRevoked("sid-one"))
    for name in ("rotated", "token", "next"):
        found = await store.refresh_by_hash(digest(name))
        assert found is not None
        assert (found[0].state, found[0].answer) == (RefreshState.REVOKED, None)
    await store.close()


async def test_an_update_leaves_a_whole_database(earlier: sqlite3.Connection, path: Path) -> None:
    fill_earlier(earlier)
    earlier.execute("UPDATE users SET roles = CASE id WHEN 'user-ada' THEN 'doctor' ELSE '' END")
    await SqliteStore.open(path).close()
    with closing(SqliteLook(path)) as look:
        report = checking.check(look)
    assert report.findings == []
    assert (report.counts["users"], report.counts["sessions"], report.counts["refresh_records"]) == (2, 3, 3)


async def test_an_update_that_fails_changes_nothing(earlier: sqlite3.Connection, path: Path) -> None:
    fill_earlier(earlier)
    first = session("alike", id_hash=digest("one")[:8] + bytes(24))
    insert(earlier, "sessions", rows.session_row(first))
    with pytest.raises(StorageUnavailable):
        SqliteStore.open(path)
    assert earlier.execute("PRAGMA user_version").fetchone() == (BEFORE,)
    earlier.execute("DELETE FROM sessions WHERE sid = 'sid-alike'")  # the twin
    await SqliteStore.open(path).close()


# What a process of the version before says, in its own words.
# ruff: noqa: S608 (constants)
EARLIER_STATEMENTS = {
    "a log-in": (
        "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows.session_row(session("new")),
    ),
    "first tokens": (
        "INSERT INTO refresh_records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows.refresh_row(record("new")),
    ),
    "a registration": (
        "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*rows.user_row(user("eve")), "h"),
    ),
    "a refresh": (
        (
            "UPDATE refresh_records SET state = 'rotated', rotated_at = ?, answer = ?, successor = ?"
            " WHERE hash = ? AND state = 'active'"
            " AND EXISTS (SELECT 1 FROM sessions s WHERE s.sid = refresh_records.sid AND s.ended_at IS NULL)"
            " AND EXISTS (SELECT 1 FROM users u WHERE u.id = refresh_records.user_id AND u.epoch = ?)"
        ),
        (NOW, b"sealed", digest("new"), digest("token"), 3),
    ),
    "a log-out": (
        "UPDATE refresh_records SET state = 'revoked', answer = NULL WHERE sid = ?",
        ("sid-one",),
    ),
    "a purge": (
        (
            "UPDATE refresh_records SET answer = NULL WHERE rowid IN (SELECT rowid FROM refresh_records"
            " WHERE answer IS NOT NULL AND rotated_at <= ? LIMIT ?)"
        ),
        (NOW, 500),
    ),
    "a session check": (
        (
            f"SELECT {rows.SESSION}, {rows.USER} FROM sessions s JOIN users u ON u.id = s.user_id"
            " WHERE s.id_hash = ?"
        ),
        (digest("one"),),
    ),
    "a look at a refresh token": (
        (
            f"SELECT {rows.REFRESH}, {rows.SESSION}, {rows.USER} FROM refresh_records r"
            " JOIN sessions s ON s.sid = r.sid JOIN users u ON u.id = r.user_id WHERE r.hash = ?"
        ),
        (digest("token"),),
    ),
}


async def test_who_brings_a_file_up_to_date_says_so_once(
    earlier: sqlite3.Connection, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill_earlier(earlier)
    await SqliteStore.open(path).close()
    assert f"from schema {BEFORE} to {len(migrations())}" in caplog.text
    caplog.clear()
    await SqliteStore.open(path).close()
    await SqliteStore.open(path.with_name("new.db")).close()  # the twin: a new file has nothing behind it
    assert caplog.text == ""


@pytest.mark.parametrize("statement", EARLIER_STATEMENTS.values(), ids=EARLIER_STATEMENTS)
async def test_a_process_of_the_version_before_can_do_no_harm(
    earlier: sqlite3.Connection, path: Path, statement: tuple[str, rows.Row]
) -> None:
    fill_earlier(earlier)
    earlier.execute("BEGIN")
    earlier.execute(*statement).fetchall()  # the twin: it could, and has the statement prepared
    earlier.execute("ROLLBACK")
    store = SqliteStore.open(path)
    with pytest.raises(sqlite3.Error, match=r"no such column|columns but \d+ values|datatype mismatch"):
        earlier.execute(*statement)
    assert await store.refresh_by_hash(record().hash) == (record(), session(), user())
    assert await store.refresh_by_hash(ROTATED.hash) == (ROTATED, session(), user())
    assert len(await store.users_page(None, 9)) == 2
    await store.close()


async def test_what_such_a_process_may_still_write_is_right(earlier: sqlite3.Connection, path: Path) -> None:
    fill_earlier(earlier)
    store = SqliteStore.open(path)
    touched = "UPDATE sessions SET last_seen_at = ?, idle_ends_at = ? WHERE sid = ?"
    earlier.execute(touched, (NOW + 60, NOW + DAY, "sid-one"))
    found = await store.session_by_hash(digest("one"))
    assert found is not None
    assert found[0].last_seen_at == NOW + 60
    earlier.execute("DELETE FROM users WHERE id = 'user-ada'")  # and all that is theirs
    assert await store.session_by_hash(digest("one")) is None
    assert await store.refresh_by_hash(digest("token")) is None
    assert earlier.execute("SELECT count(*) FROM answers").fetchone() == (0,)
    await store.close()


# Numbers that become free


async def test_what_a_deletion_by_hand_leaves_behind_never_becomes_another_users(path: Path) -> None:
    store = SqliteStore.open(path)
    await store.commit(UserAdded(user(), "hash"), SessionStarted(session()), RefreshAdded(record()))
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:  # which holds no references
        shell.execute("DELETE FROM users")
    await store.commit(UserAdded(user("bob"), "hash"))
    assert await store.session_by_hash(digest("one")) is None
    assert await store.refresh_by_hash(digest("token")) is None
    await store.commit(SessionStarted(session("of bob", user_id="user-bob")))  # the twin
    assert await store.session_by_hash(digest("of bob")) is not None
    await store.close()


async def test_an_update_goes_on_counting_users(earlier: sqlite3.Connection, path: Path) -> None:
    fill_earlier(earlier)
    store = SqliteStore.open(path)
    newest = "SELECT number, id FROM users ORDER BY number DESC LIMIT 1"
    number, newest_id = earlier.execute(newest).fetchone()
    await store.commit(UserDeleted(newest_id, 3))
    await store.commit(UserAdded(user("eve"), "hash"))
    assert earlier.execute(newest).fetchone() == (number + 1, "user-eve")
    await store.close()


# Hashes that begin alike


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore.open(path)
    await fill(opened)
    yield opened
    await opened.close()


def alike(name: str) -> bytes:
    """Give another hash with the same first 64 bits."""
    return digest(name)[:8] + bytes(24)


@pytest.mark.parametrize("digits", ["00" * 32, "7f" + "ff" * 31, "80" + "00" * 31, "ff" * 32])
def test_a_place_is_a_number_that_sqlite_can_hold(digits: str) -> None:
    assert -(2**63) <= place(bytes.fromhex(digits)) < 2**63
    assert place(bytes.fromhex(digits)) != place(bytes.fromhex("01" + digits[2:]))


async def test_a_row_counts_only_with_its_whole_hash(store: SqliteStore) -> None:
    assert await store.session_by_hash(alike("one")) is None
    assert await store.refresh_by_hash(alike("token")) is None
    assert await store.session_by_hash(digest("one")) is not None  # the twins
    assert await store.refresh_by_hash(digest("token")) is not None
    with pytest.raises(Conflict):
        await store.commit(RefreshRotated(alike("token"), NOW, b"", record("next")))
    await store.commit(RefreshRotated(digest("token"), NOW, b"", record("next")))


COLLIDING = {
    "a session": SessionStarted(session("two", id_hash=alike("one"))),
    "a first record": RefreshAdded(record("two", hash=alike("token"))),
    "a successor": RefreshRotated(digest("token"), NOW, b"", record("two", hash=alike("token"))),
}


@pytest.mark.parametrize("change", COLLIDING.values(), ids=COLLIDING)
async def test_who_comes_second_to_a_place_is_told_and_takes_nothing(
    store: SqliteStore, change: SessionStarted | RefreshAdded | RefreshRotated
) -> None:
    event = EventRecorded(Event(NOW, EventKind.LOGGED_IN))
    with pytest.raises(Conflict):
        await store.commit(change, event)
    assert await store.session_by_hash(digest("one")) == (session(), user(roles=frozenset({"doctor"})))
    found = await store.refresh_by_hash(digest("token"))
    assert found is not None
    assert found[0] == record()
    assert await store.events_after(0, 9) == []
