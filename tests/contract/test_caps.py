"""Caps: the oldest go, and nothing else; log-ins at once do not get in each other's way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.contract.samples import DAY, NOW, digest, record, session, user

from gatepass.auth import (
    EndReason,
    Event,
    EventKind,
    FamiliesCapped,
    Purged,
    RefreshAdded,
    RefreshRotated,
    RefreshState,
    SessionsCapped,
    SessionStarted,
    UserAdded,
    UserStatus,
)

if TYPE_CHECKING:
    from gatepass.auth import Store

LINE = Event(NOW, EventKind.SESSION_ENDED, "user-ada")


def capped(keep: int, *, limit: int = 100, user_id: str = "user-ada") -> SessionsCapped:
    return SessionsCapped(user_id, keep, limit, NOW, EndReason.TOO_MANY_SESSIONS, LINE)


async def five(store: Store) -> None:
    """Sessions s0 (the oldest) to s4, each with a refresh record."""
    await store.commit(UserAdded(user(), "h"), UserAdded(user("bob"), "h"))
    for i in range(5):
        await store.commit(
            SessionStarted(session(f"s{i}", created_at=NOW - 10 + i)),
            RefreshAdded(record(f"r{i}", sid=f"sid-s{i}")),
        )


async def live(store: Store, user_id: str = "user-ada") -> list[str]:
    return [s.sid for s in await store.sessions_of(user_id, NOW, 100)]


async def state(store: Store, name: str) -> RefreshState | None:
    found = await store.refresh_by_hash(digest(name))
    return None if found is None else found[0].state


async def test_the_oldest_sessions_beyond_the_cap_end_with_all_that_renews_them(store: Store) -> None:
    await five(store)
    await store.commit(capped(3))
    assert await live(store) == ["sid-s4", "sid-s3", "sid-s2"]
    for name in ("s0", "s1"):
        found = await store.session_by_sid(f"sid-{name}")
        assert found is not None
        assert (found[0].ended_at, found[0].end_reason) == (NOW, EndReason.TOO_MANY_SESSIONS)
    states = [await state(store, f"r{i}") for i in range(5)]
    assert states == [RefreshState.REVOKED] * 2 + [RefreshState.ACTIVE] * 3
    lines = [recorded.event for recorded in await store.events_after(0, 10)]
    assert {line.sid for line in lines} == {"sid-s0", "sid-s1"}
    assert {line.kind for line in lines} == {EventKind.SESSION_ENDED}


@pytest.mark.parametrize("keep", [5, 6, 100])
async def test_up_to_the_cap_nothing_ends(store: Store, keep: int) -> None:
    await five(store)
    await store.commit(capped(keep))
    assert len(await live(store)) == 5
    assert await store.events_after(0, 10) == []


async def test_no_more_end_at_once_than_the_limit(store: Store) -> None:
    await five(store)
    await store.commit(capped(1, limit=2))
    assert len(await live(store)) == 3
    await store.commit(capped(1, limit=2))
    assert await live(store) == ["sid-s4"]


async def test_another_users_sessions_do_not_count_and_do_not_end(store: Store) -> None:
    await five(store)
    await store.commit(SessionStarted(session("bobs", user_id="user-bob", created_at=0.0)))
    await store.commit(capped(5))
    assert len(await live(store)) == 5
    assert await live(store, "user-bob") == ["sid-bobs"]


DEAD: dict[str, dict[str, Any]] = {
    "ended": {"ended_at": NOW, "end_reason": EndReason.LOGGED_OUT},
    "idle": {"idle_ends_at": NOW},
    "past its absolute end": {"ends_at": NOW},
    "below the cut-off": {"epoch": 0},
}


@pytest.mark.parametrize("fields", DEAD.values(), ids=DEAD.keys())
async def test_a_session_that_is_over_takes_no_place(store: Store, fields: dict[str, Any]) -> None:
    await five(store)
    await store.commit(SessionStarted(session("dead", created_at=NOW, **fields)), capped(5))
    assert len(await live(store)) == 5


async def test_a_disabled_user_has_no_live_session_to_end(store: Store) -> None:
    await store.commit(
        UserAdded(user("eve", status=UserStatus.DISABLED), "h"),
        SessionStarted(session("eves", user_id="user-eve")),
        capped(0, user_id="user-eve"),
    )
    found = await store.session_by_sid("sid-eves")
    assert found is not None
    assert found[0].ended_at is None


async def test_log_ins_at_once_keep_the_cap_and_all_succeed(store: Store) -> None:
    await five(store)
    made = [session(f"new{i}", created_at=NOW + i) for i in range(20)]
    await asyncio.gather(*(store.commit(capped(4), SessionStarted(s)) for s in made))
    assert await live(store) == [s.sid for s in reversed(made)][:5]


async def families(store: Store) -> None:
    """Families f0 (the oldest) to f4 of one session; f0 was renewed last of all."""
    await store.commit(UserAdded(user(), "h"), SessionStarted(session()), SessionStarted(session("two")))
    for i in range(5):
        await store.commit(RefreshAdded(record(f"f{i}", family=f"f{i}", issued_at=NOW - 10 + i)))
    renewed = record("f0 again", family="f0", issued_at=NOW - 1)
    await store.commit(RefreshRotated(digest("f0"), NOW - 1, b"sealed", renewed))


async def active(store: Store) -> list[str]:
    names = ["f0 again", "f1", "f2", "f3", "f4"]
    return [name for name in names if await state(store, name) is RefreshState.ACTIVE]


async def test_the_families_that_were_renewed_longest_ago_are_revoked(store: Store) -> None:
    await families(store)
    await store.commit(FamiliesCapped("sid-one", 3, 100, NOW))
    assert await active(store) == ["f0 again", "f3", "f4"]
    assert await state(store, "f0") is RefreshState.ROTATED  # as it was: late reuse is still noticed


@pytest.mark.parametrize("keep", [5, 6, 100])
async def test_up_to_the_cap_no_family_is_revoked(store: Store, keep: int) -> None:
    await families(store)
    await store.commit(FamiliesCapped("sid-one", keep, 100, NOW), FamiliesCapped("sid-two", 0, 100, NOW))
    assert len(await active(store)) == 5


async def test_a_revoked_family_goes_as_a_whole_and_with_the_next_purge(store: Store) -> None:
    await families(store)
    await store.commit(FamiliesCapped("sid-one", 0, 100, NOW))
    found = await store.refresh_by_hash(digest("f0"))
    assert found is not None
    assert (found[0].state, found[0].answer) == (RefreshState.REVOKED, None)
    await store.commit(Purged(NOW, NOW - DAY, NOW - DAY, NOW - DAY, 10))
    assert [await state(store, name) for name in ("f0", "f0 again", "f1", "f4")] == [None] * 4


async def test_no_more_families_are_revoked_at_once_than_the_limit(store: Store) -> None:
    await families(store)
    await store.commit(FamiliesCapped("sid-one", 1, 2, NOW))
    assert len(await active(store)) == 3


async def test_an_idle_family_takes_no_place(store: Store) -> None:
    await families(store)
    idle = record("idle", family="idle", issued_at=NOW, idle_ends_at=NOW)
    await store.commit(RefreshAdded(idle), FamiliesCapped("sid-one", 5, 100, NOW))
    assert len(await active(store)) == 5
