"""Admit a session that was looked up, and note that it was used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import sessions
from gatepass.auth.changes import SessionTouched
from gatepass.auth.errors import SessionRefused
from gatepass.auth.results import CheckedSession

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.sessions import Session
    from gatepass.auth.users import User


def admit(auth: Auth, found: tuple[Session, User] | None, *, now: float) -> CheckedSession:
    """Refuse, or give what was found; once a minute its use is written, and nobody waits for that.

    Raises `SessionRefused`.
    """
    if found is None:
        raise SessionRefused("session_unknown")
    session, user = found
    effect = sessions.admission(session, user, now=now)
    if effect is sessions.Effect.REFUSE:
        raise SessionRefused(sessions.refusal(session, user, now=now) or "session_ended")
    if effect is sessions.Effect.ADMIT_AND_TOUCH:
        idle_ends_at = sessions.idle_end(session, terms=auth.terms, now=now)
        auth.store.commit_later(SessionTouched(session.sid, session.last_seen_at, now, idle_ends_at))
    return CheckedSession(session, user)
