"""End a session: one's own on another device, or anybody's, for an administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.errors import SessionUnknown
from gatepass.auth.permissions import may_administer
from gatepass.auth.sessions import EndReason
from gatepass.auth.usecases._ending import end
from gatepass.auth.users import User

if TYPE_CHECKING:
    from gatepass.auth.actors import Actor
    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client


async def end_session(
    auth: Auth, *, sid: str, actor: Actor, client: Client | None = None, now: float
) -> None:
    """End a session by its public id; it is gone when this returns.

    Raises `SessionUnknown`, for another user's session too.
    """
    found = await auth.store.session_by_sid(sid)
    if found is None:
        raise SessionUnknown
    own = isinstance(actor, User) and found[0].user_id == actor.id
    if isinstance(actor, User) and not own and not may_administer(actor):
        raise SessionUnknown
    reason = EndReason.ENDED_BY_USER if own else EndReason.ENDED_BY_ADMIN
    await end(auth, sid=sid, reason=reason, actor=actor, client=client, now=now)
