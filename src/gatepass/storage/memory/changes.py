"""What each change does to what is kept in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from gatepass.auth import (
    AttemptCharged,
    AttemptRefunded,
    Change,
    Conflict,
    EventRecorded,
    ExportMoved,
    FamiliesCapped,
    FamiliesRevoked,
    FeedRenamed,
    ImportMoved,
    KeyAdded,
    KeyMoved,
    KeyRemoved,
    KeyringIs,
    LinkIssued,
    LinkUsed,
    MailDropped,
    MailQueued,
    MailTaken,
    PasswordChanged,
    PasswordRehashed,
    Purged,
    RefreshAdded,
    RefreshRecord,
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
from gatepass.storage.memory.purging import purge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gatepass.storage.memory.tables import Tables


def write(tables: Tables, changes: Iterable[Change]) -> None:
    """Write all or nothing. Raises `Conflict`."""
    tables.begin()
    try:
        for change in changes:
            APPLY[type(change)](tables, change)
    except Conflict:
        tables.undo()
        raise


def _user_added(tables: Tables, change: UserAdded) -> None:
    user = change.user
    if user.id in tables.users or user.email in tables.emails:
        raise Conflict(change)
    tables.put(tables.users, user.id, user)
    tables.put(tables.emails, user.email, user.id)
    tables.put(tables.passwords, user.id, change.password_hash)


def _user_changed(tables: Tables, change: UserChanged) -> None:
    user = change.user
    before = tables.users.get(user.id)
    if before is None or before.epoch != change.expected_epoch:
        raise Conflict(change)
    if tables.emails.get(user.email, user.id) != user.id:
        raise Conflict(change)
    tables.drop(tables.emails, before.email)
    tables.put(tables.emails, user.email, user.id)
    tables.put(tables.users, user.id, user)


def _password_rehashed(tables: Tables, change: PasswordRehashed) -> None:
    if tables.passwords.get(change.user_id) == change.before:
        tables.put(tables.passwords, change.user_id, change.after)


def _password_changed(tables: Tables, change: PasswordChanged) -> None:
    if change.user_id not in tables.users:
        raise Conflict(change)
    tables.put(tables.passwords, change.user_id, change.password_hash)


def _user_deleted(tables: Tables, change: UserDeleted) -> None:
    user = tables.users.get(change.user_id)
    if user is None or user.epoch != change.expected_epoch:
        raise Conflict(change)
    for sid in [s.sid for s in tables.sessions.values() if s.user_id == user.id]:
        tables.drop_session(sid)
    for purpose in [link.purpose for link in tables.links.values() if link.user_id == user.id]:
        tables.drop(tables.links, (user.id, purpose))
    for mail_id in [mail.id for mail in tables.mails.values() if mail.user_id == user.id]:
        tables.drop(tables.mails, mail_id)
    tables.drop(tables.passwords, user.id)
    tables.drop(tables.emails, user.email)
    tables.drop(tables.users, user.id)


def _role_defined(tables: Tables, change: RoleDefined) -> None:
    carriers = sum(change.name in user.roles for user in tables.users.values())
    if tables.roles.get(change.name) != change.expected or carriers != change.carriers:
        raise Conflict(change)
    tables.put(tables.roles, change.name, change.permissions)


def _session_started(tables: Tables, change: SessionStarted) -> None:
    session = change.session
    taken = session.sid in tables.sessions or session.id_hash in tables.sids
    if taken or session.user_id not in tables.users:
        raise Conflict(change)
    tables.put(tables.sessions, session.sid, session)
    tables.put(tables.sids, session.id_hash, session.sid)


def _session_touched(tables: Tables, change: SessionTouched) -> None:
    session = tables.sessions.get(change.sid)
    if session is None or session.ended_at is not None or session.last_seen_at != change.before:
        return
    touched = replace(session, last_seen_at=change.at, idle_ends_at=change.idle_ends_at)
    tables.put(tables.sessions, change.sid, touched)


def _session_ended(tables: Tables, change: SessionEnded) -> None:
    session = tables.sessions.get(change.sid)
    if session is None or session.ended_at is not None:
        raise Conflict(change)
    ended = replace(session, ended_at=change.at, end_reason=change.reason)
    tables.put(tables.sessions, change.sid, ended)


def _sessions_capped(tables: Tables, change: SessionsCapped) -> None:
    beyond = tables.sessions_of(change.user_id, change.at)[change.keep :]
    for session in beyond[: change.limit]:
        _session_ended(tables, SessionEnded(session.sid, change.at, change.reason))
        _families_revoked(tables, FamiliesRevoked(session.sid))
        _revoked(tables, Revoked(revocations.session_ended(session.sid, change.user_id, now=change.at)))
        _event_recorded(tables, EventRecorded(replace(change.event, sid=session.sid)))


def _refresh_added(tables: Tables, change: RefreshAdded) -> None:
    _add_record(tables, change.record, change)


def _refresh_rotated(tables: Tables, change: RefreshRotated) -> None:
    record = tables.refresh.get(change.hash)
    if record is None or record.state is not RefreshState.ACTIVE:
        raise Conflict(change)
    if tables.sessions[record.sid].ended_at is not None:
        raise Conflict(change)
    if tables.users[record.user_id].epoch != change.successor.epoch:
        raise Conflict(change)
    rotated = replace(
        record,
        state=RefreshState.ROTATED,
        rotated_at=change.at,
        answer=change.answer,
        successor=change.successor.hash,
    )
    tables.put(tables.refresh, change.hash, rotated)
    _add_record(tables, change.successor, change)


def _add_record(tables: Tables, record: RefreshRecord, change: Change) -> None:
    if record.hash in tables.refresh or record.sid not in tables.sessions:
        raise Conflict(change)
    tables.put(tables.refresh, record.hash, record)


def _families_revoked(tables: Tables, change: FamiliesRevoked) -> None:
    for token_hash, record in list(tables.refresh.items()):
        if record.sid == change.sid:
            revoked = replace(record, state=RefreshState.REVOKED, answer=None)
            tables.put(tables.refresh, token_hash, revoked)


def _families_capped(tables: Tables, change: FamiliesCapped) -> None:
    active = [r for r in tables.refresh.values() if r.sid == change.sid and r.state is RefreshState.ACTIVE]
    live = [record for record in active if record.idle_ends_at > change.at]
    live.sort(key=lambda record: (-record.issued_at, record.family))
    families = {record.family for record in live[change.keep :][: change.limit]}
    for token_hash, record in list(tables.refresh.items()):
        if record.sid == change.sid and record.family in families:
            over = replace(
                record,
                state=RefreshState.REVOKED,
                answer=None,
                idle_ends_at=min(record.idle_ends_at, change.at),
            )
            tables.put(tables.refresh, token_hash, over)


def _key_added(tables: Tables, change: KeyAdded) -> None:
    if change.record.kid in tables.keys:
        raise Conflict(change)
    tables.put(tables.keys, change.record.kid, change.record)


def _key_moved(tables: Tables, change: KeyMoved) -> None:
    before = tables.keys.get(change.record.kid)
    if before is None or before.state is not change.expected:
        raise Conflict(change)
    tables.put(tables.keys, change.record.kid, change.record)


def _key_removed(tables: Tables, change: KeyRemoved) -> None:
    before = tables.keys.get(change.kid)
    if before is None or before.state is not change.expected:
        raise Conflict(change)
    tables.drop(tables.keys, change.kid)


def _attempt_charged(tables: Tables, change: AttemptCharged) -> None:
    after = throttle.charged(tables.attempts.get(change.key), change.limit, now=change.now)
    if after is None:
        raise Conflict(change)
    tables.put(tables.attempts, change.key, after)


def _attempt_refunded(tables: Tables, change: AttemptRefunded) -> None:
    arrival = tables.attempts.get(change.key)
    if arrival is not None:
        tables.put(tables.attempts, change.key, throttle.refunded(arrival, change.limit))


def _event_recorded(tables: Tables, change: EventRecorded) -> None:
    tables.put(tables.events, max(tables.events, default=0) + 1, change.event)


def _export_moved(tables: Tables, change: ExportMoved) -> None:
    if tables.export["now"] != change.expected:
        raise Conflict(change)
    tables.put(tables.export, "now", change.after)


def _import_moved(tables: Tables, change: ImportMoved) -> None:
    if tables.imports.get(change.after.source) != change.expected:
        raise Conflict(change)
    tables.put(tables.imports, change.after.source, change.after)


def _feed_renamed(tables: Tables, change: FeedRenamed) -> None:
    tables.put(tables.feed_name, "log", change.log)


def _revoked(tables: Tables, change: Revoked) -> None:
    tables.put(tables.feed, "head", tables.feed["head"] + 1)
    tables.put(tables.revocations, tables.feed["head"], change.revocation)


def _revocations_compacted(tables: Tables, change: RevocationsCompacted) -> None:
    for seq in tables.single_sessions(change.user_id):
        if seq <= change.until:
            tables.drop(tables.revocations, seq)


def _link_issued(tables: Tables, change: LinkIssued) -> None:
    link = change.link
    older = tables.link_by_hash(link.hash)
    taken = older is not None and (older.user_id, older.purpose) != (link.user_id, link.purpose)
    if link.user_id not in tables.users or taken:
        raise Conflict(change)
    tables.put(tables.links, (link.user_id, link.purpose), link)


def _link_used(tables: Tables, change: LinkUsed) -> None:
    link = tables.link_by_hash(change.hash)
    if link is None:
        raise Conflict(change)
    tables.drop(tables.links, (link.user_id, link.purpose))


def _mail_queued(tables: Tables, change: MailQueued) -> None:
    mail = change.mail
    if mail.id in tables.mails or not (mail.user_id is None or mail.user_id in tables.users):
        raise Conflict(change)
    tables.put(tables.mails, mail.id, mail)


def _mail_taken(tables: Tables, change: MailTaken) -> None:
    mail = tables.mails.get(change.id)
    if mail is None or mail.next_at != change.before:
        raise Conflict(change)
    tables.put(tables.mails, change.id, replace(mail, next_at=change.next_at, tries=mail.tries + 1))


def _mail_dropped(tables: Tables, change: MailDropped) -> None:
    if change.id in tables.mails:
        tables.drop(tables.mails, change.id)


def _session_is_live(tables: Tables, change: SessionIsLive) -> None:
    session = tables.sessions.get(change.sid)
    if session is None or session.ended_at is not None:
        raise Conflict(change)


def _user_is_at(tables: Tables, change: UserIsAt) -> None:
    user = tables.users.get(change.user_id)
    if user is None or user.epoch != change.epoch:
        raise Conflict(change)


def _role_is(tables: Tables, change: RoleIs) -> None:
    if tables.roles.get(change.name) != change.permissions:
        raise Conflict(change)


def _keyring_is(tables: Tables, change: KeyringIs) -> None:
    if {(key.kid, key.state.value) for key in tables.keys.values()} != change.states:
        raise Conflict(change)


APPLY: Final[dict[type[Any], Callable[[Tables, Any], None]]] = {
    UserAdded: _user_added,
    UserChanged: _user_changed,
    PasswordRehashed: _password_rehashed,
    PasswordChanged: _password_changed,
    UserDeleted: _user_deleted,
    RoleDefined: _role_defined,
    SessionStarted: _session_started,
    SessionTouched: _session_touched,
    SessionEnded: _session_ended,
    SessionsCapped: _sessions_capped,
    RefreshAdded: _refresh_added,
    RefreshRotated: _refresh_rotated,
    FamiliesRevoked: _families_revoked,
    FamiliesCapped: _families_capped,
    KeyAdded: _key_added,
    KeyMoved: _key_moved,
    KeyRemoved: _key_removed,
    AttemptCharged: _attempt_charged,
    AttemptRefunded: _attempt_refunded,
    EventRecorded: _event_recorded,
    ExportMoved: _export_moved,
    ImportMoved: _import_moved,
    FeedRenamed: _feed_renamed,
    Revoked: _revoked,
    RevocationsCompacted: _revocations_compacted,
    LinkIssued: _link_issued,
    LinkUsed: _link_used,
    MailQueued: _mail_queued,
    MailTaken: _mail_taken,
    MailDropped: _mail_dropped,
    Purged: purge,
    SessionIsLive: _session_is_live,
    UserIsAt: _user_is_at,
    RoleIs: _role_is,
    KeyringIs: _keyring_is,
}
"""Change → what it does; a test holds it complete."""
