"""Refresh records: the life of one as a table, and the pure decision what a presentation means.

Two forms share the table. Standard: an opaque token is presented. Renewal: the expired JWT itself is
presented, once. RFC 6749 §6, RFC 9700 §4.14.2.
"""

from __future__ import annotations

from enum import StrEnum, auto
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth import sessions

if TYPE_CHECKING:
    from gatepass.auth.sessions import Session
    from gatepass.auth.terms import Terms
    from gatepass.auth.users import User

RENEWAL_EARLY: Final = 30
"""Seconds before `exp` from which a JWT may be renewed: the clocks of two machines differ by that much."""


class RefreshForm(StrEnum):
    """What is presented to get new tokens."""

    STANDARD = "standard"
    """An opaque refresh token."""
    RENEWAL = "renewal"
    """The expired access token itself; the refresh record never leaves the server."""


class State(StrEnum):
    """Where a record stands."""

    ACTIVE = "active"
    ROTATED = "rotated"
    REVOKED = "revoked"


class Event(StrEnum):
    """What a presentation, or somebody else, means for a record."""

    PRESENTED = auto()
    PRESENTED_IN_GRACE = auto()
    """Rotated a moment ago: a parallel tab, a retry, a lost response."""
    PRESENTED_LATE = auto()
    """Rotated, and the grace is over: somebody else has it too."""
    PRESENTED_LAPSED = auto()
    """Past its own idle or absolute end."""
    PRESENTED_UNBACKED = auto()
    """Its session ended, or the user is disabled or cut off."""
    FAMILY_REVOKED = auto()


class Effect(StrEnum):
    """What is done about it."""

    ISSUE_SUCCESSOR = auto()
    REPEAT_ANSWER = auto()
    REVOKE_FAMILY = auto()
    """The whole family and its session, with an event."""
    WIPE_ANSWER = auto()
    REFUSE = auto()


TRANSITIONS: Final[dict[tuple[State, Event], tuple[State, Effect]]] = {
    (State.ACTIVE, Event.PRESENTED): (State.ROTATED, Effect.ISSUE_SUCCESSOR),
    (State.ACTIVE, Event.PRESENTED_LAPSED): (State.ACTIVE, Effect.REFUSE),
    (State.ACTIVE, Event.PRESENTED_UNBACKED): (State.ACTIVE, Effect.REFUSE),
    (State.ACTIVE, Event.FAMILY_REVOKED): (State.REVOKED, Effect.WIPE_ANSWER),
    (State.ROTATED, Event.PRESENTED_IN_GRACE): (State.ROTATED, Effect.REPEAT_ANSWER),
    (State.ROTATED, Event.PRESENTED_LATE): (State.REVOKED, Effect.REVOKE_FAMILY),  # RFC 9700 §4.14.2
    (State.ROTATED, Event.PRESENTED_UNBACKED): (State.ROTATED, Effect.REFUSE),
    (State.ROTATED, Event.FAMILY_REVOKED): (State.REVOKED, Effect.WIPE_ANSWER),
    (State.REVOKED, Event.PRESENTED_UNBACKED): (State.REVOKED, Effect.REFUSE),
    (State.REVOKED, Event.PRESENTED_LATE): (State.REVOKED, Effect.REFUSE),
    (State.REVOKED, Event.FAMILY_REVOKED): (State.REVOKED, Effect.REFUSE),
}
"""Total for every event that `classify` can name in a state; a rotated record that is presented late tells
of a theft even when it lapsed meanwhile, so it is late before it is lapsed."""


class RefreshRecord(msgspec.Struct, frozen=True):
    """The server's side of one refresh token or one renewable JWT; times are seconds since the epoch."""

    hash: bytes
    """SHA-256 of what is presented."""
    family: str
    """Shared by all records that descend from one log-in or one request for tokens."""
    form: RefreshForm
    state: State
    sid: str
    user_id: str
    epoch: int
    """The user's epoch when it was made."""
    access_token_hash: bytes
    """SHA-256 of the access token that it renews."""
    issued_at: float
    idle_ends_at: float
    absolute_ends_at: float
    lifetime: int
    """Seconds that the access tokens it yields may live."""
    rotated_at: float | None = None
    answer: bytes | None = None
    """What its rotation answered, sealed; see `grace`."""
    successor: bytes | None = None
    """Hash of the record that took its place."""


def classify(record: RefreshRecord, session: Session, user: User, *, grace: float, now: float) -> Event:
    """Say which event it is that the record is presented now."""
    if refusal_of_backing(record, session, user, now=now) is not None:
        return Event.PRESENTED_UNBACKED
    if record.state is State.REVOKED:
        return Event.PRESENTED_LATE
    if record.state is State.ROTATED:
        # abs: clocks of two machines differ a little, but a clock that was set back must not stretch the
        # grace.
        in_grace = record.answer is not None and abs(now - (record.rotated_at or 0.0)) < grace
        return Event.PRESENTED_IN_GRACE if in_grace else Event.PRESENTED_LATE
    if now >= record.idle_ends_at or now >= record.absolute_ends_at:
        return Event.PRESENTED_LAPSED
    return Event.PRESENTED


def decide(
    record: RefreshRecord, session: Session, user: User, *, grace: float, now: float
) -> tuple[State, Effect]:
    """Say what a presentation does to the record, and what is to be done."""
    return TRANSITIONS[record.state, classify(record, session, user, grace=grace, now=now)]


def refusal_of_backing(record: RefreshRecord, session: Session, user: User, *, now: float) -> str | None:
    """Give the code of why session or user no longer back the record, or None when they do."""
    code = sessions.refusal(session, user, now=now)
    if code is None and record.epoch < user.revoked_below:
        return "session_revoked"
    return code


def refusal(record: RefreshRecord, session: Session, user: User, *, now: float) -> str:
    """Give the code for a presentation that is refused."""
    code = refusal_of_backing(record, session, user, now=now)
    if code is not None:
        return code
    if record.state is State.REVOKED:
        return "refresh_revoked"
    return "refresh_expired" if now >= record.absolute_ends_at else "refresh_idle"


def first_record(
    session: Session,
    user: User,
    *,
    hash: bytes,  # noqa: A002 (the column's name)
    family: str,
    form: RefreshForm,
    access_token_hash: bytes,
    lifetime: int,
    terms: Terms,
    now: float,
) -> RefreshRecord:
    """Make the first record of a family; it never outlives the session."""
    absolute = min(now + terms.refresh_absolute, session.ends_at)
    return RefreshRecord(
        hash=hash,
        family=family,
        form=form,
        state=State.ACTIVE,
        sid=session.sid,
        user_id=user.id,
        epoch=user.epoch,
        access_token_hash=access_token_hash,
        issued_at=now,
        idle_ends_at=min(now + terms.refresh_idle, absolute),
        absolute_ends_at=absolute,
        lifetime=lifetime,
    )


def successor(
    record: RefreshRecord,
    user: User,
    *,
    hash: bytes,  # noqa: A002 (the column's name)
    access_token_hash: bytes,
    terms: Terms,
    now: float,
) -> RefreshRecord:
    """Make the record that takes the place of `record`: a new idle end, the same absolute one."""
    return RefreshRecord(
        hash=hash,
        family=record.family,
        form=record.form,
        state=State.ACTIVE,
        sid=record.sid,
        user_id=record.user_id,
        epoch=user.epoch,
        access_token_hash=access_token_hash,
        issued_at=now,
        idle_ends_at=min(now + terms.refresh_idle, record.absolute_ends_at),
        absolute_ends_at=record.absolute_ends_at,
        lifetime=min(record.lifetime, terms.access_token_lifetime),
    )
