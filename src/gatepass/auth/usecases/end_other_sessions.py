"""End all other sessions of a user, but the one that asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.changes import Conflict
from gatepass.auth.endings import ending
from gatepass.auth.errors import Contended
from gatepass.auth.sessions import EndReason
from gatepass.auth.usecases._tries import TRIES

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.changes import Change
    from gatepass.auth.sessions import Session


async def end_other_sessions(auth: Auth, *, session: Session, now: float) -> int:
    """End them in one commit; gives how many there were."""
    for _ in range(TRIES):
        others = [s for s in await auth.store.sessions_of(session.user_id, now) if s.sid != session.sid]
        changes: list[Change] = []
        for other in others:
            changes += ending(other, reason=EndReason.ENDED_BY_USER, actor=session.user_id, now=now)
        try:
            if changes:
                await auth.store.commit(*changes)
        except Conflict:
            continue
        return len(others)
    raise Contended
