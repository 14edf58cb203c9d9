"""What is kept in memory, and what each change does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec.structs import replace

from gatepass.auth import (
    AttemptCharged,
    AttemptRefunded,
    Change,
    Conflict,
    Event,
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
    KeyRecord,
    KeyRemoved,
    KeyringIs,
    Link,
    LinkIssued,
    LinkUsed,
    Mail,
    MailDropped,
    MailQueued,
    MailTaken,
    PasswordChanged,
    PasswordRehashed,
    Purged,
    Purpose,
    RefreshAdded,
    RefreshRecord,
    RefreshRotated,
    RefreshState,
    Revocation,
    RevocationsCompacted,
    Revoked,
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
    UserDeleted,
    UserIsAt,
    revocations,
    sessions,
    throttle,
)
from gatepass.oauth import Selects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_K = TypeVar("_K")
_V = TypeVar("_V")


class Tables:
    """Everything that is kept, in dictionaries. Writing that fails is undone step by step."""

    def __init__(self, *, log: str) -> None:
        self.users: dict[str, User] = {}
        self.emails: dict[str, str] = {}
        self.passwords: dict[str, str | None] = {}
        self.roles: dict[str, frozenset[str]] = {}
        self.sessions: dict[str, Session] = {}
        self.sids: dict[bytes, str] = {}
        self.refresh: dict[bytes, RefreshRecord] = {}
        self.keys: dict[str, KeyRecord] = {}
        self.links: dict[tuple[str, Purpose], Link] = {}
        self.mails: dict[str, Mail] = {}
        self.attempts: dict[str, float] = {}
        self.events: dict[int, Event] = {}
        self.revocations: dict[int, Revocation] = {}
        self.feed = {"floor": 0, "head": 0}
        self.feed_name = {"log": log}
        self.export = {"now": Export(0, None, 0.0)}
        self.imports: dict[str, ImportRun] = {}
        self._undo: list[Callable[[], object]] = []

    def write(self, changes: Iterable[Change]) -> None:
        """Write all or nothing. Raises `Conflict`."""
        self._undo = []
        try:
            for change in changes:
                _APPLY[type(change)](self, change)
        except Conflict:
            for step in reversed(self._undo):
                step()
            raise

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
        if user.id in self.users or user.email in self.emails:
            raise Conflict(change)
        self._put(self.users, user.id, user)
        self._put(self.emails, user.email, user.id)
        self._put(self.passwords, user.id, change.password_hash)

    def _user_changed(self, change: UserChanged) -> None:
        user = change.user
        before = self.users.get(user.id)
        if before is None or before.epoch != change.expected_epoch:
            raise Conflict(change)
        if self.emails.get(user.email, user.id) != user.id:
            raise Conflict(change)
        self._drop(self.emails, before.email)
        self._put(self.emails, user.email, user.id)
        self._put(self.users, user.id, user)

    def _password_rehashed(self, change: PasswordRehashed) -> None:
        if self.passwords.get(change.user_id) == change.before:
            self._put(self.passwords, change.user_id, change.after)

    def _password_changed(self, change: PasswordChanged) -> None:
        if change.user_id not in self.users:
            raise Conflict(change)
        self._put(self.passwords, change.user_id, change.password_hash)

    def _user_deleted(self, change: UserDeleted) -> None:
        user = self.users.get(change.user_id)
        if user is None or user.epoch != change.expected_epoch:
            raise Conflict(change)
        for sid in [s.sid for s in self.sessions.values() if s.user_id == user.id]:
            self._drop_session(sid)
        for purpose in [link.purpose for link in self.links.values() if link.user_id == user.id]:
            self._drop(self.links, (user.id, purpose))
        for mail_id in [mail.id for mail in self.mails.values() if mail.user_id == user.id]:
            self._drop(self.mails, mail_id)
        self._drop(self.passwords, user.id)
        self._drop(self.emails, user.email)
        self._drop(self.users, user.id)

    def _role_defined(self, change: RoleDefined) -> None:
        carriers = sum(change.name in user.roles for user in self.users.values())
        if self.roles.get(change.name) != change.expected or carriers != change.carriers:
            raise Conflict(change)
        self._put(self.roles, change.name, change.permissions)

    def _session_started(self, change: SessionStarted) -> None:
        session = change.session
        taken = session.sid in self.sessions or session.id_hash in self.sids
        if taken or session.user_id not in self.users:
            raise Conflict(change)
        self._put(self.sessions, session.sid, session)
        self._put(self.sids, session.id_hash, session.sid)

    def _session_touched(self, change: SessionTouched) -> None:
        session = self.sessions.get(change.sid)
        if session is None or session.ended_at is not None or session.last_seen_at != change.before:
            return
        touched = replace(session, last_seen_at=change.at, idle_ends_at=change.idle_ends_at)
        self._put(self.sessions, change.sid, touched)

    def _session_ended(self, change: SessionEnded) -> None:
        session = self.sessions.get(change.sid)
        if session is None or session.ended_at is not None:
            raise Conflict(change)
        ended = replace(session, ended_at=change.at, end_reason=change.reason)
        self._put(self.sessions, change.sid, ended)

    def _sessions_capped(self, change: SessionsCapped) -> None:
        beyond = self.sessions_of(change.user_id, change.at)[change.keep :]
        for session in beyond[: change.limit]:
            self._session_ended(SessionEnded(session.sid, change.at, change.reason))
            self._families_revoked(FamiliesRevoked(session.sid))
            self._revoked(Revoked(revocations.session_ended(session.sid, change.user_id, now=change.at)))
            self._event_recorded(EventRecorded(replace(change.event, sid=session.sid)))

    def _refresh_added(self, change: RefreshAdded) -> None:
        self._add_record(change.record, change)

    def _refresh_rotated(self, change: RefreshRotated) -> None:
        record = self.refresh.get(change.hash)
        if record is None or record.state is not RefreshState.ACTIVE:
            raise Conflict(change)
        if self.sessions[record.sid].ended_at is not None:
            raise Conflict(change)
        if self.users[record.user_id].epoch != change.successor.epoch:
            raise Conflict(change)
        rotated = replace(
            record,
            state=RefreshState.ROTATED,
            rotated_at=change.at,
            answer=change.answer,
            successor=change.successor.hash,
        )
        self._put(self.refresh, change.hash, rotated)
        self._add_record(change.successor, change)

    def _add_record(self, record: RefreshRecord, change: Change) -> None:
        if record.hash in self.refresh or record.sid not in self.sessions:
            raise Conflict(change)
        self._put(self.refresh, record.hash, record)

    def _families_revoked(self, change: FamiliesRevoked) -> None:
        for token_hash, record in list(self.refresh.items()):
            if record.sid == change.sid:
                revoked = replace(record, state=RefreshState.REVOKED, answer=None)
                self._put(self.refresh, token_hash, revoked)

    def _families_capped(self, change: FamiliesCapped) -> None:
        active = [r for r in self.refresh.values() if r.sid == change.sid and r.state is RefreshState.ACTIVE]
        live = [record for record in active if record.idle_ends_at > change.at]
        live.sort(key=lambda record: (-record.issued_at, record.family))
        families = {record.family for record in live[change.keep :][: change.limit]}
        for token_hash, record in list(self.refresh.items()):
            if record.sid == change.sid and record.family in families:
                over = replace(
                    record,
                    state=RefreshState.REVOKED,
                    answer=None,
                    idle_ends_at=min(record.idle_ends_at, change.at),
                )
                self._put(self.refresh, token_hash, over)

    def _key_added(self, change: KeyAdded) -> None:
        if change.record.kid in self.keys:
            raise Conflict(change)
        self._put(self.keys, change.record.kid, change.record)

    def _key_moved(self, change: KeyMoved) -> None:
        before = self.keys.get(change.record.kid)
        if before is None or before.state is not change.expected:
            raise Conflict(change)
        self._put(self.keys, change.record.kid, change.record)

    def _key_removed(self, change: KeyRemoved) -> None:
        before = self.keys.get(change.kid)
        if before is None or before.state is not change.expected:
            raise Conflict(change)
        self._drop(self.keys, change.kid)

    def _attempt_charged(self, change: AttemptCharged) -> None:
        after = throttle.charged(self.attempts.get(change.key), change.limit, now=change.now)
        if after is None:
            raise Conflict(change)
        self._put(self.attempts, change.key, after)

    def _attempt_refunded(self, change: AttemptRefunded) -> None:
        arrival = self.attempts.get(change.key)
        if arrival is not None:
            self._put(self.attempts, change.key, throttle.refunded(arrival, change.limit))

    def _event_recorded(self, change: EventRecorded) -> None:
        self._put(self.events, max(self.events, default=0) + 1, change.event)

    def _export_moved(self, change: ExportMoved) -> None:
        if self.export["now"] != change.expected:
            raise Conflict(change)
        self._put(self.export, "now", change.after)

    def _import_moved(self, change: ImportMoved) -> None:
        if self.imports.get(change.after.source) != change.expected:
            raise Conflict(change)
        self._put(self.imports, change.after.source, change.after)

    def _feed_renamed(self, change: FeedRenamed) -> None:
        self._put(self.feed_name, "log", change.log)

    def _revoked(self, change: Revoked) -> None:
        self._put(self.feed, "head", self.feed["head"] + 1)
        self._put(self.revocations, self.feed["head"], change.revocation)

    def _revocations_compacted(self, change: RevocationsCompacted) -> None:
        for seq in self.single_sessions(change.user_id):
            if seq <= change.until:
                self._drop(self.revocations, seq)

    def _link_issued(self, change: LinkIssued) -> None:
        link = change.link
        older = self.link_by_hash(link.hash)
        taken = older is not None and (older.user_id, older.purpose) != (link.user_id, link.purpose)
        if link.user_id not in self.users or taken:
            raise Conflict(change)
        self._put(self.links, (link.user_id, link.purpose), link)

    def _link_used(self, change: LinkUsed) -> None:
        link = self.link_by_hash(change.hash)
        if link is None:
            raise Conflict(change)
        self._drop(self.links, (link.user_id, link.purpose))

    def _mail_queued(self, change: MailQueued) -> None:
        mail = change.mail
        if mail.id in self.mails or not (mail.user_id is None or mail.user_id in self.users):
            raise Conflict(change)
        self._put(self.mails, mail.id, mail)

    def _mail_taken(self, change: MailTaken) -> None:
        mail = self.mails.get(change.id)
        if mail is None or mail.next_at != change.before:
            raise Conflict(change)
        self._put(self.mails, change.id, replace(mail, next_at=change.next_at, tries=mail.tries + 1))

    def _mail_dropped(self, change: MailDropped) -> None:
        if change.id in self.mails:
            self._drop(self.mails, change.id)

    def _purged(self, change: Purged) -> None:
        for token_hash in self.answers_over(change)[: change.limit]:
            wiped = replace(self.refresh[token_hash], answer=None)
            self._put(self.refresh, token_hash, wiped)
        for token_hash in self.refresh_over(change)[: change.limit]:
            self._drop(self.refresh, token_hash)
        for sid in self.sessions_over(change)[: change.limit]:
            self._drop_session(sid)
        for key in self.attempts_over(change)[: change.limit]:
            self._drop(self.attempts, key)
        for seq in self.events_over(change):
            self._drop(self.events, seq)
        for link in self.links_over(change)[: change.limit]:
            self._drop(self.links, (link.user_id, link.purpose))
        for mail in self.mails_over(change)[: change.limit]:
            self._drop(self.mails, mail.id)
        self._forget(self.revocations_over(change)[: change.limit])

    def _forget(self, places: list[int]) -> None:
        for seq in places:
            self._drop(self.revocations, seq)
        if places:
            self._put(self.feed, "floor", min(self.revocations, default=self.feed["head"] + 1) - 1)

    def _drop_session(self, sid: str) -> None:
        for token_hash in [h for h, record in self.refresh.items() if record.sid == sid]:
            self._drop(self.refresh, token_hash)
        self._drop(self.sids, self.sessions[sid].id_hash)
        self._drop(self.sessions, sid)

    def _session_is_live(self, change: SessionIsLive) -> None:
        session = self.sessions.get(change.sid)
        if session is None or session.ended_at is not None:
            raise Conflict(change)

    def _user_is_at(self, change: UserIsAt) -> None:
        user = self.users.get(change.user_id)
        if user is None or user.epoch != change.epoch:
            raise Conflict(change)

    def _role_is(self, change: RoleIs) -> None:
        if self.roles.get(change.name) != change.permissions:
            raise Conflict(change)

    def _keyring_is(self, change: KeyringIs) -> None:
        if {(key.kid, key.state.value) for key in self.keys.values()} != change.states:
            raise Conflict(change)

    def user_by_email(self, email: str) -> User | None:
        """Find a user by normalised e-mail address."""
        user_id = self.emails.get(email)
        return None if user_id is None else self.users[user_id]

    def with_user(self, sid: str | None) -> tuple[Session, User] | None:
        """Give a session with its user."""
        session = None if sid is None else self.sessions.get(sid)
        return None if session is None else (session, self.users[session.user_id])

    def live(self, now: float) -> list[tuple[Session, User]]:
        """Give the sessions that hold, with their users."""
        found = [(session, self.users[session.user_id]) for session in self.sessions.values()]
        return [(s, user) for s, user in found if sessions.refusal(s, user, now=now) is None]

    def sessions_of(self, user_id: str, now: float) -> list[Session]:
        """Give a user's live sessions, newest first."""
        live = [session for session, user in self.live(now) if user.id == user_id]
        return sorted(live, key=lambda session: (-session.created_at, session.sid))

    def answers_over(self, purged: Purged) -> list[bytes]:
        """Name the records whose answer is to be wiped."""
        answered = [record for record in self.refresh.values() if record.answer is not None]
        return [r.hash for r in answered if (r.rotated_at or 0.0) <= purged.answers_before]

    def refresh_over(self, purged: Purged) -> list[bytes]:
        """Name the records that are to go."""
        return [r.hash for r in self.refresh.values() if r.idle_ends_at <= purged.now]

    def sessions_over(self, purged: Purged) -> list[str]:
        """Name the sessions that are to go."""
        return [s.sid for s in self.sessions.values() if s.idle_ends_at <= purged.sessions_before]

    def single_sessions(self, user_id: str | None) -> list[int]:
        """Name the places of a user's single sessions in the feed."""
        entries = self.revocations.items()
        return [seq for seq, e in entries if e.selects is Selects.SID and e.user_id == user_id]

    def revocations_over(self, purged: Purged) -> list[int]:
        """Name the entries of the feed that may be forgotten."""
        return [seq for seq, entry in self.revocations.items() if entry.forget_after <= purged.now]

    def attempts_over(self, purged: Purged) -> list[str]:
        """Name the counters that are empty."""
        return [key for key, arrival in self.attempts.items() if arrival <= purged.now]

    def link_by_hash(self, link_hash: bytes) -> Link | None:
        """Find a link by the hash of its secret."""
        return next((link for link in self.links.values() if link.hash == link_hash), None)

    def links_over(self, purged: Purged) -> list[Link]:
        """Name the links that are to go."""
        return [link for link in self.links.values() if link.ends_at <= purged.now]

    def mails_over(self, purged: Purged) -> list[Mail]:
        """Name the mails that are to go."""
        return [mail for mail in self.mails.values() if mail.ends_at <= purged.now]

    def events_over(self, purged: Purged) -> list[int]:
        """Name the events that are to go."""
        oldest = sorted(self.events)[:-1][: purged.limit]  # the newest stays
        return [seq for seq in oldest if self.events[seq].at <= purged.events_before]


_APPLY: Final[dict[type[Any], Callable[[Tables, Any], None]]] = {
    UserAdded: Tables._user_added,
    UserChanged: Tables._user_changed,
    PasswordRehashed: Tables._password_rehashed,
    PasswordChanged: Tables._password_changed,
    UserDeleted: Tables._user_deleted,
    RoleDefined: Tables._role_defined,
    SessionStarted: Tables._session_started,
    SessionTouched: Tables._session_touched,
    SessionEnded: Tables._session_ended,
    SessionsCapped: Tables._sessions_capped,
    RefreshAdded: Tables._refresh_added,
    RefreshRotated: Tables._refresh_rotated,
    FamiliesRevoked: Tables._families_revoked,
    FamiliesCapped: Tables._families_capped,
    KeyAdded: Tables._key_added,
    KeyMoved: Tables._key_moved,
    KeyRemoved: Tables._key_removed,
    AttemptCharged: Tables._attempt_charged,
    AttemptRefunded: Tables._attempt_refunded,
    EventRecorded: Tables._event_recorded,
    ExportMoved: Tables._export_moved,
    ImportMoved: Tables._import_moved,
    FeedRenamed: Tables._feed_renamed,
    Revoked: Tables._revoked,
    RevocationsCompacted: Tables._revocations_compacted,
    LinkIssued: Tables._link_issued,
    LinkUsed: Tables._link_used,
    MailQueued: Tables._mail_queued,
    MailTaken: Tables._mail_taken,
    MailDropped: Tables._mail_dropped,
    Purged: Tables._purged,
    SessionIsLive: Tables._session_is_live,
    UserIsAt: Tables._user_is_at,
    RoleIs: Tables._role_is,
    KeyringIs: Tables._keyring_is,
}
"""Change → what it does; a test holds it complete."""
