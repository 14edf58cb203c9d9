"""Lines: many look-ups on one connection, a write alone on its own, and nothing lost with a line."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors
from tests.contract.beside import ENDED, EVENT, PATIENCE, ROTATED, begin, stands_in_line
from tests.contract.samples import DAY, NOW, digest, fill, session

from gatepass.auth import Conflict, SessionStarted, SessionTouched, StorageUnavailable
from gatepass.storage.postgres import PostgresStore, deadline, lines
from gatepass.storage.postgres.line import Answer, Line, LineLost, Skipped
from gatepass.storage.postgres.pool import connect, parameters

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

WRITERS = 2
FAILS = "SELECT 1 / (length($1) - 3)"


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    opened = await PostgresStore.open(postgres_url)
    await fill(opened)
    await lines_are_there(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def line(postgres_url: str) -> AsyncIterator[Line]:
    made = Line(await connect(parameters(postgres_url)), on_lost=lambda _: None)
    yield made
    made.close()


@pytest.fixture
def apart(database: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """Give room for tables that are no business of the store's."""
    database.execute("CREATE SCHEMA apart")
    yield database
    database.execute("DROP SCHEMA apart CASCADE")


async def lines_are_there(store: PostgresStore) -> None:
    """Wait until there is a line for look-ups and some for writes: each is made when one is missed."""
    lines = store._lines
    async with asyncio.timeout(PATIENCE):
        while lines._reader is None or len(lines._writers) < WRITERS:
            lines._grow()
            await asyncio.sleep(0.01)


async def test_each_gets_its_own_answer(store: PostgresStore) -> None:
    sids = [f"sid-{number}" for number in range(40)]
    await asyncio.gather(*(store.commit(SessionStarted(session(sid[4:]))) for sid in sids))
    reader = store._lines._reader
    found = await asyncio.gather(*(store.session_by_sid(sid) for sid in [*sids, "sid-none"]))
    assert [None if one is None else one[0].sid for one in found] == [*sids, None]
    assert reader is not None
    assert store._lines._reader is reader


async def test_what_leaves_together_with_a_failure_is_skipped_and_the_line_goes_on(line: Line) -> None:
    asked = [
        line.ask("SELECT length($1::text)", ("four",)),
        line.ask(FAILS, ("one",)),
        line.ask(FAILS, ("four",)),  # the same statement, prepared by then
        line.ask("SELECT 7", ()),  # one that was to be prepared behind it
    ]
    results = await asyncio.gather(*asked, return_exceptions=True)
    kinds = [type(result) for result in results[1:]]
    assert kinds == [errors.DivisionByZero, Skipped, Skipped]
    again = [
        line.ask("SELECT length($1::text)", ("four",)),
        line.ask(FAILS, ("four",)),
        line.ask("SELECT 7", ()),
    ]
    assert [(await each).rows for each in again] == [[(4,)], [(1,)], [(7,)]]


async def test_a_statement_that_cannot_be_prepared_fails_each_time(line: Line) -> None:
    for _ in range(2):
        with pytest.raises(Skipped):  # behind its preparation, which failed
            await line.ask("SELECT nothing FROM nowhere", ())
    assert (await line.ask("SELECT 1", ())).rows == [(1,)]


async def test_no_name_is_given_twice_so_nobody_is_answered_by_another_statement(line: Line) -> None:
    first = [line.ask(FAILS, ("one",)), line.ask("SELECT 'a', $1::text", ("?",))]  # not prepared after all
    await asyncio.sleep(0)  # they leave
    between = line.ask("SELECT 'b', $1::text", ("?",))
    results = await asyncio.gather(*first, return_exceptions=True)
    assert [type(result) for result in results] == [errors.DivisionByZero, Skipped]
    assert (await between).rows == [("b", "?")]
    again = []
    for text in ("one", "two"):
        again.append(line.ask("SELECT 'a', $1::text", (text,)))
        await asyncio.sleep(0)  # each by itself
    assert [(await each).rows for each in again] == [[("a", "one")], [("a", "two")]]


async def test_a_write_that_fails_at_its_end_is_told_so_and_nobody_gets_its_answer(
    line: Line, apart: psycopg.Connection[Any]
) -> None:
    apart.execute("CREATE TABLE apart.once (number bigint PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
    insert = "INSERT INTO apart.once VALUES ($1)"
    assert (await line.ask(insert, (1,))).hit == 1
    with pytest.raises(errors.UniqueViolation):  # found out by the commit alone
        await line.ask(insert, (1,))
    asked = [line.ask("SELECT $1::bigint", (number,)) for number in range(5)]
    assert [(await each).rows for each in asked] == [[(number,)] for number in range(5)]
    assert apart.execute("SELECT number FROM apart.once").fetchall() == [(1,)]


async def test_a_statement_is_prepared_anew_when_its_table_has_changed(
    line: Line, apart: psycopg.Connection[Any]
) -> None:
    apart.execute("CREATE TABLE apart.kept AS SELECT 7 AS number")
    look = "SELECT * FROM apart.kept"
    assert (await line.ask(look, ())).rows == [(7,)]
    apart.execute("ALTER TABLE apart.kept ALTER number TYPE text, ADD word text DEFAULT 'w'")
    with pytest.raises(errors.FeatureNotSupported):
        await line.ask(look, ())
    assert (await line.ask(look, ())).rows == [("7", "w")]


async def test_a_statement_is_prepared_anew_when_somebody_threw_it_away(line: Line) -> None:
    assert (await line.ask("SELECT 1", ())).rows == [(1,)]
    await line.ask("DEALLOCATE ALL", ())
    with pytest.raises(errors.InvalidSqlStatementName):
        await line.ask("SELECT 1", ())
    assert (await line.ask("SELECT 1", ())).rows == [(1,)]


async def test_an_answer_that_cannot_be_read_fails_alone(line: Line) -> None:
    asked = [line.ask(f"SELECT {moment}", ()) for moment in ("1", "'infinity'::timestamptz", "2")]
    async with asyncio.timeout(PATIENCE):
        results = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(result) for result in results] == [Answer, errors.DataError, Answer]


async def test_a_line_that_is_called_off_is_given_to_nobody_else(line: Line) -> None:
    gone = line.call_off()
    assert line.is_open
    assert not line.is_free
    await gone
    assert not line.is_open


async def test_a_value_larger_than_any_buffer_gets_there(line: Line) -> None:
    large = "x" * 20_000_000
    asked = [line.ask("SELECT length($1::text)", (text,)) for text in (large, "y", large)]
    assert [(await each).rows for each in asked] == [[(20_000_000,)], [(1,)], [(20_000_000,)]]
    (((text,),), _) = await line.ask("SELECT repeat('z', 20000000)", ())
    assert len(text) == 20_000_000


@pytest.mark.parametrize("value", ["\x00", "\ud800"])
async def test_a_value_that_cannot_be_sent_leaves_the_line_alone(line: Line, value: str) -> None:
    with pytest.raises((psycopg.DataError, UnicodeEncodeError)):
        line.ask("SELECT $1::text", (value,))
    assert line.is_free
    assert (await line.ask("SELECT $1::text", ("fine",))).rows == [("fine",)]


async def test_who_waits_on_a_line_that_is_lost_hears_of_it(
    line: Line, database: psycopg.Connection[Any]
) -> None:
    asleep = line.ask("SELECT pg_sleep(60)", ())
    behind = line.ask("SELECT 1", ())
    pid = line._pgconn.backend_pid
    database.execute("SELECT pg_terminate_backend(%s)", (pid,))
    results = await asyncio.gather(asleep, behind, return_exceptions=True)
    assert all(isinstance(result, psycopg.OperationalError) for result in results)
    async with asyncio.timeout(PATIENCE):
        while line.is_open:  # noqa: ASYNC110 (the end of the connection comes behind the last answer)
            await asyncio.sleep(0)
    with pytest.raises(LineLost):
        line.ask("SELECT 1", ())


async def test_a_line_notices_the_end_that_the_event_loop_does_not_announce(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatepass.storage.postgres.line.LOOK", 0.05)
    asleep = line.ask("SELECT pg_sleep(60)", ())
    await asyncio.sleep(0)  # it leaves
    line._loop.remove_reader(line._socket)
    os.kill(line._pgconn.backend_pid, signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(psycopg.OperationalError):
            await asleep


async def test_a_socket_that_libpq_closed_while_it_was_full_leaves_nobody_waiting(line: Line) -> None:
    """asyncio's own loop changes what it watches on a socket, and a closed one it can't ask about."""
    large = [line.ask("SELECT pg_sleep(60), length($1::text)", ("x" * 20_000_000,)) for _ in range(2)]
    async with asyncio.timeout(PATIENCE):
        while not line._writing:  # noqa: ASYNC110 (libpq has no event for it)
            await asyncio.sleep(0)
        os.kill(line._pgconn.backend_pid, signal.SIGTERM)
        results = await asyncio.gather(*large, return_exceptions=True)
    assert all(isinstance(result, psycopg.OperationalError) for result in results)
    assert not line.is_open


async def test_a_lost_line_costs_no_look_up_and_another_is_made(
    store: PostgresStore, database: psycopg.Connection[Any]
) -> None:
    for _ in range(3):
        reader = store._lines._reader
        assert reader is not None
        looks = [asyncio.create_task(store.session_by_sid("sid-one")) for _ in range(10)]
        await asyncio.sleep(0)  # they are asked
        os.kill(reader._pgconn.backend_pid, signal.SIGTERM)
        found = await asyncio.gather(*looks, *(store.session_by_sid("sid-one") for _ in range(10)))
        assert all(one is not None for one in found)
        async with asyncio.timeout(PATIENCE):
            while reader.is_open:  # noqa: ASYNC110
                await asyncio.sleep(0)
        await lines_are_there(store)
        assert store._lines._reader is not reader


async def test_a_write_that_waits_for_a_lock_holds_nobody_up(
    store: PostgresStore, other: psycopg.Connection[Any], database: psycopg.Connection[Any]
) -> None:
    begin(other, SessionTouched("sid-one", NOW, NOW + 1, NOW + DAY))
    waiting = asyncio.create_task(store.commit(*ROTATED))
    await stands_in_line(database)
    assert sum(not line.is_free for line in store._lines._writers) == 1
    await store.commit(SessionTouched("sid-none", NOW, NOW + 1, NOW + DAY))
    assert await store.session_by_sid("sid-one") is not None
    assert not waiting.done()
    other.execute("COMMIT")
    await waiting
    assert all(line.is_free for line in store._lines._writers)


async def test_who_stops_waiting_for_a_write_leaves_nothing_behind(
    store: PostgresStore, other: psycopg.Connection[Any], database: psycopg.Connection[Any]
) -> None:
    begin(other, SessionTouched("sid-one", NOW, NOW + 1, NOW + DAY))
    commit = asyncio.create_task(store.commit(*ROTATED))
    await stands_in_line(database)
    commit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await commit
    await asyncio.gather(*store._lines._leaving)
    other.execute("ROLLBACK")
    record = await store.refresh_by_hash(digest("token"))
    assert record is not None
    assert record[0].state == "active"
    await store.commit(*ROTATED)


async def test_an_expectation_that_does_not_hold_is_a_conflict_on_a_line_too(store: PostgresStore) -> None:
    await store.commit(*ROTATED)
    with pytest.raises(Conflict):  # not active any more
        await store.commit(*ROTATED)
    assert len(await store.events_after(0, 10)) == 1


async def test_a_write_that_a_line_could_not_prepare_is_written_all_the_same(store: PostgresStore) -> None:
    for line in store._lines._writers:
        await line.ask("SET search_path = nowhere", ())
    await store.commit(*ROTATED)
    with pytest.raises(Conflict):  # once
        await store.commit(*ROTATED)


async def test_a_server_that_is_frozen_is_hung_up_on(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store._lines._reader is not None
    frozen = store._lines._reader._pgconn.backend_pid
    os.kill(frozen, signal.SIGSTOP)
    try:
        with monkeypatch.context() as hurried:
            hurried.setattr(deadline, "SILENCE", 0.2)
            with pytest.raises(StorageUnavailable, match="ServerSilent"):
                await store.session_by_sid("sid-one")
        assert await store.session_by_sid("sid-one") is not None  # by another connection
    finally:
        os.kill(frozen, signal.SIGCONT)


async def test_a_server_that_takes_no_writes_any_more_is_left(store: PostgresStore) -> None:
    for line in store._lines._writers:  # as after a failover to somebody else
        await line.ask("SET default_transaction_read_only = on", ())
    with pytest.raises(StorageUnavailable, match="ReadOnly"):
        await store.commit(*ROTATED)
    assert store._lines._writers == []
    await store.commit(*ROTATED)  # on a new connection, to a server that does


async def test_more_writes_than_lines_are_all_written(store: PostgresStore) -> None:
    touches = [SessionTouched("sid-one", NOW + i, NOW + i + 1, NOW + DAY) for i in range(60)]
    await asyncio.gather(*(store.commit(each) for each in touches), store.commit(*ENDED, EVENT))
    assert store.commits >= 61


async def test_closing_ends_the_lines(store: PostgresStore, database: psycopg.Connection[Any]) -> None:
    await store.close()
    async with asyncio.timeout(PATIENCE):
        ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gatepass'"
        while database.execute(ours).fetchall() != [(0,)]:  # noqa: ASYNC110 (the server ends them by itself)
            await asyncio.sleep(0.01)


async def test_a_connection_that_is_lost_before_it_is_a_line_is_given_up_and_another_made(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect_and_lose(given: dict[str, Any]) -> Any:
        connection = await connect(given)
        connection.pgconn.finish()
        return connection

    store._lines.drop()
    with monkeypatch.context() as failing:
        failing.setattr(lines, "connect", connect_and_lose)
        store._lines._grow()
        connecting = store._lines._connecting
        assert connecting is not None
        await connecting
    assert store._lines._reader is None
    assert await store.session_by_sid("sid-one") is not None  # through the pool
    await lines_are_there(store)
