"""Log out: a session ends because its user says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.sessions import EndReason
from gatepass.auth.usecases._ending import end

if TYPE_CHECKING:
    from gatepass.auth.actors import Actor
    from gatepass.auth.auth import Auth
    from gatepass.auth.sessions import Session
    from gatepass.auth.terms import Client


async def log_out(
    auth: Auth, *, session: Session, actor: Actor, client: Client | None = None, now: float
) -> None:
    """End the session that authorised the request, and all that could renew it."""
    await end(auth, sid=session.sid, reason=EndReason.LOGGED_OUT, actor=actor, client=client, now=now)
