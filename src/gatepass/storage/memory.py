"""The store in memory: the reference adapter.

Nothing outlives the process; everything else is as in the others.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec.structs import replace

from gatepass.auth import (
    AttemptCharged,
    AttemptRefunded,
    Change,
    Conflict,
    Event,
    EventRecorded,
    FamiliesCapped,
    FamiliesRevoked,
    KeyAdded,
    KeyMoved,
    KeyRecord,
    KeyRemoved,
    KeyringIs,
    PasswordRehashed,
    Purged,
    RecordedEvent,
    RefreshAdded,
    RefreshRecord,
    RefreshRotated,
    RefreshState,
    RoleDefined,
    RoleIs,
    Session,
    SessionEnded,
    SessionIsLive,
    SessionsCapped,
    SessionStarted,
    SessionTouched,
    User,
    UserAdded,
    UserChanged,
    UserIsAt,
    sessions,
    throttle,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_log = logging.getLogger(__name__)
_K = TypeVar("_K")
_V = TypeVar("_V")


class MemoryStore:
    """Everything that is kept, in dictionaries. A commit that fails is undone step by step."""

    def __init__(self) -> None:
        self.lookups = 0
        self.commits = 0
        self._users: dict[str, User] = {}
        self._emails: dict[str, str] = {}
        self._passwords: dict[str, str] = {}
        self._roles: dict[str, frozenset[str]] = {}
        self._sessions: dict[str, Session] = {}
        self._sids: dict[bytes, str] = {}
        self._refresh: dict[bytes, RefreshRecord] = {}
        self._keys: dict[str, KeyRecord] = {}
        self._attempts: dict[str, float] = {}
        self._events: dict[int, Event] = {}
        self._undo: list[Callable[[], object]] = []

    # Writing

    async def commit(self, *changes: Change) -> None:
        """Write all or nothing. Raises `Conflict`."""
        self._undo = []
        try:
            for change in changes:
                _APPLY[type(change)](self, change)
        except Conflict:
            for step in reversed(self._undo):
                step()
            raise
        self.commits += 1

    def commit_later(self, *changes: Change) -> None:
        """Write, without anybody waiting; a conflict is logged."""
        self._undo = []
        try:
            for change in changes:
                _APPLY[type(change)](self, change)
            self.commits += 1
        except Conflict as conflict:
            for step in reversed(self._undo):
                step()
            _log.info("a note was not written: %s", conflict)

    async def close(self) -> None:
        """Nothing to close."""

    def _put(self, table: dict[_K, _V], key: _K, value: _V) -> None:
        if key in table:
            before = table[key]
            self._undo.append(lambda: table.__setitem__(key, before))
        else:
            self._undo.append(lambda: table.pop(key))
        table[key] = value

    def _drop(self, table: dict[_K, _V], key: _K) -> None:
        before = table.pop(key)
        self._undo.append(lambda: table.__setitem__(key, before))

    def _user_added(self, change: UserAdded) -> None:
        user = change.user
        if user.id in self._users or user.email in self._emails:
            raise Conflict(change)
        self._put(self._users, user.id, user)
        self._put(self._emails, user.email, user.id)
        self._put(self._passwords, user.id, change.password_hash)

    def _user_changed(self, change: UserChanged) -> None:
        user = change.user
        before = self._users.get(user.id)
        if before is None or before.epoch != change.expected_epoch:
            raise Conflict(change)
        if self._emails.get(user.email, user.id) != user.id:
            raise Conflict(change)
        self._drop(self._emails, before.email)
        self._put(self._emails, user.email, user.id)
        self._put(self._users, user.id, user)

    def _password_rehashed(self, change: PasswordRehashed) -> None:
        if self._passwords.get(change.user_id) == change.before:
            self._put(self._passwords, change.user_id, change.after)

    def _role_defined(self, change: RoleDefined) -> None:
        carriers = sum(change.name in user.roles for user in self._users.values())
        if self._roles.get(change.name) != change.expected or carriers != change.carriers:
            raise Conflict(change)
        self._put(self._roles, change.name, change.permissions)

    def _session_started(self, change: SessionStarted) -> None:
        session = change.session
        taken = session.sid in self._sessions or session.id_hash in self._sids
        if taken or session.user_id not in self._users:
            raise Conflict(change)
        self._put(self._sessions, session.sid, session)
        self._put(self._sids, session.id_hash, session.sid)

    def _session_touched(self, change: SessionTouched) -> None:
        session = self._sessions.get(change.sid)
        if session is None or session.ended_at is not None or session.last_seen_at != change.before:
            return
        touched = replace(session, last_seen_at=change.at, idle_ends_at=change.idle_ends_at)
        self._put(self._sessions, change.sid, touched)

    def _session_ended(self, change: SessionEnded) -> None:
        session = self._sessions.get(change.sid)
        if session is None or session.ended_at is not None:
            raise Conflict(change)
        ended = replace(session, ended_at=change.at, end_reason=change.reason)
        self._put(self._sessions, change.sid, ended)

    def _sessions_capped(self, change: SessionsCapped) -> None:
        beyond = self._sessions_of(change.user_id, change.at)[change.keep :]
        for session in beyond[: change.limit]:
            self._session_ended(SessionEnded(session.sid, change.at, change.reason))
            self._families_revoked(FamiliesRevoked(session.sid))
            self._event_recorded(EventRecorded(replace(change.event, sid=session.sid)))

    def _refresh_added(self, change: RefreshAdded) -> None:
        self._add_record(change.record, change)

    def _refresh_rotated(self, change: RefreshRotated) -> None:
        record = self._refresh.get(change.hash)
        if record is None or record.state is not RefreshState.ACTIVE:
            raise Conflict(change)
        if self._sessions[record.sid].ended_at is not None:
            raise Conflict(change)
        if self._users[record.user_id].epoch != change.successor.epoch:
            raise Conflict(change)
        rotated = replace(
            record,
            state=RefreshState.ROTATED,
            rotated_at=change.at,
            answer=change.answer,
            successor=change.successor.hash,
        )
        self._put(self._refresh, change.hash, rotated)
        self._add_record(change.successor, change)

    def _add_record(self, record: RefreshRecord, change: Change) -> None:
        if record.hash in self._refresh or record.sid not in self._sessions:
            raise Conflict(change)
        self._put(self._refresh, record.hash, record)

    def _families_revoked(self, change: FamiliesRevoked) -> None:
        for token_hash, record in list(self._refresh.items()):
            if record.sid == change.sid:
                revoked = replace(record, state=RefreshState.REVOKED, answer=None)
                self._put(self._refresh, token_hash, revoked)

    def _families_capped(self, change: FamiliesCapped) -> None:
        active = [r for r in self._refresh.values() if r.sid == change.sid and r.state is RefreshState.ACTIVE]
        live = [record for record in active if record.idle_ends_at > change.at]
        live.sort(key=lambda record: (-record.issued_at, record.family))
        families = {record.family for record in live[change.keep :][: change.limit]}
        for token_hash, record in list(self._refresh.items()):
            if record.sid == change.sid and record.family in families:
                over = replace(
                    record,
                    state=RefreshState.REVOKED,
                    answer=None,
                    idle_ends_at=min(record.idle_ends_at, change.at),
                )
                self._put(self._refresh, token_hash, over)

    def _key_added(self, change: KeyAdded) -> None:
        if change.record.kid in self._keys:
            raise Conflict(change)
        self._put(self._keys, change.record.kid, change.record)

    def _key_moved(self, change: KeyMoved) -> None:
        before = self._keys.get(change.record.kid)
        if before is None or before.state is not change.expected:
            raise Conflict(change)
        self._put(self._keys, change.record.kid, change.record)

    def _key_removed(self, change: KeyRemoved) -> None:
        before = self._keys.get(change.kid)
        if before is None or before.state is not change.expected:
            raise Conflict(change)
        self._drop(self._keys, change.kid)

    def _attempt_charged(self, change: AttemptCharged) -> None:
        after = throttle.charged(self._attempts.get(change.key), change.limit, now=change.now)
        if after is None:
            raise Conflict(change)
        self._put(self._attempts, change.key, after)

    def _attempt_refunded(self, change: AttemptRefunded) -> None:
        arrival = self._attempts.get(change.key)
        if arrival is not None:
            self._put(self._attempts, change.key, throttle.refunded(arrival, change.limit))

    def _event_recorded(self, change: EventRecorded) -> None:
        self._put(self._events, max(self._events, default=0) + 1, change.event)

    def _purged(self, change: Purged) -> None:
        for token_hash in self._answers_over(change)[: change.limit]:
            wiped = replace(self._refresh[token_hash], answer=None)
            self._put(self._refresh, token_hash, wiped)
        for token_hash in self._refresh_over(change)[: change.limit]:
            self._drop(self._refresh, token_hash)
        for sid in self._sessions_over(change)[: change.limit]:
            for token_hash in [h for h, record in self._refresh.items() if record.sid == sid]:
                self._drop(self._refresh, token_hash)
            self._drop(self._sids, self._sessions[sid].id_hash)
            self._drop(self._sessions, sid)
        for key in self._attempts_over(change)[: change.limit]:
            self._drop(self._attempts, key)
        for seq in self._events_over(change):
            self._drop(self._events, seq)

    def _session_is_live(self, change: SessionIsLive) -> None:
        session = self._sessions.get(change.sid)
        if session is None or session.ended_at is not None:
            raise Conflict(change)

    def _user_is_at(self, change: UserIsAt) -> None:
        user = self._users.get(change.user_id)
        if user is None or user.epoch != change.epoch:
            raise Conflict(change)

    def _role_is(self, change: RoleIs) -> None:
        if self._roles.get(change.name) != change.permissions:
            raise Conflict(change)

    def _keyring_is(self, change: KeyringIs) -> None:
        if {(key.kid, key.state.value) for key in self._keys.values()} != change.states:
            raise Conflict(change)

    # Reading

    async def user_by_id(self, user_id: str) -> User | None:
        """Find a user by id."""
        self.lookups += 1
        return self._users.get(user_id)

    async def user_by_email(self, email: str) -> User | None:
        """Find a user by normalised e-mail address."""
        self.lookups += 1
        return self._user_by_email(email)

    async def credentials_by_email(self, email: str) -> tuple[User, str] | None:
        """Find a user and the password hash by normalised e-mail address."""
        self.lookups += 1
        user = self._user_by_email(email)
        return None if user is None else (user, self._passwords[user.id])

    async def users_page(self, after: str | None, limit: int) -> list[User]:
        """List users by e-mail address, from behind `after`."""
        self.lookups += 1
        emails = sorted(email for email in self._emails if after is None or email > after)
        return [self._users[self._emails[email]] for email in emails[:limit]]

    async def roles(self) -> Mapping[str, frozenset[str]]:
        """Give every role with its permissions."""
        self.lookups += 1
        return dict(self._roles)

    async def users_with_role(self, role: str) -> list[User]:
        """List all who hold a role."""
        self.lookups += 1
        return sorted((u for u in self._users.values() if role in u.roles), key=lambda user: user.id)

    async def session_by_hash(self, id_hash: bytes) -> tuple[Session, User] | None:
        """Find a session and its user by the hash of its id."""
        self.lookups += 1
        return self._with_user(self._sids.get(id_hash))

    async def session_by_sid(self, sid: str) -> tuple[Session, User] | None:
        """Find a session and its user by its public id."""
        self.lookups += 1
        return self._with_user(sid)

    async def sessions_of(self, user_id: str, now: float, limit: int) -> list[Session]:
        """List a user's live sessions, newest first."""
        self.lookups += 1
        return self._sessions_of(user_id, now)[:limit]

    async def live_sessions(self, now: float, after: str | None, limit: int) -> list[tuple[Session, User]]:
        """List everybody's live sessions by sid, from behind the sid `after`."""
        self.lookups += 1
        live = [found for found in self._live(now) if after is None or found[0].sid > after]
        return sorted(live, key=lambda found: found[0].sid)[:limit]

    async def refresh_by_hash(self, token_hash: bytes) -> tuple[RefreshRecord, Session, User] | None:
        """Find a record, its session and its user by the hash of what is presented."""
        self.lookups += 1
        record = self._refresh.get(token_hash)
        if record is None:
            return None
        return record, self._sessions[record.sid], self._users[record.user_id]

    async def signing_keys(self) -> list[KeyRecord]:
        """List all keys, oldest first."""
        self.lookups += 1
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.kid))

    async def events_after(self, seq: int, limit: int) -> list[RecordedEvent]:
        """List events from behind a place in the log, in order."""
        self.lookups += 1
        places = sorted(place for place in self._events if place > seq)[:limit]
        return [RecordedEvent(place, self._events[place]) for place in places]

    async def attempt(self, key: str) -> float | None:
        """Give the number under a key."""
        self.lookups += 1
        return self._attempts.get(key)

    async def purgeable(self, purged: Purged) -> bool:
        """Say whether `Purged` would find anything."""
        self.lookups += 1
        kinds = (self._answers_over, self._refresh_over, self._sessions_over, self._attempts_over)
        return any(kind(purged) for kind in kinds) or bool(self._events_over(replace(purged, limit=1)))

    def _user_by_email(self, email: str) -> User | None:
        user_id = self._emails.get(email)
        return None if user_id is None else self._users[user_id]

    def _with_user(self, sid: str | None) -> tuple[Session, User] | None:
        session = None if sid is None else self._sessions.get(sid)
        return None if session is None else (session, self._users[session.user_id])

    def _live(self, now: float) -> list[tuple[Session, User]]:
        found = [(session, self._users[session.user_id]) for session in self._sessions.values()]
        return [(s, user) for s, user in found if sessions.refusal(s, user, now=now) is None]

    def _sessions_of(self, user_id: str, now: float) -> list[Session]:
        live = [session for session, user in self._live(now) if user.id == user_id]
        return sorted(live, key=lambda session: (-session.created_at, session.sid))

    def _answers_over(self, purged: Purged) -> list[bytes]:
        answered = [record for record in self._refresh.values() if record.answer is not None]
        return [r.hash for r in answered if (r.rotated_at or 0.0) <= purged.answers_before]

    def _refresh_over(self, purged: Purged) -> list[bytes]:
        return [r.hash for r in self._refresh.values() if r.idle_ends_at <= purged.now]

    def _sessions_over(self, purged: Purged) -> list[str]:
        return [s.sid for s in self._sessions.values() if s.idle_ends_at <= purged.sessions_before]

    def _attempts_over(self, purged: Purged) -> list[str]:
        return [key for key, arrival in self._attempts.items() if arrival <= purged.now]

    def _events_over(self, purged: Purged) -> list[int]:
        oldest = sorted(self._events)[:-1][: purged.limit]  # the newest stays
        return [seq for seq in oldest if self._events[seq].at <= purged.events_before]


_APPLY: Final[dict[type[Any], Callable[[MemoryStore, Any], None]]] = {
    UserAdded: MemoryStore._user_added,
    UserChanged: MemoryStore._user_changed,
    PasswordRehashed: MemoryStore._password_rehashed,
    RoleDefined: MemoryStore._role_defined,
    SessionStarted: MemoryStore._session_started,
    SessionTouched: MemoryStore._session_touched,
    SessionEnded: MemoryStore._session_ended,
    SessionsCapped: MemoryStore._sessions_capped,
    RefreshAdded: MemoryStore._refresh_added,
    RefreshRotated: MemoryStore._refresh_rotated,
    FamiliesRevoked: MemoryStore._families_revoked,
    FamiliesCapped: MemoryStore._families_capped,
    KeyAdded: MemoryStore._key_added,
    KeyMoved: MemoryStore._key_moved,
    KeyRemoved: MemoryStore._key_removed,
    AttemptCharged: MemoryStore._attempt_charged,
    AttemptRefunded: MemoryStore._attempt_refunded,
    EventRecorded: MemoryStore._event_recorded,
    Purged: MemoryStore._purged,
    SessionIsLive: MemoryStore._session_is_live,
    UserIsAt: MemoryStore._user_is_at,
    RoleIs: MemoryStore._role_is,
    KeyringIs: MemoryStore._keyring_is,
}
"""Change → what it does; a test holds it complete."""
