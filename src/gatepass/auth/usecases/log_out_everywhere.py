"""Log out everywhere: every session of a user ends, one's own or, for an administrator, anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.actors import Actor, actor_id, address_of, require_admin
from gatepass.auth.changes import Conflict, EventRecorded
from gatepass.auth.cut_offs import cut_off
from gatepass.auth.errors import Contended
from gatepass.auth.events import Event, EventKind
from gatepass.auth.sessions import EndReason
from gatepass.auth.usecases._finding import find
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import User

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client


async def log_out_everywhere(
    auth: Auth,
    *,
    email: str | None = None,
    user_id: str | None = None,
    actor: Actor,
    client: Client | None = None,
    now: float,
) -> User:
    """End everything that a user holds, found by e-mail address or id. Raises `UserUnknown`, `NotPermitted`.

    One write, however many sessions there are, and no race with one that is being started meanwhile.
    """
    own = isinstance(actor, User) and actor.id == user_id
    if not own:
        require_admin(actor)
    reason = EndReason.ENDED_BY_USER if own else EndReason.ENDED_BY_ADMIN
    for _ in range(TRIES):
        user = await find(auth, email=email, user_id=user_id)
        cut, changes = cut_off(user, now=now)
        by, address = actor_id(actor), address_of(client)
        event = Event(now, EventKind.ALL_SESSIONS_ENDED, user.id, None, by, address, reason.value)
        try:
            await auth.store.commit(*changes, EventRecorded(event))
        except Conflict:
            continue
        return cut
    raise Contended
