"""What is PostgreSQL's own: commits side by side, its schema, lost connections, other processes."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.contract.samples import DAY, NOW, digest, fill, key, record, session, user
from tests.unit.auth.house import NOW as MORNING
from tests.unit.auth.house import add, log_in, next_tokens, open_auth, tokens_for

from gatepass.auth import (
    AttemptCharged,
    Auth,
    AuthError,
    Change,
    Conflict,
    Contended,
    EndReason,
    Event,
    EventKind,
    EventRecorded,
    FamiliesRevoked,
    KeyAdded,
    KeyringIs,
    Limit,
    LoggedIn,
    RefreshAdded,
    RefreshRefused,
    RefreshRotated,
    RefreshState,
    Revoked,
    RoleDefined,
    RoleIs,
    SessionEnded,
    SessionIsLive,
    SessionRefused,
    SessionsCapped,
    SessionStarted,
    SessionTouched,
    StorageUnavailable,
    UserAdded,
    UserChanged,
    UserIsAt,
    revocations,
    usecases,
)
from gatepass.storage.postgres import PostgresStore, lookups, statements
from gatepass.storage.postgres import migrate as migrating
from gatepass.storage.postgres import pool as pooling
from gatepass.storage.postgres import store as storing
from gatepass.storage.postgres.plan import plan

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from tests.postgres_server import PostgresServer

EVENT = EventRecorded(Event(NOW, EventKind.LOGGED_IN))
READS = frozenset({"appointments:read"})
PATIENCE = 30  # seconds


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    opened = await PostgresStore.open(postgres_url)
    yield opened
    await opened.close()


@pytest.fixture
def database(postgres_url: str, postgres_database: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """A connection beside those of the store, after the database was emptied."""
    return postgres_database


@pytest.fixture
def other(postgres_url: str) -> Iterator[psycopg.Connection[Any]]:
    """Another process's connection."""
    options = "-c search_path=gatepass"
    with psycopg.connect(
        postgres_url, autocommit=True, options=options, cursor_factory=psycopg.RawCursor
    ) as connection:
        yield connection


def begin(connection: psycopg.Connection[Any], *changes: Change) -> None:
    """Execute a commit up to its last act."""
    connection.execute("BEGIN")
    for step in plan(changes):
        cursor = connection.execute(step.statement.encode(), step.values)
        assert not step.expects or cursor.rowcount == 1


async def stands_in_line(database: psycopg.Connection[Any]) -> None:
    """Wait until somebody waits for a lock."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    await becomes_true(database, waiting)


async def becomes_true(database: psycopg.Connection[Any], question: str) -> None:
    """Ask until there is a row; the database tells nobody of its own accord."""
    async with asyncio.timeout(PATIENCE):
        while not database.execute(question.encode()).fetchall():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def against(
    store: PostgresStore,
    other: psycopg.Connection[Any],
    database: psycopg.Connection[Any],
    first: tuple[Change, ...],
    second: tuple[Change, ...],
) -> None:
    """Have the second commit meet the first one, which is under way. Raises what the second one does."""
    begin(other, *first)
    commit = asyncio.create_task(store.commit(*second))
    await stands_in_line(database)
    other.execute("COMMIT")
    await commit


# Commits side by side: who comes second waits, and then looks at what the first one left

ADA = user(roles=frozenset({"doctor"}))
ENDED = (SessionEnded("sid-one", NOW, EndReason.LOGGED_OUT), FamiliesRevoked("sid-one"))
ROTATED = (RefreshRotated(digest("token"), NOW, b"sealed", record("next")), EVENT)
TOUCHED = (ROTATED[0], SessionTouched("sid-one", NOW, NOW + 60, NOW + DAY), EVENT)
BOB = UserAdded(user("bob", roles=frozenset({"doctor"})), "h")
NEWER = UserChanged(user(roles=frozenset({"doctor"}), epoch=4), 3)
RING = KeyringIs(frozenset({("k1", "active")}))

TOO_LATE: dict[str, tuple[tuple[Change, ...], tuple[Change, ...]]] = {
    "to refresh an ended session": (ENDED, ROTATED),
    "to refresh and touch an ended session": (ENDED, TOUCHED),
    "to refresh after a role changed": ((NEWER,), ROTATED),
    "to refresh what was refreshed": (ROTATED, ROTATED),
    "to refresh and touch what was refreshed": (TOUCHED, TOUCHED),
    "to lean on a session that ended": (ENDED, (SessionIsLive("sid-one"), RefreshAdded(record("new")))),
    "to lean on a user who changed": ((NEWER,), (UserIsAt("user-ada", 3), SessionStarted(session("two")))),
    "to change a user who changed": ((NEWER,), (NEWER,)),
    "to lean on a role that was redefined": (
        (RoleDefined("doctor", frozenset(), READS, 1),),
        (RoleIs("doctor", READS), BOB),
    ),
    "to redefine a role that somebody took up": (
        (RoleIs("doctor", READS), BOB),
        (RoleDefined("doctor", frozenset(), READS, 1),),
    ),
    "to define a role that somebody defined": (
        (RoleDefined("nurse", READS, None, 0),),
        (RoleDefined("nurse", frozenset(), None, 0),),
    ),
    "to decide on a ring that was added to": ((RING, KeyAdded(key("k2"))), (RING, KeyAdded(key("k3")))),
    "to take an address that was taken": ((BOB,), (UserAdded(user("eve", email=BOB.user.email), "h"),)),
    "to take the last attempt": (
        (AttemptCharged("a", Limit(1, 60), NOW),),
        (AttemptCharged("a", Limit(1, 60), NOW),),
    ),
}


@pytest.mark.parametrize("case", TOO_LATE.values(), ids=TOO_LATE.keys())
async def test_too_late(
    store: PostgresStore,
    other: psycopg.Connection[Any],
    database: psycopg.Connection[Any],
    case: tuple[tuple[Change, ...], tuple[Change, ...]],
) -> None:
    first, second = case
    await fill(store)
    with pytest.raises(Conflict):
        await against(store, other, database, first, second)


@pytest.mark.parametrize("case", TOO_LATE.values(), ids=TOO_LATE.keys())
async def test_not_too_late_when_the_first_one_gives_up(
    store: PostgresStore,
    other: psycopg.Connection[Any],
    database: psycopg.Connection[Any],
    case: tuple[tuple[Change, ...], tuple[Change, ...]],
) -> None:
    first, second = case
    await fill(store)
    begin(other, *first)
    commit = asyncio.create_task(store.commit(*second))
    await stands_in_line(database)
    other.execute("ROLLBACK")
    await commit


ADDS: dict[str, tuple[tuple[Change, ...], str]] = {
    "a refresh": (ROTATED, "next"),
    "a refresh with a touch": (TOUCHED, "next"),
    "a new family": ((SessionIsLive("sid-one"), RefreshAdded(record("new"))), "new"),
}


@pytest.mark.parametrize("case", ADDS.values(), ids=ADDS.keys())
@pytest.mark.parametrize("cap", [False, True], ids=["ended", "capped"])
async def test_the_end_of_a_session_takes_along_what_was_just_being_added(
    store: PostgresStore,
    other: psycopg.Connection[Any],
    database: psycopg.Connection[Any],
    case: tuple[tuple[Change, ...], str],
    *,
    cap: bool,
) -> None:
    await fill(store)
    adding, added = case
    line = Event(NOW, EventKind.SESSION_ENDED)
    capped = SessionsCapped("user-ada", 0, 9, NOW, EndReason.TOO_MANY_SESSIONS, line)
    await against(store, other, database, adding, (capped,) if cap else ENDED)
    found = await store.refresh_by_hash(digest(added))
    assert found is not None
    assert found[0].state is RefreshState.REVOKED
    assert found[1].ended_at == NOW


async def test_entries_of_the_feed_wait_for_each_other_and_keep_their_order(
    store: PostgresStore, other: psycopg.Connection[Any], database: psycopg.Connection[Any]
) -> None:
    first, second = (Revoked(revocations.session_ended(name, "user-ada", now=NOW)) for name in "ab")
    await against(store, other, database, (first,), (second,))
    feed = await store.revocations_after(0, 10)
    assert [entry.revocation for entry in feed.entries] == [first.revocation, second.revocation]


async def test_a_line_of_the_log_that_takes_effect_late_is_read_late_and_not_missed(
    store: PostgresStore, other: psycopg.Connection[Any]
) -> None:
    early, late = (EventRecorded(Event(NOW, EventKind.LOGGED_IN, reason=text)) for text in ("early", "late"))
    begin(other, late)  # it was written first
    await store.commit(early)  # waits for nobody
    assert [(one.seq, one.event) for one in await store.events_after(0, 9)] == [(1, early.event)]
    other.execute("COMMIT")
    assert [(one.seq, one.event) for one in await store.events_after(1, 9)] == [(2, late.event)]


async def test_readers_at_once_number_each_line_once(store: PostgresStore, postgres_url: str) -> None:
    second = await PostgresStore.open(postgres_url)
    for _ in range(10):
        await asyncio.gather(*(store.commit(EVENT) for _ in range(5)))
        pages = await asyncio.gather(*(one.events_after(0, 100) for one in (store, second) * 5))
        assert all([line.seq for line in page] == list(range(1, len(page) + 1)) for page in pages)
    assert len(await store.events_after(0, 100)) == 50
    await second.close()


async def test_a_deadlock_is_tried_again(store: PostgresStore, other: psycopg.Connection[Any]) -> None:
    await fill(store)
    limit = Limit(9, 60)
    begin(other, AttemptCharged("b", limit, NOW))
    commit = asyncio.create_task(
        store.commit(AttemptCharged("a", limit, NOW), AttemptCharged("b", limit, NOW), EVENT)
    )
    # In the other order: somebody has to give way.
    try:
        await asyncio.to_thread(begin, other, AttemptCharged("a", limit, NOW))
        other.execute("COMMIT")
    except psycopg.errors.DeadlockDetected:
        other.execute("ROLLBACK")
    await commit
    assert len(await store.events_after(0, 10)) == 1


async def test_use_cases_at_once_never_wait_for_each_other_in_a_ring(
    store: PostgresStore,
    postgres_url: str,
    database: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(storing, "_ROLLED_BACK", ())  # a deadlock is not tried again here: it would be seen
    second = await PostgresStore.open(postgres_url)
    auths = [await open_auth(one, account_limit=WIDE, address_limit=WIDE) for one in (store, second)]
    await usecases.define_role(auths[0], name="doctor", permissions={"old:read"}, now=MORNING)
    for name in PEOPLE:
        await add(auths[0], name, roles=["doctor"])
    outcomes = await asyncio.gather(*(busy(auths, random.Random(seed)) for seed in range(12)))  # noqa: S311
    refused = {type(error) for errors in outcomes for error in errors}
    assert refused <= {RefreshRefused, SessionRefused, Contended}
    left = database.execute(
        "SELECT count(*) FROM refresh_records r JOIN sessions s USING (sid)"
        " WHERE s.ended_at IS NOT NULL AND r.state = 'active'"
    ).fetchall()
    assert left == [(0,)]  # nothing that renews a session which ended, whoever came first
    await second.close()


PEOPLE = ("ada@example.org", "bob@example.org")
WIDE = Limit(100_000, 900)


async def busy(auths: list[Auth], chance: random.Random) -> list[AuthError]:
    """Log in, and do what comes to mind; gives what was refused."""
    refused: list[AuthError] = []
    for _ in range(6):
        auth = chance.choice(auths)
        try:
            came = await log_in(auth, chance.choice(PEOPLE))
            tokens = await tokens_for(auth, came)
            for _ in range(3):
                later = MORNING + chance.randint(1, 2000)
                tokens = await next_tokens(auth, tokens, now=later)
                await chance.choice(ORDERS)(chance.choice(auths), came, chance, later)
        except AuthError as error:
            refused.append(error)
    return refused


ORDERS: list[Callable[[Auth, LoggedIn, random.Random, float], Awaitable[object]]] = [
    lambda auth, came, _, now: usecases.end_session(auth, sid=came.session.sid, actor="cli", now=now),
    lambda auth, came, _, now: usecases.end_other_sessions(auth, session=came.session, now=now),
    lambda auth, came, _, now: usecases.check_session(auth, session_id=came.session_id.reveal(), now=now),
    lambda auth, _, chance, now: usecases.define_role(
        auth, name="doctor", permissions={f"{chance.choice('abc')}:read"}, now=now
    ),
    lambda auth, *_: usecases.purge(auth, now=MORNING),
    lambda auth, *_: auth.store.events_after(0, 20),
]


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
    await stands_in_line(database)
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


async def test_nothing_acknowledged_is_lost_when_the_server_crashes(mortal_server: PostgresServer) -> None:
    store = await PostgresStore.open(mortal_server.url())
    await fill(store)
    acknowledged: list[str] = []
    many = asyncio.Event()

    async def write(name: str) -> None:
        for number in itertools.count():
            one = session(f"{name}-{number}")
            try:
                await store.commit(SessionStarted(one), EVENT)
            except StorageUnavailable:
                return
            acknowledged.append(one.sid)
            if len(acknowledged) > 200:
                many.set()

    writing = [asyncio.create_task(write(f"w{i}")) for i in range(8)]
    await asyncio.wait_for(many.wait(), PATIENCE)
    await asyncio.to_thread(mortal_server.stop)
    await asyncio.gather(*writing)
    await asyncio.to_thread(mortal_server.start)
    found = {one.sid for one, _ in await store.live_sessions(NOW, None, 1_000_000)} - {"sid-one"}
    assert found >= set(acknowledged)
    assert len(await store.events_after(0, 1_000_000)) == len(found)
    await store.commit(EVENT)
    await store.close()


async def test_a_server_that_takes_no_writes_any_more_is_left(store: PostgresStore) -> None:
    async with store._pool.connection() as connection:  # as after a failover to somebody else
        await connection.execute("SET default_transaction_read_only = on")
    with pytest.raises(StorageUnavailable, match="ReadOnly"):
        await store.commit(EVENT)
    await store.commit(EVENT)  # on a new connection, to a server that does
    assert len(await store.events_after(0, 10)) == 1


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


async def test_a_lock_that_is_not_let_go_is_unavailable(
    postgres_url: str, other: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried = pooling._SET_UP.replace("'lock_timeout', '5000'", "'lock_timeout', '50'")
    assert hurried != pooling._SET_UP
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
def fresh_url(postgres_server: PostgresServer) -> Iterator[str]:
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


async def test_a_schema_that_needs_newer_code_is_refused(
    fresh_url: str, postgres_server: PostgresServer
) -> None:
    await visit(fresh_url)
    newer = len(migrating.migrations()) + 1
    set_to = "UPDATE gatepass.versions SET version = {0}, works_from = {1}"
    postgres_server.execute(set_to.format(newer, newer), "fresh")
    with pytest.raises(StorageUnavailable, match="update"):
        await PostgresStore.open(fresh_url)
    postgres_server.execute(set_to.format(newer, newer - 1), "fresh")
    await visit(fresh_url)  # the twin: it only added something


async def test_a_migration_that_fails_leaves_the_old_schema(
    fresh_url: str, postgres_server: PostgresServer
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


async def test_a_database_of_another_encoding_is_refused(postgres_server: PostgresServer) -> None:
    postgres_server.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(StorageUnavailable, match="NotSupported"):
        await PostgresStore.open(postgres_server.url("latin"))


OURS = {
    "synchronous_commit": ("off", "on"),  # an acknowledged commit is on disk
    "default_transaction_isolation": ("serializable", "read committed"),  # what the locks are made for
    "enable_seqscan": ("on", "off"),
    "search_path": ("public", "gatepass"),
}


@pytest.mark.parametrize("name", OURS)
async def test_what_matters_is_set_whatever_the_server_says(
    fresh_url: str, postgres_server: PostgresServer, name: str
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
