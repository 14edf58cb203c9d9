"""From SQLite to PostgreSQL: everything, of one moment, compared; and all goes on from there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.contract.samples import fill
from tests.unit.auth.house import NOW, add, log_in, make_auth, next_tokens, open_auth, tokens_for

from gatepass.auth import (
    Auth,
    Event,
    EventKind,
    EventRecorded,
    ImportMoved,
    ImportRun,
    KeyRemoved,
    KeyState,
    StorageUnavailable,
    usecases,
)
from gatepass.storage import SqliteStore
from gatepass.storage.handover import HandoverFailed, Snapshot, SourceGrew, copy
from gatepass.storage.handover.tables import SINGLES, TABLES
from gatepass.storage.postgres import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg

    from gatepass.auth import LoggedIn, Tokens

EVENT = EventRecorded(Event(NOW, EventKind.LOGGED_IN))
WORKING = {"versions", "event_log"}  # PostgreSQL's own
BY_NUMBER = {"users", "sessions", "refresh_records"}  # of SQLite, where they refer to each other so


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gatepass.db"


async def lively(path: Path) -> tuple[Auth, LoggedIn, Tokens]:
    """Make a site in which something of every kind has happened."""
    store = SqliteStore.open(path)
    await fill(store)
    # The sample's key opens nothing: real ones take its place.
    await store.commit(ImportMoved(None, ImportRun("file", 3, 2, 1)), KeyRemoved("k1", KeyState.ACTIVE))
    auth = await open_auth(store)
    await add(auth, "bob@example.org", roles=["doctor"])
    kicked, stays = await log_in(auth, "bob@example.org"), await log_in(auth, "bob@example.org")
    await usecases.end_session(auth, sid=kicked.session.sid, actor="cli", now=NOW)
    tokens = await tokens_for(auth, stays)
    return auth, stays, tokens


async def copied(path: Path, url: str, *, judge: Callable[[], None] = lambda: None) -> dict[str, int]:
    with closing(Snapshot(path)) as snapshot:
        done = await copy(snapshot, url, judge=judge, tell=lambda _: None)
    return {one.table: one.rows for one in done}


async def test_every_table_and_column_is_copied(
    path: Path, postgres_database: psycopg.Connection[Any]
) -> None:
    await SqliteStore.open(path).close()
    known = {name: set(columns.split(", ")) for name, columns in (TABLES | SINGLES).items()}
    with closing(sqlite3.connect(path)) as database:
        here = {
            table: {row[1] for row in database.execute(f"PRAGMA table_info({table})")} - {"one"}
            for (table,) in database.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        }
    there: dict[str, set[str]] = {}
    columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'gatepass'"
    for table, column in postgres_database.execute(columns):
        if table not in WORKING and column not in {"one", "line"} - known.get(table, set()):
            there.setdefault(table, set()).add(column)
    # By number, or in a table of its own.
    assert here.pop("answers") == {"record", "at", "sealed"}
    assert here["users"] - known["users"] == {"number"}
    assert here["sessions"] ^ known["sessions"] == {"place", "user_number", "user_id"}
    assert here["refresh_records"] ^ known["refresh_records"] == {
        *("number", "place", "session_place"),
        *("sid", "user_id", "answer"),
    }
    assert here.keys() == known.keys()
    assert all(here[table] == known[table] for table in known.keys() - BY_NUMBER)
    assert there == known


async def test_all_goes_on_where_it_was(path: Path, postgres_url: str) -> None:
    before, session, tokens = await lively(path)
    counts = await copied(path, postgres_url)
    assert all(counts[table] for table in TABLES)
    store = await PostgresStore.open(postgres_url)
    try:
        assert await store.users_page(None, 9) == await before.store.users_page(None, 9)
        assert await store.signing_keys() == await before.store.signing_keys()
        assert await store.live_sessions(NOW, None, 9) == await before.store.live_sessions(NOW, None, 9)
        assert await store.revocations_after(0, 9) == await before.store.revocations_after(0, 9)
        assert await store.events_after(0, 99) == await before.store.events_after(0, 99)
        assert await store.import_run("file") == ImportRun("file", 3, 2, 1)
        after = await open_auth(store)
        head = (await store.revocations_after(0, 9)).head
        newest = (await store.events_after(0, 99))[-1].seq
        await next_tokens(after, tokens, now=NOW + 1)
        await usecases.end_session(after, sid=session.session.sid, actor="cli", now=NOW + 2)
        assert [entry.seq for entry in (await store.revocations_after(head, 9)).entries] == [head + 1]
        later = [recorded.seq for recorded in await store.events_after(newest, 9)]
        assert later == list(range(newest + 1, newest + 1 + len(later)))
        assert later
    finally:
        await store.close()
        await before.store.close()  # type: ignore[attr-defined]


async def test_writers_go_on_and_what_they_write_is_not_in_it(path: Path, postgres_url: str) -> None:
    store = SqliteStore.open(path)
    await store.commit(EVENT)
    with closing(Snapshot(path)) as snapshot:
        assert not snapshot.grew()
        await store.commit(EVENT)
        assert snapshot.grew()
        done = await copy(snapshot, postgres_url, judge=lambda: None, tell=lambda _: None)
    await store.close()
    assert {one.table: one.rows for one in done}["events"] == 1


async def test_a_copy_that_is_refused_at_the_last_moment_leaves_the_target_empty(
    path: Path, postgres_url: str, postgres_database: psycopg.Connection[Any]
) -> None:
    auth, *_ = await lively(path)
    await auth.store.close()  # type: ignore[attr-defined]

    def refuse() -> None:
        raise SourceGrew("somebody wrote")

    with pytest.raises(SourceGrew):
        await copied(path, postgres_url, judge=refuse)
    for table in TABLES:
        assert postgres_database.execute(f"SELECT * FROM {table}".encode()).fetchall() == []  # noqa: S608
    await copied(path, postgres_url)  # the twin


async def test_a_target_that_holds_anything_is_left_as_it_is(path: Path, postgres_url: str) -> None:
    await SqliteStore.open(path).close()
    store = await PostgresStore.open(postgres_url)
    await add(make_auth(store))
    with pytest.raises(HandoverFailed, match="not empty"):
        await copied(path, postgres_url)
    assert len(await store.users_page(None, 9)) == 1
    await store.close()


async def test_a_target_that_keeps_something_else_is_found_out(
    path: Path, postgres_url: str, postgres_database: psycopg.Connection[Any]
) -> None:
    auth, *_ = await lively(path)
    await auth.store.close()  # type: ignore[attr-defined]
    postgres_database.execute(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN NEW.last_name := upper(NEW.last_name); RETURN NEW; END$$;"
        " CREATE TRIGGER spoiled BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION spoil()"
    )
    try:
        with pytest.raises(HandoverFailed, match="table users is another one"):
            await copied(path, postgres_url)
        assert postgres_database.execute("SELECT count(*) FROM users").fetchone() == (0,)
    finally:
        postgres_database.execute("DROP TRIGGER spoiled ON users; DROP FUNCTION spoil()")
    await copied(path, postgres_url)  # the twin


async def test_a_text_that_postgresql_can_t_hold_is_told_without_it(path: Path, postgres_url: str) -> None:
    await SqliteStore.open(path).close()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO roles VALUES ('a' || char(0), 'secret:read')")
    with pytest.raises(HandoverFailed, match="table roles") as failed:
        await copied(path, postgres_url)
    assert "secret" not in str(failed.value)


async def test_a_file_of_another_schema_or_none_is_not_touched(path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="no database"):
        Snapshot(path)
    await SqliteStore.open(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 3")
    with pytest.raises(StorageUnavailable, match="schema 3"):
        Snapshot(path)
