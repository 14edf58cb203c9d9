"""Enable a user: they may log in again; nothing from before comes back to life."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.actors import Actor, actor_id, address_of, require_admin
from gatepass.auth.changes import Conflict, EventRecorded, UserChanged
from gatepass.auth.errors import Contended, NotPermitted
from gatepass.auth.events import Event, EventKind
from gatepass.auth.permissions import may_administer
from gatepass.auth.usecases._finding import find
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import User, UserStatus

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client


async def enable_user(
    auth: Auth,
    *,
    email: str | None = None,
    user_id: str | None = None,
    actor: Actor,
    client: Client | None = None,
    now: float,
) -> User:
    """Let a user in again, found by e-mail address or id. Raises `UserUnknown`, `NotPermitted`.

    Only the command line enables an administrator: it gives `gatepass:admin` back.
    """
    require_admin(actor)
    for _ in range(TRIES):
        user = await find(auth, email=email, user_id=user_id)
        if may_administer(user) and actor != "cli":
            raise NotPermitted
        if user.status is not UserStatus.DISABLED:
            return user
        # The cut-off stays where disabling put it. The epoch moves though nobody has a token of it: it tells
        # a writer who looked earlier that the user is another one by now.
        status = await _status(auth, user)
        enabled = msgspec.structs.replace(user, status=status, epoch=user.epoch + 1)
        event = Event(now, EventKind.USER_ENABLED, user.id, None, actor_id(actor), address_of(client))
        try:
            await auth.store.commit(UserChanged(enabled, user.epoch), EventRecorded(event))
        except Conflict:
            continue
        return enabled
    raise Contended


async def _status(auth: Auth, user: User) -> UserStatus:
    """Say what the user is from now on: who has not chosen a password yet is still invited."""
    found = await auth.store.credentials_by_email(user.email)
    return UserStatus.INVITED if found is None or found[1] is None else UserStatus.ACTIVE
