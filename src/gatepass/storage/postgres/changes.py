"""Changes as statements: one table from change to what it does. An expectation is a WHERE that must hit its
row; what must stay true until the commit has taken effect is locked before (`locks`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from psycopg.types.numeric import Int8

from gatepass.auth import (
    AttemptCharged,
    AttemptRefunded,
    Change,
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
    RefreshRotated,
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
    finding,
    revocations,
)
from gatepass.storage import rows
from gatepass.storage.postgres import statements as sql
from gatepass.storage.postgres.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gatepass.auth import User


def steps(change: Change) -> list[Step]:
    """Say what is executed for one change."""
    return STEPS[type(change)](change)


def _user_added(change: UserAdded) -> list[Step]:
    values = (*rows.user_row(change.user), change.password_hash or "")
    return [
        Step(sql.USER_ADDED, values, change, expects=True),
        *_role_rows(change.user, change),
        _name_rows(change.user, change),
    ]


def _user_changed(change: UserChanged) -> list[Step]:
    values = (*rows.user_row(change.user), change.expected_epoch)
    return [
        Step(sql.USER_CHANGED, values, change, expects=True),
        Step(sql.ROLES_LAID_DOWN, (change.user.id,), change),
        *_role_rows(change.user, change),
        Step(sql.NAMES_LAID_DOWN, (change.user.id,), change),
        _name_rows(change.user, change),
    ]


def _role_rows(user: User, change: Change) -> list[Step]:
    return [Step(sql.ROLES_TAKEN_UP, (user.id, sorted(user.roles)), change)] if user.roles else []


def _name_rows(user: User, change: Change) -> Step:
    places, ids, others = zip(*finding.name_places(user), strict=True)
    return Step(sql.NAMES_TAKEN_UP, (list(places), list(ids), list(others)), change)


def _password_rehashed(change: PasswordRehashed) -> list[Step]:
    return [Step(sql.PASSWORD_REHASHED, (change.user_id, change.before, change.after), change)]


def _password_changed(change: PasswordChanged) -> list[Step]:
    values = (change.user_id, change.password_hash)
    return [Step(sql.PASSWORD_CHANGED, values, change, expects=True)]


def _user_deleted(change: UserDeleted) -> list[Step]:
    # Roles held, sessions and their refresh records, links and mails go with the row: ON DELETE CASCADE.
    return [Step(sql.USER_DELETED, (change.user_id, change.expected_epoch), change, expects=True)]


def _role_defined(change: RoleDefined) -> list[Step]:
    expected = None if change.expected is None else rows.joined(change.expected)
    values = (change.name, rows.joined(change.permissions), expected, change.carriers)
    return [Step(sql.ROLE_DEFINED, values, change, expects=True)]


def _session_started(change: SessionStarted) -> list[Step]:
    return [Step(sql.SESSION_STARTED, rows.session_row(change.session), change, expects=True)]


def _session_touched(change: SessionTouched) -> list[Step]:
    return [Step(sql.SESSION_TOUCHED, (change.sid, change.before, change.at, change.idle_ends_at), change)]


def _session_ended(change: SessionEnded) -> list[Step]:
    values = (change.sid, change.at, change.reason.value)
    return [Step(sql.SESSION_ENDED, values, change, expects=True)]


def _sessions_capped(change: SessionsCapped) -> list[Step]:
    # Locked first, in a statement of their own: the next one then sees all that a refresh of them, which was
    # under way, has added.
    beyond = (change.at, change.user_id, change.limit, change.keep)
    event = change.event
    return [
        Step(sql.SESSIONS_BEYOND_LOCKED, beyond, change),
        Step(
            sql.SESSIONS_CAPPED,
            (
                *beyond,
                change.reason.value,
                revocations.forget_after(change.at),
                *(event.at, event.kind.value, event.user_id, event.actor, event.address, event.reason),
            ),
            change,
        ),
    ]


def _refresh_added(change: RefreshAdded) -> list[Step]:
    return [Step(sql.REFRESH_ADDED, rows.refresh_row(change.record), change, expects=True)]


def _refresh_rotated(change: RefreshRotated) -> list[Step]:
    return [Step(sql.REFRESH_ROTATED, rotation(change), change, expects=True)]


def rotation(change: RefreshRotated) -> rows.Row:
    """Give the values of a rotation: the successor, the record, the time, the answer."""
    return (*rows.refresh_row(change.successor), change.hash, change.at, change.answer)


def _families_revoked(change: FamiliesRevoked) -> list[Step]:
    return [Step(sql.FAMILIES_REVOKED, (change.sid,), change)]


def _families_capped(change: FamiliesCapped) -> list[Step]:
    return [Step(sql.FAMILIES_CAPPED, (change.sid, change.at, change.limit, change.keep), change)]


def _key_added(change: KeyAdded) -> list[Step]:
    return [Step(sql.KEY_ADDED, rows.key_row(change.record), change, expects=True)]


def _key_moved(change: KeyMoved) -> list[Step]:
    values = (*rows.key_row(change.record), change.expected.value)
    return [Step(sql.KEY_MOVED, values, change, expects=True)]


def _key_removed(change: KeyRemoved) -> list[Step]:
    return [Step(sql.KEY_REMOVED, (change.kid, change.expected.value), change, expects=True)]


def _attempt_charged(change: AttemptCharged) -> list[Step]:
    limit = change.limit
    values = (change.key, float(change.now), float(limit.interval), float(limit.ceiling))
    return [Step(sql.ATTEMPT_CHARGED, values, change, expects=True)]


def _attempt_refunded(change: AttemptRefunded) -> list[Step]:
    return [Step(sql.ATTEMPT_REFUNDED, (change.key, float(change.limit.interval)), change)]


def _event_recorded(change: EventRecorded) -> list[Step]:
    return [Step(sql.EVENT_RECORDED, rows.event_row(change.event), change)]


def _export_moved(change: ExportMoved) -> list[Step]:
    values = (*rows.export_row(change.after), *rows.export_row(change.expected))
    return [Step(sql.EXPORT_MOVED, values, change, expects=True)]


def _import_moved(change: ImportMoved) -> list[Step]:
    row = rows.import_row(change.after)
    if change.expected is None:
        return [Step(sql.IMPORT_BEGUN, row, change, expects=True)]
    values = (*row, *rows.import_row(change.expected)[1:])
    return [Step(sql.IMPORT_MOVED, values, change, expects=True)]


def _feed_renamed(change: FeedRenamed) -> list[Step]:
    return [Step(sql.FEED_RENAMED, (change.log,), change)]


def _revoked(change: Revoked) -> list[Step]:
    return [revoked([change])]


def revoked(changes: Sequence[Revoked]) -> Step:
    """Enter all of a commit in the feed at once, with one count of its head."""
    entries = [change.revocation for change in changes]
    values = (
        [entry.selects.value for entry in entries],
        [entry.value for entry in entries],
        [Int8(entry.below) for entry in entries],
        [Int8(entry.forget_after) for entry in entries],
        [entry.user_id for entry in entries],
    )
    return Step(sql.REVOKED, values, changes[0])


def _revocations_compacted(change: RevocationsCompacted) -> list[Step]:
    return [Step(sql.REVOCATIONS_COMPACTED, (change.user_id, change.until), change)]


def _link_issued(change: LinkIssued) -> list[Step]:
    return [Step(sql.LINK_ISSUED, rows.link_row(change.link), change, expects=True)]


def _link_used(change: LinkUsed) -> list[Step]:
    return [Step(sql.LINK_USED, (change.hash,), change, expects=True)]


def _mail_queued(change: MailQueued) -> list[Step]:
    return [Step(sql.MAIL_QUEUED, rows.mail_row(change.mail), change, expects=True)]


def _mail_taken(change: MailTaken) -> list[Step]:
    values = (change.id, float(change.before), float(change.next_at))
    return [Step(sql.MAIL_TAKEN, values, change, expects=True)]


def _mail_dropped(change: MailDropped) -> list[Step]:
    return [Step(sql.MAIL_DROPPED, (change.id,), change)]


def _purged(change: Purged) -> list[Step]:
    limit = change.limit
    return [
        Step(sql.ANSWERS_WIPED, (float(change.answers_before), limit), change),
        Step(sql.REFRESH_PURGED, (float(change.now), limit), change),
        Step(sql.SESSIONS_PURGED, (float(change.sessions_before), limit), change),
        Step(sql.ATTEMPTS_PURGED, (float(change.now), limit), change),
        Step(sql.LINKS_PURGED, (float(change.now), limit), change),
        Step(sql.MAILS_PURGED, (float(change.now), limit), change),
        Step(sql.EVENT_LOG_LOCKED, (), change),
        Step(sql.EVENTS_NUMBERED, (limit,), change),
        Step(sql.EVENTS_PURGED, (float(change.events_before), limit), change),
        Step(sql.FEED_LOCKED_TO_FORGET, (float(change.now),), change),
        Step(sql.REVOCATIONS_FORGOTTEN, (float(change.now), limit), change),
    ]


def _session_is_live(change: SessionIsLive) -> list[Step]:
    return [Step(sql.SESSION_IS_LIVE, (change.sid,), change, expects=True)]


def _user_is_at(change: UserIsAt) -> list[Step]:
    return [Step(sql.USER_IS_AT, (change.user_id, change.epoch), change, expects=True)]


def _role_is(change: RoleIs) -> list[Step]:
    return [Step(sql.ROLE_IS, (change.name, rows.joined(change.permissions)), change, expects=True)]


def _keyring_is(change: KeyringIs) -> list[Step]:
    ring = sorted(f"{kid} {state}" for kid, state in change.states)
    return [Step(sql.KEYRING_IS, (ring,), change, expects=True)]


STEPS: Final[dict[type[Any], Callable[[Any], list[Step]]]] = {
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
    Purged: _purged,
    SessionIsLive: _session_is_live,
    UserIsAt: _user_is_at,
    RoleIs: _role_is,
    KeyringIs: _keyring_is,
}
"""Change → what it does; a test holds it complete."""
