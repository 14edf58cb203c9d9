"""Sessions: what one is, when it holds, and what happens to it.

Decided here, without waiting for anything.
"""

from __future__ import annotations

from enum import StrEnum, auto
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth.users import UserStatus

if TYPE_CHECKING:
    from gatepass.auth.terms import Terms
    from gatepass.auth.users import User

TOUCH_EVERY: Final = 60.0
"""Seconds between two notes that a session was used: idle ends are hours away, a write a minute is exact
enough."""


class EndReason(StrEnum):
    """Why a session was ended by someone (not by the clock)."""

    LOGGED_OUT = "logged_out"
    ENDED_BY_USER = "ended_by_user"
    ENDED_BY_ADMIN = "ended_by_admin"
    REFRESH_REUSED = "refresh_reused"
    USER_DISABLED = "user_disabled"
    TOO_MANY_SESSIONS = "too_many_sessions"
    """The user logged in so often that the oldest had to go."""


class Session(msgspec.Struct, frozen=True):
    """One log-in; times are seconds since the epoch."""

    id_hash: bytes
    """SHA-256 of the session id; the id itself is never stored."""
    sid: str
    """The public id: in claims and lists; 22 base64url characters. Opens nothing."""
    user_id: str
    epoch: int
    """The user's epoch at the log-in."""
    created_at: float
    """When the user logged in: `auth_time`."""
    last_seen_at: float
    idle_ends_at: float
    """Not used until then, it lapses."""
    ends_at: float
    """Lapses then, whatever happens."""
    ended_at: float | None
    end_reason: EndReason | None
    device: str
    address: str


class State(StrEnum):
    """Where a session stands."""

    LIVE = auto()
    LAPSED = auto()
    """Past its idle or absolute end, or below the user's cut-off; nothing had to be written for it."""
    ENDED = auto()
    """Ended by someone."""


class Event(StrEnum):
    """What happens to a session."""

    PRESENTED = auto()
    PRESENTED_AFTER_A_WHILE = auto()
    """The last note of its use is older than `TOUCH_EVERY`."""
    END_ORDERED = auto()


class Effect(StrEnum):
    """What is done about it."""

    ADMIT = auto()
    ADMIT_AND_TOUCH = auto()
    END = auto()
    REFUSE = auto()


TRANSITIONS: Final[dict[tuple[State, Event], tuple[State, Effect]]] = {
    (State.LIVE, Event.PRESENTED): (State.LIVE, Effect.ADMIT),
    (State.LIVE, Event.PRESENTED_AFTER_A_WHILE): (State.LIVE, Effect.ADMIT_AND_TOUCH),
    (State.LIVE, Event.END_ORDERED): (State.ENDED, Effect.END),
    (State.LAPSED, Event.PRESENTED): (State.LAPSED, Effect.REFUSE),
    (State.LAPSED, Event.PRESENTED_AFTER_A_WHILE): (State.LAPSED, Effect.REFUSE),
    (State.LAPSED, Event.END_ORDERED): (State.LAPSED, Effect.REFUSE),
    (State.ENDED, Event.PRESENTED): (State.ENDED, Effect.REFUSE),
    (State.ENDED, Event.PRESENTED_AFTER_A_WHILE): (State.ENDED, Effect.REFUSE),
    (State.ENDED, Event.END_ORDERED): (State.ENDED, Effect.REFUSE),
}


def start(
    user: User, *, id_hash: bytes, sid: str, device: str, address: str, terms: Terms, now: float
) -> Session:
    """Make the session of a log-in that succeeded."""
    ends_at = now + terms.session_absolute
    return Session(
        id_hash=id_hash,
        sid=sid,
        user_id=user.id,
        epoch=user.epoch,
        created_at=now,
        last_seen_at=now,
        idle_ends_at=min(now + terms.session_idle, ends_at),
        ends_at=ends_at,
        ended_at=None,
        end_reason=None,
        device=device,
        address=address,
    )


def refusal(session: Session, user: User, *, now: float) -> str | None:
    """Give the code of why the session does not hold, or None when it does: the strictest of all ends
    counts."""
    if session.ended_at is not None:
        return "session_ended"
    if user.status is not UserStatus.ACTIVE:
        return "user_disabled"
    if session.epoch < user.revoked_below:
        return "session_revoked"
    if now >= session.ends_at:
        return "session_expired"
    if now >= session.idle_ends_at:
        return "session_idle"
    return None


def state_of(session: Session, user: User, *, now: float) -> State:
    """Say where the session stands."""
    code = refusal(session, user, now=now)
    if code is None:
        return State.LIVE
    return State.ENDED if code == "session_ended" else State.LAPSED


def presented(session: Session, *, now: float) -> Event:
    """Say which event it is that the session is presented now."""
    return Event.PRESENTED_AFTER_A_WHILE if now - session.last_seen_at >= TOUCH_EVERY else Event.PRESENTED


def admission(session: Session, user: User, *, now: float) -> Effect:
    """Say what presenting the session now leads to; the hot path of session mode."""
    return TRANSITIONS[state_of(session, user, now=now), presented(session, now=now)][1]


def idle_end(session: Session, *, terms: Terms, now: float) -> float:
    """Give the new idle end of a session that is used now."""
    return min(now + terms.session_idle, session.ends_at)
