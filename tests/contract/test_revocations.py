"""The revocation feed: one sequence, each entry in the commit of its cause, forgotten when it is over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.contract.samples import DAY, NOW, fill, session, user
from tests.stores import open_at

from gatepass.auth import (
    Conflict,
    EndReason,
    Event,
    EventKind,
    Purged,
    Revocation,
    RevocationsCompacted,
    Revoked,
    SessionsCapped,
    SessionStarted,
    UserAdded,
    UserIsAt,
    revocations,
)
from gatepass.oauth import Cursor, Selects
from gatepass.storage import MemoryStore, SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

    from gatepass.auth import Store

NEVER = UserIsAt("user-none", 0)
LAST = Revocation(Selects.ALL, "", int(NOW), int(NOW) + 7_200)


def ended(name: str, *, user_id: str = "user-ada", now: float = NOW) -> Revoked:
    return Revoked(revocations.session_ended(name, user_id, now=now))


def purge(now: float, limit: int = 100) -> Purged:
    return Purged(now, now - DAY, now - DAY, now - DAY, limit)


async def values(store: Store, after: int = 0, limit: int = 1000) -> list[tuple[int, str]]:
    feed = await store.revocations_after(after, limit)
    return [(entry.seq, entry.revocation.value) for entry in feed.entries]


async def test_a_new_feed_is_empty_and_has_a_name(store: Store) -> None:
    feed = await store.revocations_after(0, 10)
    assert (feed.floor, feed.head, feed.entries) == (0, 0, [])
    cursor = Cursor(feed.log, feed.head)
    assert Cursor.parse(str(cursor)) == cursor


async def test_two_databases_are_two_feeds(tmp_path: Path) -> None:
    stores: list[MemoryStore | SqliteStore] = [
        MemoryStore(),
        MemoryStore(),
        SqliteStore.open(tmp_path / "one.db"),
        SqliteStore.open(tmp_path / "two.db"),
    ]
    assert len({(await store.revocations_after(0, 1)).log for store in stores}) == 4
    for store in stores:
        await store.close()


async def test_a_feed_keeps_name_and_place_when_it_is_opened_again(address: str) -> None:
    store = await open_at(address)
    await store.commit(ended("a"), Revoked(LAST))
    before = await store.revocations_after(0, 10)
    await store.close()
    again = await open_at(address)
    assert await again.revocations_after(0, 10) == before
    await again.close()


async def test_entries_are_numbered_without_gaps_in_the_order_of_their_commits(store: Store) -> None:
    await store.commit(ended("a"), ended("b"))
    await store.commit(ended("c"))
    assert await values(store) == [(1, "a"), (2, "b"), (3, "c")]
    assert await values(store, after=1, limit=1) == [(2, "b")]
    feed = await store.revocations_after(3, 10)
    assert (feed.floor, feed.head, feed.entries) == (0, 3, [])


@pytest.mark.parametrize("selects", Selects)
async def test_every_kind_of_entry_survives(store: Store, selects: Selects) -> None:
    entries = [
        Revocation(selects, "a text", 2**40, 2**41, "user-ada"),
        Revocation(selects, "", 0, int(NOW), None),
    ]
    await store.commit(*map(Revoked, entries))
    assert [entry.revocation for entry in (await store.revocations_after(0, 9)).entries] == entries


async def test_two_entries_for_one_user_are_both_kept(store: Store) -> None:
    both = [revocations.user_revoked("user-ada", below, now=NOW) for below in (9, 4)]
    await store.commit(*map(Revoked, both))
    assert [entry.revocation for entry in (await store.revocations_after(0, 9)).entries] == both


async def test_a_commit_that_conflicts_leaves_no_entry_and_no_gap(store: Store) -> None:
    await store.commit(ended("a"))
    with pytest.raises(Conflict):
        await store.commit(ended("b"), ended("c"), NEVER)
    await store.commit(ended("d"))
    assert await values(store) == [(1, "a"), (2, "d")]


async def test_conflicts_among_commits_at_once_leave_no_gaps(store: Store) -> None:
    commits = [
        store.commit(ended(f"s{i}"), NEVER) if i % 3 else store.commit(ended(f"s{i}")) for i in range(60)
    ]
    results = await asyncio.gather(*commits, return_exceptions=True)
    written = [f"s{i}" for i, result in enumerate(results) if result is None]
    assert len(written) == 20
    found = await values(store)
    assert [seq for seq, _ in found] == list(range(1, 21))
    assert {value for _, value in found} == set(written)


async def test_a_session_that_a_cap_ends_is_in_the_feed(store: Store) -> None:
    await store.commit(UserAdded(user(), "h"))
    for i in range(4):
        await store.commit(SessionStarted(session(f"s{i}", created_at=NOW + i)))
    line = Event(NOW, EventKind.SESSION_ENDED, "user-ada")
    cap = SessionsCapped("user-ada", 2, 9, NOW, EndReason.TOO_MANY_SESSIONS, line)
    with pytest.raises(Conflict):
        await store.commit(cap, NEVER)
    assert await values(store) == []
    await store.commit(cap)
    feed = await store.revocations_after(0, 10)
    found = [entry.revocation for entry in feed.entries]
    assert {one.value for one in found} == {"sid-s0", "sid-s1"}
    assert all(one == revocations.session_ended(one.value, "user-ada", now=NOW) for one in found)


# Forgetting


async def test_what_no_token_can_match_is_forgotten_and_the_floor_goes_up(store: Store) -> None:
    await store.commit(ended("a"), ended("b"), ended("c", now=NOW + 600))
    over = revocations.forget_after(NOW)
    assert not await store.purgeable(purge(over - 1))
    assert await store.purgeable(purge(over))
    await store.commit(purge(over))
    assert not await store.purgeable(purge(over))
    feed = await store.revocations_after(0, 10)
    assert (feed.floor, feed.head, await values(store)) == (2, 3, [(3, "c")])


async def test_places_go_on_behind_a_feed_that_forgot_everything(store: Store) -> None:
    await store.commit(ended("a"), ended("b"))
    await store.commit(purge(NOW + DAY))
    feed = await store.revocations_after(0, 10)
    assert (feed.floor, feed.head, feed.entries) == (2, 2, [])
    await store.commit(ended("c"))
    assert await values(store) == [(3, "c")]


async def test_forgetting_goes_piece_by_piece_and_no_further_than_the_oldest_that_is_needed(
    store: Store,
) -> None:
    await store.commit(ended("a", now=NOW + DAY), *(ended(f"s{i}") for i in range(5)))
    pieces = 0
    while await store.purgeable(purge(NOW + 7_200, limit=2)):
        await store.commit(purge(NOW + 7_200, limit=2))
        pieces += 1
    feed = await store.revocations_after(0, 10)
    # Written by a clock that was ahead: it stays, and who has not read it is not past the floor.
    assert (pieces, feed.floor, feed.head, await values(store)) == (3, 0, 6, [(1, "a")])


async def test_a_purge_that_conflicts_forgets_nothing(store: Store) -> None:
    await store.commit(ended("a"))
    before = await store.revocations_after(0, 10)
    with pytest.raises(Conflict):
        await store.commit(purge(NOW + DAY), NEVER)
    assert await store.revocations_after(0, 10) == before


# Compaction


async def test_a_compaction_takes_one_users_single_sessions_up_to_a_place(store: Store) -> None:
    await store.commit(
        ended("a"),
        ended("bobs", user_id="user-bob"),
        Revoked(revocations.user_revoked("user-ada", 3, now=NOW)),
        ended("b"),
        ended("c"),
    )
    await store.commit(Revoked(revocations.user_changed("user-ada", 4, now=NOW)))
    await store.commit(RevocationsCompacted("user-ada", 4))
    feed = await store.revocations_after(0, 10)
    assert [entry.seq for entry in feed.entries] == [2, 3, 5, 6]
    assert (feed.floor, feed.head) == (0, 6)


async def test_a_crowd_is_counted_in_single_sessions_of_who_lately_had_one(store: Store) -> None:
    await store.commit(*(ended(f"a{i}") for i in range(5)))
    await store.commit(*(ended(f"b{i}", user_id="user-bob") for i in range(4)))
    await store.commit(*(Revoked(revocations.user_changed("user-cleo", i, now=NOW)) for i in range(5)))
    assert await store.crowded_revocations(3, 100, 10) == ["user-ada", "user-bob"]
    assert await store.crowded_revocations(3, 100, 1) == ["user-ada"]
    assert await store.crowded_revocations(4, 100, 10) == ["user-ada"]
    assert await store.crowded_revocations(5, 100, 10) == []
    assert await store.crowded_revocations(3, 9, 10) == ["user-bob"]
    assert await store.crowded_revocations(3, 5, 10) == []


# Waiting


async def test_who_waits_is_woken_by_a_commit(store: Store) -> None:
    await fill(store)
    assert not await store.revocations_grew(0, 0)
    waiting = [asyncio.ensure_future(store.revocations_grew(0, 30)) for _ in range(3)]
    await asyncio.sleep(0)
    await store.commit(ended("a"))
    assert await asyncio.gather(*waiting) == [True] * 3
    assert await store.revocations_grew(0, 30)  # already: nothing to wait for
    assert not await store.revocations_grew(1, 0.001)


async def test_the_feed_is_nobodys_look_up(store: Store) -> None:
    await store.revocations_after(0, 10)
    await store.revocations_grew(0, 0)
    await store.crowded_revocations(1, 10, 10)
    assert store.lookups == 0
