"""Commits side by side on PostgreSQL: who comes second waits, and then looks at what the first one left."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.contract.beside import (
    ENDED,
    EVENT,
    ROTATED,
    TOUCHED,
    against,
    begin,
    stands_in_line,
)
from tests.contract.samples import NOW, digest, fill, key, record, session, user
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
    KeyAdded,
    KeyringIs,
    Limit,
    LoggedIn,
    RefreshAdded,
    RefreshRefused,
    RefreshState,
    Revoked,
    RoleDefined,
    RoleIs,
    SessionIsLive,
    SessionRefused,
    SessionsCapped,
    SessionStarted,
    UserAdded,
    UserChanged,
    UserIsAt,
    revocations,
    usecases,
)
from gatepass.storage.postgres import PostgresStore
from gatepass.storage.postgres import store as storing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


READS = frozenset({"appointments:read"})


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    opened = await PostgresStore.open(postgres_url)
    yield opened
    await opened.close()


ADA = user(roles=frozenset({"doctor"}))
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
