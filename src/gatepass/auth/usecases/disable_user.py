"""Disable a user: nothing that they hold is good any more, from this commit on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.actors import Actor, actor_id, address_of, require_admin
from gatepass.auth.changes import Conflict, EventRecorded
from gatepass.auth.cut_offs import cut_off
from gatepass.auth.errors import Contended
from gatepass.auth.events import Event, EventKind
from gatepass.auth.usecases._finding import find
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import User, UserStatus

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client


async def disable_user(
    auth: Auth,
    *,
    email: str | None = None,
    user_id: str | None = None,
    actor: Actor,
    client: Client | None = None,
    now: float,
) -> User:
    """Shut a user out, found by e-mail address or id. Raises `UserUnknown`, `NotPermitted`.

    One write, however many sessions there are: status, epoch and cut-off move together, and everything older
    is refused, by Services too as soon as they have read the revocation feed.
    """
    require_admin(actor)
    for _ in range(TRIES):
        user = await find(auth, email=email, user_id=user_id)
        if user.status is UserStatus.DISABLED:
            return user
        shut_out = msgspec.structs.replace(user, status=UserStatus.DISABLED)
        disabled, changes = cut_off(shut_out, now=now)
        event = Event(now, EventKind.USER_DISABLED, user.id, None, actor_id(actor), address_of(client))
        try:
            await auth.store.commit(*changes, EventRecorded(event))
        except Conflict:
            continue
        return disabled
    raise Contended
