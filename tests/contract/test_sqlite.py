"""What is SQLite's own: the file, its schema, durability, other processes, full disks and locks."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.contract.samples import NOW, digest, fill, record, session, user

from gatepass.auth import (
    Conflict,
    EndReason,
    Event,
    EventKind,
    EventRecorded,
    SessionEnded,
    SessionStarted,
    StorageUnavailable,
    UserAdded,
)
from gatepass.storage import SqliteStore
from gatepass.storage.sqlite import lookups
from gatepass.storage.sqlite import migrate as migrating
from gatepass.storage.sqlite import store as opening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

EVENT = EventRecorded(Event(NOW, EventKind.LOGGED_IN))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gatepass.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore.open(path)
    yield opened
    await opened.close()


def execute(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


# The file and its schema


async def test_only_its_owner_may_read_the_file(store: SqliteStore, path: Path) -> None:
    await fill(store)
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


async def test_every_commit_is_synced_to_disk(store: SqliteStore) -> None:
    writer = store._writer._transaction._connection
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert writer.execute("PRAGMA foreign_keys").fetchone() == (1,)


async def test_a_store_opens_again_as_it_was_closed(path: Path) -> None:
    first = SqliteStore.open(path)
    await fill(first)
    await first.close()
    again = SqliteStore.open(path)
    assert await again.refresh_by_hash(digest("token")) is not None
    await again.close()
    assert [file.name for file in path.parent.iterdir()] == ["gatepass.db"]  # no log is left beside it


async def test_closing_twice_is_fine_and_then_it_says_so(path: Path) -> None:
    store = SqliteStore.open(path)
    await store.close()
    await store.close()
    with pytest.raises(StorageUnavailable):
        await store.commit(EVENT)
    with pytest.raises(StorageUnavailable):
        await store.signing_keys()
    with pytest.raises(StorageUnavailable):
        await store.attempt("a")


async def test_a_note_for_a_closed_store_is_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = SqliteStore.open(path)
    await store.close()
    store.commit_later(EVENT)
    assert "the store is closed" in caplog.text


async def test_closing_writes_what_is_waiting_first(path: Path) -> None:
    store = SqliteStore.open(path)
    commits = [asyncio.ensure_future(store.commit(EVENT)) for _ in range(600)]
    store.commit_later(EVENT)
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*commits)
    assert execute(path, "SELECT count(*) FROM events") == [(601,)]


async def test_a_database_of_a_newer_version_is_refused(path: Path) -> None:
    await SqliteStore.open(path).close()
    newer = len(migrating.migrations()) + 1
    execute(path, f"PRAGMA user_version = {newer}")
    with pytest.raises(StorageUnavailable, match="newer"):
        SqliteStore.open(path)
    execute(path, f"PRAGMA user_version = {newer - 1}")  # the twin
    await SqliteStore.open(path).close()


async def test_a_process_hears_that_a_newer_one_has_changed_the_file_under_it(path: Path) -> None:
    store = SqliteStore.open(path)
    newer = len(migrating.migrations()) + 1
    execute(path, f"PRAGMA user_version = {newer}")
    with pytest.raises(StorageUnavailable, match=f"has schema {newer}, newer than {newer - 1}"):
        await store.signing_keys()
    execute(path, f"PRAGMA user_version = {newer - 1}")  # the twin
    assert await store.signing_keys() == []
    await store.close()


async def test_a_database_of_something_else_is_left_alone(path: Path) -> None:
    execute(path, "CREATE TABLE songs (title TEXT)")
    with pytest.raises(StorageUnavailable, match="something else"):
        SqliteStore.open(path)
    assert execute(path, "SELECT name FROM sqlite_schema") == [("songs",)]


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    await asyncio.to_thread(path.write_text, "dear diary, " * 1000)
    with pytest.raises(StorageUnavailable, match=r"gatepass\.db"):
        SqliteStore.open(path)


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"cannot open gatepass\.db"):
        SqliteStore.open(tmp_path / "nowhere" / "gatepass.db")


async def test_a_migration_that_fails_leaves_the_old_schema(path: Path) -> None:
    await SqliteStore.open(path).close()
    before = execute(path, "SELECT sql FROM sqlite_schema")
    scripts = [*migrating.migrations(), "CREATE TABLE extra (x TEXT);\nCREATE TABLE users (x TEXT);\n"]
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as connection,
        pytest.raises(sqlite3.OperationalError, match="users"),
    ):
        migrating.migrate(connection, scripts)
    assert execute(path, "SELECT sql FROM sqlite_schema") == before
    assert execute(path, "PRAGMA user_version") == [(len(scripts) - 1,)]


async def test_the_next_migration_is_run_once(path: Path) -> None:
    await SqliteStore.open(path).close()
    scripts = [*migrating.migrations(), "-- one more\nCREATE TABLE extra (x TEXT);\n"]
    for _ in range(2):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            migrating.migrate(connection, scripts)
    assert execute(path, "PRAGMA user_version") == [(len(scripts),)]
    assert execute(path, "SELECT count(*) FROM extra") == [(0,)]


async def test_all_that_open_a_new_file_at_once_find_the_schema(tmp_path: Path) -> None:
    for number in range(10):
        path = tmp_path / f"{number}.db"
        opened = await asyncio.gather(*(asyncio.to_thread(SqliteStore.open, path) for _ in range(4)))
        for store in opened:
            assert await store.signing_keys() == []
            await store.close()


# The hot statements


async def test_hot_look_ups_search_by_key_and_scan_nothing(store: SqliteStore) -> None:
    await fill(store)
    hot = [lookups.SESSION_BY_HASH, lookups.SESSION_BY_SID, lookups.REFRESH_BY_HASH, lookups.CREDENTIALS]
    hot.append(lookups.ROTATABLE)
    for statement in hot:
        values = ("x",) * statement.count("?")
        plan = store._reader.execute("EXPLAIN QUERY PLAN " + statement, values).fetchall()
        assert all(str(step[3]).startswith("SEARCH") for step in plan), plan


async def test_the_caps_read_nothing_that_is_over(store: SqliteStore) -> None:
    await fill(store)
    caps = {
        lookups.SESSIONS_BEYOND: ((NOW, "x", 9, 9), "sessions_user "),
        lookups.FAMILIES_BEYOND: (("x", NOW, 9, 9), "refresh_records_session (session_place=? AND state=?)"),
        lookups.SESSIONS_OF: ((NOW, "x", 9), "sessions_user "),
    }
    for statement, (values, index) in caps.items():
        plan = store._reader.execute("EXPLAIN QUERY PLAN " + statement, values).fetchall()
        assert any(f"USING INDEX {index}" in str(step[3]) for step in plan), plan
        assert not any(str(step[3]).startswith("SCAN") for step in plan), plan


async def test_orders_and_a_users_sessions_are_found_by_index(store: SqliteStore) -> None:
    found = {
        lookups.ORDERS: (("j", "c", "k"), "revocations_orders"),
        # What deleting a user leads to, by the foreign key.
        "DELETE FROM sessions WHERE user_number = ?": ((1,), "sessions_of_user"),
    }
    for statement, (values, index) in found.items():
        plan = store._reader.execute("EXPLAIN QUERY PLAN " + statement, values).fetchall()
        assert any(f"INDEX {index} " in str(step[3]) for step in plan), plan
        assert not any(str(step[3]).startswith(("SCAN revocations", "SCAN sessions")) for step in plan), plan


async def test_users_are_searched_by_index_in_the_order_of_the_answer(store: SqliteStore) -> None:
    await fill(store)
    for statement in lookups.FIND_USERS.values():
        plan = store._reader.execute("EXPLAIN QUERY PLAN " + statement, ("a", "b", "", 9)).fetchall()
        assert all(str(step[3]).startswith("SEARCH") for step in plan), plan  # and nothing is sorted


# Group commit


async def test_what_waits_together_is_one_transaction(store: SqliteStore) -> None:
    statements: list[str] = []
    await fill(store)
    store._writer._transaction._connection.set_trace_callback(statements.append)
    await asyncio.gather(*(store.commit(EVENT) for _ in range(100)))
    assert sum(statement == "COMMIT" for statement in statements) < 10
    assert sum(statement.startswith("INSERT INTO events") for statement in statements) == 100


async def test_what_comes_one_pass_of_the_loop_after_the_other_is_one_transaction_too(
    store: SqliteStore,
) -> None:
    statements: list[str] = []
    store._writer._transaction._connection.set_trace_callback(statements.append)

    async def come(late: int) -> None:
        for _ in range(late):
            await asyncio.sleep(0)
        await store.commit(EVENT)

    await asyncio.gather(*(come(late) for late in range(8)))
    assert statements.count("COMMIT") == 1
    assert sum(statement.startswith("INSERT INTO events") for statement in statements) == 8


async def test_an_impossible_value_spoils_its_own_commit_alone(store: SqliteStore) -> None:
    await fill(store)
    results = await asyncio.gather(
        store.commit(UserAdded(user("bob"), "h")),
        store.commit(EVENT, UserAdded(user("eve", last_name="\ud800"), "h")),
        store.commit(UserAdded(user("mal", epoch=2**70), "h")),
        store.commit(UserAdded(user("dan", created_at="now"), "h")),  # STRICT: not a number
        store.commit(UserAdded(user("kim", created_at=["no", "such", "type"]), "h")),
        store.commit(UserAdded(user("cleo"), "h")),
        return_exceptions=True,
    )
    assert [result is None for result in results] == [True, False, False, False, False, True]
    assert isinstance(results[4], StorageUnavailable)
    assert [u.first_name for u in await store.users_page(None, 10)] == ["Ada", "Bob", "Cleo"]
    assert await store.events_after(0, 10) == []


async def test_who_stops_waiting_disturbs_nobody(store: SqliteStore) -> None:
    commits = [asyncio.ensure_future(store.commit(EVENT)) for _ in range(10)]
    await asyncio.sleep(0)
    for commit in commits[::2]:
        commit.cancel()
    results = await asyncio.gather(*commits, return_exceptions=True)
    assert [result is None for result in results] == [False, True] * 5


def test_an_event_loop_that_is_gone_harms_nobody(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store = SqliteStore.open(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        async def leave() -> None:
            asyncio.ensure_future(store.commit(EVENT))  # noqa: RUF006 (nobody waits: that is the point)
            await asyncio.sleep(0)

        asyncio.run(leave())
        other.execute("ROLLBACK")

    async def others() -> None:
        await store.commit(EVENT)
        await store.close()

    asyncio.run(others())
    assert execute(path, "SELECT count(*) FROM events") == [(2,)]
    assert "an event loop is gone" in caplog.text


# Locks and full disks


async def test_a_locked_database_is_unavailable_and_then_available_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "WRITE_PATIENCE", 0.05)
    store = SqliteStore.open(path)
    await fill(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="SQLITE_BUSY"):
            await store.commit(EVENT)
        assert await store.session_by_sid("sid-one") is not None  # readers go on
        other.execute("ROLLBACK")
    await store.commit(EVENT)
    assert len(await store.events_after(0, 10)) == 1
    await store.close()


async def test_a_lock_that_is_let_go_in_time_is_waited_for_off_the_event_loop(
    store: SqliteStore, path: Path
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        commit = asyncio.ensure_future(store.commit(EVENT))
        for _ in range(5):
            await asyncio.sleep(0.01)  # the loop goes on
            assert not commit.done()
        other.execute("ROLLBACK")
        await commit


async def test_on_a_full_disk_nothing_is_acknowledged_and_nothing_acknowledged_is_lost(
    store: SqliteStore, path: Path
) -> None:
    await fill(store)
    writer = store._writer._transaction._connection
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(
        f"PRAGMA max_page_count = {pages + 8}"
    )  # SQLite answers SQLITE_FULL then, as on a full disk
    acknowledged = []
    refused = 0
    for first in range(0, 400, 20):
        names = [f"full-{number}" for number in range(first, first + 20)]
        commits = [store.commit(SessionStarted(session(name, device="x" * 150))) for name in names]
        for name, result in zip(names, await asyncio.gather(*commits, return_exceptions=True), strict=True):
            if result is None:
                acknowledged.append(name)
            else:
                assert isinstance(result, StorageUnavailable)
                refused += 1
    assert acknowledged
    assert refused
    writer.execute("PRAGMA max_page_count = 1000000")  # somebody made room
    await store.commit(SessionStarted(session("after")))
    found = {s.sid for s, _ in await store.live_sessions(NOW, None, 1000)}
    assert found == {f"sid-{name}" for name in [*acknowledged, "one", "after"]}
    assert execute(path, "PRAGMA integrity_check") == [("ok",)]


class Refuses:
    """A cursor on a disk that refuses some statements."""

    def __init__(self, cursor: sqlite3.Cursor, *statements: str) -> None:
        self.cursor, self.statements = cursor, statements

    def __getattr__(self, name: str) -> object:
        return getattr(self.cursor, name)

    def execute(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        if statement in self.statements:
            raise sqlite3.OperationalError("disk I/O error")
        return self.cursor.execute(statement, values)


@pytest.mark.parametrize("refused", [("COMMIT",), ("COMMIT", "ROLLBACK")], ids="-".join)
async def test_a_commit_that_the_disk_refuses_is_acknowledged_to_nobody(
    store: SqliteStore, refused: tuple[str, ...]
) -> None:
    await fill(store)
    writer = store._writer._transaction
    real = writer._cursor
    writer._cursor = Refuses(real, *refused)  # type: ignore[assignment]
    results = await asyncio.gather(store.commit(EVENT), store.commit(EVENT), return_exceptions=True)
    assert [type(result) for result in results] == [StorageUnavailable, StorageUnavailable]
    writer._cursor = real  # the disk is well again
    for _ in range(2):
        with suppress(StorageUnavailable):  # a transaction that could not be undone is undone first
            await store.commit(EVENT)
            break
    assert len(await store.events_after(0, 10)) == 1
    assert store.commits == 2


# Other processes


def start_writing(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    script = Path(__file__).with_name("writing_process.py")
    command = [sys.executable, str(script), str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def test_two_processes_share_one_file(store: SqliteStore, path: Path) -> None:
    await fill(store)
    processes = [start_writing(path, name, 200) for name in ("left", "right")]
    mine = [f"mine-{number}" for number in range(100)]
    for name in mine:
        await store.commit(SessionStarted(session(name)))
        await asyncio.sleep(0)
    written = []
    for process in processes:
        out, _ = await asyncio.to_thread(process.communicate, timeout=60)
        assert process.returncode == 0
        written += out.split()
    assert len(written) == 400
    found = {s.sid for s, _ in await store.live_sessions(NOW, None, 1000)}
    assert found == {*written, *(f"sid-{name}" for name in mine), "sid-one"}


async def test_what_another_process_ended_is_ended_here_at_once(store: SqliteStore, path: Path) -> None:
    await fill(store)
    other = SqliteStore.open(path)
    await other.commit(SessionEnded("sid-one", NOW, EndReason.ENDED_BY_ADMIN))
    found = await store.session_by_sid("sid-one")
    assert found is not None
    assert found[0].ended_at == NOW
    with pytest.raises(Conflict):
        await store.commit(SessionEnded("sid-one", NOW, EndReason.LOGGED_OUT))
    await other.close()


async def test_a_process_that_is_killed_loses_nothing_it_acknowledged(path: Path) -> None:
    store = SqliteStore.open(path)
    await fill(store)
    await store.close()
    acknowledged: list[str] = []
    for attempt in range(3):
        process = start_writing(path, f"run{attempt}", 1_000_000)
        assert process.stdout is not None
        acknowledged += [process.stdout.readline().strip() for _ in range(50)]
        os.kill(process.pid, signal.SIGKILL)
        rest, _ = process.communicate(timeout=60)
        lines = rest.split("\n")
        acknowledged += lines[:-1]  # the last one may be half a line
        assert process.returncode == -signal.SIGKILL
    again = SqliteStore.open(path)
    found = {s.sid for s, _ in await again.live_sessions(NOW, None, 1_000_000)}
    assert found >= set(acknowledged)
    assert len(acknowledged) >= 150
    assert await again.refresh_by_hash(record().hash) is not None
    await again.close()
    assert execute(path, "PRAGMA integrity_check") == [("ok",)]


async def test_opening_once_more_in_this_process_keeps_the_locks_of_the_first(
    store: SqliteStore, path: Path
) -> None:
    await fill(store)
    await SqliteStore.open(path).close()
    process = start_writing(path, "other", 10)  # and leaves as if it were the last one
    out, _ = await asyncio.to_thread(process.communicate, timeout=60)
    assert len(out.split()) == 10
    found = {s.sid for s, _ in await store.live_sessions(NOW, None, 1000)}
    assert found == {*out.split(), "sid-one"}
    await store.commit(SessionStarted(session("mine")))
    again = SqliteStore.open(path)
    assert await again.session_by_sid("sid-mine") is not None
    await again.close()
