"""What each change does, what it expects, and that a commit is all or nothing."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest
from tests.contract.samples import DAY, NOW, digest, fill, key, link, mail, record, session, user

from gatepass.auth import (
    AttemptCharged,
    AttemptRefunded,
    Change,
    Conflict,
    EndReason,
    Event,
    EventKind,
    EventRecorded,
    Export,
    ExportMoved,
    FamiliesCapped,
    FamiliesRevoked,
    FeedRenamed,
    ImportMoved,
    ImportRun,
    KeyAdded,
    KeyMoved,
    KeyRemoved,
    KeyringIs,
    KeyState,
    Limit,
    LinkIssued,
    LinkUsed,
    MailDropped,
    MailQueued,
    MailTaken,
    PasswordChanged,
    PasswordRehashed,
    Purged,
    Purpose,
    RefreshAdded,
    RefreshRotated,
    RefreshState,
    RevocationsCompacted,
    Revoked,
    RoleDefined,
    RoleIs,
    SessionEnded,
    SessionIsLive,
    SessionsCapped,
    SessionStarted,
    SessionTouched,
    UserAdded,
    UserChanged,
    UserDeleted,
    UserIsAt,
    revocations,
    throttle,
)
from gatepass.storage.memory import changes as memory_changes
from gatepass.storage.postgres import PostgresStore
from gatepass.storage.postgres import changes as postgres_changes
from gatepass.storage.sqlite import changes as sqlite_changes

if TYPE_CHECKING:
    from gatepass.auth import Store


READS = frozenset({"appointments:read"})
ADA = user(roles=frozenset({"doctor"}))
LIMIT = Limit(3, 30)
EVENT = EventRecorded(Event(NOW, EventKind.LOGGED_IN))
ROTATED = RefreshRotated(digest("token"), NOW, b"sealed", record("next"))

HOLDS: dict[str, Change] = {
    "a user": UserAdded(user("bob"), "h"),
    "a user with a role": UserAdded(user("bob", roles=frozenset({"doctor"})), "h"),
    "a change at the expected epoch": UserChanged(msgspec.structs.replace(ADA, epoch=4), 3),
    "a new e-mail address": UserChanged(msgspec.structs.replace(ADA, email="a@example.org"), 3),
    "a re-hash": PasswordRehashed("user-ada", "$argon2id$ada", "new"),
    "a re-hash of something older": PasswordRehashed("user-ada", "other", "new"),
    "another password": PasswordChanged("user-ada", "new"),
    "a user deleted": UserDeleted("user-ada", 3),
    "a new role": RoleDefined("nurse", READS, None, 0),
    "a changed role": RoleDefined("doctor", frozenset(), READS, 1),
    "a session": SessionStarted(session("two")),
    "a touch": SessionTouched("sid-one", NOW, NOW + 60, NOW + DAY),
    "a touch of no session": SessionTouched("sid-none", NOW, NOW + 60, NOW + DAY),
    "an end": SessionEnded("sid-one", NOW, EndReason.LOGGED_OUT),
    "one session too many": SessionsCapped(
        "user-ada", 0, 9, NOW, EndReason.TOO_MANY_SESSIONS, Event(NOW, EventKind.SESSION_ENDED)
    ),
    "a record": RefreshAdded(record("next")),
    "a rotation": ROTATED,
    "families": FamiliesRevoked("sid-one"),
    "families of no session": FamiliesRevoked("sid-none"),
    "one family too many": FamiliesCapped("sid-one", 0, 9, NOW),
    "a key": KeyAdded(key("k2")),
    "a move": KeyMoved(KeyState.ACTIVE, key(state=KeyState.RETIRING, retires_at=NOW)),
    "a removal": KeyRemoved("k1", KeyState.ACTIVE),
    "a charge": AttemptCharged("a", LIMIT, NOW),
    "a refund of nothing": AttemptRefunded("a", LIMIT),
    "an event": EVENT,
    "an export": ExportMoved(Export(0, None, 0), Export(7, "one", NOW)),
    "an import": ImportMoved(None, ImportRun("file", 7, 5, 2)),
    "another name of the feed": FeedRenamed("other"),
    "a revocation": Revoked(revocations.session_ended("sid-one", "user-ada", now=NOW)),
    "a compaction": RevocationsCompacted("user-ada", 9),
    "a user without a password": UserAdded(user("bob"), None),
    "a link": LinkIssued(link("other", purpose=Purpose.EMAIL)),
    "a link in the place of another": LinkIssued(link("newer")),
    "a link used": LinkUsed(digest("link")),
    "a mail": MailQueued(mail("two")),
    "a mail to nobody": MailQueued(mail("two", user_id=None)),
    "a mail taken": MailTaken("mail-one", NOW, NOW + 60),
    "a mail dropped": MailDropped("mail-one"),
    "no mail to drop": MailDropped("mail-none"),
    "a purge": Purged(NOW, NOW, NOW, NOW, 10),
    "a live session": SessionIsLive("sid-one"),
    "the user's epoch": UserIsAt("user-ada", 3),
    "the role": RoleIs("doctor", READS),
    "the ring": KeyringIs(frozenset({("k1", "active")})),
}

BROKEN: dict[str, Change] = {
    "id taken": UserAdded(user("ada", email="other@example.org"), "h"),
    "e-mail taken": UserAdded(user("bob", email="ada@example.org"), "h"),
    "user at another epoch": UserChanged(ADA, 2),
    "no such user": UserChanged(user("bob"), 3),
    "password of nobody": PasswordChanged("user-none", "new"),
    "user to delete at another epoch": UserDeleted("user-ada", 2),
    "nobody to delete": UserDeleted("user-none", 0),
    "role was changed": RoleDefined("doctor", frozenset(), frozenset(), 1),
    "role exists": RoleDefined("doctor", frozenset(), None, 1),
    "role does not exist": RoleDefined("nurse", frozenset(), READS, 0),
    "one carrier more": RoleDefined("doctor", frozenset(), READS, 0),
    "session id taken": SessionStarted(session("two", id_hash=digest("one"))),
    "sid taken": SessionStarted(session("two", sid="sid-one")),
    "session of nobody": SessionStarted(session("two", user_id="user-none")),
    "no session to end": SessionEnded("sid-none", NOW, EndReason.LOGGED_OUT),
    "record exists": RefreshAdded(record()),
    "record of no session": RefreshAdded(record("next", sid="sid-none")),
    "no record to rotate": RefreshRotated(digest("none"), NOW, b"", record("next")),
    "user at another epoch than the successor": RefreshRotated(
        digest("token"), NOW, b"", record("n", epoch=4)
    ),
    "successor exists": RefreshRotated(digest("token"), NOW, b"", record("token")),
    "successor of no session": RefreshRotated(digest("token"), NOW, b"", record("n", sid="sid-none")),
    "key exists": KeyAdded(key()),
    "key moved on": KeyMoved(KeyState.NEXT, key()),
    "no such key": KeyMoved(KeyState.ACTIVE, key("k2")),
    "key to remove moved on": KeyRemoved("k1", KeyState.RETIRED),
    "no key to remove": KeyRemoved("k2", KeyState.ACTIVE),
    "another place of the export": ExportMoved(Export(1, None, 0), Export(7, "one", NOW)),
    "another one exports": ExportMoved(Export(0, "two", 0), Export(7, "one", NOW)),
    "the export goes on for longer": ExportMoved(Export(0, None, NOW), Export(7, "one", NOW)),
    "an import that nobody began": ImportMoved(ImportRun("file", 3), ImportRun("file", 7)),
    "link of nobody": LinkIssued(link("other", user_id="user-none")),
    "secret of another link": LinkIssued(link(purpose=Purpose.EMAIL)),
    "no link to use": LinkUsed(digest("none")),
    "mail exists": MailQueued(mail()),
    "mail of an unknown user": MailQueued(mail("two", user_id="user-none")),
    "mail taken by another": MailTaken("mail-one", NOW - 1, NOW + 60),
    "no mail to take": MailTaken("mail-none", NOW, NOW + 60),
    "no session": SessionIsLive("sid-none"),
    "no user": UserIsAt("user-none", 0),
    "lower epoch": UserIsAt("user-ada", 2),
    "higher epoch": UserIsAt("user-ada", 4),
    "other permissions": RoleIs("doctor", frozenset()),
    "no role": RoleIs("nurse", frozenset()),
    "other key state": KeyringIs(frozenset({("k1", "next")})),
    "one key more": KeyringIs(frozenset()),
    "one key fewer": KeyringIs(frozenset({("k1", "active"), ("k2", "next")})),
}


async def everything(store: Store) -> list[Any]:
    """All that can be read, for comparing before and after."""
    return [
        await store.users_page(None, 100),
        await store.import_run("file"),
        await store.credentials_by_email("ada@example.org"),
        await store.roles(),
        await store.users_with_role("doctor"),
        await store.live_sessions(NOW, None, 100),
        await store.session_by_sid("sid-one"),
        await store.refresh_by_hash(digest("token")),
        await store.refresh_by_hash(digest("next")),
        await store.signing_keys(),
        await store.events_after(0, 100),
        await store.event_export(),
        await store.attempt("a"),
        await store.link_by_hash(digest("link")),
        await store.link_by_hash(digest("newer")),
        await store.mails_due(NOW + 90, 100),
        await store.revocations_after(0, 100),
    ]


def test_every_change_is_tried_here_and_known_to_every_adapter() -> None:
    kinds = set(get_args(Change))
    assert {type(change) for change in HOLDS.values()} == kinds
    assert set(memory_changes.APPLY) == kinds
    assert set(sqlite_changes.APPLY) == kinds
    assert set(postgres_changes.STEPS) == kinds


@pytest.mark.parametrize("change", HOLDS.values(), ids=HOLDS.keys())
async def test_a_change_whose_expectation_holds_is_written(store: Store, change: Change) -> None:
    await fill(store)
    await store.commit(change, EVENT)
    assert (await store.events_after(0, 10))[-1].event == EVENT.event
    assert store.commits == 2


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_expectation_is_named_and_nothing_is_written(store: Store, change: Change) -> None:
    await fill(store)
    before = await everything(store)
    with pytest.raises(Conflict) as conflict:
        # What stands in front of it and behind it could all be written, and is not.
        await store.commit(
            UserAdded(user("eve"), "h"),
            SessionTouched("sid-one", NOW, NOW + 60, NOW + DAY + 60),
            AttemptCharged("a", LIMIT, NOW),
            EVENT,
            change,
            EVENT,
        )
    assert conflict.value.change is change
    assert await everything(store) == before
    assert store.commits == 1


@pytest.mark.parametrize("spoiled", HOLDS.values(), ids=HOLDS.keys())
async def test_every_change_is_undone_with_its_commit(store: Store, spoiled: Change) -> None:
    await fill(store)
    before = await everything(store)
    with pytest.raises(Conflict):
        await store.commit(spoiled, UserIsAt("user-none", 0))
    assert await everything(store) == before
    await store.commit(spoiled)  # the twin: without what spoiled it, it is written


async def test_a_changed_user_is_another_one_everywhere(store: Store) -> None:
    await fill(store)
    changed = user(email="new@example.org", roles=frozenset(), first_name="Augusta", epoch=4, revoked_below=4)
    await store.commit(UserChanged(changed, 3))
    assert await store.user_by_id("user-ada") == changed
    assert await store.user_by_email("ada@example.org") is None
    assert await store.credentials_by_email("new@example.org") == (changed, "$argon2id$ada")
    assert await store.users_with_role("doctor") == []
    with pytest.raises(Conflict):
        await store.commit(UserChanged(changed, 3))  # not twice from the same epoch


async def test_an_e_mail_address_belongs_to_one_user(store: Store) -> None:
    await fill(store)
    await store.commit(UserAdded(user("bob"), "h"))
    with pytest.raises(Conflict):
        await store.commit(UserChanged(user("bob", email="ada@example.org"), 3))
    assert await store.user_by_id("user-bob") == user("bob")


async def test_a_re_hash_replaces_only_the_hash_that_was_verified(store: Store) -> None:
    await fill(store)
    await store.commit(PasswordRehashed("user-ada", "$argon2id$ada", "second"))
    await store.commit(PasswordRehashed("user-ada", "$argon2id$ada", "third"))
    found = await store.credentials_by_email("ada@example.org")
    assert found is not None
    assert found[1] == "second"


async def test_another_password_stands_whatever_hash_was_there(store: Store) -> None:
    await fill(store)
    await store.commit(PasswordChanged("user-ada", "second"))
    await store.commit(PasswordRehashed("user-ada", "$argon2id$ada", "late"))  # of the old password
    found = await store.credentials_by_email("ada@example.org")
    assert found is not None
    assert found[1] == "second"


async def test_a_user_goes_with_all_that_is_theirs_and_leaves_the_rest(store: Store) -> None:
    await fill(store)
    bob, old = session("bob", user_id="user-bob"), session("old")
    await store.commit(
        UserAdded(user("bob", roles=frozenset({"doctor"})), "h"),
        SessionStarted(bob),
        RefreshAdded(record("bob", sid=bob.sid, user_id="user-bob")),
        SessionStarted(old),
        SessionEnded(old.sid, NOW, EndReason.LOGGED_OUT),
        EVENT,
    )
    await store.commit(UserDeleted("user-ada", 3))
    assert await store.credentials_by_email("ada@example.org") is None
    assert [await store.session_by_sid(sid) for sid in ("sid-one", old.sid)] == [None, None]
    assert await store.session_by_hash(digest("one")) is None
    assert await store.refresh_by_hash(digest("token")) is None
    assert [holder.id for holder in await store.users_with_role("doctor")] == ["user-bob"]
    assert await store.refresh_by_hash(digest("bob")) is not None
    assert len(await store.events_after(0, 9)) == 1
    await store.commit(RoleDefined("doctor", frozenset(), READS, 1))  # one carrier is left
    await store.commit(UserAdded(user("ada"), "h"))  # the address is free again


async def test_a_touch_moves_the_idle_end_once(store: Store) -> None:
    await fill(store)
    await store.commit(SessionTouched("sid-one", NOW, NOW + 60, NOW + DAY + 60))
    await store.commit(SessionTouched("sid-one", NOW, NOW + 61, NOW + DAY + 61))  # of a parallel request
    found = await store.session_by_sid("sid-one")
    assert found is not None
    assert found[0] == session(last_seen_at=NOW + 60, idle_ends_at=NOW + DAY + 60)


async def test_an_ended_session_stays_as_it_ended(store: Store) -> None:
    await fill(store)
    await store.commit(SessionEnded("sid-one", NOW + 1, EndReason.LOGGED_OUT))
    await store.commit(SessionTouched("sid-one", NOW, NOW + 60, NOW + DAY + 60))
    for late in (SessionEnded("sid-one", NOW + 2, EndReason.ENDED_BY_ADMIN), SessionIsLive("sid-one")):
        with pytest.raises(Conflict):
            await store.commit(late)
    found = await store.session_by_sid("sid-one")
    assert found is not None
    assert found[0] == session(ended_at=NOW + 1, end_reason=EndReason.LOGGED_OUT)


async def test_a_record_rotates_once(store: Store) -> None:
    await fill(store)
    await store.commit(ROTATED)
    with pytest.raises(Conflict):
        await store.commit(RefreshRotated(digest("token"), NOW + 1, b"other", record("other")))
    found = await store.refresh_by_hash(digest("token"))
    assert found is not None
    assert found[0] == record(
        state=RefreshState.ROTATED, rotated_at=NOW, answer=b"sealed", successor=digest("next")
    )
    assert await store.refresh_by_hash(digest("next")) == (record("next"), found[1], found[2])
    assert await store.refresh_by_hash(digest("other")) is None


async def test_a_record_of_an_ended_session_does_not_rotate(store: Store) -> None:
    await fill(store)
    with pytest.raises(Conflict):
        await store.commit(SessionEnded("sid-one", NOW, EndReason.LOGGED_OUT), ROTATED)
    await store.commit(ROTATED)  # the twin: the session was not ended after all
    with pytest.raises(Conflict):
        await store.commit(
            SessionEnded("sid-one", NOW, EndReason.LOGGED_OUT),
            RefreshRotated(digest("next"), NOW, b"", record("third")),
        )


async def test_revoking_families_takes_every_record_of_the_session_and_no_other(store: Store) -> None:
    await fill(store)
    other = record("other session", sid="sid-two")
    await store.commit(
        ROTATED,
        RefreshAdded(record("other family", family="family-two")),
        SessionStarted(session("two")),
        RefreshAdded(other),
        FamiliesRevoked("sid-one"),
    )
    for name in ("token", "next", "other family"):
        found = await store.refresh_by_hash(digest(name))
        assert found is not None
        assert found[0].state is RefreshState.REVOKED
        assert found[0].answer is None
        with pytest.raises(Conflict):
            await store.commit(RefreshRotated(digest(name), NOW, b"", record("late")))
    found = await store.refresh_by_hash(other.hash)
    assert found is not None
    assert found[0] == other


async def test_keys_move_and_go(store: Store) -> None:
    await fill(store)
    retired = key(state=KeyState.RETIRED, sealed_private=None, retires_at=NOW, removed_at=NOW + 1)
    await store.commit(KeyMoved(KeyState.ACTIVE, retired))
    assert await store.signing_keys() == [retired]
    await store.commit(KeyRemoved("k1", KeyState.RETIRED))
    assert await store.signing_keys() == []


@pytest.mark.parametrize("limit", [Limit(1, 1), LIMIT, Limit(7, 900), Limit(100, 900)])
async def test_charges_follow_the_one_formula(store: Store, limit: Limit) -> None:
    expected: float | None = None
    for step in range(3 * limit.attempts):
        now = NOW + step * limit.interval / 2
        after = throttle.charged(expected, limit, now=now)
        if after is None:
            with pytest.raises(Conflict):
                await store.commit(AttemptCharged("a", limit, now))
        else:
            await store.commit(AttemptCharged("a", limit, now))
            expected = after
        assert await store.attempt("a") == pytest.approx(expected, abs=1e-6)
    await store.commit(AttemptRefunded("a", limit))
    assert expected is not None
    assert await store.attempt("a") == pytest.approx(expected - limit.interval, abs=1e-6)


async def test_a_refused_charge_charges_no_other_key(store: Store) -> None:
    for _ in range(3):
        await store.commit(AttemptCharged("full", LIMIT, NOW))
    with pytest.raises(Conflict):
        await store.commit(AttemptCharged("other", LIMIT, NOW), AttemptCharged("full", LIMIT, NOW))
    assert await store.attempt("other") is None


async def test_one_of_two_who_want_to_write_the_log_out_may(store: Store) -> None:
    nobody = await store.event_export()
    assert nobody == Export(0, None, 0)
    turns = [ExportMoved(nobody, Export(0, name, NOW + 30)) for name in ("one", "two")]
    ends = await asyncio.gather(*map(store.commit, turns), return_exceptions=True)
    assert sorted(isinstance(end, Conflict) for end in ends) == [False, True]
    held = await store.event_export()
    assert held.holder in ("one", "two")
    await store.commit(ExportMoved(held, Export(7, None, NOW + 30)))
    assert await store.event_export() == Export(7, None, NOW + 30)


async def test_a_renamed_feed_keeps_its_entries_and_its_place(store: Store) -> None:
    await store.commit(Revoked(revocations.session_ended("sid-one", "user-ada", now=NOW)))
    before = await store.revocations_after(0, 10)
    await store.commit(FeedRenamed("other"))
    assert await store.revocations_after(0, 10) == msgspec.structs.replace(before, log="other")


async def test_of_many_at_once_exactly_one_rotates(store: Store) -> None:
    await fill(store)
    tries = [
        store.commit(RefreshRotated(digest("token"), NOW, bytes([i]), record(f"next {i}")), EVENT)
        for i in range(20)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(result) for result in results].count(Conflict) == 19
    assert len(await store.events_after(0, 100)) == 1


async def test_a_conflict_leaves_the_commits_beside_it_alone(store: Store) -> None:
    await fill(store)
    commits: list[Change] = []
    for number in range(40):
        good = UserAdded(user(f"u{number}"), "h")
        commits += [good, good]  # one of them comes too late
    results = await asyncio.gather(*(store.commit(change) for change in commits), return_exceptions=True)
    pairs = zip(results[::2], results[1::2], strict=True)
    assert all(
        [pair.count(None), {type(one) for one in pair}] == [1, {type(None), Conflict}] for pair in pairs
    )
    assert len(await store.users_page(None, 100)) == 41


async def notes_written(store: Store) -> None:
    await store.commit(EVENT)  # behind them, where commits stand in line
    if isinstance(store, PostgresStore):
        await asyncio.gather(*store._notes)


async def test_a_note_is_written_without_anybody_waiting(store: Store) -> None:
    await fill(store)
    store.commit_later(SessionTouched("sid-one", NOW, NOW + 60, NOW + DAY + 60))
    await notes_written(store)
    found = await store.session_by_sid("sid-one")
    assert found is not None
    assert found[0].last_seen_at == NOW + 60


async def test_a_note_that_fails_is_logged_without_its_contents(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store.commit_later(EVENT, SessionEnded("sid-none", NOW, EndReason.LOGGED_OUT))
    await notes_written(store)
    assert "SessionEnded no longer holds" in caplog.text
    assert "sid-none" not in caplog.text
    assert len(await store.events_after(0, 10)) == 1
