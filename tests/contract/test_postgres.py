"""What is PostgreSQL's own: lost connections, its schema, what it can't keep, its plans."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import re
import signal
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.contract.beside import (
    ENDED,
    EVENT,
    PATIENCE,
    ROTATED,
    TOUCHED,
    becomes_true,
    begin,
    stand_in_line,
    stands_in_line,
)
from tests.contract.samples import DAY, NOW, fill, session, user

from gatepass.auth import (
    SessionStarted,
    SessionTouched,
    StorageUnavailable,
    UserAdded,
)
from gatepass.storage.postgres import PostgresStore, deadline, lookups, statements
from gatepass.storage.postgres import migrate as migrating
from gatepass.storage.postgres import pool as pooling
from gatepass.storage.postgres.plan import plan

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from examples.cluster.database import Database


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    opened = await PostgresStore.open(postgres_url)
    yield opened
    await opened.close()


# No connection at all

NOT_CONNECTED = {
    "refused": ({"port": "1", "host": "127.0.0.1"}, "nobody listens at its address"),
    "no such socket": ({"host": "/nowhere"}, "nobody listens at its socket"),
    "no such host": ({"host": "no.invalid"}, "its host is not known by that name"),
    "no such role": ({"user": "nobody-s"}, "there is no such role, or it may not log in"),
    "no such database": ({"dbname": "nothing-s"}, "there is no such database"),
}


@pytest.mark.parametrize("name", NOT_CONNECTED)
async def test_why_there_is_no_connection_is_told_in_our_words(postgres_url: str, name: str) -> None:
    changed, words = NOT_CONNECTED[name]
    url = psycopg.conninfo.make_conninfo(postgres_url, **changed, password="a-secret")
    with pytest.raises(StorageUnavailable) as refused:
        await PostgresStore.open(url)
    assert str(refused.value) == f"PostgreSQL: {words}"


# Lost connections

BACKENDS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'gatepass'"
)


async def test_a_commit_whose_connection_is_lost_is_not_repeated_and_the_next_one_works(
    store: PostgresStore, other: psycopg.Connection[Any], database: psycopg.Connection[Any]
) -> None:
    await fill(store)
    begin(other, SessionTouched("sid-one", NOW, NOW + 1, NOW + DAY))
    commits = [asyncio.create_task(store.commit(*ENDED, EVENT)), asyncio.create_task(store.commit(*ROTATED))]
    await stand_in_line(database, 2)
    database.execute(BACKENDS)
    results = await asyncio.gather(*commits, return_exceptions=True)
    other.execute("ROLLBACK")
    assert [type(result) for result in results] == [StorageUnavailable] * 2
    assert await store.events_after(0, 10) == []
    await store.commit(*ENDED, EVENT)
    assert len(await store.events_after(0, 10)) == 1


async def test_who_stops_waiting_leaves_nothing_behind(
    store: PostgresStore, other: psycopg.Connection[Any], database: psycopg.Connection[Any]
) -> None:
    await fill(store)
    begin(other, SessionTouched("sid-one", NOW, NOW + 1, NOW + DAY))
    for changes in ((EVENT, *ENDED), ROTATED):
        commit = asyncio.create_task(store.commit(*changes))
        await stands_in_line(database)
        commit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await commit
    other.execute("ROLLBACK")
    assert await store.events_after(0, 10) == []
    await store.commit(*ROTATED)
    await store.commit(EVENT, *ENDED)
    assert len(await store.events_after(0, 10)) == 2


async def test_nothing_acknowledged_is_lost_when_the_server_crashes(mortal_server: Database) -> None:
    store = await PostgresStore.open(mortal_server.url("postgres"))
    await fill(store)
    acknowledged: list[str] = []
    many, over = asyncio.Event(), asyncio.Event()

    async def write(name: str) -> None:
        numbers = itertools.count()
        while not over.is_set():
            one = session(f"{name}-{next(numbers)}")
            try:
                await store.commit(SessionStarted(one), EVENT)
            except StorageUnavailable:
                return
            acknowledged.append(one.sid)
            if len(acknowledged) > 200:
                many.set()

    writing = [asyncio.create_task(write(f"w{i}")) for i in range(8)]
    await asyncio.wait_for(many.wait(), PATIENCE)
    await asyncio.to_thread(mortal_server.stop, signal.SIGQUIT)
    over.set()
    await asyncio.to_thread(mortal_server.start)
    await asyncio.gather(*writing)  # those too that waited for it to come back
    found = {one.sid for one, _ in await store.live_sessions(NOW, None, 1_000_000)} - {"sid-one"}
    assert found >= set(acknowledged)
    assert len(await store.events_after(0, 1_000_000)) == len(found)
    await store.commit(EVENT)
    await store.close()


async def test_a_server_that_takes_no_writes_any_more_is_left(store: PostgresStore) -> None:
    await store._pool.wait()  # for its first connection: so there is one and no more
    async with store._pool.connection() as connection:  # as after a failover to somebody else
        await connection.execute("SET default_transaction_read_only = on")
    with pytest.raises(StorageUnavailable, match="ReadOnly"):
        await store.commit(EVENT)
    await store.commit(EVENT)  # on a new connection, to a server that does
    assert len(await store.events_after(0, 10)) == 1


async def test_a_server_that_is_frozen_is_hung_up_on(
    store: PostgresStore, database: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await store._lines.close()  # so that the pool serves, with a connection that is there already
    await fill(store)
    ours = "SELECT pid FROM pg_stat_activity WHERE application_name = 'gatepass'"
    frozen = [pid for (pid,) in database.execute(ours).fetchall()]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        with monkeypatch.context() as hurried:
            hurried.setattr(deadline, "SILENCE", 0.2)
            with pytest.raises(StorageUnavailable, match="ServerSilent"):
                await store.session_by_sid("sid-one")
        assert await store.session_by_sid("sid-one") is not None  # by another connection
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)


async def test_a_look_up_notices_nothing_of_lost_connections(
    store: PostgresStore, database: psycopg.Connection[Any]
) -> None:
    await fill(store)
    for _ in range(3):
        await asyncio.gather(*(store.session_by_sid("sid-one") for _ in range(10)))  # so many connections
        database.execute(BACKENDS)
        found = await asyncio.gather(*(store.session_by_sid("sid-one") for _ in range(10)))
        assert all(one is not None for one in found)


async def test_who_waits_hears_of_the_feed_though_the_listening_connection_was_lost(
    store: PostgresStore, database: psycopg.Connection[Any]
) -> None:
    waiting = asyncio.create_task(store.revocations_grew(0, PATIENCE))
    listening = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT head FROM feed%' AND state = 'idle'"
    await becomes_true(database, listening)
    database.execute(BACKENDS)
    # Another process, whose commit nobody tells while the connection is lost.
    database.execute("UPDATE feed SET head = 1")
    assert await waiting


async def test_a_feed_that_stands_further_back_after_a_failover_is_waited_for(
    store: PostgresStore, database: psycopg.Connection[Any]
) -> None:
    database.execute("UPDATE feed SET head = 9")
    waiting = asyncio.create_task(store.revocations_grew(9, PATIENCE))
    await stands_at(store, 9)
    database.execute("UPDATE feed SET head = 2")  # as on a standby that had missed the newest commits
    database.execute(BACKENDS)
    await stands_at(store, 2)
    assert not await store.revocations_grew(2, 0.1)  # or whoever follows would be told all the time
    waiting.cancel()


async def stands_at(store: PostgresStore, head: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while store._listener._head != head:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_lock_that_is_not_let_go_is_unavailable(
    postgres_url: str, other: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried, found = re.subn(r"('lock_timeout', )'\d+'", r"\1'50'", pooling._SET_UP)
    assert found
    monkeypatch.setattr(pooling, "_SET_UP", hurried)
    store = await PostgresStore.open(postgres_url)
    await fill(store)
    begin(other, *ENDED)
    with pytest.raises(StorageUnavailable, match="LockNotAvailable"):
        await store.commit(*ENDED)
    assert await store.session_by_sid("sid-one") is not None  # readers go on
    other.execute("ROLLBACK")
    await store.commit(*ENDED)
    await store.close()


async def test_closing_writes_what_is_waiting_and_then_it_says_so(
    store: PostgresStore, database: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(50):
        store.commit_later(EVENT)
    await store.close()
    await store.close()
    assert database.execute("SELECT count(*) FROM events").fetchall() == [(50,)]
    with pytest.raises(StorageUnavailable):
        await store.commit(EVENT)
    with pytest.raises(StorageUnavailable):
        await store.signing_keys()
    store.commit_later(EVENT)
    assert "the store is closed" in caplog.text


# What can't be kept, and what must not be said


async def test_an_impossible_value_spoils_its_own_commit_alone(store: PostgresStore) -> None:
    await fill(store)
    results = await asyncio.gather(
        store.commit(UserAdded(user("bob"), "h")),
        store.commit(EVENT, UserAdded(user("eve", last_name="\ud800"), "h")),
        store.commit(EVENT, UserAdded(user("nul", last_name="\x00"), "h")),
        store.commit(UserAdded(user("mal", epoch=2**70), "h")),
        store.commit(UserAdded(user("dan", created_at="now"), "h")),
        store.commit(UserAdded(user("cleo"), "h")),
        return_exceptions=True,
    )
    assert [result is None for result in results] == [True, False, False, False, False, True]
    assert [u.first_name for u in await store.users_page(None, 10)] == ["Ada", "Bob", "Cleo"]
    assert await store.events_after(0, 10) == []


@pytest.mark.parametrize("text", ["\x00", "sid-one\x00", "\ud800"])
async def test_a_text_that_can_be_in_no_row_is_not_found(store: PostgresStore, text: str) -> None:
    await fill(store)
    assert await store.session_by_sid(text) is None
    assert await store.session_by_sid("sid-one") is not None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:hunter2@127.0.0.1:1/nowhere",
        "postgresql://ada:hunter2@/nowhere?host=/nowhere",
        "postgresql://ada:hunter2@/nowhere?no=such",
        "postgresql://ada:hunter2@[/nowhere",
    ],
)
async def test_a_password_is_in_no_error_and_no_log(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StorageUnavailable) as caught:
        await PostgresStore.open(url)
    chain = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert caught.value.__suppress_context__
    assert "hunter2" not in str(chain[:2]) + caplog.text


# The schema


@pytest.fixture
def fresh_url(postgres_server: Database) -> Iterator[str]:
    """The address of a database in which nothing is."""
    postgres_server.execute("CREATE DATABASE fresh")
    yield postgres_server.url("fresh")
    postgres_server.execute("DROP DATABASE fresh WITH (FORCE)")


async def visit(url: str) -> None:
    await (await PostgresStore.open(url)).close()


async def test_processes_that_start_at_once_all_find_the_schema(fresh_url: str) -> None:
    async def start() -> None:
        store = await PostgresStore.open(fresh_url)
        assert await store.signing_keys() == []
        await store.close()

    await asyncio.gather(*(start() for _ in range(4)))


async def test_the_next_migration_is_run_once_while_an_old_process_works(fresh_url: str) -> None:
    old = await PostgresStore.open(fresh_url)
    await fill(old)
    scripts = [*migrating.migrations(), "ALTER TABLE users ADD COLUMN extra text NOT NULL DEFAULT '';\n"]
    for _ in range(2):
        async with await pooling.connect(pooling.parameters(fresh_url)) as connection:
            await migrating.migrate(connection, scripts)
    assert await old.user_by_id("user-ada") is not None
    await old.commit(SessionTouched("sid-one", NOW, NOW + 60, NOW + DAY), EVENT)
    await visit(fresh_url)  # and one that starts anew
    await old.close()


async def test_a_schema_that_needs_newer_code_is_refused(fresh_url: str, postgres_server: Database) -> None:
    await visit(fresh_url)
    newer = len(migrating.migrations()) + 1
    set_to = "UPDATE gatepass.versions SET version = {0}, works_from = {1}"
    postgres_server.execute(set_to.format(newer, newer), "fresh")
    with pytest.raises(StorageUnavailable, match="update"):
        await PostgresStore.open(fresh_url)
    postgres_server.execute(set_to.format(newer, newer - 1), "fresh")
    await visit(fresh_url)  # the twin: it only added something


async def test_a_migration_that_fails_leaves_the_old_schema(
    fresh_url: str, postgres_server: Database
) -> None:
    await visit(fresh_url)
    scripts = [
        *migrating.migrations(),
        "-- works from: 99\nCREATE TABLE extra (x text); CREATE TABLE users (x text);",
    ]
    async with await pooling.connect(pooling.parameters(fresh_url)) as connection:
        with pytest.raises(psycopg.errors.DuplicateTable):
            await migrating.migrate(connection, scripts)
    assert postgres_server.execute("SELECT to_regclass('gatepass.extra')", "fresh") == [(None,)]
    await visit(fresh_url)


async def test_a_database_of_another_encoding_is_refused(postgres_server: Database) -> None:
    postgres_server.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(StorageUnavailable, match="encoding must be UTF8"):
        await PostgresStore.open(postgres_server.url("latin"))


OURS = {
    "synchronous_commit": ("off", "on"),  # an acknowledged commit is on disk
    "default_transaction_isolation": ("serializable", "read committed"),  # what the locks are made for
    "enable_seqscan": ("on", "off"),
    "search_path": ("public", "gatepass"),
}


@pytest.mark.parametrize("name", OURS)
async def test_what_matters_is_set_whatever_the_server_says(
    fresh_url: str, postgres_server: Database, name: str
) -> None:
    theirs, ours = OURS[name]
    postgres_server.execute(f"ALTER DATABASE fresh SET {name} = '{theirs}'")
    async with await pooling.connect(pooling.parameters(fresh_url)) as connection:
        assert await (await connection.execute(f"SHOW {name}".encode())).fetchone() == (ours,)


# The hot statements

HOT: dict[str, tuple[str, int]] = {
    "session by hash": (lookups.SESSION_BY_HASH, 1),
    "session by sid": (lookups.SESSION_BY_SID, 1),
    "refresh record": (lookups.REFRESH_BY_HASH, 1),
    "credentials": (lookups.CREDENTIALS, 1),
    "sessions of a user": (lookups.SESSIONS_OF, 3),
    "orders": (lookups.ORDERS, 3),
    **{f"users by {by}": (lookups.FIND_USERS[by], 4) for by in lookups.FIND_USERS},
    "the feed": (lookups.FEED, 2),
    "a refresh": (statements.REFRESH_ROTATED_AND_TOLD, 25),
    "a refresh with a touch": (statements.REFRESH_ROTATED_TOUCHED_AND_TOLD, 28),
    "sessions beyond the cap": (statements.SESSIONS_BEYOND_LOCKED, 4),
    "families beyond the cap": (statements.FAMILIES_CAPPED, 4),
    "families of a session": (statements.FAMILIES_REVOKED, 1),
}


@pytest.mark.parametrize("name", HOT)
def test_hot_statements_search_by_index_and_scan_no_table(
    database: psycopg.Connection[Any], name: str
) -> None:
    statement, values = HOT[name]
    nulls = ", ".join(["NULL"] * values)
    with database.transaction():
        database.execute("SET LOCAL enable_seqscan = off")  # the tables are nearly empty
        database.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        database.execute(f"PREPARE hot AS {statement}".encode())
        rows = database.execute(f"EXPLAIN EXECUTE hot ({nulls})".encode()).fetchall()
        database.execute("DEALLOCATE hot")
    text = "\n".join(row[0] for row in rows)
    scans = [row[0] for row in rows if "Seq Scan" in row[0] and "on feed" not in row[0]]
    assert scans == [], text


async def test_a_refresh_is_one_statement(store: PostgresStore) -> None:
    assert len(plan(ROTATED)) == len(plan(TOUCHED)) == 1
    assert len(plan([*ROTATED, *ENDED])) > 1
