"""Rows and domain values: which column is which field, by position. Both SQL adapters lay them out alike."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from gatepass.auth import (
    EndReason,
    Event,
    EventKind,
    Export,
    ImportRun,
    KeyRecord,
    KeyState,
    Link,
    Mail,
    MailKind,
    Purpose,
    RecordedEvent,
    RecordedRevocation,
    RefreshForm,
    RefreshRecord,
    RefreshState,
    Revocation,
    Session,
    User,
    UserStatus,
)
from gatepass.oauth import Selects

if TYPE_CHECKING:
    from collections.abc import Iterable

Row: TypeAlias = tuple[Any, ...]
"""What a driver gives for a row; the types are in the schema."""

USER: Final = (
    "u.id, u.email, u.first_name, u.last_name, u.status, u.roles, u.permissions, u.granted,"
    " u.epoch, u.revoked_below, u.created_at"
)
SESSION: Final = (
    "s.id_hash, s.sid, s.user_id, s.epoch, s.created_at, s.last_seen_at, s.idle_ends_at, s.ends_at,"
    " s.ended_at, s.end_reason, s.device, s.address"
)
REFRESH: Final = (
    "r.hash, r.family, r.form, r.state, r.sid, r.user_id, r.epoch, r.access_token_hash, r.issued_at,"
    " r.idle_ends_at, r.absolute_ends_at, r.lifetime, r.rotated_at, r.answer, r.successor"
)
KEY: Final = "kid, alg, state, public_jwk, sealed_private, created_at, activates_at, retires_at, removed_at"
EVENT: Final = "seq, at, kind, user_id, sid, actor, address, reason"
LINK: Final = "l.hash, l.user_id, l.purpose, l.email, l.epoch, l.ends_at"
IMPORT: Final = "source, line, imported, refused, finished"
MAIL: Final = "m.id, m.kind, m.user_id, m.email, m.epoch, m.next_at, m.tries, m.ends_at"
REVOCATION: Final = "seq, selects, value, below, forget_after, user_id"

LIVE: Final = (
    "s.ended_at IS NULL AND s.idle_ends_at > {now} AND s.ends_at > {now}"
    " AND u.status = 'active' AND s.epoch >= u.revoked_below"
)
"""When a session of a row of `sessions s` and `users u` holds; each driver has its own mark for `now`."""
NEWEST: Final = " ORDER BY s.created_at DESC, s.sid"
NEWEST_OF_USER: Final = LIVE + " AND s.user_id = {user_id}" + NEWEST

USER_WIDTH: Final = USER.count(",") + 1
SESSION_WIDTH: Final = SESSION.count(",") + 1
LINK_WIDTH: Final = LINK.count(",") + 1
MAIL_WIDTH: Final = MAIL.count(",") + 1
REVOCATION_WIDTH: Final = REVOCATION.count(",") + 1
REFRESH_WIDTH: Final = REFRESH.count(",") + 1

# Calling an Enum to find a member costs 0.3 µs, a dict 0.03: three of them are in every session check.
_STATUS: Final = {status.value: status for status in UserStatus}
_REASONS: Final[dict[str | None, EndReason | None]] = {None: None} | {r.value: r for r in EndReason}
_FORMS: Final = {form.value: form for form in RefreshForm}
_STATES: Final = {state.value: state for state in RefreshState}
_SELECTS: Final = {selects.value: selects for selects in Selects}


def joined(names: Iterable[str]) -> str:
    """Write names as one text."""
    return " ".join(sorted(names))


@lru_cache(maxsize=4096)
def names(text: str) -> frozenset[str]:
    """Read names from one text; few different ones exist, so they are remembered."""
    return frozenset(text.split())


def user(row: Row) -> User:
    """Read `USER` columns."""
    ident, email, first, last, status, roles, permissions, granted, epoch, below, created = row
    return User(
        ident,
        email,
        first,
        last,
        _STATUS[status],
        names(roles),
        names(permissions),
        names(granted),
        epoch,
        below,
        created,
    )


def session(row: Row) -> Session:
    """Read `SESSION` columns."""
    id_hash, sid, user_id, epoch, created, seen, idle_ends, ends, ended, reason, device, address = row
    return Session(
        id_hash,
        sid,
        user_id,
        epoch,
        created,
        seen,
        idle_ends,
        ends,
        ended,
        _REASONS[reason],
        device,
        address,
    )


def session_and_user(row: Row) -> tuple[Session, User]:
    """Read `SESSION` and `USER` columns."""
    return session(row[:SESSION_WIDTH]), user(row[SESSION_WIDTH:])


def refresh(row: Row) -> RefreshRecord:
    """Read `REFRESH` columns."""
    return RefreshRecord(row[0], row[1], _FORMS[row[2]], _STATES[row[3]], *row[4:REFRESH_WIDTH])


def link_and_user(row: Row) -> tuple[Link, User]:
    """Read `LINK` and `USER` columns."""
    return Link(row[0], row[1], Purpose(row[2]), *row[3:LINK_WIDTH]), user(row[LINK_WIDTH:])


def mail_and_user(row: Row) -> tuple[Mail, User | None]:
    """Read `MAIL` and `USER` columns; without a user those are all NULL."""
    mail = Mail(row[0], MailKind(row[1]), *row[2:MAIL_WIDTH])
    return mail, None if row[MAIL_WIDTH] is None else user(row[MAIL_WIDTH:])


def credentials(row: Row) -> tuple[User, str | None]:
    """Read `USER` columns and the password hash; an empty one is none."""
    return user(row[:USER_WIDTH]), row[USER_WIDTH] or None


def key(row: Row) -> KeyRecord:
    """Read `KEY` columns."""
    return KeyRecord(row[0], row[1], KeyState(row[2]), *row[3:])


def event(row: Row) -> RecordedEvent:
    """Read `EVENT` columns."""
    return RecordedEvent(row[0], Event(row[1], EventKind(row[2]), *row[3:]))


def export(row: Row) -> Export:
    """Read place, holder and end of the turn."""
    return Export(*row)


def import_run(row: Row) -> ImportRun:
    """Read `IMPORT` columns."""
    source, line, imported, refused, finished = row
    return ImportRun(source, line, imported, refused, bool(finished))


def revocation(row: Row) -> RecordedRevocation:
    """Read `REVOCATION` columns."""
    return RecordedRevocation(row[0], Revocation(_SELECTS[row[1]], *row[2:]))


def session_and_orders(found: list[Row]) -> tuple[tuple[Session, User] | None, list[Revocation]]:
    """Read `REVOCATION`, `SESSION` and `USER` columns of a row for each order; a lone row may have none."""
    held = found[0][REVOCATION_WIDTH:] if found else (None,)
    orders = [revocation(row[:REVOCATION_WIDTH]).revocation for row in found if row[0] is not None]
    return None if held[0] is None else session_and_user(held), orders


def user_row(user: User) -> Row:
    """Write `USER` columns."""
    return (
        user.id,
        user.email,
        user.first_name,
        user.last_name,
        user.status.value,
        joined(user.roles),
        joined(user.permissions),
        joined(user.granted),
        user.epoch,
        user.revoked_below,
        user.created_at,
    )


def session_row(session: Session) -> Row:
    """Write `SESSION` columns."""
    return (
        session.id_hash,
        session.sid,
        session.user_id,
        session.epoch,
        session.created_at,
        session.last_seen_at,
        session.idle_ends_at,
        session.ends_at,
        session.ended_at,
        session.end_reason and session.end_reason.value,
        session.device,
        session.address,
    )


def refresh_row(record: RefreshRecord) -> Row:
    """Write `REFRESH` columns."""
    return (
        record.hash,
        record.family,
        record.form.value,
        record.state.value,
        record.sid,
        record.user_id,
        record.epoch,
        record.access_token_hash,
        record.issued_at,
        record.idle_ends_at,
        record.absolute_ends_at,
        record.lifetime,
        record.rotated_at,
        record.answer,
        record.successor,
    )


def link_row(link: Link) -> Row:
    """Write `LINK` columns."""
    return (link.hash, link.user_id, link.purpose.value, link.email, link.epoch, link.ends_at)


def mail_row(mail: Mail) -> Row:
    """Write `MAIL` columns."""
    return (
        mail.id,
        mail.kind.value,
        mail.user_id,
        mail.email,
        mail.epoch,
        mail.next_at,
        mail.tries,
        mail.ends_at,
    )


def key_row(record: KeyRecord) -> Row:
    """Write `KEY` columns."""
    return (
        record.kid,
        record.alg,
        record.state.value,
        record.public_jwk,
        record.sealed_private,
        record.created_at,
        record.activates_at,
        record.retires_at,
        record.removed_at,
    )


def event_row(event: Event) -> Row:
    """Write `EVENT` columns, without the place."""
    return (event.at, event.kind.value, event.user_id, event.sid, event.actor, event.address, event.reason)


def export_row(export: Export) -> Row:
    """Write place, holder and end of the turn."""
    return (export.place, export.holder, float(export.until))


def import_row(run: ImportRun) -> Row:
    """Write `IMPORT` columns."""
    return (run.source, run.line, run.imported, run.refused, int(run.finished))
