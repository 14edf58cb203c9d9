"""What is written is found again, exactly; each look-up counts as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.contract.samples import DAY, NOW, digest, fill, key, link, record, session, user

from gatepass.auth import (
    By,
    EndReason,
    Event,
    EventKind,
    EventRecorded,
    KeyAdded,
    KeyState,
    Place,
    Purged,
    RecordedEvent,
    RefreshAdded,
    RefreshForm,
    RefreshState,
    RoleDefined,
    Search,
    SessionStarted,
    UserAdded,
    UserStatus,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gatepass.auth import Session, Store, User

ADA = user(roles=frozenset({"doctor"}))

EMPTY: dict[str, tuple[Callable[[Store], Awaitable[Any]], Any]] = {
    "user_by_id": (lambda s: s.user_by_id("user-ada"), None),
    "user_by_email": (lambda s: s.user_by_email("ada@example.org"), None),
    "credentials_by_email": (lambda s: s.credentials_by_email("ada@example.org"), None),
    "users_page": (lambda s: s.users_page(None, 10), []),
    "find_users": (lambda s: s.find_users(Search(By.ROLE, "doctor"), None, 10), []),
    "roles": (lambda s: s.roles(), {}),
    "users_with_role": (lambda s: s.users_with_role("doctor"), []),
    "session_by_hash": (lambda s: s.session_by_hash(digest("one")), None),
    "session_by_sid": (lambda s: s.session_by_sid("sid-one"), None),
    "sessions_of": (lambda s: s.sessions_of("user-ada", NOW, 10), []),
    "live_sessions": (lambda s: s.live_sessions(NOW, None, 10), []),
    "refresh_by_hash": (lambda s: s.refresh_by_hash(digest("token")), None),
    "signing_keys": (lambda s: s.signing_keys(), []),
    "events_after": (lambda s: s.events_after(0, 10), []),
    "orders_on": (lambda s: s.orders_on(jti="jti-one", client_id="gatepass", kid="k1"), []),
    "session_and_orders": (
        lambda s: s.session_and_orders("sid-one", jti="jti-one", client_id="gatepass", kid="k1"),
        (None, []),
    ),
    "link_by_hash": (lambda s: s.link_by_hash(digest("link")), None),
    "taken": (lambda s: s.taken(["ada@example.org", "eve@example.org"]), frozenset()),
    "attempt": (lambda s: s.attempt("account:ada"), None),
    "purgeable": (lambda s: s.purgeable(Purged(NOW, NOW, NOW, NOW, 10)), False),
}
FILLED: dict[str, Any] = {
    "user_by_id": ADA,
    "user_by_email": ADA,
    "credentials_by_email": (ADA, "$argon2id$ada"),
    "users_page": [ADA],
    "find_users": [Place("user-ada", ADA)],
    "roles": {"doctor": frozenset({"appointments:read"})},
    "users_with_role": [ADA],
    "session_by_hash": (session(), ADA),
    "session_by_sid": (session(), ADA),
    "sessions_of": [session()],
    "live_sessions": [(session(), ADA)],
    "refresh_by_hash": (record(), session(), ADA),
    "signing_keys": [key()],
    "events_after": [],
    "orders_on": [],
    "session_and_orders": ((session(), ADA), []),
    "link_by_hash": (link(), ADA),
    "taken": frozenset({"ada@example.org"}),
    "attempt": None,
    "purgeable": False,
}


@pytest.mark.parametrize("name", EMPTY)
async def test_an_empty_store_finds_nothing_with_one_look_up(store: Store, name: str) -> None:
    ask, nothing = EMPTY[name]
    assert await ask(store) == nothing
    assert store.lookups == 1


@pytest.mark.parametrize("name", FILLED)
async def test_what_was_written_is_found_with_one_look_up(store: Store, name: str) -> None:
    await fill(store)
    assert store.lookups == 0  # commits are no look-ups
    ask, _ = EMPTY[name]
    assert await ask(store) == FILLED[name]
    assert store.lookups == 1


def test_every_look_up_of_the_port_is_asked_here(store: Store) -> None:
    nobodys = {"revocations_after", "revocations_grew", "crowded_revocations", "event_export", "mails_due"}
    nobodys |= {"import_run"}
    asked = set(EMPTY) | {"commit", "commit_later", "close", "open"} | nobodys
    assert {name for name in dir(store) if not name.startswith("_")} - {"lookups", "commits"} <= asked
    assert set(EMPTY) == set(FILLED)


async def test_every_field_of_every_record_survives(store: Store) -> None:
    await fill(store)
    other = user(
        "bob",
        status=UserStatus.DISABLED,
        roles=frozenset({"doctor"}),
        permissions=frozenset(),
        granted=frozenset(),
        epoch=2**40,
        revoked_below=2**40,
        last_name='O\'Neil "Ⅷ"; DROP TABLE users; --',
    )
    ended = session(
        "two",
        user_id=other.id,
        ended_at=NOW + 0.1,
        end_reason=EndReason.REFRESH_REUSED,
        device="",
        address="",
    )
    renewal = record(
        "jwt",
        form=RefreshForm.RENEWAL,
        state=RefreshState.ROTATED,
        sid=ended.sid,
        user_id=other.id,
        rotated_at=NOW + 1 / 3,
        answer=bytes(range(256)) * 8,
        successor=digest("next"),
    )
    retired = key("k0", state=KeyState.RETIRED, sealed_private=None, retires_at=NOW + 2, removed_at=NOW + 3)
    await store.commit(
        UserAdded(other, "hash"), SessionStarted(ended), RefreshAdded(renewal), KeyAdded(retired)
    )
    assert await store.user_by_id(other.id) == other
    assert await store.session_by_sid(ended.sid) == (ended, other)
    assert await store.refresh_by_hash(renewal.hash) == (renewal, ended, other)
    assert retired in await store.signing_keys()


async def test_a_look_up_finds_only_exactly_what_was_asked_for(store: Store) -> None:
    await fill(store)
    assert await store.session_by_hash(digest("one")[:-1]) is None
    assert await store.session_by_hash(digest("one") + b"\x00") is None
    assert await store.session_by_sid("sid-on%") is None
    assert await store.session_by_sid("SID-ONE") is None
    assert await store.refresh_by_hash(digest("token")[:31]) is None
    assert await store.user_by_email("ADA@example.org") is None


async def test_users_come_in_pages(store: Store) -> None:
    names = ["cleo", "ada", "bob", "dora"]
    await store.commit(*(UserAdded(user(name), "h") for name in names))
    first = await store.users_page(None, 3)
    assert [u.email for u in first] == ["ada@example.org", "bob@example.org", "cleo@example.org"]
    rest = await store.users_page(first[-1].email, 3)
    assert [u.email for u in rest] == ["dora@example.org"]


NOT_LIVE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "ended": ({"ended_at": NOW, "end_reason": EndReason.LOGGED_OUT}, {}),
    "idle": ({"idle_ends_at": NOW}, {}),
    "past its absolute end": ({"ends_at": NOW}, {}),
    "below the cut-off": ({"epoch": 2}, {"revoked_below": 3}),
    "of a disabled user": ({}, {"status": UserStatus.DISABLED}),
}


@pytest.mark.parametrize("case", NOT_LIVE.values(), ids=NOT_LIVE.keys())
async def test_lists_show_live_sessions_alone(
    store: Store, case: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    of_session, of_user = case
    dead: Session = session("dead", **of_session)
    owner: User = user(**of_user)
    live = session("live", user_id="user-bob")
    bob = user("bob")
    await store.commit(UserAdded(owner, "h"), UserAdded(bob, "h"), SessionStarted(dead), SessionStarted(live))
    assert await store.sessions_of(owner.id, NOW, 10) == []
    assert await store.sessions_of(bob.id, NOW, 10) == [live]
    assert await store.live_sessions(NOW, None, 10) == [(live, bob)]
    assert await store.session_by_sid(dead.sid) == (
        dead,
        owner,
    )  # found, so that the refusal can be explained


async def test_live_sessions_come_in_pages_and_one_users_newest_first(store: Store) -> None:
    made = [session(name, created_at=NOW + i) for i, name in enumerate(["c", "a", "d", "b"])]
    await store.commit(UserAdded(user(), "h"), *(SessionStarted(s) for s in made))
    first = await store.live_sessions(NOW, None, 3)
    assert [s.sid for s, _ in first] == ["sid-a", "sid-b", "sid-c"]
    assert [s.sid for s, _ in await store.live_sessions(NOW, "sid-c", 3)] == ["sid-d"]
    newest = await store.sessions_of("user-ada", NOW, 10)
    assert [s.sid for s in newest] == ["sid-b", "sid-d", "sid-a", "sid-c"]
    assert await store.sessions_of("user-ada", NOW, 3) == newest[:3]
    assert await store.live_sessions(NOW + 2 * DAY, None, 3) == []


async def test_keys_come_oldest_first(store: Store) -> None:
    await store.commit(KeyAdded(key("b", created_at=2.0)), KeyAdded(key("a", created_at=2.0)))
    await store.commit(KeyAdded(key("c", created_at=1.0)))
    assert [k.kid for k in await store.signing_keys()] == ["c", "a", "b"]


async def test_events_are_numbered_in_the_order_of_their_commits(store: Store) -> None:
    lines = [
        Event(NOW + i, EventKind.LOGGED_IN, "user-ada", "sid-one", "cli", "::1", str(i)) for i in range(5)
    ]
    for line in lines:
        await store.commit(EventRecorded(line))
    assert await store.events_after(0, 10) == [RecordedEvent(i + 1, line) for i, line in enumerate(lines)]
    assert await store.events_after(3, 1) == [RecordedEvent(4, lines[3])]
    assert await store.events_after(5, 10) == []


async def test_a_role_without_permissions_is_a_role(store: Store) -> None:
    await store.commit(RoleDefined("guest", frozenset(), None, 0))
    assert await store.roles() == {"guest": frozenset()}
