"""Enter: what logging in and changing the password share, a new session under a new id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import sessions
from gatepass.auth.opaque import SessionId, new_id
from gatepass.auth.results import LoggedIn

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User


def enter(auth: Auth, user: User, *, client: Client, now: float) -> LoggedIn:
    """Make a session; its id is a new one at every log-in and change of privilege (ASVS 5.0, 7.2.4)."""
    session_id = SessionId.new(auth.entropy)
    session = sessions.start(
        user,
        id_hash=session_id.hash(),
        sid=new_id(auth.entropy),
        device=client.device,
        address=client.address,
        terms=auth.terms,
        now=now,
    )
    return LoggedIn(session_id, session, user)
