"""What a purge takes, on every adapter: what is over, piece by piece, and never the newest event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.contract.samples import DAY, NOW, digest, fill, record, session

from gatepass.auth import (
    AttemptCharged,
    Conflict,
    Event,
    EventKind,
    EventRecorded,
    Limit,
    Purged,
    RefreshAdded,
    RefreshState,
    SessionStarted,
    UserIsAt,
)

if TYPE_CHECKING:
    from gatepass.auth import Store


async def test_a_purge_takes_what_is_over_and_no_more(store: Store) -> None:
    await fill(store)
    rotated = record("rotated", state=RefreshState.ROTATED, rotated_at=NOW - 10, answer=b"a")
    fresh = record("fresh", state=RefreshState.ROTATED, rotated_at=NOW - 9, answer=b"a")
    old = session("old", idle_ends_at=NOW - 7 * DAY)
    await store.commit(
        RefreshAdded(rotated),
        RefreshAdded(fresh),
        RefreshAdded(record("lapsed", idle_ends_at=NOW)),
        SessionStarted(old),
        RefreshAdded(record("of old", sid="sid-old")),
        SessionStarted(session("idle", idle_ends_at=NOW - 1)),
        AttemptCharged("empty", Limit(3, 30), NOW - 10),
        AttemptCharged("busy", Limit(3, 30), NOW),
    )
    purge = Purged(NOW, NOW - 10, NOW - 7 * DAY, NOW - DAY, 10)
    assert await store.purgeable(purge)
    await store.commit(purge)
    assert not await store.purgeable(purge)
    wiped = await store.refresh_by_hash(rotated.hash)
    kept = await store.refresh_by_hash(fresh.hash)
    assert wiped is not None
    assert kept is not None
    assert (wiped[0].state, wiped[0].answer, kept[0].answer) == (RefreshState.ROTATED, None, b"a")
    gone = [digest("lapsed"), digest("of old")]
    assert [await store.refresh_by_hash(token_hash) for token_hash in gone] == [None, None]
    assert await store.session_by_sid("sid-old") is None
    assert await store.session_by_hash(old.id_hash) is None
    assert await store.session_by_sid("sid-idle") is not None
    assert await store.refresh_by_hash(digest("token")) is not None
    assert await store.attempt("empty") is None
    assert await store.attempt("busy") is not None


async def test_a_purge_goes_piece_by_piece(store: Store) -> None:
    await fill(store)
    await store.commit(*(RefreshAdded(record(f"t{i}", idle_ends_at=NOW)) for i in range(5)))
    purge, pieces = Purged(NOW, NOW, NOW - DAY, NOW - DAY, 2), 0
    while await store.purgeable(purge):
        await store.commit(purge)
        pieces += 1
    assert pieces == 3


def line(at: float) -> EventRecorded:
    return EventRecorded(Event(at, EventKind.LOGGED_IN))


def old_events(limit: int = 10) -> Purged:
    return Purged(NOW, NOW, NOW - DAY, NOW - 5, limit)


async def test_a_purge_takes_old_events_and_leaves_the_numbers_of_the_others(store: Store) -> None:
    await store.commit(*(line(NOW - 8 + i) for i in range(6)))  # four of them until NOW - 5
    assert await store.purgeable(old_events())
    await store.commit(old_events())
    assert not await store.purgeable(old_events())
    left = await store.events_after(0, 10)
    assert [(recorded.seq, recorded.event.at) for recorded in left] == [(5, NOW - 4), (6, NOW - 3)]
    assert await store.events_after(5, 10) == left[1:]


async def test_the_newest_event_stays_so_that_no_number_comes_twice(store: Store) -> None:
    await store.commit(*(line(NOW - 100) for _ in range(3)))
    await store.commit(old_events())
    assert not await store.purgeable(old_events())
    await store.commit(line(NOW))
    assert [recorded.seq for recorded in await store.events_after(0, 10)] == [3, 4]


async def test_old_events_go_piece_by_piece(store: Store) -> None:
    await store.commit(*(line(NOW - 100) for _ in range(5)), line(NOW))
    pieces = 0
    while await store.purgeable(old_events(limit=2)):
        await store.commit(old_events(limit=2))
        pieces += 1
    assert pieces == 3
    assert [recorded.seq for recorded in await store.events_after(0, 10)] == [6]


async def test_a_purge_of_events_is_undone_with_its_commit(store: Store) -> None:
    await store.commit(*(line(NOW - 100 + i) for i in range(3)))
    before = await store.events_after(0, 10)
    with pytest.raises(Conflict):
        await store.commit(old_events(), UserIsAt("user-none", 0))
    assert await store.events_after(0, 10) == before
