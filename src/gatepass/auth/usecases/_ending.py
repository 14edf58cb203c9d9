"""End one session, whoever ordered it; ending one that is over already is no error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import sessions
from gatepass.auth.actors import Actor, actor_id, address_of
from gatepass.auth.changes import Conflict
from gatepass.auth.endings import ending
from gatepass.auth.errors import Contended
from gatepass.auth.usecases._tries import TRIES

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.sessions import EndReason
    from gatepass.auth.terms import Client


async def end(
    auth: Auth, *, sid: str, reason: EndReason, actor: Actor, client: Client | None, now: float
) -> None:
    """End the session if it is live; a client may retry."""
    for _ in range(TRIES):
        found = await auth.store.session_by_sid(sid)
        if found is None:
            return
        session, user = found
        state = sessions.state_of(session, user, now=now)
        _, effect = sessions.TRANSITIONS[state, sessions.Event.END_ORDERED]
        if effect is not sessions.Effect.END:
            return
        try:
            await auth.store.commit(
                *ending(session, reason=reason, actor=actor_id(actor), address=address_of(client), now=now)
            )
        except Conflict:
            continue
        return
    raise Contended
