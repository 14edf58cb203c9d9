"""How a session ends: the session, everything that could renew it, the entry in the revocation feed, and the
line in the log, in one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth.changes import Change, EventRecorded, FamiliesRevoked, Revoked, SessionEnded
from gatepass.auth.events import Event, EventKind
from gatepass.auth.revocations import session_ended
from gatepass.auth.sessions import EndReason

if TYPE_CHECKING:
    from gatepass.auth.sessions import Session

_KINDS: Final = {
    EndReason.LOGGED_OUT: EventKind.LOGGED_OUT,
    EndReason.REFRESH_REUSED: EventKind.REFRESH_REUSED,
}


def ending(
    session: Session, *, reason: EndReason, actor: str | None, address: str | None = None, now: float
) -> tuple[Change, ...]:
    """Say what is written when a session ends."""
    event = Event(
        at=now,
        kind=_KINDS.get(reason, EventKind.SESSION_ENDED),
        user_id=session.user_id,
        sid=session.sid,
        actor=actor,
        address=address,
        reason=reason.value,
    )
    return (
        SessionEnded(session.sid, now, reason),
        FamiliesRevoked(session.sid),
        Revoked(session_ended(session.sid, session.user_id, now=now)),
        EventRecorded(event),
    )
